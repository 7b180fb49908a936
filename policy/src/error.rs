//! Why policies were not loaded, and what looks wrong about those that were.

use std::fmt;

use crate::PolicyId;

/// Where a policy stands.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Place {
    /// The name that the file was given under.
    pub file: String,
    /// Counted from 1.
    pub line: u32,
}

/// Policies that were not loaded, with everything that is wrong with them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LoadError {
    // INVARIANT: never empty.
    faults: Vec<Fault>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fault {
    /// Where.
    pub place: Place,
    /// Of which policy, when it is known.
    pub policy: Option<PolicyId>,
    /// What.
    pub what: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// Something that is allowed and looks wrong.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Warning {
    /// Where.
    pub place: Place,
    /// Of which policy.
    pub policy: PolicyId,
    /// What.
    pub what: String,
    /// It can never apply to any request.
    pub never_fires: bool,
}

impl LoadError {
    /// The faults, in the order of files and lines.
    #[must_use]
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// Nothing, when there is nothing wrong.
    pub(crate) fn unless_empty(mut faults: Vec<Fault>) -> Result<(), Self> {
        if faults.is_empty() {
            return Ok(());
        }
        faults.sort_by(|a, b| a.place.cmp(&b.place));
        Err(Self { faults })
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, fault) in self.faults.iter().enumerate() {
            if number > 0 {
                f.write_str("\n")?;
            }
            fault.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for LoadError {}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.place)?;
        if let Some(policy) = &self.policy {
            write!(f, "policy `{policy}`: ")?;
        }
        f.write_str(&self.what)?;
        if let Some(help) = &self.help {
            write!(f, "; {help}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: policy `{}`: {}", self.place, self.policy, self.what)
    }
}
