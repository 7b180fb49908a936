//! For the tests of this protocol.

use blackbar_engine::operator::Operator;
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
                });
            }
        }
        let text = if findings.is_empty() { Raw::from(text) } else { Raw::from(shown) };
        Scrubbed { text: text.danger_pass_unredacted("a test"), findings }
    }
}
