//! Each noun: made, changed, looked at and deleted, and refused by the rules that the pages have.

use serde_json::json;

use super::{Program, good, problem};
use crate::on_both;
use crate::support::TestApp;

async fn a_resource_is_added_changed_and_deleted(app: TestApp) {
    let program = Program::mighty(&app).await;
    let body = json!({ "name": "Notes", "url": "https://notes.example.com/mcp" });
    let response = program.post("/resources", &body).await;
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    let made = good(response, 201).await;
    let path = format!("/resources/{}", made["id"].as_str().unwrap());
    assert_eq!(location, app.at(&format!("{}{path}", super::PREFIX)));
    assert_eq!(program.read(&path).await, made);

    let change = json!({ "name": "Notes of all", "registration_open": false, "signing_alg": "RS256",
        "aliases": ["https://notes.example.com/"], "access_token_seconds": 600, "version": made["version"] });
    let changed = good(program.put(&path, &change).await, 200).await;
    assert_eq!((&changed["name"], &changed["access_token_seconds"]), (&"Notes of all".into(), &600.into()));
    assert_eq!(changed["url"], "https://notes.example.com/mcp");
    // What protects stays where a program that does not know of it changes something else.
    let mut with = change.clone();
    (with["dpop_required"], with["version"]) = (true.into(), changed["version"].clone());
    let bound = good(program.put(&path, &with).await, 200).await;
    let mut without = change.clone();
    without["version"] = bound["version"].clone();
    assert_eq!(good(program.put(&path, &without).await, 200).await["dpop_required"], true);
    assert_eq!(problem(program.put(&path, &change).await, 409).await, "changed");

    assert_eq!(
        program.request(reqwest::Method::POST, &format!("{path}/default")).send().await.unwrap().status(),
        204
    );
    assert_eq!(problem(program.delete(&path).await, 422).await, "is_default");
    let builtin = app.core.oauth.resources.current().all().iter().find(|r| r.is_here()).unwrap().id.clone();
    let back = format!("/resources/{builtin}/default");
    assert_eq!(program.request(reqwest::Method::POST, &back).send().await.unwrap().status(), 204);
    assert_eq!(program.delete(&path).await.status(), 204);
    assert_eq!(problem(program.get(&path).await, 404).await, "not_found");
    assert_eq!(problem(program.delete(&format!("/resources/{builtin}")).await, 422).await, "built_in");
}

async fn a_scope_is_added_changed_renamed_and_deleted(app: TestApp) {
    let program = Program::mighty(&app).await;
    let builtin = app.core.oauth.resources.current().all()[0].id.clone();
    let scopes = format!("/resources/{builtin}/scopes");
    let new = json!({ "name": "notes/a:read", "description": "Read your notes" });
    let response = program.post(&scopes, &new).await;
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    let made = good(response, 201).await;
    assert_eq!((&made["name"], &made["grants"]), (&"notes/a:read".into(), &0.into()));
    let path = location.strip_prefix(&app.at(super::PREFIX)).unwrap().to_owned();
    assert_eq!(program.read(&path).await, made);
    assert_eq!(problem(program.post(&scopes, &new).await, 422).await, "invalid");

    let edit = json!({ "description": "Read", "implies": ["search:read"], "version": made["version"] });
    let edited = good(program.put(&path, &edit).await, 200).await;
    assert_eq!((&edited["description"], &edited["implies"][0]), (&"Read".into(), &"search:read".into()));
    assert_eq!(problem(program.put(&path, &edit).await, 409).await, "changed");
    let rename = json!({ "to": "notes:read", "version": edited["version"] });
    let renamed = good(program.post(&format!("{path}/rename"), &rename).await, 200).await;
    let path = format!("{scopes}/notes:read");
    assert_eq!(problem(program.delete(&format!("{path}?version=0")).await, 409).await, "changed");
    assert_eq!(problem(program.delete(&path).await, 400).await, "bad_parameter");
    let version = renamed["version"].as_i64().unwrap();
    assert_eq!(program.delete(&format!("{path}?version={version}")).await.status(), 204);
    assert_eq!(program.read(&scopes).await["items"].as_array().unwrap().len(), 1);
}

