//! People are told that they are asked: by webhook, by mail, by a program; whatever becomes of that, nobody who asks waits.
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests, outside of their functions")]

mod common;

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use common::Room;
use common::gateway::{Gateway, begun, body, get, upstream};
use common::told::{Hook, Mail, until};
use serde_json::Value;

/// A gateway with these to tell, and a credential of an agent with a name that would like to be more than one.
fn clinic(notify: &str) -> (Room, u16, String) {
    let (room, port) = begun();
    let behind = upstream("{\"resourceType\":\"Patient\",\"id\":\"7\"}");
    let text = room.text("blackbar.toml").replace(":9000", &format!(":{behind}"));
    let text = text.replace("# url = \"https://console.example\"", "url = \"https://console.example\"");
    room.write("blackbar.toml", text + notify);
    let subject = "agent <!channel> *7* @here `x`";
    let credential = room.run(&["token", "issue", "--subject", subject, "--group", "agents"]).ends(0).text();
    (room, port, credential.trim().to_owned())
}

fn held(answer: &str) -> String {
    let problem: Value = serde_json::from_str(&body(answer)).unwrap();
    assert_eq!(problem["type"], "urn:blackbar:approval-required", "{problem}");
    problem["approval_id"].as_str().unwrap().to_owned()
}

#[test]
fn people_are_told_by_each_way_and_not_what_is_asked_for() {
    let (hook, chat, others) = (Hook::new(), Hook::new(), Hook::new());
    let (mail, plain) = (Mail::new(true), Mail::new(false));
    let certificates = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/certificates/ca.pem");
    let pager = tempfile::tempdir().unwrap();
    let (script, page) = (pager.path().join("page"), pager.path().join("paged"));
    std::fs::write(&script, format!("#!/bin/sh\nread line\necho \"$line $(env | wc -l)\" >>{}\n", page.display()))
        .unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    let notify = format!(
        "\n[[notify]]\nname = \"hook\"\nto = \"http://127.0.0.1:{}/x\"\n\
         [[notify]]\nname = \"chat\"\nto = \"http://127.0.0.1:{}/y\"\nformat = \"slack\"\ngroups = [\"privacy-officers\"]\n\
         [[notify]]\nname = \"others\"\nto = \"http://127.0.0.1:{}/z\"\ngroups = [\"lawyers\"]\n\
         [[notify]]\nname = \"mail\"\nto = \"smtp://localhost:{}\"\nfrom = \"gate@clinic.example\"\nuser = \"gate\"\n\
         recipients = [\"on-call@clinic.example\", \"nobody@clinic.example\"]\nca = \"{}\"\n\
         password = {{ file = \"mail.password\" }}\n\
         [[notify]]\nname = \"plain\"\nto = \"smtp://127.0.0.1:{}\"\nfrom = \"gate@clinic.example\"\n\
         recipients = \"on-call@clinic.example\"\n\
         [[notify]]\nname = \"pager\"\nto = \"command:{}\"\n",
        hook.port,
        chat.port,
        others.port,
        mail.port,
        certificates.display(),
        plain.port,
        script.display()
    );
    let (room, port, credential) = clinic(&notify);
    room.write("mail.password", "mail-password\n");
    room.run(&["check"]).ends(0);
    let gateway = Gateway::start(&room, port);
    let id = held(&get(port, &credential, "/Patient?name=Marigold"));

    let post = hook.posts(1)[0].clone();
    assert_eq!((post.fact("approval"), post.fact("target")), (id.clone(), "fhir".to_owned()));
    assert_eq!((post.fact("held by").as_str(), post.fact("needs").as_str()), ("bulk", "1 of privacy-officers"));
    assert_eq!(post.fact("asked by"), "agent ??channel? ?7? (at)here ?x?");
    let link = format!("https://console.example/approvals/{id}");
    assert_eq!(post.json()["link"], link.as_str());
    let chat = chat.posts(1)[0].json();
    assert_eq!(chat["blocks"][0]["text"]["text"], chat["text"]);
    let mails = [&mail, &plain].map(|server| server.mails(1)[0].clone());
    assert!(mail.was_secret.load(Ordering::Relaxed));
    for mail in &mails {
        assert!(mail.starts_with("From: gate@clinic.example\nTo: on-call@clinic.example"), "{mail}");
        assert!(mail.contains("\nSubject: blackbar: a request waits for approval\n") && mail.contains(&link), "{mail}");
    }
    let paged = until("the page", || std::fs::read_to_string(&page).ok().filter(|text| text.ends_with('\n')));
    assert!(paged.contains(&id), "{paged}");
    // PATH, PWD and what a shell sets itself; nothing of the gateway's.
    let variables: usize = paged.trim().rsplit(' ').next().unwrap().parse().unwrap();
    assert!(variables <= 4, "{paged}");
    let all = [post.body.clone(), chat.to_string(), mails.concat(), paged];
    for text in &all {
        for hidden in ["Marigold", "/Patient", "<!", "*7*", "@here", "`"] {
            assert!(!text.contains(hidden), "{hidden} in {text}");
        }
    }
    // The same request again asks nobody twice, so nobody is told twice.
    assert_eq!(held(&get(port, &credential, "/Patient?name=Marigold")), id);
    held(&get(port, &credential, "/Patient?name=Other"));
    assert_eq!(hook.posts(2).len(), 2);
    assert_eq!((others.count(), gateway.end().0), (0, Some(0)));
}

#[test]
fn who_cannot_be_told_is_told_later_and_nobody_waits_for_it() {
    let (hook, deaf) = (Hook::new(), Hook::new());
    let notify = format!(
        "\n[[notify]]\nname = \"hook\"\nto = \"http://127.0.0.1:{}/x\"\n\
         [[notify]]\nname = \"deaf\"\nto = \"http://127.0.0.1:{}/x\"\n\
         [[notify]]\nname = \"gone\"\nto = \"smtp://127.0.0.1:1\"\nfrom = \"a@b\"\nrecipients = \"c@d\"\n",
        hook.port, deaf.port
    );
    hook.answers.store(503, Ordering::Relaxed);
    deaf.answers.store(0, Ordering::Relaxed);
    let (room, port, credential) = clinic(&notify);
    let gateway = Gateway::start(&room, port);
    let begun = Instant::now();
    let first = held(&get(port, &credential, "/Patient?name=a"));
    let second = held(&get(port, &credential, "/Patient?name=b"));
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    let status = until("the error", || {
        let status = room.run(&["status"]).ends(0).text();
        status.contains("notify     hook, 2 waiting: it answers 503").then_some(status)
    });
    assert!(status.contains("notify     gone, 2 waiting: it cannot be reached"), "{status}");
    assert!(status.contains("notify     deaf, 2 waiting"), "{status}");
    // What is still to be told survives the gateway, and comes in order.
    assert_eq!(gateway.end().0, Some(0));
    assert_eq!(hook.count(), 0);
    hook.answers.store(200, Ordering::Relaxed);
    let gateway = Gateway::start(&room, port);
    let told: Vec<String> = hook.posts(2).iter().map(|post| post.fact("approval")).collect();
    assert_eq!(told, [first, second]);
    assert_eq!(gateway.end().0, Some(0));
}
