//! Secrets of confidential clients: several at a time, so that one is replaced without a gap.
//!
//! | asked for                                    | result                                                              |
//! |----------------------------------------------|---------------------------------------------------------------------|
//! | add                                          | one more, told this once; those before go on working                |
//! | add, when five work                          | refused: end one first                                              |
//! | add, to a public client                      | refused: it has nowhere to keep one                                 |
//! | add, to a client that registered itself      | refused: it would not know of it; it registers anew                 |
//! | the same form once more                      | the secret it made, without its text; nothing new                   |
//! | let one expire                               | it works until then, or until it would have expired anyway          |
//! | revoke                                       | the next request with it is refused, on every process               |
//! | let the last one expire, or revoke it        | only when that was said: without one the client gets no token       |
//! | one that has ended                           | not found                                                           |
//!
//! Ending a secret ends no login and no token: that is what disabling the client is for. Replacing one is adding
//! another, and ending the old one when its last use shows that nobody needs it.

use super::super::{Actor, Admin, Failure};
use super::{check_nonce, find};
use crate::audit::{Entry, Event};
use crate::oauth::client::AuthMethod;
pub use crate::store::client_secrets::TheLast;
use crate::store::client_secrets::{Added, End, Ended, SecretRow};
use crate::store::clients::{ClientKind, ClientRow};
use crate::types::ids::Kind;
use crate::types::secret::Bearer;
use crate::types::{Plain, Timestamp};

/// The most secrets of one client that work at a time.
pub const MAX_SECRETS: usize = 5;
/// How long a secret may be made to last, in seconds: an hour to five years.
pub const LIFE: std::ops::RangeInclusive<i64> = 3_600..=157_680_000;
/// How long an old secret works on while the new one is put in its place, in seconds.
pub const GRACE: i64 = 86_400;

/// A secret as it is shown: never its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    pub id: String,
    /// Its last characters; empty for one from before there were hints.
    pub hint: String,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    /// To the minute.
    pub last_used_at: Option<Timestamp>,
    pub is_expired: bool,
}

impl Secret {
    fn of(row: SecretRow, now: Timestamp) -> Self {
        let is_expired = row.is_expired(now);
        let SecretRow { id, hint, created_at, expires_at, last_used_at, .. } = row;
        Self { id, hint, created_at, expires_at, last_used_at, is_expired }
    }
}

/// A secret that was made.
#[derive(Debug)]
pub struct MadeSecret {
    pub secret: Secret,
    /// Its text, this once; nothing when the form was sent before.
    pub text: Option<Plain<String>>,
}

/// Why administrators cannot add a secret to a client: a code for programs, a sentence for people.
pub fn closed(client: &ClientRow) -> Option<(&'static str, &'static str)> {
    if client.auth_method == AuthMethod::None.as_str() {
        return Some((
            "public_client",
            "This client is public: it proves itself with PKCE and has no secret.",
        ));
    }
    if client.kind == ClientKind::Cimd {
        return Some((
            "has_keys",
            "This client proves itself with keys that its document names, never with a secret.",
        ));
    }
    if !AuthMethod::is_secret(&client.auth_method) {
        return Some((
            "has_a_key",
            "This client proves itself with a key (private_key_jwt) and has no secret.",
        ));
    }
    client.kind.describes_itself().then_some((
        "registered_itself",
        "This client registered itself and would not know of another secret. It registers anew to get one.",
    ))
}

/// The secrets of a client: those that work first, each group the newest first. Revoked ones are left out.
pub async fn list(admin: &Admin, client_id: &str) -> Result<Vec<Secret>, Failure> {
    find(admin, client_id).await?;
    let now = admin.oauth.clock.now();
    let rows = admin.oauth.store.list_client_secrets(client_id, now).await?;
    Ok(rows.into_iter().map(|row| Secret::of(row, now)).collect())
}

/// One secret of a client that was not revoked.
pub async fn one(admin: &Admin, client_id: &str, id: &str) -> Result<Secret, Failure> {
    let found = admin.oauth.store.find_client_secret(id).await?;
    let found = found.filter(|row| row.client_id == client_id && row.revoked_at.is_none());
    found.map(|row| Secret::of(row, admin.oauth.clock.now())).ok_or(Failure::NotFound)
}

