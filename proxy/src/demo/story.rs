//! What the demo shows, step by step. Each step asks for real and checks the answer.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::Broken;
use super::client::{Ask, Client};
use super::database::Database;
use super::house::House;
use super::world::{World, texts_of};
use crate::commands::print;
use crate::error::Error;

pub(super) struct Stage {
    house: House,
    world: Arc<World>,
    client: Client,
    begun: Instant,
    bearer: String,
}

/// What a step found.
#[derive(Default)]
struct Shown {
    /// What stood there, what the client got; with a name for each row.
    rows: Vec<(String, String, String)>,
    /// One sentence that the step has proved.
    proved: String,
    /// What was only known once it was asked for, with the word that stands for it in the command.
    names: Vec<(&'static str, String)>,
}

impl Shown {
    fn of(rows: Vec<(String, String, String)>, proved: impl Into<String>) -> Self {
        Self { rows, proved: proved.into(), names: Vec::new() }
    }

    fn proving(proved: impl Into<String>) -> Self {
        Self::of(Vec::new(), proved)
    }

    fn naming(mut self, word: &'static str, value: impl Into<String>) -> Self {
        self.names.push((word, value.into()));
        self
    }
}

const EXPORT: &str = "$export?_type=Patient,Coverage,Encounter,Observation";

/// Words in commands, in whose place the step puts what it was told.
const APPROVAL: &str = "{APPROVAL}";
const FILE: &str = "{FILE}";
const MRN: &str = "{MRN}";
const STATE: &str = "{STATE}";
const TOKEN: &str = "{TOKEN}";

const EVERYBODY: &str = "SELECT name, birth_date, mrn, phone FROM patients";
/// How many rows of an answer are shown, and how wide.
const ROWS: usize = 8;
const WIDE: usize = 46;

impl Stage {
    pub(super) fn new(house: House, world: Arc<World>, begun: Instant) -> Self {
        let bearer = format!("Bearer {}", house.token);
        Self { house, world, client: Client::new(), begun, bearer }
    }

    /// Tells the whole story; the number of steps that failed.
    pub(super) async fn tell(&self) -> Result<usize, Error> {
        let started = self.begun.elapsed();
        let place = self.house.folder().display();
        print(
            format!(
                "A made-up clinic, its gateway and its record, up after {} on loopback.\nEverything is in {place} and gone at the end.\n",
                seconds(started)
            )
            .as_bytes(),
        )?;
        let fhir = format!("http://{}/fhir", self.house.fhir);
        let approve = self.approving();
        let curl = "curl -s -H \"Authorization: Bearer $BLACKBAR_TOKEN\"";
        let patient = self.world.resources("Patient").first().and_then(|patient| patient["id"].as_str());
        let patient = patient.unwrap_or_default().to_owned();
        let mut failed = 0;
        failed += self.step(
            "An agent reads a patient",
            &format!("{curl} {fhir}/Patient/{patient}"),
            self.patient(&patient).await,
        )?;
        failed += self.step(
            "Nobody in particular reads a patient",
            &format!("curl -s {fhir}/Patient/{patient}"),
            self.stranger(&patient).await,
        )?;
        failed += self.step(
            "A search, whose links lead back to the gateway",
            &format!("{curl} '{fhir}/Observation?patient={patient}&_count=2'"),
            self.search().await,
        )?;
        failed += self.step(
            "The agent goes on with an id that it was given, which is a token",
            &format!("{curl} {fhir}/Patient/{TOKEN}"),
            self.follow(&patient).await,
        )?;
        failed += self.step(
            "What was read redacted is not written over what it was",
            &format!(
                "{curl} -X PUT {fhir}/Patient/{TOKEN} -H 'content-type: application/fhir+json' -d @{}",
                self.read_file().display()
            ),
            self.write_back(&patient).await,
        )?;
        failed += self.step(
            "A model's answer, redacted while it streams: identifiers lie in many small pieces",
            &format!(
                "{curl} -N http://{}/v1/chat/completions -H 'content-type: application/json' -d '{{\"stream\":true,\"messages\":[{{\"role\":\"user\",\"content\":\"Summarise visit 1\"}}]}}'",
                self.house.model
            ),
            self.stream().await,
        )?;
        failed += self.step(
            "A bulk export: a person agrees, the server works, and each file is redacted under the same tokens",
            &format!(
                "{curl} -i -H 'prefer: respond-async' '{fhir}/{EXPORT}'\n  $ {approve}\n  $ {curl} {STATE}\n  $ {curl} {FILE}"
            ),
            self.export().await,
        )?;
        failed += self.clinic()?;
        failed += self.step(
            "A search over everybody waits for a person, whose signature lets it through once",
            &format!("{curl} {fhir}/Patient\n  $ {approve}"),
            self.bulk().await,
        )?;
        failed += self.step(
            "The same on the pages of the console, and in the numbers for a monitor",
            &format!("blackbar console login\n  $ curl http://{}/metrics", self.house.operations),
            self.console().await,
        )?;
        failed += self.step(
            "The record of all this, verified",
            &format!("blackbar verify {}", self.data().display()),
            self.record(),
        )?;
        Ok(failed)
    }

