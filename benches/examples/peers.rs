//! Reads the typical inputs with this engine and, in the same run, with what a team would build from ready parts: one
//! automaton for 17 patterns, one for the names of the lexicon, and a search for bytes that are not there, which is
//! about as fast as memory. `peers [MEBIBYTES [INPUT]]`.
//!
//! Megabytes per second of this thread's processor time, the best of a few turns; the tools take turns, so that what
//! else the machine does harms all of them alike. The peers only find; the engine also replaces.

use std::hint::black_box;
use std::io::Write as _;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use blackbar_benches::inputs::TYPICAL;
use blackbar_benches::{chunks, redact, safe_harbor, scanner};
use blackbar_detectors::words::{self, category};
use regex_automata::meta::Regex;
use regex_automata::util::syntax;
use rustix::time::{ClockId, clock_gettime};

/// What the engine's detectors of numbers and links look for, as patterns: social security and record numbers, four
/// shapes of dates, telephones, mail and internet addresses, links, provider and prescriber numbers, postal codes,
/// cards, streets, accounts, and unique ids. The engine looks for more.
const PATTERNS: [&str; 17] = [
    r"\b[0-9]{3}-[0-9]{2}-[0-9]{4}\b",
    r"(?i:\bmrn[ :#]{1,4}[0-9]{5,10}\b)",
    r"\b[0-9]{1,2}/[0-9]{1,2}/[0-9]{2,4}\b",
    r"\b[0-9]{4}-[0-9]{2}-[0-9]{2}\b",
    r"(?i:\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.? [0-9]{1,2}, [0-9]{4}\b)",
    r"(?i:\b[0-9]{1,2}[- ]?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}[- ]?[0-9]{2,4}\b)",
    r"(?:\+1[ .-]?)?\(?[0-9]{3}\)?[ .-][0-9]{3}[ .-][0-9]{4}\b",
    r"\b[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4}\b",
    r"\b[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\b",
    r"\bhttps?://[^\s\x22<>]{1,200}",
    r"\b[12][0-9]{9}\b",
    r"\b[A-Z]{2}[0-9]{7}\b",
    r"\b[0-9]{5}-[0-9]{4}\b",
    r"\b[0-9]{4}[ -]?[0-9]{4}[ -]?[0-9]{4}[ -]?[0-9]{4}\b",
    r"\b[0-9]{1,5} [A-Z][a-z]{1,20} (?:St|Street|Ave|Avenue|Rd|Road|Ln|Lane|Dr|Drive|Blvd|Ct|Court)\b",
    r"(?i:\b(?:account|acct|serial|policy)[ :#]{1,4}[A-Z0-9-]{5,16}\b)",
    r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b",
];

/// Turns per tool and input.
const TURNS: usize = 5;

/// A tool: its name, and what it does with a document: how much it found.
type Tool<'a> = (&'static str, Box<dyn Fn(&[u8]) -> u64 + 'a>);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let mebibytes: usize = arguments.next().map_or(Ok(16), |word| word.parse())?;
    let only = arguments.next();
    let (scanner, profile) = (scanner()?, safe_harbor());
    // What is beyond ASCII would send it to a far slower machine at every boundary of a word.
    let syntax = syntax::Config::new().unicode(false).utf8(false);
    let regex = Regex::builder().syntax(syntax).build_many(&PATTERNS)?;
    let mut names = Vec::new();
    words::each(&mut |word, bits| {
        if bits & category::ANY_NAME != 0 {
            names.push(word.to_owned());
        }
    });
    let names = AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .match_kind(MatchKind::LeftmostLongest)
        .kind(Some(AhoCorasickKind::ContiguousNFA))
        .build(&names)?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{:8} {:>9} {:>9} {:>9} {:>9} {:>9}", "MB/s", "engine", "regex", "names", "both", "memchr3")?;
    for input in TYPICAL.iter().filter(|input| only.as_deref().is_none_or(|name| name == input.name)) {
        let doc = (input.make)(mebibytes * 1024 * 1024);
        let pieces = chunks(&doc, 64 * 1024);
        let tools: [Tool<'_>; 4] = [
            ("engine", Box::new(|_| redact(&scanner, &profile, input.format, &pieces).findings)),
            ("regex", Box::new(|doc| regex.find_iter(doc).count() as u64)),
            ("names", Box::new(|doc| names.find_iter(doc).count() as u64)),
            ("memchr3", Box::new(|doc| memchr::memchr3_iter(0, 1, 2, doc).count() as u64)),
        ];
        let mut best = [f64::INFINITY; 4];
        let mut found = [0; 4];
        for _ in 0..TURNS {
            for (((_, tool), best), found) in tools.iter().zip(&mut best).zip(&mut found) {
                let before = processor_time();
                *found = tool(black_box(&doc));
                *best = best.min(processor_time() - before);
            }
        }
        let speed = |seconds: f64| doc.len() as f64 / seconds / 1e6;
        let [engine, regex, names, memory] = best;
        writeln!(
            out,
            "{:8} {:9.1} {:9.1} {:9.1} {:9.1} {:9.1}   of regex {:.2}, of both {:.2}; findings {found:?}",
            input.name,
            speed(engine),
            speed(regex),
            speed(names),
            speed(regex + names),
            speed(memory),
            regex / engine,
            (regex + names) / engine,
        )?;
    }
    Ok(())
}

/// Seconds of processor time of this thread.
fn processor_time() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}
