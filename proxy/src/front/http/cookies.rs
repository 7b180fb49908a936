//! Cookies, where a target passes them: the client keeps them sealed, and only the upstream reads what is in them.

use std::time::{SystemTime, UNIX_EPOCH};

use blackbar_engine::operator::{Keyring, find_tokens};
use http::header::HeaderValue;

/// Writes cookies of an upstream for clients, and reads them when they come back.
pub(super) struct Cookies<'a> {
    /// What is sealed with it opens nowhere else.
    pub(super) seal: &'a Keyring,
    /// Below this path the gateway is asked.
    pub(super) path: &'a str,
    /// Clients ask over TLS.
    pub(super) encrypted: bool,
}

const NAME: &str = "cookie-name";
const VALUE: &str = "cookie";
const LONGEST_NAME: usize = 128;
/// A seal holds so much of a value, beside the name and a digit.
const PIECE: usize = 380;
const MOST_PIECES: usize = 9;
/// No client keeps a cookie longer, so that the time it is kept says nothing: a day.
const LONGEST_LIFE: u64 = 86_400;

impl Cookies<'_> {
    /// A `Set-Cookie` as a client gets it: name and value are sealed, and of the rest only what has no content is left. `None`:
    /// it is none, or too long.
    pub(super) fn down(&self, value: &HeaderValue, now: SystemTime) -> Option<HeaderValue> {
        let text = value.to_str().ok()?;
        let mut parts = text.split(';').map(str::trim);
        let (name, value) = parts.next()?.split_once('=')?;
        let (name, value) = (name.trim(), value.trim());
        if name.is_empty() || name.len() > LONGEST_NAME {
            return None;
        }
        let mut out = format!("{}={}; Path={}; HttpOnly", self.named(name)?, self.sealed(name, value)?, self.path);
        let (mut max_age, mut expires) = (None, None);
        for (attribute, value) in parts.map(|part| part.split_once('=').unwrap_or((part, ""))) {
            let value = value.trim();
            match attribute.trim().to_ascii_lowercase().as_str() {
                "secure" if self.encrypted => out.push_str("; Secure"),
                "samesite" => {
                    let known = ["Strict", "Lax", "None"].into_iter().find(|known| known.eq_ignore_ascii_case(value));
                    // Across sites a cookie goes over TLS alone.
                    let known = known.filter(|known| *known != "None" || self.encrypted);
                    out.extend(known.map(|known| format!("; SameSite={known}")));
                }
                "max-age" => max_age = Some(value.parse::<i64>().map_or(0, |seconds| seconds.max(0).unsigned_abs())),
                "expires" => expires = Some(left(value, now)),
                _ => {}
            }
        }
        out.extend(max_age.or(expires).map(|seconds| format!("; Max-Age={}", seconds.min(LONGEST_LIFE))));
        HeaderValue::from_str(&out).ok()
    }

    /// The cookies of a request as the upstream set them, in one header; a client's own go on as they are.
    pub(super) fn up<'v>(&self, values: impl Iterator<Item = &'v HeaderValue>) -> Option<HeaderValue> {
        let mut kept = Vec::new();
        for value in values {
            for pair in value.to_str().ok()?.split(';').map(str::trim).filter(|pair| !pair.is_empty()) {
                match pair.split_once('=') {
                    Some((name, value)) if name.starts_with(&format!("bb-{NAME}-")) => {
                        // Nobody has what was sealed with other keys.
                        kept.extend(
                            self.opened(value).filter(|(opened, _)| self.named(opened).as_deref() == Some(name)),
                        );
                    }
                    Some((name, value)) => kept.push((name.to_owned(), value.to_owned())),
                    None => {}
                }
            }
        }
        let all: Vec<String> = kept.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        if all.is_empty() { None } else { HeaderValue::from_str(&all.join("; ")).ok() }
    }

    fn named(&self, name: &str) -> Option<String> {
        self.seal.token(NAME, name.as_bytes()).ok()
    }

    /// Each piece says whose it is and where it stands, so that pieces cannot be put together otherwise.
    fn sealed(&self, name: &str, value: &str) -> Option<String> {
        let mut pieces: Vec<&[u8]> = value.as_bytes().chunks(PIECE).collect();
        if pieces.is_empty() {
            pieces.push(b"");
        }
        if pieces.len() > MOST_PIECES {
            return None;
        }
        let count = pieces.len();
        let sealed = pieces.into_iter().enumerate().map(|(at, piece)| {
            let text = [format!("{at}{count}{name}=").as_bytes(), piece].concat();
            self.seal.token(VALUE, &text).ok()
        });
        Some(sealed.collect::<Option<Vec<String>>>()?.join("."))
    }

    fn opened(&self, text: &str) -> Option<(String, String)> {
        let (mut known, mut whole) = (None, String::new());
        let pieces: Vec<&str> = text.split('.').collect();
        for (at, piece) in pieces.iter().enumerate() {
            let is_token = find_tokens(piece.as_bytes()).next().is_some_and(|found| found.len() == piece.len());
            let (kind, plain) = if is_token { self.seal.open_token(piece).ok()? } else { return None };
            let plain = std::str::from_utf8(&plain).ok().filter(|_| kind == VALUE)?;
            let rest = plain.strip_prefix(&format!("{at}{}", pieces.len()))?;
            let (name, value) = rest.split_once('=')?;
            if known.get_or_insert_with(|| name.to_owned()) != name {
                return None;
            }
            whole.push_str(value);
        }
        Some((known?, whole))
    }
}

