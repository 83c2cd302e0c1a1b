//! `/account/activity`: what happened, in words, and nobody else's.

use super::somebody_else;
use crate::mcp::caller::log_in;
use crate::on_both;
use crate::support::{EMAIL, Form, OAuthClient, PASSWORD, TestApp};

const PAGE: &str = "/account/activity";

async fn what_happened_is_told_newest_first(app: TestApp) {
    let browser = app.browser();
    let form = Form::read(&browser.page("/login").await).set("email", EMAIL).set("password", "not it");
    assert_eq!(browser.send(&form).await.status(), 401);
    app.advance(60).await;
    browser.sign_in(EMAIL, PASSWORD).await;
    app.advance(60).await;
    let client = OAuthClient::register(&app, "Night Train").await;
    let tokens = client.log_in(&browser, "search:read offline_access").await;
    let second = client.tokens(&client.refreshing(&tokens.refresh)).await;
    client.tokens(&client.refreshing(&second.refresh)).await;
    app.advance(120).await;
    assert_eq!(client.refused(&client.refreshing(&tokens.refresh)).await, "invalid_grant");
    app.core.oauth.audit.flush().await;
    let page = browser.page(PAGE).await;
    let told = [
        "Two programs used the same login of Night Train; it was ended.",
        "You connected Night Train.",
        "You signed in with password.",
        "Somebody tried to sign in with a wrong password.",
    ];
    let places: Vec<_> =
        told.iter().map(|s| page.find(s).unwrap_or_else(|| panic!("{s} in {page}"))).collect();
    assert!(places.is_sorted(), "{places:?}");
    assert_eq!(page.matches("Look at this").count(), 2);
    assert!(page.contains("127.0.0.1") && page.contains("15 January 2027, 08:01 UTC"), "{page}");
    assert!(!page.contains("renewed"), "routine is left out: {page}");
}

async fn nobody_sees_what_others_did(app: TestApp) {
    let (_, _, _) = log_in(&app, "search:read").await;
    let (_, eve) = somebody_else(&app, "eve@example.com").await;
    app.core.oauth.audit.flush().await;
    let page = eve.page(PAGE).await;
    assert_eq!(page.matches("<li class=\"item event\">").count(), 1, "{page}");
    assert!(!page.contains("Test app"));
}

async fn much_activity_comes_in_pages(app: TestApp) {
    let browser = app.signed_in().await;
    for _ in 0..60 {
        let client = app.client().await;
        client.code(&browser, "search:read").await;
        app.advance(1).await;
    }
    app.core.oauth.audit.flush().await;
    let (mut url, mut counts) = (PAGE.to_owned(), Vec::new());
    loop {
        let page = browser.page(&url).await;
        counts.push(page.matches("<li class=\"item event\">").count());
        let Some(at) = page.find("/account/activity?before=") else { break };
        url = page[at..].split('"').next().unwrap().to_owned();
    }
    assert_eq!(counts, [25, 25, 11]);
    for odd in ["x%00", "%27", "evt_"] {
        browser.page(&format!("{PAGE}?before={odd}")).await;
    }
}

on_both! {
    what_happened_is_told_newest_first,
    nobody_sees_what_others_did,
    much_activity_comes_in_pages,
}
