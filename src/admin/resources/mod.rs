//! Resources: the protected MCP servers, built in or elsewhere.
//!
//! | asked for                  | result                                                             | file       |
//! |----------------------------|--------------------------------------------------------------------|------------|
//! | add                        | one elsewhere, without scopes, open to self-registered clients     | `create`   |
//! | change                     | in force with the next request, on every process within a second   | `settings` |
//! | change what somebody else changed meanwhile | `Changed`; nothing is lost                        | `settings` |
//! | choose whose tokens it takes | as a change; both may be taken until a day                       | `trust`    |
//! | make default               | requests that name no resource mean this one                       | `default`  |
//! | delete                     | its grants are revoked, consents forgotten, then it is gone         | `delete`   |
//! | delete the built-in or the default one | refused                                                | `delete`   |
//! | test                       | what a client that discovers it would meet                         | `probe`    |
//!
//! No two resources answer to the same URL, in whatever spelling.

pub mod create;
pub mod default;
pub mod delete;
mod fields;
pub mod probe;
pub mod settings;
mod trust;
pub mod users;

pub(super) use fields::Check;
pub use fields::{ACCESS_SECONDS, REFRESH_SECONDS, as_url};

use super::{Admin, Failure};
use crate::oauth::resource::ResourceSet;
use crate::store::StoreError;
use crate::store::resource_changes::Outcome;
use crate::store::resources::ResourceRow;

/// The most resources: each process holds all of them in memory.
pub const MAX_RESOURCES: usize = 1000;
/// How often a change is thought of anew because other resources changed meanwhile.
const TRIES: usize = 5;

/// Every resource as stored, in order of creation.
pub async fn list(admin: &Admin) -> Result<Vec<ResourceRow>, StoreError> {
    Ok(admin.oauth.store.list_resources().await?.0)
}

/// One resource as stored.
///
/// # Errors
/// [`Failure::NotFound`] when there is none with this id, or it was deleted.
pub async fn find(admin: &Admin, id: &str) -> Result<ResourceRow, Failure> {
    list(admin).await?.into_iter().find(|row| row.id == id).ok_or(Failure::NotFound)
}

/// All resources, with the counter that says whether they still are as they were read.
struct Snapshot {
    seen: i64,
    rows: Vec<ResourceRow>,
}

impl Snapshot {
    async fn read(admin: &Admin) -> Result<Self, StoreError> {
        let seen = admin.oauth.store.change_versions().await?.resources;
        Ok(Self { seen, rows: list(admin).await? })
    }

    /// The resources but one, to see whether a URL is theirs.
    fn others(&self, admin: &Admin, id: &str) -> ResourceSet {
        let rows = self.rows.iter().filter(|row| row.id != id).cloned().collect();
        ResourceSet::build_with(&admin.oauth.issuer, admin.oauth.resources.standard(), rows, &[])
    }
}

/// Whether a change is made, or must be thought of anew.
fn settled(outcome: Outcome) -> Result<bool, Failure> {
    match outcome {
        Outcome::Done => Ok(true),
        Outcome::Moved => Ok(false),
        Outcome::Changed => Err(Failure::Changed),
    }
}

/// Makes a change hold on this process before anybody is answered; the others read it within a second.
async fn take_effect(admin: &Admin) {
    if let Err(error) = admin.oauth.resources.reload(&admin.oauth.store, &admin.oauth.issuer).await {
        tracing::warn!(%error, "a change of resources takes effect with the next look at the database");
    }
}
