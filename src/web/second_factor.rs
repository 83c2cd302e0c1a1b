//! `/login/second-factor`: a code after the password. Nobody is signed in before it is right.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::pages::{ErrorPage, SecondFactorPage};
use super::{State, address, cookies, csrf, error_page, forms, login, respond};
use crate::accounts::ceremony::CeremonyError;
use crate::accounts::second_step::{self, Answer, StepError, Waiting};
use crate::accounts::sign_in::SignInError;
use crate::audit::{Entry, Event};
use crate::types::Plain;

/// Where a login goes on that needs a code.
pub const URL: &str = "/login/second-factor";

/// Asks for the code.
pub async fn get(state: Data<State>, request: HttpRequest) -> HttpResponse {
    match waiting(&state, &request).await {
        Ok(waiting) => show(&state, &request, &waiting, Problem::None, StatusCode::OK),
        Err(response) => response,
    }
}

/// Takes the code.
pub async fn post(state: Data<State>, request: HttpRequest, mut payload: Payload) -> HttpResponse {
    let posted = match forms::fields(&state, &request, &mut payload, None).await {
        Ok(posted) => posted,
        Err(problem) => return problem.as_page(&state, &request, Event::SecondFactor).await,
    };
    let origin = address::origin(&state, &request);
    if !csrf::check(&state, &request, None, posted.first("csrf")) {
        let entry = Entry::refused(Event::SecondFactor, "stale_form");
        return error_page::stale_form(&state, &request, entry).await;
    }
    if let Err(throttled) = state.accounts.throttle.secret(origin.address.as_deref().unwrap_or_default()) {
        return super::problem::Problem::from(throttled).as_page(&state, &request, Event::SecondFactor).await;
    }
    let waiting = match waiting(&state, &request).await {
        Ok(waiting) => waiting,
        Err(response) => return response,
    };
    let typed = |name| Plain::new(posted.first(name).unwrap_or_default().to_owned());
    let by_recovery = posted.first("recovery_code").is_some();
    let answer =
        if by_recovery { Answer::RecoveryCode(typed("recovery_code")) } else { Answer::Code(typed("code")) };
    let device = login::device(&state, &request);
    match second_step::answer(&state.accounts, &waiting, answer, &device).await {
        Ok(signed_in) => login::go_on(&state, &signed_in, &waiting.return_to, device.browser),
        Err(error) => refused(&state, &request, &waiting, error),
    }
}

fn refused(state: &State, request: &HttpRequest, waiting: &Waiting, error: StepError) -> HttpResponse {
    let text = error.to_string();
    match error {
        StepError::WrongCode | StepError::UsedBefore => {
            show(state, request, waiting, Problem::Code(text), StatusCode::UNAUTHORIZED)
        }
        StepError::Paused => {
            show(state, request, waiting, Problem::Code(text), StatusCode::TOO_MANY_REQUESTS)
        }
        StepError::WrongRecoveryCode => {
            show(state, request, waiting, Problem::Recovery(text), StatusCode::UNAUTHORIZED)
        }
        error => over(state, error),
    }
}

/// The login that waits on this browser, or the page that says that none does.
async fn waiting(state: &State, request: &HttpRequest) -> Result<Waiting, HttpResponse> {
    let Some(secret) = cookies::step(state, request) else { return Err(respond::see_other("/login")) };
    let device = login::device(state, request);
    second_step::find(&state.accounts, &secret, &device).await.map_err(|error| over(state, error))
}

/// Nothing more can come of this login.
fn over(state: &State, error: StepError) -> HttpResponse {
    let sentence = match error {
        StepError::SignIn(error) => return login::stopped(state, error),
        StepError::Over(CeremonyError::Store(error)) => {
            return login::stopped(state, SignInError::Store(error));
        }
        StepError::TooMany => "There were too many wrong codes.",
        StepError::Over(CeremonyError::Expired) => "It took too long to enter a code.",
        _ => "This login is over, or was begun in another browser.",
    };
    let page = ErrorPage {
        title: "Please start over".to_owned(),
        sentence: sentence.to_owned(),
        next: "Go back to the app or page you came from, and sign in once more.".to_owned(),
        reference: None,
    };
    let mut response = error_page::page(StatusCode::GONE, &page);
    if let Err(error) = response.add_cookie(&cookies::clear_step(state)) {
        tracing::error!(%error, "a cookie could not be cleared");
    }
    response
}

enum Problem {
    None,
    Code(String),
    Recovery(String),
}

fn show(
    state: &State,
    request: &HttpRequest,
    waiting: &Waiting,
    problem: Problem,
    status: StatusCode,
) -> HttpResponse {
    let (error, recovery_error) = match problem {
        Problem::None => (None, None),
        Problem::Code(text) => (Some(text), None),
        Problem::Recovery(text) => (None, Some(text)),
    };
    let token = csrf::issue(state, request, None);
    let page = SecondFactorPage {
        csrf: token.value.clone(),
        email: waiting.user.email.clone(),
        error,
        recovery_error,
    };
    error_page::form_page(state, status, &page, &token)
}
