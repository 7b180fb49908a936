//! detectors

pub mod words;
