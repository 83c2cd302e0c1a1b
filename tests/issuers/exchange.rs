//! Token exchange: whose token becomes one of which resource.

use std::fmt::Write as _;

use gatepost::admin::exchanges::{self, NewExchange};
use gatepost::admin::{Actor, clients};
use gatepost::jobs::{Retention, reap_once};
use gatepost::oauth::client::AuthMethod;
use gatepost::oauth::grants::token_exchange::GRANT_TYPE;
use gatepost::oauth::keys::Alg;
use serde_json::{Value, json};

use super::{ask, ask_as, builtin, notes, told, with};
use crate::mcp::caller::Caller;
use crate::oauth::dpop::{granted, send};
use crate::oauth::part_of;
use crate::on_both;
use crate::support::{MadeClient, ProofKey, TestApp, Tokens};

const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// The built-in server as a client that calls Notes, and an app's token of Ann's for it.
struct Servers<'a> {
    app: &'a TestApp,
    server: MadeClient,
    notes_id: String,
    notes_url: String,
    rule: String,
    tokens: Tokens,
    app_id: String,
}

impl<'a> Servers<'a> {
    async fn new(app: &'a TestApp) -> Self {
        let ((notes_id, notes_url), server) = (notes(app).await, app.made_machine(None).await);
        let rule = allow(app, &server.id, &builtin(app), &notes_id, "notes:read").await;
        let (client, browser) = (app.client().await, app.signed_in().await);
        let tokens = client.log_in(&browser, "search:read").await;
        Self { app, server, notes_id, notes_url, rule, tokens, app_id: client.id }
    }

    async fn ask(&self, changes: &[(&str, Option<&str>)]) -> (u16, Value) {
        let good = [
            ("grant_type", GRANT_TYPE),
            ("subject_token", self.tokens.access.as_str()),
            ("subject_token_type", ACCESS_TOKEN),
            ("resource", self.notes_url.as_str()),
        ];
        let is_changed = |name: &str| changes.iter().any(|(changed, _)| *changed == name);
        let kept = good.into_iter().filter(|(name, _)| !is_changed(name));
        let form: Vec<(&str, &str)> = kept
            .chain(changes.iter().filter_map(|(name, value)| value.map(|value| (*name, value))))
            .collect();
        ask_as(self.app, (&self.server.id, &self.server.secret), &form).await
    }

    async fn exchanged(&self) -> String {
        let (status, body) = self.ask(&[]).await;
        assert_eq!(status, 200, "{body}");
        body["access_token"].as_str().unwrap().to_owned()
    }
}

async fn allow(app: &TestApp, client: &str, from: &str, to: &str, scopes: &str) -> String {
    let new = NewExchange {
        client_id: client.into(),
        from_id: from.into(),
        to_id: to.into(),
        scopes: scopes.split(' ').filter(|s| !s.is_empty()).map(str::to_owned).collect(),
    };
    exchanges::add(&app.core.admin(), &Actor::command_line(), &new).await.unwrap().id
}

