//! Authenticator apps: setting one up, signing in with its codes and with recovery codes, turning it off.

use futures::future::join_all;
use gatepost::accounts::ceremony::CeremonyError;
use gatepost::accounts::login;
use gatepost::accounts::second_step::{self, Answer, StepError};
use gatepost::accounts::sign_in::{self, Device, SignInError, SignedIn};
use gatepost::oauth::Origin;
use gatepost::store::ceremonies::{CeremonyKind, CeremonyRow};
use gatepost::store::recovery_codes::{RecoveryCodeRow, Taken};
use gatepost::store::totp::{ConfirmedIn, TotpRow};
use gatepost::store::users::UserRow;
use gatepost::types::Plain;
use gatepost::types::{FirstFactor, Hashed};
use reqwest::Response;

use super::{NEW_PASSWORD, person, try_login};
use crate::support::{
    AppCode, Browser, Database, EMAIL, Form, OAuthClient, PASSWORD, TestApp, cookie_of, location,
};
use crate::{on_both, on_each};

const PAGE: &str = "/account/second-factor";
const STEP: &str = "/login/second-factor";

/// Gives a person an app without any page.
pub async fn with_app(app: &TestApp, user: &UserRow) {
    let store = &app.core.accounts.store;
    let now = app.clock.now();
    store.add_ceremony(ceremony("cer_set_up", CeremonyKind::TotpAdd, &user.id, now)).await.unwrap();
    let totp = TotpRow {
        user_id: user.id.clone(),
        sealed_secret: app
            .core
            .accounts
            .master
            .seal(&app.core.accounts.rng, &format!("totp {}", user.id), &[7; 20])
            .unwrap(),
        last_step: 0,
        created_at: now,
    };
    let confirmed = ConfirmedIn { session_id: "ses_none".into(), proof: FirstFactor::Password.into() };
    assert!(store.put_totp("cer_set_up".into(), totp, Vec::new(), confirmed).await.unwrap());
}

pub fn ceremony(id: &str, kind: CeremonyKind, user_id: &str, now: i64) -> CeremonyRow {
    CeremonyRow {
        id: id.to_owned(),
        kind,
        hash: Hashed::of("secret"),
        browser: Hashed::of("browser"),
        user_id: Some(user_id.to_owned()),
        data: "{}".to_owned(),
        attempts: 0,
        created_at: now,
        expires_at: now + 600,
        spent_at: None,
    }
}

fn between<'t>(text: &'t str, from: &str, to: &str) -> &'t str {
    let start = text.find(from).unwrap_or_else(|| panic!("no {from} in {text}")) + from.len();
    &text[start..start + text[start..].find(to).unwrap()]
}

/// Begins on the page: the app, and the form that takes its first code.
pub async fn begin(browser: &Browser) -> (AppCode, Form) {
    let page = browser.page(PAGE).await;
    let shown = browser.shown(&Form::of(&page, "/account/second-factor/set-up")).await;
    let code = AppCode::new(between(&shown, "<code id=\"secret\">", "<"));
    (code, Form::of(&shown, "/account/second-factor/confirm"))
}

fn codes_of(page: &str) -> Vec<String> {
    page.split("<li><code>").skip(1).map(|rest| rest[..rest.find('<').unwrap()].to_owned()).collect()
}

/// Sets an app up: it, and the recovery codes.
pub async fn set_up(app: &TestApp, browser: &Browser) -> (AppCode, Vec<String>) {
    let (code, form) = begin(browser).await;
    let page = browser.shown(&form.set("code", &code.at(app.clock.now()))).await;
    app.advance(30).await;
    (code, codes_of(&page))
}

/// A browser on which the password was right.
async fn half_way(app: &TestApp) -> (Browser, Form) {
    let browser = app.browser();
    let response = try_login(&browser, EMAIL, PASSWORD).await;
    assert_eq!((response.status().as_u16(), location(&response).as_str()), (303, STEP));
    assert!(cookie_of(&response, "gatepost-step").is_some());
    let form = Form::read(&browser.page(STEP).await);
    (browser, form)
}

