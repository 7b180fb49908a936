//! HL7 version 2 messages: admissions and results.

use crate::cast::Cast;
use crate::people::Person;
use crate::rich::{Rich, Role};
use crate::scribe::Scribe;
use crate::writer::{Encoding, Writer};

/// A few messages about different patients.
pub(crate) fn messages(scribe: &mut Scribe) -> Writer {
    let mut out = Writer::default();
    for _ in 0..scribe.rng.range(2, 5) {
        let segments = message(scribe);
        for segment in segments {
            out.rich(&segment, Encoding::default(), &mut scribe.rng);
            out.syntax("\r");
        }
        scribe.cast = Cast::random(&mut scribe.rng);
    }
    out
}

fn message(scribe: &mut Scribe) -> Vec<Rich> {
    let patient = scribe.cast.patient.clone();
    let doctor = scribe.cast.providers[0].clone();
    let relative = scribe.cast.relatives[0].clone();
    let event = *scribe.rng.pick(&["ADT^A01", "ADT^A08", "ORU^R01", "ADT^A04"]);
    let header = scribe.fill("MSH|^~\\\\&|EPIC|HOSP|LAB|HOSP|{compact}||");
    let mut segments = vec![
        header.then(format!("{event}|")).with(Role::Decoy("trace"), scribe.rng.digits(6)).then("|P|2.5.1"),
        scribe.fill("EVN|A01|{compact}"),
        pid(scribe, &patient),
        name(Rich::plain("NK1|1|"), &relative.0, "name:relative").then(format!("|{}||", relative.1)),
    ];
    let physician = Rich::plain("PV1|1|I|4W^").with(Role::Decoy("room"), "402^B").then("||||");
    let physician = physician.then_label("npi", crate::ids::npi(true, &mut scribe.rng)).then("^");
    if let Some(kin) = segments.last_mut() {
        kin.append(scribe.fill("{rel.phone}"));
    }
    let mut physician = name(physician, &doctor, "name:provider");
    physician.append(scribe.fill("||||||||||||{csn}"));
    segments.push(physician);
    if event == "ORU^R01" {
        segments.push(scribe.fill("OBR|1||{accession}|{loinc}^CHEM PANEL^LN|||{compact}"));
        for _ in 0..scribe.rng.range(2, 5) {
            segments.push(scribe.fill("OBX|{order}|NM|{loinc}^Test^LN||{labval}|mg/dL|{labrange}|N|||F|||{compact}"));
        }
        segments.push(scribe.fill("NTE|1||{>hpi} {>radcall}"));
    } else {
        segments.push(scribe.fill("DG1|1||{icd}^{>w.dx}^I10"));
        segments
            .push(scribe.fill("IN1|1|{-code:PPO}|{-code:00123}|Aetna||||{policy}||||||||||||||||||||||||||||{member}"));
    }
    segments
}

fn pid(scribe: &mut Scribe, person: &Person) -> Rich {
    let mut rich = scribe.fill("PID|1||{mrn}^^^HOSP^MR||");
    rich = name(rich, person, "name:patient");
    let born = format!("{}{:02}{:02}", person.born.year, person.born.month, person.born.day);
    let place = person.address.place;
    rich = rich
        .then("||")
        .then_label("date", born)
        .then(if person.sex == crate::people::Sex::Male { "|M|||" } else { "|F|||" })
        .then_label("location:street", person.address.street.clone())
        .then("^^")
        .then_label("location:city", place.city)
        .then("^")
        .with(Role::Decoy("state"), place.state)
        .then("^")
        .then_label("zip", person.address.zip.clone())
        .then("||");
    rich.append(scribe.fill("{pt.phone}|||M||{account}|{ssn}|{dl}"));
    rich
}

fn name(rich: Rich, person: &Person, kind: &'static str) -> Rich {
    let rich = rich.then_label(kind, person.surname.clone()).then("^").then_label(kind, person.given.clone());
    match person.middle {
        Some(middle) => rich.then("^").then_label(kind, middle.to_string()),
        None => rich,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;

    #[test]
    fn messages_have_their_segments() {
        let (bytes, labels, _, _) = messages(&mut Scribe::new(Rng::new(4))).into_parts();
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.starts_with("MSH|^~\\&|"), "{text}");
        let pid = text.split('\r').find(|segment| segment.starts_with("PID|")).unwrap();
        let fields: Vec<&str> = pid.split('|').collect();
        assert!(fields[5].contains('^') && fields[7].len() == 8 && fields[19].len() >= 9, "{pid}");
        assert!(labels.len() > 20);
    }

    #[test]
    fn fields_are_where_the_standard_has_them() {
        let mut text = String::new();
        for seed in 0..8 {
            let (bytes, _, _, _) = messages(&mut Scribe::new(Rng::new(seed))).into_parts();
            text.push_str(&String::from_utf8(bytes).unwrap());
        }
        let field = |segment: &str, number: usize| {
            let line = text.split('\r').find(|line| line.starts_with(segment)).unwrap();
            line.split('|').nth(number).unwrap().to_owned()
        };
        assert!(field("IN1|", 36).len() >= 9 && !field("IN1|", 8).is_empty());
        assert_eq!(field("PV1|", 7).split('^').next().unwrap().len(), 10);
        assert!(!field("PV1|", 19).is_empty());
        assert!(field("NK1|", 5).chars().filter(char::is_ascii_digit).count() >= 10);
    }

    #[test]
    fn compact_dates_are_numbers() {
        let mut rng = Rng::new(2);
        let date = crate::calendar::Date { year: 2024, month: 1, day: 9 };
        assert!(crate::dates::compact(date, &mut rng).starts_with("20240109"));
    }
}
