//! Every operation of the store, on both databases: what goes in comes out, and nothing else changes.

use gatepost::store::StoreError;
use gatepost::store::audit::EventRow;
use gatepost::store::changes::{Topic, Versions};
use gatepost::store::client_secrets::SecretRow;
use gatepost::store::links::LinkPurpose;
use gatepost::store::refresh_tokens::Rotation;
use gatepost::store::sessions::StillTrue;
use gatepost::store::signing_keys::KeyState;
use gatepost::store::users::UserRow;
use gatepost::types::secret::Bearer;
use gatepost::types::{Hashed, Plain};

use super::rows::{
    NOW, allow, client, code, count, empty, furnished, grant, key, link, put_app, redeem, refresh, resource,
    scope, scopes, session, start, user,
};
use crate::on_each;
use crate::support::Database;

async fn people_are_found_listed_and_kept_apart(database: Database) {
    let store = empty(&database).await;
    assert!(!store.has_admin().await.unwrap());
    for n in 1..=3 {
        store.add_user(user(n)).await.unwrap();
    }
    assert_eq!(store.find_user("usr_2").await.unwrap(), Some(user(2)));
    assert_eq!(store.find_user_by_email("PERSON2@Example.Com").await.unwrap(), Some(user(2)));
    assert_eq!(store.find_user("usr_9").await.unwrap(), None);
    assert_eq!(store.find_user_by_email("").await.unwrap(), None);
    let page = store.list_users("usr_1", 1).await.unwrap();
    assert_eq!(page, [user(2)]);
    assert!(store.list_users("usr_3", 10).await.unwrap().is_empty());
    let mut twin = user(4);
    twin.email = user(1).email;
    assert!(matches!(store.add_user(twin).await, Err(StoreError::Conflict)));
    assert!(matches!(store.add_user(user(1)).await, Err(StoreError::Conflict)));
    assert_eq!(count(&store, "users").await, 3);
}

async fn the_first_administrator_is_added_once(database: Database) {
    let store = empty(&database).await;
    store.add_user(user(1)).await.unwrap();
    assert!(store.add_first_admin(user(2)).await.unwrap());
    assert!(store.has_admin().await.unwrap());
    let admin = store.find_user("usr_2").await.unwrap().unwrap();
    assert!(admin.is_admin && admin.created_at == NOW, "{admin:?}");
    assert!(!store.add_first_admin(user(3)).await.unwrap());
    assert_eq!(count(&store, "users").await, 2);
}

async fn disabling_a_person_ends_all_they_have_and_nothing_of_others(database: Database) {
    let store = furnished(&database).await;
    store.add_user(user(2)).await.unwrap();
    start(&store, session(1, 1)).await;
    start(&store, session(2, 2)).await;
    store.add_link(link(1, LinkPurpose::Reset, Some(1))).await.unwrap();
    store.add_link(link(2, LinkPurpose::Reset, Some(2))).await.unwrap();
    redeem(&store, 1).await;
    let before = store.change_versions().await.unwrap();
    assert!(store.disable_user("usr_1".into(), NOW + 1).await.unwrap());
    assert!(!store.disable_user("usr_1".into(), NOW + 2).await.unwrap());
    assert!(!store.disable_user("usr_9".into(), NOW + 2).await.unwrap());
    assert_eq!(store.find_user("usr_1").await.unwrap().unwrap().disabled_at, Some(NOW + 1));
    assert!(store.find_session("ses_1").await.unwrap().is_none());
    assert!(store.find_session("ses_2").await.unwrap().is_some());
    assert!(store.find_link("lnk_1", LinkPurpose::Reset, NOW).await.unwrap().is_none());
    assert!(store.find_link("lnk_2", LinkPurpose::Reset, NOW).await.unwrap().is_some());
    assert_eq!(store.find_grant("grt_1").await.unwrap().unwrap().revoked_at, Some(NOW + 1));
    assert!(store.change_versions().await.unwrap().revocations > before.revocations);
    assert!(store.enable_user("usr_1".into()).await.unwrap());
    assert!(!store.enable_user("usr_1".into()).await.unwrap());
    assert!(store.find_session("ses_1").await.unwrap().is_none(), "what ended stays ended");
}

