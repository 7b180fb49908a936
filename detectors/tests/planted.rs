//! An identifier in a place that nobody expects one in: whatever a column, a field or a key is called, and whatever its
//! other values are, what says by itself what it is is found there.

#![allow(clippy::unwrap_used, reason = "a test")]

mod common;

use blackbar_engine::testing::laws;
use blackbar_engine::{Format, Rules};

use common::{SCANNER, values};

/// Identifiers that need nothing around them.
const PLANTED: &[&str] = &[
    "219-09-9998",
    "maria.garcia@example.org",
    "(617) 555-0134",
    "MRN: 4839201",
    "4111 1111 1111 1111",
    "DOB 03/14/1931",
    "198.51.100.23",
    "Patient: Maria Garcia-Lopez",
    "00:1B:44:11:3A:B7",
    "https://portal.example.org/patients/4839201",
];

/// A format, a place in it, and a document with something ordinary or something planted there.
struct Host {
    format: Format,
    place: &'static str,
    /// What is planted goes to the last row or message.
    document: fn(&str) -> String,
}

const HOSTS: &[Host] = &[
    Host {
        format: Format::CSV,
        place: "a column of colours",
        document: |what| rows("visit_no,colour,mood", "3,green,calm", &format!("4,{what},calm")),
    },
    Host {
        format: Format::CSV,
        place: "a column of units",
        document: |what| rows("code,unit,amount", "J1100,mg,12.50", &format!("J1100,{what},12.50")),
    },
    Host {
        format: Format::CSV,
        place: "a column of amounts",
        document: |what| rows("code,unit,amount", "J1100,mg,12.50", &format!("J1100,mg,{what}")),
    },
    Host {
        format: Format::CSV,
        place: "a column of diagnoses",
        document: |what| rows("icd10,status", "I10,active", &format!("{what},active")),
    },
    Host {
        format: Format::TSV,
        place: "a column of versions",
        document: |what| rows("build\tschema", "1.4.2\tcore", &format!("1.4.2\t{what}")),
    },
    Host { format: Format::CSV, place: "a cell too many", document: |what| rows("a,b", "1,2", &format!("1,2,{what}")) },
    Host {
        format: Format::Ndjson,
        place: "a key of colours",
        document: |what| {
            rows(
                "{\"n\":1,\"colour\":\"red\"}",
                "{\"n\":2,\"colour\":\"red\"}",
                &format!("{{\"n\":3,\"colour\":\"{what}\"}}"),
            )
        },
    },
    Host {
        format: Format::Ndjson,
        place: "a key of states, deep",
        document: |what| {
            rows(
                "{\"ui\":{\"tab\":{\"state\":\"open\"}}}",
                "{\"ui\":{\"tab\":{\"state\":\"open\"}}}",
                &format!("{{\"ui\":{{\"tab\":{{\"state\":\"{what}\"}}}}}}"),
            )
        },
    },
    Host {
        format: Format::Ndjson,
        place: "a list of flags",
        document: |what| {
            rows("{\"flags\":[\"a\",\"b\"]}", "{\"flags\":[\"c\"]}", &format!("{{\"flags\":[\"a\",\"{what}\"]}}"))
        },
    },
    Host {
        format: Format::Json,
        place: "a resource's status",
        document: |what| {
            format!("{{\"resourceType\":\"Observation\",\"status\":\"{what}\",\"code\":{{\"text\":\"x\"}}}}")
        },
    },
    Host {
        format: Format::Hl7,
        place: "a reference range",
        document: |what| message(&format!("OBX|1|NM|718-7^Hgb^LN||13.2|g/dL|{what}|N|||F")),
    },
    Host {
        format: Format::Hl7,
        place: "a segment of a site",
        document: |what| message(&format!("ZQR|1|on|{what}|off")),
    },
    Host {
        format: Format::Hl7,
        place: "the units of a result",
        document: |what| message(&format!("OBX|1|NM|718-7^Hgb^LN||13.2|{what}|12-16|N|||F")),
    },
    Host {
        format: Format::Hl7,
        place: "the text of a diagnosis",
        document: |what| message(&format!("DG1|1||I10^{what}^I10")),
    },
    Host {
        format: Format::Sql,
        place: "a column that is named",
        document: |what| {
            format!(
                "INSERT INTO t (n, colour) VALUES (1, 'red'), (2, 'red');\nINSERT INTO t (n, colour) VALUES (3, '{what}');\n"
            )
        },
    },
    Host {
        format: Format::Sql,
        place: "a column that is not",
        document: |what| format!("INSERT INTO t VALUES (1, 'red');\nINSERT INTO t VALUES (3, '{what}');\n"),
    },
    Host {
        format: Format::Sql,
        place: "rows of COPY",
        document: |what| format!("COPY t (n, colour) FROM stdin;\n1\tred\n2\t{what}\n\\.\n"),
    },
    Host { format: Format::Sql, place: "a comment", document: |what| format!("SELECT 1; -- {what}\nSELECT 2;\n") },
    Host {
        format: Format::Copy,
        place: "a cell",
        document: |what| rows("1\tred\tt", "2\tred\tt", &format!("3\t{what}\tf")),
    },
    Host {
        format: Format::Xml,
        place: "an attribute",
        document: |what| format!("<a><b colour=\"red\"/><b colour=\"{what}\"/></a>"),
    },
    Host {
        format: Format::Xml,
        place: "an element",
        document: |what| format!("<a><colour>red</colour><colour>{what}</colour></a>"),
    },
    Host {
        format: Format::Form,
        place: "a field",
        document: |what| {
            format!(
                "tab=2&colour={}&go=on",
                what.replace(' ', "+").replace('/', "%2F").replace(':', "%3A").replace('@', "%40")
            )
        },
    },
    Host {
        format: Format::Log,
        place: "a pair",
        document: |what| format!("ts=1 level=info colour=red\nts=2 level=info colour=\"{what}\"\n"),
    },
    Host {
        format: Format::Log,
        place: "a message",
        document: |what| format!("level=info worker up\nlevel=warn worker down: {what}\n"),
    },
    Host {
        format: Format::Mime,
        place: "a header of a site",
        document: |what| format!("MIME-Version: 1.0\r\nX-Colour: {what}\r\nContent-Type: text/plain\r\n\r\nHello.\r\n"),
    },
    Host {
        format: Format::Mime,
        place: "a field of a form",
        document: |what| {
            format!("--x7y\r\nContent-Disposition: form-data; name=\"colour\"\r\n\r\n{what}\r\n--x7y--\r\n")
        },
    },
    Host {
        format: Format::Sse,
        place: "a field that is no text",
        document: |what| format!("data: {{\"id\":\"a\",\"choices\":[],\"colour\":\"{what}\"}}\n\ndata: [DONE]\n\n"),
    },
    Host { format: Format::Sse, place: "the name of an event", document: |what| format!("event: {what}\ndata: x\n\n") },
    Host {
        format: Format::Deltas,
        place: "a field that is no text",
        document: |what| format!("{{\"model\":\"m\",\"response\":\"a\",\"colour\":\"{what}\",\"done\":false}}\n"),
    },
];