    /// Says how to go on by hand.
    pub(super) fn invite(&self) -> Result<(), Error> {
        let link = self.house.link().map_err(|broken| broken.error())?;
        print(
            format!(
                "\nThe console: {link}\n(signs in once, within two minutes; `blackbar console login` prints another)\n\nNow in another terminal:\n\n  eval \"$(blackbar demo env)\"    # BLACKBAR_CONFIG, BLACKBAR_TOKEN, BLACKBAR_FHIR, BLACKBAR_MODEL, BLACKBAR_SQL_PORT\n  blackbar sessions list\n\nThe credential counts for 15 minutes; `blackbar token issue --subject demo-agent --group agents` makes another.\nWithout the gateway: http://{}/fhir/Patient. Ctrl-C ends everything.\n",
                self.house.upstream
            )
            .as_bytes(),
        )
    }

    /// Shows one step; 1 when it failed.
    fn step(&self, title: &str, command: &str, shown: Result<Shown, Broken>) -> Result<usize, Error> {
        let names = shown.as_ref().map(|shown| shown.names.clone()).unwrap_or_default();
        let command = names.iter().fold(command.to_owned(), |command, (word, value)| command.replace(word, value));
        let mut text = format!("\n{title}\n  $ {command}\n");
        let failed = match shown {
            Ok(shown) => {
                for (name, before, after) in shown.rows.iter().take(ROWS) {
                    let _ =
                        writeln!(text, "    {:<24} {:<WIDE$} → {}", cut(name, 24), cut(before, WIDE), cut(after, WIDE));
                }
                if shown.rows.len() > ROWS {
                    let _ = writeln!(text, "    and {} more", shown.rows.len() - ROWS);
                }
                let _ = writeln!(text, "  ✓ {}", shown.proved);
                0
            }
            Err(broken) => {
                let _ = writeln!(text, "  ✗ {broken}");
                1
            }
        };
        print(text.as_bytes())?;
        Ok(failed)
    }

    async fn patient(&self, id: &str) -> Result<Shown, Broken> {
        let path = format!("/fhir/Patient/{id}");
        let (before, after) = self.both(&path).await?;
        let hidden = self.hides(&texts_of(&before), &texts_of(&after))?;
        let rows = differences(&before, &after);
        Ok(Shown::of(rows, format!("{hidden} identifiers stood there, none is left; the JSON is whole")))
    }

    async fn stranger(&self, id: &str) -> Result<Shown, Broken> {
        let reply = self.client.send(&Ask::get(format!("http://{}/fhir/Patient/{id}", self.house.fhir))).await?;
        expect(reply.status == 401, "somebody without a credential was not refused")?;
        expect(reply.json()["type"] == "urn:blackbar:unauthenticated", "a refusal has another type")?;
        Ok(Shown::proving("401, and nothing of the patient"))
    }

