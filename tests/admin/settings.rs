//! `/admin/settings`: what is in force and where it comes from, and what is changed while the server runs.

use futures::future::join_all;
use gatepost::store::settings::SettingRow;
use serde_json::json;

use crate::support::{Browser, Database, Form, Mailbox, TestApp, location, text_of};
use crate::{on_both, on_each};

const BRANDING: &str = "/admin/settings/branding";
const LOGO: &str = "/admin/settings/branding/logo";
const SECOND_FACTOR: &str = "/admin/settings/second-factor";
const REGISTRATION: &str = "/admin/settings/registration";

/// The beginning of a PNG picture of 64 by 32 pixels, which is all that is looked at.
fn picture() -> Vec<u8> {
    [&b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x40\0\0\0\x20\x08\x06\0\0\0"[..], &[7; 64]].concat()
}

async fn form(ann: &Browser, page: &str) -> Form {
    Form::of(&ann.page(page).await, page)
}

async fn stored(app: &TestApp) -> Vec<SettingRow> {
    app.core.oauth.store.list_settings().await.unwrap()
}

/// What a client that wants to register itself is told.
async fn registering(app: &TestApp) -> u16 {
    let body = json!({ "redirect_uris": ["http://127.0.0.1/cb"], "token_endpoint_auth_method": "none" });
    app.http().post(app.direct("/oauth/register")).json(&body).send().await.unwrap().status().as_u16()
}

async fn everything_is_listed_with_its_source_and_no_secret(database: Database) {
    let settings = [
        ("GATEPOST_TOKENS__CODE_SECONDS", "77"),
        ("GATEPOST_TAVILY__API_KEY", "tvly-not-to-be-seen"),
        ("GATEPOST_PROVIDERS__MY_IDP__ISSUER", "https://id.example.com"),
        ("GATEPOST_PROVIDERS__MY_IDP__CLIENT_ID", "gatepost"),
    ];
    let app = TestApp::start_with(database, &settings).await;
    let page = app.signed_in().await.page("/admin/settings").await;
    let text = text_of(&page);
    for expected in [
        "tokens.code_seconds",
        "environment GATEPOST_TOKENS__CODE_SECONDS",
        "Life of an authorization code, in seconds.",
        "GATEPOST_TAVILY__API_KEY",
        "providers.my-idp.issuer",
        "nobody without an account here",
        "/login/my-idp/callback",
        "No mail server is set up",
    ] {
        assert!(text.contains(expected), "{expected} in {text}");
    }
    assert!(!page.contains("not-to-be-seen") && !page.contains(&"00".repeat(32)));
    for key in gatepost::config::keys() {
        let path = key.path.replace('*', "my-idp");
        assert!(text.contains(&path), "{path} is not listed");
    }
}

async fn a_change_reaches_every_process(app: TestApp) {
    let (ann, other) = (app.signed_in().await, app.replica().await);
    let brand = form(&ann, BRANDING).await.set("name", "Acme Login").set("accent", "#7F2214");
    assert_eq!(location(&ann.send(&brand).await), "/admin/settings?done=branding-set");
    assert_eq!(registering(&app).await, 201);
    let done = ann.send(&form(&ann, REGISTRATION).await.without("enabled")).await;
    assert_eq!(location(&done), "/admin/settings?done=registration-rule-set");
    assert_eq!(registering(&other).await, 201, "nobody told it yet");
    other.sync().await;
    for process in [&app, &other] {
        let page = process.http().get(process.direct("/login")).send().await.unwrap().text().await.unwrap();
        assert!(page.contains("<title>Sign in · Acme Login</title>"), "{page}");
        assert!(page.contains("with your Acme Login account"), "{page}");
        let style = page.split("href=\"").find(|s| s.starts_with("/branding/style.css")).unwrap();
        let style = process.direct(style.split('"').next().unwrap());
        let answer = process.http().get(style).send().await.unwrap();
        assert_eq!(answer.headers()["cache-control"], "public, max-age=31536000, immutable");
        assert!(answer.text().await.unwrap().contains("--accent: #7f2214;"));
        assert_eq!(registering(process).await, 403);
        let metadata = process.http().get(process.direct("/.well-known/oauth-authorization-server"));
        assert!(!metadata.send().await.unwrap().text().await.unwrap().contains("registration_endpoint"));
        let missing = process.http().get(process.direct("/none")).send().await.unwrap().text().await.unwrap();
        assert!(missing.contains("· Acme Login</title>"), "error pages too: {missing}");
    }
    assert_eq!(app.audit_reasons("setting.changed").await, ["ok", "ok"]);
    let events = app.core.oauth.store.list_events("", 1000).await.unwrap();
    let event = events.iter().rev().find(|e| e.kind == "setting.changed").unwrap();
    assert_eq!(event.actor_id.as_deref(), Some(app.user.id.as_str()));
}

async fn a_required_second_factor_is_asked_for_with_the_next_request(app: TestApp) {
    let (ann, other) = (app.signed_in().await, app.replica().await);
    let page = ann.page(SECOND_FACTOR).await;
    assert!(text_of(&page).contains("You have no second factor yourself."));
    let done = ann.send(&Form::of(&page, SECOND_FACTOR).set("require", "admins")).await;
    assert_eq!(location(&done), "/admin/settings?done=second-factor-rule-set");
    assert!(location(&ann.get("/account").await).starts_with("/account/second-factor?"));
    other.sync().await;
    let required = other.core.accounts.second_factor();
    assert!(required.covers(true) && !required.covers(false));
    assert_eq!(stored(&app).await[0].value, "admins");
}

async fn what_the_configuration_sets_is_not_changed_here(database: Database) {
    let settings =
        [("GATEPOST_LOGIN__REQUIRE_SECOND_FACTOR", "nobody"), ("GATEPOST_REGISTRATION__ENABLED", "true")];
    let app = TestApp::start_with(database, &settings).await;
    let ann = app.signed_in().await;
    let brand = form(&ann, BRANDING).await;
    for (path, field) in [(SECOND_FACTOR, "require"), (REGISTRATION, "enabled")] {
        let text = text_of(&ann.page(path).await);
        assert!(text.contains("and that wins"), "{text}");
        let sent = Form { action: path.into(), ..brand.clone() }.set(field, "everyone").without("name");
        let answer = ann.send(&sent).await;
        assert_eq!(answer.status(), 409);
        assert!(answer.text().await.unwrap().contains("The configuration sets this"));
    }
    assert_eq!(stored(&app).await, []);
    assert_eq!(ann.page("/admin/settings").await.matches(">the configuration<").count(), 2);
}

async fn of_two_who_change_the_same_the_second_is_told(app: TestApp) {
    let (ann, ben) = (app.signed_in().await, app.signed_in().await);
    let (first, second) = (form(&ann, BRANDING).await, form(&ben, BRANDING).await);
    assert_eq!(ann.send(&first.set("name", "First")).await.status(), 303);
    let late = ben.send(&second.set("name", "Second")).await;
    assert_eq!(late.status(), 409);
    let page = late.text().await.unwrap();
    assert!(text_of(&page).contains("Somebody else changed this"), "{page}");
    assert!(text_of(&page).contains("First"), "what it says now is there: {page}");
    let again = Form::of(&page, BRANDING);
    assert_eq!(again.get("name"), "Second", "and what was typed is kept");
    assert_eq!(ben.send(&again).await.status(), 303);

    let (first, second) = (form(&ann, SECOND_FACTOR).await, form(&ben, SECOND_FACTOR).await);
    let (on, off) = (form(&ann, REGISTRATION).await, form(&ben, REGISTRATION).await);
    assert_eq!(ann.send(&on.without("enabled")).await.status(), 303);
    let late = ben.send(&off).await;
    assert_eq!(late.status(), 409);
    assert!(text_of(&late.text().await.unwrap()).contains("It now says: off."));
    assert_eq!(ann.send(&first).await.status(), 303);
    let late = ben.send(&second.set("require", "everyone")).await;
    assert_eq!(late.status(), 409);
    assert!(text_of(&late.text().await.unwrap()).contains("It now says: nobody"));
    let first = Form::of(&ann.page(BRANDING).await, LOGO);
    let second = Form::of(&ben.page(BRANDING).await, LOGO);
    assert_eq!(ann.upload(&first, "logo", &picture()).await.status(), 303);
    assert_eq!(ben.upload(&second, "logo", &picture()).await.status(), 409);
}

async fn what_cannot_be_taken_is_said_and_nothing_changes(app: TestApp) {
    let ann = app.signed_in().await;
    let wrong = form(&ann, BRANDING).await.set("name", &"x".repeat(61)).set("accent", "url(//evil.example)");
    for action in [BRANDING, "/admin/settings/branding/preview"] {
        let answer = ann.send(&Form { action: action.into(), ..wrong.clone() }).await;
        assert_eq!(answer.status(), 422);
        let text = text_of(&answer.text().await.unwrap());
        assert!(text.contains("The name is longer than 60 characters."), "{text}");
        assert!(text.contains("This is not a colour."), "{text}");
    }
    let unknown = form(&ann, SECOND_FACTOR).await.set("require", "some");
    assert_eq!(ann.send(&unknown).await.status(), 422);
    let upload = Form::of(&ann.page(BRANDING).await, LOGO);
    let script = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>".to_vec();
    for (file, sentence) in [
        (script, "no PNG, JPEG or WebP picture"),
        (Vec::new(), "No file was chosen"),
        ([picture(), vec![0; 64 * 1024]].concat(), "larger than 64 KiB"),
    ] {
        let answer = ann.upload(&upload, "logo", &file).await;
        assert_eq!(answer.status(), 422, "{sentence}");
        assert!(answer.text().await.unwrap().contains(sentence), "{sentence}");
    }
    assert_eq!(ann.upload(&upload, "logo", &vec![0; 200 * 1024]).await.status(), 413);
    assert_eq!(ann.upload(&upload.clone().set("csrf", "x"), "logo", &picture()).await.status(), 403);
    assert_eq!(ann.send(&upload).await.status(), 422, "a form without any file");
    assert_eq!(stored(&app).await, []);
    let css = ann.get("/branding/preview.css?accent=1d6b57;}&dark=").await;
    assert_eq!(css.status(), 404);
}

async fn a_preview_shows_and_saves_nothing(app: TestApp) {
    let ann = app.signed_in().await;
    let preview = form(&ann, BRANDING).await.set("name", "Acme").set("accent", "#7f2214");
    let page = ann.shown(&Form { action: "/admin/settings/branding/preview".into(), ..preview }).await;
    assert!(page.contains("· Acme</title>") && text_of(&page).contains("Nothing is saved yet."), "{page}");
    assert!(page.contains("href=\"/branding/preview.css?accent=7f2214&#38;dark=\""), "{page}");
    let css = ann.page("/branding/preview.css?accent=7f2214&dark=").await;
    assert!(css.contains("--accent: #7f2214;"));
    assert_eq!(stored(&app).await, []);
    assert!(!app.browser().page("/login").await.contains("Acme"));
    let save = Form::of(&page, BRANDING);
    assert_eq!((save.get("name"), save.get("accent")), ("Acme", "#7f2214"));
    assert_eq!(ann.send(&save).await.status(), 303);
}

async fn a_logo_is_shown_as_what_it_is_and_taken_away(app: TestApp) {
    let (ann, other) = (app.signed_in().await, app.replica().await);
    assert_eq!(ann.get("/branding/logo").await.status(), 404);
    let upload = Form::of(&ann.page(BRANDING).await, LOGO);
    let done = ann.upload(&upload, "logo", &picture()).await;
    assert_eq!(location(&done), "/admin/settings/branding?done=logo-set");
    other.sync().await;
    let page = app.browser().page("/login").await;
    let at = page.find("src=\"/branding/logo?v=").unwrap() + 5;
    assert!(page[at..].contains("width=\"64\" height=\"32\""), "{page}");
    let url = page[at..].split('"').next().unwrap();
    for process in [&app, &other] {
        let picture_now = process.http().get(process.direct(url)).send().await.unwrap();
        let headers = picture_now.headers().clone();
        assert_eq!(headers["content-type"], "image/png");
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers["cache-control"], "public, max-age=31536000, immutable");
        assert_eq!(headers["content-security-policy"], "default-src 'none'; frame-ancestors 'none'");
        assert_eq!(picture_now.bytes().await.unwrap(), picture());
    }
    assert_eq!(ann.get("/branding/logo?v=other").await.headers()["cache-control"], "no-store");
    let remove = Form::of(&ann.page(BRANDING).await, "/admin/settings/branding/logo/remove");
    assert_eq!(ann.send(&remove).await.status(), 303);
    assert!(app.browser().page("/login").await.contains("src=\"/static/logo.svg\""));
}

