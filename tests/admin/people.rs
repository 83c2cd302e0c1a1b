//! `/admin/people`: what an administrator sees of people, and does about them, on the pages.

use gatepost::store::users::UserRow;

use crate::account::somebody_else;
use crate::mcp::caller::Caller;
use crate::support::{Browser, Database, EMAIL, Form, Mailbox, PASSWORD, TestApp, location, text_of};
use crate::{on_both, on_each};

pub async fn user(app: &TestApp, id: &str) -> UserRow {
    app.core.accounts.store.find_user(id).await.unwrap().unwrap()
}

/// Sends the form of a page below a person's; returns where it leads.
async fn take(ann: &Browser, id: &str, at: &str) -> String {
    let url = format!("/admin/people/{id}{at}");
    let action = url.split('?').next().unwrap();
    let response = ann.send(&Form::of(&ann.page(&url).await, action)).await;
    assert_eq!(response.status(), 303, "{url}: {}", response.text().await.unwrap());
    location(&response)
}

/// Who did it to whom, of the newest event of a kind.
pub async fn actor_and_user(app: &TestApp, kind: &str) -> (Option<String>, Option<String>) {
    app.core.oauth.audit.flush().await;
    let events = app.core.oauth.store.list_events("", 10_000).await.unwrap();
    let event = events.into_iter().rfind(|e| e.kind == kind).unwrap_or_else(|| panic!("no {kind}"));
    (event.actor_id, event.user_id)
}

/// The link shown on a page.
fn link_on(app: &TestApp, page: &str) -> String {
    let at = page.find("id=\"link\">").unwrap_or_else(|| panic!("no link on {page}")) + "id=\"link\">".len();
    let link = page[at..].split('<').next().unwrap().replace("&#38;", "&");
    link.strip_prefix(&app.url).unwrap().to_owned()
}

async fn somebody_is_added_and_comes_in_with_the_link(app: TestApp) {
    let ann = app.signed_in().await;
    let form = Form::of(&ann.page("/admin/people/new").await, "/admin/people/new");
    let form = form.set("email", " Bob@Example.com ").set("name", "Bob").set("is_admin", "1");
    let response = ann.send(&form).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["cache-control"], "no-store");
    let page = response.text().await.unwrap();
    assert!(text_of(&page).contains("It works once, within 7 days."), "{page}");
    let bob = app.core.accounts.store.find_user_by_email("bob@example.com").await.unwrap().unwrap();
    assert_eq!((bob.name.as_deref(), bob.is_admin), (Some("Bob"), true));
    let (actor, whom) = actor_and_user(&app, "user.created").await;
    assert_eq!((actor, whom), (Some(app.user.id.clone()), Some(bob.id.clone())));
    assert_eq!(actor_and_user(&app, "invitation.created").await.0.as_ref(), Some(&app.user.id));

    // The form once more makes nobody else, and leaves the link alone.
    let again = ann.send(&form).await;
    assert_eq!(again.status(), 422);
    assert!(text_of(&again.text().await.unwrap()).contains("belongs to somebody else here"));
    let browser = app.browser();
    let form = Form::read(&browser.page(&link_on(&app, &page)).await);
    let form = form.set("password", "a password of bob").set("password_again", "a password of bob");
    assert_eq!(browser.send(&form).await.status(), 303);
    app.core.oauth.audit.flush().await;
    assert!(text_of(&browser.page("/account/activity").await).contains("An administrator invited you."));
}

async fn what_cannot_be_taken_is_said_beside_its_field(app: TestApp) {
    let ann = app.signed_in().await;
    let form = Form::of(&ann.page("/admin/people/new").await, "/admin/people/new");
    let response = ann.send(&form.clone().set("email", "nobody").set("name", &"x".repeat(101))).await;
    assert_eq!(response.status(), 422);
    let page = response.text().await.unwrap();
    assert!(page.contains("id=\"email-problem\">Enter a valid e-mail address."), "{page}");
    assert!(page.contains("id=\"name-problem\">A name has at most 100 characters."), "{page}");
    assert!(page.contains("value=\"nobody\""), "what was typed stays");
    let taken = ann.send(&form.set("email", EMAIL)).await;
    assert_eq!(taken.status(), 422);
}

