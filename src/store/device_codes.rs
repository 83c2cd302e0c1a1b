//! Table `device_codes`: what devices without a browser asked for, and what people decided.
//!
//! A person's decision, a device's poll and the spending of what was allowed are one conditional statement each.

use futures::FutureExt as _;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::clients::ClientRow;
use super::document_clients;
use super::grants::{self, GrantRow};
use super::refresh_tokens::{self, RefreshRow};
use super::{Store, StoreError, row, sql};
use crate::types::{Hashed, Proof, ScopeSet, Timestamp};

/// One request of a device as stored.
#[derive(Clone, Debug)]
pub struct DeviceRow {
    pub id: String,
    pub hash: Hashed,
    /// The keyed hash of what the person types.
    pub user_code: Hashed,
    pub client_id: String,
    pub resource_id: String,
    /// What the person is asked for.
    pub scopes: ScopeSet,
    /// The address of the device.
    pub asked_from: Option<String>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    /// Seconds between two polls.
    pub interval: i64,
    pub decided_at: Option<Timestamp>,
    /// What was allowed; nothing while nobody decided, and after a "no".
    pub grant_id: Option<String>,
    /// The login in which it was allowed.
    pub login: Option<Login>,
    pub spent_at: Option<Timestamp>,
}

/// The login in which a person allowed something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Login {
    pub auth_time: Timestamp,
    pub proof: Proof,
}

/// How many requests may wait for a person.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    pub of_client: i64,
    pub in_all: i64,
}

/// How a poll went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Polled {
    /// As often as it may.
    Waiting,
    /// Too soon after the last one: from now on the device waits longer.
    TooSoon,
    /// It waits no more: somebody decided, or it has expired.
    Gone,
}

/// What a person's "allow" leads to.
#[derive(Clone, Debug)]
pub struct Allowed {
    pub device_id: String,
    pub login: Login,
    pub consent_id: String,
    /// What the person has agreed to so far, this included.
    pub consented: ScopeSet,
    pub grant: GrantRow,
}

/// How much longer a device waits that polled too soon, in seconds (RFC 8628 §3.5).
pub const SLOWER_BY: i64 = 5;

sql! {
    /// Nothing is added where too many wait, or the code is one that somebody else is typing.
    ADD = "INSERT INTO device_codes (id, secret_hash, user_code_mac, client_id, resource_id, scopes, asked_from, \
           created_at, expires_at, poll_interval, polled_early) SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0 \
           WHERE (SELECT COUNT(*) FROM (SELECT 1 FROM device_codes WHERE client_id = $4 AND expires_at > $8 \
           AND decided_at IS NULL LIMIT $11) AS of_client) < $11 \
           AND (SELECT COUNT(*) FROM (SELECT 1 FROM device_codes WHERE expires_at > $8 AND decided_at IS NULL \
           LIMIT $12) AS in_all) < $12 \
           ON CONFLICT (user_code_mac) WHERE decided_at IS NULL DO NOTHING";
    ROOM = "SELECT 1 AS there WHERE (SELECT COUNT(*) FROM (SELECT 1 FROM device_codes WHERE client_id = $1 \
            AND expires_at > $2 AND decided_at IS NULL LIMIT $3) AS of_client) < $3 \
            AND (SELECT COUNT(*) FROM (SELECT 1 FROM device_codes WHERE expires_at > $2 AND decided_at IS NULL \
            LIMIT $4) AS in_all) < $4";
    FIND = "SELECT id, secret_hash, user_code_mac, client_id, resource_id, scopes, asked_from, created_at, \
            expires_at, poll_interval, decided_at, grant_id, auth_time, method, spent_at \
            FROM device_codes WHERE id = $1";
    FIND_WAITING = "SELECT id, secret_hash, user_code_mac, client_id, resource_id, scopes, asked_from, created_at, \
                    expires_at, poll_interval, decided_at, grant_id, auth_time, method, spent_at \
                    FROM device_codes WHERE user_code_mac = $1 AND decided_at IS NULL AND expires_at > $2";
    POLL = "UPDATE device_codes SET \
            polled_early = CASE WHEN polled_at + poll_interval > $2 THEN 1 ELSE 0 END, \
            poll_interval = CASE WHEN polled_at + poll_interval > $2 THEN poll_interval + $3 ELSE poll_interval END, \
            polled_at = $2 WHERE id = $1 AND decided_at IS NULL AND expires_at > $2 RETURNING polled_early";
    ALLOW = "UPDATE device_codes SET decided_at = $2, auth_time = $3, method = $4 \
             WHERE id = $1 AND decided_at IS NULL AND expires_at > $2";
    /// Only inside the transaction that decided: the grant has to be there first.
    NAME_GRANT = "UPDATE device_codes SET grant_id = $2 WHERE id = $1";
    /// On which document of its client it rests, where the client publishes one.
    MARK = "UPDATE grants SET document_mark = (SELECT c.document_mark FROM clients c WHERE c.id = grants.client_id) \
            WHERE id = $1";
    DENY = "UPDATE device_codes SET decided_at = $2 WHERE id = $1 AND decided_at IS NULL AND expires_at > $2";
    SPEND = "UPDATE device_codes SET spent_at = $2 WHERE id = $1 AND spent_at IS NULL AND expires_at > $2 \
             AND EXISTS (SELECT 1 FROM grants g WHERE g.id = device_codes.grant_id AND g.revoked_at IS NULL)";
    /// Only inside the transaction that spent it.
    BIND = "UPDATE grants SET jkt = $2 WHERE id = (SELECT grant_id FROM device_codes WHERE id = $1)";
    REAP_UNSPENT = "DELETE FROM grants WHERE id IN (SELECT grant_id FROM device_codes \
                    WHERE grant_id IS NOT NULL AND spent_at IS NULL AND expires_at < $1 LIMIT $2)";
    REAP = "DELETE FROM device_codes WHERE id IN (SELECT id FROM device_codes \
            WHERE grant_id IS NULL AND expires_at < $1 LIMIT $2)";
}