async fn a_new_password_takes_its_link_and_ends_the_rest(database: Database) {
    let store = furnished(&database).await;
    start(&store, session(1, 1)).await;
    store.add_link(link(1, LinkPurpose::Reset, Some(1))).await.unwrap();
    store.add_link(link(2, LinkPurpose::Reset, Some(1))).await.unwrap();
    let set = |n: usize, hash: &str, now| {
        store.reset_password(link(n, LinkPurpose::Reset, Some(1)), "usr_1".into(), hash.into(), now)
    };
    assert!(!set(1, "late", NOW + 900).await.unwrap());
    assert!(store.find_session("ses_1").await.unwrap().is_some(), "a link that failed ends nothing");
    assert!(set(1, "new", NOW + 1).await.unwrap());
    assert_eq!(store.find_user("usr_1").await.unwrap().unwrap().password_hash.as_deref(), Some("new"));
    assert!(store.find_session("ses_1").await.unwrap().is_none());
    for n in [1, 2] {
        assert!(!set(n, "again", NOW + 2).await.unwrap(), "link {n}");
    }
    assert_eq!(store.find_user("usr_1").await.unwrap().unwrap().password_hash.as_deref(), Some("new"));
}

async fn sessions_are_found_until_they_end(database: Database) {
    let store = furnished(&database).await;
    start(&store, session(1, 1)).await;
    let found = store.find_session("ses_1").await.unwrap().unwrap();
    assert_eq!((found.user_id.as_str(), found.expires_at), ("usr_1", NOW + 1_000));
    assert!(found.hash.matches("session") && !found.hash.matches("other"));
    assert_eq!(found.user_agent.as_deref(), Some("Browser/1"));
    store.session_seen("ses_1".into(), NOW + 5).await.unwrap();
    assert_eq!(store.find_session("ses_1").await.unwrap().unwrap().last_seen_at, NOW + 5);
    assert!(store.end_session("ses_1".into(), NOW + 6).await.unwrap());
    assert!(!store.end_session("ses_1".into(), NOW + 7).await.unwrap());
    assert!(store.find_session("ses_1").await.unwrap().is_none());
    assert!(!store.start_session(session(2, 9), StillTrue::default()).await.unwrap(), "nobody's");
}

async fn a_session_starts_only_for_the_person_who_was_looked_at(database: Database) {
    let store = empty(&database).await;
    store.add_user(UserRow { password_hash: Some("hash".into()), ..user(1) }).await.unwrap();
    let still = |password: &str| StillTrue { password_hash: Some(password.into()), has_no_app: true };
    assert!(!store.start_session(session(1, 1), still("another")).await.unwrap());
    assert_eq!(store.find_user("usr_1").await.unwrap().unwrap().last_login_at, None);
    assert!(store.start_session(session(2, 1), still("hash")).await.unwrap());
    assert_eq!(store.find_user("usr_1").await.unwrap().unwrap().last_login_at, Some(NOW));
    put_app(&store, 1, "ses_none").await;
    assert!(!store.start_session(session(3, 1), still("hash")).await.unwrap(), "there is an app now");
    assert!(store.start_session(session(4, 1), StillTrue::default()).await.unwrap());
    store.disable_user("usr_1".into(), NOW + 1).await.unwrap();
    assert!(!store.start_session(session(5, 1), StillTrue::default()).await.unwrap());
    assert_eq!(count(&store, "sessions").await, 2);
}

async fn links_are_found_for_their_purpose_and_time(database: Database) {
    let store = furnished(&database).await;
    store.add_link(link(1, LinkPurpose::Reset, Some(1))).await.unwrap();
    let found = store.find_link("lnk_1", LinkPurpose::Reset, NOW).await.unwrap().unwrap();
    assert_eq!(found.user_id.as_deref(), Some("usr_1"));
    assert!(store.find_link("lnk_1", LinkPurpose::Setup, NOW).await.unwrap().is_none());
    assert!(store.find_link("lnk_1", LinkPurpose::Reset, NOW + 899).await.unwrap().is_some());
    assert!(store.find_link("lnk_1", LinkPurpose::Reset, NOW + 900).await.unwrap().is_none());
    let spend = |hash: &str, now| store.spend_link("lnk_1".into(), Hashed::of(hash), now);
    assert!(!spend("wrong", NOW).await.unwrap());
    assert!(!spend("link", NOW + 900).await.unwrap());
    assert!(spend("link", NOW + 899).await.unwrap());
    assert!(!spend("link", NOW + 899).await.unwrap());
    store.add_link(link(2, LinkPurpose::Setup, None)).await.unwrap();
    store.add_link(link(3, LinkPurpose::Reset, Some(1))).await.unwrap();
    store.add_link(link(4, LinkPurpose::Setup, None)).await.unwrap();
    let alive = |n: usize, purpose| {
        let store = &store;
        async move { store.find_link(&format!("lnk_{n}"), purpose, NOW).await.unwrap().is_some() }
    };
    assert!(!alive(2, LinkPurpose::Setup).await, "a newer set-up link takes its place");
    assert!(alive(3, LinkPurpose::Reset).await && alive(4, LinkPurpose::Setup).await);
}

