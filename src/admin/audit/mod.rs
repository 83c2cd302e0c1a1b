//! The audit trail: searched, told as the story of one authorization, watched live, exported.

pub mod chain;
mod device_words;
mod documents;
pub mod export;
pub mod feed;
pub mod filters;
mod proof_words;
mod trust_words;
pub mod words;

pub use filters::Filters;

use super::{Admin, Failure};
use crate::store::StoreError;
use crate::store::audit_search::SeenEvent;
use crate::types::{Timestamp, ids};

/// A page of the trail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The newest first.
    pub rows: Vec<SeenEvent>,
    /// The event after which the next page goes on; nothing at the end.
    pub next: Option<String>,
    /// Where the search stopped for this time without having filled the page.
    pub searched_back_to: Option<Timestamp>,
}

/// The newest events that fit, before the event `before`.
///
/// # Errors
/// [`Failure::Invalid`] when a filter cannot be understood, or names nobody.
pub async fn list(
    admin: &Admin,
    filters: &Filters,
    before: Option<&str>,
    size: usize,
) -> Result<Listing, Failure> {
    let mut wanted = filters.wanted(admin).await?;
    if let Some(before) = before
        && before < wanted.before.as_str()
    {
        before.clone_into(&mut wanted.before);
    }
    let limit = i64::try_from(size + 1).unwrap_or(i64::MAX);
    let mut found = admin.oauth.store.search_events(&wanted, limit).await?;
    let more = found.rows.len() > size;
    found.rows.truncate(size);
    let last = found.rows.last().filter(|_| more).map(|seen| seen.event.id.clone());
    let stopped = found.stopped_at.filter(|_| !more);
    let searched_back_to = stopped.as_deref().and_then(ids::made_at);
    Ok(Listing { rows: found.rows, next: last.or(stopped), searched_back_to })
}

/// The event that a text names: its id, or the reference that a person read on an error page.
pub async fn named(admin: &Admin, text: &str) -> Result<Option<String>, StoreError> {
    let store = &admin.oauth.store;
    let text = text.trim();
    if text.starts_with("evt_") {
        return Ok(store.find_event(text).await?.map(|seen| seen.event.id));
    }
    let events = store.events_of_reference(&text.to_lowercase()).await?;
    Ok(events.into_iter().next().map(|seen| seen.event.id))
}
