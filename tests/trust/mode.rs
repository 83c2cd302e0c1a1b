//! `GATEPOST_ISSUER=scalekit`: what is there, what is not, and what is told.

use serde_json::{Value, json};

use super::{caller, trusting, trusting_with};
use crate::mcp::caller::{Caller, challenge_of};
use crate::on_each;
use crate::support::provider::Mood;
use crate::support::scalekit::{Environment, RESOURCE, sign};
use crate::support::{Database, TestApp, json_of, text_of};

async fn the_own_authorization_server_is_not_there(database: Database) {
    let (app, _) = trusting(database).await;
    for path in [
        "/oauth/authorize",
        "/consent",
        "/keys",
        "/.well-known/jwks.json",
        "/.well-known/openid-configuration",
        "/.well-known/openid-configuration/mcp",
        "/mcp/.well-known/openid-configuration",
        "/oauth/userinfo",
        "/oauth/register/cli_1",
        "/device",
    ] {
        let response = app.http().get(app.at(path)).send().await.unwrap();
        assert_eq!(response.status(), 404, "{path}");
        let text = response.text().await.unwrap();
        assert!(!text.contains(&app.at("/oauth/")), "{path} advertises: {text}");
    }
    for path in
        ["token", "register", "revoke", "introspect", "authorize", "userinfo", "device_authorization", "par"]
    {
        let request = app.http().post(app.at(&format!("/oauth/{path}"))).form(&[("grant_type", "x")]);
        assert_eq!(request.send().await.unwrap().status(), 404, "{path}");
    }
    let ann = app.signed_in().await;
    let page = app.http().get(app.at("/oauth/authorize")).send().await.unwrap().text().await.unwrap();
    assert!(text_of(&page).contains("Apps log in elsewhere"), "{page}");
    assert!(text_of(&ann.page("/account").await).contains("ann@example.com"), "people still sign in");
}

