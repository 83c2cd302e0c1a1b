//! Which clients by document a resource takes, and what the metadata says of it.

use gatepost::admin::resources::settings::{Settings, change};
use gatepost::admin::{Actor, Failure};
use gatepost::jobs::{Retention, reap_once};
use gatepost::store::resources::DocumentColumns;
use serde_json::{Value, json};

use super::{Peer, plain};
use crate::oauth::status_and_json;
use crate::support::{Database, Documents, TestApp, json_of, text_of};
use crate::{on_both, on_each};

/// Sets the policy of the built-in resource.
async fn set(app: &TestApp, policy: &str, allow: &[&str]) -> Result<(), Failure> {
    let admin = app.core.admin();
    let row = gatepost::admin::resources::list(&admin).await.unwrap().remove(0);
    let allow = allow.iter().map(|entry| (*entry).to_owned()).collect();
    let documents = DocumentColumns { policy: policy.to_owned(), allow };
    let wanted = Settings { documents, ..Settings::of(&row) };
    let done = change(&admin, &Actor::command_line(), &row.id, row.version, &wanted).await;
    app.sync().await;
    done
}

async fn metadata(app: &TestApp) -> Value {
    let url = app.at("/.well-known/oauth-authorization-server");
    json_of(app.http().get(url).send().await.unwrap()).await
}

async fn a_resource_takes_only_whom_its_policy_names(app: TestApp) {
    let documents = Documents::start();
    let peer = Peer::here(&documents);
    let browser = app.signed_in().await;
    let refresh = peer.log_in(&app, &browser).await;
    let pattern = format!("{}/notes/*", documents.url);
    let other = format!("{}/other/*", documents.url);
    for (policy, allow, is_taken, is_on) in [
        ("open", vec![], true, true),
        ("allow", vec![peer.id.as_str()], true, true),
        ("allow", vec![pattern.as_str()], true, true),
        ("allow", vec![other.as_str()], false, true),
        ("allow", vec![], false, false),
        ("off", vec![pattern.as_str()], false, false),
    ] {
        set(&app, policy, &allow).await.unwrap();
        let answer = browser.get(&peer.ask(&app)).await;
        assert_eq!(answer.status().as_u16(), if is_taken { 303 } else { 400 }, "{policy} {allow:?}");
        if !is_taken {
            let text = text_of(&answer.text().await.unwrap());
            assert!(text.contains("It is not among the apps that this server takes"), "{text}");
        }
        let said = metadata(&app).await;
        let flag = said.get("client_id_metadata_document_supported");
        assert_eq!(flag, is_on.then_some(&json!(true)), "{policy} {allow:?}");
    }
    assert_eq!(
        app.audit_reasons("authorization.requested")
            .await
            .iter()
            .filter(|r| *r == "client_not_admitted")
            .count(),
        3
    );
    // Whoever was allowed before goes on.
    let refresh = peer.goes_on(&app, &refresh).await;
    // Who is not taken is not asked for either.
    let stranger = Peer { id: documents.id("/stranger"), redirect_uri: super::HERE.to_owned(), key: None };
    assert_eq!(browser.get(&stranger.ask(&app)).await.status(), 400);
    assert_eq!(stranger.refresh(&app, &refresh, "").await.0, 401);
    assert_eq!(documents.asked("/stranger"), 0);
}

