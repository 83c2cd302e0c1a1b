//! One-time links: the first administrator's set-up, and new passwords.

use super::password::{WeakPassword, check_new};
use super::{Accounts, normal_email, notify};
use crate::audit::{Entry, Event};
use crate::mail::Notice;
use crate::oauth::Origin;
use crate::store::StoreError;
use crate::store::links::{LinkPurpose, LinkRow};
use crate::store::users::UserRow;
use crate::types::Plain;
use crate::types::ids::{Kind, new_id};
use crate::types::secret::Bearer;

/// How long a set-up link works, in seconds.
pub const SETUP_LIFE: i64 = 15 * 60;
/// How long a password link works, in seconds.
pub const RESET_LIFE: i64 = 24 * 3600;
/// How long a password link works that anybody could ask for, in seconds.
pub const MAILED_LIFE: i64 = 3600;

/// How long an invitation works, in seconds.
pub const INVITE_LIFE: i64 = 7 * 24 * 3600;

/// Why a link did not do what it is for.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// Unknown, used, expired: the page says how to get another.
    #[error("this link does not work any more")]
    Dead,
    #[error("Enter a valid e-mail address.")]
    BadEmail,
    #[error("That e-mail address is taken.")]
    TakenEmail,
    #[error(transparent)]
    Weak(#[from] WeakPassword),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Hash(#[from] super::password::HashFailed),
}

/// What a person typed on a set-up or password page.
pub struct NewPassword {
    pub password: Plain<String>,
    pub again: Plain<String>,
}

/// Makes a link's secret; a new set-up link ends the earlier ones.
pub async fn create(
    accounts: &Accounts,
    purpose: LinkPurpose,
    user_id: Option<String>,
) -> Result<Plain<String>, StoreError> {
    create_for(accounts, purpose, user_id, life(purpose)).await
}

/// How long a link for this works, in seconds.
const fn life(purpose: LinkPurpose) -> i64 {
    match purpose {
        LinkPurpose::Setup => SETUP_LIFE,
        LinkPurpose::Reset => RESET_LIFE,
        LinkPurpose::Invite => INVITE_LIFE,
    }
}

/// Makes the secret of a link that takes the place of the person's earlier ones for the same purpose. Nothing when
/// they are gone or disabled.
pub async fn replace(
    accounts: &Accounts,
    purpose: LinkPurpose,
    user_id: &str,
) -> Result<Option<Plain<String>>, StoreError> {
    let (row, secret) = new_link(accounts, purpose, Some(user_id.to_owned()), life(purpose));
    Ok(accounts.store.replace_link(user_id.to_owned(), row).await?.then_some(secret))
}

/// Makes the secret of a password link that the person asked for without being known.
pub async fn create_by_mail(accounts: &Accounts, user_id: &str) -> Result<Plain<String>, StoreError> {
    create_for(accounts, LinkPurpose::Reset, Some(user_id.to_owned()), MAILED_LIFE).await
}

async fn create_for(
    accounts: &Accounts,
    purpose: LinkPurpose,
    user_id: Option<String>,
    life: i64,
) -> Result<Plain<String>, StoreError> {
    let (row, secret) = new_link(accounts, purpose, user_id, life);
    accounts.store.add_link(row).await?;
    Ok(secret)
}

fn new_link(
    accounts: &Accounts,
    purpose: LinkPurpose,
    user_id: Option<String>,
    life: i64,
) -> (LinkRow, Plain<String>) {
    let bearer = Bearer::generate(Kind::Link, &accounts.clock, &accounts.rng);
    let now = accounts.clock.now();
    let row = LinkRow {
        id: bearer.id.clone(),
        hash: bearer.hash(),
        purpose,
        user_id,
        created_at: now,
        expires_at: now + life,
    };
    (row, bearer.to_text())
}

/// The live link that somebody wants to use; a dead one is recorded.
async fn find_to_use(
    accounts: &Accounts,
    purpose: LinkPurpose,
    text: &str,
    origin: &Origin,
) -> Result<LinkRow, LinkError> {
    let found = find(accounts, purpose, text).await;
    if matches!(found, Err(LinkError::Dead)) {
        let event = match purpose {
            LinkPurpose::Setup => Event::SetupCompleted,
            LinkPurpose::Reset => Event::PasswordReset,
            LinkPurpose::Invite => Event::InvitationAccepted,
        };
        accounts.audit.record(Entry::refused(event, "dead_link").address(origin.address.clone())).await;
    }
    found
}

