//! The names and places that surrogates are made of: common ones, so that none points at anybody.

/// Given names by initial. Every initial has several, so that `J. Smith` and `John Smith` can agree.
pub(super) const GIVEN: [(u8, &[&str]); 18] = [
    (b'a', &["alice", "andrew", "amanda", "arthur", "angela", "adrian"]),
    (b'b', &["brian", "barbara", "benjamin", "bonnie", "brenda", "bradley"]),
    (b'c', &["carol", "charles", "catherine", "calvin", "cynthia", "curtis"]),
    (b'd', &["david", "diana", "dennis", "deborah", "douglas", "dorothy"]),
    (b'e', &["edward", "elaine", "eric", "emily", "eugene", "evelyn"]),
    (b'f', &["frances", "frank", "felicia", "floyd", "faith", "franklin"]),
    (b'g', &["gary", "gloria", "george", "gail", "gregory", "gwendolyn"]),
    (b'h', &["helen", "harold", "heather", "henry", "hannah", "howard"]),
    (b'j', &["james", "janet", "joseph", "julia", "jeffrey", "joan"]),
    (b'k', &["karen", "kenneth", "katherine", "kevin", "kelly", "keith"]),
    (b'l', &["laura", "lawrence", "linda", "leonard", "lisa", "louis"]),
    (b'm', &["margaret", "michael", "maria", "martin", "monica", "matthew"]),
    (b'n', &["nancy", "nathan", "natalie", "nicholas", "norma", "neil"]),
    (b'p', &["paul", "patricia", "peter", "pamela", "philip", "paula"]),
    (b'r', &["robert", "rachel", "richard", "rebecca", "roger", "ruth"]),
    (b's', &["sarah", "stephen", "susan", "samuel", "sharon", "scott"]),
    (b't', &["thomas", "teresa", "timothy", "tina", "terry", "tracy"]),
    (b'w', &["walter", "wendy", "william", "wanda", "wayne", "wilma"]),
];

/// Surnames by initial, in the same order.
pub(super) const SURNAMES: [(u8, &[&str]); 18] = [
    (b'a', &["adams", "allen", "anderson", "armstrong", "austin", "atkins"]),
    (b'b', &["baker", "barnes", "bennett", "brooks", "butler", "bryant"]),
    (b'c', &["carter", "clark", "collins", "cooper", "cruz", "campbell"]),
    (b'd', &["davis", "diaz", "dixon", "duncan", "dunn", "daniels"]),
    (b'e', &["edwards", "elliott", "ellis", "evans", "erickson", "estrada"]),
    (b'f', &["fisher", "flores", "foster", "fox", "freeman", "fuller"]),
    (b'g', &["garcia", "gibson", "gomez", "graham", "green", "griffin"]),
    (b'h', &["hall", "harris", "hayes", "hernandez", "hill", "hughes"]),
    (b'j', &["jackson", "jacobs", "jenkins", "johnson", "jones", "jordan"]),
    (b'k', &["keller", "kelley", "kennedy", "kim", "king", "knight"]),
    (b'l', &["lane", "lawson", "lee", "lewis", "long", "lopez"]),
    (b'm', &["marshall", "martinez", "mason", "miller", "mitchell", "moore"]),
    (b'n', &["nelson", "newman", "newton", "nguyen", "nichols", "norris"]),
    (b'p', &["palmer", "parker", "perez", "perry", "peterson", "porter"]),
    (b'r', &["ramirez", "reed", "reynolds", "rivera", "roberts", "russell"]),
    (b's', &["sanders", "scott", "simmons", "smith", "stewart", "sullivan"]),
    (b't', &["taylor", "thomas", "thompson", "torres", "tucker", "turner"]),
    (b'w', &["walker", "ward", "watson", "webb", "williams", "wilson"]),
];

/// Common given names that are no common surname: a bare one stands for a given name.
pub(super) const BARE_GIVEN: [&str; 48] = [
    "anna",
    "anne",
    "ann",
    "bob",
    "bobby",
    "carlos",
    "chris",
    "christine",
    "christopher",
    "daniel",
    "donna",
    "elizabeth",
    "jack",
    "jane",
    "jason",
    "jean",
    "jennifer",
    "jessica",
    "jim",
    "jimmy",
    "joe",
    "john",
    "jose",
    "josh",
    "joshua",
    "juan",
    "judy",
    "kate",
    "kathleen",
    "larry",
    "luis",
    "mark",
    "mary",
    "melissa",
    "michelle",
    "mike",
    "nicole",
    "olivia",
    "ryan",
    "sam",
    "sandra",
    "shirley",
    "sophia",
    "steve",
    "steven",
    "tom",
    "tony",
    "virginia",
];

pub(super) const STREETS: [&str; 16] = [
    "Oak",
    "Maple",
    "Cedar",
    "Pine",
    "Elm",
    "Walnut",
    "Willow",
    "Chestnut",
    "Lakeview",
    "Hillcrest",
    "Meadow",
    "Ridge",
    "Sunset",
    "Highland",
    "Spring",
    "Park",
];

pub(super) const STREET_SUFFIXES: [&str; 6] = ["Street", "Avenue", "Road", "Lane", "Drive", "Court"];

pub(super) const CITIES: [&str; 16] = [
    "Fairview",
    "Midway",
    "Oak Grove",
    "Centerville",
    "Riverside",
    "Georgetown",
    "Salem",
    "Greenville",
    "Clinton",
    "Springfield",
    "Franklin",
    "Marion",
    "Ashland",
    "Milton",
    "Newport",
    "Burlington",
];

pub(super) const FACILITIES: [&str; 12] = [
    "Riverside Clinic",
    "Lakeview Medical Center",
    "Hillcrest Hospital",
    "Meadow Health Center",
    "Oak Grove Clinic",
    "Highland Hospital",
    "Cedar Medical Group",
    "Sunset Care Center",
    "Fairview Family Practice",
    "Ridge Rehabilitation",
    "Willow Creek Hospital",
    "Parkside Surgery Center",
];

/// The first three digits of large cities' ZIP codes, each an area of many more than 20,000 people.
pub(super) const LARGE_AREAS: [&str; 12] =
    ["021", "100", "191", "303", "331", "441", "554", "606", "770", "802", "900", "981"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_under_their_initial() {
        for (given, surnames) in GIVEN.iter().zip(&SURNAMES) {
            assert_eq!(given.0, surnames.0);
            for name in given.1.iter().chain(surnames.1) {
                assert_eq!(name.as_bytes()[0], given.0, "{name}");
                assert!(name.bytes().all(|byte| byte.is_ascii_lowercase()));
            }
        }
    }
}
