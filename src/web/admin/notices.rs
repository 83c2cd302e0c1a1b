//! Good news after a step, told on the page that follows: a code in its URL stands for a fixed sentence.

/// The sentence of a code; nothing for a code that nobody here wrote.
pub fn sentence(code: &str) -> Option<&'static str> {
    Some(match code {
        // resources
        "resource-created" => "It is added. Below is what its server must do; then test it.",
        "resource-saved" | "person-saved" => "It is saved.",
        "resource-default" => "It is the default now.",
        "resource-deleted" => "It is deleted, and everything that apps held for it has ended.",
        // scopes
        "scope-added" => "The scope is added. Apps can ask for it from now on.",
        "scope-saved" => "The scope is saved. It holds from the next request on.",
        "scope-renamed" => "The scope is renamed, also in what people agreed to.",
        "scope-deleted" => "The scope is gone, also from what people agreed to.",
        // clients
        "client-saved" | "issuer-saved" | "exchange-saved" => {
            "It is saved, and holds from the next request on."
        }
        "secret-expires" => "That secret works for 24 hours more. Give the app another one meanwhile.",
        "secret-revoked" => "That secret is revoked: the next request that shows it is refused.",
        "client-disabled" => "The client is disabled, and what it held is revoked.",
        "client-enabled" => "The client works again. People connect it anew.",
        "client-accepted" => "The change is accepted: everybody who connected the client goes on.",
        "client-deleted" => "The client is gone, and what it held is revoked.",
        // people
        "person-disabled" => "They are kept out: sign-ins and connected apps have ended.",
        "person-enabled" => "They may sign in again.",
        "person-deleted" => "The account is deleted.",
        "admin-made" => "They are an administrator now.",
        "admin-unmade" => "They are an ordinary person now.",
        "factor-required" => "A second factor is a must for them now.",
        "factor-left" => "Whether they need a second factor is left to the general rule.",
        "factor-cleared" => "Their second factor is gone, and they are signed out everywhere.",
        "sign-ins-ended" => "It has ended.",
        "identity-removed" => "That login is removed.",
        "apps-ended" => "It is disconnected; access has ended.",
        // grants
        "grants-ended" => "Their access has ended.",
        // issuers
        "platform-added" => {
            "It is trusted. Fetch its keys, and add a rule that says what its programs become."
        }
        "company-added" => "It is trusted. Fetch its keys, to see that its assertions can be checked.",
        "issuer-disabled" => "Nothing it signs is taken any more.",
        "issuer-enabled" => "It is trusted again.",
        "issuer-deleted" => "It is deleted, with its rules.",
        "issuer-rule-added" | "exchange-added" => "The rule is added. It holds from the next request on.",
        "issuer-rule-saved" => "The rule is saved. It holds from the next request on.",
        "issuer-rule-deleted" | "exchange-deleted" => "The rule is gone.",
        // keys
        "key-rotated" => {
            "The new key signs from now on. The old one stays published until its tokens have expired."
        }
        "key-retired" => "That key is gone from the published set.",
        // settings
        "branding-set" => "The pages look like that from now on.",
        "logo-set" => "The new logo is on every page now.",
        "logo-removed" => "The logo is gone from every page.",
        "second-factor-rule-set" => "The rule about second factors holds from now on.",
        "registration-rule-set" => "The rule about clients that register themselves holds from now on.",
        // api
        "api-token-revoked" => "The token is revoked. It opens nothing any more.",
        _ => return None,
    })
}
