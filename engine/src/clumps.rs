//! Clumps: runs of ASCII letters and digits and of bytes beyond ASCII, as they follow each other in a stretch of text.
//!
//! They are listed once for a page, when somebody asks for the first of them, from the bitmaps that tell where words are.
//! What a detector works out of one is noted beside it: the neighbours of many triggers are the same.

use std::cell::Cell;

use crate::ByteSet;
use crate::blocks::BLOCK;

/// So many bytes before a page are read as well, for those who look back from its first trigger.
const BACK: usize = 96;
/// Slots of the index. Clumps begin two bytes apart at least, so no two of a page share one.
const PLACES: usize = 4096;
const CLUMP: ByteSet = ByteSet::ALNUM.or(ByteSet::EMPTY.range(0x80, 0xff));

/// What was worked out of a clump.
#[derive(Default)]
struct Note {
    /// Of which page it speaks: nothing is known before.
    page: Cell<u32>,
    facts: Cell<[u32; 4]>,
    /// Sums, and what they depend on beside the text: nothing where that is zero.
    sums: Cell<(u64, [i16; 8])>,
}

/// What was worked out of the line that was looked at last.
#[derive(Clone, Copy, Debug, Default)]
pub struct Line {
    /// Index of its first byte, and one past the last byte that was looked at.
    pub start: usize,
    /// See [`Line::start`].
    pub seen: usize,
    /// What is known of it.
    pub head: u32,
}

/// The clumps of a page of the text at hand.
pub(crate) struct Page {
    /// Where each begins and ends, by turns, counted from `base`.
    edges: Vec<u16>,
    /// As many as any page had clumps.
    notes: Vec<Note>,
    line: Cell<Option<Line>>,
    /// The number of the page.
    number: u32,
    /// Places of clumps, by half of where one begins. What an entry says counts when the clump is there.
    index: Box<[u16; PLACES]>,
    /// Index in the text of the first byte that was read.
    base: usize,
    /// Index one past the last byte that was read.
    to: usize,
    /// Whether nothing follows `to`.
    over: bool,
}

impl Page {
    pub(crate) fn new() -> Self {
        Self {
            edges: Vec::new(),
            notes: Vec::new(),
            line: Cell::new(None),
            number: 0,
            index: Box::new([0; PLACES]),
            base: 0,
            to: 0,
            over: false,
        }
    }

    /// Lists the clumps of `text[..to]` from a little before the index `from` on. `blocks` are bitmaps of their bytes from
    /// there on; `over` says that nothing follows.
    #[expect(clippy::cast_possible_truncation, reason = "a page is shorter than 64 KiB")]
    pub(crate) fn read(&mut self, text: &[u8], from: usize, to: usize, over: bool, blocks: impl Iterator<Item = u64>) {
        let Self { edges, notes, index, .. } = self;
        edges.clear();
        let base = from.saturating_sub(BACK);
        let mut inside = false;
        for (byte, at) in text.get(base..from).unwrap_or_default().iter().zip(0_u16..) {
            if CLUMP.has(*byte) != inside {
                inside = !inside;
                edges.push(at);
            }
        }
        let mut open = u64::from(inside);
        let mut at = (from - base) as u16;
        for block in blocks {
            // Where clumps begin and end in the block, by turns; one that is open ends first.
            let (mut starts, mut ends) = (block & !(block << 1 | open), !block & (block << 1 | open));
            if open == 1 && ends != 0 {
                edges.push(at.wrapping_add(ends.trailing_zeros() as u16));
                ends &= ends.wrapping_sub(1);
            }
            open = block >> 63;
            let (mut here, mut count) = ([[0; 2]; BLOCK / 2], 0_usize);
            while ends != 0 {
                // There is a place for each pair of bits.
                here[count % (BLOCK / 2)] =
                    [at.wrapping_add(starts.trailing_zeros() as u16), at.wrapping_add(ends.trailing_zeros() as u16)];
                count = count.wrapping_add(1);
                starts &= starts.wrapping_sub(1);
                ends &= ends.wrapping_sub(1);
            }
            edges.extend_from_slice(here.get(..count).unwrap_or_default().as_flattened());
            if starts != 0 {
                edges.push(at.wrapping_add(starts.trailing_zeros() as u16));
            }
            at = at.wrapping_add(BLOCK as u16);
        }
        if edges.len() % 2 == 1 {
            edges.push((to - base) as u16);
        }
        let (pairs, _) = edges.as_chunks::<2>();
        for ([start, _], place) in pairs.iter().zip(0_u16..) {
            if let Some(slot) = index.get_mut(usize::from(*start) / 2 % PLACES) {
                *slot = place;
            }
        }
        self.number = self.number.wrapping_add(1);
        if self.number == 0 {
            // Numbers begin anew.
            notes.clear();
            self.number = 1;
        }
        if notes.len() < pairs.len() {
            notes.resize_with(pairs.len(), Note::default);
        }
        self.line.set(None);
        (self.base, self.to, self.over) = (base, to, over);
    }

