//! What people hold in their hands: a security key that checks its owner, and an app that shows codes.

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x04;
const HAS_KEY: u8 = 0x40;

/// An authenticator with one discoverable ES256 key. What it says can be changed, to say it wrongly.
pub struct Authenticator {
    pub credential_id: Vec<u8>,
    pub counter: u32,
    pub verifies: bool,
    pub origin: String,
    pub rp_id: String,
    pub user_handle: String,
    key: EcdsaKeyPair,
}

impl Authenticator {
    pub fn new(origin: &str) -> Self {
        let random = SystemRandom::new();
        let alg = &ECDSA_P256_SHA256_ASN1_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(alg, &random).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(alg, pkcs8.as_ref()).unwrap();
        Self {
            credential_id: Sha256::digest(key.public_key().as_ref())[..20].to_vec(),
            counter: 1,
            verifies: true,
            origin: origin.to_owned(),
            rp_id: "localhost".to_owned(),
            user_handle: String::new(),
            key,
        }
    }

    fn client_data(&self, kind: &str, options: &Value) -> Vec<u8> {
        let data = json!({ "type": kind, "challenge": options["challenge"], "origin": self.origin,
                           "crossOrigin": false });
        data.to_string().into_bytes()
    }

    fn data(&self, more: u8) -> Vec<u8> {
        let mut data = Sha256::digest(self.rp_id.as_bytes()).to_vec();
        data.push(PRESENT | more | if self.verifies { VERIFIED } else { 0 });
        data.extend_from_slice(&self.counter.to_be_bytes());
        data
    }

    /// Answers `navigator.credentials.create`.
    pub fn create(&mut self, options: &Value) -> Value {
        self.user_handle = options["user"]["id"].as_str().unwrap().to_owned();
        let mut data = self.data(HAS_KEY);
        data.extend_from_slice(&[0; 16]); // AAGUID
        data.extend_from_slice(&u16::try_from(self.credential_id.len()).unwrap().to_be_bytes());
        data.extend_from_slice(&self.credential_id);
        let point = self.key.public_key().as_ref();
        // COSE_Key in CBOR: EC2, ES256, P-256, x, y.
        data.extend_from_slice(&[0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32]);
        data.extend_from_slice(&point[1..33]);
        data.extend_from_slice(&[0x22, 0x58, 32]);
        data.extend_from_slice(&point[33..]);
        let mut object = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".to_vec();
        object.push(u8::try_from(data.len()).unwrap());
        object.extend_from_slice(&data);
        let client_data = self.client_data("webauthn.create", options);
        self.credential(&json!({ "attestationObject": text(&object), "clientDataJSON": text(&client_data) }))
    }

    /// Answers `navigator.credentials.get`.
    pub fn get(&mut self, options: &Value) -> Value {
        self.counter += 1;
        let (data, client_data) = (self.data(0), self.client_data("webauthn.get", options));
        let mut signed = data.clone();
        signed.extend_from_slice(&Sha256::digest(&client_data));
        let signature = self.key.sign(&SystemRandom::new(), &signed).unwrap();
        self.credential(&json!({ "authenticatorData": text(&data), "clientDataJSON": text(&client_data),
                                 "signature": text(signature.as_ref()), "userHandle": self.user_handle }))
    }

    fn credential(&self, response: &Value) -> Value {
        let id = text(&self.credential_id);
        json!({ "id": id, "rawId": id, "type": "public-key", "response": response })
    }
}

fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// An authenticator app that was told a secret, base32 in groups.
#[derive(Clone)]
pub struct AppCode(Vec<u8>);

impl AppCode {
    pub fn new(secret: &str) -> Self {
        let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0);
        for letter in secret.bytes().filter(|b| *b != b' ') {
            let value = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".iter().position(|b| *b == letter).unwrap();
            bits = bits << 5 | u32::try_from(value).unwrap();
            held += 5;
            if held >= 8 {
                held -= 8;
                bytes.push(u8::try_from(bits >> held & 0xff).unwrap());
            }
        }
        Self(bytes)
    }

    /// The code it shows at a moment.
    pub fn at(&self, now: i64) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.0);
        let tag = hmac::sign(&key, &(now / 30).to_be_bytes());
        let tag = tag.as_ref();
        let offset = usize::from(tag[19] & 15);
        let word = u32::from_be_bytes(tag[offset..offset + 4].try_into().unwrap()) & 0x7fff_ffff;
        format!("{:06}", word % 1_000_000)
    }

    /// A code that is wrong then, and a step before and after.
    pub fn wrong(&self, now: i64) -> String {
        let right = [now - 30, now, now + 30].map(|time| self.at(time));
        (0..10).map(|n| format!("{n:06}")).find(|code| !right.contains(code)).unwrap()
    }
}
