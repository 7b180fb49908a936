//! The laws, over detectors made to be awkward: each uses one way in which a detector can look around.

#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "a test: windows are short, and a failure should panic"
)]

use std::borrow::Cow;
use std::sync::Arc;

use blackbar_engine::key::KeyFile;
use blackbar_engine::operator::{Keyring, Operator, Values};
use blackbar_engine::testing::{laws, rules};
use blackbar_engine::{
    ByteSet, Detector, FieldPath, FieldRule, Fields, Format, Kind, Lexicon, Meaning, Profile, Reach, Rules, Scanner,
    Standing, Tail, Teach, Trigger, Verdict, Verify, View, Window,
};
use proptest::prelude::*;

#[path = "laws/events.rs"]
mod events;
#[path = "laws/nested.rs"]
mod nested;

const NUMBER: Kind = Kind::new("number");
const MAIL: Kind = Kind::new("mail");
const LINK: Kind = Kind::new("link");
const NAME: Kind = Kind::new("name");
const LABEL: Kind = Kind::new("label");
const WHOLE: Kind = Kind::new("whole");
const SURNAME: u32 = 1;
static LINK_BYTES: ByteSet = ByteSet::ALNUM.or(ByteSet::of(b"/.:"));
static SOFT: ByteSet = ByteSet::of(b".:");
static HASH_BYTES: ByteSet = ByteSet::DIGIT.or(ByteSet::of(b"#/"));
static LOCAL: ByteSet = ByteSet::ALNUM.or(ByteSet::of(b"._"));

/// Three digits and a dash and two digits, with no digit or dash beside them.
fn number(view: &View<'_>) -> Option<Verdict> {
    let digits = view.run(0, &ByteSet::DIGIT, 4);
    let ends = view.byte(-1) != Some(b'-');
    let tail = view.run(4, &ByteSet::DIGIT, 3);
    (digits.len() == 3 && ends && view.byte(3) == Some(b'-') && tail.len() == 2)
        .then(|| Verdict::new(0, 6, NUMBER, 90, "shape"))
}

/// A local part before the `@` and a word behind it.
fn mail(view: &View<'_>) -> Option<Verdict> {
    let local = view.before().iter().rev().take(8).take_while(|byte| LOCAL.has(**byte)).count() as i32;
    let host = view.run(1, &ByteSet::ALNUM, 12).len() as i32;
    (local > 0 && host > 0).then(|| Verdict::new(-local, 1 + host, MAIL, 80, "shape"))
}

fn link(view: &View<'_>) -> Option<Verdict> {
    let letter = view.byte(3)?.is_ascii_alphabetic();
    (view.ahead(3) == b"://" && letter)
        .then(|| Verdict::new(0, 4, LINK, 95, "scheme").with_tail(Tail::While { set: &LINK_BYTES, soft: &SOFT }))
}

/// Another tail, so that tails overlap.
fn hash(view: &View<'_>) -> Option<Verdict> {
    let digits = view.run(1, &HASH_BYTES, 2).len() as i32;
    (digits == 2)
        .then(|| Verdict::new(0, 3, NUMBER, 60, "hash").with_tail(Tail::While { set: &HASH_BYTES, soft: &SOFT }))
}

/// A surname behind `mr`, or beside a capitalised word; it is remembered.
fn surname(view: &View<'_>) -> Option<Verdict> {
    let word = view.word(0).len() as i32;
    let titled = view.before().ends_with(b"mr ") || view.before().ends_with(b"MR ");
    let next = if view.byte(word)? == b' ' { view.word(word + 1) } else { b"" };
    let pair = next.first().is_some_and(u8::is_ascii_uppercase);
    let end = if pair { word + 1 + next.len() as i32 } else { word };
    let teach = Some(Teach { start: 0, end: word, any_case: pair });
    (titled || pair).then(|| Verdict { teaches: [teach, None], ..Verdict::new(0, end.min(24), NAME, 85, "title") })
}

/// What stands behind `id:`.
fn label(view: &View<'_>) -> Option<Verdict> {
    if view.byte(2)? != b':' {
        return None;
    }
    let blanks = view.run(3, &ByteSet::SPACE, 4).len() as i32;
    let value = view.run(3 + blanks, &ByteSet::ALNUM, 16).len() as i32;
    (value > 0).then(|| Verdict::new(3 + blanks, 3 + blanks + value, LABEL, 70, "label"))
}

