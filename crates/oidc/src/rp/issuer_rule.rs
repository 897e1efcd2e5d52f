//! Which issuers' tokens a provider's tokens may be.

use serde_json::Value;

use crate::TokenError;
use crate::json::Object;
use crate::rp::{Preset, Provider};
use crate::secret::same;
use crate::validity::text;

/// Microsoft's word for the tenant in issuers that stand for many.
const TENANT: &str = "{tenantid}";

/// Where Microsoft's personal accounts live.
const CONSUMERS: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

/// Which `iss` is accepted, in discovery, in tokens, and in the callback.
pub(crate) enum IssuerRule {
    /// This one.
    Exact(String),
    /// The first; the others are other words for it.
    Aliased(String, Vec<String>),
    /// This one, with the tenant that the token states.
    Tenant(String),
}

impl IssuerRule {
    /// A provider's.
    pub(crate) fn of(provider: &Provider) -> Self {
        let issuer = provider.issuer.clone();
        match provider.preset {
            Preset::Plain => Self::Exact(issuer),
            Preset::Google => match issuer.strip_prefix("https://") {
                Some(bare) => Self::Aliased(issuer.clone(), vec![bare.to_owned()]),
                None => Self::Exact(issuer),
            },
            Preset::Microsoft => Self::of_microsoft(&issuer),
            // The name in GitHub's own metadata (RFC 8414).
            Preset::GitHub => Self::Aliased(issuer.clone(), vec![format!("{issuer}/login/oauth")]),
        }
    }

    fn of_microsoft(issuer: &str) -> Self {
        let parts = issuer.splitn(5, '/').collect::<Vec<_>>();
        let with = |tenant| format!("{}//{}/{tenant}/{}", parts[0], parts[2], parts[4]);
        match parts.get(3) {
            Some(&("common" | "organizations")) if parts.len() == 5 => Self::Tenant(with(TENANT)),
            Some(&"consumers") if parts.len() == 5 => Self::Exact(with(CONSUMERS)),
            Some(_) | None => Self::Exact(issuer.to_owned()),
        }
    }

    /// What the discovery document must name.
    pub(crate) fn documented(&self) -> &str {
        match self {
            Self::Exact(issuer) | Self::Aliased(issuer, _) | Self::Tenant(issuer) => issuer,
        }
    }

    /// The issuer of these claims, in its one form, if it is one that is accepted.
    pub(crate) fn check(&self, claims: &Object) -> Result<String, TokenError> {
        let issuer = text(claims, "iss")?;
        match self {
            Self::Exact(_) | Self::Aliased(..) => self.canonical(issuer).ok_or(TokenError::Issuer),
            Self::Tenant(template) => {
                let tenant = text(claims, "tid")?;
                if !is_guid(tenant) || template.replace(TENANT, tenant) != issuer {
                    return Err(TokenError::Issuer);
                }
                Ok(issuer.to_owned())
            }
        }
    }

    /// A key that says whose tokens it signs has signed one of theirs: a tenant's own keys sign for no other tenant.
    pub(crate) fn check_key(&self, claims: &Object, key_issuer: Option<&str>) -> Result<(), TokenError> {
        let Self::Tenant(_) = self else { return Ok(()) };
        let tenant = claims.get("tid").and_then(Value::as_str).unwrap_or_default();
        match key_issuer {
            Some(template) if template.replace(TENANT, tenant) != text(claims, "iss")? => Err(TokenError::Issuer),
            Some(_) | None => Ok(()),
        }
    }

    /// The one form of the `iss` of a callback (RFC 9207), if it is one that is accepted.
    pub(crate) fn canonical(&self, issuer: &str) -> Option<String> {
        match self {
            Self::Exact(known) => same(known.as_bytes(), issuer.as_bytes()).then(|| known.clone()),
            Self::Aliased(known, aliases) => {
                (known == issuer || aliases.iter().any(|alias| alias == issuer)).then(|| known.clone())
            }
            Self::Tenant(template) => {
                let (before, after) = template.split_once(TENANT)?;
                let tenant = issuer.strip_prefix(before)?.strip_suffix(after)?;
                is_guid(tenant).then(|| issuer.to_owned())
            }
        }
    }
}

