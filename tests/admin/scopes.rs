//! `/admin/resources/{id}/scopes`: scopes that are added, edited, renamed and deleted, and what follows elsewhere.

use gatepost::store::resources::ScopeRow;
use gatepost::store::scopes::{Book, Change};

use crate::support::TestApp;

/// The scopes of the built-in resource.
pub async fn book(app: &TestApp) -> Book {
    let store = &app.core.oauth.store;
    let resources = store.list_resources().await.unwrap().0;
    store.scope_book(&resources[0].id).await.unwrap().unwrap()
}

/// Adds a scope that opens these tools, past the pages.
pub async fn add(app: &TestApp, name: &str, tools: &[&str]) {
    let book = book(app).await;
    let scope = ScopeRow {
        resource_id: book.resource_id.clone(),
        name: name.to_owned(),
        description: format!("May {name}"),
        tools: tools.iter().map(|t| (*t).to_owned()).collect(),
        ..ScopeRow::default()
    };
    let store = &app.core.oauth.store;
    assert!(store.change_scopes(&book, Change::Add(scope), app.clock.now()).await.unwrap());
    app.sync().await;
}
