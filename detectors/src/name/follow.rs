//! What stands around a name and decides about it.

use blackbar_engine::{ByteSet, View};

use super::cue::{Role, previous_word, role};
use super::lists;
use super::part::{Case, Part, apostrophe, blanks, gap, part, possessive};
use crate::words::category as cat;

/// What follows a name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Follow {
    /// Nothing that tells.
    Other,
    /// The end of a line or of a field, a comma, a bracket.
    End,
    /// A colon.
    Colon,
    /// A verb of people.
    Verb,
    /// A degree or profession: `, MD`.
    Credential,
    /// What is named after somebody: `syndrome`, `catheter`.
    Eponym,
    /// What places are called: `Hospital`, `Street`, `County`.
    Place,
    /// Somebody's relative: `'s wife`.
    Relative,
    /// A record number, a date of birth, a room: the line is about this person.
    Record,
    /// Another capitalised word.
    Capital,
}

/// Degrees and professions behind a name.
pub(crate) fn credential(word: &[u8], bits: u32) -> bool {
    if !word.iter().all(u8::is_ascii_uppercase)
        && !matches!(word, b"PhD" | b"PharmD" | b"PsyD" | b"Pharm" | b"Ph" | b"RPh")
    {
        return false;
    }
    bits & cat::CREDENTIAL != 0
        || matches!(
            word,
            b"MD"
                | b"DO"
                | b"RN"
                | b"NP"
                | b"PA"
                | b"PhD"
                | b"DDS"
                | b"DMD"
                | b"DPM"
                | b"OD"
                | b"DC"
                | b"LPN"
                | b"LVN"
                | b"CNA"
                | b"CRNA"
                | b"APRN"
                | b"ARNP"
                | b"FNP"
                | b"DNP"
                | b"BSN"
                | b"MSN"
                | b"PT"
                | b"DPT"
                | b"OT"
                | b"OTR"
                | b"SLP"
                | b"RD"
                | b"RDN"
                | b"LCSW"
                | b"LICSW"
                | b"MSW"
                | b"LMFT"
                | b"LPC"
                | b"PharmD"
                | b"RPh"
                | b"PsyD"
                | b"EdD"
                | b"FACS"
                | b"FACP"
                | b"FACC"
                | b"MBBS"
                | b"MPH"
                | b"JD"
                | b"ESQ"
                | b"EMT"
                | b"RRT"
                | b"CRT"
                | b"RT"
                | b"CNM"
                | b"CPNP"
                | b"ACNP"
                | b"AGNP"
                | b"PAC"
                | b"MBA"
                | b"Pharm"
                | b"Ph"
                | b"CMA"
                | b"RMA"
                | b"SW"
                | b"BCBA"
                | b"DVM"
                | b"FAAP"
                | b"FACOG"
                | b"SN"
                | b"CCRN"
                | b"CTRS"
        )
}

/// Whether a credential with dots stands at `at`: `M.D.`, `R.N.`.
pub(crate) fn dotted_credential(view: &View<'_>, at: i32) -> bool {
    let text = view.slice(at, 6);
    // Hardly any text has a dot there.
    if !matches!(text.get(1), Some(b'.' | b'h')) {
        return false;
    }
    let mut letters = [0; 3];
    let mut count = 0;
    for pair in text.chunks_exact(2) {
        let [letter, b'.'] = *pair else { break };
        if let Some(slot) = letters.get_mut(count) {
            *slot = letter.to_ascii_uppercase();
            count += 1;
        }
    }
    matches!(
        letters.get(..count),
        Some(b"MD" | b"DO" | b"RN" | b"NP" | b"PA" | b"DDS" | b"DMD" | b"LPN" | b"DPM" | b"CNA" | b"DC")
    ) || text.starts_with(b"Ph.D")
}

/// Whether `word` behind a comma is a credential in any case: `j. barr, msw`.
fn lower_credential(word: &[u8]) -> bool {
    one_of!(
        word,
        &[
            "md", "rn", "np", "pa", "msw", "lcsw", "phd", "lpn", "cna", "dpt", "pharmd", "aprn", "crna", "fnp", "bsn",
            "lvn", "msn", "dnp", "rrt", "dds", "cma", "lmft", "crnp", "rnp", "cnm", "lpc", "mph",
        ],
    )
}

/// Whether a relative is named at `at`: `her father`, `the patient's wife`, `dad)`.
fn relation(view: &View<'_>, mut at: i32) -> bool {
    for _ in 0..3 {
        let word = view.word(at);
        if one_of!(word, &["his", "her", "their", "my", "the", "patient", "pt", "older", "younger"]) {
            at = possessive(view, at + super::part::length(word));
            at += blanks(view, at, 2);
            continue;
        }
        return view.bits(word) & cat::RELATIVE != 0;
    }
    false
}

