//! Lists of people: every row exactly once, searched, filtered, and rows from before there was a search.

use gatepost::accounts::links::new_user;
use gatepost::admin::people::list::{PAGE, Search, list};
use gatepost::store::people::Show;

use crate::on_both;
use crate::support::{TestApp, text_of};

async fn add(app: &TestApp, email: &str, name: Option<&str>, is_admin: bool) -> String {
    let user = new_user(&app.core.accounts, email.to_owned(), name.map(str::to_owned), None, is_admin);
    app.core.accounts.store.add_user(user.clone()).await.unwrap();
    user.id
}

/// Everybody a search finds, page by page, with the number of pages.
async fn walk(app: &TestApp, text: Option<&str>, show: Show) -> (Vec<String>, usize) {
    let (mut found, mut pages, mut after) = (Vec::new(), 0, None);
    loop {
        let search = Search { text: text.map(str::to_owned), show, after };
        let page = list(&app.core.admin(), &search).await.unwrap();
        assert!(page.rows.len() <= PAGE);
        found.extend(page.rows.into_iter().map(|person| person.user.email));
        pages += 1;
        match page.next {
            Some(next) => after = Some(next),
            None => return (found, pages),
        }
        assert!(pages < 50, "it never ends");
    }
}

fn sorted(mut list: Vec<String>) -> Vec<String> {
    list.sort();
    list
}

async fn a_walk_through_the_pages_finds_everybody_once(app: TestApp) {
    let mut expected = vec!["ann@example.com".to_owned()];
    app.clock.advance(1);
    for n in 0..120 {
        let email = format!("p{n:03}@example.org");
        // Many of the same name, found by several words of it.
        add(&app, &email, Some("Pat Patterson Pat"), n % 60 == 0).await;
        expected.push(email);
    }
    let (everybody, pages) = walk(&app, None, Show::Everybody).await;
    assert_eq!((sorted(everybody.clone()), pages), (sorted(expected.clone()), 3));
    assert_eq!(everybody.last().unwrap(), "ann@example.com", "the newest first");
    expected.remove(0);
    for text in ["pat", "PAT  patterson", "p", "example.org"] {
        let (found, pages) = walk(&app, Some(text), Show::Everybody).await;
        assert_eq!((sorted(found), pages), (expected.clone(), 3), "{text}");
    }
    assert_eq!(walk(&app, Some("p007@"), Show::Everybody).await.0, ["p007@example.org"]);
    let admins = ["p000@example.org", "p060@example.org"];
    assert_eq!(sorted(walk(&app, Some("pat"), Show::Admins).await.0), admins);
    assert_eq!(walk(&app, Some("nobody"), Show::Everybody).await, (vec![], 1));
    assert_eq!(walk(&app, Some("atterson"), Show::Everybody).await.0, Vec::<String>::new());
    assert_eq!(walk(&app, Some("%"), Show::Everybody).await.0, Vec::<String>::new());
}

async fn a_filtered_search_goes_on_where_its_window_ends(app: TestApp) {
    let rows: Vec<String> = (0..1_200)
        .map(|n| format!("('usr_w{n:04}', 'w{n:04}@example.org', {}, 0, 1)", i64::from(n == 1_150)))
        .collect();
    let pool = app.core.oauth.store.pool();
    let text =
        format!("INSERT INTO users (id, email, is_admin, created_at, has_terms) VALUES {}", rows.join(","));
    sqlx::query(sqlx::AssertSqlSafe(text)).execute(pool).await.unwrap();
    // `w`, as the search knows it.
    sqlx::query("INSERT INTO user_terms (term, user_id) SELECT '77', id FROM users WHERE id LIKE 'usr_w%'")
        .execute(pool)
        .await
        .unwrap();
    let search = Search { text: Some("w".into()), show: Show::Admins, after: None };
    let first = list(&app.core.admin(), &search).await.unwrap();
    assert!(first.rows.is_empty() && first.next.is_some(), "the window has ended, not the list");
    assert_eq!(walk(&app, Some("w"), Show::Admins).await, (vec!["w1150@example.org".into()], 3));
    let page = text_of(&app.signed_in().await.page("/admin/people?q=w&show=admins").await);
    assert!(page.contains("Nobody among those searched so far."), "{page}");
}

async fn each_filter_shows_its_people(app: TestApp) {
    let ann = app.signed_in().await;
    add(&app, "ada@example.com", None, true).await;
    let bob = add(&app, "bob@example.com", None, false).await;
    app.core.accounts.store.disable_user(bob.clone(), app.clock.now()).await.unwrap();
    let of = async |show| sorted(walk(&app, None, show).await.0);
    assert_eq!(of(Show::Admins).await, ["ada@example.com", "ann@example.com"]);
    assert_eq!(of(Show::Disabled).await, ["bob@example.com"]);
    assert_eq!(of(Show::NeverSignedIn).await, ["ada@example.com", "bob@example.com"]);
    let page = text_of(&ann.page("/admin/people?show=disabled").await);
    assert!(page.contains("bob@example.com none Disabled no never"), "{page}");
    assert!(!page.contains("ada@example.com"));
    assert_eq!(walk(&app, Some(&bob), Show::Everybody).await.0, ["bob@example.com"], "by id");
    let page = text_of(&ann.page("/admin/people?q=zzz&after=nonsense").await);
    assert!(page.contains("Nobody was found."), "{page}");
}

async fn whoever_was_there_before_the_search_becomes_known_to_it(app: TestApp) {
    for n in 0..25 {
        add(&app, &format!("p{n}@example.org"), Some("Old Timer"), false).await;
    }
    let store = &app.core.accounts.store;
    for statement in ["DELETE FROM user_terms", "UPDATE users SET has_terms = 0"] {
        sqlx::query(statement).execute(store.pool()).await.unwrap();
    }
    assert_eq!(walk(&app, Some("timer"), Show::Everybody).await.0.len(), 0);
    let replica = app.replica().await;
    loop {
        let (one, two) = tokio::join!(
            store.add_missing_user_terms(10),
            replica.core.accounts.store.add_missing_user_terms(10)
        );
        if one.unwrap() + two.unwrap() == 0 {
            break;
        }
    }
    assert_eq!(walk(&app, Some("timer"), Show::Everybody).await.0.len(), 25);
    assert_eq!(walk(&app, Some("ann@"), Show::Everybody).await.0, ["ann@example.com"]);
}

on_both! {
    a_walk_through_the_pages_finds_everybody_once,
    a_filtered_search_goes_on_where_its_window_ends,
    each_filter_shows_its_people,
    whoever_was_there_before_the_search_becomes_known_to_it,
}
