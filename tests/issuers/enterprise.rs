//! People of enterprises (ID-JAG): whose word opens what, and everything that is none.

use std::fmt::Write as _;

use gatepost::admin::resources::settings::{Settings, change};
use gatepost::admin::{Actor, clients, issuers, resources};
use gatepost::oauth::client::AuthMethod;
use gatepost::store::identities::IdentityRow;
use serde_json::{Value, json};

use super::{Input, ask, ask_as, bearing, forged, input, notes, told, trust, with};
use crate::mcp::caller::Caller;
use crate::oauth::part_of;
use crate::on_both;
use crate::support::issuer::ForeignIssuer;
use crate::support::{Form, MadeClient, TestApp};

/// An enterprise that knows Ann as `00u1`, and a client with a secret.
struct Enterprise<'a> {
    app: &'a TestApp,
    issuer: ForeignIssuer,
    id: String,
    client: MadeClient,
}

impl<'a> Enterprise<'a> {
    async fn new(app: &'a TestApp) -> Self {
        Self::with(app, input("Acme")).await
    }

    async fn with(app: &'a TestApp, input: Input) -> Self {
        let issuer = ForeignIssuer::start();
        let id = trust(app, &issuer.url, "enterprise", input).await;
        let client = app.made_client(AuthMethod::Basic, "https://app.example/callback").await;
        let identity = IdentityRow {
            id: "idn_1".into(),
            user_id: app.user.id.clone(),
            issuer: issuer.url.clone(),
            subject: "00u1".into(),
            provider: "acme".into(),
            email: None,
            created_at: app.clock.now(),
            last_used_at: None,
        };
        let linked = app.core.oauth.store.add_first_identity(identity, app.user.email.clone()).await;
        assert!(linked.unwrap());
        Self { app, issuer, id, client }
    }

    fn claims(&self, jti: &str) -> Value {
        let now = self.app.clock.now();
        json!({ "iss": self.issuer.url, "sub": "00u1", "aud": self.app.url, "client_id": self.client.id,
                "resource": self.app.at("/mcp"), "scope": "search:read", "iat": now, "exp": now + 300, "jti": jti })
    }

    fn sign(&self, claims: &Value) -> String {
        self.issuer
            .signer
            .sign_as(&json!({ "alg": "ES256", "kid": "key-1", "typ": "oauth-id-jag+jwt" }), claims)
    }

    fn as_client(&self) -> (&str, &str) {
        (&self.client.id, &self.client.secret)
    }

    async fn ask(&self, claims: &Value, more: &[(&str, &str)]) -> (u16, Value) {
        let token = self.sign(claims);
        ask_as(self.app, self.as_client(), &bearing(&token, more)).await
    }

    async fn token(&self, jti: &str) -> String {
        let (status, body) = self.ask(&self.claims(jti), &[]).await;
        assert_eq!(status, 200, "{body}");
        body["access_token"].as_str().unwrap().to_owned()
    }
}

async fn status(app: &TestApp, token: &str) -> u16 {
    Caller::new(app, token).call("whoami", json!({})).await.status().as_u16()
}

