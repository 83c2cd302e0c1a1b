//! `/account/apps`: the list, and that "disconnect" takes effect at once.

use serde_json::json;

use super::somebody_else;
use crate::mcp::caller::{Caller, log_in};
use crate::support::{Browser, Database, Form, OAuthClient, TestApp, location};
use crate::{on_both, on_each};

const PAGE: &str = "/account/apps";

/// The form that disconnects the only app.
async fn disconnecting(browser: &Browser) -> Form {
    Form::all(&browser.page(PAGE).await, PAGE).remove(0)
}

/// Moves the clock without making the process look at the database: what it has verified stays verified.
fn pass(app: &TestApp, seconds: i64) {
    app.clock.advance(seconds);
    app.core.oauth.revocations.confirm(app.clock.now());
}

async fn last_use(app: &TestApp) -> Option<i64> {
    app.core.oauth.usage.flush().await;
    let cursor = gatepost::store::connected::Cursor::start();
    let store = &app.core.oauth.store;
    store.list_connected(&app.user.id, &cursor, app.clock.now(), 10).await.unwrap()[0].last_used_at
}

async fn a_disconnected_app_is_out_at_once(app: TestApp) {
    let (client, tokens, caller) = log_in(&app, "search:read offline_access").await;
    let browser = app.signed_in().await;
    let form = disconnecting(&browser).await;
    assert!(form.get("app").starts_with("con_"));
    assert_eq!(caller.status().await, 200);
    assert_eq!(location(&browser.send(&form).await), "/account/apps?done=disconnected");
    assert_eq!(caller.status().await, 401, "within the same second, without a look at the counters");
    assert_eq!(client.refused(&client.refreshing(&tokens.refresh)).await, "invalid_grant");
    let page = browser.page("/account/apps?done=disconnected").await;
    assert!(page.contains("The app is disconnected.") && page.contains("No app is connected."), "{page}");
    let consent = browser.page(&location(&browser.get(&client.authorize_url("search:read")).await)).await;
    assert!(!consent.contains("You allowed this before"), "it is asked anew");
    assert_eq!(app.audit_reasons("consent.withdrawn").await, ["ok"]);
    assert_eq!(browser.send(&form).await.status(), 303, "again changes nothing");
    assert_eq!(app.audit_reasons("consent.withdrawn").await, ["ok"]);
    let again = client.log_in(&browser, "search:read").await;
    assert_eq!(Caller::new(&app, &again.access).status().await, 200);
    assert_eq!(caller.status().await, 401, "what was ended stays ended");
}

async fn the_list_says_what_an_app_is_and_may_do(app: TestApp) {
    let browser = app.signed_in().await;
    assert!(browser.page(PAGE).await.contains("No app is connected."));
    let client = OAuthClient::register(&app, "Reading <b>Lamp</b>").await;
    client.log_in(&browser, "search:read offline_access").await;
    client.log_in(&browser, "search:read").await;
    let page = browser.page(PAGE).await;
    for expected in [
        "Reading &#60;b&#62;Lamp",
        "Name not checked",
        "Gatepost tools",
        &app.at("/mcp"),
        "a program on your own computer",
        "Search the web and read pages",
        "web_search",
        "2 logins",
    ] {
        assert!(page.contains(expected), "{expected} in {page}");
    }
    assert_eq!(Form::all(&page, PAGE).len(), 2, "one app, however often it logged in; and all");
}

async fn nobody_disconnects_another_persons_app(app: TestApp) {
    let (_, _, caller) = log_in(&app, "search:read").await;
    let form = disconnecting(&app.signed_in().await).await;
    let (_, eve) = somebody_else(&app, "eve@example.com").await;
    assert!(!eve.page(PAGE).await.contains("Test app"));
    let own = Form::read(&eve.page(PAGE).await);
    let stolen = Form { action: PAGE.to_owned(), ..own };
    eve.send(&stolen.clone().set("app", form.get("app"))).await;
    eve.send(&stolen.set("all", "1")).await;
    eve.send(&form.clone()).await;
    assert_eq!(caller.status().await, 200);
    let ann = app.signed_in().await;
    assert_eq!(ann.send(&form.clone().without("csrf")).await.status(), 403);
    assert_eq!(ann.send(&form).await.status(), 403, "a form of another session");
    assert_eq!(app.browser().send(&form).await.status(), 303, "to the login");
    assert_eq!(caller.status().await, 200);
}