async fn signed_in(browser: &Browser) -> bool {
    browser.get("/account").await.status() == 200
}

async fn refused(response: Response, status: u16, sentence: &str) {
    assert_eq!(response.status(), status);
    assert!(cookie_of(&response, "gatepost-session").is_none_or(|(value, _)| value.is_empty()));
    let page = response.text().await.unwrap();
    assert!(page.contains(sentence), "{sentence} in {page}");
}

async fn an_app_counts_only_after_a_right_code(app: TestApp) {
    let (browser, elsewhere) = (app.signed_in().await, app.signed_in().await);
    let (code, form) = begin(&browser).await;
    assert_eq!(try_login(&app.browser(), EMAIL, PASSWORD).await.headers()["location"], "/account");
    let wrong = browser.send(&form.clone().set("code", &code.wrong(app.clock.now()))).await;
    assert_eq!(wrong.status(), 422);
    let again = wrong.text().await.unwrap();
    assert!(again.contains("That code is not right"));
    let same = AppCode::new(between(&again, "<code id=\"secret\">", "<"));
    assert_eq!(same.at(5_000), code.at(5_000), "the secret stays the same");
    let right = form.clone().set("code", &code.at(app.clock.now()));
    let page = browser.shown(&right).await;
    let codes = codes_of(&page);
    assert_eq!(codes.len(), 10);
    assert!(codes.iter().all(|c| c.len() == 19), "{codes:?}");
    assert!(!signed_in(&elsewhere).await, "other sessions end");
    assert!(signed_in(&browser).await);
    let once = browser.send(&right).await;
    assert_eq!(once.status(), 422, "a set-up ends once");
    assert!(!once.text().await.unwrap().contains(&codes[0]), "codes are shown once");
    let rows = app.db_rows().await;
    assert!(!rows.contains(&codes[0].replace('-', "")));
    assert!(browser.page(PAGE).await.contains("10 of 10"));
    assert_eq!(app.audit_reasons("second_factor.set_up").await, ["ceremony_spent", "ok", "wrong_code"]);
}

async fn a_set_up_belongs_to_its_person_and_browser(app: TestApp) {
    person(&app, "bob@example.com", Some(PASSWORD)).await;
    let (ann, bob) = (app.signed_in().await, app.browser());
    bob.sign_in("bob@example.com", PASSWORD).await;
    let (code, form) = begin(&ann).await;
    let (_, own) = begin(&bob).await;
    let right = code.at(app.clock.now());
    let stolen = own.clone().set("ceremony", form.get("ceremony")).set("code", &right);
    assert_eq!(bob.send(&stolen).await.status(), 422);
    // The same browser, but another person on it.
    let switch = Form::read(&ann.page("/login?switch=1").await);
    ann.send(&switch.set("email", "bob@example.com").set("password", PASSWORD)).await;
    let (_, own) = begin(&ann).await;
    let stolen = own.clone().set("ceremony", form.get("ceremony")).set("code", &right);
    assert_eq!(ann.send(&stolen).await.status(), 422);
    assert_eq!(ann.send(&own.clone().set("ceremony", "nonsense").set("code", &right)).await.status(), 422);
    app.advance(600).await;
    let late = own.set("code", &code.at(app.clock.now()));
    assert_eq!(ann.send(&late).await.status(), 422);
    assert!(app.core.accounts.store.find_totp(&app.user.id).await.unwrap().is_none());
    let reasons = app.audit_reasons("second_factor.set_up").await;
    let expected = ["ceremony_expired", "ceremony_of_other_browser", "ceremony_unknown", "ceremony_unknown"];
    assert_eq!(reasons, expected);
}

