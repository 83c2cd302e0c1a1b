//! State that may be spent once, spent by many at the same moment.

use futures::future::join_all;
use gatepost::store::StoreError;
use gatepost::store::changes::Topic;
use gatepost::store::links::LinkPurpose;
use gatepost::store::refresh_tokens::{RefreshRow, Rotation};
use gatepost::types::Hashed;
use gatepost::types::ids::Kind;
use gatepost::types::secret::Bearer;

use crate::on_both;
use crate::support::TestApp;

const AT_ONCE: usize = 64;

fn refresh_row(app: &TestApp, grant_id: &str, number: usize) -> RefreshRow {
    let now = app.clock.now();
    RefreshRow {
        id: format!("rft_{number:026}"),
        hash: Hashed::of("first"),
        previous_hash: None,
        rotated_at: None,
        generation: 0,
        grant_id: grant_id.to_owned(),
        created_at: now,
        idle_expires_at: now + 1000,
        expires_at: now + 2000,
        holder: None,
    }
}

fn winners(results: Vec<Result<bool, StoreError>>) -> usize {
    results.into_iter().map(Result::unwrap).filter(|won| *won).count()
}

async fn a_code_is_spent_once_by_the_store(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let code = Bearer::parse(Kind::Code, &client.code(&browser, "search:read").await).unwrap();
    let store = &app.core.oauth.store;
    let (_, grant) = store.find_code(&code.id).await.unwrap().unwrap();
    let spend = |n| store.spend_code(code.id.clone(), app.clock.now(), refresh_row(&app, &grant.id, n), None);
    assert_eq!(winners(join_all((0..AT_ONCE).map(spend)).await), 1);
    let (code, _) = store.find_code(&code.id).await.unwrap().unwrap();
    assert_eq!(code.spent_at, Some(app.clock.now()));
}

async fn a_refresh_token_is_rotated_once_by_the_store(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let tokens = client.log_in(&browser, "search:read").await;
    let bearer = Bearer::parse(Kind::RefreshToken, &tokens.refresh).unwrap();
    let store = &app.core.oauth.store;
    let rotate = |n: usize| {
        store.rotate_refresh_token(Rotation {
            id: bearer.id.clone(),
            from: bearer.hash(),
            to: Hashed::of(&n.to_string()),
            now: app.clock.now(),
            idle_expires_at: app.clock.now() + 1000,
        })
    };
    assert_eq!(winners(join_all((0..AT_ONCE).map(rotate)).await), 1);
    let (row, _) = store.find_refresh_token(&bearer.id).await.unwrap().unwrap();
    assert_eq!(row.generation, 1);
    assert!(row.previous_hash.unwrap().same(&bearer.hash()));
}

async fn a_link_is_spent_once_by_the_store(app: TestApp) {
    let text = gatepost::accounts::links::create(&app.core.accounts, LinkPurpose::Setup, None).await.unwrap();
    let bearer = Bearer::parse(Kind::Link, text.expose()).unwrap();
    let store = &app.core.oauth.store;
    let spend = |_| store.spend_link(bearer.id.clone(), bearer.hash(), app.clock.now());
    assert_eq!(winners(join_all((0..AT_ONCE).map(spend)).await), 1);
}

async fn many_writers_lose_nothing(app: TestApp) {
    let store = &app.core.oauth.store;
    let before = store.change_versions().await.unwrap().resources;
    let bumps = join_all((0..300).map(|_| store.bump_version(Topic::Resources))).await;
    assert!(bumps.into_iter().all(|b| b.is_ok()));
    assert_eq!(store.change_versions().await.unwrap().resources, before + 300);
}

async fn a_refused_write_undoes_itself_and_not_its_neighbours(app: TestApp) {
    let store = &app.core.oauth.store;
    let before = store.change_versions().await.unwrap().clients;
    let taken = |_| store.add_user(app.user.clone());
    let (good, bad) = futures::join!(
        join_all((0..50).map(|_| store.bump_version(Topic::Clients))),
        join_all((0..50).map(taken)),
    );
    assert!(good.into_iter().all(|g| g.is_ok()));
    assert!(bad.into_iter().all(|b| matches!(b, Err(StoreError::Conflict))));
    assert_eq!(store.change_versions().await.unwrap().clients, before + 50);
}

async fn a_rotation_to_a_key_that_is_not_waiting_leaves_the_active_one(app: TestApp) {
    let store = &app.core.oauth.store;
    let keys = store.list_keys().await.unwrap();
    let spare = keys[0].clone();
    let rotated = store.rotate_key("ES256".into(), "key_unknown".into(), spare, app.clock.now()).await;
    assert!(!rotated.unwrap());
    assert_eq!(store.list_keys().await.unwrap(), keys);
}

async fn consent_cannot_outrun_the_disabling_of_a_person(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let form = browser.consent_form(&client.authorize_url("search:read")).await.set("decision", "allow");
    app.disable_ann().await;
    let answer = browser.send(&form).await;
    let location = answer.headers().get("location").map(|l| l.to_str().unwrap().to_owned());
    assert!(location.is_none_or(|l| l.starts_with("/login")), "no code is given");
}

on_both! {
    a_code_is_spent_once_by_the_store,
    a_refresh_token_is_rotated_once_by_the_store,
    a_link_is_spent_once_by_the_store,
    many_writers_lose_nothing,
    a_refused_write_undoes_itself_and_not_its_neighbours,
    a_rotation_to_a_key_that_is_not_waiting_leaves_the_active_one,
    consent_cannot_outrun_the_disabling_of_a_person,
}
