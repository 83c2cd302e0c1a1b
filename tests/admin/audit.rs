//! `/admin/audit`: the trail, filtered, told as a story, watched live, exported.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use gatepost::accounts::session;
use gatepost::admin::api_tokens::make::{self, NewToken};
use gatepost::admin::audit::Filters;
use gatepost::admin::audit::export::{self, Format};
use gatepost::admin::{Actor, Failure};
use gatepost::audit::{Entry, Event};
use gatepost::store::audit::EventRow;
use gatepost::types::ids::{Kind, first_of, new_id};
use gatepost::types::{Clock, Rng};
use regex_lite::Regex;

use crate::mcp::caller::Caller;
use crate::on_both;
use crate::support::{Browser, EMAIL, Form, OAuthClient, START, TestApp, query_of, text_of};

/// The ids of the events a page lists, in its order.
fn listed(page: &str) -> Vec<String> {
    let id = Regex::new("data-event=\"([^\"]+)\"").unwrap();
    id.captures_iter(page).map(|c| c[1].to_owned()).collect()
}

/// Where a page's link to the next one leads.
fn next_of(page: &str) -> Option<String> {
    let link = Regex::new("href=\"([^\"]+)\" rel=\"next\"").unwrap();
    link.captures(page).map(|c| c[1].replace("&#38;", "&"))
}

/// Events with every combination of a few values, a second apart, from before the app's own.
async fn furnish(app: &TestApp, count: usize) -> Vec<EventRow> {
    let rng = Rng::System;
    let pick = |list: &[&str], n: usize| Some(list[n % list.len()].to_owned()).filter(|t| !t.is_empty());
    let row = |n: usize| {
        let at = START - 10_000 + i64::try_from(n).unwrap();
        let is_ok = n.is_multiple_of(3);
        EventRow {
            id: new_id(Kind::Event, &Clock::manual(at), &rng),
            at,
            kind: ["token.issued", "session.login", "access.refused"][n % 7 % 3].to_owned(),
            outcome: if is_ok { "ok" } else { "refused" }.to_owned(),
            reason: if is_ok { "ok" } else { ["expired_code", "rate_limited"][n % 2] }.to_owned(),
            user_id: pick(&[&app.user.id, "usr_2", ""], n / 2),
            actor_id: pick(&["", "", "usr_actor"], n / 3),
            client_id: pick(&["cli_1", "cli_2"], n / 5),
            resource_id: pick(&["res_1", "", "res_2"], n / 4),
            grant_id: pick(&["grt_1", "", "grt_2"], n / 6),
            ..EventRow::default()
        }
    };
    let rows: Vec<EventRow> = (0..count).map(row).collect();
    for group in rows.chunks(500) {
        app.core.oauth.store.add_events(group.to_vec()).await.unwrap();
    }
    rows
}

/// Every event a filter finds, page by page; none may come twice.
async fn walk(ann: &Browser, query: &str) -> Vec<String> {
    let (mut all, mut url) = (Vec::new(), Some(format!("/admin/audit?{query}")));
    while let Some(at) = url {
        let page = ann.page(&at).await;
        all.extend(listed(&page));
        url = next_of(&page);
    }
    let once: BTreeSet<_> = all.iter().cloned().collect();
    assert_eq!(once.len(), all.len(), "{query}: an event comes twice");
    all
}

type Fits = Box<dyn Fn(&EventRow) -> bool>;

async fn filters_find_what_fits_alone_and_in_pairs(app: TestApp) {
    let rows = furnish(&app, 240).await;
    let ann = app.signed_in().await;
    let until = "2027-01-15T07:59";
    let is = |field: &Option<String>, value: &str| field.as_deref() == Some(value);
    let user = app.user.id.clone();
    let filters: Vec<(String, Fits)> = vec![
        (format!("person={EMAIL}"), Box::new(move |e| is(&e.user_id, &user))),
        ("person=usr_2".into(), Box::new(move |e| is(&e.user_id, "usr_2"))),
        ("actor=usr_actor".into(), Box::new(move |e| is(&e.actor_id, "usr_actor"))),
        ("client=cli_1".into(), Box::new(move |e| is(&e.client_id, "cli_1"))),
        ("resource=res_2".into(), Box::new(move |e| is(&e.resource_id, "res_2"))),
        ("grant=grt_1".into(), Box::new(move |e| is(&e.grant_id, "grt_1"))),
        ("kind=session.login".into(), Box::new(|e| e.kind == "session.login")),
        ("outcome=ok".into(), Box::new(|e| e.outcome == "ok")),
        ("outcome=refused".into(), Box::new(|e| e.outcome != "ok")),
        ("reason=rate_limited".into(), Box::new(|e| e.reason == "rate_limited")),
    ];
    for (a, fits_a) in &filters {
        for (b, fits_b) in &filters {
            let names = [a, b].map(|f| f.split('=').next().unwrap());
            if a != b && names[0] == names[1] {
                continue;
            }
            let query = if a == b { format!("until={until}&{a}") } else { format!("until={until}&{a}&{b}") };
            let mut expected: Vec<_> =
                rows.iter().filter(|e| fits_a(e) && fits_b(e)).map(|e| e.id.clone()).collect();
            expected.reverse();
            assert_eq!(walk(&ann, &query).await, expected, "{query}");
        }
    }
}

