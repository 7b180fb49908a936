//! Data folders that an earlier build wrote are read for ever, by this program and by two others.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests are tests")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use blackbar_ledger::verify::{Checks, folder, proof};
use blackbar_ledger::{
    Details, Direction, Kind, Leaf, LeafIndex, Ledger, Options, Outcome, Reader, RootKeyFile, SessionOpen, Time,
};

const NOW: Time = Time::from_micros(1_700_000_000_000_000);
const LEAVES_OF_GOLDEN: u64 = 318;

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// Two recordings, one of them deleted, and enough leaves to fill a tile.
fn write(data: &Path, root: Arc<RootKeyFile>, heartbeats: u64) {
    let ledger = Ledger::open(data, root, Options::new("golden.example/gateway/one", "one"), NOW).unwrap();
    let mut ids = Vec::new();
    for agent in ["agent-7", "agent-8"] {
        let (mut session, _) = ledger.session(SessionOpen::new(agent, "ehr"), NOW).unwrap();
        ids.push(session.id());
        let commitment = session.commitment("sql", b"SELECT 1");
        let details = Details::new().text("verb", "select").text("request", commitment);
        drop(session.request(b"SELECT name FROM patients LIMIT 1", details, NOW).unwrap());
        let later = Time::from_micros(NOW.micros() + 1500);
        session.response_block(Direction::ToClient, b"[NAME]\n", later).unwrap();
        session.response_block(Direction::Note, b"{\"rule\":\"safe-harbor\"}", later).unwrap();
        drop(session.response(Outcome::Success, Details::new().counts("replaced", [("name", 1)]), later).unwrap());
        session.close(Outcome::Success, Details::new(), later).unwrap().wait().unwrap();
    }
    ledger.erase(ids[1], &NOW.month(), "six-years", NOW).unwrap();
    for _ in 0..heartbeats {
        drop(ledger.record(Leaf::new(Kind::Heartbeat), NOW).unwrap());
    }
    ledger.close().unwrap();
}

/// Writes the golden folder anew. Only when the format changes on purpose; the old one then stays beside it.
#[test]
#[ignore = "writes the golden files"]
fn bless() {
    let (place, target) = (tempfile::tempdir().unwrap(), golden());
    let root = Arc::new(RootKeyFile::generate().unwrap());
    write(place.path(), Arc::clone(&root), LEAVES_OF_GOLDEN - 10);
    let _ = fs::remove_dir_all(&target);
    copy(place.path(), &target);
    root.write(&target.join("root.key")).unwrap();
    let proof = Reader::open(&target, None).prove(LeafIndex::new(3).unwrap()).unwrap();
    fs::write(target.join("leaf-3.tlog-proof"), proof.text()).unwrap();
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap();
        if path.is_dir() {
            copy(&path, &to.join(name));
        } else if name != "reserve" && name != "lock" {
            fs::copy(&path, to.join(name)).unwrap();
        }
    }
}

#[test]
fn the_golden_folder_is_verified_and_read() {
    let root = Arc::new(RootKeyFile::read(&golden().join("root.key")).unwrap());
    let vkey = Reader::open(&golden(), None).verifier_key().unwrap();
    let checks = Checks { key: Some(vkey.clone()), root: Some(root.clone()), ..Checks::default() };
    let report = folder(&golden(), &checks).unwrap();
    assert!(report.is_good(), "{:?}", report.findings);
    assert_eq!((report.size, report.sessions, report.frames_opened), (LEAVES_OF_GOLDEN, 2, 3));
    assert_eq!(report.deleted["six-years"], 1);

    let reader = Reader::open(&golden(), Some(root));
    let (_, opened) = reader.leaves(LeafIndex::FIRST).unwrap().next().unwrap().unwrap();
    let records = reader.records(opened.session().unwrap(), "2023-11").unwrap();
    let records: Vec<_> = records.map(|record| record.unwrap()).collect();
    let told: Vec<_> = records.iter().map(|record| (record.number, record.micros, record.direction)).collect();
    assert_eq!(told, [(0, 0, Direction::ToUpstream), (1, 1500, Direction::ToClient), (2, 1500, Direction::Note)]);
    assert_eq!(records[0].bytes, b"SELECT name FROM patients LIMIT 1");
    assert_eq!(records[1].bytes, b"[NAME]\n");

    let text = fs::read_to_string(golden().join("leaf-3.tlog-proof")).unwrap();
    assert!(proof(&text, Some(&vkey)).unwrap().0.is_good());
}

/// Runs another verifier; `None`, with the reason on stderr, when it cannot be run here.
fn other_verifier(command: &mut Command, what: &str) -> Option<(bool, String)> {
    match command.output() {
        Ok(output) => {
            let text = [output.stdout, output.stderr].concat();
            Some((output.status.success(), String::from_utf8_lossy(&text).into_owned()))
        }
        Err(error) => {
            common::skipped(&format!("{what} cannot be started here ({error})"));
            None
        }
    }
}

fn python(data: &Path) -> Option<(bool, String)> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("verify.py");
    other_verifier(Command::new("python3").arg(script).arg(data), "python3")
}

