//! Names of places of care: hospitals, clinics, pharmacies, nursing homes.

mod around;

use std::borrow::Cow;

use blackbar_engine::{Detector, Near, NearWord, Reach, Trigger, Unseen, Verdict, Verify, View, Window};

use self::around::{company, further, led, led_run};
use crate::chain::{self, Link};
use crate::kinds;
use crate::name::part::{Case, Part, blanks, gap, length, part, plain_lower, possessive, stands_alone};
use crate::words::category as cat;

/// Named places of care.
pub static FACILITY: Detector = Detector {
    id: Cow::Borrowed("facility"),
    kind: kinds::FACILITY,
    class: Cow::Borrowed("B"),
    priority: 38,
    window: WINDOW,
    reach: Reach::NONE,
    triggers: Cow::Borrowed(&[
        Trigger::When(&Trigger::Capital, glance_capital),
        Trigger::When(
            &Trigger::Words(&["called", "phoned", "from", "at", "contacting", "to", "reached", "with", "via"]),
            glance_small,
        ),
    ]),
    verify: Verify::Pure(verify),
    teaches: false,
    takes: Cow::Borrowed(
        "hospitals, clinics, medical centers, pharmacies, nursing homes and health systems with a name of their own",
    ),
    refuses: Cow::Borrowed("the hospital, Emergency Department, Pain Clinic, Hospital Course"),
};

const LONGEST: i32 = 112;
const WINDOW: Window = Window { before: 24, longest: 112, after: 32 };

/// Small words inside the name of a place.
const JOINS: &[&str] = &["of", "and", "the", "de", "y", "del", "la"];

