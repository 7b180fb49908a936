use std::fmt::Write;
use std::time::Instant;

use blackbar_engine::testing::verify_at;
use blackbar_engine::{Field, Lexicon, Meaning, naive};
use proptest::prelude::*;

use super::*;
use crate::kinds;
use crate::site::tests::{assert_split_law, marked};

const FILE: &str = "\u{feff}# patients\r
John Smith\r
José García-Núñez
SMITH^MARY^A

Mary Ann Jones
O'Brien, Patrick
Ludwig van der Berg
Hope
Q Zoe
张 伟
name:provider\tGregory Stone
mrn\t12-34-567
mrn\tC7654321
other-id\tS26/12345
  # the end
account\t900100";

fn roster(file: &str) -> Roster {
    Roster::load("patients", kinds::NAME_PATIENT, file.as_bytes()).unwrap()
}

#[test]
fn entries_are_found_in_every_spelling() {
    let detector = roster(FILE).detector();
    for text in [
        "⟦John Smith⟧; ⟦JOHN SMITH⟧; ⟦john smith⟧",
        "⟦Smith, John⟧; ⟦SMITH JOHN⟧; ⟦SMITH,JOHN⟧; |⟦SMITH^JOHN⟧|",
        "⟦John\nSmith⟧ and ⟦Smith,\r\n John⟧ but John\n\nSmith",
        "⟦John A. Smith⟧; ⟦Smith, John A⟧; ⟦SMITH^JOHN^A⟧|",
        "⟦J. John Smith⟧; A ⟦John Smith⟧, A 45-year-old; ⟦Q Zoe⟧, ⟦ZOE, Q⟧.",
        "⟦John Smith⟧ I saw; ⟦John Smith⟧'s; “⟦John Smith⟧”",
        "⟦Jose Garcia Nunez⟧; ⟦GARCÍA-NÚÑEZ, JOSÉ⟧",
        "⟦Mary Smith⟧; ⟦Mary B Smith⟧; Mary Ann Smith",
        "⟦Jones, Mary Ann⟧; ⟦Mary Ann Jones⟧; Ann Jones Mary",
        "⟦Patrick O'Brien⟧; ⟦Patrick O’Brien⟧; ⟦OBRIEN, PATRICK⟧",
        "⟦Ludwig van der Berg⟧; ⟦van der Berg, Ludwig⟧",
        "⟦Hope⟧ is here, I hope. HOPEFUL Hope2",
        "⟦张 伟⟧ ",
        "Dr ⟦Gregory Stone⟧, kidney stone; Gregory House",
        "Johnny Smith; John Smithers; John; John2 Smith; John and Smith; Smith (John)",
        "⟦1234567⟧ ⟦12-34-567⟧ ⟦123-4567⟧ 12345678 91234567 1234567a MRN⟦1234567⟧ x1234567",
        "⟦C7654321⟧ ⟦c-7654321⟧ AC7654321 C76543210 7654321 C 7654321",
        "acc. ⟦S26/12345⟧ ⟦s26-12345⟧ S26.12345",
        "⟦900100⟧; 900.100; ⟦900/100⟧; 900-10",
    ] {
        let plain = text.replace(['⟦', '⟧'], "");
        assert_eq!(marked(&detector, &plain), text);
        assert_split_law(&detector, plain.as_bytes());
    }
    let latin = b"GARC\xcdA-N\xda\xd1EZ, JOS\xc9";
    assert_eq!(crate::site::tests::found(&detector, latin), [latin], "a mislabelled file");
}

