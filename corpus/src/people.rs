//! Invented people: consistent within a document, varied between documents.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::calendar::Date;
use crate::ids;
use crate::places::{Address, Place};
use crate::rng::Rng;

/// A person and everything that identifies them.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    /// The given name.
    pub(crate) given: String,
    /// The initial of a second given name.
    pub(crate) middle: Option<char>,
    /// The surname, with its particle.
    pub(crate) surname: String,
    /// `Jr.`, `III`, or nothing.
    pub(crate) suffix: &'static str,
    /// What friends say instead of the given name.
    pub(crate) nickname: String,
    /// Which words and pronouns to use.
    pub(crate) sex: Sex,
    /// The day of birth.
    pub(crate) born: Date,
    /// The postal address.
    pub(crate) address: Address,
    /// The e-mail address.
    pub(crate) email: String,
    /// The name on the patient portal.
    pub(crate) user: String,
}

/// Which words and pronouns go with a person.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Sex {
    /// she, her
    Female,
    /// he, his
    Male,
}

impl Person {
    /// A person of about `age` years on `today`, living in `place`.
    pub(crate) fn random(age: u32, today: Date, place: Place, rng: &mut Rng) -> Self {
        let sex = if rng.chance(50) { Sex::Female } else { Sex::Male };
        let given = given_name(sex, rng);
        let surname = surname(rng);
        let days = i32::try_from(age * 365 + age / 4 + rng.range(2, 362)).unwrap_or(0);
        let nicknames = POOLS.nicknames.get(given.as_str());
        let nickname = match nicknames {
            Some(known) => (*rng.pick(known)).to_owned(),
            None => given.clone(),
        };
        let email = ids::email(&given, &surname, rng);
        let user = ids::user_name(&given, &surname, rng);
        Self {
            middle: rng.chance(45).then(|| rng.char_of("ABCDEFGHJKLMNPRSTW")),
            suffix: if sex == Sex::Male && rng.chance(5) { rng.word(&["Jr.", "Jr", "III", "Sr.", "II"]) } else { "" },
            born: today.plus(-days),
            address: Address::random(place, rng),
            given,
            surname,
            nickname,
            sex,
            email,
            user,
        }
    }

    /// `Given Surname`.
    pub(crate) fn full(&self) -> String {
        format!("{} {}", self.given, self.surname)
    }

    /// `Given M. Surname Jr.`, with what there is.
    pub(crate) fn formal(&self) -> String {
        let mut name = self.given.clone();
        if let Some(middle) = self.middle {
            name.push_str(&format!(" {middle}."));
        }
        name.push(' ');
        name.push_str(&self.surname);
        if !self.suffix.is_empty() {
            name.push(' ');
            name.push_str(self.suffix);
        }
        name
    }

    /// `Surname, Given M`.
    pub(crate) fn last_first(&self) -> String {
        match self.middle {
            Some(middle) => format!("{}, {} {middle}", self.surname, self.given),
            None => format!("{}, {}", self.surname, self.given),
        }
    }

    /// `J.S.`
    pub(crate) fn initials(&self) -> String {
        let first = |name: &str| name.chars().find(|c| c.is_alphabetic()).unwrap_or('X');
        format!("{}.{}.", first(&self.given), first(&self.surname))
    }

    /// The first letter of the given name.
    pub(crate) fn initial(&self) -> char {
        self.given.chars().next().unwrap_or('X')
    }
}

/// A given name: mostly common, some that are words, some accented, some from other continents, some invented.
pub(crate) fn given_name(sex: Sex, rng: &mut Rng) -> String {
    let female = sex == Sex::Female;
    let pools = &*POOLS;
    let pool = match rng.index(100) {
        0..=9 => {
            if female {
                &pools.given_wordlike_female
            } else {
                &pools.given_wordlike_male
            }
        }
        10..=13 => {
            if female {
                &pools.given_accent_female
            } else {
                &pools.given_accent_male
            }
        }
        14..=21 => &pools.given_international,
        22..=25 => return invented(rng),
        _ => {
            let common = if female { &pools.given_female } else { &pools.given_male };
            return common[rng.zipf_index(common.len())].to_owned();
        }
    };
    (*rng.pick(pool)).to_owned()
}

/// A surname, as varied as [`given_name`].
pub(crate) fn surname(rng: &mut Rng) -> String {
    let pools = &*POOLS;
    let pool = match rng.index(100) {
        0..=11 => &pools.surname_wordlike,
        12..=15 => &pools.surname_accent,
        16..=20 => return (*rng.pick(SHAPED)).to_owned(),
        21..=30 => &pools.surname_international,
        31..=35 => return invented(rng),
        _ => return pools.surname[rng.zipf_index(pools.surname.len())].to_owned(),
    };
    (*rng.pick(pool)).to_owned()
}

