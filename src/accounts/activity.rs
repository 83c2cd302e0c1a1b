//! What happened with an account, in words: one sentence for each kind of event, outcome and reason.
//!
//! Every kind of [`Event`] has its words here: a new one does not compile without. A stored kind that no code
//! writes any more gets a neutral sentence.

use super::{by_administrator, words};
use crate::audit::Event;
use crate::store::audit::EventRow;
use crate::types::Proof;

/// What a person should make of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// As usual.
    Usual,
    /// Worth a look: somebody was refused, or something was taken away.
    Notable,
}

/// One entry in words. `app` is the client's name, where there is one.
pub fn tell(event: &EventRow, app: Option<&str>) -> (String, Weight) {
    let app = app.map(str::trim).filter(|name| !name.is_empty()).unwrap_or("an app");
    let weight = weight_of(event);
    let ok = event.outcome == "ok";
    let sentence = match Event::parse(&event.kind) {
        Some(kind) => by_administrator::tell(event, kind, app)
            .unwrap_or_else(|| words_of(kind, ok, &event.reason, event.detail.as_deref(), app)),
        None => "Something happened with your account.".to_owned(),
    };
    (sentence, weight)
}

fn weight_of(event: &EventRow) -> Weight {
    let is_loss = matches!(event.kind.as_str(), "grant.revoked" | "session.new_browser");
    // A "no" of the person's own is nothing to worry about.
    let is_usual = (event.outcome == "ok" && !is_loss) || event.reason == "person_denied";
    if is_usual { Weight::Usual } else { Weight::Notable }
}

fn words_of(kind: Event, ok: bool, reason: &str, detail: Option<&str>, app: &str) -> String {
    match kind {
        Event::Login => login(ok, reason, detail),
        Event::Logout => "You signed out.".to_owned(),
        Event::NewBrowser => {
            format!("A browser never seen before signed in: {}.", detail.unwrap_or("an unknown one"))
        }
        Event::SessionEnded if reason == "all" => "You ended every sign-in.".to_owned(),
        Event::SessionEnded if reason == "others" => "You ended every other sign-in.".to_owned(),
        Event::SessionEnded => "You ended a sign-in.".to_owned(),
        Event::SetupCompleted => "Your account was made, as the first administrator's.".to_owned(),
        Event::UserCreated => "Your account was made.".to_owned(),
        Event::UserDisabled => "Your account was disabled.".to_owned(),
        Event::UserEnabled => "Your account was enabled again.".to_owned(),
        Event::AccountChanged => "A form of your account was refused: it was out of date.".to_owned(),
        Event::InvitationCreated => "You were invited.".to_owned(),
        Event::InvitationAccepted if ok => "You accepted your invitation.".to_owned(),
        Event::InvitationAccepted => "Your invitation was tried and refused.".to_owned(),
        Event::IdentityLinked if ok => "A login at another provider was added.".to_owned(),
        Event::IdentityLinked => "A login at another provider was not added.".to_owned(),
        Event::IdentityUnlinked if ok => "A login at another provider was removed.".to_owned(),
        Event::IdentityUnlinked => "A login at another provider was not removed.".to_owned(),
        Event::UserRenamed => "You changed your name.".to_owned(),
        Event::UserReaddressed => "The e-mail address of your account was changed.".to_owned(),
        Event::AdminGranted => "You became an administrator.".to_owned(),
        Event::AdminRemoved => "You are no administrator any more.".to_owned(),
        Event::SecondFactorRequired => "A second step was made a must for your account.".to_owned(),
        Event::SecondFactorOptional => "A second step is no longer a must for your account.".to_owned(),
        Event::UserExported => "You downloaded a copy of your data.".to_owned(),
        Event::UserDeleted => "Your account was not deleted.".to_owned(),
        Event::PasswordReset if ok => "Your password was changed by a link.".to_owned(),
        Event::PasswordReset => "A link for a new password was refused.".to_owned(),
        Event::PasswordChanged if ok => "You changed your password.".to_owned(),
        Event::PasswordChanged => "A change of your password was refused.".to_owned(),
        Event::SecondFactor if ok => "A code was entered to sign in.".to_owned(),
        Event::SecondFactor => "A wrong code was entered after the first step of signing in.".to_owned(),
        Event::SecondFactorOn if ok => "An authenticator app was set up.".to_owned(),
        Event::SecondFactorOn => "An authenticator app was not set up: the code was wrong.".to_owned(),
        Event::SecondFactorOff => second_factor_off(ok, reason),
        Event::RecoveryCodesMade => "New recovery codes were made.".to_owned(),
        Event::PasskeyAdded => passkey(ok, "added"),
        Event::PasskeyRenamed => passkey(ok, "renamed"),
        Event::PasskeyRemoved => passkey(ok, "removed"),
        Event::ResetLinkCreated => reset_link(ok, reason, detail),
        Event::Consent | Event::ConsentWithdrawn => consent(kind, ok, reason, app),
        Event::DeviceAuthorization | Event::DeviceCode => device(kind, ok, reason, app),
        Event::Authorization if ok => format!("{app} asked for access."),
        Event::Authorization => format!("A request of {app} was refused."),
        Event::TokenIssued => token(ok, app, "got its login", "get a login"),
        Event::TokenRefreshed => token(ok, app, "renewed its login", "renew its login"),
        Event::TokenExchanged => {
            token(ok, app, "used your login at another server", "use your login at another server")
        }
        Event::AssertionTaken => format!("Your organization let {app} in for you."),
        Event::TokenRevoked => format!("{app} gave its login back."),
        Event::GrantRevoked => grant_revoked(reason, app),
        Event::Introspection => format!("{app} asked about a login."),
        Event::AccessRefused => access_refused(reason, app),
        Event::ApiTokenCreated | Event::ApiTokenRevoked => api_token(kind).to_owned(),
        Event::AdminRefused => "You tried to do something that only administrators may do.".to_owned(),
        // What administrators do to the server.
        _ => "Something changed on this server.".to_owned(),
    }
}

