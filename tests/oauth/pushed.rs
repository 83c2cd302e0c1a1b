//! `src/oauth/par.rs`, row by row.

use gatepost::oauth::client::AuthMethod;
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

use super::{REDIRECT_URI, decided, dpop, header, registered_at, status_and_json};
use crate::support::{
    Browser, Database, EMAIL, FORM, Form, OAuthClient, PASSWORD, ProofKey, Requests, TestApp, json_of,
    location, query_of, text_of, token_claims,
};
use crate::{on_both, on_each};

const ENDPOINT: &str = "/oauth/par";
const PREFIX: &str = "urn:ietf:params:oauth:request_uri:par_";

/// A good request with these parameters set or (with `None`) left out.
fn request(client: &OAuthClient, changes: &[(&'static str, Option<&str>)]) -> Vec<(String, String)> {
    let mut params = client.params("search:read");
    params.extend(client.secret.iter().map(|secret| ("client_secret".to_owned(), secret.clone())));
    for (name, value) in changes {
        params.retain(|(n, _)| n != name);
        params.extend(value.map(|value| ((*name).to_owned(), value.to_owned())));
    }
    params
}

async fn send(app: &TestApp, params: &[(String, String)]) -> Response {
    app.http().post(app.at(ENDPOINT)).form(params).send().await.unwrap()
}

async fn push(app: &TestApp, client: &OAuthClient, changes: &[(&'static str, Option<&str>)]) -> String {
    let (status, body) = status_and_json(send(app, &request(client, changes)).await).await;
    assert_eq!(status, 201, "{body}");
    body["request_uri"].as_str().unwrap().to_owned()
}

fn url(client: &OAuthClient, uri: &str) -> String {
    let query = [("client_id", client.id.as_str()), ("request_uri", uri)];
    format!("/oauth/authorize?{}", serde_urlencoded::to_string(query).unwrap())
}

/// What the page says to a person whose request cannot go on.
async fn refused(browser: &Browser, target: &str) -> String {
    let response = browser.get(target).await;
    let status = response.status();
    let text = text_of(&response.text().await.unwrap());
    assert_eq!(status, StatusCode::BAD_REQUEST, "{text}");
    text
}

async fn a_pushed_request_leads_to_a_code(app: TestApp) {
    let (ann, client) = (app.signed_in().await, app.client().await);
    let response = send(&app, &request(&client, &[])).await;
    assert_eq!((response.status(), header(&response, "cache-control")), (StatusCode::CREATED, "no-store"));
    let body = json_of(response).await;
    let uri = body["request_uri"].as_str().unwrap();
    assert!(uri.starts_with(PREFIX), "{uri}");
    assert_eq!((&body["expires_in"], body.as_object().unwrap().len()), (&json!(60), 2));
    assert!(!app.db_rows().await.contains(uri), "only a hash is kept");
    let answer = query_of(&ann.allow(&url(&client, uri)).await);
    assert_eq!((answer["state"].as_str(), &answer["iss"]), ("st&te=1", &app.url));
    let tokens = client.tokens(&client.redemption(&answer["code"])).await;
    assert_eq!(tokens.scope, "search:read");
    let reasons = app.audit_reasons("authorization.requested").await;
    assert_eq!(reasons, ["pushed", "to_consent"]);
    let events = app.core.oauth.store.list_events("", 100).await.unwrap();
    let of =
        |kind: &str| events.iter().filter(|e| e.kind == kind).map(|e| e.flow_id.clone()).collect::<Vec<_>>();
    let flow = of("consent.decided")[0].clone();
    assert!(flow.is_some());
    assert_eq!(of("authorization.requested"), [flow.clone(), flow]);
}

async fn another_process_knows_what_was_pushed_here(app: TestApp) {
    let (ann, client) = (app.signed_in().await, app.client().await);
    let replica = app.replica().await;
    let uri = push(&replica, &client, &[]).await;
    let answer = query_of(&ann.allow(&url(&client, &uri)).await);
    client.tokens(&client.redemption(&answer["code"])).await;
}

async fn a_pushed_request_is_judged_at_once(app: TestApp) {
    let client = app.client().await;
    let before = app.db_rows().await;
    for (changes, error) in [
        (vec![("response_type", None)], "invalid_request"),
        (vec![("response_type", Some("token"))], "unsupported_response_type"),
        (vec![("redirect_uri", Some("https://evil.example/"))], "invalid_request"),
        (vec![("code_challenge", None)], "invalid_request"),
        (vec![("code_challenge_method", Some("plain"))], "invalid_request"),
        (vec![("resource", Some("https://elsewhere.example/"))], "invalid_target"),
        (vec![("scope", Some("nothing:here"))], "invalid_scope"),
        (vec![("request", Some("x.y.z"))], "request_not_supported"),
        (vec![("request_uri", Some("https://a.example/r"))], "invalid_request"),
        (vec![("request_uri", Some("urn:ietf:params:oauth:request_uri:par_x"))], "invalid_request"),
        (vec![("prompt", Some("none login"))], "invalid_request"),
        (vec![("max_age", Some("-1"))], "invalid_request"),
        (vec![("state", Some(&*"s".repeat(2049)))], "invalid_request"),
        (vec![("extra", Some(&*"x".repeat(8 * 1024)))], "invalid_request"),
    ] {
        let response = send(&app, &request(&client, &changes)).await;
        assert_eq!(header(&response, "location"), "", "{changes:?}");
        let (status, body) = status_and_json(response).await;

        assert_eq!((status, body["error"].as_str().unwrap()), (400, error), "{changes:?}: {body}");
    }
    let mut twice = request(&client, &[]);
    twice.push(("scope".to_owned(), "search:read".to_owned()));
    assert_eq!(status_and_json(send(&app, &twice).await).await.1["error"], "invalid_request");
    assert_eq!(app.db_rows().await, before);
}

async fn only_the_client_itself_pushes(app: TestApp) {
    let metadata = json!({ "client_name": "Web app", "redirect_uris": [REDIRECT_URI],
                           "token_endpoint_auth_method": "client_secret_post" });
    let client = OAuthClient::register_with(&app, metadata).await;
    for secret in [None, Some("wrong")] {
        let (status, body) =
            status_and_json(send(&app, &request(&client, &[("client_secret", secret)])).await).await;
        assert_eq!((status, &body["error"]), (401, &json!("invalid_client")), "{secret:?}");
    }
    let (status, body) =
        status_and_json(send(&app, &request(&client, &[("client_id", Some("cli_x"))])).await).await;
    assert_eq!((status, &body["error"]), (401, &json!("invalid_client")));
    let uri = push(&app, &client, &[]).await;
    let rows = app.db_rows().await;
    assert!(!rows.contains(client.secret.as_ref().unwrap()), "the secret is not kept");
    assert!(!rows.contains("client_secret=") && rows.contains("code_challenge="), "the request is");
    // Basic alone names the client as well.
    let unnamed = request(&client, &[("client_id", None), ("client_secret", None)]);
    let basic =
        app.http().post(app.at(ENDPOINT)).basic_auth(&client.id, client.secret.as_ref()).form(&unnamed);
    assert_eq!(basic.send().await.unwrap().status(), StatusCode::CREATED);
    let ann = app.signed_in().await;
    ann.allow(&url(&client, &uri)).await;
}

async fn what_the_browser_adds_is_ignored(app: TestApp) {
    let (ann, client) = (app.signed_in().await, app.client().await);
    let uri = push(&app, &client, &[]).await;
    let more = "&scope=email&state=other&redirect_uri=https%3A%2F%2Fevil.example%2F&prompt=none\
                &response_type=token&gatepost_door=res_none&resource=https%3A%2F%2Fevil.example%2F";
    let form = ann.consent_form(&format!("{}{more}", url(&client, &uri))).await;
    let scopes: Vec<_> = form.fields.iter().filter(|(n, _)| n == "scope").map(|(_, v)| v.as_str()).collect();
    assert_eq!(scopes, ["search:read"]);
    let location = decided(&ann, &form.set("decision", "allow")).await;
    assert!(location.starts_with(REDIRECT_URI), "{location}");
    assert_eq!(query_of(&location)["state"], "st&te=1");
}

async fn unknown_parameters_are_kept(app: TestApp) {
    let client = app.client().await;
    push(&app, &client, &[("dpop_jkt", Some(&ProofKey::new().jkt())), ("something_new", Some("x y"))]).await;
    let rows = app.db_rows().await;
    assert!(rows.contains("dpop_jkt=") && rows.contains("something_new=x+y"), "{rows}");
}

async fn a_proof_with_the_push_names_the_key(app: TestApp) {
    let (ann, client) = (app.signed_in().await, app.client().await);
    let (key, other) = (ProofKey::new(), ProofKey::new());
    let proof = |key: &ProofKey| {
        let mut claims = token_claims(&app);
        claims["htu"] = json!(app.at(ENDPOINT));
        key.proof(&claims)
    };
    let send = async |params: &[(String, String)], proof: &str| {
        let request = app.http().post(app.at(ENDPOINT)).header("dpop", proof).form(params);
        status_and_json(request.send().await.unwrap()).await
    };
    let named = request(&client, &[("dpop_jkt", Some(&other.jkt()))]);
    assert_eq!(send(&named, &proof(&key)).await.1["error"], "invalid_request", "two keys");
    assert_eq!(send(&request(&client, &[]), "x").await.1["error"], "invalid_dpop_proof");
    let shown = proof(&key);
    let (status, body) = send(&request(&client, &[]), &shown).await;
    assert_eq!(status, 201, "{body}");
    assert_eq!(send(&request(&client, &[]), &shown).await.1["error"], "invalid_dpop_proof", "shown before");
    let answer = query_of(&ann.allow(&url(&client, body["request_uri"].as_str().unwrap())).await);
    let redemption = client.redemption(&answer["code"]);
    assert_eq!(client.refused(&redemption).await, "invalid_dpop_proof", "the code is bound to the key");
    let tokens = dpop::granted(&app, &redemption, &key.for_tokens(&app)).await;
    assert_eq!(tokens["token_type"], "DPoP");
}

async fn a_person_may_take_their_time(app: TestApp) {
    let client = app.client().await;
    let uri =
        push(&app, &client, &[("prompt", Some("login")), ("login_hint", Some("hint@example.com"))]).await;
    app.advance(59).await;
    let browser = app.browser();
    let login = location(&browser.get(&url(&client, &uri)).await);
    assert!(login.starts_with("/login?return_to=") && login.contains("&again="), "{login}");
    let page = browser.page(&login).await;
    assert!(text_of(&page).contains("Test app"), "the login says for whom: {page}");
    assert_eq!(Form::read(&page).get("email"), "hint@example.com");
    app.advance(600).await;
    let form = Form::read(&page).set("email", EMAIL).set("password", PASSWORD);
    let back = location(&browser.send(&form).await);
    let consent = location(&browser.get(&back).await);
    assert!(consent.starts_with("/consent?"), "a new login is asked for once: {consent}");
    let form = Form::read(&browser.page(&consent).await).set("decision", "allow");
    app.advance(1190).await;
    let answer = query_of(&decided(&browser, &form).await);
    client.tokens(&client.redemption(&answer["code"])).await;
}

async fn a_login_that_was_pushed_is_asked_for_once_and_not_waved_through(app: TestApp) {
    let (ann, client) = (app.signed_in().await, app.client().await);
    app.advance(30).await;
    for wish in [("prompt", "login"), ("prompt", "select_account"), ("max_age", "10")] {
        let uri = push(&app, &client, &[(wish.0, Some(wish.1))]).await;
        let target = url(&client, &uri);
        // Whatever the browser says of it.
        for said in ["", "&gatepost_signed_in=1", "&prompt=consent", "&max_age=9999"] {
            let led_to = location(&ann.get(&format!("{target}{said}")).await);
            assert!(led_to.starts_with("/login?return_to="), "{wish:?} {said}: {led_to}");
        }
        app.advance(5).await;
        let login = location(&ann.get(&target).await);
        let form = Form::read(&ann.page(&login).await).set("email", EMAIL).set("password", PASSWORD);
        let back = location(&ann.send(&form).await);
        app.advance(300).await;
        let consent = location(&ann.get(&back).await);
        assert!(consent.starts_with("/consent?"), "{wish:?}: {consent}");
        let form = Form::read(&ann.page(&consent).await).set("decision", "allow");
        assert!(query_of(&decided(&ann, &form).await).contains_key("code"), "{wish:?}");
    }
}

async fn a_dead_reference_is_answered_on_a_page(app: TestApp) {
    let (ann, client) = (app.signed_in().await, app.client().await);
    let other = registered_at(&app, &["http://127.0.0.1/other"]).await;
    let uri = push(&app, &client, &[]).await;
    let before = app.db_rows().await;
    assert!(refused(&ann, &url(&other, &uri)).await.contains("request_uri was given to another client"));
    for wrong in [format!("{uri}x"), format!("{PREFIX}x"), "urn:ietf:params:oauth:request_uri:".to_owned()] {
        assert!(
            refused(&ann, &url(&client, &wrong)).await.contains("request_uri is not known here"),
            "{wrong}"
        );
    }
    let twice =
        format!("{}&{}", url(&client, &uri), serde_urlencoded::to_string([("request_uri", &uri)]).unwrap());
    refused(&ann, &twice).await;
    assert_eq!(app.db_rows().await, before);
    app.advance(60).await;
    assert!(refused(&ann, &url(&client, &uri)).await.contains("request_uri has expired"));
    let late = push(&app, &client, &[]).await;
    let form = ann.consent_form(&url(&client, &late)).await.set("decision", "allow");
    app.advance(1800).await;
    assert_eq!(ann.send(&form).await.status(), StatusCode::BAD_REQUEST);
    assert!(
        app.audit_reasons("authorization.requested").await.contains(&"foreign_pushed_request".to_owned())
    );
}

async fn a_reference_is_good_for_one_decision(app: TestApp) {
    let (ann, client) = (app.signed_in().await, app.client().await);
    for decision in ["allow", "deny"] {
        let uri = push(&app, &client, &[]).await;
        let form = ann.consent_form(&url(&client, &uri)).await.set("decision", decision);
        ann.consent_form(&url(&client, &uri)).await;
        let answers = futures::future::join_all((0..10).map(|_| ann.send(&form))).await;
        let led_back = answers.iter().filter(|a| a.status() == StatusCode::SEE_OTHER).count();
        assert_eq!(led_back, 1, "{decision}");
        assert!(refused(&ann, &url(&client, &uri)).await.contains("request_uri was used before"));
    }
    assert_eq!(app.audit_reasons("consent.decided").await, ["ok", "person_denied"]);
}

async fn an_error_after_the_push_is_told_to_the_client(app: TestApp) {
    let client = app.client().await;
    let uri = push(&app, &client, &[("prompt", Some("none"))]).await;
    let answer = query_of(&location(&app.browser().get(&url(&client, &uri)).await));
    assert_eq!((answer["error"].as_str(), answer["state"].as_str()), ("login_required", "st&te=1"));
}

async fn a_client_may_insist_on_pushing(app: TestApp) {
    let ann = app.signed_in().await;
    let metadata = json!({ "client_name": "Careful app", "redirect_uris": [REDIRECT_URI],
                           "require_pushed_authorization_requests": true });
    let client = OAuthClient::register_with(&app, metadata).await;
    let answer = query_of(&location(&ann.get(&client.authorize_url("search:read")).await));
    assert_eq!(answer["error"], "invalid_request");
    assert!(answer["error_description"].contains("pushed authorization request endpoint"));
    let uri = push(&app, &client, &[]).await;
    ann.allow(&url(&client, &uri)).await;
    let usual = app.client().await;
    assert_ne!(usual.id, client.id);
    ann.allow(&usual.authorize_url("search:read")).await;
}

async fn who_must_push_is_told_so(database: Database) {
    let app = TestApp::start_with(database, &[("GATEPOST_PAR__REQUIRED", "true")]).await;
    let (ann, client) = (app.signed_in().await, app.client().await);
    let document = app.http().get(app.at("/.well-known/oauth-authorization-server")).send().await.unwrap();
    let document: Value = json_of(document).await;
    assert_eq!(document["require_pushed_authorization_requests"], true);
    assert_eq!(document["pushed_authorization_request_endpoint"], app.at(ENDPOINT));
    let answer = query_of(&location(&ann.get(&client.authorize_url("search:read")).await));
    assert_eq!(answer["error"], "invalid_request");
    let consent = client.authorize_url("search:read").replacen("/oauth/authorize", "/consent", 1);
    assert_eq!(ann.get(&consent).await.status(), StatusCode::SEE_OTHER, "no way around");
    assert_eq!(app.audit_reasons("authorization.requested").await, ["not_pushed", "not_pushed"]);
    let uri = push(&app, &client, &[]).await;
    ann.allow(&url(&client, &uri)).await;
}

async fn one_place_pushes_only_so_often(database: Database) {
    let app = TestApp::start_with(database, &[("GATEPOST_PAR__PER_MINUTE_PER_ADDRESS", "2")]).await;
    let client = app.client().await;
    push(&app, &client, &[]).await;
    push(&app, &client, &[]).await;
    let response = send(&app, &request(&client, &[])).await;
    assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(json_of(response).await["error"], "temporarily_unavailable");
}

async fn an_administrators_client_pushes_too(app: TestApp) {
    let made = app.made_client(AuthMethod::Basic, REDIRECT_URI).await;
    let like = app.client().await;
    let params = request(&like, &[("client_id", Some(&made.id))]);
    let sent = app.http().post(app.at(ENDPOINT)).basic_auth(&made.id, Some(&made.secret)).form(&params);
    assert_eq!(sent.send().await.unwrap().status(), StatusCode::CREATED);
}

async fn the_pushing_endpoint_survives_broken_requests(app: TestApp) {
    let client = app.client().await;
    let mut requests = Requests::new(&app, &client, ENDPOINT);
    requests.broken_forms(&format!("client_id={}&response_type=code", client.id));
    requests.post("an unknown client", FORM, "client_id=cli_unknown");
    requests.post("a NUL in the client", FORM, "client_id=cli_%00");
    requests.post(
        "no PKCE",
        FORM,
        format!("client_id={}&response_type=code&redirect_uri={REDIRECT_URI}", client.id),
    );
    requests.compare("par").await;
}

on_both! {
    a_pushed_request_leads_to_a_code,
    another_process_knows_what_was_pushed_here,
    a_pushed_request_is_judged_at_once,
    only_the_client_itself_pushes,
    what_the_browser_adds_is_ignored,
    unknown_parameters_are_kept,
    a_proof_with_the_push_names_the_key,
    a_person_may_take_their_time,
    a_login_that_was_pushed_is_asked_for_once_and_not_waved_through,
    a_dead_reference_is_answered_on_a_page,
    a_reference_is_good_for_one_decision,
    an_error_after_the_push_is_told_to_the_client,
    a_client_may_insist_on_pushing,
    an_administrators_client_pushes_too,
    the_pushing_endpoint_survives_broken_requests,
}

async fn a_push_is_told_the_nonce_it_needs(database: Database) {
    let app = TestApp::start_with(database, &[("GATEPOST_DPOP__NONCE", "required")]).await;
    let (client, key) = (app.client().await, ProofKey::new());
    let mut claims = token_claims(&app);
    claims["htu"] = json!(app.at(ENDPOINT));
    let push = async |claims: &Value| {
        let post = app.http().post(app.at(ENDPOINT)).form(&request(&client, &[]));
        post.header("dpop", key.proof(claims)).send().await.unwrap()
    };
    let answer = push(&claims).await;
    claims["nonce"] = json!(header(&answer, "dpop-nonce"));
    let (status, body) = status_and_json(answer).await;
    assert_eq!((status, &body["error"]), (400, &json!("use_dpop_nonce")), "{body}");
    assert_eq!(push(&claims).await.status(), StatusCode::CREATED);
}

on_each! {
    a_push_is_told_the_nonce_it_needs,
    who_must_push_is_told_so,
    one_place_pushes_only_so_often,
}
