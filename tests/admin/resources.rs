//! `/admin/resources`: what an administrator sees of the resources, and does with them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gatepost::admin::resources::create::{NewResource, create};
use gatepost::admin::{Actor, Failure};
use gatepost::oauth::client::AuthMethod;
use gatepost::store::resources::ResourceRow;
use reqwest::StatusCode;
use serde_json::Value;

use crate::mcp::caller::Caller;
use crate::on_both;
use crate::support::{
    Browser, Form, OAuthClient, REDIRECT_URI, TestApp, Tokens, json_of, location, query_of, text_of,
};

pub const NOTES: &str = "https://notes.example/mcp";

/// Adds a resource elsewhere, as the pages would.
pub async fn add(app: &TestApp, name: &str, url: &str) -> ResourceRow {
    let new = NewResource { name: name.to_owned(), url: url.to_owned(), ..NewResource::default() };
    create(&app.core.admin(), &Actor::command_line(), &new).await.unwrap()
}

pub async fn form(ann: &Browser, page: &str) -> Form {
    Form::of(&ann.page(page).await, page)
}

/// The request of a client for `resource`; nothing: it names none.
pub fn asking(client: &OAuthClient, resource: Option<&str>, scope: &str) -> String {
    let mut params = client.params(scope);
    params.retain(|(name, _)| name != "resource");
    params.extend(resource.map(|url| ("resource".to_owned(), url.to_owned())));
    format!("/oauth/authorize?{}", serde_urlencoded::to_string(params).unwrap())
}

/// Ann allows a client access to `resource`.
pub async fn tokens_for(ann: &Browser, client: &OAuthClient, resource: Option<&str>) -> Tokens {
    let answer = ann.allow(&asking(client, resource, "openid offline_access")).await;
    client.tokens(&client.redemption(&query_of(&answer)["code"])).await
}

/// The parts of a JWT, unverified.
pub fn decoded(token: &str) -> (Value, Value) {
    let part = |n| {
        let text = token.split('.').nth(n).unwrap();
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap()
    };
    (part(0), part(1))
}

async fn events(app: &TestApp, kind: &str) -> Vec<(String, Option<String>, Option<String>)> {
    app.core.oauth.audit.flush().await;
    let events = app.core.oauth.store.list_events("", 1000).await.unwrap();
    let of_kind = events.into_iter().filter(|e| e.kind == kind);
    of_kind.map(|e| (e.resource_id.unwrap_or_default(), e.actor_id, e.detail)).collect()
}

async fn a_server_elsewhere_is_added_and_its_tokens_are_for_it_alone(app: TestApp) {
    let ann = app.signed_in().await;
    let page = ann.page("/admin/resources").await;
    assert!(text_of(&page).contains("No server elsewhere is protected yet"));
    let sent = form(&ann, "/admin/resources/new").await.set("name", " Notes ").set("url", NOTES);
    let done = ann.send(&sent).await;
    let target = location(&done);
    let id = target.strip_prefix("/admin/resources/").unwrap().split('?').next().unwrap().to_owned();
    assert!(id.starts_with("res_"), "{target}");
    let text = text_of(&ann.page(&target).await);
    for expected in [
        "It is added.",
        "WWW-Authenticate: Bearer resource_metadata=&#34;https://notes.example/.well-known/oauth-protected-resource/mcp&#34;",
        "claude mcp add --transport http notes https://notes.example/mcp",
        "ES256",
        "JWTVerifier",
        "createRemoteJWKSet",
    ] {
        assert!(text.contains(expected), "{expected} in {text}");
    }
    assert!(text_of(&ann.page("/admin/resources").await).contains("https://notes.example/mcp elsewhere"));
    let by_ann = Some(app.user.id.clone());
    assert_eq!(events(&app, "resource.created").await, [(id.clone(), by_ann, Some(format!("at {NOTES}")))]);

    let tokens = tokens_for(&ann, &app.client().await, Some(NOTES)).await;
    assert_eq!(decoded(&tokens.access).1["aud"], NOTES);
    assert_eq!(Caller::new(&app, &tokens.access).status().await, 401, "it is not for this server");
    let (_, _, caller) = crate::mcp::caller::log_in(&app, "search:read").await;
    assert_eq!(caller.status().await, 200);

    let get = async |path: String| json_of(app.http().get(app.at(&path)).send().await.unwrap()).await;
    let copy = get(format!("/.well-known/oauth-protected-resource/resources/{id}")).await;
    assert_eq!(copy["resource"], NOTES);
    assert_eq!(copy["authorization_servers"], serde_json::json!([app.url]));
    let here = get("/.well-known/oauth-protected-resource".to_owned()).await;
    assert_eq!(here["resource"], app.at("/mcp"));
    let text = text_of(&ann.page(&format!("/admin/resources/{id}/metadata")).await);
    assert!(text.contains("https://notes.example/.well-known/oauth-protected-resource/mcp"), "{text}");
    let nowhere = app.http().post(app.at(&format!("/resources/{id}"))).send().await.unwrap();
    assert_eq!(nowhere.status(), StatusCode::NOT_FOUND);
}

