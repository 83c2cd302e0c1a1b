//! Table `audit_events`: append-only.

use futures::FutureExt as _;
use sqlx::any::AnyRow;

use super::{Store, StoreError, activity, row, sql};
use crate::types::Timestamp;
use crate::types::ids::{self, Kind};

/// One audit event as stored: who, what, to what, from where, outcome, reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventRow {
    pub id: String,
    pub at: Timestamp,
    pub kind: String,
    /// `ok`, `refused` or `failed`.
    pub outcome: String,
    pub reason: String,
    pub user_id: Option<String>,
    pub client_id: Option<String>,
    pub resource_id: Option<String>,
    pub grant_id: Option<String>,
    pub session_id: Option<String>,
    pub address: Option<String>,
    /// What the person saw on the error page.
    pub reference: Option<String>,
    pub detail: Option<String>,
    /// Who did it, where that is not the person it happened to.
    pub actor_id: Option<String>,
    /// The authorization request it is part of: a keyed hash, the same for every step.
    pub flow_id: Option<String>,
    /// The API token by which the actor did it.
    pub token_id: Option<String>,
}

sql! {
    ADD = "INSERT INTO audit_events (id, at, kind, outcome, reason, user_id, client_id, resource_id, grant_id, \
           session_id, address, reference, detail, actor_id, flow_id, token_id) \
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) ON CONFLICT (id) DO NOTHING";
    LIST = "SELECT id, at, kind, outcome, reason, user_id, client_id, resource_id, grant_id, session_id, \
            address, reference, detail, actor_id, flow_id, token_id FROM audit_events WHERE id > $1 ORDER BY id LIMIT $2";
    /// Routine is left out: tokens a client fetches by itself, every hour of every day.
    LIST_OF_USER = "SELECT e.id, e.at, e.kind, e.outcome, e.reason, e.user_id, e.client_id, e.resource_id, \
                    e.grant_id, e.session_id, e.address, e.reference, e.detail, e.actor_id, e.flow_id, e.token_id, \
                    c.name AS client_name \
                    FROM audit_events e LEFT JOIN clients c ON c.id = e.client_id \
                    WHERE e.user_id = $1 AND e.id < $2 \
                    AND NOT (e.outcome = 'ok' AND e.kind IN ('token.issued', 'token.refreshed')) \
                    ORDER BY e.id DESC LIMIT $3";
    REAP = "DELETE FROM audit_events WHERE id IN (SELECT id FROM audit_events WHERE id < $1 ORDER BY id LIMIT $2)";
}

pub(super) fn read(row: &AnyRow) -> Result<EventRow, StoreError> {
    Ok(EventRow {
        id: row::text(row, "id")?,
        at: row::int(row, "at")?,
        kind: row::text(row, "kind")?,
        outcome: row::text(row, "outcome")?,
        reason: row::text(row, "reason")?,
        user_id: row::text_opt(row, "user_id")?,
        client_id: row::text_opt(row, "client_id")?,
        resource_id: row::text_opt(row, "resource_id")?,
        grant_id: row::text_opt(row, "grant_id")?,
        session_id: row::text_opt(row, "session_id")?,
        address: row::text_opt(row, "address")?,
        reference: row::text_opt(row, "reference")?,
        detail: row::text_opt(row, "detail")?,
        actor_id: row::text_opt(row, "actor_id")?,
        flow_id: row::text_opt(row, "flow_id")?,
        token_id: row::text_opt(row, "token_id")?,
    })
}

impl Store {
    /// Appends events and counts them by hour, all or none.
    pub async fn add_events(&self, events: Vec<EventRow>) -> Result<(), StoreError> {
        self.transaction(move |connection| {
            async move {
                for event in &events {
                    sqlx::query(ADD)
                        .bind(&event.id)
                        .bind(event.at)
                        .bind(&event.kind)
                        .bind(&event.outcome)
                        .bind(&event.reason)
                        .bind(&event.user_id)
                        .bind(&event.client_id)
                        .bind(&event.resource_id)
                        .bind(&event.grant_id)
                        .bind(&event.session_id)
                        .bind(&event.address)
                        .bind(&event.reference)
                        .bind(&event.detail)
                        .bind(&event.actor_id)
                        .bind(&event.flow_id)
                        .bind(&event.token_id)
                        .execute(&mut *connection)
                        .await?;
                }
                activity::add(connection, activity::tally(&events)).await
            }
            .boxed()
        })
        .await
    }

    /// A page of events after `after`, in order of time.
    pub async fn list_events(&self, after: &str, limit: i64) -> Result<Vec<EventRow>, StoreError> {
        sqlx::query(LIST).bind(after).bind(limit).fetch_all(&self.pool).await?.iter().map(read).collect()
    }

    /// A person's events before the event `before`, the newest first, each with the client's name.
    pub async fn list_events_of_user(
        &self,
        user_id: &str,
        before: &str,
        limit: i64,
    ) -> Result<Vec<(EventRow, Option<String>)>, StoreError> {
        let rows =
            sqlx::query(LIST_OF_USER).bind(user_id).bind(before).bind(limit).fetch_all(&self.pool).await?;
        rows.iter().map(|r| Ok((read(r)?, row::text_opt(r, "client_name")?))).collect()
    }

    pub async fn reap_events(&self, before: Timestamp, limit: i64) -> Result<u64, StoreError> {
        let before = ids::first_of(Kind::Event, before);
        self.write(move |connection| {
            async move {
                Ok(sqlx::query(REAP).bind(before).bind(limit).execute(connection).await?.rows_affected())
            }
            .boxed()
        })
        .await
    }
}