async fn a_person_is_disabled_and_enabled(app: TestApp) {
    let ann = app.signed_in().await;
    let (bob, browser) = somebody_else(&app, "bob@example.com").await;
    let tokens = app.client().await.log_in(&browser, "search:read").await;
    let (replica, caller) = (app.replica().await, Caller::new(&app, &tokens.access));
    assert_eq!(caller.status().await, 200);
    assert_eq!(
        take(&ann, &bob.id, "/disable").await,
        format!("/admin/people/{}?done=person-disabled", bob.id)
    );
    assert_eq!(caller.status().await, 401, "at once on this process");
    replica.sync().await;
    assert_eq!(Caller::new(&replica, &tokens.access).status().await, 401);
    assert_eq!(browser.get("/account").await.status(), 303, "signed out");
    let page = text_of(&ann.page(&format!("/admin/people/{}", bob.id)).await);
    assert!(page.contains("Disabled") && page.contains("Not signed in anywhere."), "{page}");
    let (actor, whom) = actor_and_user(&app, "user.disabled").await;
    assert_eq!((actor.as_ref(), whom.as_ref()), (Some(&app.user.id), Some(&bob.id)));
    // Once more changes nothing and says nothing new.
    take(&ann, &bob.id, "/disable").await;
    assert_eq!(app.audit_reasons("user.disabled").await, ["ok"]);

    take(&ann, &bob.id, "/enable").await;
    browser.sign_in("bob@example.com", PASSWORD).await;
    app.core.oauth.audit.flush().await;
    let activity = text_of(&browser.page("/account/activity").await);
    assert!(activity.contains("An administrator disabled your account."), "{activity}");
    assert!(activity.contains("An administrator enabled your account again."), "{activity}");
    assert_eq!(caller.status().await, 401, "what was revoked stays revoked");
}

async fn the_administration_is_given_and_taken(app: TestApp) {
    let ann = app.signed_in().await;
    let (bob, browser) = somebody_else(&app, "bob@example.com").await;
    assert_eq!(browser.get("/admin/people").await.status(), 403);
    assert!(take(&ann, &bob.id, "/admin").await.ends_with("?done=admin-made"));
    assert_eq!(browser.get("/admin/people").await.status(), 200, "with the next click");
    assert!(take(&ann, &bob.id, "/admin").await.ends_with("?done=admin-unmade"));
    assert_eq!(browser.get("/admin/people").await.status(), 403);
    for kind in ["user.admin_granted", "user.admin_removed"] {
        let (actor, whom) = actor_and_user(&app, kind).await;
        assert_eq!((actor.as_ref(), whom.as_ref()), (Some(&app.user.id), Some(&bob.id)), "{kind}");
    }
}

async fn nobody_locks_themselves_out(app: TestApp) {
    let ann = app.signed_in().await;
    let before = app.db_rows().await;
    let own = format!("/admin/people/{}", app.user.id);
    let page = ann.page(&own).await;
    for at in ["disable", "admin", "reset-link", "invite-link", "second-factor", "delete"] {
        assert!(!page.contains(&format!("{own}/{at}\"")), "{at} is not offered");
        let action = format!("{own}/{at}");
        let form = Form::of(&ann.page(&action).await, &action).set("email", EMAIL).set("to", "person");
        let response = ann.send(&form).await;
        assert_eq!(response.status(), 409, "{at}");
        assert!(text_of(&response.text().await.unwrap()).contains("This is your own account."), "{at}");
    }
    assert_eq!(app.db_rows().await, before);
}

