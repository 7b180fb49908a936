//! One connection of a client, from its first byte to its last.

use std::net::SocketAddr;
use std::sync::Arc;

use blackbar_ledger::{Kind, Outcome};
use blackbar_wire::pg::{Framer, FrontendFrame, Report, ToClient, TransactionStatus, Words};
use tokio::io::AsyncWriteExt as _;

use super::asking::{Asking, unrecorded_report};
use super::auth::{Stranger, authenticate};
use super::judge::{About, Judge};
use super::known_catalog::KnownCatalog;
use super::link::{Link, Side};
use super::opening::{ALPN, NoWish, Opened, Wish, open};
use super::outbox::Outbox;
use super::pump::Pump;
use super::reports::Texts;
use super::startup::{Wanted, fatal};
use super::upstream::NoSession;
use super::{Front, Served};
use crate::config::{Record, Unlabelled};
use crate::front::{Arrival, Serves};
use crate::gate::{Conversation, Grant, Identity, RecordError, Refused};

impl Serves for Front {
    const PROTOCOLS: &'static [&'static [u8]] = &[ALPN];
    const TURNED_AWAY: usize = 64;

    async fn serve(self: Arc<Self>, arrival: Arrival) {
        let Arrival { stream, address, tls, limits, stop, conversation, seated } = arrival;
        let served = self.served.now();
        // What a session begins with is boxed, and gone when it waits for its client.
        let opened = tokio::time::timeout(limits.header_timeout, Box::pin(open(stream, tls))).await;
        let Opened { link, startup, rest } = match opened {
            Ok(Ok(Wish::Session(opened))) => opened,
            Ok(Ok(Wish::Cancel(key))) => return self.cancels.want(&key),
            Ok(Err(NoWish::Malformed(link, error))) => {
                let why =
                    if error.is_plaintext() { "plaintext behind a request for TLS" } else { "a malformed startup" };
                stranger(&served, &conversation, address, Kind::Request, why).await;
                return say(link, &fatal("08P01", "the startup packet is malformed")).await;
            }
            Ok(Err(NoWish::Cleartext(link))) => {
                return say(link, &fatal("28000", "this gateway takes connections with TLS only")).await;
            }
            Ok(Err(NoWish::Gone)) | Err(_) => return,
        };
        if !seated {
            return say(link, &fatal("53300", "too many connections are open")).await;
        }
        let side = Side::new(link, Framer::with_rest(served.wire, rest));
        let mut guest = Guest { front: self, served, conversation, address, side };
        let wanted = match Wanted::read(&startup) {
            Ok(wanted) => wanted,
            Err(report) => {
                stranger(&guest.served, &guest.conversation, address, Kind::Request, "a startup that is refused").await;
                return guest.say(&report).await;
            }
        };
        let identity = match tokio::time::timeout(limits.header_timeout, Box::pin(guest.identity(&wanted))).await {
            Ok(Ok(identity)) => identity,
            Ok(Err(Some(report))) => return guest.say(&report).await,
            Ok(Err(None)) | Err(_) => return,
        };
        let entered = Box::pin(guest.enter(wanted, identity)).await;
        match entered {
            Ok(entered) => {
                let mut pump = Box::new(Pump::new(guest.side, entered, limits, stop));
                pump.run().await;
            }
            Err(report) => guest.say(&report).await,
        }
    }
}

/// Everything that a session begins with.
pub(super) struct Entered {
    pub(super) served: Arc<Served>,
    pub(super) asking: Asking,
    /// What messages are redacted by that belong to no statement.
    pub(super) connected: Grant,
    pub(super) outbox: Outbox,
    pub(super) server: Side<blackbar_wire::pg::BackendFrame>,
    pub(super) server_key: Option<blackbar_wire::pg::CancelKey>,
    pub(super) entry: super::cancel::Entry,
}

/// Somebody who has not been let in yet.
struct Guest {
    front: Arc<Front>,
    served: Arc<Served>,
    conversation: Arc<Conversation>,
    address: SocketAddr,
    side: Side<FrontendFrame>,
}

impl Guest {
    /// Negotiates the version, then asks who it is. Without a report the client is gone.
    async fn identity(&mut self, wanted: &Wanted) -> Result<Identity, Option<Report>> {
        self.conversation.recorder().state().map_err(|error| Some(unrecorded_report(error)))?;
        if wanted.negotiation.must_be_told {
            let told = ToClient::negotiate(&wanted.negotiation).map_err(|_| None)?;
            self.side.push(told.into_clean().into_bytes());
        }
        let (served, source) = (Arc::clone(&self.served), self.address.ip());
        let how = served.postgres.auth;
        let proved =
            authenticate(&mut self.side, how, &self.front.gate, &wanted.user, &served.target.name, source).await;
        let (why, report) = match proved {
            Ok(identity) => return Ok(identity),
            Err(Stranger::Gone) => return Err(None),
            Err(Stranger::Unknown) => {
                ("no credential that counts was presented", fatal("28P01", "password authentication failed"))
            }
            Err(Stranger::Malformed) => ("a malformed authentication", fatal("08P01", "that is no answer")),
        };
        stranger(&served, &self.conversation, self.address, Kind::AuthFail, why).await;
        Err(Some(report))
    }

