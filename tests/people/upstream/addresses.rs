//! What an address opens, and what it never does.

use serde_json::json;

use super::{OPEN, log_in, people, person, refusals, refused, stage};
use crate::on_each;
use crate::support::Database;
use crate::support::EMAIL;

async fn a_strangers_identity_does_not_open_an_account_with_the_same_address(database: Database) {
    let (app, provider) = stage(database, &[OPEN]).await;
    person(&provider, "eve", EMAIL);
    let browser = app.browser();
    let (status, page) = refused(log_in(&browser, &provider).await).await;
    assert_eq!(status, 403);
    assert!(page.contains("You have an account here already"), "{page}");
    assert!(page.contains("then add Google under Account"));
    assert_eq!(browser.get("/account").await.status(), 303);
    assert!(app.core.accounts.store.identities_of(&app.user.id).await.unwrap().is_empty());
    assert_eq!(refusals(&app).await, ["address_taken"]);
}

async fn an_address_of_a_trusted_domain_opens_its_account(database: Database) {
    let (app, provider) = stage(database, &[("GATEPOST_GOOGLE__TRUSTED_DOMAINS", "example.com")]).await;
    person(&provider, "ann", "Ann@Example.com");
    let browser = app.browser();
    assert_eq!(log_in(&browser, &provider).await.status(), 303);
    assert!(browser.page("/account").await.contains(EMAIL));
    assert_eq!(app.audit_reasons("identity.linked").await, ["trusted_domain"]);
    // From now on it is the identity that counts, whatever address it tells.
    person(&provider, "ann", "ann@elsewhere.example");
    assert_eq!(log_in(&app.browser(), &provider).await.status(), 303);
    assert_eq!(people(&app).await, 1);
}

async fn a_recycled_address_takes_nothing_over(database: Database) {
    let (app, provider) = stage(database, &[("GATEPOST_GOOGLE__TRUSTED_DOMAINS", "example.com"), OPEN]).await;
    person(&provider, "ann", EMAIL);
    assert_eq!(log_in(&app.browser(), &provider).await.status(), 303);
    // Ann has left, and somebody else got her address at Google: the same address, another subject.
    person(&provider, "successor", EMAIL);
    let browser = app.browser();
    let (status, page) = refused(log_in(&browser, &provider).await).await;
    assert_eq!(status, 403);
    assert!(page.contains("Another Google account opens this account"), "{page}");
    assert_eq!(browser.get("/account").await.status(), 303);
    assert_eq!(app.core.accounts.store.identities_of(&app.user.id).await.unwrap().len(), 1);
    assert_eq!(refusals(&app).await, ["address_recycled"]);
}

async fn an_address_that_is_not_verified_or_not_googles_own_takes_nothing_over(database: Database) {
    let (app, provider) = stage(database, &[("GATEPOST_GOOGLE__TRUSTED_DOMAINS", "example.com"), OPEN]).await;
    for (verified, hd, reason) in [
        (json!(false), json!("example.com"), "address_not_verified"),
        (json!("false"), json!("example.com"), "address_not_verified"),
        (json!(null), json!("example.com"), "address_not_verified"),
        (json!(true), json!(null), "address_taken"),
    ] {
        provider.set(|c| {
            c.person = json!({ "sub": "eve", "email": EMAIL, "email_verified": verified, "hd": hd });
        });
        let browser = app.browser();
        assert_eq!(log_in(&browser, &provider).await.status(), 403, "{verified} {hd}");
        assert_eq!(browser.get("/account").await.status(), 303);
        assert!(refusals(&app).await.contains(&reason.to_owned()), "{verified} {hd}");
    }
    assert!(app.core.accounts.store.identities_of(&app.user.id).await.unwrap().is_empty());
    // Whether there is such an account is told only to whoever has the address.
    provider.set(|c| c.person = json!({ "sub": "eve", "email": "nobody@example.com", "hd": "example.com" }));
    let (_, stranger) = refused(log_in(&app.browser(), &provider).await).await;
    assert!(stranger.contains("Your e-mail address is not verified"), "{stranger}");
}

async fn an_address_that_is_another_one_in_lower_case_opens_nothing(database: Database) {
    let (app, provider) = stage(database, &[("GATEPOST_GOOGLE__TRUSTED_DOMAINS", "example.com"), OPEN]).await;
    let kevin = gatepost::accounts::links::new_user(
        &app.core.accounts,
        "kevin@example.com".to_owned(),
        None,
        None,
        false,
    );
    app.core.accounts.store.add_user(kevin.clone()).await.unwrap();
    person(&provider, "eve", "\u{212A}evin@example.com");
    assert_eq!(log_in(&app.browser(), &provider).await.status(), 403);
    assert!(app.core.accounts.store.identities_of(&kevin.id).await.unwrap().is_empty());
}

