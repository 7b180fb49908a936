//! A detector of one's own: the ids that a made-up trial gives its participants, `TRL-0042-42`, whose last two digits
//! are the remainder of the four by 97. `cargo run -p blackbar-detectors --example own_detector < FILE`.
//!
//! A detector is data and one pure function. Shapes that a pattern can tell need no code at all: see `site::detector` and
//! `[[detector]]` in `blackbar.toml`. Code is for what a pattern cannot tell, such as this check.

use std::borrow::Cow;
use std::error::Error;
use std::io::{Read as _, Write as _};
use std::sync::Arc;

use blackbar_detectors::{ALL, fields, lexicon, values::Phi};
use blackbar_engine::{
    ByteSet, Detector, DigitRun, Kind, Profile, Raw, Reach, Rules, Scanner, Trigger, Verdict, Verify, View, Window,
};

/// What a trial calls a person.
static PARTICIPANT: Detector = Detector {
    id: Cow::Borrowed("trial-participant"),
    kind: Kind::new("participant"),
    // Any other unique number, by Safe Harbor's list.
    class: Cow::Borrowed("R"),
    priority: 70,
    // What `verify` may see: `x` and `TRL-` before the digits, the seven bytes from them on, and one behind.
    window: Window { before: 5, longest: 7, after: 1 },
    // A finding begins before its trigger. Until the digits come, no more than these bytes wait.
    reach: Reach { bytes: 4, across: ByteSet::of(b"TRL-") },
    // Asked at four digits behind a hyphen and nowhere else: text without any costs nothing.
    triggers: Cow::Borrowed(&[Trigger::Number(DigitRun::of_lens(4, 4).before(ByteSet::of(b"-")))]),
    verify: Verify::Pure(verify),
    teaches: false,
    takes: Cow::Borrowed("`TRL-`, four digits, and two that are their remainder by 97"),
    refuses: Cow::Borrowed("other check digits, longer words and numbers around it"),
};

/// Whether an id of a participant stands around the four digits that `view` is placed on.
fn verify(view: &View<'_>) -> Option<Verdict> {
    let before = view.before().strip_suffix(b"TRL-")?;
    if before.last().is_some_and(u8::is_ascii_alphanumeric) || view.byte(7).is_some_and(|b| b.is_ascii_alphanumeric()) {
        return None;
    }
    let (number, check) = view.slice(0, 7).split_at_checked(4)?;
    let check = check.strip_prefix(b"-").filter(|check| check.len() == 2)?;
    // Offsets are relative to the trigger, which is the first digit.
    (value(number)? % 97 == value(check)?).then(|| Verdict::new(-4, 7, PARTICIPANT.kind, 95, "check digits"))
}

fn value(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + u32::from(byte - b'0')))
}

/// The built-in detectors and ours.
fn scanner() -> Result<Scanner, Box<dyn Error>> {
    let all = ALL.iter().copied().chain([&PARTICIPANT]);
    Ok(Scanner::builder().detectors(all).lexicon(lexicon()).fields(Arc::new(fields::BuiltIn)).build()?)
}

fn profile() -> Result<Profile, Box<dyn Error>> {
    Ok(Rules::safe_harbor(Arc::new(Phi { year: 2026 })).build()?)
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut text = Vec::new();
    std::io::stdin().read_to_end(&mut text)?;
    let (scanner, profile) = (scanner()?, profile()?);
    let mut redactor = scanner.redactor(&profile);
    redactor.push(Raw::from(text));
    redactor.finish();
    let mut out = std::io::stdout().lock();
    while let Some(segment) = redactor.poll() {
        out.write_all(segment.bytes().as_bytes())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use blackbar_engine::Format;
    use blackbar_engine::testing::laws;

    use super::*;

    /// What comes out, by streams cut at every byte and by the naive implementation: they have to agree.
    fn redacted(scanner: &Scanner, text: &str) -> String {
        let profile = profile().unwrap();
        let whole = laws::oracle(scanner, &profile, Format::Text, text.as_bytes());
        for cut in 0..text.len() {
            laws::split(&whole, scanner, &profile, Format::Text, text.as_bytes(), &[cut]);
        }
        String::from_utf8(whole.bytes).unwrap()
    }

    #[test]
    fn an_id_with_its_check_is_found_wherever_the_stream_is_cut() {
        let scanner = scanner().unwrap();
        assert_eq!(redacted(&scanner, "seen: TRL-0042-42 twice"), "seen: [PARTICIPANT] twice");
        assert_eq!(redacted(&scanner, "TRL-1061-91"), "[PARTICIPANT]");
    }

    #[test]
    fn what_only_looks_like_one_is_none() {
        // Alone: built-in detectors take some of these for ids of another kind.
        let alone = Scanner::builder().detectors([&PARTICIPANT]).build().unwrap();
        for text in ["seen: TRL-0042-43 twice", "CTRL-0042-42 is a key", "of TRL-0042-420 units", "TRL-00424-2"] {
            assert_eq!(redacted(&alone, text), text);
        }
    }
}
