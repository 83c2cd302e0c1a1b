//! Whose tokens one resource takes, chosen by administrators; both for a while.

use gatepost::admin::resources::find;
use gatepost::admin::resources::settings::{Settings, change};
use gatepost::admin::{Actor, Failure};
use gatepost::store::resources::TrustColumns;
use serde_json::json;

use super::answer;
use crate::mcp::caller::log_in;
use crate::on_both;
use crate::support::scalekit::{Environment, RESOURCE, sign};
use crate::support::{Form, TestApp, json_of, location, query_of, text_of};

const DAY: i64 = 86_400;

fn id_of(app: &TestApp) -> String {
    app.core.oauth.resources.current().here().unwrap().id.clone()
}

async fn choose(app: &TestApp, trust: TrustColumns) -> Result<(), Failure> {
    let (admin, id) = (app.core.admin(), id_of(app));
    let row = find(&admin, &id).await.unwrap();
    let wanted = Settings { trust, ..Settings::of(&row) };
    change(&admin, &Actor::command_line(), &id, row.version, &wanted).await
}

fn theirs(env: &Environment, side: &str, until: Option<i64>) -> TrustColumns {
    TrustColumns {
        issuer: Some(side.to_owned()),
        environment: Some(env.url.clone()),
        resource_id: Some(RESOURCE.to_owned()),
        both_until: until,
    }
}

async fn servers(app: &TestApp) -> serde_json::Value {
    let path = app.direct("/.well-known/oauth-protected-resource/mcp");
    json_of(app.http().get(path).send().await.unwrap()).await["authorization_servers"].clone()
}

async fn both_are_taken_until_the_end_of_the_window(app: TestApp) {
    let env = Environment::start();
    let (client, tokens, own) = log_in(&app, "search:read offline_access").await;
    let mut claims = env.claims(&app.at("/mcp"), app.clock.now());
    claims["exp"] = json!(app.clock.now() + 10 * DAY);
    let other = sign(1, &claims);
    assert_eq!((own.status().await, answer(&app, &other).await.0), (200, 401));
    let end = app.clock.now() + 600;
    choose(&app, theirs(&env, "scalekit", Some(end))).await.unwrap();
    assert_eq!((own.status().await, answer(&app, &other).await.0), (200, 200));
    assert_eq!(servers(&app).await, json!([env.of_resource(), app.url]));
    let tokens = client.tokens(&client.refreshing(&tokens.refresh)).await;
    // On another process the same holds within a second.
    let replica = app.replica().await;
    assert_eq!(answer(&replica, &other).await.0, 200);
    app.advance(600).await;
    replica.sync().await;
    for process in [&app, &replica] {
        let own = answer(process, &tokens.access).await;
        assert_eq!((own.0, answer(process, &other).await.0), (401, 200), "{own:?}");
    }
    assert_eq!(servers(&app).await, json!([env.of_resource()]));
    let refused = client.post("/oauth/token", &client.refreshing(&tokens.refresh)).await;
    assert_eq!(refused.status(), 404, "nobody takes tokens of this server any more");
}

async fn the_window_of_the_other_direction_ends_too(app: TestApp) {
    let env = Environment::start();
    let (_, _, own) = log_in(&app, "search:read").await;
    choose(&app, theirs(&env, "embedded", Some(app.clock.now() + 60))).await.unwrap();
    let other = sign(1, &env.claims(&app.at("/mcp"), app.clock.now()));
    assert_eq!((own.status().await, answer(&app, &other).await.0), (200, 200));
    assert_eq!(servers(&app).await, json!([app.url, env.of_resource()]));
    // A revocation here is nothing to them, and ends ours at once.
    app.disable_ann().await;
    app.sync().await;
    assert_eq!((own.status().await, answer(&app, &other).await.0), (401, 200));
    app.advance(60).await;
    assert_eq!(answer(&app, &other).await.0, 401);
    assert_eq!(servers(&app).await, json!([app.url]));
}

async fn a_change_takes_effect_with_the_next_request(app: TestApp) {
    let env = Environment::start();
    choose(&app, theirs(&env, "scalekit", None)).await.unwrap();
    let other = sign(1, &env.claims(&app.at("/mcp"), app.clock.now()));
    assert_eq!(answer(&app, &other).await.0, 200);
    let elsewhere = TrustColumns { resource_id: Some("res_2".to_owned()), ..theirs(&env, "scalekit", None) };
    choose(&app, elsewhere).await.unwrap();
    assert_eq!(answer(&app, &other).await.0, 401, "verified before, for what the resource was then");
    choose(&app, TrustColumns::default()).await.unwrap();
    assert_eq!(answer(&app, &other).await.0, 401);
    let (_, _, own) = log_in(&app, "search:read").await;
    assert_eq!(own.status().await, 200);
    app.core.oauth.audit.flush().await;
    let events = app.core.oauth.store.list_events("", 100).await.unwrap();
    let details: Vec<_> =
        events.iter().filter(|e| e.kind == "resource.changed").filter_map(|e| e.detail.clone()).collect();
    assert!(
        details.iter().any(|d| d == "changed: issuer, scalekit_environment, scalekit_resource_id"),
        "{details:?}"
    );
}

