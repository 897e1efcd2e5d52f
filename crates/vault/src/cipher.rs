//! Values sealed and opened where they stand.

use crate::data_key::{DataKey, KeyRing};
use crate::secret::Chance;
use aes_gcm_siv::aead::{Aead, Payload};
use aes_gcm_siv::{Aes256GcmSiv, KeyInit};
use aes_siv::siv::Aes256Siv;
use freehold_base::{CellPlace, CipherError, ColumnCipher, FieldPlace, ROW_ID_BYTES};
use sea_orm::prelude::Uuid;
use std::fmt;
use std::sync::Arc;

/// The form of sealed values and tokens.
const VERSION: u8 = 1;
/// The version, and the number of the data key.
const HEADER_BYTES: usize = 5;
/// Bytes of the nonce of AES-GCM-SIV.
const NONCE_BYTES: usize = 12;
/// Bytes of the synthetic IV of AES-SIV.
const IV_BYTES: usize = 16;

/// Seals and opens the values of one environment with the data keys of one request.
///
/// A sealed value is the version, the number of the data key, a random nonce, and AES-256-GCM-SIV (RFC 8452) over the value; its
/// associated data are the header and the whole place: environment, tenant, entity, field and row. A token is the version and the
/// synthetic IV of AES-SIV (RFC 5297) over the value and the place without the row. Of the rest of that ciphertext nobody has use:
/// the token is short and hides how long the value is.
pub struct Cipher {
    pub(crate) environment: Uuid,
    pub(crate) rings: Vec<Arc<KeyRing>>,
    pub(crate) chance: Chance,
}

impl fmt::Debug for Cipher {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Cipher with keys of {} places", self.rings.len())
    }
}

impl Cipher {
    fn ring(&self, place: &FieldPlace<'_>) -> Option<&KeyRing> {
        let fits =
            |ring: &&Arc<KeyRing>| ring.name == place.key && (ring.tenant.is_none() || ring.tenant == place.tenant);
        self.rings.iter().find(fits).map(AsRef::as_ref)
    }

    /// What a value is bound to. Every part has a length that is known or stated, so no two places are written alike.
    fn binding(&self, header: [u8; HEADER_BYTES], place: &CellPlace<'_>) -> Vec<u8> {
        let CellPlace { field, row } = place;
        let mut out = Vec::with_capacity(96 + field.field.len());
        out.extend_from_slice(b"freehold value\0");
        out.extend_from_slice(&header);
        out.extend_from_slice(self.environment.as_bytes());
        out.extend_from_slice(&tenant_bytes(field));
        out.extend_from_slice(&field.entity.number().to_be_bytes());
        out.extend_from_slice(&(field.field.len() as u32).to_be_bytes());
        out.extend_from_slice(field.field.as_bytes());
        out.extend_from_slice(&row.bytes());
        out
    }
}

impl ColumnCipher for Cipher {
    fn seal(&self, place: &CellPlace<'_>, clear: &[u8]) -> Result<Vec<u8>, CipherError> {
        let key = self.ring(&place.field).and_then(KeyRing::newest);
        let key = key.ok_or(CipherError::NoKey)?;
        let header = header(key);
        let mut nonce = [0; NONCE_BYTES];
        (self.chance)(&mut nonce);
        let payload = Payload {
            msg: clear,
            aad: &self.binding(header, place),
        };
        // It fails for texts of more than 64 GiB alone.
        let sealed = Aes256GcmSiv::new(key.sealing().into()).encrypt(&nonce.into(), payload);
        let sealed = sealed.map_err(|_| CipherError::Damaged)?;
        Ok([&header[..], &nonce, &sealed].concat())
    }

    fn open(&self, place: &CellPlace<'_>, sealed: &[u8]) -> Result<Vec<u8>, CipherError> {
        let (header, rest) = sealed.split_first_chunk::<HEADER_BYTES>().ok_or(CipherError::Damaged)?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(CipherError::Damaged)?;
        let [version, number @ ..] = header;
        if *version != VERSION {
            return Err(CipherError::Damaged);
        }
        let ring = self.ring(&place.field).ok_or(CipherError::UnknownKey)?;
        let key = ring.find(u32::from_be_bytes(*number)).ok_or(CipherError::UnknownKey)?;
        let payload = Payload {
            msg: sealed,
            aad: &self.binding(*header, place),
        };
        let opened = Aes256GcmSiv::new(key.sealing().into()).decrypt(nonce.into(), payload);
        opened.map_err(|_| CipherError::Damaged)
    }

    fn token(&self, place: &FieldPlace<'_>, clear: &[u8]) -> Result<Vec<u8>, CipherError> {
        let key = self.ring(place).and_then(KeyRing::first);
        let key = key.ok_or(CipherError::NoKey)?;
        let (tenant, entity) = (tenant_bytes(place), place.entity.number().to_be_bytes());
        // Each is a component of its own of the vector that S2V takes.
        let place: [&[u8]; 5] = [
            b"freehold token",
            self.environment.as_bytes(),
            &tenant,
            &entity,
            place.field.as_bytes(),
        ];
        let sealed = Aes256Siv::new(key.comparing().into()).encrypt(place, clear);
        let sealed = sealed.map_err(|_| CipherError::Damaged)?;
        let iv = sealed.first_chunk::<IV_BYTES>().ok_or(CipherError::Damaged)?;
        Ok([&[VERSION], &iv[..]].concat())
    }
}

fn header(key: &DataKey) -> [u8; HEADER_BYTES] {
    let [a, b, c, d] = key.number.to_be_bytes();
    [VERSION, a, b, c, d]
}

/// Whose the row is: all zero for a row that belongs to no tenant, else a one and the id.
fn tenant_bytes(place: &FieldPlace<'_>) -> [u8; 1 + ROW_ID_BYTES] {
    let mut out = [0; 1 + ROW_ID_BYTES];
    if let Some(tenant) = place.tenant {
        out[0] = 1;
        out[1..].copy_from_slice(&tenant.bytes());
    }
    out
}

#[cfg(test)]
mod tests;