/// Whether what stands at `at` identifies a record: `MRN`, `DOB`, `(659307)`, `| UH-782059`.
fn record(view: &View<'_>, at: i32) -> bool {
    let mut at = at + blanks(view, at, 24);
    let opened = matches!(view.byte(at), Some(b'(' | b'|' | b'#' | b'[' | b'/' | b'-'));
    if opened || view.byte(at) == Some(b',') {
        at += 1;
        at += blanks(view, at, 4);
    }
    if opened && years_in_brackets(view, at) {
        return true;
    }
    let word = view.word(at);
    if one_of!(word, &["mrn", "dob", "ssn", "csn", "acct", "rm", "xf", "mr", "member"])
        || (opened && one_of!(word, &["b", "id", "born"]))
    {
        return true;
    }
    let prefix = super::part::length(word);
    if one_of!(word, &["bed", "room", "icu"]) && number_follows(view, at + prefix) || aged(view, at) {
        return true;
    }
    let digits = at + prefix + i32::from(prefix > 0 && view.byte(at + prefix) == Some(b'-'));
    opened && prefix < 5 && view.run(digits, &ByteSet::DIGIT, 5).len() >= 5
}

/// Whether an age and nothing else stands in the parenthesis that opens before `at`: `(77)`, `(33 F)`.
fn years_in_brackets(view: &View<'_>, at: i32) -> bool {
    let end = at + super::part::length(view.run(at, &ByteSet::DIGIT, 3));
    let space = blanks(view, end, 1);
    let sex = matches!(view.byte(end + space), Some(b'M' | b'F' | b'm' | b'f'));
    let close = end + if sex { space + 1 } else { 0 };
    view.byte(at - 1) == Some(b'(') && end - at == 2 && view.byte(close) == Some(b')')
}

/// Whether an age stands at `at`: `85 y/o`, `17 yo m`, `59 yr old`, `99 M`.
fn aged(view: &View<'_>, at: i32) -> bool {
    let digits = view.run(at, &ByteSet::DIGIT, 4);
    if digits.is_empty() || digits.len() > 3 {
        return false;
    }
    let unit = at + super::part::length(digits);
    let unit = unit + i32::from(matches!(view.byte(unit), Some(b' ' | b'-')));
    let word = view.word(unit);
    one_of!(word, &["yo", "yr", "yrs", "year", "years", "m", "f", "sm", "sf", "yom", "yof"])
        || (one_of!(word, &["y"]) && view.byte(unit + 1) == Some(b'/'))
}

/// What follows a name that ends with its element: `<b>Jane Roe</b>, 89 y/o`.
fn behind_tag(view: &View<'_>, at: i32) -> Follow {
    const LONGEST: usize = 12;
    let name = view.word(at + 2);
    let end = at + 2 + super::part::length(name);
    let closes = view.byte(at + 1) == Some(b'/') && name.len() < LONGEST && view.byte(end) == Some(b'>');
    // Another element says nothing of this one.
    if !closes || view.byte(end + 1) == Some(b'<') {
        return Follow::End;
    }
    match after(view, end + 1) {
        told @ (Follow::Credential | Follow::Relative | Follow::Record) => told,
        _ => Follow::End,
    }
}

