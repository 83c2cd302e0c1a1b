//! Lists of who uses a resource, and the command line.

use std::process::{Command, Output};

use gatepost::admin::resources::users;
use serde_json::Value;

use super::resources::{NOTES, add, tokens_for};
use crate::store::rows;
use crate::support::{Database, OAuthClient, TestApp, text_of};
use crate::{on_both, on_each};

async fn apps_and_people_are_listed_with_what_they_hold(app: TestApp) {
    let ann = app.signed_in().await;
    let notes = add(&app, "Notes", NOTES).await;
    let base = format!("/admin/resources/{}", notes.id);
    assert!(text_of(&ann.page(&format!("{base}/clients")).await).contains("No app holds anything"));
    assert!(text_of(&ann.page(&format!("{base}/people")).await).contains("Nobody has allowed an app"));
    let client = OAuthClient::register(&app, "Reader").await;
    let tokens = tokens_for(&ann, &client, Some(NOTES)).await;
    tokens_for(&ann, &client, Some(NOTES)).await;
    let page = ann.page(&format!("{base}/clients")).await;
    assert_eq!(page.matches(&format!("/admin/clients/{}", client.id)).count(), 1);
    assert!(text_of(&page).contains("Reader registered itself"));
    let text = text_of(&ann.page(&format!("{base}/people")).await);
    assert!(text.contains("ann@example.com Reader offline_access openid"), "{text}");
    client.post("/oauth/revoke", &client.refreshing(&tokens.refresh)).await;
    // Another login of the same app lives on.
    assert_eq!(users::clients(&app.core.admin(), &notes.id, None).await.unwrap().rows.len(), 1);
    let other = app.core.oauth.resources.current().here().unwrap().id.clone();
    assert_eq!(users::clients(&app.core.admin(), &other, None).await.unwrap().rows.len(), 0);
}

async fn long_lists_come_in_pages(app: TestApp) {
    let ann = app.signed_in().await;
    let notes = add(&app, "Notes", NOTES).await;
    let store = &app.core.oauth.store;
    let scopes = rows::scopes("openid");
    for n in 100..220 {
        store.add_client(rows::client(n), None).await.unwrap();
        let mut grant = rows::grant(n);
        grant.user_id = Some(app.user.id.clone());
        grant.client_id = format!("cli_{n}");
        grant.resource_id.clone_from(&notes.id);
        grant.ends_at = i64::MAX;
        assert!(store.add_grant(format!("con_{n}"), scopes.clone(), grant, rows::code(n)).await.unwrap());
    }
    let admin = app.core.admin();
    let (mut after, mut clients) = (None, Vec::new());
    while let Ok(page) = users::clients(&admin, &notes.id, after.as_deref()).await {
        assert!(page.rows.len() <= 50);
        clients.extend(page.rows.into_iter().map(|row| row.id));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let expected: Vec<String> = (100..220).map(|n| format!("cli_{n}")).collect();
    assert_eq!(clients, expected);
    let (mut after, mut consents) = (None, Vec::new());
    while let Ok(page) = users::people(&admin, &notes.id, after.as_deref()).await {
        consents.extend(page.rows.into_iter().map(|row| row.id));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let expected: Vec<String> = (100..220).rev().map(|n| format!("con_{n}")).collect();
    assert_eq!(consents, expected);
    let page = ann.page(&format!("/admin/resources/{}/clients", notes.id)).await;
    assert!(page.contains(&format!("/admin/resources/{}/clients?after=cli_149", notes.id)));
    let page = ann.page(&format!("/admin/resources/{}/people?after=con_170", notes.id)).await;
    assert!(page.contains("/people?after=con_120") && page.contains("First page"));
}

on_both! {
    apps_and_people_are_listed_with_what_they_hold,
    long_lists_come_in_pages,
}

/// Runs the program on a database of its own.
fn gatepost(database: &Database, line: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_gatepost"))
        .args(line)
        .env_clear()
        .env("DATABASE_URL", &database.url)
        .env("GATEPOST_SECRET_KEY", "00".repeat(32))
        .current_dir(database.dir.path())
        .output()
        .unwrap()
}

fn json_from(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text} {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e} in {text}"))
}

fn refused(output: &Output, part: &str) {
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains(part), "{part} in {text}");
}

async fn the_command_line_adds_and_removes_by_the_same_rules(database: Database) {
    let run = |line: &[&str]| gatepost(&database, line);
    let added = json_from(&run(&["resource", "add", "--name", "Notes", "--url", NOTES, "--json"]));
    assert_eq!((&added["kind"], &added["url"]), (&"external".into(), &NOTES.into()));
    let id = added["id"].as_str().unwrap();
    refused(&run(&["resource", "add", "--name", "Copy", "--url", NOTES]), "already.");
    refused(&run(&["resource", "add", "--name", "", "--url", "x"]), "Enter a name. This is no URL");
    let all = json_from(&run(&["resource", "list", "--json"]));
    let kinds: Vec<_> = all.as_array().unwrap().iter().map(|r| r["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["builtin", "external"]);
    let built_in = all[0]["id"].as_str().unwrap();
    refused(&run(&["resource", "remove", built_in, "--yes"]), "cannot be deleted");
    refused(&run(&["resource", "remove", "res_none", "--yes"]), "there is no resource res_none");
    refused(&run(&["resource", "remove", id]), "say --yes");
    let gone = json_from(&run(&["resource", "remove", id, "--yes", "--json"]));
    assert_eq!(gone, serde_json::json!({ "id": id, "deleted": true }));
    assert_eq!(json_from(&run(&["resource", "list", "--json"])).as_array().unwrap().len(), 1);
    refused(&run(&["resource", "remove", id, "--yes"]), "there is no resource");
}

on_each! { the_command_line_adds_and_removes_by_the_same_rules }