/// So many seconds are left until a date; none of a date that cannot be read.
fn left(date: &str, now: SystemTime) -> u64 {
    let ends = httpdate::parse_http_date(date).unwrap_or(UNIX_EPOCH);
    ends.duration_since(now).map_or(0, |left| left.as_secs())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn told(set: &str, seal: &Keyring, encrypted: bool) -> Option<String> {
        let cookies = Cookies { seal, path: "/", encrypted };
        let now = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let value = cookies.down(&HeaderValue::from_str(set).unwrap(), now)?;
        Some(value.to_str().unwrap().to_owned())
    }

    fn back(sent: &[&str], seal: &Keyring) -> Option<String> {
        let values: Vec<HeaderValue> = sent.iter().map(|value| HeaderValue::from_str(value).unwrap()).collect();
        let value = Cookies { seal, path: "/", encrypted: false }.up(values.iter())?;
        Some(value.to_str().unwrap().to_owned())
    }

    #[test]
    fn cookies_come_back_as_they_were_set_and_say_nothing_between() {
        let seal = Keyring::random().unwrap();
        let long = format!("sid={}", "Kowalczyk-".repeat(200));
        for pair in ["sid=Kowalczyk", "kowalczyk=1", "a=", "a=b=c", "a=\"quoted 219-09-9998\"", &long] {
            let set = told(
                &format!("{pair}; Domain=kowalczyk.example; Path=/Patient/kowalczyk; Comment=Kowalczyk"),
                &seal,
                true,
            );
            let set = set.unwrap();
            assert!(!set.to_ascii_lowercase().contains("kowalczyk") && !set.contains("219"), "{set}");
            assert!(set.ends_with("; Path=/; HttpOnly"), "{set}");
            let sent = set.split(';').next().unwrap();
            assert_eq!(back(&[sent], &seal).unwrap(), pair);
            assert_eq!(back(&["theme=dark", sent], &seal).unwrap(), format!("theme=dark; {pair}"));
            assert_eq!(back(&[sent], &Keyring::random().unwrap()), None, "sealed with other keys");
        }
        assert_eq!(told(&format!("sid={}", "x".repeat(4000)), &seal, true), None);
        assert_eq!(told("no pair", &seal, true), None);
    }

    #[test]
    fn a_seal_counts_for_its_name_and_its_place() {
        let seal = Keyring::random().unwrap();
        let set = |pair: &str| told(pair, &seal, false).unwrap().split(';').next().unwrap().to_owned();
        let (one, other) = (set("a=secret"), set("b=other"));
        let (name, value) = (one.split('=').next().unwrap(), other.split('=').nth(1).unwrap());
        assert_eq!(back(&[&format!("{name}={value}")], &seal), None);
        let long = set(&format!("a={}", "y".repeat(500)));
        let (name, pieces) = long.split_once('=').unwrap();
        let (first, second) = pieces.split_once('.').unwrap();
        for wrong in [format!("{second}.{first}"), first.to_owned(), format!("{pieces}.{second}"), "x".to_owned()] {
            assert_eq!(back(&[&format!("{name}={wrong}")], &seal), None, "{wrong}");
        }
    }

    #[test]
    fn of_attributes_only_those_without_content_go_on() {
        let seal = Keyring::random().unwrap();
        for (attributes, encrypted, expected) in [
            ("; Secure; SameSite=none; Partitioned", true, "; Secure; SameSite=None"),
            ("; Secure; SameSite=None", false, ""),
            ("; samesite=Kowalczyk; Priority=Kowalczyk", true, ""),
            ("; Max-Age=60; Expires=Wed, 21 Oct 2099 07:28:00 GMT", true, "; Max-Age=60"),
            ("; Max-Age=219099998", true, "; Max-Age=86400"),
            ("; Max-Age=-1", true, "; Max-Age=0"),
            ("; Expires=Thu, 01 Jan 1970 00:00:00 GMT", true, "; Max-Age=0"),
            ("; Expires=Sat, 04 Mar 1961 00:00:00 GMT", true, "; Max-Age=0"),
            ("; Expires=Wed, 21 Oct 2099 07:28:00 GMT", true, "; Max-Age=86400"),
            ("; Expires=Kowalczyk", true, "; Max-Age=0"),
        ] {
            let set = told(&format!("a=b{attributes}"), &seal, encrypted).unwrap();
            assert_eq!(set.split_once("; HttpOnly").unwrap().1, expected, "{attributes}");
        }
    }
}
