//! What a client asks for in its startup packet, and what of it goes up.

use blackbar_sql::{SettingClass, setting_class};
use blackbar_wire::pg::{Negotiation, Report, Severity, Startup, Words};
use bytes::Bytes;

/// A startup packet that was understood.
pub(super) struct Wanted {
    /// Who the client says it is.
    pub(super) user: String,
    /// Which database it wants.
    pub(super) database: String,
    /// Settings that go up.
    pub(super) settings: Vec<(String, String)>,
    /// Why it asks, in its own words: for the gateway alone.
    pub(super) reason: Option<String>,
    /// Which version both will speak.
    pub(super) negotiation: Negotiation,
}

/// An error that ends the connection.
pub(super) fn fatal(code: &'static str, message: &'static str) -> Report {
    Report { severity: Severity::Fatal, code, message: message.into(), detail: None, hint: None }
}

/// An error that ends a statement.
pub(super) fn error(code: &'static str, message: impl Into<Words>) -> Report {
    Report { severity: Severity::Error, code, message: message.into(), detail: None, hint: None }
}

impl Wanted {
    /// Reads a startup. Whatever nobody has judged is refused.
    pub(super) fn read(startup: &Startup) -> Result<Self, Report> {
        let no_text = || fatal("08P01", "a startup parameter is no UTF-8");
        let text = |bytes: &[u8]| std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| no_text());
        let user = startup.get("user").filter(|user| !user.is_empty());
        let user = text(user.ok_or_else(|| fatal("28000", "no user is given in the startup packet"))?)?;
        let mut wanted =
            Self { database: user.clone(), user, settings: Vec::new(), reason: None, negotiation: startup.negotiate() };
        for (name, value) in &startup.parameters {
            match name.as_ref() {
                // What is not known of the protocol's own options is told in the negotiation.
                b"user" | b"options" => {}
                name if name.starts_with(b"_pq_.") => {}
                b"database" if !value.is_empty() => wanted.database = text(value)?,
                b"database" => {}
                b"replication" if is_off(value) => {}
                b"replication" => {
                    return Err(fatal("0A000", "replication is not possible through this gateway"));
                }
                name => wanted.setting(&text(name)?.to_ascii_lowercase(), &text(value)?)?,
            }
        }
        let options = startup.options();
        for (name, value) in options.map_err(|_| fatal("42501", "a startup option that is no setting is refused"))? {
            wanted.setting(&text(&name)?, &text(&value)?)?;
        }
        Ok(wanted)
    }

    fn setting(&mut self, name: &str, value: &str) -> Result<(), Report> {
        match name {
            "blackbar.reason" => {
                self.reason = Some(value.to_owned());
                return Ok(());
            }
            // Upstream it names the subject.
            "application_name" | "fallback_application_name" => return Ok(()),
            // Detectors read UTF-8, and so does whoever speaks to them. `auto` and quotes are left to the client library.
            "client_encoding" => {
                let plain: String = value.chars().filter(char::is_ascii_alphanumeric).collect();
                let known = ["utf8", "unicode"].iter().any(|known| plain.eq_ignore_ascii_case(known));
                let refused = Report {
                    hint: Some("set client_encoding to UTF8".into()),
                    ..fatal("22023", "this client encoding is not possible through this gateway")
                };
                return if known { Ok(()) } else { Err(refused) };
            }
            _ => {}
        }
        match setting_class(name, Some(value)) {
            SettingClass::Harmless | SettingClass::Names => {
                self.settings.push((name.to_owned(), value.to_owned()));
                Ok(())
            }
            SettingClass::Looks
            | SettingClass::Reading
            | SettingClass::Authority
            | SettingClass::Gateway
            | SettingClass::Unknown => Err(Report {
                hint: Some("leave it out of the connection's options".into()),
                ..fatal("42501", "a setting of the startup packet is refused")
            }),
        }
    }

    /// What goes up beside the user and the database, which are the gateway's to choose.
    pub(super) fn to_server(&self, subject: &str) -> Vec<(Bytes, Bytes)> {
        let own = |text: &str| Bytes::copy_from_slice(text.as_bytes());
        let mut name = format!("blackbar:{subject}");
        // The server cuts longer ones, and says so in a notice.
        while name.len() > LONGEST_NAME {
            name.pop();
        }
        let fixed = [("application_name", name.as_str()), ("client_encoding", "UTF8")];
        let all = fixed.into_iter().chain(self.settings.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        all.map(|(name, value)| (own(name), own(value))).collect()
    }
}

fn is_off(value: &[u8]) -> bool {
    [&b"false"[..], b"off", b"no", b"0"].iter().any(|off| value.eq_ignore_ascii_case(off))
}

/// One less than `NAMEDATALEN`.
const LONGEST_NAME: usize = 63;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Wanted, Report> {
        let own = |text: &str| Bytes::copy_from_slice(text.as_bytes());
        Wanted::read(&Startup { minor: 0, parameters: pairs.iter().map(|(a, b)| (own(a), own(b))).collect() })
    }

    #[test]
    fn what_is_judged_goes_up_and_the_rest_is_refused() {
        let wanted = read(&[
            ("user", "agent-7"),
            ("database", "ehr"),
            ("application_name", "psql"),
            ("client_encoding", "'utf-8'"),
            ("DateStyle", "ISO, MDY"),
            ("options", r"-c search_path=clinical -c blackbar.reason=because\ I\ must"),
            ("replication", "off"),
        ]);
        let wanted = wanted.ok().unwrap();
        assert_eq!((wanted.user.as_str(), wanted.database.as_str()), ("agent-7", "ehr"));
        assert_eq!(wanted.reason.as_deref(), Some("because I must"));
        let up = wanted.to_server("agent-7");
        let up: Vec<String> = up.iter().map(|(a, b)| format!("{a:?}={b:?}").replace(['b', '"'], "")).collect();
        let expected =
            ["application_name=lackar:agent-7", "client_encoding=UTF8", "datestyle=ISO, MDY", "search_path=clinical"];
        assert_eq!(up, expected.map(|pair| pair.replace('b', "")));

        for (name, value) in [
            ("replication", "database"),
            ("role", "postgres"),
            ("session_replication_role", "replica"),
            ("datestyle", "German"),
            ("client_encoding", "LATIN1"),
            ("standard_conforming_strings", "off"),
            ("options", "-c row_security=off"),
            ("options", "-D /"),
            ("no_such_setting", "1"),
        ] {
            assert!(read(&[("user", "a"), (name, value)]).is_err(), "{name}");
        }
        assert!(read(&[("database", "ehr")]).is_err());
        assert_eq!(read(&[("user", "a")]).ok().unwrap().database, "a");
    }
}
