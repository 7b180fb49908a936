//! Every command that the documents show does what they say.
//!
//! Blocks marked `sh` and `console` of the README and of `docs/` are run, in order, by one shell for each document, on a
//! stage that has what the document speaks of. In a `console` block lines after `$ ` are commands and the others what
//! they print; in an `sh` block a line that is all comment tells what the command before it prints. `…` stands for
//! anything. A new document with commands needs a line in [`DOCUMENTS`]. Commands of cargo and of a system's packages are not
//! run here; what the former name has to be there.

#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests, outside of their functions")]

mod common;

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use common::gateway::{Gateway, free_port, get, recording};
use common::{Room, gzip, note};

/// What must be there for a document's commands to mean something.
enum Stage {
    /// A folder of files to clean, and an empty place for a gateway.
    Files,
    /// The folder of a gateway that has recorded some sessions and ended.
    Record,
    /// The demo runs; `demo env` is loaded.
    Demo,
    /// A gateway runs that knows people for emergencies.
    Guarded,
}

const DOCUMENTS: &[(&str, Stage)] = &[
    ("README.md", Stage::Files),
    ("docs/redaction.md", Stage::Files),
    ("docs/policies.md", Stage::Record),
    ("docs/verifying.md", Stage::Record),
    ("docs/keeping.md", Stage::Record),
    ("docs/approvals.md", Stage::Demo),
    ("docs/identity.md", Stage::Guarded),
    ("docs/postgres.md", Stage::Demo),
    ("docs/console.md", Stage::Demo),
];

/// Not documents for users of the program.
const OTHERS: &[&str] = &["docs/adr", "docs/errors.md", "docs/detectors.md"];

#[test]
fn every_document_with_commands_is_run() {
    let mut found: Vec<String> = vec!["README.md".to_owned()];
    for entry in std::fs::read_dir(root().join("docs")).unwrap() {
        let name = format!("docs/{}", entry.unwrap().file_name().to_string_lossy());
        if name.ends_with(".md") && !OTHERS.contains(&name.as_str()) {
            found.push(name);
        }
    }
    found.retain(|name| !commands(&read(name)).is_empty());
    for name in found {
        assert!(DOCUMENTS.iter().any(|(known, _)| *known == name), "{name} has commands and no line in DOCUMENTS");
    }
}

#[test]
fn commands_of_the_readme() {
    play("README.md");
}

#[test]
fn commands_on_redaction() {
    play("docs/redaction.md");
}

#[test]
fn commands_on_policies() {
    play("docs/policies.md");
}

#[test]
fn commands_on_verifying() {
    play("docs/verifying.md");
}

#[test]
fn commands_on_keeping() {
    play("docs/keeping.md");
}

#[test]
fn commands_on_the_gateway() {
    play("docs/approvals.md");
    play("docs/identity.md");
    play("docs/postgres.md");
    play("docs/console.md");
}

