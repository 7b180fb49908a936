//! The oracle: the same answers as the scanner, from a whole document in memory, by the most obvious means.
//!
//! It shares `verify`, the lexicon, the meaning of letters and of fields, and the operators with the scanner and nothing
//! else: no chunks, no bitmaps, no hold-back, no lenses. Tests and fuzz targets compare the two. Keep it simple enough to
//! be seen to be right.

mod events;
mod formats;
mod inside;

use std::cmp::Reverse;

use crate::lens::encode::{self, Around, Position};
use crate::lens::log::standing;
use crate::lens::paths;
use crate::operator::{self, Context, Operator};
use crate::text::{letter, word_len, word_starts};
use crate::words::Words;
use crate::{
    Detector, Field, Finding, Format, Kind, Lexicon, Profile, Rules, Scanner, Sign, Slot, Standing, Tail, Trigger, View,
};
use formats::Run;
use inside::What;

/// A resolved finding of the oracle, in offsets of the text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Found {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// One past the last byte that was decided within the window: what `longest` compares.
    pub decided: usize,
    /// How it went on from there.
    pub tail: Tail,
    /// The kind.
    pub kind: Kind,
    /// How sure, in percent.
    pub confidence: u8,
    /// Index of the detector, or the number of detectors for entity memory.
    pub detector: usize,
}

/// A word that a finding taught: from where on, folded, whether any case counts, and what it is.
struct Memory {
    from: usize,
    word: Vec<u8>,
    any_case: bool,
    kind: Kind,
}

/// How far back entity memory goes, in bytes.
const MEMORY_SPAN: usize = 64 * 1024;
/// How many words entity memory holds.
const MEMORY_WORDS: usize = 1024;
/// The confidence of a bare repeat.
const MEMORY_CONFIDENCE: u8 = 70;
/// The priority of a bare repeat: any detector beats it.
const MEMORY_PRIORITY: u8 = 0;

/// Every finding in `text`, one run that fills `field`.
#[must_use]
pub fn findings(detectors: &[&Detector], lexicon: &Lexicon, text: &[u8], field: &Field, least: u8) -> Vec<Found> {
    let raw: Vec<usize> = (0..text.len()).collect();
    let admit = |_: Kind, confidence: u8| confidence >= least;
    let found = candidates(detectors, lexicon, text, &raw, field, &mut Vec::new(), &admit, &|_| true);
    let priority = |found: &Found| detectors.get(found.detector).map_or(MEMORY_PRIORITY, |d| d.priority);
    resolve(found, &priority, &|_| false)
}

/// The output for a whole document, and what was found in it.
#[must_use]
pub fn redact(scanner: &Scanner, profile: &Profile, format: Format, name: &str, doc: &[u8]) -> (Vec<u8>, Vec<Finding>) {
    Oracle { scanner, rules: &profile.inner, name, memory: Vec::new(), record: 0, objects: 0, packing: 0 }
        .redact(format, doc)
}

struct Oracle<'a> {
    scanner: &'a Scanner,
    rules: &'a Rules,
    name: &'a str,
    memory: Vec<Memory>,
    record: usize,
    /// How many objects there were in what was read of other formats.
    objects: usize,
    /// In how many inputs this one was packed.
    packing: u8,
}

/// A run that was looked through.
struct Seen {
    run: Run,
    info: Option<paths::PathInfo>,
    found: Vec<Found>,
    /// What changes of what it is packed for, when it is.
    packed: Vec<Edit>,
}

/// A finding, and what its first piece is replaced by; nothing when another finding's replacement takes its place.
type Edit = (Finding, Option<Vec<u8>>);