async fn a_code_completes_the_login(app: TestApp) {
    let (code, _) = set_up(&app, &app.signed_in().await).await;
    let client = app.client().await;
    let browser = app.browser();
    let login = location(&browser.get(&client.authorize_url("search:read openid")).await);
    let form = Form::read(&browser.page(&login).await).set("email", EMAIL).set("password", PASSWORD);
    let response = browser.send(&form).await;
    assert_eq!(location(&response), STEP, "no secret in the URL");
    let (secret, attributes) = cookie_of(&response, "gatepost-step").unwrap();
    assert!(secret.starts_with("cer_") && attributes.contains("HttpOnly"), "{attributes}");
    assert!(cookie_of(&response, "gatepost-session").is_none(), "nobody is signed in yet");
    assert!(!signed_in(&browser).await);
    let page = browser.page(STEP).await;
    assert!(page.contains(EMAIL) && !page.contains(&secret));
    let answer = Form::read(&page).set("code", &code.at(app.clock.now()));
    let response = browser.send(&answer).await;
    assert!(location(&response).starts_with("/oauth/authorize?"), "the app waits behind it");
    assert!(cookie_of(&response, "gatepost-session").unwrap().0.starts_with("ses_"));
    assert!(cookie_of(&response, "gatepost-step").unwrap().0.is_empty());
    assert!(browser.allow(&location(&response)).await.contains("code="));
    assert_eq!(app.audit_reasons("session.second_factor").await, ["ok"]);
    assert_eq!(browser.get(STEP).await.status(), 303, "nothing waits any more");
}

async fn the_link_from_an_administrator_asks_for_the_code_too(app: TestApp) {
    let (code, _) = set_up(&app, &app.signed_in().await).await;
    let link = super::link(&app, gatepost::store::links::LinkPurpose::Reset, Some(&app.user.id)).await;
    let browser = app.browser();
    let form = Form::read(&browser.page(&link).await);
    let new = super::NEW_PASSWORD;
    let response = browser.send(&form.set("password", new).set("password_again", new)).await;
    assert_eq!(location(&response), STEP);
    assert!(!signed_in(&browser).await);
    let answer = Form::read(&browser.page(STEP).await).set("code", &code.at(app.clock.now()));
    assert_eq!(location(&browser.send(&answer).await), "/account");
    assert!(signed_in(&browser).await);
}

async fn a_session_from_before_is_no_session_after(app: TestApp) {
    let (code, _) = set_up(&app, &app.signed_in().await).await;
    person(&app, "bob@example.com", Some(PASSWORD)).await;
    let browser = app.browser();
    let planted = try_login(&browser, "bob@example.com", PASSWORD).await;
    let planted = format!("gatepost-session={}", cookie_of(&planted, "gatepost-session").unwrap().0);
    let form = Form::read(&browser.page("/login?switch=1").await);
    browser.send(&form.set("email", EMAIL).set("password", PASSWORD)).await;
    let answer = Form::read(&browser.page(STEP).await).set("code", &code.at(app.clock.now()));
    let response = browser.send(&answer).await;
    let own = format!("gatepost-session={}", cookie_of(&response, "gatepost-session").unwrap().0);
    assert_ne!(own, planted);
    assert!(browser.page("/account").await.contains(EMAIL));
    let with = app.http().get(app.at("/account")).header("cookie", &planted).send().await.unwrap();
    assert_eq!(with.status(), 303, "the earlier session has ended");
}

async fn a_code_works_once(app: TestApp) {
    let (code, _) = set_up(&app, &app.signed_in().await).await;
    let (first, first_form) = half_way(&app).await;
    let (second, second_form) = half_way(&app).await;
    let now = code.at(app.clock.now());
    assert_eq!(first.send(&first_form.set("code", &now)).await.status(), 303);
    refused(second.send(&second_form.clone().set("code", &now)).await, 401, "used before").await;
    // The code of the step before is older than the one that was used.
    let earlier = code.at(app.clock.now() - 30);
    refused(second.send(&second_form.clone().set("code", &earlier)).await, 401, "used before").await;
    // A clock that is one step ahead is fine; two are not.
    let ahead = code.at(app.clock.now() + 60);
    refused(second.send(&second_form.clone().set("code", &ahead)).await, 401, "not right").await;
    let next = code.at(app.clock.now() + 30);
    assert_eq!(second.send(&second_form.set("code", &next)).await.status(), 303);
    let reasons = app.audit_reasons("session.second_factor").await;
    assert_eq!(reasons, ["code_used_before", "code_used_before", "ok", "ok", "wrong_code"]);
}

