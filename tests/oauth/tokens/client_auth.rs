//! How clients prove who they are.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::StatusCode;

use super::{basic, confidential, post_as};
use crate::oauth::{header, status_and_json};
use crate::on_both;
use crate::support::TestApp;

async fn a_confidential_client_may_authenticate_either_way(app: TestApp) {
    let browser = app.signed_in().await;
    for method in ["client_secret_basic", "client_secret_post"] {
        let client = confidential(&app, "Server", method).await;
        let (id, secret) = (client.id.as_str(), client.secret.clone().unwrap());
        let refresh = client.log_in(&browser, "search:read").await.refresh;
        let percent = |t: &str| t.bytes().fold(String::new(), |out, b| out + &format!("%{b:02X}"));
        let raw = basic(id, &secret);
        let encoded = basic(&percent(id), &percent(&secret));
        let lower = raw.replacen("Basic", "basic", 1);
        let body = [("client_id", id), ("client_secret", secret.as_str())];
        for (auth, more) in [
            (Some(raw.as_str()), &[][..]),
            (Some(encoded.as_str()), &[]),
            (Some(encoded.as_str()), &body[..1]),
            (Some(lower.as_str()), &body[..1]),
            (None, &body[..]),
            (Some("Bearer of-something-else"), &body[..]),
        ] {
            let mut params = vec![("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
            params.extend(more);
            let (status, answer) = status_and_json(post_as(&app, "/oauth/token", auth, &params).await).await;
            assert_eq!(status, 200, "{method} with {auth:?} and {more:?}: {answer}");
        }
    }
}

async fn a_client_that_cannot_prove_itself_is_refused(app: TestApp) {
    let browser = app.signed_in().await;
    let client = confidential(&app, "Server", "client_secret_basic").await;
    let other = confidential(&app, "Other", "client_secret_basic").await;
    let refresh = client.log_in(&browser, "search:read").await.refresh;
    let (id, secret) = (client.id.as_str(), client.secret.clone().unwrap());
    let (wrong, foreign) = (format!("{}x", &secret[..secret.len() - 1]), other.secret.clone().unwrap());
    let named = ("client_id", id);
    let before = app.db_rows().await;
    for (auth, more, expected) in [
        (None, vec![], "invalid_client"),
        (None, vec![named], "invalid_client"),
        (None, vec![named, ("client_secret", "")], "invalid_client"),
        (None, vec![named, ("client_secret", &wrong)], "invalid_client"),
        (None, vec![named, ("client_secret", &foreign)], "invalid_client"),
        (None, vec![("client_id", "cli_unknown"), ("client_secret", &secret)], "invalid_client"),
        (None, vec![("client_secret", &secret)], "invalid_client"),
        (Some(basic(id, "")), vec![], "invalid_client"),
        (Some(basic(id, &wrong)), vec![], "invalid_client"),
        (Some(basic(&other.id, &secret)), vec![], "invalid_client"),
        (Some(basic("", &secret)), vec![], "invalid_client"),
        (Some(format!("Bearer {secret}")), vec![named], "invalid_client"),
        (Some(basic(id, &secret)), vec![("client_id", &other.id)], "invalid_request"),
        (Some(basic(id, &secret)), vec![named, ("client_secret", &secret)], "invalid_request"),
        (Some("Basic !!".to_owned()), vec![named], "invalid_request"),
        (Some(format!("Basic {}", STANDARD.encode(id))), vec![named], "invalid_request"),
    ] {
        let mut params = vec![("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
        params.extend(&more);
        let answer = post_as(&app, "/oauth/token", auth.as_deref(), &params).await;
        let challenged = header(&answer, "www-authenticate").starts_with("Basic ");
        let (status, body) = status_and_json(answer).await;
        let unproven = expected == "invalid_client";
        // Only who tried the header is challenged (RFC 6749 §5.2).
        let expected_status = if unproven { (401, auth.is_some()) } else { (400, false) };
        assert_eq!((status, challenged), expected_status, "{auth:?} {more:?}");
        assert_eq!(body["error"], expected, "{auth:?} {more:?}");
    }
    assert_eq!(app.db_rows().await, before);
}

async fn a_public_client_has_no_secret_to_show(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let refresh = client.log_in(&browser, "search:read").await.refresh;
    let params = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
    let answer = post_as(&app, "/oauth/token", Some(&basic(&client.id, "")), &params).await;
    assert_eq!(answer.status(), StatusCode::OK, "some libraries send an empty secret");
    let answer = post_as(&app, "/oauth/token", Some(&basic(&client.id, "guess")), &params).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    let mut params = client.refreshing(&refresh);
    params.push(("client_secret", "guess".to_owned()));
    assert_eq!(client.refused(&params).await, "invalid_client");
}

on_both! {
    a_confidential_client_may_authenticate_either_way,
    a_client_that_cannot_prove_itself_is_refused,
    a_public_client_has_no_secret_to_show,
}
