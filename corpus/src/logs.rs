//! Lines of servers: requests, JSON a line, pairs, and messages of daemons.

use crate::calendar::Date;
use crate::cast::Cast;
use crate::json::{Json, Layout};
use crate::mould::Mould;
use crate::rich::Rich;
use crate::scribe::Scribe;
use crate::writer::{Encoding, JsonEscapes, Syntax, Writer};

/// Lines in one layout, about several people.
pub(crate) fn lines(scribe: &mut Scribe) -> Writer {
    let layout: fn(&mut Scribe, &mut Writer) =
        *scribe.rng.pick(&[request as fn(&mut Scribe, &mut Writer), json, pairs, message]);
    let mut out = Writer::default();
    for i in 0..scribe.rng.range(6, 24) {
        layout(scribe, &mut out);
        out.syntax("\n");
        if i % 3 == 2 {
            scribe.cast = Cast::random(&mut scribe.rng);
        }
    }
    out
}

/// A line breaks no line.
const ONE_LINE: &dyn Fn(&mut String) = &|text| *text = text.replace('\n', " ");
const PLAIN: Mould<'_> = Mould { encoding: Encoding { xml: false, syntax: Syntax::Plain }, trim: ONE_LINE };
const URL: Mould<'_> = Mould { encoding: Encoding { xml: false, syntax: Syntax::Url }, trim: ONE_LINE };

/// The combined layout of web servers.
fn request(scribe: &mut Scribe, out: &mut Writer) {
    let user = *scribe.rng.pick(&["-", "{pt.user}", "{dr.user}"]);
    PLAIN.write(scribe, &format!("{{ip}} - {user} ["), out);
    let date = moment(scribe);
    out.rich(&date, Encoding::default(), &mut scribe.rng);
    let method = *scribe.rng.pick(&["GET", "POST", "PUT"]);
    out.syntax(&format!("] \"{method} "));
    let path = *scribe.rng.pick(PATHS);
    URL.write(scribe, path, out);
    PLAIN.write(scribe, " HTTP/1.1\" {status} {bytes} \"-\" \"Mozilla/5.0 (X11; Linux x86_64)\"", out);
}

const PATHS: &[&str] = &[
    "/patients/{uuid}/chart?tab=2",
    "/fhir/Patient/{uuid}/$everything",
    "/portal/search?name={pt.full}&dob={isodob}&phone={pt.phone}",
    "/members/{member}/card?mrn={mrn}",
    "/find?email={pt.email}&zip={pt.zip}",
    "/billing/statement?account={account}&last_name={pt.last}",
    "/static/app.css?v={-number:12}",
    "/healthz",
    "/api/v2/metadata?page={-number:3}",
];

fn moment(scribe: &mut Scribe) -> Rich {
    let ago = i32::try_from(scribe.rng.range(1, 400)).unwrap_or(1);
    let Date { year, day, .. } = scribe.cast.today.plus(-ago);
    let month = scribe.cast.today.plus(-ago).month_short();
    let (hour, minute) = (scribe.rng.range(0, 23), scribe.rng.range(0, 59));
    Rich::label("date", format!("{day:02}/{month}/{year}:{hour:02}:{minute:02}:07 +0000"))
}

