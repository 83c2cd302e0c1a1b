//! `/people`: who may sign in.
//!
//! What is about an administrator, or makes one, needs `administrators:write` besides `people:write`: with less, a
//! token could sign in as one, and do everything.

pub mod access;
pub mod ends;
pub mod factors;
pub mod links;
pub mod list;
pub mod make;
pub mod one;

use serde::Serialize;
use utoipa::ToSchema;

use super::call::Call;
use super::problem::Problem;
use super::text::Time;
use crate::admin::api_tokens::Scope;
use crate::admin::people;
use crate::store::users::UserRow;

/// Somebody.
#[derive(Serialize, ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "facts that do not depend on each other")]
pub struct Person {
    id: String,
    email: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    is_administrator: bool,
    is_disabled: bool,
    has_password: bool,
    /// Whether they must show a second factor whatever the general rule says.
    second_factor_required: bool,
    /// To be sent along with a change.
    version: i64,
    created_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_sign_in_at: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    disabled_at: Option<Time>,
}

impl From<UserRow> for Person {
    fn from(row: UserRow) -> Self {
        Self {
            id: row.id,
            email: row.email,
            name: row.name,
            is_administrator: row.is_admin,
            is_disabled: row.disabled_at.is_some(),
            has_password: row.password_hash.is_some(),
            second_factor_required: row.second_factor_required,
            version: row.version,
            created_at: Time(row.created_at),
            last_sign_in_at: row.last_login_at.map(Time),
            disabled_at: row.disabled_at.map(Time),
        }
    }
}

/// Insists that the token may change this person.
async fn may_change(call: &Call, id: &str) -> Result<(), Problem> {
    if people::find(call.admin(), id).await?.is_admin {
        call.insist(Scope::AdministratorsWrite).await?;
    }
    Ok(())
}