async fn a_policy_that_cannot_be_is_refused_with_a_sentence(app: TestApp) {
    let many: Vec<String> = (0..51).map(|n| format!("https://a{n}.example/x")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    for (policy, allow, field, part) in [
        ("some", vec![], "cimd_policy", "Choose open, allow or off."),
        ("allow", vec!["vscode.dev"], "cimd_allow", "vscode.dev is not a URL."),
        ("allow", vec!["https://*.dev/x"], "cimd_allow", "a * stands at the end only"),
        ("allow", many, "cimd_allow", "There are more than 50 entries."),
    ] {
        match set(&app, policy, &allow).await {
            Err(Failure::Invalid(problems)) => {
                assert!(
                    problems.iter().any(|p| p.field == field && p.sentence.contains(part)),
                    "{problems:?}"
                );
            }
            other => panic!("{policy}: {other:?}"),
        }
    }
}

async fn switched_off_nobody_new_gets_in(database: Database) {
    let app = TestApp::start_with(database, &[("GATEPOST_CIMD__ENABLED", "false")]).await;
    let documents = Documents::start();
    let peer = Peer::here(&documents);
    let browser = app.signed_in().await;
    let answer = browser.get(&peer.ask(&app)).await;
    assert_eq!(answer.status(), 400);
    assert!(
        text_of(&answer.text().await.unwrap()).contains("It is not among the apps that this server takes")
    );
    assert_eq!(metadata(&app).await.get("client_id_metadata_document_supported"), None);
    assert_eq!(documents.asked("/notes/client.json"), 0);
}

/// What an administrator closed is closed for devices too, also while the document cannot be had.
async fn a_client_that_is_kept_out_gets_in_by_no_device(app: TestApp) {
    let documents = Documents::start();
    let mut document = plain(&[super::HERE]);
    document["grant_types"] =
        json!(["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"]);
    let peer =
        Peer { id: documents.put("/tv.json", document), redirect_uri: super::HERE.to_owned(), key: None };
    let browser = app.signed_in().await;
    peer.log_in(&app, &browser).await;
    let asks = async || {
        let request = app.http().post(app.at("/oauth/device_authorization"));
        status_and_json(request.form(&[("client_id", &peer.id)]).send().await.unwrap()).await
    };
    let (status, codes) = asks().await;
    assert_eq!(status, 200, "{codes}");
    set(&app, "off", &[]).await.unwrap();
    let (status, body) = asks().await;
    assert_eq!((status, &body["error"]), (400, &json!("unauthorized_client")), "{body}");
    // The one that asked before waits in vain.
    let form =
        browser.form_to("/device", "/device").await.set("user_code", codes["user_code"].as_str().unwrap());
    let page = text_of(&browser.send(&form).await.text().await.unwrap());
    assert!(page.contains("No device waits with that code"), "{page}");
    // Nor while its document is away, and only what was known of it is left.
    documents.put_as("/tv.json", 503, "application/json", "");
    app.advance(super::FRESH + 86_400).await;
    assert_eq!(asks().await.0, 400);
}

/// Whoever makes documents up fills no table: few a minute, nothing of one that comes too much, gone within the hour.
async fn strangers_leave_few_rows_and_for_a_short_time(database: Database) {
    let settings = [("GATEPOST_REGISTRATION__PER_MINUTE_PER_ADDRESS", "2")];
    let app = TestApp::start_with(database, &settings).await;
    let documents = Documents::start();
    let peer = |name: &str| {
        let mut document = plain(&[super::HERE]);
        document["grant_types"] =
            json!(["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"]);
        let id = documents.put(&format!("/{name}/client.json"), document);
        Peer { id, redirect_uri: super::HERE.to_owned(), key: None }
    };
    let push = async |peer: &Peer| {
        let url = peer.ask(&app);
        let body = url.strip_prefix("/oauth/authorize?").unwrap().to_owned();
        let request = app.http().post(app.at("/oauth/par")).body(body);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        status_and_json(request.send().await.unwrap()).await
    };
    let asks = async |peer: &Peer| {
        let request = app.http().post(app.at("/oauth/device_authorization"));
        status_and_json(request.form(&[("client_id", &peer.id)]).send().await.unwrap()).await
    };
    let rows = async || app.core.oauth.store.list_clients((0, ""), 10).await.unwrap().len();
    let (first, second, third) = (peer("1"), peer("2"), peer("3"));
    assert_eq!(push(&first).await.0, 201);
    assert_eq!(asks(&second).await.0, 200);
    assert_eq!(rows().await, 2);
    for (status, body) in [push(&third).await, asks(&third).await] {
        assert_eq!((status, &body["error"]), (503, &json!("temporarily_unavailable")), "{body}");
    }
    assert_eq!(rows().await, 2, "nothing of the third");
    // Those that are known by now are not new.
    assert_eq!((push(&second).await.0, asks(&first).await.0), (201, 200));
    // What a person agreed to stays, whoever asked.
    let browser = app.signed_in().await;
    let (_, body) = push(&first).await;
    let query = [("client_id", first.id.as_str()), ("request_uri", body["request_uri"].as_str().unwrap())];
    let place =
        browser.allow(&format!("/oauth/authorize?{}", serde_urlencoded::to_string(query).unwrap())).await;
    assert_eq!(first.redeem(&app, &place, "in").await.0, 200);
    let retention = Retention { unused_clients: 7 * 86_400, audit_events: 400 * 86_400 };
    let reap = async || reap_once(&app.core.accounts, retention, app.clock.now()).await.unwrap();
    app.advance(3_500).await;
    reap().await;
    assert_eq!(rows().await, 2);
    app.advance(4_000).await;
    reap().await;
    reap().await;
    let left = app.core.oauth.store.list_clients((0, ""), 10).await.unwrap();
    assert_eq!(left.into_iter().map(|row| row.id).collect::<Vec<_>>(), [first.id]);
}

on_both!(
    a_client_that_is_kept_out_gets_in_by_no_device,
    a_resource_takes_only_whom_its_policy_names,
    a_policy_that_cannot_be_is_refused_with_a_sentence
);
on_each!(switched_off_nobody_new_gets_in, strangers_leave_few_rows_and_for_a_short_time);
