//! Stage two: the candidates of one text run, as its bytes arrive.
//!
//! Bytes are scanned where they lie, in the caller's chunk. Only around the end of a chunk are they copied: what later
//! decisions may still look at is parked in a small buffer, and the next chunk's first bytes are put behind it until
//! decisions need nothing of the old chunk any more.

use std::ops::Range;

use crate::blocks::BLOCK;
use crate::lexicon::{Entry, Folded};
use crate::memory::{self, Memory};
use crate::near::Near;
use crate::operator::Operator;
use crate::quiet::{self, Quiet};
use crate::resolve::{Candidate, Event, Resolver, Text};
use crate::scanner::{Asked, Compiled, Stand};
use crate::text::{LONGEST_WORD, letter, word_len, word_starts};
use crate::words::{PAGE, Words};
use crate::{Detector, Field, Kind, Tail, Verdict, View};

/// How many bytes of a new chunk are put behind parked ones at a time.
const SEAM_STEP: usize = 64;
/// A piece shorter than this is copied whole.
pub(crate) const SMALL: usize = 512;
/// The first page of words that is read of the bytes at hand.
const FIRST_PAGE: usize = 4 * BLOCK;
/// Candidates of so many bytes are gathered before they are resolved.
const STRETCH: usize = 16 * 1024;

/// One text run: a document, a field, a cell.
#[derive(Default)]
pub(crate) struct Run {
    pub(crate) field: Field,
    pub(crate) resolver: Resolver,
    /// Every trigger before this offset has been asked.
    pos: u64,
    /// How many bytes of the run have arrived.
    seen: u64,
    /// Asking again is idle before so many bytes have arrived.
    wants: u64,
    home: Home,
    carry: Vec<u8>,
    /// Offset in the run of `carry[0]`.
    carry_base: u64,
    candidates: Vec<Candidate>,
    asked: Asked,
    lessons: Vec<(u64, u64, bool, Kind)>,
    /// A rule of the profile claims the whole run, if it has any byte.
    claim: Option<(Operator, Kind)>,
    taken: Option<Taken>,
    /// Some detector took something, or a word was known.
    told: bool,
}

/// A finding that beats all others takes the run.
#[derive(Clone, Copy)]
struct Taken {
    /// From here on: of the detectors only those matter that reach back before it, or may teach words of it.
    from: u64,
    /// What it is taken for; nothing where a rule of the profile says so. Who looks for something else teaches no words
    /// of it.
    kind: Option<Kind>,
    /// Whether some detector may teach words of it.
    teaches: bool,
}

impl Taken {
    /// Whether `detector` may teach words of what was taken.
    fn is_taught_by(&self, detector: &Detector) -> bool {
        detector.teaches && self.kind.is_none_or(|kind| kind.main() == detector.kind.main())
    }

    /// Whether nobody else needs to be asked.
    fn is_final(&self) -> bool {
        self.from == 0 && !self.teaches
    }

    /// Whether what `detector` finds at `trigger` matters no more.
    fn silences(&self, detector: &Detector, trigger: u64) -> bool {
        trigger.saturating_sub(u64::from(detector.reach.bytes)) >= self.from && !self.is_taught_by(detector)
    }
}

/// Where the bytes at hand lie.
#[derive(Clone, Copy, Debug, Default)]
enum Home {
    /// In `carry`.
    #[default]
    Carry,
    /// In the current chunk: its byte `first` has offset `base` in the run.
    Chunk { first: usize, base: u64 },
}

/// What a run needs of its surroundings while it is fed.
pub(crate) struct Surroundings<'a> {
    pub(crate) compiled: &'a Compiled,
    pub(crate) memory: &'a mut Memory,
    /// Bytes copied so far.
    pub(crate) copied: &'a mut u64,
    pub(crate) events: &'a mut Vec<Event>,
    /// A table for the words of a page, and what is known of short runs.
    pub(crate) words: &'a mut Words,
    pub(crate) quiet: &'a mut Quiet,
}

