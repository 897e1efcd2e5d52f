//! Who asks: looked up for each request; taken for who it was the last time until then.

use crate::bundle::{Bundle, IdentityKey, Known};
use crate::environments::Environment;
use crate::error::Refusal;
use freehold_auth::{
    TenantHint, Token, caller_of, expected, is_to_be_noted, is_to_be_rotated, is_unchanged, lookup, touch_session,
};
use freehold_base::{Caller, Expected, Lookup, Timestamp, Value};
use std::sync::Arc;

/// Somebody who asks, by what a request says of them.
pub(crate) struct Asker<'a> {
    environment: &'a Environment,
    bundle: &'a Bundle,
    token: Option<&'a Token>,
    tenant: &'a TenantHint<'a>,
    now: Timestamp,
    lookup: Option<Lookup>,
    found: Found,
    rotates: bool,
}

/// What the lookup has found.
#[derive(Debug, Default)]
enum Found {
    /// It was not made.
    #[default]
    NotYet,
    /// Its row, if there is one.
    Row(Option<Vec<Value>>),
}

impl<'a> Asker<'a> {
    /// Somebody who asks now.
    pub(crate) fn new(
        environment: &'a Environment,
        bundle: &'a Bundle,
        token: Option<&'a Token>,
        tenant: &'a TenantHint<'a>,
    ) -> Self {
        let backend = environment.platform.get_database_backend();
        Self {
            environment,
            bundle,
            token,
            tenant,
            now: environment.clock.now(),
            lookup: lookup(backend, &bundle.directory, token, tenant),
            found: Found::NotYet,
            rotates: false,
        }
    }

    /// Who it was the last time, and what proves that they still are.
    pub(crate) fn guess(&self) -> Option<(&Lookup, Arc<Known>)> {
        let lookup = self.lookup.as_ref()?;
        let known = self.bundle.identities.find(&self.key())?;
        Some((lookup, known))
    }

    /// When it is.
    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    /// Whether what was found is who it was the last time.
    pub(crate) fn is(&self, known: &Known, row: Option<&[Value]>) -> bool {
        is_unchanged(&self.bundle.directory, self.token, known.row.as_deref(), row, self.now)
    }

    /// What proves, on the way, that they still are who they were the last time.
    pub(crate) fn expected(&self, known: &Known) -> Option<Expected> {
        expected(
            &self.bundle.directory,
            self.lookup.as_ref()?,
            self.token,
            known.row.as_deref(),
            self.now,
        )
    }

    /// Takes what was found along with something else.
    pub(crate) fn found(&mut self, row: Option<Vec<Value>>) {
        self.found = Found::Row(row);
    }

    /// The caller.
    ///
    /// # Errors
    /// `UNAUTHENTICATED` for a session that is unknown or over; when the database refuses.
    pub(crate) async fn identify(&mut self) -> Result<Caller, Refusal> {
        self.settle().await.map(|known| known.last().clone())
    }

    /// The caller, with the row that says so.
    ///
    /// # Errors
    /// As [`Self::identify`].
    pub(crate) async fn settle(&mut self) -> Result<Arc<Known>, Refusal> {
        let row = match (std::mem::take(&mut self.found), &self.lookup) {
            (Found::Row(row), _) => row,
            (Found::NotYet, Some(lookup)) => self.environment.database.look_up(lookup).await?,
            (Found::NotYet, None) => None,
        };
        let directory = &self.bundle.directory;
        let caller = match caller_of(directory, self.token, row.as_deref(), self.now) {
            Ok(caller) => caller,
            Err(error) => {
                self.bundle.identities.forget(&self.key());
                return Err(error.into());
            }
        };
        self.note_use(row.as_deref()).await?;
        let known = Arc::new(Known::new(row, caller));
        if self.lookup.is_some() {
            self.bundle.identities.keep(self.key(), known.clone());
        }
        Ok(known)
    }

    /// What has to be looked up to know who it is; `None` for nobody in particular.
    pub(crate) fn lookup(&self) -> Option<&Lookup> {
        self.lookup.as_ref()
    }

    /// Whether the session's token is to be replaced: what its owner may do has changed since it was made.
    pub(crate) fn rotates(&self) -> bool {
        self.rotates
    }

    /// Notes that the session is in use, now and then, and what the row of the session says of its token.
    ///
    /// # Errors
    /// When the database refuses.
    pub(crate) async fn note_use(&mut self, row: Option<&[Value]>) -> Result<(), Refusal> {
        self.rotates = self.token.is_some() && row.is_some_and(is_to_be_rotated);
        if let (Some(token), Some(row)) = (self.token, row)
            && is_to_be_noted(row, self.now)
        {
            touch_session(&self.environment.platform, token.hash(), self.now).await?;
        }
        Ok(())
    }

    fn key(&self) -> IdentityKey {
        IdentityKey::new(self.token, self.tenant)
    }
}
