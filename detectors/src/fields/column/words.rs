//! Words in the names of columns that say whose value it is, and short forms of others.

/// Words that say whose value it is and nothing about what it is.
#[rustfmt::skip] // A word list reads better in lines.
pub(super) const OWNERS: &[&str] = &[
    "patient", "pat", "pt", "member", "mem", "subscriber", "subscr", "sub", "insured", "guarantor", "guar",
    "person", "per", "client", "subject", "contact", "emergency", "nok", "spouse", "mother", "father", "guardian",
    "employee", "emp", "user", "customer", "beneficiary", "bene", "dependent", "caregiver", "home", "work",
    "primary", "secondary", "current", "cur", "old", "new", "prev", "previous", "alt", "alternate", "other",
    "mailing", "billing", "legal", "preferred", "epic", "my", "the", "perm", "temp", "src", "source", "dim", "tbl",
    "demographic", "demographics", "relative", "proxy", "policyholder", "recipient", "donor", "kin", "next", "of",
    "daytime", "evening", "day", "night", "attn", "resp", "responsible", "party", "wearer", "child", "parent", "resident",
    "caller", "enrollee", "infant", "baby", "mom", "dad", "partner", "sibling", "veteran", "claimant", "payee", "signer",
    "rider", "passenger", "driver", "visitor", "applicant", "traveler", "camper", "survivor", "decedent", "cardholder", "res",
];
/// Owners who give care.
#[rustfmt::skip] // A word list reads better in lines.
pub(super) const GIVERS: &[&str] = &[
    "provider", "prov", "practitioner", "physician", "doctor", "dr", "attending", "referring", "ordering",
    "rendering", "surgeon", "nurse", "clinician", "pcp", "prescriber", "author", "performer", "consultant",
    "admitting", "radiologist", "pathologist", "prsnl", "staff", "therapist", "operating", "supervising",
    "servicing", "dictating", "md", "hospitalist", "resident", "fellow", "anesthesiologist", "technician", "tech",
    "midwife", "dentist", "pharmacist", "examiner", "reviewer", "phys",
];
#[rustfmt::skip] // A word list reads better in lines.
pub(super) const PLACES: &[&str] = &[
    "facility", "hospital", "clinic", "organization", "organisation", "org", "practice", "site", "department",
    "dept", "ward", "pharmacy", "employer", "school", "institution", "pickup", "dropoff", "destination", "venue", "agency",
];
/// Owners whose names are words of medicine or of a system.
#[rustfmt::skip] // A word list reads better in lines.
pub(super) const THINGS: &[&str] = &[
    "drug", "medication", "med", "test", "procedure", "product", "lab", "component", "event", "table", "column",
    "file", "function", "tool", "model", "field", "form", "plan", "payer", "payor", "insurance", "concept",
    "domain", "vocabulary", "brand", "generic", "device", "allergen", "vaccine", "diagnosis", "dx", "disease",
    "problem", "order", "panel", "class", "category", "group", "code", "system", "service", "schema", "index",
    "host", "app", "role", "country", "state", "language", "param", "measure", "step", "type",
];

/// Words of systems and of what they count: their identifiers are about no one.
#[rustfmt::skip] // A word list reads better in lines.
pub(super) const TECHNICAL: &[&str] = &[
    "trace", "span", "request", "correlation", "tool", "call", "model", "concept", "build", "commit", "release",
    "version", "schema", "template", "form", "field", "question", "code", "api", "app", "public", "private", "secret",
    "cache", "partition", "sort", "primary", "foreign", "vocabulary", "domain", "tenant", "product", "drug",
    "medication", "component", "panel", "system", "batch", "job", "run", "log", "measure", "unit", "type",
];

/// Short forms, and what they stand for.
#[rustfmt::skip] // A word list reads better in lines.
const SHORT: &[(&str, &str)] = &[
    ("nm", "name"), ("addr", "address"), ("adr", "address"), ("acct", "account"), ("acc", "account"),
    ("lic", "license"), ("licence", "license"), ("ins", "insurance"), ("insur", "insurance"), ("pol", "policy"),
    ("grp", "group"), ("mem", "member"), ("mbr", "member"), ("enc", "encounter"), ("encntr", "encounter"),
    ("prov", "provider"), ("phys", "physician"), ("phn", "phone"), ("fone", "phone"), ("frst", "first"),
    ("fst", "first"), ("dt", "date"), ("svc", "service"), ("serv", "service"), ("appt", "appointment"),
    ("disch", "discharge"), ("admsn", "admission"), ("adm", "admission"), ("cert", "certificate"), ("dev", "device"),
    ("veh", "vehicle"), ("benef", "beneficiary"), ("cnty", "county"), ("guar", "guarantor"), ("subscr", "subscriber"),
    ("subs", "subscriber"), ("emerg", "emergency"), ("emer", "emergency"), ("spec", "specimen"), ("rec", "record"),
];

/// Last words that mean a number.
const NUMBERS: &[&str] = &["number", "no", "num", "nbr", "nr", "nmbr", "numb", "nums", "numbers"];
/// Last words that mean an identifier.
const IDS: &[&str] = &["id", "ids", "identifier", "ident", "uuid", "guid", "uid", "key", "identification"];

/// `words` with their short forms written out; a last word that means a number becomes `number`, one that means an
/// identifier `id`.
pub(super) fn written_out(words: &[String]) -> Vec<String> {
    let long = |word: &str| SHORT.iter().find(|(short, _)| *short == word).map_or(word, |(_, long)| *long).to_owned();
    let mut out: Vec<String> = words.iter().map(|word| long(word)).collect();
    if let [_, .., last] = &mut *out {
        if NUMBERS.contains(&last.as_str()) {
            "number".clone_into(last);
        } else if IDS.contains(&last.as_str()) {
            "id".clone_into(last);
        }
    }
    out
}
