//! The tokens around a trigger: what a scorer looks at, a few to the left and as many to the right as a finding may have.
//!
//! What is known of a token is worked out once for all triggers around, where the page lists its clumps; else the bytes of the
//! window are read.

use std::cell::OnceCell;

use blackbar_engine::{ByteSet, Clumps, View};
use memchr::{memchr2, memrchr};

use super::model::Score;
use crate::words::category as cat;

/// How many tokens before the trigger are looked at.
const BEHIND: usize = 4;
/// How many from the trigger on tell what it is.
pub(super) const NEAR: usize = 4;
/// How many from the trigger on a finding may have, and what tells where it ends.
pub(super) const FAR: usize = 12;

/// What is known of a token: nothing of one that is not there.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Facts {
    /// Hash of its letters, in small ones.
    pub(super) word: u32,
    pub(super) shape: u32,
    /// The lexicon's categories.
    pub(super) bits: u32,
    /// The one among them that matters most, and how it is spelt.
    pub(super) class: u32,
}

/// What is known of a token and its neighbours.
#[derive(Clone, Copy)]
pub(super) struct Neighbours {
    /// From three before it to three behind it.
    pub(super) all: [Facts; 7],
    /// What parts it from the one before it, and from the one behind it.
    pub(super) before: u32,
    pub(super) after: u32,
    /// Whether the one before it begins a line.
    pub(super) left_begins: bool,
}

/// The tokens around a trigger: runs of letters and digits, and what stands between them.
#[derive(Debug)]
pub(super) struct Tokens<'v, 'a> {
    view: &'v View<'a>,
    kept: Kept<'a>,
    /// How many from the trigger on count.
    most: isize,
    before: &'a [u8],
    /// The line of the trigger, once somebody asked.
    line: OnceCell<Line>,
}

