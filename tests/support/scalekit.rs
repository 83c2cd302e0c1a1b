//! A ScaleKit environment as the tests need it: it publishes keys and metadata, signs tokens, and misbehaves as told.

use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::web::{self, Data};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use super::provider::{Mood, SigningKey};

/// The MCP server there.
pub const RESOURCE: &str = "res_100000000000000001";

/// Keys are costly to make: the tests share them. Each is known by its number.
pub fn key(number: usize) -> &'static SigningKey {
    static KEYS: OnceLock<Vec<SigningKey>> = OnceLock::new();
    let keys = KEYS.get_or_init(|| (1..=3).map(|n| SigningKey::new(&format!("snk_{n}"))).collect());
    &keys[number - 1]
}

/// What it does; tests change it while it runs.
pub struct Conduct {
    /// What `/keys` answers.
    pub keys: Value,
    pub keys_mood: Mood,
    pub metadata_mood: Mood,
    /// How long an answer takes.
    pub delay: Duration,
    /// Requests so far, by path.
    pub seen: Vec<String>,
    /// The largest number of requests for keys at one time.
    pub most_at_once: usize,
    now_at_once: usize,
}

/// A running environment.
#[derive(Clone)]
pub struct Environment {
    pub url: String,
    pub conduct: Arc<Mutex<Conduct>>,
}

/// The answer of `/keys` with these keys.
pub fn published(numbers: &[usize]) -> Value {
    let jwk = |number: &usize| key(*number).jwk();
    json!({ "keys": numbers.iter().map(jwk).collect::<Vec<_>>() })
}

impl Environment {
    /// Starts one that publishes the first key.
    pub fn start() -> Self {
        let (socket, url) = super::place();
        let conduct = Conduct {
            keys: published(&[1]),
            keys_mood: Mood::Well,
            metadata_mood: Mood::Well,
            delay: Duration::ZERO,
            seen: Vec::new(),
            most_at_once: 0,
            now_at_once: 0,
        };
        let environment = Self { url, conduct: Arc::new(Mutex::new(conduct)) };
        let data = Data::new(environment.clone());
        super::serve(socket, move |config| {
            config
                .app_data(data.clone())
                .route("/keys", web::get().to(keys))
                .route("/.well-known/oauth-authorization-server/resources/{id}", web::get().to(metadata));
        });
        environment
    }

    /// The issuer of the resource in it.
    pub fn of_resource(&self) -> String {
        format!("{}/resources/{RESOURCE}", self.url)
    }

    pub fn set<T>(&self, change: impl FnOnce(&mut Conduct) -> T) -> T {
        change(&mut self.conduct.lock().unwrap())
    }

    /// How often a path that begins so was asked for.
    pub fn count(&self, path: &str) -> usize {
        self.set(|conduct| conduct.seen.iter().filter(|seen| seen.starts_with(path)).count())
    }

    /// The claims of the contract, for a server at `url`.
    pub fn claims(&self, url: &str, now: i64) -> Value {
        json!({
            "iss": self.url, "sub": "usr_1", "aud": [RESOURCE, url], "client_id": "m2m_4597709440480",
            "exp": now + 3600, "iat": now, "nbf": now, "jti": "tkn_dcc36d8d1e9004d3",
            "oid": "org_1", "sid": "ses_1",
            "scope": "openid search:read", "scopes": ["openid", "search:read"]
        })
    }
}

/// A token signed by a key.
pub fn sign(number: usize, claims: &Value) -> String {
    let header = json!({ "alg": "RS256", "typ": "JWT", "kid": key(number).kid });
    key(number).sign(&header, claims)
}

async fn misbehave(mood: Mood) -> Option<HttpResponse> {
    match mood {
        Mood::Well => None,
        Mood::Says(status, kind, body) => {
            Some(HttpResponse::build(StatusCode::from_u16(status).unwrap()).content_type(kind).body(body))
        }
        Mood::Redirects(to) => Some(HttpResponse::Found().insert_header(("location", to)).finish()),
        Mood::Sleeps(time) => {
            actix_web::rt::time::sleep(time).await;
            None
        }
    }
}

async fn keys(environment: Data<Environment>, request: HttpRequest) -> HttpResponse {
    let (mood, delay) = environment.set(|conduct| {
        conduct.seen.push(request.path().to_owned());
        conduct.now_at_once += 1;
        conduct.most_at_once = conduct.most_at_once.max(conduct.now_at_once);
        (conduct.keys_mood.clone(), conduct.delay)
    });
    actix_web::rt::time::sleep(delay).await;
    let answer = misbehave(mood).await;
    environment.set(|conduct| {
        conduct.now_at_once -= 1;
        answer.unwrap_or_else(|| HttpResponse::Ok().json(&conduct.keys))
    })
}

async fn metadata(environment: Data<Environment>, request: HttpRequest) -> HttpResponse {
    let mood = environment.set(|conduct| {
        conduct.seen.push(request.path().to_owned());
        conduct.metadata_mood.clone()
    });
    if let Some(answer) = misbehave(mood).await {
        return answer;
    }
    let (env, issuer) = (&environment.url, environment.of_resource());
    HttpResponse::Ok().json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/oauth/authorize"),
        "token_endpoint": format!("{issuer}/oauth/token"),
        "registration_endpoint": format!("{env}/api/v1/resources/{RESOURCE}/clients:register"),
        "jwks_uri": format!("{env}/keys"),
        "response_types_supported": ["code"], "code_challenge_methods_supported": ["S256"],
    }))
}
