//! `GET /people/{id}`: somebody, with ways to sign in, sign-ins and apps.

use actix_web::HttpResponse;
use actix_web::web::Path;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::answers;
use super::super::call::Call;
use super::super::problem::Problem;
use super::super::text::Time;
use super::Person;
use crate::accounts::words;
use crate::admin::people::view::{self, view};
use crate::store::connected::ConnectedRow;
use crate::store::identities::IdentityRow;
use crate::store::passkeys::PasskeyRow;
use crate::store::sessions::SessionRow;

/// Somebody, with what belongs to them.
#[derive(Serialize, ToSchema)]
pub struct WholePerson {
    #[serde(flatten)]
    person: Person,
    /// Whether they must show a second factor, for whichever reason.
    must_show_second_factor: bool,
    /// Since when there is an authenticator app.
    #[serde(skip_serializing_if = "Option::is_none")]
    authenticator_app_since: Option<Time>,
    passkeys: Vec<PersonPasskey>,
    identities: Vec<Identity>,
    /// The last used first, at most 100.
    sessions: Vec<Session>,
    /// The last active first, at most 20.
    apps: Vec<App>,
    has_more_apps: bool,
}

/// A passkey.
#[derive(Serialize, ToSchema)]
struct PersonPasskey {
    id: String,
    name: String,
    created_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used_at: Option<Time>,
}

/// A login at another provider.
#[derive(Serialize, ToSchema)]
struct Identity {
    id: String,
    provider: String,
    issuer: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    created_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used_at: Option<Time>,
}

/// A browser that is signed in.
#[derive(Serialize, ToSchema)]
struct Session {
    id: String,
    device: String,
    /// How they proved who they are.
    how: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    created_at: Time,
    last_seen_at: Time,
}

/// An app that is connected to a resource.
#[derive(Serialize, ToSchema)]
struct App {
    id: String,
    client_id: String,
    client_name: String,
    resource_id: String,
    scopes: Vec<String>,
    created_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used_at: Option<Time>,
}

/// Show a person
#[utoipa::path(get, path = "/people/{id}", tag = "people",
    params(("id" = String, Path, description = "Their id")),
    responses((status = 200, description = "The person, with ways to sign in, sign-ins and apps", body = WholePerson)))]
pub async fn get(call: Call, id: Path<String>) -> Result<HttpResponse, Problem> {
    let view::Person { ways, sessions, apps } = view(call.admin(), &id).await?;
    let view::WaysIn { user, app_since, passkeys, identities, must_show_two } = ways;
    Ok(answers::ok(&WholePerson {
        person: user.into(),
        must_show_second_factor: must_show_two,
        authenticator_app_since: app_since.map(Time),
        passkeys: passkeys.into_iter().map(passkey).collect(),
        identities: identities.into_iter().map(identity).collect(),
        sessions: sessions.into_iter().map(session).collect(),
        has_more_apps: apps.next.is_some(),
        apps: apps.apps.into_iter().map(app).collect(),
    }))
}

fn passkey(row: PasskeyRow) -> PersonPasskey {
    PersonPasskey {
        id: row.id,
        name: row.name,
        created_at: Time(row.created_at),
        last_used_at: row.last_used_at.map(Time),
    }
}

fn identity(row: IdentityRow) -> Identity {
    Identity {
        id: row.id,
        provider: row.provider,
        issuer: row.issuer,
        email: row.email,
        created_at: Time(row.created_at),
        last_used_at: row.last_used_at.map(Time),
    }
}

fn session(row: SessionRow) -> Session {
    Session {
        id: row.id,
        device: words::device(row.user_agent.as_deref()),
        how: words::how(row.proof),
        address: row.address,
        created_at: Time(row.created_at),
        last_seen_at: Time(row.last_seen_at),
    }
}

fn app(row: ConnectedRow) -> App {
    App {
        id: row.id,
        client_id: row.client_id,
        client_name: row.client_name,
        resource_id: row.resource_id,
        scopes: row.scopes.iter().map(str::to_owned).collect(),
        created_at: Time(row.created_at),
        last_used_at: row.last_used_at.map(Time),
    }
}
