//! Calls of functions, windows, and texts that are put together.

use crate::parser::nodes::node::Node as Kind;
use crate::parser::nodes::{AExpr, FuncCall, Node, WindowDef, a_const};

use super::nodes::{qualified, string_constant, uncast};
use super::scope::Scope;
use super::{Analyser, Step};
use crate::facts::{FunctionUse, Use};
use crate::forms::{Form, Piece, form_of, is_coarse, is_told_how, stand_apart};
use crate::functions::{FunctionClass, classify};
use crate::origin::{Derivation, Origin};
use crate::settings::{SettingClass, class_of, is_harmless};

impl Analyser<'_> {
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
        let counts = class == FunctionClass::Count;
        let arguments = if counts { Use::Counted } else { one };
        let mut origin = Origin::constant();
        for argument in &call.args {
            let of = self.expr(argument, scope, arguments)?;
            if call.agg_distinct || name.ends_with("_unique") || name.ends_with("_unique_strict") {
                // How many there are, or whether it fails, says which of them are equal.
                self.group(&of);
            }
            if counts && !matches!(argument.node, Some(Kind::ColumnRef(_))) {
                // What is null is not counted.
                self.mark(&of, Use::Computed);
            }
            if !(is_told_how(name) && matches!(uncast(argument).node, Some(Kind::AConst(_)))) {
                origin.add(&of);
            }
        }
        origin = self.formed(origin, call, name, class);
        for order in &call.agg_order {
            origin.add(&self.expr(order, scope, Use::Order)?.shown());
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
        if counts {
            return Ok(Origin::count());
        }
        if !class.derives_from_arguments() {
            origin.add(&Origin::unprovable());
        }
        if origin.is_constant() {
            origin.add(&Origin::guess());
        }
        Ok(origin)
    }

    /// What a function makes of its arguments.
    fn formed(&mut self, origin: Origin, call: &FuncCall, name: &str, class: FunctionClass) -> Origin {
        let own = !matches!(class, FunctionClass::Harmless | FunctionClass::Aggregate | FunctionClass::Collects);
        if own {
            return origin.derived();
        }
        let constant = |at: usize| call.args.get(at).and_then(|arg| string_constant(uncast(arg)));
        match form_of(name, call.args.len()) {
            Form::By(form) => origin.by(form),
            Form::Tests => origin.tested(),
            Form::Glues => {
                let apart = stand_apart(&pieces_of(name, &call.args));
                origin.by(if apart { Derivation::Glued } else { Derivation::Derived })
            }
            Form::Part => {
                let coarse = constant(0).is_some_and(is_coarse);
                origin.by(if coarse { Derivation::Measured } else { Derivation::Derived })
            }
            Form::Written => {
                let coarse = constant(1).is_some_and(|how| matches!(how, "YYYY" | "IYYY" | "CC" | "HH24" | "HH24:MI"));
                origin.by(if coarse { Derivation::Measured } else { Derivation::Derived })
            }
            Form::Picks => {
                // The names on the way are what the value is called.
                let named = (1..call.args.len()).map(|at| constant(at).or_else(|| number(&call.args[at])));
                let mut picked = origin.shown();
                for name in named {
                    // What a wildcard picks bears any name, and the name is left behind.
                    let Some(name) = name.filter(|name| !name.contains(".*")) else { return picked.derived() };
                    picked = words(name).fold(picked, Origin::keyed);
                }
                picked
            }
        }
    }

    /// `a || b || …`: a chain of them may be as long as the text.
    pub(super) fn glued(&mut self, of: &AExpr, scope: &Scope<'_>, one: Use) -> Step<Origin> {
        let mut open: Vec<&Node> = of.rexpr.iter().chain(&of.lexpr).map(|node| &**node).collect();
        let (mut origin, mut pieces) = (Origin::constant(), Vec::new());
        while let Some(node) = open.pop() {
            self.step()?;
            if let Some(Kind::AExpr(inner)) = &node.node
                && matches!(qualified(&inner.name), (None | Some("pg_catalog"), "||"))
            {
                open.extend(inner.rexpr.iter().chain(&inner.lexpr).map(|node| &**node));
                continue;
            }
            let part = self.expr(node, scope, one)?;
            pieces.extend(piece_of(node));
            origin.add(&part);
        }
        Ok(origin.by(if stand_apart(&pieces) { Derivation::Glued } else { Derivation::Derived }))
    }

    pub(super) fn window(&mut self, window: &WindowDef, scope: &Scope<'_>) -> Step<Origin> {
        let mut origin = Origin::constant();
        for part in &window.partition_clause {
            let of = self.expr(part, scope, Use::Group)?;
            self.group(&of);
            origin.add(&of);
        }
        for part in &window.order_clause {
            origin.add(&self.expr(part, scope, Use::Order)?);
        }
        for part in window.start_offset.iter().chain(&window.end_offset) {
            origin.add(&self.expr(part, scope, Use::Computed)?);
        }
        Ok(origin.tested())
    }

    /// `set_config('name', 'value', …)` is `SET`, when both are plain.
    fn set_config(&mut self, call: &FuncCall) -> FunctionClass {
        let constant = |at: usize| call.args.get(at).and_then(string_constant);
        let bound = call.args.get(1).is_some_and(|value| matches!(uncast(value).node, Some(Kind::ParamRef(_))));
        if bound && let Some(name) = constant(0).map(str::to_ascii_lowercase).filter(|name| is_harmless(name)) {
            // What may be set to anything may be set to what a client binds; drivers put settings back this way.
            self.facts.settings.push(crate::facts::SettingChange {
                name,
                values: Some(Vec::new()),
                class: SettingClass::Harmless,
                local: false,
            });
            return FunctionClass::Harmless;
        }
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
}

