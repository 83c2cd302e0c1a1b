//! `/account/second-factor`: the authenticator app and the recovery codes.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::super::login::{HOME, local_path};
use super::super::pages::account::{
    AppSetUpPage, AuthenticatorView, RecoveryCodesPage, SecondFactorSettingsPage, Tab,
};
use super::super::{State, address, cookies, error_page, qr};
use super::Visit;
use crate::accounts::ceremony::CeremonyError;
use crate::accounts::second_factor::{Standing, decide, is_required};
use crate::accounts::totp::{self, SetUp, SetUpError};
use crate::oauth::error::Refusal;
use crate::oauth::params::Params;
use crate::store::StoreError;
use crate::types::Plain;
use crate::web::when;

/// Where a second factor is set up.
pub const URL: &str = "/account/second-factor";

/// Shows what there is.
pub async fn get(state: Data<State>, request: HttpRequest) -> HttpResponse {
    let visit = match super::fresh_visit(&state, &request).await {
        Ok(visit) => visit,
        Err(response) => return response,
    };
    let params = Params::parse(request.query_string().as_bytes()).unwrap_or_default();
    let return_to = local_path(params.first("return_to")).map(str::to_owned);
    settings(&state, &visit, None, return_to, StatusCode::OK).await
}

/// Begins to set an app up: shows its secret.
pub async fn set_up(state: Data<State>, request: HttpRequest, mut payload: Payload) -> HttpResponse {
    let (session, posted) = match super::fresh_submission(&state, &request, &mut payload, URL).await {
        Ok(sent) => sent,
        Err(response) => return response,
    };
    let return_to = local_path(posted.first("return_to")).map(str::to_owned);
    let browser = cookies::browser(&state, &request).unwrap_or_default();
    match totp::begin(&state.accounts, &session, &browser).await {
        Ok(begun) => {
            let visit = super::revisit(&state, &request, session);
            secret(&state, &visit, &begun, None, return_to, StatusCode::OK)
        }
        Err(error) => stopped(&state, &super::revisit(&state, &request, session), error).await,
    }
}

/// Ends it with a code: shows the recovery codes.
pub async fn confirm(state: Data<State>, request: HttpRequest, mut payload: Payload) -> HttpResponse {
    let (session, posted) = match super::fresh_submission(&state, &request, &mut payload, URL).await {
        Ok(sent) => sent,
        Err(response) => return response,
    };
    let return_to = local_path(posted.first("return_to")).map(str::to_owned);
    let text = |name| posted.first(name).unwrap_or_default();
    let (ceremony, code) = (text("ceremony"), text("code"));
    let browser = cookies::browser(&state, &request).unwrap_or_default();
    let origin = address::origin(&state, &request);
    let accounts = &state.accounts;
    let confirmed = totp::confirm(accounts, &session, ceremony, &browser, code, &origin).await;
    let error = match confirmed {
        Ok(codes) => {
            let visit = super::revisit(&state, &request, session);
            return recovery_codes(&state, &visit, &codes, true, return_to);
        }
        Err(error) => error,
    };
    let begun = match &error {
        SetUpError::WrongCode => totp::again(accounts, &session, ceremony, &browser).await.ok(),
        _ => None,
    };
    let visit = super::revisit(&state, &request, session);
    match begun {
        Some(begun) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            secret(&state, &visit, &begun, Some(error.to_string()), return_to, status)
        }
        None => stopped(&state, &visit, error).await,
    }
}

/// Makes new recovery codes and shows them.
pub async fn new_codes(state: Data<State>, request: HttpRequest, mut payload: Payload) -> HttpResponse {
    let (session, _) = match super::fresh_submission(&state, &request, &mut payload, URL).await {
        Ok(sent) => sent,
        Err(response) => return response,
    };
    let origin = address::origin(&state, &request);
    let made = totp::new_codes(&state.accounts, &session, &origin).await;
    let visit = super::revisit(&state, &request, session);
    match made {
        Ok(Some(codes)) => recovery_codes(&state, &visit, &codes, false, Some(URL.to_owned())),
        Ok(None) => {
            let text = "There is no authenticator app to make recovery codes for.".to_owned();
            settings(&state, &visit, Some(text), None, StatusCode::CONFLICT).await
        }
        Err(error) => failed(&state, error),
    }
}

