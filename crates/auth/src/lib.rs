//! Who is calling: passwords and sessions in, a [`freehold_base::Caller`] out.
//!
//! [`check_password`] proves who somebody is, [`begin_session`] lets them in; [`identify()`] turns a request's token and tenant into a
//! caller with one statement. Users, tenants and memberships live in tables of the app: [`Directory`] says how they are called there.

mod directory;
mod error;
mod external;
mod factor;
mod identify;
mod insert;
mod password;
mod rate;
mod read;
mod refresh;
mod reset;
mod session;
mod sign_in;
mod tenants;
mod terms;
mod ticket;
mod token;
mod view;

#[cfg(test)]
mod testing;

pub use directory::{Directory, Lockout, MembershipField, SessionSpans, Tenancy};
pub use error::{AuthError, RefusalCause, Refused};
pub use external::{ExternalIdentity, Grants, find_identity, keep_identity, list_identities};
pub use factor::{
    FACTORS_MAX, Factor, FactorKind, add_factor, count_recovery, find_passkey, list_factors, remove_factor,
    remove_factors, replace_recovery, use_passkey, use_recovery, use_step,
};
pub use identify::{
    Described, PersonName, TenantHint, caller_of, describe, expected, identify, is_to_be_noted, is_to_be_rotated,
    is_unchanged, lookup, owner_of,
};
pub use insert::{NewRow, insert_rows, update_row};
pub use password::{Algorithm, Cost, PASSWORD_BYTES_MAX, Passwords, Verdict};
pub use rate::{Rate, admit, purge_rates, take_back};
pub use refresh::{
    Refresh, Refreshed, end_family, end_refreshes, ends, family_of, family_of_session, issue_refresh, purge_refreshes,
    use_refresh,
};
pub use reset::{ask_reset, choose_password, find_reset, purge_resets};
pub use session::{
    NewSession, SessionInfo, SessionKind, Sessions, begin_session, end_session, end_sessions, list_sessions,
    purge_sessions, rotate, rotate_later, strengthen, touch_session,
};
pub use sign_in::{
    Address, Attempt, Proven, begin_attempt, change_password, check_password, fail, forgive, has_credential,
    has_password, is_verified, rehash, set_password, verify_address,
};
pub use tenants::{FoundMembership, find_membership, find_tenant, tenants_of};
pub use terms::Terms;
pub use ticket::{Ticket, TicketKind, find_ticket, issue_ticket, purge_tickets, take_ticket, use_once, void_tickets};
pub use token::{Token, TokenHash};
pub use view::{
    Membership, SessionView, TenantView, UserView, find_person, find_session, find_user, find_user_by, is_taken,
};
