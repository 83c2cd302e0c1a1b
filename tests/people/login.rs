//! `/login`: who gets in, what the others read, and where it leads.

use std::time::{Duration, Instant};

use super::{person, try_login};
use crate::support::{Database, EMAIL, Form, PASSWORD, TestApp, cookie_of, location};
use crate::{on_both, on_each};

/// A refused login's page without what differs for good reason: the form token and what was typed.
async fn refusal(app: &TestApp, email: &str, password: &str) -> (u16, String) {
    let browser = app.browser();
    let form = Form::read(&browser.page("/login").await).set("email", email).set("password", password);
    let response = browser.send(&form).await;
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    let token = Form::read(&text).get("csrf").to_owned();
    (status, text.replace(&token, "TOKEN").replace(email, "EMAIL"))
}

async fn the_right_password_signs_in(app: TestApp) {
    let browser = app.browser();
    let response = try_login(&browser, EMAIL, PASSWORD).await;
    assert_eq!((response.status().as_u16(), location(&response).as_str()), (303, "/account"));
    let (value, attributes) = cookie_of(&response, "gatepost-session").unwrap();
    assert!(value.starts_with("ses_"));
    let attributes: Vec<&str> = attributes.split(';').map(str::trim).collect();
    for expected in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=7776000"] {
        assert!(attributes.contains(&expected), "{attributes:?}");
    }
    assert!(!attributes.contains(&"Secure"), "on plain http the browser would drop it");
    assert!(browser.page("/account").await.contains(EMAIL));
    assert_eq!(app.audit_reasons("session.login").await, ["ok"]);
    assert_eq!(try_login(&app.browser(), "  ANN@example.com ", PASSWORD).await.status(), 303);
}

async fn every_refusal_reads_the_same(app: TestApp) {
    person(&app, "nopass@example.com", None).await;
    let gone = person(&app, "gone@example.com", Some(PASSWORD)).await;
    app.core.accounts.store.disable_user(gone.id, app.clock.now()).await.unwrap();
    let (status, expected) = refusal(&app, EMAIL, "not the password").await;
    assert_eq!(status, 401);
    assert!(expected.contains("That e-mail address and password do not belong together."));
    assert!(!expected.contains("not the password"));
    let strong = person(&app, "strong@example.com", Some(PASSWORD)).await;
    super::second_factor::with_app(&app, &strong).await;
    super::passkeys::with_passkey(&app, &strong).await;
    let long = "x".repeat(2_000);
    for (email, password) in [
        ("nobody@example.com", PASSWORD),
        ("nopass@example.com", ""),
        ("nopass@example.com", PASSWORD),
        ("gone@example.com", PASSWORD),
        ("gone@example.com", "not the password"),
        (EMAIL, long.as_str()),
        ("strong@example.com", "not the password"),
        (EMAIL, "correct horse batterY"),
        (EMAIL, " correct horse battery"),
        ("no address", PASSWORD),
        ("ann@example.com' OR '1'='1", PASSWORD),
    ] {
        let (status, page) = refusal(&app, email, password).await;
        assert_eq!(status, 401, "{email}");
        assert_eq!(strip_value(&page), strip_value(&expected), "{email}");
    }
    let reasons = app.audit_reasons("session.login").await;
    for reason in ["unknown_email", "no_password", "wrong_password", "disabled_person"] {
        assert!(reasons.contains(&reason.to_owned()), "{reason} in {reasons:?}");
    }
}

async fn the_form_belongs_to_the_browser_it_was_shown_on(app: TestApp) {
    let (browser, other) = (app.browser(), app.browser());
    let form = Form::read(&browser.page("/login").await).set("email", EMAIL).set("password", PASSWORD);
    let foreign = form.clone().set("csrf", Form::read(&other.page("/login").await).get("csrf"));
    for bad in [form.clone().without("csrf"), form.clone().set("csrf", ""), foreign] {
        let response = browser.send(&bad).await;
        assert_eq!(response.status(), 403);
        assert!(cookie_of(&response, "gatepost-session").is_none());
        let page = response.text().await.unwrap();
        assert!(page.contains("Please try again") && !page.contains(PASSWORD));
    }
    assert_eq!(browser.send(&form).await.status(), 303);
}

