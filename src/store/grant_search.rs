//! Table `grants` as administrators look through it: the newest first, by person, client or resource, each by its
//! index; and ending some of them.

use futures::FutureExt as _;
use sqlx::any::AnyRow;

use super::changes::{Topic, bump};
use super::grants::{self, GrantRow};
use super::{Store, StoreError, row, sql};
use crate::types::Timestamp;

/// A grant with the names that belong to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantDetails {
    pub grant: GrantRow,
    pub last_used_at: Option<Timestamp>,
    pub revoked_reason: Option<String>,
    /// The person's address and name; nothing for a machine's own grant, and for a deleted person.
    pub user_email: Option<String>,
    pub user_name: Option<String>,
    pub client_name: String,
    /// Until when it can be renewed unless it is used; nothing where it cannot.
    pub renewable_until: Option<Timestamp>,
}

/// By which index a list is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    Time,
    User(String),
    Client(String),
    Resource(String),
}

/// What a list shows of the grants its index gives: those that lie between two ids and are as wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted<'a> {
    pub before: &'a str,
    /// The oldest that may be looked at; nothing for no such bound.
    pub from: Option<&'a str>,
    pub client: Option<&'a str>,
    pub resource: Option<&'a str>,
    /// Those that give access at `now`, or those that do not; nothing for both.
    pub is_live: Option<bool>,
    pub now: Timestamp,
}

/// The oldest of a number of grants in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    pub id: String,
    pub created_at: Timestamp,
    /// Whether there are older ones.
    pub has_older: bool,
}

macro_rules! columns {
    () => {
        "SELECT g.id, g.user_id, g.client_id, g.resource_id, g.session_id, g.scopes, g.created_at, g.ends_at, \
         g.revoked_at, g.jkt, g.revoked_reason, g.last_used_at, u.email, u.name AS user_name, c.name AS client_name, \
         CASE WHEN r.idle_expires_at < r.expires_at THEN r.idle_expires_at ELSE r.expires_at END AS renewable_until \
         FROM grants g LEFT JOIN clients c ON c.id = g.client_id \
         LEFT JOIN users u ON u.id = g.user_id AND u.deleted_at IS NULL \
         LEFT JOIN refresh_tokens r ON r.grant_id = g.id WHERE "
    };
}

macro_rules! listing {
    ($condition:literal) => {
        concat!(
            columns!(),
            $condition,
            " g.id < $1 AND g.id >= $2 AND ($3 = '' OR g.client_id = $3) AND ($4 = '' OR g.resource_id = $4) \
             AND ($5 = 0 OR ($5 = 1 AND g.revoked_at IS NULL AND g.ends_at > $6) \
             OR ($5 = 2 AND (g.revoked_at IS NOT NULL OR g.ends_at <= $6))) ORDER BY g.id DESC LIMIT $7"
        )
    };
}

macro_rules! edge {
    ($condition:literal) => {
        concat!(
            "SELECT id, created_at FROM grants WHERE ",
            $condition,
            " id < $1 ORDER BY id DESC LIMIT 2 OFFSET $2"
        )
    };
}

sql! {
    ONE = concat!(columns!(), "g.id = $1");
    BY_TIME = listing!("");
    BY_USER = listing!("g.user_id = $8 AND");
    BY_CLIENT = listing!("g.client_id = $8 AND");
    BY_RESOURCE = listing!("g.resource_id = $8 AND");
    EDGE_BY_TIME = edge!("");
    EDGE_BY_USER = edge!("user_id = $3 AND");
    EDGE_BY_CLIENT = edge!("client_id = $3 AND");
    EDGE_BY_RESOURCE = edge!("resource_id = $3 AND");
    END = "UPDATE grants SET revoked_at = $2, revoked_reason = 'ended_by_administrator' \
           WHERE id = $1 AND revoked_at IS NULL RETURNING id, user_id, client_id, resource_id, session_id, scopes, \
           created_at, ends_at, revoked_at, jkt";
    FORGET_CONSENTS = "DELETE FROM consents WHERE user_id = $1 AND client_id = $2";
    END_OF_PAIR = "UPDATE grants SET revoked_at = $3, revoked_reason = 'ended_by_administrator' \
                   WHERE user_id = $1 AND client_id = $2 AND revoked_at IS NULL";
}