/// What a stage outside of detection has to say on candidates and events.
pub(crate) trait Judge {
    /// Where entity memory places the byte at `offset` of the run.
    fn raw(&self, offset: u64) -> u64;
    /// What replaces a candidate, if it counts.
    fn admit(&self, kind: Kind, confidence: u8) -> Option<Operator>;
    /// Whether some kind is found and kept. A candidate of it may take others out of play.
    fn keeps(&self) -> bool;
    /// Takes events while the text that they speak of is at hand.
    fn take(&mut self, events: &mut Vec<Event>, text: Text<'_>);
}

impl Run {
    /// Gives back room that is not in use.
    pub(crate) fn rest(&mut self) {
        self.resolver.rest();
        self.carry.shrink_to_fit();
        self.candidates.shrink_to_fit();
        self.lessons.shrink_to_fit();
    }

    /// Makes it new for another run.
    pub(crate) fn restart(&mut self, field: Field, claim: Option<(Operator, Kind)>) {
        self.field = field;
        self.taken = claim.map(|_| Taken { from: 0, kind: None, teaches: true });
        self.told = claim.is_some();
        self.claim = claim;
        self.resolver.reset();
        (self.pos, self.seen, self.wants, self.carry_base) = (0, 0, 0, 0);
        self.home = Home::Carry;
        self.carry.clear();
    }

    /// Takes the bytes of `chunk` in `range`. `stable` says that `chunk` is the same slice until [`Run::park`];
    /// `last` that the run ends with them.
    pub(crate) fn feed(
        &mut self,
        chunk: &[u8],
        range: Range<usize>,
        stable: bool,
        last: bool,
        around: &mut Surroundings<'_>,
        judge: &mut impl Judge,
    ) {
        // A field that is known to hold something mostly does.
        let plain = !self.told && self.field.meaning.kind.is_none();
        let whole = plain && self.seen == 0 && last && range.len() <= quiet::LONGEST;
        if whole && let Some(text) = chunk.get(range.clone()) {
            if around.quiet.has(around.compiled, &self.field, text, around.memory) {
                self.seen = range.len() as u64;
                self.pos = self.seen;
                return;
            }
            around.words.forget();
        }
        self.read(chunk, range.clone(), stable, last, around, judge);
        if whole && !self.told {
            let text = chunk.get(range).unwrap_or_default();
            around.quiet.add(around.compiled, &self.field, text, around.words);
        }
    }

    /// The same, whatever is known of runs that were read before.
    fn read(
        &mut self,
        chunk: &[u8],
        range: Range<usize>,
        stable: bool,
        last: bool,
        around: &mut Surroundings<'_>,
        judge: &mut impl Judge,
    ) {
        let mut from = range.start;
        let fits = match self.home {
            Home::Chunk { first, base } => {
                stable && from.checked_sub(first).is_some_and(|len| self.seen - base == len as u64)
            }
            Home::Carry => false,
        };
        if !fits {
            if let Home::Chunk { .. } = self.home {
                self.park(chunk, around);
            }
            if self.seen == 0 && stable {
                self.home = Home::Chunk { first: from, base: 0 };
            } else if stable && range.len() >= SMALL {
                match self.cross(chunk, range.clone(), last, around, judge) {
                    Some(next) => from = next,
                    None => return,
                }
            } else {
                let Some(piece) = chunk.get(range) else { return };
                self.append(piece, around);
                self.turn(&[], last, around, judge);
                return;
            }
        }
        // In long pieces candidates are resolved every so often, so that their list stays small.
        loop {
            let to = range.end.min(from + STRETCH);
            self.seen += (to - from) as u64;
            from = to;
            self.turn(chunk, last && to == range.end, around, judge);
            if from == range.end {
                return;
            }
        }
    }

