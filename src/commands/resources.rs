//! `gatepost resource …`

use anyhow::{Context as _, anyhow, bail};
use serde_json::{Value, json};

use super::output;
use crate::admin::resources::create::{NewResource, create};
use crate::admin::resources::delete;
use crate::admin::scopes;
use crate::admin::{Actor, Failure};
use crate::app::Core;
use crate::cli::{CimdPolicyArg, DialectArg, ResourceAddArgs, ResourceCommand};
use crate::oauth::OAuth;
use crate::oauth::cimd::policy::Choice;
use crate::oauth::resource::Resource;
use crate::oauth::scalekit::{Dialect, TokenIssuer, variables};
use crate::store::resources::DocumentColumns;

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
        let rows: Vec<_> = set.all().iter().map(|resource| as_object(resource, &core.oauth)).collect();
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

fn as_object(r: &Resource, oauth: &OAuth) -> Value {
    let mut object = json!({
        "id": r.id, "name": r.name, "kind": r.kind.as_str(), "url": r.uri, "default": r.is_default,
        "dialect": r.dialect.as_str(), "cimd_policy": r.documents.choice.as_str(), "cimd_allow": r.documents.allowed,
        "scopes": r.scope_names().iter().collect::<Vec<_>>(),
    });
    if r.dialect.is_scalekit() && r.believes.takes_own(oauth.clock.now()) {
        let variables =
            variables::of(&oauth.issuer, r).into_iter().map(|(name, value)| (name.to_owned(), value.into()));
        object["variables"] = Value::Object(variables.collect());
    }
    object
}

async fn add(core: &Core, args: ResourceAddArgs) -> anyhow::Result<()> {
    let dialect = match args.dialect {
        DialectArg::Standard => Dialect::Standard,
        DialectArg::Scalekit => Dialect::Scalekit(TokenIssuer::default()),
    };
    let policy = match args.cimd_policy {
        CimdPolicyArg::Open => Choice::Open,
        CimdPolicyArg::Allow => Choice::Allow,
        CimdPolicyArg::Off => Choice::Off,
    };
    let documents = DocumentColumns { policy: policy.as_str().to_owned(), allow: args.cimd_allow };
    let new = NewResource { name: args.name, url: args.url, dialect, documents };
    let (admin, actor) = (core.admin(), Actor::command_line());
    let row = create(&admin, &actor, &new).await.map_err(explained)?;
    for (name, description) in args.scopes {
        let input = scopes::Input { description, is_default: true, ..scopes::Input::default() };
        let added = scopes::add(&admin, &actor, &row.id, &name, &input).await.map_err(explained);
        added.with_context(|| format!("{} is added, but not its scope {}", row.id, output::tame(&name)))?;
    }
    let set = core.oauth.resources.current();
    let Some(resource) = set.by_id(&row.id) else { bail!("{} is added, and cannot be read back", row.id) };
    if args.json {
        output::json(&as_object(resource, &core.oauth));
        return Ok(());
    }
    output::line(&format!("Added {}.", row.id));
    if dialect.is_scalekit() {
        output::line("The environment of its server, with the id and secret of a client that");
        output::line("`gatepost client create --machine` makes:");
        output::line("");
        output::line(variables::lines(&core.oauth.issuer, resource).trim_end());
        output::line("SCALEKIT_CLIENT_ID=");
        output::line("SCALEKIT_CLIENT_SECRET=");
        output::line("");
    }
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