async fn all_apps_can_be_disconnected_at_once(app: TestApp) {
    let browser = app.signed_in().await;
    let mut callers = Vec::new();
    for name in ["One", "Two", "Three"] {
        let client = OAuthClient::register(&app, name).await;
        callers.push(Caller::new(&app, &client.log_in(&browser, "search:read").await.access));
    }
    let (_, eve) = somebody_else(&app, "eve@example.com").await;
    let kept = Caller::new(&app, &app.client().await.log_in(&eve, "search:read").await.access);
    let form = Form::with(&browser.page(PAGE).await, PAGE, "1");
    assert_eq!(location(&browser.send(&form).await), "/account/apps?done=disconnected-all");
    for caller in &callers {
        assert_eq!(caller.status().await, 401);
    }
    assert_eq!(kept.status().await, 200);
    assert_eq!(app.audit_reasons("consent.withdrawn").await, ["all"]);
}

async fn many_apps_come_in_pages_without_gap_or_repetition(app: TestApp) {
    let browser = app.signed_in().await;
    for n in 0..43 {
        let client = OAuthClient::register(&app, &format!("App {n:02}.")).await;
        client.code(&browser, "search:read").await;
        if n % 3 == 0 {
            app.advance(1).await;
        }
    }
    let (mut url, mut seen, mut pages) = (PAGE.to_owned(), Vec::new(), 0);
    loop {
        let page = browser.page(&url).await;
        let names =
            page.match_indices("<h2><bdi dir=\"auto\">App ").map(|(at, m)| &page[at + m.len()..][..2]);
        seen.extend(names.map(str::to_owned));
        pages += 1;
        let Some(at) = page.find("/account/apps?after=") else { break };
        url = page[at..].split('"').next().unwrap().to_owned();
    }
    assert_eq!((pages, seen.len()), (3, 43));
    let mut sorted = seen.clone();
    sorted.sort();
    sorted.dedup();
    assert_eq!(sorted.len(), 43);
    assert!(seen[0].as_str() >= "40", "the newest first: {seen:?}");
    for odd in ["x", "1.x%00", "-1.con_1", "9999999999999999999999.con_1"] {
        browser.page(&format!("{PAGE}?after={odd}")).await;
    }
}

async fn the_last_use_is_noted_to_the_minute(app: TestApp) {
    let (client, tokens, caller) = log_in(&app, "search:read offline_access").await;
    let start = app.clock.now();
    assert_eq!(last_use(&app).await, Some(start), "the code's redemption");
    pass(&app, 100);
    caller.status().await;
    assert_eq!(last_use(&app).await, Some(start + 100));
    pass(&app, 59);
    caller.status().await;
    assert_eq!(last_use(&app).await, Some(start + 100), "once a minute");
    pass(&app, 1);
    caller.status().await;
    assert_eq!(last_use(&app).await, Some(start + 160));
    pass(&app, 500);
    caller.call("no_such_tool", json!({})).await;
    client.tokens(&client.refreshing(&tokens.refresh)).await;
    assert_eq!(last_use(&app).await, Some(start + 660));
    pass(&app, 5_000);
    assert_eq!(caller.status().await, 401, "expired");
    assert_eq!(last_use(&app).await, Some(start + 660), "what is refused is no use");
}

on_both! {
    a_disconnected_app_is_out_at_once,
    the_list_says_what_an_app_is_and_may_do,
    nobody_disconnects_another_persons_app,
    all_apps_can_be_disconnected_at_once,
    many_apps_come_in_pages_without_gap_or_repetition,
    the_last_use_is_noted_to_the_minute,
}

async fn a_disconnection_reaches_a_second_process_within_a_second(database: Database) {
    let app = TestApp::start(database).await;
    let (_, tokens, here) = log_in(&app, "search:read").await;
    let replica = app.replica().await;
    let watcher = gatepost::jobs::watch(
        replica.core.oauth.clone(),
        replica.core.trust.clone(),
        replica.core.api_tokens.clone(),
    );
    let there = Caller::new(&replica, &tokens.access);
    assert_eq!(there.status().await, 200);
    let browser = app.signed_in().await;
    browser.send(&disconnecting(&browser).await).await;
    let asked = std::time::Instant::now();
    assert_eq!(here.status().await, 401);
    while there.status().await != 401 {
        assert!(asked.elapsed().as_secs() < 5, "the disconnection did not arrive");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    watcher.abort();
}

async fn a_use_that_cannot_be_noted_costs_the_call_nothing(database: Database) {
    let app = TestApp::start(database).await;
    let (_, _, caller) = log_in(&app, "search:read").await;
    assert_eq!(caller.status().await, 200);
    app.core.oauth.store.pool().close().await;
    app.clock.advance(20);
    assert_eq!(caller.status().await, 200);
}

on_each! {
    a_disconnection_reaches_a_second_process_within_a_second,
    a_use_that_cannot_be_noted_costs_the_call_nothing,
}
