//! Ages above 89. Younger ones are no identifiers.

mod around;

use std::borrow::Cow;

use blackbar_engine::{ByteSet, Detector, DigitRun, NearNumber, Reach, Trigger, Unseen, Verdict, Verify, View, Window};

use crate::context::hinted;
use crate::fields::hint;
use crate::kinds;
use crate::scan::{WordsBack, before, blanks, dash, digits, is_wordy, label, len, number};

/// Ages of 90 and more, and years of birth that imply them.
pub static AGE: Detector = Detector {
    id: Cow::Borrowed("age-over-89"),
    kind: kinds::AGE,
    class: Cow::Borrowed("C"),
    priority: 30,
    window: Window { before: 64, longest: 64, after: 16 },
    // `a hundred and two years old`.
    reach: Reach { bytes: 2, across: ByteSet::of(b"aA ") },
    triggers: Cow::Borrowed(&[
        Trigger::NumberWhen(DigitRun::of_lens(2, 4).first(b"019"), glance),
        Trigger::Words(&["ninety", "one", "hundred", "nineties", "noventa"]),
    ]),
    verify: Verify::Pure(verify),
    teaches: false,
    takes: Cow::Borrowed(
        "92 y/o, 92yo, 92-year-old, aged 93, age: 94, Age/Sex: 95 F, 92M, in her 90s, mother (97), she is 91, lived to 94, \
         ninety-four year old, born in 1921",
    ),
    refuses: Cow::Borrowed("ages of 89 and less, durations, rates, saturations, temperatures, ages in months or days"),
};

/// The last year of birth that always implies an age above 89 in a record written now. Detectors have no clock: the
/// year is raised with the releases.
const LAST_OLD_BIRTH: u32 = 1935;
/// No one was born before it who is spoken of as living.
const FIRST_BIRTH: u32 = 1900;

/// Relatives and patients, whose age is told behind them.
#[rustfmt::skip] // A word list reads better in lines.
const KIN: &[&str] = &[
    "mother", "father", "mom", "mum", "dad", "sister", "brother", "aunt", "uncle", "wife", "husband", "spouse",
    "grandmother", "grandfather", "grandma", "grandpa", "mgm", "mgf", "pgm", "pgf", "parent", "cousin", "gma",
    "gpa", "partner", "mama", "papa", "nana", "patient", "pt", "dtr", "daughter", "son", "widow", "widower",
    "grandmom", "granny", "grandparent", "stepmother", "stepfather", "inlaw",
];

/// A glance: whether the number can be an old age, or the year of birth of one who is.
fn glance(near: &NearNumber<'_>) -> Result<bool, Unseen> {
    let value = near.value();
    Ok(if near.digits().len() == 4 {
        (FIRST_BIRTH..=LAST_OLD_BIRTH).contains(&value)
    } else {
        (90..=125).contains(&value)
    })
}

fn verify(view: &View<'_>) -> Option<Verdict> {
    if !view.byte(0)?.is_ascii_digit() {
        return spelled(view);
    }
    let run = digits(view, 0, 5);
    let value = number(run);
    match run.len() {
        2 | 3 if (90..=125).contains(&value) => digits_of_age(view, len(run)),
        4 if (FIRST_BIRTH..=LAST_OLD_BIRTH).contains(&value) => birth_year(view),
        _ => None,
    }
}

fn found(end: i32, confidence: u8, reason: &'static str) -> Option<Verdict> {
    Some(Verdict::new(0, end, kinds::AGE, confidence, reason))
}

