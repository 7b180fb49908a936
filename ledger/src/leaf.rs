//! Leaves: small facts without patient data that the log keeps for ever.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use crate::error::{Error, Result};
use crate::hash::Hash;
use crate::ids::SessionId;
use crate::json::{Json, MAX_INTEGER, write_text};
use crate::time::Time;

/// The most bytes a leaf may have.
pub const MAX_LEAF_LEN: usize = 16 * 1024;

/// Declares the kinds once: name and text.
macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $text:literal),* $(,)?) => {
        /// What a leaf tells.
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        #[non_exhaustive]
        pub enum Kind { $($(#[$doc])* $name),* }

        impl Kind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// As leaves write it.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }
        }
    };
}

kinds! {
    /// A session began. Always its first leaf.
    SessionOpen = "session.open",
    /// A request was made, as recorded.
    Request = "request",
    /// A decision was asked of a person.
    DecisionAsked = "decision.asked",
    /// Someone, or the policy, allowed a request.
    DecisionGranted = "decision.granted",
    /// Someone, or the policy, refused a request.
    DecisionDenied = "decision.denied",
    /// Nobody decided in time.
    DecisionExpired = "decision.expired",
    /// A grant was used up.
    DecisionConsumed = "decision.consumed",
    /// An answer was delivered.
    Response = "response",
    /// Blocks of a recording, before the answer they belong to has ended.
    Blocks = "blocks",
    /// A session ended. Always its last leaf, but for what happens to its recording.
    SessionClose = "session.close",
    /// Someone failed to say who they are.
    AuthFail = "auth.fail",
    /// The configuration was loaded.
    ConfigChange = "config.change",
    /// Policies were loaded.
    PolicyLoad = "policy.load",
    /// A key was made.
    KeyCreate = "key.create",
    /// A key took the place of another.
    KeyRotate = "key.rotate",
    /// A key was destroyed.
    KeyShred = "key.shred",
    /// Someone looked at a recording.
    ReplayView = "replay.view",
    /// Records left the gateway.
    Export = "export",
    /// Deletion was put on hold.
    RetentionHold = "retention.hold",
    /// A hold ended.
    RetentionRelease = "retention.release",
    /// A recording is about to be deleted by policy.
    RetentionTombstone = "retention.tombstone",
    /// It was deleted.
    RetentionConfirmed = "retention.confirmed",
    /// What was found and done after an unclean end.
    Recovery = "recovery",
    /// Something that an operator must look at: a witness that refuses the log.
    Alarm = "alarm",
    /// Nothing happened; so that silence is visible.
    Heartbeat = "heartbeat",
}

impl Kind {
    /// The kind of this name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.text() == text)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// How something ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// As asked.
    Success,
    /// Refused.
    Denied,
    /// Waits for a person.
    Held,
    /// It did not work.
    Failed,
    /// The gateway stopped before it ended.
    Interrupted,
}

impl Outcome {
    /// As leaves write it.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Denied => "denied",
            Self::Held => "held",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
        }
    }
}

/// What is particular to one leaf: values by name.
///
/// The log is kept for ever and read by many, so nothing here may identify a patient, and no value that could be guessed
/// may be here as a bare hash: [`crate::SessionWriter::commitment`] makes keyed ones.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Details(BTreeMap<String, Json>);

impl Details {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a text.
    #[must_use]
    pub fn text(self, name: &'static str, text: impl Into<String>) -> Self {
        self.with(name, Json::Text(text.into()))
    }

    /// Adds a whole number. What is above 2^53 - 1, where readers lose count, becomes that.
    #[must_use]
    pub fn number(self, name: &'static str, number: u64) -> Self {
        self.with(name, Json::Number(number.min(MAX_INTEGER)))
    }

    /// Adds yes or no.
    #[must_use]
    pub fn flag(self, name: &'static str, flag: bool) -> Self {
        self.with(name, Json::Flag(flag))
    }

    /// Adds a moment.
    #[must_use]
    pub fn time(self, name: &'static str, time: Time) -> Self {
        self.text(name, time.to_string())
    }

    /// Adds a list of texts.
    #[must_use]
    pub fn texts<T: Into<String>>(self, name: &'static str, texts: impl IntoIterator<Item = T>) -> Self {
        self.with(name, Json::List(texts.into_iter().map(|text| Json::Text(text.into())).collect()))
    }

    /// Adds an object.
    #[must_use]
    pub fn object(self, name: &'static str, details: Self) -> Self {
        self.with(name, Json::Object(details.0))
    }

