//! `/admin/resources/new`: adding a server that runs elsewhere.

use actix_web::HttpResponse;

use super::super::super::pages::admin::{Area, NewResourcePage, Problems, ResourceTab};
use super::super::access::{Submission, View};
use super::super::answers;
use crate::admin::Failure;
use crate::admin::resources::create::{NewResource, create};

pub async fn get(view: View) -> HttpResponse {
    let html = NewResourcePage {
        shell: view.shell(Area::Resources),
        name: String::new(),
        url: String::new(),
        problems: Problems::default(),
    };
    answers::page(&view.state, &html, &view.token)
}

pub async fn post(sent: Submission) -> HttpResponse {
    let new = NewResource {
        name: sent.text("name").to_owned(),
        url: sent.text("url").to_owned(),
        ..NewResource::default()
    };
    match create(&sent.state.admin, &sent.actor, &new).await {
        Ok(row) => answers::done(&ResourceTab::Quickstart.url(&row.id), "resource-created"),
        Err(Failure::Invalid(problems)) => {
            let html = NewResourcePage {
                shell: sent.shell(Area::Resources),
                name: new.name,
                url: new.url,
                problems: Problems(problems.clone()),
            };
            answers::again(&sent.state, &Failure::Invalid(problems), &html, &sent.token)
        }
        Err(failure) => answers::failed(&sent.state, failure),
    }
}
