//! Changes: `INSERT`, `UPDATE`, `DELETE`, `MERGE`.

use crate::parser::nodes::node::Node as Kind;
use crate::parser::nodes::{
    CmdType, DeleteStmt, InsertStmt, MergeStmt, Node, OnConflictAction, OnConflictClause, RangeVar, ReturningClause,
    ReturningOptionKind, UpdateStmt,
};

use super::nodes::text;
use super::predicate::{plain_values, restricts};
use super::scope::{Columns, Item, Query, Scope};
use super::{Analyser, Level, Step};
use crate::facts::{OutputColumn, Probe, Rows, Use};
use crate::kind::StatementKind;

impl Analyser<'_> {
    pub(super) fn insert(&mut self, of: &InsertStmt, parent: Option<&Scope<'_>>, outermost: bool) -> Step<Query> {
        self.change(StatementKind::Insert, outermost, |this| {
            let mut scope = this.opened(of.with_clause.as_ref(), parent)?;
            let mut source = Query::default();
            if let Some(select) = of.select_stmt.as_deref().and_then(super::nodes::select_in) {
                let acting = std::mem::replace(&mut this.acting, StatementKind::Select);
                source = this.select(select, Some(&scope), false)?;
                this.acting = acting;
                if reads(select) {
                    this.kind(StatementKind::Select);
                    this.facts.rows = source.rows.clone().or(source.collected.clone());
                }
                let used = source.columns.all();
                this.mark(&used, Use::Inner);
            }
            let Some(relation) = &of.relation else { return Ok(this.changed_nothing()) };
            let (table, columns) = this.target(relation, &mut scope)?;
            let names = this.assigned(table, &columns, &of.cols);
            if let Some(select) = of.select_stmt.as_deref().and_then(super::nodes::select_in) {
                for row in &select.values_lists {
                    let Some(Kind::List(row)) = &row.node else { continue };
                    for (name, value) in names.iter().zip(&row.items) {
                        this.gives(table, name, value);
                    }
                }
            }
            if let Some(conflict) = of.on_conflict_clause.as_deref() {
                this.conflict(conflict, table, relation, &columns, &scope)?;
            }
            scope.stars.insert(0, columns.clone());
            let columns = this.returning(of.returning_clause.as_ref(), &columns, &mut scope, outermost)?;
            Ok(Query { columns, rows: source.rows, collected: source.collected })
        })
    }

    fn conflict(
        &mut self,
        of: &OnConflictClause,
        table: usize,
        relation: &RangeVar,
        columns: &Columns,
        around: &Scope<'_>,
    ) -> Step<()> {
        let mut scope = Scope::within(Some(around));
        let alias = relation.alias.as_ref().map_or(&relation.relname, |alias| &alias.aliasname).clone();
        scope.push(Some(alias), None, columns.clone());
        // The rows that were to come in: reached by name only.
        let excluded = Some("excluded".to_owned());
        scope.items.push(Item { alias: excluded, schema: None, columns: columns.clone(), bare: false, merged: false });
        if let Some(infer) = of.infer.as_deref() {
            for element in &infer.index_elems {
                match &element.node {
                    Some(Kind::IndexElem(element)) => {
                        if let Some(expression) = element.expr.as_deref() {
                            self.expr(expression, &scope, Use::Computed)?;
                        }
                    }
                    _ => drop(self.unjudged()),
                }
            }
            if let Some(condition) = infer.where_clause.as_deref() {
                self.condition(condition, &scope)?;
            }
        }
        if of.action() == OnConflictAction::OnconflictUpdate {
            self.facts.tables[table].kinds.insert(StatementKind::Update);
            self.kind(StatementKind::Update);
            self.set(table, columns, &of.target_list, &scope)?;
        }
        if let Some(condition) = of.where_clause.as_deref() {
            self.condition(condition, &scope)?;
        }
        Ok(())
    }

    pub(super) fn update(&mut self, of: &UpdateStmt, parent: Option<&Scope<'_>>, outermost: bool) -> Step<Query> {
        self.change(StatementKind::Update, outermost, |this| {
            let mut scope = this.opened(of.with_clause.as_ref(), parent)?;
            let Some(relation) = &of.relation else { return Ok(this.changed_nothing()) };
            let (table, columns) = this.target(relation, &mut scope)?;
            this.read_beside(&of.from_clause, &mut scope)?;
            this.set(table, &columns, &of.target_list, &scope)?;
            let rows = this.filtered(of.where_clause.as_deref(), &scope, outermost)?;
            scope.stars.insert(0, columns.clone());
            let columns = this.returning(of.returning_clause.as_ref(), &columns, &mut scope, outermost)?;
            Ok(Query { columns, rows, collected: Rows::Bounded })
        })
    }

    pub(super) fn delete(&mut self, of: &DeleteStmt, parent: Option<&Scope<'_>>, outermost: bool) -> Step<Query> {
        self.change(StatementKind::Delete, outermost, |this| {
            let mut scope = this.opened(of.with_clause.as_ref(), parent)?;
            let Some(relation) = &of.relation else { return Ok(this.changed_nothing()) };
            let (_, columns) = this.target(relation, &mut scope)?;
            this.read_beside(&of.using_clause, &mut scope)?;
            let rows = this.filtered(of.where_clause.as_deref(), &scope, outermost)?;
            scope.stars.insert(0, columns.clone());
            let columns = this.returning(of.returning_clause.as_ref(), &columns, &mut scope, outermost)?;
            Ok(Query { columns, rows, collected: Rows::Bounded })
        })
    }

    pub(super) fn merge(&mut self, of: &MergeStmt, parent: Option<&Scope<'_>>, outermost: bool) -> Step<Query> {
        self.change(StatementKind::Merge, outermost, |this| {
            let mut scope = this.opened(of.with_clause.as_ref(), parent)?;
            let Some(relation) = &of.relation else { return Ok(this.changed_nothing()) };
            let (table, columns) = this.target(relation, &mut scope)?;
            let source: Vec<Node> = of.source_relation.iter().map(|source| (**source).clone()).collect();
            this.read_beside(&source, &mut scope)?;
            if let Some(condition) = of.join_condition.as_deref() {
                this.condition(condition, &scope)?;
            }
            for when in &of.merge_when_clauses {
                let Some(Kind::MergeWhenClause(when)) = &when.node else {
                    this.unjudged();
                    continue;
                };
                if let Some(condition) = when.condition.as_deref() {
                    this.condition(condition, &scope)?;
                }
                let kind = match when.command_type() {
                    CmdType::CmdInsert => StatementKind::Insert,
                    CmdType::CmdUpdate => StatementKind::Update,
                    CmdType::CmdDelete => StatementKind::Delete,
                    _ => StatementKind::Merge,
                };
                this.kind(kind);
                this.facts.tables[table].kinds.insert(kind);
                if kind == StatementKind::Insert {
                    let names = this.assigned(table, &columns, &when.target_list);
                    for (name, value) in names.iter().zip(&when.values) {
                        this.gives(table, name, value);
                    }
                } else {
                    this.set(table, &columns, &when.target_list, &scope)?;
                }
                for value in &when.values {
                    this.expr(value, &scope, Use::Inner)?;
                }
            }
            // Here `*` is the source first; elsewhere the target.
            scope.stars.push(columns.clone());
            let columns = this.returning(of.returning_clause.as_ref(), &columns, &mut scope, outermost)?;
            Ok(Query { columns, rows: Rows::Unbounded, collected: Rows::Bounded })
        })
    }

    fn change(
        &mut self,
        kind: StatementKind,
        outermost: bool,
        look: impl FnOnce(&mut Self) -> Step<Query>,
    ) -> Step<Query> {
        self.step()?;
        self.kind(kind);
        let acting = std::mem::replace(&mut self.acting, kind);
        self.levels.push(Level::default());
        let query = look(self);
        let level = self.levels.pop().unwrap_or_default();
        self.acting = acting;
        // What a change looks at beside what it changes, in a condition, a value or a WITH, is selected from.
        if self.facts.tables.iter().any(|table| table.kinds.contains(&StatementKind::Select)) {
            self.kind(StatementKind::Select);
        }
        let mut query = query?;
        query.collected = query.collected.or(level.collected);
        if outermost {
            let before = std::mem::take(&mut self.facts.rows);
            let rows = if kind == StatementKind::Insert { Rows::Bounded } else { query.rows.clone() };
            self.facts.rows = before.or(rows).or(query.collected.clone());
        }
        Ok(query)
    }

    /// For a change without a target, which no parser hands out.
    fn changed_nothing(&mut self) -> Query {
        self.unjudged();
        Query { rows: Rows::Unbounded, ..Query::default() }
    }

    fn opened<'p>(
        &mut self,
        with: Option<&crate::parser::nodes::WithClause>,
        parent: Option<&'p Scope<'p>>,
    ) -> Step<Scope<'p>> {
        let mut scope = Scope::within(parent);
        if let Some(with) = with {
            let acting = std::mem::replace(&mut self.acting, StatementKind::Select);
            self.with(with, &mut scope)?;
            self.acting = acting;
        }
        Ok(scope)
    }

    /// The tables that a change looks at without changing them are selected from.
    fn read_beside(&mut self, from: &[Node], scope: &mut Scope<'_>) -> Step<()> {
        let acting = std::mem::replace(&mut self.acting, StatementKind::Select);
        for item in from {
            self.kind(StatementKind::Select);
            self.add_source(item, scope)?;
        }
        self.acting = acting;
        Ok(())
    }

    fn filtered(&mut self, condition: Option<&Node>, scope: &Scope<'_>, outermost: bool) -> Step<Rows> {
        let mut narrowed = false;
        if let Some(condition) = condition {
            let acting = std::mem::replace(&mut self.acting, StatementKind::Select);
            self.condition(condition, scope)?;
            self.acting = acting;
            narrowed = restricts(condition, scope);
            if outermost {
                self.facts.has_where = true;
                self.facts.where_tautology = !narrowed;
            }
        }
        self.facts.writes_unfiltered |= !narrowed;
        Ok(if narrowed { Rows::Bounded } else { Rows::Unbounded })
    }

    /// The columns that values go to; all of them where none is named.
    fn assigned(&mut self, table: usize, columns: &Columns, named: &[Node]) -> Vec<String> {
        let names: Vec<String> = if named.is_empty() {
            columns.named.iter().filter_map(|column| column.name.clone()).collect()
        } else {
            let name = |target: &Node| match &target.node {
                Some(Kind::ResTarget(target)) => Some(target.name.clone()),
                _ => text(target).map(str::to_owned),
            };
            named.iter().filter_map(name).collect()
        };
        for name in &names {
            let column = self.column(table, name);
            self.facts.tables[table].columns[column.column].uses.add(Use::Assigned);
        }
        names
    }

    /// Notes a constant or a parameter that a column is given.
    fn gives(&mut self, table: usize, name: &str, value: &Node) {
        let column = self.column(table, name);
        let mut given = Vec::new();
        if plain_values(value, &mut given) {
            self.facts.assignments.extend(given.into_iter().map(|against| Probe { column, against }));
        }
    }

    fn set(&mut self, table: usize, columns: &Columns, targets: &[Node], scope: &Scope<'_>) -> Step<()> {
        if !targets.is_empty() {
            self.assigned(table, columns, targets);
        }
        let acting = std::mem::replace(&mut self.acting, StatementKind::Select);
        for target in targets {
            let Some(Kind::ResTarget(target)) = &target.node else {
                self.unjudged();
                continue;
            };
            for part in
                target.val.as_deref().into_iter().chain(target.indirection.iter().filter(|part| text(part).is_none()))
            {
                self.expr(part, scope, Use::Inner)?;
            }
            if let Some(value) = target.val.as_deref().filter(|_| target.indirection.is_empty()) {
                self.gives(table, &target.name, value);
            }
        }
        self.acting = acting;
        Ok(())
    }

    fn returning(
        &mut self,
        of: Option<&ReturningClause>,
        target: &Columns,
        scope: &mut Scope<'_>,
        outermost: bool,
    ) -> Step<Columns> {
        let Some(of) = of else { return Ok(Columns::default()) };
        let (mut old, mut new) = ("old".to_owned(), "new".to_owned());
        for option in &of.options {
            match &option.node {
                Some(Kind::ReturningOption(option)) if option.option() == ReturningOptionKind::ReturningOptionOld => {
                    old.clone_from(&option.value);
                }
                Some(Kind::ReturningOption(option)) => new.clone_from(&option.value),
                _ => drop(self.unjudged()),
            }
        }
        for alias in [old, new] {
            let columns = target.clone();
            scope.items.push(Item { alias: Some(alias), schema: None, columns, bare: false, merged: false });
        }
        // What comes back has been read.
        self.kind(StatementKind::Select);
        let columns = self.targets(&of.exprs, scope, if outermost { Use::Output } else { Use::Inner })?;
        if outermost {
            for column in &columns.named {
                self.mark(&column.origin, Use::Output);
                self.facts.outputs.push(OutputColumn { name: column.name.clone(), origin: column.origin.clone() });
            }
            if let Some(rest) = &columns.rest {
                self.mark(&rest.origin, Use::Output);
                self.facts.outputs_complete = false;
            }
        }
        Ok(columns)
    }
}

/// Whether an insertion's query is more than rows that the statement brings along.
fn reads(select: &crate::parser::nodes::SelectStmt) -> bool {
    select.values_lists.is_empty()
}
