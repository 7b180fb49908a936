//! The tree and its leaves as files: the layout of C2SP tlog-tiles.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::error::{Error, Result};
use crate::hash::Hash;
use crate::index::in_groups_of_three;
use crate::tree::{Frontier, Nodes, subtrees};
use crate::vfs::Vfs;

/// The folder of the log inside a data folder.
pub(crate) const LOG: &str = "log";

/// The signed checkpoint.
pub(crate) const CHECKPOINT: &str = "log/checkpoint";

/// How many hashes a full tile and how many leaves a full bundle has.
const WIDTH: usize = 256;

/// A file of the log: its path inside the data folder and what it holds.
pub(crate) type File = (String, Vec<u8>);

/// The right edge of the tree: what is not yet in full tiles.
#[derive(Debug, Default)]
pub(crate) struct Edge {
    /// For each level the hashes after its last full tile.
    levels: Vec<Vec<Hash>>,
    /// The leaves after the last full bundle.
    bundle: Vec<Vec<u8>>,
    frontier: Frontier,
}

impl Edge {
    /// The edge of the tree over the first `size` leaves, from the files of a tree of `of` leaves that begins with it.
    pub(crate) fn load(vfs: &dyn Vfs, size: u64, of: u64) -> Result<Self> {
        let mut edge = Self::default();
        for level in 0.. {
            let hashes = size >> (8 * level);
            if hashes == 0 {
                break;
            }
            let (tile, width) = (hashes / WIDTH as u64, remainder(hashes));
            let mut kept = if width > 0 { read_tile(vfs, level, tile, of)? } else { Vec::new() };
            if kept.len() < width {
                return Err(Error::corrupt(format!("{} is too short", tile_path(level, tile))));
            }
            kept.truncate(width);
            edge.levels.push(kept);
        }
        let (bundle, width) = (size / WIDTH as u64, remainder(size));
        if width > 0 {
            edge.bundle = read_bundle(vfs, bundle, of)?;
            edge.bundle.truncate(width);
            if edge.bundle.len() < width {
                return Err(Error::corrupt(format!("{} is too short", bundle_path(bundle))));
            }
        }
        let nodes = Tiles::new(vfs, of);
        let roots = subtrees(0, size).into_iter().map(|(level, index)| nodes.node(level, index));
        edge.frontier = Frontier::from_roots(size, roots.collect::<Result<_>>()?);
        Ok(edge)
    }

    pub(crate) fn size(&self) -> u64 {
        self.frontier.size()
    }

    pub(crate) fn root(&self) -> Hash {
        self.frontier.root()
    }

    /// Adds a leaf; gives the files that it filled.
    pub(crate) fn push(&mut self, leaf: Vec<u8>) -> Result<Vec<File>> {
        let mut full = Vec::new();
        let index = self.size();
        let mut hash = Hash::of_leaf(&leaf);
        self.frontier.push(hash);
        self.bundle.push(leaf);
        if self.bundle.len() == WIDTH {
            full.push((bundle_path(index / WIDTH as u64), encode_bundle(&self.bundle)?));
            self.bundle.clear();
        }
        let mut tile = index;
        for level in 0.. {
            if self.levels.len() == level {
                self.levels.push(Vec::new());
            }
            let Some(hashes) = self.levels.get_mut(level) else { break };
            hashes.push(hash);
            tile /= WIDTH as u64;
            if hashes.len() < WIDTH {
                break;
            }
            full.push((tile_path(level, tile), encode_tile(hashes)));
            hash = subtree_root(hashes);
            hashes.clear();
        }
        Ok(full)
    }

    /// The partial files of the tree as it is now.
    pub(crate) fn partial(&self) -> Result<Vec<File>> {
        let mut files = Vec::new();
        if !self.bundle.is_empty() {
            let path = format!("{}.p/{}", bundle_path(self.size() / WIDTH as u64), self.bundle.len());
            files.push((path, encode_bundle(&self.bundle)?));
        }
        for (level, hashes) in self.levels.iter().enumerate().filter(|(_, hashes)| !hashes.is_empty()) {
            let tile = (self.size() >> (8 * level)) / WIDTH as u64;
            files.push((format!("{}.p/{}", tile_path(level, tile), hashes.len()), encode_tile(hashes)));
        }
        Ok(files)
    }
}