async fn what_cannot_be_a_resource_is_refused_with_all_its_faults(app: TestApp) {
    let ann = app.signed_in().await;
    let empty = form(&ann, "/admin/resources/new").await;
    assert_eq!((empty.get("name"), empty.get("url")), ("", ""));
    add(&app, "Notes", NOTES).await;
    let port = app.address.port();
    let taken = [
        app.at("/mcp"),
        app.at("/mcp/"),
        format!("http://127.0.0.1:{port}/mcp"),
        app.url.clone(),
        "https://NOTES.example/mcp".to_owned(),
        "https://notes.example/mcp/".to_owned(),
    ];
    for url in taken {
        let sent = form(&ann, "/admin/resources/new").await.set("name", "Copy").set("url", &url);
        let answer = ann.send(&sent).await;
        assert_eq!(answer.status(), 422, "{url}");
        assert!(text_of(&answer.text().await.unwrap()).contains("already."), "{url}");
    }
    let long = "n".repeat(201);
    for (name, url, sentences) in [
        ("", "", vec!["Enter a name.", "Enter the URL"]),
        (long.as_str(), "ftp://x", vec!["longer than 200 characters", "no web address"]),
        ("Notes", "http://notes.example/mcp", vec!["Use https://"]),
    ] {
        let sent = form(&ann, "/admin/resources/new").await.set("name", name).set("url", url);
        let answer = ann.send(&sent).await;
        assert_eq!(answer.status(), 422, "{name} {url}");
        let html = answer.text().await.unwrap();
        for sentence in sentences {
            assert!(text_of(&html).contains(sentence), "{sentence}");
        }
        let again = Form::of(&html, "/admin/resources/new");
        assert_eq!((again.get("name"), again.get("url")), (name, url), "what was typed is kept");
    }
    assert_eq!(app.core.oauth.store.list_resources().await.unwrap().0.len(), 2);
}

async fn settings_take_effect_with_the_next_request(app: TestApp) {
    let ann = app.signed_in().await;
    let notes = add(&app, "Notes", NOTES).await;
    let client = app.client().await;
    let before = tokens_for(&ann, &client, Some(NOTES)).await;
    assert_eq!(before.body["expires_in"], 3600);
    let page = format!("/admin/resources/{}/settings", notes.id);
    let sent = form(&ann, &page)
        .await
        .set("name", "My notes")
        .set("url", "https://new.example/mcp")
        .set("aliases", "https://notes.example/mcp\r\n\r\nhttps://new.example/")
        .set("access_token_seconds", "60")
        .set("refresh_token_seconds", "3600")
        .set("signing_alg", "RS256");
    assert_eq!(location(&ann.send(&sent).await), format!("{page}?done=resource-saved"));
    let after = client.tokens(&client.refreshing(&before.refresh)).await;
    assert_eq!(after.body["expires_in"], 60);
    let (header, claims) = decoded(&after.access);
    assert_eq!((&header["alg"], &claims["aud"]), (&"RS256".into(), &"https://new.example/mcp".into()));
    let by_alias = tokens_for(&ann, &client, Some("https://new.example")).await;
    assert_eq!(decoded(&by_alias.access).1["aud"], "https://new.example/mcp");

    // The shorter life holds for tokens that were out already as well.
    app.advance(3599).await;
    let last = client.tokens(&client.refreshing(&after.refresh)).await;
    app.advance(1).await;
    assert_eq!(client.refused(&client.refreshing(&last.refresh)).await, "invalid_grant");
    let details = events(&app, "resource.changed").await;
    let expected = "changed: name, url, aliases, access_token_seconds, refresh_token_seconds, signing_alg";
    assert_eq!(details[0].2.as_deref(), Some(expected));
}

