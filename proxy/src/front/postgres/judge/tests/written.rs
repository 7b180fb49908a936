//! Values that may be replacements are not written over what they stand for, whatever their type and however they come.

use blackbar_wire::pg::value::{Builtin, Destination, may_stand_for_others};

use super::wayback::{bound, token};
use super::*;

/// A column, a replacement as text and in binary, and a value that is none.
type Case = (&'static str, &'static str, Vec<u8>, &'static str, Vec<u8>);

/// Columns of `clinical.visits` and `clinical.beds`.
fn values() -> Vec<Case> {
    let day = |days: i32| days.to_be_bytes().to_vec();
    let moment = |days: i64, micros: i64| (days * 86_400_000_000 + micros).to_be_bytes().to_vec();
    let (new_year, april) = (-14_244, -14_152);
    let inet = |last: [u8; 4]| [&[2, 32, 0, 4][..], &last].concat();
    vec![
        ("born", "1961-01-01", day(new_year), "1961-04-03", day(april)),
        ("seen", "1961-01-01 00:00:00", moment(-14_244, 0), "1961-01-01 09:30:01", moment(-14_244, 34_201_000_000)),
        (
            "stamp",
            "1961-01-01 00:00:00+00",
            moment(-14_244, 0),
            "1961-04-03 10:00:00+00",
            moment(-14_152, 36_000_000_000),
        ),
        ("at", "00:00:00", vec![0; 8], "09:30:00", 34_200_000_000_i64.to_be_bytes().to_vec()),
        (
            "guid",
            "00000000-0000-0000-0000-000000000000",
            vec![0; 16],
            "8c0f2f5e-2f0b-4a57-9d3b-2b8f6f3c1a77",
            vec![0x4a; 16],
        ),
        ("host", "0.0.0.0", inet([0; 4]), "10.0.0.7", inet([10, 0, 0, 7])),
        ("mac", "00:00:00:00:00:00", vec![0; 6], "08:00:2b:01:02:03", vec![8, 0, 0x2b, 1, 2, 3]),
    ]
}

fn forbidden(judged: &Judged) -> Option<&'static str> {
    reading_as(&labels(), |reads| judged.forbidden(reads)).map(|report| report.code)
}

/// As [`bound`], with the table and its schema.
fn sets(table: &str, column: &str, format: i16, value: &[u8]) -> Option<&'static str> {
    let text = format!("UPDATE {table} SET {column} = $1 WHERE id = 1");
    forbidden(&bound(&text, format, &[Some(Bytes::copy_from_slice(value))]).unwrap())
}

#[test]
fn parameters_are_judged_by_their_type_in_text_and_binary() {
    // The one is labelled, the other is looked at.
    for table in ["visits", "beds"] {
        for (column, text, binary, other_text, other_binary) in values() {
            assert_eq!(sets(table, column, 0, text.as_bytes()), Some("42501"), "{table}.{column} = {text}");
            assert_eq!(sets(table, column, 1, &binary), Some("42501"), "{table}.{column} = {text} in binary");
            assert_eq!(sets(table, column, 0, other_text.as_bytes()), None, "{table}.{column} = {other_text}");
            assert_eq!(sets(table, column, 1, &other_binary), None, "{table}.{column} = {other_text} in binary");
        }
    }
}

#[test]
fn constants_are_judged_by_the_column_that_they_are_for() {
    for table in ["visits", "beds"] {
        for (column, text, _, other, _) in values() {
            for write in [
                format!("UPDATE {table} SET {column} = '{text}' WHERE id = 1"),
                format!("UPDATE {table} SET {column} = $x${text}$x$ WHERE id = 1"),
                format!("UPDATE {table} SET ({column}, id) = ('{text}', 2) WHERE id = 1"),
                format!("UPDATE {table} t SET {column} = v.x FROM (VALUES (1, '{text}')) v(id, x) WHERE v.id = t.id"),
                format!(
                    "INSERT INTO {table} (id, {column}) VALUES (1, '{text}') ON CONFLICT (id) DO UPDATE SET {column} = EXCLUDED.{column}"
                ),
                format!(
                    "MERGE INTO {table} t USING (VALUES (1, '{text}')) v(id, x) ON v.id = t.id WHEN MATCHED THEN UPDATE SET {column} = v.x"
                ),
            ] {
                assert_eq!(forbidden(&one(&write)), Some("42501"), "{write}");
                let harmless = write.replace(text, other);
                assert_eq!(forbidden(&one(&harmless)), None, "{harmless}");
            }
            // A new row takes the place of nothing; what is labelled is not told by it either.
            let insert = format!("INSERT INTO {table} (id, {column}) VALUES (1, '{text}')");
            assert_eq!(forbidden(&one(&insert)).is_some(), table == "visits", "{insert}");
        }
    }
}

