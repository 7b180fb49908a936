//! A detector: data about what to look for, and one pure function that decides.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::{ByteSet, Glance, Kind, NumberGlance, View};

/// What one detector looks for. Entries are data: the scanner reads the triggers, the documentation is generated from
/// the words, and only `verify` is code.
#[derive(Clone, Debug)]
pub struct Detector {
    /// Stable id, unique in a scanner: `us-ssn`.
    pub id: Cow<'static, str>,
    /// The kind of its findings (a verdict may name a sub-kind).
    pub kind: Kind,
    /// The rule that makes it an identifier, for instance the letter of the Safe Harbor list.
    pub class: Cow<'static, str>,
    /// Of several findings that start at one place, the highest priority wins; then the longest.
    pub priority: u8,
    /// How far `verify` may look.
    pub window: Window,
    /// How far before its trigger a finding may start.
    pub reach: Reach,
    /// Where `verify` is called.
    pub triggers: Cow<'static, [Trigger]>,
    /// Decides.
    pub verify: Verify,
    /// Whether its verdicts may teach words. Such a detector is asked even where another one takes the whole run.
    pub teaches: bool,
    /// What it takes, for the documentation.
    pub takes: Cow<'static, str>,
    /// What it refuses, for the documentation.
    pub refuses: Cow<'static, str>,
}

impl Detector {
    /// Asks `verify` and holds its answer to what the entry declares: a finding begins within reach, has at least one
    /// byte and is decided within the window. An answer that breaks its word counts as none.
    #[inline]
    #[must_use]
    pub fn ask(&self, view: &View<'_>) -> Option<Verdict> {
        let verdict = self.verify.call(view).filter(|verdict| self.stands_by(verdict, view))?;
        Some(Verdict { teaches: if self.teaches { verdict.teaches } else { [None, None] }, ..verdict })
    }

    /// Whether an answer is what the entry declares.
    #[inline]
    pub(crate) fn stands_by(&self, verdict: &Verdict, view: &View<'_>) -> bool {
        let kept = (verdict.start >= 0 || view.reaches(verdict.start, &self.reach))
            && verdict.start < verdict.end
            && verdict.end <= i32::from(self.window.longest)
            && (view.holds(verdict.end) || view.wants().is_some());
        debug_assert!(kept, "detector `{}` answered outside its declared window", self.id);
        let silent = self.teaches || verdict.teaches.iter().all(Option::is_none);
        debug_assert!(silent, "detector `{}` teaches and does not say so", self.id);
        kept
    }
}

/// The finite part of a text that a detector may see, in bytes around its trigger.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Window {
    /// Context before the trigger.
    pub before: u16,
    /// The longest identifier, from the trigger on. What is longer is decided within this and then consumed: [`Tail`].
    pub longest: u16,
    /// Context after the longest identifier.
    pub after: u16,
}

impl Window {
    /// Bytes visible from the trigger on.
    #[must_use]
    pub const fn ahead(&self) -> usize {
        self.longest as usize + self.after as usize
    }
}

/// How far back from its trigger a finding may start, and over which bytes: an e-mail address is triggered by its `@`
/// and reaches back over its local part. Bytes before the trigger wait only while they could still be reached.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Reach {
    /// At most so many bytes before the trigger.
    pub bytes: u16,
    /// Every byte between the start of the finding and the trigger is one of these.
    pub across: ByteSet,
}

impl Reach {
    /// Findings start at their trigger or behind it.
    pub const NONE: Self = Self { bytes: 0, across: ByteSet::EMPTY };
}

