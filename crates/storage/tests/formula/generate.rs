//! Formulas and rows made by chance: well typed, and near every edge there is.

use freehold_base::Value;
use rust_decimal::Decimal;

/// The stored fields of the entity that is calculated with; names begin with the type's letter.
pub(crate) const FIELDS: &str = "
      t1: {type: text}
      t2: {type: html}
      s1: {type: select, options: [new, in_stock, sold]}
      i1: {type: int}
      i2: {type: int}
      i3: {type: autonumber}
      f1: {type: float}
      f2: {type: float}
      d1: {type: decimal}
      d2: {type: decimal}
      d3: {type: decimal}
      b1: {type: boolean}
      b2: {type: boolean}
      a1: {type: date}
      a2: {type: date}
      m1: {type: datetime}
      m2: {type: datetime}
      u1: {type: uuid}
      r1: {type: ref, to: thing, on_delete: set_null}
";

/// Types by the first letter of their fields, with the model's word.
pub(crate) const TYPES: [(char, &str); 7] = [
    ('t', "text"),
    ('i', "int"),
    ('f', "float"),
    ('d', "decimal"),
    ('b', "boolean"),
    ('a', "date"),
    ('m', "datetime"),
];

/// xorshift: the same sequence everywhere.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound.max(1) as u64) as usize
    }

    pub(crate) fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

/// A formula of that type, so many levels deep at most.
pub(crate) fn formula(dice: &mut Dice, of: char, depth: usize) -> String {
    if depth == 0 || dice.below(8) == 0 {
        return leaf(dice, of);
    }
    let part = |of: char, dice: &mut Dice| formula(dice, of, depth - 1);
    // What every type has.
    match dice.below(12) {
        0 => return format!("if({}, {}, {})", part('b', dice), part(of, dice), part(of, dice)),
        1 => return format!("coalesce({}, {}, {})", part(of, dice), leaf(dice, of), part(of, dice)),
        2 if of != 'b' => {
            let function = dice.pick(&["min", "max"]);
            return format!("{function}({}, {})", part(of, dice), part(of, dice));
        }
        3 => return format!("if({}, null, {})", part('b', dice), part(of, dice)),
        _ => {}
    }
    match of {
        't' => match dice.below(8) {
            0 => format!("lower({})", part('t', dice)),
            1 => format!("upper({})", part('t', dice)),
            2 => format!("trim({})", part('t', dice)),
            3 => format!("text({})", part('i', dice)),
            4 => format!("text({})", part('d', dice)),
            5 => format!("text({})", part('a', dice)),
            6 => format!("concat({}, {}, {})", part('t', dice), part('t', dice), leaf(dice, 't')),
            _ => format!("({} || {})", part('t', dice), part('t', dice)),
        },
        'i' => match dice.below(11) {
            0 => format!("div({}, {})", part('i', dice), part('i', dice)),
            1 => format!("-({})", part('i', dice)),
            2 => format!("abs({})", part('i', dice)),
            3 => format!("length({})", part('t', dice)),
            4 => format!("round({})", part('d', dice)),
            5 => format!("days_between({}, {})", part('a', dice), part('a', dice)),
            6 => format!("{}({})", dice.pick(&["year", "month", "day"]), part('a', dice)),
            _ => format!(
                "({} {} {})",
                part('i', dice),
                dice.pick(&["+", "-", "*", "%"]),
                part('i', dice)
            ),
        },
        'f' => match dice.below(7) {
            0 => format!("-({})", part('f', dice)),
            1 => format!("abs({})", part('f', dice)),
            2 => format!("float({})", part('d', dice)),
            3 => format!("({} * {})", part('f', dice), part('i', dice)),
            _ => format!(
                "({} {} {})",
                part('f', dice),
                dice.pick(&["+", "-", "*", "/"]),
                part('f', dice)
            ),
        },
        'd' => match dice.below(10) {
            0 => format!("-({})", part('d', dice)),
            1 => format!("abs({})", part('d', dice)),
            2 => format!("round({}, {})", part('d', dice), dice.below(13)),
            3 => format!("decimal({})", part('f', dice)),
            4 => format!("({} / {})", part('i', dice), part('i', dice)),
            5 => format!(
                "({} {} {})",
                part('i', dice),
                dice.pick(&["+", "-", "*", "/"]),
                part('d', dice)
            ),
            _ => format!(
                "({} {} {})",
                part('d', dice),
                dice.pick(&["+", "-", "*", "/"]),
                part('d', dice)
            ),
        },
        'b' => match dice.below(7) {
            0 => format!("not ({})", part('b', dice)),
            1 => format!("({} and {} and {})", part('b', dice), part('b', dice), leaf(dice, 'b')),
            2 => format!("({} or {})", part('b', dice), part('b', dice)),
            3 => {
                let of = TYPES[dice.below(TYPES.len())].0;
                format!("({} {})", part(of, dice), dice.pick(&["is null", "is not null"]))
            }
            4 => format!("({} {} {})", part('b', dice), dice.pick(&["=", "<>"]), part('b', dice)),
            _ => {
                let of = dice.pick(&["t", "i", "f", "d", "a", "m"]).chars().next().unwrap_or('i');
                let operator = dice.pick(&["=", "<>", "<", "<=", ">", ">="]);
                format!("({} {operator} {})", part(of, dice), part(of, dice))
            }
        },
        'a' => match dice.below(4) {
            0 => format!("date({})", part('m', dice)),
            1 | 2 => format!("add_days({}, {})", part('a', dice), part('i', dice)),
            _ => leaf(dice, 'a'),
        },
        _ => leaf(dice, of),
    }
}

