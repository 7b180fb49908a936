//! What the values of each kind mean to the operators: their canonical form, what is more general, what may stand in.
//!
//! [`Phi`] is the one type; it implements the engine's [`Values`]. Nothing here searches: a value was found already, and its
//! kind is known. Whatever a value turns out not to be is answered with `None`, and the engine takes a stronger
//! operator.

mod canonical;
mod date;
mod fits;
mod generalise;
mod identity;
mod spellings;
mod surrogate;
mod text;

use blackbar_engine::operator::{Operator, Prf, Shape, Values, main_kind};

use self::date::Date;

/// The values of protected health information.
#[derive(Clone, Copy, Debug)]
pub struct Phi {
    /// This year. It decides which birth years tell of an age above 89, and what `'31` means; a parameter, because
    /// nothing here reads a clock.
    pub year: i32,
}

impl Values for Phi {
    fn canonical(&self, kind: &str, value: &[u8]) -> Vec<u8> {
        canonical::canonical(kind, value)
    }

    fn identity(&self, kind: &str, value: &[u8]) -> Option<Vec<u8>> {
        identity::identity(kind, value)
    }

    fn spellings(&self, kind: &str, canonical: &[u8]) -> Vec<Vec<u8>> {
        spellings::spellings(kind, canonical)
    }

    fn shape(&self, kind: &str, value: &[u8]) -> Option<Shape> {
        canonical::shape(kind, value)
    }

    fn generalise(&self, kind: &str, value: &[u8]) -> Option<Vec<u8>> {
        generalise::generalise(kind, value, self.year)
    }

    fn shift(&self, kind: &str, value: &[u8], days: i32) -> Option<Vec<u8>> {
        if main_kind(kind) != "date" {
            return None;
        }
        let date = Date::parse(value)?;
        Some(date.write(value, date.day(self.year)?.plus(days)?))
    }

    fn surrogate(&self, kind: &str, value: &[u8], prf: &Prf) -> Option<Vec<u8>> {
        surrogate::surrogate(kind, value, prf, self.year)
    }

    fn fits(&self, operator: Operator, kind: &str) -> Result<(), &'static str> {
        fits::fits(operator, kind)
    }
}

#[cfg(test)]
mod tests;