/// A field whose name says that its whole value is an identifier.
fn whole(view: &View<'_>) -> Option<Verdict> {
    let kind = view.field().meaning.kind?;
    Some(Verdict::new(0, 1, kind, 99, "field").with_tail(Tail::Rest))
}

/// Values that every subject's days can be seen in.
struct Shifty;

impl Values for Shifty {
    fn shift(&self, _: &str, value: &[u8], days: i32) -> Option<Vec<u8>> {
        Some([value, days.to_string().as_bytes()].concat())
    }
}

struct Names;

impl Fields for Names {
    fn meaning(&self, path: &[&[u8]]) -> Meaning {
        let secret = path.last().is_some_and(|name| name.eq_ignore_ascii_case(b"secret"));
        Meaning { kind: secret.then_some(WHOLE), confidence: 90, hints: 0 }
    }

    fn in_line(&self, path: &[&[u8]]) -> Standing {
        match path {
            [b"secret"] => Standing::Words,
            [b"users", b"id"] | [b"mr"] => Standing::Word,
            _ => Standing::Text,
        }
    }

    fn opaque(&self, head: &[u8]) -> Option<Kind> {
        (head.first() != Some(&b'!')).then_some(WHOLE)
    }

    fn columns(&self, rows: &[Vec<Vec<u8>>], _: &Lexicon) -> Vec<Meaning> {
        let width = rows.iter().map(Vec::len).max().unwrap_or_default();
        let marked = |i: usize| rows.iter().any(|row| row.get(i).is_some_and(|cell| cell.starts_with(b"B")));
        let meaning = |i| Meaning { kind: marked(i).then_some(WHOLE), confidence: 80, hints: 0 };
        (0..width).map(meaning).collect()
    }
}

