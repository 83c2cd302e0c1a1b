//! Deleting a resource: everything that was given for it ends at once, everywhere.

use gatepost::admin::resources::delete::delete;
use gatepost::admin::{Actor, Failure};
use gatepost::oauth::client::AuthMethod;
use serde_json::{Value, json};

use super::resources::{NOTES, add, asking, form, tokens_for};
use crate::on_both;
use crate::support::{Form, REDIRECT_URI, TestApp, json_of, location, query_of, text_of};

/// An administrator's client, and what introspection tells it of a token on this very process.
struct Inspector {
    id: String,
    secret: String,
}

impl Inspector {
    async fn new(app: &TestApp) -> Self {
        let made = app.made_client(AuthMethod::Post, REDIRECT_URI).await;
        Self { id: made.id, secret: made.secret }
    }

    async fn ask(&self, app: &TestApp, token: &str) -> Value {
        let form = [("client_id", self.id.as_str()), ("client_secret", &self.secret), ("token", token)];
        json_of(app.http().post(app.direct("/oauth/introspect")).form(&form).send().await.unwrap()).await
    }
}

async fn deleting_ends_tokens_at_once_and_everywhere(app: TestApp) {
    let (ann, replica) = (app.signed_in().await, app.replica().await);
    let notes = add(&app, "Notes", NOTES).await;
    let (client, inspector) = (app.client().await, Inspector::new(&app).await);
    let tokens = tokens_for(&ann, &client, Some(NOTES)).await;
    let (_, _, caller) = crate::mcp::caller::log_in(&app, "search:read").await;
    replica.sync().await;
    for process in [&app, &replica] {
        assert_eq!(inspector.ask(process, &tokens.access).await["active"], true);
    }
    let pending = ann.consent_form(&asking(&client, Some(NOTES), "openid")).await;

    let page = format!("/admin/resources/{}/delete", notes.id);
    let html = ann.page(&page).await;
    let text = text_of(&html);
    assert!(text.contains("Test app") && text.contains("ann@example.com"), "{text}");
    let wrong = ann.send(&Form::of(&html, &page).set("confirm", "notes")).await;
    assert_eq!(wrong.status(), 422);
    assert_eq!(inspector.ask(&app, &tokens.access).await["active"], true);
    let done = ann.send(&Form::of(&html, &page).set("confirm", "Notes")).await;
    assert_eq!(location(&done), "/admin/resources?done=resource-deleted");

    for token in [&tokens.access, &tokens.refresh] {
        assert_eq!(inspector.ask(&app, token).await, json!({ "active": false }));
    }
    replica.sync().await;
    assert_eq!(inspector.ask(&replica, &tokens.access).await, json!({ "active": false }));
    assert_eq!(client.refused(&client.refreshing(&tokens.refresh)).await, "invalid_grant");
    let refused = query_of(&location(&ann.get(&asking(&client, Some(NOTES), "openid")).await));
    assert_eq!(refused["error"], "invalid_target");
    let late = ann.send(&pending.set("decision", "allow")).await;
    assert!(!late.headers().get("location").is_some_and(|l| l.to_str().unwrap().contains("code=")));
    for part in ["", "/settings", "/metadata", "/clients", "/people", "/test", "/default", "/delete"] {
        assert_eq!(ann.get(&format!("/admin/resources/{}{part}", notes.id)).await.status(), 404, "{part}");
    }
    assert_eq!(caller.status().await, 200, "the built-in one is as before");
    assert_eq!(app.audit_reasons("resource.deleted").await, ["ok"]);
    assert!(!text_of(&ann.page("/account/apps").await).contains("A server that is gone"));
    assert_ne!(add(&app, "Notes", NOTES).await.id, notes.id, "its URL is free again");
}

async fn the_built_in_resource_stays(app: TestApp) {
    let ann = app.signed_in().await;
    let notes = add(&app, "Notes", NOTES).await;
    let id = app.core.oauth.resources.current().here().unwrap().id.clone();
    ann.send(&form(&ann, &format!("/admin/resources/{}/default", notes.id)).await).await;
    let page = format!("/admin/resources/{id}/delete");
    assert_eq!(ann.get(&page).await.status(), 409);
    let forged = form(&ann, &format!("/admin/resources/{id}/settings")).await;
    let forged = Form { action: page, ..forged }.set("confirm", "Gatepost tools");
    assert_eq!(ann.send(&forged).await.status(), 409);
    let store = &app.core.oauth.store;
    assert!(!store.delete_resource(id, app.clock.now()).await.unwrap());
    assert!(!store.delete_resource(notes.id, app.clock.now()).await.unwrap(), "nor the default one");
    assert_eq!(store.list_resources().await.unwrap().0.len(), 2);
}

async fn a_consent_cannot_outrun_the_deletion(app: TestApp) {
    let ann = app.signed_in().await;
    let notes = add(&app, "Notes", NOTES).await;
    let client = app.client().await;
    let form = ann.consent_form(&asking(&client, Some(NOTES), "openid")).await.set("decision", "allow");
    let (admin, actor) = (app.core.admin(), Actor::command_line());
    let (answer, deleted) = futures::join!(ann.send(&form), delete(&admin, &actor, &notes.id));
    deleted.unwrap();
    let target = answer.headers().get("location").map(|l| l.to_str().unwrap().to_owned());
    // Where the consent was first, its code is worth nothing.
    if let Some(code) = target.and_then(|target| query_of(&target).remove("code")) {
        assert_eq!(client.refused(&client.redemption(&code)).await, "invalid_grant");
    }
    assert!(matches!(delete(&admin, &actor, &notes.id).await, Err(Failure::NotFound)));
    let left = app.core.oauth.store.list_resource_clients(&notes.id, "", 10).await.unwrap();
    assert_eq!(left, []);
}

on_both! {
    deleting_ends_tokens_at_once_and_everywhere,
    the_built_in_resource_stays,
    a_consent_cannot_outrun_the_deletion,
}
