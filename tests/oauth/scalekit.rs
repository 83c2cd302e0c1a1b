//! The ScaleKit dialect: its endpoints, its tokens, and that they are other doors to the same rules.

use gatepost::admin::resources::create::{NewResource, create};
use gatepost::admin::resources::settings::{Settings, change};
use gatepost::admin::resources::{find, list};
use gatepost::admin::{Actor, Failure};
use gatepost::oauth::scalekit::{Dialect, TokenIssuer};
use gatepost::store::resources::ScopeRow;
use gatepost::store::scopes::Change;
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

use super::{REDIRECT_URI, part_of, status_and_json};
use crate::mcp::caller::Caller;
use crate::on_both;
use crate::support::{Browser, EMAIL, Form, OAuthClient, PASSWORD, TestApp, json_of, location, query_of};

/// The built-in resource speaks the dialect from now on. Returns its id.
async fn turn_on(app: &TestApp, token_issuer: &str) -> String {
    let id = list(&app.core.admin()).await.unwrap()[0].id.clone();
    set(app, &id, "scalekit", token_issuer).await.unwrap();
    id
}

async fn set(app: &TestApp, id: &str, dialect: &str, token_issuer: &str) -> Result<(), Failure> {
    let admin = app.core.admin();
    let row = find(&admin, id).await.unwrap();
    let wanted =
        Settings { dialect: dialect.to_owned(), token_issuer: token_issuer.to_owned(), ..Settings::of(&row) };
    let done = change(&admin, &Actor::command_line(), id, row.version, &wanted).await;
    app.sync().await;
    done
}

/// A server elsewhere that was written for ScaleKit, registered by its base URL.
async fn base(app: &TestApp) -> String {
    let new = NewResource {
        name: "Todos".to_owned(),
        url: "https://todo.example/".to_owned(),
        dialect: Dialect::Scalekit(TokenIssuer::default()),
        ..NewResource::default()
    };
    create(&app.core.admin(), &Actor::command_line(), &new).await.unwrap().id
}

async fn get(app: &TestApp, path: &str) -> Response {
    app.http().get(app.at(path)).send().await.unwrap()
}

async fn register(app: &TestApp, id: &str) -> (u16, Value) {
    let metadata = json!({ "client_name": "FastMCP Client", "redirect_uris": [REDIRECT_URI] });
    let path = format!("/api/v1/resources/{id}/clients:register");
    status_and_json(app.http().post(app.at(&path)).json(&metadata).send().await.unwrap()).await
}

/// A client that registered itself by the door of a resource, with what it says there.
struct Visitor {
    client: OAuthClient,
    id: String,
}

impl Visitor {
    async fn new(app: &TestApp, id: &str) -> Self {
        let client = OAuthClient::register(app, "Visitor").await;
        Self { client, id: id.to_owned() }
    }

    fn authorize(&self, changes: &[(&str, &str)]) -> String {
        let mut params = self.client.params("search:read openid");
        for (name, value) in changes {
            params.retain(|(n, _)| n != name);
            params.push(((*name).to_owned(), (*value).to_owned()));
        }
        let query = serde_urlencoded::to_string(params).unwrap();
        format!("/resources/{}/oauth/authorize?{query}", self.id)
    }

