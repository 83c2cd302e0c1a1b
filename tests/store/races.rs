//! Operations that two processes may run at the same moment.

use futures::future::{join, join_all};
use gatepost::store::ceremonies::CeremonyKind;
use gatepost::store::links::LinkPurpose;
use gatepost::store::replays::Once;
use gatepost::store::scopes::Change;
use gatepost::store::sessions::StillTrue;
use gatepost::store::signing_keys::KeyState;
use gatepost::store::totp::{Attempt, CodeLimit};
use gatepost::store::users::UserRow;
use gatepost::store::{Store, StoreError};

use super::rows::{
    NOW, allow, another, client, count, furnished, key, link, put_app, refresh, scope, session, start, user,
};
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

async fn settings_and_scopes_of_a_resource_change_together(database: Database) {
    let stores = two(&database).await;
    for round in 0..20 {
        let book = stores[0].scope_book("res_1").await.unwrap().unwrap();
        let seen = stores[0].change_versions().await.unwrap().resources;
        let (rows, _) = stores[0].list_resources().await.unwrap();
        let settings = stores[0].change_resource(rows[0].clone(), seen, NOW);
        let scopes = (0..4).map(|n| {
            let change = Change::Add(scope(1, &format!("scope:{round}-{n}")));
            stores[1].change_scopes(&book, change, NOW)
        });
        let (settings, scopes) = join(settings, join_all(scopes)).await;
        settings.unwrap();
        // None waits for another that waits for it, and the first to come is the only one.
        assert!(scopes.into_iter().filter(|done| *done.as_ref().unwrap()).count() <= 1);
    }
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
            stores[0].spend_code(format!("cod_{n}"), NOW, refresh(n), None),
            stores[1].revoke_grant(format!("grt_{n}"), NOW, "test"),
        );
        assert!(revoked.unwrap());
        spent.unwrap();
        // Whoever was first, nothing can be had from the grant now.
        assert!(stores[0].find_grant(&format!("grt_{n}")).await.unwrap().unwrap().revoked_at.is_some());
        assert!(!stores[0].spend_code(format!("cod_{n}"), NOW, refresh(1_000 + n), None).await.unwrap());
    }
}

/// What may happen to a person between the check of their password and their session.
#[derive(Clone, Copy, Debug)]
enum Meanwhile {
    Reset,
    Change,
    Disable,
    App,
}

async fn no_session_outlives_what_ended_those_there_were(database: Database) {
    use Meanwhile::{App, Change, Disable, Reset};
    let stores = two(&database).await;
    for (n, meanwhile) in [Reset, Change, Disable, App].into_iter().cycle().take(60).enumerate() {
        let (n, id) = (n + 10, format!("usr_{}", n + 10));
        stores[0].add_user(UserRow { password_hash: Some("old".into()), ..user(n) }).await.unwrap();
        stores[0].add_link(link(n, LinkPurpose::Reset, Some(n))).await.unwrap();
        let still = StillTrue { password_hash: Some("old".into()), has_no_app: true };
        let signing_in = stores[0].start_session(session(n, n), still);
        let changing = async {
            let (store, now) = (&stores[1], NOW + 1);
            match meanwhile {
                Reset => {
                    let link = link(n, LinkPurpose::Reset, Some(n));
                    store.reset_password(link, id.clone(), "new".into(), now).await.unwrap()
                }
                Change => {
                    store.change_password(id.clone(), "new".into(), String::new(), now).await.unwrap();
                    true
                }
                Disable => store.disable_user(id.clone(), now).await.unwrap(),
                App => put_app(store, n, &format!("ses_none_{n}")).await,
            }
        };
        let (started, changed) = futures::join!(signing_in, changing);
        assert!(changed, "{meanwhile:?}");
        started.unwrap();
        let alive = stores[0].list_sessions_of_user(&id, NOW + 2, 0, 10).await.unwrap();
        assert!(alive.is_empty(), "{meanwhile:?}: {alive:?}");
        // Afterwards whoever shows enough signs in.
        let after = stores[1].start_session(session(1_000 + n, n), StillTrue::default()).await.unwrap();
        assert_eq!(after, !matches!(meanwhile, Disable), "{meanwhile:?}");
    }
}

