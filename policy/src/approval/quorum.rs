//! Have enough different people agreed?

use std::collections::BTreeMap;

use super::Vote;

/// Every group has as many people as it asks for, and nobody stands for two groups at once: an officer who is also the
/// lawyer is one pair of eyes.
pub(super) fn is_met(needs: &BTreeMap<String, u32>, votes: &[Vote]) -> bool {
    let seats: Vec<&str> = needs
        .iter()
        .flat_map(|(group, quorum)| (0..*quorum).map(move |_| group.as_str()))
        .take(votes.len() + 1)
        .collect();
    // More seats than votes are never filled; the rest of them need not be written out.
    if seats.len() > votes.len() {
        return false;
    }
    let mut seat_of: Vec<Option<usize>> = vec![None; votes.len()];
    (0..seats.len()).all(|seat| place(seat, &seats, votes, &mut seat_of, &mut vec![false; votes.len()]))
}

/// Finds a person for a seat, moving others to seats that they can take as well.
fn place(seat: usize, seats: &[&str], votes: &[Vote], seat_of: &mut [Option<usize>], asked: &mut [bool]) -> bool {
    for (person, vote) in votes.iter().enumerate() {
        if asked[person] || !vote.groups.contains(seats[seat]) {
            continue;
        }
        asked[person] = true;
        let free = match seat_of[person] {
            None => true,
            Some(taken) => place(taken, seats, votes, seat_of, asked),
        };
        if free {
            seat_of[person] = Some(seat);
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vote(person: &str, groups: &[&str]) -> Vote {
        let groups = groups.iter().map(|group| (*group).to_owned()).collect();
        Vote { person: person.to_owned(), groups, at_ms: 0 }
    }

    fn met(needs: &[(&str, u32)], votes: &[Vote]) -> bool {
        is_met(&needs.iter().map(|(group, quorum)| ((*group).to_owned(), *quorum)).collect(), votes)
    }

    #[test]
    fn one_person_fills_one_seat() {
        let both = |person| vote(person, &["lawyers", "officers"]);
        let needs = [("lawyers", 1), ("officers", 1)];
        assert!(!met(&needs, &[both("a")]));
        assert!(met(&needs, &[both("a"), both("b")]));
        // The first who came could take either seat, the second only one.
        assert!(met(&needs, &[both("a"), vote("b", &["lawyers"])]));
        assert!(met(&needs, &[both("a"), vote("b", &["officers"])]));
        assert!(!met(&needs, &[vote("a", &["officers"]), vote("b", &["officers"])]));
        assert!(!met(&[("officers", 3)], &[both("a"), both("b")]));
        assert!(met(&[("officers", 2)], &[both("a"), both("b")]));
        assert!(!met(&[("officers", u32::MAX)], &[both("a")]));
    }
}
