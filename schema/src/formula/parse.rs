//! Tokens → terms: what belongs to what, without types.

use super::token::{Symbol, Token, TokenKind, tokens};
use super::{ARGUMENTS_MAX, Comparison, DEPTH_MAX, Faults, TEXT_BYTES_MAX};
use std::ops::Range;

/// A part of a formula as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Term {
    pub(super) kind: TermKind,
    /// Bytes of the formula's text.
    pub(super) range: Range<usize>,
    /// Of nesting, itself included. INVARIANT: at most [`DEPTH_MAX`], so that walking a term never exhausts the stack.
    depth: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TermKind {
    Field(String),
    Number(String),
    Text(String),
    Boolean(bool),
    Null,
    Negate(Box<Term>),
    Not(Box<Term>),
    IsNull {
        of: Box<Term>,
        /// `is not null`.
        negated: bool,
    },
    Binary {
        operator: Binary,
        left: Box<Term>,
        right: Box<Term>,
    },
    Call {
        function: String,
        name_range: Range<usize>,
        arguments: Vec<Term>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Binary {
    Or,
    And,
    Compare(Comparison),
    Join,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

/// How closely operators bind.
mod power {
    pub(super) const LEAST: u8 = 0;
    pub(super) const OR: u8 = 1;
    pub(super) const AND: u8 = 2;
    pub(super) const NOT: u8 = 3;
    pub(super) const COMPARISON: u8 = 4;
    pub(super) const JOIN: u8 = 5;
    pub(super) const SUM: u8 = 6;
    pub(super) const PRODUCT: u8 = 7;
    pub(super) const SIGN: u8 = 8;
}

/// Words that cannot be fields in a formula.
const KEYWORDS: [&str; 7] = ["and", "or", "not", "is", "null", "true", "false"];

/// Reads a formula. Stops at the first fault, which is told.
pub(crate) fn parse(text: &str, faults: &mut Faults) -> Option<Term> {
    if text.len() > TEXT_BYTES_MAX {
        faults
            .error(
                "formula-size",
                0..text.len(),
                format!("the formula is longer than {TEXT_BYTES_MAX} bytes"),
            )
            .hint("split it: a formula may name other formulas of its entity");
        return None;
    }
    let tokens = tokens(text, faults)?;
    let mut parser = Parser {
        text,
        tokens: &tokens,
        at: 0,
        faults,
    };
    let term = parser.term(power::LEAST, 1)?;
    match parser.peek() {
        None => Some(term),
        Some(_) => {
            parser.unexpected("an operator");
            None
        }
    }
}

impl Term {
    /// The names of fields in it, as they are written.
    pub(crate) fn names(&self) -> Vec<&str> {
        let mut found = Vec::new();
        let mut rest = vec![self];
        while let Some(term) = rest.pop() {
            match &term.kind {
                TermKind::Field(name) => found.push(name.as_str()),
                TermKind::Number(_) | TermKind::Text(_) | TermKind::Boolean(_) | TermKind::Null => {}
                TermKind::Negate(of) | TermKind::Not(of) | TermKind::IsNull { of, .. } => rest.push(of),
                TermKind::Binary { left, right, .. } => rest.extend([&**left, &**right]),
                TermKind::Call { arguments, .. } => rest.extend(arguments),
            }
        }
        found
    }
}

struct Parser<'a> {
    text: &'a str,
    tokens: &'a [Token],
    at: usize,
    faults: &'a mut Faults,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&TokenKind> {
        self.tokens.get(self.at).map(|token| &token.kind)
    }

    /// Where the next token stands; behind the last, the end of the text.
    fn next_range(&self) -> Range<usize> {
        let end = self.text.len();
        self.tokens.get(self.at).map_or(end..end, |token| token.range.clone())
    }

    fn takes(&mut self, symbol: Symbol) -> bool {
        let taken = self.peek() == Some(&TokenKind::Symbol(symbol));
        self.at += usize::from(taken);
        taken
    }

    fn takes_word(&mut self, word: &str) -> bool {
        let taken = matches!(self.peek(), Some(TokenKind::Name(name)) if name == word);
        self.at += usize::from(taken);
        taken
    }

    /// A term whose operators bind more closely than `least`. `nesting` is how deep the parser itself is.
    fn term(&mut self, least: u8, nesting: usize) -> Option<Term> {
        self.check_depth(nesting, self.next_range())?;
        let mut left = self.start(nesting)?;
        loop {
            if self.follows("is") && least < power::COMPARISON {
                left = self.is_null(left)?;
                self.refuse_chain()?;
                continue;
            }
            let Some((operator, binds, width)) = self.operator().filter(|(_, binds, _)| *binds > least) else {
                return Some(left);
            };
            self.at += width;
            let right = self.term(binds, nesting + 1)?;
            let range = left.range.start..right.range.end;
            let depth = left.depth.max(right.depth) + 1;
            self.check_depth(depth, range.clone())?;
            left = Term {
                kind: TermKind::Binary {
                    operator,
                    left: Box::new(left),
                    right: Box::new(right),
                },
                range,
                depth,
            };
            if binds == power::COMPARISON {
                self.refuse_chain()?;
            }
        }
    }

    fn follows(&self, word: &str) -> bool {
        matches!(self.peek(), Some(TokenKind::Name(name)) if name == word)
    }

    /// The operator that follows, how closely it binds, and its tokens.
    fn operator(&self) -> Option<(Binary, u8, usize)> {
        let compare = |comparison| Some((Binary::Compare(comparison), power::COMPARISON, 1));
        match self.peek()? {
            TokenKind::Name(name) => match name.as_str() {
                "or" => Some((Binary::Or, power::OR, 1)),
                "and" => Some((Binary::And, power::AND, 1)),
                _ => None,
            },
            TokenKind::Symbol(symbol) => match symbol {
                Symbol::Plus => Some((Binary::Add, power::SUM, 1)),
                Symbol::Minus => Some((Binary::Subtract, power::SUM, 1)),
                Symbol::Star => Some((Binary::Multiply, power::PRODUCT, 1)),
                Symbol::Slash => Some((Binary::Divide, power::PRODUCT, 1)),
                Symbol::Percent => Some((Binary::Remainder, power::PRODUCT, 1)),
                Symbol::Join => Some((Binary::Join, power::JOIN, 1)),
                Symbol::Equal => compare(Comparison::Equal),
                Symbol::NotEqual => compare(Comparison::NotEqual),
                Symbol::Less => compare(Comparison::Less),
                Symbol::LessOrEqual => compare(Comparison::LessOrEqual),
                Symbol::Greater => compare(Comparison::Greater),
                Symbol::GreaterOrEqual => compare(Comparison::GreaterOrEqual),
                Symbol::Open | Symbol::Close | Symbol::Comma => None,
            },
            TokenKind::Number(_) | TokenKind::Text(_) => None,
        }
    }

    /// `of is null`, `of is not null`.
    fn is_null(&mut self, of: Term) -> Option<Term> {
        self.at += 1;
        let negated = self.takes_word("not");
        let end = self.next_range().end;
        if !self.takes_word("null") {
            let range = self.next_range();
            self.faults
                .error("formula-syntax", range, "`is` asks for null alone")
                .hint("write `is null`, `is not null`, or `=`");
            return None;
        }
        self.check_depth(of.depth + 1, of.range.start..end)?;
        Some(Term {
            range: of.range.start..end,
            depth: of.depth + 1,
            kind: TermKind::IsNull {
                of: Box::new(of),
                negated,
            },
        })
    }

    /// `a < b < c` means something else to everybody.
    fn refuse_chain(&mut self) -> Option<()> {
        let again = self.operator().is_some_and(|(_, binds, _)| binds == power::COMPARISON) || self.follows("is");
        if again {
            let range = self.next_range();
            self.faults
                .error("formula-syntax", range, "comparisons cannot follow each other")
                .hint("write `a < b and b < c`, or set brackets");
            return None;
        }
        Some(())
    }

    /// What a term begins with.
    fn start(&mut self, nesting: usize) -> Option<Term> {
        let range = self.next_range();
        let Some(kind) = self.peek().cloned() else {
            self.unexpected("a field, a value or a function");
            return None;
        };
        let leaf = |kind| {
            Some(Term {
                kind,
                range: range.clone(),
                depth: 1,
            })
        };
        self.at += 1;
        match kind {
            TokenKind::Number(number) => leaf(TermKind::Number(number)),
            TokenKind::Text(text) => leaf(TermKind::Text(text)),
            TokenKind::Symbol(Symbol::Open) => {
                let inner = self.term(power::LEAST, nesting + 1)?;
                let end = self.close()?;
                Some(Term {
                    range: range.start..end,
                    ..inner
                })
            }
            TokenKind::Symbol(Symbol::Minus) => {
                let of = self.term(power::SIGN, nesting + 1)?;
                self.prefixed(range.start, of, TermKind::Negate)
            }
            TokenKind::Name(name) => match name.as_str() {
                "true" => leaf(TermKind::Boolean(true)),
                "false" => leaf(TermKind::Boolean(false)),
                "null" => leaf(TermKind::Null),
                "not" => {
                    let of = self.term(power::NOT, nesting + 1)?;
                    self.prefixed(range.start, of, TermKind::Not)
                }
                _ if KEYWORDS.contains(&name.as_str()) => {
                    self.at -= 1;
                    self.unexpected("a field, a value or a function");
                    None
                }
                _ if self.peek() == Some(&TokenKind::Symbol(Symbol::Open)) => self.call(name, range, nesting),
                _ => leaf(TermKind::Field(name)),
            },
            TokenKind::Symbol(_) => {
                self.at -= 1;
                self.unexpected("a field, a value or a function");
                None
            }
        }
    }

    fn prefixed(&mut self, start: usize, of: Term, kind: fn(Box<Term>) -> TermKind) -> Option<Term> {
        let (range, depth) = (start..of.range.end, of.depth + 1);
        self.check_depth(depth, range.clone())?;
        Some(Term {
            kind: kind(Box::new(of)),
            range,
            depth,
        })
    }

    fn call(&mut self, function: String, name_range: Range<usize>, nesting: usize) -> Option<Term> {
        self.at += 1;
        let mut arguments: Vec<Term> = Vec::new();
        if self.peek() != Some(&TokenKind::Symbol(Symbol::Close)) {
            arguments.push(self.term(power::LEAST, nesting + 1)?);
            while self.takes(Symbol::Comma) {
                arguments.push(self.term(power::LEAST, nesting + 1)?);
            }
        }
        let end = self.close()?;
        let range = name_range.start..end;
        if arguments.len() > ARGUMENTS_MAX {
            self.faults.error(
                "formula-size",
                range,
                format!("`{function}` has more than {ARGUMENTS_MAX} arguments"),
            );
            return None;
        }
        let depth = arguments.iter().map(|argument| argument.depth).max().unwrap_or(0) + 1;
        self.check_depth(depth, range.clone())?;
        Some(Term {
            kind: TermKind::Call {
                function,
                name_range,
                arguments,
            },
            range,
            depth,
        })
    }

    /// The end of the closing bracket.
    fn close(&mut self) -> Option<usize> {
        let end = self.next_range().end;
        if self.takes(Symbol::Close) {
            return Some(end);
        }
        self.unexpected("`)`");
        None
    }

    fn check_depth(&mut self, depth: usize, range: Range<usize>) -> Option<()> {
        if depth <= DEPTH_MAX {
            return Some(());
        }
        self.faults
            .error(
                "formula-size",
                range,
                format!("the formula is nested deeper than {DEPTH_MAX} levels"),
            )
            .hint("operators in a row nest, too: group them with brackets");
        None
    }

    fn unexpected(&mut self, expected: &str) {
        let range = self.next_range();
        let found = match self.peek() {
            Some(_) => format!("`{}`", self.text.get(range.clone()).unwrap_or_default()),
            None => "the end of the formula".to_owned(),
        };
        let hint = match self.peek() {
            Some(TokenKind::Name(name)) => word_hint(name),
            _ => None,
        };
        let told = self
            .faults
            .error("formula-syntax", range, format!("expected {expected}, found {found}"));
        told.hint = hint;
    }
}

/// Words of other languages.
fn word_hint(word: &str) -> Option<String> {
    let lower = word.to_ascii_lowercase();
    match lower.as_str() {
        "in" => Some("write `a = 'x' or a = 'y'`".to_owned()),
        "between" => Some("write `a >= 1 and a <= 9`".to_owned()),
        "case" | "when" | "then" | "else" | "end" => Some("write `if(condition, then, else)`".to_owned()),
        "mod" => Some("write `%`".to_owned()),
        _ if KEYWORDS.contains(&lower.as_str()) && lower != word => Some(format!("write `{lower}`")),
        _ => None,
    }
}