    /// The clumps around that which begins at index `at`, if one does, as far as they show in `text[first..]`. `None` as
    /// well where some that show are not listed.
    pub(crate) fn around<'a>(&'a self, text: &'a [u8], first: usize, at: usize) -> Option<Clumps<'a>> {
        if first < self.base || text.len() > self.to {
            return None;
        }
        let start = at.checked_sub(self.base)?;
        let place = usize::from(*self.index.get(start / 2 % PLACES)?);
        let (pairs, _) = self.edges.as_chunks::<2>();
        pairs.get(place).filter(|[begins, _]| usize::from(*begins) == start)?;
        Some(Clumps { page: self, pairs, text, place, first: first - self.base, end: text.len() - self.base })
    }
}

/// The clumps around a trigger that begins one, as far as a window shows them.
#[derive(Clone, Copy)]
pub struct Clumps<'a> {
    page: &'a Page,
    pairs: &'a [[u16; 2]],
    /// To the last byte that shows.
    text: &'a [u8],
    place: usize,
    /// Where the window begins and ends, from the page's base on.
    first: usize,
    end: usize,
}

impl<'a> Clumps<'a> {
    /// Where the `n`th clump from the trigger on begins and ends, whether it shows or not.
    #[inline]
    fn pair(&self, n: isize) -> Option<(usize, usize)> {
        let [start, end] = self.pairs.get(self.place.wrapping_add_signed(n))?;
        Some((usize::from(*start), usize::from(*end)))
    }

