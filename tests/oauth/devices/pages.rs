//! `/device`: what a person sees there, and decides.

use reqwest::StatusCode;

use super::{ask, confirm_page, decide, device_client, enter, fetching, text};
use crate::oauth::{bob, header};
use crate::on_both;
use crate::support::{Browser, EMAIL, Form, PASSWORD, TestApp, location, text_of};

async fn a_person_sees_what_a_device_asks_for(app: TestApp) {
    let (ann, client) = (app.signed_in().await, device_client(&app).await);
    let codes = ask(&client, "search:read email offline_access").await;
    let before = app.db_rows().await;
    let user_code = text(&codes, "user_code");
    for typed in [user_code.to_owned(), user_code.to_lowercase(), user_code.replace('-', " ")] {
        let page = confirm_page(&ann, &typed).await;
        let shown = text_of(&page);
        for part in [
            "Build runner",
            "This app chose its own name",
            user_code,
            "Only go on if you started this yourself, a moment ago,",
            "Search the web and read pages",
            "Gatepost tools",
            "127.0.0.1",
            "15 January 2027, 08:00 UTC",
            EMAIL,
        ] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
        let form = Form::read(&page);
        let scopes = form.fields.iter().filter(|(name, _)| name == "scope").map(|(_, value)| value.as_str());
        assert_eq!(scopes.collect::<Vec<_>>(), ["email", "offline_access", "search:read"]);
    }
    assert_eq!(app.db_rows().await, before, "looking changes nothing");
}

async fn a_person_may_untick_a_scope_of_a_device(app: TestApp) {
    let (ann, client) = (app.signed_in().await, device_client(&app).await);
    let codes = ask(&client, "search:read email offline_access").await;
    let mut form = Form::read(&confirm_page(&ann, text(&codes, "user_code")).await);
    form.fields.retain(|(name, value)| name != "scope" || value == "email");
    let form = form.add("scope", "admin").set("decision", "allow");
    ann.shown(&form).await;
    let tokens = client.tokens(&fetching(&client, &codes)).await;
    assert_eq!(tokens.scope, "email offline_access");
}

async fn a_code_that_nobody_waits_with_says_no_more(app: TestApp) {
    let (ann, client) = (app.signed_in().await, device_client(&app).await);
    let decided = ask(&client, "search:read").await;
    decide(&ann, &decided, "deny").await;
    let mut pages = Vec::new();
    for typed in [text(&decided, "user_code"), "BCDF-GHJK", "no code", ""] {
        let response = enter(&ann, typed).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{typed}");
        pages.push(text_of(&response.text().await.unwrap()));
    }
    pages.dedup();
    assert_eq!(pages.len(), 1, "{pages:?}");
    assert!(pages[0].contains("No device waits with that code."), "{pages:?}");
    assert_eq!(app.audit_reasons("device.code_entered").await[..2], ["ok", "ok"]);
    assert_eq!(app.audit_reasons("device.code_entered").await[2..], ["wrong_user_code"; 4]);
}

async fn a_link_fills_the_code_in_and_does_nothing(app: TestApp) {
    let client = device_client(&app).await;
    let codes = ask(&client, "search:read").await;
    let link = text(&codes, "verification_uri_complete").to_owned();
    let browser = app.browser();
    let login = location(&browser.get(&link).await);
    assert!(login.starts_with("/login?return_to=%2Fdevice%3Fuser_code%3D"), "{login}");
    let form = Form::read(&browser.page(&login).await).set("email", EMAIL).set("password", PASSWORD);
    let back = location(&browser.send(&form).await);
    let before = app.db_rows().await;
    let page = browser.page(&back).await;
    assert_eq!(Form::read(&page).get("user_code"), text(&codes, "user_code"));
    assert!(text_of(&page).contains("Compare this code with the one your device shows."), "{page}");
    assert_eq!(app.db_rows().await, before, "a link does nothing by itself");
    assert_eq!(client.refused(&fetching(&client, &codes)).await, "authorization_pending");
    let odd = browser.page("/device?user_code=%22%3E%3Cb%3E").await;
    assert_eq!(Form::read(&odd).get("user_code"), "");
    let page = confirm_page(&browser, text(&codes, "user_code")).await;
    ann_allows(&browser, &page).await;
    client.tokens(&fetching(&client, &codes)).await;
}

