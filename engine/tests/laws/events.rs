//! Texts that are streamed in pieces: whatever the provider, the pieces and the chunks, they are read as one text.

use super::*;
use blackbar_engine::testing::laws::Streamed;
use blackbar_engine::{Finding, Redactor};

/// How a provider writes a piece, and what it writes before and behind the pieces of a text.
struct Provider {
    format: Format,
    before: &'static str,
    /// `T` stands for the piece, as a JSON string spells it; `I` for the number of the text.
    piece: &'static str,
    after: &'static str,
}

const PROVIDERS: &[Provider] = &[
    Provider {
        format: Format::Sse,
        before: "",
        piece: "data: {\"id\":\"c\",\"choices\":[{\"index\":I,\"delta\":{\"content\":\"T\"},\"finish_reason\":null}]}\n\n",
        after: "data: {\"choices\":[{\"index\":I,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n",
    },
    Provider {
        format: Format::Sse,
        before: "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":I,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n",
        piece: "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":I,\"delta\":{\"type\":\"text_delta\",\"text\":\"T\"}}\n\n",
        after: "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":I}\n\n",
    },
    Provider {
        format: Format::Sse,
        before: "",
        piece: "event: response.output_text.delta\r\ndata: {\"type\":\"response.output_text.delta\",\"item_id\":\"m\",\r\ndata: \"output_index\":I,\"delta\":\"T\"}\r\n\r\n",
        after: "data: {\"type\":\"response.output_text.done\",\"item_id\":\"m\",\"output_index\":I,\"text\":\"\"}\n\n",
    },
    Provider {
        format: Format::Sse,
        before: ": ping\n\n",
        piece: "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"T\"}],\"role\":\"model\"},\"index\":I}]}\r\r",
        after: "",
    },
    Provider {
        format: Format::Deltas,
        before: "",
        piece: "{\"model\":\"m\",\"message\":{\"role\":\"assistant\",\"content\":\"T\"},\"done\":false}\n",
        after: "{\"model\":\"m\",\"message\":{\"role\":\"assistant\",\"content\":\"\"},\"done\":true}\n",
    },
];

impl Provider {
    fn piece(&self, text: &str, number: usize) -> String {
        let spelt = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        self.piece.replace('I', &number.to_string()).replace('T', &spelt).replace(&format!("{number}d\""), "Id\"")
    }

    fn around(&self, which: &str, number: usize) -> String {
        which.replace('I', &number.to_string())
    }

    fn stream(&self, pieces: &[&str]) -> String {
        let pieces: String = pieces.iter().map(|piece| self.piece(piece, 0)).collect();
        [self.around(self.before, 0), pieces, self.around(self.after, 0)].concat()
    }
}

/// The text of the findings' raw bytes.
fn values(run: &Streamed, doc: &str) -> Vec<String> {
    let value = |finding: &Finding| {
        let whole = [(finding.start, finding.end)];
        let parts = if finding.parts.is_empty() { &whole[..] } else { &finding.parts };
        parts.iter().map(|&(start, end)| &doc[start as usize..end as usize]).collect::<String>()
    };
    run.findings.iter().map(value).collect()
}

#[test]
fn an_identifier_in_any_two_or_three_pieces_is_one() {
    let scanner = scanner();
    let text = "see mr Abbe Bo at x.y@host or 123-45 now";
    let whole = laws::stream(&scanner, &profiles()[0], Format::Text, text.as_bytes(), &[]);
    let wanted = values(&whole, text);
    assert_eq!(wanted, ["Abbe Bo", "x.y@host", "123-45"]);
    for provider in PROVIDERS {
        for (a, b) in (0..text.len()).flat_map(|a| (a..text.len()).map(move |b| (a, b))) {
            let doc = provider.stream(&[&text[..a], &text[a..b], &text[b..]]);
            let run = laws::oracle(&scanner, &profiles()[0], provider.format, doc.as_bytes());
            assert_eq!(values(&run, &doc), wanted, "{doc}");
        }
    }
}

#[test]
fn the_replacement_stands_in_the_first_piece_and_the_others_lose_theirs() {
    let scanner = scanner();
    let chat = &PROVIDERS[0];
    let doc = chat.stream(&["number 12", "3-4", "5 it is"]);
    let redacted = |profile: &Profile| {
        let out = laws::stream(&scanner, profile, Format::Sse, doc.as_bytes(), &[]).bytes;
        String::from_utf8(out).unwrap()
    };
    assert_eq!(redacted(&profiles()[0]), chat.stream(&["number [NUMBER]", "", " it is"]));
    assert_eq!(redacted(&profiles()[1]), chat.stream(&["number **", "***", "* it is"]));
}

