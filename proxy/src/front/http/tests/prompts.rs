//! Models outside: what goes up is redacted, and what they answer comes back with the values of whoever asked.

use super::{House, POLICY, answer, says_in};

const SETTINGS: &str = "request_profile = \"outside\"\nrestore_answers = true\n[profile.outside.kinds]\nssn = \"token\"\nemail = \"token\"\nname = \"token\"\n";
const SSN: &str = "219-09-9998";
const EMAIL: &str = "carla.quint@mailhost.org";

/// A model that says of each value what it was sent in its place.
fn told(sent: &str, of: &str) -> String {
    let start = sent.find(&format!("bb-{of}-")).unwrap_or_else(|| panic!("no {of} in {sent}"));
    sent[start..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_goes_up_as_it_is() {
    for body in [
        serde_json::json!({"messages":[{"role":"user","content":format!("SSN {SSN}, mail {EMAIL}")}]}),
        serde_json::json!({"messages":[{"role":"user","content":[{"type":"text","text":format!("SSN {SSN} {EMAIL}")}]}]}),
        serde_json::json!({"messages":[{"role":"tool","content":format!("{{\"ssn\":\"{SSN}\",\"mail\":\"{EMAIL}\"}}")}]}),
        serde_json::json!({"messages":[{"role":"user","content":[{"type":"tool_result","content":[{"type":"text","text":format!("ssn: {SSN}\nmail: {EMAIL}")}]}]}]}),
        serde_json::json!({"input":[{"type":"function_call_output","output":format!("{{\"ssn\":\"{SSN}\"}}")}],"metadata":{"mail":EMAIL}}),
        serde_json::json!({"system":format!("SSN {SSN}"),"messages":[{"role":"user","content":EMAIL}]}),
        serde_json::json!({"contents":[{"parts":[{"functionResponse":{"response":{"ssn":SSN,"mail":EMAIL}}}]}]}),
    ] {
        for (spelt, headers) in [
            (body.to_string(), "Content-Type: application/json\r\n"),
            (body.to_string().replace("219", "\\u0032\\u0031\\u0039"), "Content-Type: application/json\r\n"),
            (body.to_string(), "Content-Type: text/plain\r\n"),
            (body.to_string(), ""),
        ] {
            let house = House::with(super::says(answer("application/json", "", "{}")), SETTINGS, POLICY).await;
            let answered = house.send("POST", "/v1/chat/completions", headers, spelt.as_bytes()).await;
            assert_eq!(answered.status, 200, "{} {}", answered.head, answered.text());
            let seen = house.upstream_saw();
            for canary in ["09-9998", "219", "carla", "mailhost"] {
                assert!(!seen.split("\r\n\r\n").nth(1).unwrap().contains(canary), "{canary}: {seen}");
            }
            let sent = seen.split("\r\n\r\n").nth(1).unwrap();
            assert!(serde_json::from_str::<serde_json::Value>(sent).is_ok(), "{sent}");
        }
    }
    let house = House::with(super::says(answer("application/json", "", "{}")), SETTINGS, POLICY).await;
    let answered =
        house.send("POST", "/v1/files", "Content-Type: multipart/form-data; boundary=x\r\n", b"--x\r\n\r\nx").await;
    assert!(answered.status >= 400, "what cannot be looked into does not go up");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_goes_up_beside_a_body_either() {
    let settings = format!("cookies = true\npass_headers = [\"x-user\"]\n{SETTINGS}");
    let house = House::with(super::says(answer("application/json", "", "{}")), &settings, POLICY).await;
    let headers = format!(
        "Content-Type: application/json\r\nX-User: {EMAIL}\r\nX-Note: SSN {SSN}\r\nX-Ssn: {SSN}\r\nCookie: who={EMAIL}\r\nX-Claims: MjE5LTA5LTk5OTg=\r\n\
         User-Agent: of {EMAIL}\r\nAnthropic-Version: 2023-06-01\r\nAnthropic-Beta: files-api-2025-04-14\r\nX-Stainless-Lang: python\r\nAccept: application/json\r\n"
    );
    let answered = house.send("POST", "/v1/chat/completions?api-version=2024-10-21", &headers, b"{}").await;
    assert_eq!(answered.status, 200, "{}", answered.text());
    let seen = house.upstream_saw().to_ascii_lowercase();
    for canary in ["09-9998", "carla", "mailhost", "mje5"] {
        assert!(!seen.contains(canary), "{canary}: {seen}");
    }
    for kept in [
        "anthropic-version: 2023-06-01",
        "anthropic-beta: files-api-2025-04-14",
        "x-stainless-lang: python",
        "accept: application/json",
        "x-secret: key ",
    ] {
        assert!(seen.contains(kept), "{kept}: {seen}");
    }
    for target in [
        format!("/v1/chat/completions?user={EMAIL}"),
        "/v1/chat/completions?user=carla.quint%40mailhost.org".to_owned(),
        format!("/v1/chat/completions?ssn={SSN}"),
        format!("/v1/files/{EMAIL}"),
    ] {
        let house = House::with(super::says(answer("application/json", "", "{}")), &settings, POLICY).await;
        let answered = house.send("POST", &target, "Content-Type: application/json\r\n", b"{}").await;
        assert_eq!(answered.status, 422, "{target}");
        assert!(house.seen.lock().unwrap().is_empty(), "{target}");
    }
    for target in [
        "/v1/models/gpt-4o-2024-08-06:streamGenerateContent?alt=sse",
        "/v1/threads/thread_abc123DEF/messages?limit=20&order=desc&after=msg_abc123",
    ] {
        let house = House::with(super::says(answer("application/json", "", "{}")), &settings, POLICY).await;
        let answered = house.send("POST", target, "Content-Type: application/json\r\n", b"{}").await;
        assert_eq!(answered.status, 200, "{target}: {}", answered.text());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_within_prompts_do_not_go_up_as_they_are() {
    use base64::Engine as _;
    let base64 = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(bytes);
    let text = base64(format!("Patient note. SSN {SSN}, mail {EMAIL}. Seen by Dr. Kowalczyk.\n").as_bytes());
    let pdf = base64(
        &[b"%PDF-1.7\n1 0 obj << >> stream\n\x80\xff".as_slice(), format!("SSN {SSN} {EMAIL}").as_bytes()].concat(),
    );
    let png = base64(&[b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".as_slice(), format!("SSN {SSN} {EMAIL}").as_bytes()].concat());
    for (what, body, hidden) in [
        (
            "a file of a chat",
            serde_json::json!({"messages":[{"role":"user","content":[{"type":"file","file":{"filename":"note.txt","file_data":format!("data:text/plain;base64,{text}")}}]}]}),
            &text,
        ),
        (
            "a file of a response",
            serde_json::json!({"input":[{"role":"user","content":[{"type":"input_file","filename":"n.txt","file_data":text}]}]}),
            &text,
        ),
        (
            "a document",
            serde_json::json!({"messages":[{"role":"user","content":[{"type":"document","source":{"type":"base64","media_type":"text/plain","data":text}}]}]}),
            &text,
        ),
        (
            "a PDF",
            serde_json::json!({"messages":[{"role":"user","content":[{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":pdf}}]}]}),
            &pdf,
        ),
        (
            "a PDF as a file of a chat",
            serde_json::json!({"messages":[{"role":"user","content":[{"type":"file","file":{"filename":"n.pdf","file_data":format!("data:application/pdf;base64,{pdf}")}}]}]}),
            &pdf,
        ),
        (
            "a picture",
            serde_json::json!({"messages":[{"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":png}}]}]}),
            &png,
        ),
        (
            "a picture by its address",
            serde_json::json!({"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":format!("data:image/png;base64,{png}")}}]}]}),
            &png,
        ),
        (
            "a part with data",
            serde_json::json!({"contents":[{"parts":[{"inline_data":{"mime_type":"text/plain","data":text}}]}]}),
            &text,
        ),
        (
            "a resource of a tool",
            serde_json::json!({"messages":[{"role":"tool","content":[{"type":"resource","resource":{"mimeType":"text/plain","blob":text}}]}]}),
            &text,
        ),
    ] {
        for spelt in [body.to_string(), body.to_string().replace('/', "\\/")] {
            let house = House::with(super::says(answer("application/json", "", "{}")), SETTINGS, POLICY).await;
            let answered = house
                .send("POST", "/v1/chat/completions", "Content-Type: application/json\r\n", spelt.as_bytes())
                .await;
            if answered.status == 422 || answered.status == 415 {
                assert!(house.seen.lock().unwrap().is_empty(), "{what}");
                continue;
            }
            assert_eq!(answered.status, 200, "{what}: {}", answered.text());
            let seen = house.upstream_saw();
            let up: serde_json::Value = serde_json::from_str(seen.split("\r\n\r\n").nth(1).unwrap()).unwrap();
            let up = up.to_string();
            // Not as it was, and not in any piece of base64 that says it again.
            assert!(!up.contains(hidden.as_str()), "{what}: {up}");
            let runs = up.split(|c: char| !(c.is_ascii_alphanumeric() || "+/=".contains(c)));
            let mut readings = vec![up.clone().into_bytes()];
            readings.extend(runs.filter_map(|run| base64::engine::general_purpose::STANDARD.decode(run).ok()));
            for reading in readings {
                for canary in [SSN, "carla", "mailhost"] {
                    assert!(memchr::memmem::find(&reading, canary.as_bytes()).is_none(), "{what}: {canary} in {up}");
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_come_back_with_the_values_of_whoever_asked() {
    let prompt = serde_json::json!({"messages":[{"role":"user","content":format!("The SSN is {SSN}, mail {EMAIL}")}]})
        .to_string();
    let headers = "Content-Type: application/json\r\n";
    // Which tokens the model is sent does not change from one time to the next.
    let house = House::with(super::says(answer("application/json", "", "{}")), SETTINGS, POLICY).await;
    house.send("POST", "/v1/chat/completions", headers, prompt.as_bytes()).await;
    let (ssn, mail) = (told(&house.upstream_saw(), "ssn"), told(&house.upstream_saw(), "email"));
    let said = format!("You said {ssn} and {mail}. Another one is 219-09-9999.");
    let expected = format!("You said {SSN} and {EMAIL}. Another one is [SSN].");

    let whole = serde_json::json!({"choices":[{"message":{"content":said}}]}).to_string();
    let house = House::with(super::says(answer("application/json", "", whole)), SETTINGS, POLICY).await;
    let answered = house.send("POST", "/v1/chat/completions", headers, prompt.as_bytes()).await;
    let document: serde_json::Value = serde_json::from_slice(&answered.body).unwrap();
    assert_eq!(document["choices"][0]["message"]["content"], expected);

    for cut in (1..said.len()).step_by(3) {
        let (one, other) = said.split_at(cut);
        let stream: String = [one, other, ""]
            .iter()
            .map(|text| format!("data: {}\n\n", serde_json::json!({"choices":[{"index":0,"delta":{"content":text}}]})))
            .collect();
        let house = House::with(says_in(answer("text/event-stream", "", stream), 61), SETTINGS, POLICY).await;
        let answered = house.send("POST", "/v1/chat/completions", headers, prompt.as_bytes()).await;
        assert_eq!(super::streams::told(&answered.text()), expected, "cut at {cut}: {}", answered.text());
    }
    // Nobody gets them back whom policy does not allow it.
    let policy = r#"permit (principal, action in [Action::"read", Action::"write"], resource);"#;
    let whole = serde_json::json!({"choices":[{"message":{"content":said}}]}).to_string();
    let house = House::with(super::says(answer("application/json", "", whole)), SETTINGS, policy).await;
    let answered = house.send("POST", "/v1/chat/completions", headers, prompt.as_bytes()).await;
    assert!(!answered.text().contains(SSN) && !answered.text().contains(EMAIL), "{}", answered.text());
}
