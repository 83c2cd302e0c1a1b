//! What has ended is removed, and nothing else.

use gatepost::jobs::{Retention, reap_once};

use crate::on_both;
use crate::support::{OAuthClient, TestApp};

const DAY: i64 = 86_400;
const RETENTION: Retention = Retention { unused_clients: 7 * DAY, audit_events: 400 * DAY };

async fn count(app: &TestApp, table: &'static str) -> i64 {
    use sqlx::{AssertSqlSafe, Row as _};
    let statement = AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}"));
    sqlx::query(statement).fetch_one(app.core.oauth.store.pool()).await.unwrap().try_get(0).unwrap()
}

async fn reap(app: &TestApp) {
    reap_once(&app.core.accounts, RETENTION, app.clock.now()).await.unwrap();
}

async fn nothing_that_lives_is_removed(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let tokens = client.log_in(&browser, "search:read").await;
    app.advance(8 * DAY).await;
    reap(&app).await;
    client.tokens(&client.refreshing(&tokens.refresh)).await;
    assert_eq!(count(&app, "clients").await, 1);
    assert_eq!(count(&app, "sessions").await, 1);
}

async fn a_client_that_nobody_used_is_removed(app: TestApp) {
    let unused = OAuthClient::register(&app, "Unused").await;
    app.advance(8 * DAY).await;
    reap(&app).await;
    assert!(app.core.oauth.store.find_client(&unused.id).await.unwrap().is_none());
}

async fn a_code_that_nobody_redeemed_goes_with_its_grant(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    client.code(&browser, "search:read").await;
    app.advance(2 * DAY).await;
    reap(&app).await;
    assert_eq!((count(&app, "codes").await, count(&app, "grants").await), (0, 0));
    assert_eq!(count(&app, "consents").await, 1, "what was agreed to is remembered");
}

async fn everything_ends_in_the_end(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    client.log_in(&browser, "search:read").await;
    app.advance(100 * DAY).await;
    reap(&app).await;
    for table in ["codes", "grants", "refresh_tokens", "sessions", "one_time_links"] {
        assert_eq!(count(&app, table).await, 0, "{table}");
    }
    app.advance(400 * DAY).await;
    app.core.oauth.audit.flush().await;
    reap(&app).await;
    assert_eq!(count(&app, "audit_events").await, 0);
}

on_both! {
    nothing_that_lives_is_removed,
    a_client_that_nobody_used_is_removed,
    a_code_that_nobody_redeemed_goes_with_its_grant,
    everything_ends_in_the_end,
}
