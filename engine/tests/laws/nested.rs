//! Formats within formats: what strings, lines and base64 hold is read as what it is, and stays valid in both.

use blackbar_engine::Format;
use blackbar_engine::testing::laws;

use super::{profiles, scanner};

/// A document, and how the profile that tags everything leaves it.
const CASES: &[(Format, &str, &str)] = &[
    // A message, a table, JSON and markup in strings of JSON.
    (Format::Json, r#"{"d":"MSH|^~\\&|A\rPID|1||a@b^mr Bo.\r"}"#, r#"{"d":"MSH|^~\\&|A\rPID|1||[MAIL]^mr [NAME].\r"}"#),
    (
        Format::Json,
        r#"{"d":"secret,b,open\n1 x,a@b,\"mr \"\"Bo\"\"\"\n"}"#,
        r#"{"d":"secret,b,open\n[WHOLE],[MAIL],\"mr \"\"Bo\"\"\"\n"}"#,
    ),
    (
        Format::Json,
        r#"{"d":"{\"secret\":\"x y\",\"n\":[1,\"a@b\"]}"}"#,
        r#"{"d":"{\"secret\":\"[WHOLE]\",\"n\":[1,\"[MAIL]\"]}"}"#,
    ),
    (
        Format::Json,
        r#"{"d":"\u003cp>mr <b>B</b>o &amp; a&#64;b<i secret='x'>\u003c/p>"}"#,
        r#"{"d":"\u003cp>mr <b>[NAME]</b> &amp; [MAIL]<i secret='x'>\u003c/p>"}"#,
    ),
    // What one field, the head of a table or its first row says of another.
    (
        Format::Json,
        r#"[{"name":"secret","value":"x"},{"value":"x","url":"a/b#secret","valueCode":"x","values":["x",["x"]]}]"#,
        r#"[{"name":"secret","value":"[WHOLE]"},{"value":"x","url":"a/b#secret","valueCode":"[WHOLE]","values":["[WHOLE]",["x"]]}]"#,
    ),
    (
        Format::Json,
        r#"[["a","secret"],["x","y"],["x","y","z"]]"#,
        r#"[["a","secret"],["x","[WHOLE]"],["x","[WHOLE]","z"]]"#,
    ),
    (
        Format::Json,
        r#"{"columns":["a","secret"],"rows":[["x","y"],["secret","y"]],"columns":["b"],"rows":[["x","y"]]}"#,
        r#"{"columns":["a","secret"],"rows":[["x","[WHOLE]"],["secret","[WHOLE]"]],"columns":["b"],"rows":[["x","y"]]}"#,
    ),
    (
        Format::Json,
        r#"{"schema":[{"type":"t","name":"a"},{"name":"secret"}],"row":["x","y"],"deep":{"row":["x","y"]}}"#,
        r#"{"schema":[{"type":"t","name":"a"},{"name":"secret"}],"row":["x","[WHOLE]"],"deep":{"row":["x","y"]}}"#,
    ),
    (
        Format::Xml,
        "<d><f name='secret'>x</f> x <f key='secret' value='x'/>x<u url='a/secret'><valueString value='x'/><y value='x'/></u></d>",
        "<d><f name='secret'>[WHOLE]</f> x <f key='secret' value='[WHOLE]'/>x<u url='a/secret'><valueString value='[WHOLE]'/><y value='x'/></u></d>",
    ),
    (
        Format::Xml,
        "<d><e><key>secret</key><value>x</value><value>x</value></e><e><key>b</key><value>x</value></e><p name='secret'>x</p></d>",
        "<d><e><key>secret</key><value>[WHOLE]</value><value>[WHOLE]</value></e><e><key>b</key><value>x</value></e><p name='secret'>x</p></d>",
    ),
    (
        Format::CSV,
        "who,attr,value\nx,secret,x\nx,\"secret\",\"y \"\"z\"\nx,b,x\nx,,x\n",
        "who,attr,value\nx,secret,[WHOLE]\nx,\"secret\",\"[WHOLE]\"\nx,b,x\nx,,x\n",
    ),
    // Two levels, and the third.
    (
        Format::Json,
        r#"["{\"a\":\"{\\\"secret\\\":\\\"x\\\"}\"}"]"#,
        r#"["{\"a\":\"{\\\"secret\\\":\\\"[WHOLE]\\\"}\"}"]"#,
    ),
    // What only begins like a format is text.
    (Format::Json, r#"{"d":"<Abbe Bo> wrote"}"#, r#"{"d":"<[NAME]> wrote"}"#),
    (Format::Json, r#"{"d":"{a@b"}"#, r#"{"d":"{[MAIL]"}"#),
    // Base64 of `To: mr Bo, a@b.`, which becomes `To: mr [NAME]  , [MAIL].`, and of JSON.
    (Format::Json, r#"{"d":"VG86IG1yIEJvLCBhQGIu"}"#, r#"{"d":"VG86IG1yIFtOQU1FXSAgLCBbTUFJTF0u"}"#),
    (
        Format::Json,
        r#"{"d":"eyJzZWNyZXQiOiJhQWIiLCJiIjoiYUBiIn0="}"#,
        r#"{"d":"eyJzZWNyZXQiOiJbV0hPTEVdICAiLCJiIjoiW01BSUxdIn0="}"#,
    ),
    // A picture, as it is and as a URI; wrapped lines; a number that only looks like base64.
    (Format::Json, r#"{"d":"iVBORw0KGgoAAAANSUhEUg=="}"#, r#"{"d":"[WHOLE]"}"#),
    (Format::Json, r#"{"d":"data:image\/png;base64,iVBORw0KGgoAAAANSUhEUg=="}"#, r#"{"d":"[WHOLE]"}"#),
    (
        Format::Json,
        r#"{"d":"550e8400-e29b-41d4-a716-446655440000"}"#,
        r#"{"d":"550e8400-e29b-41d4-a716-446655440000"}"#,
    ),
    (Format::Xml, "<d>\n  VG86IG1yIEJvLCBhQGIu\n</d>", "<d>\n  VG86IG1yIFtOQU1FXSAgLCBbTUFJTF0u</d>"),
    (Format::Xml, "<d v='VG86IG1yIEJvLCBhQGIu'/>", "<d v='VG86IG1yIFtOQU1FXSAgLCBbTUFJTF0u'/>"),
    (Format::Xml, "<p>VG86IG1yIEJvLCB<b>hQGIu</b> a@b</p>", "<p>VG86IG1yIEJvLCB<b>hQGIu</b> [MAIL]</p>"),
    (
        Format::Hl7,
        "MSH|^~\\&|A\rOBX|1|ED|x||^text^plain^Base64^VG86IG1yIEJvLCBhQGIu||\r",
        "MSH|^~\\&|A\rOBX|1|ED|x||^text^plain^Base64^VG86IG1yIFtOQU1FXSAgLCBbTUFJTF0u||\r",
    ),
    // Lines of logs.
    (
        Format::Log,
        "192.0.2.1 - mr.x [1/Jan/2000:1:2:3 +0] \"GET /users/x7/y?secret=a+b&%41=%61%40b HTTP/1.1\" 2\n",
        "192.0.2.1 - mr.x [1/Jan/2000:1:2:3 +0] \"GET /users/x7/y?secret=%5BWHOLE%5D&%41=%5BMAIL%5D HTTP/1.1\" 2\n",
    ),
    (Format::Log, "x secret=\"a \\\"b\\\"\" y secret=Abbe Bo z=1\n", "x secret=\"[WHOLE]\" y secret=[WHOLE] z=1\n"),
    (Format::Log, "in: PID|1||a@b^mr Bo.\\rPV1|1|a@b ok\n", "in: PID|1||[MAIL]^mr [NAME].\\rPV1|1|[MAIL] ok\n"),
    (
        Format::Log,
        "got \"MSH|^~\\\\&|A\\rPID|1||a@b\\rOBX|1|TX|c||mr Bo.\" ok\n",
        "got \"MSH|^~\\\\&|A\\rPID|1||[MAIL]\\rOBX|1|TX|c||mr [NAME].\" ok\n",
    ),
    (Format::Log, "sent {\"secret\":\"x\",\"b\":\"a@b\"}\n", "sent {\"secret\":\"[WHOLE]\",\"b\":\"[MAIL]\"}\n"),
    (Format::Log, "msg=\"{\\\"secret\\\":\\\"x\\\"}\" a\n", "msg=\"{\\\"secret\\\":\\\"[WHOLE]\\\"}\" a\n"),
    // A label in the cell before, a head of a column, a term, the name of an input.
    (
        Format::Xml,
        "<table><tr><td>Secret:</td><td>x <b>y</b></td><td>z</td></tr></table>",
        "<table><tr><td>Secret:</td><td>[WHOLE]<b></b></td><td>z</td></tr></table>",
    ),
    (
        Format::Xml,
        "<table><tr><th>a</th><th>secret</th></tr><tr><td>x</td><td>y</td></tr></table><dl><dt>secret<dd>z</dl>",
        "<table><tr><th>a</th><th>secret</th></tr><tr><td>x</td><td>[WHOLE]</td></tr></table><dl><dt>secret<dd>[WHOLE]</dl>",
    ),
    (
        Format::Xml,
        "<input name=\"secret\" value=\"x\"><input value='y'>",
        "<input name=\"secret\" value=\"[WHOLE]\"><input value='y'>",
    ),
    // Statements and rows of a dump.
    (
        Format::Sql,
        "INSERT INTO t (a, secret) VALUES (7, 'O''B x'), (8,9);\n",
        "INSERT INTO t (a, secret) VALUES (7, '[WHOLE]'), (8,'[WHOLE]');\n",
    ),
    (
        Format::Sql,
        "CREATE TABLE s.t (a int,\n secret text);\nINSERT INTO t VALUES (1, 'x\ny'); -- a@b\n",
        "CREATE TABLE s.t (a int,\n secret text);\nINSERT INTO t VALUES (1, '[WHOLE]\n[WHOLE]'); -- [MAIL]\n",
    ),
    (
        Format::Sql,
        "COPY t (a, secret) FROM stdin;\n1\tx y\n\\N\t\\N\n{\"secret\":\"z\"}\tw\n\\.\n\nSELECT 'a@b';\n",
        "COPY t (a, secret) FROM stdin;\n1\t[WHOLE]\n\\N\t\\N\n{\"secret\":\"[WHOLE]\"}\t[WHOLE]\n\\.\n\nSELECT '[MAIL]';\n",
    ),
    // A message in parts: encoded words, quoted-printable, base64, markup; and a form.
    (
        Format::Mime,
        "To: mr =?utf-8?Q?B=6f?= x\r\n <a@b>\r\nContent-Type: multipart/mixed; boundary=xy\r\n\r\npre a@b\r\n--xy\r\n\
         Content-Transfer-Encoding: quoted-printable\r\n\r\nmr B=\r\no x =61@b=\r\n\r\n--xy\r\n\
         Content-Transfer-Encoding: base64\r\n\r\nVG86IG1yIEJv\r\nLCBhQGIu\r\n--xy\r\nContent-Type: text/html\r\n\r\n\
         <p>a&#64;b</p>\r\n--xy--\r\na@b\r\n",
        "To: mr [NAME] x\r\n <[MAIL]>\r\nContent-Type: multipart/mixed; boundary=xy\r\n\r\npre [MAIL]\r\n--xy\r\n\
         Content-Transfer-Encoding: quoted-printable\r\n\r\nmr [NAME] x [MAIL]=\r\n\r\n--xy\r\n\
         Content-Transfer-Encoding: base64\r\n\r\nVG86IG1yIFtOQU1FXSAg\r\nLCBbTUFJTF0u\r\n--xy\r\nContent-Type: text/html\r\n\r\n\
         <p>[MAIL]</p>\r\n--xy--\r\n[MAIL]\r\n",
    ),
    (
        Format::Mime,
        "--q7-x\r\nContent-Disposition: form-data; name=\"secret\"\r\n\r\nx\ny\r\n--q7-x--\r\n",
        "--q7-x\r\nContent-Disposition: form-data; name=\"secret\"\r\n\r\n[WHOLE]\r\n--q7-x--\r\n",
    ),
    // Character data behind it part a text, also when they hold nothing: nobody knows yet whether they will.
    (Format::Xml, "<p>bXIgQWJiZSBCbywgMTIzLTQ1IGFAYi4=<![CDATA[", "<p>bXIgQWJiZSBCbywgMTIzLTQ1IGFAYi4=<![CDATA["),
    (Format::Xml, "<p>bXIgQm8sIGFAYi4=<![CDATA[]]></p>", "<p>bXIgQm8sIGFAYi4=<![CDATA[]]></p>"),
    // Several findings in what is spelt as one; one that goes on in the next.
    (Format::Mime, "To: =?utf-8?Q?a@b_mr_Bo,?= c@d\n", "To: [MAIL][NAME] [MAIL]\n"),
    (Format::Mime, "To: =?utf-8?B?YUBiIG1yIEI=?==?utf-8?Q?o_c@d?= 123-45\n", "To: [MAIL][NAME][MAIL] [NUMBER]\n"),
    (
        Format::Mime,
        "To: =?utf-8?Q?a@b_h://c.d/e.f/g.h/c.d/e.f/g.h/c.d/e.f/g.h/c.d/e.f/g.h/c.d/e.f/g.h/c.d/e.f?=/g\n",
        "To: [MAIL][LINK]\n",
    ),
    // Separators that stand for themselves, and messages in frames.
    (
        Format::Hl7,
        "MSH|^~\\&|A\rPID|1||a@b\\F\\mr Bo\\R\\c@d\\E\\e@f\\T\\x\r",
        "MSH|^~\\&|A\rPID|1||[MAIL]\\F\\mr [NAME]\\R\\[MAIL]\\E\\[MAIL]\\T\\x\r",
    ),
    (
        Format::Hl7,
        "\u{b}MSH|^~\\&|A\rPID|1||a@b\r\u{1c}\r\u{b}MSH#*%!$#A\nPID#1##a@b*mr Bo.!F!d\n\u{1c}\r",
        "\u{b}MSH|^~\\&|A\rPID|1||[MAIL]\r\u{1c}\r\u{b}MSH#*%!$#A\nPID#1##[MAIL]*mr [NAME].!F!d\n\u{1c}\r",
    ),
    (Format::Hl7, "MSH|^~\\&|A\rPID|1||\\X614062206D7220426F2C\\ c@d\r", "MSH|^~\\&|A\rPID|1||[MAIL][NAME] [MAIL]\r"),
    // So are the tags around them here: what is spelt as one goes as one.
    (
        Format::Hl7,
        "MSH|^~\\&|A\rOBX|1|ED|||\\X3C703E614062206D7220426F2C3C2F703E\\ c@d\r",
        "MSH|^~\\&|A\rOBX|1|ED|||[MAIL][NAME] [MAIL]\r",
    ),
    // `<p>a&#64;b`: three pieces in markup, and one in the message.
    (Format::Hl7, "MSH|^~\\&|A\rOBX|1|ED|||\\X3C703E61262336343B62\\\r", "MSH|^~\\&|A\rOBX|1|ED|||[MAIL]\r"),
    (Format::Ndjson, "{\"msg\":\"GET /a?secret=x%20y 200\"}\n", "{\"msg\":\"GET /a?secret=%5BWHOLE%5D 200\"}\n"),
];

#[test]
fn what_is_of_a_format_is_read_as_such() {
    let scanner = scanner();
    let mut wrong = Vec::new();
    for (format, doc, expected) in CASES {
        for (profile, first) in profiles().iter().zip((0..).map(|i| i == 0)) {
            let run = laws::oracle(&scanner, profile, *format, doc.as_bytes());
            let every: Vec<usize> = (1..doc.len()).collect();
            laws::split(&run, &scanner, profile, *format, doc.as_bytes(), &every);
            for cut in 1..doc.len() {
                laws::split(&run, &scanner, profile, *format, doc.as_bytes(), &[cut]);
            }
            laws::edits(&scanner, profile, *format, doc.as_bytes());
            let out = String::from_utf8(run.bytes).unwrap();
            if first && out != *expected {
                wrong.push(format!("{format}: {doc}\n   is {out}\n  not {expected}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn base64_of_any_length_is_read_or_replaced() {
    let scanner = scanner();
    let profile = &profiles()[0];
    // `mr Bo a@b. x` and bytes that are no text, many times.
    for (unit, text) in [("bXIgQm8gYUBiLiB4", true), ("gICAgICAgICAgICA", false)] {
        for times in [1, 20, 1000, 4000] {
            let doc = format!("{{\"d\":\"{}\",\"e\":\"a@b\"}}", unit.repeat(times));
            let cuts: Vec<usize> = (1..doc.len() / 777).map(|i| i * 777).collect();
            let whole = laws::stream(&scanner, profile, Format::Json, doc.as_bytes(), &[]);
            laws::bound(&whole);
            laws::split(&whole, &scanner, profile, Format::Json, doc.as_bytes(), &cuts);
            let out = String::from_utf8(whole.bytes).unwrap();
            assert!(!out.contains(unit) || (!text && times == 1), "{times} times {unit}");
            assert!(out.ends_with("\"e\":\"[MAIL]\"}"));
            // What is too long to be gathered is replaced whole, text or not; short data are a number, perhaps.
            let gone = out.starts_with("{\"d\":\"[WHOLE]\"");
            assert_eq!(gone, times == 4000 || (!text && times > 1), "{times} times {unit}");
        }
    }
}

#[test]
fn what_is_packed_too_deep_is_replaced_whole() {
    use base64::Engine as _;
    let scanner = scanner();
    let profile = &profiles()[0];
    let mut doc = "mr Bo, a@b and more".to_owned();
    for depth in 0..5 {
        let line = format!("{{\"d\":\"{doc}\"}}");
        let run = laws::oracle(&scanner, profile, Format::Json, line.as_bytes());
        assert!(run.stats.total() >= 1, "depth {depth}");
        let out = String::from_utf8(run.bytes).unwrap();
        assert!(!out.contains(&doc), "depth {depth}");
        doc = base64::engine::general_purpose::STANDARD.encode(&line);
    }
}

#[test]
fn a_line_that_is_too_long_to_be_gathered_is_text_from_there_on() {
    let scanner = scanner();
    for profile in &profiles() {
        for len in [8180, 8190, 8191, 8192, 8193, 20_000] {
            let doc = format!("secret=a {} mr Bo a@b secret=c\nsecret=d\n", "x ".repeat(len / 2));
            let run = laws::oracle(&scanner, profile, Format::Log, doc.as_bytes());
            for size in [1000, 4096, 8192] {
                let cuts: Vec<usize> = (1..doc.len() / size + 1).map(|i| i * size).collect();
                laws::split(&run, &scanner, profile, Format::Log, doc.as_bytes(), &cuts);
            }
        }
    }
}

#[test]
fn a_mask_of_what_is_spelt_as_one_is_as_long_as_it() {
    let scanner = scanner();
    let mask = &profiles()[1];
    for (format, doc, expected) in [
        (Format::Mime, "To: =?utf-8?Q?a@b_mr_Bo,?= c@d\n", "To: ********************** ***\n"),
        (Format::Mime, "To: =?x?q?a@b_mr_B?==?x?q?o_c@d?=\n", "To: *****************************\n"),
        (
            Format::Hl7,
            "MSH|^~\\&|A\rPID|1||\\X614062206D7220426F2C\\\r",
            "MSH|^~\\&|A\rPID|1||***********************\r",
        ),
    ] {
        let run = laws::oracle(&scanner, mask, format, doc.as_bytes());
        assert_eq!(String::from_utf8(run.bytes).unwrap(), expected, "{doc}");
    }
}

#[test]
fn a_long_finding_leaves_behind_the_one_that_it_shares_its_beginning_with() {
    let scanner = scanner();
    // `a@b h://c`, the last of which goes on.
    for (format, head) in [
        (Format::Mime, "To: =?x?q?a@b_h://c?="),
        (Format::Hl7, "MSH|^~\\&|A\rPID|1||\\X61406220683A2F2F63\\"),
        (Format::Hl7, "MSH|^~\\&|A\rOBX|1|ED|||\\X3C703E61406220683A2F2F63\\"),
    ] {
        for (profile, first) in profiles().iter().zip((0..).map(|i| i == 0)) {
            for times in [1, 40, 400, 4000] {
                let doc = format!("{head}{}\r\n", "/c".repeat(times));
                let run = laws::oracle(&scanner, profile, format, doc.as_bytes());
                for size in [7, 100, 1000] {
                    let cuts: Vec<usize> = (1..doc.len() / size + 1).map(|i| i * size).collect();
                    laws::split(&run, &scanner, profile, format, doc.as_bytes(), &cuts);
                }
                laws::edits(&scanner, profile, format, doc.as_bytes());
                let out = String::from_utf8(run.bytes).unwrap();
                assert!(!first || out.ends_with("[MAIL][LINK]\r\n"), "{format}, {times} times: {}", out.len());
            }
        }
    }
}
