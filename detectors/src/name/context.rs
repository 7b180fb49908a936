//! Names that only their surroundings give away: who speaks in a chat, who is addressed, who signs, who stands in a list
//! with others, and a word that no list knows where a sentence has no other reason for a capital.

use std::borrow::Cow;
use std::cell::OnceCell;

use blackbar_engine::{ByteSet, Detector, Kind, Reach, Trigger, Verdict, Verify, View, Window};

use super::cue::{Cue, Grade, previous_word};
use super::follow::{self, Follow};
use super::part::{Case, Part, blanks, gap, length, part, possessive, stands_alone};
use super::{glance, person, setting};
use crate::kinds;
use crate::learned::doubted;
use crate::words::category as cat;

/// Names by what stands around them.
pub static NAME_CONTEXT: Detector = Detector {
    id: Cow::Borrowed("name-context"),
    kind: kinds::NAME,
    class: Cow::Borrowed("A"),
    // Whatever knows more about a word goes first.
    priority: 29,
    window: Window { before: 64, longest: 144, after: 48 },
    reach: Reach::NONE,
    triggers: Cow::Borrowed(&[Trigger::When(&Trigger::Capital, glance::contextual), Trigger::Words(SPELT)]),
    verify: Verify::Pure(verify),
    teaches: true,
    takes: Cow::Borrowed(
        "speakers of chats, people addressed or signing on a line of their own, lists of relatives, names before an age, \
         words that no list knows with a capital within a sentence",
    ),
    refuses: Cow::Borrowed("headings, medicines before a dose, brands in mixed case, eponyms, codes"),
};

const LONGEST: i32 = super::LONGEST;
/// Words that letters follow one by one.
pub(super) const SPELT: &[&str] = &["spelled", "spelt", "spells", "spelling", "spell"];

fn verify(view: &View<'_>) -> Option<Verdict> {
    judged(view).filter(|verdict| !doubted(view, verdict))
}

fn judged(view: &View<'_>) -> Option<Verdict> {
    let (word, bits) = view.word_with_bits(0);
    if one_of!(word, SPELT)
        && let Some(verdict) = spelt(view, length(word) + 1)
    {
        return Some(verdict);
    }
    if word.len() == 1 {
        return if view.byte(1) == Some(b'-') && stands_alone(view) { spelt(view, 0) } else { None };
    }
    if !may_begin(word, bits) || !stands_alone(view) {
        return None;
    }
    let first = part(view, 0)?;
    if first.case == Case::Initial || first.bits & (cat::CLINICAL | cat::DRUG) != 0 && first.given() < 3 {
        return None;
    }
    let head = Head::of(view.before());
    if head.all.is_empty() && view.byte(first.end).is_none() {
        // The only word of a run: nothing stands around it.
        return None;
    }
    speaker(view, &first, &head)
        .or_else(|| alone(view, &first, &head))
        .or_else(|| told(view, &first, &head))
        .or_else(|| aged(view, &first, &head))
        .or_else(|| labelled(view, &first, &head))
        .or_else(|| shouted(view, &first, &head))
        .or_else(|| proper(view, &first, &head))
        .or_else(|| begins_sentence(view, &first, &head))
        .or_else(|| setting::found(view, &first, &head))
}

/// `P-R-Z-E-W-A`, `spelled g a l l a g h e r`: letters one by one, from `at` on.
fn spelt(view: &View<'_>, at: i32) -> Option<Verdict> {
    let at = at + i32::from(matches!(view.byte(at), Some(b' ' | b'"')));
    let letter = |at: i32| view.byte(at).is_some_and(|byte| byte.is_ascii_alphabetic()) && view.word(at).len() == 1;
    let sign = view.byte(at + 1).filter(|sign| matches!(sign, b'-' | b' ' | b'.'))?;
    let (mut end, mut count) = (at, 0);
    while letter(end) && count < 24 {
        count += 1;
        if view.byte(end + 1) != Some(sign) || !letter(end + 2) {
            break;
        }
        end += 2;
    }
    (count >= 4).then(|| Verdict::new(at, end + 1, kinds::NAME, 78, "spelt letter by letter"))
}

/// Whether a name may begin with `word`: in a list of names, or in no list.
pub(super) fn may_begin(word: &[u8], bits: u32) -> bool {
    word.len() > 1 && (bits & cat::ANY_NAME != 0 || bits & !(cat::CITY | cat::CITY_BIG) == 0)
}

/// What stands before the trigger.
pub(super) struct Head<'a> {
    /// All of it that is visible.
    pub(super) all: &'a [u8],
    /// What parts the trigger from the word before it: no letters.
    pub(super) gap: &'a [u8],
    /// The word before it.
    pub(super) word: &'a [u8],
    /// What the trigger begins, once somebody asked.
    run: OnceCell<Run>,
}

