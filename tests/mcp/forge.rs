//! Access tokens that nobody should believe.

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gatepost::oauth::keys::Alg;
use serde_json::{Value, json};

use crate::support::TestApp;

/// The parts of a good token, to be put together wrongly.
pub struct Forge<'a> {
    app: &'a TestApp,
    pub header: Value,
    pub claims: Value,
    good: String,
}

fn decode(part: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn encode(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

impl<'a> Forge<'a> {
    pub fn new(app: &'a TestApp, good: &str) -> Self {
        let parts: Vec<&str> = good.split('.').collect();
        Self { app, header: decode(parts[0]), claims: decode(parts[1]), good: good.to_owned() }
    }

    pub fn kid(&self) -> &str {
        self.header["kid"].as_str().unwrap()
    }

    /// Signed by our own key, with one claim changed; `null` takes it out.
    pub fn with_claim(&self, name: &str, value: Value) -> String {
        let mut claims = self.claims.clone();
        let object = claims.as_object_mut().unwrap();
        if value.is_null() {
            object.remove(name);
        } else {
            object.insert(name.to_owned(), value);
        }
        self.sign("at+jwt", &claims)
    }

    /// Signed by our own key.
    pub fn sign(&self, typ: &str, claims: &Value) -> String {
        self.app.core.oauth.keys.current().sign(Alg::Es256, typ, claims).unwrap()
    }

    /// The good token with another header and its own signature.
    pub fn with_header(&self, name: &str, value: Value) -> String {
        let mut header = self.header.clone();
        header[name] = value;
        let rest = self.good.split_once('.').unwrap().1;
        format!("{}.{rest}", encode(&header))
    }

    /// The good token with other claims and the old signature.
    pub fn tampered(&self, name: &str, value: Value) -> String {
        let mut claims = self.claims.clone();
        claims[name] = value;
        let parts: Vec<&str> = self.good.split('.').collect();
        format!("{}.{}.{}", parts[0], encode(&claims), parts[2])
    }

    /// No signature at all.
    pub fn unsigned(&self, alg: &str) -> String {
        let header = json!({ "alg": alg, "typ": "at+jwt", "kid": self.kid() });
        format!("{}.{}.", encode(&header), encode(&self.claims))
    }

    /// HS256, with our public key as the secret (CVE-2015-9235 and its many heirs).
    pub fn with_public_key_as_secret(&self) -> Vec<String> {
        let jwks: Value = serde_json::from_str(self.app.core.oauth.keys.current().jwks()).unwrap();
        let jwk = jwks["keys"].as_array().unwrap().iter().find(|k| k["kid"] == self.kid()).unwrap().clone();
        let point = |name: &str| URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap();
        let raw = [vec![4], point("x"), point("y")].concat();
        // The fixed beginning of a SubjectPublicKeyInfo for a point on P-256.
        let prefix = "3059301306072a8648ce3d020106082a8648ce3d030107034200";
        let prefix: Vec<u8> = (0..prefix.len() / 2)
            .map(|i| u8::from_str_radix(&prefix[2 * i..2 * i + 2], 16).unwrap())
            .collect();
        let spki = [prefix, raw.clone()].concat();
        let pem = format!(
            "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
            base64::engine::general_purpose::STANDARD.encode(&spki)
        );
        let header = json!({ "alg": "HS256", "typ": "at+jwt", "kid": self.kid() });
        let message = format!("{}.{}", encode(&header), encode(&self.claims));
        [raw, spki, pem.into_bytes(), jwk.to_string().into_bytes()]
            .iter()
            .map(|secret| {
                let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message.as_bytes());
                format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag))
            })
            .collect()
    }

    /// Signed by a key of the attacker's, which the header brings along.
    pub fn with_foreign_key(&self) -> Vec<String> {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let point = key.public_key().as_ref();
        let jwk = json!({ "kty": "EC", "crv": "P-256", "x": URL_SAFE_NO_PAD.encode(&point[1..33]),
            "y": URL_SAFE_NO_PAD.encode(&point[33..65]), "kid": self.kid(), "alg": "ES256" });
        let plain = json!({ "alg": "ES256", "typ": "at+jwt", "kid": self.kid() });
        let mut embedded = plain.clone();
        embedded["jwk"] = jwk;
        embedded["jku"] = json!("http://127.0.0.1:9/jwks.json");
        [plain, embedded]
            .iter()
            .map(|header| {
                let message = format!("{}.{}", encode(header), encode(&self.claims));
                let signature = key.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
                format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
            })
            .collect()
    }
}
