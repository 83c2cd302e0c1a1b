//! `/admin/people/{id}/identities/{identity}/remove`: taking away a login at another provider.

use actix_web::HttpResponse;
use actix_web::web::Path;

use super::super::super::pages::admin::Area;
use super::super::access::{FreshSubmission, FreshView};
use super::super::answers;
use super::Step;
use crate::admin::Failure;
use crate::admin::people::ends;
use crate::admin::people::view::ways_in;

pub async fn get(FreshView(view): FreshView, path: Path<(String, String)>) -> HttpResponse {
    let (id, identity) = path.into_inner();
    let person = match ways_in(&view.state.admin, &id).await {
        Ok(person) => person,
        Err(failure) => return answers::failed(&view.state, failure),
    };
    let Some(found) = person.identities.iter().find(|one| one.id == identity) else {
        return answers::failed(&view.state, Failure::NotFound);
    };
    let known_as = found.email.as_deref().map(|email| format!(", as {email}")).unwrap_or_default();
    let mut points = vec![
        format!("The login at {}{known_as}.", found.provider),
        "Sign-ins that are open stay open: end them on the person's page.".to_owned(),
    ];
    if !person.has_one_without(&identity) {
        points.push(
            "It is the last thing they can sign in with: make them a link to choose a password.".to_owned(),
        );
    }
    let points: Vec<&str> = points.iter().map(String::as_str).collect();
    let at = format!("/identities/{identity}/remove");
    let step = Step::new("Remove this login", &at, "Remove", &points);
    let html = step.page(view.shell(Area::People), &person.user, None);
    answers::page(&view.state, &html, &view.token)
}

pub async fn post(FreshSubmission(sent): FreshSubmission, path: Path<(String, String)>) -> HttpResponse {
    let (id, identity) = path.into_inner();
    let result = ends::remove_identity(&sent.state.admin, &sent.actor, &id, &identity).await;
    super::done(&sent.state, &id, "identity-removed", result)
}
