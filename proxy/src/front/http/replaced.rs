//! Replacements as something to look for: what took the place of identifiers is found in any format that a lens reads,
//! however it is spelt there.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use blackbar_detectors::fields::{BuiltIn, hint};
use blackbar_detectors::kinds;
use blackbar_engine::operator::{Operator, Values, find_tokens, tag};
use blackbar_engine::{
    ByteSet, Detector, Finding, Format, Kind, Profile, Reach, Redactor, Rules, Scanner, Sign, Trigger, Verdict, Verify,
    View, Window,
};

use crate::error::{Error, Id};

/// Finds replacements of every operator that leaves something behind.
#[derive(Clone)]
pub(super) struct Replacements {
    scanner: Scanner,
}

/// `[NAME]`
const TAG: Kind = Kind::new("replaced:tag");
/// `***`
const MASK: Kind = Kind::new("replaced:mask");
/// A token that stands among other text.
const TOKEN: Kind = Kind::new("replaced:token");
/// A token that is all of a field which holds identifiers of its kind, or the id of a reference: `Patient/TOKEN`.
const TOKEN_AS_ID: Kind = Kind::new("token:id");
/// A token that is all of a text.
const TOKEN_ALONE: Kind = Kind::new("token:alone");

/// Which tokens become their originals.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Turned {
    /// None: each is a replacement like others.
    None,
    /// Those that stand where an identifier of their kind belongs, so that whoever reads them back reads a token.
    Ids,
    /// Those that are all of a text as well.
    Alone,
}

impl Replacements {
    /// `known` are the kinds whose tags there may be.
    pub(super) fn new<'k>(known: impl IntoIterator<Item = &'k str>) -> Result<Self, Error> {
        let tags: BTreeSet<Vec<u8>> =
            known.into_iter().chain(kinds::MAIN.iter().map(|kind| kind.id())).map(tag).collect();
        let of_tags = Verify::Site(Arc::new(move |view| tag_at(view, &tags)));
        let detectors = [
            detector("replaced-tag", TAG, TAGS, of_tags),
            detector("replaced-mask", MASK, MASKS, Verify::Pure(mask_at)),
            detector("replaced-token", TOKEN, TOKENS, Verify::Pure(token_at)),
            detector("replaced-detail", kinds::DATE, DETAILS, Verify::Pure(detail_at)),
        ];
        let builder = Scanner::builder().detectors(&detectors).fields(Arc::new(BuiltIn));
        let scanner = builder.build().map_err(|error| Error::new(Id::Internal, error.to_string()))?;
        Ok(Self { scanner })
    }

    /// Reads what goes up. Tokens that are `turned` are written as `originals` has them, under the operator `generalise`.
    /// `strict`: every other replacement is a finding as well.
    pub(super) fn reader(
        &self,
        format: Format,
        turned: Turned,
        strict: bool,
        originals: Arc<dyn Values>,
    ) -> Option<Redactor> {
        let turns: &[Kind] = match turned {
            Turned::None => &[],
            Turned::Ids => &[TOKEN_AS_ID],
            Turned::Alone => &[TOKEN_AS_ID, TOKEN_ALONE],
        };
        let rules = if strict { Rules::mask_all(originals) } else { Rules::danger_pass(originals) };
        self.redactor(format, turns, rules)
    }

    /// Writes originals for tokens, wherever they stand.
    pub(super) fn restorer(&self, format: Format, originals: Arc<dyn Values>) -> Option<Redactor> {
        self.redactor(format, &[TOKEN_AS_ID, TOKEN_ALONE, TOKEN], Rules::danger_pass(originals))
    }

    fn redactor(&self, format: Format, turns: &[Kind], mut rules: Rules) -> Option<Redactor> {
        rules.kinds = turns.iter().map(|kind| (kind.id().to_owned(), Operator::Generalise)).collect();
        let profile: Profile = rules.build().ok()?;
        Some(self.scanner.redactor_for(&profile, format, ""))
    }
}

/// What a finding of [`Replacements::reader`] is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Found {
    /// A token that became its original.
    Turned,
    /// What no key turns back, or must not be turned back there.
    Replacement,
    /// One that may stay.
    Kept,
    /// A value with so little detail as one of this kind has once it was generalised.
    Detail(Kind),
}

impl From<&Finding> for Found {
    fn from(finding: &Finding) -> Self {
        match finding.kind {
            kind if [kinds::DATE, kinds::ZIP, kinds::AGE].contains(&kind) => Self::Detail(kind),
            kind if kind.is("token") && finding.operator == Operator::Generalise => Self::Turned,
            _ if finding.operator == Operator::Keep => Self::Kept,
            _ => Self::Replacement,
        }
    }
}

const LONGEST_TOKEN: usize = 400;
/// Room for the type in front of an id.
const BEFORE: u16 = 72;

