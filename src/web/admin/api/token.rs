//! `/token`: what the token that asks may do.

use actix_web::HttpResponse;
use serde::Serialize;
use utoipa::ToSchema;

use super::answers;
use super::call::Call;
use super::text::Time;

/// The token that was sent.
#[derive(Serialize, ToSchema)]
pub struct Token {
    id: String,
    /// What it is for.
    name: String,
    /// Who made it, and on whose behalf it acts.
    owner_id: String,
    owner_email: String,
    /// What it may do. `…:write` includes `…:read`.
    scopes: Vec<String>,
    created_at: Time,
    expires_at: Time,
}

/// Who the token is
///
/// Any token that works may ask: a good first call.
#[utoipa::path(get, path = "/token", tag = "token",
    responses((status = 200, description = "The token that was sent", body = Token)))]
pub async fn get(call: Call) -> HttpResponse {
    let token = &call.token;
    answers::ok(&Token {
        id: token.id.clone(),
        name: token.name.clone(),
        owner_id: token.owner_id.clone(),
        owner_email: token.owner_email.clone(),
        scopes: token.scopes.iter().map(str::to_owned).collect(),
        created_at: Time(token.created_at),
        expires_at: Time(token.expires_at),
    })
}
