//! The documents that products publish, at hosts of their own; each product logs in the way it does.

use serde_json::{Value, json};

use super::{FRESH, Peer, refresh_of};
use crate::mcp::caller::Caller;
use crate::on_both;
use crate::support::{Browser, Documents, Signer, TestApp, json_of, text_of};

/// Finds the authorization server as a client does: from the challenge to the metadata. The resource to ask for.
async fn discover(app: &TestApp) -> String {
    let response = app.http().post(app.at("/mcp")).send().await.unwrap();
    assert_eq!(response.status(), 401);
    let challenge = response.headers()["www-authenticate"].to_str().unwrap().to_owned();
    let url = challenge.split("resource_metadata=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let resource = json_of(app.http().get(url).send().await.unwrap()).await;
    let issuer = resource["authorization_servers"][0].as_str().unwrap();
    let url = format!("{issuer}/.well-known/oauth-authorization-server");
    let server = json_of(app.http().get(url).send().await.unwrap()).await;
    // What Claude and Codex look at before they use their documents.
    assert_eq!(server["client_id_metadata_document_supported"], true);
    let methods = server["token_endpoint_auth_methods_supported"].as_array().unwrap();
    for method in ["none", "private_key_jwt"] {
        assert!(methods.contains(&json!(method)), "{methods:?}");
    }
    resource["resource"].as_str().unwrap().to_owned()
}

/// The whole way: discovery, consent, token, a call, a refresh, another call.
async fn whole_way(app: &TestApp, browser: &Browser, peer: &Peer) {
    let resource = discover(app).await;
    let place = browser.allow(&peer.authorize_url(&resource, &[])).await;
    assert!(place.starts_with(&peer.redirect_uri), "{place}");
    let (status, body) = peer.redeem(app, &place, "1").await;
    assert_eq!((status, &body["token_type"]), (200, &json!("Bearer")), "{body}");
    let who = Caller::new(app, body["access_token"].as_str().unwrap()).who().await;
    assert_eq!(who["client"]["id"], json!(peer.id), "{who}");
    let (status, body) = peer.refresh(app, &refresh_of(&body), "2").await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(Caller::new(app, body["access_token"].as_str().unwrap()).status().await, 200);
}

async fn public(app: TestApp, path: &str, redirect_uri: &str, document: Value) -> (TestApp, Documents, Peer) {
    let documents = Documents::start();
    let id = documents.put(path, document);
    let peer = Peer { id, redirect_uri: redirect_uri.to_owned(), key: None };
    let browser = app.signed_in().await;
    whole_way(&app, &browser, &peer).await;
    (app, documents, peer)
}

async fn vs_code(app: TestApp) {
    let document = json!({
        "client_name": "Visual Studio Code", "client_uri": "https://code.visualstudio.com",
        "grant_types": ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"],
        "response_types": ["code"], "token_endpoint_auth_method": "none", "application_type": "native",
        "redirect_uris": ["http://127.0.0.1:33418/", "http://127.0.0.1/", "https://vscode.dev/redirect",
                          "https://insiders.vscode.dev/redirect"],
    });
    // A random port, as when its own is taken.
    public(app, "/vscode.dev/oauth/client-metadata.json", "http://127.0.0.1:50123/", document).await;
}

async fn claude_hosted(app: TestApp) {
    let document = json!({
        "client_name": "Claude", "client_uri": "https://claude.ai",
        "logo_uri": "https://claude.ai/images/logo.png",
        "redirect_uris": ["https://claude.ai/api/mcp/auth_callback", "https://claude.com/api/mcp/auth_callback"],
        "grant_types": ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:jwt-bearer"],
        "response_types": ["code"], "token_endpoint_auth_method": "none",
    });
    let place = "https://claude.ai/api/mcp/auth_callback";
    public(app, "/claude.ai/oauth/mcp-oauth-client-metadata", place, document).await;
}

async fn claude_code(app: TestApp) {
    let document = json!({
        "client_name": "Claude Code", "token_endpoint_auth_method": "none",
        "redirect_uris": ["http://localhost/callback", "http://127.0.0.1/callback"],
        "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"],
    });
    let place = "http://localhost:3118/callback";
    public(app, "/claude.ai/oauth/claude-code-client-metadata", place, document).await;
}

