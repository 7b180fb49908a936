//! `cargo xtask dist`: a release as its users install it. Built twice from one commit it is the same, byte for byte.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Failure;
use crate::cargo::Metadata;
use crate::run::{cargo, command, read, root, run};

/// What a release may weigh.
const MOST: u64 = 40_000_000;
const SHELLS: &[(&str, &str)] = &[
    ("bash", "share/bash-completion/completions/blackbar"),
    ("zsh", "share/zsh/site-functions/_blackbar"),
    ("fish", "share/fish/vendor_completions.d/blackbar.fish"),
];
/// What goes along as it is, and where to.
const FILES: &[(&str, &str)] = &[
    ("README.md", "share/doc/blackbar/README.md"),
    ("CHANGELOG.md", "share/doc/blackbar/CHANGELOG.md"),
    ("SECURITY.md", "share/doc/blackbar/SECURITY.md"),
    ("LICENSE-APACHE", "share/doc/blackbar/LICENSE-APACHE"),
    ("LICENSE-MIT", "share/doc/blackbar/LICENSE-MIT"),
    ("proxy/templates/blackbar.toml", "share/doc/blackbar/blackbar.toml"),
    ("packaging/systemd/blackbar.service", "lib/systemd/system/blackbar.service"),
    ("packaging/systemd/blackbar.sysusers", "lib/sysusers.d/blackbar.conf"),
    ("packaging/monitoring/dashboard.json", "share/blackbar/dashboard.json"),
    ("packaging/monitoring/alerts.yaml", "share/blackbar/alerts.yaml"),
];

/// Builds, gathers and packs.
pub(crate) fn dist() -> Result<(), Failure> {
    let folder = root().join("target/dist");
    let commit =
        String::from_utf8_lossy(&read(command("git").args(["rev-parse", "--short=12", "HEAD"]))?).trim().to_owned();
    let binary = build(&commit)?;
    let size = fs::metadata(&binary).map_err(failed(&binary))?.len();
    if size >= MOST {
        return Err(Failure::Bad(format!("the program has {size} bytes, of at most {MOST}")));
    }
    let version = String::from_utf8_lossy(&read(Command::new(&binary).arg("--version"))?).trim().to_owned();
    let number = version.split(' ').nth(1).unwrap_or("0").to_owned();
    let name = format!("blackbar-{number}-{}-linux", std::env::consts::ARCH);
    let tree = folder.join(&name);
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(failed(&folder))?;
    }
    place(&binary, &tree.join("bin/blackbar"))?;
    run(Command::new(&binary).arg("manual").arg(tree.join("share/man/man1")))?;
    for (shell, path) in SHELLS {
        let text = read(Command::new(&binary).args(["completions", shell]))?;
        write(&tree.join(path), &text)?;
    }
    for (from, to) in FILES {
        place(&root().join(from), &tree.join(to))?;
    }
    write(&tree.join("share/blackbar/parts.cdx.json"), parts(&number)?.as_bytes())?;
    pack(&folder, &name)?;
    println!("\n{version}: {size} bytes\n{}", folder.join(format!("{name}.tar.gz")).display());
    Ok(())
}

fn build(commit: &str) -> Result<PathBuf, Failure> {
    // Where it was built is no part of what was built.
    let here = root().display().to_string();
    let home = std::env::var("CARGO_HOME").or_else(|_| std::env::var("HOME").map(|home| format!("{home}/.cargo")));
    let mut flags = format!("--remap-path-prefix={here}=/blackbar");
    if let Ok(home) = home {
        flags.push_str(&format!(" --remap-path-prefix={home}=/cargo"));
    }
    let mut build = cargo();
    build.args(["build", "--release", "--locked", "-p", "blackbar", "--target-dir", "target/reproducible"]);
    run(build.env("RUSTFLAGS", flags).env("BLACKBAR_COMMIT", commit).env("SOURCE_DATE_EPOCH", "0"))?;
    Ok(root().join("target/reproducible/release/blackbar"))
}

/// The list of parts, in the form of CycloneDX 1.5.
fn parts(version: &str) -> Result<String, Failure> {
    let metadata = Metadata::of(Path::new("Cargo.toml"))?;
    let mut parts: Vec<(String, String, String)> = metadata.parts_of("blackbar");
    parts.sort();
    parts.dedup();
    let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    let component = |(name, version, license): &(String, String, String)| {
        let license = if license.is_empty() {
            String::new()
        } else {
            format!(",\"licenses\":[{{\"expression\":{}}}]", quoted(license))
        };
        let (name, version) = (name.as_str(), version.as_str());
        format!(
            "{{\"type\":\"library\",\"name\":{},\"version\":{},\"purl\":{}{license}}}",
            quoted(name),
            quoted(version),
            quoted(&format!("pkg:cargo/{name}@{version}"))
        )
    };
    let components: Vec<String> = parts.iter().map(component).collect();
    Ok(format!(
        "{{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.5\",\"version\":1,\"metadata\":{{\"component\":{{\"type\":\"application\",\"name\":\"blackbar\",\"version\":{}}}}},\"components\":[\n{}\n]}}\n",
        quoted(version),
        components.join(",\n")
    ))
}

/// Packs a folder so that the same files make the same archive, and says what is in it by hash.
fn pack(folder: &Path, name: &str) -> Result<(), Failure> {
    let archive = format!("{name}.tar.gz");
    let mut tar = command("tar");
    tar.current_dir(folder).env("GZIP", "-n9");
    tar.args(["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner", "--mode=go=rX,u+rw"]);
    run(tar.args(["--use-compress-program=gzip -n9", "-cf", &archive, name]))?;
    let sums = read(command("sha256sum").current_dir(folder).arg(&archive))?;
    print!("{}", String::from_utf8_lossy(&sums));
    write(&folder.join("SHA256SUMS"), &sums)
}

fn place(from: &Path, to: &Path) -> Result<(), Failure> {
    make_room(to)?;
    fs::copy(from, to).map(drop).map_err(failed(from))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    make_room(path)?;
    fs::write(path, bytes).map_err(failed(path))
}

fn make_room(path: &Path) -> Result<(), Failure> {
    path.parent().map_or(Ok(()), |parent| fs::create_dir_all(parent).map_err(failed(parent)))
}

fn failed(path: &Path) -> impl Fn(std::io::Error) -> Failure + '_ {
    move |error| Failure::Environment(format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_goes_along_is_there() {
        for (from, _) in FILES {
            assert!(root().join(from).is_file(), "{from}");
        }
    }

    #[test]
    fn the_list_of_parts_names_what_the_program_is_built_from() {
        let parts = parts("0.1.0").unwrap();
        for part in ["\"blackbar-engine\"", "\"rustls\"", "pkg:cargo/tokio@", "\"MIT OR Apache-2.0\""] {
            assert!(parts.contains(part), "{part}");
        }
        assert!(!parts.contains("\"criterion\""), "what only tests need is no part of it");
    }
}