fn read(row: &AnyRow) -> Result<DeviceRow, StoreError> {
    Ok(DeviceRow {
        id: row::text(row, "id")?,
        hash: row::hash(row, "secret_hash")?,
        user_code: row::hash(row, "user_code_mac")?,
        client_id: row::text(row, "client_id")?,
        resource_id: row::text(row, "resource_id")?,
        scopes: row::scopes(row, "scopes")?,
        asked_from: row::text_opt(row, "asked_from")?,
        created_at: row::int(row, "created_at")?,
        expires_at: row::int(row, "expires_at")?,
        interval: row::int(row, "poll_interval")?,
        decided_at: row::time_opt(row, "decided_at")?,
        grant_id: row::text_opt(row, "grant_id")?,
        login: login(row)?,
        spent_at: row::time_opt(row, "spent_at")?,
    })
}

fn login(row: &AnyRow) -> Result<Option<Login>, StoreError> {
    let Some(auth_time) = row::time_opt(row, "auth_time")? else { return Ok(None) };
    Ok(Some(Login { auth_time, proof: row::proof(row, "device_codes", "method")? }))
}

async fn add(connection: &mut AnyConnection, device: &DeviceRow, bounds: Bounds) -> Result<bool, StoreError> {
    let done = sqlx::query(ADD)
        .bind(&device.id)
        .bind(device.hash.as_str())
        .bind(device.user_code.as_str())
        .bind(&device.client_id)
        .bind(&device.resource_id)
        .bind(device.scopes.to_string())
        .bind(&device.asked_from)
        .bind(device.created_at)
        .bind(device.expires_at)
        .bind(device.interval)
        .bind(bounds.of_client)
        .bind(bounds.in_all)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}

impl Store {
    /// Adds a device's request. `false`, with nothing added, when as many wait as may, or another one that waits has
    /// the same user code.
    pub async fn add_device_code(&self, device: DeviceRow, bounds: Bounds) -> Result<bool, StoreError> {
        self.write(move |connection| async move { add(connection, &device, bounds).await }.boxed()).await
    }

    /// The same for a client that publishes a document, together with its row: neither is written without the other.
    pub async fn add_device_code_by_document(
        &self,
        client: ClientRow,
        device: DeviceRow,
        bounds: Bounds,
    ) -> Result<bool, StoreError> {
        self.transaction(move |connection| {
            async move {
                let room = sqlx::query(ROOM)
                    .bind(&client.id)
                    .bind(device.created_at)
                    .bind(bounds.of_client)
                    .bind(bounds.in_all)
                    .fetch_optional(&mut *connection)
                    .await?;
                if room.is_none() {
                    return Ok(false);
                }
                document_clients::put(connection, &client).await?;
                add(connection, &device, bounds).await
            }
            .boxed()
        })
        .await
    }

