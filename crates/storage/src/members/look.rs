//! What is asked before somebody is shown what a person has: the same as before it is taken away.

use super::decide;
use super::keys::{self, MemberKey, Which};
use super::rows::{self, Rows};
use crate::database::{Database, References};
use crate::error::Result;
use crate::transaction::Transaction;
use freehold_base::{Caller, RowId};
use freehold_schema::catalog::Catalog;

/// Somebody who wants to see. That they hold the action is known already.
#[derive(Clone, Copy, Debug)]
pub struct Onlooker<'a> {
    /// The app.
    pub catalog: &'a Catalog,
    /// Who asks.
    pub caller: &'a Caller,
    /// Roles that the caller gives and takes.
    pub manages: &'a [String],
}

impl Onlooker<'_> {
    fn id(&self) -> Option<RowId> {
        self.caller.person.as_ref().map(|person| person.id)
    }

    /// Whether they manage the member, or are the member.
    async fn may_see(&self, transaction: &mut Transaction, rows: &Rows<'_>, user: RowId) -> Result<()> {
        let member = rows.find(transaction, user).await?.ok_or_else(rows::absent)?;
        if self.id() == Some(user) {
            return Ok(());
        }
        decide::manages_member(self.manages, &member)
    }
}

impl Database {
    /// Whether somebody may see what is a person's: their own, or of a member whom they manage and who is the tenant's alone.
    ///
    /// # Errors
    /// [`crate::Error::NotFound`] for whoever is no member, [`crate::Error::Forbidden`] among members, and whatever keeps the
    /// database from answering.
    pub async fn may_look(&self, who: &Onlooker<'_>, user: RowId) -> Result<()> {
        self.in_time(async {
            let rows = Rows::of(who.catalog, who.caller)?;
            let mut transaction = self.open_transaction(References::Enforced).await?;
            let outcome = async {
                who.may_see(&mut transaction, &rows, user).await?;
                let is_own = who.id() == Some(user);
                decide::is_own(!is_own && rows.belongs_elsewhere(&mut transaction, user).await?)
            };
            let outcome = outcome.await;
            transaction.undo().await;
            outcome
        })
        .await
    }

    /// The keys of the tenant that somebody may see, or those of one member: the newest first.
    ///
    /// # Errors
    /// As [`Database::may_look`], if a member is named.
    pub async fn member_keys(&self, who: &Onlooker<'_>, user: Option<RowId>) -> Result<Vec<MemberKey>> {
        self.in_time(async {
            let rows = Rows::of(who.catalog, who.caller)?;
            let mut transaction = self.open_transaction(References::Enforced).await?;
            let outcome = async {
                if let Some(user) = user {
                    who.may_see(&mut transaction, &rows, user).await?;
                }
                let which = user.map_or(Which::All, Which::Of);
                let mut found = keys::list(&mut transaction, &rows, which, who.caller.now.0).await?;
                found.retain(|key| keys::is_shown(key, who.id(), who.manages));
                Ok(found)
            };
            let outcome = outcome.await;
            transaction.undo().await;
            outcome
        })
        .await
    }
}
