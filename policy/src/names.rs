//! How the parts of a name become one name, so that two different things never share it.

/// `ehr`, `clinical` → `ehr.clinical`; a part with anything but letters, digits, `_`, `-` and `$` stands in double quotes, as
/// in SQL: the schema `a.b` of `ehr` is `ehr."a.b"`, and never the table `b` of the schema `a`.
pub(crate) fn joined(parts: &[&str]) -> String {
    let mut name = String::with_capacity(parts.iter().map(|part| part.len() + 1).sum());
    for (place, part) in parts.iter().enumerate() {
        if place > 0 {
            name.push('.');
        }
        push_part(&mut name, part);
    }
    name
}

/// Appends one part, quoted where it must be.
pub(crate) fn push_part(name: &mut String, part: &str) {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '$');
    if !part.is_empty() && part.chars().all(plain) {
        name.push_str(part);
        return;
    }
    name.push('"');
    for c in part.chars() {
        if c == '"' {
            name.push('"');
        }
        name.push(c);
    }
    name.push('"');
}

/// Where the first part of a joined name ends.
pub(crate) fn end_of_part(name: &str) -> Option<usize> {
    let Some(quoted) = name.strip_prefix('"') else {
        return Some(name.find(['.', '/']).unwrap_or(name.len()));
    };
    let mut at = 0;
    loop {
        at += quoted[at..].find('"')? + 1;
        if !quoted[at..].starts_with('"') {
            return Some(at + 1);
        }
        at += 1;
    }
}

/// The parts that were joined.
pub(crate) fn parts(name: &str) -> Option<Vec<String>> {
    let mut parts = Vec::new();
    let mut rest = name;
    loop {
        let (part, after) = rest.split_at(end_of_part(rest)?);
        parts.push(match part.strip_prefix('"') {
            Some(quoted) => quoted.strip_suffix('"')?.replace("\"\"", "\""),
            None => part.to_owned(),
        });
        if after.is_empty() {
            return Some(parts);
        }
        rest = after.strip_prefix('.')?;
    }
}

/// The text behind what `{:?}` makes of a text.
pub(crate) fn unescaped(escaped: &str) -> Option<String> {
    let mut text = String::with_capacity(escaped.len());
    let mut chars = escaped.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            text.push(c);
            continue;
        }
        text.push(match chars.next()? {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            '0' => '\0',
            'u' => {
                let digits: String = chars.by_ref().skip_while(|c| *c == '{').take_while(|c| *c != '}').collect();
                char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?
            }
            c @ ('"' | '\\' | '\'') => c,
            _ => return None,
        });
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn plain_parts_are_joined_by_points_and_others_are_quoted() {
        assert_eq!(joined(&["ehr", "clinical", "patients"]), "ehr.clinical.patients");
        assert_eq!(joined(&["ehr", "a.b", "say \"x\""]), r#"ehr."a.b"."say ""x""""#);
        assert_eq!(joined(&["ehr", ""]), r#"ehr."""#);
    }

    proptest! {
        #[test]
        fn different_parts_have_different_names(
            a in prop::collection::vec(r#"[a."/-]{0,3}"#, 1..4),
            b in prop::collection::vec(r#"[a."/-]{0,3}"#, 1..4),
        ) {
            let name = |parts: &[String]| joined(&parts.iter().map(String::as_str).collect::<Vec<_>>());
            prop_assert_eq!(a == b, name(&a) == name(&b));
        }
    }
}
