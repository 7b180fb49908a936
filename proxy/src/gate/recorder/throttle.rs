//! How many are told one by one, and how many only counted.

use std::time::{Duration, Instant};

/// A few a second are told; the others are counted, and told with the next one.
#[derive(Debug)]
pub(super) struct Throttle {
    begun: Instant,
    told: u32,
    counted: u64,
}

const EACH: Duration = Duration::from_secs(1);
const MOST: u32 = 20;

impl Default for Throttle {
    fn default() -> Self {
        Self { begun: Instant::now(), told: 0, counted: 0 }
    }
}

impl Throttle {
    /// Whether this one is told; if so, how many were only counted before it.
    pub(super) fn admit(&mut self) -> Option<u64> {
        self.at(Instant::now())
    }

    /// How many were counted and have waited long enough to be told together.
    pub(super) fn overdue(&mut self) -> Option<u64> {
        (self.counted > 0 && self.begun.elapsed() >= EACH).then(|| std::mem::take(&mut self.counted))
    }

    fn at(&mut self, now: Instant) -> Option<u64> {
        if now.duration_since(self.begun) >= EACH {
            (self.begun, self.told) = (now, 0);
        }
        if self.told >= MOST {
            self.counted += 1;
            return None;
        }
        self.told += 1;
        Some(std::mem::take(&mut self.counted))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_counted_to_the_last_one() {
        let mut throttle = Throttle::default();
        let begun = throttle.begun;
        let told = (0..1000).filter(|_| throttle.at(begun) == Some(0)).count();
        assert_eq!(told, 20);
        assert_eq!(throttle.at(begun + EACH), Some(980));
        assert_eq!(throttle.at(begun + EACH), Some(0));
        assert_eq!(throttle.overdue(), None);
    }
}
