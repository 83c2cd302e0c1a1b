//! The keys of issuers: kept, looked for anew, and away; and that every process knows what was spent and changed.

use gatepost::admin::Actor;
use gatepost::admin::issuers;
use gatepost::oauth::grants::{jwt_bearer, token_exchange};
use serde_json::{Value, json};

use super::{Input, ask, bearing, input, ok_json, rule, told, trust};
use crate::on_both;
use crate::support::Signer;
use crate::support::TestApp;
use crate::support::issuer::ForeignIssuer;
use crate::support::provider::Mood;

fn claims(app: &TestApp, issuer: &str, jti: &str) -> Value {
    let now = app.clock.now();
    json!({ "iss": issuer, "sub": "job", "aud": app.url, "exp": now + 300, "jti": jti })
}

async fn trusted(app: &TestApp, issuer: &str, input: Input) -> String {
    let made = app.made_machine(None).await;
    let id = trust(app, issuer, "workload", input).await;
    rule(app, &id, &["sub = job"], &made.id).await;
    id
}

async fn keys_that_cannot_be_had_are_a_pause(app: TestApp) {
    let issuer = ForeignIssuer::start();
    trusted(&app, &issuer.url, input("Jobs")).await;
    issuer.set(|conduct| conduct.keys_mood = Mood::Says(500, "text/plain", "away".into()));
    let token = issuer.signer.sign(&claims(&app, &issuer.url, "1"));
    let away = "503 temporarily_unavailable: the keys of the assertion's issuer cannot be had now; try again shortly";
    assert_eq!(told(&ask(&app, &bearing(&token, &[])).await), away);
    issuer.set(|conduct| conduct.keys_mood = Mood::Redirects(format!("{}/keys", issuer.url)));
    app.advance(3).await;
    assert_eq!(told(&ask(&app, &bearing(&token, &[])).await), away, "no redirect is followed");
    issuer.set(|conduct| conduct.keys_mood = Mood::Says(200, "application/json", "x".repeat(70_000)));
    app.advance(3).await;
    assert_eq!(told(&ask(&app, &bearing(&token, &[])).await), away, "too large an answer");
    issuer.set(|conduct| conduct.keys_mood = Mood::Well);
    app.advance(3).await;
    assert_eq!(ask(&app, &bearing(&token, &[])).await.0, 200);
    // Kept while it is away.
    issuer.set(|conduct| conduct.keys_mood = Mood::Says(500, "text/plain", "away".into()));
    app.advance(3600).await;
    let token = issuer.signer.sign(&claims(&app, &issuer.url, "2"));
    assert_eq!(ask(&app, &bearing(&token, &[])).await.0, 200);
}

async fn a_new_key_is_looked_for_and_made_up_ones_cost_little(app: TestApp) {
    let issuer = ForeignIssuer::start();
    trusted(&app, &issuer.url, input("Jobs")).await;
    let first = issuer.signer.sign(&claims(&app, &issuer.url, "1"));
    assert_eq!(ask(&app, &bearing(&first, &[])).await.0, 200);
    let next = Signer::eddsa("key-2");
    issuer.set(|conduct| conduct.keys = json!({ "keys": [next.jwk()] }));
    assert_eq!(ask(&app, &bearing(&next.sign(&claims(&app, &issuer.url, "2")), &[])).await.0, 200);
    assert_eq!(issuer.key_requests(), 2);
    let made_up = |n: usize| Signer::es256(&format!("made-up-{n}")).sign(&claims(&app, &issuer.url, "3"));
    let unknown = "400 invalid_grant: assertion is signed with a key that its issuer does not publish";
    for n in [0, 1, 2, 3, 0, 1, 2, 3] {
        assert_eq!(told(&ask(&app, &bearing(&made_up(n), &[])).await), unknown);
    }
    assert_eq!(issuer.key_requests(), 6, "each was looked for once");
    let later = "503 temporarily_unavailable: the keys of the assertion's issuer cannot be had now; try again shortly";
    for n in 4..9 {
        assert_eq!(told(&ask(&app, &bearing(&made_up(n), &[])).await), later);
    }
    assert_eq!(issuer.key_requests(), 6, "there are no more looks for a while");
    // The first key is gone, and with it all that it signed.
    app.advance(10).await;
    let old = issuer.signer.sign(&claims(&app, &issuer.url, "4"));
    assert_eq!(ask(&app, &bearing(&old, &[])).await.1["error"], "invalid_grant");
}