/// 8-4-4-4-12 small hexadecimal digits: nothing that could move the template's slashes.
fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TID: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";

    fn rule(preset: Preset, issuer: &str) -> IssuerRule {
        let mut provider = Provider::of(Preset::Google, "p", "app", None).unwrap();
        (provider.preset, provider.issuer) = (preset, issuer.to_owned());
        IssuerRule::of(&provider)
    }

    fn check(rule: &IssuerRule, iss: &str, tid: &str) -> Option<String> {
        let Value::Object(claims) = json!({"iss": iss, "tid": tid}) else {
            panic!("no object")
        };
        rule.check(&claims).ok()
    }

    #[test]
    fn tenants_have_issuers_of_their_own() {
        for word in ["common", "organizations"] {
            let rule = rule(
                Preset::Microsoft,
                &format!("https://login.microsoftonline.com/{word}/v2.0"),
            );
            assert_eq!(rule.documented(), "https://login.microsoftonline.com/{tenantid}/v2.0");
            let issuer = format!("https://login.microsoftonline.com/{TID}/v2.0");
            assert_eq!(check(&rule, &issuer, TID), Some(issuer.clone()));
            assert_eq!(rule.canonical(&issuer), Some(issuer.clone()));
            let other = TID.replace('7', "8");
            for (iss, tid) in [
                (issuer.as_str(), other.as_str()),
                (&issuer, ""),
                (&issuer, "common"),
                (&issuer.replace("https", "http"), TID),
                (&issuer.replace(".com", ".com.evil.example"), TID),
                ("https://login.microsoftonline.com/{tenantid}/v2.0", "{tenantid}"),
                ("https://login.microsoftonline.com/common/v2.0", "common"),
                ("https://login.microsoftonline.com/a/b/v2.0", "a/b"),
                ("https://login.microsoftonline.com//v2.0", ""),
            ] {
                assert_eq!(check(&rule, iss, tid), None, "{iss} {tid}");
            }
            assert_eq!(rule.canonical("https://login.microsoftonline.com/x/v2.0"), None);
        }
    }

    #[test]
    fn keys_of_a_tenant_sign_for_no_other() {
        let rule = rule(Preset::Microsoft, "https://login.microsoftonline.com/common/v2.0");
        let issuer = format!("https://login.microsoftonline.com/{TID}/v2.0");
        let Value::Object(claims) = json!({"iss": issuer, "tid": TID}) else {
            panic!("no object")
        };
        let check = |key: Option<&str>| rule.check_key(&claims, key);
        assert_eq!(check(None), Ok(()));
        assert_eq!(check(Some("https://login.microsoftonline.com/{tenantid}/v2.0")), Ok(()));
        assert_eq!(check(Some(&issuer)), Ok(()));
        let consumers = format!("https://login.microsoftonline.com/{CONSUMERS}/v2.0");
        assert_eq!(check(Some(&consumers)), Err(TokenError::Issuer));
    }

    #[test]
    fn others_have_one() {
        let one = format!("https://login.microsoftonline.com/{TID}/v2.0");
        let tenant = rule(Preset::Microsoft, &one);
        assert_eq!(check(&tenant, &one, "whatever"), Some(one));
        let consumers = rule(Preset::Microsoft, "https://login.microsoftonline.com/consumers/v2.0");
        assert_eq!(
            consumers.documented(),
            format!("https://login.microsoftonline.com/{CONSUMERS}/v2.0")
        );

        let google = rule(Preset::Google, "https://accounts.google.com");
        let found = Some("https://accounts.google.com".to_owned());
        assert_eq!(check(&google, "accounts.google.com", ""), found);
        assert_eq!(check(&google, "https://accounts.google.com", ""), found);

        let plain = rule(Preset::Plain, "https://id.acme.example");
        for iss in [
            "https://id.acme.example/",
            "https://ID.acme.example",
            "http://id.acme.example",
            "id.acme.example",
            "",
        ] {
            assert_eq!(check(&plain, iss, ""), None, "{iss}");
            assert_eq!(check(&google, iss, ""), None, "{iss}");
        }
    }
}
