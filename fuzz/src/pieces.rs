//! Pieces that make detectors and lenses stumble, and documents made of them.

use crate::input::Input;

/// Identifiers of every kind, near misses, and the words that give them away. None belongs to anybody.
pub(crate) const VALUES: &[&str] = &[
    "123-45-6789",
    "123 45 6789",
    "000-12-3456",
    "SSN: ",
    "SSN 219099999",
    "MRN: ",
    "MRN 00482913",
    "mrn#A-1234567",
    "Medical Record Number ",
    "4111 1111 1111 1111",
    "4111111111111111",
    "card ending in 1234",
    "NPI 1234567893",
    "1234567893",
    "DEA AB1234563",
    "AB1234563",
    "VIN 1HGCM82633A004352",
    "1HGCM82633A004352",
    "plate ABC-1234",
    "Member ID: XQZ123456789",
    "Acct # 99-8877-665",
    "License No. D1234567",
    "serial number SN-99Z-0017",
    "(617) 555-0134",
    "+1 617 555 0134",
    "617.555.0134 ext. 12",
    "tel:",
    "Fax: 617-555-0199",
    "555-0100",
    "john.q.public@example.org",
    "a@b.co",
    "jane dot doe at example dot com",
    "@",
    "https://example.org/patient/12345?ssn=123-45-6789#x",
    "http://",
    "www.example.com",
    "ftp://x.y",
    "192.168.10.254",
    "2001:db8::ff00:42:8329",
    "::1",
    "00:1A:2B:3C:4D:5E",
    "01/02/1934",
    "1934-01-02",
    "1934-01-02T03:04:05Z",
    "January 2, 1934",
    "2 Jan '34",
    "19340102030405",
    "Feb 30",
    "12/1999",
    "DOB ",
    "91 years old",
    "92-year-old",
    "aged 101",
    "Boston, MA 02139",
    "02139-4307",
    "12 Elm Street, Apt 4B",
    "P.O. Box 99",
    "Suffolk County",
    "42.3601, -71.0589",
    "St. Mary's Hospital",
    "Massachusetts General Hospital",
    "Mr. John Smith",
    "Dr. O'Brien",
    "Patient: Maria García-López",
    "Smith, John Q.",
    "JANE DOE",
    "Mrs",
    "Smith",
    "Maria",
    "wife Anna",
    "Nguyễn",
    "Dr.",
    "MD",
    "fingerprint ID FP-20391",
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUg",
    "photo_12345.jpg",
    "550e8400-e29b-41d4-a716-446655440000",
    "Patient/12345",
    "urn:oid:1.2.36.146.595.217.0.1",
    "user jsmith42",
    "encounter E-778812",
    "bb-ssn-1a2b3c4d5e6f7g8h9i0j",
    "[SSN]",
    "****",
    "ICD-10 E11.9",
    "LOINC 4548-4",
    "5 mg",
    "BP 120/80",
    "x",
    " ",
    "  ",
    ". ",
    ", ",
    ": ",
    "-",
    "/",
    "1-1-1-1-1-1",
    "0",
    "7",
    "99999999",
    "é",
    "e\u{301}",
    "“",
    "😀",
    "\u{a0}",
    "\u{200b}",
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "aaaa.bbbb.cccc.dddd.eeee.ffff.gggg.hhhh.iiii.jjjj.kkkk",
];

/// Names of fields that mean something, or nothing.
pub(crate) const FIELDS: &[&str] = &[
    "name",
    "family",
    "given",
    "patient_name",
    "first_name",
    "last_name",
    "ssn",
    "mrn",
    "dob",
    "birthDate",
    "phone",
    "email",
    "address",
    "zip",
    "postalCode",
    "city",
    "ip",
    "url",
    "id",
    "patient_id",
    "subject",
    "reference",
    "resourceType",
    "identifier",
    "value",
    "system",
    "code",
    "text",
    "note",
    "status",
    "amount",
    "open",
    "shut",
    "gone",
    "a",
    "",
];

/// Where text stands, which decides how a piece is spelled.
#[derive(Clone, Copy)]
pub(crate) enum Spelling {
    /// As it is.
    Plain,
    /// Inside a JSON string.
    Json,
    /// Inside a quoted cell.
    Quoted,
}

/// Some pieces one after the other: a byte says how many, and each byte which.
///
/// A byte from 0xf0 on takes raw bytes instead of a piece; what they are is the fuzzer's business.
pub(crate) fn text(input: &mut Input<'_>, spelling: Spelling, out: &mut Vec<u8>) {
    for _ in 0..input.byte() % 8 + 1 {
        let choice = input.byte();
        if choice >= 0xf0 {
            let raw = input.take(usize::from(choice & 15) + 1);
            spell(raw, spelling, 0, out);
            continue;
        }
        let piece = VALUES[usize::from(choice) % VALUES.len()];
        // Half of the choices in a JSON string escape some letters that need no escape.
        let escapes = if choice & 0x80 != 0 && matches!(spelling, Spelling::Json) { input.number() } else { 0 };
        spell(piece.as_bytes(), spelling, escapes, out);
    }
}

fn spell(bytes: &[u8], spelling: Spelling, escapes: u16, out: &mut Vec<u8>) {
    for (byte, at) in bytes.iter().copied().zip((0..16).cycle()) {
        match spelling {
            Spelling::Plain => out.push(byte),
            Spelling::Quoted if byte == b'"' => out.extend(b"\"\""),
            Spelling::Quoted => out.push(byte),
            Spelling::Json if byte.is_ascii() && (escapes >> at & 1 == 1 || byte < 0x20) => {
                out.extend(format!("\\u{byte:04x}").bytes());
            }
            Spelling::Json if matches!(byte, b'"' | b'\\') => out.extend([b'\\', byte]),
            Spelling::Json => out.push(byte),
        }
    }
}
