//! A browser without scripts: it keeps cookies by origin, follows redirects where it is told to, and fills in forms.

use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Mutex;
use ureq::Agent;
use url::Url;

/// A browser.
#[derive(Debug)]
pub struct Browser {
    agent: Agent,
    /// By origin and name.
    cookies: Mutex<BTreeMap<(String, String), String>>,
}

/// A page that it has come to.
#[derive(Clone, Debug)]
pub struct Visit {
    /// Its address.
    pub url: String,
    /// HTTP status.
    pub status: u16,
    /// Where it leads on to, as it was said.
    pub location: Option<String>,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, without styles.
    pub text: String,
    /// The body as JSON; null if it is none.
    pub body: Value,
    /// The addresses that it has come by, this one last.
    pub way: Vec<String>,
}

impl Visit {
    /// A header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// The value of an input of a form on the page.
    pub fn input(&self, name: &str) -> Option<String> {
        let named = format!("name=\"{name}\"");
        let input = self.text.split("<input").find(|input| input.contains(&named))?;
        let value = input.split("value=\"").nth(1)?.split('"').next()?;
        let value = value
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&quot;", "\"")
            .replace("&amp;", "&");
        Some(value)
    }

    /// A value of the query of where it leads on to.
    pub fn led(&self, name: &str) -> Option<String> {
        value_of(self.location.as_deref()?, name)
    }
}

/// A value of an address's query.
fn value_of(url: &str, name: &str) -> Option<String> {
    let url = Url::parse(url).or_else(|_| Url::parse("http://nowhere.test").and_then(|base| base.join(url)));
    let url = url.ok()?;
    let mut pairs = url.query_pairs();
    pairs
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.into_owned())
}

