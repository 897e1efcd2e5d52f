//! What kind the operation is that a document chooses, told without a parser: a mutation by `GET` is refused for being one before
//! anything else is said about it, and a subscription goes another way.

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    /// It reads.
    Query,
    /// It writes.
    Mutation,
    /// It listens.
    Subscription,
}

/// What the chosen operation does. Of a document that is not GraphQL it says nothing that matters: such a one is refused.
pub(crate) fn verb(document: &str, operation_name: Option<&str>) -> Verb {
    let mut operations = Vec::new();
    let mut depth = 0_usize;
    let mut keyword = None;
    let mut rest = document;
    while let Some(next) = rest.chars().next() {
        let mut length = next.len_utf8();
        match next {
            '#' => length = rest.find(['\n', '\r']).unwrap_or(rest.len()),
            '"' => length = string_length(rest),
            '{' | '(' | '[' => {
                if let Some(found) = keyword.take().filter(|_| depth == 0) {
                    operations.push((found, ""));
                }
                depth += 1;
            }
            '}' | ')' | ']' => depth = depth.saturating_sub(1),
            'a'..='z' | 'A'..='Z' | '_' => {
                length = rest
                    .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
                    .unwrap_or(rest.len());
                let word = &rest[..length];
                match (depth, keyword.take(), word) {
                    (0, Some(found), name) => operations.push((found, name)),
                    (0, None, "query" | "mutation" | "subscription" | "fragment") => keyword = Some(word),
                    _ => {}
                }
            }
            _ => {}
        }
        rest = &rest[length..];
    }
    // An empty name is none.
    let chosen = match operation_name.filter(|name| !name.is_empty()) {
        Some(wanted) => operations.iter().find(|(_, name)| *name == wanted),
        None => operations.iter().find(|(keyword, _)| *keyword != "fragment"),
    };
    match chosen {
        Some(("mutation", _)) => Verb::Mutation,
        Some(("subscription", _)) => Verb::Subscription,
        _ => Verb::Query,
    }
}

fn string_length(text: &str) -> usize {
    let (quote, inner) = if text.starts_with("\"\"\"") {
        ("\"\"\"", 3)
    } else {
        ("\"", 1)
    };
    let mut at = inner;
    while at < text.len() {
        if text[at..].starts_with(quote) {
            return at + quote.len();
        }
        let escape = if inner == 3 {
            text[at..].starts_with("\\\"\"\"").then_some(4)
        } else {
            text[at..].starts_with('\\').then_some(1)
        };
        at += escape.unwrap_or(0);
        at += text[at..]
            .chars()
            .next()
            .filter(|_| escape != Some(4))
            .map_or(0, char::len_utf8);
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::{Verb, verb};

    #[test]
    fn operations_are_told_apart() {
        for (document, name, expected) in [
            ("mutation { a }", None, Verb::Mutation),
            (
                "  # query\n,mutation M($x: String = \"query\") @d { a }",
                None,
                Verb::Mutation,
            ),
            ("mutation{a}", Some(""), Verb::Mutation),
            ("subscription S { a }", None, Verb::Subscription),
            ("query A { a } subscription B { b }", Some("B"), Verb::Subscription),
            ("{ mutation { a } }", None, Verb::Query),
            ("query mutation { a }", None, Verb::Query),
            ("query A { a } mutation B { b }", Some("A"), Verb::Query),
            ("query A { a } mutation B { b }", Some("B"), Verb::Mutation),
            (
                "fragment mutation on Query { a } query { ...mutation }",
                None,
                Verb::Query,
            ),
            (
                "query ($x: String = \"\"\" } mutation { \\\"\"\" \"\"\") { a }",
                None,
                Verb::Query,
            ),
            ("\"unended é", None, Verb::Query),
            ("\"\\", None, Verb::Query),
            ("\"\\é", None, Verb::Query),
            ("", None, Verb::Query),
        ] {
            assert_eq!(verb(document, name), expected, "{document}");
        }
    }
}
