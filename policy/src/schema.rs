//! The schema that policies are checked against.

use std::sync::OnceLock;

use cedar_policy::Schema;

/// The schema, in Cedar's own notation.
pub(crate) const TEXT: &str = include_str!("schema.cedarschema");

/// Read once. None only if the text above were broken, which a test would say.
pub(crate) fn schema() -> Option<&'static Schema> {
    static SCHEMA: OnceLock<Option<Schema>> = OnceLock::new();
    SCHEMA.get_or_init(|| Schema::from_cedarschema_str(TEXT).ok().map(|(schema, _)| schema)).as_ref()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::Action;

    #[test]
    fn the_schema_knows_the_same_actions_and_groups() {
        let (schema, warnings) = Schema::from_cedarschema_str(TEXT).unwrap();
        assert_eq!(warnings.map(|warning| warning.to_string()).collect::<Vec<_>>(), Vec::<String>::new());
        let entities = schema.action_entities().unwrap();
        for action in Action::ALL {
            let uid = format!("Action::\"{action}\"").parse().unwrap();
            let above: BTreeSet<String> =
                entities.ancestors(&uid).unwrap().map(|uid| uid.id().unescaped().to_owned()).collect();
            let groups = action.groups().iter().map(|group| group.name().to_owned()).collect();
            assert_eq!(above, groups, "{action}");
        }
        // What has no members is an action, and there are no others.
        assert_eq!(schema.actions().count() - schema.action_groups().count(), Action::ALL.len());
    }
}
