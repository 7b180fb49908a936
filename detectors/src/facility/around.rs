//! What stands around the name of a place: the words that lead to it, and what tells which of several it is.

use blackbar_engine::{Verdict, View};

use crate::kinds;
use crate::name::part::{Case, Part, blanks, length, part, possessive};
use crate::words::category as cat;

/// Whether a word that leads to a place stands before the trigger: `at`, `transferred to`, `SNF:`.
pub(super) fn led(view: &View<'_>) -> bool {
    let before = view.before();
    let head = before.trim_ascii_end();
    let gap = before.len() - head.len();
    let head = head
        .strip_suffix(b":")
        .or_else(|| head.strip_suffix(b" -"))
        .or_else(|| head.strip_suffix(b"("))
        .unwrap_or(head);
    let word = crate::name::cue::previous_word(head);
    (gap == 1 || gap == 0 && before.ends_with(b"("))
        && (head.ends_with(b"@")
            || one_of!(
                word,
                &[
                    "at", "to", "from", "facility", "hospital", "pharmacy", "school", "snf", "alf", "osh", "employer",
                    "site", "attends", "near", "of", "choosing", "calling", "daycare", "church", "hospice", "rehab",
                    "shelter", "visiting", "agency", "gym",
                ],
            ))
}

/// `Breast Center at Tolland Hill`, `Orchard Medical Group – Selby`, `Drugs on Mulberry`: the end of what tells which of
/// several it is.
pub(super) fn further(view: &View<'_>, end: i32) -> Option<i32> {
    let at = match view.slice(end, 5) {
        [b' ', b'a', b't', b' ', ..] | [b' ', b'o', b'f' | b'n', b' ', ..] => end + 4,
        [b' ', 0xe2, 0x80, 0x93 | 0x94, b' '] => end + 5,
        _ => return None,
    };
    let named = |found: &Part| {
        const ELSE: u32 = cat::WORD_TOP
            | cat::CLINICAL
            | cat::MONTH
            | cat::WEEKDAY
            | cat::ROLE
            | cat::FACILITY_WORD
            | cat::DRUG
            | cat::HOLIDAY;
        found.case == Case::Capital
            && found.len() > 2
            && (found.bits & ELSE == 0 || found.bits & cat::CITY != 0 && found.bits & cat::WORD_TOP == 0)
    };
    let first = part(view, at)?;
    if !named(&first) {
        return None;
    }
    let mut last = first.end;
    for _ in 0..2 {
        let Some(next) = part(view, last + 1)
            .filter(|next| view.byte(last) == Some(b' ') && next.case == Case::Capital && next.len() > 2)
        else {
            break;
        };
        last = next.end;
    }
    Some(last)
}

/// The end of `, LLC`, `, P.C.`, ` & Rehab` behind the name of a place that ends at `end`.
pub(super) fn company(view: &View<'_>, end: i32) -> i32 {
    let comma = i32::from(view.byte(end) == Some(b','));
    let at = end + comma + blanks(view, end + comma, 1);
    if at == end + comma {
        return end;
    }
    let word = view.word(at);
    if matches!(word, b"LLC" | b"LLP" | b"PLLC" | b"PC" | b"Inc" | b"INC" | b"Ltd" | b"LTD" | b"PSC" | b"Corp") {
        return at + length(word);
    }
    if view.slice(at, 4) == b"P.C." || view.slice(at, 4) == b"P.A." {
        return at + 4;
    }
    if comma == 0
        && one_of!(
            word,
            &["suites", "partners", "associates", "assoc", "group", "campus", "annex", "inc", "specialists"]
        )
        && word.first().is_some_and(u8::is_ascii_uppercase)
    {
        return at + length(word);
    }
    let joined = view.byte(at) == Some(b'&') && view.byte(at + 1) == Some(b' ');
    let more = view.word(at + 2);
    if joined
        && comma == 0
        && one_of!(
            more,
            &[
                "rehab",
                "rehabilitation",
                "wound",
                "mobility",
                "wellness",
                "spine",
                "sports",
                "nursing",
                "associates",
                "sons",
                "daughters",
                "throat",
                "spa"
            ]
        )
    {
        return at + 2 + length(more);
    }
    end
}

/// `walks at Fox Run`, `transferred to Good Shepherd`: words with capitals behind a word that leads to a place, of which
/// one at least is no everyday word.
pub(super) fn led_run(view: &View<'_>) -> Option<Verdict> {
    let [head @ .., b' '] = view.before() else { return None };
    let lead = crate::name::cue::previous_word(head);
    let rest = head.get(..head.len().saturating_sub(lead.len())).unwrap_or_default();
    let moved = || {
        one_of!(
            crate::name::cue::previous_word(rest),
            &[
                "transferred",
                "admitted",
                "discharged",
                "sent",
                "transfer",
                "xfer",
                "txfr",
                "accepted",
                "moved",
                "back",
                "return",
                "bed",
                "dc",
                "d",
                "referred",
                "transported",
                "taken",
                "goes",
                "went",
                "fax"
            ]
        )
    };
    let leads = head.ends_with(b"@") || one_of!(lead, &["at", "via"]) || one_of!(lead, &["to"]) && moved();
    if !leads || lead.first().is_some_and(u8::is_ascii_uppercase) {
        return None;
    }
    const ELSE: u32 = cat::CLINICAL
        | cat::DRUG
        | cat::MONTH
        | cat::WEEKDAY
        | cat::ROLE
        | cat::FACILITY_WORD
        | cat::CREDENTIAL
        | cat::HOLIDAY;
    let (mut at, mut count, mut rare) = (0, 0, false);
    let mut end = 0;
    while count < 4 {
        let Some(found) = part(view, at).filter(|found| found.case == Case::Capital && found.len() > 2) else { break };
        if found.bits & ELSE != 0 && found.bits & (cat::CITY | cat::SURNAME_COMMON) == 0 {
            return None;
        }
        if one_of!(
            view.word(at),
            &["bedside", "baseline", "triage", "intake", "admission", "discharge", "home", "room", "floor"]
        ) {
            return None;
        }
        rare |= found.bits & cat::WORD_TOP == 0;
        count += 1;
        end = possessive(view, found.end);
        if view.byte(end) != Some(b' ') {
            break;
        }
        at = end + 1;
    }
    (count > 1 && rare).then(|| Verdict::new(0, end, kinds::FACILITY, 54, "behind a word that leads to a place"))
}
