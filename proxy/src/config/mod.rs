//! `blackbar.toml`: read into values that hold together. Nothing is opened or bound here.

mod allow;
mod console;
mod detector;
mod emergency;
mod fuse;
mod gateway;
pub(crate) mod keeping;
mod limits;
pub(crate) mod notify;
mod people;
mod postgres;
mod secret;
mod target;
mod toml;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use blackbar_engine::Detector;
use blackbar_engine::operator::Operator;

pub(crate) use self::allow::{AllowEntry, allow_file};
pub(crate) use self::console::{ConsoleSection, LoginSection, Role};
use self::detector::DetectorSection;
pub(crate) use self::emergency::EmergencySection;
pub(crate) use self::fuse::FuseSection;
pub(crate) use self::gateway::Gateway;
pub(crate) use self::keeping::Retention;
pub(crate) use self::limits::Limits;
pub(crate) use self::people::{ApproverSection, Claim, IdentitySection, WorkloadSection};
pub(crate) use self::postgres::Server;
pub(crate) use self::secret::Secret;
pub(crate) use self::target::{
    Credential, HttpTarget, Mode, Origin, PostgresAuth, PostgresTarget, Protocol, Record, Target, TlsFiles,
    UnknownTypes, Unlabelled,
};
use self::toml::{Document, Table, Value};
pub(crate) use self::toml::{days_since_1970, duration};
use crate::cli::percent;
use crate::error::{Error, Id, did_you_mean};
use crate::notes;
use crate::output::digest::sha256;

/// A read configuration; empty when there is none.
#[derive(Debug, Default)]
pub(crate) struct Config {
    pub(crate) profiles: Vec<ProfileSection>,
    pub(crate) site: Site,
    /// The key of token, fpe, shift and surrogate.
    pub(crate) tokens: Option<Secret>,
    pub(crate) gateway: Gateway,
    /// The file that it came from.
    pub(crate) path: Option<PathBuf>,
    /// What identifies its text in the record; nothing where there is no file.
    pub(crate) sha256: String,
}

/// What belongs to the site and not to a profile.
#[derive(Debug, Default)]
pub(crate) struct Site {
    pub(crate) allow: Vec<AllowEntry>,
    detectors: Vec<DetectorSection>,
}

/// `[profile.name]`
#[derive(Clone, Debug, Default)]
pub(crate) struct ProfileSection {
    pub(crate) name: String,
    pub(crate) place: String,
    pub(crate) base: Option<String>,
    pub(crate) kinds: Vec<Choice>,
    /// Columns among them: in a file they are fields like others.
    pub(crate) fields: Vec<Choice>,
    /// Columns of databases.
    pub(crate) columns: Vec<Choice>,
    pub(crate) subject: Vec<String>,
    pub(crate) off: Vec<Named>,
    /// In percent.
    pub(crate) min_confidence: Option<u8>,
}

/// A kind, column or field and its operator.
#[derive(Clone, Debug)]
pub(crate) struct Choice {
    pub(crate) of: String,
    pub(crate) operator: Operator,
    pub(crate) place: String,
}

/// A name and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    pub(crate) name: String,
    pub(crate) place: String,
}

impl Site {
    /// The site's own detectors.
    pub(crate) fn detectors(&self) -> Result<Vec<Detector>, Error> {
        self.detectors.iter().map(DetectorSection::detector).collect()
    }

    /// What decides what its detectors find, for the hash of a profile.
    pub(crate) fn definitions(&self) -> Vec<String> {
        self.detectors.iter().map(DetectorSection::definition).collect()
    }
}

impl Config {
    /// Finds and reads the configuration: `--config`, `$BLACKBAR_CONFIG`, `./blackbar.toml`, `/etc/blackbar/blackbar.toml`.
    pub(crate) fn load(given: Option<&Path>) -> Result<Self, Error> {
        let named = given
            .map(Path::to_owned)
            .or_else(|| env::var_os("BLACKBAR_CONFIG").filter(|value| !value.is_empty()).map(PathBuf::from));
        let usual = || {
            let places = ["blackbar.toml", "/etc/blackbar/blackbar.toml"];
            places.iter().map(PathBuf::from).find(|path| path.exists())
        };
        let Some(path) = named.or_else(usual) else { return Ok(Self::default()) };
        notes::info(format_args!("configuration: {}", path.display()));
        let text = read(&path)?;
        let config = Self::parse(&path.display().to_string(), &text, path.parent().unwrap_or_else(|| Path::new("")))?;
        Ok(Self { path: Some(path), sha256: sha256(&text), ..config })
    }

