//! What is said of a token to the scorer: facts about it and its neighbours, each as a place in the table of weights.

use super::tokens::{EMPTY, PRIME, Token, Tokens, hash, is_wordy};

/// How many places the table has.
pub const PLACES: usize = 1 << 17;

/// Says all about the `n`th token from the trigger on, each fact once. `inside` is what the token before it was told to be,
/// from 1 on, where this may go on.
pub(super) fn word(tokens: &Tokens<'_>, n: isize, inside: u32, say: &mut impl FnMut(usize)) {
    let nothing = Token::default();
    let token = |at: isize| tokens.at(n + at).unwrap_or(&nothing);
    let (here, left, right) = (token(0), token(-1), token(1));
    let (far_left, far_right) = (token(-2), token(2));
    let (before, after) = (gap(here.gap), if right.text.is_empty() { 1 } else { gap(right.gap) });
    let mut fact = Facts { template: 0, say };
    fact.add(&[]);
    fact.add(&[here.word]);
    fact.add(&[here.shape]);
    fact.add(&[here.bits]);
    fact.add(&[here.class]);
    for edge in here.edges() {
        fact.add(&[edge]);
    }
    for bit in 0..32 {
        if here.bits >> bit & 1 == 1 {
            fact.add_same(&[bit, here.shape >> 4]);
        }
    }
    fact.template += 1;
    for other in [left, right, far_left, far_right, token(-3), token(3)] {
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
    let begins = u32::from(n == 0 && tokens.begins || here.gap.contains(&b'\n'));
    fact.add(&[begins, here.class]);
    fact.add(&[begins, after, here.shape]);
    fact.add(&[tokens.head]);
    fact.add(&[tokens.head, here.shape >> 4]);
    fact.add(&[u32::from(left.gap.contains(&b'\n')), left.class, here.class]);
    if inside > 0 {
        fact.add(&[inside]);
        fact.add(&[inside, here.class]);
        fact.add(&[inside, here.word]);
        fact.add(&[inside, before, here.shape]);
        fact.add(&[inside, before]);
        fact.add(&[inside, here.class, right.class]);
        fact.add(&[inside, here.shape >> 4, after]);
        fact.add(&[inside, left.class, here.class]);
    }
}

/// Says all about a value with digits that begins at the trigger; `value` is all of it.
pub(super) fn value(tokens: &Tokens<'_>, value: &[u8], after: &[u8], say: &mut impl FnMut(usize)) {
    let nothing = Token::default();
    let token = |at: isize| tokens.at(at).unwrap_or(&nothing);
    let (left, far_left, third) = (token(-1), token(-2), token(-3));
    let before = gap(token(0).gap);
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
    let mut fact = Facts { template: 100, say };
    fact.add(&[]);
    fact.add(&[exact]);
    fact.add(&[loose]);
    fact.add(&[len]);
    fact.add(&[digits, len - digits.min(len)]);
    fact.add(&[prefix]);
    fact.add(&[hash(value)]);
    for other in [left, far_left, third, token(-4)] {
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
    fact.add(&[tokens.head]);
    fact.add(&[tokens.head, loose]);
    fact.add(&[u32::from(tokens.begins), exact]);
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

/// What a gap is: its signs, with blanks and line ends as one each.
fn gap(gap: &[u8]) -> u32 {
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

struct Facts<'a, F> {
    template: u32,
    say: &'a mut F,
}

impl<F: FnMut(usize)> Facts<'_, F> {
    /// Says a fact of the next sort.
    fn add(&mut self, parts: &[u32]) {
        self.add_same(parts);
        self.template += 1;
    }

    /// Says one more fact of this sort.
    fn add_same(&mut self, parts: &[u32]) {
        let mut hash = u64::from(self.template).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        for part in parts {
            hash = (hash.rotate_left(23) ^ u64::from(*part)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        }
        (self.say)((hash >> 40) as usize % PLACES);
    }
}
