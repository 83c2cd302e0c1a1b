//! `/setup`: the first administrator.

use gatepost::store::links::LinkPurpose;

use super::{NEW_PASSWORD, link, person, try_login};
use crate::on_each;
use crate::support::{Browser, Database, EMAIL, Form, TestApp, location};

async fn form(browser: &Browser, link: &str) -> Form {
    Form::read(&browser.page(link).await)
        .set("email", EMAIL)
        .set("password", NEW_PASSWORD)
        .set("password_again", NEW_PASSWORD)
}

async fn people(app: &TestApp) -> usize {
    app.core.accounts.store.list_users("", 100).await.unwrap().len()
}

async fn the_link_makes_the_first_administrator_and_signs_them_in(database: Database) {
    let app = TestApp::start_empty(database).await;
    let browser = app.browser();
    assert!(browser.page("/").await.contains("There is no administrator yet"));
    let link = link(&app, LinkPurpose::Setup, None).await;
    browser.page(&link).await;
    let filled = form(&browser, &link).await.set("email", " Ann@Example.COM ");
    let response = browser.send(&filled).await;
    assert_eq!(response.status(), 303);
    assert_eq!(location(&response), "/admin");
    assert!(browser.page("/admin").await.contains("Next steps"));
    let account = browser.page("/account").await;
    assert!(account.contains("ann@example.com") && account.contains("Administrator"), "{account}");
    assert!(!browser.page("/").await.contains("There is no administrator yet"));
    assert_eq!(app.audit_reasons("setup.completed").await, ["ok"]);
    assert_eq!(try_login(&app.browser(), EMAIL, NEW_PASSWORD).await.status(), 303);
}

async fn the_link_works_once(database: Database) {
    let app = TestApp::start_empty(database).await;
    let browser = app.browser();
    let link = link(&app, LinkPurpose::Setup, None).await;
    let first = form(&browser, &link).await;
    let second = first.clone().set("email", "eve@example.com");
    assert_eq!(browser.send(&first).await.status(), 303);
    let response = browser.send(&second).await;
    assert_eq!(response.status(), 410);
    assert!(response.text().await.unwrap().contains("This link does not work any more"));
    assert_eq!(app.browser().get(&link).await.status(), 410);
    assert_eq!(people(&app).await, 1);
}

async fn the_link_works_for_a_quarter_of_an_hour(database: Database) {
    let app = TestApp::start_empty(database).await;
    let browser = app.browser();
    let link = link(&app, LinkPurpose::Setup, None).await;
    let filled = form(&browser, &link).await;
    app.advance(15 * 60 - 1).await;
    browser.page(&link).await;
    app.advance(1).await;
    assert_eq!(browser.get(&link).await.status(), 410);
    assert_eq!(browser.send(&filled).await.status(), 410);
    assert_eq!(people(&app).await, 0);
}

async fn a_newer_link_takes_the_place_of_the_older_one(database: Database) {
    let app = TestApp::start_empty(database).await;
    let browser = app.browser();
    let older = link(&app, LinkPurpose::Setup, None).await;
    let filled = form(&browser, &older).await;
    let newer = link(&app, LinkPurpose::Setup, None).await;
    assert_eq!(browser.get(&older).await.status(), 410);
    assert_eq!(browser.send(&filled).await.status(), 410);
    let filled = form(&browser, &newer).await;
    assert_eq!(browser.send(&filled).await.status(), 303);
    assert_eq!(people(&app).await, 1);
}

async fn parallel_uses_make_one_administrator(database: Database) {
    let app = TestApp::start_empty(database).await;
    let link = link(&app, LinkPurpose::Setup, None).await;
    let browsers: Vec<Browser> = (0..6).map(|_| app.browser()).collect();
    let mut forms = Vec::new();
    for (number, browser) in browsers.iter().enumerate() {
        forms.push(form(browser, &link).await.set("email", &format!("ann{number}@example.com")));
    }
    let sends = browsers.iter().zip(&forms).map(|(browser, form)| browser.send(form));
    let answers = futures::future::join_all(sends).await;
    let mut statuses: Vec<u16> = answers.iter().map(|a| a.status().as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 410, 410, 410, 410, 410]);
    let users = app.core.accounts.store.list_users("", 100).await.unwrap();
    assert_eq!(users.len(), 1);
    assert!(users[0].is_admin);
}

