//! What a statement asks for, and what the columns of its answer are.
//!
//! A session has one [`Judge`]. Each question of the protocol goes to [`Judge::ask`], which says what policy must allow
//! ([`Judged::parts`]); the grant names a profile, and by its labels [`Outline::plan`] says what becomes of each column.
//!
//! # What may be in force
//!
//! A setting, a prepared statement or a temporary table may be gone with a transaction that was rolled back, or may never
//! have come to be, and the judge does not hear of it. So it keeps everything that may be in force and judges a text under
//! each: all that any of them needs must be allowed, and a column is subject to the strongest that any of them says.
//!
//! # What is refused whatever policy says
//!
//! Another role or encoding, looks of values that are not followed, settings that are computed, COPY to or from files and
//! programs of the server, tables without labels where the target says so.

mod asks;
mod copy;
mod definitions;
mod facts;
mod judged;
mod lasting;
mod look;
mod plan;
mod probes;
mod reading;
mod refusals;
mod state;
#[cfg(test)]
mod tests;
mod values;
mod wayback;
mod written;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use blackbar_engine::operator::Keyring;
use blackbar_sql::{CursorAct, CursorUse, Limit, Opacity, PreparedUse, Rows, Session, StatementKind};
use blackbar_wire::pg::frontend::{Bind, FunctionCall, Parse};
use blackbar_wire::pg::session::Forget;
use blackbar_wire::pg::{Report, Severity};
use bytes::Bytes;

use self::asks::Asks;
use self::facts::Analysed;
use self::lasting::{edited, forgets, is_plain_execute, is_plain_fetch, lasts, names_all, reason_in};
use self::reading::{Eyes, Reading};
use self::state::State;
use self::values::{Never, NotYet, Values};
use self::wayback::Edit;
use super::catalog::Snapshot;
use crate::config::Unlabelled;
use crate::gate::{Labels, Part};

pub(crate) use self::facts::FactsCache;
pub(crate) use self::judged::Judged;
pub(crate) use self::look::{Look, Nature};
#[allow(unused_imports, reason = "the seam to what applies a plan, which is being built")]
pub(crate) use self::plan::{CopyColumn, CopyPlan, Outline, Plan, StatementPlan, Treatment};
pub(crate) use self::probes::Probe;
#[allow(unused_imports, reason = "the seam to what copies in, which is being built")]
pub(crate) use self::written::{Reads, Written, cell};

/// Judges what a session asks for.
#[derive(Debug)]
pub(crate) struct Judge {
    about: About,
    state: State,
    /// The state before the last request, when that may have changed it.
    before: Option<State>,
    /// Counts how often names may have come to mean something else.
    meanings: u64,
}

/// What a judge knows of its session from the start.
#[derive(Clone, Debug)]
pub(crate) struct About {
    /// The target, as policies name it.
    pub(crate) target: Arc<str>,
    /// The role that the gateway has at the server: what `"$user"` means.
    pub(crate) user: String,
    /// `search_path` as the session began with it.
    pub(crate) search_path: Vec<String>,
    /// [`crate::gate::Gate::all_labels`]
    pub(crate) labels: Arc<Labels>,
    pub(crate) unlabelled: Unlabelled,
    /// Shared by the sessions of a target.
    pub(crate) facts: Arc<FactsCache>,
    /// The keys of tokens, when the configuration has some.
    pub(crate) tokens: Option<Arc<Keyring>>,
}

