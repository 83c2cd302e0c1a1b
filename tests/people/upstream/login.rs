//! The good way, and the ways a person stops on it.

use serde_json::{Value, json};
use sqlx::Row as _;

use super::{OPEN, callback, leave, log_in, people, person, refusals, refused, stage, visit};
use crate::on_each;
use crate::support::provider::CLIENT_ID;
use crate::support::{Database, EMAIL, Form, PASSWORD, START, TestApp, location, query_of};

/// Every row of the ceremonies, as one text.
async fn ceremonies(app: &TestApp) -> String {
    let rows = sqlx::query("SELECT id, kind, secret_hash, browser_hash, data FROM ceremonies")
        .fetch_all(app.core.oauth.store.pool())
        .await
        .unwrap();
    let texts = rows.iter().flat_map(|row| (0..5).map(move |n| row.get::<String, _>(n)));
    texts.collect::<Vec<_>>().join(" ")
}

async fn the_authorization_request_survives_the_round_trip(database: Database) {
    let (app, provider) = stage(database, &[OPEN]).await;
    let (client, browser) = (app.client().await, app.browser());
    let authorize = client.authorize_url("search:read openid email");
    let login = location(&browser.get(&authorize).await);
    let away = leave(&browser, &login).await;
    assert!(away.starts_with(&format!("{}/authorize?", provider.issuer)), "{away}");
    let asked = query_of(&away);
    assert_eq!(asked["client_id"], CLIENT_ID);
    assert_eq!(asked["response_type"], "code");
    assert_eq!(asked["scope"], "openid email profile");
    assert_eq!(asked["redirect_uri"], app.at("/login/google/callback"));
    assert_eq!(asked["code_challenge_method"], "S256");
    assert_eq!(asked["nonce"].len(), 43);
    assert!(!away.contains("mcp") && !asked.contains_key("prompt"), "{away}");
    let stored = ceremonies(&app).await;
    assert!(stored.contains("/oauth/authorize?"), "{stored}");
    for secret in [&asked["nonce"], &asked["code_challenge"], &asked["state"]] {
        assert!(!stored.contains(secret.as_str()), "{stored}");
    }
    let answer = provider.agree(&away);
    let verifier = || provider.set(|c| c.last_token_request.1["code_verifier"].clone());
    let response = browser.get(&callback(&answer)).await;
    assert_eq!(response.status(), 303);
    assert_eq!(location(&response), authorize);
    assert!(!ceremonies(&app).await.contains(&verifier()));
    let tokens = client.log_in(&browser, "search:read openid email").await;
    let request = app.http().get(app.at("/oauth/userinfo")).bearer_auth(&tokens.access);
    let told: serde_json::Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(told["email"], "jane@example.com");
    assert_eq!(app.audit_reasons("identity.linked").await, ["admitted"]);
    assert_eq!(app.audit_reasons("user.created").await, ["admitted"]);
}

async fn a_person_comes_in_again_as_the_same_person(database: Database) {
    let (app, provider) = stage(database, &[OPEN]).await;
    for (seconds, email) in [(0, "jane@example.com"), (100, "jane.doe@example.com")] {
        app.clock.advance(seconds);
        provider.set(|c| {
            c.now += seconds;
            c.person["email"] = json!(email);
        });
        let browser = app.browser();
        assert_eq!(location(&log_in(&browser, &provider).await), "/account");
        assert!(browser.page("/account").await.contains("jane@example.com"), "her address here stays");
    }
    assert_eq!(people(&app).await, 2);
    let store = &app.core.accounts.store;
    let jane = store.find_user_by_email("jane@example.com").await.unwrap().unwrap();
    assert_eq!((jane.name.as_deref(), jane.password_hash), (Some("Jane Doe"), None));
    let identities = store.identities_of(&jane.id).await.unwrap();
    assert_eq!(identities.len(), 1);
    assert_eq!(identities[0].email.as_deref(), Some("jane.doe@example.com"));
    assert_eq!(identities[0].last_used_at, Some(app.clock.now()));
    assert_eq!((identities[0].provider.as_str(), &identities[0].issuer), ("google", &provider.issuer));
}