async fn a_new_link_takes_the_place_of_the_earlier_one(app: TestApp) {
    let ann = app.signed_in().await;
    let (bob, browser) = somebody_else(&app, "bob@example.com").await;
    let action = format!("/admin/people/{}/reset-link", bob.id);
    let form = Form::of(&ann.page(&action).await, &action);
    let first = link_on(&app, &ann.send(&form).await.text().await.unwrap());
    let page = ann.send(&form).await.text().await.unwrap();
    assert!(text_of(&page).contains("an earlier one does not work any more"));
    let second = link_on(&app, &page);
    let other = app.browser();
    assert_ne!(other.get(&first).await.status(), 200);
    let form = Form::read(&other.page(&second).await);
    let form = form.set("password", "another password 1").set("password_again", "another password 1");
    assert_eq!(other.send(&form).await.status(), 303);
    assert_eq!(browser.get("/account").await.status(), 303, "the old sign-in has ended");
    assert!(!ann.page(&format!("/admin/people/{}", bob.id)).await.contains("lnk_"), "shown once only");
    // Who has come in is not invited again; who is kept out gets no link.
    let url = format!("/admin/people/{}/invite-link", bob.id);
    let refused = ann.send(&Form::of(&ann.page(&url).await, &url)).await;
    assert_eq!(refused.status(), 409);
    assert!(refused.text().await.unwrap().contains("has signed in before"));
    take(&ann, &bob.id, "/disable").await;
    let refused = ann.send(&Form::of(&ann.page(&action).await, &action)).await;
    assert_eq!(refused.status(), 409);
    assert!(refused.text().await.unwrap().contains("This person is disabled"));
}

async fn a_second_factor_is_a_must_for_one_person(app: TestApp) {
    let ann = app.signed_in().await;
    let (bob, browser) = somebody_else(&app, "bob@example.com").await;
    let (_, other) = somebody_else(&app, "eve@example.com").await;
    let url = format!("/admin/people/{}/second-factor", bob.id);
    let done = ann.send(&Form::of(&ann.page(&url).await, &url)).await;
    assert!(location(&done).ends_with("?done=factor-required"));
    assert!(user(&app, &bob.id).await.second_factor_required);
    let led = browser.get("/account").await;
    assert_eq!(led.status(), 303);
    assert!(location(&led).starts_with("/account/second-factor?"), "{}", location(&led));
    assert_eq!(other.get("/account").await.status(), 200, "nobody else");
    let replica = app.replica().await;
    let there = Browser::new(&replica);
    there.sign_in("bob@example.com", PASSWORD).await;
    assert_eq!(there.get("/account").await.status(), 303, "on another process too");

    let form = Form::with(&ann.page(&url).await, &url, "leave");
    assert!(location(&ann.send(&form).await).ends_with("?done=factor-left"));
    assert_eq!(browser.get("/account").await.status(), 200);
    app.core.oauth.audit.flush().await;
    let activity = text_of(&browser.page("/account/activity").await);
    assert!(activity.contains("An administrator made a second step a must for your account."), "{activity}");
}

async fn a_lost_second_factor_is_taken_away(app: TestApp) {
    let ann = app.signed_in().await;
    let (bob, browser) = somebody_else(&app, "bob@example.com").await;
    let url = format!("/admin/people/{}/second-factor", bob.id);
    assert!(!ann.page(&url).await.contains("value=\"clear\""), "there is none");
    sqlx::query("INSERT INTO totp (user_id, sealed_secret, last_step, created_at) VALUES ($1, 'x', 0, 0)")
        .bind(&bob.id)
        .execute(app.core.oauth.store.pool())
        .await
        .unwrap();
    let list = text_of(&ann.page("/admin/people?q=bob").await);
    assert!(list.contains("bob@example.com none Person yes"), "{list}");
    let done = ann.send(&Form::with(&ann.page(&url).await, &url, "clear")).await;
    assert!(location(&done).ends_with("?done=factor-cleared"));
    assert!(app.core.accounts.store.find_totp(&bob.id).await.unwrap().is_none());
    assert_eq!(browser.get("/account").await.status(), 303, "signed out");
    assert_eq!(app.audit_reasons("second_factor.turned_off").await, ["administrator"]);
}

async fn sign_ins_end_one_by_one_or_all(app: TestApp) {
    let ann = app.signed_in().await;
    let (bob, first) = somebody_else(&app, "bob@example.com").await;
    let second = app.browser();
    second.sign_in("bob@example.com", PASSWORD).await;
    let sessions = gatepost::accounts::session::list(&app.core.accounts, &bob.id).await.unwrap();
    assert_eq!(sessions.len(), 2);
    take(&ann, &bob.id, &format!("/sessions/end?session={}", sessions[0].id)).await;
    let left = [first.get("/account").await.status(), second.get("/account").await.status()];
    assert!(left.contains(&reqwest::StatusCode::OK) && left.contains(&reqwest::StatusCode::SEE_OTHER));
    take(&ann, &bob.id, "/sessions/end?session=all").await;
    for browser in [&first, &second] {
        assert_eq!(browser.get("/account").await.status(), 303);
    }
    assert_eq!(app.audit_reasons("session.ended").await, ["all", "one"]);
    // Nobody else's by a form that was tampered with.
    let own = gatepost::accounts::session::list(&app.core.accounts, &app.user.id).await.unwrap();
    let url = format!("/admin/people/{}/sessions/end", bob.id);
    let form = Form::of(&ann.page(&format!("{url}?session=all")).await, &url).set("session", &own[0].id);
    assert_eq!(ann.send(&form).await.status(), 404);
    assert_eq!(ann.get("/account").await.status(), 200);
}