#[derive(Debug)]
enum Kept<'a> {
    /// The page lists them.
    Listed(Clumps<'a>),
    /// They were read for this trigger.
    Read(Box<Window<'a>>),
}

/// Whether a byte belongs to a token. What is beyond ASCII counts as a letter.
#[inline]
pub(super) fn is_wordy(byte: u8) -> bool {
    WORDY.has(byte)
}

const WORDY: ByteSet = ByteSet::ALNUM.or(ByteSet::EMPTY.range(0x80, 0xff));

impl<'v, 'a> Tokens<'v, 'a> {
    /// The tokens before the one that begins at `offset`, and `most` from it on; `before` and `ahead` are the bytes on both
    /// sides of it.
    pub(super) fn read(view: &'v View<'a>, offset: i32, before: &'a [u8], ahead: &'a [u8], most: usize) -> Self {
        let kept = match view.clumps(offset, ahead.len()) {
            Some(clumps) => Kept::Listed(clumps),
            None => Kept::Read(Box::new(Window::read(before, ahead, most))),
        };
        let most = isize::try_from(most).unwrap_or(isize::MAX);
        Self { view, kept, most, before, line: OnceCell::new() }
    }

    #[inline]
    fn line(&self) -> Line {
        *self.line.get_or_init(|| {
            let known = match &self.kept {
                Kept::Listed(clumps) => Line::known(clumps, self.before),
                Kept::Read(_) => None,
            };
            known.unwrap_or_else(|| Line::read(self.before))
        })
    }

    /// Hash of what begins the line of the trigger, up to a colon or an equals sign; 0 when there is none.
    #[inline]
    pub(super) fn head(&self) -> u32 {
        self.line().head
    }

    /// Whether the trigger begins its line.
    #[inline]
    pub(super) fn begins_line(&self) -> bool {
        self.line().begins
    }

    /// Looks at `most` from the trigger on.
    pub(super) fn look_further(&mut self, before: &'a [u8], ahead: &'a [u8], most: usize) {
        if let Kept::Read(window) = &mut self.kept {
            **window = Window::read(before, ahead, most);
        }
        self.most = isize::try_from(most).unwrap_or(isize::MAX);
    }

    /// Whether there are `least` and more.
    pub(super) fn are(&self, least: usize) -> bool {
        let behind = -isize::try_from(BEHIND).unwrap_or(0);
        (behind..self.most).filter(|n| self.text(*n).is_some()).nth(least - 1).is_some()
    }

    #[inline]
    fn counts(&self, n: isize) -> bool {
        n < self.most && n.unsigned_abs() <= if n < 0 { BEHIND } else { FAR }
    }

    /// The `n`th token from the trigger on; negative ones lie before it.
    #[inline]
    pub(super) fn text(&self, n: isize) -> Option<&'a [u8]> {
        if !self.counts(n) {
            return None;
        }
        match &self.kept {
            Kept::Listed(clumps) => clumps.text(n),
            Kept::Read(window) => window.at(n).map(|(_, text)| text),
        }
    }

    /// What parts the `n`th token, which there is, from the one before it.
    #[inline]
    pub(super) fn gap(&self, n: isize) -> &'a [u8] {
        if !self.counts(n) {
            return &[];
        }
        match &self.kept {
            Kept::Listed(clumps) => clumps.gap(n),
            Kept::Read(window) => window.at(n).map_or(&[], |(gap, _)| gap),
        }
    }

    /// What is known of the `n`th token.
    #[inline]
    pub(super) fn facts(&self, n: isize) -> Facts {
        if let Kept::Listed(clumps) = &self.kept
            && self.counts(n)
            && clumps.shows(n, n)
        {
            return self.noted(clumps, n).facts;
        }
        self.text(n).map_or_else(Facts::default, |text| Facts::of(text, |word| self.view.bits(word)))
    }

    #[inline]
    fn noted(&self, clumps: &Clumps<'a>, n: isize) -> Noted {
        clumps.facts(n).map_or_else(|| self.note(clumps, n), Noted::from)
    }

    #[inline(never)]
    fn note(&self, clumps: &Clumps<'a>, n: isize) -> Noted {
        let (before, text) = clumps.whole(n);
        let facts = Facts::of(text, |word| self.view.bits(word));
        let noted = Noted { facts, gap: gap(before), begins: before != b" " && before.contains(&b'\n') };
        clumps.note_facts(n, noted.into());
        noted
    }

    /// What is known of the `N` tokens from the `from`th on, where all of them are listed.
    #[inline(always)]
    fn noted_of<const N: usize>(&self, from: isize) -> Option<[Noted; N]> {
        let Kept::Listed(clumps) = &self.kept else { return None };
        let note = |n| {
            self.note(clumps, n);
        };
        clumps.facts_of(from, note).map(|all| all.map(Noted::from))
    }

    /// What is known of the four tokens before the trigger, the nearest one last.
    #[inline]
    pub(super) fn four_before(&self) -> [Facts; BEHIND] {
        match self.noted_of::<BEHIND>(-4) {
            Some(all) => all.map(|noted| noted.facts),
            None => [-4, -3, -2, -1].map(|n| self.facts(n)),
        }
    }

    /// What is known of the `n`th token and its neighbours.
    #[inline(always)]
    pub(super) fn neighbours(&self, n: isize) -> Neighbours {
        // The trigger shows what is three to the left of whatever is asked for.
        let listed = if n.saturating_add(3) < self.most { self.noted_of::<7>(n.wrapping_sub(3)) } else { None };
        match listed {
            Some(all) => {
                let [_, _, left, here, right, ..] = &all;
                let (before, after, left_begins) = (here.gap, right.gap, left.begins);
                Neighbours { all: all.map(|noted| noted.facts), before, after, left_begins }
            }
            None => self.shown_neighbours(n),
        }
    }

    #[inline(never)]
    fn shown_neighbours(&self, n: isize) -> Neighbours {
        Neighbours {
            all: [-3, -2, -1, 0, 1, 2, 3].map(|at| self.facts(n + at)),
            before: gap(self.gap(n)),
            after: self.after(n),
            left_begins: self.gap(n - 1).contains(&b'\n'),
        }
    }

    /// What stands behind the `n`th token, if another one follows.
    pub(super) fn after(&self, n: isize) -> u32 {
        if self.text(n + 1).is_none() { 1 } else { gap(self.gap(n + 1)) }
    }

    /// Hashes of the first and of the last letters of the `n`th token.
    pub(super) fn edges(&self, n: isize) -> [u32; 5] {
        edges(self.text(n).unwrap_or_default())
    }

    /// Whether the `n`th token begins its line, as far as the trigger tells.
    #[inline]
    pub(super) fn begins(&self, n: isize) -> bool {
        n == 0 && self.begins_line() || self.gap(n).contains(&b'\n')
    }

    /// The same where all that is before it shows.
    #[inline]
    fn noted_begins(&self, clumps: &Clumps<'a>, n: isize) -> bool {
        n == 0 && self.begins_line() || self.noted(clumps, n).begins
    }

    /// The score of the `n`th token by itself and its neighbours, which is what `score` says.
    #[inline]
    pub(super) fn scored(&self, n: isize, score: impl FnOnce() -> Score) -> Score {
        let Kept::Listed(clumps) = &self.kept else { return score() };
        // As many as are looked at on either side.
        if n + 3 >= self.most || !clumps.shows_all(n - 3, n + 3) {
            return score();
        }
        let key = u64::from(self.head()) << 2 | u64::from(self.noted_begins(clumps, n)) << 1 | 1;
        if let Some(sums) = clumps.sums(n, key) {
            return Score::from(sums);
        }
        let score = score();
        clumps.note_sums(n, key, score.sums());
        score
    }
}