async fn of_parallel_uses_of_one_code_one_wins(app: TestApp) {
    let (code, _) = set_up(&app, &app.signed_in().await).await;
    let (browsers, mut forms) = (join_all((0..4).map(|_| half_way(&app))).await, Vec::new());
    for (_, form) in &browsers {
        forms.push(form.clone().set("code", &code.at(app.clock.now())));
    }
    let sends = browsers.iter().zip(&forms).map(|((browser, _), form)| browser.send(form));
    let won = join_all(sends).await.iter().filter(|answer| answer.status() == 303).count();
    assert_eq!(won, 1);
}

async fn five_wrong_codes_end_the_login(app: TestApp) {
    let (code, _) = set_up(&app, &app.signed_in().await).await;
    let (browser, form) = half_way(&app).await;
    let wrong = code.wrong(app.clock.now());
    for _ in 0..4 {
        refused(browser.send(&form.clone().set("code", &wrong)).await, 401, "not right").await;
    }
    refused(browser.send(&form.clone().set("code", &wrong)).await, 410, "too many wrong codes").await;
    let right = form.set("code", &code.at(app.clock.now()));
    assert_ne!(browser.send(&right).await.status(), 200);
    assert!(!signed_in(&browser).await);
    let (browser, form) = half_way(&app).await;
    let response = browser.send(&form.set("code", &code.at(app.clock.now()))).await;
    assert_eq!(response.status(), 303, "whoever starts over gets in");
}

async fn the_second_step_belongs_to_its_login_and_browser(app: TestApp) {
    let (code, _) = set_up(&app, &app.signed_in().await).await;
    let browser = app.browser();
    let response = try_login(&browser, EMAIL, PASSWORD).await;
    let step = cookie_of(&response, "gatepost-step").unwrap().0;
    let form = Form::read(&browser.page(STEP).await).set("code", &code.at(app.clock.now()));
    // Another browser with the same secret.
    let thief = Browser::with_headers(&app, &[("cookie", &format!("gatepost-step={step}"))]);
    assert_eq!(thief.get(STEP).await.status(), 410);
    for (bad, status) in [(form.clone().without("csrf"), 403), (form.clone().set("csrf", "x"), 403)] {
        assert_eq!(browser.send(&bad).await.status(), status);
    }
    app.advance(600).await;
    let late = form.set("code", &code.at(app.clock.now()));
    refused(browser.send(&late).await, 410, "took too long").await;
    // A login that was begun with the old password ends with it.
    let (browser, form) = half_way(&app).await;
    let accounts = &app.core.accounts;
    let hash = accounts.passwords.hash(Plain::new(PASSWORD.to_owned())).await.unwrap();
    let (id, now) = (app.user.id.clone(), app.clock.now());
    accounts.store.change_password(id, hash, String::new(), now).await.unwrap();
    assert_eq!(browser.send(&form.set("code", &code.at(now))).await.status(), 410);
    let (browser, form) = half_way(&app).await;
    app.disable_ann().await;
    let response = browser.send(&form.set("code", &code.at(app.clock.now()))).await;
    assert_eq!(response.status(), 403);
    assert!(response.text().await.unwrap().contains("disabled"));
    assert_eq!(app.browser().get(STEP).await.status(), 303, "without a login there is nothing to ask");
}

