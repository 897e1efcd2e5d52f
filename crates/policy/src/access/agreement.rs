//! Property 1 of the house: what is reduced agrees with the rules, for any caller and row.

use super::reference::{Reference, always};
use super::{Access, RoleSet, is_administered, is_given};
use crate::condition::{self, Scope};
use crate::eval::{Question, Row};
use crate::inquiry::inquire;
use crate::predicate::{Predicate, RulePredicate};
use crate::source::{Guard, RowSource};
use crate::world::random::{self, Dice, caller, database};
use crate::{Policy, world};
use freehold_base::Value;
use freehold_schema::catalog::{AccessLevel, Catalog, EntityDef, EntityKind, Operation, SystemField};
use freehold_schema::diagnostic::Diagnostics;
use freehold_schema::yaml::Node;
use proptest::prelude::{ProptestConfig, any, proptest};

const SETS: u64 = 30;

/// Shuffles what an author may state of an entity, even what the schema room refuses as yet.
fn shuffle(catalog: &mut Catalog, dice: &mut Dice) {
    for entity in catalog.entities.values_mut() {
        if dice.roll(3) == 0 {
            entity.public = !entity.public;
        }
        if dice.roll(3) == 0 {
            entity.access = dice.pick(&[AccessLevel::Open, AccessLevel::ProtectedWrite, AccessLevel::Protected]);
        }
    }
    let attachment = &mut catalog.entities["attachment"];
    attachment.access_field = Some(world::field(attachment, "about"));
    let subject = world::field(&catalog.entities["ticket"], "subject");
    catalog.permission_sets["s3"].rules[0].write.push(subject);
}

/// Deals the sets out to profiles and roles.
fn deal(catalog: &mut Catalog, dice: &mut Dice) {
    let mut some = |most: u64| {
        (0..dice.roll(most + 1))
            .map(|_| format!("s{}", dice.roll(SETS)))
            .collect::<Vec<_>>()
    };
    catalog
        .profiles
        .values_mut()
        .for_each(|profile| profile.sets = some(12));
    catalog.roles.values_mut().for_each(|role| role.sets = some(8));
}

fn holds_no_caller_test(predicate: &RulePredicate) -> bool {
    match predicate {
        Predicate::Caller(_) => false,
        Predicate::Constant(_) | Predicate::Leaf { .. } => true,
        Predicate::All(parts) | Predicate::Any(parts) => parts.iter().all(holds_no_caller_test),
        Predicate::Not(inner) | Predicate::Exists { inner, .. } | Predicate::Count { inner, .. } => {
            holds_no_caller_test(inner)
        }
    }
}

/// Where a source differs from the model, if it does.
fn compare(source: &RowSource, reference: &Reference<'_>, entity: &EntityDef, row: &Row, operation: Operation) {
    let question = reference.question;
    let shows = |field, on: &Guard| match on {
        Guard::Open => true,
        Guard::When(rows) => {
            assert!(holds_no_caller_test(rows), "{}.{field:?}", entity.name);
            question.holds(rows, row)
        }
    };
    for field in &entity.fields {
        let shown = source.guard(field.id).is_some_and(|guard| shows(field.id, guard));
        let expected = match field.system {
            Some(SystemField::Id) => true,
            Some(system) if system.is_always_readable() => reference.may(Operation::Read, entity, row),
            _ => reference.may_read(field.id, entity, row),
        };
        assert_eq!(shown, expected, "{operation:?} {}.{}", entity.name, field.name);
        let writable = question.holds(&source.writable(field.id), row);
        let preset = |rule: &crate::rule::Rule| rule.presets.iter().any(|(preset, _)| *preset == field.id);
        let expected = !field.state
            && !field.immutable
            && reference.rule_for(Operation::Update, entity, row, &|rule| {
                rule.write.contains(&field.id) && !preset(rule)
            });
        assert_eq!(writable, expected, "writable {}.{}", entity.name, field.name);
    }
    for operation in [Operation::Update, Operation::Delete, Operation::Transition] {
        assert_eq!(
            question.holds(&source.can(operation), row),
            reference.may(operation, entity, row),
            "{operation:?} {}",
            entity.name
        );
    }
}