    async fn search(&self) -> Result<Shown, Broken> {
        let patients = self.world.resources("Patient").iter().filter_map(|patient| patient["id"].as_str());
        let about = |id: &&str| {
            let reference = format!("Patient/{id}");
            self.world.resources("Observation").iter().any(|one| one["subject"]["reference"] == reference.as_str())
        };
        let patient = patients.clone().find(about).ok_or_else(|| Broken::new("the clinic has no observations"))?;
        let (before, after) = self.both(&format!("/fhir/Observation?patient={patient}&_count=2")).await?;
        let hidden = self.hides(&texts_of(&before), &texts_of(&after))?;
        let upstream = self.house.upstream.to_string();
        expect(!after.to_string().contains(&upstream), "a link leads around the gateway")?;
        let rows = differences(&before, &after);
        let proved = format!("{hidden} identifiers stood there, none is left; no link leads around the gateway");
        Ok(Shown::of(rows, proved))
    }

    async fn stream(&self) -> Result<Shown, Broken> {
        let question = json!({ "stream": true, "messages": [{ "role": "user", "content": "Summarise visit 1" }] });
        let path = "/v1/chat/completions";
        let before =
            self.client.send(&Ask::post(format!("http://{}{path}", self.house.upstream), question.clone())).await?;
        let ask = Ask::post(format!("http://{}{path}", self.house.model), question);
        let after = self.client.send(&ask.header("authorization", &self.bearer)).await?;
        expect(after.status == 200, "the stream was refused")?;
        expect(after.text().ends_with("data: [DONE]\n\n"), "the stream did not come to its end")?;
        let (said, told) = (before.said(), after.said());
        let hidden = self.hides(&said, &told)?;
        expect(after.first * 2 < after.last, "the answer was not streamed")?;
        let lines = said.lines().zip(told.lines()).filter(|(before, after)| before != after);
        let rows = lines.map(|(before, after)| (String::new(), before.to_owned(), after.to_owned())).collect();
        let pieces = before.text().matches("data: ").count();
        let proved = format!(
            "{hidden} identifiers in {pieces} events, none is left; the first event came after {}, the last after {}",
            seconds(after.first),
            seconds(after.last)
        );
        Ok(Shown::of(rows, proved))
    }

