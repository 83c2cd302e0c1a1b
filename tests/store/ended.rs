//! Table `ended_tokens`, on both databases.

use futures::future::join_all;
use gatepost::store::ended_tokens::{EndedBounds, EndedToken};

use super::rows::{NOW, count, empty};
use crate::on_each;
use crate::support::Database;

fn token(n: usize, client_id: &str) -> EndedToken {
    let n_seconds = i64::try_from(n).unwrap();
    EndedToken {
        id: format!("tok_{n}"),
        client_id: client_id.into(),
        ended_at: NOW + n_seconds,
        expires_at: NOW + 60 + n_seconds,
    }
}

async fn what_ended_is_told_and_counted_once(database: Database) {
    let store = empty(&database).await;
    let bounds = EndedBounds { of_client: 2, in_all: 3 };
    let before = store.change_versions().await.unwrap().revocations;
    let ended = join_all((0..10).map(|_| store.end_token(token(1, "cli_1"), bounds))).await;
    assert!(ended.into_iter().all(|ended| ended.unwrap()));
    assert_eq!(count(&store, "ended_tokens").await, 1);
    assert_eq!(store.change_versions().await.unwrap().revocations, before + 1, "others read it once");
    for (n, client, kept) in
        [(2, "cli_1", true), (3, "cli_1", false), (4, "cli_2", true), (5, "cli_3", false)]
    {
        assert_eq!(store.end_token(token(n, client), bounds).await.unwrap(), kept, "{n}");
    }
    assert!(store.end_token(token(2, "cli_1"), bounds).await.unwrap(), "that one has ended");
    // Those that have ended by themselves meanwhile do not count.
    assert!(store.end_token(token(70, "cli_1"), bounds).await.unwrap());
    let mut since = store.tokens_ended_since(NOW + 2).await.unwrap();
    since.sort_by_key(|token| token.ended_at);
    assert_eq!(since, [token(2, "cli_1"), token(4, "cli_2"), token(70, "cli_1")]);
    assert_eq!(store.reap_ended_tokens(NOW + 64, 1).await.unwrap(), 1);
    assert_eq!(store.reap_ended_tokens(NOW + 64, 10).await.unwrap(), 1);
    assert_eq!(store.reap_ended_tokens(NOW + 64, 10).await.unwrap(), 0, "the rest may be shown yet");
}

on_each! {
    what_ended_is_told_and_counted_once,
}
