//! XML and HTML, by looking at the whole document at each sign.

use super::{Name, Run};
use crate::lens::entities::entity;
use crate::lens::xml::cells::Cells;
use crate::{Markup, Slot};

/// Everything between tags, in attributes, and in sections.
pub(in crate::naive) fn document(doc: &[u8]) -> Vec<Run> {
    let mut reader =
        Reader { doc, runs: Vec::new(), stack: Vec::new(), forgotten: 0, record: 0, cells: Cells::default() };
    let mut at = 0;
    let mut open: Option<Run> = None;
    // The last thing was the end of an element within the text; the text goes on in a new line.
    let (mut behind_end, mut breaks) = (false, false);
    while at < doc.len() {
        let sort = reader.markup(at);
        if !matches!(sort, Some(Sort::Tag { .. } | Sort::Section(Markup::Comment | Markup::Instruction, _))) {
            let blank = doc[at].is_ascii_whitespace() || b"\xef\xbb\xbf".get(at) == Some(&doc[at]);
            if sort.is_none() && open.is_none() && blank {
                at += 1;
                continue;
            }
            if let Some(run) = open.as_mut().filter(|_| breaks && !matches!(sort, Some(Sort::Declaration(_)))) {
                let end = run.raw.last().map_or(at, |raw| raw.1);
                run.push(b"\n", end, end);
            }
            (behind_end, breaks) = (false, false);
        }
        match sort {
            Some(Sort::Section(Markup::Cdata, from)) => {
                let len = doc[from..].windows(3).position(|window| window == b"]]>");
                let end = len.map_or(doc.len(), |len| from + len);
                // Also one that holds nothing parts the text.
                if let Some(run) = &mut open {
                    run.touched.get_or_insert(run.text.len());
                }
                if end > from {
                    open.get_or_insert_with(|| reader.run(Markup::Cdata, &[])).plain(doc, from, end);
                }
                at = len.map_or(end, |_| end + 3);
            }
            Some(sort) => {
                let within = match &sort {
                    Sort::Tag { closing, name, .. } => reader.is_within_text(*closing, local(name)),
                    Sort::Section(..) => true,
                    Sort::Declaration(_) => false,
                };
                if !within {
                    reader.runs.extend(open.take());
                    (behind_end, breaks) = (false, false);
                } else if let Sort::Tag { closing, name, .. } = &sort {
                    let parts = (behind_end && !closing) || local(name).eq_ignore_ascii_case(b"br");
                    breaks |= parts && open.is_some();
                    behind_end = *closing;
                }
                let known = reader.runs.len();
                at = reader.read(sort);
                for run in &mut reader.runs[known..] {
                    run.apart = open.is_some();
                }
                if let Some(run) = &mut open {
                    run.touched.get_or_insert(run.text.len());
                }
            }
            None => {
                let raw = reader.is_raw();
                let run = open.get_or_insert_with(|| {
                    let run = reader.run(if raw { Markup::Raw } else { Markup::Text }, &[]);
                    // What stands outside of every element is no field.
                    let label = reader.cells.label().filter(|_| !run.path.is_empty()).map(<[u8]>::to_vec);
                    Run { label, ..run }
                });
                let known = run.text.len();
                at = if raw { plain(doc, at, run) } else { character(doc, at, run) };
                if !raw {
                    reader.cells.text(&run.text[known..]);
                }
            }
        }
    }
    reader.runs.extend(open);
    reader.runs
}

struct Reader<'a> {
    doc: &'a [u8],
    runs: Vec<Run>,
    stack: Vec<Vec<u8>>,
    forgotten: usize,
    record: usize,
    /// Shared with the lens: what is said of cells is told by tags and texts alone.
    cells: Cells,
}

/// What a `<` begins, and where its content begins.
enum Sort {
    Tag { closing: bool, name: Vec<u8>, behind: usize },
    Section(Markup, usize),
    Declaration(usize),
}

