//! Changing a client: who may change what, what holds from then on, and two people at the same time.

use gatepost::admin::clients::edit::{Edit, edit};
use gatepost::admin::clients::{self, ManagedClient, secrets};
use gatepost::admin::{Admin, Failure};
use gatepost::oauth::client::AuthMethod;
use serde_json::json;

use super::make::problems;
use super::{ann, done_by};
use crate::mcp::caller::log_in;
use crate::oauth::dpop::granted;
use crate::on_both;
use crate::support::{OAuthClient, ProofKey, REDIRECT_URI, TestApp, text_of};

async fn stored(admin: &Admin, id: &str) -> (ManagedClient, Edit) {
    let found = clients::find(admin, id).await.unwrap();
    let edit = Edit::of(&found.client);
    (found, edit)
}

async fn a_change_holds_from_the_next_request_everywhere(app: TestApp) {
    let (admin, replica, browser) = (app.core.admin(), app.replica().await, app.signed_in().await);
    let mut client = app.client().await;
    client.id = app.made_client(AuthMethod::None, REDIRECT_URI).await.id;
    let (before, was) = stored(&admin, &client.id).await;
    assert!(replica.core.oauth.clients.find(&client.id).await.ok().unwrap().is_some(), "held in memory");
    let wanted = Edit {
        name: "Renamed".to_owned(),
        redirect_uris: vec!["https://new.example/back".to_owned()],
        access_token_seconds: Some(90),
        ..was.clone()
    };
    let after = edit(&admin, &ann(), &client.id, before.version, &wanted).await.unwrap();
    assert_eq!((after.version, Edit::of(&after.client)), (before.version + 1, wanted.clone()));
    assert_eq!(done_by(&app, "client.changed").await.as_deref(), Some("usr_ann"));
    replica.sync().await;
    let held = replica.core.oauth.clients.find(&client.id).await.ok().unwrap().unwrap();
    assert_eq!(held.name, "Renamed");
    let answer = browser.get(&client.authorize_url("search:read")).await;
    assert_eq!(answer.status(), 400, "it is sent where it is not registered any more");
    let found = |text: &'static str| clients::search(&admin, text, None, 9);
    assert_eq!(found("reports").await.unwrap().rows.len(), 0);
    assert_eq!(found("renamed").await.unwrap().rows.len(), 1);
    assert_eq!(found("new.example").await.unwrap().rows.len(), 1);
    // Nothing differs: nothing is written.
    let same = edit(&admin, &ann(), &client.id, after.version, &wanted).await.unwrap();
    assert_eq!(same.version, after.version);
    assert_eq!(app.audit_reasons("client.changed").await.len(), 1);
}

async fn devices_are_let_in_and_kept_out(app: TestApp) {
    const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";
    let admin = app.core.admin();
    let id = app.made_client(AuthMethod::None, REDIRECT_URI).await.id;
    let (before, was) = stored(&admin, &id).await;
    assert!(!was.for_devices);
    let asks = async || {
        let request = app.http().post(app.at("/oauth/device_authorization"));
        request.form(&[("client_id", &id)]).send().await.unwrap().status().as_u16()
    };
    assert_eq!(asks().await, 400);
    let only = Edit { for_devices: true, redirect_uris: Vec::new(), ..was.clone() };
    let after = edit(&admin, &ann(), &id, before.version, &only).await.unwrap();
    assert_eq!(after.client.grant_types, ["refresh_token", DEVICE]);
    assert_eq!(asks().await, 200);
    let neither = Edit { for_devices: false, ..only };
    let refused = edit(&admin, &ann(), &id, after.version, &neither).await;
    assert_eq!(problems(refused)[0].0, "redirect_uris");
    let back = edit(&admin, &ann(), &id, after.version, &was).await.unwrap();
    assert_eq!(back.client.grant_types, before.client.grant_types);
    assert_eq!(asks().await, 400);
    let dynamic = app.client().await.id;
    let (found, is) = stored(&admin, &dynamic).await;
    let wanted = Edit { for_devices: true, ..is };
    assert_eq!(problems(edit(&admin, &ann(), &dynamic, found.version, &wanted).await)[0].0, "for_devices");
}

