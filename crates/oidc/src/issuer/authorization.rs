//! The request that an app sends somebody to us with (RFC 6749 section 4.1.1, Core section 3.1.2.1).

use url::Url;

use crate::is_challenge;
use crate::issuer::parameters::{Parameters, scopes};
use crate::issuer::{OauthError, OauthWord};
use crate::rp::Prompt;

/// A request whose sender is not known yet. Until the caller has found the client and its redirect URI, a refusal is shown here
/// and goes nowhere: else anybody could have us send people anywhere (RFC 6749 section 4.1.2.1).
pub struct Arrival {
    /// Who sends them.
    pub client_id: String,
    /// Where they are to be sent back to: to be compared by [`crate::issuer::RedirectUri::allows`].
    pub redirect_uri: String,
    /// What goes back with them.
    pub state: Option<String>,
    rest: Parameters,
}

/// A request that is understood. That the client may have the scopes is the caller's to see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorizationRequest {
    /// What is asked for.
    pub scopes: Vec<String>,
    /// What goes into the ID token, 512 bytes at most.
    pub nonce: Option<String>,
    /// What the code is bound to; always there.
    pub code_challenge: String,
    /// What to ask; with [`Prompt::None`] nothing else.
    pub prompts: Vec<Prompt>,
    /// How long ago they may have signed in, in seconds.
    pub max_age_secs: Option<u64>,
    /// Who they probably are.
    pub login_hint: Option<String>,
    /// How strongly they should sign in, best first.
    pub acr_values: Vec<String>,
}

impl Arrival {
    /// Reads a query or form.
    ///
    /// # Errors
    /// To be shown here, with status 400.
    pub fn parse(text: &str) -> Result<Self, OauthError> {
        let rest = Parameters::parse(text.as_bytes())?;
        // Of two clients or two places one would be checked, and the other used.
        if ["client_id", "redirect_uri", "state"]
            .iter()
            .any(|name| rest.is_twice(name))
        {
            return Err(OauthWord::InvalidRequest.because("a parameter stands there twice"));
        }
        let get = |name, description| {
            rest.find(name)
                .map(str::to_owned)
                .ok_or(OauthWord::InvalidRequest.because(description))
        };
        Ok(Self {
            client_id: get("client_id", "client_id is missing")?,
            redirect_uri: get("redirect_uri", "redirect_uri is missing")?,
            state: rest.find("state").map(str::to_owned),
            rest,
        })
    }

    /// What is asked.
    ///
    /// # Errors
    /// To be sent back with [`redirect_with_error`], once the redirect URI is known to be the client's.
    pub fn request(&self) -> Result<AuthorizationRequest, OauthError> {
        let rest = &self.rest;
        rest.check_once()?;
        for (name, word) in [
            ("request", OauthWord::RequestNotSupported),
            ("request_uri", OauthWord::RequestUriNotSupported),
            ("registration", OauthWord::RegistrationNotSupported),
        ] {
            if rest.find(name).is_some() {
                return Err(word.because("requests are sent as plain parameters here"));
            }
        }
        match rest.find("response_type") {
            Some("code") => {}
            Some(_) => return Err(OauthWord::UnsupportedResponseType.because("response_type must be code")),
            None => return Err(OauthWord::InvalidRequest.because("response_type is missing")),
        }
        if rest.find("response_mode").is_some_and(|mode| mode != "query") {
            return Err(OauthWord::InvalidRequest.because("response_mode must be query"));
        }
        // RFC 7636 section 4.3: no method means `plain`, which is refused as well.
        if rest.find("code_challenge_method") != Some("S256") {
            return Err(OauthWord::InvalidRequest.because("code_challenge_method must be S256"));
        }
        let code_challenge = rest
            .find("code_challenge")
            .filter(|challenge| is_challenge(challenge))
            .ok_or(OauthWord::InvalidRequest.because("code_challenge must be the base64url of a SHA-256"))?;
        let nonce = rest.find("nonce");
        if nonce.is_some_and(|nonce| nonce.len() > 512) {
            return Err(OauthWord::InvalidRequest.because("nonce is too long"));
        }
        let max_age = rest.find("max_age").map(str::parse).transpose();
        Ok(AuthorizationRequest {
            scopes: scopes(rest.find("scope"))?,
            nonce: nonce.map(str::to_owned),
            code_challenge: code_challenge.to_owned(),
            prompts: prompts(rest.find("prompt"))?,
            max_age_secs: max_age
                .map_err(|_| OauthWord::InvalidRequest.because("max_age must be a number of seconds"))?,
            login_hint: rest.find("login_hint").map(str::to_owned),
            acr_values: scopes(rest.find("acr_values"))?,
        })
    }
}