fn digits_of_age(view: &View<'_>, at: i32) -> Option<Verdict> {
    let prior = view.byte(-1);
    let number_before =
        matches!(prior, Some(b'.' | b',' | b'/' | b':')) && view.byte(-2).is_some_and(|byte| byte.is_ascii_digit());
    if prior.is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_' || byte == b'$') || number_before {
        return None;
    }
    let decimal = matches!(view.byte(at), Some(b'.' | b'/' | b':'))
        && view.byte(at + 1).is_some_and(|byte| byte.is_ascii_digit());
    if decimal || view.byte(at) == Some(b'%') {
        return None;
    }
    if let Some(end) = unit(view, at) {
        return found(end, 96, "years of age");
    }
    let ordinal = view.word(at);
    let end = if one_of!(ordinal, &["st", "nd", "rd", "th"]) { at + 2 } else { at };
    if view.word(end + blanks(view, end, 1)).eq_ignore_ascii_case(b"birthday") {
        return found(end, 90, "birthday");
    }
    let text = before(view, 0);
    let next = view.word(at + blanks(view, at, 1) + i32::from(view.byte(at) == Some(b'-')));
    let quantity = one_of!(next, OTHER_UNITS) || view.byte(at + blanks(view, at, 1)) == Some(b'%');
    if quantity {
        return None;
    }
    if hinted(view, hint::AGE) {
        return found(at, 95, "age field");
    }
    let years = i32::try_from(dash(view.slice(at, 3))).unwrap_or(0) + blanks(view, at, 1);
    let tail = view.word(at + years);
    let end = if one_of!(tail, &["years", "yrs", "year", "yr", "y"]) { at + years + len(tail) } else { at };
    let touching = view.byte(at).is_some_and(is_wordy) && end == at;
    if form(text) {
        return found(end, 82, "label of a form");
    }
    if let Some((end, reason)) = around::told(view, text, at).filter(|_| number(digits(view, 0, 4)) < 110) {
        return found(end, 78, reason);
    }
    if let Some(answer) = sex_beside(view, at, text) {
        return answer;
    }
    if tail == b"s" && years == 0 && decade(text) {
        return found(at + 1, 80, "decade of life");
    }
    if end > at && one_of!(tail, &["years", "yrs", "y"]) && lived(view, end, text) {
        return found(end, 65, "that many years");
    }
    if touching {
        return None;
    }
    // `Rex Nguyen, 103, of Akron, died`; `Mr. Edgley (96, M)`.
    if kin(view, at, text) || subject(view, at, text) {
        return found(end, 82, "somebody's age");
    }
    let aside =
        view.byte(at) == Some(b',') && matches!(text, [.., b'a'..=b'z', b',', b' '] | [.., b'a'..=b'z', b' ', b'(']);
    if aside
        && one_of!(
            view.word(at + 2),
            &[
                "of",
                "died",
                "passed",
                "m",
                "f",
                "male",
                "female",
                "in",
                "who",
                "is",
                "was",
                "lives",
                "presented",
                "presents"
            ]
        )
    {
        return found(at, 80, "age behind a name");
    }
    let word = label(text)?;
    if one_of!(word, &["age", "aged", "ages", "yo"]) {
        return found(end, 95, "label");
    }
    let of = one_of!(word, &["of", "is", "was", "about", "almost", "nearly", "over"])
        && mentions!(text, &["age", "aged", "ages"], 2);
    let turned = one_of!(word, &["turned", "turning", "turns"]) && person_turns(view, at);
    // `will be 94 in June`.
    let turned = turned
        || word == b"be"
            && one_of!(view.word(at + 1), &["in", "on", "this", "next", "tomorrow"])
            && mentions!(text, &["will"], 2);
    let life = one_of!(word, &["to", "until", "till", "at", "past", "age", "be", "is", "was", "now", "s"])
        && person_turns(view, at)
        && lives_to(text, word);
    (of || turned || life).then(|| found(end, 85, "context"))?
}

