//! The first administrator, made by two processes at the same moment.

use futures::future::join_all;

use super::rows::{another, count, empty, user};
use crate::on_each;
use crate::support::Database;

async fn one_process_adds_the_first_administrator(database: Database) {
    let stores = [empty(&database).await, another(&database).await];
    for round in 0..5 {
        sqlx::query("DELETE FROM users").execute(stores[0].pool()).await.unwrap();
        let additions = (0..32).map(|n| stores[n % 2].add_first_admin(user(round * 100 + n)));
        let won = join_all(additions).await.into_iter().filter(|a| matches!(a, Ok(true))).count();
        assert_eq!((won, count(&stores[0], "users").await), (1, 1), "round {round}");
    }
}

async fn an_administrator_who_is_about_to_be_stored_counts(database: Database) {
    let store = empty(&database).await;
    let mut other = store.pool().begin().await.unwrap();
    // As everything that adds an administrator does: it takes its turn first.
    sqlx::query("INSERT INTO change_versions (topic, version) VALUES ('setup', 1)")
        .execute(&mut *other)
        .await
        .unwrap();
    sqlx::query(
        "INSERT INTO users (id, email, is_admin, created_at) VALUES ('usr_0', 'a@example.com', 1, 0)",
    )
    .execute(&mut *other)
    .await
    .unwrap();
    let commit = async {
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        other.commit().await.unwrap();
    };
    let (added, ()) = futures::join!(store.add_first_admin(user(1)), commit);
    assert!(!matches!(added, Ok(true)), "there was somebody already");
    assert_eq!(count(&store, "users").await, 1);
}

on_each! {
    one_process_adds_the_first_administrator,
    an_administrator_who_is_about_to_be_stored_counts,
}
