//! Times in words.

use chrono::DateTime;

use crate::types::Timestamp;

/// A time to the minute, in UTC, e.g. `1 March 2026, 09:30 UTC`.
pub fn moment(time: Timestamp) -> String {
    DateTime::from_timestamp(time, 0)
        .map(|t| t.format("%-d %B %Y, %H:%M UTC").to_string())
        .unwrap_or_default()
}