async fn codex(app: TestApp) {
    let document = json!({
        "client_name": "Codex", "redirect_uris": ["http://127.0.0.1/callback/codex"],
        "token_endpoint_auth_method": "none", "application_type": "native",
    });
    public(app, "/chatgpt.com/oauth/codex/client.json", "http://127.0.0.1:61001/callback/codex", document)
        .await;
}

async fn copilot_cli(app: TestApp) {
    // It lists a port, and uses another.
    let document = json!({
        "client_name": "GitHub Copilot CLI", "redirect_uris": ["http://127.0.0.1:33418/"],
        "token_endpoint_auth_method": "none",
    });
    let path = "/github.com/copilot/cli/client-metadata.json";
    public(app, path, "http://127.0.0.1:51999/", document).await;
}

async fn opencode(app: TestApp) {
    let document = json!({
        "client_name": "opencode", "redirect_uris": ["http://127.0.0.1:19876/mcp/oauth/callback"],
        "grant_types": ["authorization_code", "refresh_token"], "token_endpoint_auth_method": "none",
    });
    let place = "http://127.0.0.1:19876/mcp/oauth/callback";
    public(app, "/opencode.ai/oauth/opencode/client.json", place, document).await;
}

/// A document of ChatGPT's with these members, its keys beside it.
fn chatgpt(documents: &Documents, members: &Value, with_key: bool) -> Peer {
    let key = Signer::rs256("chatgpt-1");
    documents.put_as("/chatgpt.com/oauth/jwks.json", 200, "application/json", &key.jwks().to_string());
    let mut document = json!({
        "client_name": "ChatGPT", "client_uri": "https://chatgpt.com",
        "redirect_uris": ["https://chatgpt.com/connector/oauth/abc123"],
        "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"],
        "jwks_uri": documents.id("/chatgpt.com/oauth/jwks.json"),
    });
    for (name, value) in members.as_object().unwrap() {
        document[name] = value.clone();
    }
    Peer {
        id: documents.put("/chatgpt.com/oauth/abc123/client.json", document),
        redirect_uri: "https://chatgpt.com/connector/oauth/abc123".to_owned(),
        key: with_key.then_some(key),
    }
}

async fn chatgpt_with_a_key(app: TestApp) {
    let documents = Documents::start();
    let members = json!({ "token_endpoint_auth_method": "private_key_jwt",
                          "token_endpoint_auth_signing_alg": "RS256" });
    let mut peer = chatgpt(&documents, &members, true);
    let browser = app.signed_in().await;
    whole_way(&app, &browser, &peer).await;
    assert_eq!(documents.asked("/chatgpt.com/oauth/jwks.json"), 1);
    // Without its assertion it is anybody.
    let place = browser.allow(&peer.ask(&app)).await;
    let key = peer.key.take();
    let (status, body) = peer.redeem(&app, &place, "").await;
    assert_eq!((status, &body["error"]), (401, &json!("invalid_client")), "{body}");
    // Its keys change behind the same URL: that is no change of the document, and the next assertion is by the new one.
    let next = Signer::rs256("chatgpt-2");
    documents.put_as("/chatgpt.com/oauth/jwks.json", 200, "application/json", &next.jwks().to_string());
    drop(key);
    peer.key = Some(next);
    app.advance(FRESH + 30).await;
    let refresh = peer.log_in(&app, &app.signed_in().await).await;
    peer.goes_on(&app, &refresh).await;
    assert!(app.audit_reasons("client.held").await.is_empty());
}

async fn chatgpt_either_way(app: TestApp) {
    for members in [
        json!({ "token_endpoint_auth_method": "private_key_jwt",
                "token_endpoint_auth_methods_supported": ["none", "private_key_jwt"] }),
        json!({ "token_endpoint_auth_methods_supported": ["none", "private_key_jwt"] }),
    ] {
        for with_key in [true, false] {
            let documents = Documents::start();
            let peer = chatgpt(&documents, &members, with_key);
            whole_way(&app, &app.signed_in().await, &peer).await;
        }
    }
}