async fn clients_come_back_as_they_were_stored(database: Database) {
    let store = empty(&database).await;
    let mut first = client(1);
    first.digest = Some("same".to_owned());
    first.management_hash = Some(Hashed::of("registration"));
    let bearer = Bearer { id: "sec_1".into(), secret: Plain::new("secret".into()) };
    let secret = SecretRow::of(&bearer, "cli_1", NOW, Some(NOW + 9));
    assert_eq!(store.add_client(first.clone(), Some(secret)).await.unwrap(), first);
    assert_eq!(store.find_client("cli_1").await.unwrap(), Some(first.clone()));
    let found = store.find_client_secret("sec_1").await.unwrap().unwrap();
    assert!(found.client_id == "cli_1" && found.hash.matches("secret"));
    assert_eq!((found.hint.as_str(), found.expires_at, found.last_used_at), ("cret", Some(NOW + 9), None));
    assert!(store.find_client_secret("sec_9").await.unwrap().is_none());
    let mut same = client(2);
    same.digest = Some("same".to_owned());
    same.created_at = NOW + 50;
    let again = store.add_client(same, None).await.unwrap();
    assert_eq!((again.id.as_str(), again.created_at), ("cli_1", NOW + 50), "its unused days start anew");
    store.add_client(client(3), None).await.unwrap();
    let ids: Vec<String> = store.list_clients((0, ""), 10).await.unwrap().into_iter().map(|c| c.id).collect();
    assert_eq!(ids, ["cli_3", "cli_1"], "in order of registration");
    assert!(matches!(store.add_client(client(3), None).await, Err(StoreError::Conflict)));
    store.touch_client("cli_1".into(), NOW + 60, 3_600).await.unwrap();
    store.touch_client("cli_1".into(), NOW + 61, 3_600).await.unwrap();
    assert_eq!(store.find_client("cli_1").await.unwrap().unwrap().last_used_at, Some(NOW + 60));
}

async fn a_client_that_is_disabled_or_deleted_loses_its_grants(database: Database) {
    let store = furnished(&database).await;
    redeem(&store, 1).await;
    let before = store.change_versions().await.unwrap();
    assert!(store.disable_client("cli_1".into(), NOW + 1).await.unwrap());
    assert!(!store.disable_client("cli_1".into(), NOW + 2).await.unwrap());
    assert_eq!(store.find_grant("grt_1").await.unwrap().unwrap().revoked_at, Some(NOW + 1));
    let after = store.change_versions().await.unwrap();
    assert!(after.clients > before.clients && after.revocations > before.revocations);
    store.add_client(client(2), None).await.unwrap();
    assert!(store.remove_client("cli_2".into(), NOW + 3).await.unwrap());
    assert!(!store.remove_client("cli_2".into(), NOW + 4).await.unwrap());
    let gone = store.find_client("cli_2").await.unwrap();
    assert!(gone.is_none_or(|c| c.disabled_at == Some(NOW + 3)));
}

async fn a_resource_is_added_whole_or_not_at_all(database: Database) {
    let store = empty(&database).await;
    let mut first = resource(1);
    first.is_default = true;
    store.add_resource(first.clone(), vec![scope(1, "a"), scope(1, "b")]).await.unwrap();
    let (resources, found) = store.list_resources().await.unwrap();
    assert_eq!((resources, found), (vec![first.clone()], vec![scope(1, "a"), scope(1, "b")]));
    let version = store.change_versions().await.unwrap().resources;
    let mut same_path = resource(2);
    same_path.path.clone_from(&first.path);
    let mut second_default = resource(2);
    second_default.is_default = true;
    for clash in [same_path, second_default] {
        let added = store.add_resource(clash, vec![scope(2, "c")]).await;
        assert!(matches!(added, Err(StoreError::Conflict)));
    }
    assert_eq!(count(&store, "scopes").await, 2);
    assert_eq!(store.change_versions().await.unwrap().resources, version);
}