    /// What shows of the `n`th clump from the trigger on; negative ones lie before it. `None` when nothing does.
    #[inline]
    #[must_use]
    pub fn text(&self, n: isize) -> Option<&'a [u8]> {
        let (start, end) = self.pair(n)?;
        let (start, end) = (start.max(self.first), end.min(self.end));
        if start >= end {
            return None;
        }
        self.text.get(self.page.base + start..self.page.base + end)
    }

    /// What shows of the bytes between the `n`th clump and the one before it.
    #[inline]
    #[must_use]
    pub fn gap(&self, n: isize) -> &'a [u8] {
        let Some((start, _)) = self.pair(n) else { return &[] };
        let behind = self.pair(n.wrapping_sub(1)).map_or(0, |(_, end)| end).max(self.first);
        self.text.get(self.page.base + behind..self.page.base + start.min(self.end)).unwrap_or_default()
    }

    /// Whether there are clumps from the `from`th to the `to`th, and all of them show.
    #[inline]
    #[must_use]
    pub fn shows(&self, from: isize, to: isize) -> bool {
        let (first, last) = (self.pair(from), self.pair(to));
        first.is_some_and(|(start, _)| start >= self.first) && last.is_some_and(|(_, end)| end <= self.end)
    }

    /// The whole of the `n`th clump, and all that parts it from the one before it: what a window hides is not left out.
    #[inline]
    #[must_use]
    pub fn whole(&self, n: isize) -> (&'a [u8], &'a [u8]) {
        let Some((start, end)) = self.pair(n) else { return (&[], &[]) };
        let (start, end) = (self.page.base + start, self.page.base + end);
        let behind = self.pair(n.wrapping_sub(1)).map_or(0, |(_, end)| end) + self.page.base;
        (self.text.get(behind..start).unwrap_or_default(), self.text.get(start..end).unwrap_or_default())
    }

    #[inline]
    fn note(&self, n: isize) -> Option<&'a Note> {
        self.page.notes.get(self.place.wrapping_add_signed(n))
    }

    /// What was noted of the `n`th clump.
    #[inline]
    #[must_use]
    pub fn facts(&self, n: isize) -> Option<[u32; 4]> {
        self.note(n).filter(|note| note.page.get() == self.page.number).map(|note| note.facts.get())
    }

    /// What is noted of the `N` clumps from the `from`th on, when all of them show. `make` is asked first about those of which
    /// nothing is noted, and has to note it.
    #[inline(always)]
    pub fn facts_of<const N: usize>(&self, from: isize, make: impl Fn(isize)) -> Option<[[u32; 4]; N]> {
        let place = self.place.wrapping_add_signed(from);
        let pairs = self.pairs.get(place..)?.first_chunk::<N>()?;
        let notes = self.page.notes.get(place..)?.first_chunk::<N>()?;
        let ([start, _], [_, end]) = (pairs.first()?, pairs.last()?);
        if usize::from(*start) < self.first || usize::from(*end) > self.end {
            return None;
        }
        let mut n = from;
        Some(notes.each_ref().map(|note| {
            if note.page.get() != self.page.number {
                make(n);
            }
            n = n.wrapping_add(1);
            note.facts.get()
        }))
    }

    /// Notes what is known of the `n`th clump, which shows. It has to follow from what [`Clumps::whole`] says alone.
    #[inline]
    pub fn note_facts(&self, n: isize, facts: [u32; 4]) {
        if let Some(note) = self.note(n) {
            note.page.set(self.page.number);
            note.facts.set(facts);
            note.sums.set((0, [0; 8]));
        }
    }

    /// What was noted of the `n`th clump and its neighbours together with `key`, which is not 0.
    #[inline]
    #[must_use]
    pub fn sums(&self, n: isize, key: u64) -> Option<[i16; 8]> {
        let (known, sums) = self.note(n).filter(|note| note.page.get() == self.page.number)?.sums.get();
        (known == key).then_some(sums)
    }

    /// Notes what is known of the `n`th clump and its neighbours, when [`Clumps::facts`] are noted. It has to follow from
    /// `key` and from what [`Clumps::shows_all`] was asked about.
    #[inline]
    pub fn note_sums(&self, n: isize, key: u64, sums: [i16; 8]) {
        if let Some(note) = self.note(n) {
            note.sums.set((key, sums));
        }
    }

    /// Index of the trigger in the text at hand.
    #[inline]
    #[must_use]
    pub fn at(&self) -> usize {
        self.pair(0).map_or(0, |(start, _)| start) + self.page.base
    }

    /// The line that was looked at last.
    #[inline]
    #[must_use]
    pub fn line(&self) -> &'a Cell<Option<Line>> {
        &self.page.line
    }

    /// Whether everything shows that there is from the `from`th clump to the `to`th, and between them: another window in
    /// which that holds shows the same.
    #[inline]
    #[must_use]
    pub fn shows_all(&self, from: isize, to: isize) -> bool {
        // The first of a page may have begun before it.
        let left = self.first + self.page.base == 0
            || self.pair(from).is_some_and(|(start, _)| start >= self.first && start > 0);
        let right = match self.pair(to) {
            Some((_, end)) => end <= self.end && (self.page.over || self.page.base + end < self.page.to),
            None => self.page.over && self.page.base + self.end == self.page.to,
        };
        left && right
    }
}

