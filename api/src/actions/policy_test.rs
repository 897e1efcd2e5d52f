//! One policy test: asked by the predicates that are enforced, or by a request on the path of all requests.

use crate::actions::execute::Asked;
use crate::actions::explain::{Question, explain_among};
use crate::actions::rehearse::{Kind, rehearse};
use crate::bundle::Bundle;
use crate::environments::Environment;
use crate::error::Refusal;
use freehold_auth::{AuthError, Described, PersonName, TenantHint, describe};
use freehold_base::{Caller, CallerTenant};
use freehold_policy::inquiry::{Explanation, RuleName};
use freehold_policy::predicate::Predicate;
use freehold_policy::{Access, RoleSet};
use freehold_schema::catalog::Operation;
use freehold_schema::policy_test::{Asks, Expected, PolicyTest, Request, Right};
use freehold_schema::source::Span;
use serde_json::Value;
use std::collections::BTreeSet;

/// A rule's place: permission set, and position there.
pub(crate) type RulePlace = (String, usize);

/// What became of a test.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Everything that is not as it should be.
    pub(crate) faults: Vec<Fault>,
    /// The rules that it exercised.
    pub(crate) exercised: BTreeSet<RulePlace>,
}

/// Something that is not as it should be.
#[derive(Debug)]
pub(crate) struct Fault {
    /// Where the expectation stands.
    pub(crate) span: Span,
    /// What was found.
    pub(crate) found: Found,
}

/// What was found instead.
#[derive(Debug)]
pub(crate) enum Found {
    /// It may not be done, and should be.
    Refused {
        /// `update ticket.x`
        right: String,
        /// Why, in one sentence.
        reason: String,
        /// Every rule that might have allowed it, with what failed.
        rules: Vec<(RuleName, String)>,
    },
    /// It may be done, and should not be.
    Allowed {
        /// `update ticket.x`
        right: String,
        /// Why, in one sentence.
        reason: String,
        /// By which rule.
        rule: Option<RuleName>,
    },
    /// The answer is another.
    Answer {
        /// As it should be.
        expected: Value,
        /// As it is.
        found: Value,
    },
    /// It was refused otherwise than it should be, or not meant to be.
    Refusal {
        /// The refusal that was expected; `None`: an answer was.
        expected: Option<String>,
        /// The code, and what else was told.
        found: Box<Value>,
    },
    /// It was answered, and should have been refused.
    NotRefused {
        /// The code that was expected.
        expected: &'static str,
        /// The answer.
        found: Value,
    },
}

/// Runs a test.
///
/// # Errors
/// When it cannot be run: the database does not answer.
pub(crate) async fn run(environment: &Environment, bundle: &Bundle, test: &PolicyTest) -> Result<Outcome, Refusal> {
    let who = caller(environment, bundle, test).await?;
    match &test.asks {
        Asks::Rights(rights) => {
            let mut outcome = Outcome::default();
            for right in rights {
                judge(environment, bundle, &who, right, &mut outcome).await?;
            }
            outcome.faults.sort_by_key(|fault| fault.span);
            Ok(outcome)
        }
        Asks::Request(request) => ask(environment, bundle, &who, request).await,
    }
}

/// Who asks.
async fn caller(environment: &Environment, bundle: &Bundle, test: &PolicyTest) -> Result<Described, Refusal> {
    let now = test.now.unwrap_or_else(|| environment.clock.now());
    let Some(person) = &test.person else {
        let mut caller = Caller::anonymous(bundle.directory.anonymous_profile.clone(), now);
        caller.tenant = test.tenant.as_ref().map(|tenant| CallerTenant {
            id: tenant.id,
            membership: None,
        });
        return Ok(Described {
            caller,
            may_sign_in: true,
            belongs: false,
        });
    };
    let tenant = test.tenant.as_ref().map(|tenant| tenant.id.to_string());
    let hint = tenant.as_deref().map_or(TenantHint::None, TenantHint::Named);
    let name = PersonName::Id(person.id);
    let found = describe(&environment.platform, &bundle.directory, &name, &hint, now).await?;
    found.ok_or_else(|| Refusal::internal(format!("`{}` is not in the database", person.email)))
}

/// Asks whether something may be done.
async fn judge(
    environment: &Environment,
    bundle: &Bundle,
    who: &Described,
    right: &Right,
    outcome: &mut Outcome,
) -> Result<(), Refusal> {
    let catalog = &bundle.catalog;
    let text = right.text(catalog);
    let Some(row) = &right.row else {
        outcome.faults.extend(creation(bundle, who, right));
        return Ok(());
    };
    let entity = catalog.entity(right.entity);
    let question = Question {
        entity: &entity.name,
        row: row.id,
        operation: right.operation,
        field: right.field.map(|field| entity.field(field).name.as_str()),
    };
    let found = explain_among(
        &environment.database,
        bundle,
        who,
        &question,
        &Predicate::Constant(true),
    )
    .await?;
    let found = found.ok_or_else(|| Refusal::internal(format!("`{}` is not in the database", row.label)))?;
    if found.reach.holds {
        let applying = found.rules.iter().filter(|rule| rule.applies);
        outcome
            .exercised
            .extend(applying.map(|rule| (rule.rule.set.clone(), rule.rule.position)));
    }
    if found.allowed != right.may {
        outcome.faults.push(Fault {
            span: right.span,
            found: contradicted(text, found),
        });
    }
    Ok(())
}

