//! `/admin/people/{id}/delete`: the end of an account.

use actix_web::HttpResponse;
use actix_web::web::Path;

use super::super::super::pages::admin::Area;
use super::super::access::{FreshSubmission, FreshView};
use super::super::answers;
use super::{PAGE, Step};
use crate::admin::Failure;
use crate::admin::people::{self, access};

fn step() -> Step {
    let points = [
        "Every app loses its access and every sign-in ends, at once and for good.",
        "What happened stays in the audit trail, without name and e-mail address.",
        "It cannot be undone. To keep somebody out for a while, disable them.",
    ];
    Step { asks_for_address: true, ..Step::new("Delete this account", "/delete", "Delete for good", &points) }
}

pub async fn get(FreshView(view): FreshView, id: Path<String>) -> HttpResponse {
    super::ask(&view, &id, |_| step()).await
}

pub async fn post(FreshSubmission(sent): FreshSubmission, id: Path<String>) -> HttpResponse {
    let state = &sent.state;
    let deleted = access::delete(&state.admin, &sent.actor, &id, sent.text("email")).await;
    let Err(failure) = deleted else {
        state.trust.forget_all();
        return answers::done(PAGE, "person-deleted");
    };
    let Failure::Invalid(problems) = &failure else { return answers::failed(state, failure) };
    let sentence = problems.first().map(|problem| problem.sentence.clone());
    match people::find(&state.admin, &id).await {
        Ok(user) => {
            let html = step().page(sent.shell(Area::People), &user, sentence);
            answers::again(state, &failure, &html, &sent.token)
        }
        Err(failure) => answers::failed(state, failure),
    }
}
