use super::*;
use crate::pg::frame::{frames, message};
use crate::pg::testing::{Digits, Years};

fn masked(oid: u32, modifier: i32, format: i16, decision: Decision, value: &[u8]) -> Masked {
    let mut masker = Masker {
        types: &Builtin,
        scrub: &mut Digits,
        context: Context { values: &Years, keys: None, subject: None },
        unknown: Unknown::Null,
    };
    masker.value(0, Typed { oid, modifier, format }, decision, &Bytes::copy_from_slice(value)).unwrap()
}

fn value(bytes: &[u8]) -> Masked {
    Masked::Value(Bytes::copy_from_slice(bytes))
}

const TAG: Decision = Decision::Replace { kind: Kind::new("name"), operator: Operator::Tag };
const MASK: Decision = Decision::Replace { kind: Kind::new("name"), operator: Operator::Mask };

#[test]
fn texts_take_what_the_detectors_left() {
    for oid in [25, 1043, 1042, 19, 114, 142] {
        for format in [0, 1] {
            assert_eq!(masked(oid, -1, format, Decision::Detect, b"no id"), Masked::Unchanged);
            assert_eq!(masked(oid, -1, format, Decision::Detect, b"id 77"), value(b"id [ID]"));
        }
    }
    assert_eq!(masked(3802, -1, 1, Decision::Detect, b"\x01\"7\""), value(b"\x01\"[ID]\""));
}

#[test]
fn a_column_never_grows_beyond_its_width() {
    assert_eq!(masked(1043, 4 + 6, 0, Decision::Detect, b"id 7"), value(b"id [ID"));
    assert_eq!(masked(1043, 4 + 3, 0, TAG, b"Joan"), value(b"***"));
    assert_eq!(masked(1042, 4 + 8, 1, TAG, b"Joan    "), value(b"[NAME]  "));
    assert_eq!(masked(1042, 4 + 5, 0, MASK, "Zoë  ".as_bytes()), value(b"**** "));
    assert_eq!(masked(19, -1, 0, MASK, &[b'x'; 63]), value(&[b'*'; 63]));
    assert_eq!(masked(18, -1, 0, TAG, b"x"), value(b"*"));
}

#[test]
fn a_year_of_the_old_is_no_date() {
    for (text, expected) in
        [("1935-12-31", Masked::Null), ("1936-03-05", value(b"1936-01-01")), ("0044-03-15 BC", Masked::Null)]
    {
        assert_eq!(masked(1082, -1, 0, TAG, text.as_bytes()), expected, "{text}");
    }
    assert_eq!(masked(1114, -1, 0, TAG, b"1921-12-28 10:00:00"), Masked::Null);
}

