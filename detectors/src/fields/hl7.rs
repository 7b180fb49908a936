//! Fields of HL7 version 2 segments: their data type says what their components hold, the table whose it is.
//!
//! A path is segment, field, component, and for the value of an OBX its declared type: `PID 5 1`, `OBX 5 2 XPN`.

use blackbar_engine::{Kind, Meaning};

use super::{INITIALS, hint};
use crate::kinds;

/// The meaning of a component, when `path` is one of HL7.
#[must_use]
pub fn of(path: &[&[u8]]) -> Option<Meaning> {
    let [segment, field, component, rest @ ..] = path else { return None };
    let is_segment =
        segment.len() == 3 && segment.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    let (field, component) = (number(field)?, number(component)?);
    let declared = match rest {
        [] => None,
        // A type is a word; what else stands there belongs to another format.
        [declared] if declared.first().is_some_and(u8::is_ascii_uppercase) => Some(*declared),
        _ => return None,
    };
    if !is_segment {
        return None;
    }
    let shape = match declared {
        Some(declared) => declared_type(declared),
        None => {
            let segment = SEGMENTS.iter().find(|(name, _)| name.as_bytes() == *segment);
            segment
                .and_then(|(_, fields)| fields.iter().find(|(numbers, _)| numbers.contains(&field)))
                .map(|(_, shape)| *shape)
        }
    };
    Some(shape.map_or_else(Meaning::default, |shape| shape.component(component)))
}

fn number(digits: &[u8]) -> Option<u16> {
    let short = (1..=4).contains(&digits.len());
    let digit = |byte: &u8| byte.is_ascii_digit().then(|| u16::from(byte - b'0'));
    short.then(|| digits.iter().try_fold(0, |sum, byte| Some(sum * 10 + digit(byte)?)))?
}

/// What a field holds.
#[derive(Clone, Copy)]
enum Shape {
    /// A number of record with check digit and authority (CX, EI, XON by their id).
    Id(Kind),
    /// The same, or a name that tells nothing.
    MaybeId(Kind),
    /// A social security number.
    Ssn,
    /// A person's name (XPN, PPN without its id).
    Name(Kind),
    /// A person by number and name (XCN, CNN).
    Person(Kind),
    /// A person by number, name, and times, in subcomponents of the first component (NDL).
    Located(Kind),
    /// An address (XAD).
    Address,
    /// A telephone number or another way to reach somebody (XTN).
    Contact,
    /// An organisation by name and number (XON).
    Organisation,
    /// Where in a house (PL).
    Place,
    /// A city or a county by name.
    Town(Kind),
    /// A date, with a time or without.
    Date,
    /// When and how often (TQ): how much, how often, how long, from when, until when.
    Timing,
    /// An hour of the day, or how long something takes.
    Quantity,
    /// A code with its text and its system.
    Code,
    /// What a house or a system is called: a short name, or a telling one.
    System,
    /// Which house sends: a telling name, or a short one.
    Sender,
    /// A locator of data elsewhere (RP).
    Pointer,
    /// Data in base 64 (ED).
    Data,
    /// Text, of which nothing is known.
    Text,
}

use Shape::{
    Address, Code, Contact, Data, Date, Id, Located, MaybeId, Name, Organisation, Person, Place, Pointer, Quantity,
    Sender, Ssn, System, Text, Timing, Town,
};

const NONE: Meaning = Meaning { kind: None, confidence: 0, hints: 0 };
const CODED: Meaning = Meaning { kind: None, confidence: 0, hints: hint::CODE };
const DATED: Meaning = sure(kinds::DATE, hint::DATE);
const HOUSE: Meaning = Meaning { kind: None, confidence: 0, hints: hint::FACILITY };

const fn sure(kind: Kind, hints: u64) -> Meaning {
    Meaning { kind: Some(kind), confidence: 96, hints }
}

