//! Lists: pages, cursors, searches and filters.

use serde_json::{Value, json};

use super::{Program, good, problem};
use crate::on_both;
use crate::support::TestApp;

/// Every row of a list, page by page, and how many pages there were.
async fn walk(program: &Program<'_>, first: &str) -> (Vec<Value>, usize) {
    let (mut rows, mut pages) = (Vec::new(), 0);
    let mut path = Some(first.to_owned());
    while let Some(at) = path {
        let page = program.read(&at).await;
        rows.extend(page["items"].as_array().unwrap().clone());
        pages += 1;
        assert!(pages < 100);
        let (next, cursor) = (page["next"].as_str(), page["next_cursor"].as_str());
        assert_eq!(next.is_some(), cursor.is_some());
        path = next.map(|next| {
            assert!(next.contains(&format!("cursor={}", cursor.unwrap())));
            let base = program.app.at(super::PREFIX);
            next.strip_prefix(&base).unwrap_or_else(|| panic!("{next}")).to_owned()
        });
    }
    (rows, pages)
}

fn texts<'v>(rows: &'v [Value], field: &str) -> Vec<&'v str> {
    rows.iter().map(|row| row[field].as_str().unwrap()).collect()
}

async fn people_come_page_by_page(app: TestApp) {
    let program = Program::mighty(&app).await;
    for n in 0..5 {
        let body = json!({ "email": format!("p{n}@example.org"), "name": format!("Person {n}") });
        app.advance(1).await;
        good(program.post("/people", &body).await, 201).await;
    }
    let (rows, pages) = walk(&program, "/people?limit=2").await;
    assert_eq!(pages, 3);
    let expected = [
        "p4@example.org",
        "p3@example.org",
        "p2@example.org",
        "p1@example.org",
        "p0@example.org",
        "ann@example.com",
    ];
    assert_eq!(texts(&rows, "email"), expected);
    let (rows, pages) = walk(&program, "/people?q=person&limit=2").await;
    assert_eq!((rows.len(), pages), (5, 3));
    let (rows, _) = walk(&program, "/people?show=administrators&limit=1").await;
    assert_eq!(texts(&rows, "email"), ["ann@example.com"]);
    let (rows, _) = walk(&program, "/people?show=never_signed_in&q=person%203").await;
    assert_eq!(texts(&rows, "name"), ["Person 3"]);
}

async fn resources_clients_and_grants_come_page_by_page(app: TestApp) {
    let (ann, program) = (app.signed_in().await, Program::mighty(&app).await);
    for n in 0..3 {
        let body = json!({ "name": format!("Notes {n}"), "url": format!("https://n{n}.example.com/mcp") });
        app.advance(1).await;
        good(program.post("/resources", &body).await, 201).await;
    }
    let (rows, pages) = walk(&program, "/resources?limit=3").await;
    assert_eq!((rows.len(), pages), (4, 2));
    assert!(rows[0]["is_default"] == true);
    for name in ["One", "Two", "Three"] {
        app.advance(1).await;
        let client = crate::support::OAuthClient::register(&app, name).await;
        client.log_in(&ann, "search:read").await;
    }
    let (rows, pages) = walk(&program, "/clients?limit=2").await;
    assert_eq!((texts(&rows, "name"), pages), (vec!["Three", "Two", "One"], 2));
    let (rows, _) = walk(&program, "/clients?q=tw&limit=1").await;
    assert_eq!(texts(&rows, "name"), ["Two"]);
    let (rows, pages) = walk(&program, "/grants?limit=1&person=ann%40example.com&state=live").await;
    assert_eq!((texts(&rows, "client_name"), pages), (vec!["Three", "Two", "One"], 3));
    let builtin = app.core.oauth.resources.current().all()[0].id.clone();
    let (rows, pages) = walk(&program, &format!("/resources/{builtin}/clients?limit=2")).await;
    assert_eq!((rows.len(), pages), (3, 2));
    let (rows, pages) = walk(&program, &format!("/resources/{builtin}/people?limit=2")).await;
    assert_eq!((rows.len(), pages), (3, 2));
    app.core.oauth.audit.flush().await;
    let (rows, pages) = walk(&program, "/audit/events?kind=token.issued&limit=1").await;
    assert_eq!((rows.len(), pages), (3, 3));
}

async fn what_cannot_be_understood_is_refused(app: TestApp) {
    let program = Program::mighty(&app).await;
    for path in [
        "/people?limit=0",
        "/people?limit=101",
        "/people?limit=x",
        "/people?limit=",
        "/people?cursor=%2F",
        "/people?cursor=",
        "/people?show=all",
        "/people?limit=1&limit=2",
        "/people?quest=ann",
        "/people?q=%00",
        "/clients?q=a&kind=static",
        "/grants?state=dead",
        "/audit/events?from=yesterday",
        "/audit/events?kind=nothing.happened",
        "/audit/events?person=nobody%40example.com",
        "/audit/export?limit=5",
    ] {
        assert_eq!(problem(program.get(path).await, 400).await, "bad_parameter", "{path}");
    }
    let long = format!("/people?q={}", "x".repeat(201));
    assert_eq!(problem(program.get(&long).await, 400).await, "bad_parameter");
}

async fn the_trail_is_taken_away_as_a_file_and_that_is_noted(app: TestApp) {
    let program = Program::mighty(&app).await;
    for (path, media_type) in [
        ("/audit/export?kind=api_token.created", "application/jsonl; charset=utf-8"),
        ("/audit/export?kind=api_token.created&format=csv", "text/csv; charset=utf-8"),
    ] {
        app.core.oauth.audit.flush().await;
        let response = program.get(path).await;
        assert_eq!(response.headers()["content-type"], media_type);
        assert!(response.text().await.unwrap().contains(&program.id));
    }
    assert_eq!(app.audit_reasons("audit.exported").await, ["ok", "ok"]);
}

on_both! {
    people_come_page_by_page,
    resources_clients_and_grants_come_page_by_page,
    what_cannot_be_understood_is_refused,
    the_trail_is_taken_away_as_a_file_and_that_is_noted,
}
