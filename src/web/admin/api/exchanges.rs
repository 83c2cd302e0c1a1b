//! `/exchanges`: which client may exchange a token of one resource for one of another.

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
use crate::admin::exchanges;
use crate::store::exchange_rules::ExchangeRow;

/// A rule of token exchange.
#[derive(Serialize, ToSchema)]
#[schema(as = Exchange)]
pub struct Exchange {
    id: String,
    client_id: String,
    /// The resource whose tokens it may show.
    from_resource_id: String,
    /// The resource that it gets a token for.
    to_resource_id: String,
    /// What it gets at most.
    scopes: Vec<String>,
    /// To be sent along with a change.
    version: i64,
    created_at: Time,
    updated_at: Time,
}

impl From<&ExchangeRow> for Exchange {
    fn from(row: &ExchangeRow) -> Self {
        Self {
            id: row.id.clone(),
            client_id: row.client_id.clone(),
            from_resource_id: row.from_id.clone(),
            to_resource_id: row.to_id.clone(),
            scopes: row.scopes.iter().map(str::to_owned).collect(),
            version: row.version,
            created_at: Time(row.created_at),
            updated_at: Time(row.updated_at),
        }
    }
}

/// What is said of a new rule.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewExchange {
    client_id: String,
    from_resource_id: String,
    to_resource_id: String,
    scopes: Vec<String>,
}

/// The scopes of a rule, as they shall be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExchangeChange {
    scopes: Vec<String>,
    /// Of the rule as it was read.
    version: i64,
}

/// List the rules of token exchange
#[utoipa::path(get, path = "/exchanges", tag = "exchanges",
    responses((status = 200, description = "All of them", body = List<Exchange>)))]
pub async fn list(call: Call) -> Result<HttpResponse, Problem> {
    let rows = exchanges::all(call.admin()).await?;
    Ok(answers::ok(&List::whole(rows.iter().map(Exchange::from).collect())))
}

/// Show a rule of token exchange
#[utoipa::path(get, path = "/exchanges/{id}", tag = "exchanges",
    params(("id" = String, Path, description = "The id of the rule")),
    responses((status = 200, description = "The rule", body = Exchange)))]
pub async fn get(call: Call, id: Path<String>) -> Result<HttpResponse, Problem> {
    Ok(answers::ok(&Exchange::from(&exchanges::find(call.admin(), &id).await?)))
}

/// Allow a token exchange
#[utoipa::path(post, path = "/exchanges", tag = "exchanges", request_body = NewExchange,
    responses((status = 201, description = "It is there", body = Exchange)))]
pub async fn add(sent: Sent<NewExchange>) -> Result<HttpResponse, Problem> {
    let (call, body) = (&sent.call, sent.body);
    let new = exchanges::NewExchange {
        client_id: body.client_id,
        from_id: body.from_resource_id,
        to_id: body.to_resource_id,
        scopes: body.scopes,
    };
    idempotency::once(call, &sent.digest, async {
        let added = exchanges::add(call.admin(), &call.actor, &new).await;
        let row = added.map_err(|failure| {
            failure.renamed("from_id", "from_resource_id").renamed("to_id", "to_resource_id")
        })?;
        Ok(Created::new(format!("/exchanges/{}", row.id), &Exchange::from(&row)))
    })
    .await
}

/// Change a rule of token exchange
#[utoipa::path(put, path = "/exchanges/{id}", tag = "exchanges", request_body = ExchangeChange,
    params(("id" = String, Path, description = "The id of the rule")),
    responses((status = 200, description = "As it is now", body = Exchange)))]
pub async fn change(sent: Sent<ExchangeChange>, id: Path<String>) -> Result<HttpResponse, Problem> {
    let (call, body) = (&sent.call, sent.body);
    let row = exchanges::change(call.admin(), &call.actor, (&id, body.version), &body.scopes).await?;
    Ok(answers::ok(&Exchange::from(&row)))
}

/// Delete a rule of token exchange
#[utoipa::path(delete, path = "/exchanges/{id}", tag = "exchanges",
    params(("id" = String, Path, description = "The id of the rule")),
    responses((status = 204, description = "It is gone")))]
pub async fn remove(call: Call, id: Path<String>) -> Result<HttpResponse, Problem> {
    exchanges::delete(call.admin(), &call.actor, &id).await?;
    Ok(answers::done())
}
