//! SQL in lines, for people. Nothing but white space is changed.

/// What begins a line.
const CLAUSES: [&str; 13] = [
    "SELECT",
    "FROM",
    "WHERE",
    "LEFT JOIN",
    "INNER JOIN",
    "JOIN",
    "CROSS JOIN",
    "GROUP BY",
    "HAVING",
    "ORDER BY",
    "LIMIT",
    "UNION ALL",
    "UNION",
];

/// What begins a line that belongs to the one before.
const PARTS: [&str; 2] = ["AND", "OR"];

/// The statement with a line for each clause; what a sub-select says stands farther right.
pub(super) fn lines(sql: &str) -> Vec<String> {
    let mut writer = Writer::default();
    let mut rest = sql.trim();
    let mut at_word = true;
    while let Some(next) = rest.chars().next() {
        let taken = match next {
            '"' | '\'' => quoted(rest, next),
            '(' => {
                writer.open(rest[1..].trim_start().starts_with("SELECT"));
                1
            }
            ')' => {
                writer.close();
                1
            }
            _ if next.is_whitespace() => {
                writer.space();
                next.len_utf8()
            }
            _ => {
                let clause = CLAUSES.iter().find(|word| at_word && starts(rest, word));
                let part = PARTS.iter().find(|word| at_word && starts(rest, word));
                match (clause, part) {
                    (Some(word), _) => {
                        writer.clause(word);
                        word.len()
                    }
                    (None, Some(word)) => {
                        writer.part(word);
                        word.len()
                    }
                    (None, None) => {
                        writer.push(next);
                        next.len_utf8()
                    }
                }
            }
        };
        if matches!(next, '"' | '\'') {
            rest[..taken].chars().for_each(|c| writer.push(c));
        }
        at_word = !(next.is_alphanumeric() || next == '_' || next == '$' || next == '?');
        rest = &rest[taken..];
    }
    writer.finish()
}

/// Bytes of a quoted text, its quotes included; a doubled quote stands for itself.
fn quoted(text: &str, quote: char) -> usize {
    let mut end = 1;
    loop {
        match text[end..].find(quote) {
            None => return text.len(),
            Some(at) => {
                end += at + 1;
                if !text[end..].starts_with(quote) {
                    return end;
                }
                end += 1;
            }
        }
    }
}

fn starts(text: &str, word: &str) -> bool {
    text.strip_prefix(word)
        .is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
}

#[derive(Default)]
struct Writer {
    lines: Vec<String>,
    line: String,
    /// For each open bracket whether it is that of a sub-select.
    brackets: Vec<bool>,
}

impl Writer {
    fn selects(&self) -> usize {
        self.brackets.iter().filter(|is_select| **is_select).count()
    }

    fn begin(&mut self, indent: usize) {
        let line = std::mem::take(&mut self.line);
        if !line.trim().is_empty() {
            self.lines.push(line.trim_end().to_owned());
        }
        self.line = "  ".repeat(indent);
    }

    fn push(&mut self, c: char) {
        self.line.push(c);
    }

    fn space(&mut self) {
        if !self.line.trim().is_empty() && !self.line.ends_with(' ') {
            self.line.push(' ');
        }
    }

    fn open(&mut self, is_select: bool) {
        self.push('(');
        self.brackets.push(is_select);
    }

    fn close(&mut self) {
        if self.brackets.pop() == Some(true) {
            self.begin(self.selects());
        }
        self.push(')');
    }

    fn clause(&mut self, word: &str) {
        // `IS DISTINCT FROM`, and what stands in a function's brackets.
        let inside = self.brackets.last() == Some(&false);
        if inside || self.line.ends_with("DISTINCT ") {
            self.line.push_str(word);
            return;
        }
        self.begin(self.selects());
        self.line.push_str(word);
    }

    fn part(&mut self, word: &str) {
        if self.brackets.last() != Some(&false) {
            self.begin(self.selects() + 1);
        }
        self.line.push_str(word);
    }

    fn finish(mut self) -> Vec<String> {
        self.begin(0);
        self.lines
    }
}

#[cfg(test)]
mod tests {
    use super::lines;

    fn check(sql: &str, expected: &[&str]) {
        let found = lines(sql);
        assert_eq!(found, expected);
        let dense = |text: &str| text.split_whitespace().collect::<String>();
        assert_eq!(dense(&found.join("\n")), dense(sql), "nothing but white space");
    }

    #[test]
    fn clauses_stand_in_lines() {
        check(
            r#"SELECT "t1"."name" FROM (SELECT "r2"."from" AS "a" FROM "team" AS "r2" WHERE "r2"."tenant_id" = ?1 AND ("x" = ?2 OR EXISTS(SELECT 1 FROM "m" WHERE "m"."y" = ?2))) AS "t1" ORDER BY "t1"."id" ASC LIMIT 20"#,
            &[
                r#"SELECT "t1"."name""#,
                "FROM (",
                r#"  SELECT "r2"."from" AS "a""#,
                r#"  FROM "team" AS "r2""#,
                r#"  WHERE "r2"."tenant_id" = ?1"#,
                r#"    AND ("x" = ?2 OR EXISTS("#,
                "    SELECT 1",
                r#"    FROM "m""#,
                r#"    WHERE "m"."y" = ?2"#,
                "  ))",
                r#") AS "t1""#,
                r#"ORDER BY "t1"."id" ASC"#,
                "LIMIT 20",
            ],
        );
    }

    #[test]
    fn texts_are_left_alone() {
        check(
            r#"SELECT 'a  FROM ''b' AS "WHERE", x IS DISTINCT FROM y, FROM_x"#,
            &[r#"SELECT 'a  FROM ''b' AS "WHERE", x IS DISTINCT FROM y, FROM_x"#],
        );
        check("SELECT \"unclosed", &["SELECT \"unclosed"]);
        check("", &[]);
    }
}
