//! One person with what belongs to them.

use super::super::{Admin, Failure};
use crate::accounts::session;
use crate::oauth::connected::{self, Page};
use crate::store::connected::Cursor;
use crate::store::identities::IdentityRow;
use crate::store::passkeys::PasskeyRow;
use crate::store::sessions::SessionRow;
use crate::store::users::UserRow;
use crate::types::Timestamp;

/// A person, and what they can sign in with.
pub struct WaysIn {
    pub user: UserRow,
    /// Since when there is an authenticator app.
    pub app_since: Option<Timestamp>,
    pub passkeys: Vec<PasskeyRow>,
    pub identities: Vec<IdentityRow>,
    /// Whether they must show a second factor, for whichever reason.
    pub must_show_two: bool,
}

/// The same with sign-ins and apps.
pub struct Person {
    pub ways: WaysIn,
    /// The last used first, at most 100.
    pub sessions: Vec<SessionRow>,
    /// The last active first, one page of them.
    pub apps: Page,
}

impl WaysIn {
    /// Whether something is left to sign in with, apart from an identity with this id.
    pub fn has_one_without(&self, identity: &str) -> bool {
        self.user.password_hash.is_some()
            || !self.passkeys.is_empty()
            || self.identities.iter().any(|other| other.id != identity)
    }
}

pub async fn ways_in(admin: &Admin, id: &str) -> Result<WaysIn, Failure> {
    let user = super::find(admin, id).await?;
    let (accounts, store) = (&admin.accounts, &admin.accounts.store);
    Ok(WaysIn {
        app_since: store.find_totp(id).await?.map(|app| app.created_at),
        passkeys: store.list_passkeys(id).await?,
        identities: store.identities_of(id).await?,
        must_show_two: crate::accounts::second_factor::is_required(accounts, &user),
        user,
    })
}

pub async fn view(admin: &Admin, id: &str) -> Result<Person, Failure> {
    Ok(Person {
        ways: ways_in(admin, id).await?,
        sessions: session::list(&admin.accounts, id).await?,
        apps: connected::list(&admin.oauth, id, &Cursor::start()).await?,
    })
}
