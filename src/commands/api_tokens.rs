//! `gatepost api-token …`

use anyhow::bail;
use serde_json::json;

use super::output;
use crate::admin::api_tokens::make::{self, NewToken};
use crate::admin::api_tokens::{self, State};
use crate::admin::{Actor, Failure, people};
use crate::app::Core;
use crate::cli::{ApiTokenCommand, ApiTokenCreateArgs};
use crate::store::api_tokens::ApiTokenRow;

pub async fn run(core: &Core, command: ApiTokenCommand) -> anyhow::Result<()> {
    match command {
        ApiTokenCommand::Create(args) => create(core, args).await?,
        ApiTokenCommand::List(args) => list(core, args.json).await?,
        ApiTokenCommand::Revoke { id } => {
            match api_tokens::revoke(&core.admin(), &Actor::command_line(), &id).await {
                Ok(()) => {}
                Err(Failure::NotFound) => bail!("there is no token {id}; see `gatepost api-token list`"),
                Err(failure) => return Err(failure.into()),
            }
            output::line(&format!("{id} is revoked."));
        }
    }
    core.oauth.audit.flush().await;
    Ok(())
}

async fn create(core: &Core, args: ApiTokenCreateArgs) -> anyhow::Result<()> {
    let admin = core.admin();
    let owner = match people::resolve(&admin, &args.owner).await {
        Ok(owner) => owner,
        Err(Failure::NotFound) => bail!("there is no person {}; see `gatepost user list`", args.owner),
        Err(failure) => return Err(failure.into()),
    };
    let new = NewToken { id: make::fresh_id(&admin), name: args.name, scopes: args.scopes, days: args.days };
    let made = match make::make(&admin, &Actor::command_line(), &owner.id, &new).await {
        Ok(made) => made,
        Err(Failure::Invalid(problems)) => {
            let sentences: Vec<_> = problems.into_iter().map(|problem| problem.sentence).collect();
            bail!("{}", sentences.join(" "))
        }
        Err(failure) => return Err(failure.into()),
    };
    if args.json {
        output::json(&json!({ "id": made.id, "token": made.text.expose(), "expires_at": made.expires_at }));
        return Ok(());
    }
    output::line(&format!("token    {}   (shown once)", made.text.expose()));
    output::line(&format!("expires  {} UTC", output::time(Some(made.expires_at))));
    Ok(())
}

async fn list(core: &Core, as_json: bool) -> anyhow::Result<()> {
    let (admin, now) = (core.admin(), core.oauth.clock.now());
    let mut tokens: Vec<ApiTokenRow> = Vec::new();
    let mut after = None;
    loop {
        let page = api_tokens::list(&admin, after.as_deref()).await?;
        tokens.extend(page.rows);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    if as_json {
        let rows: Vec<_> = tokens
            .iter()
            .map(|t| {
                json!({ "id": t.id, "name": t.name, "owner": t.owner_email, "scopes": t.scopes.to_string(),
                        "state": State::of(t, now).as_str(), "created_at": t.created_at,
                        "expires_at": t.expires_at, "last_used_at": t.last_used_at })
            })
            .collect();
        output::json(&rows);
        return Ok(());
    }
    let rows: Vec<_> = tokens
        .iter()
        .map(|t| {
            vec![
                t.id.clone(),
                output::tame(&t.name),
                output::tame(&t.owner_email),
                State::of(t, now).as_str().into(),
                output::time(t.last_used_at),
                t.scopes.to_string(),
            ]
        })
        .collect();
    output::table(&["ID", "NAME", "OWNER", "STATE", "LAST USED (UTC)", "SCOPES"], &rows);
    Ok(())
}
