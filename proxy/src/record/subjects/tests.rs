//! What sessions showed is found until they are erased, and then nothing of it is left.

use std::sync::Arc;

use blackbar_engine::Marks;
use blackbar_engine::operator::Values;
use blackbar_ledger::{Details, Direction, Ledger, Options, Outcome, RootKeyFile, SessionOpen, SessionWriter, Time};

use super::*;

const THEN: Time = Time::from_micros(1_795_000_000_000_000);

struct House {
    folder: tempfile::TempDir,
    root: Arc<RootKeyFile>,
    ledger: Ledger,
    marks: Marks,
}

struct AsItIs;

impl Values for AsItIs {
    fn identity(&self, _: &str, value: &[u8]) -> Option<Vec<u8>> {
        Some(value.to_vec())
    }
}

impl House {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = Arc::new(RootKeyFile::generate().unwrap());
        let ledger = Ledger::open(folder.path(), Arc::clone(&root) as _, Options::new("t/one", "one"), THEN).unwrap();
        let marks = Marks::new(ledger.marks_key().unwrap().expose());
        Self { folder, root, ledger, marks }
    }

    fn reader(&self) -> Reader {
        self.ledger.checkpoint().unwrap();
        Reader::open(self.folder.path(), Some(Arc::clone(&self.root) as _))
    }

    fn mark(&self, value: &str) -> Mark {
        self.marks.mark(&AsItIs, "mrn", value.as_bytes()).unwrap()
    }

    fn begun(&self, agent: &str, shown: &[(&str, &str, bool)]) -> SessionWriter {
        let (mut session, _) = self.ledger.session(SessionOpen::new(agent, "fhir"), THEN).unwrap();
        let entries = shown.iter().map(|(kind, value, passed)| {
            let mark: String = self.mark(value).as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
            if *passed { serde_json::json!([kind, mark, "passed"]) } else { serde_json::json!([kind, mark]) }
        });
        let note = serde_json::json!({ "exchange": 1, "subjects": entries.collect::<Vec<_>>() });
        session.response_block(Direction::Note, note.to_string().as_bytes(), THEN).unwrap();
        session.response_block(Direction::ToClient, b"answered", THEN).unwrap();
        session.seal(THEN).unwrap().wait().unwrap();
        session
    }

    fn ended(&self, agent: &str, shown: &[(&str, &str, bool)]) -> SessionId {
        let session = self.begun(agent, shown);
        let id = session.id();
        session.close(Outcome::Success, Details::new(), THEN).unwrap().wait().unwrap();
        id
    }

    fn files(&self) -> Vec<u8> {
        let entries = std::fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().path());
        let of_index = entries.filter(|path| path.to_string_lossy().contains("subjects.sqlite"));
        of_index.flat_map(|path| std::fs::read(path).unwrap()).collect()
    }
}

fn has(files: &[u8], row: &[u8]) -> bool {
    files.windows(row.len()).any(|window| window == row)
}

#[test]
fn who_was_shown_what_is_found_while_sessions_are_open_and_after() {
    let house = House::new();
    let one = house.ended("agent-7", &[("mrn", "0012", false), ("ssn", "123", false)]);
    let open = house.begun("agent-8", &[("mrn", "0012", true)]);
    house.ended("agent-9", &[("mrn", "0099", false)]);
    let reader = house.reader();
    let subjects = Subjects::open(house.folder.path()).unwrap();
    subjects.catch_up(&reader).unwrap();
    let shown = |session, kind: &str, passed| Shown { session, kind: kind.to_owned(), passed };
    let mut expected = vec![shown(one, "mrn", false), shown(one, "ssn", false), shown(open.id(), "mrn", true)];
    expected.sort();
    assert_eq!(subjects.find(&reader, &[house.mark("0012"), house.mark("123")]).unwrap(), expected);
    assert_eq!(subjects.find(&reader, &[house.mark("0013")]).unwrap(), []);
    let month = THEN.month();
    let of = subjects.of(&reader, &[(one, month.clone())]).unwrap();
    let mut found = of[0].1.clone();
    found.sort();
    let mut marks = vec![(house.mark("0012"), "mrn".to_owned()), (house.mark("123"), "ssn".to_owned())];
    marks.sort();
    assert_eq!(found, marks);

    // Another copy of the same log finds the same, made anew; the end of a session changes nothing of what it showed.
    open.close(Outcome::Success, Details::new(), THEN).unwrap().wait().unwrap();
    drop(subjects);
    std::fs::remove_file(house.folder.path().join(NAME)).unwrap();
    let (reader, subjects) = (house.reader(), Subjects::open(house.folder.path()).unwrap());
    subjects.catch_up(&reader).unwrap();
    subjects.catch_up(&reader).unwrap();
    assert_eq!(subjects.find(&reader, &[house.mark("0012"), house.mark("123")]).unwrap(), expected);
}

#[test]
fn what_is_erased_leaves_nothing_and_a_month_without_its_key_says_nothing() {
    let house = House::new();
    let gone = house.ended("agent-7", &[("mrn", "0012", false)]);
    let stays = house.ended("agent-7", &[("mrn", "0044", false)]);
    let reader = house.reader();
    let subjects = Subjects::open(house.folder.path()).unwrap();
    subjects.catch_up(&reader).unwrap();
    let month = THEN.month();
    let cipher = reader.row_cipher(&month).unwrap();
    let row = |value: &str| cipher.seal(*house.mark(value).as_bytes());
    assert!(has(&house.files(), &row("0012")) && has(&house.files(), gone.as_bytes()));
    // In clear, or as it is in the recording, a mark is in no file of the index.
    assert!(!has(&house.files(), house.mark("0012").as_bytes()));

    house.ledger.erase(gone, &month, "default 6y", THEN).unwrap();
    Subjects::forget(house.folder.path(), &[gone]).unwrap();
    assert!(!has(&house.files(), &row("0012")) && !has(&house.files(), gone.as_bytes()));
    assert!(has(&house.files(), &row("0044")));
    let reader = house.reader();
    subjects.catch_up(&reader).unwrap();
    assert_eq!(subjects.find(&reader, &[house.mark("0012")]).unwrap(), []);
    assert_eq!(subjects.find(&reader, &[house.mark("0044")]).unwrap().len(), 1);

    // Made anew from what is left, it knows no more.
    drop(subjects);
    for name in [NAME.to_owned(), format!("{NAME}-wal"), format!("{NAME}-shm")] {
        let _ = std::fs::remove_file(house.folder.path().join(name));
    }
    let subjects = Subjects::open(house.folder.path()).unwrap();
    subjects.catch_up(&reader).unwrap();
    assert_eq!(subjects.find(&reader, &[house.mark("0012")]).unwrap(), []);
    assert_eq!(subjects.find(&reader, &[house.mark("0044")]).unwrap()[0].session, stays);

    house.ledger.erase(stays, &month, "default 6y", THEN).unwrap();
    house.ledger.destroy_month(&month, "default 6y", THEN).unwrap();
    // The rows are there still, and there is no key for them.
    let reader = house.reader();
    assert_eq!(subjects.find(&reader, &[house.mark("0044")]).unwrap(), []);
}
