//! Passkeys: adding, signing in without a word typed, renaming, removing, and everything that is refused.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gatepost::accounts::ways_in::{Way, is_left_without};
use gatepost::store::ceremonies::{AnsweredRow, CeremonyKind};
use gatepost::store::passkeys::{Answered, PasskeyRow};
use gatepost::store::users::UserRow;
use gatepost::store::ways_in::Removed;
use gatepost::types::Hashed;
use reqwest::Response;
use serde_json::Value;

use super::second_factor::id_claims;
use super::{person, try_login};
use crate::support::{
    Authenticator, Browser, Database, EMAIL, Form, PASSWORD, TestApp, cookie_of, json_of, location,
};
use crate::{on_both, on_each};

const PAGE: &str = "/account/passkeys";

fn row(n: usize, user_id: &str) -> PasskeyRow {
    PasskeyRow {
        id: format!("psk_{n}"),
        user_id: user_id.to_owned(),
        credential_id: format!("credential{n}"),
        credential: "{}".to_owned(),
        name: format!("Key {n}"),
        created_at: 1,
        last_used_at: None,
    }
}

/// Gives a person a passkey without any page.
pub async fn with_passkey(app: &TestApp, user: &UserRow) {
    let rows = sqlx::query(
        "INSERT INTO passkeys (id, user_id, credential_id, credential, name, created_at) \
         VALUES ($1, $2, $3, '{}', 'Key', 1)",
    );
    let id = format!("psk_{}", user.id);
    rows.bind(&id).bind(&user.id).bind(&id).execute(app.core.accounts.store.pool()).await.unwrap();
}

/// A challenge that a browser kept, and answers.
fn answered(id: &str) -> AnsweredRow {
    AnsweredRow {
        id: id.to_owned(),
        kind: CeremonyKind::PasskeyLogin,
        hash: Hashed::of("mark"),
        browser: Hashed::of("browser"),
        created_at: 1,
        expires_at: 601,
    }
}

/// Asks for a challenge with the form that will answer it.
async fn challenge(browser: &Browser, form: &Form) -> (Form, Value) {
    let ask = Form { action: format!("{}/options", form.action), ..form.clone() };
    let response = browser.send(&ask).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["cache-control"], "no-store");
    let answer = json_of(response).await;
    (form.clone().set("ceremony", answer["ceremony"].as_str().unwrap()), answer["options"].clone())
}

async fn adding(browser: &Browser) -> (Form, Value) {
    challenge(browser, &Form::of(&browser.page(PAGE).await, PAGE)).await
}

async fn signing_in(browser: &Browser, login: &str) -> (Form, Value) {
    challenge(browser, &Form::of(&browser.page(login).await, "/login/passkey")).await
}

fn with(form: &Form, credential: &Value) -> Form {
    form.clone().set("credential", &credential.to_string())
}

/// A key, added on this browser.
async fn added(app: &TestApp, browser: &Browser) -> Authenticator {
    let mut key = Authenticator::new(&app.url);
    let (form, options) = adding(browser).await;
    let response = browser.send(&with(&form, &key.create(&options))).await;
    assert_eq!(
        (response.status().as_u16(), location(&response)),
        (303, format!("{PAGE}?done=passkey-added"))
    );
    key
}

async fn refused(response: Response) {
    assert_eq!(response.status(), 401);
    assert!(cookie_of(&response, "gatepost-session").is_none());
    assert!(response.text().await.unwrap().contains("That passkey could not be used here."));
}

async fn a_passkey_signs_in_without_a_word_typed(app: TestApp) {
    let owner = app.signed_in().await;
    let (form, options) = adding(&owner).await;
    assert_eq!(options["rp"]["id"], "localhost");
    assert_eq!(options["authenticatorSelection"]["residentKey"], "required");
    assert_eq!(options["authenticatorSelection"]["userVerification"], "required");
    let mut key = Authenticator::new(&app.url);
    let answer = with(&form, &key.create(&options));
    assert_eq!(owner.send(&answer).await.status(), 303);
    let listed = owner.page(PAGE).await;
    assert!(listed.contains("Not used yet"), "{listed}");

    let client = app.client().await;
    let browser = app.browser();
    let login = location(&browser.get(&client.authorize_url("openid")).await);
    let (form, options) = signing_in(&browser, &login).await;
    assert_eq!(options["userVerification"], "required");
    assert_eq!(options["allowCredentials"], serde_json::json!([]), "names no account");
    let response = browser.send(&with(&form, &key.get(&options))).await;
    let back = location(&response);
    assert!(back.starts_with("/oauth/authorize?"), "{back}");
    let claims = id_claims(&client, &browser).await;
    assert_eq!(claims["acr"], "phr");
    assert_eq!(claims["amr"], serde_json::json!(["pop", "user", "mfa"]));
    assert!(owner.page(PAGE).await.contains("Last used"));
    assert_eq!(app.audit_reasons("session.login").await, ["ok", "ok"]);
    assert_eq!(app.audit_reasons("passkey.added").await, ["ok"]);
}