async fn a_grant_comes_with_its_consent_and_code(database: Database) {
    let store = furnished(&database).await;
    let consent = || store.find_consent("usr_1", "cli_1", "res_1");
    assert!(consent().await.unwrap().is_empty());
    allow(&store, 1).await;
    assert_eq!(consent().await.unwrap(), scopes("search:read"));
    assert_eq!(store.find_grant("grt_1").await.unwrap(), Some(grant(1)));
    assert_eq!(store.find_grant("grt_9").await.unwrap(), None);
    let (found, its_grant) = store.find_code("cod_1").await.unwrap().unwrap();
    assert_eq!(its_grant, grant(1));
    assert_eq!(format!("{found:?}"), format!("{:?}", code(1)));
    assert!(store.find_code("cod_9").await.unwrap().is_none());
    // A second "allow" widens what is remembered.
    let wider = scopes("search:read openid");
    assert!(store.add_grant("con_2".into(), wider.clone(), grant(2), code(2)).await.unwrap());
    assert_eq!(consent().await.unwrap(), wider);
    assert_eq!(count(&store, "consents").await, 1);
    // One that fails half-way leaves nothing behind.
    let twice = store.add_grant("con_3".into(), scopes("email"), grant(3), code(1)).await;
    assert!(matches!(twice, Err(StoreError::Conflict)));
    assert_eq!(consent().await.unwrap(), wider);
    assert!(store.find_grant("grt_3").await.unwrap().is_none());
}

async fn nothing_is_granted_by_or_to_the_disabled(database: Database) {
    let store = furnished(&database).await;
    start(&store, session(1, 1)).await;
    let add = |n: usize| {
        let mut row = grant(n);
        row.session_id = Some("ses_1".to_owned());
        store.add_grant(format!("con_{n}"), scopes("search:read"), row, code(n))
    };
    assert!(add(1).await.unwrap());
    store.end_session("ses_1".into(), NOW).await.unwrap();
    assert!(!add(2).await.unwrap(), "the login has ended");
    allow(&store, 3).await;
    store.disable_client("cli_1".into(), NOW).await.unwrap();
    let refused = store.add_grant("con_4".into(), scopes("search:read"), grant(4), code(4)).await;
    assert!(!refused.unwrap(), "the client is disabled");
    assert_eq!(count(&store, "grants").await, 2);
    assert_eq!(count(&store, "codes").await, 2);
}

async fn a_code_is_spent_while_it_and_its_grant_live(database: Database) {
    let store = furnished(&database).await;
    for n in 1..=3 {
        allow(&store, n).await;
    }
    assert!(!store.spend_code("cod_1".into(), NOW + 60, refresh(1), None).await.unwrap(), "expired");
    assert!(store.revoke_grant("grt_2".into(), NOW, "test").await.unwrap());
    assert!(!store.spend_code("cod_2".into(), NOW, refresh(2), None).await.unwrap(), "revoked");
    assert!(!store.spend_code("cod_9".into(), NOW, refresh(9), None).await.unwrap(), "unknown");
    assert_eq!(count(&store, "refresh_tokens").await, 0);
    assert!(store.spend_code("cod_3".into(), NOW + 59, refresh(3), None).await.unwrap());
    assert_eq!(store.find_code("cod_3").await.unwrap().unwrap().0.spent_at, Some(NOW + 59));
    // A spent code whose refresh token cannot be stored is not spent.
    allow(&store, 4).await;
    let mut taken = refresh(3);
    taken.grant_id = "grt_4".to_owned();
    assert!(matches!(store.spend_code("cod_4".into(), NOW, taken, None).await, Err(StoreError::Conflict)));
    assert_eq!(store.find_code("cod_4").await.unwrap().unwrap().0.spent_at, None);
    // With a key, the grant is bound to it from then on, and no other is.
    let jkt = Some("a thumbprint".to_owned());
    assert!(store.spend_code("cod_4".into(), NOW, refresh(4), jkt.clone()).await.unwrap());
    assert_eq!(store.find_code("cod_4").await.unwrap().unwrap().1.jkt, jkt);
    assert_eq!(store.find_refresh_token("rft_4").await.unwrap().unwrap().1.jkt, jkt);
    assert_eq!(store.find_grant("grt_3").await.unwrap().unwrap().jkt, None);
    assert!(!store.spend_code("cod_3".into(), NOW + 59, refresh(5), jkt).await.unwrap(), "spent");
    assert_eq!(store.find_grant("grt_3").await.unwrap().unwrap().jkt, None);
}

