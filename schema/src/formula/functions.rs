//! The functions of formulas: their names and how they are called.

/// A function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Abs,
    AddDays,
    Coalesce,
    Concat,
    Date,
    Day,
    DaysBetween,
    Decimal,
    Div,
    Float,
    If,
    Length,
    Lower,
    Max,
    Min,
    Month,
    Round,
    Text,
    Trim,
    Upper,
    Year,
}

/// A function with its name, how it is called, and how many arguments it takes.
const FUNCTIONS: [(Function, &str, &str, usize, usize); 21] = [
    (Function::Abs, "abs", "abs(number)", 1, 1),
    (Function::AddDays, "add_days", "add_days(date, days)", 2, 2),
    (Function::Coalesce, "coalesce", "coalesce(first, second, …)", 2, MANY),
    (Function::Concat, "concat", "concat(first, second, …)", 2, MANY),
    (Function::Date, "date", "date(datetime)", 1, 1),
    (Function::Day, "day", "day(date)", 1, 1),
    (Function::DaysBetween, "days_between", "days_between(from, to)", 2, 2),
    (Function::Decimal, "decimal", "decimal(number)", 1, 1),
    (Function::Div, "div", "div(int, int)", 2, 2),
    (Function::Float, "float", "float(number)", 1, 1),
    (Function::If, "if", "if(condition, then, else)", 3, 3),
    (Function::Length, "length", "length(text)", 1, 1),
    (Function::Lower, "lower", "lower(text)", 1, 1),
    (Function::Max, "max", "max(first, second, …)", 2, MANY),
    (Function::Min, "min", "min(first, second, …)", 2, MANY),
    (Function::Month, "month", "month(date)", 1, 1),
    (Function::Round, "round", "round(number, places)", 1, 2),
    (Function::Text, "text", "text(value)", 1, 1),
    (Function::Trim, "trim", "trim(text)", 1, 1),
    (Function::Upper, "upper", "upper(text)", 1, 1),
    (Function::Year, "year", "year(date)", 1, 1),
];

/// As many as any function may have.
const MANY: usize = super::ARGUMENTS_MAX;

/// Names of other languages, with what to write instead.
const ELSEWHERE: [(&str, &str); 16] = [
    ("greatest", "write `max`"),
    ("least", "write `min`"),
    ("ifnull", "write `coalesce`"),
    ("nvl", "write `coalesce`"),
    ("iif", "write `if`"),
    ("case", "write `if(condition, then, else)`"),
    ("len", "write `length`"),
    ("char_length", "write `length`"),
    ("mod", "write `a % b`"),
    ("int", "write `round(number)`: the nearest int"),
    ("integer", "write `round(number)`: the nearest int"),
    ("datediff", "write `days_between(from, to)`"),
    (
        "now",
        "a formula knows no clock; compare with `$now` in a rule or a filter",
    ),
    (
        "today",
        "a formula knows no clock; compare with `$now` in a rule or a filter",
    ),
    ("sum", "a formula is of one row; ask the list for `aggregate`"),
    ("count", "a formula is of one row; ask the list for `totalCount`"),
];

impl Function {
    /// The function of that name.
    pub(super) fn find(name: &str) -> Option<Self> {
        FUNCTIONS
            .iter()
            .find(|(_, known, ..)| *known == name)
            .map(|(function, ..)| *function)
    }

    pub(super) fn names() -> impl Iterator<Item = &'static str> {
        FUNCTIONS.iter().map(|(_, name, ..)| *name)
    }

    /// How it is called.
    pub(super) fn usage(self) -> &'static str {
        self.entry().map_or("", |(_, _, usage, ..)| usage)
    }

    /// Whether it takes so many arguments.
    pub(super) fn takes(self, count: usize) -> bool {
        self.entry()
            .is_some_and(|(_, _, _, least, most)| (*least..=*most).contains(&count))
    }

    fn entry(self) -> Option<&'static (Self, &'static str, &'static str, usize, usize)> {
        FUNCTIONS.iter().find(|(function, ..)| *function == self)
    }
}

/// What to write instead of a function that there is elsewhere.
pub(super) fn elsewhere(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    ELSEWHERE
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, hint)| *hint)
}
