//! Another program holds SQLite's write lock: what only reads goes on, what writes is told to come back.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{Database, OAuthClient, TestApp};

#[actix_web::test]
async fn reads_do_not_wait_for_a_held_write_lock_and_writes_end_in_bounded_time() {
    let app = TestApp::start(Database::sqlite()).await;
    let (browser, client) = (app.signed_in().await, app.client().await);
    let token = client.log_in(&browser, "search:read").await.access;
    let authorize = client.authorize_url("search:read");
    // So that the use of the session is due to be noted.
    app.advance(301).await;
    let mut holder = app.core.oauth.store.pool().acquire().await.unwrap();
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut *holder).await.unwrap();

    let write = async {
        let metadata = json!({ "client_name": "Late", "redirect_uris": ["http://127.0.0.1/late"] });
        let started = Instant::now();
        let answer = app.http().post(app.at("/oauth/register")).json(&metadata).send().await.unwrap();
        assert_eq!(answer.status(), 503);
        assert!(answer.headers().contains_key("retry-after"));
        assert!(started.elapsed() < Duration::from_secs(11), "{:?}", started.elapsed());
    };
    let reads = async {
        let mcp = crate::mcp::caller::Caller::new(&app, &token);
        for _ in 0..3 {
            let started = Instant::now();
            assert_eq!(browser.get("/account").await.status(), 200);
            browser.consent_form(&authorize).await;
            assert_eq!(browser.get("/login").await.status(), 303);
            assert_eq!(mcp.status().await, 200);
            assert_eq!(app.http().get(app.at("/keys")).send().await.unwrap().status(), 200);
            assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
        }
    };
    futures::future::join(write, reads).await;

    sqlx::raw_sql("ROLLBACK").execute(&mut *holder).await.unwrap();
    drop(holder);
    let later = OAuthClient::register(&app, "Later").await;
    assert!(later.id.starts_with("cli_"), "writes work again");
}
