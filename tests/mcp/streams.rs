//! Event streams end when the right to have opened them does, and not before.

use std::time::{Duration, Instant};

use gatepost::jobs;
use reqwest::Response;
use serde_json::json;

use super::caller::{Caller, log_in};
use crate::on_both;
use crate::support::OAuthClient;
use crate::support::TestApp;

/// Opens the stream of a session on which the server may speak.
async fn listen(caller: &Caller, session: &str) -> Response {
    let request = caller.http.get(&caller.url).bearer_auth(&caller.token).header("mcp-session-id", session);
    let response = request.header("accept", "text/event-stream").send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    response
}

/// Whether a stream comes to a clean end within this time.
async fn ends_within(stream: &mut Response, time: Duration) -> bool {
    let reading = async { while stream.chunk().await.expect("a clean end").is_some() {} };
    tokio::time::timeout(time, reading).await.is_ok()
}

async fn is_open(stream: &mut Response) -> bool {
    !ends_within(stream, Duration::from_millis(300)).await
}

async fn revoke(client: &OAuthClient, token: &str) {
    let params = [("token", token.to_owned()), ("client_id", client.id.clone())];
    assert_eq!(client.post("/oauth/revoke", &params).await.status(), 200);
}

async fn a_revoked_grant_ends_its_streams_and_sessions_and_no_others(app: TestApp) {
    let watching = jobs::watch(app.core.oauth.clone(), app.core.trust.clone(), app.core.api_tokens.clone());
    let hanging_up = jobs::hang_up(app.core.oauth.clone(), app.open.clone());
    let (client, tokens, caller) = log_in(&app, "search:read").await;
    let browser = app.signed_in().await;
    let other = OAuthClient::register(&app, "Another app").await;
    let neighbour = Caller::new(&app, &other.log_in(&browser, "search:read").await.access);
    let (session, next_door) = (caller.open_session().await, neighbour.open_session().await);
    let mut stream = listen(&caller, &session).await;
    let mut neighbours = listen(&neighbour, &next_door).await;
    assert!(is_open(&mut stream).await);

    revoke(&client, &tokens.refresh).await;
    let revoked = Instant::now();
    assert!(ends_within(&mut stream, Duration::from_secs(2)).await);
    println!("the stream ended after {:?}", revoked.elapsed());
    assert!(is_open(&mut neighbours).await, "another client's goes on");
    assert_eq!(neighbour.status_on(&next_door).await, 200);

    // The session is gone too: a new authorization of the same person and client does not find it.
    let again = Caller::new(&app, &client.log_in(&browser, "search:read").await.access);
    assert_eq!(again.status_on(&session).await, 404);
    assert_eq!(app.open.sessions.len(), 1);
    watching.abort();
    hanging_up.abort();
}

async fn disabling_a_person_on_another_process_ends_their_streams(app: TestApp) {
    let replica = app.replica().await;
    let (_, tokens, _) = log_in(&app, "search:read").await;
    let there = Caller::new(&replica, &tokens.access);
    let session = there.open_session().await;
    let mut stream = listen(&there, &session).await;
    app.disable_ann().await;
    assert!(is_open(&mut stream).await, "nobody has told the other process yet");
    replica.sync().await;
    assert!(ends_within(&mut stream, Duration::from_secs(2)).await);
    assert!(replica.open.sessions.is_empty());
}

async fn a_disabled_clients_streams_end(app: TestApp) {
    let (client, _, caller) = log_in(&app, "search:read").await;
    let mut stream = listen(&caller, &caller.open_session().await).await;
    assert!(app.core.oauth.store.disable_client(client.id.clone(), app.clock.now()).await.unwrap());
    app.sync().await;
    assert!(ends_within(&mut stream, Duration::from_secs(2)).await);
}

async fn a_stream_ends_with_its_token_and_the_session_goes_on_with_the_next(app: TestApp) {
    let (client, tokens, caller) = log_in(&app, "search:read offline_access").await;
    let session = caller.open_session().await;
    let mut stream = listen(&caller, &session).await;
    // The session is used meanwhile, so that it is not idle.
    for _ in 0..14 {
        app.advance(240).await;
        assert_eq!(caller.status_on(&session).await, 200);
    }
    assert!(is_open(&mut stream).await, "four minutes are left");
    app.advance(239).await;
    assert!(is_open(&mut stream).await, "a second is left");
    app.advance(1).await;
    assert!(ends_within(&mut stream, Duration::from_secs(2)).await);
    assert_eq!(caller.status_on(&session).await, 401);
    let fresh = Caller::new(&app, &client.tokens(&client.refreshing(&tokens.refresh)).await.access);
    assert_eq!(fresh.status_on(&session).await, 200);
    let mut stream = listen(&fresh, &session).await;
    assert!(is_open(&mut stream).await);
}

async fn after_a_step_up_the_session_stands_with_the_new_grant(app: TestApp) {
    let (client, tokens, narrow) = log_in(&app, "openid").await;
    let session = narrow.open_session().await;
    let browser = app.signed_in().await;
    let wide = Caller::new(&app, &client.log_in(&browser, "openid search:read").await.access);
    assert_eq!(wide.status_on(&session).await, 200);
    revoke(&client, &tokens.access).await;
    app.sync().await;
    assert_eq!(narrow.status().await, 401);
    assert_eq!(wide.status_on(&session).await, 200);
}

async fn a_stream_that_its_client_closes_is_forgotten(app: TestApp) {
    let (_, _, caller) = log_in(&app, "search:read").await;
    let session = caller.open_session().await;
    assert!(app.open.streams.is_empty());
    let mut stream = listen(&caller, &session).await;
    assert!(is_open(&mut stream).await);
    assert_eq!(app.open.streams.len(), 1);
    drop(stream);
    let end = caller.http.delete(&caller.url).bearer_auth(&caller.token);
    assert_eq!(end.header("mcp-session-id", &session).send().await.unwrap().status(), 204);
    for _ in 0..50 {
        if app.open.streams.is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the stream is still on the list");
}

async fn streams_end_when_a_revocation_may_have_been_missed(app: TestApp) {
    let (_, _, caller) = log_in(&app, "search:read").await;
    let mut stream = listen(&caller, &caller.open_session().await).await;
    app.clock.advance(31);
    jobs::hang_up_once(&app.core.oauth, &app.open).await;
    assert!(ends_within(&mut stream, Duration::from_secs(2)).await);
    assert_eq!(caller.call("whoami", json!({})).await.status(), 503, "as every request is refused");
}

on_both! {
    a_revoked_grant_ends_its_streams_and_sessions_and_no_others,
    disabling_a_person_on_another_process_ends_their_streams,
    a_disabled_clients_streams_end,
    a_stream_ends_with_its_token_and_the_session_goes_on_with_the_next,
    after_a_step_up_the_session_stands_with_the_new_grant,
    a_stream_that_its_client_closes_is_forgotten,
    streams_end_when_a_revocation_may_have_been_missed,
}