/// What a place of care is called last. Those that mean other things as well need a better name before them.
#[rustfmt::skip]
const HEADS: &[&str] = &[
    "hospital", "hospitals", "clinic", "clinics", "infirmary", "sanatorium", "sanitarium", "pharmacy", "hospice",
    "healthcare", "dispensary", "polyclinic",
];
/// Last words that need their company: `Medical Center`, `Family Practice`, `Nursing Home`.
const PAIRS: &[(&str, &[&str])] = &[
    (
        "center",
        &[
            "medical",
            "health",
            "care",
            "surgery",
            "cancer",
            "surgical",
            "healthcare",
            "rehabilitation",
            "rehab",
            "nursing",
            "trauma",
            "wellness",
            "dialysis",
            "heart",
            "imaging",
            "treatment",
            "living",
            "hospital",
            "birth",
            "eye",
            "spine",
            "recovery",
            "oncology",
            "community",
            "counseling",
            "psychiatric",
            "joint",
            "dermatology",
            "skin",
            "pain",
            "sleep",
            "disorders",
            "endoscopy",
            "senior",
            "fertility",
            "allergy",
            "pediatric",
            "crisis",
            "detox",
            "behavioral",
            "reference",
            "hearing",
            "vision",
            "infusion",
            "wound",
            "diagnostic",
            "transplant",
            "stroke",
            "blood",
            "plasma",
            "donor",
            "family",
            "student",
            "learning",
            "retirement",
            "medicine",
            "regional",
            "orthopedic",
            "breast",
            "kidney",
            "renal",
            "cardiac",
            "vascular",
            "digestive",
            "womens",
            "women",
            "vet",
            "day",
            "outreach",
            "resource",
            "training",
            "detention",
            "correctional",
            "rehabilitative",
            "geriatric",
            "mental",
            "therapy",
            "physical",
            "veterans",
            "endocrine",
            "neuroscience",
            "sports",
            "lung",
            "liver",
            "education",
            "children",
            "childrens",
            "maternity",
            "visitor",
            "foot",
            "weight",
            "arrhythmia",
        ],
    ),
    (
        "centre",
        &[
            "medical",
            "health",
            "care",
            "hospital",
            "cancer",
            "skin",
            "dental",
            "surgery",
            "family",
            "wellness",
            "community",
            "eye",
        ],
    ),
    ("therapy", &["physical", "occupational", "speech", "aquatic", "respiratory", "infusion"]),
    ("management", &["pain", "case"]),
    ("community", &["retirement", "living", "senior", "care"]),
    ("school", &["high", "middle", "elementary", "charter", "grade", "nursing", "primary", "day", "prep"]),
    ("jail", &["county", "city"]),
    ("gyn", &["ob"]),
    ("gynecology", &["and"]),
    ("station", &["fire", "police"]),
    ("academy", &["christian", "military", "police"]),
    ("estates", &["senior", "retirement"]),
    ("tower", &["medical", "care"]),
    ("plaza", &["medical", "health"]),
    ("system", &["health", "healthcare", "hospital", "care"]),
    ("department", &["health", "fire", "police", "sheriffs"]),
    (
        "group",
        &[
            "medicine",
            "medical",
            "physician",
            "physicians",
            "health",
            "dental",
            "radiology",
            "imaging",
            "anesthesia",
            "cardiology",
            "surgery",
            "pathology",
            "eye",
            "neurology",
            "orthopedic",
            "pediatric",
            "oncology",
            "psychiatry",
            "counseling",
            "therapy",
            "urology",
            "womens",
            "gi",
            "dermatology",
        ],
    ),
    (
        "home",
        &[
            "nursing",
            "care",
            "rest",
            "group",
            "convalescent",
            "funeral",
            "foster",
            "adult",
            "retirement",
            "veterans",
            "children",
        ],
    ),
    ("living", &["assisted", "senior", "independent"]),
    ("practice", &["family", "medical", "dental", "medicine", "group"]),
    ("medicine", &["family", "internal", "sports", "school"]),
    ("surgery", &["day", "eye", "oral", "plastic", "outpatient", "ambulatory"]),
    ("suites", &["birthing", "surgical", "birth"]),
    (
        "care",
        &[
            "prompt",
            "kidney",
            "extended",
            "immediate",
            "express",
            "wound",
            "eye",
            "urgent",
            "home",
            "health",
            "primary",
            "hospice",
            "nursing",
            "memory",
            "family",
        ],
    ),
    (
        "associates",
        &[
            "medical",
            "cardiology",
            "orthopedic",
            "orthopedics",
            "surgical",
            "pediatric",
            "dermatology",
            "urology",
            "gi",
            "gastroenterology",
            "neurology",
            "oncology",
            "eye",
            "health",
            "family",
            "care",
            "radiology",
            "anesthesia",
            "kidney",
            "lung",
            "heart",
            "retina",
            "pulmonary",
            "endocrine",
            "allergy",
            "pain",
            "psychiatric",
            "counseling",
            "internal",
            "medicine",
            "nephrology",
            "rheumatology",
            "pathology",
        ],
    ),
    ("rehabilitation", &["nursing", "and", "hospital"]),
    ("rehab", &["nursing", "and"]),
    ("health", &["behavioral", "home", "mental", "community", "public", "women"]),
    (
        "institute",
        &[
            "arrhythmia",
            "transplant",
            "neuroscience",
            "retina",
            "cancer",
            "heart",
            "eye",
            "orthopedic",
            "spine",
            "medical",
            "neurological",
            "vascular",
        ],
    ),
    ("facility", &["nursing", "care", "living", "correctional", "detention", "rehab", "rehabilitation", "treatment"]),
    (
        "services",
        &[
            "health",
            "hospice",
            "care",
            "ambulance",
            "medical",
            "emergency",
            "social",
            "counseling",
            "recovery",
            "treatment",
            "imaging",
            "infusion",
            "blood",
            "blind",
            "dialysis",
        ],
    ),
    ("network", &["health", "healthcare", "medical"]),
    ("house", &["sober", "halfway", "guest", "hospice", "recovery", "boarding", "safe", "group"]),
    ("suite", &["endoscopy", "surgery", "surgical", "infusion", "birthing", "imaging"]),
    ("unit", &["dialysis"]),
    ("mri", &["open"]),
    ("spine", &["pain"]),
    ("union", &["credit"]),
    ("squad", &["rescue", "ambulance", "first"]),
    (
        "specialists",
        &[
            "heart",
            "eye",
            "spine",
            "pain",
            "foot",
            "orthopedic",
            "kidney",
            "cancer",
            "retina",
            "surgical",
            "fertility",
            "allergy",
            "skin",
            "joint",
            "dental",
            "medical",
            "digestive",
        ],
    ),
    ("partners", &["health", "care", "medical", "heart", "physician"]),
    ("program", &["treatment", "recovery", "day", "residency", "outpatient", "waiver"]),
    ("clinicians", &["family"]),
    ("supply", &["medical"]),
    ("equipment", &["medical"]),
    ("med", &["family"]),
];
/// The last words of those pairs.
const LASTS: &[&str] = &{
    let mut lasts = [""; PAIRS.len()];
    let mut i = 0;
    while i < lasts.len() {
        lasts[i] = PAIRS[i].0;
        i += 1;
    }
    lasts
};
/// Last words that are the first of two as often: `Riverbend Medical` / `Center`.
const HALVES: &[&str] = &["medical", "regional", "nursing", "surgical"];
/// All that a place of care may be called last.
const HEADS_OF_ALL: &[&str] = &{
    let mut all = [""; HEADS.len() + PAIRS.len() + CRAFTS.len()];
    let mut i = 0;
    while i < all.len() {
        all[i] = if i < HEADS.len() {
            HEADS[i]
        } else if i < HEADS.len() + LASTS.len() {
            LASTS[i - HEADS.len()]
        } else {
            CRAFTS[i - HEADS.len() - LASTS.len()]
        };
        i += 1;
    }
    all
};
/// Words of prose that stand before last words typed small.
const COMPANY: &[&str] = &["family", "county", "community", "general", "internal", "women", "children", "surgery"];
/// Last words that are enough behind a proper name alone: `Lakeside Pediatrics`.
#[rustfmt::skip]
const CRAFTS: &[&str] = &[
    "pediatrics", "orthopedics", "orthopaedics", "dermatology", "cardiology", "dialysis", "dental", "dentistry",
    "radiology", "imaging", "oncology", "laboratories", "diagnostics", "pharmacies", "health", "manor", "rehab",
    "rehabilitation", "hospice", "urology", "gastroenterology", "neurology", "optometry", "obgyn", "drug",
    "apothecary", "drugs", "labs", "ent", "eyecare", "physicians", "surgicenter", "fertility", "supply",
    "lab", "laboratory", "er", "internists", "shelter", "ambulance", "rheum", "peds", "counseling",
    "ortho", "asc", "annex", "medical", "regional", "hosp", "endoscopy", "psychiatry", "surgeons",
    "wellness", "optical", "orthodontics", "periodontics", "endodontics", "allergy", "pulmonary", "pathology",
    "genomics", "genetics", "chiropractic", "midwifery", "birthing", "nursing", "homecare", "hospitalists", "ems",
    "rescue", "diner", "cafe", "church", "cathedral", "chapel", "convent", "monastery", "school", "academy",
    "college", "elementary", "lodge", "hotel", "motel", "inn", "apartments", "cemetery", "crematory",
    "prison", "jail", "correctional", "library", "grocery", "bakery", "brewery", "farms", "packing", "freight",
    "trucking", "plumbing", "motors", "fcu", "foundation", "collective", "villas", "residence", "transitional",
    "heart", "spine", "prosthetics", "orthotics", "pavilion", "campus", "middle", "intermediate", "synagogue",
    "mosque", "diagnostic", "hematology", "endocrinology", "obstetrics", "gynecology", "anesthesia", "pulmonology",
    "medspa", "detox", "preschool", "daycare", "montessori", "clinica", "farmacia", "hospitalito", "village", "terrace",
    "commons", "gardens", "ob", "penitentiary", "courthouse", "seminary", "parish", "temple", "ranch", "ltac", "snf",
    "club", "tabernacle", "barn", "hall", "market", "partners", "transit", "paratransit", "diner", "tavern", "casino", "gym",
    "audiology", "plasma", "infusion", "subacute", "perinatal", "neonatology", "geriatrics", "neurosurgery", "vamc", "cboc",
    "ltach", "ltc", "fhc", "pharm", "morgue", "detention", "hearing", "dme", "elem", "rexall",
    "university", "speedway", "mortuary", "mobility", "podiatry", "orthopaedics", "paediatrics", "ophthalmology", "rheumatology",
    "nephrology", "house", "lutheran", "methodist", "general", "memorial", "adventist", "presbyterian", "mercy",
];
/// Words that begin no name of a place.
#[rustfmt::skip]
const OPENERS: &[&str] = &[
    "open", "the", "this", "that", "at", "in", "from", "to", "of", "your", "my", "his", "her", "their", "local", "outside",
    "patient", "pt", "seen", "admitted", "transferred", "discharged", "discharge", "admission", "hospital",
    "clinic", "per", "by", "and", "or", "for", "with", "a", "an", "no", "any", "all", "each", "when", "if", "was",
    "is", "are", "he", "she", "they", "i", "we", "please", "call", "contact", "facility", "location", "name",
    "referring", "visit", "follow", "followup", "return", "emergency", "outpatient", "inpatient", "ambulatory",
    "primary", "specialty", "pain", "wound", "sleep", "memory", "coumadin", "anticoagulation", "diabetes", "dr",
    "mr", "mrs", "ms", "preferred", "mail", "order", "retail", "walk", "free", "new", "same", "other", "another",
    "medical", "health", "nursing", "skilled", "home", "public", "private", "acute", "chronic", "long", "short",
    "term", "general", "county", "state", "city", "community", "regional", "children", "childrens", "women",
    "womens", "teaching", "university", "school", "college", "surgical", "surgery", "cancer", "heart", "hospice",
    "pharmacy", "rehab", "rehabilitation", "psychiatric", "behavioral", "mental", "dental", "eye", "family",
    "urgent", "assisted", "senior", "day", "date", "current", "previous", "prior", "former", "adult", "pediatric",
    "veterans", "va", "us", "national", "federal", "military", "infectious", "travel", "vaccine", "hand", "foot",
    "spine", "stroke", "trauma", "burn", "birth", "dialysis", "infusion", "imaging", "fertility", "on", "attending",
    "provider", "discussed", "notified", "called", "phoned", "plan", "history", "course", "since", "after", "brief",
    "before", "during", "while", "her", "near", "methadone", "weight", "allergy", "asthma", "hypertension",
    "device", "pacemaker", "lipid", "transplant", "spanish", "english", "tuesday", "monday", "wednesday",
    "thursday", "friday", "care", "saturday", "sunday", "prompt", "immediate", "express", "extended", "kidney",
];
/// Places whose names are enough.
#[rustfmt::skip]
const KNOWN: &[&str] = &[
    "mayo clinic", "cleveland clinic", "kaiser permanente", "johns hopkins", "mass general", "md anderson", "sloan
    kettering", "mount sinai", "cedars sinai", "rite aid", "beth israel", "duane reade",
];
const KNOWN_ALONE: &[&str] = &["walgreens", "walgreen", "labcorp", "geisinger", "kaiser"];
/// What the names of known places begin with.
#[rustfmt::skip] // A word list reads better in lines.
const KNOWN_FIRST: &[&str] = &[
    "mayo", "cleveland", "kaiser", "johns", "mass", "md", "sloan", "mount", "cedars", "rite", "beth", "duane",
    "walgreens", "walgreen", "labcorp", "geisinger",
];

