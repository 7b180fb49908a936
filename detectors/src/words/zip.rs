//! ZIP codes: which exist, in which state, and which three-digit areas are too small to show.

/// True for a five-digit ZIP that is or was in use.
///
/// Retired ones count: old charts hold them. CPT codes such as 99213 overlap with ZIPs, so this alone proves nothing.
pub fn zip_exists(zip: u32) -> bool {
    zip_state(zip).is_some()
}

/// The state or territory of a five-digit ZIP, by its two capitals; `AA`, `AE` and `AP` are military post.
pub fn zip_state(zip: u32) -> Option<[u8; 2]> {
    let bit = 1_u128 << (zip % 100);
    let prefix = usize::try_from(zip / 100).ok()?;
    let (first, end) = (*AREAS.starts.get(prefix)?, *AREAS.starts.get(prefix + 1)?);
    let rows = AREAS.rows.get(usize::from(first)..usize::from(end))?;
    rows.iter().find(|row| row.zips & bit != 0).map(|row| row.state)
}

/// True where Safe Harbor shows `000` in place of the first three digits: an area of 20,000 people or fewer, or a
/// prefix no ZIP has.
///
/// The union of the areas that were small in the Census of 2000 (the list in the HHS guidance) and in that of 2020.
pub fn zip3_restricted(prefix: u16) -> bool {
    let index = usize::from(prefix);
    let in_use = AREAS.starts.get(index).zip(AREAS.starts.get(index + 1)).is_some_and(|(first, end)| first < end);
    !in_use || RESTRICTED_2000.contains(&prefix) || RESTRICTED_2020.contains(&prefix)
}

const RESTRICTED_2000: [u16; 17] = [36, 59, 63, 102, 203, 556, 692, 790, 821, 823, 830, 831, 878, 879, 884, 890, 893];
const RESTRICTED_2020: [u16; 18] =
    [36, 59, 102, 202, 203, 204, 205, 369, 556, 692, 753, 772, 821, 823, 878, 879, 884, 893];

/// The ZIPs of one three-digit area in one state.
#[derive(Clone, Copy)]
struct Area {
    state: [u8; 2],
    /// Bit *n*: the ZIP that ends in *n* exists.
    zips: u128,
}

struct Areas {
    /// In order of prefix.
    rows: [Area; ROWS],
    /// Rows of prefix *p* are `starts[p]..starts[p + 1]`.
    starts: [u16; 1001],
}

/// Lines such as `021 MA 0f3…`: prefix, state, 100 bits in hex. The file is ours and sorted by prefix; a test counts its
/// ZIPs.
const FILE: &[u8] = include_bytes!("../../data/built/zips.txt");
const LINE: usize = 33;
const ROWS: usize = FILE.len() / LINE;

/// Made when the program is compiled.
static AREAS: Areas = areas();

const fn areas() -> Areas {
    let mut areas = Areas { rows: [Area { state: [0; 2], zips: 0 }; ROWS], starts: [0; 1001] };
    let mut row = 0;
    let mut number = 0;
    let mut next = 0;
    while row < ROWS {
        let at = row * LINE;
        assert!(FILE[at + 3] == b' ' && FILE[at + 6] == b' ' && FILE[at + LINE - 1] == b'\n', "another form");
        let prefix = hex(FILE[at]) as usize * 100 + hex(FILE[at + 1]) as usize * 10 + hex(FILE[at + 2]) as usize;
        while next <= prefix {
            areas.starts[next] = number;
            next += 1;
        }
        let mut digit = at + 7;
        while digit < at + LINE - 1 {
            areas.rows[row].zips = areas.rows[row].zips << 4 | hex(FILE[digit]) as u128;
            digit += 1;
        }
        areas.rows[row].state = [FILE[at + 4], FILE[at + 5]];
        row += 1;
        number += 1;
    }
    while next < areas.starts.len() {
        areas.starts[next] = number;
        next += 1;
    }
    areas
}

#[expect(clippy::panic, reason = "only when the program is compiled")]
const fn hex(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => panic!("no hexadecimal digit"),
    }
}
