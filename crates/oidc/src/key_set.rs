//! An issuer's public keys (RFC 7517), and what they have signed.

use ring::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};
use serde_json::Value;

use crate::http::{Plain, check_url, get};
use crate::json::{Object, decode, object};
use crate::jws::Jws;
use crate::{Algorithm, Cache, Http, OidcError, TokenError};
use freehold_base::Timestamp;

/// More keys than this are no key set. Microsoft publishes about ten.
const KEYS_MAX: usize = 200;

/// RSA keys are of 2048 to 8192 bits; what is longer costs too much to verify with.
const RSA_BYTES: std::ops::RangeInclusive<usize> = 256..=1024;

/// Public keys, as a `jwks_uri` publishes them.
#[derive(Clone, Debug, Default)]
pub struct KeySet(Vec<PublicKey>);

/// A key, and what it is for.
#[derive(Clone, Debug)]
pub(crate) struct PublicKey {
    id: Option<String>,
    /// The one algorithm it is for, if it says so.
    algorithm: Option<Algorithm>,
    /// Whose tokens it signs, if it says so. Microsoft's keys do.
    pub(crate) issuer: Option<String>,
    material: Material,
}

#[derive(Clone, Debug)]
enum Material {
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
    P256(Vec<u8>),
    P384(Vec<u8>),
    Ed25519(Vec<u8>),
}

impl KeySet {
    /// The keys of a JWKS document that can be used to verify signatures; others are left out. `None` if it is no such document.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let Some(Value::Array(keys)) = object(bytes)?.remove("keys") else {
            return None;
        };
        if keys.len() > KEYS_MAX {
            return None;
        }
        Some(Self(
            keys.iter()
                .filter_map(|key| PublicKey::read(key.as_object()?))
                .collect(),
        ))
    }

    /// The keys of `url`, from the cache if they are there.
    pub(crate) async fn fetch(
        http: &impl Http,
        cache: &Cache,
        url: &str,
        plain: Plain,
        now: Timestamp,
        wants: Wants,
    ) -> Result<std::sync::Arc<Self>, OidcError> {
        check_url(url, plain)?;
        let fetched = async {
            let response = get(http, url, None).await?;
            let bad = || OidcError::BadAnswer {
                url: url.into(),
                problem: "something else than keys",
            };
            Self::parse(response.body()).ok_or_else(bad)
        };
        cache.keys.get(url, now, wants == Wants::Newer, fetched).await
    }

    /// The key that has signed the token, if its signature is right.
    pub(crate) fn verify(&self, jws: &Jws<'_>) -> Result<&PublicKey, TokenError> {
        let mut fitting = self.0.iter().filter(|key| key.fits(jws));
        let key = fitting.next().ok_or(TokenError::UnknownKey)?;
        // Whoever has two keys of one name says which by neither; Core section 10.1 asks for a name where there are several.
        if fitting.next().is_some() {
            return Err(TokenError::AmbiguousKey);
        }
        key.verify(jws.algorithm, jws.signed, &jws.signature)?;
        Ok(key)
    }
}

/// What is wanted of a cached key set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wants {
    /// The keys, as long as they are not too old.
    Any,
    /// Newer ones: a token names one that is not among them.
    Newer,
}

/// The claims of a token that a key behind `url` has signed, and what that key says of its issuer. If its key is not there, the
/// keys are fetched anew, once a minute at most.
pub(crate) async fn verified(
    http: &impl Http,
    cache: &Cache,
    (url, plain): (&str, Plain),
    jws: Jws<'_>,
    now: Timestamp,
) -> Result<(Object, Option<String>), OidcError> {
    let keys = KeySet::fetch(http, cache, url, plain, now, Wants::Any).await?;
    let issuer = match keys.verify(&jws) {
        Ok(key) => key.issuer.clone(),
        // Without a name nothing tells that a new key has come.
        Err(TokenError::UnknownKey) if jws.key_id.is_some() => {
            let keys = KeySet::fetch(http, cache, url, plain, now, Wants::Newer).await?;
            keys.verify(&jws)?.issuer.clone()
        }
        Err(error) => return Err(error.into()),
    };
    Ok((jws.unverified, issuer))
}

