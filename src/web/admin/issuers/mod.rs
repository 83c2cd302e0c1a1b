//! `/admin/issuers`: whose signed word is taken, and what the programs of platforms become.

pub mod delete;
pub mod edit;
pub mod list;
pub mod new;
pub mod one;
pub mod rule_delete;
pub mod rules;
pub mod state;

use super::super::State;
use super::super::pages::admin::{Choice, IssuerForm, IssuerLine, RuleLine};
use super::access::Submission;
use crate::admin::issuers::Input;
use crate::oauth::issuers::TrustedIssuer;
use crate::oauth::jose::ALG_NAMES;
use crate::store::trusted_issuers::{Condition, IssuerKind, IssuerRow, IssuerRuleRow, KeysFrom};

const PAGE: &str = "/admin/issuers";

fn page_of(id: &str) -> String {
    format!("{PAGE}/{id}")
}

fn line(issuer: &TrustedIssuer) -> IssuerLine {
    let row = &issuer.row;
    IssuerLine {
        id: row.id.clone(),
        name: row.name.clone(),
        issuer: row.issuer.clone(),
        vouches_for: match row.kind {
            IssuerKind::Workload => "programs it runs",
            IssuerKind::Enterprise => "its people",
        },
        is_disabled: !issuer.is_on(),
    }
}

fn lines(list: &[String]) -> String {
    list.join("\n")
}

/// An empty field is no limit.
fn limit(list: Vec<String>) -> Option<Vec<String>> {
    (!list.is_empty()).then_some(list)
}

fn form(issuer: &str, input: &Input) -> IssuerForm {
    let choice = |name: &&str| Choice {
        name: (*name).to_owned(),
        ticked: input.algorithms.iter().any(|chosen| chosen == name),
    };
    IssuerForm {
        name: input.name.clone(),
        issuer: issuer.to_owned(),
        keys_from: input.keys_from.clone(),
        jwks_uri: input.jwks_uri.clone(),
        jwks: input.jwks.clone(),
        algorithms: ALG_NAMES.iter().map(choice).collect(),
        single_use: input.single_use,
        trusted_domains: lines(&input.trusted_domains),
        vouches: input.vouches,
        admits: input.admits,
        client_ids: lines(input.client_ids.as_deref().unwrap_or_default()),
        scopes: lines(input.scopes.as_deref().unwrap_or_default()),
    }
}

/// What a form says.
fn read(sent: &Submission) -> Input {
    let text = |name| sent.text(name).to_owned();
    Input {
        name: text("name"),
        keys_from: text("keys_from"),
        jwks_uri: text("jwks_uri"),
        jwks: text("jwks"),
        algorithms: sent.list("algorithms[]"),
        single_use: sent.is_ticked("single_use"),
        trusted_domains: sent.lines("trusted_domains"),
        vouches: sent.is_ticked("vouches"),
        admits: sent.is_ticked("admits"),
        client_ids: limit(sent.lines("client_ids")),
        scopes: limit(sent.lines("scopes")),
    }
}

/// Every value as a person reads it.
fn in_words(row: &IssuerRow) -> Vec<(&'static str, String)> {
    let keys = match &row.keys {
        KeysFrom::Discovery => "found by itself, from the issuer".to_owned(),
        KeysFrom::Uri(uri) => uri.clone(),
        KeysFrom::Inline(_) => "written down here".to_owned(),
    };
    let mut words = vec![
        ("Name", row.name.clone()),
        ("Issuer", row.issuer.clone()),
        ("Its keys", keys),
        ("Signatures that are taken", row.algorithms.join(", ")),
    ];
    let or = |text: String, otherwise: &str| if text.is_empty() { otherwise.to_owned() } else { text };
    match row.kind {
        IssuerKind::Workload => {
            let once = if row.single_use { "once, and needs a jti" } else { "until it expires" };
            words.push(("A token is taken", once.to_owned()));
        }
        IssuerKind::Enterprise => {
            let clients =
                row.client_ids.as_ref().map_or_else(|| "every client".to_owned(), |ids| ids.join(", "));
            let scopes = row.scopes.as_ref().map_or_else(|| "no limit".to_owned(), ToString::to_string);
            words.extend([
                ("Domains it speaks for", or(row.trusted_domains.join(", "), "none")),
                (
                    "Addresses that it does not call verified",
                    if row.vouches { "count" } else { "do not count" }.to_owned(),
                ),
                (
                    "People of these domains without an account",
                    if row.admits { "get one" } else { "are refused" }.to_owned(),
                ),
                ("Clients that may act for its people", or(clients, "none")),
                ("Scopes it gives at most", or(scopes, "none")),
            ]);
        }
    }
    words
}

fn condition(condition: &Condition) -> String {
    format!("{} = {}", condition.claim, condition.value)
}

/// The name of a resource; its id where it is gone.
pub(super) fn resource_name(state: &State, id: &str) -> String {
    let resources = state.oauth.resources.current();
    resources.by_id(id).map_or_else(|| format!("{id} (deleted)"), |resource| resource.name.clone())
}

/// Id and name of every resource.
pub(super) fn resource_choices(state: &State) -> Vec<(String, String)> {
    let resources = state.oauth.resources.current();
    resources.all().iter().map(|resource| (resource.id.clone(), resource.name.clone())).collect()
}

/// The name of a client and its id; its id where it is gone.
pub(super) async fn client_name(state: &State, id: &str) -> String {
    match state.oauth.store.find_managed_client(id).await {
        Ok(Some(found)) if found.client.disabled_at.is_some() => {
            format!("{} ({id}, disabled)", found.client.name)
        }
        Ok(Some(found)) => format!("{} ({id})", found.client.name),
        Ok(None) => format!("{id} (deleted)"),
        Err(_) => id.to_owned(),
    }
}

async fn rule_line(state: &State, rule: &IssuerRuleRow) -> RuleLine {
    RuleLine {
        id: rule.id.clone(),
        conditions: rule.claims.iter().map(condition).collect(),
        client: client_name(state, &rule.client_id).await,
        resource: resource_name(state, &rule.resource_id),
        scopes: rule.scopes.as_ref().map(ToString::to_string),
    }
}
