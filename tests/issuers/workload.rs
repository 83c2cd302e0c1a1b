//! Workloads: which token becomes which machine, and everything that is none.

use std::fmt::Write as _;

use gatepost::admin::Actor;
use gatepost::admin::clients::disable;
use gatepost::admin::issuers::rules;
use gatepost::oauth::client::AuthMethod;
use serde_json::{Value, json};

use super::{Input, ask, ask_as, bearing, builtin, forged, input, notes, rule, rule_for, told, trust, with};
use crate::mcp::caller::Caller;
use crate::oauth::part_of;
use crate::on_both;
use crate::support::Signer;
use crate::support::TestApp;
use crate::support::issuer::ForeignIssuer;

/// A platform whose program `acme:deploy` is a machine.
struct Platform<'a> {
    app: &'a TestApp,
    issuer: ForeignIssuer,
    machine: String,
    secret: String,
}

impl<'a> Platform<'a> {
    async fn new(app: &'a TestApp) -> Self {
        let (issuer, made) = (ForeignIssuer::start(), app.made_machine(None).await);
        let id = trust(app, &issuer.url, "workload", input("Jobs")).await;
        rule(app, &id, &["sub = acme:deploy"], &made.id).await;
        Self { app, issuer, machine: made.id, secret: made.secret }
    }

    fn claims(&self, jti: &str) -> Value {
        let now = self.app.clock.now();
        json!({ "iss": self.issuer.url, "sub": "acme:deploy", "aud": self.app.url, "iat": now, "nbf": now,
                "exp": now + 300, "jti": jti })
    }

    fn token(&self, jti: &str) -> String {
        self.issuer.signer.sign(&self.claims(jti))
    }
}

async fn a_workload_becomes_its_machine(app: TestApp) {
    let platform = Platform::new(&app).await;
    let (status, body) = ask(&app, &bearing(&platform.token("1"), &[])).await;
    assert_eq!(status, 200, "{body}");
    assert_eq!((&body["scope"], &body["token_type"]), (&json!("search:read"), &json!("Bearer")));
    assert!(body.get("refresh_token").is_none() && body.get("id_token").is_none(), "{body}");
    let token = body["access_token"].as_str().unwrap();
    let claims = part_of(token, 1);
    assert_eq!((&claims["sub"], &claims["client_id"]), (&json!(platform.machine), &json!(platform.machine)));
    assert_eq!(claims["aud"], app.at("/mcp"));
    let who = Caller::new(&app, token).who().await;
    assert_eq!(who["client"]["id"], platform.machine);
    // The grant is the machine's own, whichever way it comes.
    let with_secret =
        ask_as(&app, (&platform.machine, &platform.secret), &[("grant_type", "client_credentials")]).await.1;
    assert_eq!(part_of(with_secret["access_token"].as_str().unwrap(), 1)["gid"], claims["gid"]);
    // The token endpoint is a name of ours too, alone or among others; so is a typ.
    let endpoint = app.at("/oauth/token");
    for (jti, aud) in
        [("2", json!(endpoint)), ("3", json!(["https://x.example", endpoint])), ("4", json!([app.url]))]
    {
        let token = platform.issuer.signer.sign(&with(&platform.claims(jti), "aud", aud));
        assert_eq!(ask(&app, &bearing(&token, &[])).await.0, 200);
    }
    let header = json!({ "alg": "ES256", "kid": "key-1", "typ": "JWT" });
    let token = platform.issuer.signer.sign_as(&header, &platform.claims("5"));
    assert_eq!(ask(&app, &bearing(&token, &[])).await.0, 200);
    assert_eq!(app.audit_reasons("assertion.taken").await.len(), 5);
    assert_eq!(platform.issuer.key_requests(), 1, "keys are kept");
}

async fn what_is_wrong_with_a_workload(app: TestApp) {
    let platform = Platform::new(&app).await;
    let (claims, signer, now) = (platform.claims("good"), &platform.issuer.signer, app.clock.now());
    let header = |typ: &str| json!({ "alg": "ES256", "kid": "key-1", "typ": typ });
    let mut wrong = forged(&platform.issuer, None, &claims);
    for typ in ["at+jwt", "oauth-id-jag+jwt", "dpop+jwt", "logout+jwt"] {
        wrong.push(("another typ", signer.sign_as(&header(typ), &claims)));
    }
    for (title, name, value) in [
        ("iss of nobody", "iss", json!("https://nobody.example")),
        ("iss with a slash", "iss", json!(format!("{}/", platform.issuer.url))),
        ("no iss", "iss", Value::Null),
        ("aud of somebody else", "aud", json!("https://other.example")),
        ("aud with a slash", "aud", json!(format!("{}/", app.url))),
        ("aud of a resource", "aud", json!(app.at("/mcp"))),
        ("no aud", "aud", Value::Null),
        ("no exp", "exp", Value::Null),
        ("exp past", "exp", json!(now)),
        ("exp beyond a day", "exp", json!(now + 86_431)),
        ("exp as text", "exp", json!("soon")),
        ("iat in the future", "iat", json!(now + 31)),
        ("nbf in the future", "nbf", json!(now + 31)),
        ("no sub", "sub", Value::Null),
        ("sub of nobody's rule", "sub", json!("acme:other")),
        ("no jti", "jti", Value::Null),
        ("jti too long", "jti", json!("x".repeat(257))),
    ] {
        wrong.push((title, signer.sign(&with(&claims, name, value))));
    }
    let before = app.db_rows().await;
    let mut text = String::new();
    for (title, token) in &wrong {
        let answer = ask(&app, &bearing(token, &[])).await;
        assert_ne!(answer.0, 200, "{title}");
        writeln!(text, "{title}: {}", told(&answer)).unwrap();
    }
    writeln!(text, "no assertion: {}", told(&ask(&app, &bearing("", &[])).await)).unwrap();
    assert_eq!(app.db_rows().await, before);
    insta::with_settings!({
        snapshot_path => "../snapshots", prepend_module_to_snapshot => false, omit_expression => true,
    }, { insta::assert_snapshot!("jwt_bearer_workload", text) });
    // None of it burnt the jti.
    assert_eq!(ask(&app, &bearing(&signer.sign(&claims), &[])).await.0, 200);
}