async fn the_consent_page_names_the_host_and_doubts_the_name(app: TestApp) {
    let documents = Documents::start();
    let peer = Peer::here(&documents);
    let browser = app.signed_in().await;
    let consent = crate::oauth::leads_to(&browser, &peer.ask(&app)).await;
    let html = browser.page(&consent).await;
    let text = text_of(&html);
    let host = documents.url.strip_prefix("http://").unwrap();
    assert!(text.contains(&format!("Published by {host}")), "{text}");
    assert!(text.contains("The name is what the app calls itself"), "{text}");
    assert!(text.contains("An app on this computer will receive access"), "{text}");
    assert!(text.contains("127.0.0.1"), "{text}");
    // Nothing of the document is loaded by the visitor.
    assert!(!html.contains("<img src=\"http"), "{html}");
}

async fn who_only_asks_leaves_no_row(app: TestApp) {
    let documents = Documents::start();
    let peer = Peer::here(&documents);
    let browser = app.signed_in().await;
    let before = app.db_rows().await;
    let consent = crate::oauth::leads_to(&browser, &peer.ask(&app)).await;
    browser.page(&consent).await;
    assert_eq!(app.db_rows().await, before);
    let form = browser.consent_form(&peer.ask(&app)).await.set("decision", "deny");
    crate::oauth::decided(&browser, &form).await;
    assert_eq!(app.db_rows().await, before);
    assert_eq!(documents.asked("/notes/client.json"), 1);
    browser.allow(&peer.ask(&app)).await;
    let row = app.core.oauth.store.find_client(&peer.id).await.unwrap().unwrap();
    assert_eq!((row.kind.as_str(), row.name.as_str()), ("cimd", "Notes app"));
    assert_eq!(documents.asked("/notes/client.json"), 1);
}

async fn a_new_name_in_the_document_is_written_with_the_next_consent(app: TestApp) {
    let documents = Documents::start();
    let peer = Peer::here(&documents);
    let browser = app.signed_in().await;
    let refresh = peer.log_in(&app, &browser).await;
    let mut renamed = plain_named("Renamed");
    renamed["redirect_uris"] = json!(["http://127.0.0.1/callback", "http://localhost/callback"]);
    documents.put("/notes/client.json", renamed);
    app.advance(FRESH).await;
    let refresh = peer.goes_on(&app, &refresh).await;
    peer.log_in(&app, &browser).await;
    let row = app.core.oauth.store.find_client(&peer.id).await.unwrap().unwrap();
    assert_eq!((row.name.as_str(), row.redirect_uris.len()), ("Renamed", 2));
    peer.goes_on(&app, &refresh).await;
}

fn plain_named(name: &str) -> Value {
    json!({ "client_name": name, "redirect_uris": ["http://127.0.0.1/callback"] })
}

async fn a_disabled_client_by_document_is_kept_out(app: TestApp) {
    let documents = Documents::start();
    let peer = Peer::here(&documents);
    let browser = app.signed_in().await;
    let refresh = peer.log_in(&app, &browser).await;
    let store = &app.core.oauth.store;
    assert!(store.disable_client(peer.id.clone(), app.clock.now()).await.unwrap());
    app.sync().await;
    let (status, body) = peer.refresh(&app, &refresh, "1").await;
    assert_eq!((status, &body["error"]), (401, &json!("invalid_client")), "{body}");
    assert!(body["error_description"].as_str().unwrap().contains("disabled"), "{body}");
    let answer = browser.get(&peer.ask(&app)).await;
    assert_eq!(answer.status(), 400);
    // A stranger is not told more.
    assert!(text_of(&answer.text().await.unwrap()).contains("This app is not known here"));
    assert_eq!(app.audit_reasons("authorization.requested").await.last().unwrap(), "to_consent");
    assert!(app.audit_reasons("authorization.requested").await.contains(&"disabled_client".to_owned()));
}

on_both!(
    vs_code,
    claude_hosted,
    claude_code,
    codex,
    copilot_cli,
    opencode,
    chatgpt_with_a_key,
    chatgpt_either_way,
    the_consent_page_names_the_host_and_doubts_the_name,
    who_only_asks_leaves_no_row,
    a_new_name_in_the_document_is_written_with_the_next_consent,
    a_disabled_client_by_document_is_kept_out,
);
