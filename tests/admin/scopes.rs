//! `/admin/resources/{id}/scopes`: scopes that are added, edited, renamed and deleted, and what follows elsewhere.

use gatepost::store::resources::ScopeRow;
use gatepost::store::scopes::{Book, Change};

use serde_json::json;

use crate::mcp::caller::{Caller, challenge_of};
use crate::on_both;
use crate::support::{Browser, Form, OAuthClient, TestApp, Tokens, json_of, location, text_of};

/// The scopes of the built-in resource.
pub async fn book(app: &TestApp) -> Book {
    let store = &app.core.oauth.store;
    let resources = store.list_resources().await.unwrap().0;
    store.scope_book(&resources[0].id).await.unwrap().unwrap()
}

/// Adds a scope that opens these tools, past the pages.
pub async fn add(app: &TestApp, name: &str, tools: &[&str]) {
    let book = book(app).await;
    let scope = ScopeRow {
        resource_id: book.resource_id.clone(),
        name: name.to_owned(),
        description: format!("May {name}"),
        tools: tools.iter().map(|t| (*t).to_owned()).collect(),
        ..ScopeRow::default()
    };
    let store = &app.core.oauth.store;
    assert!(store.change_scopes(&book, Change::Add(scope), app.clock.now()).await.unwrap());
    app.sync().await;
}

async fn page(app: &TestApp, step: &str) -> String {
    format!("/admin/resources/{}/scopes{step}", book(app).await.resource_id)
}

/// The form of a step about a scope.
async fn form(app: &TestApp, ann: &Browser, step: &str, scope: &str) -> Form {
    let path = page(app, step).await;
    Form::of(&ann.page(&format!("{path}?scope={scope}")).await, &path)
}

async fn done(app: &TestApp, ann: &Browser, form: &Form, code: &str) {
    let response = ann.send(form).await;
    assert_eq!(response.status(), 303, "{}", text_of(&response.text().await.unwrap()));
    assert_eq!(location(&response), format!("{}?done={code}", page(app, "").await));
}

/// The text a form that is refused comes back with.
async fn again(ann: &Browser, form: &Form, status: u16) -> String {
    let response = ann.send(form).await;
    assert_eq!(response.status(), status);
    text_of(&response.text().await.unwrap())
}