    async fn redeem(&self, answer: &str, more: &[(&'static str, &str)]) -> (u16, Value) {
        let mut params = self.client.redemption(&query_of(answer)["code"]);
        params.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
        self.ask(&params).await
    }

    async fn ask(&self, params: &[(&str, String)]) -> (u16, Value) {
        let path = format!("/resources/{}/oauth/token", self.id);
        status_and_json(self.client.post(&path, params).await).await
    }
}

fn claims(body: &Value) -> Value {
    part_of(body["access_token"].as_str().unwrap(), 1)
}

async fn the_documents_of_a_resource_name_its_own_issuer(app: TestApp) {
    let id = list(&app.core.admin()).await.unwrap()[0].id.clone();
    let inserted = format!("/.well-known/oauth-authorization-server/resources/{id}");
    let appended = format!("/resources/{id}/.well-known/oauth-authorization-server");
    for path in [&inserted, &appended] {
        assert_eq!(get(&app, path).await.status(), StatusCode::NOT_FOUND, "the dialect is off");
    }
    turn_on(&app, "environment").await;
    let document = json_of(get(&app, &inserted).await).await;
    assert_eq!(json_of(get(&app, &appended).await).await, document);
    let at = |path: &str| app.at(path);
    let of_environment = json_of(get(&app, "/.well-known/oauth-authorization-server").await).await;
    let mut expected = of_environment.clone();
    expected["issuer"] = at(&format!("/resources/{id}")).into();
    expected["authorization_endpoint"] = at(&format!("/resources/{id}/oauth/authorize")).into();
    expected["token_endpoint"] = at(&format!("/resources/{id}/oauth/token")).into();
    expected["pushed_authorization_request_endpoint"] = at(&format!("/resources/{id}/oauth/par")).into();
    expected["registration_endpoint"] = at(&format!("/api/v1/resources/{id}/clients:register")).into();
    expected["id_token_signing_alg_values_supported"] = json!(["RS256"]);
    expected["claims_supported"].as_array_mut().unwrap().push("oid".into());
    assert_eq!(document, expected);
    assert_eq!(of_environment["issuer"], app.url);
    assert_eq!(document["jwks_uri"], at("/keys"));

    let metadata = json_of(get(&app, "/.well-known/oauth-protected-resource/mcp").await).await;
    assert_eq!(metadata["authorization_servers"], json!([document["issuer"]]));
    let openid = format!("/resources/{id}/.well-known/openid-configuration");
    assert_eq!(get(&app, &openid).await.status(), 404, "it would name another issuer");
    assert_eq!(get(&app, "/resources/res_none/.well-known/oauth-authorization-server").await.status(), 404);
}

async fn a_login_through_the_door_of_a_resource(app: TestApp) {
    let id = turn_on(&app, "environment").await;
    let issuer = app.at(&format!("/resources/{id}"));
    let (status, registered) = register(&app, &id).await;
    assert_eq!(status, 201, "{registered}");
    let visitor = Visitor::new(&app, &id).await;

    // Nobody is signed in: the request survives the login.
    let ann = app.browser();
    let login = location(&ann.get(&visitor.authorize(&[])).await);
    assert!(login.starts_with("/login?"), "{login}");
    let form = Form::read(&ann.page(&login).await).set("email", EMAIL).set("password", PASSWORD);
    let back = location(&ann.send(&form).await);
    let answer = ann.allow(&back).await;
    assert_eq!(query_of(&answer)["iss"], issuer);

    let (status, body) = visitor.redeem(&answer, &[]).await;
    assert_eq!(status, 200, "{body}");
    let token = body["access_token"].as_str().unwrap();
    let (header, said) = (part_of(token, 0), claims(&body));
    assert_eq!((&header["alg"], said["iss"].as_str()), (&json!("RS256"), Some(app.url.as_str())));
    assert_eq!(said["aud"], json!([id, app.at("/mcp")]));
    assert_eq!(
        (&said["scope"], &said["scopes"]),
        (&json!("openid search:read"), &json!(["openid", "search:read"]))
    );
    let organization = said["oid"].as_str().unwrap();
    assert!(organization.strip_prefix("org_").is_some_and(|n| n.len() == 18), "{organization}");
    assert!(said["sid"].as_str().unwrap().starts_with("ses_"));
    let person = part_of(body["id_token"].as_str().unwrap(), 1);
    assert_eq!((&person["oid"], &person["iss"]), (&said["oid"], &json!(app.url)));

    let caller = Caller::new(&app, token);
    assert_eq!(caller.who().await["resource"], app.at("/mcp"));
    let (status, renewed) =
        visitor.ask(&visitor.client.refreshing(body["refresh_token"].as_str().unwrap())).await;
    assert_eq!(status, 200, "{renewed}");
    assert!(renewed["refresh_token"].is_string());
    assert_eq!((&claims(&renewed)["aud"], &claims(&renewed)["oid"]), (&said["aud"], &said["oid"]));
}

async fn a_person_who_says_no_is_told_of_by_the_same_issuer(app: TestApp) {
    let id = turn_on(&app, "environment").await;
    let (visitor, ann) = (Visitor::new(&app, &id).await, app.signed_in().await);
    let form = ann.consent_form(&visitor.authorize(&[])).await.set("decision", "deny");
    let answer = query_of(&location(&ann.send(&form).await));
    assert_eq!(
        (answer["error"].as_str(), &answer["iss"]),
        ("access_denied", &app.at(&format!("/resources/{id}")))
    );
    // By the environment's own endpoint, the same client is told of the environment.
    let answer = query_of(&ann.allow(&visitor.client.authorize_url("search:read")).await);
    assert_eq!(answer["iss"], app.url);
}

async fn tokens_name_the_issuer_that_the_resource_says(app: TestApp) {
    let id = turn_on(&app, "resource").await;
    let (visitor, ann) = (Visitor::new(&app, &id).await, app.signed_in().await);
    let (_, body) = visitor.redeem(&ann.allow(&visitor.authorize(&[])).await, &[]).await;
    assert_eq!(claims(&body)["iss"], app.at(&format!("/resources/{id}")));
    let caller = Caller::new(&app, body["access_token"].as_str().unwrap());
    assert_eq!(caller.status().await, 200);
    // Whatever is set later, tokens that are out stay good until they end.
    for (dialect, token_issuer) in [("scalekit", "environment"), ("standard", "environment")] {
        set(&app, &id, dialect, token_issuer).await.unwrap();
        assert_eq!(caller.status().await, 200, "{dialect} {token_issuer}");
    }
    let path = format!("/resources/{id}/oauth/token");
    let refreshing = visitor.client.refreshing(body["refresh_token"].as_str().unwrap());
    assert_eq!(visitor.client.post(&path, &refreshing).await.status(), 404, "the door is closed");
    let tokens = visitor.client.tokens(&refreshing).await;
    assert_eq!(part_of(&tokens.access, 1)["aud"], app.at("/mcp"), "the standard has one audience");
}

async fn a_longer_path_of_the_server_is_asked_for_and_named(app: TestApp) {
    let id = base(&app).await;
    let (visitor, ann) = (Visitor::new(&app, &id).await, app.signed_in().await);
    let asked = [("resource", "https://todo.example/mcp"), ("scope", "openid")];
    let answer = ann.allow(&visitor.authorize(&asked)).await;
    let (status, body) = visitor.redeem(&answer, &[("resource", "https://todo.example/mcp")]).await;
    assert_eq!(status, 200, "{body}");
    let three = json!([id, "https://todo.example/", "https://todo.example/mcp"]);
    assert_eq!(claims(&body)["aud"], three);
    let mut params = visitor.client.refreshing(body["refresh_token"].as_str().unwrap());
    params.push(("resource", "https://todo.example/mcp".to_owned()));
    assert_eq!(claims(&visitor.ask(&params).await.1)["aud"], three);

    for (resource, is_own) in [
        ("https://todo.example", true),
        ("https://todo.example/", true),
        (app.at("/mcp").as_str(), false),
        ("https://other.example/mcp", false),
        ("https://todo.example.evil/mcp", false),
        ("http://todo.example/mcp", false),
    ] {
        let asked = [("resource", resource), ("scope", "openid")];
        let response = ann.get(&visitor.authorize(&asked)).await;
        let led_to = location(&response);
        assert_eq!(led_to.starts_with("/consent?"), is_own, "{resource}: {led_to}");
        assert!(is_own || query_of(&led_to)["error"] == "invalid_target", "{led_to}");
    }
    // Below another resource, that one is meant.
    crate::admin::resources::add(&app, "Deeper", "https://todo.example/deep").await;
    let asked_deeper = [("resource", "https://todo.example/deep/mcp"), ("scope", "openid")];
    let answer = query_of(&location(&ann.get(&visitor.authorize(&asked_deeper)).await));
    assert_eq!(answer["error"], "invalid_target");
    // At the environment's endpoint only the URL itself is known.
    let elsewhere = visitor.authorize(&asked).replace(&format!("/resources/{id}"), "");
    assert_eq!(query_of(&location(&ann.get(&elsewhere).await))["error"], "invalid_target");
}

async fn a_code_of_another_resource_is_not_redeemed_at_this_door(app: TestApp) {
    let todos = base(&app).await;
    let (ann, visitor) = (app.signed_in().await, Visitor::new(&app, &todos).await);
    let answer = ann.allow(&visitor.client.authorize_url("search:read")).await;
    let (status, body) = visitor.redeem(&answer, &[]).await;
    assert_eq!((status, &body["error"]), (400, &json!("invalid_target")));
    // Nothing is lost: the right endpoint still takes it.
    visitor.client.tokens(&visitor.client.redemption(&query_of(&answer)["code"])).await;
}

async fn only_a_resource_with_the_dialect_has_its_endpoints(app: TestApp) {
    let id = list(&app.core.admin()).await.unwrap()[0].id.clone();
    let visitor = Visitor::new(&app, &id).await;
    for id in [id.as_str(), "res_none"] {
        let visitor = Visitor { client: OAuthClient::register(&app, "Other").await, id: id.to_owned() };
        assert_eq!(app.browser().get(&visitor.authorize(&[])).await.status(), 404);
        assert_eq!(visitor.client.post(&format!("/resources/{id}/oauth/token"), &[]).await.status(), 404);
        let path = format!("/api/v1/resources/{id}/clients:register");
        assert_eq!(app.http().post(app.at(&path)).json(&json!({})).send().await.unwrap().status(), 404);
    }
    // Who makes the door up is told so, and nothing more.
    let mut params = visitor.client.params("search:read");
    params.push(("gatepost_door".to_owned(), id));
    let url = format!("/oauth/authorize?{}", serde_urlencoded::to_string(params).unwrap());
    let answer = query_of(&location(&app.browser().get(&url).await));
    assert_eq!((answer["error"].as_str(), &answer["iss"]), ("invalid_target", &app.url));
}

async fn a_pushed_request_stays_at_the_door_it_was_pushed_at(app: TestApp) {
    // The built-in one first, while it is the only one.
    let (other, todos) = (turn_on(&app, "environment").await, base(&app).await);
    let (visitor, ann) = (Visitor::new(&app, &todos).await, app.signed_in().await);
    let at = |id: &str| app.at(&format!("/resources/{id}/oauth"));
    let document = get(&app, &format!("/resources/{todos}/.well-known/oauth-authorization-server")).await;
    let endpoint = json_of(document).await["pushed_authorization_request_endpoint"].clone();
    assert_eq!(endpoint, format!("{}/par", at(&todos)));
    let push = async |endpoint: String| {
        let mut params = visitor.client.params("openid");
        params.retain(|(name, _)| name != "resource");
        let sent = app.http().post(endpoint).form(&params).send().await.unwrap();
        let (status, body) = status_and_json(sent).await;
        assert_eq!(status, 201, "{body}");
        let query = [
            ("client_id", visitor.client.id.as_str()),
            ("request_uri", body["request_uri"].as_str().unwrap()),
        ];
        serde_urlencoded::to_string(query).unwrap()
    };
    for way in [
        format!("/resources/{todos}/oauth/authorize?"),
        format!("/resources/{other}/oauth/authorize?"),
        format!("/oauth/authorize?gatepost_door={other}&"),
        "/oauth/authorize?".to_owned(),
    ] {
        let query = push(format!("{}/par", at(&todos))).await;
        let answer = ann.allow(&format!("{way}{query}")).await;
        assert_eq!(query_of(&answer)["iss"], app.at(&format!("/resources/{todos}")), "{way}");
        let (status, body) = visitor.redeem(&answer, &[]).await;
        assert_eq!(status, 200, "{way}: {body}");
        assert_eq!(claims(&body)["aud"][0], todos);
    }
    // What was pushed for the default resource is not for another one because its browser says so.
    for way in
        [format!("/resources/{todos}/oauth/authorize?"), format!("/oauth/authorize?gatepost_door={todos}&")]
    {
        let query = push(app.at("/oauth/par")).await;
        let answer = query_of(&ann.allow(&format!("{way}{query}")).await);
        assert_eq!(answer["iss"], app.url, "{way}");
        let tokens = visitor.client.tokens(&visitor.client.redemption(&answer["code"])).await;
        assert_eq!(part_of(&tokens.access, 1)["aud"][0], other, "{way}");
    }
    let gone =
        app.http().post(app.at("/resources/res_none/oauth/par")).form(&[("a", "b")]).send().await.unwrap();
    assert_eq!(gone.status(), StatusCode::NOT_FOUND);
}

async fn a_closed_resource_takes_no_registrations_at_its_door(app: TestApp) {
    let (id, admin) = (base(&app).await, app.core.admin());
    assert_eq!(register(&app, &id).await.0, 201);
    let row = find(&admin, &id).await.unwrap();
    let wanted = Settings { registration_open: false, ..Settings::of(&row) };
    change(&admin, &Actor::command_line(), &id, row.version, &wanted).await.unwrap();
    let (status, body) = register(&app, &id).await;
    assert_eq!((status, &body["error"]), (403, &json!("access_denied")));
    let document =
        json_of(get(&app, &format!("/resources/{id}/.well-known/oauth-authorization-server")).await).await;
    assert!(document.get("registration_endpoint").is_none(), "{document}");
    OAuthClient::register(&app, "By the other door").await;
}

/// A machine, its id and secret.
async fn machine(app: &TestApp, ceiling: Option<&str>) -> (String, String) {
    let made = app.made_machine(ceiling).await;
    (made.id, made.secret)
}

async fn an_sdk_begins_with_a_token_of_its_own(app: TestApp) {
    let id = turn_on(&app, "environment").await;
    let (client_id, client_secret) = machine(&app, None).await;
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", client_id.as_str()),
        ("client_secret", client_secret.as_str()),
    ];
    // As the Python SDK asks: two slashes, after the first token a bearer header everywhere.
    for path in ["/oauth/token", "//oauth/token", &format!("/resources/{id}/oauth/token")] {
        let request = app.http().post(app.at(path)).form(&form).bearer_auth("whatever");
        let (status, body) = status_and_json(request.send().await.unwrap()).await;
        assert_eq!(status, 200, "{path}: {body}");
        assert_eq!(claims(&body)["aud"][0], id);
        assert_eq!(claims(&body)["sub"], client_id);
    }
    let asked = app.http().get(app.at("//oauth/authorize")).send().await.unwrap();
    assert_eq!(asked.status(), StatusCode::BAD_REQUEST, "it is there, and misses its parameters");
    let keys = app.http().get(app.at("//keys")).bearer_auth("whatever").send().await.unwrap();
    assert_eq!(json_of(keys).await, json_of(get(&app, "/keys").await).await);
    let wrong = [form[0], form[1], ("client_secret", "sec_wrong")];
    let request = app.http().post(app.at("/oauth/token")).form(&wrong);
    assert_eq!(request.send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
}

async fn a_machine_without_a_resource_gets_the_one_it_may_use(app: TestApp) {
    crate::admin::scopes::add(&app, "reports:read", &[]).await;
    let todos = base(&app).await;
    // The default resource where it may have something there, else the first; the default's refusal else.
    let ask = |(id, secret): (String, String)| {
        let form = json!({ "grant_type": "client_credentials", "client_id": id, "client_secret": secret });
        let request = app.http().post(app.at("/oauth/token")).form(&form);
        async move { status_and_json(request.send().await.unwrap()).await }
    };
    let (status, body) = ask(machine(&app, Some("reports:read")).await).await;
    assert_eq!((status, claims(&body)["aud"].as_str()), (200, Some(app.at("/mcp").as_str())));
    let scope = ScopeRow {
        resource_id: todos.clone(),
        name: "todo:read".to_owned(),
        description: "Read your todos".to_owned(),
        ..ScopeRow::default()
    };
    let store = &app.core.oauth.store;
    let book = store.scope_book(&todos).await.unwrap().unwrap();
    assert!(store.change_scopes(&book, Change::Add(scope), app.clock.now()).await.unwrap());
    app.sync().await;
    let todo = machine(&app, Some("todo:read")).await;
    let (status, body) = ask(todo.clone()).await;
    assert_eq!((status, &claims(&body)["aud"][0], &body["scope"]), (200, &json!(todos), &json!("todo:read")));
    let book = store.scope_book(&todos).await.unwrap().unwrap();
    let gone = Change::Remove { name: "todo:read".to_owned(), implies: Vec::new() };
    assert!(store.change_scopes(&book, gone, app.clock.now()).await.unwrap());
    app.sync().await;
    let (status, body) = ask(todo).await;
    assert_eq!((status, &body["error"]), (400, &json!("invalid_scope")));
}

async fn calls_of_the_management_api_are_refused_at_once(app: TestApp) {
    let path = "/scalekit.v1.organizations.OrganizationService/ListOrganization";
    let response = app.http().post(app.at(path)).body("").send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], "application/grpc");
    assert_eq!(response.headers()["grpc-status"], "12");
    assert_eq!(response.bytes().await.unwrap().len(), 0);
}