impl<'a> Head<'a> {
    fn of(all: &'a [u8]) -> Self {
        // The first bytes of letters beyond ASCII; those of typographic signs are none.
        let letter = |byte: &u8| byte.is_ascii_alphabetic() || matches!(byte, 0xc3..=0xdf | 0xe1);
        let end = all.iter().rposition(letter).map_or(0, |i| {
            // The bytes behind the first one of a letter beyond ASCII belong to it.
            let more = all.get(i + 1..).unwrap_or_default().iter().take_while(|byte| **byte & 0xc0 == 0x80).count();
            i + 1 + more
        });
        let (head, gap) = all.split_at(end);
        let start = head.iter().rposition(|byte| !(byte.is_ascii_alphabetic() || *byte >= 0x80)).map_or(0, |i| i + 1);
        Head { all, gap, word: head.get(start..).unwrap_or_default(), run: OnceCell::new() }
    }

    /// The run of words that the trigger, whose part is `first`, begins.
    pub(super) fn run(&self, view: &View<'_>, first: &Part) -> Run {
        *self.run.get_or_init(|| run(view, first))
    }

    /// The visible part of the trigger's line.
    pub(super) fn line(&self) -> &'a [u8] {
        self.all.rsplit(|&byte| byte == b'\n').next().unwrap_or_default()
    }

    /// The same, when no letter stands before the trigger on its line.
    fn indent(&self) -> Option<&'a [u8]> {
        match self.gap.iter().rposition(|byte| *byte == b'\n') {
            Some(i) => self.gap.get(i + 1..),
            None => self.word.is_empty().then_some(self.gap),
        }
    }

    /// Whether the word before stands on the same line, a blank away, perhaps behind a mark of a list or a quotation.
    pub(super) fn close(&self) -> bool {
        matches!(self.gap, b" " | b", " | b" (" | b" \"" | b" + " | b" & " | b" / " | b" '" | b"; ")
            || self.gap == " “".as_bytes()
            || self.gap == "\u{a0}".as_bytes()
    }

    /// Whether it is in small letters, and more than one.
    pub(super) fn is_small(&self) -> bool {
        self.word.len() > 1 && self.word.iter().all(|byte| byte.is_ascii_lowercase() || *byte >= 0x80)
    }

    /// Whether nothing but bullets, dashes and blanks stands before the trigger on its line.
    pub(super) fn begins_line(&self) -> bool {
        // A letter is none of them.
        let mark = |byte: &u8| matches!(byte, b' ' | b'\t' | b'-' | b'*' | b'>' | b'~' | 0xe2 | 0x80..=0x9f);
        self.indent().is_some_and(|line| line.iter().all(mark))
    }

    /// Whether the line before is empty, or the line begins with a dash.
    fn is_apart(&self) -> bool {
        let line = self.line();
        let dashed = line.starts_with(b"-") || line.starts_with(b"~") || line.starts_with(&[0xe2, 0x80]);
        let above = self.all.get(..self.all.len() - line.len()).unwrap_or_default();
        let above = above.strip_suffix(b"\n").unwrap_or(above);
        let above = above.strip_suffix(b"\r").unwrap_or(above);
        dashed || above.last() == Some(&b'\n')
    }
}

/// A run of words of a name: where it ends, and what is known of it.
#[derive(Clone, Copy)]
pub(super) struct Run {
    pub(super) end: i32,
    pub(super) words: u8,
    /// Words in no list, given names that are nothing else, common surnames.
    pub(super) unknown: u8,
    pub(super) given: u8,
    pub(super) surname: u8,
    pub(super) initials: u8,
}

/// Reads names, unknown words and initials, a blank apart. Any other word makes it none when `whole`, else ends it.
pub(super) fn run(view: &View<'_>, first: &Part) -> Run {
    let mut run = Run { end: 0, words: 0, unknown: 0, given: 0, surname: 0, initials: 0 };
    let mut next = Some(*first);
    while let Some(found) = next {
        let particle = run.words > 0 && person::particle(view, &found);
        // `Tell Ann I said`: a pronoun.
        let pronoun = view.byte(found.start) == Some(b'I')
            && view.byte(found.end) == Some(b' ')
            && view.byte(found.end + 1).is_some_and(|byte| byte.is_ascii_lowercase());
        if found.case == Case::Initial && run.words > 0 && pronoun {
            break;
        }
        if found.case == Case::Initial && run.words > 0 {
            run.initials += 1;
        } else if found.case == Case::Lower && !particle || found.case == Case::Initial {
            break;
        } else if !particle {
            if found.ordinary() > 1 && found.given() < 3 && found.surname() < 3
                || found.bits & (cat::STATE | cat::COUNTRY) != 0 && found.given() < 3
                || !found.is_name() && found.bits & !(cat::CITY | cat::CITY_BIG) != 0
                || run.words > 0 && follow::is_place_or_thing(view, &found)
                || mixed(view.slice(found.start, usize::try_from(found.len()).unwrap_or_default()))
            {
                break;
            }
            run.unknown += u8::from(!found.is_name());
            run.given += u8::from(found.given() >= 2 && found.ordinary() < 2);
            run.surname += u8::from(found.surname() >= 2 && found.ordinary() == 0);
        }
        run.words += 1;
        run.end = found.end + i32::from(found.case == Case::Initial && view.byte(found.end) == Some(b'.'));
        if run.words > 4 {
            break;
        }
        next = match view.byte(run.end) {
            Some(b' ') => part(view, run.end + 1),
            _ => None,
        };
    }
    // `CYRUS FITZGERALD M 75Y`: a sex, not an initial.
    let sexed = run.initials > 0 && matches!(view.slice(run.end - 2, 4), [b' ', b'M' | b'F', b' ', b' ' | b'0'..=b'9']);
    if sexed {
        run.end -= 2;
        run.words -= 1;
        run.initials -= 1;
    }
    run
}

