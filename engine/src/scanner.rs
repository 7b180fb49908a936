//! A compiled set of detectors: immutable, shared, made once.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::blocks::Classifier;
use crate::lexicon::Entry;
use crate::near::Near;
use crate::numbers::Numbers;
use crate::signs::Signs;
use crate::text::LONGEST_WORD;
use crate::{ByteSet, Detector, DigitRun, Fields, Glance, Lexicon, NumberGlance, Reach, Sign, Trigger};

/// The widest window a text detector may declare, in bytes: before, longest and after together.
pub const WIDEST_WINDOW: usize = 512;

/// Detectors below this priority are asked behind all others, and see what those found: see `View::covered_to`.
const WEAK: u8 = 10;

/// Detectors, lexicon and field meanings, compiled. Cheap to clone: clones share everything.
///
/// ```
/// use blackbar_engine::Scanner;
///
/// let scanner = Scanner::builder().build()?;
/// assert_eq!(scanner.detectors().len(), 0);
/// # Ok::<(), blackbar_engine::BuildError>(())
/// ```
#[derive(Clone)]
pub struct Scanner {
    pub(crate) inner: Arc<Compiled>,
}

static COMPILED: AtomicU64 = AtomicU64::new(1);

pub(crate) struct Compiled {
    pub(crate) detectors: Vec<Detector>,
    pub(crate) lexicon: Lexicon,
    pub(crate) fields: Option<Arc<dyn Fields>>,
    pub(crate) classifier: Classifier,
    pub(crate) on: Dispatch,
    /// Context that must stay visible before a trigger.
    pub(crate) before: usize,
    /// Of all that were compiled in this process, its number.
    pub(crate) number: u64,
    /// Bytes from a trigger on that settle it.
    pub(crate) ahead: usize,
    /// How far findings of later triggers may reach back; one entry per distinct way.
    pub(crate) reaches: Vec<Reach>,
}

impl Compiled {
    /// The most bytes of a run that are held back. A longer finding is replaced while it is being read.
    pub(crate) fn window(&self) -> usize {
        let back = self.reaches.iter().map(|reach| usize::from(reach.bytes)).max().unwrap_or(0);
        back + self.ahead
    }
}

/// Which detectors to ask at which candidate.
pub(crate) struct Dispatch {
    pub(crate) start: Asked,
    pub(crate) digits: Asked,
    pub(crate) numbers: Numbers,
    pub(crate) signs: Signs,
    /// Who wants to be asked at the start of a field with these hints.
    pub(crate) fields: Vec<(u64, u16)>,
    /// All those hints.
    pub(crate) hints: u64,
    /// Whom a word asks that begins the run.
    opening: Vec<Condition>,
    /// Whom every word asks.
    word: Vec<Condition>,
    /// Whom a capital asks.
    capital: Vec<Condition>,
    /// Whom words of some categories ask.
    lexicon: Vec<Condition>,
    /// All categories that trigger something.
    pub(crate) categories: u32,
    /// Whom particular words ask; the lexicon has an index of it.
    words: Vec<Vec<Condition>>,
    pub(crate) special: ByteSet,
    pub(crate) bytes: Vec<Asked>,
    /// Those of the special bytes that ask somebody whatever stands around them.
    pub(crate) bytes_special: ByteSet,
    /// No special byte counts that stands behind something and before a blank.
    pub(crate) signs_end_nothing: bool,
    /// The conditions of `signs`.
    seen: Vec<Sign>,
    /// The furthest that anybody reaches back whom words ask, runs of digits, or special bytes.
    reaches: Reaches,
    /// Those that may teach words.
    pub(crate) teachers: Asked,
    /// Those of the first 64 that are below [`WEAK`], a bit each.
    pub(crate) weak: u64,
    /// The kinds of those, without their sub-kinds.
    pub(crate) taught: Vec<&'static str>,
    /// The one that beats all others, and its priority. A run that it takes whole holds no other finding.
    pub(crate) strongest: Option<(u16, u8)>,
    /// The same, if it is asked at every start of a run and teaches nothing: then it is asked before all others.
    pub(crate) opener: Option<(u16, u8)>,
}

/// How many bytes before their trigger findings may start, by what triggers them.
#[derive(Clone, Copy, Default)]
struct Reaches {
    words: u16,
    digits: u16,
    signs: u16,
}

/// Who is asked at a word, and the glance that has to agree.
#[derive(Clone, Copy)]
struct Condition {
    detector: u16,
    teaches: bool,
    /// The word has one of these categories, where that is the condition.
    categories: u32,
    /// How far before its trigger it may find something.
    reach: u16,
    glance: Option<Glance>,
}

