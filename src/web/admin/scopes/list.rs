//! `/admin/resources/{id}/scopes`: every scope with what it opens and includes.

use actix_web::HttpResponse;
use actix_web::web::Path;

use super::super::super::pages::admin::{Area, ScopesPage};
use super::super::access::View;
use super::super::answers;
use crate::admin::scopes;

pub async fn get(view: View, id: Path<String>) -> HttpResponse {
    let book = match scopes::list(&view.state.admin, &id).await {
        Ok(book) => book,
        Err(failure) => return answers::failed(&view.state, failure),
    };
    let html = ScopesPage {
        shell: view.shell(Area::Resources),
        head: super::head(&book),
        scopes: book.scopes.iter().map(super::line).collect(),
        hidden_tools: super::hidden_tools(&book, None),
    };
    answers::page(&view.state, &html, &view.token)
}
