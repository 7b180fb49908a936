//! The clinic's database, where the machine has PostgreSQL: a private server on loopback, gone with the demo.

use std::process::Command;

use serde_json::Value;

use super::Broken;
use super::world::World;
use crate::private_postgres::{Options, Server};

/// A running server with the clinic's patients in it.
pub(super) struct Database {
    server: Server,
}

const NAME: &str = "postgres";

impl Database {
    /// Starts one; `None` where there is no PostgreSQL.
    pub(super) fn start(world: &World) -> Result<Option<Self>, Broken> {
        let Some(server) = Server::start(&Options::default()).map_err(failed)? else { return Ok(None) };
        let database = Self { server };
        database.fill(world)?;
        Ok(Some(database))
    }

    /// Makes the table and copies the patients into it.
    fn fill(&self, world: &World) -> Result<(), Broken> {
        let table = "CREATE TABLE patients (id int PRIMARY KEY, name text, birth_date date, mrn text, phone text, email text, note text);";
        let mut script = format!("{table}\nCOPY patients FROM STDIN;\n");
        for (at, patient) in world.resources("Patient").iter().enumerate() {
            let telecom = |system: &str| {
                let all = patient["telecom"].as_array().into_iter().flatten();
                all.filter(|one| one["system"] == system).find_map(|one| one["value"].as_str())
            };
            let name = &patient["name"][0];
            let name = name["text"].as_str().map(str::to_owned).unwrap_or_else(|| {
                let given = name["given"].as_array().into_iter().flatten().filter_map(Value::as_str);
                given.chain(name["family"].as_str()).collect::<Vec<_>>().join(" ")
            });
            let note = String::from_utf8_lossy(&world.note(at).text).into_owned();
            let cells = [
                Some((at + 1).to_string()),
                Some(name),
                patient["birthDate"].as_str().filter(|date| date.len() == 10).map(str::to_owned),
                Some(format!("MRN{:07}", 4_400_000 + at * 137)),
                telecom("phone").map(str::to_owned),
                telecom("email").map(str::to_owned),
                Some(note),
            ];
            script.push_str(&cells.map(|cell| cell.map_or_else(|| "\\N".to_owned(), |cell| copied(&cell))).join("\t"));
            script.push('\n');
        }
        script.push_str("\\.\n");
        self.server.run(NAME, &script).map_err(failed)
    }

    /// Where it listens.
    pub(super) const fn port(&self) -> u16 {
        self.server.port()
    }

    /// What a statement says as `user` at this port, in unaligned rows.
    pub(super) fn ask(&self, port: u16, user: &str, password: Option<&str>, sql: &str) -> Result<String, Broken> {
        let output = self.psql(port, user, password, sql).output();
        let output = output.map_err(|error| Broken::io("psql", &error))?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        Err(Broken::new(format!("psql: {}", String::from_utf8_lossy(&output.stderr).trim())))
    }

    /// psql with a statement, not yet begun.
    pub(super) fn psql(&self, port: u16, user: &str, password: Option<&str>, sql: &str) -> Command {
        let mut psql = self.server.psql_at(port, user, NAME, password);
        psql.args(["-A", "-t", "-F", " | ", "-c", sql]);
        psql
    }
}

fn failed(error: std::io::Error) -> Broken {
    Broken::new(format!("the database: {error}"))
}

/// A cell in COPY's text form.
fn copied(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r").replace('\t', "\\t")
}
