//! Times in words.

pub use crate::accounts::words::moment;

use chrono::DateTime;

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