impl Reader<'_> {
    /// Whether a tag stands within a text of prose and does not part it.
    fn is_within_text(&self, closing: bool, name: &[u8]) -> bool {
        const FLOWS: &str = " html body div p td th li dd dt text paragraph ";
        const WITHIN: &str = " b strong i em u s strike del ins mark small big sub sup span font a code kbd samp tt var \
                              cite q abbr acronym dfn bdo bdi wbr nobr br content linkhtml ";
        let is_in = |name: &[u8], list: &str| {
            let name = String::from_utf8_lossy(name).to_ascii_lowercase();
            list.contains(&format!(" {name} "))
        };
        let flows = self.stack.iter().any(|name| is_in(name, FLOWS));
        is_in(name, WITHIN) && flows && (!closing || self.stack.last().is_some_and(|open| open == name))
    }

    fn is_raw(&self) -> bool {
        let last = self.stack.last().map(|name| name.to_ascii_lowercase());
        last.is_some_and(|name| name == b"script" || name == b"style")
    }

    fn markup(&self, at: usize) -> Option<Sort> {
        let rest = &self.doc[at..];
        let raw = self.is_raw();
        if rest.first() != Some(&b'<') {
            return None;
        }
        if !raw && rest.starts_with(b"<!--") {
            return Some(Sort::Section(Markup::Comment, at + 4));
        }
        if !raw && rest.starts_with(b"<![CDATA[") {
            return Some(Sort::Section(Markup::Cdata, at + 9));
        }
        if !raw && rest.starts_with(b"<?") {
            return Some(Sort::Section(Markup::Instruction, at + 2));
        }
        if !raw && rest.starts_with(b"<!") && rest.get(2).is_some_and(u8::is_ascii_alphabetic) {
            return Some(Sort::Declaration(at + 2));
        }
        let closing = rest.get(1) == Some(&b'/');
        if raw && !closing {
            return None;
        }
        let from = at + 1 + usize::from(closing);
        let len = name_len(&self.doc[from..]);
        let ends = self.doc.get(from + len).is_some_and(|byte| byte.is_ascii_whitespace() || b"/>".contains(byte));
        let name = self.doc[from..from + len].to_vec();
        (len > 0 && ends).then_some(Sort::Tag { closing, name, behind: from + len })
    }

    fn run(&self, markup: Markup, own: &[&[u8]]) -> Run {
        let outer = self.stack[self.stack.len().saturating_sub(32)..].iter().map(|name| &name[..]);
        let path = outer.chain(own.iter().copied());
        let path = path.map(|name| Name { name: name.to_vec(), ..Name::default() }).collect();
        Run { slot: Slot::Markup(markup), path, record: self.record, ..Run::default() }
    }

    fn bare(&self, markup: Markup) -> Run {
        Run { slot: Slot::Markup(markup), record: self.record, ..Run::default() }
    }

    /// Reads what a `<` begins; says where it ends.
    fn read(&mut self, sort: Sort) -> usize {
        match sort {
            Sort::Tag { closing, name, behind } => self.tag(closing, local(&name), behind),
            Sort::Section(markup, from) => {
                let mark: &[u8] = match markup {
                    Markup::Comment => b"-->",
                    Markup::Cdata => b"]]>",
                    _ => b"?>",
                };
                let len = self.doc[from..].windows(mark.len()).position(|window| window == mark);
                let end = len.map_or(self.doc.len(), |len| from + len);
                let mut run = if markup == Markup::Cdata { self.run(markup, &[]) } else { self.bare(markup) };
                run.plain(self.doc, from, end);
                self.runs.extend((end > from).then_some(run));
                len.map_or(end, |_| end + mark.len())
            }
            Sort::Declaration(from) => {
                let mut depth = 1;
                let end = (from..self.doc.len()).find(|&i| {
                    depth += i32::from(self.doc[i] == b'<') - i32::from(self.doc[i] == b'>');
                    depth == 0
                });
                let mut run = self.bare(Markup::Declaration);
                run.plain(self.doc, from, end.unwrap_or(self.doc.len()));
                self.runs.push(run);
                end.map_or(self.doc.len(), |end| end + 1)
            }
        }
    }

    fn tag(&mut self, closing: bool, element: &[u8], mut at: usize) -> usize {
        let (mut attribute, mut slash, tag) = (Vec::new(), false, at);
        while at < self.doc.len() {
            match self.doc[at] {
                b'>' => {
                    self.cells.tag(element, closing, slash);
                    self.finish(closing, element, slash);
                    return at + 1;
                }
                b'/' => {
                    slash = true;
                    at += 1;
                }
                b'=' => {
                    at += 1;
                    while self.doc.get(at).is_some_and(u8::is_ascii_whitespace) {
                        at += 1;
                    }
                    let Some(&byte) = self.doc.get(at) else { return at };
                    if byte == b'>' {
                        continue;
                    }
                    let quote = if b"\"'".contains(&byte) { byte } else { 0 };
                    let markup = Markup::Attribute { quote };
                    let own: [&[u8]; 2] = [element, &attribute];
                    let mut run = if attribute.is_empty() { self.bare(markup) } else { self.run(markup, &own) };
                    run.label = self.cells.input(element, &attribute).map(<[u8]>::to_vec);
                    at = self.value(run, quote, at + usize::from(quote != 0));
                    let text = self.runs.last().map(|run| run.text.clone()).unwrap_or_default();
                    self.cells.name_input(&attribute, &text);
                    attribute.clear();
                    slash = false;
                }
                byte if byte.is_ascii_whitespace() => at += 1,
                _ => {
                    slash = false;
                    let len = name_len(&self.doc[at..]);
                    let behind = self.doc.get(at + len);
                    let named =
                        len > 0 && behind.is_some_and(|byte| byte.is_ascii_whitespace() || b"=/>".contains(byte));
                    attribute.clear();
                    if named {
                        attribute.push(b'@');
                        let name = &self.doc[at..at + len];
                        attribute.extend(if name.starts_with(b"xmlns:") { b"xmlns" } else { local(name) });
                    }
                    let in_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_:-.".contains(byte) || *byte >= 0x80;
                    if len > 0 && behind.is_some_and(in_name) {
                        // A name that is longer than names are, or has more digits.
                        let rest = &self.doc[at..];
                        let end = at + rest.iter().position(|byte| !in_name(byte)).unwrap_or(rest.len());
                        let mut run = Run { object: tag, ..self.bare(Markup::Name) };
                        run.plain(self.doc, at, end);
                        self.runs.push(run);
                        at = end;
                        continue;
                    }
                    let run = self.bare(Markup::Attribute { quote: 0 });
                    if named && behind == Some(&b'=') {
                        at += len;
                    } else if named {
                        let mut run = run;
                        run.plain(self.doc, at, at + len);
                        self.runs.push(run);
                        at += len;
                    } else {
                        let mut run = run;
                        // What looked like a name up to there stands for itself, its first byte in any case.
                        let taken = at + len.max(1);
                        run.plain(self.doc, at, taken);
                        at = self.value(run, 0, taken);
                    }
                }
            }
        }
        at
    }

    fn value(&mut self, mut run: Run, quote: u8, mut at: usize) -> usize {
        let ends = |byte: u8| if quote == 0 { byte.is_ascii_whitespace() || byte == b'>' } else { byte == quote };
        while at < self.doc.len() && !ends(self.doc[at]) {
            at = character(self.doc, at, &mut run);
        }
        self.runs.push(run);
        at + usize::from(quote != 0 && at < self.doc.len())
    }

    fn finish(&mut self, closing: bool, name: &[u8], slash: bool) {
        let void = ["br", "hr", "img", "input", "wbr"].iter().any(|void| name.eq_ignore_ascii_case(void.as_bytes()));
        let outermost = |reader: &Self| usize::from(reader.stack.is_empty() && reader.forgotten == 0);
        if closing {
            let open = self.stack.iter().rposition(|open| open == name);
            if let Some(open) = open {
                self.stack.truncate(open);
            } else if self.stack.is_empty() && self.forgotten > 0 {
                self.forgotten -= 1;
            } else {
                return;
            }
            self.record += outermost(self);
        } else if slash || void {
            self.record += outermost(self);
        } else {
            if self.stack.len() == 256 {
                self.stack.remove(0);
                self.forgotten += 1;
            }
            self.stack.push(name.to_vec());
        }
    }
}

