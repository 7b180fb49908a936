//! Which strings of an event are pieces of a text that goes on in later events, and which event ends it: data about the
//! formats that model providers document.
//!
//! Where a provider is not known, its strings are read one by one. A wrong guess joins texts that do not belong together;
//! nothing goes unread either way.

/// A text that comes in pieces.
struct Shape {
    /// Texts of one family end together.
    family: u8,
    /// Where a piece stands; `[]` is any place in an array.
    text: &'static str,
    /// What must hold elsewhere in the event.
    when: Option<(&'static str, Test)>,
    /// Values that tell one text from another, the ones that an end names first.
    keys: &'static [&'static str],
    /// Tells texts with the same keys apart.
    voice: u8,
    /// The text is JSON.
    nested: bool,
}

/// What ends texts.
struct End {
    family: u8,
    at: &'static str,
    when: Test,
    /// The first keys of the texts that end.
    keys: &'static [&'static str],
}

#[derive(Clone, Copy)]
enum Test {
    Is(&'static [&'static str]),
    BeginsWith(&'static str),
    EndsWith(&'static str),
    Contains(&'static str),
    /// Any string.
    String,
    Present,
}

impl Test {
    fn holds(self, value: &[u8], is_string: bool) -> bool {
        match self {
            Self::Is(list) => list.iter().any(|one| one.as_bytes() == value),
            Self::BeginsWith(start) => value.starts_with(start.as_bytes()),
            Self::EndsWith(end) => value.ends_with(end.as_bytes()),
            Self::Contains(part) => value.windows(part.len()).any(|window| window == part.as_bytes()),
            Self::String => is_string,
            Self::Present => true,
        }
    }
}

/// Chat completions, and whoever follows them.
const CHAT: u8 = 0;
/// Messages in content blocks.
const BLOCKS: u8 = 1;
/// Events named by their type, with the piece in `delta`.
const TYPED: u8 = 2;
/// Candidates with parts.
const CANDIDATES: u8 = 3;
/// One answer a stream.
const PLAIN: u8 = 4;
/// Content blocks in events that are named by a key.
const WRAPPERS: u8 = 5;
/// Strings of events that nobody documents.
const LOOSE: u8 = 253;
/// Strings that are whole texts of JSON.
const WHOLE: u8 = 254;
/// Data that is no JSON.
const TEXT: u8 = 255;

const CHOICE: &[&str] = &["choices[].index"];
const CALL: &[&str] = &["choices[].index", "choices[].delta.tool_calls[].index"];
const BLOCK: &[&str] = &["index", "contentBlockIndex"];
/// The same where the event is named by the key around it.
const WRAPPED: &[&str] = &["contentBlockDelta.contentBlockIndex"];
const ITEM: &[&str] = &["item_id", "output_index", "content_index", "summary_index"];
const TYPE: &[&str] =
    &["item_id", "output_index", "content_index", "summary_index", "type", "id", "messageId", "toolCallId"];
const THREAD: &[&str] = &["id", "delta.content[].index"];
const CANDIDATE: &[&str] = &["candidates[].index"];
const PART: &[&str] = &["candidates[].index", "candidates[].content.parts[].thought"];

const fn text(family: u8, voice: u8, text: &'static str, keys: &'static [&'static str]) -> Shape {
    Shape { family, text, when: None, keys, voice, nested: false }
}

const fn call(family: u8, voice: u8, at: &'static str, keys: &'static [&'static str]) -> Shape {
    Shape { nested: true, ..text(family, voice, at, keys) }
}

const SHAPES: &[Shape] = &[
    text(CHAT, 0, "choices[].delta.content", CHOICE),
    text(CHAT, 0, "choices[].delta.content[].text", CHOICE),
    text(CHAT, 1, "choices[].delta.reasoning_content", CHOICE),
    text(CHAT, 2, "choices[].delta.reasoning", CHOICE),
    text(CHAT, 3, "choices[].delta.refusal", CHOICE),
    text(CHAT, 4, "choices[].delta.audio.transcript", CHOICE),
    text(CHAT, 5, "choices[].text", CHOICE),
    call(CHAT, 6, "choices[].delta.tool_calls[].function.arguments", CALL),
    call(CHAT, 7, "choices[].delta.function_call.arguments", CHOICE),
    text(BLOCKS, 0, "delta.text", BLOCK),
    text(BLOCKS, 0, "content_block.text", BLOCK),
    text(BLOCKS, 1, "delta.thinking", BLOCK),
    text(BLOCKS, 1, "content_block.thinking", BLOCK),
    call(BLOCKS, 2, "delta.partial_json", BLOCK),
    text(BLOCKS, 3, "completion", &[]),
    text(BLOCKS, 4, "delta.message.content.text", BLOCK),
    call(BLOCKS, 5, "delta.message.tool_calls.function.arguments", BLOCK),
    text(BLOCKS, 6, "delta.reasoningContent.text", BLOCK),
    call(BLOCKS, 7, "delta.toolUse.input", BLOCK),
    text(WRAPPERS, 0, "contentBlockDelta.delta.text", WRAPPED),
    text(WRAPPERS, 1, "contentBlockDelta.delta.reasoningContent.text", WRAPPED),
    call(WRAPPERS, 2, "contentBlockDelta.delta.toolUse.input", WRAPPED),
    text(TYPED, 3, "delta.content[].text.value", THREAD),
    Shape { when: Some(("type", Test::Contains("arguments"))), ..call(TYPED, 0, "delta", TYPE) },
    text(TYPED, 1, "delta", TYPE),
    call(TYPED, 2, "inputTextDelta", TYPE),
    text(CANDIDATES, 0, "candidates[].content.parts[].text", PART),
    text(PLAIN, 0, "message.content", &[]),
    text(PLAIN, 1, "message.thinking", &[]),
    text(PLAIN, 2, "response", &[]),
    text(PLAIN, 3, "thinking", &[]),
    text(PLAIN, 4, "token.text", &[]),
    text(PLAIN, 7, "generation", &[]),
    text(PLAIN, 8, "outputText", &[]),
    text(PLAIN, 9, "outputs[].text", &[]),
    // Data that are one string.
    text(PLAIN, 6, "", &[]),
    Shape { when: Some(("stop", Test::Present)), ..text(PLAIN, 5, "content", &[]) },
];

const ENDS: &[End] = &[
    End { family: CHAT, at: "choices[].finish_reason", when: Test::String, keys: CHOICE },
    End {
        family: BLOCKS,
        at: "type",
        when: Test::Is(&["content_block_stop", "content-end", "tool-call-end"]),
        keys: BLOCK,
    },
    End {
        family: BLOCKS,
        at: "type",
        when: Test::Is(&["message_start", "message_stop", "message-start", "message-end"]),
        keys: &[],
    },
    End { family: BLOCKS, at: "stop_reason", when: Test::String, keys: &[] },
    End { family: BLOCKS, at: "stopReason", when: Test::String, keys: &[] },
    End {
        family: WRAPPERS,
        at: "contentBlockStop.contentBlockIndex",
        when: Test::Present,
        keys: &["contentBlockStop.contentBlockIndex"],
    },
    End { family: WRAPPERS, at: "messageStop.stopReason", when: Test::String, keys: &[] },
    End { family: PLAIN, at: "stop_reason", when: Test::String, keys: &[] },
    End { family: TYPED, at: "type", when: Test::EndsWith(".done"), keys: ITEM },
    End {
        family: TYPED,
        at: "type",
        when: Test::Is(&[
            "response.created",
            "response.completed",
            "response.failed",
            "response.incomplete",
            "finish",
            "RUN_FINISHED",
        ]),
        keys: &[],
    },
    End { family: CANDIDATES, at: "candidates[].finishReason", when: Test::String, keys: CANDIDATE },
    End { family: PLAIN, at: "done", when: Test::Is(&["true"]), keys: &[] },
    End { family: PLAIN, at: "stop", when: Test::Is(&["true"]), keys: &[] },
    End { family: PLAIN, at: "generated_text", when: Test::String, keys: &[] },
];

/// What tells a record of a model's answer that holds no piece of it.
const ANSWERS: &[(&str, Test)] = &[
    ("object", Test::BeginsWith("chat.completion")),
    ("object", Test::BeginsWith("text_completion")),
    ("object", Test::BeginsWith("thread.")),
    ("object", Test::Is(&["response"])),
    ("type", Test::BeginsWith("response.")),
    ("type", Test::BeginsWith("message_")),
    ("type", Test::BeginsWith("content_block_")),
];

/// Whether an object that calls itself so is a model's answer, or a part of one.
pub(crate) fn is_answer(object: &[u8]) -> bool {
    ANSWERS.iter().any(|(at, test)| *at == "object" && test.holds(object, true))
}

/// A string that continues a text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Delta {
    pub(crate) key: Vec<u8>,
    pub(crate) nested: bool,
}

/// What is to be done with the strings of one JSON text, by their number among its string values.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plan {
    strings: Vec<(u32, Delta)>,
    next: usize,
    /// The text is one whole string.
    pub(crate) is_string: bool,
    /// What the keys of texts begin with that end behind it.
    pub(crate) ends: Vec<Vec<u8>>,
    /// The text is a part of a model's answer.
    pub(crate) is_answer: bool,
    /// Strings that may be pieces, in events of no known shape.
    loose: Vec<LooseString>,
}

/// A string that may go on in the next event.
#[derive(Clone, Debug, Eq, PartialEq)]
struct LooseString {
    number: u32,
    key: Vec<u8>,
    /// Its name is one that pieces of texts have.
    named: bool,
}

/// What the events before say about those of no known shape: a string that stands where one stood in the event before goes on
/// with it.
#[derive(Debug, Default)]
pub(crate) struct Loose {
    /// Where strings stood in the event before.
    before: Vec<Vec<u8>>,
    /// Texts that are open, with the number of events that did not continue them.
    open: Vec<(Vec<u8>, u8)>,
}

impl Loose {
    /// Adds to the plan of an event which of its strings go on. Returns the keys of texts that ended before it.
    pub(crate) fn follow(&mut self, plan: &mut Plan) -> Vec<Vec<u8>> {
        // A ping in between ends nothing.
        const PATIENCE: u8 = 2;
        let strings = std::mem::take(&mut plan.loose);
        let goes_on = |string: &&LooseString| {
            string.named || self.before.contains(&string.key) || self.open.iter().any(|(key, _)| *key == string.key)
        };
        let pieces: Vec<LooseString> = strings.iter().filter(goes_on).cloned().collect();
        let mut ended = Vec::new();
        self.open.retain_mut(|(key, missed)| {
            let continued = pieces.iter().any(|piece| piece.key == *key);
            *missed = if continued { 0 } else { *missed + 1 };
            if *missed >= PATIENCE {
                ended.push(std::mem::take(key));
            }
            *missed < PATIENCE
        });
        for piece in pieces {
            if !self.open.iter().any(|(key, _)| *key == piece.key) {
                self.open.push((piece.key.clone(), 0));
            }
            let at = plan.strings.partition_point(|(other, _)| *other < piece.number);
            plan.strings.insert(at, (piece.number, Delta { key: piece.key, nested: false }));
        }
        self.before = strings.into_iter().map(|string| string.key).collect();
        ended
    }
}

impl Plan {
    /// The text that string value `number` continues. Asked in order.
    pub(crate) fn take(&mut self, number: u32) -> Option<Delta> {
        let (at, delta) = self.strings.get_mut(self.next)?;
        if *at != number {
            return None;
        }
        self.next += 1;
        Some(Delta { key: std::mem::take(&mut delta.key), nested: delta.nested })
    }
}

/// The key of the text that goes on in data that is no JSON, under this event name.
pub(crate) fn text_key(event: &[u8]) -> Vec<u8> {
    let mut key = vec![TEXT];
    push_value(&mut key, event);
    key
}

/// Reads the beginning of a JSON text, or all of it.
pub(crate) fn plan(json: &[u8]) -> Plan {
    let mut plan = Plan::default();
    if json.trim_ascii() == b"[DONE]" {
        plan.ends.push(Vec::new());
        return plan;
    }
    let text = json.trim_ascii();
    plan.is_string =
        text.first() == Some(&b'"') && text.get(1..).and_then(string_len).is_some_and(|len| len + 2 == text.len());
    let mut reader = Reader::default();
    let facts = reader.read(json);
    for fact in &facts {
        if let Some(number) = fact.number {
            let fits = |shape: &&Shape| {
                shape.text == fact.path
                    && shape.when.is_none_or(|(at, test)| {
                        facts.iter().any(|other| other.path == at && test.holds(other.value, other.number.is_some()))
                    })
            };
            if let Some(shape) = SHAPES.iter().find(fits) {
                let mut key = key(shape.family, shape.keys, fact, &facts);
                key.push(shape.voice);
                plan.strings.push((number, Delta { key, nested: shape.nested }));
            }
        }
        for end in ENDS.iter().filter(|end| end.at == fact.path && end.when.holds(fact.value, fact.number.is_some())) {
            plan.ends.push(key(end.family, end.keys, fact, &facts));
        }
    }
    let says = |fact: &Fact<'_>| {
        ANSWERS.iter().any(|(at, test)| *at == fact.path && test.holds(fact.value, fact.number.is_some()))
    };
    plan.is_answer = !plan.strings.is_empty() || !plan.ends.is_empty() || facts.iter().any(says);
    // In a message of a protocol that has answers of its own, a string is whole.
    if plan.strings.is_empty() && !plan.is_answer && !reader.whole {
        plan.loose = reader.loose;
        plan.loose.retain(|string| !reader.nested.contains(&string.number));
    }
    for number in reader.nested {
        let at = plan.strings.partition_point(|(other, _)| *other < number);
        if plan.strings.get(at).is_none_or(|(other, _)| *other != number) {
            let key = [&[WHOLE], &number.to_be_bytes()[..]].concat();
            plan.strings.insert(at, (number, Delta { key, nested: true }));
            plan.ends.push(vec![WHOLE]);
        }
    }
    plan
}

/// Whether a string, as it is spelt, is an object or an array of objects in JSON.
fn is_json(value: &[u8]) -> bool {
    let begins = value.starts_with(b"{\\\"") || value.starts_with(b"[{\\\"") || value.starts_with(b"{\\n");
    begins && matches!(value.trim_ascii_end().last(), Some(b'}' | b']'))
}

/// The family, then the values of `keys` as seen from `fact`.
fn key(family: u8, keys: &[&str], fact: &Fact<'_>, facts: &[Fact<'_>]) -> Vec<u8> {
    let mut key = vec![family];
    for name in keys {
        let near = |other: &&Fact<'_>| {
            other.path == *name && other.places.iter().zip(&fact.places).all(|(one, two)| one == two)
        };
        if let Some(other) = facts.iter().find(near) {
            push_value(&mut key, other.value);
        } else if let Some(arrays) = name.strip_suffix("[].index") {
            // The place in the array stands for an index that is not told.
            let depth = arrays.matches("[]").count();
            let place = fact.places.get(depth).copied().unwrap_or_default();
            push_value(&mut key, place.to_string().as_bytes());
        } else {
            push_value(&mut key, b"");
        }
    }
    key
}

