//! `/admin/settings/second-factor`: of whom a second factor is required.

use actix_web::HttpResponse;

use super::super::super::State;
use super::super::super::pages::admin::{Area, Problems, RequireSecondFactorPage, RuleState, Shell};
use super::super::access::{FreshSubmission, FreshView};
use super::super::answers;
use super::PAGE;
use crate::accounts::session::Session;
use crate::admin::{Failure, settings};
use crate::store::StoreError;
use crate::types::Requirement;

pub async fn get(FreshView(view): FreshView) -> HttpResponse {
    match page(&view.state, &view.session, view.shell(Area::Settings), None, None).await {
        Ok(html) => answers::page(&view.state, &html, &view.token),
        Err(error) => answers::failed(&view.state, error.into()),
    }
}

pub async fn post(FreshSubmission(sent): FreshSubmission) -> HttpResponse {
    let state = &sent.state;
    let wish = Requirement::parse(sent.text("require"));
    let done = match wish {
        Some(wish) => settings::set_second_factor(&state.admin, &sent.actor, wish, sent.version()).await,
        None => Err(Failure::invalid("require", "Choose of whom a second factor is required.")),
    };
    match done {
        Ok(()) => answers::done(PAGE, "second-factor-rule-set"),
        Err(failure @ (Failure::Changed | Failure::Invalid(_))) => {
            match page(state, &sent.session, sent.shell(Area::Settings), wish, Some(&failure)).await {
                Ok(html) => answers::again(state, &failure, &html, &sent.token),
                Err(error) => answers::failed(state, error.into()),
            }
        }
        Err(failure) => answers::failed(state, failure),
    }
}

async fn page(
    state: &State,
    session: &Session,
    shell: Shell,
    wish: Option<Requirement>,
    failure: Option<&Failure>,
) -> Result<RequireSecondFactorPage, StoreError> {
    let now = state.oauth.settings.current();
    let ways = state.accounts.store.ways_in(&session.user.id).await?;
    let asks = ways.identities.iter().any(|i| state.accounts.upstream.asks_for_two(&i.issuer));
    Ok(RequireSecondFactorPage {
        shell,
        problems: failure.map(Problems::of_failure).unwrap_or_default(),
        rule: RuleState::of(now.second_factor.is_fixed, failure),
        chosen: wish.unwrap_or(now.second_factor.value),
        in_force: now.second_factor.value,
        has_own: ways.code || ways.passkeys > 0 || asks,
        version: now.second_factor.change.version,
    })
}