/// A name that is in no dictionary.
fn invented(rng: &mut Rng) -> String {
    const START: &[&str] =
        &["Br", "K", "Tr", "Z", "Vel", "Mar", "Qu", "Sh", "Th", "L", "Or", "Jh", "D", "Kr", "Ny", "Ev", "Sk", "R"];
    const MIDDLE: &[&str] = &["a", "e", "o", "i", "ae", "ua", "ey", "oo", "ia", "u"];
    const JOIN: &[&str] = &["l", "nd", "rr", "sk", "v", "m", "th", "zz", "n", "ll", "rv", "dr", "ph", "b"];
    const END: &[&str] = &[
        "ic", "an", "or", "elle", "ius", "ova", "een", "ath", "well", "ersby", "ique", "iel", "orn", "eaux", "wicz",
        "ani",
    ];
    let mut name = String::new();
    for part in [START, MIDDLE, JOIN] {
        name.push_str(rng.word(part));
    }
    if rng.chance(40) {
        name.push_str(rng.word(MIDDLE));
        name.push_str(rng.word(JOIN));
    }
    name.push_str(rng.word(END));
    name
}

struct Pools {
    given_female: Vec<&'static str>,
    given_male: Vec<&'static str>,
    given_wordlike_female: Vec<&'static str>,
    given_wordlike_male: Vec<&'static str>,
    given_accent_female: Vec<&'static str>,
    given_accent_male: Vec<&'static str>,
    given_international: Vec<&'static str>,
    surname: Vec<&'static str>,
    surname_wordlike: Vec<&'static str>,
    surname_accent: Vec<&'static str>,
    surname_international: Vec<&'static str>,
    nicknames: HashMap<&'static str, Vec<&'static str>>,
}

static POOLS: LazyLock<Pools> = LazyLock::new(|| {
    let hard = include_str!("../data/names-hard.txt");
    Pools {
        given_female: include_str!("../data/given-female.txt").lines().collect(),
        given_male: include_str!("../data/given-male.txt").lines().collect(),
        given_wordlike_female: section(hard, "given-wordlike-female"),
        given_wordlike_male: section(hard, "given-wordlike-male"),
        given_accent_female: section(hard, "given-accent-female"),
        given_accent_male: section(hard, "given-accent-male"),
        given_international: section(hard, "given-international"),
        surname: include_str!("../data/surnames.txt").lines().collect(),
        surname_wordlike: section(hard, "surname-wordlike"),
        surname_accent: section(hard, "surname-accent"),
        surname_international: section(hard, "surname-international"),
        nicknames: section(hard, "nickname")
            .into_iter()
            .filter_map(|entry| entry.split_once('='))
            .map(|(name, short)| (name, short.split('|').collect()))
            .collect(),
    }
});

fn section(file: &'static str, name: &str) -> Vec<&'static str> {
    file.lines()
        .skip_while(|line| line.strip_prefix("# section: ") != Some(name))
        .skip(1)
        .take_while(|line| !line.starts_with('#'))
        .flat_map(str::split_whitespace)
        .collect()
}

/// Surnames of more than one word or with marks inside; in the code because a blank is part of them.
const SHAPED: &[&str] = &[
    "O'Brien",
    "O'Connor",
    "O'Neill",
    "O'Malley",
    "O'Shea",
    "O’Hara",
    "O’Leary",
    "D'Angelo",
    "D'Amico",
    "Dell'Aquila",
    "N'Diaye",
    "St. John",
    "St. Clair",
    "McDonald",
    "McKenzie",
    "MacLeod",
    "MacIntyre",
    "DeLuca",
    "DiMaggio",
    "LaRue",
    "LeBlanc",
    "VanDyke",
    "FitzGerald",
    "Smith-Jones",
    "Garcia-Lopez",
    "Hernandez-Ruiz",
    "Parker-Bowles",
    "Nguyen-Tran",
    "Ramirez-Ortega",
    "Baptiste-Pierre",
    "Okafor-Williams",
    "Van der Berg",
    "van den Heuvel",
    "van Dijk",
    "von Trapp",
    "de la Cruz",
    "De La Rosa",
    "de los Santos",
    "del Toro",
    "da Silva",
    "dos Santos",
    "di Stefano",
    "la Fontaine",
    "le Roux",
    "ten Boom",
    "ter Horst",
    "Al-Hassan",
    "Al-Masri",
    "el-Sayed",
    "Abu-Bakr",
    "ben Yosef",
    "bin Rashid",
    "Garcia Marquez",
    "Lopez Vega",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pools_are_filled() {
        let pools = &*POOLS;
        assert!(pools.surname.len() >= 1500);
        assert!(pools.given_female.len() + pools.given_male.len() >= 800);
        for pool in
            [&pools.given_accent_male, &pools.surname_wordlike, &pools.given_international, &pools.surname_accent]
        {
            assert!(pool.len() > 30);
        }
        assert!(pools.nicknames["William"].contains(&"Bill"));
    }

    #[test]
    fn age_is_as_asked() {
        let today = Date { year: 2025, month: 5, day: 6 };
        let mut rng = Rng::new(3);
        for age in [0, 1, 37, 89, 90, 104] {
            let person = Person::random(age, today, Place::random(&mut rng), &mut rng);
            assert_eq!(person.born.years_until(today), i32::try_from(age).unwrap(), "{:?}", person.born);
        }
    }
}