async fn ann_allows(browser: &Browser, page: &str) {
    browser.shown(&Form::read(page).set("decision", "allow")).await;
}

async fn a_decision_is_made_once(app: TestApp) {
    let (ann, client) = (app.signed_in().await, device_client(&app).await);
    let codes = ask(&client, "search:read").await;
    let bob = bob(&app).await;
    let form = Form::read(&confirm_page(&ann, text(&codes, "user_code")).await).set("decision", "allow");
    let bobs = Form::read(&confirm_page(&bob, text(&codes, "user_code")).await).set("decision", "allow");
    let answers = futures::future::join_all(
        (0..10).map(|n| if n % 2 == 0 { ann.send(&form) } else { bob.send(&bobs) }),
    );
    let won = answers.await.iter().filter(|answer| answer.status() == StatusCode::OK).count();
    assert_eq!(won, 1);
    assert_eq!(ann.send(&form).await.status(), StatusCode::NOT_FOUND);
    client.tokens(&fetching(&client, &codes)).await;
}

async fn a_decision_about_a_device_needs_the_form_token(app: TestApp) {
    let (ann, client) = (app.signed_in().await, device_client(&app).await);
    let codes = ask(&client, "search:read").await;
    let form = Form::read(&confirm_page(&ann, text(&codes, "user_code")).await).set("decision", "allow");
    let bobs = bob(&app).await;
    let elsewhere = Form::read(&bobs.page("/device").await);
    let before = app.db_rows().await;
    for csrf in ["", "x", elsewhere.get("csrf")] {
        let response = ann.send(&form.clone().set("csrf", csrf)).await;
        assert_eq!(response.status(), StatusCode::FORBIDDEN, "{csrf}");
    }
    let nobody = app.browser().send(&form).await;
    assert!(location(&nobody).starts_with("/login?return_to=%2Fdevice"), "nobody is signed in there");
    assert_eq!(app.db_rows().await, before);
}

async fn somebody_disabled_meanwhile_allows_nothing(app: TestApp) {
    let (ann, client) = (app.signed_in().await, device_client(&app).await);
    let codes = ask(&client, "search:read").await;
    let form = Form::read(&confirm_page(&ann, text(&codes, "user_code")).await).set("decision", "allow");
    app.core.oauth.store.disable_client(client.id.clone(), app.clock.now()).await.unwrap();
    assert_eq!(ann.send(&form).await.status(), StatusCode::CONFLICT, "the cache still knows the client");
    app.sync().await;
    assert_eq!(ann.send(&form).await.status(), StatusCode::NOT_FOUND);
    app.disable_ann().await;
    assert!(location(&ann.send(&form).await).starts_with("/login"));
}

async fn guessing_codes_is_paused(app: TestApp) {
    let (ann, client) = (app.signed_in().await, device_client(&app).await);
    let codes = ask(&client, "search:read").await;
    let form = Form::read(&ann.page("/device").await);
    let mut statuses = Vec::new();
    for _ in 0..30 {
        statuses.push(ann.send(&form.clone().set("user_code", "BCDF-GHJK")).await.status().as_u16());
    }
    assert!(statuses[..20].iter().all(|status| *status == 404), "{statuses:?}");
    let response = ann.send(&form.clone().set("user_code", text(&codes, "user_code"))).await;
    assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS, "even the right one");
    assert!(header(&response, "retry-after").parse::<u64>().is_ok());
    assert!(text_of(&response.text().await.unwrap()).contains("Too many codes were entered. Try again in"));
    assert!(app.audit_reasons("device.code_entered").await.contains(&"rate_limited".to_owned()));
    assert_eq!(
        enter(&bob(&app).await, text(&codes, "user_code")).await.status(),
        StatusCode::OK,
        "others go on"
    );
}

on_both! {
    a_person_sees_what_a_device_asks_for,
    a_person_may_untick_a_scope_of_a_device,
    a_code_that_nobody_waits_with_says_no_more,
    a_link_fills_the_code_in_and_does_nothing,
    a_decision_is_made_once,
    a_decision_about_a_device_needs_the_form_token,
    somebody_disabled_meanwhile_allows_nothing,
    guessing_codes_is_paused,
}
