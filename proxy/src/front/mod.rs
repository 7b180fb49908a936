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
use crate::gate::{Ready, Rules};

pub(crate) use self::listener::{Arrival, Bound, Certificates, Serves, Stop};
pub(crate) use self::served::{Current, OfTarget};

/// Takes new settings while it serves.
pub(crate) trait Reloads: Send + Sync {
    /// Reads the target's new settings and credential, to be served under these rules, and changes nothing yet.
    fn prepare<'a>(&'a self, config: &Config, rules: &Rules) -> Result<Ready<'a>, Error>;
}