fn api_token(kind: Event) -> &'static str {
    if kind == Event::ApiTokenCreated {
        "You made a token for the administration's API."
    } else {
        "A token of yours for the administration's API was revoked."
    }
}

fn token(ok: bool, app: &str, done: &str, tried: &str) -> String {
    if ok { format!("{app} {done}.") } else { format!("{app} tried to {tried} and was refused.") }
}

fn passkey(ok: bool, done: &str) -> String {
    if ok { format!("A passkey was {done}.") } else { format!("A passkey was not {done}.") }
}

fn second_factor_off(ok: bool, reason: &str) -> String {
    match (ok, reason) {
        (_, "administrator") => "An administrator removed your authenticator app and passkeys.",
        (true, _) => "The authenticator app was turned off.",
        (false, _) => "The authenticator app was not turned off.",
    }
    .to_owned()
}

fn login(ok: bool, reason: &str, detail: Option<&str>) -> String {
    if ok {
        let proof = detail.and_then(|d| d.strip_prefix("with ")).and_then(Proof::parse);
        return proof.map_or_else(
            || "You signed in.".to_owned(),
            |p| format!("You signed in with {}.", words::how(p)),
        );
    }
    match reason {
        "wrong_password" => "Somebody tried to sign in with a wrong password.",
        "no_password" => "Somebody tried to sign in with a password; your account has none.",
        "disabled_person" => "Somebody tried to sign in while your account was disabled.",
        "rate_limited" => "Somebody tried to sign in too often and was held off.",
        _ => "An attempt to sign in was refused.",
    }
    .to_owned()
}

fn reset_link(ok: bool, reason: &str, detail: Option<&str>) -> String {
    match (ok, reason) {
        (true, _) if detail.is_some() => {
            "A link for a new password was mailed to you, as asked on the login page."
        }
        (true, _) => "An administrator made you a link to choose a password.",
        (false, "rate_limited") => {
            "Another link for a new password was asked for, too soon after the last ones."
        }
        (false, _) => "A link for a new password was asked for and not sent.",
    }
    .to_owned()
}