/// What is noted of a token.
#[derive(Clone, Copy)]
struct Noted {
    facts: Facts,
    /// What parts it from the one before it.
    gap: u32,
    /// Whether a line ends there.
    begins: bool,
}

impl From<[u32; 4]> for Noted {
    #[inline(always)]
    fn from([word, bits, packed, gap]: [u32; 4]) -> Self {
        let facts = Facts { word, shape: packed & 0xff, bits, class: packed >> 8 & 0xff };
        Self { facts, gap, begins: packed >> 16 != 0 }
    }
}

impl From<Noted> for [u32; 4] {
    fn from(Noted { facts, gap, begins }: Noted) -> Self {
        let Facts { word, shape, bits, class } = facts;
        // Neither has more than eight bits.
        [word, bits, u32::from(begins) << 16 | class << 8 | shape, gap]
    }
}

/// What is known of the line of a trigger.
#[derive(Clone, Copy, Debug)]
struct Line {
    head: u32,
    begins: bool,
}

impl Line {
    /// Reads what stands before the trigger.
    fn read(before: &[u8]) -> Self {
        Self::of(memrchr(b'\n', before).map_or(before, |end| before.split_at(end + 1).1))
    }

    fn of(line: &[u8]) -> Self {
        Self { head: head(line), begins: line.trim_ascii_start().is_empty() }
    }

    /// The same, where the line begins within the window: what was known of it for an earlier trigger still holds.
    fn known(clumps: &Clumps<'_>, before: &[u8]) -> Option<Self> {
        let at = clumps.at();
        let window = at.checked_sub(before.len())?;
        let known = clumps.line().get().filter(|line| line.start >= window && line.seen <= at);
        let unseen = known.map_or(0, |line| line.seen - window);
        let rest = before.get(unseen..)?;
        let (start, new) = match (memrchr(b'\n', rest), known) {
            (Some(end), _) => (unseen + end + 1, true),
            (None, Some(line)) => (line.start - window, false),
            (None, None) => return None,
        };
        let line = before.get(start..)?;
        let begins = line.trim_ascii_start().is_empty();
        let head = match known.filter(|_| !new) {
            Some(known) if known.head > 0 || rest.is_empty() => known.head,
            // What was seen has no sign.
            Some(_) if memchr2(b':', b'=', rest).is_none() => 0,
            _ => head(line),
        };
        clumps.line().set(Some(blackbar_engine::Line { start: start + window, seen: at, head }));
        Some(Self { head, begins })
    }
}

