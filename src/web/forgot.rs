//! `/forgot`: a link for a new password, by mail. The answer never says whether there is such an account.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::pages::{ForgotPage, MessagePage};
use super::{State, address, csrf, error_page, forms};
use crate::accounts::{forgot, normal_email};
use crate::audit::{Entry, Event};

/// Shows the form; without a mail server, whom to ask.
pub async fn get(state: Data<State>, request: HttpRequest) -> HttpResponse {
    show(&state, &request, String::new(), None, StatusCode::OK)
}

/// Takes the request.
pub async fn post(state: Data<State>, request: HttpRequest, mut payload: Payload) -> HttpResponse {
    let posted = match forms::fields(&state, &request, &mut payload, None).await {
        Ok(posted) => posted,
        Err(problem) => return problem.as_page(&state, &request, Event::ResetLinkCreated).await,
    };
    if !csrf::check(&state, &request, None, posted.first("csrf")) {
        let entry = Entry::refused(Event::ResetLinkCreated, "stale_form");
        return error_page::stale_form(&state, &request, entry).await;
    }
    if !state.accounts.mail.is_on() {
        return show(&state, &request, String::new(), None, StatusCode::OK);
    }
    let typed = posted.first("email").unwrap_or_default();
    let origin = address::origin(&state, &request);
    if let Err(throttled) = state.accounts.throttle.secret(origin.address.as_deref().unwrap_or_default()) {
        let text = format!("Too many attempts from here. Try again in {} seconds.", throttled.retry_after);
        let status = StatusCode::TOO_MANY_REQUESTS;
        let mut response = show(&state, &request, typed.to_owned(), Some(text), status);
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(throttled.retry_after));
        return response;
    }
    if normal_email(typed).is_none() {
        let text = "Enter a valid e-mail address.".to_owned();
        return show(&state, &request, typed.to_owned(), Some(text), StatusCode::UNPROCESSABLE_ENTITY);
    }
    forgot::ask(&state.accounts, typed, &origin);
    let page = MessagePage {
        title: "Look into your mailbox".to_owned(),
        sentence: "If there is an account with that address, a link to choose a new password is on its way. It works for an hour."
            .to_owned(),
        link_text: "Back to signing in".to_owned(),
        link_url: "/login".to_owned(),
    };
    error_page::page(StatusCode::OK, &page)
}

fn show(
    state: &State,
    request: &HttpRequest,
    email: String,
    error: Option<String>,
    status: StatusCode,
) -> HttpResponse {
    let token = csrf::issue(state, request, None);
    let page = ForgotPage { csrf: token.value.clone(), email, error, has_mail: state.accounts.mail.is_on() };
    error_page::form_page(state, status, &page, &token)
}
