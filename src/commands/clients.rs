//! `gatepost client …`

use anyhow::{anyhow, bail};
use serde_json::json;

use super::output;
use crate::admin::clients::create::NewClient;
use crate::admin::{Actor, Failure, clients};
use crate::app::Core;
use crate::cli::{AuthMethodArg, ClientCommand, ClientCreateArgs};
use crate::oauth::client::AuthMethod;
use crate::oauth::registration;
use crate::store::clients::{ClientKind, ClientRow};

const PAGE: i64 = 1000;

pub async fn run(core: &Core, command: ClientCommand) -> anyhow::Result<()> {
    match command {
        ClientCommand::Create(args) => create(core, args).await?,
        ClientCommand::List(args) => list(core, args.json).await?,
        ClientCommand::Revoke { client_id } => {
            match clients::disable(&core.admin(), &Actor::command_line(), &client_id).await {
                Ok(()) => {}
                Err(Failure::NotFound) => bail!("there is no client {client_id}; see `gatepost client list`"),
                Err(failure) => return Err(failure.into()),
            }
            output::line(&format!("{client_id} is disabled and everything it held is revoked."));
        }
    }
    core.oauth.audit.flush().await;
    Ok(())
}

async fn create(core: &Core, args: ClientCreateArgs) -> anyhow::Result<()> {
    let auth_method = match args.auth_method {
        AuthMethodArg::None => AuthMethod::None,
        AuthMethodArg::ClientSecretBasic => AuthMethod::Basic,
        AuthMethodArg::ClientSecretPost => AuthMethod::Post,
    };
    let new = NewClient {
        kind: ClientKind::Static,
        auth_method,
        name: args.name,
        redirect_uris: args.redirect_uris,
        allowed_scopes: None,
        access_token_seconds: None,
    };
    let made = clients::create::create(&core.admin(), &Actor::command_line(), &new, None).await;
    let made = made.map_err(in_words)?;
    let registered = registration::describe(&core.oauth, made.client.client, auth_method, made.secret, None);
    if args.json {
        output::json(&registered);
        return Ok(());
    }
    output::line(&format!("client_id      {}", registered.client_id));
    if let Some(secret) = &registered.client_secret {
        output::line(&format!("client_secret  {secret}   (shown once)"));
    }
    for uri in &registered.redirect_uris {
        output::line(&format!("redirect_uri   {uri}"));
    }
    Ok(())
}

/// Every sentence about what cannot be taken.
fn in_words(failure: Failure) -> anyhow::Error {
    match failure {
        Failure::Invalid(problems) => {
            let sentences: Vec<_> = problems.into_iter().map(|problem| problem.sentence).collect();
            anyhow!("{}", sentences.join("\n"))
        }
        other => other.into(),
    }
}

async fn list(core: &Core, as_json: bool) -> anyhow::Result<()> {
    let mut clients = Vec::new();
    loop {
        let after = clients.last().map_or("", |c: &ClientRow| c.id.as_str());
        let page = core.oauth.store.list_clients(after, PAGE).await?;
        if page.is_empty() {
            break;
        }
        clients.extend(page);
    }
    if as_json {
        let rows: Vec<_> = clients
            .iter()
            .map(|c| {
                json!({ "client_id": c.id, "kind": c.kind.as_str(), "name": c.name,
                        "token_endpoint_auth_method": c.auth_method, "redirect_uris": c.redirect_uris,
                        "created_at": c.created_at, "last_used_at": c.last_used_at,
                        "disabled_at": c.disabled_at })
            })
            .collect();
        output::json(&rows);
        return Ok(());
    }
    let rows: Vec<_> = clients
        .iter()
        .map(|c| {
            let state = if c.disabled_at.is_some() { "disabled" } else { "active" };
            vec![
                c.id.clone(),
                c.kind.as_str().into(),
                output::tame(&c.name),
                c.auth_method.clone(),
                state.into(),
                output::time(c.last_used_at),
            ]
        })
        .collect();
    output::table(&["CLIENT ID", "KIND", "NAME", "AUTHENTICATION", "STATE", "LAST USED (UTC)"], &rows);
    Ok(())
}