/// `92M`, `92 F`, `M/94`, `94/F`: `None` when no sex stands beside the number, else whether a person is meant.
fn sex_beside(view: &View<'_>, at: i32, text: &[u8]) -> Option<Option<Verdict>> {
    const PERSON: &[&str] = &["a", "an", "this", "the", "is", "pt", "patient", "our", "elderly", "frail", "pleasant"];
    const STORY: &[&str] = &[
        "with",
        "w",
        "who",
        "h",
        "hx",
        "s",
        "presents",
        "presenting",
        "presented",
        "admitted",
        "here",
        "from",
        "brought",
        "found",
        "bib",
        "being",
        "seen",
        "referred",
        "transferred",
        "status",
        "lives",
        "had",
        "has",
        "mrn",
        "dob",
        "adm",
        "rm",
        "room",
    ];
    let letter = |word: &[u8]| one_of!(word, &["m", "f"]);
    // `M/94`, `F 94` behind a bar, at the start of a line or of a field.
    if let [head @ .., sex, b'/'] = text
        && letter(&[*sex])
        && !head.last().is_some_and(|byte| is_wordy(*byte) || *byte == b'/')
        && !view.byte(at).is_some_and(|byte| is_wordy(byte) || byte == b'/')
    {
        return Some(found(at, 85, "sex before"));
    }
    let slash = i32::from(view.byte(at) == Some(b'/'));
    let space = if slash > 0 { 0 } else { blanks(view, at, 1) };
    let sex = view.word(at + slash + space);
    const SEXES: &[&str] = &[
        "m",
        "f",
        "male",
        "female",
        "man",
        "woman",
        "lady",
        "gentleman",
        "wm",
        "wf",
        "bm",
        "bf",
        "am",
        "af",
        "hm",
        "hf",
    ];
    if !one_of!(sex, SEXES) || (slash > 0 && !letter(sex) && sex.len() < 4) {
        return None;
    }
    let after = at + slash + space + len(sex);
    if view.byte(after).is_some_and(|byte| byte.is_ascii_digit() || byte == b'_') {
        return None;
    }
    let person = WordsBack::new(text).next().is_some_and(|back| one_of!(back.word, PERSON) && back.gap.len() <= 2);
    let heat = mentions!(text, &["temp", "temperature", "fever", "t", "tmax", "febrile", "afebrile", "fevers"], 4);
    let story = one_of!(view.word(after + blanks(view, after, 3) + i32::from(view.byte(after) == Some(b','))), STORY);
    let story =
        story || slash == 0 && space == 0 && sex.iter().all(u8::is_ascii_uppercase) && text.last() == Some(&b'\n');
    let story = story
        || text.ends_with(b": ")
            && sex.iter().all(u8::is_ascii_uppercase)
            && one_of!(
                view.word(after + blanks(view, after, 1)),
                &["on", "in", "s", "w", "with", "c", "h", "p", "rh", "lh"]
            );
    // A header about somebody: `Smith, J / 99 M`, `(92 F)`; a temperature has degrees near its F.
    let heads = (text.iter().rev().find(|byte| **byte != b' ').is_none_or(|byte| b",(/|;\n\t".contains(byte))
        || listed_before(text))
        && sex.iter().all(u8::is_ascii_uppercase)
        && (one_of!(sex, &["m"])
            || dated_before(text)
            || space == 0 && view.byte(after) == Some(b' ')
            || listed_before(text)
            || number(digits(view, 0, 3)) < 94
            || number(digits(view, 0, 3)) > 106);
    let full = sex.len() > 2;
    let fits = !heat && (full || person || (story && sex.len() < 3) || heads || (slash > 0 && letter(sex)));
    Some(if fits { found(at, 85, "sex behind") } else { None })
}

/// `Lopez, Ana 93 F`: a name with its surname first.
fn listed_before(text: &[u8]) -> bool {
    let [head @ .., b' '] = text else { return false };
    let mut words = WordsBack::new(head);
    let mut capital = |gap: &[u8]| {
        words.next().is_some_and(|back| {
            back.gap == gap && back.word.len() > 1 && back.word.first().is_some_and(u8::is_ascii_uppercase)
        })
    };
    capital(b"") && capital(b", ")
}

/// `1/2/1929, 94F`, `DOB 1/2/1929 (94)`: a date and a comma or a bracket.
fn dated_before(text: &[u8]) -> bool {
    let ([head @ .., b',', b' '] | [head @ .., b' ', b'(']) = text else { return false };
    matches!(head, [.., b'/' | b'-' | b'.', a, b] if a.is_ascii_digit() && b.is_ascii_digit())
        || matches!(head, [.., a, b, c, d] if [a, b, c, d].iter().all(|byte| byte.is_ascii_digit()))
}

/// `in her 90s`, `late 90s`: not the decade of a century.
fn decade(text: &[u8]) -> bool {
    WordsBack::new(text)
        .take(2)
        .any(|back| back.gap.len() < 3 && one_of!(back.word, &["his", "her", "their", "my", "late", "mid", "early"]))
        && mentions!(text, &["his", "her", "their", "in", "is"], 3)
}

/// Whether so many years are a life: not a time that passed, nor one of smoking.
fn lived(view: &View<'_>, end: i32, text: &[u8]) -> bool {
    const TIME: &[&str] = &[
        "for", "past", "last", "next", "than", "every", "within", "in", "over", "after", "until", "since", "about",
        "the", "of", "nearly", "some", "by", "these", "or", "and",
    ];
    let next = view.word(end + blanks(view, end, 1));
    let back = WordsBack::new(text).next();
    !one_of!(
        next,
        &["ago", "later", "of", "since", "before", "after", "experience", "survival", "earlier", "in", "to", "for"]
    ) && !back.is_some_and(|back| one_of!(back.word, TIME) && back.gap.len() < 3)
        && !matches!(text.last(), Some(b'-' | b'>' | b'<' | b'+' | b'~'))
}

