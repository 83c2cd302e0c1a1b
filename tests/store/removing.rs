//! `src/jobs.rs`: each kind goes at its own moment, not a second earlier, and in batches.

use gatepost::store::audit::EventRow;
use gatepost::store::links::LinkPurpose;
use gatepost::store::signing_keys::KeyState;

use super::rows::{
    NOW, allow, client, code, count, furnished, grant, key, link, redeem, refresh, scopes, session, start,
};
use crate::support::Database;
use crate::support::TestApp;
use crate::{on_both, on_each};

async fn codes_go_when_nobody_redeemed_them(database: Database) {
    let store = furnished(&database).await;
    allow(&store, 1).await;
    redeem(&store, 2).await;
    let expiry = code(1).expires_at;
    assert_eq!(store.reap_unspent_codes(expiry, 10).await.unwrap(), 0);
    assert_eq!(store.reap_unspent_codes(expiry + 1, 10).await.unwrap(), 1);
    assert!(store.find_grant("grt_1").await.unwrap().is_none());
    assert!(store.find_code("cod_2").await.unwrap().is_some(), "a replay must be recognised");
    assert!(store.find_refresh_token("rft_2").await.unwrap().is_some());
}

async fn refresh_tokens_go_when_they_died_of_disuse(database: Database) {
    let store = furnished(&database).await;
    redeem(&store, 1).await;
    let idle = refresh(1).idle_expires_at;
    assert_eq!(store.reap_refresh_tokens(idle, 10).await.unwrap(), 0);
    assert_eq!(store.reap_refresh_tokens(idle + 1, 10).await.unwrap(), 1);
    assert!(store.find_grant("grt_1").await.unwrap().is_some());
}

async fn grants_go_with_everything_on_them(database: Database) {
    let store = furnished(&database).await;
    redeem(&store, 1).await;
    let end = grant(1).ends_at;
    assert_eq!(store.reap_grants(end, 10).await.unwrap(), 0);
    assert_eq!(store.reap_grants(end + 1, 10).await.unwrap(), 1);
    for table in ["grants", "codes", "refresh_tokens"] {
        assert_eq!(count(&store, table).await, 0, "{table}");
    }
}

async fn sessions_go_when_expired_idle_or_ended(database: Database) {
    let store = furnished(&database).await;
    for n in 1..=4 {
        let mut row = session(n, 1);
        if n == 2 {
            row.last_seen_at = NOW - 500;
        }
        if n == 3 {
            row.expires_at = NOW + 10;
        }
        start(&store, row).await;
    }
    store.end_session("ses_4".into(), NOW + 5).await.unwrap();
    assert_eq!(store.reap_sessions(NOW + 5, NOW - 500, 10).await.unwrap(), 0);
    assert_eq!(store.reap_sessions(NOW + 6, NOW - 500, 10).await.unwrap(), 1, "ended");
    assert_eq!(store.reap_sessions(NOW + 6, NOW - 499, 10).await.unwrap(), 1, "idle");
    assert_eq!(store.reap_sessions(NOW + 11, NOW - 499, 10).await.unwrap(), 1, "expired");
    assert!(store.find_session("ses_1").await.unwrap().is_some());
}

async fn links_and_events_go_by_time(database: Database) {
    let store = furnished(&database).await;
    store.add_link(link(1, LinkPurpose::Reset, Some(1))).await.unwrap();
    let end = link(1, LinkPurpose::Reset, None).expires_at;
    assert_eq!(store.reap_links(end, 10).await.unwrap(), 0);
    assert_eq!(store.reap_links(end + 1, 10).await.unwrap(), 1);
    let id = |at| gatepost::types::ids::first_of(gatepost::types::ids::Kind::Event, at);
    let event = |n: i64| EventRow { id: id(NOW + n), at: NOW + n, ..EventRow::default() };
    store.add_events(vec![event(1), event(2)]).await.unwrap();
    assert_eq!(store.reap_events(NOW + 2, 10).await.unwrap(), 1);
    assert_eq!(store.list_events("", 10).await.unwrap(), [event(2)]);
}