async fn a_refresh_token_rotates_while_it_and_its_grant_live(database: Database) {
    let store = furnished(&database).await;
    redeem(&store, 1).await;
    let rotate = |from: &str, to: &str, now| {
        store.rotate_refresh_token(Rotation {
            id: "rft_1".into(),
            from: Hashed::of(from),
            to: Hashed::of(to),
            now,
            idle_expires_at: now + 1_000,
        })
    };
    assert!(!rotate("wrong", "second", NOW).await.unwrap());
    assert!(!rotate("first", "second", NOW + 1_000).await.unwrap(), "idle for too long");
    assert!(rotate("first", "second", NOW + 999).await.unwrap());
    assert!(!rotate("first", "third", NOW + 999).await.unwrap(), "used before");
    let (token, _) = store.find_refresh_token("rft_1").await.unwrap().unwrap();
    assert!(token.hash.matches("second") && token.previous_hash.unwrap().matches("first"));
    assert_eq!((token.generation, token.rotated_at), (1, Some(NOW + 999)));
    assert_eq!((token.idle_expires_at, token.expires_at), (NOW + 1_999, NOW + 2_000));
    assert!(rotate("second", "third", NOW + 1_998).await.unwrap());
    assert!(!rotate("third", "fourth", NOW + 2_000).await.unwrap(), "the absolute end");
    redeem(&store, 2).await;
    assert!(store.revoke_grant("grt_1".into(), NOW, "test").await.unwrap());
    assert!(!rotate("third", "fourth", NOW + 1_999).await.unwrap(), "revoked");
    assert!(store.find_refresh_token("rft_9").await.unwrap().is_none());
}

async fn revocations_are_told_by_time(database: Database) {
    let store = furnished(&database).await;
    for n in 1..=3 {
        allow(&store, n).await;
    }
    assert!(store.revoke_grant("grt_1".into(), NOW + 10, "test").await.unwrap());
    assert!(store.revoke_grant("grt_2".into(), NOW + 20, "test").await.unwrap());
    let version = store.change_versions().await.unwrap().revocations;
    assert!(!store.revoke_grant("grt_1".into(), NOW + 30, "test").await.unwrap());
    assert!(!store.revoke_grant("grt_9".into(), NOW + 30, "test").await.unwrap());
    assert_eq!(store.change_versions().await.unwrap().revocations, version);
    assert_eq!(store.find_grant("grt_1").await.unwrap().unwrap().revoked_at, Some(NOW + 10));
    assert_eq!(store.revoked_grants_since(NOW + 11).await.unwrap(), ["grt_2"]);
    assert_eq!(store.revoked_grants_since(NOW + 10).await.unwrap().len(), 2);
    let forget = |now| store.forget_consent("usr_1".into(), "cli_1".into(), "res_1".into(), now);
    assert_eq!(forget(NOW + 40).await.unwrap(), 1, "the one that was alive");
    assert!(store.find_consent("usr_1", "cli_1", "res_1").await.unwrap().is_empty());
    assert_eq!(store.revoked_grants_since(NOW + 40).await.unwrap(), ["grt_3"]);
    assert_eq!(forget(NOW + 50).await.unwrap(), 0);
}

async fn keys_go_through_their_life(database: Database) {
    let store = empty(&database).await;
    store.add_keys(vec![key(1, KeyState::Active), key(2, KeyState::Next)]).await.unwrap();
    assert_eq!(store.list_keys().await.unwrap(), [key(1, KeyState::Active), key(2, KeyState::Next)]);
    store.add_keys(vec![key(9, KeyState::Active)]).await.unwrap();
    assert_eq!(store.list_keys().await.unwrap().len(), 2, "one active key an algorithm");
    let rotate = |next: &str, spare, now| store.rotate_key("ES256".into(), next.into(), spare, now);
    assert!(rotate("key_2", key(3, KeyState::Next), NOW + 5).await.unwrap());
    let states: Vec<KeyState> = store.list_keys().await.unwrap().iter().map(|k| k.state).collect();
    assert_eq!(states, [KeyState::Retired, KeyState::Active, KeyState::Next]);
    assert!(!rotate("key_2", key(4, KeyState::Next), NOW + 6).await.unwrap());
    assert!(!store.retire_key("key_2".into(), NOW).await.unwrap(), "the active one stays");
    assert!(store.retire_key("key_3".into(), NOW + 7).await.unwrap());
    assert_eq!(store.reap_keys(NOW + 5).await.unwrap(), 0);
    let before = store.change_versions().await.unwrap().keys;
    assert_eq!(store.reap_keys(NOW + 6).await.unwrap(), 1);
    assert!(store.change_versions().await.unwrap().keys > before);
    assert!(store.retire_key("key_3".into(), NOW + 8).await.unwrap(), "a retired one goes at once");
    let ids: Vec<String> = store.list_keys().await.unwrap().into_iter().map(|k| k.id).collect();
    assert_eq!(ids, ["key_2"]);
}

