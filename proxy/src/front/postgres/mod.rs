//! PostgreSQL: statements are judged before they go up, rows are masked on their way down.
//!
//! ```text
//! listener → opening (TLS, startup) → auth → upstream → pump
//!                                                       Ask → asking: judge → gate → verdict
//!                                                       Row, COPY, report → rows, reports → outbox → client
//! ```

mod asking;
mod auth;
mod binding;
mod cancel;
pub(crate) mod catalog;
#[cfg(test)]
mod cluster;
mod connection;
mod copy_in;
mod holding;
pub(crate) mod judge;
mod known_catalog;
mod link;
mod looked;
mod opening;
mod outbox;
mod pump;
mod reports;
mod rows;
mod startup;
mod survey;
mod upstream;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod truth;

use std::sync::Arc;

use blackbar_wire::pg::Limits as WireLimits;

use self::cancel::Cancels;
use self::judge::FactsCache;
use self::known_catalog::KnownCatalog;
pub(crate) use self::survey::{Surveyed, SurveyedColumn, survey};
use self::upstream::Upstream;
use super::{Current, OfTarget, Reloads};
use crate::config::{Config, Limits, PostgresAuth, PostgresTarget, Protocol, Target};
use crate::error::{Error, Id};
use crate::gate::{Gate, Ready, Rules};

/// One PostgreSQL target, ready for sessions.
pub(crate) struct Front {
    gate: Arc<Gate>,
    served: Current<Served>,
    cancels: Arc<Cancels>,
}

/// What a reload replaces; a session keeps what it began with.
struct Served {
    target: Target,
    postgres: PostgresTarget,
    upstream: Arc<Upstream>,
    catalog: Arc<KnownCatalog>,
    /// What statements touch, as far as they were analysed before.
    facts: Arc<FactsCache>,
    /// How long the longest messages may be.
    wire: WireLimits,
}

impl Front {
    pub(crate) fn new(gate: Arc<Gate>, target: &Target, limits: &Limits) -> Result<Self, Error> {
        let served = Current::new(&gate, target, limits)?;
        Ok(Self { gate, served, cancels: Arc::default() })
    }
}

impl Reloads for Front {
    fn prepare<'a>(&'a self, config: &Config, rules: &Rules) -> Result<Ready<'a>, Error> {
        self.served.prepare(config, rules)
    }
}

impl OfTarget for Served {
    fn of(_: &Rules, target: &Target, limits: &Limits) -> Result<Self, Error> {
        let refused = |what: &str| Err(Error::new(Id::ConfigValue, what).at(&target.place));
        let Protocol::Postgres(postgres) = &target.protocol else {
            return refused("the target speaks another protocol");
        };
        if matches!(postgres.auth, PostgresAuth::Cert | PostgresAuth::Oauth) {
            let error = refused("this build authenticates clients of databases by password or scram only");
            return error.map_err(|error| error.hint("write auth = \"password\" or auth = \"scram\""));
        }
        let credential = target.credential.as_ref();
        let upstream = Arc::new(Upstream::new(&postgres.server, target, credential, limits.connect_timeout)?);
        let catalog = Arc::new(KnownCatalog::new(Arc::clone(&upstream)));
        let wire = WireLimits { statement: limits.statement_bytes, row: limits.row_bytes };
        let (target, postgres, facts) = (target.clone(), postgres.clone(), Arc::default());
        Ok(Self { target, postgres, upstream, catalog, facts, wire })
    }
}
