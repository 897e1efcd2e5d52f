use super::{Holder, all, any, reduce};
use crate::operand::{Operand, SessionValue};
use crate::predicate::{CallerTest, Predicate, RulePredicate, Test};
use freehold_base::{Value, ValueType};
use freehold_schema::catalog::FieldId;

fn leaf(field: u16, test: Test) -> RulePredicate {
    Predicate::Leaf {
        field: FieldId(field),
        test,
    }
}

fn is(field: u16, text: &str) -> RulePredicate {
    leaf(field, Test::Equal(Operand::Constant(Value::Text(text.into()))))
}

fn user() -> Operand {
    Operand::Session(SessionValue::User)
}

const NOBODY: Holder<'static> = Holder {
    signed_in: false,
    member: false,
    reads_only: false,
    roles: &[],
};
const STRANGER: Holder<'static> = Holder {
    signed_in: true,
    member: false,
    reads_only: false,
    roles: &[],
};

#[test]
fn what_others_cover_is_dropped() {
    let (a, b, c) = (is(1, "a"), is(2, "b"), is(3, "c"));
    let both = Predicate::All(vec![a.clone(), b.clone()]);
    assert_eq!(any([both.clone(), a.clone()]), a);
    assert_eq!(
        any([a.clone(), both.clone(), c.clone()]),
        Predicate::Any(vec![a.clone(), c.clone()])
    );
    let gate = Predicate::Any(vec![a.clone(), b.clone()]);
    assert_eq!(any([gate.clone(), Predicate::All(vec![c.clone(), gate.clone()])]), gate);
    assert_eq!(all([a.clone(), gate.clone()]), a);
    assert_eq!(all([gate.clone(), a.clone()]), a);
    assert_eq!(all([c.clone(), gate.clone()]), Predicate::All(vec![c, gate]));
    assert_eq!(any([both.clone(), both.clone()]), both);
}

#[test]
fn caller_tests_are_folded() {
    let roles = ["agent".to_owned()];
    let agent = Holder {
        signed_in: true,
        member: true,
        reads_only: false,
        roles: &roles,
    };
    let role = Predicate::Caller(CallerTest::Role("agent".into()));
    for (holder, signed_in, member, is_agent) in [
        (NOBODY, false, false, false),
        (STRANGER, true, false, false),
        (agent, true, true, true),
    ] {
        assert_eq!(
            reduce(&Predicate::Caller(CallerTest::SignedIn), &holder),
            Predicate::Constant(signed_in)
        );
        assert_eq!(
            reduce(&Predicate::Caller(CallerTest::Member), &holder),
            Predicate::Constant(member)
        );
        assert_eq!(reduce(&role, &holder), Predicate::Constant(is_agent));
    }
}

#[test]
fn absent_values_make_a_test_false_and_its_complement_true() {
    let own = leaf(1, Test::Equal(user()));
    assert_eq!(reduce(&own, &NOBODY), Predicate::Constant(false));
    assert_eq!(reduce(&Predicate::not(own.clone()), &NOBODY), Predicate::Constant(true));
    assert_eq!(
        reduce(&leaf(1, Test::NotEqual(user())), &NOBODY),
        Predicate::Constant(false)
    );
    assert_eq!(reduce(&own, &STRANGER), own);
    let level = leaf(
        1,
        Test::Less(Operand::Session(SessionValue::Membership(
            "level".into(),
            ValueType::Int,
        ))),
    );
    assert_eq!(reduce(&level, &STRANGER), Predicate::Constant(false));
}

#[test]
fn absent_members_of_lists() {
    let other = Operand::Constant(Value::Null);
    let reduced = |test: Test| reduce(&leaf(1, test), &NOBODY);
    assert_eq!(
        reduced(Test::In(vec![user(), other.clone()])),
        leaf(1, Test::In(vec![other.clone()]))
    );
    assert_eq!(reduced(Test::In(vec![user()])), Predicate::Constant(false));
    assert_eq!(reduced(Test::In(vec![])), Predicate::Constant(false));
    assert_eq!(reduced(Test::NotIn(vec![])), Predicate::Constant(true));
    assert_eq!(
        reduced(Test::NotIn(vec![other.clone(), user()])),
        Predicate::Constant(false)
    );
    assert_eq!(
        reduced(Test::HasAny(vec![user(), other.clone()])),
        leaf(1, Test::HasAny(vec![other.clone()]))
    );
    assert_eq!(reduced(Test::HasAll(vec![user(), other])), Predicate::Constant(false));
    assert_eq!(reduced(Test::HasAll(vec![])), leaf(1, Test::HasAll(vec![])));
}
