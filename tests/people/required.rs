//! A second factor that is required: who is led where, and what stays shut meanwhile.

use super::second_factor::{begin, set_up};
use super::{person, try_login};
use crate::on_each;
use crate::support::{Authenticator, Database, EMAIL, Form, PASSWORD, TestApp, json_of, location, query_of};

const EVERYONE: [(&str, &str); 1] = [("GATEPOST_LOGIN__REQUIRE_SECOND_FACTOR", "everyone")];
const ADMINS: [(&str, &str); 1] = [("GATEPOST_LOGIN__REQUIRE_SECOND_FACTOR", "admins")];
const SET_UP: &str = "/account/second-factor";

async fn nothing_opens_before_the_second_factor_is_set_up(database: Database) {
    let app = TestApp::start_with(database, &EVERYONE).await;
    let (browser, client) = (app.signed_in().await, app.client().await);
    let authorize = client.authorize_url("search:read");
    let led = location(&browser.get(&authorize).await);
    assert!(led.starts_with(&format!("{SET_UP}?return_to=%2Foauth%2Fauthorize%3F")), "{led}");
    let consent = authorize.replace("/oauth/authorize", "/consent");
    assert!(location(&browser.get(&consent).await).starts_with(SET_UP));
    for path in ["/account", "/account/password"] {
        assert!(location(&browser.get(path).await).starts_with(SET_UP), "{path}");
    }
    // A decision sent all the same.
    let csrf = Form::of(&browser.page(&led).await, "/account/second-factor/set-up");
    let request = authorize.split_once('?').unwrap().1;
    let decide =
        Form { action: "/consent".into(), ..csrf.clone() }.set("request", request).set("decision", "allow");
    assert!(location(&browser.send(&decide).await).starts_with(SET_UP));
    let silent = location(&browser.get(&format!("{authorize}&prompt=none")).await);
    assert_eq!(query_of(&silent)["error"], "login_required");

    let page = browser.page(&led).await;
    assert!(page.contains("Your administrator requires a second factor"));
    let shown = browser.shown(&csrf).await;
    let form = Form::of(&shown, "/account/second-factor/confirm");
    assert!(form.get("return_to").starts_with("/oauth/authorize?"), "where it led is kept");
    let (code, form) = begin(&browser).await;
    browser.shown(&form.set("code", &code.at(app.clock.now()))).await;
    assert!(browser.allow(&authorize).await.contains("code="));
    browser.page("/account").await;

    let off = Form::of(&browser.page(SET_UP).await, "/account/second-factor/recovery-codes");
    let off = Form { action: "/account/second-factor/turn-off".into(), ..off };
    assert_eq!(browser.send(&off).await.status(), 409, "and it cannot be turned off");
    assert_eq!(app.audit_reasons("second_factor.turned_off").await, ["second_factor_required"]);
}

async fn a_passkey_counts_and_a_password_alone_does_not(database: Database) {
    let app = TestApp::start_with(database, &EVERYONE).await;
    let browser = app.signed_in().await;
    let form = Form::of(&browser.page("/account/passkeys").await, "/account/passkeys");
    let ask = Form { action: "/account/passkeys/options".into(), ..form.clone() };
    let answer = json_of(browser.send(&ask).await).await;
    let mut key = Authenticator::new(&app.url);
    let credential = key.create(&answer["options"]).to_string();
    let form = form
        .set("ceremony", answer["ceremony"].as_str().unwrap())
        .set("credential", &credential)
        .set("return_to", "/account");
    assert_eq!(location(&browser.send(&form).await), "/account");
    // The passkey has to be shown once; another factor cannot be added with the password alone.
    for path in ["/account", SET_UP, "/account/passkeys"] {
        let led = location(&browser.get(path).await);
        assert!(led.starts_with("/login?return_to=") && led.ends_with("again=2"), "{led}");
    }
    let page = browser.page("/login?return_to=%2Faccount&again=2").await;
    assert!(page.contains("A second factor is required here"));
    let form = Form::of(&page, "/login/passkey");
    let ask = Form { action: "/login/passkey/options".into(), ..form.clone() };
    let answer = json_of(browser.send(&ask).await).await;
    let credential = key.get(&answer["options"]).to_string();
    let form = form.set("ceremony", answer["ceremony"].as_str().unwrap()).set("credential", &credential);
    assert_eq!(location(&browser.send(&form).await), "/account");
    browser.page("/account").await;
    let id = app.core.accounts.store.list_passkeys(&app.user.id).await.unwrap()[0].id.clone();
    let page = browser.page(&format!("/account/passkeys/{id}")).await;
    let remove = Form::of(&page, &format!("/account/passkeys/{id}/remove"));
    assert_eq!(browser.send(&remove).await.status(), 409, "the only second factor stays");
    assert_eq!(app.audit_reasons("passkey.removed").await, ["last_way_in"]);
}

async fn administrators_may_be_asked_alone(database: Database) {
    let app = TestApp::start_with(database, &ADMINS).await;
    person(&app, "bob@example.com", Some(PASSWORD)).await;
    let bob = app.browser();
    bob.sign_in("bob@example.com", PASSWORD).await;
    bob.page("/account").await;
    let ann = app.signed_in().await;
    assert!(location(&ann.get("/account").await).starts_with(SET_UP));
    let (code, _) = set_up(&app, &ann).await;
    ann.page("/account").await;
    let again = app.browser();
    assert_eq!(location(&try_login(&again, EMAIL, PASSWORD).await), "/login/second-factor");
    let form = Form::read(&again.page("/login/second-factor").await);
    again.send(&form.set("code", &code.at(app.clock.now()))).await;
    again.page("/account").await;
}

async fn a_grant_from_before_the_second_factor_is_not_renewed(database: Database) {
    let app = TestApp::start_with(database, &[]).await;
    person(&app, "bob@example.com", Some(PASSWORD)).await;
    let bob = app.browser();
    bob.sign_in("bob@example.com", PASSWORD).await;
    let (ann, client) = (app.signed_in().await, app.client().await);
    let before = client.log_in(&ann, "search:read").await;
    let bobs = client.log_in(&bob, "search:read").await;
    set_up(&app, &ann).await;
    let after = client.log_in(&ann, "search:read").await;
    // The same server after a change of its settings.
    let strict = app.replica_with(&ADMINS).await;
    let refresh = |token: &str| client.refreshing(token);
    let asked = strict.http().post(strict.direct("/oauth/token")).form(&refresh(&before.refresh));
    let answer = json_of(asked.send().await.unwrap()).await;
    assert_eq!(answer["error"], "invalid_grant");
    assert!(answer["error_description"].as_str().unwrap().contains("second factor"), "{answer}");
    assert_eq!(strict.audit_reasons("token.refreshed").await, ["second_factor_needed"]);
    for fine in [&after.refresh, &bobs.refresh] {
        let asked = strict.http().post(strict.direct("/oauth/token")).form(&refresh(fine));
        assert_eq!(asked.send().await.unwrap().status(), 200);
    }
    // Nothing was spent: where it is not required, the token is as good as before.
    client.tokens(&refresh(&before.refresh)).await;
}

on_each! {
    a_grant_from_before_the_second_factor_is_not_renewed,
    nothing_opens_before_the_second_factor_is_set_up,
    a_passkey_counts_and_a_password_alone_does_not,
    administrators_may_be_asked_alone,
}
