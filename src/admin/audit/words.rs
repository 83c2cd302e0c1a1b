//! The audit trail in words for administrators: what an event was, why something was refused, and what to do.
//!
//! Every kind of [`Event`] and every `oauth::error::Reason` has its words here.

use super::chain::{Step, Verdict};
use super::device_words;
use super::trust_words;
use crate::audit::Event;
use crate::store::audit::EventRow;

/// What happened, without the names.
pub fn what(event: &EventRow) -> &'static str {
    let ok = event.outcome == "ok";
    let Some(kind) = Event::parse(&event.kind) else { return "Something of an earlier version" };
    let (done, refused) = pair(kind, &event.reason);
    if ok { done } else { refused }
}

/// Any kind of event, as a heading.
pub const fn kind(event: Event) -> &'static str {
    pair_of(event).0
}

fn pair(kind: Event, reason: &str) -> (&'static str, &'static str) {
    match (kind, reason) {
        (Event::Authorization, "pushed") => ("App asked for access, ahead of the browser", ""),
        (Event::Authorization, "to_login") => ("App asked for access; led to the login", ""),
        (Event::Authorization, "to_second_factor") => ("App asked for access; led to a second factor", ""),
        (Event::Authorization, "to_consent") => ("App asked for access; led to consent", ""),
        (Event::Consent, "person_denied") => ("Access allowed", "Access denied by the person"),
        (Event::GrantRevoked, "replayed_code") => ("Login of an app ended: its code was used twice", ""),
        (Event::GrantRevoked, "replayed_refresh_token") => {
            ("Login of an app ended: a refresh token was used twice", "")
        }
        _ => pair_of(kind),
    }
}

/// Each kind when it was done, and when it was refused.
const fn pair_of(kind: Event) -> (&'static str, &'static str) {
    if let Some(pair) = trust_words::pair(kind) {
        return pair;
    }
    match kind {
        Event::SetupCompleted => ("First administrator set up", "Set-up refused"),
        Event::UserCreated => ("Person added", "Person not added"),
        Event::UserDisabled => ("Person disabled", "Person not disabled"),
        Event::UserEnabled => ("Person enabled", "Person not enabled"),
        Event::UserRenamed => ("Name changed", "Name not changed"),
        Event::UserExported => ("Person downloaded their data", "Data not downloaded"),
        Event::UserDeleted => ("Person deleted", "Person not deleted"),
        Event::PasswordReset => ("Password set by a link", "Password link refused"),
        Event::PasswordChanged => ("Password changed", "Password not changed"),
        Event::ResetLinkCreated => ("Password link made", "Password link not made"),
        Event::AccountChanged => ("Account changed", "Form of an account refused"),
        Event::InvitationCreated => ("Person invited", "Person not invited"),
        Event::InvitationAccepted => ("Invitation accepted", "Invitation refused"),
        Event::IdentityLinked => ("Login at a provider added", "Login at a provider not added"),
        Event::IdentityUnlinked => ("Login at a provider removed", "Login at a provider not removed"),
        Event::Login => ("Signed in", "Sign-in refused"),
        Event::Logout => ("Signed out", "Sign-out refused"),
        Event::MailGivenUp => ("Mail sent", "Mail not sent"),
        Event::NewBrowser => ("Signed in on a new browser", "New browser refused"),
        Event::SessionEnded => ("Sign-in ended", "Sign-in not ended"),
        Event::SecondFactor => ("Second factor shown", "Second factor refused"),
        Event::SecondFactorOn => ("Authenticator app set up", "Authenticator app not set up"),
        Event::SecondFactorOff => ("Authenticator app removed", "Authenticator app not removed"),
        Event::RecoveryCodesMade => ("Recovery codes made", "Recovery codes not made"),
        Event::PasskeyAdded => ("Passkey added", "Passkey not added"),
        Event::PasskeyRenamed => ("Passkey renamed", "Passkey not renamed"),
        Event::PasskeyRemoved => ("Passkey removed", "Passkey not removed"),
        Event::ClientRegistered => ("App registered itself", "Registration of an app refused"),
        Event::ClientCreated => ("Client added", "Client not added"),
        Event::ClientDeleted => ("Client deleted", "Client not deleted"),
        Event::ClientDisabled => ("Client disabled", "Client not disabled"),
        Event::ClientEnabled => ("Client enabled", "Client not enabled"),
        Event::ClientChanged => ("Client changed", "Client not changed"),
        Event::ClientHeld => ("Client put on hold: its document has changed", "Client not put on hold"),
        Event::ClientReleased => {
            ("Client on hold no more: its document is as before", "Client still on hold")
        }
        Event::ClientAccepted => {
            ("Change of a client's document accepted", "Change of a client's document not accepted")
        }
        Event::ClientSecretAdded => ("Client secret added", "Client secret not added"),
        Event::ClientSecretExpires => ("Client secret set to expire", "Client secret not set to expire"),
        Event::ClientSecretRevoked => ("Client secret revoked", "Client secret not revoked"),
        Event::Authorization => ("App asked for access", "Request for access refused"),
        Event::DeviceAuthorization => ("Device asked for access", "Request of a device refused"),
        Event::DeviceCode => ("Code of a device entered", "Code of a device refused"),
        Event::Consent => ("Access allowed", "Access not allowed"),
        Event::ConsentWithdrawn => ("Access withdrawn", "Access not withdrawn"),
        Event::TokenIssued => ("Token issued", "Token refused"),
        Event::TokenRefreshed => ("Token renewed", "Renewal of a token refused"),
        Event::TokenRevoked => ("Token given back", "Giving back a token refused"),
        Event::GrantRevoked => ("Login of an app ended", "Login of an app not ended"),
        Event::Introspection => ("Token asked about", "Question about a token refused"),
        Event::AccessRefused => ("Access tried", "Access refused"),
        Event::KeyRotated => ("Signing key rotated", "Signing key not rotated"),
        Event::KeyRetired => ("Signing key removed", "Signing key not removed"),
        Event::ResourceCreated => ("Resource added", "Resource not added"),
        Event::ResourceChanged => ("Resource changed", "Resource not changed"),
        Event::ResourceDeleted => ("Resource deleted", "Resource not deleted"),
        Event::ResourceTested => ("Resource tested", "Resource not tested"),
        Event::UserReaddressed => ("Address changed", "Address not changed"),
        Event::AdminGranted => ("Made an administrator", "Not made an administrator"),
        Event::AdminRemoved => ("No administrator any more", "Administrator not removed"),
        Event::SecondFactorRequired => ("Second factor required of a person", "Second factor not required"),
        Event::SecondFactorOptional => {
            ("Second factor not required any more", "Second factor still required")
        }
        Event::ScopeAdded => ("Scope added", "Scope not added"),
        Event::ScopeEdited => ("Scope changed", "Scope not changed"),
        Event::ScopeRenamed => ("Scope renamed", "Scope not renamed"),
        Event::ScopeDeleted => ("Scope deleted", "Scope not deleted"),
        Event::SettingChanged => ("Setting changed", "Setting not changed"),
        Event::AuditExported => ("Audit trail exported", "Audit trail not exported"),
        Event::ApiTokenCreated => ("API token made", "API token not made"),
        Event::ApiTokenRevoked => ("API token revoked", "API token not revoked"),
        Event::AdminRefused => ("Administration", "Administration refused"),
        // The words of the rest are in `trust_words`; the tests look that none is without.
        _ => ("", ""),
    }
}