/// Longer values are told apart by so many of their bytes.
const LONGEST_VALUE: u8 = 64;

fn push_value(key: &mut Vec<u8>, value: &[u8]) {
    let len = u8::try_from(value.len()).unwrap_or(u8::MAX).min(LONGEST_VALUE);
    key.push(len);
    key.extend_from_slice(value.get(..usize::from(len)).unwrap_or(value));
}

/// A value at a place that somebody asks for.
struct Fact<'t> {
    path: &'static str,
    /// The places in the arrays on the way.
    places: Vec<u32>,
    /// As it is spelt, without quotes.
    value: &'t [u8],
    /// Of a string: which of the string values it is.
    number: Option<u32>,
}

/// More facts of one event are not looked at.
const MOST_FACTS: usize = 256;
/// Nesting beyond this holds no facts.
const DEEPEST: usize = 64;

/// Walks through JSON as the lens does, and notes the values that matter.
#[derive(Default)]
struct Reader {
    path: Vec<u8>,
    places: Vec<u32>,
    /// Per open container whether it is an object, and how long the path to it is.
    open: Vec<(bool, usize)>,
    numbered: u32,
    /// Strings that hold JSON.
    nested: Vec<u32>,
    /// Strings that may be pieces of texts.
    loose: Vec<LooseString>,
    /// It says of itself that its strings are whole.
    whole: bool,
}

