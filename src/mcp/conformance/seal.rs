//! State that travels through the client: readable, but of no use once changed or carried elsewhere.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rmcp::ErrorData;

use crate::mcp::principal::Principal;
use crate::types::Rng;

/// A key of this process.
pub(super) struct Seal(hmac::Key);

impl Seal {
    pub(super) fn new() -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, &Rng::System.bytes::<32>()))
    }

    /// The state as the client gets it: `payload.tag`, for this caller and this tool.
    pub(super) fn close(&self, who: &Principal, tool: &str, payload: &str) -> String {
        let tag = hmac::sign(&self.0, message(who, tool, payload).as_bytes());
        format!("{}.{}", URL_SAFE_NO_PAD.encode(payload), URL_SAFE_NO_PAD.encode(tag))
    }

    /// What was sealed, or the error for a state that is not ours, for another caller or another tool.
    pub(super) fn open(&self, who: &Principal, tool: &str, sealed: &str) -> Result<String, ErrorData> {
        self.try_open(who, tool, sealed)
            .ok_or_else(|| ErrorData::invalid_params("requestState was not issued for this request", None))
    }

    fn try_open(&self, who: &Principal, tool: &str, sealed: &str) -> Option<String> {
        let (payload, tag) = sealed.split_once('.')?;
        let payload = String::from_utf8(URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
        let tag = URL_SAFE_NO_PAD.decode(tag).ok()?;
        hmac::verify(&self.0, message(who, tool, &payload).as_bytes(), &tag).ok()?;
        Some(payload)
    }
}

/// Tool names hold no line break and the payload comes last: no two triples read the same.
fn message(who: &Principal, tool: &str, payload: &str) -> String {
    let owner = who.session_owner();
    format!("{}\n{owner}\n{tool}\n{payload}", owner.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mcp::principal::sample;

    #[test]
    fn a_state_opens_only_unchanged_and_for_its_caller_and_tool() {
        let (seal, who) = (Seal::new(), sample(&[]));
        let mut other = sample(&[]);
        other.subject = "usr_2".into();
        let sealed = seal.close(&who, "tool", "step 1");
        assert_eq!(seal.open(&who, "tool", &sealed).unwrap(), "step 1");
        assert!(seal.open(&other, "tool", &sealed).is_err());
        assert!(seal.open(&who, "another", &sealed).is_err());
        assert!(Seal::new().open(&who, "tool", &sealed).is_err());
        for changed in
            [format!("{sealed}-changed"), format!("A{sealed}"), sealed.replace('.', ""), String::new()]
        {
            assert!(seal.open(&who, "tool", &changed).is_err(), "{changed}");
        }
    }
}
