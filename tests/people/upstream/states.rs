//! `state`: whose visit an answer belongs to.

use super::{OPEN, callback, leave, log_in, people, refusals, refused, stage};
use crate::on_each;
use crate::support::{Database, EMAIL, Form, PASSWORD, location, query_of};

fn with(params: &[(String, String)], name: &str, value: Option<&str>) -> String {
    let mut params: Vec<_> = params.iter().filter(|(n, _)| n != name).cloned().collect();
    params.extend(value.map(|value| (name.to_owned(), value.to_owned())));
    callback(&params)
}

async fn a_state_works_once_and_on_its_browser(database: Database) {
    let (app, provider) = stage(database, &[OPEN]).await;
    let (browser, other) = (app.browser(), app.browser());
    other.page("/login").await;
    let answer = provider.agree(&leave(&browser, "/login").await);
    let state = query_of(&app.at(&callback(&answer)))["state"].clone();
    let id = state.rsplit_once('_').unwrap().0;
    let changed = format!("{}{}", &state[..state.len() - 1], if state.ends_with('A') { 'B' } else { 'A' });
    for bad in [None, Some(""), Some("x"), Some(id), Some(&changed), Some(&state.replace("cer_", "lnk_"))] {
        let (status, page) = refused(browser.get(&with(&answer, "state", bad)).await).await;
        assert_eq!(status, 400, "{bad:?}");
        assert!(page.contains("This login is not known here"));
    }
    for stranger in [&other, &app.browser()] {
        let (status, page) = refused(stranger.get(&callback(&answer)).await).await;
        assert_eq!(status, 403);
        assert!(page.contains("This was started in another browser"));
    }
    assert_eq!(browser.get(&callback(&answer)).await.status(), 303);
    browser.page("/account").await;
    assert_eq!(provider.count("token"), 1);
    let reasons = refusals(&app).await;
    assert_eq!(reasons.iter().filter(|r| *r == "ceremony_unknown").count(), 6);
    assert_eq!(reasons.iter().filter(|r| *r == "ceremony_of_other_browser").count(), 2);
}

async fn an_answer_that_comes_too_late_is_refused(database: Database) {
    let (app, provider) = stage(database, &[OPEN]).await;
    let browser = app.browser();
    let answer = provider.agree(&leave(&browser, "/login").await);
    app.advance(600).await;
    let (status, page) = refused(browser.get(&callback(&answer)).await).await;
    assert_eq!(status, 410);
    assert!(page.contains("This took too long"));
    assert_eq!(refusals(&app).await, ["ceremony_expired"]);
    assert_eq!(people(&app).await, 1);
}

async fn going_back_leads_on_and_not_into_an_error(database: Database) {
    let (app, provider) = stage(database, &[OPEN]).await;
    let browser = app.browser();
    let answer = provider.agree(&leave(&browser, "/login?return_to=/account?x=1").await);
    for _ in 0..3 {
        let response = browser.get(&callback(&answer)).await;
        assert_eq!((response.status().as_u16(), location(&response).as_str()), (303, "/account?x=1"));
    }
    assert_eq!(provider.count("token"), 1, "the code was redeemed once");
    let logout = Form::read(&browser.page("/logout").await);
    assert_eq!(browser.send(&logout).await.status(), 200);
    let (status, page) = refused(browser.get(&callback(&answer)).await).await;
    assert_eq!(status, 410);
    assert!(page.contains("This was answered already"), "{page}");
    assert!(page.contains("href=\"/login?return_to=%2Faccount%3Fx%3D1\""), "{page}");
    assert_eq!(browser.get("/account").await.status(), 303, "it signs nobody in");
}

async fn many_copies_of_one_answer_sign_in_once(database: Database) {
    let (app, provider) = stage(database, &[OPEN]).await;
    let browser = app.browser();
    let answer = callback(&provider.agree(&leave(&browser, "/login").await));
    let visits = (0..8).map(|_| browser.get(&answer));
    let statuses: Vec<u16> =
        futures::future::join_all(visits).await.iter().map(|r| r.status().as_u16()).collect();
    assert!(statuses.iter().all(|s| *s == 303 || *s == 410), "{statuses:?}");
    assert_eq!(provider.count("token"), 1);
    let logins = app.audit_reasons("session.login").await;
    assert_eq!(logins.iter().filter(|r| *r == "ok").count(), 1, "{logins:?}");
}