fn detector(
    id: &'static str,
    kind: Kind,
    priority: u8,
    window: (u16, u16, u16),
    reach: (u16, ByteSet),
    trigger: Trigger,
    verify: fn(&View<'_>) -> Option<Verdict>,
) -> Detector {
    Detector {
        id: Cow::Borrowed(id),
        kind,
        class: Cow::Borrowed("-"),
        priority,
        window: Window { before: window.0, longest: window.1, after: window.2 },
        reach: Reach { bytes: reach.0, across: reach.1 },
        triggers: Cow::Owned(vec![trigger]),
        verify: Verify::Pure(verify),
        teaches: id == "surname",
        takes: Cow::Borrowed("-"),
        refuses: Cow::Borrowed("-"),
    }
}

fn scanner() -> Scanner {
    const NO: (u16, ByteSet) = (0, ByteSet::EMPTY);
    let mut lexicon = Lexicon::new();
    for word in ["abbe", "Bo", "cé"] {
        lexicon.insert(word, SURNAME);
    }
    let detectors = [
        detector("number", NUMBER, 50, (1, 6, 1), NO, Trigger::Digits, number),
        detector("mail", MAIL, 60, (8, 13, 1), (8, LOCAL), Trigger::Bytes(ByteSet::of(b"@")), mail),
        detector("link", LINK, 70, (0, 4, 0), NO, Trigger::Bytes(ByteSet::of(b":")), link),
        detector("hash", NUMBER, 65, (0, 3, 0), NO, Trigger::Bytes(ByteSet::of(b"#")), hash),
        detector("surname", NAME, 40, (4, 24, 20), NO, Trigger::Lexicon(SURNAME), surname),
        detector("label", LABEL, 45, (0, 23, 1), NO, Trigger::Words(&["id"]), label),
        detector("whole", WHOLE, 90, (0, 1, 0), NO, Trigger::Start, whole),
    ];
    Scanner::builder().detectors(&detectors).lexicon(lexicon).fields(Arc::new(Names)).build().unwrap()
}

fn profiles() -> Vec<Profile> {
    let mask = Rules { default: Operator::Mask, ..rules() };
    let mut mixed = Rules { default: Operator::Drop, ..rules() };
    mixed.kinds =
        vec![("number".into(), Operator::Keep), ("link".into(), Operator::Mask), ("name".into(), Operator::Tag)];
    mixed.fields = vec![
        FieldRule { path: FieldPath::new("open"), operator: Operator::Keep, kind: WHOLE },
        FieldRule { path: FieldPath::new("shut"), operator: Operator::Mask, kind: WHOLE },
        FieldRule {
            path: FieldPath::new("choices.delta.tool_calls.function.arguments"),
            operator: Operator::Mask,
            kind: WHOLE,
        },
    ];
    mixed.allow.value("Abbe Bo", "a street");
    let keys = Some(Arc::new(Keyring::new(KeyFile::from_bytes([3; 32]), "")));
    let held = Rules {
        default: Operator::Shift,
        subject: vec![FieldPath::new("pid")],
        keys,
        ..Rules::mask_all(Arc::new(Shifty))
    };
    [rules(), mask, mixed, held].into_iter().map(|rules| rules.build().unwrap()).collect()
}

const FORMATS: [Format; 14] = [
    Format::Text,
    Format::Json,
    Format::Ndjson,
    Format::CSV,
    Format::Hl7,
    Format::Xml,
    Format::X12,
    Format::Copy,
    Format::Form,
    Format::Sse,
    Format::Deltas,
    Format::Log,
    Format::Sql,
    Format::Mime,
];

/// Small texts that hold something to find in every way, and something that is nearly it.
const SMALL: &[&str] = &[
    "123-45 a@b",
    "x123-45-6",
    "id: ab Bo",
    "mr abbe abbe",
    "a@b@c.d@e",
    "h://a.b. x",
    "h://a://b",
    "#12#34/5://x",
    "Abbe Cé abbe",
    "mr Bo\n\"Bo\"",
    "{\"secret\":12}",
    "[[\"secret\"],[\"x\"",
    "{\"a\\n@b\":1}",
    "[\"1\\u00323-45\"]",
    "\"\\ud83d\\n\"",
    "secret,b\n1,2",
    "1,B\n2,a@b\n3",
    "1\r\n\"B\"\"x",
    "\"a\"\"@b\",#123",
    "cé\u{301}@x “Bo”",
    "A1|a^b@c\\T\\d",
    "MSH|^~\\&|a@b^",
    "MSH+^~+mr^Bo",
    "NTE|1||a^@b~c",
    "\u{b}Z1|\\X41\\@b",
    "<a>x&#64;y</a>",
    "<p q=a@b r>c<",
    "<a b=\"x&amp;@y",
    "<!--a@b---->c",
    "<![CDATA[a@b]]",
    "<!A <a@b>>mr",
    "a@b<br/>@c&at;",
    "<script>a<b@c&",
    "<p>a<b>@b</b>c",
    "<p>a<!--d@-->@c",
    "<p>x<br q=a@b>@c",
    "NM1*a@b*x:y^z~",
    "ISA*a@b~DMG*",
    "NTE*1*a@b:c~ST~",
    "a\\100b\t\\N\t\\.",
    "\\Na\\x4@b\\\n",
    "mr+Bo=a%40b&%4",
    "secret=1&a@b=c",
    "id:\n\n12 mr cé",
    "data:1\ndata:2",
    "data: a\n\ndata:@",
    ":a@b\r\rid:a@b",
    "\u{feff}data:a@b\n",
    "secret=Bo x a@b",
    "GET /a/@%40b?x",
    "x=\"\\u0041@b\" a",
    "[\"<p>a@b</p>\"]",
    "{\"a\":\"[\\\"@b",
    "\"PID|1|a@b\\r\"",
    "copy t from stdin;",
    "a: b@c\n d\n\ne@f",
    "--a-b\n\na@b\n--a-b",
    "a:=?x?q?=41@b?=",
    "E'a\\'@b''\n'c@d",
    "$a$b@c$a$'d@e'",
];

#[test]
fn every_one_of_many_detectors_is_asked() {
    let never: fn(&View<'_>) -> Option<Verdict> = |_| None;
    let always: fn(&View<'_>) -> Option<Verdict> = |_| Some(Verdict::new(0, 1, NUMBER, 90, "here"));
    for count in [1, 63, 64, 65, 128, 129, 200] {
        for trigger in [Trigger::Bytes(ByteSet::of(b"x")), Trigger::Word, Trigger::Start, Trigger::Digits] {
            let ids: Vec<String> = (0..count).map(|i| format!("d{i}")).collect();
            let detectors: Vec<Detector> = ids
                .iter()
                .map(|id| Detector {
                    id: Cow::Owned(id.clone()),
                    ..detector(
                        "d",
                        NUMBER,
                        50,
                        (0, 4, 0),
                        (0, ByteSet::EMPTY),
                        trigger,
                        if *id == format!("d{}", count - 1) { always } else { never },
                    )
                })
                .collect();
            let scanner = Scanner::builder().detectors(&detectors).build().unwrap();
            let doc = if matches!(trigger, Trigger::Digits) { b"7 ".as_slice() } else { b"x ".as_slice() };
            let run = laws::oracle(&scanner, &profiles()[0], Format::Text, doc);
            assert_eq!(run.findings.len(), 1, "the last of {count}");
        }
    }
}

#[test]
fn every_split_of_small_texts_gives_the_same() {
    let scanner = scanner();
    for profile in &profiles() {
        for format in FORMATS {
            for text in SMALL {
                let doc = text.as_bytes().get(..14).unwrap_or(text.as_bytes());
                let whole = laws::oracle(&scanner, profile, format, doc);
                laws::edits(&scanner, profile, format, doc);
                for mask in 0..1u32 << doc.len().saturating_sub(1) {
                    let cuts: Vec<usize> = (1..doc.len()).filter(|i| mask >> (i - 1) & 1 == 1).collect();
                    laws::split(&whole, &scanner, profile, format, doc, &cuts);
                }
            }
        }
    }
}

/// Pieces that make detectors, lenses and each other stumble.
const PIECES: &[&str] = &[
    "123-45",
    "9",
    "-",
    "@",
    "a.b@host",
    "://",
    "http://a.b/c.",
    "#12",
    "#1#2/",
    "Abbe",
    "Bo",
    "cé",
    "Cé",
    "mr ",
    "id: ",
    " ",
    "\n",
    "\"",
    "\\",
    "\\n",
    "\\u0041",
    "\\ud83d\\ude00",
    "\\ud83d",
    "\\u00",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "true",
    "{\"secret\":\"",
    "{\"name\":\"secret\",\"value\":",
    "\"columns\":[\"open\",\"secret\"],\"rows\":[[",
    "[[\"secret\",\"b\"],[\"x\",",
    "{\"open\":\"",
    "\"shut\":",
    "secret,open\n",
    "name,value\nsecret,",
    "\nsecret,x",
    "\nsecret,secret,pid\n",
    ",,",
    "\"\"",
    "“",
    "é",
    "\u{301}",
    "x",
    "\r\n",
    "123456789",
    "{\"123-45\":1,\"987-65\":",
    "\"resourceType\":\"T\",",
    "MSH|^~\\&|",
    "MSH#*@\\#",
    "\rPID|1||",
    "\rOBX|1|TX|",
    "\rNTE|1||",
    "|",
    "^",
    "~",
    "&",
    "\\T\\",
    "\\X4142\\",
    // `a@b mr Bo,` and `<p>a@b mr B`, each spelt as one.
    "\\X614062206D7220426F2C\\",
    "\\X3C703E614062206D722042\\",
    "\\.br\\",
    "\\H\\",
    "\r",
    "\u{b}",
    "\u{1c}\r",
    "<a>",
    "</a>",
    "<secret>",
    "<p>",
    "</p>",
    "<b>",
    "</b>",
    "<i secret=",
    "<f name='secret'>",
    "<key>secret</key><value>",
    "<f key='secret' value='x",
    "</i>",
    "<br/>",
    "<p open='",
    "<pid v=",
    "&amp;",
    "&#x41;",
    "&nope;",
    "<!--",
    "-->",
    "--",
    "<![CDATA[",
    "]]>",
    "<?",
    "?>",
    "<!D ",
    "<script>",
    "</script>",
    "<",
    ">",
    "/",
    "=",
    "ISA*00*          *00*          *ZZ*SENDER 123-45  *ZZ*RECEIVER       *240101*1253*^*00501*000000905*1*T*:~",
    "ISA|00|          |00|          |ZZ|a@b mr Bo       |ZZ|RECEIVER       |240101|1253|U|00401|000000905|1|T|>\n",
    "NM1*IL*1*",
    "~\nHL*1~",
    "*",
    "REF*SY*",
    "\t",
    "\\N",
    "\\.",
    "\\101",
    "\\x4",
    "\\\\",
    "%40",
    "%4",
    "+",
    "&secret=",
    "&pid=",
    "192.0.2.1 - mr.Bo [1/Jan/2000:1:2:3 +0] \"GET /users/a@b7/x%40y?secret=a+b&%41=#z HTTP/1.1\" 2\n",
    "\n<34>1 2003-10-11T22:14:15Z h a - - [x secret=\"a \\\"@b\"] ",
    " mr=a@b secret=Abbe Bo x=",
    "msg=\"",
    "PID|1||mr Bo^x\\rOBX|1|TX||a@b",
    "\"msg\":\"",
    "\"a\":\"<p secret='",
    "\\u003cp>mr &amp; a@b<b>",
    "\"b\":\"{\\\"secret\\\":\\\"a@b\\\",\\\"c\\\":[\\\"",
    "\"c\":\"MSH|^~\\\\&|A\\rPID|1||a@b^mr Bo\\rOBX|1|ED|x||^a^b^Base64^",
    "\"d\":\"secret,b,open\\n1,a@b,mr Bo\\n",
    // `mr Abbe Bo, 123-45 a@b.` and a picture, and the first again within itself.
    "bXIgQWJiZSBCbywgMTIzLTQ1IGFAYi4=",
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABAQ==",
    "YlhJZ1FXSmlaU0JDYnl3Z01USXpMVFExSUdGQVlpND0=",
    "eyJzZWNyZXQiOiJhQGIiLCJiIjoibXIgQm8gMTIzLTQ1IGFAYiJ9",
    "data:text/plain;base64,",
    "<d>",
    "</d>",
    "<d v=\"",
    "OBX|1|ED|x||a^b^c^Base64^",
    "To: mr Bo <a@b>\r\n mr =?utf-8?Q?B=6f?= x\r\n",
    "=?x?q?a@b_mr_Bo,?=",
    "=?x?q?#1#2_a@b_mr_B?=",
    "Content-Type: text/html\nContent-Transfer-Encoding: quoted-printable\n\n",
    "Content-Transfer-Encoding: base64\n\n",
    "Content-Type: multipart/x; boundary=xy\n\n",
    "Content-Disposition: form-data; name=secret\n\n",
    "\n--xy\n",
    "\n--xy--\n",
    "=40b=\r\n",
    "a=\n",
    "\n\n",
    "<table><tr><td>secret:</td><td>",
    "<th>secret</th><th>b</th></tr><tr><td>",
    "</td><td>",
    "<dt>secret</dt><dd>",
    "<input name='secret' value='",
    "insert into t (a,secret) values (7,'",
    "'), (123-45, 'a@b''s', 9);\n",
    "create table t (secret text, b int);\n",
    "copy t from stdin;\n",
    "copy x (pid, secret) from stdin;\n",
    "\n\\.\n",
    "'",
    "E'",
    "--",
    "$$",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
];

fn documents() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        20 => proptest::sample::select(PIECES).prop_map(|piece| piece.as_bytes().to_vec()),
        1 => proptest::collection::vec(any::<u8>(), 1..4),
    ];
    proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(20_000), ..ProptestConfig::default() })]

    #[test]
    fn any_document_cut_anywhere_gives_the_same(
        doc in documents(),
        cuts in proptest::collection::vec(0usize..1500, 0..12),
        format in proptest::sample::select(&FORMATS),
        profile in 0usize..4,
    ) {
        let scanner = scanner();
        let profile = &profiles()[profile];
        let mut cuts = cuts;
        cuts.sort_unstable();
        let whole = laws::oracle(&scanner, profile, format, &doc);
        laws::split(&whole, &scanner, profile, format, &doc, &cuts);
        let bytes: Vec<usize> = (1..doc.len()).collect();
        laws::split(&whole, &scanner, profile, format, &doc, &bytes);
        laws::edits(&scanner, profile, format, &doc);
    }
}