async fn a_person_is_vouched_for(app: TestApp) {
    let acme = Enterprise::new(&app).await;
    let (code, body) = acme.ask(&acme.claims("1"), &[("resource", &app.at("/mcp"))]).await;
    assert_eq!(code, 200, "{body}");
    assert_eq!((&body["scope"], &body["token_type"]), (&json!("search:read"), &json!("Bearer")));
    assert!(body.get("refresh_token").is_none() && body.get("id_token").is_none(), "{body}");
    let token = body["access_token"].as_str().unwrap();
    let claims = part_of(token, 1);
    assert_eq!((&claims["sub"], &claims["client_id"]), (&json!(app.user.id), &json!(acme.client.id)));
    assert_eq!(claims["aud"], app.at("/mcp"));
    assert_eq!(Caller::new(&app, token).who().await["email"], app.user.email);
    // One grant, however often.
    let again = part_of(&acme.token("2").await, 1);
    assert_eq!(again["gid"], claims["gid"]);
    // Her apps show it, and what she agreed to herself is nothing.
    let page = app.signed_in().await.page("/account/apps").await;
    assert!(page.contains("Reports"), "{page}");
    let found = app
        .core
        .oauth
        .store
        .find_consent(&app.user.id, &acme.client.id, claims["gid"].as_str().unwrap())
        .await;
    assert!(found.unwrap().is_empty());
    let resource = super::builtin(&app);
    assert!(
        app.core.oauth.store.find_consent(&app.user.id, &acme.client.id, &resource).await.unwrap().is_empty()
    );
    assert!(!app.core.oauth.store.has_consent(&app.user.id, &acme.client.id).await.unwrap());
    assert_eq!(app.audit_reasons("assertion.taken").await, ["ok", "ok"]);
}

async fn a_public_client_may_show_one(app: TestApp) {
    let acme = Enterprise::new(&app).await;
    let public = app.client().await;
    let claims = with(&acme.claims("1"), "client_id", json!(public.id));
    let token = acme.sign(&claims);
    let (code, body) = ask(&app, &bearing(&token, &[("client_id", &public.id)])).await;
    assert_eq!(code, 200, "{body}");
    assert_eq!(part_of(body["access_token"].as_str().unwrap(), 1)["client_id"], public.id);
    // The resource takes no clients that registered themselves any more.
    let store = &app.core.oauth.store;
    sqlx::query("UPDATE resources SET registration_open = 0").execute(store.pool()).await.unwrap();
    store.bump_version(gatepost::store::changes::Topic::Resources).await.unwrap();
    app.sync().await;
    let token = acme.sign(&with(&claims, "jti", json!("2")));
    let closed = "400 invalid_grant: clients that registered themselves may not use this resource";
    assert_eq!(told(&ask(&app, &bearing(&token, &[("client_id", &public.id)])).await), closed);
    assert_eq!(acme.ask(&acme.claims("3"), &[]).await.0, 200, "those made here stay");
}

async fn what_is_wrong_with_an_id_jag(app: TestApp) {
    let acme = Enterprise::new(&app).await;
    let (claims, now) = (acme.claims("good"), app.clock.now());
    let mut wrong = forged(&acme.issuer, Some("oauth-id-jag+jwt"), &claims);
    let other = app.made_client(AuthMethod::Basic, "https://b.example/callback").await;
    for (title, name, value) in [
        ("iss of nobody", "iss", json!("https://nobody.example")),
        ("aud with a slash", "aud", json!(format!("{}/", app.url))),
        ("aud of the token endpoint", "aud", json!(app.at("/oauth/token"))),
        ("aud with somebody else", "aud", json!([app.url, "https://other.example"])),
        ("no aud", "aud", Value::Null),
        ("no exp", "exp", Value::Null),
        ("exp past", "exp", json!(now)),
        ("exp beyond an hour", "exp", json!(now + 3_631)),
        ("no iat", "iat", Value::Null),
        ("iat in the future", "iat", json!(now + 31)),
        ("no jti", "jti", Value::Null),
        ("no sub", "sub", Value::Null),
        ("no client_id", "client_id", Value::Null),
        ("client_id of another", "client_id", json!(other.id)),
        ("no resource", "resource", Value::Null),
        ("resource that is not here", "resource", json!("https://other.example/mcp")),
        ("two resources", "resource", json!([app.at("/mcp"), "https://other.example/mcp"])),
        ("scope as a list", "scope", json!(["search:read"])),
        ("sub of nobody", "sub", json!("00u9")),
    ] {
        wrong.push((title, acme.sign(&with(&claims, name, value))));
    }
    let as_jwt = json!({ "alg": "ES256", "kid": "key-1", "typ": "JWT" });
    wrong.push(("typ JWT", acme.issuer.signer.sign_as(&as_jwt, &claims)));
    let before = app.db_rows().await;
    let mut text = String::new();
    for (title, token) in &wrong {
        let answer = ask_as(&app, acme.as_client(), &bearing(token, &[])).await;
        assert_ne!(answer.0, 200, "{title}");
        writeln!(text, "{title}: {}", told(&answer)).unwrap();
    }
    let (_, notes_url) = notes(&app).await;
    let good = acme.sign(&claims);
    let target = ask_as(&app, acme.as_client(), &bearing(&good, &[("resource", &notes_url)])).await;
    writeln!(text, "another resource asked for: {}", told(&target)).unwrap();
    writeln!(text, "no client: {}", told(&ask(&app, &bearing(&good, &[])).await)).unwrap();
    let secret = ask_as(&app, (&acme.client.id, "wrong"), &bearing(&good, &[])).await;
    writeln!(text, "a wrong secret: {}", told(&secret)).unwrap();
    let by_other = ask_as(&app, (&other.id, &other.secret), &bearing(&good, &[])).await;
    writeln!(text, "shown by another client: {}", told(&by_other)).unwrap();
    assert_eq!(app.db_rows().await, before);
    insta::with_settings!({
        snapshot_path => "../snapshots", prepend_module_to_snapshot => false, omit_expression => true,
    }, { insta::assert_snapshot!("jwt_bearer_id_jag", text) });
    // None of it burnt the jti; the second time does.
    assert_eq!(acme.ask(&claims, &[]).await.0, 200);
    let again = "400 invalid_grant: assertion was used before: ask its issuer for another";
    assert_eq!(told(&acme.ask(&claims, &[]).await), again);
}

