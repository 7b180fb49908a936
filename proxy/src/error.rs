//! What can go wrong, told to people: what, where, what to do, and a stable id that `docs/errors.md` explains.
//!
//! An error never holds a byte of an input's content: paths, offsets, lengths and ids only.

use std::fmt;
use std::io;
use std::path::Path;

use crate::exit::Exit;

/// One error, ready to be shown.
#[derive(Debug)]
pub(crate) struct Error {
    id: Id,
    place: Option<String>,
    what: String,
    remedy: Option<String>,
}

impl Error {
    pub(crate) fn new(id: Id, what: impl Into<String>) -> Self {
        Self { id, place: None, what: what.into(), remedy: None }
    }

    /// Where it is: a path, a path with a line.
    pub(crate) fn at(mut self, place: impl fmt::Display) -> Self {
        self.place = Some(place.to_string());
        self
    }

    pub(crate) fn at_path(self, path: &Path) -> Self {
        self.at(path.display())
    }

    /// What to do about it.
    pub(crate) fn hint(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    /// A failure of the operating system. Its text comes from a fixed table, never from content.
    pub(crate) fn io(id: Id, what: &str, error: &io::Error) -> Self {
        let reason = match error.raw_os_error() {
            Some(code) => io::Error::from_raw_os_error(code).to_string(),
            None => error.kind().to_string(),
        };
        Self::new(id, format!("{what}: {reason}"))
    }

    pub(crate) fn id(&self) -> Id {
        self.id
    }

    /// The error without its place, for reports that name the place themselves.
    pub(crate) fn what(&self) -> &str {
        &self.what
    }

    pub(crate) fn exit(&self) -> Exit {
        self.id.exit()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        f.write_str(&self.what)?;
        if let Some(remedy) = &self.remedy {
            write!(f, "; {remedy}")?;
        }
        write!(f, " [{}]", self.id)
    }
}

impl std::error::Error for Error {}

/// Declares the ids once: name, text, exit status.
macro_rules! ids {
    ($($name:ident = $text:literal => $exit:ident),* $(,)?) => {
        /// The stable id of an error.
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        pub(crate) enum Id { $($name),* }

        impl Id {
            #[cfg(test)]
            pub(crate) const ALL: &'static [Self] = &[$(Self::$name),*];

            pub(crate) const fn text(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }

            pub(crate) const fn exit(self) -> Exit {
                match self { $(Self::$name => Exit::$exit),* }
            }
        }
    };
}

ids! {
    Arguments = "BB-USAGE-001" => Usage,
    NothingToRead = "BB-USAGE-002" => Usage,
    NeedsFolder = "BB-USAGE-003" => Usage,
    UnknownKind = "BB-USAGE-004" => Usage,
    UnknownOperator = "BB-USAGE-005" => Usage,
    Misfit = "BB-USAGE-006" => Usage,
    NeedsKey = "BB-USAGE-007" => Usage,
    UnknownProfile = "BB-USAGE-008" => Usage,
    OverInput = "BB-USAGE-009" => Usage,
    Exists = "BB-USAGE-010" => Usage,
    SameOutput = "BB-USAGE-011" => Usage,
    BadGlob = "BB-USAGE-012" => Usage,
    TerminalOnly = "BB-USAGE-013" => Usage,
    ConfigUnreadable = "BB-CONFIG-001" => Usage,
    ConfigSyntax = "BB-CONFIG-002" => Usage,
    ConfigUnknownKey = "BB-CONFIG-003" => Usage,
    ConfigValue = "BB-CONFIG-004" => Usage,
    ConfigDetector = "BB-CONFIG-005" => Usage,
    ConfigSecret = "BB-CONFIG-006" => Usage,
    AllowList = "BB-CONFIG-007" => Usage,
    ConfigListen = "BB-CONFIG-008" => Usage,
    ConfigObserve = "BB-CONFIG-009" => Usage,
    ConfigTls = "BB-CONFIG-010" => Usage,
    PolicyUnreadable = "BB-POLICY-001" => Usage,
    PolicyInvalid = "BB-POLICY-002" => Usage,
    Listen = "BB-SERVE-001" => Failed,
    NoTargets = "BB-SERVE-002" => Usage,
    DataFolder = "BB-SERVE-003" => Failed,
    Runtime = "BB-SERVE-004" => Failed,
    NoGateway = "BB-SERVE-005" => Failed,
    Unreachable = "BB-SERVE-006" => Bad,
    OperateFailed = "BB-SERVE-007" => Failed,
    NotLocked = "BB-SERVE-008" => Bad,
    NotLive = "BB-SERVE-009" => Bad,
    ConsoleLogin = "BB-SERVE-010" => Failed,
    TokenIssue = "BB-TOKEN-003" => Usage,
    TokenUnknown = "BB-TOKEN-004" => Bad,
    ApprovalUnknown = "BB-APPROVAL-001" => Bad,
    ApprovalRefused = "BB-APPROVAL-002" => Bad,
    ApprovalFailed = "BB-APPROVAL-003" => Failed,
    GlassRefused = "BB-GLASS-001" => Bad,
    GlassUnknown = "BB-GLASS-002" => Bad,
    GlassFailed = "BB-GLASS-003" => Failed,
    NotifyFailed = "BB-NOTIFY-001" => Failed,
    KeyUnreadable = "BB-KEY-001" => Usage,
    KeyInvalid = "BB-KEY-002" => Usage,
    KeyExists = "BB-KEY-003" => Usage,
    KeyUnwritable = "BB-KEY-004" => Failed,
    RootKeyMissing = "BB-KEY-005" => Usage,
    InputUnreadable = "BB-INPUT-001" => Failed,
    InputUninspectable = "BB-INPUT-002" => Failed,
    InputBinary = "BB-INPUT-003" => Failed,
    InputCorrupt = "BB-INPUT-004" => Failed,
    InputCutCharacter = "BB-INPUT-005" => Failed,
    InputSpecial = "BB-INPUT-006" => Failed,
    OutputUnwritable = "BB-OUTPUT-001" => Failed,
    OutputAppeared = "BB-OUTPUT-002" => Failed,
    OutputName = "BB-OUTPUT-003" => Failed,
    TokenRefused = "BB-TOKEN-001" => Bad,
    FpeRefused = "BB-TOKEN-002" => Bad,
    Gold = "BB-GOLD-001" => Usage,
    GoldWithoutFile = "BB-GOLD-002" => Failed,
    VerifierKey = "BB-LEDGER-001" => Usage,
    LedgerUnreadable = "BB-LEDGER-002" => Failed,
    LeafMissing = "BB-LEDGER-003" => Failed,
    LedgerUnusable = "BB-LEDGER-004" => Failed,
    LedgerStopped = "BB-LEDGER-005" => Failed,
    LedgerFull = "BB-LEDGER-006" => Failed,
    LedgerBusy = "BB-LEDGER-007" => Failed,
    NotRecorded = "BB-LEDGER-008" => Failed,
    RecordingGone = "BB-LEDGER-009" => Failed,
    IndexUnusable = "BB-LEDGER-010" => Failed,
    HoldUnknown = "BB-LEDGER-011" => Bad,
    SinkUnusable = "BB-SINK-001" => Usage,
    NotReady = "BB-SERVE-019" => Bad,
    WitnessUnusable = "BB-WITNESS-001" => Failed,
    BackupUnusable = "BB-LEDGER-012" => Failed,
    Demo = "BB-DEMO-001" => Failed,
    DemoStep = "BB-DEMO-002" => Bad,
    Internal = "BB-INTERNAL-001" => Failed,
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// The name among `known` that is closest to `given`, when it is close enough to be what was meant.
pub(crate) fn closest<'k>(given: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let best = known.into_iter().map(|name| (distance(given, name), name)).min()?;
    (best.0 <= (given.chars().count() / 3).max(1) + 1 && best.0 < given.chars().count()).then_some(best.1)
}

/// `, did you mean "…"?`, or nothing.
pub(crate) fn did_you_mean<'k>(given: &str, known: impl IntoIterator<Item = &'k str>) -> String {
    closest(given, known).map(|name| format!(", did you mean \"{name}\"?")).unwrap_or_default()
}

