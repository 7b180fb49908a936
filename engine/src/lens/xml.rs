//! XML and HTML: text between tags, values of attributes, character data, comments and instructions are runs.
//!
//! The grammar is followed loosely, as browsers do. Entities are seen through, except those that a document declares
//! itself: a declaration is read as text, and what it declares is never expanded. What only begins like a tag is text.
//! Names of elements and attributes are structure; a name that could be a number of record is none.
//!
//! A text goes on through comments, character data and instructions, and within paragraphs through the tags of type and
//! links: it waits while what stands in them is read beside it.

pub(crate) mod cells;
mod grammar;
mod packed;

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use memchr::{memchr, memchr2};

use self::cells::{Cells, LONGEST_NAMING};
use self::grammar::{Begin, FLOWS, WITHIN, attribute_name, begin, end_mark, goes_on, in_name, is_in, is_void, local};
use self::packed::Unpacked;
use super::Sink;
use super::entities::entity;
use super::paths::PathInfo;
use crate::output::Place;
use crate::{Markup, Meaning, Slot};

/// The longest reference to a character, with its signs.
pub(super) const LONGEST_ENTITY: usize = 12;
/// A longer name is text.
pub(super) const LONGEST_NAME: usize = 64;
/// A name with more digits is text.
const MOST_DIGITS: usize = 4;
/// So many open elements are remembered, the innermost ones.
const DEEPEST: usize = 256;
/// The innermost names of a path that are looked at.
const DEEPEST_PATH: usize = 32;
/// Longer values are no subject of care.
const LONGEST_CAPTURE: usize = 256;
/// A text that has undecided bytes ends when so many bytes of markup follow them.
const LONGEST_WAIT: u64 = 4096;
/// The same.
pub(super) const LONGEST_WAIT_LEN: usize = 4096;

#[derive(Default)]
pub(crate) struct Xml {
    state: State,
    /// Names of the open elements, without their prefixes.
    stack: VecDeque<Vec<u8>>,
    /// Open elements around those, whose names are forgotten.
    forgotten: usize,
    element: Vec<u8>,
    attribute: Vec<u8>,
    /// The tag that is being read ends an element.
    closing: bool,
    /// The last byte of the tag was a slash.
    slash: bool,
    /// Names of attributes of the tag in which something was replaced.
    replaced_names: u32,
    /// A run is open.
    open: bool,
    /// A text waits for what follows the markup that is being read: whether it says whose data the record is, and what
    /// it is so far.
    waiting: Option<(bool, Vec<u8>)>,
    /// What is read now stands beside a text.
    aside: bool,
    /// A run is open that has an entity memory of its own.
    apart: bool,
    /// The last thing that was read is the end of an element within a text.
    behind_end: bool,
    /// Before the text goes on, a line ends.
    breaks: bool,
    /// Opening signs of a declaration that are not closed.
    depth: u32,
    info: Option<Arc<PathInfo>>,
    /// A text that may be base64, and the place that it fills: no run is open for it yet.
    packed: Option<Unpacked>,
    /// The table that is being read, if one is.
    cells: Cells,
    /// The value of the attribute that names an input, as far as it has come.
    naming: Option<Vec<u8>>,
    captured: Vec<u8>,
    capturing: bool,
    /// The beginning of a tag, a name, an entity or an end mark, until it is known what it is.
    pending: Vec<u8>,
    pending_at: u64,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum State {
    /// Between tags.
    #[default]
    Content,
    /// Behind a `<`.
    Less,
    /// In the name of a tag.
    Name,
    /// In a tag, between attributes.
    Tag,
    /// In the name of an attribute.
    Attribute,
    /// In one that may be an identifier.
    LongName,
    /// Behind an equals sign.
    Equals,
    /// In the value of an attribute, between quotes or (0) bare.
    Value { quote: u8 },
    /// In a reference to a character, within content or within a value.
    Entity { quote: Option<u8> },
    /// In a comment, in character data, in an instruction.
    Section(Markup),
    /// In a declaration.
    Declaration,
}

impl Xml {
    pub(crate) fn feed(&mut self, sink: &mut Sink<'_>) {
        let mut at = sink.from;
        while let Some(&byte) = sink.chunk.get(at) {
            at = match self.state {
                State::Content => self.content(sink, at, byte),
                State::Less => self.less(sink, at, byte),
                State::Name => self.name(sink, at, byte),
                State::Tag => self.tag(sink, at, byte),
                State::Attribute => self.attribute(sink, at, byte),
                State::LongName => self.long_name(sink, at),
                State::Equals => self.equals(sink, at, byte),
                State::Value { quote } => self.value(sink, at, quote),
                State::Entity { quote } => self.entity(sink, at, byte, quote),
                State::Section(markup) => self.section(sink, at, markup),
                State::Declaration => self.declaration(sink, at),
            };
        }
    }