async fn whoever_removed_a_login_is_not_opened_by_its_address_again(database: Database) {
    let (app, provider) = stage(database, &[("GATEPOST_GOOGLE__TRUSTED_DOMAINS", "example.com")]).await;
    person(&provider, "ann", EMAIL);
    let browser = app.browser();
    assert_eq!(log_in(&browser, &provider).await.status(), 303);
    let store = &app.core.accounts.store;
    let identity = store.identities_of(&app.user.id).await.unwrap().remove(0);
    let path = format!("/account/identities/{}/remove", identity.id);
    let form = browser.form_to(&path, &path).await;
    assert_eq!(browser.send(&form).await.status(), 303);
    // Neither the same account at the provider nor whoever has its address next.
    for sub in ["ann", "successor"] {
        person(&provider, sub, EMAIL);
        assert_eq!(log_in(&app.browser(), &provider).await.status(), 403, "{sub}");
    }
    assert!(store.identities_of(&app.user.id).await.unwrap().is_empty());
    assert_eq!(refusals(&app).await, vec!["address_recycled"; 2]);
}

async fn an_invitation_is_over_once_the_person_has_come_in(database: Database) {
    let (app, provider) = stage(database, &[("GATEPOST_GOOGLE__TRUSTED_DOMAINS", "example.com")]).await;
    let accounts = &app.core.accounts;
    let purpose = gatepost::store::links::LinkPurpose::Invite;
    let link = gatepost::accounts::links::create(accounts, purpose, Some(app.user.id.clone())).await.unwrap();
    person(&provider, "ann", EMAIL);
    assert_eq!(log_in(&app.browser(), &provider).await.status(), 303);
    assert_eq!(app.browser().get(&format!("/invite?token={}", link.expose())).await.status(), 410);
}

async fn parallel_strangers_with_one_trusted_address_link_one_identity(database: Database) {
    let (app, provider) = stage(database, &[("GATEPOST_GOOGLE__TRUSTED_DOMAINS", "example.com")]).await;
    let browsers: Vec<_> = (0..6).map(|_| app.browser()).collect();
    let mut answers = Vec::new();
    for browser in &browsers {
        answers.push(super::callback(&provider.agree(&super::leave(browser, "/login").await)));
    }
    // Each redemption is another subject with the same address.
    let next = std::sync::atomic::AtomicUsize::new(0);
    provider.set(|c| {
        c.claims = Some(Box::new(move |claims| {
            let n = next.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            claims["sub"] = json!(format!("sub-{n}"));
            claims["email"] = json!(EMAIL);
        }));
    });
    let visits = browsers.iter().zip(&answers).map(|(browser, answer)| browser.get(answer));
    let mut statuses: Vec<u16> =
        futures::future::join_all(visits).await.iter().map(|r| r.status().as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 403, 403, 403, 403, 403]);
    assert_eq!(app.core.accounts.store.identities_of(&app.user.id).await.unwrap().len(), 1);
}

async fn who_gets_an_account_is_the_setting(database: Database) {
    let settings = [("GATEPOST_GOOGLE__ADMIT", "domain"), ("GATEPOST_GOOGLE__DOMAINS", "corp.example")];
    let (app, provider) = stage(database, &settings).await;
    for (person, reason) in [
        (json!({ "sub": "1", "email": "x@corp.example", "email_verified": true }), "domain_not_admitted"),
        (json!({ "sub": "2", "email": "x@gmail.com", "email_verified": true }), "domain_not_admitted"),
        (
            json!({ "sub": "3", "email": "x@corp.example", "email_verified": false, "hd": "corp.example" }),
            "address_not_verified",
        ),
        (json!({ "sub": "4", "hd": "corp.example" }), "address_missing"),
        (
            json!({ "sub": "5", "email": "no address", "email_verified": true, "hd": "corp.example" }),
            "address_missing",
        ),
        (
            json!({ "sub": "6", "email": "x@corp.example", "email_verified": true, "hd": "evil.example" }),
            "domain_not_admitted",
        ),
    ] {
        provider.set(|c| c.person = person);
        let before = refusals(&app).await.len();
        assert_eq!(log_in(&app.browser(), &provider).await.status(), 403, "{reason}");
        let reasons = refusals(&app).await;
        assert_eq!(reasons.len(), before + 1);
        assert!(reasons.contains(&reason.to_owned()), "{reason}: {reasons:?}");
    }
    assert_eq!(people(&app).await, 1);
    person(&provider, "7", "x@corp.example");
    provider.set(|c| c.person["email_verified"] = json!("true"));
    assert_eq!(log_in(&app.browser(), &provider).await.status(), 303, "a text is as good as a truth value");
    assert_eq!(people(&app).await, 2);
}

on_each! {
    a_strangers_identity_does_not_open_an_account_with_the_same_address,
    an_address_of_a_trusted_domain_opens_its_account,
    a_recycled_address_takes_nothing_over,
    an_address_that_is_not_verified_or_not_googles_own_takes_nothing_over,
    parallel_strangers_with_one_trusted_address_link_one_identity,
    an_address_that_is_another_one_in_lower_case_opens_nothing,
    whoever_removed_a_login_is_not_opened_by_its_address_again,
    an_invitation_is_over_once_the_person_has_come_in,
    who_gets_an_account_is_the_setting,
}
