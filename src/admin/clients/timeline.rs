//! What happened with one client: its authorizations, its token requests, what was refused and why, and what
//! administrators did about it. The newest first.

use super::super::audit::{self, Filters, Listing};
use super::super::{Admin, Failure};
use super::find;

/// What of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Which {
    #[default]
    All,
    /// Only what was refused.
    Refused,
}

/// A page of it, before the event `before`.
pub async fn timeline(
    admin: &Admin,
    id: &str,
    which: Which,
    before: Option<&str>,
    size: usize,
) -> Result<Listing, Failure> {
    find(admin, id).await?;
    let outcome = match which {
        Which::All => "",
        Which::Refused => "refused",
    };
    let filters = Filters { client: id.to_owned(), outcome: outcome.to_owned(), ..Filters::default() };
    audit::list(admin, &filters, before, size).await
}
