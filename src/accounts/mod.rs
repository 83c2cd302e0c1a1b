//! People: passwords, browser sessions, one-time links, and limits on guessing.
//!
//! Owns no page and no cookie. Every function takes what was typed and says what follows.

pub mod activity;
mod by_administrator;
pub mod ceremony;
pub mod challenge;
pub mod deletion;
pub mod export;
pub mod forgot;
pub mod links;
pub mod login;
pub mod notify;
pub mod passkeys;
pub mod password;
pub mod profile;
pub mod recovery;
pub mod second_factor;
pub mod second_step;
pub mod session;
pub mod sign_in;
pub mod throttle;
pub mod totp;
pub mod upstream;
pub mod ways_in;
pub mod words;

use crate::audit::Audit;
use crate::mail::Mailer;
use crate::settings::Settings;
use crate::store::Store;
use crate::store::users::UserRow;
pub use crate::types::email::normal_email;
use crate::types::urls::Issuer;
use crate::types::{Clock, MasterKey, Rng};

/// How long a browser login lasts, in seconds.
#[derive(Clone, Copy, Debug)]
pub struct SessionLifetimes {
    /// Without use.
    pub idle: i64,
    /// However much it is used.
    pub absolute: i64,
}

/// Everything the rules about people work on; clones share it.
#[derive(Clone)]
pub struct Accounts {
    pub store: Store,
    pub clock: Clock,
    pub rng: Rng,
    /// The public URL: base of links, and the place passkeys belong to.
    pub issuer: Issuer,
    /// Seals what must be read again.
    pub master: MasterKey,
    pub audit: Audit,
    pub mail: Mailer,
    pub forgot: forgot::Forgot,
    pub passwords: password::Passwords,
    pub throttle: throttle::Throttle,
    pub sessions: SessionLifetimes,
    /// Where people may also come from.
    pub upstream: upstream::Providers,
    /// Nothing where the public URL cannot have passkeys.
    pub passkeys: Option<passkeys::Passkeys>,
    /// What administrators set: of whom a second factor is required.
    pub settings: Settings,
}

impl Accounts {
    /// Of whom a second factor is required now.
    pub fn second_factor(&self) -> second_factor::Requirement {
        self.settings.current().second_factor.value
    }
}
