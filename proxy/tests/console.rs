//! The console and the operations listener, from outside: who gets in, what they see, what is recorded of it, and the whole
//! of it in a real browser.
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests, outside of their functions")]

mod common;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use blackbar_ledger::{Json, Kind, LeafIndex, Reader};
use common::gateway::{Gateway, ask, body, free_port, get, recording};
use common::tls;
use common::{Room, SSN, lines};

const PATIENT: &str = "{\"resourceType\":\"Patient\",\"id\":\"7\",\"birthDate\":\"1961-03-14\",\"text\":\"SSN 219-09-9999, call 617-555-0142, quixley.marigold@clinic-canary.org\"}";

/// A gateway with a console, somebody who may agree, and an agent.
struct Clinic {
    room: Room,
    port: u16,
    console: u16,
    operations: u16,
    credential: String,
}

impl Clinic {
    fn new() -> Self {
        let (room, port, credential) = recording(PATIENT);
        let (console, operations) = (free_port(), free_port());
        let key = room.run(&["approvals", "keygen", "-o", "officer.key"]).ends(0).text();
        let mut text = room.text("blackbar.toml");
        for port in [console, operations] {
            text = text.replacen("listen = \"127.0.0.1:0\"", &format!("listen = \"127.0.0.1:{port}\""), 1);
        }
        text.push_str(&format!(
            "\n[[approver]]\nsubject = \"officer-1\"\ngroups = [\"privacy-officers\"]\nkey = \"{}\"\n",
            key.trim()
        ));
        room.write("blackbar.toml", text);
        Self { room, port, console, operations, credential }
    }

    fn link(&self, roles: &[&str]) -> String {
        let mut arguments = vec!["console", "login"];
        arguments.extend(roles.iter().flat_map(|role| ["--role", role]));
        self.room.run(&arguments).ends(0).text().trim().to_owned()
    }

    fn send(&self, method: &str, path: &str, headers: &str, form: &str) -> String {
        let length = form.len();
        let (console, host) = (self.console, self.console);
        ask(
            console,
            &format!(
                "{method} {path} HTTP/1.1\r\nHost: localhost:{host}\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{form}"
            ),
        )
    }

    fn origin(&self) -> String {
        format!("Origin: http://localhost:{}\r\n", self.console)
    }

    /// The header that brings somebody's cookie along.
    fn sign_in(&self, roles: &[&str]) -> String {
        let link = self.link(roles);
        let secret = link.split_once("?link=").unwrap().1.to_owned();
        let answer = self.send("POST", "/login", &self.origin(), &format!("link={secret}"));
        assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
        let cookie = header(&answer, "set-cookie").unwrap();
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
        format!("Cookie: {}\r\n", cookie.split(';').next().unwrap())
    }

    fn page(&self, cookie: &str, path: &str) -> String {
        self.send("GET", path, cookie, "")
    }

