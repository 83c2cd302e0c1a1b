//! `src/oauth/cimd/hold.rs`, row by row: a document that changes.

use gatepost::admin::clients::document::accept;
use gatepost::admin::{Actor, Failure, clients};
use serde_json::json;

use super::{FRESH, Peer, plain};
use crate::oauth::status_and_json;
use crate::support::{Database, Documents, Form, Signer, TestApp};
use crate::{on_both, on_each};

const PATH: &str = "/notes/client.json";
const WEB: &str = "https://app.example/cb";
const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// A client that sends people to the web, and its document.
fn on_the_web() -> (Documents, Peer) {
    let documents = Documents::start();
    let id = documents.put(PATH, plain(&[WEB]));
    (documents, Peer { id, redirect_uri: WEB.to_owned(), key: None })
}

/// Puts another document there, and lets the one that is known grow old.
async fn changes(app: &TestApp, documents: &Documents, redirect_uris: &[&str]) {
    documents.put(PATH, plain(redirect_uris));
    app.advance(FRESH).await;
}

async fn a_document_that_stays_the_same_holds_nobody(app: TestApp) {
    let (documents, peer) = on_the_web();
    let refresh = peer.log_in(&app, &app.signed_in().await).await;
    // Another path at the same host, and this computer under another name, are no news.
    changes(&app, &documents, &[WEB, "https://app.example/other"]).await;
    peer.goes_on(&app, &refresh).await;
    assert!(app.audit_reasons("client.held").await.is_empty());
    assert_eq!(documents.asked(PATH), 2);
}

async fn a_changed_redirect_host_puts_the_client_on_hold(app: TestApp) {
    let (documents, peer) = on_the_web();
    let refresh = peer.log_in(&app, &app.signed_in().await).await;
    changes(&app, &documents, &[WEB, "https://evil.example/cb"]).await;
    peer.is_held(&app, &refresh).await;
    peer.is_held(&app, &refresh).await;
    assert_eq!(app.audit_reasons("client.held").await, ["document_changed"]);
    assert_eq!(app.audit_reasons("token.refreshed").await, ["client_on_hold", "client_on_hold"]);
    let row = app.core.oauth.store.find_client(&peer.id).await.unwrap().unwrap();
    assert_eq!((row.redirect_uris.len(), row.held_at), (1, Some(app.clock.now())));
    assert_eq!(app.core.oauth.store.count_held_clients().await.unwrap(), 1);
    // Another process knows it as well.
    let other = app.replica().await;
    peer.is_held(&other, &refresh).await;
    assert_eq!(app.audit_reasons("client.held").await.len(), 1);
}

async fn a_client_on_hold_begins_nothing_without_a_browser(app: TestApp) {
    let documents = Documents::start();
    let put = |redirect_uri: &str| {
        let mut document = plain(&[redirect_uri]);
        document["grant_types"] = json!(["authorization_code", "refresh_token", DEVICE]);
        documents.put(PATH, document)
    };
    let peer = Peer { id: put(WEB), redirect_uri: WEB.to_owned(), key: None };
    peer.log_in(&app, &app.signed_in().await).await;
    let asks = async || {
        let request = app.http().post(app.at("/oauth/device_authorization"));
        status_and_json(request.form(&[("client_id", &peer.id)]).send().await.unwrap()).await
    };
    assert_eq!(asks().await.0, 200);
    put("https://evil.example/cb");
    app.advance(FRESH).await;
    let (status, body) = asks().await;
    assert_eq!((status, &body["error"]), (400, &json!("unauthorized_client")), "{body}");
    assert!(body["error_description"].as_str().unwrap().contains("has changed"), "{body}");
    assert_eq!(app.core.oauth.store.count_held_clients().await.unwrap(), 1);
    put(WEB);
    app.advance(FRESH).await;
    assert_eq!(asks().await.0, 200, "it is as it was");
}

