//! What formulas are held against: an evaluator, and texts made by chance.

pub(crate) mod evaluate;
pub(crate) mod generate;
