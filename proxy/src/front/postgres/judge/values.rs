//! Values that a client binds, as far as judging needs them.

use std::ops::Range;

use blackbar_wire::pg::frontend::{Bind, format_at};
use bytes::Bytes;

/// The values of a statement's parameters.
pub(super) trait Values {
    /// Whether the parameter of this number is null. One that is not there counts as null: as a limit it is none.
    fn is_null(&self, number: u32) -> bool;
    /// The parameter as a whole number.
    fn integer(&self, number: u32) -> Option<i64>;
    /// What is compared with when it is compared with the parameter; several when that looks like an array.
    fn spelt(&self, number: u32) -> Vec<Bytes>;
}

/// Before there are values, every limit counts as bound: the `Bind` is judged with them.
#[derive(Clone, Copy, Debug)]
pub(super) struct NotYet;

/// A text has no parameters, and `EXECUTE` has values that nobody reads.
#[derive(Clone, Copy, Debug)]
pub(super) struct Never;

impl Values for NotYet {
    fn is_null(&self, _: u32) -> bool {
        false
    }

    fn integer(&self, _: u32) -> Option<i64> {
        Some(0)
    }

    fn spelt(&self, _: u32) -> Vec<Bytes> {
        Vec::new()
    }
}

impl Values for Never {
    fn is_null(&self, _: u32) -> bool {
        true
    }

    fn integer(&self, _: u32) -> Option<i64> {
        None
    }

    fn spelt(&self, _: u32) -> Vec<Bytes> {
        Vec::new()
    }
}

impl Values for Bind {
    fn is_null(&self, number: u32) -> bool {
        value(self, number).is_none()
    }

    fn integer(&self, number: u32) -> Option<i64> {
        let (value, format) = value(self, number)?;
        if format == 0 {
            return std::str::from_utf8(value).ok()?.trim().parse().ok();
        }
        match value.len() {
            2 => Some(i16::from_be_bytes(value.as_ref().try_into().ok()?).into()),
            4 => Some(i32::from_be_bytes(value.as_ref().try_into().ok()?).into()),
            8 => Some(i64::from_be_bytes(value.as_ref().try_into().ok()?)),
            _ => None,
        }
    }

    fn spelt(&self, number: u32) -> Vec<Bytes> {
        value(self, number).map_or_else(Vec::new, |(value, format)| elements(value, format))
    }
}

/// A bound value with its format. `None` for null, and for one that is not there.
fn value(bind: &Bind, number: u32) -> Option<(&Bytes, i16)> {
    let at = usize::try_from(number).ok()?.checked_sub(1)?;
    Some((bind.values.get(at)?.as_ref()?, format_at(&bind.formats, at)?))
}

/// The elements of a value that may be an array; the value itself when it is none. For counting, not for reading: what looks
/// like an array is one.
pub(super) fn elements(value: &Bytes, format: i16) -> Vec<Bytes> {
    if format == 0 {
        let inner = value.strip_prefix(b"{").and_then(|inner| inner.strip_suffix(b"}"));
        return match inner {
            Some(inner) => inner.split(|byte| *byte == b',').map(|element| value.slice_ref(element)).collect(),
            None => vec![value.clone()],
        };
    }
    binary_elements(value)
        .map_or_else(|| vec![value.clone()], |found| found.into_iter().map(|at| value.slice(at)).collect())
}

/// Dimensions, flags, type; size and bound of each dimension; lengths and values to the very end.
pub(super) fn binary_elements(value: &[u8]) -> Option<Vec<Range<usize>>> {
    let number = |at: usize| Some(i32::from_be_bytes(value.get(at..at.checked_add(4)?)?.try_into().ok()?));
    let dimensions = usize::try_from(number(0)?).ok().filter(|dimensions| (1..=6).contains(dimensions))?;
    if !matches!(number(4)?, 0 | 1) {
        return None;
    }
    let mut at = 12 + dimensions * 8;
    let mut found = Vec::new();
    while at < value.len() {
        let length = number(at)?;
        at += 4;
        let Ok(length) = usize::try_from(length) else { continue };
        let end = at.checked_add(length).filter(|end| *end <= value.len())?;
        found.push(at..end);
        at = end;
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bind(values: &[Option<&[u8]>], formats: &[i16]) -> Bind {
        Bind {
            portal: Bytes::new(),
            statement: Bytes::new(),
            formats: formats.to_vec(),
            values: values.iter().map(|value| value.map(Bytes::copy_from_slice)).collect(),
            results: Vec::new(),
        }
    }

    #[test]
    fn whole_numbers_are_read_in_both_formats() {
        let values = [Some(&b" 12 "[..]), None, Some(b"x")];
        let text = bind(&values, &[]);
        assert_eq!((text.integer(1), text.integer(3)), (Some(12), None));
        assert!(!text.is_null(1) && text.is_null(2) && text.is_null(9) && text.is_null(0));
        let binary = bind(&[Some(&[0, 0, 0, 5]), Some(&[0xff; 8]), Some(&[0, 9])], &[1]);
        assert_eq!((binary.integer(1), binary.integer(2), binary.integer(3)), (Some(5), Some(-1), Some(9)));
    }

    #[test]
    fn every_element_of_an_array_counts() {
        let count = |value: &[u8], format| elements(&Bytes::copy_from_slice(value), format).len();
        assert_eq!(count(b"{a,b,c}", 0), 3);
        assert_eq!(count(b"a,b", 0), 1);
        let mut array = Vec::new();
        for number in [1_i32, 0, 25, 3, 1, 1] {
            array.extend(number.to_be_bytes());
        }
        array.extend(b"a\xff\xff\xff\xff\0\0\0\x02bc");
        assert_eq!(count(&array, 1), 2, "a null is no probe");
        assert_eq!(count(b"123-45-6789", 1), 1);
        array.pop();
        assert_eq!(count(&array, 1), 1, "what does not come out even is one value");
    }
}
