//! Queries: `SELECT`, `VALUES`, set operations, `WITH`.

use std::rc::Rc;

use crate::parser::nodes::node::Node as Kind;
use crate::parser::nodes::{
    CommonTableExpr, LimitOption, Node, ResTarget, SelectStmt, SetOperation, WithClause, a_const,
};

use super::nodes::{given_name, text, uncast};
use super::predicate::restricts;
use super::scope::{Columns, Cte, Named, Query, Rest, Scope};
use super::{Analyser, Level, MOST_COLUMNS, Step, TooBig};
use crate::facts::{Limit, OutputColumn, Rows, Use};
use crate::kind::StatementKind;
use crate::origin::Origin;

/// What recursion has not settled by then counts as unknown.
const MOST_ROUNDS: usize = 12;

impl Analyser<'_> {
    /// Looks at a query; `outermost` when its columns are those of the answer.
    pub(super) fn select(&mut self, of: &SelectStmt, parent: Option<&Scope<'_>>, outermost: bool) -> Step<Query> {
        self.step()?;
        self.levels.push(Level::default());
        let query = self.select_within(of, parent, outermost);
        let level = self.levels.pop().unwrap_or_default();
        let mut query = query?;
        query.collected = query.collected.or(level.collected);
        if outermost {
            for column in query.columns.named.clone() {
                self.mark(&column.origin, Use::Output);
                self.facts.outputs.push(OutputColumn { name: column.name, origin: column.origin });
            }
            if let Some(rest) = query.columns.rest.clone() {
                self.mark(&rest.origin, Use::Output);
                self.facts.outputs_complete = false;
            }
        }
        Ok(query)
    }

    fn select_within(&mut self, of: &SelectStmt, parent: Option<&Scope<'_>>, outermost: bool) -> Step<Query> {
        let mut scope = Scope::within(parent);
        if let Some(with) = &of.with_clause {
            self.with(with, &mut scope)?;
        }
        let limit = limit_of(of);
        for part in of.limit_count.iter().chain(&of.limit_offset) {
            self.expr(part, &scope, Use::Computed)?;
        }
        let mut query = if !of.values_lists.is_empty() {
            self.values(of, &scope)?
        } else if let (Some(left), Some(right)) = (of.larg.as_deref(), of.rarg.as_deref()) {
            self.set_operation(of, left, right, &scope)?
        } else {
            self.plain_select(of, &mut scope, outermost)?
        };
        if !of.values_lists.is_empty() || of.op() != SetOperation::SetopNone {
            self.order(&of.sort_clause, &query.columns, &scope)?;
        }
        if !of.locking_clause.is_empty() {
            self.facts.locks_rows = true;
            self.kind(StatementKind::Lock);
        }
        if outermost {
            self.facts.limit = limit;
        }
        query.rows = match (limit, query.rows) {
            (Some(Limit::Rows(_)), _) | (_, Rows::Bounded) => Rows::Bounded,
            (Some(Limit::Parameter(number)), _) => Rows::UnlessParameters([number].into()),
            (Some(Limit::Unclear) | None, rows) => rows,
        };
        Ok(query)
    }

    fn plain_select(&mut self, of: &SelectStmt, scope: &mut Scope<'_>, outermost: bool) -> Step<Query> {
        let (mut rows, mut collected) = (Rows::Bounded, Rows::Bounded);
        for item in &of.from_clause {
            let (of_item, collected_of_item) = self.add_source(item, scope)?;
            rows = rows.or(of_item);
            collected = collected.or(collected_of_item);
        }
        let mut narrowed = false;
        if let Some(condition) = of.where_clause.as_deref() {
            self.condition(condition, scope)?;
            narrowed = restricts(condition, scope);
            if outermost {
                self.facts.has_where = true;
                self.facts.where_tautology = !narrowed;
            }
        }
        if narrowed {
            rows = Rows::Bounded;
        }
        let columns = self.targets(&of.target_list, scope, if outermost { Use::Output } else { Use::Inner })?;
        if let Some(condition) = of.having_clause.as_deref() {
            self.condition(condition, scope)?;
        }
        for part in &of.window_clause {
            if let Some(Kind::WindowDef(window)) = &part.node {
                self.window(window, scope)?;
            }
        }
        for part in &of.group_clause {
            self.by_name_or_number(part, &columns, scope, Use::Group)?;
        }
        for part in &of.distinct_clause {
            // An empty node stands for all columns.
            if part.node.is_some() {
                self.by_name_or_number(part, &columns, scope, Use::Group)?;
            } else {
                for origin in columns.each() {
                    self.group(origin);
                }
            }
        }
        self.order(&of.sort_clause, &columns, scope)?;
        let level = self.level();
        let (aggregates, collects) = (level.aggregates, level.collects);
        if collects {
            collected = collected.or(rows.clone());
        }
        if aggregates && of.group_clause.is_empty() {
            rows = Rows::Bounded;
        }
        if outermost {
            self.facts.aggregates_only = aggregates && !collects && of.group_clause.is_empty();
        }
        Ok(Query { columns, rows, collected })
    }

    fn order(&mut self, sort: &[Node], columns: &Columns, scope: &Scope<'_>) -> Step<()> {
        for part in sort {
            let Some(Kind::SortBy(of)) = &part.node else {
                self.unjudged();
                continue;
            };
            if let Some(node) = of.node.as_deref() {
                self.by_name_or_number(node, columns, scope, Use::Order)?;
            }
        }
        Ok(())
    }

    /// `ORDER BY` and `GROUP BY` may name an output column, or count to it.
    fn by_name_or_number(&mut self, node: &Node, columns: &Columns, scope: &Scope<'_>, one: Use) -> Step<()> {
        self.step()?;
        let several = match &node.node {
            Some(Kind::GroupingSet(of)) => Some(&of.content),
            Some(Kind::RowExpr(of)) if one == Use::Group => Some(&of.args),
            Some(Kind::List(of)) => Some(&of.items),
            _ => None,
        };
        if let Some(several) = several {
            for part in several {
                self.by_name_or_number(part, columns, scope, one)?;
            }
            return Ok(());
        }
        let position = match &node.node {
            Some(Kind::AConst(constant)) => match &constant.val {
                Some(a_const::Val::Ival(number)) => usize::try_from(number.ival).ok(),
                _ => None,
            },
            _ => None,
        };
        if let Some(position) = position {
            let named = position.checked_sub(1).and_then(|at| columns.named.get(at));
            let origin = named.map_or_else(|| columns.all(), |column| column.origin.clone());
            self.sorted(&origin, one);
            return Ok(());
        }
        if let Some(Kind::ColumnRef(of)) = &node.node
            && let [name] = of.fields.as_slice()
            && let Some(origin) = text(name).and_then(|name| columns.by_name(name))
        {
            self.sorted(&origin, one);
        }
        if matches!(node.node, Some(Kind::ColumnRef(_))) && scope.items.is_empty() && scope.parent.is_none() {
            // Beside a set operation there are no other names.
            return Ok(());
        }
        let origin = self.expr(node, scope, one)?;
        self.sorted(&origin, one);
        Ok(())
    }

    fn sorted(&mut self, origin: &Origin, one: Use) {
        if one == Use::Group {
            self.group(origin);
        } else {
            self.mark(origin, one);
        }
    }

    /// The columns of a target list. `one`: how what is computed in it is used; plain columns are only passed on.
    pub(super) fn targets(&mut self, list: &[Node], scope: &Scope<'_>, one: Use) -> Step<Columns> {
        let mut columns = Columns::default();
        for target in list {
            let Some(Kind::ResTarget(target)) = &target.node else {
                let origin = self.unjudged();
                columns.rest = Some(Rest { origin, table: None });
                continue;
            };
            let Some(value) = target.val.as_deref() else { continue };
            if self.star(value, scope, &mut columns)? {
                continue;
            }
            let origin = match &value.node {
                Some(Kind::ColumnRef(column)) => self.column_ref(column, scope),
                _ => self.expr(value, scope, one)?,
            };
            columns.named.push(Named { name: name_of(target), origin });
            if columns.named.len() > MOST_COLUMNS {
                return Err(TooBig);
            }
        }
        Ok(columns)
    }

    /// Whether it is a `*` of some sort; its columns are added.
    fn star(&mut self, value: &Node, scope: &Scope<'_>, columns: &mut Columns) -> Step<bool> {
        let is_star = |node: Option<&Node>| node.is_some_and(|node| matches!(node.node, Some(Kind::AStar(_))));
        let stars: Vec<Columns> = match &value.node {
            Some(Kind::ColumnRef(of)) if is_star(of.fields.last()) => {
                let before: Vec<&str> = of.fields.iter().filter_map(text).collect();
                match before.as_slice() {
                    [] => scope.stars.clone(),
                    [.., alias] => {
                        let schema = before.len().checked_sub(2).map(|at| before[at]);
                        let unknown = || Columns {
                            named: Vec::new(),
                            rest: Some(Rest { origin: Origin::unprovable(), table: None }),
                        };
                        vec![scope.item(schema, alias).map_or_else(unknown, |item| item.columns.clone())]
                    }
                }
            }
            Some(Kind::AIndirection(of)) if is_star(of.indirection.last()) => {
                let inner = of.arg.as_deref();
                let origin = match inner {
                    Some(inner) => self.expr(inner, scope, Use::Inner)?.shown(),
                    None => self.unjudged(),
                };
                vec![Columns { named: Vec::new(), rest: Some(Rest { origin, table: None }) }]
            }
            _ => return Ok(false),
        };
        for star in stars {
            columns.named.extend(star.named);
            if columns.named.len() > MOST_COLUMNS {
                return Err(TooBig);
            }
            if let Some(rest) = star.rest {
                let origin = columns.rest.take().map_or_else(Origin::constant, |before| before.origin);
                columns.rest = Some(Rest { origin: origin.and(&rest.origin), table: None });
            }
        }
        Ok(true)
    }

    fn values(&mut self, of: &SelectStmt, scope: &Scope<'_>) -> Step<Query> {
        let mut columns = Columns::default();
        for row in &of.values_lists {
            let Some(Kind::List(row)) = &row.node else {
                self.unjudged();
                continue;
            };
            for (at, value) in row.items.iter().enumerate() {
                let origin = self.expr(value, scope, Use::Output)?;
                match columns.named.get_mut(at) {
                    Some(column) => column.origin.add(&origin),
                    None => columns.named.push(Named { name: Some(format!("column{}", at + 1)), origin }),
                }
            }
        }
        Ok(Query { columns, ..Query::default() })
    }

    fn set_operation(
        &mut self,
        of: &SelectStmt,
        left: &SelectStmt,
        right: &SelectStmt,
        scope: &Scope<'_>,
    ) -> Step<Query> {
        let left = self.select(left, Some(scope), false)?;
        let right = self.select(right, Some(scope), false)?;
        let columns = both(&left.columns, &right.columns);
        if of.op() != SetOperation::SetopUnion || !of.all {
            let with = if of.op() == SetOperation::SetopUnion { Use::Group } else { Use::Join };
            for origin in columns.each() {
                self.mark(origin, with);
                // With values of the statement's own among them, how many rows are left says which of them there are.
                if !origin.is_plain_copy() {
                    self.mark(origin, Use::Computed);
                }
            }
            for (one, other) in left.columns.each().zip(right.columns.each()) {
                if one != other && !(one.is_constant() && other.is_constant()) {
                    self.mark(one, Use::Join);
                    self.mark(other, Use::Join);
                    self.probe_both(one, other);
                }
            }
        }
        let rows = left.rows.or(right.rows);
        Ok(Query { columns, rows, collected: left.collected.or(right.collected) })
    }

    /// Adds the queries of a `WITH` to the scope.
    pub(super) fn with(&mut self, with: &WithClause, scope: &mut Scope<'_>) -> Step<()> {
        let all: Vec<&CommonTableExpr> = with
            .ctes
            .iter()
            .filter_map(|cte| match &cte.node {
                Some(Kind::CommonTableExpr(cte)) => Some(&**cte),
                _ => None,
            })
            .collect();
        if all.len() != with.ctes.len() {
            self.unjudged();
        }
        if !with.recursive {
            for cte in all {
                let query = self.cte(cte, scope)?;
                scope.ctes.push(Rc::new(Cte { name: cte.ctename.clone(), query }));
            }
            return Ok(());
        }
        // Each may mean each: from nothing upwards until nothing new comes.
        let first = scope.ctes.len();
        for cte in &all {
            let query = Query { columns: self.shape(cte), ..Query::default() };
            scope.ctes.push(Rc::new(Cte { name: cte.ctename.clone(), query }));
        }
        for round in 0.. {
            let mut settled = true;
            for (at, cte) in all.iter().enumerate() {
                let mut query = self.cte(cte, scope)?;
                let before = &scope.ctes[first + at].query;
                if round >= MOST_ROUNDS {
                    for column in &mut query.columns.named {
                        column.origin.add(&Origin::unprovable());
                    }
                    query.rows = Rows::Unbounded;
                } else if query != *before {
                    settled = false;
                }
                scope.ctes[first + at] = Rc::new(Cte { name: cte.ctename.clone(), query });
            }
            if settled {
                return Ok(());
            }
        }
        Ok(())
    }

    /// The names of a recursive query's columns, before anything is known of them.
    fn shape(&mut self, cte: &CommonTableExpr) -> Columns {
        let mut select = cte.ctequery.as_deref().and_then(super::nodes::select_in);
        while let Some(left) = select.and_then(|select| select.larg.as_deref()) {
            select = Some(left);
        }
        let mut columns = Columns::default();
        let Some(select) = select else { return columns };
        for target in &select.target_list {
            if let Some(Kind::ResTarget(target)) = &target.node {
                columns.named.push(Named { name: name_of(target), origin: Origin::constant() });
            }
        }
        let values = select.values_lists.first().and_then(|row| match &row.node {
            Some(Kind::List(row)) => Some(row.items.len()),
            _ => None,
        });
        for at in 0..values.unwrap_or(0) {
            columns.named.push(Named { name: Some(format!("column{}", at + 1)), origin: Origin::constant() });
        }
        columns.renamed(&cte.aliascolnames.iter().filter_map(text).map(str::to_owned).collect::<Vec<_>>())
    }

    fn cte(&mut self, cte: &CommonTableExpr, scope: &Scope<'_>) -> Step<Query> {
        let mut query = match cte.ctequery.as_deref().and_then(|query| query.node.as_ref()) {
            Some(Kind::SelectStmt(select)) => self.select(select, Some(scope), false)?,
            Some(Kind::InsertStmt(insert)) => self.insert(insert, Some(scope), false)?,
            Some(Kind::UpdateStmt(update)) => self.update(update, Some(scope), false)?,
            Some(Kind::DeleteStmt(delete)) => self.delete(delete, Some(scope), false)?,
            Some(Kind::MergeStmt(merge)) => self.merge(merge, Some(scope), false)?,
            _ => {
                self.unjudged();
                Query { rows: Rows::Unbounded, ..Query::default() }
            }
        };
        let names: Vec<String> = cte.aliascolnames.iter().filter_map(text).map(str::to_owned).collect();
        query.columns = query.columns.renamed(&names);
        let all = query.columns.all().tested();
        if let Some(search) = &cte.search_clause {
            query.columns.named.push(Named { name: Some(search.search_seq_column.clone()), origin: all.clone() });
        }
        if let Some(cycle) = cte.cycle_clause.as_deref() {
            for name in [&cycle.cycle_mark_column, &cycle.cycle_path_column] {
                query.columns.named.push(Named { name: Some(name.clone()), origin: all.clone() });
            }
        }
        Ok(query)
    }
}

