//! Errors of the authorization endpoint send nobody to a site that only its own maker vouches for.

use gatepost::oauth::client::AuthMethod;

use super::{ask, decided, leads_to, registered_at};
use crate::on_both;
use crate::support::{Browser, OAuthClient, Requests, TestApp, query_of, text_of};

const WEB: &str = "https://app.example/callback";

/// A request that is wrong in this parameter, to be answered at this redirect URI.
fn broken(client: &OAuthClient, uri: &str, name: &str, value: Option<&str>) -> String {
    ask(client, &[("redirect_uri", Some(uri)), (name, value)])
}

/// The page that stands in place of a redirect; returns where its link leads.
async fn asked(browser: &Browser, url: &str) -> String {
    let response = browser.get(url).await;
    assert_eq!(response.status(), 400, "{url}");
    assert!(!response.headers().contains_key("location") && !response.headers().contains_key("refresh"));
    let page = response.text().await.unwrap();
    assert!(!page.contains("http-equiv"), "nothing goes on by itself");
    let text = text_of(&page);
    assert!(text.contains("Name not checked") && text.contains("Continue to app.example"), "{text}");
    let (_, rest) = page.split_once("href=\"https://").unwrap_or_else(|| panic!("no link in {page}"));
    format!("https://{}", rest.split_once('"').unwrap().0.replace("&#38;", "&").replace("&amp;", "&"))
}

/// A client that an administrator made.
async fn administrators(app: &TestApp, uri: &str) -> OAuthClient {
    let mut client = app.client().await;
    client.id = app.made_client(AuthMethod::None, uri).await.id;
    client
}

async fn a_strangers_broken_request_sends_nobody_anywhere(app: TestApp) {
    let (signed_in, nobody) = (app.signed_in().await, app.browser());
    let client = registered_at(&app, &[WEB]).await;
    for (name, value, error) in [
        ("scope", Some("unknown"), "invalid_scope"),
        ("response_type", Some("token"), "unsupported_response_type"),
        ("code_challenge", None, "invalid_request"),
        ("resource", Some("https://elsewhere.example/mcp"), "invalid_target"),
    ] {
        for browser in [&signed_in, &nobody] {
            let link = asked(browser, &broken(&client, WEB, name, value)).await;
            assert!(link.starts_with(&format!("{WEB}?error={error}&")), "{link}");
            let answer = query_of(&link);
            assert_eq!((answer["state"].as_str(), &answer["iss"]), ("st&te=1", &app.url));
        }
    }
    let posted = client.params("unknown").into_iter().filter(|(n, _)| n != "redirect_uri");
    let form: Vec<_> = posted.chain([("redirect_uri".to_owned(), WEB.to_owned())]).collect();
    let response = app.http().post(app.at("/oauth/authorize")).form(&form).send().await.unwrap();
    assert_eq!(response.status(), 400, "as with GET");
    let at_consent =
        broken(&client, WEB, "scope", Some("unknown")).replacen("/oauth/authorize", "/consent", 1);
    asked(&signed_in, &at_consent).await;
    let reasons = app.audit_reasons("authorization.requested").await;
    assert_eq!(reasons.len(), 10, "each is recorded: {reasons:?}");
}

async fn asking_nobody_is_no_way_around(app: TestApp) {
    let (signed_in, nobody) = (app.signed_in().await, app.browser());
    let client = registered_at(&app, &[WEB]).await;
    let silent = broken(&client, WEB, "prompt", Some("none"));
    assert_eq!(query_of(&asked(&nobody, &silent).await)["error"], "login_required");
    assert_eq!(query_of(&asked(&signed_in, &silent).await)["error"], "consent_required");
}

async fn an_error_reaches_a_client_that_the_person_agreed_to(app: TestApp) {
    let browser = app.signed_in().await;
    let client = registered_at(&app, &[WEB]).await;
    let url = broken(&client, WEB, "scope", Some("unknown"));
    asked(&browser, &url).await;
    browser.allow(&ask(&client, &[("redirect_uri", Some(WEB))])).await;
    assert!(leads_to(&browser, &url).await.starts_with(&format!("{WEB}?error=invalid_scope&")));
    let silent = broken(&client, WEB, "prompt", Some("none"));
    assert!(leads_to(&browser, &silent).await.contains("error=consent_required"));
    asked(&app.browser(), &url).await;
    asked(&super::bob(&app).await, &url).await;
}

async fn an_error_reaches_an_administrators_client_at_once(app: TestApp) {
    let client = administrators(&app, WEB).await;
    let url = broken(&client, WEB, "scope", Some("unknown"));
    assert!(leads_to(&app.browser(), &url).await.starts_with(&format!("{WEB}?error=invalid_scope&")));
}

async fn an_error_reaches_a_program_on_this_computer_at_once(app: TestApp) {
    let uris = ["http://localhost:9999/cb", "http://127.0.0.1/cb", "cursor://anysphere.cursor-mcp/cb"];
    let client = registered_at(&app, &uris).await;
    for uri in uris {
        let location = leads_to(&app.browser(), &broken(&client, uri, "scope", Some("unknown"))).await;
        assert!(location.starts_with(&format!("{uri}?error=invalid_scope&")), "{location}");
    }
}

async fn a_deny_is_a_decision_and_reaches_any_client(app: TestApp) {
    let browser = app.signed_in().await;
    let client = registered_at(&app, &[WEB]).await;
    let form = browser.consent_form(&ask(&client, &[("redirect_uri", Some(WEB))])).await;
    let location = decided(&browser, &form.set("decision", "deny")).await;
    assert!(location.starts_with(&format!("{WEB}?error=access_denied&")), "{location}");
}

async fn what_a_person_reads_before_they_leave(app: TestApp) {
    let client = registered_at(&app, &[WEB]).await;
    let mut requests = Requests::new(&app, &client, "/oauth/authorize");
    requests.get("an unknown scope", &broken(&client, WEB, "scope", Some("unknown")));
    requests.get("prompt=none", &broken(&client, WEB, "prompt", Some("none")));
    requests.compare("leaving").await;
}

on_both! {
    a_strangers_broken_request_sends_nobody_anywhere,
    asking_nobody_is_no_way_around,
    an_error_reaches_a_client_that_the_person_agreed_to,
    an_error_reaches_an_administrators_client_at_once,
    an_error_reaches_a_program_on_this_computer_at_once,
    a_deny_is_a_decision_and_reaches_any_client,
    what_a_person_reads_before_they_leave,
}
