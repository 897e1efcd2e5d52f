//! RSA keys and certificates for tests. `ring` makes no RSA keys, and refuses to sign with SHA-1, which attacks need.

use num_bigint::BigUint;
use rand::CryptoRng;
use ring::digest;

use crate::der::{BIT_STRING, INTEGER, OBJECT_ID, SEQUENCE, VERSION};
use crate::xml::to_base64;

const EXPONENT: u32 = 65_537;
const OCTET_STRING: u8 = 0x04;
const NULL: &[u8] = &[0x05, 0x00];

/// What RSA signs a message by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash {
    /// Must be refused.
    Sha1,
    /// The usual one.
    Sha256,
    /// Longer.
    Sha384,
    /// Longest.
    Sha512,
}

impl Hash {
    pub(super) fn of(self, message: &[u8]) -> Vec<u8> {
        let algorithm = match self {
            Self::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
            Self::Sha512 => &digest::SHA512,
        };
        digest::digest(algorithm, message).as_ref().to_vec()
    }

    /// AlgorithmIdentifier's OID (RFC 8017, appendix B.1).
    fn oid(self) -> &'static [u8] {
        match self {
            Self::Sha1 => &[0x2b, 0x0e, 0x03, 0x02, 0x1a],
            Self::Sha256 => &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01],
            Self::Sha384 => &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02],
            Self::Sha512 => &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03],
        }
    }
}

/// An RSA key.
pub struct Rsa {
    n: BigUint,
    d: BigUint,
    p: BigUint,
    q: BigUint,
    bytes: usize,
}

impl Rsa {
    /// A key of so many bits, a multiple of 16.
    pub fn generate(rng: &mut dyn CryptoRng, bits: usize) -> Self {
        let one = BigUint::from(1_u8);
        let (p, q) = (prime(rng, bits / 2), prime(rng, bits / 2));
        // `ring` wants the larger one first.
        let (p, q) = if p > q { (p, q) } else { (q, p) };
        let d = BigUint::from(EXPONENT).modinv(&((&p - &one) * (&q - &one))).unwrap();
        Self {
            n: &p * &q,
            d,
            p,
            q,
            bytes: bits / 8,
        }
    }

    /// A signature by PKCS#1 1.5 (RFC 8017, section 8.2).
    pub fn sign(&self, hash: Hash, message: &[u8]) -> Vec<u8> {
        let algorithm = der(SEQUENCE, &[&der(OBJECT_ID, &[hash.oid()]), NULL]);
        let info = der(SEQUENCE, &[&algorithm, &der(OCTET_STRING, &[&hash.of(message)])]);
        let mut padded = vec![0xff; self.bytes];
        padded[..2].copy_from_slice(&[0, 1]);
        let at = self.bytes - info.len();
        padded[at - 1] = 0;
        padded[at..].copy_from_slice(&info);
        let signature = BigUint::from_bytes_be(&padded).modpow(&self.d, &self.n).to_bytes_be();
        [vec![0; self.bytes - signature.len()], signature].concat()
    }

    /// The key as PKCS#8 in PEM.
    pub fn pem(&self) -> String {
        let one = BigUint::from(1_u8);
        let numbers = [
            BigUint::default(),
            self.n.clone(),
            BigUint::from(EXPONENT),
            self.d.clone(),
            self.p.clone(),
            self.q.clone(),
            &self.d % (&self.p - &one),
            &self.d % (&self.q - &one),
            self.q.modinv(&self.p).unwrap(),
        ];
        let numbers: Vec<_> = numbers.iter().map(integer).collect();
        let numbers: Vec<_> = numbers.iter().map(Vec::as_slice).collect();
        let key = der(OCTET_STRING, &[&der(SEQUENCE, &numbers)]);
        let pkcs8 = der(SEQUENCE, &[&integer(&BigUint::default()), &rsa_algorithm(), &key]);
        format!(
            "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
            to_base64(&pkcs8)
        )
    }

    /// A certificate that it signs for itself, in DER.
    pub fn certificate(&self, name: &str) -> Vec<u8> {
        let key = der(SEQUENCE, &[&integer(&self.n), &integer(&BigUint::from(EXPONENT))]);
        let info = der(SEQUENCE, &[&rsa_algorithm(), &der(BIT_STRING, &[&[0], &key])]);
        let signature = self.sign(Hash::Sha256, &to_be_signed(name, &info));
        certificate(name, &info, &signature)
    }
}