async fn nothing_is_spent_where_a_proof_is_missing(app: TestApp) {
    let acme = Enterprise::new(&app).await;
    let set = async |dpop_required| {
        let admin = app.core.admin();
        let row = resources::list(&admin).await.unwrap().remove(0);
        let wanted = Settings { dpop_required, ..Settings::of(&row) };
        change(&admin, &Actor::command_line(), &row.id, row.version, &wanted).await.unwrap();
        app.sync().await;
    };
    set(true).await;
    let claims = acme.claims("1");
    assert_eq!(acme.ask(&claims, &[]).await.1["error"], "invalid_dpop_proof");
    set(false).await;
    let (status, body) = acme.ask(&claims, &[]).await;
    assert_eq!(status, 200, "it was not spent: {body}");
}

async fn an_issuer_may_be_for_some_clients(app: TestApp) {
    let acme =
        Enterprise::with(&app, Input { client_ids: Some(vec!["cli_other".into()]), ..input("Acme") }).await;
    let refused =
        "400 invalid_grant: this client may not act for the people of this issuer: an administrator adds it";
    assert_eq!(told(&acme.ask(&acme.claims("1"), &[]).await), refused);
    let input = Input { client_ids: Some(vec![acme.client.id.clone()]), ..input("Acme") };
    issuers::change(&app.core.admin(), &Actor::command_line(), (&acme.id, 1), &input).await.unwrap();
    assert_eq!(acme.ask(&acme.claims("1"), &[]).await.0, 200);
}