/// A first line, thirty ordinary ones, and the last.
fn rows(first: &str, ordinary: &str, last: &str) -> String {
    format!("{first}\n{}{last}\n", format!("{ordinary}\n").repeat(30))
}

fn message(segment: &str) -> String {
    format!("MSH|^~\\&|A|B|C|D|20240105||ORU^R01|1|P|2.5\rOBR|1||7|718-7^CBC^LN\r{segment}\r")
}

#[test]
fn what_is_planted_where_nobody_expects_it_is_found() {
    let profile = Rules::mask_all(values()).build().unwrap();
    let mut missed = Vec::new();
    for Host { format, place, document } in HOSTS {
        let ordinary = document("red");
        let quiet = laws::stream(&SCANNER, &profile, *format, ordinary.as_bytes(), &[]).bytes;
        assert!(holds(&quiet, b"red"), "{format} {place}: what is ordinary stays");
        for planted in PLANTED {
            let doc = document(planted);
            let out = laws::stream(&SCANNER, &profile, *format, doc.as_bytes(), &[]).bytes;
            // What identifies: its last word.
            let secret = planted.rsplit(' ').next().unwrap_or_default();
            let secret = secret.rsplit('/').next().filter(|_| planted.starts_with("https")).unwrap_or(secret);
            if holds(&out, secret.as_bytes()) {
                missed.push(format!("{format} {place}: {planted}"));
            }
        }
    }
    assert!(missed.is_empty(), "{} of {}:\n{}", missed.len(), HOSTS.len() * PLANTED.len(), missed.join("\n"));
}

fn holds(text: &[u8], what: &[u8]) -> bool {
    text.windows(what.len()).any(|window| window == what)
}
