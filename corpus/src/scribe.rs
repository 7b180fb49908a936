//! Expands templates into rich text: every slot decides what is an identifier.

use crate::calendar::Date;
use crate::cast::Cast;
use crate::people::{Person, Sex};
use crate::rich::{Rich, Role};
use crate::rng::Rng;
use crate::template::{Library, Part, alternatives, parts};
use crate::{cast, dates, decoys, ids, people};

/// Writes about one cast.
#[derive(Debug)]
pub(crate) struct Scribe {
    /// The randomness of this document.
    pub(crate) rng: Rng,
    /// The people and places of this document.
    pub(crate) cast: Cast,
    /// How letters are written in this document.
    pub(crate) letters: Letters,
    library: &'static Library,
    unknown: Vec<String>,
}

/// How the letters of a document are written.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Letters {
    /// As usual.
    #[default]
    Mixed,
    /// all in lower case, as in a hurry
    Lower,
    /// ALL CAPITALS, AS FROM OLD SYSTEMS
    Upper,
}

impl Scribe {
    /// A scribe with a new cast.
    pub(crate) fn new(mut rng: Rng) -> Self {
        let cast = Cast::random(&mut rng);
        Self { rng, cast, letters: Letters::Mixed, library: Library::builtin(), unknown: Vec::new() }
    }

    /// One random template of a section, expanded.
    pub(crate) fn section(&mut self, section: &str) -> Rich {
        let mut rich = Rich::default();
        self.expand_sections(section, &mut rich);
        self.polish(&mut rich);
        rich
    }

    /// A template, expanded.
    pub(crate) fn fill(&mut self, template: &str) -> Rich {
        let mut rich = Rich::default();
        self.expand(template, &mut rich);
        self.polish(&mut rich);
        rich
    }

    /// Slots and sections that templates asked for and nobody knows.
    pub(crate) fn unknown(&self) -> &[String] {
        &self.unknown
    }

    /// Removes the blanks that empty alternatives leave, and applies the document's letters.
    fn polish(&self, rich: &mut Rich) {
        let pieces = rich.pieces_mut();
        for i in 1..pieces.len() {
            let punctuation = pieces[i].text.starts_with(['.', ',', ';', ')']);
            let before = &mut pieces[i - 1];
            if punctuation && before.role == Role::Plain && before.text.ends_with(' ') {
                before.text.pop();
            }
        }
        let mut blank_before = false;
        for piece in pieces {
            if blank_before && piece.role == Role::Plain && piece.text.starts_with(' ') {
                piece.text.remove(0);
            }
            blank_before = piece.text.ends_with(' ') || (blank_before && piece.text.is_empty());
            match self.letters {
                Letters::Mixed => {}
                Letters::Lower => piece.text = piece.text.to_lowercase(),
                Letters::Upper => piece.text = piece.text.to_uppercase(),
            }
        }
    }

    fn expand(&mut self, template: &str, out: &mut Rich) {
        for part in parts(template) {
            match part {
                Part::Text(text) => out.push(Role::Plain, text),
                Part::Newline => out.push(Role::Plain, "\n"),
                Part::Choice(choice) => {
                    let options = alternatives(choice);
                    let chosen = *self.rng.pick(&options);
                    self.expand(chosen, out);
                }
                Part::Slot(slot) => self.fill_slot(slot, out),
            }
        }
    }

    fn fill_slot(&mut self, slot: &str, out: &mut Rich) {
        if let Some(section) = slot.strip_prefix('>') {
            self.expand_sections(section, out);
        } else if let Some((kind, text)) = slot.strip_prefix('-').and_then(|rest| rest.split_once(':')) {
            let text = self.literal(text);
            out.push(Role::Decoy(intern(kind, DECOY_KINDS)), text);
        } else if let Some((kind, text)) = slot.strip_prefix('+').and_then(|rest| rest.split_once(':')) {
            let text = self.literal(text);
            out.push(Role::Label(intern(kind, crate::KINDS)), text);
        } else if let Some((sort, text)) = decoys::decoy(slot, &mut self.rng) {
            out.push(Role::Decoy(sort), text);
        } else if let Some(rich) = self.identifier(slot) {
            out.append(rich);
        } else {
            self.unknown.push(slot.to_owned());
        }
    }

