//! Any other number, code or name that is unique to a person or an event of care.

use std::borrow::Cow;

use blackbar_engine::{ByteSet, Detector, Near, Reach, Sign, Trigger, Unseen, Verdict, Verify, View, Window};

use crate::fields::{fhir, hint};
use crate::kinds;
use crate::label::{Label, in_field, label, labelled, value_ahead};
use crate::shape::{Shape, clamp, uuid};
use crate::user_name::{access_log, account_ahead, is_of_users, speaker_of_a_channel, user_name};
use crate::user_name::{glance_at_speaker, member_of_a_forum, speaker_of_a_chat};

/// Accessions, encounters, subjects, cases, claims, prescriptions, orders, references and user names behind a label.
pub static OTHER_ID: Detector = Detector {
    id: Cow::Borrowed("other-id"),
    kind: kinds::OTHER_ID,
    class: Cow::Borrowed("R"),
    priority: 54,
    window: Window { before: 40, longest: 168, after: 24 },
    reach: Reach::NONE,
    triggers: Cow::Borrowed(&[
        Trigger::When(
            &Trigger::Words(&[
                "accession",
                "band",
                "isolate",
                "waybill",
                "subj",
                "accessionnumber",
                "acc",
                "specimen",
                "specimenid",
                "sample",
                "sampleid",
                "encounter",
                "encounterid",
                "enc",
                "visit",
                "visitid",
                "visitnumber",
                "csn",
                "contact",
                "subject",
                "subjectid",
                "study",
                "participant",
                "participantid",
                "trial",
                "enrollment",
                "randomization",
                "screening",
                "case",
                "caseid",
                "casenumber",
                "claim",
                "claimid",
                "claimnumber",
                "prescription",
                "rx",
                "rxnumber",
                "script",
                "confirmation",
                "reference",
                "ref",
                "order",
                "orderid",
                "ordernumber",
                "requisition",
                "req",
                "referral",
                "authorization",
                "auth",
                "preauth",
                "precert",
                "prior",
                "ticket",
                "badge",
                "employee",
                "employeeid",
                "emp",
                "staff",
                "student",
                "studentid",
                "barcode",
                "donor",
                "unos",
                "lab",
                "path",
                "pathology",
                "surgical",
                "cytology",
                "slide",
                "block",
                "appointment",
                "appt",
                "admission",
                "registration",
                "reg",
                "incident",
                "report",
                "id",
                "ids",
                "identifier",
                "uuid",
                "guid",
                "access",
                "by",
                "audit",
                "patient",
                "patients",
                "encounters",
                "visits",
                "logged",
                "signed",
                "session",
                "authenticated",
                "username",
                "usernames",
                "userid",
                "user",
                "login",
                "logon",
                "portal",
                "mychart",
                "screenname",
                "handle",
                "instagram",
                "twitter",
                "facebook",
                "tiktok",
                "snapchat",
                "venmo",
                "cashapp",
                "telegram",
                "skype",
                "docket",
                "inmate",
                "booking",
                "tracking",
                "transaction",
                "wristband",
                "bracelet",
                "document",
                "doc",
                "message",
                "receipt",
                "voucher",
                "fhir",
                "person",
                "personid",
                "veteran",
                "va",
                "icn",
                "unique",
                "registry",
                "file",
                "household",
                "transplant",
                "kit",
                "run",
                "cause",
                "complaint",
                "spec",
                "flight",
                "our",
                "your",
                "kindred",
                "pedigree",
                "embryo",
                "dispatch",
                "event",
                "trip",
                "pcr",
                "control",
                "warrant",
                "citation",
                "work",
                "po",
                "job",
                "log",
                "episode",
                "exam",
                "series",
                "procedure",
                "rn",
                "pin",
                "rand",
                "parcel",
                "waybill",
                "rma",
                "warranty",
                "police",
                "court",
                "discord",
                "linkedin",
                "insta",
                "wechat",
                "activation",
                "bag",
                "bates",
                "call",
                "chain",
                "clock",
                "conf",
                "conversation",
                "convo",
                "dcn",
                "delivery",
                "dict",
                "dictation",
                "engagement",
                "filing",
                "image",
                "img",
                "intake",
                "interp",
                "interpreter",
                "locator",
                "placard",
                "pnr",
                "record",
                "sheet",
                "slip",
                "star",
                "task",
                "telephone",
                "transfer",
            ]),
            glance,
        ),
        Trigger::Sign(Sign::of(b"-").before(ByteSet::of(b" ")).after(ByteSet::of(b" "))),
        Trigger::Sign(Sign::of(b"<").before(ByteSet::of(b" ]\n")).or_begins().after(ByteSet::ALPHA)),
        Trigger::SignWhen(Sign::of(b"\n").after(ByteSet::ALPHA.or(ByteSet::of(b"[ \xe2"))), glance_at_speaker),
        Trigger::Sign(Sign::of(b"/").before(ByteSet::of(b"uU")).after(ByteSet::ALPHA)),
        Trigger::Field(hint::OTHER_ID),
    ]),
    verify: Verify::Pure(verify),
    teaches: false,
    takes: Cow::Borrowed(
        "letters and digits behind accession, specimen, encounter, visit, CSN, subject, case, claim, Rx, confirmation, \
         order, reference, authorization, employee, id; user names and handles behind their labels; UUIDs behind a label",
    ),
    refuses: Cow::Borrowed("codes, trials, counts, dates, quantities, the words in prose, UUIDs without a label"),
};