async fn times_bound_the_search(app: TestApp) {
    let rows = furnish(&app, 120).await;
    let ann = app.signed_in().await;
    let time =
        |at: i64| chrono::DateTime::from_timestamp(at, 0).unwrap().format("%Y-%m-%dT%H:%M:%S").to_string();
    let query = format!("from={}&until={}", time(rows[10].at), time(rows[20].at));
    let mut expected: Vec<_> = rows[10..20].iter().map(|e| e.id.clone()).collect();
    expected.reverse();
    assert_eq!(walk(&ann, &query).await, expected);
}

async fn what_cannot_be_understood_is_said(app: TestApp) {
    let ann = app.signed_in().await;
    for (query, sentence) in [
        ("from=yesterday", "write a time as"),
        ("until=2026-13-01", "write a time as"),
        ("kind=nothing", "kind: choose"),
        ("outcome=maybe", "outcome: choose"),
        ("person=nobody@example.com", "nobody here has that address"),
        ("actor=@", "nobody here has that address"),
        (&format!("grant={}", "x".repeat(513)), "at most 512 bytes"),
    ] {
        let response = ann.get(&format!("/admin/audit?{query}")).await;
        assert_eq!(response.status(), 422, "{query}");
        let text = text_of(&response.text().await.unwrap());
        assert!(text.contains(sentence), "{query}: {text}");
    }
    // What is no key of ours is left out of account.
    assert_eq!(ann.get("/admin/audit?after=%27%3B--").await.status(), 200);
}

async fn a_search_says_how_far_back_it_went_and_goes_on(app: TestApp) {
    let mut rows = furnish(&app, 12_000).await;
    rows.retain(|e| e.resource_id.as_deref() == Some("res_9"));
    assert!(rows.is_empty());
    let oldest = EventRow {
        id: first_of(Kind::Event, START - 20_000),
        at: START - 20_000,
        kind: "token.issued".into(),
        outcome: "ok".into(),
        reason: "ok".into(),
        resource_id: Some("res_9".into()),
        ..EventRow::default()
    };
    app.core.oauth.store.add_events(vec![oldest.clone()]).await.unwrap();
    let ann = app.signed_in().await;
    let first = ann.page("/admin/audit?resource=res_9").await;
    assert!(text_of(&first).contains("Searched back to 2027-"), "{}", text_of(&first));
    assert!(text_of(&first).contains("Nothing of that in this stretch."));
    assert_eq!(walk(&ann, "resource=res_9").await, [oldest.id]);
}

async fn an_event_is_found_by_its_id_and_by_the_reference_a_person_saw(app: TestApp) {
    let (ann, client) = (app.signed_in().await, app.client().await);
    let shown = text_of(&ann.get(&foreign(&client)).await.text().await.unwrap());
    let reference = shown.split("Reference ").nth(1).unwrap().split(' ').next().unwrap().to_owned();
    app.core.oauth.audit.flush().await;
    for text in [reference.clone(), format!("%20{}", reference.to_uppercase())] {
        let response = ann.get(&format!("/admin/audit?q={text}")).await;
        assert_eq!(response.status(), 303, "{text}");
        let page = text_of(&ann.page(&crate::support::location(&response)).await);
        assert!(page.contains("foreign_redirect_uri") && page.contains(&reference), "{page}");
    }
    let missing = text_of(&ann.page("/admin/audit?q=evt_none").await);
    assert!(missing.contains("No event has the reference or id evt_none"), "{missing}");
    assert_eq!(ann.get("/admin/audit/evt_none").await.status(), 404);
}

