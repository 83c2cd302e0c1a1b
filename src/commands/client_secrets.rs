//! `gatepost client secret …`

use anyhow::{anyhow, bail};
use serde_json::json;

use super::clients::in_words;
use super::output;
use crate::admin::clients::secrets::{self, GRACE, Secret, TheLast};
use crate::admin::{Actor, Failure};
use crate::app::Core;
use crate::cli::SecretCommand;

const DAY: i64 = 86_400;

pub async fn run(core: &Core, command: SecretCommand) -> anyhow::Result<()> {
    match command {
        SecretCommand::Add { client_id, days, json } => add(core, &client_id, days, json).await,
        SecretCommand::List { client_id, json } => list(core, &client_id, json).await,
        SecretCommand::Revoke { client_id, secret_id, in_24_hours, last, json } => {
            let the_last = if last { TheLast::Too } else { TheLast::Keep };
            if in_24_hours {
                expire(core, (&client_id, &secret_id), the_last, json).await
            } else {
                revoke(core, (&client_id, &secret_id), the_last, json).await
            }
        }
    }
}

async fn add(core: &Core, client_id: &str, days: Option<u16>, as_json: bool) -> anyhow::Result<()> {
    let life = days.map(|days| i64::from(days) * DAY);
    let made = secrets::add(&core.admin(), &Actor::command_line(), client_id, life, None)
        .await
        .map_err(|failure| in_words(failure, client_id))?;
    let Some(text) = made.text else { bail!("the secret was made before") };
    let secret = made.secret;
    if as_json {
        output::json(&json!({ "client_id": client_id, "id": secret.id, "client_secret": text.expose(),
                              "expires_at": secret.expires_at }));
        return Ok(());
    }
    output::line(&format!("id             {}", secret.id));
    output::line(&format!("client_secret  {}   (shown once)", text.expose()));
    if secret.expires_at.is_some() {
        output::line(&format!("works until    {} (UTC)", output::time(secret.expires_at)));
    }
    Ok(())
}

fn row(secret: &Secret) -> serde_json::Value {
    json!({ "id": secret.id, "hint": secret.hint, "created_at": secret.created_at,
            "expires_at": secret.expires_at, "last_used_at": secret.last_used_at,
            "expired": secret.is_expired })
}

async fn list(core: &Core, client_id: &str, as_json: bool) -> anyhow::Result<()> {
    let found = secrets::list(&core.admin(), client_id).await;
    let found = found.map_err(|failure| in_words(failure, client_id))?;
    if as_json {
        output::json(&found.iter().map(row).collect::<Vec<_>>());
        return Ok(());
    }
    let rows: Vec<_> = found
        .iter()
        .map(|secret| {
            vec![
                secret.id.clone(),
                format!("…{}", secret.hint),
                if secret.is_expired { "expired" } else { "works" }.into(),
                output::time(Some(secret.created_at)),
                output::time(secret.last_used_at),
                output::time(secret.expires_at),
            ]
        })
        .collect();
    output::table(
        &["SECRET ID", "ENDS WITH", "STATE", "MADE (UTC)", "LAST USED (UTC)", "WORKS UNTIL (UTC)"],
        &rows,
    );
    Ok(())
}

async fn revoke(
    core: &Core,
    (client_id, id): (&str, &str),
    the_last: TheLast,
    as_json: bool,
) -> anyhow::Result<()> {
    secrets::revoke(&core.admin(), &Actor::command_line(), (client_id, id), the_last)
        .await
        .map_err(|failure| of_secret(failure, client_id, id))?;
    if as_json {
        output::json(&json!({ "client_id": client_id, "id": id, "revoked": true }));
    } else {
        output::line(&format!("{id} is revoked: the next request that shows it is refused."));
    }
    Ok(())
}

async fn expire(
    core: &Core,
    (client_id, id): (&str, &str),
    the_last: TheLast,
    as_json: bool,
) -> anyhow::Result<()> {
    let secret = secrets::expire_in(&core.admin(), &Actor::command_line(), (client_id, id), GRACE, the_last)
        .await
        .map_err(|failure| of_secret(failure, client_id, id))?;
    if as_json {
        output::json(&row(&secret));
    } else {
        output::line(&format!("{id} works until {} (UTC).", output::time(secret.expires_at)));
    }
    Ok(())
}

fn of_secret(failure: Failure, client_id: &str, id: &str) -> anyhow::Error {
    match failure {
        Failure::NotFound => {
            anyhow!(
                "{client_id} has no secret {id} that works; see `gatepost client secret list {client_id}`"
            )
        }
        Failure::Refused { code: "last_secret", sentence } => {
            anyhow!("{sentence} Say --last to end it all the same.")
        }
        other => in_words(other, client_id),
    }
}
