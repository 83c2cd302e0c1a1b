//! Authenticator apps: setting one up, its codes, turning it off.
//!
//! Codes are those of RFC 6238 with SHA-1, six digits, 30 seconds: the one combination that every app
//! understands. A code of the step before or after counts too: clocks differ. Each step counts once.
//!
//! | while setting up                             | answer                     | effect                              | test |
//! |----------------------------------------------|----------------------------|-------------------------------------|------|
//! | set-up of another person, browser, or over   | begin again                | none                                | `a_set_up_belongs_to_its_person_and_browser` |
//! | wrong code                                   | try again, the same secret | none                                | `an_app_counts_only_after_a_right_code` |
//! | right code                                   | ten recovery codes, once   | app and codes take the place of earlier ones; other sessions end; this one has shown a code | `an_app_counts_only_after_a_right_code` |
//!
//! The secret, 160 random bits, is sealed with the master key under a name that holds the person's id: a row
//! copied to another person does not open.

use serde::{Deserialize, Serialize};
use totp_rs::{Algorithm, Builder, Secret, Totp, TotpError};

use super::ceremony::{self, CeremonyError};
use super::second_factor::{Dropped, is_required, may_drop};
use super::session::Session;
use super::{Accounts, notify, recovery};
use crate::audit::{Entry, Event};
use crate::mail::Notice;
use crate::oauth::Origin;
use crate::store::StoreError;
use crate::store::ceremonies::{CeremonyKind, CeremonyRow};
use crate::store::totp::{ConfirmedIn, TotpRow};
use crate::types::{Plain, Timestamp};

const SECRET_BYTES: usize = 20;
const DIGITS: u8 = 6;
const STEP_SECONDS: u64 = 30;
/// Steps before and after the present one whose codes count.
const SKEW: u16 = 1;

