//! What a request becomes, as data: which rules guard each source, which statements are sent.

use super::{Scene, layout};
use freehold_base::{RowId, Value};
use freehold_planner::occurrence::{Shape, occurrences};
use freehold_planner::plan::Plan;
use freehold_policy::explain::explain;
use freehold_policy::guards::guards;
use freehold_policy::inquiry::RuleName;
use freehold_policy::operand::{Operand, SessionValue};
use freehold_policy::source::{Guard, RowSource};
use freehold_policy::target::Grant;
use freehold_schema::catalog::{FieldId, Operation};
use freehold_schema::graphql::operation::PathStep;
use freehold_schema::source::Span;
use freehold_storage::Judging;
use freehold_storage::program::{Dialect, Parameter, Program, Statement};
use serde::Serialize;

/// Stands for the id of each row that is only known when a mutation runs.
pub(super) fn some_row() -> RowId {
    RowId::from_bytes([0xee; 16])
}

/// A plan.
#[derive(Debug, Serialize)]
pub(super) struct PlanOutline {
    pub(super) sources: Vec<SourceOutline>,
    pub(super) statements: Vec<StatementOutline>,
}

/// A place where rows are read.
#[derive(Debug, Serialize)]
pub(super) struct SourceOutline {
    /// Response keys.
    pub(super) path: String,
    pub(super) entity: String,
    /// `list` or `row`.
    pub(super) shape: &'static str,
    /// The rows that may be read there.
    pub(super) rows: String,
    /// The rules that open them, and the fields used of them. None where `viewer` shows what is the caller's own.
    pub(super) rules: Vec<RuleOutline>,
    pub(super) fields: Vec<FieldOutline>,
}

/// A rule behind a source or a write.
#[derive(Debug, Serialize)]
pub(super) struct RuleOutline {
    pub(super) set: String,
    pub(super) position: usize,
    #[serde(rename = "grantedBy")]
    pub(super) granted_by: Vec<String>,
    pub(super) file: String,
    pub(super) line: usize,
    pub(super) allows: Vec<&'static str>,
    /// The rows that it opens.
    pub(super) rows: String,
}

/// A field that is used.
#[derive(Debug, Serialize)]
pub(super) struct FieldOutline {
    pub(super) field: String,
    /// On which rows its value shows; none: on all.
    #[serde(rename = "where")]
    pub(super) rows: Option<String>,
    /// The rules that open it: `agent[1]`.
    pub(super) rules: Vec<String>,
}

/// A statement.
#[derive(Debug, Serialize)]
pub(super) struct StatementOutline {
    pub(super) sql: Vec<String>,
    pub(super) parameters: Vec<ParameterOutline>,
    /// The statement, counted from 1, to whose rows its own belong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) below: Option<usize>,
    /// The database's own plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) plan: Option<Vec<String>>,
}

/// A bound value: named if it is the session's.
#[derive(Debug, Serialize)]
pub(super) struct ParameterOutline {
    /// As it stands in the text: `?1`, `$1`.
    pub(super) place: String,
    pub(super) value: String,
    #[serde(rename = "type")]
    pub(super) value_type: String,
}

/// A write.
#[derive(Debug, Serialize)]
pub(super) struct WriteOutline {
    /// The root field's response key, and the place in its arguments.
    pub(super) path: String,
    pub(super) operation: &'static str,
    pub(super) entity: String,
    /// The rules that take all of it; one of them must do.
    pub(super) candidates: Vec<CandidateOutline>,
    /// What asks them, before anything is written.
    #[serde(rename = "judgedBy")]
    pub(super) statement: StatementOutline,
}

/// A rule that may let a write through.
#[derive(Debug, Serialize)]
pub(super) struct CandidateOutline {
    #[serde(flatten)]
    pub(super) rule: RuleOutline,
    /// What the new row must satisfy.
    pub(super) then: String,
}

