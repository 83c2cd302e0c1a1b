//! `/admin/resources/{id}/delete`: who is affected, and deleting.

use actix_web::HttpResponse;
use actix_web::web::Path;

use super::super::super::State;
use super::super::super::pages::admin::{Area, DeleteResourcePage, Problems, ResourceTab, Shell};
use super::super::access::{FreshSubmission, FreshView};
use super::super::answers;
use super::{PAGE, head_of_row};
use crate::admin::resources::{delete, users};
use crate::admin::{Failure, Page};
use crate::store::StoreError;
use crate::store::resources::ResourceRow;

/// How many apps and people are named.
const SHOWN: usize = 10;

pub async fn get(FreshView(view): FreshView, id: Path<String>) -> HttpResponse {
    let state = &view.state;
    let row = match delete::deletable(&state.admin, &id).await {
        Ok(row) => row,
        Err(failure) => return answers::failed(state, failure),
    };
    match page(state, view.shell(Area::Resources), &row).await {
        Ok(html) => answers::page(state, &html, &view.token),
        Err(error) => answers::failed(state, error.into()),
    }
}

pub async fn post(FreshSubmission(sent): FreshSubmission, id: Path<String>) -> HttpResponse {
    let state = &sent.state;
    let row = match delete::deletable(&state.admin, &id).await {
        Ok(row) => row,
        Err(failure) => return answers::failed(state, failure),
    };
    if sent.text("confirm") == row.name {
        return match delete::delete(&state.admin, &sent.actor, &id).await {
            Ok(()) => answers::done(PAGE, "resource-deleted"),
            Err(failure) => answers::failed(state, failure),
        };
    }
    let failure = Failure::invalid("confirm", "This is not the name of the resource. Nothing was deleted.");
    match page(state, sent.shell(Area::Resources), &row).await {
        Ok(mut html) => {
            if let Failure::Invalid(problems) = &failure {
                html.problems = Problems(problems.clone());
            }
            answers::again(state, &failure, &html, &sent.token)
        }
        Err(error) => answers::failed(state, error.into()),
    }
}

async fn page(state: &State, shell: Shell, row: &ResourceRow) -> Result<DeleteResourcePage, StoreError> {
    let clients = users::clients(&state.admin, &row.id, None).await?;
    let people = users::people(&state.admin, &row.id, None).await?;
    let (clients, more_clients) =
        some(clients, |client| if client.name.trim().is_empty() { client.id } else { client.name });
    let (people, more_people) = some(people, |consent| consent.email);
    Ok(DeleteResourcePage {
        shell,
        head: head_of_row(row, ResourceTab::Settings),
        clients,
        more_clients,
        people,
        more_people,
        problems: Problems::default(),
    })
}

/// The first few names, each once, and whether there are more.
fn some<T>(page: Page<T>, name: impl Fn(T) -> String) -> (Vec<String>, bool) {
    let mut names: Vec<String> = Vec::new();
    for name in page.rows.into_iter().map(name) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let more = page.next.is_some() || names.len() > SHOWN;
    names.truncate(SHOWN);
    (names, more)
}