async fn a_token_may_be_good_until_it_expires(app: TestApp) {
    let (issuer, made) = (ForeignIssuer::start(), app.made_machine(None).await);
    let id = trust(&app, &issuer.url, "workload", Input { single_use: false, ..input("Cluster") }).await;
    rule(&app, &id, &["sub = system:serviceaccount:prod:*"], &made.id).await;
    let now = app.clock.now();
    let token = issuer.signer.sign(&json!({ "iss": issuer.url, "sub": "system:serviceaccount:prod:agent",
        "aud": [app.url, "https://kubernetes.default.svc"], "exp": now + 3600 }));
    for _ in 0..3 {
        assert_eq!(ask(&app, &bearing(&token, &[])).await.0, 200);
    }
    app.advance(3600).await;
    assert_eq!(
        told(&ask(&app, &bearing(&token, &[])).await),
        "400 invalid_grant: assertion has expired: ask its issuer for another"
    );
}

/// The shapes of three platforms, as their documents describe them.
async fn tokens_of_known_platforms_are_taken(app: TestApp) {
    let now = app.clock.now();
    let times = |mut claims: Value| {
        claims["aud"] = json!(app.url);
        claims["iat"] = json!(now);
        claims["nbf"] = json!(now - 5);
        claims["exp"] = json!(now + 300);
        claims
    };
    let github = json!({
        "jti": "6f1a", "sub": "repo:acme/deploy:environment:production", "repository": "acme/deploy",
        "repository_owner": "acme", "repository_id": "74", "ref": "refs/heads/main", "ref_type": "branch",
        "environment": "production", "workflow": "release", "run_id": "1", "run_attempt": "1",
        "job_workflow_ref": "acme/deploy/.github/workflows/release.yml@refs/heads/main", "event_name": "push" });
    let gitlab = json!({
        "jti": "c8", "sub": "project_path:acme/tools/deploy:ref_type:branch:ref:main", "namespace_id": "72",
        "namespace_path": "acme/tools", "project_id": "20", "project_path": "acme/tools/deploy", "ref": "main",
        "ref_type": "branch", "ref_protected": "true", "pipeline_id": "574", "job_id": "302", "user_login": "ann" });
    let kubernetes = json!({
        "jti": "9a5c", "sub": "system:serviceaccount:prod:agent",
        "kubernetes.io": { "namespace": "prod", "pod": { "name": "agent-0", "uid": "5f" },
            "serviceaccount": { "name": "agent", "uid": "14" } } });
    let made = app.made_machine(None).await;
    for (claims, conditions) in [
        (
            github,
            ["repository = acme/deploy", "sub = repo:acme/*:environment:production", "ref = refs/heads/main"],
        ),
        (
            gitlab,
            [
                "project_path = acme/tools/deploy",
                "ref_protected = true",
                "sub = project_path:acme/tools/*:ref_type:branch:ref:main",
            ],
        ),
        (kubernetes, ["sub = system:serviceaccount:prod:agent", "jti = *a5c", "sub = system:*:prod:agent"]),
    ] {
        let issuer = ForeignIssuer::start_with(Signer::rs256("rsa"));
        let id = trust(&app, &issuer.url, "workload", input("Platform")).await;
        rule(&app, &id, &conditions, &made.id).await;
        let token = issuer.signer.sign(&with(&times(claims), "iss", json!(issuer.url)));
        let answer = ask(&app, &bearing(&token, &[("scope", "search:read")])).await;
        assert_eq!(answer.0, 200, "{}", answer.1);
    }
}

