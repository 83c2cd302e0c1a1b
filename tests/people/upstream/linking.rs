//! `/account/identities`: adding and removing logins elsewhere.

use super::{OPEN, callback, log_in, person, refusals, refused, stage};
use crate::on_each;
use crate::support::provider::Provider;
use crate::support::{Browser, Database, EMAIL, Form, PASSWORD, TestApp, location};

const PAGE: &str = "/account/identities";

/// Starts to add the provider's account, up to the question.
async fn question(browser: &Browser, provider: &Provider) -> reqwest::Response {
    let form = browser.form_to(PAGE, "/account/identities/add").await;
    let away = location(&browser.send(&form).await);
    browser.get(&callback(&provider.agree(&away))).await
}

async fn question_form(browser: &Browser, provider: &Provider) -> Form {
    let response = question(browser, provider).await;
    assert_eq!(response.status(), 200);
    let page = response.text().await.unwrap();
    let start = page.find("action=\"/account/identities/confirm\"").unwrap_or_else(|| panic!("{page}"));
    Form::read(&page[page[..start].rfind("<form").unwrap()..])
}

async fn identities(app: &TestApp) -> Vec<gatepost::store::identities::IdentityRow> {
    app.core.accounts.store.identities_of(&app.user.id).await.unwrap()
}

async fn a_signed_in_person_adds_an_identity_after_a_look_at_it(database: Database) {
    let (app, provider) = stage(database, &[]).await;
    person(&provider, "ann-private", "ann.private@gmail.com");
    let browser = app.signed_in().await;
    assert!(browser.page(PAGE).await.contains("None yet."));
    let response = question(&browser, &provider).await;
    let page = response.text().await.unwrap();
    for text in ["Add this login?", "ann.private@gmail.com", EMAIL, "Google"] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert!(identities(&app).await.is_empty(), "looking adds nothing");
    let form = question_form(&browser, &provider).await;
    let response = browser.send(&form).await;
    assert_eq!(location(&response), "/account/identities?done=identity-added");
    let page = browser.page(&location(&response)).await;
    assert!(page.contains("It is added") && page.contains("ann.private@gmail.com"), "{page}");
    assert_eq!(app.audit_reasons("identity.linked").await, ["confirmed"]);
    let stranger = app.browser();
    assert_eq!(log_in(&stranger, &provider).await.status(), 303);
    assert!(stranger.page("/account").await.contains(EMAIL));
    let again = question(&browser, &provider).await;
    assert_eq!(location(&again), "/account/identities?done=identity-known");
}

async fn the_question_is_answered_once_by_whom_it_was_put_to(database: Database) {
    let (app, provider) = stage(database, &[OPEN]).await;
    person(&provider, "7", "seven@gmail.com");
    let (browser, other) = (app.signed_in().await, app.signed_in().await);
    let form = question_form(&browser, &provider).await;
    let foreign = form.clone().set("csrf", other.form_to(PAGE, "/account/identities/add").await.get("csrf"));
    assert_eq!(other.send(&foreign).await.status(), 403, "another browser");
    for bad in [form.clone().without("csrf"), form.clone().set("csrf", "x")] {
        assert_eq!(browser.send(&bad).await.status(), 403);
    }
    assert_eq!(browser.send(&form.clone().set("ceremony", "cer_x")).await.status(), 400);
    assert!(identities(&app).await.is_empty());
    // Somebody else comes in with it between the question and the answer.
    assert_eq!(log_in(&app.browser(), &provider).await.status(), 303);
    let (status, page) = refused(browser.send(&form).await).await;
    assert_eq!(status, 403);
    assert!(page.contains("is somebody&#39;s already"), "{page}");
    let (status, _) = refused(question(&browser, &provider).await).await;
    assert_eq!(status, 403);
    person(&provider, "8", "eight@gmail.com");
    let form = question_form(&browser, &provider).await;
    assert_eq!(browser.send(&form).await.status(), 303);
    assert!(browser.send(&form).await.status().is_client_error(), "once");
    let late = {
        person(&provider, "9", "nine@gmail.com");
        question_form(&browser, &provider).await
    };
    app.advance(600).await;
    assert_eq!(browser.send(&late).await.status(), 410);
    assert_eq!(identities(&app).await.len(), 1);
}

