//! From candidates to findings: leftmost start, then priority, then longest.
//!
//! A candidate that starts inside a chosen one is cut to what is left of it behind the chosen one, so that every byte
//! that a detector claimed is inside some finding. Identifiers with a tail are consumed as bytes arrive, in constant
//! memory.

use std::cmp::Reverse;

use crate::operator::Operator;
use crate::{Kind, Tail};

/// What a detector claimed, in offsets of the run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidate {
    pub(crate) start: u64,
    /// One past the last byte decided within the window.
    pub(crate) decided: u64,
    pub(crate) tail: Tail,
    /// How far the tail has been followed.
    pub(crate) reached: u64,
    pub(crate) kind: Kind,
    pub(crate) confidence: u8,
    pub(crate) priority: u8,
    pub(crate) detector: u16,
    /// Where it was triggered.
    pub(crate) trigger: u64,
    pub(crate) reason: &'static str,
    /// What the profile says of its kind. One that is kept shields its own span from weaker candidates and nothing else.
    pub(crate) operator: Operator,
}

impl Candidate {
    /// Whether the profile keeps its kind.
    pub(crate) fn is_kept(&self) -> bool {
        self.operator == Operator::Keep
    }

    /// Of candidates with one start, the one with the least rank is chosen. No two have the same.
    fn rank(&self) -> impl Ord + use<> {
        (Reverse(self.priority), Reverse(self.decided), Reverse(self.confidence), self.detector, self.trigger)
    }
}

/// What was settled, in order.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Event {
    /// A whole finding.
    Found { found: Candidate, start: u64, end: u64 },
    /// A finding that is longer than may be held: it starts here …
    Begins { found: Candidate, start: u64 },
    /// … reaches to here so far …
    Reaches { end: u64 },
    /// … and ends here.
    Ends { end: u64 },
}

/// The part of a run that is at hand.
#[derive(Clone, Copy)]
pub(crate) struct Text<'a> {
    pub(crate) bytes: &'a [u8],
    /// Offset in the run of the first of `bytes`.
    pub(crate) base: u64,
    /// Whether more of the run may follow.
    pub(crate) open: bool,
}

impl<'a> Text<'a> {
    pub(crate) fn end(&self) -> u64 {
        self.base + self.bytes.len() as u64
    }

    pub(crate) fn slice(&self, start: u64, end: u64) -> &'a [u8] {
        let index = |at: u64| usize::try_from(at.saturating_sub(self.base)).unwrap_or(usize::MAX);
        self.bytes.get(index(start)..index(end)).unwrap_or_default()
    }

    fn from(&self, at: u64) -> &'a [u8] {
        self.slice(at, self.end())
    }
}

#[derive(Debug, Default)]
pub(crate) struct Resolver {
    /// Sorted by start; those before `next` are spent.
    waiting: Vec<Candidate>,
    next: usize,
    /// Candidates whose turn has come: all of them start at or before the cursor or the group's common start.
    group: Vec<Candidate>,
    /// One past the last settled byte of a finding.
    cursor: u64,
    open: Option<Open>,
}

#[derive(Clone, Copy, Debug)]
struct Open {
    found: Candidate,
    start: u64,
    end: u64,
    begun: bool,
}

impl Resolver {
    /// Gives back room that is not in use.
    pub(crate) fn rest(&mut self) {
        self.waiting.shrink_to_fit();
        self.group.shrink_to_fit();
    }

    pub(crate) fn reset(&mut self) {
        self.waiting.clear();
        self.next = 0;
        self.group.clear();
        self.cursor = 0;
        self.open = None;
    }

    /// Whether nothing waits to be settled.
    pub(crate) fn is_idle(&self) -> bool {
        self.open.is_none() && self.group.is_empty() && self.next == self.waiting.len()
    }

    /// What comes of the only candidate of a run that ends with `text`, when that is plain to see. It is taken.
    pub(crate) fn only(&mut self, candidates: &mut Vec<Candidate>, text: Text<'_>, most: u64) -> Option<Event> {
        let &[found] = candidates.as_slice() else { return None };
        let end = match found.tail {
            Tail::None => found.decided,
            Tail::Rest => text.end(),
            Tail::While { .. } => return None,
        };
        let plain = !text.open && self.is_idle() && !found.is_kept() && found.start >= self.cursor && found.start < end;
        if !plain || (found.tail != Tail::None && end - found.start > most) {
            return None;
        }
        candidates.clear();
        self.cursor = end;
        Some(Event::Found { found, start: found.start, end })
    }

