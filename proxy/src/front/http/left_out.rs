//! What is left out of JSON by its name, because nothing of it can be redacted as text.
//!
//! Likelihoods of a model's words (`logprobs`) spell the answer a second time, token by token, as text and as numbers of bytes, and
//! name what might have stood there. What the Secrets and ConfigMaps of a cluster hold is nobody's identity, and still not for
//! agents: passwords, keys, files.

use bytes::{Bytes, BytesMut};

/// Takes values out of JSON, alone or in events.
#[derive(Debug)]
pub(super) struct LeftOut {
    what: What,
    state: State,
    /// The beginning of the string that is being read, or was read last.
    name: Vec<u8>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum What {
    Likelihoods,
    Secrets,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum State {
    #[default]
    Outside,
    String {
        escaped: bool,
    },
    /// Behind a string, which may be a name.
    Behind,
    /// Behind the name of what is left out and its colon.
    Value,
    /// In it: how deep, and whether in a string of it.
    Inside {
        depth: u32,
        string: bool,
        escaped: bool,
        ended_line: bool,
    },
    /// In a string that is all of it.
    Text {
        escaped: bool,
    },
}

/// Names are shorter, even where each letter is escaped: the longest has 49.
const LONGEST: usize = 300;

impl LeftOut {
    pub(super) const fn likelihoods() -> Self {
        Self::of(What::Likelihoods)
    }

    /// What Secrets and ConfigMaps hold, wherever they stand in an answer.
    pub(super) const fn secrets() -> Self {
        Self::of(What::Secrets)
    }

    const fn of(what: What) -> Self {
        Self { what, state: State::Outside, name: Vec::new() }
    }

    /// What the next bytes are without it.
    pub(super) fn filter(&mut self, text: Bytes) -> Bytes {
        let (mut out, mut kept, mut at) = (None::<BytesMut>, 0, 0);
        while let Some(&byte) = text.get(at) {
            let before = self.state;
            self.step(byte);
            at += 1;
            match (before, self.state) {
                // A long string that is no name.
                (State::String { .. }, State::String { escaped: false }) if self.name.len() >= LONGEST => {
                    let rest = text.get(at..).unwrap_or_default();
                    at += memchr::memchr3(b'"', b'\\', b'\n', rest).unwrap_or(rest.len());
                }
                (State::Inside { .. } | State::Text { .. }, State::Inside { .. } | State::Text { .. }) => {}
                (_, State::Inside { .. } | State::Text { .. }) => {
                    let out = out.get_or_insert_with(BytesMut::new);
                    out.extend_from_slice(text.get(kept..at - 1).unwrap_or_default());
                    out.extend_from_slice(b"null");
                    kept = at;
                }
                (State::Inside { .. } | State::Text { .. }, _) => kept = at,
                _ => {}
            }
            if matches!(self.state, State::Inside { .. } | State::Text { .. }) {
                kept = at;
            }
        }
        match out {
            None => text.slice(kept..),
            Some(mut out) => {
                out.extend_from_slice(text.get(kept..).unwrap_or_default());
                out.freeze()
            }
        }
    }

    fn step(&mut self, byte: u8) {
        self.state = match self.state {
            State::Outside if byte == b'"' => {
                self.name.clear();
                State::String { escaped: false }
            }
            State::Outside => State::Outside,
            // No string of JSON goes on behind the end of its line.
            State::String { .. } if byte == b'\n' => State::Outside,
            State::String { escaped: false } if byte == b'"' => State::Behind,
            State::String { escaped } => {
                if self.name.len() < LONGEST {
                    self.name.push(byte);
                }
                State::String { escaped: !escaped && byte == b'\\' }
            }
            State::Behind if byte.is_ascii_whitespace() => State::Behind,
            State::Behind if byte == b':' && self.is_name() => State::Value,
            State::Behind if byte == b'"' => {
                self.name.clear();
                State::String { escaped: false }
            }
            State::Behind => State::Outside,
            State::Value if byte.is_ascii_whitespace() => State::Value,
            State::Value if matches!(byte, b'{' | b'[') => {
                State::Inside { depth: 1, string: false, escaped: false, ended_line: false }
            }
            State::Value if byte == b'"' && self.what == What::Secrets => State::Text { escaped: false },
            State::Value => State::Outside,
            State::Text { escaped: false } if byte == b'"' => State::Outside,
            // No string of JSON goes on behind the end of its line.
            State::Text { .. } if byte == b'\n' => State::Outside,
            State::Text { escaped } => State::Text { escaped: !escaped && byte == b'\\' },
            State::Inside { depth, string, escaped, ended_line } => {
                let ended = byte == b'\n';
                match byte {
                    // An empty line ends an event, whatever is open in it.
                    b'\n' if ended_line => State::Outside,
                    b'\r' => State::Inside { depth, string, escaped, ended_line },
                    b'"' if !escaped => State::Inside { depth, string: !string, escaped: false, ended_line: false },
                    _ if string && !ended => {
                        State::Inside { depth, string, escaped: !escaped && byte == b'\\', ended_line: false }
                    }
                    b'{' | b'[' => State::Inside { depth: depth + 1, string, escaped, ended_line: false },
                    b'}' | b']' if depth == 1 => State::Outside,
                    b'}' | b']' => State::Inside { depth: depth - 1, string, escaped, ended_line: false },
                    _ => State::Inside { depth, string: string && !ended, escaped: false, ended_line: ended },
                }
            }
        };
    }

    fn is_name(&self) -> bool {
        let quoted = [b"\"", self.name.as_slice(), b"\""].concat();
        serde_json::from_slice::<String>(&quoted).is_ok_and(|name| match self.what {
            What::Likelihoods => name.starts_with("logprobs") || name == "top_logprobs" || name == "token_logprobs",
            What::Secrets => {
                // Who applied one left all of it in its notes.
                const NAMES: [&str; 4] =
                    ["data", "binarydata", "stringdata", "kubectl.kubernetes.io/last-applied-configuration"];
                NAMES.contains(&name.to_ascii_lowercase().as_str())
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filtered(text: &str, step: usize) -> String {
        without(LeftOut::likelihoods(), text, step)
    }

    fn without(mut left_out: LeftOut, text: &str, step: usize) -> String {
        let pieces = text.as_bytes().chunks(step).map(|piece| left_out.filter(Bytes::copy_from_slice(piece)));
        String::from_utf8(pieces.flat_map(|piece| piece.to_vec()).collect()).unwrap()
    }

    #[test]
    fn what_secrets_hold_is_left_out_however_it_is_cut() {
        for (text, expected) in [
            (
                r#"{"kind":"Secret","data":{"password":"aHVudGVyMg=="},"type":"Opaque"}"#,
                r#"{"kind":"Secret","data":null,"type":"Opaque"}"#,
            ),
            (
                r#"{"stringData":{"a":"}"},"binaryData":{},"Data":["x"]}"#,
                r#"{"stringData":null,"binaryData":null,"Data":null}"#,
            ),
            (
                r#"{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{\"data\":{\"a\":\"b\\\\\"}}\n","a":"b"}}"#,
                r#"{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":null,"a":"b"}}"#,
            ),
            (
                r#"{"\u0064ata":"x","database":"data","x":["data",1]}"#,
                r#"{"\u0064ata":null,"database":"data","x":["data",1]}"#,
            ),
            (
                "{\"type\":\"ADDED\",\"object\":{\"data\":{\"a\":\"b\"}}}\n{\"object\":{\"data\":{\"c\":\"d\"}}}\n",
                "{\"type\":\"ADDED\",\"object\":{\"data\":null}}\n{\"object\":{\"data\":null}}\n",
            ),
        ] {
            for step in 1..=text.len() {
                assert_eq!(without(LeftOut::secrets(), text, step), expected, "in steps of {step}");
            }
        }
    }

    #[test]
    fn likelihoods_are_left_out_however_they_are_cut() {
        for (text, expected) in [
            (
                r#"{"a":1,"logprobs":{"content":[{"token":"21","bytes":[50,49]}]},"b":"x"}"#,
                r#"{"a":1,"logprobs":null,"b":"x"}"#,
            ),
            (r#"{"logprobs" : ["]}", "\"]"] }"#, r#"{"logprobs" : null }"#),
            (r#"{"log\u0070robs":{"a":1}}"#, r#"{"log\u0070robs":null}"#),
            (
                r#"{"logprobs":null,"x":"logprobs","y":"\"logprobs\":{"}"#,
                r#"{"logprobs":null,"x":"logprobs","y":"\"logprobs\":{"}"#,
            ),
            (r#"{"logprobsResult":{"a":[1]},"avgLogprobs":-0.1}"#, r#"{"logprobsResult":null,"avgLogprobs":-0.1}"#),
            (
                "data: {\"logprobs\":{\"a\":1}}\n\ndata: {\"b\":2}\n\n",
                "data: {\"logprobs\":null}\n\ndata: {\"b\":2}\n\n",
            ),
            (": it's \"so\n\ndata: {\"logprobs\":[1]}\n\n", ": it's \"so\n\ndata: {\"logprobs\":null}\n\n"),
            ("data: {\"logprobs\":{\"a\n\ndata: {\"b\":2}\n\n", "data: {\"logprobs\":nulldata: {\"b\":2}\n\n"),
            ("no json", "no json"),
        ] {
            for step in 1..=text.len() {
                assert_eq!(filtered(text, step), expected, "in steps of {step}");
            }
        }
        let long = format!(r#"{{"a":"{}","logprobs":[1]}}"#, "x\\\"".repeat(200));
        assert_eq!(filtered(&long, 7), long.replace("[1]", "null"));
    }
}