    /// A literal after its choices are made.
    fn literal(&mut self, text: &str) -> String {
        let mut rich = Rich::default();
        self.expand(text, &mut rich);
        rich.text()
    }

    /// `section`, `section*3`, `section*2-4` (joined by blanks) or `section#2-4` (joined by line breaks).
    fn expand_sections(&mut self, spec: &str, out: &mut Rich) {
        let (name, separator, count) = match spec.find(['*', '#']) {
            Some(at) => (&spec[..at], if spec.as_bytes()[at] == b'*' { " " } else { "\n" }, &spec[at + 1..]),
            None => (spec, " ", "1"),
        };
        let (low, high) = count.split_once('-').unwrap_or((count, count));
        let count = self.rng.range(low.parse().unwrap_or(1), high.parse().unwrap_or(1));
        let templates = self.library.section(name);
        if templates.is_empty() {
            self.unknown.push(format!(">{name}"));
            return;
        }
        // Drawn without repetition as long as there are others left.
        let mut left: Vec<&String> = Vec::new();
        for i in 0..count {
            if left.is_empty() {
                left.extend(templates);
            }
            let template = left.swap_remove(self.rng.index(left.len()));
            if i > 0 {
                out.push(Role::Plain, separator);
            }
            self.expand(template, out);
        }
    }

    /// An identifier slot, or a plain word that depends on the cast.
    fn identifier(&mut self, slot: &str) -> Option<Rich> {
        let (who, form) = slot.split_once('.').unwrap_or((slot, ""));
        if let Some((person, kind)) = self.person(who)
            && let Some(rich) = self.about(who, &person, kind, form)
        {
            return Some(rich);
        }
        if let Some(rich) = self.date(slot) {
            return Some(rich);
        }
        self.number(slot).or_else(|| self.word(slot))
    }

    fn person(&mut self, who: &str) -> Option<(Person, &'static str)> {
        let cast = &self.cast;
        Some(match who {
            "pt" => (cast.patient.clone(), "name:patient"),
            "dr" => (cast.providers[0].clone(), "name:provider"),
            "dr2" => (cast.providers[1].clone(), "name:provider"),
            "dr3" => (cast.providers[2].clone(), "name:provider"),
            "rn" => (cast.nurse.clone(), "name:provider"),
            "rel" => (cast.relatives[0].0.clone(), "name:relative"),
            "rel2" => (cast.relatives[1].0.clone(), "name:relative"),
            "else" => {
                let (age, today, place) = (self.rng.range(20, 80), cast.today, cast.place);
                (Person::random(age, today, place, &mut self.rng), "name")
            }
            _ => return None,
        })
    }

