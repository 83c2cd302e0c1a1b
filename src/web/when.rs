//! Times in words.

pub use crate::accounts::words::moment;

use chrono::{DateTime, NaiveDate, NaiveTime};

use crate::types::Timestamp;

/// A time to the second, in UTC, e.g. `2026-03-01 09:30:05 UTC`.
pub fn second(time: Timestamp) -> String {
    DateTime::from_timestamp(time, 0)
        .map(|t| t.format("%Y-%m-%d %H:%M:%S UTC").to_string())
        .unwrap_or_default()
}

/// The hour of a time, in UTC, e.g. `09:00`.
pub fn hour(time: Timestamp) -> String {
    DateTime::from_timestamp(time, 0).map(|t| t.format("%H:00").to_string()).unwrap_or_default()
}

/// The last whole day before a time, in UTC, as forms write it: `2026-03-01`.
pub fn last_day(time: Timestamp) -> String {
    DateTime::from_timestamp(time - 1, 0).map(|t| t.format("%Y-%m-%d").to_string()).unwrap_or_default()
}

/// The end of a day in UTC, as forms write it; nothing when it is none.
pub fn end_of_day(text: &str) -> Option<Timestamp> {
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    Some(day.succ_opt()?.and_time(NaiveTime::MIN).and_utc().timestamp())
}
