//! Answers that every page for administrators shares.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

use super::super::csrf::FormToken;
use super::super::pages::ErrorPage;
use super::super::{State, error_page, respond};
use super::notices;
use crate::admin::Failure;

/// A page.
pub fn page(state: &State, html: &impl Template, token: &FormToken) -> HttpResponse {
    error_page::form_page(state, StatusCode::OK, html, token)
}

/// The form once more, with what is wrong: 422 for what was sent, 409 where somebody else was faster.
pub fn again(state: &State, failure: &Failure, html: &impl Template, token: &FormToken) -> HttpResponse {
    let status = match failure {
        Failure::Changed => StatusCode::CONFLICT,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    error_page::form_page(state, status, html, token)
}

/// After something was done: a page, with a sentence that says so.
pub fn done(page: &str, code: &str) -> HttpResponse {
    debug_assert!(notices::sentence(code).is_some(), "{code} has no sentence");
    let joint = if page.contains('?') { '&' } else { '?' };
    respond::see_other(&format!("{page}{joint}done={code}"))
}

/// Why something was not done, where there is no form to show once more. `back` is where to go on.
pub fn failed(state: &State, failure: Failure) -> HttpResponse {
    let (status, title, sentence, next) = match failure {
        Failure::Store(error) => return error_page::refused(&error.into(), error_page::reference(state)),
        Failure::NotFound => (
            StatusCode::NOT_FOUND,
            "It is not there",
            "What you are looking for does not exist, or was deleted meanwhile.".to_owned(),
            "Go back and reload the list.",
        ),
        Failure::Changed => (
            StatusCode::CONFLICT,
            "Somebody else was faster",
            "It was changed since you opened the page. Nothing of yours was saved.".to_owned(),
            "Go back, reload the page, and see what it says now.",
        ),
        Failure::Invalid(problems) => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "This cannot be taken",
            problems.into_iter().map(|p| p.sentence).collect::<Vec<_>>().join(" "),
            "Go back and change it.",
        ),
        Failure::Refused { sentence, .. } => {
            (StatusCode::CONFLICT, "This cannot be done", sentence, "Go back to see how things stand.")
        }
    };
    let html = ErrorPage { title: title.to_owned(), sentence, next: next.to_owned(), reference: None };
    error_page::page(status, &html)
}
