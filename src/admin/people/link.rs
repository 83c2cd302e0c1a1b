//! One-time links for people: an invitation, or one to choose a password. A new one takes the place of the earlier one.

use super::super::{Actor, Admin, Failure};
use super::not_yourself;
use crate::accounts::links;
use crate::audit::Event;
use crate::mail::Letter;
use crate::store::links::LinkPurpose;
use crate::store::users::UserRow;
use crate::types::Plain;

/// What a person is given a link for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum For {
    /// To come in for the first time, with a password or a login elsewhere.
    ComingIn,
    /// To choose a password.
    Password,
}

impl For {
    const fn purpose(self) -> LinkPurpose {
        match self {
            Self::ComingIn => LinkPurpose::Invite,
            Self::Password => LinkPurpose::Reset,
        }
    }

    /// How long it works, in words.
    pub const fn life(self) -> &'static str {
        match self {
            Self::ComingIn => "7 days",
            Self::Password => "24 hours",
        }
    }
}

/// A link, told once.
pub struct Link {
    pub user: UserRow,
    pub what: For,
    /// Path and query, to be put behind the public URL.
    pub path: Plain<String>,
}

impl Link {
    /// The letter that brings it.
    pub fn letter(&self) -> Letter {
        Letter::ChoosePassword {
            link: self.path.clone(),
            life: self.what.life(),
            is_new: self.what == For::ComingIn,
        }
    }

    /// Sends it to the person; `false` where there is no mail server.
    pub fn mail(&self, admin: &Admin) -> bool {
        admin.accounts.mail.send(&self.user.email, &self.letter());
        admin.accounts.mail.is_on()
    }
}

/// Makes a link. It is not mailed yet.
///
/// # Errors
/// [`Failure::Refused`] for a disabled person, for oneself, and an invitation for somebody who has signed in before.
pub async fn make(admin: &Admin, actor: &Actor, id: &str, what: For) -> Result<Link, Failure> {
    let user = super::find(admin, id).await?;
    not_yourself(actor, &user)?;
    if what == For::ComingIn && user.last_login_at.is_some() {
        return Err(Failure::refused(
            "came_in_before",
            "This person has signed in before. Make a link to choose a password instead.",
        ));
    }
    let made = links::replace(&admin.accounts, what.purpose(), &user.id).await?;
    let Some(secret) = made else {
        super::find(admin, id).await?;
        return Err(Failure::refused(
            "disabled",
            "This person is disabled, and a link would not let them in. Enable them first.",
        ));
    };
    let (event, page) = match what {
        For::ComingIn => (Event::InvitationCreated, "/invite"),
        For::Password => (Event::ResetLinkCreated, "/reset"),
    };
    admin.oauth.audit.record(actor.did(event).user(user.id.clone())).await;
    Ok(Link { user, what, path: Plain::new(format!("{page}?token={}", secret.expose())) })
}
