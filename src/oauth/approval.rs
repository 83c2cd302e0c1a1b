//! What follows when a person says yes, whichever page asked them: a grant, and the consent that is remembered.

use super::client::Client;
use super::error::{Code, Reason, Refusal};
use super::resource::{OFFLINE_ACCESS, OPENID, Resource};
use super::{OAuth, Origin};
use crate::audit::{Entry, Event};
use crate::store::grants::GrantRow;
use crate::types::ids::{Kind, new_id};
use crate::types::{Proof, ScopeSet, Timestamp};

/// A grant outlives its refresh token by the longest life of an access token, in seconds.
pub const GRANT_MARGIN: i64 = 86_400;

/// The person whose decision this is, and the login it was made in.
#[derive(Clone, Debug)]
pub struct Decider {
    pub user_id: String,
    pub session_id: String,
    pub auth_time: Timestamp,
    pub proof: Proof,
}

/// What the person was asked for.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    pub client: &'a Client,
    pub resource: &'a Resource,
    pub scopes: &'a ScopeSet,
    /// How long the client has to fetch what was allowed, in seconds.
    pub fetch_within: i64,
    /// See [`super::flow`].
    pub flow: &'a str,
}

/// What is to be written, and what the audit trail says once it is.
pub struct Approval {
    pub consent_id: String,
    /// What the person has agreed to so far, this included.
    pub consented: ScopeSet,
    pub grant: GrantRow,
    pub entry: Entry,
}

/// Which scopes the person may not leave out: what the client needs to work at all.
pub fn is_required_scope(name: &str) -> bool {
    name == OPENID || name == OFFLINE_ACCESS
}

/// Makes the grant of what the person left ticked. Writes nothing.
pub async fn prepare(
    ctx: &OAuth,
    asked: Asked<'_>,
    decider: &Decider,
    ticked: &ScopeSet,
    origin: &Origin,
) -> Result<Approval, Refusal> {
    let Asked { client, resource, .. } = asked;
    let is_granted = |name: &&str| ticked.contains(name) || is_required_scope(name);
    let scopes: ScopeSet = asked.scopes.iter().filter(is_granted).map(str::to_owned).collect();
    let before = ctx.store.find_consent(&decider.user_id, &client.id, &resource.id).await?;
    let now = ctx.clock.now();
    let grant = GrantRow {
        id: new_id(Kind::Grant, &ctx.clock, &ctx.rng),
        user_id: Some(decider.user_id.clone()),
        client_id: client.id.clone(),
        resource_id: resource.id.clone(),
        session_id: Some(decider.session_id.clone()),
        scopes: scopes.clone(),
        created_at: now,
        ends_at: now + asked.fetch_within + ctx.lifetimes.refresh_for(resource) + GRANT_MARGIN,
        revoked_at: None,
        jkt: None,
    };
    let entry = about(Entry::ok(Event::Consent), asked, decider, origin)
        .grant(grant.id.clone())
        .detail(format!("scopes: {scopes}"));
    let consent_id = new_id(Kind::Consent, &ctx.clock, &ctx.rng);
    Ok(Approval { consent_id, consented: before.union(&scopes), grant, entry })
}

/// Somebody or something that the grant would hang on has gone while the person was deciding.
pub fn too_late() -> Refusal {
    Refusal::new(
        Code::AccessDenied,
        Reason::NotAllowed,
        "the account, the app or this sign-in has been disabled in the meantime",
    )
}

/// What the audit trail says of a "no".
pub fn denied(asked: Asked<'_>, decider: &Decider, origin: &Origin) -> Entry {
    about(Entry::refused(Event::Consent, Reason::PersonDenied.as_str()), asked, decider, origin)
}

fn about(entry: Entry, asked: Asked<'_>, decider: &Decider, origin: &Origin) -> Entry {
    entry
        .user(decider.user_id.clone())
        .client(asked.client.id.clone())
        .resource(asked.resource.id.clone())
        .session(decider.session_id.clone())
        .address(origin.address.clone())
        .flow(asked.flow.to_owned())
}