/// The live link a text stands for. Looking does not spend it.
pub async fn find(accounts: &Accounts, purpose: LinkPurpose, text: &str) -> Result<LinkRow, LinkError> {
    let bearer = Bearer::parse(Kind::Link, text).ok_or(LinkError::Dead)?;
    let row = accounts.store.find_link(&bearer.id, purpose, accounts.clock.now()).await?;
    row.filter(|r| r.hash.matches(bearer.secret.expose())).ok_or(LinkError::Dead)
}

/// Creates the first administrator. The link is spent only when everything else is right.
pub async fn set_up(
    accounts: &Accounts,
    text: &str,
    email: &str,
    new: NewPassword,
    origin: &Origin,
) -> Result<UserRow, LinkError> {
    let link = find_to_use(accounts, LinkPurpose::Setup, text, origin).await?;
    if accounts.store.has_admin().await? {
        return Err(LinkError::Dead);
    }
    let email = normal_email(email).ok_or(LinkError::BadEmail)?;
    if accounts.store.find_user_by_email(&email).await?.is_some() {
        return Err(LinkError::TakenEmail);
    }
    check_new(new.password.expose(), new.again.expose(), &email, None)?;
    let hash = accounts.passwords.hash(new.password).await?;
    let user = new_user(accounts, email, None, Some(hash), true);
    match accounts.store.set_up_admin(link, user.clone(), accounts.clock.now()).await {
        Ok(true) => {}
        Ok(false) => return Err(LinkError::Dead),
        Err(StoreError::Conflict) => return Err(LinkError::TakenEmail),
        Err(error) => return Err(error.into()),
    }
    let entry = Entry::ok(Event::SetupCompleted).user(user.id.clone()).address(origin.address.clone());
    accounts.audit.record(entry).await;
    Ok(user)
}

/// Sets a new password and ends the person's sessions.
pub async fn reset(
    accounts: &Accounts,
    text: &str,
    new: NewPassword,
    origin: &Origin,
) -> Result<UserRow, LinkError> {
    set_password(accounts, LinkPurpose::Reset, Event::PasswordReset, text, new, origin).await
}

/// Accepts an invitation with a password.
pub async fn accept(
    accounts: &Accounts,
    text: &str,
    new: NewPassword,
    origin: &Origin,
) -> Result<UserRow, LinkError> {
    set_password(accounts, LinkPurpose::Invite, Event::InvitationAccepted, text, new, origin).await
}

async fn set_password(
    accounts: &Accounts,
    purpose: LinkPurpose,
    event: Event,
    text: &str,
    new: NewPassword,
    origin: &Origin,
) -> Result<UserRow, LinkError> {
    let link = find_to_use(accounts, purpose, text, origin).await?;
    let user = person_of(accounts, &link).await?;
    check_new(new.password.expose(), new.again.expose(), &user.email, user.name.as_deref())?;
    let hash = accounts.passwords.hash(new.password).await?;
    if !accounts.store.reset_password(link, user.id.clone(), hash.clone(), accounts.clock.now()).await? {
        return Err(LinkError::Dead);
    }
    let entry = Entry::ok(event).user(user.id.clone()).address(origin.address.clone());
    accounts.audit.record(entry).await;
    if user.password_hash.is_some() || user.last_login_at.is_some() {
        notify::notify(accounts, &user, Notice::PasswordChanged, origin);
    }
    Ok(UserRow { password_hash: Some(hash), ..user })
}

/// The person a password link is for; nobody when they are gone or disabled.
pub async fn person_of(accounts: &Accounts, link: &LinkRow) -> Result<UserRow, LinkError> {
    let id = link.user_id.as_deref().ok_or(LinkError::Dead)?;
    let user = accounts.store.find_user(id).await?;
    user.filter(|u| u.disabled_at.is_none()).ok_or(LinkError::Dead)
}

/// A row for a person who does not exist yet.
pub fn new_user(
    accounts: &Accounts,
    email: String,
    name: Option<String>,
    password_hash: Option<String>,
    is_admin: bool,
) -> UserRow {
    UserRow {
        id: new_id(Kind::User, &accounts.clock, &accounts.rng),
        email,
        name,
        password_hash,
        is_admin,
        created_at: accounts.clock.now(),
        last_login_at: None,
        disabled_at: None,
        version: 1,
        second_factor_required: false,
    }
}