    /// Puts a first part of the piece behind the parked bytes until nothing before the piece is needed any more. Says
    /// where in the chunk the rest starts, or `None` when all of it was needed.
    fn cross(
        &mut self,
        chunk: &[u8],
        range: Range<usize>,
        last: bool,
        around: &mut Surroundings<'_>,
        judge: &mut impl Judge,
    ) -> Option<usize> {
        let piece_base = self.seen;
        let mut at = range.start;
        while at < range.end {
            let to = range.end.min(at + SEAM_STEP);
            self.append(chunk.get(at..to)?, around);
            at = to;
            self.turn(&[], last && at == range.end, around, judge);
            if self.needed(around.compiled) >= piece_base && at < range.end {
                self.carry.clear();
                self.home = Home::Chunk { first: range.start, base: piece_base };
                return Some(at);
            }
        }
        None
    }

    /// Copies what is still needed out of the current chunk, before it goes away.
    pub(crate) fn park(&mut self, chunk: &[u8], around: &mut Surroundings<'_>) {
        let Home::Chunk { first, base } = self.home else { return };
        let keep = self.needed(around.compiled).max(base);
        let text = Text { bytes: chunk.get(first..).unwrap_or_default(), base, open: true };
        let kept = text.slice(keep, self.seen);
        self.carry.clear();
        self.carry.extend_from_slice(kept);
        self.carry_base = keep;
        self.home = Home::Carry;
        *around.copied += kept.len() as u64;
    }

    fn append(&mut self, piece: &[u8], around: &mut Surroundings<'_>) {
        // The front of the buffer is dropped when most of it is spent, so that each byte moves a bounded number of times.
        let spent = usize::try_from(self.needed(around.compiled).saturating_sub(self.carry_base)).unwrap_or(0);
        if spent > 2 * SMALL && spent * 2 > self.carry.len() {
            self.carry.drain(..spent);
            self.carry_base += spent as u64;
        }
        self.carry.extend_from_slice(piece);
        self.seen += piece.len() as u64;
        *around.copied += piece.len() as u64;
    }

    /// The first byte that a later decision may look at.
    fn needed(&self, compiled: &Compiled) -> u64 {
        self.resolver.settled(self.frontier_floor(compiled)).min(self.pos.saturating_sub(compiled.before as u64))
    }

    /// A byte before which no finding to come starts, without looking at the text.
    fn frontier_floor(&self, compiled: &Compiled) -> u64 {
        let back = compiled.reaches.iter().map(|reach| u64::from(reach.bytes)).max().unwrap_or(0);
        self.pos.saturating_sub(back)
    }

    /// Asks and resolves as far as the bytes at hand allow.
    fn turn(&mut self, chunk: &[u8], last: bool, around: &mut Surroundings<'_>, judge: &mut impl Judge) {
        let carry = std::mem::take(&mut self.carry);
        let text = match self.home {
            Home::Carry => Text { bytes: &carry, base: self.carry_base, open: !last },
            Home::Chunk { first, base } => {
                let len = usize::try_from(self.seen - base).unwrap_or(usize::MAX);
                let bytes = chunk.get(first..).and_then(|rest| rest.get(..len)).unwrap_or_default();
                Text { bytes, base, open: !last }
            }
        };
        if last || self.seen >= self.wants {
            self.advance(text, around, judge);
        }
        if !self.candidates.is_empty() || !self.resolver.is_idle() {
            let most = around.compiled.window() as u64;
            match self.resolver.only(&mut self.candidates, text, most) {
                Some(event) => around.events.push(event),
                None => {
                    self.resolver.add(&mut self.candidates);
                    let frontier = self.frontier(text, around.compiled);
                    self.resolver.settle(text, frontier, most, around.events);
                }
            }
            if !around.events.is_empty() {
                judge.take(around.events, text);
            }
        }
        self.carry = carry;
        if last {
            self.home = Home::Carry;
            self.carry.clear();
        }
    }

    /// The first byte that may still belong to an undecided finding, if it has arrived. The bytes must be parked.
    pub(crate) fn undecided(&self, compiled: &Compiled) -> Option<u64> {
        Some(self.released(&[], compiled, false)).filter(|settled| *settled < self.seen)
    }

    /// The first byte that may still belong to an undecided finding.
    pub(crate) fn unsettled(&self, floor: u64) -> u64 {
        self.resolver.settled(floor)
    }

