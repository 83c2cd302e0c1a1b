//! Ceremonies: what takes more than one request on one browser, and must be answered once, in time, there.
//!
//! | presented                                              | answer               |
//! |--------------------------------------------------------|----------------------|
//! | another kind of secret, unknown, wrong secret          | [`CeremonyError::Unknown`] |
//! | begun on another browser                               | [`CeremonyError::OtherBrowser`] |
//! | answered before                                        | [`CeremonyError::Spent`]   |
//! | too late                                               | [`CeremonyError::Expired`] |
//! | anything else                                          | the ceremony         |
//!
//! What is asked for by whoever opens a page is no ceremony, but a [`challenge`](super::challenge).
//! Finding does not spend: the rule that acts on a ceremony spends it with one conditional statement, in the
//! transaction of what it does where there is one.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Accounts;
use crate::store::StoreError;
use crate::store::ceremonies::{CeremonyKind, CeremonyRow};
use crate::types::ids::Kind;
use crate::types::secret::Bearer;
use crate::types::{Hashed, Plain, Timestamp};

/// How long a ceremony may take, in seconds.
pub const LIFE: i64 = 10 * 60;

/// Why a ceremony cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum CeremonyError {
    #[error("it is not known here")]
    Unknown,
    #[error("it was begun on another browser")]
    OtherBrowser,
    #[error("it was answered before")]
    Spent,
    #[error("it took too long")]
    Expired,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl CeremonyError {
    /// For the audit trail.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Unknown => "ceremony_unknown",
            Self::OtherBrowser => "ceremony_of_other_browser",
            Self::Spent => "ceremony_spent",
            Self::Expired => "ceremony_expired",
            Self::Store(_) => "store_unavailable",
        }
    }
}

/// Begins a ceremony on the browser with this cookie. Returns the secret that continues it.
pub async fn begin<T: Serialize + Sync>(
    accounts: &Accounts,
    kind: CeremonyKind,
    browser: &str,
    user_id: Option<String>,
    data: &T,
) -> Result<Plain<String>, StoreError> {
    begin_for(accounts, kind, Hashed::of(browser), user_id, data).await
}

/// The same, where the browser is known by the hash that an earlier ceremony was found with.
pub async fn begin_for<T: Serialize + Sync>(
    accounts: &Accounts,
    kind: CeremonyKind,
    browser: Hashed,
    user_id: Option<String>,
    data: &T,
) -> Result<Plain<String>, StoreError> {
    let bearer = Bearer::generate(Kind::Ceremony, &accounts.clock, &accounts.rng);
    let now = accounts.clock.now();
    let row = CeremonyRow {
        id: bearer.id.clone(),
        kind,
        hash: bearer.hash(),
        browser,
        user_id,
        data: serde_json::to_string(data).unwrap_or_default(),
        attempts: 0,
        created_at: now,
        expires_at: now + LIFE,
        spent_at: None,
    };
    accounts.store.add_ceremony(row).await?;
    Ok(bearer.to_text())
}

/// The live ceremony that a secret continues on the browser with this cookie.
pub async fn find(
    accounts: &Accounts,
    kind: CeremonyKind,
    text: &str,
    browser: Option<&str>,
) -> Result<CeremonyRow, CeremonyError> {
    let bearer = Bearer::parse(Kind::Ceremony, text).ok_or(CeremonyError::Unknown)?;
    let row = accounts.store.find_ceremony(&bearer.id, kind).await?;
    let row = row.filter(|r| r.hash.matches(bearer.secret.expose())).ok_or(CeremonyError::Unknown)?;
    judge(&row, browser, accounts.clock.now())?;
    Ok(row)
}

/// A ceremony that was answered already, for whoever returns to it on the same browser: to lead them on, not to act.
pub async fn find_spent(
    accounts: &Accounts,
    kind: CeremonyKind,
    text: &str,
    browser: Option<&str>,
) -> Result<CeremonyRow, CeremonyError> {
    let bearer = Bearer::parse(Kind::Ceremony, text).ok_or(CeremonyError::Unknown)?;
    let row = accounts.store.find_ceremony(&bearer.id, kind).await?;
    let row = row.filter(|r| r.hash.matches(bearer.secret.expose())).ok_or(CeremonyError::Unknown)?;
    match judge(&row, browser, row.created_at) {
        Err(CeremonyError::Spent) => Ok(row),
        Err(error) => Err(error),
        Ok(()) => Err(CeremonyError::Unknown),
    }
}

fn judge(row: &CeremonyRow, browser: Option<&str>, now: Timestamp) -> Result<(), CeremonyError> {
    if !browser.is_some_and(|cookie| row.browser.matches(cookie)) {
        return Err(CeremonyError::OtherBrowser);
    }
    if row.spent_at.is_some() {
        return Err(CeremonyError::Spent);
    }
    if row.expires_at <= now {
        return Err(CeremonyError::Expired);
    }
    Ok(())
}

/// What the rule stored with a ceremony.
pub fn data<T: DeserializeOwned>(row: &CeremonyRow) -> Result<T, StoreError> {
    serde_json::from_str(&row.data).map_err(|_| StoreError::inconsistent("ceremonies", "data", &row.id))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> CeremonyRow {
        CeremonyRow {
            id: "cer_1".into(),
            kind: CeremonyKind::Upstream,
            hash: Hashed::of("s"),
            browser: Hashed::of("here"),
            user_id: None,
            data: String::new(),
            attempts: 0,
            created_at: 0,
            expires_at: 600,
            spent_at: None,
        }
    }

    #[test]
    fn a_ceremony_goes_on_once_in_time_and_on_its_browser() {
        let told = |row: &CeremonyRow, browser, now| judge(row, browser, now).map_err(|e| e.reason());
        assert_eq!(told(&row(), Some("here"), 599), Ok(()));
        assert_eq!(told(&row(), Some("here"), 600), Err("ceremony_expired"));
        assert_eq!(told(&row(), Some("there"), 1), Err("ceremony_of_other_browser"));
        assert_eq!(told(&row(), None, 1), Err("ceremony_of_other_browser"));
        let spent = CeremonyRow { spent_at: Some(5), ..row() };
        assert_eq!(told(&spent, Some("here"), 6), Err("ceremony_spent"));
    }
}
