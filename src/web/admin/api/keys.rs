//! `/keys`: the signing keys, without their private part.

use actix_web::HttpResponse;
use actix_web::web::Path;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answers;
use super::call::{Call, Sent};
use super::idempotency::{self, Created};
use super::paging::List;
use super::problem::Problem;
use super::text::Time;
use crate::admin::keys;
use crate::oauth::keys::Alg;
use crate::store::signing_keys::KeyRow;

/// A signing key.
#[derive(Serialize, ToSchema)]
pub struct Key {
    /// Its `kid`.
    id: String,
    alg: String,
    /// `next` is published and waits, `active` signs, `retired` only verifies.
    #[schema(value_type = KeyState)]
    state: String,
    created_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    activated_at: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retired_at: Option<Time>,
    /// From when a waiting key may sign without a hurry.
    ready_at: Time,
}

/// How far a key is in its life.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "for the description only")]
enum KeyState {
    Next,
    Active,
    Retired,
}

impl From<KeyRow> for Key {
    fn from(row: KeyRow) -> Self {
        Self {
            state: row.state.as_str().to_owned(),
            ready_at: Time(keys::ready_at(&row)),
            id: row.id,
            alg: row.alg,
            created_at: Time(row.created_at),
            activated_at: row.activated_at.map(Time),
            retired_at: row.retired_at.map(Time),
        }
    }
}

/// List the signing keys
///
/// All of them, in order of algorithm and creation.
#[utoipa::path(get, path = "/keys", tag = "keys",
    responses((status = 200, description = "The keys", body = List<Key>)))]
pub async fn list(call: Call) -> Result<HttpResponse, Problem> {
    let rows = keys::list(call.admin()).await?;
    Ok(answers::ok(&List::whole(rows.into_iter().map(Key::from).collect())))
}

/// Which key to rotate.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rotation {
    alg: SigningAlg,
    /// Sign with the waiting key even where it has not been published for 10 minutes: after a leak.
    #[serde(default)]
    now: bool,
}

/// A signing algorithm.
#[derive(Clone, Copy, Deserialize, ToSchema)]
pub enum SigningAlg {
    #[serde(rename = "ES256")]
    Es256,
    #[serde(rename = "RS256")]
    Rs256,
    #[serde(rename = "EdDSA")]
    EdDsa,
}

impl SigningAlg {
    pub const fn alg(self) -> Alg {
        match self {
            Self::Es256 => Alg::Es256,
            Self::Rs256 => Alg::Rs256,
            Self::EdDsa => Alg::EdDsa,
        }
    }
}

/// The key that signs from now on.
#[derive(Serialize, ToSchema)]
pub struct Rotated {
    id: String,
}

/// Rotate a key
///
/// The waiting key of this algorithm signs from now on; the old one only verifies, and another is published to wait.
#[utoipa::path(post, path = "/keys/rotate", tag = "keys", request_body = Rotation,
    responses((status = 200, description = "It signs", body = Rotated)))]
pub async fn rotate(sent: Sent<Rotation>) -> Result<HttpResponse, Problem> {
    let call = &sent.call;
    idempotency::once(call, &sent.digest, async {
        let id = keys::rotate(call.admin(), &call.actor, sent.body.alg.alg(), sent.body.now).await?;
        Ok(Created::answered(&Rotated { id }))
    })
    .await
}

/// Remove a key
///
/// A waiting key will never sign; a retired one is not believed any more, nor any token it signed. An active key is
/// rotated first.
#[utoipa::path(delete, path = "/keys/{kid}", tag = "keys",
    params(("kid" = String, Path, description = "Its id")),
    responses((status = 204, description = "It is gone")))]
pub async fn retire(call: Call, kid: Path<String>) -> Result<HttpResponse, Problem> {
    keys::retire(call.admin(), &call.actor, &kid).await?;
    Ok(answers::done())
}
