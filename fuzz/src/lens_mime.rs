//! E-mails and forms in parts: folded fields, encoded words, boundaries, transfer encodings whole and broken.

use blackbar_engine::Format;

use crate::hold::{self, MOST};
use crate::input::Input;
use crate::pieces::{FIELDS, Spelling, text};
use crate::setup;

/// Holds the laws of streaming.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let profile = setup::profile(input.byte());
    let cuts = input.cuts();
    let mut doc = Vec::new();
    while !input.is_empty() && doc.len() < MOST {
        match input.byte() % 12 {
            0 => doc.extend(input.pick(&["\n", "\r\n", "\n ", "\r\n\t", "\n\n", "\r\n\r\n", "\r"]).bytes()),
            1 => doc.extend(
                input
                    .pick(&[
                        "Content-Type: multipart/mixed; boundary=xy\n\n",
                        "Content-Type: text/html\r\n",
                        "Content-Type: application/json\n",
                        "Content-Type: message/rfc822\n\n",
                        "Content-Transfer-Encoding: base64\r\n\r\n",
                        "Content-Transfer-Encoding: quoted-printable\n\n",
                        "Content-Disposition: form-data; name=\"mrn\"\n\n",
                        "MIME-Version: 1.0\n",
                    ])
                    .bytes(),
            ),
            2 => doc.extend(input.pick(&["\n--xy\n", "\r\n--xy--\r\n", "--xy", "--", "--a-b-c\r\n"]).bytes()),
            3 => doc.extend(
                input.pick(&["=?utf-8?Q?Ren=C3=A9?=", "=?utf-8?B?SmFuZSBEb2U=?=", "=?x?q?_?=", "=?", "?="]).bytes(),
            ),
            4 => doc.extend(input.pick(&["=\n", "=\r\n", "=40", "=4", "=", "=C3=A9", "=3D"]).bytes()),
            5 => doc.extend(
                input
                    .pick(&["UGF0aWVudDog\n", "SmFuZSBEb2UsIDIxOS0wOS05OTk5\r\n", "iVBORw0KGgoAAAANSUhEUg==\n", "QQ=="])
                    .bytes(),
            ),
            6 => {
                doc.extend(input.pick(&["From", "To", "Subject", "Date", "X-Id"]).bytes());
                doc.extend(b": ");
            }
            7 => doc.extend(input.pick(FIELDS).bytes()),
            8 => doc.extend(input.pick(&["<p>", "</p>", "{\"ssn\":\"", "\"}", "&amp;"]).bytes()),
            _ => text(&mut input, Spelling::Plain, &mut doc),
        }
    }
    doc.truncate(MOST);
    hold::streaming(profile, Format::Mime, &cuts, &doc);
}
