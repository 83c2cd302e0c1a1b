//! `/admin/api/tokens/…`: the tokens with which programs use the API. The rules are `crate::admin::api_tokens`.

pub mod list;
pub mod new;
pub mod revoke;

use super::super::pages::admin::ApiTokenView;
use super::super::when;
use crate::admin::api_tokens::State;
use crate::store::api_tokens::ApiTokenRow;
use crate::types::Timestamp;

const PAGE: &str = "/admin/api/tokens";

fn line(token: ApiTokenRow, now: Timestamp) -> ApiTokenView {
    ApiTokenView {
        state: State::of(&token, now).as_str(),
        because: match token.revoked_because.as_deref() {
            Some("owner_disabled") => Some("its owner was disabled"),
            Some("owner_deleted") => Some("its owner was deleted"),
            Some("owner_not_administrator") => Some("its owner is no administrator any more"),
            _ => None,
        },
        id: token.id,
        name: token.name,
        hint: token.hint,
        scopes: token.scopes.iter().map(str::to_owned).collect(),
        owner_id: token.created_by,
        owner: token.owner_email,
        expires: when::moment(token.expires_at),
        last_used: token.last_used_at.map(when::moment),
    }
}
