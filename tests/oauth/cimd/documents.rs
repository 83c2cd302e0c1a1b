//! Documents and ids that are refused: each with its exact words, and what is taken from the others.

use serde_json::{Value, json};

use super::{Peer, plain};
use crate::on_both;
use crate::support::{Documents, TestApp, text_of};

/// How a browser is answered: the status, and the sentence of the page.
async fn answered(app: &TestApp, url: &str) -> (u16, String) {
    let response = app.http().get(app.at(url)).send().await.unwrap();
    assert!(!response.headers().contains_key("location"));
    let status = response.status().as_u16();
    (status, text_of(&response.text().await.unwrap()))
}

fn peer(id: String) -> Peer {
    Peer { id, redirect_uri: super::HERE.to_owned(), key: None }
}

/// A good document with these members in place of its own; `null` takes one away.
fn with(members: &Value) -> Value {
    let mut document = plain(&["http://127.0.0.1/callback"]);
    for (name, value) in members.as_object().unwrap() {
        if value.is_null() {
            document.as_object_mut().unwrap().remove(name);
        } else {
            document[name] = value.clone();
        }
    }
    document
}

/// Members of documents that are refused, and how the sentence about each begins.
fn refused() -> Vec<(Value, &'static str)> {
    const NO_METHOD: &str = "names no way to authenticate that can be used here: none or private_key_jwt";
    const SECRET: &str = "has a client_secret: what everybody can read is no secret";
    vec![
        (json!({ "client_name": null }), "has no client_name"),
        (json!({ "client_name": "  " }), "has no client_name"),
        (
            json!({ "client_name": "x".repeat(201) }),
            "cannot be used: client_name is longer than 200 characters",
        ),
        (json!({ "client_name": "a\u{7}b" }), "cannot be used: client_name has control characters"),
        (json!({ "client_name": 7 }), "is not a JSON object of client metadata (line 1, column"),
        (json!({ "redirect_uris": null }), "cannot be used: redirect_uris is missing or empty"),
        (json!({ "redirect_uris": [] }), "cannot be used: redirect_uris is missing or empty"),
        (
            json!({ "redirect_uris": ["http://app.example/cb"] }),
            "cannot be used: redirect_uris[0] uses http for a host",
        ),
        (
            json!({ "redirect_uris": ["https://a.example/*", "javascript:alert(1)"] }),
            "cannot be used: redirect_uris[1] has a scheme",
        ),
        (
            json!({ "redirect_uris": vec!["http://127.0.0.1/x"; 17] }),
            "cannot be used: redirect_uris has more than 16 entries",
        ),
        (json!({ "client_secret": "s3cret" }), SECRET),
        (json!({ "client_secret_expires_at": 0 }), SECRET),
        (json!({ "token_endpoint_auth_method": "client_secret_basic" }), NO_METHOD),
        (json!({ "token_endpoint_auth_method": "client_secret_post" }), NO_METHOD),
        (json!({ "token_endpoint_auth_method": "client_secret_jwt" }), NO_METHOD),
        (json!({ "token_endpoint_auth_method": "tls_client_auth" }), NO_METHOD),
        (
            json!({ "token_endpoint_auth_method": null,
                    "token_endpoint_auth_methods_supported": ["client_secret_basic", "tls_client_auth"] }),
            NO_METHOD,
        ),
        (
            json!({ "token_endpoint_auth_method": "client_secret_basic",
                    "token_endpoint_auth_methods_supported": ["none"] }),
            NO_METHOD,
        ),
        (
            json!({ "token_endpoint_auth_method": "private_key_jwt" }),
            "cannot be used: private_key_jwt needs jwks or jwks_uri",
        ),
        (
            json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "https://a.example/k",
                    "jwks": { "keys": [] } }),
            "cannot be used: jwks and jwks_uri are given",
        ),
        (
            json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "http://a.example/k" }),
            "cannot be used: jwks_uri is not an https URL",
        ),
        (json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": {} }), "cannot be used: jwks "),
        (
            json!({ "grant_types": ["client_credentials"] }),
            "cannot be used: grant_types has none that is supported",
        ),
        (json!({ "response_types": ["token"] }), "cannot be used: response_types has none that is supported"),
        (json!({ "client_uri": "javascript:1" }), "cannot be used: client_uri is not an http or https URL"),
        (json!({ "logo_uri": "data:image/png,x" }), "cannot be used: logo_uri is not an http or https URL"),
        (json!({ "scope": "a\"b" }), "cannot be used: scope "),
    ]
}

