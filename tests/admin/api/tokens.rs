//! Tokens: made and revoked on pages, by the command line's rules, and what becomes of them.

use gatepost::admin::Actor;
use gatepost::admin::api_tokens::{self, State};

use super::{Program, problem};
use crate::support::{Browser, Form, TestApp, location, text_of};
use crate::{on_both, on_each};

async fn new_form(ann: &Browser) -> Form {
    let page = ann.page("/admin/api/tokens/new").await;
    Form::of(&page, "/admin/api/tokens/new").set("name", "Nightly").set("scopes[]", "keys:read")
}

/// The token on a page that shows one.
fn shown(page: &str) -> String {
    let (_, rest) = page.split_once("id=\"api-token\">").unwrap_or_else(|| panic!("no token in {page}"));
    rest.split('<').next().unwrap().to_owned()
}

async fn a_token_is_shown_once_and_works(app: TestApp) {
    let ann = app.signed_in().await;
    assert!(text_of(&ann.page("/admin/api/tokens").await).contains("No token yet"));
    let form = new_form(&ann).await;
    let page = ann.send(&form).await.text().await.unwrap();
    let token = shown(&page);
    assert!(token.starts_with("apt_"), "{token}");
    let program = Program { app: &app, id: token[..30].to_owned(), token: token.clone() };
    let answer = program.read("/token").await;
    assert_eq!((&answer["name"], &answer["scopes"][0]), (&"Nightly".into(), &"keys:read".into()));
    assert_eq!(answer["owner_email"], "ann@example.com");
    program.read("/keys").await;

    let list = ann.page("/admin/api/tokens").await;
    assert!(!list.contains(&token) && text_of(&list).contains("Nightly"));
    let rows = app.db_rows().await;
    assert!(!rows.contains(&token[31..]), "the secret is not stored");
    assert_eq!(app.audit_reasons("api_token.created").await, ["ok"]);
}

