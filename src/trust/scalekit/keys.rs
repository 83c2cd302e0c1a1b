//! The keys that an environment publishes: which of them are of use, and what becomes of the ones that are gone.
//! Law: RFC 7517
//!
//! | key                                                               | what happens                           |
//! |-------------------------------------------------------------------|----------------------------------------|
//! | RSA, 2048 to 8192 bits, with `kid`, for signatures, `alg` RS256 or none | used                             |
//! | another kind, another use, smaller, larger, without `kid`, unreadable | passed over: one odd key breaks nothing |
//! | a `kid` that was there before in the same answer                  | passed over                            |
//! | published before, the same                                        | stays: tokens it verified stay known   |
//! | published before, and not any more, or another under its `kid`    | [`Key::is_current`] is false: tokens it verified are forgotten |

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::DecodingKey;
use serde::Deserialize;
use serde_json::Value;

use crate::trust::fetch::Fault;

/// The longest `kid`, in bytes.
pub const MAX_KID: usize = 200;
/// Sizes of the modulus, in bytes: 2048 to 8192 bits, as aws-lc takes them.
const MODULUS: std::ops::RangeInclusive<usize> = 256..=1024;

/// One published key.
pub struct Key {
    pub verify: DecodingKey,
    modulus: Vec<u8>,
    exponent: Vec<u8>,
    is_gone: AtomicBool,
}

impl Key {
    /// Whether it is still published, as far as is known.
    pub fn is_current(&self) -> bool {
        !self.is_gone.load(Ordering::Relaxed)
    }
}

/// The keys of one answer.
#[derive(Default)]
pub struct KeySet(HashMap<String, Arc<Key>>);

#[derive(Deserialize)]
struct Answer {
    keys: Vec<Value>,
}

/// What is looked at of a key.
#[derive(Deserialize)]
struct Published {
    kty: String,
    kid: String,
    n: String,
    e: String,
    #[serde(rename = "use")]
    purpose: Option<String>,
    alg: Option<String>,
    key_ops: Option<Vec<String>>,
}

impl KeySet {
    /// Reads an answer; keys that were there before stay the same values, and those that are gone are marked.
    pub fn read(bytes: &[u8], before: Option<&Self>) -> Result<Self, Fault> {
        let answer: Answer = serde_json::from_slice(bytes)
            .map_err(|_| Fault::Unreadable("it is not a JSON object with keys in it".to_owned()))?;
        let mut keys: HashMap<String, Arc<Key>> = HashMap::new();
        for value in answer.keys {
            let Some((kid, key)) = usable(value) else { continue };
            let same = before.and_then(|set| set.0.get(&kid)).filter(|known| {
                known.modulus == key.modulus && known.exponent == key.exponent && known.is_current()
            });
            if let Entry::Vacant(place) = keys.entry(kid) {
                place.insert(same.map_or_else(|| Arc::new(key), Arc::clone));
            }
        }
        for (kid, key) in before.iter().flat_map(|set| &set.0) {
            if !keys.get(kid).is_some_and(|kept| Arc::ptr_eq(kept, key)) {
                key.is_gone.store(true, Ordering::Relaxed);
            }
        }
        Ok(Self(keys))
    }

    pub fn get(&self, kid: &str) -> Option<&Arc<Key>> {
        self.0.get(kid)
    }
}

/// A key that can verify RS256, with its name.
fn usable(value: Value) -> Option<(String, Key)> {
    let published: Published = serde_json::from_value(value).ok()?;
    let for_signatures = published.kty == "RSA"
        && published.purpose.is_none_or(|purpose| purpose == "sig")
        && published.alg.is_none_or(|alg| alg == "RS256")
        && published.key_ops.is_none_or(|ops| ops.iter().any(|op| op == "verify"));
    if !for_signatures || published.kid.is_empty() || published.kid.len() > MAX_KID {
        return None;
    }
    let bytes = |text: &str| URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok().map(without_zeros);
    let (modulus, exponent) = (bytes(&published.n)?, bytes(&published.e)?);
    let is_big = modulus.first().is_some_and(|first| *first >= 0x80) || modulus.len() > *MODULUS.start();
    if !MODULUS.contains(&modulus.len()) || !is_big || exponent.is_empty() || exponent.len() > 8 {
        return None;
    }
    let verify = DecodingKey::from_rsa_raw_components(&modulus, &exponent);
    Some((published.kid, Key { verify, modulus, exponent, is_gone: AtomicBool::new(false) }))
}

