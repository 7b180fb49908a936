//! Elements and attributes of clinical documents in XML (C-CDA), and of FHIR in XML, by the end of their path.
//!
//! A path has local names of elements from the outermost to the innermost, and `@name` for an attribute.

use blackbar_engine::{Kind, Meaning};

use super::{column, fhir, hint};
use crate::kinds;

/// The meaning of the element or attribute at `path`, when XML vocabularies know it.
#[must_use]
pub fn of(path: &[&[u8]]) -> Option<Meaning> {
    let last = path.last()?;
    let clinical = path.first() == Some(&b"ClinicalDocument".as_slice());
    let above = path.get(..path.len() - 1)?;
    // FHIR writes the values of its elements as an attribute, and what an extension is in another.
    if !clinical {
        let meaning = match *last {
            b"@value" => fhir::of(above),
            b"@url" => fhir::of(&[above, &[b"url"]].concat()).filter(|meaning| meaning.kind.is_none()),
            _ => None,
        };
        if meaning.is_some() {
            return meaning;
        }
    }
    if let Some(rule) = RULES.iter().find(|rule| ends_with(path, rule.end)) {
        return Some(person(path, rule.meaning));
    }
    if !last.starts_with(b"@") {
        return None;
    }
    // `<Employee id="…">`: of an owner who has a number, it is that number.
    if !clinical && *last == b"@id" {
        let owned = column::of_path(&[above, &[b"id"]].concat());
        if owned.confidence >= OWNED {
            return Some(owned);
        }
    }
    if ATTRIBUTES.iter().any(|known| last.eq_ignore_ascii_case(known.as_bytes())) {
        return Some(CODED);
    }
    clinical.then(Meaning::default)
}

/// From here on the name of a field and of what is around it say that a number is somebody's.
const OWNED: u8 = 85;

/// A name's kind is that of the role around it.
fn person(path: &[&[u8]], meaning: Meaning) -> Meaning {
    let Some(kinds::NAME) = meaning.kind else { return meaning };
    let role = path.iter().rev().find_map(|name| ROLES.iter().find(|(known, _)| known.as_bytes() == *name));
    Meaning { kind: role.map_or(meaning.kind, |(_, kind)| Some(*kind)), ..meaning }
}

fn ends_with(path: &[&[u8]], end: &[&str]) -> bool {
    path.len() >= end.len() && path.iter().rev().zip(end.iter().rev()).all(|(name, known)| *name == known.as_bytes())
}

const ROLES: &[(&str, Kind)] = &[
    ("assignedPerson", kinds::NAME_PROVIDER),
    ("assignedEntity", kinds::NAME_PROVIDER),
    ("assignedAuthor", kinds::NAME_PROVIDER),
    ("intendedRecipient", kinds::NAME_PROVIDER),
    ("guardian", kinds::NAME_RELATIVE),
    ("guardianPerson", kinds::NAME_RELATIVE),
    ("relatedSubject", kinds::NAME_RELATIVE),
    ("relatedEntity", kinds::NAME_RELATIVE),
    ("patient", kinds::NAME_PATIENT),
];

struct Rule {
    end: &'static [&'static str],
    meaning: Meaning,
}

const fn sure(kind: Kind, hints: u64) -> Meaning {
    Meaning { kind: Some(kind), confidence: 96, hints }
}

const CODED: Meaning = Meaning { kind: None, confidence: 0, hints: hint::CODE };
/// A version is often a date.
const VERSION: Meaning = Meaning { kind: None, confidence: 0, hints: hint::CODE | hint::QUANTITY };
const MEASURED: Meaning = Meaning { kind: None, confidence: 0, hints: hint::QUANTITY };
const NAME: Meaning = sure(kinds::NAME, hint::NAME);
const FACILITY: Meaning = sure(kinds::FACILITY, hint::FACILITY);
const STREET: Meaning = sure(kinds::LOCATION_STREET, hint::LOCATION);
const CITY: Meaning = sure(kinds::LOCATION_CITY, hint::LOCATION);
const COUNTY: Meaning = sure(kinds::LOCATION_COUNTY, hint::LOCATION);
const ZIP: Meaning = sure(kinds::ZIP, hint::ZIP | hint::LOCATION);
const DATE: Meaning = sure(kinds::DATE, hint::DATE);
const ID: Meaning = sure(kinds::OTHER_ID, hint::OTHER_ID | hint::MRN | hint::SSN | hint::NPI);
const CONTACT: Meaning = sure(kinds::PHONE, hint::PHONE | hint::FAX | hint::EMAIL | hint::URL);

