//! What is refused whatever policy says.

use std::collections::BTreeSet;

use blackbar_sql::{CopyEnd, SettingChange, SettingClass, StatementFacts};
use blackbar_wire::pg::Report;

use super::reading::{Eyes, Seen};
use super::{copy, refusal};

/// What would take the session out of the gateway's sight.
pub(super) fn always(facts: &StatementFacts) -> Result<(), Report> {
    for change in &facts.settings {
        if let Some(why) = setting(change) {
            return Err(refusal("42501", why));
        }
    }
    let Some(of) = &facts.copy else { return Ok(()) };
    match of.end {
        CopyEnd::Client => copy::format(&of.options).map(drop).map_err(|why| refusal("0A000", why)),
        CopyEnd::File => Err(refusal("42501", "COPY to or from files of the server does not pass the gateway")),
        CopyEnd::Program => Err(refusal("42501", "COPY to or from programs of the server does not pass the gateway")),
    }
}

fn setting(change: &SettingChange) -> Option<&'static str> {
    if change.name.is_empty() && change.values.is_some() {
        return Some("a setting whose name or value is computed does not pass the gateway");
    }
    match change.class {
        SettingClass::Authority => Some("the role of a session cannot be changed through the gateway"),
        SettingClass::Reading => Some("how statements are read cannot be changed through the gateway"),
        SettingClass::Looks if FOLLOWED.contains(&change.name.as_str()) => {
            Some("values are written in ISO style through the gateway")
        }
        _ => None,
    }
}

/// Settings that change how values look which are replaced by type. Others of that class are a matter of policy.
const FOLLOWED: &[&str] = &["bytea_output", "datestyle", "intervalstyle", "lc_monetary"];

/// A table of which no column has a label, where the target lets nothing of it out.
pub(super) fn unlabelled(
    facts: &StatementFacts,
    eyes: &Eyes<'_>,
    own_relations: &BTreeSet<String>,
) -> Result<(), Report> {
    for table in facts.tables.iter().filter(|table| !table.system) {
        let known = table.schema.as_deref().and_then(|schema| eyes.snapshot.table_named(schema, &table.name));
        let labelled = match known {
            // What stands beneath is asked for itself.
            Some(known) if known.is_view => true,
            Some(known) => known.columns.iter().any(|column| {
                matches!(eyes.named(&known.schema, &known.name, &column.name), Seen::Hidden(_) | Seen::Kept)
            }),
            None => own_relations.contains(&table.name) && table.schema.as_deref() == Some("pg_temp"),
        };
        if !labelled {
            return Err(refusal("42501", "a table without labels: the target shows none of these"));
        }
    }
    Ok(())
}
