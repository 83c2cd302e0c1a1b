//! `/admin/api/tokens/new`: making a token, which is shown once. The form carries the id of the token it makes, so
//! that sent twice it makes one.

use actix_web::HttpResponse;

use super::super::super::pages::admin::{ApiTokenMadePage, Area, NewApiTokenPage, Problems, Shell};
use super::super::super::when;
use super::super::access::{FreshSubmission, FreshView};
use super::super::answers;
use crate::admin::Failure;
use crate::admin::api_tokens::Scope;
use crate::admin::api_tokens::make::{self, NewToken};

/// How long a token may live, in days and in words.
const LIVES: [(i64, &str); 5] =
    [(1, "1 day"), (7, "7 days"), (30, "30 days"), (90, "90 days"), (make::MAX_DAYS, "1 year")];
/// What is chosen unless something else is.
const USUAL: i64 = 90;

pub async fn get(FreshView(view): FreshView) -> HttpResponse {
    let new = NewToken { id: make::fresh_id(&view.state.admin), days: USUAL, ..NewToken::default() };
    let html = page(view.shell(Area::Api), new, Problems::default());
    answers::page(&view.state, &html, &view.token)
}

pub async fn post(FreshSubmission(sent): FreshSubmission) -> HttpResponse {
    let state = &sent.state;
    let mut new = NewToken {
        id: sent.text("id").to_owned(),
        name: sent.text("name").to_owned(),
        scopes: sent.list("scopes[]"),
        days: sent.text("days").parse().unwrap_or_default(),
    };
    let made = match make::make(&state.admin, &sent.actor, &sent.session.user.id, &new).await {
        Ok(made) => made,
        Err(failure @ Failure::Invalid(_)) => {
            let problems = Problems::of_failure(&failure);
            // The form may be older than an id lives.
            new.id = make::fresh_id(&state.admin);
            return answers::again(state, &failure, &page(sent.shell(Area::Api), new, problems), &sent.token);
        }
        Err(failure) => return answers::failed(state, failure),
    };
    let token = made.text.expose().clone();
    let html = ApiTokenMadePage {
        shell: sent.shell(Area::Api),
        name: new.name,
        curl: format!(
            "curl -H \"Authorization: Bearer {token}\" {}",
            state.issuer().at("/admin/api/v1/token")
        ),
        token,
        expires: when::moment(made.expires_at),
    };
    answers::page(state, &html, &sent.token)
}

fn page(shell: Shell, new: NewToken, problems: Problems) -> NewApiTokenPage {
    let ticked = |scope: Scope| new.scopes.iter().any(|name| name == scope.name());
    NewApiTokenPage {
        shell,
        scopes: Scope::ALL.map(|scope| (scope.name(), scope.meaning(), ticked(scope))).into(),
        lives: LIVES.map(|(days, words)| (days, words, days == new.days)).into(),
        id: new.id,
        name: new.name,
        problems,
    }
}