/// What is asked for; see `blackbar_wire::pg::session::Question`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum What<'w> {
    /// `Query`
    Text(&'w Bytes),
    /// `Parse`. Judged without values, as if every limit were bound and zero: the `Bind` is judged with them.
    Parse(&'w Parse),
    /// `Bind`. `None` for a statement that the protocol does not know: one that SQL prepared.
    Bind(&'w Bind, Option<&'w Arc<Prepared>>),
    /// `Execute` of a portal that the protocol does not know: a cursor that SQL declared.
    Portal(&'w Bytes),
    /// `FunctionCall`
    Call(&'w FunctionCall),
}

/// A statement that was parsed: kept beside its grant, handed back with each `Bind`.
#[derive(Debug)]
pub(crate) struct Prepared {
    /// As it went up.
    pub(crate) text: Bytes,
    /// The types that the client gave its parameters.
    pub(crate) types: Vec<u32>,
    /// What was judged last, for the next values.
    known: Mutex<Option<Arc<Known>>>,
}

/// A judgement that holds for other values as well, as long as names mean the same.
#[derive(Debug)]
struct Known {
    version: u64,
    /// See [`Judge::meanings`].
    meanings: u64,
    /// `None` when values play a part in them.
    parts: Option<Vec<Part>>,
    outline: Arc<Outline>,
}

impl Judge {
    /// A judge for a session that has just begun.
    pub(crate) fn new(about: About) -> Self {
        let state = State::new(about.search_path.clone());
        Self { about, state, before: None, meanings: 0 }
    }

    /// Judges a request. `quiet`: no transaction is open and the server owes nothing.
    ///
    /// # Errors
    ///
    /// When it is refused whatever policy says.
    pub(crate) fn ask(&mut self, snapshot: &Arc<Snapshot>, what: What<'_>, quiet: bool) -> Result<Judged, Report> {
        if quiet {
            self.state.between_transactions();
        }
        self.before = None;
        if self.state.foreign {
            return Err(refusal("0A000", "the server writes values in a way that the gateway does not follow"));
        }
        let judged = self.judge(snapshot, what);
        if judged.is_err() {
            self.denied();
        }
        judged
    }

    /// The last request was denied: what it would have brought about is forgotten.
    pub(crate) fn denied(&mut self) {
        if let Some(before) = self.before.take() {
            self.state = before;
            self.meanings += 1;
        }
    }

    /// The role that statements run as at the server.
    pub(crate) fn user(&self) -> &str {
        &self.about.user
    }

    /// Where names may be looked for, and which may be the session's own: with it a text may mean something else.
    pub(crate) fn names(&self) -> Vec<String> {
        let paths = self.state.paths.iter().flat_map(|path| path.iter().cloned().chain(["\0".to_owned()]));
        let own = self.state.own_relations.iter().map(|name| format!("own {name}"));
        let strings = (!self.state.standard_conforming_strings).then(|| "strings with escapes".to_owned());
        paths.chain(own).chain(strings).collect()
    }

    /// The session begins with this `search_path`, as the server writes it.
    pub(crate) fn begins(&mut self, search_path: &[u8]) {
        self.before = None;
        self.meanings += 1;
        self.state.foreign |= !self.state.begins(search_path);
    }

    /// The server reports a setting (`ParameterStatus`).
    pub(crate) fn setting(&mut self, name: &[u8], value: &[u8]) {
        let is = |known: &str| value.eq_ignore_ascii_case(known.as_bytes());
        match name.to_ascii_lowercase().as_slice() {
            b"client_encoding" => self.state.foreign |= !is("UTF8"),
            b"standard_conforming_strings" => {
                self.meanings += 1;
                self.state.standard_conforming_strings = is("on");
            }
            b"datestyle" => self.state.foreign |= !value.to_ascii_lowercase().starts_with(b"iso"),
            b"intervalstyle" => self.state.foreign |= !is("postgres"),
            // From version 18 on. It is in force, and others that were asked for may still come to be.
            b"search_path" => {
                self.meanings += 1;
                self.state.foreign |= !self.state.in_force(value);
            }
            _ => {}
        }
    }

    fn judge(&mut self, snapshot: &Arc<Snapshot>, what: What<'_>) -> Result<Judged, Report> {
        match what {
            What::Text(text) => self.text(snapshot, text, &Never, None),
            What::Parse(parse) => {
                let mut judged = self.text(snapshot, &parse.text, &NotYet, None)?;
                if !parse.name.is_empty() {
                    self.save();
                    self.state.prepare(parse.name.clone(), &Bytes::copy_from_slice(&parse.text));
                }
                let text = judged.text.clone().unwrap_or_else(|| parse.text.clone());
                let types = parse.types.clone();
                judged.prepared = Some(Arc::new(Prepared { text, types, known: Mutex::default() }));
                Ok(judged)
            }
            What::Bind(bind, Some(statement)) => self.bound(snapshot, bind, statement),
            What::Bind(bind, None) => {
                let readings = self.prepared(&bind.statement, snapshot);
                self.readings(snapshot, readings.unwrap_or_default(), bind, Some((bind, &[])))
            }
            What::Portal(name) => {
                let readings = self.fetched(name, None, snapshot);
                if readings.is_empty() {
                    let mut asks = Asks::new(&self.about.target);
                    asks.unknown_cursor();
                    return Ok(Judged::of(asks.parts(), Outline::unknown(snapshot)));
                }
                self.readings(snapshot, readings, &Never, None)
            }
            What::Call(call) => {
                let routine = snapshot.routine(call.function);
                let mut asks = Asks::new(&self.about.target);
                asks.function_call(routine.map(|routine| (routine.schema.as_str(), routine.name.as_str())));
                Ok(Judged::of(asks.parts(), Outline::unknown(snapshot)))
            }
        }
    }

    /// Values for a statement that the protocol knows.
    fn bound(&mut self, snapshot: &Arc<Snapshot>, bind: &Bind, statement: &Prepared) -> Result<Judged, Report> {
        let holds = |known: &&Arc<Known>| known.version == snapshot.version() && known.meanings == self.meanings;
        let locked = || statement.known.lock().unwrap_or_else(PoisonError::into_inner);
        let known = locked().as_ref().filter(holds).map(Arc::clone);
        if let Some(known) = known {
            let readings = known.outline.readings(0);
            let mut asks = Asks::new(&self.about.target);
            let mut found = Found::default();
            self.judge_values(readings, snapshot, (bind, &statement.types), &mut asks, &mut found)?;
            let parts = match &known.parts {
                Some(parts) => parts.clone(),
                None => {
                    let eyes = Eyes::new(&self.about.labels, snapshot, &self.state);
                    for reading in readings {
                        asks.statement(reading, &eyes, bind);
                    }
                    Vec::new()
                }
            };
            return Ok(found.judged(asks.and(parts), Arc::clone(&known.outline)));
        }
        let mut judged = self.text(snapshot, &statement.text, bind, Some((bind, &statement.types)))?;
        // The text went up with the `Parse`.
        judged.text = None;
        let readings = judged.outline.readings(0);
        let same_for_all = judged.forget == Forget::Nothing
            && readings.iter().all(|reading| {
                reading.facts().is_some_and(|facts| !lasts(facts) && facts.prepared.is_none() && facts.cursor.is_none())
            });
        if same_for_all && judged.outline.len() == 1 {
            let valued = |reading: &Reading| {
                reading.facts().is_none_or(|facts| {
                    matches!(facts.limit, Some(Limit::Parameter(_))) || matches!(facts.rows, Rows::UnlessParameters(_))
                })
            };
            // Leave to resolve is asked for where there is something to resolve.
            let valued = judged.values.is_some() || readings.iter().any(valued);
            let parts = (!valued).then(|| judged.parts.clone());
            let outline = Arc::clone(&judged.outline);
            let known = Known { version: snapshot.version(), meanings: self.meanings, parts, outline };
            *locked() = Some(Arc::new(known));
        }
        Ok(judged)
    }

    /// A text of any number of statements.
    fn text(
        &mut self,
        snapshot: &Arc<Snapshot>,
        text: &Bytes,
        values: &dyn Values,
        bind: Option<Bound<'_>>,
    ) -> Result<Judged, Report> {
        let variants = self.settled(snapshot, text)?;
        let mut asks = Asks::new(&self.about.target);
        let mut statements = Vec::new();
        let mut edits: Vec<Edit> = Vec::new();
        let mut judged = Found::default();
        let (mut reason, mut forget) = (None, Forget::Nothing);
        let count = variants.first().map_or(0, |first| first.statements.len());
        if variants.iter().any(|analysed| analysed.statements.len() != count) {
            // Only what could not be analysed in one of them.
            asks.opaque();
            return Ok(Judged { forget: Forget::Everything, ..Judged::of(asks.parts(), Outline::unknown(snapshot)) });
        }
        for at in 0..count {
            let mut readings = Vec::new();
            for analysed in &variants {
                let facts = &analysed.statements[at];
                refusals::always(facts)?;
                forget = forgets(forget, facts);
                if let Some(given) = reason_in(facts) {
                    reason = Some(given);
                    edits.push(Edit { span: facts.span.clone(), new: NO_REASON.to_vec() });
                }
                let read = self.read(analysed, at, snapshot);
                if read.is_empty() {
                    asks.unknown_cursor();
                }
                readings.extend(read);
            }
            let own: Vec<Reading> = variants.iter().map(|analysed| Reading::plain(analysed, at)).collect();
            let eyes = Eyes::new(&self.about.labels, snapshot, &self.state);
            let resolved = wayback::text(
                &own,
                &readings,
                &eyes,
                self.about.tokens.as_deref(),
                self.state.standard_conforming_strings,
            )?;
            if readings.iter().any(|reading| reading.unknown_values) {
                let slice =
                    variants.iter().filter_map(|analysed| analysed.text.get(analysed.statements[at].span.clone()));
                judged.written.extend(slice.flat_map(|slice| written::executed(&readings, slice)));
            }
            if !resolved.is_empty() {
                asks.resolve();
                edits.extend(resolved);
            }
            self.judge_readings(&readings, snapshot, values, bind, &mut asks, &mut judged)?;
            statements.push(readings);
        }
        let outline = Outline::new(statements, snapshot, &self.state.tainted);
        let unparsed = variants
            .iter()
            .flat_map(|analysed| &analysed.statements)
            .any(|facts| facts.opacity == Some(Opacity::Unparsed));
        let unparsed = unparsed.then(|| text.clone());
        let text = (!edits.is_empty()).then(|| edited(text, edits));
        Ok(Judged { forget, text, reason, unparsed, ..judged.judged(asks, Arc::new(outline)) })
    }

    /// A statement of which the readings are known.
    fn readings(
        &self,
        snapshot: &Arc<Snapshot>,
        readings: Vec<Reading>,
        values: &dyn Values,
        bind: Option<Bound<'_>>,
    ) -> Result<Judged, Report> {
        let mut asks = Asks::new(&self.about.target);
        if readings.is_empty() {
            asks.opaque();
            return Ok(Judged::of(asks.parts(), Outline::unknown(snapshot)));
        }
        let mut judged = Found::default();
        self.judge_readings(&readings, snapshot, values, bind, &mut asks, &mut judged)?;
        let outline = Outline::new(vec![readings], snapshot, &self.state.tainted);
        Ok(judged.judged(asks, Arc::new(outline)))
    }

    /// All readings of one statement.
    fn judge_readings(
        &self,
        readings: &[Reading],
        snapshot: &Arc<Snapshot>,
        values: &dyn Values,
        bind: Option<Bound<'_>>,
        asks: &mut Asks<'_>,
        found: &mut Found,
    ) -> Result<(), Report> {
        let eyes = Eyes::new(&self.about.labels, snapshot, &self.state);
        for reading in readings {
            if let Some(facts) = reading.facts() {
                refusals::always(facts)?;
                if self.about.unlabelled == Unlabelled::Deny {
                    refusals::unlabelled(facts, &eyes, &self.state.own_relations)?;
                }
            }
            asks.statement(reading, &eyes, values);
            if bind.is_none() {
                probes::of(reading, &eyes, values, &mut found.probes);
                found.written.extend(written::of(reading, None));
            }
        }
        match bind {
            Some(bind) => self.judge_values(readings, snapshot, bind, asks, found),
            None => Ok(()),
        }
    }

    /// What depends on values alone.
    fn judge_values(
        &self,
        readings: &[Reading],
        snapshot: &Snapshot,
        (bind, types): Bound<'_>,
        asks: &mut Asks<'_>,
        found: &mut Found,
    ) -> Result<(), Report> {
        let eyes = Eyes::new(&self.about.labels, snapshot, &self.state);
        for reading in readings {
            probes::of(reading, &eyes, bind, &mut found.probes);
            found.written.extend(written::of(reading, Some((bind, types))));
        }
        if let Some(values) = wayback::values(readings, bind, &eyes, self.about.tokens.as_deref())? {
            asks.resolve();
            found.values = Some(values);
        }
        Ok(())
    }

    /// The facts of a text under everything that may be in force once it has run: a later statement of it is read in the
    /// light of the earlier ones.
    fn settled(&mut self, snapshot: &Arc<Snapshot>, text: &Bytes) -> Result<Vec<Arc<Analysed>>, Report> {
        let mut variants = self.variants(snapshot, text);
        for _ in 0..MOST_ROUNDS {
            if !variants.iter().flat_map(|analysed| &analysed.statements).any(lasts) {
                return Ok(variants);
            }
            self.save();
            let before = self.state.clone();
            for analysed in &variants {
                for facts in &analysed.statements {
                    let tainted = Eyes::new(&self.about.labels, snapshot, &self.state).stores(facts);
                    let slice = analysed.text.slice(facts.span.clone());
                    self.state.note(facts, &slice, tainted).map_err(|_| too_many())?;
                }
            }
            if self.state == before {
                return Ok(variants);
            }
            let meant = |state: &State| (state.paths.len(), state.own_relations.len(), state.tainted.len());
            if meant(&self.state) == meant(&before) {
                return Ok(variants);
            }
            self.meanings += 1;
            variants = self.variants(snapshot, text);
        }
        Err(too_many())
    }

    /// The facts of a text under each meaning that its names may have; equal ones once.
    fn variants(&self, snapshot: &Snapshot, text: &Bytes) -> Vec<Arc<Analysed>> {
        let mut all: Vec<Arc<Analysed>> = Vec::new();
        let own = &self.state.own_relations;
        for path in &self.state.paths {
            for own in [Some(own), Some(&BTreeSet::new()).filter(|_| !own.is_empty())].into_iter().flatten() {
                let session = Session {
                    search_path: path.clone(),
                    user: self.about.user.clone(),
                    standard_conforming_strings: self.state.standard_conforming_strings,
                    own_relations: own.clone(),
                };
                let analysed = self.about.facts.of(text, &session, snapshot);
                let same = |known: &Arc<Analysed>| {
                    known.statements == analysed.statements && (known.path == analysed.path || names_all(&analysed))
                };
                if !all.iter().any(same) {
                    all.push(analysed);
                }
            }
        }
        all
    }

    /// The ways to read a statement. None: it fetches from a cursor that nobody knows.
    fn read(&self, analysed: &Arc<Analysed>, at: usize, snapshot: &Snapshot) -> Vec<Reading> {
        let facts = &analysed.statements[at];
        match (&facts.prepared, &facts.cursor) {
            (Some(PreparedUse::Execute(name)), _) if is_plain_execute(facts) => {
                let Some(mut readings) = self.prepared(name.as_bytes(), snapshot) else {
                    return vec![Reading::plain(analysed, at)];
                };
                for reading in &mut readings {
                    // Its arguments are computed here.
                    reading.kinds.extend(facts.kinds.iter().filter(|kind| **kind != StatementKind::Opaque));
                    reading.unknown_values = true;
                }
                readings
            }
            (_, Some(CursorUse { name: Some(name), act: CursorAct::Fetch(rows), .. })) if is_plain_fetch(facts) => {
                self.fetched(name.as_bytes(), *rows, snapshot)
            }
            _ => vec![Reading::plain(analysed, at)],
        }
    }

    /// What may be prepared under a name. `None` when nobody knows.
    fn prepared(&self, name: &[u8], snapshot: &Snapshot) -> Option<Vec<Reading>> {
        let known = self.state.prepared.get(name).filter(|known| !known.lost && !self.state.forgot)?;
        let mut readings = Vec::new();
        for text in &known.texts {
            for analysed in self.variants(snapshot, text) {
                if analysed.statements.len() != 1 {
                    return None;
                }
                readings.push(Reading::plain(&analysed, 0));
            }
        }
        (!readings.is_empty()).then_some(readings)
    }

    /// What a cursor may fetch from.
    fn fetched(&self, name: &[u8], rows: Option<u64>, snapshot: &Snapshot) -> Vec<Reading> {
        let declared = self.state.cursors.get(name).into_iter().flatten();
        let variants = declared.flat_map(|cursor| self.variants(snapshot, &cursor.text));
        let reading = |analysed: Arc<Analysed>| Reading {
            kinds: [StatementKind::Cursor].into(),
            fetches: rows,
            unknown_values: true,
            ..Reading::plain(&analysed, 0)
        };
        variants.map(reading).collect()
    }

    fn save(&mut self) {
        if self.before.is_none() {
            self.before = Some(self.state.clone());
        }
    }
}

/// Values, with the types that the client gave them.
type Bound<'b> = (&'b Bind, &'b [u32]);

/// What the readings of a request's statements have in them, beside what policy is asked.
#[derive(Debug, Default)]
struct Found {
    probes: Vec<Probe>,
    written: Vec<Written>,
    values: Option<Vec<Option<Bytes>>>,
}

impl Found {
    fn judged(self, asks: Asks<'_>, outline: Arc<Outline>) -> Judged {
        let Self { probes, written, values } = self;
        Judged { probes, written, values, ..Judged::with(asks.parts(), outline) }
    }
}

/// What goes up in the place of a reason, which is not for the server.
const NO_REASON: &[u8] = b"SET blackbar.reason = ''";

/// How often a text may change what its own names mean before that is enough.
const MOST_ROUNDS: usize = 4;

fn too_many() -> Report {
    refusal("54000", "the session has made more names, paths or cursors than the gateway follows")
}

fn refusal(code: &'static str, message: &'static str) -> Report {
    Report { severity: Severity::Error, code, message: message.into(), detail: None, hint: None }
}