impl Condition {
    /// Adds its detector to `asked`, unless it does not count where a run was `taken`, or a glance speaks against it.
    #[inline]
    fn ask(&self, taken: Option<(u64, bool)>, near: Option<&Near<'_>>, asked: &mut Asked) {
        if let Some((behind, teaches)) = taken
            && !(teaches && self.teaches)
            && u64::from(self.reach) <= behind
        {
            return;
        }
        if asked.has(self.detector) {
            return;
        }
        let worth = match (self.glance, near) {
            (Some(glance), Some(near)) => glance(near) != Ok(false),
            _ => true,
        };
        if worth {
            asked.insert(self.detector);
        }
    }
}

/// How a word stands where it does.
#[derive(Clone, Copy)]
pub(crate) struct Stand {
    /// It begins with a capital.
    pub(crate) capital: bool,
    /// It begins its run.
    pub(crate) opens: bool,
    /// It stands so far behind where the run was taken, and whether words of that may be taught: only those count that
    /// do so or reach back further.
    pub(crate) taken: Option<(u64, bool)>,
}

/// A set of detectors, a bit each. They are asked in the order of the list.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    /// The first 64, which are mostly all.
    first: u64,
    more: Vec<u64>,
}

impl Asked {
    /// An empty set that may hold so many.
    pub(crate) fn with_room(count: usize) -> Self {
        Self { first: 0, more: vec![0; count.div_ceil(64).saturating_sub(1)] }
    }

    /// Takes out every member.
    #[inline]
    pub(crate) fn clear(&mut self) {
        self.first = 0;
        if !self.more.is_empty() {
            self.more.fill(0);
        }
    }

    /// Whether it has no member.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.first == 0 && self.more.iter().all(|word| *word == 0)
    }

    /// Takes out one member.
    #[inline]
    pub(crate) fn remove(&mut self, index: u16) {
        let bit = 1 << (index % 64);
        match usize::from(index / 64).checked_sub(1) {
            None => self.first &= !bit,
            Some(i) => {
                if let Some(word) = self.more.get_mut(i) {
                    *word &= !bit;
                }
            }
        }
    }

    /// Takes out those of the first 64 that are in `bits`.
    #[inline]
    pub(crate) fn take_out(&mut self, bits: u64) -> u64 {
        let out = self.first & bits;
        self.first &= !bits;
        out
    }

    /// Puts back what was taken out.
    #[inline]
    pub(crate) fn put_back(&mut self, bits: u64) {
        self.first |= bits;
    }

    /// Takes out what `other` does not hold.
    #[inline]
    pub(crate) fn keep(&mut self, other: &Self) {
        self.first &= other.first;
        self.more.truncate(other.more.len());
        for (to, from) in self.more.iter_mut().zip(&other.more) {
            *to &= from;
        }
    }

    /// Takes out the first member.
    #[inline]
    pub(crate) fn pop(&mut self) -> Option<u16> {
        if self.first != 0 {
            let bit = self.first.trailing_zeros();
            self.first &= self.first - 1;
            return u16::try_from(bit).ok();
        }
        if self.more.is_empty() {
            return None;
        }
        let next = self.next(64)?;
        self.remove(next);
        Some(next)
    }

    #[inline]
    pub(crate) fn has(&self, index: u16) -> bool {
        if index < 64 {
            return self.first >> index & 1 == 1;
        }
        let word = usize::from(index / 64).checked_sub(1).and_then(|i| self.more.get(i)).copied().unwrap_or(0);
        word >> (index % 64) & 1 == 1
    }

    #[inline]
    pub(crate) fn insert(&mut self, index: u16) {
        if index < 64 {
            self.first |= 1 << index;
        } else {
            self.insert_more(index);
        }
    }

    #[cold]
    fn insert_more(&mut self, index: u16) {
        let Some(i) = usize::from(index / 64).checked_sub(1) else { return };
        if self.more.len() <= i {
            self.more.resize(i + 1, 0);
        }
        if let Some(word) = self.more.get_mut(i) {
            *word |= 1 << (index % 64);
        }
    }

    /// Adds what `other` holds.
    #[inline]
    pub(crate) fn add(&mut self, other: &Self) {
        self.first |= other.first;
        if self.more.len() < other.more.len() {
            self.more.resize(other.more.len(), 0);
        }
        for (to, from) in self.more.iter_mut().zip(&other.more) {
            *to |= from;
        }
    }

    /// The member that comes next from `from` on.
    #[inline]
    pub(crate) fn next(&self, from: u16) -> Option<u16> {
        let mut base = from & !63;
        let mut mask = u64::MAX << (from % 64);
        loop {
            let word = match usize::from(base / 64).checked_sub(1) {
                None => self.first,
                Some(i) => *self.more.get(i)?,
            };
            if let Some(bit) = u16::try_from((word & mask).trailing_zeros()).ok().filter(|bit| *bit < 64) {
                return Some(base + bit);
            }
            (base, mask) = (base.checked_add(64)?, u64::MAX);
        }
    }
}

