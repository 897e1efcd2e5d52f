use super::*;
use crate::source::SourceFile;
use crate::yaml::NodeKind;
use std::time::Duration;

fn model(text: &str) -> Model {
    let sources = Sources::new(vec![SourceFile {
        name: "app.yaml".into(),
        text: text.into(),
    }]);
    let mut diagnostics = Diagnostics::default();
    let read = read(&sources, &mut diagnostics);
    assert!(
        diagnostics.is_empty(),
        "{}",
        crate::diagnostic::render(&diagnostics, &sources, false)
    );
    read.unwrap().0
}

#[test]
fn conditions_pass_through_whole() {
    let text = "permission_sets: {a: [{entity: b, allow: [read], where: {or: [{u: null}, {v: \"1\"}], w: 2}}]}";
    let model = model(text);
    let rule = &model.permission_sets.get("a").unwrap()[0].value;
    let condition = &rule.r#where.as_ref().unwrap().0;
    assert_eq!(
        &text[condition.span.start as usize..condition.span.end as usize],
        "{or: [{u: null}, {v: \"1\"}], w: 2}"
    );
    let NodeKind::List(items) = &condition.get("or").unwrap().kind else {
        panic!("not a list")
    };
    assert_eq!(items[0].get("u").unwrap().kind, NodeKind::Null);
    assert_eq!(
        items[1].get("v").unwrap().kind,
        NodeKind::Scalar {
            text: "1".into(),
            plain: false
        }
    );
    assert_eq!(
        condition.get("w").unwrap().kind,
        NodeKind::Scalar {
            text: "2".into(),
            plain: true
        }
    );
}

#[test]
fn null_is_the_same_as_nothing() {
    let model = model("tenant: null\nentities:\nidentity: {hosts: {\"a.example.com\": null}}\nlimits: {depth: ~}");
    assert!(model.tenant.is_none() && model.entities.0.is_empty());
    assert_eq!(model.identity.unwrap().hosts.0.len(), 1);
    assert!(model.limits.unwrap().depth.is_none());
}

#[test]
fn one_name_or_several() {
    let model = model("entities: {a: {fields: {one: {type: ref, to: b}, two: {type: ref, to: [b, c]}}}}");
    let fields = &model.entities.get("a").unwrap().fields;
    let count = |name: &str| fields.get(name).unwrap().to.as_ref().unwrap().0.len();
    assert_eq!((count("one"), count("two")), (1, 2));
}

#[test]
fn passwords_are_on_or_off() {
    let password = |text: &str| {
        model(&format!("identity: {{password: {text}}}"))
            .identity
            .unwrap()
            .password
            .unwrap()
            .value
    };
    assert!(matches!(password("disabled"), PasswordModel::Disabled));
    assert!(
        matches!(password("{min_length: 9}"), PasswordModel::Settings(settings) if settings.min_length.unwrap().value == 9)
    );
}

#[test]
fn durations() {
    assert_eq!(parse_duration("10m"), Some(Duration::from_mins(10)));
    assert_eq!(parse_duration("365d"), Some(Duration::from_hours(8_760)));
    for bad in ["", "m", "10", "1.5h", "-1d", "10 m", "99999999999999999999d", "ü"] {
        assert_eq!(parse_duration(bad), None, "{bad}");
    }
}
