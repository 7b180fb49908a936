//! Rules over the text of single files: words that must not be there, clocks, `unsafe`, length.
//!
//! This file spells the words it forbids, so it does not look at itself.

use std::path::Path;

use super::Finding;
use super::lexer::{code_only, is_of_name};

const THIS_FILE: &str = "xtask/src/tidy/words.rs";

/// Said above the first, forbidden above the second.
const LONG_FILE: usize = 600;
const TOO_LONG_FILE: usize = 900;

/// Names of macros that leave work undone or noise behind; looked for in code.
const UNFINISHED: &[&str] = &["todo!", "unimplemented!", "dbg!"];

/// Looked for in every text, comments included.
const NOTE_TO_SELF: &str = "FIXME";

/// Clients of registries know their hosts; nothing else has to.
const REGISTRY_HOSTS: &[&str] = &[
    "static.crates.io",
    "index.crates.io",
    "deb.debian.org",
    "registry.npmjs.org",
    "files.pythonhosted.org",
    "pypi.org",
];

/// A path that exists on one machine only.
const LOCAL_PATH: &str = "/work/";

/// Crates that are pure functions of their input.
const WITHOUT_CLOCK: &[&str] = &["engine", "detectors", "wire", "sql", "policy"];
const CLOCKS: &[&str] = &["SystemTime::now", "Instant::now", "env::var", "env::var_os", "env::vars", "env::vars_os"];

pub(super) fn check(path: &Path, text: &str) -> Vec<Finding> {
    if path == Path::new(THIS_FILE) || is_fuzz_input(path) {
        return Vec::new();
    }
    let mut findings = everywhere(path, text);
    findings.extend(length(path, text));
    if path.extension().is_some_and(|extension| extension == "rs") {
        let code = code_only(text);
        findings.extend(unfinished(path, &code));
        findings.extend(unsafe_code(path, &code));
        findings.extend(clocks(path, &code));
    }
    findings
}

/// Bytes that a fuzzer wrote say nothing about their author.
fn is_fuzz_input(path: &Path) -> bool {
    path.starts_with("fuzz/seeds") || path.starts_with("fuzz/regressions")
}

fn everywhere(path: &Path, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in numbered(text) {
        let mut find = |what: String, remedy| findings.push(Finding::new(path, number, what, remedy));
        if has_word(line, NOTE_TO_SELF) {
            find(format!("`{NOTE_TO_SELF}`"), "finish it, or write down what is missing");
        }
        for host in REGISTRY_HOSTS.iter().filter(|host| line.contains(**host)) {
            find(format!("the registry host `{host}`"), "name the package instead");
        }
        // `home/work/` in a sentence or the path of a web address is none.
        let of_this_machine = line.match_indices(LOCAL_PATH).any(|(at, _)| {
            let before = line.get(..at).and_then(|before| before.chars().next_back());
            before.is_none_or(|c| !is_of_name(c) && !".-/})>".contains(c))
        });
        if of_this_machine {
            find(format!("`{LOCAL_PATH}…` is a path of one machine"), "make it relative to the repository");
        }
    }
    findings
}

fn unfinished(path: &Path, code: &str) -> Vec<Finding> {
    let found = |(number, line): (usize, &str)| {
        let word = UNFINISHED.iter().find(|word| has_word(line, word))?;
        Some(Finding::new(path, number, format!("`{word}`"), "finish it, or return an error that says what is missing"))
    };
    numbered(code).filter_map(found).collect()
}

fn unsafe_code(path: &Path, code: &str) -> Vec<Finding> {
    if path.starts_with("engine/src/arch") {
        return Vec::new();
    }
    let found = numbered(code).filter(|(_, line)| has_word(line, "unsafe"));
    let remedy = "move it to engine/src/arch/ with a recorded benchmark that pays for it, or do without";
    found.map(|(number, _)| Finding::new(path, number, "`unsafe` outside engine/src/arch/", remedy)).collect()
}

/// Tests may read the environment; they come last in a file, or in files of their own.
fn clocks(path: &Path, code: &str) -> Vec<Finding> {
    let pure = WITHOUT_CLOCK.iter().any(|member| path.starts_with(Path::new(member).join("src")));
    let of_tests = path.file_stem().is_some_and(|stem| stem == "tests")
        || path.components().any(|component| component.as_os_str() == "tests");
    if !pure || of_tests {
        return Vec::new();
    }
    let found = |(number, line): (usize, &str)| {
        let call = CLOCKS.iter().find(|call| has_word(line, call))?;
        let what = format!("`{call}` in a crate that knows no clock and no environment");
        Some(Finding::new(path, number, what, "take it as an argument"))
    };
    numbered(before_tests(code)).filter_map(found).collect()
}

/// What precedes `#[cfg(test)] mod … {`.
fn before_tests(code: &str) -> &str {
    let opens_module = |at: &usize| {
        let rest = code.get(*at..).unwrap_or_default();
        let module = rest.strip_prefix("#[cfg(test)]").map(str::trim_start).filter(|rest| rest.starts_with("mod "));
        module.and_then(|module| module.chars().find(|c| "{;".contains(*c))) == Some('{')
    };
    let start = code.match_indices("#[cfg(test)]").map(|(at, _)| at).find(opens_module);
    start.and_then(|at| code.get(..at)).unwrap_or(code)
}

