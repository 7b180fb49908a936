//! Sections of the configuration whose keys belong to whoever uses them.

use super::toml::Table;

const FREE: &[&str] = &["retention", "sink", "witness", "notify", "break_glass", "admin"];

pub(super) fn know(root: &Table<'_, '_>) {
    root.know(FREE);
}