async fn parallel_guesses_do_not_get_past_the_limit(database: Database) {
    let stores = two(&database).await;
    put_app(&stores[0], 1, "ses_none").await;
    for n in 0..8 {
        let row = super::ceremonies::ceremony(n, CeremonyKind::SecondFactor);
        stores[0].add_ceremony(row).await.unwrap();
    }
    let limit = CodeLimit { each_login: 5, wrong: 12, since: NOW - 1 };
    let guess =
        |n: usize| stores[n % 2].attempt_code(format!("cer_{}", n % 8), "usr_1".into(), limit, NOW + 1);
    let answers = join_all((0..64).map(guess)).await;
    let counted = answers.iter().filter(|a| *a.as_ref().unwrap() == Attempt::Counted).count();
    assert_eq!(counted, 12);
    // The limit of one login comes first where it is the smaller one.
    let wide = CodeLimit { wrong: 1_000, ..limit };
    let more = |n: usize| stores[n % 2].attempt_code("cer_0".into(), "usr_1".into(), wide, NOW + 1);
    join_all((0..16).map(more)).await;
    let tries = stores[0].find_ceremony("cer_0", CeremonyKind::SecondFactor).await.unwrap().unwrap();
    assert_eq!(tries.attempts, 5);
    assert_eq!(
        stores[0].attempt_code("cer_1".into(), "usr_1".into(), limit, NOW + 1).await.unwrap(),
        Attempt::Paused
    );
}

async fn five_hundred_writers_are_all_on_the_disk(database: Database) {
    let stores = two(&database).await;
    let writes =
        join_all((0..500).map(|n| stores[n % 2].start_session(session(n, 1), StillTrue::default()))).await;
    for write in writes {
        assert!(write.unwrap());
    }
    // Read by somebody who was not there.
    let late = another(&database).await;
    assert_eq!(count(&late, "sessions").await, 500);
}

async fn a_writer_who_went_away_disturbs_nobody(database: Database) {
    let store = furnished(&database).await;
    for (n, micros) in (0..1_000).step_by(20).enumerate() {
        let pending = store.start_session(session(n, 1), StillTrue::default());
        let _ = tokio::time::timeout(std::time::Duration::from_micros(micros), pending).await;
    }
    start(&store, session(1_000, 1)).await;
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

async fn what_may_be_shown_once_is_shown_once_to_two_processes(database: Database) {
    let stores = two(&database).await;
    let shows = |what: Once, issuer: &'static str| {
        let stores = &stores;
        let tries = (0..32).map(move |n| stores[n % 2].spend_once(what, issuer, "jti", NOW + 60, NOW));
        async { join_all(tries).await.into_iter().filter(|shown| *shown.as_ref().unwrap()).count() }
    };
    let (one, other, proof) = (shows(Once::Grant, "a"), shows(Once::Grant, "b"), shows(Once::DpopProof, "a"));
    assert_eq!((one.await, other.await, proof.await), (1, 1, 1), "one each, and they are apart");
    let [store, _] = &stores;
    assert!(!store.spend_once(Once::Grant, "a", "jti", NOW + 120, NOW + 60).await.unwrap());
    assert!(store.spend_once(Once::Grant, "a", "jti", NOW + 120, NOW + 61).await.unwrap(), "it has ended");
    assert_eq!(store.reap_replays(NOW + 61, 100).await.unwrap(), 2);
    assert!(!store.spend_once(Once::Grant, "a", "jti", NOW + 120, NOW + 62).await.unwrap());
}

on_each! {
    what_may_be_shown_once_is_shown_once_to_two_processes,
    one_process_rotates_a_key,
    two_processes_that_start_together_agree_on_the_active_key,
    identical_registrations_get_one_row,
    settings_and_scopes_of_a_resource_change_together,
    one_address_is_one_person,
    a_revocation_and_a_redemption_never_both_win_for_long,
    no_session_outlives_what_ended_those_there_were,
    parallel_guesses_do_not_get_past_the_limit,
    five_hundred_writers_are_all_on_the_disk,
    a_writer_who_went_away_disturbs_nobody,
    migrations_that_start_together_leave_a_whole_schema,
}