impl Scene<'_> {
    /// `access/agent.yaml:12`
    pub(super) fn rule_place(&self, name: &RuleName) -> String {
        let mut rules = self.bundle.policy.rules().iter();
        let rule = rules.find(|rule| rule.set == name.set && rule.position == name.position);
        rule.map(|rule| {
            let (file, line) = self.place(rule.span);
            format!("{file}:{line}")
        })
        .unwrap_or_default()
    }

    fn place(&self, span: Span) -> (String, usize) {
        let file = self.args.directory.join(&self.sources.file(span.file).name);
        (file.display().to_string(), self.sources.position(span).0)
    }

    /// A plan and its program.
    pub(super) fn plan(&self, plan: &Plan, program: &Program, plans: Option<Vec<Vec<String>>>) -> PlanOutline {
        let sources = occurrences(plan).into_iter().map(|it| {
            let shape = it.shape;
            self.source(it.path.join("."), it.source, shape, it.fields.into_iter().collect())
        });
        let mut plans = plans.map(Vec::into_iter);
        let statements = program.statements.iter().map(|statement| StatementOutline {
            plan: plans.as_mut().and_then(Iterator::next),
            ..self.statement(statement)
        });
        PlanOutline {
            sources: sources.collect(),
            statements: statements.collect(),
        }
    }

    fn source(&self, path: String, source: &RowSource, shape: Shape, used: Vec<FieldId>) -> SourceOutline {
        let (catalog, access) = (&self.bundle.catalog, &self.bundle.view(&self.asker.role_set).access);
        let id = source.entity();
        let entity = catalog.entity(id);
        let by_rules = [access.read(id), access.list(id)].contains(&Some(source));
        let operations: &[Operation] = match (by_rules, shape) {
            (false, _) => &[],
            (true, Shape::List) => &[Operation::List, Operation::Read],
            (true, Shape::Row) => &[Operation::Read],
        };
        let mut rules: Vec<RuleOutline> = Vec::new();
        let mut opens: Vec<(String, Vec<FieldId>)> = Vec::new();
        for operation in operations {
            for guard in guards(catalog, &self.bundle.policy, &self.asker.role_set, id, *operation) {
                if *operation == Operation::Read {
                    opens.push((guard.rule.to_string(), guard.fields.clone()));
                }
                let known = rules
                    .iter_mut()
                    .find(|known| known.set == guard.rule.set && known.position == guard.rule.position);
                match known {
                    Some(known) => known.allows.push(operation.word()),
                    None => rules.push(self.rule(guard.rule, guard.span, operation.word(), guard.rows)),
                }
            }
        }
        let fields = used.into_iter().map(|field| {
            let named = opens.iter().filter(|(_, fields)| fields.contains(&field));
            FieldOutline {
                field: entity.field(field).name.clone(),
                rows: match source.guard(field) {
                    Some(Guard::When(rows)) => Some(explain(catalog, id, rows)),
                    Some(Guard::Open) | None => None,
                },
                rules: named.map(|(rule, _)| rule.clone()).collect(),
            }
        });
        SourceOutline {
            path,
            entity: entity.name.clone(),
            shape: match shape {
                Shape::List => "list",
                Shape::Row => "row",
            },
            rows: explain(catalog, id, source.rows()),
            fields: fields.collect(),
            rules,
        }
    }

    fn rule(&self, name: RuleName, span: Span, allows: &'static str, rows: String) -> RuleOutline {
        let (file, line) = self.place(span);
        RuleOutline {
            set: name.set,
            position: name.position,
            granted_by: name.granted_by,
            file,
            line,
            allows: vec![allows],
            rows,
        }
    }

    /// A write, with the rules that may let it through.
    pub(super) fn write(&self, judging: &Judging) -> WriteOutline {
        let (catalog, policy) = (&self.bundle.catalog, &self.bundle.policy);
        let view = self.bundle.view(&self.asker.role_set);
        let target = view.access.target(judging.entity, judging.operation);
        let guarding = guards(catalog, policy, &self.asker.role_set, judging.entity, judging.operation);
        let candidates = judging.candidates.iter().filter_map(|(set, position)| {
            let is_it = |name: (&str, usize)| name == (set.as_str(), *position);
            let guard = guarding
                .iter()
                .find(|guard| is_it((&guard.rule.set, guard.rule.position)))?;
            let grant: &Grant = target.grants().iter().find(|grant| is_it(grant.rule()))?;
            let explained = |rows| explain(catalog, judging.entity, rows);
            let rule = self.rule(
                guard.rule.clone(),
                guard.span,
                judging.operation.word(),
                explained(grant.stored()),
            );
            Some(CandidateOutline {
                rule,
                then: explained(grant.new_row()),
            })
        });
        let steps = judging.path.iter().map(|step| match step {
            serde_json::Value::String(step) => format!(".{step}"),
            other => format!("[{other}]"),
        });
        WriteOutline {
            path: std::iter::once(judging.root.clone()).chain(steps).collect(),
            operation: judging.operation.word(),
            entity: catalog.entity(judging.entity).name.clone(),
            candidates: candidates.collect(),
            statement: self.statement(&judging.statement),
        }
    }

    fn statement(&self, statement: &Statement) -> StatementOutline {
        let sign = match self.dialect {
            Dialect::Sqlite => '?',
            Dialect::Postgres => '$',
        };
        let parameters = statement.parameters.iter().enumerate();
        let mut parameters: Vec<ParameterOutline> = parameters
            .map(|(index, parameter)| ParameterOutline {
                place: format!("{sign}{}", index + 1),
                value: value(parameter),
                value_type: format!("{:?}", parameter.value_type).to_lowercase(),
            })
            .collect();
        // SQLite runs it once for each row above.
        if let (Some(_), Dialect::Sqlite) = (statement.parent, self.dialect) {
            parameters.push(ParameterOutline {
                place: format!("{sign}{}", parameters.len() + 1),
                value: "the id of each row above".to_owned(),
                value_type: "uuid".to_owned(),
            });
        }
        StatementOutline {
            sql: layout::lines(&statement.sql),
            parameters,
            below: statement.parent.map(|parent| parent.statement + 1),
            plan: None,
        }
    }
}

