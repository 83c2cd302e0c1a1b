//! The `client_credentials` grant, row by row, up to the tools; and what one client may have at most.

use serde_json::{Value, json};
use sqlx::Row as _;

use super::{part_of, status_and_json};
use crate::mcp::caller::{Caller, challenge_of};
use crate::on_both;
use crate::support::{OAuthClient, TestApp, json_of};

/// A machine and its secret.
struct Machine<'a> {
    app: &'a TestApp,
    id: String,
    secret: String,
}

impl<'a> Machine<'a> {
    async fn new(app: &'a TestApp) -> Self {
        let made = app.made_machine(None).await;
        Self { app, id: made.id, secret: made.secret }
    }

    async fn ask(&self, more: &[(&str, &str)]) -> (u16, Value) {
        let form = [&[("grant_type", "client_credentials")], more].concat();
        let request = self.app.http().post(self.app.direct("/oauth/token"));
        status_and_json(request.basic_auth(&self.id, Some(&self.secret)).form(&form).send().await.unwrap())
            .await
    }

    async fn token(&self, scope: &str) -> Value {
        let (status, body) = self.ask(&[("scope", scope)]).await;
        assert_eq!(status, 200, "{body}");
        body
    }

    async fn caller(&self, scope: &str) -> Caller {
        Caller::new(self.app, self.token(scope).await["access_token"].as_str().unwrap())
    }
}

async fn set_client(app: &TestApp, id: &str, column: &'static str, value: Option<&str>) {
    let statement = match column {
        "scopes" => "UPDATE clients SET allowed_scopes = $2 WHERE id = $1",
        _ => "UPDATE clients SET access_token_seconds = CAST($2 AS BIGINT) WHERE id = $1",
    };
    sqlx::query(statement).bind(id).bind(value).execute(app.core.oauth.store.pool()).await.unwrap();
    app.core.oauth.store.bump_version(gatepost::store::changes::Topic::Clients).await.unwrap();
    app.sync().await;
}

async fn grants(app: &TestApp) -> i64 {
    let row = sqlx::query("SELECT COUNT(*) FROM grants").fetch_one(app.core.oauth.store.pool()).await;
    row.unwrap().get(0)
}

async fn a_machine_gets_a_token_and_calls(app: TestApp) {
    let machine = Machine::new(&app).await;
    let body = machine.token("search:read").await;
    assert_eq!(body["scope"], "search:read");
    assert_eq!(body["token_type"], "Bearer");
    assert!(body.get("refresh_token").is_none() && body.get("id_token").is_none(), "{body}");
    let token = body["access_token"].as_str().unwrap();
    let claims = part_of(token, 1);
    assert_eq!((&claims["sub"], &claims["client_id"]), (&json!(machine.id), &json!(machine.id)));
    assert_eq!(claims["aud"], app.at("/mcp"));
    assert!(claims.get("sid").is_none());

    let caller = Caller::new(&app, token);
    let who = caller.who().await;
    assert_eq!(who["subject"], machine.id);
    assert_eq!(who["client"], json!({ "id": machine.id, "name": "Nightly report" }));
    assert!(who.get("email").is_none() && who.get("name").is_none(), "{who}");
    let session = caller.open_session().await;
    assert_eq!(caller.status_on(&session).await, 200);
    let search = caller.call("web_search", json!({ "query": "gateposts" })).await;
    assert_eq!(search.status(), 200);

    app.core.oauth.audit.flush().await;
    let events = app.core.oauth.store.list_events("", 1000).await.unwrap();
    let issued = events.iter().find(|e| e.kind == "token.issued").unwrap();
    assert_eq!((issued.user_id.as_deref(), issued.client_id.as_deref()), (None, Some(machine.id.as_str())));
}

async fn a_machine_without_the_scope_is_told_which(app: TestApp) {
    // A second scope, so that the machine can have one and not the other.
    crate::admin::scopes::add(&app, "reports:read", &[]).await;
    let machine = Machine::new(&app).await;
    let caller = machine.caller("reports:read").await;
    let refused = caller.call("web_search", json!({ "query": "x" })).await;
    assert_eq!(refused.status(), 403);
    assert!(challenge_of(&refused).starts_with(
        "Bearer error=\"insufficient_scope\", scope=\"reports:read search:read\", resource_metadata="
    ));
    app.core.oauth.audit.flush().await;
    let events = app.core.oauth.store.list_events("", 1000).await.unwrap();
    let event = events.iter().find(|e| e.reason == "insufficient_scope").unwrap();
    assert_eq!((event.user_id.as_deref(), event.client_id.as_deref()), (None, Some(machine.id.as_str())));
}

