//! Rules of a workload issuer: which machine a workload becomes, for which resource.
//!
//! | asked for                                     | result                                                            |
//! |-----------------------------------------------|-------------------------------------------------------------------|
//! | add, change, delete                           | in force with the next request, on every process within a second  |
//! | a rule without a condition, or one that says nothing | refused, naming the field                                  |
//! | a client that cannot act for itself           | refused, naming the field                                         |
//! | a scope that the resource has not             | refused, naming the field                                         |
//! | a rule of an enterprise                       | refused: its people are no machines                               |
//!
//! Of several rules that fit, the one that was added first counts.

use super::{Actor, Admin, Failure, find, record};
use crate::admin::Problem;
use crate::audit::Event;
use crate::oauth::client::AuthMethod;
use crate::oauth::issuers::TrustedIssuer;
use crate::store::clients::ClientKind;
use crate::store::trusted_issuers::{Condition, IssuerKind, IssuerRuleRow};
use crate::types::ids::{Kind, new_id};
use crate::types::scope::{MAX_SCOPES, is_scope_token};

/// The most rules of one issuer.
pub const MOST: i64 = 50;
/// The most conditions of one rule.
const MAX_CONDITIONS: usize = 8;
/// The longest name of a claim, in bytes.
const MAX_CLAIM: usize = 100;
/// The longest value of a condition, in bytes.
const MAX_VALUE: usize = 500;

/// What an administrator says of a rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Input {
    pub claims: Vec<Condition>,
    pub client_id: String,
    pub resource_id: String,
    /// Nothing: all that the machine may have there.
    pub scopes: Option<Vec<String>>,
}

impl Input {
    /// As it is stored.
    pub fn of(rule: &IssuerRuleRow) -> Self {
        Self {
            claims: rule.claims.clone(),
            client_id: rule.client_id.clone(),
            resource_id: rule.resource_id.clone(),
            scopes: rule.scopes.as_ref().map(|set| set.iter().map(str::to_owned).collect()),
        }
    }
}

/// Reads conditions as they are typed, one a line: `claim = value`.
pub fn read_conditions(lines: &[String]) -> Vec<Condition> {
    let read = |line: &String| {
        let (claim, value) = line.split_once('=').unwrap_or((line, ""));
        Condition { claim: claim.trim().to_owned(), value: value.trim().to_owned() }
    };
    lines.iter().map(read).collect()
}

/// One rule of an issuer.
pub fn rule<'i>(issuer: &'i TrustedIssuer, id: &str) -> Result<&'i IssuerRuleRow, Failure> {
    issuer.rules.iter().find(|rule| rule.id == id).ok_or(Failure::NotFound)
}

/// Adds a rule; returns its id.
pub async fn add(admin: &Admin, actor: &Actor, issuer_id: &str, input: &Input) -> Result<String, Failure> {
    let (ctx, issuer) = (&admin.oauth, find(admin, issuer_id).await?);
    check(admin, &issuer, input).await?;
    let now = ctx.clock.now();
    let row = IssuerRuleRow {
        id: new_id(Kind::IssuerRule, &ctx.clock, &ctx.rng),
        issuer_id: issuer_id.to_owned(),
        claims: input.claims.clone(),
        client_id: input.client_id.clone(),
        resource_id: input.resource_id.clone(),
        scopes: input.scopes.clone().map(|scopes| scopes.into_iter().collect()),
        version: 1,
        created_at: now,
        updated_at: now,
    };
    let id = row.id.clone();
    if !ctx.store.add_issuer_rule(row, MOST).await? {
        return Err(Failure::refused(
            "too_many",
            format!("An issuer has at most {MOST} rules. Delete one first."),
        ));
    }
    ctx.trusted.reload(&ctx.store).await?;
    record(admin, actor, Event::IssuerRuleAdded, in_words(&issuer, &id, input)).await;
    Ok(id)
}

/// Changes a rule. `version`: of the rule as the administrator saw it.
pub async fn change(
    admin: &Admin,
    actor: &Actor,
    (issuer_id, id, version): (&str, &str, i64),
    input: &Input,
) -> Result<(), Failure> {
    let (ctx, issuer) = (&admin.oauth, find(admin, issuer_id).await?);
    let before = rule(&issuer, id)?;
    check(admin, &issuer, input).await?;
    let row = IssuerRuleRow {
        claims: input.claims.clone(),
        client_id: input.client_id.clone(),
        resource_id: input.resource_id.clone(),
        scopes: input.scopes.clone().map(|scopes| scopes.into_iter().collect()),
        version,
        ..before.clone()
    };
    if before.version != version || !ctx.store.change_issuer_rule(row, ctx.clock.now()).await? {
        return Err(Failure::Changed);
    }
    ctx.trusted.reload(&ctx.store).await?;
    record(admin, actor, Event::IssuerRuleChanged, in_words(&issuer, id, input)).await;
    Ok(())
}

