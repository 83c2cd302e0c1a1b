//! Operations that two processes may run at the same moment.

use futures::future::join_all;
use gatepost::store::signing_keys::KeyState;
use gatepost::store::{Store, StoreError};

use super::rows::{NOW, allow, another, client, count, furnished, key, refresh, session, user};
use crate::on_each;
use crate::support::Database;

/// Two processes on one database.
async fn two(database: &Database) -> [Store; 2] {
    [furnished(database).await, another(database).await]
}

async fn one_process_rotates_a_key(database: Database) {
    let stores = two(&database).await;
    stores[0].add_keys(vec![key(1, KeyState::Active), key(2, KeyState::Next)]).await.unwrap();
    let rotations = (0..16).map(|n| {
        let spare = key(10 + n, KeyState::Next);
        stores[n % 2].rotate_key("ES256".into(), "key_2".into(), spare, NOW)
    });
    let won = join_all(rotations).await.into_iter().filter(|r| *r.as_ref().unwrap()).count();
    assert_eq!(won, 1);
    let keys = stores[0].list_keys().await.unwrap();
    let in_state = |state| keys.iter().filter(|k| k.state == state).count();
    assert_eq!(in_state(KeyState::Active), 1);
    assert_eq!((in_state(KeyState::Retired), in_state(KeyState::Next)), (1, 1));
}

async fn two_processes_that_start_together_agree_on_the_active_key(database: Database) {
    let stores = two(&database).await;
    let starts = (0..8)
        .map(|n| stores[n % 2].add_keys(vec![key(2 * n, KeyState::Active), key(2 * n + 1, KeyState::Next)]));
    for start in join_all(starts).await {
        start.unwrap();
    }
    let keys = stores[1].list_keys().await.unwrap();
    assert_eq!(keys.iter().filter(|k| k.state == KeyState::Active).count(), 1);
}

async fn identical_registrations_get_one_row(database: Database) {
    let stores = two(&database).await;
    let registrations = (0..32).map(|n| {
        let mut row = client(100 + n);
        row.digest = Some("same".to_owned());
        stores[n % 2].add_client(row, None)
    });
    let mut ids: Vec<String> = join_all(registrations).await.into_iter().map(|r| r.unwrap().id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 1);
    assert_eq!(count(&stores[0], "clients").await, 2);
}

async fn one_address_is_one_person(database: Database) {
    let stores = two(&database).await;
    let additions = (0..32).map(|n| {
        let mut row = user(100 + n);
        row.email = "same@example.com".to_owned();
        stores[n % 2].add_user(row)
    });
    let answers = join_all(additions).await;
    assert_eq!(answers.iter().filter(|a| a.is_ok()).count(), 1);
    assert!(answers.iter().all(|a| matches!(a, Ok(()) | Err(StoreError::Conflict))));
}

async fn a_revocation_and_a_redemption_never_both_win_for_long(database: Database) {
    let stores = two(&database).await;
    for n in 0..20 {
        allow(&stores[0], n).await;
        let (spent, revoked) = futures::join!(
            stores[0].spend_code(format!("cod_{n}"), NOW, refresh(n)),
            stores[1].revoke_grant(format!("grt_{n}"), NOW, "test"),
        );
        assert!(revoked.unwrap());
        spent.unwrap();
        // Whoever was first, nothing can be had from the grant now.
        assert!(stores[0].find_grant(&format!("grt_{n}")).await.unwrap().unwrap().revoked_at.is_some());
        assert!(!stores[0].spend_code(format!("cod_{n}"), NOW, refresh(1_000 + n)).await.unwrap());
    }
}

async fn five_hundred_writers_are_all_on_the_disk(database: Database) {
    let stores = two(&database).await;
    let writes = join_all((0..500).map(|n| stores[n % 2].add_session(session(n, 1)))).await;
    for write in writes {
        write.unwrap();
    }
    // Read by somebody who was not there.
    let late = another(&database).await;
    assert_eq!(count(&late, "sessions").await, 500);
}

async fn a_writer_who_went_away_disturbs_nobody(database: Database) {
    let store = furnished(&database).await;
    for (n, micros) in (0..1_000).step_by(20).enumerate() {
        let pending = store.add_session(session(n, 1));
        let _ = tokio::time::timeout(std::time::Duration::from_micros(micros), pending).await;
    }
    store.add_session(session(1_000, 1)).await.unwrap();
    assert!(store.find_session("ses_1000").await.unwrap().is_some());
}

async fn migrations_that_start_together_leave_a_whole_schema(database: Database) {
    let stores = join_all((0..4).map(|_| another(&database))).await;
    let outcomes = join_all(stores.iter().map(Store::migrate)).await;
    assert!(outcomes.iter().any(Result::is_ok), "{outcomes:?}");
    // Whoever found the other at work is started again.
    for store in &stores {
        store.migrate().await.unwrap();
        store.check_schema().await.unwrap();
    }
    let expected = i64::try_from(gatepost::store::MIGRATIONS.len()).unwrap();
    assert_eq!(count(&stores[0], "_sqlx_migrations").await, expected);
}

on_each! {
    one_process_rotates_a_key,
    two_processes_that_start_together_agree_on_the_active_key,
    identical_registrations_get_one_row,
    one_address_is_one_person,
    a_revocation_and_a_redemption_never_both_win_for_long,
    five_hundred_writers_are_all_on_the_disk,
    a_writer_who_went_away_disturbs_nobody,
    migrations_that_start_together_leave_a_whole_schema,
}