/// `PROPTEST_CASES` overrides what a test run takes time for.
fn cases(usual: u32) -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(usual)
}

#[test]
fn large_chunks_are_not_copied() {
    let scanner = scanner();
    let line =
        "Mr Smith wrote to a.b@host, see http://a.b/c. The number is 123-45, id: 77 of mr abbe; and more words.\n";
    let doc = line.repeat(8000).into_bytes();
    for size in [600, 1400, 16 * 1024, 100_000] {
        let cuts: Vec<usize> = (1..=doc.len() / size).map(|i| i * size).collect();
        let run = laws::stream(&scanner, &profiles()[0], Format::Text, &doc, &cuts);
        laws::bound(&run);
        laws::copy(&run, cuts.len() + 1);
    }
}

/// Text that teaches, repeats, and now and then holds one identifier longer than any warm-up.
fn long_text(len: usize) -> Vec<u8> {
    let mut doc = Vec::new();
    let mut state = 7u32;
    while doc.len() < len {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let piece = PIECES[(state >> 16) as usize % PIECES.len()];
        doc.extend_from_slice(piece.as_bytes());
        if state >> 8 & 0xfff == 0 {
            doc.extend_from_slice(b" http://a");
            doc.extend(std::iter::repeat_n(b'b', 200_000));
        }
    }
    doc
}

