//! `src/trust/kept.rs` and `scalekit/keys.rs`: rotation, outages, and what strangers can make Gatepost ask for.

use std::time::Duration;

use futures::future::join_all;
use serde_json::json;

use super::{answer, caller, good, trusting};
use crate::mcp::caller::Caller;
use crate::on_each;
use crate::support::provider::Mood;
use crate::support::scalekit::{key, published, sign};
use crate::support::{Database, TestApp};

/// Waits for what goes on behind a request.
async fn until(what: &str, is_so: impl Fn() -> bool) {
    for _ in 0..500 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{what} did not come about");
}

async fn a_rotation_under_load_refuses_nobody(database: Database) {
    let (app, env) = trusting(database).await;
    env.set(|conduct| conduct.delay = Duration::from_millis(50));
    let with = |number: usize, jti: usize| {
        let mut claims = good(&app, &env);
        claims["jti"] = json!(format!("tkn_{jti}"));
        sign(number, &claims)
    };
    let tokens: Vec<String> = (0..30).map(|n| with(1, n)).collect();
    let answers = join_all(tokens.iter().map(|token| answer(&app, token))).await;
    assert!(answers.iter().all(|(status, _)| *status == 200), "{answers:?}");
    assert_eq!(env.count("/keys"), 1, "whoever comes meanwhile waits for the same answer");
    // The new key signs at once; the old one stays published for a while.
    env.set(|conduct| conduct.keys = published(&[2, 1]));
    let mixed: Vec<String> = (0..40).map(|n| with(1 + n % 2, 100 + n)).collect();
    let answers = join_all(mixed.iter().map(|token| answer(&app, token))).await;
    assert!(answers.iter().all(|(status, _)| *status == 200), "{answers:?}");
    assert_eq!((env.count("/keys"), env.set(|c| c.most_at_once)), (2, 1));
    // The old one goes: what it signed is forgotten with the next answer, also what was verified before.
    env.set(|conduct| conduct.keys = published(&[2]));
    assert_eq!(answer(&app, &tokens[0]).await.0, 200);
    app.advance(300).await;
    assert_eq!(answer(&app, &tokens[0]).await.0, 200, "used while it is renewed");
    until("the renewal", || env.count("/keys") == 3).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(answer(&app, &mixed[1]).await.0, 200);
    let (status, sentence) = answer(&app, &tokens[0]).await;
    assert_eq!(status, 401, "{sentence}");
    assert_eq!(sentence, "the access token is signed with a key that its issuer does not publish");
}

async fn a_made_up_key_does_not_delay_a_new_one(database: Database) {
    let (app, env) = trusting(database).await;
    assert_eq!(caller(&app, &env).status().await, 200);
    let made_up = key(1).sign(&json!({ "alg": "RS256", "kid": "made_up" }), &good(&app, &env));
    for _ in 0..3 {
        assert_eq!(answer(&app, &made_up).await.0, 401);
    }
    assert_eq!(env.count("/keys"), 2, "looked for once");
    // At the same moment ScaleKit begins to sign with another key.
    env.set(|conduct| conduct.keys = published(&[2, 1]));
    assert_eq!(answer(&app, &sign(2, &good(&app, &env))).await.0, 200);
    assert_eq!(env.count("/keys"), 3);
}

async fn a_flood_of_unknown_keys_costs_few_requests(database: Database) {
    let (app, env) = trusting(database).await;
    assert_eq!(caller(&app, &env).status().await, 200);
    let claims = good(&app, &env);
    let made_up = |n: usize| key(1).sign(&json!({ "alg": "RS256", "kid": format!("made_up_{n}") }), &claims);
    for (round, (seconds, asked)) in [(0, 6), (9, 6), (1, 7), (0, 7), (40, 11)].into_iter().enumerate() {
        app.advance(seconds).await;
        for n in 0..20 {
            let (status, sentence) = answer(&app, &made_up(100 * round + n)).await;
            assert!([401, 503].contains(&status), "{status} {sentence}");
        }
        assert_eq!(env.count("/keys"), asked, "round {round}");
        assert_eq!(caller(&app, &env).status().await, 200, "others go on");
    }
    // A new key is found by the next look, whoever caused it; until then it cannot be judged.
    env.set(|conduct| conduct.keys = published(&[2, 1]));
    let new = sign(2, &claims);
    assert_eq!(answer(&app, &new).await.0, 503);
    app.advance(10).await;
    assert_eq!(answer(&app, &made_up(1000)).await.0, 401);
    assert_eq!(answer(&app, &new).await.0, 200);
    assert_eq!(env.count("/keys"), 12);
    // What could not be accepted anyway asks for nothing.
    app.advance(30).await;
    let mut expired = claims.clone();
    expired["exp"] = json!(app.clock.now() - 1);
    let token = key(1).sign(&json!({ "alg": "RS256", "kid": "made_up" }), &expired);
    assert_eq!(answer(&app, &token).await.0, 401);
    // All at once wait for one answer at a time.
    let tokens: Vec<String> = (2000..2050).map(made_up).collect();
    let answers = join_all(tokens.iter().map(|token| answer(&app, token))).await;
    assert!(answers.iter().all(|(status, _)| [401, 503].contains(status)), "{answers:?}");
    assert!(env.count("/keys") <= 16, "{}", env.count("/keys"));
    assert_eq!(env.set(|conduct| conduct.most_at_once), 1);
}