async fn somebody_signed_in_goes_on_unless_they_want_to_switch(app: TestApp) {
    let browser = app.signed_in().await;
    assert_eq!(location(&browser.get("/login").await), "/account");
    browser.page("/login?switch=1").await;
    person(&app, "bob@example.com", Some(PASSWORD)).await;
    let form = Form::read(&browser.page("/login?switch=1").await);
    let form = form.set("email", "bob@example.com").set("password", PASSWORD);
    assert_eq!(browser.send(&form).await.status(), 303);
    assert!(browser.page("/account").await.contains("bob@example.com"));
}

async fn a_client_waits_behind_the_login(app: TestApp) {
    let client = app.client().await;
    let browser = app.browser();
    let response = browser.get(&client.authorize_url("search:read")).await;
    let login = location(&response);
    assert!(login.starts_with("/login?return_to="), "{login}");
    let page = browser.page(&login).await;
    assert!(page.contains("Test app") && page.contains("Gatepost tools"), "{page}");
    let form = Form::read(&page).set("email", EMAIL).set("password", PASSWORD);
    let back = location(&browser.send(&form).await);
    assert!(back.starts_with("/oauth/authorize?"), "{back}");
    assert!(browser.allow(&back).await.contains("code="));
}

async fn odd_posts_are_refused_without_harm(app: TestApp) {
    let post = |kind: &'static str, body: Vec<u8>| {
        app.http().post(app.at("/login")).header("content-type", kind).body(body).send()
    };
    for (kind, body) in [
        ("application/json", b"{}".to_vec()),
        ("multipart/form-data", b"x".to_vec()),
        ("application/x-www-form-urlencoded", vec![0xff, 0xfe]),
        ("application/x-www-form-urlencoded", b"a=%ff%fe".to_vec()),
        ("application/x-www-form-urlencoded", b"a=1&".repeat(200)),
        ("application/x-www-form-urlencoded", vec![b'a'; 100_000]),
        ("application/x-www-form-urlencoded", Vec::new()),
    ] {
        let status = post(kind, body).await.unwrap().status();
        assert!(status.is_client_error(), "{kind}: {status}");
    }
}

async fn a_wrong_password_belongs_to_the_authorization_behind_it(app: TestApp) {
    let client = app.client().await;
    let browser = app.browser();
    let login = location(&browser.get(&client.authorize_url("openid")).await);
    let form = Form::read(&browser.page(&login).await);
    let wrong = form.clone().set("email", EMAIL).set("password", "not this one");
    assert_eq!(browser.send(&wrong).await.status(), 401);
    assert_eq!(browser.send(&wrong.without("csrf")).await.status(), 403);
    app.advance(1).await;
    assert_eq!(try_login(&app.browser(), EMAIL, "not this one").await.status(), 401);
    app.core.oauth.audit.flush().await;
    let events = app.core.oauth.store.list_events("", 100).await.unwrap();
    let flow_of = |reason: &str| -> Vec<Option<String>> {
        events.iter().filter(|e| e.reason == reason).map(|e| e.flow_id.clone()).collect()
    };
    let asked = flow_of("to_login");
    assert!(asked[0].is_some());
    assert_eq!(flow_of("wrong_password"), [asked[0].clone(), None]);
    assert_eq!(flow_of("stale_form"), asked);
}

on_both! {
    a_wrong_password_belongs_to_the_authorization_behind_it,
    the_right_password_signs_in,
    every_refusal_reads_the_same,
    the_form_belongs_to_the_browser_it_was_shown_on,
    somebody_signed_in_goes_on_unless_they_want_to_switch,
    a_client_waits_behind_the_login,
    odd_posts_are_refused_without_harm,
}