    pub(crate) fn end(&mut self, sink: &mut Sink<'_>) {
        if !self.pending.is_empty() {
            let slot = match self.state {
                State::Attribute => Markup::Attribute { quote: 0 },
                State::Section(markup) => markup,
                _ => self.text_slot(),
            };
            self.spill(sink, slot);
        }
        self.end_text(sink);
        self.state = State::Content;
        self.stack.clear();
        self.forgotten = 0;
        sink.record(sink.base + sink.chunk.len() as u64);
    }

    /// The chunk is about to go.
    pub(crate) fn park(&mut self, sink: &mut Sink<'_>) {
        self.expire(sink, sink.base + sink.chunk.len() as u64);
    }

    /// A text that has waited for too long ends. Whether it has depends on where it goes on, so it is no matter when that
    /// is noticed.
    fn expire(&mut self, sink: &mut Sink<'_>, at: u64) {
        if sink.raw(at) <= sink.out.floor.saturating_add(LONGEST_WAIT) {
            return;
        }
        if let Some((capturing, captured)) = self.waiting.take() {
            let apart = self.apart;
            if apart {
                sink.swap_memory();
            }
            sink.swap_beside();
            sink.out.floor = u64::MAX;
            sink.close();
            if capturing {
                sink.out.learn_subject(&captured);
            }
            sink.swap_beside();
            if apart {
                sink.swap_memory();
            }
        }
    }

    /// What stands before `at` is structure; a text that is open has bytes before it, perhaps, that are not settled.
    fn pass(&self, sink: &mut Sink<'_>, at: usize) {
        if !self.open && self.packed.is_none() {
            sink.structure(sink.base + at as u64);
        }
    }

    /// The text waits while markup is read.
    fn suspend(&mut self, sink: &mut Sink<'_>) {
        self.open_packed(sink);
        if std::mem::take(&mut self.open) {
            sink.step_aside();
            self.aside = true;
            self.waiting = Some((std::mem::take(&mut self.capturing), std::mem::take(&mut self.captured)));
        }
    }

    /// The text goes on at `at`, if it has not waited too long.
    fn resume(&mut self, sink: &mut Sink<'_>, at: u64) {
        self.expire(sink, at);
        if let Some((capturing, captured)) = self.waiting.take() {
            sink.step_back();
            (self.open, self.capturing, self.captured) = (true, capturing, captured);
            if self.breaks {
                // It belongs to what stands before it.
                self.note(b"\n");
                sink.insert(b"\n");
            }
        }
        (self.aside, self.behind_end, self.breaks) = (false, false, false);
    }

    /// No text goes on.
    fn end_text(&mut self, sink: &mut Sink<'_>) {
        self.end_packed(sink);
        if self.open {
            self.close(sink);
        }
        if let Some((capturing, captured)) = self.waiting.take() {
            sink.step_back();
            (self.capturing, self.captured) = (capturing, captured);
            self.close(sink);
        }
        (self.aside, self.behind_end, self.breaks) = (false, false, false);
    }

    /// Whether the tag whose name was read stands within a text.
    fn is_within_text(&self) -> bool {
        let name = local(&self.element);
        let flows = || self.stack.iter().any(|name| is_in(name, FLOWS));
        is_in(name, WITHIN) && flows() && (!self.closing || self.stack.back().is_some_and(|open| open == name))
    }

    /// Whether the content of the current element is read as it is: scripts and styles.
    fn is_raw(&self) -> bool {
        let raw = |name: &Vec<u8>| name.eq_ignore_ascii_case(b"script") || name.eq_ignore_ascii_case(b"style");
        self.stack.back().is_some_and(raw)
    }

    fn text_slot(&self) -> Markup {
        if self.is_raw() { Markup::Raw } else { Markup::Text }
    }

