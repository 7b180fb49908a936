//! Who and what a document is about; the same answer each time it is asked.

use std::collections::HashMap;

use crate::calendar::Date;
use crate::people::{Person, surname};
use crate::places::Place;
use crate::rng::Rng;
use crate::{dates, ids};

/// The people and places of one document.
#[derive(Clone, Debug)]
pub(crate) struct Cast {
    /// The day the document was written.
    pub(crate) today: Date,
    /// Where it was written.
    pub(crate) place: Place,
    /// The patient.
    pub(crate) patient: Person,
    /// Who treats, refers and consults.
    pub(crate) providers: [Person; 3],
    /// A nurse or assistant.
    pub(crate) nurse: Person,
    /// Family, with how they are related.
    pub(crate) relatives: [(Person, &'static str); 2],
    /// Places of care.
    pub(crate) facilities: [String; 2],
    /// The house style of dates.
    pub(crate) date_style: usize,
    memory: HashMap<String, String>,
}

impl Cast {
    /// A new cast.
    pub(crate) fn random(rng: &mut Rng) -> Self {
        let today = Date { year: 2016, month: 1, day: 1 }.plus(i32::try_from(rng.range(0, 3_900)).unwrap_or(0));
        let place = Place::random(rng);
        let age = match rng.index(20) {
            0 | 1 => rng.range(0, 17),
            2..=4 => rng.range(90, 104),
            5..=9 => rng.range(18, 49),
            _ => rng.range(50, 89),
        };
        let patient = Person::random(age, today, place, rng);
        let adult = |rng: &mut Rng| {
            let age = rng.range(28, 66);
            let place = if rng.chance(70) { place } else { Place::random(rng) };
            Person::random(age, today, place, rng)
        };
        let providers = [adult(rng), adult(rng), adult(rng)];
        let nurse = adult(rng);
        let mut relatives = [(adult(rng), "friend"), (adult(rng), "friend")];
        for (person, role) in &mut relatives {
            if rng.chance(60) {
                person.surname.clone_from(&patient.surname);
                person.email = ids::email(&person.given, &person.surname, rng);
                person.user = ids::user_name(&person.given, &person.surname, rng);
            }
            *role = relation(person, age, rng);
        }
        Self {
            today,
            place,
            patient,
            providers,
            nurse,
            relatives,
            facilities: [facility(place, rng), facility(place, rng)],
            date_style: rng.index(dates::STYLES),
            memory: HashMap::new(),
        }
    }

    /// The patient's age on the day of the document.
    pub(crate) fn age(&self) -> i32 {
        self.patient.born.years_until(self.today)
    }

    /// The value of `key` in this document, made by `make` when it is first asked for.
    pub(crate) fn remember(&mut self, key: &str, make: impl FnOnce() -> String) -> String {
        self.memory.entry(key.to_owned()).or_insert_with(make).clone()
    }
}

fn relation(person: &Person, patient_age: u32, rng: &mut Rng) -> &'static str {
    use crate::people::Sex::{Female, Male};
    match (person.sex, patient_age) {
        (Female, 0..=25) => rng.word(&["mother", "mom", "aunt", "grandmother", "stepmother"]),
        (Male, 0..=25) => rng.word(&["father", "dad", "uncle", "grandfather", "stepfather"]),
        (Female, _) => {
            rng.word(&["daughter", "wife", "sister", "niece", "daughter-in-law", "neighbor", "friend", "partner"])
        }
        (Male, _) => rng.word(&["son", "husband", "brother", "nephew", "son-in-law", "neighbor", "friend", "partner"]),
    }
}

/// The name of a hospital, clinic, pharmacy or home.
pub(crate) fn facility(place: Place, rng: &mut Rng) -> String {
    const SAINTS: &[&str] = &[
        "St. Mary's",
        "St. Luke's",
        "Saint Joseph",
        "St. Vincent",
        "St. Anne's",
        "Sacred Heart",
        "Good Samaritan",
        "Holy Cross",
        "Mercy",
        "Providence",
        "Trinity",
        "Beth Shalom",
        "Our Lady of Lourdes",
        "Mount Carmel",
    ];
    const NATURE: &[&str] = &[
        "Lakeside",
        "Riverbend",
        "North Valley",
        "Cedar Ridge",
        "Summit",
        "Pine Grove",
        "Eastgate",
        "Bayview",
        "Highland",
        "Prairie View",
        "Silver Creek",
        "Harborlight",
        "Mountain View",
        "Blue Ridge",
        "Stonebridge",
        "Willow Springs",
    ];
    const HOSPITAL: &[&str] = &[
        "Hospital",
        "Medical Center",
        "Regional Medical Center",
        "General Hospital",
        "Community Hospital",
        "Memorial Hospital",
        "Health System",
        "Children's Hospital",
    ];
    const CLINIC: &[&str] = &[
        "Family Medicine",
        "Clinic",
        "Cardiology Associates",
        "Orthopedics",
        "Internal Medicine Group",
        "Pediatrics",
        "Imaging Center",
        "Dialysis Center",
        "Surgery Center",
        "Women's Health",
        "Rehabilitation Hospital",
        "Oncology Center",
        "Urgent Care",
    ];
    const HOME: &[&str] = &[
        "Nursing Home",
        "Assisted Living",
        "Senior Living",
        "Care Center",
        "Skilled Nursing Facility",
        "Hospice",
        "Manor",
        "Rehabilitation and Nursing Center",
    ];
    match rng.index(10) {
        0 | 1 => format!("{} {}", rng.pick(SAINTS), rng.pick(HOSPITAL)),
        2 => format!("{} {}", place.city, rng.pick(HOSPITAL)),
        3 => format!("{} {}", rng.pick(NATURE), rng.pick(HOSPITAL)),
        4 => format!("{} {}", rng.pick(NATURE), rng.pick(CLINIC)),
        5 => format!(
            "{} {}",
            surname(rng),
            rng.pick(&["Memorial Hospital", "Clinic", "Cancer Center", "Eye Institute", "Family Practice"])
        ),
        6 => format!("{} {}", rng.pick(NATURE), rng.pick(HOME)),
        7 => format!("{} County {}", place.county, rng.pick(&["Hospital", "Health Department", "Medical Center"])),
        8 => format!("{} {}", place.city, rng.pick(CLINIC)),
        _ => format!(
            "University of {} {}",
            place.state_name,
            rng.pick(&["Hospital", "Medical Center", "Health", "Hospitals and Clinics"])
        ),
    }
}
