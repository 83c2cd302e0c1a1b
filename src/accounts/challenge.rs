//! Challenges that the browser keeps for us until it answers: signed, for one browser, for ten minutes.
//!
//! | presented                                  | answer                          |
//! |--------------------------------------------|---------------------------------|
//! | not made here, or changed                  | [`CeremonyError::Unknown`]      |
//! | made for another browser                   | [`CeremonyError::OtherBrowser`] |
//! | answered before                            | [`CeremonyError::Spent`]        |
//! | too late                                   | [`CeremonyError::Expired`]      |
//! | anything else                              | the challenge                   |
//!
//! A [`ceremony`](super::ceremony) is a row from its beginning. A login page asks for a challenge whenever it is
//! opened, by anybody, so nothing is written for one: only its answer, once, in the transaction that acts on it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Accounts;
use super::ceremony::{CeremonyError, LIFE};
use crate::store::StoreError;
use crate::store::ceremonies::{AnsweredRow, CeremonyKind};
use crate::types::ids::{Kind, new_id};
use crate::types::master_key::Purpose;
use crate::types::{Hashed, Plain, Timestamp};

/// The longest text that is looked at, in bytes; ours have some 400.
const MAX_LEN: usize = 4096;

#[derive(Serialize, Deserialize)]
struct Kept<T> {
    id: String,
    /// Hash of the browser cookie it was made for.
    browser: String,
    made_at: Timestamp,
    state: T,
}

fn mark(accounts: &Accounts, kind: CeremonyKind, body: &str) -> String {
    URL_SAFE_NO_PAD.encode(accounts.master.mac(Purpose::Challenge, &[kind.as_str(), body]))
}

/// A new challenge for the browser with this cookie. `state` can be read by whoever holds the text, not changed.
pub fn make<T: Serialize>(accounts: &Accounts, kind: CeremonyKind, browser: &str, state: T) -> Plain<String> {
    let id = new_id(Kind::Ceremony, &accounts.clock, &accounts.rng);
    let browser = Hashed::of(browser).as_str().to_owned();
    let kept = Kept { id, browser, made_at: accounts.clock.now(), state };
    let body = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&kept).unwrap_or_default());
    Plain::new(format!("{body}.{}", mark(accounts, kind, &body)))
}

/// What the text of a challenge holds: what is written once it is answered, and its state.
pub async fn open<T: DeserializeOwned>(
    accounts: &Accounts,
    kind: CeremonyKind,
    text: &str,
    browser: Option<&str>,
) -> Result<(AnsweredRow, T), CeremonyError> {
    let (row, state) = read(accounts, kind, text).ok_or(CeremonyError::Unknown)?;
    if !browser.is_some_and(|cookie| row.browser.matches(cookie)) {
        return Err(CeremonyError::OtherBrowser);
    }
    let answered: Result<_, StoreError> = accounts.store.find_ceremony(&row.id, kind).await;
    if answered?.is_some() {
        return Err(CeremonyError::Spent);
    }
    if row.expires_at <= accounts.clock.now() {
        return Err(CeremonyError::Expired);
    }
    Ok((row, state))
}

fn read<T: DeserializeOwned>(
    accounts: &Accounts,
    kind: CeremonyKind,
    text: &str,
) -> Option<(AnsweredRow, T)> {
    let (body, given) = text.split_once('.').filter(|_| text.len() <= MAX_LEN)?;
    if !Hashed::of(&mark(accounts, kind, body)).matches(given) {
        return None;
    }
    let kept: Kept<T> = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).ok()?).ok()?;
    let row = AnsweredRow {
        id: kept.id,
        kind,
        hash: Hashed::of(given),
        browser: Hashed::from_stored(kept.browser),
        created_at: kept.made_at,
        expires_at: kept.made_at + LIFE,
    };
    Some((row, kept.state))
}