async fn a_longer_life_of_refresh_tokens_keeps_their_grants(app: TestApp) {
    let ann = app.signed_in().await;
    let notes = add(&app, "Notes", NOTES).await;
    let page = format!("/admin/resources/{}/settings", notes.id);
    let year = (365 * 86_400).to_string();
    let sent = form(&ann, &page).await.set("refresh_token_seconds", &year);
    assert_eq!(ann.send(&sent).await.status(), StatusCode::SEE_OTHER);
    let client = app.client().await;
    let mut tokens = tokens_for(&ann, &client, Some(NOTES)).await;
    for _ in 0..18 {
        app.advance(20 * 86_400).await;
        let store = &app.core.oauth.store;
        store.reap_grants(app.clock.now(), 100).await.unwrap();
        tokens = client.tokens(&client.refreshing(&tokens.refresh)).await;
    }
    app.advance(5 * 86_400).await;
    assert_eq!(client.refused(&client.refreshing(&tokens.refresh)).await, "invalid_grant");
}

async fn settings_out_of_range_change_nothing(app: TestApp) {
    let ann = app.signed_in().await;
    let notes = add(&app, "Notes", NOTES).await;
    let page = format!("/admin/resources/{}/settings", notes.id);
    let before = app.core.oauth.store.list_resources().await.unwrap().0;
    let many = (0..21).map(|n| format!("https://a{n}.example/")).collect::<Vec<_>>().join("\n");
    for (field, value, sentence) in [
        ("access_token_seconds", "59", "from 60 to 86400"),
        ("access_token_seconds", "86401", "from 60 to 86400"),
        ("access_token_seconds", "an hour", "from 60 to 86400"),
        ("refresh_token_seconds", "3599", "from 3600 to 315360000"),
        ("signing_alg", "none", "Choose ES256"),
        ("name", "", "Enter a name."),
        ("url", "https://notes.example/mcp?x", "no ?"),
        ("aliases", "https://x.example/#", "no #"),
        ("aliases", &app.at("/mcp"), "a URL of the resource Gatepost tools already"),
        ("aliases", &many, "more than 20 aliases"),
    ] {
        let answer = ann.send(&form(&ann, &page).await.set(field, value)).await;
        assert_eq!(answer.status(), 422, "{field}={value}");
        assert!(text_of(&answer.text().await.unwrap()).contains(sentence), "{field}={value}");
    }
    let built_in = app.core.oauth.resources.current().here().unwrap().id.clone();
    let page = format!("/admin/resources/{built_in}/settings");
    let sent = form(&ann, &page).await.set("url", "https://evil.example/");
    assert_eq!(ann.send(&sent).await.status(), StatusCode::SEE_OTHER, "its form has no such field");
    assert_eq!(app.core.oauth.store.list_resources().await.unwrap().0, before);
}