/// Edits between two names, where swapping two neighbours is one edit.
fn distance(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=other.len()).collect()];
    for i in 1..=one.len() {
        let mut row = vec![i];
        for j in 1..=other.len() {
            let changed = usize::from(one[i - 1] != other[j - 1]);
            let mut cost = (rows[i - 1][j - 1] + changed).min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1] {
                cost = cost.min(rows[i - 2][j - 2] + 1);
            }
            row.push(cost);
        }
        rows.push(row);
    }
    rows[one.len()][other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closest_name_is_offered_and_a_far_one_is_not() {
        let known = ["upstream", "listen", "protocol"];
        assert_eq!(closest("upsteam", known), Some("upstream"));
        assert_eq!(closest("lisetn", known), Some("listen"));
        assert_eq!(closest("colour", known), None);
        assert_eq!(closest("x", ["y"]), None);
    }

    #[test]
    fn every_id_is_explained_and_every_explained_id_exists() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/errors.md");
        let text = std::fs::read_to_string(path).unwrap();
        let mut explained: Vec<&str> = text
            .lines()
            .filter_map(|line| line.strip_prefix("| `BB-"))
            .filter_map(|rest| rest.split('`').next())
            .collect();
        let mut ids: Vec<&str> = Id::ALL.iter().map(|id| id.text().strip_prefix("BB-").unwrap()).collect();
        let count = ids.len();
        explained.sort_unstable();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count, "two errors share an id");
        assert_eq!(explained, ids);
        for id in Id::ALL {
            let line = text.lines().find(|line| line.contains(&format!("`{id}`"))).unwrap();
            assert!(line.contains(&format!("| {} |", id.exit() as u8)), "{id} has another exit status in the docs");
        }
    }

    #[test]
    fn an_error_says_where_what_and_what_to_do() {
        let error = Error::new(Id::ConfigUnknownKey, "unknown key \"a\"").at("f.toml:3").hint("take it out");
        assert_eq!(error.to_string(), "f.toml:3: unknown key \"a\"; take it out [BB-CONFIG-003]");
    }
}
