//! Kernels for particular processors: the only place of the engine with `unsafe`.
//!
//! A kernel is made by a constructor that looks whether the processor has what it needs, so whoever holds one may run it.
//! Each equals the portable code in `blocks.rs` bit for bit; the tests there compare them.
#![allow(unsafe_code, reason = "instructions that not every processor has; each use says why it is sound")]

#[cfg(target_arch = "x86_64")]
mod avx2;

use crate::ByteSet;
use crate::blocks::{BLOCK, Block};

/// The fastest kernel that this processor runs.
#[derive(Clone, Debug)]
pub(crate) struct Kernel {
    #[cfg(target_arch = "x86_64")]
    avx2: avx2::Avx2,
}

impl Kernel {
    /// `None` where the portable code is all there is.
    #[cfg(target_arch = "x86_64")]
    pub(crate) fn new(special: ByteSet) -> Option<Self> {
        avx2::Avx2::new(special).map(|avx2| Self { avx2 })
    }

    /// `None` where the portable code is all there is.
    #[cfg(not(target_arch = "x86_64"))]
    pub(crate) fn new(_: ByteSet) -> Option<Self> {
        None
    }

    /// Classifies 64 bytes.
    #[cfg(target_arch = "x86_64")]
    #[inline]
    pub(crate) fn block(&self, bytes: &[u8; BLOCK]) -> Block {
        self.avx2.block(bytes)
    }

    /// Classifies 64 bytes.
    #[cfg(not(target_arch = "x86_64"))]
    pub(crate) fn block(&self, _: &[u8; BLOCK]) -> Block {
        Block::default()
    }
}
