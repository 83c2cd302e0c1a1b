//! `/admin/clients`: found, looked at, disabled, enabled and deleted, and what follows elsewhere.

mod command_line;
mod documents;
mod edit;
mod make;
mod pages;
mod secrets;

use gatepost::admin::{Actor, clients};
use gatepost::store::clients::{ClientKind, ClientMetadata, ClientRow};

use crate::mcp::caller::{Caller, log_in};
use crate::on_both;
use crate::support::{Browser, Form, TestApp, location, text_of};

const PAGE: &str = "/admin/clients";

async fn add(app: &TestApp, id: &str, name: &str, uri: &str) {
    let row = ClientRow {
        id: id.to_owned(),
        kind: ClientKind::Dynamic,
        name: name.to_owned(),
        auth_method: "none".to_owned(),
        redirect_uris: vec![uri.to_owned()],
        grant_types: vec!["authorization_code".to_owned()],
        scope: String::new(),
        metadata: ClientMetadata {
            logo_uri: Some("https://logo.example/x.png".into()),
            ..Default::default()
        },
        digest: None,
        management_hash: None,
        allowed_scopes: None,
        access_token_seconds: None,
        created_at: app.clock.now(),
        last_used_at: None,
        disabled_at: None,
        keys: None,
        dpop_bound: false,
        document_mark: None,
        held_at: None,
    };
    app.core.oauth.store.add_client(row, None).await.unwrap();
}

fn ann() -> Actor {
    Actor { id: "usr_ann".to_owned(), ..Actor::default() }
}

/// Who did it, as the newest event of a kind says.
async fn done_by(app: &TestApp, kind: &str) -> Option<String> {
    app.core.oauth.audit.flush().await;
    let events = app.core.oauth.store.list_events("", 10_000).await.unwrap();
    events.into_iter().rfind(|event| event.kind == kind).and_then(|event| event.actor_id)
}

/// The ids that a page of the list links to.
fn ids(html: &str) -> Vec<String> {
    let links = html.split("href=\"/admin/clients/").skip(1);
    let ids = links.map(|rest| rest.split('"').next().unwrap().to_owned());
    ids.filter(|id| id.starts_with("cli_")).collect()
}

async fn found(ann: &Browser, query: &str) -> Vec<String> {
    ids(&ann.page(&format!("{PAGE}?q={query}")).await)
}

async fn step(ann: &Browser, page: &str, action: &str, code: &str, back: &str) {
    let form = Form::of(&ann.page(page).await, action);
    let response = ann.send(&form).await;
    assert_eq!(response.status(), 303);
    assert_eq!(location(&response), format!("{back}?done={code}"));
}

async fn a_client_is_found_by_words_host_and_id(app: TestApp) {
    let ann = app.signed_in().await;
    assert!(text_of(&ann.page(PAGE).await).contains("No client yet"));
    add(&app, "cli_a", "Quiet Notes", "https://notes.example/back").await;
    add(&app, "cli_b", "Loud Music", "https://music.example/back").await;
    for query in ["qui", "note", "QUIET+N", "notes.example", "cli_a"] {
        assert_eq!(found(&ann, query).await, ["cli_a"], "{query}");
    }
    for query in ["uiet", "cli_", "example", "%25"] {
        assert_eq!(found(&ann, query).await, [""; 0], "{query}");
    }
    assert_eq!(ids(&ann.page(PAGE).await), ["cli_b", "cli_a"], "the newest first");
    assert_eq!(ids(&ann.page(&format!("{PAGE}?kind=machine")).await), [""; 0]);
}

async fn every_client_is_on_one_page_only(app: TestApp) {
    let ann = app.signed_in().await;
    for n in 0..60 {
        add(&app, &format!("cli_{n:03}"), "Same Same", "https://same.example/").await;
    }
    for start in [PAGE.to_owned(), format!("{PAGE}?q=same")] {
        let first = ann.page(&start).await;
        let next = first.split(" rel=\"next\"").next().unwrap().rsplit("href=\"").next().unwrap();
        let next = next.trim_end_matches('"').replace("&amp;", "&").replace("&#38;", "&");
        let mut all = ids(&first);
        assert_eq!(all.len(), 50);
        all.extend(ids(&ann.page(&next).await));
        all.sort();
        let expected: Vec<_> = (0..60).map(|n| format!("cli_{n:03}")).collect();
        assert_eq!(all, expected, "{next}");
    }
}