async fn clients_are_led_to_scalekit(database: Database) {
    let (app, env) = trusting(database).await;
    let get = async |path: &str| app.http().get(app.at(path)).send().await.unwrap();
    for path in ["/.well-known/oauth-protected-resource/mcp", "/.well-known/oauth-protected-resource"] {
        let mut document = json_of(get(path).await).await;
        assert_eq!(document["authorization_servers"], json!([env.of_resource()]));
        document["authorization_servers"] = json!(["ENV/resources/res_…"]);
        document["resource"] = json!(document["resource"].as_str().unwrap().replace(&app.url, "OWN"));
        insta::allow_duplicates! { insta::assert_json_snapshot!(document, @r#"
        {
          "resource": "OWN/mcp",
          "authorization_servers": [
            "ENV/resources/res_…"
          ],
          "scopes_supported": [
            "search:read"
          ],
          "bearer_methods_supported": [
            "header"
          ],
          "resource_name": "Gatepost tools"
        }
        "#); }
    }
    let nobody = app.http().post(app.at("/mcp")).body("{}").send().await.unwrap();
    assert_eq!(nobody.status(), 401);
    let expected =
        "Bearer resource_metadata=\"OWN/.well-known/oauth-protected-resource/mcp\", scope=\"search:read\"";
    assert_eq!(challenge_of(&nobody).replace(&app.url, "OWN"), expected);
    let bad = Caller::new(&app, "x.y.z").call("whoami", json!({})).await;
    let expected = "Bearer error=\"invalid_token\", scope=\"search:read\", resource_metadata=\"OWN/.well-known/oauth-protected-resource/mcp\", error_description=\"the access token is not a JWT whose claims can be read\"";
    assert_eq!(challenge_of(&bad).replace(&app.url, "OWN"), expected);
}

async fn metadata_of_the_server_elsewhere_is_handed_on(database: Database) {
    let (app, env) = trusting(database).await;
    let get = async |path: &str| app.http().get(app.at(path)).send().await.unwrap();
    for path in [
        "/.well-known/oauth-authorization-server",
        "/.well-known/oauth-authorization-server/mcp",
        "/mcp/.well-known/oauth-authorization-server",
    ] {
        let response = get(path).await;
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(response.headers()["content-type"], "application/json");
        assert_eq!(response.headers()["cache-control"], "public, max-age=60");
        let document = json_of(response).await;
        assert_eq!(document["issuer"], env.of_resource());
        assert_eq!(document["jwks_uri"], format!("{}/keys", env.url));
    }
    assert_eq!(env.count("/.well-known/"), 1, "asked once");
    env.set(|conduct| conduct.metadata_mood = Mood::Says(500, "text/plain", String::new()));
    app.clock.advance(300);
    assert_eq!(get("/.well-known/oauth-authorization-server").await.status(), 200, "kept");
    let fresh = app
        .replica_with(&[
            ("GATEPOST_ISSUER", "scalekit"),
            ("SCALEKIT_ENVIRONMENT_URL", &env.url),
            ("SCALEKIT_RESOURCE_ID", RESOURCE),
        ])
        .await;
    let ask = async |app: &TestApp| {
        let response = app.http().get(app.direct("/.well-known/oauth-authorization-server")).send().await;
        response.unwrap()
    };
    let response = ask(&fresh).await;
    assert_eq!(response.status(), 503);
    assert_eq!(json_of(response).await["error"], "temporarily_unavailable");
    let foreign = json!({ "issuer": "https://evil.example" }).to_string();
    env.set(|conduct| conduct.metadata_mood = Mood::Says(200, "application/json", foreign));
    fresh.clock.advance(3);
    assert_eq!(ask(&fresh).await.status(), 503, "the document of another issuer is not handed on");
}

async fn the_variables_of_the_tutorial_are_enough(database: Database) {
    let env = Environment::start();
    let metadata_url = "http://localhost:10000/.well-known/oauth-protected-resource/mcp";
    let copied = format!(
        "{{ \"authorization_servers\": [\"{}\"],\n \"bearer_methods_supported\": [\"header\"], \"resource\": \"http://localhost:10000/mcp\", \"scopes_supported\": [\"search:read\"] }}",
        env.of_resource()
    );
    let settings = [
        ("GATEPOST_ISSUER", "scalekit"),
        ("SCALEKIT_ENVIRONMENT_URL", env.url.as_str()),
        ("SCALEKIT_CLIENT_ID", "skc_1"),
        ("SCALEKIT_CLIENT_SECRET", "test_not_to_be_shown"),
        ("SCALEKIT_RESOURCE_METADATA_URL", metadata_url),
        ("SCALEKIT_AUDIENCE_NAME", "http://localhost:10000/mcp"),
        ("METADATA_JSON_RESPONSE", copied.as_str()),
    ];
    let app = TestApp::start_with(database, &settings).await;
    let served = app.http().get(app.at("/.well-known/oauth-protected-resource/mcp")).send().await.unwrap();
    assert_eq!(served.headers()["content-type"], "application/json");
    assert_eq!(served.text().await.unwrap(), copied, "byte for byte");
    let nobody = app.http().post(app.at("/mcp")).body("{}").send().await.unwrap();
    let expected = format!("Bearer resource_metadata=\"{metadata_url}\", scope=\"search:read\"");
    assert_eq!(challenge_of(&nobody), expected);
    let mut claims = env.claims("http://localhost:10000/mcp", app.clock.now());
    assert_eq!(Caller::new(&app, &sign(1, &claims)).status().await, 200);
    claims["aud"] = json!(["http://localhost:10000/mcp"]);
    assert_eq!(
        Caller::new(&app, &sign(1, &claims)).status().await,
        401,
        "the id is known: no name replaces it"
    );
}

async fn pages_say_what_is_scalekits(database: Database) {
    let (app, env) = trusting_with(database, &[]).await;
    let ann = app.signed_in().await;
    for page in ["/admin/clients", "/admin/grants", "/admin/keys"] {
        let text = text_of(&ann.page(page).await);
        assert!(text.contains("Gatepost tools takes its tokens from ScaleKit"), "{page}: {text}");
        assert!(text.contains(&env.url), "{page}");
    }
    let resources: Value = json!(app.core.oauth.resources.current().all()[0].id);
    let id = resources.as_str().unwrap();
    for tab in ["", "/clients", "/people", "/metadata", "/settings", "/scopes"] {
        let text = text_of(&ann.page(&format!("/admin/resources/{id}{tab}")).await);
        assert!(text.contains("takes its tokens from ScaleKit"), "{tab}: {text}");
    }
    let text = text_of(&ann.page(&format!("/admin/resources/{id}/metadata")).await);
    assert!(text.contains(&env.of_resource()), "{text}");
    for page in ["/admin", "/admin/people", "/admin/audit", "/admin/settings", "/admin/resources"] {
        let text = text_of(&ann.page(page).await);
        assert!(!text.contains("takes its tokens from ScaleKit"), "{page} is not about tokens");
    }
    assert!(text_of(&ann.page("/").await).contains(&app.at("/mcp")));
    assert_eq!(caller(&app, &env).status().await, 200);
}

on_each! {
    the_own_authorization_server_is_not_there,
    clients_are_led_to_scalekit,
    metadata_of_the_server_elsewhere_is_handed_on,
    the_variables_of_the_tutorial_are_enough,
    pages_say_what_is_scalekits,
}