async fn whoever_is_not_invited_learns_why_and_the_app_may_be_told(database: Database) {
    let (app, provider) = stage(database, &[]).await;
    let (client, browser) = (app.client().await, app.browser());
    let login = location(&browser.get(&client.authorize_url("search:read")).await);
    let (status, page) = refused(visit(&browser, &provider, &login).await).await;
    assert_eq!(status, 403);
    assert!(page.contains("You have no account here") && page.contains("jane@example.com"), "{page}");
    assert!(page.contains("Ask whoever runs this server to invite you."));
    let reference = page.split("<code id=\"reference\">").nth(1).unwrap().split('<').next().unwrap();
    app.core.oauth.audit.flush().await;
    let events = app.core.oauth.store.list_events("", 1_000).await.unwrap();
    let event = events.iter().find(|e| e.reference.as_deref() == Some(reference)).unwrap();
    assert_eq!((event.kind.as_str(), event.reason.as_str()), ("session.login", "not_invited"));
    assert!(event.detail.as_ref().unwrap().contains("google"));
    let links: Vec<String> = page
        .split("<a class=\"btn")
        .skip(1)
        .map(|link| link.split("href=\"").nth(1).unwrap().split('"').next().unwrap().replace("&#38;", "&"))
        .collect();
    assert!(browser.page(&links[0]).await.contains("Test app"), "the login keeps the app in mind");
    assert!(page.contains("Give up and go back to Test app"));
    let told = query_of(&links[1]);
    assert!(links[1].starts_with(crate::support::REDIRECT_URI), "{}", links[1]);
    assert_eq!((told["error"].as_str(), told["state"].as_str()), ("access_denied", "st&te=1"));
    assert_eq!(told["iss"], app.url);
    assert_eq!(people(&app).await, 1);
    assert_eq!(browser.get("/account").await.status(), 303);
}

async fn nobody_is_told_on_the_word_of_a_bad_request(database: Database) {
    let (app, provider) = stage(database, &[]).await;
    let (client, browser) = (app.client().await, app.browser());
    let mut params = client.params("search:read");
    params.retain(|(name, _)| name != "redirect_uri");
    params.push(("redirect_uri".to_owned(), "https://evil.example/".to_owned()));
    let back = format!("/oauth/authorize?{}", serde_urlencoded::to_string(params).unwrap());
    let login = format!("/login?{}", serde_urlencoded::to_string([("return_to", back)]).unwrap());
    let (status, page) = refused(visit(&browser, &provider, &login).await).await;
    assert_eq!(status, 403);
    assert!(!page.contains("href=\"https://evil") && !page.contains("Give up"), "{page}");
}

async fn whoever_cancels_gets_back_to_the_login(database: Database) {
    let (app, _provider) = stage(database, &[]).await;
    let (client, browser) = (app.client().await, app.browser());
    let login = location(&browser.get(&client.authorize_url("search:read")).await);
    let state = query_of(&leave(&browser, &login).await)["state"].clone();
    let answer = [("error".to_owned(), "access_denied".to_owned()), ("state".to_owned(), state)];
    let page = browser.page(&callback(&answer)).await;
    assert!(page.contains("You cancelled at Google"), "{page}");
    let back = page.split("href=\"/login?").nth(1).unwrap().split('"').next().unwrap();
    let page = browser.page(&format!("/login?{}", back.replace("&#38;", "&"))).await;
    let form = Form::read(&page).set("email", EMAIL).set("password", PASSWORD);
    assert!(location(&browser.send(&form).await).starts_with("/oauth/authorize?"));
    assert_eq!(refusals(&app).await, ["cancelled_at_provider"]);
}

async fn two_tabs_work_each_on_its_own(database: Database) {
    let (app, provider) = stage(database, &[OPEN]).await;
    let browser = app.browser();
    let first = leave(&browser, "/login?return_to=/account?tab=1").await;
    let second = leave(&browser, "/login?return_to=/account?tab=2").await;
    let (one, two) = (provider.agree(&first), provider.agree(&second));
    assert_eq!(location(&browser.get(&callback(&two)).await), "/account?tab=2");
    assert_eq!(location(&browser.get(&callback(&one)).await), "/account?tab=1");
    browser.page("/account").await;
}

async fn a_disabled_person_stays_out(database: Database) {
    let (app, provider) = stage(database, &[OPEN]).await;
    let browser = app.browser();
    assert_eq!(log_in(&browser, &provider).await.status(), 303);
    let store = &app.core.accounts.store;
    let jane = store.find_user_by_email("jane@example.com").await.unwrap().unwrap();
    store.disable_user(jane.id.clone(), app.clock.now()).await.unwrap();
    let (status, page) = refused(log_in(&browser, &provider).await).await;
    assert_eq!(status, 403);
    assert!(page.contains("This account is disabled"));
    assert_eq!(refusals(&app).await, ["disabled_person"]);
    store.enable_user(jane.id).await.unwrap();
    assert_eq!(log_in(&browser, &provider).await.status(), 303);
}

async fn a_provider_that_asks_for_two_factors_is_believed_where_it_is_set(database: Database) {
    let settings = [OPEN, ("GATEPOST_GOOGLE__SECOND_FACTOR", "true")];
    let (app, provider) = stage(database, &settings).await;
    assert_eq!(log_in(&app.browser(), &provider).await.status(), 303);
    app.core.oauth.audit.flush().await;
    let events = app.core.oauth.store.list_events("", 1_000).await.unwrap();
    let login = events.iter().find(|e| e.kind == "session.login").unwrap();
    assert_eq!(login.detail.as_deref(), Some("with provider-mfa"));
}