    /// Reads the text of a configuration. Paths in it are relative to `folder`.
    pub(crate) fn parse(name: &str, text: &str, folder: &Path) -> Result<Self, Error> {
        let document = Document::parse(name, text)?;
        let root = document.root();
        let mut config = Self { site: site(&root, folder)?, ..Self::default() };
        let mut root_key = None;
        if let Some(keys) = root.get("keys") {
            let keys = keys.table()?;
            config.tokens = keys.get("tokens").map(|value| Secret::read(value, folder)).transpose()?;
            root_key = keys.get("root").map(|value| Secret::read(value, folder)).transpose()?;
            keys.finish()?;
        }
        if let Some(profiles) = root.get("profile") {
            for (name, value) in profiles.table()?.entries() {
                let table = value.table()?;
                config.profiles.push(ProfileSection { name: name.to_owned(), ..profile(&table)? });
                table.finish()?;
            }
        }
        config.gateway = Gateway::read(&root, folder, root_key)?;
        root.finish()?;
        Ok(config)
    }
}

/// A file that holds one profile, and perhaps detectors, rosters and allow lists of its own.
pub(crate) fn profile_file(path: &Path) -> Result<(ProfileSection, Site), Error> {
    let text = read(path)?;
    let name = path.display().to_string();
    let document = Document::parse(&name, &text)?;
    let root = document.root();
    let site = site(&root, path.parent().unwrap_or_else(|| Path::new("")))?;
    let title = root.string("name")?.map(str::to_owned);
    let stem = || path.file_stem().map_or_else(|| name.clone(), |stem| stem.display().to_string());
    let section = ProfileSection { name: title.unwrap_or_else(stem), ..profile(&root)? };
    root.finish()?;
    Ok((section, site))
}

fn read(path: &Path) -> Result<String, Error> {
    let failed = |error: &std::io::Error| Error::io(Id::ConfigUnreadable, "cannot be read", error).at_path(path);
    let bytes = fs::read(path).map_err(|error| failed(&error))?;
    String::from_utf8(bytes).map_err(|_| Error::new(Id::ConfigSyntax, "not TOML: it is no UTF-8").at_path(path))
}

fn site(root: &Table<'_, '_>, folder: &Path) -> Result<Site, Error> {
    let mut detectors = detector::detectors(root)?;
    detectors.extend(detector::rosters(root, folder)?);
    Ok(Site { allow: allow::entries(root)?, detectors })
}

fn profile(table: &Table<'_, '_>) -> Result<ProfileSection, Error> {
    let min_confidence = table
        .get("min_confidence")
        .map(|value| percent(value.number()?).ok_or_else(|| value.wrong("a number between 0 and 1")));
    let columns = choices(table, "columns")?;
    let mut fields = columns.clone();
    fields.extend(choices(table, "fields")?);
    // Only the gateway lets answers pass unredacted, and only with this.
    table.get("allow_unredacted").map(Value::truth).transpose()?;
    let named = |value: Value<'_, '_>| -> Result<Vec<Named>, Error> {
        let place = value.place();
        Ok(value.strings()?.into_iter().map(|name| Named { name: name.to_owned(), place: place.clone() }).collect())
    };
    Ok(ProfileSection {
        name: String::new(),
        place: table.place(),
        base: table.string("base")?.map(str::to_owned),
        kinds: choices(table, "kinds")?,
        fields,
        columns,
        subject: table.strings("subject")?.into_iter().map(str::to_owned).collect(),
        off: table.get("off").map_or_else(|| Ok(Vec::new()), named)?,
        min_confidence: min_confidence.transpose()?,
    })
}

fn choices(table: &Table<'_, '_>, key: &'static str) -> Result<Vec<Choice>, Error> {
    let Some(value) = table.get(key) else { return Ok(Vec::new()) };
    let read = |(of, value): (&str, Value<'_, '_>)| {
        let operator = operator(value.string()?).map_err(|error| error.at(value.place()))?;
        Ok(Choice { of: of.to_owned(), operator, place: value.place() })
    };
    value.table()?.entries().map(read).collect()
}