fn plain(doc: &[u8], at: usize, run: &mut Run) -> usize {
    run.plain(doc, at, at + 1);
    at + 1
}

/// One character, or what a reference stands for.
fn character(doc: &[u8], at: usize, run: &mut Run) -> usize {
    let rest = &doc[at..];
    let len = rest.iter().skip(1).take(11).position(|byte| *byte == b';');
    match len.filter(|_| rest[0] == b'&').and_then(|len| Some((entity(&rest[1..=len])?, len))) {
        Some((c, len)) => {
            run.push(c.to_string().as_bytes(), at, at + len + 2);
            at + len + 2
        }
        None => plain(doc, at, run),
    }
}

/// How long the name is that `rest` begins with; at most 64 bytes, with no more than four digits.
fn name_len(rest: &[u8]) -> usize {
    let begins = |byte: u8| byte.is_ascii_alphabetic() || b"_:".contains(&byte) || byte >= 0x80;
    let mut digits = 0;
    for (byte, i) in rest.iter().copied().zip(0..) {
        digits += usize::from(byte.is_ascii_digit());
        let inner = i > 0 && (b"-.".contains(&byte) || (byte.is_ascii_digit() && digits <= 4));
        if i == 64 || !(begins(byte) || inner) {
            return i;
        }
    }
    rest.len()
}

fn local(name: &[u8]) -> &[u8] {
    name.rsplit(|byte| *byte == b':').next().unwrap_or_default()
}
