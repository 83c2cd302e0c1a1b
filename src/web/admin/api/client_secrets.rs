//! `/clients/{id}/secrets`: what a confidential client proves itself with, several at a time.

use actix_web::HttpResponse;
use actix_web::web::Path;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::answers;
use super::call::{Call, Sent};
use super::idempotency::{self, Created};
use super::paging::List;
use super::problem::Problem;
use super::text::Time;
use crate::admin::clients::secrets::{self, Secret, TheLast};

/// A secret, without its text.
#[derive(Serialize, ToSchema)]
pub struct ClientSecret {
    id: String,
    /// Its last characters.
    hint: String,
    is_expired: bool,
    created_at: Time,
    /// Absent for one that lasts.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Time>,
    /// To the minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used_at: Option<Time>,
}

impl From<Secret> for ClientSecret {
    fn from(secret: Secret) -> Self {
        Self {
            id: secret.id,
            hint: secret.hint,
            is_expired: secret.is_expired,
            created_at: Time(secret.created_at),
            expires_at: secret.expires_at.map(Time),
            last_used_at: secret.last_used_at.map(Time),
        }
    }
}

/// A new secret, with its text.
#[derive(Serialize, ToSchema)]
pub struct NewClientSecret {
    #[serde(flatten)]
    secret: ClientSecret,
    /// Told once: absent in the answer to a repetition.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
}

/// How long a new secret works.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SecretLife {
    /// 3,600 to 157,680,000; leave it out for one that lasts.
    #[serde(default)]
    seconds: Option<i64>,
}

/// How long an old secret works on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SecretGrace {
    /// 3,600 to 157,680,000: a day gives time to put the new one in place.
    #[schema(minimum = 3_600, maximum = 157_680_000, example = 86_400)]
    seconds: i64,
    /// Also the only one that works: without one the client gets no token.
    #[serde(default)]
    even_the_last: bool,
}

/// Whether the only secret may go.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EvenTheLast {
    /// Also the only one that works: without one the client gets no token.
    even_the_last: Option<bool>,
}

const fn the_last(even: bool) -> TheLast {
    if even { TheLast::Too } else { TheLast::Keep }
}

/// List the secrets of a client
///
/// Those that work first, each group the newest first. Revoked ones are left out.
#[utoipa::path(get, path = "/clients/{id}/secrets", tag = "clients",
    params(("id" = String, Path, description = "The id of the client")),
    responses((status = 200, description = "The secrets, without their text", body = List<ClientSecret>)))]
pub async fn list(call: Call, id: Path<String>) -> Result<HttpResponse, Problem> {
    let found = secrets::list(call.admin(), &id).await?;
    Ok(answers::ok(&List::whole(found.into_iter().map(ClientSecret::from).collect())))
}

/// Add a secret to a client
///
/// Those before go on working; at most five do at a time.
#[utoipa::path(post, path = "/clients/{id}/secrets", tag = "clients", request_body = SecretLife,
    params(("id" = String, Path, description = "The id of the client")),
    responses((status = 201, description = "The secret, told once", body = NewClientSecret)))]
pub async fn add(sent: Sent<SecretLife>, id: Path<String>) -> Result<HttpResponse, Problem> {
    let call = &sent.call;
    idempotency::once(call, &sent.digest, async {
        let made = secrets::add(call.admin(), &call.actor, &id, sent.body.seconds, None).await;
        let made = made.map_err(|failure| failure.renamed("life", "seconds"))?;
        let body = NewClientSecret {
            secret: made.secret.into(),
            client_secret: made.text.map(|text| text.expose().clone()),
        };
        Ok(Created::new(format!("/clients/{id}/secrets"), &body).once_only(&["client_secret"]))
    })
    .await
}

/// Let a secret expire
///
/// It works until then, or until it would have expired anyway.
#[utoipa::path(post, path = "/clients/{id}/secrets/{secret}/expire", tag = "clients", request_body = SecretGrace,
    params(("id" = String, Path, description = "The id of the client"),
        ("secret" = String, Path, description = "The id of the secret")),
    responses((status = 200, description = "As it is now", body = ClientSecret)))]
pub async fn expire(sent: Sent<SecretGrace>, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let ((id, secret), call, grace) = (path.into_inner(), &sent.call, &sent.body);
    let last = the_last(grace.even_the_last);
    let found = secrets::expire_in(call.admin(), &call.actor, (&id, &secret), grace.seconds, last).await?;
    Ok(answers::ok(&ClientSecret::from(found)))
}

/// Revoke a secret
///
/// The next request with it is refused.
#[utoipa::path(delete, path = "/clients/{id}/secrets/{secret}", tag = "clients",
    params(EvenTheLast, ("id" = String, Path, description = "The id of the client"),
        ("secret" = String, Path, description = "The id of the secret")),
    responses((status = 204, description = "It is gone")))]
pub async fn revoke(call: Call, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let (id, secret) = path.into_inner();
    let EvenTheLast { even_the_last } = call.query()?;
    let last = the_last(even_the_last.unwrap_or_default());
    secrets::revoke(call.admin(), &call.actor, (&id, &secret), last).await?;
    Ok(answers::done())
}
