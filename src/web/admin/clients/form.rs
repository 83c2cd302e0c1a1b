//! The fields that new clients and changed ones share: shown, and read back.

use super::super::super::State;
use super::super::super::pages::admin::{ClientForm, Problems, ScopeTick};
use super::super::access::Submission;
use crate::admin::Problem;
use crate::admin::clients::edit::Edit;
use crate::admin::clients::{Nameable, nameable_scopes};
use crate::oauth::client::AuthMethod;
use crate::store::clients::{ClientKind, ClientRow};
use crate::types::ScopeSet;

/// The form of a client as it is stored.
pub fn of_row(state: &State, row: &ClientRow) -> ClientForm {
    let ticked = row.allowed_scopes.clone();
    ClientForm {
        name: row.name.clone(),
        redirect_uris: (row.kind != ClientKind::Machine).then(|| row.redirect_uris.join("\n")),
        for_devices: (row.kind != ClientKind::Machine).then(|| Edit::of(row).for_devices),
        uri_problem: None,
        auth_method: Some(row.auth_method.clone()).filter(|method| method != AuthMethod::None.as_str()),
        keys: row.keys.as_ref().map(|keys| keys.as_str().to_owned()).unwrap_or_default(),
        has_limit: ticked.is_some(),
        scopes: ticks(state, &ticked.unwrap_or_default()),
        access_token_seconds: row.access_token_seconds.map(|v| v.to_string()).unwrap_or_default(),
        dpop_bound: row.dpop_bound,
    }
}

/// The form as it was sent. `shape`: which fields it has.
pub fn read(sent: &Submission, shape: &ClientForm) -> ClientForm {
    let text = |name| sent.text(name).to_owned();
    ClientForm {
        name: text("name"),
        redirect_uris: shape.redirect_uris.as_ref().map(|_| text("redirect_uris")),
        for_devices: shape.for_devices.map(|_| sent.is_ticked("for_devices")),
        uri_problem: None,
        auth_method: shape.auth_method.as_ref().map(|_| text("auth_method")),
        keys: text("keys"),
        has_limit: sent.is_ticked("has_limit"),
        scopes: ticks(&sent.state, &sent.list("scopes[]").into_iter().collect()),
        access_token_seconds: text("access_token_seconds"),
        dpop_bound: sent.is_ticked("dpop_bound"),
    }
}

/// Every scope that can be ticked, and those that are ticked and gone.
pub fn ticks(state: &State, ticked: &ScopeSet) -> Vec<ScopeTick> {
    let known = nameable_scopes(&state.admin);
    let is_known = |name: &str| known.iter().any(|scope| scope.name == name);
    let gone = ticked.iter().filter(|name| !is_known(name)).map(|name| ScopeTick {
        name: name.to_owned(),
        description: String::new(),
        resources: String::new(),
        is_ticked: true,
    });
    let gone: Vec<_> = gone.collect();
    let there = known.into_iter().map(|Nameable { name, description, resources }| ScopeTick {
        is_ticked: ticked.contains(&name),
        resources: resources.join(", "),
        description,
        name,
    });
    there.chain(gone).collect()
}

/// The ceiling that was ticked. Scopes that are ticked without a limit are no limit.
pub fn ceiling(form: &ClientForm) -> Option<Vec<String>> {
    let ticked = form.scopes.iter().filter(|scope| scope.is_ticked);
    form.has_limit.then(|| ticked.map(|scope| scope.name.clone()).collect())
}

/// The keys that were entered.
pub fn keys(form: &ClientForm) -> Option<String> {
    (!form.keys.is_empty()).then(|| form.keys.clone())
}

/// What is no number is outside of every range, and is told so.
pub fn seconds(form: &ClientForm) -> Option<i64> {
    let text = form.access_token_seconds.as_str();
    (!text.is_empty()).then(|| text.parse().unwrap_or(i64::MIN))
}

/// Puts the sentences where they belong.
pub fn with_problems(form: ClientForm, problems: Vec<Problem>) -> (ClientForm, Problems) {
    let of_uris = problems.iter().filter(|problem| problem.field == "redirect_uris");
    let sentences: Vec<_> = of_uris.map(|problem| problem.sentence.as_str()).collect();
    let uri_problem = (!sentences.is_empty()).then(|| sentences.join(" "));
    (ClientForm { uri_problem, ..form }, Problems(problems))
}