async fn a_second_step_ends_with_the_password_it_followed(app: TestApp) {
    let (code, _) = set_up(&app, &app.signed_in().await).await;
    let accounts = &app.core.accounts;
    let found = accounts.store.find_user(&app.user.id).await.unwrap().unwrap();
    let hash = accounts.passwords.hash(Plain::new(PASSWORD.to_owned())).await.unwrap();
    let change = |hash: String| {
        let (id, now) = (app.user.id.clone(), app.clock.now());
        accounts.store.change_password(id, hash, String::new(), now)
    };
    // The password was right, and was replaced before the second step began: the change could not end the step.
    change(hash.clone()).await.unwrap();
    let device = Device { browser: Some("browser".into()), ..Device::default() };
    let proof = FirstFactor::Password.into();
    let begun = sign_in::complete(accounts, &found, proof, &device, "/").await.unwrap();
    let SignedIn::SecondFactor(secret) = begun else { panic!("{begun:?}") };
    let step = second_step::find(accounts, secret.expose(), &device).await;
    assert!(matches!(step, Err(StepError::Over(CeremonyError::Spent))), "{step:?}");
    // It was replaced while the code was being compared.
    let found = accounts.store.find_user(&app.user.id).await.unwrap().unwrap();
    let begun = sign_in::complete(accounts, &found, proof, &device, "/").await.unwrap();
    let SignedIn::SecondFactor(secret) = begun else { panic!("{begun:?}") };
    let waiting = second_step::find(accounts, secret.expose(), &device).await.unwrap();
    change("another".to_owned()).await.unwrap();
    let late = Answer::Code(Plain::new(code.at(app.clock.now())));
    let answered = second_step::answer(accounts, &waiting, late, &device).await;
    assert!(matches!(answered, Err(StepError::TooMany)), "it takes no answer any more: {answered:?}");
    assert!(accounts.store.list_sessions_of_user(&app.user.id, 0, 0, 9).await.unwrap().is_empty());
}

async fn a_login_that_was_overtaken_signs_nobody_in(app: TestApp) {
    let accounts = &app.core.accounts;
    let origin = Origin::default();
    let found =
        login::attempt(accounts, EMAIL, Plain::new(PASSWORD.to_owned()), "/account", &origin).await.unwrap();
    let hash = accounts.passwords.hash(Plain::new(NEW_PASSWORD.to_owned())).await.unwrap();
    accounts.store.change_password(app.user.id.clone(), hash, String::new(), 0).await.unwrap();
    let device = Device::default();
    let late = sign_in::complete(accounts, &found, FirstFactor::Password.into(), &device, "/").await;
    assert!(matches!(late, Err(SignInError::Changed)), "{late:?}");
    assert!(accounts.store.list_sessions_of_user(&app.user.id, 0, 0, 9).await.unwrap().is_empty());
    // A passkey has nothing to do with the password.
    sign_in::complete(accounts, &found, FirstFactor::Passkey.into(), &device, "/").await.unwrap();
    assert_eq!(app.audit_reasons("session.login").await, ["account_changed", "ok"]);
}

async fn a_recovery_code_works_once(app: TestApp) {
    let owner = app.signed_in().await;
    let (_, codes) = set_up(&app, &owner).await;
    let recovery = |form: &Form, code: &str| form.clone().without("code").set("recovery_code", code);
    let (browser, form) = half_way(&app).await;
    for wrong in ["   ", "0000-0000-0000-0000", "no code at all"] {
        let response = browser.send(&recovery(&form, wrong)).await;
        refused(response, 401, "recovery code is not right").await;
    }
    let typed = codes[3].to_uppercase().replace('-', " ");
    assert_eq!(browser.send(&recovery(&form, &typed)).await.status(), 303, "however it is typed");
    assert!(signed_in(&browser).await);
    let (again, form) = half_way(&app).await;
    refused(again.send(&recovery(&form, &codes[3])).await, 401, "used before").await;
    assert_eq!(again.send(&recovery(&form, &codes[4])).await.status(), 303);
    assert!(owner.page(PAGE).await.contains("8 of 10"));
    let make = Form::of(&owner.page(PAGE).await, "/account/second-factor/recovery-codes");
    let fresh = codes_of(&owner.shown(&make).await);
    assert!(fresh.len() == 10 && fresh.iter().all(|code| !codes.contains(code)));
    let (old, form) = half_way(&app).await;
    refused(old.send(&recovery(&form, &codes[5])).await, 401, "not right").await;
    assert_eq!(old.send(&recovery(&form, &fresh[0])).await.status(), 303);
    assert_eq!(app.audit_reasons("recovery_codes.made").await, ["ok"]);
}

