//! Names of columns and keys.

use std::borrow::Cow;

use blackbar_engine::{Kind, Meaning};

mod words;

use words::{GIVERS, OWNERS, PLACES, TECHNICAL, THINGS, written_out};

use super::{hint, names};
use crate::kinds;

/// The meaning of a column called `name`, in any style: `patient_first_name`, `PatientFirstName`, `PAT FIRST NAME`.
#[must_use]
pub fn of(name: &[u8]) -> Meaning {
    of_path(&[name])
}

/// The meaning of a key below other keys. The innermost decides; what is around it settles what it leaves open.
#[must_use]
pub fn of_path(path: &[&[u8]]) -> Meaning {
    let Some((last, around)) = path.split_last() else { return Meaning::default() };
    let words = words(last);
    let parent = around.last().map(|parent| self::words(parent)).unwrap_or_default();
    if words.is_empty() {
        return Meaning::default();
    }
    // A list of values under a telling name: `phones: [..]` has the path of its own key.
    bare(&words, &parent, around.is_empty()).or_else(|| whole(&words)).unwrap_or_else(|| by_words(&written_out(&words)))
}

/// The confidence of fields that hold an identifier only when their value is unique in the whole world.
const UNIQUE: u8 = 50;

/// Keys too short to mean anything alone: `name`, `id`, `value`.
fn bare(words: &[String], parent: &[String], column: bool) -> Option<Meaning> {
    let [word] = words else { return None };
    let owned = |list: &[&str]| parent.iter().any(|owner| has(list, owner.trim_end_matches('s')) || has(list, owner));
    let meaning = match word.as_str() {
        "name" | "nm" | "names" => {
            if owned(THINGS) {
                meaning(None, 0, hint::CODE)
            } else if owned(PLACES) {
                meaning(Some(kinds::FACILITY), 85, hint::FACILITY)
            } else if owned(GIVERS) {
                meaning(Some(kinds::NAME_PROVIDER), 90, hint::NAME)
            } else if owned(OWNERS) {
                meaning(Some(kinds::NAME), 93, hint::NAME)
            } else if column {
                // A column may as well hold names of things; the field detector looks at the value.
                meaning(Some(kinds::NAME), 60, hint::NAME)
            } else if word == "nm" {
                meaning(Some(kinds::NAME), names::LIKELY, 0)
            } else {
                meaning(None, 0, 0)
            }
        }
        "id" | "identifier" | "ids" | "uuid" | "guid" | "uid" | "key" => {
            if owned(&["patient", "pat", "pt", "subject", "person", "member"]) {
                meaning(Some(kinds::MRN), 90, hint::MRN | hint::OTHER_ID)
            } else if (column && matches!(word.as_str(), "uuid" | "guid"))
                || owned(&[
                    "encounter",
                    "visit",
                    "provider",
                    "practitioner",
                    "subscriber",
                    "account",
                    "specimen",
                    "claim",
                    "coverage",
                    "appointment",
                    "user",
                    "employee",
                ])
            {
                meaning(Some(kinds::OTHER_ID), 85, hint::OTHER_ID)
            } else if owned(TECHNICAL) {
                meaning(None, 0, 0)
            } else {
                meaning(Some(kinds::OTHER_ID), UNIQUE, 0)
            }
        }
        "encounter" | "visit" | "accession" | "specimen" | "case" | "referral" | "authorization" | "user"
        | "admission" => meaning(Some(kinds::OTHER_ID), 70, hint::OTHER_ID),
        "number" | "no" | "num" if owned(&["case", "claim", "ticket", "docket", "referral", "order", "incident"]) => {
            meaning(Some(kinds::OTHER_ID), 85, hint::OTHER_ID)
        }
        "number" | "no" | "num" | "value" if !parent.is_empty() => {
            let around = whole(parent).unwrap_or_else(|| by_words(parent));
            if around.kind.is_some_and(|kind| kind != kinds::DATE) { around } else { meaning(None, 0, hint::QUANTITY) }
        }
        // A person's name where it is one: the field detector looks at the value.
        "member" | "subscriber" if column => meaning(Some(kinds::NAME), 60, hint::NAME | hint::HEALTH_PLAN),
        "patient" if column => meaning(Some(kinds::NAME), 60, hint::NAME | hint::MRN),
        "guarantor" | "spouse" | "mother" | "father" | "guardian" if column => {
            meaning(Some(kinds::NAME), 60, hint::NAME)
        }
        "employee" | "supervisor" | "sender" | "client" | "resident" | "worker" | "manager" | "caller"
        | "signature" | "recipient" | "assignee" | "requester" | "requestor" | "submitter" | "approver"
        | "reporter" | "wearer" | "enrollee" | "proband" | "decedent" | "claimant" | "speaker" | "participant"
        | "owner" => meaning(Some(kinds::NAME), 60, hint::NAME),
        // A middle initial.
        "mi" if column => meaning(Some(kinds::NAME), 91, hint::NAME),
        "provider" if column => meaning(Some(kinds::NAME_PROVIDER), 60, hint::NAME),
        // The names of people stand in columns that are called so, those of other things as well.
        "first" | "last" | "given" | "family" | "middle" if column => meaning(Some(kinds::NAME), names::LIKELY, 0),
        // Names of other things more often than of people or streets.
        "first" | "last" | "given" | "family" | "middle"
            if !(owned(&["name", "names"]) || owned(OWNERS) || owned(GIVERS)) =>
        {
            meaning(None, 0, 0)
        }
        "line1" | "line2" | "long" | "lat" if column => return whole(words),
        "mail" | "handle" | "sn" | "pan" | "fin" | "geo" | "har" | "eid" | "pid" | "sub"
            if !column && parent.is_empty() =>
        {
            meaning(None, 0, 0)
        }
        "address" if owned(&["ip", "host", "network", "remote", "server"]) => meaning(Some(kinds::IP), 80, hint::IP),
        "address" if owned(&["email", "mail", "from", "to", "cc"]) => meaning(Some(kinds::EMAIL), 90, hint::EMAIL),
        _ => return None,
    };
    Some(meaning)
}

