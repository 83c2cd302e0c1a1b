//! Passwords: which are good enough, and argon2id (19 MiB, 2 passes, 1 lane), computed on a few threads of their own.
//!
//! | new password                           | answer                        | test |
//! |----------------------------------------|-------------------------------|------|
//! | fewer than [`MIN_CHARS`] characters    | [`WeakPassword::TooShort`]    | `new_passwords_follow_the_rules` |
//! | more than [`MAX_BYTES`] bytes          | [`WeakPassword::TooLong`]     | `new_passwords_follow_the_rules` |
//! | the e-mail address                     | [`WeakPassword::SameAsEmail`] | `new_passwords_follow_the_rules` |
//! | not the same twice                     | [`WeakPassword::Different`]   | `new_passwords_follow_the_rules` |
//! | zxcvbn guesses it in less than 10⁸ tries | [`WeakPassword::Guessable`], with why | `long_is_not_enough_when_it_is_easy_to_guess` |
//! | anything else                          | taken                         | `new_passwords_follow_the_rules` |
//!
//! The e-mail address, the name and "gatepost" are words that a guesser tries first.
//!
//! Each thread keeps one piece of working memory and uses it again: asking the allocator for 19 MiB at every
//! login leaves a process several times that size behind.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use subtle::ConstantTimeEq as _;
use tokio::sync::oneshot;
use zxcvbn::Score;
use zxcvbn::feedback::{Feedback, Warning};

use super::links::NewPassword;
use super::session::Session;
use super::{Accounts, notify};
use crate::audit::{Entry, Event};
use crate::mail::Notice;
use crate::oauth::Origin;
use crate::store::StoreError;
use crate::types::Plain;

/// Fewer characters are refused.
pub const MIN_CHARS: usize = 12;
/// More bytes are refused: hashing cost must not be the caller's to choose.
pub const MAX_BYTES: usize = 1024;
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
/// The largest working memory a stored hash may ask for, in KiB.
const MAX_BLOCKS: usize = 128 * 1024;
/// How much of a new password is looked at for being easy to guess: estimating takes time, and what is good
/// for this long is good.
const LOOKED_AT: usize = 100;
/// How many hashes may wait. Beyond that a login is told to come back.
const QUEUE: usize = 64;

/// Why a new password is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    #[error("Use at least {MIN_CHARS} characters.")]
    TooShort,
    #[error("Use at most {MAX_BYTES} bytes.")]
    TooLong,
    #[error("Do not use your e-mail address as your password.")]
    SameAsEmail,
    #[error("The two passwords are not the same.")]
    Different,
    #[error("This password is easy to guess. {0}")]
    Guessable(&'static str),
}

/// Hashing did not happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the password could not be hashed now")]
pub struct HashFailed;

type Job = Box<dyn FnOnce(&mut Vec<Block>) + Send>;

/// Runs jobs until every sender is gone.
fn work(jobs: &Mutex<Receiver<Job>>) {
    let mut memory = Vec::new();
    loop {
        let next = jobs.lock().map(|jobs| jobs.recv());
        match next {
            Ok(Ok(job)) => job(&mut memory),
            _ => return,
        }
    }
}

/// Hashes and checks passwords; clones share the threads.
#[derive(Clone)]
pub struct Passwords {
    queue: SyncSender<Job>,
    /// What an unknown person's password is compared with, so that the answer takes as long.
    decoy: Arc<str>,
}

fn params() -> Result<Params, HashFailed> {
    Params::new(MEMORY_KIB, PASSES, 1, Some(Params::DEFAULT_OUTPUT_LEN)).map_err(|_| HashFailed)
}

/// One argon2id computation in `memory`, which grows if the parameters ask for more than it holds.
fn compute(
    password: &str,
    salt: &Salt,
    params: Params,
    memory: &mut Vec<Block>,
) -> Result<Output, HashFailed> {
    if memory.len() < params.block_count() {
        memory.resize(params.block_count(), Block::default());
    }
    let blocks = &mut memory[..params.block_count()];
    let mut buffer = [0_u8; Output::MAX_LENGTH];
    let out = &mut buffer[..params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN)];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into_with_memory(password.as_bytes(), salt, out, blocks)
        .map_err(|_| HashFailed)?;
    Output::new(out).map_err(|_| HashFailed)
}

