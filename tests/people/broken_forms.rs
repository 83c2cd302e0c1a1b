//! People's forms that arrive broken: every answer is a page that says what to do, none changes anything.

use reqwest::Method;

use super::try_login;
use crate::support::{Browser, Database, EMAIL, FORM, Form, PASSWORD, Requests, TestApp, text_of};
use crate::{on_both, on_each};

const FORMS: [&str; 4] = ["/login", "/logout", "/setup", "/reset"];

/// The form of the login page, on its way to another page: its token is good everywhere before a login.
async fn good_form(browser: &Browser, path: &str) -> Form {
    let mut form = Form::read(&browser.page("/login").await).set("email", EMAIL).set("password", PASSWORD);
    path.clone_into(&mut form.action);
    form
}

/// A page with one sentence, what to do next, and a reference; returns the reference.
fn reference_on(page: &str) -> String {
    let text = text_of(page);
    assert!(text.contains("What to do next"), "{text}");
    let (_, rest) = text.split_once("Reference ").unwrap_or_else(|| panic!("no reference: {text}"));
    rest[..10].to_owned()
}

async fn events_with(app: &TestApp, reference: &str) -> Vec<(String, String)> {
    app.core.accounts.audit.flush().await;
    let events = app.core.accounts.store.list_events("", 1_000).await.unwrap();
    let with = events.into_iter().filter(|e| e.reference.as_deref() == Some(reference));
    with.map(|e| (e.kind, e.reason)).collect()
}

async fn the_login_form_survives_broken_requests(app: TestApp) {
    let mut requests = Requests::of_person(&app, "/login");
    requests.broken_forms("email=ann%40example.com&password=x");
    requests.post("a NUL in the address", FORM, "email=%00&password=x");
    requests.post("no UTF-8", FORM, "email=%ff%fe&password=x");
    requests.compare("login").await;
}

async fn the_logout_form_survives_broken_requests(app: TestApp) {
    let mut requests = Requests::of_person(&app, "/logout");
    requests.broken_forms("csrf=x");
    requests.compare("logout").await;
}

async fn the_set_up_form_survives_broken_requests(app: TestApp) {
    let mut requests = Requests::of_person(&app, "/setup");
    requests.broken_forms("token=lnk_x&email=ann%40example.com");
    requests.post("a NUL in the link", FORM, "token=lnk_%00");
    requests.compare("setup").await;
}

async fn the_password_form_survives_broken_requests(app: TestApp) {
    let mut requests = Requests::of_person(&app, "/reset");
    requests.broken_forms("token=lnk_x&password=x");
    requests.post("a NUL in the link", FORM, "token=lnk_%00");
    requests.compare("reset").await;
}

async fn the_reference_on_the_page_finds_the_audit_event(app: TestApp) {
    let kinds = ["session.login", "session.logout", "setup.completed", "user.password_reset"];
    for (path, kind) in FORMS.into_iter().zip(kinds) {
        let large = app.http().post(app.at(path)).header("content-type", FORM).body("x".repeat(20_000));
        let response = large.send().await.unwrap();
        assert_eq!(response.status(), 413, "{path}");
        let reference = reference_on(&response.text().await.unwrap());
        let found = events_with(&app, &reference).await;
        assert_eq!(found, [(kind.to_owned(), "body_too_large".to_owned())], "{path}");
    }
    let post = app.http().post(app.at("/oauth/authorize")).header("content-type", "text/plain");
    let response = post.body("x").send().await.unwrap();
    assert_eq!(response.status(), 400);
    let reference = reference_on(&response.text().await.unwrap());
    let found = events_with(&app, &reference).await;
    assert_eq!(found, [("authorization.requested".to_owned(), "malformed_request".to_owned())]);
}

async fn a_field_sent_twice_is_refused_even_when_everything_else_is_right(app: TestApp) {
    let browser = app.browser();
    let mut form = good_form(&browser, "/login").await;
    form.fields.push(("email".to_owned(), "eve@example.com".to_owned()));
    let response = browser.send(&form).await;
    assert_eq!(response.status(), 400);
    let reference = reference_on(&response.text().await.unwrap());
    let found = events_with(&app, &reference).await;
    assert_eq!(found, [("session.login".to_owned(), "duplicate_parameter".to_owned())]);
    assert_eq!(browser.get("/account").await.status(), 303, "nobody was signed in");
    assert_eq!(try_login(&browser, EMAIL, PASSWORD).await.status(), 303);
}

async fn a_form_from_elsewhere_is_recorded(app: TestApp) {
    let browser = app.signed_in().await;
    for (path, kind) in
        [("/logout", "session.logout"), ("/setup", "setup.completed"), ("/reset", "user.password_reset")]
    {
        let form = Form { action: path.to_owned(), fields: vec![("csrf".to_owned(), "x".to_owned())] };
        let response = browser.send(&form).await;
        assert_eq!(response.status(), 403, "{path}");
        let reference = reference_on(&response.text().await.unwrap());
        assert_eq!(events_with(&app, &reference).await, [(kind.to_owned(), "stale_form".to_owned())]);
    }
    assert_eq!(browser.get("/account").await.status(), 200, "still signed in");
}

async fn the_protocol_keeps_answering_in_json(app: TestApp) {
    for path in ["/oauth/token", "/oauth/revoke", "/oauth/introspect"] {
        let request = app.http().request(Method::POST, app.at(path)).header("content-type", FORM);
        let response = request.body("x".repeat(20_000)).send().await.unwrap();
        assert_eq!(response.status(), 413, "{path}");
        assert_eq!(response.headers()["content-type"], "application/json");
    }
}

on_both! {
    the_login_form_survives_broken_requests,
    the_logout_form_survives_broken_requests,
    the_set_up_form_survives_broken_requests,
    the_password_form_survives_broken_requests,
    the_reference_on_the_page_finds_the_audit_event,
    a_field_sent_twice_is_refused_even_when_everything_else_is_right,
    a_form_from_elsewhere_is_recorded,
    the_protocol_keeps_answering_in_json,
}

async fn too_many_tries_at_a_link_are_answered_with_a_page(database: Database) {
    let limit = [("GATEPOST_LIMITS__LOGIN_PER_MINUTE_PER_ADDRESS", "1")];
    let app = TestApp::start_with(database, &limit).await;
    let browser = app.browser();
    let form = good_form(&browser, "/reset").await.set("token", "lnk_guess");
    assert_eq!(browser.send(&form).await.status(), 410);
    for (path, kind) in [("/reset", "user.password_reset"), ("/setup", "setup.completed")] {
        let form = Form { action: path.to_owned(), ..form.clone() };
        let response = browser.send(&form).await;
        assert_eq!(response.status(), 429, "{path}");
        let seconds: u64 = response.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=60).contains(&seconds), "{seconds}");
        assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
        let page = response.text().await.unwrap();
        assert!(page.contains("Too many attempts") && page.contains("try again in"), "{page}");
        let found = events_with(&app, &reference_on(&page)).await;
        assert_eq!(found, [(kind.to_owned(), "rate_limited".to_owned())]);
    }
}

on_each! {
    too_many_tries_at_a_link_are_answered_with_a_page,
}
