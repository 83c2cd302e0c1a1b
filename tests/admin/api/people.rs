//! People: what a token may do about ordinary ones, and about administrators.

use reqwest::Method;
use serde_json::json;

use super::{Program, good, problem};
use crate::on_both;
use crate::support::{EMAIL, TestApp};

async fn a_person_is_added_changed_and_deleted(app: TestApp) {
    let program = Program::new(&app, &["people:write"]).await;
    let new = json!({ "email": "Eve@Example.com", "name": "Eve" });
    let made = good(program.post("/people", &new).await, 201).await;
    assert!(made["invitation"]["link"].as_str().unwrap().starts_with(&app.at("/invite?token=")), "{made}");
    assert_eq!((&made["email"], &made["is_administrator"]), (&"eve@example.com".into(), &false.into()));
    let path = format!("/people/{}", made["id"].as_str().unwrap());
    let person = program.read(&path).await;
    assert_eq!((&person["has_password"], &person["must_show_second_factor"]), (&false.into(), &false.into()));

    let edit = json!({ "email": "eva@example.com", "name": "Eva", "version": person["version"] });
    assert_eq!(good(program.put(&path, &edit).await, 200).await["email"], "eva@example.com");
    assert_eq!(problem(program.put(&path, &edit).await, 409).await, "changed");
    let taken = json!({ "email": EMAIL, "name": "\t", "version": 2 });
    let taken = good(program.put(&path, &taken).await, 422).await;
    assert_eq!(taken["errors"][0]["pointer"], "#/email");

    let act = |method: Method, below: &str| program.request(method, &format!("{path}{below}")).send();
    for below in ["/invitation", "/password-link"] {
        let link = good(act(Method::POST, below).await.unwrap(), 201).await;
        assert!(link["link"].as_str().unwrap().contains("?token="), "{below}: {link}");
    }
    assert_eq!(good(act(Method::POST, "/disable").await.unwrap(), 200).await["is_disabled"], true);
    assert_eq!(problem(act(Method::POST, "/password-link").await.unwrap(), 422).await, "disabled");
    assert_eq!(good(act(Method::POST, "/enable").await.unwrap(), 200).await["is_disabled"], false);
    let required = program.put(&format!("{path}/second-factor"), &json!({ "required": true })).await;
    assert_eq!(good(required, 200).await["second_factor_required"], true);
    assert_eq!(act(Method::DELETE, "/second-factor").await.unwrap().status(), 204);
    assert_eq!(good(act(Method::DELETE, "/sessions").await.unwrap(), 200).await["ended"], 0);
    assert_eq!(act(Method::DELETE, "/apps").await.unwrap().status(), 204);
    for below in ["/sessions/ses_none", "/identities/idn_none", "/apps/con_none"] {
        assert_eq!(problem(act(Method::DELETE, below).await.unwrap(), 404).await, "not_found", "{below}");
    }
    assert_eq!(act(Method::DELETE, "").await.unwrap().status(), 204);
    assert_eq!(problem(program.get(&path).await, 404).await, "not_found");
}