fn hash_now(password: &str, memory: &mut Vec<Block>) -> Result<String, HashFailed> {
    let (salt, params) = (Salt::generate(), params()?);
    let written = ParamsString::try_from(&params).map_err(|_| HashFailed)?;
    let hash = compute(password, &salt, params, memory)?;
    let phc = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: written,
        salt: Some(salt),
        hash: Some(hash),
    };
    Ok(phc.to_string())
}

fn verify_now(password: &str, stored: &str, memory: &mut Vec<Block>) -> Result<bool, HashFailed> {
    let phc = PasswordHash::new(stored).map_err(|_| HashFailed)?;
    let params = Params::try_from(&phc).map_err(|_| HashFailed)?;
    let (Some(salt), Some(expected)) = (phc.salt, phc.hash) else { return Err(HashFailed) };
    let is_ours = phc.algorithm == Algorithm::Argon2id.ident() && params.block_count() <= MAX_BLOCKS;
    if !is_ours {
        return Err(HashFailed);
    }
    let found = compute(password, &salt, params, memory)?;
    Ok(found.as_bytes().ct_eq(expected.as_bytes()).into())
}

/// The rules for a new password of the person with this e-mail address and name.
pub fn check_new(password: &str, again: &str, email: &str, name: Option<&str>) -> Result<(), WeakPassword> {
    if password.chars().count() < MIN_CHARS {
        return Err(WeakPassword::TooShort);
    }
    if password.len() > MAX_BYTES {
        return Err(WeakPassword::TooLong);
    }
    if password.eq_ignore_ascii_case(email) {
        return Err(WeakPassword::SameAsEmail);
    }
    if password != again {
        return Err(WeakPassword::Different);
    }
    let looked_at: String = password.chars().take(LOOKED_AT).collect();
    let mut known: Vec<&str> = vec![email, "gatepost"];
    known.extend(email.split(['@', '.']));
    known.extend(name.into_iter().flat_map(str::split_whitespace));
    let estimate = zxcvbn::zxcvbn(&looked_at, &known);
    if estimate.score() < Score::Three {
        return Err(WeakPassword::Guessable(hint(estimate.feedback().and_then(Feedback::warning))));
    }
    Ok(())
}

/// What to do about an estimate, in one sentence.
const fn hint(warning: Option<Warning>) -> &'static str {
    match warning {
        Some(Warning::StraightRowsOfKeysAreEasyToGuess | Warning::ShortKeyboardPatternsAreEasyToGuess) => {
            "Keys that lie side by side are tried first: use a few random words instead."
        }
        Some(
            Warning::RepeatsLikeAaaAreEasyToGuess | Warning::RepeatsLikeAbcAbcAreOnlySlightlyHarderToGuess,
        ) => "Repeating something adds little: use a few random words instead.",
        Some(
            Warning::ThisIsATop10Password
            | Warning::ThisIsATop100Password
            | Warning::ThisIsACommonPassword
            | Warning::ThisIsSimilarToACommonlyUsedPassword,
        ) => "Many people use it, or one much like it: use a few random words instead.",
        Some(Warning::SequencesLikeAbcAreEasyToGuess) => {
            "Sequences like abcd or 6543 are tried first: use a few random words instead."
        }
        Some(Warning::RecentYearsAreEasyToGuess | Warning::DatesAreOftenEasyToGuess) => {
            "Dates and years are tried first: use a few random words instead."
        }
        Some(
            Warning::NamesAndSurnamesByThemselvesAreEasyToGuess
            | Warning::CommonNamesAndSurnamesAreEasyToGuess,
        ) => "Names are tried first: use a few random words instead.",
        Some(Warning::AWordByItselfIsEasyToGuess) | None => {
            "Add another word or two; unusual ones that do not belong together are best."
        }
    }
}

