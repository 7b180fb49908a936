//! `blackbar discover`: which columns of a database should be labelled, told as configuration. Counts, never values.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use blackbar_detectors::fields::column;
use blackbar_engine::operator::Operator;
use blackbar_engine::{Format, Profile, Raw, Scanner};

use super::approvals::inert;
use crate::cli::{Discover, Global};
use crate::config::Config;
use crate::error::{Error, Id, did_you_mean};
use crate::exit::Exit;
use crate::front::postgres::{Surveyed, SurveyedColumn, survey};
use crate::profile::{self, Ready, Wanted};

pub(crate) fn run(args: &Discover, global: &Global) -> Result<Exit, Error> {
    let config = Config::load(global.config.as_deref())?;
    let known = || config.gateway.targets.iter().map(|target| target.name.as_str());
    let target = config.gateway.targets.iter().find(|target| target.name == args.target).ok_or_else(|| {
        Error::new(Id::Arguments, format!("no such target{}", did_you_mean(&args.target, known()))).at("--target")
    })?;
    let Ready { scanner, profile, .. } =
        profile::prepare(&Wanted { profile: "safe-harbor", ..Wanted::default() }, &config)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Error::io(Id::Runtime, "the command cannot run", &error))?;
    let tables = runtime.block_on(survey(target, &config.gateway.limits, args.rows))?;
    let finder = Finder { scanner, profile, tokens: config.tokens.is_some() };
    super::print(finder.told(&args.target, args.rows, &tables).as_bytes())?;
    Ok(Exit::Done)
}

/// Tells what columns hold.
struct Finder {
    scanner: Scanner,
    profile: Profile,
    /// Whether there is a key for tokens.
    tokens: bool,
}

/// What a column seems to hold.
#[derive(Debug, Default)]
struct Seen {
    /// Values that were looked at, and how many of them are nothing but an identifier, by kind.
    looked: usize,
    whole: BTreeMap<String, usize>,
    /// Values with an identifier somewhere within, by kind.
    within: BTreeMap<String, usize>,
}

/// What is proposed for a column.
#[derive(Debug, Eq, PartialEq)]
enum Proposal {
    /// A label, with what speaks for it.
    Label {
        operator: Operator,
        because: String,
    },
    /// None: it is text in which identifiers are found as it is read.
    Text(String),
    Nothing,
}

/// A name that says so clearly what it is that values need not agree.
const SURE: u8 = 80;
/// So many of a hundred values have to be of the kind.
const MOST: usize = 60;

impl Finder {
    fn told(&self, target: &str, rows: u32, tables: &[Surveyed]) -> String {
        let profile = format!("{target}-columns");
        let (mut labels, mut notes, mut columns) = (String::new(), String::new(), 0);
        for table in tables {
            if let Some(code) = &table.unread {
                let name = inert(&format!("{}.{}", table.schema, table.name));
                _ = writeln!(
                    notes,
                    "# {name}: no values were read (SQLSTATE {code}); names alone speak for its labels"
                );
            }
            for column in &table.columns {
                columns += 1;
                let name = format!("{}.{}.{}", table.schema, table.name, column.name);
                match self.proposal(column) {
                    Proposal::Nothing => {}
                    Proposal::Text(because) => _ = writeln!(notes, "# {}: {because}", inert(&name)),
                    Proposal::Label { because, .. } if !is_plain(&table.schema, &table.name, &column.name) => {
                        _ = writeln!(notes, "# {}: {because}; its name cannot stand in a label", inert(&name));
                    }
                    Proposal::Label { operator, because } => {
                        _ = writeln!(labels, "\"{name}\" = \"{}\"  # {because}", operator.name());
                    }
                }
            }
        }
        let mut text = format!(
            "# Proposed by `blackbar discover --target {target}` from {} tables with {columns} columns: names, comments, types,\n\
             # and what detectors find in up to {rows} rows of each. Read it before it is used: a sample shows what is there, not\n\
             # what is not. `profile = \"{profile}\"` in the target, or `@profile(\"{profile}\")` on a permit, puts it in force.\n\n\
             [profile.{profile}]\nbase = \"safe-harbor\"\n",
            tables.len()
        );
        if !labels.is_empty() {
            _ = write!(text, "\n[profile.{profile}.columns]\n{labels}");
        }
        if !notes.is_empty() {
            _ = write!(text, "\n# Without a label:\n{notes}");
        }
        text
    }

