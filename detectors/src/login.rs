//! Accounts of people in the logs of servers, where no key names them: folders, sessions, domains, prompts.

use std::borrow::Cow;

use blackbar_engine::{ByteSet, Detector, Near, Reach, Sign, Slot, Trigger, Unseen, Verdict, Verify, View, Window};

use crate::keyed::is_account;
use crate::kinds;
use crate::shape::clamp;
use crate::words::category as cat;

/// Names of accounts in paths, in lines of authentication, behind the name of a domain, and before that of a machine.
pub static LOGIN: Detector = Detector {
    id: Cow::Borrowed("login"),
    kind: kinds::OTHER_ID,
    class: Cow::Borrowed("R"),
    priority: 53,
    window: Window { before: 40, longest: 64, after: 24 },
    reach: Reach { bytes: 24, across: MACHINE },
    triggers: Cow::Borrowed(&[
        Trigger::When(
            &Trigger::Words(&[
                "home",
                "users",
                "user",
                "publickey",
                "password",
                "sudo",
                "samaccountname",
                "macbook",
                "ipad",
                "iphone",
                "imac",
                "chromebook",
                "laptop",
                "desktop",
                "thinkpad",
            ]),
            glance,
        ),
        Trigger::Sign(Sign::of(b"\\").before(DOMAIN).after(ByteSet::ALPHA.with(b'\\'))),
        Trigger::Sign(Sign::of(b"[").after(ByteSet::ALPHA)),
        Trigger::Sign(Sign::of(b"]").before(ByteSet::DIGIT).after(ByteSet::of(b" "))),
    ]),
    verify: Verify::Pure(verify),
    teaches: false,
    takes: Cow::Borrowed(
        "names of accounts in `/home/…` and `C:\\Users\\…`, in lines of authentication, as `DOMAIN\\name`, in prompts of shells, \
         before the database of a server's log, and of the owners of machines",
    ),
    refuses: Cow::Borrowed("accounts of services, words of a language, parts of longer paths, keys of registries"),
};

/// Letters, digits and joints of the name of an account.
const USER: ByteSet = ByteSet::ALNUM.or(ByteSet::of(b"._-"));
/// What stands between a machine's kind and where its name begins.
const MACHINE: ByteSet = ByteSet::ALNUM.or(ByteSet::of(b"-_'")).range(0x80, 0xff);
/// Machines that are called after who uses them.
const MACHINES: &[&str] = &["macbook", "ipad", "iphone", "imac", "chromebook", "laptop", "desktop", "thinkpad"];
/// What names of domains and machines are made of.
const DOMAIN: ByteSet = ByteSet::EMPTY.range(b'A', b'Z').range(b'0', b'9').with(b'-').with(b'_');

fn verify(view: &View<'_>) -> Option<Verdict> {
    if matches!(view.field().slot, Slot::Key | Slot::Number) {
        return None;
    }
    match view.byte(0)? {
        b'\\' => of_a_domain(view),
        b'[' => of_a_prompt(view),
        b']' => of_a_database(view),
        _ => {
            let word = view.word(0);
            match () {
                () if one_of!(word, &["home", "users"]) => of_a_folder(view, clamp(word.len())),
                () if one_of!(word, &["user"]) => of_a_session(view),
                () if one_of!(word, MACHINES) => of_a_machine(view),
                () if one_of!(word, &["sudo"]) => of_sudo(view),
                () if one_of!(word, &["samaccountname"]) => of_a_directory(view, clamp(word.len())),
                () => admitted(view, clamp(word.len())),
            }
        }
    }
}

/// A glance at a word: folders stand in paths, the others before what is asked for.
fn glance(near: &Near<'_>) -> Result<bool, Unseen> {
    let word = near.word();
    Ok(if one_of!(word.letters, &["home", "users"]) {
        matches!(word.after, Some(b'/' | b'\\'))
    } else if one_of!(word.letters, &["publickey", "password", "user"]) {
        word.after == Some(b' ')
    } else if one_of!(word.letters, MACHINES) {
        near.preceding(1) == b"-"
    } else {
        matches!(word.after, Some(b':' | b'['))
    })
}

/// The name at `at`, without the stop of a sentence.
fn name<'a>(view: &View<'a>, at: i32) -> &'a [u8] {
    let run = view.run(at, &USER, 40);
    let stops = run.iter().rev().take_while(|byte| b"._-".contains(byte)).count();
    run.get(..run.len() - stops).unwrap_or_default()
}

/// Whether `name` is an account of somebody: none of a service, and no word of the language.
fn is_somebodys(view: &View<'_>, name: &[u8]) -> bool {
    let joined = name.iter().any(|byte| byte.is_ascii_digit() || b"._-".contains(byte));
    let word = || view.bits(name) & (cat::WORD_TOP | cat::WORD | cat::CLINICAL) != 0;
    (3..=32).contains(&name.len())
        && name.first().is_some_and(u8::is_ascii_alphabetic)
        && is_account(name)
        && (joined || !word())
}