impl PublicKey {
    /// A key of a document; `None` if it is not for signatures, or too weak, or of a kind that is not known.
    fn read(key: &Object) -> Option<Self> {
        let text = |name: &str| match key.get(name) {
            None => Some(None),
            Some(Value::String(text)) => Some(Some(text.as_str())),
            Some(_) => None,
        };
        // A key whose private half is published has no owner.
        if key.contains_key("d") || text("use")?.is_some_and(|purpose| purpose != "sig") {
            return None;
        }
        if let Some(operations) = key.get("key_ops")
            && !operations.as_array()?.iter().any(|operation| operation == "verify")
        {
            return None;
        }
        let algorithm = match text("alg")? {
            None => None,
            Some(name) => Some(Algorithm::find(name)?),
        };
        let bytes = |name: &str| text(name).flatten().and_then(decode);
        let material = match (text("kty")??, text("crv")?) {
            ("RSA", _) => {
                let (modulus, exponent) = (bytes("n")?, bytes("e")?);
                // Some write the sign's zero (RFC 7518 section 6.3.1.1 forbids it).
                let modulus: Vec<u8> = modulus.into_iter().skip_while(|byte| *byte == 0).collect();
                if !RSA_BYTES.contains(&modulus.len()) {
                    return None;
                }
                Material::Rsa { modulus, exponent }
            }
            ("EC", Some("P-256")) => Material::P256(point(&bytes("x")?, &bytes("y")?, 32)?),
            ("EC", Some("P-384")) => Material::P384(point(&bytes("x")?, &bytes("y")?, 48)?),
            ("OKP", Some("Ed25519")) => Material::Ed25519(bytes("x").filter(|x| x.len() == 32)?),
            _ => return None,
        };
        let key = Self {
            id: text("kid")?.map(str::to_owned),
            algorithm,
            issuer: text("issuer")?.map(str::to_owned),
            material,
        };
        algorithm.is_none_or(|algorithm| key.can(algorithm)).then_some(key)
    }

    fn fits(&self, jws: &Jws<'_>) -> bool {
        (jws.key_id.is_none() || jws.key_id == self.id)
            && self.algorithm.is_none_or(|algorithm| algorithm == jws.algorithm)
            && self.can(jws.algorithm)
    }

    fn can(&self, algorithm: Algorithm) -> bool {
        matches!(
            (&self.material, algorithm),
            (Material::Rsa { .. }, Algorithm::Rs256 | Algorithm::Ps256)
                | (Material::P256(_), Algorithm::Es256)
                | (Material::P384(_), Algorithm::Es384)
                | (Material::Ed25519(_), Algorithm::EdDsa)
        )
    }

    fn verify(&self, algorithm: Algorithm, signed: &[u8], signature: &[u8]) -> Result<(), TokenError> {
        let right = match (&self.material, algorithm) {
            (Material::Rsa { modulus, exponent }, Algorithm::Rs256) => RsaPublicKeyComponents {
                n: modulus,
                e: exponent,
            }
            .verify(&signature::RSA_PKCS1_2048_8192_SHA256, signed, signature),
            (Material::Rsa { modulus, exponent }, Algorithm::Ps256) => RsaPublicKeyComponents {
                n: modulus,
                e: exponent,
            }
            .verify(&signature::RSA_PSS_2048_8192_SHA256, signed, signature),
            (Material::P256(point), Algorithm::Es256) => {
                UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point).verify(signed, signature)
            }
            (Material::P384(point), Algorithm::Es384) => {
                UnparsedPublicKey::new(&signature::ECDSA_P384_SHA384_FIXED, point).verify(signed, signature)
            }
            (Material::Ed25519(point), Algorithm::EdDsa) => {
                UnparsedPublicKey::new(&signature::ED25519, point).verify(signed, signature)
            }
            (Material::Rsa { .. } | Material::P256(_) | Material::P384(_) | Material::Ed25519(_), _) => {
                return Err(TokenError::Algorithm);
            }
        };
        right.map_err(|_| TokenError::Signature)
    }
}

/// An uncompressed point. Its halves are of full length (RFC 7518 section 6.2.1.2); ring checks that it is on the curve.
fn point(x: &[u8], y: &[u8], bytes: usize) -> Option<Vec<u8>> {
    if x.len() != bytes || y.len() != bytes {
        return None;
    }
    Some([&[4], x, y].concat())
}

#[cfg(test)]
mod tests;
