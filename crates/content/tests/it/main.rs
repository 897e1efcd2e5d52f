//! The room from outside: attacks that were published, and texts that nobody wrote.

mod attacks;
mod fields;
mod page;
mod properties;
mod support;
