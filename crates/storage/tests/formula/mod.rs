//! What formulas are held against: an evaluator, and texts made by chance; and what is asked of them besides their values.

pub(crate) mod evaluate;
pub(crate) mod generate;
mod uses;
pub(crate) mod world;