/// What the text that a function makes is put together from; an empty list of words for what may be anything.
fn pieces_of<'t>(name: &str, args: &'t [Node]) -> Vec<Piece<'t>> {
    let parts = || args.iter().filter_map(piece_of).collect::<Vec<_>>();
    let between = |sign: &'t Node, count: usize| {
        let mut pieces = vec![Piece::Value];
        for _ in 1..count.max(2) {
            pieces.extend([piece_of(sign).unwrap_or(Piece::Words("")), Piece::Value]);
        }
        pieces
    };
    match (name, args) {
        ("concat", _) => parts(),
        ("concat_ws", [sign, rest @ ..]) => between(sign, rest.len()),
        ("string_agg" | "array_to_string", [_, sign]) => between(sign, 2),
        ("format", [how, ..]) => match string_constant(uncast(how)) {
            Some(how) if !how.contains("%L") && !how.contains('$') => {
                let mut pieces = Vec::new();
                for (at, words) in how.split("%s").flat_map(|part| part.split("%I")).enumerate() {
                    pieces.extend((at > 0).then_some(Piece::Value));
                    pieces.push(Piece::Words(words));
                }
                pieces
            }
            _ => vec![Piece::Value, Piece::Value],
        },
        _ => vec![Piece::Value, Piece::Value],
    }
}

/// `None` for a null, of which nothing is left.
fn piece_of(node: &Node) -> Option<Piece<'_>> {
    match &uncast(node).node {
        Some(Kind::AConst(constant)) => match &constant.val {
            Some(a_const::Val::Sval(words)) => Some(Piece::Words(&words.sval)),
            Some(_) => Some(Piece::Value),
            None => None,
        },
        _ => Some(Piece::Value),
    }
}

/// A number as a way into JSON has no name.
fn number(node: &Node) -> Option<&'static str> {
    let is = |val: &a_const::Val| matches!(val, a_const::Val::Ival(_));
    match &uncast(node).node {
        Some(Kind::AConst(constant)) if constant.val.as_ref().is_some_and(is) => Some(""),
        _ => None,
    }
}

/// The words of a path into JSON.
pub(super) fn words(path: &str) -> impl Iterator<Item = &str> {
    let sign = |letter: char| !(letter.is_alphanumeric() || letter == '_');
    path.split(sign).filter(|word| word.chars().any(char::is_alphabetic))
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
