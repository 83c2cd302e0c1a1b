//! `/admin/keys`: what an administrator sees of the signing keys, and does with them.

use gatepost::store::signing_keys::KeyState;

use crate::on_both;
use crate::support::{Browser, Form, TestApp, location, text_of};

async fn kids(app: &TestApp, state: KeyState) -> Vec<String> {
    let keys = app.core.oauth.store.list_keys().await.unwrap();
    keys.into_iter().filter(|k| k.alg == "ES256" && k.state == state).map(|k| k.id).collect()
}

async fn rotate_form(ann: &Browser) -> Form {
    Form::of(&ann.page("/admin/keys/rotate?alg=ES256").await, "/admin/keys/rotate")
}

async fn keys_are_listed_with_what_comes_next(app: TestApp) {
    let page = text_of(&app.signed_in().await.page("/admin/keys").await);
    for expected in ["active", "next", "may sign from", "Gatepost tools", "/keys"] {
        assert!(page.contains(expected), "{expected} in {page}");
    }
    for kid in [kids(&app, KeyState::Active).await, kids(&app, KeyState::Next).await].concat() {
        assert!(page.contains(&kid), "{kid} in {page}");
    }
}

async fn a_key_is_rotated_once_it_was_published_long_enough(app: TestApp) {
    let ann = app.signed_in().await;
    let (active, next) = (kids(&app, KeyState::Active).await, kids(&app, KeyState::Next).await);
    let early = ann.send(&rotate_form(&ann).await).await;
    assert_eq!(early.status(), 422);
    assert!(text_of(&early.text().await.unwrap()).contains("published for too short a time"));
    assert_eq!(kids(&app, KeyState::Active).await, active, "nothing has changed");

    app.advance(601).await;
    let done = ann.send(&rotate_form(&ann).await).await;
    assert_eq!(location(&done), "/admin/keys?done=key-rotated");
    assert_eq!(kids(&app, KeyState::Active).await, next);
    assert_eq!(kids(&app, KeyState::Retired).await, active);
    assert!(ann.page(&location(&done)).await.contains("The new key signs from now on."));
    assert_eq!(app.audit_reasons("key.rotated").await, ["ok"]);
    let events = app.core.oauth.store.list_events("", 1000).await.unwrap();
    let event = events.iter().find(|e| e.kind == "key.rotated").unwrap();
    assert_eq!(event.actor_id.as_deref(), Some(app.user.id.as_str()));
}

async fn a_compromised_key_is_rotated_at_once_and_removed(app: TestApp) {
    let ann = app.signed_in().await;
    let client = app.client().await;
    let tokens = client.log_in(&ann, "search:read").await;
    let caller = crate::mcp::caller::Caller::new(&app, &tokens.access);
    assert_eq!(caller.status().await, 200);
    let old = kids(&app, KeyState::Active).await.remove(0);
    ann.send(&rotate_form(&ann).await.set("now", "1")).await;
    assert_eq!(caller.status().await, 200, "a retired key still verifies");

    let page = ann.page(&format!("/admin/keys/retire?kid={old}")).await;
    assert!(text_of(&page).contains("stops being believed at once"));
    let done = ann.send(&Form::of(&page, "/admin/keys/retire")).await;
    assert_eq!(location(&done), "/admin/keys?done=key-retired");
    app.sync().await;
    assert_eq!(caller.status().await, 401);
    assert_eq!(app.audit_reasons("key.retired").await, ["ok"]);
}

async fn an_active_or_unknown_key_is_not_removed(app: TestApp) {
    let ann = app.signed_in().await;
    let active = kids(&app, KeyState::Active).await.remove(0);
    let next = kids(&app, KeyState::Next).await.remove(0);
    for kid in [active.as_str(), "key_none", "", "<b>"] {
        assert_eq!(ann.get(&format!("/admin/keys/retire?kid={kid}")).await.status(), 404, "{kid}");
        let form = Form::of(&ann.page(&format!("/admin/keys/retire?kid={next}")).await, "/admin/keys/retire");
        let expected = if kid == active { 409 } else { 404 };
        assert_eq!(ann.send(&form.set("kid", kid)).await.status(), expected, "{kid}");
    }
    assert_eq!(ann.get("/admin/keys/rotate?alg=HS256").await.status(), 404);
    assert_eq!(kids(&app, KeyState::Active).await, [active]);
}

on_both! {
    keys_are_listed_with_what_comes_next,
    a_key_is_rotated_once_it_was_published_long_enough,
    a_compromised_key_is_rotated_at_once_and_removed,
    an_active_or_unknown_key_is_not_removed,
}