/// At a capital: what a place of care is called last has to follow among words with capitals.
fn glance_capital(near: &Near<'_>) -> Result<bool, Unseen> {
    let word = near.word();
    let first = near.next(1)?;
    let mut ahead = word.letters.len();
    for n in 1..chain::LONGEST {
        let Some((gap, next)) = (if n == 1 { first } else { near.next(n)? }) else { break };
        ahead += gap.len();
        // Beyond the window nobody looks for a head.
        if ahead >= const { WINDOW.ahead() } {
            break;
        }
        ahead += next.letters.len();
        match chain::link(gap, &next) {
            Link::Broken => break,
            Link::Small if !one_of!(next.letters, JOINS) => break,
            _ if is_head(&next) => return Ok(true),
            _ => {}
        }
    }
    if one_of!(word.letters, KNOWN_FIRST) {
        return Ok(true);
    }
    // What a word leads to, when two words with capitals follow it; the first may be a possessive or of several pieces.
    let follows = match word.after {
        Some(b' ') => first.is_some_and(|(gap, next)| next.is_capital() && gap == b" "),
        Some(b',' | b';' | b':' | b'.' | b'\n' | b'\r' | b')' | b'/' | b'?' | b'!') | None => false,
        Some(_) => true,
    };
    if !follows || near.preceding(1) != b" " {
        return Ok(false);
    }
    Ok(near.preceding(2) == b"@ "
        || near.previous()?.is_some_and(|(lead, _)| one_of!(lead.letters, &["at", "via", "to"])))
}