#[test]
fn findings_have_the_kinds_of_their_entries() {
    let detector = roster(FILE).detector();
    let kinds = |text: &str| {
        let all = naive::findings(&[&detector], &Lexicon::new(), text.as_bytes(), &Field::default(), 50);
        all.iter().map(|found| found.kind.id()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(kinds("John Smith, Gregory Stone, 12-34-567, 900100"), "name:patient name:provider mrn account");
}

#[test]
fn a_field_of_names_needs_no_capital() {
    let detector = roster(FILE).detector();
    let field = Field { meaning: Meaning { hints: hint::NAME, ..Meaning::default() }, ..Field::default() };
    assert!(verify_at(&detector, b"hope", 0, &field, &Lexicon::new()).is_some());
    assert!(verify_at(&detector, b"hope", 0, &Field::default(), &Lexicon::new()).is_none());
}

#[test]
fn a_bad_line_is_told_by_number_and_never_shown() {
    let long = "secret ".repeat(100);
    for (lines, part) in [
        (long.as_bytes(), "line 2: the line is longer than 512 bytes; write one entry on a line"),
        (b"secret\xff", "line 2: the line is not UTF-8 at its byte 7; convert the file to UTF-8"),
        (b"Secret\tvalue", "line 2: what stands before the tab is no kind"),
        (b"secret\tvalue", "line 2: what stands before the tab is no kind"),
        (b"12", "line 2: the id has fewer than 4 letters and digits"),
        (b"secret*12345", "line 2: the entry has a digit and is no id"),
        (b"secret--12345", "line 2: the entry has a digit and is no id"),
        (b"s-e-c-r-e-t-1", "line 2: the id is written in more than 6 pieces"),
        (b"1234567890secret1234567890secret1234567890", "line 2: the id has more than 40"),
        (b"secret a b c d e f", "line 2: the name has more than 6 words"),
        (b"secret, a, b", "line 2: the name has more than 6 words or more than one comma"),
        (b"secretsecretsecretsecretsecretsecretsecretsecretsecret", "line 2: a word of the name is too long"),
        (b"x y", "line 2: the entry has no word of two letters"),
        (b"***", "line 2: the entry has no word of two letters"),
    ] {
        let file = [b"John Smith\n", lines, b"\nJane Doe\n"].concat();
        let error = Roster::load("patients", kinds::NAME, file.as_slice()).unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with("roster `patients`, ") && text.contains(part), "{text}");
        assert!(!text.to_lowercase().contains("secret") && !format!("{error:?}").contains("secret"), "{text}");
    }
    let empty = Roster::load("patients", kinds::NAME, b"# nobody\n\n".as_slice()).unwrap_err();
    assert!(empty.to_string().contains("it has no entry"));
}

#[test]
fn nothing_that_is_printed_shows_an_entry() {
    let roster = roster(FILE);
    assert_eq!(format!("{roster:?}"), "Roster(`patients`, 14 entries)");
    let shown = format!("{:?}", roster.detector());
    assert!(!shown.contains("Smith") && !shown.contains("7654321"), "{shown}");
}

/// A cheap, fixed source of numbers.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn below(state: &mut u64, most: usize) -> usize {
    usize::try_from(next(state) % most as u64).unwrap()
}

fn random_word(state: &mut u64, first: u8) -> String {
    let len = 5 + below(state, 4);
    let rest = (0..len).map(|_| char::from(b"abcdefghijklmnopqrstuvwxyz"[below(state, 26)]));
    std::iter::once(char::from(first)).chain(rest).collect()
}

