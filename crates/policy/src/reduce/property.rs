//! Whatever a predicate is made of: its residual agrees with it, and what is said of it without looking at rows holds of all rows.

use super::{Holder, all, any, reduce};
use crate::RoleSet;
use crate::eval::Question;
use crate::never::never;
use crate::operand::{Operand, PatternKind, SessionValue};
use crate::predicate::{CallerTest, Link, Predicate, RawSource, RulePredicate, Test};
use crate::world::random::{Dice, MODEL, caller, database, value};
use crate::world::{self, field};
use freehold_base::{Value, ValueType};
use freehold_schema::catalog::{Catalog, EntityDef, FieldDef, FieldType};
use proptest::prelude::{ProptestConfig, any as whatever, proptest};

/// A predicate over a row of `entity`, at most `depth` levels deep.
fn predicate(catalog: &Catalog, entity: &EntityDef, depth: u64, dice: &mut Dice) -> RulePredicate {
    if depth == 0 || dice.roll(4) == 0 {
        return leaf(catalog, entity, dice);
    }
    let parts = |dice: &mut Dice| {
        (0..dice.roll(4))
            .map(|_| predicate(catalog, entity, depth - 1, dice))
            .collect::<Vec<_>>()
    };
    match dice.roll(6) {
        0 => Predicate::All(parts(dice)),
        1 => Predicate::Any(parts(dice)),
        2 => Predicate::Not(Box::new(predicate(catalog, entity, depth - 1, dice))),
        3 => Predicate::Constant(dice.roll(2) == 0),
        choice => {
            let (link, related) = link(catalog, entity, dice);
            let inner = Box::new(predicate(catalog, related, depth - 1, dice));
            let source = RawSource { entity: related.id };
            match choice {
                4 => Predicate::Exists { link, source, inner },
                _ => Predicate::Count {
                    link,
                    source,
                    inner,
                    test: Test::Less(Operand::Constant(Value::Int(dice.roll(4) as i64))),
                },
            }
        }
    }
}

fn leaf(catalog: &Catalog, entity: &EntityDef, dice: &mut Dice) -> RulePredicate {
    match dice.roll(8) {
        0 => Predicate::Caller(CallerTest::SignedIn),
        1 => Predicate::Caller(CallerTest::Member),
        2 => Predicate::Caller(CallerTest::Role(dice.pick(&["r1", "r2", "r3"]).to_owned())),
        _ => {
            let columns: Vec<&FieldDef> = entity
                .fields
                .iter()
                .filter(|field| !matches!(field.field_type, FieldType::List { .. }))
                .collect();
            let column = dice.pick(&columns);
            Predicate::Leaf {
                field: column.id,
                test: test(catalog, entity, column, dice),
            }
        }
    }
}

fn link<'a>(
    catalog: &'a Catalog,
    entity: &'a EntityDef,
    dice: &mut Dice,
) -> (Link<freehold_schema::catalog::FieldId>, &'a EntityDef) {
    let references: Vec<&FieldDef> = entity
        .fields
        .iter()
        .filter(|field| field.reference_target().is_some())
        .collect();
    let lists: Vec<&FieldDef> = entity
        .fields
        .iter()
        .filter(|field| matches!(field.field_type, FieldType::List { .. }))
        .collect();
    let list = if lists.is_empty() || dice.roll(2) == 0 {
        None
    } else {
        Some(&dice.pick(&lists).field_type)
    };
    if let Some(FieldType::List { of, by }) = list {
        return (Link::Inverse { by: *by }, catalog.entity(*of));
    }
    let reference = dice.pick(&references);
    let target = catalog.entity(reference.reference_target().unwrap());
    match dice.roll(3) {
        0 => (Link::Reference(reference.id), target),
        1 => (
            Link::Equal {
                theirs: field(target, "owner"),
                ours: field(entity, "owner"),
            },
            target,
        ),
        _ => (Link::Free, target),
    }
}