async fn a_client_is_disabled_enabled_and_deleted(app: TestApp) {
    let (ann, program) = (app.signed_in().await, Program::mighty(&app).await);
    let client = app.client().await;
    let tokens = client.log_in(&ann, "search:read").await;
    let caller = crate::mcp::caller::Caller::new(&app, &tokens.access);
    assert_eq!(caller.status().await, 200);
    let path = format!("/clients/{}", client.id);
    let post = |below: &str| program.request(reqwest::Method::POST, &format!("{path}/{below}")).send();
    assert_eq!(post("disable").await.unwrap().status(), 204);
    assert_eq!(caller.status().await, 401);
    assert_eq!(program.read(&path).await["is_disabled"], true);
    assert_eq!(post("enable").await.unwrap().status(), 204);
    assert_eq!(program.read(&path).await["is_disabled"], false);
    assert_eq!(program.delete(&path).await.status(), 204);
    assert_eq!(problem(program.get(&path).await, 404).await, "not_found");
}

async fn a_client_is_made_changed_and_given_secrets(app: TestApp) {
    let program = Program::new(&app, &["clients:write"]).await;
    let new = json!({ "kind": "machine", "auth_method": "client_secret_basic", "name": "Reports",
        "allowed_scopes": ["search:read"] });
    let made = good(program.post("/clients", &new).await, 201).await;
    let (id, first) = (made["id"].as_str().unwrap(), made["client_secret"].as_str().unwrap());
    assert!(first.starts_with("sec_"), "{made}");
    let path = format!("/clients/{id}");
    assert_eq!(program.read(&path).await.get("client_secret"), None);

    let edit = json!({ "name": "Nightly", "auth_method": "client_secret_post", "access_token_seconds": 600,
        "allowed_scopes": ["search:read"], "dpop_bound": true, "version": made["version"] });
    let changed = good(program.put(&path, &edit).await, 200).await;
    assert_eq!((&made["dpop_bound"], &changed["dpop_bound"]), (&false.into(), &true.into()));
    assert_eq!(
        (&changed["name"], &changed["auth_method"]),
        (&"Nightly".into(), &"client_secret_post".into())
    );
    assert_eq!(problem(program.put(&path, &edit).await, 409).await, "changed");

    let second = good(program.post(&format!("{path}/secrets"), &json!({ "seconds": 7200 })).await, 201).await;
    assert!(second["client_secret"].is_string());
    let bad = good(program.post(&format!("{path}/secrets"), &json!({ "seconds": 1 })).await, 422).await;
    assert_eq!(bad["errors"][0]["pointer"], "#/seconds");
    let all = program.read(&format!("{path}/secrets")).await;
    let all = all["items"].as_array().unwrap();
    assert_eq!(all.len(), 2);
    assert!(all.iter().all(|secret| secret.get("client_secret").is_none()));
    let of = |secret: &serde_json::Value| format!("{path}/secrets/{}", secret["id"].as_str().unwrap());
    let expired = program.post(&format!("{}/expire", of(&all[0])), &json!({ "seconds": 3600 })).await;
    assert!(good(expired, 200).await["expires_at"].is_string());
    assert_eq!(program.delete(&of(&all[0])).await.status(), 204);
    assert_eq!(problem(program.delete(&of(&all[1])).await, 422).await, "last_secret");
    assert_eq!(program.delete(&format!("{}?even_the_last=true", of(&all[1]))).await.status(), 204);
}

