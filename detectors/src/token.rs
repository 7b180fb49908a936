//! Identifiers that no label announces: a token that is put together as record, case, policy and specimen numbers are, a
//! long number behind a word of prose, digits that are spelt out or said one by one, an image's file name.

use std::borrow::Cow;

use blackbar_engine::{
    ByteSet, Detector, DigitRun, Kind, Near, NearNumber, Reach, Sign, Slot, Trigger, Unseen, Verdict, Verify, View,
    Window,
};

use crate::context::coded;
use crate::kinds;
use crate::scan::{WordsBack, len};
use crate::shape::{date_like, written_in_parts};

/// Tokens that look like identifiers by themselves.
pub static TOKEN: Detector = Detector {
    id: Cow::Borrowed("token"),
    kind: kinds::OTHER_ID,
    class: Cow::Borrowed("R"),
    // Whatever knows a label goes first.
    priority: 27,
    window: Window { before: 48, longest: 96, after: 24 },
    reach: Reach { bytes: 14, across: PARTS.with(b' ') },
    triggers: Cow::Borrowed(&[
        Trigger::NumberWhen(DigitRun::of_lens(2, 12).before(BEFORE).inside().after(AFTER), glance_token),
        Trigger::Number(DigitRun::of_lens(4, 12).before(ByteSet::of(b" #")).inside().after(AFTER)),
        Trigger::Number(DigitRun::of_lens(1, 1).before(ByteSet::of(b" ")).inside().after(ByteSet::of(b" ")).goes_on()),
        Trigger::When(&Trigger::Words(DIGITS), glance),
        Trigger::Sign(Sign::of(b"#").after(ByteSet::UPPER.or(ByteSet::DIGIT).with(b' '))),
        Trigger::When(&Trigger::Words(&["no", "number", "nbr"]), glance_number),
    ]),
    verify: Verify::Pure(verify),
    teaches: false,
    takes: Cow::Borrowed(
        "capitals and five digits and more with hyphens, a year and a running number, eight digits and more behind a word of \
         prose, five digits and more that are spelt out or said one by one",
    ),
    refuses: Cow::Borrowed("codes of public systems, lots and models, versions, dates, telephone extensions, counts"),
};

/// What such a token is made of.
const PARTS: ByteSet = ByteSet::UPPER.or(ByteSet::DIGIT).or(ByteSet::of(b"-"));
/// What stands before its digits.
const BEFORE: ByteSet = ByteSet::UPPER.or(ByteSet::of(b"-"));
/// What may stand behind one of its runs of digits.
const AFTER: ByteSet = ByteSet::UPPER.or(ByteSet::of(b"-.,;:)]}> \t\r\n\"'!?|<"));

fn verify(view: &View<'_>) -> Option<Verdict> {
    if coded(view) || matches!(view.field().slot, Slot::Key | Slot::Number) {
        return None;
    }
    if view.byte(0)? == b'#' || one_of!(view.word(0), &["no", "number", "nbr"]) {
        return numbered(view);
    }
    if !view.byte(0)?.is_ascii_digit() {
        return spoken(view);
    }
    let run = view.run(0, &ByteSet::DIGIT, 13);
    if view.byte(len(run)).is_some_and(|byte| !AFTER.has(byte)) {
        return None;
    }
    match (view.byte(-1)?, run.len()) {
        (b' ', 1) => singly(view),
        (b' ' | b'#', 4..=12) => bare(view, run),
        (before, 2..=12) if BEFORE.has(before) => token(view),
        _ => None,
    }
}

/// A glance at digits behind a capital or a hyphen: whether the token that they belong to begins as one, see [`token`].
fn glance_token(near: &NearNumber<'_>) -> Result<bool, Unseen> {
    let before = near.before(LONGEST_LEAD + 1);
    let back = before.iter().rev().take_while(|byte| PARTS.has(**byte)).count();
    let (lead, token) = before.split_at(before.len() - back);
    Ok(back <= LONGEST_LEAD && token.first() != Some(&b'-') && opens(lead))
}

/// The most bytes of a token before the digits that trigger it.
const LONGEST_LEAD: usize = 14;