/// Why something was refused, and what to do about it; nothing for a reason that explains itself nowhere.
pub fn why(reason: &str) -> Option<(&'static str, &'static str)> {
    let known = request(reason).or_else(|| token(reason)).or_else(|| people(reason));
    let known = known.or_else(|| device_words::why(reason));
    known
        .or_else(|| super::documents::why(reason))
        .or_else(|| super::proof_words::why(reason))
        .or_else(|| program(reason))
        .or_else(|| of_another_issuer(reason))
        .or_else(|| trust_words::why(reason))
}

const START: &str = "Start the connection again from the app.";
const APP: &str = "This is a fault of the app: report it to its maker, with the reason.";

fn request(reason: &str) -> Option<(&'static str, &'static str)> {
    Some(match reason {
        "malformed_request" => ("The request could not be understood.", APP),
        "duplicate_parameter" => ("The request carried a parameter twice.", APP),
        "missing_parameter" => ("The request lacked a parameter that is needed.", APP),
        "unknown_client" => (
            "The app's id is not known here: it never registered, or its registration was removed because it was not used.",
            "Remove this server from the app and add it again, so that it registers anew.",
        ),
        "disabled_client" => {
            ("An administrator disabled the app.", "Enable the client if it should connect.")
        }
        "foreign_redirect_uri" => (
            "The app asked to be answered at an address that is not registered for it.",
            "Compare it with the redirect URIs of the client. Add it there, or remove this server from the app and add it again.",
        ),
        "bad_redirect_uri" => ("The address the app wants to be answered at cannot be used.", APP),
        "bad_metadata" => ("What the app said about itself when it registered cannot be taken.", APP),
        "bad_registration_token" => ("The app showed a registration token that is not its own.", APP),
        "registration_closed" => (
            "Apps may not register themselves here.",
            "Add the client by hand, or allow registration in the settings.",
        ),
        "rate_limited" => ("There were too many attempts from one place.", "Wait a minute, then try again."),
        "unsupported_response_type" => ("The app asked for something other than a code.", APP),
        "unsupported_grant_type" | "grant_type_not_allowed" => {
            ("The app asked for a token in a way that is not open to it.", APP)
        }
        "request_object" => ("The app sent its request in a form that is not supported.", APP),
        "pkce_missing" | "pkce_plain" | "pkce_malformed" => (
            "The app did not protect its request with PKCE (S256), which is required.",
            "Update the app, or report it to its maker.",
        ),
        "pkce_mismatch" => (
            "The app could not prove that it began this authorization: its code_verifier does not match.",
            "Start again from the app. If it happens each time, two copies of the app mix up their logins, or something in between changes them.",
        ),
        "unknown_resource" => (
            "The app named a resource that does not exist here.",
            "Compare the address in the app with those under Resources.",
        ),
        "resource_mismatch" => ("The app named another resource than the one that was allowed.", START),
        "no_scope_left" => (
            "None of the scopes the app asked for exists on this resource.",
            "Compare the scopes in the app with those of the resource.",
        ),
        "scope_widened" => ("The app asked for more than was allowed.", START),
        "person_denied" => ("The person said no.", "Nothing is wrong. They can start again from the app."),
        "login_needed" | "consent_needed" => (
            "The app asked not to bother anybody, but somebody must sign in or agree.",
            "Start again from the app, with somebody to answer.",
        ),
        _ => return None,
    })
}

