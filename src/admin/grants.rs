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
use crate::store::grant_search::{By, GrantDetails};
use crate::store::grants::GrantRow;
use crate::types::Timestamp;

/// Grants on one page.
pub const PAGE: usize = 50;
/// Grants looked at for one page of a list that is narrowed.
pub const WINDOW: usize = 500;
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

    fn takes(&self, grant: &GrantRow, now: Timestamp) -> bool {
        let is = |wanted: &Option<String>, found: &str| wanted.as_deref().is_none_or(|w| w == found);
        is(&self.client, &grant.client_id)
            && is(&self.resource, &grant.resource_id)
            && self.state.is_none_or(|state| state_of(grant, now) == state)
    }
}

/// A page of grants, the newest first.
pub async fn list(admin: &Admin, search: &Search) -> Result<Found, StoreError> {
    page(admin, search, PAGE).await
}

/// The same, of so many rows.
pub async fn page(admin: &Admin, search: &Search, size: usize) -> Result<Found, StoreError> {
    let window = if search.is_narrowed() { WINDOW } else { size };
    let limit = i64::try_from(window + 1).unwrap_or(i64::MAX);
    let before = search.after.as_deref().unwrap_or(NEWEST);
    let rows = admin.oauth.store.list_grants(&search.by(), before, limit).await?;
    Ok(narrowed(rows, search, (size, window), admin.oauth.clock.now()))
}

fn narrowed(
    rows: Vec<GrantDetails>,
    search: &Search,
    (size, window): (usize, usize),
    now: Timestamp,
) -> Found {
    let total = rows.len();
    let mut found = Found { page: Page { rows: Vec::new(), next: None }, back_to: None };
    for (at, row) in rows.into_iter().enumerate().take(window) {
        let (id, made) = (row.grant.id.clone(), row.grant.created_at);
        if search.takes(&row.grant, now) {
            found.page.rows.push(row);
        }
        let is_full = found.page.rows.len() == size;
        if at + 1 < total && (is_full || at + 1 == window) {
            found.page.next = Some(id);
            found.back_to = (!is_full).then_some(made);
            break;
        }
    }
    found
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
