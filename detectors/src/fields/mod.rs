//! What a field of a format means: a column name, a JSON key, a FHIR path, an HL7 field, an element of XML or X12.

pub mod answers;
pub mod ccda;
pub mod column;
pub mod fhir;
pub mod hl7;
pub mod logs;
mod names;
pub mod table;
pub mod x12;

use blackbar_engine::{Fields, Kind, Lexicon, Meaning, Standing};

use crate::kinds;

pub(crate) use self::names::{INITIALS, LIKELY};

/// What the built-in tables know: FHIR and C-CDA elements, HL7 fields and X12 elements by their path, everything else by
/// the names of columns and keys.
#[derive(Clone, Copy, Debug, Default)]
pub struct BuiltIn;

impl Fields for BuiltIn {
    fn meaning(&self, path: &[&[u8]]) -> Meaning {
        if let Some(below) = answers::inside(path) {
            return answers::of(below).unwrap_or_else(|| self.meaning(below));
        }
        let known = hl7::of(path).or_else(|| x12::of(path)).or_else(|| ccda::of(path)).or_else(|| fhir::of(path));
        known.unwrap_or_else(|| match path {
            [around @ .., last] if last.starts_with(b"@") => {
                let mut path = around.to_vec();
                path.push(last.get(1..).unwrap_or_default());
                column::of_path(&path)
            }
            _ => column::of_path(path),
        })
    }

    fn columns(&self, rows: &[Vec<Vec<u8>>], lexicon: &Lexicon) -> Vec<Meaning> {
        table::columns(rows, lexicon)
    }

    fn in_line(&self, path: &[&[u8]]) -> Standing {
        logs::standing(path)
    }

    fn may_hold_files(&self, meaning: &Meaning) -> bool {
        meaning.kind.is_none_or(|kind| kind == kinds::IMAGE)
    }

    fn opaque(&self, head: &[u8]) -> Option<Kind> {
        Some(logs::opaque(head))
    }
}

/// Families of context that a field's name gives. A detector that would refuse a weak pattern in free text takes it in
/// a field whose name has its bit.
pub mod hint {
    macro_rules! hints {
        ($($(#[$doc:meta])* $name:ident = $bit:literal),* $(,)?) => { $($(#[$doc])* pub const $name: u64 = 1 << $bit;)* };
    }
    hints! {
        /// Names of people.
        NAME = 0,
        /// Street addresses, cities, counties.
        LOCATION = 1,
        /// Organisations that give care.
        FACILITY = 2,
        /// ZIP codes.
        ZIP = 3,
        /// Dates.
        DATE = 4,
        /// Ages.
        AGE = 5,
        /// Telephone numbers.
        PHONE = 6,
        /// Fax numbers.
        FAX = 7,
        /// E-mail addresses.
        EMAIL = 8,
        /// Social security numbers.
        SSN = 9,
        /// Medical record numbers.
        MRN = 10,
        /// Health plan beneficiary numbers.
        HEALTH_PLAN = 11,
        /// Account numbers.
        ACCOUNT = 12,
        /// Payment cards.
        CARD = 13,
        /// Certificates and licences.
        LICENSE = 14,
        /// National provider identifiers.
        NPI = 15,
        /// Drug Enforcement Administration numbers.
        DEA = 16,
        /// Vehicles and plates.
        VEHICLE = 17,
        /// Devices and serial numbers.
        DEVICE = 18,
        /// Web addresses.
        URL = 19,
        /// Network addresses.
        IP = 20,
        /// Hardware addresses.
        MAC = 21,
        /// Biometric identifiers.
        BIOMETRIC = 22,
        /// Photographs and other images.
        IMAGE = 23,
        /// Other unique identifiers: encounters, accessions, subjects, user names.
        OTHER_ID = 24,
        /// A code of a terminology (ICD, LOINC, SNOMED, a code-system URI): never an identifier.
        CODE = 25,
        /// A measurement, a dose, a count: not an identifier.
        QUANTITY = 26,
        /// With the two before: in words, among which anything may be said.
        WORDED = 27,
    }
}
