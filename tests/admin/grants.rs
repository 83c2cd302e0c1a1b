//! `/admin/grants`: what clients hold, looked through and ended.

use std::collections::HashSet;

use gatepost::admin::grants::{PAGE, Search, State, list};
use sqlx::AssertSqlSafe;

use crate::account::somebody_else;
use crate::mcp::caller::Caller;
use crate::on_both;
use crate::support::{EMAIL, Form, OAuthClient, TestApp, location, text_of};

async fn only_grant(app: &TestApp, user: &str) -> String {
    let search = Search { user: Some(user.to_owned()), ..Search::default() };
    let mut found = list(&app.core.admin(), &search).await.unwrap().page.rows;
    assert_eq!(found.len(), 1);
    found.remove(0).grant.id
}

/// Every id a search finds, with the number of pages and how often it stopped before a page was full.
async fn walk(app: &TestApp, search: &Search) -> (Vec<String>, usize, usize) {
    let (mut ids, mut pages, mut stops, mut after) = (Vec::new(), 0, 0, None);
    loop {
        let found = list(&app.core.admin(), &Search { after, ..search.clone() }).await.unwrap();
        assert!(found.page.rows.len() <= PAGE);
        ids.extend(found.page.rows.into_iter().map(|row| row.grant.id));
        (pages, stops) = (pages + 1, stops + usize::from(found.back_to.is_some()));
        match found.page.next {
            Some(next) => after = Some(next),
            None => return (ids, pages, stops),
        }
        assert!(pages < 50, "it never ends");
    }
}

/// Grants `grt_0000` and so on; the first of a machine, each third of Ann, each tenth revoked.
async fn many(app: &TestApp, count: usize, client: &str, user: &str) {
    let resource = app.core.oauth.resources.current().all()[0].id.clone();
    let (ann, end) = (app.user.id.clone(), app.clock.now() + 1_000_000);
    let rows: Vec<String> = (0..count)
        .map(|n| {
            let user = match n {
                0 => "NULL".to_owned(),
                n if n % 3 == 0 => format!("'{ann}'"),
                _ => format!("'{user}'"),
            };
            let revoked = if n % 10 == 0 { "5" } else { "NULL" };
            format!("('grt_{n:04}', {user}, '{client}', '{resource}', 'search:read', {n}, {end}, {revoked})")
        })
        .collect();
    let text = format!(
        "INSERT INTO grants (id, user_id, client_id, resource_id, scopes, created_at, ends_at, revoked_at) VALUES {}",
        rows.join(",")
    );
    sqlx::query(AssertSqlSafe(text)).execute(app.core.oauth.store.pool()).await.unwrap();
}

async fn every_filter_walks_through_its_rows_once(app: TestApp) {
    let client = app.client().await.id;
    let (bob, _) = somebody_else(&app, "bob@example.com").await;
    many(&app, 1_100, &client, &bob.id).await;
    let resource = app.core.oauth.resources.current().all()[0].id.clone();
    let all = || (0..1_100_usize).rev();
    let ids = |chosen: Vec<usize>| chosen.into_iter().map(|n| format!("grt_{n:04}")).collect::<Vec<_>>();
    let of_bob = |n: &usize| !n.is_multiple_of(3);
    let live = |n: &usize| !n.is_multiple_of(10);
    let base = Search::default();
    let user = Some(bob.id.clone());
    let other = OAuthClient::register(&app, "Other").await.id;
    for (search, expected) in [
        (base.clone(), ids(all().collect())),
        (Search { user: user.clone(), ..base.clone() }, ids(all().filter(of_bob).collect())),
        (Search { client: Some(client.clone()), ..base.clone() }, ids(all().collect())),
        (Search { resource: Some(resource.clone()), ..base.clone() }, ids(all().collect())),
        (Search { state: Some(State::Live), ..base.clone() }, ids(all().filter(live).collect())),
        (Search { state: Some(State::Ended), ..base.clone() }, ids(all().filter(|n| !live(n)).collect())),
        (
            Search {
                user: user.clone(),
                client: Some(client.clone()),
                resource: Some(resource.clone()),
                state: Some(State::Ended),
                after: None,
            },
            ids(all().filter(|n| of_bob(n) && !live(n)).collect()),
        ),
        (Search { user: user.clone(), client: Some(other.clone()), ..base.clone() }, vec![]),
        (Search { client: Some(other), ..base.clone() }, vec![]),
        (Search { resource: Some("res_none".into()), ..base.clone() }, vec![]),
    ] {
        let (found, ..) = walk(&app, &search).await;
        assert_eq!(found, expected, "{search:?}");
        assert_eq!(found.iter().collect::<HashSet<_>>().len(), found.len());
    }
    // Nothing in the first windows: the page says how far it has looked.
    let nothing = Search { client: Some(client), resource: Some("res_none".into()), ..base };
    assert_eq!(walk(&app, &nothing).await, (vec![], 3, 2));
    let ann = app.signed_in().await;
    let page = text_of(&ann.page(&format!("/admin/grants?person={}&client=cli_none", bob.id)).await);
    assert!(page.contains("Nothing among those searched so far."), "{page}");
    assert!(page.contains("Searched back to 1 January 1970"), "{page}");
}