impl Oracle<'_> {
    fn redact(&mut self, format: Format, doc: &[u8]) -> (Vec<u8>, Vec<Finding>) {
        let mut edits = self.edits(format, doc);
        let mut pieces = pieces(&edits);
        for (finding, _) in &mut edits {
            let parts = std::mem::take(&mut finding.parts);
            finding.set_parts(parts);
        }
        // Of those that begin and end together the first in the text comes first.
        pieces.sort_by_key(|(start, end, _)| (*start, *end));
        let index = |offset: u64| usize::try_from(offset).unwrap_or(usize::MAX);
        let (mut out, mut at) = (Vec::new(), 0);
        for (start, end, with) in &pieces {
            // What spells the end of one finding and the beginning of the next is gone already.
            out.extend(&doc[at..index(*start).max(at)]);
            out.extend(with);
            at = at.max(index(*end));
        }
        out.extend(&doc[at..]);
        (out, edits.into_iter().map(|(finding, _)| finding).collect())
    }

    /// What is found in a document, in order, each with all its pieces.
    fn edits(&mut self, format: Format, doc: &[u8]) -> Vec<Edit> {
        let runs = self.read(format, doc);
        let (mut all, mut secret) = (Vec::new(), Vec::new());
        self.walk(format, runs, &mut all, &mut secret);
        // A long finding cannot wait for a subject, nor can what stands before it.
        let long = |seen: &Seen| {
            let long = seen.found.iter().filter(|found| self.is_long(found) && !seen.run.slot.is_number());
            long.map(|found| seen.run.raw[found.start].0).collect::<Vec<_>>()
        };
        let hasty: Vec<usize> = all.iter().flat_map(long).collect();
        let mut edits: Vec<Edit> = Vec::new();
        for (index, seen) in all.iter().enumerate() {
            let Seen { run, info, found, packed } = seen;
            edits.extend(packed.iter().cloned());
            let subject = self.subject(format, &all, &secret, run.record);
            let replaced = |other: &usize| {
                all[*other].run.slot == run.slot && all[*other].run.object == run.object && secret[*other]
            };
            let serial = (0..index).filter(replaced).count();
            let serial = if run.slot.is_name() { u32::try_from(serial).unwrap_or(u32::MAX) } else { 0 };
            let mut gone = 0;
            for (found, first) in found.iter().zip((0..).map(|i| i == 0)) {
                let start = run.raw[found.start].0;
                let counts = |known: usize| {
                    known <= start || (known - start <= 64 * 1024 && !hasty.iter().any(|&at| start <= at && at < known))
                };
                let subject = subject.as_ref().filter(|(known, _)| counts(*known)).map(|(_, id)| &id[..]);
                let serial = if first { serial } else { 0 };
                let (finding, with) = self.edit(run, info, found, serial, subject, gone);
                gone = run.raw[found.end - 1].1;
                edits.push((finding, Some(with)));
            }
        }
        edits.sort_by_key(|(finding, _)| finding.start);
        edits
    }

    /// Looks through runs, those first that stand in others.
    fn walk(&mut self, format: Format, runs: Vec<Run>, all: &mut Vec<Seen>, secret: &mut Vec<bool>) {
        let mut places = Vec::new();
        for mut run in runs {
            places.push(all.len());
            for name in &mut run.path {
                name.key = name.key.map(|key| places[key]);
            }
            let info = self.info(secret, &run);
            let (mut found, mut packed) = (Vec::new(), Vec::new());
            match self.what_is(format, &run, info.as_ref()) {
                What::Text => found = self.found_in(&run, &info, None),
                What::Claimed(kind) => found = self.found_in(&run, &info, Some(kind)),
                What::Packed(decoded, inner) => packed = self.packed(&run, info.as_ref(), &decoded, inner),
                What::Of(inner) => {
                    let base = self.objects;
                    self.objects += 1 << 40;
                    let mut parts = Vec::new();
                    for part in self.read(inner, &run.text) {
                        let mut part = formats::through(part, &run);
                        part.around =
                            part.around.beyond(Around::default().within(run.slot, run.delimiter)).beyond(run.around);
                        (part.record, part.object) = (run.record, part.object + base);
                        parts.push(part);
                    }
                    self.walk(format, parts, all, secret);
                    continue;
                }
            }
            let allowed = |found: &Found| self.rules.allow.allows(&run.text[found.start..found.end]).is_some();
            found.retain(|found| self.is_long(found) || !allowed(found));
            if run.slot.is_number() && !found.is_empty() {
                found.truncate(1);
                (found[0].start, found[0].end) = (0, run.text.len());
            }
            secret.push((run.slot.is_name() || run.slot == Slot::Form) && !found.is_empty());
            all.push(Seen { run, info, found, packed });
        }
    }

    /// The runs of a document, as its format has them.
    fn read(&mut self, format: Format, doc: &[u8]) -> Vec<Run> {
        // Names of fields that hold pieces of texts are no identifiers.
        let ruled = |run: &Run| {
            let path = run.path.iter().map(|name| formats::Name { key: None, ..name.clone() }).collect();
            let run = Run { path, ..run.clone() };
            self.info(&[], &run).is_some_and(|info| info.rule.is_some())
        };
        match format {
            Format::Text => formats::text(doc),
            Format::Json => formats::json(doc, false),
            Format::Ndjson => formats::json(doc, true),
            Format::Hl7 => formats::hl7::messages(doc),
            Format::Xml => formats::xml::document(doc),
            Format::X12 => formats::x12::interchanges(doc),
            Format::Sse => events::sse(doc, &ruled),
            Format::Deltas => events::lines(doc, &ruled),
            Format::Copy => formats::copy::cells(doc),
            Format::Form => formats::form::pairs(doc),
            Format::Mime => formats::mime::message(doc),
            Format::Sql => formats::log::statements(doc),
            Format::Log => formats::log::lines(doc, &mut |path| {
                let names = path.iter().map(|name| formats::Name { name: name.to_vec(), ..Default::default() });
                let run = Run { path: names.collect(), ..Run::default() };
                let fields = self.scanner.inner.fields.as_deref();
                self.info(&[], &run).map_or(Standing::Text, |info| standing(&info, fields, path))
            }),
            Format::Delimited(delimiter) => {
                let mut scratch = Oracle { memory: Vec::new(), ..*self };
                let means = |name: &[u8]| {
                    let run = Run {
                        path: vec![formats::Name { name: name.to_vec(), ..Default::default() }],
                        ..Run::default()
                    };
                    self.info(&[], &run).is_some_and(|info| info.is_telling())
                };
                let mut found = |run: &Run| !scratch.found_in(run, &scratch.info(&[], run), None).is_empty();
                let guess = |rows: &[Vec<Vec<u8>>]| {
                    let fields = self.scanner.inner.fields.as_ref();
                    fields.map(|fields| fields.columns(rows, self.scanner.lexicon())).unwrap_or_default()
                };
                formats::table(doc, delimiter, &mut found, &means, &guess)
            }
        }
    }

    fn info(&self, secret: &[bool], run: &Run) -> Option<paths::PathInfo> {
        if let Some((number, meaning)) = run.column {
            return Some(paths::PathInfo::column(number, meaning));
        }
        let names: Vec<&[u8]> = run.path.iter().map(|name| &name.name[..]).collect();
        let typed: Option<Vec<&[u8]>> = run.typed.as_ref().map(|typed| typed.iter().map(|name| &name[..]).collect());
        let hidden = |i: usize| run.path[i].long || run.path[i].key.is_some_and(|key| secret[key]);
        let seen = (!names.is_empty() || run.label.is_some()) && !matches!(run.slot, Slot::Key | Slot::Bare);
        let own = seen.then(|| paths::look_up(&names, typed.as_deref(), &hidden, &self.scanner.inner, self.rules))?;
        let beside = run.label.as_ref().and_then(|label| {
            own.labelled(&paths::look_up(&[label], None, &|_| false, &self.scanner.inner, self.rules))
        });
        Some(beside.unwrap_or(own))
    }

    fn found_in(&mut self, run: &Run, info: &Option<paths::PathInfo>, claimed: Option<Kind>) -> Vec<Found> {
        if run.record != self.record {
            self.memory.clear();
            self.record = run.record;
        }
        let detectors: Vec<&Detector> = self.scanner.detectors().iter().collect();
        let field = Field { slot: run.slot, meaning: info.as_ref().map(|info| info.meaning).unwrap_or_default() };
        // A text that is put together from pieces remembers by its own offsets.
        let raw: Vec<usize> = run.raw.iter().enumerate().map(|(i, raw)| if run.joined { i } else { raw.0 }).collect();
        let lexicon = self.scanner.lexicon();
        let rule = info.as_ref().and_then(|info| info.rule);
        let kind = rule.map(|(_, kind)| kind).or(claimed);
        let unseen = rule.is_some_and(|rule| rule.0 == Operator::Keep);
        let rules = self.rules;
        let admit = |kind: Kind, confidence: u8| !unseen && confidence >= rules.least_confidence && !rules.is_off(kind);
        let mut own = Vec::new();
        let memory = if run.apart { &mut own } else { &mut self.memory };
        let takes = |taken: Kind| kind.is_none() && rules.operator(taken) != Operator::Keep;
        let mut found = candidates(&detectors, lexicon, &run.text, &raw, &field, memory, &admit, &takes);
        match kind {
            Some(kind) if !unseen && !run.text.is_empty() => {
                let (end, detector) = (run.text.len(), detectors.len() + 1);
                found = vec![Found { start: 0, end, decided: 1, tail: Tail::Rest, kind, confidence: 100, detector }];
            }
            _ => {}
        }
        let priority = |found: &Found| detectors.get(found.detector).map_or(MEMORY_PRIORITY, |d| d.priority);
        let ruled = info.as_ref().is_some_and(|info| info.rule.is_some());
        resolve(found, &priority, &|found| !ruled && self.rules.operator(found.kind) == Operator::Keep)
    }

    /// Whose data a record is, and from where on that is known: the first field that says so.
    fn subject(&self, format: Format, all: &[Seen], secret: &[bool], record: usize) -> Option<(usize, Vec<u8>)> {
        if !format.has_subjects() {
            return Some((0, self.name.as_bytes().to_vec()));
        }
        let says = |run: &&Run| {
            let value = !matches!(run.slot, Slot::Text | Slot::Key | Slot::Bare | Slot::Fixed(_));
            value
                && run.record == record
                && run.text.len() <= 256
                && self.info(secret, run).is_some_and(|info| info.subject)
        };
        let known = |run: &Run| {
            let id = run.text.rsplit(|&byte| byte == b'/').next().unwrap_or_default().trim_ascii().to_vec();
            (run.raw.last().map_or(0, |raw| raw.1), id)
        };
        all.iter().map(|seen| &seen.run).filter(says).map(known).find(|(_, id)| !id.is_empty())
    }

    /// Whether a finding is too long to be held until its value is known.
    fn is_long(&self, found: &Found) -> bool {
        found.end - found.start > self.scanner.window()
    }

    /// What becomes of a finding, of whose raw bytes those before `gone` went with the one before it.
    fn edit(
        &self,
        run: &Run,
        info: &Option<paths::PathInfo>,
        found: &Found,
        serial: u32,
        subject: Option<&[u8]>,
        gone: usize,
    ) -> (Finding, Vec<u8>) {
        let asked =
            info.as_ref().and_then(|info| info.rule).map_or_else(|| self.rules.operator(found.kind), |rule| rule.0);
        let parts = run.parts(found.start, found.end);
        let (start, end) = (parts[0].0, parts[parts.len() - 1].1);
        let first = parts[0].1.saturating_sub(start.max(gone));
        let position = Position { slot: run.slot, delimiter: run.delimiter, serial, around: run.around };
        let value = &run.text[found.start..found.end];
        let long = self.is_long(found) && !run.slot.is_number();
        let (applied, with) = match asked {
            Operator::Mask => (asked, encode::mask(position, first)),
            _ if matches!(run.slot, Slot::Fixed(_)) => (Operator::Mask, encode::mask(position, first)),
            Operator::Drop if long && run.slot != (Slot::Line { whole: true }) => (asked, bytes::Bytes::new()),
            Operator::Drop | Operator::Tag => {
                let tag = if asked == Operator::Tag { operator::tag(found.kind.id()) } else { Vec::new() };
                (asked, encode::replacement(position, &tag, asked))
            }
            _ if long => (Operator::Tag, encode::replacement(position, &operator::tag(found.kind.id()), Operator::Tag)),
            _ => {
                let context = Context { values: &*self.rules.values, keys: self.rules.keys.as_deref(), subject };
                let outcome = operator::apply(asked, found.kind.id(), value, &context);
                (outcome.applied, encode::replacement(position, &outcome.bytes, outcome.applied))
            }
        };
        let finding = Finding {
            start: start as u64,
            end: end as u64,
            parts: parts.into_iter().map(|(start, end)| (start as u64, end as u64)).collect(),
            kind: found.kind,
            detector: found.detector,
            confidence: found.confidence,
            reason: "",
            field: info.as_ref().map(|info| info.name.clone()),
            operator: applied,
            mark: None,
        };
        (finding, with.to_vec())
    }
}