/// Reads the name of an operator.
pub(crate) fn operator(name: &str) -> Result<Operator, Error> {
    name.parse().map_err(|_| {
        let names = Operator::ALL.map(Operator::name);
        let what = format!("unknown operator \"{name}\"{}", did_you_mean(name, names));
        Error::new(Id::UnknownOperator, what).hint(format!("there are {}", names.join(" ")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config, String> {
        Config::parse("blackbar.toml", text, Path::new("")).map_err(|error| error.to_string())
    }

    #[test]
    fn the_contract_s_example_is_read() {
        let config = parse(include_str!("../../tests/data/blackbar.toml")).unwrap();
        let agents = &config.profiles[0];
        assert_eq!((agents.name.as_str(), agents.base.as_deref()), ("agents", Some("safe-harbor")));
        assert_eq!((agents.kinds[0].of.as_str(), agents.kinds[0].operator), ("date", Operator::Shift));
        assert_eq!(agents.fields.len(), 3);
        assert!(config.tokens.is_some());
    }

    #[test]
    fn every_key_is_documented() {
        // Between them they have every section, so every key is asked for.
        parse(include_str!("../../tests/data/blackbar.toml")).unwrap();
        parse(
            "[keys]\nroot = { file = \"k\" }\n[limits]\n[operations]\n[log]\n[exchange]\n[console]\nlogin = { issuer = \"https://id.example\", client_id = \"c\" }\n[[detector]]\nid = \"a\"\nkind = \"mrn\"\nwords = [\"x\"]\n[[roster]]\nid = \"b\"\nkind = \"mrn\"\nfile = \"r\"\n[[allow]]\nvalue = \"x\"\nreason = \"y\"\n[[identity]]\nspiffe = \"clinic.example\"\n[[approver]]\nsubject = \"o\"\ngroups = [\"officers\"]\nkey = \"ed25519:x\"\n[[notify]]\nname = \"n\"\nto = \"https://h.example\"\n[break_glass]\nreviewers = \"officers\"\n[[break_glass.person]]\nsubject = \"p\"\nkey = \"ed25519:y\"\n",
        )
        .unwrap();
        let text = include_str!("../../../docs/configuration.md");
        let forms = |key: &str| [format!("`{key}`"), format!("[{key}]"), format!("{{ {key} = "), format!("[{key}.")];
        let documented = |key: &&str| forms(key).iter().any(|form| text.contains(form));
        let missing: Vec<_> = toml::asked_for::all().into_iter().filter(|key| !documented(key)).collect();
        assert!(missing.is_empty(), "docs/configuration.md does not say {missing:?}");
    }

    /// What a section of the documents stands beside, where it cannot stand alone.
    const BESIDE: &str = "\n[[approver]]\nsubject = \"o\"\ngroups = [\"privacy-officers\"]\nkey = \"ed25519:x\"\n\
        [[notify]]\nname = \"n\"\nto = \"https://h.example\"\n\
        [[identity]]\nissuer = \"https://id.example/realms/clinic\"\naudience = \"blackbar\"\n\
        [[target]]\nname = \"x\"\nprotocol = \"http\"\nlisten = \"127.0.0.1:8099\"\nupstream = \"http://127.0.0.1:9\"\n";

    #[test]
    fn what_the_documents_show_is_read() {
        let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
        let mut seen = 0;
        for entry in fs::read_dir(docs).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|kind| kind != "md") {
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            for block in text.split("\n```toml\n").skip(1).map(|rest| rest.split("\n```").next().unwrap()) {
                seen += 1;
                // A key is no secret; what is cut short in a text is whole here.
                let key = "witness.example/one+65953566+BFnhxPJPa/XzUjA2GLkUudRSGZswE3kTbqGSOKuN5o5J";
                let block = &block.replace("witness.example/one+…", key);
                // As it is, and with what is only hinted at written out.
                let hinted: Vec<&str> = block.lines().map(|line| line.strip_prefix("# ").unwrap_or(line)).collect();
                let hinted = hinted.join("\n");
                let read = |block: &str| parse(block).or_else(|_| parse(&format!("{block}{BESIDE}"))).map(drop);
                for block in [block, &hinted] {
                    read(block).unwrap_or_else(|error| panic!("{}: {error}\n{block}", path.display()));
                }
            }
        }
        assert!(seen > 12, "only {seen} blocks were found");
    }

    #[test]
    fn an_unknown_key_names_its_line_and_the_closest_name() {
        for (text, expected) in [
            (
                "\n\n[[target]]\nname = \"ehr\"\nupsteam = \"x\"\n",
                "blackbar.toml:5: unknown key \"upsteam\", did you mean \"upstream\"? [BB-CONFIG-003]",
            ),
            ("profil = 1", "blackbar.toml:1: unknown key \"profil\", did you mean \"profile\"? [BB-CONFIG-003]"),
            (
                "[profile.a]\nbasis = \"x\"",
                "blackbar.toml:2: unknown key \"basis\", did you mean \"base\"? [BB-CONFIG-003]",
            ),
            (
                "[profile.a.kinds]\nssn = \"tokn\"",
                "blackbar.toml:2: unknown operator \"tokn\", did you mean \"token\"?; there are drop tag mask generalise surrogate token shift fpe keep [BB-USAGE-005]",
            ),
            ("[profile.a]\nmin_confidence = 2", "blackbar.toml:2: expected a number between 0 and 1 [BB-CONFIG-004]"),
            ("a = [", "blackbar.toml:1: not TOML: unclosed array, expected `]` [BB-CONFIG-002]"),
        ] {
            assert_eq!(parse(text).unwrap_err(), expected);
        }
    }
}
