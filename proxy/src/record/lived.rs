//! How long the log has provably lived. A wall clock can be set; the time since the machine was started cannot, short of
//! starting it again, and then none of it counts that nobody saw. So what is deleted because it is old is at least that old,
//! whatever the clock said while it was recorded and says now. Time in which nothing ran is made up for by a witness's clock.

use std::time::Instant;

use super::index::Mark;

/// A count of seconds that only goes on.
#[derive(Debug)]
pub(crate) struct Lived {
    machine: Machine,
    /// What the log had lived when this began, and how long the machine was up then.
    base: u64,
    since: u64,
    /// The witness's clock of the mark before, and what the log had lived then.
    witnessed: Option<(u64, u64)>,
    latest_witnessed: Option<u64>,
}

/// This start of the machine.
#[derive(Debug)]
struct Machine {
    id: String,
    /// Where the system does not say how long it is up.
    begun: Instant,
}

impl Lived {
    /// Goes on from the last mark in the log.
    pub(crate) fn after(mark: Option<&Mark>) -> Self {
        let machine = Machine::this();
        let uptime = machine.uptime();
        let gone = mark.filter(|mark| !mark.machine.is_empty() && mark.machine == machine.id);
        let gone = gone.map_or(0, |mark| uptime.saturating_sub(mark.uptime));
        let base = mark.map_or(0, |mark| mark.lived).saturating_add(gone);
        let witnessed = mark.and_then(|mark| Some((mark.witnessed?, mark.lived)));
        Self { machine, base, since: uptime, witnessed, latest_witnessed: None }
    }

    /// How many seconds.
    pub(crate) fn seconds(&self) -> u64 {
        self.base.saturating_add(self.machine.uptime().saturating_sub(self.since))
    }

    /// A witness's clock, which nobody here can set, said this.
    pub(crate) fn witnessed(&mut self, seconds: u64) {
        self.latest_witnessed = self.latest_witnessed.max(Some(seconds));
        let lived = self.seconds();
        match self.witnessed {
            Some((before, lived_then)) => {
                let provably = lived_then.saturating_add(seconds.saturating_sub(before));
                self.base = self.base.saturating_add(provably.saturating_sub(lived));
            }
            None => self.witnessed = Some((seconds, lived)),
        }
    }

    /// What a mark in the log is to say.
    pub(crate) fn mark(&self) -> Mark {
        let machine = self.machine.id.clone();
        Mark { lived: self.seconds(), machine, uptime: self.machine.uptime(), witnessed: self.latest_witnessed }
    }
}

impl Machine {
    fn this() -> Self {
        let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        Self { id: id.trim().to_owned(), begun: Instant::now() }
    }

    fn uptime(&self) -> u64 {
        let text = std::fs::read_to_string("/proc/uptime").ok();
        let seconds = text.as_deref().and_then(|text| text.split('.').next()?.parse().ok());
        seconds.unwrap_or_else(|| self.begun.elapsed().as_secs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_counts_when_the_machine_or_a_witness_saw_it() {
        let fresh = Lived::after(None);
        assert!(fresh.seconds() < 60);
        let mark = fresh.mark();
        // The same start of the machine, an hour ago.
        let hour_ago = Mark { lived: 1000, uptime: mark.uptime.saturating_sub(3600), ..mark.clone() };
        let gone = mark.uptime - hour_ago.uptime;
        let after = Lived::after(Some(&hour_ago)).seconds();
        assert!((1000 + gone..1000 + gone + 60).contains(&after), "{after}");
        // Another start: nobody knows how long it was off.
        let other = Mark { machine: "another start".into(), ..hour_ago.clone() };
        assert!((1000..1060).contains(&Lived::after(Some(&other)).seconds()));
        // A witness does.
        let witnessed = Mark { witnessed: Some(50_000), ..other };
        let mut lived = Lived::after(Some(&witnessed));
        lived.witnessed(50_000 + 7000);
        assert!((8000..8060).contains(&lived.seconds()), "{}", lived.seconds());
        // Its clock going back takes nothing away, and one word of it twice adds nothing.
        lived.witnessed(1);
        lived.witnessed(57_000);
        assert!((8000..8060).contains(&lived.seconds()));
        assert_eq!(lived.mark().witnessed, Some(57_000));
    }

    #[test]
    fn the_first_word_of_a_witness_proves_nothing_yet() {
        let mut lived = Lived::after(Some(&Mark { lived: 10, machine: "x".into(), ..Mark::default() }));
        lived.witnessed(4_000_000_000);
        assert!(lived.seconds() < 70);
    }
}