/// Why a password was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    #[error(transparent)]
    Weak(#[from] WeakPassword),
    #[error(transparent)]
    Hash(#[from] HashFailed),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Gives a signed-in person a new password, or the first. Their other sessions and their reset links end.
pub async fn change(
    accounts: &Accounts,
    session: &Session,
    new: NewPassword,
    origin: &Origin,
) -> Result<(), ChangeError> {
    let user = &session.user;
    check_new(new.password.expose(), new.again.expose(), &user.email, user.name.as_deref())?;
    let hash = accounts.passwords.hash(new.password).await?;
    let (id, kept, now) = (user.id.clone(), session.id.clone(), accounts.clock.now());
    accounts.store.change_password(id, hash, kept, now).await?;
    let entry = Entry::ok(Event::PasswordChanged)
        .user(user.id.clone())
        .session(session.id.clone())
        .address(origin.address.clone());
    accounts.audit.record(entry).await;
    notify::notify(accounts, user, Notice::PasswordChanged, origin);
    Ok(())
}

impl Passwords {
    /// Starts `threads` threads, 19 MiB each.
    pub fn new(threads: usize) -> Result<Self, HashFailed> {
        let (queue, jobs) = sync_channel::<Job>(QUEUE);
        let jobs = Arc::new(Mutex::new(jobs));
        for number in 0..threads {
            let jobs = Arc::clone(&jobs);
            let name = format!("password-{number}");
            thread::Builder::new().name(name).spawn(move || work(&jobs)).map_err(|_| HashFailed)?;
        }
        let decoy = hash_now("not a password that anybody has", &mut Vec::new())?.into();
        Ok(Self { queue, decoy })
    }

    async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Vec<Block>) -> Result<T, HashFailed> + Send + 'static,
    ) -> Result<T, HashFailed> {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |memory| {
            // Whoever asked may have gone away.
            let _ = answer.send(job(memory));
        });
        match self.queue.try_send(job) {
            Ok(()) => answered.await.map_err(|_| HashFailed)?,
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => Err(HashFailed),
        }
    }

    /// The PHC string to store.
    pub async fn hash(&self, password: Plain<String>) -> Result<String, HashFailed> {
        self.run(move |memory| hash_now(password.expose(), memory)).await
    }

    /// Whether the password has this hash. Without a hash it takes as long and is false.
    pub async fn verify(&self, password: Plain<String>, hash: Option<String>) -> Result<bool, HashFailed> {
        if password.expose().len() > MAX_BYTES {
            return Ok(false);
        }
        let (known, stored) = (hash.is_some(), hash.unwrap_or_else(|| self.decoy.to_string()));
        let verify = move |memory: &mut Vec<Block>| verify_now(password.expose(), &stored, memory);
        // Computed for an unknown person too: the answer must take as long.
        let matches = self.run(verify).await?;
        Ok(known && matches)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_hash_is_argon2id_with_the_stated_cost_and_fits_one_password() {
        let passwords = Passwords::new(1).unwrap();
        let hash = passwords.hash(Plain::new("correct horse battery".into())).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        let check = |text: &str, hash: Option<String>| passwords.verify(Plain::new(text.to_owned()), hash);
        assert_eq!(check("correct horse battery", Some(hash.clone())).await, Ok(true));
        assert_eq!(check("correct horse batterz", Some(hash)).await, Ok(false));
        assert_eq!(check("not a password that anybody has", None).await, Ok(false));
    }

    #[test]
    fn new_passwords_follow_the_rules() {
        let check = |p: &str, again: &str| check_new(p, again, "ann@example.com", None);
        assert_eq!(check("short", "short"), Err(WeakPassword::TooShort));
        assert_eq!(check("long enough 1", "long enough 2"), Err(WeakPassword::Different));
        assert_eq!(check("ANN@example.com", "ANN@example.com"), Err(WeakPassword::SameAsEmail));
        assert_eq!(check(&"x".repeat(1025), ""), Err(WeakPassword::TooLong));
        assert_eq!(check("pond lantern gravel", "pond lantern gravel"), Ok(()));
        assert_eq!(check(&"pond lantern gravel ".repeat(50), &"pond lantern gravel ".repeat(50)), Ok(()));
    }

    #[test]
    fn long_is_not_enough_when_it_is_easy_to_guess() {
        for (password, word) in [
            ("aaaaaaaaaaaaaaaa", "Repeating"),
            ("abcdefghijklmnop", "Sequences"),
            ("qwertyuiop[]asdf", "side by side"),
            ("password12345678", ""), // Two of its parts are equally bad.
            ("gatepostgatepost", ""),
            ("ann@example.com1", ""),
            ("Ada.Lovelace", ""),
        ] {
            let weak = check_new(password, password, "ann@example.com", Some("Ada Lovelace"));
            let Err(WeakPassword::Guessable(hint)) = weak else { panic!("{password}: {weak:?}") };
            assert!(hint.contains(word), "{password}: {hint}");
        }
    }
}
