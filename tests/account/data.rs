//! `/account/data`: the copy, and the end of an account.

use gatepost::accounts::deletion::{self, DeletionError};
use gatepost::jobs::{Retention, reap_once};
use gatepost::oauth::Origin;
use serde_json::Value;

use super::somebody_else;
use crate::mcp::caller::Caller;
use crate::support::{Browser, Database, EMAIL, Form, Mailbox, PASSWORD, TestApp, json_of, location};
use crate::{on_both, on_each};

const PAGE: &str = "/account/data";
const DELETE: &str = "/account/data/delete";
const DAY: i64 = 86_400;

async fn export(browser: &Browser) -> Value {
    let form = Form::all(&browser.page(PAGE).await, "/account/data/export").remove(0);
    let response = browser.send(&form).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-disposition"], "attachment; filename=\"gatepost-data.json\"");
    assert_eq!(response.headers()["cache-control"], "no-store");
    json_of(response).await
}

async fn delete(browser: &Browser, email: &str) -> reqwest::Response {
    let form = Form::all(&browser.page(PAGE).await, DELETE).remove(0);
    browser.send(&form.set("email", email)).await
}

/// Rows of a person in a table.
async fn rows_of(app: &TestApp, table: &str, user_id: &str) -> i64 {
    use sqlx::{AssertSqlSafe, Row as _};
    let statement = AssertSqlSafe(format!("SELECT COUNT(*) FROM {table} WHERE user_id = $1"));
    let pool = app.core.oauth.store.pool();
    sqlx::query(statement).bind(user_id.to_owned()).fetch_one(pool).await.unwrap().try_get(0).unwrap()
}

async fn the_copy_holds_everything_but_secrets_and_other_people(app: TestApp) {
    let browser = app.signed_in().await;
    let client = app.client().await;
    let tokens = client.log_in(&browser, "search:read offline_access").await;
    let (_, eve) = somebody_else(&app, "eve@example.com").await;
    client.log_in(&eve, "search:read").await;
    app.core.oauth.audit.flush().await;
    let copy = export(&browser).await;
    assert_eq!(copy["profile"][0]["email"], EMAIL);
    assert_eq!(copy["profile"][0]["has_password"], 1);
    assert_eq!(copy["sessions"][0]["created_at"], "2027-01-15T08:00:00Z");
    for part in ["profile", "sessions", "consents", "grants", "known_browsers"] {
        assert_eq!(copy[part].as_array().unwrap().len(), 1, "{part}: {copy}");
    }
    assert_eq!(copy["consents"][0]["client_name"], "Test app");
    assert!(copy["events"].as_array().unwrap().len() >= 3, "{copy}");
    assert!(copy["about"]["contents"].as_str().unwrap().contains("at most 10000"));
    let text = copy.to_string();
    let hash = app.user.password_hash.clone().unwrap();
    for secret in [hash.as_str(), "argon2", "secret_hash", "browser_hash", "eve@example.com", &tokens.refresh]
    {
        assert!(!text.contains(secret), "{secret}");
    }
    assert_eq!(app.audit_reasons("user.exported").await, ["ok"]);
}

async fn both_need_a_fresh_login_and_a_form_of_this_browser(app: TestApp) {
    let (_, browser) = somebody_else(&app, "bob@example.com").await;
    let page = browser.page(PAGE).await;
    let forms = ["/account/data/export", DELETE].map(|to| Form::all(&page, to).remove(0));
    app.advance(16 * 60).await;
    let again = "/login?return_to=%2Faccount%2Fdata&again=1";
    assert_eq!(location(&browser.get(PAGE).await), again);
    for form in &forms {
        assert_eq!(location(&browser.send(&form.clone().set("email", "bob@example.com")).await), again);
        let bare = form.clone().without("csrf").set("email", "bob@example.com");
        assert_eq!(browser.send(&bare).await.status(), 403);
    }
    assert_eq!(app.browser().get(PAGE).await.status(), 303);
    browser.page("/account").await;
    assert!(app.audit_reasons("user.deleted").await.is_empty());
}

