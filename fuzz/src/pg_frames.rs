//! PostgreSQL's messages: any bytes, cut anywhere.

use blackbar_wire::pg::frontend::{Bind, Execute, FunctionCall, Named, Parse, SaslInitial, read_query};
use blackbar_wire::pg::{BackendFrame, Frame, Framer, FrontendFrame, Limits, authentication, key_data, negotiation};
use blackbar_wire::pg::{read_opening, sqlstate};

use crate::input::{Input, places};

/// The same frames and the same error come of every way to cut the bytes; what is read is never more than was there.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let cuts = input.cuts();
    let bytes = input.rest(1 << 16);
    let mut opening = bytes.into();
    let _ = read_opening(&mut opening);

    let (whole, cut) = (frames::<FrontendFrame>(bytes, &[]), frames::<FrontendFrame>(bytes, &cuts));
    assert_eq!(whole.1, cut.1);
    assert_eq!(format!("{:?}", whole.0), format!("{:?}", cut.0));
    for frame in whole.0 {
        let _ = (Parse::read(&frame), Bind::read(&frame), Named::read(&frame), Execute::read(&frame));
        let _ = (FunctionCall::read(&frame), SaslInitial::read(&frame), read_query(&frame));
    }
    let (whole, cut) = (frames::<BackendFrame>(bytes, &[]), frames::<BackendFrame>(bytes, &cuts));
    assert_eq!(whole.1, cut.1);
    assert_eq!(format!("{:?}", whole.0), format!("{:?}", cut.0));
    for frame in whole.0 {
        let _ = (authentication(&frame), key_data(&frame), negotiation(&frame), sqlstate(&frame));
    }
}

fn frames<F: Frame>(bytes: &[u8], cuts: &[u16]) -> (Vec<F>, bool) {
    let limits = Limits { statement: 1 << 14, row: 1 << 15 };
    let mut framer = Framer::new(limits);
    let mut frames = Vec::new();
    let mut start = 0;
    for cut in places(cuts, bytes.len()).into_iter().chain([bytes.len()]) {
        framer.push(&bytes[start..cut]);
        start = cut;
        loop {
            match framer.next() {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(_) => return (frames, true),
            }
        }
    }
    (frames, false)
}