    /// Takes new candidates, which become empty.
    pub(crate) fn add(&mut self, candidates: &mut Vec<Candidate>) {
        if candidates.is_empty() {
            return;
        }
        if self.next == self.waiting.len() {
            self.waiting.clear();
            std::mem::swap(&mut self.waiting, candidates);
        } else {
            self.waiting.drain(..self.next);
            self.waiting.append(candidates);
        }
        self.next = 0;
        sort_by_start(&mut self.waiting);
    }

    /// The first byte that later calls may still need or claim, given that candidates to come start at `frontier` or
    /// behind it.
    pub(crate) fn settled(&self, frontier: u64) -> u64 {
        if let Some(open) = &self.open {
            // The soft byte at the end of what was consumed may still be the last.
            return if open.begun { open.end } else { open.start };
        }
        let group = self.group.iter().map(|candidate| candidate.start.max(self.cursor)).min();
        let waiting = self.waiting.get(self.next).map(|candidate| candidate.start.max(self.cursor));
        group.into_iter().chain(waiting).min().map_or(frontier, |start| start.min(frontier))
    }

    /// Settles what can be settled. Candidates to come start at `frontier` or behind it. A finding that grows beyond
    /// `most` bytes is reported while it grows.
    pub(crate) fn settle(&mut self, text: Text<'_>, frontier: u64, most: u64, events: &mut Vec<Event>) {
        loop {
            if let Some(open) = &mut self.open {
                let (end, done) = consume(text, open.end, open.found.tail);
                open.end = end;
                self.cursor = self.cursor.max(end);
                let Open { found, start, begun, .. } = *open;
                // Whether it is long depends on its length alone, not on how much of it came at once.
                let long = end - start > most;
                if long && !begun {
                    open.begun = true;
                    events.push(Event::Begins { found, start });
                }
                self.swallow(text, found.tail);
                if done {
                    self.open = None;
                    events.push(if long { Event::Ends { end } } else { Event::Found { found, start, end } });
                } else {
                    if long {
                        events.push(Event::Reaches { end });
                    }
                    return;
                }
            }
            let Some(start) = self.gather(text) else { return };
            if start >= frontier && text.open {
                return;
            }
            self.choose(start, events);
        }
    }

    /// Brings every candidate that would start at the next start into the group, and says where that is.
    fn gather(&mut self, text: Text<'_>) -> Option<u64> {
        loop {
            let cursor = self.cursor;
            self.group.retain_mut(|candidate| alive(candidate, text, cursor));
            // One that came later may start before one whose turn had come, but could not be settled yet.
            let group = self.group.iter().map(|candidate| candidate.start);
            let first = group.chain(self.waiting.get(self.next).map(|candidate| candidate.start)).min()?;
            let start = first.max(cursor);
            while let Some(candidate) = self.waiting.get(self.next).filter(|candidate| candidate.start <= start) {
                self.group.push(*candidate);
                self.next += 1;
            }
            self.group.retain_mut(|candidate| alive(candidate, text, cursor));
            if !self.group.is_empty() {
                return Some(start);
            }
        }
    }

    fn choose(&mut self, start: u64, events: &mut Vec<Event>) {
        let turns = self.group.iter().enumerate().filter(|(_, candidate)| candidate.start <= start);
        let Some((best, _)) = turns.min_by_key(|(_, candidate)| candidate.rank()) else { return };
        let found = self.group.swap_remove(best);
        if found.is_kept() {
            let same = |c: &Candidate| c.start <= start && c.decided == found.decided && c.tail == found.tail;
            self.group.retain(|c| !same(c));
            return;
        }
        if matches!(found.tail, Tail::None) {
            self.cursor = found.decided;
            events.push(Event::Found { found, start, end: found.decided });
        } else {
            let end = found.reached.max(start);
            self.cursor = end;
            self.open = Some(Open { found, start, end, begun: false });
        }
    }