/// Between a person's "allow" and the device's fetch nothing may slip through.
async fn a_document_that_nobody_relied_on_may_change(app: TestApp) {
    let documents = Documents::start();
    let put = |redirect_uri: &str| {
        let mut document = plain(&[redirect_uri]);
        document["grant_types"] = json!(["authorization_code", "refresh_token", DEVICE]);
        documents.put(PATH, document)
    };
    let peer = Peer { id: put(WEB), redirect_uri: "https://evil.example/cb".to_owned(), key: None };
    let asks = async || {
        let request = app.http().post(app.at("/oauth/device_authorization"));
        status_and_json(request.form(&[("client_id", &peer.id)]).send().await.unwrap()).await
    };
    assert_eq!(asks().await.0, 200);
    put(&peer.redirect_uri);
    app.advance(FRESH).await;
    assert_eq!(asks().await.0, 200);
    assert!(app.audit_reasons("client.held").await.is_empty());
    let refresh = peer.log_in(&app, &app.signed_in().await).await;
    // From now on somebody relies on it.
    put(WEB);
    app.advance(FRESH).await;
    peer.is_held(&app, &refresh).await;
    assert_eq!(app.audit_reasons("client.held").await, ["document_changed"]);
}

async fn a_hold_reaches_what_was_allowed_on_a_device(database: Database) {
    let app = TestApp::start_with(database, &[("GATEPOST_DEVICE__CODE_SECONDS", "1800")]).await;
    let documents = Documents::start();
    let put = |redirect_uri: &str| {
        let mut document = plain(&[redirect_uri]);
        document["grant_types"] = json!(["authorization_code", "refresh_token", DEVICE]);
        documents.put(PATH, document)
    };
    let (id, ann) = (put(WEB), app.signed_in().await);
    let request = app.http().post(app.at("/oauth/device_authorization"));
    let (status, codes) = status_and_json(request.form(&[("client_id", &id)]).send().await.unwrap()).await;
    assert_eq!(status, 200, "{codes}");
    let typed = Form::read(&ann.page("/device").await).set("user_code", codes["user_code"].as_str().unwrap());
    let confirm = Form::read(&ann.shown(&typed).await).set("decision", "allow");
    ann.shown(&confirm).await;
    let fetches = async || {
        let code = codes["device_code"].as_str().unwrap();
        let form = [("grant_type", DEVICE), ("client_id", &id), ("device_code", code)];
        status_and_json(app.http().post(app.at("/oauth/token")).form(&form).send().await.unwrap()).await
    };
    put("https://evil.example/cb");
    app.advance(FRESH).await;
    let (status, body) = fetches().await;
    assert_eq!((status, &body["error"]), (400, &json!("invalid_grant")), "{body}");
    assert!(body["error_description"].as_str().unwrap().contains("has changed where it sends access"));
    put(WEB);
    app.advance(FRESH).await;
    let (status, body) = fetches().await;
    assert_eq!(status, 200, "nothing was spent meanwhile: {body}");
}

async fn other_keys_put_the_client_on_hold(app: TestApp) {
    let documents = Documents::start();
    let put = |key: &Signer| {
        let mut document = plain(&[WEB]);
        document["token_endpoint_auth_method"] = json!("private_key_jwt");
        document["jwks"] = key.jwks();
        documents.put(PATH, document)
    };
    let (first, second) = (Signer::es256("a"), Signer::es256("b"));
    let id = put(&first);
    let mut peer = Peer { id, redirect_uri: WEB.to_owned(), key: Some(first) };
    let refresh = peer.log_in(&app, &app.signed_in().await).await;
    put(&second);
    app.advance(FRESH).await;
    peer.key = Some(second);
    peer.is_held(&app, &refresh).await;
    let again = peer.log_in(&app, &app.signed_in().await).await;
    peer.goes_on(&app, &again).await;
}

async fn a_person_who_agrees_anew_goes_on(app: TestApp) {
    let (documents, peer) = on_the_web();
    let (ann, bob) = (app.signed_in().await, crate::oauth::bob(&app).await);
    let (of_ann, of_bob) = (peer.log_in(&app, &ann).await, peer.log_in(&app, &bob).await);
    changes(&app, &documents, &["https://new.example/cb", WEB]).await;
    // Noticed with the consent, before any refresh: looking at the page changes nothing.
    let consent = crate::oauth::leads_to(&ann, &peer.ask(&app)).await;
    ann.page(&consent).await;
    assert!(app.audit_reasons("client.held").await.is_empty());
    assert_eq!(app.core.oauth.store.count_held_clients().await.unwrap(), 0);
    let anew = peer.log_in(&app, &ann).await;
    assert_eq!(app.audit_reasons("client.held").await, ["document_changed"]);
    let anew = peer.goes_on(&app, &anew).await;
    peer.is_held(&app, &of_ann).await;
    peer.is_held(&app, &of_bob).await;
    // Nobody but an administrator ends the hold for all.
    assert_eq!(app.core.oauth.store.count_held_clients().await.unwrap(), 1);
    peer.goes_on(&app, &anew).await;
}

