//! How values look in JSON.

use chrono::{DateTime, SecondsFormat};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;

use super::problem::Problem;
use crate::types::Timestamp;

/// A moment in UTC, e.g. `2026-11-27T09:30:00Z` (RFC 3339).
#[derive(Clone, Copy, Debug, ToSchema)]
#[schema(value_type = String, format = DateTime, example = "2026-11-27T09:30:00Z")]
pub struct Time(pub Timestamp);

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let time = DateTime::from_timestamp(self.0, 0).unwrap_or_default();
        serializer.serialize_str(&time.to_rfc3339_opts(SecondsFormat::Secs, true))
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let time = DateTime::parse_from_rfc3339(&text);
        time.map(|time| Self(time.timestamp()))
            .map_err(|_| D::Error::custom("no moment, e.g. 2026-11-27T09:30:00Z"))
    }
}

/// The longest search, in characters.
const MAX_SEARCH: usize = 200;

/// What is searched for; nothing for an empty text.
pub fn search(q: Option<&str>) -> Result<Option<&str>, Problem> {
    let text = q.map(str::trim).filter(|text| !text.is_empty());
    match q {
        Some(long) if long.chars().count() > MAX_SEARCH => {
            Err(Problem::parameter("q", format!("q has at most {MAX_SEARCH} characters.")))
        }
        _ => Ok(text),
    }
}

/// The longest filter, in characters: a client's id may be a URL.
const MAX_FILTER: usize = 300;

/// Refuses a filter that is too long to be anything.
pub fn bounded(name: &str, value: Option<&str>) -> Result<(), Problem> {
    if value.is_some_and(|text| text.chars().count() > MAX_FILTER) {
        return Err(Problem::parameter(name, format!("{name} has at most {MAX_FILTER} characters.")));
    }
    Ok(())
}
