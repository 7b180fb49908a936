//! Sections of the configuration that other commands use. Their keys are checked here as well, so that a mistyped one is
//! found by whichever command reads the file first.

use super::toml::Table;
use crate::error::Error;

/// Tables and lists of tables with known keys.
const SECTIONS: &[(&str, bool, &[&str])] = &[
    ("console", false, &["listen"]),
    ("identity", true, &["issuer", "audience", "groups_claim", "agents", "groups"]),
    (
        "target",
        true,
        &[
            "name",
            "protocol",
            "listen",
            "public_url",
            "upstream",
            "credential",
            "profile",
            "auth",
            "hold",
            "record",
            "unlabelled",
            "tls",
            "mode",
            "observe_until",
            "allow_unredacted",
            "token_headers",
            "request_profile",
            "restore_answers",
        ],
    ),
    ("approver", true, &["subject", "groups", "key"]),
];

/// Sections whose keys belong to whoever uses them.
const FREE: &[&str] =
    &["data_dir", "limits", "fuse", "retention", "sink", "witness", "notify", "break_glass", "admin", "log"];

pub(super) fn check(root: &Table<'_, '_>) -> Result<(), Error> {
    for (name, list, keys) in SECTIONS {
        let tables = if *list {
            root.tables(name)?
        } else {
            root.get(name).map(|value| value.table()).transpose()?.into_iter().collect()
        };
        for table in tables {
            table.know(keys);
            table.finish()?;
        }
    }
    root.know(FREE);
    Ok(())
}
