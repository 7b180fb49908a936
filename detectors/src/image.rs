//! Photographs and other images inside text.

use std::borrow::Cow;

use blackbar_engine::{ByteSet, Detector, DigitRun, Reach, Tail, Trigger, Verdict, Verify, View, Window};

use crate::kinds;
use crate::shape::clamp;

/// Images and page images in base64: data URIs, and the first bytes of JPEG, PNG, GIF and PDF files. They are decided by
/// their head and consumed to their end, however long.
pub static IMAGE: Detector = Detector {
    id: Cow::Borrowed("image"),
    kind: kinds::IMAGE,
    class: Cow::Borrowed("Q"),
    priority: 75,
    window: Window { before: 4, longest: 96, after: 4 },
    reach: Reach { bytes: 1, across: ByteSet::of(b"/R") },
    triggers: Cow::Borrowed(&[
        Trigger::Words(&["data", "ivborw", "jvberi"]),
        Trigger::Number(
            DigitRun::of_lens(1, 1).before(ByteSet::of(b"/R")).inside().first(b"90").after(ByteSet::of(b"jl")),
        ),
    ]),
    verify: Verify::Pure(verify),
    teaches: false,
    takes: Cow::Borrowed("data:image/… and data:application/pdf URIs, base64 that decodes to a JPEG, PNG, GIF or PDF"),
    refuses: Cow::Borrowed("other base64, other data URIs, prose"),
};

/// Both base64 alphabets, the padding, percent escapes of it, and the line ends of wrapped text.
static BASE64: ByteSet = ByteSet::ALNUM.or(ByteSet::of(b"+/=-_%\r\n"));
/// A line end belongs to it only when more follows.
static LINE_END: ByteSet = ByteSet::of(b"\n");
/// The name of a media type and its parameters.
const MEDIA: ByteSet = ByteSet::ALNUM.or(ByteSet::of(b"/\\+-.;=_\""));

fn verify(view: &View<'_>) -> Option<Verdict> {
    let (start, end, reason) = match view.byte(0)? {
        b'd' | b'D' => (0, data_uri(view)?, "data URI"),
        // 89 50 4e 47 0d 0a 1a 0a.
        b'i' if view.ahead(11) == b"iVBORw0KGgo" => (0, 11, "PNG"),
        // %PDF-
        b'J' if view.ahead(7) == b"JVBERi0" => (0, 7, "PDF"),
        // ff d8 ff, then a marker: e0 to ef, or a table.
        b'9' if view.byte(-1) == Some(b'/') && view.byte(1) == Some(b'j') => (-1, jpeg(view)?, "JPEG"),
        // GIF8.
        b'0' if view.byte(-1) == Some(b'R') && view.byte(1) == Some(b'l') && view.ahead(5) == b"0lGOD" => {
            (-1, 5, "GIF")
        }
        _ => return None,
    };
    let glued = view.byte(start - 1).is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'));
    let is_long = reason == "data URI" || view.run(end, &BASE64, 16).len() >= 12;
    let tail = Tail::While { set: &BASE64, soft: &LINE_END };
    (!glued && is_long).then(|| Verdict::new(start, end, kinds::IMAGE, 97, reason).with_tail(tail))
}

fn jpeg(view: &View<'_>) -> Option<i32> {
    let head = view.ahead(4);
    matches!(head, [b'9', b'j', b'/', b'2' | b'4' | b'5' | b'6' | b'7']).then_some(4)
}

/// One past the comma of `data:image/…;base64,`. Data that is not base64 (SVG in percent escapes) is consumed alike.
fn data_uri(view: &View<'_>) -> Option<i32> {
    if view.byte(4)? != b':' {
        return None;
    }
    let media = view.run(5, &MEDIA, 72);
    let starts = |name: &[u8]| media.get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name));
    let is_content =
        starts(b"image/") || starts(b"image\\/") || starts(b"application/pdf") || starts(b"application/dicom");
    let comma = 5 + clamp(media.len());
    let data_follows = view.byte(comma)? == b',' && view.byte(comma + 1).is_some_and(|b| BASE64.has(b));
    (is_content && data_follows).then_some(comma + 1)
}

#[cfg(test)]
mod tests {
    use blackbar_engine::{Field, naive};

    use super::*;
    use crate::testing;

    #[test]
    fn cases() {
        testing::assert_cases(&IMAGE);
    }

    #[test]
    fn an_image_of_any_length_is_consumed() {
        for wrapped in [false, true] {
            let line = "QUJD".repeat(19);
            let body = vec![line.as_str(); 200].join(if wrapped { "\n" } else { "" });
            let image = format!("/9j/4AAQSkZJRgABAQ{body}==");
            let text = format!("photo: {image} end");
            let found = naive::findings(&[&IMAGE], &crate::lexicon(), text.as_bytes(), &Field::default(), 50);
            let spans: Vec<(usize, usize)> = found.iter().map(|f| (f.start, f.end)).collect();
            assert_eq!(spans, [(7, 7 + image.len())]);
        }
    }

    #[test]
    fn total_and_within_its_window() {
        let words = ["data:image/png;base64,", "/9j/4AAQSkZJRg", "iVBORw0KGgo", "R0lGODlh", "JVBERi0", "data:"];
        testing::assert_total(&IMAGE, &words);
    }
}
