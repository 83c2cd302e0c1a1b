//! Making clients by hand: what is taken, what is refused and in which words, and a form that is sent twice.

use gatepost::admin::clients::create::{NewClient, create};
use gatepost::admin::clients::nonce;
use gatepost::admin::{Failure, clients};
use gatepost::oauth::client::AuthMethod;
use gatepost::store::clients::ClientKind;

use super::{ann, done_by};
use crate::on_both;
use crate::support::TestApp;

pub fn new(kind: ClientKind, auth_method: AuthMethod, uris: &[&str]) -> NewClient {
    NewClient {
        kind,
        auth_method,
        keys: None,
        name: " Reports ".to_owned(),
        redirect_uris: uris.iter().map(|uri| (*uri).to_owned()).collect(),
        for_devices: false,
        allowed_scopes: None,
        access_token_seconds: None,
        dpop_bound: false,
    }
}

/// The field and the sentence of every problem.
pub fn problems<T>(result: Result<T, Failure>) -> Vec<(&'static str, String)> {
    match result {
        Err(Failure::Invalid(problems)) => problems.into_iter().map(|p| (p.field, p.sentence)).collect(),
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("it was taken"),
    }
}

const HOME: &str = "https://reports.example/back";

async fn each_kind_is_made_as_asked(app: TestApp) {
    let admin = app.core.admin();
    let public = new(ClientKind::Static, AuthMethod::None, &[HOME, " ", HOME, "http://localhost/cb"]);
    let made = create(&admin, &ann(), &public, None).await.unwrap();
    assert!(made.secret.is_none() && !made.is_repeat);
    let row = made.client.client;
    assert_eq!(row.name, "Reports");
    assert_eq!(row.redirect_uris, [HOME, "http://localhost/cb"], "each once");
    assert_eq!(row.grant_types, ["authorization_code", "refresh_token"]);
    assert_eq!(done_by(&app, "client.created").await.as_deref(), Some("usr_ann"));

    let confidential = new(ClientKind::Static, AuthMethod::Post, &[HOME]);
    let made = create(&admin, &ann(), &confidential, None).await.unwrap();
    let secret = made.secret.unwrap();
    assert!(secret.expose().starts_with("sec_"));
    let listed = clients::secrets::list(&admin, &made.client.client.id).await.unwrap();
    assert!(secret.expose().ends_with(&listed[0].hint) && listed[0].hint.len() == 4);

    let machine = NewClient {
        allowed_scopes: Some(vec!["search:read".to_owned()]),
        access_token_seconds: Some(300),
        ..new(ClientKind::Machine, AuthMethod::Basic, &[])
    };
    let made = create(&admin, &ann(), &machine, None).await.unwrap();
    let (id, secret) = (made.client.client.id.as_str(), made.secret.unwrap());
    let request = app.http().post(app.at("/oauth/token")).basic_auth(id, Some(secret.expose()));
    let answer = request.form(&[("grant_type", "client_credentials")]).send().await.unwrap();
    let body = crate::support::json_of(answer).await;
    assert_eq!((&body["scope"], &body["expires_in"]), (&"search:read".into(), &300.into()), "{body}");
}