impl AuthorizationRequest {
    /// Whether an ID token is asked for.
    pub fn is_openid(&self) -> bool {
        self.scopes.iter().any(|scope| scope == "openid")
    }
}

fn prompts(text: Option<&str>) -> Result<Vec<Prompt>, OauthError> {
    let words = text.unwrap_or_default().split(' ').filter(|word| !word.is_empty());
    let prompts = words
        .map(|word| {
            [Prompt::None, Prompt::Login, Prompt::Consent, Prompt::SelectAccount]
                .into_iter()
                .find(|prompt| prompt.word() == word)
                .ok_or(OauthWord::InvalidRequest.because("prompt has a word that is not known"))
        })
        .collect::<Result<Vec<_>, _>>()?;
    if prompts.len() > 1 && prompts.contains(&Prompt::None) {
        return Err(OauthWord::InvalidRequest.because("prompt=none stands alone"));
    }
    Ok(prompts)
}

/// Where to send somebody back to, with a code. `None` if the redirect URI is none.
pub fn redirect_with_code(redirect_uri: &str, issuer: &str, state: Option<&str>, code: &str) -> Option<String> {
    redirect(redirect_uri, issuer, state, &[("code", code)])
}

/// Where to send somebody back to, with a refusal. `None` if the redirect URI is none.
pub fn redirect_with_error(
    redirect_uri: &str,
    issuer: &str,
    state: Option<&str>,
    error: &OauthError,
) -> Option<String> {
    redirect(
        redirect_uri,
        issuer,
        state,
        &[("error", error.word.name()), ("error_description", error.description)],
    )
}

