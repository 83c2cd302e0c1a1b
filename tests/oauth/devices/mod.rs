//! `src/oauth/device`, `src/oauth/grants/device_code.rs` and `/device`, row by row.

mod pages;

use gatepost::oauth::client::AuthMethod;
use gatepost::store::refresh_tokens::Holder;
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

use super::{dpop, header, part_of, status_and_json};
use crate::support::{
    Browser, Database, FORM, Form, OAuthClient, ProofKey, Requests, TestApp, json_of, location, text_of,
};
use crate::{on_both, on_each};

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:device_code";
const ENDPOINT: &str = "/oauth/device_authorization";

/// A client for devices that registered itself, without any redirect URI.
async fn device_client(app: &TestApp) -> OAuthClient {
    OAuthClient::register_with(app, json!({ "client_name": "Build runner", "grant_types": [GRANT_TYPE] }))
        .await
}

/// What a device asks with.
fn asking(client: &OAuthClient, scope: &str) -> Vec<(&'static str, String)> {
    let mut params = vec![("client_id", client.id.clone()), ("scope", scope.to_owned())];
    params.extend(client.secret.iter().map(|secret| ("client_secret", secret.clone())));
    params
}

async fn ask(client: &OAuthClient, scope: &str) -> Value {
    let (status, body) = status_and_json(client.post(ENDPOINT, &asking(client, scope)).await).await;
    assert_eq!(status, 200, "{body}");
    body
}

fn text<'a>(codes: &'a Value, name: &str) -> &'a str {
    codes[name].as_str().unwrap()
}

fn fetching(client: &OAuthClient, codes: &Value) -> Vec<(&'static str, String)> {
    let mut params = asking(client, "");
    params.retain(|(name, _)| *name != "scope");
    params.push(("grant_type", GRANT_TYPE.to_owned()));
    params.push(("device_code", text(codes, "device_code").to_owned()));
    params
}

/// The page with what the device asks for.
async fn confirm_page(browser: &Browser, typed: &str) -> String {
    let form = Form::read(&browser.page("/device").await);
    browser.shown(&form.set("user_code", typed)).await
}

async fn decide(browser: &Browser, codes: &Value, decision: &str) -> String {
    let form = Form::read(&confirm_page(browser, text(codes, "user_code")).await);
    text_of(&browser.shown(&form.set("decision", decision)).await)
}

async fn enter(browser: &Browser, typed: &str) -> Response {
    let form = Form::read(&browser.page("/device").await);
    browser.send(&form.set("user_code", typed)).await
}

async fn a_device_gets_its_codes(app: TestApp) {
    let client = device_client(&app).await;
    let response = client.post(ENDPOINT, &asking(&client, "search:read")).await;
    assert_eq!(header(&response, "cache-control"), "no-store");
    let codes = json_of(response).await;
    assert!(text(&codes, "device_code").starts_with("dvc_"));
    let user_code = text(&codes, "user_code");
    assert!(user_code.len() == 9 && user_code.as_bytes()[4] == b'-', "{user_code}");
    assert_eq!(codes["verification_uri"], app.at("/device"));
    assert_eq!(codes["verification_uri_complete"], app.at(&format!("/device?user_code={user_code}")));
    assert_eq!((&codes["expires_in"], &codes["interval"]), (&json!(600), &json!(5)));
    assert_eq!(codes.as_object().unwrap().len(), 6);
    let rows = app.db_rows().await;
    assert!(
        !rows.contains(user_code) && !rows.contains(&user_code.replace('-', "")),
        "only a keyed hash is kept"
    );
    assert!(!rows.contains(text(&codes, "device_code")), "only a hash is kept");
    assert_eq!(app.audit_reasons("device.requested").await, ["ok"]);
}

