//! What becomes of access when the document of its client changes in what people relied on ([`super::document`]).
//! Law: draft-ietf-oauth-client-id-metadata-document §8 · docs/decisions/0015-client-documents.md
//!
//! | the document now         | an administrator            | the grant was given for | refresh, or a device's fetch         | test                                      |
//! |--------------------------|-----------------------------|-------------------------|-----------------|-------------------------------------------|
//! | as it was                | –                           | this document           | yes             | `a_document_that_stays_the_same_holds_nobody` |
//! | changed                  | has not looked              | the one before          | `invalid_grant` | `a_changed_redirect_host_puts_the_client_on_hold` |
//! | changed                  | has not looked              | this one: agreed anew   | yes             | `a_person_who_agrees_anew_goes_on`        |
//! | changed                  | accepted it, after the grant | the one before         | yes             | `an_administrator_accepts_the_change_for_everybody` |
//! | changed, and nobody ever agreed or got a token | – | –                      | no hold: it is described anew | `a_document_that_nobody_relied_on_may_change` |
//! | as it was again          | –                           | this document           | yes             | `a_document_that_is_mended_ends_the_hold` |
//! | cannot be had            | –                           | as last known           | as above        | `while_the_document_cannot_be_had_what_is_known_counts` |

use super::Document;

/// The grant that a refresh token hangs on.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    /// The mark of the document it was given for; nothing where none was kept.
    pub mark: Option<&'a str>,
    pub at: i64,
}

/// The table above.
pub fn may_renew(document: &Document, given: Given<'_>) -> bool {
    let is_for_this = given.mark == Some(document.mark.as_str());
    let is_accepted = document.state.as_ref().is_some_and(|state| {
        state.mark == document.mark && state.accepted_at.is_some_and(|at| given.at <= at)
    });
    is_for_this || is_accepted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::document_clients::DocumentState;

    #[test]
    fn a_grant_is_renewed_for_the_document_it_was_given_for_or_one_that_was_accepted_since() {
        let state = |accepted_at| DocumentState { mark: "a".into(), accepted_at, ..DocumentState::default() };
        for (now, accepted_at, mark, at, expected) in [
            ("a", None, Some("a"), 10, true),
            ("b", None, Some("a"), 10, false),
            ("b", None, Some("b"), 10, true),
            ("a", None, Some("b"), 10, false),
            ("a", None, None, 10, false),
            ("a", Some(20), Some("z"), 10, true),
            ("a", Some(20), Some("z"), 20, true),
            // Given after the acceptance, for yet another document.
            ("a", Some(20), Some("z"), 21, false),
            // Accepted once, and changed again since.
            ("b", Some(20), Some("z"), 10, false),
            ("b", Some(20), Some("a"), 10, false),
        ] {
            let document = Document { mark: now.into(), state: Some(state(accepted_at)) };
            let given = Given { mark, at };
            assert_eq!(may_renew(&document, given), expected, "{now} {accepted_at:?} {given:?}");
        }
        let unknown = Document { mark: "a".into(), state: None };
        assert!(may_renew(&unknown, Given { mark: Some("a"), at: 1 }));
    }
}
