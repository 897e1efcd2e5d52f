//! Who is calling: passwords and sessions in, a [`freehold_base::Caller`] out.
//!
//! [`sign_in`] checks a password and begins a session; [`identify`] turns a request's token and tenant into a caller with one
//! statement. Users, tenants and memberships live in tables of the app: [`Directory`] says how they are called there.

mod directory;
mod error;
mod identify;
mod insert;
mod password;
mod read;
mod reset;
mod session;
mod sign_in;
mod tenants;
mod token;

#[cfg(test)]
mod testing;

pub use directory::{Directory, Lockout, MembershipField, Tenancy};
pub use error::{AuthError, RefusalCause, Refused};
pub use identify::{
    Described, PersonName, TenantHint, caller_of, describe, expected, identify, is_to_be_noted, is_unchanged, lookup,
};
pub use insert::{NewRow, insert_rows};
pub use password::{Cost, PASSWORD_BYTES_MAX, Passwords};
pub use reset::{choose_password, is_reset_good, purge_resets};
pub use session::{
    ABSOLUTE, IDLE, Membership, SessionView, TenantView, UserView, end_session, find_session, find_user,
    purge_sessions, touch_session,
};
pub use sign_in::{Attempt, SignedIn, has_password, set_password, sign_in};
pub use tenants::tenants_of;
pub use token::{Token, TokenHash};