fn token(reason: &str) -> Option<(&'static str, &'static str)> {
    Some(match reason {
        "auth_method_mismatch" => ("The app authenticated in another way than it is registered for.", APP),
        "wrong_client_secret" => (
            "The app showed a wrong client secret.",
            "Make a new secret for the client and put it into the app.",
        ),
        "expired_client_secret" => (
            "The app showed a client secret that has expired.",
            "Make a new secret for the client and put it into the app.",
        ),
        "revoked_client_secret" => (
            "The app showed a client secret that was revoked.",
            "Put a current secret of the client into the app. If none should use the old one, see where it is.",
        ),
        "unknown_code" => ("The app showed a code that was never issued, or is gone.", START),
        "expired_code" => (
            "The app came for its token too late: a code is good for a minute.",
            "Start again from the app. If it happens each time, look at the clock and the network of the app.",
        ),
        "replayed_code" => (
            "A code was used twice, so whoever used it first may not be the app. What it gave was ended.",
            "Start again from the app. If it happens each time, the app sends its request twice.",
        ),
        "foreign_code" => ("The app showed a code that was issued to another.", APP),
        "unknown_refresh_token" => {
            ("The app showed a refresh token that was never issued, or is gone.", START)
        }
        "expired_refresh_token" => ("The app was not used for so long that its login ended.", START),
        "replayed_refresh_token" => (
            "A refresh token was used twice: two programs share one login, or it was copied. The login was ended.",
            "Connect each program on its own, and start again from the app.",
        ),
        "foreign_refresh_token" => ("The app showed a refresh token of another.", APP),
        "revoked_grant" => ("The login had been ended before.", START),
        "second_factor_needed" => (
            "The person must show a second factor now, and had shown none when the app was allowed.",
            "The person signs in again from the app, with the second factor.",
        ),
        "raced_request" => ("Two requests used the same code at the same moment.", START),
        "unknown_token" => ("The token is not known here.", "Nothing needs to be done."),
        "not_allowed" => {
            ("The person, the app or the sign-in was disabled meanwhile.", "See whether that was meant.")
        }
        "account_changed" => (
            "The password was changed, or the person was disabled, while they were signing in.",
            "Nothing needs to be done: they sign in again.",
        ),
        "login_not_fresh" => (
            "A fresh login was asked for, and the login provider told of an older one.",
            "The person signs out at the provider and tries again.",
        ),
        "store_unavailable" => {
            ("The database did not answer.", "Look at the database and the log; then try again.")
        }
        "issuer_unavailable" => (
            "The keys of the token's issuer could not be had.",
            "Look at the log for the reason; it is asked again by itself.",
        ),
        "foreign_issuer" => (
            "The app asked here for a resource whose tokens come from elsewhere.",
            "Remove this server from the app and add it again.",
        ),
        "internal" => ("Gatepost itself failed.", "Look at the log for the time of this event."),
        _ => return None,
    })
}

