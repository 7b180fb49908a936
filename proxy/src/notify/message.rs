//! What is told, in the form of each way. Nothing in it is content, and nothing in it means anything but itself.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::config::days_since_1970;
use crate::config::notify::Event;

/// Something to tell.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Notice {
    pub(crate) event: Event,
    /// One line of the program's own words.
    title: String,
    /// Names and what they are, in order.
    facts: Vec<(String, String)>,
    /// Whom it concerns; nobody named: everybody.
    pub(crate) groups: BTreeSet<String>,
    /// The page of the console.
    path: Option<String>,
    link: Option<String>,
}

/// So much of a name is told.
const LONGEST: usize = 120;

impl Notice {
    pub(crate) fn new(event: Event, title: &'static str) -> Self {
        Self { event, title: title.to_owned(), facts: Vec::new(), groups: BTreeSet::new(), path: None, link: None }
    }

    /// One more fact, made inert.
    pub(crate) fn fact(mut self, name: &'static str, value: &str) -> Self {
        if !value.is_empty() {
            self.facts.push((name.to_owned(), inert(value)));
        }
        self
    }

    pub(crate) fn concerning(self, groups: impl IntoIterator<Item = String>) -> Self {
        Self { groups: groups.into_iter().collect(), ..self }
    }

    /// Where in the console it is shown.
    pub(crate) fn page(self, path: String) -> Self {
        Self { path: Some(path), ..self }
    }

    pub(super) fn linked(mut self, console: Option<&str>) -> Self {
        self.link = console.zip(self.path.as_deref()).map(|(console, path)| format!("{console}{path}"));
        self
    }

    /// As it is stored, posted and given to programs.
    pub(super) fn to_json(&self) -> Value {
        // A list, for an object would not keep the order.
        let facts: Vec<Value> = self.facts.iter().map(|(name, value)| json!([name, value])).collect();
        json!({ "event": self.event.name(), "title": self.title, "facts": facts, "link": self.link })
    }

    pub(super) fn read(text: &str) -> Option<Self> {
        let json: Value = serde_json::from_str(text).ok()?;
        let name = json["event"].as_str()?;
        let fact = |fact: &Value| Some((fact[0].as_str()?.to_owned(), fact[1].as_str()?.to_owned()));
        Some(Self {
            event: Event::ALL.into_iter().find(|event| event.name() == name)?,
            title: json["title"].as_str()?.to_owned(),
            facts: json["facts"].as_array()?.iter().map(fact).collect::<Option<_>>()?,
            groups: BTreeSet::new(),
            path: None,
            link: json["link"].as_str().map(str::to_owned),
        })
    }

    /// Lines for people.
    pub(super) fn text(&self) -> String {
        let mut text = format!("blackbar: {}\n", self.title);
        for (name, value) in &self.facts {
            text.push_str(&format!("{name}: {value}\n"));
        }
        if let Some(link) = &self.link {
            text.push_str(&format!("{link}\n"));
        }
        text
    }

    /// As Slack takes it, and what took its form: plain text only, where no letter is markup, a mention or a picture.
    pub(super) fn slack(&self) -> Value {
        let text = self.text();
        json!({
            "text": text,
            "mrkdwn": false,
            "blocks": [{ "type": "section", "text": { "type": "plain_text", "text": text, "emoji": false } }],
        })
    }

    /// A whole mail. Every line is plain ASCII and short.
    pub(super) fn mail(&self, from: &str, recipients: &[String], id: &str, now_ms: i64) -> String {
        let to = recipients.join(",\r\n ");
        let (title, date) = (&self.title, date(now_ms));
        let body = self.text().replace('\n', "\r\n");
        format!(
            "From: {from}\r\nTo: {to}\r\nSubject: blackbar: {title}\r\nDate: {date}\r\nMessage-ID: <{id}>\r\n\
             MIME-Version: 1.0\r\nContent-Type: text/plain; charset=us-ascii\r\nContent-Transfer-Encoding: 7bit\r\n\
             Auto-Submitted: auto-generated\r\n\r\n{body}"
        )
    }
}