async fn a_deleted_account_is_gone_at_once(app: TestApp) {
    let (bob, browser) = somebody_else(&app, "bob@example.com").await;
    let elsewhere = app.browser();
    elsewhere.sign_in("bob@example.com", PASSWORD).await;
    let client = app.client().await;
    let tokens = client.log_in(&browser, "search:read offline_access").await;
    let caller = Caller::new(&app, &tokens.access);
    let unseen = client.tokens(&client.refreshing(&tokens.refresh)).await;
    assert_eq!(caller.status().await, 200);

    for wrong in ["", "ann@example.com", "bob"] {
        let response = delete(&browser, wrong).await;
        assert_eq!(response.status(), 422);
        assert!(response.text().await.unwrap().contains("Type the e-mail address"), "{wrong}");
    }
    assert_eq!(caller.status().await, 200);
    let response = delete(&browser, " Bob@example.com").await;
    assert_eq!(response.status(), 200);
    assert!(response.text().await.unwrap().contains("Your account is deleted"));

    assert_eq!(caller.status().await, 401);
    assert_eq!(Caller::new(&app, &unseen.access).status().await, 401);
    assert_eq!(client.refused(&client.refreshing(&unseen.refresh)).await, "invalid_grant");
    for browser in [&browser, &elsewhere] {
        assert_eq!(browser.get("/account").await.status(), 303);
    }
    let form = Form::read(&browser.page("/login").await);
    let response = browser.send(&form.set("email", "bob@example.com").set("password", PASSWORD)).await;
    assert_eq!(response.status(), 401);
    for table in [
        "sessions",
        "consents",
        "known_browsers",
        "one_time_links",
        "ceremonies",
        "passkeys",
        "totp",
        "recovery_codes",
        "identities",
    ] {
        assert_eq!(rows_of(&app, table, &bob.id).await, 0, "{table}");
    }
    let store = &app.core.accounts.store;
    assert!(store.list_users("", 100).await.unwrap().iter().all(|u| u.id != bob.id));
    assert!(!store.enable_user(bob.id.clone()).await.unwrap(), "nobody brings it back");
    assert_eq!(
        app.audit_reasons("user.deleted").await,
        ["not_confirmed", "not_confirmed", "not_confirmed", "ok"]
    );

    let (again, _) = somebody_else(&app, "bob@example.com").await;
    assert_ne!(again.id, bob.id, "the address is free at once");
    app.core.oauth.audit.flush().await;
    let retention = Retention { unused_clients: 7 * DAY, audit_events: 400 * DAY };
    app.advance(2 * DAY).await;
    reap_once(&app.core.accounts, retention, app.clock.now()).await.unwrap();
    assert_eq!(rows_of(&app, "grants", &bob.id).await, 1, "kept while a token could live");
    app.advance(1).await;
    reap_once(&app.core.accounts, retention, app.clock.now()).await.unwrap();
    assert_eq!(rows_of(&app, "grants", &bob.id).await, 0, "gone with the emptied row");
    assert!(rows_of(&app, "audit_events", &bob.id).await > 3, "the trail stays");
}

async fn another_process_refuses_a_deleted_persons_token_it_never_saw(app: TestApp) {
    let (bob, browser) = somebody_else(&app, "bob@example.com").await;
    let tokens = app.client().await.log_in(&browser, "search:read").await;
    let replica = app.replica().await;
    app.core.accounts.store.delete_user(bob.id, app.clock.now()).await.unwrap();
    assert_eq!(Caller::new(&replica, &tokens.access).status().await, 401);
}

async fn the_last_administrator_stays(app: TestApp) {
    let browser = app.signed_in().await;
    let response = delete(&browser, EMAIL).await;
    assert_eq!(response.status(), 422);
    assert!(response.text().await.unwrap().contains("only administrator"));
    browser.page("/account").await;
    assert_eq!(app.audit_reasons("user.deleted").await, ["last_admin"]);
    // A second administrator who is disabled does not count.
    let accounts = &app.core.accounts;
    let mut other = app.another_admin("ada@example.com").await;
    accounts.store.disable_user(other.id.clone(), app.clock.now()).await.unwrap();
    assert_eq!(delete(&browser, EMAIL).await.status(), 422);
    accounts.store.enable_user(other.id.clone()).await.unwrap();
    assert_eq!(delete(&browser, EMAIL).await.status(), 200);
    other = accounts.store.find_user(&other.id).await.unwrap().unwrap();
    let refused = deletion::delete(accounts, &other, "ada@example.com", &Origin::default()).await;
    assert!(matches!(refused, Err(DeletionError::LastAdmin)), "{refused:?}");
}

async fn of_two_administrators_who_leave_at_once_one_stays(app: TestApp) {
    let accounts = &app.core.accounts;
    let other = app.another_admin("ada@example.com").await;
    let replica = app.replica().await;
    let now = app.clock.now();
    let (one, two) = tokio::join!(
        accounts.store.delete_user(app.user.id.clone(), now),
        replica.core.accounts.store.delete_user(other.id, now),
    );
    assert_ne!(one.unwrap(), two.unwrap());
}

on_both! {
    the_copy_holds_everything_but_secrets_and_other_people,
    both_need_a_fresh_login_and_a_form_of_this_browser,
    a_deleted_account_is_gone_at_once,
    another_process_refuses_a_deleted_persons_token_it_never_saw,
    the_last_administrator_stays,
    of_two_administrators_who_leave_at_once_one_stays,
}

async fn the_person_is_told_by_mail(database: Database) {
    let mailbox = Mailbox::open().await;
    let app = TestApp::start_with_mail(database, &mailbox).await;
    let (_, browser) = somebody_else(&app, "bob@example.com").await;
    assert_eq!(delete(&browser, "bob@example.com").await.status(), 200);
    let mail = mailbox.wait_for(1).await.remove(0);
    assert_eq!((mail.to.as_str(), mail.subject()), ("bob@example.com", "Your account was deleted"));
}

on_each! {
    the_person_is_told_by_mail,
}
