//! What SQL of ours may consist of: the model's names, our own words, numbered parameters, and bounded numbers.
//! Nothing that a caller wrote is among them, so nothing of it is in the text.

use freehold_schema::catalog::Catalog;
use freehold_schema::formula::{DECIMAL_PLACES, JOINED_CHARACTERS_MAX};
use std::collections::BTreeSet;

const WORDS: &[&str] = &[
    "ABS",
    "ALL",
    "AND",
    "ANY",
    "AS",
    "ASC",
    "AVG",
    "BY",
    "CASE",
    "CAST",
    "COLLATE",
    "COUNT",
    "DESC",
    "DISTINCT",
    "ELSE",
    "END",
    "ESCAPE",
    "EXISTS",
    "FALSE",
    "FIRST",
    "FROM",
    "GROUP",
    "IN",
    "INNER",
    "IS",
    "JOIN",
    "LAST",
    "LATERAL",
    "LEFT",
    "LIKE",
    "LIMIT",
    "MAX",
    "MIN",
    "NOT",
    "NULL",
    "NULLIF",
    "NULLS",
    "OFFSET",
    "ON",
    "OR",
    "ORDER",
    "SELECT",
    "SUM",
    "THEN",
    "TRUE",
    "UNION",
    "WHEN",
    "WHERE",
    "double",
    "jsonb",
    "lower",
    "precision",
    "real",
    "text",
    "to_json",
    "fh_decimal",
    "fh_decimal_avg",
    "fh_decimal_sum",
    "fh_json_at",
    "fh_json_equal",
    "fh_list_has",
    "fh_lower",
];

/// Words of formulas.
const FORMULA_WORDS: &[&str] = &[
    "COALESCE",
    "DATE",
    "GREATEST",
    "LEAST",
    "abs",
    "bigint",
    "boolean",
    "btrim",
    "char_length",
    "date",
    "date_part",
    "div",
    // Of numbers like 1e-13.
    "e",
    "e13",
    "e150",
    "e16",
    "fh_add_days",
    "fh_date",
    "fh_day",
    "fh_days_between",
    "fh_decimal_abs",
    "fh_decimal_add",
    "fh_decimal_compare",
    "fh_decimal_divide",
    "fh_decimal_float",
    "fh_decimal_greatest",
    "fh_decimal_least",
    "fh_decimal_multiply",
    "fh_decimal_negate",
    "fh_decimal_round",
    "fh_decimal_subtract",
    "fh_decimal_text",
    "fh_decimal_whole",
    "fh_float",
    "fh_float_decimal",
    "fh_greatest",
    "fh_int",
    "fh_least",
    "fh_month",
    "fh_upper",
    "fh_year",
    "integer",
    "length",
    "numeric",
    "round",
    "timestamptz",
    "timezone",
    "to_char",
    "trim",
    "trim_scale",
    "upper",
];

/// Texts in single quotes: the escape character of `LIKE`, and JSON's null; what formulas are made of.
const QUOTED: &[&str] = &[
    "'\\'",
    "'null'",
    "''",
    "'1970-01-01'",
    "'UTC'",
    "'YYYY-MM-DD'",
    "'day'",
    "'month'",
    "'year'",
];

/// Bounds of formulas: of ints, of dates, of joined texts, and the parts of 1e-13 and 1e-150. Up to 12: places.
const FORMULA_NUMBERS: &[u64] = &[
    13,
    150,
    JOINED_CHARACTERS_MAX as u64,
    719_163,
    2_932_897,
    2_147_483_648,
    2_147_483_649,
];

/// A `LIMIT` that only keeps conditions out of a sub-select.
const EVERY_ROW: u64 = i64::MAX as u64;