/// The hashes of a log's tree, read from its tiles.
pub(crate) struct Tiles<'v> {
    vfs: &'v dyn Vfs,
    /// How many leaves the tree has whose tiles are there.
    size: u64,
    /// Tiles that were read, by level and number.
    seen: RefCell<HashMap<(usize, u64), Vec<Hash>>>,
}

/// A proof needs a tile or two a level; a walk over all leaves stays within this as well.
const KEPT_TILES: usize = 64;

impl<'v> Tiles<'v> {
    /// The tiles of a data folder whose tree has `size` leaves.
    pub(crate) fn new(vfs: &'v dyn Vfs, size: u64) -> Self {
        Self { vfs, size, seen: RefCell::default() }
    }
}

impl Nodes for Tiles<'_> {
    fn node(&self, level: u32, index: u64) -> Result<Hash> {
        let (row, inside) = ((level / 8) as usize, level % 8);
        let first = index << inside;
        let (tile, at, width) = (first / WIDTH as u64, remainder(first), 1_usize << inside);
        let mut seen = self.seen.borrow_mut();
        if !seen.contains_key(&(row, tile)) {
            if seen.len() >= KEPT_TILES {
                seen.clear();
            }
            seen.insert((row, tile), read_tile(self.vfs, row, tile, self.size)?);
        }
        let hashes = seen.get(&(row, tile)).and_then(|tile| tile.get(at..at + width));
        let short = || Error::corrupt(format!("{} is too short", tile_path(row, tile)));
        Ok(subtree_root(hashes.ok_or_else(short)?))
    }
}

/// The hashes of a tile in a tree of `size`.
pub(crate) fn read_tile(vfs: &dyn Vfs, level: usize, tile: u64, size: u64) -> Result<Vec<Hash>> {
    let bytes = read_maybe_partial(vfs, &tile_path(level, tile), tile, size >> (8 * level))?;
    let (hashes, rest) = bytes.as_chunks::<{ Hash::LEN }>();
    if !rest.is_empty() || hashes.is_empty() || hashes.len() > WIDTH {
        return Err(Error::corrupt(format!("{} has a wrong length", tile_path(level, tile))));
    }
    Ok(hashes.iter().map(|hash| Hash::from_bytes(*hash)).collect())
}

/// The leaves of a bundle in a tree of `size`.
pub(crate) fn read_bundle(vfs: &dyn Vfs, bundle: u64, size: u64) -> Result<Vec<Vec<u8>>> {
    let bytes = read_maybe_partial(vfs, &bundle_path(bundle), bundle, size)?;
    decode_bundle(&bytes).ok_or_else(|| Error::corrupt(format!("{} is not a bundle of entries", bundle_path(bundle))))
}

/// Reads a full file, or the partial one that a tree with `elements` in this row has.
fn read_maybe_partial(vfs: &dyn Vfs, path: &str, number: u64, elements: u64) -> Result<Vec<u8>> {
    let partial = (number == elements / WIDTH as u64).then(|| format!("{path}.p/{}", remainder(elements)));
    if let Some(partial) = partial {
        match vfs.read(&partial) {
            // A partial file may go once the full one is there.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            read => return read.map_err(|error| Error::io(partial, error)),
        }
    }
    vfs.read(path).map_err(|error| Error::io(path, error))
}

fn subtree_root(hashes: &[Hash]) -> Hash {
    let mut row = hashes.to_vec();
    while row.len() > 1 {
        let pairs = row.as_chunks::<2>().0;
        row = pairs.iter().map(|[left, right]| Hash::of_node(left, right)).collect();
    }
    row.first().copied().unwrap_or_else(Hash::of_nothing)
}

/// The path of a full tile.
pub(crate) fn tile_path(level: usize, tile: u64) -> String {
    format!("{LOG}/tile/{level}/{}", in_groups_of_three(tile))
}

/// The path of a full bundle.
pub(crate) fn bundle_path(bundle: u64) -> String {
    format!("{LOG}/tile/entries/{}", in_groups_of_three(bundle))
}