macro_rules! rules {
    ($($($key:literal)+ => $meaning:expr;)*) => { &[$(Rule { end: &[$($key),+], meaning: $meaning }),*] };
}

/// The first that fits decides; longer endings stand before the shorter ones that they refine.
static RULES: &[Rule] = rules! {
    // Identifiers; a root alone is an OID of a template or an authority.
    "patientRole" "id" "@extension" => sure(kinds::MRN, hint::MRN | hint::SSN | hint::OTHER_ID);
    "templateId" "@extension" => VERSION;
    "typeId" "@extension" => CODED;
    "id" "@extension" => ID;
    "setId" "@extension" => ID;
    // An identifier without an extension is one in itself, when it is no OID.
    "id" "@root" => Meaning { kind: Some(kinds::OTHER_ID), confidence: 50, hints: 0 };
    "setId" "@root" => Meaning { kind: Some(kinds::OTHER_ID), confidence: 50, hints: 0 };
    // Names: parts of one, or a whole.
    "name" "given" => NAME;
    "name" "family" => NAME;
    "name" "prefix" => Meaning { kind: None, confidence: 0, hints: hint::NAME };
    "name" "suffix" => Meaning { kind: None, confidence: 0, hints: hint::NAME };
    "patient" "name" => NAME;
    "assignedPerson" "name" => NAME;
    "guardianPerson" "name" => NAME;
    "associatedPerson" "name" => NAME;
    "informationRecipient" "name" => NAME;
    "relatedPerson" "name" => NAME;
    "subject" "name" => NAME;
    "maintainingPerson" "name" => NAME;
    "providerOrganization" "name" => FACILITY;
    "representedOrganization" "name" => FACILITY;
    "representedCustodianOrganization" "name" => FACILITY;
    "receivedOrganization" "name" => FACILITY;
    "scopingOrganization" "name" => FACILITY;
    "guardianOrganization" "name" => FACILITY;
    "serviceProviderOrganization" "name" => FACILITY;
    "wholeOrganization" "name" => FACILITY;
    "location" "name" => FACILITY;
    "playingEntity" "name" => CODED;
    "manufacturedMaterial" "name" => CODED;
    "manufacturerOrganization" "name" => CODED;
    // Addresses.
    "addr" "streetAddressLine" => STREET;
    "addr" "houseNumber" => STREET;
    "addr" "streetName" => STREET;
    "addr" "additionalLocator" => STREET;
    "addr" "unitID" => STREET;
    "addr" "postBox" => STREET;
    "addr" "city" => CITY;
    "addr" "county" => COUNTY;
    "addr" "precinct" => COUNTY;
    "addr" "postalCode" => ZIP;
    "addr" "censusTract" => sure(kinds::LOCATION_GEO, hint::LOCATION);
    "addr" "state" => CODED;
    "addr" "country" => CODED;
    "addr" => STREET;
    // How to reach somebody.
    "telecom" "@value" => CONTACT;
    // Times.
    "birthTime" "@value" => DATE;
    "deceasedTime" "@value" => DATE;
    "effectiveTime" "@value" => DATE;
    "effectiveTime" "low" "@value" => DATE;
    "effectiveTime" "high" "@value" => DATE;
    "effectiveTime" "center" "@value" => DATE;
    "time" "@value" => DATE;
    "time" "low" "@value" => DATE;
    "time" "high" "@value" => DATE;
    "availabilityTime" "@value" => DATE;
    "activityTime" "@value" => DATE;
    "period" "@value" => MEASURED;
    // Values of observations.
    "value" "@value" => MEASURED;
    "doseQuantity" "@value" => MEASURED;
    "rateQuantity" "@value" => MEASURED;
    "quantity" "@value" => MEASURED;
    "repeatNumber" "@value" => MEASURED;
    "versionNumber" "@value" => MEASURED;
    "low" "@value" => MEASURED;
    "high" "@value" => MEASURED;
    // Markup, not data.
    "input" "@name" => CODED;
    "meta" "@name" => CODED;
    "head" "title" => Meaning { kind: None, confidence: 0, hints: 0 };
};

