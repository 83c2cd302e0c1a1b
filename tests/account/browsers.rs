//! A sign-in on a browser that was never seen before.

use gatepost::jobs::{Retention, reap_once};

use crate::support::{Browser, Database, EMAIL, Mailbox, PASSWORD, TestApp};
use crate::{on_both, on_each};

const DAY: i64 = 86_400;
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

async fn the_first_browser_is_no_news_and_a_second_one_is(app: TestApp) {
    let browser = app.signed_in().await;
    browser.sign_in_again().await;
    assert!(app.audit_reasons("session.new_browser").await.is_empty());
    app.signed_in().await;
    assert_eq!(app.audit_reasons("session.new_browser").await, ["ok"]);
    browser.sign_in_again().await;
    assert_eq!(app.audit_reasons("session.new_browser").await, ["ok"], "both are known now");
    app.core.oauth.audit.flush().await;
    let page = browser.page("/account/activity").await;
    assert!(page.contains("A browser never seen before signed in"), "{page}");
}

async fn a_browser_not_seen_for_400_days_is_forgotten(app: TestApp) {
    let browser = app.signed_in().await;
    let retention = Retention { unused_clients: 7 * DAY, audit_events: 4_000 * DAY };
    app.advance(400 * DAY).await;
    reap_once(&app.core.accounts, retention, app.clock.now()).await.unwrap();
    app.signed_in().await;
    assert_eq!(app.audit_reasons("session.new_browser").await, ["ok"], "the first was still known");
    app.advance(1).await;
    reap_once(&app.core.accounts, retention, app.clock.now()).await.unwrap();
    browser.sign_in_again().await;
    assert_eq!(app.audit_reasons("session.new_browser").await, ["ok", "ok"]);
}

on_both! {
    the_first_browser_is_no_news_and_a_second_one_is,
    a_browser_not_seen_for_400_days_is_forgotten,
}

async fn a_letter_says_when_on_what_and_from_where(database: Database) {
    let mailbox = Mailbox::open().await;
    let app = TestApp::start_with_mail(database, &mailbox).await;
    app.signed_in().await;
    let other = Browser::with_headers(&app, &[("user-agent", FIREFOX)]);
    other.sign_in(EMAIL, PASSWORD).await;
    let mail = mailbox.wait_for(1).await.remove(0);
    assert_eq!((mail.to.as_str(), mail.subject()), (EMAIL, "A new browser signed in to your account"));
    for expected in
        ["15 January 2027, 08:00 UTC", "Firefox on Linux", "127.0.0.1", &app.at("/account/sessions")]
    {
        assert!(mail.text.contains(expected), "{expected} in {}", mail.text);
    }
}

async fn a_hostile_browser_name_adds_no_header(database: Database) {
    let mailbox = Mailbox::open().await;
    let app = TestApp::start_with_mail(database, &mailbox).await;
    app.signed_in().await;
    let odd = Browser::with_headers(&app, &[("user-agent", "x\tBcc: eve@example.com <script>")]);
    odd.sign_in(EMAIL, PASSWORD).await;
    let mail = mailbox.wait_for(1).await.remove(0);
    let (headers, _) = mail.text.split_once("\n\n").unwrap();
    assert!(!headers.to_lowercase().contains("bcc"), "{headers}");
}

on_each! {
    a_letter_says_when_on_what_and_from_where,
    a_hostile_browser_name_adds_no_header,
}