/// `my dad, 95, fell`, `mother (91)`, `Father: deceased, 95, MI`, `Mr. Lopez (97)`: an age behind a relative or a title.
fn kin(view: &View<'_>, at: i32, text: &[u8]) -> bool {
    let closes = match view.byte(at) {
        None | Some(b')' | b',' | b';' | b'\n' | b'\r' | b'.') => true,
        Some(b' ') => one_of!(
            view.word(at + 1),
            &[
                "alive", "living", "died", "dec", "deceased", "healthy", "well", "with", "w", "of", "from", "lives",
                "htn", "dm"
            ],
        ),
        _ => false,
    };
    if !closes {
        return false;
    }
    let mut parted = false;
    for (i, back) in WordsBack::new(text).take(4).enumerate() {
        if back.gap.contains(&b'\n') || back.gap.iter().any(u8::is_ascii_digit) {
            return false;
        }
        let sign = back.gap.iter().any(|byte| b",(:-/|".contains(byte));
        parted |= sign;
        if one_of!(back.word, KIN) {
            let name = i > 0;
            return back.gap.len() < 12 && (parted || matches!(view.byte(at), Some(b' '))) && (!name || i < 4);
        }
        if i > 0 && parted && one_of!(back.word, &["mr", "mrs", "ms", "miss", "dr", "rev", "sr"]) {
            return true;
        }
        let between =
            one_of!(back.word, &["deceased", "alive", "living", "died", "dec", "d", "age", "dead", "at", "been"])
                || matches!(back.word, [first, .., last] if first.is_ascii_uppercase() && last.is_ascii_lowercase());
        if !between
            || back.gap.len() > 12
            || back.gap.iter().any(|byte| !byte.is_ascii_whitespace()) && back.gap.len() > 3
        {
            return false;
        }
        parted |= one_of!(back.word, &["d", "deceased", "died", "dec", "alive", "living"]);
    }
    false
}

/// `Age/Sex: 99`, `Age (yrs): 95`, `Age at death: 91`: the label of a form, its words and signs.
fn form(text: &[u8]) -> bool {
    const WORDS: &[&str] = &[
        "sex",
        "gender",
        "yrs",
        "years",
        "yr",
        "in",
        "at",
        "on",
        "of",
        "visit",
        "death",
        "admission",
        "time",
        "encounter",
        "enrollment",
        "consent",
        "service",
        "the",
        "today",
        "m",
        "f",
        "male",
        "female",
        "now",
        "current",
        "exam",
        "onset",
        "diagnosis",
        "surgery",
        "presentation",
        "discharge",
        "arrival",
        "registration",
        "is",
        "was",
        "y",
        "scan",
        "study",
        "patient",
        "approx",
        "approximately",
        "est",
        "collection",
        "last",
        "birthday",
        "file",
        "record",
        "listed",
        "reported",
        "stated",
        "calculated",
    ];
    let mut behind = false;
    for (i, back) in WordsBack::new(text).take(5).enumerate() {
        let plain = back.gap.iter().all(|byte| b" \t:=/()|_-#,.\"".contains(byte)) && back.gap.len() < 48;
        if !plain {
            return false;
        }
        behind |= back.gap.iter().any(|byte| b":=|#".contains(byte)) || i == 0 && back.gap.len() > 1;
        if one_of!(back.word, &["age", "ages"]) {
            return behind || i < 3;
        }
        if !one_of!(back.word, WORDS) {
            return false;
        }
    }
    false
}