fn program(reason: &str) -> Option<(&'static str, &'static str)> {
    Some(match reason {
        "unknown_api_token" => (
            "A program showed an API token that is not known here.",
            "Compare it with the list of tokens: is it complete, and of this server?",
        ),
        "revoked_api_token" => {
            ("A program showed an API token that was revoked.", "Make it another one, if it should go on.")
        }
        "right_lost" => (
            "Whoever began the export signed out, or administers no more.",
            "Nothing needs to be done: the file broke off.",
        ),
        "mail_refused" => (
            "The mail server refused a letter for good.",
            "The log has its words. Hand a link over yourself: make it anew on the person's page.",
        ),
        "mail_server_away" => (
            "The mail server could not be reached for some twelve minutes, and a letter was given up.",
            "Look at the log and at the settings of mail, then make the link anew on the person's page.",
        ),
        "mail_queue_full" => (
            "Too many letters were waiting, and one was given up.",
            "Look whether the mail server takes letters, then make the link anew on the person's page.",
        ),
        "expired_api_token" => ("A program showed an API token that has expired.", "Make it another one."),
        _ => return None,
    })
}

fn people(reason: &str) -> Option<(&'static str, &'static str)> {
    const AGAIN: &str = "They can try again.";
    const PROVIDER: &str = "Look at the settings of the login provider, and at the log.";
    Some(match reason {
        "wrong_password" => ("The password was wrong.", "If they forgot it, make them a link for a new one."),
        "unknown_email" => {
            ("Nobody here has the address that was typed.", "Invite them, if they should come in.")
        }
        "no_password" => ("The person has no password.", "They sign in another way, or get a password link."),
        "disabled_person" => ("The person is disabled.", "Enable them, if they should come in."),
        "wrong_code" | "code_used_before" | "wrong_recovery_code" => {
            ("The code was wrong or used before.", AGAIN)
        }
        "codes_paused" | "too_many_wrong_codes" => {
            ("There were too many wrong codes.", "They wait, or use another way in.")
        }
        "ceremony_expired" | "ceremony_spent" | "ceremony_unknown" => {
            ("The sign-in took too long or was finished before.", "They start again at the login page.")
        }
        "ceremony_of_other_browser" => {
            ("The sign-in was continued on another browser.", "They stay on one browser.")
        }
        "stale_form" => {
            ("A form was out of date, or came from another site.", "They reload the page and send it again.")
        }
        "dead_link" => ("The link had been used or was too old.", "Make them a new one."),
        "not_an_administrator" => ("The person is no administrator.", "Make them one, if they should be."),
        "last_admin" => ("They are the only administrator.", "Make somebody else an administrator first."),
        "last_way_in" => ("It was the only way to sign in.", "They add another way first."),
        "second_factor_required" => ("A second factor is required here.", "They set up another one first."),
        "not_confirmed" => ("It was not confirmed.", AGAIN),
        "foreign_host" => (
            "The request was meant for another server name.",
            "Set the public URL to the name that is used, or correct the proxy.",
        ),
        "foreign_origin" => {
            ("A web page of another site called.", "Nothing needs to be done, unless that page is yours.")
        }
        "foreign_mcp_session" => ("The MCP session belongs to somebody else.", "Start the app again."),
        "insufficient_scope" => (
            "The app used a tool whose scope it was not allowed.",
            "Start again from the app and leave the scope ticked.",
        ),
        "token_expired" => (
            "The access token had expired.",
            "Apps renew it by themselves; if not, start again from the app.",
        ),
        "token_revoked" => ("The login of the app was ended.", "Start again from the app."),
        "token_wrong_audience" => {
            ("The token was made for another resource.", "Compare the address in the app with the resource.")
        }
        "token_not_ours" => (
            "The token was not issued here, or was changed.",
            "Remove this server from the app and add it again.",
        ),
        "body_too_large" | "body_too_slow" => ("The request was too large or too slow.", AGAIN),
        "not_invited" | "domain_not_admitted" => {
            ("They may not come in with that login.", "Invite them, or change who is admitted.")
        }
        "address_missing"
        | "address_not_verified"
        | "address_recycled"
        | "address_taken"
        | "identity_taken" => (
            "The login at the provider could not be tied to one person.",
            "Link it from their account, or invite them.",
        ),
        "cancelled_at_provider" => ("They cancelled at the provider.", AGAIN),
        text if text.starts_with("provider_") || text.starts_with("id_token_") => {
            ("The login provider's answer could not be used.", PROVIDER)
        }
        "unknown_provider" | "wrong_provider" | "wrong_issuer" => {
            ("The answer came from another provider.", PROVIDER)
        }
        text if text.starts_with("passkey") || text.contains("_passkey") => {
            ("The passkey could not be used.", AGAIN)
        }
        _ => return None,
    })
}