    /// A byte before which no finding to come starts: later triggers reach back over certain bytes only.
    fn frontier(&self, text: Text<'_>, compiled: &Compiled) -> u64 {
        if !text.open {
            return text.end();
        }
        let before = text.slice(text.base, self.pos);
        let back = compiled.reaches.iter().map(|reach| {
            let last = before.iter().rev().take(usize::from(reach.bytes));
            last.take_while(|&&byte| reach.across.has(byte)).count() as u64
        });
        self.pos - back.max().unwrap_or(0)
    }

    pub(crate) fn released(&self, chunk: &[u8], compiled: &Compiled, last: bool) -> u64 {
        if last {
            return self.seen;
        }
        let text = match self.home {
            Home::Carry => Text { bytes: &self.carry, base: self.carry_base, open: true },
            Home::Chunk { first, base } => {
                let len = usize::try_from(self.seen - base).unwrap_or(usize::MAX);
                let bytes = chunk.get(first..).and_then(|rest| rest.get(..len)).unwrap_or_default();
                Text { bytes, base, open: true }
            }
        };
        self.unsettled(self.frontier(text, compiled))
    }

    /// Asks detectors at every candidate that the bytes at hand settle.
    fn advance(&mut self, text: Text<'_>, around: &mut Surroundings<'_>, judge: &impl Judge) {
        let at = usize::try_from(self.pos - text.base).unwrap_or(usize::MAX);
        let end = text.base + text.bytes.len() as u64;
        let made = self.candidates.len();
        (self.pos, self.wants) = match self.visit_from(text, at, around, judge) {
            Ok(()) => (end, 0),
            Err(Undecided { at, wants }) => {
                if text.base + at as u64 == 0 {
                    // Everybody who is asked again decides again.
                    self.candidates.truncate(made);
                    self.taken = self.taken.filter(|taken| taken.kind.is_none());
                }
                (text.base + at as u64, text.base + wants as u64)
            }
        };
    }

    fn visit_from(
        &mut self,
        text: Text<'_>,
        mut at: usize,
        around: &mut Surroundings<'_>,
        judge: &impl Judge,
    ) -> Result<(), Undecided> {
        let begins = text.base == 0 && at == 0 && !text.bytes.is_empty();
        if begins && self.begin(text, around, judge)? || self.taken.is_some_and(|taken| taken.is_final()) {
            return Ok(());
        }
        // Little is at hand of a stream that comes in small chunks, and nothing is read twice of one that does not.
        let mut page = FIRST_PAGE;
        let over = self.silent_from(text, around.compiled);
        while at < over {
            around.words.read(text.bytes, at, page, text.open, around.compiled);
            let end = over.min(at + page);
            self.visit(text, at..end, around, judge)?;
            (at, page) = (end, PAGE);
        }
        Ok(())
    }

    /// Index in `text` from which on nobody is asked: that of its end, unless the run was taken, no words of it are taught,
    /// and no detector reaches back before it.
    fn silent_from(&self, text: Text<'_>, compiled: &Compiled) -> usize {
        let silenced = self.taken.filter(|taken| !taken.teaches).and_then(|taken| {
            let back = compiled.reaches.iter().map(|reach| u64::from(reach.bytes)).max().unwrap_or(0);
            usize::try_from(taken.from.saturating_add(back).saturating_sub(text.base)).ok()
        });
        silenced.map_or(text.bytes.len(), |silenced| silenced.min(text.bytes.len()))
    }

    /// Asks the detector that beats all others whether it takes the run, before anything of it is read. Says whether
    /// nobody else needs to be asked.
    fn begin(&mut self, text: Text<'_>, around: &mut Surroundings<'_>, judge: &impl Judge) -> Result<bool, Undecided> {
        let compiled = around.compiled;
        let Some((strongest, _)) = compiled.on.opener else { return Ok(false) };
        let made = self.candidates.len();
        around.words.forget();
        self.ask_one(strongest, &Asking { text, at: 0, made, words: around.words }, compiled, judge)?;
        self.note_taken(made, compiled);
        let over = self.taken.is_some_and(|taken| taken.is_final());
        if over {
            let claimed = self.claimed(compiled);
            self.candidates.extend(claimed);
        }
        Ok(over)
    }