    /// A form of a person's name, or something of theirs.
    fn about(&mut self, who: &str, person: &Person, kind: &'static str, form: &str) -> Option<Rich> {
        let provider = kind == "name:provider";
        let rng = &mut self.rng;
        let title = match person.sex {
            Sex::Female => *rng.pick(&["Ms.", "Mrs.", "Ms", "Mrs"]),
            Sex::Male => *rng.pick(&["Mr.", "Mr"]),
        };
        let label = |text: String| Some(Rich::label(kind, text));
        match form {
            "" if provider => {
                let title = *rng.pick(&["Dr. ", "Dr. ", "Dr ", "Doctor "]);
                if rng.chance(80) {
                    Some(Rich::plain(title).then_label(kind, person.surname.clone()))
                } else {
                    Some(Rich::plain(title).then_label(kind, person.full()))
                }
            }
            "" => match rng.index(7) {
                0 => label(person.given.clone()),
                1 => label(person.full()),
                2 => label(person.surname.clone()),
                _ => Some(Rich::plain(format!("{title} ")).then_label(kind, person.surname.clone())),
            },
            "full" => label(person.full()),
            "formal" => label(person.formal()),
            "first" => label(person.given.clone()),
            "last" => label(person.surname.clone()),
            "lastfirst" => label(person.last_first()),
            "tight" => label(format!("{},{}", person.surname, person.given).to_uppercase()),
            "caret" => label(format!("{}^{}^{}", person.surname, person.given, person.middle.unwrap_or('A'))),
            "upper" => label(person.formal().to_uppercase()),
            "lower" => label(person.full().to_lowercase()),
            "nick" => label(person.nickname.clone()),
            "initials" => label(person.initials()),
            "finit" => label(format!("{}. {}", person.initial(), person.surname)),
            "firstl" => label(format!("{} {}.", person.given, person.surname.chars().next().unwrap_or('X'))),
            "quoted" if person.nickname == person.given => label(person.formal()),
            "quoted" => label(format!("{} \"{}\" {}", person.given, person.nickname, person.surname)),
            "title" => Some(Rich::plain(format!("{title} ")).then_label(kind, person.surname.clone())),
            "titlefull" => Some(Rich::plain(format!("{title} ")).then_label(kind, person.full())),
            "sig" => {
                let credentials = *rng.pick(&[
                    ", MD",
                    ", DO",
                    ", M.D.",
                    " MD",
                    ", NP",
                    ", PA-C",
                    ", MD, PhD",
                    ", MD, FACC",
                    ", DNP",
                    ", MBBS",
                ]);
                let name = if rng.chance(50) { person.formal() } else { person.full() };
                Some(Rich::label(kind, name).then(credentials))
            }
            "rnsig" => {
                let credentials =
                    *rng.pick(&[", RN", " RN", ", LPN", ", BSN, RN", ", CNA", ", LVN", " R.N.", ", MSW", ", PT, DPT"]);
                let name =
                    if rng.chance(60) { person.full() } else { format!("{}. {}", person.initial(), person.surname) };
                Some(Rich::label(kind, name).then(credentials))
            }
            "he" => Some(Rich::plain(pick_pronoun(person.sex, "he", "she"))),
            "him" => Some(Rich::plain(pick_pronoun(person.sex, "him", "her"))),
            "his" => Some(Rich::plain(pick_pronoun(person.sex, "his", "her"))),
            "He" => Some(Rich::plain(pick_pronoun(person.sex, "He", "She"))),
            "His" => Some(Rich::plain(pick_pronoun(person.sex, "His", "Her"))),
            "phone" | "cell" | "work" => {
                let area = person.address.place.area_code;
                let phone = if rng.chance(4) { ids::phone_abroad(rng) } else { ids::phone(area, rng) };
                Some(Rich::label("phone", self.cast.remember(&format!("{who}.{form}"), || phone)))
            }
            "fax" => {
                let fax = ids::phone(person.address.place.area_code, rng);
                Some(Rich::label("fax", self.cast.remember(&format!("{who}.fax"), || fax)))
            }
            "email" => Some(Rich::label("email", person.email.clone())),
            "emailwords" => {
                let spoken = person.email.replace('@', " at ").replace(".com", " dot com").replace(".net", " dot net");
                Some(Rich::label("email", spoken))
            }
            "user" => Some(Rich::label("other-id:user", person.user.clone())),
            "url" => Some(Rich::label("url", ids::url(&person.user, rng))),
            "street" => Some(Rich::label("location:street", person.address.street.clone())),
            "city" => Some(Rich::label("location:city", person.address.place.city)),
            "zip" => Some(Rich::label("zip", person.address.zip.clone())),
            "state" => Some(Rich::decoy("state", person.address.place.state)),
            "county" => Some(Rich::label("location:county", format!("{} County", person.address.place.county))),
            "address" => Some(self.address(person)),
            "npi" => {
                let npi = ids::npi(false, rng);
                Some(Rich::label("npi", self.cast.remember(&format!("{who}.npi"), || npi)))
            }
            "dea" => {
                let dea = ids::dea(person.surname.chars().next().unwrap_or('X'), rng);
                Some(Rich::label("dea", self.cast.remember(&format!("{who}.dea"), || dea)))
            }
            "license" => {
                let licence = ids::licence(rng);
                Some(Rich::label("license", self.cast.remember(&format!("{who}.license"), || licence)))
            }
            _ => None,
        }
    }

