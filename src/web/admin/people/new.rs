//! `/admin/people/new`: adding somebody, with an invitation.

use actix_web::HttpResponse;

use super::super::super::pages::admin::{Area, NewPersonPage, Problems};
use super::super::access::{FreshSubmission, FreshView};
use super::super::answers;
use crate::admin::Failure;
use crate::admin::people::link::{self, For};
use crate::admin::people::make::{NewPerson, make};

pub async fn get(FreshView(view): FreshView) -> HttpResponse {
    let html = NewPersonPage {
        shell: view.shell(Area::People),
        email: String::new(),
        name: String::new(),
        is_admin: false,
        has_mail: view.state.accounts.mail.is_on(),
        problems: Problems::default(),
    };
    answers::page(&view.state, &html, &view.token)
}

pub async fn post(FreshSubmission(sent): FreshSubmission) -> HttpResponse {
    let (state, admin) = (&sent.state, &sent.state.admin);
    let new = NewPerson {
        email: sent.text("email").to_owned(),
        name: sent.text("name").to_owned(),
        is_admin: sent.is_ticked("is_admin"),
        password_hash: None,
    };
    let failure = match make(admin, &sent.actor, new.clone()).await {
        Ok(user) => match link::make(admin, &sent.actor, &user.id, For::ComingIn).await {
            Ok(link) => return super::show_link(state, sent.shell(Area::People), &sent.token, &link),
            Err(failure) => return answers::failed(state, failure),
        },
        Err(failure) => failure,
    };
    let Failure::Invalid(problems) = failure else { return answers::failed(state, failure) };
    let html = NewPersonPage {
        shell: sent.shell(Area::People),
        email: new.email,
        name: new.name,
        is_admin: new.is_admin,
        has_mail: state.accounts.mail.is_on(),
        problems: Problems(problems.clone()),
    };
    answers::again(state, &Failure::Invalid(problems), &html, &sent.token)
}
