//! The site that passkeys are registered with, and its ceremonies.

use super::client_data::check_page;
use super::{Ask, Ceremony, Outcome, StoredPasskey};
use crate::{FactorError, Result};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use url::{Host, Url};
use uuid::Uuid;
use webauthn_rs_core::WebauthnCore;
use webauthn_rs_core::error::WebauthnError;
use webauthn_rs_core::proto::{
    AttestationConveyancePreference, AttestationFormat, AuthenticationState, AuthenticatorTransport, COSEAlgorithm,
    CredProtect, CredentialProtectionPolicy, ParsedAttestation, PublicKeyCredential, RegisterPublicKeyCredential,
    RegistrationState, RequestRegistrationExtensions, ResidentKeyRequirement, UserVerificationPolicy,
};

/// How long a browser waits for its user, in milliseconds. The caller keeps states no longer.
pub const CEREMONY_MS: u64 = 300_000;

/// Longest answer of a browser. Without attestation they have one or two KiB.
const ANSWER_BYTES_MAX: usize = 32 * 1024;

/// Longest credential id (WebAuthn, section 5.8.3).
const CREDENTIAL_ID_BYTES_MAX: usize = 1023;

/// More than there are.
const TRANSPORTS_MAX: usize = 8;

/// The site that passkeys are registered with.
#[derive(Clone, Debug)]
pub struct RelyingParty {
    core: WebauthnCore,
    origins: Vec<String>,
}

/// What is kept between the halves of a registration.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Registration {
    ceremony: RegistrationState,
    user_id: Uuid,
    /// Ids of the passkeys that are there already.
    excluded: Vec<String>,
}

/// What is kept between the halves of an authentication.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Authentication {
    ceremony: AuthenticationState,
    /// Ids of the passkeys that may answer. `None`: any, which then says whose it is.
    allowed: Option<Vec<String>>,
}

impl RelyingParty {
    /// The site of domain `rp_id`, whose pages are at `origins` and below no other. Each origin is `https:` and of that domain
    /// or one below it; `http:` is for `localhost` alone. A passkey is bound to `rp_id` for its whole life.
    ///
    /// # Errors
    /// [`FactorError::RelyingParty`].
    pub fn new(rp_id: &str, origins: &[&str], name: &str) -> Result<Self> {
        let wrong = FactorError::RelyingParty;
        if name.trim().is_empty() {
            return Err(wrong("the name is empty"));
        }
        let is_domain = matches!(Host::parse(rp_id), Ok(Host::Domain(domain)) if domain == rp_id);
        if !is_domain || !(rp_id.contains('.') || rp_id == "localhost") || rp_id.ends_with('.') {
            return Err(wrong("the id is no domain in lower case"));
        }
        if origins.is_empty() {
            return Err(wrong("there is no origin"));
        }
        let urls: Vec<Url> = origins
            .iter()
            .map(|origin| origin_of(origin, rp_id))
            .collect::<Result<_>>()?;
        let origins = urls.iter().map(|url| url.origin().ascii_serialization()).collect();
        // "Unsafe" is said of the choices that the library's outer crate makes for its callers. Here they are made below: which
        // verification of the user is asked for depends on what the passkey is for. Neither subdomains nor other ports pass.
        let timeout = Duration::from_millis(CEREMONY_MS);
        let core = WebauthnCore::new_unsafe_experts_only(name, rp_id, urls, timeout, Some(false), Some(false));
        Ok(Self { core, origins })
    }

