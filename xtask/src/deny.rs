//! Licences, bans, sources and advisories of everything we are built from: cargo-deny by the rules of `deny.toml`.

use std::time::Duration;

use crate::Failure;
use crate::ci::{Permissions, Verdict};
use crate::fuzz;
use crate::run::{cargo, run, succeeds, succeeds_within};

/// About two minutes to build on two cores, once per cargo home.
const INSTALL: &[&str] = &["install", "cargo-deny", "--locked", "--version", "0.20.2"];

/// A clone of the advisory database is a few megabytes.
const FETCH_LIMIT: Duration = Duration::from_secs(120);

const OPTIONS: &[&str] = &["--config", "deny.toml", "--all-features", "--locked"];

/// The walls name crates that may come; that one is not there yet is no news.
const CHECKS: &[&str] = &["check", "--allow", "unused-wrapper", "licenses", "bans", "sources"];

pub(crate) fn deny(permissions: Permissions) -> Result<Verdict, Failure> {
    if !succeeds(cargo().args(["deny", "--version"])) {
        if !permissions.install {
            return Ok(Verdict::Skipped(format!("`cargo deny` is absent; install it: cargo {}", INSTALL.join(" "))));
        }
        run(cargo().args(INSTALL))?;
    }

    let advised = succeeds_within(cargo().args(["deny", "fetch", "db"]), FETCH_LIMIT);
    let mut whole = cargo();
    whole.args(["deny", "--workspace"]).args(OPTIONS).args(CHECKS);
    if advised {
        whole.args(["advisories", "--disable-fetch"]);
    }
    let of_the_product = run(&mut whole);
    // The fuzz targets are built from a lock file of their own.
    let of_the_fuzz_targets = run(cargo().args(["deny", "--manifest-path", fuzz::MANIFEST]).args(OPTIONS).args(CHECKS));
    of_the_product.and(of_the_fuzz_targets)?;
    Ok(if advised {
        Verdict::Passed
    } else {
        Verdict::PassedWithout("advisories: the advisory database could not be fetched".into())
    })
}