    /// What a rule of the profile claims, once.
    fn claimed(&mut self, compiled: &Compiled) -> Option<Candidate> {
        let (operator, kind) = self.claim.take()?;
        Some(Candidate {
            start: 0,
            decided: 1,
            tail: Tail::Rest,
            reached: 1,
            kind,
            confidence: 100,
            priority: u8::MAX,
            detector: u16::try_from(compiled.detectors.len() + 1).unwrap_or(u16::MAX),
            trigger: 0,
            reason: "a rule of the profile",
            operator,
        })
    }

    /// Whether the run is one finding from its start to its end, whatever else is found in it.
    #[inline]
    fn is_taken_whole(&self) -> bool {
        self.taken.is_some_and(|taken| taken.from == 0)
    }

    /// Whether one of the candidates from `made` on takes the run.
    fn note_taken(&mut self, made: usize, compiled: &Compiled) {
        let Some((_, priority)) = compiled.on.strongest else { return };
        if self.taken.is_some() {
            return;
        }
        let takes = |made: &&Candidate| made.priority == priority && made.tail == Tail::Rest && !made.is_kept();
        if let Some(made) = self.candidates.get(made..).unwrap_or_default().iter().find(takes) {
            let teaches = compiled.on.taught.iter().any(|main| made.kind.is_of(main));
            self.taken = Some(Taken { from: made.start, kind: Some(made.kind), teaches });
        }
    }

    /// Asks detectors at the words and the other candidates of a page, in order.
    fn visit(
        &mut self,
        text: Text<'_>,
        page: Range<usize>,
        around: &mut Surroundings<'_>,
        judge: &impl Judge,
    ) -> Result<(), Undecided> {
        // Where the run was taken and teaches nothing, only those matter who reach back before that.
        let silenced = self.taken.filter(|taken| !taken.teaches).map(|taken| taken.from);
        let mut block = page.start;
        while block < page.end {
            let (mut others, loud) = around.words.candidates(block);
            if text.base == 0 && block == 0 {
                // The run's start is one, whatever stands there.
                others |= 1;
            }
            let mut bits = others | loud;
            if !around.memory.is_empty() {
                bits |= around.words.recalled(block, 0, |hash| around.memory.may_know(hash));
            }
            let mut taught = around.memory.taught();
            while bits != 0 {
                let bit = bits.trailing_zeros();
                bits &= bits.wrapping_sub(1);
                let at = block + bit as usize;
                let is_word = others >> bit & 1 == 0;
                if let Some(behind) = silenced.and_then(|from| (text.base + at as u64).checked_sub(from))
                    && behind >= u64::from(around.compiled.on.reach_of(text.bytes.get(at), is_word))
                {
                    continue;
                }
                if is_word {
                    self.ask_at_word(text, at, around, judge)?;
                } else {
                    self.ask_at_other(text, at, around, judge)?;
                }
                if around.memory.taught() != taught {
                    taught = around.memory.taught();
                    if bit < 63 {
                        bits |= around.words.recalled(block, bit + 1, |hash| around.memory.may_know(hash));
                    }
                }
            }
            block += BLOCK;
        }
        Ok(())
    }

    /// Asks the detectors that the word at `at` triggers, when nothing else is triggered with it.
    #[inline]
    fn ask_at_word(
        &mut self,
        text: Text<'_>,
        at: usize,
        around: &mut Surroundings<'_>,
        judge: &impl Judge,
    ) -> Result<(), Undecided> {
        let words = &*around.words;
        let Some((place, word)) = words.word_at(at) else { return Ok(()) };
        if !word.is_known() {
            return self.ask(text, at, around, judge);
        }
        let on = &around.compiled.on;
        let made = self.candidates.len();
        let trigger = text.base + at as u64;
        self.asked.clear();
        if word.is_loud() {
            let near = Near::new(words, place, word, text.bytes, text.base == 0, text.open, &self.field);
            let entry = Entry { bits: word.bits, triggers: word.triggers };
            let taken = self.taken_before(trigger);
            on.ask_word(entry, Stand { capital: word.is_capital(), opens: false, taken }, Some(&near), &mut self.asked);
        }
        if let Some(kind) = around.memory.recall(word.hash, word.is_capital(), || judge.raw(trigger)) {
            self.told = true;
            if !self.is_taken_whole() {
                self.candidates.extend(repeat(around.compiled, trigger, usize::from(word.len), kind, judge));
            }
        }
        if self.asked.is_empty() {
            return Ok(());
        }
        self.ask_all(&Asking { text, at, made, words }, around.compiled, judge)?;
        self.teach(text, trigger, around, judge);
        Ok(())
    }

