//! `[[notify]]`: who is told that people are asked, or that somebody broke the glass.

use std::path::{Path, PathBuf};

use super::secret::Secret;
use super::toml::Table;
use crate::error::{Error, Id, did_you_mean};

/// Somebody who is told.
#[derive(Clone, Debug)]
pub(crate) struct NotifySection {
    pub(crate) name: String,
    pub(crate) to: NotifyTarget,
    /// What they are told of.
    pub(crate) events: Vec<Event>,
    /// Only what these groups are asked; none named: everything.
    pub(crate) groups: Vec<String>,
}

/// What there is to be told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Event {
    /// A request waits for people.
    Approval,
    /// Emergency access was used, or a use of it was reviewed.
    BreakGlass,
}

/// How somebody is told.
#[derive(Clone, Debug)]
pub(crate) enum NotifyTarget {
    /// Posted as JSON, signed.
    Webhook {
        uri: http::Uri,
        slack: bool,
        ca: Option<PathBuf>,
        secret: Option<Secret>,
    },
    Mail(Box<MailTarget>),
    /// A program, with JSON on its stdin.
    Program(PathBuf),
}

/// A server that takes mail.
#[derive(Clone, Debug)]
pub(crate) struct MailTarget {
    pub(crate) host: String,
    pub(crate) port: u16,
    /// TLS from the first byte; else it is asked for, but for a server on this machine.
    pub(crate) implicit_tls: bool,
    pub(crate) from: String,
    pub(crate) recipients: Vec<String>,
    pub(crate) user: Option<String>,
    pub(crate) password: Option<Secret>,
    pub(crate) ca: Option<PathBuf>,
}

impl Event {
    pub(crate) const ALL: [Self; 2] = [Self::Approval, Self::BreakGlass];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Approval => "approval",
            Self::BreakGlass => "break-glass",
        }
    }
}

pub(super) fn notify(root: &Table<'_, '_>, folder: &Path) -> Result<Vec<NotifySection>, Error> {
    let mut sections: Vec<NotifySection> = Vec::new();
    for table in root.tables("notify")? {
        let name = table.required("name")?.to_owned();
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let is_plain = !name.is_empty() && name.len() <= 64 && name.chars().all(plain);
        if let Some(value) = table.get("name").filter(|_| !is_plain) {
            return Err(value.wrong("a name of up to 64 letters, digits, `-`, `_` and `.`"));
        }
        if sections.iter().any(|other| other.name == name) {
            let error = Error::new(Id::ConfigValue, format!("there is another notify \"{name}\""));
            return Err(error.at(table.place()));
        }
        sections.push(NotifySection {
            name,
            to: target(&table, folder)?,
            events: events(&table)?,
            groups: table.strings("groups")?.into_iter().map(str::to_owned).collect(),
        });
        table.finish()?;
    }
    Ok(sections)
}

fn events(table: &Table<'_, '_>) -> Result<Vec<Event>, Error> {
    let Some(value) = table.get("events") else { return Ok(Event::ALL.to_vec()) };
    let event = |name: &str| {
        Event::ALL.into_iter().find(|event| event.name() == name).ok_or_else(|| {
            let names = Event::ALL.map(Event::name);
            let what = format!("unknown event \"{name}\"{}", did_you_mean(name, names));
            Error::new(Id::ConfigValue, what).at(value.place()).hint(format!("there are {}", names.join(" ")))
        })
    };
    value.strings()?.into_iter().map(event).collect()
}

const EXPECTED: &str =
    "an https:// URL, smtps://HOST:PORT, smtp://HOST:PORT, or command:PROGRAM (http:// on loopback only)";

