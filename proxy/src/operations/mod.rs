//! What whoever runs the gateway sees of it: whether it lives, whether it takes requests, and what it counts.
//!
//! [`Metrics`] counts, [`Pages`] tells on a listener of its own, which [`Site`] is. No content comes here: labels are names
//! of the configuration and words of this program, nothing that a client or an upstream can choose.

mod form;
mod metrics;
mod pages;
mod site;

pub(crate) use self::form::unescaped;
pub(crate) use self::metrics::{Metrics, Readings, kind_of};
pub(crate) use self::pages::Pages;
pub(crate) use self::site::{Answer, Answers, Site, answer, whole_body};