impl Shape {
    fn component(self, component: u16) -> Meaning {
        match (self, component) {
            (Id(kind), 1) => sure(kind, hints_of(kind)),
            (Id(_), 4 | 6) => HOUSE,
            (Id(_), 7 | 8) | (Name(_), 12 | 13) | (Address, 13 | 14) | (Contact, 13 | 14) | (Person(_), 19 | 20) => {
                DATED
            }
            (MaybeId(kind), 1) => Meaning { confidence: 70, ..sure(kind, hints_of(kind)) },
            (Name(kind), 4) => Meaning { confidence: INITIALS, ..sure(kind, hint::NAME) },
            (Ssn, 1) => sure(kinds::SSN, hint::SSN),
            (Name(kind), 1..=3) | (Person(kind), 2..=4) => sure(kind, hint::NAME),
            (Person(_), 1) => sure(kinds::OTHER_ID, hint::OTHER_ID | hint::NPI | hint::LICENSE),
            (Person(_), 9 | 14) => HOUSE,
            // Parts of parts: which is which shows in the value.
            (Located(kind), 1) => Meaning { kind: Some(kind), confidence: 80, hints: hint::NAME | hint::NPI },
            (Located(_), 2 | 3) => DATED,
            (Address, 1 | 2) => sure(kinds::LOCATION_STREET, hint::LOCATION),
            (Address, 3) => sure(kinds::LOCATION_CITY, hint::LOCATION),
            (Address, 5) => sure(kinds::ZIP, hint::ZIP | hint::LOCATION),
            (Address, 8 | 9) => sure(kinds::LOCATION_COUNTY, hint::LOCATION),
            (Address, 10) => sure(kinds::LOCATION_GEO, hint::LOCATION),
            (Contact, 1 | 4 | 7 | 9 | 12) => sure(kinds::PHONE, hint::PHONE | hint::FAX | hint::EMAIL | hint::URL),
            (Contact, 6 | 8) => Meaning { kind: None, confidence: 0, hints: hint::PHONE },
            (Organisation, 1) => sure(kinds::FACILITY, hint::FACILITY),
            (Organisation, 3 | 10) => sure(kinds::OTHER_ID, hint::OTHER_ID | hint::NPI),
            (Organisation, 6) => HOUSE,
            (Sender, 1) => Meaning { kind: Some(kinds::FACILITY), confidence: 60, hints: hint::FACILITY },
            (Place, 1 | 4 | 7 | 9) | (System, 1) => HOUSE,
            (Place, 2 | 3) => NONE,
            (Town(kind), 1) => sure(kind, hint::LOCATION),
            (Date, _) | (Timing, 4 | 5) => DATED,
            (Timing, _) => Meaning { kind: None, confidence: 0, hints: hint::QUANTITY },
            (Quantity, _) => Meaning { kind: None, confidence: 0, hints: hint::QUANTITY },
            (Pointer, 1) => sure(kinds::URL, hint::URL | hint::OTHER_ID),
            (Data, 5) => sure(kinds::IMAGE, hint::IMAGE),
            (Text, _) => NONE,
            (System, 3) | (_, _) => CODED,
        }
    }
}

fn hints_of(kind: Kind) -> u64 {
    match kind {
        kinds::MRN => hint::MRN | hint::SSN,
        kinds::HEALTH_PLAN => hint::HEALTH_PLAN,
        kinds::ACCOUNT => hint::ACCOUNT,
        kinds::LICENSE => hint::LICENSE,
        kinds::DEVICE => hint::DEVICE,
        kinds::VEHICLE => hint::VEHICLE,
        _ => hint::OTHER_ID,
    }
}

/// What OBX-2 declares OBX-5 to be.
fn declared_type(declared: &[u8]) -> Option<Shape> {
    Some(match declared {
        b"NM" | b"SN" | b"SI" | b"MO" | b"MA" | b"NA" | b"CP" => Quantity,
        b"TQ" => Timing,
        b"CE" | b"CF" | b"CNE" | b"CWE" | b"ID" | b"IS" | b"CM" => Code,
        b"DT" | b"TS" | b"DTM" | b"DR" => Date,
        b"TM" => Quantity,
        b"PN" | b"XPN" => Name(kinds::NAME),
        b"CN" | b"XCN" | b"CNN" => Person(kinds::NAME_PROVIDER),
        b"AD" | b"XAD" => Address,
        b"TN" | b"XTN" => Contact,
        b"XON" => Organisation,
        b"CK" | b"CX" => Id(kinds::MRN),
        b"EI" => Id(kinds::OTHER_ID),
        b"RP" => Pointer,
        b"ED" => Data,
        _ => return None,
    })
}

