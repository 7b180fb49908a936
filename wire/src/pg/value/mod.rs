//! Values of columns: judged as text, replaced by values of the same type.
//!
//! A [`Masker`] turns a row into what a client may get. What a column is subject to is a [`Decision`]: to pass, to be looked
//! at, or to be replaced whole. A column that is looked at is shown to a [`Scrub`] as text, whatever its format; a text type
//! takes what comes back, any other type is replaced whole when something was found, by the operator of the strongest
//! finding. A replacement is a value of the same type and never longer than the column, or NULL. A row in which nothing was
//! changed goes on as the frame it came in.
//!
//! Ranges, labels of enums and types that nobody knows have no replacement but NULL.

mod binary;
mod calendar;
mod nested;
mod replace;
mod stands;
mod types;

use std::fmt;
use std::ops::Range;

use blackbar_engine::operator::{Context, Operator};
use blackbar_engine::{Kind, Raw};
use bytes::Bytes;

use self::binary::{from_text, to_text};
use self::nested::{BinaryArray, Piece, read_array, read_record, read_row, write_record, write_row};
use self::replace::{fit, replacement};
pub use self::stands::{Destination, Scalar, may_stand_for_others, scalars};
pub use self::types::{Base, Builtin, Shape, Types};
use super::backend::{self, Column};
use super::clean::{Place, Refusal, Scrub, ToClient};
use super::frame::BackendFrame;

/// What a column is subject to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Decision {
    /// It passes unseen, because a policy says so by name.
    Pass,
    /// It is shown to the detectors.
    Detect,
    /// It is replaced whole.
    Replace {
        /// What it is said to hold.
        kind: Kind,
        /// How it is replaced.
        operator: Operator,
    },
}

/// What becomes of a binary value of a type that nobody knows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Unknown {
    /// It becomes NULL.
    Null,
    /// It ends the statement.
    Refuse,
}

/// Turns rows into what a client may get.
pub struct Masker<'m> {
    /// The types of the database.
    pub types: &'m dyn Types,
    /// The detectors.
    pub scrub: &'m mut dyn Scrub,
    /// Keys and meanings for operators.
    pub context: Context<'m>,
    /// What becomes of binary values of unknown types.
    pub unknown: Unknown,
}

/// What became of a value.
#[derive(Clone, Eq, PartialEq)]
pub enum Masked {
    /// It may be shown as it is.
    Unchanged,
    /// It is NULL now.
    Null,
    /// It is this now, in the same format.
    Value(Bytes),
}

/// A type, what it was declared with, and the format of its values.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Typed {
    /// The type.
    pub oid: u32,
    /// Such as the `n` of `varchar(n)`; -1 for nothing.
    pub modifier: i32,
    /// 1 for binary.
    pub format: i16,
}

