//! A key of a client's own, and the proofs it signs (RFC 9449 §4.2).

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::TestApp;

pub struct ProofKey(EcdsaKeyPair);

fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl ProofKey {
    pub fn new() -> Self {
        Self(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    }

    pub fn jwk(&self) -> Value {
        let point = self.0.public_key().as_ref();
        json!({ "kty": "EC", "crv": "P-256", "x": b64(&point[1..33]), "y": b64(&point[33..]) })
    }

    /// The thumbprint (RFC 7638).
    pub fn jkt(&self) -> String {
        let jwk = self.jwk();
        let text = format!(r#"{{"crv":"P-256","kty":"EC","x":{},"y":{}}}"#, jwk["x"], jwk["y"]);
        b64(Sha256::digest(text))
    }

    /// A JWT with this header and these claims.
    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        let message = format!("{}.{}", b64(header.to_string()), b64(claims.to_string()));
        let signature = self.0.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
        format!("{message}.{}", b64(signature))
    }

    /// The header of a good proof.
    pub fn header(&self) -> Value {
        json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": self.jwk() })
    }

    /// A proof with these claims.
    pub fn proof(&self, claims: &Value) -> String {
        self.sign(&self.header(), claims)
    }

    /// A good proof for a POST to the token endpoint.
    pub fn for_tokens(&self, app: &TestApp) -> String {
        self.proof(&token_claims(app))
    }

    /// A good proof for a POST to `/mcp` with this token.
    pub fn for_mcp(&self, app: &TestApp, token: &str) -> String {
        self.proof(&mcp_claims(app, token))
    }
}

fn claims(app: &TestApp, method: &str, path: &str) -> Value {
    let jti: [u8; 16] = gatepost::types::Rng::System.bytes();
    json!({ "jti": b64(jti), "htm": method, "htu": app.at(path), "iat": app.clock.now() })
}

/// The claims of a good proof for a POST to the token endpoint.
pub fn token_claims(app: &TestApp) -> Value {
    claims(app, "POST", "/oauth/token")
}

/// The claims of a good proof for a request with an access token.
pub fn access_claims(app: &TestApp, method: &str, path: &str, token: &str) -> Value {
    let mut claims = claims(app, method, path);
    claims["ath"] = json!(b64(Sha256::digest(token)));
    claims
}

/// The claims of a good proof for a POST to `/mcp` with this token.
pub fn mcp_claims(app: &TestApp, token: &str) -> Value {
    access_claims(app, "POST", "/mcp", token)
}

/// Everything that can be wrong with a proof but its freshness: what, and the proof. `good`: the claims of a good one.
pub fn wrong_proofs(key: &ProofKey, good: &Value) -> Vec<(&'static str, String)> {
    let other = ProofKey::new();
    let claim = |name: &str, value: Value| {
        let mut claims = good.clone();
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value;
        }
        key.proof(&claims)
    };
    let member = |name: &str, value: Value| {
        let mut header = key.header();
        header[name] = value;
        key.sign(&header, good)
    };
    let mut private = key.jwk();
    private["d"] = json!("AAAA");
    let iat = good["iat"].as_i64().unwrap();
    vec![
        ("no JWT", "x".to_owned()),
        ("nothing", String::new()),
        ("too long", "x".repeat(4097)),
        ("typ of another JWT", member("typ", json!("JWT"))),
        ("alg none", member("alg", json!("none"))),
        ("a symmetric alg", member("alg", json!("HS256"))),
        ("an extension", member("crit", json!(["x"]))),
        ("a private key", member("jwk", private)),
        ("a key of another kind", member("jwk", json!({ "kty": "OKP", "crv": "Ed25519", "x": "AAAA" }))),
        ("no key", key.sign(&json!({ "typ": "dpop+jwt", "alg": "ES256" }), good)),
        ("signed by another key", other.sign(&key.header(), good)),
        ("no jti", claim("jti", Value::Null)),
        ("a long jti", claim("jti", json!("j".repeat(257)))),
        ("no iat", claim("iat", Value::Null)),
        ("another method", claim("htm", json!("PUT"))),
        ("another URL", claim("htu", json!("https://a.example/oauth/token"))),
        ("a minute and a second old", claim("iat", json!(iat - 61))),
        ("a minute and a second early", claim("iat", json!(iat + 61))),
    ]
}
