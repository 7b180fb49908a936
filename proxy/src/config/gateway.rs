//! The sections that make a gateway: targets, identities, approvers, the console, limits.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use blackbar_ledger::RootKeyFile;

use super::console::{self, ConsoleSection, ExchangeSection, OperationsSection};
use super::emergency::{self, EmergencySection};
use super::fuse::{self, FuseSection};
use super::keeping::{self, Keeping};
use super::limits::{self, Limits};
use super::notify::{self, Event, NotifySection};
use super::people::{self, ApproverSection, IdentitySection, WorkloadSection};
use super::secret::Secret;
use super::target::{self, Protocol, Target};
use super::toml::Table;
use crate::error::{Error, Id};

/// What `blackbar serve` needs to know beside profiles and detectors. Nothing in it was opened or bound yet.
#[derive(Debug)]
pub(crate) struct Gateway {
    /// Ledger, recordings, state.
    pub(crate) data_dir: PathBuf,
    /// The folder of the policies, beside the configuration.
    pub(crate) policies: PathBuf,
    /// Wraps the keys of recordings.
    pub(crate) root_key: Option<Secret>,
    pub(crate) console: Option<ConsoleSection>,
    pub(crate) operations: Option<OperationsSection>,
    pub(crate) exchange: Option<ExchangeSection>,
    /// Whether what `serve` says on stderr is JSON.
    pub(crate) log_json: bool,
    pub(crate) identities: Vec<IdentitySection>,
    pub(crate) workloads: Vec<WorkloadSection>,
    pub(crate) targets: Vec<Target>,
    pub(crate) approvers: Vec<ApproverSection>,
    pub(crate) limits: Limits,
    pub(crate) fuse: FuseSection,
    pub(crate) keeping: Keeping,
    pub(crate) notify: Vec<NotifySection>,
    pub(crate) emergency: Option<EmergencySection>,
}

impl Default for Gateway {
    fn default() -> Self {
        Self {
            data_dir: PathBuf::from(DATA_DIR),
            policies: PathBuf::from(POLICIES),
            root_key: None,
            console: None,
            operations: None,
            exchange: None,
            log_json: false,
            identities: Vec::new(),
            workloads: Vec::new(),
            targets: Vec::new(),
            approvers: Vec::new(),
            limits: Limits::default(),
            fuse: FuseSection::default(),
            keeping: Keeping::default(),
            notify: Vec::new(),
            emergency: None,
        }
    }
}

const DATA_DIR: &str = "blackbar-data";
const POLICIES: &str = "policies";

impl Gateway {
    /// The key above the keys of recordings.
    pub(crate) fn root_key(&self) -> Result<RootKeyFile, Error> {
        let root = self.root_key.as_ref().ok_or_else(|| {
            let error = Error::new(Id::RootKeyMissing, "no root key is configured, so nothing could be recorded");
            error.hint("`blackbar init` writes one; name it under [keys] with root = { file = \"root.key\" }")
        })?;
        root.root_key()
    }

    /// The addresses that clients reach its HTTP targets by, where the configuration names them.
    pub(crate) fn own_addresses(&self) -> Vec<String> {
        let http = self.targets.iter().filter_map(|target| match &target.protocol {
            Protocol::Http(http) => http.public_url.as_ref(),
            Protocol::Postgres(_) => None,
        });
        http.map(ToString::to_string).collect()
    }

    /// Reads the sections. Paths are relative to `folder`.
    pub(super) fn read(root: &Table<'_, '_>, folder: &Path, root_key: Option<Secret>) -> Result<Self, Error> {
        let mut listeners = Listeners::default();
        let targets = target::targets(root, folder, &mut listeners)?;
        let console = console::console(root, folder, &mut listeners)?;
        let operations = console::operations(root, folder, &mut listeners)?;
        let (identities, workloads) = people::identities(root, folder)?;
        let (approvers, limits) = (people::approvers(root)?, limits::limits(root)?);
        let exchange = console::exchange(root, folder, &mut listeners, limits.max_ttl)?;
        let notify = notify::notify(root, folder)?;
        let told = notify.iter().any(|section| section.events.contains(&Event::BreakGlass));
        let emergency = emergency::emergency(root, &approvers, told, limits.max_ttl)?;
        Ok(Self {
            data_dir: folder.join(root.string("data_dir")?.unwrap_or(DATA_DIR)),
            policies: folder.join(POLICIES),
            root_key,
            console,
            operations,
            exchange,
            log_json: console::log(root)?,
            identities,
            workloads,
            targets,
            approvers,
            limits,
            fuse: fuse::fuse(root)?,
            keeping: keeping::keeping(root, folder)?,
            notify,
            emergency,
        })
    }
}

/// The addresses that were given out so far.
#[derive(Debug, Default)]
pub(super) struct Listeners(Vec<(SocketAddr, String)>);

impl Listeners {
    /// Two listeners at one address cannot both be had. Port 0 asks the system for a free one.
    pub(super) fn add(&mut self, address: SocketAddr, place: &str) -> Result<(), Error> {
        let taken = self.0.iter().find(|(other, _)| {
            let same_host = other.ip() == address.ip() || other.ip().is_unspecified() || address.ip().is_unspecified();
            other.port() == address.port() && same_host && address.port() != 0
        });
        if let Some((_, first)) = taken {
            let error = Error::new(Id::ConfigListen, format!("{address} is listened on already, by {first}"));
            return Err(error.at(place).hint("give each listener an address of its own"));
        }
        self.0.push((address, place.to_owned()));
        Ok(())
    }
}