impl Browser {
    /// A new one, without cookies.
    #[expect(clippy::new_without_default, reason = "each is somebody's")]
    pub fn new() -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false);
        Self {
            agent: config.build().new_agent(),
            cookies: Mutex::default(),
        }
    }

    /// Opens an address, and follows nothing.
    ///
    /// # Panics
    ///
    /// When nobody answers.
    pub fn get(&self, url: &str) -> Visit {
        let (to, host) = connected(url);
        let mut request = self.agent.get(&to).header("Accept", "text/html").header("Host", &host);
        if let Some(cookies) = self.cookies(url) {
            request = request.header("Cookie", &cookies);
        }
        self.visit(url, request.call().unwrap_or_else(|error| panic!("{url}: {error}")))
    }

    /// Opens an address, and goes where it is led to over http.
    pub fn follow(&self, url: &str) -> Visit {
        let visit = self.get(url);
        self.go_on(visit)
    }

    /// Goes where a page leads to.
    ///
    /// # Panics
    ///
    /// When that has no end.
    pub fn go_on(&self, mut visit: Visit) -> Visit {
        let mut way = visit.way.clone();
        while let Some(next) = visit.location.as_deref().filter(|_| (300..400).contains(&visit.status)) {
            let next = Url::parse(&visit.url)
                .and_then(|url| url.join(next))
                .expect("an address");
            if !next.scheme().starts_with("http") {
                break;
            }
            visit = self.get(next.as_str());
            way.push(next.to_string());
            assert!(way.len() < 20, "no end of {way:#?}");
        }
        Visit { way, ..visit }
    }

    /// Sends a form, and follows nothing.
    ///
    /// # Panics
    ///
    /// When nobody answers.
    pub fn submit(&self, url: &str, fields: &[(&str, &str)]) -> Visit {
        let body = form(fields);
        let mut request = self
            .agent
            .post(url)
            .header("Accept", "text/html")
            .content_type("application/x-www-form-urlencoded");
        if let Some(cookies) = self.cookies(url) {
            request = request.header("Cookie", &cookies);
        }
        self.visit(
            url,
            request
                .send(body.as_bytes())
                .unwrap_or_else(|error| panic!("{url}: {error}")),
        )
    }

    /// Sends JSON, as a page's script does.
    ///
    /// # Panics
    ///
    /// When nobody answers.
    pub fn send(&self, url: &str, value: &Value) -> Visit {
        let mut request = self
            .agent
            .post(url)
            .header("X-Freehold-CSRF", "1")
            .content_type("application/json");
        if let Some(cookies) = self.cookies(url) {
            request = request.header("Cookie", &cookies);
        }
        let body = value.to_string();
        self.visit(
            url,
            request
                .send(body.as_bytes())
                .unwrap_or_else(|error| panic!("{url}: {error}")),
        )
    }

    /// Sends a form as a program does: without cookies, with headers.
    ///
    /// # Panics
    ///
    /// When nobody answers.
    pub fn post(&self, url: &str, fields: &[(&str, &str)], headers: &[(&str, &str)]) -> Visit {
        let body = form(fields);
        let mut request = self.agent.post(url).content_type("application/x-www-form-urlencoded");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.visit(
            url,
            request
                .send(body.as_bytes())
                .unwrap_or_else(|error| panic!("{url}: {error}")),
        )
    }

    /// Gets something as a program does: without cookies, with headers.
    ///
    /// # Panics
    ///
    /// When nobody answers.
    pub fn fetch(&self, url: &str, headers: &[(&str, &str)]) -> Visit {
        let mut request = self.agent.get(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.visit(url, request.call().unwrap_or_else(|error| panic!("{url}: {error}")))
    }

    /// The `Cookie` header for an address.
    ///
    /// # Panics
    ///
    /// Never.
    pub fn cookies(&self, url: &str) -> Option<String> {
        let origin = origin(url);
        let cookies = self.cookies.lock().expect("nobody panics with it");
        let pairs = cookies.iter().filter(|((of, _), _)| *of == origin);
        let pairs: Vec<String> = pairs.map(|((_, name), value)| format!("{name}={value}")).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// A cookie of an origin.
    ///
    /// # Panics
    ///
    /// Never.
    pub fn cookie(&self, url: &str, name: &str) -> Option<String> {
        let cookies = self.cookies.lock().expect("nobody panics with it");
        cookies.get(&(origin(url), name.to_owned())).cloned()
    }

    /// Puts a cookie in its place, or takes it away.
    ///
    /// # Panics
    ///
    /// Never.
    pub fn put_cookie(&self, url: &str, name: &str, value: Option<&str>) {
        let key = (origin(url), name.to_owned());
        let mut cookies = self.cookies.lock().expect("nobody panics with it");
        match value {
            Some(value) => cookies.insert(key, value.to_owned()),
            None => cookies.remove(&key),
        };
    }

    fn visit(&self, url: &str, mut response: ureq::http::Response<ureq::Body>) -> Visit {
        let headers: Vec<(String, String)> = response
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        for (_, cookie) in headers.iter().filter(|(name, _)| name == "set-cookie") {
            let (pair, attributes) = cookie.split_once(';').unwrap_or((cookie, ""));
            let (name, value) = pair.split_once('=').expect("a cookie has a name");
            let gone = attributes.contains("Max-Age=0") || value.is_empty();
            self.put_cookie(url, name, (!gone).then_some(value));
        }
        let status = response.status().as_u16();
        let text = without_styles(&response.body_mut().read_to_string().unwrap_or_default());
        Visit {
            url: url.to_owned(),
            status,
            location: headers
                .iter()
                .find(|(name, _)| name == "location")
                .map(|(_, value)| value.clone()),
            body: serde_json::from_str(&text).unwrap_or_default(),
            headers,
            text,
            way: vec![url.to_owned()],
        }
    }
}

/// Where an address is found, and its host. Names under `localhost` are this machine, as browsers have it; few resolvers know.
fn connected(url: &str) -> (String, String) {
    let url = Url::parse(url).expect("an address");
    let host = url.host_str().unwrap_or_default().to_owned();
    let authority = url.port().map_or(host.clone(), |port| format!("{host}:{port}"));
    let mut to = url;
    if host.ends_with(".localhost") {
        to.set_host(Some("127.0.0.1")).expect("it has a host");
    }
    (to.into(), authority)
}

/// A page is easier to read without.
fn without_styles(text: &str) -> String {
    let mut parts = text.split("<style>");
    let first = parts.next().unwrap_or_default();
    let rest = parts.filter_map(|part| part.split_once("</style>"));
    std::iter::once(first).chain(rest.map(|(_, rest)| rest)).collect()
}

/// A form's body.
pub(crate) fn form(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}

fn origin(url: &str) -> String {
    Url::parse(url).expect("an address").origin().ascii_serialization()
}