async fn whoever_is_not_signed_in_any_more_adds_nothing(database: Database) {
    let (app, provider) = stage(database, &[]).await;
    super::super::person(&app, "bob@example.com", Some(PASSWORD)).await;
    let browser = app.signed_in().await;
    let leave = async || {
        let form = browser.form_to(PAGE, "/account/identities/add").await;
        callback(&provider.agree(&location(&browser.send(&form).await)))
    };
    let (signed_out, somebody_else) = (leave().await, leave().await);
    let logout = Form::read(&browser.page("/logout").await);
    assert_eq!(browser.send(&logout).await.status(), 200);
    let (status, page) = refused(browser.get(&signed_out).await).await;
    assert_eq!(status, 403);
    assert!(page.contains("You are not signed in any more"), "{page}");
    browser.sign_in("bob@example.com", PASSWORD).await;
    assert_eq!(browser.get(&somebody_else).await.status(), 403);
    assert!(identities(&app).await.is_empty());
    assert_eq!(app.audit_reasons("identity.linked").await, ["not_signed_in", "not_signed_in"]);
    assert!(refusals(&app).await.is_empty());
}

async fn adding_and_removing_take_a_fresh_login(database: Database) {
    let (app, provider) = stage(database, &[]).await;
    let browser = app.signed_in().await;
    let confirm = question_form(&browser, &provider).await;
    assert_eq!(browser.send(&confirm).await.status(), 303);
    let add = browser.form_to(PAGE, "/account/identities/add").await;
    let remove = format!("{PAGE}/{}/remove", identities(&app).await[0].id);
    let removal = browser.form_to(&remove, &remove).await;
    app.advance(15 * 60 + 1).await;
    browser.page(PAGE).await;
    for form in [&add, &confirm, &removal] {
        let to = location(&browser.send(form).await);
        assert_eq!(to, "/login?return_to=%2Faccount%2Fidentities&again=1");
    }
    assert!(location(&browser.get(&remove).await).ends_with("again=1"));
    assert_eq!(identities(&app).await.len(), 1);
}

async fn the_last_way_in_cannot_be_removed(database: Database) {
    let (app, provider) = stage(database, &[OPEN]).await;
    let browser = app.browser();
    assert_eq!(log_in(&browser, &provider).await.status(), 303);
    let store = &app.core.accounts.store;
    let jane = store.find_user_by_email("jane@example.com").await.unwrap().unwrap();
    let only = store.identities_of(&jane.id).await.unwrap().remove(0);
    assert!(browser.page(PAGE).await.contains("Your only way to sign in"));
    let page = format!("{PAGE}/{}/remove", only.id);
    let form = browser.form_to(&page, &page).await;
    let (status, text) = refused(browser.send(&form).await).await;
    assert_eq!(status, 409);
    assert!(text.contains("It is your only way to sign in."), "{text}");
    // Another's identity is none of hers.
    let ann = app.signed_in().await;
    assert_eq!(ann.get(&page).await.status(), 404);
    let foreign = Form { action: page.clone(), ..ann.form_to(PAGE, "/account/identities/add").await };
    assert_eq!(ann.send(&foreign).await.status(), 404);
    person(&provider, "second", "jane.private@gmail.com");
    let confirm = question_form(&browser, &provider).await;
    assert_eq!(browser.send(&confirm).await.status(), 303);
    // Two removals at once: each would leave the other.
    let both = store.identities_of(&jane.id).await.unwrap();
    let second = both.into_iter().find(|identity| identity.id != only.id).unwrap();
    let other = format!("{PAGE}/{}/remove", second.id);
    let other_form = browser.form_to(&other, &other).await;
    let answers = futures::future::join_all([browser.send(&form), browser.send(&other_form)]).await;
    let mut statuses: Vec<u16> = answers.iter().map(|a| a.status().as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 409]);
    assert_eq!(store.identities_of(&jane.id).await.unwrap().len(), 1);
    let reasons = app.audit_reasons("identity.unlinked").await;
    assert_eq!(reasons, ["last_way_in", "last_way_in", "ok", "unknown_identity"]);
}

async fn a_person_with_a_password_may_remove_every_identity(database: Database) {
    let (app, provider) = stage(database, &[]).await;
    let browser = app.signed_in().await;
    let confirm = question_form(&browser, &provider).await;
    assert_eq!(browser.send(&confirm).await.status(), 303);
    let page = format!("{PAGE}/{}/remove", identities(&app).await[0].id);
    let form = browser.form_to(&page, &page).await;
    for bad in [form.clone().without("csrf"), form.clone().set("csrf", "x")] {
        assert_eq!(browser.send(&bad).await.status(), 403);
    }
    assert_eq!(location(&browser.send(&form).await), "/account/identities?done=identity-removed");
    assert!(identities(&app).await.is_empty());
    let (status, _) = refused(log_in(&app.browser(), &provider).await).await;
    assert_eq!(status, 403, "it opens nothing any more");
}

on_each! {
    a_signed_in_person_adds_an_identity_after_a_look_at_it,
    the_question_is_answered_once_by_whom_it_was_put_to,
    whoever_is_not_signed_in_any_more_adds_nothing,
    adding_and_removing_take_a_fresh_login,
    the_last_way_in_cannot_be_removed,
    a_person_with_a_password_may_remove_every_identity,
}
