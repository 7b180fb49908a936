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