    fn proposal(&self, of: &SurveyedColumn) -> Proposal {
        let by_name = column::of(of.name.as_bytes());
        let by_comment = of.comment.as_deref().map(|comment| column::of(comment.as_bytes())).unwrap_or_default();
        let seen = self.seen(of);
        let top = seen.whole.iter().max_by_key(|(_, count)| **count);
        let by_values = top.filter(|(_, count)| **count * 100 >= seen.looked * MOST);
        let sure = |meaning: &blackbar_engine::Meaning| meaning.kind.filter(|_| meaning.confidence >= SURE);
        let (kind, why) = match (by_values, sure(&by_name), sure(&by_comment)) {
            (Some((kind, count)), name, _) => {
                let mut why = format!("{kind}: {count} of {} values", seen.looked);
                if name.is_some() {
                    why.push_str(", and its name");
                }
                (kind.clone(), why)
            }
            (None, Some(kind), _) => {
                let (kind, count) = (kind.to_string(), seen.whole.values().sum::<usize>());
                let values = format!("{count} of {} values look like identifiers", seen.looked);
                (kind.clone(), format!("{kind}: by its name; {values}"))
            }
            (None, None, Some(kind)) => (kind.to_string(), format!("{kind}: by its comment")),
            (None, None, None) => {
                let mut found: Vec<_> = seen.within.iter().collect();
                found.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
                if found.is_empty() {
                    return Proposal::Nothing;
                }
                let found: Vec<String> = found.iter().take(5).map(|(kind, count)| format!("{kind} {count}")).collect();
                return Proposal::Text(format!(
                    "found in {} values: {}; redacted as they are read",
                    seen.looked,
                    found.join(", ")
                ));
            }
        };
        Proposal::Label { operator: self.operator(&kind), because: why }
    }

    /// What detectors find in the values of a column that has this name.
    fn seen(&self, of: &SurveyedColumn) -> Seen {
        let mut redactor = self.scanner.redactor_for(&self.profile, Format::Text, "");
        redactor.columns(&[of.name.as_bytes()]);
        let mut seen = Seen::default();
        for value in of.values.iter().filter(|value| !value.is_empty()) {
            seen.looked += 1;
            redactor.push(Raw::from(value.to_vec()));
            redactor.boundary();
            let mut kinds: BTreeMap<String, bool> = BTreeMap::new();
            let mut kept = false;
            while let Some(segment) = redactor.poll() {
                match segment.finding() {
                    Some(finding) => _ = kinds.insert(finding.kind.to_string(), true),
                    None => kept |= segment.bytes().as_bytes().iter().any(u8::is_ascii_alphanumeric),
                }
            }
            for kind in kinds.keys() {
                *seen.within.entry(kind.clone()).or_default() += 1;
            }
            if let (1, false, Some(kind)) = (kinds.len(), kept, kinds.keys().next()) {
                *seen.whole.entry(kind.clone()).or_default() += 1;
            }
        }
        seen
    }

    /// What takes the place of values of a kind: what loses least among what Safe Harbor allows, and tokens for what is
    /// joined by, where there is a key.
    fn operator(&self, kind: &str) -> Operator {
        match kind.split(':').next().unwrap_or(kind) {
            "date" | "age" | "zip" => Operator::Generalise,
            "mrn" | "health-plan" | "account" | "ssn" | "other-id" if self.tokens => Operator::Token,
            _ => Operator::Tag,
        }
    }
}

/// Whether the names mean themselves in a label.
fn is_plain(schema: &str, table: &str, column: &str) -> bool {
    let plain = |name: &str| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '$' | ' '))
    };
    plain(schema) && plain(table) && plain(column)
}
