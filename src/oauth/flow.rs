//! What ties the steps of one authorization together in the audit trail, from the first request to the code.
//!
//! A client makes a `code_challenge` (or, before it got that far, a `state`) for each authorization it begins. Its
//! keyed hash together with the client's id is the same at every step, and tells nothing of either. Of a request that
//! was pushed, its reference is what is the same.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::params::Params;
use crate::types::MasterKey;
use crate::types::master_key::Purpose;

/// The flow an authorization request belongs to; nothing where it has neither challenge nor state.
pub fn of_request(key: &MasterKey, params: &Params) -> Option<String> {
    let client = params.first("client_id").unwrap_or_default();
    let mark = ["request_uri", "code_challenge", "state"].into_iter().find_map(|name| params.first(name))?;
    (!mark.is_empty()).then(|| of(key, client, mark))
}

/// The flow that a login belongs to that leads back to `return_to`.
pub fn of_return(key: &MasterKey, return_to: &str) -> Option<String> {
    let query = return_to.strip_prefix("/oauth/authorize?")?;
    of_request(key, &Params::parse(query.as_bytes()).ok()?)
}

/// The flow of this client and challenge.
pub fn of(key: &MasterKey, client_id: &str, mark: &str) -> String {
    let mac = key.mac(Purpose::Flow, &[client_id, mark]);
    format!("flw_{}", URL_SAFE_NO_PAD.encode(&mac[..16]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Plain;

    #[test]
    fn steps_of_one_authorization_share_a_flow_and_others_do_not() {
        let key = MasterKey::new(Plain::new(vec![7; 32]));
        let flow = |query: &str| of_request(&key, &Params::parse(query.as_bytes()).unwrap());
        let one = flow("client_id=a&code_challenge=c&state=s");
        assert_eq!(one, flow("client_id=a&code_challenge=c&state=t&prompt=login"));
        assert_eq!(one, of_return(&key, "/oauth/authorize?client_id=a&code_challenge=c"));
        assert_eq!(one.as_deref(), Some(of(&key, "a", "c").as_str()));
        assert_ne!(one, flow("client_id=b&code_challenge=c&state=s"));
        assert_ne!(one, flow("client_id=a&state=s"));
        assert_eq!(flow("client_id=a"), None);
        assert_eq!(of_return(&key, "/account"), None);
    }
}