async fn only_clients_that_list_it_may_ask(app: TestApp) {
    let before = async || (app.client().await, app.made_machine(None).await);
    let (public, machine) = before().await;
    let (status, body) = status_and_json(public.post(ENDPOINT, &asking(&public, "")).await).await;
    assert_eq!((status, &body["error"]), (400, &json!("unauthorized_client")));
    let (id, secret) = (machine.id.clone(), machine.secret.clone());
    let form = vec![("client_id", id), ("client_secret", secret)];
    let (status, body) = status_and_json(public.post(ENDPOINT, &form).await).await;
    assert_eq!((status, &body["error"]), (400, &json!("unauthorized_client")));
    let unknown = vec![("client_id", "cli_unknown".to_owned())];
    let (status, body) = status_and_json(public.post(ENDPOINT, &unknown).await).await;
    assert_eq!((status, &body["error"]), (401, &json!("invalid_client")));
    let metadata = json!({ "client_name": "Box", "grant_types": [GRANT_TYPE], "token_endpoint_auth_method": "client_secret_post" });
    let confidential = OAuthClient::register_with(&app, metadata).await;
    let id_only = vec![("client_id", confidential.id.clone())];
    let (status, body) = status_and_json(public.post(ENDPOINT, &id_only).await).await;
    assert_eq!((status, &body["error"]), (401, &json!("invalid_client")));
    ask(&confidential, "search:read").await;
    let reasons = app.audit_reasons("device.requested").await;
    let expected =
        ["auth_method_mismatch", "grant_type_not_allowed", "grant_type_not_allowed", "ok", "unknown_client"];
    assert_eq!(reasons, expected);
}

async fn a_device_asks_by_the_rules_of_everybody(app: TestApp) {
    let client = device_client(&app).await;
    let before = app.db_rows().await;
    for (name, value, error) in [
        ("resource", "https://elsewhere.example/mcp", "invalid_target"),
        ("scope", "nothing:here", "invalid_scope"),
        ("scope", "a\"b", "invalid_scope"),
        ("client_id", "x", "invalid_request"),
    ] {
        let mut params = vec![("client_id", client.id.clone())];
        params.push((name, value.to_owned()));
        let (status, body) = status_and_json(client.post(ENDPOINT, &params).await).await;
        assert_eq!((status, &body["error"]), (400, &json!(error)), "{name}={value}");
    }
    assert_eq!(app.db_rows().await, before);
    ask(&client, "search:read nothing:here").await;
    ask(&client, "").await;
}

async fn a_resource_closed_to_registration_takes_no_device(app: TestApp) {
    let client = device_client(&app).await;
    let codes = ask(&client, "search:read").await;
    sqlx::query("UPDATE resources SET registration_open = 0")
        .execute(app.core.oauth.store.pool())
        .await
        .unwrap();
    app.sync().await;
    let (_, body) = status_and_json(client.post(ENDPOINT, &asking(&client, "")).await).await;
    assert_eq!(body["error"], "unauthorized_client");
    let ann = app.signed_in().await;
    assert_eq!(enter(&ann, text(&codes, "user_code")).await.status(), StatusCode::NOT_FOUND);
}

async fn a_device_waits_until_somebody_decides(app: TestApp) {
    let client = device_client(&app).await;
    let codes = ask(&client, "search:read").await;
    for _ in 0..3 {
        let (status, body) =
            status_and_json(client.post("/oauth/token", &fetching(&client, &codes)).await).await;
        assert_eq!((status, &body["error"]), (400, &json!("authorization_pending")), "{body}");
        app.advance(5).await;
    }
    assert!(app.audit_reasons("token.issued").await.is_empty(), "waiting is not recorded");
}

async fn a_device_that_asks_too_often_is_slowed_down(app: TestApp) {
    let client = device_client(&app).await;
    let codes = ask(&client, "search:read").await;
    let poll = async || client.refused(&fetching(&client, &codes)).await;
    assert_eq!(poll().await, "authorization_pending");
    app.advance(4).await;
    assert_eq!(poll().await, "slow_down");
    app.advance(9).await;
    assert_eq!(poll().await, "slow_down", "ten seconds now, and fifteen from here");
    app.advance(15).await;
    assert_eq!(poll().await, "authorization_pending");
    decide(&app.signed_in().await, &codes, "allow").await;
    client.tokens(&fetching(&client, &codes)).await;
}

