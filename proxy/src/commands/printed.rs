//! Pages to print: one file, no scripts, nothing from elsewhere. Everything on them is escaped.

use maud::{Markup, PreEscaped, html};

/// A whole page.
pub(super) fn page(title: &str, body: &Markup) -> String {
    let page = html! {
        html lang="en" {
            head {
                meta charset="utf-8";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { (title) }
                (body)
            }
        }
    };
    format!("<!doctype html>\n{}\n", page.into_string())
}

const STYLE: &str = "body{font:11pt/1.4 sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem}\
    table{border-collapse:collapse;width:100%;margin:1rem 0}\
    td,th{border-bottom:1px solid #999;padding:.2rem .5rem;text-align:left;vertical-align:top}\
    th{border-bottom-width:2px}.number{text-align:right;white-space:nowrap}\
    code,pre{font:9.5pt/1.35 monospace;overflow-wrap:anywhere}pre{white-space:pre-wrap;border:1px solid #999;padding:.5rem}\
    tr,pre{break-inside:avoid}h2{break-after:avoid;margin-top:2rem}";

/// From when until when, in words.
pub(super) fn period(since: Option<&str>, until: Option<&str>) -> String {
    match (since, until) {
        (None, None) => "all that is recorded".to_owned(),
        (Some(since), None) => format!("from {since} (UTC) on"),
        (None, Some(until)) => format!("before {until} (UTC)"),
        (Some(since), Some(until)) => format!("from {since} until {until} (UTC)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_s_name_is_markup_and_nothing_comes_from_elsewhere() {
        let page = page("<title>", &html! { p { ("<b a='1'>&\"") } });
        assert!(page.contains("&lt;b a='1'&gt;&amp;&quot;") && page.contains("<title>&lt;title&gt;</title>"), "{page}");
        assert!(!page.contains("http") && !page.contains("<script") && !page.contains("src="), "{page}");
    }
}