fn found(start: i32, name: &[u8], confidence: u8, why: &'static str) -> Verdict {
    Verdict::new(start, start + clamp(name.len()), kinds::OTHER_ID, confidence, why)
}

/// `/home/jdoe/`, `C:\Users\jdoe`.
fn of_a_folder(view: &View<'_>, at: i32) -> Option<Verdict> {
    let sign = view.byte(at).filter(|byte| matches!(byte, b'/' | b'\\'))?;
    if view.byte(-1) != Some(sign) {
        return None;
    }
    let start = at + 1 + i32::from(sign == b'\\' && view.byte(at + 1) == Some(b'\\'));
    let name = name(view, start);
    // A page of a site has an ending, a folder goes on.
    let next = view.byte(start + clamp(name.len()));
    let is_folder = next.is_none_or(|byte| matches!(byte, b'/' | b'\\' | b'"' | b'\'') || byte.is_ascii_whitespace());
    #[rustfmt::skip] // A word list reads better in lines.
    const SHARED: &[&str] = &[
        "public", "shared", "all", "everyone", "defaultuser", "runner", "node", "vagrant", "circleci", "ec2-user",
        "me", "list", "search", "login", "logout", "new", "edit", "profile", "settings",
    ];
    (is_folder && is_somebodys(view, name) && !one_of!(name, SHARED))
        .then(|| found(start, name, 80, "folder of a user"))
}

/// `session opened for user jdoe(uid=…`, `User <jdoe>`, `Invalid user jdoe from`.
fn of_a_session(view: &View<'_>) -> Option<Verdict> {
    let start = if view.slice(4, 2) == b" <" { 6 } else { 5 };
    let name = name(view, start);
    let behind = view.slice(start + clamp(name.len()), 6);
    let before = view.before();
    let said = before.windows(7).any(|seven| seven.eq_ignore_ascii_case(b"session"))
        || before.len() >= 8 && before.get(before.len() - 8..)?.eq_ignore_ascii_case(b"invalid ");
    let fits = if start == 6 { behind.first() == Some(&b'>') } else { said || behind == b" from " };
    let ends = behind.first().is_none_or(|byte| b" (>,\n\r".contains(byte));
    (fits && ends && is_somebodys(view, name)).then(|| found(start, name, 82, "user of a session"))
}

/// `Accepted publickey for jdoe from`, `Failed password for invalid user jdoe from`.
fn admitted(view: &View<'_>, at: i32) -> Option<Verdict> {
    if view.slice(at, 5) != b" for " {
        return None;
    }
    let invalid = view.slice(at + 5, 13) == b"invalid user ";
    let start = at + if invalid { 18 } else { 5 };
    let name = name(view, start);
    let from = view.slice(start + clamp(name.len()), 6) == b" from ";
    (from && is_somebodys(view, name)).then(|| found(start, name, 85, "user who was let in"))
}

/// `sudo: jdoe : TTY=pts/1`, `sudo[812]: jdoe : …`.
fn of_sudo(view: &View<'_>) -> Option<Verdict> {
    let mut at = 4;
    if view.byte(at) == Some(b'[') {
        at += 2 + clamp(view.run(at + 1, &ByteSet::DIGIT, 8).len());
    }
    if view.byte(at) != Some(b':') {
        return None;
    }
    let start = at + 1 + clamp(view.run(at + 1, &ByteSet::of(b" "), 10).len());
    let name = name(view, start);
    let parted = view.slice(start + clamp(name.len()), 3) == b" : ";
    (parted && is_somebodys(view, name)).then(|| found(start, name, 85, "user of a command"))
}

/// `sAMAccountName: jdoe7`.
fn of_a_directory(view: &View<'_>, at: i32) -> Option<Verdict> {
    let start = if view.slice(at, 2) == b": " { at + 2 } else { return None };
    let name = name(view, start);
    is_somebodys(view, name).then(|| found(start, name, 88, "account of a directory"))
}

