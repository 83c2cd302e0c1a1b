//! An issuer elsewhere as the tests need it: it publishes metadata and keys, and misbehaves as told.

use std::sync::{Arc, Mutex};

use actix_web::http::StatusCode;
use actix_web::web::{self, Data};
use actix_web::{HttpRequest, HttpResponse};
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
        };
        let issuer = Self { url, signer: Arc::new(signer), conduct: Arc::new(Mutex::new(conduct)) };
        let data = Data::new(issuer.clone());
        super::serve(socket, move |config| {
            config
                .app_data(data.clone())
                .route("/keys", web::get().to(keys))
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
