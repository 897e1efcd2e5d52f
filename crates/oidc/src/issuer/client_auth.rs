//! How a client says who it is at the token endpoint (RFC 6749 section 2.3).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use url::form_urlencoded;

use crate::Secret;
use crate::issuer::parameters::Parameters;
use crate::issuer::{OauthError, OauthWord};

/// How it does so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClientAuth {
    /// HTTP Basic.
    Basic,
    /// A secret in the form.
    Post,
    /// Not at all: a public client, which PKCE protects.
    None,
}

impl ClientAuth {
    /// Its name in discovery and registrations.
    pub fn name(self) -> &'static str {
        match self {
            Self::Basic => "client_secret_basic",
            Self::Post => "client_secret_post",
            Self::None => "none",
        }
    }
}

/// What a client says of itself. The caller finds the client and compares the secret; a client that has one never comes without.
#[derive(Clone)]
pub struct ClientCredentials {
    /// Who it says it is.
    pub client_id: String,
    /// Its secret, unless it is public.
    pub secret: Option<Secret>,
    /// How it said so.
    pub method: ClientAuth,
}

impl ClientCredentials {
    /// Of the `Authorization` header and the form. One way at a time.
    pub(crate) fn parse(authorization: Option<&str>, form: &Parameters) -> Result<Self, OauthError> {
        let (id, secret) = (form.find("client_id"), form.find("client_secret"));
        if form.find("client_assertion").is_some() || form.find("client_assertion_type").is_some() {
            return Err(OauthWord::InvalidClient.because("clients do not authenticate with assertions here"));
        }
        if let Some(header) = authorization {
            let credentials =
                basic(header).ok_or(OauthWord::InvalidClient.because("the Authorization header is not HTTP Basic"))?;
            if secret.is_some() {
                return Err(OauthWord::InvalidRequest.because("the client authenticates in two ways at once"));
            }
            if id.is_some_and(|id| id != credentials.client_id) {
                return Err(OauthWord::InvalidRequest.because("client_id is not the client that authenticates"));
            }
            return Ok(credentials);
        }
        let id = id.ok_or(OauthWord::InvalidClient.because("the client does not say who it is"))?;
        Ok(Self {
            client_id: id.to_owned(),
            secret: secret.map(Secret::new),
            method: if secret.is_some() {
                ClientAuth::Post
            } else {
                ClientAuth::None
            },
        })
    }
}

/// Name and secret, each percent-encoded before they are joined (section 2.3.1).
fn basic(header: &str) -> Option<ClientCredentials> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    let (client_id, secret) = (form_decoded(id)?, form_decoded(secret)?);
    if client_id.is_empty() || secret.is_empty() {
        return None;
    }
    Some(ClientCredentials {
        client_id,
        secret: Some(Secret::new(secret)),
        method: ClientAuth::Basic,
    })
}

fn form_decoded(text: &str) -> Option<String> {
    // What would end the value is escaped, so that all of it comes out as one name.
    let text = text.replace('&', "%26").replace('=', "%3D");
    let mut pairs = form_urlencoded::parse(text.as_bytes());
    match (pairs.next(), pairs.next()) {
        (None, _) => Some(String::new()),
        (Some((name, _)), None) => Some(name.into_owned()),
        (Some(_), Some(_)) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(header: Option<&str>, form: &str) -> Result<(String, Option<String>, ClientAuth), OauthWord> {
        let form = Parameters::parse(form.as_bytes()).unwrap();
        match ClientCredentials::parse(header, &form) {
            Ok(found) => Ok((
                found.client_id,
                found.secret.map(|secret| secret.expose().to_owned()),
                found.method,
            )),
            Err(error) => Err(error.word),
        }
    }

    fn header(text: &str) -> String {
        format!("Basic {}", STANDARD.encode(text))
    }

    #[test]
    fn clients_say_who_they_are_in_one_way() {
        let found = |id: &str, secret: Option<&str>, method| Ok((id.to_owned(), secret.map(str::to_owned), method));
        assert_eq!(
            parse(Some(&header("app:word")), ""),
            found("app", Some("word"), ClientAuth::Basic)
        );
        assert_eq!(
            parse(Some(&header("app:word")), "client_id=app"),
            found("app", Some("word"), ClientAuth::Basic)
        );
        assert_eq!(
            parse(Some(&header("a%3Ab:c%25+d&e=f")), ""),
            found("a:b", Some("c% d&e=f"), ClientAuth::Basic)
        );
        assert_eq!(
            parse(Some(&header("app:a:b")), ""),
            found("app", Some("a:b"), ClientAuth::Basic)
        );
        assert_eq!(
            parse(None, "client_id=app&client_secret=word"),
            found("app", Some("word"), ClientAuth::Post)
        );
        assert_eq!(parse(None, "client_id=app"), found("app", None, ClientAuth::None));
        assert_eq!(
            parse(None, "client_id=app&client_secret="),
            found("app", None, ClientAuth::None)
        );

        assert_eq!(
            parse(Some(&header("app:word")), "client_id=app&client_secret=word"),
            Err(OauthWord::InvalidRequest)
        );
        assert_eq!(
            parse(Some(&header("app:word")), "client_id=other"),
            Err(OauthWord::InvalidRequest)
        );
        assert_eq!(parse(None, ""), Err(OauthWord::InvalidClient));
        assert_eq!(parse(None, "client_secret=word"), Err(OauthWord::InvalidClient));
        assert_eq!(
            parse(None, "client_id=app&client_assertion=x"),
            Err(OauthWord::InvalidClient)
        );
        for text in [
            "Bearer x",
            "Basic",
            "Basic !",
            &header("app"),
            &header(":word"),
            &header("app:"),
            "",
        ] {
            assert_eq!(
                parse(Some(text), "client_id=app"),
                Err(OauthWord::InvalidClient),
                "{text}"
            );
        }
    }
}