#[test]
fn what_a_prepared_statement_is_executed_with_is_judged() {
    for (column, text, _, other, _) in values() {
        for (value, expected) in [(text, Some("42501")), (other, None)] {
            let mut judge = judge();
            ask(&mut judge, &format!("PREPARE u AS UPDATE beds SET {column} = $1 WHERE id = $2")).unwrap();
            let judged = ask(&mut judge, &format!("EXECUTE u('{value}', 1)")).unwrap();
            assert_eq!(forbidden(&judged), expected, "{column} = {value}");
        }
    }
    let mut judge = judge();
    ask(&mut judge, "PREPARE u AS UPDATE patients SET mrn = $1 WHERE id = $2").unwrap();
    for value in ["[MRN]".to_owned(), "***".to_owned(), token("C1234567")] {
        let report = ask(&mut judge, &format!("EXECUTE u('{value}', 1)")).map(|_| ()).unwrap_err();
        assert_eq!(report.code, "42501", "{value}");
    }
}

#[test]
fn what_looks_like_any_other_value_is_not_written_over_one() {
    // No token is a number or fits into twelve letters: what is seen there has the shape of the value.
    assert_eq!(sets("visits", "account", 1, &4711_i32.to_be_bytes()), Some("42501"));
    assert_eq!(sets("visits", "account", 0, b"4711"), Some("42501"));
    assert_eq!(sets("visits", "card", 0, b"C7654321"), Some("42501"));
    assert_eq!(sets("patients", "mrn", 0, b"C7654321"), None, "a token would have room there");
    assert_eq!(sets("visits", "words", 0, b"any"), Some("42501"));
    assert_eq!(forbidden(&one("INSERT INTO visits (id, account) VALUES (1, 4711)")), None);
    // By what the detectors find where nothing is labelled.
    assert_eq!(sets("beds", "words", 0, b"219-09-9999"), Some("42501"));
    assert_eq!(sets("beds", "words", 0, b"plain"), None);
    // Derived from a value under a key.
    let derived = "8c0f2f5e-2f0b-8a57-9d3b-2b8f6f3c1a77";
    assert_eq!(sets("visits", "guid", 0, derived.as_bytes()), Some("42501"));
}

#[test]
fn what_is_left_of_a_value_is_not_written_over_it() {
    for table in ["visits", "beds"] {
        for (column, value, expected) in [
            ("zip", "902", Some("42501")),
            ("zip", "90210", None),
            ("dob", "1961", Some("42501")),
            ("dob", "90+", Some("42501")),
            ("dob", "1961-04-03", None),
            ("days", "{1961-04-03,1961-01-01}", Some("42501")),
            ("days", "{1961-04-03}", None),
        ] {
            assert_eq!(sets(table, column, 0, value.as_bytes()), expected, "{table}.{column} = {value}");
        }
    }
    // A tag that found no room, and a short mask.
    for value in ["see Dr [NAME", "**", "id bb-mrn-4f"] {
        assert_eq!(sets("beds", "card", 0, value.as_bytes()), Some("42501"), "{value}");
    }
    assert_eq!(sets("beds", "card", 0, b"Dr [ok] fine"), None);
}

#[test]
fn null_is_not_written_where_a_value_may_have_been_read_as_null() {
    let null = |table: &str, column: &str| {
        let text = format!("UPDATE {table} SET {column} = $1 WHERE id = 1");
        forbidden(&bound(&text, 1, &[None]).unwrap())
    };
    for (table, column, expected) in [
        ("visits", "account", Some("42501")),
        ("visits", "guid", Some("42501")),
        ("beds", "account", Some("42501")),
        ("beds", "born", Some("42501")),
        ("beds", "seen", None),
        ("beds", "words", None),
        ("beds", "guid", None),
    ] {
        assert_eq!(null(table, column), expected, "{table}.{column}");
        let text = format!("UPDATE {table} SET {column} = NULL WHERE id = 1");
        assert_eq!(forbidden(&one(&text)), expected, "{text}");
    }
    assert_eq!(forbidden(&one("INSERT INTO beds (id, account) VALUES (1, NULL)")), None);
}

