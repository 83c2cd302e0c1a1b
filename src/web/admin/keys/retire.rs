//! `/admin/keys/retire`: taking a key out of the published set.

use actix_web::HttpResponse;

use super::super::super::pages::admin::{Area, RetireKeyPage};
use super::super::access::{FreshSubmission, FreshView};
use super::super::answers;
use super::PAGE;
use crate::admin::{Failure, keys};
use crate::store::signing_keys::KeyState;

pub async fn get(FreshView(view): FreshView) -> HttpResponse {
    let rows = match keys::list(&view.state.admin).await {
        Ok(rows) => rows,
        Err(error) => return answers::failed(&view.state, error.into()),
    };
    let kid = view.query.first("kid").unwrap_or_default();
    let Some(key) = rows.into_iter().find(|row| row.id == kid && row.state != KeyState::Active) else {
        return answers::failed(&view.state, Failure::NotFound);
    };
    let html = RetireKeyPage {
        shell: view.shell(Area::Keys),
        is_retired: key.state == KeyState::Retired,
        kid: key.id,
        alg: key.alg,
    };
    answers::page(&view.state, &html, &view.token)
}

pub async fn post(FreshSubmission(sent): FreshSubmission) -> HttpResponse {
    match keys::retire(&sent.state.admin, &sent.actor, sent.text("kid")).await {
        Ok(()) => answers::done(PAGE, "key-retired"),
        Err(failure) => answers::failed(&sent.state, failure),
    }
}