/// Hash of what begins a line, up to a colon or an equals sign; 0 when there is none.
fn head(line: &[u8]) -> u32 {
    memchr2(b':', b'=', line).map_or(0, |end| hash(line.split_at(end.min(24)).0.trim_ascii()) | 1)
}

/// What a blank alone is.
const BLANK: u32 = (EMPTY ^ b' ' as u32).wrapping_mul(PRIME);

/// What a gap is: its signs, with blanks and line ends as one each.
pub(super) fn gap(gap: &[u8]) -> u32 {
    if gap == b" " {
        return BLANK;
    }
    let mut hash = EMPTY;
    let mut last = 0;
    for byte in gap.iter().take(8) {
        let byte = match byte {
            b'\t' | b' ' => b' ',
            b'\r' | b'\n' => b'\n',
            other => *other,
        };
        if byte != last {
            hash = (hash ^ u32::from(byte)).wrapping_mul(PRIME);
        }
        last = byte;
    }
    hash
}

/// The tokens of a window.
#[derive(Debug)]
struct Window<'a> {
    /// What parts each from the one before it, and its bytes.
    all: [(&'a [u8], &'a [u8]); BEHIND + FAR],
    /// Where among them the first is, and one past the last; the trigger is behind the [`BEHIND`]th place.
    first: usize,
    end: usize,
}

impl<'a> Window<'a> {
    /// Reads the tokens before a trigger that begins one, and `most` from it on.
    fn read(before: &'a [u8], ahead: &'a [u8], most: usize) -> Self {
        let mut all = [<(&[u8], &[u8])>::default(); BEHIND + FAR];
        let (behind, from) = all.split_at_mut(BEHIND);
        // From the trigger to the left: a gap, then the token that it follows.
        let mut left = before;
        let here = take_gap(&mut left);
        let mut first = BEHIND;
        while let Some(slot) = first.checked_sub(1).and_then(|n| behind.get_mut(n)).filter(|_| !left.is_empty()) {
            let begin = left.iter().rposition(|byte| !is_wordy(*byte)).map_or(0, |gap| gap + 1);
            let (rest, text) = left.split_at(begin);
            left = rest;
            *slot = (take_gap(&mut left), text);
            first -= 1;
        }
        let mut end = BEHIND;
        let (mut rest, mut gap) = (ahead, here);
        for slot in from.iter_mut().take(most) {
            let size = rest.iter().position(|byte| !is_wordy(*byte)).unwrap_or(rest.len());
            if size == 0 {
                break;
            }
            let (text, behind) = rest.split_at(size);
            *slot = (gap, text);
            let parted = behind.iter().position(|byte| is_wordy(*byte)).unwrap_or(behind.len());
            (gap, rest) = behind.split_at(parted);
            end += 1;
        }
        Self { all, first, end }
    }

    /// The `n`th token from the trigger on, behind what parts it from the one before it.
    fn at(&self, n: isize) -> Option<(&'a [u8], &'a [u8])> {
        let place = BEHIND.checked_add_signed(n)?;
        self.all.get(place).copied().filter(|_| place >= self.first && place < self.end)
    }
}

fn take_gap<'a>(left: &mut &'a [u8]) -> &'a [u8] {
    let begin = left.iter().rposition(|byte| is_wordy(*byte)).map_or(0, |word| word + 1);
    let (rest, gap) = left.split_at(begin);
    *left = rest;
    gap
}

impl Facts {
    #[inline]
    fn of(text: &[u8], bits: impl Fn(&[u8]) -> u32) -> Self {
        let (mut word, mut counts) = (EMPTY, 0_u32);
        for byte in text {
            let class = CLASS.get(usize::from(*byte)).copied().unwrap_or_default();
            word = step(word, class);
            // Of neither there are more than a window has bytes.
            counts = counts.wrapping_add(class >> 8);
        }
        let (digits, upper) = (counts & 0xfff, counts >> 12);
        let case = case(text, digits, upper);
        let bits = if digits == 0 { bits(text) } else { 0 };
        let len = match text.len() {
            n @ 0..=6 => n,
            7..=9 => 7,
            _ => 8,
        };
        let shape = case << 4 | u32::try_from(len).unwrap_or(15);
        Self { word, shape, bits, class: class(bits, digits == 0) << 3 | case }
    }
}

