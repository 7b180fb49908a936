//! The detectors of this run: the built-in ones and those of the site.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{SystemTime, UNIX_EPOCH};

use blackbar_detectors::fields::BuiltIn;
use blackbar_detectors::values::Phi;
use blackbar_detectors::{ALL, kinds, lexicon};
use blackbar_engine::operator::Values;
use blackbar_engine::{Detector, Finding, Lexicon, Scanner};

use crate::error::{Error, Id, did_you_mean};

/// Compiles the built-in detectors and those of the site. Those that have the id of a built-in one take its place.
pub(crate) fn scanner(site: &[Detector]) -> Result<Scanner, Error> {
    let built_in = ALL.iter().copied().filter(|detector| site.iter().all(|own| own.id != detector.id));
    let builder = Scanner::builder().detectors(built_in).detectors(site).lexicon(words());
    let builder = builder.fields(Arc::new(BuiltIn));
    builder.build().map_err(|error| Error::new(Id::ConfigDetector, error.to_string()))
}

/// Words that are being read, for the first scanner that needs them.
static AHEAD: Mutex<Option<JoinHandle<Lexicon>>> = Mutex::new(None);

/// Begins to read the words of the built-in lists, which is most of the work of a scanner, while the caller does something
/// else: waits for a disk, say.
pub(crate) fn read_ahead() {
    *AHEAD.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread::spawn(lexicon));
}

fn words() -> Lexicon {
    let ahead = AHEAD.lock().unwrap_or_else(PoisonError::into_inner).take();
    ahead.and_then(|reading| reading.join().ok()).unwrap_or_else(lexicon)
}

/// What values mean, this year.
pub(crate) fn values() -> Arc<dyn Values> {
    Arc::new(Phi { year: this_year() })
}

/// The id of the detector behind a finding.
pub(crate) fn detector_id<'s>(scanner: &'s Scanner, finding: &Finding) -> &'s str {
    match scanner.detectors().get(finding.detector) {
        Some(detector) => &detector.id,
        None if finding.detector == scanner.detectors().len() => "entity-memory",
        None => "profile-rule",
    }
}

/// Every id that a kind can be addressed by.
pub(crate) fn known_kinds(scanner: &Scanner) -> Vec<&str> {
    let built_in = kinds::MAIN.iter().map(|kind| kind.id()).chain(SUB_KINDS.iter().copied());
    let found = scanner.detectors().iter().flat_map(|detector| [detector.kind.id(), detector.kind.main()]);
    let mut known: Vec<&str> = built_in.chain(found).collect();
    known.sort_unstable();
    known.dedup();
    known
}

/// Sub-kinds that a detector's verdict may name.
const SUB_KINDS: &[&str] = &[
    "location:city",
    "location:county",
    "location:geo",
    "location:street",
    "name:patient",
    "name:provider",
    "name:relative",
    "name:user",
    "other-id:encounter",
    "other-id:user",
];

/// Refuses a kind that neither the contract nor a detector knows: a mistyped kind would silently change nothing.
pub(crate) fn check_kind(scanner: &Scanner, kind: &str, place: &str) -> Result<(), Error> {
    let known = known_kinds(scanner);
    if known.contains(&kind) {
        return Ok(());
    }
    let what = format!("unknown kind \"{kind}\"{}", did_you_mean(kind, known));
    Err(Error::new(Id::UnknownKind, what).at(place).hint("`blackbar detectors` lists the kinds"))
}

fn this_year() -> i32 {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    year_of(i64::try_from(seconds / 86_400).unwrap_or_default())
}

/// The year of a day, counted from 1970-01-01, in the Gregorian calendar.
fn year_of(day: i64) -> i32 {
    let (mut year, mut left) = (1970, day);
    loop {
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let len = if leap { 366 } else { 365 };
        if left < len {
            return year;
        }
        left -= len;
        year += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn years() {
        for (day, year) in
            [(0, 1970), (364, 1970), (365, 1971), (11_016, 2000), (11_322, 2000), (11_323, 2001), (20_454, 2026)]
        {
            assert_eq!(year_of(day), year, "{day}");
        }
    }
}
