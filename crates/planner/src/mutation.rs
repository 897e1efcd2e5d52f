//! A mutation's plan: what to write, by whose rules, and what to answer, before any SQL.
//!
//! Values are cleaned and checked by then; ids of new rows are made when the plan runs. Steps run in order, all or nothing.

use crate::plan::{ListNode, Plan};
use freehold_base::{RowId, Value};
use freehold_policy::source::RowSource;
use freehold_policy::target::WriteTarget;
use freehold_schema::catalog::{EntityId, FieldId};
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// One mutation operation.
#[derive(Debug)]
pub struct MutationPlan {
    /// Root fields, in the order of the response, which is the order in which they run.
    pub roots: Vec<MutationRoot>,
    /// By entity: what the caller may delete. Holds every entity that a cascade of the plan can reach.
    pub deletions: BTreeMap<EntityId, WriteTarget>,
    /// The estimated cost.
    pub cost: u64,
}

/// One root field.
#[derive(Debug)]
pub struct MutationRoot {
    /// The response key.
    pub key: String,
    /// The field's name: `updateTicket`.
    pub name: String,
    /// What it does.
    pub action: RootAction,
}

/// What a root field does.
#[derive(Debug)]
pub enum RootAction {
    /// Nothing: `__typename`.
    Text(String),
    /// Writes one row; the answer is the row or null.
    One {
        /// How.
        step: Box<Step>,
        /// How it is answered.
        answer: Answer,
    },
    /// Writes several rows; the answer is a list with the row, or null, for each.
    Many {
        /// In order.
        steps: Vec<Step>,
        /// How each is answered.
        answer: Answer,
    },
    /// Administers the tenant; the answer is an object of its own.
    Administer(Box<Administer>),
}

/// How a written row is answered: a plan with one root slot, which finds the row by [`freehold_policy::operand::Operand::Written`].
/// The slot is null when the caller can read no row of the entity.
#[derive(Debug)]
pub struct Answer {
    /// The plan.
    pub plan: Plan,
    /// Read before the row is written: of a deletion.
    pub before: bool,
}

/// One write, with those that are nested in it.
#[derive(Debug)]
pub enum Step {
    /// Adds a row.
    Create(Create),
    /// Changes rows: update and transition.
    Update {
        /// Which.
        rows: Selector,
        /// How.
        change: Change,
    },
    /// Removes rows, and what their references say goes with them.
    Delete {
        /// Which.
        rows: Selector,
        /// By whose rules.
        target: WriteTarget,
        /// The version that they must have.
        if_version: Option<i64>,
        /// Place in the arguments, for errors.
        path: Vec<Json>,
    },
    /// Changes the row that has these values of a unique key, or adds it.
    Upsert {
        /// The key's fields and values. Null equals nothing: then a row is added.
        key: Vec<(FieldId, Value)>,
        /// If it is not there.
        create: Create,
        /// If it is.
        change: Change,
    },
}

/// Which rows.
#[derive(Debug)]
pub enum Selector {
    /// The row of that id.
    Id(RowId),
    /// The row of that id, which must refer to the parent of this nested write by the field.
    Child {
        /// Its id.
        id: RowId,
        /// Its reference to the parent.
        by: FieldId,
    },
    /// Rows that the caller sees in a list: its only slot is the id.
    Filter {
        /// The list; its page has one row more than `at_most`.
        list: Box<ListNode>,
        /// More rows are refused.
        at_most: u32,
    },
}

/// A new row.
#[derive(Debug)]
pub struct Create {
    /// By whose rules.
    pub target: WriteTarget,
    /// Values from the caller, and the model's defaults for what the caller leaves out. Those of the server (id, tenant, owner,
    /// version, times, numbers) are missing, unless the caller gives the owner.
    pub values: Vec<(FieldId, Assigned)>,
    /// Fields that the caller gives, ascending: one rule must take them all.
    pub named: Vec<FieldId>,
    /// Required fields that have no value here, ascending: only a rule that presets them all may take the row. Planning has made
    /// sure that there is such a rule, unless no rule takes `named` at all.
    pub missing: Vec<FieldId>,
    /// References among `named`.
    pub references: Vec<ReferenceCheck>,
    /// Nested writes, after the row's own.
    pub children: Vec<Step>,
    /// Place in the arguments, for errors.
    pub path: Vec<Json>,
}

/// A change of a row.
#[derive(Debug)]
pub struct Change {
    /// By whose rules.
    pub target: WriteTarget,
    /// Values from the caller.
    pub values: Vec<(FieldId, Assigned)>,
    /// References that the caller gives: among the values, and in an upsert also those that find the row or never change.
    pub references: Vec<ReferenceCheck>,
    /// The version that the row must have.
    pub if_version: Option<i64>,
    /// Nested writes, after the row's own.
    pub children: Vec<Step>,
    /// Place in the arguments, for errors.
    pub path: Vec<Json>,
}

/// A value to be written.
#[derive(Clone, Debug, PartialEq)]
pub enum Assigned {
    /// A value, clean.
    Value(Value),
    /// The id of the row in which this write is nested.
    Parent,
}

/// A reference that the caller gives: its target must be there and readable for the caller.
#[derive(Debug)]
pub struct ReferenceCheck {
    /// The reference.
    pub field: FieldId,
    /// Its new value, not null.
    pub target: Assigned,
    /// The rows that the caller may read of the target's entity; `None`: not one.
    pub source: Option<RowSource>,
    /// Place in the arguments, for errors.
    pub path: Vec<Json>,
}

