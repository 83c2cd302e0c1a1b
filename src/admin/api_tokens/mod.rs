//! Tokens with which programs use the administration: made by administrators, each with scopes and an end.
//!
//! | asked for                                | result                                                           |
//! |------------------------------------------|------------------------------------------------------------------|
//! | make, by an administrator                | shown once; stored as a hash                                     |
//! | make, the same form sent twice           | refused: it was made, and shown then                             |
//! | make, by a token                         | there is no such operation                                       |
//! | make, with [`MAX_LIVE`] live ones        | refused                                                          |
//! | revoke                                   | refused with the next request, elsewhere within a second         |
//! | its owner is disabled, deleted, or no administrator any more | revoked with it, for good                    |
//!
//! `verify` says who a token is.

pub mod make;
pub mod scope;
pub mod verify;

pub use scope::Scope;
pub use verify::{ApiTokens, Refused, Verified};

use super::{Actor, Admin, Failure, Page};
use crate::audit::Event;
use crate::store::StoreError;
use crate::store::api_tokens::ApiTokenRow;
use crate::types::Timestamp;

/// Live tokens of one administrator.
pub const MAX_LIVE: i64 = 50;
/// Tokens on one page.
pub const PAGE: usize = 50;
/// After every id of a token.
const NEWEST: &str = "apt_z";

/// Whether a token still opens anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Live,
    Expired,
    Revoked,
}

impl State {
    pub fn of(token: &ApiTokenRow, now: Timestamp) -> Self {
        if token.revoked_at.is_some() || !token.owner_administers {
            Self::Revoked
        } else if token.expires_at <= now {
            Self::Expired
        } else {
            Self::Live
        }
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

/// A page of tokens, the newest first; `after` is where the page before ended.
pub async fn list(admin: &Admin, after: Option<&str>) -> Result<Page<ApiTokenRow>, StoreError> {
    let limit = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
    let rows = admin.oauth.store.list_api_tokens(after.unwrap_or(NEWEST), limit).await?;
    Ok(Page::of(rows, PAGE, |token| token.id.clone()))
}

/// One token.
pub async fn find(admin: &Admin, id: &str) -> Result<ApiTokenRow, Failure> {
    admin.oauth.store.find_api_token(id).await?.ok_or(Failure::NotFound)
}

/// Ends a token, whoever made it. Nothing happens to one that has ended.
pub async fn revoke(admin: &Admin, actor: &Actor, id: &str) -> Result<(), Failure> {
    let token = find(admin, id).await?;
    let ctx = &admin.oauth;
    let ended = ctx.store.revoke_api_token(token.id.clone(), ctx.clock.now()).await?;
    admin.api_tokens.forget_all();
    if ended {
        let entry = actor.did(Event::ApiTokenRevoked).user(token.created_by);
        ctx.audit.record(entry.detail(format!("{}: {}", token.id, token.name))).await;
    }
    Ok(())
}
