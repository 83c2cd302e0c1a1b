//! `/account/password`: changing it, setting the first, and what is good enough.

use super::{NEW_PASSWORD, link, person, try_login};
use crate::on_both;
use crate::support::{EMAIL, Form, PASSWORD, TestApp, location};

const PAGE: &str = "/account/password";

fn filled(page: &str, password: &str) -> Form {
    Form::of(page, PAGE).set("password", password).set("password_again", password)
}

async fn a_changed_password_ends_every_other_session(app: TestApp) {
    let (browser, elsewhere) = (app.signed_in().await, app.signed_in().await);
    let page = browser.page(PAGE).await;
    assert!(page.contains("Change your password"));
    let form = filled(&page, NEW_PASSWORD);
    assert_eq!(browser.send(&form.clone().without("csrf")).await.status(), 403);
    let response = browser.send(&form).await;
    assert!(browser.page(&location(&response)).await.contains("Everywhere else you were signed out"));
    assert_eq!(elsewhere.get("/account").await.status(), 303);
    assert_eq!(try_login(&app.browser(), EMAIL, PASSWORD).await.status(), 401);
    assert_eq!(try_login(&app.browser(), EMAIL, NEW_PASSWORD).await.status(), 303);
    assert_eq!(app.audit_reasons("user.password_changed").await, ["ok"]);
}

async fn a_weak_password_is_not_taken_and_changes_nothing(app: TestApp) {
    let (browser, elsewhere) = (app.signed_in().await, app.signed_in().await);
    for (password, sentence) in [
        ("short", "at least 12"),
        ("password12345678", "easy to guess"),
        ("qwertyuiop[]asdf", "side by side"),
        (EMAIL, "e-mail address"),
    ] {
        let response = browser.send(&filled(&browser.page(PAGE).await, password)).await;
        assert_eq!(response.status(), 422, "{password}");
        let page = response.text().await.unwrap();
        assert!(page.contains(sentence) && !page.contains(&format!("value=\"{password}\" name")), "{page}");
    }
    let different = filled(&browser.page(PAGE).await, NEW_PASSWORD).set("password_again", "other");
    assert_eq!(browser.send(&different).await.status(), 422);
    assert_eq!(elsewhere.get("/account").await.status(), 200);
    assert_eq!(try_login(&app.browser(), EMAIL, PASSWORD).await.status(), 303);
}

async fn only_a_fresh_login_changes_the_password(app: TestApp) {
    let browser = app.signed_in().await;
    let form = filled(&browser.page(PAGE).await, NEW_PASSWORD);
    app.advance(15 * 60 + 1).await;
    for response in [browser.get(PAGE).await, browser.send(&form).await] {
        let login = location(&response);
        assert_eq!(login, "/login?return_to=%2Faccount%2Fpassword&again=1");
    }
    assert_eq!(try_login(&app.browser(), EMAIL, PASSWORD).await.status(), 303);
    assert_eq!(app.browser().get(PAGE).await.status(), 303);
}

async fn weak_passwords_are_refused_wherever_one_is_chosen(app: TestApp) {
    let bob = person(&app, "bob@example.com", None).await;
    let link = link(&app, gatepost::store::links::LinkPurpose::Reset, Some(&bob.id)).await;
    let browser = app.browser();
    let form = Form::read(&browser.page(&link).await);
    let weak = "aaaaaaaaaaaaaaaa";
    let response = browser.send(&form.clone().set("password", weak).set("password_again", weak)).await;
    assert_eq!(response.status(), 422);
    assert!(response.text().await.unwrap().contains("Repeating something adds little"));
    let good = form.set("password", NEW_PASSWORD).set("password_again", NEW_PASSWORD);
    assert_eq!(browser.send(&good).await.status(), 303, "the link still works");
}

on_both! {
    a_changed_password_ends_every_other_session,
    a_weak_password_is_not_taken_and_changes_nothing,
    only_a_fresh_login_changes_the_password,
    weak_passwords_are_refused_wherever_one_is_chosen,
}