impl Masker<'_> {
    /// A row as a client may get it. `decisions` are of its columns, in order; a column without one is looked at.
    ///
    /// # Errors
    ///
    /// When the row does not fit its columns, or a value may neither be shown nor replaced.
    pub fn row(
        &mut self,
        columns: &[Column],
        decisions: &[Decision],
        frame: &BackendFrame,
    ) -> Result<ToClient, Refusal> {
        let mut cells = Vec::with_capacity(columns.len());
        backend::data_row(frame, &mut cells)?;
        if cells.len() != columns.len() {
            return Err(Refusal::Rule("a row with another number of columns"));
        }
        let mut masked: Vec<Masked> = Vec::new();
        for (at, (cell, column)) in cells.iter().zip(columns).enumerate() {
            let Some(cell) = cell else { continue };
            let typed = Typed { oid: column.type_oid, modifier: column.modifier, format: column.format };
            let decision = decisions.get(at).copied().unwrap_or(Decision::Detect);
            let value = self.value(at, typed, decision, &frame.bytes().slice(cell.clone()))?;
            if value != Masked::Unchanged {
                masked.resize(columns.len(), Masked::Unchanged);
                masked[at] = value;
            }
        }
        if masked.is_empty() {
            return Ok(ToClient::judged(frame));
        }
        let shown = |(cell, masked): (&Option<Range<usize>>, _)| match masked {
            &Masked::Unchanged => cell.clone().and_then(|cell| frame.bytes().get(cell).map(<[u8]>::to_vec)),
            &Masked::Null => None,
            Masked::Value(value) => Some(value.to_vec()),
        };
        let values: Vec<Option<Vec<u8>>> = cells.iter().zip(&masked).map(shown).collect();
        ToClient::row_of(frame.size(), values.len(), values.iter().map(Option::as_deref))
    }

    /// The result of a function that was called by its OID, as a client may get it. `typed` is what the catalog says the
    /// function returns.
    ///
    /// # Errors
    ///
    /// When the message does not follow its grammar, or the value may neither be shown nor replaced.
    pub fn function_result(
        &mut self,
        typed: Typed,
        decision: Decision,
        frame: &BackendFrame,
    ) -> Result<ToClient, Refusal> {
        let value = backend::function_result(frame)?;
        let Some(value) = value else { return Ok(ToClient::judged(frame)) };
        let masked = match decision {
            Decision::Pass | Decision::Replace { operator: Operator::Keep, .. } => Masked::Unchanged,
            Decision::Replace { operator: Operator::Drop, .. } => Masked::Null,
            _ => self.nested(Place::FunctionResult, typed, decision, &value, 0)?,
        };
        match masked {
            Masked::Unchanged => Ok(ToClient::judged(frame)),
            Masked::Null => ToClient::function_result(None),
            Masked::Value(value) => ToClient::function_result(Some(&value)),
        }
    }

    /// A value as a client may get it; it stands in column `at`.
    ///
    /// # Errors
    ///
    /// When it may neither be shown nor replaced.
    pub fn value(&mut self, at: usize, typed: Typed, decision: Decision, value: &Bytes) -> Result<Masked, Refusal> {
        let place = Place::Column(at);
        match decision {
            Decision::Pass | Decision::Replace { operator: Operator::Keep, .. } => {
                if let Some(text) = self.text(typed, value) {
                    self.scrub.passed(place, &Raw::from(text));
                }
                Ok(Masked::Unchanged)
            }
            Decision::Replace { operator: Operator::Drop, kind } => {
                if let Some(text) = self.text(typed, value) {
                    self.scrub.replaced(place, kind, &Raw::from(text));
                }
                Ok(Masked::Null)
            }
            _ => self.nested(place, typed, decision, value, 0),
        }
    }

    /// A plain value as text.
    fn text(&self, typed: Typed, value: &Bytes) -> Option<Bytes> {
        let mut typed = typed;
        for _ in 0..MOST_NESTED {
            match self.types.shape(typed.oid) {
                Shape::Base(base) => return textual(base, typed.format == 1, value),
                Shape::Domain(of) => typed.oid = of,
                _ if typed.format == 0 => return Some(value.clone()),
                _ => return None,
            }
        }
        None
    }

    fn nested(
        &mut self,
        place: Place,
        typed: Typed,
        decision: Decision,
        value: &Bytes,
        depth: usize,
    ) -> Result<Masked, Refusal> {
        if depth > MOST_NESTED {
            return Ok(Masked::Null);
        }
        let deeper = |typed: Typed| Typed { modifier: typed.modifier, ..typed };
        match self.types.shape(typed.oid) {
            Shape::Base(base) => Ok(self.base(place, base, typed, decision, value)),
            Shape::Domain(of) => self.nested(place, deeper(Typed { oid: of, ..typed }), decision, value, depth + 1),
            Shape::Array(element) if typed.format == 1 => {
                let Some(array) = BinaryArray::read(value) else { return Ok(Masked::Null) };
                // The value itself says what its elements are; it must say the same.
                if array.element != element && self.types.shape(element) != self.types.shape(array.element) {
                    return Ok(Masked::Null);
                }
                let typed = Typed { oid: array.element, ..typed };
                let mut changed = false;
                let mut elements = Vec::with_capacity(array.elements.len());
                for element in &array.elements {
                    elements.push(self.part(place, typed, decision, element.as_ref(), depth, &mut changed)?);
                }
                Ok(if changed { array.write(&elements).map_or(Masked::Null, Masked::Value) } else { Masked::Unchanged })
            }
            Shape::Array(element) => {
                let Some(pieces) = read_array(value) else { return Ok(Masked::Null) };
                let typed = Typed { oid: element, ..typed };
                let mut changed = false;
                let mut out = Vec::with_capacity(value.len());
                for piece in pieces {
                    match piece {
                        Piece::Grammar(bytes) => out.extend_from_slice(&bytes),
                        Piece::Element(element) => {
                            let element = element.map(Bytes::from);
                            match self.part(place, typed, decision, element.as_ref(), depth, &mut changed)? {
                                Some(element) => nested::quote(&mut out, &element),
                                None => out.extend_from_slice(b"NULL"),
                            }
                        }
                    }
                }
                Ok(if changed { Masked::Value(out.into()) } else { Masked::Unchanged })
            }
            Shape::Composite(_) if typed.format == 1 => {
                let Some(mut fields) = read_record(value) else { return Ok(Masked::Null) };
                let mut changed = false;
                for (index, (oid, field)) in fields.iter_mut().enumerate() {
                    let place = place.attribute(typed.oid, index);
                    let typed = Typed { oid: *oid, modifier: -1, format: 1 };
                    *field = self.part(place, typed, decision, field.as_ref(), depth, &mut changed)?;
                }
                Ok(if changed { write_record(&fields).map_or(Masked::Null, Masked::Value) } else { Masked::Unchanged })
            }
            Shape::Composite(types) => {
                let Some(mut fields) = read_row(value) else { return Ok(Masked::Null) };
                let mut changed = false;
                for (index, field) in fields.iter_mut().enumerate() {
                    // The fields of a record that nobody declared are looked at as text.
                    let oid = types.get(index).copied().unwrap_or(TEXT);
                    let place = place.attribute(typed.oid, index);
                    let typed = Typed { oid, modifier: -1, format: 0 };
                    let value = field.take().map(Bytes::from);
                    let value = self.part(place, typed, decision, value.as_ref(), depth, &mut changed)?;
                    *field = value.map(|value| value.to_vec());
                }
                Ok(if changed { Masked::Value(write_row(&fields).into()) } else { Masked::Unchanged })
            }
            Shape::Range if typed.format == 1 => self.opaque_binary(place, decision, value, true),
            Shape::Enum | Shape::Range => Ok(self.opaque_text(place, decision, value)),
            Shape::Unknown if typed.format == 1 => self.opaque_binary(place, decision, value, false),
            Shape::Unknown => Ok(self.opaque_text(place, decision, value)),
        }
    }

    fn part(
        &mut self,
        place: Place,
        typed: Typed,
        decision: Decision,
        value: Option<&Bytes>,
        depth: usize,
        changed: &mut bool,
    ) -> Result<Option<Bytes>, Refusal> {
        let Some(value) = value else { return Ok(None) };
        let masked = self.nested(place, typed, decision, value, depth + 1)?;
        *changed |= masked != Masked::Unchanged;
        Ok(match masked {
            Masked::Unchanged => Some(value.clone()),
            Masked::Null => None,
            Masked::Value(value) => Some(value),
        })
    }

    /// Nothing but NULL can take its place.
    fn opaque_text(&mut self, place: Place, decision: Decision, value: &Bytes) -> Masked {
        if decision != Decision::Detect {
            return Masked::Null;
        }
        let found = self.scrub.scrub(place, Raw::from(value.clone()));
        if found.findings.is_empty() && found.text.as_bytes() == value { Masked::Unchanged } else { Masked::Null }
    }

    /// Bytes that cannot be shown to a detector as what they mean.
    fn opaque_binary(&mut self, _: Place, decision: Decision, _: &Bytes, known: bool) -> Result<Masked, Refusal> {
        if !known && decision == Decision::Detect && self.unknown == Unknown::Refuse {
            return Err(Refusal::Rule("a binary value of a type that nobody knows"));
        }
        Ok(Masked::Null)
    }

    fn base(&mut self, place: Place, base: Base, typed: Typed, decision: Decision, value: &Bytes) -> Masked {
        let binary = typed.format == 1;
        let Some(text) = textual(base, binary, value) else { return Masked::Null };
        let how = match decision {
            Decision::Pass => return Masked::Unchanged,
            Decision::Replace { kind, operator } => {
                self.scrub.replaced(place, kind, &Raw::from(text.clone()));
                (kind, operator)
            }
            Decision::Detect => {
                let shown = self.scrub.scrub(place, Raw::from(text.clone()));
                let strongest = shown.findings.iter().max_by_key(|finding| finding.operator);
                let same = shown.text.as_bytes() == text;
                let Some(strongest) = strongest else {
                    return if same { Masked::Unchanged } else { Masked::Null };
                };
                if same {
                    return Masked::Unchanged;
                }
                let is_text = matches!(
                    base,
                    Base::Text | Base::Varchar | Base::Bpchar | Base::Name | Base::Json | Base::Jsonb | Base::Xml
                );
                if is_text {
                    let shown = fit(base, typed.modifier, shown.text.as_bytes());
                    return spelt(base, binary, shown);
                }
                (strongest.kind, strongest.operator)
            }
        };
        match replacement(base, typed.modifier, &text, how, &self.context) {
            None => Masked::Null,
            Some(made) => spelt(base, binary, made),
        }
    }
}

