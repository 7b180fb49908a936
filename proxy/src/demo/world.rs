//! The made-up clinic behind the demo: FHIR resources, and notes that a model would quote.

use std::collections::BTreeMap;

use blackbar_corpus::{Document, Genre, document_of};
use serde_json::Value;

/// Everything that the demo's upstreams know. Nobody in it is real.
pub(super) struct World {
    /// By resource type, in the order they were made.
    resources: BTreeMap<String, Vec<Value>>,
    /// What a model answers with.
    notes: Vec<Document>,
    /// What must never reach a client: identifiers as they were put in, by kind.
    secrets: Vec<(String, String)>,
}

const SEED: u64 = 7;
const PATIENTS: usize = 40;
const NOTES: usize = 4;
/// Kinds whose values are certain to mean somebody when they are found in an answer. A town or a year may stand in a code
/// system's display as well.
const TELLING: &[&str] =
    &["account", "email", "health-plan", "license", "mrn", "name", "other-id", "phone", "fax", "ssn", "vehicle"];
/// Shorter ones are found by chance.
const LONG_ENOUGH: usize = 7;

impl World {
    pub(super) fn new() -> Self {
        let mut world = Self { resources: BTreeMap::new(), notes: Vec::new(), secrets: Vec::new() };
        for index in 0..PATIENTS {
            let export = document_of(Genre::FhirExport, SEED, index);
            for line in export.text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
                let Ok(resource) = serde_json::from_slice::<Value>(line) else { continue };
                let kind = resource["resourceType"].as_str().unwrap_or("Basic").to_owned();
                world.resources.entry(kind).or_default().push(resource);
            }
            world.learn(&export);
        }
        for index in 0..NOTES {
            let note = document_of(Genre::Progress, SEED, index);
            world.learn(&note);
            world.notes.push(note);
        }
        world.secrets.sort();
        world.secrets.dedup();
        world
    }

    fn learn(&mut self, document: &Document) {
        let labelled = document.labels.iter().zip(&document.values);
        let telling = labelled.filter(|(label, value)| {
            let kind = label.kind.split(':').next().unwrap_or_default();
            // One word of a name may be another word elsewhere: a Jackson-Pratt drain.
            let one_word = kind == "name" && !value.contains(' ');
            TELLING.contains(&kind) && value.chars().count() >= LONG_ENOUGH && !one_word
        });
        self.secrets.extend(telling.map(|(label, value)| (label.kind.clone(), value.clone())));
    }

    /// The types of its resources.
    pub(super) fn kinds(&self) -> impl Iterator<Item = &str> {
        self.resources.keys().map(String::as_str)
    }

    pub(super) fn resource(&self, kind: &str, id: &str) -> Option<&Value> {
        self.resources(kind).iter().find(|resource| resource["id"] == id)
    }

    pub(super) fn resources(&self, kind: &str) -> &[Value] {
        self.resources.get(kind).map_or(&[], Vec::as_slice)
    }

    /// The note that a model answers with.
    pub(super) fn note(&self, index: usize) -> &Document {
        &self.notes[index % self.notes.len()]
    }

    /// The identifiers that stand in a text, and how many that is of all.
    pub(super) fn seen_in(&self, text: &str) -> usize {
        self.secrets.iter().filter(|(_, secret)| text.contains(secret.as_str())).count()
    }

    /// The kinds of the identifiers that stand in a text.
    pub(super) fn kinds_in(&self, text: &str) -> Vec<&str> {
        let seen = self.secrets.iter().filter(|(_, secret)| text.contains(secret.as_str()));
        seen.map(|(kind, _)| kind.as_str()).collect()
    }
}

/// Every text and number of a JSON document, each on a line of its own.
pub(super) fn texts_of(value: &Value) -> String {
    fn walk(value: &Value, out: &mut String) {
        match value {
            Value::Object(members) => members.values().for_each(|value| walk(value, out)),
            Value::Array(items) => items.iter().for_each(|value| walk(value, out)),
            Value::String(text) => {
                out.push_str(text);
                out.push('\n');
            }
            Value::Null | Value::Bool(_) => {}
            Value::Number(number) => {
                out.push_str(&number.to_string());
                out.push('\n');
            }
        }
    }
    let mut out = String::new();
    walk(value, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_world_has_what_the_story_needs() {
        let world = World::new();
        assert!(world.resources("Patient").len() >= PATIENTS / 2);
        assert!(world.secrets.len() > 300, "{}", world.secrets.len());
        let patient = texts_of(&world.resources("Patient")[0]);
        assert!(world.seen_in(&patient) >= 3);
        assert_eq!(world.seen_in("nothing to see"), 0);
    }
}
