//! An OpenID provider nobody should trust: it answers as a test tells it to, and signs with real keys.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::web::{self, Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// The client that Gatepost is there.
pub const CLIENT_ID: &str = "1234-abc.apps.googleusercontent.com";
/// Its secret; with characters that Basic authentication has to encode.
pub const CLIENT_SECRET: &str = "s%cr+t: x";

/// A key, by its id.
pub struct SigningKey {
    pub kid: String,
    pair: KeyPair,
}

impl SigningKey {
    pub fn new(kid: &str) -> Self {
        Self { kid: kid.to_owned(), pair: KeyPair::generate(KeySize::Rsa2048).unwrap() }
    }

    pub fn jwk(&self) -> Value {
        let public = self.pair.public_key();
        let number = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        json!({ "kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.kid,
                "n": number(public.modulus().big_endian_without_leading_zero()),
                "e": number(public.exponent().big_endian_without_leading_zero()) })
    }

    /// The public key as a verifier might hold it, to be misused as a shared secret.
    pub fn public_pem(&self) -> String {
        let der: aws_lc_rs::encoding::PublicKeyX509Der<'_> = self.pair.public_key().as_der().unwrap();
        let text = STANDARD.encode(der.as_ref());
        format!("-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n")
    }

    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        let body = unsigned(header, claims);
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), body.as_bytes(), &mut signature).unwrap();
        format!("{body}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// Header and claims, without a signature.
pub fn unsigned(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", part(header), part(claims))
}

/// How an endpoint misbehaves.
#[derive(Clone, Debug, Default)]
pub enum Mood {
    #[default]
    Well,
    /// Answers with this status, type and body.
    Says(u16, &'static str, String),
    /// Redirects there.
    Redirects(String),
    /// Does not answer for so long.
    Sleeps(Duration),
}

type ChangeClaims = Box<dyn Fn(&mut Value) + Send>;
type MakeToken = Box<dyn Fn(&SigningKey, &Value) -> String + Send>;

/// What the provider does next, and what it saw.
pub struct Conduct {
    pub keys: Vec<SigningKey>,
    /// The key that signs.
    pub active: usize,
    /// The person at the provider: what goes into ID token and userinfo.
    pub person: Value,
    /// The last word on the claims.
    pub claims: Option<ChangeClaims>,
    /// Makes the ID token instead of signing it properly.
    pub token: Option<MakeToken>,
    /// Whether the address is told by userinfo only.
    pub shy: bool,
    /// Whether responses name the issuer, and metadata says that they do.
    pub names_issuer: bool,
    pub metadata: Value,
    pub discovery: Mood,
    pub jwks: Mood,
    pub token_endpoint: Mood,
    pub userinfo: Mood,
    pub access_token: String,
    /// The test's time.
    pub now: i64,
    /// Requests so far, by path.
    pub seen: Vec<String>,
    /// The last token request: its Authorization header and its form.
    pub last_token_request: (String, HashMap<String, String>),
    /// What the codes handed out stand for.
    codes: HashMap<String, HashMap<String, String>>,
}

/// A running provider.
#[derive(Clone)]
pub struct Provider {
    pub issuer: String,
    pub conduct: Arc<Mutex<Conduct>>,
}

impl Provider {
    /// Starts one, with the clock at `now`.
    pub fn start(now: i64) -> Self {
        let (socket, issuer) = super::place();
        let conduct = Conduct {
            keys: vec![SigningKey::new("key-1")],
            active: 0,
            person: json!({ "sub": "10769150350006150715113082367", "email": "jane@example.com",
                            "email_verified": true, "hd": "example.com", "name": "Jane Doe" }),
            claims: None,
            token: None,
            shy: false,
            names_issuer: false,
            metadata: json!({}),
            discovery: Mood::Well,
            jwks: Mood::Well,
            token_endpoint: Mood::Well,
            userinfo: Mood::Well,
            access_token: "ya29.access".to_owned(),
            now,
            seen: Vec::new(),
            last_token_request: Default::default(),
            codes: HashMap::new(),
        };
        let provider = Self { issuer, conduct: Arc::new(Mutex::new(conduct)) };
        let data = Data::new(provider.clone());
        super::serve(socket, move |config| {
            config
                .app_data(data.clone())
                .route("/.well-known/openid-configuration", web::get().to(discovery))
                .route("/jwks", web::get().to(jwks))
                .route("/token", web::post().to(token))
                .route("/userinfo", web::get().to(userinfo));
        });
        provider
    }

    /// Changes how it behaves.
    pub fn set<T>(&self, change: impl FnOnce(&mut Conduct) -> T) -> T {
        change(&mut self.conduct.lock().unwrap())
    }

    /// The person logs in: from an authorization request to the parameters of the answer.
    pub fn agree(&self, authorization_url: &str) -> Vec<(String, String)> {
        let request: HashMap<String, String> =
            url::Url::parse(authorization_url).unwrap().query_pairs().into_owned().collect();
        self.set(|conduct| {
            let code = format!("4/code-{}", conduct.codes.len());
            let mut answer =
                vec![("code".to_owned(), code.clone()), ("state".to_owned(), request["state"].clone())];
            if conduct.names_issuer {
                answer.push(("iss".to_owned(), self.issuer.clone()));
            }
            conduct.codes.insert(code, request);
            answer
        })
    }

    /// How often a path was asked for.
    pub fn count(&self, path: &str) -> usize {
        self.set(|conduct| conduct.seen.iter().filter(|seen| *seen == path).count())
    }
}

/// Misbehaves, or not.
async fn in_mood(provider: &Provider, path: &str, pick: fn(&Conduct) -> &Mood) -> Option<HttpResponse> {
    let mood = provider.set(|conduct| {
        conduct.seen.push(path.to_owned());
        pick(conduct).clone()
    });
    match mood {
        Mood::Well => None,
        Mood::Says(status, kind, body) => {
            let status = actix_web::http::StatusCode::from_u16(status).unwrap();
            Some(HttpResponse::build(status).content_type(kind).body(body))
        }
        Mood::Redirects(to) => Some(HttpResponse::Found().insert_header(("location", to)).finish()),
        Mood::Sleeps(time) => {
            actix_web::rt::time::sleep(time).await;
            Some(HttpResponse::InternalServerError().finish())
        }
    }
}

async fn discovery(provider: Data<Provider>) -> HttpResponse {
    if let Some(response) = in_mood(&provider, "discovery", |c| &c.discovery).await {
        return response;
    }
    let at = |path: &str| format!("{}{path}", provider.issuer);
    let mut document = json!({
        "issuer": provider.issuer,
        "authorization_endpoint": at("/authorize"),
        "token_endpoint": at("/token"),
        "userinfo_endpoint": at("/userinfo"),
        "jwks_uri": at("/jwks"),
        "response_types_supported": ["code", "token", "id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
    });
    provider.set(|conduct| {
        if conduct.names_issuer {
            document["authorization_response_iss_parameter_supported"] = json!(true);
        }
        for (name, value) in conduct.metadata.as_object().unwrap() {
            document[name] = value.clone();
        }
        document.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    });
    HttpResponse::Ok().json(document)
}

async fn jwks(provider: Data<Provider>) -> HttpResponse {
    if let Some(response) = in_mood(&provider, "jwks", |c| &c.jwks).await {
        return response;
    }
    let keys: Vec<Value> = provider.set(|conduct| conduct.keys.iter().map(SigningKey::jwk).collect());
    HttpResponse::Ok().json(json!({ "keys": keys }))
}

/// Checks what a provider checks, then answers as told.
async fn token(provider: Data<Provider>, request: HttpRequest, body: Bytes) -> HttpResponse {
    if let Some(response) = in_mood(&provider, "token", |c| &c.token_endpoint).await {
        return response;
    }
    let form: HashMap<String, String> = serde_urlencoded::from_bytes(&body).unwrap();
    let authorization = request.headers().get("authorization").map_or("", |v| v.to_str().unwrap()).to_owned();
    provider.set(|conduct| {
        conduct.last_token_request = (authorization, form.clone());
        let asked = form.get("code").and_then(|code| conduct.codes.remove(code));
        let challenge =
            URL_SAFE_NO_PAD.encode(Sha256::digest(form.get("code_verifier").map_or("", String::as_str)));
        let fine = asked.filter(|asked| {
            asked["code_challenge"] == challenge
                && asked["code_challenge_method"] == "S256"
                && form.get("redirect_uri") == asked.get("redirect_uri")
        });
        let Some(asked) = fine else {
            return HttpResponse::BadRequest().json(json!({ "error": "invalid_grant" }));
        };
        let id_token = conduct.id_token(&provider.issuer, &asked["nonce"]);
        HttpResponse::Ok().json(json!({ "access_token": conduct.access_token, "token_type": "Bearer",
                                        "expires_in": 3599, "scope": "openid email", "id_token": id_token }))
    })
}

impl Conduct {
    fn id_token(&self, issuer: &str, nonce: &str) -> String {
        let hash = Sha256::digest(self.access_token.as_bytes());
        let mut claims = json!({ "iss": issuer, "azp": CLIENT_ID, "aud": CLIENT_ID, "nonce": nonce,
            "at_hash": URL_SAFE_NO_PAD.encode(&hash[..16]), "iat": self.now, "exp": self.now + 3600 });
        for (name, value) in self.person.as_object().unwrap() {
            if !(self.shy && name.starts_with("email")) {
                claims[name] = value.clone();
            }
        }
        if let Some(change) = &self.claims {
            change(&mut claims);
        }
        claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        let key = &self.keys[self.active];
        match &self.token {
            Some(make) => make(key, &claims),
            None => key.sign(&json!({ "alg": "RS256", "kid": key.kid, "typ": "JWT" }), &claims),
        }
    }
}

async fn userinfo(provider: Data<Provider>, request: HttpRequest) -> HttpResponse {
    if let Some(response) = in_mood(&provider, "userinfo", |c| &c.userinfo).await {
        return response;
    }
    let (person, token) = provider.set(|c| (c.person.clone(), c.access_token.clone()));
    let sent = request.headers().get("authorization").map_or("", |v| v.to_str().unwrap());
    if sent != format!("Bearer {token}") {
        return HttpResponse::Unauthorized().finish();
    }
    HttpResponse::Ok().json(person)
}
