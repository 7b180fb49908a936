//! The interface of a cluster: what is read of it is redacted, what Secrets and ConfigMaps hold stays there, and sessions within
//! its machines are not opened.

use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::{CREDENTIAL, House, POLICY, answer, read_request};
use crate::front::authority::Authority;

const POD: &str = r#"{"kind":"Pod","apiVersion":"v1","metadata":{"name":"web-1","namespace":"default","annotations":{"note":"call carla.quint@mailhost.org"}},"spec":{"containers":[{"name":"web","image":"web:1"}]},"status":{"phase":"Running"}}"#;
const SECRET: &str = r#"{"kind":"Secret","apiVersion":"v1","metadata":{"name":"db","namespace":"default","annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{\"data\":{\"password\":\"aHVudGVyMg==\"}}"}},"data":{"password":"aHVudGVyMg=="},"type":"Opaque"}"#;
const CONFIG: &str = r#"{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"web","namespace":"default"},"data":{"settings.ini":"password = hunter2"}}"#;
const LOG: &str = "started\nmail to carla.quint@mailhost.org, SSN 219-09-9998\n";
const SECRETS: [&str; 2] = ["hunter2", "aHVudGVyMg"];
const CANARIES: [&str; 2] = ["carla.quint", "219-09-9998"];

