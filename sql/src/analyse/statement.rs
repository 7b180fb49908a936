//! Statements: what sort each one is.
//!
//! Whatever is not named here is opaque: a new version of the parser brings nothing in by itself.

use crate::parser::nodes::node::Node as Kind;
use crate::parser::nodes::{
    CopyStmt, CreateTableAsStmt, DeclareCursorStmt, DefElem, DiscardMode, DoStmt, ExplainStmt, FetchDirection,
    FetchStmt, LockStmt, Node, RangeVar, TransactionStmtKind, TruncateStmt, VariableSetKind, VariableSetStmt, a_const,
};

use super::nodes::{select_in, text};
use super::scope::Scope;
use super::{Analyser, Step};
use crate::facts::{
    CopyEnd, CopyUse, CursorAct, CursorUse, Hidden, Opacity, OutputColumn, PreparedUse, Rows, SettingChange, Use,
};
use crate::functions::{FunctionClass, classify};
use crate::kind::StatementKind;
use crate::origin::Origin;
use crate::settings::{SettingClass, class_of};

impl Analyser<'_> {
    pub(super) fn statement(&mut self, node: &Node) -> Step<()> {
        self.step()?;
        match &node.node {
            Some(
                Kind::SelectStmt(_)
                | Kind::InsertStmt(_)
                | Kind::UpdateStmt(_)
                | Kind::DeleteStmt(_)
                | Kind::MergeStmt(_),
            ) => {
                return self.query(node);
            }
            Some(Kind::CopyStmt(of)) => return self.copy(of),
            Some(Kind::ExplainStmt(of)) => return self.explain(of),
            Some(Kind::DeclareCursorStmt(of)) => return self.declare(of),
            Some(Kind::FetchStmt(of)) => self.fetch(of),
            Some(Kind::ClosePortalStmt(of)) => {
                self.kind(StatementKind::Session);
                self.cursor(Some(&of.portalname), CursorAct::Close);
            }
            Some(Kind::PrepareStmt(of)) => {
                self.facts.prepared = Some(PreparedUse::Prepare(of.name.clone()));
                let Some(query) = of.query.as_deref() else {
                    self.unjudged();
                    return Ok(());
                };
                return self.statement(query);
            }
            Some(Kind::ExecuteStmt(of)) => {
                self.facts.prepared = Some(PreparedUse::Execute(of.name.clone()));
                self.opaque(Opacity::Dynamic);
                for parameter in &of.params {
                    self.expr(parameter, &Scope::default(), Use::Computed)?;
                }
            }
            Some(Kind::DeallocateStmt(of)) => {
                self.kind(StatementKind::Session);
                let name = (!of.isall).then(|| of.name.clone());
                self.facts.prepared = Some(PreparedUse::Deallocate(name));
            }
            Some(Kind::VariableSetStmt(of)) => self.setting(of),
            Some(Kind::VariableShowStmt(_)) => {
                self.kind(StatementKind::Session);
                self.facts.outputs_complete = false;
            }
            Some(Kind::ConstraintsSetStmt(_)) => self.kind(StatementKind::Session),
            Some(Kind::DiscardStmt(of)) => {
                self.kind(StatementKind::Session);
                if of.target() == DiscardMode::DiscardAll {
                    self.facts.prepared = Some(PreparedUse::Deallocate(None));
                }
            }
            Some(Kind::TransactionStmt(of)) => match of.kind() {
                // Two-phase commit ends other sessions' transactions, or leaves one that no session ends.
                TransactionStmtKind::TransStmtPrepare
                | TransactionStmtKind::TransStmtCommitPrepared
                | TransactionStmtKind::TransStmtRollbackPrepared
                | TransactionStmtKind::Undefined => self.opaque(Opacity::Outside),
                _ => self.kind(StatementKind::Session),
            },
            Some(Kind::CallStmt(of)) => {
                self.kind(StatementKind::Call);
                self.facts.tables_complete = false;
                self.facts.outputs_complete = false;
                if let Some(call) = of.funccall.as_deref() {
                    self.call(call, &Scope::default(), Use::Computed)?;
                }
            }
            Some(Kind::DoStmt(of)) if self.is_reset(of) => self.kind(StatementKind::Session),
            Some(Kind::DoStmt(_)) => self.opaque(Opacity::Dynamic),
            Some(Kind::UnlistenStmt(_)) => self.kind(StatementKind::Session),
            Some(Kind::ListenStmt(_) | Kind::NotifyStmt(_)) => self.kind(StatementKind::Listen),
            Some(Kind::LockStmt(of)) => self.lock(of)?,
            Some(Kind::TruncateStmt(of)) => self.truncate(of)?,
            Some(Kind::CreateTableAsStmt(of)) => return self.create_as(of),
            Some(Kind::ViewStmt(of)) => {
                self.defines(of.view.as_ref())?;
                self.created(of.view.as_ref());
                return self.defined_by(of.query.as_deref());
            }
            // Checkpoints, vacuums and statistics change no row and no definition, but they are no reading either.
            Some(Kind::VacuumStmt(_) | Kind::CheckPointStmt(_) | Kind::ClusterStmt(_) | Kind::ReindexStmt(_)) => {
                self.defines(None)?;
            }
            Some(Kind::LoadStmt(_) | Kind::AlterSystemStmt(_)) => self.opaque(Opacity::Outside),
            Some(Kind::CreateSubscriptionStmt(_) | Kind::AlterSubscriptionStmt(_) | Kind::DropSubscriptionStmt(_)) => {
                self.opaque(Opacity::Outside);
            }
            Some(Kind::CreateStmt(of)) => {
                self.defines(of.relation.as_ref())?;
                self.created(of.relation.as_ref());
            }
            Some(Kind::CreateForeignTableStmt(of)) => {
                let relation = of.base_stmt.as_ref().and_then(|base| base.relation.as_ref());
                self.defines(relation)?;
                self.created(relation);
            }
            Some(Kind::AlterTableStmt(of)) => self.defines(of.relation.as_ref())?,
            Some(Kind::RenameStmt(of)) => {
                self.defines(of.relation.as_ref())?;
                self.facts.creates.push((None, of.newname.clone(), false));
            }
            Some(Kind::IndexStmt(of)) => self.defines(of.relation.as_ref())?,
            Some(Kind::RuleStmt(of)) => self.defines(of.relation.as_ref())?,
            Some(Kind::CreateTrigStmt(of)) => self.defines(of.relation.as_ref())?,
            Some(Kind::RefreshMatViewStmt(of)) => self.defines(of.relation.as_ref())?,
            Some(kind) if is_ddl(kind) => self.defines(None)?,
            _ => self.opaque(Opacity::Unjudged),
        }
        Ok(())
    }

    /// A statement with an answer of rows, or a change.
    fn query(&mut self, node: &Node) -> Step<()> {
        let none = None;
        match &node.node {
            Some(Kind::SelectStmt(select)) => {
                let mut first = &**select;
                while let Some(left) = first.larg.as_deref() {
                    first = left;
                }
                if let Some(into) = &first.into_clause {
                    // `SELECT … INTO` makes a table and answers with nothing.
                    self.defines(into.rel.as_ref())?;
                    self.created(into.rel.as_ref());
                }
                self.kind(StatementKind::Select);
                let query = self.select(select, none, true)?;
                self.facts.rows = std::mem::take(&mut self.facts.rows).or(query.rows).or(query.collected);
            }
            Some(Kind::InsertStmt(of)) => drop(self.insert(of, none, true)?),
            Some(Kind::UpdateStmt(of)) => drop(self.update(of, none, true)?),
            Some(Kind::DeleteStmt(of)) => drop(self.delete(of, none, true)?),
            Some(Kind::MergeStmt(of)) => drop(self.merge(of, none, true)?),
            _ => self.opaque(Opacity::Unjudged),
        }
        Ok(())
    }

    /// DDL; the relation that it is about, where it is about one. What else it looks at is not followed.
    fn defines(&mut self, relation: Option<&RangeVar>) -> Step<()> {
        self.kind(StatementKind::Ddl);
        self.facts.tables_complete = false;
        self.touched(relation, StatementKind::Ddl)?;
        Ok(())
    }

    fn touched(&mut self, relation: Option<&RangeVar>, kind: StatementKind) -> Step<()> {
        if let Some(relation) = relation {
            let acting = std::mem::replace(&mut self.acting, kind);
            self.relation(relation)?;
            self.acting = acting;
        }
        Ok(())
    }

    fn created(&mut self, relation: Option<&RangeVar>) {
        if let Some(relation) = relation {
            let schema = Some(relation.schemaname.clone()).filter(|schema| !schema.is_empty());
            self.facts.creates.push((schema, relation.relname.clone(), relation.relpersistence == "t"));
        }
    }

    fn defined_by(&mut self, query: Option<&Node>) -> Step<()> {
        match query {
            Some(query) if select_in(query).is_some() => self.query(query),
            Some(query) if matches!(query.node, Some(Kind::ExecuteStmt(_))) => self.statement(query),
            _ => {
                self.unjudged();
                Ok(())
            }
        }
    }

    fn create_as(&mut self, of: &CreateTableAsStmt) -> Step<()> {
        let relation = of.into.as_deref().and_then(|into| into.rel.as_ref());
        self.defines(relation)?;
        self.created(relation);
        self.defined_by(of.query.as_deref())
    }

    fn truncate(&mut self, of: &TruncateStmt) -> Step<()> {
        self.kind(StatementKind::Truncate);
        self.facts.writes_unfiltered = true;
        for relation in &of.relations {
            self.listed(relation, StatementKind::Truncate)?;
        }
        Ok(())
    }

    fn lock(&mut self, of: &LockStmt) -> Step<()> {
        self.kind(StatementKind::Lock);
        for relation in &of.relations {
            self.listed(relation, StatementKind::Lock)?;
        }
        Ok(())
    }

    fn listed(&mut self, relation: &Node, kind: StatementKind) -> Step<()> {
        match &relation.node {
            Some(Kind::RangeVar(relation)) => self.touched(Some(relation), kind),
            _ => {
                self.unjudged();
                Ok(())
            }
        }
    }

    fn explain(&mut self, of: &ExplainStmt) -> Step<()> {
        let executes =
            of.options.iter().filter_map(option).any(|option| option.defname == "analyze" && !is_off(option));
        self.facts.explain_executes = Some(executes);
        let Some(query) = of.query.as_deref() else {
            self.unjudged();
            return Ok(());
        };
        self.statement(query)?;
        if !executes {
            // Planning runs functions that promise to be immutable, so what calls brought in stays; the rest does not run.
            let stays = |kind: &StatementKind| {
                matches!(kind, StatementKind::Opaque | StatementKind::Call | StatementKind::Set | StatementKind::Listen)
            };
            self.facts.kinds.retain(stays);
            for table in &mut self.facts.tables {
                table.kinds = [StatementKind::Explain].into();
            }
            self.facts.writes_unfiltered = false;
            self.facts.creates.clear();
        }
        self.kind(StatementKind::Explain);
        // A plan shows constants, and estimates that come from statistics over the values.
        self.facts.outputs = vec![OutputColumn { name: Some("QUERY PLAN".to_owned()), origin: Origin::unprovable() }];
        self.facts.outputs_complete = true;
        Ok(())
    }

    fn declare(&mut self, of: &DeclareCursorStmt) -> Step<()> {
        self.cursor(Some(&of.portalname), CursorAct::Declare);
        if let Some(cursor) = &mut self.facts.cursor {
            cursor.hold = of.options & CURSOR_OPT_HOLD != 0;
        }
        let Some(query) = of.query.as_deref() else {
            self.unjudged();
            return Ok(());
        };
        self.statement(query)?;
        self.kind(StatementKind::Cursor);
        Ok(())
    }

    fn fetch(&mut self, of: &FetchStmt) {
        self.kind(StatementKind::Cursor);
        let one = matches!(of.direction(), FetchDirection::FetchAbsolute | FetchDirection::FetchRelative);
        let rows = if one { Some(1) } else { Some(of.how_many.unsigned_abs()) };
        let all = !one && (of.how_many == i64::MAX || of.how_many == i64::MIN + 1);
        let act = if of.ismove { CursorAct::Move } else { CursorAct::Fetch(rows.filter(|_| !all)) };
        self.cursor(Some(&of.portalname), act);
        if !of.ismove {
            self.facts.outputs_complete = false;
            self.facts.tables_complete = false;
        }
    }

    /// Whether a block is the one by which a pool of asyncpg's has a connection listen to nothing any more: `UNLISTEN`, where
    /// a server that is a standby would refuse it.
    fn is_reset(&self, of: &DoStmt) -> bool {
        const RESET: &str =
            "BEGIN PERFORM * FROM pg_listening_channels() LIMIT 1; IF FOUND THEN UNLISTEN *; END IF; END;";
        let [body] = of.args.as_slice() else { return false };
        let text = option(body).filter(|body| body.defname == "as").and_then(|body| body.arg.as_deref());
        let words = text.map(value_of).unwrap_or_default();
        let theirs = classify(None, "pg_listening_channels", self.catalog, &self.path) == FunctionClass::Reveals;
        theirs && words.split_ascii_whitespace().eq(RESET.split_ascii_whitespace())
    }

    fn cursor(&mut self, name: Option<&str>, act: CursorAct) {
        let name = name.filter(|name| !name.is_empty()).map(str::to_owned);
        self.facts.cursor = Some(CursorUse { name, act, hold: false });
    }

    fn setting(&mut self, of: &VariableSetStmt) {
        let name = of.name.to_ascii_lowercase();
        let values: Option<Vec<String>> = match of.kind() {
            VariableSetKind::VarSetValue => Some(of.args.iter().map(value_of).collect()),
            VariableSetKind::VarSetMulti => Some(Vec::new()),
            _ => None,
        };
        let class = match of.kind() {
            VariableSetKind::VarResetAll => SettingClass::Harmless,
            // `SET TRANSACTION`, `SET SESSION CHARACTERISTICS`; a snapshot is another session's.
            VariableSetKind::VarSetMulti if name == "transaction snapshot" => SettingClass::Unknown,
            VariableSetKind::VarSetMulti => SettingClass::Harmless,
            // Taken over from the session for the transaction: it stays what it is.
            VariableSetKind::VarSetCurrent => class_of(&name, None),
            _ => class_of(&name, values.as_deref()),
        };
        let harmless = matches!(class, SettingClass::Harmless | SettingClass::Gateway);
        self.kind(if harmless { StatementKind::Session } else { StatementKind::Set });
        let values = values.map(|values| values.into_iter().map(Hidden).collect());
        self.facts.settings.push(SettingChange { name, values, class, local: of.is_local });
    }

    fn copy(&mut self, of: &CopyStmt) -> Step<()> {
        let kind = if of.is_from { StatementKind::CopyIn } else { StatementKind::CopyOut };
        self.kind(kind);
        let end = match (of.is_program, of.filename.is_empty()) {
            (true, _) => CopyEnd::Program,
            (false, false) => CopyEnd::File,
            (false, true) => CopyEnd::Client,
        };
        let options = of.options.iter().filter_map(option).map(|option| {
            let value = option.arg.as_deref().map(value_of).unwrap_or_default();
            (option.defname.to_ascii_lowercase(), Hidden(value))
        });
        let columns: Vec<String> = of.attlist.iter().filter_map(text).map(str::to_owned).collect();
        self.facts.copy = Some(CopyUse { out: !of.is_from, end, options: options.collect(), columns: columns.clone() });
        if end != CopyEnd::Client {
            self.opaque(Opacity::Outside);
        }
        let acting = std::mem::replace(&mut self.acting, kind);
        let outcome = match (&of.relation, of.query.as_deref()) {
            (Some(relation), _) => self.copy_table(of, relation, &columns),
            (None, Some(query)) => {
                let outcome = self.statement(query);
                // What is read leaves as a copy; what is changed on the way stays a change.
                self.facts.kinds.remove(&StatementKind::Select);
                for table in &mut self.facts.tables {
                    if table.kinds.remove(&StatementKind::Select) {
                        table.kinds.insert(kind);
                    }
                }
                outcome
            }
            (None, None) => {
                self.unjudged();
                Ok(())
            }
        };
        self.acting = acting;
        outcome
    }

    fn copy_table(&mut self, of: &CopyStmt, relation: &RangeVar, columns: &[String]) -> Step<()> {
        let mut scope = Scope::default();
        let (table, known) = self.target(relation, &mut scope)?;
        let narrowed = match of.where_clause.as_deref() {
            Some(condition) => {
                self.condition(condition, &scope)?;
                true
            }
            None => false,
        };
        let names: Vec<Option<String>> = if columns.is_empty() {
            known.named.iter().map(|column| column.name.clone()).collect()
        } else {
            columns.iter().cloned().map(Some).collect()
        };
        for name in names.into_iter().flatten() {
            let column = self.column(table, &name);
            let one = if of.is_from { Use::Assigned } else { Use::Output };
            let origin = known.by_name(&name).unwrap_or_else(|| Origin::copy_of(column).and(&Origin::unprovable()));
            if of.is_from {
                self.facts.tables[table].columns[column.column].uses.add(one);
            } else {
                self.mark(&origin, one);
                self.facts.outputs.push(OutputColumn { name: Some(name), origin });
            }
        }
        if known.rest.is_some() && columns.is_empty() {
            self.facts.outputs_complete = of.is_from;
        }
        if !of.is_from && !narrowed && !self.facts.tables[table].system {
            self.facts.rows = Rows::Unbounded;
        }
        Ok(())
    }
}