/// Behind a label that says what it is; a digit is enough company for letters.
const CODE: Shape = Shape::code(3, 4, 28).inner(b"-./_");
/// Behind a word with many uses.
const LONG: Shape = Shape::code(4, 5, 28).inner(b"-_");
/// Behind a word of prose.
const TELLING: Shape = Shape::code(3, 5, 28).inner(b"-_").telling();
/// Subjects of studies have short numbers.
const SUBJECT: Shape = Shape::code(2, 3, 24).inner(b"-_");
const FIELD: Shape = Shape::code(1, 1, 48).inner(b"-._/:|^ ").whole();

static LABELS: &[Label] = &[
    label("acc", TELLING, 75),
    label("acc #", LONG, 88),
    label("acc:", LONG, 80),
    label("access code", LONG, 82),
    label("accession", CODE, 90),
    label("accession #", CODE, 92),
    label("accessionnumber", CODE, 92),
    label("activation code", LONG, 88),
    label("admission #", LONG, 88),
    label("appointment", TELLING, 75),
    label("appointment #", LONG, 88),
    label("appt #", LONG, 85),
    label("auth", TELLING, 75),
    label("auth #", LONG, 88),
    label("auth code", LONG, 80),
    label("authorization", TELLING, 75),
    label("authorization #", LONG, 88),
    label("authorization code", LONG, 85),
    label("authorization:", LONG, 75),
    label("badge", Shape::code(3, 4, 16), 78),
    label("badge #", SUBJECT, 85),
    label("bag", TELLING, 70),
    label("bag #", LONG, 78),
    label("band #", LONG, 80),
    label("barcode", LONG, 88),
    label("barcode #", LONG, 88),
    label("barcode:", LONG, 88),
    label("bates", TELLING, 75),
    label("bates #", LONG, 80),
    label("block", TELLING, 75),
    label("block #", LONG, 78),
    label("booking", TELLING, 72),
    label("booking #", LONG, 85),
    label("bracelet #", LONG, 88),
    label("call #", LONG, 78),
    label("case", TELLING, 75),
    label("case #", LONG, 88),
    label("case report #", LONG, 85),
    label("case:", Shape::code(5, 6, 24).inner(b"-"), 75),
    label("caseid", LONG, 88),
    label("casenumber", LONG, 88),
    label("cause", TELLING, 70),
    label("cause #", LONG, 85),
    label("chain of custody", TELLING, 80),
    label("chain of custody #", LONG, 85),
    label("citation #", LONG, 85),
    label("claim", TELLING, 75),
    label("claim #", LONG, 90),
    label("claim control #", LONG, 90),
    label("claim:", LONG, 80),
    label("claimid", LONG, 90),
    label("claimnumber", LONG, 90),
    label("clock #", LONG, 78),
    label("complaint", TELLING, 70),
    label("complaint #", LONG, 85),
    label("conf", TELLING, 75),
    label("conf #", LONG, 85),
    label("confirmation", TELLING, 75),
    label("confirmation #", LONG, 90),
    label("confirmation code", LONG, 88),
    label("confirmation:", LONG, 85),
    label("contact serial #", CODE, 92),
    label("control #", LONG, 80),
    label("conversation #", LONG, 78),
    label("convo #", LONG, 78),
    label("court #", LONG, 80),
    label("court case #", LONG, 88),
    label("csn", LONG, 92),
    label("csn #", CODE, 92),
    label("cytology #", LONG, 88),
    label("dcn", LONG, 85),
    label("delivery ticket", LONG, 80),
    label("dict #", LONG, 80),
    label("dictation #", LONG, 85),
    label("dispatch #", LONG, 80),
    label("doc #", LONG, 80),
    label("docket", TELLING, 80),
    label("docket #", LONG, 85),
    label("document", TELLING, 75),
    label("document #", LONG, 82),
    label("donor", TELLING, 75),
    label("donor #", LONG, 88),
    label("embryo", Shape::code(2, 3, 12), 75),
    label("embryo #", Shape::code(1, 2, 12), 75),
    label("emp", TELLING, 75),
    label("emp #", SUBJECT, 85),
    label("employee", TELLING, 75),
    label("employee #", SUBJECT, 88),
    label("employeeid", SUBJECT, 88),
    label("enc", TELLING, 78),
    label("enc #", CODE, 88),
    label("encounter", TELLING, 80),
    label("encounter #", CODE, 90),
    label("encounterid", CODE, 90),
    label("engagement #", LONG, 80),
    label("enrollment", TELLING, 75),
    label("enrollment #", SUBJECT, 85),
    label("episode #", LONG, 85),
    label("event #", LONG, 80),
    label("exam #", LONG, 85),
    label("fhir id", LONG, 88),
    label("file", TELLING, 72),
    label("file #", LONG, 80),
    label("filing #", LONG, 78),
    label("flight #", LONG, 80),
    label("guid", Shape::code(6, 32, 36).inner(b"-"), 88),
    label("household", TELLING, 75),
    label("household #", LONG, 85),
    label("icn", LONG, 85),
    label("id", Shape::code(6, 6, 28).inner(b"-_"), 70),
    label("id #", LONG, 80),
    label("id:", LONG.inner(b"-_."), 78),
    label("identifier", Shape::code(6, 6, 28).inner(b"-_"), 65),
    label("identifier:", LONG, 75),
    label("ids", Shape::code(5, 6, 28).inner(b"-_"), 65),
    label("image #", LONG, 78),
    label("img #", LONG, 80),
    label("incident", TELLING, 75),
    label("incident #", LONG, 85),
    label("incident report #", LONG, 85),
    label("inmate", TELLING, 78),
    label("inmate #", LONG, 88),
    label("intake", TELLING, 72),
    label("intake #", LONG, 80),
    label("interp", Shape::code(5, 5, 12), 72),
    label("interp #", LONG, 80),
    label("interpreter", Shape::code(5, 5, 12), 72),
    label("interpreter #", LONG, 80),
    label("isolate", TELLING, 70),
    label("job #", LONG, 80),
    label("kindred", SUBJECT, 80),
    label("kit", TELLING, 75),
    label("kit #", LONG, 85),
    label("lab", TELLING, 72),
    label("lab #", LONG, 85),
    label("lab accession", CODE, 90),
    label("locator", Shape::code(1, 6, 6), 80),
    label("log", TELLING, 70),
    label("log #", LONG, 80),
    label("message #", LONG, 75),
    label("order", TELLING, 75),
    label("order #", LONG, 88),
    label("orderid", LONG, 88),
    label("ordernumber", LONG, 88),
    label("our file", TELLING, 80),
    label("our file #", LONG, 88),
    label("our ref", TELLING, 80),
    label("our ref:", LONG.inner(b"-_/"), 85),
    label("parcel #", LONG, 80),
    label("participant", TELLING, 75),
    label("participant #", SUBJECT, 90),
    label("participantid", SUBJECT, 90),
    label("path", TELLING, 75),
    label("path #", LONG, 85),
    label("path:", LONG, 80),
    label("pathology", TELLING, 75),
    label("pathology #", LONG, 88),
    label("pcr #", LONG, 85),
    label("pedigree #", SUBJECT, 85),
    label("person #", LONG, 88),
    label("personid", LONG, 88),
    label("pin #", LONG, 80),
    label("placard #", LONG, 85),
    label("pnr", Shape::code(1, 6, 6), 85),
    label("po #", LONG, 80),
    label("police case #", LONG, 88),
    label("police report", TELLING, 80),
    label("police report #", LONG, 88),
    label("preauth #", LONG, 88),
    label("precert #", LONG, 88),
    label("prescription", TELLING, 75),
    label("prescription #", LONG, 90),
    label("prior auth", LONG, 80),
    label("prior auth #", LONG, 88),
    label("prior authorization #", LONG, 88),
    label("prior authorization:", LONG, 80),
    label("procedure #", LONG, 82),
    label("rand #", SUBJECT, 85),
    label("randomization", TELLING, 78),
    label("randomization #", SUBJECT, 88),
    label("receipt", TELLING, 75),
    label("receipt #", LONG, 85),
    label("record locator", Shape::code(1, 6, 6), 88),
    label("ref", TELLING, 75),
    label("ref #", LONG, 85),
    label("reference", TELLING, 75),
    label("reference #", LONG, 88),
    label("reference:", LONG, 70),
    label("referral", TELLING, 75),
    label("referral #", LONG, 88),
    label("reg #", LONG, 80),
    label("registration #", LONG, 85),
    label("registry", TELLING, 72),
    label("registry #", LONG, 85),
    label("report", TELLING, 72),
    label("report #", LONG, 80),
    label("req", TELLING, 75),
    label("req #", LONG, 85),
    label("requisition", LONG, 85),
    label("requisition #", LONG, 88),
    label("requisition:", LONG, 85),
    label("rma #", LONG, 80),
    label("rn #", SUBJECT, 80),
    label("run #", LONG, 85),
    label("run:", LONG, 75),
    label("rx", TELLING, 80),
    label("rx #", LONG, 90),
    label("rx:", LONG, 80),
    label("rxnumber", LONG, 90),
    label("sample", TELLING, 75),
    label("sample #", LONG, 88),
    label("sampleid", LONG, 88),
    label("screening", TELLING, 75),
    label("screening #", SUBJECT, 85),
    label("script #", LONG, 85),
    label("series #", LONG, 80),
    label("sheet #", LONG, 75),
    label("slide", TELLING, 75),
    label("slide #", LONG, 80),
    label("slip #", LONG, 78),
    label("spec", TELLING, 75),
    label("spec #", LONG, 85),
    label("spec:", LONG, 75),
    label("specimen", TELLING, 75),
    label("specimen #", CODE, 90),
    label("specimen:", Shape::code(5, 6, 28).inner(b"-"), 75),
    label("specimenid", CODE, 90),
    label("staff", TELLING, 72),
    label("staff #", SUBJECT, 85),
    label("star #", LONG, 75),
    label("student", TELLING, 75),
    label("student #", LONG, 88),
    label("studentid", LONG, 88),
    label("study #", SUBJECT, 85),
    label("study id", SUBJECT, 88),
    label("study participant #", SUBJECT, 90),
    label("study subject", SUBJECT, 90),
    label("study subject #", SUBJECT, 90),
    label("subj", SUBJECT, 85),
    label("subj #", SUBJECT, 88),
    label("subject", TELLING, 75),
    label("subject #", SUBJECT, 90),
    label("subjectid", SUBJECT, 90),
    label("surgical #", LONG, 85),
    label("surgical path #", LONG, 88),
    label("surgical pathology #", LONG, 88),
    label("task #", LONG, 78),
    label("telephone encounter", CODE, 85),
    label("ticket", TELLING, 75),
    label("ticket #", LONG, 85),
    label("ticket:", LONG, 80),
    label("tracking", TELLING, 75),
    label("tracking #", LONG, 85),
    label("tracking code", LONG, 85),
    label("tracking:", LONG, 82),
    label("transaction", TELLING, 72),
    label("transaction #", LONG, 82),
    label("transfer #", LONG, 78),
    label("transplant #", LONG, 82),
    label("trial subject #", SUBJECT, 90),
    label("trip #", LONG, 82),
    label("unique #", LONG, 85),
    label("unique patient #", LONG, 88),
    label("unos", TELLING, 80),
    label("unos #", LONG, 88),
    label("uuid", Shape::code(6, 32, 36).inner(b"-"), 88),
    label("va #", LONG, 80),
    label("veteran #", LONG, 88),
    label("visit", TELLING, 75),
    label("visit #", LONG, 88),
    label("visitid", LONG, 88),
    label("visitnumber", LONG, 88),
    label("voucher", TELLING, 72),
    label("voucher #", LONG, 80),
    label("warrant #", LONG, 85),
    label("warranty #", LONG, 78),
    label("waybill", TELLING, 80),
    label("waybill #", LONG, 85),
    label("work order", TELLING, 75),
    label("work order #", LONG, 85),
    label("wristband", LONG, 80),
    label("wristband #", LONG, 88),
    label("your ref:", LONG.inner(b"-_/"), 85),
];