async fn a_challenge_is_for_one_browser_once_and_in_time(app: TestApp) {
    let owner = app.signed_in().await;
    let mut key = added(&app, &owner).await;
    let (browser, other) = (app.browser(), app.browser());
    let (form, options) = signing_in(&browser, "/login").await;
    let (foreign, _) = signing_in(&other, "/login").await;
    let answer = key.get(&options);
    let stolen = with(&foreign.set("ceremony", form.get("ceremony")), &answer);
    refused(other.send(&stolen).await).await;
    assert_eq!(browser.send(&with(&form, &answer).without("csrf")).await.status(), 403);
    assert_eq!(browser.send(&with(&form, &answer)).await.status(), 303);
    let again = Form::of(&browser.page("/login?switch=1").await, "/login/passkey");
    refused(browser.send(&with(&again.set("ceremony", form.get("ceremony")), &answer)).await).await;
    let (form, options) = signing_in(&browser, "/login?switch=1").await;
    app.advance(600).await;
    refused(browser.send(&with(&form, &key.get(&options))).await).await;
    refused(browser.send(&with(&form.set("ceremony", "x"), &key.get(&options))).await).await;
    let reasons = app.audit_reasons("session.login").await;
    let ceremonies: Vec<_> = reasons.iter().filter(|r| r.starts_with("ceremony_")).collect();
    let expected = ["ceremony_expired", "ceremony_of_other_browser", "ceremony_spent", "ceremony_unknown"];
    assert_eq!(ceremonies, expected);

    // Adding: another person's challenge.
    person(&app, "bob@example.com", Some(PASSWORD)).await;
    let bob = app.browser();
    bob.sign_in("bob@example.com", PASSWORD).await;
    let ann = app.signed_in().await;
    let (form, options) = adding(&ann).await;
    let (own, _) = adding(&bob).await;
    let stolen = own.set("ceremony", form.get("ceremony"));
    let response = bob.send(&with(&stolen, &Authenticator::new(&app.url).create(&options))).await;
    assert_eq!(response.status(), 422);
}

async fn a_credential_that_was_tampered_with_signs_nobody_in(app: TestApp) {
    let owner = app.signed_in().await;
    let mut key = added(&app, &owner).await;
    let bob = person(&app, "bob@example.com", Some(PASSWORD)).await;
    let browser = app.browser();
    let (form, options) = signing_in(&browser, "/login").await;
    let good = key.get(&options);
    let changed = |path: &str, value: Value| {
        let mut credential = good.clone();
        credential["response"][path] = value;
        credential
    };
    let other_handle = {
        let bobs = app.browser();
        bobs.sign_in(&bob.email, PASSWORD).await;
        adding(&bobs).await.1["user"]["id"].clone()
    };
    let mut bad = vec![
        Value::Null,
        Value::from("x"),
        serde_json::json!({}),
        changed("signature", "AAAA".into()),
        changed("userHandle", other_handle),
        changed("userHandle", Value::Null),
        changed("authenticatorData", "AAAA".into()),
        changed("clientDataJSON", "e30".into()),
    ];
    let fields = [
        |key: &mut Authenticator| "https://evil.example".clone_into(&mut key.origin),
        |key: &mut Authenticator| "evil.example".clone_into(&mut key.rp_id),
        |key: &mut Authenticator| key.verifies = false,
    ];
    for spoil in fields {
        let (origin, rp_id) = (key.origin.clone(), key.rp_id.clone());
        spoil(&mut key);
        bad.push(key.get(&options));
        (key.origin, key.rp_id, key.verifies) = (origin, rp_id, true);
    }
    let mut stale = options.clone();
    stale["challenge"] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".into();
    bad.push(key.get(&stale));
    for credential in bad {
        refused(browser.send(&with(&form, &credential)).await).await;
    }
    refused(browser.send(&form.clone().set("credential", &"[".repeat(20_000))).await).await;
    let huge = browser.send(&form.clone().set("credential", &"x".repeat(70_000))).await;
    assert_eq!(huge.status(), 413);
    assert_eq!(browser.send(&with(&form, &key.get(&options))).await.status(), 303, "and the good one does");
    let reasons = app.audit_reasons("session.login").await;
    for reason in ["malformed_credential", "foreign_user_handle", "passkey_not_verified"] {
        assert!(reasons.contains(&reason.to_owned()), "{reason} in {reasons:?}");
    }
}