/// A place in a text where a detector wants to be asked. All are decided from the byte, its neighbours and the word
/// it starts.
#[derive(Clone, Copy, Debug)]
pub enum Trigger {
    /// The first byte of a maximal run of ASCII digits (the byte before may be a letter).
    Digits,
    /// The same, unless a quick look shows that `verify` would refuse. It is only a filter: leaving it out changes
    /// nothing but the time, and the oracle does leave it out.
    Number(DigitRun),
    /// The same, unless a glance at the bytes around shows that `verify` would refuse.
    NumberWhen(DigitRun, NumberGlance),
    /// The first byte of every word: a maximal run of letters (ASCII, or any alphabetic code point).
    Word,
    /// The first byte of a word that begins with an ASCII capital or a letter beyond ASCII.
    Capital,
    /// The first byte of a word that is one of these when folded (lower case, no diacritics). Words of 2 to 32 letters.
    Words(&'static [&'static str]),
    /// The first byte of a word whose lexicon categories share a bit with these.
    Lexicon(u32),
    /// Every occurrence of one of these bytes.
    Bytes(ByteSet),
    /// The same, unless its neighbours show that `verify` would refuse. A filter like that of [`Trigger::Number`].
    Sign(Sign),
    /// The same, unless a glance at the bytes around shows that `verify` would refuse. To the glance, the byte is what
    /// digits are in [`Trigger::NumberWhen`].
    SignWhen(Sign, NumberGlance),
    /// One of the triggers on words, unless a glance at the words around it shows that `verify` would refuse. A filter
    /// as well. With [`Trigger::Start`] it also leaves out runs that do not begin with a letter.
    When(&'static Self, Glance),
    /// The first byte of a text run: a field, a cell, a document.
    Start,
    /// The same, where the field's name has one of these hints. A filter as well: `verify` refuses any other start.
    Field(u64),
}

/// What a run of digits and its neighbours have to be for a detector to be asked: everything that one look at three
/// bytes and a length can tell.
#[derive(Clone, Copy, Debug)]
pub struct DigitRun {
    /// How many digits there are: bit `n` stands for `n`, bit 31 for 31 and more.
    pub lens: u32,
    /// What the first digit is.
    pub first: ByteSet,
    /// What stands before it.
    pub before: ByteSet,
    /// Whether nothing may stand before it.
    pub begins: bool,
    /// What stands behind the last digit, if anything does.
    pub after: ByteSet,
    /// Whether another digit has to stand within [`DigitRun::CLOSE`] bytes behind the run.
    pub goes_on: bool,
    /// Hints of a field that make any digits at its start worth asking.
    pub hints: u64,
}

impl DigitRun {
    /// Any run of digits anywhere.
    pub const ANY: Self = Self {
        lens: u32::MAX,
        first: ByteSet::DIGIT,
        before: ByteSet::ALL,
        begins: true,
        after: ByteSet::ALL,
        goes_on: false,
        hints: 0,
    };
    /// More bytes than may part two groups of digits that are one number.
    pub const CLOSE: u8 = 12;

    /// From `least` to `most` digits.
    #[must_use]
    pub const fn of_lens(least: u32, most: u32) -> Self {
        Self { lens: 0, ..Self::ANY }.or_lens(least, most)
    }

    /// The same, or from `least` to `most` digits.
    #[must_use]
    pub const fn or_lens(mut self, least: u32, most: u32) -> Self {
        let mut len = least;
        while len <= most {
            self.lens |= 1 << if len < 31 { len } else { 31 };
            len += 1;
        }
        self
    }

    /// The same with one of these as its first digit.
    #[must_use]
    pub const fn first(mut self, first: &[u8]) -> Self {
        self.first = ByteSet::of(first);
        self
    }

    /// The same behind one of these, or where a run begins.
    #[must_use]
    pub const fn before(mut self, before: ByteSet) -> Self {
        self.before = before;
        self
    }

    /// The same, but not where a run begins.
    #[must_use]
    pub const fn inside(mut self) -> Self {
        self.begins = false;
        self
    }

    /// The same before one of these, or where a run ends.
    #[must_use]
    pub const fn after(mut self, after: ByteSet) -> Self {
        self.after = after;
        self
    }

    /// The same, when another digit follows soon.
    #[must_use]
    pub const fn goes_on(mut self) -> Self {
        self.goes_on = true;
        self
    }

    /// The same, or whatever begins a field whose name has one of these hints.
    #[must_use]
    pub const fn or_hinted(mut self, hints: u64) -> Self {
        self.hints = hints;
        self
    }
}