fn contradicted(right: String, found: Explanation) -> Found {
    if found.allowed {
        return Found::Allowed {
            right,
            reason: found.reason,
            rule: found.rule,
        };
    }
    let failed = found
        .rules
        .into_iter()
        .filter_map(|rule| Some((rule.rule, rule.failed?)));
    Found::Refused {
        right,
        reason: found.reason,
        rules: failed.collect(),
    }
}

/// Whether some rule opens creation at all: there is no row to ask about, so only a mutation shows what the rule wants of one.
fn creation(bundle: &Bundle, who: &Described, right: &Right) -> Option<Fault> {
    let catalog = &bundle.catalog;
    let role_set = RoleSet::of(catalog, &who.caller);
    let access = Access::reduce(catalog, &bundle.policy, &role_set);
    let target = access.target(right.entity, Operation::Create);
    let has_place = !catalog.entity(right.entity).tenant_scoped || who.caller.tenant.is_some();
    let grant = target
        .grants()
        .iter()
        .filter(|_| has_place && who.may_sign_in)
        .find(|grant| right.field.is_none_or(|field| grant.writes(field)));
    if grant.is_some() == right.may {
        return None;
    }
    let text = right.text(catalog);
    let found = match grant {
        Some(grant) => {
            let (set, position) = grant.rule();
            Found::Allowed {
                right: text,
                reason: format!("rule `{set}[{position}]` opens it"),
                rule: Some(RuleName {
                    set: set.to_owned(),
                    position,
                    granted_by: Vec::new(),
                }),
            }
        }
        None => Found::Refused {
            right: text,
            reason: "no rule of theirs opens it".to_owned(),
            rules: Vec::new(),
        },
    };
    Some(Fault {
        span: right.span,
        found,
    })
}

/// Sends a request, and compares what comes back.
async fn ask(
    environment: &Environment,
    bundle: &Bundle,
    who: &Described,
    request: &Request,
) -> Result<Outcome, Refusal> {
    let mut outcome = Outcome::default();
    let answer = if who.may_sign_in {
        let asked = Asked {
            query: request.text.clone(),
            operation_name: None,
            variables: request.variables.clone(),
        };
        let kind = if request.writes { Kind::Mutation } else { Kind::Query };
        let (answer, met) = rehearse(environment, bundle, &who.caller, asked, kind).await;
        let role_set = RoleSet::of(&bundle.catalog, &who.caller);
        let held = bundle.policy.rules_of_role_set(&bundle.catalog, &role_set);
        let reading = held.filter(|rule| {
            met.read.contains(&rule.entity) && (rule.allows(Operation::Read) || rule.allows(Operation::List))
        });
        outcome
            .exercised
            .extend(reading.map(|rule| (rule.set.clone(), rule.position)));
        outcome
            .exercised
            .extend(met.written.into_iter().filter_map(|row| row.rule));
        answer
    } else {
        // Whose session would be refused.
        Err(AuthError::BadSession.into())
    };
    let found = match (answer, &request.expected) {
        (Ok(data), Expected::Data(expected)) => {
            let found: Value = serde_json::from_slice(&data).map_err(Refusal::internal)?;
            (!same(expected, &found)).then(|| Found::Answer {
                expected: expected.clone(),
                found,
            })
        }
        (Ok(data), Expected::Refusal { code, .. }) => Some(Found::NotRefused {
            expected: code.name(),
            found: serde_json::from_slice(&data).map_err(Refusal::internal)?,
        }),
        (Err(refusal), Expected::Data(_)) => Some(Found::Refusal {
            expected: None,
            found: Box::new(refusal.told()),
        }),
        (Err(refusal), Expected::Refusal { code, path, message }) => {
            let told = refusal.told();
            let as_meant = told["code"] == code.name()
                && path.as_ref().is_none_or(|path| told["path"] == *path)
                && message
                    .as_ref()
                    .is_none_or(|part| told["message"].as_str().is_some_and(|text| text.contains(part)));
            (!as_meant).then(|| Found::Refusal {
                expected: Some(meant(code.name(), path.as_ref(), message.as_deref())),
                found: Box::new(told),
            })
        }
    };
    outcome.faults.extend(found.map(|found| Fault {
        span: request.expected_span,
        found,
    }));
    Ok(outcome)
}

/// A refusal as a test states it.
fn meant(code: &str, path: Option<&Value>, message: Option<&str>) -> String {
    let path = path.map(|path| format!(" at {path}")).unwrap_or_default();
    let message = message.map(|part| format!(" with `{part}`")).unwrap_or_default();
    format!("{code}{path}{message}")
}

/// Whether two JSON values are the same; a number is its value, however it is written.
pub(crate) fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one == other || one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .all(|(key, value)| other.get(key).is_some_and(|other| same(value, other)))
        }
        _ => one == other,
    }
}
