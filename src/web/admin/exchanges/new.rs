//! `/admin/exchanges/new`: one more rule.

use actix_web::HttpResponse;

use super::super::super::State;
use super::super::super::pages::admin::{Area, ExchangeForm, ExchangeFormPage, Problems, Shell};
use super::super::access::{FreshSubmission, FreshView};
use super::super::answers;
use super::super::issuers::resource_choices;
use crate::admin::Failure;
use crate::admin::exchanges::{self, NewExchange};

pub async fn get(FreshView(view): FreshView) -> HttpResponse {
    let html = page(&view.state, view.shell(Area::Issuers), ExchangeForm::default());
    answers::page(&view.state, &html, &view.token)
}

pub async fn post(FreshSubmission(sent): FreshSubmission) -> HttpResponse {
    let (state, text) = (&sent.state, |name| sent.text(name).to_owned());
    let new = NewExchange {
        client_id: text("client_id"),
        from_id: text("from_id"),
        to_id: text("to_id"),
        scopes: sent.lines("scopes"),
    };
    match exchanges::add(&state.admin, &sent.actor, &new).await {
        Ok(_) => answers::done(super::PAGE, "exchange-added"),
        Err(failure @ Failure::Invalid(_)) => {
            let form = ExchangeForm {
                client_id: new.client_id,
                from_id: new.from_id,
                to_id: new.to_id,
                scopes: new.scopes.join("\n"),
            };
            let html = page(state, sent.shell(Area::Issuers), form);
            let html = ExchangeFormPage { problems: Problems::of_failure(&failure), ..html };
            answers::again(state, &failure, &html, &sent.token)
        }
        Err(failure) => answers::failed(state, failure),
    }
}

fn page(state: &State, shell: Shell, form: ExchangeForm) -> ExchangeFormPage {
    ExchangeFormPage {
        shell,
        rule: None,
        version: 0,
        form,
        resources: resource_choices(state),
        problems: Problems::default(),
        now: None,
    }
}