/// Greatest `LIMIT` and `OFFSET`: the largest page and one row more, the rows of `viewer`, and the greatest offset.
const NUMBER_MAX: u64 = 100_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'a> {
    Word(&'a str),
    /// `"…"`, without the quotes.
    Name(&'a str),
    /// `'…'`, with the quotes.
    Text(&'a str),
    Number(u64),
    /// `?1` or `$1`.
    Parameter(usize),
    Sign(&'a str),
}

/// The names of a model, as SQL may hold them.
pub(crate) struct Vocabulary<'a> {
    tables: BTreeSet<&'a str>,
    walled: BTreeSet<&'a str>,
    columns: BTreeSet<String>,
}

impl<'a> Vocabulary<'a> {
    pub(crate) fn new(catalog: &'a Catalog) -> Self {
        let entities = || catalog.entities.values();
        let mut columns = BTreeSet::from(["k".to_owned(), "one".to_owned(), "und-x-icu".to_owned()]);
        // The collation of columns, and what names a value once.
        columns.extend(["C", "f", "v"].map(str::to_owned));
        columns.extend(["update", "delete", "transition"].map(|operation| format!("can:{operation}")));
        for field in entities().flat_map(|entity| &entity.fields) {
            columns.extend(field.column().map(|column| column.name));
            columns.extend(["list", "link", "write", "hidden"].map(|prefix| format!("{prefix}:{}", field.name)));
        }
        Self {
            tables: entities().map(|entity| entity.name.as_str()).collect(),
            walled: entities()
                .filter(|entity| catalog.is_walled(entity.id))
                .map(|entity| entity.name.as_str())
                .collect(),
            columns,
        }
    }

    /// Every token is known, and every table stands in a guarded source or in a rule: `FROM "ticket" AS "r3"`.
    pub(crate) fn check(&self, sql: &str, parameters: usize) {
        let tokens = tokens(sql);
        for (index, token) in tokens.iter().enumerate() {
            let before = index.checked_sub(1).map(|index| tokens[index]);
            let is_known = match token {
                Token::Word(word) => WORDS.contains(word) || FORMULA_WORDS.contains(word),
                Token::Name(name) => match before {
                    Some(Token::Word("FROM" | "JOIN")) => self.tables.contains(name),
                    _ => is_numbered(name) || self.columns.contains(*name),
                },
                Token::Text(text) => QUOTED.contains(text),
                Token::Number(number) => match before {
                    Some(Token::Word("LIMIT")) if *number == EVERY_ROW => true,
                    Some(Token::Word("LIMIT" | "OFFSET")) => *number <= NUMBER_MAX,
                    _ => *number <= u64::from(DECIMAL_PLACES) || FORMULA_NUMBERS.contains(number),
                },
                Token::Parameter(number) => (1..=parameters).contains(number),
                Token::Sign(_) => true,
            };
            assert!(is_known, "{token:?} in {sql}");
            if let (Some(Token::Word("FROM" | "JOIN")), Token::Name(table)) = (before, token) {
                assert!(
                    matches!(
                        (before, tokens.get(index + 1), tokens.get(index + 2)),
                        (Some(Token::Word("FROM")), Some(Token::Word("AS")), Some(Token::Name(alias))) if is_alias(alias, 'r')
                    ),
                    "`{table}` stands outside a source in {sql}"
                );
                assert!(
                    !self.walled.contains(table) || tokens.get(index + 3) == Some(&Token::Word("WHERE")),
                    "`{table}` stands without its wall in {sql}"
                );
            }
        }
    }
}

/// An alias (`t1`), or a column that is told by its number (`o:0`).
fn is_numbered(name: &str) -> bool {
    ['t', 'r', 'k', 'g', 'a'].iter().any(|letter| is_alias(name, *letter))
        || name
            .strip_prefix("o:")
            .or_else(|| name.strip_prefix("g:"))
            .or_else(|| name.strip_prefix("formula:"))
            .is_some_and(is_number)
}

fn is_alias(name: &str, letter: char) -> bool {
    name.strip_prefix(letter).is_some_and(is_number)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.len() < 6 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The greatest decimal and the greatest double: what a sum may be.
const BOUNDS: [&str; 2] = ["79228162514264337593543950335", "1.7976931348623157e308"];

/// The length of a bound that the text begins with, or 0.
fn bound_length(text: &str) -> usize {
    let bound = BOUNDS.iter().find(|bound| text.starts_with(**bound));
    bound.map_or(0, |bound| bound.len())
}

fn tokens(sql: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let end_of = |from: usize, holds: fn(char) -> bool| {
            rest[from..]
                .find(|letter| !holds(letter))
                .map_or(rest.len(), |length| from + length)
        };
        let quoted = |quote: char| {
            let close = rest[1..].find(quote);
            1 + close.unwrap_or_else(|| panic!("{quote} is not closed in {sql}"))
        };
        let number = |text: &str| {
            text.parse()
                .unwrap_or_else(|_| panic!("`{text}` is no number in {sql}"))
        };
        let (token, length) = match first {
            ' ' => (None, 1),
            '0'..='9' if bound_length(rest) > 0 => (None, bound_length(rest)),
            '"' => {
                let close = quoted('"');
                (Some(Token::Name(&rest[1..close])), close + 1)
            }
            '\'' => {
                let close = quoted('\'');
                (Some(Token::Text(&rest[..=close])), close + 1)
            }
            '?' | '$' => {
                let end = end_of(1, |letter| letter.is_ascii_digit());
                (Some(Token::Parameter(number(&rest[1..end]) as usize)), end)
            }
            '0'..='9' => {
                let end = end_of(0, |letter| letter.is_ascii_digit());
                (Some(Token::Number(number(&rest[..end]))), end)
            }
            'a'..='z' | 'A'..='Z' => {
                let end = end_of(0, |letter| letter.is_ascii_alphanumeric() || letter == '_');
                (Some(Token::Word(&rest[..end])), end)
            }
            '(' | ')' | ',' | '.' | '*' | '=' | '<' | '>' | '#' | ':' | '+' | '-' | '/' | '%' | '|' => {
                (Some(Token::Sign(&rest[..1])), 1)
            }
            other => panic!("{other:?} in {sql}"),
        };
        tokens.extend(token);
        rest = &rest[length..];
    }
    tokens
}