async fn of_parallel_uses_of_one_recovery_code_one_wins(app: TestApp) {
    let (store, now) = (&app.core.accounts.store, app.clock.now());
    with_app(&app, &app.user).await;
    let code = RecoveryCodeRow {
        id: "rcv_1".into(),
        user_id: app.user.id.clone(),
        hash: Hashed::of("code"),
        created_at: now,
    };
    assert!(store.replace_recovery_codes(app.user.id.clone(), vec![code]).await.unwrap());
    for n in 0..32 {
        let row = ceremony(&format!("cer_{n}"), CeremonyKind::SecondFactor, &app.user.id, now);
        store.add_ceremony(row).await.unwrap();
    }
    let uses = (0..32)
        .map(|n| store.take_recovery_code(format!("cer_{n}"), app.user.id.clone(), Hashed::of("code"), now));
    let won = join_all(uses).await.into_iter().filter(|taken| *taken.as_ref().unwrap() == Taken::Done);
    assert_eq!(won.count(), 1);
    let nobody = store.replace_recovery_codes("usr_none".into(), Vec::new()).await.unwrap();
    assert!(!nobody, "codes go with an app");
}

async fn the_app_can_be_moved_and_turned_off(app: TestApp) {
    let browser = app.signed_in().await;
    let (old, _) = set_up(&app, &browser).await;
    let (new, _) = set_up(&app, &browser).await;
    let (half, form) = half_way(&app).await;
    refused(half.send(&form.clone().set("code", &old.at(app.clock.now()))).await, 401, "not right").await;
    assert_eq!(half.send(&form.set("code", &new.at(app.clock.now()))).await.status(), 303);
    let off = Form::of(&browser.page(PAGE).await, "/account/second-factor/turn-off");
    assert_eq!(browser.send(&off.clone().without("csrf")).await.status(), 403);
    app.advance(16 * 60).await;
    assert!(location(&browser.send(&off).await).starts_with("/login?"), "only after a fresh login");
    let fresh = Form::of(&half_way_page(&app, &new, &browser).await, "/account/second-factor/turn-off");
    assert!(location(&browser.send(&fresh).await).contains("done=second-factor-off"));
    assert_eq!(try_login(&app.browser(), EMAIL, PASSWORD).await.headers()["location"], "/account");
    assert_eq!(app.core.accounts.store.recovery_codes_left(&app.user.id).await.unwrap(), 0);
    assert_eq!(app.audit_reasons("second_factor.turned_off").await, ["ok"]);
}

async fn an_administrator_removes_what_was_lost(app: TestApp) {
    let store = &app.core.accounts.store;
    with_app(&app, &app.user).await;
    super::passkeys::with_passkey(&app, &app.user).await;
    store.clear_second_factor(app.user.id.clone(), app.clock.now()).await.unwrap();
    let ways = store.ways_in(&app.user.id).await.unwrap();
    assert_eq!((ways.password, ways.passkeys, ways.code), (true, 0, false));
    assert_eq!(location(&try_login(&app.browser(), EMAIL, PASSWORD).await), "/account");
}

