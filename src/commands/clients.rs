//! `gatepost client …`

use anyhow::{anyhow, bail};
use serde_json::json;

use super::{client_secrets, output};
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
            clients::disable(&core.admin(), &Actor::command_line(), &client_id)
                .await
                .map_err(|failure| in_words(failure, &client_id))?;
            output::line(&format!("{client_id} is disabled and everything it held is revoked."));
        }
        ClientCommand::Delete { client_id, yes, json } => delete(core, &client_id, yes, json).await?,
        ClientCommand::Secret(command) => client_secrets::run(core, command).await?,
    }
    core.oauth.audit.flush().await;
    Ok(())
}

async fn delete(core: &Core, client_id: &str, yes: bool, as_json: bool) -> anyhow::Result<()> {
    if !yes {
        bail!("this cannot be undone: say --yes to delete {client_id}");
    }
    clients::delete(&core.admin(), &Actor::command_line(), client_id, client_id)
        .await
        .map_err(|failure| in_words(failure, client_id))?;
    if as_json {
        output::json(&json!({ "client_id": client_id, "deleted": true }));
    } else {
        output::line(&format!("{client_id} is deleted and everything it held is revoked."));
    }
    Ok(())
}

async fn create(core: &Core, args: ClientCreateArgs) -> anyhow::Result<()> {
    let auth_method = match args.auth_method {
        Some(AuthMethodArg::ClientSecretBasic) => AuthMethod::Basic,
        Some(AuthMethodArg::ClientSecretPost) => AuthMethod::Post,
        Some(AuthMethodArg::PrivateKeyJwt) => AuthMethod::PrivateKeyJwt,
        None if args.machine => AuthMethod::Basic,
        Some(AuthMethodArg::None) | None => AuthMethod::None,
    };
    let new = NewClient {
        kind: if args.machine { ClientKind::Machine } else { ClientKind::Static },
        auth_method,
        keys: args.keys,
        name: args.name,
        redirect_uris: args.redirect_uris,
        for_devices: args.devices,
        allowed_scopes: (!args.scopes.is_empty()).then_some(args.scopes),
        access_token_seconds: args.token_seconds,
        dpop_bound: args.dpop_bound,
    };
    let made = clients::create::create(&core.admin(), &Actor::command_line(), &new, None).await;
    let made = made.map_err(|failure| in_words(failure, ""))?;
    let ceiling = made.client.client.allowed_scopes.as_ref().map(ToString::to_string);
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
    if let Some(scopes) = ceiling {
        output::line(&format!("scopes         {scopes}"));
    }
    Ok(())
}

/// What went wrong, for who typed the command: every sentence about what cannot be taken.
pub fn in_words(failure: Failure, client_id: &str) -> anyhow::Error {
    match failure {
        Failure::Invalid(problems) => {
            let sentences: Vec<_> = problems.into_iter().map(|problem| problem.sentence).collect();
            anyhow!("{}", sentences.join(" "))
        }
        Failure::NotFound => anyhow!("there is no client {client_id}; see `gatepost client list`"),
        other => other.into(),
    }
}

async fn list(core: &Core, as_json: bool) -> anyhow::Result<()> {
    let mut clients = Vec::new();
    loop {
        let after = clients.last().map_or((0, ""), |c: &ClientRow| (c.created_at, c.id.as_str()));
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