/// The parser's bit for `WITH HOLD`.
const CURSOR_OPT_HOLD: i32 = 0x20;

fn option(node: &Node) -> Option<&DefElem> {
    match &node.node {
        Some(Kind::DefElem(option)) => Some(option),
        _ => None,
    }
}

/// Whether an option says no. A word that says neither is no.
fn is_off(option: &DefElem) -> bool {
    let value = option.arg.as_deref().map(value_of).unwrap_or_default();
    ["off", "false", "0"].iter().any(|off| value.eq_ignore_ascii_case(off))
}

/// The value of an option or a setting as text.
fn value_of(node: &Node) -> String {
    match &node.node {
        Some(Kind::AConst(constant)) => match &constant.val {
            Some(a_const::Val::Sval(value)) => value.sval.clone(),
            Some(a_const::Val::Ival(value)) => value.ival.to_string(),
            Some(a_const::Val::Fval(value)) => value.fval.clone(),
            Some(a_const::Val::Boolval(value)) => value.boolval.to_string(),
            Some(a_const::Val::Bsval(value)) => value.bsval.clone(),
            None => String::new(),
        },
        Some(Kind::String(value)) => value.sval.clone(),
        Some(Kind::Integer(value)) => value.ival.to_string(),
        Some(Kind::Float(value)) => value.fval.clone(),
        Some(Kind::Boolean(value)) => value.boolval.to_string(),
        Some(Kind::TypeCast(cast)) => cast.arg.as_deref().map(value_of).unwrap_or_default(),
        Some(Kind::List(list)) => list.items.iter().map(value_of).collect::<Vec<_>>().join(","),
        _ => String::new(),
    }
}