async fn tokens_tell_how_the_person_signed_in(app: TestApp) {
    let browser = app.signed_in().await;
    let client = app.client().await;
    let told = |token: &serde_json::Value| (token["acr"].clone(), token["amr"].clone());
    let first = id_claims(&client, &browser).await;
    assert_eq!(told(&first), ("urn:gatepost:acr:single-factor".into(), serde_json::json!(["pwd"])));
    let (code, _) = set_up(&app, &browser).await;
    let both = ("urn:gatepost:acr:multi-factor".into(), serde_json::json!(["pwd", "otp", "mfa"]));
    assert_eq!(told(&id_claims(&client, &browser).await), both, "it has shown a code just now");
    let (other, form) = half_way(&app).await;
    other.send(&form.set("code", &code.at(app.clock.now()))).await;
    assert_eq!(told(&id_claims(&client, &other).await), both);
    let metadata = app.http().get(app.at("/.well-known/openid-configuration")).send().await.unwrap();
    let metadata = crate::support::json_of(metadata).await;
    let offered = metadata["acr_values_supported"].as_array().unwrap();
    assert!(offered.contains(&both.0) && offered.contains(&"phr".into()) && offered.len() == 3);
}

on_both! {
    an_app_counts_only_after_a_right_code,
    a_set_up_belongs_to_its_person_and_browser,
    a_code_completes_the_login,
    the_link_from_an_administrator_asks_for_the_code_too,
    a_session_from_before_is_no_session_after,
    a_code_works_once,
    of_parallel_uses_of_one_code_one_wins,
    five_wrong_codes_end_the_login,
    the_second_step_belongs_to_its_login_and_browser,
    a_second_step_ends_with_the_password_it_followed,
    a_login_that_was_overtaken_signs_nobody_in,
    a_recovery_code_works_once,
    of_parallel_uses_of_one_recovery_code_one_wins,
    the_app_can_be_moved_and_turned_off,
    an_administrator_removes_what_was_lost,
    tokens_tell_how_the_person_signed_in,
}

/// Signs in once more on this browser, to the page.
async fn half_way_page(app: &TestApp, code: &AppCode, browser: &Browser) -> String {
    let form = Form::read(&browser.page("/login?switch=1").await);
    browser.send(&form.set("email", EMAIL).set("password", PASSWORD)).await;
    let form = Form::read(&browser.page(STEP).await);
    assert_eq!(browser.send(&form.set("code", &code.at(app.clock.now()))).await.status(), 303);
    browser.page(PAGE).await
}

/// The claims of an ID token got on this browser.
pub async fn id_claims(client: &OAuthClient, browser: &Browser) -> serde_json::Value {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let tokens = client.log_in(browser, "openid").await;
    let token = tokens.body["id_token"].as_str().unwrap();
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice(&claims).unwrap()
}

async fn guessing_codes_pauses_codes_and_nothing_else(database: Database) {
    let settings = [("GATEPOST_LIMITS__LOGIN_PER_MINUTE_PER_ACCOUNT", "1000")];
    let app = TestApp::start_with(database, &settings).await;
    let (code, codes) = set_up(&app, &app.signed_in().await).await;
    let wrong = code.wrong(app.clock.now());
    for _ in 0..20 {
        let (browser, form) = half_way(&app).await;
        for _ in 0..5 {
            let response = browser.send(&form.clone().set("code", &wrong)).await;
            assert!([401, 410].contains(&response.status().as_u16()));
        }
    }
    let (browser, form) = half_way(&app).await;
    let right = form.clone().set("code", &code.at(app.clock.now()));
    refused(browser.send(&right).await, 429, "Use a recovery code").await;
    let response = browser.send(&form.without("code").set("recovery_code", &codes[0])).await;
    assert_eq!(response.status(), 303, "a recovery code still works");
    let late = app.clock.now() + 24 * 3600 + 1;
    app.advance(late - app.clock.now()).await;
    let (browser, form) = half_way(&app).await;
    let response = browser.send(&form.set("code", &code.at(app.clock.now()))).await;
    assert_eq!(response.status(), 303, "and codes do a day later");
    assert!(app.audit_reasons("session.second_factor").await.contains(&"codes_paused".to_owned()));
}

on_each! {
    guessing_codes_pauses_codes_and_nothing_else,
}
