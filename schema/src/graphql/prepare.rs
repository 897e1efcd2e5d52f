//! A request's text to an [`Operation`]: bounded, parsed, validated, coerced; introspection already answered.

use super::coerce::{self, VariableSignature, Variables};
use super::convert;
use super::document::Document;
use super::error::{Refused, RequestError};
use super::operation::{Operation, OperationKind};
use super::role_schema::RoleSchema;
use super::{limits, parse, text, validate};
use freehold_base::{Code, Limits};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::sync::Arc;

/// What a client sent.
#[derive(Clone, Copy, Debug)]
pub struct RequestText<'a> {
    /// The document.
    pub query: &'a str,
    /// Which of its operations.
    pub operation_name: Option<&'a str>,
    /// Values of its variables.
    pub variables: &'a Map<String, Value>,
}

/// A text that fits a schema, with the operation chosen: all that can be said of a request without its values.
#[derive(Clone, Debug, Default)]
pub struct CheckedText {
    document: Document,
    /// Index of the operation.
    operation: usize,
    signature: VariableSignature,
}

/// A request that may be planned.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// What it asks for. `__typename` is an ordinary field; `__schema` and `__type` keep their place, without selections.
    pub operation: Operation,
    /// Answers to `__schema` and `__type`, by response key.
    pub introspection: Vec<(String, Box<RawValue>)>,
    /// Its text, for the next request with the same one.
    pub text: Arc<CheckedText>,
    /// Their values, coerced; the origin of an input is a path into them. They know what has been spent of them: by now what
    /// `@skip`, `@include` and introspection asked for, and more with each stage that follows.
    pub variables: Variables,
}

impl RoleSchema {
    /// Takes a request from text to an operation of this schema.
    ///
    /// # Errors
    /// `GRAPHQL_PARSE_FAILED`, `GRAPHQL_VALIDATION_FAILED` with all that does not fit, `BAD_USER_INPUT` with every wrong variable,
    /// `LIMIT_EXCEEDED`, or `BAD_REQUEST` when no operation is chosen.
    pub fn prepare(&self, request: &RequestText<'_>, limits: &Limits) -> Result<Prepared, Vec<RequestError>> {
        let cacheable = request.variables.is_empty();
        if let Some(known) = cacheable
            .then(|| self.find_introspection(request.query, request.operation_name, limits))
            .flatten()
        {
            return Ok(known);
        }
        let checked = Arc::new(self.check(request, limits)?);
        let (prepared, is_introspection) = self.filled(checked, request.variables).map_err(one)?;
        if cacheable && is_introspection {
            self.keep_introspection(request.query, request.operation_name, limits, &prepared);
        }
        Ok(prepared)
    }

    /// The same for a text that was prepared before: it is neither parsed nor validated again.
    ///
    /// # Errors
    /// One `BAD_USER_INPUT` with every wrong variable.
    pub fn prepare_again(
        &self,
        text: &Arc<CheckedText>,
        variables: &Map<String, Value>,
    ) -> Result<Prepared, Vec<RequestError>> {
        let filled = self.filled(text.clone(), variables).map_err(one);
        filled.map(|(prepared, _)| prepared)
    }

    /// What does not depend on values.
    fn check(&self, request: &RequestText<'_>, limits: &Limits) -> Result<CheckedText, Vec<RequestError>> {
        let readable = text::check_query(request.query, limits).map_err(one)?;
        let document = parse::parse(&readable).map_err(one)?;
        limits::check(&document, limits).map_err(one)?;
        validate::check(self.system(), &document)?;
        let operation = choose(&document, request.operation_name).map_err(one)?;
        Ok(CheckedText {
            signature: VariableSignature::new(&document.operations[operation]),
            document,
            operation,
        })
    }

    /// A text with its values; whether it asks for nothing but what the schema is.
    fn filled(&self, text: Arc<CheckedText>, given: &Map<String, Value>) -> Result<(Prepared, bool), Refused> {
        let system = self.system();
        let variables = coerce::coerce(system, &text.signature, given)?;
        let operation = &text.document.operations[text.operation];
        let converted = convert::convert(system, &text.document, operation, &variables)?;
        let prepared = Prepared {
            operation: converted.operation,
            introspection: self.introspect(&converted.introspection)?,
            text,
            variables,
        };
        Ok((prepared, converted.is_introspection))
    }

    /// Coerces the variables of a request whose text was prepared before.
    ///
    /// # Errors
    /// One `BAD_USER_INPUT` with every wrong variable.
    pub fn bind(
        &self,
        signature: &VariableSignature,
        variables: &Map<String, Value>,
    ) -> Result<Map<String, Value>, Vec<RequestError>> {
        coerce::coerce(self.system(), signature, variables)
            .map(|variables| variables.to_json())
            .map_err(one)
    }
}

impl CheckedText {
    /// The variables that it declares.
    pub fn signature(&self) -> &VariableSignature {
        &self.signature
    }

    /// What the operation does.
    pub fn kind(&self) -> OperationKind {
        self.document.operations[self.operation].kind
    }
}

#[expect(clippy::boxed_local, reason = "it takes what the stages return")]
fn one(error: Refused) -> Vec<RequestError> {
    vec![*error]
}

/// GetOperation (GraphQL, section 6.1): its index.
fn choose(document: &Document, name: Option<&str>) -> Result<usize, Refused> {
    let names = || {
        let names: Vec<String> = document
            .operations
            .iter()
            .filter_map(|operation| operation.name.as_ref())
            .map(|name| format!("`{name}`"))
            .collect();
        if names.is_empty() {
            "the only one has no name".to_owned()
        } else {
            format!("there is {}", names.join(", "))
        }
    };
    match (name.filter(|name| !name.is_empty()), document.operations.as_slice()) {
        (None, [_]) => Ok(0),
        (None, _) => Err(RequestError::new(
            Code::BadRequest,
            format!("say which operation to run with `operationName`: {}", names()),
        )
        .into()),
        (Some(name), operations) => operations
            .iter()
            .position(|operation| operation.name.as_deref() == Some(name))
            .ok_or_else(|| {
                RequestError::new(Code::BadRequest, format!("no operation is named `{name}`: {}", names())).into()
            }),
    }
}