    /// Begins to register a passkey of a user who is signed in, and whose other passkeys are `exclude`. The names are for the
    /// user's own eyes, in the browser's list of passkeys; `user_id` is what the passkey gives back, and must tell nothing.
    ///
    /// Verification of the user is preferred, not required, so that a key without a PIN can be a second factor; one that did
    /// not verify its user cannot be the only factor until it does.
    ///
    /// # Errors
    /// [`FactorError::UserName`].
    pub fn begin_registration(
        &self,
        user_id: Uuid,
        user_name: &str,
        display_name: &str,
        exclude: &[StoredPasskey],
    ) -> Result<Ceremony> {
        let excluded = exclude.iter().map(|passkey| text_of(passkey.credential_id())).collect();
        let exclude = exclude
            .iter()
            .map(|passkey| passkey.credential.cred_id.clone())
            .collect();
        let builder = self
            .core
            .new_challenge_register_builder(user_id.as_bytes(), user_name, display_name)
            .map_err(|_| FactorError::UserName)?
            .attestation(AttestationConveyancePreference::None)
            .credential_algorithms(COSEAlgorithm::secure_algs())
            .user_verification_policy(UserVerificationPolicy::Preferred)
            .exclude_credentials(Some(exclude))
            .extensions(Some(RequestRegistrationExtensions {
                // A stolen key without its PIN does not tell whose it is.
                cred_protect: Some(CredProtect {
                    credential_protection_policy:
                        CredentialProtectionPolicy::UserVerificationOptionalWithCredentialIDList,
                    // Some browsers fail rather than to enforce it.
                    enforce_credential_protection_policy: Some(false),
                }),
                uvm: None,
                cred_props: Some(true),
                min_pin_length: None,
                hmac_create_secret: None,
            }));
        let (mut options, registration) = self
            .core
            .generate_challenge_register(builder)
            .map_err(|error| fault_of(&error))?;
        if let Some(selection) = &mut options.public_key.authenticator_selection {
            // The library knows "required" and "discouraged". With the latter, telephones make passkeys that cannot say whose
            // they are; with the former, a key on a key ring that is full cannot be a second factor.
            selection.resident_key = Some(ResidentKeyRequirement::Preferred);
        }
        ceremony(
            &options,
            &Registration {
                ceremony: registration,
                user_id,
                excluded,
            },
        )
    }

    /// The passkey that the browser's answer registers. The caller stores it if no one has its credential id yet.
    ///
    /// # Errors
    /// [`FactorError::State`], and from [`FactorError::Unreadable`] on what is wrong with the answer.
    pub fn finish_registration(&self, state: &str, answer: &str) -> Result<StoredPasskey> {
        let Registration {
            ceremony: registration,
            user_id,
            excluded,
        } = state_of(state)?;
        let answer: RegisterPublicKeyCredential = answer_of(answer)?;
        check_page(&answer.response.client_data_json, &self.origins)?;
        // The library refuses it too, as one of a wrong algorithm.
        if excluded.contains(&text_of(&answer.raw_id)) {
            return Err(FactorError::Registered);
        }
        let mut credential = self
            .core
            .register_credential(&answer, &registration, None)
            .map_err(|error| fault_of(&error))?;
        let id = &credential.cred_id;
        if id.is_empty() || id.len() > CREDENTIAL_ID_BYTES_MAX || id.as_slice() != answer.raw_id.as_slice() {
            return Err(FactorError::Refused);
        }
        // A hint for the browser, how to reach it. The library keeps it only where it was attested to.
        credential.transports = answer.response.transports.map(|mut transports| {
            transports.retain(|transport| *transport != AuthenticatorTransport::Unknown);
            transports.truncate(TRANSPORTS_MAX);
            transports
        });
        // It was not asked for, so it proves nothing, and it can tell a device from others.
        credential.attestation = ParsedAttestation::default();
        credential.attestation_format = AttestationFormat::None;
        Ok(StoredPasskey { user_id, credential })
    }

    /// Begins to let someone in by a passkey.
    ///
    /// # Errors
    /// [`FactorError::UnknownPasskey`], if there is none that may answer.
    pub fn begin_authentication(&self, ask: Ask<'_>) -> Result<Ceremony> {
        let (allowed, policy) = match ask {
            Ask::SecondFactor(passkeys) => (Some(passkeys), UserVerificationPolicy::Preferred),
            Ask::OnlyFactor(passkeys) => (Some(passkeys), UserVerificationPolicy::Required),
            Ask::Discoverable => (None, UserVerificationPolicy::Required),
        };
        if allowed.is_some_and(<[_]>::is_empty) {
            // To a browser an empty list means any passkey.
            return Err(FactorError::UnknownPasskey);
        }
        let credentials = allowed
            .unwrap_or_default()
            .iter()
            .map(|passkey| passkey.credential.clone())
            .collect();
        let builder = self
            .core
            .new_challenge_authenticate_builder(credentials, Some(policy))
            .map_err(|error| fault_of(&error))?
            .allow_backup_eligible_upgrade(true);
        let (options, mut authentication) = self
            .core
            .generate_challenge_authenticate(builder)
            .map_err(|error| fault_of(&error))?;
        // The passkey is read again when it has answered, with its counter of then.
        authentication.set_allowed_credentials(Vec::new());
        let allowed = allowed.map(|passkeys| {
            passkeys
                .iter()
                .map(|passkey| text_of(passkey.credential_id()))
                .collect()
        });
        ceremony(
            &options,
            &Authentication {
                ceremony: authentication,
                allowed,
            },
        )
    }

    /// The id of the passkey that a browser's answer names, to find what is stored of it. Nothing is proven yet.
    ///
    /// # Errors
    /// [`FactorError::Unreadable`].
    pub fn credential_id(answer: &str) -> Result<Vec<u8>> {
        answer_of::<PublicKeyCredential>(answer).map(|answer| answer.raw_id)
    }

