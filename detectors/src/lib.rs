//! detectors

pub mod values;