async fn events_are_kept_in_order_and_once(database: Database) {
    let store = empty(&database).await;
    let event = |n: usize| EventRow {
        id: format!("evt_{n}"),
        at: NOW,
        kind: "session.login".into(),
        outcome: "ok".into(),
        reason: "ok".into(),
        reference: Some("ref".into()),
        detail: Some("it's \"quoted\" \u{1f3f0}".into()),
        ..EventRow::default()
    };
    store.add_events(vec![event(2), event(1)]).await.unwrap();
    store.add_events(vec![event(2), event(3)]).await.unwrap();
    assert_eq!(store.list_events("", 10).await.unwrap(), [event(1), event(2), event(3)]);
    assert_eq!(store.list_events("evt_1", 1).await.unwrap(), [event(2)]);
    store.add_events(Vec::new()).await.unwrap();
}

async fn each_topic_has_a_counter_of_its_own(database: Database) {
    let store = empty(&database).await;
    assert_eq!(store.change_versions().await.unwrap(), Versions::default());
    for topic in [Topic::Keys, Topic::Keys, Topic::Clients, Topic::Resources, Topic::Revocations] {
        store.bump_version(topic).await.unwrap();
    }
    let versions = store.change_versions().await.unwrap();
    assert_eq!(
        versions,
        Versions {
            resources: 1,
            clients: 1,
            keys: 2,
            revocations: 1,
            people: 0,
            settings: 0,
            api_tokens: 0,
            issuers: 0
        }
    );
    store.ping().await.unwrap();
}

async fn a_damaged_row_is_named(database: Database) {
    let store = furnished(&database).await;
    for (damage, column) in [
        ("UPDATE clients SET kind = 'odd'", "kind"),
        ("UPDATE clients SET kind = 'dynamic', redirect_uris = '{'", "redirect_uris"),
    ] {
        sqlx::query(damage).execute(store.pool()).await.unwrap();
        let error = store.find_client("cli_1").await.unwrap_err();
        assert!(matches!(&error, StoreError::Inconsistent { .. }), "{error:?}");
        let text = error.to_string();
        assert!(text.contains("clients") && text.contains("cli_1") && text.contains(column), "{text}");
    }
}

async fn a_closed_pool_is_an_outage_and_not_a_panic(database: Database) {
    let store = furnished(&database).await;
    store.pool().close().await;
    assert!(matches!(store.ping().await, Err(StoreError::Unavailable(_))));
    assert!(matches!(store.find_user("usr_1").await, Err(StoreError::Unavailable(_))));
    assert!(matches!(store.change_versions().await, Err(StoreError::Unavailable(_))));
}

on_each! {
    people_are_found_listed_and_kept_apart,
    the_first_administrator_is_added_once,
    disabling_a_person_ends_all_they_have_and_nothing_of_others,
    a_new_password_takes_its_link_and_ends_the_rest,
    sessions_are_found_until_they_end,
    a_session_starts_only_for_the_person_who_was_looked_at,
    links_are_found_for_their_purpose_and_time,
    clients_come_back_as_they_were_stored,
    a_client_that_is_disabled_or_deleted_loses_its_grants,
    a_resource_is_added_whole_or_not_at_all,
    a_grant_comes_with_its_consent_and_code,
    nothing_is_granted_by_or_to_the_disabled,
    a_code_is_spent_while_it_and_its_grant_live,
    a_refresh_token_rotates_while_it_and_its_grant_live,
    revocations_are_told_by_time,
    keys_go_through_their_life,
    events_are_kept_in_order_and_once,
    each_topic_has_a_counter_of_its_own,
    a_damaged_row_is_named,
    a_closed_pool_is_an_outage_and_not_a_panic,
}
