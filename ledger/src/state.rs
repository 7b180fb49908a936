//! Which sessions are open: what a restart must know about what was going on.

use std::collections::BTreeMap;

use crate::error::{Error, Result};
use crate::hash::Hash;
use crate::ids::SessionId;
use crate::journal::Entry;
use crate::json::Json;
use crate::leaf::{BlockRef, Kind, ReadLeaf};
use crate::segment::{Frame, SEGMENT_HEADER_LEN};
use crate::time::Time;

/// What an entry changes here, said by who made it so that nothing has to be parsed again.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fact {
    /// A leaf, and where in its session it stands.
    Leaf { time: Time, place: Option<LeafPlace> },
    /// A frame, which no leaf names yet.
    Frame { session: SessionId, block: BlockRef },
    /// Nothing.
    None,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct LeafPlace {
    pub(crate) session: SessionId,
    pub(crate) seq: u64,
    pub(crate) hash: Hash,
    /// The session has no further leaf.
    pub(crate) last: bool,
}

impl Fact {
    /// What an entry that was read back changes.
    pub(crate) fn of(entry: &Entry) -> Result<Self> {
        Ok(match entry {
            Entry::Leaf(bytes) => {
                let leaf = ReadLeaf::parse(bytes.clone())?;
                let place = leaf.session().zip(leaf.seq()).map(|(session, seq)| LeafPlace {
                    session,
                    seq,
                    hash: leaf.hash(),
                    last: leaf.kind() == Some(Kind::SessionClose),
                });
                Self::Leaf { time: leaf.time(), place }
            }
            Entry::Frame { session, segment, frame, offset, bytes } => {
                let head = if *offset == 0 { SEGMENT_HEADER_LEN } else { 0 };
                let found = Frame::split(bytes.get(head..).unwrap_or_default());
                let (found, _) = found.ok_or_else(|| Error::corrupt("a frame in the journal is malformed"))?;
                let block = BlockRef { segment: *segment, frame: *frame, hash: found.hash() };
                Self::Frame { session: *session, block }
            }
            Entry::Key(_) | Entry::State(_) => Self::None,
        })
    }
}

/// The sessions that have begun and not ended.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct State {
    /// The time of the latest leaf.
    pub(crate) time: Time,
    pub(crate) sessions: BTreeMap<SessionId, OpenSession>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct OpenSession {
    pub(crate) next_seq: u64,
    pub(crate) prev: Hash,
    pub(crate) frames: u64,
    /// Frames that no leaf names yet.
    pub(crate) unnamed: Vec<BlockRef>,
}

impl State {
    pub(crate) fn apply(&mut self, fact: &Fact) {
        match fact {
            Fact::Leaf { time, place } => {
                self.time = self.time.max(*time);
                let Some(place) = place else { return };
                if place.last {
                    self.sessions.remove(&place.session);
                    return;
                }
                let open = OpenSession { next_seq: 0, prev: place.hash, frames: 0, unnamed: Vec::new() };
                let session = self.sessions.entry(place.session).or_insert(open);
                session.next_seq = place.seq + 1;
                session.prev = place.hash;
                // Each leaf of a session names all frames before it.
                session.unnamed.clear();
            }
            Fact::Frame { session, block } => {
                if let Some(session) = self.sessions.get_mut(session) {
                    session.frames += 1;
                    session.unnamed.push(*block);
                }
            }
            Fact::None => {}
        }
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let object = |fields: Vec<(&str, Json)>| {
            Json::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
        };
        let sessions = self.sessions.iter().map(|(id, session)| {
            let unnamed = session.unnamed.iter().map(|block| Json::Text(block.to_string())).collect();
            object(vec![
                ("id", Json::Text(id.to_string())),
                ("next", Json::Number(session.next_seq)),
                ("prev", Json::Text(session.prev.to_string())),
                ("frames", Json::Number(session.frames)),
                ("unnamed", Json::List(unnamed)),
            ])
        });
        let mut text = String::new();
        let time = Json::Text(self.time.to_string());
        object(vec![("time", time), ("sessions", Json::List(sessions.collect()))]).write(&mut text);
        text.into_bytes()
    }

    pub(crate) fn parse(bytes: &[u8]) -> Result<Self> {
        let json = Json::parse_canonical(bytes)?;
        Self::from_json(&json).ok_or_else(|| Error::corrupt("the state in the journal is malformed"))
    }

    fn from_json(json: &Json) -> Option<Self> {
        let mut sessions = BTreeMap::new();
        for session in json.field("sessions")?.as_list()? {
            let unnamed = session.field("unnamed")?.as_list()?.iter();
            let open = OpenSession {
                next_seq: session.field("next")?.as_number()?,
                prev: Hash::from_hex(session.field("prev")?.as_text()?)?,
                frames: session.field("frames")?.as_number()?,
                unnamed: unnamed.map(|block| BlockRef::parse(block.as_text()?)).collect::<Option<_>>()?,
            };
            sessions.insert(SessionId::parse(session.field("id")?.as_text()?)?, open);
        }
        Some(Self { time: Time::parse(json.field("time")?.as_text()?)?, sessions })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_follows_the_facts_and_comes_back() {
        let (one, two) = (SessionId::from_bytes([1; 16]), SessionId::from_bytes([2; 16]));
        let leaf = |session, seq, last| Fact::Leaf {
            time: Time::from_micros(seq),
            place: Some(LeafPlace { session, seq, hash: Hash::of_leaf(&[u8::try_from(seq).unwrap()]), last }),
        };
        let block = BlockRef { segment: 0, frame: 0, hash: Hash::of_nothing() };
        let mut state = State::default();
        for fact in [leaf(one, 0, false), leaf(two, 0, false), Fact::Frame { session: one, block }] {
            state.apply(&fact);
        }
        assert_eq!(state.sessions[&one].unnamed, [block]);
        assert_eq!(State::parse(&state.encode()).unwrap(), state);
        state.apply(&leaf(one, 1, false));
        assert_eq!(
            state.sessions[&one],
            OpenSession { next_seq: 2, prev: Hash::of_leaf(&[1]), frames: 1, unnamed: Vec::new() }
        );
        state.apply(&leaf(one, 2, true));
        assert_eq!(state.sessions.keys().collect::<Vec<_>>(), [&two]);
        assert_eq!(state.time, Time::from_micros(2));
    }
}
