//! Guarded sources: a table with its guard inside, and filters over them.

use super::Renderer;
use super::parameters::{Parameters, raw as text};
use super::raw::{conjunction, constant, disjunction, is_not_true, is_true, restrict};
use super::test::sealed_test;
use crate::program::Dialect;
use crate::sealed::SealedField;
use freehold_base::ValueType;
use freehold_policy::predicate::{Link, Predicate};
use freehold_policy::source::{FilterPredicate, Guard, ReadableField, RowSource, SourceColumn};
use freehold_schema::catalog::{EntityId, FieldId, FieldType, Operation, SystemField};
use sea_query::{Alias, CaseStatement, DynIden, Expr, ExprTrait, IntoIden, Query, SelectStatement};
use std::collections::BTreeSet;
use std::sync::Arc;

/// One guarded source in a statement, with the columns that are used of it.
#[derive(Clone)]
pub(crate) struct Scope<'a> {
    pub(crate) alias: DynIden,
    pub(crate) source: &'a RowSource,
    used: BTreeSet<SourceColumn>,
    /// Many rows are looked for: what lets them be found counts, not what judges a single one.
    is_list: bool,
}

impl<'a> Scope<'a> {
    pub(crate) fn new(parameters: &mut Parameters, source: &'a RowSource) -> Self {
        Self {
            alias: parameters.alias("t"),
            source,
            used: BTreeSet::new(),
            is_list: false,
        }
    }

    /// The rows of a list.
    pub(crate) fn of_list(parameters: &mut Parameters, source: &'a RowSource) -> Self {
        Self {
            is_list: true,
            ..Self::new(parameters, source)
        }
    }

    pub(crate) fn entity(&self) -> EntityId {
        self.source.entity()
    }

    /// The columns used so far.
    pub(crate) fn used(&self) -> &BTreeSet<SourceColumn> {
        &self.used
    }
}

