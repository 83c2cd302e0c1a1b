//! Signing keys: what there is, rotating, retiring.
//!
//! | asked for                                   | result                                                |
//! |---------------------------------------------|-------------------------------------------------------|
//! | rotate, the waiting key published 10 minutes or longer | it signs, the old one only verifies, another waits |
//! | rotate sooner                               | refused, unless in a hurry                            |
//! | retire a waiting key                        | it will never sign; another one waits                 |
//! | retire a retired key                        | it is gone, and every token it signed with it         |
//! | retire an active key                        | refused: it is rotated first                          |

use super::{Actor, Admin, Failure};
use crate::audit::Event;
use crate::oauth::keys::{Alg, KeyringError};
use crate::store::StoreError;
use crate::store::signing_keys::{KeyRow, KeyState};
use crate::types::Timestamp;

/// How long a new key is published before it may sign, in seconds: verifiers keep the key set that long.
pub const PUBLISHED_FOR: i64 = 600;

impl From<KeyringError> for Failure {
    fn from(error: KeyringError) -> Self {
        match error {
            KeyringError::Store(error) => Self::Store(error),
            KeyringError::NotRetirable(_) => Self::refused("not_retirable", sentence(&error)),
            KeyringError::Raced => Self::Changed,
            KeyringError::WrongMasterKey(_) => Self::refused("wrong_secret_key", sentence(&error)),
            KeyringError::Damaged(_) => Self::refused("damaged_key", sentence(&error)),
            KeyringError::Generate => Self::refused("no_key_made", sentence(&error)),
        }
    }
}

/// An error's text as a sentence.
fn sentence(error: &KeyringError) -> String {
    let text = error.to_string();
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}

/// Every key, in order of algorithm and creation.
pub async fn list(admin: &Admin) -> Result<Vec<KeyRow>, StoreError> {
    let mut keys = admin.oauth.store.list_keys().await?;
    keys.sort_by(|a, b| a.alg.cmp(&b.alg).then_with(|| a.id.cmp(&b.id)));
    Ok(keys)
}

/// When a waiting key may sign without anybody having to fetch the key set anew.
pub const fn ready_at(key: &KeyRow) -> Timestamp {
    key.created_at + PUBLISHED_FOR
}

/// Lets an algorithm's waiting key sign from now on. Returns its `kid`.
///
/// # Errors
/// [`Failure::Refused`] `too_soon` when the key has not been published long enough and there is no hurry.
pub async fn rotate(admin: &Admin, actor: &Actor, alg: Alg, in_a_hurry: bool) -> Result<String, Failure> {
    let ctx = &admin.oauth;
    if !in_a_hurry {
        check_published(admin, alg).await?;
    }
    let kid = ctx.keys.rotate(&ctx.store, alg, &ctx.clock, &ctx.rng).await?;
    let how = if in_a_hurry { "at once" } else { "after publishing" };
    ctx.audit.record(actor.did(Event::KeyRotated).detail(format!("{}: {kid} {how}", alg.as_str()))).await;
    Ok(kid)
}

async fn check_published(admin: &Admin, alg: Alg) -> Result<(), Failure> {
    let now = admin.oauth.clock.now();
    let keys = admin.oauth.store.list_keys().await?;
    let early =
        keys.iter().find(|key| key.alg == alg.as_str() && key.state == KeyState::Next && ready_at(key) > now);
    early.map_or(Ok(()), |key| {
        Err(Failure::refused(
            "too_soon",
            format!(
                "{} has been published for too short a time: verifiers that fetched the keys earlier do not \
                 know it yet. Wait {} seconds, or activate it now all the same.",
                key.id,
                ready_at(key) - now
            ),
        ))
    })
}

/// Takes a waiting key out of the running, or deletes a retired one; makes sure that one is waiting.
pub async fn retire(admin: &Admin, actor: &Actor, kid: &str) -> Result<(), Failure> {
    let ctx = &admin.oauth;
    if !ctx.store.list_keys().await?.iter().any(|key| key.id == kid) {
        return Err(Failure::NotFound);
    }
    ctx.keys.retire(&ctx.store, kid, &ctx.clock).await?;
    ctx.keys.ensure(&ctx.store, &ctx.clock, &ctx.rng).await?;
    ctx.audit.record(actor.did(Event::KeyRetired).detail(kid)).await;
    Ok(())
}