/// What edits change: from where to where, and what stands there instead.
fn pieces(edits: &[Edit]) -> Vec<(u64, u64, Vec<u8>)> {
    let mut pieces = Vec::new();
    for (finding, with) in edits {
        let Some(with) = with else { continue };
        for &(start, end) in finding.parts.iter().skip(1) {
            let masked = usize::try_from(if finding.operator == Operator::Mask { end - start } else { 0 });
            pieces.push((start, end, vec![b'*'; masked.unwrap_or_default()]));
        }
        let (start, end) = finding.parts.first().copied().unwrap_or((finding.start, finding.end));
        pieces.push((start, end, with.clone()));
    }
    pieces
}

/// Every answer of every detector in `text`, whose bytes begin at `raw` in the document. `takes` says whether a kind may
/// take the whole of a field.
#[expect(clippy::too_many_arguments, reason = "all that an answer depends on")]
fn candidates(
    detectors: &[&Detector],
    lexicon: &Lexicon,
    text: &[u8],
    raw: &[usize],
    field: &Field,
    memory: &mut Vec<Memory>,
    admit: &dyn Fn(Kind, u8) -> bool,
    takes: &dyn Fn(Kind) -> bool,
) -> Vec<Found> {
    let mut found = Vec::new();
    // It looks at every word itself.
    let words = Words::none();
    let view = |at, detector: &Detector| View::new(text, at, false, detector.window, field, lexicon, &words);
    // What the strongest detector takes from the start of a field to its end is of its kind: it teaches no words of another.
    let most = detectors.iter().map(|detector| detector.priority).max();
    let mut strongest = detectors.iter().filter(|detector| Some(detector.priority) == most);
    let taken = strongest.next().filter(|_| strongest.next().is_none() && !text.is_empty()).and_then(|detector| {
        detector.triggers.iter().any(|trigger| fires(trigger, text, 0, lexicon)).then_some(())?;
        let verdict = detector.ask(&view(0, detector)).filter(|v| admit(v.kind, v.confidence) && takes(v.kind))?;
        (verdict.tail == Tail::Rest).then_some((0_usize.saturating_add_signed(verdict.start as isize), verdict.kind))
    });
    for at in 0..text.len() {
        if let Some(kind) = remembered(memory, text, at, raw[at]).filter(|kind| admit(*kind, MEMORY_CONFIDENCE)) {
            let end = at + word_len(&text[at..]);
            let detector = detectors.len();
            let (tail, confidence) = (Tail::None, MEMORY_CONFIDENCE);
            found.push(Found { start: at, end, decided: end, tail, kind, confidence, detector });
        }
        for (detector, index) in detectors.iter().zip(0..) {
            if !detector.triggers.iter().any(|trigger| fires(trigger, text, at, lexicon)) {
                continue;
            }
            let Some(verdict) = detector.ask(&view(at, detector)).filter(|v| admit(v.kind, v.confidence)) else {
                continue;
            };
            let offset = |relative: i32| at.saturating_add_signed(relative as isize);
            let (start, decided) = (offset(verdict.start), offset(verdict.end));
            let end = consume(text, decided, verdict.tail);
            let (kind, confidence) = (verdict.kind, verdict.confidence);
            found.push(Found { start, end, decided, tail: verdict.tail, kind, confidence, detector: index });
            let inside = |from: usize| at.saturating_sub(usize::from(detector.reach.bytes)) >= from;
            if taken.is_some_and(|(from, kind)| inside(from) && kind.main() != detector.kind.main()) {
                continue;
            }
            for teach in verdict.teaches.into_iter().flatten() {
                let word = fold(&text[offset(teach.start)..offset(teach.end)]);
                if !word.is_empty() {
                    memory.push(Memory { from: raw[at], word, any_case: teach.any_case, kind });
                }
            }
        }
    }
    found
}