/// The end of `Zorblat, Kemi Q` when a given name follows the run behind a comma.
fn with_comma(view: &View<'_>, first: &Part, run: &Run) -> Option<i32> {
    if view.byte(run.end) != Some(b',') || run.words > 2 || run.given > 0 && run.words > 1 {
        return None;
    }
    let given = part(view, run.end + 1 + blanks(view, run.end + 1, 1))?;
    let fits = given.case == first.case
        && given.case != Case::Lower
        && given.len() > 2
        && (given.given() >= 2 || given.unknown())
        && given.ordinary() == 0
        && given.bits & (cat::STATE | cat::CREDENTIAL) == 0;
    if !fits {
        return None;
    }
    let mut end = given.end;
    for _ in 0..2 {
        let Some((1, false)) = gap(view, end) else { break };
        let Some(more) = part(view, end + 1) else { break };
        if more.case != Case::Initial
            && !(more.case == first.case && (more.is_name() && more.ordinary() == 0 || more.unknown()))
        {
            break;
        }
        end = more.end;
    }
    Some(end)
}

/// Who may speak with a name behind the word.
pub(super) const SPEAKERS: &[&str] = &["coach", "nurse", "agent", "rn", "tech", "counselor", "advocate", "pharmacist"];

/// `[10:31] Ilario M. (Advocate): Good morning`, `Zorblat: hello` behind a time: who speaks.
fn speaker(view: &View<'_>, first: &Part, head: &Head<'_>) -> Option<Verdict> {
    let timed = follow::line_starts(view)
        && head.line().iter().any(u8::is_ascii_digit)
        && matches!(head.line().trim_ascii_end().last(), Some(b']' | b')' | b'>' | b'-' | b'0'..=b'9' | b'|'));
    let role =
        head.gap == b" " && one_of!(head.word, SPEAKERS) && head.line().trim_ascii_start().len() == head.word.len() + 1;
    let begins = || head.begins_line() && head.line().trim_ascii().is_empty();
    if !(timed || role || begins()) {
        return None;
    }
    let run = head.run(view, first);
    if run.words == 0 || run.unknown + run.given + run.surname == 0 {
        return None;
    }
    let mut end = run.end;
    if view.slice(end, 2) == b" (" {
        let remark = view.slice(end + 2, 28);
        let close = remark.iter().position(|byte| *byte == b')')?;
        if remark.get(..close).unwrap_or_default().iter().any(u8::is_ascii_digit) {
            return None;
        }
        end += 3 + length(remark.get(..close).unwrap_or_default());
    }
    let speaks = view.byte(end) == Some(b':') && matches!(view.byte(end + 1), Some(b' ' | b'\n' | b'\r'));
    // A word in no list may be a short form of a heading unless a time or an initial says otherwise.
    let sure = timed
        || role
        || run.initials > 0
        || (run.words > 1 && run.given > 0 && run.given + run.unknown + run.surname > 1);
    (speaks && sure).then(|| verdict(view, first, run.end, kinds::NAME, 75, "speaker"))
}

/// `Priyamvada,` above a letter, `– Thornton` below it: a name that is all of its line.
fn alone(view: &View<'_>, first: &Part, head: &Head<'_>) -> Option<Verdict> {
    if !head.begins_line() || first.case != Case::Capital || first.len() < 3 {
        return None;
    }
    let run = head.run(view, first);
    let told = run.unknown + run.given + run.surname;
    if run.words == 0 || run.words > 3 || told == 0 || told + run.initials < run.words {
        return None;
    }
    let line_ends = |at: i32| matches!(view.byte(at), Some(b'\n' | b'\r'));
    let blank_below = |at: i32| {
        let at = at + i32::from(view.byte(at) == Some(b'\r'));
        view.byte(at).is_none()
            || view.byte(at + 1).is_none()
            || matches!(view.byte(at + 1), Some(b'\n' | b'\r' | b'_' | b'-' | b'>' | b'<'))
    };
    let above = head.is_apart() || head.all.is_empty() && view.begins(0);
    if one_of!(view.word(0), &["thx", "tks", "pls", "fyi", "ty", "rgds", "addendum", "misc", "prev"]) {
        return None;
    }
    // Who is written to: a comma or a dash, and the letter below.
    if matches!(view.byte(run.end), Some(b',' | b'-')) && line_ends(run.end + 1) && (above || head.all.is_empty()) {
        return Some(verdict(view, first, run.end, kinds::NAME, 75, "addressed"));
    }
    if !above || head.all.is_empty() {
        return None;
    }
    // Who signs: a line between empty ones, or the last.
    let signs = view.byte(run.end).is_none() || line_ends(run.end) && blank_below(run.end);
    (signs && (run.given + run.surname > 0 || first.len() > 4))
        .then(|| verdict(view, first, run.end, kinds::NAME, 66, "line of its own"))
}