    /// From the kick-off to the last file, by what the gateway says alone.
    async fn export(&self) -> Result<Shown, Broken> {
        let base = format!("http://{}/fhir", self.house.fhir);
        let ask = |url: String| Ask::get(url).header("authorization", &self.bearer);
        let held = self.client.send(&ask(format!("{base}/{EXPORT}")).header("prefer", "respond-async")).await?;
        let approval = held.json()["approval_id"].as_str().unwrap_or_default().to_owned();
        expect(held.status == 403 && !approval.is_empty(), "an export of everybody was not held")?;
        self.approve(&approval)?;
        let again = ask(format!("{base}/{EXPORT}")).header("prefer", "respond-async");
        let begun = self.client.send(&again.header("blackbar-approval", &approval)).await?;
        expect(begun.status == 202, "the export was not begun")?;
        let state = begun.place.ok_or_else(|| Broken::new("nobody says where the export is"))?;
        expect(state.starts_with(&base), "the state of the export is somewhere else")?;
        let manifest = self.client.send(&ask(state.clone())).await?.json();
        let mut files = manifest["output"].as_array().cloned().unwrap_or_default();
        // Who the patients are is known before they are named elsewhere.
        files.sort_by_key(|file| file["type"] != "Patient");
        expect(files.len() > 1, "the export has no files")?;
        let (mut before, mut after, mut patients, mut named) = (String::new(), String::new(), Vec::new(), 0);
        let mut first = String::new();
        for file in &files {
            let (url, kind) = (file["url"].as_str().unwrap_or_default(), file["type"].as_str().unwrap_or_default());
            let path = url.strip_prefix(&base).ok_or_else(|| Broken::new("a file is somewhere else"))?;
            let told = self.client.send(&ask(url.to_owned())).await?;
            expect(told.status == 200, "a file was refused")?;
            let stood = self.client.send(&Ask::get(format!("http://{}/fhir{path}", self.house.upstream))).await?;
            let lines = |text: &str| -> Result<Vec<Value>, Broken> {
                let lines = text.lines().map(serde_json::from_str).collect::<Result<_, _>>();
                lines.map_err(|_| Broken::new("a line of the export is not JSON any more"))
            };
            let (stood, told) = (lines(&stood.text())?, lines(&told.text())?);
            expect(stood.len() == told.len(), "resources are missing")?;
            before.extend(stood.iter().map(texts_of));
            after.extend(told.iter().map(texts_of));
            if kind == "Patient" {
                first = url.to_owned();
                patients =
                    stood.iter().zip(&told).map(|(stood, told)| (stood["id"].clone(), told["id"].clone())).collect();
            }
            // Whoever was one patient still is.
            for (stood, told) in stood.iter().zip(&told) {
                let of = |one: &Value| {
                    one["subject"]["reference"]
                        .as_str()
                        .and_then(|text| Some(text.strip_prefix("Patient/")?.to_owned()))
                };
                if let (Some(stood), Some(told)) = (of(stood), of(told)) {
                    let known = patients.iter().find(|(id, _)| *id == stood.as_str());
                    expect(known.is_none_or(|(_, token)| *token == told.as_str()), "a patient has two tokens")?;
                    named += usize::from(known.is_some());
                }
            }
        }
        let hidden = self.hides(&before, &after)?;
        let proved = format!(
            "{} files, {hidden} identifiers, none is left; {} patients, each one token, named {named} times",
            files.len(),
            patients.len()
        );
        Ok(Shown::proving(proved).naming(APPROVAL, approval).naming(STATE, state).naming(FILE, first))
    }

    /// Signs as the one who approves.
    fn approve(&self, approval: &str) -> Result<(), Broken> {
        let key = self.house.officer().display().to_string();
        self.house.run(&["approvals", "approve", approval, "--key", &key, "--reason", "recall, ticket 4711"]).map(drop)
    }

    /// The command that does so.
    fn approving(&self) -> String {
        let key = self.house.officer();
        format!("blackbar approvals approve {APPROVAL} --key {} --reason 'recall, ticket 4711'", key.display())
    }

    /// What the agent read.
    fn read_file(&self) -> std::path::PathBuf {
        self.house.folder().join("what-it-read.json")
    }

