//! Elements of X12 segments: claims, remittances, eligibility.
//!
//! A path is segment, qualifier, element, component. The qualifier is the entity of the loop (`IL`; with its type for
//! NM1: `IL/1`), or the code that the segment begins with.

use blackbar_engine::{Kind, Meaning};

use super::hint;
use crate::kinds;

/// The meaning of an element, when `path` is one of X12.
#[must_use]
pub fn of(path: &[&[u8]]) -> Option<Meaning> {
    let [segment, qualifier, element, component] = path else { return None };
    let is_segment = (2..=3).contains(&segment.len())
        && segment.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        && element.len() >= 2
        && element.iter().chain(*component).all(u8::is_ascii_digit);
    is_segment.then(|| meaning(segment, qualifier, element, component))
}

fn meaning(segment: &[u8], qualifier: &[u8], element: &[u8], component: &[u8]) -> Meaning {
    match (segment, element) {
        (b"NM1", _) => name(qualifier, element),
        (b"N1", b"02") => organisation(qualifier),
        (b"N1", b"04") if is_person(qualifier) => ID,
        (b"N1", b"04") if !is_payer(qualifier) => sure(kinds::NPI, hint::NPI | hint::OTHER_ID | hint::SSN),
        // Where a payer sits tells of nobody.
        (b"N3" | b"N4", _) if is_payer(qualifier) => Meaning::default(),
        (b"N2", b"01" | b"02") if is_person(qualifier) => NAME,
        (b"N3", b"01" | b"02") => sure(kinds::LOCATION_STREET, hint::LOCATION),
        (b"N4", b"01") => sure(kinds::LOCATION_CITY, hint::LOCATION),
        (b"N4", b"03") => sure(kinds::ZIP, hint::ZIP | hint::LOCATION),
        // A county by name or number, where one is said.
        (b"N4", b"06") => sure(kinds::LOCATION_COUNTY, hint::LOCATION),
        // Whose premium is paid, and under which policy.
        (b"ENT", b"04") => ID,
        (b"RMR", b"02") => sure(kinds::HEALTH_PLAN, hint::HEALTH_PLAN | hint::OTHER_ID),
        (b"PER", b"02") => NAME,
        (b"PER", b"04" | b"06" | b"08") => sure(kinds::PHONE, hint::PHONE | hint::FAX | hint::EMAIL | hint::URL),
        (b"DMG", b"02") => DATE,
        (b"REF", b"02") => reference(qualifier),
        (b"DTP", b"03") | (b"DTM", b"02" | b"05" | b"06") => DATE,
        (b"BHT", b"04") | (b"BPR", b"16") | (b"GS", b"04") | (b"ISA", b"09") | (b"PAT", b"06") => DATE,
        (b"BHT", b"03") | (b"TRN", b"02") => sure(kinds::OTHER_ID, hint::OTHER_ID),
        // Banks by their routing numbers, and accounts there.
        (b"BPR", b"07" | b"09" | b"13" | b"15") => sure(kinds::ACCOUNT, hint::ACCOUNT),
        (b"CLM", b"01") | (b"CLP", b"01" | b"07") => sure(kinds::ACCOUNT, hint::ACCOUNT | hint::OTHER_ID),
        (b"SBR", b"03") => sure(kinds::HEALTH_PLAN, hint::HEALTH_PLAN),
        (b"INS", b"12") => DATE,
        (b"BGN", b"02" | b"06") => sure(kinds::OTHER_ID, hint::OTHER_ID),
        (b"BGN", b"03") => DATE,
        // The number of what is sent along, and who adjusts payments, by which references.
        (b"PWK", b"06") => sure(kinds::OTHER_ID, hint::OTHER_ID),
        (b"PLB", b"01") => sure(kinds::NPI, hint::NPI | hint::OTHER_ID | hint::SSN),
        (b"PLB", b"03" | b"05" | b"07" | b"09" | b"11" | b"13") if component == b"2" => {
            sure(kinds::OTHER_ID, hint::OTHER_ID)
        }
        (b"COB", b"02") => sure(kinds::HEALTH_PLAN, hint::HEALTH_PLAN),
        // When a procedure was done, an occurrence happened.
        (b"HI", _) if component == b"4" => DATE,
        (b"NTE" | b"MSG" | b"K3", _) | (b"SBR", b"04") => Meaning::default(),
        (b"HI" | b"SVC" | b"SV1" | b"SV2" | b"SV3" | b"PRV" | b"HL" | b"LX" | b"CAS" | b"AMT" | b"QTY" | b"EB", _) => {
            CODED
        }
        (b"ISA" | b"GS" | b"GE" | b"IEA" | b"ST" | b"SE" | b"BHT" | b"PWK" | b"CN1" | b"OI" | b"MOA" | b"MIA", _) => {
            CODED
        }
        (b"PLB", b"02") => DATE,
        _ if component != b"1" || element == b"01" => CODED,
        _ => Meaning::default(),
    }
}

