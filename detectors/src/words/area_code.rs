//! Area codes of the North American Numbering Plan.

use std::sync::LazyLock;

/// True for an area code known to be in service, or non-geographic such as 800.
///
/// New codes open every year, so an unknown one may lower a score but never refuses a number.
pub fn area_code_known(code: u16) -> bool {
    KNOWN.get(usize::from(code)).copied().unwrap_or(false)
}

static KNOWN: LazyLock<[bool; 1000]> = LazyLock::new(|| {
    let mut known = [false; 1000];
    for line in include_str!("../../data/built/area_codes.txt").lines() {
        if let Some(slot) = line.parse().ok().and_then(|code: usize| known.get_mut(code)) {
            *slot = true;
        }
    }
    known
});