/// What looks like a command and stands in a block of another kind is run by nobody.
#[test]
fn no_command_hides_in_a_block_that_is_not_run() {
    for name in texts() {
        let mut block: Option<String> = None;
        for (number, line) in read(&name).lines().enumerate() {
            if let Some(kind) = line.trim_start().strip_prefix("```") {
                block = block.is_none().then(|| kind.to_owned());
            } else if block.as_deref().is_some_and(|kind| kind != "sh" && kind != "console") {
                let is_command = line.starts_with("$ ") || line.starts_with("blackbar ");
                assert!(!is_command, "{name}:{}: `{line}` is run by no test", number + 1);
            }
        }
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn read(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A command of a document.
#[derive(Debug, Default)]
struct Shown {
    line: usize,
    text: String,
    /// What the document says that it prints.
    prints: Vec<String>,
}

/// The commands of a document's blocks.
fn commands(document: &str) -> Vec<Shown> {
    let mut shown: Vec<Shown> = Vec::new();
    let mut block = None;
    let mut goes_on = false;
    for (number, line) in document.lines().enumerate() {
        if let Some(kind) = line.trim_start().strip_prefix("```") {
            block = block.is_none().then(|| kind.to_owned());
            goes_on = false;
            continue;
        }
        let is_console = match block.as_deref() {
            Some("console") => true,
            Some("sh") => false,
            _ => continue,
        };
        let command = if is_console { line.strip_prefix("$ ") } else { Some(line) };
        match (shown.last_mut(), command) {
            (Some(last), _) if goes_on => {
                last.text.push('\n');
                last.text.push_str(line.strip_prefix("> ").unwrap_or(line));
            }
            (Some(last), None) => last.prints.push(line.to_owned()),
            (Some(last), Some(line)) if line.starts_with("# ") => last.prints.push(line[2..].to_owned()),
            (_, Some(line)) if !line.trim().is_empty() && !line.starts_with("# ") => {
                shown.push(Shown { line: number + 1, text: line.to_owned(), prints: Vec::new() });
            }
            _ => {}
        }
        // A here-document goes on until its word; in a console each of its lines begins with `> `.
        goes_on = line.ends_with('\\')
            || document.lines().nth(number + 1).is_some_and(|next| is_console && next.starts_with("> "));
    }
    shown
}

/// Commands of cargo are not run from within a test that cargo runs. What they name has to be there: commands and steps of
/// xtask, crates, test programs, benches, examples, and tests by their filters.
#[test]
fn commands_of_cargo_name_what_there_is() {
    let xtask = read("xtask/src/main.rs");
    let (help, steps) = (xtask.split("const HELP").nth(1).unwrap(), read("xtask/src/ci.rs"));
    let mut seen = 0;
    for name in texts() {
        for command in of_program("cargo", &read(&name)) {
            seen += 1;
            let place = format!("{name}: {}", command.join(" "));
            let word = |at: usize| command.get(at).map_or("", String::as_str);
            match word(1) {
                "xtask" => {
                    let known =
                        word(2) == "help" || help.lines().any(|line| line.split_whitespace().next() == Some(word(2)));
                    assert!(known, "{place}: no command of xtask");
                    let named = command.iter().skip(3).take_while(|_| word(2) == "ci");
                    for step in named.filter(|step| step.bytes().all(|b| b.is_ascii_lowercase())) {
                        assert!(steps.contains(&format!("name: \"{step}\"")), "{place}: no step `{step}`");
                    }
                }
                "run" | "test" | "bench" | "build" => what_cargo_is_asked_for(&place, &command),
                "install" | "metadata" | "doc" | "fuzz" | "+nightly" | "deny" => {}
                other => panic!("{place}: cargo has no `{other}`"),
            }
        }
    }
    assert!(seen > 10, "only {seen} commands of cargo were found");
}

/// Names of this program's commands, wherever a text has one between backticks or in a block.
#[test]
fn commands_of_the_program_are_those_that_it_has() {
    let output = Command::new(env!("CARGO_BIN_EXE_blackbar")).arg("--help").output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    let known: Vec<&str> = help.lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next()).collect();
    let mut seen = 0;
    for name in texts() {
        for command in of_program("blackbar", &read(&name)) {
            let first = command.get(1).map_or("", |word| word.split('|').next().unwrap_or_default());
            if !first.is_empty()
                && first.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
                && !first.starts_with('-')
            {
                seen += 1;
                assert!(known.contains(&first), "{name}: `{}`: no such command", command.join(" "));
            }
        }
    }
    assert!(seen > 50, "only {seen} commands were found");
}

/// Texts that people read for what to type.
fn texts() -> Vec<String> {
    let mut texts = vec!["README.md".to_owned(), "SECURITY.md".to_owned(), "benches/README.md".to_owned()];
    texts.push("fuzz/README.md".to_owned());
    for entry in std::fs::read_dir(root().join("docs")).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        texts.extend(name.ends_with(".md").then(|| format!("docs/{name}")));
    }
    texts
}

/// The words of each command of a program: at the start of a line of a block, and between backticks.
fn of_program(program: &str, text: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut inside = false;
    let begins = format!("{program} ");
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            inside = !inside;
        } else if inside {
            let line = line.strip_prefix("$ ").unwrap_or(line);
            for piece in line.split("&&") {
                // `NAME=value` may stand before a program.
                let words = piece
                    .split_whitespace()
                    .skip_while(|word| word.contains('=') && word.starts_with(|c: char| c.is_ascii_uppercase()));
                let words: Vec<String> =
                    words.take_while(|word| !matches!(*word, "#" | "|" | ">" | "<" | ";")).map(str::to_owned).collect();
                found.extend((words.first().map(String::as_str) == Some(program)).then_some(words));
            }
        } else {
            let spans = line.split('`').skip(1).step_by(2).filter(|span| span.starts_with(&begins));
            found.extend(spans.map(|span| span.split_whitespace().map(str::to_owned).collect()));
        }
    }
    found
}