async fn an_unknown_passkey_signs_nobody_in(app: TestApp) {
    let owner = app.signed_in().await;
    let mut key = added(&app, &owner).await;
    let id = app.core.accounts.store.list_passkeys(&app.user.id).await.unwrap()[0].id.clone();
    let page = owner.page(&format!("{PAGE}/{id}")).await;
    let response = owner.send(&Form::of(&page, &format!("{PAGE}/{id}/remove"))).await;
    assert_eq!(location(&response), format!("{PAGE}?done=passkey-removed"));
    let browser = app.browser();
    let (form, options) = signing_in(&browser, "/login").await;
    refused(browser.send(&with(&form, &key.get(&options))).await).await;
    assert!(app.audit_reasons("session.login").await.contains(&"unknown_passkey".to_owned()));
}

async fn a_counter_that_does_not_grow_is_refused(app: TestApp) {
    let mut key = added(&app, &app.signed_in().await).await;
    let browser = app.browser();
    let (form, options) = signing_in(&browser, "/login").await;
    assert_eq!(browser.send(&with(&form, &key.get(&options))).await.status(), 303);
    key.counter -= 1;
    let (form, options) = signing_in(&browser, "/login?switch=1").await;
    refused(browser.send(&with(&form, &key.get(&options))).await).await;
    assert!(app.audit_reasons("session.login").await.contains(&"passkey_counter".to_owned()));
    let (form, options) = signing_in(&browser, "/login?switch=1").await;
    assert_eq!(browser.send(&with(&form, &key.get(&options))).await.status(), 303);
}

async fn a_passkey_that_cannot_be_verified_is_not_added(app: TestApp) {
    let browser = app.signed_in().await;
    let known = added(&app, &browser).await;
    let (form, options) = adding(&browser).await;
    assert_eq!(options["excludeCredentials"].as_array().unwrap().len(), 1);
    let mut key = Authenticator::new(&app.url);
    key.verifies = false;
    let unverified = key.create(&options);
    let mut key = Authenticator::new("https://evil.example");
    let elsewhere = key.create(&options);
    for credential in [Value::Null, serde_json::json!({ "id": 1 }), unverified, elsewhere] {
        let response = browser.send(&with(&form, &credential)).await;
        assert_eq!(response.status(), 422);
        assert!(response.text().await.unwrap().contains("could not be added"));
    }
    let mut copy = Authenticator::new(&app.url);
    copy.credential_id.clone_from(&known.credential_id);
    assert_eq!(browser.send(&with(&form, &copy.create(&options))).await.status(), 422);
    person(&app, "bob@example.com", Some(PASSWORD)).await;
    let bob = app.browser();
    bob.sign_in("bob@example.com", PASSWORD).await;
    let (bobs, options_of_bob) = adding(&bob).await;
    let taken = bob.send(&with(&bobs, &copy.create(&options_of_bob))).await;
    assert_eq!(taken.status(), 409, "a credential id belongs to one person");
    assert_eq!(browser.send(&with(&form, &known_again(&app, &options)).without("csrf")).await.status(), 403);
    assert_eq!(app.core.accounts.store.list_passkeys(&app.user.id).await.unwrap().len(), 1);
    let reasons = app.audit_reasons("passkey.added").await;
    for reason in ["malformed_credential", "passkey_not_verified", "known_passkey"] {
        assert!(reasons.contains(&reason.to_owned()), "{reason} in {reasons:?}");
    }
}

