//! Biometric identifiers.

use std::borrow::Cow;

use blackbar_engine::{ByteSet, Detector, Reach, Tail, Trigger, Verdict, Verify, View, Window};

use crate::context;
use crate::fields::hint;
use crate::kinds;
use crate::label::{self, connect};
use crate::shape::clamp;

/// Templates, hashes and ids of fingerprints, faces, voices and eyes, behind a label.
pub static BIOMETRIC: Detector = Detector {
    id: Cow::Borrowed("biometric"),
    kind: kinds::BIOMETRIC,
    class: Cow::Borrowed("P"),
    priority: 58,
    window: Window { before: 64, longest: 160, after: 24 },
    reach: Reach::NONE,
    triggers: Cow::Borrowed(&[
        Trigger::When(&Trigger::Words(WORDS), label::value_ahead),
        Trigger::Field(hint::BIOMETRIC),
    ]),
    verify: Verify::Pure(verify),
    teaches: false,
    takes: Cow::Borrowed(
        "ids, templates, patterns and hashes behind fingerprint, palm, hand, iris, retina, voiceprint, face, gait, biometric",
    ),
    refuses: Cow::Borrowed("the body parts and their examination, scores, dates"),
};

/// What is measured, as the first word of a label.
const WORDS: &[&str] = &[
    "fingerprint",
    "fingerprints",
    "fingerprintid",
    "fingerprinthash",
    "finger",
    "thumbprint",
    "thumbprints",
    "palmprint",
    "palm",
    "retina",
    "retinal",
    "iris",
    "voiceprint",
    "voice",
    "faceprint",
    "face",
    "faceid",
    "facial",
    "biometric",
    "biometricid",
    "biometrics",
    "gait",
    "vein",
    "voiceprintid",
    "irisid",
    "index",
    "thumb",
    "template",
    "minutiae",
    "hand",
    "handprint",
    "footprint",
    "footprints",
    "earprint",
    "ear",
    "fingertip",
    "speaker",
    "bio",
    "tmpl",
    "palmvein",
    "fingervein",
    "afis",
    "abis",
    "veinprint",
];
/// Those that are hardly ever said of anything else.
const PURE: &[&str] = &[
    "fingerprint",
    "fingerprints",
    "fingerprintid",
    "fingerprinthash",
    "thumbprint",
    "thumbprints",
    "palmprint",
    "voiceprint",
    "voiceprintid",
    "faceprint",
    "faceid",
    "irisid",
    "biometric",
    "biometricid",
    "biometrics",
    "handprint",
    "footprint",
    "footprints",
    "earprint",
    "minutiae",
    "tmpl",
    "palmvein",
    "fingervein",
    "afis",
    "abis",
    "veinprint",
];
/// Those that are a label of their own.
const ALONE: &[&str] =
    &["fingerprintid", "fingerprinthash", "voiceprintid", "irisid", "biometricid", "faceid", "faceprint", "voiceprint"];
/// Words that say that something is stored: one of them makes a label.
const STORED: &[&str] = &[
    "template",
    "templates",
    "hash",
    "id",
    "ids",
    "identifier",
    "no",
    "number",
    "token",
    "vector",
    "embedding",
    "record",
    "reference",
    "ref",
    "code",
    "key",
    "sha",
    "enrollment",
    "enrolment",
    "enrolled",
    "signature",
    "biometric",
    "biometrics",
    "sample",
    "credential",
    "descriptor",
    "tmpl",
    "fpn",
    "fid",
    "vpid",
    "cluster",
];
/// Words that may stand among them.
const BETWEEN: &[&str] = &[
    "scan",
    "scans",
    "image",
    "recognition",
    "print",
    "prints",
    "profile",
    "vein",
    "veins",
    "geometry",
    "data",
    "map",
    "capture",
    "captured",
    "pattern",
    "match",
    "matched",
    "matches",
    "reader",
    "scanner",
    "sensor",
    "card",
    "auth",
    "authentication",
    "verification",
    "verified",
    "unlock",
    "login",
    "signin",
    "clock",
    "on",
    "file",
    "as",
    "voice",
    "finger",
    "thumb",
    "index",
    "middle",
    "ring",
    "left",
    "right",
    "l",
    "r",
    "registered",
    "stored",
    "under",
    "with",
    "and",
    "photo",
    "tag",
];
/// Hexadecimal, base64 and the usual punctuation of ids.
static ID: ByteSet = ByteSet::ALNUM.or(ByteSet::of(b"-_+/=.:"));
static ID_SOFT: ByteSet = ByteSet::of(b".:-/");