/// A request that asks to be answered elsewhere.
fn foreign(client: &OAuthClient) -> String {
    let mut params = client.params("search:read");
    params.iter_mut().find(|(n, _)| n == "redirect_uri").unwrap().1 = "https://evil.example/".to_owned();
    format!("/oauth/authorize?{}", serde_urlencoded::to_string(params).unwrap())
}

/// The page of the newest event of a kind.
async fn story_of(app: &TestApp, ann: &Browser, kind: &str, outcome: &str) -> String {
    app.core.oauth.audit.flush().await;
    let events = app.core.oauth.store.list_events("", 10_000).await.unwrap();
    let found =
        events.iter().rfind(|e| e.kind == kind && e.outcome == outcome).unwrap_or_else(|| panic!("{kind}"));
    text_of(&ann.page(&format!("/admin/audit/{}", found.id)).await)
}

fn assert_in_order(page: &str, parts: &[&str]) {
    let story = page.split("What belongs together").nth(1).unwrap_or_else(|| panic!("no story in {page}"));
    let mut rest = story;
    for part in parts {
        let (_, after) =
            rest.split_once(part).unwrap_or_else(|| panic!("{part} is missing, or too early, in {story}"));
        rest = after;
    }
}

/// A client that asks while nobody is signed in, up to the consent page.
async fn asked(app: &TestApp, client: &OAuthClient) -> (Browser, Form) {
    let browser = app.browser();
    app.clock.advance(1);
    let url = client.authorize_url("search:read");
    let login = crate::support::location(&browser.get(&url).await);
    app.clock.advance(1);
    let form =
        Form::read(&browser.page(&login).await).set("email", EMAIL).set("password", crate::support::PASSWORD);
    let back = crate::support::location(&browser.send(&form).await);
    app.clock.advance(1);
    let consent = browser.consent_form(&back).await;
    app.clock.advance(1);
    (browser, consent)
}

async fn code_of(app: &TestApp, browser: &Browser, consent: Form) -> String {
    let to = crate::support::location(&browser.send(&consent.set("decision", "allow")).await);
    app.clock.advance(1);
    query_of(&to)["code"].clone()
}

async fn a_good_flow_is_told_from_registration_to_the_first_call(app: TestApp) {
    let client = app.client().await;
    app.clock.advance(1);
    let (ann, consent) = asked(&app, &client).await;
    let code = code_of(&app, &ann, consent).await;
    let steps =
        ["App registered itself", "led to the login", "Signed in", "led to consent", "Access allowed"];

    let page = story_of(&app, &ann, "consent.decided", "ok").await;
    assert!(page.contains("the app never came for its token"), "{page}");
    assert_in_order(&page, &steps);

    let tokens = client.tokens(&client.redemption(&code)).await;
    let page = story_of(&app, &ann, "token.issued", "ok").await;
    assert!(page.contains("The token was issued and never used."), "{page}");
    assert_in_order(&page, &[&steps[..], &["Token issued"]].concat());

    app.clock.advance(2);
    assert_eq!(Caller::new(&app, &tokens.access).status().await, 200);
    app.core.oauth.usage.flush().await;
    for kind in ["token.issued", "consent.decided", "authorization.requested"] {
        let page = story_of(&app, &ann, kind, "ok").await;
        assert!(page.contains("The app is connected and has used its token."), "{kind}: {page}");
        assert_in_order(&page, &[&steps[..], &["Token issued", "First call with the token"]].concat());
    }
}

async fn a_foreign_redirect_uri_breaks_at_the_request(app: TestApp) {
    let (ann, client) = (app.signed_in().await, app.client().await);
    app.clock.advance(1);
    ann.get(&foreign(&client)).await;
    let page = story_of(&app, &ann, "authorization.requested", "refused").await;
    assert!(page.contains("It broke at the request of the app."), "{page}");
    assert!(page.contains("Compare it with the redirect URIs of the client."), "{page}");
    assert_in_order(&page, &["App registered itself", "Request for access refused"]);
}

async fn a_no_is_no_fault(app: TestApp) {
    let client = app.client().await;
    let (ann, consent) = asked(&app, &client).await;
    ann.send(&consent.set("decision", "deny")).await;
    let page = story_of(&app, &ann, "consent.decided", "refused").await;
    assert!(page.contains("The person said no.") && page.contains("Nothing is wrong."), "{page}");
    assert_in_order(&page, &["App registered itself", "led to the login", "Signed in", "Access denied"]);
}

