//! Limits on guessing: they slow down who guesses, and nobody else.

use super::{person, try_login};
use crate::on_each;
use crate::support::{Browser, Database, EMAIL, PASSWORD, TestApp};

const PROXY: (&str, &str) = ("GATEPOST_LIMITS__TRUSTED_PROXIES", "127.0.0.1");

/// A browser somewhere else, as the proxy tells it.
fn at(app: &TestApp, forwarded_for: &str) -> Browser {
    Browser::with_headers(app, &[("x-forwarded-for", forwarded_for)])
}

async fn guess(browser: &Browser, email: &str) -> u16 {
    try_login(browser, email, "not the password").await.status().as_u16()
}

async fn guessing_an_account_locks_out_the_guesser_only(database: Database) {
    let settings = [PROXY, ("GATEPOST_LIMITS__LOGIN_PER_MINUTE_PER_ACCOUNT", "3")];
    let app = TestApp::start_with(database, &settings).await;
    person(&app, "bob@example.com", Some(PASSWORD)).await;
    let guesser = at(&app, "192.0.2.1");
    for _ in 0..3 {
        assert_eq!(guess(&guesser, EMAIL).await, 401);
    }
    let response = try_login(&guesser, EMAIL, PASSWORD).await;
    assert_eq!(response.status(), 429, "even the right password");
    let seconds: u64 = response.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
    let page = response.text().await.unwrap();
    assert!(page.contains("Too many attempts from here. Try again in"), "{page}");
    assert!(page.contains("<form"), "the form is there for another try");
    assert_eq!(guess(&guesser, "ANN@EXAMPLE.COM ").await, 429, "another spelling is the same account");
    assert_eq!(try_login(&guesser, "bob@example.com", PASSWORD).await.status(), 303);
    assert_eq!(try_login(&at(&app, "192.0.2.2"), EMAIL, PASSWORD).await.status(), 303);
    assert!(app.audit_reasons("session.login").await.contains(&"rate_limited".to_owned()));
}

async fn an_account_that_does_not_exist_is_throttled_the_same_way(database: Database) {
    let settings = [PROXY, ("GATEPOST_LIMITS__LOGIN_PER_MINUTE_PER_ACCOUNT", "2")];
    let app = TestApp::start_with(database, &settings).await;
    let guesser = at(&app, "192.0.2.1");
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(guess(&guesser, "nobody@example.com").await);
    }
    assert_eq!(statuses, [401, 401, 429]);
}

async fn one_place_cannot_try_every_account(database: Database) {
    let settings = [PROXY, ("GATEPOST_LIMITS__LOGIN_PER_MINUTE_PER_ADDRESS", "3")];
    let app = TestApp::start_with(database, &settings).await;
    let guesser = at(&app, "192.0.2.1");
    for number in 0..3 {
        assert_eq!(guess(&guesser, &format!("person{number}@example.com")).await, 401);
    }
    assert_eq!(guess(&guesser, "person3@example.com").await, 429);
    assert_eq!(guess(&at(&app, "192.0.2.2"), "person3@example.com").await, 401);
}

async fn one_subscriber_is_one_place(database: Database) {
    let settings = [PROXY, ("GATEPOST_LIMITS__LOGIN_PER_MINUTE_PER_ADDRESS", "2")];
    let app = TestApp::start_with(database, &settings).await;
    assert_eq!(guess(&at(&app, "2001:db8:0:1::1"), "a@example.com").await, 401);
    assert_eq!(guess(&at(&app, "2001:db8:0:1:ffff::2"), "b@example.com").await, 401);
    assert_eq!(guess(&at(&app, "2001:db8:0:1::3"), "c@example.com").await, 429);
    assert_eq!(guess(&at(&app, "2001:db8:0:2::1"), "c@example.com").await, 401);
    // An IPv4 address in its IPv6 dress is the same place.
    assert_eq!(guess(&at(&app, "::ffff:192.0.2.9"), "a@example.com").await, 401);
    assert_eq!(guess(&at(&app, "192.0.2.9"), "b@example.com").await, 401);
    assert_eq!(guess(&at(&app, "192.0.2.9"), "c@example.com").await, 429);
}

async fn what_the_caller_claims_is_not_believed(database: Database) {
    let settings = [PROXY, ("GATEPOST_LIMITS__LOGIN_PER_MINUTE_PER_ADDRESS", "2")];
    let app = TestApp::start_with(database, &settings).await;
    // The proxy appends the true address; what stands to its left came with the request.
    assert_eq!(guess(&at(&app, "203.0.113.1, 192.0.2.1"), "a@example.com").await, 401);
    assert_eq!(guess(&at(&app, "203.0.113.2, 192.0.2.1"), "b@example.com").await, 401);
    assert_eq!(guess(&at(&app, "203.0.113.3,192.0.2.1"), "c@example.com").await, 429);
    assert_eq!(guess(&at(&app, "nonsense, 192.0.2.1"), "c@example.com").await, 429);
}

async fn without_a_trusted_proxy_the_header_is_ignored(database: Database) {
    let settings = [("GATEPOST_LIMITS__LOGIN_PER_MINUTE_PER_ADDRESS", "2")];
    let app = TestApp::start_with(database, &settings).await;
    assert_eq!(guess(&at(&app, "192.0.2.1"), "a@example.com").await, 401);
    assert_eq!(guess(&at(&app, "192.0.2.2"), "b@example.com").await, 401);
    assert_eq!(guess(&at(&app, "192.0.2.3"), "c@example.com").await, 429);
    app.core.accounts.audit.flush().await;
    let events = app.core.accounts.store.list_events("", 1_000).await.unwrap();
    let logins = events.iter().filter(|e| e.kind == "session.login");
    assert!(logins.clone().count() >= 3);
    assert!(logins.map(|e| e.address.as_deref()).all(|a| a == Some("127.0.0.1")));
}

async fn guessing_one_time_links_is_slowed_down(database: Database) {
    let settings = [PROXY, ("GATEPOST_LIMITS__LOGIN_PER_MINUTE_PER_ADDRESS", "3")];
    let app = TestApp::start_with(database, &settings).await;
    let browser = at(&app, "192.0.2.1");
    let mut form = crate::support::Form::read(&browser.page("/login").await).set("token", "lnk_guess");
    for path in ["/reset", "/setup"] {
        path.clone_into(&mut form.action);
        let mut statuses = Vec::new();
        for _ in 0..3 {
            statuses.push(browser.send(&form).await);
        }
        let last = statuses.pop().unwrap();
        if path == "/setup" {
            assert_eq!(last.status(), 429);
            assert!(last.headers().contains_key("retry-after"));
        } else {
            assert_eq!(last.status(), 410);
        }
    }
}

on_each! {
    guessing_an_account_locks_out_the_guesser_only,
    an_account_that_does_not_exist_is_throttled_the_same_way,
    one_place_cannot_try_every_account,
    one_subscriber_is_one_place,
    what_the_caller_claims_is_not_believed,
    without_a_trusted_proxy_the_header_is_ignored,
    guessing_one_time_links_is_slowed_down,
}
