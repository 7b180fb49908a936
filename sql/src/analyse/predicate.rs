//! Conditions: which column is asked for in which way, and whether a condition holds anything back.

use crate::parser::nodes::node::Node as Kind;
use crate::parser::nodes::{AExpr, AExprKind, BoolExprType, Node, NullTestType, SelectStmt, SubLink, SubLinkType};

use super::nodes::{children, qualified, select_in, string_constant, text, uncast};
use super::scope::Scope;
use super::{Analyser, Step};
use crate::facts::{Against, Use};
use crate::origin::Origin;

impl Analyser<'_> {
    /// Looks at a condition. The origin is that of its truth.
    pub(super) fn condition(&mut self, node: &Node, scope: &Scope<'_>) -> Step<Origin> {
        self.level().in_condition += 1;
        let origin = self.asked(node, scope);
        self.level().in_condition -= 1;
        Ok(origin?.tested())
    }

    fn asked(&mut self, node: &Node, scope: &Scope<'_>) -> Step<Origin> {
        self.step()?;
        match &node.node {
            Some(Kind::BoolExpr(of)) => {
                let mut origin = Origin::constant();
                for arg in &of.args {
                    origin.add(&self.asked(arg, scope)?);
                }
                Ok(origin)
            }
            Some(Kind::NullTest(of)) => match of.arg.as_deref() {
                Some(arg) if is_column(arg) => self.expr(arg, scope, Use::NullTest),
                _ => self.expr(node, scope, Use::Computed),
            },
            Some(Kind::AExpr(of)) => self.compared(node, of, scope),
            Some(Kind::SubLink(of)) if of.sub_link_type() == SubLinkType::AnySublink && of.oper_name.is_empty() => {
                self.asked_among(node, of, scope)
            }
            _ => self.expr(node, scope, Use::Computed),
        }
    }

    /// `column IN (SELECT …)`.
    fn asked_among(&mut self, node: &Node, link: &SubLink, scope: &Scope<'_>) -> Step<Origin> {
        let origin = self.expr(node, scope, Use::Join)?;
        if let Some(Kind::ColumnRef(column)) = link.testexpr.as_deref().and_then(|test| test.node.as_ref()) {
            let column = self.column_ref(column, scope);
            for (column, _) in column.sources() {
                self.probe(*column, Against::Query);
            }
        }
        Ok(origin)
    }

    pub(super) fn compared(&mut self, node: &Node, of: &AExpr, scope: &Scope<'_>) -> Step<Origin> {
        let (schema, operator) = qualified(&of.name);
        let (Some(left), Some(right)) = (of.lexpr.as_deref(), of.rexpr.as_deref()) else {
            return self.expr(node, scope, Use::Computed);
        };
        let one = match of.kind() {
            _ if schema.is_some_and(|schema| schema != "pg_catalog") => Use::Computed,
            AExprKind::AexprOp | AExprKind::AexprOpAny | AExprKind::AexprIn | AExprKind::AexprNotDistinct
                if operator == "=" =>
            {
                Use::Equality
            }
            AExprKind::AexprOp | AExprKind::AexprOpAny | AExprKind::AexprOpAll => match operator {
                "<" | "<=" | ">" | ">=" | "<>" | "!=" | "=" => Use::Range,
                "~" | "~*" | "!~" | "!~*" | "~~" | "~~*" | "!~~" | "!~~*" | "^@" => Use::Pattern,
                _ => Use::Computed,
            },
            AExprKind::AexprIn | AExprKind::AexprDistinct | AExprKind::AexprNotDistinct => Use::Range,
            AExprKind::AexprBetween
            | AExprKind::AexprNotBetween
            | AExprKind::AexprBetweenSym
            | AExprKind::AexprNotBetweenSym => Use::Range,
            AExprKind::AexprLike | AExprKind::AexprIlike | AExprKind::AexprSimilar => Use::Pattern,
            _ => Use::Computed,
        };
        if one != Use::Equality {
            let mut origin = Origin::constant();
            for side in [left, right] {
                // A column that stands alone is asked about; one within a larger expression is computed with.
                let how = if is_column(side) { one } else { Use::Computed };
                let of_side = self.expr(side, scope, how)?;
                if is_column(side) && !of_side.is_plain_copy() {
                    self.mark(&of_side, Use::Computed);
                }
                origin.add(&of_side);
            }
            return Ok(origin);
        }
        self.equal(left, right, scope)
    }

    fn equal(&mut self, left: &Node, right: &Node, scope: &Scope<'_>) -> Step<Origin> {
        let sides = [self.side(left, scope), self.side(right, scope)];
        let mut origin = Origin::constant();
        if let [Some(one), Some(other)] = &sides {
            self.probe_both(one, other);
        }
        for (at, node) in [left, right].into_iter().enumerate() {
            let other = if at == 0 { right } else { left };
            let Some(column) = &sides[at] else {
                origin.add(&self.expr(node, scope, Use::Computed)?);
                continue;
            };
            origin.add(column);
            if !column.is_plain_copy() {
                // It only looks like a column: it was computed further in.
                self.mark(column, Use::Computed);
                continue;
            }
            let mut constants = Vec::new();
            if let Some(other) = &sides[1 - at] {
                // A column of the statement's own making, such as one of `VALUES`, is a list of guesses.
                self.mark(column, if other.is_plain_copy() { Use::Join } else { Use::Computed });
            } else if plain_values(other, &mut constants) {
                self.mark(column, Use::Equality);
            } else {
                self.mark(column, Use::Computed);
                constants = vec![Against::Query];
            }
            for (id, _) in column.sources() {
                for against in &constants {
                    self.probe(*id, *against);
                }
            }
        }
        Ok(origin)
    }

    fn side(&mut self, node: &Node, scope: &Scope<'_>) -> Option<Origin> {
        match &node.node {
            Some(Kind::ColumnRef(column)) => Some(self.column_ref(column, scope)),
            _ => None,
        }
    }
}