fn what_cargo_is_asked_for(place: &str, command: &[String]) {
    let mut folder = None;
    let mut filter = None;
    let mut words = command.iter().skip(2).map(String::as_str).take_while(|word| *word != "--");
    while let Some(word) = words.next() {
        let mut value = || words.next().unwrap_or_else(|| panic!("{place}: {word} names nothing"));
        let there = |folder: &Option<PathBuf>, kind: &str, name: &str| {
            let folder = folder.clone().unwrap_or_else(|| root().join("proxy")).join(kind);
            let is = folder.join(format!("{name}.rs")).is_file() || folder.join(name).join("main.rs").is_file();
            assert!(is, "{place}: no {name} in {}", folder.display());
        };
        match word {
            "-p" | "--package" => folder = Some(member(value()).unwrap_or_else(|| panic!("{place}: no such crate"))),
            "--test" => there(&folder, "tests", value()),
            "--bench" => there(&folder, "benches", value()),
            "--example" => there(&folder, "examples", value()),
            "--bin" | "--manifest-path" | "--profile" | "--target" | "--target-dir" | "--features" => drop(value()),
            option if option.starts_with('-') => {}
            free => filter = Some(free.to_owned()),
        }
    }
    if let (Some(filter), Some(folder)) = (filter, folder) {
        let last = filter.rsplit("::").next().unwrap_or_default().to_owned();
        assert!(mentions(&folder, &last), "{place}: no test has `{last}` in its name");
    }
}

fn member(package: &str) -> Option<PathBuf> {
    let folders = std::fs::read_dir(root()).unwrap().map(|entry| entry.unwrap().path());
    let mut named = folders.filter(|folder| {
        let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap_or_default();
        manifest.lines().any(|line| line == format!("name = \"{package}\""))
    });
    named.next()
}

fn mentions(folder: &Path, word: &str) -> bool {
    let mut entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.any(|path| match path.is_dir() {
        true => mentions(&path, word),
        false => {
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            let mut names =
                text.lines().filter_map(|line| line.trim_start().split_once("fn ").or_else(|| line.split_once("mod ")));
            path.extension().is_some_and(|kind| kind == "rs") && names.any(|(_, name)| name.contains(word))
                || path.file_stem().is_some_and(|stem| stem == word)
        }
    })
}

/// Two demos that begin at once may choose the same ports.
static DEMO: Mutex<()> = Mutex::new(());