    fn content(&mut self, sink: &mut Sink<'_>, at: usize, byte: u8) -> usize {
        if byte == b'<' {
            self.hold(sink, at, byte, State::Less);
            return at + 1;
        }
        let raw = self.is_raw();
        if byte == b'&' && !raw {
            self.hold(sink, at, byte, State::Entity { quote: None });
            return at + 1;
        }
        let here = sink.base + at as u64;
        self.expire(sink, here);
        if !self.open
            && self.packed.is_none()
            && self.waiting.is_none()
            && (byte.is_ascii_whitespace() || super::in_mark(here, byte))
        {
            sink.structure(here + 1);
            return at + 1;
        }
        let rest = sink.chunk.get(at..).unwrap_or_default();
        let len = if raw { memchr(b'<', rest) } else { memchr2(b'<', b'&', rest) };
        let end = len.map_or(sink.chunk.len(), |len| at + len);
        let label_at = at..end;
        if !raw && !self.open && self.waiting.is_none() {
            if self.packed.is_none() && Unpacked::may_begin(rest.get(..end - at).unwrap_or_default()) {
                let info = self.content_path(sink);
                self.begin_packed(sink, Markup::Text, info.as_ref());
            }
            if self.packed.is_some() {
                self.add_packed(sink, at..end);
                self.cells.text(sink.chunk.get(label_at).unwrap_or_default());
                return end;
            }
        }
        self.open_content(sink, here);
        self.plain(sink, at..end);
        if !raw {
            self.cells.text(sink.chunk.get(label_at).unwrap_or_default());
        }
        end
    }

    /// The byte at `at` begins something that more bytes must tell.
    fn hold(&mut self, sink: &Sink<'_>, at: usize, byte: u8, state: State) {
        self.pending.clear();
        self.pending.push(byte);
        self.pending_at = sink.base + at as u64;
        self.state = state;
    }

    fn open_content(&mut self, sink: &mut Sink<'_>, at: u64) {
        self.open_packed(sink);
        if !self.open {
            self.resume(sink, at);
        }
        if !self.open {
            sink.structure(at);
            let info = self.content_path(sink);
            self.open_field(sink, self.text_slot(), info);
        }
    }

    fn open_field(&mut self, sink: &mut Sink<'_>, markup: Markup, info: Option<Arc<PathInfo>>) {
        self.set_apart(sink);
        self.captured.clear();
        self.capturing = info.as_ref().is_some_and(|info| info.subject);
        sink.open_field(Slot::Markup(markup), info.as_ref(), 0);
        self.info = info;
        self.open = true;
    }

    /// The run that is about to begin stands beside a text, perhaps.
    fn set_apart(&mut self, sink: &mut Sink<'_>) {
        if self.aside {
            sink.swap_memory();
            sink.memory.clear();
            self.apart = true;
        }
    }

    /// What the text of the current element means, by its table or by its path.
    fn content_path(&self, sink: &mut Sink<'_>) -> Option<Arc<PathInfo>> {
        let info = self.path(sink, false);
        sink.labelled(info, self.cells.label())
    }

    /// What the current element, or its attribute, means.
    fn path(&self, sink: &mut Sink<'_>, attribute: bool) -> Option<Arc<PathInfo>> {
        let mut names: [&[u8]; DEEPEST_PATH + 2] = [b""; DEEPEST_PATH + 2];
        let outer = self.stack.iter().skip(self.stack.len().saturating_sub(DEEPEST_PATH)).map(Vec::as_slice);
        // A tag's own element is not on the stack while it is read.
        let own = attribute.then_some([local(&self.element), &self.attribute]);
        let mut len = 0;
        for (to, name) in names.iter_mut().zip(outer.chain(own.into_iter().flatten())) {
            *to = name;
            len += 1;
        }
        let names = names.get(..len).filter(|names| !names.is_empty())?;
        Some(sink.paths.info(names, None, &|_| false, sink.compiled, sink.out.rules()))
    }

    fn less(&mut self, sink: &mut Sink<'_>, at: usize, byte: u8) -> usize {
        self.pending.push(byte);
        match begin(&self.pending, self.is_raw()) {
            Begin::More => {}
            Begin::Name => self.state = State::Name,
            Begin::Section(markup) => {
                if markup == Markup::Cdata {
                    // The text goes on in it.
                    self.open_packed(sink);
                    if !self.open {
                        self.resume(sink, self.pending_at);
                    }
                } else {
                    self.suspend(sink);
                }
                self.pending.clear();
                self.pass(sink, at + 1);
                self.state = State::Section(markup);
            }
            Begin::Declaration => {
                // The byte that tells is its first.
                self.pending.pop();
                self.leave(sink, at);
                self.depth = 1;
                self.state = State::Declaration;
                return at;
            }
            Begin::Text => {
                self.pending.pop();
                self.back_to_text(sink);
                return at;
            }
        }
        at + 1
    }

