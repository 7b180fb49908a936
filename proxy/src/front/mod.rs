//! The fronts: one module a protocol, and what they share.

#[cfg(test)]
mod authority;
pub(crate) mod http;
mod listener;
pub(crate) mod postgres;
mod served;
pub(crate) mod tls;

use crate::config::Config;
use crate::error::Error;

pub(crate) use self::listener::{Arrival, Bound, Certificates, Serves, Stop};
pub(crate) use self::served::{Current, OfTarget};

/// Takes new settings while it serves.
pub(crate) trait Reloads: Send + Sync {
    /// Takes the target's new settings and credential. What cannot be used changes nothing.
    fn reload(&self, config: &Config) -> Result<(), Error>;
}
