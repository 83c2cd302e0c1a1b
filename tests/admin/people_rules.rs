//! The rules about people below the pages: the last administrator, and removing a login elsewhere.

use futures::future::join_all;
use gatepost::accounts::links::new_user;
use gatepost::admin::people::{access, ends};
use gatepost::admin::{Actor, Failure};
use gatepost::store::identities::IdentityRow;

use crate::support::TestApp;
use crate::{account::somebody_else, on_both};

/// Whoever was invited and never came has nothing to sign in with, and so is nobody to leave the server to.
async fn an_administrator_without_a_way_in_does_not_count(app: TestApp) {
    let (admin, actor, id) = (app.core.admin(), Actor::command_line(), app.user.id.clone());
    let store = &app.core.accounts.store;
    let invited = new_user(&app.core.accounts, "ada@example.com".to_owned(), None, None, true);
    store.add_user(invited.clone()).await.unwrap();
    assert_eq!(code(&access::disable(&admin, &actor, &id).await.unwrap_err()), "last_admin");
    assert_eq!(code(&access::set_admin(&admin, &actor, &id, false).await.unwrap_err()), "last_admin");
    let refused = access::delete(&admin, &actor, &id, "ann@example.com").await.unwrap_err();
    assert_eq!(code(&refused), "last_admin");
    // A login elsewhere is a way in.
    let identity = IdentityRow {
        id: "idn_1".into(),
        user_id: invited.id.clone(),
        issuer: "https://id.example.com".into(),
        subject: "1".into(),
        provider: "example".into(),
        email: None,
        created_at: app.clock.now(),
        last_used_at: None,
    };
    assert!(store.add_first_identity(identity, invited.email).await.unwrap());
    access::set_admin(&admin, &actor, &id, false).await.unwrap();
}

fn code(failure: &Failure) -> &'static str {
    match failure {
        Failure::Refused { code, .. } => code,
        _ => panic!("{failure:?}"),
    }
}

async fn the_last_administrator_stays_one(app: TestApp) {
    let (admin, actor) = (app.core.admin(), Actor::command_line());
    let id = app.user.id.clone();
    let disabled = app.another_admin("ada@example.com").await;
    access::disable(&admin, &actor, &disabled.id).await.unwrap();
    let before = app.db_rows().await;
    assert_eq!(code(&access::disable(&admin, &actor, &id).await.unwrap_err()), "last_admin");
    assert_eq!(code(&access::set_admin(&admin, &actor, &id, false).await.unwrap_err()), "last_admin");
    let refused = access::delete(&admin, &actor, &id, "ann@example.com").await.unwrap_err();
    assert_eq!(code(&refused), "last_admin");
    assert_eq!(app.db_rows().await, before);
    for kind in ["user.admin_removed", "user.deleted"] {
        assert_eq!(app.audit_reasons(kind).await, ["last_admin"], "{kind}");
    }
    // A disabled administrator is not the last who can sign in.
    access::set_admin(&admin, &actor, &disabled.id, false).await.unwrap();
    access::set_admin(&admin, &actor, &disabled.id, true).await.unwrap();
    access::enable(&admin, &actor, &disabled.id).await.unwrap();
    access::set_admin(&admin, &actor, &id, false).await.unwrap();
    assert_eq!(code(&access::disable(&admin, &actor, &disabled.id).await.unwrap_err()), "last_admin");
}

/// Two processes take away administrators in every way at the same moment: one stays.
async fn of_administrators_who_lose_it_at_once_one_stays(app: TestApp) {
    let replica = app.replica().await;
    let stores = [&app.core.accounts.store, &replica.core.accounts.store];
    for round in 0..6 {
        let mut ids = Vec::new();
        for n in 0..6 {
            ids.push(app.another_admin(&format!("r{round}n{n}@example.com")).await.id);
        }
        for user in stores[0].list_users("", 1000).await.unwrap() {
            if user.is_admin && !ids.contains(&user.id) {
                stores[0].set_admin(user.id, false, 0).await.unwrap();
            }
        }
        let now = app.clock.now();
        let deeds = ids.iter().enumerate().map(|(n, id)| {
            let (store, id) = (stores[n % 2], id.clone());
            async move {
                match (n + round) % 3 {
                    0 => store.set_admin(id, false, 0).await,
                    1 => store.disable_user(id, now).await,
                    _ => store.delete_user(id, now).await,
                }
            }
        });
        let done = join_all(deeds).await.into_iter().filter(|deed| *deed.as_ref().unwrap()).count();
        let users = stores[0].list_users("", 1000).await.unwrap();
        let left = users.iter().filter(|user| user.is_admin && user.disabled_at.is_none()).count();
        assert_eq!((done, left), (5, 1), "round {round}");
    }
}

async fn a_login_elsewhere_is_removed_even_if_it_is_the_last_way_in(app: TestApp) {
    let (admin, actor) = (app.core.admin(), Actor { id: app.user.id.clone(), ..Actor::default() });
    let (bob, browser) = somebody_else(&app, "bob@example.com").await;
    let user = new_user(&app.core.accounts, "eve@example.com".to_owned(), None, None, false);
    let identity = IdentityRow {
        id: "idn_1".into(),
        user_id: user.id.clone(),
        issuer: "https://id.example".into(),
        subject: "7".into(),
        provider: "id".into(),
        email: None,
        created_at: app.clock.now(),
        last_used_at: None,
    };
    app.core.accounts.store.add_user_with_identity(user.clone(), identity).await.unwrap();
    let foreign = ends::remove_identity(&admin, &actor, &bob.id, "idn_1").await;
    assert!(matches!(foreign, Err(Failure::NotFound)), "{foreign:?}");
    let ann = app.signed_in().await;
    let url = format!("/admin/people/{}/identities/idn_1/remove", user.id);
    let page = ann.page(&url).await;
    assert!(page.contains("It is the last thing they can sign in with"), "{page}");
    let done = ann.send(&crate::support::Form::of(&page, &url)).await;
    assert!(crate::support::location(&done).ends_with("?done=identity-removed"));
    assert!(app.core.accounts.store.identities_of(&user.id).await.unwrap().is_empty());
    assert!(
        app.core.accounts.store.has_known_issuer(&user.id, "https://id.example").await.unwrap(),
        "nobody from there is linked by address alone"
    );
    assert_eq!(ann.get(&url).await.status(), 404);
    assert_eq!(browser.get("/account").await.status(), 200);
}

on_both! {
    the_last_administrator_stays_one,
    an_administrator_without_a_way_in_does_not_count,
    of_administrators_who_lose_it_at_once_one_stays,
    a_login_elsewhere_is_removed_even_if_it_is_the_last_way_in,
}
