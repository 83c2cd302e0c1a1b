//! What an administrator did to an account, in words for the person it happened to.

use crate::audit::Event;
use crate::store::audit::EventRow;

/// The sentence for an entry that somebody else caused; nothing for what the person did, and for what is told the
/// same whoever did it. `app` is the client's name.
pub fn tell(event: &EventRow, kind: Event, app: &str) -> Option<String> {
    let actor = event.actor_id.as_deref()?;
    if event.outcome != "ok" || event.user_id.as_deref() == Some(actor) {
        return None;
    }
    let all = event.reason == "all";
    let deed = deed(kind, all, app)?;
    Some(format!("An administrator {deed}."))
}

#[expect(clippy::wildcard_enum_match_arm, reason = "events that administrators do not cause have no deed")]
fn deed(kind: Event, all: bool, app: &str) -> Option<String> {
    let text = match kind {
        Event::UserCreated => "made your account",
        Event::UserDisabled => "disabled your account",
        Event::UserEnabled => "enabled your account again",
        Event::UserRenamed => "changed your name",
        Event::UserReaddressed => "changed the e-mail address of your account",
        Event::AdminGranted => "made you an administrator",
        Event::AdminRemoved => "made you an ordinary person again",
        Event::InvitationCreated => "invited you",
        Event::ResetLinkCreated => "made you a link to choose a password",
        Event::SecondFactorRequired => "made a second step a must for your account",
        Event::SecondFactorOptional => "no longer wants a second step of your account in particular",
        Event::SecondFactorOff => "removed your authenticator app and passkeys",
        Event::SessionEnded if all => "ended every sign-in of yours",
        Event::SessionEnded => "ended a sign-in of yours",
        Event::IdentityUnlinked => "removed your login at another provider",
        Event::ConsentWithdrawn if all => "disconnected every app of yours",
        Event::ConsentWithdrawn => return Some(format!("disconnected {app}")),
        Event::ApiTokenCreated => "made an API token for you",
        Event::ApiTokenRevoked => "revoked an API token of yours",
        Event::GrantRevoked => return Some(format!("ended a login of {app}")),
        _ => return None,
    };
    Some(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::activity;

    fn event(kind: Event, reason: &str, actor: Option<&str>) -> EventRow {
        EventRow {
            kind: kind.as_str().into(),
            outcome: "ok".into(),
            reason: reason.into(),
            user_id: Some("usr_1".into()),
            actor_id: actor.map(str::to_owned),
            ..EventRow::default()
        }
    }

    #[test]
    fn what_somebody_else_did_says_so() {
        let tell = |kind, reason, actor| activity::tell(&event(kind, reason, actor), Some("Inspector")).0;
        let admin = Some("usr_2");
        assert_eq!(tell(Event::SessionEnded, "one", admin), "An administrator ended a sign-in of yours.");
        assert_eq!(tell(Event::ConsentWithdrawn, "ok", admin), "An administrator disconnected Inspector.");
        assert_eq!(
            tell(Event::UserDisabled, "ok", Some("command-line")),
            "An administrator disabled your account."
        );
        for own in [None, Some("usr_1")] {
            assert_eq!(tell(Event::ConsentWithdrawn, "ok", own), "You disconnected Inspector.");
            assert_eq!(tell(Event::SessionEnded, "one", own), "You ended a sign-in.");
        }
        assert_eq!(tell(Event::TokenIssued, "ok", admin), "Inspector got its login.");
    }
}
