//! Mutations on both databases: what is judged, what is written, what is answered, and what happens when something is in the way.

#[path = "../support/mod.rs"]
mod support;

mod administration;
mod at_once;
mod conflicts;
mod creations;
mod deletions;
mod interference;
mod rehearsal;
mod several;
mod updates;
mod world;
