//! What the profile says of the kinds that a stream met, at hand without comparing names.

use std::cell::{Cell, RefCell};

use bytes::Bytes;

use crate::lens::encode::{self, Around, Position};
use crate::operator::{self, Operator};
use crate::profile::Rules;
use crate::stats::Stats;
use crate::{Kind, Slot};

/// One plan for each kind that was met.
#[derive(Default)]
pub(crate) struct Plans {
    known: RefCell<Vec<Plan>>,
    /// Places in `known`, by where in memory the id of a kind is.
    places: RefCell<Places>,
}

/// A power of two, large enough that few kinds share a place.
const PLACES: usize = 256;

/// None before the first kind was met.
#[derive(Default)]
struct Places(Box<[Cell<u16>]>);

struct Plan {
    kind: Kind,
    /// `None` when the profile does not look for the kind.
    operator: Option<Operator>,
    /// What [`Operator::Tag`] writes, when it is the same in most places.
    tag: Option<Bytes>,
    /// How often it was found since the last time that somebody asked.
    count: u64,
}

impl Plans {
    /// The operator of `kind`, `None` when it is off.
    #[inline]
    pub(crate) fn operator(&self, kind: Kind, rules: &Rules) -> Option<Operator> {
        let known = self.known.borrow();
        if let Some(plan) = known.get(self.place(kind)).filter(|plan| is_same(plan.kind, kind)) {
            return plan.operator;
        }
        drop(known);
        self.meet(kind, rules)
    }

    /// Where the plan of `kind` was the last time that one at the same place of memory was asked for.
    #[inline]
    fn place(&self, kind: Kind) -> usize {
        self.places.borrow().0.get(slot(kind)).map_or(0, |place| usize::from(place.get()))
    }

    #[inline(never)]
    fn meet(&self, kind: Kind, rules: &Rules) -> Option<Operator> {
        let mut known = self.known.borrow_mut();
        let place = known.iter().position(|plan| is_same(plan.kind, kind)).unwrap_or_else(|| {
            known.push(Plan::new(kind, rules));
            known.len() - 1
        });
        let mut places = self.places.borrow_mut();
        if places.0.is_empty() {
            places.0 = vec![Cell::new(0); PLACES].into();
        }
        if let (Some(to), Ok(place)) = (places.0.get(slot(kind)), u16::try_from(place)) {
            to.set(place);
        }
        known.get(place).and_then(|plan| plan.operator)
    }

    /// What a tag of `kind` is at `position`, when it needs no spelling.
    #[inline]
    pub(crate) fn tag(&self, kind: Kind, position: Position, rules: &Rules) -> Option<Bytes> {
        let plain = match position.slot {
            Slot::Text | Slot::Bare | Slot::String | Slot::Line { .. } => true,
            Slot::Cell { .. } => matches!(position.delimiter, b',' | b';' | b'\t' | b'|'),
            _ => false,
        };
        if !plain || position.around != Around::default() {
            return None;
        }
        self.operator(kind, rules);
        let known = self.known.borrow();
        known.get(self.place(kind)).filter(|plan| is_same(plan.kind, kind)).and_then(|plan| plan.tag.clone())
    }

    /// Counts a finding.
    #[inline]
    pub(crate) fn count(&mut self, kind: Kind, rules: &Rules) {
        self.operator(kind, rules);
        let place = self.place(kind);
        if let Some(plan) = self.known.get_mut().get_mut(place).filter(|plan| is_same(plan.kind, kind)) {
            plan.count += 1;
        }
    }

    /// Forgets them, once `stats` were told what was counted.
    pub(crate) fn rest(&mut self, stats: &mut Stats) {
        self.tell(stats);
        *self = Self::default();
    }

    /// Adds what was counted to `stats`.
    pub(crate) fn tell(&mut self, stats: &mut Stats) {
        for plan in self.known.get_mut() {
            if plan.count > 0 {
                *stats.findings.entry(plan.kind).or_default() += std::mem::take(&mut plan.count);
            }
        }
    }
}

impl Plan {
    fn new(kind: Kind, rules: &Rules) -> Self {
        let tag = operator::tag(kind.id());
        let spelt = encode::replacement(Position { slot: Slot::String, ..Position::default() }, &tag, Operator::Tag);
        // A name that a site gave may hold anything.
        let plain = tag.iter().all(|byte| byte.is_ascii_alphanumeric() || b"[]-_".contains(byte)) && spelt == tag;
        let operator = (!rules.is_off(kind)).then(|| rules.operator(kind));
        Self { kind, operator, tag: plain.then_some(spelt), count: 0 }
    }
}

/// Where in the table of places a kind is noted.
fn slot(kind: Kind) -> usize {
    let at = kind.id().as_ptr().addr();
    (at ^ at >> 8 ^ kind.id().len() << 1) % PLACES
}

/// Whether both are one id in memory; equal ids elsewhere have a plan of their own.
#[inline]
fn is_same(one: Kind, other: Kind) -> bool {
    std::ptr::eq(one.id(), other.id())
}
