//! Tokens in requests, and replacements that must not be written.

use blackbar_wire::pg::frontend::{Bind, Parse};

use super::*;

pub(super) fn token(value: &str) -> String {
    keyring().token("mrn", value.as_bytes()).unwrap()
}

pub(super) fn bound(text: &str, format: i16, values: &[Option<Bytes>]) -> Result<Judged, Report> {
    let mut judge = judge();
    let parse = Parse { name: "".into(), text: Bytes::copy_from_slice(text.as_bytes()), types: vec![] };
    let parsed = judge.ask(&snapshot(), What::Parse(&parse), true)?;
    let bind = Bind {
        portal: Bytes::new(),
        statement: Bytes::new(),
        formats: vec![format],
        values: values.to_vec(),
        results: vec![],
    };
    judge.ask(&snapshot(), What::Bind(&bind, parsed.prepared.as_ref()), true)
}

#[test]
fn a_statement_that_shows_its_own_text_has_no_token_resolved() {
    let mrn = token("C1234567");
    for text in [
        format!("SELECT current_query() FROM patients WHERE mrn = '{mrn}'"),
        format!("EXPLAIN SELECT id FROM patients WHERE mrn = '{mrn}'"),
        format!("EXPLAIN ANALYZE SELECT id FROM patients WHERE mrn = '{mrn}'"),
    ] {
        let judged = judge().ask(&snapshot(), What::Text(&Bytes::from(text.clone())), true);
        assert!(judged.is_err_and(|report| report.code == "42501"), "{text}");
    }
    let value = Some(Bytes::from(mrn));
    let judged = bound("EXPLAIN SELECT id FROM patients WHERE mrn = $1", 0, &[value]);
    assert!(judged.is_err());
}