    /// Adds counts by name, for names that are known only at run time: kinds of findings, rules.
    #[must_use]
    pub fn counts<T: Into<String>>(self, name: &'static str, counts: impl IntoIterator<Item = (T, u64)>) -> Self {
        let ascii = |name: String| if name.is_ascii() { name } else { name.escape_default().to_string() };
        let count = |(name, count): (T, u64)| (ascii(name.into()), Json::Number(count.min(MAX_INTEGER)));
        self.with(name, Json::Object(counts.into_iter().map(count).collect()))
    }

    fn with(mut self, name: &'static str, value: Json) -> Self {
        self.0.insert(name.to_owned(), value);
        self
    }
}

/// A leaf to be recorded.
#[derive(Clone, Debug)]
pub struct Leaf {
    kind: Kind,
    outcome: Option<Outcome>,
    subject: Option<String>,
    target: Option<String>,
    about: Option<SessionId>,
    details: Details,
}

impl Leaf {
    /// A leaf of a kind, with nothing else yet.
    #[must_use]
    pub fn new(kind: Kind) -> Self {
        Self { kind, outcome: None, subject: None, target: None, about: None, details: Details::new() }
    }

    /// How it ended.
    #[must_use]
    pub fn outcome(self, outcome: Outcome) -> Self {
        Self { outcome: Some(outcome), ..self }
    }

    /// Who did it.
    #[must_use]
    pub fn subject(self, subject: impl Into<String>) -> Self {
        Self { subject: Some(subject.into()), ..self }
    }

    /// What it was done to.
    #[must_use]
    pub fn target(self, target: impl Into<String>) -> Self {
        Self { target: Some(target.into()), ..self }
    }

    /// Which session it is about, when it is no part of that session: a replay, a hold, a deletion.
    #[must_use]
    pub fn about(self, session: SessionId) -> Self {
        Self { about: Some(session), ..self }
    }

    /// The rest.
    #[must_use]
    pub fn details(self, details: Details) -> Self {
        Self { details, ..self }
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// Says whose session it is in, unless it says otherwise itself.
    pub(crate) fn of_session(mut self, subject: &str, target: &str) -> Self {
        self.subject.get_or_insert_with(|| subject.to_owned());
        self.target.get_or_insert_with(|| target.to_owned());
        self
    }

    /// The bytes that the log keeps.
    pub(crate) fn encode(self, stamp: &Stamp<'_>) -> Result<Vec<u8>> {
        let mut text = String::with_capacity(512 + 80 * stamp.place.as_ref().map_or(0, |place| place.blocks.len()));
        // In the order of the names, as the one form of a leaf has them.
        let mut leaf = Members::begin(&mut text);
        leaf.shown("about", self.about.as_ref());
        if let Some(place) = stamp.place.as_ref().filter(|place| !place.blocks.is_empty()) {
            leaf.list("blocks", place.blocks);
        }
        leaf.text("boot", Some(stamp.boot));
        if !self.details.0.is_empty() {
            leaf.value("details", &Json::Object(self.details.0));
        }
        leaf.text("kind", Some(self.kind.text()));
        leaf.text("outcome", self.outcome.map(Outcome::text));
        leaf.shown("prev", stamp.place.as_ref().and_then(|place| place.prev.as_ref()));
        leaf.text("replica", Some(stamp.replica));
        if let Some(place) = &stamp.place {
            leaf.value("seq", &Json::Number(place.seq));
            leaf.shown("session", Some(&place.session));
        }
        leaf.text("subject", self.subject.as_deref());
        leaf.text("target", self.target.as_deref());
        leaf.shown("time", Some(&stamp.time));
        leaf.value("v", &Json::Number(VERSION));
        leaf.end();
        if text.len() > MAX_LEAF_LEN {
            let what = format!("a {} leaf of {} bytes is longer than {MAX_LEAF_LEN}", self.kind, text.len());
            return Err(Error::too_large(what));
        }
        Ok(text.into_bytes())
    }
}

/// Writes the members of a leaf one after the other.
struct Members<'t> {
    text: &'t mut String,
    /// What stands before the next one.
    before: char,
}

impl<'t> Members<'t> {
    fn begin(text: &'t mut String) -> Self {
        Self { text, before: '{' }
    }

    fn name(&mut self, name: &str) {
        self.text.push(std::mem::replace(&mut self.before, ','));
        write_text(name, self.text);
        self.text.push(':');
    }

    fn value(&mut self, name: &str, value: &Json) {
        self.name(name);
        value.write(self.text);
    }

