//! Walking expressions: what is inside which node.

use crate::parser::nodes::node::Node as Kind;
use crate::parser::nodes::{Alias, JsonBehavior, JsonValueExpr, Node, SelectStmt, WindowDef, a_const};

/// The text of a name's part.
pub(crate) fn text(node: &Node) -> Option<&str> {
    match &node.node {
        Some(Kind::String(string)) => Some(&string.sval),
        _ => None,
    }
}

/// A possibly qualified name, as schema and name; a database before them says nothing.
pub(crate) fn qualified(names: &[Node]) -> (Option<&str>, &str) {
    let last = names.last().and_then(text).unwrap_or_default();
    let before = names.len().checked_sub(2).and_then(|at| names.get(at)).and_then(text);
    (before, last)
}

pub(crate) fn alias_columns(alias: Option<&Alias>) -> Vec<String> {
    alias.map_or_else(Vec::new, |alias| alias.colnames.iter().filter_map(text).map(str::to_owned).collect())
}

pub(crate) fn select_in(node: &Node) -> Option<&SelectStmt> {
    match &node.node {
        Some(Kind::SelectStmt(select)) => Some(select),
        _ => None,
    }
}

/// A constant or a parameter, whatever types it is cast to.
pub(crate) fn uncast(mut node: &Node) -> &Node {
    while let Some(Kind::TypeCast(cast)) = &node.node {
        match &cast.arg {
            Some(arg) => node = arg,
            None => break,
        }
    }
    node
}

pub(crate) fn string_constant(node: &Node) -> Option<&str> {
    match &node.node {
        Some(Kind::AConst(constant)) => match &constant.val {
            Some(a_const::Val::Sval(string)) => Some(&string.sval),
            _ => None,
        },
        _ => None,
    }
}

/// The expressions directly inside an expression; `None` for a node that nobody has judged to be one.
///
/// Queries inside are not among them: whoever asks has to look at `SubLink` and `JsonArrayQueryConstructor` first.
pub(crate) fn children(node: &Node) -> Option<Vec<&Node>> {
    let mut inside: Vec<&Node> = Vec::new();
    match node.node.as_ref()? {
        Kind::AConst(_) | Kind::ParamRef(_) | Kind::ColumnRef(_) | Kind::AStar(_) | Kind::SqlvalueFunction(_) => {}
        Kind::SetToDefault(_) | Kind::MergeSupportFunc(_) | Kind::CurrentOfExpr(_) | Kind::String(_) => {}
        Kind::Integer(_) | Kind::Float(_) | Kind::Boolean(_) | Kind::BitString(_) => {}
        Kind::AExpr(of) => inside.extend(of.lexpr.as_deref().into_iter().chain(of.rexpr.as_deref())),
        Kind::TypeCast(of) => inside.extend(of.arg.as_deref()),
        Kind::CollateClause(of) => inside.extend(of.arg.as_deref()),
        Kind::FuncCall(of) => {
            inside.extend(of.args.iter().chain(&of.agg_order).chain(of.agg_filter.as_deref()));
            window(of.over.as_deref(), &mut inside);
        }
        Kind::AIndirection(of) => inside.extend(of.arg.as_deref().into_iter().chain(&of.indirection)),
        Kind::AIndices(of) => inside.extend(of.lidx.as_deref().into_iter().chain(of.uidx.as_deref())),
        Kind::AArrayExpr(of) => inside.extend(&of.elements),
        Kind::List(of) => inside.extend(&of.items),
        Kind::SubLink(of) => inside.extend(of.testexpr.as_deref()),
        Kind::BoolExpr(of) => inside.extend(&of.args),
        Kind::CaseExpr(of) => {
            inside.extend(of.arg.as_deref().into_iter().chain(&of.args).chain(of.defresult.as_deref()))
        }
        Kind::CaseWhen(of) => inside.extend(of.expr.as_deref().into_iter().chain(of.result.as_deref())),
        Kind::CoalesceExpr(of) => inside.extend(&of.args),
        Kind::MinMaxExpr(of) => inside.extend(&of.args),
        Kind::XmlExpr(of) => inside.extend(of.named_args.iter().chain(&of.args)),
        Kind::XmlSerialize(of) => inside.extend(of.expr.as_deref()),
        Kind::NullTest(of) => inside.extend(of.arg.as_deref()),
        Kind::BooleanTest(of) => inside.extend(of.arg.as_deref()),
        Kind::RowExpr(of) => inside.extend(&of.args),
        Kind::GroupingFunc(of) => inside.extend(&of.args),
        Kind::GroupingSet(of) => inside.extend(&of.content),
        Kind::NamedArgExpr(of) => inside.extend(of.arg.as_deref()),
        Kind::MultiAssignRef(of) => inside.extend(of.source.as_deref()),
        Kind::ResTarget(of) => inside.extend(of.val.as_deref()),
        Kind::SortBy(of) => inside.extend(of.node.as_deref()),
        Kind::WindowDef(of) => window(Some(of), &mut inside),
        Kind::JsonFuncExpr(of) => {
            value(of.context_item.as_deref(), &mut inside);
            inside.extend(of.pathspec.as_deref().into_iter().chain(&of.passing));
            behaviour(of.on_empty.as_deref(), &mut inside);
            behaviour(of.on_error.as_deref(), &mut inside);
        }
        Kind::JsonArgument(of) => value(of.val.as_deref(), &mut inside),
        Kind::JsonValueExpr(of) => value(Some(of), &mut inside),
        Kind::JsonObjectConstructor(of) => inside.extend(&of.exprs),
        Kind::JsonArrayConstructor(of) => inside.extend(&of.exprs),
        Kind::JsonArrayQueryConstructor(_) => {}
        Kind::JsonParseExpr(of) => value(of.expr.as_deref(), &mut inside),
        Kind::JsonScalarExpr(of) => inside.extend(of.expr.as_deref()),
        Kind::JsonSerializeExpr(of) => value(of.expr.as_deref(), &mut inside),
        Kind::JsonIsPredicate(of) => inside.extend(of.expr.as_deref()),
        Kind::JsonKeyValue(of) => {
            inside.extend(of.key.as_deref());
            value(of.value.as_deref(), &mut inside);
        }
        Kind::JsonObjectAgg(of) => {
            if let Some(arg) = of.arg.as_deref() {
                inside.extend(arg.key.as_deref());
                value(arg.value.as_deref(), &mut inside);
            }
            if let Some(constructor) = of.constructor.as_deref() {
                inside.extend(constructor.agg_filter.as_deref().into_iter().chain(&constructor.agg_order));
                window(constructor.over.as_deref(), &mut inside);
            }
        }
        Kind::JsonArrayAgg(of) => {
            value(of.arg.as_deref(), &mut inside);
            if let Some(constructor) = of.constructor.as_deref() {
                inside.extend(constructor.agg_filter.as_deref().into_iter().chain(&constructor.agg_order));
                window(constructor.over.as_deref(), &mut inside);
            }
        }
        _ => return None,
    }
    Some(inside)
}

