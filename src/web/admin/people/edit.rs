//! `/admin/people/{id}/edit`: name and address.

use actix_web::HttpResponse;
use actix_web::web::Path;

use super::super::super::pages::admin::{Area, EditPersonPage, Problems};
use super::super::access::{FreshSubmission, FreshView};
use super::super::answers;
use crate::admin::people::edit::{Edit, edit};
use crate::admin::{Failure, people};

pub async fn get(FreshView(view): FreshView, id: Path<String>) -> HttpResponse {
    let user = match people::find(&view.state.admin, &id).await {
        Ok(user) => user,
        Err(failure) => return answers::failed(&view.state, failure),
    };
    let html = EditPersonPage {
        shell: view.shell(Area::People),
        head: super::head(&user),
        email: user.email,
        name: user.name.unwrap_or_default(),
        version: user.version,
        problems: Problems::default(),
        changed: false,
    };
    answers::page(&view.state, &html, &view.token)
}

pub async fn post(FreshSubmission(sent): FreshSubmission, id: Path<String>) -> HttpResponse {
    let state = &sent.state;
    let wanted = Edit {
        email: sent.text("email").to_owned(),
        name: sent.text("name").to_owned(),
        version: sent.version(),
    };
    let failure = match edit(&state.admin, &sent.actor, &id, wanted.clone()).await {
        Ok(_) => return answers::done(&super::url(&id, ""), "person-saved"),
        Err(failure @ (Failure::Invalid(_) | Failure::Changed)) => failure,
        Err(failure) => return answers::failed(state, failure),
    };
    let user = match people::find(&state.admin, &id).await {
        Ok(user) => user,
        Err(failure) => return answers::failed(state, failure),
    };
    let changed = matches!(failure, Failure::Changed);
    let html = EditPersonPage {
        shell: sent.shell(Area::People),
        head: super::head(&user),
        email: wanted.email,
        name: wanted.name,
        // Who has seen what it says now may replace it; whoever has not is told again.
        version: if changed { user.version } else { wanted.version },
        problems: match &failure {
            Failure::Invalid(problems) => Problems(problems.clone()),
            _ => Problems::default(),
        },
        changed,
    };
    answers::again(state, &failure, &html, &sent.token)
}
