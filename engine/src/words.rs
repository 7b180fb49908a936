//! The words of a stretch of text: read once and looked up once, for all detectors.
//!
//! Stage one's bitmaps tell where words begin and end. Each is folded, hashed and looked up in a loop of its own, before
//! any detector is asked, so that the loop is short and its memory accesses overlap. What detectors ask of a word later
//! (how long it is, what it may be) is read from the table.

use std::cell::Cell;

use crate::blocks::{BLOCK, Carry};
use crate::lexicon::{self, Entry, Folded};
use crate::scanner::Compiled;
use crate::text::{LONGEST_WORD, lanes};

/// The most bytes whose words are read at a time.
pub(crate) const PAGE: usize = 4096;
/// So many more bytes are read, for those who look ahead of the last trigger of a page.
const AHEAD: usize = 256;
const BLOCKS: usize = (PAGE + AHEAD) / BLOCK;
/// Slots of the index. Words begin two bytes apart at least, so no two of a page share one.
const PLACES: usize = 4096;
const _: () = assert!(PLACES.is_power_of_two() && PLACES * 2 > PAGE + AHEAD);

/// What is known of a word of ASCII letters.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Word {
    pub(crate) hash: u64,
    /// Its categories in the lexicon.
    pub(crate) bits: u32,
    /// Where it begins in the text at hand.
    pub(crate) at: u32,
    /// One more than the index of the list of conditions that this very word meets.
    pub(crate) triggers: u16,
    pub(crate) len: u8,
    flags: u8,
}

/// Some condition may hold here.
const LOUD: u8 = 1;
/// It begins with a capital.
const CAPITAL: u8 = 2;
/// Nothing is known of it but its place: it is long, touches a letter beyond ASCII, or may go on.
const UNKNOWN: u8 = 4;

impl Word {
    #[inline]
    pub(crate) fn is_loud(&self) -> bool {
        self.flags & LOUD != 0
    }

    #[inline]
    pub(crate) fn is_capital(&self) -> bool {
        self.flags & CAPITAL != 0
    }

    #[inline]
    pub(crate) fn is_known(&self) -> bool {
        self.flags & UNKNOWN == 0
    }

    #[inline]
    pub(crate) fn start(&self) -> usize {
        self.at as usize
    }

    #[inline]
    pub(crate) fn end(&self) -> usize {
        self.at as usize + usize::from(self.len)
    }
}

/// The words of one page of the text at hand.
pub(crate) struct Words {
    list: Vec<Word>,
    /// Places in `list`, by half of where a word begins. What an entry says of a place counts when the word is there.
    index: Box<[u16; PLACES]>,
    alpha: [u64; BLOCKS + 1],
    digits: [u64; BLOCKS],
    others: [u64; BLOCKS],
    /// Index of the first byte that was read.
    from: usize,
    /// Index one past the last byte that was read.
    to: usize,
    /// Whether nothing follows `to`.
    over: bool,
}

thread_local! {
    /// One table serves all streams of a thread: it holds nothing from one call to the next.
    static SPARE: Cell<Option<Box<Words>>> = const { Cell::new(None) };
}

impl Words {
    /// A table without any word: whoever asks it has to look for himself.
    pub(crate) fn none() -> Self {
        Self {
            list: Vec::new(),
            index: Box::new([0; PLACES]),
            alpha: [0; BLOCKS + 1],
            digits: [0; BLOCKS],
            others: [0; BLOCKS],
            from: 0,
            to: 0,
            over: false,
        }
    }

    /// Lends a table to `work`.
    pub(crate) fn lend<T>(work: impl FnOnce(&mut Self) -> T) -> T {
        let mut words = SPARE.take().unwrap_or_else(|| Box::new(Self::none()));
        let done = work(&mut words);
        words.list.clear();
        SPARE.set(Some(words));
        done
    }

    /// Reads a page of `text` from the index `from` on. `open` says that more may follow `text`.
    pub(crate) fn read(&mut self, text: &[u8], from: usize, page: usize, open: bool, compiled: &Compiled) {
        let to = text.len().min(from + page + AHEAD);
        self.list.clear();
        (self.from, self.to, self.over) = (from, to, !open && to == text.len());
        let before = from.checked_sub(1).and_then(|i| text.get(i)).copied();
        let mut carry = Carry::after(before);
        let stretch = text.get(from..to).unwrap_or_default();
        let maps = self.alpha.iter_mut().zip(&mut self.digits).zip(&mut self.others);
        let mut blocks = 0;
        for (bytes, ((alpha, digits), others)) in stretch.chunks(BLOCK).zip(maps) {
            let block = compiled.classifier.partial(bytes);
            (*alpha, *digits, *others) = (block.alpha, block.digit, block.others(carry));
            carry = block.carry();
            blocks += 1;
        }
        if let Some(end) = self.alpha.get_mut(blocks) {
            *end = 0;
        }
        self.gather(text, blocks, before.is_some_and(|byte| byte.is_ascii_alphabetic()), compiled);
    }