/// What follows `end`, the end of a name.
pub(crate) fn after(view: &View<'_>, end: i32) -> Follow {
    let owned = possessive(view, end);
    let at = owned;
    match view.byte(at) {
        None => return Follow::End,
        // `Baker's` / `cyst`: what is owned follows the wrap.
        Some(b'\n') if owned > end => {}
        Some(b'<') => return behind_tag(view, at),
        Some(b'\n' | b'\r' | b'\t' | b';' | b')' | b'"' | b']' | b'|' | b'}' | b'!' | b'?') => return Follow::End,
        Some(b':') => return Follow::Colon,
        Some(b',') => {
            let space = blanks(view, at + 1, 2);
            let word = view.word(at + 1 + space);
            let at = at + 1 + space;
            let credential = credential(word, view.bits(word))
                || dotted_credential(view, at)
                || (space > 0 && lower_credential(word));
            return if credential {
                Follow::Credential
            } else if word.len() > 1 && relation(view, at) {
                Follow::Relative
            } else if record(view, at) {
                Follow::Record
            } else {
                Follow::End
            };
        }
        Some(b'-') => {
            // `Jackson-Pratt` was read whole; `Smith- ` or `Smith -` ends.
            return Follow::Other;
        }
        _ => {}
    }
    let Some((space, wraps)) = gap(view, at) else {
        // Three blanks and more part columns.
        let wide = at + blanks(view, at, 3);
        let word = view.word(wide);
        if wide > at && (credential(word, view.bits(word)) || one_of!(word, &["rn", "md", "np", "lpn", "cna"])) {
            return Follow::Credential;
        }
        if record(view, at) {
            return Follow::Record;
        }
        return if matches!(view.byte(at), Some(b' ')) { Follow::End } else { Follow::Other };
    };
    let at = at + space;
    if matches!(view.byte(at), Some(b'(' | b'-' | b'|')) {
        if view.byte(at) == Some(b'(') && relation(view, at + 1) {
            return Follow::Relative;
        }
        if view.byte(at) == Some(b'(') {
            // `Ann (RN)`, `Tom (pharmacy)`.
            let inner = view.word(at + 1);
            let bits = view.bits(inner);
            let known = credential(inner, bits)
                || bits & cat::ROLE != 0
                || one_of!(inner, &["pharmacy", "lab", "radiology", "nurse", "rn", "md", "pt", "ot", "rt", "sw", "cm"]);
            if known && view.byte(at + 1 + super::part::length(inner)) == Some(b')') {
                return Follow::Credential;
            }
        }
        if record(view, at) {
            return Follow::Record;
        }
        return Follow::End;
    }
    let word = view.word(at);
    if word.is_empty() {
        return if !wraps && aged(view, at) { Follow::Record } else { Follow::Other };
    }
    let bits = view.bits(word);
    let place_of_patient = one_of!(word, &["bed"]) && number_follows(view, at + super::part::length(word));
    if one_of!(word, lists::EPONYM_NOUNS) && !place_of_patient {
        return Follow::Eponym;
    }
    if wraps && owned == end {
        return Follow::End;
    }
    if credential(word, bits) || dotted_credential(view, at) || matches!(word, b"rn" | b"md" | b"np" | b"lpn" | b"cna")
    {
        return Follow::Credential;
    }
    if !wraps && record(view, at) {
        return Follow::Record;
    }
    if owned > end {
        let related = matches!(role(word, bits), Some(Role::Relative | Role::Provider | Role::Person))
            || one_of!(word, lists::BELONGINGS);
        return if related { Follow::Relative } else { Follow::Other };
    }
    let contracted = one_of!(word, &["doesn", "didn", "isn", "wasn", "won", "couldn", "hasn", "wouldn", "can", "aren"])
        && apostrophe(view, at + super::part::length(word)) > 0;
    if contracted || one_of!(word, lists::VERBS) {
        return Follow::Verb;
    }
    match part(view, at) {
        Some(next) if place_word(view, &next) => Follow::Place,
        Some(next) if matches!(next.case, Case::Capital | Case::Upper) => Follow::Capital,
        _ => Follow::Other,
    }
}

/// Whether what follows `end` is what only people do or are: `asks`, `is tearful`, `and Dr. Smith decided`.
pub(crate) fn acts(view: &View<'_>, end: i32) -> bool {
    let Some((space, _)) = gap(view, end) else { return false };
    let word = view.word(end + space);
    let next = end + space + super::part::length(word);
    let more = view.word(next + 1);
    if one_of!(word, &["is", "was", "remains", "appears", "seems"]) {
        return one_of!(more, lists::STATES)
            || (more == b"a" && aged(view, next + 3))
            || (one_of!(more, &["at", "on"]) && one_of!(view.word(next + 4), &["work", "home", "school"]));
    }
    (word == b"and" && one_of!(more, &["dr", "drs"])) || one_of!(word, lists::DEEDS)
}