fn verify(view: &View<'_>) -> Option<Verdict> {
    if context::coded(view) {
        return None;
    }
    if view.begins(0) && context::hinted(view, hint::BIOMETRIC) {
        return value(view, 0, Sure::Label, 90, "field");
    }
    let word = view.word(0);
    if !one_of!(word, WORDS) {
        return None;
    }
    let head = clamp(word.len());
    let mut at = head;
    // `Eye L : template IRL-5f2a-99330`: what was measured stands before.
    let measured = one_of!(word, &["template", "print", "candidate"]) && measured_before(view.before());
    let mut strong = one_of!(word, ALONE) || measured;
    let pure = one_of!(word, PURE);
    // Up to five words that say what is stored; at least one of them has to, or the first does.
    for _ in 0..5 {
        let gap = clamp(view.run(at, &ByteSet::of(b" _-/,(:\r\n"), 3).len());
        let next = view.word(at + gap);
        let glued =
            view.byte(at + gap + clamp(next.len())).is_some_and(|byte| byte.is_ascii_digit() || byte == b'_' && pure);
        if one_of!(next, STORED) && !glued {
            strong = true;
        } else if glued && !matches!(next, b"sha") || !one_of!(next, BETWEEN) {
            break;
        }
        at += gap + clamp(next.len());
    }
    // `Biometric: …` and `voice print: …` name nothing else.
    strong |= one_of!(word, &["retinal", "retina", "palm"]) && at > head;
    let signed = view.slice(at, 3).iter().any(|byte| matches!(byte, b':' | b'=' | b'#'));
    strong |= pure && (signed || at > head);
    let sure = match () {
        () if strong => Sure::Label,
        () if pure => Sure::Word,
        () if signed
            && one_of!(
                word,
                &["palm", "iris", "voice", "retina", "retinal", "vein", "finger", "thumb", "gait", "facial", "face"],
            )
            || at > head
                && one_of!(word, &["iris", "voice", "vein", "finger", "gait", "facial", "face", "hand", "ear"]) =>
        {
            Sure::Sign
        }
        () => return None,
    };
    // `sha256`, `sha-256`, `md5` belong to the label.
    let rest = view.slice(at, 4);
    at += [&b"-256"[..], b"256", b"-512", b"512", b"-1"]
        .iter()
        .find(|name| rest.starts_with(name))
        .map_or(0, |name| clamp(name.len()));
    // `voiceprint vp:7b19-ee02`: a prefix and a colon belong to the value.
    let direct = at + clamp(view.run(at, &ByteSet::of(b" "), 2).len());
    let prefix = view.word(direct);
    let colon = direct + clamp(prefix.len());
    if pure
        && direct > at
        && (1..=4).contains(&prefix.len())
        && view.byte(colon) == Some(b':')
        && view.byte(colon + 1) != Some(b' ')
    {
        return value(view, direct, sure, 80, "label");
    }
    let between = connect(view, at, true)?;
    let confidence = if between.colon { 92 } else { 85 };
    let confidence = if sure == Sure::Label { confidence } else { 72 };
    value(view, between.at, sure, confidence.min(95 - between.fillers * 4), "label")
}

/// Whether what was measured, or where, is told before.
fn measured_before(text: &[u8]) -> bool {
    mentions!(
        text,
        &[
            "eye",
            "iris",
            "retina",
            "finger",
            "fingerprint",
            "thumb",
            "palm",
            "face",
            "voice",
            "voiceprint",
            "biometric",
            "enrolled",
            "enrolment",
            "enrollment",
            "kiosk",
            "scanner"
        ],
        6
    )
}

/// How sure the label is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Sure {
    /// `face template id`: nothing but an id follows.
    Label,
    /// `fingerprint`, without more.
    Word,
    /// `palm:`, `iris scan`: examinations are written so as well.
    Sign,
}

fn value(view: &View<'_>, at: i32, sure: Sure, confidence: u8, reason: &'static str) -> Option<Verdict> {
    let run = view.run(at, &ID, 48);
    let hard = run.len() - run.iter().rev().take_while(|byte| ID_SOFT.has(**byte)).count();
    let id = run.get(..hard)?;
    let digits = id.iter().filter(|byte| byte.is_ascii_digit()).count();
    let letters = id.iter().filter(|byte| byte.is_ascii_alphabetic()).count();
    let mixed = id.iter().any(u8::is_ascii_uppercase) && id.iter().any(u8::is_ascii_lowercase);
    let both = digits > 0 && letters > 0;
    // Long base64 may have few digits.
    let fits = match sure {
        Sure::Label => {
            digits + letters >= 5 && (digits >= 3 || digits >= 2 && both || id.len() >= 6 && digits >= 1 && coded(id))
                || (id.len() >= 16 && digits >= 1 && mixed)
        }
        Sure::Word => digits + letters >= 6 && (digits >= 4 || digits >= 2 && both),
        Sure::Sign => digits + letters >= 6 && digits >= 3 && (both || digits >= 6),
    };
    // A year is no id, nor is a measure: `12mm`.
    let year = digits == 4 && letters == 0;
    if !fits || year || crate::shape::date_like(id, false) {
        return None;
    }
    let tail = Tail::While { set: &ID, soft: &ID_SOFT };
    Some(Verdict::new(at, at + clamp(id.len()), kinds::BIOMETRIC, confidence, reason).with_tail(tail))
}

/// Whether letters and digits alternate as in a code, not as in a word with a number behind it.
fn coded(id: &[u8]) -> bool {
    id.iter().all(u8::is_ascii_hexdigit) || id.iter().any(|byte| matches!(byte, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn cases() {
        testing::assert_cases(&BIOMETRIC);
    }

    #[test]
    fn a_field_of_that_name_needs_no_label() {
        testing::assert_field(&BIOMETRIC, hint::BIOMETRIC, "FP-88120034");
        testing::assert_no_field(&BIOMETRIC, hint::BIOMETRIC, "enrolled");
        testing::assert_no_field(&BIOMETRIC, 0, "FP-88120034");
    }

    #[test]
    fn total_and_within_its_window() {
        testing::assert_total(&BIOMETRIC, &["fingerprint", "template id", "hash", "voiceprint", "iris scan", "sha256"]);
    }
}