const MRN: Shape = Id(kinds::MRN);
const OTHER: Shape = Id(kinds::OTHER_ID);
const PLAN: Shape = Id(kinds::HEALTH_PLAN);
const ACCOUNT: Shape = Id(kinds::ACCOUNT);
const LICENSE: Shape = Id(kinds::LICENSE);
const DEVICE: Shape = Id(kinds::DEVICE);
const PATIENT: Shape = Name(kinds::NAME_PATIENT);
const RELATIVE: Shape = Name(kinds::NAME_RELATIVE);
const ANYBODY: Shape = Name(kinds::NAME);
const PROVIDER: Shape = Person(kinds::NAME_PROVIDER);
const PROVIDER_NAME: Shape = Name(kinds::NAME_PROVIDER);
const CITY: Shape = Town(kinds::LOCATION_CITY);
const COUNTY: Shape = Town(kinds::LOCATION_COUNTY);

type Fields = &'static [(&'static [u16], Shape)];

/// Fields by their segment. What is not in a segment's list is read by detectors alone, as are segments of a site's own.
#[rustfmt::skip] // A table reads better in lines.
static SEGMENTS: &[(&str, Fields)] = &[
    ("MSH", &[(&[3, 5], System), (&[4, 6], Sender), (&[7], Date), (&[8, 9, 10, 11, 12, 13, 15, 16, 17, 18, 19, 20, 21], Code), (&[22, 23], Organisation), (&[24, 25], System)]),
    ("FHS", &[(&[3, 4, 5, 6], System), (&[7], Date), (&[8, 9, 11, 12], Code), (&[10], Text)]),
    ("BHS", &[(&[3, 4, 5, 6], System), (&[7], Date), (&[8, 9, 11, 12], Code), (&[10], Text)]),
    ("SFT", &[(&[1], Code), (&[2, 3, 4], Code), (&[6], Date)]),
    ("EVN", &[(&[1, 4], Code), (&[2, 3, 6], Date), (&[5], PROVIDER), (&[7], System)]),
    ("PID", &[
        (&[1], Quantity), (&[2, 3, 4], MRN), (&[5, 9], PATIENT), (&[6], RELATIVE), (&[7, 29, 33], Date),
        (&[8, 10, 15, 16, 17, 22, 24, 26, 27, 28, 30, 31, 32, 35, 36, 37, 38, 39], Code), (&[11], Address), (&[12], COUNTY),
        (&[13, 14, 40], Contact), (&[18], ACCOUNT), (&[19], Ssn), (&[20], LICENSE), (&[21], MRN), (&[23], CITY),
        (&[25], Quantity), (&[34], System),
    ]),
    ("PD1", &[(&[1, 2, 5, 6, 7, 11, 12, 15, 16, 18, 19, 20], Code), (&[3], Organisation), (&[4], PROVIDER), (&[10], MRN), (&[13, 17, 21], Date), (&[14], Organisation)]),
    ("MRG", &[(&[1, 2, 4], MRN), (&[3], ACCOUNT), (&[5, 6], OTHER), (&[7], PATIENT)]),
    ("NK1", &[
        (&[1], Quantity), (&[2], RELATIVE), (&[3, 7, 11, 14, 15, 17, 18, 19, 20, 21, 22, 23, 24, 25, 27, 28, 29, 34, 35, 36], Code), (&[4], Address),
        (&[5, 6, 40, 41], Contact), (&[8, 9, 16], Date), (&[10], Text), (&[12], OTHER), (&[13], Organisation), (&[26, 30], RELATIVE), (&[31], Contact), (&[32], Address),
        (&[33], OTHER), (&[37], Ssn), (&[38], CITY),
    ]),
    ("PV1", &[
        (&[1], Quantity), (&[2, 4, 10, 12, 13, 14, 15, 16, 18, 20, 21, 22, 24, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 51], Code),
        (&[3, 6, 11, 42, 43], Place), (&[5, 19, 50], Id(kinds::OTHER_ID)), (&[7, 8, 9, 17, 52], PROVIDER), (&[23, 26, 27, 46, 47, 48, 49], Quantity),
        (&[25, 44, 45], Date),
    ]),
    ("PV2", &[
        (&[1], Place), (&[2, 3, 4, 7, 15, 16, 18, 19, 20, 21, 22, 25, 27, 28, 30, 31, 34, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 49], Code),
        (&[5, 6, 12], Text), (&[8, 9, 14, 17, 26, 29, 33, 46, 47, 48], Date), (&[10, 11, 32], Quantity), (&[13], PROVIDER), (&[23], Organisation),
    ]),
    ("IN1", &[
        (&[1], Quantity), (&[2, 3, 15, 17, 20, 21, 22, 23, 25, 27, 31, 32, 34, 35, 38, 39, 40, 41, 42, 43, 45, 46, 47, 48], Code),
        (&[4, 11], HOUSE_NAME), (&[9, 37], MaybeId(kinds::HEALTH_PLAN)), (&[5, 19, 44], Address), (&[6, 16], ANYBODY), (&[7], Contact), (&[8, 36, 49], PLAN), (&[10], PLAN), (&[12, 13, 18, 24, 26, 28, 29], Date),
        (&[14], OTHER), (&[30], PROVIDER),
    ]),
    ("IN2", &[
        (&[1], OTHER), (&[2], Ssn), (&[3], Person(kinds::NAME)), (&[4, 5, 11, 13, 14, 15, 16, 20, 21, 23, 28, 29, 30, 31, 32], Code), (&[6], PLAN), (&[7], ANYBODY), (&[8, 25, 26], PLAN), (&[9, 22, 40, 49], ANYBODY),
        (&[10], PLAN), (&[12, 17, 18, 19], Date), (&[52], ANYBODY), (&[58], Contact), (&[61, 62], PLAN), (&[63, 64], Contact), (&[69], Organisation), (&[73, 74], Code),
    ]),
    ("IN3", &[(&[2], OTHER), (&[3, 8, 14, 25], PROVIDER), (&[6, 7, 9, 15, 17, 18], Date), (&[19, 16], Contact)]),
    ("GT1", &[
        (&[1], Quantity), (&[2, 29], OTHER), (&[3, 4], ANYBODY), (&[5, 17], Address), (&[6, 7, 18], Contact), (&[8, 13, 14, 32], Date),
        (&[9, 10, 11, 15, 20, 22, 23, 24, 25, 26, 27, 28, 30, 33, 34, 35, 36, 37, 38, 39, 40, 41, 43, 44], Code), (&[12], Ssn), (&[16, 42], ANYBODY), (&[19], OTHER), (&[21, 51], Organisation),
        (&[45], ANYBODY), (&[46], Contact), (&[52], CITY), (&[56, 57], Code),
    ]),
    ("ORC", &[
        (&[1, 5, 6, 16, 20, 25, 28, 29, 30], Code), (&[14], Contact), (&[2, 3, 4, 8], OTHER), (&[7], Timing), (&[9, 15, 27], Date), (&[10, 11, 12, 19], PROVIDER), (&[13], Place), (&[17, 18], Code),
        (&[21], Organisation), (&[22, 24], Address), (&[23], Contact), (&[31], Text),
    ]),
    ("OBR", &[
        (&[1, 9, 23, 37], Quantity), (&[27], Timing), (&[2, 3], OTHER), (&[4, 5, 11, 12, 15, 24, 25, 30, 31, 38, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49], Code), (&[6, 7, 8, 14, 22, 36], Date),
        (&[10, 16, 28], PROVIDER), (&[13, 39], Text), (&[17], Contact), (&[18, 19, 20, 21], OTHER), (&[26, 29], Code), (&[32, 33, 34, 35], Located(kinds::NAME_PROVIDER)), (&[50], Code), (&[51, 53, 54], OTHER),
    ]),
    ("OBX", &[
        (&[1], Quantity), (&[2, 3, 6, 8, 9, 10, 11, 13, 17], Code), (&[4], Quantity), (&[7], Quantity), (&[12, 14, 19], Date), (&[15], Organisation), (&[16, 25], PROVIDER), (&[18], DEVICE), (&[21], OTHER),
        (&[23], Organisation), (&[24], Address),
    ]),
    ("SPM", &[(&[1], Quantity), (&[2, 3], OTHER), (&[4, 5, 6, 7, 8, 9, 11, 15, 16, 20, 21, 22, 24, 27, 28], Code), (&[10], Text), (&[12, 25, 26], Quantity), (&[14], Text), (&[17, 18, 19], Date), (&[29, 30, 31], OTHER)]),
    ("SAC", &[(&[1, 2, 3, 4], OTHER), (&[6, 8, 9, 11], Code), (&[7], Date)]),
    ("NTE", &[(&[1], Quantity), (&[2, 4], Code), (&[3], Text), (&[5], PROVIDER), (&[6, 7, 8], Date)]),
    ("ROL", &[(&[1], OTHER), (&[2, 3, 7, 8, 9, 10], Code), (&[4], PROVIDER), (&[5, 6], Date), (&[11], Address), (&[12], Contact)]),
    ("SCH", &[
        (&[1, 2, 4, 5, 26, 27], OTHER), (&[3, 9, 10], Quantity), (&[6, 7, 8, 14, 24, 25], Code), (&[11], Timing), (&[12, 16, 20], PROVIDER), (&[13, 17, 21], Contact), (&[15, 18, 22], Address), (&[19, 23], Place),
    ]),
    ("RGS", &[(&[1], Quantity), (&[2, 3], Code)]),
    ("AIS", &[(&[1, 5, 6, 7, 8], Quantity), (&[2, 3, 9, 10], Code), (&[4], Date)]),
    ("AIG", &[(&[1, 9, 11], Quantity), (&[2, 3, 4, 5, 6, 7, 10, 12, 13, 14], Code), (&[8], Date)]),
    ("AIL", &[(&[1, 7, 8, 9, 10], Quantity), (&[2, 4, 5, 11, 12], Code), (&[3], Place), (&[6], Date)]),
    ("AIP", &[(&[1, 7, 8, 9, 10], Quantity), (&[2, 4, 5, 11, 12], Code), (&[3], PROVIDER), (&[6], Date)]),
    ("TXA", &[
        (&[1], Quantity), (&[2, 3, 17, 18, 19, 20], Code), (&[4, 6, 7, 8], Date), (&[5, 9, 10, 11, 22, 23], PROVIDER), (&[12, 13, 14, 15], OTHER), (&[16], Text), (&[21], Text),
    ]),
    ("ACC", &[(&[1, 9], Date), (&[2, 4, 5, 6], Code), (&[3], Town(kinds::LOCATION_STREET)), (&[7], PROVIDER), (&[8], Text), (&[10], Text), (&[11], Address), (&[12], OTHER)]),
    ("STF", &[
        (&[1, 2], OTHER), (&[3], PROVIDER_NAME), (&[4, 5, 7, 8, 9, 14, 16, 17, 18, 19], Code), (&[6, 12, 13, 28, 30], Date), (&[10], Contact), (&[11], Address), (&[15], Contact),
        (&[20, 22], LICENSE), (&[21], Code), (&[24], LICENSE), (&[26, 39], Code), (&[37], Code),
    ]),
    ("PRA", &[(&[1], OTHER), (&[3, 4, 5, 9, 10], Code), (&[2], Organisation), (&[6], LICENSE), (&[7, 8], Date)]),
    ("PRD", &[(&[1], Code), (&[2], PROVIDER_NAME), (&[3], Address), (&[4], Place), (&[5], Contact), (&[6], Code), (&[7], OTHER), (&[8, 9], Date), (&[10], Organisation), (&[11], Address), (&[13], Contact)]),
    ("CTD", &[(&[1], Code), (&[2], ANYBODY), (&[3], Address), (&[4], Place), (&[5], Contact), (&[6], Code), (&[7], OTHER)]),
    ("FT1", &[
        (&[1, 10, 11, 12, 15, 22], Quantity), (&[2, 3, 23], OTHER), (&[4, 5], Date), (&[6, 7, 13, 14, 17, 18, 19, 25, 26, 27, 28, 29], Code), (&[8, 9], Code), (&[16], Place), (&[20, 21, 24], PROVIDER),
    ]),
    ("DG1", &[(&[1, 11, 12, 15], Quantity), (&[2, 3, 6, 7, 8, 9, 10, 13, 14, 17, 18, 21], Code), (&[4], Text), (&[5, 19], Date), (&[16], PROVIDER), (&[20, 22], OTHER)]),
    ("DRG", &[(&[1, 3, 4, 5, 7, 8, 9], Code), (&[2], Date), (&[6, 10], Quantity)]),
    ("PR1", &[(&[1, 7, 10, 14], Quantity), (&[2, 3, 6, 9, 13, 15, 16, 17, 18, 20], Code), (&[4], Text), (&[5], Date), (&[8, 11, 12], PROVIDER), (&[19], OTHER)]),
    ("AL1", &[(&[1], Quantity), (&[2, 3, 4], Code), (&[5], Text), (&[6], Date)]),
    ("IAM", &[(&[1], Quantity), (&[2, 3, 4, 6, 9, 10, 12, 15, 16, 17], Code), (&[5], Text), (&[7], OTHER), (&[8, 11, 13, 20], Date), (&[14], Person(kinds::NAME)), (&[18], PROVIDER), (&[19], Organisation)]),
    ("RXA", &[
        (&[1, 2, 6, 12, 13], Quantity), (&[3, 4, 16, 22], Date), (&[5, 7, 8, 14, 17, 18, 19, 20, 21], Code), (&[9], Text), (&[10], PROVIDER), (&[11], Place), (&[15], Code), (&[27], Place), (&[28], Address),
    ]),
    ("RXE", &[(&[1, 3, 4, 10, 12, 16, 17, 19, 23, 25, 33], Quantity), (&[2, 5, 6, 9, 11, 20, 21, 24, 26], Code), (&[7], Text), (&[13, 14], PROVIDER), (&[15], OTHER), (&[18, 32], Date), (&[8], Place)]),
    ("RXO", &[(&[2, 3, 11, 12, 13, 18, 19], Quantity), (&[1, 4, 5, 9, 10, 16, 17, 20, 21, 23, 24], Code), (&[6, 7], Text), (&[14, 15], PROVIDER), (&[8], Place)]),
    ("RXD", &[
        (&[1, 4, 8, 12, 16, 17, 21, 23], Quantity), (&[2, 5, 6, 11, 14, 15, 20, 22, 24, 25, 26, 27, 28], Code), (&[3, 19], Date), (&[7], OTHER), (&[9], Text), (&[10], PROVIDER), (&[13], Place), (&[18], Code),
    ]),
    ("RXG", &[(&[1, 2, 5, 6, 7, 14, 15, 16, 17, 23], Quantity), (&[3], Timing), (&[4, 8, 9, 10, 12, 18, 21, 22, 24, 25], Code), (&[11], Place), (&[13], Text), (&[19], Code), (&[20], Date)]),
    ("CON", &[(&[1], Quantity), (&[2, 3, 5, 9, 10, 11, 12, 16], Code), (&[4, 8], Text), (&[13, 14, 15], Date), (&[24], Person(kinds::NAME))]),
    ("PDA", &[(&[1, 3, 8], Code), (&[2], Place), (&[4, 6, 7], Date), (&[5], PROVIDER), (&[9], Organisation)]),
    ("AUT", &[(&[1, 5, 7, 8], Code), (&[2, 3], HOUSE_NAME), (&[4, 9, 10], Date), (&[6], OTHER)]),
    ("RF1", &[(&[1, 2, 3, 4, 5, 10], Code), (&[6, 11], OTHER), (&[7, 8, 9], Date)]),
    ("DB1", &[(&[1], Quantity), (&[2, 4], Code), (&[3], OTHER), (&[5, 6, 7, 8], Date)]),
    ("RXR", &[(&[1, 2, 3, 4, 5, 6], Code)]),
    ("MSA", &[(&[1, 2, 4, 5, 6], Code), (&[3], Text)]),
    ("QRD", &[(&[1, 6], Date), (&[2, 3, 4, 5, 7, 9, 10], Code), (&[8], PATIENT_ID)]),
    ("QAK", &[(&[1, 2, 3], Code)]),
    ("QPD", &[(&[1, 2], Code)]),
    ("ARV", &[(&[1, 2, 3, 4], Code)]),
    ("UB2", &[(&[2, 3, 4, 5, 6, 7], Quantity), (&[8, 9, 10, 11, 12, 15], Code), (&[13, 14, 16, 17], Text)]),
];

