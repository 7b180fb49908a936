//! Expressions: where a value comes from, and what computing it does.

use crate::parser::nodes::node::Node as Kind;
use crate::parser::nodes::{AExpr, AExprKind, AIndirection, ColumnRef, FuncCall, Node, SubLink, SubLinkType};

use super::nodes::{children, qualified, select_in, text};
use super::scope::{Columns, Scope};
use super::{Analyser, Step};
use crate::facts::{FunctionUse, Opacity, Use};
use crate::functions::{FunctionClass, classify};
use crate::origin::Origin;
use crate::settings::{SettingClass, class_of};

/// Columns that every table has and that hold nothing of anybody.
const SYSTEM_COLUMNS: &[&str] = &["cmax", "cmin", "ctid", "tableoid", "xmax", "xmin"];

impl Analyser<'_> {
    /// The origin of an expression's value; every column in it is noted as used like that.
    pub(super) fn expr(&mut self, node: &Node, scope: &Scope<'_>, one: Use) -> Step<Origin> {
        self.step()?;
        match &node.node {
            Some(Kind::ColumnRef(column)) => {
                let origin = self.column_ref(column, scope);
                self.mark(&origin, one);
                Ok(origin)
            }
            Some(Kind::ParamRef(parameter)) => {
                let number = u32::try_from(parameter.number).unwrap_or(0);
                self.facts.parameters = self.facts.parameters.max(number);
                Ok(Origin::literal())
            }
            Some(Kind::AConst(constant)) if !constant.isnull => Ok(Origin::literal()),
            Some(Kind::FuncCall(call)) => self.call(call, scope, one),
            Some(Kind::SubLink(link)) => self.sub_link(link, scope, one),
            Some(Kind::JsonArrayQueryConstructor(of)) => {
                let Some(select) = of.query.as_deref().and_then(select_in) else { return Ok(self.unjudged()) };
                let query = self.select(select, Some(scope), false)?;
                let origin = query.columns.all().derived();
                self.mark(&origin, one);
                self.pass_on(query.rows.or(query.collected));
                Ok(origin)
            }
            Some(Kind::AIndirection(of)) => self.indirection(of, scope, one),
            Some(Kind::CaseWhen(of)) => {
                let mut origin = Origin::constant();
                if let Some(condition) = of.expr.as_deref() {
                    // What it asks, it asks wherever it stands.
                    origin.add(&self.condition(condition, scope)?);
                    self.mark(&origin, one);
                }
                if let Some(result) = of.result.as_deref() {
                    origin.add(&self.expr(result, scope, one)?);
                }
                Ok(origin.derived())
            }
            Some(Kind::CaseExpr(of)) => {
                // `CASE column WHEN value`: compared with each of them.
                if let Some(arg) = of.arg.as_deref() {
                    self.expr(arg, scope, Use::Computed)?;
                }
                self.all_inside(node, scope, one)
            }
            Some(Kind::JsonArrayAgg(_) | Kind::JsonObjectAgg(_)) => {
                self.level().aggregates = true;
                self.level().collects = true;
                self.all_inside(node, scope, one)
            }
            Some(Kind::AExpr(of)) => {
                let (schema, name) = qualified(&of.name);
                if schema.is_some_and(|schema| schema != "pg_catalog") {
                    // Somebody's own operator is somebody's own function.
                    self.note_function(schema, name, FunctionClass::Unknown);
                    return Ok(self.all_inside(node, scope, one)?.and(&Origin::unprovable()));
                }
                if compares(of) {
                    let origin = self.compared(node, of, scope)?.derived();
                    self.mark(&origin, one);
                    return Ok(origin);
                }
                let origin = self.all_inside(node, scope, one)?;
                if !matches!(name, "||" | "->" | "->>" | "#>" | "#>>") {
                    // Whether it fails, or is null, tells of its arguments.
                    self.mark(&origin, Use::Computed);
                }
                Ok(origin)
            }
            Some(Kind::TypeCast(_)) => self.all_inside(node, scope, one),
            Some(_) => self.all_inside(node, scope, one),
            None => Ok(self.unjudged()),
        }
    }

    fn all_inside(&mut self, node: &Node, scope: &Scope<'_>, one: Use) -> Step<Origin> {
        let Some(inside) = children(node) else { return Ok(self.unjudged()) };
        let mut origin = Origin::constant();
        for part in inside {
            origin.add(&self.expr(part, scope, one)?);
        }
        Ok(origin.derived())
    }

    /// For a node of which nobody has said what it may do.
    pub(super) fn unjudged(&mut self) -> Origin {
        self.opaque(Opacity::Unjudged);
        Origin::unprovable()
    }

    /// Rows that a query within the output reads are part of the answer.
    fn pass_on(&mut self, rows: crate::facts::Rows) {
        let level = self.level();
        if level.in_condition == 0 {
            level.collected = std::mem::take(&mut level.collected).or(rows);
        }
    }

    pub(super) fn column_ref(&mut self, column: &ColumnRef, scope: &Scope<'_>) -> Origin {
        let fields: Option<Vec<&str>> = column.fields.iter().map(text).collect();
        let Some(fields) = fields else {
            // `t.*` as a value: the row as a whole.
            let before: Vec<&str> = column.fields.iter().filter_map(text).collect();
            return self.whole_row(&before, scope).unwrap_or_else(Origin::unprovable).derived();
        };
        match fields.as_slice() {
            [name] => self.bare_column(name, scope),
            [.., name] => {
                let before = &fields[..fields.len() - 1];
                let (schema, alias) = (before.len().checked_sub(2).map(|at| before[at]), before[before.len() - 1]);
                let Some(item) = scope.item(schema, alias) else { return Origin::unprovable() };
                let columns = item.columns.clone();
                self.column_of(&columns, name)
            }
            [] => Origin::unprovable(),
        }
    }

    /// `t.name`: a column, or a function of the row in the shape of one.
    fn column_of(&mut self, columns: &Columns, name: &str) -> Origin {
        if let Some(origin) = columns.by_name(name) {
            return origin;
        }
        if let Some(rest) = &columns.rest {
            let mut origin = rest.origin.clone();
            if let Some(table) = rest.table {
                origin.add(&Origin::copy_of(self.column(table, name)));
            }
            return origin;
        }
        if SYSTEM_COLUMNS.contains(&name) {
            return Origin::constant();
        }
        let class = classify(None, name, self.catalog, &self.path);
        self.note_function(None, name, class);
        columns.all().derived().and(&Origin::unprovable())
    }

    fn bare_column(&mut self, name: &str, scope: &Scope<'_>) -> Origin {
        let mut possible = Origin::constant();
        let mut guessed = false;
        for level in scope.levels() {
            let merged = level.items.iter().rev().filter(|item| item.merged);
            let found = merged.chain(level.items.iter().filter(|item| item.bare && !item.merged));
            let mut here: Option<Origin> = None;
            for item in found {
                if let Some(origin) = item.columns.by_name(name) {
                    here.get_or_insert_default().add(&origin);
                    if item.merged {
                        break;
                    }
                }
            }
            if let Some(here) = here {
                return possible.and(&here);
            }
            // It may be a column of something whose columns are not known; then again it may not.
            let unknown: Vec<_> =
                level.items.iter().filter(|item| item.bare).filter_map(|item| item.columns.rest.clone()).collect();
            for rest in unknown {
                guessed = true;
                possible.add(&rest.origin);
                if let Some(table) = rest.table {
                    let column = self.column(table, name);
                    possible.add(&Origin::copy_of(column));
                }
            }
        }
        if let Some(row) = self.whole_row(&[name], scope) {
            return possible.and(&row.derived());
        }
        if guessed {
            return possible;
        }
        if SYSTEM_COLUMNS.contains(&name) { Origin::constant() } else { Origin::unprovable() }
    }

    pub(super) fn whole_row(&mut self, name: &[&str], scope: &Scope<'_>) -> Option<Origin> {
        match name {
            [] => {
                let mut all = Origin::constant();
                for columns in &scope.stars {
                    all.add(&columns.all());
                }
                Some(all)
            }
            [alias] => Some(scope.item(None, alias)?.columns.all()),
            [.., schema, alias] => Some(scope.item(Some(schema), alias)?.columns.all()),
        }
    }

    /// `(row).field`, `value[index]`.
    fn indirection(&mut self, of: &AIndirection, scope: &Scope<'_>, one: Use) -> Step<Origin> {
        let Some(arg) = of.arg.as_deref() else { return Ok(self.unjudged()) };
        let mut origin = match (&arg.node, of.indirection.first().and_then(text)) {
            // A field of a row that stands in `FROM` is that column.
            (Some(Kind::ColumnRef(row)), Some(field)) if row.fields.iter().all(|part| text(part).is_some()) => {
                let name: Vec<&str> = row.fields.iter().filter_map(text).collect();
                let alone = name.len() == 1 && !scope.items.iter().any(|item| item.columns.by_name(name[0]).is_some());
                let item = if alone { scope.item(None, name[0]).map(|item| item.columns.clone()) } else { None };
                let origin = match item {
                    Some(columns) => self.column_of(&columns, field),
                    None => self.column_ref(row, scope).derived(),
                };
                self.mark(&origin, one);
                origin
            }
            _ => self.expr(arg, scope, one)?,
        };
        for part in &of.indirection {
            if text(part).is_none() {
                origin.add(&self.expr(part, scope, one)?);
            }
        }
        Ok(origin.derived())
    }

    pub(super) fn note_function(&mut self, schema: Option<&str>, name: &str, class: FunctionClass) {
        let entry = FunctionUse { schema: schema.map(str::to_owned), name: name.to_owned(), class };
        if !self.facts.functions.contains(&entry) {
            self.facts.functions.push(entry);
        }
        if let Some(kind) = class.kind() {
            self.kind(kind);
        }
        if let Some(why) = class.opacity() {
            self.facts.opacity.get_or_insert(why);
        }
        if !class.derives_from_arguments() {
            self.facts.tables_complete = false;
        }
    }

    pub(super) fn call(&mut self, call: &FuncCall, scope: &Scope<'_>, one: Use) -> Step<Origin> {
        let (schema, name) = qualified(&call.funcname);
        let mut class = classify(schema, name, self.catalog, &self.path);
        if class == FunctionClass::Sets {
            class = self.set_config(call);
        }
        self.note_function(schema, name, class);
        if class.is_aggregate() {
            let windowed = call.over.is_some();
            let level = self.level();
            level.aggregates |= !windowed;
            level.collects |= class == FunctionClass::Collects;
        }
        let arguments = if class == FunctionClass::Count { Use::Counted } else { one };
        let mut origin = Origin::constant();
        for argument in &call.args {
            origin.add(&self.expr(argument, scope, arguments)?);
        }
        for order in &call.agg_order {
            origin.add(&self.expr(order, scope, arguments)?);
        }
        if !class.is_aggregate() && !shapes(name) {
            // `regexp_match` is null where nothing matches, and others fail: both tell, whatever becomes of the value.
            self.mark(&origin, Use::Computed);
        }
        if let Some(filter) = call.agg_filter.as_deref() {
            origin.add(&self.condition(filter, scope)?);
        }
        if let Some(over) = call.over.as_deref() {
            origin.add(&self.window(over, scope)?);
        }
        if class == FunctionClass::Count {
            return Ok(Origin::count());
        }
        if !class.derives_from_arguments() {
            origin.add(&Origin::unprovable());
        }
        Ok(origin.derived())
    }

    pub(super) fn window(&mut self, window: &crate::parser::nodes::WindowDef, scope: &Scope<'_>) -> Step<Origin> {
        let mut origin = Origin::constant();
        for part in &window.partition_clause {
            origin.add(&self.expr(part, scope, Use::Group)?);
        }
        for part in &window.order_clause {
            origin.add(&self.expr(part, scope, Use::Order)?);
        }
        for part in window.start_offset.iter().chain(&window.end_offset) {
            origin.add(&self.expr(part, scope, Use::Computed)?);
        }
        Ok(origin.derived())
    }

    /// `set_config('name', 'value', …)` is `SET`, when both are plain.
    fn set_config(&mut self, call: &FuncCall) -> FunctionClass {
        let constant = |at: usize| call.args.get(at).and_then(super::nodes::string_constant);
        let (Some(name), Some(value)) = (constant(0), constant(1)) else {
            // Any of them, to anything.
            let (name, values) = (String::new(), Some(Vec::new()));
            self.facts.settings.push(crate::facts::SettingChange {
                name,
                values,
                class: SettingClass::Unknown,
                local: false,
            });
            return FunctionClass::Sets;
        };
        let name = name.to_ascii_lowercase();
        let class = class_of(&name, Some(&[value.to_owned()]));
        let values = Some(vec![crate::facts::Hidden(value.to_owned())]);
        self.facts.settings.push(crate::facts::SettingChange { name, values, class, local: false });
        if class == SettingClass::Harmless { FunctionClass::Harmless } else { FunctionClass::Sets }
    }

    fn sub_link(&mut self, link: &SubLink, scope: &Scope<'_>, one: Use) -> Step<Origin> {
        let Some(select) = link.subselect.as_deref().and_then(select_in) else { return Ok(self.unjudged()) };
        let query = self.select(select, Some(scope), false)?;
        let mut origin = query.columns.all();
        match link.sub_link_type() {
            // Only whether there are rows: what its conditions ask is noted there.
            SubLinkType::ExistsSublink => {
                origin = self.condition_origin(select, scope)?;
            }
            SubLinkType::ExprSublink | SubLinkType::MultiexprSublink | SubLinkType::ArraySublink => {
                self.mark(&origin, one);
                self.pass_on(query.rows.or(query.collected));
            }
            _ => {
                let with = if one == Use::Output { Use::Output } else { Use::Join };
                self.mark(&origin, with);
            }
        }
        if let Some(test) = link.testexpr.as_deref() {
            let tested = self.expr(test, scope, if one == Use::Output { one } else { Use::Join })?;
            // Only to be among the values of a column is a join; values of the statement's own make it guessing.
            let among = link.sub_link_type() == SubLinkType::AnySublink && link.oper_name.is_empty();
            if !among || !origin.is_copy() || !tested.is_copy() {
                self.mark(&tested, Use::Computed);
                self.mark(&origin, Use::Computed);
            }
            origin.add(&tested);
        }
        // The value of one row's one column is a copy of it; the rest is computed.
        Ok(if link.sub_link_type() == SubLinkType::ExprSublink { origin } else { origin.derived() })
    }

    /// What the answer of `EXISTS` depends on: every column that the query asks about.
    fn condition_origin(&mut self, select: &crate::parser::nodes::SelectStmt, scope: &Scope<'_>) -> Step<Origin> {
        let mut inner = Scope::within(Some(scope));
        if select.with_clause.is_some() || select.larg.is_some() {
            return Ok(Origin::unprovable());
        }
        for item in &select.from_clause {
            self.add_source(item, &mut inner)?;
        }
        let mut origin = Origin::constant();
        for part in select.where_clause.iter().chain(&select.having_clause) {
            self.level().in_condition += 1;
            let of = self.expr(part, &inner, Use::Inner)?;
            self.level().in_condition -= 1;
            origin.add(&of);
        }
        Ok(origin.derived())
    }
}

