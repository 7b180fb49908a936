//! Servers of tools (MCP): calls are judged by name and arguments, and what tools say is content.

use super::{House, answer, keyring, says};

const HEADERS: &str = "Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\nMcp-Session-Id: 1b4db7eb-4057-4ddf\r\n";

fn call(tool: &str, arguments: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{{"name":"{tool}","arguments":{arguments}}}}}"#)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_are_judged_by_name_and_arguments() {
    let fine = r#"{"jsonrpc":"2.0","id":7,"result":{"content":[{"type":"text","text":"done"}]}}"#;
    let house = House::new(says(answer("application/json", "", fine))).await;
    let answered = house.send("POST", "/mcp", HEADERS, call("find", r#"{"q":"x"}"#).as_bytes()).await;
    assert_eq!((answered.status, answered.text().as_str()), (200, fine));
    assert!(house.upstream_saw().to_ascii_lowercase().contains("mcp-session-id: 1b4db7eb-4057-4ddf"));

    for (body, says_so) in [
        (call("risky", "{}"), "approve"),
        (call("find", r#"{"secret":1}"#), "Denied"),
        (call("r\\u0069sky", "{}"), "approve"),
        (format!("[{},{}]", call("find", "{}"), call("risky", "{}")), "approve"),
        (call("note", r#"{"text":"about [NAME]"}"#), "overwrite"),
    ] {
        let house = House::new(says(answer("application/json", "", fine))).await;
        let answered = house.send("POST", "/mcp", HEADERS, body.as_bytes()).await;
        assert_eq!((answered.status, answered.header("content-type")), (200, Some("application/json")), "{body}");
        let document: serde_json::Value = serde_json::from_slice(&answered.body).unwrap();
        let first = if document.is_array() { &document[0] } else { &document };
        assert_eq!((&first["id"], &first["result"]["isError"]), (&7.into(), &true.into()), "{document}");
        let text = first["result"]["content"][0]["text"].as_str().unwrap();
        assert!(text.contains(says_so), "{body}: {text}");
        assert!(house.seen.lock().unwrap().is_empty(), "{body}");
    }
    // Where tools are not allowed at all, the path alone does not let them be called.
    let policy = r#"permit (principal, action in [Action::"read", Action::"write"], resource);"#;
    for (media, body) in [
        ("application/json", call("find", "{}")),
        ("text/plain", call("find", "{}")),
        ("application/x-www-form-urlencoded", call("find", "{}")),
    ] {
        let house = House::with(says(answer("application/json", "", fine)), "", policy).await;
        let answered = house.send("POST", "/mcp", &format!("Content-Type: {media}\r\n"), body.as_bytes()).await;
        assert!(answered.text().contains("Denied"), "{}", answered.text());
        assert!(house.seen.lock().unwrap().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_tools_say_is_redacted() {
    let result = |text: &str| {
        serde_json::json!({"jsonrpc":"2.0","id":7,"result":{"content":[{"type":"text","text":text}],"structuredContent":{"ssn":"219-09-9998"}}})
            .to_string()
    };
    let error = r#"{"jsonrpc":"2.0","id":7,"error":{"code":-32000,"message":"no such patient: SSN 219-09-9998","data":{"mail":"carla.quint@mailhost.org"}}}"#;
    let resource = r#"{"jsonrpc":"2.0","id":7,"result":{"contents":[{"uri":"file:///a","mimeType":"text/plain","text":"SSN: 219-09-9998"}]}}"#;
    let prompt = r#"{"jsonrpc":"2.0","id":7,"result":{"messages":[{"role":"user","content":{"type":"text","text":"mail carla.quint@mailhost.org"}}]}}"#;
    for body in [
        result("The SSN is 219-09-9998."),
        result(r#"{"ssn": "219-09-9998", "mail": "carla.quint@mailhost.org"}"#),
        result(r#"{"ssn": "219\u002d09-9998"}"#),
        error.to_owned(),
        resource.to_owned(),
        prompt.to_owned(),
    ] {
        for stream in [false, true] {
            let answered = if stream {
                answer(
                    "text/event-stream",
                    "Mcp-Session-Id: 1868a90c-9f2e-4a3b-8c8e-2f0d1a2b3c4d\r\n",
                    format!("event: message\ndata: {body}\n\n"),
                )
            } else {
                answer("application/json", "", &body)
            };
            let house = House::new(says(answered)).await;
            let answered = house.send("POST", "/mcp", HEADERS, call("find", "{}").as_bytes()).await;
            assert_eq!(answered.status, 200);
            let text = answered.text();
            for canary in ["09-9998", "219", "carla.quint"] {
                assert!(!text.contains(canary), "{canary}: {text}");
            }
            let json = text.lines().find_map(|line| line.strip_prefix("data: ")).unwrap_or(&text).to_owned();
            let document: serde_json::Value = serde_json::from_str(&json).unwrap();
            assert_eq!(document["id"], 7);
            if stream {
                assert!(answered.header("mcp-session-id").is_some(), "{}", answered.head);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tools_are_told_who_is_meant_and_say_the_token() {
    let id = keyring().token("other-id", b"pat-4711").unwrap();
    let said =
        r#"{"jsonrpc":"2.0","id":7,"result":{"content":[{"type":"text","text":"Patient pat-4711 has gone home"}]}}"#;
    let house = House::new(says(answer("application/json", "", said))).await;
    let answered =
        house.send("POST", "/mcp", HEADERS, call("find", &format!(r#"{{"patient":"{id}"}}"#)).as_bytes()).await;
    assert!(house.upstream_saw().contains(r#""patient":"pat-4711""#), "{}", house.upstream_saw());
    assert!(!answered.text().contains("4711") && answered.text().contains(&id), "{}", answered.text());
}
