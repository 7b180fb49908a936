use blackbar_engine::naive;
use blackbar_engine::testing::{profile, verify_at};
use blackbar_engine::{Detector, Field, Lexicon, Meaning, Raw, Scanner};
use proptest::prelude::*;
use regex_automata::meta::Regex;

use super::*;
use crate::kinds;

/// What `detector` finds in `text`.
pub(super) fn found<'t>(detector: &Detector, text: &'t [u8]) -> Vec<&'t [u8]> {
    let all = naive::findings(&[detector], &Lexicon::new(), text, &Field::default(), 1);
    all.iter().map(|found| &text[found.start..found.end]).collect()
}

/// The text with what was found in brackets.
pub(super) fn marked(detector: &Detector, text: &str) -> String {
    let mut out = Vec::new();
    let mut at = 0;
    for found in naive::findings(&[detector], &Lexicon::new(), text.as_bytes(), &Field::default(), 1) {
        out.extend_from_slice(&text.as_bytes()[at..found.start]);
        out.extend_from_slice("⟦".as_bytes());
        out.extend_from_slice(&text.as_bytes()[found.start..found.end]);
        out.extend_from_slice("⟧".as_bytes());
        at = found.end;
    }
    out.extend_from_slice(&text.as_bytes()[at..]);
    String::from_utf8(out).unwrap()
}

/// Every way of cutting `text` gives the same output, and it is the oracle's.
pub(super) fn assert_split_law(detector: &Detector, text: &[u8]) {
    let scanner = Scanner::builder().detectors([detector]).build().unwrap();
    let mut expected = Vec::new();
    let mut at = 0;
    for found in naive::findings(&[detector], &Lexicon::new(), text, &Field::default(), 50) {
        expected.extend_from_slice(&text[at..found.start]);
        expected.extend_from_slice(format!("[{}]", found.kind.main().to_uppercase()).as_bytes());
        at = found.end;
    }
    expected.extend_from_slice(&text[at..]);
    for step in [1, 2, 3, 7, 64, text.len().max(1)] {
        let mut redactor = scanner.redactor(&profile());
        let mut out = Vec::new();
        let mut drain = |redactor: &mut blackbar_engine::Redactor| {
            while let Some(segment) = redactor.poll() {
                out.extend_from_slice(segment.bytes().as_bytes());
            }
        };
        for chunk in text.chunks(step) {
            redactor.push(Raw::from(chunk.to_vec()));
            drain(&mut redactor);
        }
        redactor.finish();
        drain(&mut redactor);
        assert_eq!(String::from_utf8_lossy(&out), String::from_utf8_lossy(&expected), "in steps of {step}");
    }
}

fn pattern<'a>(pattern: &'a str, context: &'a [String]) -> Pattern<'a> {
    Pattern { id: "clinic-mrn", kind: kinds::MRN, pattern, context, case_insensitive: false, confidence: 90 }
}

fn compiled(text: &str) -> Detector {
    pattern(text, &[]).detector().unwrap()
}

fn strings(list: &[&str]) -> Vec<String> {
    list.iter().map(|&text| text.to_owned()).collect()
}

#[test]
fn a_pattern_is_found_at_edges_only() {
    for (regex, text) in [
        ("C[0-9]{7}", "chart ⟦C1234567⟧, AC1234567, C12345678, C1234567x, ⟦C7654321⟧"),
        ("C[0-9]{7}", "⟦C1234567⟧"),
        ("C[0-9]{7,9}", "⟦C12345678⟧ ⟦C123456789⟧ C1234567890"),
        ("[0-9]{4}-[0-9]{2}", "⟦1234-56⟧ 1234-567 01234-56 x1234-56 (⟦1234-56⟧)"),
        ("#[0-9]{5}", "ref⟦#12345⟧ #123456"),
        ("[0-9]{3}|[0-9]{3}-[0-9]{3}", "⟦123-456⟧ ⟦123⟧-45a ⟦123⟧"),
        ("[0-9]{2,6}?", "⟦123456⟧"),
        ("é[0-9]{3}", "⟦é123⟧ éé123 é1234 é123é"),
        ("[0-9]{3}", "é123 123é ⟦123⟧€ “⟦123⟧”"),
        (r"\bQ[0-9]{3}\b", "⟦Q123⟧ Q123_ _Q123"),
        (r"(?m)^[0-9]{4}$", "⟦1234⟧\n 2345\n3456 \n⟦4567⟧"),
        (r"^[0-9]{4}", "⟦1234⟧ 1234"),
        (r"case\s{1,3}[0-9]{3}", "⟦case\n 123⟧ case    123"),
        (r"(?u:[äö])[0-9]{2}", "⟦ä12⟧ ⟦ö34⟧ a12"),
        (r"(?i)ab[0-9]", "⟦AB1⟧ ⟦ab2⟧ cab3"),
        (r"[A-Za-z][0-9]{2}", "⟦a12⟧ ⟦Z99⟧ 1a12"),
        (r"[^a-z0-9 ]{2}[0-9]", "x ⟦%%1⟧ %%12"),
    ] {
        let plain = text.replace(['⟦', '⟧'], "");
        assert_eq!(marked(&compiled(regex), &plain), text, "{regex}");
        assert_split_law(&compiled(regex), plain.as_bytes());
    }
}