#[test]
fn several_jobs_give_the_same_as_one() {
    let scanner = scanner();
    let text = long_text(6 << 20);
    let mut lines = long_text(5 << 20);
    for (i, byte) in lines.iter_mut().enumerate() {
        if i % 997 == 0 {
            *byte = b'\n';
        }
    }
    // One line longer than any block.
    lines.extend(std::iter::once(b'"').chain(std::iter::repeat_n(b'x', 9 << 20)).chain(*b" a@b\"\n\"a@b\"\n"));
    for (format, doc) in [(Format::Text, &text), (Format::Ndjson, &lines)] {
        for profile in &profiles() {
            let cuts: Vec<usize> = (1..doc.len() / 100_000).map(|i| i * 100_000).collect();
            let one = laws::stream(&scanner, profile, format, doc, &cuts);
            for jobs in [2, 3, 7] {
                laws::bulk(&one, &scanner, profile, format, doc, &cuts, jobs);
            }
        }
    }
}

#[test]
fn memory_expires_and_records_forget() {
    let scanner = scanner();
    let profile = &profiles()[0];
    let near = format!("mr Abbe. {} Abbe.", "x ".repeat(30_000));
    let far = format!("mr Abbe. {} Abbe.", "x ".repeat(33_000));
    let count = |doc: &str, format| laws::oracle(&scanner, profile, format, doc.as_bytes()).findings.len();
    assert_eq!(count(&near, Format::Text), 2);
    assert_eq!(count(&far, Format::Text), 1);
    assert_eq!(count("[\"mr Abbe.\", \"Abbe.\"]", Format::Json), 2);
    assert_eq!(count("\"mr Abbe.\"\n\"Abbe.\"\n", Format::Ndjson), 1);
}