    /// How far behind the start of what was taken a trigger stands, and whether words of that may be taught.
    #[inline]
    fn taken_before(&self, trigger: u64) -> Option<(u64, bool)> {
        let taken = self.taken.as_ref()?;
        Some((trigger.checked_sub(taken.from)?, taken.teaches))
    }

    /// Asks those who are to be asked, the weak ones last: they may look at what others found.
    #[inline]
    fn ask_all(&mut self, asking: &Asking<'_>, compiled: &Compiled, judge: &impl Judge) -> Result<(), Undecided> {
        let mut weak = self.asked.take_out(compiled.on.weak);
        loop {
            match self.asked.pop() {
                Some(index) => self.ask_one(index, asking, compiled, judge)?,
                None if weak != 0 => self.asked.put_back(std::mem::take(&mut weak)),
                None => return Ok(()),
            }
        }
    }

    /// Asks the detectors that are triggered at `at`, which is no word that the table knows. Most numbers and signs
    /// are worth asking nobody.
    #[inline]
    fn ask_at_other(
        &mut self,
        text: Text<'_>,
        at: usize,
        around: &mut Surroundings<'_>,
        judge: &impl Judge,
    ) -> Result<(), Undecided> {
        let compiled = around.compiled;
        let on = &compiled.on;
        let Some(&byte) = text.bytes.get(at) else { return Ok(()) };
        let special = on.special.has(byte);
        let plain =
            if byte.is_ascii_digit() { !special } else { special && !byte.is_ascii_alphabetic() && byte < 0xc0 };
        if !plain || text.base + at as u64 == 0 {
            return self.ask(text, at, around, judge);
        }
        if self.is_taken_whole() {
            return Ok(());
        }
        self.asked.clear();
        if special {
            on.signs.ask(text.bytes, at, text.open, &mut self.asked);
            if on.bytes_special.has(byte)
                && let Some(list) = on.bytes.get(usize::from(byte))
            {
                self.asked.add(list);
            }
        } else {
            self.asked.add(&on.digits);
            let taken = self.taken_before(text.base + at as u64).map(|(behind, _)| behind);
            on.numbers.ask(text.bytes, at, text.open, None, taken, around.words, &mut self.asked);
        }
        if self.asked.is_empty() {
            return Ok(());
        }
        let made = self.candidates.len();
        self.ask_all(&Asking { text, at, made, words: around.words }, compiled, judge)?;
        self.teach(text, text.base + at as u64, around, judge);
        Ok(())
    }

