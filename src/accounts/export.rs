//! A copy of everything that is stored about a person, as JSON. No secrets, and no hashes of them.

use chrono::{DateTime, SecondsFormat};
use serde_json::{Map, Value, json};

use super::Accounts;
use crate::audit::{Entry, Event};
use crate::oauth::Origin;
use crate::store::StoreError;
use crate::store::users::UserRow;
use crate::types::Timestamp;

/// The most rows of one kind in a copy; of events, the newest.
const MAX_ROWS: i64 = 10_000;

/// Makes the copy.
pub async fn export(accounts: &Accounts, user: &UserRow, origin: &Origin) -> Result<Value, StoreError> {
    let now = accounts.clock.now();
    let mut copy = Map::new();
    let about = json!({
        "server": accounts.issuer.as_str(),
        "made_at": iso(now),
        "contents": format!(
            "Everything stored about this account except secrets: at most {MAX_ROWS} entries of each kind, of events \
             the newest. Times are UTC."
        ),
    });
    copy.insert("about".to_owned(), about);
    for (part, rows) in accounts.store.rows_about(&user.id, MAX_ROWS).await? {
        let rows = rows.into_iter().map(with_readable_times).collect();
        copy.insert(part.to_owned(), Value::Array(rows));
    }
    let entry = Entry::ok(Event::UserExported).user(user.id.clone()).address(origin.address.clone());
    accounts.audit.record(entry).await;
    Ok(Value::Object(copy))
}

fn iso(time: Timestamp) -> String {
    DateTime::from_timestamp(time, 0)
        .map_or_else(String::new, |t| t.to_rfc3339_opts(SecondsFormat::Secs, true))
}

fn with_readable_times(row: Value) -> Value {
    let Value::Object(row) = row else { return row };
    let readable = |(name, value): (String, Value)| {
        let is_time = name == "at" || name == "auth_time" || name.ends_with("_at");
        let time = value.as_i64().filter(|_| is_time).map(iso);
        (name, time.map_or(value, Value::String))
    };
    Value::Object(row.into_iter().map(readable).collect())
}
