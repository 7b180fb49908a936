//! Values as they are in binary: a number, a date or a UUID that got out is recognised by its bytes.

use base64::Engine as _;

use super::speaking::{Speaker, cells, message, state};
use super::{House, POLICY, SSN, no_canary};

/// Every way in which PostgreSQL writes in binary what this text may be, with the length that stands before each.
pub(super) fn encodings(text: &str) -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = Vec::new();
    if let Some(days) = days_since_2000(text) {
        let micros = i64::from(days) * 86_400_000_000;
        all.push(days.to_be_bytes().to_vec());
        all.push(micros.to_be_bytes().to_vec());
        // What `extract(epoch …)` makes of it.
        all.extend(numbers(i64::from(days) * 86_400 + 946_684_800));
        all.extend(numbers(i64::from(days) + 10_957));
    } else if let Ok(number) = text.replace('-', "").parse() {
        all.extend(numbers(number));
    }
    let digits = text.replace('-', "");
    if digits.len() == 32 {
        all.push((0..32).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect());
    }
    let framed = |bytes: &Vec<u8>| [&u32::try_from(bytes.len()).unwrap().to_be_bytes()[..], bytes].concat();
    let mut framed: Vec<Vec<u8>> = all.iter().map(framed).collect();
    if let Ok(number) = digits.parse() {
        // Also divided by ten, as somebody would who wants it to look otherwise. Two groups of digits are not there by chance.
        framed.extend([0, 1].map(|scale| numeric(number, scale)).into_iter().filter(|digits| digits.len() >= 4));
    }
    framed
}

fn numbers(number: i64) -> Vec<Vec<u8>> {
    let mut all = vec![number.to_be_bytes().to_vec()];
    all.extend(i16::try_from(number).map(|number| number.to_be_bytes().to_vec()));
    all.extend(i32::try_from(number).map(|number| number.to_be_bytes().to_vec()));
    #[expect(clippy::cast_precision_loss, reason = "so does the server")]
    all.extend([(number as f64).to_be_bytes().to_vec(), (number as f32).to_be_bytes().to_vec()]);
    // Money counts cents.
    all.extend(number.checked_mul(100).map(|cents| cents.to_be_bytes().to_vec()));
    all
}

/// The digits of a numeric with this many of them behind the point, which stand at its end.
fn numeric(number: i64, scale: usize) -> Vec<u8> {
    let digits = number.unsigned_abs().to_string();
    let (whole, part) = digits.split_at(digits.len().saturating_sub(scale));
    let whole = format!("{}{whole}", "0".repeat((4 - whole.len() % 4) % 4));
    let part = format!("{part}{}", "0".repeat((4 - part.len() % 4) % 4));
    let groups = [whole, part].concat();
    let groups = groups.as_bytes().chunks(4).map(|group| std::str::from_utf8(group).unwrap().parse::<u16>().unwrap());
    let mut all: Vec<u16> = groups.collect();
    while all.last() == Some(&0) {
        all.pop();
    }
    all.iter().flat_map(|group| group.to_be_bytes()).collect()
}

fn days_since_2000(text: &str) -> Option<i32> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if (year.len(), month.len(), day.len(), parts.next()) != (4, 2, 2, None) {
        return None;
    }
    let (year, month, day): (i32, i32, i32) = (year.parse().ok()?, month.parse().ok()?, day.parse().ok()?);
    // Years begin in March here, so that the odd day is the last one.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1;
    Some(days - 730_425)
}

#[test]
fn encodings_are_those_of_the_server() {
    assert_eq!(days_since_2000("2000-01-01"), Some(0));
    assert_eq!(days_since_2000("1961-04-03"), Some(-14_152));
    assert_eq!(days_since_2000("2024-02-29"), Some(8_825));
    // As `numeric_send` writes 219099999 and 8812345.6: in groups of four digits.
    assert_eq!(numeric(219_099_999, 0), [0, 2, 7, 117, 39, 15]);
    assert_eq!(numeric(88_123_456, 1), [3, 113, 9, 41, 23, 112]);
    assert!(encodings("8c0f2f5e-2f0b-4a57-9d3b-2b8f6f3c1a77").iter().any(|bytes| bytes[..5] == [0, 0, 0, 16, 0x8c]));
}

/// What lies in [`MEASURED`].
const CANARIES: &[&str] = &["219-09-9999", "8812345", "1961-04-03", "8c0f2f5e-2f0b-4a57-9d3b-2b8f6f3c1a77"];