    /// Asks the detectors that are triggered at `at`, whatever stands there.
    fn ask(
        &mut self,
        text: Text<'_>,
        at: usize,
        around: &mut Surroundings<'_>,
        judge: &impl Judge,
    ) -> Result<(), Undecided> {
        let (bytes, compiled) = (text.bytes, around.compiled);
        let Some(&byte) = bytes.get(at) else { return Ok(()) };
        let words = &*around.words;
        let on = &compiled.on;
        let asked = &mut self.asked;
        asked.clear();
        let trigger = text.base + at as u64;
        let begins = trigger == 0;
        let taken = self.taken.is_some_and(|taken| taken.from == 0);
        let taken_before =
            self.taken.as_ref().and_then(|taken| Some((trigger.checked_sub(taken.from)?, taken.teaches)));
        let made = self.candidates.len();
        if begins {
            asked.add(&on.start);
            let hints = self.field.meaning.hints;
            if hints & on.hints != 0 {
                on.fields.iter().filter(|(any, _)| any & hints != 0).for_each(|(_, index)| asked.insert(*index));
            }
        }
        if on.special.has(byte) && !taken {
            on.signs.ask(bytes, at, text.open, asked);
            if on.bytes_special.has(byte)
                && let Some(list) = on.bytes.get(usize::from(byte))
            {
                asked.add(list);
            }
        }
        if byte.is_ascii_digit() {
            if !taken && !at.checked_sub(1).and_then(|i| bytes.get(i)).is_some_and(u8::is_ascii_digit) {
                asked.add(&on.digits);
                let start = begins.then_some(self.field.meaning.hints);
                on.numbers.ask(bytes, at, text.open, start, taken_before.map(|(behind, _)| behind), words, asked);
            }
        } else if byte.is_ascii_alphabetic()
            && let Some((place, word)) = words.word_at(at).filter(|(_, word)| word.is_known())
        {
            let near = Near::new(words, place, word, bytes, text.base == 0, text.open, &self.field);
            let entry = Entry { bits: word.bits, triggers: word.triggers };
            let stand = Stand { capital: word.is_capital(), opens: begins, taken: taken_before };
            on.ask_word(entry, stand, Some(&near), asked);
            if let Some(kind) = around.memory.recall(word.hash, word.is_capital(), || judge.raw(trigger)) {
                self.told = true;
                if !taken {
                    self.candidates.extend(repeat(compiled, trigger, usize::from(word.len), kind, judge));
                }
            }
        } else if byte.is_ascii_alphabetic() || byte >= 0xc0 {
            self.told = true;
            self.ask_at_wide_word(text, at, around, judge)?;
        }
        if taken {
            self.asked.keep(&on.teachers);
        }
        if self.asked.is_empty() && !begins {
            return Ok(());
        }
        let asking = Asking { text, at, made, words: around.words };
        if begins && let Some((strongest, _)) = on.strongest {
            if on.opener.is_some() {
                // It was asked before.
                self.asked.remove(strongest);
            } else if self.asked.has(strongest) {
                self.asked.remove(strongest);
                self.ask_one(strongest, &asking, compiled, judge)?;
                self.note_taken(made, compiled);
            }
        }
        self.ask_all(&asking, compiled, judge)?;
        if begins {
            let claimed = self.claimed(compiled);
            self.candidates.extend(claimed);
        }
        self.teach(text, trigger, around, judge);
        Ok(())
    }

    /// Adds whom a word asks that the table of words does not know: it is long, or has a letter beyond ASCII.
    fn ask_at_wide_word(
        &mut self,
        text: Text<'_>,
        at: usize,
        around: &Surroundings<'_>,
        judge: &impl Judge,
    ) -> Result<(), Undecided> {
        let rest = text.bytes.get(at..).unwrap_or_default();
        let capital = !rest.first().is_some_and(u8::is_ascii_lowercase);
        // A letter beyond ASCII may have four bytes; all are needed to know it, here and behind the word.
        if text.open && rest.first().is_some_and(|byte| *byte >= 0xc0) && rest.len() < 4 {
            return Err(Undecided { at, wants: at + 4 });
        }
        if !word_starts(text.bytes, at) {
            return Ok(());
        }
        let trigger = text.base + at as u64;
        let rest = rest.get(..LONGEST_WORD + 4).unwrap_or(rest);
        let word = rest.get(..word_len(rest)).unwrap_or_default();
        let settled = rest.get(word.len()).is_some_and(u8::is_ascii) || rest.len() >= word.len() + 4;
        if text.open && !settled && rest.len() < LONGEST_WORD + 4 {
            return Err(Undecided { at, wants: at + rest.len() + 1 });
        }
        let folded = Folded::new(word);
        let entry = folded.as_ref().map(|word| around.compiled.lexicon.entry(word)).unwrap_or_default();
        let taken = self.taken_before(trigger);
        let stand = Stand { capital: capital && letter(rest) > 0, opens: trigger == 0, taken };
        around.compiled.on.ask_word(entry, stand, None, &mut self.asked);
        if let Some(folded) = &folded
            && let Some(kind) = around.memory.recall(folded.hash(), capital, || judge.raw(trigger))
        {
            self.candidates.extend(repeat(around.compiled, trigger, word.len(), kind, judge));
        }
        Ok(())
    }