/// Whether an operator asks how two values stand to each other, wherever it is written.
fn compares(of: &AExpr) -> bool {
    if of.lexpr.is_none() || of.rexpr.is_none() {
        return false;
    }
    match of.kind() {
        AExprKind::AexprOp => matches!(
            qualified(&of.name).1,
            "=" | "<"
                | "<="
                | ">"
                | ">="
                | "<>"
                | "!="
                | "~"
                | "~*"
                | "!~"
                | "!~*"
                | "~~"
                | "~~*"
                | "!~~"
                | "!~~*"
                | "^@"
        ),
        _ => true,
    }
}

/// Functions that only put their arguments into another form: they never fail, and are null for nulls only.
fn shapes(name: &str) -> bool {
    matches!(
        name,
        "age"
            | "array_to_json"
            | "btrim"
            | "concat"
            | "concat_ws"
            | "date_part"
            | "date_trunc"
            | "extract"
            | "format"
            | "initcap"
            | "json_build_array"
            | "json_build_object"
            | "jsonb_build_array"
            | "jsonb_build_object"
            | "lower"
            | "ltrim"
            | "row_to_json"
            | "rtrim"
            | "to_char"
            | "to_json"
            | "to_jsonb"
            | "upper"
            | "xmlcomment"
    )
}