async fn an_answer_of_another_issuer_is_refused(database: Database) {
    let (app, provider) = stage(
        database,
        &[
            OPEN,
            ("GATEPOST_PROVIDERS__CORP__ISSUER", "http://127.0.0.1:9"),
            ("GATEPOST_PROVIDERS__CORP__CLIENT_ID", "x"),
        ],
    )
    .await;
    let browser = app.browser();
    let answer = provider.agree(&leave(&browser, "/login").await);
    let elsewhere = callback(&answer).replace("/login/google/", "/login/corp/");
    let (status, page) = refused(browser.get(&elsewhere).await).await;
    assert_eq!(status, 400);
    assert!(page.contains("This answer came from somewhere else"));
    for iss in ["https://evil.example", &format!("{}/", provider.issuer), "http://127.0.0.1:9"] {
        let answer = provider.agree(&leave(&browser, "/login").await);
        assert_eq!(browser.get(&with(&answer, "iss", Some(iss))).await.status(), 400, "{iss}");
    }
    assert_eq!(provider.count("token"), 0, "no code went anywhere");
    let answer = provider.agree(&leave(&browser, "/login").await);
    assert_eq!(browser.get(&with(&answer, "iss", Some(&provider.issuer))).await.status(), 303);
    assert_eq!(refusals(&app).await, ["wrong_issuer", "wrong_issuer", "wrong_issuer", "wrong_provider"]);
}

async fn an_issuer_that_is_always_named_is_demanded(database: Database) {
    let (app, provider) = stage(database, &[OPEN]).await;
    provider.set(|c| c.names_issuer = true);
    let browser = app.browser();
    let answer = provider.agree(&leave(&browser, "/login").await);
    assert_eq!(browser.get(&with(&answer, "iss", None)).await.status(), 400);
    assert_eq!(refusals(&app).await, ["wrong_issuer"]);
    assert_eq!(log_in(&browser, &provider).await.status(), 303);
}

async fn parameters_that_are_given_twice_or_are_too_long_are_refused(database: Database) {
    let (app, provider) = stage(database, &[OPEN]).await;
    let browser = app.browser();
    for more in ["&code=again", "&iss=a&iss=b"] {
        let answer = provider.agree(&leave(&browser, "/login").await);
        let status = browser.get(&format!("{}{more}", callback(&answer))).await.status();
        assert_eq!(status, 502, "{more}");
    }
    let answer = provider.agree(&leave(&browser, "/login").await);
    assert_eq!(browser.get(&with(&answer, "code", Some(&"x".repeat(5_000)))).await.status(), 502);
    let answer = provider.agree(&leave(&browser, "/login").await);
    assert_eq!(browser.get(&with(&answer, "code", Some(&"x".repeat(20_000)))).await.status(), 400);
    assert_eq!(browser.get("/login/google/callback").await.status(), 400);
    assert_eq!(browser.get("/login/nobody/callback?state=x").await.status(), 404);
    assert_eq!(provider.count("token"), 0);
}

async fn the_button_belongs_to_the_browser_it_was_shown_on(database: Database) {
    let (app, provider) = stage(database, &[]).await;
    let (browser, other) = (app.browser(), app.browser());
    let form = browser.form_to("/login", "/login/google").await;
    let foreign = form.clone().set("csrf", other.form_to("/login", "/login/google").await.get("csrf"));
    for bad in [form.clone().without("csrf"), form.clone().set("csrf", "x"), foreign] {
        assert_eq!(browser.send(&bad).await.status(), 403);
    }
    let mut unknown = form.clone();
    "/login/nobody".clone_into(&mut unknown.action);
    assert_eq!(browser.send(&unknown).await.status(), 404);
    for evil in ["https://evil.example", "//evil.example", "/\\evil"] {
        let away = browser.send(&form.clone().set("return_to", evil)).await;
        let answer = provider.agree(&location(&away));
        let (status, page) = refused(browser.get(&callback(&answer)).await).await;
        assert!(status == 403 && !page.contains("evil"), "{page}");
    }
    browser.sign_in(EMAIL, PASSWORD).await;
}

on_each! {
    a_state_works_once_and_on_its_browser,
    an_answer_that_comes_too_late_is_refused,
    going_back_leads_on_and_not_into_an_error,
    many_copies_of_one_answer_sign_in_once,
    an_answer_of_another_issuer_is_refused,
    an_issuer_that_is_always_named_is_demanded,
    parameters_that_are_given_twice_or_are_too_long_are_refused,
    the_button_belongs_to_the_browser_it_was_shown_on,
}