#[test]
fn other_types_are_replaced_whole_and_stay_what_they_are() {
    let both = |oid: u32, before: &[u8], after: &[u8], text: &str, wanted: &str| {
        for decision in [Decision::Detect, TAG] {
            assert_eq!(masked(oid, -1, 1, decision, before), value(after), "{oid} {decision:?}");
            assert_eq!(masked(oid, -1, 0, decision, text.as_bytes()), value(wanted.as_bytes()), "{oid} {decision:?}");
        }
    };
    both(1082, &(-4685i32).to_be_bytes(), &(-4748i32).to_be_bytes(), "1987-03-05", "1987-01-01");
    let (before, after) = (-404_784_000_000_000i64 + 5, -410_227_200_000_000i64);
    both(1114, &before.to_be_bytes(), &after.to_be_bytes(), "1987-03-05 10:00:00.5", "1987-01-01 00:00:00");
    both(1184, &before.to_be_bytes(), &after.to_be_bytes(), "1987-03-05 10:00:00+05:30", "1987-01-01 00:00:00+00");
    both(869, &[2, 32, 0, 4, 10, 0, 0, 7], &[2, 32, 0, 4, 0, 0, 0, 0], "10.0.0.7", "0.0.0.0");
    both(650, &[2, 8, 1, 4, 10, 0, 0, 0], &[2, 0, 1, 4, 0, 0, 0, 0], "10.0.0.0/8", "0.0.0.0/0");
    both(829, &[1; 6], &[0; 6], "01:01:01:01:01:01", "00:00:00:00:00:00");
    both(2950, &[1; 16], &[0; 16], "11111111-1111-1111-1111-111111111111", "00000000-0000-0000-0000-000000000000");
    both(1083, &5i64.to_be_bytes(), &[0; 8], "10:00:00", "00:00:00");
    both(1186, &[1; 16], &[0; 16], "1 day", "00:00:00");
    for (oid, bytes, text) in
        [(23, &[0, 0, 0, 7][..], "7"), (701, &1.5f64.to_be_bytes(), "1.5"), (790, &[0; 8], "$1.00")]
    {
        assert_eq!(masked(oid, -1, 1, TAG, bytes), Masked::Null);
        assert_eq!(masked(oid, -1, 0, TAG, text.as_bytes()), Masked::Null);
    }
    // In another DateStyle nobody knows which is the month.
    assert_eq!(masked(1082, -1, 0, Decision::Detect, b"05.03.1987"), Masked::Null);
    assert_eq!(masked(17, -1, 0, Decision::Detect, b"\\x3132"), Masked::Null);
    assert_eq!(masked(17, -1, 0, Decision::Detect, b"\\x6162"), Masked::Unchanged);
}