fn window<'t>(window: Option<&'t WindowDef>, inside: &mut Vec<&'t Node>) {
    if let Some(of) = window {
        inside.extend(of.partition_clause.iter().chain(&of.order_clause));
        inside.extend(of.start_offset.as_deref().into_iter().chain(of.end_offset.as_deref()));
    }
}

fn value<'t>(value: Option<&'t JsonValueExpr>, inside: &mut Vec<&'t Node>) {
    if let Some(of) = value {
        inside.extend(of.raw_expr.as_deref().into_iter().chain(of.formatted_expr.as_deref()));
    }
}

fn behaviour<'t>(behaviour: Option<&'t JsonBehavior>, inside: &mut Vec<&'t Node>) {
    inside.extend(behaviour.and_then(|of| of.expr.as_deref()));
}

/// The name that the server gives to an output column without an alias; `None` where that is not worked out.
pub(crate) fn given_name(node: &Node) -> Option<String> {
    Some(named(node)?.0)
}

/// The name, and whether a type that it is cast to leaves it alone.
fn named(node: &Node) -> Option<(String, bool)> {
    use crate::parser::nodes::SubLinkType as Type;
    let strong = |name: &str| Some((name.to_owned(), true));
    let weak = |name: &str| Some((name.to_owned(), false));
    match node.node.as_ref()? {
        Kind::ColumnRef(of) => strong(of.fields.last().and_then(text)?),
        Kind::FuncCall(of) => strong(of.funcname.last().and_then(text)?),
        Kind::TypeCast(of) => {
            let inner = of.arg.as_deref().and_then(named)?;
            if inner.1 { Some(inner) } else { weak(of.type_name.as_ref()?.names.last().and_then(text)?) }
        }
        Kind::CollateClause(of) => of.arg.as_deref().and_then(named),
        Kind::AIndirection(of) => match of.indirection.iter().rev().find_map(text) {
            Some(field) => strong(field),
            None => of.arg.as_deref().and_then(named),
        },
        Kind::CaseExpr(of) => {
            let Some(otherwise) = of.defresult.as_deref() else { return weak("case") };
            let inner = named(otherwise)?;
            if inner.1 { Some(inner) } else { weak("case") }
        }
        Kind::SubLink(of) => match of.sub_link_type() {
            Type::ExistsSublink => strong("exists"),
            Type::ArraySublink => strong("array"),
            Type::ExprSublink => {
                let first = of.subselect.as_deref().and_then(select_in)?.target_list.first()?;
                let Some(Kind::ResTarget(first)) = &first.node else { return None };
                let name = if first.name.is_empty() { given_name(first.val.as_deref()?)? } else { first.name.clone() };
                strong(&name)
            }
            _ => weak("?column?"),
        },
        Kind::CoalesceExpr(_) => strong("coalesce"),
        Kind::AArrayExpr(_) => strong("array"),
        Kind::RowExpr(_) => strong("row"),
        Kind::AExpr(_) | Kind::AConst(_) | Kind::ParamRef(_) | Kind::BoolExpr(_) | Kind::NullTest(_) => {
            weak("?column?")
        }
        _ => None,
    }
}
