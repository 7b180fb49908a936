//! A glance at a word before it is read as the beginning of a name: most words of a text are none, and two or three
//! neighbours show it. What is left out here is what the functions that read would refuse; each step says which.

use blackbar_engine::{Near, NearWord, Unseen};

use super::cue::{Role, role};
use super::lists;
use super::part::ordinary;
use super::person::PARTICLES;
use super::{context, setting};
use crate::chain;
use crate::fields::hint;
use crate::words::category as cat;

/// At the start of a run: only a field that holds a name, or a word that announces one, leads to something there which
/// other triggers do not.
pub(super) fn starts(near: &Near<'_>) -> Result<bool, Unseen> {
    Ok(near.hinted(hint::NAME) || announces(near)?)
}

/// At a word that announces names: whether what follows could be one.
pub(super) fn announces(near: &Near<'_>) -> Result<bool, Unseen> {
    let word = near.word();
    if near.begins() && near.hinted(hint::NAME) {
        return Ok(true);
    }
    let Some(role) = role(word.letters, word.bits) else { return Ok(false) };
    if word.after == Some(b':') && is_speech(near, role)? {
        return Ok(false);
    }
    if role == Role::WordTitle
        && let Some((b" ", next)) = near.next(1)?
        && !next.is_capital()
    {
        return may_be_small(near, &next);
    }
    if matches!(role, Role::Title | Role::WordTitle)
        || one_of!(word.letters, &["spoke", "spoken", "talked", "speaking", "talking"])
    {
        return Ok(true);
    }
    if let Some((b" ", next)) = near.next(1)? {
        return plainly(near, &word, role, &next);
    }
    let behind = near.following(0, 24)?;
    let blanks = behind.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    match behind.get(blanks) {
        Some(byte) if byte.is_ascii_alphabetic() && blanks > 0 => match near.next(1)? {
            Some((_, next)) => plainly(near, &word, role, &next),
            None => Err(Unseen),
        },
        // A label that nothing follows on its line names nobody; a greeting may stand on its own.
        None => Ok(blanks == 24),
        Some(b'\n' | b'\r' | b'!') => Ok(role == Role::Greeting),
        Some(b')' | b';' | b'?' | b'/' | b'%' | b'\\' | b'0'..=b'9') => Ok(false),
        Some(b',') => Ok(matches!(role, Role::Relative | Role::Person | Role::Greeting)),
        // The full stop of a sentence; leaders have more.
        Some(b'.') => Ok(behind.get(blanks + 1) == Some(&b'.')
            || word.letters.iter().all(u8::is_ascii_uppercase) && behind.get(blanks + 1) == Some(&b' ')),
        _ => Ok(true),
    }
}

/// `Patient: I have`, `Nurse: That's`: whether a label of somebody who speaks is followed by speech that begins with no
/// name, see `judge::single`.
fn is_speech(near: &Near<'_>, role: Role) -> Result<bool, Unseen> {
    if !matches!(role, Role::Patient | Role::Provider | Role::Relative | Role::User | Role::WordTitle) {
        return Ok(false);
    }
    let Some((b": ", first)) = near.next(1)? else { return Ok(false) };
    if !first.is_capital() || one_of!(first.letters, &["doe", "roe"]) {
        return Ok(false);
    }
    let named = first.bits & cat::ANY_NAME != 0;
    if first.after == Some(b'\'') {
        let Some((b"'", more)) = near.next(2)? else { return Ok(false) };
        return Ok(matches!(more.letters, b"m" | b"ll" | b"re" | b"ve" | b"d" | b"t")
            || more.letters == b"s" && !named && ordinary(first.bits) > 0);
    }
    let written = first.letters == b"I" || first.letters.iter().skip(1).any(u8::is_ascii_lowercase);
    if first.after != Some(b' ') || !written || named && ordinary(first.bits) == 0 {
        return Ok(false);
    }
    let Some((b" ", second)) = near.next(2)? else { return Ok(false) };
    Ok(is_plain(&second))
}

/// Whether a word behind a name and a blank is written small, by itself, and tells neither of a person nor of a record.
fn is_plain(next: &NearWord<'_>) -> bool {
    chain::link(b" ", next) == chain::Link::Small
        && next.letters.len() > 1
        && !one_of!(next.letters, PARTICLES)
        && !one_of!(next.letters, TELLING)
        && !one_of!(next.letters, &["jr", "sr"])
}

