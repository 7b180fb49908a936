//! The bodies of the fuzz targets, each a plain function from bytes to nothing that panics when a law is broken.
//!
//! The programs in `fuzz_targets/` only hand libFuzzer's bytes to them. That way the same bodies run over all seeds and
//! all regressions in ordinary tests, on the ordinary compiler.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod chunking;
mod hold;
pub mod http_head;
pub mod http_links;
mod input;
mod json;
pub mod lens_copy;
pub mod lens_csv;
pub mod lens_form;
pub mod lens_hl7;
pub mod lens_json;
pub mod lens_log;
pub mod lens_mime;
pub mod lens_ndjson;
pub mod lens_nested;
pub mod lens_sql;
pub mod lens_sse;
pub mod lens_text;
pub mod lens_x12;
pub mod lens_xml;
pub mod operators;
pub mod pg_copy;
pub mod pg_frames;
pub mod pg_session;
mod pieces;
mod setup;
pub mod site_patterns;
mod valid;

/// A fuzz target: its name and its body.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// The name of the program in `fuzz_targets/`, and of the folders under `seeds/` and `regressions/`.
    pub name: &'static str,
    /// Panics when a law does not hold for these bytes.
    pub run: fn(&[u8]),
}

/// All targets.
pub const TARGETS: &[Target] = &[
    Target { name: "chunking", run: chunking::run },
    Target { name: "http_head", run: http_head::run },
    Target { name: "http_links", run: http_links::run },
    Target { name: "lens_copy", run: lens_copy::run },
    Target { name: "lens_csv", run: lens_csv::run },
    Target { name: "lens_form", run: lens_form::run },
    Target { name: "lens_hl7", run: lens_hl7::run },
    Target { name: "lens_json", run: lens_json::run },
    Target { name: "lens_log", run: lens_log::run },
    Target { name: "lens_mime", run: lens_mime::run },
    Target { name: "lens_ndjson", run: lens_ndjson::run },
    Target { name: "lens_nested", run: lens_nested::run },
    Target { name: "lens_sql", run: lens_sql::run },
    Target { name: "lens_sse", run: lens_sse::run },
    Target { name: "lens_text", run: lens_text::run },
    Target { name: "lens_x12", run: lens_x12::run },
    Target { name: "lens_xml", run: lens_xml::run },
    Target { name: "operators", run: operators::run },
    Target { name: "pg_copy", run: pg_copy::run },
    Target { name: "pg_frames", run: pg_frames::run },
    Target { name: "pg_session", run: pg_session::run },
    Target { name: "site_patterns", run: site_patterns::run },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::*;

    fn here() -> &'static Path {
        Path::new(env!("CARGO_MANIFEST_DIR"))
    }

    /// What lies in a folder, sorted; nothing when there is no such folder.
    fn entries(folder: &Path) -> Vec<PathBuf> {
        let Ok(listing) = fs::read_dir(folder) else { return Vec::new() };
        let mut paths: Vec<PathBuf> = listing.map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths
    }

    fn replay(target: Target, folder: &Path) {
        for path in entries(folder).into_iter().filter(|path| path.is_file()) {
            // Shown only when the body panics.
            eprintln!("{}: {}", target.name, path.display());
            (target.run)(&fs::read(&path).unwrap());
        }
    }

    #[test]
    fn seeds_and_regressions_hold_the_laws() {
        for target in TARGETS {
            replay(*target, &here().join("seeds").join(target.name));
            replay(*target, &here().join("regressions").join(target.name));
        }
    }

    #[test]
    #[should_panic(expected = "this very file")]
    fn a_replay_hands_the_bytes_of_each_file_to_the_body() {
        let run = |bytes: &[u8]| assert!(!bytes.ends_with(b"}\n"), "this very file");
        replay(Target { name: "self", run }, &here().join("src"));
    }

    #[test]
    fn programs_seeds_and_regressions_belong_to_a_target_and_each_target_has_its_own() {
        let names: BTreeSet<String> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
        assert_eq!(names.len(), TARGETS.len(), "a name is used twice");
        let stems = |folder: &str, keep: fn(&Path) -> bool| -> BTreeSet<String> {
            let kept = entries(&here().join(folder)).into_iter().filter(|path| keep(path));
            kept.filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned())).collect()
        };
        assert_eq!(stems("fuzz_targets", Path::is_file), names, "fuzz_targets/");
        assert_eq!(stems("seeds", Path::is_dir), names, "seeds/");
        let regressions = stems("regressions", Path::is_dir);
        assert!(regressions.is_subset(&names), "regressions/: {regressions:?}");

        let manifest = fs::read_to_string(here().join("Cargo.toml")).unwrap();
        for name in &names {
            assert!(manifest.contains(&format!("name = \"{name}\"")), "no [[bin]] for {name}");
            assert!(!entries(&here().join("seeds").join(name)).is_empty(), "no seed for {name}");
        }
    }
}
