//! An issuer elsewhere as the tests need it: it publishes metadata and keys, and misbehaves as told.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use actix_web::http::StatusCode;
use actix_web::web::{self, Data, Form};
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gatepost::types::Clock;
use serde_json::{Value, json};

use super::Signer;
use super::provider::Mood;

/// What it does; tests change it while it runs.
pub struct Conduct {
    /// What `/keys` answers.
    pub keys: Value,
    pub keys_mood: Mood,
    pub metadata_mood: Mood,
    /// Requests so far, by path.
    pub seen: Vec<String>,
    /// Whom `/token` vouches for; for nobody otherwise.
    pub vouches: Option<Vouching>,
}

/// How a company's identity provider exchanges an ID token of its own for an assertion (ID-JAG).
#[derive(Clone)]
pub struct Vouching {
    /// Its client, and the client's secret.
    pub client: (String, String),
    /// The one ID token that it exchanges, and whose it is.
    pub id_token: String,
    pub subject: String,
    /// The id of the same client at the server that the assertion is for.
    pub client_id: String,
    /// Claims that differ from what was asked for; `null` takes one out.
    pub changes: Value,
    /// How many it made.
    pub made: usize,
}

/// A running issuer.
#[derive(Clone)]
pub struct ForeignIssuer {
    pub url: String,
    pub signer: Arc<Signer>,
    conduct: Arc<Mutex<Conduct>>,
}

impl ForeignIssuer {
    /// Starts one that publishes one key.
    pub fn start() -> Self {
        Self::start_with(Signer::es256("key-1"))
    }

    pub fn start_with(signer: Signer) -> Self {
        let (socket, url) = super::place();
        let conduct = Conduct {
            keys: signer.jwks(),
            keys_mood: Mood::Well,
            metadata_mood: Mood::Well,
            seen: Vec::new(),
            vouches: None,
        };
        let issuer = Self { url, signer: Arc::new(signer), conduct: Arc::new(Mutex::new(conduct)) };
        let data = Data::new(issuer.clone());
        super::serve(socket, move |config| {
            config
                .app_data(data.clone())
                .route("/keys", web::get().to(keys))
                .route("/token", web::post().to(vouch))
                .route("/.well-known/openid-configuration", web::get().to(metadata));
        });
        issuer
    }

    pub fn set<T>(&self, change: impl FnOnce(&mut Conduct) -> T) -> T {
        change(&mut self.conduct.lock().unwrap())
    }

    /// How often its keys were asked for.
    pub fn key_requests(&self) -> usize {
        self.set(|conduct| conduct.seen.iter().filter(|path| *path == "/keys").count())
    }
}

fn misbehave(mood: &Mood) -> Option<HttpResponse> {
    match mood {
        Mood::Well | Mood::Sleeps(_) => None,
        Mood::Says(status, kind, body) => Some(
            HttpResponse::build(StatusCode::from_u16(*status).unwrap())
                .content_type(*kind)
                .body(body.clone()),
        ),
        Mood::Redirects(to) => Some(HttpResponse::Found().insert_header(("location", to.clone())).finish()),
    }
}

async fn keys(issuer: Data<ForeignIssuer>, request: HttpRequest) -> HttpResponse {
    issuer.set(|conduct| {
        conduct.seen.push(request.path().to_owned());
        misbehave(&conduct.keys_mood).unwrap_or_else(|| HttpResponse::Ok().json(&conduct.keys))
    })
}

async fn metadata(issuer: Data<ForeignIssuer>, request: HttpRequest) -> HttpResponse {
    let url = issuer.url.clone();
    issuer.set(|conduct| {
        conduct.seen.push(request.path().to_owned());
        misbehave(&conduct.metadata_mood).unwrap_or_else(|| {
            HttpResponse::Ok().json(json!({ "issuer": url, "jwks_uri": format!("{url}/keys") }))
        })
    })
}

/// RFC 8693, as the profile of ID-JAG has it. Times are the machine's: whoever asks compares them with those.
async fn vouch(
    issuer: Data<ForeignIssuer>,
    request: HttpRequest,
    form: Form<HashMap<String, String>>,
) -> HttpResponse {
    let refused = |error: &str| HttpResponse::BadRequest().json(json!({ "error": error }));
    let vouching = issuer.set(|conduct| {
        conduct.seen.push(request.path().to_owned());
        let vouching = conduct.vouches.as_mut()?;
        vouching.made += 1;
        Some(vouching.clone())
    });
    let Some(vouching) = vouching else { return refused("unsupported_grant_type") };
    let basic = STANDARD.encode(format!("{}:{}", vouching.client.0, vouching.client.1));
    let shown = request.headers().get("authorization").and_then(|value| value.to_str().ok());
    if shown != Some(format!("Basic {basic}").as_str()) {
        return refused("invalid_client");
    }
    let said = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    let is_exchange = said("grant_type") == "urn:ietf:params:oauth:grant-type:token-exchange"
        && said("requested_token_type") == "urn:ietf:params:oauth:token-type:id-jag"
        && said("subject_token_type") == "urn:ietf:params:oauth:token-type:id_token";
    if !is_exchange {
        return refused("invalid_request");
    }
    if said("subject_token") != vouching.id_token {
        return refused("invalid_grant");
    }
    let now = Clock::System.now();
    let mut claims = json!({
        "iss": issuer.url, "sub": vouching.subject, "aud": said("audience"), "client_id": vouching.client_id,
        "resource": said("resource"), "iat": now, "exp": now + 300, "jti": format!("jag-{}", vouching.made),
    });
    if let Some(scope) = form.get("scope") {
        claims["scope"] = json!(scope);
    }
    for (name, value) in vouching.changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    let header = json!({ "alg": issuer.signer.alg(), "kid": issuer.signer.kid, "typ": "oauth-id-jag+jwt" });
    let mut answer = json!({
        "access_token": issuer.signer.sign_as(&header, &claims), "token_type": "N_A", "expires_in": 300,
        "issued_token_type": "urn:ietf:params:oauth:token-type:id-jag",
    });
    if let Some(scope) = claims.get("scope") {
        answer["scope"] = scope.clone();
    }
    HttpResponse::Ok().json(answer)
}