impl std::fmt::Debug for Clumps<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Clumps(at {} of {})", self.place, self.pairs.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(text: &[u8], from: usize, to: usize, over: bool) -> Page {
        let mut page = Page::new();
        let bits =
            |bytes: &[u8]| bytes.iter().zip(0..).fold(0_u64, |bits, (byte, i)| bits | u64::from(CLUMP.has(*byte)) << i);
        page.read(text, from, to, over, text[from..to].chunks(BLOCK).map(bits));
        page
    }

    #[test]
    fn clumps_stand_around_the_trigger_as_a_window_shows_them() {
        let text = "Seen by Dr. Ng-Okafor, RN\nJosé9".as_bytes();
        let page = page(text, 9, text.len(), true);
        let clumps = page.around(text, 0, 12).unwrap();
        let shown = |clumps: &Clumps<'_>| (-4..5).map(|n| clumps.text(n).unwrap_or(b"-").to_vec()).collect::<Vec<_>>();
        let all = ["-", "Seen", "by", "Dr", "Ng", "Okafor", "RN", "José9", "-"].map(|word| word.as_bytes().to_vec());
        assert_eq!(shown(&clumps), all);
        assert_eq!((clumps.gap(0), clumps.gap(1), clumps.gap(-2)), (&b". "[..], &b"-"[..], &b" "[..]));
        assert!(clumps.shows_all(-3, 3) && clumps.shows(-3, 3) && !clumps.shows(-3, 4));
        assert_eq!((clumps.whole(1), clumps.at()), ((&b"-"[..], &b"Okafor"[..]), 12));
        assert!(page.around(text, 0, 13).is_none(), "no clump begins there");
        let narrow = page.around(&text[..17], 5, 12).unwrap();
        let all = ["-", "-", "by", "Dr", "Ng", "Ok", "-", "-", "-"].map(|word| word.as_bytes().to_vec());
        assert_eq!(shown(&narrow), all);
        assert!(narrow.shows(-2, 0) && !narrow.shows(-2, 1));
        assert!(narrow.shows_all(-1, 0) && !narrow.shows_all(-3, 0) && !narrow.shows_all(-1, 1));
    }

    #[test]
    fn every_clump_is_listed_wherever_blocks_part_it() {
        let mut seed = 1_u64;
        for _ in 0..200 {
            let mut text = Vec::new();
            while text.len() < 300 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let byte = if text.len() / 80 % 2 == 0 { seed >> 33 & 3 } else { seed >> 33 & 31 };
                text.push(if byte == 0 { b' ' } else { b'x' });
            }
            let from = usize::try_from(seed >> 57).unwrap();
            let page = page(&text, from, text.len(), true);
            let base = from.saturating_sub(BACK);
            let begins = |at: &usize| text[*at] == b'x' && (*at == base || text[*at - 1] != b'x');
            let ends = |at: usize| text[at..].iter().position(|byte| *byte == b' ').map_or(text.len(), |len| at + len);
            let clumps = (base..text.len()).filter(begins).map(|at| [at - base, ends(at) - base]);
            let (pairs, rest) = page.edges.as_chunks::<2>();
            assert!(clumps.eq(pairs.iter().map(|pair| pair.map(usize::from))) && rest.is_empty());
        }
    }

    #[test]
    fn notes_are_of_one_page() {
        let text = b"one two three";
        let mut page = page(text, 0, text.len(), true);
        let clumps = page.around(text, 0, 4).unwrap();
        assert_eq!((clumps.facts(1), clumps.sums(1, 0)), (None, None));
        clumps.note_facts(1, [1, 2, 3, 4]);
        clumps.note_sums(1, 7, [9; 8]);
        let other = page.around(text, 4, 8).unwrap();
        assert_eq!((other.facts(0), other.facts(-1)), (Some([1, 2, 3, 4]), None));
        assert_eq!((other.sums(0, 7), other.sums(0, 8)), (Some([9; 8]), None));
        page.read(text, 0, text.len(), true, [0b1_1111_0111_0111].into_iter());
        assert_eq!(page.around(text, 0, 4).unwrap().facts(1), None);
    }

    #[test]
    fn what_was_not_read_is_not_told() {
        let text = [b"abc ".repeat(64), b"tail".to_vec()].concat();
        let open = page(&text, 128, text.len(), false);
        assert!(open.around(&text, 31, 128).is_none(), "a window that begins before what was read");
        let first = open.around(&text, 32, 128).unwrap();
        assert!(!first.shows_all(-24, 0) && first.shows_all(-23, 0), "what was read may begin within a clump");
        let last = open.around(&text, 200, 252).unwrap();
        assert!(!last.shows_all(0, 1) && last.shows_all(-1, 0), "the last one may go on");
        let half = page(&text, 0, 128, false);
        assert!(half.around(&text, 0, 64).is_none() && half.around(&text[..128], 0, 64).is_some());
    }
}