async fn a_wrong_verifier_breaks_at_the_token(app: TestApp) {
    let client = app.client().await;
    let (ann, consent) = asked(&app, &client).await;
    let code = code_of(&app, &ann, consent).await;
    let mut wrong = client.redemption(&code);
    wrong.iter_mut().find(|(n, _)| *n == "code_verifier").unwrap().1 = "w".repeat(43);
    assert_eq!(client.refused(&wrong).await, "invalid_grant");
    let page = story_of(&app, &ann, "token.issued", "refused").await;
    assert!(page.contains("It broke at the token. The app could not prove"), "{page}");
    assert_in_order(
        &page,
        &["led to the login", "Signed in", "Access allowed", "Token refused pkce_mismatch"],
    );
}

async fn an_expired_code_breaks_at_the_token(app: TestApp) {
    let client = app.client().await;
    let (ann, consent) = asked(&app, &client).await;
    let code = code_of(&app, &ann, consent).await;
    app.advance(61).await;
    assert_eq!(client.refused(&client.redemption(&code)).await, "invalid_grant");
    let page = story_of(&app, &ann, "token.issued", "refused").await;
    assert!(page.contains("came for its token too late"), "{page}");
    assert_in_order(&page, &["led to consent", "Access allowed", "Token refused expired_code"]);
}

async fn a_replayed_refresh_token_is_told_with_its_whole_history(app: TestApp) {
    let client = app.client().await;
    let (ann, consent) = asked(&app, &client).await;
    let code = code_of(&app, &ann, consent).await;
    let first = client.tokens(&client.redemption(&code)).await;
    app.advance(100).await;
    let second = client.tokens(&client.refreshing(&first.refresh)).await;
    app.advance(100).await;
    client.tokens(&client.refreshing(&second.refresh)).await;
    app.advance(100).await;
    assert_eq!(client.refused(&client.refreshing(&first.refresh)).await, "invalid_grant");
    let page = story_of(&app, &ann, "grant.revoked", "ok").await;
    assert!(page.contains("It broke at the token. A refresh token was used twice"), "{page}");
    assert_in_order(
        &page,
        &["Signed in", "Access allowed", "Token issued", "Token renewed", "Token renewed"],
    );
    assert_in_order(&page, &["Token renewed", "replayed_refresh_token"]);
}

