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
    window: Window { before: 4, longest: 160, after: 24 },
    reach: Reach::NONE,
    triggers: Cow::Borrowed(&[
        Trigger::When(&Trigger::Words(WORDS), label::value_ahead),
        Trigger::Field(hint::BIOMETRIC),
    ]),
    verify: Verify::Pure(verify),
    teaches: false,
    takes: Cow::Borrowed("ids, templates and hashes behind fingerprint, iris, retina, voiceprint, face, biometric"),
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
];
/// Hexadecimal, base64 and the usual punctuation of ids.
static ID: ByteSet = ByteSet::ALNUM.or(ByteSet::of(b"-_+/=.:"));
static ID_SOFT: ByteSet = ByteSet::of(b".:-/");

fn verify(view: &View<'_>) -> Option<Verdict> {
    if context::hinted(view, hint::CODE | hint::QUANTITY) {
        return None;
    }
    if view.begins(0) && context::hinted(view, hint::BIOMETRIC) {
        return value(view, 0, 90, "field");
    }
    let word = view.word(0);
    if !one_of!(word, WORDS) {
        return None;
    }
    let mut at = clamp(word.len());
    let mut strong = one_of!(
        word,
        &[
            "fingerprintid",
            "fingerprinthash",
            "voiceprintid",
            "irisid",
            "biometricid",
            "faceid",
            "faceprint",
            "voiceprint",
        ],
    );
    // Up to four words that say what is stored; at least one of them has to.
    for _ in 0..4 {
        let gap = clamp(view.run(at, &ByteSet::of(b" _-/,\r\n"), 3).len());
        let next = view.word(at + gap);
        if one_of!(next, &["template", "templates", "hash", "id", "identifier", "no", "number", "token", "vector"])
            || one_of!(next, &["embedding", "record", "reference", "ref", "code", "key", "sha", "enrollment"])
        {
            strong = true;
        } else if !one_of!(
            next,
            &["scan", "image", "recognition", "print", "profile", "vein", "geometry", "data", "map", "capture"]
        ) {
            break;
        }
        at += gap + clamp(next.len());
    }
    // `Biometric: …` and `voice print: …` name nothing else.
    strong |= one_of!(word, &["retinal", "retina", "palm"]) && at > clamp(word.len());
    strong |= one_of!(word, &["biometric", "biometrics", "voice"]) && matches!(view.byte(at), Some(b':' | b'='));
    if !strong {
        return None;
    }
    // `sha256`, `sha-256`, `md5` belong to the label.
    let rest = view.slice(at, 4);
    at += [&b"-256"[..], b"256", b"-512", b"512", b"-1"]
        .iter()
        .find(|name| rest.starts_with(name))
        .map_or(0, |name| clamp(name.len()));
    let between = connect(view, at, true)?;
    let confidence = if between.colon { 92 } else { 85 };
    value(view, between.at, confidence.min(95 - between.fillers * 4), "label")
}

fn value(view: &View<'_>, at: i32, confidence: u8, reason: &'static str) -> Option<Verdict> {
    let run = view.run(at, &ID, 48);
    let hard = run.len() - run.iter().rev().take_while(|byte| ID_SOFT.has(**byte)).count();
    let id = run.get(..hard)?;
    let digits = id.iter().filter(|byte| byte.is_ascii_digit()).count();
    let letters = id.iter().filter(|byte| byte.is_ascii_alphabetic()).count();
    let mixed = id.iter().any(u8::is_ascii_uppercase) && id.iter().any(u8::is_ascii_lowercase);
    // Long base64 may have few digits.
    let fits = digits + letters >= 6
        && (digits >= 3 || (digits >= 2 && id.len() >= 8) || (id.len() >= 16 && digits >= 1 && mixed));
    if !fits || crate::shape::date_like(id, false) {
        return None;
    }
    let tail = Tail::While { set: &ID, soft: &ID_SOFT };
    Some(Verdict::new(at, at + clamp(id.len()), kinds::BIOMETRIC, confidence, reason).with_tail(tail))
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
