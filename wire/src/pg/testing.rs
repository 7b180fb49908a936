//! For the tests of this protocol.

use blackbar_engine::operator::{Operator, Values};
use blackbar_engine::{Finding, Kind, Raw};

use super::clean::{Place, Scrub, Scrubbed};

/// Replaces each run of digits by `[ID]`.
pub(crate) struct Digits;

impl Scrub for Digits {
    fn scrub(&mut self, _: Place, text: Raw) -> Scrubbed {
        let text = text.danger_pass_unredacted("a test").into_bytes();
        let mut shown = Vec::new();
        let mut findings = Vec::new();
        for (at, byte) in text.iter().enumerate() {
            if !byte.is_ascii_digit() {
                shown.push(*byte);
            } else if at == 0 || !text[at - 1].is_ascii_digit() {
                shown.extend_from_slice(b"[ID]");
                findings.push(Finding {
                    start: at as u64,
                    end: at as u64 + 1,
                    parts: Vec::new(),
                    kind: Kind::new("other-id"),
                    detector: 0,
                    confidence: 99,
                    reason: "a test",
                    field: None,
                    operator: Operator::Tag,
                    mark: None,
                });
            }
        }
        let text = if findings.is_empty() { Raw::from(text) } else { Raw::from(shown) };
        Scrubbed { text: text.danger_pass_unredacted("a test"), findings }
    }
}

/// Knows of dates alone: a year before 1936 says too much.
pub(crate) struct Years;

impl Values for Years {
    fn generalise(&self, kind: &str, value: &[u8]) -> Option<Vec<u8>> {
        let year = value.get(..4).filter(|_| kind == "date")?;
        Some(if *year < *b"1936".as_slice() { b"90+".to_vec() } else { year.to_vec() })
    }
}