async fn a_token_is_exchanged_by_the_rule(app: TestApp) {
    let servers = Servers::new(&app).await;
    app.advance(600).await;
    let (status, body) = servers.ask(&[]).await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(body["issued_token_type"], ACCESS_TOKEN);
    assert_eq!((&body["scope"], &body["token_type"]), (&json!("notes:read"), &json!("Bearer")));
    assert!(body.get("refresh_token").is_none(), "{body}");
    let (old, new) = (part_of(&servers.tokens.access, 1), part_of(body["access_token"].as_str().unwrap(), 1));
    assert_eq!((&new["sub"], &new["aud"]), (&json!(app.user.id), &json!(servers.notes_url)));
    assert_eq!(
        (&new["client_id"], &new["act"]),
        (&json!(servers.server.id), &json!({ "sub": servers.server.id }))
    );
    assert_eq!((&new["gid"], &new["exp"]), (&old["gid"], &old["exp"]), "no longer than the old one");
    assert_eq!(body["expires_in"], old["exp"].as_i64().unwrap() - app.clock.now());
    assert_eq!(app.audit_reasons("token.exchanged").await, ["ok"]);
    // It opens nothing at the first server, and a server of the other asks whether it lives.
    assert_eq!(
        Caller::new(&app, body["access_token"].as_str().unwrap()).call("whoami", json!({})).await.status(),
        401
    );
    let active = async || {
        let form = [("token", body["access_token"].as_str().unwrap())];
        let request = app.http().post(app.at("/oauth/introspect")).form(&form);
        let request = request.basic_auth(&servers.server.id, Some(&servers.server.secret));
        super::ok_json(request.send().await.unwrap()).await["active"].clone()
    };
    assert_eq!(active().await, true);
    let gid = old["gid"].as_str().unwrap().to_owned();
    assert!(app.core.oauth.store.revoke_grant(gid, app.clock.now(), "test").await.unwrap());
    app.sync().await;
    assert_eq!(active().await, false, "it hangs on the same grant");
    assert_eq!(servers.ask(&[]).await.1["error"], "invalid_request");
}

async fn an_exchanged_token_is_bound_to_the_servers_key(app: TestApp) {
    let (servers, key) = (Servers::new(&app).await, ProofKey::new());
    let form = [
        ("grant_type", GRANT_TYPE.to_owned()),
        ("subject_token", servers.tokens.access.clone()),
        ("subject_token_type", ACCESS_TOKEN.to_owned()),
        ("resource", servers.notes_url.clone()),
        ("client_id", servers.server.id.clone()),
        ("client_secret", servers.server.secret.clone()),
    ];
    let proof = key.for_tokens(&app);
    let body = granted(&app, &form, &proof).await;
    let claims = part_of(body["access_token"].as_str().unwrap(), 1);
    assert_eq!((&body["token_type"], &claims["cnf"]), (&json!("DPoP"), &json!({ "jkt": key.jkt() })));
    let again = send(&app, &form, &[&proof]).await;
    assert_eq!(again.status(), 400, "a proof counts once");
}

async fn who_holds_an_exchanged_token_can_end_it_alone(app: TestApp) {
    let servers = Servers::new(&app).await;
    let (second, home) = (app.made_machine(None).await, builtin(&app));
    allow(&app, &second.id, &servers.notes_id, &home, "search:read").await;
    let replica = app.replica().await;
    let (first, other) = (servers.exchanged().await, servers.exchanged().await);
    let home_url = app.at("/mcp");
    let form = [
        ("grant_type", GRANT_TYPE),
        ("subject_token", &first),
        ("subject_token_type", ACCESS_TOKEN),
        ("resource", &home_url),
    ];
    let (status, body) = ask_as(&app, (&second.id, &second.secret), &form).await;
    assert_eq!(status, 200, "{body}");
    let at_home = body["access_token"].as_str().unwrap().to_owned();
    let revoke = async |client: &MadeClient, token: &str| {
        let form = [("token", token), ("client_id", &client.id), ("client_secret", &client.secret)];
        app.http().post(app.at("/oauth/revoke")).form(&form).send().await.unwrap().status()
    };
    let active = async |app: &TestApp, token: &str| {
        let request = app.http().post(app.direct("/oauth/introspect")).form(&[("token", token)]);
        let request = request.basic_auth(&servers.server.id, Some(&servers.server.secret));
        super::ok_json(request.send().await.unwrap()).await["active"].clone()
    };
    let works = async |app: &TestApp, token: &str| {
        Caller::new(app, token).call("whoami", json!({})).await.status().as_u16()
    };
    // Nobody else's to end.
    assert_eq!(revoke(&second, &first).await, 200);
    assert_eq!(active(&app, &first).await, true);
    assert_eq!((works(&app, &at_home).await, works(&replica, &at_home).await), (200, 200));

    for token in [&first, &at_home] {
        let holder = if token == &first { &servers.server } else { &second };
        assert_eq!(revoke(holder, token).await, 200);
        assert_eq!(revoke(holder, token).await, 200, "once more makes no difference");
    }
    replica.sync().await;
    for app in [&app, &replica] {
        assert_eq!((active(app, &first).await, active(app, &other).await), (json!(false), json!(true)));
        assert_eq!(works(app, &at_home).await, 401);
        assert_eq!(works(app, &servers.tokens.access).await, 200, "the person's app goes on");
    }
    assert_eq!(ask_as(&app, (&second.id, &second.secret), &form).await.1["error"], "invalid_request");
    assert_eq!(active(&app, &servers.exchanged().await).await, true, "it may have another");
    let after = app.replica().await;
    assert_eq!(active(&after, &first).await, false, "a process that starts later knows too");
    assert_eq!(app.audit_reasons("token.revoked").await, ["ok", "ok", "ok", "ok", "unknown_token"]);
    app.advance(86_400).await;
    let retention = Retention { unused_clients: 7 * 86_400, audit_events: 400 * 86_400 };
    reap_once(&app.core.accounts, retention, app.clock.now()).await.unwrap();
    assert!(app.core.oauth.store.tokens_ended_since(0).await.unwrap().is_empty());
}