/// Adds a secret. `life`: seconds until it expires, nothing for one that lasts. `nonce`: of the form, so that it makes
/// nothing twice, see [`super::nonce`].
///
/// # Errors
/// [`Failure::Invalid`] `life` outside [`LIFE`]; [`Failure::Refused`] `public_client`, `registered_itself`,
/// `too_many_secrets`.
pub async fn add(
    admin: &Admin,
    actor: &Actor,
    client_id: &str,
    life: Option<i64>,
    nonce: Option<&str>,
) -> Result<MadeSecret, Failure> {
    let ctx = &admin.oauth;
    let client = find(admin, client_id).await?.client;
    let nonce = nonce.map(check_nonce).transpose()?;
    fits(&client, life)?;
    let now = ctx.clock.now();
    let bearer = Bearer::generate(Kind::ClientSecret, &ctx.clock, &ctx.rng);
    let row = SecretRow::of(&bearer, client_id, now, life.map(|seconds| now + seconds));
    let most = i64::try_from(MAX_SECRETS).unwrap_or(i64::MAX);
    match ctx.store.add_client_secret(row.clone(), nonce, most).await? {
        Added::Done => {}
        Added::Before(row) if row.client_id == client_id => {
            return Ok(MadeSecret { secret: Secret::of(row, now), text: None });
        }
        Added::Before(_) => return Err(Failure::Changed),
        Added::Full => {
            return Err(Failure::refused(
                "too_many_secrets",
                format!("{MAX_SECRETS} secrets of this client work already. Revoke one first."),
            ));
        }
        Added::Gone => return Err(Failure::NotFound),
    }
    let secret = Secret::of(row, now);
    ctx.audit.record(entry(actor, Event::ClientSecretAdded, client_id, &secret)).await;
    Ok(MadeSecret { secret, text: Some(bearer.to_text()) })
}

fn fits(client: &ClientRow, life: Option<i64>) -> Result<(), Failure> {
    if let Some((code, sentence)) = closed(client) {
        return Err(Failure::refused(code, sentence));
    }
    if life.is_some_and(|seconds| !LIFE.contains(&seconds)) {
        let (least, most) = (LIFE.start(), LIFE.end());
        return Err(Failure::invalid("life", format!("Enter {least} to {most} seconds, or nothing.")));
    }
    Ok(())
}

/// Lets a secret work for another `seconds` only. Returns it as it is then.
///
/// # Errors
/// [`Failure::Refused`] `last_secret`, unless `the_last` may go too; [`Failure::NotFound`] when it has ended.
pub async fn expire_in(
    admin: &Admin,
    actor: &Actor,
    (client_id, id): (&str, &str),
    seconds: i64,
    the_last: TheLast,
) -> Result<Secret, Failure> {
    if !LIFE.contains(&seconds) {
        let (least, most) = (LIFE.start(), LIFE.end());
        return Err(Failure::invalid("seconds", format!("Enter {least} to {most} seconds.")));
    }
    let at = admin.oauth.clock.now() + seconds;
    end(admin, (client_id, id), End::At(at), the_last).await?;
    let secret = one(admin, client_id, id).await?;
    admin.oauth.audit.record(entry(actor, Event::ClientSecretExpires, client_id, &secret)).await;
    Ok(secret)
}

/// Revokes a secret.
///
/// # Errors
/// As [`expire_in`].
pub async fn revoke(
    admin: &Admin,
    actor: &Actor,
    (client_id, id): (&str, &str),
    the_last: TheLast,
) -> Result<(), Failure> {
    let secret = one(admin, client_id, id).await?;
    end(admin, (client_id, id), End::Now, the_last).await?;
    admin.oauth.audit.record(entry(actor, Event::ClientSecretRevoked, client_id, &secret)).await;
    Ok(())
}

async fn end(
    admin: &Admin,
    (client_id, id): (&str, &str),
    end: End,
    the_last: TheLast,
) -> Result<(), Failure> {
    let (store, now) = (&admin.oauth.store, admin.oauth.clock.now());
    match store.end_client_secret((client_id.to_owned(), id.to_owned()), end, the_last, now).await? {
        Ended::Done => Ok(()),
        Ended::Gone => Err(Failure::NotFound),
        Ended::Last => Err(Failure::refused(
            "last_secret",
            "It is the only secret of this client that works. Without one it gets no token.",
        )),
    }
}

fn entry(actor: &Actor, event: Event, client_id: &str, secret: &Secret) -> Entry {
    let ends = secret.expires_at.map(|at| format!(", expires at {at}")).unwrap_or_default();
    let detail = format!("{} …{}{ends}", secret.id, secret.hint);
    actor.did(event).client(client_id.to_owned()).detail(detail)
}
