//! The frames of HTTP/2 that a client sends, as far as they say whether it reads what it is sent.

/// Watches the bytes that a client sends on one connection. It looks at the heads of frames and at nothing in them.
#[derive(Debug)]
pub struct Frames {
    state: State,
}

#[derive(Debug)]
enum State {
    /// So many bytes of the preface came.
    Preface(usize),
    /// The head of a frame, and how much of it came.
    Head([u8; 9], usize),
    /// So many bytes of a frame are still to come.
    Payload(usize),
    /// It is not HTTP/2.
    Other,
}

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const WINDOW_UPDATE: u8 = 8;

impl Frames {
    /// A connection on which nothing came yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { state: State::Preface(0) }
    }

    /// Whether the preface of HTTP/2 came.
    #[must_use]
    pub const fn is_spoken(&self) -> bool {
        matches!(self.state, State::Head(..) | State::Payload(_))
    }

    /// Looks at the next bytes. Says whether the client made room for more to be sent to it.
    pub fn observe(&mut self, mut bytes: &[u8]) -> bool {
        let mut room = false;
        while let Some((&byte, rest)) = bytes.split_first() {
            match &mut self.state {
                State::Other => return false,
                State::Preface(came) => {
                    bytes = rest;
                    self.state = match PREFACE.get(*came) {
                        Some(expected) if *expected == byte && *came + 1 == PREFACE.len() => State::Head([0; 9], 0),
                        Some(expected) if *expected == byte => State::Preface(*came + 1),
                        _ => State::Other,
                    };
                }
                State::Head(head, came) => {
                    bytes = rest;
                    if let Some(place) = head.get_mut(*came) {
                        *place = byte;
                    }
                    *came += 1;
                    if *came == head.len() {
                        let [high, middle, low, kind, ..] = *head;
                        room |= kind == WINDOW_UPDATE;
                        let length = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
                        self.state = if length == 0 { State::Head([0; 9], 0) } else { State::Payload(length) };
                    }
                }
                State::Payload(left) => {
                    let here = (*left).min(bytes.len());
                    bytes = bytes.get(here..).unwrap_or_default();
                    let left = *left - here;
                    self.state = if left == 0 { State::Head([0; 9], 0) } else { State::Payload(left) };
                }
            }
        }
        room
    }
}

impl Default for Frames {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_seen_wherever_the_bytes_are_cut() {
        // A SETTINGS frame with a payload that looks like the head of a WINDOW_UPDATE, an empty one, and then a real one.
        let settings = [&[0, 0, 9, 4, 0, 0, 0, 0, 0][..], &[0, 0, 4, 8, 0, 0, 0, 0, 0]].concat();
        let before = [PREFACE, &settings, &[0, 0, 0, 4, 1, 0, 0, 0, 0]].concat();
        let window = [0, 0, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0, 1];
        let all = [&before[..], &window, &settings].concat();
        for step in 1..all.len() {
            let mut frames = Frames::new();
            let (mut at, mut seen) = (0, Vec::new());
            for piece in all.chunks(step) {
                if frames.observe(piece) {
                    seen.push(at..at + piece.len());
                }
                at += piece.len();
            }
            assert!(frames.is_spoken());
            // Its head is whole with its ninth byte.
            assert_eq!(seen.len(), 1, "in steps of {step}");
            assert!(seen[0].contains(&(before.len() + 8)), "in steps of {step}");
        }
    }

    #[test]
    fn other_protocols_are_none_of_its_business() {
        let mut frames = Frames::new();
        assert!(!frames.observe(b"PRI * HTTP/1.1\r\n"));
        assert!(!frames.observe(&[0, 0, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0, 1]));
        assert!(!frames.is_spoken());
    }
}