/// Words that a person follows at once.
#[rustfmt::skip] // A word list reads better in lines.
pub(super) const CALLED: &[&str] = &[
    "coach", "det", "fr", "lt", "cmdr", "maj", "insp", "inspector", "marshal", "mama", "papa", "tia", "tio", "dona",
    "don", "dra", "srta", "lic", "auntie", "aunty", "nana", "abuela", "abuelita", "abuelo", "khala", "baba", "bibi",
    "lola", "lolo", "ate", "kuya", "ammi", "appa", "imam", "elder", "deacon", "paramedic", "medic", "firefighter",
    "trooper", "sponsor", "counsellor", "counselor", "gf", "bf", "hubby", "dtr", "sib", "sibling", "siblings", "sons", "daughters",
    "kids", "children", "parents", "brothers", "sisters", "twins", "grandkids", "grandchildren", "cousins", "aunts",
    "uncles", "nieces", "nephews", "granddaughters", "grandsons", "stepsister", "stepbrother", "halfsister",
    "godmother", "godfather", "widow", "widower", "witness", "carrier", "passenger", "spelled", "spelt", "nicknamed",
    "named", "ask", "tell", "told", "text", "texted", "telephone", "telephoned", "ring", "phoned", "page", "paged",
    "notify", "notified", "contact", "thank", "thanks", "thx", "signed", "witnessed", "helper", "roommate",
    "housemate", "landlord", "landlady", "employer", "boss", "supervisor", "teacher", "principal", "pastor", "sitter", "nanny",
    "babysitter", "navigator", "advocate", "doula", "fiance", "fiancee", "ex", "mil", "fil", "sil", "bil", "rabbi",
    "sister", "brother", "father", "judge", "officer", "deputy", "detective", "agent", "investigator", "madam", "hna",
    "tia", "comadre", "vecina", "vecino", "hija", "hijo", "esposa", "esposo", "hermana", "hermano", "madre", "padre",
    "yerno", "nuera", "nieta", "nieto", "paciente", "enfermera", "enfermero", "medico", "medica", "doctora",
    "son", "daughter", "wife", "husband", "mother", "mom", "dad", "partner", "granddaughter", "grandson", "grandmother",
    "grandfather", "aunt", "uncle", "niece", "nephew", "cousin", "friend", "neighbor", "girlfriend", "boyfriend",
    "law", "mgr", "aka", "alias", "neighbour", "carer", "proband", "enrollee", "sergeant", "chaplain",
];

/// The same behind prepositions and the like, for names that are nothing else.
#[rustfmt::skip] // A word list reads better in lines.
pub(super) const MET: &[&str] = &[
    "with", "by", "for", "from", "to", "w", "and", "per", "via", "cc", "but", "or", "not", "says", "see", "saw",
    "met", "meet", "he", "she", "s", "its", "this", "that", "when", "while", "because", "than", "like",
    "as", "about", "regarding", "re", "including", "inc", "who", "is", "was", "are", "n",
];

/// `gf Tasha`, `sons Casimir + Tad`, `care to S. Aho`: something before it says that a person follows.
fn told(view: &View<'_>, first: &Part, head: &Head<'_>) -> Option<Verdict> {
    // `(Yusra, Kit B.)`, `("Zora")`, `back, Hina.`, `PGY5 / Talmadge`
    if let Some(found) = aside(view, first, head) {
        return Some(found);
    }
    let near =
        head.close() || matches!(head.gap, b". " | b": " | b" - " | b"/" | b"  " | b" (\"" | b" <b>" | b"-" | b"\n");
    if !near || first.len() < 3 {
        return None;
    }
    let called = one_of!(head.word, CALLED)
        && (head.gap != b". " || one_of!(head.word, &["det", "fr", "lt", "cmdr", "maj", "insp", "dra", "srta", "lic"]))
        && (head.gap != b"-" || head.word == b"law");
    let plain = first.ordinary() == 0 && !first.eponym() || called && first.ordinary() < 2 && first.given() >= 2;
    let contracted = head.word == b"s" && matches!(head.all, [.., b'e', b'\'', b's', b' ']) || head.word == b"w";
    let listed = matches!(head.gap, b" + " | b" & " | b", " | b" ") && in_list(view, head);
    let met = head.gap == b" "
        && one_of!(head.word, MET)
        && first.case == Case::Capital
        && first.given().max(first.surname()) >= 2
        && (first.bits & cat::CITY == 0 || first.given() == 3)
        && first.bits & (cat::STATE | cat::COUNTRY | cat::CITY_BIG) == 0
        && (head.is_small() || contracted);
    let shouted = first.case == Case::Upper;
    if shouted && head.gap == b" " && (head.is_small() || called) {
        let run = head.run(view, first);
        if run.unknown + run.surname >= run.words
            && first.len() > 3
            && let Some(end) = with_comma(view, first, &run)
        {
            return Some(verdict(view, first, end, kinds::NAME, 68, "surname, given name in capitals"));
        }
        if run.words > 1 && run.given > 0 && run.unknown + run.surname > 0 && first.len() > 3 {
            return Some(verdict(view, first, run.end, kinds::NAME, 60, "names in capitals"));
        }
    }
    if !(called && (plain || first.given() == 3) || (listed || met) && plain) {
        return None;
    }
    if !called && first.given() >= 2 && follow::among_medicines(view, first.end) {
        return None;
    }
    let letters = one_of!(head.word, &["spelled", "spelt", "named"]);
    if shouted && (first.len() < 4 || !(letters || head.word.iter().all(u8::is_ascii_uppercase))) {
        return None;
    }
    let run = head.run(view, first);
    if run.words == 0 || refused(view, run.end) {
        return None;
    }
    let kind = if one_of!(head.word, &["counselor", "counsellor", "paramedic", "medic", "dra", "doctora"]) {
        kinds::NAME_PROVIDER
    } else {
        kinds::NAME
    };
    let end = with_comma(view, first, &run).filter(|_| called).unwrap_or(run.end);
    let confidence = match (called, listed) {
        (true, _) => 70,
        (_, true) => 62,
        _ => 55,
    };
    Some(verdict(view, first, end, kind, confidence, "cue before"))
}