    /// The page once it has this in it: the log is signed each second.
    fn page_with(&self, cookie: &str, path: &str, wanted: &str) -> String {
        let begun = Instant::now();
        loop {
            let page = self.page(cookie, path);
            if page.contains(wanted) {
                return page;
            }
            assert!(begun.elapsed() < Duration::from_secs(15), "{path} has no {wanted}:\n{page}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Waits until the log says so: leaves can be read once they are under a checkpoint.
    fn is_viewed(&self, what: &str, by: &str) {
        let begun = Instant::now();
        while !self.views().iter().any(|(who, seen)| seen == what && who.starts_with(by)) {
            assert!(begun.elapsed() < Duration::from_secs(30), "{what}: {:?}", self.views());
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn views(&self) -> Vec<(String, String)> {
        let reader = Reader::open(&self.room.path("blackbar-data"), None);
        let leaves = reader.leaves(LeafIndex::FIRST).unwrap().map(|leaf| leaf.unwrap().1);
        let views = leaves.filter(|leaf| leaf.kind() == Some(Kind::ReplayView));
        let what = |leaf: &blackbar_ledger::ReadLeaf| leaf.detail("what").and_then(Json::as_text).unwrap().to_owned();
        views.map(|leaf| (leaf.subject().unwrap().to_owned(), what(&leaf))).collect()
    }
}

fn header<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let head = answer.split("\r\n\r\n").next()?;
    head.lines().find_map(|line| {
        let (known, value) = line.split_once(": ")?;
        known.eq_ignore_ascii_case(name).then_some(value)
    })
}

fn session_of(page: &str) -> String {
    let mut ids = page.split("/sessions/").skip(1).filter_map(|rest| rest.split('"').next());
    ids.find(|id| id.len() > 30).unwrap().to_owned()
}

#[test]
fn the_console_lets_in_whom_it_knows_and_shows_what_they_may_see() {
    let clinic = Clinic::new();
    let gateway = Gateway::start(&clinic.room, clinic.port);
    let answer = get(clinic.port, &clinic.credential, "/Patient/7");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    // What an agent says of itself is shown, as text.
    let evil = "<script>alert(1)</script>\u{202e}";
    let request = format!(
        "GET /Patient HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {}\r\nBlackbar-Reason: {evil}\r\nConnection: close\r\n\r\n",
        clinic.credential
    );
    let held = ask(clinic.port, &request);
    assert!(held.contains("approval-required"), "{held}");

    // A stranger is sent to the way in, whatever they ask for.
    let answer = clinic.page("", "/live");
    assert!(answer.starts_with("HTTP/1.1 303") && header(&answer, "location") == Some("/login"), "{answer}");
    let policy = header(&answer, "content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    for (name, value) in [
        ("x-frame-options", "DENY"),
        ("x-content-type-options", "nosniff"),
        ("cache-control", "no-store"),
        ("cross-origin-opener-policy", "same-origin"),
    ] {
        assert_eq!(header(&answer, name), Some(value));
    }
    let link = clinic.link(&["viewer"]);
    let secret = link.split_once("?link=").unwrap().1;
    let form = format!("link={secret}");
    // Names that lead here without being ours, and forms that stand elsewhere.
    let rebound = ask(clinic.console, "GET /login HTTP/1.1\r\nHost: attacker.example\r\nConnection: close\r\n\r\n");
    assert!(rebound.starts_with("HTTP/1.1 421"), "{rebound}");
    for origin in ["", "Origin: null\r\n", "Origin: http://attacker.example\r\n", "Origin: http://localhost:1\r\n"] {
        let answer = clinic.send("POST", "/login", origin, &form);
        assert!(answer.starts_with("HTTP/1.1 403"), "{origin}: {answer}");
    }
    let crossed = format!("{}Sec-Fetch-Site: cross-site\r\n", clinic.origin());
    assert!(clinic.send("POST", "/login", &crossed, &form).starts_with("HTTP/1.1 403"));
    // None of that used the link up; it counts once.
    assert!(clinic.send("POST", "/login", &clinic.origin(), &form).starts_with("HTTP/1.1 303"));
    assert!(clinic.send("POST", "/login", &clinic.origin(), &form).starts_with("HTTP/1.1 403"));
    assert!(clinic.page("Cookie: blackbar=made-up\r\n", "/live").starts_with("HTTP/1.1 303"));

    // A viewer sees facts, and no content.
    let viewer = clinic.sign_in(&["viewer"]);
    let listed = clinic.page_with(&viewer, "/sessions?subject=agent-7", "/sessions/0");
    let timeline = clinic.page_with(&viewer, &format!("/sessions/{}", session_of(&listed)), "article");
    assert!(timeline.contains("shown to reviewers and auditors") && !timeline.contains("[SSN]"), "{timeline}");
    for path in ["/configuration", "/approvals", "/approvals/ap-1", "/approvals/ap-1/ask.json"] {
        assert!(clinic.page(&viewer, path).starts_with("HTTP/1.1 403"), "{path}");
    }
    for path in ["/nothing", "/sessions/x", "/sessions/00000000-0000-0000-0000-000000000000", "/assets/../console.css"]
    {
        assert!(clinic.page(&viewer, path).starts_with("HTTP/1.1 404"), "{path}");
    }
    // A form without the login's own secret does nothing, also from here.
    let answer = clinic.send("POST", "/log/verify", &format!("{viewer}{}", clinic.origin()), "form=other");
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");

    // An auditor sees what was delivered, with what was replaced, and nothing that was replaced.
    let auditor = clinic.sign_in(&["viewer", "auditor"]);
    let answered = clinic.page_with(&auditor, "/sessions?subject=agent-7&kind=ssn", "/sessions/0");
    let timeline = clinic.page(&auditor, &format!("/sessions/{}", session_of(&answered)));
    assert!(timeline.contains("<mark class=\"number\" title=\"ssn, found by us-ssn\">[SSN]</mark>"), "{timeline}");
    for canary in [SSN, "617-555-0142", "quixley.marigold", "1961-03-14"] {
        assert!(!timeline.contains(canary), "{canary}");
    }
    let configuration = clinic.page(&auditor, "/configuration");
    assert!(configuration.contains("agents-read.cedar") && configuration.contains("officer-1"), "{configuration}");
    // By the hashes of the files themselves, and the log has the same one.
    let sha256 = |file: &str| {
        let output = Command::new("sha256sum").arg(clinic.room.path(file)).output().unwrap();
        String::from_utf8(output.stdout).unwrap().split(' ').next().unwrap().to_owned()
    };
    for file in ["blackbar.toml", "policies/agents-read.cedar"] {
        assert!(configuration.contains(&sha256(file)), "{file}: {configuration}");
    }
    let reader = Reader::open(&clinic.room.path("blackbar-data"), None);
    let leaves = reader.leaves(LeafIndex::FIRST).unwrap().map(|leaf| leaf.unwrap().1);
    let loaded: Vec<String> = leaves
        .filter(|leaf| leaf.kind() == Some(Kind::ConfigChange))
        .filter_map(|leaf| leaf.detail("sha256").and_then(Json::as_text).map(str::to_owned))
        .collect();
    assert_eq!(loaded, [sha256("blackbar.toml")]);

    // A reviewer sees what is asked, and what an agent wrote stays text.
    let reviewer = clinic.sign_in(&["reviewer"]);
    let approvals = clinic.page(&reviewer, "/approvals");
    let id = approvals.split("/approvals/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let page = clinic.page(&reviewer, &format!("/approvals/{id}"));
    assert!(page.contains("&lt;script&gt;alert(1)") && page.matches("<script").count() == 1, "{page}");
    assert!(!page.contains('\u{202e}'), "a text that reads the other way");
    let asked: serde_json::Value =
        serde_json::from_str(&body(&clinic.page(&reviewer, &format!("/approvals/{id}/ask.json")))).unwrap();
    assert_eq!(asked["reviewers"].as_object().unwrap().len(), 1);

    // What was signed away from the gateway counts, whoever may hand it in, and nothing else does.
    clinic.room.write("ask.json", asked.to_string());
    let signed = ["approvals", "approve", &id, "--ask", "ask.json", "--key", "officer.key", "--reason", "recall"];
    let signed = clinic.room.run(&signed).ends(0).text();
    let secret_of =
        |page: &str| page.split("name=\"form\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let hand_in = |cookie: &str, text: &str| {
        let secret = secret_of(&clinic.page(cookie, "/findings"));
        let text: String = text.trim().bytes().map(|byte| format!("%{byte:02x}")).collect();
        let headers = format!("{cookie}{}", clinic.origin());
        clinic.send("POST", &format!("/approvals/{id}/decision"), &headers, &format!("form={secret}&signed={text}"))
    };
    assert!(hand_in(&viewer, &signed).starts_with("HTTP/1.1 403"));
    for (text, said) in [
        ("yes", "no signed decision"),
        (&*signed.replace(&id, "ap-other"), "another approval"),
        (&signed.replace("\"recall\"", "\"recal\""), "does not count"),
    ] {
        let page = hand_in(&reviewer, text);
        assert!(page.contains(said) && page.contains("role=\"alert\""), "{said}: {page}");
    }
    assert!(hand_in(&reviewer, &signed).contains("Approved. It may run once"), "a signed decision did not count");
    assert!(hand_in(&reviewer, &signed).contains("does not count"), "one vote counted twice");
    assert!(get(clinic.port, &clinic.credential, "/Patient").starts_with("HTTP/1.1 200"));

    // Each look is in the log, with who looked.
    let approval = format!("console.approval {id}");
    let secret = secret_of(&clinic.page(&viewer, "/log"));
    let verify = format!("{viewer}{}", clinic.origin());
    let verified = clinic.send("POST", "/log/verify", &verify, &format!("form={secret}"));
    assert!(verified.starts_with("HTTP/1.1 303") || verified.starts_with("HTTP/1.1 200"), "{verified}");
    for what in [
        "console.sessions",
        "console.session",
        "console.replay",
        "console.approvals",
        &approval,
        "console.configuration",
        "console.findings",
        "console.log",
        "console.verify",
    ] {
        clinic.is_viewed(what, "console of uid");
    }
    // A page that refreshes itself is one look.
    for _ in 0..5 {
        clinic.page(&viewer, "/live");
    }
    clinic.is_viewed("console.live", "");
    std::thread::sleep(Duration::from_millis(2500));
    assert_eq!(clinic.views().iter().filter(|(_, what)| what == "console.live").count(), 1);

    // Somebody who signs out is out.
    let page = clinic.page(&viewer, "/live");
    let secret = page.split("name=\"form\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let headers = format!("{viewer}{}", clinic.origin());
    assert!(clinic.send("POST", "/logout", &headers, &format!("form={secret}")).starts_with("HTTP/1.1 303"));
    assert!(clinic.page(&viewer, "/live").starts_with("HTTP/1.1 303"));
    let (code, said) = gateway.end();
    assert_eq!(code, Some(0), "{said}");
    for canary in [SSN, "quixley.marigold", "alert(1)"] {
        assert!(!said.contains(canary), "{said}");
    }
}

#[test]
fn a_monitor_sees_whether_the_gateway_lives_and_what_it_counts_and_no_content() {
    let clinic = Clinic::new();
    let gateway = Gateway::start(&clinic.room, clinic.port);
    let read =
        |path: &str| ask(clinic.operations, &format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
    assert!(read("/healthz").ends_with("alive\n"));
    assert!(read("/readyz").ends_with("ready\n"));
    assert!(read("/other").starts_with("HTTP/1.1 404"));
    get(clinic.port, &clinic.credential, "/Patient/7");
    get(clinic.port, "nobody", "/Patient/7");
    get(clinic.port, &clinic.credential, "/Patient");
    let begun = Instant::now();
    let metrics = loop {
        let metrics = body(&read("/metrics"));
        if metrics.contains("outcome=\"held\"") {
            break metrics;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "{metrics}");
        std::thread::sleep(Duration::from_millis(50));
    };
    for line in [
        "blackbar_requests_total{target=\"fhir\",outcome=\"success\"} 1",
        "blackbar_findings_total{target=\"fhir\",kind=\"ssn\"} 1",
        "blackbar_decisions_total{target=\"fhir\",decision=\"granted\"} 1",
        "blackbar_decisions_total{target=\"fhir\",decision=\"asked\"} 1",
        "blackbar_unknown_clients_total{target=\"fhir\"} 1",
        "blackbar_request_duration_seconds_count{target=\"fhir\"} 2",
        "blackbar_requests_in_flight 0",
        "blackbar_holds_waiting 1",
        "blackbar_ready 1",
    ] {
        assert!(metrics.lines().any(|told| told == line), "{line} is not in\n{metrics}");
    }
    let number = |name: &str| -> f64 {
        let line = metrics.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("no {name}"));
        line.trim().parse().unwrap()
    };
    assert!(number("blackbar_record_sync_seconds_count ") >= 3.0);
    assert!(number("blackbar_resident_memory_bytes ") > 1e6);
    assert!(number("blackbar_content_bytes_total{target=\"fhir\",direction=\"in\"} ") >= 100.0);
    for canary in [SSN, "quixley", "agent-7", "617-555", &clinic.credential] {
        assert!(!metrics.contains(canary), "{canary} is in\n{metrics}");
    }
    // Every series that the dashboard and the alerts ask for is there.
    let packaging = Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging/monitoring");
    for file in ["dashboard.json", "alerts.yaml"] {
        let text = fs::read_to_string(packaging.join(file)).unwrap();
        let names =
            text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).filter(|word| word.starts_with("blackbar_"));
        for name in names {
            assert!(metrics.contains(&format!("\n{name}")), "{file} asks for {name}");
        }
    }
    let (code, said) = gateway.end();
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn monitors_and_people_see_how_far_sinks_are_behind() {
    let clinic = Clinic::new();
    let nobody = free_port();
    let sinks = format!(
        "\n[[sink]]\nname = \"archive\"\nformat = \"json\"\nto = \"file:told.jsonl\"\n\n[[sink]]\nname = \"siem\"\nformat = \"ocsf\"\nto = \"syslog+tcp://127.0.0.1:{nobody}\"\n"
    );
    clinic.room.write("blackbar.toml", clinic.room.text("blackbar.toml") + &sinks);
    let gateway = Gateway::start(&clinic.room, clinic.port);
    get(clinic.port, &clinic.credential, "/Patient/7");
    let cookie = clinic.sign_in(&["viewer"]);
    // Whoever is not heard is late from the first leaf on.
    let page = clinic.page_with(&cookie, "/log", "failing");
    let row = |page: &str, name: &str| {
        let start = page.find(&format!("<td>{name}")).unwrap_or_else(|| panic!("no {name} in {page}"));
        page[start..].split("</tr>").next().unwrap().to_owned()
    };
    assert!(row(&page, "siem").contains("failing"), "{page}");
    let begun = Instant::now();
    while !row(&clinic.page(&cookie, "/log"), "archive").contains("up to date") {
        assert!(begun.elapsed() < Duration::from_secs(15), "{}", clinic.page(&cookie, "/log"));
        std::thread::sleep(Duration::from_millis(100));
    }
    let metrics = body(&ask(clinic.operations, "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
    let number = |name: &str, of: &str| -> f64 {
        let start = format!("{name}{{follower=\"{of}\"}} ");
        let line = metrics.lines().find_map(|line| line.strip_prefix(start.as_str()));
        line.unwrap_or_else(|| panic!("no {start} in\n{metrics}")).parse().unwrap()
    };
    assert!(number("blackbar_follower_lag_seconds", "siem") > 0.0);
    assert!(number("blackbar_follower_leaves", "archive") >= 1.0);
    let failing = ["siem", "archive"].map(|name| number("blackbar_follower_failing", name));
    assert_eq!(failing, [1.0, 0.0], "{metrics}");
    // Neither is required, so the gateway goes on.
    assert!(metrics.lines().any(|line| line == "blackbar_ready 1"), "{metrics}");
    let (code, said) = gateway.end();
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn a_reviewer_walks_through_the_console_in_a_browser() {
    let Some((chromium, modules)) = browser() else { return };
    let clinic = Clinic::new();
    let gateway = Gateway::start(&clinic.room, clinic.port);
    assert!(get(clinic.port, &clinic.credential, "/Patient/7").starts_with("HTTP/1.1 200"));
    let request = format!(
        "GET /Patient HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {}\r\nPrefer: wait=110\r\nBlackbar-Reason: recall of a device\r\nConnection: close\r\n\r\n",
        clinic.credential
    );
    let port = clinic.port;
    let waits = std::thread::spawn(move || {
        let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(115))).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        std::io::Read::read_to_string(&mut stream, &mut answer).unwrap();
        answer
    });
    // The log is signed each second, and the console shows what is signed.
    std::thread::sleep(Duration::from_secs(2));
    let mut walk = Command::new("node");
    walk.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/walk.mjs"))
        .env("LINK", clinic.link(&[]))
        .env("BINARY", env!("CARGO_BIN_EXE_blackbar"))
        .env("KEY", clinic.room.path("officer.key"))
        .env("CHROMIUM", chromium)
        .env("MODULES", modules);
    if let Some(shots) = std::env::var_os("BLACKBAR_SHOTS") {
        fs::create_dir_all(&shots).unwrap();
        walk.env("SHOTS", shots);
    }
    let output = walk.output().unwrap();
    let (told, trouble) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(output.status.success(), "{trouble}\n{told}");
    let told = lines(&told);
    assert_eq!(told.last().unwrap()["done"], true);
    for line in &told {
        assert!(line.get("left").is_none(), "a request left the origin: {line}");
        assert!(line.get("trouble").is_none(), "{line}");
        let violations = line["axe"].as_array().map(Vec::as_slice).unwrap_or_default();
        assert!(violations.is_empty(), "axe on {}: {violations:#?}", line["page"]);
    }
    let pages = told.iter().filter(|line| line.get("axe").is_some()).count();
    assert!(pages >= 18, "{pages} pages were looked at");
    assert!(told.iter().any(|line| line["altered"].as_str().is_some_and(|said| said.contains("does not count"))));
    let answer = waits.join().unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("[SSN]"), "{answer}");
    let (code, said) = gateway.end();
    assert_eq!(code, Some(0), "{said}");
    let verified = clinic.room.run(&["verify", "blackbar-data"]).ends(0).text();
    assert!(verified.starts_with("PASS"), "{verified}");
}

/// A browser, and the folder with what drives it; else why there is none.
fn browser() -> Option<(PathBuf, PathBuf)> {
    let skipped = |why: &str| {
        // Not `eprintln!`, which the runner keeps to itself when a test passes.
        let _ = writeln!(std::io::stderr(), "skipped: a_reviewer_walks_through_the_console_in_a_browser: {why}");
        None
    };
    let found = |name: &str| {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path).map(|folder| folder.join(name)).find(|path| path.is_file())
    };
    let Some(chromium) = found("chromium-headless-shell").or_else(|| found("chromium")) else {
        return skipped("there is no Chromium (on Debian: apt-get install chromium-headless-shell)");
    };
    if found("node").is_none() {
        return skipped("there is no node");
    }
    // Beside the binary, so that it is where `cargo xtask test` puts it.
    let target = Path::new(env!("CARGO_BIN_EXE_blackbar")).ancestors().find(|path| path.join("browser").is_dir());
    let modules = target.map(|target| target.join("browser"));
    match modules.filter(|modules| modules.join("node_modules/playwright-core").is_dir()) {
        Some(modules) => Some((chromium, modules)),
        None => skipped("what drives the browser is not installed; `cargo xtask test` does that"),
    }
}

#[test]
fn over_tls_the_console_s_cookie_is_bound_to_its_host() {
    let clinic = Clinic::new();
    let (port, folder) = (clinic.console, tls::certificates());
    let listen = format!("listen = \"127.0.0.1:{port}\"");
    let secure = format!(
        "{listen}\ntls = {{ cert = \"{0}/server.pem\", key = \"{0}/server.key\" }}\nurl = \"https://localhost:{port}\"",
        folder.display()
    );
    let text = clinic.room.text("blackbar.toml");
    assert!(text.contains(&listen));
    clinic.room.write("blackbar.toml", text.replacen(&listen, &secure, 1));
    let gateway = Gateway::start(&clinic.room, clinic.port);
    let link = clinic.link(&["viewer"]);
    assert!(link.starts_with(&format!("https://localhost:{port}/login?link=")), "{link}");
    let secret = link.split_once("?link=").unwrap().1;
    let send = |method: &str, path: &str, headers: &str, form: &str| {
        let length = form.len();
        let head = format!("{method} {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n{headers}");
        tls::ask(port, &format!("{head}Content-Length: {length}\r\n\r\n{form}")).unwrap()
    };
    let origin = format!("Origin: https://localhost:{port}\r\n");
    let form = format!("link={secret}");
    assert!(send("POST", "/login", &clinic.origin(), &form).starts_with("HTTP/1.1 403"), "a page without TLS");
    let answer = send("POST", "/login", &origin, &form);
    assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
    assert_eq!(header(&answer, "strict-transport-security"), Some("max-age=31536000"));
    let asset = send("GET", "/assets/console.css", "", "");
    assert!(asset.starts_with("HTTP/1.1 200") && header(&asset, "content-security-policy").is_some(), "{asset}");
    let cookie = header(&answer, "set-cookie").unwrap();
    assert!(cookie.starts_with("__Host-blackbar="), "{cookie}");
    for part in ["; Secure", "; Path=/", "; HttpOnly", "; SameSite=Strict"] {
        assert!(cookie.contains(part), "{part}: {cookie}");
    }
    assert!(!cookie.contains("Domain"), "{cookie}");
    let value = cookie.split(';').next().unwrap().split_once('=').unwrap().1;
    assert!(send("GET", "/live", &format!("Cookie: __Host-blackbar={value}\r\n"), "").starts_with("HTTP/1.1 200"));
    // The same value under the name that anybody near could set is nothing.
    assert!(send("GET", "/live", &format!("Cookie: blackbar={value}\r\n"), "").starts_with("HTTP/1.1 303"));
    let (code, said) = gateway.end();
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn a_gateway_is_not_ready_while_nobody_hears_a_sink_that_is_required() {
    let clinic = Clinic::new();
    let nobody = free_port();
    let sink = format!(
        "\n[[sink]]\nname = \"siem\"\nformat = \"ocsf\"\nto = \"syslog+tcp://127.0.0.1:{nobody}\"\nrequired = true\nbehind = \"1s\"\n"
    );
    clinic.room.write("blackbar.toml", clinic.room.text("blackbar.toml") + &sink);
    let gateway = Gateway::start(&clinic.room, clinic.port);
    let read =
        |path: &str| ask(clinic.operations, &format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
    let begun = Instant::now();
    let told = loop {
        let told = read("/readyz");
        if told.starts_with("HTTP/1.1 503 ") {
            break told;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "{told}");
        std::thread::sleep(Duration::from_millis(100));
    };
    assert!(told.contains("siem"), "{told}");
    assert!(read("/healthz").ends_with("alive\n"), "it lives, and goes on");
    assert!(body(&read("/metrics")).lines().any(|line| line == "blackbar_ready 0"));
    assert!(get(clinic.port, &clinic.credential, "/Patient/7").starts_with("HTTP/1.1 200"));
    let (code, said) = gateway.end();
    assert_eq!(code, Some(0), "{said}");
}