#[test]
fn lines_of_an_event_stay_lines() {
    let scanner = scanner();
    let doc = b"data: mr Abbe\r\ndata: {\ndata:id:\ndata:\ndata: 77\n\njunk a@b\n";
    for profile in &profiles() {
        let run = laws::oracle(&scanner, profile, Format::Sse, doc);
        let count = |text: &[u8]| text.iter().filter(|byte| **byte == b'\n').count();
        assert_eq!(count(&run.bytes), count(doc));
    }
    // Data that are a string are one text of several events, and their escapes are seen.
    let strings = b"data: \"mr \\u0041bbe. 12\"\n\ndata: \"3-45 x\"\n\n";
    let out = laws::oracle(&scanner, &profiles()[0], Format::Sse, strings).bytes;
    assert_eq!(String::from_utf8_lossy(&out), "data: \"mr [NAME]. [NUMBER]\"\n\ndata: \" x\"\n\n");
    let whole = b"data: a\n\na@b\ndata: b\n\n";
    let out = laws::oracle(&scanner, &profiles()[2], Format::Sse, whole).bytes;
    assert_eq!(String::from_utf8_lossy(&out), "data: a\n\n \ndata: b\n\n");
}

#[test]
fn what_is_settled_leaves_at_once() {
    let scanner = scanner();
    let chat = &PROVIDERS[0];
    let mut redactor = scanner.redactor_for(&profiles()[0], Format::Sse, "");
    let mut push = |text: &str| {
        redactor.push(blackbar_engine::Raw::from(text.as_bytes().to_vec()));
        drain(&mut redactor).len()
    };
    let plain = chat.piece("all is well. ", 0);
    assert_eq!(push(&plain), plain.len());
    // Two texts wait: the other choice must not let the first one's piece leave.
    let begun = chat.piece(" 12", 0);
    let held = push(&begun);
    assert!(held < begun.len(), "{held}");
    assert_eq!(push(&chat.piece("fine. ", 1)), 0);
    let rest = chat.piece("3-45 is it. ", 0);
    assert!(push(&rest) > rest.len());
}

fn drain(redactor: &mut Redactor) -> Vec<u8> {
    std::iter::from_fn(|| redactor.poll()).flat_map(|segment| segment.bytes().as_bytes().to_vec()).collect()
}