/// The exchanged token is exchanged once more: who acts is told in full, and not without end.
async fn exchanges_in_a_row_name_everybody(app: TestApp) {
    let servers = Servers::new(&app).await;
    let (second, home) = (app.made_machine(None).await, builtin(&app));
    allow(&app, &second.id, &servers.notes_id, &home, "search:read").await;
    allow(&app, &second.id, &home, &servers.notes_id, "notes:read").await;
    let mut token = servers.exchanged().await;
    let mut depth = 1;
    loop {
        let resource = if depth % 2 == 1 { app.at("/mcp") } else { servers.notes_url.clone() };
        let form = [
            ("grant_type", GRANT_TYPE),
            ("subject_token", &token),
            ("subject_token_type", ACCESS_TOKEN),
            ("resource", &resource),
        ];
        let (status, body) = ask_as(&app, (&second.id, &second.secret), &form).await;
        if depth == 4 {
            assert_eq!(
                told(&(status, body)),
                "400 invalid_request: subject_token was exchanged too often already"
            );
            break;
        }
        assert_eq!(status, 200, "{body}");
        token = body["access_token"].as_str().unwrap().to_owned();
        let act = &part_of(&token, 1)["act"];
        assert_eq!(act["sub"], second.id);
        if depth == 1 {
            assert_eq!(*act, json!({ "sub": second.id, "act": { "sub": servers.server.id } }));
            let who = Caller::new(&app, &token).who().await;
            assert_eq!((&who["subject"], &who["client"]["id"]), (&json!(app.user.id), &json!(second.id)));
        }
        depth += 1;
    }
}

async fn a_target_is_named_by_resource_or_audience(app: TestApp) {
    let servers = Servers::new(&app).await;
    for changes in [
        &[("resource", None), ("audience", Some(servers.notes_url.as_str()))][..],
        &[("resource", None), ("audience", Some(servers.notes_id.as_str()))],
        &[("audience", Some(servers.notes_url.as_str()))],
    ] {
        assert_eq!(servers.ask(changes).await.0, 200, "{changes:?}");
    }
    let home = app.at("/mcp");
    for (changes, expected) in [
        (&[("resource", None)][..], "400 invalid_request: resource is missing"),
        (
            &[("audience", Some("https://x.example"))],
            "400 invalid_target: audience is none of the resources here",
        ),
        (
            &[("audience", Some(home.as_str()))],
            "400 invalid_target: resource and audience name different resources",
        ),
    ] {
        assert_eq!(told(&servers.ask(changes).await), expected);
    }
}