/// A name in brackets or quotation marks, behind a comma at the end of a sentence, behind the bar of two who sign.
fn aside(view: &View<'_>, first: &Part, head: &Head<'_>) -> Option<Verdict> {
    if first.case != Case::Capital || first.ordinary() > 0 || first.eponym() || first.bits & cat::CITY_BIG != 0 {
        return None;
    }
    let run = head.run(view, first);
    if run.words == 0 || run.given + run.unknown + run.surname == 0 {
        return None;
    }
    let behind = view.byte(run.end);
    let line_ends = matches!(behind, None | Some(b'\n' | b'\r'));
    let quoted = head.gap.ends_with(b"(\"") && view.slice(run.end, 2) == b"\")";
    let bracketed = head.gap == b" (" && head.is_small() && run.given > 0 && matches!(behind, Some(b',' | b')'));
    let spoken = head.gap.ends_with(b", ")
        && run.words == 1
        && run.given > 0
        && first.bits & cat::CITY == 0
        && !head.word.first().is_some_and(u8::is_ascii_uppercase)
        && matches!(behind, Some(b'.' | b'?' | b'!'))
        && view.byte(run.end + 1).is_none_or(|byte| byte.is_ascii_whitespace() || byte == b'"');
    let cosigned =
        head.gap.ends_with(b" / ") && line_ends && head.word.iter().all(u8::is_ascii_uppercase) && head.word.len() > 1;
    let confidence = match () {
        () if quoted || cosigned => 66,
        () if bracketed || spoken => 56,
        () => return None,
    };
    Some(verdict(view, first, run.end, kinds::NAME, confidence, "aside"))
}

/// Whether the trigger goes on with a list of people: `wife Halina, sons Casimir + `, `kids Ines (8) and `.
fn in_list(view: &View<'_>, head: &Head<'_>) -> bool {
    let joined = matches!(head.gap, b" + " | b" & ") || head.gap == b" " && one_of!(head.word, &["and", "y"]);
    if !joined {
        return false;
    }
    let cut = head.all.len() - head.gap.len() - if head.gap == b" " { head.word.len() } else { 0 };
    let rest = head.all.get(..cut).unwrap_or_default().trim_ascii_end();
    // What stands in parentheses belongs to the one before.
    let rest = match rest.strip_suffix(b")") {
        Some(inner) => match inner.iter().rposition(|byte| *byte == b'(') {
            Some(open) if inner.len() - open < 40 => inner.get(..open).unwrap_or_default().trim_ascii_end(),
            _ => return false,
        },
        None => rest,
    };
    let before = previous_word(rest);
    let bits = view.bits(before);
    before.first().is_some_and(u8::is_ascii_uppercase)
        && before.len() > 2
        && (bits == 0 || bits & cat::ANY_NAME != 0 && super::part::ordinary(bits) == 0)
}

/// `Bartek (5)`, `Octave, 3, healthy`, `Rotimi Abioye (41, …)`, `Zorblat Kemi MRN 12345`: an age or a record behind it.
fn aged(view: &View<'_>, first: &Part, head: &Head<'_>) -> Option<Verdict> {
    if first.case != Case::Capital || first.ordinary() > 1 || first.len() < 3 {
        return None;
    }
    let run = head.run(view, first);
    if run.words == 0 || run.unknown + run.given == 0 {
        return None;
    }
    let digits = |at: i32| view.run(at, &ByteSet::DIGIT, 4).len();
    let (opened, at) = match view.slice(run.end, 2) {
        b" (" => (true, run.end + 2),
        b", " => (false, run.end + 2),
        _ => {
            let told = run.words > 1
                && (run.given > 0 || run.unknown + run.surname > 1)
                && matches!(follow::after(view, run.end), Follow::Record | Follow::Credential);
            return told.then(|| verdict(view, first, run.end, kinds::NAME, 66, "record after"));
        }
    };
    let count = digits(at);
    if !(1..=3).contains(&count) {
        return None;
    }
    let end = at + i32::try_from(count).unwrap_or(0);
    let small = view.word(end + i32::from(view.byte(end) == Some(b' ')));
    let unit = one_of!(small, &["yo", "y", "yrs", "yr", "mo", "months", "f", "m", "weeks"]);
    let fits = match view.byte(end) {
        Some(b')') => opened,
        Some(b',') => opened || !view.byte(end + 2).is_some_and(|byte| byte.is_ascii_digit()),
        _ => unit,
    };
    (fits && (count != 3 || unit)).then(|| verdict(view, first, run.end, kinds::NAME, 68, "age after"))
}

