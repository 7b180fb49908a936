//! With what labelled columns are compared: a mask can be guessed value by value, and a fuse counts how many are tried.

use std::collections::HashSet;
use std::fmt;

use blackbar_policy::SqlFacts;
use blackbar_sql::{Against, Literal, LiteralKind, literals};
use bytes::Bytes;

use super::reading::{Eyes, Reading, Seen};
use super::values::{Values, elements};

/// A value that a labelled column is compared with.
#[derive(Clone, Eq, Hash, PartialEq)]
pub(crate) struct Probe {
    /// `schema.table.column`
    pub(crate) column: String,
    /// The value as the client spelt it. Never shown; a fuse keeps a keyed digest of it.
    pub(crate) value: Bytes,
}

/// Adds what a statement tries.
pub(super) fn of(reading: &Reading, eyes: &Eyes<'_>, values: &dyn Values, probes: &mut Vec<Probe>) {
    let Some(facts) = reading.facts() else { return };
    let mut spelt: Option<Vec<Literal>> = None;
    let mut seen: HashSet<Probe> = probes.iter().cloned().collect();
    for probe in &facts.probes {
        let Some((table, column)) = facts.column(probe.column) else { continue };
        let hidden = match eyes.column(table, column) {
            Seen::Hidden(_) => true,
            Seen::Unknown => eyes.labels.hide_anything(),
            Seen::Kept | Seen::Unlabelled => false,
        };
        if !hidden {
            continue;
        }
        let schema = table.schema.as_deref().unwrap_or_default();
        let name = format!("{}.{}", SqlFacts::relation(schema, &table.name), column.name);
        let whole = || reading.analysed.text.slice(facts.span.clone());
        let tried = match probe.against {
            Against::Literal(start) => {
                let text = std::str::from_utf8(&reading.analysed.text).unwrap_or_default();
                let known = spelt.get_or_insert_with(|| literals(text).unwrap_or_default());
                match known.iter().find(|literal| literal.span.start == start) {
                    Some(literal) => constants(&reading.analysed.text.slice(literal.span.clone())),
                    None => vec![whole()],
                }
            }
            Against::Parameter(_) if reading.unknown_values => vec![whole()],
            Against::Parameter(number) => values.spelt(number),
            Against::Column(other) => match facts.column(other) {
                Some((table, column)) => vec![format!("{} {}", table.name, column.name).into()],
                None => vec![whole()],
            },
            Against::Query => {
                // Any value that the statement brings along may be one that is tried.
                let text = std::str::from_utf8(&reading.analysed.text).unwrap_or_default();
                let known = spelt.get_or_insert_with(|| literals(text).unwrap_or_default());
                let inside = |literal: &&Literal| {
                    let tried = matches!(literal.kind, LiteralKind::String | LiteralKind::Number | LiteralKind::Bits);
                    tried && facts.span.start <= literal.span.start && literal.span.end <= facts.span.end
                };
                let literals = known.iter().filter(inside).map(|literal| literal.span.clone());
                let mut tried: Vec<Bytes> =
                    literals.flat_map(|span| constants(&reading.analysed.text.slice(span))).collect();
                if !reading.unknown_values {
                    tried.extend((1..=facts.parameters).flat_map(|number| values.spelt(number)));
                }
                tried.push(whole());
                tried
            }
        };
        for value in tried {
            let probe = Probe { column: name.clone(), value };
            if seen.insert(probe.clone()) {
                probes.push(probe);
            }
        }
    }
}

/// The values of a constant as it is spelt: several when it looks like an array.
fn constants(literal: &Bytes) -> Vec<Bytes> {
    let inner = literal.strip_prefix(b"'").and_then(|inner| inner.strip_suffix(b"'"));
    inner.map_or_else(|| vec![literal.clone()], |inner| elements(&literal.slice_ref(inner), 0))
}

impl fmt::Debug for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Probe({}, {} bytes)", self.column, self.value.len())
    }
}
