//! What runs beside the requests: keeping this process' memory in step with the database, hanging up on
//! callers whose right has ended, and removing what has ended, in small batches.
//!
//! | what                          | removed when                                          |
//! |-------------------------------|-------------------------------------------------------|
//! | authorization codes           | with their grant; never redeemed: a day after expiry  |
//! | requests of devices           | with their grant; never allowed, or never fetched: an hour after expiry |
//! | requests that were pushed     | they can serve nobody any more                        |
//! | grants                        | nothing that hangs on them can live any more          |
//! | refresh tokens                | a day after they died of disuse                       |
//! | sessions                      | expired, idle, or ended                               |
//! | one-time links, ceremonies    | expired; a code's a day later: its wrong answers count that long |
//! | tokens that ended early       | they would have ended by themselves                   |
//! | notes of what was shown once  | it would be refused for its age anyway                |
//! | self-registered clients       | never used within the set number of days              |
//! | clients by document           | never given anything: an hour after they came; else like the others once nobody has anything of theirs |
//! | retired signing keys          | older than the longest access token                   |
//! | audit events, hourly counts   | after the set number of days                          |
//! | known browsers                | not seen for 400 days                                 |
//! | answers to requests with an `Idempotency-Key` | after a day                           |
//! | API tokens                    | 30 days after they expired or were revoked            |
//! | deleted people's emptied rows | two days later, when no token of theirs can live      |

use std::time::Duration;

use futures::{StreamExt as _, stream};
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

use crate::accounts::Accounts;
use crate::admin::api_tokens::ApiTokens;
use crate::mcp::{McpMount, SessionGuard, Streams};
use crate::oauth::OAuth;
use crate::store::changes::Versions;
use crate::store::{Store, StoreError};
use crate::trust::Trust;
use crate::types::Timestamp;

/// How often the counters of changes are read. A change takes effect everywhere within a second.
const WATCH_EVERY: Duration = Duration::from_millis(400);
/// How often open streams are looked at: with the above, a second at most from a revocation anywhere.
const HANG_UP_EVERY: Duration = Duration::from_millis(400);
/// How often what has ended is looked for.
const REAP_EVERY: Duration = Duration::from_mins(1);
/// Rows removed by one statement.
const BATCH: i64 = 500;
/// The same for what was shown once: with bound tokens there is one more at every call.
const REPLAYS: i64 = 5_000;
/// People, and clients, made known to the search by one transaction.
const CATCH_UP: i64 = 50;
/// Statements of one kind in one round.
const ROUNDS: usize = 20;
/// MCP sessions ended at a time.
const CLOSINGS: usize = 32;
const DAY: i64 = 86_400;
/// Longer than any access token lives, in seconds.
const KEY_MARGIN: i64 = 2 * DAY;
/// How long a browser is known that nobody signs in on, in seconds: as long as its cookie.
const BROWSER_LIFE: i64 = 400 * DAY;
/// How long client secrets are kept that were revoked or expired.
const ENDED_SECRETS: i64 = 30 * DAY;
/// How long a request with a key of its own is remembered, in seconds.
const ANSWERS_KEPT: i64 = DAY;
/// How long an API token that has ended is shown, in seconds.
const API_TOKEN_MARGIN: i64 = 30 * DAY;
/// How long the emptied row of a deleted person stays, in seconds: longer than any access token lives.
const DELETED_MARGIN: i64 = 2 * DAY;

/// Clocks of different processes may disagree by this much, in seconds.
const SKEW: i64 = 300;
/// How long a client by document is kept that asked for something and was never given anything, in seconds.
const NEWCOMERS: i64 = 3600;
/// How long a device that comes too late is told so, in seconds.
const DEVICE_MARGIN: i64 = 3600;

/// How long things are kept, in seconds.
#[derive(Clone, Copy, Debug)]
pub struct Retention {
    pub unused_clients: i64,
    pub audit_events: i64,
}

/// Keeps memory in step with the database until the process ends.
pub fn watch(ctx: OAuth, trust: Trust, api_tokens: ApiTokens) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut seen = Versions::default();
        let mut ticks = interval(WATCH_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            match sync(&ctx, &trust, &api_tokens, seen).await {
                Ok(now) => seen = now,
                Err(error) => tracing::warn!(%error, "changes in the database could not be read"),
            }
        }
    })
}

/// Reads whatever changed since `seen`.
pub async fn sync(
    ctx: &OAuth,
    trust: &Trust,
    api_tokens: &ApiTokens,
    seen: Versions,
) -> anyhow::Result<Versions> {
    let versions = ctx.store.change_versions().await?;
    let now = ctx.clock.now();
    if versions.resources != seen.resources {
        ctx.resources.reload(&ctx.store, &ctx.issuer).await?;
        trust.forget_all();
    }
    if versions.clients != seen.clients {
        ctx.clients.forget_all();
        trust.forget_all();
    }
    if versions.api_tokens != seen.api_tokens {
        api_tokens.forget_all();
    }
    if versions.issuers != seen.issuers {
        ctx.trusted.reload(&ctx.store).await?;
    }
    if versions.revocations == seen.revocations {
        ctx.revocations.confirm(now);
    } else {
        ctx.revocations.refresh(&ctx.store, now).await?;
    }
    if versions.people != seen.people {
        trust.forget_all();
    }
    // Last, because these can fail for good: revocations must not wait for them.
    if versions.keys != seen.keys {
        ctx.keys.reload(&ctx.store).await?;
        trust.forget_all();
    }
    if versions.settings != seen.settings {
        ctx.settings.reload(&ctx.store).await?;
    }
    Ok(versions)
}