async fn a_device_gets_tokens_once_it_is_allowed(app: TestApp) {
    let (ann, client) = (app.signed_in().await, device_client(&app).await);
    let codes = ask(&client, "search:read openid offline_access").await;
    let said = decide(&ann, &codes, "allow").await;
    assert!(said.contains("You can go back to your device"), "{said}");
    let response = client.post("/oauth/token", &fetching(&client, &codes)).await;
    assert_eq!(header(&response, "cache-control"), "no-store");
    let body = json_of(response).await;
    assert_eq!((&body["token_type"], &body["expires_in"]), (&json!("Bearer"), &json!(3600)));
    assert_eq!(body["scope"], "offline_access openid search:read");
    let (access, id) = (part_of(text(&body, "access_token"), 1), part_of(text(&body, "id_token"), 1));
    assert_eq!((&access["sub"], &access["client_id"]), (&json!(app.user.id), &json!(client.id)));
    assert_eq!(
        (&id["sub"], &id["aud"], &id["amr"]),
        (&json!(app.user.id), &json!(client.id), &json!(["pwd"]))
    );
    assert_eq!(id.get("nonce"), None);
    let refreshed = client.tokens(&client.refreshing(text(&body, "refresh_token"))).await;
    assert_eq!(refreshed.scope, "offline_access openid search:read");
    assert_eq!(app.audit_reasons("consent.decided").await, ["ok"]);
    assert_eq!(app.audit_reasons("token.issued").await, ["ok"]);
    let apps = text_of(&ann.page("/account/apps").await);
    assert!(apps.contains("Build runner") && apps.contains("Search the web"), "{apps}");
    let told = text_of(&ann.page("/account/activity").await);
    assert!(told.contains("You entered the code of a device, for Build runner."), "{told}");
    assert!(told.contains("You connected Build runner."), "{told}");
}

async fn the_steps_of_a_device_are_one_story(app: TestApp) {
    let (ann, client) = (app.signed_in().await, device_client(&app).await);
    let codes = ask(&client, "search:read").await;
    decide(&ann, &codes, "allow").await;
    app.core.oauth.audit.flush().await;
    let events = app.core.oauth.store.list_events("", 100).await.unwrap();
    let flow_of = |kind: &str| events.iter().find(|e| e.kind == kind).unwrap().flow_id.clone();
    let flow = flow_of("device.requested");
    assert!(flow.is_some());
    assert_eq!((flow_of("device.code_entered"), flow_of("consent.decided")), (flow.clone(), flow));
}

async fn a_device_that_is_denied_is_told(app: TestApp) {
    let (ann, client) = (app.signed_in().await, device_client(&app).await);
    for decision in ["deny", "maybe"] {
        let codes = ask(&client, "search:read").await;
        let said = decide(&ann, &codes, decision).await;
        assert!(said.contains("The device gets no access"), "{said}");
        let (status, body) =
            status_and_json(client.post("/oauth/token", &fetching(&client, &codes)).await).await;
        assert_eq!((status, &body["error"]), (400, &json!("access_denied")));
    }
    assert_eq!(app.audit_reasons("consent.decided").await, ["person_denied"; 2]);
}

async fn an_expired_device_code_is_refused(app: TestApp) {
    let (ann, client) = (app.signed_in().await, device_client(&app).await);
    let (waiting, allowed) = (ask(&client, "search:read").await, ask(&client, "search:read").await);
    decide(&ann, &allowed, "allow").await;
    app.advance(600).await;
    for codes in [&waiting, &allowed] {
        assert_eq!(client.refused(&fetching(&client, codes)).await, "expired_token");
    }
    assert_eq!(enter(&ann, text(&waiting, "user_code")).await.status(), StatusCode::NOT_FOUND);
}

async fn a_replayed_device_code_revokes_the_grant(app: TestApp) {
    let (ann, client) = (app.signed_in().await, device_client(&app).await);
    let codes = ask(&client, "search:read").await;
    decide(&ann, &codes, "allow").await;
    let tokens = client.tokens(&fetching(&client, &codes)).await;
    app.advance(1000).await;
    assert_eq!(client.refused(&fetching(&client, &codes)).await, "invalid_grant");
    assert_eq!(client.refused(&client.refreshing(&tokens.refresh)).await, "invalid_grant");
    assert_eq!(app.audit_reasons("grant.revoked").await, ["replayed_device_code"]);
    assert_eq!(client.refused(&fetching(&client, &codes)).await, "invalid_grant", "and once is enough");
    assert_eq!(app.audit_reasons("grant.revoked").await.len(), 1);
}