async fn nobody_has_more_than_twenty_passkeys(app: TestApp) {
    let browser = app.signed_in().await;
    let mut key = Authenticator::new(&app.url);
    let (form, options) = adding(&browser).await;
    let ask = Form::of(&browser.page(PAGE).await, PAGE);
    for n in 0..20 {
        let user = UserRow { id: app.user.id.clone(), ..app.user.clone() };
        let statement = sqlx::query(
            "INSERT INTO passkeys (id, user_id, credential_id, credential, name, created_at) \
             SELECT $1, $2, $1, credential, 'Key', 1 FROM (SELECT '{}' AS credential) AS one",
        );
        let id = format!("psk_{n}");
        statement.bind(&id).bind(&user.id).execute(app.core.accounts.store.pool()).await.unwrap();
    }
    let response = browser.send(&with(&form, &key.create(&options))).await;
    assert_eq!(response.status(), 409);
    assert!(!browser.page(PAGE).await.contains("Add a passkey</button>"));
    let more = browser.send(&Form { action: format!("{PAGE}/options"), ..ask }).await;
    assert_eq!(more.status(), 409);
    assert_eq!(app.audit_reasons("passkey.added").await, ["too_many_passkeys"]);
}

async fn a_passkey_has_a_name_of_its_owners_choice(app: TestApp) {
    let browser = app.signed_in().await;
    added(&app, &browser).await;
    let id = app.core.accounts.store.list_passkeys(&app.user.id).await.unwrap()[0].id.clone();
    let form = Form::of(&browser.page(&format!("{PAGE}/{id}")).await, &format!("{PAGE}/{id}/rename"));
    for bad in ["", "   ", &"x".repeat(61)] {
        assert_eq!(browser.send(&form.clone().set("name", bad)).await.status(), 422, "{bad}");
    }
    assert_eq!(browser.send(&form.clone().set("name", "Mine").without("csrf")).await.status(), 403);
    let hostile = "<b>\u{202e}Mine</b>";
    assert_eq!(browser.send(&form.clone().set("name", hostile)).await.status(), 303);
    let page = browser.page(PAGE).await;
    assert!(page.contains("&#60;b&#62;\u{fffd}Mine"), "{page}");
    person(&app, "bob@example.com", Some(PASSWORD)).await;
    let bob = app.browser();
    bob.sign_in("bob@example.com", PASSWORD).await;
    assert_eq!(bob.get(&format!("{PAGE}/{id}")).await.status(), 404);
    let csrf = Form::of(&bob.page(PAGE).await, PAGE);
    for action in ["rename", "remove"] {
        let form = Form { action: format!("{PAGE}/{id}/{action}"), ..csrf.clone().set("name", "Bob's") };
        assert_eq!(bob.send(&form).await.status(), 404, "{action}");
    }
    assert_eq!(app.audit_reasons("passkey.renamed").await, ["ok"]);
}

async fn the_last_way_in_is_not_removed_even_by_two_at_once(app: TestApp) {
    let bob = person(&app, "bob@example.com", None).await;
    let store = &app.core.accounts.store;
    for n in 0..2 {
        let id = format!("psk_{n}");
        sqlx::query(
            "INSERT INTO passkeys (id, user_id, credential_id, credential, name, created_at) \
             VALUES ($1, $2, $3, '{}', 'Key', 1)",
        )
        .bind(&id)
        .bind(&bob.id)
        .bind(&id)
        .execute(store.pool())
        .await
        .unwrap();
    }
    let remove = |n| {
        store.remove_passkey(format!("psk_{n}"), bob.id.clone(), |w| {
            is_left_without(w, &Way::Passkey, |_| true)
        })
    };
    let (first, second) = futures::join!(remove(0), remove(1));
    let mut outcomes = [first.unwrap(), second.unwrap()];
    outcomes.sort_by_key(|o| *o == Removed::Kept);
    assert_eq!(outcomes, [Removed::Done, Removed::Kept]);
    let ways = store.ways_in(&bob.id).await.unwrap();
    assert_eq!((ways.password, ways.passkeys, ways.identities.len(), ways.code), (false, 1, 0, false));
}

async fn count_ceremonies(app: &TestApp) -> i64 {
    let count = sqlx::query_scalar("SELECT CAST(COUNT(*) AS BIGINT) FROM ceremonies");
    count.fetch_one(app.core.accounts.store.pool()).await.unwrap()
}