fn fold(word: &[u8]) -> Vec<u8> {
    crate::text::fold(word, &mut [0; crate::text::LONGEST_WORD]).unwrap_or_default().to_vec()
}

/// The latest lesson on the word at `at`, when it was learnt before and not too long ago.
fn remembered(memory: &[Memory], text: &[u8], at: usize, raw: usize) -> Option<Kind> {
    if !word_starts(text, at) {
        return None;
    }
    let capital = !text[at].is_ascii_lowercase();
    let word = fold(&text[at..at + word_len(&text[at..])]);
    let newest = memory.iter().rev().take(MEMORY_WORDS);
    let fresh = |entry: &&Memory| entry.from < raw && raw - entry.from <= MEMORY_SPAN;
    let same = |entry: &&Memory| !word.is_empty() && entry.word == word && (capital || entry.any_case);
    newest.filter(fresh).find(same).map(|entry| entry.kind)
}

fn fires(trigger: &Trigger, text: &[u8], at: usize, lexicon: &Lexicon) -> bool {
    let byte = text[at];
    let word = || &text[at..at + word_len(&text[at..])];
    match trigger {
        // Their conditions are filters: what they leave out is refused by `verify`, or the comparison fails.
        Trigger::Start | Trigger::Field(_) => at == 0,
        Trigger::Bytes(set) | Trigger::Sign(Sign { of: set, .. }) | Trigger::SignWhen(Sign { of: set, .. }, _) => {
            set.has(byte)
        }
        Trigger::When(trigger, _) => fires(trigger, text, at, lexicon),
        Trigger::Digits | Trigger::Number(_) | Trigger::NumberWhen(..) => {
            byte.is_ascii_digit() && (at == 0 || !text[at - 1].is_ascii_digit())
        }
        _ if !word_starts(text, at) => false,
        Trigger::Word => true,
        Trigger::Capital => !byte.is_ascii_lowercase() && letter(&text[at..]) > 0,
        Trigger::Words(words) => words.iter().any(|w| w.as_bytes() == fold(word())),
        Trigger::Lexicon(bits) => lexicon.bits(word()) & bits != 0,
    }
}

