//! From the canonical form back to the ways in which systems write a value.
//!
//! A token resolves to `123456789`; the system that is asked may store `123-45-6789`. Whoever looks a value up can ask for
//! all of these.

use blackbar_engine::operator::main_kind;

use super::text::Case;

/// The most customary spelling first; the canonical form itself is always among them.
pub(super) fn spellings(kind: &str, canonical: &[u8]) -> Vec<Vec<u8>> {
    let Ok(text) = std::str::from_utf8(canonical) else { return vec![canonical.to_vec()] };
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let patterns: &[&str] = match (main_kind(kind), text.len()) {
        ("ssn", 9) if digits => &["###-##-####", "### ## ####"],
        ("phone" | "fax", 10) if digits => {
            &["###-###-####", "(###) ###-####", "###.###.####", "+1##########", "+1-###-###-####", "1-###-###-####"]
        }
        ("phone" | "fax", 7) if digits => &["###-####"],
        ("phone" | "fax", 11..=15) if digits => &["+###############"],
        ("card", 16) if digits => &["#### #### #### ####", "####-####-####-####"],
        ("card", 15) if digits => &["#### ###### #####", "####-######-#####"],
        ("zip", 9) if digits => &["#####-####"],
        ("health-plan", 11) => &["####-###-####"],
        ("mac", 17) => &["##-##-##-##-##-##", "####.####.####", "############"],
        _ => &[],
    };
    let characters: Vec<char> = text.chars().filter(|character| character.is_ascii_alphanumeric()).collect();
    let mut spellings: Vec<String> = patterns.iter().map(|pattern| filled(pattern, &characters)).collect();
    match main_kind(kind) {
        "mac" => {
            let upper: Vec<String> = spellings.iter().map(|spelling| spelling.to_uppercase()).collect();
            spellings.extend(upper);
            spellings.push(text.to_uppercase());
            // The canonical form is the customary one.
            spellings.insert(0, text.to_owned());
        }
        "name" if text.is_ascii() => {
            let title = Case::Title.write(text);
            if let Some((given, family)) = title.rsplit_once(' ') {
                spellings.push(format!("{family}, {given}"));
                spellings.push(format!("{family}, {given}").to_uppercase());
            }
            spellings.push(text.to_uppercase());
            spellings.insert(0, title);
        }
        _ => {}
    }
    spellings.push(text.to_owned());
    let mut seen = std::collections::HashSet::new();
    spellings.into_iter().filter(|spelling| seen.insert(spelling.clone())).map(String::into_bytes).collect()
}

/// The characters in place of the `#`, until they are used up.
fn filled(pattern: &str, characters: &[char]) -> String {
    let mut characters = characters.iter();
    let mut text = String::with_capacity(pattern.len());
    for place in pattern.chars() {
        match place {
            '#' => match characters.next() {
                Some(character) => text.push(*character),
                None => break,
            },
            separator => text.push(separator),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::canonical::canonical;
    use super::*;

    #[test]
    fn customary_first_and_all_of_one_value() {
        for (kind, value, first) in [
            ("ssn", "123-45-6789", "123-45-6789"),
            ("ssn", "xxx-xx-1234", "1234"),
            ("phone", "+1 617 555 1234", "617-555-1234"),
            ("phone", "+44 20 7946 0958", "+442079460958"),
            ("phone", "617-555-1234 x12", "6175551234x12"),
            ("card", "4111111111111111", "4111 1111 1111 1111"),
            ("card", "378282246310005", "3782 822463 10005"),
            ("zip", "02139-4307", "02139-4307"),
            ("zip", "02139", "02139"),
            ("health-plan", "1eg4te5mk73", "1EG4-TE5-MK73"),
            ("mac", "001B.4411.3AB7", "00:1b:44:11:3a:b7"),
            ("name:patient", "SMITH, JOHN", "John Smith"),
            ("name", "José García", "Jose Garcia"),
            ("mrn", "MRN-004213", "MRN-004213"),
            ("other-id", "pat-001", "pat-001"),
        ] {
            let form = canonical(kind, value.as_bytes());
            let all = spellings(kind, &form);
            assert_eq!(all[0], first.as_bytes(), "{kind} {value}");
            assert!(all.contains(&form));
            for spelling in all {
                assert_eq!(canonical(kind, &spelling), form, "{}", String::from_utf8_lossy(&spelling));
            }
        }
        assert_eq!(spellings("name", b"\xff"), [b"\xff"]);
    }
}
