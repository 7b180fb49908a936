//! The words of a stretch of text: read once and looked up once, for all detectors.
//!
//! Stage one's bitmaps tell where words begin and end. Each is folded, hashed and looked up in a loop of its own, before
//! any detector is asked, so that the loop is short and its memory accesses overlap. What detectors ask of a word later
//! (how long it is, what it may be) is read from the table.

use std::cell::Cell;

use crate::blocks::{BLOCK, Carry};
use crate::lexicon::{self, Entry, Folded, Lexicon};
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
    pub(crate) at: usize,
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
        self.at
    }

    #[inline]
    pub(crate) fn end(&self) -> usize {
        self.at + usize::from(self.len)
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
    wide: [u64; BLOCKS + 1],
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
            wide: [0; BLOCKS + 1],
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
        let maps = self.alpha.iter_mut().zip(&mut self.digits).zip(&mut self.others).zip(&mut self.wide);
        let mut blocks = 0;
        // Whether the byte before the block is a blank; before the first one it may be.
        let mut parted = 1;
        for (bytes, (((alpha, digits), others), wide)) in stretch.chunks(BLOCK).zip(maps) {
            let block = compiled.classifier.partial(bytes);
            let mut special = block.special;
            if compiled.on.signs_end_nothing {
                // The end of a sentence or a label does not matter: a sign behind something and before a blank.
                special &= !(block.blank >> 1) | (block.blank << 1 | parted);
                parted = block.blank >> 63;
            }
            (*alpha, *digits, *wide) = (block.alpha, block.digit, block.wide);
            *others = block.numbers(carry) | block.lead | special;
            carry = block.carry();
            blocks += 1;
        }
        for map in [&mut self.alpha[..], &mut self.wide[..]] {
            if let Some(end) = map.get_mut(blocks) {
                *end = 0;
            }
        }
        self.gather(text, blocks, before, compiled);
    }

    /// Makes a list of the words of `blocks` blocks.
    #[expect(clippy::cast_possible_truncation, reason = "a page has few words, none looked up is longer than 48 bytes")]
    fn gather(&mut self, text: &[u8], blocks: usize, before: Option<u8>, compiled: &Compiled) {
        let on = &compiled.on;
        // What makes a word loud, by whether it has a capital.
        let loud = [on.asks_every_word(), on.asks_every_word() || on.asks_capitals()];
        let mut last = u64::from(before.is_some_and(|byte| byte.is_ascii_alphabetic()));
        let mut last_wide = u64::from(before.is_some_and(|byte| byte >= 0x80));
        let mut base = self.from;
        for (alphas, wides) in self.alpha.windows(2).zip(self.wide.windows(2)).take(blocks) {
            let (&[alpha, next], &[wide, next_wide]) = (alphas, wides) else { break };
            let mut starts = alpha & !(alpha << 1 | last);
            // Nothing beyond ASCII is near most words.
            let ascii = wide | last_wide | next_wide == 0;
            (last, last_wide) = (alpha >> 63, wide >> 63);
            while starts != 0 {
                let bit = starts.trailing_zeros();
                starts &= starts - 1;
                let here = (!(alpha >> bit)).trailing_zeros();
                let len = if bit + here == 64 { here + (!next).trailing_zeros() } else { here } as usize;
                let at = base + bit as usize;
                let Some(rest) = text.get(at..) else { break };
                let first = rest.first_chunk::<8>().map_or_else(|| lanes::load(rest), |all| u64::from_le_bytes(*all));
                let capital = first & 0x20 == 0;
                let mut word = Word { at, flags: if capital { CAPITAL } else { 0 }, ..Word::default() };
                let ends = at + len < self.to || self.over;
                if ends && len <= LONGEST_WORD && (ascii || touches_ascii_only(text, at, len)) {
                    let (hash, entry) = look_up(rest, first, len, &compiled.lexicon);
                    (word.hash, word.bits, word.triggers) = (hash, entry.bits, entry.triggers);
                    word.len = len as u8;
                    if entry.triggers > 0 || entry.bits & on.categories != 0 || loud[usize::from(capital)] {
                        word.flags |= LOUD;
                    }
                } else {
                    word.flags |= UNKNOWN | LOUD;
                }
                if let Some(place) = self.index.get_mut(at / 2 % PLACES) {
                    *place = self.list.len() as u16;
                }
                self.list.push(word);
            }
            base += BLOCK;
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

/// Whether neither the byte before nor the one behind the word `text[at..at + len]` is beyond ASCII.
fn touches_ascii_only(text: &[u8], at: usize, len: usize) -> bool {
    let ascii = |byte: Option<&u8>| byte.is_none_or(u8::is_ascii);
    ascii(at.checked_sub(1).and_then(|i| text.get(i))) && ascii(text.get(at + len))
}

/// The hash and the entry of the word of `len` ASCII letters that `rest` begins with; `first` are its first eight bytes.
#[inline]
fn look_up(rest: &[u8], first: u64, len: usize, lexicon: &Lexicon) -> (u64, Entry) {
    if len <= 8 {
        let only = lanes::small(first, len);
        let hash = lexicon::hash_of(len, &[only]);
        (hash, lexicon.entry_of(hash, len, &[only]))
    } else if len <= 16 {
        let second = rest.get(8..).unwrap_or_default();
        let second = second.first_chunk::<8>().map_or_else(|| lanes::load(second), |all| u64::from_le_bytes(*all));
        let both = [lanes::small(first, 8), lanes::small(second, len - 8)];
        let hash = lexicon::hash_of(len, &both);
        (hash, lexicon.entry_of(hash, len, &both))
    } else {
        let word = rest.get(..len).unwrap_or_default();
        Folded::new(word).map_or_else(|| (0, Entry::default()), |word| (word.hash(), lexicon.entry(&word)))
    }
}