    /// Remembers the words of findings.
    #[inline]
    fn teach(&mut self, text: Text<'_>, trigger: u64, around: &mut Surroundings<'_>, judge: &impl Judge) {
        if !self.lessons.is_empty() {
            self.teach_lessons(text, judge.raw(trigger), around);
        }
    }

    #[inline(never)]
    fn teach_lessons(&mut self, text: Text<'_>, raw: u64, around: &mut Surroundings<'_>) {
        for (start, end, any_case, kind) in self.lessons.drain(..) {
            around.memory.teach(text.slice(start, end), any_case, kind, raw);
        }
    }

    /// Asks one detector, and notes its answer.
    #[inline]
    fn ask_one(
        &mut self,
        index: u16,
        &Asking { text, at, made, words }: &Asking<'_>,
        compiled: &Compiled,
        judge: &impl Judge,
    ) -> Result<(), Undecided> {
        let Some(detector) = compiled.detectors.get(usize::from(index)) else { return Ok(()) };
        let trigger = text.base + at as u64;
        if self.taken.is_some_and(|taken| taken.silences(detector, trigger)) {
            return Ok(());
        }
        let mut view = View::new(text.bytes, at, text.open, detector.window, &self.field, &compiled.lexicon, words);
        if index < 64 && compiled.on.weak >> index & 1 == 1 && !judge.keeps() {
            view.show_beside(&self.candidates, text.base, detector.priority);
        }
        let verdict = detector.verify.call(&view);
        if let Some(wants) = view.wants() {
            self.candidates.truncate(made);
            self.lessons.clear();
            return Err(Undecided { at, wants });
        }
        let Some(verdict) = verdict.filter(|verdict| detector.stands_by(verdict, &view)) else { return Ok(()) };
        self.told = true;
        let offset = |relative: i32| trigger.saturating_add_signed(i64::from(relative));
        let (start, end) = (offset(verdict.start), offset(verdict.end));
        let Some(operator) = judge.admit(verdict.kind, verdict.confidence) else { return Ok(()) };
        if !self.is_taken_whole() {
            let made = candidate(trigger, start, end, &verdict, detector.priority, index, operator);
            self.candidates.push(made);
        }
        if !detector.teaches {
            return Ok(());
        }
        for teach in verdict.teaches.into_iter().flatten() {
            self.lessons.push((offset(teach.start), offset(teach.end), teach.any_case, verdict.kind));
        }
        Ok(())
    }
}

/// Where detectors are asked.
struct Asking<'a> {
    text: Text<'a>,
    at: usize,
    /// How many candidates there were before.
    made: usize,
    words: &'a Words,
}

/// A word that was taught stands alone here.
fn repeat(compiled: &Compiled, trigger: u64, len: usize, kind: Kind, judge: &impl Judge) -> Option<Candidate> {
    let verdict = Verdict::new(0, 0, kind, memory::CONFIDENCE, "named before");
    let index = u16::try_from(compiled.detectors.len()).unwrap_or(u16::MAX);
    let operator = judge.admit(verdict.kind, verdict.confidence)?;
    Some(candidate(trigger, trigger, trigger + len as u64, &verdict, 0, index, operator))
}

/// A decision that depends on bytes that have not arrived.
struct Undecided {
    /// Where it was to be made.
    at: usize,
    /// Asking again is idle before so many bytes are at hand.
    wants: usize,
}

fn candidate(
    trigger: u64,
    start: u64,
    decided: u64,
    verdict: &Verdict,
    priority: u8,
    detector: u16,
    operator: Operator,
) -> Candidate {
    let Verdict { kind, confidence, reason, tail, .. } = *verdict;
    Candidate {
        start,
        decided,
        tail,
        reached: decided,
        kind,
        confidence,
        priority,
        detector,
        trigger,
        reason,
        operator,
    }
}