/// So many strings of one event may be pieces of texts.
const MOST_LOOSE: usize = 8;
/// Nobody documents a longer path to a piece.
const LONGEST_PATH: usize = 120;
/// Names that pieces have where nobody documents them.
const PIECES: &[&[u8]] = &[
    b"answer",
    b"body",
    b"c",
    b"chunk",
    b"completion",
    b"content",
    b"d",
    b"data",
    b"delta",
    b"fragment",
    b"generated_text",
    b"message",
    b"output",
    b"output_text",
    b"partial",
    b"piece",
    b"reply",
    b"response",
    b"result",
    b"s",
    b"segment",
    b"speech",
    b"t",
    b"text",
    b"token",
    b"tokens",
    b"transcript",
    b"v",
    b"value",
    b"word",
    b"words",
];
/// Parts of names of strings that are whole.
const NO_PIECES: &[&[u8]] = &[
    b"account",
    b"address",
    b"agent",
    b"at",
    b"birth",
    b"city",
    b"code",
    b"created",
    b"date",
    b"dob",
    b"email",
    b"event",
    b"family",
    b"finish",
    b"first",
    b"gender",
    b"given",
    b"id",
    b"kind",
    b"lang",
    b"language",
    b"last",
    b"level",
    b"mail",
    b"model",
    b"mrn",
    b"name",
    b"number",
    b"object",
    b"patient",
    b"phone",
    b"postal",
    b"provider",
    b"reason",
    b"ref",
    b"reference",
    b"role",
    b"status",
    b"street",
    b"system",
    b"time",
    b"timestamp",
    b"ts",
    b"type",
    b"unit",
    b"uri",
    b"url",
    b"uuid",
    b"version",
    b"zip",
    b"ssn",
];

