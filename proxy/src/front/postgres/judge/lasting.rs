//! What a statement leaves behind, and what it says beside what it does.

use blackbar_sql::{
    CursorAct, CursorUse, FunctionClass, Opacity, PreparedUse, SettingClass, StatementFacts, StatementKind,
};
use blackbar_wire::pg::session::Forget;
use bytes::{Bytes, BytesMut};

use super::facts::Analysed;
use super::wayback::Edit;

/// Whether a statement may leave something behind that changes how later ones are read.
pub(super) fn lasts(facts: &StatementFacts) -> bool {
    facts.settings.iter().any(|change| change.class == SettingClass::Names)
        || !facts.creates.is_empty()
        || matches!(facts.prepared, Some(PreparedUse::Prepare(_)))
        || facts.cursor.as_ref().is_some_and(|cursor| cursor.act == CursorAct::Declare)
        || facts
            .kinds
            .iter()
            .any(|kind| matches!(kind, StatementKind::Insert | StatementKind::Update | StatementKind::Merge))
}

/// Whether every name that it has says which schema it is in: the path plays no part then.
pub(super) fn names_all(analysed: &Analysed) -> bool {
    let named = |facts: &StatementFacts| {
        facts.tables.iter().all(|table| table.schema.is_some())
            && facts.functions.iter().all(|function| {
                function.schema.is_some()
                    || !matches!(function.class, FunctionClass::OwnReading | FunctionClass::Unknown)
            })
    };
    analysed.statements.iter().all(named)
}

/// `EXECUTE` alone: its answer is that of what was prepared. Within another statement it stays what it is, dynamic.
pub(super) fn is_plain_execute(facts: &StatementFacts) -> bool {
    let dynamic = |class| matches!(class, FunctionClass::Dynamic | FunctionClass::Outside);
    facts.opacity == Some(Opacity::Dynamic)
        && facts.creates.is_empty()
        && facts.explain_executes.is_none()
        && facts.cursor.is_none()
        && facts.copy.is_none()
        && !facts.kinds.contains(&StatementKind::Ddl)
        && !facts.functions.iter().any(|function| dynamic(function.class))
}

pub(super) fn is_plain_fetch(facts: &StatementFacts) -> bool {
    facts.opacity.is_none() && facts.explain_executes.is_none() && facts.kinds == [StatementKind::Cursor].into()
}

/// What the session's own memory of names must give up.
pub(super) fn forgets(before: Forget, facts: &StatementFacts) -> Forget {
    let mut names = match before {
        Forget::Everything => return Forget::Everything,
        Forget::Named(names) => names,
        Forget::Nothing => Vec::new(),
    };
    let unknown = |class| matches!(class, FunctionClass::Dynamic | FunctionClass::Unknown);
    let name = |name: &str| Bytes::copy_from_slice(name.as_bytes());
    match &facts.prepared {
        Some(PreparedUse::Prepare(made)) => names.push(name(made)),
        Some(PreparedUse::Deallocate(Some(gone))) => names.push(name(gone)),
        Some(PreparedUse::Deallocate(None)) => return Forget::Everything,
        Some(PreparedUse::Execute(_)) | None => {}
    }
    match &facts.cursor {
        Some(CursorUse { name: Some(cursor), act: CursorAct::Declare | CursorAct::Close, .. }) => {
            names.push(name(cursor))
        }
        Some(CursorUse { name: None, .. }) => return Forget::Everything,
        _ => {}
    }
    // Text that is made at run time may do any of these.
    let executes = matches!(facts.prepared, Some(PreparedUse::Execute(_)));
    if facts.opacity.is_some() && !executes || facts.functions.iter().any(|function| unknown(function.class)) {
        return Forget::Everything;
    }
    if names.is_empty() { Forget::Nothing } else { Forget::Named(names) }
}

/// The reason that a statement gives, if that is all it does.
pub(super) fn reason_in(facts: &StatementFacts) -> Option<String> {
    let [change] = facts.settings.as_slice() else { return None };
    let alone = facts.kinds == [StatementKind::Session].into() && change.name == "blackbar.reason";
    let values = change.values.as_deref().filter(|_| alone)?;
    Some(values.iter().map(|value| value.0.as_str()).collect::<Vec<_>>().join(", "))
}

/// A text with parts of it written anew.
pub(super) fn edited(text: &Bytes, mut edits: Vec<Edit>) -> Bytes {
    edits.sort_by_key(|edit| edit.span.start);
    edits.dedup();
    let mut out = BytesMut::with_capacity(text.len());
    let mut done = 0;
    for edit in edits {
        out.extend_from_slice(text.get(done..edit.span.start).unwrap_or_default());
        out.extend_from_slice(&edit.new);
        done = edit.span.end;
    }
    out.extend_from_slice(text.get(done..).unwrap_or_default());
    out.freeze()
}