const CODED: Meaning = Meaning { kind: None, confidence: 0, hints: hint::CODE };
const NAME: Meaning = sure(kinds::NAME, hint::NAME);
const DATE: Meaning = sure(kinds::DATE, hint::DATE);
const ID: Meaning = sure(kinds::OTHER_ID, hint::OTHER_ID | hint::SSN);

const fn sure(kind: Kind, hints: u64) -> Meaning {
    Meaning { kind: Some(kind), confidence: 96, hints }
}

/// Entities that are people, and what they are.
const PEOPLE: &[(&str, Kind)] = &[
    ("IL", kinds::NAME_PATIENT),
    ("QC", kinds::NAME_PATIENT),
    ("74", kinds::NAME_PATIENT),
    ("03", kinds::NAME_RELATIVE),
    ("GB", kinds::NAME),
    ("S1", kinds::NAME_RELATIVE),
    ("E1", kinds::NAME),
    ("EI", kinds::NAME),
    ("QD", kinds::NAME),
    ("LG", kinds::NAME_RELATIVE),
    ("6Y", kinds::NAME),
];

/// Entities that pay, send and receive.
const PAYERS: &[&str] = &["PR", "40", "41", "TT", "GW", "IN", "AC", "P5", "IN", "TV", "BO"];

fn is_payer(entity: &[u8]) -> bool {
    PAYERS.iter().any(|known| known.as_bytes() == entity)
}

fn is_person(entity: &[u8]) -> bool {
    PEOPLE.iter().any(|(known, _)| known.as_bytes() == entity)
}

fn name(qualifier: &[u8], element: &[u8]) -> Meaning {
    let (entity, sort) = qualifier.iter().position(|byte| *byte == b'/').map_or((qualifier, &b""[..]), |at| {
        (qualifier.get(..at).unwrap_or_default(), qualifier.get(at + 1..).unwrap_or_default())
    });
    let payer = is_payer(entity);
    let person = PEOPLE.iter().find(|(known, _)| known.as_bytes() == entity).map(|(_, kind)| *kind);
    match element {
        b"03" if sort == b"2" => organisation(entity),
        b"03" | b"04" | b"05" => sure(person.unwrap_or(kinds::NAME_PROVIDER), hint::NAME),
        b"09" if payer => CODED,
        b"09" if person.is_some() => sure(kinds::HEALTH_PLAN, hint::HEALTH_PLAN | hint::MRN | hint::SSN),
        b"09" => sure(kinds::NPI, hint::NPI | hint::OTHER_ID | hint::SSN),
        _ => CODED,
    }
}

/// Who pays is no house of care.
fn organisation(entity: &[u8]) -> Meaning {
    if is_payer(entity) {
        return Meaning::default();
    }
    sure(kinds::FACILITY, hint::FACILITY)
}