fn detector(id: &'static str, kind: Kind, triggers: &'static [Trigger], verify: Verify) -> Detector {
    Detector {
        id: Cow::Borrowed(id),
        kind,
        class: Cow::Borrowed("R"),
        priority: 90,
        window: Window { before: BEFORE, longest: 416, after: 8 },
        reach: Reach::NONE,
        triggers: Cow::Borrowed(triggers),
        verify,
        teaches: false,
        takes: Cow::Borrowed("what took the place of an identifier"),
        refuses: Cow::Borrowed(""),
    }
}

static TAGS: &[Trigger] = &[Trigger::Bytes(ByteSet::of(b"["))];
static MASKS: &[Trigger] = &[Trigger::Sign(Sign::of(b"*").before(ByteSet::ALL.but(ByteSet::of(b"*"))).or_begins())];
static TOKENS: &[Trigger] = &[Trigger::Sign(Sign::of(b"b").after(ByteSet::of(b"b")))];
static DETAILS: &[Trigger] = &[Trigger::Field(hint::DATE | hint::ZIP | hint::AGE)];

fn tag_at(view: &View<'_>, tags: &BTreeSet<Vec<u8>>) -> Option<Verdict> {
    const NAME: ByteSet = ByteSet::of(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ-0123456789_");
    let len = view.run(1, &NAME, 64).len();
    let whole = view.slice(0, len + 2);
    tags.contains(whole).then(|| Verdict::new(0, end_of(whole.len()), TAG, 100, "a tag"))
}

/// Three stars, or nothing but stars.
fn mask_at(view: &View<'_>) -> Option<Verdict> {
    let len = view.run(0, &ByteSet::of(b"*"), 3).len();
    let is_all = view.begins(0) && len > 0 && view.ends(end_of(len));
    (len == 3 || is_all).then(|| Verdict::new(0, end_of(len), MASK, 100, "a mask"))
}

fn token_at(view: &View<'_>) -> Option<Verdict> {
    const BODY: ByteSet = ByteSet::of(b"-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
    // Most places that begin alike are told by their third byte.
    if view.byte(1) != Some(b'b') || view.byte(2) != Some(b'-') {
        return None;
    }
    let text = view.run(0, &BODY, LONGEST_TOKEN);
    let token = find_tokens(text).next().filter(|found| found.start == 0)?;
    let end = end_of(token.end);
    let token = text.get(token)?;
    let ends = view.ends(end);
    let kind = if !ends {
        TOKEN
    } else if view.begins(0) {
        let is_field = view.field().meaning.kind.is_some_and(|kind| kind_of(token) == Some(kind.main().as_bytes()));
        if is_field { TOKEN_AS_ID } else { TOKEN_ALONE }
    } else if is_type(view.before()) && view.begins(-end_of(view.before().len())) && view.before().len() < BEFORE.into()
    {
        TOKEN_AS_ID
    } else if view.before().rsplit(|byte| *byte == b'/').nth(1).is_some_and(is_type_name) && view.byte(-1) == Some(b'/')
    {
        TOKEN_ALONE
    } else {
        TOKEN
    };
    Some(Verdict::new(0, end, kind, 100, "a token"))
}

/// `2024` for a date, `021` for a ZIP code, `90+` for an age or a year of birth.
fn detail_at(view: &View<'_>) -> Option<Verdict> {
    if !view.begins(0) {
        return None;
    }
    let text = view.slice(0, 5);
    let (hints, digits) = (view.field().meaning.hints, text.iter().all(u8::is_ascii_digit));
    let has = |hint: u64| hints & hint != 0;
    let kind = match text.len() {
        4 if digits && has(hint::DATE) => kinds::DATE,
        3 if digits && has(hint::ZIP) => kinds::ZIP,
        3 if text == b"90+" && has(hint::DATE) => kinds::DATE,
        3 if text == b"90+" && has(hint::AGE) => kinds::AGE,
        _ => return None,
    };
    Some(Verdict::new(0, end_of(text.len()), kind, 100, "without detail"))
}

/// The kind in `bb-KIND-…`.
fn kind_of(token: &[u8]) -> Option<&[u8]> {
    let rest = token.strip_prefix(b"bb-")?;
    rest.get(..rest.iter().rposition(|byte| *byte == b'-')?)
}

/// `Patient/`
fn is_type(before: &[u8]) -> bool {
    before.strip_suffix(b"/").is_some_and(is_type_name)
}

fn is_type_name(name: &[u8]) -> bool {
    name.first().is_some_and(u8::is_ascii_uppercase) && name.iter().all(u8::is_ascii_alphabetic)
}

/// Windows are short.
fn end_of(len: usize) -> i32 {
    i32::try_from(len).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use blackbar_engine::Raw;
    use blackbar_engine::operator::Keyring;

    use super::*;

    fn found(format: Format, text: &[u8], step: usize) -> Vec<(Found, Kind)> {
        let replacements = Replacements::new(["study-id"]).unwrap();
        let mut reader = replacements.reader(format, Turned::None, true, crate::registry::values()).unwrap();
        for piece in text.chunks(step) {
            reader.push(Raw::from(piece.to_vec()));
        }
        reader.finish();
        let mut all = Vec::new();
        while let Some(segment) = reader.poll() {
            all.extend(segment.finding().map(|finding| (Found::from(finding), finding.kind)));
        }
        all
    }

    fn json(text: &str) -> Vec<(Found, Kind)> {
        found(Format::Json, text.as_bytes(), usize::MAX)
    }

    #[test]
    fn replacements_are_found_in_every_spelling() {
        let token = Keyring::random().unwrap().token("other-id", b"12345").unwrap();
        let escaped: String = token.bytes().map(|byte| format!("\\u{:04x}", byte)).collect();
        for (format, text) in [
            (Format::Json, r#"{"a":"[NAME]"}"#.to_owned()),
            (Format::Json, r#"{"a":"\u005bNAME]"}"#.to_owned()),
            (Format::Json, r#"{"a":"\u005b\u004e\u0041\u004d\u0045\u005d"}"#.to_owned()),
            (Format::Json, r#"{"a":"[STUDY-ID]"}"#.to_owned()),
            (Format::Json, r#"{"[SSN]":1}"#.to_owned()),
            (Format::Json, r#"{"a":"***-**-6789"}"#.to_owned()),
            (Format::Json, r#"{"a":"\u002a**"}"#.to_owned()),
            (Format::Json, r#"{"age":"**"}"#.to_owned()),
            (Format::Json, format!("{{\"a\":\"{escaped}\"}}")),
            (Format::Json, format!("{{\"a\":\"see {token}, and\"}}")),
            (Format::Xml, "<a>&#91;NAME]</a>".to_owned()),
            (Format::Xml, "<a b=\"&#x5b;NAME&#93;\"/>".to_owned()),
            (Format::Xml, "<a><![CDATA[[NAME]]]></a>".to_owned()),
            (Format::Form, "a=%5BNAME%5D".to_owned()),
            (Format::Form, "a=%2a%2A*".to_owned()),
            (Format::CSV, "a,b\n1,[NAME]\n".to_owned()),
            (Format::Hl7, "MSH|^~\\&|a\rPID|1||[MRN]^^^A\r".to_owned()),
            (Format::Text, "seen by [NAME] today".to_owned()),
        ] {
            for step in 1..=text.len() {
                let found = found(format, text.as_bytes(), step);
                assert!(
                    found.iter().any(|(found, _)| *found == Found::Replacement),
                    "{format} {text} in steps of {step}"
                );
            }
        }
        for plain in [r#"{"a":"[sic] a ** b, bb-mrn, bb-x-1, [Name]"}"#, r#"{"a":"2 * 3 ** 4"}"#, "[1, 2]"] {
            assert!(json(plain).is_empty(), "{plain}");
        }
    }

    #[test]
    fn values_without_detail_are_found_where_their_field_says_what_they_are() {
        for (text, kind) in [
            (r#"{"resourceType":"Patient","birthDate":"1961"}"#, kinds::DATE),
            (r#"{"birth_date":"19\u00361"}"#, kinds::DATE),
            (r#"{"birth_date":"90+"}"#, kinds::DATE),
            (r#"{"zip":"021"}"#, kinds::ZIP),
            (r#"{"age":"90+"}"#, kinds::AGE),
        ] {
            assert!(json(text).contains(&(Found::Detail(kind), kind)), "{text}: {:?}", json(text));
        }
        for text in [r#"{"birthDate":"1961-03-04"}"#, r#"{"zip":"02139"}"#, r#"{"age":"57"}"#, r#"{"note":"1961"}"#] {
            assert!(json(text).is_empty(), "{text}: {:?}", json(text));
        }
    }

    #[test]
    fn tokens_are_told_by_where_they_stand() {
        let keyring = Keyring::random().unwrap();
        let (id, mrn) = (keyring.token("other-id", b"12345").unwrap(), keyring.token("mrn", b"12345").unwrap());
        for (text, kind) in [
            (format!(r#"{{"subject":{{"reference":"Patient/{id}"}}}}"#), TOKEN_AS_ID),
            (format!(r#"{{"mrn":"{mrn}"}}"#), TOKEN_AS_ID),
            (format!(r#"{{"what":"{mrn}"}}"#), TOKEN_ALONE),
            (format!(r#"{{"uri":"fhir://x/Patient/{id}"}}"#), TOKEN_ALONE),
            (format!(r#"{{"mrn":"x{mrn}"}}"#), TOKEN),
            (format!(r#"{{"mrn":"{mrn} x"}}"#), TOKEN),
            (format!(r#"{{"{mrn}":"x"}}"#), TOKEN_ALONE),
        ] {
            let found = json(&text);
            assert_eq!(found.iter().map(|(_, kind)| *kind).collect::<Vec<_>>(), [kind], "{text}");
        }
    }
}
