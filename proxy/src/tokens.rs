//! Credentials are issued, listed and ended here, by the gateway or by whoever holds its folder.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use blackbar_ledger::Details;
use blackbar_policy::{Subject, SubjectKind};
use serde_json::{Value, json};

use crate::error::{Error, Id};
use crate::gate::{Recorder, now_ms};
use crate::identity::Method;
use crate::identity::credentials::{Credential, Credentials, Request, Rules, Which};
use crate::state::State;

/// The desk at which credentials are handed out.
#[derive(Clone)]
pub(crate) struct Desk {
    state: Arc<State>,
    credentials: Arc<Credentials>,
    max_ttl: Duration,
    /// Where it is recorded what was handed out and ended.
    recorder: Option<Arc<Recorder>>,
}

impl Desk {
    /// Opens the state in the data folder, which the caller owns.
    pub(crate) fn open(folder: &Path, max_ttl: Duration) -> Result<Self, Error> {
        let path = folder.join("state.sqlite");
        let failed = |error: crate::state::StateError| Error::new(Id::DataFolder, error.to_string()).at_path(&path);
        let state = Arc::new(State::open(&path).map_err(failed)?);
        let credentials = Arc::new(Credentials::open(Arc::clone(&state), now_ms()).map_err(failed)?);
        Ok(Self { state, credentials, max_ttl, recorder: None })
    }

    /// The same desk, recording what it does.
    pub(crate) fn recorded(self, recorder: Arc<Recorder>) -> Self {
        Self { recorder: Some(recorder), ..self }
    }

    /// Forgets what has expired.
    pub(crate) fn sweep(&self) -> Result<(), Error> {
        self.credentials.sweep(now_ms()).map_err(|error| Error::new(Id::DataFolder, error.to_string()))
    }

    /// What survives a restart, for who keeps other things there.
    pub(crate) fn state(&self) -> Arc<State> {
        Arc::clone(&self.state)
    }

    pub(crate) fn credentials(&self) -> Arc<Credentials> {
        Arc::clone(&self.credentials)
    }

    /// Does what a command asks for. `None`: it is no command about credentials.
    pub(crate) fn act(&self, command: &Value, by: &str, approving: &BTreeSet<String>) -> Option<Value> {
        let done = match command.get("do")?.as_str()? {
            "token.issue" => self.issue(command, by, approving),
            "token.list" => Ok(json!({ "credentials": self.list() })),
            "token.revoke" => self.revoke(command, by),
            _ => return None,
        };
        Some(done.unwrap_or_else(|error| json!({ "error": error })))
    }

    fn issue(&self, command: &Value, by: &str, approving: &BTreeSet<String>) -> Result<Value, String> {
        let text = |key: &str| command.get(key).and_then(Value::as_str).unwrap_or_default();
        let groups = command.get("groups").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        let kind =
            if command.get("person") == Some(&Value::Bool(true)) { SubjectKind::User } else { SubjectKind::Agent };
        let request = Request {
            subject: Subject::new(kind, text("subject"), groups),
            actors: &[],
            issued_by: by,
            ttl_ms: command.get("ttl_ms").and_then(Value::as_i64).unwrap_or_default(),
            method: Method::Credential,
            proved: false,
        };
        let approving: BTreeSet<&str> = approving.iter().map(String::as_str).collect();
        let rules = Rules {
            max_ttl_ms: i64::try_from(self.max_ttl.as_millis()).unwrap_or(i64::MAX),
            approving_groups: &approving,
        };
        let issued = self.credentials.issue(&request, &rules, now_ms());
        let (secret, credential) = issued.map_err(|error| error.to_string())?;
        let details = Details::new()
            .text("did", "token.issue")
            .text("credential", credential.id.as_str())
            .text("for", credential.subject.id())
            .text("kind", if kind == SubjectKind::User { "user" } else { "agent" })
            .texts("groups", credential.subject.groups().iter().take(32).cloned())
            .number("seconds", u64::try_from(request.ttl_ms / 1000).unwrap_or_default());
        if let Err(error) = self.record(by, details) {
            // What is not recorded was not handed out.
            let _ = self.credentials.revoke(&Which::Id(&credential.id), now_ms());
            return Err(error);
        }
        Ok(json!({ "secret": secret.expose(), "credential": shown(&credential) }))
    }

    fn list(&self) -> Vec<Value> {
        self.credentials.list(now_ms()).iter().map(|credential| shown(credential)).collect()
    }

    fn revoke(&self, command: &Value, by: &str) -> Result<Value, String> {
        let text = |key: &str| command.get(key).and_then(Value::as_str);
        let which = match (text("id"), text("subject")) {
            (Some(id), None) => Which::Id(id),
            (None, Some(subject)) => Which::Subject(subject),
            _ => return Err("an id or a subject must be named".to_owned()),
        };
        let ended = self.credentials.revoke(&which, now_ms()).map_err(|error| error.to_string())?;
        for id in &ended {
            self.record(by, Details::new().text("did", "token.revoke").text("credential", id.as_str()))?;
        }
        Ok(json!({ "revoked": ended }))
    }

    fn record(&self, by: &str, details: Details) -> Result<(), String> {
        let recorded = self.recorder.as_ref().map_or(Ok(()), |recorder| recorder.done(by, details));
        recorded.map_err(|error| error.to_string())
    }
}

/// A credential without its secret.
fn shown(credential: &Credential) -> Value {
    json!({
        "id": credential.id,
        "subject": credential.subject.id(),
        "kind": if credential.subject.kind() == SubjectKind::User { "person" } else { "agent" },
        "groups": credential.subject.groups(),
        "issued_by": credential.issued_by,
        "expires_in_s": (credential.expires_ms - now_ms()) / 1000,
    })
}
