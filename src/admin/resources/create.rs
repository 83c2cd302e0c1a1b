//! Adding a resource: an MCP server elsewhere, that checks its tokens itself.

use super::fields::Check;
use super::{MAX_RESOURCES, Snapshot, TRIES, settled, take_effect};
use crate::admin::{Actor, Admin, Failure};
use crate::audit::Event;
use crate::oauth::keys::Alg;
use crate::oauth::scalekit::{Dialect, TokenIssuer};
use crate::store::resources::{DocumentColumns, ResourceRow, TrustColumns};
use crate::types::ids::{Kind, new_id};

/// What a new resource needs; everything else is set later.
#[derive(Clone, Debug, Default)]
pub struct NewResource {
    pub name: String,
    /// Where clients reach it: the audience of its tokens.
    pub url: String,
    /// How its tokens and endpoints look.
    pub dialect: Dialect,
    /// Which clients by document may ask.
    pub documents: DocumentColumns,
}

/// Adds it. Returns its row.
pub async fn create(admin: &Admin, actor: &Actor, new: &NewResource) -> Result<ResourceRow, Failure> {
    let ctx = &admin.oauth;
    for _ in 0..TRIES {
        let snapshot = Snapshot::read(admin).await?;
        let row = row(admin, new, &snapshot)?;
        if settled(ctx.store.add_resource_if(row.clone(), snapshot.seen).await?)? {
            take_effect(admin).await;
            let url = row.uri.as_deref().unwrap_or_default();
            let entry =
                actor.did(Event::ResourceCreated).resource(row.id.clone()).detail(format!("at {url}"));
            ctx.audit.record(entry).await;
            return Ok(row);
        }
    }
    Err(Failure::Changed)
}

fn row(admin: &Admin, new: &NewResource, snapshot: &Snapshot) -> Result<ResourceRow, Failure> {
    let ctx = &admin.oauth;
    let id = new_id(Kind::Resource, &ctx.clock, &ctx.rng);
    let mut check = Check::default();
    let name = check.name(&new.name);
    let uri = check.url("url", &new.url, &snapshot.others(admin, &id));
    let documents = check.documents(&new.documents, ctx.fetch.reach());
    if snapshot.rows.len() >= MAX_RESOURCES {
        check.say("name", format!("There are {MAX_RESOURCES} resources already: delete one first."));
    }
    check.done()?;
    Ok(ResourceRow {
        path: format!("/resources/{id}"),
        id,
        name,
        kind: "external".to_owned(),
        uri: Some(uri),
        aliases: Vec::new(),
        is_default: false,
        registration_open: true,
        dpop_required: false,
        access_token_seconds: None,
        refresh_token_seconds: None,
        signing_alg: if new.dialect.is_scalekit() { Alg::Rs256 } else { Alg::Es256 }.as_str().to_owned(),
        dialect: new.dialect.as_str().to_owned(),
        token_issuer: TokenIssuer::default().as_str().to_owned(),
        trust: TrustColumns::default(),
        documents,
        version: 1,
        created_at: ctx.clock.now(),
    })
}