/// Whether a token may begin behind `lead`.
fn opens(lead: &[u8]) -> bool {
    lead.last().is_none_or(|byte| b" \t\r\n(\"[,;#'>|".contains(byte))
}

/// `M2401-00871`, `TN-240881`, `PB2012-001884`, `24-003917`.
fn token(view: &View<'_>) -> Option<Verdict> {
    let before = view.before();
    let back = before.iter().rev().take_while(|byte| PARTS.has(**byte)).count();
    if back > LONGEST_LEAD {
        return None;
    }
    let start = -i32::try_from(back).ok()?;
    let all = view.run(start, &PARTS, 28);
    let all = all.strip_suffix(b"-").unwrap_or(all);
    let end = start + len(all);
    if all.len() > 24 || all.first() == Some(&b'-') || end <= 0 {
        return None;
    }
    let lead = before.get(..before.len() - back).unwrap_or_default();
    let opens = opens(lead);
    let closes = match view.byte(end) {
        None => true,
        Some(b'.' | b':' | b',') => !view.byte(end + 1).is_some_and(|byte| byte.is_ascii_alphanumeric()),
        Some(byte) => b" \t\r\n)\"];'!?|<".contains(&byte),
    };
    // `W2817 44109 01`, `TX24 0918 8817`: in groups.
    if let Some(end) = in_groups(view, all, end)
        && opens
        && !named_otherwise(lead)
    {
        return Some(Verdict::new(start, end, kinds::OTHER_ID, 56, "outline of an identifier"));
    }
    // What is all of a field is known by the field's name.
    let whole = view.begins(start) && view.byte(end).is_none();
    if !opens || !closes || whole || date_like(all, true) {
        return None;
    }
    let digits = all.iter().filter(|byte| byte.is_ascii_digit()).count();
    let letters = all.iter().filter(|byte| byte.is_ascii_uppercase()).count();
    let dashes = all.len() - digits - letters;
    let head = all.iter().take_while(|byte| byte.is_ascii_uppercase()).count();
    let prefix = all.get(..head).unwrap_or_default();
    let fits = if letters == 0 {
        dashes == 1 && numbered_by_year(all)
    } else if head > 0 {
        head <= 5
            && digits
                >= match dashes {
                    // `ID DHS01984`
                    0 if head > 1 && (lead.ends_with(b"ID ") || lead.ends_with(b"id ")) => 4,
                    0 => 6,
                    _ if head > 1 => 4,
                    _ => 5,
                }
            && dashes <= 3
            && letters <= 8
            && !one_of!(prefix, PUBLIC)
            && !(head == 1 && dashes == 0 && all.len() <= 8 && one_of!(prefix, &["c", "d", "q", "k"]))
    } else {
        (1..=3).contains(&dashes) && digits >= 6 && letters <= 3
    };
    if !fits || named_otherwise(lead) {
        return None;
    }
    Some(Verdict::new(start, end, kinds::OTHER_ID, 58, "outline of an identifier"))
}

/// The end of groups of digits behind a token of capitals and digits, eight digits in all and more.
fn in_groups(view: &View<'_>, all: &[u8], end: i32) -> Option<i32> {
    let head = all.iter().take_while(|byte| byte.is_ascii_uppercase()).count();
    let mut digits = all.len() - head;
    let plain = all.iter().skip(head).all(u8::is_ascii_digit);
    if !(1..=3).contains(&head) || digits < 2 || !plain || one_of!(all.get(..head)?, PUBLIC) {
        return None;
    }
    let (mut at, mut groups) = (end, 0);
    while view.byte(at) == Some(b' ') && groups < 4 {
        let group = view.run(at + 1, &ByteSet::DIGIT, 7);
        let behind = at + 1 + len(group);
        let ends = match view.byte(behind) {
            Some(b'.') => !view.byte(behind + 1).is_some_and(|byte| byte.is_ascii_digit()),
            Some(byte) => !byte.is_ascii_alphanumeric() && !b"/:%-".contains(&byte),
            None => true,
        };
        if !(2..=6).contains(&group.len()) || !ends {
            break;
        }
        at = behind;
        digits += group.len();
        groups += 1;
    }
    (groups > 0 && digits >= 8).then_some(at)
}

