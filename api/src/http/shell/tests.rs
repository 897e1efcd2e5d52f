use super::*;
use crate::bundle::{Bundle, compile};
use crate::config::{AlertsConfig, MailConfig, Place};
use crate::http::host::Hosts;
use crate::keys::KeySource;
use crate::startup::{Opening, open};
use actix_web::dev::ServiceResponse;
use actix_web::test::{TestRequest, call_service, init_service, read_body_json};
use actix_web::{App, web};
use freehold_auth::Cost;
use freehold_schema::source::{SourceFile, Sources};
use serde_json::Value;
use std::sync::Arc;

const APP: &str = "app: shelf\nsecurity: production\nanonymous_profile: visitor\ndefault_profile: visitor\n\
    identity: {hosts: {\"shelf.test\": null}}\n\
    entities:\n  book:\n    access: open\n    public: true\n    fields:\n      title: {type: text, required: true}\n\
    profiles: {visitor: {sets: [reading]}}\n\
    permission_sets:\n  reading:\n    - {entity: book, allow: [read, list], read: [title]}\n";

/// An environment without a model.
async fn empty() -> Environment {
    let place = Place {
        url: "sqlite::memory:".into(),
        schema: "freehold".into(),
        connections: 2,
    };
    let hosts = Hosts {
        loopback: true,
        ..Hosts::default()
    };
    let name = "development".to_owned();
    let keys = std::env::temp_dir().join(format!("freehold-shell-{:016x}.json", rand::random::<u64>()));
    let opening = Opening {
        name,
        app: "shelf".into(),
        place,
        console: true,
        without_tls: true,
        cost: Cost::Demo,
        hosts,
        alerts: AlertsConfig::default(),
        keys: KeySource::FileOrNew(keys.clone()),
        mail_dir: None,
        secrets_dir: None,
        mail: MailConfig::default(),
        trusted_operations: false,
    };
    let environment = open(opening).await.unwrap();
    std::fs::remove_file(keys).unwrap();
    environment
}

/// One that serves [`APP`].
async fn serving() -> Environment {
    let environment = empty().await;
    let sources = Sources::new(vec![SourceFile {
        name: "app.yaml".into(),
        text: APP.into(),
    }]);
    let compiled = compile(&sources);
    let (catalog, policy) = compiled.sound.unwrap_or_else(|| panic!("{:?}", compiled.diagnostics));
    environment
        .database
        .apply(&catalog, &[], false, environment.clock.as_ref())
        .await
        .unwrap();
    environment.serve(Arc::new(Bundle::new(catalog, policy)), &[], Vec::new(), None);
    environment
}

async fn ask(environment: &Arc<Environment>, door: Door, request: TestRequest) -> ServiceResponse {
    let app = App::new()
        .app_data(Data::from(environment.clone()))
        .app_data(Data::new(Front::new(door, Proxies::default(), None)));
    let service = init_service(app.default_service(web::to(serve))).await;
    call_service(&service, request.to_request()).await
}

fn get(path: &str, host: &str) -> TestRequest {
    TestRequest::get().uri(path).insert_header((HOST, host))
}

fn post(query: &str) -> TestRequest {
    let body = serde_json::json!({ "query": query }).to_string();
    TestRequest::post()
        .uri("/graphql")
        .insert_header((HOST, "localhost"))
        .insert_header(("content-type", "application/json"))
        .set_payload(body)
}

#[actix_web::test]
async fn a_panic_is_an_opaque_answer() {
    let environment = Arc::new(serving().await);
    let response = ask(&environment, Door::Public, get("/panics", "localhost")).await;
    assert_eq!(response.status(), 500);
    let id = response
        .headers()
        .get("x-request-id")
        .unwrap()
        .to_str()
        .unwrap()
        .to_owned();
    let body: Value = read_body_json(response).await;
    assert_eq!(body["errors"][0]["extensions"]["requestId"], Value::from(id));
    assert!(!body.to_string().contains("as the test wants"));
    assert_eq!(
        ask(&environment, Door::Public, post("{ __typename }")).await.status(),
        200,
        "the next request is answered"
    );
}

#[actix_web::test]
async fn doors_open_to_their_own_paths() {
    let environment = Arc::new(serving().await);
    for (door, path, host, expected) in [
        (Door::Operations, "/healthz", "10.0.0.7", 200),
        (Door::Operations, "/readyz", "10.0.0.7", 200),
        (Door::Operations, "/graphql?query=%7B__typename%7D", "localhost", 404),
        (Door::Public, "/healthz", "localhost", 404),
        (Door::Both, "/healthz", "localhost", 200),
        (Door::Public, "/graphql?query=%7B__typename%7D", "localhost", 200),
        (Door::Public, "/graphql?query=%7B__typename%7D", "shelf.test", 200),
        (Door::Public, "/graphql?query=%7B__typename%7D", "evil.test", 404),
        (Door::Public, "/graphql?query=%7B__typename%7D", "evil test", 400),
        (
            Door::Public,
            "/graphql?query=mutation%7B__typename%7D",
            "localhost",
            405,
        ),
        (Door::Public, "/nothing", "localhost", 404),
        (Door::Public, "/auth/session", "localhost", 401),
        (Door::Public, "/console/info", "localhost", 200),
        (Door::Public, "/", "localhost", 200),
    ] {
        let response = ask(&environment, door, get(path, host)).await;
        assert_eq!(response.status(), expected, "{door:?} {path} {host}");
        assert_eq!(response.headers().get("x-content-type-options").unwrap(), "nosniff");
        assert!(response.headers().contains_key("x-request-id"));
        assert!(!response.headers().contains_key("access-control-allow-origin"));
    }
}

#[actix_web::test]
async fn without_a_model_there_is_only_the_console() {
    let environment = Arc::new(empty().await);
    environment.tell("error: a fault".into());
    let response = ask(&environment, Door::Both, post("{ __typename }")).await;
    assert_eq!(response.status(), 503);
    let body: Value = read_body_json(response).await;
    assert_eq!(body["errors"][0]["extensions"]["code"], "MODEL_INVALID");
    assert_eq!(body.get("data"), None);
    let info: Value = read_body_json(ask(&environment, Door::Both, get("/console/info", "localhost")).await).await;
    assert_eq!(
        (info["report"].as_str(), info["app"].as_str()),
        (Some("error: a fault"), Some("shelf"))
    );
}

#[actix_web::test]
async fn the_same_request_again_gives_the_same() {
    let environment = Arc::new(serving().await);
    for query in ["{ books { totalCount nodes { title } } }", "{ nothing }"] {
        let first: Value = read_body_json(ask(&environment, Door::Public, post(query)).await).await;
        let second: Value = read_body_json(ask(&environment, Door::Public, post(query)).await).await;
        assert_eq!(
            (first["data"].clone(), first["errors"][0]["message"].clone()),
            (second["data"].clone(), second["errors"][0]["message"].clone())
        );
    }
    let response = ask(&environment, Door::Public, post("{ books { totalCount } }")).await;
    assert!(
        response
            .headers()
            .get("server-timing")
            .unwrap()
            .to_str()
            .unwrap()
            .contains("run;dur=")
    );
}