async fn keys_may_be_at_an_address_or_written_down(app: TestApp) {
    let (issuer, inline) = (ForeignIssuer::start(), Signer::es256("pasted"));
    let at = Input { keys_from: "uri".into(), jwks_uri: format!("{}/keys", issuer.url), ..input("Address") };
    trusted(&app, "kubernetes/serviceaccount", at).await;
    let written = Input { keys_from: "inline".into(), jwks: inline.jwks().to_string(), ..input("Written") };
    trusted(&app, "https://cluster.internal", written).await;
    for (name, signer) in
        [("kubernetes/serviceaccount", &*issuer.signer), ("https://cluster.internal", &inline)]
    {
        let token = signer.sign(&claims(&app, name, "1"));
        assert_eq!(ask(&app, &bearing(&token, &[])).await.0, 200, "{name}");
    }
    // One cannot speak for the other.
    let crossed = inline.sign(&claims(&app, "kubernetes/serviceaccount", "2"));
    assert_eq!(ask(&app, &bearing(&crossed, &[])).await.1["error"], "invalid_grant");
}

async fn what_no_issuer_names_any_more_is_forgotten(app: TestApp) {
    let (issuer, other) = (ForeignIssuer::start(), ForeignIssuer::start());
    let id = trusted(&app, &issuer.url, input("Jobs")).await;
    let metadata = format!("{}/.well-known/openid-configuration", issuer.url);
    let (keys, moved) = (format!("{}/keys", issuer.url), format!("{}/keys", other.url));
    let kept = || {
        let mut all = app.core.oauth.trusted.kept_addresses();
        all.sort();
        all
    };
    let sorted = |mut all: Vec<String>| {
        all.sort();
        all
    };
    let use_it = async |n: usize| {
        let token = issuer.signer.sign(&claims(&app, &issuer.url, &n.to_string()));
        ask(&app, &bearing(&token, &[])).await.0
    };
    assert_eq!(use_it(0).await, 200);
    assert_eq!(kept(), sorted(vec![metadata.clone(), keys]));
    // Its metadata leads elsewhere.
    other.set(|conduct| conduct.keys = issuer.signer.jwks());
    let document = json!({ "issuer": issuer.url, "jwks_uri": moved }).to_string();
    issuer.set(|conduct| conduct.metadata_mood = Mood::Says(200, "application/json", document));
    app.advance(300).await;
    let mut n = 0;
    while other.key_requests() == 0 {
        n += 1;
        assert!(use_it(n).await == 200 && n < 1_000);
    }
    assert_eq!(kept(), sorted(vec![metadata, moved]));
    issuers::delete(&app.core.admin(), &Actor::command_line(), &id, "Jobs").await.unwrap();
    app.sync().await;
    assert!(kept().is_empty(), "{:?}", kept());
}