#[test]
fn nothing_is_forbidden_where_nothing_is_hidden() {
    let plain = Arc::new(Labels::default());
    for (column, text, ..) in values() {
        let judged = one(&format!("UPDATE beds SET {column} = '{text}' WHERE id = 1"));
        let seen_as_it_is = |reads: &Reads<'_>| judged.forbidden(&Reads { detects: false, ..*reads });
        assert!(reading_as(&plain, seen_as_it_is).is_none(), "{column} = {text}");
        let kept = Labels::new([("clinical.beds.*", Operator::Keep)]);
        assert!(reading_as(&kept, |reads| judged.forbidden(reads)).is_none(), "{column} = {text}");
    }
}

#[test]
fn cells_that_are_copied_in_are_judged_by_their_column() {
    let copied = |column: &str, format: &str, value: &[u8], resolves: bool| {
        let binary = format == "binary";
        let judged = one(&format!("COPY visits ({column}) FROM STDIN (FORMAT {format})"));
        let plan = judged.outline.plan(&labels()).statement(0).copy.unwrap();
        let value = Bytes::copy_from_slice(value);
        reading_as(&labels(), |reads| cell(plan.columns.first(), binary, &value, resolves, reads))
    };
    for (column, text, binary, other_text, other_binary) in values() {
        for (format, value, other) in [
            ("text", text.as_bytes(), other_text.as_bytes()),
            ("csv", text.as_bytes(), other_text.as_bytes()),
            ("binary", &binary[..], &other_binary[..]),
        ] {
            assert_eq!(copied(column, format, value, true).unwrap_err().code, "42501", "{column} {format}");
            assert_eq!(copied(column, format, other, true).unwrap(), other, "{column} {format}");
        }
    }
    let original = token("C1234567");
    for format in ["text", "csv", "binary"] {
        assert_eq!(copied("card", format, original.as_bytes(), true).unwrap(), "C1234567");
        assert_eq!(copied("card", format, original.as_bytes(), false).unwrap_err().code, "42501", "without leave");
        assert_eq!(copied("zip", format, b"902", true).unwrap_err().code, "42501");
        assert_eq!(copied("words", format, b"[NAME]", true).unwrap_err().code, "42501");
        assert_eq!(copied("words", format, b"any", true).unwrap_err().code, "42501", "it may have been shifted");
        assert_eq!(copied("card", format, b"C7", true).unwrap_err().code, "42501", "a token has no room there");
        assert_eq!(copied("id", format, b"C7", true).unwrap(), "C7", "it has no label");
    }
    // Where nothing is labelled, a token is a text that nobody may have meant.
    let judged = one("COPY beds (card) FROM STDIN");
    let plan = judged.outline.plan(&labels()).statement(0).copy.unwrap();
    let refused =
        reading_as(&labels(), |reads| cell(plan.columns.first(), false, &original.clone().into(), true, reads));
    assert_eq!(refused.unwrap_err().code, "42501");
}

#[test]
fn a_parameter_may_say_that_it_is_of_another_type() {
    let moment = Bytes::copy_from_slice(&(-14_244_i64 * 86_400_000_000).to_be_bytes());
    let to = Destination { oid: 1082, modifier: -1, given: 1114, format: 1, sure: true };
    assert!(may_stand_for_others(&Builtin, to, false, &moment));
    let mut judge = judge();
    let text = Bytes::from_static(b"UPDATE beds SET born = $1 WHERE id = 1");
    let parse = Parse { name: "".into(), text, types: vec![1114] };
    let parsed = judge.ask(&snapshot(), What::Parse(&parse), true).unwrap();
    let bind = Bind {
        portal: Bytes::new(),
        statement: Bytes::new(),
        formats: vec![1],
        values: vec![Some(moment)],
        results: vec![],
    };
    for _ in 0..2 {
        let judged = judge.ask(&snapshot(), What::Bind(&bind, parsed.prepared.as_ref()), true).unwrap();
        assert_eq!(forbidden(&judged), Some("42501"), "also when the statement is known");
    }
}