/// Runs a document's commands on its stage.
fn play(name: &str) {
    let (_, stage) = DOCUMENTS.iter().find(|(known, _)| *known == name).unwrap();
    let room = match stage {
        Stage::Files => files(),
        Stage::Record => record(),
        Stage::Demo => open(Room::new()),
        Stage::Guarded => guarded(),
    };
    let _gateway = matches!(stage, Stage::Guarded).then(|| Gateway::start(&room, port_of(&room)));
    let _alone = (!matches!(stage, Stage::Record)).then(|| DEMO.lock().unwrap_or_else(PoisonError::into_inner));
    let _demo = matches!(stage, Stage::Demo).then(|| Demo::start(&room));
    let commands = commands(&read(name));
    assert!(!commands.is_empty(), "{name} has no command");
    let mut script = prelude(&room);
    if matches!(stage, Stage::Demo) {
        script.push_str("eval \"$(command blackbar demo env)\"\nTOKEN=$BLACKBAR_TOKEN fhir=$BLACKBAR_FHIR\n");
    }
    if matches!(stage, Stage::Guarded) {
        let _ = writeln!(
            script,
            "export BLACKBAR_FHIR=http://127.0.0.1:{} BLACKBAR_CONFIG=$PWD/blackbar.toml",
            port_of(&room)
        );
    }
    for (number, shown) in commands.iter().enumerate() {
        if let Some(tool) = missing_tool(&shown.text) {
            let _ = writeln!(io::stderr(), "skipped: {name}:{}, because there is no `{tool}`", shown.line);
            continue;
        }
        let _ = write!(script, "show {number} <<'END_OF_COMMAND'\n{}\nEND_OF_COMMAND\n", shown.text);
    }
    room.write("script.sh", script);
    let output = Command::new("bash").arg("script.sh").current_dir(room.folder.path()).stdin(Stdio::null()).output();
    let output = output.unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    for (number, shown) in commands.iter().enumerate() {
        let place = format!("{name}:{}: {}", shown.line, shown.text);
        let Ok(status) = std::fs::read_to_string(room.path(&format!("said/{number}.status"))) else {
            assert!(missing_tool(&shown.text).is_some(), "{place}\nwas not run\n{said}");
            continue;
        };
        let out = room.text(&format!("said/{number}.out"));
        let err = room.text(&format!("said/{number}.err"));
        assert_eq!(status.trim(), "0", "{place}\n{out}\n{err}\n{said}");
        let mut lines = out.lines();
        for wanted in &shown.prints {
            assert!(lines.any(|line| fits(line, wanted)), "{place}\nshould print\n{wanted}\nand printed\n{out}");
        }
    }
    assert!(output.status.success(), "{said}");
}

/// Whether `line` is `wanted`, in which `…` stands for anything.
fn fits(line: &str, wanted: &str) -> bool {
    let mut parts = wanted.trim().split('…');
    let Some(mut rest) = parts.next().and_then(|first| line.trim().strip_prefix(first)) else { return false };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.is_empty() || wanted.trim().ends_with('…')
}

#[test]
fn an_ellipsis_stands_for_anything() {
    assert!(fits("ap-12af granted: once within 599 s", "ap-…  granted: once within … s".replace("  ", " ").as_str()));
    assert!(fits("{\"a\":1,\"b\":2}", "{\"a\":1,…"));
    assert!(!fits("denied", "granted…"));
    assert!(!fits("granted and more", "granted"));
}

/// A program of another kind that a command needs and this machine does not have.
fn missing_tool(command: &str) -> Option<&'static str> {
    let words = || command.split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_' && c != '/' && c != '.');
    let tools = ["psql", "curl", "jq", "go", "python3"];
    let needed = tools.into_iter().filter(|tool| words().any(|word| word == *tool));
    let there = |tool: &str| {
        std::env::var_os("PATH")
            .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(tool).is_file()))
    };
    let implied =
        [("/tmp/verify-go", "go"), ("sessions kill", "curl"), (" --ask ", "curl"), ("blackbar discover", "psql")];
    let implied = implied.into_iter().filter(|(word, _)| command.contains(word)).map(|(_, tool)| tool);
    needed.chain(implied).find(|tool| !there(tool))
}