/// Ends streams and MCP sessions of callers who may call no more, until the process ends. A task of its own:
/// it must not wait for a database.
pub fn hang_up(ctx: OAuth, open: Open) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut ticks = interval(HANG_UP_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            hang_up_once(&ctx, &open).await;
        }
    })
}

/// What callers hold open in this process.
#[derive(Clone)]
pub struct Open {
    pub sessions: SessionGuard,
    pub streams: Streams,
    pub mount: McpMount,
}

/// One look at everything that is open.
pub async fn hang_up_once(ctx: &OAuth, open: &Open) {
    let blind = ctx.revocations.is_stale();
    let streams = open.streams.end_dead(
        |grant_id, token_id| blind || ctx.revocations.has_ended(grant_id, token_id),
        ctx.clock.now(),
    );
    let sessions = open.sessions.take_revoked(|id| ctx.revocations.is_revoked(id));
    if streams + sessions.len() > 0 {
        tracing::info!(streams, sessions = sessions.len(), "hung up on callers who may call no more");
    }
    stream::iter(&sessions).for_each_concurrent(CLOSINGS, |id| open.mount.end_session(id)).await;
}

/// Makes people and clients known to the search who were stored before there was one, in small batches, then ends.
pub fn catch_up(store: Store) -> JoinHandle<()> {
    tokio::spawn(async move {
        loop {
            match catch_up_once(&store).await {
                Ok(0) => return,
                Ok(count) => tracing::debug!(count, "made rows known to the search"),
                Err(error) => {
                    tracing::warn!(%error, "rows could not be made known to the search; tried again later");
                    tokio::time::sleep(REAP_EVERY).await;
                }
            }
        }
    })
}

async fn catch_up_once(store: &Store) -> Result<usize, StoreError> {
    let people = store.add_missing_user_terms(CATCH_UP).await?;
    let clients = store.add_missing_client_terms(CATCH_UP).await?;
    Ok(people + clients)
}

/// Removes what has ended until the process ends.
pub fn reap(accounts: Accounts, retention: Retention) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut ticks = interval(REAP_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            accounts.throttle.forget_quiet();
            accounts.audit.forget_quiet();
            match reap_once(&accounts, retention, accounts.clock.now()).await {
                Ok(0) => {}
                Ok(count) => tracing::debug!(count, "removed what had ended"),
                Err(error) => tracing::warn!(%error, "what has ended could not be removed"),
            }
        }
    })
}

/// One round; returns how many rows it removed.
pub async fn reap_once(accounts: &Accounts, retention: Retention, now: Timestamp) -> Result<u64, StoreError> {
    let store = &accounts.store;
    let idle = now - accounts.sessions.idle;
    let mut total = 0;
    for _ in 0..ROUNDS {
        let counts = [
            store.reap_unspent_codes(now - DAY, BATCH).await?,
            store.reap_device_codes(now - DEVICE_MARGIN, BATCH).await?,
            store.reap_pushed_requests(now, BATCH).await?,
            store.reap_refresh_tokens(now - DAY, BATCH).await?,
            store.reap_grants(now, BATCH).await?,
            store.reap_sessions(now, idle, BATCH).await?,
            store.reap_links(now, BATCH).await?,
            store.reap_ceremonies(now, now - DAY, BATCH).await?,
            store.reap_clients(now - retention.unused_clients, BATCH).await?,
            store.reap_replays(now, REPLAYS).await?,
            store.reap_ended_tokens(now - SKEW, BATCH).await?,
            store.reap_document_clients(now - retention.unused_clients, BATCH).await?,
            store.reap_newcomers(now - NEWCOMERS, BATCH).await?,
            store.reap_client_secrets(now - ENDED_SECRETS, BATCH).await?,
            store.reap_known_browsers(now - BROWSER_LIFE, BATCH).await?,
            store.reap_answers(now - ANSWERS_KEPT, BATCH).await?,
            store.reap_api_tokens(now - API_TOKEN_MARGIN, BATCH).await?,
            store.reap_users(now - DELETED_MARGIN, BATCH).await?,
            store.reap_events(now - retention.audit_events, BATCH).await?,
        ];
        total += counts.iter().sum::<u64>();
        if counts.iter().all(|c| *c < u64::try_from(BATCH).unwrap_or(u64::MAX)) {
            break;
        }
    }
    total += store.reap_keys(now - KEY_MARGIN).await?;
    total += store.reap_activity(now - retention.audit_events).await?;
    Ok(total)
}
