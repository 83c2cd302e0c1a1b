//! Whether an error of the authorization endpoint travels to the client by itself.
//! Law: RFC 9700 §4.11.2 · docs/decisions/0008-error-redirects.md
//!
//! Anybody may register a client with a web redirect URI. If a broken request of such a client were answered
//! by a redirect, a link to this server would lead wherever a stranger likes, and nobody would have agreed to
//! anything.
//!
//! | redirect URI               | client                       | the signed-in person   | answer        | test |
//! |----------------------------|------------------------------|------------------------|---------------|------|
//! | loopback, private-use scheme | any                        | anybody, nobody        | redirect      | `an_error_reaches_a_program_on_this_computer_at_once` |
//! | web                        | made by an administrator     | anybody, nobody        | redirect      | `an_error_reaches_an_administrators_client_at_once` |
//! | web                        | self-registered              | agreed to it before    | redirect      | `an_error_reaches_a_client_that_the_person_agreed_to` |
//! | web                        | self-registered              | never did, or nobody is signed in | page with a link, 400 | `a_strangers_broken_request_sends_nobody_anywhere` |
//!
//! `prompt=none` is no exception. Deny is not an error but a person's decision: it redirects.

use super::redirect_uri::Destination;
use crate::store::clients::ClientKind;

/// How an error reaches the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The browser is sent there.
    Redirect,
    /// The person is shown where it would lead, and goes there or not.
    Ask,
}

/// Chooses. `agreed`: the signed-in person has consented to this client, on whatever resource.
pub const fn decide(destination: &Destination, kind: ClientKind, agreed: bool) -> Way {
    match (destination, kind) {
        (Destination::Web(_), ClientKind::Cimd | ClientKind::Dynamic) if !agreed => Way::Ask,
        (Destination::Web(_) | Destination::Loopback(_) | Destination::App(_), _) => Way::Redirect,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_strangers_web_site_is_asked_about() {
        let web = Destination::Web("app.example".into());
        let here = [Destination::Loopback("localhost".into()), Destination::App("cursor".into())];
        assert_eq!(decide(&web, ClientKind::Dynamic, false), Way::Ask);
        assert_eq!(decide(&web, ClientKind::Dynamic, true), Way::Redirect);
        assert_eq!(decide(&web, ClientKind::Static, false), Way::Redirect);
        for destination in &here {
            assert_eq!(decide(destination, ClientKind::Dynamic, false), Way::Redirect);
        }
    }
}