async fn an_assertion_is_taken_once_by_all_processes(app: TestApp) {
    let issuer = ForeignIssuer::start();
    trusted(&app, &issuer.url, input("Jobs")).await;
    let replica = app.replica().await;
    let token = issuer.signer.sign(&claims(&app, &issuer.url, "1"));
    assert_eq!(ask(&replica, &bearing(&token, &[])).await.0, 200);
    let again = "400 invalid_grant: assertion was used before: ask its issuer for another";
    assert_eq!(told(&ask(&app, &bearing(&token, &[])).await), again);
    assert_eq!(told(&ask(&replica, &bearing(&token, &[])).await), again);
    // At the same moment, on both: one of them is first.
    let token = issuer.signer.sign(&claims(&app, &issuer.url, "2"));
    let form = bearing(&token, &[]);
    let both =
        futures::future::join_all((0..8).map(|n| ask(if n % 2 == 0 { &app } else { &replica }, &form))).await;
    assert_eq!(both.iter().filter(|(status, _)| *status == 200).count(), 1);
    // Another issuer's jti is another.
    let other = ForeignIssuer::start();
    trusted(&app, &other.url, input("Others")).await;
    let token = other.signer.sign(&claims(&app, &other.url, "1"));
    assert_eq!(ask(&app, &bearing(&token, &[])).await.0, 200);
    let refused = app.audit_reasons("token.issued").await;
    assert!(refused.iter().filter(|reason| *reason == "replayed_assertion").count() >= 2, "{refused:?}");
}

async fn a_change_holds_on_every_process(app: TestApp) {
    let issuer = ForeignIssuer::start();
    let replica = app.replica().await;
    let id = trusted(&app, &issuer.url, input("Jobs")).await;
    replica.sync().await;
    let token = |jti: &str| issuer.signer.sign(&claims(&app, &issuer.url, jti));
    assert_eq!(ask(&replica, &bearing(&token("1"), &[])).await.0, 200);
    issuers::disable(&app.core.admin(), &Actor::command_line(), &id).await.unwrap();
    assert_eq!(ask(&app, &bearing(&token("2"), &[])).await.1["error"], "unsupported_grant_type");
    replica.sync().await;
    assert_eq!(ask(&replica, &bearing(&token("2"), &[])).await.1["error"], "unsupported_grant_type");
    issuers::enable(&app.core.admin(), &Actor::command_line(), &id).await.unwrap();
    replica.sync().await;
    assert_eq!(ask(&replica, &bearing(&token("2"), &[])).await.0, 200);
}

async fn metadata(app: &TestApp) -> (Vec<String>, Value) {
    let url = app.at("/.well-known/oauth-authorization-server");
    let body = ok_json(app.http().get(url).send().await.unwrap()).await;
    let grants =
        body["grant_types_supported"].as_array().unwrap().iter().map(|g| g.as_str().unwrap().to_owned());
    (grants.collect(), body["authorization_grant_profiles_supported"].clone())
}

async fn the_grant_is_there_while_an_issuer_is(app: TestApp) {
    let has = |grants: &[String]| grants.iter().any(|grant| grant == jwt_bearer::GRANT_TYPE);
    let (grants, profiles) = metadata(&app).await;
    assert!(!has(&grants) && profiles.is_null());
    assert_eq!(ask(&app, &bearing("x", &[])).await.1["error"], "unsupported_grant_type");
    let issuer = ForeignIssuer::start();
    trusted(&app, &issuer.url, input("Jobs")).await;
    let (grants, profiles) = metadata(&app).await;
    assert!(has(&grants) && profiles.is_null(), "for workloads there is no profile");
    let id = trust(&app, &issuer.url, "enterprise", input("Acme")).await;
    assert_eq!(metadata(&app).await.1, json!([jwt_bearer::ID_JAG_PROFILE]));
    issuers::disable(&app.core.admin(), &Actor::command_line(), &id).await.unwrap();
    assert!(metadata(&app).await.1.is_null());
    assert!(!metadata(&app).await.0.iter().any(|grant| grant == token_exchange::GRANT_TYPE));
}

on_both! {
    keys_that_cannot_be_had_are_a_pause,
    a_new_key_is_looked_for_and_made_up_ones_cost_little,
    keys_may_be_at_an_address_or_written_down,
    what_no_issuer_names_any_more_is_forgotten,
    an_assertion_is_taken_once_by_all_processes,
    a_change_holds_on_every_process,
    the_grant_is_there_while_an_issuer_is,
}