fn name_of(target: &ResTarget) -> Option<String> {
    if target.name.is_empty() { target.val.as_deref().and_then(given_name) } else { Some(target.name.clone()) }
}

/// Column by column, named by the left.
fn both(left: &Columns, right: &Columns) -> Columns {
    if left.rest.is_some() || right.rest.is_some() || left.named.len() != right.named.len() {
        let origin = left.all().and(&right.all()).shown();
        let named = left.named.iter().map(|column| Named { name: column.name.clone(), origin: origin.clone() });
        return Columns { named: named.collect(), rest: Some(Rest { origin: origin.clone(), table: None }) };
    }
    let pairs = left.named.iter().zip(&right.named);
    let named =
        pairs.map(|(one, other)| Named { name: one.name.clone(), origin: one.origin.clone().and(&other.origin) });
    Columns { named: named.collect(), rest: None }
}

fn limit_of(of: &SelectStmt) -> Option<Limit> {
    let count = uncast(of.limit_count.as_deref()?);
    let limit = match &count.node {
        Some(Kind::ParamRef(parameter)) => u32::try_from(parameter.number).map_or(Limit::Unclear, Limit::Parameter),
        Some(Kind::AConst(constant)) => match &constant.val {
            // `LIMIT ALL`, `LIMIT NULL`
            None => return None,
            Some(a_const::Val::Ival(number)) => Limit::Rows(i64::from(number.ival)),
            Some(_) => Limit::Unclear,
        },
        _ => Limit::Unclear,
    };
    Some(if of.limit_option() == LimitOption::WithTies { Limit::Unclear } else { limit })
}
