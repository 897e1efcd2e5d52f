//! Why somebody may, or may not, do something to a row: for `explainAccess`.

use crate::actions::audit::{self, Origin};
use crate::bundle::Bundle;
use crate::environments::Environment;
use crate::error::Refusal;
use freehold_auth::{Described, PersonName, TenantHint, describe};
use freehold_base::{Caller, Code, RowId, nearest};
use freehold_policy::RoleSet;
use freehold_policy::inquiry::{Explanation, inquire};
use freehold_policy::operand::{Operand, SessionValue};
use freehold_policy::predicate::{Link, Predicate, RawSource, RulePredicate, Test};
use freehold_schema::catalog::{Catalog, EntityDef, EntityKind, FieldId, Operation, SystemField};
use freehold_schema::graphql::operation::{Field, Input, InputKind};
use freehold_storage::{Binder, Database};
use serde_json::{Map, Value, json};

/// What is asked.
#[derive(Clone, Debug)]
pub(crate) struct Question<'a> {
    /// The entity's name in the model.
    pub(crate) entity: &'a str,
    /// The row.
    pub(crate) row: RowId,
    /// What somebody wants to do.
    pub(crate) operation: Operation,
    /// The field, if it is about one: its name in the model or in GraphQL.
    pub(crate) field: Option<&'a str>,
}

/// The decision about `who`, in the request's tenant, with everything that led to it. `asker` finds nothing of other tenants.
pub(crate) async fn explain(
    database: &Database,
    bundle: &Bundle,
    asker: &Caller,
    who: &Described,
    question: &Question<'_>,
) -> Result<Explanation, Refusal> {
    let entity = find_entity(&bundle.catalog, question.entity)?;
    let wall = wall(&bundle.catalog, entity, asker);
    let found = explain_among(database, bundle, who, question, &wall).await?;
    found.ok_or_else(|| Refusal::new(Code::NotFound, "there is no such row"))
}

/// The same, about any of `rows`; `None` if the row is none of them.
pub(crate) async fn explain_among(
    database: &Database,
    bundle: &Bundle,
    who: &Described,
    question: &Question<'_>,
    rows: &RulePredicate,
) -> Result<Option<Explanation>, Refusal> {
    let catalog = &bundle.catalog;
    let entity = find_entity(catalog, question.entity)?;
    let field = question.field.map(|name| find_field(entity, name)).transpose()?;
    if field.is_some() && matches!(question.operation, Operation::List | Operation::Delete) {
        let word = question.operation.word();
        return Err(
            Refusal::new(Code::BadUserInput, format!("`{word}` is about rows, not about a field"))
                .with_hint("leave the field out"),
        );
    }
    let caller = &who.caller;
    let role_set = RoleSet::of(catalog, caller);
    let inquiry = inquire(catalog, &bundle.policy, &role_set, entity.id, question.operation, field);
    let variables = Map::new();
    let binder = Binder {
        catalog,
        caller,
        variables: &variables,
        written: None,
        cipher: None,
    };
    let answers = database
        .ask(entity.id, question.row, rows, &inquiry.questions, &binder)
        .await?;
    let Some(answers) = answers else { return Ok(None) };
    let found = inquiry.judge(&answers);
    let blocked = who.belongs && caller.tenant.is_some() && !caller.is_member();
    Ok(Some(if !who.may_sign_in {
        found.barred("a person who is not blocked")
    } else if blocked && catalog.is_walled(entity.id) && !entity.public {
        found.barred("a membership that is not blocked")
    } else {
        found
    }))
}

/// Rows of the request's tenant, and its people: nobody learns anything of another's, not even whether it is there.
fn wall(catalog: &Catalog, entity: &EntityDef, asker: &Caller) -> RulePredicate {
    let is = |field, operand| Predicate::Leaf {
        field,
        test: Test::Equal(operand),
    };
    let of_tenant = |entity: &EntityDef| {
        let system = if catalog.is_tenant_entity(entity.id) {
            SystemField::Id
        } else {
            SystemField::Tenant
        };
        entity.find_system(system).map_or(Predicate::Constant(false), |field| {
            is(field, Operand::Session(SessionValue::Tenant))
        })
    };
    if catalog.is_walled(entity.id) {
        return of_tenant(entity);
    }
    let Some(tenancy) = catalog.tenancy.filter(|_| entity.kind == EntityKind::User) else {
        return Predicate::Constant(true);
    };
    let oneself = entity.find_system(SystemField::Id).zip(asker.person.as_ref());
    let oneself = oneself.map(|(id, person)| is(id, Operand::Constant(freehold_base::Value::Uuid(person.id.uuid()))));
    let belongs = Predicate::Exists {
        link: Link::Inverse {
            by: tenancy.membership_user,
        },
        source: RawSource {
            entity: tenancy.membership,
        },
        inner: Box::new(of_tenant(catalog.entity(tenancy.membership))),
    };
    Predicate::any(oneself.into_iter().chain([belongs]))
}

