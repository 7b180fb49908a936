//! Tells people that they are asked, and that somebody broke the glass: by webhook, mail or a program.
//!
//! What is to be told is stored first and sent by a task of its own, so nobody who asks waits for it, and a restart forgets
//! nothing. What is told names subjects, targets and policies, never content, in letters that mean nothing anywhere.

mod message;
mod program;
mod smtp;
mod way;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::watch;

pub(crate) use self::message::Notice;
use self::way::Way;
use crate::config::notify::{Event, NotifySection};
use crate::error::{Error, Id};
use crate::front::Stop;
use crate::gate::now_ms;
use crate::notes;
use crate::state::StateError;
use crate::state::notices::{Notices, Queued};

/// Takes what is to be told.
pub(crate) struct Teller {
    notices: Notices,
    told: Vec<Arc<Told>>,
    /// Where the console is, for links.
    console: Option<String>,
    /// Rings when there is something to tell.
    bell: watch::Sender<u64>,
}

/// One of those who are told.
pub(crate) struct Told {
    name: String,
    events: Vec<Event>,
    groups: BTreeSet<String>,
    error: Mutex<Option<String>>,
}

/// Brings notices to one of them.
pub(crate) struct Messenger {
    told: Arc<Told>,
    way: Way,
    notices: Notices,
    bell: watch::Receiver<u64>,
}

/// Looked at least so often, for what is tried again.
const LOOK_EACH: Duration = Duration::from_secs(1);
const FIRST_PAUSE_MS: i64 = 2_000;
const LONGEST_PAUSE_MS: i64 = 600_000;
/// After so long nobody wants to hear it any more.
const TOO_OLD_MS: i64 = 24 * 3_600_000;

/// Whether what one of them needs can be had: roots, secrets.
pub(crate) fn ready(section: &NotifySection) -> Result<(), Error> {
    Way::new(&section.to, &section.name).map(drop)
}

impl Teller {
    /// `console`: where people reach it. Nothing is sent before the messengers are let go.
    pub(crate) fn new(
        notices: Notices,
        sections: &[NotifySection],
        console: Option<String>,
    ) -> Result<(Arc<Self>, Vec<Messenger>), Error> {
        let failed = |error: StateError| Error::new(Id::DataFolder, error.to_string());
        notices.keep_only(&sections.iter().map(|section| section.name.as_str()).collect()).map_err(failed)?;
        let (bell, _) = watch::channel(0);
        let mut messengers = Vec::new();
        for section in sections {
            let told = Arc::new(Told {
                name: section.name.clone(),
                events: section.events.clone(),
                groups: section.groups.iter().cloned().collect(),
                error: Mutex::default(),
            });
            let way = Way::new(&section.to, &section.name)?;
            messengers.push(Messenger { told, way, notices: notices.clone(), bell: bell.subscribe() });
        }
        let told = messengers.iter().map(|messenger| Arc::clone(&messenger.told)).collect();
        Ok((Arc::new(Self { notices, told, console, bell }), messengers))
    }

    /// Whether anybody is told of this.
    pub(crate) fn tells(&self, event: Event) -> bool {
        self.told.iter().any(|told| told.events.contains(&event))
    }

    /// Stores a notice for everybody whom it concerns. May wait for the disk, never for them.
    pub(crate) fn tell(&self, notice: Notice) -> Result<(), StateError> {
        let concerned = self.told.iter().filter(|told| told.takes(&notice));
        let names: Vec<&str> = concerned.map(|told| told.name.as_str()).collect();
        if names.is_empty() {
            return Ok(());
        }
        let stored = notice.linked(self.console.as_deref()).to_json().to_string();
        let dropped = self.notices.add(names, &stored, now_ms())?;
        if dropped > 0 {
            let what = format!("{dropped} notices were dropped: too many wait to be told");
            notes::error(&Error::new(Id::NotifyFailed, what));
        }
        self.bell.send_modify(|count| *count = count.wrapping_add(1));
        Ok(())
    }