/// Why an app is not set up.
#[derive(Debug, thiserror::Error)]
pub enum SetUpError {
    #[error(transparent)]
    Ceremony(#[from] CeremonyError),
    #[error("That code is not right. Enter the one your app shows now.")]
    WrongCode,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An app that waits for its first code.
#[derive(Debug)]
pub struct SetUp {
    /// Continues the set-up; goes into the form.
    pub ceremony: Plain<String>,
    /// The secret, base32 in groups, to be typed.
    pub secret: Plain<String>,
    /// The same for a camera.
    pub url: Plain<String>,
}

/// What is kept while somebody sets an app up.
#[derive(Serialize, Deserialize)]
struct Pending {
    sealed_secret: String,
}

fn app(secret: &[u8]) -> Builder {
    Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(DIGITS)
        .with_step_duration(STEP_SECONDS)
        .with_skew(SKEW)
        .with_secret(Secret::from(secret))
}

/// The time step a typed code is of, if it is right at this moment.
pub fn step_of(secret: &[u8], typed: &str, now: Timestamp) -> Option<i64> {
    if typed.len() > 32 {
        return None;
    }
    let code: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
    if code.len() != usize::from(DIGITS) || !code.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let step = app(secret).build().ok()?.check(&code, u64::try_from(now).ok()?)?;
    i64::try_from(step).ok()
}

/// The secret in groups of four, and the URL that a QR code holds.
fn words(accounts: &Accounts, secret: &[u8], email: &str) -> Result<(String, String), TotpError> {
    let place = accounts.issuer.domain().unwrap_or_else(|| accounts.issuer.authority().to_owned());
    let tame = |text: &str| text.replace(':', " ");
    let totp: Totp = app(secret)
        .with_issuer(Some(tame(&format!("Gatepost {place}"))))
        .with_account_name(tame(email))
        .build()?;
    let letters: Vec<char> = totp.secret().to_base32().chars().collect();
    let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
    Ok((groups.join(" "), totp.to_url()?))
}

fn seal_name(user_id: &str) -> String {
    format!("totp {user_id}")
}

fn damaged(user_id: &str) -> StoreError {
    StoreError::inconsistent("totp", "sealed_secret", user_id)
}

/// A person's secret, opened.
pub fn open(accounts: &Accounts, user_id: &str, sealed: &str) -> Result<Plain<Vec<u8>>, StoreError> {
    accounts.master.open(&seal_name(user_id), sealed).map_err(|_| damaged(user_id))
}

fn shown(
    accounts: &Accounts,
    session: &Session,
    ceremony: Plain<String>,
    secret: &[u8],
) -> Result<SetUp, SetUpError> {
    let (secret, url) =
        words(accounts, secret, &session.user.email).map_err(|_| damaged(&session.user.id))?;
    Ok(SetUp { ceremony, secret: Plain::new(secret), url: Plain::new(url) })
}

/// Begins: makes a secret, which counts for nothing until a code of it is shown.
pub async fn begin(accounts: &Accounts, session: &Session, browser: &str) -> Result<SetUp, SetUpError> {
    let secret = Plain::new(accounts.rng.bytes::<SECRET_BYTES>().to_vec());
    let user_id = &session.user.id;
    let sealed = accounts.master.seal(&accounts.rng, &seal_name(user_id), secret.expose());
    let pending = Pending { sealed_secret: sealed.map_err(|_| damaged(user_id))? };
    let kind = CeremonyKind::TotpAdd;
    let text = ceremony::begin(accounts, kind, browser, Some(user_id.clone()), &pending).await?;
    shown(accounts, session, text, secret.expose())
}

async fn find(
    accounts: &Accounts,
    session: &Session,
    text: &str,
    browser: &str,
) -> Result<(CeremonyRow, Pending), SetUpError> {
    let row = ceremony::find(accounts, CeremonyKind::TotpAdd, text, Some(browser)).await?;
    if row.user_id.as_deref() != Some(&session.user.id) {
        return Err(CeremonyError::Unknown.into());
    }
    let pending = ceremony::data(&row)?;
    Ok((row, pending))
}

/// A set-up that is under way, once more.
pub async fn again(
    accounts: &Accounts,
    session: &Session,
    text: &str,
    browser: &str,
) -> Result<SetUp, SetUpError> {
    let (_, pending) = find(accounts, session, text, browser).await?;
    let secret = open(accounts, &session.user.id, &pending.sealed_secret)?;
    shown(accounts, session, Plain::new(text.to_owned()), secret.expose())
}

/// Ends the set-up with the app's first code. Returns the recovery codes, to be shown once.
pub async fn confirm(
    accounts: &Accounts,
    session: &Session,
    text: &str,
    browser: &str,
    code: &str,
    origin: &Origin,
) -> Result<Vec<Plain<String>>, SetUpError> {
    let entry = |reason: &str| {
        Entry::refused(Event::SecondFactorOn, reason)
            .user(session.user.id.clone())
            .session(session.id.clone())
            .address(origin.address.clone())
    };
    let found = find(accounts, session, text, browser).await;
    if let Err(SetUpError::Ceremony(error)) = &found {
        accounts.audit.record(entry(error.reason())).await;
    }
    let (ceremony, pending) = found?;
    let secret = open(accounts, &session.user.id, &pending.sealed_secret)?;
    let now = accounts.clock.now();
    let Some(last_step) = step_of(secret.expose(), code, now) else {
        accounts.audit.record(entry("wrong_code")).await;
        return Err(SetUpError::WrongCode);
    };
    let (rows, codes) = recovery::new_set(accounts, &session.user.id);
    let row = TotpRow {
        user_id: session.user.id.clone(),
        sealed_secret: pending.sealed_secret,
        last_step,
        created_at: now,
    };
    let confirmed = ConfirmedIn { session_id: session.id.clone(), proof: session.proof.with_code() };
    if !accounts.store.put_totp(ceremony.id, row, rows, confirmed).await? {
        accounts.audit.record(entry(CeremonyError::Spent.reason())).await;
        return Err(CeremonyError::Spent.into());
    }
    let done = Entry::ok(Event::SecondFactorOn)
        .user(session.user.id.clone())
        .session(session.id.clone())
        .address(origin.address.clone());
    accounts.audit.record(done).await;
    notify::notify(accounts, &session.user, Notice::SecondFactorOn, origin);
    Ok(codes)
}

/// A new set of recovery codes in the place of the old one; nothing for a person without an app.
pub async fn new_codes(
    accounts: &Accounts,
    session: &Session,
    origin: &Origin,
) -> Result<Option<Vec<Plain<String>>>, StoreError> {
    let (rows, codes) = recovery::new_set(accounts, &session.user.id);
    if !accounts.store.replace_recovery_codes(session.user.id.clone(), rows).await? {
        return Ok(None);
    }
    let entry = Entry::ok(Event::RecoveryCodesMade)
        .user(session.user.id.clone())
        .session(session.id.clone())
        .address(origin.address.clone());
    accounts.audit.record(entry).await;
    Ok(Some(codes))
}

/// Turns the app off, and its recovery codes with it; `false` when the person must have a second factor and
/// would have none.
pub async fn turn_off(accounts: &Accounts, session: &Session, origin: &Origin) -> Result<bool, StoreError> {
    let required = is_required(accounts, &session.user);
    let providers = accounts.upstream.clone();
    let may =
        move |ways: &_| may_drop(required, ways, &Dropped::App, |issuer| providers.asks_for_two(issuer));
    let done = accounts.store.remove_totp(session.user.id.clone(), may).await?;
    let entry = if done {
        Entry::ok(Event::SecondFactorOff)
    } else {
        Entry::refused(Event::SecondFactorOff, "second_factor_required")
    };
    let entry =
        entry.user(session.user.id.clone()).session(session.id.clone()).address(origin.address.clone());
    accounts.audit.record(entry).await;
    if done {
        notify::notify(accounts, &session.user, Notice::SecondFactorOff, origin);
    }
    Ok(done)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, with six of the eight digits; the secret is that of the appendix.
    #[test]
    fn codes_are_those_of_rfc_6238_and_one_step_of_drift_is_fine() {
        let secret = b"12345678901234567890";
        let step = |code, now| step_of(secret, code, now);
        assert_eq!(step("287082", 59), Some(1));
        assert_eq!(step("081804", 1_111_111_109), Some(37_037_036));
        assert_eq!(step(" 081 804 ", 1_111_111_109), Some(37_037_036));
        assert_eq!(step("081804", 1_111_111_109 + 30), Some(37_037_036), "a step late");
        assert_eq!(step("081804", 1_111_111_109 - 30), Some(37_037_036), "a step early");
        assert_eq!(step("081804", 1_111_111_109 + 61), None);
        assert_eq!(step("081804", 1_111_111_109 - 60), None);
        for no_code in ["", "81804", "0818041", "08180a", "+81804", "٠٨١٨٠٤", &"0".repeat(40)] {
            assert_eq!(step(no_code, 1_111_111_109), None, "{no_code}");
        }
    }
}