/// Whether medicines stand beside the name that ends at `end`: `Yasmin, then Camila`, `Camila over Heather`. Some brands
/// are given names.
pub(crate) fn among_medicines(view: &View<'_>, end: i32) -> bool {
    /// Brands that are far more often somebody's name: beside each other they are brands.
    const BRANDS: &[&str] = &[
        "camila",
        "heather",
        "errin",
        "nora",
        "emily",
        "lyza",
        "natalie",
        "kimidess",
        "amethia",
        "chantal",
        "isabella",
        "tia",
        "ella",
        "allegra",
        "yasmin",
        "sonata",
        "lola",
        "juliana",
        "jolivette",
        "kelsey",
    ];
    let brand = one_of!(view.word(0), BRANDS);
    let drug = |word: &[u8]| word.len() > 3 && (view.bits(word) & cat::DRUG != 0 || brand && one_of!(word, BRANDS));
    let mut rest = view.before();
    for _ in 0..3 {
        rest = rest.trim_ascii_end();
        rest = rest.strip_suffix(b",").unwrap_or(rest);
        let word = previous_word(rest);
        if word.is_empty() || !rest.ends_with(word) {
            break;
        }
        if drug(word)
            || one_of!(
                word,
                &[
                    "contraception",
                    "contraceptive",
                    "pill",
                    "pills",
                    "ocp",
                    "ocps",
                    "brand",
                    "brands",
                    "generic",
                    "antihistamine"
                ]
            )
        {
            return true;
        }
        rest = rest.get(..rest.len() - word.len()).unwrap_or_default();
    }
    let mut at = end;
    for _ in 0..3 {
        at += i32::from(view.byte(at) == Some(b','));
        at += blanks(view, at, 1);
        let word = view.word(at);
        if word.is_empty() {
            break;
        }
        if drug(word) || one_of!(word, &["pill", "pills", "tablet", "tablets", "mg", "ocp"]) {
            return true;
        }
        at += super::part::length(word);
    }
    false
}

/// Whether a name in small letters stands where people talk: it begins its line and speaks or acts (`siobhan: can u`,
/// `<imani> anyone`), or small words are all around it (`ok luis will do`, `this is vikram from lab`).
pub(crate) fn chats(view: &View<'_>, end: i32, common: bool) -> bool {
    let before = view.before();
    let next = view.byte(end);
    let after = view.byte(end + 1);
    if line_starts(view) {
        // `julian  7:05 AM`: who speaks, and when.
        let gap = blanks(view, end, 4);
        let clock = view.run(end + gap, &ByteSet::DIGIT.with(b':'), 6);
        if gap > 0 && clock.contains(&b':') && clock.first().is_some_and(u8::is_ascii_digit) {
            return true;
        }
        let spoken = matches!(next, Some(b':')) && matches!(after, Some(b' ' | b'\n') | None)
            || next == Some(b'>') && (after == Some(b' ') || before.ends_with(b"<"))
            || next == Some(b',') && after == Some(b' ');
        let word = view.word(end + 1);
        return spoken
            || next == Some(b' ')
                && (one_of!(word, lists::VERBS)
                    || one_of!(
                        word,
                        &[
                            "from", "in", "at", "and", "u", "can", "pls", "please", "thx", "thanks", "here", "just",
                            "got", "wants", "needs", "covers", "covering", "said", "out", "w", "re", "dob", "mrn"
                        ],
                    ));
    }
    let [head @ .., b' '] = before else { return false };
    let word = previous_word(head);
    // A rare name may be a word of another language.
    const TALK: &[&str] = &[
        "ok", "okay", "hi", "hey", "thanks", "thx", "ask", "tell", "told", "call", "called", "text", "texted", "this",
        "is", "by", "with", "and", "from", "its", "s", "m", "im", "yes", "no", "kid", "son", "named", "says", "told",
        "ex", "for", "to", "w", "my", "but", "if", "when", "saw", "see", "met", "that", "so", "cause", "because",
    ];
    if !common && !one_of!(word, TALK) {
        return false;
    }
    let small = word.iter().all(u8::is_ascii_lowercase) && !word.is_empty();
    let goes_on = match next {
        None | Some(b'\n' | b'\r' | b'.' | b',' | b'?' | b'!' | b')' | b';') => true,
        Some(b' ') => after.is_some_and(|byte| byte.is_ascii_lowercase() || b"&@(-+/".contains(&byte)),
        Some(b'\'') => after == Some(b's'),
        _ => false,
    };
    small && head.last().is_some_and(|byte| byte.is_ascii_lowercase() || *byte == b',') && goes_on
}

/// Whether `part` is a word that places, buildings or roads end in.
fn place_word(view: &View<'_>, part: &Part) -> bool {
    if part.case == Case::Lower || part.pieces > 1 {
        return false;
    }
    let word = view.word(part.start);
    one_of!(
        word,
        &[
            "hospital",
            "clinic",
            "medical",
            "center",
            "centre",
            "university",
            "college",
            "school",
            "county",
            "parish",
            "street",
            "avenue",
            "road",
            "boulevard",
            "lane",
            "drive",
            "ave",
            "blvd",
            "rd",
            "health",
            "healthcare",
            "pharmacy",
            "memorial",
            "foundation",
            "institute",
            "laboratory",
            "laboratories",
            "labs",
            "hospice",
            "rehabilitation",
            "rehab",
            "highway",
            "parkway",
            "pkwy",
            "hwy",
            "church",
            "cancer",
            "regional",
            "general",
            "children",
            "surgical",
            "home",
            "manor",
            "inc",
            "llc",
            "corp",
            "corporation",
            "company",
            "library",
            "airport",
            "elementary",
            "high",
            "department",
            "apartments",
        ],
    )
}

