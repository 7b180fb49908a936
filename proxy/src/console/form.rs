//! Forms and queries of a browser.

use crate::operations::unescaped;

/// The fields of a form or a query, in order.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Form(Vec<(String, String)>);

const MOST: usize = 64;

impl Form {
    /// Reads `a=b&c=d`. What is no UTF-8 after unescaping is left out.
    pub(super) fn parse(text: &str) -> Self {
        let pairs = text.split('&').filter(|pair| !pair.is_empty()).take(MOST);
        let read = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((unescaped(name)?, unescaped(value)?))
        };
        Self(pairs.filter_map(read).collect())
    }

    /// The first value of this name, without blanks around it.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(other, _)| other == name).map(|(_, value)| value.trim());
        found.filter(|value| !value.is_empty())
    }

    pub(super) fn number(&self, name: &str) -> Option<u64> {
        self.get(name)?.parse().ok()
    }

    /// The same query with another value of one name.
    pub(super) fn with(&self, name: &str, value: &str) -> String {
        let others = self.0.iter().filter(|(other, value)| other != name && !value.is_empty());
        let mut pairs: Vec<String> =
            others.map(|(name, value)| format!("{}={}", escaped(name), escaped(value))).collect();
        if !value.is_empty() {
            pairs.push(format!("{}={}", escaped(name), escaped(value)));
        }
        format!("?{}", pairs.join("&"))
    }
}

/// A text as part of a URL.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_as_a_browser_writes_them() {
        let form = Form::parse("a=1+2&b=%C3%A9%26&c&a=3&bad=%ff&cut=%4");
        assert_eq!(form.get("a"), Some("1 2"));
        assert_eq!(form.get("b"), Some("é&"));
        assert_eq!(form.get("c"), None);
        assert_eq!((form.get("bad"), form.get("cut")), (None, None));
        assert_eq!(form.with("a", "x y"), "?b=%C3%A9%26&a=x%20y");
        assert_eq!(Form::parse(&"x=1&".repeat(1000)).0.len(), MOST);
    }
}