/// Credentials and content cross a network under TLS only.
pub(super) fn cleartext(address: SocketAddr, tls: bool, place: &str) -> Result<(), Error> {
    if tls || address.ip().is_loopback() {
        return Ok(());
    }
    let error = Error::new(Id::ConfigListen, format!("{address} is not loopback, and there is no TLS"));
    Err(error.at(place).hint("add tls = { cert = \"…\", key = \"…\" }, or listen on 127.0.0.1"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::Config;
    use super::super::target::{Mode, Protocol, Record};
    use super::*;

    fn parse(text: &str) -> Result<Gateway, String> {
        Config::parse("b.toml", text, Path::new("/site"))
            .map(|config| config.gateway)
            .map_err(|error| error.to_string())
    }

    fn target(more: &str) -> String {
        format!(
            "[[target]]\nname = \"a\"\nprotocol = \"http\"\nlisten = \"127.0.0.1:1\"\nupstream = \"http://h:9/\"\n{more}\n"
        )
    }

    #[test]
    fn the_contract_s_example_means_what_it_says() {
        let text = include_str!("../../tests/data/blackbar.toml");
        let gateway = parse(text).unwrap();
        assert_eq!(gateway.data_dir, Path::new("/site/blackbar-data"));
        assert_eq!(gateway.console.unwrap().listen.port(), 8700);
        let [ehr, fhir] = &gateway.targets[..] else { panic!("two targets") };
        assert!(matches!(ehr.protocol, Protocol::Postgres(_)));
        assert_eq!((ehr.hold, ehr.record), (Duration::from_secs(120), Record::Strict));
        let Protocol::Http(http) = &fhir.protocol else { panic!("the second is HTTP") };
        assert_eq!(http.token_headers, ["authorization", "x-api-key"]);
        assert_eq!(http.public_url.as_ref().unwrap().to_string(), "https://fhir.clinic.example");
        assert_eq!(fhir.credential.as_ref().unwrap().header.as_deref(), Some("authorization"));
        assert_eq!(gateway.identities[0].groups, [("okta-privacy".to_owned(), "privacy-officers".to_owned())]);
        assert_eq!(gateway.approvers[0].subject, "officer-1");
    }

    #[test]
    fn what_must_not_run_is_refused_with_its_line() {
        for (text, expected) in [
            (target("").repeat(2), "b.toml:8: there is another target \"a\" [BB-CONFIG-004]"),
            (
                target("").replace("127.0.0.1:1", "0.0.0.0:1"),
                "b.toml:4: 0.0.0.0:1 is not loopback, and there is no TLS; add tls",
            ),
            (
                format!("{}{}", target(""), target("").replace("\"a\"", "\"b\"")),
                "b.toml:10: 127.0.0.1:1 is listened on already, by b.toml:4;",
            ),
            (format!("{}[console]\nlisten = \"127.0.0.1:1\"", target("")), "b.toml:8: 127.0.0.1:1 is listened on"),
            (target("mode = \"observe\""), "b.toml:6: observe mode needs observe_until"),
            (target("mode = \"observe\"\nobserve_until = \"soon\""), "expected a date"),
            (target("observe_until = 2027-01-31"), "observe_until belongs to mode = \"observe\""),
            (target("profile = \"pass\""), "needs allow_unredacted = true"),
            (target("auth = \"scram\""), "unknown key \"auth\""),
            (target("token_headers = [\"cookie\"]"), "cannot carry a credential"),
            (target("record = \"strickt\""), "did you mean \"strict\"?"),
            (target("hold = \"5 parsecs\""), "expected a duration"),
            (target("").replace("http://h:9/", "ftp://h"), "expected an http:// or https:// URL"),
            (target("").replace("http://h:9/", "http://u:p@h"), "no credentials"),
            (target("").replace("http://h:9/", "http://h/?q=1"), "no query"),
            (target("credential = \"hunter2\""), "secrets are never written here"),
            ("[limits]\nconnections = 0".into(), "b.toml:2: expected a whole number from 1"),
            ("[[approver]]\nsubject = \"o\"\nkey = \"rsa:x\"".into(), "b.toml:3: expected a public key"),
            ("[[identity]]\nissuer = \"http://id\"\naudience = \"b\"".into(), "b.toml:2: expected an https:// URL"),
            ("[[identity]]\nspiffe = \"Clinic\"".into(), "b.toml:2: expected a trust domain"),
            ("[[identity]]\nspiffe = \"a\"\naudience = \"b\"".into(), "b.toml:3: unknown key \"audience\""),
            (
                "[[identity]]\nspiffe = \"a\"\n[[identity]]\nspiffe = \"a\"".into(),
                "another identity with this trust domain",
            ),
            ("[[identity]]\nspiffe = \"a\"\npeople = [\"p\"]".into(), "\"p\" is no path of a SPIFFE id"),
        ] {
            let error = parse(&text).expect_err(&text);
            assert!(error.contains(expected), "{error}\n  lacks {expected}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn observing_ends_on_a_day() {
        let gateway = parse(&target("mode = \"observe\"\nobserve_until = 2027-01-31")).unwrap();
        let Mode::Observe { until } = gateway.targets[0].mode else { panic!("it observes") };
        // The whole last day counts.
        assert_eq!(until, 1_801_440_000);
    }
}
