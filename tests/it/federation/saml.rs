//! Signing in at a SAML provider, and everything that it or somebody in between may try.

use super::{ask, refused, roles, start, who};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use freehold_tests::peers::{Attack, Browser, SamlIdp, Says, Signed, VICTIM, Visit};
use freehold_tests::{Database, Server, on_both_databases};
use rcgen::{CertificateParams, KeyPair};
use serde_json::{Value, json};
use std::io::Read;

const SSO: &str = "https://idp.test/sso?tenant=1";

fn with_idp(database: Database, idp: &SamlIdp, more: &str) -> Server {
    start(database, &corp(idp, &format!("sign_requests: false\n{more}")), &[])
}

fn corp(idp: &SamlIdp, more: &str) -> String {
    let more: String = more.lines().map(|line| format!("    {line}\n")).collect();
    let certificate = idp.certificate();
    format!(
        "saml:\n  corp:\n    entity_id: \"https://idp.test/saml\"\n    sso_url: \"{SSO}\"\n    certificates: [\"{certificate}\"]\n{more}"
    )
}

const LINKED: &str = "domains: [acme.test]\nlink: verified_email\nprovision: {create: true}";

/// Somebody who was sent away.
struct Away {
    browser: Browser,
    site: String,
    request: String,
    relay: String,
}

