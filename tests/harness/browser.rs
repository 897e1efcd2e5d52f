//! A browser: it keeps cookies, fills in forms, and goes where it is sent only when it is told to. What it sends is written byte by byte,
//! so that it can say what no browser would.

use crate::raw;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write;

/// A browser.
#[derive(Clone, Debug)]
pub struct Browser {
    address: String,
    host: String,
    agent: String,
    /// Said with every request.
    more: Vec<(String, String)>,
    cookies: BTreeMap<String, String>,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Status line and headers.
    pub head: String,
    /// The body as it came.
    pub text: String,
    /// The body as JSON; null if it is none.
    pub body: Value,
}

impl Reply {
    /// A header; empty if it is not there.
    pub fn header(&self, name: &str) -> &str {
        let mut lines = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        let found = lines.find(|(found, _)| found.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value)
    }

    /// All headers of that name.
    pub fn headers<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        let name = name.to_owned();
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        lines
            .filter(move |(found, _)| found.eq_ignore_ascii_case(&name))
            .map(|(_, value)| value)
    }

    /// `extensions.code` of the first error; empty if there is none.
    pub fn code(&self) -> &str {
        self.body["errors"][0]["extensions"]["code"]
            .as_str()
            .unwrap_or_default()
    }

    /// The message of the first error; empty if there is none.
    pub fn message(&self) -> &str {
        self.body["errors"][0]["message"].as_str().unwrap_or_default()
    }

    /// `Set-Cookie` of the cookie of that name; empty if it is not set.
    pub fn set_cookie(&self, name: &str) -> &str {
        let mut set = self.headers("set-cookie");
        set.find(|cookie| cookie.split_once('=').is_some_and(|(found, _)| found == name))
            .unwrap_or_default()
    }

    /// The value of a field of a form of that action.
    ///
    /// # Panics
    ///
    /// If there is no such form.
    pub fn hidden(&self, action: &str) -> Vec<(String, String)> {
        let mark = format!("action=\"{action}\"");
        let Some(at) = self.text.find(&mark) else {
            panic!("no form to {action} in {}", self.text)
        };
        let form = &self.text[at..];
        let form = &form[..form.find("</form>").unwrap_or(form.len())];
        let inputs = form.split("<input").skip(1).filter_map(|input| {
            let input = &input[..input.find('>')?];
            let attribute = |name: &str| {
                let from = input.find(&format!(" {name}=\""))? + name.len() + 3;
                Some(unescaped(&input[from..from + input[from..].find('"')?]))
            };
            (attribute("type")? == "hidden").then_some((attribute("name")?, attribute("value").unwrap_or_default()))
        });
        inputs.collect()
    }
}

