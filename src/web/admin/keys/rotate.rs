//! `/admin/keys/rotate`: what a rotation means, and doing it.

use actix_web::HttpResponse;

use super::super::super::pages::admin::{Area, RotateKeyPage, Shell};
use super::super::access::{FreshSubmission, FreshView};
use super::super::answers;
use super::PAGE;
use crate::admin::{Failure, keys};
use crate::oauth::keys::Alg;

pub async fn get(FreshView(view): FreshView) -> HttpResponse {
    let Some(alg) = view.query.first("alg").and_then(Alg::parse) else {
        return answers::failed(&view.state, Failure::NotFound);
    };
    answers::page(&view.state, &page(view.shell(Area::Keys), alg, None), &view.token)
}

pub async fn post(FreshSubmission(sent): FreshSubmission) -> HttpResponse {
    let Some(alg) = Alg::parse(sent.text("alg")) else {
        return answers::failed(&sent.state, Failure::NotFound);
    };
    match keys::rotate(&sent.state.admin, &sent.actor, alg, sent.is_ticked("now")).await {
        Ok(_) => answers::done(PAGE, "key-rotated"),
        Err(failure @ Failure::Refused { .. }) => {
            let html = page(sent.shell(Area::Keys), alg, Some(failure.to_string()));
            answers::again(&sent.state, &failure, &html, &sent.token)
        }
        Err(failure) => answers::failed(&sent.state, failure),
    }
}

fn page(shell: Shell, alg: Alg, problem: Option<String>) -> RotateKeyPage {
    RotateKeyPage { shell, alg: alg.as_str().to_owned(), problem }
}
