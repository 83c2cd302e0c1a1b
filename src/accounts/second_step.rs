//! The second step of a login: a code of the authenticator app, or a recovery code.
//!
//! | presented                                        | answer                      | effect          | reason in the audit trail | test |
//! |--------------------------------------------------|-----------------------------|-----------------|---------------------------|------|
//! | a login that is unknown, over, or another browser's | start over               | none            | `ceremony_…`              | `the_second_step_belongs_to_its_login_and_browser` |
//! | a sixth answer                                   | start over                  | none            | `too_many_wrong_codes`    | `five_wrong_codes_end_the_login` |
//! | a code, after [`WRONG_A_DAY`] wrong answers in a day | use a recovery code or a passkey | none    | `codes_paused`            | `guessing_codes_pauses_codes_and_nothing_else` |
//! | a wrong code                                     | try again                   | one answer less | `wrong_code`              | `five_wrong_codes_end_the_login` |
//! | a right code that was used                       | wait for the next           | one answer less | `code_used_before`        | `a_code_works_once` |
//! | a right code                                     | signed in                   | its step and the login are spent | `ok`     | `a_code_completes_the_login` |
//! | a wrong or used recovery code                    | try again                   | one answer less | `wrong_recovery_code`     | `a_recovery_code_works_once` |
//! | a right recovery code                            | signed in                   | it and the login are spent | `ok`, detail: how many are left | `a_recovery_code_works_once` |
//!
//! **The limit on guessing.** Six digits, of which three are right at a time, are guessed with 3 in 1,000,000.
//! Whoever has the first factor may try 100 a day, from however many addresses: 0.03 % a day, a tenth in a
//! year. The owner is kept out of *codes* by that, for at most a day, and of nothing else: recovery codes
//! (2⁸⁰) and passkeys cannot be guessed, so they are not limited. The count is that of the answers in the
//! table `ceremonies`, so it holds over all processes and a restart. Logins that ended well do not count.

use serde::{Deserialize, Serialize};

use super::ceremony::{self, CeremonyError};
use super::sign_in::{self, Device, SignInError, SignedIn};
use super::{Accounts, recovery, totp};
use crate::audit::{Entry, Event};
use crate::store::StoreError;
use crate::store::ceremonies::{CeremonyKind, CeremonyRow};
use crate::store::recovery_codes::Taken;
use crate::store::users::UserRow;
use crate::types::{Plain, Proof};

/// Answers to one login.
pub const ANSWERS: i64 = 5;
/// Wrong answers of one person in a day, after which codes are not taken any more.
pub const WRONG_A_DAY: i64 = 100;
const DAY: i64 = 24 * 3600;
const KIND: CeremonyKind = CeremonyKind::SecondFactor;