async fn other_resources_keep_their_issuer(app: TestApp) {
    let env = Environment::start();
    let notes = crate::admin::resources::add(&app, "Notes", "https://notes.example/mcp").await;
    let (ann, client) = (app.signed_in().await, app.client().await);
    let before = client.log_in(&ann, "search:read").await;
    choose(&app, theirs(&env, "scalekit", None)).await.unwrap();
    let tokens = crate::admin::resources::tokens_for(&ann, &client, Some("https://notes.example/mcp")).await;
    assert!(!tokens.access.is_empty());
    let own =
        json_of(app.http().get(app.at("/.well-known/oauth-authorization-server")).send().await.unwrap());
    assert_eq!(own.await["issuer"], app.url, "this server still issues tokens");
    let at =
        json_of(app.http().get(app.at("/.well-known/oauth-authorization-server/mcp")).send().await.unwrap());
    assert_eq!(at.await["issuer"], env.of_resource());
    // What was given for the other one before is not active any more.
    let server = app.made_client(gatepost::oauth::client::AuthMethod::Basic, "https://r.example/cb").await;
    let ask = async |token: &str| {
        let request =
            app.http().post(app.at("/oauth/introspect")).basic_auth(&server.id, Some(&server.secret));
        json_of(request.form(&[("token", token)]).send().await.unwrap()).await["active"].clone()
    };
    assert_eq!((ask(&before.access).await, ask(&tokens.access).await), (false.into(), true.into()));
    // For the other one no token can be had here.
    let url = crate::admin::resources::asking(&client, Some(&app.at("/mcp")), "search:read");
    let answer = location(&ann.get(&url).await);
    assert_eq!(query_of(&answer)["error"], "invalid_target");
    let page = format!("/admin/resources/{}/settings", notes.id);
    assert!(!text_of(&ann.page(&page).await).contains("takes its tokens from ScaleKit"));
}

async fn the_form_says_what_is_wrong_and_keeps_what_was_typed(app: TestApp) {
    let env = Environment::start();
    let ann = app.signed_in().await;
    let page = format!("/admin/resources/{}/settings", id_of(&app));
    let form = async || Form::of(&ann.page(&page).await, &page);
    for (issuer, environment, id, until, sentence) in [
        ("scalekit", "", "", "", "Enter the id of the MCP server at ScaleKit"),
        ("scalekit", "", RESOURCE, "", "Enter the URL of the ScaleKit environment"),
        ("scalekit", "http://acme.example", RESOURCE, "", "Use https://"),
        ("scalekit", &env.url, "app_1", "", "begins with res_"),
        ("scalekit", &env.url, RESOURCE, "2020-01-01", "Choose a day"),
        ("scalekit", &env.url, RESOURCE, "2099-01-01", "Choose a day"),
        ("scalekit", &env.url, RESOURCE, "soon", "Choose a day"),
        ("", "", "", "2027-02-01", "Nothing else is known"),
        ("other", &env.url, RESOURCE, "", "Choose whose tokens"),
    ] {
        let sent = form()
            .await
            .set("issuer", issuer)
            .set("scalekit_environment", environment)
            .set("scalekit_resource_id", id)
            .set("both_until", until);
        let answer = ann.send(&sent).await;
        assert_eq!(answer.status(), 422, "{issuer} {environment} {id} {until}");
        let html = answer.text().await.unwrap();
        assert!(text_of(&html).contains(sentence), "{sentence}: {}", text_of(&html));
        let again = Form::of(&html, &page);
        assert_eq!((again.get("scalekit_environment"), again.get("scalekit_resource_id")), (environment, id));
        assert_eq!(again.get("both_until"), until);
    }
    let sent = form()
        .await
        .set("issuer", "scalekit")
        .set("scalekit_environment", &format!("{}/", env.url))
        .set("scalekit_resource_id", RESOURCE)
        .set("both_until", "2027-02-01");
    assert_eq!(ann.send(&sent).await.status(), 303);
    let row = find(&app.core.admin(), &id_of(&app)).await.unwrap();
    assert_eq!(row.trust.environment.as_deref(), Some(env.url.as_str()));
    // To the end of that day.
    assert_eq!(row.trust.both_until, Some(1_801_526_400));
    let again = form().await;
    assert_eq!((again.get("issuer"), again.get("both_until")), ("scalekit", "2027-02-01"));
    // A window that has ended does not keep the form from being sent.
    app.advance(60 * DAY).await;
    let ann = app.signed_in().await;
    let sent = Form::of(&ann.page(&page).await, &page).set("name", "Tools");
    assert_eq!(ann.send(&sent).await.status(), 303);
}

on_both! {
    both_are_taken_until_the_end_of_the_window,
    the_window_of_the_other_direction_ends_too,
    a_change_takes_effect_with_the_next_request,
    other_resources_keep_their_issuer,
    the_form_says_what_is_wrong_and_keeps_what_was_typed,
}
