//! People's pages over HTTP: set-up, login, new passwords, sessions, and what every page has in common.

mod broken_forms;
mod command_line;
mod invite;
mod login;
mod pages;
mod passkeys;
mod password;
mod required;
mod reset;
mod second_factor;
mod session;
mod setup;
mod throttling;
pub mod upstream;

use gatepost::accounts::links;
use gatepost::store::links::LinkPurpose;
use gatepost::store::users::UserRow;
use gatepost::types::Plain;
use reqwest::Response;

use crate::support::{Browser, Form, TestApp};

/// A password nobody has yet.
const NEW_PASSWORD: &str = "a brand new password";

/// The path of a new one-time link.
async fn link(app: &TestApp, purpose: LinkPurpose, user_id: Option<&str>) -> String {
    let secret = links::create(&app.core.accounts, purpose, user_id.map(str::to_owned)).await.unwrap();
    let page = match purpose {
        LinkPurpose::Setup => "setup",
        LinkPurpose::Reset => "reset",
        LinkPurpose::Invite => "invite",
    };
    format!("/{page}?token={}", secret.expose())
}

/// Another person, with a password if one is given.
async fn person(app: &TestApp, email: &str, password: Option<&str>) -> UserRow {
    let accounts = &app.core.accounts;
    let hash = match password {
        Some(text) => Some(accounts.passwords.hash(Plain::new(text.to_owned())).await.unwrap()),
        None => None,
    };
    let user = links::new_user(accounts, email.to_owned(), None, hash, false);
    accounts.store.add_user(user.clone()).await.unwrap();
    user
}

/// Sends a login form that the browser was just shown.
async fn try_login(browser: &Browser, email: &str, password: &str) -> Response {
    let form = Form::read(&browser.page("/login").await).set("email", email).set("password", password);
    browser.send(&form).await
}

/// How `/account` is answered to a bare cookie header: 200 when it stands for somebody.
async fn account_with(app: &TestApp, cookie: &str) -> u16 {
    let request = app.http().get(app.at("/account")).header("cookie", cookie);
    request.send().await.unwrap().status().as_u16()
}