fn without_zeros(mut bytes: Vec<u8>) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes.drain(..zeros);
    bytes
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn n(bits: usize, fill: u8) -> String {
        let mut bytes = vec![fill; bits / 8];
        bytes[0] |= 0x80;
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn read(keys: &Value, before: Option<&KeySet>) -> KeySet {
        KeySet::read(json!({ "keys": keys }).to_string().as_bytes(), before).unwrap()
    }

    fn rsa(kid: &str, n: &str) -> Value {
        json!({ "kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid, "n": n, "e": "AQAB" })
    }

    #[test]
    fn odd_keys_are_passed_over_and_break_nothing() {
        let with = |name: &str, value: Value| {
            let mut key = rsa("odd", &n(2048, 1));
            key[name] = value;
            key
        };
        let mut without_kid = rsa("odd", &n(2048, 1));
        without_kid.as_object_mut().unwrap().remove("kid");
        let odd = [
            with("kty", json!("oct")),
            with("kty", json!("EC")),
            with("kty", json!("AKP")),
            with("use", json!("enc")),
            with("alg", json!("RSA-OAEP-256")),
            with("alg", json!("RS512")),
            with("key_ops", json!(["encrypt"])),
            with("kid", json!("")),
            with("kid", json!(7)),
            with("kid", json!("x".repeat(201))),
            with("n", json!(n(1024, 1))),
            with("n", json!(n(2040, 1))),
            with("n", json!(n(16_384, 1))),
            with("n", json!(URL_SAFE_NO_PAD.encode([0; 256]))),
            with("n", json!("not base64!")),
            with("e", json!("")),
            without_kid,
            json!({ "kty": "EC", "crv": "P-256", "x": "x", "y": "y", "kid": "ec" }),
            json!(null),
            json!([]),
        ];
        for key in &odd {
            assert!(read(&json!([key]), None).0.is_empty(), "{key}");
        }
        let all: Vec<Value> = odd.into_iter().chain([rsa("good", &n(2048, 1))]).collect();
        let set = read(&json!(all), None);
        assert_eq!(set.0.keys().collect::<Vec<_>>(), ["good"]);
        for fine in [with("alg", Value::Null), with("use", Value::Null), with("n", json!(n(4096, 1)))] {
            assert_eq!(read(&json!([fine]), None).0.len(), 1, "{fine}");
        }
    }

    #[test]
    fn what_is_no_key_set_is_a_fault() {
        for text in ["", "<html>", "[]", "{}", "{\"keys\":{}}", "{\"keys\":null}"] {
            assert!(KeySet::read(text.as_bytes(), None).is_err(), "{text}");
        }
    }

    #[test]
    fn a_key_that_is_gone_or_replaced_is_not_current_any_more() {
        let first = read(&json!([rsa("a", &n(2048, 1)), rsa("b", &n(2048, 2)), rsa("c", &n(2048, 3))]), None);
        let keys: Vec<_> = ["a", "b", "c"].map(|kid| Arc::clone(first.get(kid).unwrap())).into();
        let second = read(&json!([rsa("a", &n(2048, 1)), rsa("b", &n(2048, 9))]), Some(&first));
        let current: Vec<bool> = keys.iter().map(|key| key.is_current()).collect();
        assert_eq!(current, [true, false, false]);
        assert!(second.get("b").unwrap().is_current());
        // It comes back: what it verified before is not known again by itself.
        let third = read(&json!([rsa("c", &n(2048, 3))]), Some(&second));
        assert!(third.get("c").unwrap().is_current() && !keys[2].is_current());
        // Of two under one name the first counts.
        let twice = read(&json!([rsa("a", &n(2048, 1)), rsa("a", &n(2048, 2))]), None);
        assert_eq!(twice.get("a").unwrap().modulus[1], 1);
    }
}
