//! Clients by document in the store: written with their grant, held, released, accepted, removed.

use gatepost::store::clients::{ClientKind, ClientRow};
use gatepost::store::managed_clients::{ClientState, Show};

use super::rows::{NOW, client, code, furnished, grant, scopes};
use crate::on_each;
use crate::support::Database;

const ID: &str = "https://app.example/client.json";

fn described(mark: &str) -> ClientRow {
    ClientRow {
        id: ID.to_owned(),
        kind: ClientKind::Cimd,
        redirect_uris: vec!["https://back.example/cb".to_owned()],
        allowed_scopes: None,
        access_token_seconds: None,
        document_mark: Some(mark.to_owned()),
        ..client(1)
    }
}

async fn a_row_comes_with_its_grant_and_keeps_what_was_relied_on(database: Database) {
    let store = furnished(&database).await;
    let given = gatepost::store::grants::GrantRow { client_id: ID.to_owned(), ..grant(1) };
    assert!(store.find_document_state(ID).await.unwrap().is_none());
    let added = store
        .add_grant_by_document(described("a"), "con_1".into(), scopes("search:read"), given, code(1))
        .await;
    assert!(added.unwrap());
    assert_eq!(store.document_mark_of_grant("grt_1").await.unwrap().as_deref(), Some("a"));
    assert_eq!(store.document_mark_of_grant("grt_9").await.unwrap(), None);
    assert_eq!(store.find_client(ID).await.unwrap().unwrap(), described("a"));
    // A new name is taken; another mark is not, nor what comes with it.
    store.keep_document_client(ClientRow { name: "New".into(), ..described("a") }).await.unwrap();
    store.keep_document_client(ClientRow { name: "Evil".into(), ..described("b") }).await.unwrap();
    let row = store.find_client(ID).await.unwrap().unwrap();
    assert_eq!((row.name.as_str(), row.document_mark.as_deref()), ("New", Some("a")));
    // Found by its name, where it sends people, and the host of its id.
    for term in ["new", "back.example", "app.example"] {
        let range = gatepost::types::terms::prefix(term).unwrap();
        let found = store.search_clients((&range.0, &range.1), (&range.0, ""), 5).await.unwrap();
        assert_eq!(found.len(), 1, "{term}");
    }
    // An id of another kind is nobody's to take.
    let stolen = ClientRow { id: "cli_1".into(), name: "Evil".into(), ..described("a") };
    store.keep_document_client(stolen).await.unwrap();
    assert_eq!(store.find_client("cli_1").await.unwrap().unwrap(), client(1));
}

async fn a_hold_is_put_once_and_ends_for_its_own_reasons(database: Database) {
    let store = furnished(&database).await;
    store.keep_document_client(described("a")).await.unwrap();
    let hold = |mark: &str, at| store.hold_client(ID.to_owned(), mark.to_owned(), at);
    let version = || async { store.find_managed_client(ID).await.unwrap().unwrap().version };
    assert!(!hold("a", NOW).await.unwrap(), "it is as people relied on it");
    assert!(hold("b", NOW).await.unwrap());
    assert!(!hold("b", NOW + 1).await.unwrap());
    assert!(hold("c", NOW + 2).await.unwrap());
    let state = store.find_document_state(ID).await.unwrap().unwrap();
    assert_eq!((state.held_at, state.held_mark.as_deref()), (Some(NOW), Some("c")));
    assert_eq!(store.count_held_clients().await.unwrap(), 1);
    let waiting = Show { kind: None, state: Some(ClientState::Held) };
    assert_eq!(store.managed_clients(waiting, "z", 5).await.unwrap().len(), 1);
    let none = Show { kind: Some(ClientKind::Static), ..waiting };
    assert!(store.managed_clients(none, "z", 5).await.unwrap().is_empty());
    // Its row says what people relied on, whatever is asked meanwhile.
    store.keep_document_client(ClientRow { name: "New".into(), ..described("a") }).await.unwrap();
    assert_eq!(store.find_client(ID).await.unwrap().unwrap().name, client(1).name);

    assert!(!store.release_client(ID.to_owned(), "b".to_owned()).await.unwrap());
    assert!(store.release_client(ID.to_owned(), "a".to_owned()).await.unwrap());
    assert!(!store.release_client(ID.to_owned(), "a".to_owned()).await.unwrap());

    assert!(hold("b", NOW + 3).await.unwrap());
    let seen = version().await;
    assert!(!store.accept_document(described("c"), seen, NOW + 4).await.unwrap(), "it is held for another");
    assert!(!store.accept_document(described("b"), seen - 1, NOW + 4).await.unwrap(), "it has changed since");
    assert!(store.accept_document(described("b"), seen, NOW + 4).await.unwrap());
    let state = store.find_document_state(ID).await.unwrap().unwrap();
    assert_eq!((state.mark.as_str(), state.held_at, state.held_mark), ("b", None, None));
    assert_eq!(state.accepted_at, Some(NOW + 4));
    assert!(!store.accept_document(described("b"), version().await, NOW + 5).await.unwrap());
    assert_eq!(store.count_held_clients().await.unwrap(), 0);
}

async fn only_what_nobody_needs_is_removed(database: Database) {
    let store = furnished(&database).await;
    let named = |name: &str| ClientRow { id: format!("https://{name}.example/x"), ..described("a") };
    for name in ["unused", "used", "granted", "limited", "disabled", "deleted"] {
        store.keep_document_client(named(name)).await.unwrap();
    }
    let id = |name: &str| named(name).id;
    store.touch_client(id("used"), NOW + 10, 0).await.unwrap();
    let given = gatepost::store::grants::GrantRow { client_id: id("granted"), ..grant(1) };
    let added =
        store.add_grant_by_document(named("granted"), "con_1".into(), scopes("x"), given, code(1)).await;
    assert!(added.unwrap());
    let limited = ClientRow { access_token_seconds: Some(60), ..named("limited") };
    assert!(store.change_client(limited, 1).await.unwrap());
    assert!(store.disable_client(id("disabled"), NOW).await.unwrap());
    assert!(store.remove_client(id("deleted"), NOW).await.unwrap());

    assert_eq!(store.reap_document_clients(NOW, 10).await.unwrap(), 0, "they are new");
    assert_eq!(store.reap_document_clients(NOW + 5, 10).await.unwrap(), 1);
    assert!(store.find_client(&id("unused")).await.unwrap().is_none());
    assert_eq!(store.reap_document_clients(NOW + 11, 10).await.unwrap(), 1);
    for name in ["granted", "limited", "disabled", "deleted"] {
        assert!(store.find_client(&id(name)).await.unwrap().is_some(), "{name}");
    }
    assert!(store.find_client("cli_1").await.unwrap().is_some());
    // One that is deleted stays out.
    store.keep_document_client(named("deleted")).await.unwrap();
    assert!(store.find_client(&id("deleted")).await.unwrap().unwrap().disabled_at.is_some());
}

on_each!(
    a_row_comes_with_its_grant_and_keeps_what_was_relied_on,
    a_hold_is_put_once_and_ends_for_its_own_reasons,
    only_what_nobody_needs_is_removed,
);
