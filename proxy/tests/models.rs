//! Clients of models from the package index, unchanged, through a gateway that redacts what goes up and restores what comes back.
#![allow(clippy::unwrap_used, reason = "these are tests, outside of their functions")]

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;

use common::gateway::{Gateway, begun, free_port};

/// A Python with the clients: a virtual environment under `target/python`, or the one in the path.
fn python() -> Option<PathBuf> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/python/bin/python3");
    let has_clients = |python: &PathBuf| {
        let probe = Command::new(python).args(["-c", "import anthropic, openai"]).output();
        probe.is_ok_and(|output| output.status.success())
    };
    [own, PathBuf::from("python3")].into_iter().find(has_clients)
}

#[test]
fn clients_of_models_work_unchanged() {
    let Some(python) = python() else {
        common::skipped("no Python with `openai` and `anthropic` in target/python; `cargo xtask test` installs them");
        return;
    };
    let (room, _) = begun();
    let (port, upstream) = (free_port(), free_port());
    let target = format!(
        "\n[[target]]\nname = \"model\"\nprotocol = \"http\"\nlisten = \"127.0.0.1:{port}\"\nupstream = \"http://127.0.0.1:{upstream}\"\n\
         token_headers = [\"authorization\", \"x-api-key\"]\nrequest_profile = \"outside\"\nrestore_answers = true\n\
         [profile.outside.kinds]\nssn = \"token\"\nemail = \"token\"\n"
    );
    room.write("blackbar.toml", room.text("blackbar.toml") + &target);
    room.write(
        "policies/model.cedar",
        "permit (principal in Group::\"agents\", action in [Action::\"http_post\", Action::\"restore\"], resource in Target::\"model\");",
    );
    let credential = room.run(&["token", "issue", "--subject", "agent-7", "--group", "agents"]).ends(0).text();
    let gateway = Gateway::start(&room, port);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/models.py");
    let told = Command::new(python)
        .arg(script)
        .args([&format!("http://127.0.0.1:{port}"), &upstream.to_string(), credential.trim()])
        .env_remove("HTTP_PROXY")
        .env_remove("http_proxy")
        .env("NO_PROXY", "127.0.0.1")
        .output()
        .unwrap();
    let (out, err) = (String::from_utf8_lossy(&told.stdout), String::from_utf8_lossy(&told.stderr));
    assert!(told.status.success(), "{out}{err}");
    assert!(out.starts_with("10 requests"), "{out}");
    drop(gateway);
}