fn redirect(redirect_uri: &str, issuer: &str, state: Option<&str>, answer: &[(&str, &str)]) -> Option<String> {
    let mut url = Url::parse(redirect_uri).ok()?;
    url.query_pairs_mut()
        .extend_pairs(answer)
        .extend_pairs(state.map(|state| ("state", state)))
        // RFC 9207: who answers, so that no other provider's app takes the code.
        .append_pair("iss", issuer);
    Some(url.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "client_id=app&redirect_uri=https%3A%2F%2Fapp.example%2Fcb&state=s%26t&response_type=code&scope=openid+email\
        &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256&nonce=n";

    fn request(text: &str) -> Result<AuthorizationRequest, OauthWord> {
        Arrival::parse(text).unwrap().request().map_err(|error| error.word)
    }

    fn with(extra: &str) -> Result<AuthorizationRequest, OauthWord> {
        request(&format!("{GOOD}&{extra}"))
    }

    fn without(name: &str) -> String {
        GOOD.split('&')
            .filter(|pair| !pair.starts_with(&format!("{name}=")))
            .collect::<Vec<_>>()
            .join("&")
    }

    #[test]
    fn requests_are_read() {
        let arrival = Arrival::parse(GOOD).unwrap();
        assert_eq!(
            (arrival.client_id.as_str(), arrival.state.as_deref()),
            ("app", Some("s&t"))
        );
        assert_eq!(arrival.redirect_uri, "https://app.example/cb");
        let found = arrival.request().unwrap();
        assert_eq!(found.scopes, ["openid", "email"]);
        assert!(found.is_openid());
        assert_eq!(found.nonce.as_deref(), Some("n"));
        let found = with("prompt=login+consent&max_age=60&acr_values=b+a&login_hint=x&unknown=1").unwrap();
        assert_eq!(found.prompts, [Prompt::Login, Prompt::Consent]);
        assert_eq!(
            (found.max_age_secs, found.acr_values),
            (Some(60), vec!["b".to_owned(), "a".to_owned()])
        );
    }

    #[test]
    fn what_cannot_be_sent_back_is_shown_here() {
        for text in [
            without("client_id"),
            without("redirect_uri"),
            format!("{GOOD}&client_id=app"),
            format!("{GOOD}&redirect_uri=https://evil.example"),
            format!("{GOOD}&state=x"),
            GOOD.replace("client_id=app", "client_id="),
            "x=".repeat(20_000),
            "x&".repeat(100),
        ] {
            assert_eq!(
                Arrival::parse(&text).err().map(|error| error.word),
                Some(OauthWord::InvalidRequest),
                "{text:.80}"
            );
        }
    }

    #[test]
    fn requests_are_refused_in_oauths_words() {
        use OauthWord::{InvalidRequest, InvalidScope, UnsupportedResponseType};
        for name in ["response_type", "code_challenge", "code_challenge_method"] {
            assert_eq!(request(&without(name)), Err(InvalidRequest), "{name}");
        }
        let change = |from: &str, to: &str| request(&GOOD.replace(from, to));
        for kind in ["token", "id_token", "code+id_token", "none"] {
            assert_eq!(
                change("response_type=code", &format!("response_type={kind}")),
                Err(UnsupportedResponseType)
            );
        }
        assert_eq!(change("S256", "plain"), Err(InvalidRequest));
        assert_eq!(change("S256", "s256"), Err(InvalidRequest));
        assert_eq!(change("E9Melhoa", "E9"), Err(InvalidRequest));
        assert_eq!(change("openid+email", "open\"id"), Err(InvalidScope));
        assert_eq!(with("scope=x"), Err(InvalidRequest));
        assert_eq!(with("code_challenge=x"), Err(InvalidRequest));
        assert_eq!(with("response_mode=fragment"), Err(InvalidRequest));
        assert_eq!(with("response_mode=form_post"), Err(InvalidRequest));
        assert_eq!(with("prompt=none+login"), Err(InvalidRequest));
        assert_eq!(with("prompt=create"), Err(InvalidRequest));
        assert_eq!(with("max_age=-1"), Err(InvalidRequest));
        assert_eq!(with("request=e30.e30."), Err(OauthWord::RequestNotSupported));
        assert_eq!(
            with("request_uri=https://x.example"),
            Err(OauthWord::RequestUriNotSupported)
        );
        assert_eq!(with(&format!("foo={}", "n".repeat(600))).map(|_| ()), Ok(()));
        assert_eq!(
            request(&GOOD.replace("nonce=n", &format!("nonce={}", "n".repeat(513)))),
            Err(InvalidRequest)
        );
    }

    #[test]
    fn answers_say_who_answers() {
        let issuer = "https://id.acme.example";
        assert_eq!(
            redirect_with_code("https://app.example/cb?a=1", issuer, Some("s&code=x"), "c+d").unwrap(),
            "https://app.example/cb?a=1&code=c%2Bd&state=s%26code%3Dx&iss=https%3A%2F%2Fid.acme.example"
        );
        let error = OauthWord::AccessDenied.because("no");
        assert_eq!(
            redirect_with_error("com.acme.app:/cb", issuer, None, &error).unwrap(),
            "com.acme.app:/cb?error=access_denied&error_description=no&iss=https%3A%2F%2Fid.acme.example"
        );
        assert_eq!(redirect_with_code("cb", issuer, None, "c"), None);
    }
}