async fn a_hostile_name_is_only_a_name(app: TestApp) {
    let ann = app.signed_in().await;
    let name = "</title><script>alert(1)</script>\u{202E}{{7*7}}";
    assert_eq!(ann.send(&form(&ann, BRANDING).await.set("name", name)).await.status(), 303);
    for path in ["/", "/account", "/admin/settings", BRANDING, "/none", "/logout"] {
        let page = ann.get(path).await.text().await.unwrap();
        assert!(page.contains("&#60;/title&#62;&#60;script&#62;alert(1)"), "{path}: {page}");
        assert!(!page.contains("<script>") && !page.contains("</script>\u{202E}"), "{path}: {page}");
    }
}

async fn a_mail_is_signed_with_the_name(database: Database) {
    let mailbox = Mailbox::open().await;
    let app = TestApp::start_with_mail(database, &mailbox).await;
    let ann = app.signed_in().await;
    let brand = form(&ann, BRANDING).await.set("name", "Acme Login");
    assert_eq!(ann.send(&brand).await.status(), 303);
    app.browser().sign_in(crate::support::EMAIL, crate::support::PASSWORD).await;
    app.core.accounts.mail.flush().await;
    let mails = mailbox.mails();
    let last = mails.last().unwrap();
    assert!(last.text.contains("your Acme Login account"), "{}", last.text);
    assert!(last.text.contains("Acme Login at http://localhost"), "{}", last.text);
}