async fn clients_go_only_when_nothing_speaks_for_them(database: Database) {
    let store = furnished(&database).await;
    // 1 has a live grant; 2 was used; 3 has a consent only; 4 was made by an administrator; 5 is new.
    allow(&store, 1).await;
    for n in 2..=6 {
        let mut row = client(n);
        if n == 4 {
            row.kind = gatepost::store::clients::ClientKind::Static;
        }
        if n == 5 {
            row.created_at = NOW + 100;
        }
        store.add_client(row, None).await.unwrap();
    }
    store.touch_client("cli_2".into(), NOW, 1).await.unwrap();
    let mut consented = grant(3);
    consented.client_id = "cli_3".to_owned();
    assert!(store.add_grant("con_3".into(), scopes("search:read"), consented, code(3)).await.unwrap());
    sqlx::query("DELETE FROM grants WHERE id = 'grt_3'").execute(store.pool()).await.unwrap();
    assert_eq!(store.reap_clients(NOW, 10).await.unwrap(), 0);
    assert_eq!(store.reap_clients(NOW + 1, 10).await.unwrap(), 1);
    let left: Vec<String> =
        store.list_clients((0, ""), 10).await.unwrap().into_iter().map(|c| c.id).collect();
    assert_eq!(left, ["cli_1", "cli_2", "cli_3", "cli_4", "cli_5"]);
}

async fn each_statement_removes_a_bounded_number(database: Database) {
    let store = furnished(&database).await;
    for n in 1..=5 {
        store.add_client(client(10 + n), None).await.unwrap();
        start(&store, session(n, 1)).await;
        store.add_link(link(n, LinkPurpose::Reset, Some(1))).await.unwrap();
        store.add_events(vec![EventRow { id: format!("evt_{n:026}"), ..EventRow::default() }]).await.unwrap();
        redeem(&store, n).await;
    }
    for n in 6..=10 {
        allow(&store, n).await;
    }
    let late = NOW + 1_000_000;
    assert_eq!(store.reap_clients(late, 3).await.unwrap(), 3);
    assert_eq!(store.reap_sessions(late, 0, 3).await.unwrap(), 3);
    assert_eq!(store.reap_links(late, 3).await.unwrap(), 3);
    assert_eq!(store.reap_events(late, 3).await.unwrap(), 3);
    assert_eq!(store.reap_unspent_codes(late, 3).await.unwrap(), 3);
    assert_eq!(store.reap_refresh_tokens(late, 3).await.unwrap(), 3);
    assert_eq!(store.reap_grants(late, 3).await.unwrap(), 3);
    assert_eq!(store.reap_grants(late, 3).await.unwrap(), 3);
    assert_eq!(store.reap_grants(late, 3).await.unwrap(), 1);
}

async fn retired_keys_go_when_no_token_of_theirs_can_live(database: Database) {
    let store = furnished(&database).await;
    store.add_keys(vec![key(1, KeyState::Active), key(2, KeyState::Next)]).await.unwrap();
    assert!(store.rotate_key("ES256".into(), "key_2".into(), key(3, KeyState::Next), NOW).await.unwrap());
    assert_eq!(store.reap_keys(NOW).await.unwrap(), 0);
    assert_eq!(store.reap_keys(NOW + 1).await.unwrap(), 1);
    assert_eq!(store.reap_keys(NOW + 1_000_000).await.unwrap(), 0, "active and waiting ones never go");
}

on_each! {
    codes_go_when_nobody_redeemed_them,
    refresh_tokens_go_when_they_died_of_disuse,
    grants_go_with_everything_on_them,
    sessions_go_when_expired_idle_or_ended,
    links_and_events_go_by_time,
    clients_go_only_when_nothing_speaks_for_them,
    each_statement_removes_a_bounded_number,
    retired_keys_go_when_no_token_of_theirs_can_live,
}

async fn one_round_clears_more_than_one_batch(app: TestApp) {
    let store = &app.core.oauth.store;
    let mut links = link(0, LinkPurpose::Reset, None);
    links.user_id = Some(app.user.id.clone());
    links.expires_at = app.clock.now() - 1;
    let rows = (0..1_200).map(|n| {
        let mut row = links.clone();
        row.id = format!("lnk_{n}");
        store.add_link(row)
    });
    for added in futures::future::join_all(rows).await {
        added.unwrap();
    }
    let retention = gatepost::jobs::Retention { unused_clients: 86_400, audit_events: 86_400 };
    let removed = gatepost::jobs::reap_once(&app.core.accounts, retention, app.clock.now()).await.unwrap();
    assert_eq!((removed, count(store, "one_time_links").await), (1_200, 0));
}

on_both! {
    one_round_clears_more_than_one_batch,
}