fn encode_tile(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| *hash.as_bytes()).collect()
}

/// Each entry after its length in two bytes, the high one first.
fn encode_bundle(entries: &[Vec<u8>]) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for entry in entries {
        let length =
            u16::try_from(entry.len()).map_err(|_| Error::too_large("an entry is longer than a bundle can say"))?;
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(entry);
    }
    Ok(bytes)
}

fn decode_bundle(mut bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut entries = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk() {
        let (entry, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        entries.push(entry.to_vec());
        bytes = rest;
    }
    (bytes.is_empty() && entries.len() <= WIDTH).then_some(entries)
}

/// How many elements follow the last full file.
#[expect(clippy::cast_possible_truncation, reason = "below 256")]
fn remainder(elements: u64) -> usize {
    (elements % WIDTH as u64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree;
    use crate::vfs::memory::MemoryFs;

    /// Writes a log of `size` leaves and gives its root.
    fn written(vfs: &MemoryFs, edge: &mut Edge, size: u64) -> Hash {
        for index in edge.size()..size {
            for (path, bytes) in edge.push(format!("leaf {index}").into_bytes()).unwrap() {
                vfs.put(&path, &bytes);
            }
        }
        for (path, bytes) in edge.partial().unwrap() {
            vfs.put(&path, &bytes);
        }
        edge.root()
    }

    #[test]
    fn the_tree_is_rebuilt_from_its_tiles() {
        for size in [1, 2, 255, 256, 257, 511, 512, 1000, 65_535, 65_536, 65_537, 66_000] {
            let vfs = MemoryFs::new();
            let root = written(&vfs, &mut Edge::default(), size);
            let mut frontier = Frontier::new();
            (0..size).for_each(|index| frontier.push(Hash::of_leaf(format!("leaf {index}").as_bytes())));
            assert_eq!(frontier.root(), root, "{size}");
            assert_eq!(tree::root(&Tiles::new(&vfs, size), size).unwrap(), root, "{size}");
            let loaded = Edge::load(&vfs, size, size).unwrap();
            assert_eq!((loaded.size(), loaded.root()), (size, root));
            assert_eq!(loaded.partial().unwrap(), Edge::load(&vfs, size, size).unwrap().partial().unwrap());
        }
    }

    #[test]
    fn an_edge_goes_on_from_any_size() {
        let whole = MemoryFs::new();
        let mut edge = Edge::default();
        written(&whole, &mut edge, 1000);
        for from in [0, 1, 255, 256, 300, 768, 999] {
            let mut resumed = Edge::load(&whole, from, 1000).unwrap();
            assert_eq!(written(&MemoryFs::new(), &mut resumed, 1000), edge.root(), "{from}");
            assert_eq!(resumed.partial().unwrap(), edge.partial().unwrap());
        }
    }

    #[test]
    fn proofs_come_from_tiles() {
        let vfs = MemoryFs::new();
        let root = written(&vfs, &mut Edge::default(), 70_000);
        let tiles = Tiles::new(&vfs, 70_000);
        for index in [0, 1, 255, 256, 65_535, 65_536, 69_999] {
            let leaf = Hash::of_leaf(format!("leaf {index}").as_bytes());
            let proof = tree::inclusion_proof(&tiles, index, 70_000).unwrap();
            assert_eq!(tree::root_of_inclusion(index, 70_000, leaf, &proof), Some(root));
        }
        for old in [1, 2, 300, 65_536, 69_999] {
            let old_root = tree::root(&tiles, old).unwrap();
            let proof = tree::consistency_proof(&tiles, old, 70_000).unwrap();
            assert!(tree::is_consistent(old, old_root, 70_000, root, &proof));
        }
    }

    #[test]
    fn bundles_of_other_forms_are_refused() {
        assert_eq!(decode_bundle(&[0, 1, 7, 0, 0]), Some(vec![vec![7], vec![]]));
        assert_eq!(decode_bundle(&[0, 2, 7]), None);
        assert_eq!(decode_bundle(&[0]), None);
        assert_eq!(decode_bundle(&[0; 514]), None);
    }
}
