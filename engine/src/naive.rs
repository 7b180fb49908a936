//! The oracle: the same answers as the scanner, from a whole text in memory, by the most obvious means.
//!
//! It shares `verify`, the lexicon and the meaning of letters with the scanner and nothing else: no chunks, no bitmaps,
//! no hold-back. Tests and fuzz targets compare the two. Keep it simple enough to be seen to be right.

use crate::text::{letter, word_len, word_starts};
use crate::{Detector, Field, Kind, Lexicon, Tail, Trigger, View};

/// A resolved finding of the oracle, in offsets of the text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Found {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// One past the last byte that was decided within the window: what `longest` compares.
    pub decided: usize,
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
pub(crate) const MEMORY_SPAN: usize = 64 * 1024;
/// How many words entity memory holds.
pub(crate) const MEMORY_WORDS: usize = 1024;
/// The confidence of a bare repeat.
pub(crate) const MEMORY_CONFIDENCE: u8 = 70;
/// The priority of a bare repeat: any detector beats it.
pub(crate) const MEMORY_PRIORITY: u8 = 0;

/// Every finding in `text`, one run that fills `field`.
#[must_use]
pub fn findings(detectors: &[&Detector], lexicon: &Lexicon, text: &[u8], field: &Field, least: u8) -> Vec<Found> {
    resolve(detectors, candidates(detectors, lexicon, text, field), least)
}

fn candidates(detectors: &[&Detector], lexicon: &Lexicon, text: &[u8], field: &Field) -> Vec<Found> {
    let mut found = Vec::new();
    let mut memory: Vec<Memory> = Vec::new();
    for at in 0..text.len() {
        if let Some(kind) = remembered(&memory, text, at) {
            let end = at + word_len(&text[at..]);
            found.push(Found {
                start: at,
                end,
                decided: end,
                kind,
                confidence: MEMORY_CONFIDENCE,
                detector: detectors.len(),
            });
        }
        for (detector, index) in detectors.iter().zip(0..) {
            if !detector.triggers.iter().any(|trigger| fires(trigger, text, at, lexicon)) {
                continue;
            }
            let view = View::new(text, at, false, detector.window, field, lexicon);
            let Some(verdict) = detector.ask(&view) else { continue };
            let start = at.saturating_add_signed(verdict.start as isize);
            let decided = at.saturating_add_signed(verdict.end as isize);
            let end = consume(text, decided, verdict.tail);
            found.push(Found {
                start,
                end,
                decided,
                kind: verdict.kind,
                confidence: verdict.confidence,
                detector: index,
            });
            for teach in verdict.teaches.into_iter().flatten() {
                let word =
                    &text[at.saturating_add_signed(teach.start as isize)..at.saturating_add_signed(teach.end as isize)];
                memory.push(Memory { from: at, word: fold(word), any_case: teach.any_case, kind: verdict.kind });
            }
        }
    }
    found
}

fn fold(word: &[u8]) -> Vec<u8> {
    crate::text::fold(word, &mut [0; crate::text::LONGEST_WORD]).unwrap_or_default().to_vec()
}

/// The latest lesson on the word at `at`, when it was learnt before and not too long ago.
fn remembered(memory: &[Memory], text: &[u8], at: usize) -> Option<Kind> {
    if !word_starts(text, at) {
        return None;
    }
    let capital = !text[at].is_ascii_lowercase();
    let word = fold(&text[at..at + word_len(&text[at..])]);
    let newest = memory.iter().rev().take(MEMORY_WORDS);
    let mut fresh = newest.take_while(|entry| at - entry.from <= MEMORY_SPAN).filter(|entry| entry.from < at);
    fresh.find(|entry| !word.is_empty() && entry.word == word && (capital || entry.any_case)).map(|entry| entry.kind)
}

fn fires(trigger: &Trigger, text: &[u8], at: usize, lexicon: &Lexicon) -> bool {
    let byte = text[at];
    let word = || &text[at..at + word_len(&text[at..])];
    match trigger {
        Trigger::Start => at == 0,
        Trigger::Bytes(set) => set.has(byte),
        Trigger::Digits => byte.is_ascii_digit() && (at == 0 || !text[at - 1].is_ascii_digit()),
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
/// so that every byte that a detector claimed is inside some finding.
fn resolve(detectors: &[&Detector], mut candidates: Vec<Found>, least: u8) -> Vec<Found> {
    let priority = |found: &Found| detectors.get(found.detector).map_or(MEMORY_PRIORITY, |d| d.priority);
    candidates.retain(|found| found.confidence >= least && found.start < found.end);
    let mut chosen = Vec::new();
    let mut cursor = 0;
    loop {
        for found in &mut candidates {
            found.start = found.start.max(cursor);
        }
        candidates.retain(|found| found.start < found.end);
        let best = candidates.iter().min_by_key(|found| {
            (found.start, std::cmp::Reverse(priority(found)), std::cmp::Reverse(found.decided), found.detector)
        });
        let Some(&best) = best else { return chosen };
        cursor = best.end;
        chosen.push(best);
    }
}
