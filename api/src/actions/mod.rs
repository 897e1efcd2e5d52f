//! What Freehold does, one file a verb; called by `http` and `cli` alike.

pub(crate) mod add_user;
pub(crate) mod asides;
pub(crate) mod asker;
pub(crate) mod audit;
pub(crate) mod default_query;
pub(crate) mod deploy;
pub(crate) mod execute;
pub(crate) mod explain;
pub(crate) mod identity;
pub(crate) mod new_keys;
pub(crate) mod people;
pub(crate) mod policy_test;
pub(crate) mod read;
pub(crate) mod rehearse;
pub(crate) mod seed;
pub(crate) mod subscribe;
pub(crate) mod write;
