//! `/forgot`: a new password by mail, and what a stranger learns from it: nothing.

use super::somebody_else;
use crate::support::{Database, EMAIL, Form, Mailbox, PASSWORD, TestApp, location};
use crate::{on_both, on_each};

const NEW_PASSWORD: &str = "a brand new password";

/// Asks for a link; returns the answer.
async fn ask(app: &TestApp, email: &str) -> (u16, String) {
    let browser = app.browser();
    let form = Form::read(&browser.page("/forgot").await).set("email", email);
    let response = browser.send(&form).await;
    (response.status().as_u16(), response.text().await.unwrap())
}

async fn start(database: Database) -> (TestApp, Mailbox) {
    let mailbox = Mailbox::open().await;
    (TestApp::start_with_mail(database, &mailbox).await, mailbox)
}

/// Waits until the audit trail holds so many of a kind, since they come after the answer.
async fn reasons(app: &TestApp, count: usize) -> Vec<String> {
    for _ in 0..200 {
        let reasons = app.audit_reasons("user.reset_link_created").await;
        if reasons.len() >= count {
            return reasons;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("{count} events were expected");
}

async fn a_forgotten_password_is_replaced_by_mail(database: Database) {
    let (app, mailbox) = start(database).await;
    let old = app.signed_in().await;
    assert!(old.page("/login?switch=1").await.contains("href=\"/forgot\""));
    let (status, page) = ask(&app, " Ann@Example.com ").await;
    assert_eq!(status, 200);
    assert!(page.contains("Look into your mailbox"), "{page}");
    let mail = mailbox.wait_for(1).await.remove(0);
    assert_eq!((mail.to.as_str(), mail.subject()), (EMAIL, "Choose a new password"));
    assert!(
        mail.text.starts_with(
            "From: Gatepost <auth@example.com>
"
        ),
        "{}",
        mail.text
    );
    assert!(mail.text.contains(&app.at("/reset?token=lnk_")), "{}", mail.text);
    let browser = app.browser();
    let form = Form::read(&browser.page(&mail.link("/reset?token=")).await);
    let response =
        browser.send(&form.set("password", NEW_PASSWORD).set("password_again", NEW_PASSWORD)).await;
    assert_eq!(location(&response), "/account");
    assert_eq!(old.get("/account").await.status(), 303, "every other sign-in has ended");
    let notice = mailbox.wait_for(3).await;
    let subjects: Vec<_> = notice.iter().map(|m| m.subject().to_owned()).collect();
    assert_eq!(subjects[1..], ["Your password was changed", "A new browser signed in to your account"]);
}

async fn a_stranger_learns_nothing(database: Database) {
    let (app, mailbox) = start(database).await;
    let (bob, _) = somebody_else(&app, "bob@example.com").await;
    app.core.accounts.store.disable_user(bob.id, app.clock.now()).await.unwrap();
    let known = ask(&app, EMAIL).await;
    assert_eq!(ask(&app, "nobody@example.com").await, known);
    assert_eq!(ask(&app, "bob@example.com").await, known);
    assert_eq!(reasons(&app, 3).await, ["disabled_person", "ok", "unknown_email"]);
    assert_eq!(mailbox.wait_for(1).await[0].to, EMAIL);
}

async fn a_mailbox_gets_three_links_an_hour(database: Database) {
    let (app, mailbox) = start(database).await;
    let answers =
        [ask(&app, EMAIL).await, ask(&app, EMAIL).await, ask(&app, EMAIL).await, ask(&app, EMAIL).await];
    assert!(answers.iter().all(|answer| *answer == answers[0]), "the answer tells nothing");
    assert_eq!(reasons(&app, 4).await, ["ok", "ok", "ok", "rate_limited"]);
    mailbox.wait_for(3).await;
}

async fn a_mailed_link_dies_after_an_hour(database: Database) {
    let (app, mailbox) = start(database).await;
    ask(&app, EMAIL).await;
    let link = mailbox.wait_for(1).await[0].link("/reset?token=");
    app.advance(3_599).await;
    app.browser().page(&link).await;
    app.advance(1).await;
    assert_eq!(app.browser().get(&link).await.status(), 410);
}

async fn what_is_no_address_is_refused_and_a_form_from_elsewhere_too(database: Database) {
    let (app, mailbox) = start(database).await;
    let hostile = "ann@example.com\r\nBcc: eve@example.com";
    for bad in ["", "ann", "a@b@c", hostile, "ann@example.com,eve@example.com x", &"x".repeat(9_000)] {
        let (status, page) = ask(&app, bad).await;
        assert_eq!(status, 422, "{bad}: {page}");
    }
    let odd = ask(&app, "\"x\"<ann@example.com>,eve@example.com").await.0;
    assert!(odd == 200 || odd == 422);
    let browser = app.browser();
    let form = Form::read(&browser.page("/forgot").await).set("email", EMAIL);
    assert_eq!(browser.send(&form.without("csrf")).await.status(), 403);
    assert!(mailbox.mails().is_empty());
}

async fn many_requests_from_one_network_are_held_off(database: Database) {
    let mailbox = Mailbox::open().await;
    let (url, from) = (mailbox.url(), "auth@example.com".to_owned());
    let settings = [
        ("GATEPOST_MAIL__URL", url.as_str()),
        ("GATEPOST_MAIL__FROM", from.as_str()),
        ("GATEPOST_LIMITS__LOGIN_PER_MINUTE_PER_ADDRESS", "2"),
    ];
    let app = TestApp::start_with(database, &settings).await;
    assert_eq!(ask(&app, "a@example.com").await.0, 200);
    assert_eq!(ask(&app, "b@example.com").await.0, 200);
    let (status, page) = ask(&app, "c@example.com").await;
    assert_eq!(status, 429);
    assert!(page.contains("Too many attempts from here."), "{page}");
}

async fn a_mail_server_that_is_away_is_tried_again_and_holds_nobody_up(database: Database) {
    let (app, mailbox) = start(database).await;
    mailbox.refuse(1, 451);
    ask(&app, EMAIL).await;
    reasons(&app, 1).await;
    app.core.accounts.mail.flush().await;
    assert!(mailbox.mails().is_empty());
    app.signed_in().await;
    assert_eq!(mailbox.wait_for(1).await[0].subject(), "Choose a new password");
}

async fn a_mail_server_that_says_never_is_believed(database: Database) {
    let (app, mailbox) = start(database).await;
    mailbox.refuse(1, 550);
    ask(&app, EMAIL).await;
    reasons(&app, 1).await;
    app.core.accounts.mail.flush().await;
    ask(&app, EMAIL).await;
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    assert_eq!(mailbox.wait_for(1).await.len(), 1, "the second; the first was given up");
    assert_eq!(app.audit_reasons("mail.given_up").await, ["mail_refused"]);
}

async fn signing_in_works_without_the_mail_server(database: Database) {
    let mailbox = Mailbox::open().await;
    let nowhere = "smtp://127.0.0.1:9".to_owned();
    let settings = [("GATEPOST_MAIL__URL", nowhere.as_str()), ("GATEPOST_MAIL__FROM", "auth@example.com")];
    let app = TestApp::start_with(database, &settings).await;
    let begun = std::time::Instant::now();
    app.signed_in().await;
    app.signed_in().await.page("/account").await;
    assert_eq!(ask(&app, EMAIL).await.0, 200);
    assert!(begun.elapsed().as_secs() < 8, "nobody waits for it");
    assert!(mailbox.mails().is_empty());
}

on_each! {
    a_forgotten_password_is_replaced_by_mail,
    a_stranger_learns_nothing,
    a_mailbox_gets_three_links_an_hour,
    a_mailed_link_dies_after_an_hour,
    what_is_no_address_is_refused_and_a_form_from_elsewhere_too,
    many_requests_from_one_network_are_held_off,
    a_mail_server_that_is_away_is_tried_again_and_holds_nobody_up,
    a_mail_server_that_says_never_is_believed,
    signing_in_works_without_the_mail_server,
}

async fn without_a_mail_server_the_page_says_whom_to_ask(app: TestApp) {
    let browser = app.browser();
    let page = browser.page("/forgot").await;
    assert!(page.contains("Ask your administrator") && !page.contains("<form"), "{page}");
    let login = browser.page("/login").await;
    assert!(login.contains("Ask your administrator") && !login.contains("/forgot"), "{login}");
    let form = Form { action: "/forgot".to_owned(), ..Form::read(&login) };
    let response = browser.send(&form.set("email", EMAIL)).await;
    assert!(response.text().await.unwrap().contains("Ask your administrator"));
    assert!(app.audit_reasons("user.reset_link_created").await.is_empty());
    browser.sign_in(EMAIL, PASSWORD).await;
}

on_both! {
    without_a_mail_server_the_page_says_whom_to_ask,
}