async fn who_is_vouched_for_is_decided_by_identity(app: TestApp) {
    let acme =
        Enterprise::with(&app, Input { trusted_domains: vec!["example.com".into()], ..input("Acme") }).await;
    let unknown = "400 invalid_grant: the person of assertion is not known here: they sign in once, or an administrator links them";
    let of = |sub: &str, email: &str, verified: bool| {
        let claims = with(&acme.claims("1"), "sub", json!(sub));
        with(&with(&claims, "email", json!(email)), "email_verified", json!(verified))
    };
    let before = app.db_rows().await;
    // Nobody's address, and nobody is admitted.
    assert_eq!(told(&acme.ask(&of("00u2", "new@example.com", true), &[]).await), unknown);
    assert_eq!(told(&acme.ask(&of("00u2", "ann@other.example", true), &[]).await), unknown);
    // Ann has an identity here: her address has changed hands.
    assert_eq!(told(&acme.ask(&of("00u2", "ann@example.com", true), &[]).await), unknown);
    let unverified = "400 invalid_grant: assertion says no verified email, and its sub is not known here";
    assert_eq!(told(&acme.ask(&of("00u2", "ann@example.com", false), &[]).await), unverified);
    assert_eq!(app.db_rows().await, before);
    // The address of somebody else beside her own sub says nothing.
    let (code, body) = acme.ask(&of("00u1", "bob@example.com", true), &[]).await;
    assert_eq!(
        (code, &part_of(body["access_token"].as_str().unwrap(), 1)["sub"]),
        (200, &json!(app.user.id))
    );
    app.disable_ann().await;
    app.sync().await;
    let disabled = "400 invalid_grant: the person of assertion may not sign in here";
    assert_eq!(told(&acme.ask(&acme.claims("2"), &[]).await), disabled);
}

async fn a_trusted_domain_links_and_admits(app: TestApp) {
    let trusting = Input { trusted_domains: vec!["example.com".into()], admits: true, ..input("Acme") };
    let acme = Enterprise::with(&app, trusting).await;
    let (bob, _) = crate::account::somebody_else(&app, "bob@example.com").await;
    let of = |jti: &str, sub: &str, email: &str| {
        let claims = with(&with(&acme.claims(jti), "sub", json!(sub)), "email", json!(email));
        with(&claims, "email_verified", json!(true))
    };
    let who = async |claims: Value| {
        let (code, body) = acme.ask(&claims, &[]).await;
        assert_eq!(code, 200, "{body}");
        part_of(body["access_token"].as_str().unwrap(), 1)["sub"].as_str().unwrap().to_owned()
    };
    assert_eq!(who(of("1", "00u2", "Bob@Example.com")).await, bob.id);
    // From now on by identity, whatever the address.
    assert_eq!(who(of("2", "00u2", "robert@example.com")).await, bob.id);
    let new = who(with(&of("3", "00u3", "cy@example.com"), "name", json!("Cy"))).await;
    let cy = app.core.oauth.store.find_user(&new).await.unwrap().unwrap();
    assert_eq!((cy.email.as_str(), cy.name.as_deref(), cy.is_admin), ("cy@example.com", Some("Cy"), false));
    assert_eq!(who(of("4", "00u3", "cy@example.com")).await, new);
    assert_eq!(app.audit_reasons("identity.linked").await, ["admitted", "trusted_domain"]);
}

async fn who_vouches_for_its_domains_need_not_say_verified(app: TestApp) {
    let trusting = Input { trusted_domains: vec!["example.com".into()], ..input("Acme") };
    let acme = Enterprise::with(&app, trusting.clone()).await;
    let (bob, _) = crate::account::somebody_else(&app, "bob@example.com").await;
    let of = |jti: &str| {
        let mut claims =
            with(&with(&acme.claims(jti), "sub", json!("00u2")), "email", json!("bob@example.com"));
        claims.as_object_mut().unwrap().remove("email_verified");
        claims
    };
    let refused = "400 invalid_grant: assertion says no verified email, and its sub is not known here";
    assert_eq!(told(&acme.ask(&of("1"), &[]).await), refused);
    let admin = app.core.admin();
    let row = app.core.oauth.trusted.current().all()[0].row.clone();
    let vouching = Input { vouches: true, ..trusting };
    issuers::change(&admin, &Actor::command_line(), (&row.id, row.version), &vouching).await.unwrap();
    let says_no = with(&of("2"), "email_verified", json!(false));
    assert_eq!(told(&acme.ask(&says_no, &[]).await), refused);
    let (code, body) = acme.ask(&of("3"), &[]).await;
    assert_eq!(code, 200, "{body}");
    assert_eq!(part_of(body["access_token"].as_str().unwrap(), 1)["sub"], json!(bob.id));
}