async fn of_two_administrators_the_second_is_told(app: TestApp) {
    let (ann, other) = (app.signed_in().await, app.signed_in().await);
    let notes = add(&app, "Notes", NOTES).await;
    let page = format!("/admin/resources/{}/settings", notes.id);
    let (first, second) = (form(&ann, &page).await, form(&other, &page).await);
    let saved = ann.send(&first.set("name", "Notes of Ann").set("access_token_seconds", "120")).await;
    assert_eq!(saved.status(), StatusCode::SEE_OTHER);
    let answer = other.send(&second.set("name", "Notes of Bob")).await;
    assert_eq!(answer.status(), StatusCode::CONFLICT);
    let html = answer.text().await.unwrap();
    let text = text_of(&html);
    assert!(text.contains("Somebody else changed this") && text.contains("Notes of Ann"), "{text}");
    assert!(text.contains("Life of access tokens, in seconds 120"), "{text}");
    let again = Form::of(&html, &page);
    assert_eq!(again.get("name"), "Notes of Bob");
    let row = |rows: Vec<ResourceRow>| rows.into_iter().find(|r| r.id == notes.id).unwrap();
    assert_eq!(row(app.core.oauth.store.list_resources().await.unwrap().0).name, "Notes of Ann");
    assert_eq!(other.send(&again).await.status(), StatusCode::SEE_OTHER);
    let row = row(app.core.oauth.store.list_resources().await.unwrap().0);
    assert_eq!((row.name.as_str(), row.access_token_seconds, row.version), ("Notes of Bob", None, 3));
}

async fn a_change_reaches_every_process(app: TestApp) {
    let replica = app.replica().await;
    let notes = add(&app, "Notes", NOTES).await;
    let known = |app: &TestApp| app.core.oauth.resources.current().named(NOTES).map(|r| r.name.clone());
    assert_eq!(known(&app).as_deref(), Some("Notes"), "at once where it was made");
    replica.sync().await;
    assert_eq!(known(&replica).as_deref(), Some("Notes"));
    let ann = app.signed_in().await;
    let page = format!("/admin/resources/{}/settings", notes.id);
    ann.send(&form(&ann, &page).await.set("name", "My notes")).await;
    replica.sync().await;
    assert_eq!(known(&replica).as_deref(), Some("My notes"));
}

async fn a_closed_resource_takes_clients_of_administrators_only(app: TestApp) {
    let ann = app.signed_in().await;
    let notes = add(&app, "Notes", NOTES).await;
    let client = app.client().await;
    let connected = tokens_for(&ann, &client, Some(NOTES)).await;
    let page = format!("/admin/resources/{}/settings", notes.id);
    let html = ann.page(&page).await;
    assert!(text_of(&html).contains("every other is refused with unauthorized_client"));
    ann.send(&Form::of(&html, &page).without("registration_open")).await;

    let answer = ann.get(&asking(&client, Some(NOTES), "openid")).await;
    let told = query_of(&location(&answer));
    assert_eq!((told["error"].as_str(), told["iss"].as_str()), ("unauthorized_client", app.url.as_str()));
    assert!(told["error_description"].contains("ask the administrator"), "{told:?}");
    assert!(app.audit_reasons("authorization.requested").await.contains(&"registration_closed".to_owned()));
    // Elsewhere it may still ask, and what was allowed before stays.
    assert_eq!(
        location(&ann.get(&client.authorize_url("search:read")).await).split('?').next(),
        Some("/consent")
    );
    client.tokens(&client.refreshing(&connected.refresh)).await;

    let mut own = app.client().await;
    own.id = app.made_client(AuthMethod::None, REDIRECT_URI).await.id;
    assert_eq!(decoded(&tokens_for(&ann, &own, Some(NOTES)).await.access).1["aud"], NOTES);
}

