//! Whether somebody who was let in may still be there: looked at again while long answers are on their way.

use std::sync::Arc;

use super::locks::Locks;
use super::{Authenticator, Identity};

/// Who asked for something, and where.
#[derive(Clone)]
pub(crate) struct Standing {
    pub(super) authenticator: Arc<dyn Authenticator>,
    pub(super) locks: Arc<Locks>,
    pub(super) identity: Identity,
    pub(super) target: String,
}

impl Standing {
    /// Whether identity and target count still.
    pub(super) fn counts(&self) -> bool {
        !self.identity.is_expired()
            && !self.locks.bars(&self.identity)
            && !self.locks.bars_target(&self.target)
            && self.authenticator.still_counts(&self.identity)
    }
}
