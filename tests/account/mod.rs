//! A person's own pages: profile, apps, sign-ins, activity, data, and the mail that goes with them.

mod activity;
mod apps;
mod browsers;
mod data;
mod forgot;
mod profile;
mod sessions;

use gatepost::accounts::links;
use gatepost::store::users::UserRow;
use gatepost::types::Plain;

use crate::support::{Browser, PASSWORD, TestApp};

/// Another person with the usual password, and a browser they are signed in on.
pub async fn somebody_else(app: &TestApp, email: &str) -> (UserRow, Browser) {
    let accounts = &app.core.accounts;
    let hash = accounts.passwords.hash(Plain::new(PASSWORD.to_owned())).await.unwrap();
    let user = links::new_user(accounts, email.to_owned(), None, Some(hash), false);
    accounts.store.add_user(user.clone()).await.unwrap();
    let browser = app.browser();
    browser.sign_in(email, PASSWORD).await;
    (user, browser)
}