/// Long files have more than one subject. Data has no subject.
fn length(path: &Path, text: &str) -> Option<Finding> {
    let read_by_people = path
        .extension()
        .is_some_and(|extension| ["rs", "md", "py", "sh", "js", "css", "html"].iter().any(|known| extension == *known));
    let data = path.components().any(|component| component.as_os_str() == "data");
    let lines = text.lines().count();
    if !read_by_people || data || lines <= LONG_FILE {
        return None;
    }
    let mut finding = Finding::new(path, 0, format!("{lines} lines"), "split it by subject");
    finding.warning = lines <= TOO_LONG_FILE;
    Some(finding)
}

fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(at, line)| (at + 1, line))
}

/// Does `word` occur where no longer name contains it?
fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line.get(..at).and_then(|before| before.chars().next_back());
        let after = line.get(at + word.len()..).and_then(|after| after.chars().next());
        // `todo!` ends by itself.
        let open_end = word.ends_with(is_of_name) && after.is_some_and(is_of_name);
        !before.is_some_and(is_of_name) && !open_end
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        check(Path::new(path), text).iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn unfinished_work_is_found_in_code_only() {
        assert_eq!(lines("proxy/src/a.rs", "fn f() {\n    todo!()\n}\n"), [2]);
        assert_eq!(lines("proxy/src/a.rs", "x(unimplemented!(\"later\"));\ndbg!(y);\n"), [1, 2]);
        assert_eq!(lines("proxy/src/a.rs", "// not a todo!()\nlet s = \"dbg!(y)\";\n"), [0; 0]);
        assert_eq!(lines("docs/a.md", "`todo!` is refused"), [0; 0]);
    }

    #[test]
    fn notes_hosts_and_local_paths_are_found_in_every_text() {
        assert_eq!(lines("docs/a.md", "fine\nFIXME later\n"), [2]);
        for host in REGISTRY_HOSTS {
            assert_eq!(lines("corpus/data/README.md", &format!("from https://{host}/project/x\n")), [1]);
        }
        assert_eq!(lines(".ci/run", "cd /work/blackbar\n"), [1]);
        assert_eq!(lines("a.toml", "path = \"/work/x\"\n"), [1]);
        assert_eq!(lines("docs/a.md", "home/work/mobile, https://a.example/work/b, ${HOME}/work/c\n"), [0; 0]);
        assert_eq!(lines("docs/a.md", "PREFIXMEN and FIXMEN\n"), [0; 0]);
    }

    #[test]
    fn fuzz_input_and_the_list_itself_are_left_alone() {
        assert_eq!(lines("fuzz/seeds/split/a", "FIXME"), [0; 0]);
        assert_eq!(lines("fuzz/regressions/split/a", "FIXME"), [0; 0]);
        assert_eq!(lines(THIS_FILE, "FIXME"), [0; 0]);
        assert_eq!(Path::new(file!()).file_name(), Path::new(THIS_FILE).file_name());
    }

    #[test]
    fn unsafe_has_one_home() {
        let source = "#![forbid(unsafe_code)]\n// unsafe\nunsafe { x() }\n";
        assert_eq!(lines("wire/src/lib.rs", source), [3]);
        assert_eq!(lines("engine/src/arch/x86.rs", source), [0; 0]);
    }

    #[test]
    fn pure_crates_have_no_clock_and_no_environment() {
        for call in ["std::time::Instant::now()", "SystemTime::now()", "std::env::var(\"X\")", "env::vars()"] {
            for member in WITHOUT_CLOCK {
                assert_eq!(lines(&format!("{member}/src/a/b.rs"), &format!("fn f() {{\n{call}\n}}")), [2], "{call}");
            }
            assert_eq!(lines("proxy/src/a.rs", call), [0; 0], "{call}");
            assert_eq!(lines("engine/tests/laws.rs", call), [0; 0], "{call}");
            assert_eq!(lines("engine/src/lens/tests.rs", call), [0; 0], "{call}");
            assert_eq!(lines("engine/src/a.rs", &format!("#[cfg(test)]\nmod tests {{\n{call}\n}}")), [0; 0], "{call}");
            // A test module in a file of its own does not end this one.
            assert_eq!(lines("engine/src/a.rs", &format!("#[cfg(test)]\nmod oracle;\n{call}")), [3], "{call}");
        }
    }

    #[test]
    fn long_files_are_said_and_longer_ones_refused() {
        let text = |lines: usize| "x\n".repeat(lines);
        let of = |path: &str, lines| check(Path::new(path), &text(lines)).pop().map(|finding| finding.warning);
        assert_eq!(of("a.rs", 600), None);
        assert_eq!(of("a.rs", 601), Some(true));
        assert_eq!(of("docs/a.md", 901), Some(false));
        assert_eq!(of("detectors/src/data/names.rs", 5000), None);
        assert_eq!(of("corpus/cases/ssn.toml", 5000), None);
    }
}
