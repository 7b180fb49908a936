//! The way in.

use maud::{Markup, html};

/// What somebody sees who is not signed in. `link`: the secret that they came with; it counts once the button is pressed, so
/// that a program that only looks at links uses none up.
pub(in crate::console) fn form(link: Option<&str>, issuer: bool, trouble: Option<&str>) -> Markup {
    html! {
        div class="door" {
            h1 { "Sign in" }
            @if let Some(trouble) = trouble { p class="say bad" role="alert" { (trouble) } }
            @if let Some(link) = link {
                form method="post" action="/login" {
                    input type="hidden" name="link" value=(link);
                    p { "This link signs you in once. It approves nothing: decisions need a reviewer’s signature." }
                    button type="submit" autofocus { "Sign in" }
                }
            } @else {
                @if issuer { p { a class="button" href="/login/issuer" { "Sign in with your organisation" } } }
                p { "On the gateway’s machine, this prints a link that signs you in:" }
                pre class="command" tabindex="0" { "blackbar console login" }
            }
            p class="dim" { "Everything that is looked at here is recorded." }
        }
    }
}

/// The browser comes from elsewhere, and brings its cookie only to pages that this console sent it to.
pub(in crate::console) fn go_on() -> Markup {
    html! {
        meta http-equiv="refresh" content="0;url=/live";
        div class="door" { h1 { "Signed in" } p { a class="button" href="/live" { "Go on" } } }
    }
}