fn consume(text: &[u8], mut end: usize, tail: Tail) -> usize {
    match tail {
        Tail::None => end,
        Tail::Rest => text.len(),
        Tail::While { set, soft } => {
            while let Some(&byte) = text.get(end) {
                let next_is_hard = text.get(end + 1).is_some_and(|&next| set.has(next) && !soft.has(next));
                if !set.has(byte) || (soft.has(byte) && !next_is_hard) {
                    break;
                }
                end += 1;
            }
            end
        }
    }
}

/// Leftmost start, then priority, then longest; what is left of a candidate behind the chosen one stays a candidate,
/// so that every byte that a detector claimed is inside some finding. A kept one shields its own span and is no finding.
fn resolve(mut candidates: Vec<Found>, priority: &dyn Fn(&Found) -> u8, kept: &dyn Fn(&Found) -> bool) -> Vec<Found> {
    let mut chosen = Vec::new();
    let mut cursor = 0;
    loop {
        for found in &mut candidates {
            found.start = found.start.max(cursor);
        }
        candidates.retain(|found| found.start < found.end);
        // Among equals the first, so the one that was triggered first.
        let rank = |f: &&Found| (f.start, Reverse(priority(f)), Reverse(f.decided), Reverse(f.confidence), f.detector);
        let Some(&best) = candidates.iter().min_by_key(rank) else { return chosen };
        if kept(&best) {
            candidates.retain(|f| (f.start, f.decided, f.tail) != (best.start, best.decided, best.tail));
            continue;
        }
        cursor = best.end;
        chosen.push(best);
    }
}
