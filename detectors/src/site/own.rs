//! Addresses of the site's own: links that lead back to where they came from.
//!
//! A link in an answer has to work, so it is not replaced as a whole. What stands in it is judged piece by piece: names of
//! resources and of parameters stay, what may be somebody's id is an identifier of its own, and equal to the same id elsewhere.

use std::borrow::Cow;
use std::sync::Arc;

use blackbar_engine::{ByteSet, Detector, Reach, Slot, Trigger, Verdict, Verify, View, Window};

use super::{SiteError, class_of};
use crate::fields::fhir::is_type;
use crate::{field, kinds, url};

/// The addresses below which a site's own links lead, as `https://fhir.clinic.example/r4`.
#[derive(Clone, Copy, Debug)]
pub struct Own<'a> {
    /// Without a slash at the end.
    pub bases: &'a [String],
}

/// A longer link is replaced as a whole, as any other.
const LONGEST_LINK: usize = 240;
/// Enough to see a link's base from its last piece.
const BEFORE: u16 = 248;
const AFTER: u16 = 208;
/// What separates the pieces of a link.
const BORDERS: ByteSet = ByteSet::of(b"/?&=#;,|");

/// Parameters whose values say how to answer, or which code is meant, and never who is.
const CONTROL: &[&str] = &[
    "_bundletype",
    "_count",
    "_elements",
    "_format",
    "_getpages",
    "_getpagesoffset",
    "_include",
    "_offset",
    "_outputFormat",
    "_page",
    "_pretty",
    "_revinclude",
    "_sort",
    "_summary",
    "_total",
    "_type",
    "category",
    "class",
    "clinical-status",
    "code",
    "gender",
    "intent",
    "limit",
    "offset",
    "page",
    "stream",
    "status",
    "type",
    "verification-status",
];
/// Names of parameters with capitals in them; of others nobody knows whether they are names of parameters.
const CAPITALS: &[&str] = &[
    "_containedType",
    "_jobId",
    "_lastUpdated",
    "_outputFormat",
    "_typeFilter",
    "_typePostFetchFilterUrl",
    "includeAssociatedData",
];
/// Parameters whose values are types of resources.
const TYPES: &[&[u8]] = &[b"_include", b"_revinclude", b"_type"];
/// Operations and interactions.
const OPERATIONS: &[&str] = &[
    "$docref",
    "$everything",
    "$expand",
    "$export",
    "$export-poll-status",
    "$lookup",
    "$match",
    "$summary",
    "$translate",
    "$validate",
    "$validate-code",
    "_history",
    "_search",
];
/// Pieces of paths that are about the server.
const ROUTES: &[&str] = &[
    "api",
    "base",
    "baser4",
    "bulk",
    "bulkdata",
    "bulkfiles",
    "bulkstatus",
    "download",
    "export",
    "export-status",
    "exports",
    "fhir",
    "files",
    "history",
    "metadata",
    "output",
    "r4",
    "r5",
    "search",
    "stu3",
    "status",
    "v1",
    "v2",
    "v3",
    "v4",
    "v5",
];

impl Own<'_> {
    /// The detectors that heed these addresses. Those with the id of a built-in one take its place.
    ///
    /// # Errors
    ///
    /// When an address is no `http` or `https` address with a host, or too long.
    pub fn detectors(&self) -> Result<Vec<Detector>, SiteError> {
        let bases = self.bases.iter().map(|base| checked(base)).collect::<Result<Vec<_>, _>>()?;
        let (own, of_fields, of_links) = (Arc::new(Bases(bases)), &field::FIELD, &url::URL);
        let except = |built_in: &Detector, window: Window, verify: fn(&View<'_>) -> Option<Verdict>| {
            let own = Arc::clone(&own);
            let verify = move |view: &View<'_>| if own.begins_at(view) { None } else { verify(view) };
            Detector { verify: Verify::Site(Arc::new(verify)), window, ..built_in.clone() }
        };
        // Enough to see a link that is all of a field to its end.
        let of_field = Window { after: AFTER, ..of_fields.window };
        let links = vec![except(of_fields, of_field, field::verify), except(of_links, of_links.window, url::verify)];
        let pieces = Detector {
            id: Cow::Borrowed("own-link"),
            kind: kinds::OTHER_ID,
            class: class_of(kinds::OTHER_ID),
            priority: of_links.priority,
            window: Window { before: BEFORE, longest: 240, after: 8 },
            reach: Reach::NONE,
            triggers: Cow::Borrowed(&[Trigger::Bytes(BORDERS)]),
            verify: Verify::Site(Arc::new(move |view| own.piece(view))),
            teaches: false,
            takes: Cow::Borrowed("ids and search values in links that lead back to the gateway"),
            refuses: Cow::Borrowed("names of resources, operations and parameters, codes and counts in them"),
        };
        Ok(links.into_iter().chain([pieces, keys()]).collect())
    }
}