/// `24-003917`, `2024-0448120`: a year and a running number.
fn numbered_by_year(all: &[u8]) -> bool {
    let Some(dash) = all.iter().position(|byte| *byte == b'-') else { return false };
    let (year, number) = (all.get(..dash).unwrap_or_default(), all.get(dash + 1..).unwrap_or_default());
    let recent = match *year {
        [tens @ b'0'..=b'3', _] => tens > b'0' || number.len() > 4,
        [b'1', b'9', ..] | [b'2', b'0', ..] => year.len() == 4,
        _ => false,
    };
    recent && ((5..=8).contains(&number.len()) || number.len() == 4 && number.first() == Some(&b'0') && year.len() == 2)
}

/// Prefixes of public codes, of medicines in development, of programs.
#[rustfmt::skip] // A word list reads better in lines.
const PUBLIC: &[&str] = &[
    "cve", "rfc", "iso", "nct", "icd", "cpt", "pmid", "pmc", "gsk", "bms", "azd", "mk", "abt", "ly", "pf", "tak", "jnj",
    "amg", "regn", "kb", "utc", "gmt", "sku", "ndc", "atc", "nm", "np", "enst", "ensg", "gse", "omim", "mim", "hgnc",
    "chebi", "sct", "loinc", "umls", "upc", "gtin", "ean", "isbn", "issn", "doi", "iec", "ansi", "astm", "din", "en",
    "ip", "rs", "cas", "dsm", "fda", "cms", "hl", "lot", "ref", "rev", "ver", "sars", "covid", "hcpcs", "drg", "ccn",
    "eudract", "chembl", "mesh", "orpha", "snomed", "rx", "cui", "hpv", "usp", "sop", "omb", "irb", "ms", "ts",
];

/// Words before a number that belongs to a thing, a code or a count.
#[rustfmt::skip] // A word list reads better in lines.
const OTHERS: &[&str] = &[
    "lot", "lots", "batch", "model", "catalog", "catalogue", "cat", "part", "version", "build", "rev", "revision", "ndc",
    "code", "codes", "loinc", "snomed", "sctid", "rxcui", "rxnorm", "pmid", "doi", "isbn", "upc", "gtin", "sku", "concept",
    "nct", "trial", "grant", "protocol", "cpt", "icd", "hcpcs", "umls", "cui", "cas", "iso", "rfc", "port", "bytes", "size",
    "count", "counts", "copies", "platelets", "cells", "total", "sum", "epoch", "timestamp", "ts", "seed", "hash", "commit",
    "error", "exit", "pid", "tid", "errno", "line", "row", "rows", "took", "duration", "elapsed", "ms", "ns", "x", "than",
    "about", "approximately", "approx", "least", "most", "over", "under", "up", "population", "budget", "cost", "costs",
    "usd", "form", "section", "article", "chapter", "standard", "patent", "mesh", "ensembl", "genbank", "template", "oid",
    "memory", "heap", "span", "trace", "request", "offset", "length", "limit", "timeout", "weight", "value", "or", "viral", "load",
];

/// Whether the words before say that a thing, a code or a count is meant.
fn named_otherwise(lead: &[u8]) -> bool {
    WordsBack::new(lead).take(2).any(|back| !back.gap.contains(&b'\n') && one_of!(back.word, OTHERS))
}