/// Hashes of the first and of the last letters.
fn edges(text: &[u8]) -> [u32; 5] {
    let (Some(head), Some(tail)) = (text.first_chunk::<4>(), text.last_chunk::<4>()) else {
        let len = text.len();
        let tail = |n: usize| hash(text.get(len.saturating_sub(n)..).unwrap_or_default());
        return [hash(text), tail(3), tail(2), hash(text.get(..len.min(3)).unwrap_or_default()), hash(text)];
    };
    let class = |byte: u8| CLASS.get(usize::from(byte)).copied().unwrap_or_default();
    let ([a, b, c, d], [p, q, r, s]) = (head.map(class), tail.map(class));
    let three = step(step(step(EMPTY, a), b), c);
    let last = |hash: u32| step(step(hash, r), s);
    [last(step(step(EMPTY, p), q)), last(step(EMPTY, q)), last(EMPTY), three, step(three, d)]
}

/// The hash of nothing, and what it is multiplied with.
pub(super) const EMPTY: u32 = 0x811c_9dc5;
pub(super) const PRIME: u32 = 0x0100_0193;

/// Of each byte what it adds to a hash, and whether it is a digit or a capital.
static CLASS: [u32; 256] = {
    let mut all = [0; 256];
    let mut byte = 0_u8;
    loop {
        let digit = byte.is_ascii_digit();
        let folded = if digit { b'0' } else { byte.to_ascii_lowercase() };
        let flags = if digit {
            DIGIT
        } else if byte.is_ascii_uppercase() {
            UPPER
        } else {
            0
        };
        #[expect(clippy::indexing_slicing, reason = "a byte is an index of it")]
        {
            all[byte as usize] = folded as u32 | flags;
        }
        if byte == u8::MAX {
            break all;
        }
        byte += 1;
    }
};
const DIGIT: u32 = 1 << 8;
const UPPER: u32 = 1 << 20;

/// Goes on with a hash by a byte of this class.
#[inline(always)]
fn step(hash: u32, class: u32) -> u32 {
    (hash ^ (class & 0xff)).wrapping_mul(PRIME)
}

/// What tokens have in common: small letters, and any digit is one.
pub(super) fn hash(text: &[u8]) -> u32 {
    text.iter().fold(EMPTY, |hash, byte| step(hash, CLASS.get(usize::from(*byte)).copied().unwrap_or_default()))
}

/// How a token is spelt: capital, small, all capitals, one capital, mixed, digits, both.
fn case(text: &[u8], digits: u32, upper: u32) -> u32 {
    let len = u32::try_from(text.len()).unwrap_or(u32::MAX);
    match text.first() {
        _ if digits == len => 6,
        _ if digits > 0 => 7,
        Some(first) if first.is_ascii_uppercase() => match upper {
            1 if len == 1 => 3,
            1 => 1,
            n if n == len => 2,
            _ => 4,
        },
        _ if upper > 0 => 5,
        _ => 0,
    }
}

/// Categories that say what a word is, the one that says most first.
const ORDER: &[u32] = &[
    cat::TITLE,
    cat::CREDENTIAL,
    cat::MONTH | cat::WEEKDAY | cat::HOLIDAY,
    cat::RELATIVE,
    cat::ROLE,
    cat::FACILITY_WORD,
    cat::STREET_SUFFIX | cat::UNIT_WORD,
    cat::STATE,
    cat::COUNTRY | cat::NATIONALITY,
    cat::ORG_WORD,
    cat::MOSTLY_NAME,
    cat::LABEL_NAME,
    cat::PARTICLE,
    cat::NAME_SUFFIX,
    cat::DRUG,
    cat::EPONYM,
    cat::PROPER_OTHER,
    cat::CLINICAL,
    cat::WORD_TOP,
];

