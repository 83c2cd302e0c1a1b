//! The metadata of an authorization server elsewhere, to be handed on to clients that look for it here.
//!
//! Handed on byte for byte, once it is known to be an object whose `issuer` is the one that was asked for: a client
//! that took another for it would stop anyway (RFC 8414 §3.3).

use serde::Deserialize;

use crate::trust::fetch::Fault;

/// A document as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerMetadata(pub Vec<u8>);

impl ServerMetadata {
    /// Takes the document of `issuer`, and no other.
    pub fn read(bytes: &[u8], issuer: &str) -> Result<Self, Fault> {
        #[derive(Deserialize)]
        struct Issuer {
            issuer: String,
        }
        let named: Issuer = serde_json::from_slice(bytes)
            .map_err(|_| Fault::Unreadable("it is not a JSON object with an issuer in it".to_owned()))?;
        if named.issuer != issuer {
            return Err(Fault::Unreadable("it names another issuer".to_owned()));
        }
        Ok(Self(bytes.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_document_of_the_issuer_is_handed_on() {
        let good = br#"{ "issuer": "https://a.example/resources/res_1", "x": 1 }"#;
        assert_eq!(ServerMetadata::read(good, "https://a.example/resources/res_1").unwrap().0, good);
        for (bytes, issuer) in [
            (good.as_slice(), "https://a.example"),
            (b"<html>", "https://a.example"),
            (b"{}", ""),
            (b"[]", ""),
        ] {
            assert!(ServerMetadata::read(bytes, issuer).is_err());
        }
    }
}
