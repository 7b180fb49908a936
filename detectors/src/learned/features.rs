//! What is said of a token to the scorer: facts about it and its neighbours, each as a place in the table of weights.

use super::tokens::{EMPTY, Neighbours, PRIME, Tokens, gap, hash, is_wordy};

/// How many places the table has.
pub const PLACES: usize = 1 << 17;
/// So many sorts of facts are said of a word whatever the token before it was told to be.
const OF_WORDS: u32 = 47;

/// Says all about the `n`th token from the trigger on, each fact once. `inside` is what the token before it was told to be,
/// from 1 on, where this may go on.
pub(super) fn word(tokens: &Tokens<'_, '_>, n: isize, inside: u32, say: &mut impl FnMut(usize)) {
    alone(tokens, n, say);
    if inside > 0 {
        going_on(&tokens.neighbours(n), inside, say);
    }
}

/// The same, whatever the token before it was told to be.
#[inline]
pub(super) fn alone(tokens: &Tokens<'_, '_>, n: isize, say: &mut impl FnMut(usize)) {
    let Neighbours { all, before, after, left_begins } = tokens.neighbours(n);
    let [third_left, far_left, left, here, right, far_right, third_right] = all;
    let mut fact = Sayer { template: 0, say };
    fact.add(&[]);
    fact.add(&[here.word]);
    fact.add(&[here.shape]);
    fact.add(&[here.bits]);
    fact.add(&[here.class]);
    for edge in tokens.edges(n) {
        fact.add(&[edge]);
    }
    let mut rest = here.bits;
    while rest != 0 {
        fact.add_same(&[rest.trailing_zeros(), here.shape >> 4]);
        rest &= rest.wrapping_sub(1);
    }
    fact.template += 1;
    for other in [left, right, far_left, far_right, third_left, third_right] {
        fact.add(&[other.word]);
        fact.add(&[other.class]);
    }
    fact.add(&[left.word, here.shape >> 4]);
    fact.add(&[right.word, here.shape >> 4]);
    fact.add(&[left.word, right.word]);
    fact.add(&[far_left.word, left.word]);
    fact.add(&[right.word, far_right.word]);
    fact.add(&[before, here.shape]);
    fact.add(&[after, here.shape]);
    fact.add(&[before, after, here.class]);
    fact.add(&[before, left.word]);
    fact.add(&[after, right.word]);
    fact.add(&[left.shape, here.shape, right.shape]);
    fact.add(&[here.shape, right.shape, far_right.shape]);
    fact.add(&[left.class, here.class]);
    fact.add(&[here.class, right.class]);
    fact.add(&[left.class, here.class, right.class]);
    fact.add(&[far_left.class, left.class, here.class]);
    fact.add(&[here.class, right.class, far_right.class]);
    fact.add(&[before, left.class, here.class]);
    fact.add(&[after, here.class, right.class]);
    let begins = u32::from(tokens.begins(n));
    fact.add(&[begins, here.class]);
    fact.add(&[begins, after, here.shape]);
    fact.add(&[tokens.head()]);
    fact.add(&[tokens.head(), here.shape >> 4]);
    fact.add(&[u32::from(left_begins), left.class, here.class]);
    debug_assert_eq!(fact.template, OF_WORDS, "what follows is said by other numbers");
}

/// What is said as well of a token with these neighbours where it may go on with what is `inside`.
#[inline]
pub(super) fn going_on(neighbours: &Neighbours, inside: u32, say: &mut impl FnMut(usize)) {
    let Neighbours { all: [_, _, left, here, right, ..], before, after, .. } = *neighbours;
    let mut fact = Sayer { template: OF_WORDS, say };
    fact.add(&[inside]);
    fact.add(&[inside, here.class]);
    fact.add(&[inside, here.word]);
    fact.add(&[inside, before, here.shape]);
    fact.add(&[inside, before]);
    fact.add(&[inside, here.class, right.class]);
    fact.add(&[inside, here.shape >> 4, after]);
    fact.add(&[inside, left.class, here.class]);
}

/// Says all about a value with digits that begins at the trigger; `value` is all of it.
pub(super) fn value(tokens: &Tokens<'_, '_>, value: &[u8], after: &[u8], say: &mut impl FnMut(usize)) {
    let [fourth, third, far_left, left] = tokens.four_before();
    let before = gap(tokens.gap(0));
    let next = after.iter().position(|byte| is_wordy(*byte)).unwrap_or(after.len());
    let (behind, rest) = after.split_at(next);
    let end = rest.iter().position(|byte| !is_wordy(*byte)).unwrap_or(rest.len());
    let right = hash(rest.split_at(end).0);
    let behind = gap(behind);
    let digits = u32::try_from(value.iter().filter(|byte| byte.is_ascii_digit()).count()).unwrap_or(99);
    let len = u32::try_from(value.len()).unwrap_or(99);
    let (exact, loose) = outline(value);
    let letters = value.iter().position(|byte| !byte.is_ascii_alphabetic()).unwrap_or(value.len());
    let prefix = hash(value.split_at(letters).0);
    let mut fact = Sayer { template: 100, say };
    fact.add(&[]);
    fact.add(&[exact]);
    fact.add(&[loose]);
    fact.add(&[len]);
    fact.add(&[digits, len - digits.min(len)]);
    fact.add(&[prefix]);
    fact.add(&[hash(value)]);
    for other in [left, far_left, third, fourth] {
        fact.add(&[other.word]);
        fact.add(&[other.class]);
        fact.add(&[other.word, loose]);
    }
    fact.add(&[left.word, digits]);
    fact.add(&[far_left.word, left.word]);
    fact.add(&[third.word, far_left.word, left.word]);
    fact.add(&[before]);
    fact.add(&[before, left.word]);
    fact.add(&[before, loose]);
    fact.add(&[before, left.class, loose]);
    fact.add(&[behind]);
    fact.add(&[behind, right]);
    fact.add(&[right]);
    fact.add(&[right, loose]);
    fact.add(&[right, left.word]);
    fact.add(&[behind, loose]);
    fact.add(&[before, behind, exact]);
    fact.add(&[tokens.head()]);
    fact.add(&[tokens.head(), loose]);
    fact.add(&[u32::from(tokens.begins_line()), exact]);
    fact.add(&[left.shape, exact]);
}

/// How a value is spelt: with the length of each run, and without.
fn outline(value: &[u8]) -> (u32, u32) {
    let mut exact = EMPTY;
    let mut loose = exact;
    let mut last = 0;
    for byte in value {
        let class = match byte {
            b'0'..=b'9' => b'9',
            b'A'..=b'Z' => b'A',
            b'a'..=b'z' => b'a',
            other => *other,
        };
        exact = (exact ^ u32::from(class)).wrapping_mul(PRIME);
        if class != last {
            loose = (loose ^ u32::from(class)).wrapping_mul(PRIME);
        }
        last = class;
    }
    (exact, loose)
}

/// Numbers facts.
struct Sayer<'a, F> {
    template: u32,
    say: &'a mut F,
}

impl<F: FnMut(usize)> Sayer<'_, F> {
    /// Says a fact of the next sort.
    #[inline(always)]
    fn add(&mut self, parts: &[u32]) {
        self.add_same(parts);
        self.template += 1;
    }

    /// Says one more fact of this sort.
    #[inline(always)]
    fn add_same(&mut self, parts: &[u32]) {
        let mut hash = u64::from(self.template).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        for part in parts {
            hash = (hash.rotate_left(23) ^ u64::from(*part)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        }
        (self.say)((hash >> 40) as usize % PLACES);
    }
}