impl Renderer<'_> {
    /// A column of a guarded source.
    pub(crate) fn column(&self, scope: &mut Scope<'_>, column: SourceColumn) -> Expr {
        scope.used.insert(column);
        Expr::col((scope.alias.clone(), self.column_name(scope.entity(), column)))
    }

    /// A readable field of a guarded source.
    pub(crate) fn field(&self, scope: &mut Scope<'_>, field: &ReadableField) -> Expr {
        self.column(scope, SourceColumn::Field(field.id()))
    }

    /// The id of a guarded source's row.
    pub(crate) fn id(&self, scope: &mut Scope<'_>) -> Expr {
        let id = self
            .catalog
            .entity(scope.entity())
            .find_system(SystemField::Id)
            .unwrap_or(FieldId(0));
        self.column(scope, SourceColumn::Field(id))
    }

    /// The name of a guarded source's column: the table's own name for a plain field.
    pub(crate) fn column_name(&self, entity: EntityId, column: SourceColumn) -> DynIden {
        let field = |id: FieldId| self.catalog.field(entity, id);
        let name = match column {
            SourceColumn::Field(id) => match (field(id).column(), &field(id).field_type) {
                (Some(column), _) => column.name,
                // By number: with a prefix a long name would be cut off.
                (None, FieldType::Formula { .. }) => format!("formula:{}", id.0),
                (None, _) => format!("list:{}", field(id).name),
            },
            SourceColumn::Index(id) => field(id)
                .index_column()
                .unwrap_or_else(|| format!("index:{}", field(id).name)),
            SourceColumn::Link(id) => format!("link:{}", field(id).name),
            SourceColumn::Writable(id) => format!("write:{}", field(id).name),
            SourceColumn::Restricted(id) => format!("hidden:{}", field(id).name),
            SourceColumn::Can(operation) => format!(
                "can:{}",
                match operation {
                    Operation::Create => "create",
                    Operation::Read => "read",
                    Operation::List => "list",
                    Operation::Update => "update",
                    Operation::Delete => "delete",
                    Operation::Transition => "transition",
                }
            ),
        };
        Alias::new(name).into_iden()
    }

    /// `SELECT <used columns> FROM <table> WHERE <guard>`: call it last, when it is known which columns are used.
    pub(crate) fn guarded(&self, parameters: &mut Parameters, scope: &Scope<'_>) -> SelectStatement {
        self.guarded_rows(parameters, scope).0
    }

    /// The same, and the alias of the table inside.
    pub(crate) fn guarded_rows(&self, parameters: &mut Parameters, scope: &Scope<'_>) -> (SelectStatement, DynIden) {
        self.guarded_from(parameters, scope, self.table(scope.entity()))
    }

    /// The same, from what stands for the table.
    pub(crate) fn guarded_from(
        &self,
        parameters: &mut Parameters,
        scope: &Scope<'_>,
        table: DynIden,
    ) -> (SelectStatement, DynIden) {
        let entity = scope.entity();
        let row = parameters.alias("r");
        let mut select = Query::select();
        for column in &scope.used {
            let expression = self.guarded_column(parameters, scope.source, &row, *column);
            select.expr_as(expression, self.column_name(entity, *column));
        }
        if scope.used.is_empty() {
            select.expr_as(text("1"), Alias::new("one"));
        }
        select.from_as(table, row.clone());
        let rows = if scope.is_list {
            self.rule_of_list(parameters, entity, &row, scope.source.rows())
        } else {
            self.rule(parameters, entity, &row, scope.source.rows())
        };
        restrict(&mut select, rows);
        (select, row)
    }

    fn guarded_column(
        &self,
        parameters: &mut Parameters,
        source: &RowSource,
        row: &DynIden,
        column: SourceColumn,
    ) -> Expr {
        let entity = source.entity();
        match column {
            SourceColumn::Field(field) => {
                let value = self.raw_column(parameters, entity, row, field);
                self.shown(parameters, source, row, field, value)
            }
            // The index tells as much as the field: it has the field's guard.
            SourceColumn::Index(field) => match self.catalog.field(entity, field).index_column() {
                Some(name) => {
                    let value = Expr::col((row.clone(), Alias::new(name)));
                    self.shown(parameters, source, row, field, value)
                }
                None => text("NULL"),
            },
            SourceColumn::Link(field) => self.raw_column(parameters, entity, row, field),
            SourceColumn::Can(operation) => is_true(self.rule(parameters, entity, row, &source.can(operation))),
            SourceColumn::Writable(field) => is_true(self.rule(parameters, entity, row, &source.writable(field))),
            SourceColumn::Restricted(field) => match source.guard(field) {
                Some(Guard::Open) => constant(false),
                Some(Guard::When(guard)) => is_not_true(self.rule(parameters, entity, row, guard)),
                None => constant(true),
            },
        }
    }

    /// A column of a field, null on the rows where the field is hidden.
    fn shown(
        &self,
        parameters: &mut Parameters,
        source: &RowSource,
        row: &DynIden,
        field: FieldId,
        value: Expr,
    ) -> Expr {
        match source.guard(field) {
            Some(Guard::Open) => value,
            Some(Guard::When(guard)) => {
                let guard = self.rule(parameters, source.entity(), row, guard);
                Expr::Case(Box::new(CaseStatement::new().case(guard, value)))
            }
            None => text("NULL"),
        }
    }

    /// A filter over the row of a guarded source.
    pub(crate) fn filter(
        &self,
        parameters: &mut Parameters,
        scope: &mut Scope<'_>,
        predicate: &FilterPredicate,
    ) -> Expr {
        match predicate {
            Predicate::Constant(value) => constant(*value),
            Predicate::Caller(_) => constant(false),
            Predicate::All(parts) => {
                conjunction(parts.iter().map(|part| self.filter(parameters, scope, part)).collect())
            }
            Predicate::Any(parts) => {
                disjunction(parts.iter().map(|part| self.filter(parameters, scope, part)).collect())
            }
            Predicate::Not(part) => is_not_true(self.filter(parameters, scope, part)),
            Predicate::Leaf { field, test } => {
                if let Some(sealed) = SealedField::find(self.catalog, field.entity(), field.id()) {
                    let index = self.column(scope, SourceColumn::Index(field.id()));
                    return sealed_test(parameters, &index, &Arc::new(sealed), test);
                }
                let value_type = self.value_type(field.entity(), field.id());
                let column = self.field(scope, field);
                self.test(parameters, column, value_type, test)
            }
            Predicate::Exists { link, source, inner } => {
                let mut select = self.related_guarded(parameters, scope, link, source, inner);
                Expr::exists(select.expr(text("1")).take())
            }
            Predicate::Count {
                link,
                source,
                inner,
                test,
            } => {
                let mut select = self.related_guarded(parameters, scope, link, source, inner);
                let count = Expr::SubQuery(None, Box::new(select.expr(text("COUNT(*)")).take().into()));
                self.test(parameters, count, ValueType::Int, test)
            }
        }
    }

    fn related_guarded(
        &self,
        parameters: &mut Parameters,
        scope: &mut Scope<'_>,
        link: &Link<ReadableField>,
        source: &RowSource,
        inner: &FilterPredicate,
    ) -> SelectStatement {
        let mut related = Scope::new(parameters, source);
        let tie = self.tie(scope, link, &related);
        let mut conditions = Vec::new();
        conditions.extend(self.link(scope, link, &mut related));
        conditions.push(self.filter(parameters, &mut related, inner));
        let mut select = Query::select();
        select.from_subquery(
            self.guarded_for(parameters, &related, inner, tie),
            related.alias.clone(),
        );
        restrict(&mut select, conjunction(conditions));
        select
    }

    /// The condition that relates two guarded rows; `None` for [`Link::Free`].
    pub(crate) fn link(
        &self,
        ours: &mut Scope<'_>,
        link: &Link<ReadableField>,
        theirs: &mut Scope<'_>,
    ) -> Option<Expr> {
        match link {
            Link::Reference(field) => Some(self.id(theirs).eq(self.field(ours, field))),
            Link::Inverse { by } => Some(self.back(theirs, *by).eq(self.id(ours))),
            Link::Equal {
                theirs: by,
                ours: field,
            } => Some(self.back(theirs, *by).eq(self.field(ours, field))),
            Link::Free => None,
        }
    }

    /// The column by which a listed row refers to its parent. The parent shows the list, so the listed row's own guard of this
    /// column is not asked: whether the row belongs to the parent is what the list field says.
    pub(crate) fn back(&self, scope: &mut Scope<'_>, by: FieldId) -> Expr {
        self.column(scope, SourceColumn::Link(by))
    }

    /// How a column leaves the database, so that its cell has the form that the writer reads.
    pub(crate) fn outgoing(&self, expression: Expr, value_type: ValueType) -> Expr {
        match (self.dialect, value_type) {
            (Dialect::Postgres, ValueType::Decimal | ValueType::Json) => expression.cast_as(Alias::new("text")),
            (Dialect::Postgres, ValueType::TextList) => {
                Expr::from(sea_query::Func::cust(Alias::new("to_json")).arg(expression)).cast_as(Alias::new("text"))
            }
            _ => expression,
        }
    }
}
