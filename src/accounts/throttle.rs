//! Limits on guessing and flooding.
//!
//! | limit                    | counted by                       | why not otherwise                              |
//! |--------------------------|----------------------------------|------------------------------------------------|
//! | login attempts           | account and network together     | by account alone, anybody could lock a person out |
//! | login attempts           | network                          | one place must not try every account           |
//! | registrations            | network                          |                                                |
//! | one-time links           | network                          |                                                |
//! | requests of devices      | network, and client              | each waits for somebody to decide              |
//! | pushed requests          | network                          |                                                |
//! | codes of devices         | person, and network              | whoever guesses has an account, or several     |
//! | wrong API tokens         | network                          | a good one is never counted: nobody else pays  |
//! | sensitive forms          | person                           | they are signed in: nobody else pays           |
//! | mails that anybody can ask for | account                    | wherever from: it is one mailbox               |
//!
//! A network is an IPv4 address or an IPv6 /64: the part one subscriber holds.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::types::network::subscriber;

type Limiter = DefaultKeyedRateLimiter<String>;

/// Mails at once to one account that anybody can ask for, and how long until there may be another: three an hour.
const MAILS: NonZeroU32 = NonZeroU32::new(3).unwrap();
const MAIL_EVERY: Duration = Duration::from_mins(20);

/// Changes of how a person signs in, and copies of their data, a minute.
const SENSITIVE: u32 = 30;

/// Codes of devices a minute, entered by one person, and from one network.
const USER_CODES: u32 = 20;
const USER_CODES_OF_NETWORK: u32 = 60;

/// Requests of devices a minute, of one client.
const DEVICES_OF_CLIENT: u32 = 300;

/// Attempts a minute, and at once.
#[derive(Clone, Copy, Debug)]
pub struct Rates {
    pub login_per_account: u32,
    pub login_per_network: u32,
    pub registration_per_network: u32,
    pub device_per_network: u32,
    pub pushed_per_network: u32,
}

/// Too many attempts; another is accepted after this many seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many attempts; try again in {retry_after} seconds")]
pub struct Throttled {
    pub retry_after: u64,
}

/// The counters; clones share them.
#[derive(Clone)]
pub struct Throttle {
    login_account: Arc<Limiter>,
    login_network: Arc<Limiter>,
    registration: Arc<Limiter>,
    mail: Arc<Limiter>,
    sensitive: Arc<Limiter>,
    api_token: Arc<Limiter>,
    device: Arc<Limiter>,
    device_client: Arc<Limiter>,
    pushed: Arc<Limiter>,
    user_code: Arc<Limiter>,
    user_code_network: Arc<Limiter>,
    clock: DefaultClock,
}

fn limiter(per_minute: u32) -> Arc<Limiter> {
    Arc::new(RateLimiter::keyed(Quota::per_minute(NonZeroU32::new(per_minute).unwrap_or(NonZeroU32::MIN))))
}

fn mail_quota() -> Quota {
    Quota::with_period(MAIL_EVERY).unwrap_or(Quota::per_hour(MAILS)).allow_burst(MAILS)
}

impl Throttle {
    pub fn new(rates: Rates) -> Self {
        Self {
            login_account: limiter(rates.login_per_account),
            login_network: limiter(rates.login_per_network),
            registration: limiter(rates.registration_per_network),
            mail: Arc::new(RateLimiter::keyed(mail_quota())),
            sensitive: limiter(SENSITIVE),
            api_token: limiter(rates.login_per_network),
            device: limiter(rates.device_per_network),
            device_client: limiter(DEVICES_OF_CLIENT),
            pushed: limiter(rates.pushed_per_network),
            user_code: limiter(USER_CODES),
            user_code_network: limiter(USER_CODES_OF_NETWORK),
            clock: DefaultClock::default(),
        }
    }

    fn check(&self, limiter: &Limiter, key: &String) -> Result<(), Throttled> {
        limiter.check_key(key).map_err(|not_until| Throttled {
            retry_after: not_until.wait_time_from(self.clock.now()).as_secs() + 1,
        })
    }

    /// Counts a login attempt.
    pub fn login(&self, email: &str, address: &str) -> Result<(), Throttled> {
        let network = subscriber(address);
        self.check(&self.login_network, &network)?;
        let email: String = email.chars().take(254).collect();
        self.check(&self.login_account, &format!("{network} {email}"))
    }

    /// Counts something that a signed-in person may do now and then: it costs a row or much memory.
    pub fn sensitive(&self, user_id: &str) -> Result<(), Throttled> {
        self.check(&self.sensitive, &user_id.to_owned())
    }

    /// Counts the use of a one-time link.
    pub fn secret(&self, address: &str) -> Result<(), Throttled> {
        self.check(&self.login_network, &subscriber(address))
    }

    /// Counts a wrong API token.
    pub fn api_token(&self, address: &str) -> Result<(), Throttled> {
        self.check(&self.api_token, &subscriber(address))
    }

    /// Counts a mail that somebody asked for who is not known.
    pub fn mail(&self, user_id: &str) -> Result<(), Throttled> {
        self.check(&self.mail, &user_id.to_owned())
    }

    /// Counts a registration.
    pub fn registration(&self, address: &str) -> Result<(), Throttled> {
        self.check(&self.registration, &subscriber(address))
    }

    /// Counts a request of a device.
    pub fn device(&self, address: &str) -> Result<(), Throttled> {
        self.check(&self.device, &subscriber(address))
    }

    /// Counts a request of a device, for its client.
    pub fn device_of_client(&self, client_id: &str) -> Result<(), Throttled> {
        self.check(&self.device_client, &client_id.to_owned())
    }

    /// Counts an authorization request that is sent ahead.
    pub fn pushed(&self, address: &str) -> Result<(), Throttled> {
        self.check(&self.pushed, &subscriber(address))
    }

    /// Counts a code of a device that a person entered, right or wrong.
    pub fn user_code(&self, user_id: &str, address: &str) -> Result<(), Throttled> {
        self.check(&self.user_code_network, &subscriber(address))?;
        self.check(&self.user_code, &user_id.to_owned())
    }

    /// Forgets who has been quiet, so that the counters stay small.
    pub fn forget_quiet(&self) {
        for limiter in [
            &self.login_account,
            &self.login_network,
            &self.registration,
            &self.mail,
            &self.sensitive,
            &self.api_token,
            &self.device,
            &self.device_client,
            &self.pushed,
            &self.user_code,
            &self.user_code_network,
        ] {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guessing_one_account_from_one_place_locks_nobody_else_out() {
        let throttle = Throttle::new(Rates {
            login_per_account: 3,
            login_per_network: 100,
            registration_per_network: 1,
            device_per_network: 1,
            pushed_per_network: 1,
        });
        for _ in 0..3 {
            assert!(throttle.login("ann@example.com", "192.0.2.1").is_ok());
        }
        let throttled = throttle.login("ann@example.com", "192.0.2.1").unwrap_err();
        assert!((1..=21).contains(&throttled.retry_after), "{throttled}");
        assert!(throttle.login("ann@example.com", "192.0.2.2").is_ok());
        assert!(throttle.login("bob@example.com", "192.0.2.1").is_ok());
    }
}