async fn of_two_who_change_it_the_second_is_told(app: TestApp) {
    let admin = app.core.admin();
    let id = app.made_client(AuthMethod::Basic, REDIRECT_URI).await.id;
    let (before, was) = stored(&admin, &id).await;
    let named = |name: &str| Edit { name: name.to_owned(), ..was.clone() };
    let (one, two) = (named("One"), named("Two"));
    let (actor, version) = (ann(), before.version);
    let (one, two) =
        futures::join!(edit(&admin, &actor, &id, version, &one), edit(&admin, &actor, &id, version, &two));
    assert_eq!([one.is_ok(), two.is_ok()].iter().filter(|done| **done).count(), 1);
    assert!(matches!(one.and(two), Err(Failure::Changed)));
    // Disabling is a change too.
    let (now, _) = stored(&admin, &id).await;
    clients::disable(&admin, &actor, &id).await.unwrap();
    assert!(matches!(edit(&admin, &actor, &id, now.version, &was).await, Err(Failure::Changed)));
}

async fn a_client_that_registered_itself_says_some_things_itself(app: TestApp) {
    let admin = app.core.admin();
    let id = app.client().await.id;
    let (before, was) = stored(&admin, &id).await;
    let wanted = Edit {
        name: "Mine".to_owned(),
        redirect_uris: vec!["https://mine.example/".to_owned()],
        auth_method: "client_secret_post".to_owned(),
        dpop_bound: true,
        ..was.clone()
    };
    let told = problems(edit(&admin, &ann(), &id, before.version, &wanted).await);
    assert_eq!(
        told.iter().map(|p| p.0).collect::<Vec<_>>(),
        ["name", "redirect_uris", "auth_method", "dpop_bound"]
    );
    assert!(told[0].1.contains("says this of itself"));
    let wanted =
        Edit { allowed_scopes: Some(vec!["search:read".to_owned()]), access_token_seconds: Some(60), ..was };
    edit(&admin, &ann(), &id, before.version, &wanted).await.unwrap();
    // Who registers the same gets the same client, and its ceiling.
    let again = app.client().await;
    assert_eq!((again.id.clone(), stored(&admin, &id).await.1), (id, wanted));
}

async fn authentication_changes_only_between_ways_to_show_a_secret(app: TestApp) {
    let admin = app.core.admin();
    let public = app.made_client(AuthMethod::None, REDIRECT_URI).await.id;
    let confidential = app.made_client(AuthMethod::Basic, REDIRECT_URI).await.id;
    for (id, method, may) in [
        (&public, "client_secret_basic", false),
        (&confidential, "none", false),
        (&confidential, "client_secret_jwt", false),
        (&confidential, "client_secret_post", true),
    ] {
        let (before, was) = stored(&admin, id).await;
        let wanted = Edit { auth_method: method.to_owned(), ..was };
        let done = edit(&admin, &ann(), id, before.version, &wanted).await;
        if may {
            assert_eq!(done.unwrap().client.auth_method, method);
        } else {
            assert_eq!(problems(done)[0].0, "auth_method", "{method}");
        }
    }
}

async fn bound_tokens_only_are_from_then_on_what_it_gets(app: TestApp) {
    let (admin, browser) = (app.core.admin(), app.signed_in().await);
    let mut client = app.client().await;
    client.id = app.made_client(AuthMethod::None, REDIRECT_URI).await.id;
    let tokens = client.log_in(&browser, "search:read").await;
    let (before, was) = stored(&admin, &client.id).await;
    assert!(!was.dpop_bound);
    let wanted = Edit { dpop_bound: true, ..was.clone() };
    let after = edit(&admin, &ann(), &client.id, before.version, &wanted).await.unwrap();
    app.sync().await;
    assert_eq!(client.refused(&client.refreshing(&tokens.refresh)).await, "invalid_dpop_proof");
    let proof = ProofKey::new().for_tokens(&app);
    let body = granted(&app, &client.refreshing(&tokens.refresh), &proof).await;
    assert_eq!(body["token_type"], "DPoP");
    let overview = format!("/admin/clients/{}", client.id);
    assert!(text_of(&browser.page(&overview).await).contains("always bound to a key of its own (DPoP)"));
    let form = browser.form_to(&format!("{overview}/edit"), &format!("{overview}/edit")).await;
    assert_eq!(form.get("dpop_bound"), "1");
    edit(&admin, &ann(), &client.id, after.version, &was).await.unwrap();
    app.sync().await;
    client.tokens(&client.refreshing(body["refresh_token"].as_str().unwrap())).await;
    let form = browser.form_to(&format!("{overview}/edit"), &format!("{overview}/edit")).await;
    browser.send(&form.set("dpop_bound", "1")).await;
    assert!(stored(&admin, &client.id).await.1.dpop_bound);
}

