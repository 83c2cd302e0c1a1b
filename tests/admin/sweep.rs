//! Every route for administrators, asked by everybody who must not get through.

use gatepost::web::{ADMIN_ROUTES, Access, AdminRoute};
use reqwest::{Response, StatusCode};

use crate::on_both;
use crate::support::{Browser, EMAIL, Form, PASSWORD, TestApp, location, text_of};

/// The path with something in place of its parameters.
fn concrete(route: &AdminRoute) -> String {
    route
        .path
        .split('/')
        .map(|part| if part.starts_with('{') { "x" } else { part })
        .collect::<Vec<_>>()
        .join("/")
}

fn is_form(route: &AdminRoute) -> bool {
    matches!(route.access, Access::Submission | Access::FreshSubmission)
}

async fn ask(browser: &Browser, route: &AdminRoute, csrf: &str) -> Response {
    let path = concrete(route);
    if !is_form(route) {
        return browser.get(&path).await;
    }
    let fields = vec![("csrf".to_owned(), csrf.to_owned())];
    browser.send(&Form { action: path, fields }).await
}

async fn token(browser: &Browser) -> String {
    Form::read(&browser.page("/account").await).get("csrf").to_owned()
}

/// Nothing but the audit trail and what a login leaves may differ.
async fn state(app: &TestApp) -> String {
    let rows = app.db_rows().await;
    rows.lines()
        .filter(|l| !l.starts_with("sessions.") && !l.contains("last_"))
        .collect::<Vec<_>>()
        .join("\n")
}

async fn nobody_gets_through(app: TestApp) {
    let (browser, before) = (app.browser(), state(&app).await);
    for route in ADMIN_ROUTES {
        let response = ask(&browser, route, "x").await;
        assert_eq!(response.status(), StatusCode::SEE_OTHER, "{route:?}");
        assert!(
            location(&response).starts_with("/login?return_to=%2Fadmin"),
            "{route:?}: {}",
            location(&response)
        );
    }
    assert_eq!(state(&app).await, before);
}

async fn an_ordinary_person_is_refused_and_noted(app: TestApp) {
    let (_, eve) = crate::account::somebody_else(&app, "eve@example.com").await;
    let (csrf, before) = (token(&eve).await, state(&app).await);
    for route in ADMIN_ROUTES {
        let response = ask(&eve, route, &csrf).await;
        assert_eq!(response.status(), StatusCode::FORBIDDEN, "{route:?}");
        let text = text_of(&response.text().await.unwrap());
        assert!(text.contains("Only for administrators"), "{route:?}: {text}");
        assert!(text.contains("eve@example.com"), "{route:?}: {text}");
    }
    assert_eq!(state(&app).await, before);
    let noted = app.audit_reasons("admin.refused").await;
    assert_eq!(noted, vec!["not_an_administrator"; ADMIN_ROUTES.len()]);
}

async fn an_old_login_sees_and_does_what_is_not_sensitive_only(app: TestApp) {
    let ann = app.signed_in().await;
    app.advance(16 * 60).await;
    let csrf = token(&ann).await;
    for route in ADMIN_ROUTES {
        let response = ask(&ann, route, &csrf).await;
        let status = response.status();
        assert!(!status.is_server_error() && status != StatusCode::FORBIDDEN, "{route:?}: {status}");
        let led_to_login = status == StatusCode::SEE_OTHER && location(&response).starts_with("/login?");
        let is_sensitive = matches!(route.access, Access::FreshView | Access::FreshSubmission);
        assert_eq!(led_to_login, is_sensitive, "{route:?}: {status}");
    }
}

async fn a_fresh_login_gets_through(app: TestApp) {
    for route in ADMIN_ROUTES {
        // Anew each time: some routes end sessions, and sensitive forms are counted.
        let ann = app.browser();
        ann.sign_in(EMAIL, PASSWORD).await;
        let csrf = token(&ann).await;
        app.advance(70).await;
        let response = ask(&ann, route, &csrf).await;
        let status = response.status();
        assert!(!status.is_server_error() && status != StatusCode::FORBIDDEN, "{route:?}: {status}");
        let led_to_login = status == StatusCode::SEE_OTHER && location(&response).starts_with("/login");
        assert!(!led_to_login, "{route:?}");
    }
}

mod with_many_logins {
    use crate::on_each;
    use crate::support::{Database, TestApp};

    async fn a_fresh_login_gets_through(database: Database) {
        let settings = [("GATEPOST_LIMITS__LOGIN_PER_MINUTE_PER_ACCOUNT", "10000")];
        super::a_fresh_login_gets_through(TestApp::start_with(database, &settings).await).await;
    }

    on_each! { a_fresh_login_gets_through }
}

async fn a_form_without_its_token_changes_nothing(app: TestApp) {
    let ann = app.signed_in().await;
    let other = token(&app.signed_in().await).await;
    let before = state(&app).await;
    for route in ADMIN_ROUTES.iter().filter(|route| is_form(route)) {
        for csrf in ["", "x", &other] {
            let response = ask(&ann, route, csrf).await;
            assert_eq!(response.status(), StatusCode::FORBIDDEN, "{route:?}");
            assert!(response.text().await.unwrap().contains("This form is out of date"), "{route:?}");
        }
    }
    assert_eq!(state(&app).await, before);
    assert!(app.audit_reasons("admin.refused").await.iter().all(|reason| reason == "stale_form"));
}