/// Eight digits and more behind a word of prose; fewer behind a number sign, or before a hyphen and a check digit.
fn bare(view: &View<'_>, run: &[u8]) -> Option<Verdict> {
    let mut end = len(run);
    let before = view.before();
    let sign = before.last() == Some(&b'#');
    let head = before.get(..before.len().checked_sub(1)?)?;
    let head = if sign { head.strip_suffix(b" ").unwrap_or(head) } else { head };
    let check = view.byte(end) == Some(b'-');
    let checked = view.run(end + 1, &ByteSet::DIGIT, 3).len();
    if check {
        end += 1 + i32::try_from(checked).ok()?;
    }
    let behind = match view.byte(end) {
        None => true,
        Some(b'.' | b',') => !view.byte(end + 1).is_some_and(|byte| byte.is_ascii_digit()),
        Some(byte) => b" \t\r\n);\"'!?|<]".contains(&byte),
    };
    let least = match (check, sign) {
        (true, _) => 6,
        (_, true) => 4,
        _ => 8,
    };
    let worded = head.last().is_some_and(|byte| byte.is_ascii_alphabetic() || sign && b",):".contains(byte));
    if !(least..=12).contains(&run.len()) || !worded || !behind || check && !(1..=2).contains(&checked) {
        return None;
    }
    // A day, a moment in seconds, a round number.
    let moment = run.len() == 10 && matches!(run, [b'1', b'4'..=b'9', ..]);
    let day = !check && run.len() == 8 && (date_like(run, false) || matches!(run, [b'1', b'9', ..] | [b'2', b'0', ..]));
    let round = run.ends_with(b"000");
    let unit = view.word(end + i32::from(view.byte(end) == Some(b' ')));
    #[rustfmt::skip] // A word list reads better in lines.
    let counted = one_of!(unit, &[
        "ms", "bytes", "us", "ns", "copies", "cells", "rows", "iu", "units", "mg", "ml", "kb", "mb", "per", "cfu", "usd",
        "dollars", "patients", "people", "tablets", "records", "lines", "steps",
    ]);
    #[rustfmt::skip] // A word list reads better in lines.
    let housed = sign && WordsBack::new(head).next().is_some_and(|back| one_of!(back.word, &[
        "room", "apt", "suite", "ste", "bed", "floor", "bay", "pod", "locker", "highway", "hwy", "route", "store", "issue",
        "pr", "bug", "gate", "step", "page", "item", "question", "box", "space", "lot",
    ]));
    if moment || day || round || counted || housed || named_otherwise(head) || head.ends_with(b"REF") {
        return None;
    }
    // `ID HP 8810277-03`: capitals before it are a part of it.
    let capitals = head.iter().rev().take_while(|byte| byte.is_ascii_uppercase()).count();
    let parted = head.len() > capitals && head.get(head.len() - capitals - 1) == Some(&b' ');
    let led = WordsBack::new(head.get(..head.len() - capitals)?).next().is_some_and(|back| {
        one_of!(back.word, &["id", "no", "number", "member", "policy", "plan", "ins", "insurance"])
    });
    let start =
        if !sign && parted && (1..=3).contains(&capitals) && led { -i32::try_from(capitals + 1).ok()? } else { 0 };
    Some(Verdict::new(start, end, kinds::OTHER_ID, 54, "long number within a sentence"))
}

/// `6 8 1 1 4 4 0 7`: said digit by digit and written so.
fn singly(view: &View<'_>) -> Option<Verdict> {
    if matches!(view.before(), [.., digit, b' '] if digit.is_ascii_digit()) {
        return None;
    }
    let single = |at: i32| view.byte(at).is_some_and(|byte| byte.is_ascii_digit());
    let (mut at, mut count, mut rises) = (0, 1, 0);
    while view.byte(at + 1) == Some(b' ') && single(at + 2) && count < 24 {
        rises += i32::from(view.byte(at + 2) == view.byte(at).map(|byte| byte + 1));
        at += 2;
        count += 1;
    }
    let ends = !view.byte(at + 1).is_some_and(|byte| byte.is_ascii_alphanumeric());
    (count >= 7 && ends && rises < count / 2)
        .then(|| Verdict::new(0, at + 1, kinds::OTHER_ID, 62, "digits said one by one"))
}