async fn a_disabled_machine_is_out_at_once(app: TestApp) {
    let (machine, replica) = (Machine::new(&app).await, app.replica().await);
    let caller = machine.caller("search:read").await;
    let elsewhere = Caller::new(&replica, &caller.token);
    assert_eq!((caller.status().await, elsewhere.status().await), (200, 200));
    let store = &app.core.oauth.store;
    assert!(store.disable_client(machine.id.clone(), app.clock.now()).await.unwrap());
    app.sync().await;
    replica.sync().await;
    assert_eq!((caller.status().await, elsewhere.status().await), (401, 401));
    let (status, body) = machine.ask(&[]).await;
    assert_eq!((status, &body["error"]), (401, &json!("invalid_client")));
}

async fn no_grant_is_kept_for_a_disabled_machine(app: TestApp) {
    let machine = Machine::new(&app).await;
    machine.token("search:read").await;
    // Another process disabled it, and this one has not heard of it yet.
    app.core.oauth.store.disable_client(machine.id.clone(), app.clock.now()).await.unwrap();
    let (status, body) = machine.ask(&[]).await;
    assert_eq!((status, &body["error"]), (401, &json!("invalid_client")));
    assert_eq!(grants(&app).await, 1, "the revoked one");
}

async fn a_machine_has_one_grant_however_often_it_asks(app: TestApp) {
    let machine = Machine::new(&app).await;
    let asked = futures::future::join_all((0..20).map(|_| machine.ask(&[]))).await;
    let ids: std::collections::BTreeSet<String> = asked
        .iter()
        .map(|(status, body)| {
            assert_eq!(*status, 200, "{body}");
            part_of(body["access_token"].as_str().unwrap(), 1)["gid"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!((ids.len(), grants(&app).await), (1, 1));
    // It is renewed by use, and removed a week after the last one.
    let reap = async || {
        let retention = gatepost::jobs::Retention { unused_clients: 604_800, audit_events: 604_800 };
        gatepost::jobs::reap_once(&app.core.accounts, retention, app.clock.now()).await.unwrap();
        grants(&app).await
    };
    for _ in 0..3 {
        app.advance(5 * 86_400).await;
        machine.token("").await;
        assert_eq!(reap().await, 1);
    }
    app.advance(9 * 86_400).await;
    assert_eq!(reap().await, 0);
    machine.token("").await;
    assert_eq!(grants(&app).await, 1);
}

async fn a_machine_revokes_and_introspects_its_token(app: TestApp) {
    let machine = Machine::new(&app).await;
    let caller = machine.caller("search:read").await;
    let post = async |path: &str| {
        let request = app.http().post(app.at(path)).basic_auth(&machine.id, Some(&machine.secret));
        request.form(&[("token", caller.token.as_str())]).send().await.unwrap()
    };
    let said = json_of(post("/oauth/introspect").await).await;
    assert_eq!((&said["active"], &said["sub"]), (&json!(true), &json!(machine.id)));
    assert_eq!(post("/oauth/revoke").await.status(), 200);
    assert_eq!(json_of(post("/oauth/introspect").await).await, json!({ "active": false }));
    assert_eq!(caller.status().await, 401);
    assert_eq!(machine.caller("search:read").await.status().await, 200, "a new token, a new grant");
    let userinfo = app.http().get(app.at("/oauth/userinfo")).bearer_auth(&machine.caller("").await.token);
    assert_eq!(userinfo.send().await.unwrap().status(), 403);
}

async fn only_clients_an_administrator_made_get_tokens_of_their_own(app: TestApp) {
    let before = grants(&app).await;
    let public = app.client().await;
    let own = json!({ "client_name": "App", "redirect_uris": [crate::support::REDIRECT_URI],
                      "token_endpoint_auth_method": "client_secret_post",
                      "grant_types": ["authorization_code", "client_credentials"] });
    let confidential = OAuthClient::register_with(&app, own).await;
    for client in [&public, &confidential] {
        // Also where somebody wrote the grant type into the row.
        for row in [false, true] {
            if row {
                let statement = "UPDATE clients SET grant_types = '[\"client_credentials\"]' WHERE id = $1";
                let query = sqlx::query(statement).bind(&client.id);
                query.execute(app.core.oauth.store.pool()).await.unwrap();
                app.core.oauth.clients.forget_all();
            }
            let mut params =
                vec![("grant_type", "client_credentials".to_owned()), ("client_id", client.id.clone())];
            params.extend(client.secret.iter().map(|s| ("client_secret", s.clone())));
            assert_eq!(client.refused(&params).await, "unauthorized_client");
        }
    }
    assert_eq!(grants(&app).await, before);
}

async fn a_wrong_secret_changes_nothing(app: TestApp) {
    let mut machine = Machine::new(&app).await;
    let good = std::mem::take(&mut machine.secret);
    for secret in [String::new(), format!("{good}x"), "sec_x_y".to_owned()] {
        machine.secret = secret;
        let (status, body) = machine.ask(&[]).await;
        assert_eq!((status, &body["error"]), (401, &json!("invalid_client")));
    }
    assert_eq!(grants(&app).await, 0);
}

async fn a_machine_gets_what_it_may_have(app: TestApp) {
    let machine = Machine::new(&app).await;
    set_client(&app, &machine.id, "scopes", Some("search:read other")).await;
    for (asked, expected) in [("", "search:read"), ("search:read openid nothing", "search:read")] {
        assert_eq!(machine.token(asked).await["scope"], expected, "{asked}");
    }
    for asked in ["nothing", "openid offline_access"] {
        assert_eq!(machine.ask(&[("scope", asked)]).await.1["error"], "invalid_scope", "{asked}");
    }
    let caller = machine.caller("").await;
    set_client(&app, &machine.id, "scopes", Some("other")).await;
    assert_eq!(machine.ask(&[]).await.1["error"], "invalid_scope");
    assert_eq!(caller.call("web_search", json!({ "query": "x" })).await.status(), 403, "by the next call");
    assert_eq!(caller.status().await, 200, "whoami needs no scope");
}

async fn a_machine_names_its_resource(app: TestApp) {
    let machine = Machine::new(&app).await;
    assert_eq!(machine.ask(&[("resource", &app.at("/mcp/"))]).await.0, 200);
    let (status, body) = machine.ask(&[("resource", "https://other.example/mcp")]).await;
    assert_eq!((status, &body["error"]), (400, &json!("invalid_target")));
}

async fn a_machine_has_nothing_to_ask_people(app: TestApp) {
    let machine = Machine::new(&app).await;
    let url = format!("/oauth/authorize?response_type=code&client_id={}", machine.id);
    let page = app.signed_in().await.get(&url).await;
    assert_eq!(page.status(), 400);
    assert_eq!(app.audit_reasons("authorization.requested").await, ["grant_type_not_allowed"]);
}

async fn the_ceiling_of_a_client_holds_for_people_too(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let tokens = client.log_in(&browser, "search:read openid").await;
    let caller = Caller::new(&app, &tokens.access);
    set_client(&app, &client.id, "scopes", Some("other")).await;
    assert_eq!(caller.call("web_search", json!({ "query": "x" })).await.status(), 403);
    let mut again = client.refreshing(&tokens.refresh);
    again.push(("scope", "search:read openid".to_owned()));
    assert_eq!(client.tokens(&again).await.scope, "openid");
    assert_eq!(client.log_in(&browser, "search:read openid").await.scope, "openid");
    let refused = browser.get(&client.authorize_url("search:read")).await;
    assert!(crate::support::location(&refused).contains("error=invalid_scope"));
}

async fn the_shorter_life_of_resource_and_client_counts(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    for (seconds, expected) in [(Some("120"), 120), (Some("7200"), 3600), (None, 3600)] {
        set_client(&app, &client.id, "life", seconds).await;
        let tokens = client.log_in(&browser, "search:read").await;
        assert_eq!(tokens.body["expires_in"], expected);
        let claims = part_of(&tokens.access, 1);
        assert_eq!(claims["exp"].as_i64().unwrap(), app.clock.now() + expected);
        assert_eq!(client.tokens(&client.refreshing(&tokens.refresh)).await.body["expires_in"], expected);
    }
}

on_both! {
    a_machine_gets_a_token_and_calls,
    a_machine_without_the_scope_is_told_which,
    a_disabled_machine_is_out_at_once,
    no_grant_is_kept_for_a_disabled_machine,
    a_machine_has_one_grant_however_often_it_asks,
    a_machine_revokes_and_introspects_its_token,
    only_clients_an_administrator_made_get_tokens_of_their_own,
    a_wrong_secret_changes_nothing,
    a_machine_gets_what_it_may_have,
    a_machine_names_its_resource,
    a_machine_has_nothing_to_ask_people,
    the_ceiling_of_a_client_holds_for_people_too,
    the_shorter_life_of_resource_and_client_counts,
}