fn verify(view: &View<'_>) -> Option<Verdict> {
    if let Some(found) = in_field(view, hint::OTHER_ID, &FIELD) {
        let start = found.start.max(fhir::id_in_reference(view.ahead(usize::from(OTHER_ID.window.longest))));
        return Some(Verdict::new(start, found.value.end.max(start), kinds::OTHER_ID, found.confidence, "field"));
    }
    if view.byte(0) == Some(b'-') {
        return access_log(view);
    }
    match view.byte(0) {
        Some(b'<') => return speaker_of_a_channel(view),
        Some(b'\n') => return speaker_of_a_chat(view),
        Some(b'/') => return member_of_a_forum(view),
        _ => {}
    }
    if let Some(verdict) = user_name(view).or_else(|| resource(view)) {
        return Some(verdict);
    }
    let found = labelled(view, LABELS)?;
    // `REF 45-2210` in capitals is the catalogue number of a product.
    let catalogue = !found.colon && view.slice(0, 4) == b"REF ";
    if catalogue || names_another_system(view) || is_code(found.bytes(view)) {
        return None;
    }
    Some(Verdict::new(found.start, found.value.end, kinds::OTHER_ID, found.confidence, "label"))
}

/// A glance at a word: whether a value may stand behind it.
fn glance(near: &Near<'_>) -> Result<bool, Unseen> {
    let word = near.word();
    if near.begins() || is_of_users(word.letters) {
        return Ok(true);
    }
    if one_of!(word.letters, &["by"]) {
        return account_ahead(near);
    }
    if one_of!(word.letters, RESOURCES) && matches!(word.after, Some(b'/' | b'=' | b':')) {
        return Ok(true);
    }
    value_ahead(near)
}

