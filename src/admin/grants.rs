//! Grants: what clients hold, looked through and ended.
//!
//! | asked for                          | read by                    | narrowed, [`WINDOW`] at a time, by |
//! |------------------------------------|----------------------------|------------------------------------|
//! | a person                           | the person's grants        | client, resource, state            |
//! | a client, no person                | the client's grants        | resource, state                    |
//! | a resource, neither of these       | the resource's grants      | state                              |
//! | nothing, or a state only           | the time they were made    | state                              |
//!
//! A list is always read by an index, the newest first. Where it is narrowed it may come back short, or empty, with
//! the time it has searched back to and where to go on.

use super::{Actor, Admin, Failure, Page};
use crate::audit::Event;
use crate::oauth::connected::take_effect;
use crate::store::StoreError;
use crate::store::grant_search::{By, Edge, GrantDetails, Wanted};
use crate::store::grants::GrantRow;
use crate::types::Timestamp;

/// Grants on one page.
pub const PAGE: usize = 50;
/// Grants looked at for one page of a list that is narrowed.
pub const WINDOW: i64 = 500;
/// Grants ended at a time.
pub const MOST: usize = 50;
/// After every id of a grant.
const NEWEST: &str = "grt_z";

/// Whether a grant still gives access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Live,
    Ended,
}

/// What is looked for, by ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    pub user: Option<String>,
    pub client: Option<String>,
    pub resource: Option<String>,
    pub state: Option<State>,
    /// Where the page begins: what [`Page::next`] said.
    pub after: Option<String>,
}

/// A page of grants, and how far back it has looked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub page: Page<GrantDetails>,
    /// When the last grant that was looked at was made, where the search stopped before its page was full.
    pub back_to: Option<Timestamp>,
}

/// Whether a grant gives access at this moment.
pub const fn state_of(grant: &GrantRow, now: Timestamp) -> State {
    if grant.revoked_at.is_none() && grant.ends_at > now { State::Live } else { State::Ended }
}

impl Search {
    fn by(&self) -> By {
        match (&self.user, &self.client, &self.resource) {
            (Some(user), ..) => By::User(user.clone()),
            (None, Some(client), _) => By::Client(client.clone()),
            (None, None, Some(resource)) => By::Resource(resource.clone()),
            (None, None, None) => By::Time,
        }
    }

    /// Whether what the index gives has to be narrowed.
    const fn is_narrowed(&self) -> bool {
        let more = match (&self.user, &self.client) {
            (Some(_), _) => self.client.is_some() || self.resource.is_some(),
            (None, Some(_)) => self.resource.is_some(),
            (None, None) => false,
        };
        more || self.state.is_some()
    }
}

/// A page of grants, the newest first.
pub async fn list(admin: &Admin, search: &Search) -> Result<Found, StoreError> {
    page(admin, search, PAGE).await
}

/// The same, of so many rows.
pub async fn page(admin: &Admin, search: &Search, size: usize) -> Result<Found, StoreError> {
    let store = &admin.oauth.store;
    let (by, before) = (search.by(), search.after.as_deref().unwrap_or(NEWEST));
    let edge = if search.is_narrowed() { store.edge_of_grants(&by, before, WINDOW).await? } else { None };
    let wanted = Wanted {
        before,
        from: edge.as_ref().map(|edge| edge.id.as_str()),
        client: search.client.as_deref(),
        resource: search.resource.as_deref(),
        is_live: search.state.map(|state| state == State::Live),
        now: admin.oauth.clock.now(),
    };
    let limit = i64::try_from(size).unwrap_or(i64::MAX).saturating_add(1);
    Ok(cut(store.list_grants(&by, &wanted, limit).await?, size, edge))
}

/// What was found as a page of at most `size`: it goes on behind its last row, or behind the edge of what was looked at.
fn cut(mut rows: Vec<GrantDetails>, size: usize, edge: Option<Edge>) -> Found {
    if rows.len() > size {
        rows.truncate(size);
        let next = rows.last().map(|row| row.grant.id.clone());
        return Found { page: Page { rows, next }, back_to: None };
    }
    let edge = edge.filter(|edge| edge.has_older);
    let back_to = edge.as_ref().filter(|_| rows.len() < size).map(|edge| edge.created_at);
    Found { page: Page { rows, next: edge.map(|edge| edge.id) }, back_to }
}

/// One grant.
pub async fn find(admin: &Admin, id: &str) -> Result<GrantDetails, Failure> {
    admin.oauth.store.find_grant_details(id).await?.ok_or(Failure::NotFound)
}

/// Ends grants, at most [`MOST`]; access ends at once. Returns how many had not ended before.
///
/// # Errors
/// [`Failure::Invalid`] for none, or too many.
pub async fn end(admin: &Admin, actor: &Actor, ids: &[String]) -> Result<usize, Failure> {
    let mut ids = ids.to_vec();
    ids.sort();
    ids.dedup();
    if ids.is_empty() {
        return Err(Failure::invalid("id[]", "Choose at least one."));
    }
    if ids.len() > MOST {
        return Err(Failure::invalid("id[]", format!("Choose at most {MOST}.")));
    }
    let ended = admin.oauth.store.end_grants(ids, admin.oauth.clock.now()).await?;
    take_effect(&admin.oauth).await;
    for grant in &ended {
        let entry = actor
            .did(Event::GrantRevoked)
            .because("ended_by_administrator")
            .user(grant.user_id.clone())
            .client(grant.client_id.clone())
            .resource(grant.resource_id.clone())
            .grant(grant.id.clone());
        admin.oauth.audit.record(entry).await;
    }
    Ok(ended.len())
}

/// Ends every grant a person gave a client, on whichever resource, and forgets that they agreed: the client has to ask
/// again. Returns how many ended.
pub async fn end_pair(admin: &Admin, actor: &Actor, user: &str, client: &str) -> Result<u64, Failure> {
    let user = super::people::find(admin, user).await?;
    let now = admin.oauth.clock.now();
    let ended = admin.oauth.store.end_grants_of_pair(user.id.clone(), client.to_owned(), now).await?;
    take_effect(&admin.oauth).await;
    let entry = actor.did(Event::ConsentWithdrawn).user(user.id).client(client.to_owned());
    admin.oauth.audit.record(entry.detail(format!("grants: {ended}"))).await;
    Ok(ended)
}