async fn a_mistake_keeps_the_link(database: Database) {
    let app = TestApp::start_empty(database).await;
    let browser = app.browser();
    let link = link(&app, LinkPurpose::Setup, None).await;
    let good = form(&browser, &link).await;
    let long = "x".repeat(1025);
    for (fields, said) in [
        (vec![("password", "short"), ("password_again", "short")], "Use at least 12 characters."),
        (vec![("password_again", "something else")], "The two passwords are not the same."),
        (vec![("password", long.as_str()), ("password_again", long.as_str())], "Use at most 1024 bytes."),
        (
            vec![("password", EMAIL), ("password_again", EMAIL)],
            "Do not use your e-mail address as your password.",
        ),
        (vec![("email", "nobody")], "Enter a valid e-mail address."),
        (vec![("email", "")], "Enter a valid e-mail address."),
        (vec![("email", "a@b@c")], "Enter a valid e-mail address."),
    ] {
        let filled = fields.iter().fold(good.clone(), |form, (name, value)| form.set(name, value));
        let response = browser.send(&filled).await;
        assert_eq!(response.status(), 422, "{said}");
        let page = response.text().await.unwrap();
        assert!(page.contains(said), "{said} in {page}");
        assert!(!page.contains("brand new password"), "a password never comes back");
        assert_eq!(people(&app).await, 0);
    }
    assert_eq!(browser.send(&good).await.status(), 303);
}

async fn a_form_sent_from_elsewhere_does_nothing(database: Database) {
    let app = TestApp::start_empty(database).await;
    let (browser, other) = (app.browser(), app.browser());
    let link = link(&app, LinkPurpose::Setup, None).await;
    let good = form(&browser, &link).await;
    let foreign = good.clone().set("csrf", form(&other, &link).await.get("csrf"));
    for bad in [good.clone().without("csrf"), good.clone().set("csrf", ""), foreign] {
        assert_eq!(browser.send(&bad).await.status(), 403);
    }
    let bare = app.http().post(app.at("/setup")).form(&good.fields).send().await.unwrap();
    assert_eq!(bare.status(), 403, "no cookie");
    assert_eq!(people(&app).await, 0);
    assert_eq!(browser.send(&good).await.status(), 303);
}

async fn with_an_administrator_no_link_makes_another(database: Database) {
    let app = TestApp::start(database).await;
    let browser = app.browser();
    let link = link(&app, LinkPurpose::Setup, None).await;
    let response = browser.get(&link).await;
    if response.status() == 200 {
        let filled = Form::read(&response.text().await.unwrap())
            .set("email", "eve@example.com")
            .set("password", NEW_PASSWORD)
            .set("password_again", NEW_PASSWORD);
        assert_eq!(browser.send(&filled).await.status(), 410);
    } else {
        assert_eq!(response.status(), 410);
    }
    assert_eq!(people(&app).await, 1);
}

async fn other_secrets_open_nothing(database: Database) {
    let app = TestApp::start_empty(database).await;
    let browser = app.browser();
    let setup = link(&app, LinkPurpose::Setup, None).await;
    let user = person(&app, "bob@example.com", None).await;
    let reset = link(&app, LinkPurpose::Reset, Some(&user.id)).await;
    let swapped = reset.replacen("/reset", "/setup", 1);
    let session = setup.replacen("lnk_", "ses_", 1);
    let changed = format!("{}x", &setup[..setup.len() - 1]);
    let cut = setup[..setup.len() - 1].to_owned();
    let id_only = setup.rsplit_once('_').unwrap().0.to_owned();
    let long = format!("/setup?token={}", "a".repeat(5_000));
    for path in [
        "/setup",
        "/setup?token=",
        "/setup?token=x",
        "/setup?token=%00",
        "/setup?token=a&token=b",
        &swapped,
        &session,
        &changed,
        &cut,
        &id_only,
        &long,
    ] {
        assert_eq!(browser.get(path).await.status(), 410, "{path}");
    }
    assert_eq!(browser.get(&setup.replacen("/setup", "/reset", 1)).await.status(), 410);
    browser.page(&setup).await;
    assert_eq!(people(&app).await, 1);
}

on_each! {
    the_link_makes_the_first_administrator_and_signs_them_in,
    the_link_works_once,
    the_link_works_for_a_quarter_of_an_hour,
    a_newer_link_takes_the_place_of_the_older_one,
    parallel_uses_make_one_administrator,
    a_mistake_keeps_the_link,
    a_form_sent_from_elsewhere_does_nothing,
    with_an_administrator_no_link_makes_another,
    other_secrets_open_nothing,
}
