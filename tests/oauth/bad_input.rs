//! What each endpoint answers to requests that are broken rather than wrong: the whole answer is compared
//! with a file in `tests/snapshots`, none is a 5xx, and none changes a row.
//!
//! `INSTA_UPDATE=always cargo test bad_input` writes the files anew: read the difference before you keep it.

use reqwest::Method;
use serde_json::json;

use super::{REDIRECT_URI, ask};
use crate::on_both;
use crate::support::{FORM, JSON, OAuthClient, Requests, TestApp};

fn spaced(count: usize) -> String {
    (0..count).map(|i| format!("s{i}")).collect::<Vec<_>>().join(" ")
}

async fn the_authorization_endpoint_survives_broken_requests(app: TestApp) {
    let client = app.client().await;
    let good = ask(&client, &[]);
    let nul = |name: &str, value: &str| ask(&client, &[(name, Some(&format!("{value}\u{0}")))]);
    let many = (0..1000).fold(good.clone(), |url, i| url + &format!("&p{i}=x"));
    let mut requests = Requests::new(&app, &client, "/oauth/authorize");
    requests.get("no parameters", "/oauth/authorize");
    requests.get("no pairs", "/oauth/authorize?&&=&;;");
    requests.get("a broken percent-encoding", "/oauth/authorize?client_id=%&redirect_uri=%zz");
    requests.get("an unknown client", &ask(&client, &[("client_id", Some("cli_unknown"))]));
    requests.get("a NUL in the client", &nul("client_id", "cli_"));
    requests.get("a NUL in the redirect URI", &nul("redirect_uri", "https://a.example/"));
    requests.get("a NUL in the scope", &nul("scope", "search:read"));
    requests.get("a NUL in the resource", &nul("resource", &app.at("/mcp")));
    requests.get("a NUL in the challenge", &nul("code_challenge", &"c".repeat(42)));
    requests.get("a NUL in the response type", &nul("response_type", "code"));
    requests.get("a NUL in max_age", &nul("max_age", "1"));
    requests.get("a NUL in the nonce", &nul("nonce", "n"));
    requests.get("a NUL in the state", &nul("state", "s"));
    requests.get("a huge max_age", &ask(&client, &[("max_age", Some("99999999999999999999"))]));
    requests.get("65 scopes", &ask(&client, &[("scope", Some(&spaced(65)))]));
    requests.get("the client twice", &format!("{good}&client_id={}", client.id));
    requests.get("the redirect URI twice", &format!("{good}&redirect_uri={REDIRECT_URI}"));
    requests.get("the state twice", &format!("{good}&state=other"));
    requests.get("1000 parameters", &many);
    requests.get("too long a query", &format!("{good}&x={}", "x".repeat(16 * 1024)));
    requests.post("a POST of JSON", JSON, "{}");
    requests.post("a POST of nothing", FORM, "");
    requests.post("a POST that is too long", FORM, "x".repeat(16 * 1024 + 1));
    for method in [Method::POST, Method::PUT, Method::DELETE] {
        requests.empty(method);
    }
    requests.compare("authorize").await;
}

async fn the_consent_page_survives_broken_requests(app: TestApp) {
    let client = app.client().await;
    let mut requests = Requests::new(&app, &client, "/consent");
    let request = ask(&client, &[]).replacen("/oauth/authorize?", "", 1);
    let good = serde_urlencoded::to_string([("request", request.as_str()), ("decision", "allow")]).unwrap();
    requests.broken_forms(&good);
    requests.post("a NUL in the request", FORM, "request=client_id%3D%2500");
    requests.post("no request", FORM, "decision=allow");
    requests.post("an unknown client", FORM, "request=client_id%3Dcli_unknown");
    requests.get("an unknown client to ask for", "/consent?client_id=cli_unknown");
    requests.get("too long a query", &format!("/consent?x={}", "x".repeat(16 * 1024)));
    requests.compare("consent").await;
}

async fn the_token_endpoint_survives_broken_requests(app: TestApp) {
    let client = app.client().await;
    let mut requests = Requests::new(&app, &client, "/oauth/token");
    let good = format!("grant_type=refresh_token&refresh_token=rft_x&client_id={}", client.id);
    requests.broken_forms(&good);
    requests.post(
        "an unknown client",
        FORM,
        "grant_type=refresh_token&refresh_token=x&client_id=cli_unknown",
    );
    requests.post("a NUL in the client", FORM, "grant_type=refresh_token&refresh_token=x&client_id=cli_%00");
    requests.post("no client", FORM, "grant_type=refresh_token&refresh_token=x");
    let verifier = "v".repeat(43);
    let code = format!("grant_type=authorization_code&code_verifier={verifier}&code=cod_%00");
    for (title, form) in [
        ("no grant type", "code=x"),
        ("an unsupported grant type", "grant_type=client_credentials"),
        ("a NUL in the grant type", "grant_type=refresh_token%00"),
        ("a NUL in the refresh token", "grant_type=refresh_token&refresh_token=rft_%00"),
        ("no refresh token", "grant_type=refresh_token"),
        ("the refresh token twice", "grant_type=refresh_token&refresh_token=x&refresh_token=x"),
        ("no code", "grant_type=authorization_code"),
        ("no verifier", "grant_type=authorization_code&code=x"),
        ("a short verifier", "grant_type=authorization_code&code=x&code_verifier=x"),
        ("a NUL in the code", &code),
        ("an unknown resource", "grant_type=refresh_token&refresh_token=x&resource=https://a.example"),
    ] {
        requests.post(title, FORM, format!("{form}&client_id={}", client.id));
    }
    let request = app.http().post(app.at("/oauth/token")).header("authorization", "Basic ~");
    requests.add("a broken Basic header", request.form(&[("grant_type", "x")]));
    requests.compare("token").await;
}