async fn a_required_second_factor_comes_first(app: TestApp) {
    let ann = app.signed_in().await;
    for route in ADMIN_ROUTES {
        let response = ask(&ann, route, "x").await;
        assert_eq!(response.status(), StatusCode::SEE_OTHER, "{route:?}");
        assert!(location(&response).starts_with("/account/second-factor?"), "{route:?}");
    }
}

/// Ids are text of strangers: what no id can be is found by nothing.
async fn an_id_that_cannot_be_one_is_not_found(app: TestApp) {
    let ann = app.signed_in().await;
    let csrf = token(&ann).await;
    let long = "x".repeat(1_000);
    for page in ["/account/passkeys/%00", "/account/identities/%00/remove", "/login/%00/callback"] {
        assert_eq!(ann.get(page).await.status(), 404, "{page}");
    }
    for route in ADMIN_ROUTES.iter().filter(|route| route.path.contains('{')) {
        for odd in ["%00", "x%00y", "%0D%0A", "%FF", "..%2F..", "%F0%9F%94%92", &long] {
            let parts = route.path.split('/').map(|part| if part.starts_with('{') { odd } else { part });
            let path = parts.collect::<Vec<_>>().join("/");
            let status = if is_form(route) {
                let fields = vec![("csrf".to_owned(), csrf.clone())];
                ann.send(&Form { action: path, fields }).await.status()
            } else {
                ann.get(&path).await.status()
            };
            // 429: the sensitive ones are more than a minute takes.
            assert!(matches!(status.as_u16(), 404 | 429), "{route:?} with {odd}: {status}");
        }
    }
}

/// As people type it.
async fn a_slash_at_the_end_of_a_page_leads_to_the_page(app: TestApp) {
    let ann = app.signed_in().await;
    for (typed, page) in [
        ("/admin/", "/admin"),
        ("/admin/people//?q=ann", "/admin/people?q=ann"),
        ("/account/", "/account"),
        ("/login/", "/login"),
    ] {
        let response = ann.get(typed).await;
        assert_eq!(response.status(), StatusCode::SEE_OTHER, "{typed}");
        assert_eq!(location(&response), page);
    }
    for typed in ["//evil.example/", "/admin/%00/", "/keys/"] {
        assert_eq!(ann.get(typed).await.status(), StatusCode::NOT_FOUND, "{typed}");
    }
}

async fn a_login_on_the_way_from_a_form_leads_back_to_its_page(app: TestApp) {
    let ann = app.signed_in().await;
    let resource = app.core.oauth.resources.current().all()[0].id.clone();
    let kid = app
        .core
        .oauth
        .store
        .list_keys()
        .await
        .unwrap()
        .iter()
        .find(|k| k.state.as_str() == "next")
        .unwrap()
        .id
        .clone();
    let scopes = format!("/admin/resources/{resource}/scopes");
    let mut forms = Vec::new();
    for (path, query) in [
        ("/admin/keys/rotate".to_owned(), "alg=ES256".to_owned()),
        ("/admin/keys/retire".to_owned(), format!("kid={kid}")),
        (format!("{scopes}/edit"), "scope=search%3Aread".to_owned()),
        (format!("{scopes}/rename"), "scope=search%3Aread".to_owned()),
        (format!("{scopes}/delete"), "scope=search%3Aread".to_owned()),
    ] {
        let page = ann.page(&format!("{path}?{query}")).await;
        forms.push((path.clone(), Form::of(&page, &path)));
    }
    app.advance(16 * 60).await;
    let mut pages = Vec::new();
    for (path, form) in forms {
        let login = location(&ann.send(&form).await);
        let query = login.strip_prefix("/login?").unwrap_or_else(|| panic!("{path}: {login}"));
        let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap();
        pages.push(pairs.into_iter().find(|(name, _)| name == "return_to").unwrap().1);
    }
    ann.sign_in_again().await;
    for page in pages {
        ann.page(&page).await;
    }
}

on_both! {
    nobody_gets_through,
    an_id_that_cannot_be_one_is_not_found,
    a_slash_at_the_end_of_a_page_leads_to_the_page,
    a_login_on_the_way_from_a_form_leads_back_to_its_page,
    an_ordinary_person_is_refused_and_noted,
    an_old_login_sees_and_does_what_is_not_sensitive_only,
    a_form_without_its_token_changes_nothing,
}

mod with_second_factor {
    use crate::on_each;
    use crate::support::{Database, TestApp};

    async fn a_required_second_factor_comes_first(database: Database) {
        let settings = [("GATEPOST_LOGIN__REQUIRE_SECOND_FACTOR", "admins")];
        super::a_required_second_factor_comes_first(TestApp::start_with(database, &settings).await).await;
    }

    on_each! { a_required_second_factor_comes_first }
}
