//! Issuers elsewhere: workloads, people of enterprises, and tokens exchanged between resources.

mod enterprise;
mod exchange;
mod keys;
mod pages;
mod workload;

use gatepost::admin::Actor;
use gatepost::admin::issuers::rules;
use gatepost::admin::issuers::{self, Input, NewIssuer};
use gatepost::admin::resources::create::{NewResource, create};
use gatepost::admin::scopes;
use gatepost::oauth::grants::jwt_bearer;
use gatepost::oauth::scalekit::Dialect;
use reqwest::Response;
use serde_json::{Value, json};

use crate::oauth::status_and_json;
use crate::support::TestApp;
use crate::support::issuer::ForeignIssuer;
use crate::support::provider::unsigned;

/// The token endpoint, asked with this form.
pub async fn ask(app: &TestApp, form: &[(&str, &str)]) -> (u16, Value) {
    status_and_json(app.http().post(app.direct("/oauth/token")).form(form).send().await.unwrap()).await
}

/// The same with a client's secret.
pub async fn ask_as(app: &TestApp, client: (&str, &str), form: &[(&str, &str)]) -> (u16, Value) {
    let request = app.http().post(app.direct("/oauth/token")).basic_auth(client.0, Some(client.1));
    status_and_json(request.form(form).send().await.unwrap()).await
}

/// The form of the JWT bearer grant.
pub fn bearing<'a>(assertion: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    [&[("grant_type", jwt_bearer::GRANT_TYPE), ("assertion", assertion)], more].concat()
}

/// Claims with one of them changed; `null` takes it out.
pub fn with(claims: &Value, name: &str, value: Value) -> Value {
    let mut claims = claims.clone();
    let object = claims.as_object_mut().unwrap();
    if value.is_null() {
        object.remove(name);
    } else {
        object.insert(name.to_owned(), value);
    }
    claims
}

/// The fields of an issuer that is discovered.
pub fn input(name: &str) -> Input {
    Input {
        name: name.to_owned(),
        keys_from: "discovery".to_owned(),
        algorithms: ["RS256", "ES256", "EdDSA"].map(str::to_owned).into(),
        single_use: true,
        ..Input::default()
    }
}

/// Trusts an issuer; returns its id.
pub async fn trust(app: &TestApp, issuer: &str, kind: &str, input: Input) -> String {
    let new = NewIssuer { issuer: issuer.to_owned(), kind: kind.to_owned(), input };
    issuers::add(&app.core.admin(), &Actor::command_line(), &new).await.unwrap().row.id.clone()
}

/// Adds a rule for the built-in resource; returns its id.
pub async fn rule(app: &TestApp, issuer_id: &str, conditions: &[&str], client_id: &str) -> String {
    rule_for(app, issuer_id, conditions, client_id, &builtin(app)).await
}

pub async fn rule_for(
    app: &TestApp,
    issuer_id: &str,
    conditions: &[&str],
    client_id: &str,
    resource_id: &str,
) -> String {
    let lines: Vec<String> = conditions.iter().map(|line| (*line).to_owned()).collect();
    let input = rules::Input {
        claims: rules::read_conditions(&lines),
        client_id: client_id.to_owned(),
        resource_id: resource_id.to_owned(),
        scopes: None,
    };
    rules::add(&app.core.admin(), &Actor::command_line(), issuer_id, &input).await.unwrap()
}

/// The built-in resource.
pub fn builtin(app: &TestApp) -> String {
    let resources = app.core.oauth.resources.current();
    resources.all().iter().find(|resource| resource.is_here()).unwrap().id.clone()
}

/// Another resource, with the scopes `notes:read` and `notes:write`; its id and URL.
pub async fn notes(app: &TestApp) -> (String, String) {
    let (admin, actor) = (app.core.admin(), Actor::command_line());
    let url = "https://notes.example.com/mcp".to_owned();
    let new = NewResource {
        name: "Notes".to_owned(),
        url: url.clone(),
        dialect: Dialect::Standard,
        documents: gatepost::store::resources::DocumentColumns::default(),
    };
    let row = create(&admin, &actor, &new).await.unwrap();
    for name in ["notes:read", "notes:write"] {
        let input = scopes::Input { description: name.to_owned(), ..scopes::Input::default() };
        scopes::add(&admin, &actor, &row.id, name, &input).await.unwrap();
    }
    (row.id, url)
}

/// A token that is forged in every way that needs no key of the issuer's, with what it is.
pub fn forged(issuer: &ForeignIssuer, typ: Option<&str>, claims: &Value) -> Vec<(&'static str, String)> {
    let signer = &issuer.signer;
    let header = |alg: &str, kid: &str| {
        let header = json!({ "alg": alg, "kid": kid });
        typ.map_or(header.clone(), |typ| with(&header, "typ", json!(typ)))
    };
    let good = signer.sign_as(&header(signer.alg(), &signer.kid), claims);
    let foreign = crate::support::Signer::es256(&signer.kid);
    let own = header("ES256", &signer.kid);
    let (body, signature) = good.rsplit_once('.').unwrap();
    let tampered = unsigned(&own, &with(claims, "sub", json!("root")));
    vec![
        ("alg none", format!("{}.", unsigned(&header("none", &signer.kid), claims))),
        (
            "alg none, with a signature",
            format!("{}.{signature}", unsigned(&header("none", &signer.kid), claims)),
        ),
        ("alg HS256", format!("{}.{signature}", unsigned(&header("HS256", &signer.kid), claims))),
        (
            "alg RS256 of an EC key",
            format!("{}.{signature}", unsigned(&header("RS256", &signer.kid), claims)),
        ),
        (
            "alg ES384, which is not allowed",
            format!("{}.{signature}", unsigned(&header("ES384", &signer.kid), claims)),
        ),
        ("no signature", format!("{body}.")),
        ("another's key", foreign.sign_as(&own, claims)),
        ("a key that it brings along", foreign.sign_as(&with(&own, "jwk", foreign.jwk()), claims)),
        ("a kid that is not published", signer.sign_as(&header("ES256", "key-9"), claims)),
        ("claims that were changed", format!("{tampered}.{signature}")),
        ("extensions that must be understood", signer.sign_as(&with(&own, "crit", json!(["exp"])), claims)),
        ("two parts", body.to_owned()),
        ("nonsense", "x".repeat(9_000)),
    ]
}

/// The status of an answer with its error.
pub fn told((status, body): &(u16, Value)) -> String {
    format!(
        "{status} {}: {}",
        body["error"].as_str().unwrap_or("ok"),
        body["error_description"].as_str().unwrap_or("-")
    )
}

/// An answer that must be there.
pub async fn ok_json(response: Response) -> Value {
    let (status, body) = status_and_json(response).await;
    assert_eq!(status, 200, "{body}");
    body
}
