//! `/admin/issuers/{id}/rules/add` and `…/{rule}/edit`: what a program becomes.

use actix_web::HttpResponse;
use actix_web::web::Path;

use super::super::super::State;
use super::super::super::pages::admin::{Area, Problems, RuleForm, RuleFormPage, Shell};
use super::super::access::{FreshSubmission, FreshView, Submission};
use super::super::answers;
use crate::admin::Failure;
use crate::admin::issuers;
use crate::admin::issuers::rules::{self, Input};
use crate::oauth::issuers::TrustedIssuer;

pub async fn add_form(FreshView(view): FreshView, id: Path<String>) -> HttpResponse {
    match issuers::find(&view.state.admin, &id).await {
        Ok(issuer) => {
            let html = page(&view.state, view.shell(Area::Issuers), &issuer, None, &Input::default());
            answers::page(&view.state, &html, &view.token)
        }
        Err(failure) => answers::failed(&view.state, failure),
    }
}

pub async fn add(FreshSubmission(sent): FreshSubmission, id: Path<String>) -> HttpResponse {
    let input = read(&sent);
    match rules::add(&sent.state.admin, &sent.actor, &id, &input).await {
        Ok(_) => answers::done(&super::page_of(&id), "issuer-rule-added"),
        Err(failure) => again(&sent, (&id, None), &input, failure).await,
    }
}

pub async fn edit_form(FreshView(view): FreshView, path: Path<(String, String)>) -> HttpResponse {
    let (id, rule) = path.into_inner();
    let found = async {
        let issuer = issuers::find(&view.state.admin, &id).await?;
        let row = rules::rule(&issuer, &rule)?.clone();
        Ok::<_, Failure>((issuer, row))
    };
    match found.await {
        Ok((issuer, row)) => {
            let shell = view.shell(Area::Issuers);
            let html = page(&view.state, shell, &issuer, Some((&rule, row.version)), &Input::of(&row));
            answers::page(&view.state, &html, &view.token)
        }
        Err(failure) => answers::failed(&view.state, failure),
    }
}

pub async fn edit(FreshSubmission(sent): FreshSubmission, path: Path<(String, String)>) -> HttpResponse {
    let ((id, rule), input) = (path.into_inner(), read(&sent));
    match rules::change(&sent.state.admin, &sent.actor, (&id, &rule, sent.version()), &input).await {
        Ok(()) => answers::done(&super::page_of(&id), "issuer-rule-saved"),
        Err(failure) => again(&sent, (&id, Some(&rule)), &input, failure).await,
    }
}

/// The form once more, with what is wrong; where somebody else was faster, with what it says now.
async fn again(
    sent: &Submission,
    (id, rule): (&str, Option<&str>),
    input: &Input,
    failure: Failure,
) -> HttpResponse {
    let state = &sent.state;
    if !matches!(failure, Failure::Invalid(_) | Failure::Changed) {
        return answers::failed(state, failure);
    }
    let issuer = match issuers::find(&state.admin, id).await {
        Ok(issuer) => issuer,
        Err(failure) => return answers::failed(state, failure),
    };
    let mut html =
        page(state, sent.shell(Area::Issuers), &issuer, rule.map(|rule| (rule, sent.version())), input);
    html.problems = Problems::of_failure(&failure);
    if matches!(failure, Failure::Changed) {
        let Ok(row) = rules::rule(&issuer, rule.unwrap_or_default()) else {
            return answers::failed(state, Failure::NotFound);
        };
        let now = super::rule_line(state, row).await;
        html.version = row.version;
        html.now = Some(vec![
            ("Conditions", now.conditions.join(", ")),
            ("The machine it becomes", now.client),
            ("For which resource", now.resource),
            ("Scopes at most", now.scopes.unwrap_or_else(|| "all of the machine".to_owned())),
        ]);
    }
    answers::again(state, &failure, &html, &sent.token)
}

fn read(sent: &Submission) -> Input {
    Input {
        claims: rules::read_conditions(&sent.lines("claims")),
        client_id: sent.text("client_id").to_owned(),
        resource_id: sent.text("resource_id").to_owned(),
        scopes: super::limit(sent.lines("scopes")),
    }
}

fn page(
    state: &State,
    shell: Shell,
    issuer: &TrustedIssuer,
    rule: Option<(&str, i64)>,
    input: &Input,
) -> RuleFormPage {
    let claims: Vec<String> = input.claims.iter().map(super::condition).collect();
    RuleFormPage {
        shell,
        line: super::line(issuer),
        id: rule.map(|(id, _)| id.to_owned()),
        version: rule.map_or(0, |(_, version)| version),
        form: RuleForm {
            claims: claims.join("\n"),
            client_id: input.client_id.clone(),
            resource_id: input.resource_id.clone(),
            scopes: super::lines(input.scopes.as_deref().unwrap_or_default()),
        },
        resources: super::resource_choices(state),
        problems: Problems::default(),
        now: None,
    }
}