async fn a_form_sent_twice_makes_one(app: TestApp) {
    let ann = app.signed_in().await;
    let form = new_form(&ann).await;
    shown(&ann.send(&form).await.text().await.unwrap());
    let second = ann.send(&form).await;
    assert_eq!(second.status(), 409);
    assert!(text_of(&second.text().await.unwrap()).contains("This form was sent before"));
    assert_eq!(api_tokens::list(&app.core.admin(), None).await.unwrap().rows.len(), 1);

    let (one, other) = (new_form(&ann).await, new_form(&ann).await);
    let (first, again) = tokio::join!(ann.send(&one), ann.send(&one));
    let mut statuses = [first.status().as_u16(), again.status().as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    assert_eq!(ann.send(&other).await.status(), 200);
}

async fn what_cannot_be_taken_is_said_and_kept(app: TestApp) {
    let ann = app.signed_in().await;
    let page = ann.page("/admin/api/tokens/new").await;
    let form = Form::of(&page, "/admin/api/tokens/new").set("name", "");
    let response = ann.send(&form).await;
    assert_eq!(response.status(), 422);
    let text = text_of(&response.text().await.unwrap());
    assert!(text.contains("Say in 1 to 100 characters") && text.contains("Choose at least one"), "{text}");
    for (field, value) in
        [("days", "0"), ("days", "400"), ("days", ""), ("scopes[]", "root"), ("id", "apt_1")]
    {
        let response = ann.send(&new_form(&ann).await.set(field, value)).await;
        assert_eq!(response.status(), 422, "{field} {value}");
    }
    // A form that lay about for two days: its id is too old.
    let form = new_form(&ann).await;
    app.advance(2 * 86_400).await;
    ann.sign_in_again().await;
    assert_eq!(ann.send(&form.set("csrf", new_form(&ann).await.get("csrf"))).await.status(), 422);
    assert!(api_tokens::list(&app.core.admin(), None).await.unwrap().rows.is_empty());
}

async fn a_token_is_revoked_with_a_confirmation(app: TestApp) {
    let (ann, program) = (app.signed_in().await, Program::mighty(&app).await);
    program.read("/keys").await;
    let path = format!("/admin/api/tokens/{}/revoke", program.id);
    let page = ann.page(&path).await;
    assert!(text_of(&page).contains("refused from the next request on"));
    let done = ann.send(&Form::of(&page, &path)).await;
    assert_eq!(location(&done), "/admin/api/tokens?done=api-token-revoked");
    assert_eq!(problem(program.get("/keys").await, 401).await, "bad_token");
    assert!(text_of(&ann.page("/admin/api/tokens").await).contains("revoked"));
    assert_eq!(app.audit_reasons("api_token.revoked").await, ["ok"]);
    assert_eq!(ann.get("/admin/api/tokens/apt_none/revoke").await.status(), 404);
}

async fn a_revocation_reaches_every_process(app: TestApp) {
    let replica = app.replica().await;
    let program = Program::mighty(&app).await;
    let there = Program { app: &replica, id: program.id.clone(), token: program.token.clone() };
    let at = replica.address;
    let asked = || async {
        let url = format!("http://{at}{}/keys", super::PREFIX);
        replica.http().get(url).bearer_auth(&there.token).send().await.unwrap().status()
    };
    assert_eq!(asked().await, 200);
    let core = &replica.core;
    let watching = gatepost::jobs::watch(core.oauth.clone(), core.trust.clone(), core.api_tokens.clone());
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    assert_eq!(asked().await, 200);
    api_tokens::revoke(&app.core.admin(), &Actor::command_line(), &program.id).await.unwrap();
    let begun = std::time::Instant::now();
    while asked().await == 200 {
        assert!(begun.elapsed() < std::time::Duration::from_secs(1), "the other process still believes it");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    watching.abort();
}

async fn the_last_use_is_noted_once_a_minute(app: TestApp) {
    let program = Program::mighty(&app).await;
    let used = || async { api_tokens::find(&app.core.admin(), &program.id).await.unwrap().last_used_at };
    // It is written beside the request.
    let becomes = |at: Option<i64>| async move {
        for _ in 0..200 {
            if used().await == at {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("the last use is {:?} and not {at:?}", used().await);
    };
    becomes(None).await;
    program.read("/token").await;
    let first = Some(app.clock.now());
    becomes(first).await;
    app.advance(30).await;
    program.read("/token").await;
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    becomes(first).await;
    app.advance(31).await;
    program.read("/token").await;
    becomes(Some(app.clock.now())).await;
}

async fn what_a_token_does_names_it_and_its_owner(app: TestApp) {
    let program = Program::mighty(&app).await;
    let body = serde_json::json!({ "alg": "ES256", "now": true });
    assert_eq!(program.post("/keys/rotate", &body).await.status(), 200);
    app.core.oauth.audit.flush().await;
    let events = app.core.oauth.store.list_events("", 1000).await.unwrap();
    let event = events.iter().find(|e| e.kind == "key.rotated").unwrap();
    assert_eq!(event.actor_id.as_deref(), Some(app.user.id.as_str()));
    assert_eq!(event.token_id.as_deref(), Some(program.id.as_str()));
}

async fn tokens_are_removed_when_they_have_ended_for_long(app: TestApp) {
    let program = Program::of(&app, &app.user.id, &["keys:read"], 1).await;
    let retention = gatepost::jobs::Retention { unused_clients: 1 << 40, audit_events: 1 << 40 };
    let there = || async { api_tokens::find(&app.core.admin(), &program.id).await };
    app.advance(2 * 86_400).await;
    gatepost::jobs::reap_once(&app.core.accounts, retention, app.clock.now()).await.unwrap();
    assert_eq!(State::of(&there().await.unwrap(), app.clock.now()), State::Expired);
    app.advance(31 * 86_400).await;
    gatepost::jobs::reap_once(&app.core.accounts, retention, app.clock.now()).await.unwrap();
    assert!(there().await.is_err());
}

async fn the_reference_shows_every_operation(app: TestApp) {
    let ann = app.signed_in().await;
    let page = ann.page("/admin/api").await;
    for route in gatepost::web::API_ROUTES {
        assert!(page.contains(&format!("<code class=\"path\">{}</code>", route.path)), "{route:?}");
    }
    assert!(page.contains("id=\"changed\""));
    let document = app.http().get(app.at("/admin/api/v1/openapi.json")).send().await.unwrap();
    let document = super::good(document, 200).await;
    assert_eq!(document["openapi"], "3.1.0");
}

on_both! {
    a_token_is_shown_once_and_works,
    a_form_sent_twice_makes_one,
    what_cannot_be_taken_is_said_and_kept,
    a_token_is_revoked_with_a_confirmation,
    a_revocation_reaches_every_process,
    the_last_use_is_noted_once_a_minute,
    what_a_token_does_names_it_and_its_owner,
    tokens_are_removed_when_they_have_ended_for_long,
    the_reference_shows_every_operation,
}

mod few_attempts {
    use super::*;
    use crate::support::Database;

    async fn guessing_tokens_is_slowed_down(database: Database) {
        let settings = [("GATEPOST_LIMITS__LOGIN_PER_MINUTE_PER_ADDRESS", "5")];
        let app = TestApp::start_with(database, &settings).await;
        let program = Program::mighty(&app).await;
        program.read("/token").await;
        let mut guess = Program { app: &app, id: String::new(), token: format!("{}x", program.token) };
        for _ in 0..5 {
            assert_eq!(guess.get("/token").await.status(), 401);
        }
        let slowed = guess.get("/token").await;
        assert!(slowed.headers()["retry-after"].to_str().unwrap().parse::<u64>().unwrap() > 0);
        assert_eq!(problem(slowed, 429).await, "too_many");
        guess.token = "nonsense".to_owned();
        assert_eq!(guess.get("/token").await.status(), 429);
        program.read("/token").await;
    }

    on_each! { guessing_tokens_is_slowed_down }
}