    /// A device's request, decided, expired, spent or not. The caller compares secret, client and times.
    pub async fn find_device_code(&self, id: &str) -> Result<Option<DeviceRow>, StoreError> {
        sqlx::query(FIND).bind(id).fetch_optional(&self.pool).await?.as_ref().map(read).transpose()
    }

    /// The request that waits for a person under this user code.
    pub async fn find_waiting_device_code(
        &self,
        user_code: &Hashed,
        now: Timestamp,
    ) -> Result<Option<DeviceRow>, StoreError> {
        let query = sqlx::query(FIND_WAITING).bind(user_code.as_str()).bind(now);
        query.fetch_optional(&self.pool).await?.as_ref().map(read).transpose()
    }

    /// Notes that a device asked whether anybody decided, and says whether it asked too soon.
    pub async fn poll_device_code(&self, id: String, now: Timestamp) -> Result<Polled, StoreError> {
        self.write(move |connection| {
            async move {
                let polled = sqlx::query(POLL).bind(&id).bind(now).bind(SLOWER_BY);
                let Some(found) = polled.fetch_optional(connection).await? else { return Ok(Polled::Gone) };
                Ok(if row::flag(&found, "polled_early")? { Polled::TooSoon } else { Polled::Waiting })
            }
            .boxed()
        })
        .await
    }

    /// Writes a person's "allow": the decision, the remembered consent and the grant, together. `false`, with nothing
    /// changed, when somebody decided before, the code has expired, or person, client, session or resource has been
    /// disabled, ended or deleted meanwhile.
    pub async fn allow_device_code(&self, allowed: Allowed) -> Result<bool, StoreError> {
        self.transaction(move |connection| {
            async move {
                let Allowed { device_id, login, consent_id, consented, grant } = allowed;
                if !grants::hold(connection, &grant).await? {
                    return Ok(false);
                }
                let decided = sqlx::query(ALLOW)
                    .bind(&device_id)
                    .bind(grant.created_at)
                    .bind(login.auth_time)
                    .bind(login.proof.as_str())
                    .execute(&mut *connection)
                    .await?;
                if decided.rows_affected() == 0 {
                    return Ok(false);
                }
                grants::insert(connection, &consent_id, &consented, &grant).await?;
                sqlx::query(NAME_GRANT).bind(&device_id).bind(&grant.id).execute(&mut *connection).await?;
                sqlx::query(MARK).bind(&grant.id).execute(&mut *connection).await?;
                Ok(true)
            }
            .boxed()
        })
        .await
    }

    /// Writes a person's "deny"; `false` when somebody decided before, or the code has expired.
    pub async fn deny_device_code(&self, id: String, now: Timestamp) -> Result<bool, StoreError> {
        self.write(move |connection| {
            async move {
                Ok(sqlx::query(DENY).bind(&id).bind(now).execute(connection).await?.rows_affected() == 1)
            }
            .boxed()
        })
        .await
    }

    /// Spends what was allowed and stores the refresh token it gives, bound to the key `jkt` where there is one, in one
    /// transaction. `false`, with nothing changed, when it was spent, expired or revoked in the meantime.
    pub async fn spend_device_code(
        &self,
        id: String,
        now: Timestamp,
        refresh: RefreshRow,
        jkt: Option<String>,
    ) -> Result<bool, StoreError> {
        self.transaction(move |connection| {
            async move {
                let spent = sqlx::query(SPEND).bind(&id).bind(now).execute(&mut *connection).await?;
                if spent.rows_affected() == 0 {
                    return Ok(false);
                }
                if let Some(jkt) = &jkt {
                    sqlx::query(BIND).bind(&id).bind(jkt).execute(&mut *connection).await?;
                }
                refresh_tokens::add(connection, &refresh).await?;
                Ok(true)
            }
            .boxed()
        })
        .await
    }

    /// Deletes up to `limit` requests each of those that nobody allowed, and of those that were allowed and never
    /// fetched, with their grants, which expired before `expired_before`.
    pub async fn reap_device_codes(&self, expired_before: Timestamp, limit: i64) -> Result<u64, StoreError> {
        self.transaction(move |connection| {
            async move {
                let mut removed = 0;
                for statement in [REAP_UNSPENT, REAP] {
                    let query = sqlx::query(statement).bind(expired_before).bind(limit);
                    removed = removed.max(query.execute(&mut *connection).await?.rows_affected());
                }
                Ok(removed)
            }
            .boxed()
        })
        .await
    }
}
