//! `blackbar reveal`

use std::io::{self, IsTerminal as _};
use std::path::PathBuf;
use std::sync::Arc;

use blackbar_engine::operator::{Keyring, Operator, TokenError, Values, find_tokens, unfinished_token};
use blackbar_engine::{Profile, Rules, Scanner, Segment};

use super::{Access, access, format, tell};
use crate::cli::{Global, Reveal, Unsupported};
use crate::config::{Config, Secret};
use crate::error::{Error, Id};
use crate::exit::Exit;
use crate::input::{self, Opened, Source};
use crate::notes;
use crate::output::{Output, Shape, Target, is_closed, unwritable};
use crate::registry;
use crate::stream::{Flow, Step, Stream, Taker, pump};
use crate::trail::Trail;
use crate::work;

pub(crate) fn run(args: &Reveal, global: &Global) -> Result<Exit, Error> {
    let config = Config::load(global.config.as_deref())?;
    let keyring = Keyring::new(Secret::file(&args.key_file).key()?, "");
    let scanner = registry::scanner(&config.site.detectors()?)?;
    let values = registry::values();
    let profile = fpe_profile(&args.kind, &scanner, Arc::clone(&values))?;
    let format = format(&args.input)?;
    if io::stdin().is_terminal() {
        let error = Error::new(Id::NothingToRead, "there is nothing to read: stdin is a terminal");
        return Err(error.hint("pipe the text with the tokens in"));
    }
    let source = Source { path: None, relative: PathBuf::from("stdin") };
    let outcome = work::guarded(|| {
        let mut input = match access(input::open(&source, format, None), Unsupported::Fail)? {
            Access::Open(input) => input,
            Access::Skipped(error) => return Err(error),
        };
        let shape = Shape { coding: input.coding, utf16: input.utf16 };
        let output = Output::create(&Target::Stdout, shape, None, false, None)?;
        let wide = input.utf16.is_some();
        let tokens = Tokens { keyring: &keyring, output, held: Vec::new(), at: 0, wide, resolved: 0, refused: 0 };
        let mut revealing = Revealing { tokens, kinds: &args.kind, values: &*values, written: 0, closed: false };
        revealing.all(&mut input, &scanner, &profile)?;
        let Revealing { tokens, closed, .. } = revealing;
        let (resolved, refused) = (tokens.resolved, tokens.refused);
        if !closed {
            tokens.output.commit()?;
        }
        notes::info(format_args!("{resolved} revealed, {refused} refused"));
        Ok(refused)
    });
    match outcome {
        Ok(0) => Ok(Exit::Done),
        Ok(_) => Ok(Exit::Bad),
        Err(error) => Err(error.at("-")),
    }
}

/// A profile under which values of these kinds are findings, and nothing is replaced for good.
fn fpe_profile(kinds: &[String], scanner: &Scanner, values: Arc<dyn Values>) -> Result<Profile, Error> {
    for kind in kinds {
        registry::check_kind(scanner, kind, "--kind")?;
        values.fits(Operator::Fpe, kind).map_err(|why| {
            Error::new(Id::Misfit, format!("{kind} cannot have been replaced by fpe: {why}")).at("--kind")
        })?;
    }
    // A mask is as long as what it covers, also when it comes in parts.
    let masked = kinds.iter().map(|kind| (kind.clone(), Operator::Mask)).collect();
    let rules = Rules { kinds: masked, ..Rules::danger_pass(values) };
    rules.build().map_err(|error| Error::new(Id::Misfit, error.to_string()))
}

/// Turns values under `fpe` back and hands everything on to [`Tokens`].
struct Revealing<'r> {
    tokens: Tokens<'r>,
    kinds: &'r [String],
    values: &'r dyn Values,
    /// Text before this was handed on.
    written: u64,
    closed: bool,
}

impl Revealing<'_> {
    fn all(&mut self, input: &mut Opened, scanner: &Scanner, profile: &Profile) -> Result<(), Error> {
        if self.kinds.is_empty() {
            while let Some(chunk) = input.next()? {
                self.put(&chunk.text)?;
                if self.closed {
                    return Ok(());
                }
            }
        } else {
            let stream = Stream::new(scanner, profile, input, "", 1);
            pump(input, stream, true, self, &|_| {})?;
        }
        let ended = self.tokens.end();
        self.go_on(ended).map(|_| ())
    }

    fn put(&mut self, text: &[u8]) -> Result<Flow, Error> {
        self.written += text.len() as u64;
        let written = self.tokens.push(text);
        self.go_on(written)
    }

    fn go_on(&mut self, result: io::Result<()>) -> Result<Flow, Error> {
        match result {
            Ok(()) => Ok(Flow::Go),
            Err(error) if is_closed(&error) => {
                self.closed = true;
                Ok(Flow::Stop)
            }
            Err(error) => Err(unwritable(&error)),
        }
    }
}

