//! A session: messages of both sides and verdicts in any order.

use blackbar_wire::pg::session::{Action, Allow, Session, Verdict};
use blackbar_wire::pg::{BackendFrame, Frame, Framer, FrontendFrame, Limits, Report, Severity};

use crate::input::Input;

/// Whatever the two sides say, nothing with content passes as it is, and an ended session stays so.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let mut session: Session<u8> = Session::new();
    let mut open = Vec::new();
    for _ in 0..400 {
        if input.is_empty() {
            break;
        }
        match input.byte() % 8 {
            0..=2 => {
                let tag = input.pick(b"QPBEDCSHXFdcfp");
                let body = input.byte() % 32;
                if let Some(frame) = frame::<FrontendFrame>(tag, input.take(usize::from(body))) {
                    session.handle_frontend(frame);
                }
            }
            3..=5 => {
                let tag = input.pick(b"123CcdDEGHINnRSstTVWZAK");
                let body = input.byte() % 32;
                if let Some(frame) = frame::<BackendFrame>(tag, input.take(usize::from(body))) {
                    session.handle_backend(frame);
                }
            }
            6 => {
                if let Some(id) = open.pop() {
                    let verdict = if input.byte().is_multiple_of(3) {
                        Verdict::Deny(report())
                    } else {
                        Verdict::Allow(Allow::as_is(1))
                    };
                    session.verdict(id, verdict);
                }
            }
            _ => session.fail_copy(report()),
        }
        while let Some(action) = session.poll() {
            match action {
                Action::ToClient(message) => {
                    let first = message.as_bytes().first().copied().unwrap_or_default();
                    assert!(!b"DdATVSR".contains(&first), "a message with content passed as it is");
                }
                Action::Ask(ask) => open.push(ask.id),
                Action::End => assert!(session.is_ended()),
                _ => {}
            }
        }
    }
}

fn report() -> Report {
    Report { severity: Severity::Error, code: "42501", message: "denied".into(), detail: None, hint: None }
}

fn frame<F: Frame>(tag: u8, body: &[u8]) -> Option<F> {
    let mut framer = Framer::new(Limits::default());
    let length = u32::try_from(body.len() + 4).ok()?;
    framer.push(&[&[tag][..], &length.to_be_bytes(), body].concat());
    framer.next().ok().flatten()
}