    fn text(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.name(name);
            write_text(text, self.text);
        }
    }

    /// Something whose words need no escape: digits, letters, a few signs.
    fn shown(&mut self, name: &str, what: Option<&impl fmt::Display>) {
        if let Some(what) = what {
            self.name(name);
            self.quoted(what);
        }
    }

    fn list(&mut self, name: &str, blocks: &[BlockRef]) {
        self.name(name);
        let mut before = '[';
        for block in blocks {
            self.text.push(std::mem::replace(&mut before, ','));
            self.quoted(block);
        }
        self.text.push(']');
    }

    fn quoted(&mut self, what: &impl fmt::Display) {
        // A text takes whatever is written to it.
        let _ = write!(self.text, "\"{what}\"");
    }

    fn end(self) {
        self.text.push('}');
    }
}

/// The version of the leaves that this crate writes.
const VERSION: u64 = 1;

/// What the ledger itself says in each leaf.
pub(crate) struct Stamp<'s> {
    pub(crate) time: Time,
    pub(crate) boot: &'s str,
    pub(crate) replica: &'s str,
    pub(crate) place: Option<Place<'s>>,
}

/// Where in its session a leaf stands.
pub(crate) struct Place<'s> {
    pub(crate) session: SessionId,
    pub(crate) seq: u64,
    /// The hash of the session's leaf before.
    pub(crate) prev: Option<Hash>,
    /// All blocks that were written since the session's leaf before.
    pub(crate) blocks: &'s [BlockRef],
}

/// Names one block of a recording by the hash of its ciphertext.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct BlockRef {
    /// Which segment of the session's recording, from 0.
    pub segment: u32,
    /// Which frame of that segment, from 0.
    pub frame: u64,
    /// SHA-256 over the frame's header and ciphertext.
    pub hash: Hash,
}

impl BlockRef {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('/');
        let (segment, frame, hash) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?);
        let block = Self { segment, frame, hash: Hash::from_hex(hash)? };
        (block.to_string() == text).then_some(block)
    }
}

impl fmt::Display for BlockRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.segment, self.frame, self.hash)
    }
}

/// A leaf that was read back.
#[derive(Clone, Debug)]
pub struct ReadLeaf {
    bytes: Vec<u8>,
    json: Json,
    time: Time,
    session: Option<(SessionId, u64, Option<Hash>)>,
    about: Option<SessionId>,
    blocks: Vec<BlockRef>,
}

impl ReadLeaf {
    /// Reads a leaf and holds it to its format.
    ///
    /// # Errors
    ///
    /// When it is too long, not canonical, or a field that every leaf has is missing or malformed.
    pub fn parse(bytes: Vec<u8>) -> Result<Self> {
        if bytes.len() > MAX_LEAF_LEN {
            return Err(Error::corrupt("a leaf is too long"));
        }
        let json = Json::parse_canonical(&bytes)?;
        let malformed = |name: &str| Error::corrupt(format!("a leaf has no valid `{name}`"));
        if json.field("v").and_then(Json::as_number) != Some(VERSION) {
            return Err(Error::corrupt("a leaf has a version that this program does not know"));
        }
        let text = |name| json.field(name).and_then(Json::as_text);
        for name in ["kind", "boot", "replica"] {
            text(name).ok_or_else(|| malformed(name))?;
        }
        let time = text("time").and_then(Time::parse).ok_or_else(|| malformed("time"))?;
        let id = |name: &str| match json.field(name) {
            Some(value) => value.as_text().and_then(SessionId::parse).map(Some).ok_or_else(|| malformed(name)),
            None => Ok(None),
        };
        let session = match id("session")? {
            Some(session) => {
                let seq = json.field("seq").and_then(Json::as_number).ok_or_else(|| malformed("seq"))?;
                let prev = match json.field("prev") {
                    Some(prev) => Some(prev.as_text().and_then(Hash::from_hex).ok_or_else(|| malformed("prev"))?),
                    None => None,
                };
                Some((session, seq, prev))
            }
            None => None,
        };
        let blocks = match json.field("blocks") {
            Some(blocks) => blocks
                .as_list()
                .and_then(|blocks| blocks.iter().map(|block| BlockRef::parse(block.as_text()?)).collect())
                .ok_or_else(|| malformed("blocks"))?,
            None => Vec::new(),
        };
        let about = id("about")?;
        Ok(Self { time, session, about, blocks, json, bytes })
    }

    /// What it tells; `None` for a kind that this program does not know.
    #[must_use]
    pub fn kind(&self) -> Option<Kind> {
        Kind::parse(self.text("kind")?)
    }