/// Statements that change definitions or rights, and do no more than that.
fn is_ddl(kind: &Kind) -> bool {
    matches!(
        kind,
        Kind::AlterCollationStmt(_)
            | Kind::AlterDatabaseRefreshCollStmt(_)
            | Kind::AlterDatabaseSetStmt(_)
            | Kind::AlterDatabaseStmt(_)
            | Kind::AlterDefaultPrivilegesStmt(_)
            | Kind::AlterDomainStmt(_)
            | Kind::AlterEnumStmt(_)
            | Kind::AlterEventTrigStmt(_)
            | Kind::AlterExtensionContentsStmt(_)
            | Kind::AlterExtensionStmt(_)
            | Kind::AlterFdwStmt(_)
            | Kind::AlterForeignServerStmt(_)
            | Kind::AlterFunctionStmt(_)
            | Kind::AlterObjectDependsStmt(_)
            | Kind::AlterObjectSchemaStmt(_)
            | Kind::AlterOpFamilyStmt(_)
            | Kind::AlterOperatorStmt(_)
            | Kind::AlterOwnerStmt(_)
            | Kind::AlterPolicyStmt(_)
            | Kind::AlterPublicationStmt(_)
            | Kind::AlterRoleSetStmt(_)
            | Kind::AlterRoleStmt(_)
            | Kind::AlterSeqStmt(_)
            | Kind::AlterStatsStmt(_)
            | Kind::AlterTableMoveAllStmt(_)
            | Kind::AlterTableSpaceOptionsStmt(_)
            | Kind::AlterTsconfigurationStmt(_)
            | Kind::AlterTsdictionaryStmt(_)
            | Kind::AlterTypeStmt(_)
            | Kind::AlterUserMappingStmt(_)
            | Kind::CommentStmt(_)
            | Kind::CompositeTypeStmt(_)
            | Kind::CreateAmStmt(_)
            | Kind::CreateCastStmt(_)
            | Kind::CreateConversionStmt(_)
            | Kind::CreateDomainStmt(_)
            | Kind::CreateEnumStmt(_)
            | Kind::CreateEventTrigStmt(_)
            | Kind::CreateExtensionStmt(_)
            | Kind::CreateFdwStmt(_)
            | Kind::CreateForeignServerStmt(_)
            | Kind::CreateFunctionStmt(_)
            | Kind::CreateOpClassStmt(_)
            | Kind::CreateOpFamilyStmt(_)
            | Kind::CreatePlangStmt(_)
            | Kind::CreatePolicyStmt(_)
            | Kind::CreatePublicationStmt(_)
            | Kind::CreateRangeStmt(_)
            | Kind::CreateRoleStmt(_)
            | Kind::CreateSchemaStmt(_)
            | Kind::CreateSeqStmt(_)
            | Kind::CreateStatsStmt(_)
            | Kind::CreateTableSpaceStmt(_)
            | Kind::CreateTransformStmt(_)
            | Kind::CreateUserMappingStmt(_)
            | Kind::CreatedbStmt(_)
            | Kind::DefineStmt(_)
            | Kind::DropOwnedStmt(_)
            | Kind::DropRoleStmt(_)
            | Kind::DropStmt(_)
            | Kind::DropTableSpaceStmt(_)
            | Kind::DropUserMappingStmt(_)
            | Kind::DropdbStmt(_)
            | Kind::GrantRoleStmt(_)
            | Kind::GrantStmt(_)
            | Kind::ImportForeignSchemaStmt(_)
            | Kind::ReassignOwnedStmt(_)
            | Kind::ReplicaIdentityStmt(_)
            | Kind::SecLabelStmt(_)
    )
}