impl Taker for Revealing<'_> {
    fn take(&mut self, step: Step<'_>) -> Result<Flow, Error> {
        match step.segment {
            Segment::Keep(kept) => self.put(kept.as_bytes()),
            // Too long to be a value under fpe: its own bytes, as many as the mask has.
            Segment::Part(mask) => {
                let text = step.trail.text(self.written, self.written + mask.len() as u64);
                self.put(&text)
            }
            // A piece of a value that does not lie in one: its own bytes too.
            Segment::Cut { end, .. } => {
                let text = step.trail.text(self.written, *end);
                self.put(&text)
            }
            Segment::Found(_) => Ok(Flow::Go),
            Segment::Replace { finding, .. } if !finding.parts.is_empty() => {
                let text = step.trail.text(self.written, finding.first_piece().1);
                self.put(&text)
            }
            Segment::Replace { finding, .. } => {
                let text = step.trail.text(self.written, finding.end);
                let ours = self.written == finding.start && self.kinds.iter().any(|kind| finding.kind.is(kind));
                if !ours {
                    return self.put(&text);
                }
                match self.tokens.keyring.open_fpe(finding.kind.id(), &text, self.values) {
                    Ok(value) => {
                        self.tokens.resolved += 1;
                        self.put(&value)
                    }
                    Err(_) => {
                        let place = step.trail.place(finding.start);
                        let what = format!("the {} at byte {} has no form that fpe makes", finding.kind, place.raw);
                        self.tokens.refuse(Error::new(Id::FpeRefused, what).hint("it was left as it is"));
                        self.put(&text)
                    }
                }
            }
        }
    }

    fn pause(&mut self, _: u64, _: &Trail) -> Result<Flow, Error> {
        let flushed = self.tokens.output.flush_pipe();
        self.go_on(flushed)
    }
}

/// Resolves tokens in a stream of text.
struct Tokens<'t> {
    keyring: &'t Keyring,
    output: Output,
    /// The end of the text, which may be the beginning of a token.
    held: Vec<u8>,
    /// Where in the input `held` begins.
    at: u64,
    wide: bool,
    resolved: u64,
    refused: u64,
}

impl Tokens<'_> {
    fn push(&mut self, text: &[u8]) -> io::Result<()> {
        self.held.extend_from_slice(text);
        let ready = unfinished_token(&self.held);
        self.resolve(ready)
    }

    fn end(&mut self) -> io::Result<()> {
        self.resolve(self.held.len())
    }

    /// Writes the first `ready` bytes of what is held.
    fn resolve(&mut self, ready: usize) -> io::Result<()> {
        let mut held = std::mem::take(&mut self.held);
        let text = held.get(..ready).unwrap_or_default();
        let mut done = 0;
        for range in find_tokens(text) {
            let before = text.get(done..range.start).unwrap_or_default();
            self.output.write(before)?;
            self.at += self.len(before);
            let token = text.get(range.clone()).unwrap_or_default();
            let spelt = std::str::from_utf8(token).map_err(|_| TokenError::Malformed);
            match spelt.and_then(|token| self.keyring.open_token(token)) {
                Ok((_, value)) => {
                    self.resolved += 1;
                    self.output.write(&value)?;
                }
                Err(error) => {
                    let error = Error::new(Id::TokenRefused, format!("the token at byte {}: {error}", self.at));
                    self.refuse(error.hint("it was left as it is"));
                    self.output.write(token)?;
                }
            }
            self.at += self.len(token);
            done = range.end;
        }
        let rest = text.get(done..).unwrap_or_default();
        self.output.write(rest)?;
        self.at += self.len(rest);
        held.drain(..ready);
        self.held = held;
        Ok(())
    }

    fn refuse(&mut self, error: Error) {
        self.refused += 1;
        // A text full of foreign tokens needs one explanation, not thousands.
        if self.refused <= MOST_NAMED {
            tell("-", error, false);
        } else if self.refused == MOST_NAMED + 1 {
            notes::note("more were refused and are not named");
        }
    }

    fn len(&self, text: &[u8]) -> u64 {
        if self.wide { input::utf16::encoded_len(text) } else { text.len() as u64 }
    }
}

const MOST_NAMED: u64 = 1000;
