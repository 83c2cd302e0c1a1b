//! Clients by document in the store: written with their grant, held, released, accepted, removed.

use gatepost::store::clients::{ClientKind, ClientRow};
use gatepost::store::device_codes::{Bounds, DeviceRow};
use gatepost::store::managed_clients::{ClientState, Show};
use gatepost::store::pushed_requests::{PushedBounds, PushedRow};

use super::rows::{NOW, client, code, device, furnished, grant, pushed, scopes};
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

async fn they_stand_among_the_others_by_when_they_came(database: Database) {
    let store = furnished(&database).await;
    for (n, made_at) in [(2, NOW + 10), (3, NOW + 30), (4, NOW + 30), (5, NOW + 50)] {
        store.add_client(ClientRow { created_at: made_at, ..client(n) }, None).await.unwrap();
    }
    for (n, made_at) in [(1, NOW + 20), (2, NOW + 40)] {
        let id = format!("https://app.example/{n}");
        store.keep_document_client(ClientRow { id, created_at: made_at, ..described("a") }).await.unwrap();
    }
    let expected =
        ["cli_5", "https://app.example/2", "cli_4", "cli_3", "https://app.example/1", "cli_2", "cli_1"];
    for size in [1, 2, 3, 7] {
        let (mut place, mut found) = ((i64::MAX, String::new()), Vec::new());
        loop {
            let page = store.managed_clients(Show::default(), (place.0, &place.1), size).await.unwrap();
            let Some(last) = page.last() else { break };
            place = (last.client.created_at, last.client.id.clone());
            found.extend(page.into_iter().map(|row| row.client.id));
        }
        assert_eq!(found, expected, "{size} a page");
    }
    let mut oldest: Vec<_> =
        store.list_clients((0, ""), 10).await.unwrap().into_iter().map(|row| row.id).collect();
    oldest.reverse();
    assert_eq!(oldest, expected);
    let show = Show { kind: Some(ClientKind::Cimd), state: Some(ClientState::Active) };
    let found = store.managed_clients(show, (NOW + 40, "https://app.example/2"), 5).await.unwrap();
    let found: Vec<_> = found.into_iter().map(|row| row.client.id).collect();
    assert_eq!(found, ["https://app.example/1"]);
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
    assert_eq!(store.managed_clients(waiting, (i64::MAX, ""), 5).await.unwrap().len(), 1);
    let none = Show { kind: Some(ClientKind::Static), ..waiting };
    assert!(store.managed_clients(none, (i64::MAX, ""), 5).await.unwrap().is_empty());
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

async fn newcomers_are_written_with_what_they_ask_for_and_go_soon(database: Database) {
    let store = furnished(&database).await;
    let named = |name: &str| ClientRow { id: format!("https://{name}.example/x"), ..described("a") };
    let pushes = |n, name: &str| PushedRow { client_id: named(name).id, ..pushed(n) };
    let asks = |n, name: &str| DeviceRow { client_id: named(name).id, ..device(n) };
    let bounds = PushedBounds { of_client: 1, in_all: 3 };
    let of_devices = Bounds { of_client: 1, in_all: 3 };
    for (n, name, added) in [(1, "a", true), (2, "a", false), (3, "b", true)] {
        let done = store.add_pushed_request_by_document(named(name), pushes(n, name), bounds).await;
        assert_eq!(done.unwrap(), added, "{n}");
    }
    let full = PushedBounds { in_all: 2, ..bounds };
    assert!(!store.add_pushed_request_by_document(named("c"), pushes(4, "c"), full).await.unwrap());
    assert!(store.find_client(&named("c").id).await.unwrap().is_none(), "nothing is written of it");
    assert!(store.add_device_code_by_document(named("d"), asks(1, "d"), of_devices).await.unwrap());
    let full = Bounds { in_all: 1, ..of_devices };
    assert!(!store.add_device_code_by_document(named("e"), asks(2, "e"), full).await.unwrap());
    assert!(store.find_client(&named("e").id).await.unwrap().is_none(), "nothing is written of it");
    let given = gatepost::store::grants::GrantRow { client_id: named("f").id, ..grant(1) };
    let added = store.add_grant_by_document(named("f"), "con_1".into(), scopes("x"), given, code(1)).await;
    assert!(added.unwrap());

    assert_eq!(store.reap_newcomers(NOW, 10).await.unwrap(), 0, "they are new");
    assert_eq!(store.reap_newcomers(NOW + 1, 10).await.unwrap(), 0, "what they ask for waits");
    store.reap_pushed_requests(NOW + 61, 10).await.unwrap();
    assert_eq!(store.reap_newcomers(NOW + 1, 10).await.unwrap(), 2);
    store.reap_device_codes(NOW + 100_000, 10).await.unwrap();
    assert_eq!(store.reap_newcomers(NOW + 1, 10).await.unwrap(), 1);
    assert!(store.find_client(&named("f").id).await.unwrap().is_some(), "somebody agreed");
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
    // Not while a device waits.
    let asked = DeviceRow { client_id: id("unused"), ..device(1) };
    assert!(store.add_device_code(asked, Bounds { of_client: 1, in_all: 3 }).await.unwrap());
    assert_eq!(store.reap_document_clients(NOW + 5, 10).await.unwrap(), 0);
    store.reap_device_codes(NOW + 100_000, 10).await.unwrap();
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
    they_stand_among_the_others_by_when_they_came,
    a_hold_is_put_once_and_ends_for_its_own_reasons,
    newcomers_are_written_with_what_they_ask_for_and_go_soon,
    only_what_nobody_needs_is_removed,
);