/// Whether the word before a bare `id` says that it is no person's: a concept, a request, a trace.
fn names_another_system(view: &View<'_>) -> bool {
    if !one_of!(view.word(0), &["id", "ids", "identifier", "message", "report"]) {
        return false;
    }
    const SYSTEMS: [&[u8]; 16] = [
        b"trace",
        b"span",
        b"request",
        b"concept",
        b"snomed",
        b"loinc",
        b"code",
        b"template",
        b"system",
        b"protocol",
        b"nct",
        b"process",
        b"thread",
        b"build",
        b"pubmed",
        b"schema",
    ];
    let before = view.before();
    let cut = before.len() - before.iter().rev().take_while(|b| matches!(b, b' ' | b'_' | b'-' | b'.')).count();
    let word = before.get(..cut).unwrap_or_default();
    SYSTEMS.iter().any(|name| word.len() >= name.len().min(8) && ends_with_folded(word, name))
}

/// Whether `text` ends with `name`, or with its last bytes when the window begins inside it.
fn ends_with_folded(text: &[u8], name: &[u8]) -> bool {
    let len = text.len().min(name.len());
    len > 0 && text.iter().rev().zip(name.iter().rev()).take(len).all(|(a, b)| a.eq_ignore_ascii_case(b))
}

/// Codes with a known outline: ICD-10 with its stop, LOINC with its check, procedure codes of one letter and four digits.
fn is_code(raw: &[u8]) -> bool {
    let icd = matches!(raw, [letter, a, b, b'.', ..] if letter.is_ascii_alphabetic() && a.is_ascii_digit() && b.is_ascii_alphanumeric())
        && raw.len() <= 8;
    let loinc = matches!(raw, [head @ .., b'-', check]
        if check.is_ascii_digit() && (3..=5).contains(&head.len()) && head.iter().all(u8::is_ascii_digit));
    let procedure = matches!(raw, [letter, digits @ ..]
        if letter.is_ascii_uppercase() && digits.len() == 4 && digits.iter().all(u8::is_ascii_digit));
    icd || loinc || procedure
}

