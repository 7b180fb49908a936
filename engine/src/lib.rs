//! engine

pub mod key;
pub mod operator;