/// Whether a string of this name may be a piece of a text, and whether it surely may.
fn may_be_piece(name: &[u8]) -> Option<bool> {
    // `patientName`, `patient_name`, `PATIENT-NAME`.
    let mut words: Vec<Vec<u8>> = vec![Vec::new()];
    let mut small = false;
    for byte in name {
        let parts = !byte.is_ascii_alphanumeric() || small && byte.is_ascii_uppercase();
        if parts && words.last().is_some_and(|word| !word.is_empty()) {
            words.push(Vec::new());
        }
        if let Some(word) = words.last_mut().filter(|_| byte.is_ascii_alphanumeric()) {
            word.push(byte.to_ascii_lowercase());
        }
        small = byte.is_ascii_lowercase();
    }
    let whole = words.iter().any(|word| NO_PIECES.contains(&word.as_slice()));
    (!whole).then(|| PIECES.contains(&name.to_ascii_lowercase().as_slice()))
}

/// So many strings of one event are read as the JSON that they hold.
const MOST_NESTED: usize = 8;

impl Reader {
    fn read<'t>(&mut self, json: &'t [u8]) -> Vec<Fact<'t>> {
        let (mut facts, mut at, mut key) = (Vec::new(), 0, false);
        while let Some(&byte) = json.get(at) {
            if facts.len() >= MOST_FACTS {
                break;
            }
            at += 1;
            match byte {
                b'"' => {
                    let Some(len) = string_len(json.get(at..).unwrap_or_default()) else { break };
                    let value = json.get(at..at + len).unwrap_or_default();
                    at += len + 1;
                    if key {
                        self.name(value);
                    } else {
                        let number = self.numbered;
                        self.numbered += 1;
                        if self.nested.len() < MOST_NESTED && is_json(value) {
                            self.nested.push(number);
                        }
                        self.note(value, Some(number), &mut facts);
                        self.loosen(number);
                    }
                    key = false;
                }
                b'{' | b'[' => {
                    if self.open.len() >= DEEPEST {
                        break;
                    }
                    key = byte == b'{';
                    self.open.push((key, self.path.len()));
                    if !key {
                        self.path.extend_from_slice(b"[]");
                        self.places.push(0);
                    }
                }
                b'}' | b']' => {
                    if let Some((object, len)) = self.open.pop() {
                        self.path.truncate(len);
                        if !object {
                            self.places.pop();
                        }
                    }
                    key = false;
                }
                b',' => {
                    key = self.open.last().is_some_and(|(object, _)| *object);
                    if !key && let Some(place) = self.places.last_mut() {
                        *place = place.saturating_add(1);
                    }
                }
                b':' => key = false,
                b' ' | b'\t' | b'\r' | b'\n' | 0xef | 0xbb | 0xbf => {}
                _ => {
                    let rest = json.get(at - 1..).unwrap_or_default();
                    let len = rest.iter().position(|byte| b",}]:{[\" \t\r\n".contains(byte)).unwrap_or(rest.len());
                    self.note(rest.get(..len).unwrap_or_default(), None, &mut facts);
                    at += len.saturating_sub(1);
                    key = false;
                }
            }
        }
        facts
    }

    fn name(&mut self, name: &[u8]) {
        let len = self.open.last().map_or(0, |(_, len)| *len);
        self.path.truncate(len);
        if len > 0 {
            self.path.push(b'.');
        }
        self.path.extend_from_slice(name);
    }

    fn note<'t>(&self, value: &'t [u8], number: Option<u32>, facts: &mut Vec<Fact<'t>>) {
        if let Some(path) = known(&self.path) {
            facts.push(Fact { path, places: self.places.clone(), value, number });
        }
    }

    /// A string value that no table may know.
    fn loosen(&mut self, number: u32) {
        self.whole |= self.path == b"jsonrpc" || self.path == b"resourceType";
        if self.loose.len() >= MOST_LOOSE || self.path.is_empty() || self.path.len() > LONGEST_PATH {
            return;
        }
        let name = self.path.rsplit(|byte| b".]".contains(byte)).find(|name| !name.is_empty()).unwrap_or_default();
        let Some(named) = may_be_piece(name.strip_suffix(b"[").unwrap_or(name)) else { return };
        let mut key = vec![LOOSE];
        // The whole path and nothing behind it: the length stands before it.
        key.push(u8::try_from(self.path.len()).unwrap_or(u8::MAX));
        key.extend_from_slice(&self.path);
        self.places.iter().for_each(|place| key.extend_from_slice(&place.to_be_bytes()));
        self.loose.push(LooseString { number, key, named });
    }
}

