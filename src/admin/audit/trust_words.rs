//! The audit trail in words: issuers elsewhere, their assertions, and exchanges.

use crate::audit::Event;

/// Each kind when it was done, and when it was refused; nothing for any other kind.
pub const fn pair(event: Event) -> Option<(&'static str, &'static str)> {
    Some(match event {
        Event::IssuerAdded => ("Issuer trusted", "Issuer not trusted"),
        Event::IssuerChanged => ("Issuer changed", "Issuer not changed"),
        Event::IssuerDisabled => ("Issuer disabled", "Issuer not disabled"),
        Event::IssuerEnabled => ("Issuer enabled", "Issuer not enabled"),
        Event::IssuerDeleted => ("Issuer deleted", "Issuer not deleted"),
        Event::IssuerTested => ("Keys of an issuer fetched", "Keys of an issuer could not be fetched"),
        Event::IssuerRuleAdded => ("Rule of an issuer added", "Rule of an issuer not added"),
        Event::IssuerRuleChanged => ("Rule of an issuer changed", "Rule of an issuer not changed"),
        Event::IssuerRuleDeleted => ("Rule of an issuer deleted", "Rule of an issuer not deleted"),
        Event::ExchangeRuleAdded => ("Token exchange allowed", "Token exchange not allowed"),
        Event::ExchangeRuleChanged => {
            ("Rule of token exchange changed", "Rule of token exchange not changed")
        }
        Event::ExchangeRuleDeleted => {
            ("Rule of token exchange deleted", "Rule of token exchange not deleted")
        }
        Event::AssertionTaken => ("Word of an issuer taken", "Word of an issuer refused"),
        Event::TokenExchanged => ("Token exchanged", "Exchange of a token refused"),
        _ => return None,
    })
}

/// Why something was refused, and what to do about it.
pub fn why(reason: &str) -> Option<(&'static str, &'static str)> {
    Some(match reason {
        "untrusted_issuer" => (
            "An assertion came from an issuer that is not trusted for this, or is disabled.",
            "If it should be trusted, add it under Issuers exactly as its tokens say iss.",
        ),
        "unknown_issuer_key" => (
            "An assertion is signed with a key that its issuer does not publish.",
            "If the issuer changed its keys just now, try again in half a minute. Fetch its keys on its page.",
        ),
        "assertion_of_other" => (
            "An assertion was shown by another client than the one it is for, or by one that may not act for that issuer.",
            "Compare client_id in the assertion with the client, and look at the clients of the issuer.",
        ),
        "no_rule_fits" => (
            "No rule says that this may be.",
            "Compare what the token says with the rules, under Issuers or Token exchange, and add one if it should be.",
        ),
        "unknown_person" => (
            "An issuer vouched for somebody who is not known here.",
            "They sign in through that provider once, or the issuer is trusted for the domain of their address.",
        ),
        "bad_subject_token" => (
            "The token that was to be exchanged is not one of a person that is valid now.",
            "See whether it has expired or was revoked; the app that uses the server gets another.",
        ),
        "too_many_ended" => (
            "A client revoked more exchanged tokens than are remembered. This one ends by itself.",
            "See in the trail what it revokes so many for.",
        ),
        "issuer_keys_unusable" => (
            "The keys of an issuer could not be fetched, or none of them can be used.",
            "The detail says why. Compare the address on the page of the issuer.",
        ),
        _ => return None,
    })
}