fn read(row: &AnyRow) -> Result<GrantDetails, StoreError> {
    Ok(GrantDetails {
        grant: grants::read(row)?,
        last_used_at: row::time_opt(row, "last_used_at")?,
        revoked_reason: row::text_opt(row, "revoked_reason")?,
        user_email: row::text_opt(row, "email")?,
        user_name: row::text_opt(row, "user_name")?,
        client_name: row::text(row, "client_name")?,
        renewable_until: row::time_opt(row, "renewable_until")?,
    })
}

impl Store {
    pub async fn find_grant_details(&self, id: &str) -> Result<Option<GrantDetails>, StoreError> {
        sqlx::query(ONE).bind(id).fetch_optional(&self.pool).await?.as_ref().map(read).transpose()
    }

    /// Up to `limit` grants that are wanted, the newest first.
    pub async fn list_grants(
        &self,
        by: &By,
        wanted: &Wanted<'_>,
        limit: i64,
    ) -> Result<Vec<GrantDetails>, StoreError> {
        let (statement, key) = match by {
            By::Time => (BY_TIME, None),
            By::User(id) => (BY_USER, Some(id)),
            By::Client(id) => (BY_CLIENT, Some(id)),
            By::Resource(id) => (BY_RESOURCE, Some(id)),
        };
        let state: i64 = match wanted.is_live {
            None => 0,
            Some(true) => 1,
            Some(false) => 2,
        };
        let query = sqlx::query(statement)
            .bind(wanted.before)
            .bind(wanted.from.unwrap_or_default())
            .bind(wanted.client.unwrap_or_default())
            .bind(wanted.resource.unwrap_or_default())
            .bind(state)
            .bind(wanted.now)
            .bind(limit);
        let query = if let Some(key) = key { query.bind(key) } else { query };
        query.fetch_all(&self.pool).await?.iter().map(read).collect()
    }

    /// The last of the `window` newest grants whose ids come before `before`; nothing where there are fewer.
    pub async fn edge_of_grants(
        &self,
        by: &By,
        before: &str,
        window: i64,
    ) -> Result<Option<Edge>, StoreError> {
        let (statement, key) = match by {
            By::Time => (EDGE_BY_TIME, None),
            By::User(id) => (EDGE_BY_USER, Some(id)),
            By::Client(id) => (EDGE_BY_CLIENT, Some(id)),
            By::Resource(id) => (EDGE_BY_RESOURCE, Some(id)),
        };
        let query = sqlx::query(statement).bind(before).bind(window - 1);
        let query = if let Some(key) = key { query.bind(key) } else { query };
        let rows = query.fetch_all(&self.pool).await?;
        let edge = rows.first().map(|first| {
            let (id, created_at) = (row::text(first, "id")?, row::int(first, "created_at")?);
            Ok(Edge { id, created_at, has_older: rows.len() > 1 })
        });
        edge.transpose()
    }

    /// Ends grants for an administrator, all or nothing. Returns those that had not ended before.
    pub async fn end_grants(&self, ids: Vec<String>, now: Timestamp) -> Result<Vec<GrantRow>, StoreError> {
        self.transaction(move |connection| {
            async move {
                let mut ended = Vec::with_capacity(ids.len());
                for id in &ids {
                    let row = sqlx::query(END).bind(id).bind(now).fetch_optional(&mut *connection).await?;
                    ended.extend(row.as_ref().map(grants::read).transpose()?);
                }
                if !ended.is_empty() {
                    bump(connection, Topic::Revocations).await?;
                }
                Ok(ended)
            }
            .boxed()
        })
        .await
    }

    /// Ends every grant that a person gave a client, and forgets that they ever agreed. Returns how many ended.
    pub async fn end_grants_of_pair(
        &self,
        user_id: String,
        client_id: String,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        self.transaction(move |connection| {
            async move {
                sqlx::query(FORGET_CONSENTS)
                    .bind(&user_id)
                    .bind(&client_id)
                    .execute(&mut *connection)
                    .await?;
                let done = sqlx::query(END_OF_PAIR)
                    .bind(&user_id)
                    .bind(&client_id)
                    .bind(now)
                    .execute(&mut *connection)
                    .await?;
                bump(connection, Topic::Revocations).await?;
                Ok(done.rows_affected())
            }
            .boxed()
        })
        .await
    }
}