/// Turns the app off.
pub async fn turn_off(state: Data<State>, request: HttpRequest, mut payload: Payload) -> HttpResponse {
    let (session, _) = match super::fresh_submission(&state, &request, &mut payload, URL).await {
        Ok(sent) => sent,
        Err(response) => return response,
    };
    let origin = address::origin(&state, &request);
    match totp::turn_off(&state.accounts, &session, &origin).await {
        Ok(true) => super::done(URL, "second-factor-off"),
        Ok(false) => {
            let text =
                "Your administrator requires a second factor, so the app stays on. Add a passkey first.";
            let visit = super::revisit(&state, &request, session);
            settings(&state, &visit, Some(text.to_owned()), None, StatusCode::CONFLICT).await
        }
        Err(error) => failed(&state, error),
    }
}

async fn stopped(state: &State, visit: &Visit, error: SetUpError) -> HttpResponse {
    match error {
        SetUpError::Store(error) | SetUpError::Ceremony(CeremonyError::Store(error)) => failed(state, error),
        SetUpError::Ceremony(_) | SetUpError::WrongCode => {
            let text = "That took too long, or was done before. Please begin again.".to_owned();
            settings(state, visit, Some(text), None, StatusCode::UNPROCESSABLE_ENTITY).await
        }
    }
}

async fn settings(
    state: &State,
    visit: &Visit,
    error: Option<String>,
    return_to: Option<String>,
    status: StatusCode,
) -> HttpResponse {
    let (store, user) = (&state.accounts.store, &visit.session.user);
    let found = async {
        let ways = store.ways_in(&user.id).await?;
        let app = store.find_totp(&user.id).await?;
        Ok::<_, StoreError>((ways, app, store.recovery_codes_left(&user.id).await?))
    };
    let (ways, app, codes_left) = match found.await {
        Ok(found) => found,
        Err(error) => return failed(state, error),
    };
    let required = is_required(&state.accounts, user);
    let page = SecondFactorSettingsPage {
        shell: visit.shell(Tab::SignIn),
        app: app.map(|app| AuthenticatorView { since: when::moment(app.created_at), codes_left }),
        passkeys: ways.passkeys,
        required,
        must_set_up: decide(required, visit.session.proof, &ways, |issuer| {
            state.accounts.upstream.asks_for_two(issuer)
        }) == Standing::SetUp,
        error,
        return_to,
    };
    error_page::form_page(state, status, &page, &visit.token)
}

fn secret(
    state: &State,
    visit: &Visit,
    begun: &SetUp,
    error: Option<String>,
    return_to: Option<String>,
    status: StatusCode,
) -> HttpResponse {
    let Some(qr) = qr::code(begun.url.expose()) else {
        return error_page::refused(&Refusal::internal(), error_page::reference(state));
    };
    let page = AppSetUpPage {
        shell: visit.shell(Tab::SignIn),
        ceremony: begun.ceremony.expose().clone(),
        secret: begun.secret.expose().clone(),
        qr,
        error,
        return_to,
    };
    error_page::form_page(state, status, &page, &visit.token)
}

fn recovery_codes(
    state: &State,
    visit: &Visit,
    codes: &[Plain<String>],
    just_set_up: bool,
    next: Option<String>,
) -> HttpResponse {
    let page = RecoveryCodesPage {
        shell: visit.shell(Tab::SignIn),
        codes: codes.iter().map(|code| code.expose().clone()).collect(),
        just_set_up,
        next_url: next.unwrap_or_else(|| HOME.to_owned()),
    };
    error_page::form_page(state, StatusCode::OK, &page, &visit.token)
}

fn failed(state: &State, error: StoreError) -> HttpResponse {
    error_page::refused(&error.into(), error_page::reference(state))
}