/// What the shell knows before the first command.
fn prelude(room: &Room) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_blackbar")).parent().unwrap().display().to_string();
    let (port, witness) = (free_port(), free_port());
    let folder = room.folder.path().display();
    format!(
        r#"set -u
export PATH='{program}':"$PATH" TMPDIR='{folder}'
mkdir -p said backup
said="$PWD/said"
# Begins what does not end by itself, and gives a new gateway a port that is free.
blackbar() {{
    if [ "$1" = serve ]; then
        command blackbar serve & serving=$!
        for _ in $(seq 1200); do (: < /dev/tcp/127.0.0.1/{port}) 2>/dev/null && return 0; sleep 0.05; done
        return 1
    fi
    if [ "${{1-}} ${{2-}}" = "witness serve" ]; then
        command blackbar "$@" & witnessing=$!
        for _ in $(seq 1200); do (: < /dev/tcp/127.0.0.1/{witness}) 2>/dev/null && return 0; sleep 0.05; done
        return 1
    fi
    # The disk is lost.
    if [ "${{1-}} ${{2-}}" = "ledger restore" ]; then mv blackbar-data lost; fi
    # What was decided before is in the record of the stage.
    if [ "${{1-}} ${{2-}}" = "policy replay" ]; then (cd "$said/.." && command blackbar "$@"); return; fi
    # There has to be somebody to throw out.
    if [ "${{1-}} ${{2-}}" = "sessions kill" ]; then
        curl -s -H "Authorization: Bearer $(command blackbar token issue --subject agent-7 --group agents)" \
            -H "Prefer: wait=30" "$BLACKBAR_FHIR/Patient" >waiting &
        sleep 2
    fi
    command blackbar "$@" || return
    # The demo's gateway knows the public half of its own reviewer.
    if [ "$*" = "approvals keygen -o officer.key" ]; then cp "${{BLACKBAR_CONFIG%/*}}/officer.key" .; fi
    if [ "${{1-}} ${{2-}}" = "keys rotate" ]; then cp root-2.key root.key; fi
    if [ "$1" = init ]; then sed -i 's/127\.0\.0\.1:8080/127.0.0.1:{port}/; s/127\.0\.0\.1:\(8700\|9464\)/127.0.0.1:0/' "$2/blackbar.toml"; fi
}}
# This test is what a build and `cargo xtask test` come to; the demo is told to end.
cargo() {{
    case "$*" in
        "run --release -- demo") command blackbar demo --script ;;
        "build --release" | "xtask test" | "xtask ci" | *" --test "* | "test "*) ;;
        *) echo "no command of these documents: cargo $*" >&2; return 1 ;;
    esac
}}
apt-get() {{ :; }}
serving= witnessing= fhir=
trap 'for one in $serving $witnessing; do kill "$one"; done' EXIT
# Something is held, and a reviewer has its page's file and a key.
asked() {{
    local id link base
    curl -s -H "Authorization: Bearer $TOKEN" "$BLACKBAR_FHIR/Patient" >"$said/asked.out"
    id=$(grep -o 'ap-[0-9a-z]*' "$said/asked.out" | tail -n 1)
    link=$(command blackbar console login --role viewer --role reviewer)
    base=${{link%%/login*}}
    curl -s -c jar -H "Origin: $base" --data-urlencode "link=${{link##*link=}}" "$base/login" >login.html
    curl -s -b jar "$base/approvals/$id/ask.json" >"$id.json"
    cp "${{BLACKBAR_CONFIG%/*}}/officer.key" .
}}
show() {{
    local text
    text=$(cat)
    case "$text" in *" --ask "*) asked ;; esac
    text=${{text//hold-0123456789ab/$(cat "$said"/*.out 2>/dev/null | grep -o 'hold-[0-9a-z]*' | tail -n 1)}}
    text=${{text//bg-0123456789abcdef/$(cat "$said"/*.out 2>/dev/null | grep -o 'bg-[0-9a-z]*' | tail -n 1)}}
    text=${{text// \/backup\// $PWD/backup/}}
    text=${{text//10.0.0.9:8500/127.0.0.1:{witness}}}
    # The ids that documents show stand for those that were printed last.
    text=${{text//ap-5f0c…/$(cat "$said"/*.out 2>/dev/null | grep -o 'ap-[0-9a-z]*' | tail -n 1)}}
    text=${{text//127.0.0.1:8080\/Patient/${{fhir#http://}}/Patient}}
    text=${{text//-p 6432/-p ${{BLACKBAR_SQL_PORT:-6432}}}}
    text=${{text//-U agent-7 ehr/-U agent-7 postgres}}
    eval "$text" >"$said/$1.out" 2>"$said/$1.err"
    echo $? >"$said/$1.status"
    [ "$(cat "$said/$1.status")" = 0 ] || exit 1
}}
"#
    )
}

fn files() -> Room {
    let room = Room::new();
    room.write("notes/one.txt", note());
    room.write("notes/two.txt", "Nothing of note.\n");
    room.write("export.ndjson.gz", gzip(b"{\"resourceType\":\"Patient\",\"birthDate\":\"1961-03-14\"}\n"));
    room.write("a.csv", "patient_mrn,ward\n4839201,7B\n");
    room.write("b.ndjson", "{\"mrn\":\"4839201\"}\n");
    room.write("gold.jsonl", "{\"path\":\"notes/two.txt\"}\n");
    room
}

/// A folder whose gateway lets a nurse in when nothing else works, and whose officer looks at it afterwards.
fn guarded() -> Room {
    let (room, _, _) = recording(r#"{"resourceType":"Patient","birthDate":"1961-03-14"}"#);
    let [officer, nurse] = ["officer", "nurse"]
        .map(|name| room.run(&["approvals", "keygen", "-o", &format!("{name}.key")]).ends(0).text().trim().to_owned());
    room.write("told.sh", "#!/bin/sh\ncat >/dev/null\n");
    std::fs::set_permissions(room.path("told.sh"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let told = room.path("told.sh").display().to_string();
    let text = format!(
        "{}\n[[approver]]\nsubject = \"officer-1\"\ngroups = [\"privacy-officers\"]\nkey = \"{officer}\"\n\
         [[notify]]\nname = \"desk\"\nto = \"command:{told}\"\nevents = [\"break-glass\"]\n\
         [break_glass]\ngroup = \"break-glass\"\nreviewers = \"privacy-officers\"\nttl = \"1h\"\n\
         [[break_glass.person]]\nsubject = \"nurse-1\"\nkey = \"{nurse}\"\n",
        room.text("blackbar.toml")
    );
    room.write("blackbar.toml", text);
    room
}

/// Where the gateway of a folder listens.
fn port_of(room: &Room) -> u16 {
    let text = room.text("blackbar.toml");
    let listens = text.split("listen = \"127.0.0.1:").skip(1).map(|rest| rest.split('"').next().unwrap());
    listens.map(|port| port.parse().unwrap()).find(|port| *port != 0).unwrap()
}

fn record() -> Room {
    let (room, port, credential) = recording(r#"{"resourceType":"Patient","birthDate":"1961-03-14"}"#);
    let gateway = Gateway::start(&room, port);
    for number in 0..16 {
        get(port, &credential, &format!("/Patient/{number}"));
    }
    let (status, said) = gateway.end();
    assert_eq!(status, Some(0), "{said}");
    room.write("kept.checkpoint", room.read("blackbar-data/log/checkpoint"));
    room.write("log.vkey", room.read("blackbar-data/log.vkey"));
    std::fs::create_dir(room.path("copy-of-the-log")).unwrap();
    copy(&room.path("blackbar-data/log"), &room.path("copy-of-the-log/log"));
    room.write("copy-of-the-log/log.vkey", room.read("blackbar-data/log.vkey"));
    std::os::unix::fs::symlink(root().join("ledger"), room.path("ledger")).unwrap();
    let held = "@id(\"one-by-one\") @approval(\"privacy-officers\")\n\
                forbid (principal, action in [Action::\"http_read\"], resource in Path::\"fhir/Patient\");\n";
    room.write("new-policies/agents-read.cedar", room.text("policies/agents-read.cedar") + held);
    room
}

fn copy(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg("-r").args([from, to]).status().unwrap().success());
}

/// Lets the server of the demo's database, which runs as somebody else, pass through to its own folder.
fn open(room: Room) -> Room {
    std::fs::set_permissions(room.folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    room
}

/// A running demo.
struct Demo(Child);

impl Demo {
    fn start(room: &Room) -> Self {
        let mut command = room.command(&["demo"]);
        let child = command.env("TMPDIR", room.folder.path()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let demo = Self(child.unwrap());
        let begun = Instant::now();
        let told = || {
            let output = room.command(&["demo", "env"]).env("TMPDIR", room.folder.path()).output().unwrap();
            output.status.success()
        };
        while !told() {
            assert!(begun.elapsed() < Duration::from_secs(60), "the demo did not begin");
            std::thread::sleep(Duration::from_millis(50));
        }
        demo
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status();
        let _ = self.0.wait();
    }
}
