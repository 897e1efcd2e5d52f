//! Who asks.

use crate::{RowId, Timestamp, Value};
use std::collections::BTreeMap;

/// Who asks: a person or nobody, in a tenant or in none, with the rights that follow.
/// Made by `auth` from the request alone; rooms below believe it.
#[derive(Clone, Debug, PartialEq)]
pub struct Caller {
    /// The signed-in person; `None` for an anonymous caller.
    pub person: Option<Person>,
    /// The tenant that the request names, if it exists. Says nothing of membership.
    pub tenant: Option<CallerTenant>,
    /// Name of the profile whose permission sets apply; `None`: no set applies.
    pub profile: Option<String>,
    /// Names of the roles held in that tenant, sorted, without repetition.
    pub roles: Vec<String>,
    /// Claims of the session, by name (`$claims.<name>`).
    pub claims: BTreeMap<String, Value>,
    /// They may change nothing, whatever their roles say: with a key that only reads.
    pub reads_only: bool,
    /// The moment of the request (`$now`).
    pub now: Timestamp,
}

/// A signed-in person.
#[derive(Clone, Debug, PartialEq)]
pub struct Person {
    /// Id of the row of the `user` entity.
    pub id: RowId,
}

/// The tenant of a request.
#[derive(Clone, Debug, PartialEq)]
pub struct CallerTenant {
    /// Id of the row of the tenant entity.
    pub id: RowId,
    /// The caller's active membership there, by its fields (`$membership.<field>`); `None`: not a member.
    pub membership: Option<BTreeMap<String, Value>>,
}

impl Caller {
    /// A caller about whom nothing is known.
    pub fn anonymous(profile: Option<String>, now: Timestamp) -> Self {
        Self {
            person: None,
            tenant: None,
            profile,
            roles: Vec::new(),
            claims: BTreeMap::new(),
            reads_only: false,
            now,
        }
    }

    /// Whether the caller is an active member of the request's tenant.
    pub fn is_member(&self) -> bool {
        self.tenant.as_ref().is_some_and(|tenant| tenant.membership.is_some())
    }
}
