//! `/admin/issuers/{id}`: one issuer, its rules, and a look at its keys.

use actix_web::HttpResponse;
use actix_web::web::Path;

use super::super::super::State;
use super::super::super::pages::admin::{Area, IssuerPage, Shell, TestedView};
use super::super::access::{Submission, View};
use super::super::answers;
use crate::admin::issuers;
use crate::oauth::issuers::TrustedIssuer;
use crate::oauth::issuers::keys::Probe;
use crate::store::trusted_issuers::IssuerKind;

pub async fn get(view: View, id: Path<String>) -> HttpResponse {
    match issuers::find(&view.state.admin, &id).await {
        Ok(issuer) => {
            let html = page(&view.state, view.shell(Area::Issuers), &issuer).await;
            answers::page(&view.state, &html, &view.token)
        }
        Err(failure) => answers::failed(&view.state, failure),
    }
}

/// Fetches its keys now.
pub async fn test(sent: Submission, id: Path<String>) -> HttpResponse {
    let state = &sent.state;
    let found = async {
        let tested = issuers::test(&state.admin, &sent.actor, &id).await?;
        issuers::find(&state.admin, &id).await.map(|issuer| (tested, issuer))
    };
    match found.await {
        Ok((tested, issuer)) => {
            let mut html = page(state, sent.shell(Area::Issuers), &issuer).await;
            html.tested = Some(in_words(tested));
            answers::page(state, &html, &sent.token)
        }
        Err(failure) => answers::failed(state, failure),
    }
}

fn in_words(tested: Result<Probe, String>) -> TestedView {
    match tested {
        Ok(probe) => {
            let keys = if probe.keys == 1 { "1 key".to_owned() } else { format!("{} keys", probe.keys) };
            let place = probe.address.unwrap_or_else(|| "the set that is written down".to_owned());
            TestedView { is_good: true, sentence: format!("There is {keys} that can be used, at {place}.") }
        }
        Err(fault) => TestedView { is_good: false, sentence: format!("Its keys cannot be had: {fault}.") },
    }
}

async fn page(state: &State, shell: Shell, issuer: &TrustedIssuer) -> IssuerPage {
    let rules = if issuer.row.kind == IssuerKind::Workload {
        let mut lines = Vec::new();
        for rule in &issuer.rules {
            lines.push(super::rule_line(state, rule).await);
        }
        Some(lines)
    } else {
        None
    };
    IssuerPage { shell, line: super::line(issuer), facts: super::in_words(&issuer.row), rules, tested: None }
}
