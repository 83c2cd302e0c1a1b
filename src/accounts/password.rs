//! Passwords: argon2id (19 MiB, 2 passes, 1 lane), computed on a bounded number of threads.

use std::sync::Arc;

use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use tokio::sync::Semaphore;

use crate::types::Plain;

/// Fewer characters are refused.
pub const MIN_CHARS: usize = 12;
/// More bytes are refused: hashing cost must not be the caller's to choose.
pub const MAX_BYTES: usize = 1024;
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;

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
}

/// Hashing did not happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the password could not be hashed")]
pub struct HashFailed;

/// Hashes and checks passwords; clones share the bound.
#[derive(Clone)]
pub struct Passwords {
    slots: Arc<Semaphore>,
    /// What an unknown person's password is compared with, so that the answer takes as long.
    decoy: Arc<str>,
}

fn argon2() -> Result<Argon2<'static>, HashFailed> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, None).map_err(|_| HashFailed)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash_now(password: &str) -> Result<String, HashFailed> {
    argon2()?.hash_password(password.as_bytes()).map(|hash| hash.to_string()).map_err(|_| HashFailed)
}

/// The rules for a new password.
pub fn check_new(password: &str, again: &str, email: &str) -> Result<(), WeakPassword> {
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
    Ok(())
}

impl Passwords {
    /// Allows `parallel` hashes at a time, 19 MiB each.
    pub fn new(parallel: usize) -> Result<Self, HashFailed> {
        let decoy = hash_now("not a password that anybody has")?.into();
        Ok(Self { slots: Arc::new(Semaphore::new(parallel)), decoy })
    }

    /// The PHC string to store.
    pub async fn hash(&self, password: Plain<String>) -> Result<String, HashFailed> {
        let _slot = self.slots.acquire().await.map_err(|_| HashFailed)?;
        tokio::task::spawn_blocking(move || hash_now(password.expose())).await.map_err(|_| HashFailed)?
    }

    /// Whether the password has this hash. Without a hash it takes as long and is false.
    pub async fn verify(&self, password: Plain<String>, hash: Option<String>) -> Result<bool, HashFailed> {
        if password.expose().len() > MAX_BYTES {
            return Ok(false);
        }
        let _slot = self.slots.acquire().await.map_err(|_| HashFailed)?;
        let (known, stored) = (hash.is_some(), hash.unwrap_or_else(|| self.decoy.to_string()));
        let verify = move || {
            argon2().map(|a| a.verify_password(password.expose().as_bytes(), stored.as_str()).is_ok())
        };
        let matches = tokio::task::spawn_blocking(verify).await.map_err(|_| HashFailed)??;
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
        let check = |p: &str, again: &str| check_new(p, again, "ann@example.com");
        assert_eq!(check("short", "short"), Err(WeakPassword::TooShort));
        assert_eq!(check("long enough 1", "long enough 2"), Err(WeakPassword::Different));
        assert_eq!(check("ANN@example.com", "ANN@example.com"), Err(WeakPassword::SameAsEmail));
        assert_eq!(check(&"x".repeat(1025), ""), Err(WeakPassword::TooLong));
        assert_eq!(check("long enough 1", "long enough 1"), Ok(()));
    }
}