fn leaf(dice: &mut Dice, of: char) -> String {
    let written = dice.below(3) == 0;
    match of {
        't' if written => format!(
            "'{}'",
            dice.pick(&["", "a", "Straße", "it''s", " x\\ ", "100%", "ΟΔΟΣ"])
        ),
        't' => dice.pick(&["t1", "t1", "t2", "trim(s1)"]).to_owned(),
        'i' if written => dice
            .pick(&["0", "1", "2", "7", "1000", "65536", "2147483647"])
            .to_owned(),
        'i' => dice.pick(&["i1", "i2", "i2", "i3"]).to_owned(),
        'f' if written => dice
            .pick(&[
                "0e0",
                "1.5e0",
                "3e0",
                "1e-7",
                "1e149",
                "1e-149",
                "9.999e149",
                "1e151",
                "1e-151",
                "123456789.123456789e0",
            ])
            .to_owned(),
        'f' => dice.pick(&["f1", "f2"]).to_owned(),
        'd' if written => dice
            .pick(&[
                "0.0",
                "0.5",
                "1.50",
                "3.0",
                "0.000000000001",
                "0.0000000000005",
                "9999999999999999.0",
                "0.1234567890123456789012345678",
                "79228162514264337593543950335",
            ])
            .to_owned(),
        'd' => dice.pick(&["d1", "d2", "d3"]).to_owned(),
        'b' if written => dice
            .pick(&["true", "false", "(r1 is null)", "(u1 is not null)", "(b1 is null)"])
            .to_owned(),
        'b' => dice.pick(&["b1", "b2"]).to_owned(),
        'a' if written => dice
            .pick(&[
                "date('2024-02-29')",
                "date('0001-01-01')",
                "date('9999-12-31')",
                "date(m1)",
            ])
            .to_owned(),
        'a' => dice.pick(&["a1", "a2", "date(created_at)"]).to_owned(),
        _ => dice.pick(&["m1", "m2", "created_at"]).to_owned(),
    }
}

/// A value of a field whose name begins with that letter; often null, often at an edge.
pub(crate) fn value(dice: &mut Dice, of: char) -> Value {
    if dice.below(6) == 0 {
        return Value::Null;
    }
    match of {
        't' => {
            if dice.below(40) == 0 {
                return Value::Text("é".repeat(100_000 + dice.below(2)));
            }
            let letters = [
                "a", "B", "z", " ", "\t", "\u{a0}", "ß", "İ", "Σ", "ς", "ŉ", "ǆ", "É", "😀", "'", "\\", "%", "0", "ﬁ",
                "\u{301}",
            ];
            let length = dice.below(6);
            Value::Text((0..length).map(|_| dice.pick(&letters)).collect())
        }
        's' => Value::Text(dice.pick(&["new", "in_stock", "sold"]).to_owned()),
        'i' => Value::Int(match dice.below(4) {
            0 => [
                i64::from(i32::MIN),
                i64::from(i32::MAX),
                -1,
                0,
                1,
                46_341,
                -46_341,
                65_536,
            ][dice.below(8)],
            1 => dice.below(1 << 32) as i64 - (1 << 31),
            _ => dice.below(201) as i64 - 100,
        }),
        'f' => Value::Float(match dice.below(4) {
            0 => [
                0.0,
                5e-324,
                1e308,
                -1e308,
                1e150,
                -1e150,
                1e-150,
                9.9e149,
                -1.1e-150,
                1e-300,
                100_000_000_000_000.5,
            ][dice.below(11)],
            1 => f64::from_bits((dice.below(1 << 62) as u64) & 0xbfef_ffff_ffff_ffff),
            _ => (dice.below(2_000_001) as f64 - 1e6) / [1.0, 3.0, 1000.0][dice.below(3)],
        })
        .map_finite(),
        'd' => Value::Decimal(decimal(dice)),
        'b' => Value::Boolean(dice.below(2) == 0),
        'a' => Value::Date(match dice.below(4) {
            0 => [-719_162, 2_932_896, 0, -1][dice.below(4)],
            _ => dice.below(40_000) as i32 - 20_000,
        }),
        'm' => Value::DateTime(match dice.below(4) {
            0 => [-62_135_596_800_000_000, 253_402_300_799_999_999, 0, -1][dice.below(4)],
            _ => dice.below(4_000_000_000_000_000) as i64 - 2_000_000_000_000_000,
        }),
        'u' => Value::Uuid(uuid::Uuid::from_u128(7)),
        _ => Value::Null,
    }
}

fn decimal(dice: &mut Dice) -> Decimal {
    let number = match dice.below(5) {
        0 => [
            "79228162514264337593543950335",
            "-79228162514264337593543950335",
            "0.0000000000000000000000000001",
            "0.00",
            "10.00",
            "-9999999999999999.999999999999",
            "0.9999999999995",
        ][dice.below(7)]
        .parse()
        .expect("a decimal"),
        1 => {
            let digits = (dice.below(usize::MAX) as u128) << 30 | dice.below(1 << 30) as u128;
            Decimal::from_i128_with_scale((digits % (1 << 95)) as i128, dice.below(29) as u32)
        }
        _ => Decimal::new(dice.below(2_000_001) as i64, dice.below(5) as u32),
    };
    if dice.below(3) == 0 && !number.is_zero() {
        -number
    } else {
        number
    }
}

/// No column holds what is not finite, nor a zero with a sign.
trait Finite {
    fn map_finite(self) -> Self;
}

impl Finite for Value {
    fn map_finite(self) -> Self {
        match self {
            Self::Float(number) if !number.is_finite() || number == 0.0 => Self::Float(0.0),
            other => other,
        }
    }
}
