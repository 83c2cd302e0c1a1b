//! Table `device_codes`, on both databases.

use futures::future::join_all;
use gatepost::store::Store;
use gatepost::store::device_codes::{Bounds, Login, Polled};
use gatepost::types::{FirstFactor, Hashed};

use super::rows::{
    NOW, allow, allowed, client, count, device, furnished, redeem, refresh, resource, scopes, session, start,
    user,
};
use crate::on_each;
use crate::support::Database;

const MANY: Bounds = Bounds { of_client: 100, in_all: 100 };

async fn add(store: &Store, n: usize) {
    assert!(store.add_device_code(device(n), MANY).await.unwrap());
}

async fn what_a_device_asked_for_comes_back(database: Database) {
    let store = furnished(&database).await;
    add(&store, 1).await;
    let found = store.find_device_code("dvc_1").await.unwrap().unwrap();
    assert_eq!(format!("{found:?}"), format!("{:?}", device(1)));
    let hash = Hashed::of("user code 1");
    assert_eq!(store.find_waiting_device_code(&hash, NOW + 599).await.unwrap().unwrap().id, "dvc_1");
    assert!(store.find_waiting_device_code(&hash, NOW + 600).await.unwrap().is_none());
    assert!(store.find_waiting_device_code(&Hashed::of("x"), NOW).await.unwrap().is_none());
    assert!(store.find_device_code("dvc_2").await.unwrap().is_none());
}

async fn two_that_wait_never_share_a_user_code(database: Database) {
    let store = furnished(&database).await;
    add(&store, 1).await;
    let mut twin = device(2);
    twin.user_code = device(1).user_code;
    assert!(!store.add_device_code(twin.clone(), MANY).await.unwrap());
    assert_eq!(count(&store, "device_codes").await, 1);
    assert!(store.deny_device_code("dvc_1".into(), NOW).await.unwrap());
    assert!(store.add_device_code(twin, MANY).await.unwrap(), "it is free again");
}

async fn as_many_wait_as_may_and_no_more(database: Database) {
    let store = furnished(&database).await;
    let mut other = client(2);
    other.digest = None;
    store.add_client(other, None).await.unwrap();
    let of =
        |n: usize, id: &str| gatepost::store::device_codes::DeviceRow { client_id: id.into(), ..device(n) };
    let bounds = Bounds { of_client: 2, in_all: 3 };
    for (n, id, added) in
        [(1, "cli_1", true), (2, "cli_1", true), (3, "cli_1", false), (4, "cli_2", true), (5, "cli_2", false)]
    {
        assert_eq!(store.add_device_code(of(n, id), bounds).await.unwrap(), added, "{n}");
    }
    assert!(store.deny_device_code("dvc_1".into(), NOW).await.unwrap());
    assert!(store.add_device_code(of(6, "cli_1"), bounds).await.unwrap(), "who was denied waits no more");
    let late = gatepost::store::device_codes::DeviceRow {
        created_at: NOW + 600,
        expires_at: NOW + 1200,
        ..of(7, "cli_1")
    };
    assert!(store.add_device_code(late, bounds).await.unwrap(), "what has expired waits no more");
}

async fn a_device_that_asks_too_soon_waits_longer(database: Database) {
    let store = furnished(&database).await;
    add(&store, 1).await;
    let interval = async || store.find_device_code("dvc_1").await.unwrap().unwrap().interval;
    for (at, expected, seconds) in [
        (0, Polled::Waiting, 5),
        (5, Polled::Waiting, 5),
        (9, Polled::TooSoon, 10),
        (18, Polled::TooSoon, 15),
        (33, Polled::Waiting, 15),
        (600, Polled::Gone, 15),
    ] {
        assert_eq!(store.poll_device_code("dvc_1".into(), NOW + at).await.unwrap(), expected, "{at}");
        assert_eq!(interval().await, seconds, "{at}");
    }
    let polls = join_all((0..20).map(|_| store.poll_device_code("dvc_1".into(), NOW + 100))).await;
    let fine = polls.into_iter().filter(|polled| *polled.as_ref().unwrap() == Polled::Waiting).count();
    assert_eq!(fine, 1, "of many at the same moment one is in time");
    store.deny_device_code("dvc_1".into(), NOW + 101).await.unwrap();
    assert_eq!(store.poll_device_code("dvc_1".into(), NOW + 400).await.unwrap(), Polled::Gone);
}

async fn of_many_decisions_one_counts(database: Database) {
    let store = furnished(&database).await;
    add(&store, 1).await;
    let say = |n: usize| {
        let store = store.clone();
        async move {
            let yes = gatepost::store::device_codes::Allowed { device_id: "dvc_1".into(), ..allowed(n) };
            if n.is_multiple_of(2) {
                store.allow_device_code(yes).await.unwrap()
            } else {
                store.deny_device_code("dvc_1".into(), NOW).await.unwrap()
            }
        }
    };
    let counted = join_all((0..20).map(say)).await.into_iter().filter(|counts| *counts).count();
    assert_eq!(counted, 1);
    let found = store.find_device_code("dvc_1").await.unwrap().unwrap();
    assert_eq!(found.decided_at, Some(NOW));
    let expected = i64::from(found.grant_id.is_some());
    assert_eq!((count(&store, "grants").await, count(&store, "consents").await), (expected, expected));
}

async fn an_allowed_request_has_its_grant_and_the_login(database: Database) {
    let store = furnished(&database).await;
    add(&store, 1).await;
    assert!(store.allow_device_code(allowed(1)).await.unwrap());
    let found = store.find_device_code("dvc_1").await.unwrap().unwrap();
    assert_eq!((found.grant_id.as_deref(), found.decided_at), (Some("grt_1"), Some(NOW)));
    assert_eq!(found.login, Some(Login { auth_time: NOW - 5, proof: FirstFactor::Passkey.into() }));
    assert_eq!(store.find_grant("grt_1").await.unwrap(), Some(allowed(1).grant));
    assert_eq!(store.find_consent("usr_1", "cli_1", "res_1").await.unwrap(), scopes("search:read"));
}