/// `Proband: Zorblat Kemi`, or all of a string of a record: two words that could be nothing else.
fn labelled(view: &View<'_>, first: &Part, head: &Head<'_>) -> Option<Verdict> {
    let behind = head.gap.trim_ascii() == b":" && !head.gap.contains(&b'\n') && head.gap.len() < 12;
    // `+1 209 555 0111 Anna`: whose number it is; `Guest: Winona.`: an answer.
    let dialled = head.gap.iter().filter(|byte| byte.is_ascii_digit()).count() >= 7 && head.gap.ends_with(b" ");
    if (dialled || behind) && first.case == Case::Capital && first.ordinary() == 0 && first.len() > 2 {
        let run = head.run(view, first);
        let ends = match view.byte(run.end) {
            None | Some(b'\n' | b'\r') => true,
            Some(b'.') => view.byte(run.end + 1).is_none_or(|byte| byte.is_ascii_whitespace()),
            _ => false,
        };
        if run.words == 1 && ends && (run.given > 0 && first.bits & cat::CITY_BIG == 0 || dialled && run.unknown > 0) {
            return Some(verdict(view, first, run.end, kinds::NAME, 60, "an answer"));
        }
    }
    if behind && first.case == Case::Upper && first.len() > 3 {
        let run = head.run(view, first);
        let end = with_comma(view, first, &run).filter(|_| run.unknown + run.surname >= run.words)?;
        return Some(verdict(view, first, end, kinds::NAME, 68, "surname, given name in capitals"));
    }
    let heads = view.begins(0) && view.field().slot != blackbar_engine::Slot::Text;
    if !(behind || heads) || first.case == Case::Upper || first.ordinary() > 0 {
        return None;
    }
    let run = head.run(view, first);
    let told = run.unknown + run.surname;
    let whole = run.words > 1
        && u32::from(run.unknown + run.given + run.surname) + u32::from(run.initials) >= u32::from(run.words);
    let text = view.slice(0, usize::try_from(first.len()).unwrap_or_default());
    let closes = match view.byte(run.end) {
        None => true,
        Some(b' ') => {
            behind
                && matches!(view.byte(run.end + 1), Some(b' ' | b'(' | b'"' | b'#' | b'M' | b'D' | b'R' | b'P' | b'N'))
        }
        Some(byte) => behind && b"\n\r,;|".contains(&byte),
    };
    let known = run.given + run.surname > 0 || behind;
    if heads
        && run.unknown + run.surname >= run.words
        && let Some(end) = with_comma(view, first, &run)
        && view.byte(end).is_none()
    {
        return Some(verdict(view, first, end, kinds::NAME, 64, "nothing but a name"));
    }
    (whole && told > 0 && known && closes && !drug_like(text) && !refused(view, run.end))
        .then(|| verdict(view, first, run.end, kinds::NAME, 62, "nothing but a name"))
}

/// `ZORBLATA KEMI MORALES  DOB`: a line that begins with names in capitals.
fn shouted(view: &View<'_>, first: &Part, head: &Head<'_>) -> Option<Verdict> {
    if first.case != Case::Upper || !head.begins_line() || first.len() < 3 {
        return None;
    }
    let run = head.run(view, first);
    let told = run.unknown + run.given + run.surname;
    let text = view.slice(0, usize::try_from(run.end).unwrap_or_default());
    let long = text.split(|byte| *byte == b' ').all(|word| word.len() > 2 || word.len() == 1 || word.ends_with(b"."));
    if let Some(end) = with_comma(view, first, &run)
        && run.unknown + run.surname >= run.words
        && first.len() > 3
    {
        return Some(verdict(view, first, end, kinds::NAME, 66, "surname, given name in capitals"));
    }
    let closes = match view.byte(run.end) {
        None | Some(b'\n' | b'\r' | b',' | b'(') => true,
        Some(b' ') => matches!(view.byte(run.end + 1), Some(b' ' | b'(' | b'[' | b'#' | b'0'..=b'9')),
        _ => false,
    };
    let names = (2..=5).contains(&run.words)
        && told + run.initials >= run.words
        && run.unknown + run.surname > 0
        && (run.given + run.surname > 0 && run.words > 1)
        && (run.given > 0 || run.unknown > 0);
    (names && long && closes && !text.iter().any(u8::is_ascii_lowercase))
        .then(|| verdict(view, first, run.end, kinds::NAME, 60, "a line begins with it"))
}

