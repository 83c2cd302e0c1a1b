//! Browser sessions: started at login with a new secret, bounded by idle and absolute life, ended at once.

use std::time::Duration;

use super::Accounts;
use super::sign_in::{Device, Shown};
use crate::audit::{Entry, Event};
use crate::oauth::Origin;
use crate::store::StoreError;
use crate::store::sessions::{SessionRow, StillTrue};
use crate::store::users::UserRow;
use crate::types::ids::Kind;
use crate::types::secret::Bearer;
use crate::types::{Plain, Proof, Timestamp};

/// How often the last use is written down, in seconds.
const SEEN_EVERY: i64 = 300;

/// For how long after a login sensitive things may be done without another, in seconds.
pub const FRESH: i64 = 15 * 60;

/// How long a request waits for that note.
const PATIENCE: Duration = Duration::from_millis(250);

/// A browser that is signed in.
#[derive(Clone, Debug)]
pub struct Session {
    pub id: String,
    pub user: UserRow,
    /// When the person last proved who they are.
    pub auth_time: Timestamp,
    pub started_at: Timestamp,
    /// How.
    pub proof: Proof,
}

impl Session {
    /// Whether the person proved it so recently that they may change how they sign in.
    pub const fn is_fresh(&self, now: Timestamp) -> bool {
        now - self.auth_time <= FRESH
    }
}

/// Whether a stored session is still good.
pub fn is_live(row: &SessionRow, idle: i64, now: Timestamp) -> bool {
    row.expires_at > now && row.last_seen_at + idle > now
}

/// Starts a session for the person as they were found. Returns its id and the cookie's value; nothing when they
/// are disabled or have another password meanwhile, or need a second factor that was not shown.
pub async fn start(
    accounts: &Accounts,
    user: &UserRow,
    shown: Shown,
    device: &Device,
) -> Result<Option<(String, Plain<String>)>, StoreError> {
    let bearer = Bearer::generate(Kind::Session, &accounts.clock, &accounts.rng);
    let now = accounts.clock.now();
    let row = SessionRow {
        id: bearer.id.clone(),
        hash: bearer.hash(),
        user_id: user.id.clone(),
        auth_time: shown.at.map_or(now, |at| at.min(now)),
        created_at: now,
        last_seen_at: now,
        expires_at: now + accounts.sessions.absolute,
        user_agent: device.user_agent.as_ref().map(|ua| ua.chars().take(300).collect()),
        address: device.origin.address.clone(),
        proof: shown.proof,
    };
    let still = StillTrue {
        password_hash: shown.proof.uses_password().then(|| user.password_hash.clone()).flatten(),
        has_no_app: !shown.proof.is_multi_factor(),
    };
    let started = accounts.store.start_session(row, still).await?;
    Ok(started.then(|| (bearer.id.clone(), bearer.to_text())))
}

/// The session a cookie's value stands for, if it is live.
pub async fn find(accounts: &Accounts, cookie: &str) -> Result<Option<Session>, StoreError> {
    let Some(bearer) = Bearer::parse(Kind::Session, cookie) else { return Ok(None) };
    let Some(row) = accounts.store.find_session(&bearer.id).await? else { return Ok(None) };
    let now = accounts.clock.now();
    if !row.hash.matches(bearer.secret.expose()) || !is_live(&row, accounts.sessions.idle, now) {
        return Ok(None);
    }
    let Some(user) = accounts.store.find_user(&row.user_id).await? else { return Ok(None) };
    if user.disabled_at.is_some() {
        return Ok(None);
    }
    if row.last_seen_at + SEEN_EVERY <= now {
        // Looking must not wait for a database that takes no writes; a note that is late still gets written.
        let noting = accounts.store.session_seen(row.id.clone(), now);
        if !matches!(tokio::time::timeout(PATIENCE, noting).await, Ok(Ok(()))) {
            tracing::warn!(session = row.id, "the use of a session could not be noted");
        }
    }
    Ok(Some(Session {
        id: row.id,
        user,
        auth_time: row.auth_time,
        started_at: row.created_at,
        proof: row.proof,
    }))
}

/// How many of a person's sessions are listed.
const MAX_LISTED: i64 = 100;

/// A person's live sessions, the last used first.
pub async fn list(accounts: &Accounts, user_id: &str) -> Result<Vec<SessionRow>, StoreError> {
    let now = accounts.clock.now();
    accounts.store.list_sessions_of_user(user_id, now, now - accounts.sessions.idle, MAX_LISTED).await
}

/// Which sessions a person ends from one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending<'a> {
    /// One, by id; nothing happens to somebody else's.
    One(&'a str),
    /// All but the one it is asked from.
    Others,
    /// All.
    All,
}

/// Ends sessions of a person. Returns whether the one it was asked from has ended with them.
pub async fn end_some(
    accounts: &Accounts,
    from: &Session,
    which: Ending<'_>,
    origin: &Origin,
) -> Result<bool, StoreError> {
    let (store, user, now) = (&accounts.store, &from.user.id, accounts.clock.now());
    let (reason, ended) = match which {
        Ending::One(id) => {
            ("one", u64::from(store.end_session_of_user(id.to_owned(), user.clone(), now).await?))
        }
        Ending::Others => ("others", store.end_other_sessions(user.clone(), from.id.clone(), now).await?),
        Ending::All => ("all", store.end_other_sessions(user.clone(), String::new(), now).await?),
    };
    if ended > 0 {
        let entry = Entry::ok(Event::SessionEnded)
            .because(reason)
            .user(user.clone())
            .session(if let Ending::One(id) = which { id.to_owned() } else { from.id.clone() })
            .address(origin.address.clone())
            .detail(format!("ended: {ended}"));
        accounts.audit.record(entry).await;
    }
    Ok(which == Ending::All || which == Ending::One(&from.id))
}

/// Ends a session.
pub async fn end(accounts: &Accounts, id: &str) -> Result<(), StoreError> {
    accounts.store.end_session(id.to_owned(), accounts.clock.now()).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{FirstFactor, Hashed};

    #[test]
    fn a_session_ends_when_idle_and_in_any_case_at_last() {
        let row = SessionRow {
            id: "ses_1".into(),
            hash: Hashed::of("x"),
            user_id: "usr_1".into(),
            auth_time: 0,
            created_at: 0,
            last_seen_at: 100,
            expires_at: 1000,
            user_agent: None,
            address: None,
            proof: FirstFactor::Password.into(),
        };
        assert!(is_live(&row, 50, 149));
        assert!(!is_live(&row, 50, 150));
        assert!(!is_live(&row, 5000, 1000));
    }
}