async fn a_foreign_device_code_changes_nothing(app: TestApp) {
    let (ann, client) = (app.signed_in().await, device_client(&app).await);
    let metadata = json!({ "client_name": "Another", "grant_types": [GRANT_TYPE] });
    let other = OAuthClient::register_with(&app, metadata).await;
    let codes = ask(&client, "search:read").await;
    let before = app.db_rows().await;
    assert_eq!(other.refused(&fetching(&other, &codes)).await, "invalid_grant");
    assert_eq!(app.db_rows().await, before, "no poll is noted");
    decide(&ann, &codes, "allow").await;
    client.tokens(&fetching(&client, &codes)).await;
    let used = app.db_rows().await;
    assert_eq!(other.refused(&fetching(&other, &codes)).await, "invalid_grant");
    assert_eq!(app.db_rows().await, used, "a foreign replay revokes nothing");
}

async fn a_dead_device_code_is_refused(app: TestApp) {
    let (ann, client) = (app.signed_in().await, device_client(&app).await);
    let codes = ask(&client, "search:read").await;
    let with = |code: &str| fetching(&client, &json!({ "device_code": code }));
    let good = text(&codes, "device_code");
    for code in ["x", &format!("{}x", &good[..good.len() - 1]), &good.replace("dvc_", "cod_")] {
        assert_eq!(client.refused(&with(code)).await, "invalid_grant", "{code}");
    }
    assert_eq!(client.refused(&with("")).await, "invalid_request");
    decide(&ann, &codes, "allow").await;
    let grant = app.core.oauth.store.find_device_code(&good[..30]).await.unwrap().unwrap().grant_id.unwrap();
    app.core.oauth.store.revoke_grant(grant, app.clock.now(), "test").await.unwrap();
    assert_eq!(client.refused(&fetching(&client, &codes)).await, "invalid_grant");
    let unlisted = app.client().await;
    assert_eq!(unlisted.refused(&fetching(&unlisted, &codes)).await, "unauthorized_client");
}

async fn parallel_fetches_have_one_winner(app: TestApp) {
    let (ann, client) = (app.signed_in().await, device_client(&app).await);
    let codes = ask(&client, "search:read").await;
    decide(&ann, &codes, "allow").await;
    let params = fetching(&client, &codes);
    let answers = futures::future::join_all((0..40).map(|_| client.post("/oauth/token", &params))).await;
    let winners = answers.iter().filter(|a| a.status() == StatusCode::OK).count();
    assert_eq!(winners, 1);
    for answer in answers.into_iter().filter(|a| a.status() != StatusCode::OK) {
        assert_eq!(json_of(answer).await["error"], "invalid_grant");
    }
}

async fn a_device_keeps_its_resource(app: TestApp) {
    let (ann, client) = (app.signed_in().await, device_client(&app).await);
    let codes = ask(&client, "search:read").await;
    let mut elsewhere = fetching(&client, &codes);
    elsewhere.push(("resource", "https://elsewhere.example/mcp".to_owned()));
    let before = app.db_rows().await;
    assert_eq!(client.refused(&elsewhere).await, "invalid_target");
    assert_eq!(app.db_rows().await, before);
    decide(&ann, &codes, "allow").await;
    assert_eq!(client.refused(&elsewhere).await, "invalid_target");
    let mut same = fetching(&client, &codes);
    same.push(("resource", app.at("/mcp/")));
    client.tokens(&same).await;
}

async fn a_device_with_a_key_gets_tokens_for_it_alone(app: TestApp) {
    let (ann, client) = (app.signed_in().await, device_client(&app).await);
    let (codes, key) = (ask(&client, "search:read").await, ProofKey::new());
    decide(&ann, &codes, "allow").await;
    let shown = key.for_tokens(&app);
    let tokens = dpop::granted(&app, &fetching(&client, &codes), &shown).await;
    assert_eq!(tokens["token_type"], "DPoP");
    assert_eq!(part_of(text(&tokens, "access_token"), 1)["cnf"]["jkt"], json!(key.jkt()));
    let refresh = client.refreshing(text(&tokens, "refresh_token"));
    assert_eq!(client.refused(&refresh).await, "invalid_dpop_proof");
    dpop::granted(&app, &refresh, &key.for_tokens(&app)).await;
    let again = dpop::send(&app, &fetching(&client, &codes), &[&shown]).await;
    assert_eq!(json_of(again).await["error"], "invalid_dpop_proof", "a proof that was used revokes nothing");
    dpop::granted(&app, &refresh, &key.for_tokens(&app)).await;
}

