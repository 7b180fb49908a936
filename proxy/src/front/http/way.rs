//! How a body goes up, and how its answer comes back to whoever sent it.

use std::sync::Arc;

use blackbar_detectors::kinds;
use blackbar_engine::operator::Keyring;
use blackbar_engine::{Format, Redactor};
use blackbar_wire::http::{Charset, Media};
use http::HeaderValue;

use super::arriving::Arriving;
use super::ascent::{Reading, Rule, UpBody, Verdict};
use super::envelope::Envelope;
use super::exchange::Served;
use super::originals::{Noting, Originals, Spelt, Turned};
use super::problem::{Kind, Problem};
use super::purpose::{Purpose, Said};
use super::replaced;
use crate::gate::{Gate, Grant};

/// Everything that decides about a body.
pub(super) struct Way<'w> {
    pub(super) gate: &'w Gate,
    pub(super) served: &'w Served,
    pub(super) grant: &'w Grant,
    pub(super) said: &'w Said,
    pub(super) turned: &'w Turned,
}

impl Way<'_> {
    /// The body on its way up. `may_resolve`: policy lets tokens become their originals. `spelt` learns how values were
    /// spelt that become tokens.
    pub(super) fn body(
        &self,
        arriving: Arriving,
        may_resolve: bool,
        spelt: &Spelt,
        verdict: &Verdict,
    ) -> Result<UpBody, Problem> {
        let Some((charset, format)) = self.said.reading else {
            return self.uninspected(arriving);
        };
        let (writer, rule) = match &self.served.http.request_profile {
            Some(profile) => (self.redacted(&profile.name, format, spelt)?, Rule::Redacts),
            None => self.read(format, may_resolve).ok_or_else(internal)?,
        };
        let watches = matches!(&rule, Rule::Refuses(_));
        let mut reading = Reading::new(charset, format, writer, rule, verdict.clone());
        if watches && self.stores() && self.grant.disguises() {
            reading = reading.with_alike(self.grant.reader(format), Box::new(self.grant.disguise()));
        }
        if self.said.purpose != Purpose::Calls {
            reading = reading.with_envelope(Envelope::default());
        }
        Ok(UpBody::read_by(arriving, reading))
    }

    /// The type of a body that is written anew in another charset.
    pub(super) fn content_type(&self, media: Option<&Media>) -> Option<HeaderValue> {
        let (charset, _) = self.said.reading?;
        let media = media.filter(|_| charset != Charset::Utf8)?;
        HeaderValue::from_str(&media.header()).ok()
    }

    fn stores(&self) -> bool {
        matches!(self.said.purpose, Purpose::Stores | Purpose::Calls) && self.grant.hides()
    }

    /// A body that nobody here can look into goes up where policy says so, and not where all that goes up is redacted.
    fn uninspected(&self, arriving: Arriving) -> Result<UpBody, Problem> {
        if self.served.http.request_profile.is_some() {
            let detail = "the body is of a type that cannot be inspected, and nothing goes up here as it is";
            return Err(Problem::new(Kind::BadRequest, 415, detail));
        }
        Ok(UpBody::new(arriving))
    }

    fn redacted(&self, profile: &str, format: Format, spelt: &Spelt) -> Result<Redactor, Problem> {
        let (scanner, profile) = self.gate.profile(profile).ok_or_else(internal)?;
        let mut rules = profile.rules().clone();
        rules.values = Arc::new(Noting { meaning: Arc::clone(&rules.values), spelt: spelt.clone() });
        let profile = rules.build().map_err(|_| internal())?;
        Ok(scanner.redactor_for(&profile, format, ""))
    }

    fn read(&self, format: Format, may_resolve: bool) -> Option<(Redactor, Rule)> {
        let turned = match self.said.purpose {
            Purpose::Prompts => replaced::Turned::None,
            _ if !may_resolve => replaced::Turned::None,
            Purpose::Stores => replaced::Turned::Ids,
            Purpose::Asks | Purpose::Calls => replaced::Turned::Alone,
        };
        let originals = Arc::new(Originals {
            keyring: self.gate.tokens(),
            spelt: Spelt::default(),
            any_spelling: !self.stores(),
            unknown_stays: false,
            turned: self.turned.clone(),
        });
        let strict = self.stores();
        let writer = self.served.replacements.reader(format, turned, strict, originals)?;
        let details = [kinds::DATE, kinds::ZIP, kinds::AGE].into_iter().filter(|kind| self.grant.generalises(*kind));
        Some((writer, Rule::Refuses(details.collect())))
    }
}

/// Puts originals into an answer.
pub(super) fn restorer(
    served: &Served,
    format: Format,
    keyring: Option<Arc<Keyring>>,
    spelt: Spelt,
) -> Option<Box<Redactor>> {
    let originals = Originals { keyring, spelt, any_spelling: true, unknown_stays: true, turned: Turned::default() };
    served.replacements.restorer(format, Arc::new(originals)).map(Box::new)
}

fn internal() -> Problem {
    Problem::new(Kind::Overloaded, 503, "the body cannot be read")
}