#[test]
fn a_token_is_resolved_where_its_original_does_not_come_out_again() {
    let (plain, odd) = (token("C1234567"), token("O'Neil \\x"));
    for (before, expected) in [
        (format!("SELECT ssn FROM patients WHERE mrn = '{plain}'"), "SELECT ssn FROM patients WHERE mrn = 'C1234567'"),
        (
            format!("SELECT 1 FROM patients WHERE mrn IN ('x', '{plain}')"),
            "SELECT 1 FROM patients WHERE mrn IN ('x', 'C1234567')",
        ),
        (format!("SELECT 1 FROM patients WHERE mrn = '{odd}'"), "SELECT 1 FROM patients WHERE mrn = 'O''Neil \\x'"),
        (format!("SELECT 1 FROM patients WHERE mrn = E'{odd}'"), "SELECT 1 FROM patients WHERE mrn = E'O''Neil \\\\x'"),
        (
            format!("SELECT 1 FROM patients WHERE mrn = $x${plain}$x$"),
            "SELECT 1 FROM patients WHERE mrn = $x$C1234567$x$",
        ),
        (
            format!("UPDATE patients SET mrn = '{plain}' WHERE id = 1"),
            "UPDATE patients SET mrn = 'C1234567' WHERE id = 1",
        ),
        (format!("DELETE FROM patients WHERE mrn = '{plain}'"), "DELETE FROM patients WHERE mrn = 'C1234567'"),
        (
            format!("SELECT 1; SELECT 2 FROM drugs WHERE code = '{plain}'"),
            "SELECT 1; SELECT 2 FROM drugs WHERE code = 'C1234567'",
        ),
    ] {
        let judged = one(&before);
        assert_eq!(judged.text.as_deref().map(String::from_utf8_lossy).as_deref(), Some(expected), "{before}");
        assert!(asks(&judged).contains(&"resolve *".to_owned()), "{before}");
    }
    // All spellings, where there is room for them.
    let ssn = keyring().token("ssn", b"123456789").unwrap();
    let all = "'123-45-6789', '123 45 6789', '123456789'";
    for (before, expected) in [
        (
            format!("SELECT 1 FROM patients WHERE ssn = '{ssn}'"),
            format!("SELECT 1 FROM patients WHERE ssn = ANY (ARRAY[{all}])"),
        ),
        (
            format!("SELECT 1 FROM patients WHERE ssn IN ('x', '{ssn}')"),
            format!("SELECT 1 FROM patients WHERE ssn IN ('x', {all})"),
        ),
        (
            format!("SELECT 1 FROM patients WHERE ssn IN ( '{ssn}')"),
            format!("SELECT 1 FROM patients WHERE ssn IN ( {all})"),
        ),
        (
            format!("SELECT 1 FROM patients WHERE ssn = ANY (ARRAY['{ssn}'])"),
            format!("SELECT 1 FROM patients WHERE ssn = ANY (ARRAY[{all}])"),
        ),
        (
            format!("SELECT 1 FROM patients WHERE '{ssn}' = ssn"),
            "SELECT 1 FROM patients WHERE '123-45-6789' = ssn".to_owned(),
        ),
        (
            format!("SELECT 1 FROM patients WHERE ssn = '{ssn}'::text"),
            "SELECT 1 FROM patients WHERE ssn = '123-45-6789'::text".to_owned(),
        ),
    ] {
        let judged = one(&before);
        assert_eq!(judged.text.as_deref().map(String::from_utf8_lossy).as_deref(), Some(expected.as_str()), "{before}");
    }
    let report = ask(&mut judge(), &format!("UPDATE patients SET ssn = '{ssn}' WHERE id = 1")).unwrap_err();
    assert_eq!(report.code, "42501", "nobody knows how it was spelt");
    // Here it would come out, or go where nothing hides it.
    for before in [
        format!("SELECT '{plain}'"),
        format!("SELECT mrn, '{plain}' FROM patients"),
        format!("SELECT x FROM (VALUES ('{plain}')) v(x)"),
        format!("SELECT v.x FROM patients p JOIN (VALUES ('{plain}')) v(x) ON p.mrn = v.x"),
        format!("SELECT upper('{plain}'), length('{plain}') FROM patients"),
        format!("SELECT 1 FROM nowhere WHERE x = '{plain}'"),
        format!("SELECT 1 FROM patients WHERE id = '{plain}'"),
        format!("SELECT \"{plain}\" FROM patients -- {plain}"),
    ] {
        let judged = one(&before);
        assert_eq!(judged.text, None, "{before}");
        assert!(!asks(&judged).contains(&"resolve *".to_owned()), "{before}");
    }
    let forged = format!("{}{}", &plain[..plain.len() - 1], if plain.ends_with('a') { 'b' } else { 'a' });
    let report = ask(&mut judge(), &format!("SELECT 1 FROM patients WHERE mrn = '{forged}'")).unwrap_err();
    assert_eq!(report.code, "22023");
    let report = ask(&mut judge(), &format!("SELECT 1 FROM patients WHERE mrn = $${odd}$$")).unwrap_err();
    assert_eq!(report.code, "22023");
}