async fn a_login_page_that_is_opened_writes_nothing(app: TestApp) {
    let owner = app.signed_in().await;
    let mut key = added(&app, &owner).await;
    let before = count_ceremonies(&app).await;
    let browser = app.browser();
    let page = browser.page("/login").await;
    assert!(page.contains(r#"autocomplete="username webauthn""#), "{page}");
    for _ in 0..20 {
        signing_in(&browser, "/login").await;
    }
    assert_eq!(count_ceremonies(&app).await, before);
    // Two tabs: each has a challenge of its own, and both may be answered.
    let (one, options_of_one) = signing_in(&browser, "/login").await;
    let (two, options_of_two) = signing_in(&browser, "/login").await;
    assert_eq!(location(&browser.send(&with(&two, &key.get(&options_of_two))).await), "/account");
    assert_eq!(location(&browser.send(&with(&one, &key.get(&options_of_one))).await), "/account");
    assert_eq!(count_ceremonies(&app).await, before + 2);
}

async fn a_challenge_that_was_changed_is_unknown(app: TestApp) {
    let mut key = added(&app, &app.signed_in().await).await;
    let browser = app.browser();
    let (form, options) = signing_in(&browser, "/login").await;
    let answer = key.get(&options);
    let text = form.get("ceremony").to_owned();
    let (body, mark) = text.split_once('.').unwrap();
    let kept = String::from_utf8(URL_SAFE_NO_PAD.decode(body).unwrap()).unwrap();
    let mut later: Value = serde_json::from_str(&kept).unwrap();
    later["made_at"] = (later["made_at"].as_i64().unwrap() + 600).into();
    let later = URL_SAFE_NO_PAD.encode(later.to_string());
    let bad =
        [format!("{later}.{mark}"), format!("{body}."), body.to_owned(), ".".to_owned(), "x".repeat(5000)];
    for bad in bad {
        refused(browser.send(&with(&form.clone().set("ceremony", &bad), &answer)).await).await;
    }
    let reasons = app.audit_reasons("session.login").await;
    assert_eq!(reasons.iter().filter(|reason| *reason == "ceremony_unknown").count(), 5, "{reasons:?}");
    assert_eq!(location(&browser.send(&with(&form, &answer)).await), "/account");
}

async fn a_disabled_person_is_not_let_in_by_a_passkey(app: TestApp) {
    let mut key = added(&app, &app.signed_in().await).await;
    let browser = app.browser();
    let (form, options) = signing_in(&browser, "/login").await;
    app.disable_ann().await;
    let response = browser.send(&with(&form, &key.get(&options))).await;
    assert_eq!(response.status(), 403);
    assert!(cookie_of(&response, "gatepost-session").is_none());
    assert!(app.audit_reasons("session.login").await.contains(&"disabled_person".to_owned()));
}

async fn a_passkey_needs_no_code_although_there_is_an_app(app: TestApp) {
    let owner = app.signed_in().await;
    let mut key = added(&app, &owner).await;
    super::second_factor::set_up(&app, &owner).await;
    let browser = app.browser();
    let (form, options) = signing_in(&browser, "/login").await;
    assert_eq!(location(&browser.send(&with(&form, &key.get(&options))).await), "/account");
    assert_eq!(location(&try_login(&app.browser(), EMAIL, PASSWORD).await), "/login/second-factor");
}

async fn passkeys_are_changed_after_a_fresh_login_only(app: TestApp) {
    let browser = app.signed_in().await;
    let (form, options) = adding(&browser).await;
    app.advance(15 * 60 + 1).await;
    let ask = Form { action: format!("{PAGE}/options"), ..form.clone() };
    let answer = with(&form, &Authenticator::new(&app.url).create(&options));
    for form in [ask, answer] {
        assert!(location(&browser.send(&form).await).ends_with("again=1"));
    }
    assert!(location(&browser.get(PAGE).await).ends_with("again=1"));
    let stranger = app.browser();
    stranger.page("/login").await;
    assert_eq!(location(&stranger.send(&form).await), "/login?return_to=%2Faccount%2Fpasskeys");
}

async fn one_use_of_a_passkey_counts(app: TestApp) {
    let store = &app.core.accounts.store;
    with_passkey(&app, &app.user).await;
    let id = format!("psk_{}", app.user.id);
    let known = PasskeyRow { credential_id: id.clone(), id, ..row(1, &app.user.id) };
    // Eight browsers, each with a challenge of its own, and one counter.
    let uses = (0..8).map(|n| {
        store.use_passkey(answered(&format!("cer_{n}")), known.clone(), format!("{{\"counter\":{n}}}"), 5)
    });
    let answers = futures::future::join_all(uses).await;
    let won = answers.into_iter().filter(|answer| *answer.as_ref().unwrap() == Answered::Done).count();
    assert_eq!(won, 1);
    // One challenge, answered eight times at once with a passkey that has no counter.
    let known = store.list_passkeys(&app.user.id).await.unwrap().remove(0);
    let same = known.credential.clone();
    let uses = (0..8).map(|_| store.use_passkey(answered("cer_one"), known.clone(), same.clone(), 5));
    let answers = futures::future::join_all(uses).await;
    let won = answers.into_iter().filter(|answer| *answer.as_ref().unwrap() == Answered::Done).count();
    assert_eq!(won, 1);
    // Answered challenges are known for as long again as they could be answered.
    assert_eq!(store.reap_ceremonies(1201, 1201, 100).await.unwrap(), 0);
    assert_eq!(store.reap_ceremonies(1202, 1202, 100).await.unwrap(), 9);
}

on_both! {
    a_passkey_signs_in_without_a_word_typed,
    a_challenge_is_for_one_browser_once_and_in_time,
    a_credential_that_was_tampered_with_signs_nobody_in,
    an_unknown_passkey_signs_nobody_in,
    a_counter_that_does_not_grow_is_refused,
    a_passkey_that_cannot_be_verified_is_not_added,
    nobody_has_more_than_twenty_passkeys,
    a_passkey_has_a_name_of_its_owners_choice,
    the_last_way_in_is_not_removed_even_by_two_at_once,
    a_disabled_person_is_not_let_in_by_a_passkey,
    a_passkey_needs_no_code_although_there_is_an_app,
    passkeys_are_changed_after_a_fresh_login_only,
    one_use_of_a_passkey_counts,
    a_login_page_that_is_opened_writes_nothing,
    a_challenge_that_was_changed_is_unknown,
}

/// A good answer, for a form that is bad otherwise.
fn known_again(app: &TestApp, options: &Value) -> Value {
    Authenticator::new(&app.url).create(options)
}

async fn signing_in_with_a_passkey_is_one_attempt(database: Database) {
    let settings = [("GATEPOST_LIMITS__LOGIN_PER_MINUTE_PER_ADDRESS", "4")];
    let app = TestApp::start_with(database, &settings).await;
    // The first attempt is the password.
    let mut key = added(&app, &app.signed_in().await).await;
    let browser = app.browser();
    for _ in 0..2 {
        let (form, options) = signing_in(&browser, "/login?switch=1").await;
        assert_eq!(location(&browser.send(&with(&form, &key.get(&options))).await), "/account");
    }
    // Challenges cost nothing: every login page that is opened asks for one.
    for _ in 0..5 {
        signing_in(&browser, "/login?switch=1").await;
    }
    // The fourth attempt.
    let (form, _) = signing_in(&browser, "/login?switch=1").await;
    let wrong = form.set("credential", "{}");
    assert_eq!(browser.send(&wrong).await.status(), 401);
    assert_eq!(browser.send(&wrong).await.status(), 429);
    assert_eq!(browser.send(&wrong.clone().set("ceremony", "cer_x")).await.status(), 429);
}

async fn an_address_without_a_name_hides_passkeys(database: Database) {
    let app = TestApp::start_with(database, &[("GATEPOST_PUBLIC_URL", "http://127.0.0.1:9")]).await;
    let browser = Browser::with_headers(&app, &[("host", "127.0.0.1:9")]);
    let get = |path| app.http().get(app.direct(path)).header("host", "127.0.0.1:9").send();
    let page = get("/login").await.unwrap().text().await.unwrap();
    assert!(!page.contains("passkey"), "{page}");
    drop(browser);
}

on_each! {
    signing_in_with_a_passkey_is_one_attempt,
    an_address_without_a_name_hides_passkeys,
}
