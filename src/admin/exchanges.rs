//! Rules of token exchange: which client may show a token of one resource and get one of another.
//!
//! | asked for                                     | result                                                             |
//! |-----------------------------------------------|--------------------------------------------------------------------|
//! | add, change its scopes, delete                | in force with the next request, on every process within a second   |
//! | from a resource to itself                     | refused, naming the field                                          |
//! | a client that cannot act for itself           | refused, naming the field                                          |
//! | one that is there for client and resources    | refused, naming the field                                          |
//! | change what somebody else changed             | refused: [`Failure::Changed`]                                      |
//!
//! What was exchanged lives until it expires, no longer than the token it was exchanged for.

use super::{Actor, Admin, Failure, Problem, issuers};
use crate::audit::Event;
use crate::store::StoreError;
use crate::store::exchange_rules::ExchangeRow;
use crate::types::ScopeSet;
use crate::types::ids::{Kind, new_id};

/// The most rules there are.
pub const MOST: i64 = 200;

/// A new rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewExchange {
    pub client_id: String,
    pub from_id: String,
    pub to_id: String,
    pub scopes: Vec<String>,
}

/// All of them, as they are now.
pub async fn all(admin: &Admin) -> Result<Vec<ExchangeRow>, Failure> {
    Ok(issuers::all(admin).await?.exchanges().to_vec())
}

/// One rule.
pub async fn find(admin: &Admin, id: &str) -> Result<ExchangeRow, Failure> {
    all(admin).await?.into_iter().find(|rule| rule.id == id).ok_or(Failure::NotFound)
}

/// Adds a rule.
pub async fn add(admin: &Admin, actor: &Actor, new: &NewExchange) -> Result<ExchangeRow, Failure> {
    let ctx = &admin.oauth;
    let mut problems = Vec::new();
    if let Some(sentence) = issuers::rules::client_problem(admin, &new.client_id).await? {
        problems.push(Problem::new("client_id", sentence));
    }
    let resources = ctx.resources.current();
    if resources.by_id(&new.from_id).is_none() {
        problems.push(Problem::new("from_id", "Choose the resource whose tokens it shows."));
    }
    if new.from_id == new.to_id {
        problems.push(Problem::new("to_id", "Choose another resource than the one whose tokens it shows."));
    } else {
        problems.extend(scopes_problem(admin, &new.to_id, &new.scopes));
    }
    if !problems.is_empty() {
        return Err(Failure::Invalid(problems));
    }
    let now = ctx.clock.now();
    let row = ExchangeRow {
        id: new_id(Kind::ExchangeRule, &ctx.clock, &ctx.rng),
        client_id: new.client_id.clone(),
        from_id: new.from_id.clone(),
        to_id: new.to_id.clone(),
        scopes: new.scopes.iter().cloned().collect(),
        version: 1,
        created_at: now,
        updated_at: now,
    };
    match ctx.store.add_exchange_rule(row.clone(), MOST).await {
        Ok(true) => {}
        Ok(false) => {
            return Err(Failure::refused(
                "too_many",
                format!("There are {MOST} rules already. Delete one first."),
            ));
        }
        Err(StoreError::Conflict) => {
            return Err(Failure::invalid(
                "to_id",
                "There is a rule for this client and these resources. Change that one.",
            ));
        }
        Err(error) => return Err(error.into()),
    }
    done(admin, actor, Event::ExchangeRuleAdded, &row).await?;
    Ok(row)
}

/// Changes the scopes of a rule. `version`: of the rule as the administrator saw it.
pub async fn change(
    admin: &Admin,
    actor: &Actor,
    (id, version): (&str, i64),
    scopes: &[String],
) -> Result<ExchangeRow, Failure> {
    let (ctx, before) = (&admin.oauth, find(admin, id).await?);
    if let Some(problem) = scopes_problem(admin, &before.to_id, scopes) {
        return Err(Failure::Invalid(vec![problem]));
    }
    let scopes: ScopeSet = scopes.iter().cloned().collect();
    if !ctx.store.change_exchange_rule((id.to_owned(), version), scopes, ctx.clock.now()).await? {
        return Err(Failure::Changed);
    }
    let row = find(admin, id).await?;
    done(admin, actor, Event::ExchangeRuleChanged, &row).await?;
    Ok(row)
}

/// Deletes a rule.
pub async fn delete(admin: &Admin, actor: &Actor, id: &str) -> Result<(), Failure> {
    let row = find(admin, id).await?;
    if !admin.oauth.store.remove_exchange_rule(id.to_owned()).await? {
        return Err(Failure::NotFound);
    }
    done(admin, actor, Event::ExchangeRuleDeleted, &row).await
}

fn scopes_problem(admin: &Admin, to_id: &str, scopes: &[String]) -> Option<Problem> {
    let resources = admin.oauth.resources.current();
    let Some(to) = resources.by_id(to_id) else {
        return Some(Problem::new("to_id", "Choose the resource that it gets a token for."));
    };
    let there = to.scope_names();
    if scopes.is_empty() && !there.is_empty() {
        return Some(Problem::new("scopes", "Choose at least one: what the new token may do at most."));
    }
    let odd = scopes.iter().find(|scope| !there.contains(scope))?;
    let odd: String = odd.chars().take(60).collect();
    Some(Problem::new("scopes", format!("{} has no scope {odd}.", to.name)))
}

async fn done(admin: &Admin, actor: &Actor, event: Event, row: &ExchangeRow) -> Result<(), Failure> {
    let ctx = &admin.oauth;
    ctx.trusted.reload(&ctx.store).await?;
    let entry = actor.did(event).client(row.client_id.clone()).resource(row.to_id.clone());
    let detail = format!("{}: from {} to {}: {}", row.id, row.from_id, row.to_id, row.scopes);
    ctx.audit.record(entry.detail(detail)).await;
    Ok(())
}