#[test]
fn parameters_are_resolved_like_constants() {
    let plain = token("C1234567");
    let select = "SELECT ssn FROM patients WHERE mrn = $1";
    for format in [0, 1] {
        let judged = bound(select, format, &[Some(plain.clone().into())]).unwrap();
        assert_eq!(judged.values, Some(vec![Some("C1234567".into())]));
        assert!(asks(&judged).contains(&"resolve *".to_owned()));
    }
    assert_eq!(bound(select, 0, &[Some("C1234567".into())]).unwrap().values, None);
    assert_eq!(bound("SELECT $1::text", 0, &[Some(plain.clone().into())]).unwrap().values, None);
    let any = "SELECT ssn FROM patients WHERE mrn = ANY ($1)";
    let odd = token("a \"b\"");
    let judged = bound(any, 0, &[Some(format!("{{{plain},x,{odd}}}").into())]).unwrap();
    assert_eq!(judged.values, Some(vec![Some(r#"{C1234567,x,"a \"b\""}"#.into())]));
    let array = |elements: &[&str]| {
        let mut array = Vec::new();
        for number in [1_i32, 0, 25, i32::try_from(elements.len()).unwrap(), 1] {
            array.extend(number.to_be_bytes());
        }
        for element in elements {
            array.extend(i32::try_from(element.len()).unwrap().to_be_bytes());
            array.extend(element.as_bytes());
        }
        Bytes::from(array)
    };
    let judged = bound(any, 1, &[Some(array(&[&plain, "x"]))]).unwrap();
    assert_eq!(judged.values, Some(vec![Some(array(&["C1234567", "x"]))]));
    let ssn = keyring().token("ssn", b"123456789").unwrap();
    let judged = bound("SELECT 1 FROM patients WHERE ssn = ANY ($1)", 1, &[Some(array(&["x", &ssn]))]).unwrap();
    assert_eq!(judged.values, Some(vec![Some(array(&["x", "123-45-6789", "123 45 6789", "123456789"]))]));
    let judged = bound("SELECT 1 FROM patients WHERE ssn = $1", 0, &[Some(ssn.clone().into())]).unwrap();
    assert_eq!(judged.values, Some(vec![Some("123-45-6789".into())]));
    assert!(bound("UPDATE patients SET ssn = $1 WHERE id = 1", 0, &[Some(ssn.into())]).is_err());
    assert_eq!(bound(select, 0, &[Some(format!("{plain}x").into())]).map(|_| ()).unwrap_err().code, "22023");
}

#[test]
fn a_write_does_not_carry_a_replacement() {
    let plain = token("C1234567");
    for text in [
        "UPDATE patients SET name = '[NAME]' WHERE id = 1".to_owned(),
        "INSERT INTO drugs (title) VALUES ('given to [NAME] on [DATE]')".to_owned(),
        "UPDATE patients SET ssn = '***-**-****' WHERE id = 1".to_owned(),
        "INSERT INTO drugs (title) SELECT 'see [SSN]'".to_owned(),
        format!("INSERT INTO drugs (title) VALUES ('{plain}')"),
        format!("UPDATE drugs SET title = title || '{plain}'"),
    ] {
        let report = ask(&mut judge(), &text).map(|judged| asks(&judged)).unwrap_err();
        assert_eq!(report.code, "42501", "{text}");
    }
    for text in [
        "UPDATE patients SET name = 'Ann Lee' WHERE id = 1",
        "UPDATE drugs SET title = '[draft] **bold**'",
        "SELECT '[NAME]', '****'",
        "UPDATE drugs SET title = 'x' WHERE code = '[NAME]'",
    ] {
        assert!(ask(&mut judge(), text).is_ok(), "{text}");
    }
    let given = |value: &'static str| bound("UPDATE patients SET name = $1 WHERE id = 1", 0, &[Some(value.into())]);
    assert_eq!(given("[NAME]").map(|_| ()).unwrap_err().code, "42501");
    assert!(given("Ann").is_ok());
    // What only a reader's labels tell.
    let forbidden = |text: &str| {
        let report = reading_as(&labels(), |reads| one(text).forbidden(reads));
        report.map(|report| report.code)
    };
    assert_eq!(forbidden("UPDATE patients SET name = 'Ann Lee' WHERE id = 1"), Some("42501"), "a surrogate, perhaps");
    assert_eq!(forbidden("UPDATE patients SET dob = '1980-01-01' WHERE id = 1"), Some("42501"));
    assert_eq!(forbidden("UPDATE patients SET dob = '1980-03-07' WHERE id = 1"), None);
    assert_eq!(forbidden("UPDATE encounters SET note = NULL WHERE id = 1"), Some("42501"), "it was read as null");
    assert_eq!(forbidden("INSERT INTO patients (id, ssn) VALUES (1, NULL)"), None);
    assert_eq!(forbidden("UPDATE patients SET mrn = 'C7654321', sex = 'f' WHERE id = 1"), None);
    let null = bound("UPDATE patients SET ssn = $1 WHERE id = 1", 0, &[None]).unwrap();
    assert!(reading_as(&labels(), |reads| null.forbidden(reads)).is_some());
}