async fn an_administrator_accepts_the_change_for_everybody(app: TestApp) {
    let (documents, peer) = on_the_web();
    let refresh = peer.log_in(&app, &app.signed_in().await).await;
    let (admin, actor) = (app.core.admin(), Actor::command_line());
    let version = |app: &TestApp| {
        let (admin, id) = (app.core.admin(), peer.id.clone());
        async move { clients::find(&admin, &id).await.unwrap().version }
    };
    let early = accept(&admin, &actor, &peer.id, version(&app).await).await;
    assert!(matches!(early, Err(Failure::Refused { code: "not_on_hold", .. })), "{early:?}");
    changes(&app, &documents, &["https://new.example/cb"]).await;
    peer.is_held(&app, &refresh).await;
    let seen = version(&app).await;
    // It changes once more before the administrator decides: they look again.
    changes(&app, &documents, &["https://newer.example/cb"]).await;
    let stale = accept(&admin, &actor, &peer.id, seen).await;
    assert!(matches!(stale, Err(Failure::Changed)), "{stale:?}");
    let accepted = accept(&admin, &actor, &peer.id, version(&app).await).await.unwrap();
    assert_eq!(
        (accepted.client.held_at, accepted.client.redirect_uris),
        (None, vec!["https://newer.example/cb".to_owned()])
    );
    let refresh = peer.goes_on(&app, &refresh).await;
    assert_eq!(app.audit_reasons("client.document_accepted").await.len(), 1);
    // What was accepted once is not accepted for ever.
    changes(&app, &documents, &["https://newest.example/cb"]).await;
    peer.is_held(&app, &refresh).await;
}

async fn a_document_that_is_mended_ends_the_hold(app: TestApp) {
    let (documents, peer) = on_the_web();
    let (ann, bob) = (app.signed_in().await, crate::oauth::bob(&app).await);
    let of_ann = peer.log_in(&app, &ann).await;
    changes(&app, &documents, &[WEB, "https://evil.example/cb"]).await;
    peer.is_held(&app, &of_ann).await;
    let of_bob = peer.log_in(&app, &bob).await;
    changes(&app, &documents, &[WEB]).await;
    peer.goes_on(&app, &of_ann).await;
    // What was given for the other document is refused from now on.
    peer.is_held(&app, &of_bob).await;
    assert_eq!(app.audit_reasons("client.released").await, ["document_changed"]);
    assert_eq!(app.core.oauth.store.count_held_clients().await.unwrap(), 0);
}

async fn while_the_document_cannot_be_had_what_is_known_counts(app: TestApp) {
    let (documents, peer) = on_the_web();
    let refresh = peer.log_in(&app, &app.signed_in().await).await;
    for (status, kind) in [(503, "application/json"), (404, "application/json"), (200, "text/html")] {
        documents.put_as(PATH, status, kind, "{}");
        app.advance(86_400).await;
        // A process that has never seen the document.
        let other = app.replica().await;
        let (answer, body) = peer.refresh(&other, "rft_x", "").await;
        assert_eq!((answer, &body["error"]), (400, &json!("invalid_grant")), "{status} {kind}: {body}");
    }
    let refresh = peer.goes_on(&app, &refresh).await;
    changes(&app, &documents, &["https://evil.example/cb"]).await;
    peer.is_held(&app, &refresh).await;
    documents.put_as(PATH, 503, "application/json", "{}");
    let other = app.replica().await;
    let (status, body) = peer.refresh(&other, &refresh, "").await;
    assert_eq!((status, &body["error"]), (503, &json!("temporarily_unavailable")), "{body}");
}

on_both!(
    a_document_that_nobody_relied_on_may_change,
    a_client_on_hold_begins_nothing_without_a_browser,
    a_document_that_stays_the_same_holds_nobody,
    a_changed_redirect_host_puts_the_client_on_hold,
    other_keys_put_the_client_on_hold,
    a_person_who_agrees_anew_goes_on,
    an_administrator_accepts_the_change_for_everybody,
    a_document_that_is_mended_ends_the_hold,
    while_the_document_cannot_be_had_what_is_known_counts,
);
on_each!(a_hold_reaches_what_was_allowed_on_a_device);
