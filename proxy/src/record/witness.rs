//! The gateway's side of its witnesses: each new checkpoint is shown to them with a proof that the log goes on, and their
//! cosignatures are kept beside the log. A witness that refuses has seen another history.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use blackbar_ledger::{AddCheckpoint, CosignerKey, Details, Kind, Leaf, Reader, SignedCheckpoint};
use http::Uri;

use super::follow::{Standing, write_whole};
use super::post::Poster;
use super::retention::Keeper;
use crate::config::keeping::WitnessSection;
use crate::error::{Error, Id};
use crate::front::Stop;
use crate::gate::Recorder;
use crate::notes;

/// Shows the log to one witness.
#[derive(Debug)]
pub(crate) struct Witnessed {
    key: CosignerKey,
    poster: Poster,
    reader: Arc<Reader>,
    /// The last checkpoint that it cosigned.
    kept: PathBuf,
    /// How many leaves that had.
    old: u64,
    /// It was asked since this gateway began.
    asked: bool,
    standing: Arc<Standing>,
    recorder: Arc<Recorder>,
    keeper: Arc<Keeper>,
}

/// What became of showing a checkpoint.
#[derive(Debug, Eq, PartialEq)]
enum Shown {
    /// There is nothing new, or it was cosigned.
    Good,
    /// The witness knows another size than we thought: again.
    Again,
}

const LOOK_EACH: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

