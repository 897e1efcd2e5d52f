//! Tokens: what a caller carries, and what a row asks for.

use crate::condition::{self, Column, Scope, exists, shape_of};
use crate::operand::{Operand, SessionValue};
use crate::predicate::{CallerTest, Link, Predicate, RulePredicate, Test};
use freehold_base::Value;
use freehold_schema::catalog::{
    Catalog, EntityDef, EntityId, FieldDef, FieldId, Grants, RecordTokenDef, TokenMatch, UserTokenDef,
};
use freehold_schema::diagnostic::Diagnostics;
use freehold_schema::source::Span;

/// A user token, parsed.
#[derive(Clone, Debug)]
pub struct UserToken {
    /// Its name.
    pub name: String,
    /// The entity looked up.
    pub lookup: EntityId,
    /// The field whose values the caller carries.
    pub value: Option<FieldId>,
    /// Rows that count, without the wall.
    pub condition: RulePredicate,
    /// Who may carry it at all: somebody signed in, and for a lookup behind the wall that is not public, a member.
    pub carrier: RulePredicate,
    /// Why, for people.
    pub reason: Option<String>,
}

/// A record token, parsed.
#[derive(Clone, Debug)]
pub struct RecordToken {
    /// Its name.
    pub name: String,
    /// What it opens.
    pub grants: Grants,
    /// Rows it opens, for the caller; without the wall.
    pub opens: RulePredicate,
}

/// Parses a user token; every problem is told.
pub(crate) fn user_token(catalog: &Catalog, token: &UserTokenDef, faults: &mut Diagnostics) -> Option<UserToken> {
    let condition = match &token.condition {
        Some(node) => condition::parse(Scope::stored(catalog, token.lookup), node, faults),
        None => Some(Predicate::Constant(true)),
    };
    let entity = catalog.entity(token.lookup);
    let value = token
        .value
        .map(|value| comparable(entity, value, token.span, faults).then_some(value));
    if value == Some(None) {
        return None;
    }
    let mut parts = vec![condition?];
    if let Some(active) = active_membership(catalog, token.lookup) {
        parts.push(active);
    }
    let reachable = !catalog.is_walled(token.lookup) || entity.public;
    let member = if reachable {
        Predicate::Constant(true)
    } else {
        Predicate::Caller(CallerTest::Member)
    };
    Some(UserToken {
        name: token.name.clone(),
        lookup: token.lookup,
        value: value.flatten(),
        condition: Predicate::all(parts),
        carrier: Predicate::all([Predicate::Caller(CallerTest::SignedIn), member]),
        reason: token.reason.clone(),
    })
}

/// Memberships count while they are active.
pub(crate) fn active_membership(catalog: &Catalog, entity: EntityId) -> Option<RulePredicate> {
    let tenancy = catalog.tenancy.filter(|tenancy| tenancy.membership == entity)?;
    Some(is_active(tenancy.membership_status))
}

/// `status` is `active`.
pub(crate) fn is_active(status: FieldId) -> RulePredicate {
    Predicate::Leaf {
        field: status,
        test: Test::Equal(Operand::Constant(Value::Text("active".to_owned()))),
    }
}

/// The caller's own id in a column.
pub(crate) fn is_caller(field: FieldId) -> RulePredicate {
    Predicate::Leaf {
        field,
        test: Test::Equal(Operand::Session(SessionValue::User)),
    }
}

/// Parses a record token of `entity`. `carried` are the user tokens that parsed; `None` also when it names one that did not.
pub(crate) fn record_token(
    catalog: &Catalog,
    entity: &EntityDef,
    token: &RecordTokenDef,
    carried: &[UserToken],
    faults: &mut Diagnostics,
) -> Option<RecordToken> {
    let when = match &token.when {
        Some(node) => condition::parse(Scope::stored(catalog, entity.id), node, faults),
        None => Some(Predicate::Constant(true)),
    };
    let field_is_sound = token
        .field
        .is_none_or(|field| comparable(entity, field, token.span, faults));
    let matched = match &token.matches {
        TokenMatch::Everyone => valueless(entity, token, Predicate::Constant(true), faults),
        TokenMatch::Authenticated => valueless(entity, token, Predicate::Caller(CallerTest::SignedIn), faults),
        TokenMatch::TenantMember => valueless(entity, token, Predicate::Caller(CallerTest::Member), faults),
        TokenMatch::Role(role) => valueless(entity, token, Predicate::Caller(CallerTest::Role(role.clone())), faults),
        TokenMatch::SelfUser => own(catalog, entity, token, faults),
        TokenMatch::UserToken(name) => match carried.iter().find(|carried| carried.name == *name) {
            Some(carried) => carries(catalog, entity, token, carried, faults),
            None => None,
        },
    };
    if !field_is_sound {
        return None;
    }
    Some(RecordToken {
        name: token.name.clone(),
        grants: token.grants,
        opens: Predicate::all([matched?, when?]),
    })
}