    /// What needs a database, where there is one.
    fn clinic(&self) -> Result<usize, Error> {
        let Some((database, address)) = &self.house.clinic else {
            print(b"\nNo SQL here: this machine has no PostgreSQL server (on Debian: apt-get install postgresql)\n")?;
            return Ok(0);
        };
        let psql = format!("PGPASSWORD=$BLACKBAR_TOKEN psql -h 127.0.0.1 -p {} -U demo-agent postgres", address.port());
        let direct = |sql: &str| database.ask(database.port(), "postgres", None, sql);
        let agent = |sql: &str| database.ask(address.port(), "demo-agent", Some(&self.house.token), sql);
        let query = "SELECT name, birth_date, mrn, phone FROM patients WHERE id < 4";
        let rows = || {
            let (before, after) = (direct(query)?, agent(query)?);
            let hidden = self.hides(&before, &after)?;
            let pairs = before.lines().zip(after.lines());
            let rows = pairs.map(|(before, after)| (String::new(), before.to_owned(), after.to_owned())).collect();
            Ok(Shown::of(rows, format!("{hidden} identifiers stood there, none is left; dates are still dates")))
        };
        let by_token = || {
            let token = agent("SELECT mrn FROM patients WHERE id = 1")?;
            expect(token.starts_with("bb-mrn-"), "the record number is no token")?;
            let found = agent(&format!("SELECT id FROM patients WHERE mrn = '{}'", token.trim()))?;
            expect(found.trim() == "1", "the token does not find its patient")?;
            let proved = "the token found the patient whose record number it stands for";
            Ok(Shown::proving(proved).naming(MRN, token.trim()))
        };
        let copy = "COPY patients TO STDOUT (FORMAT csv)";
        let copied = || {
            let (before, after) = (direct(copy)?, agent(copy)?);
            let hidden = self.hides(&before, &after)?;
            Ok(Shown::proving(format!("{hidden} identifiers in rows and notes, none is left")))
        };
        let mut failed = self.step("The same in SQL, by psql itself", &format!("{psql} -c '{query}'"), rows())?;
        failed += self.step(
            "A token that was read, in a condition",
            &format!("{psql} -c \"SELECT id FROM patients WHERE mrn = '{MRN}'\""),
            by_token(),
        )?;
        failed += self.step("COPY", &format!("{psql} -c '{copy}'"), copied())?;
        failed += self.step(
            "A SELECT of everybody waits on its connection, and goes on when a person signs in another terminal",
            &format!("{psql} -c '{EVERYBODY}'\n  $ {}", self.approving()),
            self.held(database, address.port()),
        )?;
        Ok(failed)
    }

    /// psql waits, a person signs, psql goes on.
    fn held(&self, database: &Database, port: u16) -> Result<Shown, Broken> {
        let failed = |error: std::io::Error| Broken::io("psql", &error);
        let mut psql = database.psql(port, "demo-agent", Some(&self.house.token), EVERYBODY);
        let mut psql = psql.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(failed)?;
        let told = psql.stderr.take().ok_or_else(|| Broken::new("psql tells nothing"))?;
        let mut notices = BufReader::new(told).lines().map_while(Result::ok);
        let approval = notices.find_map(|line| line.split_once("approval=").map(|(_, id)| id.trim().to_owned()));
        let approval = approval.ok_or_else(|| Broken::new("nobody told psql that it waits"))?;
        expect(psql.try_wait().map_err(failed)?.is_none(), "psql did not wait")?;
        self.approve(&approval)?;
        // What it is told further does not fill its pipe.
        let reader = std::thread::spawn(move || notices.for_each(drop));
        let output = psql.wait_with_output().map_err(failed)?;
        let _ = reader.join();
        expect(output.status.success(), "what was approved did not run")?;
        let answer = String::from_utf8_lossy(&output.stdout).into_owned();
        let before = database.ask(database.port(), "postgres", None, EVERYBODY)?;
        let hidden = self.hides(&before, &answer)?;
        expect(before.lines().count() == answer.lines().count(), "rows are missing")?;
        let shown = self.house.run(&["approvals", "show", &approval])?;
        expect(String::from_utf8_lossy(&shown.stdout).contains("consumed"), "the approval was not used up")?;
        let proved = format!("{approval} was held, signed and used once: {hidden} identifiers replaced");
        Ok(Shown::proving(proved).naming(APPROVAL, approval))
    }

    async fn bulk(&self) -> Result<Shown, Broken> {
        let url = format!("http://{}/fhir/Patient", self.house.fhir);
        let held = self.client.send(&Ask::get(&url).header("authorization", &self.bearer)).await?;
        expect(held.status == 403, "a search over everybody was not held")?;
        expect(held.json()["type"] == "urn:blackbar:approval-required", "a refusal has another type")?;
        let approval = held.json()["approval_id"].as_str().unwrap_or_default().to_owned();
        self.approve(&approval)?;
        let again = Ask::get(&url).header("authorization", &self.bearer).header("blackbar-approval", &approval);
        let bundle = self.client.send(&again).await?;
        expect(bundle.status == 200, "what was approved did not run")?;
        let everybody = format!("http://{}/fhir/Patient", self.house.upstream);
        let before = self.client.send(&Ask::get(everybody)).await?;
        let hidden = self.hides(&texts_of(&before.json()), &texts_of(&bundle.json()))?;
        let third = self.client.send(&again).await?;
        expect(third.status == 403, "an approval let two requests through")?;
        let proved = format!("held, approved, run once with {hidden} identifiers replaced, and held again");
        Ok(Shown::proving(proved).naming(APPROVAL, approval))
    }

