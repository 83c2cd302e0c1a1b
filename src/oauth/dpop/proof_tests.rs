//! Each row of the table of `proof.rs`, with keys of every kind.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
    KeyPair as _, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
};
use serde_json::{Value, json};

use super::*;

enum Key {
    Elliptic(EcdsaKeyPair),
    Edwards(Ed25519KeyPair),
    Rsa(RsaKeyPair),
}

fn b64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Key {
    fn p256() -> Self {
        Self::Elliptic(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    }

    fn p384() -> Self {
        Self::Elliptic(EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap())
    }

    fn jwk(&self) -> Value {
        match self {
            Self::Elliptic(pair) => {
                let point = &pair.public_key().as_ref()[1..];
                let (x, y) = point.split_at(point.len() / 2);
                let crv = if x.len() == 32 { "P-256" } else { "P-384" };
                json!({ "kty": "EC", "crv": crv, "x": b64(x), "y": b64(y) })
            }
            Self::Edwards(pair) => {
                json!({ "kty": "OKP", "crv": "Ed25519", "x": b64(pair.public_key().as_ref()) })
            }
            Self::Rsa(pair) => {
                let key = pair.public_key();
                json!({ "kty": "RSA", "n": b64(key.modulus().big_endian_without_leading_zero()),
                        "e": b64(key.exponent().big_endian_without_leading_zero()) })
            }
        }
    }

    fn sign(&self, alg: &str, message: &str) -> String {
        let (rng, message) = (SystemRandom::new(), message.as_bytes());
        b64(&match self {
            Self::Elliptic(pair) => pair.sign(&rng, message).unwrap().as_ref().to_vec(),
            Self::Edwards(pair) => pair.sign(message).as_ref().to_vec(),
            Self::Rsa(pair) => {
                let mut out = vec![0; pair.public_modulus_len()];
                let padding: &'static dyn aws_lc_rs::signature::RsaEncoding =
                    if alg == "PS256" { &RSA_PSS_SHA256 } else { &RSA_PKCS1_SHA256 };
                pair.sign(padding, &rng, message, &mut out).unwrap();
                out
            }
        })
    }

    fn proof(&self, header: &Value, claims: &Value) -> String {
        let message =
            format!("{}.{}", b64(header.to_string().as_bytes()), b64(claims.to_string().as_bytes()));
        let signature = self.sign(header["alg"].as_str().unwrap_or_default(), &message);
        format!("{message}.{signature}")
    }

    fn header(&self, alg: &str) -> Value {
        json!({ "typ": "dpop+jwt", "alg": alg, "jwk": self.jwk() })
    }
}

fn claims() -> Value {
    json!({ "jti": "1", "htm": "POST", "htu": "https://a.example/mcp", "iat": 100 })
}

#[test]
fn every_algorithm_that_is_listed_works_with_its_key_and_no_other() {
    let rsa = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let keys = [
        (Key::p256(), vec!["ES256"]),
        (Key::p384(), vec!["ES384"]),
        (Key::Edwards(Ed25519KeyPair::generate().unwrap()), vec!["EdDSA", "Ed25519"]),
        (Key::Rsa(rsa), vec!["RS256", "PS256"]),
    ];
    for (key, own) in &keys {
        for alg in ProofAlg::ALL.map(ProofAlg::as_str) {
            let answer = read(&key.proof(&key.header(alg), &claims()));
            if own.contains(&alg) {
                assert_eq!(answer.unwrap().claims.jti, "1", "{alg}");
            } else {
                assert_eq!(answer.unwrap_err(), Fault::BadKey, "{alg} with a key for {own:?}");
            }
        }
    }
    let [.., (rsa, _)] = &keys;
    let mixed = rsa.proof(&rsa.header("RS256"), &claims());
    let mixed = mixed.replacen(
        &b64(rsa.header("RS256").to_string().as_bytes()),
        &b64(rsa.header("PS256").to_string().as_bytes()),
        1,
    );
    assert_eq!(read(&mixed).unwrap_err(), Fault::WrongSignature);
}

#[test]
fn a_thumbprint_is_that_of_rfc_7638() {
    // The example of RFC 7638 §3.1.
    let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCi\
             FV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgn\
             Yb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqb\
             w0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
    let jwk = PublicJwk {
        kty: Some("RSA".into()),
        n: Some(n.into()),
        e: Some("AQAB".into()),
        ..PublicJwk::default()
    };
    assert_eq!(jwk.key(ProofAlg::Rs256).unwrap().0, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    assert!(is_thumbprint("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"));
    for text in
        ["", "x", "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9X", "NzbLsXh8uDCcd+6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"]
    {
        assert!(!is_thumbprint(text), "{text}");
    }
}

#[test]
fn a_header_that_is_wrong_is_no_proof() {
    let key = Key::p256();
    let with = |name: &str, value: Value| {
        let mut header = key.header("ES256");
        if value.is_null() {
            header.as_object_mut().unwrap().remove(name);
        } else {
            header[name] = value;
        }
        read(&key.proof(&header, &claims())).map(|_| ())
    };
    assert_eq!(with("kid", json!("x")), Ok(()), "what is not known does not count");
    assert_eq!(with("typ", json!("DPoP+JWT")), Ok(()));
    assert_eq!(with("typ", json!("JWT")), Err(Fault::WrongType));
    assert_eq!(with("typ", Value::Null), Err(Fault::WrongType));
    for alg in ["none", "HS256", "ES512", "es256", ""] {
        assert_eq!(with("alg", json!(alg)), Err(Fault::WrongAlg), "{alg}");
    }
    assert_eq!(with("alg", Value::Null), Err(Fault::WrongAlg));
    assert_eq!(with("alg", json!(1)), Err(Fault::Malformed));
    assert_eq!(with("crit", json!(["exp"])), Err(Fault::Malformed));
    assert_eq!(with("jwk", Value::Null), Err(Fault::BadKey));
    assert_eq!(with("jwk", json!([])), Err(Fault::Malformed));
    assert_eq!(with("jwk", json!({})), Err(Fault::BadKey), "an empty key");
    assert_eq!(with("jwk", json!("x")), Err(Fault::Malformed));
    assert_eq!(with("jwk", Key::p256().jwk()), Err(Fault::WrongSignature));
    assert_eq!(with("jwk", Key::p384().jwk()), Err(Fault::BadKey));
    assert_eq!(with("jwk", json!({ "kty": "oct", "k": "AAAA" })), Err(Fault::PrivateKey));
    for secret in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
        let mut jwk = key.jwk();
        jwk[secret] = json!("AAAA");
        assert_eq!(with("jwk", jwk), Err(Fault::PrivateKey), "{secret}");
    }
    for (name, value) in
        [("x", json!("AAAA")), ("y", Value::Null), ("kty", json!("OKP")), ("crv", json!("P-384"))]
    {
        let mut jwk = key.jwk();
        jwk[name] = value;
        assert_eq!(with("jwk", jwk), Err(Fault::BadKey), "{name}");
    }
    let mut padded = key.jwk();
    padded["x"] = json!(format!("{}=", padded["x"].as_str().unwrap()));
    assert_eq!(with("jwk", padded), Err(Fault::BadKey));
    let off_the_curve = json!({ "kty": "EC", "crv": "P-256", "x": b64(&[1; 32]), "y": b64(&[1; 32]) });
    assert_eq!(with("jwk", off_the_curve), Err(Fault::WrongSignature));
}

#[test]
fn rsa_keys_are_bounded_both_ways() {
    let jwk = |n: usize, e: usize| json!({ "kty": "RSA", "n": b64(&vec![0xc1; n]), "e": b64(&vec![1; e]) });
    let key = Key::p256();
    let fault = |jwk: Value| {
        let header = json!({ "typ": "dpop+jwt", "alg": "RS256", "jwk": jwk });
        read(&key.proof(&header, &claims())).unwrap_err()
    };
    for (n, e) in [(255, 3), (513, 3), (256, 0), (256, 9), (0, 3)] {
        assert_eq!(fault(jwk(n, e)), Fault::BadKey, "{n} {e}");
    }
    assert_eq!(fault(jwk(256, 3)), Fault::WrongSignature);
}

#[test]
fn claims_are_there_and_of_their_type() {
    let key = Key::p256();
    let with = |name: &str, value: Value| {
        let mut claims = claims();
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value;
        }
        read(&key.proof(&key.header("ES256"), &claims)).map(|signed| signed.claims)
    };
    assert_eq!(with("content_digest", json!({})).unwrap().jti, "1", "what is not known does not count");
    assert_eq!(with("iat", json!(100.9)).unwrap().iat, 100);
    assert_eq!(with("iat", json!(-100.9)).unwrap().iat, -100);
    assert_eq!(with("nonce", json!("n")).unwrap().nonce.as_deref(), Some("n"));
    for (name, value) in [
        ("htm", Value::Null),
        ("htu", Value::Null),
        ("iat", Value::Null),
        ("iat", json!("100")),
        ("iat", json!(1e300)),
        ("iat", json!(u64::MAX)),
        ("htm", json!(["POST"])),
        ("ath", json!(1)),
        ("nonce", json!({})),
        ("jti", json!(1)),
    ] {
        assert_eq!(with(name, value.clone()).unwrap_err(), Fault::Malformed, "{name} {value}");
    }
    assert_eq!(with("jti", json!("j".repeat(MAX_JTI))).unwrap().jti.len(), MAX_JTI);
    for jti in [Value::Null, json!(""), json!("j".repeat(MAX_JTI + 1))] {
        assert_eq!(with("jti", jti).unwrap_err(), Fault::BadJti);
    }
}