/// The same, when only blanks part it from the next word.
fn plainly(near: &Near<'_>, word: &NearWord<'_>, role: Role, next: &NearWord<'_>) -> Result<bool, Unseen> {
    let met = one_of!(word.letters, &["to", "with"])
        && near.previous()?.is_some_and(|(verb, _)| {
            one_of!(
                verb.letters,
                &["spoke", "spoken", "talked", "speaking", "talking", "handoff", "given", "staying", "stays", "lives"],
            )
        });
    if next.is_capital() {
        // A header announces somebody by its colon; some of them as verbs.
        let verb =
            || one_of!(word.letters, &["signed", "dictated", "cosigned", "transcribed", "verified", "signature"]);
        return Ok(match role {
            Role::Header => met || verb(),
            Role::User => false,
            _ => true,
        });
    }
    match role {
        Role::Relative | Role::Patient | Role::By | Role::Greeting => may_be_small(near, next),
        // `my name is ann`: as sure as a label.
        Role::Is => Ok(near.previous()?.is_some_and(|(before, _)| one_of!(before.letters, &["name", "names"]))),
        _ => Ok(met && may_be_small(near, next)?),
    }
}

/// Whether a name in small letters could begin with `next`, the word behind the trigger: a name or a word that no list
/// knows, or one that is joined to another or goes on with a particle.
fn may_be_small(near: &Near<'_>, next: &NearWord<'_>) -> Result<bool, Unseen> {
    if next.bits == 0
        || matches!(next.after, Some(b'-' | b'\'' | b'`' | b'^'))
        || one_of!(next.letters, PARTICLES)
        || one_of!(next.letters, &["doe", "roe"])
    {
        return Ok(true);
    }
    if next.bits & cat::ANY_NAME != 0 {
        // An ordinary word is taken for a name here only when it is a common one, or when what follows tells.
        return Ok(ordinary(next.bits) == 0 || next.bits & cat::GIVEN_COMMON != 0 || !prose_follows(near, next)?);
    }
    Ok(near.next(2)?.is_some_and(|(_, second)| one_of!(second.letters, PARTICLES)))
}