impl Scanner {
    /// Starts a set of detectors.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// The detectors, in the order that findings refer to.
    #[must_use]
    pub fn detectors(&self) -> &[Detector] {
        &self.inner.detectors
    }

    /// The most bytes that are ever held back: the furthest a finding reaches back plus the furthest a decision looks
    /// ahead.
    #[must_use]
    pub fn window(&self) -> usize {
        self.inner.window()
    }

    /// The lexicon that detectors consult.
    #[must_use]
    pub fn lexicon(&self) -> &Lexicon {
        &self.inner.lexicon
    }
}

impl fmt::Debug for Scanner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scanner({} detectors, window {})", self.inner.detectors.len(), self.window())
    }
}

/// Collects detectors for a [`Scanner`].
#[derive(Default)]
pub struct Builder {
    detectors: Vec<Detector>,
    lexicon: Lexicon,
    fields: Option<Arc<dyn Fields>>,
}

impl Builder {
    /// Adds detectors.
    #[must_use]
    pub fn detectors<'a>(mut self, more: impl IntoIterator<Item = &'a Detector>) -> Self {
        self.detectors.extend(more.into_iter().cloned());
        self
    }

    /// Sets the lexicon that `Trigger::Lexicon` and views consult.
    #[must_use]
    pub fn lexicon(mut self, lexicon: Lexicon) -> Self {
        self.lexicon = lexicon;
        self
    }

    /// Sets what fields mean.
    #[must_use]
    pub fn fields(mut self, fields: Arc<dyn Fields>) -> Self {
        self.fields = Some(fields);
        self
    }

    /// Compiles.
    ///
    /// # Errors
    ///
    /// When a detector's window is empty or wider than [`WIDEST_WINDOW`], when it can never be triggered, or when two
    /// share an id. The error names the detector.
    pub fn build(self) -> Result<Scanner, BuildError> {
        let Self { detectors, mut lexicon, fields } = self;
        let mut on = Dispatch::new(detectors.len());
        // A letter may have four bytes, and whether a word starts depends on the letter before it. A word is looked up
        // when it is known where it ends.
        let (mut before, mut ahead) = (8, LONGEST_WORD + 4);
        let mut reaches: Vec<Reach> = Vec::new();
        // Two numbers beyond the last detector stand for entity memory and for rules.
        if detectors.len() > usize::from(u16::MAX) - 2 {
            return Err(BuildError { detector: String::new(), what: "more than 65,533 detectors".into() });
        }
        for (detector, index) in detectors.iter().zip(0u16..) {
            check(detector, &detectors[..usize::from(index)])?;
            before = before.max(usize::from(detector.window.before));
            ahead = ahead.max(detector.window.ahead());
            if detector.reach.bytes > 0 {
                before = before.max(usize::from(detector.reach.bytes));
                match reaches.iter_mut().find(|known| known.across == detector.reach.across) {
                    Some(known) => known.bytes = known.bytes.max(detector.reach.bytes),
                    None => reaches.push(detector.reach),
                }
            }
            if detector.priority < WEAK && !detector.teaches && index < 64 {
                on.weak |= 1 << index;
            }
            if detector.teaches {
                on.teachers.insert(index);
                if !on.taught.contains(&detector.kind.main()) {
                    on.taught.push(detector.kind.main());
                }
            }
            for trigger in detector.triggers.iter() {
                let asks = Condition {
                    detector: index,
                    teaches: detector.teaches,
                    categories: 0,
                    reach: detector.reach.bytes,
                    glance: None,
                };
                if !on.add(trigger, asks, &mut lexicon) {
                    let detector = detector.id.clone().into_owned();
                    return Err(BuildError {
                        detector,
                        what: "more than 65,535 different trigger words in all".into(),
                    });
                }
            }
        }
        let most = detectors.iter().map(|detector| detector.priority).max();
        let mut strong = detectors.iter().zip(0u16..).filter(|(detector, _)| Some(detector.priority) == most);
        on.strongest = match (strong.next(), strong.next()) {
            (Some((only, index)), None) => Some((index, only.priority)),
            _ => None,
        };
        let opens = |index: u16| detectors.get(usize::from(index)).is_some_and(|detector| !detector.teaches);
        on.opener = on.strongest.filter(|(index, _)| on.start.has(*index) && opens(*index));
        on.signs_end_nothing &= on.seen.iter().all(|sign| {
            let solid = ByteSet::ALL.but(ByteSet::BLANK);
            sign.after.but(solid).is_empty() || sign.before.but(ByteSet::BLANK).is_empty()
        });
        let classifier = Classifier::new(on.special);
        let number = COMPILED.fetch_add(1, Ordering::Relaxed);
        let inner = Compiled { number, detectors, lexicon, fields, classifier, on, before, ahead, reaches };
        Ok(Scanner { inner: Arc::new(inner) })
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Builder({} detectors)", self.detectors.len())
    }
}