async fn a_grant_ends_at_once_everywhere(app: TestApp) {
    let ann = app.signed_in().await;
    let (bob, browser) = somebody_else(&app, "bob@example.com").await;
    let client = app.client().await;
    let tokens = client.log_in(&browser, "search:read offline_access").await;
    let replica = app.replica().await;
    let callers = [Caller::new(&app, &tokens.access), Caller::new(&replica, &tokens.access)];
    for caller in &callers {
        assert_eq!(caller.status().await, 200);
    }
    let id = only_grant(&app, &bob.id).await;
    let url = format!("/admin/grants/{id}");
    let page = ann.page(&url).await;
    let text = text_of(&page);
    for expected in
        ["Test app", "bob@example.com", "search:read", "Search the web", "gives access", "Gatepost tools"]
    {
        assert!(text.contains(expected), "{expected} in {text}");
    }
    assert!(page.contains(&format!("/admin/audit?grant={id}")));
    let done = ann.send(&Form::of(&page, "/admin/grants/end")).await;
    assert_eq!(location(&done), format!("{url}?done=grants-ended"));
    assert_eq!(callers[0].status().await, 401, "in the same second");
    replica.sync().await;
    assert_eq!(callers[1].status().await, 401, "on the other process with its next look");
    assert_eq!(client.refused(&client.refreshing(&tokens.refresh)).await, "invalid_grant");
    assert!(text_of(&ann.page(&url).await).contains("ended by an administrator"));

    let (actor, whom) = super::people::actor_and_user(&app, "grant.revoked").await;
    assert_eq!((actor, whom), (Some(app.user.id.clone()), Some(bob.id.clone())));
    let activity = text_of(&browser.page("/account/activity").await);
    assert!(activity.contains("An administrator ended a login of Test app."), "{activity}");
}

async fn chosen_grants_end_and_no_others(app: TestApp) {
    let ann = app.signed_in().await;
    let (_, browser) = somebody_else(&app, "bob@example.com").await;
    let mut callers = Vec::new();
    for name in ["One", "Two", "Three"] {
        app.clock.advance(1);
        let tokens = OAuthClient::register(&app, name).await.log_in(&browser, "search:read").await;
        callers.push(Caller::new(&app, &tokens.access));
    }
    let page = ann.page("/admin/grants?person=bob%40example.com").await;
    let form = Form::of(&page, "/admin/grants/end");
    let none = ann.send(&form).await;
    assert_eq!(none.status(), 422, "none is chosen");
    assert!(none.text().await.unwrap().contains("href=\"/admin/grants?person=bob%40example.com\""));
    let boxes: Vec<&str> = page
        .match_indices("name=\"id[]\" type=\"checkbox\" value=\"")
        .map(|(at, mark)| page[at + mark.len()..].split('"').next().unwrap())
        .collect();
    assert_eq!(boxes.len(), 3);
    // The newest first: Three and Two.
    let done = ann.send(&form.add("id[]", boxes[0]).add("id[]", boxes[1])).await;
    assert_eq!(location(&done), "/admin/grants?person=bob%40example.com&done=grants-ended");
    let mut after = Vec::new();
    for caller in &callers {
        after.push(caller.status().await);
    }
    assert_eq!(after, [200, 401, 401]);
    assert_eq!(app.audit_reasons("grant.revoked").await, ["ended_by_administrator"; 2]);
    let mut form = Form::of(&page, "/admin/grants/end");
    for n in 0..51 {
        form = form.add("id[]", &format!("grt_{n}"));
    }
    assert_eq!(ann.send(&form).await.status(), 422, "too many");
}

