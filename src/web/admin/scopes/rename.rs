//! `/admin/resources/{id}/scopes/rename`: another name, and what keeps the old one.

use actix_web::HttpResponse;
use actix_web::web::Path;

use super::super::super::State;
use super::super::super::pages::admin::{Area, Problems, RenameScopePage, Shell};
use super::super::access::{FreshSubmission, FreshView};
use super::super::answers;
use crate::admin::{Failure, scopes};

pub async fn get(FreshView(view): FreshView, id: Path<String>) -> HttpResponse {
    let name = view.query.first("scope").unwrap_or_default();
    match page(&view.state, view.shell(Area::Resources), &id, name).await {
        Ok(html) => answers::page(&view.state, &html, &view.token),
        Err(failure) => answers::failed(&view.state, failure),
    }
}

pub async fn post(FreshSubmission(sent): FreshSubmission, id: Path<String>) -> HttpResponse {
    let (name, to) = (sent.text("scope"), sent.text("to"));
    match scopes::rename(&sent.state.admin, &sent.actor, &id, (name, sent.version()), to).await {
        Ok(()) => answers::done(&super::page_of(&id), "scope-renamed"),
        Err(failure @ (Failure::Invalid(_) | Failure::Changed)) => {
            match page(&sent.state, sent.shell(Area::Resources), &id, name).await {
                Ok(html) => {
                    let (problems, changed) =
                        (super::problems(&failure), matches!(failure, Failure::Changed));
                    let html = RenameScopePage { to: to.to_owned(), problems, changed, ..html };
                    answers::again(&sent.state, &failure, &html, &sent.token)
                }
                Err(failure) => answers::failed(&sent.state, failure),
            }
        }
        Err(failure) => answers::failed(&sent.state, failure),
    }
}

async fn page(state: &State, shell: Shell, id: &str, name: &str) -> Result<RenameScopePage, Failure> {
    let book = scopes::list(&state.admin, id).await?;
    let version = scopes::find(&book, name)?.version;
    Ok(RenameScopePage {
        shell,
        head: super::head(&book),
        name: name.to_owned(),
        version,
        to: name.to_owned(),
        problems: Problems::default(),
        changed: false,
        holders: super::holders(scopes::holders(&state.admin, id, name).await?),
    })
}