async fn a_device_client_needs_no_redirect_uri(app: TestApp) {
    let register = async |metadata: Value| {
        let request = app.http().post(app.at("/oauth/register")).json(&metadata);
        status_and_json(request.send().await.unwrap()).await
    };
    let uris = ["http://127.0.0.1/a"];
    let (status, device) = register(json!({ "client_name": "Box", "grant_types": [GRANT_TYPE] })).await;
    assert_eq!(status, 201);
    assert_eq!(device["grant_types"], json!(["refresh_token", GRANT_TYPE]));
    assert_eq!((&device["response_types"], &device["redirect_uris"]), (&json!([]), &json!([])));
    let (_, again) = register(json!({ "client_name": "Box", "grant_types": [GRANT_TYPE] })).await;
    assert_eq!(again["client_id"], device["client_id"], "the same once more is the same client");
    let both = json!(["authorization_code", GRANT_TYPE]);
    let (_, both) =
        register(json!({ "client_name": "Box", "redirect_uris": uris, "grant_types": both })).await;
    assert_eq!(both["grant_types"], json!(["authorization_code", "refresh_token", GRANT_TYPE]));
    let (_, usual) = register(json!({ "client_name": "Box", "redirect_uris": uris })).await;
    assert_eq!(usual["grant_types"], json!(["authorization_code", "refresh_token"]));
    let ids = [&device, &both, &usual].map(|client| client["client_id"].as_str().unwrap());
    assert!(ids[0] != ids[1] && ids[1] != ids[2] && ids[0] != ids[2], "{ids:?}");
    let (status, body) = register(json!({ "grant_types": ["authorization_code", GRANT_TYPE] })).await;
    assert_eq!((status, &body["error"]), (400, &json!("invalid_redirect_uri")));
    let page = app.browser().get(&format!("/oauth/authorize?client_id={}", ids[0])).await;
    assert_eq!(page.status(), StatusCode::BAD_REQUEST);
    assert!(text_of(&page.text().await.unwrap()).contains("for devices without a browser"));
}

async fn a_second_factor_required_later_ends_the_login_of_a_device(app: TestApp) {
    let (ann, client) = (app.signed_in().await, device_client(&app).await);
    let codes = ask(&client, "search:read").await;
    decide(&ann, &codes, "allow").await;
    let tokens = client.tokens(&fetching(&client, &codes)).await;
    let id = &tokens.refresh[..30];
    let (row, _) = app.core.oauth.store.find_refresh_token(id).await.unwrap().unwrap();
    assert!(matches!(row.holder, Some(Holder { is_admin: true, .. })));
    sqlx::query("UPDATE users SET second_factor_required = 1")
        .execute(app.core.oauth.store.pool())
        .await
        .unwrap();
    assert_eq!(client.refused(&client.refreshing(&tokens.refresh)).await, "invalid_grant");
    assert_eq!(app.audit_reasons("token.refreshed").await, ["second_factor_needed"]);
    let answer = ann.get("/device").await;
    assert!(
        location(&answer).starts_with("/account/second-factor?return_to=%2Fdevice"),
        "the page asks for it too"
    );
}

async fn the_device_endpoint_survives_broken_requests(app: TestApp) {
    let client = app.client().await;
    let mut requests = Requests::new(&app, &client, ENDPOINT);
    requests.broken_forms(&format!("client_id={}&scope=search:read", client.id));
    requests.post("an unknown client", FORM, "client_id=cli_unknown");
    requests.post("a NUL in the client", FORM, "client_id=cli_%00");
    requests.post("a NUL in the scope", FORM, format!("client_id={}&scope=%00", client.id));
    requests.compare("device_authorization").await;
}

async fn the_page_of_devices_survives_broken_requests(app: TestApp) {
    let client = app.client().await;
    let mut requests = Requests::new(&app, &client, "/device");
    requests.broken_forms("user_code=BCDF-GHJK&decision=allow");
    requests.post("a NUL in the code", FORM, "user_code=%00");
    requests.get("a code twice", "/device?user_code=a&user_code=b");
    requests.get("a code that is none", "/device?user_code=%22%3E");
    requests.compare("device").await;
}

