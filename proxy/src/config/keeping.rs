//! `[retention]`, `[disclosures]`, `[[sink]]` and `[[witness]]`: how long the record is kept, and who else is told of it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use blackbar_ledger::CosignerKey;

use super::secret::Secret;
use super::toml::{Table, Value, duration};
use crate::error::{Error, Id, did_you_mean};

/// What becomes of what was recorded.
#[derive(Clone, Debug)]
pub(crate) struct Keeping {
    pub(crate) retention: Retention,
    /// Whether it is noted whose data answers held.
    pub(crate) disclosures: bool,
    pub(crate) sinks: Vec<SinkSection>,
    pub(crate) witnesses: Vec<WitnessSection>,
}

/// How long recordings are kept, from the end of their session.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Retention {
    pub(crate) usual: Period,
    /// By target.
    pub(crate) targets: Vec<(String, Period)>,
}

/// A length of time as it was written, so that the record names the policy as people do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Period {
    pub(crate) text: String,
    pub(crate) seconds: u64,
}

/// Somebody who gets every leaf.
#[derive(Clone, Debug)]
pub(crate) struct SinkSection {
    pub(crate) name: String,
    pub(crate) format: SinkFormat,
    pub(crate) to: SinkTarget,
    /// Whether the gateway is not ready when it falls behind.
    pub(crate) required: bool,
    pub(crate) behind: Duration,
    /// Roots of its certificate, instead of the system's.
    pub(crate) ca: Option<PathBuf>,
    /// Signs what is posted.
    pub(crate) secret: Option<Secret>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum SinkFormat {
    /// The leaf as it is, with its index and hash.
    Json,
    Ocsf,
    Cef,
    Fhir,
    Otlp,
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum SinkTarget {
    File(PathBuf),
    /// RFC 5424, counted by octets (RFC 6587).
    Syslog {
        tls: bool,
        host: String,
        port: u16,
    },
    /// Posted to.
    Http(http::Uri),
}

/// Somebody else who holds the log to one history.
#[derive(Clone, Debug)]
pub(crate) struct WitnessSection {
    pub(crate) name: String,
    /// What `/add-checkpoint` is put behind.
    pub(crate) url: http::Uri,
    pub(crate) key: CosignerKey,
    pub(crate) required: bool,
    pub(crate) behind: Duration,
    pub(crate) ca: Option<PathBuf>,
}

const SIX_YEARS: &str = "6y";
const BEHIND: Duration = Duration::from_secs(300);
const FORMATS: [(&str, SinkFormat); 5] = [
    ("json", SinkFormat::Json),
    ("ocsf", SinkFormat::Ocsf),
    ("cef", SinkFormat::Cef),
    ("fhir", SinkFormat::Fhir),
    ("otlp", SinkFormat::Otlp),
];

impl Default for Keeping {
    fn default() -> Self {
        Self { retention: Retention::default(), disclosures: true, sinks: Vec::new(), witnesses: Vec::new() }
    }
}

impl Default for Retention {
    fn default() -> Self {
        let usual = Period { text: SIX_YEARS.to_owned(), seconds: 6 * YEAR };
        Self { usual, targets: Vec::new() }
    }
}

#[cfg(test)]
impl Retention {
    /// How long recordings of a target are kept.
    pub(crate) fn of(&self, target: &str) -> &Period {
        self.targets.iter().find(|(name, _)| name == target).map_or(&self.usual, |(_, period)| period)
    }
}

pub(super) fn keeping(root: &Table<'_, '_>, folder: &Path) -> Result<Keeping, Error> {
    Ok(Keeping {
        retention: retention(root)?,
        disclosures: disclosures(root)?,
        sinks: sinks(root, folder)?,
        witnesses: witnesses(root, folder)?,
    })
}

fn disclosures(root: &Table<'_, '_>) -> Result<bool, Error> {
    let Some(value) = root.get("disclosures") else { return Ok(true) };
    let table = value.table()?;
    let index = table.get("index").map(Value::truth).transpose()?.unwrap_or(true);
    table.finish()?;
    Ok(index)
}

fn retention(root: &Table<'_, '_>) -> Result<Retention, Error> {
    let mut retention = Retention::default();
    let Some(value) = root.get("retention") else { return Ok(retention) };
    let table = value.table()?;
    // Whoever shortens it must say twice that this is meant: the floor is what an auditor reads first.
    let floor = table.get("floor").map(period).transpose()?.unwrap_or_else(|| retention.usual.clone());
    let checked = |value: Value<'_, '_>| -> Result<Period, Error> {
        let period = period(value)?;
        if period.seconds < floor.seconds {
            let error =
                Error::new(Id::ConfigValue, format!("{} is less than the floor of {}", period.text, floor.text));
            return Err(error.at(value.place()).hint("keep it longer, or lower floor in [retention]"));
        }
        Ok(period)
    };
    match table.get("default") {
        Some(value) => retention.usual = checked(value)?,
        None if retention.usual.seconds < floor.seconds => retention.usual = floor.clone(),
        None => {}
    }
    if let Some(targets) = table.get("targets") {
        for (name, value) in targets.table()?.entries() {
            retention.targets.push((name.to_owned(), checked(value)?));
        }
    }
    table.finish()?;
    Ok(retention)
}

/// A year counts 366 days, so that nothing is deleted a day early.
const YEAR: u64 = 366 * 86_400;

fn period(value: Value<'_, '_>) -> Result<Period, Error> {
    let wrong = || value.wrong("a length of time such as \"6y\" or \"400d\"");
    let text = value.string().map_err(|_| wrong())?;
    let years = text.strip_suffix('y').and_then(|years| years.trim_end().parse::<u64>().ok());
    let seconds = match years {
        Some(years) => years.checked_mul(YEAR),
        None => duration(text).map(|duration| duration.as_secs()),
    };
    let seconds = seconds.filter(|seconds| *seconds > 0 && *seconds <= 1000 * YEAR).ok_or_else(wrong)?;
    Ok(Period { text: text.to_owned(), seconds })
}

fn sinks(root: &Table<'_, '_>, folder: &Path) -> Result<Vec<SinkSection>, Error> {
    let mut sinks: Vec<SinkSection> = Vec::new();
    for table in root.tables("sink")? {
        let name =
            plain_name(&table, sinks.iter().any(|sink| table.string("name").ok().flatten() == Some(&sink.name)))?;
        let to = table.required("to")?;
        let place = table.get("to").map(Value::place).unwrap_or_default();
        let wrong = |what: &str| Error::new(Id::ConfigValue, what.to_owned()).at(place.clone());
        let to = sink_target(to, folder).ok_or_else(|| {
            wrong("expected file:PATH, syslog+tls://HOST:PORT, syslog+tcp://HOST:PORT or an https:// URL")
        })?;
        let format = match table.string("format")? {
            None => SinkFormat::Json,
            Some(given) => {
                let found = FORMATS.iter().find(|(name, _)| *name == given).map(|(_, format)| *format);
                let names = FORMATS.map(|(name, _)| name);
                found.ok_or_else(|| {
                    let what = format!("unknown format \"{given}\"{}", did_you_mean(given, names));
                    let place = table.get("format").map(Value::place).unwrap_or_default();
                    Error::new(Id::ConfigValue, what).at(place).hint(format!("there are {}", names.join(" ")))
                })?
            }
        };
        if format == SinkFormat::Otlp && !matches!(to, SinkTarget::Http(_)) {
            return Err(wrong("otlp goes to an http:// or https:// URL only"));
        }
        sinks.push(SinkSection {
            name,
            format,
            to,
            required: table.get("required").map(Value::truth).transpose()?.unwrap_or(false),
            behind: table.get("behind").map(Value::duration).transpose()?.unwrap_or(BEHIND),
            ca: table.string("ca")?.map(|path| folder.join(path)),
            secret: table.get("secret").map(|value| Secret::read(value, folder)).transpose()?,
        });
        table.finish()?;
    }
    Ok(sinks)
}

fn sink_target(text: &str, folder: &Path) -> Option<SinkTarget> {
    if let Some(path) = text.strip_prefix("file:").filter(|path| !path.is_empty()) {
        return Some(SinkTarget::File(folder.join(path)));
    }
    for (scheme, tls) in [("syslog+tls://", true), ("syslog+tcp://", false)] {
        if let Some(rest) = text.strip_prefix(scheme) {
            let (host, port) = rest.rsplit_once(':')?;
            let host = host.trim_matches(['[', ']']);
            return (!host.is_empty()).then_some(SinkTarget::Syslog {
                tls,
                host: host.to_owned(),
                port: port.parse().ok()?,
            });
        }
    }
    url(text).map(SinkTarget::Http)
}

fn url(text: &str) -> Option<http::Uri> {
    let uri: http::Uri = text.parse().ok()?;
    let fits = matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some_and(|host| !host.is_empty());
    (fits && !uri.authority()?.as_str().contains('@')).then_some(uri)
}

fn witnesses(root: &Table<'_, '_>, folder: &Path) -> Result<Vec<WitnessSection>, Error> {
    let mut witnesses: Vec<WitnessSection> = Vec::new();
    for table in root.tables("witness")? {
        let twice = witnesses.iter().any(|witness| table.string("name").ok().flatten() == Some(&witness.name));
        let name = plain_name(&table, twice)?;
        let place = |key| table.get(key).map(Value::place).unwrap_or_default();
        let key = CosignerKey::parse(table.required("key")?)
            .map_err(|error| Error::new(Id::ConfigValue, error.to_string()).at(place("key")))?;
        let url = url(table.required("url")?)
            .ok_or_else(|| Error::new(Id::ConfigValue, "expected an http:// or https:// URL").at(place("url")))?;
        witnesses.push(WitnessSection {
            name,
            url,
            key,
            required: table.get("required").map(Value::truth).transpose()?.unwrap_or(false),
            behind: table.get("behind").map(Value::duration).transpose()?.unwrap_or(BEHIND),
            ca: table.string("ca")?.map(|path| folder.join(path)),
        });
        table.finish()?;
    }
    Ok(witnesses)
}

/// A name that can be one of a file.
fn plain_name(table: &Table<'_, '_>, twice: bool) -> Result<String, Error> {
    let name = table.required("name")?;
    let place = table.get("name").map(Value::place).unwrap_or_default();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if name.is_empty() || name.len() > 64 || !name.chars().all(plain) {
        return Err(Error::new(Id::ConfigValue, "expected a name of up to 64 letters, digits, `-` and `_`").at(place));
    }
    if twice {
        return Err(Error::new(Id::ConfigValue, format!("there is another one named \"{name}\"")).at(place));
    }
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use super::*;

    fn parse(text: &str) -> Result<Keeping, String> {
        let config = Config::parse("b.toml", text, Path::new("/site"));
        config.map(|config| config.gateway.keeping).map_err(|error| error.to_string())
    }

    #[test]
    fn six_years_are_kept_unless_more_is_asked_for() {
        assert_eq!(parse("").unwrap().retention.of("ehr").text, "6y");
        let keeping = parse("[retention]\ndefault = \"7y\"\n[retention.targets]\nehr = \"10y\"").unwrap();
        assert_eq!(keeping.retention.of("ehr").seconds, 10 * 366 * 86_400);
        assert_eq!(keeping.retention.of("fhir").text, "7y");
        assert_eq!(parse("[retention]\nfloor = \"8y\"").unwrap().retention.usual.text, "8y");
        let low = parse("[retention]\nfloor = \"1d\"\ndefault = \"2d\"").unwrap();
        assert_eq!(low.retention.usual.seconds, 2 * 86_400);
    }

    #[test]
    fn less_than_the_floor_and_nonsense_are_refused() {
        for (text, expected) in [
            ("[retention]\ndefault = \"5y\"", "b.toml:2: 5y is less than the floor of 6y"),
            ("[retention.targets]\nehr = \"1d\"", "b.toml:2: 1d is less than the floor of 6y"),
            ("[retention]\ndefault = \"0y\"", "expected a length of time"),
            ("[retention]\ndefault = 6", "expected a length of time"),
            ("[retention]\ndefualt = \"6y\"", "did you mean \"default\"?"),
            ("[[sink]]\nname = \"a\"\nto = \"ftp://h\"", "b.toml:3: expected file:PATH"),
            ("[[sink]]\nname = \"a/b\"\nto = \"file:x\"", "expected a name"),
            ("[[sink]]\nname = \"a\"\nto = \"file:x\"\nformat = \"oscf\"", "did you mean \"ocsf\"?"),
            ("[[sink]]\nname = \"a\"\nto = \"file:x\"\nformat = \"otlp\"", "otlp goes to"),
            ("[[sink]]\nname = \"a\"\nto = \"file:x\"\n[[sink]]\nname = \"a\"\nto = \"file:y\"", "another one"),
            ("[[sink]]\nname = \"a\"\nto = \"https://u:p@h/\"", "expected file:PATH"),
            ("[[witness]]\nname = \"w\"\nurl = \"http://h\"\nkey = \"x\"", "b.toml:4: a witness's key"),
        ] {
            let error = parse(text).expect_err(text);
            assert!(error.contains(expected), "{error}\n  lacks {expected}");
        }
    }

    #[test]
    fn sinks_say_where_they_are() {
        let of = |to: &str| parse(&format!("[[sink]]\nname = \"a\"\nto = \"{to}\"")).unwrap().sinks.remove(0).to;
        assert_eq!(of("file:audit.jsonl"), SinkTarget::File("/site/audit.jsonl".into()));
        let tls = SinkTarget::Syslog { tls: true, host: "siem.example".into(), port: 6514 };
        assert_eq!(of("syslog+tls://siem.example:6514"), tls);
        assert!(matches!(of("https://siem.example/in"), SinkTarget::Http(_)));
    }
}