    /// How each of them stands.
    pub(crate) fn json(&self) -> Value {
        let line = |told: &Arc<Told>| {
            let error = told.error.lock().unwrap_or_else(PoisonError::into_inner).clone();
            json!({ "name": told.name, "waiting": self.notices.waiting(&told.name).unwrap_or_default(), "error": error })
        };
        self.told.iter().map(line).collect()
    }
}

impl Told {
    fn takes(&self, notice: &Notice) -> bool {
        let concerned = self.groups.is_empty() || notice.groups.is_empty() || !self.groups.is_disjoint(&notice.groups);
        self.events.contains(&notice.event) && concerned
    }

    /// What went wrong, or that nothing does. Whether that is news.
    fn stands(&self, error: Option<&str>) -> bool {
        let mut known = self.error.lock().unwrap_or_else(PoisonError::into_inner);
        let is_news = known.as_deref() != error;
        *known = error.map(str::to_owned);
        is_news
    }
}

impl Messenger {
    /// Goes on until it is told to stop.
    pub(crate) async fn deliver(mut self, mut stop: Stop) {
        loop {
            self.bell.mark_unchanged();
            let stepped = tokio::select! {
                stepped = self.step() => stepped,
                // What was on its way is sent again at the next start.
                _ = stop.changed() => return,
            };
            match stepped {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => notes::note(format_args!("notify {}: {error}", self.told.name)),
            }
            tokio::select! {
                _ = self.bell.changed() => {}
                () = tokio::time::sleep(LOOK_EACH) => {}
                _ = stop.changed() => return,
            }
        }
    }

    /// Sends what is due. Says whether there was anything.
    async fn step(&self) -> Result<bool, String> {
        let name = self.told.name.clone();
        let next = self.blocking(move |notices| notices.next(&name, now_ms())).await?;
        let Some(queued) = next else { return Ok(false) };
        let sent = match Notice::read(&queued.notice) {
            Some(notice) => self.way.send(&notice, queued.id).await,
            // A newer version wrote it.
            None => Ok(()),
        };
        match sent {
            Ok(()) => {
                self.told.stands(None);
                self.blocking(move |notices| notices.done(queued.id)).await?;
            }
            Err(error) => self.failed(&queued, &error).await?,
        }
        Ok(true)
    }

    async fn failed(&self, queued: &Queued, error: &str) -> Result<(), String> {
        if self.told.stands(Some(error)) {
            notes::note(format_args!("notify {}: {error}; it is tried again", self.told.name));
        }
        let (name, id, now) = (self.told.name.clone(), queued.id, now_ms());
        if now.saturating_sub(queued.told_ms) >= TOO_OLD_MS {
            let what = format!("notify {name}: a notice of a day ago could not be told: {error}");
            notes::error(&Error::new(Id::NotifyFailed, what));
            return self.blocking(move |notices| notices.done(id)).await;
        }
        let due = now.saturating_add(pause_ms(queued.tries));
        self.blocking(move |notices| notices.later(&name, id, due)).await
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Notices) -> Result<T, StateError> + Send + 'static,
    ) -> Result<T, String> {
        let notices = self.notices.clone();
        let done = tokio::task::spawn_blocking(move || work(&notices)).await;
        done.map_err(|_| "an internal error".to_owned())?.map_err(|error| error.to_string())
    }
}

/// Twice as long each time.
fn pause_ms(tries: u32) -> i64 {
    FIRST_PAUSE_MS.checked_shl(tries).filter(|pause| *pause > 0).unwrap_or(LONGEST_PAUSE_MS).min(LONGEST_PAUSE_MS)
}

impl fmt::Debug for Teller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Teller({})", self.told.len())
    }
}

impl fmt::Debug for Messenger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Messenger({})", self.told.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end_growing() {
        let pauses: Vec<i64> = (0..4).chain([9, 40, 63, 64, u32::MAX]).map(pause_ms).collect();
        assert_eq!(pauses, [2_000, 4_000, 8_000, 16_000, 600_000, 600_000, 600_000, 600_000, 600_000]);
    }
}