/// A name that the tables know, with or without its owner.
fn whole(words: &[String]) -> Option<Meaning> {
    // The owner goes word by word: `patient home phone`, `home phone`, `phone`.
    let mut rest = words;
    let mut giver = false;
    loop {
        let joined = rest.concat();
        if let Some(group) = known(rest) {
            let kind = match group.kind {
                Some(kinds::NAME) if giver => Some(kinds::NAME_PROVIDER),
                kind => kind,
            };
            let shortened = rest.len() < words.len();
            // `drug first`, `client id`: too little is left.
            let thin = shortened
                && rest.len() == 1
                && has(
                    &[
                        "first", "last", "given", "family", "middle", "long", "class", "type", "mail", "alias",
                        "serial", "login",
                    ],
                    &joined,
                );
            if !thin {
                return Some(meaning(kind, group.confidence, group.hints));
            }
        }
        let (first, more) = rest.split_first()?;
        giver |= has(GIVERS, first);
        if more.is_empty() {
            return None;
        }
        if !(has(OWNERS, first) || has(GIVERS, first)) {
            // A number at the end counts columns: `phone_2`, `address_line_3`.
            let (last, head) = rest.split_last()?;
            if last.bytes().all(|byte| byte.is_ascii_digit()) && !head.is_empty() {
                rest = head;
                continue;
            }
            return None;
        }
        if more.len() == 1 && has(&["name", "nm", "id", "no", "number", "num"], more.first()?) {
            return Some(owned_short(first, more.first()?));
        }
        rest = more;
    }
}