fn json(scribe: &mut Scribe, out: &mut Writer) {
    let text = |scribe: &mut Scribe, template: &str| {
        let mut rich = scribe.fill(template);
        rich.pieces_mut().iter_mut().for_each(|piece| ONE_LINE(&mut piece.text));
        Json::Text(rich)
    };
    let mut members = vec![
        ("ts", text(scribe, "{ts}")),
        ("level", text(scribe, "[info|warn|error]")),
        ("logger", Json::text("intake.api")),
        ("took_ms", Json::Bare(scribe.fill("{count}"))),
    ];
    members.extend(match scribe.rng.index(4) {
        0 => vec![
            ("msg", text(scribe, "registered {pt.full}, MRN {mrn}")),
            ("ip", text(scribe, "{ip}")),
            (
                "patient",
                Json::Object(vec![
                    ("mrn", text(scribe, "{mrn}")),
                    ("last_name", text(scribe, "{pt.last}")),
                    ("dob", text(scribe, "{isodob}")),
                    ("phone", text(scribe, "{pt.phone}")),
                ]),
            ),
        ],
        1 => vec![
            ("msg", Json::text("reminder sent")),
            ("to", text(scribe, "{pt.email}")),
            ("template", text(scribe, "{ver}")),
        ],
        2 => vec![
            ("msg", text(scribe, "{>hpi}")),
            ("user", text(scribe, "{dr.user}")),
            ("trace", text(scribe, "{traceid}")),
        ],
        _ => vec![("msg", Json::text("pool at 80%")), ("waiting", Json::Bare(scribe.fill("{order}")))],
    });
    let layout = Layout { pretty: false, escapes: JsonEscapes::default() };
    Json::Object(members).write(layout, out, &mut scribe.rng);
}

/// Keys and values, as `logfmt` writes them.
fn pairs(scribe: &mut Scribe, out: &mut Writer) {
    let encoding = Encoding { xml: false, syntax: Syntax::Json(JsonEscapes::default()) };
    let mould = Mould { encoding, trim: ONE_LINE };
    let line = *scribe.rng.pick(&[
        "ts={ts} level=info msg=\"chart opened\" user={dr.user} patient=\"{pt.full}\" mrn=\"{mrn}\" ip={ip}",
        "ts={ts} level=warn msg=\"no answer\" phone=\"{pt.phone}\" attempt={order} took={ms}",
        "ts={ts} level=info msg=\"{>hpi}\" provider=\"{dr.full}\" npi={dr.npi}",
        "ts={ts} level=error msg=\"claim refused\" member=\"{member}\" dob=\"{isodob}\" code={icd} amount=\"{money}\"",
        "ts={ts} level=debug msg=\"cache warm\" status={status} bytes={bytes}",
        "ts={ts} level=info msg=\"label printed\" address=\"{pt.street}\" city=\"{pt.city}\" zip=\"{pt.zip}\"",
    ]);
    mould.write(scribe, line, out);
}

fn message(scribe: &mut Scribe, out: &mut Writer) {
    match scribe.rng.index(4) {
        0 => PLAIN.write(scribe, "<34>1 {ts} gw-2 ehrd 411 ID47 - {pt.full} (MRN {mrn}) checked in at {facility}", out),
        1 => PLAIN.write(
            scribe,
            "<30>1 {ts} fax-1 hylafaxd 92 - - sent {-number:3} pages to {dr.fax} for {pt.lastfirst}",
            out,
        ),
        _ => {
            let section = if scribe.rng.chance(70) { "log" } else { "log.clean" };
            let mut rich = scribe.section(section);
            rich.pieces_mut().iter_mut().for_each(|piece| ONE_LINE(&mut piece.text));
            out.rich(&rich, Encoding::default(), &mut scribe.rng);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;

    #[test]
    fn each_entry_is_a_line_and_each_layout_occurs() {
        let mut layouts = [0; 4];
        for seed in 0..60 {
            let mut scribe = Scribe::new(Rng::new(seed));
            let (bytes, labels, _, _) = lines(&mut scribe).into_parts();
            assert!(scribe.unknown().is_empty(), "{:?}", scribe.unknown());
            let text = String::from_utf8(bytes).unwrap();
            assert!((6..=24).contains(&text.lines().count()) && labels.len() > 3, "{text}");
            let layout = match text.as_str() {
                text if text.starts_with('{') => 0,
                text if text.starts_with("ts=") => 1,
                text if text.contains("HTTP/1.1\" ") && text.contains("Mozilla/5.0 (X11; Linux x86_64)\"\n") => 2,
                _ => 3,
            };
            layouts[layout] += 1;
        }
        assert!(layouts.iter().all(|count| *count > 5), "{layouts:?}");
    }
}
