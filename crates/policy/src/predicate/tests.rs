use super::{Link, Predicate, RawSource, RulePredicate, Test};
use crate::operand::Operand;
use freehold_base::Value;
use freehold_schema::catalog::{EntityId, FieldId};

fn is(field: u16, number: i64) -> RulePredicate {
    Predicate::Leaf {
        field: FieldId(field),
        test: Test::Equal(Operand::Constant(Value::Int(number))),
    }
}

fn test(field: u16, test: Test) -> RulePredicate {
    Predicate::Leaf {
        field: FieldId(field),
        test,
    }
}

fn exists(inner: RulePredicate) -> RulePredicate {
    Predicate::Exists {
        link: Link::Reference(FieldId(4)),
        source: RawSource { entity: EntityId(1) },
        inner: Box::new(inner),
    }
}

#[test]
fn empty_lists_and_constants() {
    assert_eq!(RulePredicate::all([]), Predicate::Constant(true));
    assert_eq!(RulePredicate::any([]), Predicate::Constant(false));
    assert_eq!(
        Predicate::all([is(1, 1), Predicate::Constant(false)]),
        Predicate::Constant(false)
    );
    assert_eq!(
        Predicate::any([is(1, 1), Predicate::Constant(true)]),
        Predicate::Constant(true)
    );
    assert_eq!(Predicate::all([is(1, 1), is(1, 1)]), is(1, 1));
    assert_eq!(Predicate::not(Predicate::not(is(1, 1))), is(1, 1));
}

#[test]
fn implication() {
    let (a, b, c) = (is(1, 1), is(2, 2), is(3, 3));
    let both = Predicate::All(vec![a.clone(), b.clone()]);
    let either = Predicate::Any(vec![a.clone(), b.clone()]);
    for (left, right, expected) in [
        (&a, &a, true),
        (&a, &b, false),
        (&both, &a, true),
        (&a, &both, false),
        (&a, &either, true),
        (&either, &a, false),
        (&both, &either, true),
        (&Predicate::All(vec![c.clone(), either.clone()]), &either, true),
        (&Predicate::Constant(false), &a, true),
        (&a, &Predicate::Constant(true), true),
        (&Predicate::Constant(true), &a, false),
        (&exists(both.clone()), &exists(a.clone()), true),
        (&exists(a.clone()), &exists(both.clone()), false),
        (&Predicate::not(a.clone()), &Predicate::not(both.clone()), true),
        (&Predicate::not(both.clone()), &Predicate::not(a.clone()), false),
        (&Predicate::not(a.clone()), &a, false),
        (&a, &test(1, Test::IsNull(false)), true),
        (&a, &test(1, Test::IsNull(true)), false),
        (&a, &test(2, Test::IsNull(false)), false),
        (&test(1, Test::NotIn(vec![])), &test(1, Test::IsNull(false)), false),
        (&test(1, Test::IsNull(true)), &test(1, Test::IsNull(false)), false),
        (
            &a,
            &test(
                1,
                Test::In(vec![Operand::Constant(Value::Int(1)), Operand::Constant(Value::Int(2))]),
            ),
            true,
        ),
        (&a, &test(1, Test::In(vec![Operand::Constant(Value::Int(2))])), false),
    ] {
        assert_eq!(left.implies(right), expected, "{left:?} => {right:?}");
    }
}