#[test]
fn bytes_that_are_no_text_are_matched_too() {
    assert_eq!(found(&compiled(r"\xff[0-9]{2}"), b"a \xff12 "), [b"\xff12"]);
    assert_eq!(found(&compiled("C[0-9]{3}"), b"\xc3C123\xa9 \x80C123"), [b"C123"], "a Latin-1 letter glues");
}

#[test]
fn context_is_a_whole_word_before_the_match_or_the_name_of_the_field() {
    let context = strings(&["chart", " Med Rec "]);
    let detector = pattern("[0-9]{6}", &context).detector().unwrap();
    let far = format!("chart{}123456", " ".repeat(59));
    let too_far = format!("chart{}123456", " ".repeat(60));
    for (text, wanted) in [
        ("chart 123456", true),
        ("CHART: 123456", true),
        ("see med rec no. 123456", true),
        ("charts 123456", false),
        ("flowchart 123456", false),
        ("123456 chart", false),
        ("flow-chart 123456", true),
        (far.as_str(), true),
        (too_far.as_str(), false),
    ] {
        assert_eq!(!found(&detector, text.as_bytes()).is_empty(), wanted, "{text}");
        assert_split_law(&detector, text.as_bytes());
    }
    let hinted = |hints| Field { meaning: Meaning { hints, ..Meaning::default() }, ..Field::default() };
    let in_field = |hints| verify_at(&detector, b"123456", 0, &hinted(hints), &Lexicon::new()).is_some();
    assert!(in_field(hint::MRN) && !in_field(hint::PHONE));
}

#[test]
fn what_has_no_bound_is_refused_with_the_remedy() {
    let error = |text: &str| pattern(text, &[]).detector().map(|_| ()).unwrap_err().to_string();
    assert_eq!(
        error("C[0-9]+"),
        "detector `clinic-mrn`: its pattern has no longest match; write {1,20} instead of + and {0,20} instead of *"
    );
    for (text, part) in [
        ("C[0-9]{300}", "matches up to 301 bytes, the most is 256"),
        ("[0-9]{0,3}", "matches the empty text"),
        (r"\b", "matches the empty text"),
        ("(C", "is no regular expression (unclosed group)"),
        ("[é]", "write (?u:…) around"),
        (r"(?u:\b)a", "Unicode word boundary"),
        ("[a&&b]", "can never match"),
        ("(?u:[\\w]{1,30}.{1,30})", "too complex"),
    ] {
        assert!(error(text).contains(part), "{text}: {}", error(text));
    }
    let blank = strings(&["chart", " "]);
    assert!(pattern("[0-9]{3}", &blank).detector().unwrap_err().to_string().contains("context word has 0 bytes"));
    assert!(Pattern { confidence: 0, ..pattern("a", &[]) }.detector().is_err());
    assert!(Pattern { id: "", ..pattern("a", &[]) }.detector().is_err());
}

