//! Where people live: cities with their state, ZIP code, area code and county, and streets.

use std::sync::LazyLock;

use crate::rng::Rng;

/// A city and what goes with it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// The city.
    pub(crate) city: &'static str,
    /// The two-letter state.
    pub(crate) state: &'static str,
    /// The state's name.
    pub(crate) state_name: &'static str,
    /// A five-digit ZIP code of the city.
    pub(crate) zip: &'static str,
    /// A telephone area code of the region.
    pub(crate) area_code: &'static str,
    /// The county.
    pub(crate) county: &'static str,
}

/// Somebody's postal address.
#[derive(Clone, Debug)]
pub(crate) struct Address {
    /// House number, street, unit; or a PO box.
    pub(crate) street: String,
    /// The city and what goes with it.
    pub(crate) place: Place,
    /// The ZIP code, sometimes with four more digits.
    pub(crate) zip: String,
}

impl Place {
    /// Any of the places.
    pub(crate) fn random(rng: &mut Rng) -> Self {
        *rng.pick(&PLACES)
    }
}

impl Address {
    /// An address in `place`.
    pub(crate) fn random(place: Place, rng: &mut Rng) -> Self {
        let zip = if rng.chance(15) { format!("{}-{}", place.zip, rng.fill("####")) } else { place.zip.to_owned() };
        Self { street: street(rng), place, zip }
    }
}

/// House number and street, with a unit at times.
pub(crate) fn street(rng: &mut Rng) -> String {
    let number = match rng.index(6) {
        0 => rng.digits_no_zero_first(5),
        1 => rng.digits_no_zero_first(2),
        2 | 3 => rng.digits_no_zero_first(3),
        _ => rng.digits_no_zero_first(4),
    };
    let base = match rng.index(20) {
        0 => return format!("PO Box {number}"),
        1 => return format!("P.O. Box {number}"),
        2 => return format!("RR {} Box {}", rng.range(1, 9), rng.range(10, 480)),
        3 => format!("{number} {} {} {}", direction(rng), ordinal(rng), suffix(rng)),
        4 => format!("{number} {} {}", ordinal(rng), suffix(rng)),
        5 => format!("{number} {} {} {}", direction(rng), stem(rng), suffix(rng)),
        6 => format!("{number} County Road {}", rng.range(2, 980)),
        7 => format!("{number} Highway {}", rng.range(2, 300)),
        8 => format!("{number} {} {} {}", stem(rng), suffix(rng), rng.pick(&["NW", "NE", "SW", "SE"])),
        9 => format!("{number} {} {}", stem(rng), rng.pick(&["Street", "Avenue"])).to_uppercase(),
        _ => format!("{number} {} {}", stem(rng), suffix(rng)),
    };
    match rng.index(12) {
        0 => format!("{base}, Apt {}", unit(rng)),
        1 => format!("{base} Apt. {}", unit(rng)),
        2 => format!("{base} #{}", unit(rng)),
        3 => format!("{base}, Unit {}", unit(rng)),
        4 => format!("{base} Lot {}", rng.range(1, 90)),
        _ => base,
    }
}

fn unit(rng: &mut Rng) -> String {
    let pattern = *rng.pick(&["#", "##", "###", "#A", "#B", "1##", "2@"]);
    rng.fill(pattern)
}

fn direction(rng: &mut Rng) -> &'static str {
    rng.word(&["N", "S", "E", "W", "N.", "North", "South", "East", "West", "NE", "SW"])
}

fn ordinal(rng: &mut Rng) -> String {
    let n = rng.range(1, 140);
    let ending = match (n % 10, n % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{n}{ending}")
}

fn suffix(rng: &mut Rng) -> &'static str {
    SUFFIXES[rng.zipf_index(SUFFIXES.len())]
}

fn stem(rng: &mut Rng) -> &'static str {
    rng.word(STEMS)
}

static PLACES: LazyLock<Vec<Place>> =
    LazyLock::new(|| include_str!("../data/places.txt").lines().filter_map(parse).collect());

fn parse(line: &'static str) -> Option<Place> {
    let mut fields = line.split('|');
    Some(Place {
        city: fields.next()?,
        state: fields.next()?,
        state_name: fields.next()?,
        zip: fields.next()?,
        area_code: fields.next()?,
        county: fields.next()?,
    })
}

const SUFFIXES: &[&str] = &[
    "Street",
    "St",
    "Avenue",
    "Ave",
    "Road",
    "Rd",
    "Drive",
    "Dr",
    "Lane",
    "Ln",
    "Court",
    "Ct",
    "St.",
    "Blvd",
    "Way",
    "Boulevard",
    "Ave.",
    "Rd.",
    "Place",
    "Circle",
    "Terrace",
    "Trail",
    "Pkwy",
    "Cir",
    "Pl",
    "Ter",
    "Loop",
    "Run",
    "Parkway",
    "Crossing",
    "Hollow",
    "Point",
    "Ridge",
    "Square",
];

const STEMS: &[&str] = &[
    "Oak",
    "Maple",
    "Cedar",
    "Elm",
    "Pine",
    "Walnut",
    "Chestnut",
    "Sycamore",
    "Magnolia",
    "Willow Creek",
    "Washington",
    "Lincoln",
    "Jefferson",
    "Madison",
    "Franklin",
    "Jackson",
    "Main",
    "Church",
    "Mill",
    "River",
    "Lake",
    "Spring",
    "Park",
    "Hillcrest",
    "Sunset",
    "Meadow",
    "Forest",
    "Highland",
    "Prospect",
    "College",
    "School House",
    "Old Post",
    "Martin Luther King Jr",
    "Cesar Chavez",
    "Fox Run",
    "Deer Path",
    "Stone Ridge",
    "Whispering Pines",
    "Quail Hollow",
    "Cherry Blossom",
    "Bayview",
    "Harbor",
    "Pleasant",
    "Union",
    "Liberty",
    "Grand",
    "Kensington",
    "Devonshire",
    "St. Charles",
    "El Camino Real",
    "Via Verde",
    "Calle Ocho",
    "Rosewood",
    "Birchwood",
    "Tamarack",
    "Juniper",
    "Laurel Canyon",
    "Timberlake",
    "Saddlebrook",
    "Larkspur",
    "Wisteria",
    "Briarcliff",
    "Woodland",
    "Grandview",
    "Valley Forge",
    "Peachtree",
    "Palmetto",
    "Mockingbird",
    "Bluebonnet",
    "Cactus Wren",
    "Schuyler",
    "Vandeventer",
    "Tchoupitoulas",
    "Kalanianaole",
    "Mukilteo",
    "Ponce de Leon",
    "Fairmont",
    "Delancey",
    "Orchard",
    "Vine",
];
