//! What serves a target, made of its configuration and replaced by a reload: who began with one keeps it to the end.

use std::sync::Arc;

use arc_swap::ArcSwap;

use super::Reloads;
use crate::config::{Config, Limits, Target};
use crate::error::Error;
use crate::gate::{Gate, Ready, Rules};

/// What serves one target now.
pub(crate) struct Current<S> {
    /// The target's name.
    name: String,
    served: ArcSwap<S>,
}

/// Made of a target's section.
pub(crate) trait OfTarget: Sized + Send + Sync {
    /// Opens nothing yet. What cannot be used is an error with its place in the configuration.
    fn of(rules: &Rules, target: &Target, limits: &Limits) -> Result<Self, Error>;
}

impl<S: OfTarget> Current<S> {
    pub(crate) fn new(gate: &Gate, target: &Target, limits: &Limits) -> Result<Self, Error> {
        let served = ArcSwap::from_pointee(S::of(&gate.rules(), target, limits)?);
        Ok(Self { name: target.name.clone(), served })
    }

    /// For whoever begins now.
    pub(crate) fn now(&self) -> Arc<S> {
        self.served.load_full()
    }
}

impl<S: OfTarget> Reloads for Current<S> {
    fn prepare<'a>(&'a self, config: &Config, rules: &Rules) -> Result<Ready<'a>, Error> {
        let target = config.gateway.targets.iter().find(|target| target.name == self.name);
        let served = target.map(|target| S::of(rules, target, &config.gateway.limits)).transpose()?;
        Ok(Box::new(move || served.into_iter().for_each(|served| self.served.store(Arc::new(served)))))
    }
}