impl Dispatch {
    fn new(detectors: usize) -> Self {
        let none = Asked::with_room(detectors);
        Self {
            start: none.clone(),
            digits: none.clone(),
            numbers: Numbers::default(),
            signs: Signs::default(),
            fields: Vec::new(),
            hints: 0,
            opening: Vec::new(),
            word: Vec::new(),
            capital: Vec::new(),
            lexicon: Vec::new(),
            categories: 0,
            words: Vec::new(),
            special: ByteSet::EMPTY,
            bytes: vec![none.clone(); 256],
            bytes_special: ByteSet::EMPTY,
            signs_end_nothing: true,
            seen: Vec::new(),
            reaches: Reaches::default(),
            teachers: none,
            weak: 0,
            taught: Vec::new(),
            strongest: None,
            opener: None,
        }
    }

    /// The furthest that a finding reaches back which is triggered at `byte`, or at the word that it begins.
    #[inline]
    pub(crate) fn reach_of(&self, byte: Option<&u8>, is_word: bool) -> u16 {
        match byte {
            _ if is_word => self.reaches.words,
            Some(byte) if byte.is_ascii_digit() && !self.special.has(*byte) => self.reaches.digits,
            Some(byte) if byte.is_ascii() && !byte.is_ascii_alphanumeric() => self.reaches.signs,
            // It may be several.
            _ => u16::MAX,
        }
    }

    /// Whether some detector wants to be asked at every word.
    pub(crate) fn asks_every_word(&self) -> bool {
        !self.word.is_empty()
    }

    /// Whether some detector wants to be asked at every capital.
    pub(crate) fn asks_capitals(&self) -> bool {
        !self.capital.is_empty()
    }

    /// Adds to `asked` whom a word asks, unless a glance at `near` speaks against it.
    #[inline]
    pub(crate) fn ask_word(
        &self,
        entry: Entry,
        Stand { capital, opens, taken }: Stand,
        near: Option<&Near<'_>>,
        asked: &mut Asked,
    ) {
        if opens {
            self.opening.iter().for_each(|condition| condition.ask(taken, near, asked));
        }
        if !self.word.is_empty() {
            self.word.iter().for_each(|condition| condition.ask(taken, near, asked));
        }
        if entry.triggers > 0
            && let Some(list) = self.words.get(usize::from(entry.triggers) - 1)
        {
            list.iter().for_each(|condition| condition.ask(taken, near, asked));
        }
        if capital {
            self.capital.iter().for_each(|condition| condition.ask(taken, near, asked));
        }
        if entry.bits & self.categories != 0 {
            for condition in &self.lexicon {
                if condition.categories & entry.bits != 0 {
                    condition.ask(taken, near, asked);
                }
            }
        }
    }

    fn add(&mut self, trigger: &Trigger, asks: Condition, lexicon: &mut Lexicon) -> bool {
        let index = asks.detector;
        match trigger {
            Trigger::Start => self.start.insert(index),
            Trigger::Digits => {
                self.reaches.digits = self.reaches.digits.max(asks.reach);
                self.digits.insert(index);
            }
            Trigger::Number(number) => self.add_number(number, asks, None),
            Trigger::NumberWhen(number, glance) => self.add_number(number, asks, Some(*glance)),
            Trigger::Field(hints) => {
                self.fields.push((*hints, index));
                self.hints |= hints;
            }
            Trigger::Bytes(set) => {
                self.reaches.signs = self.reaches.signs.max(asks.reach);
                self.add_bytes(*set, index);
            }
            Trigger::Sign(sign) => self.add_sign(sign, asks, None),
            Trigger::SignWhen(sign, glance) => self.add_sign(sign, asks, Some(*glance)),
            Trigger::When(trigger, glance) => {
                return self.add_to_words(trigger, Condition { glance: Some(*glance), ..asks }, lexicon);
            }
            Trigger::Word | Trigger::Capital | Trigger::Words(_) | Trigger::Lexicon(_) => {
                return self.add_to_words(trigger, asks, lexicon);
            }
        }
        true
    }