/// Words behind which a place is named.
const INTO: &[&str] = &[
    "in", "at", "near", "to", "from", "via", "of", "outside", "around", "behind", "under", "toward", "towards", "off",
    "through", "leaving", "visiting", "en", "on",
];
/// Words behind which a medicine or a thing is named.
#[rustfmt::skip] // A word list reads better in lines.
const TAKEN: &[&str] = &[
    "took", "take", "takes", "taking", "started", "start", "starting", "stopped", "stop", "continue", "continued",
    "continues", "give", "given", "gave", "received", "hold", "held", "resume", "resumed", "prescribed", "prescribe",
    "apply", "applied", "using", "use", "used", "generic", "brand", "tablet", "tablets", "inhaler", "oral", "topical",
    "iv", "po", "mg", "mcg", "ml", "dose", "doses", "of", "switch", "switched", "add", "added", "increase", "increased",
    "decrease", "decreased", "wean", "weaned", "on", "off", "the", "a", "an", "no", "medication", "drug", "device",
    "model", "version", "software", "system", "platform", "brand", "kit", "pump", "type", "grade", "stage", "class",
    "plus", "vs", "versus", "positive", "negative", "modified", "using", "low", "high", "per", "via",
    "this", "that", "each", "every", "any", "some", "our", "their", "your", "my", "his", "her", "its",
];

/// A word that no list knows, with a capital that no sentence, heading or title gave it.
fn proper(view: &View<'_>, first: &Part, head: &Head<'_>) -> Option<Verdict> {
    let within = head.close() && head.is_small();
    // Rare surnames are names and nothing else.
    let rare = first.bits & !(cat::SURNAME | cat::GIVEN) == 0;
    let written = rare && first.case == Case::Capital && first.len() > 2;
    if !within || !written {
        return None;
    }
    let text = view.slice(0, usize::try_from(first.len()).unwrap_or_default());
    if mixed(text) || drug_like(text) || refused(view, first.end) {
        return None;
    }
    let place = one_of!(head.word, INTO);
    let run = head.run(view, first);
    let mut end = run.end.max(first.end);
    let goes_on = |at: i32| {
        let Some((1, false)) = gap(view, at) else { return None };
        part(view, at + 1).filter(|next| matches!(next.case, Case::Capital))
    };
    let next = goes_on(end);
    if let Some(next) = next {
        // A thing with a name of its own, or a place of more words: all of them.
        if !place && (next.bits & (cat::CLINICAL | cat::DRUG) != 0 || follow::is_place_or_thing(view, &next)) {
            return None;
        }
        if place {
            let mut last = next;
            end = last.end;
            for _ in 0..3 {
                let Some(more) = goes_on(end) else { break };
                last = more;
                end = last.end;
            }
        }
    } else if one_of!(head.word, TAKEN) && run.words < 2 && !place {
        return None;
    }
    if matches!(head.word, b"on" | b"off" | b"of" | b"via" | b"under") && run.words < 2 {
        return None;
    }
    // `Mallampati II`, `Centor 3`: a grade.
    let graded = follow::number_follows(view, end)
        || view.byte(end) == Some(b' ')
            && one_of!(view.word(end + 1), &["i", "ii", "iii", "iv", "v", "class", "grade"]);
    if graded && !place {
        return None;
    }
    if refused(view, end) {
        return None;
    }
    let owned = possessive(view, end) > end;
    if owned && follow::after(view, end) == Follow::Eponym {
        return None;
    }
    let kind = if place { kinds::LOCATION } else { kinds::NAME };
    let mut verdict = verdict(view, first, end, kind, 58, "unknown word within a sentence");
    if place {
        verdict.teaches = [None, None];
    }
    Some(verdict)
}

/// `Zorblatta reports`, `Zorblat Kemi walked`: an unknown word that begins a sentence and does what people do.
fn begins_sentence(view: &View<'_>, first: &Part, head: &Head<'_>) -> Option<Verdict> {
    /// What things do as well.
    const THINGS: &[&str] = &[
        "is",
        "was",
        "has",
        "had",
        "will",
        "would",
        "does",
        "did",
        "can",
        "cannot",
        "could",
        "remains",
        "appears",
        "continues",
        "seems",
        "looks",
        "found",
        "noted",
        "notes",
        "works",
        "worked",
        "presents",
        "presented",
        "returned",
        "returns",
        "needs",
        "received",
        "ordered",
        "reviewed",
        "recommended",
        "transferred",
        "prescribed",
        "discussed",
    ];
    if !first.unknown() || first.case != Case::Capital || first.len() < 4 || !follow::sentence_starts(view) {
        return None;
    }
    let text = view.slice(0, usize::try_from(first.len()).unwrap_or_default());
    let run = head.run(view, first);
    let verb = view.word(run.end + 1);
    let acts = follow::after(view, run.end) == Follow::Verb && (run.words > 1 || !one_of!(verb, THINGS));
    (run.words > 0 && acts && !mixed(text) && !drug_like(text) && !refused(view, run.end))
        .then(|| verdict(view, first, run.end, kinds::NAME, 56, "what people do after"))
}

