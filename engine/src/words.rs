//! The words of a stretch of text: read once and looked up once, for all detectors.
//!
//! Stage one's bitmaps tell where words begin and end. Each is folded, hashed and looked up in a loop of its own, before
//! any detector is asked, so that the loop is short and its memory accesses overlap. What detectors ask of a word later
//! (how long it is, what it may be) is read from the table.

use std::cell::{Cell, OnceCell};

use crate::blocks::{BLOCK, Carry};
use crate::clumps::{Clumps, Page};
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
    /// Where it begins in the text at hand.
    pub(crate) at: usize,
    /// Its categories in the lexicon.
    pub(crate) bits: u32,
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

/// What was read of 64 bytes.
#[derive(Clone, Copy, Debug, Default)]
struct Row {
    alpha: u64,
    digit: u64,
    /// Bytes beyond ASCII.
    wide: u64,
    /// Beginnings of runs of digits, and bytes that may matter.
    others: u64,
    /// Beginnings of words.
    starts: u64,
    /// Beginnings of words that some condition may hold for.
    loud: u64,
    /// How many words began before.
    words: u32,
}

/// The words of one page of the text at hand.
pub(crate) struct Words {
    list: Vec<Word>,
    /// Places in `list`, by half of where a word begins. What an entry says of a place counts when the word is there.
    index: Box<[u16; PLACES]>,
    /// One more than blocks, all of it empty where nothing was read.
    rows: Box<[Row; BLOCKS + 1]>,
    /// Index of the first byte that was read.
    from: usize,
    /// Index one past the last byte that was read.
    to: usize,
    /// Whether nothing follows `to`.
    over: bool,
    /// The clumps of the page, once somebody asked.
    clumps: OnceCell<Box<Page>>,
    /// Those of an earlier page, whose memory is used again.
    spare_clumps: Cell<Option<Box<Page>>>,
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
            rows: Box::new([Row::default(); BLOCKS + 1]),
            from: 0,
            to: 0,
            over: false,
            clumps: OnceCell::new(),
            spare_clumps: Cell::new(None),
        }
    }

    /// Lends a table to `work`.
    pub(crate) fn lend<T>(work: impl FnOnce(&mut Self) -> T) -> T {
        let mut words = SPARE.take().unwrap_or_else(|| Box::new(Self::none()));
        let done = work(&mut words);
        words.forget();
        SPARE.set(Some(words));
        done
    }

    /// Makes it a table without any word.
    pub(crate) fn forget(&mut self) {
        self.list.clear();
        self.set_stretch(0, 0, false);
    }

    /// What is read from now on is `text[from..to]`.
    #[inline]
    fn set_stretch(&mut self, from: usize, to: usize, over: bool) {
        (self.from, self.to, self.over) = (from, to, over);
        if let Some(clumps) = self.clumps.take() {
            self.spare_clumps.set(Some(clumps));
        }
    }

    /// The clumps around that which begins at index `at` of the text at hand, as far as they show in `text[first..]`.
    /// `None` when they were not read.
    #[inline]
    pub(crate) fn clumps<'a>(&'a self, text: &'a [u8], first: usize, at: usize) -> Option<Clumps<'a>> {
        if self.to == 0 || text.len() < self.from {
            return None;
        }
        let page = self.clumps.get_or_init(|| {
            let mut page = self.spare_clumps.take().unwrap_or_else(|| Box::new(Page::new()));
            let rows = self.rows.iter().take((self.to - self.from).div_ceil(BLOCK));
            page.read(text, self.from, self.to, self.over, rows.map(|row| row.alpha | row.digit | row.wide));
            page
        });
        page.around(text, first, at)
    }

    /// Reads a page of `text` from the index `from` on. `open` says that more may follow `text`.
    pub(crate) fn read(&mut self, text: &[u8], from: usize, page: usize, open: bool, compiled: &Compiled) {
        let to = text.len().min(from + page + AHEAD);
        self.list.clear();
        self.set_stretch(from, to, !open && to == text.len());
        let before = from.checked_sub(1).and_then(|i| text.get(i)).copied();
        let mut carry = Carry::after(before);
        let mut last_alpha = u64::from(before.is_some_and(|byte| byte.is_ascii_alphabetic()));
        let stretch = text.get(from..to).unwrap_or_default();
        // Whether the byte before the block is a blank; before the first one it may be.
        let mut parted = 1;
        let mut blocks = 0;
        let quiet_ends = compiled.on.signs_end_nothing;
        for (bytes, row) in stretch.chunks(BLOCK).zip(self.rows.iter_mut()) {
            let block = compiled.classifier.partial(bytes);
            let mut special = block.special;
            if quiet_ends {
                // The end of a sentence or a label does not matter: a sign behind something and before a blank.
                special &= !(block.blank >> 1) | (block.blank << 1 | parted);
                parted = block.blank >> 63;
            }
            *row = Row {
                alpha: block.alpha,
                digit: block.digit,
                wide: block.wide,
                others: block.numbers(carry) | block.lead | special,
                starts: block.alpha & !(block.alpha << 1 | last_alpha),
                loud: 0,
                words: 0,
            };
            last_alpha = block.alpha >> 63;
            carry = block.carry();
            blocks += 1;
        }
        if let Some(row) = self.rows.get_mut(blocks) {
            *row = Row::default();
        }
        self.gather(text, blocks, before, compiled);
    }

    /// Makes a list of the words of `blocks` blocks.
    #[expect(clippy::cast_possible_truncation, reason = "a page has few words, none looked up is longer than 48 bytes")]
    fn gather(&mut self, text: &[u8], blocks: usize, before: Option<u8>, compiled: &Compiled) {
        let Self { list, index, rows, from, to, over, .. } = self;
        let on = &compiled.on;
        // What makes a word loud, by whether it has a capital.
        let loud = [on.asks_every_word(), on.asks_every_word() || on.asks_capitals()];
        let mut last_wide = u64::from(before.is_some_and(|byte| byte >= 0x80));
        let mut base = *from;
        // A word ends where it is known to.
        let sure = if *over { usize::MAX } else { *to };
        // The words of a block are gathered here and added to the list at once.
        let mut here_words = [Word::default(); BLOCK / 2 + 1];
        for i in 0..blocks {
            let Some([Row { alpha, wide, starts, .. }, next]) = rows.get(i..i + 2) else { break };
            let (alpha, wide, mut starts, next_alpha) = (*alpha, *wide, *starts, next.alpha);
            // Nothing beyond ASCII is near most words.
            let ascii = wide | last_wide | next.wide == 0;
            last_wide = wide >> 63;
            let words = list.len();
            let mut count = 0;
            let mut loud_here = 0;
            while starts != 0 {
                let bit = starts.trailing_zeros();
                starts &= starts.wrapping_sub(1);
                let here = (!(alpha >> bit)).trailing_zeros();
                let len = (if bit + here == 64 { here + (!next_alpha).trailing_zeros() } else { here }) as usize;
                let at = base + bit as usize;
                let Some(rest) = text.get(at..) else { break };
                let first = rest.first_chunk::<8>().map_or_else(|| lanes::load(rest), |all| u64::from_le_bytes(*all));
                let capital = first & 0x20 == 0;
                let flags = if capital { CAPITAL } else { 0 };
                let known = at + len < sure && len <= LONGEST_WORD && (ascii || touches_ascii_only(text, at, len));
                let word = if known {
                    let (hash, entry) = if len <= 8 {
                        let only = lanes::small(first, len);
                        let hash = lexicon::hash_of(len, &[only]);
                        (hash, compiled.lexicon.entry_of_short(hash, len, only))
                    } else {
                        look_up(rest, first, len, &compiled.lexicon)
                    };
                    let Entry { bits, triggers } = entry;
                    let is_loud = triggers > 0 || bits & on.categories != 0 || loud[usize::from(capital)];
                    loud_here |= u64::from(is_loud) << bit;
                    Word { hash, at, bits, triggers, len: len as u8, flags: flags | u8::from(is_loud) }
                } else {
                    loud_here |= 1 << bit;
                    Word { at, flags: flags | UNKNOWN | LOUD, ..Word::default() }
                };
                if let Some(place) = index.get_mut(at / 2 % PLACES) {
                    *place = words.wrapping_add(count) as u16;
                }
                if let Some(slot) = here_words.get_mut(count) {
                    *slot = word;
                    count = count.wrapping_add(1);
                }
            }
            list.extend_from_slice(here_words.get(..count).unwrap_or_default());
            if let Some(row) = rows.get_mut(i) {
                row.loud = loud_here;
                row.words = words as u32;
            }
            base += BLOCK;
        }
    }

    /// The hashes of all words of a text of `len` bytes that was read as a whole; `None` when one of them is not known.
    pub(crate) fn hashes_of_all(&self, len: usize) -> Option<impl Iterator<Item = u64>> {
        let ascii = self.rows.first().is_none_or(|row| row.wide == 0);
        let known = self.from == 0 && self.to == len && self.over && ascii && self.list.iter().all(Word::is_known);
        known.then(|| self.list.iter().map(|word| word.hash))
    }

    /// Where candidates are in the block that begins at index `at`: beginnings of runs of digits, bytes that may matter,
    /// and words that some condition may hold for.
    #[inline]
    pub(crate) fn candidates(&self, at: usize) -> (u64, u64) {
        self.row(at).map_or((0, 0), |row| (row.others, row.loud))
    }

    #[inline]
    fn row(&self, at: usize) -> Option<&Row> {
        self.rows.get(at.wrapping_sub(self.from) / BLOCK)
    }

    /// Words of the block that begins at index `at`, from the bit `from` on, whose hashes `may_matter`.
    pub(crate) fn recalled(&self, at: usize, from: u32, may_matter: impl Fn(u64) -> bool) -> u64 {
        let Some(row) = self.row(at) else { return 0 };
        let mut starts = row.starts & (u64::MAX << from);
        let words = row.words as usize + (row.starts & !(u64::MAX << from)).count_ones() as usize;
        let mut found = 0;
        for word in self.list.get(words..).unwrap_or_default() {
            if starts == 0 {
                break;
            }
            let lowest = starts & starts.wrapping_neg();
            if may_matter(word.hash) {
                found |= lowest;
            }
            starts ^= lowest;
        }
        found
    }

    /// The words at the places `i` and `i + 1` of the table.
    #[inline]
    pub(crate) fn pair(&self, i: usize) -> Option<&[Word; 2]> {
        self.list.get(i..)?.first_chunk()
    }

    /// The word that begins at index `at`, and its place, if one does.
    #[inline]
    pub(crate) fn word_at(&self, at: usize) -> Option<(usize, &Word)> {
        let place = usize::from(*self.index.get(at / 2 % PLACES)?);
        self.list.get(place).filter(|word| word.at == at).map(|word| (place, word))
    }

    /// The words from place `i` of the table on.
    #[inline]
    pub(crate) fn get(&self, i: usize) -> Option<&Word> {
        self.list.get(i)
    }

    /// The word that begins at index `at`, if it is known.
    #[inline]
    pub(crate) fn at(&self, at: usize) -> Option<&Word> {
        self.word_at(at).map(|(_, word)| word).filter(|word| word.is_known())
    }

    /// Whether place `i` is behind the last word of the text; `None` when that is not known.
    pub(crate) fn is_behind_all(&self, i: usize) -> Option<bool> {
        if i < self.list.len() { Some(false) } else { self.over.then_some(true) }
    }

    /// How many digits stand from index `at` on, when they end within what was read of this block and the next.
    #[inline]
    pub(crate) fn digits_from(&self, at: usize) -> Option<usize> {
        let offset = at.wrapping_sub(self.from);
        if at >= self.to {
            return None;
        }
        let [here, next] = self.rows.get(offset / BLOCK..)?.first_chunk::<2>()?;
        let shift = offset % BLOCK;
        let rest = here.digit >> shift;
        let len = (!rest).trailing_zeros() as usize;
        let len = if shift + len < BLOCK { len } else { len + (!next.digit).trailing_zeros() as usize };
        (at + len < self.to).then_some(len)
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
            let digits = self.rows.get(block).map_or(0, |row| row.digit) >> bit;
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

/// The hash and the entry of the word of `len` ASCII letters, more than eight, that `rest` begins with; `first` are its
/// first eight bytes.
fn look_up(rest: &[u8], first: u64, len: usize, lexicon: &Lexicon) -> (u64, Entry) {
    if len <= 16 {
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
