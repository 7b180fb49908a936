//! The case files of the corpus, and laws.

use super::{GEO, PLACE, STREET};
use crate::testing::{assert_cases_with, assert_total, found};

#[test]
fn streets_are_taken() {
    assert_cases_with(&[&STREET], "street");
}

#[test]
fn cities_and_counties_are_taken() {
    assert_cases_with(&[&PLACE], "place");
}

#[test]
fn coordinates_are_taken() {
    assert_cases_with(&[&GEO], "geo-coordinates");
}

#[test]
fn a_zip_that_lies_in_the_state_raises_the_confidence() {
    let sure = |text: &str| found(&[&PLACE], text).first().map(|f| f.confidence);
    assert_eq!(sure("Springfield, IL 62704"), Some(95));
    assert_eq!(sure("Springfield, IL 02115"), Some(88));
    assert_eq!(sure("Springfield, IL"), Some(90));
}

#[test]
fn nothing_panics() {
    const PIECES: &[&str] = &[
        "12", "Main", "St", "street", "N", "NW", "45th", "Apt", "#", "PO", "Box", "P.O.", "RR", "Suite", "3", "Boston",
        "MA", "02115", "40.7128", "-74.0060", "lat", "County", "of", "lives", "in", "San", "Antonio", "°", "1/2",
        "Calle",
    ];
    for detector in [&GEO, &PLACE, &STREET] {
        assert_total(detector, PIECES);
    }
}