async fn what_cannot_be_taken_is_told_in_the_words_of_the_protocol(app: TestApp) {
    let admin = app.core.admin();
    let bad = NewClient {
        name: " ".to_owned(),
        allowed_scopes: Some(vec!["search:read".to_owned(), "fly".to_owned()]),
        access_token_seconds: Some(59),
        ..new(ClientKind::Static, AuthMethod::None, &["http://a.example/cb", HOME, "javascript:alert(1)"])
    };
    assert_eq!(
        problems(create(&admin, &ann(), &bad, None).await),
        [
            ("name", "Enter a name."),
            (
                "redirect_uris",
                "http://a.example/cb uses http for a host other than localhost, 127.0.0.1 or [::1]."
            ),
            ("redirect_uris", "javascript:alert(1) has a scheme that a browser would run rather than visit."),
            ("allowed_scopes", "No resource has a scope fly."),
            ("access_token_seconds", "Enter a whole number of seconds from 60 to 86400, or nothing."),
        ]
        .map(|(field, text)| (field, text.to_owned()))
    );
    let none = new(ClientKind::Static, AuthMethod::None, &[" "]);
    assert_eq!(problems(create(&admin, &ann(), &none, None).await)[0].0, "redirect_uris");
    let many: Vec<String> = (0..17).map(|n| format!("{HOME}/{n}")).collect();
    let many = NewClient { redirect_uris: many, ..none.clone() };
    assert!(problems(create(&admin, &ann(), &many, None).await)[0].1.contains("more than 16"));
    let long: Vec<String> = (0..5).map(|n| format!("{HOME}/{n}{}", "x".repeat(1900))).collect();
    let long = NewClient { redirect_uris: long, ..none };
    assert!(problems(create(&admin, &ann(), &long, None).await)[0].1.contains("8192 bytes in all"));
    let machine =
        NewClient { allowed_scopes: Some(vec![]), ..new(ClientKind::Machine, AuthMethod::None, &[HOME]) };
    let fields: Vec<_> =
        problems(create(&admin, &ann(), &machine, None).await).into_iter().map(|p| p.0).collect();
    assert_eq!(fields, ["redirect_uris", "allowed_scopes", "auth_method"]);
    let dynamic = new(ClientKind::Dynamic, AuthMethod::None, &[HOME]);
    assert_eq!(problems(create(&admin, &ann(), &dynamic, None).await)[0].0, "kind");
    assert_eq!(app.core.oauth.store.list_clients((0, ""), 10).await.unwrap().len(), 0, "nothing was made");
}

async fn a_client_for_devices_needs_no_redirect_uri(app: TestApp) {
    const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";
    let admin = app.core.admin();
    let made = async |uris: &[&str]| {
        let asked = NewClient { for_devices: true, ..new(ClientKind::Static, AuthMethod::None, uris) };
        create(&admin, &ann(), &asked, None).await.unwrap().client.client.grant_types
    };
    assert_eq!(made(&[]).await, ["refresh_token", DEVICE]);
    assert_eq!(made(&[HOME]).await, ["authorization_code", "refresh_token", DEVICE]);
    let machine = NewClient {
        for_devices: true,
        allowed_scopes: Some(vec!["search:read".to_owned()]),
        ..new(ClientKind::Machine, AuthMethod::Basic, &[])
    };
    assert_eq!(problems(create(&admin, &ann(), &machine, None).await)[0].0, "for_devices");
}

async fn a_form_sent_twice_makes_one_client(app: TestApp) {
    let admin = app.core.admin();
    let asked = new(ClientKind::Static, AuthMethod::Basic, &[HOME]);
    let once = nonce(&admin);
    let actor = ann();
    let sends = (0..6).map(|_| create(&admin, &actor, &asked, Some(&once)));
    let sent = futures::future::join_all(sends).await.into_iter().map(|made| {
        let made = made.unwrap();
        (made.client.client.id, made.secret.is_some(), made.is_repeat)
    });
    let sent: Vec<_> = sent.collect();
    assert!(sent.iter().all(|(id, ..)| *id == sent[0].0), "{sent:?}");
    assert_eq!(sent.iter().filter(|(_, told, _)| *told).count(), 1, "the secret is told once");
    assert_eq!(sent.iter().filter(|(.., repeat)| *repeat).count(), 5);
    assert_eq!(app.audit_reasons("client.created").await.len(), 1);
    let other = create(&admin, &ann(), &asked, Some(&nonce(&admin))).await.unwrap();
    assert_ne!(other.client.client.id, sent[0].0);
    assert_eq!(problems(create(&admin, &ann(), &asked, Some("x y")).await)[0].0, "nonce");
    clients::delete(&admin, &ann(), &sent[0].0, &sent[0].0).await.unwrap();
    let again = create(&admin, &ann(), &asked, Some(&once)).await;
    assert!(matches!(again, Err(Failure::NotFound)), "what it made is deleted");
}

on_both! {
    each_kind_is_made_as_asked, what_cannot_be_taken_is_told_in_the_words_of_the_protocol,
    a_form_sent_twice_makes_one_client, a_client_for_devices_needs_no_redirect_uri,
}