async fn everything_between_a_person_and_a_client_ends(app: TestApp) {
    let ann = app.signed_in().await;
    let (bob, browser) = somebody_else(&app, "bob@example.com").await;
    let (_, eve) = somebody_else(&app, "eve@example.com").await;
    let client = app.client().await;
    let mut callers = Vec::new();
    for browser in [&browser, &browser, &eve] {
        callers.push(Caller::new(&app, &client.log_in(browser, "search:read").await.access));
    }
    let search = Search { user: Some(bob.id.clone()), ..Search::default() };
    let grants = list(&app.core.admin(), &search).await.unwrap().page.rows;
    assert_eq!(grants.len(), 2);
    let page = ann.page(&format!("/admin/grants/{}", grants[0].grant.id)).await;
    let done = ann.send(&Form::of(&page, "/admin/grants/end-pair")).await;
    assert_eq!(location(&done), format!("/admin/grants?person={}&done=grants-ended", bob.id));
    let mut after = Vec::new();
    for caller in &callers {
        after.push(caller.status().await);
    }
    assert_eq!(after, [401, 401, 200]);
    assert!(!app.core.oauth.store.has_consent(&bob.id, &client.id).await.unwrap(), "asked again");
    let (actor, _) = super::people::actor_and_user(&app, "consent.withdrawn").await;
    assert_eq!(actor, Some(app.user.id.clone()));
}

async fn a_machines_grant_has_no_person(app: TestApp) {
    let ann = app.signed_in().await;
    let client = app.client().await;
    many(&app, 2, &client.id, &app.user.id).await;
    let page = text_of(&ann.page("/admin/grants").await);
    assert!(page.contains("Machine") && page.contains("ann@example.com"), "{page}");
    let one = text_of(&ann.page("/admin/grants/grt_0000").await);
    assert!(one.contains("Machine") && !one.contains("End everything this person gave"), "{one}");
    assert_eq!(ann.get("/admin/grants/grt_none").await.status(), 404);
    let nobody = text_of(&ann.page("/admin/grants?person=nobody%40example.com").await);
    assert!(nobody.contains("Nobody has that e-mail address."), "{nobody}");
}

async fn hostile_client_names_are_shown_harmlessly(app: TestApp) {
    let ann = app.signed_in().await;
    let name = "\"><img src=x onerror=alert(1)>\u{202E}{{7*7}}";
    OAuthClient::register(&app, name).await.log_in(&ann, "search:read").await;
    let id = only_grant(&app, &app.user.id).await;
    for path in
        ["/admin/grants".to_owned(), format!("/admin/grants/{id}"), format!("/admin/people/{}", app.user.id)]
    {
        let page = ann.page(&path).await;
        assert!(!page.contains("<img src=x") && !page.contains('\u{202E}'), "{path}");
        assert!(page.contains("{{7*7}}"), "{path}");
    }
}

async fn a_client_is_found_by_words_of_its_name(app: TestApp) {
    let ann = app.signed_in().await;
    let lamp = OAuthClient::register(&app, "Reading <b>Lamp").await;
    OAuthClient::register(&app, "Night Train").await;
    let redirect =
        serde_json::json!({ "client_name": "Night Bus", "redirect_uris": ["https://bus.example/cb"] });
    let bus = OAuthClient::register_with(&app, redirect).await;
    lamp.log_in(&ann, "search:read").await;
    let of = |client: &str| format!("/admin/grants?client={client}");
    for typed in ["reading", "Reading+%3Cb%3Elamp", lamp.id.as_str()] {
        let page = ann.page(&of(typed)).await;
        assert!(page.contains("Reading &#60;b&#62;Lamp") && page.contains(EMAIL), "{typed}: {page}");
    }
    let one = text_of(&ann.page(&of("night+bus")).await);
    assert!(one.contains("Nothing was found."), "{one}");
    let several = ann.page(&of("night&state=live")).await;
    assert!(several.contains("Which client?") && several.contains("Night Train"), "{several}");
    assert!(several.contains(&format!("/admin/grants?client={}&#38;state=live", bus.id)), "{several}");
    let none = text_of(&ann.page(&of("tram")).await);
    assert!(none.contains("No client has a name with words that begin so."), "{none}");
    // As many as fit, and where the others are.
    for n in 0..20 {
        let uri = format!("https://night{n}.example/cb");
        let metadata = serde_json::json!({ "client_name": "Night Owl", "redirect_uris": [uri] });
        OAuthClient::register_with(&app, metadata).await;
    }
    let many = ann.page(&of("night")).await;
    assert!(many.contains("/admin/clients?q=night"), "{many}");
}

on_both! {
    a_client_is_found_by_words_of_its_name,
    every_filter_walks_through_its_rows_once,
    a_grant_ends_at_once_everywhere,
    chosen_grants_end_and_no_others,
    everything_between_a_person_and_a_client_ends,
    a_machines_grant_has_no_person,
    hostile_client_names_are_shown_harmlessly,
}