/// A cluster with a pod, a secret and a map. A watch sends one event and goes on.
async fn cluster() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let log = Arc::clone(&seen);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let log = Arc::clone(&log);
            tokio::spawn(async move {
                let request = String::from_utf8_lossy(&read_request(&mut stream).await).into_owned();
                let target = request.split(' ').nth(1).unwrap_or_default().to_owned();
                log.lock().unwrap().push(target.clone());
                let (path, query) = target.split_once('?').unwrap_or((&target, ""));
                if query.contains("watch=") {
                    let object = if path.ends_with("secrets") { SECRET } else { POD };
                    let event = format!("{{\"type\":\"ADDED\",\"object\":{object}}}\n");
                    let head =
                        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
                    let _ = stream.write_all(format!("{head}{:x}\r\n{event}\r\n", event.len()).as_bytes()).await;
                    tokio::time::sleep(Duration::from_secs(20)).await;
                    return;
                }
                let list = |kind: &str, item: &str| {
                    format!(
                        r#"{{"kind":"{kind}List","apiVersion":"v1","metadata":{{"resourceVersion":"7"}},"items":[{item}]}}"#
                    )
                };
                let resource = |name: &str, kind: &str| {
                    format!(
                        r#"{{"name":"{name}","singularName":"","namespaced":true,"kind":"{kind}","verbs":["get","list","watch","create"]}}"#
                    )
                };
                let json = |text: String| answer("application/json", "Connection: close\r\n", text);
                let told = match path {
                    "/api" => {
                        json(r#"{"kind":"APIVersions","versions":["v1"],"serverAddressByClientCIDRs":[]}"#.to_owned())
                    }
                    "/apis" => json(r#"{"kind":"APIGroupList","apiVersion":"v1","groups":[]}"#.to_owned()),
                    "/api/v1" => {
                        let all = [("pods", "Pod"), ("secrets", "Secret"), ("configmaps", "ConfigMap")];
                        let all: Vec<String> = all.iter().map(|(name, kind)| resource(name, kind)).collect();
                        json(format!(
                            r#"{{"kind":"APIResourceList","groupVersion":"v1","resources":[{}]}}"#,
                            all.join(",")
                        ))
                    }
                    "/api/v1/namespaces/default/pods" => json(list("Pod", POD)),
                    "/api/v1/namespaces/default/pods/web-1" => json(POD.to_owned()),
                    "/api/v1/namespaces/default/pods/web-1/log" => answer("text/plain", "Connection: close\r\n", LOG),
                    "/api/v1/namespaces/default/secrets" | "/api/v1/secrets" => json(list("Secret", SECRET)),
                    "/api/v1/namespaces/default/secrets/db" => json(SECRET.to_owned()),
                    "/api/v1/namespaces/default/configmaps/web" => json(CONFIG.to_owned()),
                    _ => b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_vec(),
                };
                let _ = stream.write_all(&told).await;
            });
        }
    });
    (address, seen)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_secrets_and_maps_hold_stays_in_the_cluster() {
    let (address, _) = cluster().await;
    let house = House::in_front_of(&address, "", POLICY).await;
    for path in [
        "/api/v1/namespaces/default/secrets/db",
        "/api/v1/namespaces/default/secrets",
        "/api/v1/secrets",
        "/api/v1/namespaces/default/configmaps/web",
        "/api/v1/namespaces/default/pods/web-1",
        "/api/v1/namespaces/default/pods/web-1/log",
    ] {
        let answered = house.get(path, "").await;
        assert_eq!(answered.status, 200, "{path}: {}", answered.text());
        for canary in SECRETS.iter().chain(&CANARIES) {
            assert!(!answered.text().contains(canary), "{path}: {canary} in {}", answered.text());
        }
        if !path.ends_with("log") {
            let document: serde_json::Value = serde_json::from_slice(&answered.body).unwrap();
            assert!(document["kind"].is_string(), "{document}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watch_tells_each_event_at_once() {
    let (address, _) = cluster().await;
    let house = House::in_front_of(&address, "", POLICY).await;
    for what in ["pods", "secrets"] {
        let mut stream = TcpStream::connect(house.address).await.unwrap();
        let target = format!("/api/v1/namespaces/default/{what}?watch=true");
        let request = format!("GET {target} HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {CREDENTIAL}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let (mut got, mut buffer) = (Vec::new(), [0; 4096]);
        let begun = std::time::Instant::now();
        // The end of the event's line may wait; what is in it does not.
        while !String::from_utf8_lossy(&got).contains(if what == "pods" { "[EMAIL]" } else { "Opaque" }) {
            let read = tokio::time::timeout(Duration::from_secs(3), stream.read(&mut buffer)).await;
            let read = read.unwrap_or_else(|_| panic!("{what}: the event waits: {}", String::from_utf8_lossy(&got)));
            assert!(matches!(read, Ok(1..)), "{what}: it ended");
            got.extend_from_slice(&buffer[..read.unwrap()]);
        }
        assert!(begun.elapsed() < Duration::from_secs(3), "{what}: after {:?}", begun.elapsed());
        let got = String::from_utf8_lossy(&got).into_owned();
        for canary in SECRETS.iter().chain(&CANARIES) {
            assert!(!got.contains(canary), "{what}: {canary} in {got}");
        }
    }
}

#[tokio::test]
async fn sessions_within_pods_are_refused_by_name() {
    let (address, seen) = cluster().await;
    let house = House::in_front_of(&address, "", POLICY).await;
    for (path, headers) in [
        ("exec?command=sh&stdin=true", "Connection: Upgrade\r\nUpgrade: SPDY/3.1\r\n"),
        ("attach?stdin=true", "Connection: Upgrade\r\nUpgrade: websocket\r\n"),
        ("portforward", ""),
    ] {
        let path = format!("/api/v1/namespaces/default/pods/web-1/{path}");
        let head = format!("POST {path} HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {CREDENTIAL}\r\n{headers}\r\n");
        let answered = super::Answered::read(&house.raw(head.as_bytes()).await);
        assert_eq!(answered.status, 501, "{path}: {}", answered.text());
        assert!(answered.text().contains("exec, attach and portforward"), "{path}: {}", answered.text());
    }
    assert!(seen.lock().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kubectl_reads_a_cluster() {
    let Some(authority) = Authority::new() else { return };
    if Command::new("kubectl").args(["version", "--client"]).output().is_err() {
        crate::testing::skipped("there is no kubectl");
        return;
    }
    let (address, seen) = cluster().await;
    let files = authority.certify("listener", "IP:127.0.0.1");
    let tls = format!("tls = {{ cert = \"{}\", key = \"{}\" }}", files.cert.display(), files.key.display());
    let house = House::in_front_of(&address, &tls, POLICY).await;
    let kubectl = |arguments: &[&str]| {
        let mut command = Command::new("kubectl");
        command.args(["--insecure-skip-tls-verify", "--request-timeout=20s", "--namespace=default"]);
        command.arg(format!("--server=https://{}", house.address)).arg(format!("--token={CREDENTIAL}")).args(arguments);
        command.env("HOME", house.folder.path()).env("KUBECONFIG", house.folder.path().join("none"));
        command.env_remove("HTTPS_PROXY").env_remove("https_proxy").env("NO_PROXY", "127.0.0.1").stdin(Stdio::null());
        let output = tokio::task::block_in_place(|| command.output()).unwrap();
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        for canary in SECRETS.iter().chain(&CANARIES) {
            assert!(!out.contains(canary) && !err.contains(canary), "{arguments:?}: {canary} in {out}{err}");
        }
        (output.status.success(), format!("{out}{err}"))
    };
    for (arguments, expected) in [
        (&["get", "pods", "-o", "json"][..], "\"Pod\""),
        (&["get", "pod", "web-1", "-o", "json"], "[EMAIL]"),
        (&["get", "secret", "db", "-o", "json"], "\"Opaque\""),
        (&["get", "configmap", "web", "-o", "json"], "\"ConfigMap\""),
        (&["logs", "web-1"], "[SSN]"),
    ] {
        let (done, told) = kubectl(arguments);
        assert!(done && told.contains(expected), "kubectl {arguments:?}: {told}");
    }
    let before = seen.lock().unwrap().len();
    let (done, told) = kubectl(&["exec", "web-1", "--", "true"]);
    assert!(!done, "{told}");
    assert!(!seen.lock().unwrap().iter().skip(before).any(|target| target.contains("/exec")), "{told}");
}
