//! A request's values for the parameters of a program.

use crate::error::{Error, Result};
use crate::program::{Parameter, Program, Statement};
use freehold_base::{Caller, ColumnCipher, RowId, Value, ValueType};
use freehold_planner::convert;
use freehold_policy::operand::{Operand, SessionValue};
use freehold_schema::catalog::Catalog;
use freehold_schema::graphql::operation::{PathStep, VariablePath};
use serde_json::Map;

/// Where a program's values come from: the caller and the request's coerced variables.
#[derive(Clone, Copy, Debug)]
pub struct Binder<'a> {
    /// Tells the members of `select` fields.
    pub catalog: &'a Catalog,
    /// Session values.
    pub caller: &'a Caller,
    /// Coerced variables.
    pub variables: &'a Map<String, serde_json::Value>,
    /// The row that a mutation has written; none while a query is answered.
    pub written: Option<RowId>,
    /// Opens sealed values, and makes tokens of what they are compared with. Has the program's keys loaded, for the caller's
    /// tenant. `None` where nothing is sealed: a value that is does not open then.
    pub cipher: Option<&'a dyn ColumnCipher>,
}

/// A value and the type its parameter has.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Bound {
    pub(crate) value: Value,
    pub(crate) value_type: ValueType,
}

impl Binder<'_> {
    /// The value of an operand.
    ///
    /// # Errors
    /// [`Error::Variable`] for a variable that cannot be read as the operand's scalar.
    pub fn value(&self, operand: &Operand) -> Result<Value> {
        match operand {
            Operand::Constant(value) => Ok(value.clone()),
            Operand::Session(session) => Ok(self.session(session)),
            Operand::Written => Ok(self.written.map_or(Value::Null, |row| Value::Uuid(row.uuid()))),
            Operand::Before(_) => Err(Error::program("a read compares with the state before a write")),
            Operand::Given(_) => Err(Error::program("a value is written outside of a write")),
            Operand::Variable { path, scalar } => match path.find(self.variables) {
                None | Some(serde_json::Value::Null) => Ok(Value::Null),
                Some(json) => match convert::scalar(json, scalar, self.catalog) {
                    Some(value) => Ok(value),
                    None => Err(Error::Variable { path: written(path) }),
                },
            },
        }
    }

    /// A value of the caller; null when it is absent.
    pub fn session(&self, session: &SessionValue) -> Value {
        let value = match session {
            SessionValue::User => self.caller.person.as_ref().map(|person| Value::Uuid(person.id.uuid())),
            SessionValue::Tenant => self.caller.tenant.as_ref().map(|tenant| Value::Uuid(tenant.id.uuid())),
            SessionValue::Now => Some(Value::DateTime(self.caller.now.0)),
            SessionValue::Today => Some(Value::Date(self.caller.now.day())),
            SessionValue::Membership(field, _) => {
                let membership = self
                    .caller
                    .tenant
                    .as_ref()
                    .and_then(|tenant| tenant.membership.as_ref());
                membership.and_then(|fields| fields.get(field)).cloned()
            }
            SessionValue::Claim(name, _) => self.caller.claims.get(name).cloned(),
        };
        value.unwrap_or(Value::Null)
    }

    /// The tenant of the request, to which what it reads behind the wall is bound.
    pub(crate) fn tenant(&self) -> Option<RowId> {
        self.caller.tenant.as_ref().map(|tenant| tenant.id)
    }

    /// The values of every statement's parameters.
    pub(crate) fn bind(&self, program: &Program) -> Result<Vec<Vec<Bound>>> {
        program
            .statements
            .iter()
            .map(|statement| self.bind_statement(statement))
            .collect()
    }

    /// The values of one statement's parameters.
    pub(crate) fn bind_statement(&self, statement: &Statement) -> Result<Vec<Bound>> {
        self.bind_given(statement, &[])
    }

    /// The values of the parameters of a statement that writes `given`.
    pub(crate) fn bind_given(&self, statement: &Statement, given: &[Value]) -> Result<Vec<Bound>> {
        self.bind_parameters(&statement.parameters, given)
    }

    /// The values of parameters.
    pub(crate) fn bind_parameters(&self, parameters: &[Parameter], given: &[Value]) -> Result<Vec<Bound>> {
        let bound = parameters.iter().map(|parameter| {
            let value = match &parameter.operand {
                Operand::Given(place) => given
                    .get(*place)
                    .cloned()
                    .ok_or_else(|| Error::program("a value that is written is missing"))?,
                operand => self.value(operand)?,
            };
            let value = match &parameter.sealed {
                Some(field) => field.operand(self.cipher, self.tenant(), &value)?,
                None => value,
            };
            Bound::new(value, parameter.value_type)
        });
        bound.collect()
    }
}