async fn nothing_is_allowed_to_what_is_gone(database: Database) {
    let store = furnished(&database).await;
    store.add_resource(resource(2), Vec::new()).await.unwrap();
    store.add_user(user(2)).await.unwrap();
    start(&store, session(1, 2)).await;
    add(&store, 1).await;
    let untouched = async || {
        let found = store.find_device_code("dvc_1").await.unwrap().unwrap();
        assert_eq!((found.decided_at, count(&store, "grants").await), (None, 0));
    };
    let mut late = allowed(1);
    late.grant.created_at = NOW + 600;
    assert!(!store.allow_device_code(late).await.unwrap(), "expired");
    untouched().await;
    assert!(store.end_session("ses_1".into(), NOW).await.unwrap());
    let mut ended = allowed(1);
    ended.grant.session_id = Some("ses_1".into());
    assert!(!store.allow_device_code(ended).await.unwrap(), "the sign-in has ended");
    untouched().await;
    assert!(store.disable_client("cli_1".into(), NOW).await.unwrap());
    assert!(!store.allow_device_code(allowed(1)).await.unwrap(), "the client is disabled");
    untouched().await;
}

async fn what_was_allowed_is_fetched_once(database: Database) {
    let store = furnished(&database).await;
    add(&store, 1).await;
    assert!(
        !store.spend_device_code("dvc_1".into(), NOW, refresh(1), None).await.unwrap(),
        "nobody allowed it"
    );
    assert!(store.allow_device_code(allowed(1)).await.unwrap());
    assert!(!store.spend_device_code("dvc_1".into(), NOW + 600, refresh(1), None).await.unwrap(), "too late");
    let spend = |n| {
        let mut row = refresh(1);
        row.id = format!("rft_{n}");
        store.spend_device_code("dvc_1".into(), NOW, row, None)
    };
    let won = join_all((0..20).map(spend)).await.into_iter().filter(|won| *won.as_ref().unwrap()).count();
    assert_eq!((won, count(&store, "refresh_tokens").await), (1, 1));
    assert_eq!(store.find_grant("grt_1").await.unwrap().unwrap().jkt, None);
    add(&store, 2).await;
    let mut second = allowed(2);
    second.consent_id = "con_1".into();
    assert!(store.allow_device_code(second).await.unwrap());
    assert!(store.revoke_grant("grt_2".into(), NOW, "test").await.unwrap());
    assert!(!store.spend_device_code("dvc_2".into(), NOW, refresh(2), None).await.unwrap(), "revoked");
    add(&store, 3).await;
    let mut third = allowed(3);
    third.consent_id = "con_1".into();
    assert!(store.allow_device_code(third).await.unwrap());
    let key = Some("thumbprint".to_owned());
    assert!(store.spend_device_code("dvc_3".into(), NOW, refresh(3), key.clone()).await.unwrap());
    assert_eq!(store.find_grant("grt_3").await.unwrap().unwrap().jkt, key, "it is bound");
}

async fn a_refresh_token_of_a_device_tells_how_its_person_signed_in(database: Database) {
    let store = furnished(&database).await;
    add(&store, 1).await;
    assert!(store.allow_device_code(allowed(1)).await.unwrap());
    assert!(store.spend_device_code("dvc_1".into(), NOW, refresh(1), None).await.unwrap());
    let (token, _) = store.find_refresh_token("rft_1").await.unwrap().unwrap();
    assert_eq!(token.holder.unwrap().proof, FirstFactor::Passkey.into());
    redeem(&store, 2).await;
    let (token, _) = store.find_refresh_token("rft_2").await.unwrap().unwrap();
    assert_eq!(token.holder.unwrap().proof, FirstFactor::Password.into());
}

async fn what_has_ended_is_removed_and_nothing_else(database: Database) {
    let store = furnished(&database).await;
    for n in 1..=4 {
        add(&store, n).await;
    }
    store.deny_device_code("dvc_2".into(), NOW).await.unwrap();
    for n in [3, 4] {
        assert!(store.allow_device_code(allowed(n)).await.unwrap());
    }
    assert!(store.spend_device_code("dvc_4".into(), NOW, refresh(4), None).await.unwrap());
    allow(&store, 5).await;
    store.reap_device_codes(NOW + 600, 10).await.unwrap();
    assert_eq!((count(&store, "device_codes").await, count(&store, "grants").await), (4, 3));
    store.reap_device_codes(NOW + 601, 10).await.unwrap();
    assert_eq!((count(&store, "device_codes").await, count(&store, "grants").await), (1, 2));
    assert!(store.find_device_code("dvc_4").await.unwrap().is_some(), "a replay of it still counts");
    store.reap_grants(NOW + 10_001, 10).await.unwrap();
    assert_eq!(count(&store, "device_codes").await, 0, "it goes with its grant");
}

on_each! {
    what_a_device_asked_for_comes_back,
    two_that_wait_never_share_a_user_code,
    as_many_wait_as_may_and_no_more,
    a_device_that_asks_too_soon_waits_longer,
    of_many_decisions_one_counts,
    an_allowed_request_has_its_grant_and_the_login,
    nothing_is_allowed_to_what_is_gone,
    what_was_allowed_is_fetched_once,
    a_refresh_token_of_a_device_tells_how_its_person_signed_in,
    what_has_ended_is_removed_and_nothing_else,
}