/// Whether `part`, behind the first word of what might be a name, shows that it is a place or a thing.
pub(crate) fn is_place_or_thing(view: &View<'_>, part: &Part) -> bool {
    place_word(view, part) || (part.surname() < 3 && one_of!(view.word(part.start), lists::EPONYM_NOUNS))
}

/// `Rhodes/Baptiste`, alone on its line: whether the name from the trigger to `end` is one of such a pair.
pub(crate) fn slash_pair(view: &View<'_>, end: i32) -> bool {
    let line_ends = |at: i32| matches!(view.byte(at), None | Some(b'\n' | b'\r'));
    if line_starts(view) && view.byte(end) == Some(b'/') {
        return part(view, end + 1).is_some_and(|next| {
            next.case == Case::Capital && next.is_name() && next.ordinary() < 2 && line_ends(next.end)
        });
    }
    let Some(head) = view.before().strip_suffix(b"/") else { return false };
    let line = head.rsplit(|&byte| byte == b'\n').next().unwrap_or_default();
    let bits = view.bits(line);
    line_ends(end)
        && bits & (cat::SURNAME | cat::SURNAME_COMMON) != 0
        && line.first().is_some_and(u8::is_ascii_uppercase)
}

/// Whether a number follows: a score, a grade.
pub(crate) fn number_follows(view: &View<'_>, end: i32) -> bool {
    let at = end + gap(view, end).map_or(0, |(len, _)| len);
    at > end && view.byte(at).is_some_and(|byte| byte.is_ascii_digit())
}

/// Whether a phrase ends at `end`: a line, a field, a sentence, a list item.
pub(crate) fn ends_phrase(view: &View<'_>, end: i32) -> bool {
    match view.byte(end) {
        None => true,
        Some(b' ') => matches!(view.byte(end + 1), Some(b' ' | b'(' | b'|' | b'\n') | None),
        Some(byte) => {
            matches!(byte, b'\n' | b'\r' | b'\t' | b',' | b';' | b')' | b'"' | b'.' | b'|' | b'<' | b'?' | b'!')
        }
    }
}

/// Whether the trigger starts its line, bullets, times and brackets aside.
pub(crate) fn line_starts(view: &View<'_>) -> bool {
    let told = |byte: &&u8| **byte == b'\n' || byte.is_ascii_alphabetic();
    view.before().iter().rev().find(told).is_none_or(|byte| *byte == b'\n')
}

/// Whether the trigger starts a sentence, a line, a cell: a capital there says nothing.
pub(crate) fn sentence_starts(view: &View<'_>) -> bool {
    let before = view.before();
    let mut rest = before;
    while let [head @ .., b' ' | b'\t' | b'"' | b'(' | b'*' | b'-' | b'\r'] = rest {
        rest = head;
    }
    match rest {
        [] => true,
        // A soft line break goes on with the sentence when the line before ends in its middle.
        [head @ .., b'\n'] => {
            !matches!(head.iter().rev().find(|&&byte| byte != b' ' && byte != b'\r'), Some(b'a'..=b'z' | b','))
        }
        [head @ .., b'.'] => {
            // `Dr. X`, `vs. X`: a title's dot ends no sentence.
            !one_of!(previous_word(head), &["dr", "mr", "mrs", "ms", "prof", "st", "vs"])
        }
        [.., last] => {
            matches!(last, b'!' | b'?' | b':' | b';' | b'|' | b'=' | b'>' | b'#' | b'/' | b'\\') || *last >= 0x80
        }
    }
}

/// Whether the word before the trigger is in lower case, a blank away: the trigger's capital is no sentence's.
pub(crate) fn lower_before(view: &View<'_>) -> bool {
    let [head @ .., b' '] = view.before() else { return false };
    head.last().is_some_and(u8::is_ascii_lowercase) && previous_word(head).iter().all(u8::is_ascii_lowercase)
}

/// Whether a preposition of places stands before the trigger.
pub(crate) fn place_before(view: &View<'_>) -> bool {
    one_of!(previous_word(view.before()), &["in", "from", "to", "near", "at", "of", "outside", "around"])
}

/// Whether an article or the like stands before the trigger: `the Foley`, `a Murphy`.
pub(crate) fn article_before(view: &View<'_>) -> bool {
    one_of!(previous_word(view.before()), &["the", "a", "an", "no", "of", "positive", "negative"])
        && view.before().last() == Some(&b' ')
}