/// The names of digits.
const DIGITS: &[&str] =
    &["zero", "oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "double"];

/// A glance at a word for a number: a sign and a digit follow soon.
fn glance_number(near: &Near<'_>) -> Result<bool, Unseen> {
    let behind = near.following(0, 32)?;
    let signed = near.word().letters.len() > 2 || matches!(behind.first(), Some(b'.' | b':'));
    Ok(signed && behind.iter().any(u8::is_ascii_digit))
}

/// `#OT-1187`, `# NEA 70369068`, `img no. NV/2025/0338`: behind a sign or a word for a number, whatever it numbers.
fn numbered(view: &View<'_>) -> Option<Verdict> {
    #[rustfmt::skip] // A word list reads better in lines.
    const THINGS: &[&str] = &[
        "room", "rm", "apt", "suite", "ste", "bed", "floor", "bay", "pod", "locker", "highway", "hwy", "route", "store", "issue",
        "pr", "bug", "gate", "step", "page", "item", "question", "box", "space", "lot", "model", "cat", "catalog", "part",
        "tooth", "teeth", "phone", "tel", "fax", "cell", "pager", "telephone", "mobile", "fr", "size", "disp", "dispense",
        "qty", "cpt", "code", "codes", "form", "policy", "version", "build", "rev", "atomic", "grant", "trial", "ref", "blade",
        "silk", "vicryl", "suture", "nylon", "prolene", "product", "order", "serial", "section", "provider", "extension", "ext",
        "agency", "article", "unit", "home", "office", "contact", "call", "text", "callback", "hotline",
    ];
    let sign = view.byte(0) == Some(b'#');
    let word = if sign { 1 } else { len(view.word(0)) };
    let gap = view.run(word, &ByteSet::of(b". :#"), 3);
    let signed = match view.byte(word)? {
        byte if sign => byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b' ',
        byte => word > 2 || matches!(byte, b'.' | b':'),
    };
    if !signed {
        return None;
    }
    let told = sign || word > 3 || gap.iter().any(|byte| b".:#".contains(byte));
    if !told {
        return None;
    }
    let at = word + len(gap);
    let text = view.before();
    let back = WordsBack::new(text).next();
    let thing = WordsBack::new(text).take(2).any(|back| one_of!(back.word, THINGS) || one_of!(back.word, OTHERS));
    let near = back.is_some_and(|back| back.gap.len() < 4);
    if thing && near || view.byte(-1) == Some(b'&') {
        return None;
    }
    let code = view.run(at, &PARTS.or(ByteSet::of(b"/.")), 25);
    let code = code.strip_suffix(b".").unwrap_or(code);
    let code = code.strip_suffix(b"-").unwrap_or(code);
    let behind = at + len(code);
    let digits = code.iter().filter(|byte| byte.is_ascii_digit()).count();
    let capitals = code.iter().filter(|byte| byte.is_ascii_uppercase()).count();
    let ends = !view.byte(behind).is_some_and(|byte| byte.is_ascii_alphanumeric() || b"_%@".contains(&byte));
    let hex = matches!(code.len(), 3 | 6 | 8) && code.iter().all(u8::is_ascii_hexdigit) && sign && capitals > 0;
    let whole = code.first().is_some_and(u8::is_ascii_alphanumeric) && code.len() < 25 && ends;
    let phone =
        capitals == 0 && (digits == 10 || digits == 7 || digits == 11) && code.iter().any(|byte| b"-./".contains(byte));
    let lettered = capitals > 0 && digits >= if sign { 4 } else { 5 };
    let numeric = capitals == 0 && digits >= if sign && code.len() > digits { 5 } else { 6 } && !phone;
    let money = code.contains(&b'.') && capitals == 0;
    let end = if whole && (lettered || numeric) && !hex && !money && !date_like(code, true) {
        behind
    } else {
        let value = written_in_parts(view, at, true)?;
        // Groups of digits alone may be a telephone number, unless the first has four of them.
        let first = view.run(at, &ByteSet::DIGIT, 5).len();
        (value.letters > 0 || sign && first == 4).then_some(value.end)?
    };
    Some(Verdict::new(at, end, kinds::OTHER_ID, 55, "behind a sign for a number"))
}

/// Whether another digit follows the trigger, which names one.
fn glance(near: &Near<'_>) -> Result<bool, Unseen> {
    Ok(near.next(1)?.is_some_and(|(_, next)| one_of!(next.letters, DIGITS)))
}

/// `two two eight one nine zero`, `three oh eight, five five five, oh one six two`.
fn spoken(view: &View<'_>) -> Option<Verdict> {
    const FEWEST: u32 = 5;
    if !one_of!(view.word(0), DIGITS) || view.letter_before(0) {
        return None;
    }
    if WordsBack::new(view.before()).next().is_some_and(|back| back.gap.len() < 3 && one_of!(back.word, DIGITS)) {
        return None;
    }
    let (mut end, mut at, mut count) = (0, 0, 0);
    loop {
        let word = view.word(at);
        if !one_of!(word, DIGITS) || at > 84 {
            break;
        }
        count += 1;
        end = at + len(word);
        at = end;
        let parted = view.byte(at);
        at += i32::from(matches!(parted, Some(b',' | b'-' | b'.')));
        at += i32::from(matches!(view.byte(at), Some(b' ' | b'\n')));
        if at == end {
            break;
        }
    }
    let kind: Kind = if count >= 10 { kinds::PHONE } else { kinds::OTHER_ID };
    (count >= FEWEST).then(|| Verdict::new(0, end, kind, 66, "digits spelt out"))
}

/// Images by their file names.
pub static IMAGE_FILE: Detector = Detector {
    id: Cow::Borrowed("image-file"),
    kind: kinds::IMAGE,
    class: Cow::Borrowed("Q"),
    priority: 52,
    window: Window { before: 72, longest: 8, after: 2 },
    reach: Reach { bytes: 64, across: FILE },
    triggers: Cow::Borrowed(&[Trigger::Words(&[
        "jpg", "jpeg", "png", "heic", "heif", "gif", "bmp", "tif", "tiff", "dcm", "webp",
    ])]),
    verify: Verify::Pure(image_file),
    teaches: false,
    takes: Cow::Borrowed(
        "names of image files with a number of four digits and more, or with a body, a wound or a photograph in them",
    ),
    refuses: Cow::Borrowed("logos, icons and figures, images in links"),
};

/// Bytes of a file's name.
const FILE: ByteSet = ByteSet::ALNUM.or(ByteSet::of(b"_-."));

fn image_file(view: &View<'_>) -> Option<Verdict> {
    #[rustfmt::skip] // A word list reads better in lines.
    const SHOWN: &[&[u8]] = &[
        b"face", b"wound", b"photo", b"selfie", b"portrait", b"patient", b"mole", b"rash", b"lesion", b"headshot", b"mugshot",
        b"xray", b"scan", b"ultrasound", b"retina", b"foot", b"burn", b"injury", b"dsc_", b"img_", b"pxl_", b"ecg",
    ];
    let before = view.before();
    let name = before.strip_suffix(b".")?;
    let back = name.iter().rev().take_while(|byte| FILE.has(**byte)).count();
    let lead = name.get(..name.len() - back).unwrap_or_default();
    let name = name.get(name.len() - back..)?;
    if !(3..=62).contains(&back) || matches!(lead.last(), Some(b'/' | b'=' | b'%' | b'\\' | b'@')) {
        return None;
    }
    let digits = name.iter().filter(|byte| byte.is_ascii_digit()).count();
    let shown = SHOWN.iter().any(|part| name.windows(part.len()).any(|piece| piece.eq_ignore_ascii_case(part)));
    let end = len(view.word(0));
    let ends = !view.byte(end).is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'/' | b'-'));
    let start = -i32::try_from(back + 1).ok()?;
    (ends && (digits >= 4 || shown && digits > 0 || shown && name.contains(&b'_')))
        .then(|| Verdict::new(start, end, kinds::IMAGE, 70, "file name of an image"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn cases() {
        testing::assert_cases(&TOKEN);
    }

    #[test]
    fn cases_of_files() {
        testing::assert_cases(&IMAGE_FILE);
    }

    #[test]
    fn images_are_total_and_within_their_window() {
        testing::assert_total(&IMAGE_FILE, &["face_01.jpg", ".png", "IMG_4471", "a", ".", "_"]);
    }

    #[test]
    fn numbers_are_total_and_within_their_window() {
        // A finding may be a telephone number as well, so only its place is held to the law.
        for word in ["M2401-00871", "two two eight", "6 8 1 1 4 4 0 7", "99204417", "24-003917", "CVE-2024-12345"] {
            for more in ["", " ", "-", "x", "\u{e9}", ". ", " oh one six two"] {
                let text = format!("see {word}{more} {word}");
                for found in testing::found(&[&TOKEN], &text) {
                    assert!(found.start >= 4 && found.end <= text.len(), "{text}");
                }
            }
        }
    }
}