async fn a_lower_ceiling_holds_for_tokens_that_are_out(app: TestApp) {
    let admin = app.core.admin();
    let (client, _, caller) = log_in(&app, "search:read").await;
    let search = json!({ "name": "web_search", "arguments": { "query": "x" } });
    let allowed = caller.modern("tools/call", search.clone()).send().await.unwrap();
    assert_eq!(allowed.status(), 200);
    let (before, was) = stored(&admin, &client.id).await;
    let wanted = Edit { allowed_scopes: Some(vec![]), ..was };
    edit(&admin, &ann(), &client.id, before.version, &wanted).await.unwrap();
    app.sync().await;
    assert_eq!(caller.modern("tools/call", search).send().await.unwrap().status(), 403);
}

async fn a_scope_that_is_gone_may_stay_in_a_ceiling(app: TestApp) {
    let admin = app.core.admin();
    let id = OAuthClient::register(&app, "Old").await.id;
    let statement = "UPDATE clients SET allowed_scopes = 'gone search:read' WHERE id = $1";
    sqlx::query(statement).bind(&id).execute(app.core.oauth.store.pool()).await.unwrap();
    let (before, was) = stored(&admin, &id).await;
    let kept = Edit { access_token_seconds: Some(600), ..was.clone() };
    edit(&admin, &ann(), &id, before.version, &kept).await.unwrap();
    let odd = Edit { allowed_scopes: Some(vec!["other".to_owned()]), ..was };
    assert_eq!(problems(edit(&admin, &ann(), &id, before.version + 1, &odd).await)[0].0, "allowed_scopes");
}

async fn an_app_goes_from_a_secret_to_a_key_and_back(app: TestApp) {
    let admin = app.core.admin();
    let id = app.made_client(AuthMethod::Basic, REDIRECT_URI).await.id;
    let (before, was) = stored(&admin, &id).await;
    let set = |keys: &str| Edit {
        auth_method: "private_key_jwt".to_owned(),
        keys: Some(keys.to_owned()).filter(|keys| !keys.is_empty()),
        ..was.clone()
    };
    for (keys, text) in [
        ("", "Enter the address"),
        ("{", "jwks is not a key set"),
        ("http://keys.example/jwks", "jwks_uri is not an https URL"),
    ] {
        let told = problems(edit(&admin, &ann(), &id, before.version, &set(keys)).await);
        assert!(told[0].0 == "keys" && told[0].1.contains(text), "{keys}: {told:?}");
    }
    let wanted = set("https://keys.example/jwks");
    let after = edit(&admin, &ann(), &id, before.version, &wanted).await.unwrap();
    assert_eq!(Edit::of(&after.client), wanted);
    assert_eq!(secrets::closed(&after.client).unwrap().0, "has_a_key");
    // The keys go with the way: what is left of them could be believed some day.
    let back = Edit { auth_method: "client_secret_post".to_owned(), ..wanted };
    let after = edit(&admin, &ann(), &id, after.version, &back).await.unwrap();
    assert_eq!((after.client.keys.clone(), secrets::closed(&after.client)), (None, None));
}

on_both! {
    an_app_goes_from_a_secret_to_a_key_and_back,
    a_change_holds_from_the_next_request_everywhere, of_two_who_change_it_the_second_is_told,
    a_client_that_registered_itself_says_some_things_itself,
    authentication_changes_only_between_ways_to_show_a_secret, bound_tokens_only_are_from_then_on_what_it_gets, a_lower_ceiling_holds_for_tokens_that_are_out,
    a_scope_that_is_gone_may_stay_in_a_ceiling, devices_are_let_in_and_kept_out,
}
