//! Names: what the model allows, and what GraphQL makes of them.

/// Longest name that both databases keep whole.
pub(super) const NAME_BYTES_MAX: usize = 63;

/// Names of implicit fields, and words that have a meaning of their own beside field names.
pub(super) const RESERVED_FIELDS: [&str; 18] = [
    "id",
    "owner",
    "created_at",
    "created_by",
    "updated_at",
    "updated_by",
    "version",
    "tenant",
    "and",
    "or",
    "not",
    "is_null",
    // System columns of PostgreSQL.
    "ctid",
    "cmin",
    "cmax",
    "xmin",
    "xmax",
    "tableoid",
];

/// `[a-z][a-z0-9_]{0,62}`
pub(super) fn is_name(name: &str) -> bool {
    name.len() <= NAME_BYTES_MAX
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name
            .chars()
            .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_')
}

/// The nearest sound name, for hints.
pub(super) fn suggest(name: &str) -> Option<String> {
    let mut out = String::new();
    let mut lower_before = false;
    for letter in name.trim().chars() {
        if letter.is_ascii_uppercase() && lower_before {
            out.push('_');
        }
        lower_before = letter.is_ascii_lowercase() || letter.is_ascii_digit();
        out.push(if letter.is_ascii_alphanumeric() {
            letter.to_ascii_lowercase()
        } else {
            '_'
        });
    }
    let out = out.trim_matches('_').to_owned();
    (is_name(&out) && out != name).then_some(out)
}

/// `team_member` → `TeamMember`
pub(super) fn pascal(name: &str) -> String {
    let upper_first = |part: &str| {
        let mut letters = part.chars();
        letters.next().map_or_else(String::new, |first| {
            first.to_ascii_uppercase().to_string() + letters.as_str()
        })
    };
    name.split('_').map(upper_first).collect()
}

/// `created_at` → `createdAt`
pub(super) fn camel(name: &str) -> String {
    match name.split_once('_') {
        Some((first, rest)) => first.to_owned() + &pascal(rest),
        None => name.to_owned(),
    }
}

/// English, naively: `category` → `categories`, `box` → `boxes`, `ticket` → `tickets`.
pub(super) fn plural(name: &str) -> String {
    let vowel_before_y = || name.len() >= 2 && name[..name.len() - 1].ends_with(['a', 'e', 'i', 'o', 'u']);
    if name.ends_with('y') && !vowel_before_y() {
        return format!("{}ies", &name[..name.len() - 1]);
    }
    if ["s", "x", "z", "ch", "sh"].iter().any(|end| name.ends_with(end)) {
        return format!("{name}es");
    }
    format!("{name}s")
}

/// `in_progress` → `IN_PROGRESS`; `None`: nothing is left that GraphQL could call it.
pub(super) fn enum_name(value: &str) -> Option<String> {
    let mut out: String = value
        .chars()
        .map(|letter| {
            if letter.is_ascii_alphanumeric() {
                letter.to_ascii_uppercase()
            } else {
                '_'
            }
        })
        .collect();
    if out.starts_with(|first: char| first.is_ascii_digit()) {
        out.insert(0, '_');
    }
    (out.contains(|letter: char| letter.is_ascii_alphanumeric()) && !out.starts_with("__")).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        assert_eq!(
            (pascal("team_member"), camel("created_at"), camel("a_1")),
            ("TeamMember".into(), "createdAt".into(), "a1".into())
        );
        for (one, many) in [
            ("ticket", "tickets"),
            ("category", "categories"),
            ("day", "days"),
            ("box", "boxes"),
            ("status", "statuses"),
            ("branch", "branches"),
        ] {
            assert_eq!(plural(one), many);
        }
        assert_eq!(enum_name("in progress"), Some("IN_PROGRESS".into()));
        assert_eq!(enum_name("3d"), Some("_3D".into()));
        assert_eq!((enum_name("--"), enum_name("__x")), (None, None));
        assert_eq!(suggest("firstName"), Some("first_name".into()));
        assert!(is_name("a_1") && !is_name("_a") && !is_name("A") && !is_name(""));
    }
}