async fn exactly_one_resource_is_the_default(app: TestApp) {
    let ann = app.signed_in().await;
    let notes = add(&app, "Notes", NOTES).await;
    let built_in = app.core.oauth.resources.current().here().unwrap().id.clone();
    let page = format!("/admin/resources/{}/default", notes.id);
    let html = ann.page(&page).await;
    assert!(text_of(&html).contains("instead of Gatepost tools"));
    for _ in 0..2 {
        let done = ann.send(&Form::of(&html, &page)).await;
        assert_eq!(location(&done), format!("/admin/resources/{}/settings?done=resource-default", notes.id));
    }
    let rows = app.core.oauth.store.list_resources().await.unwrap().0;
    let defaults: Vec<_> = rows.iter().filter(|r| r.is_default).map(|r| r.id.clone()).collect();
    assert_eq!(defaults, std::slice::from_ref(&notes.id));
    assert_eq!(events(&app, "resource.changed").await.len(), 1, "the second time changes nothing");
    assert!(text_of(&ann.page("/").await).contains(NOTES));

    // Who names nothing gets the default; who names this origin means what is served here.
    let client = app.client().await;
    assert_eq!(decoded(&tokens_for(&ann, &client, None).await.access).1["aud"], NOTES);
    let here = tokens_for(&ann, &client, Some(&app.url)).await;
    assert_eq!(decoded(&here.access).1["aud"], app.at("/mcp"));
    assert_eq!(Caller::new(&app, &here.access).status().await, 200);
    let root = app.http().get(app.at("/.well-known/oauth-protected-resource")).send().await.unwrap();
    assert_eq!(json_of(root).await["resource"], app.at("/mcp"));

    assert_eq!(ann.get(&format!("/admin/resources/{}/delete", notes.id)).await.status(), 409);
    let page = format!("/admin/resources/{built_in}/default");
    ann.send(&form(&ann, &page).await).await;
    assert_eq!(decoded(&tokens_for(&ann, &client, None).await.access).1["aud"], app.at("/mcp"));
}

async fn hostile_names_are_text_on_every_page(app: TestApp) {
    let ann = app.signed_in().await;
    let name = "<img src=x onerror=alert(1)>{{7*7}}</pre>\u{1f3f0}\"'";
    let notes = add(&app, name, NOTES).await;
    let client = app.client().await;
    tokens_for(&ann, &client, Some(NOTES)).await;
    let base = format!("/admin/resources/{}", notes.id);
    for page in ["", "/settings", "/metadata", "/clients", "/people", "/test", "/default", "/delete"] {
        let html = ann.page(&format!("{base}{page}")).await;
        assert!(!html.contains("<img src=x"), "{page}");
        assert_eq!(html.matches("<pre").count(), html.matches("</pre>").count(), "{page}");
        assert!(html.contains("{{7*7}}"), "{page}");
    }
    assert!(!ann.page("/admin/resources").await.contains("<img src=x"));
    let conflict = form(&ann, &format!("{base}/settings")).await.set("version", "0");
    assert!(!ann.send(&conflict).await.text().await.unwrap().contains("<img src=x"));
}

async fn of_two_who_add_the_same_url_one_is_refused(app: TestApp) {
    let admin = app.core.admin();
    let new = NewResource { name: "Notes".to_owned(), url: NOTES.to_owned(), ..NewResource::default() };
    let actor = Actor::command_line();
    let tries = (0..8).map(|_| create(&admin, &actor, &new));
    let results = futures::future::join_all(tries).await;
    assert_eq!(results.iter().filter(|r| r.is_ok()).count(), 1);
    let refused = |r: &&Result<_, Failure>| matches!(r, Err(Failure::Invalid(_) | Failure::Changed));
    assert_eq!(results.iter().filter(refused).count(), 7);
    assert_eq!(app.core.oauth.store.list_resources().await.unwrap().0.len(), 2);
}

on_both! {
    a_server_elsewhere_is_added_and_its_tokens_are_for_it_alone,
    what_cannot_be_a_resource_is_refused_with_all_its_faults,
    settings_take_effect_with_the_next_request,
    a_longer_life_of_refresh_tokens_keeps_their_grants,
    settings_out_of_range_change_nothing,
    of_two_administrators_the_second_is_told,
    a_change_reaches_every_process,
    a_closed_resource_takes_clients_of_administrators_only,
    exactly_one_resource_is_the_default,
    hostile_names_are_text_on_every_page,
    of_two_who_add_the_same_url_one_is_refused,
}