/// How a call of a tool is answered: granted, asked for more (and for what), or as if it were not there.
async fn call(caller: &Caller, tool: &str) -> String {
    let arguments = json!({ "query": "x", "urls": ["https://example.com"] });
    let response = caller.call(tool, arguments).await;
    if response.status() == 403 {
        let challenge = challenge_of(&response);
        return challenge.split("scope=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    }
    assert_eq!(response.status(), 200);
    let body = json_of(response).await;
    if body["error"]["code"] == -32602 { "unknown".to_owned() } else { "granted".to_owned() }
}

async fn tools(caller: &Caller) -> Vec<String> {
    let body = json_of(caller.modern("tools/list", json!({})).send().await.unwrap()).await;
    let list = body["result"]["tools"].as_array().unwrap().iter();
    list.map(|t| t["name"].as_str().unwrap().to_owned()).collect()
}

async fn log_in(app: &TestApp, scope: &str) -> (OAuthClient, Tokens, Caller) {
    crate::mcp::caller::log_in(app, scope).await
}

async fn scopes_are_listed_with_what_they_open(app: TestApp) {
    let ann = app.signed_in().await;
    let text = text_of(&ann.page(&page(&app, "").await).await);
    for expected in ["search:read", "Default", "Search the web and read pages", "web_search", "web_extract"] {
        assert!(text.contains(expected), "{expected} in {text}");
    }
    assert!(!text.contains("No scope opens"), "{text}");
}

async fn a_new_scope_works_with_the_next_request_on_every_process(app: TestApp) {
    let (ann, replica) = (app.signed_in().await, app.replica().await);
    let (_, _, reader) = log_in(&app, "search:read").await;
    let add = Form::of(&ann.page(&page(&app, "/add").await).await, &page(&app, "/add").await);
    assert_eq!(add.get("name"), "", "a new scope has no name yet");
    let add = add.set("name", "pages:read").set("description", "Read pages").set("tools[]", "web_extract");
    done(&app, &ann, &add, "scope-added").await;
    let edit = form(&app, &ann, "/edit", "search:read").await;
    done(&app, &ann, &edit.without("tools[]").add("tools[]", "web_search"), "scope-saved").await;
    replica.sync().await;

    let elsewhere = Caller::new(&replica, &reader.token);
    for caller in [&reader, &elsewhere] {
        assert_eq!(call(caller, "web_search").await, "granted");
        assert_eq!(call(caller, "web_extract").await, "pages:read search:read");
        assert_eq!(tools(caller).await, ["whoami", "web_search", "web_extract"]);
    }
    let (_, tokens, _) = log_in(&replica, "pages:read").await;
    assert_eq!(tokens.scope, "pages:read");
    let pages = Caller::new(&app, &tokens.access);
    assert_eq!(call(&pages, "web_extract").await, "granted");
    assert_eq!(call(&pages, "web_search").await, "pages:read search:read");
    assert_eq!(app.audit_reasons("scope.added").await, ["ok"]);
    let events = app.core.oauth.store.list_events("", 1000).await.unwrap();
    let event = events.iter().find(|e| e.kind == "scope.added").unwrap();
    assert_eq!(event.actor_id.as_deref(), Some(app.user.id.as_str()));
}

async fn a_tool_that_no_scope_opens_is_never_there(app: TestApp) {
    let (ann, (_, _, caller)) = (app.signed_in().await, log_in(&app, "search:read").await);
    let edit = form(&app, &ann, "/edit", "search:read").await;
    done(&app, &ann, &edit.without("tools[]").add("tools[]", "web_search"), "scope-saved").await;
    assert_eq!(call(&caller, "web_extract").await, "unknown");
    assert_eq!(call(&caller, "no_such_tool").await, "unknown");
    assert_eq!(tools(&caller).await, ["whoami", "web_search"]);
    let text = text_of(&ann.page(&page(&app, "").await).await);
    assert!(text.contains("No scope opens web_extract"), "{text}");
    // A start does not put it back.
    drop(app.replica().await);
    app.sync().await;
    assert_eq!(tools(&caller).await, ["whoami", "web_search"]);
}

async fn a_scope_gives_what_it_includes(app: TestApp) {
    let ann = app.signed_in().await;
    add(&app, "search", &[]).await;
    let (client, before, caller) = log_in(&app, "search").await;
    assert_eq!(before.scope, "search");
    assert_eq!(call(&caller, "web_search").await, "search search:read");
    let edit = form(&app, &ann, "/edit", "search").await.add("implies[]", "search:read");
    done(&app, &ann, &edit, "scope-saved").await;
    app.sync().await;
    assert_eq!(call(&caller, "web_search").await, "granted", "who has the scope has what it includes");
    assert_eq!(client.tokens(&client.refreshing(&before.refresh)).await.scope, "search search:read");
    let consent = ann.get(&client.authorize_url("search")).await;
    let text = text_of(&ann.page(&location(&consent)).await);
    assert!(text.contains("Includes: Search the web and read pages"), "{text}");
    assert!(text.contains("Tools: web_search web_extract"), "{text}");

    let circle = form(&app, &ann, "/edit", "search:read").await.add("implies[]", "search");
    let text = again(&ann, &circle, 422).await;
    assert!(text.contains("search includes search:read includes search"), "{text}");
    // Taken out again: gone with the next refresh.
    let edit = form(&app, &ann, "/edit", "search").await.without("implies[]");
    done(&app, &ann, &edit, "scope-saved").await;
    let refreshed = client.log_in(&ann, "search").await;
    assert_eq!(refreshed.scope, "search");
}

async fn a_renamed_scope_keeps_what_people_agreed_to(app: TestApp) {
    let ann = app.signed_in().await;
    add(&app, "search", &[]).await;
    let edit = form(&app, &ann, "/edit", "search").await.add("implies[]", "search:read");
    done(&app, &ann, &edit, "scope-saved").await;
    let (client, tokens, caller) = log_in(&app, "openid search:read").await;
    assert_eq!(call(&caller, "web_search").await, "granted");
    let rename = form(&app, &ann, "/rename", "search:read").await;
    let text = text_of(&ann.page(&format!("{}?scope=search:read", page(&app, "/rename").await)).await);
    assert!(text.contains(" 1 remembered approval and 1 live grant have it now"), "{text}");
    for (bad, part) in [("search", "already"), ("a b", "without spaces"), ("email", "OpenID Connect")] {
        assert!(again(&ann, &rename.clone().set("to", bad), 422).await.contains(part), "{bad}");
    }
    done(&app, &ann, &rename.set("to", "find%_:all"), "scope-renamed").await;
    app.sync().await;
    assert_eq!(book(&app).await.scopes.iter().find(|s| s.name == "search").unwrap().implies, ["find%_:all"]);
    assert_eq!(call(&caller, "web_search").await, "find%_:all openid", "the old name opens nothing");
    let refreshed = client.tokens(&client.refreshing(&tokens.refresh)).await;
    assert_eq!(refreshed.scope, "find%_:all openid");
    assert_eq!(call(&Caller::new(&app, &refreshed.access), "web_search").await, "granted");
    let resource_id = book(&app).await.resource_id;
    let consent = app.core.oauth.store.find_consent(&app.user.id, &client.id, &resource_id);
    assert_eq!(consent.await.unwrap().to_string(), "find%_:all openid");

    // Somebody else gets the old name for another thing: tokens of before do not open it.
    app.advance(60).await;
    add(&app, "search:read", &["web_extract"]).await;
    let edit = form(&app, &ann, "/edit", "find%25_:all").await;
    done(&app, &ann, &edit.without("tools[]").add("tools[]", "web_search"), "scope-saved").await;
    app.sync().await;
    assert_eq!(call(&caller, "web_extract").await, "openid search:read");
}

async fn a_deleted_scope_opens_nothing_from_the_next_call_on(app: TestApp) {
    let (ann, replica) = (app.signed_in().await, app.replica().await);
    add(&app, "pages:read", &["web_extract"]).await;
    replica.sync().await;
    let (client, tokens, caller) = log_in(&app, "search:read pages:read").await;
    let (lonely, alone, _) = log_in(&app, "pages:read").await;
    let elsewhere = Caller::new(&replica, &tokens.access);
    assert_eq!(call(&elsewhere, "web_extract").await, "granted");
    let edit = form(&app, &ann, "/edit", "search:read").await;
    done(&app, &ann, &edit.without("tools[]").add("tools[]", "web_search"), "scope-saved").await;
    let statement = "UPDATE clients SET allowed_scopes = 'pages:read search:read' WHERE id = $1";
    sqlx::query(statement).bind(&client.id).execute(app.core.oauth.store.pool()).await.unwrap();

    let delete = form(&app, &ann, "/delete", "pages:read").await;
    assert!(again(&ann, &delete.clone().set("typed", "pages"), 422).await.contains("not its name"));
    assert_eq!(call(&caller, "web_extract").await, "granted", "nothing has changed");
    let asked = ann.page(&format!("{}?scope=pages:read", page(&app, "/delete").await)).await;
    let asked = text_of(&asked);
    assert!(
        asked.contains("1 remembered approval and") || asked.contains("2 remembered approvals"),
        "{asked}"
    );
    assert!(asked.contains("No other scope opens web_extract"), "{asked}");
    done(&app, &ann, &delete.set("typed", "pages:read"), "scope-deleted").await;
    app.sync().await;
    replica.sync().await;
    for caller in [&caller, &elsewhere] {
        assert_eq!(call(caller, "web_extract").await, "unknown");
        assert_eq!(caller.who().await["scopes"], json!(["search:read"]));
    }
    assert_eq!(client.tokens(&client.refreshing(&tokens.refresh)).await.scope, "search:read");
    assert_eq!(
        lonely.tokens(&lonely.refreshing(&alone.refresh)).await.scope,
        "",
        "it can do what needs none"
    );
    let found = app.core.oauth.store.find_client(&client.id).await.unwrap().unwrap();
    assert_eq!(found.allowed_scopes.unwrap().to_string(), "search:read");
    assert_eq!(ann.get(&format!("{}?scope=pages:read", page(&app, "/edit").await)).await.status(), 404);
}

async fn the_second_of_two_editors_is_told(app: TestApp) {
    let ann = app.signed_in().await;
    let (first, second) =
        (form(&app, &ann, "/edit", "search:read").await, form(&app, &ann, "/edit", "search:read").await);
    let (rename, delete) =
        (form(&app, &ann, "/rename", "search:read").await, form(&app, &ann, "/delete", "search:read").await);
    done(&app, &ann, &first.set("description", "Find things"), "scope-saved").await;
    let response = ann.send(&second.set("description", "Look for things")).await;
    assert_eq!(response.status(), 409);
    let html = response.text().await.unwrap();
    let text = text_of(&html);
    assert!(text.contains("Somebody else changed this") && text.contains("Find things"), "{text}");
    assert!(html.contains("value=\"Look for things\""));
    again(&ann, &rename.set("to", "other"), 409).await;
    again(&ann, &delete.set("typed", "search:read"), 409).await;
    assert_eq!(book(&app).await.scopes[0].description, "Find things");
    // Saved once more, knowing what it replaces.
    let once_more = Form::of(&html, &page(&app, "/edit").await);
    done(&app, &ann, &once_more, "scope-saved").await;
    assert_eq!(book(&app).await.scopes[0].description, "Look for things");
}

async fn changes_at_the_same_moment_never_make_a_circle(app: TestApp) {
    use gatepost::admin::scopes::{Input, edit};
    for name in ["a", "b"] {
        add(&app, name, &[]).await;
    }
    let (admin, actor) = (app.core.admin(), gatepost::admin::Actor::command_line());
    let id = book(&app).await.resource_id;
    let input =
        |other: &str| Input { description: "d".into(), implies: vec![other.into()], ..Input::default() };
    let (to_b, to_a) = (input("b"), input("a"));
    let (first, second) = futures::future::join(
        edit(&admin, &actor, &id, ("a", 1), &to_b),
        edit(&admin, &actor, &id, ("b", 1), &to_a),
    )
    .await;
    assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
}

async fn what_cannot_be_taken_changes_nothing(app: TestApp) {
    let ann = app.signed_in().await;
    let path = page(&app, "/add").await;
    let good = Form::of(&ann.page(&path).await, &path).set("name", "n").set("description", "d");
    let before = book(&app).await;
    for (field, value, part) in [
        ("name", "", "letters, digits or signs"),
        ("name", "search:read", "already"),
        ("name", "offline_access", "OpenID Connect"),
        ("description", "", "characters what it permits"),
        ("tools[]", "rm_rf", "no such tool"),
        ("implies[]", "gone", "does not exist"),
        ("implies[]", "n", "include each other"),
    ] {
        let text = again(&ann, &good.clone().set(field, value), 422).await;
        assert!(text.contains(part), "{field}={value}: {text}");
    }
    let nowhere = Form { action: "/admin/resources/res_none/scopes/add".into(), ..good.clone() };
    assert_eq!(ann.send(&nowhere).await.status(), 404);
    assert_eq!(book(&app).await, before);
}

on_both! {
    scopes_are_listed_with_what_they_open,
    a_new_scope_works_with_the_next_request_on_every_process,
    a_tool_that_no_scope_opens_is_never_there,
    a_scope_gives_what_it_includes,
    a_renamed_scope_keeps_what_people_agreed_to,
    a_deleted_scope_opens_nothing_from_the_next_call_on,
    the_second_of_two_editors_is_told,
    changes_at_the_same_moment_never_make_a_circle,
    what_cannot_be_taken_changes_nothing,
}