    /// What is pending was structure up to `at`: the text before it ends.
    fn leave(&mut self, sink: &mut Sink<'_>, at: usize) {
        self.end_text(sink);
        self.pending.clear();
        sink.structure(sink.base + at as u64);
    }

    /// What is pending is text.
    fn back_to_text(&mut self, sink: &mut Sink<'_>) {
        if !self.is_raw() {
            self.cells.text(&self.pending);
        }
        self.spill(sink, self.text_slot());
        self.state = State::Content;
    }

    /// What is pending stands for itself, in the open run or in a new one.
    fn spill(&mut self, sink: &mut Sink<'_>, markup: Markup) {
        let pending = std::mem::take(&mut self.pending);
        if pending.is_empty() {
            return;
        }
        let is_text = matches!(markup, Markup::Text | Markup::Raw);
        if !self.open {
            if is_text {
                self.open_content(sink, self.pending_at);
            } else {
                sink.structure(self.pending_at);
                let info = if markup == Markup::Cdata { self.path(sink, false) } else { None };
                self.open_field(sink, markup, info);
            }
        }
        self.note(&pending);
        sink.decoded(&pending, self.pending_at..self.pending_at + pending.len() as u64, false);
    }

    fn name(&mut self, sink: &mut Sink<'_>, at: usize, byte: u8) -> usize {
        let closing = self.pending.get(1) == Some(&b'/');
        let begins = if closing { 2 } else { 1 };
        let name = self.pending.get(begins..).unwrap_or_default();
        if byte.is_ascii_whitespace() || matches!(byte, b'>' | b'/') {
            self.closing = closing;
            self.element.clear();
            self.element.extend_from_slice(name);
            self.slash = false;
            self.replaced_names = 0;
            if self.is_within_text() {
                self.suspend(sink);
                // Elements that follow each other at once are set apart, as is what stands behind a line end.
                let parts = (self.behind_end && !closing) || is_in(local(&self.element), &[b"br"]);
                self.breaks |= parts && self.waiting.is_some();
                self.behind_end = closing;
                self.pending.clear();
                sink.structure(sink.base + at as u64);
            } else {
                self.leave(sink, at);
            }
            self.attribute.clear();
            self.state = State::Tag;
            return at;
        }
        if !goes_on(name, byte) {
            self.back_to_text(sink);
            return at;
        }
        self.pending.push(byte);
        at + 1
    }

    fn tag(&mut self, sink: &mut Sink<'_>, at: usize, byte: u8) -> usize {
        let next = at + 1;
        match byte {
            b'>' => {
                sink.structure(sink.base + next as u64);
                self.state = State::Content;
                self.finish_tag(sink, next);
                return next;
            }
            b'/' => self.slash = true,
            b'=' => self.state = State::Equals,
            _ if byte.is_ascii_whitespace() => {}
            _ => {
                self.slash = false;
                self.attribute.clear();
                sink.structure(sink.base + at as u64);
                self.hold(sink, at, byte, State::Attribute);
                if !goes_on(b"", byte) {
                    self.bare_word(sink);
                }
                return next;
            }
        }
        if next == sink.chunk.len() {
            sink.structure(sink.base + next as u64);
        }
        next
    }

    fn finish_tag(&mut self, sink: &mut Sink<'_>, at: usize) {
        let name = local(&self.element);
        self.cells.tag(name, self.closing, self.slash);
        if self.closing {
            if let Some(open) = self.stack.iter().rposition(|open| open == name) {
                self.stack.truncate(open);
            } else if self.stack.is_empty() && self.forgotten > 0 {
                self.forgotten -= 1;
            } else {
                return;
            }
            if self.stack.is_empty() && self.forgotten == 0 {
                sink.record(sink.base + at as u64);
            }
        } else if self.slash || is_void(name) {
            if self.stack.is_empty() && self.forgotten == 0 {
                sink.record(sink.base + at as u64);
            }
        } else {
            if self.stack.len() == DEEPEST {
                self.stack.pop_front();
                self.forgotten += 1;
            }
            self.stack.push_back(name.to_vec());
        }
    }

    /// What stands in a tag and is no attribute is a run.
    fn bare_word(&mut self, sink: &mut Sink<'_>) {
        self.spill(sink, Markup::Attribute { quote: 0 });
        self.state = State::Value { quote: 0 };
    }

