//! `/resources/{id}/clients` and `/resources/{id}/people`: who uses a resource.

use actix_web::HttpResponse;
use actix_web::web::Path;
use serde::Serialize;
use utoipa::ToSchema;

use super::answers;
use super::call::Call;
use super::paging::{self, List};
use super::problem::Problem;
use super::resources::Place;
use super::text::Time;
use crate::admin::resources::{self, users};

/// A client that holds something on the resource.
#[derive(Serialize, ToSchema)]
pub struct ResourceClient {
    client_id: String,
    name: String,
    /// `dynamic`, `static` or `machine`.
    kind: String,
    /// Its last token for whatever resource, to the hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used_at: Option<Time>,
}

/// What one person allowed one client on the resource.
#[derive(Serialize, ToSchema)]
pub struct ResourceConsent {
    id: String,
    person_id: String,
    email: String,
    client_id: String,
    client_name: String,
    scopes: Vec<String>,
    created_at: Time,
}

/// List the clients of a resource
///
/// Those with something that works, in order of id.
#[utoipa::path(get, path = "/resources/{id}/clients", tag = "resources",
    params(Place, ("id" = String, Path, description = "The id of the resource")),
    responses((status = 200, description = "A page of clients", body = List<ResourceClient>)))]
pub async fn clients(call: Call, id: Path<String>) -> Result<HttpResponse, Problem> {
    let place: Place = call.query()?;
    let (size, after) = (paging::size(place.limit)?, paging::key(place.cursor.as_deref())?);
    resources::find(call.admin(), &id).await?;
    let page = users::clients_page(call.admin(), &id, after.as_deref(), size).await?;
    Ok(answers::ok(&List::of(&call, page, |row| ResourceClient {
        client_id: row.id,
        name: row.name,
        kind: row.kind,
        last_used_at: row.last_used_at.map(Time),
    })))
}

/// List what people allowed on a resource
///
/// The newest first.
#[utoipa::path(get, path = "/resources/{id}/people", tag = "resources",
    params(Place, ("id" = String, Path, description = "The id of the resource")),
    responses((status = 200, description = "A page of approvals", body = List<ResourceConsent>)))]
pub async fn people(call: Call, id: Path<String>) -> Result<HttpResponse, Problem> {
    let place: Place = call.query()?;
    let (size, after) = (paging::size(place.limit)?, paging::key(place.cursor.as_deref())?);
    resources::find(call.admin(), &id).await?;
    let page = users::people_page(call.admin(), &id, after.as_deref(), size).await?;
    Ok(answers::ok(&List::of(&call, page, |row| ResourceConsent {
        id: row.id,
        person_id: row.user_id,
        email: row.email,
        client_id: row.client_id,
        client_name: row.client_name,
        scopes: row.scopes.iter().map(str::to_owned).collect(),
        created_at: Time(row.created_at),
    })))
}
