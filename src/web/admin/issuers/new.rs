//! `/admin/issuers/new`: trusting a platform or a company.

use actix_web::HttpResponse;

use super::super::super::pages::admin::{Area, IssuerFormPage, Problems, Shell};
use super::super::access::{FreshSubmission, FreshView};
use super::super::answers;
use crate::admin::Failure;
use crate::admin::issuers::{self, Input, NewIssuer};
use crate::store::trusted_issuers::IssuerKind;

pub async fn get(FreshView(view): FreshView) -> HttpResponse {
    let kind = view.query.first("kind").and_then(IssuerKind::parse).unwrap_or(IssuerKind::Workload);
    let input = Input {
        keys_from: "discovery".to_owned(),
        algorithms: ["RS256", "ES256"].map(str::to_owned).into(),
        single_use: true,
        ..Input::default()
    };
    let html = page(view.shell(Area::Issuers), kind, "", &input);
    answers::page(&view.state, &html, &view.token)
}

pub async fn post(FreshSubmission(sent): FreshSubmission) -> HttpResponse {
    let state = &sent.state;
    let (kind, issuer) = (sent.text("kind").to_owned(), sent.text("issuer").to_owned());
    let new = NewIssuer { issuer, kind, input: super::read(&sent) };
    match issuers::add(&state.admin, &sent.actor, &new).await {
        Ok(issuer) => {
            let code = match issuer.row.kind {
                IssuerKind::Workload => "platform-added",
                IssuerKind::Enterprise => "company-added",
            };
            answers::done(&super::page_of(&issuer.row.id), code)
        }
        Err(failure @ Failure::Invalid(_)) => {
            let kind = IssuerKind::parse(&new.kind).unwrap_or(IssuerKind::Workload);
            let mut html = page(sent.shell(Area::Issuers), kind, &new.issuer, &new.input);
            html.problems = Problems::of_failure(&failure);
            answers::again(state, &failure, &html, &sent.token)
        }
        Err(failure) => answers::failed(state, failure),
    }
}

fn page(shell: Shell, kind: IssuerKind, issuer: &str, input: &Input) -> IssuerFormPage {
    IssuerFormPage {
        shell,
        id: None,
        title: String::new(),
        action: format!("{}/new?kind={}", super::PAGE, kind.as_str()),
        version: 0,
        is_enterprise: kind == IssuerKind::Enterprise,
        form: super::form(issuer, input),
        problems: Problems::default(),
        now: None,
    }
}