async fn every_refused_document_says_why(app: TestApp) {
    let documents = Documents::start();
    for (number, (members, words)) in refused().into_iter().enumerate() {
        // One host each, since one host is asked 30 times a minute at most.
        let documents = if number % 20 == 0 { Documents::start() } else { documents.clone() };
        app.advance(if number % 20 == 0 { 60 } else { 0 }).await;
        let id = documents.put(&format!("/{number}"), with(&members));
        let (status, text) = answered(&app, &peer(id).ask(&app)).await;
        let sentence = format!("The document of this app {words}");
        assert_eq!(status, 400, "{members}: {text}");
        assert!(text.contains(&sentence), "{members}:\nexpected: {sentence}\nin: {text}");
    }
    assert_eq!(app.core.oauth.store.list_clients((0, ""), 10).await.unwrap().len(), 0);
}

async fn what_is_no_document_is_refused(app: TestApp) {
    const JSON: &str = "application/json";
    const NOT_JSON: &str = "is not a JSON object of client metadata (line 1";
    const OTHER: &str = "has another client_id than the URL";
    let documents = Documents::start();
    let id = documents.id("/x");
    let good = plain(&["http://127.0.0.1/callback"]).to_string();
    let of = |client_id: &str| {
        let mut document: Value = serde_json::from_str(&good).unwrap();
        document["client_id"] = json!(client_id);
        document.to_string()
    };
    let own = of(&id);
    let large = format!("{own}{}", " ".repeat(5121 - own.len()));
    let deep = format!("{{\"client_id\":\"{id}\",\"x\":{}{}}}", "[".repeat(500), "]".repeat(500));
    for (status, kind, body, answer, words, reason) in [
        (200, JSON, "nonsense", 400, NOT_JSON, "document_not_json"),
        (200, JSON, "[]", 400, NOT_JSON, "document_not_json"),
        (200, JSON, "", 400, NOT_JSON, "document_not_json"),
        (200, JSON, &deep, 400, "has no client_name", "document_without_name"),
        (200, JSON, &good, 400, "has no client_id", "document_of_another_client"),
        (200, JSON, &of(&format!("{id}/")), 400, OTHER, "document_of_another_client"),
        (200, JSON, &of(&id.replace("127.0.0.1", "localhost")), 400, OTHER, "document_of_another_client"),
        (
            200,
            "text/html",
            &own,
            400,
            "is not sent as JSON: the content type must be",
            "document_content_type",
        ),
        (
            302,
            JSON,
            &own,
            400,
            "is a redirect (status 302); redirects are not followed",
            "document_redirected",
        ),
        (404, JSON, &own, 400, "cannot be had: its host answers with status 404", "document_status"),
        (503, JSON, &own, 503, "cannot be had: its host answers with status 503", "document_status"),
        (200, JSON, &large, 400, "is larger than 5120 bytes", "document_too_large"),
    ] {
        documents.put_as("/x", status, kind, body);
        // Past the back-off of what was refused before.
        app.advance(10).await;
        let (got, text) = answered(&app, &peer(id.clone()).ask(&app)).await;
        assert_eq!(got, answer, "{body}: {text}");
        assert!(text.contains(&format!("The document of this app {words}")), "{text}");
        assert!(app.audit_reasons("authorization.requested").await.contains(&reason.to_owned()), "{reason}");
    }
    // Mended, it works after a moment.
    documents.put_as("/x", 200, "application/json", &own);
    app.advance(10).await;
    app.signed_in().await.allow(&peer(id).ask(&app)).await;
}