#[test]
fn a_million_entries_are_small_quick_and_exact() {
    const ENTRIES: usize = 1_000_000;
    let mut state = 7;
    let mut file = String::new();
    let mut known = Vec::new();
    for i in 0..ENTRIES {
        // Nearly every word is a new one: the worst case for the filter of words.
        let line = match i % 4 {
            0 => format!("{}", 1_000_000_000 + next(&mut state) % 1_000_000_000),
            _ => format!("{} {}", random_word(&mut state, b'A'), random_word(&mut state, b'B')),
        };
        if i % 1000 < 2 {
            known.push(line.clone());
        }
        writeln!(file, "{line}").unwrap();
    }
    let before = Instant::now();
    let roster = roster(&file);
    let took = before.elapsed();
    let each = roster.memory() as f64 / roster.len() as f64;
    println!("{} entries in {took:?}, {each:.1} bytes each", roster.len());
    assert!(roster.len() > ENTRIES - 1000, "only a few ids came twice");
    assert!(each <= 24.0, "{each} bytes an entry");
    assert!(took.as_secs() < 60, "{took:?}");

    // Members, then as many probes that are none: other initials, another range of numbers.
    let detector = roster.detector();
    let ask = |text: &str| verify_at(&detector, text.as_bytes(), 0, &Field::default(), &Lexicon::new());
    for line in &known {
        assert_eq!(ask(line).map(|verdict| usize::try_from(verdict.end).unwrap()), Some(line.len()));
    }
    let before = Instant::now();
    for i in 0..ENTRIES {
        let probe = match i % 4 {
            0 => format!("{}", 3_000_000_000 + next(&mut state) % 1_000_000_000),
            1 => format!("{} {}", random_word(&mut state, b'A'), random_word(&mut state, b'C')),
            // Two words of the roster that stand in no entry together.
            2 => {
                let pick = |state: &mut u64| loop {
                    let line = &known[below(state, known.len())];
                    if let Some((first, last)) = line.split_once(' ') {
                        return (first.to_owned(), last.to_owned());
                    }
                };
                let ((first, _), (other, last)) = (pick(&mut state), pick(&mut state));
                if first == other { "nobody".to_owned() } else { format!("{first} {last}") }
            }
            _ => random_word(&mut state, b'D'),
        };
        assert!(ask(&probe).is_none(), "a false positive");
    }
    println!("{ENTRIES} probes in {:?}", before.elapsed());
}

proptest! {
    #[test]
    fn no_text_breaks_the_laws(
        words in proptest::collection::vec(
            proptest::sample::select(vec![
                "John", "Smith", ", ", " ", "^", "\n", "-", "'", "’", "A", ".", "I", "1234567", "12", "34-567", "C", "7654321",
                "é", "José", "García", "Núñez", "O", "Brien", "Patrick", "/", "\u{ff}", "张", "伟", "Mary Ann", "Jones",
            ]),
            0..30,
        ),
        noise in proptest::collection::vec(any::<u8>(), 0..40),
    ) {
        let detector = roster(FILE).detector();
        let mut text = words.concat().into_bytes();
        assert_split_law(&detector, &text);
        text.extend_from_slice(&noise);
        assert_split_law(&detector, &text);
    }
}

/// Prints what a big roster costs on prose.
#[test]
fn in_long_prose_only_the_member_is_found() {
    let mut state = 11;
    let mut file = String::from("John Smith\n");
    for _ in 0..200_000 {
        let (first, last) = (random_word(&mut state, b'A'), random_word(&mut state, b'B'));
        writeln!(file, "{first} {last}").unwrap();
    }
    let detector = roster(&file).detector();
    let scanner = blackbar_engine::Scanner::builder().detectors([&detector]).build().unwrap();
    let bare = blackbar_engine::Scanner::builder().build().unwrap();
    let sentence = "The patient was seen on the ward and reports less pain since the dose was raised to 40 mg daily. ";
    let text = sentence.repeat(4000) + "Seen by Smith, John.";
    let run = |scanner: &blackbar_engine::Scanner| {
        let before = Instant::now();
        let mut redactor = scanner.redactor(&blackbar_engine::testing::profile());
        redactor.push(blackbar_engine::Raw::from(text.clone().into_bytes()));
        redactor.finish();
        while redactor.poll().is_some() {}
        (redactor.stats().clone(), before.elapsed())
    };
    let ((_, without), (stats, with)) = (run(&bare), run(&scanner));
    println!("{} bytes: {without:?} without, {with:?} with the roster", text.len());
    assert_eq!(crate::site::tests::found(&detector, text.as_bytes()), [b"Smith, John"]);
    assert_eq!((stats.replaced, stats.bytes_in), (11, text.len() as u64));
}
