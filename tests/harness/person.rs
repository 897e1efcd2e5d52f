//! Somebody who asks.

use crate::listener::Events;
use crate::server::Server;
use serde_json::{Value, json};
use std::sync::OnceLock;
use ureq::Agent;

/// With it the HTTP status tells whether anything ran.
const MEDIA_TYPE: &str = "application/graphql-response+json";

/// Somebody who asks a server: with a session or without, in a tenant or in none.
#[derive(Clone, Debug)]
pub struct Person<'a> {
    server: &'a Server,
    cookie: Option<String>,
    tenant: Option<String>,
    /// Instead of the server's own address.
    base: Option<String>,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// `Content-Type`.
    pub content_type: String,
    /// The body as it came.
    pub text: String,
    /// The body as JSON; null if it is none.
    pub body: Value,
}

impl Answer {
    /// `extensions.code` of the first error; empty if there is none.
    pub fn code(&self) -> &str {
        self.body["errors"][0]["extensions"]["code"]
            .as_str()
            .unwrap_or_default()
    }

    /// The body without what differs from request to request.
    pub fn without_request_id(&self) -> Value {
        without_request_id(self.body.clone())
    }
}

/// A body without what differs from request to request.
#[must_use]
pub fn without_request_id(mut body: Value) -> Value {
    remove(&mut body, "requestId");
    body
}