/// Attributes that hold codes, names of codes, or what a program needs.
const ATTRIBUTES: &[&str] = &[
    "@root",
    "@code",
    "@codeSystem",
    "@codeSystemName",
    "@codeSystemVersion",
    "@displayName",
    "@classCode",
    "@moodCode",
    "@typeCode",
    "@use",
    "@unit",
    "@nullFlavor",
    "@schemaLocation",
    "@type",
    "@styleCode",
    "@ID",
    "@id",
    "@class",
    "@style",
    "@rel",
    "@xmlns",
    "@version",
    "@encoding",
    "@mediaType",
    "@determinerCode",
    "@contextControlCode",
    "@operator",
    "@institutionSpecified",
    "@assigningAuthorityName",
    "@lang",
    "@charset",
    "@colspan",
    "@rowspan",
    "@width",
    "@height",
    "@align",
    "@border",
    "@xsi",
    "@language",
    "@inversionInd",
    "@negationInd",
    "@listType",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(path: &str) -> Option<&'static str> {
        let names: Vec<&[u8]> = path.split('/').map(str::as_bytes).collect();
        of(&names).and_then(|meaning| meaning.kind).map(Kind::id)
    }

    #[test]
    fn elements_that_carry_identifiers_are_known() {
        let table = [
            ("ClinicalDocument/recordTarget/patientRole/id/@extension", "mrn"),
            ("ClinicalDocument/id/@extension", "other-id"),
            ("ClinicalDocument/recordTarget/patientRole/patient/name/given", "name:patient"),
            ("ClinicalDocument/recordTarget/patientRole/patient/birthTime/@value", "date"),
            ("ClinicalDocument/recordTarget/patientRole/addr/streetAddressLine", "location:street"),
            ("ClinicalDocument/recordTarget/patientRole/addr/postalCode", "zip"),
            ("ClinicalDocument/recordTarget/patientRole/telecom/@value", "phone"),
            ("ClinicalDocument/author/assignedAuthor/assignedPerson/name/family", "name:provider"),
            ("ClinicalDocument/recordTarget/patientRole/patient/guardian/guardianPerson/name/given", "name:relative"),
            ("ClinicalDocument/custodian/assignedCustodian/representedCustodianOrganization/name", "facility"),
            ("ClinicalDocument/component/section/entry/act/effectiveTime/low/@value", "date"),
            ("Patient/name/family/@value", "name"),
            ("Bundle/entry/resource/Patient/birthDate/@value", "date"),
            ("Patient/identifier/value/@value", "other-id"),
            ("Bundle/entry/resource/Patient/telecom/value/@value", "phone"),
        ];
        for (path, expected) in table {
            assert_eq!(kind(path), Some(expected), "{path}");
        }
    }

    #[test]
    fn codes_and_measures_are_no_identifiers() {
        for path in [
            "ClinicalDocument/templateId/@root",
            "ClinicalDocument/templateId/@extension",
            "ClinicalDocument/code/@code",
            "observation/value/@value",
            "html/body/div/@class",
            "ClinicalDocument/component/section/title",
            "Patient/extension/@url",
            "Observation/valueQuantity/value/@value",
        ] {
            assert_eq!(kind(path), None, "{path}");
        }
    }
}
