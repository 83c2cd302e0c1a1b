//! Secrets of clients: added, used, expired, revoked, and what the token endpoint says of each.

use gatepost::admin::Failure;
use gatepost::admin::clients::nonce;
use gatepost::admin::clients::secrets::{
    GRACE, MAX_SECRETS, MadeSecret, Secret, TheLast, add, expire_in, list, one, revoke,
};
use gatepost::oauth::client::AuthMethod;

use super::{ann, done_by};
use crate::oauth::status_and_json;
use crate::on_both;
use crate::support::{MadeClient, REDIRECT_URI, TestApp};

/// What the token endpoint answers a machine with this secret: `ok`, or the error and its text.
async fn ask(app: &TestApp, id: &str, secret: &str) -> String {
    let request = app.http().post(app.direct("/oauth/token")).basic_auth(id, Some(secret));
    let form = [("grant_type", "client_credentials")];
    let (status, body) = status_and_json(request.form(&form).send().await.unwrap()).await;
    if status == 200 {
        return "ok".to_owned();
    }
    assert_eq!((status, &body["error"]), (401, &"invalid_client".into()));
    body["error_description"].as_str().unwrap().to_owned()
}

fn text(made: &MadeSecret) -> String {
    made.text.as_ref().unwrap().expose().clone()
}

async fn listed(app: &TestApp, id: &str) -> Vec<Secret> {
    list(&app.core.admin(), id).await.unwrap()
}

fn code<T: std::fmt::Debug>(result: Result<T, Failure>) -> &'static str {
    match result {
        Err(Failure::Refused { code, .. }) => code,
        Err(Failure::NotFound) => "not_found",
        Err(Failure::Invalid(problems)) => problems[0].field,
        other => panic!("{other:?}"),
    }
}

async fn a_secret_is_replaced_without_a_gap(app: TestApp) {
    let (admin, replica) = (app.core.admin(), app.replica().await);
    let MadeClient { id, secret: old } = app.made_machine(None).await;
    let old_id = listed(&app, &id).await[0].id.clone();
    assert_eq!(ask(&app, &id, &old).await, "ok");
    let made = add(&admin, &ann(), &id, None, None).await.unwrap();
    assert_eq!(done_by(&app, "client_secret.added").await.as_deref(), Some("usr_ann"));
    for secret in [&old, &text(&made)] {
        assert_eq!(ask(&replica, &id, secret).await, "ok", "both work");
    }
    let left = expire_in(&admin, &ann(), (&id, &old_id), GRACE, TheLast::Keep).await.unwrap();
    assert_eq!(left.expires_at, Some(app.clock.now() + GRACE));
    assert_eq!(done_by(&app, "client_secret.expiry_set").await.as_deref(), Some("usr_ann"));
    let later = expire_in(&admin, &ann(), (&id, &old_id), 2 * GRACE, TheLast::Keep).await.unwrap();
    assert_eq!(later.expires_at, left.expires_at, "never later than before");
    app.advance(GRACE - 1).await;
    assert_eq!(ask(&app, &id, &old).await, "ok");
    app.advance(1).await;
    assert!(ask(&app, &id, &old).await.starts_with("client_secret has expired"));
    assert!(app.audit_reasons("token.issued").await.contains(&"expired_client_secret".to_owned()));
    assert_eq!(ask(&app, &id, &text(&made)).await, "ok");
    let shown = listed(&app, &id).await;
    assert_eq!(
        shown.iter().map(|s| s.is_expired).collect::<Vec<_>>(),
        [false, true],
        "those that work first"
    );
    revoke(&admin, &ann(), (&id, &old_id), TheLast::Keep).await.unwrap();
    assert_eq!(listed(&app, &id).await.len(), 1);
}

async fn a_revoked_secret_is_refused_by_the_next_request_everywhere(app: TestApp) {
    let (admin, replica) = (app.core.admin(), app.replica().await);
    let MadeClient { id, secret: old } = app.made_machine(None).await;
    let old_id = listed(&app, &id).await[0].id.clone();
    let made = add(&admin, &ann(), &id, None, None).await.unwrap();
    assert_eq!(ask(&replica, &id, &old).await, "ok");
    revoke(&admin, &ann(), (&id, &old_id), TheLast::Keep).await.unwrap();
    for process in [&app, &replica] {
        assert!(ask(process, &id, &old).await.starts_with("client_secret was revoked"));
        assert_eq!(ask(process, &id, &text(&made)).await, "ok");
        assert_eq!(ask(process, &id, &format!("{old}x")).await, "client_secret is wrong");
    }
    assert_eq!(done_by(&app, "client_secret.revoked").await.as_deref(), Some("usr_ann"));
    assert!(app.audit_reasons("token.issued").await.contains(&"revoked_client_secret".to_owned()));
    assert_eq!(code(revoke(&admin, &ann(), (&id, &old_id), TheLast::Keep).await), "not_found");
    assert_eq!(code(expire_in(&admin, &ann(), (&id, &old_id), GRACE, TheLast::Too).await), "not_found");
    let other = app.made_machine(None).await.id;
    let crossed = (other.as_str(), made.secret.id.as_str());
    assert_eq!(code(revoke(&admin, &ann(), crossed, TheLast::Too).await), "not_found", "another's secret");
    assert_eq!(ask(&app, &id, &text(&made)).await, "ok");
}

