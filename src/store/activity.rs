//! Table `activity_hours`: what happened in each hour, counted as it is written.

use std::collections::BTreeMap;

use futures::FutureExt as _;
use sqlx::AnyConnection;

use super::audit::EventRow;
use super::{Store, StoreError, row, sql};
use crate::types::Timestamp;

/// An hour, in seconds.
pub const HOUR: i64 = 3600;

/// Calls of MCP servers with a token that was believed.
pub const CALLS: &str = "calls";
pub const LOGINS: &str = "logins";
pub const FAILED_LOGINS: &str = "failed_logins";
pub const TOKENS: &str = "tokens";
pub const REFUSALS: &str = "refusals";
pub const REGISTRATIONS: &str = "registrations";

/// How often something happened in the hour that begins at `hour`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HourRow {
    pub hour: Timestamp,
    pub topic: String,
    pub count: i64,
}

/// Counts by the hour they belong to and what they count.
pub type Tally = BTreeMap<(Timestamp, &'static str), i64>;

sql! {
    ADD = "INSERT INTO activity_hours (hour, topic, count) VALUES ($1, $2, $3) \
           ON CONFLICT (hour, topic) DO UPDATE SET count = activity_hours.count + $4";
    SINCE = "SELECT hour, topic, count FROM activity_hours WHERE hour >= $1 ORDER BY hour, topic";
    REAP = "DELETE FROM activity_hours WHERE hour < $1";
}

/// The beginning of the hour of a moment.
pub const fn hour_of(at: Timestamp) -> Timestamp {
    at - at.rem_euclid(HOUR)
}

/// What a group of events adds. In one order, so that two processes never wait for each other's rows in a ring.
pub(super) fn tally(events: &[EventRow]) -> Tally {
    let mut out = Tally::new();
    for event in events {
        let topic = match (event.kind.as_str(), event.outcome.as_str()) {
            ("session.login", "ok") => LOGINS,
            ("session.login", _) => FAILED_LOGINS,
            ("token.issued" | "token.refreshed", "ok") => TOKENS,
            ("client.registered", "ok") => REGISTRATIONS,
            (_, "ok") => continue,
            _ => REFUSALS,
        };
        *out.entry((hour_of(event.at), topic)).or_default() += 1;
    }
    out
}

/// Adds counts inside the caller's transaction.
pub(super) async fn add(connection: &mut AnyConnection, tally: Tally) -> Result<(), StoreError> {
    for ((hour, topic), count) in tally {
        sqlx::query(ADD).bind(hour).bind(topic).bind(count).bind(count).execute(&mut *connection).await?;
    }
    Ok(())
}

impl Store {
    /// Adds to the count of one topic in the hour of `at`.
    pub async fn add_activity(
        &self,
        topic: &'static str,
        at: Timestamp,
        count: i64,
    ) -> Result<(), StoreError> {
        self.write(move |connection| add(connection, Tally::from([((hour_of(at), topic), count)])).boxed())
            .await
    }

    /// The counts of every hour from the one of `since` on.
    pub async fn activity_since(&self, since: Timestamp) -> Result<Vec<HourRow>, StoreError> {
        let rows = sqlx::query(SINCE).bind(hour_of(since)).fetch_all(&self.pool).await?;
        let read = |r| {
            Ok(HourRow {
                hour: row::int(r, "hour")?,
                topic: row::text(r, "topic")?,
                count: row::int(r, "count")?,
            })
        };
        rows.iter().map(read).collect()
    }

    /// Forgets the hours before `before`.
    pub async fn reap_activity(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.write(move |connection| {
            async move { Ok(sqlx::query(REAP).bind(before).execute(connection).await?.rows_affected()) }
                .boxed()
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_counted_by_what_they_are_and_when() {
        let event = |at, kind: &str, outcome: &str| EventRow {
            at,
            kind: kind.into(),
            outcome: outcome.into(),
            ..EventRow::default()
        };
        let events = [
            event(7200, "session.login", "ok"),
            event(7201, "session.login", "refused"),
            event(10_799, "session.login", "ok"),
            event(10_800, "token.refreshed", "ok"),
            event(10_800, "token.issued", "refused"),
            event(10_800, "key.rotated", "ok"),
        ];
        let expected =
            [((7200, FAILED_LOGINS), 1), ((7200, LOGINS), 2), ((10_800, REFUSALS), 1), ((10_800, TOKENS), 1)];
        assert_eq!(tally(&events), Tally::from(expected));
    }
}