async fn keys_outlive_an_outage_of_up_to_a_day(database: Database) {
    let (app, env) = trusting(database).await;
    let mut claims = good(&app, &env);
    claims["exp"] = json!(app.clock.now() + 200_000);
    let known = sign(1, &claims);
    assert_eq!(answer(&app, &known).await.0, 200);
    env.set(|conduct| conduct.keys_mood = Mood::Says(503, "text/plain", "down".to_owned()));
    for step in 0..6 {
        app.advance(10 + 300 * i64::from(step == 0)).await;
        claims["jti"] = json!(format!("tkn_{step}"));
        assert_eq!(answer(&app, &sign(1, &claims)).await.0, 200, "a new token of a known key");
        assert_eq!(answer(&app, &known).await.0, 200);
    }
    until("an attempt", || env.count("/keys") >= 2).await;
    assert!(env.count("/keys") <= 4, "{}", env.count("/keys"));
    // A key that is not known cannot be judged now: come back.
    let unknown = sign(2, &claims);
    let (status, sentence) = answer(&app, &unknown).await;
    assert_eq!(
        (status, sentence.as_str()),
        (503, "the keys of the token's issuer cannot be had now; try again shortly")
    );
    // After a day nothing is believed any more.
    app.advance(86_400).await;
    assert_eq!(answer(&app, &known).await.0, 503);
    env.set(|conduct| {
        conduct.keys_mood = Mood::Well;
        conduct.keys = published(&[1, 2]);
    });
    app.advance(3).await;
    assert_eq!(answer(&app, &known).await.0, 200);
    assert_eq!(answer(&app, &unknown).await.0, 200);
}

async fn a_start_does_not_need_the_environment(database: Database) {
    let (app, env) = trusting(database).await;
    env.set(|conduct| conduct.keys_mood = Mood::Says(500, "text/plain", String::new()));
    assert_eq!(env.count(""), 0, "nothing is asked for before somebody calls");
    let ready = app.http().get(app.at("/readyz")).send().await.unwrap();
    assert_eq!(ready.status(), 200);
    let who = caller(&app, &env);
    let response = who.call("whoami", json!({})).await;
    assert_eq!(response.status(), 503);
    assert!(response.headers().contains_key("retry-after"));
    assert!(!response.headers().contains_key("www-authenticate"), "nobody is asked to log in again");
    assert_eq!(who.status().await, 503);
    assert_eq!(env.count("/keys"), 1, "not asked again at once");
    env.set(|conduct| conduct.keys_mood = Mood::Well);
    app.advance(3).await;
    assert_eq!(who.status().await, 200);
}

async fn slow_huge_redirecting_and_odd_answers_are_no_keys(database: Database) {
    let (app, env) = trusting(database).await;
    let huge = format!("{{\"keys\":[],\"x\":\"{}\"}}", "x".repeat(70_000));
    let elsewhere = crate::support::scalekit::Environment::start();
    for mood in [
        Mood::Redirects(format!("{}/keys", elsewhere.url)),
        Mood::Says(200, "application/json", huge),
        Mood::Says(200, "text/html", "<html>".to_owned()),
        Mood::Says(200, "application/json", "{\"keys\":null}".to_owned()),
        Mood::Says(404, "application/json", published(&[1]).to_string()),
        Mood::Sleeps(Duration::from_secs(20)),
    ] {
        env.set(|conduct| conduct.keys_mood = mood.clone());
        app.advance(3).await;
        let start = std::time::Instant::now();
        assert_eq!(caller(&app, &env).status().await, 503, "{mood:?}");
        assert!(start.elapsed() < Duration::from_secs(9), "{mood:?}");
    }
    assert_eq!(elsewhere.count(""), 0, "a redirect is not followed");
    // As much time has passed as the last attempt took: the next comes after a pause.
    let asked = env.count("/keys");
    app.advance(5).await;
    assert_eq!(caller(&app, &env).status().await, 503);
    assert_eq!(env.count("/keys"), asked, "one who answers slowly is not asked by every call");
    env.set(|conduct| {
        conduct.keys_mood = Mood::Well;
        let mut keys = published(&[1]);
        let odd = [
            json!({ "kty": "oct", "k": "c2VjcmV0", "kid": "snk_1" }),
            json!({ "kty": "EC", "crv": "P-256", "x": "x", "y": "y", "kid": "snk_1", "alg": "ES256" }),
            json!({ "kty": "RSA" }),
            json!(7),
        ];
        let list = keys["keys"].as_array_mut().unwrap();
        list.splice(0..0, odd);
        conduct.keys = keys;
    });
    app.advance(3).await;
    assert_eq!(caller(&app, &env).status().await, 200, "odd keys break nothing");
}

async fn a_caller_who_hangs_up_does_not_stop_the_fetch(database: Database) {
    let (app, env) = trusting(database).await;
    env.set(|conduct| conduct.delay = Duration::from_millis(400));
    let impatient = caller(&app, &env);
    let call = impatient.modern("tools/list", json!({})).timeout(Duration::from_millis(100)).send();
    assert!(call.await.is_err());
    let patient: Caller = caller(&app, &env);
    assert_eq!(patient.status().await, 200);
    assert_eq!(env.count("/keys"), 1);
    keep(&app);
}

const fn keep(_: &TestApp) {}

on_each! {
    a_rotation_under_load_refuses_nobody,
    a_made_up_key_does_not_delay_a_new_one,
    a_flood_of_unknown_keys_costs_few_requests,
    keys_outlive_an_outage_of_up_to_a_day,
    a_start_does_not_need_the_environment,
    slow_huge_redirecting_and_odd_answers_are_no_keys,
    a_caller_who_hangs_up_does_not_stop_the_fetch,
}