fn remove(value: &mut Value, key: &str) {
    match value {
        Value::Object(map) => {
            map.shift_remove(key);
            map.values_mut().for_each(|inner| remove(inner, key));
        }
        Value::Array(items) => items.iter_mut().for_each(|inner| remove(inner, key)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

impl<'a> Person<'a> {
    pub(crate) fn new(server: &'a Server, cookie: Option<String>) -> Self {
        Self {
            server,
            cookie,
            tenant: None,
            base: None,
        }
    }

    pub(crate) fn sign_in(server: &'a Server, email: &str, password: &str) -> Result<Self, Box<Answer>> {
        let body = json!({"email": email, "password": password}).to_string();
        let request = agent()
            .post(format!("{}/auth/sign-in", server.base()))
            .header("X-Freehold-CSRF", "1");
        let response = request
            .content_type("application/json")
            .send(body.as_bytes())
            .expect("the server answers");
        let cookies = response.headers().get_all("set-cookie");
        let cookie = cookies
            .iter()
            .filter_map(|cookie| cookie.to_str().ok()?.split(';').next())
            .collect::<Vec<_>>();
        let cookie = cookie.join("; ");
        let answer = read(response);
        if answer.status == 200 && !cookie.is_empty() {
            Ok(Self::new(server, Some(cookie)))
        } else {
            Err(Box::new(answer))
        }
    }

    /// The same person, asking in that tenant (slug or id).
    #[must_use]
    pub fn tenant(&self, tenant: &str) -> Self {
        Self {
            tenant: Some(tenant.to_owned()),
            ..self.clone()
        }
    }

    /// The session's cookie, as the `Cookie` header has it.
    pub fn cookie(&self) -> Option<&str> {
        self.cookie.as_deref()
    }

    /// The same person, asking by another address.
    #[must_use]
    pub fn by(&self, base: &str) -> Self {
        Self {
            base: Some(base.to_owned()),
            ..self.clone()
        }
    }

    fn base(&self) -> &str {
        self.base.as_deref().unwrap_or_else(|| self.server.base())
    }

    /// The tenant asked in.
    pub fn tenant_name(&self) -> Option<&str> {
        self.tenant.as_deref()
    }

    /// Listens to a subscription, by events.
    ///
    /// # Panics
    ///
    /// If it is refused.
    pub fn listen(&self, query: &str, variables: &Value) -> Events {
        match self.try_listen(query, variables) {
            Ok(events) => events,
            Err(answer) => panic!("{query}\n  refused: {} {}", answer.status, answer.text),
        }
    }

    /// Listens to a subscription, by events; an error is the answer that refuses it.
    pub fn try_listen(&self, query: &str, variables: &Value) -> Result<Events, Box<Answer>> {
        let body = json!({"query": query, "variables": variables}).to_string();
        let request = self.request("application/json", "text/event-stream");
        let response = request.send(body.as_bytes()).expect("the server answers");
        let is_stream = response
            .headers()
            .get("content-type")
            .is_some_and(|value| value.as_bytes().starts_with(b"text/event-stream"));
        if is_stream {
            Ok(Events::new(response.into_body().into_reader()))
        } else {
            Err(Box::new(read(response)))
        }
    }

    /// Signs out; gives the status.
    pub fn sign_out(&self) -> u16 {
        let mut request = agent()
            .post(format!("{}/auth/sign-out", self.base()))
            .header("X-Freehold-CSRF", "1");
        if let Some(cookie) = &self.cookie {
            request = request.header("Cookie", cookie);
        }
        let response = request.send_empty().expect("the server answers");
        response.status().as_u16()
    }

    /// The server asked.
    pub fn server(&self) -> &'a Server {
        self.server
    }

    /// `data` of the answer.
    ///
    /// # Panics
    ///
    /// If there are errors.
    pub fn query(&self, query: &str) -> Value {
        self.query_with(query, &json!({}))
    }

    /// `data` of the answer.
    ///
    /// # Panics
    ///
    /// If there are errors.
    pub fn query_with(&self, query: &str, variables: &Value) -> Value {
        let mut answer = self.answer_with(query, variables);
        if answer.status != 200 || !answer.body["errors"].is_null() || answer.body["data"].is_null() {
            self.server.keep();
            panic!(
                "{query}\n  variables {variables}\n  tenant {:?}\n  answered {} {}\n  model in {}\n{}",
                self.tenant,
                answer.status,
                answer.text,
                self.server.folder().path().display(),
                self.server.complaints()
            );
        }
        answer.body["data"].take()
    }

    /// The whole answer.
    pub fn answer(&self, query: &str) -> Answer {
        self.answer_with(query, &json!({}))
    }

    /// The whole answer.
    pub fn answer_with(&self, query: &str, variables: &Value) -> Answer {
        self.post(
            &json!({"query": query, "variables": variables}).to_string(),
            "application/json",
            MEDIA_TYPE,
        )
    }

    /// The code of the refusal.
    ///
    /// # Panics
    ///
    /// If it was no refusal, or an internal error.
    pub fn refusal(&self, query: &str) -> String {
        let answer = self.answer(query);
        assert!(
            !answer.code().is_empty(),
            "{query}\n  should be refused, and answered {} {}",
            answer.status,
            answer.text
        );
        assert_ne!(
            answer.code(),
            "INTERNAL_SERVER_ERROR",
            "{query}\n  answered {}\n{}",
            answer.text,
            self.server.complaints()
        );
        answer.code().to_owned()
    }

    /// Posts a body to `/graphql`.
    pub fn post(&self, body: &str, content_type: &str, accept: &str) -> Answer {
        let request = self.request(content_type, accept);
        read(request.send(body.as_bytes()).expect("the server answers"))
    }

    fn request(&self, content_type: &str, accept: &str) -> ureq::RequestBuilder<ureq::typestate::WithBody> {
        let mut request = agent()
            .post(format!("{}/graphql", self.base()))
            .header("X-Freehold-CSRF", "1")
            .header("Accept", accept)
            .content_type(content_type);
        if let Some(cookie) = &self.cookie {
            request = request.header("Cookie", cookie);
        }
        if let Some(tenant) = &self.tenant {
            request = request.header("X-Tenant", tenant);
        }
        request
    }

    /// The whole answer; `None` if the server is gone before it has answered.
    pub fn try_answer(&self, query: &str, variables: &Value) -> Option<Answer> {
        let body = json!({"query": query, "variables": variables}).to_string();
        try_read(
            self.request("application/json", MEDIA_TYPE)
                .send(body.as_bytes())
                .ok()?,
        )
    }

    /// Gets a path.
    pub fn get(&self, path: &str, accept: &str) -> Answer {
        let mut request = agent().get(format!("{}{path}", self.base())).header("Accept", accept);
        if let Some(cookie) = &self.cookie {
            request = request.header("Cookie", cookie);
        }
        if let Some(tenant) = &self.tenant {
            request = request.header("X-Tenant", tenant);
        }
        read(request.call().expect("the server answers"))
    }
}

fn read(response: ureq::http::Response<ureq::Body>) -> Answer {
    try_read(response).expect("the answer is text")
}

fn try_read(mut response: ureq::http::Response<ureq::Body>) -> Option<Answer> {
    let status = response.status().as_u16();
    let content_type = response
        .headers()
        .get("content-type")
        .and_then(|value| value.to_str().ok());
    let content_type = content_type.unwrap_or_default().to_owned();
    let text = response
        .body_mut()
        .with_config()
        .limit(100 << 20)
        .read_to_string()
        .ok()?;
    let body = serde_json::from_str(&text).unwrap_or_default();
    Some(Answer {
        status,
        content_type,
        text,
        body,
    })
}

fn agent() -> &'static Agent {
    static AGENT: OnceLock<Agent> = OnceLock::new();
    AGENT.get_or_init(|| Agent::config_builder().http_status_as_error(false).build().new_agent())
}