async fn scopes_are_what_all_agree_on(app: TestApp) {
    let limited = Input { scopes: Some(vec!["notes:read".into()]), ..input("Acme") };
    let acme = Enterprise::with(&app, limited).await;
    let (_, url) = notes(&app).await;
    let scope = async |jti: &str, said: Value, asked: &str| {
        let claims = with(&with(&acme.claims(jti), "resource", json!(url)), "scope", said);
        let (_, body) = acme.ask(&claims, &[("scope", asked)]).await;
        body["scope"].as_str().or(body["error"].as_str()).unwrap().to_owned()
    };
    assert_eq!(scope("1", json!("notes:read notes:write"), "").await, "notes:read");
    assert_eq!(scope("2", json!("notes:write"), "").await, "invalid_scope");
    assert_eq!(scope("2", json!("notes:read"), "notes:write").await, "invalid_scope");
    assert_eq!(scope("2", json!("notes:read"), "notes:read openid").await, "notes:read");
    // It says none: what is given by default, which is nothing here.
    assert_eq!(scope("3", Value::Null, "").await, "");
}

async fn a_person_ends_what_was_vouched_for(app: TestApp) {
    let acme = Enterprise::new(&app).await;
    let (token, browser) = (acme.token("1").await, app.signed_in().await);
    assert_eq!(status(&app, &token).await, 200);
    let page = browser.page("/account/apps").await;
    browser.send(&Form::all(&page, "/account/apps").remove(0)).await;
    app.sync().await;
    assert_eq!(status(&app, &token).await, 401);
    // Her organization decides anew with each assertion.
    let again = acme.token("2").await;
    assert_eq!(status(&app, &again).await, 200);
    assert_ne!(part_of(&token, 1)["gid"], part_of(&again, 1)["gid"]);
}

async fn disabling_an_issuer_ends_what_it_gave(app: TestApp) {
    let (admin, actor) = (app.core.admin(), Actor::command_line());
    let acme = Enterprise::new(&app).await;
    let token = acme.token("1").await;
    issuers::disable(&admin, &actor, &acme.id).await.unwrap();
    assert_eq!(status(&app, &token).await, 401, "on this process at once");
    assert_eq!(acme.ask(&acme.claims("2"), &[]).await.1["error"], "unsupported_grant_type");
    issuers::enable(&admin, &actor, &acme.id).await.unwrap();
    assert_eq!(status(&app, &token).await, 401, "what ended stays so");
    let token = acme.token("2").await;
    issuers::delete(&admin, &actor, &acme.id, "Acme").await.unwrap();
    assert_eq!(status(&app, &token).await, 401);
    let page = app.signed_in().await.page("/account/apps").await;
    assert!(!page.contains("Reports"), "{page}");
    // A client that is disabled is refused before anything is read.
    clients::disable(&admin, &actor, &acme.client.id).await.unwrap();
    app.sync().await;
    let other = trust(&app, &acme.issuer.url, "enterprise", input("Acme")).await;
    assert_eq!(acme.ask(&acme.claims("3"), &[]).await.1["error"], "invalid_client");
    assert!(!other.is_empty());
}

on_both! {
    a_person_is_vouched_for,
    a_public_client_may_show_one,
    what_is_wrong_with_an_id_jag,
    nothing_is_spent_where_a_proof_is_missing,
    an_issuer_may_be_for_some_clients,
    who_is_vouched_for_is_decided_by_identity,
    a_trusted_domain_links_and_admits,
    who_vouches_for_its_domains_need_not_say_verified,
    scopes_are_what_all_agree_on,
    a_person_ends_what_was_vouched_for,
    disabling_an_issuer_ends_what_it_gave,
}