async fn without_a_rule_nothing_is_exchanged(app: TestApp) {
    let servers = Servers::new(&app).await;
    let (home, other) = (app.at("/mcp"), app.made_machine(None).await);
    let no_rule =
        "400 invalid_target: no rule lets this client exchange a token of that resource for one of this";
    assert_eq!(told(&servers.ask(&[("resource", Some(&home))]).await), no_rule);
    let form = [
        ("grant_type", GRANT_TYPE),
        ("subject_token", &servers.tokens.access),
        ("subject_token_type", ACCESS_TOKEN),
        ("resource", &servers.notes_url),
    ];
    assert_eq!(told(&ask_as(&app, (&other.id, &other.secret), &form).await), no_rule);
    let public = [&form[..], &[("client_id", &servers.app_id)]].concat();
    assert_eq!(ask(&app, &public).await.1["error"], "unauthorized_client");
    assert_eq!(ask(&app, &form).await.0, 401);
    let (admin, actor) = (app.core.admin(), Actor::command_line());
    // With another rule left, so that the grant type stays.
    allow(&app, &other.id, &builtin(&app), &servers.notes_id, "notes:read").await;
    exchanges::delete(&admin, &actor, &servers.rule).await.unwrap();
    assert_eq!(told(&servers.ask(&[]).await), no_rule);
}

async fn the_grant_is_there_while_a_rule_is(app: TestApp) {
    let servers = Servers::new(&app).await;
    let has = async || {
        let url = app.at("/.well-known/oauth-authorization-server");
        let body = super::ok_json(app.http().get(url).send().await.unwrap()).await;
        body["grant_types_supported"].as_array().unwrap().iter().any(|grant| grant == GRANT_TYPE)
    };
    assert!(has().await);
    let replica = app.replica().await;
    exchanges::delete(&app.core.admin(), &Actor::command_line(), &servers.rule).await.unwrap();
    assert!(!has().await);
    assert_eq!(servers.ask(&[]).await.1["error"], "unsupported_grant_type");
    replica.sync().await;
    let form = [("grant_type", GRANT_TYPE)];
    assert_eq!(
        ask_as(&replica, (&servers.server.id, &servers.server.secret), &form).await.1["error"],
        "unsupported_grant_type"
    );
}

async fn what_is_wrong_with_a_subject_token(app: TestApp) {
    let servers = Servers::new(&app).await;
    let claims = part_of(&servers.tokens.access, 1);
    let sign =
        |typ: &str, claims: &Value| app.core.oauth.keys.current().sign(Alg::Es256, typ, claims).unwrap();
    let machine =
        ask_as(&app, (&servers.server.id, &servers.server.secret), &[("grant_type", "client_credentials")])
            .await
            .1;
    let (body, _) = servers.tokens.access.rsplit_once('.').unwrap();
    let wrong = [
        ("nonsense", "x".repeat(9_000)),
        ("a refresh token", servers.tokens.refresh.clone()),
        ("no signature", format!("{body}.")),
        ("an ID token", sign("JWT", &claims)),
        ("another issuer", sign("at+jwt", &with(&claims, "iss", json!("https://other.example")))),
        ("another audience", sign("at+jwt", &with(&claims, "aud", json!("https://other.example/mcp")))),
        ("expired", sign("at+jwt", &with(&claims, "exp", json!(app.clock.now())))),
        ("of a grant that is gone", sign("at+jwt", &with(&claims, "gid", json!("grt_gone")))),
        ("of a person who is gone", sign("at+jwt", &with(&claims, "sub", json!("usr_gone")))),
        ("of a client that is gone", sign("at+jwt", &with(&claims, "client_id", json!("cli_gone")))),
        ("bound to a key", sign("at+jwt", &with(&claims, "cnf", json!({ "jkt": "x" })))),
        ("of a machine", machine["access_token"].as_str().unwrap().to_owned()),
    ];
    let before = app.db_rows().await;
    let mut text = String::new();
    for (title, token) in &wrong {
        let answer = servers.ask(&[("subject_token", Some(token))]).await;
        assert_eq!(answer.1["error"], "invalid_request", "{title}");
        writeln!(text, "{title}: {}", told(&answer)).unwrap();
    }
    assert_eq!(app.db_rows().await, before);
    clients::disable(&app.core.admin(), &Actor::command_line(), &servers.app_id).await.unwrap();
    app.sync().await;
    writeln!(text, "of a disabled client: {}", told(&servers.ask(&[]).await)).unwrap();
    insta::with_settings!({
        snapshot_path => "../snapshots", prepend_module_to_snapshot => false, omit_expression => true,
    }, { insta::assert_snapshot!("token_exchange", text) });
}