async fn one_place_asks_only_so_often(database: Database) {
    let settings =
        [("GATEPOST_LIMITS__TRUSTED_PROXIES", "127.0.0.1"), ("GATEPOST_DEVICE__PER_MINUTE_PER_ADDRESS", "3")];
    let app = TestApp::start_with(database, &settings).await;
    let client = device_client(&app).await;
    let from = async |address: &str| {
        let request = app.http().post(app.at(ENDPOINT)).header("x-forwarded-for", address);
        request.form(&asking(&client, "")).send().await.unwrap()
    };
    for _ in 0..3 {
        assert_eq!(from("192.0.2.1").await.status(), StatusCode::OK);
    }
    let response = from("192.0.2.1").await;
    assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(header(&response, "retry-after").parse::<u64>().is_ok());
    assert_eq!(json_of(response).await["error"], "temporarily_unavailable");
    assert_eq!(from("192.0.2.2").await.status(), StatusCode::OK);
    assert!(app.audit_reasons("device.requested").await.contains(&"rate_limited".to_owned()));
}

async fn what_is_off_is_neither_named_nor_answered(database: Database) {
    let app = TestApp::start_with(database, &[("GATEPOST_DEVICE__ENABLED", "false")]).await;
    let request = app.http().get(app.at("/.well-known/oauth-authorization-server"));
    let document = json_of(request.send().await.unwrap()).await;
    assert_eq!(document.get("device_authorization_endpoint"), None);
    assert!(!document["grant_types_supported"].as_array().unwrap().contains(&json!(GRANT_TYPE)));
    let metadata =
        json!({ "redirect_uris": ["http://127.0.0.1/a"], "grant_types": ["authorization_code", GRANT_TYPE] });
    let request = app.http().post(app.at("/oauth/register")).json(&metadata);
    let (_, registered) = status_and_json(request.send().await.unwrap()).await;
    assert_eq!(registered["grant_types"], json!(["authorization_code", "refresh_token"]));
    let client = app.client().await;
    let (status, body) = status_and_json(client.post(ENDPOINT, &asking(&client, "")).await).await;
    assert_eq!((status, &body["error"]), (400, &json!("unsupported_grant_type")));
    let fetch = fetching(&client, &json!({ "device_code": "x" }));
    assert_eq!(client.refused(&fetch).await, "unsupported_grant_type");
    assert_eq!(app.signed_in().await.get("/device").await.status(), StatusCode::NOT_FOUND);
}

async fn an_administrators_client_may_be_for_devices(app: TestApp) {
    let made = app.made_device_client(AuthMethod::Post).await;
    let client = app.client().await;
    let form = vec![("client_id", made.id.clone()), ("client_secret", made.secret.clone())];
    let (status, codes) = status_and_json(client.post(ENDPOINT, &form).await).await;
    assert_eq!(status, 200, "{codes}");
    let shown = text_of(&confirm_page(&app.signed_in().await, text(&codes, "user_code")).await);
    assert!(shown.contains("Your administrator added this app."), "{shown}");
}

on_both! {
    a_device_gets_its_codes,
    only_clients_that_list_it_may_ask,
    a_device_asks_by_the_rules_of_everybody,
    a_resource_closed_to_registration_takes_no_device,
    a_device_waits_until_somebody_decides,
    a_device_that_asks_too_often_is_slowed_down,
    a_device_gets_tokens_once_it_is_allowed,
    the_steps_of_a_device_are_one_story,
    a_device_that_is_denied_is_told,
    an_expired_device_code_is_refused,
    a_replayed_device_code_revokes_the_grant,
    a_foreign_device_code_changes_nothing,
    a_dead_device_code_is_refused,
    parallel_fetches_have_one_winner,
    a_device_keeps_its_resource,








    a_device_with_a_key_gets_tokens_for_it_alone,
    a_device_client_needs_no_redirect_uri,
    a_second_factor_required_later_ends_the_login_of_a_device,
    the_device_endpoint_survives_broken_requests,
    the_page_of_devices_survives_broken_requests,
    an_administrators_client_may_be_for_devices,
}

on_each! {
    one_place_asks_only_so_often,
    what_is_off_is_neither_named_nor_answered,
}
