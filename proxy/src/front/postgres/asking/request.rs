//! A request of a client: what is recorded of it, and what people agree to.

use blackbar_wire::pg::session::Question;
use bytes::Bytes;

use super::Leave;

/// A request, as it is recorded and as people are asked about it.
#[derive(Default)]
pub(super) struct Request<'r> {
    pub(super) message: &'static str,
    pub(super) text: Option<&'r [u8]>,
    pub(super) values: &'r [Option<Bytes>],
    /// Of the values.
    pub(super) formats: &'r [i16],
    pub(super) types: &'r [u32],
    /// The function that is called by its number.
    pub(super) function: Option<u32>,
    /// The text is the name of what runs.
    pub(super) by_name: bool,
}

impl<'r> Request<'r> {
    pub(super) fn of(question: &'r Question<Leave>) -> Self {
        match question {
            Question::Query(text) => Self { message: "query", text: Some(text), ..Self::default() },
            Question::Parse(parse) => Self { message: "parse", text: Some(&parse.text), ..Self::default() },
            Question::Bind { bind, statement } => {
                let prepared = statement.as_ref().and_then(|statement| statement.grant.judged.prepared.as_deref());
                Self {
                    message: "bind",
                    text: prepared.map(|prepared| prepared.text.as_ref()),
                    values: &bind.values,
                    ..Self::default()
                }
            }
            Question::Execute { execute, portal: None } => {
                Self { message: "execute", text: Some(&execute.portal), by_name: true, ..Self::default() }
            }
            Question::Execute { portal: Some(portal), .. } => {
                let of_statement = || portal.statement.as_ref()?.grant.judged.prepared.as_deref();
                let prepared = portal.grant.judged.prepared.as_deref().or_else(of_statement);
                Self {
                    message: "execute",
                    text: prepared.map(|prepared| prepared.text.as_ref()),
                    values: &portal.bind.values,
                    formats: &portal.bind.formats,
                    types: prepared.map(|prepared| prepared.types.as_slice()).unwrap_or_default(),
                    ..Self::default()
                }
            }
            Question::FunctionCall(call) => Self {
                message: "function call",
                values: &call.arguments,
                function: Some(call.function),
                ..Self::default()
            },
        }
    }

    /// How much has to be kept while people are asked.
    pub(super) fn length(&self) -> usize {
        let values: usize = self.values.iter().flatten().map(Bytes::len).sum();
        values + self.text.map_or(0, <[u8]>::len)
    }

    /// The text that people agree to. What is run by a name or a number of its own is told from what is run by its text.
    pub(super) fn canonical(&self) -> Bytes {
        match (self.function, self.text) {
            (Some(function), _) => format!("function call {function}").into(),
            (None, Some(text)) if self.by_name => [b"execute ", text].concat().into(),
            (None, text) => Bytes::copy_from_slice(text.unwrap_or_default()),
        }
    }

    /// What is committed to: the text and every value.
    pub(super) fn original(&self) -> Vec<u8> {
        let mut original = self.text.unwrap_or_default().to_vec();
        for value in self.values {
            original.push(0);
            match value {
                None => original.push(0),
                Some(value) => {
                    original.push(1);
                    original.extend_from_slice(&(value.len() as u64).to_be_bytes());
                    original.extend_from_slice(value);
                }
            }
        }
        original
    }
}