/// What a stream of events sends, up to a mark.
struct Live(futures::stream::BoxStream<'static, reqwest::Result<actix_web::web::Bytes>>, String);

impl Live {
    async fn open(ann: &Browser) -> Self {
        let response = ann.get("/admin/audit/events").await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let mut live = Self(response.bytes_stream().boxed(), String::new());
        live.until("retry:", 2).await;
        // The first look finds what was there before.
        tokio::time::sleep(Duration::from_millis(300)).await;
        live
    }

    async fn until(&mut self, mark: &str, seconds: u64) -> Duration {
        let begun = Instant::now();
        let reading = async {
            while !self.1.contains(mark) {
                let chunk =
                    self.0.next().await.unwrap_or_else(|| panic!("it ended before {mark}: {}", self.1));
                self.1 += &String::from_utf8_lossy(&chunk.unwrap());
            }
        };
        tokio::time::timeout(Duration::from_secs(seconds), reading)
            .await
            .unwrap_or_else(|_| panic!("no {mark}"));
        begun.elapsed()
    }
}

async fn new_events_reach_whoever_watches_from_every_process(app: TestApp) {
    let ann = app.signed_in().await;
    app.core.oauth.audit.flush().await;
    let mut live = Live::open(&ann).await;
    let id = app.core.oauth.audit.record(Entry::ok(Event::KeyRotated).detail("here")).await;
    let took = live.until(&id, 3).await;
    assert!(took < Duration::from_millis(1500), "{took:?}");
    live.until("Signing key rotated", 1).await;
    let replica = app.replica().await;
    let id = replica
        .core
        .oauth
        .audit
        .record(Entry::refused(Event::ClientRegistered, "bad_metadata").client("<b>\u{202E}".to_owned()))
        .await;
    let took = live.until(&id, 3).await;
    assert!(took < Duration::from_millis(1500), "{took:?}");
    live.until("bad_metadata", 1).await;
    assert!(!live.1.contains('\u{202E}'), "{}", live.1);
    assert_eq!(live.1.matches(&format!("id: {id}")).count(), 1);
}

async fn whoever_comes_back_misses_nothing(app: TestApp) {
    let ann = app.signed_in().await;
    let id = app.core.oauth.audit.record(Entry::ok(Event::KeyRotated)).await;
    app.core.oauth.audit.flush().await;
    let response = ann.get(&format!("/admin/audit/events?after={id}")).await;
    let mut live = Live(response.bytes_stream().boxed(), String::new());
    live.until(&id, 2).await;
}

async fn a_stream_ends_with_the_session(app: TestApp) {
    let ann = app.signed_in().await;
    let mut live = Live::open(&ann).await;
    let form = Form::of(&ann.page("/account").await, "/logout");
    ann.send(&form).await;
    let ended = async { while live.0.next().await.is_some_and(|chunk| chunk.is_ok()) {} };
    tokio::time::timeout(Duration::from_secs(10), ended).await.expect("it goes on without a session");
}

async fn a_stream_ends_with_the_right_to_watch(app: TestApp) {
    let ann = app.signed_in().await;
    let accounts = &app.core.accounts;
    app.another_admin("bob@example.com").await;
    let mut live = Live::open(&ann).await;
    assert!(accounts.store.set_admin(app.user.id.clone(), false, app.clock.now()).await.unwrap());
    let ended = async { while live.0.next().await.is_some_and(|chunk| chunk.is_ok()) {} };
    tokio::time::timeout(Duration::from_secs(10), ended).await.expect("it goes on without the right to it");
    assert_eq!(ann.get("/admin/audit/events").await.status(), 403);
}

async fn so_many_streams_and_no_more(app: TestApp) {
    let ann = app.signed_in().await;
    let mut open = Vec::new();
    for _ in 0..5 {
        open.push(Live::open(&ann).await);
    }
    let full = ann.get("/admin/audit/events").await;
    assert_eq!(full.status(), 429);
    assert!(full.headers().contains_key("retry-after"));
    assert_eq!(ann.page("/admin/audit/live").await.matches("data-audit-stream").count(), 1);
    drop(open);
    let begun = Instant::now();
    while ann.get("/admin/audit/events").await.status() != 200 {
        assert!(begun.elapsed() < Duration::from_secs(20), "closed streams keep their places");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

async fn an_export_holds_every_event_that_fits_once(app: TestApp) {
    let rows = furnish(&app, 2500).await;
    let ann = app.signed_in().await;
    let page = ann.page("/admin/audit?client=cli_1&until=2027-01-15T07:59").await;
    let form = Form::of(&page, "/admin/audit/export");
    let mut expected: Vec<_> =
        rows.iter().filter(|e| e.client_id.as_deref() == Some("cli_1")).map(|e| e.id.clone()).collect();
    expected.reverse();
    assert!(expected.len() > 1000);

    let response = ann.send(&form.clone().set("format", "jsonl")).await;
    assert_eq!(response.status(), 200);
    assert!(response.headers()["content-disposition"].to_str().unwrap().contains("gatepost-audit.jsonl"));
    let text = response.text().await.unwrap();
    let read = |line: &str| {
        serde_json::from_str::<serde_json::Value>(line).unwrap()["id"].as_str().unwrap().to_owned()
    };
    assert_eq!(text.lines().map(read).collect::<Vec<_>>(), expected);

    let csv = ann.send(&form.set("format", "csv")).await.text().await.unwrap();
    let ids: Vec<_> = csv.lines().skip(1).map(|line| line.split('"').nth(1).unwrap().to_owned()).collect();
    assert_eq!(ids, expected);
    let noted = app.core.oauth.store.list_events("", 10_000).await.unwrap();
    let noted: Vec<_> = noted.iter().filter(|e| e.kind == "audit.exported").collect();
    assert_eq!(noted.len(), 2);
    assert_eq!(noted[0].actor_id.as_deref(), Some(app.user.id.as_str()));
    let mut details: Vec<_> = noted.iter().filter_map(|e| e.detail.as_deref()).collect();
    details.sort_unstable();
    assert_eq!(details, ["csv", "jsonl"].map(|f| format!("{f}: until=2027-01-15T07:59 client=cli_1")));
    let bad = ann.send(&Form::of(&page, "/admin/audit/export").set("from", "never")).await;
    assert_eq!(bad.status(), 422);
}

async fn an_export_ends_with_the_right_to_it(app: TestApp) {
    let rows = furnish(&app, 2500).await;
    let (admin, filters) = (app.core.admin(), Filters { client: "cli_1".to_owned(), ..Filters::default() });
    let accounts = &app.core.accounts;
    let bob = app.another_admin("bob@example.com").await;
    app.signed_in().await;
    let session = session::list(accounts, &app.user.id).await.unwrap().remove(0);
    let new = NewToken {
        id: make::fresh_id(&admin),
        name: "Nightly".to_owned(),
        scopes: vec!["audit:read".to_owned()],
        days: 1,
    };
    let of = |id: &str| Actor { id: id.to_owned(), ..Actor::default() };
    let token = make::make(&admin, &of(&bob.id), &bob.id, &new).await.unwrap();
    let ann = Actor { session_id: Some(session.id.clone()), ..of(&app.user.id) };
    let bob = Actor { token_id: Some(token.id.clone()), ..of(&bob.id) };
    let expected = rows.iter().filter(|e| e.client_id.as_deref() == Some("cli_1")).count();
    for who in [&ann, &bob] {
        let first = export::begin(&admin, who, &filters, Format::JsonLines).await.unwrap();
        let next = first.next.unwrap();
        let group = export::more(&admin, who, &filters, &next).await.unwrap();
        assert_eq!(first.rows.len() + group.rows.len(), expected);
        if who.session_id.is_some() {
            accounts.store.end_session(session.id.clone(), app.clock.now()).await.unwrap();
        } else {
            accounts.store.set_admin(who.id.clone(), false, app.clock.now()).await.unwrap();
        }
        let refused = export::more(&admin, who, &filters, &next).await.unwrap_err();
        assert!(matches!(refused, Failure::Refused { code: "right_lost", .. }), "{refused}");
    }
    assert_eq!(
        app.audit_reasons("audit.exported").await.iter().filter(|reason| *reason == "right_lost").count(),
        2
    );
}

async fn hostile_texts_stay_text_everywhere(app: TestApp) {
    let ann = app.signed_in().await;
    let hostile = "=cmd|' /C calc'!A0\"><script>alert(1)</script>\u{202E}{{ 7 * 7 }}";
    let event = Entry::refused(Event::TokenIssued, "expired_code")
        .client(hostile.to_owned())
        .reference("hostile001".to_owned())
        .detail(hostile.repeat(100));
    let id = app.core.oauth.audit.record(event).await;
    app.core.oauth.audit.flush().await;
    for url in ["/admin/audit".to_owned(), "/admin/audit/live".into(), format!("/admin/audit/{id}")] {
        let page = ann.page(&url).await;
        assert!(page.contains("calc"), "{url}");
        assert!(!page.contains("<script>alert") && !page.contains('\u{202E}'), "{url}: {page}");
    }
    let query = serde_urlencoded::to_string([("client", hostile)]).unwrap();
    assert_eq!(listed(&ann.page(&format!("/admin/audit?{query}")).await), [id]);
    let form = Form::of(&ann.page("/admin/audit").await, "/admin/audit/export").set("format", "csv");
    let csv = ann.send(&form).await.text().await.unwrap();
    assert!(csv.contains("\"'=cmd|' /C calc'!A0\"\"><script>"), "{csv}");
}

on_both! {
    filters_find_what_fits_alone_and_in_pairs,
    times_bound_the_search,
    what_cannot_be_understood_is_said,
    a_search_says_how_far_back_it_went_and_goes_on,
    an_event_is_found_by_its_id_and_by_the_reference_a_person_saw,
    a_good_flow_is_told_from_registration_to_the_first_call,
    a_foreign_redirect_uri_breaks_at_the_request,
    a_no_is_no_fault,
    a_wrong_verifier_breaks_at_the_token,
    an_expired_code_breaks_at_the_token,
    a_replayed_refresh_token_is_told_with_its_whole_history,
    new_events_reach_whoever_watches_from_every_process,
    whoever_comes_back_misses_nothing,
    a_stream_ends_with_the_session,
    a_stream_ends_with_the_right_to_watch,
    so_many_streams_and_no_more,
    an_export_holds_every_event_that_fits_once,
    an_export_ends_with_the_right_to_it,
    hostile_texts_stay_text_everywhere,
}