impl Bound {
    /// A value for a parameter of that type.
    pub(crate) fn new(value: Value, value_type: ValueType) -> Result<Self> {
        let fits = match &value {
            Value::Null => true,
            Value::Int(number) => match value_type {
                ValueType::Int => i32::try_from(*number).is_ok(),
                other => other == ValueType::BigInt,
            },
            other => other.value_type() == Some(value_type),
        };
        if !fits {
            return Err(Error::program(format!(
                "a parameter of type {value_type:?} was given {:?}",
                value.value_type()
            )));
        }
        Ok(Self { value, value_type })
    }
}

fn written(path: &VariablePath) -> String {
    path.steps
        .iter()
        .fold(format!("${}", path.name), |text, step| match step {
            PathStep::Key(key) => format!("{text}.{key}"),
            PathStep::Index(index) => format!("{text}[{index}]"),
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use freehold_policy::operand::Scalar;
    use freehold_schema::source::{SourceFile, Sources};
    use std::sync::Arc;

    fn check(variables: &str, steps: Vec<PathStep>, expected: std::result::Result<Value, &str>) {
        let text =
            "app: t\nsecurity: open\nentities: {thing: {access: open, public: false, fields: {name: {type: text}}}}"
                .to_owned();
        let catalog = freehold_schema::compile(&Sources::new(vec![SourceFile {
            name: "app.yaml".to_owned(),
            text,
        }]))
        .catalog
        .unwrap();
        let caller = Caller::anonymous(None, freehold_base::Timestamp(0));
        let variables = serde_json::from_str(variables).unwrap();
        let binder = Binder {
            catalog: &catalog,
            caller: &caller,
            variables: &variables,
            written: None,
            cipher: None,
        };
        let path = Arc::new(VariablePath {
            name: "v".to_owned(),
            steps,
        });
        let found = binder.value(&Operand::Variable {
            path,
            scalar: Scalar::Plain(ValueType::Int),
        });
        assert_eq!(
            found.map_err(|error| error.to_string()),
            expected.map_err(|path| format!("bad value of variable `{path}`"))
        );
    }

    #[test]
    fn variables_are_found_by_their_path() {
        let key = |key: &str| PathStep::Key(key.to_owned());
        check(r#"{"v": 3}"#, vec![], Ok(Value::Int(3)));
        check(
            r#"{"v": {"or": [{}, {"n": 3}]}}"#,
            vec![key("or"), PathStep::Index(1), key("n")],
            Ok(Value::Int(3)),
        );
        // A single value where a list is expected.
        check(
            r#"{"v": {"in": 3}}"#,
            vec![key("in"), PathStep::Index(0)],
            Ok(Value::Int(3)),
        );
        check(
            r#"{"v": {"in": 3}}"#,
            vec![key("in"), PathStep::Index(1)],
            Ok(Value::Null),
        );
        check(r#"{"v": null}"#, vec![], Ok(Value::Null));
        check("{}", vec![], Ok(Value::Null));
        check(
            r#"{"v": {"or": ["x"]}}"#,
            vec![key("or"), PathStep::Index(0)],
            Err("$v.or[0]"),
        );
    }

    #[test]
    fn a_parameter_takes_its_own_type_alone() {
        assert!(Bound::new(Value::Null, ValueType::Uuid).is_ok());
        assert!(Bound::new(Value::Int(1 << 40), ValueType::BigInt).is_ok());
        assert!(Bound::new(Value::Int(1 << 40), ValueType::Int).is_err());
        assert!(Bound::new(Value::Text("1".to_owned()), ValueType::Int).is_err());
        assert!(Bound::new(Value::Int(1), ValueType::Float).is_err());
    }
}