async fn kind_and_state_filter_together(app: TestApp) {
    let (admin, browser) = (app.core.admin(), app.signed_in().await);
    let machine = app.made_machine(None).await.id;
    app.advance(1).await;
    let off = app.made_machine(None).await.id;
    add(&app, "cli_a", "Quiet Notes", "https://notes.example/back").await;
    clients::disable(&admin, &ann(), &off).await.unwrap();
    for (query, expected) in [
        ("kind=machine", vec![off.as_str(), &machine]),
        ("kind=machine&state=active", vec![machine.as_str()]),
        ("kind=machine&state=disabled", vec![off.as_str()]),
        ("state=disabled", vec![off.as_str()]),
        ("state=active", vec!["cli_a", &machine]),
        ("kind=static", vec![]),
        ("kind=dynamic&state=active", vec!["cli_a"]),
        ("kind=odd&state=odd", vec!["cli_a", &off, &machine]),
    ] {
        let html = browser.page(&format!("{PAGE}?{query}")).await;
        assert_eq!(ids(&html), expected, "{query}");
    }
    let html = browser.page(&format!("{PAGE}?kind=machine&state=disabled")).await;
    assert!(html.contains("/admin/clients?kind=static&#38;state=disabled"), "each filter keeps the other");
}

async fn a_disabled_client_is_out_everywhere_until_enabled(app: TestApp) {
    let (ann, replica) = (app.signed_in().await, app.replica().await);
    let (client, tokens, here) = log_in(&app, "search:read").await;
    let there = Caller::new(&replica, &tokens.access);
    let page = format!("{PAGE}/{}", client.id);
    assert_eq!(there.modern("tools/list", serde_json::json!({})).send().await.unwrap().status(), 200);
    step(&ann, &page, &format!("{page}/disable"), "client-disabled", &page).await;
    replica.sync().await;
    for caller in [&here, &there] {
        assert_eq!(caller.modern("tools/list", serde_json::json!({})).send().await.unwrap().status(), 401);
    }
    assert_eq!(ids(&ann.page(&format!("{PAGE}?kind=dynamic&state=disabled")).await), [client.id.as_str()]);
    step(&ann, &page, &format!("{page}/enable"), "client-enabled", &page).await;
    assert!(app.core.oauth.clients.find(&client.id).await.ok().unwrap().is_some());
    assert_eq!(here.modern("tools/list", serde_json::json!({})).send().await.unwrap().status(), 401);
}

async fn a_deleted_client_never_works_again(app: TestApp) {
    let ann = app.signed_in().await;
    let (client, _, caller) = log_in(&app, "search:read").await;
    let (page, action) = (format!("{PAGE}/{}", client.id), format!("{PAGE}/{}/delete", client.id));
    let form = Form::of(&ann.page(&action).await, &action);
    let refused = ann.send(&form.clone().set("typed", "something else")).await;
    assert_eq!(refused.status(), 422);
    assert_eq!(caller.modern("tools/list", serde_json::json!({})).send().await.unwrap().status(), 200);
    let response = ann.send(&form.set("typed", &client.id)).await;
    assert_eq!(location(&response), format!("{PAGE}?done=client-deleted"));
    assert_eq!(caller.modern("tools/list", serde_json::json!({})).send().await.unwrap().status(), 401);
    assert_eq!(ann.get(&page).await.status(), 404);
    assert_eq!(found(&ann, &client.id).await, [""; 0]);
    let store = &app.core.oauth.store;
    assert!(!store.enable_client(client.id.clone()).await.unwrap(), "nothing brings it back");
    assert!(store.find_client(&client.id).await.unwrap().is_some(), "the audit trail can name it");
}

async fn clients_from_before_the_search_become_known_to_it(app: TestApp) {
    let (ann, store) = (app.signed_in().await, &app.core.oauth.store);
    add(&app, "cli_a", "Quiet Notes", "https://notes.example/back").await;
    for statement in ["DELETE FROM client_terms", "UPDATE clients SET has_terms = 0"] {
        sqlx::query(statement).execute(store.pool()).await.unwrap();
    }
    assert_eq!(found(&ann, "quiet").await, [""; 0]);
    assert_eq!(store.add_missing_client_terms(10).await.unwrap(), 1);
    assert_eq!(store.add_missing_client_terms(10).await.unwrap(), 0);
    assert_eq!(found(&ann, "quiet").await, ["cli_a"]);
}

async fn hostile_names_do_nothing(app: TestApp) {
    let ann = app.signed_in().await;
    let name = "<script>alert(1)</script> {{ 7*7 }} \u{202e}evil";
    add(&app, "cli_a", name, "https://notes.example/back").await;
    for page in [PAGE.to_owned(), format!("{PAGE}/cli_a"), format!("{PAGE}/cli_a/delete")] {
        let html = ann.page(&page).await;
        assert!(!html.contains("<script>alert") && !html.contains('\u{202e}'), "{page}");
        assert!(html.contains("{{ 7*7 }}") && html.matches("<img").count() == 1, "{page}: only our own logo");
        assert!(!html.contains("=\"https://logo.example"), "{page}: a remote logo is text only");
    }
}

on_both! {
    a_client_is_found_by_words_host_and_id, kind_and_state_filter_together, every_client_is_on_one_page_only,
    a_disabled_client_is_out_everywhere_until_enabled, a_deleted_client_never_works_again,
    clients_from_before_the_search_become_known_to_it, hostile_names_do_nothing,
}