async fn the_revocation_endpoint_survives_broken_requests(app: TestApp) {
    let client = app.client().await;
    let mut requests = Requests::new(&app, &client, "/oauth/revoke");
    requests.broken_forms(&format!("token=x&client_id={}", client.id));
    requests.post("an unknown client", FORM, "token=x&client_id=cli_unknown");
    requests.post("a NUL in the token", FORM, format!("token=rft_%00&client_id={}", client.id));
    requests.post("a NUL in the client", FORM, "token=x&client_id=%00");
    requests.compare("revoke").await;
}

async fn the_introspection_endpoint_survives_broken_requests(app: TestApp) {
    let metadata = json!({ "client_name": "Server", "redirect_uris": [REDIRECT_URI],
                           "token_endpoint_auth_method": "client_secret_post" });
    let client = OAuthClient::register_with(&app, metadata).await;
    let secret = client.secret.as_deref().unwrap();
    let mut requests = Requests::new(&app, &client, "/oauth/introspect");
    requests.broken_forms(&format!("token=x&client_id={}&client_secret={secret}", client.id));
    requests.post("no token", FORM, format!("client_id={}&client_secret={secret}", client.id));
    requests.post("an unknown client", FORM, "token=x&client_id=cli_unknown");
    requests.post("a NUL in the client", FORM, "token=x&client_id=%00");
    let form = format!("token=rft_%00&client_id={}&client_secret={secret}", client.id);
    requests.post("a NUL in the token", FORM, form);
    requests.post("a NUL in the secret", FORM, format!("token=x&client_secret=%00&client_id={}", client.id));
    requests.compare("introspect").await;
}

async fn the_registration_endpoint_survives_broken_requests(app: TestApp) {
    let client = app.client().await;
    let mut requests = Requests::new(&app, &client, "/oauth/register");
    let good = format!("{{\"redirect_uris\":[\"{REDIRECT_URI}\"]}}");
    let deep = format!("{{\"x\":{}{}}}", "[".repeat(1000), "]".repeat(1000));
    let many = format!("{{\"redirect_uris\":[{}\"x\"]}}", "\"https://a.example/\",".repeat(1000));
    requests.post("an empty body", JSON, "");
    requests.add("no content type", app.http().post(app.at("/oauth/register")).body(good.clone()));
    requests.post("another content type", FORM, good.clone());
    requests.post("too long a body", JSON, " ".repeat(65_537));
    requests.post("half of the JSON", JSON, &good.as_bytes()[..good.len() / 2]);
    requests.post("no UTF-8", JSON, b"{\"client_name\":\"\xff\xfe\"}".to_vec());
    requests.post("a NUL byte", JSON, format!("{good}\u{0}"));
    requests.post("a lone surrogate", JSON, r#"{"client_name":"\ud800"}"#);
    requests.post("deep nesting", JSON, deep);
    requests.post("1000 redirect URIs", JSON, many);
    requests.post("a member twice", JSON, r#"{"client_name":"a","client_name":"b"}"#);
    requests.post("a number", JSON, "1e999");
    for method in [Method::GET, Method::PUT, Method::DELETE, Method::PATCH] {
        requests.empty(method);
    }
    requests.compare("register").await;
}

async fn the_registration_of_a_client_survives_broken_requests(app: TestApp) {
    let client = app.client().await;
    let mut requests = Requests::new(&app, &client, "/oauth/register/cli_unknown");
    let at = |path: &str| app.http().get(app.at(path)).bearer_auth("reg_x");
    requests.get("no token", "/oauth/register/cli_unknown");
    requests.add("an unknown client", at("/oauth/register/cli_unknown"));
    requests.add("a NUL in the client", at("/oauth/register/%00"));
    requests.add("no UTF-8 in the client", at("/oauth/register/%ff"));
    requests.add("a long client", at(&format!("/oauth/register/{}", "x".repeat(5000))));
    requests.add("a path for a client", at("/oauth/register/..%2f..%2fadmin"));
    requests.add("a public client", at(&format!("/oauth/register/{}", client.id)));
    requests.add("a long token", app.http().get(app.at("/oauth/register/x")).bearer_auth("x".repeat(5000)));
    for method in [Method::POST, Method::PUT, Method::PATCH] {
        requests.empty(method);
    }
    requests.compare("registered").await;
}

async fn the_userinfo_endpoint_survives_broken_requests(app: TestApp) {
    let client = app.client().await;
    let mut requests = Requests::new(&app, &client, "/oauth/userinfo");
    let with = |value: &str| app.http().get(app.at("/oauth/userinfo")).header("authorization", value);
    requests.get("no token", "/oauth/userinfo");
    requests.add("no scheme", with("token"));
    requests.add("an empty token", with("Bearer "));
    requests.add("another scheme", with("Basic eDp5"));
    requests.add("no JWT", with("Bearer x"));
    requests.add("a JWT of nothing", with("Bearer ..."));
    requests.add("a JWT that is no JSON", with("Bearer AAAA.AAAA.AAAA"));
    requests.add("a long token", with(&format!("Bearer {}", "x".repeat(9000))));
    requests.post("too long a body", FORM, "x".repeat(20_000));
    for method in [Method::PUT, Method::DELETE] {
        requests.empty(method);
    }
    requests.compare("userinfo").await;
}

on_both! {
    the_authorization_endpoint_survives_broken_requests,
    the_consent_page_survives_broken_requests,
    the_token_endpoint_survives_broken_requests,
    the_revocation_endpoint_survives_broken_requests,
    the_introspection_endpoint_survives_broken_requests,
    the_registration_endpoint_survives_broken_requests,
    the_registration_of_a_client_survives_broken_requests,
    the_userinfo_endpoint_survives_broken_requests,
}