async fn the_last_secret_goes_only_when_that_was_said(app: TestApp) {
    let admin = app.core.admin();
    let MadeClient { id, secret } = app.made_machine(None).await;
    let first = listed(&app, &id).await[0].id.clone();
    for result in [
        code(revoke(&admin, &ann(), (&id, &first), TheLast::Keep).await),
        code(expire_in(&admin, &ann(), (&id, &first), GRACE, TheLast::Keep).await),
    ] {
        assert_eq!(result, "last_secret");
    }
    assert_eq!(ask(&app, &id, &secret).await, "ok");
    // Of two that shall expire, the second would be the last.
    let spare = add(&admin, &ann(), &id, None, None).await.unwrap().secret.id;
    expire_in(&admin, &ann(), (&id, &spare), GRACE, TheLast::Keep).await.unwrap();
    assert_eq!(code(expire_in(&admin, &ann(), (&id, &first), GRACE, TheLast::Keep).await), "last_secret");
    revoke(&admin, &ann(), (&id, &spare), TheLast::Keep).await.unwrap();
    // Of two who revoke one each at the same moment, one is told.
    let second = add(&admin, &ann(), &id, None, None).await.unwrap().secret.id;
    let actor = ann();
    let (one, two) = futures::join!(
        revoke(&admin, &actor, (&id, &first), TheLast::Keep),
        revoke(&admin, &actor, (&id, &second), TheLast::Keep)
    );
    assert_eq!(code(one.and(two)), "last_secret");
    let left = listed(&app, &id).await;
    assert_eq!(left.len(), 1);
    revoke(&admin, &actor, (&id, &left[0].id), TheLast::Too).await.unwrap();
    assert_eq!(listed(&app, &id).await.len(), 0);
    let again = add(&admin, &actor, &id, None, None).await.unwrap();
    assert_eq!(ask(&app, &id, &text(&again)).await, "ok");
}

async fn five_work_at_a_time_however_many_ask_at_once(app: TestApp) {
    let admin = app.core.admin();
    let id = app.made_machine(None).await.id;
    let actor = ann();
    let asked = (0..12).map(|_| add(&admin, &actor, &id, Some(GRACE), None));
    let (done, refused): (Vec<_>, Vec<_>) =
        futures::future::join_all(asked).await.into_iter().partition(Result::is_ok);
    assert_eq!(done.len(), MAX_SECRETS - 1, "it had one");
    assert!(refused.into_iter().all(|result| code(result) == "too_many_secrets"));
    app.advance(GRACE).await;
    add(&admin, &actor, &id, None, None).await.unwrap();
    assert_eq!(listed(&app, &id).await.len(), 6, "those that expired do not count");
    app.advance(31 * 86_400).await;
    let reaped = app.core.oauth.store.reap_client_secrets(app.clock.now() - 30 * 86_400, 100).await.unwrap();
    assert_eq!((reaped, listed(&app, &id).await.len()), (4, 2));
}

async fn a_form_sent_twice_makes_one_secret(app: TestApp) {
    let admin = app.core.admin();
    let id = app.made_machine(None).await.id;
    let once = nonce(&admin);
    let actor = ann();
    let sends = (0..4).map(|_| add(&admin, &actor, &id, None, Some(&once)));
    let sent: Vec<_> = futures::future::join_all(sends).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(sent.iter().filter(|made| made.text.is_some()).count(), 1);
    assert!(sent.iter().all(|made| made.secret.id == sent[0].secret.id));
    assert_eq!(listed(&app, &id).await.len(), 2);
    let other = app.made_machine(None).await.id;
    assert!(matches!(add(&admin, &actor, &other, None, Some(&once)).await, Err(Failure::Changed)));
    assert_eq!(code(add(&admin, &actor, &id, None, Some("short")).await), "nonce");
}

async fn a_use_is_noted_once_a_minute(app: TestApp) {
    let admin = app.core.admin();
    let MadeClient { id, secret } = app.made_machine(None).await;
    let first = listed(&app, &id).await[0].id.clone();
    let start = app.clock.now();
    let used = async |expected| {
        for _ in 0..100 {
            let at = one(&admin, &id, &first).await.unwrap().last_used_at;
            if at == Some(expected) {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        panic!("never noted");
    };
    assert_eq!(one(&admin, &id, &first).await.unwrap().last_used_at, None);
    assert_eq!(ask(&app, &id, &secret).await, "ok");
    used(start).await;
    app.advance(59).await;
    assert_eq!(ask(&app, &id, &secret).await, "ok");
    assert!(ask(&app, &id, "sec_x").await.contains("wrong"));
    used(start).await;
    app.advance(1).await;
    assert_eq!(ask(&app, &id, &secret).await, "ok");
    used(start + 60).await;
}

async fn who_cannot_keep_one_gets_none(app: TestApp) {
    let admin = app.core.admin();
    let public = app.made_client(AuthMethod::None, REDIRECT_URI).await.id;
    assert_eq!(code(add(&admin, &ann(), &public, None, None).await), "public_client");
    let metadata = serde_json::json!({ "client_name": "App", "redirect_uris": [REDIRECT_URI],
                                       "token_endpoint_auth_method": "client_secret_post" });
    let dynamic = crate::support::OAuthClient::register_with(&app, metadata).await;
    assert_eq!(code(add(&admin, &ann(), &dynamic.id, None, None).await), "registered_itself");
    assert_eq!(listed(&app, &dynamic.id).await.len(), 1, "but its own can be revoked");
    let machine = app.made_machine(None).await.id;
    for life in [0, -1, 3599, i64::MAX] {
        assert_eq!(code(add(&admin, &ann(), &machine, Some(life), None).await), "life");
    }
    assert_eq!(code(add(&admin, &ann(), "cli_none", None, None).await), "not_found");
}

on_both! {
    a_secret_is_replaced_without_a_gap, a_revoked_secret_is_refused_by_the_next_request_everywhere,
    the_last_secret_goes_only_when_that_was_said, five_work_at_a_time_however_many_ask_at_once,
    a_form_sent_twice_makes_one_secret, a_use_is_noted_once_a_minute, who_cannot_keep_one_gets_none,
}