    fn attribute(&mut self, sink: &mut Sink<'_>, at: usize, byte: u8) -> usize {
        if byte == b'=' {
            self.name_attribute();
            self.pending.clear();
            sink.structure(sink.base + at as u64 + 1);
            self.state = State::Equals;
            return at + 1;
        }
        if byte.is_ascii_whitespace() || matches!(byte, b'>' | b'/') {
            // A word without a value is content as much as a name.
            self.name_attribute();
            self.bare_word(sink);
            self.close(sink);
            self.state = State::Tag;
            return at;
        }
        if !goes_on(&self.pending, byte) {
            self.attribute.clear();
            if in_name(byte) {
                self.open_long_name(sink);
            } else {
                self.bare_word(sink);
            }
            return at;
        }
        self.pending.push(byte);
        at + 1
    }

    /// A name that is longer than names are, or has more digits: what is pending of it is read as text that must stay
    /// a name.
    fn open_long_name(&mut self, sink: &mut Sink<'_>) {
        sink.structure(self.pending_at);
        let slot = Slot::Markup(Markup::Name);
        self.set_apart(sink);
        sink.open(Place { slot, replaced_keys: self.replaced_names, ..Place::default() }, Meaning::default());
        let pending = std::mem::take(&mut self.pending);
        sink.decoded(&pending, self.pending_at..self.pending_at + pending.len() as u64, false);
        self.open = true;
        self.state = State::LongName;
    }

    fn long_name(&mut self, sink: &mut Sink<'_>, at: usize) -> usize {
        let rest = sink.chunk.get(at..).unwrap_or_default();
        let len = rest.iter().position(|byte| !in_name(*byte));
        let end = len.map_or(sink.chunk.len(), |len| at + len);
        self.plain(sink, at..end);
        if len.is_some() {
            self.close(sink);
            self.replaced_names += u32::from(sink.out.found > 0);
            self.state = State::Tag;
        }
        end
    }

    fn name_attribute(&mut self) {
        self.attribute.clear();
        self.attribute.push(b'@');
        self.attribute.extend_from_slice(attribute_name(&self.pending));
    }

    fn equals(&mut self, sink: &mut Sink<'_>, at: usize, byte: u8) -> usize {
        if byte == b'>' {
            self.state = State::Tag;
            return at;
        }
        if byte.is_ascii_whitespace() {
            sink.structure(sink.base + at as u64 + 1);
            return at + 1;
        }
        let quote = if matches!(byte, b'"' | b'\'') { byte } else { 0 };
        let from = at + usize::from(quote != 0);
        sink.structure(sink.base + from as u64);
        let info = if self.attribute.is_empty() { None } else { self.path(sink, true) };
        let info = sink.labelled(info, self.cells.input(local(&self.element), &self.attribute));
        self.naming = Some(Vec::new()).filter(|_| Cells::is_naming(&self.attribute));
        if quote == 0 || !self.begin_packed(sink, Markup::Attribute { quote }, info.as_ref()) {
            self.open_field(sink, Markup::Attribute { quote }, info);
        }
        self.state = State::Value { quote };
        self.slash = false;
        from
    }

    fn value(&mut self, sink: &mut Sink<'_>, at: usize, quote: u8) -> usize {
        let rest = sink.chunk.get(at..).unwrap_or_default();
        let bare = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'>' | b'&');
        let len = if quote == 0 { rest.iter().position(bare) } else { memchr2(quote, b'&', rest) };
        let end = len.map_or(sink.chunk.len(), |len| at + len);
        self.note_label(sink.chunk.get(at..end).unwrap_or_default(), Some(quote));
        if self.packed.is_some() {
            self.add_packed(sink, at..end);
        } else {
            self.plain(sink, at..end);
        }
        match sink.chunk.get(end) {
            None => end,
            Some(b'&') => {
                self.hold(sink, end, b'&', State::Entity { quote: Some(quote) });
                end + 1
            }
            Some(_) => {
                self.end_packed(sink);
                if self.open {
                    self.close(sink);
                }
                if let Some(name) = self.naming.take() {
                    self.cells.name_input(&self.attribute, &name);
                }
                self.attribute.clear();
                self.state = State::Tag;
                end + usize::from(quote != 0)
            }
        }
    }