/// REF-02 by REF-01.
fn reference(qualifier: &[u8]) -> Meaning {
    match qualifier {
        b"SY" => sure(kinds::SSN, hint::SSN),
        b"EA" | b"MRN" => sure(kinds::MRN, hint::MRN),
        b"0B" | b"1G" | b"XZ" => sure(kinds::LICENSE, hint::LICENSE),
        b"1L" | b"IG" | b"1W" | b"0F" | b"F6" | b"N6" | b"18" | b"6P" | b"NQ" | b"HJ" | b"Q4" | b"49" | b"23" => {
            sure(kinds::HEALTH_PLAN, hint::HEALTH_PLAN)
        }
        b"EJ" | b"D9" | b"F8" | b"1K" | b"Y4" | b"X4" | b"PQ" | b"CE" => {
            sure(kinds::ACCOUNT, hint::ACCOUNT | hint::OTHER_ID)
        }
        b"EI" | b"TJ" | b"G1" | b"9F" | b"6R" | b"G2" | b"LU" | b"1C" | b"1D" | b"BT" | b"EO" | b"G3" | b"EV"
        | b"F4" | b"9A" | b"9B" | b"9C" | b"9D" | b"P4" | b"2U" | b"BLT" => {
            sure(kinds::OTHER_ID, hint::OTHER_ID | hint::SSN)
        }
        b"VY" | b"VIN" => sure(kinds::VEHICLE, hint::VEHICLE),
        b"SE" => sure(kinds::DEVICE, hint::DEVICE),
        b"TPO" | b"87" | b"ZZ" | b"" => CODED,
        _ => Meaning { kind: None, confidence: 0, hints: hint::OTHER_ID },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(path: &str) -> Option<&'static str> {
        let names: Vec<&[u8]> = path.split(' ').map(str::as_bytes).collect();
        of(&names).and_then(|meaning| meaning.kind).map(Kind::id)
    }

    #[test]
    fn elements_that_hold_identifiers_are_known() {
        let table = [
            ("NM1 IL/1 03 1", Some("name:patient")),
            ("NM1 QC/1 04 1", Some("name:patient")),
            ("NM1 82/1 03 1", Some("name:provider")),
            ("NM1 85/2 03 1", Some("facility")),
            ("NM1 PR/2 03 1", None),
            ("NM1 IL/1 09 1", Some("health-plan")),
            ("NM1 82/1 09 1", Some("npi")),
            ("NM1 IL/1 08 1", None),
            ("N3 IL 01 1", Some("location:street")),
            ("N4 IL 03 1", Some("zip")),
            ("N4 IL 02 1", None),
            ("DMG IL 02 1", Some("date")),
            ("REF SY 02 1", Some("ssn")),
            ("REF 87 02 1", None),
            ("DTP 472 03 1", Some("date")),
            ("PER IC 04 1", Some("phone")),
            ("CLM A1 01 1", Some("account")),
            ("HI ABK 01 2", None),
            ("BHT 0019 03 1", Some("other-id")),
            ("N3 PR 01 1", None),
            ("N1 PE 04 1", Some("npi")),
            ("SVC HC 01 2", None),
            ("PLB x 01 1", Some("npi")),
            ("PLB x 03 1", None),
            ("PLB x 03 2", Some("other-id")),
            ("PLB x 04 1", None),
            ("BGN 00 02 1", Some("other-id")),
            ("BGN 00 03 1", Some("date")),
            ("PWK OZ 06 1", Some("other-id")),
            ("PWK OZ 02 1", None),
            ("BPR I 07 1", Some("account")),
            ("BPR I 06 1", None),
            ("COB P 02 1", Some("health-plan")),
        ];
        for (path, expected) in table {
            assert_eq!(kind(path), expected, "{path}");
        }
        assert!(of(&[b"name", b"a", b"01", b"1"]).is_none());
    }
}