fn test(catalog: &Catalog, entity: &EntityDef, column: &FieldDef, dice: &mut Dice) -> Test {
    let one = |dice: &mut Dice| operand(catalog, entity, column, dice);
    let many = |dice: &mut Dice| {
        (0..dice.roll(3))
            .map(|_| operand(catalog, entity, column, dice))
            .collect::<Vec<_>>()
    };
    if column.field_type.value_type() == Some(ValueType::TextList) {
        return match dice.roll(4) {
            0 => Test::Has(one(dice)),
            1 => Test::HasAny(many(dice)),
            2 => Test::HasAll(many(dice)),
            _ => Test::IsNull(dice.roll(2) == 0),
        };
    }
    match dice.roll(9) {
        0 => Test::NotEqual(one(dice)),
        1 => Test::In(many(dice)),
        2 => Test::NotIn(many(dice)),
        3 => Test::IsNull(dice.roll(2) == 0),
        4 => Test::Less(one(dice)),
        5 => Test::GreaterOrEqual(one(dice)),
        6 if matches!(column.field_type, FieldType::Text(_)) => {
            let kind = dice.pick(&[
                PatternKind::Contains,
                PatternKind::StartsWith,
                PatternKind::EndsWith,
                PatternKind::Like,
            ]);
            Test::Like {
                pattern: Operand::Constant(Value::Text(kind.pattern(dice.pick(&["a", "%", "", "_"])))),
                insensitive: dice.roll(2) == 0,
            }
        }
        _ => Test::Equal(one(dice)),
    }
}

/// A constant, or a session value of the column's type that may be absent.
fn operand(catalog: &Catalog, entity: &EntityDef, column: &FieldDef, dice: &mut Dice) -> Operand {
    let session = match column.field_type.value_type() {
        Some(ValueType::Uuid) => Some(dice.pick(&[SessionValue::User, SessionValue::Tenant])),
        Some(ValueType::Int) => Some(SessionValue::Membership("level".into(), ValueType::Int)),
        Some(ValueType::Text | ValueType::TextList) => Some(SessionValue::Claim("word".into(), ValueType::Text)),
        Some(ValueType::DateTime) => Some(SessionValue::Now),
        _ => None,
    };
    match session {
        Some(session) if dice.roll(2) == 0 => Operand::Session(session),
        _ => loop {
            match value(catalog, entity, column, 0, dice) {
                Value::Null => {}
                Value::TextList(texts) => {
                    break Operand::Constant(Value::Text(texts.first().cloned().unwrap_or_default()));
                }
                other => break Operand::Constant(other),
            }
        },
    }
}

fn check(catalog: &Catalog, seed: u64) {
    let mut dice = Dice(seed);
    let database = database(catalog, &mut dice);
    let entity = catalog.find_entity("ticket").unwrap();
    let left = predicate(catalog, entity, 3, &mut dice);
    let right = predicate(catalog, entity, 2, &mut dice);
    // What implication is asked of in earnest: parts of one whole.
    let pairs = [
        (left.clone(), right.clone()),
        (Predicate::all([left.clone(), right.clone()]), left.clone()),
        (left.clone(), Predicate::any([left.clone(), right.clone()])),
        (Predicate::not(left.clone()), Predicate::not(right.clone())),
    ];
    for _ in 0..6 {
        let caller = caller(catalog, &database, &mut dice);
        let set = RoleSet::of(catalog, &caller);
        let holder = Holder {
            signed_in: set.signed_in,
            member: set.member,
            reads_only: set.reads_only,
            roles: &set.roles,
        };
        let question = Question {
            catalog,
            database: &database,
            caller: &caller,
        };
        for row in &database.rows[entity.id.0 as usize] {
            let (holds, other) = (question.holds(&left, row), question.holds(&right, row));
            let agrees = |residual: &RulePredicate, expected: bool| {
                assert_eq!(
                    question.holds(residual, row),
                    expected,
                    "{left:#?}\n{right:#?}\n{residual:#?}"
                );
            };
            agrees(&reduce(&left, &holder), holds);
            agrees(&reduce(&Predicate::not(left.clone()), &holder), !holds);
            agrees(&any([left.clone(), right.clone()]), holds || other);
            agrees(&all([left.clone(), right.clone()]), holds && other);
            assert!(!(never(&left) && holds), "{left:#?}");
            for (premise, conclusion) in &pairs {
                if premise.implies(conclusion) && question.holds(premise, row) {
                    agrees(conclusion, true);
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_residual_agrees_with_the_predicate(seeds in proptest::collection::vec(whatever::<u64>(), 4)) {
        let (_, catalog) = world::catalog(MODEL);
        for seed in seeds {
            check(&catalog, seed);
        }
    }
}
