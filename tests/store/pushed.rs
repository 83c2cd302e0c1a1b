//! Table `pushed_requests`, on both databases.

use futures::future::join_all;
use gatepost::store::pushed_requests::{PushedBounds, PushedRow};

use super::rows::{NOW, client, count, furnished, pushed};
use crate::on_each;
use crate::support::Database;

const MANY: PushedBounds = PushedBounds { of_client: 100, in_all: 100 };

async fn what_was_pushed_comes_back(database: Database) {
    let store = furnished(&database).await;
    assert!(store.add_pushed_request(pushed(1), MANY).await.unwrap());
    let found = store.find_pushed_request("par_1").await.unwrap().unwrap();
    assert_eq!(format!("{found:?}"), format!("{:?}", pushed(1)));
    assert!(store.find_pushed_request("par_2").await.unwrap().is_none());
}

async fn as_many_are_under_way_as_may_and_no_more(database: Database) {
    let store = furnished(&database).await;
    store.add_client(client(2), None).await.unwrap();
    let of = |n: usize, id: &str| PushedRow { client_id: id.into(), ..pushed(n) };
    let bounds = PushedBounds { of_client: 2, in_all: 3 };
    for (n, id, added) in
        [(1, "cli_1", true), (2, "cli_1", true), (3, "cli_1", false), (4, "cli_2", true), (5, "cli_2", false)]
    {
        assert_eq!(store.add_pushed_request(of(n, id), bounds).await.unwrap(), added, "{n}");
    }
    assert!(store.begin_pushed_request("par_2".into(), NOW, NOW + 1800).await.unwrap());
    let late = |n, id| PushedRow { created_at: NOW + 60, ends_at: NOW + 120, ..of(n, id) };
    assert!(
        store.add_pushed_request(late(6, "cli_1"), bounds).await.unwrap(),
        "one never began, and counts no more"
    );
    assert!(!store.add_pushed_request(late(7, "cli_1"), bounds).await.unwrap(), "the one that began does");
    assert!(store.spend_pushed_request("par_2".into(), NOW + 70).await.unwrap());
    assert!(
        store.add_pushed_request(late(8, "cli_1"), bounds).await.unwrap(),
        "what was decided counts no more"
    );
}

async fn a_request_begins_in_time_and_then_lasts(database: Database) {
    let store = furnished(&database).await;
    for n in 1..=3 {
        store.add_pushed_request(pushed(n), MANY).await.unwrap();
    }
    assert!(
        !store.begin_pushed_request("par_1".into(), NOW + 60, NOW + 1860).await.unwrap(),
        "too late to begin"
    );
    assert!(!store.spend_pushed_request("par_1".into(), NOW + 60).await.unwrap());
    assert!(store.begin_pushed_request("par_2".into(), NOW + 59, NOW + 1859).await.unwrap());
    assert!(!store.begin_pushed_request("par_2".into(), NOW + 59, NOW + 1859).await.unwrap(), "it has begun");
    assert!(!store.spend_pushed_request("par_2".into(), NOW + 1859).await.unwrap(), "too late to end");
    assert!(store.begin_pushed_request("par_3".into(), NOW, NOW + 1800).await.unwrap());
    let spend = |_| store.spend_pushed_request("par_3".into(), NOW + 1799);
    let won = join_all((0..20).map(spend)).await.into_iter().filter(|won| *won.as_ref().unwrap()).count();
    assert_eq!(won, 1);
}

async fn requests_that_serve_nobody_are_removed(database: Database) {
    let store = furnished(&database).await;
    for n in 1..=3 {
        store.add_pushed_request(pushed(n), MANY).await.unwrap();
    }
    store.begin_pushed_request("par_2".into(), NOW, NOW + 1800).await.unwrap();
    assert_eq!(store.reap_pushed_requests(NOW + 60, 10).await.unwrap(), 0);
    assert_eq!(store.reap_pushed_requests(NOW + 61, 1).await.unwrap(), 1);
    assert_eq!(store.reap_pushed_requests(NOW + 61, 10).await.unwrap(), 1);
    assert!(store.find_pushed_request("par_2").await.unwrap().is_some());
    assert_eq!(store.reap_pushed_requests(NOW + 1801, 10).await.unwrap(), 1);
    assert_eq!(count(&store, "pushed_requests").await, 0);
}

on_each! {
    what_was_pushed_comes_back,
    as_many_are_under_way_as_may_and_no_more,
    a_request_begins_in_time_and_then_lasts,
    requests_that_serve_nobody_are_removed,
}
