//! A request as policy sees it.

use std::collections::BTreeSet;

use blackbar_policy::{Action, Facts, HttpFacts, HttpPath, Resource};
use blackbar_wire::http::Target;

use crate::gate::Part;

/// What is to be done with what, and what is known about it.
pub(crate) struct Request<'r> {
    pub(crate) method: &'r str,
    pub(crate) target: &'r Target,
    pub(crate) media_type: Option<String>,
    pub(crate) body_bytes: Option<u64>,
    /// Parameters of a search that come in its body.
    pub(crate) form: Option<&'r str>,
}

/// Why policy cannot be asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum NoQuestion {
    /// No policy knows the method.
    Method,
    /// The path has another spelling for policy than for the upstream.
    Path,
}

impl std::fmt::Display for NoQuestion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Method => "no policy knows this method",
            Self::Path => "the path has another spelling for policy than for the upstream",
        })
    }
}

impl Request<'_> {
    /// The parts that must all be allowed, with their facts.
    pub(crate) fn parts(&self, target: &str) -> Result<Vec<Part>, NoQuestion> {
        let path = HttpPath::parse(self.target.path()).map_err(|_| NoQuestion::Path)?;
        // What is judged is what is sent, or nothing is.
        if path.as_str() != self.target.path() {
            return Err(NoQuestion::Path);
        }
        let searches = self.method == "POST" && path.as_str().ends_with("/_search");
        let action = if searches { Some(Action::HttpSearch) } else { Action::from_method(self.method) };
        let action = action.ok_or(NoQuestion::Method)?;
        let mut query: BTreeSet<String> = self.target.parameters().into_iter().collect();
        let form = self.form.unwrap_or_default();
        let names = form.split('&').map(|pair| pair.split('=').next().unwrap_or_default());
        query.extend(
            names
                .filter(|name| !name.is_empty())
                .map(|name| String::from_utf8_lossy(&super::head::unescaped(name.as_bytes())).into_owned()),
        );
        let parameters = format!("{}&{form}", self.target.query().unwrap_or_default());
        let resource = Resource::path(target, &path);
        let facts = HttpFacts {
            method: self.method.to_owned(),
            rows_unbounded: is_unbounded(&path, action, &parameters),
            template: super::recorded::template(path.as_str()),
            path,
            query,
            media_type: self.media_type.clone(),
            body_bytes: self.body_bytes,
        };
        Ok(vec![Part { action, resource, facts: Facts::Http(facts) }])
    }
}

/// Whether an interface of a cluster (Kubernetes) is asked for what Secrets or ConfigMaps hold: one, a list, or what becomes of them.
pub(crate) fn holds_secrets(path: &str) -> bool {
    let mut segments = path.split('/').filter(|segment| !segment.is_empty());
    // The interface may lie below other paths.
    segments.any(|segment| segment == "api") && segments.any(|segment| matches!(segment, "secrets" | "configmaps"))
}

/// An export, a history of more than one resource, or a search of a whole type that names nobody and no small count.
fn is_unbounded(path: &HttpPath, action: Action, query: &str) -> bool {
    let segments: Vec<&str> = path.as_str().split('/').filter(|segment| !segment.is_empty()).collect();
    if segments.iter().any(|segment| matches!(*segment, "$export" | "$everything" | "$graphql")) {
        return true;
    }
    // `Patient`, but not `Patient/7`: types are capitalised words.
    let is_type = |segment: &&str| {
        segment.starts_with(|c: char| c.is_ascii_uppercase()) && segment.bytes().all(|byte| byte.is_ascii_alphabetic())
    };
    let (searched, history) = match segments.as_slice() {
        [rest @ .., "_search"] => (rest.last().is_some_and(is_type), false),
        [.., id, "_history"] => (false, is_type(id)),
        ["_history"] => (false, true),
        all => (all.last().is_some_and(is_type), false),
    };
    let reads = matches!(action, Action::HttpGet | Action::HttpSearch);
    reads && (searched && !query.split('&').any(bounds) || history)
}

