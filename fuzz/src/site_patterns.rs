//! Detectors of a site's own: any pattern is refused with a reason or keeps the laws.
//!
//! Byte 0 says whether case matters and whether context is asked for, byte 1 the length of the pattern; the pattern, then
//! the document.

use blackbar_detectors::site::Pattern;
use blackbar_engine::testing::{laws, rules};
use blackbar_engine::{Format, Kind, Scanner};

use crate::input::Input;

/// Compiles a pattern and reads a document with it alone.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let choice = input.byte();
    let length = usize::from(input.byte() % 40);
    let rest = input.rest(600);
    let (pattern, doc) = rest.split_at(length.min(rest.len()));
    let Ok(pattern) = std::str::from_utf8(pattern) else { return };
    let words = ["chart".to_owned(), "mrn no".to_owned()];
    let context: &[String] = if choice & 2 == 0 { &[] } else { &words };
    let case_insensitive = choice & 1 == 1;
    let kind = Kind::new("mrn");
    let compiled = Pattern { id: "site", kind, pattern, context, case_insensitive, confidence: 80 }.detector();
    let detector = match compiled {
        Ok(detector) => detector,
        Err(error) => {
            assert!(!error.to_string().is_empty(), "a refusal has a reason");
            return;
        }
    };
    let scanner = Scanner::builder().detectors(&[detector]).build().expect("a compiled pattern has a finite window");
    let profile = rules().build().expect("rules without keys are valid");
    for format in [Format::Text, Format::Json, Format::CSV] {
        let whole = laws::oracle(&scanner, &profile, format, doc);
        let bytes: Vec<usize> = (1..doc.len()).collect();
        laws::split(&whole, &scanner, &profile, format, doc, &bytes);
        laws::edits(&scanner, &profile, format, doc);
    }
}
