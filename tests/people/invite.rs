//! `/invite`: the first sign-in of a person who was invited.

use gatepost::store::links::LinkPurpose;

use super::upstream::{self, stage};
use super::{NEW_PASSWORD, link, person, try_login};
use crate::on_each;
use crate::support::{Database, EMAIL, Form, PASSWORD, TestApp, location};

const WEEK: i64 = 7 * 86_400;

async fn invited(app: &TestApp) -> (gatepost::store::users::UserRow, String) {
    let bob = person(app, "bob@example.com", None).await;
    let link = link(app, LinkPurpose::Invite, Some(&bob.id)).await;
    (bob, link)
}

fn filled(page: &str) -> Form {
    Form::read(page).set("password", NEW_PASSWORD).set("password_again", NEW_PASSWORD)
}

async fn an_invitation_is_accepted_with_a_password(database: Database) {
    let (app, _provider) = stage(database, &[]).await;
    let (_, link) = invited(&app).await;
    let browser = app.browser();
    let page = browser.page(&link).await;
    for text in ["You are invited", "bob@example.com", "Continue with <bdi>Google</bdi>"] {
        assert!(page.contains(text), "{text}: {page}");
    }
    let short = browser.send(&filled(&page).set("password", "short").set("password_again", "short")).await;
    assert_eq!(short.status(), 422);
    let response = browser.send(&filled(&page)).await;
    assert_eq!((response.status().as_u16(), location(&response).as_str()), (303, "/account"));
    assert!(browser.page("/account").await.contains("bob@example.com"));
    assert_eq!(try_login(&app.browser(), "bob@example.com", NEW_PASSWORD).await.status(), 303);
    assert_eq!(browser.send(&filled(&page)).await.status(), 410, "once");
    assert_eq!(app.browser().get(&link).await.status(), 410);
    assert_eq!(app.audit_reasons("invitation.accepted").await, ["dead_link", "ok"]);
}

async fn an_invitation_is_accepted_with_a_login_elsewhere(database: Database) {
    let (app, provider) = stage(database, &[]).await;
    let (bob, link) = invited(&app).await;
    // Whatever address the provider tells: the link is what counts.
    upstream::person(&provider, "bobs-subject", "robert@private.example");
    let browser = app.browser();
    let away = upstream::leave(&browser, &link).await;
    assert!(!away.contains("lnk_"), "the provider does not see the invitation: {away}");
    browser.page(&link).await;
    let answer = provider.agree(&away);
    let response = browser.get(&upstream::callback(&answer)).await;
    assert_eq!((response.status().as_u16(), location(&response).as_str()), (303, "/account"));
    assert!(browser.page("/account").await.contains("bob@example.com"));
    let identities = app.core.accounts.store.identities_of(&bob.id).await.unwrap();
    assert_eq!((identities.len(), identities[0].subject.as_str()), (1, "bobs-subject"));
    assert_eq!(app.browser().get(&link).await.status(), 410, "it is spent");
    assert_eq!(upstream::log_in(&app.browser(), &provider).await.status(), 303);
    assert_eq!(app.audit_reasons("identity.linked").await, ["invitation"]);
    assert_eq!(app.audit_reasons("invitation.accepted").await, ["ok"]);
    assert_eq!(location(&browser.get(&upstream::callback(&answer)).await), "/account", "going back leads on");
}

async fn an_invitation_is_spent_only_when_it_worked(database: Database) {
    let (app, provider) = stage(database, &[("GATEPOST_GOOGLE__TRUSTED_DOMAINS", "example.com")]).await;
    let (bob, link) = invited(&app).await;
    let browser = app.browser();
    // Cancelled, failed, and an account that is somebody else's.
    let state = crate::support::query_of(&upstream::leave(&browser, &link).await)["state"].clone();
    let cancelled = [("error".to_owned(), "access_denied".to_owned()), ("state".to_owned(), state)];
    assert_eq!(browser.get(&upstream::callback(&cancelled)).await.status(), 200);
    provider.set(|c| c.claims = Some(Box::new(|claims| claims["nonce"] = "x".into())));
    assert_eq!(upstream::visit(&browser, &provider, &link).await.status(), 502);
    provider.set(|c| c.claims = None);
    upstream::person(&provider, "ann", EMAIL);
    assert_eq!(upstream::log_in(&app.browser(), &provider).await.status(), 303);
    let (status, page) = upstream::refused(upstream::visit(&browser, &provider, &link).await).await;
    assert_eq!(status, 403);
    assert!(page.contains("is somebody&#39;s already"), "{page}");
    assert!(app.core.accounts.store.identities_of(&bob.id).await.unwrap().is_empty());
    upstream::person(&provider, "bob", "bob@gmail.com");
    assert_eq!(upstream::visit(&browser, &provider, &link).await.status(), 303);
}

