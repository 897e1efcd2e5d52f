//! Whether the operation a document chooses is a mutation, told without a parser: a request by `GET` is refused for being one
//! before anything else is said about it.

/// Whether the chosen operation is a mutation. Of a document that is not GraphQL it says nothing that matters: such a one is refused.
pub(crate) fn is_mutation(document: &str, operation_name: Option<&str>) -> bool {
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
    chosen.is_some_and(|(keyword, _)| *keyword == "mutation")
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
    use super::is_mutation;

    #[test]
    fn operations_are_told_apart() {
        for (document, name, expected) in [
            ("mutation { a }", None, true),
            ("  # query\n,mutation M($x: String = \"query\") @d { a }", None, true),
            ("mutation{a}", Some(""), true),
            ("{ mutation { a } }", None, false),
            ("query mutation { a }", None, false),
            ("query A { a } mutation B { b }", Some("A"), false),
            ("query A { a } mutation B { b }", Some("B"), true),
            ("fragment mutation on Query { a } query { ...mutation }", None, false),
            (
                "query ($x: String = \"\"\" } mutation { \\\"\"\" \"\"\") { a }",
                None,
                false,
            ),
            ("\"unended é", None, false),
            ("\"\\", None, false),
            ("\"\\é", None, false),
            ("", None, false),
        ] {
            assert_eq!(is_mutation(document, name), expected, "{document}");
        }
    }
}