const MEASURED: &str = r#"
SELECT pg_advisory_lock(8);
SET ROLE app;
CREATE TABLE IF NOT EXISTS clinical.measured (
    id int PRIMARY KEY, ssn int, ssn_long bigint, ssn_exact numeric, ssn_real float8, mrn bigint, born date, birth_date timestamp,
    date_of_birth timestamptz, patient_id uuid, age int, patient_age smallint, beds int);
INSERT INTO clinical.measured VALUES (1, 219099999, 219099999, 219099999, 219099999, 8812345, '1961-04-03', '1961-04-03', '1961-04-03 00:00+00',
    '8c0f2f5e-2f0b-4a57-9d3b-2b8f6f3c1a77', 97, 97, 12) ON CONFLICT DO NOTHING;
CREATE OR REPLACE FUNCTION clinical.ssn_of(int) RETURNS int LANGUAGE sql AS 'SELECT ssn FROM clinical.measured WHERE id = $1';
CREATE OR REPLACE FUNCTION clinical.born_of(int) RETURNS date LANGUAGE sql AS 'SELECT born FROM clinical.measured WHERE id = $1';
CREATE OR REPLACE FUNCTION clinical.first_ssn() RETURNS text LANGUAGE sql AS 'SELECT ssn FROM clinical.patients LIMIT 1';
"#;

const LABELS: &str = r#"
[profile.agents]
base = "safe-harbor"
[profile.agents.columns]
"clinical.measured.ssn" = "tag"
"clinical.measured.ssn_long" = "tag"
"clinical.measured.ssn_exact" = "tag"
"clinical.measured.ssn_real" = "tag"
"clinical.measured.mrn" = "mask"
"clinical.measured.born" = "generalise"
"clinical.measured.birth_date" = "generalise"
"clinical.measured.date_of_birth" = "generalise"
"clinical.measured.patient_id" = "tag"
"clinical.patients.ssn" = "tag"
"#;

