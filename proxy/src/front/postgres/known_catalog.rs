//! The catalog of a target as it was a moment ago, read through a connection of the gateway's own.

use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use blackbar_wire::pg::frontend::write_query;
use blackbar_wire::pg::{BackendTag, Limits, own_row};
use bytes::Bytes;
use tokio::sync::Mutex;

use super::catalog::{Builder, Snapshot};
use super::link::ReadError;
use super::upstream::{Connected, NoSession, Upstream};
use crate::notes;

/// What is known of a target's catalog.
pub(super) struct KnownCatalog {
    upstream: Arc<Upstream>,
    current: ArcSwapOption<Taken>,
    /// The gateway's own connection; whoever holds it takes the next snapshot.
    own: Mutex<Option<Connected>>,
}

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
        Self { upstream, current: ArcSwapOption::empty(), own: Mutex::new(None) }
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
            *own = None;
        }
        let snapshot = Arc::new(taken?);
        self.current.store(Some(Arc::new(Taken { snapshot: Arc::clone(&snapshot), at })));
        Ok(snapshot)
    }

    async fn take(&self, own: &mut Option<Connected>) -> Result<Snapshot, NoSession> {
        // A connection that stood for long may be gone: a new one is tried once.
        if let Some(connected) = own.as_mut() {
            match self.ask(connected).await {
                Err(NoSession::Unreachable) => *own = None,
                other => return other,
            }
        }
        let settings = [
            ("application_name", "blackbar"),
            ("client_encoding", "UTF8"),
            ("search_path", "pg_catalog"),
            ("standard_conforming_strings", "on"),
            ("default_transaction_read_only", "on"),
        ];
        let settings =
            settings.map(|(name, value)| (Bytes::from_static(name.as_bytes()), Bytes::from_static(value.as_bytes())));
        let mut connected = self.upstream.connect(settings.to_vec(), Limits::default()).await?;
        let snapshot = self.ask(&mut connected).await?;
        *own = Some(connected);
        Ok(snapshot)
    }

    async fn ask(&self, connected: &mut Connected) -> Result<Snapshot, NoSession> {
        let unusable = |error: super::catalog::CatalogError| {
            notes::note(error.to_string());
            NoSession::Broken
        };
        let mut builder = Builder::default();
        for (number, query) in Snapshot::queries().iter().enumerate() {
            let query = write_query(query.as_bytes()).map_err(|_| NoSession::Broken)?;
            connected.side.send(query).await?;
            let mut failed = None;
            loop {
                let frame = match connected.side.read().await {
                    Ok(frame) => frame,
                    Err(ReadError::Gone) => return Err(NoSession::Unreachable),
                    Err(ReadError::Frame(_)) => return Err(NoSession::Broken),
                };
                match frame.tag() {
                    BackendTag::DataRow => {
                        let cells = own_row(&frame).map_err(|_| NoSession::Broken)?;
                        let cells: Vec<Option<&[u8]>> = cells.iter().map(Option::as_deref).collect();
                        builder.row(number, &cells).map_err(unusable)?;
                    }
                    BackendTag::ErrorResponse => {
                        failed =
                            Some(blackbar_wire::pg::sqlstate(&frame).map_or(NoSession::Broken, NoSession::Refused));
                    }
                    BackendTag::ReadyForQuery => break,
                    _ => {}
                }
            }
            if let Some(failed) = failed {
                return Err(failed);
            }
        }
        builder.finish().map_err(unusable)
    }
}
