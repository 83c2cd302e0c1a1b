//! `gatepost keys …`

use anyhow::{Context as _, bail};
use serde_json::json;

use super::output;
use crate::admin::{Actor, Failure, keys};
use crate::app::Core;
use crate::cli::{AlgArg, KeysCommand};
use crate::oauth::keys::Alg;

pub async fn run(core: &Core, command: KeysCommand) -> anyhow::Result<()> {
    let admin = core.admin();
    let actor = Actor::command_line();
    match command {
        KeysCommand::List(args) => list(core, args.json).await?,
        KeysCommand::Rotate(rotate) => {
            let algs = match rotate.alg {
                Some(AlgArg::Es256) => vec![Alg::Es256],
                Some(AlgArg::Rs256) => vec![Alg::Rs256],
                Some(AlgArg::EdDsa) => vec![Alg::EdDsa],
                None => Alg::ALL.to_vec(),
            };
            for alg in algs {
                match keys::rotate(&admin, &actor, alg, rotate.activate_now).await {
                    Ok(kid) => output::line(&format!("{}: {kid} signs from now on.", alg.as_str())),
                    Err(Failure::Refused { code: "too_soon", sentence }) => {
                        bail!("{sentence} The flag is --activate-now")
                    }
                    Err(failure) => return Err(failure.into()),
                }
            }
        }
        KeysCommand::Retire { kid } => {
            keys::retire(&admin, &actor, &kid).await?;
            output::line(&format!("{kid} is gone: nothing it signed is believed."));
        }
    }
    core.oauth.audit.flush().await;
    Ok(())
}

async fn list(core: &Core, as_json: bool) -> anyhow::Result<()> {
    let keys = core.oauth.store.list_keys().await.context("the keys cannot be read")?;
    if as_json {
        let rows: Vec<_> = keys
            .iter()
            .map(|k| {
                json!({ "kid": k.id, "alg": k.alg, "state": k.state.as_str(), "created_at": k.created_at,
                        "activated_at": k.activated_at, "retired_at": k.retired_at })
            })
            .collect();
        output::json(&rows);
        return Ok(());
    }
    let rows: Vec<_> = keys
        .iter()
        .map(|k| {
            let since = k.retired_at.or(k.activated_at).unwrap_or(k.created_at);
            vec![k.id.clone(), k.alg.clone(), k.state.as_str().into(), output::time(Some(since))]
        })
        .collect();
    output::table(&["KID", "ALGORITHM", "STATE", "SINCE (UTC)"], &rows);
    Ok(())
}