async fn a_provider_is_asked_when_somebody_wants_to_know(database: Database) {
    let (app, _provider) = crate::people::upstream::stage(database, &[]).await;
    let ann = app.signed_in().await;
    let check = "/admin/settings/providers/google/check";
    let ask = Form::of(&ann.page("/admin/settings").await, check);
    let text = text_of(&ann.shown(&ask).await);
    assert!(text.contains("It answers, and its metadata can be used."), "{text}");
    let unknown = Form { action: "/admin/settings/providers/none/check".into(), ..ask };
    assert_eq!(ann.send(&unknown).await.status(), 404);
}

async fn a_provider_that_is_away_is_said_to_be(database: Database) {
    let settings = [
        ("GATEPOST_PROVIDERS__AWAY__ISSUER", "http://127.0.0.1:9"),
        ("GATEPOST_PROVIDERS__AWAY__CLIENT_ID", "gatepost"),
    ];
    let app = TestApp::start_with(database, &settings).await;
    let ann = app.signed_in().await;
    let check = "/admin/settings/providers/away/check";
    let text = text_of(&ann.shown(&Form::of(&ann.page("/admin/settings").await, check)).await);
    assert!(text.contains("It does not answer as it should:"), "{text}");
}

async fn one_of_many_changes_at_once_wins(app: TestApp) {
    let other = app.replica().await;
    let stores = [&app.core.oauth.store, &other.core.oauth.store];
    for version in 0..2 {
        let changes = (0..12).map(|n| {
            stores[n % 2].put_setting(SettingRow {
                name: "registration.enabled".into(),
                value: "true".into(),
                version,
                updated_at: 1,
                updated_by: format!("usr_{n}"),
            })
        });
        let won = join_all(changes).await.into_iter().filter(|done| *done.as_ref().unwrap()).count();
        assert_eq!(won, 1);
        assert_eq!(stored(&app).await[0].version, version + 1);
    }
}

on_both! {
    a_change_reaches_every_process,
    a_required_second_factor_is_asked_for_with_the_next_request,
    of_two_who_change_the_same_the_second_is_told,
    what_cannot_be_taken_is_said_and_nothing_changes,
    a_preview_shows_and_saves_nothing,
    a_logo_is_shown_as_what_it_is_and_taken_away,
    a_hostile_name_is_only_a_name,
    one_of_many_changes_at_once_wins,
}

mod with_settings {
    use super::*;

    on_each! {
        everything_is_listed_with_its_source_and_no_secret,
        what_the_configuration_sets_is_not_changed_here,
        a_mail_is_signed_with_the_name,
        a_provider_is_asked_when_somebody_wants_to_know,
        a_provider_that_is_away_is_said_to_be,
    }
}