    fn add_number(&mut self, number: &DigitRun, asks: Condition, glance: Option<NumberGlance>) {
        self.reaches.digits = self.reaches.digits.max(asks.reach);
        if !self.numbers.add(number, glance, asks.detector, asks.reach) {
            self.digits.insert(asks.detector);
        }
    }

    fn add_sign(&mut self, sign: &Sign, asks: Condition, glance: Option<NumberGlance>) {
        self.reaches.signs = self.reaches.signs.max(asks.reach);
        if self.signs.add(sign, glance, asks.detector) {
            self.special = self.special.or(sign.of);
            self.seen.push(*sign);
        } else {
            self.add_bytes(sign.of, asks.detector);
        }
    }

    fn add_bytes(&mut self, set: ByteSet, index: u16) {
        self.special = self.special.or(set);
        self.bytes_special = self.bytes_special.or(set);
        self.signs_end_nothing = false;
        for byte in set.iter() {
            if let Some(list) = self.bytes.get_mut(usize::from(byte)) {
                list.insert(index);
            }
        }
    }

    fn add_to_words(&mut self, trigger: &Trigger, condition: Condition, lexicon: &mut Lexicon) -> bool {
        self.reaches.words = self.reaches.words.max(condition.reach);
        match trigger {
            Trigger::Start => self.opening.push(condition),
            Trigger::Word => self.word.push(condition),
            Trigger::Capital => self.capital.push(condition),
            Trigger::Lexicon(bits) => {
                self.lexicon.push(Condition { categories: *bits, ..condition });
                self.categories |= bits;
            }
            Trigger::Words(words) => {
                return words.iter().all(|word| self.add_word(word, condition, lexicon));
            }
            // A glance looks at words; without them there is nothing to glance at.
            _ => return self.add(trigger, condition, lexicon),
        }
        true
    }

    fn add_word(&mut self, word: &str, condition: Condition, lexicon: &mut Lexicon) -> bool {
        let Some(list) = lexicon.triggers_mut(word) else { return false };
        if *list == 0 {
            let Ok(next) = u16::try_from(self.words.len() + 1) else { return false };
            *list = next;
            self.words.push(Vec::new());
        }
        if let Some(known) = self.words.get_mut(usize::from(*list) - 1) {
            known.push(condition);
        }
        true
    }
}

fn check(detector: &Detector, earlier: &[Detector]) -> Result<(), BuildError> {
    let window = detector.window;
    let width = usize::from(window.before) + window.ahead();
    let refuse = |what: String| Err(BuildError { detector: detector.id.clone().into_owned(), what });
    if window.longest == 0 {
        return refuse("its window has no room for an identifier: set `longest` to at least 1".into());
    }
    if width > WIDEST_WINDOW {
        return refuse(format!(
            "its window is {width} bytes wide, the most is {WIDEST_WINDOW}: decide on a shorter head and consume the \
             rest as a tail, or look at less context"
        ));
    }
    if usize::from(detector.reach.bytes) > usize::from(window.before) {
        return refuse("it reaches back further than it sees: raise `before` to at least `reach.bytes`".into());
    }
    if detector.priority == u8::MAX {
        return refuse("its priority is that of a profile's rules: choose a lower one".into());
    }
    if detector.triggers.is_empty() {
        return refuse("it has no trigger and would never be asked".into());
    }
    if detector.triggers.iter().any(bad_words) {
        return refuse("its trigger words must be single folded words of 2 to 32 letters".into());
    }
    if earlier.iter().any(|other| other.id == detector.id) {
        return refuse("another detector has the same id".into());
    }
    Ok(())
}

fn bad_words(trigger: &Trigger) -> bool {
    let (Trigger::Words(words) | Trigger::When(Trigger::Words(words), _)) = trigger else { return false };
    words.iter().any(|w| !(2..=32).contains(&w.len()) || !w.bytes().all(|b| b.is_ascii_lowercase()))
}

/// Why a set of detectors cannot be compiled.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BuildError {
    detector: String,
    what: String,
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "detector `{}`: {}", self.detector, self.what)
    }
}

impl std::error::Error for BuildError {}