fn consent(kind: Event, ok: bool, reason: &str, app: &str) -> String {
    match (kind, ok, reason) {
        (Event::ConsentWithdrawn, _, "all") => "You disconnected every app.".to_owned(),
        (Event::ConsentWithdrawn, ..) => format!("You disconnected {app}."),
        (_, true, _) => format!("You connected {app}."),
        (_, false, "person_denied") => format!("You denied {app} access."),
        _ => format!("{app} was not connected."),
    }
}

fn device(kind: Event, ok: bool, reason: &str, app: &str) -> String {
    match (kind, ok, reason) {
        (Event::DeviceAuthorization, true, _) => format!("{app} asked for access, on a device."),
        (Event::DeviceAuthorization, ..) => format!("A request of {app}, on a device, was refused."),
        (_, true, _) => format!("You entered the code of a device, for {app}."),
        (_, false, "rate_limited") => "Codes of devices were entered too often, and held off.".to_owned(),
        (_, false, _) => "A code was entered that no device waits with.".to_owned(),
    }
}

fn grant_revoked(reason: &str, app: &str) -> String {
    match reason {
        "replayed_refresh_token" | "replayed_code" | "replayed_device_code" => {
            format!("Two programs used the same login of {app}; it was ended.")
        }
        _ => format!("A login of {app} was ended."),
    }
}

fn access_refused(reason: &str, app: &str) -> String {
    match reason {
        "insufficient_scope" => format!("{app} tried a tool you have not allowed it."),
        _ => format!("{app} tried something and was refused."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(kind: &str, outcome: &str, reason: &str, detail: Option<&str>) -> EventRow {
        EventRow {
            kind: kind.into(),
            outcome: outcome.into(),
            reason: reason.into(),
            detail: detail.map(str::to_owned),
            ..EventRow::default()
        }
    }

    #[test]
    fn what_happened_is_told_in_plain_words() {
        for (kind, outcome, reason, detail, expected) in [
            (
                "session.login",
                "ok",
                "ok",
                Some("with password+code"),
                "You signed in with password and one-time code.",
            ),
            ("session.login", "ok", "ok", Some("with magic"), "You signed in."),
            (
                "session.login",
                "refused",
                "wrong_password",
                None,
                "Somebody tried to sign in with a wrong password.",
            ),
            ("consent.decided", "ok", "ok", Some("scopes: x"), "You connected Inspector."),
            ("consent.decided", "refused", "person_denied", None, "You denied Inspector access."),
            ("consent.withdrawn", "ok", "ok", None, "You disconnected Inspector."),
            ("consent.withdrawn", "ok", "all", Some("apps: 3"), "You disconnected every app."),
            (
                "grant.revoked",
                "ok",
                "replayed_refresh_token",
                None,
                "Two programs used the same login of Inspector; it was ended.",
            ),
            ("session.ended", "ok", "others", None, "You ended every other sign-in."),
            ("of.another.time", "ok", "ok", None, "Something happened with your account."),
        ] {
            assert_eq!(tell(&event(kind, outcome, reason, detail), Some("Inspector")).0, expected);
        }
        assert_eq!(
            tell(&event("token.revoked", "ok", "ok", None), Some(" ")).0,
            "an app gave its login back."
        );
    }

    #[test]
    fn every_event_has_a_sentence_for_every_outcome() {
        for kind in Event::ALL {
            for outcome in ["ok", "refused", "failed"] {
                let (sentence, _) = tell(&event(kind.as_str(), outcome, "whatever", None), None);
                assert!(sentence.ends_with('.') && sentence.len() > 10, "{kind:?}: {sentence}");
                assert!(!sentence.contains('_'), "{kind:?}: {sentence}");
            }
        }
    }

    #[test]
    fn what_was_refused_or_taken_away_is_worth_a_look() {
        assert_eq!(tell(&event("session.login", "ok", "ok", None), None).1, Weight::Usual);
        assert_eq!(tell(&event("consent.decided", "refused", "person_denied", None), None).1, Weight::Usual);
        assert_eq!(tell(&event("session.login", "refused", "wrong_password", None), None).1, Weight::Notable);
        assert_eq!(tell(&event("grant.revoked", "ok", "replayed_code", None), None).1, Weight::Notable);
    }
}
