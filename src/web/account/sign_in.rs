//! `GET /account/sign-in`: everything a person can sign in with.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::super::pages::account::{SignInPage, Tab};
use super::super::{State, error_page, upstream};
use crate::store::StoreError;

/// Shows the ways, each with the page that changes it.
pub async fn get(state: Data<State>, request: HttpRequest) -> HttpResponse {
    let visit = match super::visit(&state, &request).await {
        Ok(visit) => visit,
        Err(response) => return response,
    };
    let (store, user) = (&state.accounts.store, &visit.session.user);
    let found = async {
        let (ways, left) = (store.ways_in(&user.id).await?, store.recovery_codes_left(&user.id).await?);
        Ok::<_, StoreError>((ways, left, store.identities_of(&user.id).await?))
    };
    let (ways, codes_left, identities) = match found.await {
        Ok(found) => found,
        Err(error) => return error_page::refused(&error.into(), error_page::reference(&state)),
    };
    let page = SignInPage {
        shell: visit.shell(Tab::SignIn),
        password: ways.password,
        passkeys: ways.passkeys,
        passkeys_possible: state.accounts.passkeys.is_some(),
        app: ways.code.then_some(codes_left),
        identities: identities.iter().map(|row| upstream::label(&state, &row.provider)).collect(),
        providers: state.accounts.upstream.all().next().is_some(),
    };
    error_page::form_page(&state, StatusCode::OK, &page, &visit.token)
}