async fn grants_are_ended(app: TestApp) {
    let (ann, program) = (app.signed_in().await, Program::mighty(&app).await);
    let client = app.client().await;
    client.log_in(&ann, "search:read").await;
    let list = program.read("/grants").await;
    let id = list["items"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(list["items"][0]["state"], "live");
    let ended = good(program.post("/grants/end", &json!({ "ids": [id, "grt_none"] })).await, 200).await;
    assert_eq!(ended["ended"], 1);
    let grant = program.read(&format!("/grants/{id}")).await;
    assert_eq!(
        (&grant["state"], &grant["ended_because"]),
        (&"ended".into(), &"ended_by_administrator".into())
    );
    let none = program.post("/grants/end", &json!({ "ids": [] })).await;
    let none = good(none, 422).await;
    assert_eq!(none["errors"][0]["pointer"], "#/ids");
    client.log_in(&ann, "search:read").await;
    let pair = json!({ "person_id": app.user.id, "client_id": client.id });
    assert_eq!(good(program.post("/grants/end-pair", &pair).await, 200).await["ended"], 1);
}

async fn keys_are_rotated_and_removed(app: TestApp) {
    let program = Program::mighty(&app).await;
    let early = program.post("/keys/rotate", &json!({ "alg": "ES256" })).await;
    assert_eq!(problem(early, 422).await, "too_soon");
    let id = good(program.post("/keys/rotate", &json!({ "alg": "ES256", "now": true })).await, 200).await;
    let keys = program.read("/keys").await;
    let keys = keys["items"].as_array().unwrap();
    assert!(keys.iter().all(|k| k.as_object().unwrap().values().all(|v| !v.is_null())), "{keys:?}");
    let of =
        |state: &str| keys.iter().find(|k| k["alg"] == "ES256" && k["state"] == state).unwrap()["id"].clone();
    assert_eq!(of("active"), id["id"]);
    let active = program.delete(&format!("/keys/{}", of("active").as_str().unwrap())).await;
    assert_eq!(problem(active, 422).await, "not_retirable");
    assert_eq!(problem(program.delete("/keys/key_nope").await, 404).await, "not_found");
    assert_eq!(program.delete(&format!("/keys/{}", of("retired").as_str().unwrap())).await.status(), 204);
}

async fn an_event_is_shown_with_its_story(app: TestApp) {
    let (ann, program) = (app.signed_in().await, Program::mighty(&app).await);
    app.client().await.log_in(&ann, "search:read").await;
    app.core.oauth.audit.flush().await;
    let issued = program.read("/audit/events?kind=token.issued").await;
    let id = issued["items"][0]["id"].as_str().unwrap().to_owned();
    let story = program.read(&format!("/audit/events/{id}")).await;
    assert_eq!(story["event"]["id"], id);
    assert!(story["story"].as_array().unwrap().len() > 2, "{story}");
    assert!(story["verdict"].is_string());
    // The reference of a problem leads to its event.
    let weak = Program::new(&app, &["audit:read"]).await;
    let refused = good(weak.get("/people").await, 403).await;
    app.core.oauth.audit.flush().await;
    let reference = refused["reference"].as_str().unwrap();
    let event = weak.read(&format!("/audit/events/{reference}")).await;
    assert_eq!(
        (&event["event"]["reason"], &event["event"]["token_id"]),
        (&"insufficient_scope".into(), &weak.id.clone().into())
    );
}

async fn settings_are_changed_by_the_version_they_were_read_with(app: TestApp) {
    let program = Program::mighty(&app).await;
    let look = json!({ "name": "Acme", "accent": "#1d6b57", "version": 0 });
    let set = good(program.put("/settings/branding", &look).await, 200).await;
    assert_eq!((&set["branding"]["name"], &set["branding"]["accent"]), (&"Acme".into(), &"#1d6b57".into()));
    assert_eq!(problem(program.put("/settings/branding", &look).await, 409).await, "changed");
    let faint = json!({ "accent": "#ffffff", "version": 1 });
    let faint = good(program.put("/settings/branding", &faint).await, 422).await;
    assert_eq!(faint["errors"][0]["pointer"], "#/accent");

    let rule = json!({ "required_of": "admins", "version": 0 });
    let set = good(program.put("/settings/second-factor", &rule).await, 200).await;
    assert_eq!(set["second_factor"]["required_of"], "admins");
    let rule = json!({ "enabled": false, "version": 0 });
    let set = good(program.put("/settings/registration", &rule).await, 200).await;
    assert_eq!(set["registration"]["enabled"], false);

    let picture = |bytes: Vec<u8>, kind: &'static str| {
        program
            .request(reqwest::Method::PUT, "/settings/logo?version=0")
            .header("content-type", kind)
            .body(bytes)
            .send()
    };
    assert_eq!(problem(picture(vec![1], "text/plain").await.unwrap(), 415).await, "wrong_media_type");
    assert_eq!(problem(picture(vec![1], "image/png").await.unwrap(), 422).await, "invalid");
    assert_eq!(problem(picture(vec![1; 1 << 20], "image/png").await.unwrap(), 413).await, "too_large");
    assert_eq!(program.read("/settings").await["logo"]["is_set"], false);
    let away = program.request(reqwest::Method::POST, "/settings/providers/none/check").send().await.unwrap();
    assert_eq!(problem(away, 404).await, "not_found");
}

on_both! {
    a_resource_is_added_changed_and_deleted,
    a_scope_is_added_changed_renamed_and_deleted,
    a_client_is_disabled_enabled_and_deleted,
    a_client_is_made_changed_and_given_secrets,
    grants_are_ended,
    keys_are_rotated_and_removed,
    an_event_is_shown_with_its_story,
    settings_are_changed_by_the_version_they_were_read_with,
}