/// Resources of one person, in references and paths.
const RESOURCES: &[&str] = &["patient", "patients", "encounter", "encounters", "person", "visit", "visits", "subject"];

/// `Patient/1042-b`, `patient=550e8400-…`: a reference to a resource of one person.
fn resource(view: &View<'_>) -> Option<Verdict> {
    let word = view.word(0);
    if !one_of!(word, RESOURCES) {
        return None;
    }
    let at = clamp(word.len());
    let mark = view.byte(at)?;
    if !matches!(mark, b'/' | b'=' | b':') {
        return None;
    }
    let at = at + 1 + i32::from(matches!(view.byte(at + 1), Some(b' ' | b'"' | b'\'')));
    let whole = uuid(view, at);
    if let Some(end) = whole {
        return Some(Verdict::new(at, end, kinds::OTHER_ID, 85, "reference"));
    }
    let id = view.run(at, &ByteSet::ALNUM.with(b'-'), 64);
    let digits = id.iter().filter(|b| b.is_ascii_digit()).count();
    let fits = mark == b'/' && digits >= 3 && id.len() >= 4 && view.byte(at + clamp(id.len())) != Some(b'/');
    (fits && !crate::shape::date_like(id, false))
        .then(|| Verdict::new(at, at + clamp(id.len()), kinds::OTHER_ID, 75, "reference"))
}
#[cfg(test)]
mod tests {
    use super::*;
    use crate::user_name::{ACCESS, PORTAL, SOCIAL, USER_NAMES};
    use crate::{label, testing};

    #[test]
    fn cases() {
        testing::assert_cases(&OTHER_ID);
    }

    #[test]
    fn the_table_and_the_triggers_agree() {
        let users: Vec<&str> = [SOCIAL, PORTAL, USER_NAMES, ACCESS, RESOURCES, &["by", "audit"]].concat();
        label::assert_table(LABELS, &users, &OTHER_ID.triggers);
    }

    #[test]
    fn a_field_of_that_name_needs_no_label() {
        testing::assert_field(&OTHER_ID, hint::OTHER_ID, "E-100");
        testing::assert_field(&OTHER_ID, hint::OTHER_ID, "550e8400-e29b-41d4-a716-446655440000");
        testing::assert_no_field(&OTHER_ID, hint::OTHER_ID | hint::CODE, "E11.9");
        testing::assert_no_field(&OTHER_ID, 0, "550e8400-e29b-41d4-a716-446655440000");
    }

    #[test]
    fn total_and_within_its_window() {
        let words = ["accession", "username", "Instagram @", "case no", "id", "trace", "encounter id", "S24-12345"];
        testing::assert_total(&OTHER_ID, &words);
    }
}
