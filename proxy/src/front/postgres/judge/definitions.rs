//! What the names in a request mean, as a digest: who agreed to a statement agreed to it with these definitions.

use std::collections::BTreeSet;

use bytes::Bytes;
use sha2::{Digest as _, Sha256};

use super::super::catalog::Snapshot;
use super::Judged;

impl Judged {
    /// The texts that it may run, each once: for `EXECUTE` and `FETCH` those of others.
    pub(crate) fn texts(&self) -> Vec<Bytes> {
        let mut texts: Vec<Bytes> = Vec::new();
        for reading in self.outline.all_readings() {
            if !texts.contains(&reading.analysed.text) {
                texts.push(reading.analysed.text.clone());
            }
        }
        texts
    }

    /// Relations with their columns, views with their queries, functions with their revisions: all that it touches, and
    /// the texts that it runs. Where that is not known, everything that the database defines.
    pub(crate) fn definitions(&self, snapshot: &Snapshot) -> [u8; 32] {
        let mut digest = Sha256::new_with_prefix(b"blackbar definitions 1\0");
        let mut part = |part: &[u8]| {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        };
        let mut known = !self.outline.is_unknown();
        let (mut relations, mut functions) = (BTreeSet::new(), BTreeSet::new());
        for reading in self.outline.all_readings() {
            part(&reading.analysed.text);
            let Some(facts) = reading.facts() else { continue };
            known &= facts.opacity.is_none();
            for table in facts.tables.iter().filter(|table| !table.system) {
                relations.insert((table.schema.as_deref().unwrap_or_default(), table.name.as_str()));
            }
            functions.extend(facts.functions.iter().map(|function| function.name.as_str()));
        }
        for (schema, name) in relations {
            part(schema.as_bytes());
            part(name.as_bytes());
            let Some(relation) = snapshot.catalog().relation(schema, name) else { continue };
            part(format!("{} {:?} {:?}", relation.oid, relation.kind, relation.parents).as_bytes());
            for column in &relation.columns {
                part(format!("{} {} {}", column.number, column.name, column.type_name).as_bytes());
            }
            part(relation.definition.as_deref().unwrap_or_default().as_bytes());
        }
        for (oid, revision) in snapshot.revisions(&functions) {
            part(&oid.to_be_bytes());
            part(revision.as_bytes());
        }
        if !known {
            part(&snapshot.version().to_be_bytes());
        }
        digest.finalize().into()
    }
}