/// The group that knows these words: as they are, written out, with another word for "number", or written together.
fn known(words: &[String]) -> Option<&'static names::Group> {
    let group = |name: &str| names::BY_NAME.get(name).copied();
    let long = written_out(words);
    if let Some(group) = group(&words.concat()).or_else(|| group(&long.concat())) {
        return Some(group);
    }
    if let [base @ .., last] = &*long
        && !base.is_empty()
        && matches!(last.as_str(), "number" | "id")
    {
        let raw = words.get(..words.len() - 1).unwrap_or_default().concat();
        let variants = [base.concat(), raw];
        return variants.iter().find_map(|base| {
            let ends = ["id", "number", "no", "num", ""];
            ends.iter().find_map(|end| group(&format!("{base}{end}")).filter(|group| is_number(group, last)))
        });
    }
    // `patlastname`, `PTDOB`.
    let [word] = words else { return None };
    const GLUED: &[&str] = &["patient", "pat", "pt", "member", "mem", "subscriber", "guarantor", "provider"];
    GLUED.iter().find_map(|owner| {
        let rest = word.strip_prefix(owner).filter(|rest| rest.len() > 2)?;
        group(rest).filter(|group| group.confidence > 90)
    })
}

/// Whether what a group holds may be called a number, or an `id`.
fn is_number(group: &names::Group, called: &str) -> bool {
    group.kind.is_some_and(|kind| match kind.main() {
        "name" | "location" | "facility" | "zip" | "date" | "age" | "url" | "image" | "biometric" => false,
        "phone" | "fax" | "email" | "ip" => called == "number",
        _ => true,
    })
}

/// `member name`, `provider id`: an owner and a word that means nothing alone.
fn owned_short(owner: &str, word: &str) -> Meaning {
    let person = has(
        &[
            "home",
            "work",
            "src",
            "source",
            "dim",
            "tbl",
            "temp",
            "my",
            "the",
            "new",
            "old",
            "primary",
            "secondary",
            "alt",
            "other",
            "billing",
            "client",
        ],
        owner,
    );
    match (has(&["name", "nm"], word), has(GIVERS, owner)) {
        (true, true) => meaning(Some(kinds::NAME_PROVIDER), 90, hint::NAME),
        (true, false) if person => meaning(Some(kinds::NAME), 60, hint::NAME),
        (true, false) => meaning(Some(kinds::NAME), 90, hint::NAME),
        (false, true) => meaning(Some(kinds::OTHER_ID), 88, hint::OTHER_ID),
        (false, false) if person => meaning(Some(kinds::OTHER_ID), UNIQUE, hint::OTHER_ID),
        (false, false) => meaning(Some(kinds::OTHER_ID), 85, hint::OTHER_ID),
    }
}

