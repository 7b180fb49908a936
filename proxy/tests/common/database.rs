//! A database with a gateway's folder before it. Who uses this has `private_postgres` at its root.

use tokio_postgres::{Client, Config, NoTls};

use super::common::gateway::{Gateway, free_port};
use super::common::{self, Room};
use super::private_postgres::{Options, Server};

/// A server, and the folder of a gateway with one target `ehr`.
pub(crate) struct Database {
    pub(crate) room: Room,
    pub(crate) port: u16,
    #[allow(dead_code, reason = "not everybody who has a gateway asks past it")]
    pub(crate) server: Server,
    pub(crate) credential: String,
}

impl Database {
    /// `settings` of the target, and `more` sections. `None`, with a printed reason: there is no PostgreSQL.
    pub(crate) fn new(tables: &str, policies: &[(&str, &str)], settings: &str, more: &str) -> Option<Self> {
        let Some(server) =
            Server::start(&Options { settings: &["max_connections=100"], ..Options::default() }).unwrap()
        else {
            common::skipped("this machine has no PostgreSQL server");
            return None;
        };
        server.run("postgres", tables).unwrap();
        let (room, port) = (Room::new(), free_port());
        room.run(&["init", "."]).ends(0);
        let text = format!(
            "data_dir = \"blackbar-data\"\n[keys]\nroot = {{ file = \"root.key\" }}\n{more}\n[[target]]\nname = \"ehr\"\n\
             protocol = \"postgres\"\nlisten = \"127.0.0.1:{port}\"\n\
             upstream = \"postgres://postgres@127.0.0.1:{}/postgres?sslmode=disable\"\n{settings}\n",
            server.port()
        );
        room.write("blackbar.toml", text);
        for file in room.files().iter().filter(|file| file.starts_with("policies/")) {
            std::fs::remove_file(room.path(file)).unwrap();
        }
        for (name, text) in policies {
            room.write(&format!("policies/{name}.cedar"), text);
        }
        let issued = room.run(&["token", "issue", "--subject", "agent-7", "--group", "agents", "--ttl", "8h"]);
        let credential = issued.ends(0).text().trim().to_owned();
        Some(Self { room, port, server, credential })
    }

    pub(crate) fn gateway(&self) -> Gateway {
        Gateway::start(&self.room, self.port)
    }

    #[allow(dead_code, reason = "not everybody who has a gateway asks by a driver")]
    /// How a client gets in by this port.
    pub(crate) fn config(&self, port: u16) -> Config {
        let mut config = Config::new();
        config.host("127.0.0.1").port(port).user("agent-7").dbname("ehr").password(&self.credential);
        config
    }

    #[allow(dead_code, reason = "not everybody who has a gateway asks by a driver")]
    /// A client; its connection ends when the task does.
    pub(crate) async fn client(
        &self,
        port: u16,
    ) -> Result<(Client, tokio::task::JoinHandle<()>), tokio_postgres::Error> {
        let (client, connection) = self.config(port).connect(NoTls).await?;
        let running = tokio::spawn(async move {
            // A connection that broke is told by what was asked on it.
            let _ = connection.await;
        });
        Ok((client, running))
    }

    #[allow(dead_code, reason = "not everybody who has a gateway reads its record")]
    /// The names of the sessions with the database, the oldest first.
    pub(crate) fn sessions(&self) -> Vec<String> {
        let listed = self.room.run(&["sessions", "list", "--target", "ehr", "--format", "json"]);
        let mut names: Vec<String> =
            listed.ends(0).lines().iter().map(|line| line["session"].as_str().unwrap().to_owned()).collect();
        // Their names begin with the time.
        names.sort();
        names
    }

    #[allow(dead_code, reason = "not everybody who has a gateway reads its record")]
    /// What the record says that a client got, byte for byte.
    pub(crate) fn replayed(&self, session: &str) -> Vec<u8> {
        self.room.run(&["sessions", "replay", session, "--format", "text"]).ends(0).out
    }
}