fn target(table: &Table<'_, '_>, folder: &Path) -> Result<NotifyTarget, Error> {
    let to = table.required("to")?;
    let wrong = || table.get("to").map_or_else(|| Error::new(Id::ConfigValue, EXPECTED), |value| value.wrong(EXPECTED));
    // Asked for whatever the way, so that each is known as a key and refused below where it has no meaning.
    let ca = table.string("ca")?.map(|path| folder.join(path));
    let secret = table.get("secret").map(|value| Secret::read(value, folder)).transpose()?;
    let format = table.string("format")?;
    let from = table.string("from")?;
    let recipients: Vec<String> = table.strings("recipients")?.into_iter().map(str::to_owned).collect();
    let user = table.string("user")?.map(str::to_owned);
    let password = table.get("password").map(|value| Secret::read(value, folder)).transpose()?;
    let is_mail_set = from.is_some() || !recipients.is_empty() || user.is_some() || password.is_some();
    let is_post_set = format.is_some() || secret.is_some();
    let unfit = |what: &str| Err(Error::new(Id::ConfigValue, what.to_owned()).at(table.place()));
    if let Some(program) = to.strip_prefix("command:") {
        if is_mail_set || is_post_set || ca.is_some() {
            return unfit("a command needs `to`, and nothing of a webhook or of mail");
        }
        // Never by a shell, and never whatever a search path has first.
        let program = PathBuf::from(program);
        return if program.is_absolute() { Ok(NotifyTarget::Program(program)) } else { Err(wrong()) };
    }
    let mail = [("smtps://", true), ("smtp://", false)];
    if let Some((rest, implicit_tls)) =
        mail.into_iter().find_map(|(scheme, tls)| to.strip_prefix(scheme).map(|rest| (rest, tls)))
    {
        let (host, port) = host_and_port(rest, if implicit_tls { 465 } else { 587 }).ok_or_else(wrong)?;
        if is_post_set {
            return unfit("`format` and `secret` belong to webhooks");
        }
        let from = from.map(str::to_owned);
        let Some(from) = from.filter(|from| is_address(from)) else {
            return unfit("mail needs `from`, a plain address");
        };
        if recipients.is_empty() || !recipients.iter().all(|recipient| is_address(recipient)) {
            return unfit("mail needs `recipients`, plain addresses");
        }
        if user.is_some() != password.is_some() {
            return unfit("`user` and `password` go together");
        }
        let target = MailTarget { host, port, implicit_tls, from, recipients, user, password, ca };
        return Ok(NotifyTarget::Mail(Box::new(target)));
    }
    if is_mail_set {
        return unfit("`from`, `recipients`, `user` and `password` belong to mail");
    }
    let uri: http::Uri = to.parse().map_err(|_| wrong())?;
    let authority = uri.authority().map(http::uri::Authority::as_str).unwrap_or_default();
    let is_safe = match uri.scheme_str() {
        Some("https") => true,
        Some("http") => uri.host().is_some_and(is_loopback),
        _ => false,
    };
    if !is_safe || authority.is_empty() || authority.contains('@') {
        return Err(wrong());
    }
    let slack = match format {
        None | Some("json") => false,
        Some("slack") => true,
        Some(_) => return unfit("`format` is json or slack"),
    };
    Ok(NotifyTarget::Webhook { uri, slack, ca, secret })
}

fn host_and_port(text: &str, usual: u16) -> Option<(String, u16)> {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port.parse().ok()?),
        _ => (text, usual),
    };
    let host = host.trim_matches(['[', ']']);
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | ':');
    (!host.is_empty() && host.chars().all(plain)).then(|| (host.to_owned(), port))
}

/// A server on this machine is reached without a network.
pub(crate) fn is_loopback(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// An address that says nothing else to a server of mail.
fn is_address(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "@.-_+=".contains(c);
    text.len() <= 254 && text.chars().all(plain) && text.matches('@').count() == 1 && !text.starts_with(['@', '-'])
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use super::*;

    fn read(text: &str) -> Result<Vec<NotifySection>, String> {
        let text = format!("[[notify]]\nname = \"on-call\"\n{text}");
        let config = Config::parse("b.toml", &text, Path::new("/site")).map_err(|error| error.to_string())?;
        Ok(config.gateway.notify)
    }

    #[test]
    fn each_way_has_what_it_needs_and_nothing_else() {
        let hook = read("to = \"https://hooks.example/x\"\nformat = \"slack\"\nsecret = { env = \"S\" }").unwrap();
        assert!(matches!(&hook[0].to, NotifyTarget::Webhook { slack: true, secret: Some(_), .. }));
        assert_eq!(hook[0].events, Event::ALL);
        let mail = "from = \"gate@clinic.example\"\nrecipients = \"on-call@clinic.example\"";
        let read_mail = read(&format!("to = \"smtp://mail.example\"\n{mail}\nevents = \"approval\"")).unwrap();
        let NotifyTarget::Mail(target) = &read_mail[0].to else { panic!("it is mail") };
        assert_eq!((target.host.as_str(), target.port, target.implicit_tls), ("mail.example", 587, false));
        assert_eq!(read_mail[0].events, [Event::Approval]);
        let program = read("to = \"command:/usr/local/bin/page\"").unwrap();
        assert!(matches!(&program[0].to, NotifyTarget::Program(path) if path == Path::new("/usr/local/bin/page")));
        for (wrong, expected) in [
            ("to = \"http://hooks.example/x\"", "http:// on loopback only"),
            ("to = \"https://u:p@hooks.example/x\"", "http:// on loopback only"),
            ("to = \"command:page\"", "command:PROGRAM"),
            ("to = \"smtp://mail.example\"", "needs `from`"),
            ("to = \"smtp://mail.example\"\nfrom = \"a@b\"", "needs `recipients`"),
            ("to = \"smtp://mail.example\"\nfrom = \"a@b>\\r\\nRCPT TO:<x\"\nrecipients = \"a@b\"", "needs `from`"),
            (&format!("to = \"smtp://mail.example\"\n{mail}\nuser = \"u\""), "go together"),
            (&format!("to = \"https://h.example\"\n{mail}"), "belong to mail"),
            ("to = \"https://h.example\"\nformat = \"teams\"", "json or slack"),
            ("to = \"https://h.example\"\nevents = [\"approvals\"]", "did you mean \"approval\"?"),
            ("to = \"https://h.example\"\nsecret = \"hunter2\"", "never written here"),
        ] {
            let error = read(wrong).expect_err(wrong);
            assert!(error.contains(expected) && !error.contains("hunter2"), "{error}\n  lacks {expected}");
        }
    }
}