    /// The console lets somebody in by a link, once, and shows what happened without an identifier.
    async fn console(&self) -> Result<Shown, Broken> {
        let link = self.house.link()?;
        let secret = link.split_once("?link=").map(|(_, secret)| secret.to_owned());
        let secret = secret.ok_or_else(|| Broken::new("the link has another form"))?;
        let base = format!("http://{}", self.house.console);
        let sign_in = || Ask {
            method: "POST",
            url: format!("{base}/login"),
            headers: vec![("origin", base.as_str()), ("content-type", "application/x-www-form-urlencoded")],
            body: None,
            form: format!("link={secret}"),
        };
        let signed_in = self.client.send(&sign_in()).await?;
        let cookie = signed_in.cookie.ok_or_else(|| Broken::new("the link did not sign in"))?;
        expect(self.client.send(&sign_in()).await?.status == 403, "a link signed in twice")?;
        let begun = Instant::now();
        // The console sees what is under a signed checkpoint, about a second later.
        let listed = loop {
            let page = self.client.send(&Ask::get(format!("{base}/sessions")).header("cookie", &cookie)).await?;
            if page.text().contains("demo-agent") {
                break page.text();
            }
            expect(begun.elapsed() < Duration::from_secs(40), "the console does not show the agent's sessions")?;
            tokio::time::sleep(Duration::from_millis(200)).await;
        };
        let mut pages = String::new();
        for session in listed.split("/sessions/").filter_map(|rest| rest.split('"').next()).filter(|id| id.len() > 30) {
            let url = format!("{base}/sessions/{session}");
            pages += &self.client.send(&Ask::get(url).header("cookie", &cookie)).await?.text();
            if pages.contains("<mark") {
                break;
            }
        }
        expect(pages.contains("<mark"), "the timelines show nothing that was replaced")?;
        let seen = self.world.kinds_in(&(listed + &pages)).len();
        expect(seen == 0, "an identifier stands on a page of the console")?;
        let metrics = self.client.send(&Ask::get(format!("http://{}/metrics", self.house.operations))).await?.text();
        let counted = metrics.lines().filter(|line| line.starts_with("blackbar_findings_total")).count();
        expect(counted > 3, "the findings were not counted")?;
        expect(self.world.kinds_in(&metrics).is_empty(), "an identifier stands in the metrics")?;
        let proved = format!("a link that signs in once; pages without an identifier; {counted} kinds counted");
        Ok(Shown::proving(proved))
    }

    /// The patient again, by the token that stands for its id.
    async fn follow(&self, patient: &str) -> Result<Shown, Broken> {
        let (_, first) = self.both(&format!("/fhir/Patient/{patient}")).await?;
        let token = first["id"].as_str().unwrap_or_default().to_owned();
        expect(token.starts_with("bb-"), "the id is no token")?;
        let url = format!("http://{}/fhir/Patient/{token}", self.house.fhir);
        let again = self.client.send(&Ask::get(url).header("authorization", &self.bearer)).await?;
        expect(again.status == 200 && again.json() == first, "the token did not lead back to the patient")?;
        let proved = "the same answer as by the id itself, which the agent never saw";
        Ok(Shown::proving(proved).naming(TOKEN, token))
    }

