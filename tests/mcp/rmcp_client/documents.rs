//! Clients that publish a document of themselves.
//!
//! The SDK takes only https for `with_client_metadata_url`, and this server, in development, only http on this computer
//! (no other place is one that a test may use). So the way is driven in two parts: what the SDK chooses where the
//! server says that it takes such clients; and the whole login, with the URL given as the client's id.

use serde_json::json;

use super::{REDIRECT_URI, app_with, authorize, connect, request, search, tavily, unauthorized, who};
use crate::oauth::cimd;
use crate::on_each;
use crate::support::{Database, Documents, query_of, text_of};

async fn the_sdk_logs_in_by_its_document(database: Database) {
    let tavily = tavily().await;
    let app = app_with(database, &tavily).await;
    let documents = Documents::start();
    // The port is free.
    let id = documents.put("/rmcp/client.json", cimd::plain(&["http://127.0.0.1/callback"]));
    let request = request().with_preregistered_client(&id);
    let state = authorize(&app, &app.signed_in().await, request).await;
    state.refresh_token().await.unwrap();
    let service = connect(&app, state).await;
    let me = who(&service).await;
    assert_eq!((&me["client"]["id"], &me["email"]), (&json!(id), &json!("ann@example.com")), "{me}");
    search(&service).await;
    assert_eq!(app.audit_reasons("token.refreshed").await, ["ok"]);
    assert_eq!(app.audit_reasons("client.registered").await.len(), 0);
    service.cancel().await.unwrap();
}

async fn the_sdk_prefers_its_document_where_one_is_taken(database: Database) {
    const ID: &str = "https://client.invalid/rmcp.json";
    let tavily = tavily().await;
    let app = app_with(database, &tavily).await;
    let mut state = unauthorized(&app).await;
    state.start_authorization(request().with_client_metadata_url(ID)).await.unwrap();
    let url = state.get_authorization_url().await.unwrap();
    let query = query_of(&url);
    assert_eq!((query["client_id"].as_str(), query["redirect_uri"].as_str()), (ID, REDIRECT_URI));
    assert_eq!(app.audit_reasons("client.registered").await.len(), 0);
    // Nobody is sent to a client whose document cannot be had.
    let page = app.signed_in().await.get(&url).await;
    assert_eq!(page.status(), 400);
    assert!(!page.headers().contains_key("location"));
    let text = text_of(&page.text().await.unwrap());
    assert!(text.contains("has a host that cannot be found on the public internet"), "{text}");
    // No resource takes such clients: the SDK registers.
    let pool = app.core.oauth.store.pool();
    sqlx::query("UPDATE resources SET cimd_policy = 'off'").execute(pool).await.unwrap();
    app.core.oauth.store.bump_version(gatepost::store::changes::Topic::Resources).await.unwrap();
    app.sync().await;
    let request = request().with_client_metadata_url(ID);
    let service = connect(&app, authorize(&app, &app.signed_in().await, request).await).await;
    let me = who(&service).await;
    assert!(me["client"]["id"].as_str().unwrap().starts_with("cli_"), "{me}");
    assert_eq!(app.audit_reasons("client.registered").await.len(), 1);
    service.cancel().await.unwrap();
}

on_each! {
    the_sdk_logs_in_by_its_document,
    the_sdk_prefers_its_document_where_one_is_taken,
}