/// Why the second step is not done.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// The login must start over.
    #[error(transparent)]
    Over(#[from] CeremonyError),
    #[error("Too many wrong codes.")]
    TooMany,
    #[error("That code is not right. Enter the one your app shows now.")]
    WrongCode,
    #[error("That code was used before. Wait for the next one.")]
    UsedBefore,
    #[error("That recovery code is not right, or was used before.")]
    WrongRecoveryCode,
    #[error("There were too many wrong codes today. Use a recovery code, or sign in with a passkey.")]
    Paused,
    #[error(transparent)]
    SignIn(#[from] SignInError),
}

impl From<StoreError> for StepError {
    fn from(error: StoreError) -> Self {
        Self::SignIn(error.into())
    }
}

/// What is kept between the two steps.
#[derive(Serialize, Deserialize)]
struct Pending {
    proof: String,
    return_to: String,
}

/// A login that waits for its second step.
#[derive(Debug)]
pub struct Waiting {
    ceremony: CeremonyRow,
    pub user: UserRow,
    proof: Proof,
    pub return_to: String,
}

/// What somebody answers.
#[derive(Debug)]
pub enum Answer {
    Code(Plain<String>),
    RecoveryCode(Plain<String>),
}

/// Begins the second step on this browser. Returns the secret that continues it.
pub async fn begin(
    accounts: &Accounts,
    user: &UserRow,
    proof: Proof,
    browser: &str,
    return_to: &str,
) -> Result<Plain<String>, StoreError> {
    let pending = Pending { proof: proof.as_str().to_owned(), return_to: return_to.to_owned() };
    ceremony::begin(accounts, KIND, browser, Some(user.id.clone()), &pending).await
}

/// The login that a secret continues on this browser.
pub async fn find(accounts: &Accounts, text: &str, device: &Device) -> Result<Waiting, StepError> {
    let found = look(accounts, text, device).await;
    let reason = match &found {
        Err(StepError::Over(error)) => Some(error.reason()),
        Err(StepError::TooMany) => Some("too_many_wrong_codes"),
        _ => None,
    };
    if let Some(reason) = reason {
        let entry = Entry::refused(Event::SecondFactor, reason).address(device.origin.address.clone());
        accounts.audit.record(entry).await;
    }
    found
}

async fn look(accounts: &Accounts, text: &str, device: &Device) -> Result<Waiting, StepError> {
    let row = ceremony::find(accounts, KIND, text, device.browser.as_deref()).await?;
    let pending: Pending = ceremony::data(&row)?;
    let proof = Proof::parse(&pending.proof).ok_or(CeremonyError::Unknown)?;
    let user = match &row.user_id {
        Some(id) => accounts.store.find_user(id).await?,
        None => None,
    };
    let user = user.ok_or(CeremonyError::Unknown)?;
    if row.attempts >= ANSWERS {
        return Err(StepError::TooMany);
    }
    Ok(Waiting { ceremony: row, user, proof, return_to: pending.return_to })
}

/// Completes a login with an answer, or says why not.
pub async fn answer(
    accounts: &Accounts,
    waiting: &Waiting,
    answer: Answer,
    device: &Device,
) -> Result<SignedIn, StepError> {
    let taken = take(accounts, waiting, &answer).await;
    let (entry, detail) = match &taken {
        Ok(detail) => (Entry::ok(Event::SecondFactor), Some(detail.clone())),
        Err(error) => (Entry::refused(Event::SecondFactor, reason(error)), None),
    };
    let entry = entry.user(waiting.user.id.clone()).address(device.origin.address.clone());
    accounts.audit.record(detail.into_iter().fold(entry, Entry::detail)).await;
    taken?;
    let proof = waiting.proof.with_code();
    Ok(sign_in::complete(accounts, &waiting.user, proof, device, &waiting.return_to).await?)
}

const fn reason(error: &StepError) -> &'static str {
    match error {
        StepError::Over(error) => error.reason(),
        StepError::TooMany => "too_many_wrong_codes",
        StepError::WrongCode => "wrong_code",
        StepError::UsedBefore => "code_used_before",
        StepError::WrongRecoveryCode => "wrong_recovery_code",
        StepError::Paused => "codes_paused",
        StepError::SignIn(_) => "store_unavailable",
    }
}

/// Spends an answer and the login it completes. Returns what the audit trail tells of it.
async fn take(accounts: &Accounts, waiting: &Waiting, answer: &Answer) -> Result<String, StepError> {
    let (store, now, user_id) = (&accounts.store, accounts.clock.now(), &waiting.user.id);
    if let Answer::Code(_) = answer
        && store.wrong_codes_since(user_id, now - DAY).await? >= WRONG_A_DAY
    {
        return Err(StepError::Paused);
    }
    // Before anything is compared: of many answers at the same moment no more than this count.
    if !store.attempt_ceremony(waiting.ceremony.id.clone(), KIND, ANSWERS, now).await? {
        return Err(StepError::TooMany);
    }
    let ceremony = waiting.ceremony.id.clone();
    let wrong = match answer {
        Answer::Code(code) => {
            let app = store.find_totp(user_id).await?.ok_or(CeremonyError::Unknown)?;
            let secret = totp::open(accounts, user_id, &app.sealed_secret)?;
            match totp::step_of(secret.expose(), code.expose(), now) {
                None => StepError::WrongCode,
                Some(step) => match store.take_totp_step(ceremony, user_id.clone(), step, now).await? {
                    Taken::Done => return Ok("a code of the app".to_owned()),
                    Taken::Refused => StepError::UsedBefore,
                    Taken::Spent => return Err(CeremonyError::Spent.into()),
                },
            }
        }
        Answer::RecoveryCode(code) => match recovery::hash_of(user_id, code.expose()) {
            None => StepError::WrongRecoveryCode,
            Some(hash) => match store.take_recovery_code(ceremony, user_id.clone(), hash, now).await? {
                Taken::Done => {
                    let left = store.recovery_codes_left(user_id).await?;
                    return Ok(format!("a recovery code; {left} left"));
                }
                Taken::Refused => StepError::WrongRecoveryCode,
                Taken::Spent => return Err(CeremonyError::Spent.into()),
            },
        },
    };
    Err(if waiting.ceremony.attempts + 1 >= ANSWERS { StepError::TooMany } else { wrong })
}
