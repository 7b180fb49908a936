//! What the record of a gateway's folder has, read and deciphered by the library: faster than a command for each session.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use blackbar_ledger::{Direction, Json, Kind, LeafIndex, ReadLeaf, Reader, Record, RootKeyFile};
use serde_json::Value;

use super::Room;

/// The record up to its last checkpoint.
pub(crate) struct Recorded {
    pub(crate) leaves: Vec<ReadLeaf>,
    /// Those whose recording is there, the oldest first.
    pub(crate) sessions: Vec<Session>,
}

/// One session with somebody.
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) target: String,
    leaves: Vec<ReadLeaf>,
    records: Vec<Record>,
}

/// One request over HTTP, and what became of it.
#[derive(Default)]
pub(crate) struct Exchange {
    pub(crate) request: Value,
    /// Status and headers, as the client got them; null before that.
    pub(crate) head: Value,
    pub(crate) body: Vec<u8>,
}

impl Recorded {
    /// Reads all of it. The folder's gateway has ended.
    pub(crate) fn of(room: &Room) -> Self {
        let root = Arc::new(RootKeyFile::read(&room.path("root.key")).unwrap());
        let reader = Reader::open(&room.path("blackbar-data"), Some(root));
        let leaves: Vec<ReadLeaf> = reader.leaves(LeafIndex::FIRST).unwrap().map(|item| item.unwrap().1).collect();
        let mut of_session: BTreeMap<_, Vec<ReadLeaf>> = BTreeMap::new();
        for leaf in &leaves {
            if let Some(session) = leaf.session() {
                of_session.entry(session.to_string()).or_default().push(leaf.clone());
            }
        }
        // Ids begin with the time.
        let sessions = of_session.into_iter().map(|(id, leaves)| {
            let first = &leaves[0];
            let (session, month) = (first.session().unwrap(), first.time().month());
            let records = reader.records(session, &month).unwrap().map(Result::unwrap).collect();
            Session { id, target: first.target().unwrap_or_default().to_owned(), leaves, records }
        });
        Self { sessions: sessions.collect(), leaves }
    }

    /// The details of all leaves of a kind, the oldest first.
    pub(crate) fn details(&self, kind: Kind) -> Vec<Value> {
        let leaves = self.leaves.iter().filter(|leaf| leaf.kind() == Some(kind));
        leaves.map(|leaf| serde_json::from_slice::<Value>(leaf.bytes()).unwrap()["details"].clone()).collect()
    }
}

impl Session {
    /// Everything that left for the client, as it left.
    pub(crate) fn to_client(&self) -> Vec<u8> {
        let delivered = self.records.iter().filter(|record| record.direction == Direction::ToClient);
        delivered.flat_map(|record| record.bytes.iter().copied()).collect()
    }

    /// What was asked, in order.
    pub(crate) fn requests(&self) -> Vec<Value> {
        let asked = self.records.iter().filter(|record| record.direction == Direction::ToUpstream);
        asked.map(|record| serde_json::from_slice(&record.bytes).unwrap()).collect()
    }

    /// The exchanges over HTTP, by their numbers.
    pub(crate) fn exchanges(&self) -> BTreeMap<u64, Exchange> {
        let mut exchanges: BTreeMap<u64, Exchange> = BTreeMap::new();
        let mut number = 0;
        for record in &self.records {
            if record.direction == Direction::ToClient {
                exchanges.entry(number).or_default().body.extend_from_slice(&record.bytes);
                continue;
            }
            let told: Value = serde_json::from_slice(&record.bytes).unwrap();
            number = told["exchange"].as_u64().unwrap_or(number);
            let exchange = exchanges.entry(number).or_default();
            if record.direction == Direction::ToUpstream {
                exchange.request = told;
            } else if told["status"].is_u64() {
                exchange.head = told;
            }
        }
        exchanges
    }

    /// The numbers of the exchanges that somebody, or the policy, allowed.
    pub(crate) fn granted(&self) -> BTreeSet<u64> {
        let granted = self.leaves.iter().filter(|leaf| leaf.kind() == Some(Kind::DecisionGranted));
        granted.filter_map(|leaf| leaf.detail("exchange").and_then(Json::as_number)).collect()
    }
}
