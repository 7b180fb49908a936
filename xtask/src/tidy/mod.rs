//! `cargo xtask tidy`: the rules of this repository that no compiler checks.
//!
//! Each rule is a function from what it looks at to findings, and has a test in which it fails.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::Failure;
use crate::cargo::Metadata;
use crate::run::root;

mod files;
mod house;
mod layers;
mod lexer;
mod words;

/// One broken rule at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Finding {
    path: PathBuf,
    /// 1 for the first; 0 where the whole file (or its absence) is meant.
    line: usize,
    what: String,
    remedy: &'static str,
    /// Only said, does not fail.
    warning: bool,
}

impl Finding {
    fn new(path: impl Into<PathBuf>, line: usize, what: impl Into<String>, remedy: &'static str) -> Self {
        Self { path: path.into(), line, what: what.into(), remedy, warning: false }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, line, what, remedy, warning } = self;
        let line = if *line > 0 { format!(":{line}") } else { String::new() };
        let warning = if *warning { "warning: " } else { "" };
        write!(f, "{}{line}: {warning}{what}\n    {remedy}", path.display())
    }
}

/// Checks the whole tree and prints what it finds.
pub(crate) fn tidy() -> Result<(), Failure> {
    let root = root();
    let listed = files::of_repository(&root)?;
    let metadata = Metadata::of(Path::new("Cargo.toml"))?;

    let mut findings = layers::edges(&metadata);
    findings.extend(layers::walls(&metadata));
    let manifests: Vec<_> = metadata.members.iter().map(|member| member.manifest.clone()).collect();
    findings.extend(house::check(&root, &listed, &manifests));
    for path in &listed {
        let Some(text) = files::text_of(&root.join(path))? else { continue };
        findings.extend(words::check(path, &text));
    }

    for finding in &mut findings {
        if let Ok(inside) = finding.path.strip_prefix(&root) {
            finding.path = inside.to_owned();
        }
    }
    findings.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
    for finding in &findings {
        println!("{finding}");
    }
    let failures = findings.iter().filter(|finding| !finding.warning).count();
    println!("tidy: {} files, {failures} findings, {} warnings", listed.len(), findings.len() - failures);
    if failures == 0 { Ok(()) } else { Err(Failure::Bad(format!("the tree is not tidy: {failures} findings"))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_reads_place_then_what_then_remedy() {
        let mut finding = Finding::new("engine/src/lib.rs", 7, "a clock", "pass the time in");
        assert_eq!(finding.to_string(), "engine/src/lib.rs:7: a clock\n    pass the time in");
        finding.line = 0;
        finding.warning = true;
        assert_eq!(finding.to_string(), "engine/src/lib.rs: warning: a clock\n    pass the time in");
    }
}