#[test]
fn triggers_are_as_selective_as_the_pattern() {
    let names = |text: &str| {
        let detector = compiled(text);
        detector.triggers.iter().map(|trigger| format!("{trigger:?}")).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(names("[0-9]{4}"), "Digits");
    assert_eq!(names("C[0-9]{4}"), "Bytes(ByteSet(1 bytes))");
    assert_eq!(names("[A-Z][0-9]{4}"), "Capital");
    assert_eq!(names("(?i)c[0-9]{4}"), "Word");
    assert_eq!(names("#?[A-Z]?[0-9]{4}"), "Digits Capital Bytes(ByteSet(1 bytes))");
}

#[test]
fn phrases_are_whole_and_the_longest_wins() {
    let phrases = strings(&["Ward 7", "Ward 7 North", "St. Élan", "  Blue   Team ", "x"]);
    let list = Keywords { id: "wards", kind: kinds::FACILITY, phrases: &phrases, case_insensitive: false };
    let detector = list.detector().unwrap();
    for text in [
        "moved to ⟦Ward 7⟧, then ⟦Ward 7 North⟧.",
        "⟦Ward 7⟧ Northern, Ward 71, SubWard 7, ward 7",
        "⟦Ward\n   7⟧ and ⟦Ward \r\n7 \t North⟧; Ward     7",
        "at ⟦St. Élan⟧; ⟦Blue Team⟧ ⟦x⟧ xx éx xé 1x",
        "⟦Ward 7⟧ Nor",
        "⟦Ward 7⟧",
    ] {
        let plain = text.replace(['⟦', '⟧'], "");
        assert_eq!(marked(&detector, &plain), text);
        assert_split_law(&detector, plain.as_bytes());
    }
    let any_case = Keywords { case_insensitive: true, ..list }.detector().unwrap();
    assert_eq!(marked(&any_case, "wARD 7 north, blue team"), "⟦wARD 7 north⟧, ⟦blue team⟧");
    assert!(!format!("{detector:?}").contains("Blue"));
}

#[test]
fn phrases_that_cannot_be_are_refused_by_number() {
    let error = |phrases: &[&str]| {
        let phrases = strings(phrases);
        let list = Keywords { id: "wards", kind: kinds::FACILITY, phrases: &phrases, case_insensitive: true };
        list.detector().map(|_| ()).unwrap_err().to_string()
    };
    let long = "secret ".repeat(30);
    assert!(error(&["ward", &long]).contains("phrase 2 has 209 bytes, the most is 128"));
    assert!(!error(&["ward", &long]).contains("secret"));
    assert!(error(&["ward", "--"]).contains("phrase 2 has neither letter nor digit"));
    assert!(error(&[]).contains("is empty"));
}

/// Characters that make edges interesting.
fn texts() -> impl Strategy<Value = String> {
    proptest::collection::vec(proptest::sample::select("abCC1122--  #\né€x".chars().collect::<Vec<_>>()), 0..40)
        .prop_map(|chars| chars.into_iter().collect())
}

const PATTERNS: &[&str] = &[
    "C[0-9]{1,3}",
    "[0-9]{2,4}",
    "[a-b]{1,3}-?[12]{0,2}",
    "#?C?1",
    "(?s)1.{0,3}2",
    "(?:ab|abC|C1|C1-2){1,3}?",
    "[^ ]{2}",
    "(?u:é|[x€])[0-9-]{1,2}",
    "(?i)[bc](?: [bc]){0,2}",
];

/// Position by position: the longest end at an edge such that the pattern matches from here to there, by another engine
/// that is asked for whole matches only.
fn expected_end(regex: &Regex, text: &str, at: usize) -> Option<usize> {
    let alnum = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit() || c.is_alphabetic());
    let glued = |i: usize| alnum(text[..i].chars().next_back()) && alnum(text[i..].chars().next());
    if !text.is_char_boundary(at) || glued(at) {
        return None;
    }
    let ends = (at + 1..=text.len()).rev();
    ends.filter(|&end| text.is_char_boundary(end) && !glued(end)).find(|&end| regex.is_match(&text.as_bytes()[at..end]))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_pattern_finds_exactly_what_the_regex_finds(text in texts(), which in 0..PATTERNS.len()) {
        // A byte inside a character is no place where this text is cut, so patterns on raw bytes are left out.
        let source = PATTERNS[which];
        let detector = compiled(source);
        let syntax = regex_automata::util::syntax::Config::new().unicode(false).utf8(false);
        let regex = Regex::builder().syntax(syntax).build(&format!(r"\A(?:{source})\z")).unwrap();
        let mut covered = vec![false; text.len()];
        for at in (0..text.len()).filter(|&at| text.is_char_boundary(at)) {
            let verdict = verify_at(&detector, text.as_bytes(), at, &Field::default(), &Lexicon::new());
            let end = verdict.map(|verdict| at + usize::try_from(verdict.end).unwrap()).filter(|&end| text.is_char_boundary(end));
            let expected = expected_end(&regex, &text, at);
            prop_assert_eq!(end, expected, "{} at {} of {:?}", source, at, text);
            expected.into_iter().for_each(|end| covered[at..end].fill(true));
        }
        // No trigger is missing: what matches anywhere is found.
        let mut hit = vec![false; text.len()];
        for found in naive::findings(&[&detector], &Lexicon::new(), text.as_bytes(), &Field::default(), 1) {
            hit[found.start..found.end].fill(true);
        }
        for at in 0..text.len() {
            prop_assert!(hit[at] || !covered[at], "{} misses byte {} of {:?}", source, at, text);
        }
        assert_split_law(&detector, text.as_bytes());
    }

    #[test]
    fn no_bytes_break_a_pattern_or_a_list(bytes in proptest::collection::vec(any::<u8>(), 0..300), which in 0..PATTERNS.len()) {
        let phrases = strings(&["a b", "1", "é"]);
        let list = Keywords { id: "list", kind: kinds::NAME, phrases: &phrases, case_insensitive: true };
        for detector in [compiled(PATTERNS[which]), list.detector().unwrap()] {
            assert_split_law(&detector, &bytes);
        }
    }
}