/// Which place in [`ORDER`] each bit has.
const RANKS: [u8; 32] = {
    let mut ranks = [u8::MAX; 32];
    let (mut place, mut rank) = (0, 0_u8);
    while place < ORDER.len() {
        let mut bit = 0;
        while bit < 32 {
            #[expect(clippy::indexing_slicing, reason = "within the bounds by the loops' conditions")]
            if ORDER[place] >> bit & 1 == 1 {
                ranks[bit] = rank;
            }
            bit += 1;
        }
        (place, rank) = (place + 1, rank + 1);
    }
    ranks
};

/// The first place in [`ORDER`] that bits of a byte have, by which byte of the categories it is.
static BEST: [[u8; 256]; 4] = {
    let mut best = [[u8::MAX; 256]; 4];
    let mut bit = 0;
    while bit < 32 {
        let mut byte = 0;
        while byte < 256 {
            #[expect(clippy::indexing_slicing, reason = "within the bounds by the loops' conditions")]
            if byte >> (bit % 8) & 1 == 1 && RANKS[bit] < best[bit / 8][byte] {
                best[bit / 8][byte] = RANKS[bit];
            }
            byte += 1;
        }
        bit += 1;
    }
    best
};

/// Of a word's categories the one that says most about what it may be here.
fn class(bits: u32, wordy: bool) -> u32 {
    if !wordy {
        return 31;
    }
    let [a, b, c, d] = bits.to_le_bytes().map(usize::from);
    let rank = |ranks: &[u8; 256], byte: usize| ranks.get(byte).copied().unwrap_or(u8::MAX);
    let [of_a, of_b, of_c, of_d] = &BEST;
    let first = rank(of_a, a).min(rank(of_b, b)).min(rank(of_c, c)).min(rank(of_d, d));
    if first < u8::MAX {
        return u32::from(first);
    }
    let name = bits & (cat::GIVEN_COMMON | cat::SURNAME_COMMON) != 0;
    match (bits & cat::ANY_NAME != 0, bits & (cat::WORD | cat::WORD_RARE) != 0, bits & cat::CITY != 0) {
        (true, false, false) => {
            if name {
                20
            } else {
                21
            }
        }
        (true, false, true) => {
            if name {
                22
            } else {
                23
            }
        }
        (true, true, _) => {
            if name {
                24
            } else {
                25
            }
        }
        (false, true, _) => 26,
        (false, false, true) => 27,
        (false, false, false) => 28,
    }
}

#[cfg(test)]
mod tests {
    use blackbar_engine::testing::verify_at;
    use blackbar_engine::{Detector, Field, Lexicon, Verify};

    use super::*;
    use crate::learned::LEARNED_WORDS;

    #[test]
    fn tokens_stand_on_both_sides_of_the_trigger() {
        let verify = |view: &View<'_>| {
            let tokens = Tokens::read(view, 0, view.before(), view.ahead(LEARNED_WORDS.window.ahead()), FAR);
            let texts: Vec<&[u8]> = (-4..4).map(|n| tokens.text(n).unwrap()).collect();
            assert_eq!(texts, [b"Name".as_slice(), b"seen", b"by", b"Dr", b"Ng", b"Okafor", b"RN", b"next"]);
            assert_eq!((tokens.gap(0), tokens.gap(1)), (b". ".as_slice(), b"-".as_slice()));
            assert!(tokens.are(8) && !tokens.are(9) && tokens.text(-5).is_none() && tokens.text(4).is_none());
            assert_eq!(tokens.head(), hash(b"name") | 1);
            assert_eq!(tokens.facts(9), Facts::default());
            None
        };
        let detector = Detector { verify: Verify::Pure(verify), ..LEARNED_WORDS.clone() };
        let text = b"Name: seen by Dr. Ng-Okafor, RN\nnext";
        let _ = verify_at(&detector, text, 18, &Field::default(), &Lexicon::new());
    }
}
