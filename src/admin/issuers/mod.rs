//! Issuers elsewhere whose assertions the token endpoint takes: of workloads, and of enterprises for their people.
//!
//! | asked for                        | result                                                                       | file    |
//! |----------------------------------|------------------------------------------------------------------------------|---------|
//! | add, change                      | in force with the next request, on every process within a second             | here    |
//! | one that is there for this purpose | refused, naming the field                                                  | here    |
//! | change what somebody else changed | refused: [`Failure::Changed`]                                               | here    |
//! | disable                          | its assertions are refused; what it vouched for people has ended             | here    |
//! | enable                           | its assertions are taken again; what ended stays so                          | here    |
//! | delete, its name typed           | as disabled, for good, with its rules                                        | here    |
//! | test                             | its keys are fetched now, whatever is kept                                   | here    |
//! | rules of a workload issuer       | which machine a workload becomes                                             | `rules` |
//!
//! What a machine got for a workload lives until it expires: the machine is ended under Clients.

mod fields;
pub mod rules;

use std::sync::Arc;

pub use self::fields::{Input, NewIssuer};
use super::{Actor, Admin, Failure};
use crate::audit::Event;
use crate::oauth::connected;
use crate::oauth::issuers::keys::Probe;
use crate::oauth::issuers::{IssuerSet, TrustedIssuer};
use crate::store::StoreError;
use crate::store::trusted_issuers::{IssuerKind, IssuerRow};
use crate::types::ids::{Kind, new_id};

/// The most issuers there are.
pub const MOST: i64 = 50;

/// All of them, as they are now.
pub async fn all(admin: &Admin) -> Result<Arc<IssuerSet>, Failure> {
    let ctx = &admin.oauth;
    ctx.trusted.reload(&ctx.store).await?;
    Ok(ctx.trusted.current())
}

/// One issuer with its rules.
pub async fn find(admin: &Admin, id: &str) -> Result<Arc<TrustedIssuer>, Failure> {
    all(admin).await?.by_id(id).cloned().ok_or(Failure::NotFound)
}

/// Adds an issuer.
pub async fn add(admin: &Admin, actor: &Actor, new: &NewIssuer) -> Result<Arc<TrustedIssuer>, Failure> {
    let ctx = &admin.oauth;
    let now = ctx.clock.now();
    let row = fields::new_row(ctx, new, new_id(Kind::TrustedIssuer, &ctx.clock, &ctx.rng), now)?;
    let (id, detail) = (row.id.clone(), in_words(&row));
    match ctx.store.add_trusted_issuer(row, MOST).await {
        Ok(true) => {}
        Ok(false) => {
            return Err(Failure::refused(
                "too_many",
                format!("There are {MOST} issuers already. Delete one first."),
            ));
        }
        Err(StoreError::Conflict) => {
            return Err(Failure::invalid(
                "issuer",
                "This issuer is there for this purpose already. Change that one.",
            ));
        }
        Err(error) => return Err(error.into()),
    }
    record(admin, actor, Event::IssuerAdded, detail).await;
    find(admin, &id).await
}

/// Changes all but issuer and kind. `version`: of the issuer as the administrator saw it.
pub async fn change(
    admin: &Admin,
    actor: &Actor,
    (id, version): (&str, i64),
    input: &Input,
) -> Result<Arc<TrustedIssuer>, Failure> {
    let ctx = &admin.oauth;
    let before = find(admin, id).await?;
    let row = fields::changed_row(&before.row, input)?;
    let (row, detail) = (IssuerRow { version, ..row.clone() }, in_words(&row));
    if before.row.version != version || !ctx.store.change_trusted_issuer(row, ctx.clock.now()).await? {
        return Err(Failure::Changed);
    }
    record(admin, actor, Event::IssuerChanged, detail).await;
    find(admin, id).await
}

/// Takes none of its assertions any more, and ends what it vouched for people.
pub async fn disable(admin: &Admin, actor: &Actor, id: &str) -> Result<(), Failure> {
    let (ctx, issuer) = (&admin.oauth, find(admin, id).await?);
    if ctx.store.disable_trusted_issuer(id.to_owned(), ctx.clock.now()).await? {
        ctx.trusted.reload(&ctx.store).await?;
        connected::take_effect(ctx).await;
        record(admin, actor, Event::IssuerDisabled, issuer.row.name.clone()).await;
    }
    Ok(())
}

/// Takes its assertions again.
pub async fn enable(admin: &Admin, actor: &Actor, id: &str) -> Result<(), Failure> {
    let (ctx, issuer) = (&admin.oauth, find(admin, id).await?);
    if ctx.store.enable_trusted_issuer(id.to_owned(), ctx.clock.now()).await? {
        ctx.trusted.reload(&ctx.store).await?;
        record(admin, actor, Event::IssuerEnabled, issuer.row.name.clone()).await;
    }
    Ok(())
}

/// Deletes an issuer with its rules. `typed`: its name once more, from who asks.
pub async fn delete(admin: &Admin, actor: &Actor, id: &str, typed: &str) -> Result<(), Failure> {
    let (ctx, issuer) = (&admin.oauth, find(admin, id).await?);
    if typed.trim() != issuer.row.name {
        return Err(Failure::invalid("typed", "That is not its name. Type it exactly as it is shown."));
    }
    if !ctx.store.remove_trusted_issuer(id.to_owned(), ctx.clock.now()).await? {
        return Err(Failure::NotFound);
    }
    ctx.trusted.reload(&ctx.store).await?;
    connected::take_effect(ctx).await;
    record(admin, actor, Event::IssuerDeleted, in_words(&issuer.row)).await;
    Ok(())
}

/// Fetches the keys of an issuer now.
pub async fn test(admin: &Admin, actor: &Actor, id: &str) -> Result<Result<Probe, String>, Failure> {
    let issuer = find(admin, id).await?;
    let found = admin.oauth.trusted.probe(&issuer.row).await;
    let entry = match &found {
        Ok(probe) => {
            actor.did(Event::IssuerTested).detail(format!("{}: {} keys", issuer.row.name, probe.keys))
        }
        Err(fault) => {
            let entry = actor.was_refused(Event::IssuerTested, "issuer_keys_unusable");
            entry.detail(format!("{}: {fault}", issuer.row.name))
        }
    };
    admin.oauth.audit.record(entry).await;
    Ok(found.map_err(|fault| fault.to_string()))
}

/// What is written down of an issuer, on one line.
fn in_words(row: &IssuerRow) -> String {
    let base = format!("{}: {} ({})", row.name, row.issuer, row.kind.as_str());
    match row.kind {
        IssuerKind::Workload => base,
        IssuerKind::Enterprise => format!(
            "{base}; domains {}; vouches {}; admits {}; clients {}",
            row.trusted_domains.join(" "),
            row.vouches,
            row.admits,
            row.client_ids.as_ref().map_or_else(|| "all".to_owned(), |ids| ids.join(" "))
        ),
    }
}

async fn record(admin: &Admin, actor: &Actor, event: Event, detail: String) {
    admin.oauth.audit.record(actor.did(event).detail(detail)).await;
}