/// What a byte and its neighbours have to be for a detector to be asked.
#[derive(Clone, Copy, Debug)]
pub struct Sign {
    /// What it is.
    pub of: ByteSet,
    /// What stands before it.
    pub before: ByteSet,
    /// Whether nothing may stand before it.
    pub begins: bool,
    /// What stands behind it.
    pub after: ByteSet,
    /// Whether nothing may stand behind it.
    pub ends: bool,
}

impl Sign {
    /// One of these bytes anywhere.
    #[must_use]
    pub const fn of(bytes: &[u8]) -> Self {
        Self { of: ByteSet::of(bytes), before: ByteSet::ALL, begins: true, after: ByteSet::ALL, ends: true }
    }

    /// The same behind one of these.
    #[must_use]
    pub const fn before(mut self, before: ByteSet) -> Self {
        self.before = before;
        self.begins = false;
        self
    }

    /// The same, or where the run begins.
    #[must_use]
    pub const fn or_begins(mut self) -> Self {
        self.begins = true;
        self
    }

    /// The same before one of these.
    #[must_use]
    pub const fn after(mut self, after: ByteSet) -> Self {
        self.after = after;
        self.ends = false;
        self
    }
}

/// A pure function that a site's configuration was compiled to.
pub type SiteVerify = dyn Fn(&View<'_>) -> Option<Verdict> + Send + Sync;

/// The pure function of a detector.
#[derive(Clone)]
pub enum Verify {
    /// Compiled in.
    Pure(fn(&View<'_>) -> Option<Verdict>),
    /// Built from a site's configuration: a pattern, a word list, a roster. As pure as the other.
    Site(Arc<SiteVerify>),
}

impl Verify {
    /// Asks.
    #[inline]
    pub fn call(&self, view: &View<'_>) -> Option<Verdict> {
        match self {
            Self::Pure(verify) => verify(view),
            Self::Site(verify) => verify(view),
        }
    }
}

impl fmt::Debug for Verify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pure(_) => "Pure",
            Self::Site(_) => "Site",
        })
    }
}

/// A detector's answer: here is an identifier. Offsets are relative to the trigger.
#[derive(Clone, Copy, Debug)]
pub struct Verdict {
    /// First byte; negative when it lies before the trigger (within [`Reach`]).
    pub start: i32,
    /// One past the last byte that was decided within the window.
    pub end: i32,
    /// The kind, perhaps with a sub-kind.
    pub kind: Kind,
    /// How sure, in percent.
    pub confidence: u8,
    /// Why, in a few words without content: `label`, `check digit`, `title before`.
    pub reason: &'static str,
    /// Whether the identifier goes on beyond `end`.
    pub tail: Tail,
    /// Words of this finding whose bare repeats are findings too.
    pub teaches: [Option<Teach>; 2],
}

impl Verdict {
    /// A finding from `start` to `end` that ends there and teaches nothing.
    #[must_use]
    pub const fn new(start: i32, end: i32, kind: Kind, confidence: u8, reason: &'static str) -> Self {
        Self { start, end, kind, confidence, reason, tail: Tail::None, teaches: [None, None] }
    }

    /// The same, going on beyond the window.
    #[must_use]
    pub const fn with_tail(mut self, tail: Tail) -> Self {
        self.tail = tail;
        self
    }
}

/// How an identifier of any length goes on after the part that was decided within the window. It is consumed in
/// constant memory, however long it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Tail {
    /// It ends where the verdict says.
    None,
    /// It goes on while bytes are in `set`. A byte of `soft` (a full stop after a URL) belongs to it only when a byte
    /// of `set` that is not soft follows at once.
    While {
        /// Bytes of the identifier.
        set: &'static ByteSet,
        /// Those of them that cannot be its last byte.
        soft: &'static ByteSet,
    },
    /// It goes on to the end of the text run: the field as a whole is the identifier.
    Rest,
}

/// A word of a finding to remember. Offsets are relative to the trigger.
#[derive(Clone, Copy, Debug)]
pub struct Teach {
    /// First byte of the word.
    pub start: i32,
    /// One past its last byte.
    pub end: i32,
    /// Whether a repeat in any case counts, or only one that begins with a capital.
    pub any_case: bool,
}
