//! Claims by path, for the roles and groups of a model.

use serde_json::Value;

/// The texts at a path of claims: of a text, a number, or a list of them; nothing of anything else.
///
/// A path is a claim's own name (`groups`, `https://acme.example/roles`) or names of members with dots between
/// (`realm_access.roles`). A name may have dots itself: the longest name that is there counts, at every level.
pub fn pick(claims: &Value, path: &str) -> Vec<String> {
    find(claims, path).map(texts).unwrap_or_default()
}

fn find<'c>(value: &'c Value, path: &str) -> Option<&'c Value> {
    let members = value.as_object()?;
    if let Some(found) = members.get(path) {
        return Some(found);
    }
    path.rmatch_indices('.')
        .find_map(|(dot, _)| find(members.get(&path[..dot])?, &path[dot + 1..]))
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(many) => many.iter().filter_map(text).collect(),
        one => text(one).into_iter().collect(),
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn claims_are_found() {
        let claims = json!({
            "groups": ["staff", 7, null, true, ["deep"], {"a": 1}, "admins"],
            "department": "sales",
            "level": 3,
            "active": true,
            "nothing": null,
            "https://acme.example/roles": ["editor"],
            "https://acme.example/more": {"v1.0": {"roles": ["owner"]}},
            "realm_access": {"roles": ["a", "b"]},
            "resource_access": {"my.app": {"roles": ["c"]}, "my": {"app": {"roles": ["shadowed"]}}},
            "a.b": "whole",
            "a": {"b": "parts", "c": "other"},
        });
        let check = |path: &str, expected: &[&str]| assert_eq!(pick(&claims, path), expected, "{path}");
        check("groups", &["staff", "7", "admins"]);
        check("department", &["sales"]);
        check("level", &["3"]);
        check("https://acme.example/roles", &["editor"]);
        check("https://acme.example/more.v1.0.roles", &["owner"]);
        check("realm_access.roles", &["a", "b"]);
        check("resource_access.my.app.roles", &["c"]);
        check("a.b", &["whole"]);
        check("a.c", &["other"]);
        for path in [
            "active",
            "nothing",
            "realm_access",
            "",
            ".",
            "groups.0",
            "groups.",
            ".groups",
            "absent",
            "a..b",
            "Groups",
        ] {
            check(path, &[]);
        }
        for claims in [json!(null), json!("groups"), json!(["groups"])] {
            assert!(pick(&claims, "groups").is_empty());
        }
    }
}