fn unescaped(text: &str) -> String {
    text.replace("&quot;", "\"")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

impl Browser {
    /// A browser that asks the server at that address by that name: `localhost` and the port, where none is stated.
    pub fn new(address: &str, host: Option<&str>) -> Self {
        let port = address.rsplit_once(':').map_or("80", |(_, port)| port);
        Self {
            address: address.to_owned(),
            host: host.map_or_else(|| format!("localhost:{port}"), str::to_owned),
            agent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0".to_owned(),
            more: Vec::new(),
            cookies: BTreeMap::new(),
        }
    }

    /// The same, with another header of every request.
    #[must_use]
    pub fn saying(mut self, name: &str, value: &str) -> Self {
        self.more.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same, calling itself something else.
    #[must_use]
    pub fn called(mut self, agent: &str) -> Self {
        agent.clone_into(&mut self.agent);
        self
    }

    /// What its pages are from: `http://localhost:PORT`
    pub fn origin(&self) -> String {
        let by_tls = self
            .more
            .iter()
            .any(|(name, value)| name == "X-Forwarded-Proto" && value == "https");
        format!("{}://{}", if by_tls { "https" } else { "http" }, self.host)
    }

    /// A cookie's value; empty if there is none.
    pub fn cookie(&self, name: &str) -> &str {
        self.cookies.get(name).map_or("", String::as_str)
    }

    /// The `Cookie` header.
    pub fn cookies(&self) -> String {
        let pairs = self.cookies.iter().map(|(name, value)| format!("{name}={value}"));
        pairs.collect::<Vec<_>>().join("; ")
    }

    /// Takes a cookie from somewhere else.
    pub fn plant(&mut self, name: &str, value: &str) {
        self.cookies.insert(name.to_owned(), value.to_owned());
    }

    /// Loses a cookie.
    pub fn forget(&mut self, name: &str) {
        self.cookies.remove(name);
    }

    /// Gets a page.
    pub fn get(&mut self, path: &str) -> Reply {
        self.send("GET", path, &[("Accept", "text/html,application/xhtml+xml")], "")
    }

    /// Gets JSON.
    pub fn read(&mut self, path: &str) -> Reply {
        self.send(
            "GET",
            path,
            &[("Accept", "application/json"), ("Sec-Fetch-Site", "same-origin")],
            "",
        )
    }

    /// Posts JSON, from a page of this host.
    pub fn post(&mut self, path: &str, body: &Value) -> Reply {
        let origin = self.origin();
        let headers = [
            ("Accept", "application/json"),
            ("Content-Type", "application/json"),
            ("Origin", origin.as_str()),
            ("Sec-Fetch-Site", "same-origin"),
        ];
        self.send("POST", path, &headers, &body.to_string())
    }

    /// Posts a form, from a page of this host.
    pub fn form(&mut self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let origin = self.origin();
        self.form_from(path, fields, &[("Origin", &origin), ("Sec-Fetch-Site", "same-origin")])
    }

    /// Posts a form, with headers that say where it comes from.
    pub fn form_from(&mut self, path: &str, fields: &[(&str, &str)], headers: &[(&str, &str)]) -> Reply {
        let pairs = fields
            .iter()
            .map(|(name, value)| format!("{}={}", escaped(name), escaped(value)));
        let body = pairs.collect::<Vec<_>>().join("&");
        let mut all = vec![
            ("Accept", "text/html"),
            ("Content-Type", "application/x-www-form-urlencoded"),
        ];
        all.extend(headers);
        self.send("POST", path, &all, &body)
    }

    /// Opens a page, fills in its form of that action, and sends it.
    pub fn submit(&mut self, page: &str, action: &str, fields: &[(&str, &str)]) -> Reply {
        let page = self.get(page);
        assert_eq!(page.status, 200, "{}", page.text);
        self.submit_on(&page, action, fields)
    }

    /// Fills in a form of a page that is open, and sends it.
    pub fn submit_on(&mut self, page: &Reply, action: &str, fields: &[(&str, &str)]) -> Reply {
        let hidden = page.hidden(action);
        let kept = hidden
            .iter()
            .filter(|(name, _)| !fields.iter().any(|(given, _)| given == name));
        let mut all: Vec<(&str, &str)> = kept.map(|(name, value)| (name.as_str(), value.as_str())).collect();
        all.extend(fields);
        self.form(action, &all)
    }

    /// Goes where it is sent.
    ///
    /// # Panics
    ///
    /// If that is no path of this host.
    pub fn follow(&mut self, reply: &Reply) -> Reply {
        let to = reply.header("location");
        assert!(reply.status == 303 && to.starts_with('/'), "{}", reply.head);
        self.get(to)
    }

    /// Signs in, in JSON.
    pub fn sign_in(&mut self, email: &str, password: &str) -> Reply {
        self.post("/auth/sign-in", &json!({"email": email, "password": password}))
    }

    /// Asks by GraphQL, in JSON; in that tenant.
    pub fn graphql(&mut self, query: &str, tenant: Option<&str>) -> Reply {
        let origin = self.origin();
        let mut headers = vec![
            ("Accept", "application/graphql-response+json"),
            ("Content-Type", "application/json"),
            ("Origin", origin.as_str()),
        ];
        headers.extend(tenant.map(|tenant| ("X-Tenant", tenant)));
        self.send("POST", "/graphql", &headers, &json!({ "query": query }).to_string())
    }

    /// Sends whatever is said.
    ///
    /// # Panics
    ///
    /// If nothing comes back.
    pub fn send(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let mut request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nUser-Agent: {}\r\n",
            self.host, self.agent
        );
        let mut say = |name: &str, value: &str| write!(request, "{name}: {value}\r\n").expect("a string takes text");
        for (name, value) in headers {
            say(name, value);
        }
        for (name, value) in &self.more {
            say(name, value);
        }
        if !self.cookies.is_empty() {
            say("Cookie", &self.cookies());
        }
        if method != "GET" {
            say("Content-Length", &body.len().to_string());
        }
        request.push_str("\r\n");
        request.push_str(body);
        let answer = raw::whole(&self.address, request.as_bytes());
        let answer = answer.unwrap_or_else(|| panic!("no answer to {method} {path}"));
        let (head, text) = answer.split_once("\r\n\r\n").expect("a head");
        let reply = Reply {
            status: head
                .split(' ')
                .nth(1)
                .and_then(|status| status.parse().ok())
                .expect("a status"),
            head: head.to_owned(),
            text: text.to_owned(),
            body: serde_json::from_str(text).unwrap_or_default(),
        };
        self.keep(&reply);
        reply
    }

    fn keep(&mut self, reply: &Reply) {
        for cookie in reply.headers("set-cookie") {
            let (pair, attributes) = cookie.split_once(';').unwrap_or((cookie, ""));
            let (name, value) = pair.split_once('=').expect("a cookie has a name");
            if attributes.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

fn escaped(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(byte.into());
        } else {
            write!(out, "%{byte:02X}").expect("a string takes text");
        }
    }
    out
}