    fn address(&mut self, person: &Person) -> Rich {
        let place = person.address.place;
        let state = if self.rng.chance(80) { place.state } else { place.state_name };
        let separator = *self.rng.pick(&[", ", ", ", "\n", ",\n", " "]);
        Rich::label("location:street", person.address.street.clone())
            .then(separator)
            .then_label("location:city", place.city)
            .then(", ")
            .with(Role::Decoy("state"), state)
            .then(" ")
            .then_label("zip", person.address.zip.clone())
    }

    /// The age as a number: an identifier from 90 on.
    fn age(&mut self, words: bool) -> Rich {
        let age = self.cast.age();
        if age >= 90 {
            let text = if words && self.rng.chance(8) { dates::age_words(age) } else { age.to_string() };
            Rich::label("age", text)
        } else {
            Rich::decoy("age", age.to_string())
        }
    }

    fn date(&mut self, slot: &str) -> Option<Rich> {
        let today = self.cast.today;
        let rng = &mut self.rng;
        let days = |n: u32| i32::try_from(n).unwrap_or(0);
        let recent = today.plus(-days(rng.range(1, 400)));
        let soon = today.plus(days(rng.range(2, 120)));
        let style = if rng.chance(70) { self.cast.date_style } else { rng.index(dates::STYLES) };
        let label = |text: String| Some(Rich::label("date", text));
        match slot {
            "age" => Some(self.age(true)),
            "agenumber" => Some(self.age(false)),
            "dob" => label(dates::full(self.cast.patient.born, style)),
            "rel.dob" => label(dates::full(self.cast.relatives[0].0.born, style)),
            "today" => label(dates::full(today, style)),
            "date" => label(dates::full(recent, style)),
            "admit" => label(dates::full(today.plus(-6), self.cast.date_style)),
            "future" => label(dates::full(soon, style)),
            "olddate" => label(dates::full(today.plus(-days(rng.range(400, 9_000))), style)),
            "md" => label(dates::without_year(recent, rng)),
            "mdsoon" => label(dates::without_year(soon, rng)),
            "mdslash" => label(format!("{}/{}", recent.month, recent.day)),
            "my" => label(dates::month_year(recent, rng)),
            "oldmy" => label(dates::month_year(today.plus(-days(rng.range(400, 9_000))), rng)),
            "ts" => label(dates::timestamp(recent, rng)),
            "isodate" => label(dates::full(recent, 5)),
            "compact" => label(dates::compact(recent, rng)),
            "isodob" => label(dates::full(self.cast.patient.born, 5)),
            "logdate" => label(log_date(recent, rng)),
            "holiday" => label(
                (*rng.pick(&[
                    "Thanksgiving",
                    "Christmas Eve",
                    "Labor Day",
                    "Memorial Day",
                    "Easter Sunday",
                    "New Year's Day",
                    "Halloween",
                ]))
                .to_owned(),
            ),
            _ => None,
        }
    }