/// What behind a name shows that it was none: a dose, a percentage, a thing that is named after somebody.
pub(super) fn refused(view: &View<'_>, end: i32) -> bool {
    let at = end + blanks(view, end, 1);
    let dose = |at: i32| {
        let digits = view.run(at, &ByteSet::DIGIT.or(ByteSet::of(b".,-/")), 8);
        let digits = i32::try_from(digits.len()).unwrap_or(0);
        let unit = view.word(at + digits + blanks(view, at + digits, 1));
        digits > 0
            && (view.byte(at + digits) == Some(b'%')
                || one_of!(
                    unit,
                    &[
                        "mg", "mcg", "g", "ml", "units", "unit", "iu", "meq", "mm", "fr", "ga", "gauge", "u", "cc",
                        "tab", "tabs", "puffs", "x", "bid", "daily", "tid", "qd", "qhs", "po", "iv"
                    ]
                ))
    };
    let sign = view.byte(end);
    sign == Some(b'-')
        || sign == Some(0xc2)
        || matches!(sign, Some(b'@' | b'_' | b'/' | b'=' | b'\\'))
        || dose(at)
        || view.slice(end, 2) == b" (" && dose(end + 2)
        || (sign == Some(b' ')
            && one_of!(
                view.word(at),
                &[
                    "mg",
                    "mcg",
                    "tablet",
                    "tablets",
                    "capsule",
                    "cream",
                    "gel",
                    "inhaler",
                    "injection",
                    "pen",
                    "patch",
                    "po",
                    "iv",
                    "bid",
                    "tid",
                    "qd",
                    "daily",
                    "infusion",
                    "drops",
                    "ointment",
                    "device",
                    "score",
                    "scale",
                    "positive",
                    "negative",
                    "stain"
                ]
            ))
        || matches!(follow::after(view, end), Follow::Eponym)
}

/// Whether a capital stands within a word, as in brands: `AirSense`; not `McDonald`, `O'Brien`, `Anna-Maria`.
pub(super) fn mixed(word: &[u8]) -> bool {
    // `MRNs`: more than one short form.
    if matches!(word, [one, two, .., b's'] if one.is_ascii_uppercase() && two.is_ascii_uppercase()) {
        return true;
    }
    word.windows(2).enumerate().any(|(i, pair)| {
        matches!(pair, [small, capital] if small.is_ascii_lowercase() && capital.is_ascii_uppercase())
            && !(i < 4
                && matches!(
                    word,
                    [b'M', b'c', ..]
                        | [b'M', b'a', b'c', ..]
                        | [b'D', b'e', ..]
                        | [b'L', b'a' | b'e', ..]
                        | [b'V', b'a', b'n', ..]
                        | [b'F', b'i', b't', b'z', ..]
                ))
    })
}

/// Whether a word ends as medicines, diseases and procedures do.
pub(super) fn drug_like(word: &[u8]) -> bool {
    #[rustfmt::skip] // A word list reads better in lines.
    const ENDINGS: &[&[u8]] = &[
        b"mab", b"nib", b"pril", b"sartan", b"olol", b"statin", b"azole", b"cillin", b"mycin", b"micin", b"oxacin",
        b"vir", b"zumab", b"parin", b"gliptin", b"gliflozin", b"glutide", b"prazole", b"setron", b"triptan", b"azepam",
        b"zolam", b"barbital", b"caine", b"cycline", b"dipine", b"dronate", b"fenac", b"profen", b"lukast", b"mide",
        b"nazole", b"oxetine", b"pine", b"ridone", b"semide", b"sone", b"solone", b"terol", b"thiazide", b"tidine",
        b"trel", b"estrel", b"xaban", b"emia", b"itis", b"osis", b"ectomy", b"otomy", b"ostomy", b"oscopy", b"plasty",
        b"gram", b"graphy", b"pathy", b"algia", b"uria", b"penia", b"trophy", b"ology", b"ase", b"phil", b"cyte",
    ];
    /// The last three letters of each.
    const LASTS: [u32; ENDINGS.len()] = {
        let mut lasts = [0; ENDINGS.len()];
        let mut i = 0;
        while i < lasts.len() {
            if let Some([a, b, c]) = ENDINGS[i].last_chunk() {
                lasts[i] = u32::from_be_bytes([0, *a, *b, *c]);
            }
            i += 1;
        }
        lasts
    };
    let mut small = [0; 32];
    let Some(slot) = small.get_mut(..word.len()) else { return true };
    slot.copy_from_slice(word);
    slot.make_ascii_lowercase();
    let Some([a, b, c]) = slot.last_chunk() else { return false };
    let last = u32::from_be_bytes([0, *a, *b, *c]);
    // No branch: most words end in none of them.
    LASTS.iter().fold(false, |any, ending| any | (*ending == last))
        && ENDINGS.iter().any(|ending| slot.ends_with(ending))
}

/// The verdict on a run of words from the trigger on: what no list knows is remembered.
pub(super) fn verdict(
    view: &View<'_>,
    first: &Part,
    end: i32,
    kind: Kind,
    confidence: u8,
    reason: &'static str,
) -> Verdict {
    let end = end.min(LONGEST);
    let mut verdict = Verdict::new(0, end, kind, confidence, reason);
    let cue = Cue { grade: Grade::Label, given: true, ..Cue::NONE };
    // Which of its words are worth remembering is judged where names are.
    if confidence >= 60
        && let Some(found) = person::person(view, first.start, cue)
    {
        verdict.teaches = found.teaches.map(|teach| teach.filter(|teach| teach.end <= end));
    }
    verdict
}