    async fn write_back(&self, patient: &str) -> Result<Shown, Broken> {
        let (_, read) = self.both(&format!("/fhir/Patient/{patient}")).await?;
        let token = read["id"].as_str().unwrap_or_default().to_owned();
        let again = read.to_string();
        let url = format!("http://{}/fhir/Patient/{token}", self.house.fhir);
        let mut put = Ask::post(url, read).header("authorization", &self.bearer);
        put.method = "PUT";
        let reply = self.client.send(&put).await?;
        expect(reply.status == 422, "a redacted patient was written over the real one")?;
        let file = self.read_file();
        std::fs::write(&file, again).map_err(|error| Broken::io("a file", &error))?;
        Ok(Shown::proving("422, and the upstream has nothing of it").naming(TOKEN, token))
    }

    fn record(&self) -> Result<Shown, Broken> {
        // A leaf is under a signed checkpoint about a second after it was recorded.
        let data = self.data().display().to_string();
        let begun = Instant::now();
        loop {
            let listed = self.house.run(&["sessions", "list", "--format", "json"])?;
            let seen = self.world.kinds_in(&String::from_utf8_lossy(&listed.stdout)).len();
            expect(seen == 0, "an identifier stands in the list of sessions")?;
            match self.house.run(&["verify", &data]) {
                Ok(verified) => {
                    let said = String::from_utf8_lossy(&verified.stdout);
                    let first = said.lines().next().unwrap_or_default().trim().to_owned();
                    return Ok(Shown::proving(first));
                }
                Err(broken) if begun.elapsed() > Duration::from_secs(40) => return Err(broken),
                Err(_) => std::thread::sleep(Duration::from_millis(200)),
            }
        }
    }

    /// The same document from the upstream and through the gateway.
    async fn both(&self, path: &str) -> Result<(Value, Value), Broken> {
        let before = self.client.send(&Ask::get(format!("http://{}{path}", self.house.upstream))).await?;
        let after = Ask::get(format!("http://{}{path}", self.house.fhir)).header("authorization", &self.bearer);
        let after = self.client.send(&after).await?;
        expect(after.status == 200, "the gateway refused what its policy permits")?;
        expect(after.json() != Value::Null, "the answer is not JSON any more")?;
        Ok((before.json(), after.json()))
    }

    /// How many identifiers stood there before; it is broken when one is left.
    fn hides(&self, before: &str, after: &str) -> Result<usize, Broken> {
        let (stood, left) = (self.world.seen_in(before), self.world.kinds_in(after));
        expect(stood > 0, "there was nothing to hide")?;
        expect(left.is_empty(), &format!("{} of {stood} identifiers are left: {}", left.len(), left.join(", ")))?;
        Ok(stood)
    }

    fn data(&self) -> std::path::PathBuf {
        self.house.folder().join("data")
    }
}

fn expect(holds: bool, otherwise: &str) -> Result<(), Broken> {
    if holds { Ok(()) } else { Err(Broken::new(otherwise)) }
}

/// The leaves that differ, by their path.
fn differences(before: &Value, after: &Value) -> Vec<(String, String, String)> {
    fn walk(path: &str, before: &Value, after: &Value, rows: &mut Vec<(String, String, String)>) {
        match (before, after) {
            (Value::Object(before), Value::Object(after)) => {
                for (name, before) in before {
                    let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                    walk(&path, before, after.get(name).unwrap_or(&Value::Null), rows);
                }
            }
            (Value::Array(before), Value::Array(after)) => {
                for (at, (before, after)) in before.iter().zip(after).enumerate() {
                    walk(&format!("{path}[{at}]"), before, after, rows);
                }
            }
            _ if before == after => {}
            _ => rows.push((path.to_owned(), plain(before), plain(after))),
        }
    }
    let mut rows = Vec::new();
    walk("", before, after, &mut rows);
    rows
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The beginning of a text, as much of it as there is room for.
fn cut(text: &str, width: usize) -> String {
    let mut line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if line.chars().count() > width {
        line = line.chars().take(width - 1).collect();
        line.push('…');
    }
    line
}

fn seconds(duration: Duration) -> String {
    format!("{:.2} s", duration.as_secs_f64())
}