/// Text of others in letters that are nothing else anywhere: no markup, no mention, no link, no control, no direction.
fn inert(text: &str) -> String {
    let mut inert = String::with_capacity(text.len());
    for c in text.chars().take(LONGEST) {
        match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | ' ' | '-' | '_' | '.' | ':' | '#' | '+' | '=' | ',' => inert.push(c),
            // Together with what is before it, it would be a link.
            '/' if inert.ends_with([':', '/']) => inert.push_str(" /"),
            '/' => inert.push('/'),
            '@' => inert.push_str("(at)"),
            _ => inert.push('?'),
        }
    }
    inert
}

/// A date as mail writes it.
fn date(now_ms: i64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (days, of_day) = (now_ms.div_euclid(86_400_000), now_ms.rem_euclid(86_400_000) / 1000);
    // A guess that is at most a year off, then by counting.
    let mut year = 1970 + days.div_euclid(366);
    while days_since_1970(year + 1, 1, 1) <= days {
        year += 1;
    }
    let month = (1..=12).rev().find(|month| days_since_1970(year, *month, 1) <= days).unwrap_or(1);
    let day = days - days_since_1970(year, month, 1) + 1;
    let name = |names: &[&'static str], at: i64| usize::try_from(at).ok().and_then(|at| names.get(at).copied());
    format!(
        "{}, {day:02} {} {year:04} {:02}:{:02}:{:02} +0000",
        name(&DAYS, days.rem_euclid(7)).unwrap_or("Thu"),
        name(&MONTHS, month - 1).unwrap_or("Jan"),
        of_day / 3600,
        of_day / 60 % 60,
        of_day % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hostile() -> Notice {
        let subject = "a\r\nBcc: x@y\n.\n<!channel> *b* `c` \u{202e}d <b>&amp; https://evil.example/@here [x](y)";
        Notice::new(Event::Approval, "a request waits for approval")
            .fact("approval", "ap-1")
            .fact("subject", subject)
            .fact("nothing", "")
            .page("/approvals/ap-1".to_owned())
            .linked(Some("https://console.example"))
    }

    #[test]
    fn words_of_others_are_inert_in_every_form() {
        let notice = hostile();
        let mail = notice.mail("g@c.example", &["a@c.example".to_owned(), "b@c.example".to_owned()], "1@g", 0);
        let texts = [notice.text(), notice.slack().to_string(), notice.to_json().to_string(), mail.clone()];
        for text in texts {
            for mark in ["<!", "*b", "`", "\u{202e}", "<b>", "&amp;", "://evil", "@y", "@here", "[x]", "\nBcc", "\n.\r"]
            {
                assert!(!text.contains(mark), "{mark:?} in {text}");
            }
        }
        assert!(notice.text().ends_with("\nhttps://console.example/approvals/ap-1\n"), "{}", notice.text());
        let (head, body) = mail.split_once("\r\n\r\n").unwrap();
        assert_eq!(head.lines().filter(|line| !line.starts_with(' ')).count(), 9, "{head}");
        assert!(body.is_ascii() && body.split("\r\n").all(|line| line.len() < 998 && !line.contains(['\r', '\n'])));
    }

    #[test]
    fn a_notice_is_stored_as_it_is_told() {
        let notice = hostile();
        let again = Notice::read(&notice.to_json().to_string()).unwrap();
        assert_eq!((again.text(), again.slack()), (notice.text(), notice.slack()));
        assert_eq!(Notice::read("{}"), None);
        assert!(notice.fact("long", &"x".repeat(500)).text().lines().all(|line| line.len() < 200));
    }

    #[test]
    fn dates_are_those_of_mail() {
        assert_eq!(date(0), "Thu, 01 Jan 1970 00:00:00 +0000");
        assert_eq!(date(951_782_400_000), "Tue, 29 Feb 2000 00:00:00 +0000");
        assert_eq!(date(1_795_266_305_123), "Sat, 21 Nov 2026 13:05:05 +0000");
        assert_eq!(date(1_798_761_599_999), "Thu, 31 Dec 2026 23:59:59 +0000");
        assert_eq!(date(1_798_761_600_000), "Fri, 01 Jan 2027 00:00:00 +0000");
    }
}
