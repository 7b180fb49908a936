//! A site's list of words and phrases as a detector.

use std::borrow::Cow;
use std::sync::Arc;

use aho_corasick::automaton::Automaton;
use aho_corasick::nfa::contiguous;
use aho_corasick::{Anchored, MatchKind};
use blackbar_engine::{ByteSet, Detector, Kind, Reach, Verdict, Verify, View, Window};

use super::{EDGE_AFTER, EDGE_BEFORE, PRIORITY, SiteError, check_names, class_of, place_of, triggers};
use super::{open_on_the_left, open_on_the_right};

/// The longest phrase, in bytes.
const LONGEST_PHRASE: usize = 128;
/// A blank of a phrase stands for up to so many blanks and line breaks of the text.
const WIDEST_GAP: i32 = 4;
/// A match in the text is never longer than this.
const LONGEST_MATCH: u16 = 256;
/// How sure a listed phrase is.
const CONFIDENCE: u8 = 95;

/// Words and phrases that are identifiers at this site: names of wards, projects, staff.
///
/// A finding is the longest phrase that begins and ends at an edge. A blank within a phrase stands for one to four
/// blanks, tabs or line breaks, so that a wrapped phrase is found too.
#[derive(Clone, Copy, Debug)]
pub struct Keywords<'a> {
    /// The detector's id.
    pub id: &'a str,
    /// The kind of its findings.
    pub kind: Kind,
    /// What to find, each at most 128 bytes.
    pub phrases: &'a [String],
    /// Whether ASCII letters match in either case.
    pub case_insensitive: bool,
}

impl Keywords<'_> {
    /// Compiles the list.
    ///
    /// # Errors
    ///
    /// When the list is empty, or a phrase is blank, longer than 128 bytes, or without a letter or digit. The error gives
    /// the phrase's number, not its text.
    pub fn detector(&self) -> Result<Detector, SiteError> {
        check_names(self.id, self.kind, CONFIDENCE)?;
        if self.phrases.is_empty() {
            return Err(self.refuse("its list of phrases is empty", "list at least one phrase, or remove it"));
        }
        let phrases = self.phrases.iter().zip(1..).map(|(phrase, number)| self.normal(phrase, number));
        let phrases = phrases.collect::<Result<Vec<_>, _>>()?;
        let automaton = contiguous::Builder::new()
            .match_kind(MatchKind::LeftmostLongest)
            .ascii_case_insensitive(self.case_insensitive)
            .build(&phrases)
            .map_err(|error| {
                self.refuse(format!("its list of phrases is too big ({error})"), "split it into several detectors")
            })?;
        let mut first = ByteSet::EMPTY;
        for byte in phrases.iter().filter_map(|phrase| phrase.bytes().next()) {
            first = first.with(byte);
            if self.case_insensitive {
                first = first.with(byte.to_ascii_lowercase()).with(byte.to_ascii_uppercase());
            }
        }
        let compiled = Arc::new(Compiled { automaton, first, kind: self.kind });
        Ok(Detector {
            id: Cow::Owned(self.id.to_owned()),
            kind: self.kind,
            class: class_of(self.kind),
            priority: PRIORITY,
            window: Window { before: EDGE_BEFORE, longest: LONGEST_MATCH, after: EDGE_AFTER },
            reach: Reach::NONE,
            triggers: triggers(first),
            verify: Verify::Site(Arc::new(move |view| compiled.verify(view))),
            teaches: false,
            takes: "words and phrases of a list in the site's configuration".into(),
            refuses: "the same letters inside a longer word".into(),
        })
    }

    /// The phrase with single blanks.
    fn normal(&self, phrase: &str, number: usize) -> Result<String, SiteError> {
        let normal = phrase.split_whitespace().collect::<Vec<_>>().join(" ");
        if normal.len() > LONGEST_PHRASE {
            let what = format!("phrase {number} has {} bytes, the most is {LONGEST_PHRASE}", normal.len());
            return Err(self.refuse(what, "list its beginning"));
        }
        if !normal.chars().any(char::is_alphanumeric) {
            return Err(self.refuse(format!("phrase {number} has neither letter nor digit"), "remove it"));
        }
        Ok(normal)
    }

    fn refuse(&self, what: impl Into<String>, remedy: impl Into<String>) -> SiteError {
        SiteError::new(place_of(self.id), what, remedy)
    }
}

struct Compiled {
    automaton: contiguous::NFA,
    first: ByteSet,
    kind: Kind,
}

impl Compiled {
    fn verify(&self, view: &View<'_>) -> Option<Verdict> {
        if !self.first.has(view.byte(0)?) || !open_on_the_left(view) {
            return None;
        }
        let mut state = self.automaton.start_state(Anchored::Yes).ok()?;
        let (mut at, mut end) = (0, None);
        while at < i32::from(LONGEST_MATCH) {
            let Some(byte) = view.byte(at) else { break };
            let blank = is_blank(byte);
            state = self.automaton.next_state(Anchored::Yes, state, if blank { b' ' } else { byte });
            if self.automaton.is_dead(state) {
                break;
            }
            at += 1;
            if blank {
                let most = (at + WIDEST_GAP - 1).min(i32::from(LONGEST_MATCH));
                while at < most && view.byte(at).is_some_and(is_blank) {
                    at += 1;
                }
            }
            if self.automaton.is_match(state) && open_on_the_right(view, at) {
                end = Some(at);
            }
        }
        end.map(|end| Verdict::new(0, end, self.kind, CONFIDENCE, "site list"))
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}