    /// When it was written.
    #[must_use]
    pub fn time(&self) -> Time {
        self.time
    }

    /// The session it is part of.
    #[must_use]
    pub fn session(&self) -> Option<SessionId> {
        self.session.map(|(session, _, _)| session)
    }

    /// Its place in that session, from 0.
    #[must_use]
    pub fn seq(&self) -> Option<u64> {
        self.session.map(|(_, seq, _)| seq)
    }

    /// The hash of that session's leaf before.
    #[must_use]
    pub fn prev(&self) -> Option<Hash> {
        self.session.and_then(|(_, _, prev)| prev)
    }

    /// The session it is about without being part of it.
    #[must_use]
    pub fn about(&self) -> Option<SessionId> {
        self.about
    }

    /// Who did it.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.text("subject")
    }

    /// What it was done to.
    #[must_use]
    pub fn target(&self) -> Option<&str> {
        self.text("target")
    }

    /// How it ended.
    #[must_use]
    pub fn outcome(&self) -> Option<&str> {
        self.text("outcome")
    }

    /// The blocks of the recording that it names.
    #[must_use]
    pub fn blocks(&self) -> &[BlockRef] {
        &self.blocks
    }

    /// A value of its details.
    #[must_use]
    pub fn detail(&self, name: &str) -> Option<&Json> {
        self.json.field("details")?.field(name)
    }

    /// All of it.
    #[must_use]
    pub fn json(&self) -> &Json {
        &self.json
    }

    /// The bytes that the log keeps.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What the tree holds for it.
    #[must_use]
    pub fn hash(&self) -> Hash {
        Hash::of_leaf(&self.bytes)
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.json.field(name)?.as_text()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(place: Option<Place<'_>>) -> Stamp<'_> {
        Stamp { time: Time::from_micros(1_700_000_000_000_000), boot: "b00t", replica: "one", place }
    }

    #[test]
    fn a_leaf_comes_back_as_it_was_written() {
        let session = SessionId::from_bytes([7; 16]);
        let block = BlockRef { segment: 1, frame: 2, hash: Hash::of_nothing() };
        let place = Place { session, seq: 3, prev: Some(Hash::of_leaf(b"before")), blocks: &[block] };
        let leaf = Leaf::new(Kind::Request).subject("agent-7").target("ehr").outcome(Outcome::Success);
        let details = Details::new().number("rows", u64::MAX).counts("found", [("ssn", 2), ("né", 1)]);
        let read = ReadLeaf::parse(leaf.details(details).encode(&stamp(Some(place))).unwrap()).unwrap();
        assert_eq!(read.kind(), Some(Kind::Request));
        assert_eq!((read.session(), read.seq()), (Some(session), Some(3)));
        assert_eq!(read.prev(), Some(Hash::of_leaf(b"before")));
        assert_eq!(read.blocks(), [block]);
        assert_eq!((read.subject(), read.target(), read.outcome()), (Some("agent-7"), Some("ehr"), Some("success")));
        assert_eq!(read.detail("rows").and_then(Json::as_number), Some(MAX_INTEGER));
        assert_eq!(read.time().to_string(), "2023-11-14T22:13:20.000000Z");
    }

    #[test]
    fn a_leaf_is_never_longer_than_its_format() {
        let long = |length| Leaf::new(Kind::Heartbeat).details(Details::new().text("x", "y".repeat(length)));
        let least = long(0).encode(&stamp(None)).unwrap().len();
        assert_eq!(long(MAX_LEAF_LEN - least).encode(&stamp(None)).unwrap().len(), MAX_LEAF_LEN);
        assert!(long(MAX_LEAF_LEN - least + 1).encode(&stamp(None)).unwrap_err().is_too_large());
    }

    #[test]
    fn kinds_are_distinct_and_known() {
        for kind in Kind::ALL {
            assert_eq!(Kind::parse(kind.text()), Some(*kind));
        }
        assert_eq!(Kind::parse("session"), None);
    }

    #[test]
    fn malformed_leaves_are_refused() {
        let good = String::from_utf8(Leaf::new(Kind::Heartbeat).encode(&stamp(None)).unwrap()).unwrap();
        assert!(ReadLeaf::parse(good.clone().into_bytes()).is_ok());
        for (from, to) in [("\"v\":1", "\"v\":2"), ("time", "tyme"), ("2023-11-14T", "2023-13-14T"), ("{", "{ ")] {
            assert!(ReadLeaf::parse(good.replacen(from, to, 1).into_bytes()).is_err(), "{from}");
        }
    }
}