/// Checks that nothing of [`MEASURED`] is in what a client got.
#[track_caller]
fn nothing_measured(bytes: &[u8], what: &str) {
    no_canary(bytes, what);
    for canary in CANARIES {
        let text = canary.as_bytes().to_vec();
        for form in encodings(canary).into_iter().chain([text]) {
            let found = memchr::memmem::find(bytes, &form);
            assert!(found.is_none(), "{canary} as {form:?} got out by {what}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn formats_are_mixed_in_a_row() {
    for profile in ["", "profile = \"agents\""] {
        let more = if profile.is_empty() { "" } else { LABELS };
        let Some(house) = House::with(profile, more, POLICY).await else { return };
        assert!(house.cluster.psql("clinic", MEASURED));
        let mut speaker = Speaker::to(&house).await;
        let columns = "ssn, ssn_exact, born, date_of_birth, patient_id, beds";
        for mix in 0..64_u16 {
            let formats: Vec<u16> = (0..6).map(|at| mix >> at & 1).collect();
            let before = speaker.got.len();
            let told = speaker.asks(&format!("SELECT {columns} FROM clinical.measured WHERE id = 1"), &formats).await;
            nothing_measured(&speaker.got[before..], &format!("formats {formats:?}"));
            let rows: Vec<_> = told.iter().filter(|(tag, _)| *tag == b'D').map(|(_, row)| cells(row)).collect();
            let [row] = &rows[..] else { panic!("{formats:?}: {told:?}") };
            // Whatever stands there is a value of its type in its format.
            for ((cell, format), width) in row.iter().zip(&formats).zip([4, 0, 4, 8, 16, 4]) {
                let Some(cell) = cell else { continue };
                match format {
                    0 => assert!(std::str::from_utf8(cell).is_ok(), "{formats:?}: {cell:?}"),
                    _ if width == 0 => {
                        assert!(cell.len() >= 8 && cell.len().is_multiple_of(2), "{formats:?}: {cell:?}")
                    }
                    _ => assert_eq!(cell.len(), width, "{formats:?}: {cell:?}"),
                }
            }
            let beds = if formats[5] == 0 { b"12".to_vec() } else { 12_i32.to_be_bytes().to_vec() };
            assert_eq!(row[5].as_ref(), Some(&beds), "what is nobody's comes as it is");
        }
        // One format for all columns, and none.
        for formats in [&[][..], &[0], &[1]] {
            let before = speaker.got.len();
            let told = speaker.asks("SELECT * FROM clinical.measured", formats).await;
            assert!(told.iter().any(|(tag, _)| *tag == b'D'), "{told:?}");
            nothing_measured(&speaker.got[before..], &format!("formats {formats:?}"));
        }
        for text in [
            "SELECT ARRAY[ssn, beds] FROM clinical.measured",
            "SELECT ROW(ssn, born, patient_id) FROM clinical.measured",
            "SELECT measured FROM clinical.measured",
            "SELECT array_agg(born) FROM clinical.measured",
            "SELECT daterange(born, NULL) FROM clinical.measured",
            "SELECT int8range(ssn_long, NULL) FROM clinical.measured",
            "SELECT ssn::oid FROM clinical.measured",
            "SELECT ssn::money FROM clinical.measured",
            "SELECT ssn_exact / 10, ssn_exact * 10 FROM clinical.measured",
            "SELECT ssn::float4, mrn::float8, mrn::numeric, mrn::int FROM clinical.measured",
            "SELECT born::timestamp, born::timestamptz, extract(epoch from born), born - date '1970-01-01' FROM clinical.measured",
            "SELECT min(born), max(ssn), sum(mrn), avg(ssn_exact) FROM clinical.measured",
            "SELECT int4send(ssn), date_send(born), uuid_send(patient_id), numeric_send(ssn_exact) FROM clinical.measured",
            "SELECT set_bit(int8send(ssn_long), 0, 0) FROM clinical.measured",
            "SELECT ssn # 0, ssn << 0, ~(~ssn), -ssn FROM clinical.measured",
        ] {
            for formats in [&[0][..], &[1]] {
                let before = speaker.got.len();
                speaker.asks(text, formats).await;
                nothing_measured(&speaker.got[before..], &format!("{profile} format {formats:?}: {text}"));
                // What the function for it would have sent is four bytes of a longer value.
                for raw in [219_099_999_i32, -219_099_999, -14_152].map(i32::to_be_bytes) {
                    let hex: String = raw.iter().map(|byte| format!("{byte:02x}")).collect();
                    for form in [raw.to_vec(), hex.into_bytes()] {
                        let found = memchr::memmem::find(&speaker.got[before..], &form);
                        assert!(found.is_none(), "{form:?} got out by {profile} format {formats:?}: {text}");
                    }
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_type_that_nobody_knows_is_null_or_ends_the_session() {
    let text = "SELECT '(1,2)'::point AS place FROM clinical.wards WHERE id = 1";
    for (settings, refuses) in [("", false), ("unknown = \"null\"", false), ("unknown = \"refuse\"", true)] {
        let Some(house) = House::with(settings, "", POLICY).await else { return };
        let mut speaker = Speaker::to(&house).await;
        let told = speaker.asks(text, &[0]).await;
        assert!(told.iter().any(|(tag, row)| *tag == b'D' && cells(row) == [Some(b"(1,2)".to_vec())]), "{told:?}");
        if refuses {
            let parse = message(b'P', &[b"\0", text.as_bytes(), b"\0\0\0"].concat());
            let bind = message(b'B', b"\0\0\0\0\0\0\0\x01\0\x01");
            let rest = [message(b'E', b"\0\0\0\0\0"), message(b'S', b"")].concat();
            speaker.sends(&[parse, bind, rest].concat()).await;
            let told = speaker.ends().await;
            assert_eq!(told.iter().filter_map(state).collect::<Vec<_>>(), ["0A000"], "{told:?}");
            assert!(told.iter().all(|(tag, _)| *tag != b'D'), "{told:?}");
        } else {
            let told = speaker.asks(text, &[1]).await;
            assert!(told.iter().any(|(tag, row)| *tag == b'D' && cells(row) == [None]), "{told:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn great_ages_are_not_told() {
    let Some(house) = House::new().await else { return };
    assert!(house.cluster.psql("clinic", MEASURED));
    let mut speaker = Speaker::to(&house).await;
    for text in [
        "SELECT age FROM clinical.measured",
        "SELECT patient_age FROM clinical.measured",
        "SELECT age AS x FROM clinical.measured",
        "SELECT age + 0 FROM clinical.measured",
        "SELECT age::text, age::numeric, age::float8 FROM clinical.measured",
        "SELECT max(age), sum(age) FROM clinical.measured",
        "SELECT ARRAY[age], ROW(age) FROM clinical.measured",
        "SELECT to_jsonb(age), json_build_object('age', age) FROM clinical.measured",
    ] {
        for format in [0, 1] {
            let told = speaker.asks(text, &[format]).await;
            for (_, row) in told.iter().filter(|(tag, _)| *tag == b'D') {
                for form in encodings("97").into_iter().chain([b"97".to_vec()]) {
                    let found = memchr::memmem::find(row, &form);
                    assert!(found.is_none(), "97 as {form:?} got out by format {format}: {text}");
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn functions_that_are_called_tell_nothing() {
    let Some(house) = House::with("profile = \"agents\"", LABELS, POLICY).await else { return };
    assert!(house.cluster.psql("clinic", MEASURED));
    let direct = house.cluster.direct().await;
    let mut speaker = Speaker::to(&house).await;
    let mut answered = 0;
    for (function, argument) in [
        ("clinical.first_ssn()", None),
        ("clinical.ssn_of(int)", Some(1_i32.to_be_bytes().to_vec())),
        ("clinical.born_of(int)", Some(1_i32.to_be_bytes().to_vec())),
        ("pg_catalog.upper(text)", Some(b"Quixley Marigold, SSN 219-09-9999".to_vec())),
        ("pg_catalog.query_to_xml(text,boolean,boolean,text)", None),
    ] {
        let oid = format!("SELECT '{function}'::regprocedure::oid");
        let oid: u32 = direct.query_one(&oid, &[]).await.unwrap().get(0);
        for format in [0_u16, 1] {
            let mut body = oid.to_be_bytes().to_vec();
            body.extend([0, 1, 0, 1]);
            body.extend(u16::from(argument.is_some()).to_be_bytes());
            if let Some(argument) = &argument {
                body.extend(u32::try_from(argument.len()).unwrap().to_be_bytes());
                body.extend(argument);
            }
            body.extend(format.to_be_bytes());
            let before = speaker.got.len();
            let told = speaker.says(&message(b'F', &body)).await;
            answered += usize::from(told.iter().any(|(tag, _)| *tag == b'V'));
            nothing_measured(&speaker.got[before..], &format!("{function} in format {format}"));
            assert!(memchr::memmem::find(&speaker.got[before..], b"QUIXLEY").is_none(), "{function}");
        }
    }
    println!("{answered} of 10 were answered");
    assert!(answered >= 2, "a gateway that refuses everything leaks nothing either");
    // Who may read may not call.
    let policy = r#"@id("r") permit (principal in Group::"agents", action in [Action::"connect", Action::"read"], resource in Target::"ehr");"#;
    let Some(house) = House::with("", "", policy).await else { return };
    let oid: u32 = direct.query_one("SELECT 'clinical.first_ssn()'::regprocedure::oid", &[]).await.unwrap().get(0);
    let mut speaker = Speaker::to(&house).await;
    let call = message(b'F', &[&oid.to_be_bytes()[..], &[0, 0, 0, 0, 0, 0]].concat());
    let told = speaker.says(&call).await;
    assert!(told.iter().any(|(tag, body)| *tag == b'E' && memchr::memmem::find(body, b"42501").is_some()), "{told:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_it_lies_in_the_folder() {
    let Some(mut house) = House::new().await else { return };
    assert!(house.cluster.psql("clinic", MEASURED));
    let mut speaker = Speaker::to(&house).await;
    for format in [0, 1] {
        speaker.asks("SELECT * FROM clinical.measured", &[format]).await;
        speaker.asks(&format!("SELECT note FROM clinical.patients WHERE ssn = '{SSN}'"), &[format]).await;
        speaker.asks("SELECT id FROM clinical.measured WHERE ssn = 219099999 AND born = '1961-04-03'", &[format]).await;
    }
    drop(speaker);
    house.end().await;
    house.recorder.close().unwrap();
    let (mut files, mut folders) = (0, vec![house.folder.path().to_owned()]);
    let secret = base64::engine::general_purpose::STANDARD_NO_PAD.encode("219-09-9999");
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if !path.ends_with("secret") && !path.ends_with("reserve") {
                let bytes = std::fs::read(&path).unwrap();
                nothing_measured(&bytes, &path.display().to_string());
                assert!(memchr::memmem::find(&bytes, secret.as_bytes()).is_none(), "{}", path.display());
                files += 1;
            }
        }
    }
    assert!(files > 3);
}
