//! A site's regular expression, bounded, as a detector.

use std::borrow::Cow;
use std::sync::Arc;

use blackbar_engine::{ByteSet, Detector, Kind, Reach, Verdict, Verify, View, Window};
use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::nfa::thompson;
use regex_automata::util::primitives::StateID;
use regex_automata::util::start;
use regex_automata::{Anchored, MatchKind};
use regex_syntax::hir::Hir;

use super::{EDGE_AFTER, EDGE_BEFORE, PRIORITY, SiteError, check_names, class_of, hint_of, place_of, triggers};
use super::{open_on_the_left, open_on_the_right};
use crate::context::hinted;

/// The longest match that a pattern may have, in bytes.
const LONGEST: usize = 256;
/// Context words are sought in so many bytes before a match.
const CONTEXT: u16 = 64;
/// The compiled pattern may take so much memory, and making it four times as much.
const MOST_MEMORY: usize = 4 << 20;

/// A site's pattern for its own identifiers.
///
/// # What a pattern means
///
/// The syntax is that of Rust's `regex` crate. Classes are ASCII unless a part turns Unicode on: `\d` is `[0-9]`; write
/// `(?u:[äöü])` around a class that has letters beyond ASCII. A literal such as `é` needs nothing.
///
/// A finding is, at each place, the **longest** match that begins and ends at an *edge*: not inside a run of letters and
/// digits. Greediness and the order of alternatives make no difference. `\b`, `^`, `$` and `(?m)` work and look at the
/// text around the match. A pattern may match over line breaks.
///
/// A pattern has a longest match; one without, such as `[0-9]+`, is refused, since an engine that holds bytes back until
/// a decision falls would have to hold them for ever.
#[derive(Clone, Copy, Debug)]
pub struct Pattern<'a> {
    /// The detector's id.
    pub id: &'a str,
    /// The kind of its findings.
    pub kind: Kind,
    /// The regular expression.
    pub pattern: &'a str,
    /// Words or phrases of which one must stand in the 64 bytes before the match, as whole words in any (ASCII) case.
    /// A field whose name speaks of the kind needs none. Empty: every match counts.
    pub context: &'a [String],
    /// Whether ASCII letters of the pattern match in either case.
    pub case_insensitive: bool,
    /// How sure a finding is, in percent.
    pub confidence: u8,
}

impl Pattern<'_> {
    /// Compiles the pattern.
    ///
    /// # Errors
    ///
    /// When the pattern is no regular expression, has no longest match or one beyond 256 bytes, can match nothing at all
    /// or the empty text, needs Unicode word boundaries or too much memory, or when a context word is blank.
    pub fn detector(&self) -> Result<Detector, SiteError> {
        check_names(self.id, self.kind, self.confidence)?;
        let hir = self.parse()?;
        let longest = self.longest(&hir)?;
        let dfa = self.compile(&hir)?;
        let context = self.context_words()?;
        let first = first_bytes(&dfa);
        if first.is_empty() {
            return Err(self.refuse("its pattern can never match", "check its classes and anchors"));
        }
        // A look behind the match needs one byte, which the edge needs anyway.
        let before = if context.is_empty() { EDGE_BEFORE } else { CONTEXT + EDGE_BEFORE };
        let compiled =
            Compiled { dfa, first, longest, context, kind: self.kind, hint: hint_of(self.kind), sure: self.confidence };
        let compiled = Arc::new(compiled);
        Ok(Detector {
            id: Cow::Owned(self.id.to_owned()),
            kind: self.kind,
            class: class_of(self.kind),
            priority: PRIORITY,
            window: Window { before, longest, after: EDGE_AFTER },
            reach: Reach::NONE,
            triggers: triggers(first),
            verify: Verify::Site(Arc::new(move |view| compiled.verify(view))),
            teaches: false,
            takes: "what a pattern of the site's configuration matches".into(),
            refuses: "matches inside a longer run of letters and digits, or without the context that is asked for"
                .into(),
        })
    }

    fn parse(&self) -> Result<Hir, SiteError> {
        let mut parser = regex_syntax::ParserBuilder::new();
        parser.unicode(false).utf8(false).case_insensitive(self.case_insensitive);
        parser.build().parse(self.pattern).map_err(|error| {
            // The library draws the pattern with a marker under the place; the last line says what is wrong.
            let text = error.to_string();
            let why = text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            let remedy = if why.contains("Unicode") {
                "write (?u:…) around the part with letters beyond ASCII"
            } else {
                "correct the pattern; the syntax is that of Rust's regex crate"
            };
            self.refuse(format!("its pattern is no regular expression ({why})"), remedy)
        })
    }

    fn longest(&self, hir: &Hir) -> Result<u16, SiteError> {
        let properties = hir.properties();
        if properties.look_set().contains_word_unicode() {
            let what = "its pattern has a Unicode word boundary";
            return Err(self.refuse(what, r"write \b outside of (?u:…): edges know letters beyond ASCII already"));
        }
        if properties.minimum_len().is_none() {
            return Err(self.refuse("its pattern can never match", "check its classes and anchors"));
        }
        if properties.minimum_len() == Some(0) {
            let remedy = "let at least one part be required: write + or {1,20} instead of * or ?";
            return Err(self.refuse("its pattern matches the empty text", remedy));
        }
        let remedy = "write {1,20} instead of + and {0,20} instead of *";
        match properties.maximum_len() {
            None => Err(self.refuse("its pattern has no longest match", remedy)),
            Some(len) => match u16::try_from(len) {
                Ok(short) if len <= LONGEST => Ok(short),
                _ => {
                    let what = format!("its pattern matches up to {len} bytes, the most is {LONGEST}");
                    Err(self.refuse(what, "lower the upper bounds of its repetitions"))
                }
            },
        }
    }

    fn compile(&self, hir: &Hir) -> Result<dense::DFA<Vec<u32>>, SiteError> {
        let remedy = "make its repetitions shorter or its alternatives fewer";
        let big = |what: &str| self.refuse(format!("its pattern is too complex to compile ({what})"), remedy);
        let nfa = thompson::Compiler::new()
            .configure(thompson::Config::new().utf8(false).nfa_size_limit(Some(MOST_MEMORY)))
            .build_from_hir(hir)
            .map_err(|error| big(&error.to_string()))?;
        // All matches, not the preferred one: the longest that ends at an edge is chosen by hand.
        let config = dense::Config::new()
            .match_kind(MatchKind::All)
            .start_kind(StartKind::Anchored)
            .dfa_size_limit(Some(MOST_MEMORY))
            .determinize_size_limit(Some(4 * MOST_MEMORY));
        dense::Builder::new().configure(config).build_from_nfa(&nfa).map_err(|error| big(&error.to_string()))
    }

    fn context_words(&self) -> Result<Vec<Vec<u8>>, SiteError> {
        let words = self.context.iter().map(|word| {
            let word = word.trim().to_ascii_lowercase().into_bytes();
            if word.is_empty() || word.len() > usize::from(CONTEXT) {
                let what = format!("a context word has {} bytes", word.len());
                return Err(self.refuse(what, format!("write words of 1 to {CONTEXT} bytes, or leave `context` out")));
            }
            Ok(word)
        });
        words.collect()
    }

    fn refuse(&self, what: impl Into<String>, remedy: impl Into<String>) -> SiteError {
        SiteError::new(place_of(self.id), what, remedy)
    }
}

