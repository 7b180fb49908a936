//! Roots and proofs of random trees, good and bad ones, against two programs with other people's hashing.
//!
//! `BLACKBAR_TREES` makes it more or fewer.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests are tests")]

mod common;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use blackbar_ledger::{
    Hash, Nodes, Result, consistency_proof, inclusion_proof, is_consistent, root, root_of_inclusion,
};

/// Hashes of all complete subtrees, by level.
struct Tree(Vec<Vec<Hash>>);

impl Tree {
    fn new(seed: u64, size: u64) -> Self {
        let mut levels = vec![(0..size).map(|i| Hash::of_leaf(format!("{seed}/{i}").as_bytes())).collect::<Vec<_>>()];
        while levels.last().unwrap().len() > 1 {
            let above = levels.last().unwrap().chunks_exact(2).map(|pair| Hash::of_node(&pair[0], &pair[1])).collect();
            levels.push(above);
        }
        Self(levels)
    }
}

impl Nodes for Tree {
    fn node(&self, level: u32, index: u64) -> Result<Hash> {
        Ok(self.0[level as usize][usize::try_from(index).unwrap()])
    }
}

struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }
}

/// A line for the other programs, checked by ours first.
fn line(seed: u64, dice: &mut Dice) -> String {
    let size = 1 + if dice.below(4) == 0 { dice.below(8) } else { dice.below(300) };
    let (index, old) = (dice.below(size), 1 + dice.below(size));
    let tree = Tree::new(seed, size);
    let (new_root, old_root) = (root(&tree, size).unwrap(), root(&tree, old).unwrap());
    let mut inclusion = inclusion_proof(&tree, index, size).unwrap();
    let mut consistency = if old == size { Vec::new() } else { consistency_proof(&tree, old, size).unwrap() };
    // A third of them are spoiled in one of several ways.
    match dice.below(9) {
        0 if !inclusion.is_empty() => {
            let at = usize::try_from(dice.below(inclusion.len() as u64)).unwrap();
            inclusion[at] = Hash::of_leaf(b"another");
        }
        1 => drop(inclusion.pop()),
        2 if consistency.len() > 1 => consistency.swap(0, 1),
        3 => consistency.push(Hash::of_nothing()),
        _ => {}
    }
    let leaf = Hash::of_leaf(format!("{seed}/{index}").as_bytes());
    let grows = if old == size {
        consistency.is_empty() && old_root == new_root
    } else {
        is_consistent(old, old_root, size, new_root, &consistency)
    };
    let good = root_of_inclusion(index, size, leaf, &inclusion) == Some(new_root) && grows;
    let list = |hashes: &[Hash]| {
        let quoted: Vec<String> = hashes.iter().map(|hash| format!("\"{}\"", hash.base64())).collect();
        format!("[{}]", quoted.join(","))
    };
    format!(
        "{{\"seed\":{seed},\"size\":{size},\"root\":{},\"index\":{index},\"inclusion\":{},\"old\":{old},\"old_root\":{},\
         \"consistency\":{},\"good\":{good}}}\n",
        list(&[new_root]),
        list(&inclusion),
        list(&[old_root]),
        list(&consistency)
    )
}

/// What another program says; `None`, with the reason on stderr, when it cannot be started here.
fn verdict(command: &mut Command, lines: &Path, what: &str) -> Option<String> {
    let input = std::fs::File::open(lines).unwrap();
    match command.stdin(input).stdout(Stdio::piped()).output() {
        Ok(output) => Some(String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).trim().to_owned()),
        Err(error) => {
            common::skipped(&format!("{what} cannot be started here ({error})"));
            None
        }
    }
}

fn go(folder: &Path) -> Option<PathBuf> {
    if !Path::new("/usr/share/gocode/src/golang.org/x/mod/sumdb").exists() {
        common::skipped("golang-golang-x-mod-dev is not installed");
        return None;
    }
    let binary = folder.join("verify-trees");
    let mut build = Command::new("go");
    build.args(["build", "-o"]).arg(&binary).arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("verify-go/trees/main.go"));
    build.env("GO111MODULE", "off").env("GOPATH", "/usr/share/gocode").env("GOFLAGS", "");
    build.env("GOCACHE", folder.join("cache"));
    match build.output() {
        Ok(output) => {
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            Some(binary)
        }
        Err(error) => {
            common::skipped(&format!("go cannot be started here ({error})"));
            None
        }
    }
}

#[test]
fn other_programs_agree_on_random_trees() {
    let count: u64 = std::env::var("BLACKBAR_TREES").ok().and_then(|text| text.parse().ok()).unwrap_or(10_000);
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("trees");
    let mut file = std::fs::File::create(&path).unwrap();
    let mut dice = Dice(0x5eed);
    let (mut good, mut bad) = (0, 0);
    for seed in 0..count {
        let line = line(seed, &mut dice);
        *(if line.contains("\"good\":true") { &mut good } else { &mut bad }) += 1;
        file.write_all(line.as_bytes()).unwrap();
    }
    assert!(good > count / 2 && bad > count / 10, "{good} good, {bad} bad");
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("verify-trees.py");
    let passed = format!("PASS {count}");
    let mut verdicts = vec![verdict(Command::new("python3").arg(python), &path, "python3")];
    if let Some(binary) = go(place.path()) {
        verdicts.push(verdict(&mut Command::new(binary), &path, "the program in Go"));
    }
    for verdict in verdicts.into_iter().flatten() {
        assert_eq!(verdict, passed);
    }
    println!("{count} trees, {bad} of them with spoiled proofs");
}
