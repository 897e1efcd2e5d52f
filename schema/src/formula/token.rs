//! Text → tokens.

use super::Faults;
use std::ops::Range;

/// A token and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    /// Bytes of the formula's text.
    pub(super) range: Range<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// A field, a function or a keyword.
    Name(String),
    /// Digits, perhaps with a point and an exponent.
    Number(String),
    /// A text, without its quotes.
    Text(String),
    Symbol(Symbol),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Symbol {
    Open,
    Close,
    Comma,
    Plus,
    Minus,
    Star,
    Slash,
    Percent,
    Join,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// Symbols as they are written, the longer ones first.
const SYMBOLS: [(&str, Symbol); 16] = [
    ("||", Symbol::Join),
    ("<>", Symbol::NotEqual),
    ("!=", Symbol::NotEqual),
    ("<=", Symbol::LessOrEqual),
    (">=", Symbol::GreaterOrEqual),
    ("(", Symbol::Open),
    (")", Symbol::Close),
    (",", Symbol::Comma),
    ("+", Symbol::Plus),
    ("-", Symbol::Minus),
    ("*", Symbol::Star),
    ("/", Symbol::Slash),
    ("%", Symbol::Percent),
    ("=", Symbol::Equal),
    ("<", Symbol::Less),
    (">", Symbol::Greater),
];

/// Slips of the hand, with what to do about them.
const SLIPS: [(&str, &str); 9] = [
    ("==", "write `=`"),
    ("&&", "write `and`"),
    ("\"", "a text stands in single quotes: 'open'"),
    ("`", "a field is written without quotes"),
    (
        "$",
        "a formula is of its row alone; compare with `$now` or `$user` in a rule",
    ),
    (
        ".",
        "a formula is of its own row: the fields of what it refers to cannot be reached",
    ),
    ("!", "write `not`"),
    ("|", "write `or`, or `||` to join texts"),
    ("^", "there are + - * / and %"),
];

/// Reads all tokens; `None` when there is something else in the text, which was told.
pub(super) fn tokens(text: &str, faults: &mut Faults) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(letter) = text.get(at..).and_then(|rest| rest.chars().next()) {
        if letter.is_whitespace() {
            at += letter.len_utf8();
            continue;
        }
        let rest = &text[at..];
        let (kind, length) = if letter.is_ascii_alphabetic() || letter == '_' {
            let length = run(rest, |letter| letter.is_ascii_alphanumeric() || letter == '_');
            (TokenKind::Name(rest[..length].to_owned()), length)
        } else if letter.is_ascii_digit() {
            let length = number(rest);
            (TokenKind::Number(rest[..length].to_owned()), length)
        } else if letter == '\'' {
            literal(rest, at, faults)?
        } else if let Some((written, symbol)) = SYMBOLS
            .iter()
            .find(|(written, _)| rest.starts_with(written) && !rest.starts_with("=="))
        {
            (TokenKind::Symbol(*symbol), written.len())
        } else {
            let slip = SLIPS.iter().find(|(written, _)| rest.starts_with(written));
            let length = slip.map_or(letter.len_utf8(), |(written, _)| written.len());
            let told = faults.error(
                "formula-syntax",
                at..at + length,
                format!("`{}` means nothing in a formula", &rest[..length]),
            );
            if let Some((_, hint)) = slip {
                told.hint(*hint);
            }
            return None;
        };
        tokens.push(Token {
            kind,
            range: at..at + length,
        });
        at += length;
    }
    Some(tokens)
}

/// Bytes of the letters that `belongs` takes.
fn run(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|letter| !belongs(letter)).unwrap_or(text.len())
}

/// Bytes of the number that the text begins with: `12`, `1.5`, `1e3`, `1.5e-3`.
fn number(text: &str) -> usize {
    let digits = |from: usize| run(&text[from..], |letter| letter.is_ascii_digit());
    let mut length = digits(0);
    if text[length..].starts_with('.') && digits(length + 1) > 0 {
        length += 1 + digits(length + 1);
    }
    if text[length..].starts_with(['e', 'E']) {
        let sign = usize::from(text[length + 1..].starts_with(['+', '-']));
        let exponent = digits(length + 1 + sign);
        if exponent > 0 {
            length += 1 + sign + exponent;
        }
    }
    length
}

/// The text literal that `rest` begins with, and its bytes; `''` stands for one quote.
fn literal(rest: &str, at: usize, faults: &mut Faults) -> Option<(TokenKind, usize)> {
    let mut text = String::new();
    let mut letters = rest.char_indices().skip(1).peekable();
    while let Some((index, letter)) = letters.next() {
        match letter {
            '\'' if letters.peek().is_some_and(|(_, next)| *next == '\'') => {
                letters.next();
                text.push('\'');
            }
            '\'' => return Some((TokenKind::Text(text), index + 1)),
            _ if letter.is_control() && !matches!(letter, '\n' | '\t') => {
                faults.error(
                    "formula-syntax",
                    at + index..at + index + letter.len_utf8(),
                    "control characters are not allowed",
                );
                return None;
            }
            _ => text.push(letter),
        }
    }
    faults
        .error("formula-syntax", at..at + rest.len(), "the text is not closed")
        .hint("a text ends with a single quote; one inside it is written twice: 'it''s'");
    None
}