/// A compiled pattern.
struct Compiled {
    dfa: dense::DFA<Vec<u32>>,
    first: ByteSet,
    longest: u16,
    /// Lower case.
    context: Vec<Vec<u8>>,
    kind: Kind,
    hint: u64,
    sure: u8,
}

impl Compiled {
    fn verify(&self, view: &View<'_>) -> Option<Verdict> {
        if !self.first.has(view.byte(0)?) || !open_on_the_left(view) {
            return None;
        }
        let end = self.match_end(view)?;
        let reason = if self.context.is_empty() {
            "site pattern"
        } else if hinted(view, self.hint) {
            "site pattern in its field"
        } else if self.context.iter().any(|word| stands_before(view, word)) {
            "site pattern in context"
        } else {
            return None;
        };
        Some(Verdict::new(0, end, self.kind, self.sure, reason))
    }

    /// One past the longest match that ends at an edge.
    fn match_end(&self, view: &View<'_>) -> Option<i32> {
        let mut state = start_state(&self.dfa, view.byte(-1))?;
        let mut end = None;
        // A match is known one byte late; a look behind the match may need that byte.
        for at in 0..=i32::from(self.longest) {
            let byte = view.byte(at);
            state = match byte {
                Some(byte) => self.dfa.next_state(state, byte),
                None => self.dfa.next_eoi_state(state),
            };
            if self.dfa.is_match_state(state) && at > 0 && open_on_the_right(view, at) {
                end = Some(at);
            }
            if byte.is_none() || self.dfa.is_dead_state(state) || self.dfa.is_quit_state(state) {
                break;
            }
        }
        end
    }
}

/// Whether the whole word `word` stands in the context before the match.
fn stands_before(view: &View<'_>, word: &[u8]) -> bool {
    let all = view.before();
    // What lies further back only tells whether a word begins at the edge of the context.
    let from = all.len().saturating_sub(usize::from(CONTEXT));
    let alnum =
        |i: Option<usize>| i.and_then(|i| all.get(i)).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte >= 0x80);
    let starts = from..=all.len().saturating_sub(word.len());
    starts.into_iter().any(|at| {
        let end = at + word.len();
        all.get(at..end).is_some_and(|here| here.eq_ignore_ascii_case(word))
            && !(alnum(at.checked_sub(1)) && alnum(Some(at)))
            && !(alnum(Some(end - 1)) && alnum(Some(end)))
    })
}

/// Every byte that some match begins with.
fn first_bytes(dfa: &dense::DFA<Vec<u32>>) -> ByteSet {
    let mut first = ByteSet::EMPTY;
    for before in std::iter::once(None).chain((0..=u8::MAX).map(Some)) {
        let Some(state) = start_state(dfa, before) else { continue };
        for byte in 0..=u8::MAX {
            if !dfa.is_dead_state(dfa.next_state(state, byte)) {
                first = first.with(byte);
            }
        }
    }
    first
}

fn start_state(dfa: &dense::DFA<Vec<u32>>, before: Option<u8>) -> Option<StateID> {
    dfa.start_state(&start::Config::new().look_behind(before).anchored(Anchored::Yes)).ok()
}