/// A value as text; `None` for one that is none of its type.
fn textual(base: Base, binary: bool, value: &Bytes) -> Option<Bytes> {
    Some(match (binary, base) {
        (true, Base::Text | Base::Varchar | Base::Bpchar | Base::Name | Base::Json | Base::Xml | Base::Bytea) => {
            value.clone()
        }
        (true, Base::Jsonb) if value.first() == Some(&1) => value.slice(1..),
        (true, _) => to_text(base, value)?.into(),
        (false, Base::Bytea) => unescaped(value),
        (false, _) => value.clone(),
    })
}

/// A text as a value of the type, or NULL when it is none.
fn spelt(base: Base, binary: bool, text: Vec<u8>) -> Masked {
    if base == Base::Interval && text == b"00:00:00" {
        return Masked::Value(if binary { Bytes::from_static(&[0; 16]) } else { text.into() });
    }
    // A NUL is in no text of PostgreSQL's.
    if text.contains(&0) {
        return Masked::Null;
    }
    match from_text(base, &text) {
        None => Masked::Null,
        Some(bytes) if binary => Masked::Value(bytes.into()),
        Some(_) => Masked::Value(text.into()),
    }
}

/// The bytes of a `bytea` as text in the form `\x…`; the older form is looked at as it is.
fn unescaped(value: &Bytes) -> Bytes {
    let digits = value.strip_prefix(b"\\x").and_then(|digits| std::str::from_utf8(digits).ok());
    digits.and_then(binary::hex).map_or_else(|| value.clone(), Bytes::from)
}

impl fmt::Debug for Masker<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Masker")
    }
}

impl fmt::Debug for Masked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unchanged => f.write_str("Unchanged"),
            Self::Null => f.write_str("Null"),
            Self::Value(value) => write!(f, "Value({} bytes)", value.len()),
        }
    }
}

const TEXT: u32 = 25;
/// Deeper values are no longer looked into.
const MOST_NESTED: usize = 16;

#[cfg(test)]
mod tests;
