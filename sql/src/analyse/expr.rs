//! Expressions: where a value comes from, and what computing it does.

use crate::parser::nodes::node::Node as Kind;
use crate::parser::nodes::{
    AExpr, AExprKind, AIndirection, CaseExpr, ColumnRef, JsonExprOp, JsonFuncExpr, Node, SubLink, SubLinkType,
    TypeCast, TypeName, XmlExprOp,
};

use super::calls::words;
use super::nodes::{children, qualified, select_in, string_constant, text, uncast};
use super::scope::{Columns, Scope};
use super::{Analyser, Step};
use crate::facts::{Opacity, Use};
use crate::forms::{Form, Sort};
use crate::functions::{FunctionClass, classify};
use crate::origin::{Derivation, Origin};

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
                let origin = query.columns.all().shown();
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
                    origin.add(&self.expr(result, scope, one)?.shown());
                }
                Ok(origin)
            }
            Some(Kind::CaseExpr(of)) => self.case(of, scope, one),
            Some(Kind::JsonArrayAgg(_) | Kind::JsonObjectAgg(_)) => {
                self.level().aggregates = true;
                self.level().collects = true;
                let origin = self.all_inside(node, scope, one)?;
                self.ordered_json(node, &origin);
                Ok(origin)
            }
            Some(Kind::JsonObjectConstructor(of)) => {
                let origin = self.all_inside(node, scope, one)?;
                if of.unique {
                    self.group(&origin);
                }
                Ok(origin)
            }
            Some(Kind::JsonFuncExpr(of)) => self.json_function(node, of, scope, one),
            Some(Kind::JsonParseExpr(_)) => {
                let origin = self.all_inside(node, scope, one)?;
                self.mark(&origin, Use::Computed);
                Ok(origin)
            }
            Some(Kind::XmlExpr(of)) => {
                let origin = self.all_inside(node, scope, one)?;
                if matches!(of.op(), XmlExprOp::IsXmlparse | XmlExprOp::IsXmlpi | XmlExprOp::IsDocument) {
                    self.mark(&origin, Use::Computed);
                }
                // The names of elements may be any.
                Ok(origin.by(Derivation::Glued))
            }
            Some(Kind::NullTest(_) | Kind::BooleanTest(_) | Kind::BoolExpr(_) | Kind::GroupingFunc(_)) => {
                Ok(self.all_inside(node, scope, one)?.tested())
            }
            Some(Kind::JsonIsPredicate(_)) => {
                let origin = self.all_inside(node, scope, one)?;
                self.mark(&origin, Use::Computed);
                Ok(origin.tested())
            }
            Some(Kind::MinMaxExpr(of)) => {
                let origin = self.all_inside(node, scope, one)?;
                if of.args.len() > 1 {
                    self.mark(&origin, Use::Computed);
                }
                Ok(origin)
            }
            Some(Kind::AExpr(of)) => self.operator(node, of, scope, one),
            Some(Kind::TypeCast(of)) => self.cast(of, scope, one),
            Some(Kind::SqlvalueFunction(_)) => Ok(Origin::guess()),
            Some(_) => self.all_inside(node, scope, one),
            None => Ok(self.unjudged()),
        }
    }

    fn case(&mut self, of: &CaseExpr, scope: &Scope<'_>, one: Use) -> Step<Origin> {
        let mut origin = Origin::constant();
        if let Some(arg) = of.arg.as_deref() {
            // `CASE column WHEN value`: compared with each of them.
            let compared = self.expr(arg, scope, Use::Computed)?;
            self.mark(&compared, one);
            origin.add(&compared.tested());
        }
        for part in of.args.iter().chain(of.defresult.as_deref()) {
            origin.add(&self.expr(part, scope, one)?);
        }
        Ok(origin.shown())
    }

    fn operator(&mut self, node: &Node, of: &AExpr, scope: &Scope<'_>, one: Use) -> Step<Origin> {
        let (schema, name) = qualified(&of.name);
        if schema.is_some_and(|schema| schema != "pg_catalog") {
            // Somebody's own operator is somebody's own function.
            self.note_function(schema, name, FunctionClass::Unknown);
            return Ok(self.all_inside(node, scope, one)?.derived().and(&Origin::unprovable()));
        }
        let (left, right) = (of.lexpr.as_deref(), of.rexpr.as_deref());
        if of.kind() == AExprKind::AexprNullif
            && let (Some(left), Some(right)) = (left, right)
        {
            let mut origin = self.expr(left, scope, Use::Computed)?.shown();
            self.mark(&origin, one);
            origin.add(&self.expr(right, scope, Use::Computed)?.tested());
            return Ok(origin);
        }
        if compares(of) {
            let origin = self.compared(node, of, scope)?.tested();
            self.mark(&origin, one);
            return Ok(origin);
        }
        if name == "||" {
            return self.glued(of, scope, one);
        }
        if matches!(name, "->" | "->>" | "#>" | "#>>")
            && let (Some(left), Some(right)) = (left, right)
        {
            return self.picked(left, right, scope, one);
        }
        let mut sides = Vec::new();
        for side in left.into_iter().chain(right) {
            sides.push(self.expr(side, scope, one)?);
        }
        let origin = sides.iter().fold(Origin::constant(), Origin::and);
        // Whether it fails, or is null, tells of its arguments.
        self.mark(&origin, Use::Computed);
        Ok(match name {
            "-" if sides.len() == 2 && sides.iter().all(|side| self.is_day(side)) => origin.by(Derivation::Measured),
            "+" | "-" | "*" | "/" | "%" | "^" | "|/" | "||/" | "@" => origin.by(Derivation::Figured),
            "@>" | "<@" | "?" | "?|" | "?&" | "&&" | "@@" | "@?" => origin.tested(),
            _ => origin.derived(),
        })
    }

    /// Whether it is what stands in columns of days, and nothing of the statement's own.
    fn is_day(&self, origin: &Origin) -> bool {
        let is_day = |(id, how): &(crate::origin::ColumnId, Derivation)| {
            matches!(how, Derivation::Copy | Derivation::Shown) && self.sort_of(*id).is_some_and(Sort::is_day)
        };
        !origin.sources().is_empty() && !origin.mixes() && origin.sources().iter().all(is_day)
    }

    /// The type of a column, as far as the catalog knows it.
    fn sort_of(&self, id: crate::origin::ColumnId) -> Option<Sort> {
        let (table, column) = self.facts.column(id)?;
        let relation = self.catalog.relation(table.schema.as_deref()?, &table.name)?;
        Some(Sort::of(&relation.column(&column.name)?.type_name))
    }

    /// `json ->> 'key'`: the key is what the value is called.
    fn picked(&mut self, left: &Node, right: &Node, scope: &Scope<'_>, one: Use) -> Step<Origin> {
        let origin = self.expr(left, scope, one)?.shown();
        if let Some(path) = string_constant(uncast(right)) {
            return Ok(words(path).fold(origin, Origin::keyed));
        }
        let by = self.expr(right, scope, one)?;
        // Whether there is such a key tells.
        self.mark(&by, Use::Computed);
        if matches!(&right.node, Some(Kind::AConst(_))) {
            return Ok(origin);
        }
        Ok(origin.derived().and(&by.derived()))
    }

    fn json_function(&mut self, node: &Node, of: &JsonFuncExpr, scope: &Scope<'_>, one: Use) -> Step<Origin> {
        let origin = self.all_inside(node, scope, one)?;
        self.mark(&origin, Use::Computed);
        if of.op() == JsonExprOp::JsonExistsOp {
            return Ok(origin.tested());
        }
        Ok(match of.pathspec.as_deref().and_then(|path| string_constant(uncast(path))) {
            Some(path) => words(path).fold(origin, Origin::keyed),
            None => origin.derived(),
        })
    }

    /// Elements that are ordered, or keys that must be different.
    fn ordered_json(&mut self, node: &Node, origin: &Origin) {
        let (ordered, unique) = match &node.node {
            Some(Kind::JsonArrayAgg(of)) => (of.constructor.as_deref(), false),
            Some(Kind::JsonObjectAgg(of)) => (of.constructor.as_deref(), of.unique),
            _ => (None, false),
        };
        if ordered.is_some_and(|of| !of.agg_order.is_empty()) {
            self.mark(origin, Use::Order);
        }
        if unique {
            self.group(origin);
        }
    }

    fn cast(&mut self, of: &TypeCast, scope: &Scope<'_>, one: Use) -> Step<Origin> {
        let (Some(arg), Some(to)) = (of.arg.as_deref(), of.type_name.as_ref()) else { return Ok(self.unjudged()) };
        let origin = self.expr(arg, scope, one)?;
        let to = sort_of_name(to);
        let fits = |from: &(crate::origin::ColumnId, Derivation)| {
            from.1 == Derivation::Copy && self.sort_of(from.0).is_some_and(|from| from.always_fits(to))
        };
        if to != Sort::Text && !origin.sources().iter().all(fits) {
            // It fails for some values and not for others.
            self.mark(&origin, Use::Computed);
        }
        Ok(match to.form() {
            Form::Tests => origin.tested(),
            Form::By(form) => origin.by(form),
            _ => origin.derived(),
        })
    }

    fn all_inside(&mut self, node: &Node, scope: &Scope<'_>, one: Use) -> Step<Origin> {
        let Some(inside) = children(node) else { return Ok(self.unjudged()) };
        let mut origin = Origin::constant();
        for part in inside {
            origin.add(&self.expr(part, scope, one)?);
        }
        Ok(origin.shown())
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
            return self.whole_row(&before, scope).unwrap_or_else(Origin::unprovable).shown();
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
            return possible.and(&row.shown());
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
                    None => self.column_ref(row, scope).shown(),
                };
                self.mark(&origin, one);
                origin
            }
            _ => self.expr(arg, scope, one)?,
        };
        for part in &of.indirection {
            if let Some(attribute) = text(part) {
                origin = origin.keyed(attribute);
            } else {
                // `json['key']`
                let key = match &part.node {
                    Some(Kind::AIndices(at)) => at.uidx.as_deref().and_then(|key| string_constant(uncast(key))),
                    _ => None,
                };
                let by = self.expr(part, scope, one)?;
                let known = key.is_some() || by.is_constant();
                origin = match key {
                    Some(key) => words(key).fold(origin, Origin::keyed),
                    None if known => origin,
                    None => origin.derived(),
                };
                origin.add(&by.tested());
            }
        }
        Ok(origin.shown())
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
        Ok(match link.sub_link_type() {
            SubLinkType::ExprSublink => origin,
            SubLinkType::ArraySublink | SubLinkType::MultiexprSublink => origin.shown(),
            _ => origin.tested(),
        })
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
        Ok(origin.tested())
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

fn sort_of_name(to: &TypeName) -> Sort {
    let name = to.names.last().and_then(text).unwrap_or_default();
    if to.names.len() > 1 && to.names.first().and_then(text) != Some("pg_catalog") {
        return Sort::Other;
    }
    let sort = Sort::of(name);
    let bounded = !(to.typmods.is_empty() || sort.is_day() || sort == Sort::Time);
    match sort {
        _ if bounded => Sort::Other,
        // An array shows its elements, and says of each whether it fits.
        Sort::Bool if !to.array_bounds.is_empty() => Sort::Plain,
        sort if to.array_bounds.is_empty() || sort == Sort::Other => sort,
        _ => Sort::Plain,
    }
}