async fn apps_are_disconnected(app: TestApp) {
    let ann = app.signed_in().await;
    let (bob, browser) = somebody_else(&app, "bob@example.com").await;
    let tokens = app.client().await.log_in(&browser, "search:read").await;
    let caller = Caller::new(&app, &tokens.access);
    assert_eq!(caller.status().await, 200);
    let page = ann.page(&format!("/admin/people/{}", bob.id)).await;
    let mark = format!("/admin/people/{}/apps/end?app=con_", bob.id);
    let at = page.find(&mark).unwrap_or_else(|| panic!("no app on {page}"));
    let target = page[at..].split('"').next().unwrap();
    take(&ann, &bob.id, target.strip_prefix(&format!("/admin/people/{}", bob.id)).unwrap()).await;
    assert_eq!(caller.status().await, 401);
    app.core.oauth.audit.flush().await;
    let activity = text_of(&browser.page("/account/activity").await);
    assert!(activity.contains("An administrator disconnected Test app."), "{activity}");
    take(&ann, &bob.id, "/apps/end?app=all").await;
    assert_eq!(app.audit_reasons("consent.withdrawn").await, ["all", "ok"]);
}

async fn an_account_is_deleted_once_its_address_is_typed(app: TestApp) {
    let ann = app.signed_in().await;
    let (bob, browser) = somebody_else(&app, "bob@example.com").await;
    let tokens = app.client().await.log_in(&browser, "search:read").await;
    let caller = Caller::new(&app, &tokens.access);
    assert_eq!(caller.status().await, 200);
    let url = format!("/admin/people/{}/delete", bob.id);
    let form = Form::of(&ann.page(&url).await, &url);
    let refused = ann.send(&form.clone().set("email", "bobb@example.com")).await;
    assert_eq!(refused.status(), 422);
    assert!(refused.text().await.unwrap().contains("Type the e-mail address of the account to confirm."));
    let done = ann.send(&form.set("email", "BOB@example.com")).await;
    assert_eq!(location(&done), "/admin/people?done=person-deleted");
    assert_eq!(caller.status().await, 401);
    for at in ["", "/delete", "/edit", "/second-factor"] {
        assert_eq!(ann.get(&format!("/admin/people/{}{at}", bob.id)).await.status(), 404, "{at}");
    }
    let (actor, whom) = actor_and_user(&app, "user.deleted").await;
    assert_eq!((actor, whom), (Some(app.user.id.clone()), Some(bob.id)));
    assert!(text_of(&ann.page("/admin/people?q=bob").await).contains("Nobody was found."));
}

async fn of_two_who_change_a_person_the_second_is_told(app: TestApp) {
    let (ann, ada) = (app.signed_in().await, app.signed_in().await);
    let (bob, _) = somebody_else(&app, "bob@example.com").await;
    let url = format!("/admin/people/{}/edit", bob.id);
    let (one, two) = (Form::of(&ann.page(&url).await, &url), Form::of(&ada.page(&url).await, &url));
    assert!(location(&ann.send(&one.set("name", "Bob")).await).ends_with("?done=person-saved"));
    let late = ada.send(&two.set("name", "Robert")).await;
    assert_eq!(late.status(), 409);
    let page = late.text().await.unwrap();
    assert!(text_of(&page).contains("Name now Bob"), "{page}");
    let form = Form::of(&page, &url);
    assert_eq!(form.get("name"), "Robert", "their input is kept");
    assert_eq!(user(&app, &bob.id).await.name.as_deref(), Some("Bob"));
    assert_eq!(ada.send(&form).await.status(), 303, "once they have seen it");
    assert_eq!(user(&app, &bob.id).await.name.as_deref(), Some("Robert"));
}

