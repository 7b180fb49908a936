//! E-mails in parts: prose in quoted-printable, pages, and attachments in base64.

use crate::mould::Mould;
use crate::rich::Rich;
use crate::scribe::Scribe;
use crate::table::Head;
use crate::writer::{Encoding, Syntax, Writer};
use crate::{ccda, fhir, table};

/// The length of a line of base64.
const WIDTH: usize = 76;
const BOUNDARY: &str = "----=_Part_a_b";
const QUOTED: Encoding = Encoding { xml: false, syntax: Syntax::Quoted };

/// A letter about a patient, with what is attached.
pub(crate) fn message(scribe: &mut Scribe) -> Writer {
    let mut out = Writer::default();
    heads(scribe, &mut out);
    begin(&mut out, "text/plain; charset=utf-8", "quoted-printable");
    let letter = scribe.fill("Dear {dr},\\n\\n{>hpi*1-2}\\n{>plan}\\n\\n{>family}\\nPlease call {pt.phone} or write to {pt.email}.\\n\\n{>signature}");
    out.rich(&letter, QUOTED, &mut scribe.rng);
    out.syntax("\r\n");
    for _ in 0..scribe.rng.range(1, 3) {
        attach(scribe, &mut out);
    }
    out.syntax(&format!("--{BOUNDARY}--\r\n"));
    out
}

fn heads(scribe: &mut Scribe, out: &mut Writer) {
    let plain = Mould { encoding: Encoding::default(), trim: &|text| *text = text.replace('\n', " ") };
    let word = Mould { encoding: Encoding { xml: false, syntax: Syntax::Word }, ..plain };
    out.syntax("From: ");
    if scribe.rng.chance(40) {
        word.write(scribe, "=?utf-8?Q?{pt.full}?=", out);
    } else {
        plain.write(scribe, "{pt.full}", out);
    }
    plain.write(scribe, " <{pt.email}>\r\nTo: \"{dr.full}\" <{dr.email}>\r\nSubject: ", out);
    if scribe.rng.chance(30) {
        word.write(scribe, "=?utf-8?Q?Referral_{pt.last}?=\r\n =?utf-8?Q?_seen_{date}?=", out);
    } else {
        plain.write(scribe, "Referral of {pt.full}, MRN {mrn}", out);
    }
    let today = scribe.cast.today;
    let day = Rich::label("date", format!("{} {} {}", today.day, today.month_short(), today.year));
    out.syntax(&format!("\r\nDate: {}, ", today.weekday().get(..3).unwrap_or_default()));
    out.rich(&day, Encoding::default(), &mut scribe.rng);
    out.syntax(" 10:11:12 +0000\r\nMIME-Version: 1.0\r\n");
    out.syntax(&format!("Content-Type: multipart/mixed;\r\n boundary=\"{BOUNDARY}\"\r\n\r\n"));
}

fn begin(out: &mut Writer, media: &str, encoding: &str) {
    out.syntax(&format!("--{BOUNDARY}\r\nContent-Type: {media}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"));
}

fn attach(scribe: &mut Scribe, out: &mut Writer) {
    match scribe.rng.index(5) {
        0 => {
            begin(out, "text/html; charset=utf-8", "8bit");
            out.append(ccda::page(scribe));
        }
        1 => {
            begin(out, "text/csv; charset=utf-8", "base64");
            out.packed(table::csv(scribe, Head::Always), WIDTH);
        }
        2 => {
            begin(out, "text/plain; charset=utf-8", "base64");
            let mut note = Writer::default();
            note.rich(
                &scribe.fill("{>hpi*2}\\n{>plan}\\nMRN {mrn}, born {dob}\\n"),
                Encoding::default(),
                &mut scribe.rng,
            );
            out.packed(note, WIDTH);
        }
        3 => {
            begin(out, "application/fhir+json", "8bit");
            out.append(fhir::resource(scribe));
        }
        _ => {
            begin(out, "image/jpeg", "base64");
            let photo = crate::images::photo_base64(&mut scribe.rng);
            out.rich(&Rich::label("image", photo), Encoding::default(), &mut scribe.rng);
        }
    }
    out.syntax("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;

    #[test]
    fn parts_begin_and_end_with_the_boundary() {
        for seed in 0..20 {
            let mut scribe = Scribe::new(Rng::new(seed));
            let (bytes, labels, _, _) = message(&mut scribe).into_parts();
            assert!(scribe.unknown().is_empty(), "{:?}", scribe.unknown());
            let text = String::from_utf8(bytes).unwrap();
            assert!(text.starts_with("From: ") && text.ends_with(&format!("\r\n--{BOUNDARY}--\r\n")), "{text}");
            let parts = text.matches(&format!("\n--{BOUNDARY}\r\n")).count();
            assert!((2..=4).contains(&parts) && labels.len() > 8, "{text}");
        }
    }
}
