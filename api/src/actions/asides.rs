//! Root fields of a query that ask no rows of the app: explanations, the audit log, what holders of an action are shown of people.
//! They are answered before the plan is made.

use crate::actions::audit::{self, Origin};
use crate::actions::explain;
use crate::actions::people::{self, Asking};
use crate::bundle::{Bundle, View};
use crate::environments::Environment;
use crate::error::Refusal;
use freehold_base::Caller;
use freehold_schema::graphql::operation::{Operation, collect};
use serde_json::value::{RawValue, to_raw_value};

/// The answers by response key. The schema has these fields for those alone who may ask them.
pub(crate) async fn answers(
    environment: &Environment,
    bundle: &Bundle,
    view: &View,
    caller: &Caller,
    origin: Origin<'_>,
    operation: &Operation,
) -> Result<Vec<(String, Box<RawValue>)>, Refusal> {
    let mut answers = Vec::new();
    for field in collect(&operation.items, "Query", &|_, _| false) {
        let answer = match field.name.as_str() {
            "explainAccess" => {
                let whole = explain::answer(environment, bundle, caller, &field, origin).await?;
                view.schema.project(&field.items, "AccessExplanation", &whole)
            }
            "auditLog" => {
                let whole = audit::answer(environment, bundle, caller, &field).await?;
                view.schema.project(&field.items, "AuditConnection", &whole)
            }
            _ => {
                let asking = Asking {
                    environment,
                    bundle,
                    view,
                    caller,
                };
                match people::answer(asking, &field).await? {
                    Some((type_name, whole)) => view.schema.project(&field.items, type_name, &whole),
                    None => continue,
                }
            }
        };
        answers.push((field.key, to_raw_value(&answer).map_err(Refusal::internal)?));
    }
    Ok(answers)
}
