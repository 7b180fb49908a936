//! The tree against a naive one, and against the known roots of RFC 6962 implementations.

use proptest::prelude::*;

use super::*;

/// RFC 6962, section 2.1, word by word.
mod naive {
    use crate::hash::Hash;

    pub(super) fn root(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => Hash::of_nothing(),
            [leaf] => *leaf,
            _ => {
                let (left, right) = leaves.split_at(split(leaves.len()));
                Hash::of_node(&root(left), &root(right))
            }
        }
    }

    pub(super) fn path(index: usize, leaves: &[Hash]) -> Vec<Hash> {
        if leaves.len() == 1 {
            return Vec::new();
        }
        let at = split(leaves.len());
        let (left, right) = leaves.split_at(at);
        if index < at {
            let mut proof = path(index, left);
            proof.push(root(right));
            proof
        } else {
            let mut proof = path(index - at, right);
            proof.push(root(left));
            proof
        }
    }

    pub(super) fn proof(old: usize, leaves: &[Hash]) -> Vec<Hash> {
        if old == 0 { Vec::new() } else { subproof(old, leaves, true) }
    }

    fn subproof(old: usize, leaves: &[Hash], whole: bool) -> Vec<Hash> {
        if old == leaves.len() {
            return if whole { Vec::new() } else { vec![root(leaves)] };
        }
        let at = split(leaves.len());
        let (left, right) = leaves.split_at(at);
        let mut proof = if old <= at { subproof(old, left, whole) } else { subproof(old - at, right, false) };
        proof.push(if old <= at { root(right) } else { root(left) });
        proof
    }

    /// The largest power of two below.
    fn split(length: usize) -> usize {
        let mut at = 1;
        while at * 2 < length {
            at *= 2;
        }
        at
    }
}

struct Leaves(Vec<Hash>);

impl Nodes for Leaves {
    fn node(&self, level: u32, index: u64) -> Result<Hash> {
        let from = usize::try_from(index << level).unwrap();
        Ok(naive::root(&self.0[from..from + (1 << level)]))
    }
}

fn leaves(size: usize, salt: u32) -> Vec<Hash> {
    (0..size).map(|at| Hash::of_leaf(format!("{salt}/{at}").as_bytes())).collect()
}

fn check(size: usize, index: usize, old: usize, salt: u32) {
    let tree = Leaves(leaves(size, salt));
    let (expected, wide) = (naive::root(&tree.0), |number: usize| number as u64);
    let mut frontier = Frontier::new();
    tree.0.iter().for_each(|leaf| frontier.push(*leaf));
    assert_eq!(frontier.root(), expected);
    assert_eq!(root(&tree, wide(size)).unwrap(), expected);

    let inclusion = inclusion_proof(&tree, wide(index), wide(size)).unwrap();
    assert_eq!(inclusion, naive::path(index, &tree.0));
    assert_eq!(root_of_inclusion(wide(index), wide(size), tree.0[index], &inclusion), Some(expected));
    assert_ne!(root_of_inclusion(wide(index), wide(size), Hash::of_nothing(), &inclusion), Some(expected));
    if size > 1 {
        assert_eq!(root_of_inclusion(wide(index), wide(size), tree.0[index], &inclusion[1..]), None);
        let elsewhere = wide((index + 1) % size);
        assert_ne!(root_of_inclusion(elsewhere, wide(size), tree.0[index], &inclusion), Some(expected));
    }

    let consistency = consistency_proof(&tree, wide(old), wide(size)).unwrap();
    assert_eq!(consistency, naive::proof(old, &tree.0));
    let old_root = naive::root(&tree.0[..old]);
    assert!(is_consistent(wide(old), old_root, wide(size), expected, &consistency));
    assert!(!is_consistent(wide(old), Hash::of_leaf(b"other"), wide(size), expected, &consistency));
    if old > 0 {
        assert!(!is_consistent(wide(old), old_root, wide(size), Hash::of_leaf(b"other"), &consistency));
    }
    for at in 0..consistency.len() {
        let mut altered = consistency.clone();
        altered[at] = Hash::of_nothing();
        assert!(!is_consistent(wide(old), old_root, wide(size), expected, &altered));
    }
}

#[test]
fn small_trees_are_right_at_every_place() {
    for size in 1..=40 {
        for index in 0..size {
            for old in 0..=size {
                check(size, index, old, 0);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn ten_thousand_trees_equal_naive_ones(
        (size, index, old) in (1_usize..300).prop_flat_map(|size| (Just(size), 0..size, 0..=size)),
        salt: u32,
    ) {
        check(size, index, old, salt);
    }
}

/// The inputs and roots that implementations of RFC 6962 have in common.
#[test]
fn the_roots_are_those_of_other_implementations() {
    let inputs: [&[u8]; 8] = [
        b"",
        b"\x00",
        b"\x10",
        b"\x20\x21",
        b"\x30\x31",
        b"\x40\x41\x42\x43",
        b"\x50\x51\x52\x53\x54\x55\x56\x57",
        b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
    ];
    let roots = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let mut frontier = Frontier::new();
    assert_eq!(frontier.root().to_string(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    for (input, root) in inputs.iter().zip(roots) {
        frontier.push(Hash::of_leaf(input));
        assert_eq!(frontier.root().to_string(), root);
    }
}

#[test]
fn a_proof_for_a_leaf_beyond_the_tree_is_refused() {
    let tree = Leaves(leaves(3, 0));
    assert!(inclusion_proof(&tree, 3, 3).is_err());
    assert!(consistency_proof(&tree, 4, 3).is_err());
    assert_eq!(root_of_inclusion(3, 3, Hash::of_nothing(), &[]), None);
}