async fn many_first_logins_at_once_make_one_account(database: Database) {
    let (app, provider) = stage(database, &[OPEN]).await;
    person(&provider, "7", "new@example.com");
    let browsers: Vec<_> = (0..6).map(|_| app.browser()).collect();
    let mut answers = Vec::new();
    for browser in &browsers {
        answers.push(callback(&provider.agree(&leave(browser, "/login").await)));
    }
    let visits = browsers.iter().zip(&answers).map(|(browser, answer)| browser.get(answer));
    for response in futures::future::join_all(visits).await {
        assert_eq!(response.status(), 303, "{}", response.text().await.unwrap());
    }
    assert_eq!(people(&app).await, 2);
    assert_eq!(app.audit_reasons("user.created").await, ["admitted"]);
}

async fn asking_again_asks_the_provider_again(database: Database) {
    let (app, _provider) = stage(database, &[]).await;
    let browser = app.signed_in().await;
    app.advance(16 * 60).await;
    let away = leave(&browser, "/login?return_to=/account&again=1").await;
    assert_eq!(query_of(&away)["prompt"], "select_account");
}

async fn a_login_that_is_not_fresh_is_refused_where_it_must_be(database: Database) {
    let (app, provider) = stage(database, &[OPEN]).await;
    let browser = app.browser();
    let told_at = |at: Option<i64>| {
        provider
            .set(|c| c.claims = Some(Box::new(move |claims: &mut Value| claims["auth_time"] = json!(at))));
    };
    // Let through with a login of an hour ago: enough for the account page, not for what is sensitive.
    told_at(Some(START - 3_600));
    assert_eq!(location(&log_in(&browser, &provider).await), "/account");
    let led = location(&browser.get("/account/passkeys").await);
    assert!(led.ends_with("again=1"), "{led}");
    let away = leave(&browser, &led).await;
    assert_eq!(query_of(&away)["max_age"], "0");
    let (status, page) = refused(browser.get(&callback(&provider.agree(&away))).await).await;
    assert_eq!(status, 403);
    assert!(page.contains("Google did not ask you again") && page.contains("Sign out at Google"), "{page}");
    assert_eq!(refusals(&app).await, ["login_not_fresh"]);
    // A clock that is a minute behind is none of that, and a provider that does not say is believed.
    for at in [Some(START - 60), Some(START), None, Some(START + 86_400)] {
        let browser = app.browser();
        told_at(Some(START - 3_600));
        log_in(&browser, &provider).await;
        told_at(at);
        let led = location(&browser.get("/account/passkeys").await);
        assert_eq!(location(&visit(&browser, &provider, &led).await), "/account/passkeys", "{at:?}");
        browser.page("/account/passkeys").await;
    }
}

async fn a_session_is_as_old_as_the_login_at_the_provider(database: Database) {
    let (app, provider) = stage(database, &[OPEN]).await;
    for told in [START - 61, START - 60, START - 9_000, START + 500] {
        provider.set(|c| c.claims = Some(Box::new(move |c: &mut Value| c["auth_time"] = json!(told))));
        log_in(&app.browser(), &provider).await;
    }
    let store = &app.core.accounts.store;
    let jane = store.find_user_by_email("jane@example.com").await.unwrap().unwrap();
    let sessions = store.list_sessions_of_user(&jane.id, START, 0, 9).await.unwrap();
    let mut times: Vec<i64> = sessions.iter().map(|session| session.auth_time).collect();
    times.sort_unstable();
    assert_eq!(times, [START - 9_000, START - 61, START, START], "a minute is no difference between clocks");
}

async fn an_app_that_wants_a_new_login_gets_one_from_the_provider(database: Database) {
    let (app, provider) = stage(database, &[OPEN]).await;
    let (client, browser) = (app.client().await, app.browser());
    log_in(&browser, &provider).await;
    for wish in ["prompt=login", "max_age=0"] {
        app.advance(1).await;
        let login = location(&browser.get(&format!("{}&{wish}", client.authorize_url("openid"))).await);
        let page = browser.page(&login).await;
        assert!(page.contains("asks that you sign in once more"), "{wish}: {page}");
        let asked = query_of(&leave(&browser, &login).await);
        assert_eq!((asked["max_age"].as_str(), asked["prompt"].as_str()), ("0", "select_account"), "{wish}");
    }
}

on_each! {
    the_authorization_request_survives_the_round_trip,
    a_person_comes_in_again_as_the_same_person,
    whoever_is_not_invited_learns_why_and_the_app_may_be_told,
    nobody_is_told_on_the_word_of_a_bad_request,
    whoever_cancels_gets_back_to_the_login,
    two_tabs_work_each_on_its_own,
    a_disabled_person_stays_out,
    a_provider_that_asks_for_two_factors_is_believed_where_it_is_set,
    many_first_logins_at_once_make_one_account,
    asking_again_asks_the_provider_again,
    a_login_that_is_not_fresh_is_refused_where_it_must_be,
    a_session_is_as_old_as_the_login_at_the_provider,
    an_app_that_wants_a_new_login_gets_one_from_the_provider,
}