async fn the_dialect_is_signed_with_rs256_whatever_is_chosen(app: TestApp) {
    let id = turn_on(&app, "environment").await;
    let row = find(&app.core.admin(), &id).await.unwrap();
    assert_eq!((row.signing_alg.as_str(), row.dialect.as_str()), ("RS256", "scalekit"));
    for (dialect, token_issuer, field) in
        [("klingon", "resource", "dialect"), ("scalekit", "x", "token_issuer")]
    {
        let Err(Failure::Invalid(problems)) = set(&app, &id, dialect, token_issuer).await else {
            panic!("{field}")
        };
        assert_eq!(problems[0].field, field);
    }
}

async fn the_pages_of_a_resource_show_its_variables(app: TestApp) {
    let (id, ann): (_, Browser) = (base(&app).await, app.signed_in().await);
    let page = ann.page(&format!("/admin/resources/{id}")).await;
    for part in [
        format!("SCALEKIT_ENVIRONMENT_URL={}", app.url),
        format!("SCALEKIT_RESOURCE_ID={id}"),
        "SCALEKIT_AUDIENCE_NAME=https://todo.example/".to_owned(),
        "SCALEKIT_RESOURCE_METADATA_URL=https://todo.example/.well-known/oauth-protected-resource".to_owned(),
        "ScalekitProvider(".to_owned(),
    ] {
        assert!(page.contains(&part), "{part} in {page}");
    }
    let settings = format!("/admin/resources/{id}/settings");
    let form = Form::of(&ann.page(&settings).await, &settings);
    assert_eq!((form.get("dialect"), form.get("token_issuer")), ("scalekit", "environment"));
    assert_eq!(ann.send(&form.set("dialect", "standard").set("signing_alg", "ES256")).await.status(), 303);
    let row = find(&app.core.admin(), &id).await.unwrap();
    assert_eq!((row.dialect.as_str(), row.signing_alg.as_str()), ("standard", "ES256"));
    assert!(!ann.page(&format!("/admin/resources/{id}")).await.contains("SCALEKIT_"));
}

on_both!(
    the_documents_of_a_resource_name_its_own_issuer,
    a_login_through_the_door_of_a_resource,
    a_person_who_says_no_is_told_of_by_the_same_issuer,
    tokens_name_the_issuer_that_the_resource_says,
    a_longer_path_of_the_server_is_asked_for_and_named,
    a_code_of_another_resource_is_not_redeemed_at_this_door,
    only_a_resource_with_the_dialect_has_its_endpoints,
    a_pushed_request_stays_at_the_door_it_was_pushed_at,
    a_closed_resource_takes_no_registrations_at_its_door,
    an_sdk_begins_with_a_token_of_its_own,
    a_machine_without_a_resource_gets_the_one_it_may_use,
    calls_of_the_management_api_are_refused_at_once,
    the_dialect_is_signed_with_rs256_whatever_is_chosen,
    the_pages_of_a_resource_show_its_variables,
);