fn is_column(node: &Node) -> bool {
    matches!(node.node, Some(Kind::ColumnRef(_)))
}

/// Whether it is made of constants and parameters that stand for themselves; which ones.
pub(super) fn plain_values(node: &Node, values: &mut Vec<Against>) -> bool {
    match &uncast(node).node {
        Some(Kind::AConst(constant)) => {
            values.push(Against::Literal(usize::try_from(constant.location).unwrap_or(0)));
            true
        }
        Some(Kind::ParamRef(parameter)) => {
            values.push(Against::Parameter(u32::try_from(parameter.number).unwrap_or(0)));
            true
        }
        Some(Kind::List(list)) => list.items.iter().all(|item| plain_values(item, values)),
        Some(Kind::AArrayExpr(array)) => array.elements.iter().all(|item| plain_values(item, values)),
        _ => false,
    }
}

/// Whether a condition, by its form, holds back rows of this level. When in doubt it does not.
pub(super) fn restricts(node: &Node, scope: &Scope<'_>) -> bool {
    match &node.node {
        Some(Kind::BoolExpr(of)) => match of.boolop() {
            BoolExprType::AndExpr => of.args.iter().any(|arg| restricts(arg, scope)),
            BoolExprType::OrExpr => of.args.iter().all(|arg| restricts(arg, scope)),
            // Everything but: about as much as everything.
            _ => false,
        },
        Some(Kind::NullTest(of)) => {
            of.nulltesttype() == NullTestType::IsNull && of.arg.as_deref().is_some_and(|arg| mentions(arg, scope))
        }
        Some(Kind::CurrentOfExpr(_)) => true,
        Some(Kind::SubLink(of)) => {
            let inner = of.subselect.as_deref().and_then(select_in);
            of.sub_link_type() != SubLinkType::AllSublink && inner.is_some_and(narrows)
        }
        Some(Kind::AExpr(of)) => compares(of, scope),
        _ => mentions(node, scope),
    }
}

fn compares(of: &AExpr, scope: &Scope<'_>) -> bool {
    let (_, operator) = qualified(&of.name);
    let side = |side: Option<&Node>| side.is_some_and(|side| mentions(side, scope));
    let (left, right) = (side(of.lexpr.as_deref()), side(of.rexpr.as_deref()));
    if operator.starts_with('!') || operator == "<>" {
        return false;
    }
    match of.kind() {
        AExprKind::AexprNotBetween | AExprKind::AexprNotBetweenSym | AExprKind::AexprDistinct => false,
        AExprKind::AexprLike | AExprKind::AexprIlike | AExprKind::AexprSimilar => {
            let open = |pattern: &str| !pattern.is_empty() && pattern.chars().all(|letter| letter == '%');
            left && !of.rexpr.as_deref().is_some_and(|right| string_constant(uncast(right)).is_some_and(open))
        }
        // Two columns of the same level compared are a join or a tautology.
        _ => left != right,
    }
}

fn narrows(select: &SelectStmt) -> bool {
    select.where_clause.is_some()
        || select.limit_count.is_some()
        || !select.values_lists.is_empty()
        || (select.from_clause.is_empty() && select.larg.is_none())
        || select.larg.as_deref().is_some_and(narrows) && select.rarg.as_deref().is_some_and(narrows)
}

/// Whether a column of this level plays a part in it.
fn mentions(node: &Node, scope: &Scope<'_>) -> bool {
    if let Some(Kind::ColumnRef(column)) = &node.node {
        let fields: Vec<&str> = column.fields.iter().filter_map(text).collect();
        return scope.is_local(&fields);
    }
    children(node).unwrap_or_default().into_iter().any(|inside| mentions(inside, scope))
}
