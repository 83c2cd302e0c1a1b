//! One private key: made, opened, and used to sign.
//!
//! aws-lc-rs signs with a key pair that is parsed once; jsonwebtoken would parse it at every signature,
//! which for RS256 costs more than the signature itself.

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::{Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, EncodingKey};

use crate::types::Plain;

/// A signature algorithm Gatepost signs with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Alg {
    Es256,
    Rs256,
    EdDsa,
}

impl Alg {
    pub const ALL: [Self; 3] = [Self::Es256, Self::Rs256, Self::EdDsa];

    /// The name in a JOSE header.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
            Self::EdDsa => "EdDSA",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|a| a.as_str().eq_ignore_ascii_case(text))
    }

    pub const fn jose(self) -> Algorithm {
        match self {
            Self::Es256 => Algorithm::ES256,
            Self::Rs256 => Algorithm::RS256,
            Self::EdDsa => Algorithm::EdDSA,
        }
    }
}

/// The library refused key material or a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key cannot be used")]
pub struct KeyError;

/// A private key ready to sign.
pub enum Signer {
    Es256(EcdsaKeyPair),
    Rs256(RsaKeyPair),
    EdDsa(Ed25519KeyPair),
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Signer(…)")
    }
}

/// A new private key as a PKCS#8 document.
pub fn generate(alg: Alg) -> Result<Plain<Vec<u8>>, KeyError> {
    let rng = SystemRandom::new();
    let document = match alg {
        Alg::Es256 => EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &rng)
            .map_err(|_| KeyError)?
            .as_ref()
            .to_vec(),
        // Version 1: the version 2 document cannot be exported as a JWK.
        Alg::EdDsa => Ed25519KeyPair::generate_pkcs8v1(&rng).map_err(|_| KeyError)?.as_ref().to_vec(),
        Alg::Rs256 => {
            let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| KeyError)?;
            let der: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| KeyError)?;
            der.as_ref().to_vec()
        }
    };
    Ok(Plain::new(document))
}

/// The public part as a JWK with `kid`, `alg` and `use`.
pub fn public_jwk(alg: Alg, pkcs8: &Plain<Vec<u8>>, kid: &str) -> Result<Jwk, KeyError> {
    let key = match alg {
        Alg::Es256 => EncodingKey::from_ec_der(pkcs8.expose()),
        Alg::EdDsa => EncodingKey::from_ed_der(pkcs8.expose()),
        Alg::Rs256 => {
            let pem = Plain::new(format!(
                "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
                STANDARD.encode(pkcs8.expose())
            ));
            EncodingKey::from_rsa_pem(pem.expose().as_bytes()).map_err(|_| KeyError)?
        }
    };
    let mut jwk = Jwk::from_encoding_key(&key, alg.jose()).map_err(|_| KeyError)?;
    jwk.common.key_id = Some(kid.to_owned());
    jwk.common.public_key_use = Some(PublicKeyUse::Signature);
    Ok(jwk)
}

impl Signer {
    /// Opens a PKCS#8 document.
    pub fn open(alg: Alg, pkcs8: &Plain<Vec<u8>>) -> Result<Self, KeyError> {
        let bytes = pkcs8.expose();
        Ok(match alg {
            Alg::Es256 => Self::Es256(
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, bytes).map_err(|_| KeyError)?,
            ),
            Alg::EdDsa => Self::EdDsa(Ed25519KeyPair::from_pkcs8(bytes).map_err(|_| KeyError)?),
            Alg::Rs256 => Self::Rs256(RsaKeyPair::from_pkcs8(bytes).map_err(|_| KeyError)?),
        })
    }

    /// A compact JWS over `claims` ([RFC 7515 §7.1](https://www.rfc-editor.org/rfc/rfc7515#section-7.1)).
    pub fn sign(&self, kid: &str, typ: &str, claims: &impl serde::Serialize) -> Result<String, KeyError> {
        let header = serde_json::json!({ "alg": self.alg().as_str(), "kid": kid, "typ": typ });
        let body = serde_json::to_vec(claims).map_err(|_| KeyError)?;
        let mut text = URL_SAFE_NO_PAD.encode(header.to_string());
        text.push('.');
        URL_SAFE_NO_PAD.encode_string(body, &mut text);
        let signature = self.raw_signature(text.as_bytes())?;
        text.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut text);
        Ok(text)
    }

    fn raw_signature(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let rng = SystemRandom::new();
        match self {
            Self::Es256(pair) => pair.sign(&rng, message).map(|s| s.as_ref().to_vec()).map_err(|_| KeyError),
            Self::EdDsa(pair) => Ok(pair.sign(message).as_ref().to_vec()),
            Self::Rs256(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &rng, message, &mut signature).map_err(|_| KeyError)?;
                Ok(signature)
            }
        }
    }

    pub const fn alg(&self) -> Alg {
        match self {
            Self::Es256(_) => Alg::Es256,
            Self::Rs256(_) => Alg::Rs256,
            Self::EdDsa(_) => Alg::EdDsa,
        }
    }
}