/// A match that brings no value has nothing that a field could equal.
fn valueless(
    entity: &EntityDef,
    token: &RecordTokenDef,
    matched: RulePredicate,
    faults: &mut Diagnostics,
) -> Option<RulePredicate> {
    let Some(field) = token.field else { return Some(matched) };
    faults
        .error(
            "token-field",
            token.span,
            format!(
                "record token `{}` names the field `{}`, but what it matches has no value",
                token.name,
                entity.field(field).name
            ),
        )
        .hint("leave `field` out, or say which rows with `when`");
    None
}

fn own(
    catalog: &Catalog,
    entity: &EntityDef,
    token: &RecordTokenDef,
    faults: &mut Diagnostics,
) -> Option<RulePredicate> {
    let Some(field) = token.field.map(|field| entity.field(field)) else {
        faults
            .error(
                "token-field",
                token.span,
                format!("record token `{}` matches `self` and needs a `field`", token.name),
            )
            .hint("name the reference to `user` that the caller must be");
        return None;
    };
    let user = condition::Shape::Row(vec![catalog.user]);
    if !shape_of(entity.id, field).is_some_and(|shape| matches!(shape, condition::Shape::Row(_)) && shape.agrees(&user))
    {
        faults.error(
            "token-type",
            token.span,
            format!(
                "record token `{}` matches `self`, but `{}` does not refer to `user`",
                token.name, field.name
            ),
        );
        return None;
    }
    Some(is_caller(field.id))
}

fn carries(
    catalog: &Catalog,
    entity: &EntityDef,
    token: &RecordTokenDef,
    carried: &UserToken,
    faults: &mut Diagnostics,
) -> Option<RulePredicate> {
    let lookup = catalog.entity(carried.lookup);
    let (link, valued) = match (carried.value, token.field) {
        (Some(theirs), Some(ours)) => {
            agree(
                catalog,
                entity,
                token,
                lookup,
                (lookup.field(theirs), entity.field(ours)),
                faults,
            )?;
            (Link::Equal { theirs, ours }, Predicate::Constant(true))
        }
        (None, Some(ours)) => {
            faults
                .error(
                    "token-field",
                    token.span,
                    format!(
                        "record token `{}` names the field `{}`, but user token `{}` has no value",
                        token.name,
                        entity.field(ours).name,
                        carried.name
                    ),
                )
                .hint(format!("give `{}` a `value`, or leave `field` out", carried.name));
            return None;
        }
        // Any value will do, of which the schema room warns; but NULL matches nothing, here neither.
        (Some(theirs), None) => (
            Link::Free,
            Predicate::Leaf {
                field: theirs,
                test: Test::IsNull(false),
            },
        ),
        (None, None) => (Link::Free, Predicate::Constant(true)),
    };
    let found = exists(
        catalog,
        entity.id,
        link,
        carried.lookup,
        Predicate::all([carried.condition.clone(), valued]),
    );
    Some(Predicate::all([carried.carrier.clone(), found]))
}

/// Both sides of a token are of one type.
fn agree(
    catalog: &Catalog,
    entity: &EntityDef,
    token: &RecordTokenDef,
    lookup: &EntityDef,
    (theirs, ours): (&FieldDef, &FieldDef),
    faults: &mut Diagnostics,
) -> Option<()> {
    let (value, field) = (shape_of(lookup.id, theirs)?, shape_of(entity.id, ours)?);
    if value.agrees(&field) {
        return Some(());
    }
    faults
        .error(
            "token-type",
            token.span,
            format!(
                "`{}` is {}, but the user token's value `{}` is {}",
                ours.name,
                field.noun(catalog),
                theirs.name,
                value.noun(catalog)
            ),
        )
        .also(theirs.span, "the value");
    None
}

/// A field that may stand on a side of a token: in the clear, and one plain value.
fn comparable(entity: &EntityDef, field: FieldId, span: Span, faults: &mut Diagnostics) -> bool {
    let field = entity.field(field);
    if !condition::comparable(field, span, faults) {
        return false;
    }
    let single = Column::of(entity.id, field)
        .is_some_and(|column| shape_of(entity.id, field).is_some_and(|shape| shape.agrees(&column.shape)));
    if !single {
        faults.error(
            "token-type",
            span,
            format!("`{}` does not hold one plain value", field.name),
        );
    }
    single
}