fn away(server: &Server) -> Away {
    let browser = Browser::new();
    let site = format!("{}/auth/saml/corp", server.base());
    let sent = browser.get(&format!("{site}/login?return_to=/auth/sessions"));
    assert_eq!(sent.status, 303, "{}\n{}", sent.text, server.complaints());
    assert!(
        sent.location
            .as_deref()
            .is_some_and(|to| to.starts_with(&format!("{SSO}&SAMLRequest="))),
        "{sent:?}"
    );
    let request = xml(&sent.led("SAMLRequest").expect("a request"));
    let id = request
        .split(" ID=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .expect("an id")
        .to_owned();
    Away {
        browser,
        site,
        request: id,
        relay: sent.led("RelayState").expect("a state"),
    }
}

fn xml(request: &str) -> String {
    let bytes = STANDARD.decode(request).expect("base64");
    let mut text = String::new();
    flate2::read::DeflateDecoder::new(&bytes[..])
        .read_to_string(&mut text)
        .expect("it was deflated");
    text
}

impl Away {
    fn says(&self, name_id: &str) -> Says {
        Says::to(&self.site, &self.request, name_id)
    }

    /// Posts an answer, as the provider's page does: no cookies of ours come along.
    fn post(&self, answer: &str) -> Visit {
        self.post_with(answer, &self.relay)
    }

    fn post_with(&self, answer: &str, relay: &str) -> Visit {
        let fields = [("SAMLResponse", answer), ("RelayState", relay)];
        Browser::new().post(
            &format!("{}/acs", self.site),
            &fields,
            &[
                ("Accept", "text/html"),
                ("Origin", "https://idp.test"),
                ("Sec-Fetch-Site", "cross-site"),
            ],
        )
    }

    /// To where the account stands.
    fn come_back(&self, idp: &SamlIdp, says: &Says) -> Visit {
        let visit = self.post(&idp.answer(says));
        let done = visit
            .location
            .unwrap_or_else(|| panic!("{} {}", visit.status, visit.text));
        assert!(done.starts_with("/auth/saml/corp/done?t="), "{done}");
        let base = self.site.strip_suffix("/auth/saml/corp").expect("a site");
        self.browser.follow(&format!("{base}{done}"))
    }
}

on_both_databases! {
    fn somebody_signs_in_at_the_provider(database) {
        let idp = SamlIdp::new();
        let server = with_idp(database, &idp, LINKED);
        let page = Browser::new().get(&format!("{}/auth/sign-in", server.base()));
        assert!(page.text.contains("/auth/saml/corp"), "{}", page.text);
        for signed in [Signed::Assertion, Signed::Response] {
            let away = away(&server);
            let visit = away.come_back(&idp, &Says { signed, ..away.says("ann@acme.test") });
            assert_eq!((visit.status, visit.url), (200, format!("{}/auth/sessions", server.base())), "{}\n{}", visit.text, server.complaints());
            assert_eq!(who(&away.browser, &server), "ann@acme.test");
        }
    }

    fn answers_that_lie_let_nobody_in(database) {
        let (idp, other) = (SamlIdp::new(), SamlIdp::new());
        let server = with_idp(database, &idp, LINKED);
        let elsewhere = "https://evil.test/acs".to_owned();
        let lies: [(&str, &dyn Fn(Says) -> Says); 14] = [
            ("nothing is signed", &|says| Says { signed: Signed::Nothing, ..says }),
            ("another issuer", &|says| Says { issuer: "https://other.test".into(), ..says }),
            ("another audience", &|says| Says { audience: "https://other.test".into(), ..says }),
            ("another recipient", &|says| Says { recipient: elsewhere.clone(), ..says }),
            ("another destination", &|says| Says { destination: elsewhere.clone(), ..says }),
            ("another request", &|says| Says { request: "_other".into(), ..says }),
            ("no request", &|says| Says { request: String::new(), ..says }),
            ("expired", &|says| Says { from: -900, to: -300, ..says }),
            ("not yet", &|says| Says { from: 300, to: 900, ..says }),
            ("a name for one time", &|says| Says { format: "urn:oasis:names:tc:SAML:2.0:nameid-format:transient".into(), ..says }),
            ("another domain", &|says| Says { name_id: "ann@evil.test".into(), ..says }),
            ("a domain below", &|says| Says { name_id: "ann@evil.acme.test".into(), ..says }),
            ("somebody blocked", &|says| Says { name_id: "eve@acme.test".into(), ..says }),
            ("no address", &|says| Says { name_id: "ann".into(), ..says }),
        ];
        for (what, lie) in lies {
            let away = away(&server);
            let answer = idp.answer(&lie(away.says("ann@acme.test")));
            let mut visit = away.post(&answer);
            if let Some(done) = visit.location.clone() {
                visit = away.browser.follow(&format!("{}{done}", server.base()));
            }
            assert_eq!(visit.status, 401, "{what}: {}\n{}", visit.text, server.complaints());
            assert_eq!(who(&away.browser, &server), Value::Null, "{what}");
        }
        // Another's key.
        let away = away(&server);
        refused(&away.post(&other.answer(&away.says("ann@acme.test"))), &away.browser, &server, 401);
        for bad in ["", "!", "PGE+", &STANDARD.encode("<a/>"), &STANDARD.encode([0xff, 0xfe])] {
            let away = self::away(&server);
            refused(&away.post(bad), &away.browser, &server, 401);
        }
    }

    fn answers_that_were_wrapped_let_nobody_in(database) {
        let idp = SamlIdp::new();
        let server = with_idp(database, &idp, LINKED);
        let mallory = "mallory@acme.test";
        for (attack, signed, name) in [
            (Attack::ResponseInSignature, Signed::Response, mallory),
            (Attack::ResponseBeforeSignature, Signed::Response, mallory),
            (Attack::AssertionBefore, Signed::Assertion, mallory),
            (Attack::AssertionAround, Signed::Assertion, mallory),
            (Attack::SignatureMoved, Signed::Assertion, mallory),
            (Attack::InExtensions, Signed::Assertion, mallory),
            (Attack::InObject, Signed::Assertion, mallory),
            (Attack::Changed, Signed::Assertion, mallory),
            (Attack::Changed, Signed::Response, mallory),
            (Attack::Entity, Signed::Assertion, mallory),
            (Attack::Comment, Signed::Assertion, "root@acme.test.evil.test"),
        ] {
            let away = away(&server);
            let says = Says { signed, attack, ..away.says(name) };
            // It would be good without the attack, and is another with it.
            assert_ne!(idp.document(&says), idp.document(&Says { attack: Attack::None, ..says.clone() }), "{attack:?}");
            let visit = away.post(&idp.answer(&says));
            if let Some(done) = &visit.location {
                // Read as what was signed it may be; never as the victim.
                away.browser.follow(&format!("{}{done}", server.base()));
            } else {
                assert_eq!(visit.status, 401, "{attack:?} {}", visit.text);
            }
            assert_eq!(who(&away.browser, &server), Value::Null, "{attack:?}");
            let users = server.reader().tables()["user"].clone();
            assert!(users.iter().all(|user| user["email"] != json!(VICTIM)), "{attack:?}");
        }
        let away = away(&server);
        assert_eq!(away.come_back(&idp, &away.says(mallory)).status, 200, "without an attack");
    }

    fn an_answer_is_for_one_browser_and_one_time(database) {
        let idp = SamlIdp::new();
        let server = with_idp(database, &idp, LINKED);
        let at = |path: &str| format!("{}{path}", server.base());
        // Posted twice.
        let ann = away(&server);
        let answer = idp.answer(&ann.says("ann@acme.test"));
        let done = ann.post(&answer).location.expect("it leads on");
        assert_eq!(ann.post(&answer).status, 401);
        // Ended in another browser: of somebody who was sent away too, or who was not. It is used up by that.
        let (eve, nobody) = (away(&server), Browser::new());
        refused(&nobody.follow(&at(&done)), &nobody, &server, 401);
        refused(&ann.browser.follow(&at(&done)), &ann.browser, &server, 401);
        let ann = away(&server);
        let done = ann.post(&idp.answer(&ann.says("ann@acme.test"))).location.expect("it leads on");
        refused(&eve.browser.follow(&at(&done)), &eve.browser, &server, 401);
        // The same assertion in answer to another request of the same browser: it answers the first.
        let ann = away(&server);
        let says = ann.says("ann@acme.test");
        assert_eq!(ann.come_back(&idp, &says).status, 200);
        let later = away(&server);
        assert_eq!(later.post(&idp.answer(&says)).status, 401);
        // An assertion with a name that was there.
        let later = away(&server);
        assert_eq!(later.post(&idp.answer(&Says { id: says.id.clone(), ..later.says("ann@acme.test") })).status, 401);
        // The state of somebody else, of nobody, none, or twice.
        let (one, two) = (away(&server), away(&server));
        assert_eq!(one.post_with(&idp.answer(&one.says("ann@acme.test")), &two.relay).status, 401);
        for (relay, status) in [("nonsense", 401), ("", 401)] {
            let one = away(&server);
            assert_eq!(one.post_with(&idp.answer(&one.says("ann@acme.test")), relay).status, status);
        }
        let url = format!("{}/acs", one.site);
        let visit = Browser::new().post(&url, &[("SAMLResponse", &answer)], &[("Accept", "text/html")]);
        assert_eq!(visit.status, 400, "{}", visit.text);
        let visit = Browser::new().post(&url, &[("SAMLResponse", &answer), ("SAMLResponse", &answer), ("RelayState", &one.relay)], &[("Accept", "text/html")]);
        assert_eq!(visit.status, 400, "{}", visit.text);
        assert_eq!(Browser::new().get(&at("/auth/saml/corp/done?t=nonsense")).status, 401);
    }

    fn attributes_say_what_people_are(database) {
        let idp = SamlIdp::new();
        let more = "\
domains: [acme.test]
email: mail
mfa: {contexts: [\"urn:oasis:names:tc:SAML:2.0:ac:classes:TimeSyncToken\"]}
provision:
  create: true
  name: displayName
  tenant: org
  roles: {claim: groups, map: {hd-agents: agent, hd-leads: lead}}";
        let server = with_idp(database, &idp, more);
        let begin = |groups: &str, context: &str| {
            let away = away(&server);
            let attributes = [("mail", "nell@acme.test"), ("displayName", "Nell"), ("org", "acme"), ("groups", groups)];
            let attributes = attributes.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
            let format = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent".to_owned();
            let says = Says { attributes, format, context: context.to_owned(), ..away.says("n-7") };
            let visit = away.come_back(&idp, &says);
            assert_eq!(visit.status, 200, "{}\n{}", visit.text, server.complaints());
            away.browser
        };
        let weak = "urn:oasis:names:tc:SAML:2.0:ac:classes:Password";
        let strong = "urn:oasis:names:tc:SAML:2.0:ac:classes:TimeSyncToken";
        let browser = begin("hd-agents", weak);
        let seen = ask(&browser, &server, Some("acme"), "{ viewer { user { email name } roles } }");
        assert_eq!(seen["data"]["viewer"], json!({"user": {"email": "nell@acme.test", "name": "Nell"}, "roles": ["agent"]}), "{seen}");
        // A role that asks for a second factor.
        assert_eq!(roles(&begin("hd-leads", weak), &server, "acme"), json!([]));
        assert_eq!(roles(&begin("hd-leads", strong), &server, "acme"), json!(["lead"]));
    }

    fn metadata_and_requests_say_who_we_are(database) {
        let idp = SamlIdp::new();
        let pair = KeyPair::generate().expect("a key can be made");
        let certificate = CertificateParams::new(vec!["desk.test".into()]).expect("a name").self_signed(&pair).expect("it signs");
        let secrets = [("saml_key", pair.serialize_pem()), ("saml_certificate", certificate.pem())];
        let secrets: Vec<(&str, &str)> = secrets.iter().map(|(name, text)| (*name, text.as_str())).collect();
        let server = start(database, &corp(&idp, LINKED), &secrets);
        let site = format!("{}/auth/saml/corp", server.base());
        let metadata = Browser::new().fetch(&format!("{site}/metadata"), &[]);
        assert_eq!((metadata.status, metadata.header("content-type")), (200, Some("application/samlmetadata+xml")), "{}", metadata.text);
        let own = STANDARD.encode(certificate.der());
        for part in [format!("entityID=\"{site}/metadata\""), format!("Location=\"{site}/acs\""), own, "AuthnRequestsSigned=\"true\"".into()] {
            assert!(metadata.text.contains(&part), "no {part}: {}", metadata.text);
        }
        assert!(!metadata.text.contains("PRIVATE"));
        // What is signed is the query as it is written.
        let sent = Browser::new().get(&format!("{site}/login"));
        let to = sent.location.clone().expect("it leads on");
        let query = to.strip_prefix(SSO).and_then(|rest| rest.strip_prefix('&')).expect("the provider's address");
        let (signed, _) = query.split_once("&Signature=").expect("a signature");
        assert_eq!(sent.led("SigAlg").as_deref(), Some("http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"));
        let signature = STANDARD.decode(sent.led("Signature").expect("a signature")).expect("base64");
        let key = ring::signature::UnparsedPublicKey::new(&ring::signature::ECDSA_P256_SHA256_FIXED, pair.public_key_raw());
        key.verify(signed.as_bytes(), &signature).expect("the signature is good");
        assert!(key.verify(signed.replace("RelayState=", "RelayState=a").as_bytes(), &signature).is_err());
        let request = xml(&sent.led("SAMLRequest").expect("a request"));
        for part in [format!("AssertionConsumerServiceURL=\"{site}/acs\""), format!("Destination=\"{SSO}\""), format!("<saml:Issuer>{site}/metadata</saml:Issuer>")] {
            assert!(request.contains(&part), "no {part}: {request}");
        }
        // The key is not there: nobody is sent away with an unsigned request.
        let server = start(database, &corp(&idp, LINKED), &[]);
        let visit = Browser::new().get(&format!("{}/auth/saml/corp/login", server.base()));
        assert_eq!((visit.status, visit.location.as_deref()), (503, None), "{}", visit.text);
        assert!(visit.text.contains("corp"), "{}", visit.text);
        for path in ["/auth/saml/other/metadata", "/auth/saml/other/login", "/auth/saml/corp", "/auth/saml/corp/other"] {
            assert_eq!(Browser::new().get(&format!("{}{path}", server.base())).status, 404, "{path}");
        }
    }

    fn a_provider_of_one_tenant_counts_there_alone(database) {
        let idp = SamlIdp::new();
        let server = with_idp(database, &idp, &format!("tenants: [acme]\n{LINKED}"));
        let ann = away(&server);
        assert_eq!(ann.come_back(&idp, &ann.says("ann@acme.test")).status, 200, "{}", server.complaints());
        let tickets = "{ tickets { nodes { title } } }";
        assert_eq!(ask(&ann.browser, &server, Some("acme"), tickets)["data"]["tickets"]["nodes"], json!([{"title": "of acme"}]));
        assert_eq!(ask(&ann.browser, &server, Some("globex"), tickets)["data"]["tickets"], Value::Null);
        let visit = ann.browser.send(&format!("{}/auth/email/change", server.base()), &json!({"email": "evil@acme.test", "password": "violet-harbour-47"}));
        assert_eq!(visit.status, 403, "{}", visit.text);
    }
}