/// `Marias-iPad`, `tokafor-laptop`: who uses it.
fn of_a_machine(view: &View<'_>) -> Option<Verdict> {
    let front = view.before().strip_suffix(b"-")?;
    let letter = |byte: &u8| byte.is_ascii_alphabetic() || *byte == b'\'' || *byte >= 0x80;
    let len = front.iter().rev().take_while(|byte| letter(byte)).count();
    let (rest, owner) = front.split_at(front.len() - len);
    let parted = rest.last().is_none_or(|byte| byte.is_ascii_whitespace() || b"(\"'/=:,@[<".contains(byte));
    let bits = |name: &[u8]| view.bits(name);
    // A possessive, with its apostrophe or as machines write it.
    let bare = owner.strip_suffix(b"'s").unwrap_or(owner);
    let single = match bare.strip_suffix(b"s") {
        Some(single) if bits(bare) & cat::ANY_NAME == 0 && bits(single) & cat::ANY_NAME != 0 => single,
        _ => bare,
    };
    let known = bits(single) & cat::ANY_NAME != 0;
    let other = bits(single)
        & (cat::WORD_TOP | cat::WORD | cat::CLINICAL | cat::FACILITY_WORD | cat::ORG_WORD | cat::CITY_BIG)
        != 0
        && bits(single) & (cat::MOSTLY_NAME | cat::GIVEN_COMMON) == 0;
    let fits = parted && !other && (single.len() >= 3 && known || single.len() >= 5 && bits(single) == 0) && len <= 20;
    let start = -clamp(len) - 1;
    fits.then(|| Verdict::new(start, start + clamp(single.len()), kinds::NAME, 66, "owner of a machine"))
}

/// `CLINIC\jdoe`: the domain belongs to it.
fn of_a_domain(view: &View<'_>) -> Option<Verdict> {
    #[rustfmt::skip] // A word list reads better in lines.
    const NONE: &[&str] = &[
        "hklm", "hkcu", "hkcr", "hku", "hkey", "windows", "temp", "system", "software", "nt", "builtin", "authority",
        "service", "root", "local", "inc", "n", "t", "r",
    ];
    let before = view.before();
    let len = before.iter().rev().take_while(|byte| DOMAIN.has(**byte)).count();
    let (front, domain) = before.split_at(before.len() - len);
    let stands = front.last().is_none_or(|byte| !byte.is_ascii_alphanumeric() && !b"\\/:.%$_@".contains(byte));
    if !(2..=15).contains(&len) || !stands || !domain.first()?.is_ascii_uppercase() || one_of!(domain, NONE) {
        return None;
    }
    let start = 1 + i32::from(view.byte(1) == Some(b'\\'));
    let name = name(view, start);
    let end = start + clamp(name.len());
    let goes_on = view.byte(end).is_some_and(|byte| b"\\/(*+{[$:=%@".contains(&byte) || byte >= 0x80);
    let typed = name.iter().any(u8::is_ascii_lowercase);
    let is_file = [&b".exe"[..], b".dll", b".sys", b".log", b".txt", b".ini"].iter().any(|end| name.ends_with(end));
    if goes_on || !typed || is_file || !is_somebodys(view, name) {
        return None;
    }
    Some(Verdict::new(-clamp(len), end, kinds::OTHER_ID, 84, "user of a domain"))
}

/// `[jdoe@host ~]$`: who works in a shell.
fn of_a_prompt(view: &View<'_>) -> Option<Verdict> {
    let name = name(view, 1);
    let at = 1 + clamp(name.len());
    if view.byte(at) != Some(b'@') {
        return None;
    }
    let host = view.run(at + 1, &ByteSet::ALNUM.or(ByteSet::of(b"-_.")), 24);
    let after = at + 1 + clamp(host.len());
    let rest = view.slice(after, 24);
    let closes = rest.iter().position(|byte| *byte == b']').and_then(|close| rest.get(close + 1));
    let prompts = rest.first() == Some(&b' ') && matches!(closes, Some(b'$' | b'#'));
    (prompts && !host.is_empty() && is_somebodys(view, name)).then(|| found(1, name, 82, "user of a shell"))
}

/// `[31190] jdoe@warehouse LOG:`: whose session of a database it is.
fn of_a_database(view: &View<'_>) -> Option<Verdict> {
    const LEVELS: [&[u8]; 8] =
        [b"LOG:", b"ERROR:", b"HINT:", b"DETAIL:", b"STATEMENT:", b"FATAL:", b"WARNING:", b"CONTEXT:"];
    let name = name(view, 2);
    let at = 2 + clamp(name.len());
    if view.byte(at) != Some(b'@') {
        return None;
    }
    let base = view.run(at + 1, &USER, 24);
    let level = view.slice(at + 1 + clamp(base.len()), 12);
    let levelled = level
        .split_first()
        .is_some_and(|(blank, rest)| *blank == b' ' && LEVELS.iter().any(|level| rest.starts_with(level)));
    (levelled && is_somebodys(view, name)).then(|| found(2, name, 82, "user of a database"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_cases, assert_total};

    #[test]
    fn cases() {
        assert_cases(&LOGIN);
    }

    #[test]
    fn soups_are_survived() {
        assert_total(
            &LOGIN,
            &["/home/", "C:\\Users\\", "jdoe7", "CLINIC\\", "[", "] ", "@db LOG:", "sudo: ", " : ", "user "],
        );
    }
}
