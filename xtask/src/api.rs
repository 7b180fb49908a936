//! What other programs may build on, written down: the public items of the crates that are libraries.
//!
//! `cargo xtask ci api` compares with `<crate>/api.txt`, `cargo xtask bless` writes it. rustdoc's JSON is unstable, so
//! the pinned compiler is told that we know; the version of the crate that reads it goes with that compiler.

use std::collections::HashSet;
use std::fs;
use std::path::PathBuf;

use public_api::Builder;

use crate::Failure;
use crate::ci::Verdict;
use crate::run::{cargo, root, run};

/// The crates that are documented for other programs.
const LIBRARIES: &[Library] = &[
    Library { folder: "engine", name: "blackbar-engine" },
    Library { folder: "detectors", name: "blackbar-detectors" },
];

struct Library {
    folder: &'static str,
    name: &'static str,
}

impl Library {
    fn snapshot(&self) -> PathBuf {
        root().join(self.folder).join("api.txt")
    }

    /// One line an item, sorted as readers of a difference want it.
    fn items(&self) -> Result<String, Failure> {
        let mut rustdoc = cargo();
        rustdoc.args(["rustdoc", "--package", self.name, "--lib", "--locked", "--target-dir"]).arg(target());
        run(rustdoc.args(["--", "-Zunstable-options", "--output-format", "json"]).env("RUSTC_BOOTSTRAP", "1"))?;
        let json = target().join("doc").join(format!("{}.json", self.name.replace('-', "_")));
        let unreadable = |error: public_api::Error| {
            Failure::Environment(format!(
                "{}: {error}; `public-api` in xtask/Cargo.toml has to be the version for this compiler",
                json.display()
            ))
        };
        let api = Builder::from_rustdoc_json(&json)
            .omit_blanket_impls(true)
            .omit_auto_trait_impls(true)
            .omit_auto_derived_impls(true)
            .build()
            .map_err(unreadable)?;
        Ok(api.items().map(|item| format!("{item}\n")).collect())
    }
}

/// Fails when a public item came, went or changed, and names it.
pub(crate) fn check() -> Result<Verdict, Failure> {
    let mut changed = Vec::new();
    for library in LIBRARIES {
        let (known, now) = (fs::read_to_string(library.snapshot()).unwrap_or_default(), library.items()?);
        changed.extend(differences(&known, &now).into_iter().map(|line| format!("{}: {line}", library.folder)));
    }
    if changed.is_empty() {
        return Ok(Verdict::Passed);
    }
    let advice = "if it is meant: `cargo xtask bless --only-api`, and a line in CHANGELOG.md";
    Err(Failure::Bad(format!("{} public items differ; {advice}\n{}", changed.len(), changed.join("\n"))))
}

/// Writes down what is public now.
pub(crate) fn bless() -> Result<(), Failure> {
    for library in LIBRARIES {
        let (path, items) = (library.snapshot(), library.items()?);
        fs::write(&path, items).map_err(|error| Failure::Environment(format!("{}: {error}", path.display())))?;
    }
    Ok(())
}

/// `- ` what was there, `+ ` what is.
fn differences(known: &str, now: &str) -> Vec<String> {
    let (before, after): (HashSet<&str>, HashSet<&str>) = (known.lines().collect(), now.lines().collect());
    let gone = known.lines().filter(|line| !after.contains(line)).map(|line| format!("- {line}"));
    let come = now.lines().filter(|line| !before.contains(line)).map(|line| format!("+ {line}"));
    gone.chain(come).collect()
}

/// Where cargo builds; named to it as well, so that the file is where we look.
fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_went_and_what_came_is_named_and_order_is_no_change() {
        let known = "pub fn a::f(u8)\npub fn a::g()\n";
        assert_eq!(differences(known, "pub fn a::g()\npub fn a::f(u8)\n"), [""; 0]);
        assert_eq!(
            differences(known, "pub fn a::f(u16)\npub fn a::g()\n"),
            ["- pub fn a::f(u8)", "+ pub fn a::f(u16)"]
        );
        assert_eq!(differences("", "pub mod a\n"), ["+ pub mod a"]);
    }

    #[test]
    fn every_library_has_its_items_written_down() {
        for library in LIBRARIES {
            let known = fs::read_to_string(library.snapshot()).unwrap();
            let module = library.name.replace('-', "_");
            assert!(known.lines().count() > 50, "{}", library.folder);
            assert!(known.lines().any(|line| line == format!("pub mod {module}")), "{}", library.folder);
        }
    }
}