async fn a_new_address_is_signed_in_with_and_ends_links(app: TestApp) {
    let ann = app.signed_in().await;
    let (bob, browser) = somebody_else(&app, "bob@example.com").await;
    let action = format!("/admin/people/{}/reset-link", bob.id);
    let link =
        link_on(&app, &ann.send(&Form::of(&ann.page(&action).await, &action)).await.text().await.unwrap());
    let url = format!("/admin/people/{}/edit", bob.id);
    let form = Form::of(&ann.page(&url).await, &url);
    assert_eq!(ann.send(&form.clone().set("email", EMAIL)).await.status(), 422, "taken");
    assert_eq!(ann.send(&form.set("email", "Robert@Example.com")).await.status(), 303);
    assert_ne!(app.browser().get(&link).await.status(), 200, "the link has ended");
    assert_eq!(browser.get("/account").await.status(), 200, "the sign-in stays");
    app.browser().sign_in("robert@example.com", PASSWORD).await;
    let (actor, _) = actor_and_user(&app, "user.address_changed").await;
    assert_eq!(actor, Some(app.user.id.clone()));
    assert!(text_of(&ann.page("/admin/people?q=robert").await).contains("robert@example.com"));
    assert!(text_of(&ann.page("/admin/people?q=bob").await).contains("Nobody was found."));
}

async fn hostile_names_are_shown_harmlessly(app: TestApp) {
    let ann = app.signed_in().await;
    let (bob, browser) = somebody_else(&app, "bob@example.com").await;
    let name = "\"><script>alert(1)</script>\u{202E}{{7*7}} 💥";
    app.core.accounts.store.set_name(bob.id.clone(), Some(name.to_owned())).await.unwrap();
    app.client().await.log_in(&browser, "search:read").await;
    for path in [
        "/admin/people".to_owned(),
        format!("/admin/people/{}", bob.id),
        format!("/admin/people/{}/delete", bob.id),
    ] {
        let page = ann.page(&path).await;
        assert!(!page.contains("<script>alert") && !page.contains('\u{202E}'), "{path}");
        assert!(page.contains("{{7*7}} 💥"), "{path}");
    }
    assert!(text_of(&ann.page("/admin/people?q=%22%3E%3Cscript").await).contains("bob@example.com"));
    let nobody = ann.page("/admin/people?q=%22%3E%3Cimg+src%3Dx%3E").await;
    assert!(!nobody.contains("<img src=x"), "what was typed is not markup");
}

on_both! {
    somebody_is_added_and_comes_in_with_the_link,
    what_cannot_be_taken_is_said_beside_its_field,
    a_person_is_disabled_and_enabled,
    the_administration_is_given_and_taken,
    nobody_locks_themselves_out,
    a_new_link_takes_the_place_of_the_earlier_one,
    a_second_factor_is_a_must_for_one_person,
    a_lost_second_factor_is_taken_away,
    sign_ins_end_one_by_one_or_all,
    apps_are_disconnected,
    an_account_is_deleted_once_its_address_is_typed,
    of_two_who_change_a_person_the_second_is_told,
    a_new_address_is_signed_in_with_and_ends_links,
    hostile_names_are_shown_harmlessly,
}

async fn the_link_is_mailed_where_there_is_a_mail_server(database: Database) {
    let mailbox = Mailbox::open().await;
    let app = TestApp::start_with_mail(database, &mailbox).await;
    let ann = app.signed_in().await;
    let form = Form::of(&ann.page("/admin/people/new").await, "/admin/people/new");
    let page = ann.send(&form.set("email", "bob@example.com")).await.text().await.unwrap();
    assert!(text_of(&page).contains("It was mailed to bob@example.com ."), "{}", text_of(&page));
    let mails = mailbox.wait_for(1).await;
    let mail = mails.iter().find(|mail| mail.to == "bob@example.com").unwrap();
    assert_eq!(mail.subject(), "Your new account");
    assert!(mail.link("/invite?token=").starts_with(&link_on(&app, &page)), "the same link");
}

on_each! {
    the_link_is_mailed_where_there_is_a_mail_server,
}