impl Witnessed {
    pub(crate) fn new(
        section: &WitnessSection,
        folder: &Path,
        recorder: &Arc<Recorder>,
        keeper: &Arc<Keeper>,
    ) -> Result<Self, Error> {
        use std::os::unix::fs::DirBuilderExt as _;

        let beside = folder.join(blackbar_ledger::verify::WITNESSED);
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o755).create(&beside);
        made.map_err(|error| Error::io(Id::DataFolder, "the folder of cosignatures", &error).at_path(&beside))?;
        let kept = beside.join(&section.name);
        let last = std::fs::read_to_string(&kept).ok().and_then(|note| SignedCheckpoint::parse(&note).ok());
        let last = last.filter(|note| section.key.verify(note).is_ok());
        let url = section.url.to_string();
        let url = format!("{}/add-checkpoint", url.trim_end_matches('/'));
        let url: Uri = url.parse().map_err(|_| Error::new(Id::ConfigValue, "the URL of a witness cannot be used"))?;
        Ok(Self {
            key: section.key.clone(),
            poster: Poster::new(url, section.ca.as_deref())?,
            reader: Arc::new(Reader::open(folder, None)),
            kept,
            old: last.map_or(0, |note| note.unverified().size),
            asked: false,
            standing: Standing::new(&section.name, section.required, section.behind),
            recorder: Arc::clone(recorder),
            keeper: Arc::clone(keeper),
        })
    }

    pub(crate) fn standing(&self) -> Arc<Standing> {
        Arc::clone(&self.standing)
    }

    /// Goes on until it is told to stop.
    pub(crate) async fn follow(mut self, mut stop: Stop) {
        let mut pause = Duration::ZERO;
        loop {
            let shown = tokio::select! {
                shown = self.show() => shown,
                _ = stop.changed() => return,
            };
            pause = match shown {
                Ok(Shown::Good) => LOOK_EACH,
                Ok(Shown::Again) => Duration::from_millis(100),
                Err(error) => {
                    if self.standing.failed(&error) {
                        notes::note(format_args!("witness {}: {error}", self.standing.name));
                    }
                    (pause * 2).clamp(Duration::from_secs(1), LONGEST_PAUSE)
                }
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = stop.changed() => return,
            }
        }
    }

    /// Shows the last checkpoint, if it is new.
    async fn show(&mut self) -> Result<Shown, String> {
        let (reader, old) = (Arc::clone(&self.reader), self.old);
        let proved = tokio::task::spawn_blocking(move || {
            let size = match reader.checkpoint() {
                Err(error) if error.is_missing() => return Ok(None),
                checkpoint => checkpoint?.unverified().size,
            };
            if size < old { Ok(Some((size, None))) } else { Ok(Some((size, Some(reader.prove_growth(old)?)))) }
        });
        let proved: blackbar_ledger::Result<_> = proved.await.map_err(|_| "an internal error".to_owned())?;
        let Some((size, proved)) = proved.map_err(|error| error.to_string())? else { return Ok(Shown::Good) };
        let Some((checkpoint, proof)) = proved else { return Err(self.refused(size, old).await) };
        // The first time it is asked in any case: a folder that was put back as it once was knows no better.
        if checkpoint.unverified().size == old && self.asked {
            self.standing.caught_up(old);
            return Ok(Shown::Good);
        }
        let request = AddCheckpoint { old, proof, checkpoint };
        let answer = self.poster.post(&[], request.text().into_bytes()).await?;
        let text = String::from_utf8_lossy(&answer.body);
        match answer.status {
            200 => {
                self.cosigned(&request.checkpoint, &text).await?;
                self.asked = true;
                Ok(Shown::Good)
            }
            409 => match text.trim().parse::<u64>() {
                Ok(knows) if knows > request.checkpoint.unverified().size || knows == old => {
                    Err(self.refused(request.checkpoint.unverified().size, knows).await)
                }
                Ok(knows) => {
                    self.old = knows;
                    Ok(Shown::Again)
                }
                Err(_) => Err("it answers 409 without a size".to_owned()),
            },
            422 => Err(self.refused(request.checkpoint.unverified().size, old).await),
            404 => Err("it does not know this log".to_owned()),
            403 => Err("it does not trust this log's key".to_owned()),
            status => Err(format!("it answers {status}")),
        }
    }

    /// Keeps the checkpoint with its cosignature.
    async fn cosigned(&mut self, checkpoint: &SignedCheckpoint, lines: &str) -> Result<(), String> {
        // Of what it answers, only the line of the key that we know.
        let signed = lines.lines().map(|line| checkpoint.with_signatures(&format!("{line}\n")));
        let mut held = signed.filter_map(|signed| Some((self.key.verify(&signed).ok()?, signed)));
        let Some((seconds, signed)) = held.next_back() else { return Err("its cosignature does not hold".to_owned()) };
        let (kept, note) = (self.kept.clone(), signed.note().to_owned());
        let written = tokio::task::spawn_blocking(move || write_whole(&kept, note.as_bytes())).await;
        let written = written.map_err(|_| "an internal error".to_owned())?;
        written.map_err(|error| format!("its cosignature cannot be kept: {}", error.kind()))?;
        self.old = signed.unverified().size;
        self.keeper.witnessed(seconds);
        self.standing.caught_up(self.old);
        Ok(())
    }

    /// The witness has seen another history. Said once, where sinks hear it too.
    async fn refused(&self, ours: u64, theirs: u64) -> String {
        let what = format!(
            "it has seen {theirs} leaves that this log of {ours} does not go on from: rolled back or rewritten"
        );
        if self.standing.alarm(&what) {
            notes::note(format_args!("witness {}: {what}", self.standing.name));
            let details = Details::new()
                .text("what", "a witness refuses the log: it was rolled back or rewritten")
                .text("witness", self.standing.name.as_str())
                .number("witness_leaves", theirs)
                .number("leaves", ours);
            let recorder = Arc::clone(&self.recorder);
            let leaf = Leaf::new(Kind::Alarm).details(details);
            // A ledger that stopped says so itself.
            let _ = tokio::task::spawn_blocking(move || recorder.told(leaf)).await;
        }
        what
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use blackbar_ledger::verify::{Checks, Wrong, folder};
    use blackbar_ledger::{Cosigner, RootKey, RootKeyFile, Secret};

    use super::*;
    use crate::commands::witness::Seen;
    use crate::config::Retention;

    struct House {
        place: tempfile::TempDir,
        root: Arc<dyn RootKey>,
    }

    impl House {
        fn new() -> Self {
            Self { place: tempfile::tempdir().unwrap(), root: Arc::new(RootKeyFile::generate().unwrap()) }
        }

        fn data(&self) -> PathBuf {
            let data = self.place.path().join("data");
            std::fs::create_dir_all(&data).unwrap();
            data
        }

        /// A gateway's ledger, and the way to the witness at an address.
        fn gateway(&self, data: &Path, address: SocketAddr, key: &CosignerKey) -> (Arc<Recorder>, Witnessed) {
            let recorder = Arc::new(Recorder::open(data, Arc::clone(&self.root)).unwrap());
            let keeper = Arc::new(Keeper::open(data, &recorder, Retention::default()).unwrap());
            let section = WitnessSection {
                name: "one".into(),
                url: format!("http://{address}/").parse().unwrap(),
                key: key.clone(),
                required: true,
                behind: Duration::from_secs(60),
                ca: None,
            };
            let witnessed = Witnessed::new(&section, data, &recorder, &keeper).unwrap();
            (recorder, witnessed)
        }
    }

    async fn shown(witnessed: &mut Witnessed) -> Result<(), String> {
        while witnessed.show().await? == Shown::Again {}
        Ok(())
    }

    fn copy(from: &Path, to: &Path) {
        std::fs::create_dir_all(to).unwrap();
        for entry in std::fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            let target = to.join(entry.file_name());
            if entry.path().is_dir() {
                copy(&entry.path(), &target);
            } else {
                std::fs::copy(entry.path(), target).unwrap();
            }
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_fork_with_all_keys_is_found_by_the_witness() {
        let house = House::new();
        let data = house.data();
        drop(Recorder::open(&data, Arc::clone(&house.root)).unwrap());
        let vkey = Reader::open(&data, None).verifier_key().unwrap();
        let cosigner = Cosigner::from_seed("witness.example/one", &Secret::from_bytes([5; 32])).unwrap();
        let key = cosigner.verifier();
        let memory = house.place.path().join("seen");
        let seen = Seen::open(&memory, cosigner, vec![vkey.clone()]).unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = tokio::spawn(crate::commands::witness::serve(listener, Arc::new(seen)));

        let (recorder, mut witnessed) = house.gateway(&data, address, &key);
        shown(&mut witnessed).await.unwrap();
        drop((recorder, witnessed));
        let stolen = house.place.path().join("stolen");
        copy(&data, &stolen);

        // The log goes on, over restarts; each new checkpoint is cosigned.
        let (recorder, mut witnessed) = house.gateway(&data, address, &key);
        for _ in 0..3 {
            recorder.told(Leaf::new(Kind::PolicyLoad)).unwrap();
            recorder.publish().unwrap();
            shown(&mut witnessed).await.unwrap();
        }
        assert_eq!(witnessed.standing.problem(), None);
        drop((recorder, witnessed));
        let checks = |against| Checks { against, witnesses: vec![key.clone()], ..Checks::default() };
        let report = folder(&data, &checks(None)).unwrap();
        assert!(report.is_good() && report.witnessed[0].size >= 3, "{:?}", report.findings);

        // A folder that was put back as it was is good in itself, and its last checkpoint is one that the witness has signed.
        let returned = house.place.path().join("returned");
        copy(&stolen, &returned);
        let (recorder, mut witnessed) = house.gateway(&returned, address, &key);
        let refused = shown(&mut witnessed).await.unwrap_err();
        assert!(refused.contains("rolled back or rewritten"), "{refused}");
        drop((recorder, witnessed));
        assert!(folder(&returned, &Checks::default()).unwrap().is_good(), "alone it cannot be told");

        // Whoever copied everything, all keys included, writes another history. It looks good, and gets no cosignature.
        let (recorder, mut witnessed) = house.gateway(&stolen, address, &key);
        for _ in 0..20 {
            recorder.told(Leaf::new(Kind::ConfigChange)).unwrap();
        }
        recorder.publish().unwrap();
        let refused = shown(&mut witnessed).await.unwrap_err();
        assert!(refused.contains("rolled back or rewritten"), "{refused}");
        assert!(witnessed.standing.problem().unwrap().contains("rolled back"));
        recorder.publish().unwrap();
        let leaves: Vec<_> = witnessed.reader.leaves(blackbar_ledger::LeafIndex::FIRST).unwrap().collect();
        assert!(leaves.iter().any(|leaf| leaf.as_ref().unwrap().1.kind() == Some(Kind::Alarm)));
        drop((recorder, witnessed));
        assert!(folder(&stolen, &Checks::default()).unwrap().is_good(), "alone it cannot be told");
        // What the witness remembers shows it to anybody.
        let mut kept = std::fs::read_dir(&memory).unwrap().map(|entry| entry.unwrap().path());
        let kept = kept.find(|path| path.extension().is_some_and(|end| end == "checkpoint")).unwrap();
        let kept = SignedCheckpoint::parse(&std::fs::read_to_string(kept).unwrap()).unwrap();
        let report = folder(&stolen, &checks(Some(kept.clone()))).unwrap();
        assert_eq!(report.findings[0].wrong, Wrong::Tampered);
        assert!(folder(&data, &checks(Some(kept))).unwrap().is_good());
        serving.abort();
        let _ = serving.await;
        // It remembers over its own restarts, and is one at a time.
        let again = Cosigner::from_seed("witness.example/one", &Secret::from_bytes([5; 32])).unwrap();
        let seen = Seen::open(&memory, again, vec![vkey]).unwrap();
        let twice = Cosigner::from_seed("witness.example/one", &Secret::from_bytes([5; 32])).unwrap();
        assert!(Seen::open(&memory, twice, Vec::new()).is_err());
        let (checkpoint, _) = Reader::open(&stolen, None).prove_growth(0).unwrap();
        let request = AddCheckpoint { old: 0, proof: Vec::new(), checkpoint };
        assert_eq!(seen.add(request.text().as_bytes()).0, 409);
    }
}