    /// Drops candidates that lie wholly inside the finding that is being consumed.
    fn swallow(&mut self, text: Text<'_>, tail: Tail) {
        let cursor = self.cursor;
        while let Some(candidate) = self.waiting.get(self.next).filter(|candidate| candidate.start < cursor) {
            self.group.push(*candidate);
            self.next += 1;
        }
        self.group.retain_mut(|candidate| {
            // One with the same tail, decided by now, ends where the open one ends.
            let same = candidate.decided <= cursor && candidate.tail == tail;
            !same && alive(candidate, text, cursor)
        });
        // Of those with one tail, decided and still going on, all have the same end: the best one stands for them.
        let going = |c: &Candidate| c.decided <= cursor && !matches!(c.tail, Tail::None);
        let mut i = 0;
        while let Some(one) = self.group.get(i).copied() {
            let beaten = going(&one)
                && self.group.iter().any(|other| going(other) && one.tail == other.tail && other.rank() < one.rank());
            if beaten {
                self.group.swap_remove(i);
            } else {
                i += 1;
            }
        }
    }
}

/// Sorts by start; those that start together stay in their order. Candidates come in the order of their triggers, so most
/// of them stand where they belong, or a few places from there.
fn sort_by_start(candidates: &mut [Candidate]) {
    /// So far a candidate is moved place by place.
    const NEAR: usize = 16;
    for i in 1..candidates.len() {
        let Some(sorted) = candidates.get_mut(..=i) else { return };
        let Some((last, before)) = sorted.split_last() else { return };
        let later = before.iter().rev().take_while(|other| other.start > last.start).take(NEAR + 1).count();
        if later > NEAR {
            candidates.sort_by_key(|candidate| candidate.start);
            return;
        }
        if later > 0
            && let Some(turned) = sorted.get_mut(i - later..)
        {
            turned.rotate_right(1);
        }
    }
}

/// Whether anything of `candidate` may lie behind the cursor. Its tail is followed as far as bytes are at hand.
fn alive(candidate: &mut Candidate, text: Text<'_>, cursor: u64) -> bool {
    if candidate.decided > cursor {
        return true;
    }
    match candidate.tail {
        Tail::None => false,
        Tail::Rest => text.open || cursor < text.end(),
        Tail::While { .. } => {
            let (reached, over) = consume(text, candidate.reached, candidate.tail);
            candidate.reached = reached;
            reached > cursor || (reached == cursor && !over)
        }
    }
}

/// Follows a tail from `end` on. Whether it is over is known unless the bytes at hand run out.
pub(crate) fn consume(text: Text<'_>, end: u64, tail: Tail) -> (u64, bool) {
    match tail {
        Tail::None => (end, true),
        Tail::Rest => (text.end(), !text.open),
        Tail::While { set, soft } => {
            let rest = text.from(end);
            let mut len = 0;
            while let Some(&byte) = rest.get(len) {
                if !set.has(byte) {
                    return (end + len as u64, true);
                }
                if soft.has(byte) {
                    match rest.get(len + 1) {
                        Some(&next) if set.has(next) && !soft.has(next) => {}
                        None if text.open => return (end + len as u64, false),
                        _ => return (end + len as u64, true),
                    }
                }
                len += 1;
            }
            (end + len as u64, !text.open)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn sorting_keeps_the_order_of_equals(starts in proptest::collection::vec(0u64..40, 0..60)) {
            let candidates = |starts: &[u64]| -> Vec<Candidate> {
                let made = starts.iter().zip(0..).map(|(&start, trigger)| Candidate {
                    start,
                    decided: start + 1,
                    tail: Tail::None,
                    reached: start + 1,
                    kind: Kind::new("name"),
                    confidence: 50,
                    priority: 1,
                    detector: 0,
                    trigger,
                    reason: "a test",
                    operator: Operator::Tag,
                });
                made.collect()
            };
            let places = |sorted: &[Candidate]| sorted.iter().map(|one| (one.start, one.trigger)).collect::<Vec<_>>();
            // As they come: nearly in order; and in any order.
            for starts in [starts.iter().zip(0..).map(|(start, i)| start / 8 + i).collect(), starts] {
                let mut expected = candidates(&starts);
                expected.sort_by_key(|candidate| candidate.start);
                let mut sorted = candidates(&starts);
                sort_by_start(&mut sorted);
                proptest::prop_assert_eq!(places(&sorted), places(&expected));
            }
        }
    }
}