/// A name that no table knows: its last words, and words that settle it wherever they stand.
fn by_words(words: &[String]) -> Meaning {
    let any = |list: &[&str]| words.iter().any(|word| has(list, word));
    let Some(last) = words.last() else { return Meaning::default() };
    let ends = |list: &[&str]| has(list, last);
    // Codes, flags and counts first: `birth_date_status`, `phone_type`, `is_email_verified`, `city_code`.
    let first_is = |list: &[&str]| words.first().is_some_and(|word| has(list, word));
    if first_is(&["is", "has", "num", "count", "total", "n", "avg", "flag", "should", "can"]) && words.len() > 1 {
        return meaning(None, 0, hint::QUANTITY);
    }
    let postal =
        words.windows(2).any(|pair| matches!(pair, [one, two] if matches!(&**one, "postal" | "zip") && two == "code"));
    if !postal
        && ends(&[
            "code",
            "codes",
            "cd",
            "type",
            "status",
            "flag",
            "yn",
            "c",
            "category",
            "class",
            "unit",
            "units",
            "concept",
            "system",
            "version",
            "format",
            "ind",
            "indicator",
            "verified",
            "use",
            "source",
            "lang",
            "language",
        ])
        || words.windows(2).any(|pair| matches!(pair, [one, two] if one == "concept" && two == "id"))
    {
        return meaning(None, 0, hint::CODE);
    }
    if ends(&["desc", "description", "label", "title", "reason"]) {
        return meaning(None, 0, hint::CODE | hint::WORDED);
    }
    if ends(&[
        "count", "total", "amount", "qty", "quantity", "score", "days", "hours", "minutes", "seconds", "years",
        "months", "weeks", "kg", "cm", "mg", "ml", "pct", "percent", "rate", "ratio", "avg", "min", "max", "len",
        "length", "size", "dose", "limit", "offset", "index",
    ]) {
        return meaning(None, 0, hint::QUANTITY);
    }
    let strong: &[(&[&str], Kind, u8, u64)] = &[
        (&["ssn"], kinds::SSN, 95, hint::SSN),
        (&["mrn", "mrns", "empi"], kinds::MRN, 95, hint::MRN),
        (&["npi"], kinds::NPI, 94, hint::NPI),
        (&["dob", "birthdate", "birthday"], kinds::DATE, 95, hint::DATE),
        (&["email", "emails"], kinds::EMAIL, 93, hint::EMAIL),
        (&["fax"], kinds::FAX, 93, hint::FAX | hint::PHONE),
        (&["phone", "telephone", "mobile", "cellphone", "phones", "pager"], kinds::PHONE, 93, hint::PHONE),
        (&["zip", "zipcode", "zip5", "zip9", "postcode", "postalcode"], kinds::ZIP, 93, hint::ZIP | hint::LOCATION),
        (&["vin"], kinds::VEHICLE, 90, hint::VEHICLE),
        (&["csn"], kinds::OTHER_ID, 92, hint::OTHER_ID),
        (&["latitude", "longitude"], kinds::LOCATION_GEO, 90, hint::LOCATION),
        (&["firstname", "lastname", "fullname", "surname"], kinds::NAME, 93, hint::NAME),
        (&["passport"], kinds::LICENSE, 90, hint::LICENSE),
        (&["accession"], kinds::OTHER_ID, 90, hint::OTHER_ID),
    ];
    if let Some((_, kind, confidence, hints)) = strong.iter().find(|(list, ..)| any(list)) {
        return meaning(Some(*kind), *confidence, *hints);
    }
    let pair = |one: &str, two: &str| words.windows(2).any(|pair| matches!(pair, [a, b] if a == one && b == two));
    if ends(&["serial", "imei", "udi"]) || words.len() > 1 && ends(&["sn"]) {
        return meaning(Some(kinds::DEVICE), 88, hint::DEVICE);
    }
    if words.len() > 1 && ends(&["license"]) {
        return meaning(Some(kinds::LICENSE), 88, hint::LICENSE);
    }
    if words.len() > 1 && ends(&["account"]) {
        return meaning(Some(kinds::ACCOUNT), 85, hint::ACCOUNT);
    }
    if any(&["username", "userid", "userlogin"])
        || (words.len() > 1 && ends(&["login", "logon"]))
        || pair("user", "name")
        || pair("user", "id")
        || pair("login", "name")
        || pair("login", "id")
        || pair("screen", "name")
        || pair("portal", "user")
    {
        return meaning(Some(kinds::NAME_USER), 88, hint::NAME | hint::OTHER_ID);
    }
    if any(&["mac"]) && ends(&["address", "addr"]) {
        return meaning(Some(kinds::MAC), 92, hint::MAC);
    }
    if any(&["ip"]) && ends(&["address", "addr", "ip"]) {
        return meaning(Some(kinds::IP), 92, hint::IP);
    }
    if pair("postal", "code") || pair("zip", "code") {
        return meaning(Some(kinds::ZIP), 93, hint::ZIP | hint::LOCATION);
    }
    if pair("first", "name")
        || pair("last", "name")
        || pair("full", "name")
        || pair("middle", "name")
        || pair("given", "name")
        || pair("family", "name")
        || pair("maiden", "name")
        || pair("name", "first")
        || pair("name", "last")
    {
        return meaning(Some(if any(GIVERS) { kinds::NAME_PROVIDER } else { kinds::NAME }), 92, hint::NAME);
    }
    if ends(&["name", "nm", "names"]) {
        return if any(GIVERS) {
            meaning(Some(kinds::NAME_PROVIDER), 88, hint::NAME)
        } else if any(PLACES) {
            meaning(Some(kinds::FACILITY), 82, hint::FACILITY)
        } else if any(THINGS) {
            meaning(None, 0, hint::CODE)
        } else if any(OWNERS) {
            meaning(Some(kinds::NAME), 85, hint::NAME)
        } else {
            meaning(None, 0, 0)
        };
    }
    if ends(&["kin", "nok"]) || (pair("emergency", "contact") && ends(&["contact"])) {
        return meaning(Some(kinds::NAME), 88, hint::NAME);
    }
    if words.len() > 1 && ends(&["physician", "surgeon", "doctor", "md", "pcp", "practitioner", "attending", "nurse"]) {
        return meaning(Some(kinds::NAME_PROVIDER), 85, hint::NAME);
    }
    if words.len() > 1 && ends(&["provider", "clinician", "consultant", "radiologist", "therapist"]) {
        return meaning(Some(kinds::NAME_PROVIDER), 60, hint::NAME);
    }
    if words.len() > 1 && ends(&["hospital", "facility", "clinic", "pharmacy", "employer", "school"]) {
        return meaning(Some(kinds::FACILITY), 80, hint::FACILITY);
    }
    if any(OWNERS) && words.len() > 1 && ends(&["ph", "tel", "cell"]) {
        return meaning(Some(kinds::PHONE), 90, hint::PHONE);
    }
    if ends(&["address", "addr", "street"])
        || pair("address", "line")
        || pair("street", "address")
        || pair("addr", "line")
    {
        return meaning(Some(kinds::LOCATION_STREET), 88, hint::LOCATION);
    }
    if ends(&["city", "town"]) {
        return meaning(Some(kinds::LOCATION_CITY), 88, hint::LOCATION);
    }
    if ends(&["county"]) {
        return meaning(Some(kinds::LOCATION_COUNTY), 85, hint::LOCATION);
    }
    let timed = ends(&["date", "dt", "datetime", "dttm", "dtm", "timestamp", "ts", "dates"])
        || pair("date", "tm")
        || first_is(&["date"]);
    let at = words.len() > 1
        && ends(&["at", "on"])
        && words
            .iter()
            .rev()
            .nth(1)
            .is_some_and(|word| word.ends_with("ed") || has(&["seen", "given", "sent", "drawn", "born"], word));
    if timed
        || at
        || (ends(&["time"])
            && any(&[
                "admit",
                "admission",
                "discharge",
                "visit",
                "start",
                "end",
                "order",
                "result",
                "collection",
                "birth",
                "death",
                "event",
                "appt",
                "appointment",
                "admsn",
                "disch",
                "encounter",
                "arrival",
                "departure",
                "inst",
                "taken",
                "entry",
                "update",
                "create",
            ]))
    {
        return meaning(Some(kinds::DATE), 90, hint::DATE);
    }
    if ends(&["age"]) {
        return meaning(Some(kinds::AGE), 75, hint::AGE);
    }
    if ends(&["url", "website", "link"]) {
        return meaning(Some(kinds::URL), 80, hint::URL);
    }
    if ends(&["number", "id", "value"]) {
        let owned: &[(&[&str], Kind, u64)] = &[
            (&["patient", "pat", "pt", "chart", "person"], kinds::MRN, hint::MRN),
            (&["account", "acct", "invoice", "guarantor", "billing", "claim"], kinds::ACCOUNT, hint::ACCOUNT),
            (
                &[
                    "member",
                    "subscriber",
                    "policy",
                    "insurance",
                    "insured",
                    "medicare",
                    "medicaid",
                    "beneficiary",
                    "coverage",
                    "enrollee",
                ],
                kinds::HEALTH_PLAN,
                hint::HEALTH_PLAN,
            ),
            (&["license", "dl", "certificate", "certification"], kinds::LICENSE, hint::LICENSE),
            (&["dea"], kinds::DEA, hint::DEA),
            (
                &["serial", "implant", "imei", "device", "pump", "pacemaker", "equipment", "asset"],
                kinds::DEVICE,
                hint::DEVICE,
            ),
            (&["card", "cc", "credit", "debit"], kinds::CARD, hint::CARD),
            (&["social"], kinds::SSN, hint::SSN),
            (
                &[
                    "record",
                    "contact",
                    "episode",
                    "stay",
                    "document",
                    "note",
                    "report",
                    "requisition",
                    "authorization",
                    "confirmation",
                    "barcode",
                    "badge",
                    "student",
                    "user",
                    "consent",
                    "incident",
                    "encounter",
                    "visit",
                    "specimen",
                    "sample",
                    "subject",
                    "participant",
                    "case",
                    "order",
                    "rx",
                    "prescription",
                    "employee",
                    "provider",
                    "practitioner",
                    "physician",
                    "admission",
                    "enc",
                    "study",
                    "referral",
                    "prsnl",
                    "prov",
                    "appointment",
                ],
                kinds::OTHER_ID,
                hint::OTHER_ID,
            ),
        ];
        if let Some((_, kind, hints)) = owned.iter().find(|(list, ..)| any(list)) {
            return meaning(Some(*kind), 85, *hints);
        }
        if ends(&["id"]) {
            let technical = any(TECHNICAL);
            return if technical { meaning(None, 0, hint::CODE) } else { meaning(Some(kinds::OTHER_ID), UNIQUE, 0) };
        }
    }
    meaning(None, 0, 0)
}

