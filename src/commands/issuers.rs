//! `gatepost issuer …`

use anyhow::{Context as _, anyhow, bail};
use serde_json::{Value, json};

use super::output;
use crate::admin::issuers::{self, Input, NewIssuer, rules};
use crate::admin::{Actor, Failure};
use crate::app::Core;
use crate::cli::{IssuerAddArgs, IssuerCommand, IssuerKindArg, IssuerRuleArgs};
use crate::oauth::issuers::TrustedIssuer;
use crate::store::trusted_issuers::{IssuerKind, IssuerRuleRow};

pub async fn run(core: &Core, command: IssuerCommand) -> anyhow::Result<()> {
    match command {
        IssuerCommand::List(args) => list(core, args.json).await?,
        IssuerCommand::Add(args) => add(core, args).await?,
        IssuerCommand::Rule(args) => rule(core, args).await?,
        IssuerCommand::Remove { id, yes, json } => remove(core, &id, yes, json).await?,
    }
    core.oauth.audit.flush().await;
    Ok(())
}

async fn list(core: &Core, as_json: bool) -> anyhow::Result<()> {
    let set = issuers::all(&core.admin()).await?;
    if as_json {
        output::json(&set.all().iter().map(|issuer| as_object(issuer)).collect::<Vec<_>>());
        return Ok(());
    }
    let row = |issuer: &TrustedIssuer| {
        let state = if issuer.is_on() { "trusted" } else { "disabled" };
        let row = &issuer.row;
        let rules = issuer.rules.len().to_string();
        vec![
            row.id.clone(),
            output::tame(&row.name),
            row.kind.as_str().to_owned(),
            row.issuer.clone(),
            state.to_owned(),
            rules,
        ]
    };
    let rows: Vec<_> = set.all().iter().map(|issuer| row(issuer)).collect();
    output::table(&["ID", "NAME", "KIND", "ISSUER", "STATE", "RULES"], &rows);
    Ok(())
}

fn as_object(issuer: &TrustedIssuer) -> Value {
    let row = &issuer.row;
    json!({
        "id": row.id, "name": row.name, "kind": row.kind.as_str(), "issuer": row.issuer, "enabled": issuer.is_on(),
        "keys_from": row.keys.as_str(), "algorithms": row.algorithms, "single_use": row.single_use,
        "trusted_domains": row.trusted_domains, "vouches": row.vouches, "admits": row.admits, "client_ids": row.client_ids,
        "scopes": row.scopes.as_ref().map(ToString::to_string),
        "rules": issuer.rules.iter().map(rule_object).collect::<Vec<_>>(),
    })
}

fn rule_object(rule: &IssuerRuleRow) -> Value {
    json!({
        "id": rule.id, "claims": rule.claims, "client_id": rule.client_id, "resource_id": rule.resource_id,
        "scopes": rule.scopes.as_ref().map(ToString::to_string),
    })
}

async fn add(core: &Core, args: IssuerAddArgs) -> anyhow::Result<()> {
    let kind = match args.kind {
        IssuerKindArg::Workload => IssuerKind::Workload,
        IssuerKindArg::Enterprise => IssuerKind::Enterprise,
    };
    let jwks = match &args.jwks_file {
        Some(path) => std::fs::read_to_string(path)
            .with_context(|| format!("the key set {} cannot be read", path.display()))?,
        None => String::new(),
    };
    let keys_from = match (&args.jwks_uri, &args.jwks_file) {
        (Some(_), _) => "uri",
        (None, Some(_)) => "inline",
        (None, None) => "discovery",
    };
    let limit = |list: Vec<String>| (!list.is_empty()).then_some(list);
    let input = Input {
        name: args.name,
        keys_from: keys_from.to_owned(),
        jwks_uri: args.jwks_uri.unwrap_or_default(),
        jwks,
        algorithms: args.algorithms,
        single_use: !args.reusable,
        trusted_domains: args.domains,
        vouches: args.vouches,
        admits: args.admit,
        client_ids: limit(args.clients),
        scopes: limit(args.scopes),
    };
    let new = NewIssuer { issuer: args.issuer, kind: kind.as_str().to_owned(), input };
    let added = issuers::add(&core.admin(), &Actor::command_line(), &new).await.map_err(explained)?;
    if args.json {
        output::json(&as_object(&added));
        return Ok(());
    }
    output::line(&format!("{} is trusted as {}.", output::tame(&added.row.name), added.row.id));
    if kind == IssuerKind::Workload {
        output::line("Say next what its programs become: `gatepost issuer rule --help`.");
    }
    Ok(())
}

async fn rule(core: &Core, args: IssuerRuleArgs) -> anyhow::Result<()> {
    let input = rules::Input {
        claims: rules::read_conditions(&args.conditions),
        client_id: args.machine,
        resource_id: args.resource,
        scopes: (!args.scopes.is_empty()).then_some(args.scopes),
    };
    let added = rules::add(&core.admin(), &Actor::command_line(), &args.id, &input).await;
    let id = match added {
        Ok(id) => id,
        Err(Failure::NotFound) => {
            bail!("there is no issuer {}; see `gatepost issuer list`", output::tame(&args.id))
        }
        Err(failure) => return Err(explained(failure)),
    };
    if args.json {
        output::json(&json!({ "id": id }));
    } else {
        output::line(&format!("Added the rule {id}."));
    }
    Ok(())
}

async fn remove(core: &Core, id: &str, yes: bool, as_json: bool) -> anyhow::Result<()> {
    let admin = core.admin();
    let issuer = match issuers::find(&admin, id).await {
        Ok(issuer) => issuer,
        Err(Failure::NotFound) => {
            bail!("there is no issuer {}; see `gatepost issuer list`", output::tame(id))
        }
        Err(failure) => return Err(explained(failure)),
    };
    if !yes {
        bail!("this ends all that {} vouches for, for good: say --yes", output::tame(&issuer.row.name));
    }
    issuers::delete(&admin, &Actor::command_line(), id, &issuer.row.name).await.map_err(explained)?;
    if as_json {
        output::json(&json!({ "id": id, "deleted": true }));
    } else {
        output::line(&format!("{id} is deleted, with its rules."));
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
