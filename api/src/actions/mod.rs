//! What Freehold does, one file a verb; called by `http` and `cli` alike.

pub(crate) mod add_user;
pub(crate) mod default_query;
pub(crate) mod deploy;
pub(crate) mod execute;
pub(crate) mod seed;
pub(crate) mod sign_in;