/// `Patient is 93.`, `Mrs. Lopez is 99`, `I'm 91`, `at 92, she still drives`.
fn subject(view: &View<'_>, at: i32, text: &[u8]) -> bool {
    let space = blanks(view, at, 1);
    let next = view.word(at + space);
    let ends = match view.byte(at + space) {
        None | Some(b'.' | b',' | b'\n' | b'\r' | b';' | b'!' | b')' | b'(') => true,
        _ => one_of!(next, &["and", "now", "but", "with", "who", "today", "so", "yo", "lives", "can", "cant"]),
    };
    if !ends {
        return false;
    }
    let mut words = WordsBack::new(text);
    let Some(link) = words.next().filter(|back| back.gap == b" ") else { return false };
    let Some(who) = words.next().filter(|back| matches!(back.gap, b" " | b"'") || back.gap.is_empty()) else {
        return one_of!(link.word, &["at"])
            && view.byte(at) == Some(b',')
            && one_of!(view.word(at + 2), &["she", "he", "they", "i", "my"]);
    };
    if one_of!(link.word, &["at"]) && view.byte(at) == Some(b',') {
        return one_of!(view.word(at + 2), &["she", "he", "they", "i", "my"]);
    }
    let am = one_of!(link.word, &["m", "am", "im"]) && (who.word.eq_ignore_ascii_case(b"i") || link.word.len() == 2);
    if am {
        return true;
    }
    if !one_of!(link.word, &["is", "was", "s", "turned", "now"]) {
        return false;
    }
    one_of!(
        who.word,
        &[
            "patient",
            "pt",
            "she",
            "he",
            "mother",
            "father",
            "mom",
            "dad",
            "resident",
            "client",
            "veteran",
            "nana",
            "grandma",
            "grandpa",
            "grandmother",
            "grandfather",
            "neighbor",
            "husband",
            "wife",
            "decedent"
        ],
    ) || words
        .next()
        .is_some_and(|back| one_of!(back.word, &["mr", "mrs", "ms", "miss"]) && matches!(back.gap, b" " | b". "))
}

/// Whether the words before a number tell how long somebody lived or how old they are: `lived to 95`, `died at 94`,
/// `she is 93`.
fn lives_to(text: &[u8], link: &[u8]) -> bool {
    let mut words = WordsBack::new(text);
    let near = |back: &crate::scan::Back<'_>| back.gap.len() <= 2 && !back.gap.contains(&b'\n');
    if !words.next().is_some_and(|back| near(&back)) {
        return false;
    }
    let Some(back) = words.next().filter(near) else { return false };
    if one_of!(link, &["to", "until", "till", "at", "past", "age"]) {
        return one_of!(
            back.word,
            &["lived", "lives", "live", "died", "passed", "deceased", "survived", "living", "away", "death", "dying"],
        );
    }
    if one_of!(link, &["be"]) {
        if one_of!(back.word, &["to"]) {
            return words.next().is_some_and(|more| one_of!(more.word, &["lived", "live", "lives"]));
        }
        return one_of!(back.word, &["will", "would"])
            && words.next().is_some_and(|more| {
                one_of!(more.word, &["he", "she", "mother", "father", "grandmother", "grandfather", "patient", "pt"])
            });
    }
    one_of!(
        back.word,
        &[
            "he",
            "she",
            "mother",
            "father",
            "mom",
            "dad",
            "wife",
            "husband",
            "grandmother",
            "grandfather",
            "sister",
            "brother",
            "aunt",
            "uncle",
            "who",
            "grandma",
            "grandpa",
        ],
    )
}

/// Units that make the number no age in years.
const OTHER_UNITS: &[&str] = &[
    "month", "months", "mo", "mos", "week", "weeks", "wk", "wks", "day", "days", "d", "hour", "hours", "hrs",
    "minutes", "min", "mg", "mcg", "ml", "kg", "lb", "lbs", "mmhg", "bpm", "units", "degrees", "percent", "cm", "mm",
    "pack", "packs", "feet",
];