/// A certificate around a SubjectPublicKeyInfo, in DER.
pub(super) fn certificate(name: &str, public_key_info: &[u8], signature: &[u8]) -> Vec<u8> {
    let signed = to_be_signed(name, public_key_info);
    der(
        SEQUENCE,
        &[&signed, &signature_algorithm(), &der(BIT_STRING, &[&[0], signature])],
    )
}

/// An uncompressed point as a SubjectPublicKeyInfo.
#[cfg(test)]
pub(super) fn p256_public_key_info(point: &[u8]) -> Vec<u8> {
    let ec = der(OBJECT_ID, &[&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01]]);
    let curve = der(OBJECT_ID, &[&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07]]);
    der(
        SEQUENCE,
        &[&der(SEQUENCE, &[&ec, &curve]), &der(BIT_STRING, &[&[0], point])],
    )
}

fn to_be_signed(name: &str, public_key_info: &[u8]) -> Vec<u8> {
    let (set, utf8_string, utc_time) = (0x31, 0x0c, 0x17);
    let common_name = der(OBJECT_ID, &[&[0x55, 0x04, 0x03]]);
    let name = der(
        SEQUENCE,
        &[&der(
            set,
            &[&der(SEQUENCE, &[&common_name, &der(utf8_string, &[name.as_bytes()])])],
        )],
    );
    let validity = der(
        SEQUENCE,
        &[&der(utc_time, &[b"200101000000Z"]), &der(utc_time, &[b"400101000000Z"])],
    );
    let version = der(VERSION, &[&integer(&BigUint::from(2_u8))]);
    let serial = integer(&BigUint::from(1_u8));
    der(
        SEQUENCE,
        &[
            &version,
            &serial,
            &signature_algorithm(),
            &name,
            &validity,
            &name,
            public_key_info,
        ],
    )
}

fn rsa_algorithm() -> Vec<u8> {
    let oid = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
    der(SEQUENCE, &[&der(OBJECT_ID, &[&oid]), NULL])
}

fn signature_algorithm() -> Vec<u8> {
    let sha256_with_rsa = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b];
    der(SEQUENCE, &[&der(OBJECT_ID, &[&sha256_with_rsa]), NULL])
}

fn integer(number: &BigUint) -> Vec<u8> {
    let bytes = number.to_bytes_be();
    let sign: &[u8] = if bytes[0] & 0x80 == 0 { &[] } else { &[0] };
    der(INTEGER, &[sign, &bytes])
}

fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = content.len();
    let mut out = vec![tag];
    match length {
        0..=0x7f => out.push(length as u8),
        0x80..=0xff => out.extend([0x81, length as u8]),
        _ => out.extend([0x82, (length >> 8) as u8, length as u8]),
    }
    out.extend(content);
    out
}

/// A prime whose two highest bits are set, so that the product of two has all its bits.
fn prime(rng: &mut dyn CryptoRng, bits: usize) -> BigUint {
    let small: Vec<u32> = (3..2000)
        .filter(|n: &u32| (2..*n).take_while(|d| d * d <= *n).all(|d| !n.is_multiple_of(d)))
        .collect();
    let mut bytes = vec![0; bits / 8];
    loop {
        rng.fill_bytes(&mut bytes);
        bytes[0] |= 0xc0;
        *bytes.last_mut().unwrap() |= 1;
        let candidate = BigUint::from_bytes_be(&bytes);
        let divided = small.iter().any(|prime| &candidate % *prime == BigUint::default());
        // `EXPONENT` is prime: it must not divide p - 1.
        if !divided && &candidate % EXPONENT != BigUint::from(1_u8) && is_prime(&candidate, rng) {
            return candidate;
        }
    }
}

/// Miller and Rabin's test. For random numbers of this size a few rounds leave no doubt (FIPS 186-5, appendix B.3).
fn is_prime(number: &BigUint, rng: &mut dyn CryptoRng) -> bool {
    let one = BigUint::from(1_u8);
    let last = number - &one;
    let twos = last.trailing_zeros().unwrap();
    let odd = &last >> twos;
    (0..5).all(|_| {
        let mut bytes = [0; 16];
        rng.fill_bytes(&mut bytes);
        let base = BigUint::from_bytes_be(&bytes) + 2_u8;
        let mut power = base.modpow(&odd, number);
        if power == one || power == last {
            return true;
        }
        for _ in 1..twos {
            power = &power * &power % number;
            if power == last {
                return true;
            }
        }
        false
    })
}