async fn an_invitation_works_for_a_week_and_for_its_person(database: Database) {
    let (app, provider) = stage(database, &[]).await;
    let (bob, link) = invited(&app).await;
    let browser = app.browser();
    let form = browser.form_to(&link, "/login/google").await;
    app.advance(WEEK - 1).await;
    provider.set(|c| c.now += WEEK - 1);
    let away = location(&browser.send(&form).await);
    app.advance(1).await;
    assert_eq!(browser.get(&link).await.status(), 410);
    assert_eq!(browser.send(&form).await.status(), 410, "too late to leave");
    let (status, page) =
        upstream::refused(browser.get(&upstream::callback(&provider.agree(&away))).await).await;
    assert_eq!(status, 410, "too late to come back");
    assert!(page.contains("This link does not work any more"));
    let store = &app.core.accounts.store;
    assert!(store.identities_of(&bob.id).await.unwrap().is_empty());
    let newer = super::link(&app, LinkPurpose::Invite, Some(&bob.id)).await;
    let away = upstream::leave(&browser, &newer).await;
    store.disable_user(bob.id.clone(), app.clock.now()).await.unwrap();
    assert_eq!(browser.get(&newer).await.status(), 410);
    assert_eq!(browser.get(&upstream::callback(&provider.agree(&away))).await.status(), 410);
    assert!(store.identities_of(&bob.id).await.unwrap().is_empty());
}

async fn links_of_another_purpose_are_no_invitation(database: Database) {
    let (app, _provider) = stage(database, &[]).await;
    let (bob, invitation) = invited(&app).await;
    let reset = link(&app, LinkPurpose::Reset, Some(&bob.id)).await;
    let browser = app.browser();
    for path in [
        reset.replacen("/reset", "/invite", 1),
        invitation.replacen("/invite", "/reset", 1),
        invitation.replacen("/invite", "/setup", 1),
        "/invite".to_owned(),
        "/invite?token=x".to_owned(),
    ] {
        assert_eq!(browser.get(&path).await.status(), 410, "{path}");
    }
    let form = browser.form_to(&invitation, "/login/google").await;
    let token = reset.split_once("token=").unwrap().1;
    assert_eq!(browser.send(&form.clone().set("invitation", token)).await.status(), 410);
    assert_eq!(browser.send(&form.set("invitation", "x")).await.status(), 410);
    assert_eq!(try_login(&browser, "bob@example.com", PASSWORD).await.status(), 401);
}

async fn parallel_acceptances_give_one_way_in(database: Database) {
    let (app, provider) = stage(database, &[]).await;
    let (bob, link) = invited(&app).await;
    let next = std::sync::atomic::AtomicUsize::new(0);
    provider.set(|c| {
        c.claims = Some(Box::new(move |claims| {
            let n = next.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            claims["sub"] = format!("sub-{n}").into();
        }));
    });
    let browsers: Vec<_> = (0..4).map(|_| app.browser()).collect();
    let mut answers = Vec::new();
    for browser in &browsers {
        answers.push(upstream::callback(&provider.agree(&upstream::leave(browser, &link).await)));
    }
    let visits = browsers.iter().zip(&answers).map(|(browser, answer)| browser.get(answer));
    let mut statuses: Vec<u16> =
        futures::future::join_all(visits).await.iter().map(|r| r.status().as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 410, 410, 410]);
    assert_eq!(app.core.accounts.store.identities_of(&bob.id).await.unwrap().len(), 1);
}

on_each! {
    an_invitation_is_accepted_with_a_password,
    an_invitation_is_accepted_with_a_login_elsewhere,
    an_invitation_is_spent_only_when_it_worked,
    an_invitation_works_for_a_week_and_for_its_person,
    links_of_another_purpose_are_no_invitation,
    parallel_acceptances_give_one_way_in,
}