/// Numbers that name the members of an object: by whose number something is kept.
fn keys() -> Detector {
    Detector {
        id: Cow::Borrowed("own-key"),
        kind: kinds::OTHER_ID,
        class: class_of(kinds::OTHER_ID),
        priority: 30,
        window: Window { before: 0, longest: 48, after: 8 },
        reach: Reach::NONE,
        triggers: Cow::Borrowed(&[Trigger::Start]),
        verify: Verify::Pure(key),
        teaches: false,
        takes: Cow::Borrowed("keys of JSON objects that are long numbers, with or without a few letters, or UUIDs"),
        refuses: Cow::Borrowed("words, years, dates, codes with a sign, numbers of up to five digits"),
    }
}

fn key(view: &View<'_>) -> Option<Verdict> {
    const LONGEST: usize = 40;
    if view.field().slot != Slot::Key {
        return None;
    }
    const BYTES: ByteSet = ByteSet::of(b"-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
    let text = view.run(0, &BYTES, LONGEST + 1);
    let end = i32::try_from(text.len()).ok()?;
    if text.len() > LONGEST || !view.ends(end) {
        return None;
    }
    let count = |of: fn(&u8) -> bool| text.iter().filter(|byte| of(byte)).count();
    let (digits, letters, signs) =
        (count(u8::is_ascii_digit), count(u8::is_ascii_alphabetic), count(|byte| *byte == b'-'));
    let is_number = signs == 0 && digits >= 6 && letters <= 4;
    let is_uuid = text.len() == 36 && signs == 4 && text.iter().all(|byte| byte.is_ascii_hexdigit() || *byte == b'-');
    (is_number || is_uuid).then(|| Verdict::new(0, end, kinds::OTHER_ID, 60, "number as key"))
}

fn checked(base: &str) -> Result<Vec<u8>, SiteError> {
    let host = base.strip_prefix("https://").or_else(|| base.strip_prefix("http://")).unwrap_or_default();
    if host.is_empty() || base.len() > LONGEST_LINK / 2 || !base.bytes().all(|byte| url::ALL.has(byte)) {
        let what = "an address of the site's own is no http or https address of up to 120 bytes";
        return Err(SiteError::new("own addresses", what, "write scheme, host and path"));
    }
    Ok(base.trim_end_matches('/').as_bytes().to_vec())
}

struct Bases(Vec<Vec<u8>>);

/// The part of an address behind its scheme: `//fhir.example/r4`.
fn unschemed(base: &[u8]) -> &[u8] {
    base.iter().position(|byte| *byte == b'/').and_then(|at| base.get(at..)).unwrap_or(base)
}

/// Whether a text that begins so is a link without a host: a way to a resource or to an operation below a few routes, or more
/// of the same search.
fn is_relative(text: &[u8]) -> bool {
    let path = text.split(|byte| matches!(byte, b'?' | b'#')).next().unwrap_or_default();
    let mut names = path.strip_prefix(b"/").unwrap_or(path).split(|byte| *byte == b'/');
    let is = |name: &[u8], words: &[&str]| words.iter().any(|word| name.eq_ignore_ascii_case(word.as_bytes()));
    let rooted = path.starts_with(b"/");
    let led = names.find(|name| !(rooted && is(name, ROUTES))).unwrap_or_default();
    // `Patient/12` is a reference, which others read.
    let goes_on = rooted || text.len() > path.len();
    goes_on && (is_type(led) || is_file(led) || is(led, OPERATIONS))
        || text.starts_with(b"?_get")
        || text.starts_with(b"?_page")
}

impl Bases {
    /// Whether a link of the site's own begins here that is short enough to be judged by its pieces.
    fn begins_at(&self, view: &View<'_>) -> bool {
        if view.begins(0) && matches!(view.byte(0), Some(b'/' | b'?' | b'A'..=b'Z')) {
            let link = view.run(0, &url::ALL, LONGEST_LINK + 1);
            let whole = link.len() <= LONGEST_LINK && i32::try_from(link.len()).is_ok_and(|end| view.ends(end));
            if whole && (is_relative(link) || self.0.iter().any(|base| begins_with(link, unschemed(base)))) {
                return true;
            }
        }
        let base = self.0.iter().find(|base| view.slice(0, base.len()) == base.as_slice());
        base.is_some_and(|base| {
            let next = i32::try_from(base.len()).ok().and_then(|end| view.byte(end));
            next.is_none_or(|byte| ends_base(byte) || !url::ALL.has(byte))
                && view.run(0, &url::ALL, LONGEST_LINK + 1).len() <= LONGEST_LINK
        })
    }

    /// The piece behind this border, when it stands in a link of the site's own and may be somebody's.
    fn piece(&self, view: &View<'_>) -> Option<Verdict> {
        let before = view.before();
        let link = before
            .iter()
            .rposition(|byte| !url::ALL.has(*byte))
            .map_or(before, |at| before.get(at + 1..).unwrap_or_default());
        // The nearest base before this border.
        let ends = self.0.iter().filter_map(|base| {
            let at = link.windows(base.len()).rposition(|window| window == base.as_slice())? + base.len();
            link.get(at).is_none_or(|byte| ends_base(*byte)).then_some(at)
        });
        let ahead = view.run(1, &url::ALL, LONGEST_LINK);
        let inside = match ends.max() {
            Some(end) => link.get(end..)?,
            None => self.relative(view, link, ahead)?,
        };
        let piece: Vec<u8> = ahead.iter().copied().take_while(|byte| !BORDERS.has(*byte)).collect();
        let end = 1 + i32::try_from(piece.len()).ok()?;
        // A longer link is the other detector's, as a whole.
        let fits = !piece.is_empty() && piece.len() < LONGEST_LINK;
        let may_be = fits && is_somebodys(inside, view.byte(0)?, &piece, view.byte(end));
        may_be.then(|| Verdict::new(1, end, kinds::OTHER_ID, 90, "piece of an own link"))
    }
}

impl Bases {
    /// What stands before a border in a link that is all of a text and names no scheme.
    fn relative<'l>(&self, view: &View<'_>, link: &'l [u8], ahead: &[u8]) -> Option<&'l [u8]> {
        let len = link.len() + 1 + ahead.len();
        if link.len() != view.before().len() || len > LONGEST_LINK {
            return None;
        }
        let ends = i32::try_from(1 + ahead.len()).is_ok_and(|end| view.ends(end));
        if !ends || !view.begins(-i32::try_from(link.len()).ok()?) {
            return None;
        }
        let border = [view.byte(0)?];
        let whole = [link, &border, ahead].concat();
        let base = self.0.iter().map(|base| unschemed(base)).find(|base| begins_with(&whole, base));
        match base {
            Some(base) => link.get(base.len()..),
            None => is_relative(&whole).then_some(link),
        }
    }
}

fn begins_with(link: &[u8], base: &[u8]) -> bool {
    link.strip_prefix(base).is_some_and(|rest| rest.first().is_none_or(|byte| ends_base(*byte)))
}

fn ends_base(byte: u8) -> bool {
    matches!(byte, b'/' | b'?' | b'#')
}

/// Whether `piece`, between these signs and behind `inside`, may say who is meant.
fn is_somebodys(inside: &[u8], border: u8, piece: &[u8], next: Option<u8>) -> bool {
    let is = |words: &[&str]| words.iter().any(|word| piece.eq_ignore_ascii_case(word.as_bytes()));
    let Some(query) = inside.iter().rposition(|byte| *byte == b'?').and_then(|at| inside.get(at + 1..)) else {
        // In the path; what follows the first question mark is in the query.
        let name = border == b'?' && next == Some(b'=') && is_parameter(piece);
        let known = is(OPERATIONS) || is(ROUTES) || is_type(piece) || is_file(piece);
        return !(name || (border == b'/' && known));
    };
    if inside.contains(&b'#') || border == b'#' {
        return true;
    }
    let parameter = query.rsplit(|byte| *byte == b'&').next().unwrap_or_default();
    let key = parameter.split(|byte| *byte == b'=').next().unwrap_or_default();
    match border {
        b'&' => !(next == Some(b'=') && is_parameter(piece)),
        b'?' => true,
        _ if CONTROL
            .iter()
            .any(|word| key == word.as_bytes() || key.strip_suffix(b":not") == Some(word.as_bytes())) =>
        {
            // Codes are in one case, if they are no types of resources; names are not.
            !(TYPES.contains(&key) && is_typed(piece))
                && piece.iter().any(u8::is_ascii_uppercase)
                && piece.iter().any(u8::is_ascii_lowercase)
        }
        // `patient=Patient/12`.
        _ => !(next == Some(b'/') && is_type(piece)),
    }
}

/// `Patient.ndjson`, the file of a type in an export. A number beside it would be a part of it, or of somebody.
fn is_file(piece: &[u8]) -> bool {
    piece.strip_suffix(b".ndjson").is_some_and(is_type)
}

/// `Patient`, and as what is included `Observation:patient` and `Observation:subject:Patient`.
fn is_typed(piece: &[u8]) -> bool {
    let mut parts = piece.split(|byte| *byte == b':');
    let small = |part: &[u8]| part.iter().all(|byte| byte.is_ascii_lowercase() || *byte == b'-');
    parts.next().is_some_and(is_type) && parts.all(|part| is_type(part) || small(part))
}

/// `patient`, `_count`, `subject:Patient.identifier`.
fn is_parameter(piece: &[u8]) -> bool {
    let (head, modifier) = piece.split_at(piece.iter().position(|byte| *byte == b':').unwrap_or(piece.len()));
    let small = head.iter().all(|byte| byte.is_ascii_lowercase() || b"_-.".contains(byte));
    (small || CAPITALS.iter().any(|known| known.as_bytes() == head))
        && piece.len() <= 48
        && modifier.iter().all(|byte| byte.is_ascii_alphabetic() || b"_-:.".contains(byte))
}

#[cfg(test)]
mod tests {
    use blackbar_engine::{Field, Lexicon, naive};

    use super::super::tests::assert_split_law;
    use super::*;

    fn own() -> Vec<Detector> {
        let bases = ["https://fhir.clinic.example/r4".to_owned(), "http://127.0.0.1:8780".to_owned()];
        Own { bases: &bases }.detectors().unwrap()
    }

    #[test]
    fn links_without_a_host_work_and_name_nobody() {
        for expected in [
            "/Patient/⟦123⟧",
            "/Patient?name=⟦smith⟧&_count=10",
            "/fhir/r4/Patient/⟦123⟧/_history",
            "/r4/$export",
            "/export/Patient.ndjson",
            "/r4/$export-poll-status?_jobId=⟦7⟧",
            "Patient?name=⟦smith⟧&_page=2",
            "?_getpages=aa-11&_getpagesoffset=10",
            "//fhir.clinic.example/r4/Patient/⟦123⟧",
            // Other ways, and others' hosts.
            "/home/patient/123",
            "//fhir.clinic.example.evil.org/r4/Patient/123",
        ] {
            let text = expected.replace(['⟦', '⟧'], "");
            assert_eq!(marked(&text), expected);
        }
    }

    fn marked(text: &str) -> String {
        let detectors = own();
        let all: Vec<&Detector> = detectors.iter().collect();
        let (mut out, mut at) = (String::new(), 0);
        for found in naive::findings(&all, &Lexicon::new(), text.as_bytes(), &Field::default(), 50) {
            out.push_str(&text[at..found.start]);
            out.push_str(&format!("⟦{}⟧", &text[found.start..found.end]));
            at = found.end;
        }
        out + &text[at..]
    }

    #[test]
    fn links_work_and_name_nobody() {
        for expected in [
            "https://fhir.clinic.example/r4/Patient/⟦123⟧",
            "https://fhir.clinic.example/r4/Patient/⟦123⟧/_history/⟦2⟧",
            "https://fhir.clinic.example/r4/Observation?patient=⟦123⟧&_count=10&_offset=20",
            "https://fhir.clinic.example/r4/Observation?subject=Patient/⟦123⟧&code=http://loinc.org|4548-4",
            "https://fhir.clinic.example/r4/Patient?name=⟦smith⟧&gender=female",
            "https://fhir.clinic.example/r4?_getpages=aa-11&_getpagesoffset=10",
            "https://fhir.clinic.example/r4/Group/⟦7⟧/$export",
            "http://127.0.0.1:8780/fhir/Patient/⟦j.smith⟧ and more",
            "http://127.0.0.1:8780/⟦john-smith⟧#⟦top⟧",
            "http://127.0.0.1:8780/Patient?⟦smith⟧",
            "http://127.0.0.1:8780/⟦$john-kowalczyk⟧/⟦_kowalczyk⟧",
            "http://127.0.0.1:8780/Patient?⟦John.Kowalczyk⟧=⟦1⟧&status=⟦John.Kowalczyk⟧",
            // Exports: the state of a job, its files, and what was asked for.
            "https://fhir.clinic.example/r4/Patient/$export?_type=Patient,Observation,Medication&_outputFormat=ndjson",
            "https://fhir.clinic.example/r4/Patient/$export?_since=⟦2026-01-01T00:00:00Z⟧&_typeFilter=⟦Patient⟧?⟦name⟧=⟦x⟧",
            "https://fhir.clinic.example/r4/$export-poll-status?_jobId=⟦1b4db7eb-4057-4ddf-91e0-36dec72071f5⟧",
            "https://fhir.clinic.example/r4/bulkstatus/⟦1b4db7eb⟧",
            "https://fhir.clinic.example/r4/export/Patient.ndjson",
            "https://fhir.clinic.example/r4/output/⟦1b4db7eb⟧/⟦1.Patient.ndjson⟧",
            "https://fhir.clinic.example/r4/export/⟦Kowalczyk.ndjson⟧",
            "https://fhir.clinic.example/r4/Observation?_include=Observation:patient&_revinclude=Provenance:target",
            "https://fhir.clinic.example/r4/Observation?_include=⟦Kowalczyk:patient⟧&status=⟦Patient:Anna⟧",
            "https://fhir.clinic.example/r4/Patient?⟦kowalczykAnna⟧=⟦1⟧",
            "http://127.0.0.1:8780",
            // Another host, another port, another path: links as any other.
            "⟦https://fhir.clinic.example/r5/Patient/123⟧",
            "⟦http://127.0.0.1:87801/Patient/123⟧",
            "⟦https://fhir.clinic.example.evil.org/r4/Patient/123⟧",
            "⟦https://fhir.clinic.example/r4@evil.org/Patient/1⟧",
        ] {
            let text = expected.replace(['⟦', '⟧'], "");
            assert_eq!(marked(&text), expected);
            assert_eq!(marked(&format!("see {text}")), format!("see {expected}"));
        }
    }

    #[test]
    fn numbers_as_keys_are_somebody_s() {
        let of_slot = |text: &str, slot: Slot| {
            let detectors = own();
            let all: Vec<&Detector> = detectors.iter().collect();
            let field = Field { slot, ..Field::default() };
            naive::findings(&all, &Lexicon::new(), text.as_bytes(), &field, 50).len()
        };
        for text in ["8812345", "C1234567", "1b4db7eb-4057-4ddf-91e0-36dec72071f5"] {
            assert_eq!((of_slot(text, Slot::Key), of_slot(text, Slot::String)), (1, 0), "{text}");
        }
        for text in ["2026", "4548-4", "2026-11-21", "status", "item123", "200", "x8812345 "] {
            assert_eq!(of_slot(text, Slot::Key), 0, "{text}");
        }
    }

    #[test]
    fn a_link_too_long_for_its_pieces_is_replaced_whole() {
        let link = format!("http://127.0.0.1:8780/Patient/1?x={}", "a".repeat(250));
        let found = marked(&link);
        assert!(found.starts_with("⟦http://127.0.0.1:8780/Patient/1"), "{found}");
        assert!(found.ends_with('⟧'));
    }

    #[test]
    fn however_links_are_cut_they_are_read_the_same() {
        for detector in own() {
            for text in [
                "a https://fhir.clinic.example/r4/Patient/123?x=y&name=smith b",
                "http://127.0.0.1:8780/Patient/1",
                "http://127.0.0.1:87801/x y",
                "/Patient/123?x=y&name=smith",
                "Patient?name=smith",
                "//fhir.clinic.example/r4/Patient/12",
            ] {
                assert_split_law(&detector, text.as_bytes());
            }
        }
    }

    #[test]
    fn addresses_without_a_host_are_refused() {
        for base in ["ftp://x", "https://", "fhir.example", "https://a b"] {
            assert!(Own { bases: &[base.to_owned()] }.detectors().is_err(), "{base}");
        }
    }
}