/// The end of `y/o`, `yo`, `-year-old`, `years of age` and their kin behind a number that ends at `at`.
fn unit(view: &View<'_>, at: i32) -> Option<i32> {
    const JOINT: ByteSet = ByteSet::of(b" -");
    let mut here = at + len(view.run(at, &JOINT, 2));
    // `90-` at the end of a line, `year-old` on the next.
    if here == at + 1 && view.byte(at) == Some(b'-') && matches!(view.byte(here), Some(b'\n' | b'\r')) {
        here += len(view.run(here, &ByteSet::SPACE, 6));
    }
    if here == at {
        here += i32::try_from(dash(view.slice(at, 3))).unwrap_or(0);
    }
    let word = view.word(here);
    let end = here + len(word);
    // `92yoM` is a word with the sex in it.
    if one_of!(word, &["yo", "yom", "yof", "yowm", "yowf", "yobm", "yobf", "yof", "ym", "yf"]) {
        return Some(here + 2 - i32::from(word.len() == 2 && !word.eq_ignore_ascii_case(b"yo")));
    }
    if word.eq_ignore_ascii_case(b"y") {
        let next = end + i32::from(matches!(view.byte(end), Some(b'/' | b'.' | b' ' | b'-')));
        let o = view.word(next);
        let joined = next > end && one_of!(o, &["o", "om", "of"]) && (view.byte(end) != Some(b' ') || o.len() == 1);
        if joined {
            let close = next + 1;
            return Some(close + i32::from(view.byte(end) == Some(b'.') && view.byte(close) == Some(b'.')));
        }
        // `a 93 y old`.
        if view.byte(end) == Some(b' ') && one_of!(o, &["old"]) {
            return Some(next + len(o));
        }
        // `94 y F`, `94y/M`.
        let sex = view.word(next);
        if next > end
            && view.byte(end) != Some(b'.')
            && one_of!(sex, &["m", "f", "male", "female"])
            && !view.byte(next + len(sex)).is_some_and(is_wordy)
        {
            return Some(end);
        }
        // `092Y` is an age of DICOM.
        return (here == at && at == 3 && !view.byte(end).is_some_and(is_wordy)).then_some(end);
    }
    if one_of!(word, &["jahre", "anos", "años"]) {
        return Some(here + len(word));
    }
    if !one_of!(word, &["year", "years", "yr", "yrs"]) {
        return None;
    }
    let mut next = end + i32::from(view.byte(end) == Some(b'.'));
    next += len(view.run(next, &JOINT, 2));
    let old = view.word(next);
    if one_of!(old, &["old", "olds", "o", "young"]) {
        return Some(next + len(old));
    }
    let age = next + len(old) + blanks(view, next + len(old), 1);
    (old.eq_ignore_ascii_case(b"of") && view.word(age).eq_ignore_ascii_case(b"age")).then_some(age + 3)
}

/// `turned 93` is an age, `turned 90 degrees` and `turned 100 times` are not.
fn person_turns(view: &View<'_>, at: i32) -> bool {
    let next = view.word(at + blanks(view, at, 1));
    next.is_empty()
        || one_of!(next, &["in", "on", "last", "this", "and", "years", "yesterday", "today", "next", "a", "now", "but"],)
}

fn birth_year(view: &View<'_>) -> Option<Verdict> {
    if view.byte(4).is_some_and(is_wordy)
        || (matches!(view.byte(4), Some(b'-' | b'/' | b'.')) && view.byte(5).is_some_and(|byte| byte.is_ascii_digit()))
    {
        return None;
    }
    let text = before(view, 0);
    let mut words = WordsBack::new(text);
    let back = words.next()?;
    let near = back.gap.len() <= 3 && !back.gap.iter().any(u8::is_ascii_digit);
    let direct = one_of!(back.word, &["born", "b", "yob", "birthyear"]);
    let of_birth = |word: &[u8]| one_of!(word, &["born", "birth"]);
    let linked = one_of!(back.word, &["in", "year", "is", "circa", "birth", "about", "of"]) && {
        let second = words.next();
        second.is_some_and(|more| {
            of_birth(more.word)
                || (more.word.eq_ignore_ascii_case(b"year") && back.word.len() > 1 && mentions!(text, &["birth"], 4))
        }) || (one_of!(back.word, &["birth", "year"])
            && second.is_some_and(|more| one_of!(more.word, &["year", "birth", "of"])))
    };
    let initial = back.word.eq_ignore_ascii_case(b"b") && !back.gap.starts_with(b".") && !back.gap.starts_with(b" ");
    (near && (direct || linked) && !initial).then(|| found(4, 85, "year of birth"))?
}