/// The same path in the tables, if it stands there.
fn known(path: &[u8]) -> Option<&'static str> {
    let same = |known: &&'static str| known.as_bytes() == path;
    let in_shape = |shape: &'static Shape| {
        let when = shape.when.iter().map(|(at, _)| *at);
        std::iter::once(shape.text).chain(when).chain(shape.keys.iter().copied()).find(same)
    };
    let in_end = |end: &'static End| std::iter::once(end.at).chain(end.keys.iter().copied()).find(same);
    let in_answer = |(at, _): &&'static (&'static str, Test)| at.as_bytes() == path;
    let answer = || ANSWERS.iter().find(in_answer).map(|(at, _)| *at);
    SHAPES.iter().find_map(in_shape).or_else(|| ENDS.iter().find_map(in_end)).or_else(answer)
}

/// How long a string is, up to its quote. None when it has no end on its line.
fn string_len(rest: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr::memchr3(b'"', b'\\', b'\n', rest.get(at..)?)?;
        match rest.get(at)? {
            b'"' => return Some(at),
            b'\\' if rest.get(at + 1) != Some(&b'\n') => at += 2,
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(json: &str) -> Vec<(u32, Delta)> {
        plan(json.as_bytes()).strings
    }

    #[test]
    fn choices_and_calls_are_told_apart_wherever_their_index_stands() {
        let first = strings(r#"{"id":"c","choices":[{"index":1,"delta":{"role":"assistant","content":"He"}}]}"#);
        let later = strings(r#"{"choices":[{"delta":{"content":"l\"lo"},"index":1}]}"#);
        assert_eq!((first[0].0, later[0].0), (2, 0));
        assert_eq!(first[0].1, later[0].1);
        let untold = strings(r#"{"choices":[{"delta":{"content":"a"}},{"delta":{"content":"b"}}]}"#);
        assert_ne!(untold[0].1.key, untold[1].1.key);
        assert_eq!(untold[1].1, first[0].1);
        let calls = strings(
            r#"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{"}},{"index":1,"function":{"arguments":"["}}]}}]}"#,
        );
        assert!(calls.len() == 2 && calls[0].1.nested && calls[0].1.key != calls[1].1.key);
    }

    #[test]
    fn an_end_names_the_texts_that_it_ends() {
        let ends = |delta: &str, end: &str| {
            let key = &strings(delta)[0].1.key;
            plan(end.as_bytes()).ends.iter().any(|prefix| key.starts_with(prefix))
        };
        let chat = r#"{"choices":[{"index":1,"delta":{"content":"x"}}]}"#;
        assert!(ends(chat, r#"{"choices":[{"index":1,"delta":{},"finish_reason":"stop"}]}"#));
        assert!(!ends(chat, r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#));
        assert!(!ends(chat, r#"{"choices":[{"index":1,"delta":{},"finish_reason":null}]}"#));
        assert!(ends(chat, "[DONE]"));
        let block = r#"{"type":"content_block_delta","index":2,"delta":{"type":"text_delta","text":"x"}}"#;
        assert!(ends(block, r#"{"type":"content_block_stop","index":2}"#));
        assert!(!ends(block, r#"{"type":"content_block_stop","index":1}"#));
        assert!(ends(block, r#"{"type":"message_stop"}"#));
        let typed =
            r#"{"type":"response.output_text.delta","item_id":"m","output_index":0,"content_index":0,"delta":"x"}"#;
        let done =
            r#"{"type":"response.output_text.done","item_id":"m","output_index":0,"content_index":0,"text":"x"}"#;
        assert!(ends(typed, done) && !ends(typed, &done.replace("\"m\"", "\"n\"")));
    }

    #[test]
    fn blocks_of_wrapped_events_are_told_apart() {
        let first = strings(r#"{"contentBlockDelta":{"delta":{"text":"a"},"contentBlockIndex":0}}"#);
        let other = strings(r#"{"contentBlockDelta":{"contentBlockIndex":1,"delta":{"text":"b"}}}"#);
        assert_ne!(first[0].1.key, other[0].1.key);
        let ends = plan(br#"{"contentBlockStop":{"contentBlockIndex":1}}"#).ends;
        assert!(other[0].1.key.starts_with(&ends[0]) && !first[0].1.key.starts_with(&ends[0]));
    }

    #[test]
    fn answers_are_told_by_what_they_say_of_themselves() {
        for json in [
            r#"{"id":"c","object":"chat.completion.chunk","created":1718000000,"choices":[]}"#,
            r#"{"type":"response.created","response":{"created_at":1718000000}}"#,
            r#"{"model":"m","created_at":"x","message":{"content":"a"},"done":false}"#,
        ] {
            assert!(plan(json.as_bytes()).is_answer, "{json}");
        }
        assert!(!plan(br#"{"object":"customer","created":1718000000,"note":"{\"a\":1}"}"#).is_answer);
    }

    #[test]
    fn strings_that_hold_json_are_texts_of_their_own() {
        let call = plan(br#"{"name":"find","arguments":"{\"ssn\":\"1\"}","note":"{x}"}"#);
        assert!(call.strings.len() == 1 && call.strings[0].0 == 1 && call.strings[0].1.nested);
        assert!(call.ends.iter().any(|end| call.strings[0].1.key.starts_with(end)));
    }

    #[test]
    fn strings_of_unknown_events_go_on_where_they_stood() {
        let mut loose = Loose::default();
        let mut keys = |json: &str| {
            let mut plan = plan(json.as_bytes());
            let ended = loose.follow(&mut plan);
            (plan.strings.iter().map(|(number, _)| *number).collect::<Vec<_>>(), ended.len())
        };
        // One whose name says so goes on from the beginning, another once it repeats; what names somebody is whole.
        assert_eq!(keys(r#"{"seq":1,"text":"219-","said":"219-","patientName":"Ann"}"#), (vec![0], 0));
        assert_eq!(keys(r#"{"seq":2,"text":"09","said":"09","patientName":"Bob"}"#), (vec![0, 1], 0));
        assert_eq!(keys(r#"{"ping":1}"#), (vec![], 0));
        assert_eq!(keys(r#"{"seq":3,"text":"-9998"}"#), (vec![0], 1));
        assert_eq!(keys(r#"{"ping":1}"#), (vec![], 0));
        assert_eq!(keys(r#"{"ping":1}"#), (vec![], 1));
        // Known shapes and whole messages are what they are.
        assert_eq!(keys(r#"{"jsonrpc":"2.0","result":{"text":"whole"}}"#), (vec![], 0));
        assert_eq!(keys(r#"{"choices":[{"delta":{"content":"x"}}],"text":"y"}"#), (vec![0], 0));
    }

    #[test]
    fn other_strings_are_no_pieces() {
        assert!(strings(r#"{"content":"note","text":"more","choices":[{"message":{"content":"whole"}}]}"#).is_empty());
        assert!(strings(r#"{"jsonrpc":"2.0","result":{"content":[{"type":"text","text":"whole"}]}}"#).is_empty());
        assert!(strings("not json").is_empty() && strings("{\"delta\":\"broken\n").is_empty());
    }
}