/// Deletes a rule.
pub async fn delete(admin: &Admin, actor: &Actor, issuer_id: &str, id: &str) -> Result<(), Failure> {
    let (ctx, issuer) = (&admin.oauth, find(admin, issuer_id).await?);
    let input = Input::of(rule(&issuer, id)?);
    if !ctx.store.remove_issuer_rule(id.to_owned(), issuer_id.to_owned()).await? {
        return Err(Failure::NotFound);
    }
    ctx.trusted.reload(&ctx.store).await?;
    record(admin, actor, Event::IssuerRuleDeleted, in_words(&issuer, id, &input)).await;
    Ok(())
}

fn in_words(issuer: &TrustedIssuer, id: &str, input: &Input) -> String {
    let claims: Vec<String> = input.claims.iter().map(|c| format!("{} = {}", c.claim, c.value)).collect();
    format!(
        "{}: {id}: {} is {} at {}",
        issuer.row.name,
        claims.join(", "),
        input.client_id,
        input.resource_id
    )
}

async fn check(admin: &Admin, issuer: &TrustedIssuer, input: &Input) -> Result<(), Failure> {
    if issuer.row.kind != IssuerKind::Workload {
        return Err(Failure::refused("no_workload", "Only issuers of workloads have rules."));
    }
    let mut problems = Vec::new();
    if let Some(sentence) = conditions_problem(&input.claims) {
        problems.push(Problem::new("claims", sentence));
    }
    if let Some(sentence) = client_problem(admin, &input.client_id).await? {
        problems.push(Problem::new("client_id", sentence));
    }
    match admin.oauth.resources.current().by_id(&input.resource_id) {
        None => problems.push(Problem::new("resource_id", "Choose the resource that it may use.")),
        Some(resource) => {
            let (there, wanted) = (resource.scope_names(), input.scopes.as_deref().unwrap_or_default());
            let odd = wanted.iter().find(|scope| !is_scope_token(scope) || !there.contains(scope));
            if let Some(odd) = odd.filter(|_| wanted.len() <= MAX_SCOPES) {
                problems.push(Problem::new("scopes", format!("{} has no scope {odd}.", resource.name)));
            }
            if wanted.len() > MAX_SCOPES {
                problems.push(Problem::new("scopes", format!("Enter at most {MAX_SCOPES} scopes.")));
            }
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(Failure::Invalid(problems)) }
}

fn conditions_problem(conditions: &[Condition]) -> Option<String> {
    if conditions.is_empty() || conditions.len() > MAX_CONDITIONS {
        return Some(format!(
            "Enter 1 to {MAX_CONDITIONS} conditions, one a line, e.g. repository = acme/deploy. All must hold."
        ));
    }
    let is_text = |text: &str, most: usize| {
        !text.is_empty() && text.len() <= most && !text.chars().any(char::is_control)
    };
    let is_odd = |c: &&Condition| !is_text(&c.claim, MAX_CLAIM) || !is_text(&c.value, MAX_VALUE);
    if let Some(odd) = conditions.iter().find(is_odd) {
        let claim: String = odd.claim.chars().take(40).collect();
        return Some(format!("Each line is a claim, an equals sign and a value; look at {claim}."));
    }
    let says_nothing = |c: &&Condition| c.value.chars().all(|c| matches!(c, '*' | ':' | '/'));
    conditions.iter().find(says_nothing).map(|c| {
        format!("{} = {} holds for anybody. Write down what must not be left open.", c.claim, c.value)
    })
}

/// What is wrong with a client that is to act for itself.
pub(in crate::admin) async fn client_problem(
    admin: &Admin,
    client_id: &str,
) -> Result<Option<&'static str>, Failure> {
    let found = admin.oauth.store.find_managed_client(client_id).await?;
    Ok(match found.map(|found| found.client) {
        None => Some("There is no client with this id. Add a machine under Clients first."),
        Some(client) if !matches!(client.kind, ClientKind::Machine | ClientKind::Static) => {
            Some("This client registered itself. Choose one that was made here.")
        }
        Some(client) if client.auth_method == AuthMethod::None.as_str() => Some(
            "This client is public: it has people sign in. Choose a machine, or one with a secret or key.",
        ),
        Some(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_say_something() {
        let of = |lines: &[&str]| {
            let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
            conditions_problem(&read_conditions(&lines))
        };
        assert_eq!(of(&["sub = repo:acme/*:ref:refs/heads/main", "n=1=2"]), None);
        for (lines, part) in [
            (&[][..], "1 to 8"),
            (&["sub"][..], "equals sign"),
            (&["= x"][..], "equals sign"),
            (&["sub ="][..], "equals sign"),
            (&["sub = *"][..], "anybody"),
            (&["repository = acme/x", "sub = *:*/*"][..], "anybody"),
            (&["a=1"; 9][..], "1 to 8"),
        ] {
            assert!(of(lines).is_some_and(|sentence| sentence.contains(part)), "{lines:?}");
        }
        let long = format!("sub = {}", "x".repeat(501));
        assert!(of(&[&long]).is_some());
    }
}