    /// Who the browser's answer proves to be there. `stored` is what is stored now of the passkey that
    /// [`Self::credential_id`] found.
    ///
    /// # Errors
    /// [`FactorError::State`], and from [`FactorError::Unreadable`] on what is wrong with the answer.
    pub fn finish_authentication(&self, state: &str, answer: &str, stored: &StoredPasskey) -> Result<Outcome> {
        let Authentication {
            ceremony: authentication,
            allowed,
        } = state_of(state)?;
        let answer: PublicKeyCredential = answer_of(answer)?;
        let named = answer.raw_id.as_slice();
        let is_asked = allowed.as_ref().is_none_or(|ids| ids.contains(&text_of(named)));
        let is_theirs = match answer.get_user_unique_id() {
            Some(handle) => handle == stored.user_id.as_bytes(),
            // Whoever was not known before must say who they are (WebAuthn, section 7.2, step 6).
            None => allowed.is_some(),
        };
        if named != stored.credential_id() || !is_asked || !is_theirs {
            return Err(FactorError::UnknownPasskey);
        }
        check_page(&answer.response.client_data_json, &self.origins)?;
        let result = self
            .core
            .authenticate_single_credential(&answer, &authentication, &stored.credential)
            .map_err(|error| fault_of(&error))?;
        let mut updated = stored.clone();
        updated.credential.counter = result.counter();
        updated.credential.backup_state = result.backup_state();
        updated.credential.backup_eligible = result.backup_eligible();
        // A key that has got a PIN since must use it from now on.
        updated.credential.user_verified |= result.user_verified();
        Ok(Outcome {
            credential_id: named.to_vec(),
            user_id: stored.user_id,
            counter: result.counter(),
            user_verified: result.user_verified(),
            updated,
        })
    }
}

fn origin_of(text: &str, rp_id: &str) -> Result<Url> {
    let wrong = FactorError::RelyingParty;
    let url = Url::parse(text).map_err(|_| wrong("an origin is no URL"))?;
    if url.origin().ascii_serialization() != text {
        return Err(wrong("an origin is more than a scheme, a host and a port"));
    }
    let host = url.domain().ok_or(wrong("an origin has no domain"))?;
    let below = host
        .strip_suffix(rp_id)
        .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    if !below {
        return Err(wrong("an origin is not of the id's domain"));
    }
    let local = host == "localhost" || host.ends_with(".localhost");
    match url.scheme() {
        "https" => Ok(url),
        "http" if local => Ok(url),
        _ => Err(wrong("an origin is not of https")),
    }
}

fn ceremony(options: &impl Serialize, state: &impl Serialize) -> Result<Ceremony> {
    Ok(Ceremony {
        options: serde_json::to_string(options).map_err(|_| FactorError::State)?,
        state: serde_json::to_string(state).map_err(|_| FactorError::State)?,
    })
}

fn state_of<T: DeserializeOwned>(state: &str) -> Result<T> {
    serde_json::from_str(state).map_err(|_| FactorError::State)
}

fn answer_of<T: DeserializeOwned>(answer: &str) -> Result<T> {
    (answer.len() <= ANSWER_BYTES_MAX)
        .then_some(())
        .ok_or(FactorError::Unreadable)?;
    serde_json::from_str(answer).map_err(|_| FactorError::Unreadable)
}

fn text_of(id: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(id)
}

fn fault_of(error: &WebauthnError) -> FactorError {
    match error {
        WebauthnError::MismatchedChallenge => FactorError::Challenge,
        WebauthnError::InvalidRPOrigin | WebauthnError::CredentialCrossOrigin => FactorError::Origin,
        WebauthnError::InvalidRPIDHash => FactorError::OtherRelyingParty,
        WebauthnError::CredentialNotFound => FactorError::UnknownPasskey,
        WebauthnError::CredentialAlreadyExists | WebauthnError::CredentialExcludedFromRequest => {
            FactorError::Registered
        }
        WebauthnError::CredentialAlteredAlgFromRequest => FactorError::Algorithm,
        WebauthnError::UserNotPresent => FactorError::NotPresent,
        WebauthnError::UserNotVerified => FactorError::NotVerified,
        WebauthnError::AuthenticationFailure | WebauthnError::SignatureInvalid => FactorError::Signature,
        WebauthnError::CredentialPossibleCompromise => FactorError::Counter,
        // The library's own enum, which has some seventy more, most of them of attestation.
        _ => FactorError::Refused,
    }
}
