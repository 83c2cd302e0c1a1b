//! `/reset`: a new password by a link from the administrator.

use gatepost::store::links::LinkPurpose;

use super::{NEW_PASSWORD, link, person, try_login};
use crate::on_both;
use crate::support::{Browser, EMAIL, Form, PASSWORD, TestApp, location};

async fn form(browser: &Browser, link: &str) -> Form {
    let form = Form::read(&browser.page(link).await);
    form.set("password", NEW_PASSWORD).set("password_again", NEW_PASSWORD)
}

async fn a_new_password_ends_every_other_session(app: TestApp) {
    let (laptop, phone) = (app.signed_in().await, app.signed_in().await);
    let link = link(&app, LinkPurpose::Reset, Some(&app.user.id)).await;
    let browser = app.browser();
    assert!(browser.page(&link).await.contains(EMAIL));
    let filled = form(&browser, &link).await;
    let response = browser.send(&filled).await;
    assert_eq!((response.status().as_u16(), location(&response).as_str()), (303, "/account"));
    browser.page("/account").await;
    for other in [&laptop, &phone] {
        assert_eq!(other.get("/account").await.status(), 303);
    }
    assert_eq!(try_login(&app.browser(), EMAIL, PASSWORD).await.status(), 401);
    assert_eq!(try_login(&app.browser(), EMAIL, NEW_PASSWORD).await.status(), 303);
    assert_eq!(app.audit_reasons("user.password_reset").await, ["ok"]);
}

async fn the_link_gives_a_first_password_too(app: TestApp) {
    let bob = person(&app, "bob@example.com", None).await;
    assert_eq!(try_login(&app.browser(), &bob.email, "").await.status(), 401);
    let link = link(&app, LinkPurpose::Reset, Some(&bob.id)).await;
    let browser = app.browser();
    let filled = form(&browser, &link).await;
    assert_eq!(browser.send(&filled).await.status(), 303);
    assert!(browser.page("/account").await.contains("bob@example.com"));
    assert_eq!(try_login(&app.browser(), EMAIL, PASSWORD).await.status(), 303, "Ann keeps hers");
}

async fn the_link_works_once_and_for_a_day(app: TestApp) {
    let browser = app.browser();
    let used = link(&app, LinkPurpose::Reset, Some(&app.user.id)).await;
    let filled = form(&browser, &used).await;
    assert_eq!(browser.send(&filled).await.status(), 303);
    assert_eq!(browser.send(&filled).await.status(), 410);
    assert_eq!(app.browser().get(&used).await.status(), 410);
    let old = link(&app, LinkPurpose::Reset, Some(&app.user.id)).await;
    let filled = form(&browser, &old).await;
    app.advance(24 * 3600 - 1).await;
    browser.page(&old).await;
    app.advance(1).await;
    assert_eq!(browser.get(&old).await.status(), 410);
    assert_eq!(browser.send(&filled).await.status(), 410);
}

async fn parallel_uses_set_one_password(app: TestApp) {
    let link = link(&app, LinkPurpose::Reset, Some(&app.user.id)).await;
    let browsers: Vec<Browser> = (0..4).map(|_| app.browser()).collect();
    let mut forms = Vec::new();
    for (number, browser) in browsers.iter().enumerate() {
        let password = format!("password number {number}");
        let filled = form(browser, &link).await;
        forms.push(filled.set("password", &password).set("password_again", &password));
    }
    let sends = browsers.iter().zip(&forms).map(|(browser, form)| browser.send(form));
    let answers = futures::future::join_all(sends).await;
    let winners: Vec<usize> = (0..4).filter(|n| answers[*n].status() == 303).collect();
    assert_eq!(winners.len(), 1);
    assert!(answers.iter().all(|a| a.status() == 303 || a.status() == 410));
    for number in 0..4 {
        let response = try_login(&app.browser(), EMAIL, &format!("password number {number}")).await;
        assert_eq!(response.status() == 303, winners == [number], "password {number}");
    }
}

async fn a_mistake_keeps_the_link_and_the_old_password(app: TestApp) {
    let browser = app.browser();
    let link = link(&app, LinkPurpose::Reset, Some(&app.user.id)).await;
    let good = form(&browser, &link).await;
    for bad in [
        good.clone().set("password", "short").set("password_again", "short"),
        good.clone().set("password_again", "something else"),
        good.clone().set("password", EMAIL).set("password_again", EMAIL),
        good.clone().without("password").without("password_again"),
    ] {
        let response = browser.send(&bad).await;
        assert_eq!(response.status(), 422);
        assert!(response.text().await.unwrap().contains("id=\"problem\""));
    }
    for bad in [good.clone().without("csrf"), good.clone().set("csrf", "x")] {
        assert_eq!(browser.send(&bad).await.status(), 403);
    }
    assert_eq!(try_login(&app.browser(), EMAIL, PASSWORD).await.status(), 303);
    assert_eq!(browser.send(&good).await.status(), 303);
}

async fn a_disabled_person_gets_nowhere(app: TestApp) {
    let bob = person(&app, "bob@example.com", Some(PASSWORD)).await;
    let browser = app.browser();
    let link = link(&app, LinkPurpose::Reset, Some(&bob.id)).await;
    let filled = form(&browser, &link).await;
    app.core.accounts.store.disable_user(bob.id.clone(), app.clock.now()).await.unwrap();
    assert_eq!(browser.get(&link).await.status(), 410);
    assert_eq!(browser.send(&filled).await.status(), 410);
    app.core.accounts.store.enable_user(bob.id).await.unwrap();
    assert_eq!(try_login(&app.browser(), "bob@example.com", PASSWORD).await.status(), 303);
}

async fn whoever_was_signed_in_on_the_browser_is_not_any_more(app: TestApp) {
    let bob = person(&app, "bob@example.com", None).await;
    let browser = app.signed_in().await;
    let link = link(&app, LinkPurpose::Reset, Some(&bob.id)).await;
    let filled = form(&browser, &link).await;
    assert_eq!(browser.send(&filled).await.status(), 303);
    assert!(browser.page("/account").await.contains("bob@example.com"));
}

on_both! {
    a_new_password_ends_every_other_session,
    the_link_gives_a_first_password_too,
    the_link_works_once_and_for_a_day,
    parallel_uses_set_one_password,
    a_mistake_keeps_the_link_and_the_old_password,
    a_disabled_person_gets_nowhere,
    whoever_was_signed_in_on_the_browser_is_not_any_more,
}
