//! `FROM`: what stands there, and the names it brings.

use crate::parser::nodes::node::Node as Kind;
use crate::parser::nodes::{JoinExpr, JsonTable, Node, RangeFunction, RangeSubselect, RangeTableFunc, RangeVar};

use super::nodes::{alias_columns, given_name, select_in, text};
use super::scope::{Columns, Item, Named, Rest, Scope};
use super::{Analyser, Step};
use crate::facts::{Rows, Use};
use crate::origin::Origin;

impl Analyser<'_> {
    /// Adds an element of `FROM` to the scope. The answer is its columns, the rows it brings, and those it has collected.
    pub(super) fn add_source(&mut self, node: &Node, scope: &mut Scope<'_>) -> Step<(Rows, Rows)> {
        let (columns, rows, collected) = self.source(node, scope)?;
        scope.stars.push(columns);
        Ok((rows, collected))
    }

    fn source(&mut self, node: &Node, scope: &mut Scope<'_>) -> Step<(Columns, Rows, Rows)> {
        self.step()?;
        match &node.node {
            Some(Kind::RangeVar(of)) => self.named_source(of, scope),
            Some(Kind::RangeSubselect(of)) => self.query_source(of, scope),
            Some(Kind::RangeFunction(of)) => {
                let columns = self.function_source(of, scope)?;
                // What somebody's own function reads, nobody sees.
                let own = columns.all().is_unprovable();
                Ok((columns, if own { Rows::Unbounded } else { Rows::Bounded }, Rows::Bounded))
            }
            Some(Kind::RangeTableSample(of)) => {
                for arg in of.args.iter().chain(of.repeatable.as_deref()) {
                    self.expr(arg, scope, Use::Computed)?;
                }
                match of.relation.as_deref() {
                    Some(relation) => self.source(relation, scope),
                    None => Ok(self.unjudged_source()),
                }
            }
            Some(Kind::RangeTableFunc(of)) => self.xml_source(of, scope),
            Some(Kind::JsonTable(of)) => self.json_source(of, scope),
            Some(Kind::JoinExpr(of)) => self.join(of, scope),
            _ => Ok(self.unjudged_source()),
        }
    }

    fn unjudged_source(&mut self) -> (Columns, Rows, Rows) {
        let origin = self.unjudged();
        (Columns { named: Vec::new(), rest: Some(Rest { origin, table: None }) }, Rows::Unbounded, Rows::Unbounded)
    }

    fn named_source(&mut self, of: &RangeVar, scope: &mut Scope<'_>) -> Step<(Columns, Rows, Rows)> {
        let names = alias_columns(of.alias.as_ref());
        let alias = of.alias.as_ref().map_or(&of.relname, |alias| &alias.aliasname).clone();
        if of.schemaname.is_empty()
            && let Some(cte) = scope.cte(&of.relname).cloned()
        {
            let columns = cte.query.columns.clone().renamed(&names);
            scope.push(Some(alias), None, columns.clone());
            return Ok((columns, cte.query.rows.clone(), cte.query.collected.clone()));
        }
        let (table, schema, columns) = self.relation(of)?;
        let columns = columns.renamed(&names);
        let schema = if of.alias.is_some() { None } else { schema };
        scope.push(Some(alias), schema, columns.clone());
        let rows = if self.facts.tables[table].system { Rows::Bounded } else { Rows::Unbounded };
        Ok((columns, rows, Rows::Bounded))
    }

    fn query_source(&mut self, of: &RangeSubselect, scope: &mut Scope<'_>) -> Step<(Columns, Rows, Rows)> {
        let Some(select) = of.subquery.as_deref().and_then(select_in) else { return Ok(self.unjudged_source()) };
        let query = if of.lateral {
            self.select(select, Some(scope), false)?
        } else {
            // What stands beside it is out of its sight.
            let around = Scope { parent: scope.parent, ctes: scope.ctes.clone(), ..Scope::default() };
            self.select(select, Some(&around), false)?
        };
        let columns = query.columns.renamed(&alias_columns(of.alias.as_ref()));
        let alias = of.alias.as_ref().map(|alias| alias.aliasname.clone());
        scope.push(alias, None, columns.clone());
        Ok((columns, query.rows, query.collected))
    }

    fn function_source(&mut self, of: &RangeFunction, scope: &mut Scope<'_>) -> Step<Columns> {
        let mut origin = Origin::constant();
        let mut alone = None;
        for function in &of.functions {
            // A list: the call, then the columns it is said to have.
            let Some(Kind::List(parts)) = &function.node else { return Ok(self.unjudged_source().0) };
            let Some(call) = parts.items.first() else { return Ok(self.unjudged_source().0) };
            origin.add(&self.expr(call, scope, Use::Inner)?);
            alone = given_name(call);
        }
        let origin = origin.shown();
        let alias = of.alias.as_ref().map(|alias| alias.aliasname.clone()).or_else(|| alone.clone());
        // A function of one column names it by its alias; what others it has is not known, but where they come from is.
        let rest = Some(Rest { origin: origin.clone(), table: None });
        let declared = of.coldeflist.iter().filter_map(|column| match &column.node {
            Some(Kind::ColumnDef(column)) => Some(column.colname.clone()),
            _ => None,
        });
        let declared: Vec<String> = declared.collect();
        // Declared columns of `jsonb_to_record` are keys.
        let keyed = |name: String| Named { origin: origin.clone().keyed(&name), name: Some(name) };
        let named: Vec<Named> = declared.into_iter().map(keyed).collect();
        let columns = Columns { named, rest }.renamed(&alias_columns(of.alias.as_ref()));
        scope.push(alias, None, columns.clone());
        Ok(columns)
    }

    fn xml_source(&mut self, of: &RangeTableFunc, scope: &mut Scope<'_>) -> Step<(Columns, Rows, Rows)> {
        let mut origin = Origin::constant();
        for part in of.docexpr.iter().chain(&of.rowexpr) {
            origin.add(&self.expr(part, scope, Use::Inner)?);
        }
        for namespace in &of.namespaces {
            origin.add(&self.expr(namespace, scope, Use::Inner)?);
        }
        let mut names = Vec::new();
        for column in &of.columns {
            let Some(Kind::RangeTableFuncCol(column)) = &column.node else { return Ok(self.unjudged_source()) };
            for part in column.colexpr.iter().chain(&column.coldefexpr) {
                origin.add(&self.expr(part, scope, Use::Inner)?);
            }
            names.push(column.colname.clone());
        }
        let columns = made_of(&origin.derived(), names).renamed(&alias_columns(of.alias.as_ref()));
        scope.push(of.alias.as_ref().map(|alias| alias.aliasname.clone()), None, columns.clone());
        Ok((columns, Rows::Bounded, Rows::Bounded))
    }

    fn json_source(&mut self, of: &JsonTable, scope: &mut Scope<'_>) -> Step<(Columns, Rows, Rows)> {
        let mut origin = Origin::constant();
        let context = of.context_item.as_deref();
        for part in context.and_then(|item| item.raw_expr.as_deref()).into_iter().chain(&of.passing) {
            origin.add(&self.expr(part, scope, Use::Inner)?);
        }
        // Columns may nest, and have expressions for what is missing: those are constants or come from the same row.
        let rest = Some(Rest { origin: origin.derived().and(&Origin::unprovable()), table: None });
        let columns = Columns { named: Vec::new(), rest }.renamed(&alias_columns(of.alias.as_ref()));
        scope.push(of.alias.as_ref().map(|alias| alias.aliasname.clone()), None, columns.clone());
        Ok((columns, Rows::Bounded, Rows::Bounded))
    }

    fn join(&mut self, of: &JoinExpr, scope: &mut Scope<'_>) -> Step<(Columns, Rows, Rows)> {
        let (Some(left), Some(right)) = (of.larg.as_deref(), of.rarg.as_deref()) else {
            return Ok(self.unjudged_source());
        };
        let before = scope.items.len();
        let (left, left_rows, left_collected) = self.source(left, scope)?;
        let (right, right_rows, right_collected) = self.source(right, scope)?;
        let (rows, collected) = (left_rows.or(right_rows), left_collected.or(right_collected));

        let mut common: Vec<String> = of.using_clause.iter().filter_map(text).map(str::to_owned).collect();
        if of.is_natural {
            let names = left.named.iter().filter_map(|column| column.name.clone());
            common = names.filter(|name| right.by_name(name).is_some() || right.rest.is_some()).collect();
        }
        let mut columns = Columns::default();
        for name in &common {
            let (one, other) = (self.column_in(&left, name), self.column_in(&right, name));
            let with = if one.is_plain_copy() && other.is_plain_copy() { Use::Join } else { Use::Computed };
            self.mark(&one, with);
            self.mark(&other, with);
            self.probe_both(&one, &other);
            columns.named.push(Named { name: Some(name.clone()), origin: one.and(&other) });
        }
        if !common.is_empty() {
            let alias = of.join_using_alias.as_ref().map(|alias| alias.aliasname.clone());
            let merged = columns.clone();
            scope.items.push(Item { alias, schema: None, columns: merged, bare: true, merged: true });
        }
        if let Some(quals) = of.quals.as_deref() {
            self.condition(quals, scope)?;
        }
        let keep = |column: &&Named| !column.name.as_ref().is_some_and(|name| common.contains(name));
        columns.named.extend(left.named.iter().filter(keep).chain(right.named.iter().filter(keep)).cloned());
        columns.rest = match (left.rest, right.rest) {
            (Some(left), Some(right)) => Some(Rest { origin: left.origin.and(&right.origin), table: None }),
            (one, other) => one.or(other),
        };
        if let Some(alias) = &of.alias {
            // Its name hides those inside.
            scope.items.truncate(before);
            columns = columns.renamed(&alias_columns(Some(alias)));
            scope.push(Some(alias.aliasname.clone()), None, columns.clone());
        }
        Ok((columns, rows, collected))
    }

    fn column_in(&mut self, columns: &Columns, name: &str) -> Origin {
        if let Some(origin) = columns.by_name(name) {
            return origin;
        }
        let Some(rest) = &columns.rest else { return Origin::unprovable() };
        match rest.table {
            Some(table) => Origin::copy_of(self.column(table, name)).and(&rest.origin),
            None => rest.origin.clone(),
        }
    }

    /// The target of a change, as a thing in `FROM`.
    pub(super) fn target(&mut self, of: &RangeVar, scope: &mut Scope<'_>) -> Step<(usize, Columns)> {
        let (table, schema, columns) = self.relation(of)?;
        let alias = of.alias.as_ref().map_or(&of.relname, |alias| &alias.aliasname).clone();
        let schema = if of.alias.is_some() { None } else { schema };
        scope.push(Some(alias), schema, columns.clone());
        Ok((table, columns))
    }
}

impl Scope<'_> {
    pub(super) fn push(&mut self, alias: Option<String>, schema: Option<String>, columns: Columns) {
        self.items.push(Item { alias, schema, columns, bare: true, merged: false });
    }
}

fn made_of(origin: &Origin, names: Vec<String>) -> Columns {
    let named = |name| Named { name: Some(name), origin: origin.clone() };
    Columns { named: names.into_iter().map(named).collect(), rest: None }
}