/// A mutation of administration, its action held by the caller.
#[derive(Debug)]
pub struct Administer {
    /// What to do.
    pub what: Administration,
    /// Roles that the caller may give and take.
    pub manages: Vec<String>,
    /// What is selected of its answer: response key and name of each field.
    pub selected: Vec<(String, String)>,
    /// What the answer tells of the person: `email` and `name`, where they are selected and as far as the caller may read them.
    pub person: Option<Answer>,
}

/// What administration does. People are named by the id of their `user` row.
#[derive(Debug)]
pub enum Administration {
    /// Makes somebody a member; whoever is not known yet becomes a user.
    Invite {
        /// The address, clean.
        email: String,
        /// Of a new user.
        name: Option<String>,
        /// Names of roles, known to the model.
        roles: Vec<String>,
    },
    /// Changes somebody's roles.
    SetRoles {
        /// Who.
        user: RowId,
        /// Names of roles, known to the model.
        roles: Vec<String>,
    },
    /// Ends a membership.
    Remove {
        /// Whose.
        user: RowId,
    },
    /// Blocks or unblocks a membership.
    Block {
        /// Whose.
        user: RowId,
        /// Blocked, or not any more.
        blocked: bool,
    },
    /// Sends a link to choose a new password. Of somebody who belongs to this tenant alone it also lifts a lockout, ends the
    /// sessions and forgets the password.
    ResetPassword {
        /// Whose.
        user: RowId,
    },
    /// Creates a tenant, whose first manager the caller becomes.
    CreateTenant {
        /// Its fields.
        values: Vec<(FieldId, Value)>,
        /// References among them.
        references: Vec<ReferenceCheck>,
        /// The roles that the caller gets there.
        roles: Vec<String>,
    },
    /// Ends a member's sessions, in browsers and apps.
    RevokeSessions {
        /// Whose.
        user: RowId,
    },
    /// Forgets a member's second factors, and ends the sessions.
    RemoveFactors {
        /// Whose.
        user: RowId,
    },
    /// Lifts a lockout, and does nothing else.
    Unlock {
        /// Whose.
        user: RowId,
    },
    /// Makes a key of a machine.
    CreateKey(KeyOrder),
    /// Ends a key.
    RevokeKey {
        /// What it is called.
        id: RowId,
    },
}

/// A key that is wanted.
#[derive(Debug)]
pub struct KeyOrder {
    /// Whose rights it has; `None`: the caller's.
    pub user: Option<RowId>,
    /// What people call it, clean.
    pub name: String,
    /// Names of roles, known to the model; `None`: all that its owner has.
    pub roles: Option<Vec<String>>,
    /// Days until it ends.
    pub days: u32,
    /// It changes nothing.
    pub read_only: bool,
    /// What was drawn for it. Planning does not draw: whoever runs the plan has put it here.
    pub drawn: Option<DrawnKey>,
}

/// What the database is to know of a key's text, which is known to nobody but its owner.
#[derive(Debug)]
pub struct DrawnKey {
    /// SHA-256 of what opens.
    pub hash: [u8; 32],
    /// The first characters of the text.
    pub hint: String,
    /// The caller has shown a second factor.
    pub strong: bool,
}

impl Administration {
    /// The action that it is, as the model and the audit log call it.
    pub fn operation(&self) -> &'static str {
        match self {
            Self::Invite { .. } => "invite_member",
            Self::SetRoles { .. } => "set_member_roles",
            Self::Remove { .. } => "remove_member",
            Self::Block { blocked: true, .. } => "block_member",
            Self::Block { blocked: false, .. } => "unblock_member",
            Self::ResetPassword { .. } => "reset_password",
            Self::CreateTenant { .. } => "create_tenant",
            Self::RevokeSessions { .. } => "revoke_sessions",
            Self::RemoveFactors { .. } => "remove_second_factors",
            Self::Unlock { .. } => "unlock_member",
            Self::CreateKey(_) => "create_api_key",
            Self::RevokeKey { .. } => "revoke_api_key",
        }
    }
}

impl Step {
    /// How many rows it may write, nested ones included.
    pub fn rows(&self) -> u64 {
        let children: &[Self] = match self {
            // Of an upsert one of two things is done, each with the same children.
            Self::Create(create) | Self::Upsert { create, .. } => &create.children,
            Self::Update { change, .. } => &change.children,
            Self::Delete { .. } => &[],
        };
        let of_one = children
            .iter()
            .fold(1, |sum: u64, child| sum.saturating_add(child.rows()));
        of_one.saturating_mul(self.own_rows())
    }

    /// How many rows of its own it may write: those that are answered.
    pub fn own_rows(&self) -> u64 {
        match self {
            Self::Create(_) | Self::Upsert { .. } => 1,
            Self::Update { rows, .. } | Self::Delete { rows, .. } => rows.rows(),
        }
    }

    /// Place in the arguments, for errors.
    pub fn path(&self) -> &[Json] {
        match self {
            Self::Create(create) | Self::Upsert { create, .. } => &create.path,
            Self::Update { change, .. } => &change.path,
            Self::Delete { path, .. } => path,
        }
    }
}

impl Selector {
    /// How many rows it may select.
    pub fn rows(&self) -> u64 {
        match self {
            Self::Id(_) | Self::Child { .. } => 1,
            Self::Filter { at_most, .. } => u64::from(*at_most),
        }
    }
}