async fn a_rule_is_for_one_resource(app: TestApp) {
    let platform = Platform::new(&app).await;
    let ((notes_id, notes_url), mcp) = (notes(&app).await, app.at("/mcp"));
    let id = app.core.oauth.trusted.current().all()[0].row.id.clone();
    let answer = ask(&app, &bearing(&platform.token("1"), &[("resource", &notes_url)])).await;
    assert_eq!(told(&answer), "400 invalid_target: no rule gives this workload a token for this resource");
    rule_for(&app, &id, &["sub = acme:*"], &platform.machine, &notes_id).await;
    for (jti, resource, audience) in [("1", &notes_url, &notes_url), ("2", &mcp, &mcp)] {
        let (_, body) = ask(&app, &bearing(&platform.token(jti), &[("resource", resource)])).await;
        assert_eq!(part_of(body["access_token"].as_str().unwrap(), 1)["aud"], **audience, "{body}");
    }
    let unknown = ask(&app, &bearing(&platform.token("3"), &[("resource", "https://x.example")])).await;
    assert_eq!(unknown.1["error"], "invalid_target");
}

async fn a_disabled_machine_gets_nothing_for_its_workload(app: TestApp) {
    let platform = Platform::new(&app).await;
    let (_, body) = ask(&app, &bearing(&platform.token("1"), &[])).await;
    let caller = Caller::new(&app, body["access_token"].as_str().unwrap());
    assert_eq!(caller.call("whoami", json!({})).await.status(), 200);
    disable(&app.core.admin(), &Actor::command_line(), &platform.machine).await.unwrap();
    app.sync().await;
    let answer = ask(&app, &bearing(&platform.token("2"), &[])).await;
    assert_eq!(told(&answer), "400 invalid_grant: the machine that this workload is gets no tokens now");
    assert_eq!(caller.call("whoami", json!({})).await.status(), 401);
}

async fn a_client_beside_a_workload_must_be_its_machine(app: TestApp) {
    let platform = Platform::new(&app).await;
    let other = app.made_machine(None).await;
    let token = platform.token("1");
    let other_id = ask(&app, &bearing(&token, &[("client_id", &other.id)])).await;
    assert_eq!(
        told(&other_id),
        "400 invalid_grant: client_id is not the machine that this workload is: leave it out"
    );
    assert_eq!(
        ask_as(&app, (&other.id, &other.secret), &bearing(&token, &[])).await.1["error"],
        "invalid_grant"
    );
    assert_eq!(ask_as(&app, (&platform.machine, "wrong"), &bearing(&token, &[])).await.0, 401);
    assert_eq!(ask_as(&app, (&platform.machine, &platform.secret), &bearing(&token, &[])).await.0, 200);
    let named = ask(&app, &bearing(&platform.token("2"), &[("client_id", &platform.machine)])).await;
    assert_eq!(named.0, 200);
    // A public client that happens to be here is no machine.
    let public = app.made_client(AuthMethod::None, "http://127.0.0.1/a").await;
    let answer = ask(&app, &bearing(&platform.token("3"), &[("client_id", &public.id)])).await;
    assert_eq!(answer.1["error"], "invalid_grant");
}

async fn a_workload_gets_what_rule_and_machine_allow(app: TestApp) {
    let (notes_id, notes_url) = notes(&app).await;
    let (issuer, made) = (ForeignIssuer::start(), app.made_machine(Some("notes:read search:read")).await);
    let id = trust(&app, &issuer.url, "workload", Input { single_use: false, ..input("Jobs") }).await;
    let rule = rule_for(&app, &id, &["sub = job"], &made.id, &notes_id).await;
    let token = issuer
        .signer
        .sign(&json!({ "iss": issuer.url, "sub": "job", "aud": app.url, "exp": app.clock.now() + 60 }));
    let scope = async |asked: &str| {
        let form = bearing(&token, &[("resource", &notes_url), ("scope", asked)]);
        let (_, body) = ask(&app, &form).await;
        body["scope"].as_str().or(body["error"].as_str()).unwrap().to_owned()
    };
    assert_eq!(scope("").await, "notes:read", "the machine's ceiling");
    assert_eq!(scope("notes:read notes:write").await, "notes:read");
    assert_eq!(scope("notes:write").await, "invalid_scope");
    assert_eq!(scope("search:read").await, "invalid_scope", "of another resource");
    let narrow = rules::Input {
        claims: rules::read_conditions(&["sub = job".to_owned()]),
        client_id: made.id.clone(),
        resource_id: notes_id.clone(),
        scopes: Some(vec!["notes:write".to_owned()]),
    };
    rules::change(&app.core.admin(), &Actor::command_line(), (&id, &rule, 1), &narrow).await.unwrap();
    assert_eq!(scope("notes:read").await, "invalid_scope", "the rule's limit");
    assert_eq!(scope("").await, "", "nothing of both");
    assert_ne!(builtin(&app), notes_id);
}

on_both! {
    a_workload_becomes_its_machine,
    what_is_wrong_with_a_workload,
    a_token_may_be_good_until_it_expires,
    tokens_of_known_platforms_are_taken,
    a_rule_is_for_one_resource,
    a_disabled_machine_gets_nothing_for_its_workload,
    a_client_beside_a_workload_must_be_its_machine,
    a_workload_gets_what_rule_and_machine_allow,
}