fn value(parameter: &Parameter) -> String {
    // What a value becomes under a key is nobody's to see, and the value stands in the request.
    if parameter.sealed.is_some() {
        return "what an encrypted field is compared by".to_owned();
    }
    match &parameter.operand {
        Operand::Session(session) => match session {
            SessionValue::User => "$user".to_owned(),
            SessionValue::Tenant => "$tenant".to_owned(),
            SessionValue::Now | SessionValue::Today => "$now".to_owned(),
            SessionValue::Membership(field, _) => format!("$membership.{field}"),
            SessionValue::Claim(name, _) => format!("$claims.{name}"),
        },
        Operand::Variable { path, .. } => {
            let steps = path.steps.iter().map(|step| match step {
                PathStep::Key(key) => format!(".{key}"),
                PathStep::Index(index) => format!("[{index}]"),
            });
            format!("variable {}{}", path.name, steps.collect::<String>())
        }
        Operand::Before(_) => "the stored value".to_owned(),
        Operand::Written => "the id of the written row".to_owned(),
        Operand::Given(_) => "a value that is written".to_owned(),
        Operand::Constant(Value::Uuid(id)) if RowId::from(*id) == some_row() => "the id of the row".to_owned(),
        Operand::Constant(value) => constant(value),
    }
}

fn constant(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Boolean(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Float(value) => value.to_string(),
        Value::Decimal(value) => value.to_string(),
        Value::Text(text) | Value::Json(text) => format!("{text:?}"),
        Value::Uuid(id) => RowId::from(*id).to_string(),
        Value::TextList(texts) => format!("{texts:?}"),
        Value::Bytes(bytes) => format!("{} bytes", bytes.len()),
        Value::DateTime(micros) => written(|out| freehold_base::write_datetime(out, *micros)),
        Value::Date(days) => written(|out| freehold_base::write_date(out, i64::from(*days))),
        Value::Time(micros) => written(|out| freehold_base::write_time(out, *micros)),
    }
}

fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::new();
    write(&mut out);
    String::from_utf8_lossy(&out).into_owned()
}
