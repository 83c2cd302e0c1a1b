//! `/resources/{id}/scopes`: what can be permitted on a resource.

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
use crate::admin::scopes;
use crate::store::resources::ScopeRow;

/// A scope of a resource.
#[derive(Serialize, ToSchema)]
#[schema(as = ResourceScope)]
pub struct Scope {
    /// As tokens carry it.
    name: String,
    /// As people read it.
    description: String,
    /// The tools it opens.
    tools: Vec<String>,
    /// Whether a request that names no scope gets it.
    is_default: bool,
    /// The scopes of the same resource that it includes.
    implies: Vec<String>,
    /// To be sent along with a change.
    version: i64,
    /// When it got its name.
    named_at: Time,
}

impl From<&ScopeRow> for Scope {
    fn from(row: &ScopeRow) -> Self {
        Self {
            name: row.name.clone(),
            description: row.description.clone(),
            tools: row.tools.clone(),
            is_default: row.is_default,
            implies: row.implies.clone(),
            version: row.version,
            named_at: Time(row.named_at),
        }
    }
}

/// A scope, and how many hold it: counted up to 1,001.
#[derive(Serialize, ToSchema)]
pub struct HeldScope {
    #[serde(flatten)]
    scope: Scope,
    /// Remembered approvals.
    consents: i64,
    /// Grants that still give tokens.
    grants: i64,
}

/// What is said of a new scope.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewScope {
    #[schema(min_length = 1, max_length = 100, example = "notes:read")]
    name: String,
    #[schema(min_length = 1, max_length = 500, example = "Read your notes")]
    description: String,
    #[serde(default)]
    #[schema(max_items = 100)]
    tools: Vec<String>,
    #[serde(default)]
    is_default: bool,
    #[serde(default)]
    implies: Vec<String>,
}

/// Everything of a scope but its name, as it shall be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScopeEdit {
    #[schema(min_length = 1, max_length = 500)]
    description: String,
    #[serde(default)]
    #[schema(max_items = 100)]
    tools: Vec<String>,
    #[serde(default)]
    is_default: bool,
    #[serde(default)]
    implies: Vec<String>,
    /// Of the scope as it was read.
    version: i64,
}

/// Another name for a scope.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScopeRename {
    #[schema(min_length = 1, max_length = 100)]
    to: String,
    /// Of the scope as it was read.
    version: i64,
}

/// Which version of a scope is meant.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Version {
    /// Of the scope as it was read.
    version: i64,
}

/// List the scopes of a resource
#[utoipa::path(get, path = "/resources/{id}/scopes", tag = "scopes",
    params(("id" = String, Path, description = "The id of the resource")),
    responses((status = 200, description = "All of them", body = List<Scope>)))]
pub async fn list(call: Call, id: Path<String>) -> Result<HttpResponse, Problem> {
    let book = scopes::list(call.admin(), &id).await?;
    Ok(answers::ok(&List::whole(book.scopes.iter().map(Scope::from).collect())))
}

async fn held(call: &Call, id: &str, name: &str) -> Result<HeldScope, Problem> {
    let book = scopes::list(call.admin(), id).await?;
    let scope = Scope::from(scopes::find(&book, name)?);
    let holders = scopes::holders(call.admin(), id, name).await?;
    Ok(HeldScope { scope, consents: holders.consents, grants: holders.grants })
}

/// Show a scope
#[utoipa::path(get, path = "/resources/{id}/scopes/{name}", tag = "scopes",
    params(("id" = String, Path, description = "The id of the resource"),
        ("name" = String, Path, description = "The name, percent-encoded")),
    responses((status = 200, description = "The scope, and how many hold it", body = HeldScope)))]
pub async fn get(call: Call, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let (id, name) = path.into_inner();
    Ok(answers::ok(&held(&call, &id, &name).await?))
}

/// Add a scope
#[utoipa::path(post, path = "/resources/{id}/scopes", tag = "scopes", request_body = NewScope,
    params(("id" = String, Path, description = "The id of the resource")),
    responses((status = 201, description = "It is there", body = HeldScope)))]
pub async fn add(sent: Sent<NewScope>, id: Path<String>) -> Result<HttpResponse, Problem> {
    let (call, new) = (&sent.call, sent.body);
    let input = scopes::Input {
        description: new.description,
        tools: new.tools,
        is_default: new.is_default,
        implies: new.implies,
    };
    idempotency::once(call, &sent.digest, async {
        scopes::add(call.admin(), &call.actor, &id, &new.name, &input).await?;
        let location = format!("/resources/{id}/scopes/{}", encoded(&new.name));
        Ok(Created::new(location, &held(call, &id, &new.name).await?))
    })
    .await
}

/// A name as part of a path.
fn encoded(name: &str) -> String {
    url::form_urlencoded::byte_serialize(name.as_bytes()).collect()
}

/// Change a scope
///
/// Everything but its name. Whoever was allowed it has what it says now.
#[utoipa::path(put, path = "/resources/{id}/scopes/{name}", tag = "scopes", request_body = ScopeEdit,
    params(("id" = String, Path, description = "The id of the resource"),
        ("name" = String, Path, description = "The name, percent-encoded")),
    responses((status = 200, description = "As it is now", body = HeldScope)))]
pub async fn edit(sent: Sent<ScopeEdit>, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let ((id, name), call, edit) = (path.into_inner(), &sent.call, sent.body);
    let input = scopes::Input {
        description: edit.description,
        tools: edit.tools,
        is_default: edit.is_default,
        implies: edit.implies,
    };
    scopes::edit(call.admin(), &call.actor, &id, (&name, edit.version), &input).await?;
    Ok(answers::ok(&held(call, &id, &name).await?))
}

/// Rename a scope
///
/// What people agreed to is kept under the new name.
#[utoipa::path(post, path = "/resources/{id}/scopes/{name}/rename", tag = "scopes", request_body = ScopeRename,
    params(("id" = String, Path, description = "The id of the resource"),
        ("name" = String, Path, description = "The name, percent-encoded")),
    responses((status = 200, description = "As it is now", body = HeldScope)))]
pub async fn rename(sent: Sent<ScopeRename>, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let ((id, name), call) = (path.into_inner(), &sent.call);
    let to = &sent.body.to;
    scopes::rename(call.admin(), &call.actor, &id, (&name, sent.body.version), to).await?;
    Ok(answers::ok(&held(call, &id, to).await?))
}

/// Delete a scope
///
/// Also from what people agreed to.
#[utoipa::path(delete, path = "/resources/{id}/scopes/{name}", tag = "scopes",
    params(Version, ("id" = String, Path, description = "The id of the resource"),
        ("name" = String, Path, description = "The name, percent-encoded")),
    responses((status = 204, description = "It is gone")))]
pub async fn remove(call: Call, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let (id, name) = path.into_inner();
    let Version { version } = call.query()?;
    scopes::delete(call.admin(), &call.actor, &id, (&name, version), &name).await?;
    Ok(answers::done())
}