/// Whether a parameter bounds a search: it names somebody, or a count that is small.
fn bounds(parameter: &str) -> bool {
    const NAMES: &[&str] = &["_id", "encounter", "identifier", "patient", "subject"];
    const SMALL: u32 = 100;
    let Some((name, value)) = parameter.split_once('=') else { return false };
    // `patient:Patient` says what the id is of; other modifiers and chains turn the meaning round.
    let (name, modifier) = name.split_once(':').map_or((name, None), |(name, modifier)| (name, Some(modifier)));
    let typed = modifier
        .is_none_or(|modifier| modifier.starts_with(|c: char| c.is_ascii_uppercase()) && !modifier.contains('.'));
    let says = value.bytes().any(|byte| byte.is_ascii_alphanumeric());
    typed
        && says
        && (NAMES.contains(&name) || name == "_count" && value.parse::<u32>().is_ok_and(|count| count <= SMALL))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unbounded(method: &str, target: &str) -> bool {
        let target = Target::parse(target.as_bytes(), 1000).unwrap();
        let request = Request { method, target: &target, media_type: None, body_bytes: None, form: None };
        let parts = request.parts("fhir").unwrap();
        let Facts::Http(facts) = &parts[0].facts else { panic!("facts of HTTP") };
        facts.rows_unbounded
    }

    #[test]
    fn a_search_is_bounded_by_what_its_form_says() {
        let target = Target::parse(b"/Patient/_search", 1000).unwrap();
        for (form, expected) in [("_count=5&name=x", false), ("name=x", true), ("patient=7", false)] {
            let request =
                Request { method: "POST", target: &target, media_type: None, body_bytes: None, form: Some(form) };
            let parts = request.parts("fhir").unwrap();
            let Facts::Http(facts) = &parts[0].facts else { panic!("facts of HTTP") };
            assert_eq!(facts.rows_unbounded, expected, "{form}");
            assert_eq!(facts.query.len(), form.split('&').count());
        }
    }

    #[test]
    fn paths_of_secrets_are_known() {
        for (path, expected) in [
            ("/api/v1/namespaces/default/secrets/db", true),
            ("/api/v1/configmaps", true),
            ("/k8s/clusters/c-1/api/v1/watch/namespaces/a/secrets", true),
            ("/api/v1/namespaces/default/pods", false),
            ("/secrets/api", false),
            ("/Patient/7", false),
        ] {
            assert_eq!(holds_secrets(path), expected, "{path}");
        }
    }

    #[test]
    fn a_template_names_what_is_asked_for_and_nobody() {
        for (path, expected) in [
            ("/Patient/4711", "/Patient/*"),
            ("/Patient/4711/$everything", "/Patient/*/$everything"),
            ("/kowalczyk/Patient", "/*/Patient"),
        ] {
            let target = Target::parse(path.as_bytes(), 1000).unwrap();
            let request = Request { method: "GET", target: &target, media_type: None, body_bytes: None, form: None };
            let parts = request.parts("fhir").unwrap();
            let Facts::Http(facts) = &parts[0].facts else { panic!("facts of HTTP") };
            assert_eq!(facts.template, expected);
        }
    }

    #[test]
    fn exports_and_searches_of_whole_types_have_no_bound() {
        for (method, target, expected) in [
            ("GET", "/Patient", true),
            ("GET", "/Patient?name=Smith", true),
            ("POST", "/Patient/_search", true),
            ("GET", "/Patient/7/$everything", true),
            ("GET", "/Group/1/$export", true),
            ("GET", "/Patient?_count=5", false),
            ("GET", "/Patient?_count=1000000", true),
            ("GET", "/Patient?_count=", true),
            ("GET", "/Patient?_count=abc", true),
            ("GET", "/Patient?_id=", true),
            ("GET", "/Patient?_id:not=x", true),
            ("GET", "/Patient?identifier=,", true),
            ("GET", "/Patient?identifier:missing=false", true),
            ("GET", "/Observation?patient.gender=male", true),
            ("GET", "/Observation?patient=", true),
            ("GET", "/Patient/_history", true),
            ("GET", "/_history", true),
            ("GET", "/$graphql", true),
            ("GET", "/Patient/7/_history", false),
            ("GET", "/Observation?patient:Patient=7", false),
            ("GET", "/Patient/7", false),
            ("POST", "/Patient", false),
            ("GET", "/v1/models", false),
        ] {
            assert_eq!(unbounded(method, target), expected, "{method} {target}");
        }
    }
}