/// Whether two plain words follow `next`, the first word behind the trigger: nothing that tells of a person, such as a
/// relative, a degree or a record number, and no particle.
fn prose_follows(near: &Near<'_>, next: &NearWord<'_>) -> Result<bool, Unseen> {
    if next.after != Some(b' ') {
        return Ok(false);
    }
    for n in 2..4 {
        let Some((b" ", word)) = near.next(n)? else { return Ok(false) };
        let plain = word.letters.len() > 1
            && word.after == Some(b' ')
            && word.letters.iter().all(u8::is_ascii_lowercase)
            && !one_of!(word.letters, TELLING)
            && !one_of!(word.letters, PARTICLES);
        if !plain {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Small words behind a name that tell of a person or a record, see `follow`.
const TELLING: &[&str] = &[
    "rn", "md", "np", "lpn", "cna", "mrn", "dob", "ssn", "csn", "acct", "rm", "xf", "mr", "member", "bed", "room",
    "icu",
];

/// At a word that a name may begin with.
pub(super) fn begins(near: &Near<'_>) -> Result<bool, Unseen> {
    let word = near.word();
    // An ordinary word in small letters in the midst of a line: what follows asks for something else in each case.
    if !word.is_capital()
        && ordinary(word.bits) > 0
        && word.bits & (cat::RELATIVE | cat::PARTICLE) == 0
        && matches!(near.preceding(2), [b'a'..=b'z' | b'A'..=b'Z', b' '])
    {
        return Ok(false);
    }
    if near.begins() && near.hinted(hint::NAME) {
        return Ok(true);
    }
    // Words that announce something are triggers of their own; a relative that no list of them has is none.
    if word.bits & cat::RELATIVE != 0 && announces(near)? {
        return Ok(true);
    }
    let capital = word.is_capital();
    if word.bits & cat::PARTICLE != 0
        && (!capital || one_of!(word.letters, &["de", "del", "van", "von", "di", "da", "le"]))
        && particled(near, &word)?
    {
        return Ok(true);
    }
    // `j. barr, msw`
    if word.bits & (cat::SURNAME | cat::SURNAME_COMMON) != 0
        && !capital
        && matches!(near.preceding(3), [b'a'..=b'z', b'.', b' '])
    {
        return Ok(true);
    }
    if word.bits & cat::ANY_NAME == 0 || word.letters.len() < 2 {
        return Ok(false);
    }
    if !capital {
        return small(near, &word);
    }
    if one_of!(word.letters, &["doe", "roe"]) || cued(near)? {
        return Ok(true);
    }
    if ordinary(word.bits) == 0 {
        return Ok(!surname_in_prose(near, &word)?);
    }
    capital_word(near, &word)
}

/// Whether the word, which nothing announces, is a surname and no given name, and a plain word follows that tells of
/// nobody: `judge` takes such a name by what follows it, or not at all.
fn surname_in_prose(near: &Near<'_>, word: &NearWord<'_>) -> Result<bool, Unseen> {
    let written = word.letters.iter().skip(1).any(u8::is_ascii_lowercase);
    if !written || word.bits & (cat::GIVEN | cat::GIVEN_COMMON) != 0 || word.after != Some(b' ') || near.begins() {
        return Ok(false);
    }
    let Some((b" ", next)) = near.next(1)? else { return Ok(false) };
    Ok(is_plain(&next)
        && !one_of!(next.letters, lists::VERBS)
        && !one_of!(next.letters, lists::DEEDS)
        && !one_of!(next.letters, &["is", "was", "remains", "appears", "seems", "and"]))
}

/// `van den Heuvel`, `o'malley`: a particle goes on with an apostrophe, a capital, or a particle.
fn particled(near: &Near<'_>, word: &NearWord<'_>) -> Result<bool, Unseen> {
    Ok(match word.after {
        Some(b'\'' | b'`') => true,
        Some(b' ') => {
            near.next(1)?.is_some_and(|(gap, next)| gap != b" " || next.is_capital() || next.bits & cat::PARTICLE != 0)
        }
        _ => false,
    })
}

/// A word in small letters that a list of names has.
fn small(near: &Near<'_>, word: &NearWord<'_>) -> Result<bool, Unseen> {
    let plain = ordinary(word.bits);
    let common = word.bits & cat::GIVEN_COMMON != 0;
    let heads = common && word.bits & cat::WORD_TOP == 0 || word.bits & cat::GIVEN != 0 && plain == 0;
    if near.preceding(1) == b"(" {
        return Ok(true);
    }
    if plain == 0
        && word.letters.len() > 2
        && (word.bits & (cat::GIVEN | cat::GIVEN_COMMON) != 0
            || word.bits & cat::SURNAME_COMMON != 0 && word.after == Some(b',')
            || cued(near)?)
    {
        return Ok(true);
    }
    // Only where its line begins, or what is visible of it.
    let begins_line = |gap: &[u8]| gap.contains(&b'\n') || gap.len() >= usize::from(super::NAME.window.before);
    Ok(heads && near.previous()?.is_none_or(|(_, gap)| begins_line(gap)))
}

/// Whether something that is no trigger of its own may announce the word: `I'm Ann`, `d/w Ann`, `Wong and Ann`.
fn cued(near: &Near<'_>) -> Result<bool, Unseen> {
    if near.preceding(1) == b"(" {
        return Ok(true);
    }
    let Some((before, gap)) = near.previous()? else { return Ok(false) };
    Ok(gap.iter().any(|byte| matches!(byte, b':' | b'&' | b'/') || *byte >= 0x80)
        || one_of!(
            before.letters,
            &["and", "m", "w", "o", "s", "you", "it", "bye", "goodbye", "thx", "ty", "to", "for", "from"],
        )
        || one_of!(before.letters, lists::SMALL_CUES))
}

/// A capitalised word that is also an ordinary one, and that nothing announces: alone it is a name only by what somebody
/// does, says or owns; else a capital has to follow.
fn capital_word(near: &Near<'_>, word: &NearWord<'_>) -> Result<bool, Unseen> {
    if near.preceding(1) == b"/" {
        return Ok(true);
    }
    let Some((gap, next)) = near.next(1)? else {
        // What could follow without a letter is a mark of speech or a second signature.
        return Ok(matches!(word.after, Some(b':' | b'/' | b'^')));
    };
    if gap.iter().any(|byte| *byte >= 0x80 || *byte == b'^') || next.is_capital() {
        return Ok(true);
    }
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
    Ok(match gap {
        [b':' | b',', ..] => ordinary(word.bits) == 1,
        [b'-' | b'/', ..] => true,
        [b'\'' | b'`'] => next.letters != b"s",
        _ if gap.iter().all(blank) => {
            matches!(next.after, Some(b'-' | b'\'' | b'`'))
                || one_of!(next.letters, &["is", "was", "remains", "appears", "seems", "and"])
                || one_of!(next.letters, lists::DEEDS)
                || one_of!(next.letters, PARTICLES)
        }
        _ => false,
    })
}

/// At a capital: a name that begins with an initial or with a word that no list knows.
pub(super) fn shaped(near: &Near<'_>) -> Result<bool, Unseen> {
    let word = near.word();
    Ok(match word.letters.len() {
        1 => matches!(word.after, Some(b'.' | b'\'')),
        2 => false,
        _ => word.bits == 0 && matches!(word.after, Some(b' ' | b'-' | b'\'' | b'\n' | b'\r' | b',')),
    })
}

/// At a capital: a word that a list of names has, or no list at all.
pub(super) fn contextual(near: &Near<'_>) -> Result<bool, Unseen> {
    let word = near.word();
    // Nothing stands around the only word of a run.
    if word.after.is_none() && near.begins() {
        return Ok(false);
    }
    let spelt = word.letters.len() == 1 && word.after == Some(b'-');
    if spelt || one_of!(word.letters, context::SPELT) {
        return Ok(true);
    }
    if !context::may_begin(word.letters, word.bits) {
        return Ok(false);
    }
    Ok(setting::may_begin(&word) || !(is_no_run(&word) || stands_in_prose(near, &word)?))
}

/// Whether nothing is joined to the word, so that it is one part by itself.
fn is_whole(word: &NearWord<'_>) -> bool {
    !matches!(word.after, Some(b'-' | b'\'' | b'`')) && !one_of!(word.letters, &["doe", "roe"])
}

/// Whether `context` reads no run of names from the word on: it is known to be something else.
fn is_no_run(word: &NearWord<'_>) -> bool {
    let bits = word.bits;
    bits & cat::GIVEN_COMMON == 0
        && (bits & (cat::STATE | cat::COUNTRY | cat::CLINICAL | cat::DRUG) != 0
            || bits & cat::SURNAME_COMMON == 0 && ordinary(bits) > 1)
        && is_whole(word)
}

/// Whether the word stands in the midst of a line, behind a word that announces nobody, and before prose: each question
/// of `context` wants one of the two, a line that begins, or a word in no list behind a small one.
fn stands_in_prose(near: &Near<'_>, word: &NearWord<'_>) -> Result<bool, Unseen> {
    let written = word.letters.iter().skip(1).any(u8::is_ascii_lowercase);
    if !written || !is_whole(word) {
        return Ok(false);
    }
    let Some((before, gap)) = near.previous()? else { return Ok(false) };
    let unknown = word.bits == 0;
    let within = match gap {
        b" " => true,
        // `back, Hina.`
        b", " => !matches!(word.after, Some(b'.' | b'?' | b'!')),
        // A word in no list may begin a sentence with what somebody does.
        b". " => !unknown,
        _ => false,
    };
    let small = before.letters.len() > 1 && before.letters.iter().all(u8::is_ascii_lowercase);
    if !within
        || unknown && small
        || one_of!(before.letters, context::CALLED)
        || one_of!(before.letters, context::MET)
        || one_of!(before.letters, context::SPEAKERS)
        || one_of!(before.letters, &["and", "y"])
    {
        return Ok(false);
    }
    // An age, a record or a further name may follow.
    Ok(match word.after {
        Some(b' ') => match near.next(1)? {
            Some((b" ", next)) => chain::link(b" ", &next) == chain::Link::Small && !one_of!(next.letters, PARTICLES),
            Some(([_, sign, ..], _)) => sign.is_ascii() && *sign != b'(',
            _ => false,
        },
        Some(b',') => near.next(1)?.is_some_and(|(gap, _)| gap == b", "),
        _ => true,
    })
}
