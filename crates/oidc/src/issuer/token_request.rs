//! The request for tokens (RFC 6749 sections 4.1.3, 4.4.2 and 6).

use crate::issuer::parameters::{Parameters, scopes};
use crate::issuer::{ClientCredentials, OauthError, OauthWord};
use crate::{PkceVerifier, Secret};

/// A request at the token endpoint.
#[derive(Clone)]
pub struct TokenRequest {
    /// Who asks.
    pub client: ClientCredentials,
    /// For what.
    pub grant: Grant,
}

/// What the client has to show.
#[derive(Clone)]
pub enum Grant {
    /// A code. The caller checks that it is unused, this client's, of this redirect URI, and that
    /// [`PkceVerifier::answers`] its challenge.
    Code {
        /// The code.
        code: Secret,
        /// As it was in the authorization request.
        redirect_uri: String,
        /// What answers the challenge; always there.
        verifier: PkceVerifier,
    },
    /// A refresh token.
    Refresh {
        /// The token.
        token: Secret,
        /// Fewer scopes than were granted; the same, if empty.
        scopes: Vec<String>,
    },
    /// Nothing but itself. The caller refuses clients that have no secret.
    Client {
        /// What is asked for.
        scopes: Vec<String>,
    },
}

impl TokenRequest {
    /// Reads the `Authorization` header, if there is one, and the form.
    ///
    /// # Errors
    /// See [`OauthError::status`].
    pub fn parse(authorization: Option<&str>, form: &[u8]) -> Result<Self, OauthError> {
        let form = Parameters::parse(form)?;
        form.check_once()?;
        let get = |name, description| form.find(name).ok_or(OauthWord::InvalidRequest.because(description));
        let grant = match get("grant_type", "grant_type is missing")? {
            "authorization_code" => Grant::Code {
                code: Secret::new(get("code", "code is missing")?),
                redirect_uri: get("redirect_uri", "redirect_uri is missing")?.to_owned(),
                verifier: PkceVerifier::parse(get("code_verifier", "code_verifier is missing")?).ok_or(
                    OauthWord::InvalidRequest.because("code_verifier must be 43 to 128 unreserved characters"),
                )?,
            },
            "refresh_token" => Grant::Refresh {
                token: Secret::new(get("refresh_token", "refresh_token is missing")?),
                scopes: scopes(form.find("scope"))?,
            },
            "client_credentials" => Grant::Client {
                scopes: scopes(form.find("scope"))?,
            },
            _ => return Err(OauthWord::UnsupportedGrantType.because("there is no such grant here")),
        };
        Ok(Self {
            client: ClientCredentials::parse(authorization, &form)?,
            grant,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: &str = "grant_type=authorization_code&client_id=app&code=c&redirect_uri=https://app.example/cb\
        &code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

    fn refused(form: &str) -> Option<OauthWord> {
        TokenRequest::parse(None, form.as_bytes()).err().map(|error| error.word)
    }

    #[test]
    fn grants_are_read() {
        let request = TokenRequest::parse(None, CODE.as_bytes()).unwrap();
        let Grant::Code {
            code,
            redirect_uri,
            verifier,
        } = request.grant
        else {
            panic!("no code")
        };
        assert!(code.is("c") && redirect_uri == "https://app.example/cb");
        assert!(verifier.answers("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"));

        let form = "grant_type=refresh_token&client_id=app&refresh_token=r&scope=a+b+a";
        let Grant::Refresh { token, scopes } = TokenRequest::parse(None, form.as_bytes()).unwrap().grant else {
            panic!("no refresh token");
        };
        assert!(token.is("r") && scopes == ["a", "b"]);

        let form = "grant_type=client_credentials&client_id=app&client_secret=s";
        assert!(
            matches!(TokenRequest::parse(None, form.as_bytes()).unwrap().grant, Grant::Client { scopes } if scopes.is_empty())
        );
    }

    #[test]
    fn requests_are_refused_in_oauths_words() {
        use OauthWord::{InvalidClient, InvalidRequest, InvalidScope, UnsupportedGrantType};
        for name in ["grant_type", "code", "redirect_uri", "code_verifier"] {
            let pairs = CODE.split('&').filter(|pair| !pair.starts_with(&format!("{name}=")));
            assert_eq!(
                refused(&pairs.collect::<Vec<_>>().join("&")),
                Some(InvalidRequest),
                "{name}"
            );
        }
        assert_eq!(refused(&CODE.replace("&client_id=app", "")), Some(InvalidClient));
        assert_eq!(refused(&format!("{CODE}&code=d")), Some(InvalidRequest));
        assert_eq!(refused(&format!("{CODE}&client_id=app")), Some(InvalidRequest));
        assert_eq!(
            refused(
                &CODE
                    .replace("dBjft", "short")
                    .replace("mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "")
            ),
            Some(InvalidRequest)
        );
        assert_eq!(
            refused("grant_type=refresh_token&client_id=app&refresh_token=r&scope=%22"),
            Some(InvalidScope)
        );
        for grant in [
            "password",
            "implicit",
            "urn:ietf:params:oauth:grant-type:jwt-bearer",
            "Authorization_Code",
        ] {
            assert_eq!(
                refused(&format!("grant_type={grant}&client_id=app")),
                Some(UnsupportedGrantType)
            );
        }
        assert_eq!(refused(""), Some(InvalidRequest));
        assert_eq!(refused(&"a".repeat(20_000)), Some(InvalidRequest));
    }

    #[test]
    fn refusals_have_a_body() {
        let error = TokenRequest::parse(Some("Bearer x"), CODE.as_bytes()).err().unwrap();
        assert_eq!(error.status(), 401);
        assert_eq!(error.body()["error"], "invalid_client");
    }
}
