//! The Merkle tree of RFC 6962: roots and proofs.

use crate::error::{Error, Result};
use crate::hash::Hash;

/// The root of a growing tree, in memory that grows with the logarithm of its size.
#[derive(Clone, Debug, Default)]
pub struct Frontier {
    size: u64,
    /// Roots of the complete subtrees that the tree consists of, the largest first: one for each bit of `size`.
    roots: Vec<Hash>,
}

impl Frontier {
    /// A tree without leaves.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A tree of known size, from the roots of its complete subtrees, the largest first.
    pub(crate) fn from_roots(size: u64, roots: Vec<Hash>) -> Self {
        debug_assert_eq!(size.count_ones() as usize, roots.len());
        Self { size, roots }
    }

    /// Adds a leaf by its hash.
    pub fn push(&mut self, leaf: Hash) {
        let mut node = leaf;
        // Each bit that a carry passes is a pair of equal subtrees that become one.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.roots.pop() {
                node = Hash::of_node(&left, &node);
            }
        }
        self.roots.push(node);
        self.size += 1;
    }

    /// How many leaves it has.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Its root.
    #[must_use]
    pub fn root(&self) -> Hash {
        let from_right = self.roots.iter().rev().copied();
        from_right.reduce(|right, left| Hash::of_node(&left, &right)).unwrap_or_else(Hash::of_nothing)
    }
}

/// Where the hashes of complete subtrees come from.
pub trait Nodes {
    /// The root of the complete subtree over the leaves `index << level .. (index + 1) << level`.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    fn node(&self, level: u32, index: u64) -> Result<Hash>;
}

/// The sizes of the complete subtrees that `from..to` consists of, as `(level, index)`, from the left.
///
/// `from` must be a multiple of the largest power of two that is not above the length.
pub(crate) fn subtrees(from: u64, to: u64) -> Vec<(u32, u64)> {
    let mut found = Vec::new();
    let mut at = from;
    while at < to {
        let level = (to - at).ilog2();
        found.push((level, at >> level));
        at += 1 << level;
    }
    found
}

/// The root over the leaves `from..to`, as a node of some tree would have it.
fn range_root(nodes: &dyn Nodes, from: u64, to: u64) -> Result<Hash> {
    let mut root = None;
    for (level, index) in subtrees(from, to).into_iter().rev() {
        let left = nodes.node(level, index)?;
        root = Some(root.map_or(left, |right| Hash::of_node(&left, &right)));
    }
    Ok(root.unwrap_or_else(Hash::of_nothing))
}

/// The root of the tree over the first `size` leaves.
///
/// # Errors
///
/// When a node cannot be read.
pub fn root(nodes: &dyn Nodes, size: u64) -> Result<Hash> {
    range_root(nodes, 0, size)
}

/// Where a tree over `from..to` is divided: the largest power of two below its length.
fn divide(from: u64, to: u64) -> u64 {
    from + (1 << (to - from - 1).ilog2())
}

/// The hashes that prove that leaf `index` is in the tree over the first `size` leaves, from the leaf upward.
///
/// # Errors
///
/// When a node cannot be read, or the leaf is not in the tree.
pub fn inclusion_proof(nodes: &dyn Nodes, index: u64, size: u64) -> Result<Vec<Hash>> {
    if index >= size {
        return Err(Error::misuse(format!("leaf {index} is not in a tree of {size}")));
    }
    let (mut from, mut to) = (0, size);
    let mut proof = Vec::new();
    while to - from > 1 {
        let middle = divide(from, to);
        if index < middle {
            proof.push(range_root(nodes, middle, to)?);
            to = middle;
        } else {
            proof.push(range_root(nodes, from, middle)?);
            from = middle;
        }
    }
    proof.reverse();
    Ok(proof)
}

/// The hashes that prove that the tree over the first `old` leaves is a beginning of the one over the first `new`.
///
/// # Errors
///
/// When a node cannot be read, or `old` is above `new`.
pub fn consistency_proof(nodes: &dyn Nodes, old: u64, new: u64) -> Result<Vec<Hash>> {
    if old > new {
        return Err(Error::misuse(format!("a tree of {old} is no beginning of a tree of {new}")));
    }
    if old == 0 || old == new {
        return Ok(Vec::new());
    }
    let (mut from, mut to) = (0, new);
    let mut proof = Vec::new();
    while to != old {
        let middle = divide(from, to);
        if old <= middle {
            proof.push(range_root(nodes, middle, to)?);
            to = middle;
        } else {
            proof.push(range_root(nodes, from, middle)?);
            from = middle;
        }
    }
    if from != 0 {
        proof.push(range_root(nodes, from, to)?);
    }
    proof.reverse();
    Ok(proof)
}

/// The root that a tree of `size` must have when `leaf` is at `index` and `proof` is right; `None` for a proof of the wrong length.
#[must_use]
pub fn root_of_inclusion(index: u64, size: u64, leaf: Hash, proof: &[Hash]) -> Option<Hash> {
    if index >= size {
        return None;
    }
    let (mut node, mut at, mut last) = (leaf, index, size - 1);
    for sibling in proof {
        if last == 0 {
            return None;
        }
        if at & 1 == 1 || at == last {
            node = Hash::of_node(sibling, &node);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            node = Hash::of_node(&node, sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    (last == 0).then_some(node)
}

/// Whether `proof` shows that the tree of `old_size` and `old_root` is a beginning of the tree of `new_size` and `new_root`.
#[must_use]
pub fn is_consistent(old_size: u64, old_root: Hash, new_size: u64, new_root: Hash, proof: &[Hash]) -> bool {
    if old_size == 0 {
        return proof.is_empty() && old_root == Hash::of_nothing();
    }
    if old_size == new_size {
        return proof.is_empty() && old_root == new_root;
    }
    if old_size > new_size {
        return false;
    }
    // When the old tree is complete, its root is the first hash of the proof, left out.
    let (first, rest) = if old_size.is_power_of_two() {
        (old_root, proof)
    } else {
        let Some((first, rest)) = proof.split_first() else { return false };
        (*first, rest)
    };
    let (mut at, mut last) = (old_size - 1, new_size - 1);
    let complete = at.trailing_ones();
    at >>= complete;
    last >>= complete;
    let (mut of_old, mut of_new) = (first, first);
    for sibling in rest {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            of_old = Hash::of_node(sibling, &of_old);
            of_new = Hash::of_node(sibling, &of_new);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            of_new = Hash::of_node(&of_new, sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    last == 0 && of_old == old_root && of_new == new_root
}

#[cfg(test)]
mod tests;
