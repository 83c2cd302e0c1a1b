//! `/account/sessions`: where a person is signed in, and ending it.

use super::somebody_else;
use crate::mcp::caller::Caller;
use crate::on_both;
use crate::support::{Browser, EMAIL, Form, PASSWORD, TestApp, location};

const PAGE: &str = "/account/sessions";
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

async fn end(browser: &Browser, which: &str) -> reqwest::Response {
    browser.send(&Form::with(&browser.page(PAGE).await, PAGE, which)).await
}

async fn every_live_sign_in_is_listed_with_its_device(app: TestApp) {
    let here = Browser::with_headers(&app, &[("user-agent", FIREFOX)]);
    here.sign_in(EMAIL, PASSWORD).await;
    let odd = Browser::with_headers(&app, &[("user-agent", "<img src=x onerror=alert(1)>")]);
    odd.sign_in(EMAIL, PASSWORD).await;
    let (_, _) = somebody_else(&app, "eve@example.com").await;
    let gone = app.signed_in().await;
    gone.send(&Form::read(&gone.page("/logout").await)).await;
    let page = here.page(PAGE).await;
    assert_eq!(page.matches("<li class=\"item\">").count(), 2, "{page}");
    assert_eq!(page.matches("This browser").count(), 1);
    for expected in ["Firefox on Linux", "127.0.0.1", "<dd>password</dd>", "&#60;img src=x"] {
        assert!(page.contains(expected), "{expected} in {page}");
    }
    app.advance(15 * 86_400).await;
    let later = app.signed_in().await;
    assert_eq!(later.page(PAGE).await.matches("<li class=\"item\">").count(), 1, "idle ones are over");
}

async fn one_sign_in_can_be_ended_and_its_apps_stay(app: TestApp) {
    let (here, there) = (app.signed_in().await, app.signed_in().await);
    let client = app.client().await;
    let caller = Caller::new(&app, &client.log_in(&there, "search:read").await.access);
    let page = here.page(PAGE).await;
    let one = Form::all(&page, PAGE).into_iter().find(|f| f.get("end").starts_with("ses_")).unwrap();
    assert_eq!(location(&here.send(&one).await), "/account/sessions?done=session");
    assert_eq!(there.get("/account").await.status(), 303);
    here.page("/account").await;
    assert_eq!(caller.status().await, 200, "ending a sign-in does not end apps");
    assert_eq!(app.audit_reasons("session.ended").await, ["one"]);
    here.send(&one).await;
    assert_eq!(app.audit_reasons("session.ended").await, ["one"], "again is nothing");
}

async fn all_others_or_all_can_be_ended(app: TestApp) {
    let (here, there, third) = (app.signed_in().await, app.signed_in().await, app.signed_in().await);
    let (_, eve) = somebody_else(&app, "eve@example.com").await;
    assert_eq!(location(&end(&here, "others").await), "/account/sessions?done=sessions");
    for browser in [&there, &third] {
        assert_eq!(browser.get("/account").await.status(), 303);
    }
    let again = app.signed_in().await;
    let response = end(&here, "all").await;
    assert_eq!(response.status(), 200);
    assert!(response.text().await.unwrap().contains("You are signed out"));
    for browser in [&here, &again] {
        assert_eq!(browser.get("/account").await.status(), 303);
    }
    eve.page("/account").await;
    assert_eq!(app.audit_reasons("session.ended").await, ["all", "others"]);
}

async fn nobody_ends_another_persons_sign_in(app: TestApp) {
    let (here, there) = (app.signed_in().await, app.signed_in().await);
    let page = here.page(PAGE).await;
    let one = Form::all(&page, PAGE).into_iter().find(|f| f.get("end").starts_with("ses_")).unwrap();
    let (_, eve) = somebody_else(&app, "eve@example.com").await;
    let own = Form::with(&eve.page(PAGE).await, PAGE, "all");
    eve.send(&own.clone().set("end", one.get("end"))).await;
    eve.send(&one).await;
    for odd in ["", "x", "ses_", "\u{0}"] {
        let status = eve.send(&own.clone().set("end", odd)).await.status();
        assert!(!status.is_server_error(), "{odd:?}: {status}");
    }
    there.page("/account").await;
    assert!(app.audit_reasons("session.ended").await.is_empty());
}

on_both! {
    every_live_sign_in_is_listed_with_its_device,
    one_sign_in_can_be_ended_and_its_apps_stay,
    all_others_or_all_can_be_ended,
    nobody_ends_another_persons_sign_in,
}
