//! Table `audit_events`, searched: one statement for each index that can lead, the rest of a search applied to a
//! bounded number of rows it leads to.

use sqlx::any::AnyRow;

use super::audit::{EventRow, read};
use super::{Store, StoreError, row, sql};

/// How many rows one search looks at, at most.
pub const WINDOW: i64 = 5000;

/// What events must have; an empty text stands for anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    pub user_id: String,
    pub actor_id: String,
    pub client_id: String,
    pub resource_id: String,
    pub grant_id: String,
    pub kind: String,
    /// `ok`, or `refused` for everything else.
    pub outcome: String,
    /// Why something was refused.
    pub reason: String,
    /// Only events with greater ids.
    pub after: String,
    /// Only events with smaller ids.
    pub before: String,
}

/// An event with the names of what it is about, as they are now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeenEvent {
    pub event: EventRow,
    /// The person it happened to.
    pub email: Option<String>,
    /// The person who did it, where that is another.
    pub actor_email: Option<String>,
    pub client_name: Option<String>,
}

/// What one search found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The newest first.
    pub rows: Vec<SeenEvent>,
    /// The id of the last row that was looked at, where the search stopped before the end of the trail.
    pub stopped_at: Option<String>,
}

macro_rules! columns {
    () => {
        "e.id, e.at, e.kind, e.outcome, e.reason, e.user_id, e.client_id, e.resource_id, e.grant_id, \
         e.session_id, e.address, e.reference, e.detail, e.actor_id, e.flow_id, e.token_id, \
         u.email AS email, a.email AS actor_email, c.name AS client_name"
    };
}

macro_rules! names {
    () => {
        " LEFT JOIN users u ON u.id = e.user_id LEFT JOIN users a ON a.id = e.actor_id \
         LEFT JOIN clients c ON c.id = e.client_id "
    };
}

/// The rows an index leads to, the newest first, as many as one search looks at.
///
/// Of people, clients and grants there are many, and Postgres expects few rows of each. Of kinds, reasons and actors
/// there are few, and with `kind = $1 … ORDER BY id` it may walk the whole trail by its primary key, expecting to meet
/// the kind soon: so both columns of their indexes are compared together, and give the order.
macro_rules! window {
    (id) => {
        concat!("(SELECT * FROM audit_events WHERE $1 = '' AND id > $2 AND id < $3", order!(id), "5000) AS w")
    };
    (many $column:ident) => {
        concat!(
            "(SELECT * FROM audit_events WHERE ",
            stringify!($column),
            " = $1 AND id > $2 AND id < $3",
            order!(many $column),
            "5000) AS w"
        )
    };
    (few $column:ident $condition:literal) => {
        concat!(
            "(SELECT * FROM audit_events WHERE (",
            stringify!($column),
            ", id) > ($1, $2) AND (",
            stringify!($column),
            ", id) < ($1, $3)",
            $condition,
            order!(few $column),
            "5000) AS w"
        )
    };
}

/// The order of the index that leads.
macro_rules! order {
    (few $column:ident $($condition:literal)?) => {
        concat!(" ORDER BY ", stringify!($column), " DESC, id DESC LIMIT ")
    };
    ($($column:ident)+) => {
        " ORDER BY id DESC LIMIT "
    };
}

macro_rules! page {
    ($($lead:tt)+) => {
        concat!(
            "SELECT ",
            columns!(),
            " FROM (SELECT * FROM ",
            window!($($lead)+),
            " WHERE ($4 = '' OR user_id = $4) AND ($5 = '' OR actor_id = $5) AND ($6 = '' OR client_id = $6) \
             AND ($7 = '' OR resource_id = $7) AND ($8 = '' OR grant_id = $8) AND ($9 = '' OR kind = $9) \
             AND ($10 = '' OR (outcome = 'ok' AND $10 = 'ok') OR (outcome <> 'ok' AND $10 <> 'ok')) \
             AND ($11 = '' OR reason = $11)",
            order!($($lead)+),
            "$12) AS e",
            names!(),
            "ORDER BY e.id DESC"
        )
    };
}

macro_rules! edge {
    ($($lead:tt)+) => {
        concat!("SELECT MIN(id) AS last, COUNT(*) AS n FROM ", window!($($lead)+))
    };
}

macro_rules! chain {
    ($rest:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            " FROM (SELECT * FROM audit_events WHERE ",
            $rest,
            ") AS e",
            names!(),
            "ORDER BY e.id"
        )
    };
}

sql! {
    BY_USER = page!(many user_id);
    BY_ACTOR = page!(few actor_id " AND actor_id IS NOT NULL");
    BY_CLIENT = page!(many client_id);
    BY_GRANT = page!(many grant_id);
    BY_KIND = page!(few kind "");
    BY_REASON = page!(few reason " AND outcome <> 'ok'");
    BY_TIME = page!(id);
    EDGE_BY_USER = edge!(many user_id);
    EDGE_BY_ACTOR = edge!(few actor_id " AND actor_id IS NOT NULL");
    EDGE_BY_CLIENT = edge!(many client_id);
    EDGE_BY_GRANT = edge!(many grant_id);
    EDGE_BY_KIND = edge!(few kind "");
    EDGE_BY_REASON = edge!(few reason " AND outcome <> 'ok'");
    EDGE_BY_TIME = edge!(id);
    ONE = chain!("id = $1");
    OF_REFERENCE = chain!("reference = $1 ORDER BY id LIMIT 50");
    OF_FLOW = chain!("flow_id = $1 ORDER BY id LIMIT 200");
    FIRST_OF_GRANT = chain!("grant_id = $1 ORDER BY id LIMIT 50");
    LAST_OF_GRANT = chain!("grant_id = $1 ORDER BY id DESC LIMIT 50");
    /// A registration comes within moments of its client's id: few events lie between the two bounds.
    REGISTRATION = chain!("kind IN ('client.registered', 'client.created') AND client_id = $1 AND outcome = 'ok' \
                           AND id >= $2 AND id < $3 ORDER BY id LIMIT 1");
    NEARBY = chain!("user_id = $1 AND id > $2 AND id < $3 AND (session_id = $4 OR client_id = $5) \
                     ORDER BY id LIMIT 50");
    SINCE = chain!("id > $1 ORDER BY id DESC LIMIT $2");
}