async fn nobody_learns_from_the_time_a_refusal_takes(database: Database) {
    let settings = [("GATEPOST_LIMITS__LOGIN_PER_MINUTE_PER_ACCOUNT", "1000")];
    let app = TestApp::start_with(database, &settings).await;
    person(&app, "nopass@example.com", None).await;
    let strong = person(&app, "strong@example.com", Some(PASSWORD)).await;
    super::second_factor::with_app(&app, &strong).await;
    super::passkeys::with_passkey(&app, &strong).await;
    let emails = [EMAIL, "nobody@example.com", "nopass@example.com", "strong@example.com"];
    let browser = app.browser();
    let form = Form::read(&browser.page("/login").await).set("password", "wrong");
    let mut times = vec![Vec::new(); emails.len()];
    // In turns: what slows the machine down slows all of them down alike.
    for _ in 0..31 {
        for (email, times) in emails.iter().zip(&mut times) {
            let form = form.clone().set("email", email);
            let start = Instant::now();
            assert_eq!(browser.send(&form).await.status(), 401);
            times.push(start.elapsed());
        }
    }
    let medians: Vec<Duration> = times
        .into_iter()
        .map(|mut times| {
            times.sort();
            times[times.len() / 2]
        })
        .collect();
    // Without the decoy an unknown address answers in a tenth of the time.
    for (email, median) in emails.iter().zip(&medians) {
        let ratio = median.as_secs_f64() / medians[0].as_secs_f64();
        assert!((0.7..=1.4).contains(&ratio), "{email}: {medians:?}");
    }
}

async fn a_login_never_leads_to_another_site(database: Database) {
    let settings = [("GATEPOST_LIMITS__LOGIN_PER_MINUTE_PER_ACCOUNT", "1000")];
    let app = TestApp::start_with(database, &settings).await;
    let base = url::Url::parse(&app.url).unwrap();
    for target in [
        "https://evil.example",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "\t//evil.example",
        " //evil.example",
        "https:evil.example",
        "https:/evil.example",
        "javascript:alert(1)",
        "data:text/html,x",
        "@evil.example",
        ".evil.example",
        "/%0d%0aSet-Cookie: x=1",
        "/.//evil.example",
        "/é",
        "",
    ] {
        let browser = app.browser();
        let query = serde_urlencoded::to_string([("return_to", target)]).unwrap();
        let shown = Form::read(&browser.page(&format!("/login?{query}")).await);
        let form = shown.set("email", EMAIL).set("password", PASSWORD);
        for form in [form.clone(), form.set("return_to", target)] {
            let response = browser.send(&form).await;
            assert_eq!(response.status(), 303, "{target}");
            let leads = base.join(&location(&response)).unwrap();
            assert_eq!(leads.origin(), base.origin(), "{target} leads to {leads}");
            assert!(cookie_of(&response, "x").is_none());
        }
    }
    let browser = app.browser();
    let shown = Form::read(&browser.page("/login?return_to=%2Foauth%2Fauthorize%3Fa%3Db%26c%3Dd").await);
    let response = browser.send(&shown.set("email", EMAIL).set("password", PASSWORD)).await;
    assert_eq!(location(&response), "/oauth/authorize?a=b&c=d");
}

on_each! {
    nobody_learns_from_the_time_a_refusal_takes,
    a_login_never_leads_to_another_site,
}

/// The page without the typed address, which some variants have escaped.
fn strip_value(page: &str) -> String {
    let start = page.find("name=\"email\"").unwrap();
    let value = page[start..].find("value=\"").unwrap() + start + 7;
    let end = page[value..].find('"').unwrap() + value;
    format!("{}{}", &page[..value], &page[end..]).replace(" autofocus", "")
}