fn meaning(kind: Option<Kind>, confidence: u8, hints: u64) -> Meaning {
    Meaning { kind, confidence, hints }
}

fn has(list: &[&str], word: &str) -> bool {
    list.contains(&word)
}

/// The words of a name in lower case: parted by signs, by case, and before numbers that follow signs.
fn words(name: &[u8]) -> Vec<String> {
    // Names are short; a key of a megabyte is data.
    let name = name.get(..name.len().min(128)).unwrap_or_default();
    let mut words: Vec<String> = Vec::new();
    let mut fresh = true;
    let name = folded(name);
    let mut chars = name.iter().copied().peekable();
    let mut prior = b' ';
    while let Some(byte) = chars.next() {
        if byte == b'#' && chars.peek().is_none() && !words.is_empty() {
            words.push("number".to_owned());
        }
        if !byte.is_ascii_alphanumeric() {
            fresh = true;
            prior = byte;
            continue;
        }
        let next_is_lower = chars.peek().is_some_and(u8::is_ascii_lowercase);
        let hump = byte.is_ascii_uppercase()
            && (prior.is_ascii_lowercase() || prior.is_ascii_digit() || (prior.is_ascii_uppercase() && next_is_lower));
        if fresh || hump {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.push(char::from(byte.to_ascii_lowercase()));
        }
        fresh = false;
        prior = byte;
    }
    words
}

