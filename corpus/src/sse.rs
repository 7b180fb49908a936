//! A document as a model would stream it: pieces of its text in the events of a provider, labels in pieces with it.

use std::ops::Range;

use crate::rng::Rng;
use crate::{Document, Format, Label};

/// A way to stream an answer, after the provider's public documentation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Provider {
    /// Chat completion chunks.
    Chat,
    /// Typed response events.
    Responses,
    /// Messages in content blocks.
    Messages,
    /// Candidates with parts.
    Gemini,
    /// Lines of JSON.
    Ollama,
}

/// A document in pieces.
#[derive(Clone, Debug)]
pub struct Streamed {
    /// The stream; each piece of a label is a label.
    pub document: Document,
    /// For each of its labels which label of the original it is a piece of.
    pub of: Vec<usize>,
}

impl Provider {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Chat, Self::Responses, Self::Messages, Self::Gemini, Self::Ollama];

    /// A short name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Responses => "responses",
            Self::Messages => "messages",
            Self::Gemini => "gemini",
            Self::Ollama => "ollama",
        }
    }

    /// The format of its streams.
    pub fn format(self) -> Format {
        if self == Self::Ollama { Format::Deltas } else { Format::Sse }
    }

    fn frame(self) -> Frame {
        match self {
            Self::Chat => Frame {
                opening: "data: {\"id\":\"chatcmpl-0\",\"object\":\"chat.completion.chunk\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}]}\n\n",
                before: "data: {\"id\":\"chatcmpl-0\",\"object\":\"chat.completion.chunk\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"",
                behind: "\"},\"finish_reason\":null}]}\n\n",
                closing: "data: {\"id\":\"chatcmpl-0\",\"object\":\"chat.completion.chunk\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n",
            },
            Self::Responses => Frame {
                opening: "event: response.created\ndata: {\"type\":\"response.created\",\"response\":{\"id\":\"resp_0\",\"status\":\"in_progress\"}}\n\n",
                before: "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"item_id\":\"msg_0\",\"output_index\":0,\"content_index\":0,\"delta\":\"",
                behind: "\"}\n\n",
                closing: "event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{\"id\":\"resp_0\",\"status\":\"completed\"}}\n\n",
            },
            Self::Messages => Frame {
                opening: "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n",
                before: "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"",
                behind: "\"}}\n\n",
                closing: "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
            },
            Self::Gemini => Frame {
                opening: "",
                before: "data: {\"candidates\": [{\"content\": {\"parts\": [{\"text\": \"",
                behind: "\"}],\"role\": \"model\"}}]}\r\n\r\n",
                closing: "data: {\"candidates\": [{\"content\": {\"parts\": [{\"text\": \"\"}],\"role\": \"model\"},\"finishReason\": \"STOP\"}]}\r\n\r\n",
            },
            Self::Ollama => Frame {
                opening: "",
                before: "{\"model\":\"m\",\"message\":{\"role\":\"assistant\",\"content\":\"",
                behind: "\"},\"done\":false}\n",
                closing: "{\"model\":\"m\",\"message\":{\"role\":\"assistant\",\"content\":\"\"},\"done_reason\":\"stop\",\"done\":true}\n",
            },
        }
    }
}

/// What stands around pieces.
struct Frame {
    opening: &'static str,
    before: &'static str,
    behind: &'static str,
    closing: &'static str,
}

/// Streams a document in tokens: a few letters, or what stands between words with the beginning of the next.
pub fn stream(document: &Document, provider: Provider, rng: &mut Rng) -> Streamed {
    let text = String::from_utf8_lossy(&document.text);
    let mut cuts = Vec::new();
    let mut left = 0;
    for (at, c) in text.char_indices() {
        let is_edge = !c.is_alphanumeric();
        if left == 0 || (is_edge && rng.chance(60)) {
            cuts.push(at);
            left = 1 + rng.below(6);
        }
        left -= 1;
    }
    stream_cut(document, provider, &cuts)
}

/// Streams a document cut before each offset of `cuts`, which are at characters and ascend.
pub fn stream_cut(document: &Document, provider: Provider, cuts: &[usize]) -> Streamed {
    let frame = provider.frame();
    let text = &document.text;
    let mut out = Vec::from(frame.opening);
    // Where each byte of the text begins and ends in the stream.
    let mut places: Vec<Range<usize>> = Vec::with_capacity(text.len());
    let mut from = 0;
    for &to in cuts.iter().chain([&text.len()]) {
        let to = to.clamp(from, text.len());
        if to > from {
            out.extend_from_slice(frame.before.as_bytes());
            for &byte in &text[from..to] {
                let start = out.len();
                spell(byte, &mut out);
                places.push(start..out.len());
            }
            out.extend_from_slice(frame.behind.as_bytes());
        }
        from = to;
    }
    out.extend_from_slice(frame.closing.as_bytes());
    let mut pieces: Vec<(Label, usize, String)> = Vec::new();
    for ((label, value), of) in document.labels.iter().zip(&document.values).zip(0..) {
        let mut last: Option<Label> = None;
        for place in &places[label.start..label.end] {
            match &mut last {
                Some(piece) if piece.end == place.start => piece.end = place.end,
                _ => {
                    pieces.extend(last.take().map(|piece| (piece, of, value.clone())));
                    last = Some(Label { start: place.start, end: place.end, kind: label.kind.clone() });
                }
            }
        }
        pieces.extend(last.map(|piece| (piece, of, value.clone())));
    }
    pieces.sort_by_key(|(label, ..)| label.start);
    let name = format!("{}.{}.{}", document.name, provider.name(), provider.format().extension());
    let (of, values) = pieces.iter().map(|(_, of, value)| (*of, value.clone())).unzip();
    let labels = pieces.into_iter().map(|(label, ..)| label).collect();
    let document = Document { name, format: provider.format(), text: out, labels, decoys: Vec::new(), values };
    Streamed { document, of }
}

/// A byte of UTF-8 in a JSON string.
fn spell(byte: u8, out: &mut Vec<u8>) {
    match byte {
        b'"' | b'\\' => out.extend([b'\\', byte]),
        b'\n' => out.extend(b"\\n"),
        b'\r' => out.extend(b"\\r"),
        b'\t' => out.extend(b"\\t"),
        0..0x20 => out.extend(format!("\\u{byte:04x}").as_bytes()),
        _ => out.push(byte),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_lie_in_the_pieces_that_they_were_cut_into() {
        let label = Label { start: 4, end: 11, kind: "name".to_owned() };
        let document = Document {
            name: "note".to_owned(),
            format: Format::Text,
            text: b"see \"Al\" Xy.".to_vec(),
            labels: vec![label],
            decoys: Vec::new(),
            values: vec!["\"Al\" Xy".to_owned()],
        };
        for provider in Provider::ALL {
            let streamed = stream_cut(&document, provider, &[6, 9]);
            assert_eq!(streamed.of, [0, 0, 0]);
            let text = String::from_utf8(streamed.document.text).unwrap();
            let pieces: Vec<&str> =
                streamed.document.labels.iter().map(|label| &text[label.start..label.end]).collect();
            assert_eq!(pieces, ["\\\"A", "l\\\" ", "Xy"]);
            assert_eq!(text.matches("see ").count(), 1);
        }
    }
}