    fn number(&mut self, slot: &str) -> Option<Rich> {
        let rng = &mut self.rng;
        let (kind, value): (&'static str, String) = match slot {
            "ssn" => ("ssn", ids::ssn(rng)),
            "ssnbare" => ("ssn", ids::ssn(rng)),
            "ssnspaced" => ("ssn", ids::ssn(rng)),
            "ssn4" => ("ssn", ids::ssn(rng)),
            "mrn" => ("mrn", ids::mrn(rng)),
            "csn" => ("other-id:encounter", ids::encounter(rng)),
            "mbi" => ("health-plan", ids::mbi(rng)),
            "member" => ("health-plan", ids::member_id(rng)),
            "policy" => ("health-plan", ids::policy_number(rng)),
            "hicn" => {
                ("health-plan", format!("{}{}", ids::ssn(rng).replace('-', ""), rng.pick(&["A", "B", "D", "C1", "M"])))
            }
            "account" => ("account", ids::account(rng)),
            "routing" => ("account", ids::routing(rng)),
            "iban" => ("account", ids::iban(rng)),
            "card" => {
                let valid = !rng.chance(8);
                ("card", ids::card(valid, rng))
            }
            "card4" => ("card", rng.fill("####")),
            "dl" => ("license", ids::driver_licence(rng)),
            "passport" => ("license", ids::passport(rng)),
            "vin" => ("vehicle", ids::vin(rng)),
            "plate" => ("vehicle", ids::plate(rng)),
            "udi" => ("device", ids::udi(rng)),
            "serial" => ("device", ids::serial(rng)),
            "imei" => ("device", ids::imei(rng)),
            "mac" => ("mac", ids::mac(rng)),
            "ip" => ("ip", ids::ip(rng)),
            "biometric" => ("biometric", ids::biometric(rng)),
            "image" => ("image", crate::images::image(rng)),
            "accession" => ("other-id", ids::accession(rng)),
            "subject" => ("other-id", ids::subject(rng)),
            "uuid" => ("other-id", ids::uuid(rng)),
            "pager" => ("phone", rng.fill("#####")),
            "phone" => ("phone", ids::phone(self.cast.place.area_code, rng)),
            "fax" => ("fax", ids::phone(self.cast.place.area_code, rng)),
            "phone7" => ("phone", format!("{}-{}", rng.range(220, 989), rng.fill("####"))),
            "gps" => (
                "location",
                format!("{}.{}, -{}.{}", rng.range(26, 47), rng.fill("####"), rng.range(70, 122), rng.fill("####")),
            ),
            _ => return None,
        };
        let value = typographic(kind, value, rng);
        let memory_key = if slot.starts_with("ssn") { "ssn" } else { slot };
        let constant = matches!(
            slot,
            "mrn"
                | "csn"
                | "mbi"
                | "member"
                | "policy"
                | "hicn"
                | "account"
                | "dl"
                | "vin"
                | "plate"
                | "serial"
                | "udi"
                | "subject"
                | "uuid"
                | "iban"
                | "biometric"
        );
        let value = if constant || memory_key == "ssn" { self.cast.remember(memory_key, || value) } else { value };
        Some(match slot {
            "ssnbare" => Rich::label(kind, value.chars().filter(char::is_ascii_digit).collect::<String>()),
            "ssnspaced" => Rich::label(kind, value.replace(|c: char| !c.is_ascii_digit(), " ")),
            // The last four are digits whatever separates the groups.
            "ssn4" => Rich::label(kind, value[value.len() - 4..].to_owned()),
            _ => Rich::label(kind, value),
        })
    }

    fn word(&mut self, slot: &str) -> Option<Rich> {
        let rng = &mut self.rng;
        let cast = &self.cast;
        Some(match slot {
            "facility" => Rich::label("facility", cast.facilities[0].clone()),
            "facility2" => Rich::label("facility", cast.facilities[1].clone()),
            "anyfacility" => Rich::label("facility", cast::facility(cast.place, rng)),
            "hometown" => Rich::label("location:city", crate::places::Place::random(rng).city),
            "anyname" => {
                let sex = if rng.chance(50) { Sex::Female } else { Sex::Male };
                Rich::label("name", people::given_name(sex, rng))
            }
            "role" => Rich::plain(cast.relatives[0].1),
            "role2" => Rich::plain(cast.relatives[1].1),
            "he" => Rich::plain(pick_pronoun(cast.patient.sex, "he", "she")),
            "him" => Rich::plain(pick_pronoun(cast.patient.sex, "him", "her")),
            "his" => Rich::plain(pick_pronoun(cast.patient.sex, "his", "her")),
            "He" => Rich::plain(pick_pronoun(cast.patient.sex, "He", "She")),
            "His" => Rich::plain(pick_pronoun(cast.patient.sex, "His", "Her")),
            "man" => Rich::plain(pick_pronoun(cast.patient.sex, "man", "woman")),
            "male" => Rich::plain(pick_pronoun(cast.patient.sex, "male", "female")),
            "sex" => Rich::plain(pick_pronoun(cast.patient.sex, "M", "F")),
            _ => return None,
        })
    }
}

/// One number in forty has the hyphens or blanks that word processors put in.
fn typographic(kind: &str, value: String, rng: &mut Rng) -> String {
    if !matches!(kind, "ssn" | "phone" | "card" | "account") || !rng.chance(3) {
        return value;
    }
    match rng.index(4) {
        0 => value.replace('-', "\u{2011}"),
        1 => value.replace('-', "\u{2013}"),
        2 => value.replace(' ', "\u{a0}"),
        _ => value.replace('-', "\u{2010}"),
    }
}

