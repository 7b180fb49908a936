//! The ways to whoever is told. Done means that the other side has taken it.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use zeroize::Zeroizing;

use super::message::Notice;
use super::{program, smtp};
use crate::config::Secret;
use crate::config::notify::NotifyTarget;
use crate::error::{Error, Id};
use crate::gate::now_ms;
use crate::record::follow::signature;
use crate::record::post::Poster;

/// A way to one of them.
pub(super) enum Way {
    Post { poster: Box<Poster>, slack: bool, secret: Option<Zeroizing<String>> },
    Mail(Box<smtp::Server>),
    Program(PathBuf),
}

impl Way {
    /// Nothing is opened yet.
    pub(super) fn new(target: &NotifyTarget, name: &str) -> Result<Self, Error> {
        let text = |secret: &Option<Secret>| -> Result<Option<Zeroizing<String>>, Error> {
            let text = secret.as_ref().map(Secret::text).transpose()?;
            if text.as_ref().is_some_and(|text| text.trim().is_empty()) {
                return Err(Error::new(Id::ConfigSecret, format!("a secret of notify {name} is empty")));
            }
            Ok(text)
        };
        Ok(match target {
            NotifyTarget::Webhook { uri, slack, ca, secret } => {
                let poster = Box::new(Poster::new(uri.clone(), ca.as_deref())?);
                Self::Post { poster, slack: *slack, secret: text(secret)? }
            }
            NotifyTarget::Mail(mail) => Self::Mail(Box::new(smtp::Server::new(mail, text(&mail.password)?)?)),
            NotifyTarget::Program(path) => Self::Program(path.clone()),
        })
    }

    /// Tells it. `id` is the same when it is told again.
    pub(super) async fn send(&self, notice: &Notice, id: i64) -> Result<(), String> {
        match self {
            Self::Post { poster, slack, secret } => {
                let json = if *slack { notice.slack() } else { notice.to_json() };
                let body = json.to_string().into_bytes();
                let mut headers = vec![("content-type", "application/json".to_owned())];
                headers.push(("blackbar-notice", id.to_string()));
                if let Some(secret) = secret {
                    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
                    headers.push(("blackbar-signature", signature(secret, now, &body)));
                }
                let answer = poster.post(&headers, body).await?;
                if (200..300).contains(&answer.status) { Ok(()) } else { Err(format!("it answers {}", answer.status)) }
            }
            Self::Mail(server) => server.send(notice, id, now_ms()).await,
            Self::Program(path) => {
                let (path, line) = (path.clone(), notice.to_json().to_string());
                let ran = tokio::task::spawn_blocking(move || program::run(&path, &line)).await;
                ran.unwrap_or_else(|_| Err("an internal error".to_owned()))
            }
        }
    }
}