#[test]
fn a_call_with_arguments_is_json_in_pieces() {
    let scanner = scanner();
    let piece = |text: &str| {
        let spelt = text.replace('\\', "\\\\").replace('"', "\\\"");
        format!(
            "data: {{\"type\":\"content_block_delta\",\"index\":1,\"delta\":{{\"type\":\"input_json_delta\",\"partial_json\":\"{spelt}\"}}}}\n\n"
        )
    };
    let json = r#"{"secret":"it is\n\u0041b","n":[123,"mr Abbe."]}"#;
    for at in 0..json.len() {
        for to in at..json.len() {
            let doc = [&json[..at], &json[at..to], &json[to..]].map(piece).concat();
            let run = laws::oracle(&scanner, &profiles()[0], Format::Sse, doc.as_bytes());
            let fields: Vec<_> = run.findings.iter().map(|finding| finding.field.as_deref().unwrap_or("-")).collect();
            assert_eq!(fields, ["secret", "n"], "{doc}");
            let out = String::from_utf8(run.bytes).unwrap();
            let strings: String =
                out.split("partial_json\":\"").skip(1).map(|s| s.split("\"}}\n").next().unwrap()).collect();
            assert_eq!(strings, r#"{\"secret\":\"[WHOLE]\",\"n\":[123,\"mr [NAME].\"]}"#, "{doc}");
        }
    }
}

#[test]
fn json_in_a_string_of_an_event_is_read_as_json() {
    let scanner = scanner();
    let doc = r#"data: {"jsonrpc":"2.0","result":{"content":[{"type":"text","text":"{\"secret\":\"it \\\"is\",\"n\":1234}"}]}}

"#;
    for profile in &profiles() {
        let run = laws::oracle(&scanner, profile, Format::Sse, doc.as_bytes());
        let every: Vec<usize> = (1..doc.len()).collect();
        laws::split(&run, &scanner, profile, Format::Sse, doc.as_bytes(), &every);
    }
    let run = laws::stream(&scanner, &profiles()[0], Format::Sse, doc.as_bytes(), &[]);
    assert_eq!(values(&run, doc), [r#"it \\\"is"#]);
    assert_eq!(run.findings[0].field.as_deref(), Some("secret"));
}

/// Texts that wait longer than bytes may be held.
#[test]
fn a_text_that_waits_too_long_is_settled_wherever_the_input_is_cut() {
    let scanner = scanner();
    for profile in &profiles() {
        let chat = &PROVIDERS[0];
        let mut doc = chat.piece("one 12", 0);
        let filler = chat.piece("all is well here. ", 1);
        for gap in [300, 430, 100] {
            (0..gap).for_each(|_| doc.push_str(&filler));
            doc.push_str(&chat.piece("3-45 two 12", 0));
        }
        // A record that is longer than may be held, with a long identifier, and one piece more.
        doc.push_str(
            &chat.piece(&format!("mr Abbe. {}http://a.{} Abbe 1", "a b@c ".repeat(9000), "b".repeat(3000)), 2),
        );
        doc.push_str(&chat.piece("23-45", 2));
        doc.push_str(&format!("data: {} a@b\ndata: c@d\n\n: {}\n\n", "x y ".repeat(20_000), "a@b ".repeat(20_000)));
        let whole = laws::stream(&scanner, profile, Format::Sse, doc.as_bytes(), &[]);
        laws::bound(&whole);
        laws::edits(&scanner, profile, Format::Sse, doc.as_bytes());
        for size in [1, 7, 300, 511, 512, 4000, 16_384, 20_000, 100_000] {
            let cuts: Vec<usize> = (1..=doc.len() / size).map(|i| i * size).collect();
            laws::split(&whole, &scanner, profile, Format::Sse, doc.as_bytes(), &cuts);
        }
    }
}

#[test]
fn a_text_may_be_endless_and_many_may_be_open() {
    let scanner = scanner();
    for profile in &profiles() {
        let chat = &PROVIDERS[0];
        let mut doc = String::new();
        for i in 0..100 {
            doc.push_str(&chat.piece(&format!("id: http://a.{i}"), i % 40));
        }
        for i in 0..300 {
            doc.push_str(&chat.piece(if i == 0 { " http://a.b" } else { "bcdefg" }, 0));
            doc.push_str(&chat.piece(if i == 0 { " #123" } else { "456" }, 1));
        }
        let whole = laws::oracle(&scanner, profile, Format::Sse, doc.as_bytes());
        laws::edits(&scanner, profile, Format::Sse, doc.as_bytes());
        for size in [1, 100, 600, 5000] {
            let cuts: Vec<usize> = (1..=doc.len() / size).map(|i| i * size).collect();
            laws::split(&whole, &scanner, profile, Format::Sse, doc.as_bytes(), &cuts);
        }
    }
}

#[test]
fn of_events_only_the_pieces_are_copied() {
    let scanner = scanner();
    let chat = &PROVIDERS[0];
    let (piece, count) = ("the number 123-45 is known. ", 3000);
    let doc = chat.stream(&vec![piece; count]);
    for size in [1400, 16 * 1024, 100_000] {
        let cuts: Vec<usize> = (1..=doc.len() / size).map(|i| i * size).collect();
        let run = laws::stream(&scanner, &profiles()[0], Format::Sse, doc.as_bytes(), &cuts);
        laws::bound(&run);
        assert_eq!(run.findings.len(), count);
        // At a boundary the record that goes across it is gathered, and what is held is copied.
        let most = count * piece.len() + (cuts.len() + 1) * (4 * chat.piece(piece, 0).len() + 512);
        assert!(run.stats.copied <= most as u64, "{} of {} copied in chunks of {size}", run.stats.copied, doc.len());
    }
}

/// What surrounds and what fills pieces.
const FRAMES: &[&str] = &[
    "data: ",
    "data:",
    "data",
    "event: x\n",
    "id: 123-45\n",
    ": a@b\n",
    "retry: 10\n",
    "junk a@b\n",
    "\n\n",
    "\n",
    "\r\n",
    "\r",
    "\r\r\n",
    "\u{feff}",
    "[DONE]",
    "data: \"",
    "  ",
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"",
    "data: {\"choices\":[{\"index\":1,\"delta\":{\"content\":\"",
    "\"}}]}\n\n",
    "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"",
    "\"}}]}}]}\n",
    "data: {\"type\":\"x.delta\",\"delta\":\"",
    "data: {\"type\":\"x.arguments.delta\",\"delta\":\"",
    "\",\"item_id\":\"i\"}\n\n",
    "\"}\n",
    "{\"response\":\"",
    "{\"done\":true}\n",
    "{\\\"secret\\\":\\\"",
    "{\"text\":\"{\\\"secret\\\":[\\\"123-45 x\\\",12]}\"}",
    "{\\\"open\\\":",
    "\\\"",
    "\\\\\\\"",
    "\\\\n",
    "\\\\u00",
    "41",
    "data: {\"choices\":[{\"finish_reason\":\"stop\",\"index\":1}]}\n\n",
];

fn streams() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        10 => proptest::sample::select(FRAMES).prop_map(|piece| piece.as_bytes().to_vec()),
        10 => proptest::sample::select(PIECES).prop_map(|piece| piece.as_bytes().to_vec()),
        1 => proptest::collection::vec(any::<u8>(), 1..4),
    ];
    let loose = proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat());
    let texts = proptest::sample::select(PIECES).prop_filter("one line", |piece| !piece.contains(['\r', '\n']));
    let event = (0usize..PROVIDERS.len(), 0usize..3, texts, 0u8..8);
    let strict = proptest::collection::vec(event, 0..30).prop_map(|events| {
        let one = |(provider, number, text, end): (usize, usize, &str, u8)| {
            let provider = &PROVIDERS[provider];
            let end = if end == 0 { provider.around(provider.after, number) } else { String::new() };
            provider.piece(text, number) + &end
        };
        events.into_iter().map(one).collect::<String>().into_bytes()
    });
    prop_oneof![loose, strict]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(10_000), ..ProptestConfig::default() })]

    #[test]
    fn any_stream_cut_anywhere_gives_the_same(
        doc in streams(),
        cuts in proptest::collection::vec(0usize..3000, 0..12),
        format in proptest::sample::select(&[Format::Sse, Format::Sse, Format::Deltas]),
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