fn pick_pronoun(sex: Sex, male: &'static str, female: &'static str) -> &'static str {
    if sex == Sex::Male { male } else { female }
}

fn log_date(date: Date, rng: &mut Rng) -> String {
    let Date { year, month, day } = date;
    let (hour, minute, second) = (rng.range(0, 23), rng.range(0, 59), rng.range(0, 59));
    match rng.index(3) {
        0 => format!("{day:02}/{}/{year}:{hour:02}:{minute:02}:{second:02} +0000", date.month_short()),
        1 => format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02},{}", rng.fill("###")),
        _ => format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{}Z", rng.fill("###")),
    }
}

/// The static twin of a kind that a template names; templates are checked by a test to name known ones only.
fn intern(kind: &str, known: &[&'static str]) -> &'static str {
    known.iter().copied().find(|k| *k == kind).unwrap_or("other-id")
}

/// Sorts of hard negatives that templates name literally.
pub(crate) const DECOY_KINDS: &[&str] =
    &["heading", "speaker", "eponym", "word", "code", "state", "country", "number", "month", "device", "age", "room"];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn slots_of(template: &str, slots: &mut BTreeSet<String>) {
        for part in parts(template) {
            match part {
                Part::Slot(slot) => {
                    slots.insert(slot.to_owned());
                }
                Part::Choice(choice) => alternatives(choice).into_iter().for_each(|option| slots_of(option, slots)),
                Part::Text(_) | Part::Newline => {}
            }
        }
    }

    fn all_slots() -> BTreeSet<String> {
        let library = Library::builtin();
        let mut slots = BTreeSet::new();
        for name in library.names() {
            library.section(name).iter().for_each(|template| slots_of(template, &mut slots));
        }
        slots
    }

    #[test]
    fn every_slot_of_every_template_is_known() {
        let mut scribe = Scribe::new(Rng::new(1));
        for slot in all_slots() {
            if let Some((kind, _)) = slot.strip_prefix('-').and_then(|rest| rest.split_once(':')) {
                assert!(DECOY_KINDS.contains(&kind), "{slot}");
            }
            if let Some((kind, _)) = slot.strip_prefix('+').and_then(|rest| rest.split_once(':')) {
                assert!(crate::KINDS.contains(&kind), "{slot}");
            }
            scribe.fill(&format!("{{{slot}}}"));
            assert_eq!(scribe.unknown(), [] as [String; 0], "in {slot}");
        }
    }

    #[test]
    fn every_section_is_used() {
        let used: BTreeSet<String> = all_slots()
            .iter()
            .filter_map(|slot| slot.strip_prefix('>'))
            .map(|spec| spec.split(['*', '#']).next().unwrap_or(spec).to_owned())
            .collect();
        for name in Library::builtin().names() {
            let entry = name.starts_with("doc.") || name.starts_with("clean.") || name == "prose";
            assert!(entry || used.contains(name), "nothing uses section {name}");
        }
    }

    #[test]
    fn a_person_stays_the_same_in_a_document() {
        let mut scribe = Scribe::new(Rng::new(8));
        let first = scribe.fill("{pt.full} {pt.phone} {pt.email} {ssn} {mrn}").text();
        assert_eq!(first, scribe.fill("{pt.full} {pt.phone} {pt.email} {ssn} {mrn}").text());
        let last_four = scribe.fill("{ssn4}").text();
        assert!(scribe.fill("{ssn}").text().ends_with(&last_four));
    }

    #[test]
    fn ages_are_identifiers_from_ninety_on() {
        let role_at = |years: i32| {
            let mut scribe = Scribe::new(Rng::new(2));
            scribe.cast.patient.born = scribe.cast.today.plus(-(years * 366));
            scribe.fill("{age}").pieces()[0].role
        };
        assert_eq!(role_at(89), Role::Decoy("age"));
        assert_eq!(role_at(91), Role::Label("age"));
    }
}
