//! `/admin`: what goes on, what needs attention, how to begin.

use gatepost::admin::Actor;
use gatepost::admin::resources::create::{NewResource, create};
use gatepost::store::activity;

use crate::mcp::caller::Caller;
use crate::on_both;
use crate::support::{Browser, EMAIL, Form, START, TestApp, text_of};

async fn home(ann: &Browser) -> String {
    text_of(&ann.page("/admin").await)
}

async fn a_new_server_says_what_to_do_first(app: TestApp) {
    let ann = app.signed_in().await;
    let page = home(&ann).await;
    for expected in
        ["Next steps", "Connect an app", "Invite the people", "claude mcp add", "Connect to Gatepost tools"]
    {
        assert!(page.contains(expected), "{expected} in {page}");
    }
    assert!(page.contains("Nothing does."), "a loopback server with a key of its own is fine: {page}");
    let client = app.client().await;
    client.log_in(&ann, "search:read").await;
    assert!(!home(&ann).await.contains("Next steps"));
}

/// Two servers of one name in a client would be one.
async fn each_resource_has_a_name_of_its_own_in_the_lines(app: TestApp) {
    let new = NewResource {
        name: "Notes".into(),
        url: "https://notes.example/mcp".into(),
        ..NewResource::default()
    };
    create(&app.core.admin(), &Actor::command_line(), &new).await.unwrap();
    let page = home(&app.signed_in().await).await;
    for line in ["http gatepost http://localhost", "http notes https://notes.example/mcp"] {
        assert!(page.contains(line), "{line} in {page}");
    }
}

async fn what_happens_is_counted_by_the_hour(app: TestApp) {
    let ann = app.signed_in().await;
    let wrong = Form::read(&app.browser().page("/login").await).set("email", EMAIL).set("password", "wrong");
    app.browser().send(&wrong).await;
    let client = app.client().await;
    let tokens = client.log_in(&ann, "search:read").await;
    let caller = Caller::new(&app, &tokens.access);
    for _ in 0..3 {
        assert_eq!(caller.status().await, 200);
    }
    app.core.oauth.usage.flush().await;
    app.core.oauth.audit.flush().await;
    let rows = app.core.oauth.store.activity_since(START).await.unwrap();
    let count = |topic: &str| rows.iter().filter(|r| r.topic == topic).map(|r| r.count).sum::<i64>();
    assert_eq!((count(activity::CALLS), count(activity::LOGINS)), (3, 1), "{rows:?}");
    assert_eq!((count(activity::TOKENS), count(activity::REGISTRATIONS)), (1, 1), "{rows:?}");
    assert_eq!(rows.iter().map(|r| r.hour).min(), Some(activity::hour_of(START)));
    let page = home(&ann).await;
    assert!(page.contains("Calls : 3") || page.contains("Calls: 3"), "{page}");
    assert!(page.contains("Logins of apps used in the last hour 1"), "{page}");
    app.advance(25 * 3600).await;
    let ann = app.signed_in().await;
    let later = home(&ann).await;
    assert!(later.contains("Calls : 0") || later.contains("Calls: 0"), "a day later: {later}");
}

async fn what_needs_attention_is_said(app: TestApp) {
    let ann = app.signed_in().await;
    let store = &app.core.oauth.store;
    store.add_activity(activity::FAILED_LOGINS, START, 21).await.unwrap();
    store.add_activity(activity::REGISTRATIONS, START, 100).await.unwrap();
    let page = home(&ann).await;
    assert!(page.contains("21 sign-ins failed in the last day; 0 are usual."), "{page}");
    assert!(page.contains("100 apps registered themselves"), "{page}");
    for day in 1..=7 {
        store.add_activity(activity::FAILED_LOGINS, START - day * 86_400, 10).await.unwrap();
    }
    assert!(!home(&ann).await.contains("sign-ins failed"), "as usual");
    app.advance(91 * 86_400).await;
    let ann = app.signed_in().await;
    assert!(home(&ann).await.contains("The ES256 key has signed for 91 days."));
}

async fn old_counts_are_removed(app: TestApp) {
    let store = &app.core.oauth.store;
    store.add_activity(activity::CALLS, START - 7200, 1).await.unwrap();
    store.add_activity(activity::CALLS, START, 2).await.unwrap();
    store.add_activity(activity::CALLS, START, 3).await.unwrap();
    assert_eq!(store.reap_activity(START - 3600).await.unwrap(), 1);
    let left = store.activity_since(0).await.unwrap();
    assert_eq!(left.iter().map(|r| r.count).collect::<Vec<_>>(), [5]);
}

on_both! {
    a_new_server_says_what_to_do_first,
    each_resource_has_a_name_of_its_own_in_the_lines,
    what_happens_is_counted_by_the_hour,
    what_needs_attention_is_said,
    old_counts_are_removed,
}