#[test]
fn what_is_no_jwt_is_no_proof() {
    let key = Key::p256();
    let good = key.proof(&key.header("ES256"), &claims());
    assert!(read(&good).is_ok());
    let parts: Vec<&str> = good.split('.').collect();
    let (array, twice) =
        (b64(b"[\"dpop+jwt\",\"ES256\",{}]"), b64(br#"{"typ":"dpop+jwt","typ":"dpop+jwt"}"#));
    for text in [
        String::new(),
        "x".to_owned(),
        "..".to_owned(),
        format!("{}.{}", parts[0], parts[1]),
        format!("{good}.{}", parts[2]),
        format!("{good}, {good}"),
        format!(" {good}"),
        format!("{}=.{}.{}", parts[0], parts[1], parts[2]),
        format!("{array}.{}.{}", parts[1], parts[2]),
        format!("{twice}.{}.{}", parts[1], parts[2]),
        format!("{}.{}.{}", parts[0], b64(b"[]"), parts[2]),
        format!("{}.{}.{}", parts[0], b64(b"{"), parts[2]),
        format!("{}.{}.{}", parts[0], b64(&[b'{', 0xff]), parts[2]),
        format!("{}.{}.{}", parts[0], b64(format!("{{\"a\":{}", "[".repeat(2000)).as_bytes()), parts[2]),
    ] {
        assert_eq!(read(&text).unwrap_err(), Fault::Malformed, "{text}");
    }
    for signature in ["", "AAAA", parts[1]] {
        let text = format!("{}.{}.{signature}", parts[0], parts[1]);
        assert_eq!(read(&text).unwrap_err(), Fault::WrongSignature, "{signature}");
    }
    let tampered = json!({ "jti": "2", "htm": "POST", "htu": "https://a.example/mcp", "iat": 100 });
    let text = format!("{}.{}.{}", parts[0], b64(tampered.to_string().as_bytes()), parts[2]);
    assert_eq!(read(&text).unwrap_err(), Fault::WrongSignature);
    assert_eq!(read(&"x".repeat(MAX_PROOF + 1)).unwrap_err(), Fault::TooLong);
}