/// At a small word that leads to a place: the same among small words. One with a capital is for [`glance_capital`].
fn glance_small(near: &Near<'_>) -> Result<bool, Unseen> {
    if near.word().is_capital() {
        return Ok(false);
    }
    for n in 1..chain::LONGEST {
        let Some((gap, next)) = near.next(n)? else { return Ok(false) };
        let link = chain::link(gap, &next);
        if link == Link::Broken || n == 1 && !matches!(gap, b" " | b"  " | b"\t" | b"\t\t" | b" \t" | b"\t ") {
            return Ok(false);
        }
        if n > 1 && is_head(&next) {
            return Ok(true);
        }
        // Other words of prose end the name, see `scan`.
        let prose = next.bits & cat::WORD_TOP != 0
            && next.bits & (cat::ANY_NAME | cat::FACILITY_WORD) == 0
            && !one_of!(next.letters, &["of"])
            && !one_of!(next.letters, COMPANY)
            && !is_head(&next);
        let capital = next.is_capital() && gap.iter().any(u8::is_ascii_whitespace);
        if capital || link == Link::Small && prose {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether a place of care may be called so last.
fn is_head(word: &NearWord<'_>) -> bool {
    one_of!(word.letters, HEADS_OF_ALL)
}

fn verify(view: &View<'_>) -> Option<Verdict> {
    let word = view.word(0);
    // `O'Shea` begins with a word of one letter.
    let short = word.len() < 2 && !matches!(view.byte(1), Some(b'\'' | 0xe2));
    if short || word.is_empty() || !stands_alone(view) {
        return None;
    }
    if word.first().is_some_and(u8::is_ascii_lowercase) {
        return small(view, word);
    }
    // The cheapest question: a name goes on behind its first word.
    let after = length(word);
    if !matches!(view.byte(after), Some(b' ' | b'\n' | b'\'' | b'-' | b'.' | 0xe2)) {
        return known(view, word);
    }
    if word.eq_ignore_ascii_case(b"university") && matches!(view.slice(after, 4), b" of " | b"\nof ") {
        return scan(view, 0, false);
    }
    if one_of!(word, OPENERS)
        || word.eq_ignore_ascii_case(b"our") && !view.slice(after, 6).eq_ignore_ascii_case(b" lady ")
    {
        return None;
    }
    scan(view, 0, false).or_else(|| known(view, word)).or_else(|| led_run(view))
}

/// `called cherry hill urgent care`: typed without capitals, behind a word that leads to a place.
fn small(view: &View<'_>, word: &[u8]) -> Option<Verdict> {
    let at = length(word) + blanks(view, length(word), 2);
    let first = view.word(at);
    let lower = first.first().is_some_and(u8::is_ascii_lowercase) && at > length(word);
    let university = first == b"university" && view.slice(at + 10, 4) == b" of ";
    (lower && (university || !one_of!(first, OPENERS))).then_some(())?;
    scan(view, at, true)
}

fn known(view: &View<'_>, word: &[u8]) -> Option<Verdict> {
    let two = {
        let second = view.word(length(word) + 1);
        view.slice(0, word.len() + 1 + second.len())
    };
    let squeezed = two.iter().map(|&byte| if byte == b'-' { b' ' } else { byte.to_ascii_lowercase() });
    let end = if KNOWN.iter().any(|known| squeezed.clone().eq(known.bytes())) {
        length(two)
    } else if one_of!(word, KNOWN_ALONE) {
        length(word)
    } else {
        return None;
    };
    Some(Verdict::new(0, end, kinds::FACILITY, 75, "known place"))
}

/// How well the words read so far name one particular place.
#[derive(Clone, Copy, Debug, Default)]
struct Read {
    /// A person, a town, a saint, an unknown word.
    proper: bool,
    /// Another word that no kind of place is called by: `Sunrise`, `Mercy`.
    chosen: bool,
    /// How many of those there are, and whether one of them is no frequent word: `Fall Creek`.
    picked: u8,
    rare: bool,
    words: u8,
    upper: bool,
}

fn scan(view: &View<'_>, from: i32, small: bool) -> Option<Verdict> {
    let mut read = Read::default();
    let led = led(view);
    let mut at = from;
    let mut previous: &[u8] = &[];
    let mut best: Option<(i32, bool)> = None;
    // Whether the word stands behind a hard wrap.
    let mut broken = false;
    for _ in 0..7 {
        if !small && at != from && plain_lower(view, at, word_set!(JOINS)) {
            break;
        }
        let Some(found) = part(view, at) else { break };
        let word = view.word(found.start);
        let mut end = found.end;
        // `St. Mary's`, `Women's`.
        if one_of!(word, &["st", "ste", "mt", "ft"]) && view.byte(end) == Some(b'.') {
            end += 1;
        }
        let owned = possessive(view, end);
        if (found.case == Case::Lower) != small && !small || word.eq_ignore_ascii_case(b"of") {
            if !one_of!(word, JOINS) || at == from {
                break;
            }
        } else if small
            && (found.case != Case::Lower
                || found.bits & cat::WORD_TOP != 0
                    && head(word, previous).is_none()
                    && !one_of!(word, COMPANY)
                    && found.bits & (cat::ANY_NAME | cat::FACILITY_WORD) == 0)
        {
            break;
        } else {
            if let Some(strong) = head(word, previous) {
                if one_of!(previous, &["of"]) && !strong || course(view, end) {
                    // `Porter of Cardiology`, `Hospital Course`.
                    break;
                }
                let picked = read.picked > 1 && read.rare && !read.upper;
                // `Name: Ann Miller` / `Medical Record`.
                let label = broken && one_of!(word, HALVES);
                let named = read.chosen && (strong || led && !small || of_place(view, end).is_some());
                // `Breast Center at Talbot Ridge`.
                let placed = strong && !read.upper && view.slice(end, 4) == b" at " && further(view, end).is_some();
                if !label && (read.proper || picked || named || placed) {
                    best = Some((end, strong));
                }
            } else if best.is_some() && !extends(&found) && !one_of!(word, &["nursing", "healthcare", "medical"]) {
                break;
            }
            read.add(&found, word);
        }
        end = owned;
        previous = word;
        let Some((space, wraps)) = gap(view, end) else {
            // `Smith & Jones Clinic`.
            break;
        };
        if wraps && (best.is_some() && !one_of!(word, HALVES) || found.bits & cat::CREDENTIAL != 0) {
            break;
        }
        broken = wraps;
        at = end + space;
        if matches!(view.byte(at), Some(b'&')) {
            at += 1 + blanks(view, at + 1, 1);
        }
        if at > 90 {
            break;
        }
    }
    let (mut end, strong) = best?;
    if let Some(further) = of_place(view, end).or_else(|| further(view, end)) {
        end = further;
    }
    end = company(view, end);
    let confidence = match (read.proper, strong) {
        (true, true) => 90,
        (true, false) => 72,
        _ => 70,
    };
    let confidence = if small { 60 } else { confidence };
    (end <= LONGEST).then(|| Verdict::new(from, end, kinds::FACILITY, confidence, "name and kind of a place"))
}

impl Read {
    fn add(&mut self, found: &Part, word: &[u8]) {
        self.words += 1;
        self.upper |= found.case == Case::Upper;
        let generic = found.bits & (cat::FACILITY_WORD | cat::ORG_WORD | cat::CLINICAL | cat::ROLE | cat::DRUG) != 0
            || one_of!(word, OPENERS);
        let saint = one_of!(word, &["st", "saint", "san", "santa", "mount", "mt", "lady"]);
        let place = found.bits & cat::CITY != 0 && found.ordinary() < 2;
        let person = found.is_name() && found.ordinary() == 0;
        let unknown = found.unknown() && found.len() > 3;
        let maker = found.bits & cat::PROPER_OTHER != 0;
        if saint
            || maker
            || (!generic && (place || person || unknown))
            || (found.bits & cat::STATE != 0 && found.len() > 2)
        {
            self.proper = true;
        } else if !generic
            || one_of!(
                word,
                &[
                    "mercy",
                    "baptist",
                    "methodist",
                    "presbyterian",
                    "memorial",
                    "providence",
                    "adventist",
                    "lutheran",
                    "deaconess",
                    "samaritan",
                ],
            )
        {
            let shouted =
                found.case == Case::Upper && found.bits & cat::WORD_TOP != 0 && found.bits & cat::ANY_NAME == 0;
            self.chosen |= !shouted;
            if found.case == Case::Capital && found.bits & (cat::WEEKDAY | cat::MONTH | cat::NATIONALITY) == 0 {
                self.picked += 1;
                self.rare |= found.bits & cat::WORD_TOP == 0;
            }
        }
    }
}

fn is_word(word: &[u8], known: &str) -> bool {
    word.eq_ignore_ascii_case(known.as_bytes())
}

/// Whether a stay is meant and not a place: `Hospital Course`.
fn course(view: &View<'_>, end: i32) -> bool {
    one_of!(
        view.word(end + blanks(view, end, 1)),
        &["course", "stay", "day", "days", "policy", "admission", "discharge"],
    )
}

/// Whether `word` behind `previous` is what a place of care is called: `Some(true)` when it is nothing else.
fn head(word: &[u8], previous: &[u8]) -> Option<bool> {
    if one_of!(word, HEADS) {
        return Some(true);
    }
    if let Some(pair) = word_set!(LASTS).find(word)
        && PAIRS.get(pair).is_some_and(|(_, company)| company.iter().any(|known| is_word(previous, known)))
    {
        return Some(true);
    }
    one_of!(word, CRAFTS).then_some(false)
}

/// Whether a word may stand between two heads: `Hospital Medical Center`, `Clinic North Campus`.
fn extends(found: &Part) -> bool {
    found.bits & (cat::FACILITY_WORD | cat::ORG_WORD) != 0
}

/// `Children's Hospital of Philadelphia`: the end of what belongs to the place.
fn of_place(view: &View<'_>, end: i32) -> Option<i32> {
    if view.slice(end, 4) != b" of " {
        return None;
    }
    let first = part(view, end + 4)?;
    (first.case == Case::Capital && first.bits & (cat::CITY | cat::STATE) != 0).then_some(())?;
    let space = blanks(view, first.end, 1);
    let second = part(view, first.end + space);
    match second {
        Some(second) if space > 0 && second.case == Case::Capital && second.ordinary() == 0 => Some(second.end),
        _ => Some(first.end),
    }
}

#[cfg(test)]
mod tests {
    use super::FACILITY;
    use crate::testing::{assert_cases_with, assert_total};

    #[test]
    fn named_places_of_care_are_taken() {
        assert_cases_with(&[&FACILITY], "facility");
    }

    #[test]
    fn nothing_panics() {
        let pieces =
            ["Mercy", "St", ".", "Hospital", "Medical", "Center", "of", "Boston", "'s", "&", "Clinic", "Walgreens"];
        assert_total(&FACILITY, &pieces);
    }
}