async fn a_disabled_person_is_acted_for_no_more(app: TestApp) {
    let servers = Servers::new(&app).await;
    app.disable_ann().await;
    app.sync().await;
    assert_eq!(servers.ask(&[]).await.1["error"], "invalid_request");
}

async fn what_else_token_exchange_could_be_is_refused(app: TestApp) {
    let servers = Servers::new(&app).await;
    let kind = |name: &str| format!("urn:ietf:params:oauth:token-type:{name}");
    assert_eq!(servers.ask(&[("subject_token_type", Some(&kind("jwt")))]).await.0, 200);
    assert_eq!(servers.ask(&[("requested_token_type", Some(ACCESS_TOKEN))]).await.0, 200);
    for (name, value) in [
        ("subject_token_type", None),
        ("subject_token_type", Some(kind("id_token"))),
        ("requested_token_type", Some(kind("refresh_token"))),
        ("requested_token_type", Some(kind("id-jag"))),
        ("actor_token", Some("x".to_owned())),
        ("actor_token_type", Some(kind("access_token"))),
        ("subject_token", None),
    ] {
        let answer = servers.ask(&[(name, value.as_deref())]).await;
        assert_eq!(answer.1["error"], "invalid_request", "{name} {value:?}");
    }
}

async fn scopes_of_an_exchange_are_the_rules(app: TestApp) {
    let servers = Servers::new(&app).await;
    let scope = async |asked: &str| {
        let (_, body) = servers.ask(&[("scope", Some(asked))]).await;
        body["scope"].as_str().or(body["error"].as_str()).unwrap().to_owned()
    };
    assert_eq!(scope("notes:read notes:write").await, "notes:read");
    for outside in ["notes:write", "search:read", "openid"] {
        assert_eq!(scope(outside).await, "invalid_scope", "{outside}");
    }
    let wide = ["notes:read".to_owned(), "notes:write".to_owned()];
    exchanges::change(&app.core.admin(), &Actor::command_line(), (&servers.rule, 1), &wide).await.unwrap();
    assert_eq!(scope("").await, "notes:read notes:write");
    assert_eq!(scope("notes:write").await, "notes:write");
    // A public client is no server, whatever a rule says.
    let public = app.made_client(AuthMethod::None, "http://127.0.0.1/a").await;
    let new = NewExchange {
        client_id: public.id,
        from_id: builtin(&app),
        to_id: servers.notes_id.clone(),
        scopes: vec!["notes:read".into()],
    };
    assert!(exchanges::add(&app.core.admin(), &Actor::command_line(), &new).await.is_err());
}

on_both! {
    a_token_is_exchanged_by_the_rule, an_exchanged_token_is_bound_to_the_servers_key,
    exchanges_in_a_row_name_everybody,
    who_holds_an_exchanged_token_can_end_it_alone,
    a_target_is_named_by_resource_or_audience,
    without_a_rule_nothing_is_exchanged,
    the_grant_is_there_while_a_rule_is,
    what_is_wrong_with_a_subject_token,
    a_disabled_person_is_acted_for_no_more,
    what_else_token_exchange_could_be_is_refused,
    scopes_of_an_exchange_are_the_rules,
}
