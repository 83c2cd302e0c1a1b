//! `/account`: the name, and that it is not stale anywhere.

use crate::mcp::caller::{Caller, log_in};
use crate::on_both;
use crate::support::{Browser, Form, TestApp, location};

async fn rename(browser: &Browser, name: &str) -> reqwest::Response {
    let form = Form::all(&browser.page("/account").await, "/account").remove(0);
    browser.send(&form.set("name", name)).await
}

async fn a_new_name_is_told_to_apps_at_once_and_elsewhere_with_the_next_look(app: TestApp) {
    let (_, tokens, caller) = log_in(&app, "search:read").await;
    let replica = app.replica().await;
    let there = Caller::new(&replica, &tokens.access);
    assert_eq!((&caller.who().await["name"], &there.who().await["name"]), (&"Ann".into(), &"Ann".into()));
    let browser = app.signed_in().await;
    let response = rename(&browser, "  Ann of Green Gables ").await;
    assert_eq!(location(&response), "/account?done=name");
    assert!(browser.page("/account?done=name").await.contains("Your name is saved."));
    assert_eq!(caller.who().await["name"], "Ann of Green Gables");
    replica.sync().await;
    assert_eq!(there.who().await["name"], "Ann of Green Gables");
    assert_eq!(app.audit_reasons("user.renamed").await, ["ok"]);
    rename(&browser, "").await;
    assert!(caller.who().await["name"].is_null());
    assert_eq!(app.core.accounts.store.find_user(&app.user.id).await.unwrap().unwrap().name, None);
}

async fn a_name_that_cannot_be_shown_changes_nothing(app: TestApp) {
    let browser = app.signed_in().await;
    for bad in ["x".repeat(101), "a\u{1}b".to_owned(), "a\u{9}b".to_owned(), "x".repeat(10_000)] {
        let response = rename(&browser, &bad).await;
        assert_eq!(response.status(), 422);
        assert!(response.text().await.unwrap().contains("aria-invalid"));
    }
    assert_eq!(rename(&browser, "Ann").await.status(), 303, "the same name is no change");
    assert!(app.audit_reasons("user.renamed").await.is_empty());
    let form = Form::all(&browser.page("/account").await, "/account").remove(0);
    assert_eq!(browser.send(&form.without("csrf").set("name", "Eve")).await.status(), 403);
    let user = app.core.accounts.store.find_user(&app.user.id).await.unwrap().unwrap();
    assert_eq!(user.name.as_deref(), Some("Ann"));
}

on_both! {
    a_new_name_is_told_to_apps_at_once_and_elsewhere_with_the_next_look,
    a_name_that_cannot_be_shown_changes_nothing,
}