/// What is wrong with a token that another issuer is said to have made.
fn of_another_issuer(reason: &str) -> Option<(&'static str, &'static str)> {
    const THERE: &str = "Look at how the issuer makes its tokens.";
    Some(match reason {
        "token_foreign_issuer" => (
            "The token is from an issuer that the resource does not trust.",
            "Compare its issuer with the settings of the resource.",
        ),
        "token_unknown_key" => (
            "The token is signed with a key that its issuer does not publish.",
            "If the issuer changed its keys just now, try again in half a minute.",
        ),
        "token_bad_signature" => ("The signature of the token is wrong.", "Somebody may have changed it."),
        "token_wrong_algorithm" => ("The token is not signed with RS256.", THERE),
        "token_without_key_id" => ("The token does not name its key.", THERE),
        "token_without_expiry" => ("The token does not say when it expires.", THERE),
        "token_not_yet_valid" => ("The token is not valid yet.", "Compare the clocks of both servers."),
        "token_other_resource" => {
            ("The token names another resource.", "Compare the address in the app with the resource.")
        }
        "token_unknown_confirmation" => ("The token is bound to something that is not checked here.", THERE),
        "token_too_large" => ("The token is too large, or has too many scopes.", THERE),
        "token_malformed" => ("The token cannot be read.", "Start again from the app."),
        _ => return None,
    })
}

/// How an authorization stands: a sentence and what to do. `broken` is the event it broke at.
pub fn verdict(verdict: &Verdict, broken: Option<&EventRow>) -> (String, &'static str) {
    let reason = broken.map(|event| event.reason.as_str()).unwrap_or_default();
    let (because, remedy) = why(reason).unwrap_or(("", ""));
    match verdict {
        Verdict::Broke(step, _) => {
            let place = match step {
                Step::Registration => "at the registration of the app",
                Step::Request => "at the request of the app",
                Step::Login => "at the sign-in",
                Step::Consent => "at the consent page",
                Step::Token => "at the token",
                Step::Use => "at a call with the token",
            };
            (format!("It broke {place}. {because}").trim_end().to_owned(), remedy)
        }
        Verdict::Denied => {
            ("The person said no.".to_owned(), "Nothing is wrong. They can start again from the app.")
        }
        Verdict::Ended(_) => {
            ("The login of the app was ended.".to_owned(), "To connect again, start from the app.")
        }
        Verdict::Waiting => (
            "The person was led to the next page and has not finished.".to_owned(),
            "Ask them to go on in the browser, or to start again from the app.",
        ),
        Verdict::NoToken => (
            "The person allowed it, but the app never came for its token.".to_owned(),
            "The browser could not reach the app: see whether it was still running, and that nothing blocks the address it waits at.",
        ),
        Verdict::NeverUsed => (
            "The token was issued and never used.".to_owned(),
            "The app stopped after signing in: reload its list of servers, or look at its log.",
        ),
        Verdict::Works => ("The app is connected and has used its token.".to_owned(), ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snake(name: &str) -> String {
        let mut out = String::new();
        for (i, c) in name.chars().enumerate() {
            if c.is_ascii_uppercase() && i > 0 {
                out.push('_');
            }
            out.push(c.to_ascii_lowercase());
        }
        out
    }

    #[test]
    fn every_reason_of_the_protocol_is_explained() {
        let source = include_str!("../../oauth/error.rs");
        let list = source.split("pub enum Reason {").nth(1).unwrap().split('}').next().unwrap();
        let names: Vec<_> = list.split(',').map(str::trim).filter(|n| !n.is_empty()).collect();
        assert!(names.len() > 40);
        // The codes of documents have a test of their own.
        for name in names.into_iter().filter(|name| !name.contains('(')) {
            let (because, remedy) = why(&snake(name)).unwrap_or_else(|| panic!("{name} has no words"));
            assert!(because.ends_with('.') && remedy.ends_with('.'), "{name}: {because} {remedy}");
        }
    }

    #[test]
    fn every_event_has_words_for_both_outcomes() {
        for event in Event::ALL {
            for outcome in ["ok", "refused"] {
                let row =
                    EventRow { kind: event.as_str().into(), outcome: outcome.into(), ..EventRow::default() };
                assert!(what(&row).len() > 8, "{event:?}");
            }
        }
        assert_eq!(what(&EventRow::default()), "Something of an earlier version");
    }
}