fn check(seed: u64) {
    let mut dice = Dice(seed);
    let (_, mut catalog) = world::catalog(random::MODEL);
    shuffle(&mut catalog, &mut dice);
    deal(&mut catalog, &mut dice);
    let policy = Policy::check(&catalog, &mut Diagnostics::default()).expect("the model is sound");
    let database = database(&catalog, &mut dice);
    let parse = |entity, node: &Option<Node>| {
        node.as_ref().map_or_else(always, |node| {
            condition::parse(Scope::stored(&catalog, entity), node, &mut Diagnostics::default())
                .expect("the model is sound")
        })
    };
    for _ in 0..8 {
        let caller = caller(&catalog, &database, &mut dice);
        let access = Access::reduce(&catalog, &policy, &RoleSet::of(&catalog, &caller));
        let question = Question {
            catalog: &catalog,
            database: &database,
            caller: &caller,
        };
        let reference = Reference {
            question,
            policy: &policy,
            when: &|entity, position| parse(entity, &catalog.entity(entity).record_tokens[position].when),
            lookup: &|name| parse(catalog.user_tokens[name].lookup, &catalog.user_tokens[name].condition),
        };
        for (entity, row) in catalog
            .entities
            .values()
            .flat_map(|entity| database.rows[entity.id.0 as usize].iter().map(move |row| (entity, row)))
        {
            for (operation, source) in [
                (Operation::List, access.list(entity.id)),
                (Operation::Read, access.read(entity.id)),
            ] {
                let expected = reference.may(operation, entity, row);
                let found = source.is_some_and(|source| {
                    assert!(holds_no_caller_test(source.rows()));
                    question.holds(source.rows(), row)
                });
                assert_eq!(found, expected, "{operation:?} {} {:?}", entity.name, row[0]);
                if let (true, Some(source)) = (found, source) {
                    compare(source, &reference, entity, row, operation);
                }
            }
            explains(&reference, entity, row, &mut dice);
        }
        own_rows(&access, question);
    }
}

/// What is explained of an operation, or of a field, is what the model decides.
fn explains(reference: &Reference<'_>, entity: &EntityDef, row: &Row, dice: &mut Dice) {
    let question = reference.question;
    let role_set = RoleSet::of(question.catalog, question.caller);
    let operation = dice.pick(&[
        Operation::Read,
        Operation::List,
        Operation::Update,
        Operation::Delete,
        Operation::Transition,
    ]);
    let about_fields = !matches!(operation, Operation::List | Operation::Delete);
    let field = (about_fields && dice.roll(3) != 0).then(|| dice.pick(&entity.fields));
    let inquiry = inquire(
        question.catalog,
        reference.policy,
        &role_set,
        entity.id,
        operation,
        field.as_ref().map(|field| field.id),
    );
    let answers: Vec<bool> = inquiry
        .questions
        .iter()
        .map(|asked| question.holds(asked, row))
        .collect();
    let found = inquiry.judge(&answers);
    let write = operation.is_write();
    let opens = |rule: &crate::rule::Rule| match &field {
        None => true,
        Some(field) if write => {
            is_given(entity, field, operation)
                && rule.write.contains(&field.id)
                && rule.presets.iter().all(|(preset, _)| *preset != field.id)
        }
        Some(field) => field.system.is_some_and(SystemField::is_always_readable) || rule.read.contains(&field.id),
    };
    let expected = reference.rule_for(operation, entity, row, &opens)
        && (!write || reference.may(Operation::Read, entity, row))
        && !is_administered(entity, operation);
    assert_eq!(
        found.allowed, expected,
        "{operation:?} {} {field:?}: {found:#?}",
        entity.name
    );
    assert_eq!(found.allowed, found.rule.is_some());
    for rule in &found.rules {
        assert_eq!(rule.applies, rule.failed.is_none(), "{rule:#?}");
    }
}

/// What `viewer` shows is the caller's own, in whatever tenant.
fn own_rows(access: &Access, question: Question<'_>) {
    let user = question
        .caller
        .person
        .as_ref()
        .map(|person| Value::Uuid(person.id.uuid()));
    for entity in question.catalog.entities.values() {
        for row in &question.database.rows[entity.id.0 as usize] {
            let holds = |source: Option<&RowSource>| source.is_some_and(|source| question.holds(source.rows(), row));
            match entity.kind {
                EntityKind::User => assert_eq!(holds(Some(access.own_user())), user.as_ref() == Some(&row[0])),
                EntityKind::Membership => {
                    let of = &row[world::field(entity, "user").0 as usize];
                    let active = row[world::field(entity, "status").0 as usize] == Value::Text("active".into());
                    assert_eq!(holds(access.own_memberships()), active && user.as_ref() == Some(of));
                }
                EntityKind::Tenant => {
                    let memberships = question.catalog.find_entity("membership").unwrap();
                    let get = |found: &Row, name: &str| found[world::field(memberships, name).0 as usize].clone();
                    let own = question.database.rows[memberships.id.0 as usize].iter().any(|found| {
                        user == Some(get(found, "user"))
                            && get(found, "tenant") == row[0]
                            && get(found, "status") == Value::Text("active".into())
                    });
                    assert_eq!(holds(access.own_tenants()), own);
                }
                EntityKind::Ordinary => {}
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_residual_agrees_with_the_model(seed in any::<u64>()) {
        check(seed);
    }
}