#[test]
fn arrays_and_records_are_looked_into() {
    let array = |elements: &[Option<&[u8]>], has_null: i32| {
        let mut bytes = Vec::new();
        for number in [1, has_null, 25, i32::try_from(elements.len()).unwrap(), 1] {
            bytes.extend(number.to_be_bytes());
        }
        for element in elements {
            bytes.extend(element.map_or(-1, |element| i32::try_from(element.len()).unwrap()).to_be_bytes());
            bytes.extend(element.unwrap_or_default());
        }
        bytes
    };
    let before = array(&[Some(b"a"), None, Some(b"7")], 1);
    assert_eq!(masked(1009, -1, 1, Decision::Detect, &before), value(&array(&[Some(b"a"), None, Some(b"[ID]")], 1)));
    assert_eq!(masked(1009, -1, 1, Decision::Detect, &array(&[Some(b"a")], 0)), Masked::Unchanged);
    let text = br#"{a,NULL,"b \"7\"",{x}}"#;
    assert_eq!(masked(1009, -1, 0, Decision::Detect, text), value(br#"{"a",NULL,"b \"[ID]\"",{"x"}}"#));
    assert_eq!(masked(1007, -1, 0, TAG, b"[0:1]={7,8}"), value(b"[0:1]={NULL,NULL}"));
    assert_eq!(masked(1182, -1, 0, TAG, b"{1987-03-05}"), value(b"{\"1987-01-01\"}"));
    assert_eq!(masked(1009, -1, 0, Decision::Detect, b"{a"), Masked::Null);
    assert_eq!(masked(2249, -1, 0, Decision::Detect, br#"(x,,"a ""7""",)"#), value(br#"("x",,"a \"[ID]\"",)"#));
    let record =
        |text: &[u8]| [&[0, 0, 0, 1, 0, 0, 0, 25, 0, 0, 0, u8::try_from(text.len()).unwrap()][..], text].concat();
    assert_eq!(masked(2249, -1, 1, Decision::Detect, &record(b"x7")), value(&record(b"x[ID]")));
    assert_eq!(masked(2249, -1, 1, Decision::Detect, &record(b"x")), Masked::Unchanged);
}

#[test]
fn what_nobody_knows_is_null_or_refused() {
    assert_eq!(masked(99_999, -1, 1, Decision::Detect, b"x"), Masked::Null);
    assert_eq!(masked(99_999, -1, 1, Decision::Pass, b"x"), Masked::Unchanged);
    assert_eq!(masked(99_999, -1, 0, Decision::Detect, b"x"), Masked::Unchanged);
    assert_eq!(masked(99_999, -1, 0, Decision::Detect, b"7"), Masked::Null);
    assert_eq!(masked(3912, -1, 0, Decision::Detect, b"[1987-03-05,)"), Masked::Null);
    let context = Context { values: &Years, keys: None, subject: None };
    let mut masker = Masker { types: &Builtin, scrub: &mut Digits, context, unknown: Unknown::Refuse };
    let typed = Typed { oid: 99_999, modifier: -1, format: 1 };
    assert!(masker.value(0, typed, Decision::Detect, &Bytes::from_static(b"x")).is_err());
}

#[test]
fn a_row_without_a_finding_is_the_same_memory() {
    let column = |type_oid| Column {
        name: Bytes::from_static(b"c"),
        table: 0,
        attribute: 0,
        type_oid,
        type_length: -1,
        modifier: -1,
        format: 0,
    };
    let columns = [column(25), column(23)];
    let context = Context { values: &Years, keys: None, subject: None };
    let mut masker = Masker { types: &Builtin, scrub: &mut Digits, context, unknown: Unknown::Null };
    let row = |text: &[u8]| {
        let mut body = vec![0, 2, 0, 0, 0, u8::try_from(text.len()).unwrap()];
        body.extend(text);
        body.extend([255; 4]);
        frames::<BackendFrame>(&message(b'D', &body)).pop().unwrap()
    };
    let kept = row(b"plain");
    let shown = masker.row(&columns, &[], &kept).unwrap();
    assert_eq!(shown.as_bytes().as_ptr(), kept.bytes().as_ptr());
    let changed = masker.row(&columns, &[], &row(b"id 7")).unwrap();
    assert_eq!(changed.as_bytes(), row(b"id [ID]").bytes());
    assert!(masker.row(&columns[..1], &[], &kept).is_err(), "another number of columns");
}

/// Notes what it is told of, as text.
#[derive(Default)]
struct Told(Vec<String>);

impl Told {
    fn note(&mut self, what: &str, text: &Raw) {
        let text = text.clone().danger_pass_unredacted("a test");
        self.0.push(format!("{what} {}", String::from_utf8_lossy(text.as_bytes())));
    }
}

impl Scrub for Told {
    fn scrub(&mut self, place: Place, text: Raw) -> crate::pg::Scrubbed {
        Digits.scrub(place, text)
    }

    fn replaced(&mut self, _: Place, kind: Kind, text: &Raw) {
        self.note(&format!("replaced {kind}"), text);
    }

    fn passed(&mut self, _: Place, text: &Raw) {
        self.note("passed", text);
    }
}

#[test]
fn who_scrubs_is_told_of_what_it_does_not_see_as_text_in_both_formats() {
    let mut told = Told::default();
    let mut masker = Masker {
        types: &Builtin,
        scrub: &mut told,
        context: Context { values: &Years, keys: None, subject: None },
        unknown: Unknown::Null,
    };
    let drop = Decision::Replace { kind: Kind::new("mrn"), operator: Operator::Drop };
    let keep = Decision::Replace { kind: Kind::new("mrn"), operator: Operator::Keep };
    for (oid, format, decision, value) in [
        (25, 0, TAG, b"Joan".as_slice()),
        (20, 1, drop, &[0, 0, 0, 0, 0, 0, 3, 9]),
        (23, 0, drop, b"777"),
        (20, 1, Decision::Pass, &[0, 0, 0, 0, 0, 0, 3, 9]),
        (1043, 0, keep, b"C-7"),
        // Looked at, so there is nothing to tell.
        (25, 0, Decision::Detect, b"id 7"),
    ] {
        masker.value(0, Typed { oid, modifier: -1, format }, decision, &Bytes::copy_from_slice(value)).unwrap();
    }
    assert_eq!(told.0, ["replaced name Joan", "replaced mrn 777", "replaced mrn 777", "passed 777", "passed C-7"]);
}
