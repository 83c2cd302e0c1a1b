//! `gatepost resource …`

use anyhow::{anyhow, bail};
use serde_json::{Value, json};

use super::output;
use crate::admin::resources::create::{NewResource, create};
use crate::admin::resources::delete;
use crate::admin::{Actor, Failure};
use crate::app::Core;
use crate::cli::{ResourceAddArgs, ResourceCommand};
use crate::oauth::resource::Resource;

pub async fn run(core: &Core, command: ResourceCommand) -> anyhow::Result<()> {
    match command {
        ResourceCommand::List(args) => list(core, args.json),
        ResourceCommand::Add(args) => add(core, args).await?,
        ResourceCommand::Remove { id, yes, json } => remove(core, &id, yes, json).await?,
    }
    core.oauth.audit.flush().await;
    Ok(())
}

fn list(core: &Core, as_json: bool) {
    let set = core.oauth.resources.current();
    if as_json {
        let rows: Vec<_> = set.all().iter().map(|resource| as_object(resource)).collect();
        output::json(&rows);
        return;
    }
    let rows: Vec<_> = set
        .all()
        .iter()
        .map(|r| {
            vec![
                r.id.clone(),
                output::tame(&r.name),
                r.kind.as_str().to_owned(),
                r.uri.clone(),
                r.scope_names().to_string(),
            ]
        })
        .collect();
    output::table(&["ID", "NAME", "KIND", "URL", "SCOPES"], &rows);
}

fn as_object(r: &Resource) -> Value {
    json!({ "id": r.id, "name": r.name, "kind": r.kind.as_str(), "url": r.uri, "default": r.is_default,
            "scopes": r.scope_names().iter().collect::<Vec<_>>() })
}

async fn add(core: &Core, args: ResourceAddArgs) -> anyhow::Result<()> {
    let new = NewResource { name: args.name, url: args.url };
    let row = create(&core.admin(), &Actor::command_line(), &new).await.map_err(explained)?;
    let set = core.oauth.resources.current();
    if let Some(resource) = set.by_id(&row.id).filter(|_| args.json) {
        output::json(&as_object(resource));
        return Ok(());
    }
    output::line(&format!("Added {}.", row.id));
    output::line("What the server must do is on its page:");
    output::line(&core.oauth.issuer.at(&format!("/admin/resources/{}", row.id)));
    Ok(())
}

async fn remove(core: &Core, id: &str, yes: bool, as_json: bool) -> anyhow::Result<()> {
    let admin = core.admin();
    let row = match delete::deletable(&admin, id).await {
        Ok(row) => row,
        Err(Failure::NotFound) => bail!("there is no resource {id}; see `gatepost resource list`"),
        Err(failure) => return Err(explained(failure)),
    };
    if !yes {
        bail!("this ends everything that clients hold for {}, for good: say --yes", output::tame(&row.name));
    }
    delete::delete(&admin, &Actor::command_line(), id).await.map_err(explained)?;
    if as_json {
        output::json(&json!({ "id": id, "deleted": true }));
    } else {
        output::line(&format!("{id} is deleted, and everything that clients held for it is revoked."));
    }
    Ok(())
}

/// What is wrong, on one line.
fn explained(failure: Failure) -> anyhow::Error {
    match failure {
        Failure::Invalid(problems) => {
            anyhow!("{}", problems.into_iter().map(|p| p.sentence).collect::<Vec<_>>().join(" "))
        }
        other => other.into(),
    }
}
