//! The second step of a login: a code of the authenticator app, or a recovery code.
//!
//! | presented                                        | answer                      | effect          | reason in the audit trail | test |
//! |--------------------------------------------------|-----------------------------|-----------------|---------------------------|------|
//! | a login whose password is not the person's any more | start over               | none            | `ceremony_spent`          | `a_second_step_ends_with_the_password_it_followed` |
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
//! table `ceremonies`, so it holds over all processes and a restart, and asking and counting is one step for each
//! person, so that parallel answers do not get past it. Logins that ended well do not count.

use serde::{Deserialize, Serialize};

use super::ceremony::{self, CeremonyError};
use super::sign_in::{self, Device, Shown, SignInError, SignedIn};
use super::{Accounts, recovery, totp};
use crate::audit::{Entry, Event};
use crate::oauth::flow;
use crate::store::StoreError;
use crate::store::ceremonies::{CeremonyKind, CeremonyRow};
use crate::store::recovery_codes::Taken;
use crate::store::totp::{Attempt, CodeLimit};
use crate::store::users::UserRow;
use crate::types::{Hashed, Plain, Proof, Timestamp};

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
    /// When it was shown, where that was earlier: [`Shown::at`].
    #[serde(default)]
    at: Option<Timestamp>,
    /// Of the password hash that the login rests on, where it rests on one.
    #[serde(default)]
    password: Option<String>,
    return_to: String,
}

/// A login that waits for its second step.
#[derive(Debug)]
pub struct Waiting {
    ceremony: CeremonyRow,
    pub user: UserRow,
    shown: Shown,
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
    shown: Shown,
    browser: &str,
    return_to: &str,
) -> Result<Plain<String>, StoreError> {
    let pending = Pending {
        proof: shown.proof.as_str().to_owned(),
        at: shown.at,
        password: password_mark(user, shown.proof),
        return_to: return_to.to_owned(),
    };
    ceremony::begin(accounts, KIND, browser, Some(user.id.clone()), &pending).await
}

/// Tells the password that a login rests on from a later one, without being it.
fn password_mark(user: &UserRow, proof: Proof) -> Option<String> {
    let hash = user.password_hash.as_deref().filter(|_| proof.uses_password())?;
    Some(Hashed::of(hash).as_str().to_owned())
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
    // Begun in the moment in which the password was replaced: later than the change ended those there were.
    if pending.password != password_mark(&user, proof) {
        return Err(CeremonyError::Spent.into());
    }
    if row.attempts >= ANSWERS {
        return Err(StepError::TooMany);
    }
    let shown = Shown { proof, at: pending.at };
    Ok(Waiting { ceremony: row, user, shown, return_to: pending.return_to })
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
    let entry = entry
        .user(waiting.user.id.clone())
        .flow(flow::of_return(&accounts.master, &waiting.return_to))
        .address(device.origin.address.clone());
    accounts.audit.record(detail.into_iter().fold(entry, Entry::detail)).await;
    taken?;
    let shown = Shown { proof: waiting.shown.proof.with_code(), ..waiting.shown };
    Ok(sign_in::complete(accounts, &waiting.user, shown, device, &waiting.return_to).await?)
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
    let ceremony = waiting.ceremony.id.clone();
    // Before anything is compared: of many answers at the same moment no more than this count.
    let attempt = match answer {
        Answer::Code(_) => {
            let limit = CodeLimit { each_login: ANSWERS, wrong: WRONG_A_DAY, since: now - DAY };
            store.attempt_code(ceremony.clone(), user_id.clone(), limit, now).await?
        }
        Answer::RecoveryCode(_) => {
            let counted = store.attempt_ceremony(ceremony.clone(), KIND, ANSWERS, now).await?;
            if counted { Attempt::Counted } else { Attempt::NoneLeft }
        }
    };
    match attempt {
        Attempt::Counted => {}
        Attempt::NoneLeft => return Err(StepError::TooMany),
        Attempt::Paused => return Err(StepError::Paused),
    }
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