/// The name with letters of ASCII for those that have signs: `Prénom`, `Dirección`.
fn folded(name: &[u8]) -> Cow<'_, [u8]> {
    if name.is_ascii() {
        return Cow::Borrowed(name);
    }
    let mut plain = Vec::with_capacity(name.len());
    for letter in String::from_utf8_lossy(name).chars() {
        let base = match letter {
            'à'..='å' | 'ā' | 'ă' | 'ą' => "a",
            'À'..='Å' => "A",
            'æ' => "ae",
            'ç' | 'ć' | 'č' => "c",
            'Ç' | 'Ć' | 'Č' => "C",
            'è'..='ë' | 'ē' | 'ę' | 'ě' => "e",
            'È'..='Ë' => "E",
            'ì'..='ï' | 'ı' => "i",
            'Ì'..='Ï' | 'İ' => "I",
            'ñ' | 'ń' | 'ň' => "n",
            'Ñ' => "N",
            'ò'..='ö' | 'ø' | 'ō' | 'ő' => "o",
            'Ò'..='Ö' | 'Ø' => "O",
            'ù'..='ü' | 'ū' | 'ů' | 'ű' => "u",
            'Ù'..='Ü' => "U",
            'ý' | 'ÿ' => "y",
            'ß' => "ss",
            'ś' | 'š' => "s",
            'Ś' | 'Š' => "S",
            'ź' | 'ż' | 'ž' => "z",
            'Ź' | 'Ż' | 'Ž' => "Z",
            'ł' => "l",
            'Ł' => "L",
            _ => {
                plain.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
                continue;
            }
        };
        plain.extend_from_slice(base.as_bytes());
    }
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests;