    /// Collects a reference until its semicolon.
    fn entity(&mut self, sink: &mut Sink<'_>, at: usize, byte: u8, quote: Option<u8>) -> usize {
        let back = quote.map_or(State::Content, |quote| State::Value { quote });
        if byte == b';'
            && let Some(c) = entity(self.pending.get(1..).unwrap_or_default())
        {
            self.open_content(sink, self.pending_at);
            let mut utf8 = [0; 4];
            let text = c.encode_utf8(&mut utf8).as_bytes();
            self.note(text);
            self.note_label(text, quote);
            sink.decoded(text, self.pending_at..sink.base + at as u64 + 1, false);
            self.pending.clear();
            self.state = back;
            return at + 1;
        }
        if (byte.is_ascii_alphanumeric() || byte == b'#') && self.pending.len() + 1 < LONGEST_ENTITY {
            self.pending.push(byte);
            return at + 1;
        }
        let pending = std::mem::take(&mut self.pending);
        self.note_label(&pending, quote);
        self.pending = pending;
        self.spill(sink, self.text_slot());
        self.state = back;
        at
    }

    /// In a comment, in character data, in an instruction: up to its end mark.
    fn section(&mut self, sink: &mut Sink<'_>, at: usize, markup: Markup) -> usize {
        let mark = end_mark(markup);
        if self.pending.is_empty() {
            let rest = sink.chunk.get(at..).unwrap_or_default();
            let len = mark.first().and_then(|first| memchr(*first, rest));
            let end = len.map_or(sink.chunk.len(), |len| at + len);
            if end > at {
                if !self.open {
                    let info = if markup == Markup::Cdata { self.path(sink, false) } else { None };
                    self.open_field(sink, markup, info);
                }
                self.plain(sink, at..end);
                return end;
            }
            self.pending_at = sink.base + at as u64;
        }
        self.pending.extend(sink.chunk.get(at));
        if self.pending == mark {
            if markup != Markup::Cdata && self.open {
                self.close(sink);
            }
            self.pending.clear();
            self.pass(sink, at + 1);
            self.state = State::Content;
            return at + 1;
        }
        // What can no longer belong to the mark is text.
        let text = (0..self.pending.len()).find(|&from| mark.starts_with(self.pending.get(from..).unwrap_or_default()));
        let rest = self.pending.split_off(text.unwrap_or(self.pending.len()));
        let next_at = self.pending_at + self.pending.len() as u64;
        self.spill(sink, markup);
        self.pending = rest;
        self.pending_at = next_at;
        at + 1
    }

    /// In a declaration: up to the sign that closes it.
    fn declaration(&mut self, sink: &mut Sink<'_>, at: usize) -> usize {
        let rest = sink.chunk.get(at..).unwrap_or_default();
        if !self.open {
            self.open_field(sink, Markup::Declaration, None);
        }
        let len = memchr2(b'<', b'>', rest);
        let end = len.map_or(sink.chunk.len(), |len| at + len);
        match sink.chunk.get(end) {
            None => {
                self.plain(sink, at..end);
                end
            }
            Some(b'>') if self.depth <= 1 => {
                self.plain(sink, at..end);
                self.close(sink);
                sink.structure(sink.base + end as u64 + 1);
                self.state = State::Content;
                end + 1
            }
            Some(byte) => {
                self.depth = if *byte == b'<' { self.depth.saturating_add(1) } else { self.depth - 1 };
                self.plain(sink, at..end + 1);
                end + 1
            }
        }
    }

    fn plain(&mut self, sink: &mut Sink<'_>, range: Range<usize>) {
        if !range.is_empty() {
            self.note(sink.chunk.get(range.clone()).unwrap_or_default());
            sink.text(range, false);
        }
    }

    /// Text of a cell, or of the name of an input.
    fn note_label(&mut self, text: &[u8], quote: Option<u8>) {
        match &mut self.naming {
            _ if quote.is_none() => self.cells.text(text),
            Some(name) => name.extend(text.iter().take((LONGEST_NAMING + 1).saturating_sub(name.len()))),
            None => {}
        }
    }

    fn note(&mut self, text: &[u8]) {
        if self.capturing {
            self.capturing = self.captured.len() + text.len() <= LONGEST_CAPTURE;
            self.captured.extend_from_slice(if self.capturing { text } else { b"" });
        }
    }

    fn close(&mut self, sink: &mut Sink<'_>) {
        sink.close();
        self.open = false;
        if std::mem::take(&mut self.apart) {
            sink.swap_memory();
        }
        if std::mem::take(&mut self.capturing) {
            sink.out.learn_subject(&self.captured);
        }
    }
}