    /// Makes a list of the words of `blocks` blocks.
    fn gather(&mut self, text: &[u8], blocks: usize, begun: bool, compiled: &Compiled) {
        let on = &compiled.on;
        let (every, capitals) = (on.asks_every_word(), on.asks_capitals());
        let mut last = u64::from(begun);
        for (n, pair) in self.alpha.windows(2).take(blocks).enumerate() {
            let &[alpha, next] = pair else { break };
            let mut starts = alpha & !(alpha << 1 | last);
            last = alpha >> 63;
            while starts != 0 {
                let bit = starts.trailing_zeros();
                starts &= starts - 1;
                let here = (!(alpha >> bit)).trailing_zeros();
                let len = if bit + here == 64 { here + (!next).trailing_zeros() } else { here };
                let at = self.from + n * BLOCK + bit as usize;
                let end = at + len as usize;
                let mut word = Word { at: at as u32, ..Word::default() };
                let ends = match text.get(end) {
                    Some(byte) => byte.is_ascii() && end < self.to,
                    None => self.over,
                };
                let begins = at.checked_sub(1).and_then(|i| text.get(i)).is_none_or(u8::is_ascii);
                let capital = text.get(at).is_some_and(u8::is_ascii_uppercase);
                word.flags = if capital { CAPITAL } else { 0 };
                if ends && begins && len as usize <= LONGEST_WORD {
                    word.len = len as u8;
                    let (hash, entry) = look_up(text, at, len as usize, &compiled.lexicon);
                    (word.hash, word.bits, word.triggers) = (hash, entry.bits, entry.triggers);
                    let loud = every || capital && capitals || entry.triggers > 0 || entry.bits & on.categories != 0;
                    word.flags |= if loud { LOUD } else { 0 };
                } else {
                    word.flags |= UNKNOWN | LOUD;
                }
                if let Some(place) = self.index.get_mut(at / 2 % PLACES) {
                    *place = self.list.len() as u16;
                }
                self.list.push(word);
            }
        }
    }

    /// The words from place `i` of the table on.
    #[inline]
    pub(crate) fn get(&self, i: usize) -> Option<&Word> {
        self.list.get(i)
    }

    /// Beginnings of runs of digits, and bytes that may matter, of the block that begins at index `at`.
    #[inline]
    pub(crate) fn others(&self, at: usize) -> u64 {
        self.others.get((at - self.from) / BLOCK).copied().unwrap_or(0)
    }

    /// The word that begins at index `at`, if it is known.
    #[inline]
    pub(crate) fn at(&self, at: usize) -> Option<&Word> {
        let place = *self.index.get(at / 2 % PLACES)?;
        self.list.get(usize::from(place)).filter(|word| word.start() == at && word.is_known())
    }

    /// Whether place `i` is behind the last word of the text; `None` when that is not known.
    pub(crate) fn is_behind_all(&self, i: usize) -> Option<bool> {
        if i < self.list.len() { Some(false) } else { self.over.then_some(true) }
    }

    /// Whether a digit stands in `text[from..to]`; `None` when that is not known.
    pub(crate) fn has_digit(&self, from: usize, to: usize) -> Option<bool> {
        let known = to.min(self.to);
        if from < self.from {
            return None;
        }
        let mut at = from;
        while at < known {
            let (block, bit) = ((at - self.from) / BLOCK, (at - self.from) % BLOCK);
            let digits = self.digits.get(block).copied().unwrap_or(0) >> bit;
            if digits != 0 {
                return Some(at + (digits.trailing_zeros() as usize) < to);
            }
            at += BLOCK - bit;
        }
        (to <= self.to || self.over).then_some(false)
    }
}

/// The hash and the entry of the ASCII word `text[at..at + len]`.
#[inline]
fn look_up(text: &[u8], at: usize, len: usize, lexicon: &lexicon::Lexicon) -> (u64, Entry) {
    let lane = |at: usize, len: usize| {
        let rest = text.get(at..).unwrap_or_default();
        let bytes = rest.first_chunk::<8>().map_or_else(|| lanes::load(rest), |all| u64::from_le_bytes(*all));
        lanes::small(bytes, len)
    };
    if len <= 8 {
        let only = lane(at, len);
        let hash = lexicon::hash_of(len, &[only]);
        (hash, lexicon.entry_of(hash, len, &[only]))
    } else if len <= 16 {
        let both = [lane(at, 8), lane(at + 8, len - 8)];
        let hash = lexicon::hash_of(len, &both);
        (hash, lexicon.entry_of(hash, len, &both))
    } else {
        let word = text.get(at..at + len).unwrap_or_default();
        Folded::new(word).map_or((0, Entry::default()), |word| (word.hash(), lexicon.entry(&word)))
    }
}
