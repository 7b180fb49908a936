//! The catalog of a target as it was a moment ago, read through a connection of the gateway's own.

use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use blackbar_wire::pg::frontend::write_query;
use blackbar_wire::pg::{BackendTag, Limits, own_row, sqlstate};
use bytes::Bytes;
use tokio::sync::Mutex;

use super::catalog::{Builder, CatalogError, Snapshot};
use super::upstream::{Connected, NoSession, Upstream};
use crate::notes;

/// What is known of a target's catalog.
pub(super) struct KnownCatalog {
    upstream: Arc<Upstream>,
    current: ArcSwapOption<Taken>,
    /// The gateway's own connection; whoever holds it takes the next snapshot.
    own: Mutex<Own>,
}

#[derive(Default)]
struct Own {
    connected: Option<Connected>,
    /// The last snapshot, with what the server's pulse was when it was taken.
    last: Option<(Row, Arc<Snapshot>)>,
}

type Row = Vec<Option<Bytes>>;

struct Taken {
    snapshot: Arc<Snapshot>,
    at: Instant,
}

/// No statement is judged by an older snapshot.
const OLDEST: Duration = Duration::from_secs(5);
/// One of this age is used, and the next is taken meanwhile.
const OLD: Duration = Duration::from_millis(2500);
/// The longest that taking one may last.
const PATIENCE: Duration = Duration::from_secs(30);

impl KnownCatalog {
    pub(super) fn new(upstream: Arc<Upstream>) -> Self {
        Self { upstream, current: ArcSwapOption::empty(), own: Mutex::default() }
    }

    /// The snapshot, if it is young enough. One that is not quite young has its successor taken meanwhile.
    pub(super) fn current(self: &Arc<Self>) -> Option<Arc<Snapshot>> {
        let taken = self.current.load_full()?;
        let age = taken.at.elapsed();
        if age >= OLDEST {
            return None;
        }
        if age >= OLD && self.own.try_lock().is_ok() {
            let this = Arc::clone(self);
            tokio::spawn(async move { this.younger_than(OLD).await });
        }
        Some(Arc::clone(&taken.snapshot))
    }

    /// Waits for a snapshot that is young enough.
    pub(super) async fn fresh(&self) -> Result<Arc<Snapshot>, NoSession> {
        self.younger_than(OLDEST).await
    }

    /// What is known is known to be out of date.
    pub(super) fn expire(&self) {
        self.current.store(None);
    }

    async fn younger_than(&self, age: Duration) -> Result<Arc<Snapshot>, NoSession> {
        let known = || {
            let taken = self.current.load_full()?;
            (taken.at.elapsed() < age).then(|| Arc::clone(&taken.snapshot))
        };
        let mut own = self.own.lock().await;
        // Somebody else may have taken it while this one waited.
        if let Some(snapshot) = known() {
            return Ok(snapshot);
        }
        let at = Instant::now();
        let taken = match tokio::time::timeout(PATIENCE, self.take(&mut own)).await {
            Ok(taken) => taken,
            Err(_) => Err(NoSession::Unreachable),
        };
        if taken.is_err() {
            own.connected = None;
        }
        let snapshot = taken?;
        self.current.store(Some(Arc::new(Taken { snapshot: Arc::clone(&snapshot), at })));
        Ok(snapshot)
    }

    async fn take(&self, own: &mut Own) -> Result<Arc<Snapshot>, NoSession> {
        // A connection that stood for long may be gone: a new one is tried once.
        if let Some(connected) = own.connected.as_mut() {
            match Self::look(connected, &mut own.last).await {
                Err(NoSession::Unreachable) => own.connected = None,
                other => return other,
            }
        }
        let settings = [
            ("application_name", "blackbar"),
            ("client_encoding", "UTF8"),
            ("standard_conforming_strings", "on"),
            ("default_transaction_read_only", "on"),
        ];
        let own_bytes = |text: &'static str| Bytes::from_static(text.as_bytes());
        let settings = settings.map(|(name, value)| (own_bytes(name), own_bytes(value)));
        let mut connected = self.upstream.connect(settings.to_vec(), Limits::default()).await?;
        let snapshot = Self::look(&mut connected, &mut own.last).await?;
        own.connected = Some(connected);
        Ok(snapshot)
    }

    /// The last snapshot, if nothing has changed since; else a new one.
    async fn look(
        connected: &mut Connected,
        last: &mut Option<(Row, Arc<Snapshot>)>,
    ) -> Result<Arc<Snapshot>, NoSession> {
        let mut pulse = Row::new();
        Self::ask(connected, Snapshot::pulse(), |row| {
            pulse = row;
            Ok(())
        })
        .await?;
        if let Some((known, snapshot)) = last
            && *known == pulse
            && !pulse.is_empty()
        {
            return Ok(Arc::clone(snapshot));
        }
        let unusable = |error: CatalogError| {
            notes::note(error.to_string());
            NoSession::Broken
        };
        let mut builder = Builder::default();
        for (number, query) in Snapshot::queries().iter().enumerate() {
            let row = |row: Row| {
                let cells: Vec<Option<&[u8]>> = row.iter().map(Option::as_deref).collect();
                builder.row(number, &cells).map_err(unusable)
            };
            Self::ask(connected, query, row).await?;
        }
        let snapshot = Arc::new(builder.finish().map_err(unusable)?);
        // What changed after the pulse was taken changes the next one.
        *last = Some((pulse, Arc::clone(&snapshot)));
        Ok(snapshot)
    }

    /// Asks the server something of the gateway's own.
    pub(super) async fn ask(
        connected: &mut Connected,
        query: &str,
        mut take: impl FnMut(Row) -> Result<(), NoSession>,
    ) -> Result<(), NoSession> {
        let query = write_query(query.as_bytes()).map_err(|_| NoSession::Broken)?;
        connected.side.send(query).await?;
        let mut done = Ok(());
        loop {
            let frame = connected.side.read().await?;
            match frame.tag() {
                BackendTag::DataRow if done.is_ok() => {
                    done = own_row(&frame).map_err(|_| NoSession::Broken).and_then(&mut take);
                }
                BackendTag::ErrorResponse => {
                    done = Err(sqlstate(&frame).map_or(NoSession::Broken, NoSession::Refused));
                }
                BackendTag::ReadyForQuery => return done,
                _ => {}
            }
        }
    }
}
