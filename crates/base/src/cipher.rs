//! What sealed columns need of whoever holds the keys: three functions, and the place that a value is bound to.

use crate::{EntityTag, RowId};
use std::fmt;

/// A field whose values are sealed, within one tenant or, for a shared entity, within the environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldPlace<'a> {
    /// The tenant that the row belongs to; of a tenant's own row its id. `None` for rows that belong to none.
    pub tenant: Option<RowId>,
    /// The entity, by the number that survives renames.
    pub entity: EntityTag,
    /// The model's name of the field.
    pub field: &'a str,
    /// The model's name of the key.
    pub key: &'a str,
}

/// Where one sealed value stands. It opens nowhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CellPlace<'a> {
    /// The field.
    pub field: FieldPlace<'a>,
    /// The row.
    pub row: RowId,
}

/// Seals and opens the values of `encrypted:` fields. Its keys are loaded before, so nothing here waits.
///
/// INVARIANT: what implements it shows no key material, not even in its `Debug`.
pub trait ColumnCipher: Send + Sync + fmt::Debug {
    /// Seals a value for its place. Equal values give different texts each time.
    ///
    /// # Errors
    /// [`CipherError::NoKey`] when nothing was made ready to seal there.
    fn seal(&self, place: &CellPlace<'_>, clear: &[u8]) -> Result<Vec<u8>, CipherError>;

    /// Opens a value where it stands.
    ///
    /// # Errors
    /// [`CipherError::UnknownKey`] for a key that is not loaded, [`CipherError::Damaged`] for a value that was changed or comes
    /// from another place.
    fn open(&self, place: &CellPlace<'_>, sealed: &[u8]) -> Result<Vec<u8>, CipherError>;

    /// What stands for a value where values are compared: equal for equal values of one field in one tenant, and for no others.
    ///
    /// # Errors
    /// [`CipherError::NoKey`] when nothing was ever sealed there, so that nothing can be equal.
    fn token(&self, place: &FieldPlace<'_>, clear: &[u8]) -> Result<Vec<u8>, CipherError>;
}

/// Why a value cannot be sealed or opened. Never holds the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CipherError {
    /// There is no data key for that place yet, or none is loaded.
    NoKey,
    /// The value was sealed under a data key that is not loaded.
    UnknownKey,
    /// The value was changed, was moved from another place, or is no sealed value.
    Damaged,
}

impl fmt::Display for CipherError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::NoKey => "there is no data key for it",
            Self::UnknownKey => "the data key that it was sealed under is not there",
            Self::Damaged => "it was changed, or moved from another row, field, entity or tenant",
        })
    }
}

impl std::error::Error for CipherError {}