    /// Records and authorises the session, and opens its connection to the server.
    async fn enter(&mut self, wanted: Wanted, identity: Identity) -> Result<Entered, Report> {
        let served = Arc::clone(&self.served);
        if wanted.database != served.upstream.database() && wanted.database != served.target.name {
            return Err(fatal("3D000", "the database does not exist behind this gateway"));
        }
        let unrecorded = |error: RecordError| unrecorded_report(error);
        let mut recording = self.conversation.recording(&identity, &served.target).map_err(unrecorded)?;
        let settings = wanted.to_server(identity.subject.id());
        let about = About {
            target: served.target.name.as_str().into(),
            user: served.postgres.server.user.clone(),
            search_path: Vec::new(),
            labels: self.front.gate.all_labels(),
            unlabelled: match served.target.mode.observes(std::time::SystemTime::now()) {
                true => Unlabelled::Detect,
                false => served.postgres.unlabelled,
            },
            facts: Arc::clone(&served.facts),
            tokens: self.front.gate.tokens(),
        };
        let asking = Asking::new(
            Arc::clone(&self.front.gate),
            (served.target.clone(), served.upstream.database().to_owned()),
            identity,
            self.address.ip(),
            Judge::new(about),
            wanted.reason.clone(),
        );
        let mut asking = asking.ok_or_else(|| unrecorded_report(RecordError::Stopped))?;
        let granted = asking.connect(&wanted.settings, &mut recording);
        // Also a denial is recorded before it is told.
        recording.settle().await.map_err(unrecorded)?;
        let grant = match granted {
            Ok(grant) => grant,
            Err(refused) => {
                let held = matches!(refused, Refused::Held(_));
                let outcome = if held { Outcome::Held } else { Outcome::Denied };
                recording.end(outcome, None).map_err(unrecorded)?;
                return Err(asking.report(&refused, blackbar_wire::pg::Severity::Fatal));
            }
        };
        let connected = async {
            let mut connected = served.upstream.connect(settings, served.wire).await?;
            // Only the server knows what its roles and databases begin with; it says so by itself from version 18 on.
            let mut path = None;
            let row = |row: Vec<Option<bytes::Bytes>>| {
                path = row.into_iter().next().flatten();
                Ok(())
            };
            KnownCatalog::ask(&mut connected, "SHOW search_path", row).await?;
            path.map(|path| (connected, path)).ok_or(NoSession::Broken)
        };
        let connected = match connected.await {
            Ok((connected, path)) => {
                asking.begins(&path);
                connected
            }
            Err(why) => {
                recording.end(Outcome::Failed, None).map_err(unrecorded)?;
                return Err(no_session(why));
            }
        };
        let process = connected.key.as_ref().map_or(0, |key| key.process);
        let entry = self.front.cancels.enter(process, wanted.negotiation.minor);
        let entry = entry.ok_or_else(|| fatal("53000", "the system gives no random bytes"))?;

        let mut texts = Texts::new(&grant);
        let mut outbox = Outbox::new(recording);
        outbox.asked(Outcome::Success, None);
        let malformed = |_| no_session(NoSession::Broken);
        outbox.send(ToClient::authentication_ok()).map_err(unrecorded)?;
        for setting in &connected.settings {
            if let Ok((name, value)) = blackbar_wire::pg::parameter_status(setting) {
                asking.setting(&name, &value);
            }
            outbox.send(texts.message(setting).map_err(malformed)?).map_err(unrecorded)?;
        }
        outbox.unrecorded(ToClient::key_data(&entry.key).map_err(malformed)?);
        outbox.send(ToClient::ready(TransactionStatus::Idle)).map_err(unrecorded)?;
        let (server, server_key) = (connected.side, connected.key);
        Ok(Entered { served, asking, connected: grant, outbox, server, server_key, entry })
    }

    async fn say(self, report: &Report) {
        let mut side = self.side;
        if let Ok(message) = ToClient::own_report(report) {
            let sent = side.send(message.into_clean().into_bytes());
            let _ = tokio::time::timeout(PATIENCE, sent).await;
            let closed = std::future::poll_fn(|cx| side.poll_close(cx));
            let _ = tokio::time::timeout(PATIENCE, closed).await;
        }
    }
}

/// Says one thing, and closes.
async fn say(mut link: Link, report: &Report) {
    let Ok(message) = ToClient::own_report(report) else { return };
    let bytes = message.into_clean().into_bytes();
    let said = async {
        link.write_all(&bytes).await?;
        link.flush().await?;
        link.shutdown().await
    };
    let _ = tokio::time::timeout(PATIENCE, said).await;
}

/// Records somebody whom nobody knows, before they are told so.
async fn stranger(served: &Served, conversation: &Conversation, address: SocketAddr, kind: Kind, why: &str) {
    let recorded = conversation.recorder().stranger(kind, &served.target.name, Some(address.ip()), why);
    if let Ok(Some(ticket)) = recorded
        && served.target.record != Record::Async
    {
        // What cannot be recorded is refused all the same.
        let _ = ticket.await;
    }
}

/// Why the server gave no session, in words that are not its own.
fn no_session(why: NoSession) -> Report {
    let (code, message) = match why {
        NoSession::Unreachable => ("08006", "the database cannot be reached"),
        NoSession::Tls => ("08006", "the database's TLS does not count"),
        NoSession::Credential => ("08006", "the database does not accept the gateway's credential"),
        NoSession::Refused(code) => {
            let code = std::str::from_utf8(&code).unwrap_or_default();
            let detail = Some(Words::with_id("its SQLSTATE is ", code));
            return Report { detail, ..fatal("08006", "the database refused the session") };
        }
        NoSession::Broken => ("08006", "the database does not speak its protocol properly"),
    };
    fatal(code, message)
}

/// How long somebody who is turned away is waited for.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_server_is_said() {
        let report = no_session(NoSession::Refused(*b"3D000"));
        assert_eq!((report.code, report.detail.is_some()), ("08006", true));
    }
}