fn seen(found: &AnyRow) -> Result<SeenEvent, StoreError> {
    Ok(SeenEvent {
        event: read(found)?,
        email: row::text_opt(found, "email")?,
        actor_email: row::text_opt(found, "actor_email")?,
        client_name: row::text_opt(found, "client_name")?,
    })
}

impl Wanted {
    /// The statement of the index that leads to the fewest rows, the one that finds its edge, and the value it
    /// looks for.
    fn lead(&self) -> (&'static str, &'static str, &str) {
        let leads = [
            (&self.grant_id, BY_GRANT, EDGE_BY_GRANT),
            (&self.user_id, BY_USER, EDGE_BY_USER),
            (&self.actor_id, BY_ACTOR, EDGE_BY_ACTOR),
            (&self.client_id, BY_CLIENT, EDGE_BY_CLIENT),
        ];
        if let Some((value, page, edge)) = leads.into_iter().find(|(value, ..)| !value.is_empty()) {
            return (page, edge, value);
        }
        if !self.reason.is_empty() && self.outcome != "ok" {
            return (BY_REASON, EDGE_BY_REASON, &self.reason);
        }
        if !self.kind.is_empty() {
            return (BY_KIND, EDGE_BY_KIND, &self.kind);
        }
        (BY_TIME, EDGE_BY_TIME, "")
    }
}

impl Store {
    /// The newest events that have what is wanted, at most `limit` among the next [`WINDOW`] that the leading
    /// index has.
    pub async fn search_events(&self, wanted: &Wanted, limit: i64) -> Result<Found, StoreError> {
        let (page, edge, value) = wanted.lead();
        let rows = sqlx::query(page)
            .bind(value)
            .bind(&wanted.after)
            .bind(&wanted.before)
            .bind(&wanted.user_id)
            .bind(&wanted.actor_id)
            .bind(&wanted.client_id)
            .bind(&wanted.resource_id)
            .bind(&wanted.grant_id)
            .bind(&wanted.kind)
            .bind(&wanted.outcome)
            .bind(&wanted.reason)
            .bind(limit)
            .fetch_all(&self.pool)
            .await?;
        let rows: Vec<SeenEvent> = rows.iter().map(seen).collect::<Result<_, _>>()?;
        if i64::try_from(rows.len()).unwrap_or(i64::MAX) >= limit {
            return Ok(Found { rows, stopped_at: None });
        }
        let found = sqlx::query(edge)
            .bind(value)
            .bind(&wanted.after)
            .bind(&wanted.before)
            .fetch_one(&self.pool)
            .await?;
        let is_full = row::int(&found, "n")? >= WINDOW;
        let last = row::text_opt(&found, "last")?;
        Ok(Found { rows, stopped_at: last.filter(|_| is_full) })
    }

    async fn list_seen(&self, statement: &'static str, key: &str) -> Result<Vec<SeenEvent>, StoreError> {
        sqlx::query(statement).bind(key).fetch_all(&self.pool).await?.iter().map(seen).collect()
    }

    pub async fn find_event(&self, id: &str) -> Result<Option<SeenEvent>, StoreError> {
        Ok(self.list_seen(ONE, id).await?.pop())
    }

    /// The events whose error page showed this reference, the oldest first.
    pub async fn events_of_reference(&self, reference: &str) -> Result<Vec<SeenEvent>, StoreError> {
        self.list_seen(OF_REFERENCE, reference).await
    }

    /// The first events of an authorization flow.
    pub async fn events_of_flow(&self, flow_id: &str) -> Result<Vec<SeenEvent>, StoreError> {
        self.list_seen(OF_FLOW, flow_id).await
    }

    /// The first and the last events of a grant; those in between are left out.
    pub async fn events_of_grant(&self, grant_id: &str) -> Result<Vec<SeenEvent>, StoreError> {
        let mut rows = self.list_seen(FIRST_OF_GRANT, grant_id).await?;
        rows.extend(self.list_seen(LAST_OF_GRANT, grant_id).await?);
        Ok(rows)
    }

    /// The event of a client's registration, between two places among ids.
    pub async fn registration_of_client(
        &self,
        client_id: &str,
        from: &str,
        until: &str,
    ) -> Result<Option<SeenEvent>, StoreError> {
        let rows =
            sqlx::query(REGISTRATION).bind(client_id).bind(from).bind(until).fetch_all(&self.pool).await?;
        rows.first().map(seen).transpose()
    }

    /// A person's events between two places among ids, in the same browser session or with the same client.
    pub async fn events_nearby(
        &self,
        user_id: &str,
        (from, until): (&str, &str),
        session_id: &str,
        client_id: &str,
    ) -> Result<Vec<SeenEvent>, StoreError> {
        let rows = sqlx::query(NEARBY)
            .bind(user_id)
            .bind(from)
            .bind(until)
            .bind(session_id)
            .bind(client_id)
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(seen).collect()
    }

    /// The newest events after a place among ids, the oldest of them first.
    pub async fn events_since(&self, after: &str, limit: i64) -> Result<Vec<SeenEvent>, StoreError> {
        sqlx::query(SINCE).bind(after).bind(limit).fetch_all(&self.pool).await?.iter().map(seen).collect()
    }
}