pub(crate) fn find_entity<'a>(catalog: &'a Catalog, name: &str) -> Result<&'a EntityDef, Refusal> {
    let found = catalog
        .entities
        .values()
        .find(|entity| entity.name == name || entity.type_name == name);
    found.ok_or_else(|| unknown("entity", name, catalog.entities.keys().map(String::as_str)))
}

fn find_field(entity: &EntityDef, name: &str) -> Result<FieldId, Refusal> {
    let found = entity
        .find_field(name)
        .or_else(|| entity.find_graphql_field(name))
        .map(|field| field.id);
    found.ok_or_else(|| unknown("field", name, entity.fields.iter().map(|field| field.name.as_str())))
}

fn unknown<'a>(noun: &str, name: &str, known: impl Iterator<Item = &'a str>) -> Refusal {
    let refusal = Refusal::new(Code::BadUserInput, format!("the app has no {noun} `{name}`"));
    match nearest(name, known) {
        Some(near) => refusal.with_hint(format!("did you mean `{near}`?")),
        None => refusal,
    }
}

/// The answer to a root field `explainAccess`, with every field of its type. The schema has the field for those alone who hold
/// `read_audit` in the request's tenant.
pub(crate) async fn answer(
    environment: &Environment,
    bundle: &Bundle,
    caller: &Caller,
    field: &Field,
    origin: Origin<'_>,
) -> Result<Value, Refusal> {
    let text = |name: &str| match field.argument(name).map(Input::kind) {
        Some(InputKind::Text(text)) => Some(text.as_str()),
        _ => None,
    };
    let id = |name: &str| match text(name) {
        None => Ok(None),
        Some(text) => RowId::parse(text).map(Some).ok_or_else(|| {
            let refusal = Refusal::new(Code::BadUserInput, format!("`{name}`: an id (UUID) expected"));
            refusal.of_argument(&field.key, name, "type")
        }),
    };
    let operation = match text("operation") {
        Some("LIST") => Operation::List,
        Some("UPDATE") => Operation::Update,
        Some("DELETE") => Operation::Delete,
        Some("TRANSITION") => Operation::Transition,
        _ => Operation::Read,
    };
    let missing = || Refusal::new(Code::NotFound, "there is no such row");
    let question = Question {
        entity: text("entity").unwrap_or_default(),
        row: id("id")?.ok_or_else(missing)?,
        operation,
        field: text("field"),
    };
    let unknown = |argument: &'static str| {
        let root = field.key.clone();
        move |refusal: Refusal| refusal.of_argument(&root, argument, "unknown")
    };
    let entity = find_entity(&bundle.catalog, question.entity).map_err(unknown("entity"))?;
    if let Some(name) = question.field {
        find_field(entity, name).map_err(unknown("field"))?;
    }
    let person = match id("user")? {
        None => Described {
            caller: caller.clone(),
            may_sign_in: true,
            belongs: true,
        },
        Some(user) => person(environment, bundle, caller, user).await?,
    };
    // Who asks about others is asked about: it is recorded whatever the answer is.
    audit::explained(environment, caller, &person.caller, &question, origin).await?;
    let found = explain(&environment.database, bundle, caller, &person, &question).await?;
    let mut json = serde_json::to_value(&found).map_err(Refusal::internal)?;
    if let Value::Object(object) = &mut json {
        let rule = found.rule.as_ref();
        object.insert("set".to_owned(), json!(rule.map(|rule| &rule.set)));
        object.insert("role".to_owned(), json!(rule.map(|rule| rule.granted_by.join(", "))));
    }
    Ok(json)
}

/// Somebody of the request's tenant, be their membership active or blocked: why somebody who is blocked gets nothing is worth telling.
/// Who is not in it is not to be found.
async fn person(
    environment: &Environment,
    bundle: &Bundle,
    caller: &Caller,
    user: RowId,
) -> Result<Described, Refusal> {
    let tenant = caller.tenant.as_ref().map(|tenant| tenant.id.to_string());
    let hint = tenant.as_deref().map_or(TenantHint::None, TenantHint::Named);
    let found = describe(
        &environment.platform,
        &bundle.directory,
        &PersonName::Id(user),
        &hint,
        caller.now,
    )
    .await?;
    found
        .filter(|found| found.belongs)
        .ok_or_else(|| Refusal::new(Code::NotFound, "there is no such person in this tenant"))
}