#[test]
fn the_verifier_in_python_agrees_on_good_and_bad_proofs() {
    let place = tempfile::tempdir().unwrap();
    let vkey = fs::read_to_string(golden().join("log.vkey")).unwrap();
    let key = Reader::open(&golden(), None).verifier_key().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("verify.py");
    let check = |text: &str, vkey: &str| {
        let file = place.path().join("leaf.tlog-proof");
        fs::write(&file, text).unwrap();
        other_verifier(Command::new("python3").arg(&script).arg(&file).arg(vkey), "python3")
    };
    let kept = fs::read_to_string(golden().join("leaf-3.tlog-proof")).unwrap();
    let Some((good, said)) = check(&kept, &vkey) else { return };
    assert!(good && said.contains("leaf 3 of 318") && said.contains("session.close"), "{said}");
    // At the edges of the tree, of its whole tiles and in between.
    let reader = Reader::open(&golden(), None);
    for index in [0, 1, 2, 127, 128, 255, 256, 300, 316, 317] {
        let text = reader.prove(LeafIndex::new(index).unwrap()).unwrap().text();
        assert!(proof(&text, Some(&key)).unwrap().0.is_good());
        let (good, said) = check(&text, &vkey).unwrap();
        assert!(good, "{index}: {said}");
    }
    let lines: Vec<&str> = kept.lines().collect();
    let without = |line: usize| [&lines[..line], &lines[line + 1..]].concat().join("\n") + "\n";
    let other = kept.replacen("extra eyJ", "extra eyK", 1);
    let bad = [
        ("another place", kept.replace("index 3\n", "index 2\n")),
        ("beyond the end", kept.replace("index 3\n", "index 318\n")),
        ("another leaf", other),
        ("a shorter path", without(3)),
        ("a longer path", kept.replacen(lines[3], &format!("{0}\n{0}", lines[3]), 1)),
        ("another size", kept.replace("\n318\n", "\n317\n")),
        ("no signature", kept.split("\n\u{2014}").next().unwrap().to_owned()),
        ("another form", kept.replace("@v1", "@v2")),
    ];
    for (what, text) in bad {
        assert_ne!(text, kept, "{what}");
        assert!(!proof(&text, Some(&key)).is_ok_and(|(report, _)| report.is_good()), "{what}");
        let (good, said) = check(&text, &vkey).unwrap();
        assert!(!good && said.starts_with("FAIL"), "{what}: {said}");
    }
    let stranger = RootKeyFile::generate().unwrap();
    let data = place.path().join("data");
    fs::create_dir(&data).unwrap();
    write(&data, Arc::new(stranger), 1);
    let (good, said) = check(&kept, &fs::read_to_string(data.join("log.vkey")).unwrap()).unwrap();
    assert!(!good, "{said}");
}

/// Go's packages as Debian installs them (golang-golang-x-mod-dev), without a module.
fn go(binary: &Path, data: &Path) -> Option<(bool, String)> {
    if !binary.exists() {
        if !Path::new("/usr/share/gocode/src/golang.org/x/mod/sumdb").exists() {
            common::skipped("golang-golang-x-mod-dev is not installed");
            return None;
        }
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("verify-go/main.go");
        let mut build = Command::new("go");
        build.args(["build", "-o"]).arg(binary).arg(source);
        build.env("GO111MODULE", "off").env("GOPATH", "/usr/share/gocode").env("GOFLAGS", "");
        build.env("GOCACHE", binary.with_extension("cache"));
        let (built, text) = other_verifier(&mut build, "go")?;
        assert!(built, "{text}");
    }
    let vkey = fs::read_to_string(data.join("log.vkey")).unwrap();
    other_verifier(Command::new(binary).arg(data).arg(vkey), "the verifier in Go")
}

#[test]
fn other_programs_agree_on_good_and_bad_logs() {
    let place = tempfile::tempdir().unwrap();
    let binary = place.path().join("verify-go");
    for verdict in [python(&golden()), go(&binary, &golden())].into_iter().flatten() {
        assert!(verdict.0, "{}", verdict.1);
    }
    let root = Arc::new(RootKeyFile::generate().unwrap());
    for heartbeats in [0, 1, 240, 246, 247, 500, 700] {
        let data = place.path().join(format!("{heartbeats}"));
        fs::create_dir(&data).unwrap();
        write(&data, Arc::clone(&root), heartbeats);
        assert!(folder(&data, &Checks::default()).unwrap().is_good());
        let all = |data: &Path| [python(data), go(&binary, data)].into_iter().flatten();
        all(&data).for_each(|(good, text)| assert!(good, "{heartbeats}: {text}"));
        for part in ["log/tile/entries", "log/tile/0", "log/checkpoint"] {
            let bad = place.path().join("bad");
            copy(&data, &bad);
            let file = any_file(&bad.join(part));
            let mut bytes = fs::read(&file).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            fs::write(&file, bytes).unwrap();
            assert!(!folder(&bad, &Checks::default()).unwrap().is_good(), "{part}");
            all(&bad).for_each(|(good, text)| assert!(!good, "{heartbeats}, {part}: {text}"));
            fs::remove_dir_all(&bad).unwrap();
        }
        let reserve = data.join("reserve");
        if reserve.exists() {
            fs::remove_file(reserve).unwrap();
        }
    }
}

/// The last file in a folder by name: partial tiles of earlier checkpoints come before those of the last one.
fn any_file(path: &Path) -> PathBuf {
    if path.is_file() {
        return path.to_owned();
    }
    let number =
        |path: &PathBuf| path.file_name().and_then(|name| name.to_str()).and_then(|name| name.parse::<u64>().ok());
    let mut inside: Vec<PathBuf> = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
    inside.sort_by_key(|path| (number(path), path.clone()));
    any_file(inside.last().unwrap())
}