/// `ninety-four year old`, `one hundred and two years old`.
fn spelled(view: &View<'_>) -> Option<Verdict> {
    const ONES: &[&str] = &["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
    let mut word = view.word(0);
    let mut end = len(word);
    if word.is_empty() {
        return None;
    }
    // `a hundred and two`: the article goes with it.
    let article = word.eq_ignore_ascii_case(b"hundred")
        && matches!(view.before(), [b'a' | b'A', b' '] | [.., b' ', b'a' | b'A', b' ']);
    let found =
        |end, confidence, reason| Some(Verdict::new(if article { -2 } else { 0 }, end, kinds::AGE, confidence, reason));
    if word.eq_ignore_ascii_case(b"noventa") {
        return noventa(view, end);
    }
    if word.eq_ignore_ascii_case(b"one") {
        word = view.word(end + 1);
        end += 1 + len(word);
        if !one_of!(word, &["hundred", "oh"]) {
            return None;
        }
    }
    let short = word.eq_ignore_ascii_case(b"oh");
    if one_of!(word, &["nineties"]) {
        let in_age = WordsBack::new(before(view, 0))
            .take(2)
            .any(|back| one_of!(back.word, &["his", "her", "their", "late", "early", "mid"]));
        let person = mentions!(before(view, 0), &["his", "her", "their"], 2);
        return (in_age && person).then(|| found(end, 75, "decade of life"))?;
    }
    let mut next = end + i32::from(matches!(view.byte(end), Some(b'-' | b' ')));
    if view.word(next).eq_ignore_ascii_case(b"and") {
        next += 3 + blanks(view, next + 3, 1);
    }
    let more = view.word(next);
    if one_of!(more, ONES) {
        end = next + len(more);
    } else if short {
        return None;
    }
    if let Some(end) = unit(view, end) {
        return found(end, 93, "years of age in words");
    }
    let text = before(view, if article { -2 } else { 0 });
    let aged = label(text).is_some_and(|word| one_of!(word, &["aged", "age"]));
    let next = view.word(end + blanks(view, end, 1));
    let quantity =
        one_of!(next, OTHER_UNITS) || one_of!(next, &["over", "and", "point", "degrees", "thousand", "dollars"]);
    let quantity = quantity && !(next == b"and" && word.eq_ignore_ascii_case(b"hundred"));
    // `Mama Ann is one hundred and one`.
    let mut back = WordsBack::new(text);
    let link = back.next().filter(|link| link.gap == b" " && one_of!(link.word, &["is", "was", "turned", "now"]));
    let mut named = || {
        back.next().is_some_and(|who| {
            who.gap == b" " && who.word.first().is_some_and(u8::is_ascii_uppercase) && who.word.len() > 2
        })
    };
    let aged = aged || subject(view, end, text) || form(text);
    // `At ninety-one she had told her son`.
    let aged =
        aged || label(text).is_some_and(|word| one_of!(word, &["at"])) && one_of!(next, &["she", "he", "they", "i"]);
    let lives = link.is_some_and(|link| lives_to(text, link.word) || !one_of!(link.word, &["was"]) && named());
    let aged = aged || lives;
    if aged && !quantity {
        return found(end, 85, "label");
    }
    around::said(view, text, end).then(|| found(end, 78, "said of somebody"))?
}

/// `noventa y cinco años`.
fn noventa(view: &View<'_>, at: i32) -> Option<Verdict> {
    const ONES: &[&str] = &["uno", "un", "una", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve"];
    let mut end = at;
    let and = view.word(end + 1);
    if view.byte(end) == Some(b' ') && and.eq_ignore_ascii_case(b"y") && one_of!(view.word(end + 3), ONES) {
        end += 3 + len(view.word(end + 3));
    }
    let years = view.word(end + 1);
    (view.byte(end) == Some(b' ') && one_of!(years, &["años", "anos"]))
        .then(|| found(end + 1 + len(years), 93, "years of age in words"))?
}

#[cfg(test)]
mod tests {
    use blackbar_engine::naive::findings;
    use blackbar_engine::{Field, Lexicon};

    use super::*;
    use crate::testing::{assert_cases, assert_total};

    #[test]
    fn cases() {
        assert_cases(&AGE);
    }

    #[test]
    fn soups_are_survived() {
        assert_total(
            &AGE,
            &["92", " y/o", "-year-old", "aged ", "ninety", "-four", " years of age", "born 1921", "yo"],
        );
    }

    #[test]
    fn nobody_below_ninety_is_found() {
        for age in 0..90 {
            for text in
                [format!("{age} y/o"), format!("a {age}-year-old"), format!("aged {age}"), format!("Age: {age}")]
            {
                assert!(
                    findings(&[&AGE], &Lexicon::new(), text.as_bytes(), &Field::default(), 50).is_empty(),
                    "{text}"
                );
            }
        }
    }
}
