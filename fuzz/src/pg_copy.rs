//! COPY streams in every format, cut anywhere.

use blackbar_wire::pg::copy::{Cell, CopyFormat, CopyStream};
use blackbar_wire::pg::value::Masked;
use blackbar_wire::pg::{Framer, FrontendFrame, Limits, frontend};

use crate::input::{Input, places};

/// The same cells and the same bytes come of every way to cut the stream; one in which nothing is changed comes back.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let format = match input.byte() % 4 {
        0 => CopyFormat::Text { delimiter: input.pick(b"\t|,"), null: b"\\N".to_vec() },
        1 => CopyFormat::Binary,
        _ => {
            let (quote, header) = (input.pick(b"\"'"), input.byte().is_multiple_of(2));
            let escape = input.pick(&[quote, b'\\']);
            CopyFormat::Csv { delimiter: input.pick(b",;"), quote, escape, null: Vec::new(), header }
        }
    };
    let change = input.byte().is_multiple_of(2);
    let cuts = input.cuts();
    let mut stream = Vec::new();
    if format == CopyFormat::Binary {
        stream.extend(b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0");
    }
    stream.extend(input.rest(1 << 14));
    let whole = read(&format, change, &stream, &[]);
    assert_eq!(read(&format, change, &stream, &cuts), whole);
    if let (false, Some((out, _))) = (change, whole) {
        assert_eq!(out, stream);
    }
}

type Seen = Vec<(usize, bool, Option<Vec<u8>>)>;

/// `None` when the stream is refused.
fn read(format: &CopyFormat, change: bool, stream: &[u8], cuts: &[u16]) -> Option<(Vec<u8>, Seen)> {
    let mut copy = CopyStream::new(format.clone(), 4096);
    let (mut out, mut seen) = (Vec::new(), Seen::new());
    let mut judge = |cell: &Cell| {
        seen.push((cell.column, cell.header, cell.value.as_ref().map(|value| value.to_vec())));
        let digits = cell.value.as_ref().is_some_and(|value| value.iter().any(u8::is_ascii_digit));
        Ok(if change && digits { Masked::Value("[X]".into()) } else { Masked::Unchanged })
    };
    let mut start = 0;
    let ends = places(cuts, stream.len()).into_iter().chain([stream.len()]);
    for end in ends {
        let message = frontend::write_copy_data(&stream[start..end]).ok()?;
        start = end;
        let sent = copy.to_server(&frame(&message), &mut judge).ok()?;
        out.extend(sent.iter().flat_map(|message| message[5..].to_vec()));
    }
    let sent = copy.end_to_server(&mut judge).ok()?;
    out.extend(sent.iter().flat_map(|message| message[5..].to_vec()));
    Some((out, seen))
}

fn frame(message: &[u8]) -> FrontendFrame {
    let mut framer = Framer::new(Limits::default());
    framer.push(message);
    framer.next().expect("a message of our own").expect("all of it")
}
