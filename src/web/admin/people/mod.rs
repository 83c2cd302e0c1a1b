//! `/admin/people/…`: people, and what administrators do about them.

pub mod administer;
pub mod delete;
pub mod disable;
pub mod edit;
pub mod enable;
pub mod end_apps;
pub mod end_sessions;
pub mod invite_link;
pub mod list;
pub mod new;
pub mod one;
pub mod remove_identity;
pub mod reset_link;
pub mod second_factor;

use actix_web::HttpResponse;

use super::super::State;
use super::super::csrf::FormToken;
use super::super::pages::admin::{Area, PersonHead, PersonLinkPage, Shell, StepPage};
use super::access::{Submission, View};
use super::answers;
use crate::admin::Failure;
use crate::admin::people;
use crate::admin::people::link::{For, Link};
use crate::store::users::UserRow;

const PAGE: &str = "/admin/people";

/// The page of a person, or one below it.
fn url(id: &str, below: &str) -> String {
    format!("{PAGE}/{id}{below}")
}

fn head(user: &UserRow) -> PersonHead {
    PersonHead { id: user.id.clone(), email: user.email.clone(), name: user.name.clone() }
}

/// What a page asks before it does something about a person.
struct Step {
    title: &'static str,
    points: Vec<String>,
    /// The page's own address, below the person's.
    at: String,
    button: &'static str,
    is_danger: bool,
    hidden: Option<(&'static str, String)>,
    asks_for_address: bool,
}

impl Step {
    fn new(title: &'static str, at: &str, button: &'static str, points: &[&str]) -> Self {
        Self {
            title,
            points: points.iter().map(|point| (*point).to_owned()).collect(),
            at: at.to_owned(),
            button,
            is_danger: true,
            hidden: None,
            asks_for_address: false,
        }
    }

    fn with(self, name: &'static str, value: &str) -> Self {
        Self { hidden: Some((name, value.to_owned())), ..self }
    }

    fn harmless(self) -> Self {
        Self { is_danger: false, ..self }
    }

    fn page(self, shell: Shell, user: &UserRow, problem: Option<String>) -> StepPage {
        StepPage {
            shell,
            head: head(user),
            title: self.title,
            points: self.points,
            action_url: url(&user.id, &self.at),
            button: self.button,
            is_danger: self.is_danger,
            hidden: self.hidden,
            asks_for_address: self.asks_for_address,
            problem,
        }
    }
}

/// Asks before a step about this person.
async fn ask(view: &View, id: &str, step: impl FnOnce(&UserRow) -> Step) -> HttpResponse {
    match people::find(&view.state.admin, id).await {
        Ok(user) => {
            let html = step(&user).page(view.shell(Area::People), &user, None);
            answers::page(&view.state, &html, &view.token)
        }
        Err(failure) => answers::failed(&view.state, failure),
    }
}

/// After a step: the person's page, with a sentence that says so.
fn done<T>(state: &State, id: &str, code: &str, result: Result<T, Failure>) -> HttpResponse {
    match result {
        Ok(_) => answers::done(&url(id, ""), code),
        Err(failure) => answers::failed(state, failure),
    }
}

/// Makes a link, mails it where there is a mail server, and shows it this once.
async fn hand_over(sent: &Submission, id: &str, what: For) -> HttpResponse {
    match people::link::make(&sent.state.admin, &sent.actor, id, what).await {
        Ok(link) => show_link(&sent.state, sent.shell(Area::People), &sent.token, &link),
        Err(failure) => answers::failed(&sent.state, failure),
    }
}

fn show_link(state: &State, shell: Shell, token: &FormToken, link: &Link) -> HttpResponse {
    let html = PersonLinkPage {
        shell,
        head: head(&link.user),
        is_invitation: link.what == For::ComingIn,
        link: state.issuer().at(link.path.expose()),
        life: link.what.life(),
        is_mailed: link.mail(&state.admin),
    };
    answers::page(state, &html, token)
}