async fn what_is_no_id_is_refused_unasked(app: TestApp) {
    let documents = Documents::start();
    documents.put("/x", plain(&["http://127.0.0.1/callback"]));
    let port = documents.url.rsplit(':').next().unwrap();
    for (id, words) in [
        (format!("{}/x#y", documents.url), "client_id has a fragment"),
        (format!("http://u:p@127.0.0.1:{port}/x"), "client_id has a user name or a password"),
        (format!("{}/a/../x", documents.url), "client_id has a . or .. as a part of its path"),
        (format!("http://2130706433:{port}/x"), "client_id must be written in its normal form"),
        ("http://app.example/x".to_owned(), "client_id must begin with https://"),
        ("https://".to_owned(), "client_id is not a URL"),
        (format!("https://app.example/{}", "x".repeat(512)), "client_id is longer than 512 bytes"),
        (
            "https://169.254.169.254/latest".to_owned(),
            "The document of this app has a host that cannot be found on the public internet",
        ),
        (
            "https://10.0.0.1/client.json".to_owned(),
            "The document of this app has a host that cannot be found on the public internet",
        ),
    ] {
        let (status, text) = answered(&app, &peer(id.clone()).ask(&app)).await;
        assert_eq!(status, 400, "{id}: {text}");
        assert!(text.contains(words), "{id}: {text}");
        let (status, body) = peer(id.clone()).refresh(&app, "rft_x", "").await;
        assert_eq!((status, &body["error"]), (401, &json!("invalid_client")), "{id}: {body}");
    }
    assert_eq!(documents.asked("/x"), 0);
}

async fn a_redirect_uri_that_the_document_does_not_list_is_refused(app: TestApp) {
    let documents = Documents::start();
    let redirects = ["http://127.0.0.1:33418/", "https://app.example/cb"];
    let id = documents.put("/x", plain(&redirects));
    for (uri, is_fine) in [
        ("http://127.0.0.1:50000/", true),
        ("https://app.example/cb", true),
        ("https://app.example/cb/", false),
        ("https://app.example.evil.example/cb", false),
        ("http://localhost:33418/", false),
        ("http://127.0.0.1:33418/other", false),
    ] {
        let peer = Peer { id: id.clone(), redirect_uri: uri.to_owned(), key: None };
        let response = app.signed_in().await.get(&peer.ask(&app)).await;
        assert_eq!(response.status().as_u16(), if is_fine { 303 } else { 400 }, "{uri}");
    }
}

async fn what_is_taken_from_a_document(app: TestApp) {
    let documents = Documents::start();
    let browser = app.signed_in().await;
    for (number, (members, method)) in [
        (json!({ "token_endpoint_auth_method": null }), "none"),
        (json!({ "token_endpoint_auth_methods_supported": ["client_secret_basic", "none"] }), "none"),
        (json!({ "grant_types": ["authorization_code", "urn:x:made-up"], "response_types": ["code", "token"] }), "none"),
        (json!({ "unknown": { "a": [1, null] }, "client_uri": "" }), "none"),
        (
            json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": documents.id("/keys") }),
            "private_key_jwt",
        ),
        (
            json!({ "token_endpoint_auth_method": null, "jwks_uri": documents.id("/keys"),
                    "token_endpoint_auth_methods_supported": ["private_key_jwt"] }),
            "private_key_jwt",
        ),
        (
            json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": documents.id("/keys"),
                    "token_endpoint_auth_methods_supported": ["none"] }),
            "none",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let id = documents.put(&format!("/{number}"), with(&members));
        browser.allow(&peer(id.clone()).ask(&app)).await;
        let row = app.core.oauth.store.find_client(&id).await.unwrap().unwrap();
        assert_eq!(row.auth_method, method, "{members}");
        assert_eq!(row.grant_types, ["authorization_code", "refresh_token"], "{members}");
    }
}

async fn an_id_that_nobody_allowed_is_an_unknown_client_at_the_token_endpoint(app: TestApp) {
    let documents = Documents::start();
    let missing = peer(documents.id("/nothing"));
    let (status, body) = missing.refresh(&app, "rft_x", "").await;
    assert_eq!((status, &body["error"]), (401, &json!("invalid_client")), "{body}");
    let there = Peer::here(&documents);
    let (status, body) = there.refresh(&app, "rft_x", "").await;
    assert_eq!((status, &body["error"]), (400, &json!("invalid_grant")), "{body}");
    assert_eq!(app.core.oauth.store.list_clients((0, ""), 10).await.unwrap().len(), 0);
}

on_both!(
    every_refused_document_says_why,
    what_is_no_document_is_refused,
    what_is_no_id_is_refused_unasked,
    a_redirect_uri_that_the_document_does_not_list_is_refused,
    what_is_taken_from_a_document,
    an_id_that_nobody_allowed_is_an_unknown_client_at_the_token_endpoint,
);
