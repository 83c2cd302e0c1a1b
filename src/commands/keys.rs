//! `gatepost keys …`

use anyhow::{Context as _, bail};
use serde_json::json;

use super::output;
use crate::app::Core;
use crate::audit::{Entry, Event};
use crate::cli::{AlgArg, KeysCommand};
use crate::oauth::keys::Alg;
use crate::store::signing_keys::KeyState;

/// How long a new key is published before it may sign, in seconds: verifiers keep the key set that long.
const PUBLISHED_FOR: i64 = 600;

pub async fn run(core: &Core, command: KeysCommand) -> anyhow::Result<()> {
    let ctx = &core.oauth;
    match command {
        KeysCommand::List(args) => list(core, args.json).await?,
        KeysCommand::Rotate(rotate) => {
            let algs = match rotate.alg {
                Some(AlgArg::Es256) => vec![Alg::Es256],
                Some(AlgArg::Rs256) => vec![Alg::Rs256],
                Some(AlgArg::EdDsa) => vec![Alg::EdDsa],
                None => Alg::ALL.to_vec(),
            };
            if !rotate.activate_now {
                check_published(core, &algs).await?;
            }
            for alg in algs {
                let kid = ctx.keys.rotate(&ctx.store, alg, &ctx.clock, &ctx.rng).await?;
                ctx.audit.record(Entry::ok(Event::KeyRotated).detail(kid.clone())).await;
                output::line(&format!("{}: {kid} signs from now on.", alg.as_str()));
            }
        }
        KeysCommand::Retire { kid } => {
            ctx.keys.retire(&ctx.store, &kid, &ctx.clock).await?;
            ctx.keys.ensure(&ctx.store, &ctx.clock, &ctx.rng).await?;
            ctx.audit.record(Entry::ok(Event::KeyRetired).detail(kid.clone())).await;
            output::line(&format!("{kid} is gone: nothing it signed is believed."));
        }
    }
    ctx.audit.flush().await;
    Ok(())
}

async fn check_published(core: &Core, algs: &[Alg]) -> anyhow::Result<()> {
    let now = core.oauth.clock.now();
    for row in core.oauth.store.list_keys().await? {
        let concerned = algs.iter().any(|a| a.as_str() == row.alg) && row.state == KeyState::Next;
        let ready_at = row.created_at + PUBLISHED_FOR;
        if concerned && ready_at > now {
            bail!(
                "{} has been published for too short a time: verifiers that fetched the keys earlier do not \
                 know it yet. Wait {} seconds, or pass --activate-now",
                row.id,
                ready_at - now
            );
        }
    }
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