#[test]
fn columns_that_the_caller_names_are_those_of_a_header() {
    let scanner = scanner();
    let all = profiles();
    let redact = |format: Format, profile: &Profile, columns: &[&[u8]], doc: &[u8]| {
        let mut redactor = scanner.redactor_for(profile, format, "");
        if !columns.is_empty() {
            redactor.columns(columns);
        }
        redactor.push(blackbar_engine::Raw::from(doc.to_vec()));
        redactor.finish();
        let mut out = Vec::new();
        while let Some(segment) = redactor.poll() {
            out.extend_from_slice(segment.bytes().as_bytes());
        }
        String::from_utf8(out).unwrap()
    };
    for profile in &all {
        let with_header = redact(Format::TSV, profile, &[], b"secret\tshut\tpid\tb\nx y\tz\t7\ta@b\n");
        let (_, rows) = with_header.split_once('\n').unwrap();
        let names: [&[u8]; 4] = [b"secret", b"shut", b"pid", b"b"];
        assert_eq!(redact(Format::TSV, profile, &names, b"x y\tz\t7\ta@b\n"), rows);
        assert_eq!(redact(Format::Copy, profile, &names, b"x y\tz\t7\ta@b\n"), rows);
    }
    let tagged = redact(Format::Copy, &all[0], &[b"secret"], b"x\\ty\t\\N\n\\N\tb\n\\.\n");
    assert_eq!(tagged, "[WHOLE]\t\\N\n\\N\tb\n\\.\n");
}

#[test]
fn a_rule_names_a_field_of_a_segment_of_ones_own() {
    let mut own = rules();
    own.fields = vec![FieldRule { path: FieldPath::new("ZPD-5"), operator: Operator::Drop, kind: WHOLE }];
    let profile = own.build().unwrap();
    let run = laws::oracle(&scanner(), &profile, Format::Hl7, b"MSH|^~\\&|A\rZPD|x||||blue^y~z|x\rZPE|x||||blue\r");
    assert_eq!(run.bytes, b"MSH|^~\\&|A\rZPD|x||||^~|x\rZPE|x||||blue\r");
}

#[test]
fn an_unbounded_window_is_refused_by_name() {
    let wide = detector("wide", NUMBER, 1, (200, 300, 13), (0, ByteSet::EMPTY), Trigger::Digits, number);
    let error = Scanner::builder().detectors(&[wide]).build().unwrap_err().to_string();
    assert!(error.contains("`wide`") && error.contains("513") && error.contains("512"), "{error}");
}