/// Who is paid, or employs: rarely somebody whom it names.
const HOUSE_NAME: Shape = Text;
/// A number with names behind it.
const PATIENT_ID: Shape = Person(kinds::NAME_PATIENT);

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(path: &str) -> Option<&'static str> {
        let names: Vec<&[u8]> = path.split('.').map(str::as_bytes).collect();
        of(&names).and_then(|meaning| meaning.kind).map(Kind::id)
    }

    #[test]
    fn fields_that_hold_identifiers_are_known() {
        let table = [
            ("PID.3.1", "mrn"),
            ("PID.5.1", "name:patient"),
            ("PID.5.2", "name:patient"),
            ("PID.6.1", "name:relative"),
            ("PID.7.1", "date"),
            ("PID.11.1", "location:street"),
            ("PID.11.3", "location:city"),
            ("PID.11.5", "zip"),
            ("PID.13.1", "phone"),
            ("PID.18.1", "account"),
            ("PID.19.1", "ssn"),
            ("PID.20.1", "license"),
            ("NK1.2.1", "name:relative"),
            ("PV1.7.1", "other-id"),
            ("PV1.7.2", "name:provider"),
            ("PV1.19.1", "other-id"),
            ("PV1.44.1", "date"),
            ("IN1.36.1", "health-plan"),
            ("IN1.9.1", "health-plan"),
            ("PID.5.4", "name:patient"),
            ("IN1.16.1", "name"),
            ("GT1.12.1", "ssn"),
            ("ORC.2.1", "other-id"),
            ("OBR.16.3", "name:provider"),
            ("OBX.14.1", "date"),
            ("OBX.5.1.XPN", "name"),
            ("OBX.5.1.DT", "date"),
            ("OBX.5.5.ED", "image"),
            ("ZZZ.5.1.XAD", "location:street"),
        ];
        for (path, expected) in table {
            assert_eq!(kind(path), Some(expected), "{path}");
        }
    }

    #[test]
    fn codes_and_text_are_no_identifiers() {
        for path in [
            "MSH.10.1",
            "PID.8.1",
            "OBX.3.1",
            "OBX.5.1.CE",
            "DG1.3.2",
            "PID.3.5",
            "NTE.3.1",
            "ZPD.1.1",
            "PID.1.1",
            "OBX.5.1.TX",
        ] {
            assert_eq!(kind(path), None, "{path}");
        }
        assert!(of(&[b"PID", b"x", b"1"]).is_none() && of(&[b"name", b"1", b"1"]).is_none());
    }

    #[test]
    fn a_field_is_listed_once() {
        for (segment, fields) in SEGMENTS {
            let mut numbers: Vec<u16> = fields.iter().flat_map(|(numbers, _)| numbers.iter().copied()).collect();
            let all = numbers.len();
            numbers.sort_unstable();
            numbers.dedup();
            assert_eq!(numbers.len(), all, "{segment}");
        }
    }
}