/// With less than `administrators:write` nothing leads to an administrator's account.
async fn administrators_are_out_of_reach_for_ordinary_tokens(app: TestApp) {
    let program = Program::new(&app, &["people:write"]).await;
    let mighty = Program::mighty(&app).await;
    let ada = json!({ "email": "ada@example.com", "is_administrator": true });
    let ada = good(mighty.post("/people", &ada).await, 201).await;
    let path = format!("/people/{}", ada["id"].as_str().unwrap());
    let before = app.db_rows().await;
    for (method, below, body) in [
        (Method::POST, "/password-link", None),
        (Method::POST, "/invitation", None),
        (Method::POST, "/disable", None),
        (Method::POST, "/enable", None),
        (Method::PUT, "/administration", Some(json!({ "is_administrator": false }))),
        (Method::PUT, "/second-factor", Some(json!({ "required": false }))),
        (Method::DELETE, "/second-factor", None),
        (Method::DELETE, "/sessions", None),
        (Method::DELETE, "/apps", None),
        (Method::DELETE, "", None),
        (Method::PUT, "", Some(json!({ "email": "eve@example.com", "version": 1 }))),
    ] {
        let request = program.request(method, &format!("{path}{below}"));
        let request = if let Some(body) = body { request.json(&body) } else { request };
        assert_eq!(problem(request.send().await.unwrap(), 403).await, "missing_scope", "{below}");
    }
    let eve = json!({ "email": "eve@example.com", "is_administrator": true });
    assert_eq!(problem(program.post("/people", &eve).await, 403).await, "missing_scope");
    assert_eq!(app.db_rows().await, before);

    let unmade = mighty.put(&format!("{path}/administration"), &json!({ "is_administrator": false })).await;
    assert_eq!(good(unmade, 200).await["is_administrator"], false);
    assert_eq!(
        program.request(Method::POST, &format!("{path}/password-link")).send().await.unwrap().status(),
        201
    );
}

/// A link that an ordinary token made must not open the account once it is an administrator's.
async fn links_of_before_end_where_somebody_becomes_an_administrator(app: TestApp) {
    let (program, mighty) = (Program::new(&app, &["people:write"]).await, Program::mighty(&app).await);
    let made = good(program.post("/people", &json!({ "email": "eve@example.com" })).await, 201).await;
    let path = format!("/people/{}", made["id"].as_str().unwrap());
    let link = good(program.post(&format!("{path}/password-link"), &json!({})).await, 201).await;
    let status = async |link: &serde_json::Value| {
        app.browser().get(link.as_str().unwrap().strip_prefix(&app.url).unwrap()).await.status().as_u16()
    };
    assert_eq!(status(&link["link"]).await, 200);
    let promoted = mighty.put(&format!("{path}/administration"), &json!({ "is_administrator": true })).await;
    assert_eq!(good(promoted, 200).await["is_administrator"], true);
    for link in [&link["link"], &made["invitation"]["link"]] {
        assert_ne!(status(link).await, 200, "{link}");
    }
}

async fn what_is_not_understood_is_not_left_unheard(app: TestApp) {
    let program = Program::mighty(&app).await;
    let made = good(program.post("/people", &json!({ "email": "eve@example.com" })).await, 201).await;
    let path = format!("/people/{}", made["id"].as_str().unwrap());
    assert_eq!(problem(program.delete(&format!("{path}?version=99")).await, 400).await, "bad_parameter");
    assert_eq!(problem(program.get("/keys?bogus=1").await, 400).await, "bad_parameter");
    assert_eq!(good(program.get("/people?limit=1").await, 200).await["items"].as_array().unwrap().len(), 1);
    let list = program.put(&format!("{path}/administration"), &json!([true])).await;
    assert_eq!(problem(list, 400).await, "bad_body");
    assert_eq!(program.read(&path).await["is_administrator"], false);
}

async fn a_token_does_nothing_to_its_owner(app: TestApp) {
    let program = Program::mighty(&app).await;
    let path = format!("/people/{}", app.user.id);
    for (method, below) in [
        (Method::POST, "/disable"),
        (Method::POST, "/password-link"),
        (Method::DELETE, "/second-factor"),
        (Method::DELETE, ""),
    ] {
        let response = program.request(method, &format!("{path}{below}")).send().await.unwrap();
        assert_eq!(problem(response, 422).await, "yourself", "{below}");
    }
    let unmade = program.put(&format!("{path}/administration"), &json!({ "is_administrator": false })).await;
    assert_eq!(problem(unmade, 422).await, "yourself");
}

on_both! {
    a_person_is_added_changed_and_deleted,
    administrators_are_out_of_reach_for_ordinary_tokens,
    links_of_before_end_where_somebody_becomes_an_administrator,
    what_is_not_understood_is_not_left_unheard,
    a_token_does_nothing_to_its_owner,
}
