//! Trusted issuers, their rules, what rests on their word, and rules of exchanges.

use gatepost::store::exchange_rules::ExchangeRow;
use gatepost::store::grants::GrantRow;
use gatepost::store::scopes::Change;
use gatepost::store::trusted_issuers::{Condition, IssuerKind, IssuerRow, IssuerRuleRow, KeysFrom};
use gatepost::store::{Store, StoreError};

use super::rows::{NOW, allow, client, count, furnished, grant, resource, scope, scopes, user};
use crate::on_each;
use crate::support::Database;

fn issuer(n: usize, kind: IssuerKind) -> IssuerRow {
    IssuerRow {
        id: format!("iss_{n}"),
        name: format!("Issuer {n} \"é\""),
        issuer: format!("https://id{n}.example"),
        kind,
        keys: KeysFrom::Discovery,
        algorithms: vec!["RS256".into(), "ES256".into()],
        single_use: true,
        trusted_domains: vec!["example.com".into()],
        vouches: true,
        admits: true,
        client_ids: Some(vec!["cli_1".into(), "https://app.example/client.json".into()]),
        scopes: Some(scopes("a b")),
        version: 1,
        created_at: NOW,
        updated_at: NOW,
        disabled_at: None,
    }
}

fn rule(n: usize) -> IssuerRuleRow {
    IssuerRuleRow {
        id: format!("isr_{n}"),
        issuer_id: "iss_1".into(),
        claims: vec![Condition { claim: "sub".into(), value: "a:*".into() }],
        client_id: "cli_1".into(),
        resource_id: "res_1".into(),
        scopes: Some(scopes("a")),
        version: 1,
        created_at: NOW,
        updated_at: NOW,
    }
}

fn exchange(n: usize, to: &str) -> ExchangeRow {
    ExchangeRow {
        id: format!("exr_{n}"),
        client_id: "cli_1".into(),
        from_id: "res_1".into(),
        to_id: to.into(),
        scopes: scopes("a b"),
        version: 1,
        created_at: NOW,
        updated_at: NOW,
    }
}

async fn counter(store: &Store) -> i64 {
    store.change_versions().await.unwrap().issuers
}

async fn issuers_are_added_changed_and_removed(database: Database) {
    let store = furnished(&database).await;
    let before = counter(&store).await;
    let (first, second) = (issuer(1, IssuerKind::Enterprise), issuer(2, IssuerKind::Workload));
    let second = IssuerRow {
        keys: KeysFrom::Inline("{}".into()),
        single_use: false,
        trusted_domains: Vec::new(),
        vouches: false,
        admits: false,
        client_ids: None,
        scopes: None,
        ..second
    };
    assert!(store.add_trusted_issuer(first.clone(), 2).await.unwrap());
    assert!(store.add_trusted_issuer(second.clone(), 2).await.unwrap());
    assert!(!store.add_trusted_issuer(issuer(3, IssuerKind::Workload), 2).await.unwrap(), "two at most");
    assert_eq!(store.list_trusted_issuers().await.unwrap(), [first.clone(), second.clone()]);
    let twin = IssuerRow { id: "iss_9".into(), ..first.clone() };
    assert!(matches!(store.add_trusted_issuer(twin.clone(), 9).await, Err(StoreError::Conflict)));
    // The same issuer for another purpose is another.
    assert!(store.add_trusted_issuer(IssuerRow { kind: IssuerKind::Workload, ..twin }, 9).await.unwrap());
    assert_eq!(counter(&store).await, before + 3);
    let changed = IssuerRow {
        name: "Other".into(),
        keys: KeysFrom::Uri("https://k.example".into()),
        algorithms: vec!["EdDSA".into()],
        trusted_domains: Vec::new(),
        vouches: false,
        admits: false,
        client_ids: None,
        scopes: None,
        ..first.clone()
    };
    assert!(store.change_trusted_issuer(changed.clone(), NOW + 1).await.unwrap());
    assert!(
        !store.change_trusted_issuer(changed.clone(), NOW + 2).await.unwrap(),
        "the version has moved on"
    );
    let now = store.list_trusted_issuers().await.unwrap().remove(0);
    assert_eq!(now, IssuerRow { version: 2, updated_at: NOW + 1, ..changed });
    assert!(store.disable_trusted_issuer("iss_1".into(), NOW + 3).await.unwrap());
    assert!(!store.disable_trusted_issuer("iss_1".into(), NOW + 4).await.unwrap());
    assert_eq!(store.list_trusted_issuers().await.unwrap()[0].disabled_at, Some(NOW + 3));
    assert!(store.enable_trusted_issuer("iss_1".into(), NOW + 5).await.unwrap());
    assert!(!store.enable_trusted_issuer("iss_1".into(), NOW + 6).await.unwrap());
    assert!(store.remove_trusted_issuer("iss_1".into(), NOW + 7).await.unwrap());
    assert!(!store.remove_trusted_issuer("iss_1".into(), NOW + 8).await.unwrap());
    assert_eq!(counter(&store).await, before + 7);
    assert_eq!(count(&store, "trusted_issuers").await, 2);
}

async fn rules_go_with_their_issuer(database: Database) {
    let store = furnished(&database).await;
    assert!(!store.add_issuer_rule(rule(1), 9).await.unwrap(), "there is no issuer");
    store.add_trusted_issuer(issuer(1, IssuerKind::Workload), 9).await.unwrap();
    assert!(store.add_issuer_rule(rule(1), 2).await.unwrap());
    assert!(store.add_issuer_rule(IssuerRuleRow { scopes: None, ..rule(2) }, 2).await.unwrap());
    assert!(!store.add_issuer_rule(rule(3), 2).await.unwrap(), "two at most");
    assert_eq!(
        store.list_issuer_rules().await.unwrap(),
        [rule(1), IssuerRuleRow { scopes: None, ..rule(2) }]
    );
    let before = counter(&store).await;
    let changed = IssuerRuleRow { claims: Vec::new(), scopes: None, ..rule(1) };
    assert!(store.change_issuer_rule(changed.clone(), NOW + 1).await.unwrap());
    assert!(!store.change_issuer_rule(changed.clone(), NOW + 2).await.unwrap());
    let now = store.list_issuer_rules().await.unwrap().remove(0);
    assert_eq!(now, IssuerRuleRow { version: 2, updated_at: NOW + 1, ..changed });
    assert!(!store.remove_issuer_rule("isr_1".into(), "iss_2".into()).await.unwrap(), "of another issuer");
    assert!(store.remove_issuer_rule("isr_1".into(), "iss_1".into()).await.unwrap());
    assert_eq!(counter(&store).await, before + 2);
    store.remove_trusted_issuer("iss_1".into(), NOW).await.unwrap();
    assert!(store.list_issuer_rules().await.unwrap().is_empty());
}

fn vouched(n: usize, text: &str) -> GrantRow {
    GrantRow { scopes: scopes(text), ..grant(n) }
}

async fn one_grant_stands_on_an_issuers_word(database: Database) {
    let store = furnished(&database).await;
    store.add_trusted_issuer(issuer(1, IssuerKind::Enterprise), 9).await.unwrap();
    let keep = |consent: &str, grant| store.keep_issuer_grant("iss_1".into(), consent.into(), grant);
    assert_eq!(keep("con_1", vouched(1, "a")).await.unwrap(), Some("grt_1".into()));
    let later = GrantRow { ends_at: NOW + 99_000, ..vouched(2, "a b") };
    assert_eq!(keep("con_2", later).await.unwrap(), Some("grt_1".into()), "the same stands");
    let found = store.find_grant("grt_1").await.unwrap().unwrap();
    assert_eq!((found.scopes, found.ends_at), (scopes("a b"), NOW + 99_000));
    // A line among her apps, but nothing that she agreed to.
    let apps =
        store.list_connected("usr_1", &gatepost::store::connected::Cursor::start(), NOW, 9).await.unwrap();
    assert_eq!((apps.len(), apps[0].id.as_str(), &apps[0].scopes), (1, "con_1", &scopes("a b")));
    assert!(store.find_consent("usr_1", "cli_1", "res_1").await.unwrap().is_empty());
    assert!(!store.has_consent("usr_1", "cli_1").await.unwrap());
    // What she ends is ended, and the next word makes another.
    assert!(store.withdraw_consent("con_1".into(), "usr_1".into(), NOW + 1).await.unwrap().is_some());
    assert_eq!(store.find_grant("grt_1").await.unwrap().unwrap().revoked_at, Some(NOW + 1));
    assert_eq!(keep("con_3", vouched(3, "a")).await.unwrap(), Some("grt_3".into()));
    let before = store.change_versions().await.unwrap().revocations;
    assert!(store.disable_trusted_issuer("iss_1".into(), NOW + 2).await.unwrap());
    assert_eq!(store.find_grant("grt_3").await.unwrap().unwrap().revoked_at, Some(NOW + 2));
    assert_eq!(count(&store, "consents").await, 0);
    assert!(store.change_versions().await.unwrap().revocations > before);
    assert_eq!(keep("con_4", vouched(4, "a")).await.unwrap(), None, "it is off");
    assert_eq!(count(&store, "grants").await, 2);
}

async fn what_a_person_agreed_to_is_not_written_over(database: Database) {
    let store = furnished(&database).await;
    store.add_trusted_issuer(issuer(1, IssuerKind::Enterprise), 9).await.unwrap();
    allow(&store, 1).await;
    let agreed = store.find_consent("usr_1", "cli_1", "res_1").await.unwrap();
    assert!(!agreed.is_empty());
    store.keep_issuer_grant("iss_1".into(), "con_9".into(), vouched(9, "z")).await.unwrap().unwrap();
    assert_eq!(store.find_consent("usr_1", "cli_1", "res_1").await.unwrap(), agreed);
    store.remove_trusted_issuer("iss_1".into(), NOW + 1).await.unwrap();
    assert_eq!(store.find_consent("usr_1", "cli_1", "res_1").await.unwrap(), agreed, "hers stays");
    assert_eq!(store.find_grant("grt_1").await.unwrap().unwrap().revoked_at, None);
    assert_eq!(store.find_grant("grt_9").await.unwrap().unwrap().revoked_at, Some(NOW + 1));
    // The other way round: her own word takes the issuer's place.
    store.add_trusted_issuer(issuer(2, IssuerKind::Enterprise), 9).await.unwrap();
    store.add_client(client(2), None).await.unwrap();
    let of_second = GrantRow { client_id: "cli_2".into(), ..vouched(5, "z") };
    store.keep_issuer_grant("iss_2".into(), "con_5".into(), of_second).await.unwrap().unwrap();
    assert!(store.find_consent("usr_1", "cli_2", "res_1").await.unwrap().is_empty());
    let own = GrantRow { client_id: "cli_2".into(), ..vouched(6, "a") };
    let code = gatepost::store::codes::CodeRow { grant_id: "grt_6".into(), ..super::rows::code(6) };
    assert!(store.add_grant("con_6".into(), scopes("a"), own, code).await.unwrap());
    assert_eq!(store.find_consent("usr_1", "cli_2", "res_1").await.unwrap(), scopes("a"));
}

async fn nothing_is_kept_for_who_may_not(database: Database) {
    let store = furnished(&database).await;
    store.add_trusted_issuer(issuer(1, IssuerKind::Enterprise), 9).await.unwrap();
    let keep = |issuer: &str, grant| store.keep_issuer_grant(issuer.into(), "con_1".into(), grant);
    assert_eq!(keep("iss_2", vouched(1, "a")).await.unwrap(), None, "no such issuer");
    let of = |client: &str, resource: &str, user: &str| GrantRow {
        client_id: client.into(),
        resource_id: resource.into(),
        user_id: Some(user.into()),
        ..vouched(1, "a")
    };
    for row in [of("cli_9", "res_1", "usr_1"), of("cli_1", "res_9", "usr_1"), of("cli_1", "res_1", "usr_9")] {
        assert_eq!(keep("iss_1", row).await.unwrap(), None);
    }
    store.add_user(user(2)).await.unwrap();
    store.disable_user("usr_1".into(), NOW).await.unwrap();
    assert_eq!(keep("iss_1", vouched(1, "a")).await.unwrap(), None, "disabled");
    assert_eq!((count(&store, "grants").await, count(&store, "consents").await), (0, 0));
}

async fn exchanges_are_added_changed_and_removed(database: Database) {
    let store = furnished(&database).await;
    store.add_resource(resource(2), Vec::new()).await.unwrap();
    store.add_resource(resource(3), Vec::new()).await.unwrap();
    let before = counter(&store).await;
    assert!(store.add_exchange_rule(exchange(1, "res_2"), 2).await.unwrap());
    assert!(matches!(store.add_exchange_rule(exchange(2, "res_2"), 9).await, Err(StoreError::Conflict)));
    assert!(store.add_exchange_rule(exchange(3, "res_3"), 2).await.unwrap());
    assert!(!store.add_exchange_rule(exchange(4, "res_1"), 2).await.unwrap(), "two at most");
    assert_eq!(store.list_exchange_rules().await.unwrap(), [exchange(1, "res_2"), exchange(3, "res_3")]);
    assert!(store.change_exchange_rule(("exr_1".into(), 1), scopes("b"), NOW + 1).await.unwrap());
    assert!(!store.change_exchange_rule(("exr_1".into(), 1), scopes("c"), NOW + 2).await.unwrap());
    let now = store.list_exchange_rules().await.unwrap().remove(0);
    assert_eq!(
        now,
        ExchangeRow { scopes: scopes("b"), version: 2, updated_at: NOW + 1, ..exchange(1, "res_2") }
    );
    assert!(store.remove_exchange_rule("exr_1".into()).await.unwrap());
    assert!(!store.remove_exchange_rule("exr_1".into()).await.unwrap());
    assert_eq!(counter(&store).await, before + 4);
}

async fn rules_follow_the_names_of_scopes(database: Database) {
    let store = furnished(&database).await;
    store.add_resource(resource(2), vec![scope(2, "a"), scope(2, "ab")]).await.unwrap();
    store.add_trusted_issuer(issuer(1, IssuerKind::Workload), 9).await.unwrap();
    let at_second = IssuerRuleRow { resource_id: "res_2".into(), scopes: Some(scopes("a ab")), ..rule(1) };
    store.add_issuer_rule(at_second, 9).await.unwrap();
    store
        .add_issuer_rule(IssuerRuleRow { scopes: None, resource_id: "res_2".into(), ..rule(2) }, 9)
        .await
        .unwrap();
    store.add_issuer_rule(rule(3), 9).await.unwrap();
    store.add_exchange_rule(ExchangeRow { scopes: scopes("a ab"), ..exchange(1, "res_2") }, 9).await.unwrap();
    let before = counter(&store).await;
    let book = store.scope_book("res_2").await.unwrap().unwrap();
    let change = Change::Rename { name: "a".into(), to: "z".into(), implies: Vec::new() };
    assert!(store.change_scopes(&book, change, NOW + 1).await.unwrap());
    let limits = |rules: Vec<IssuerRuleRow>| rules.into_iter().map(|rule| rule.scopes).collect::<Vec<_>>();
    let now = limits(store.list_issuer_rules().await.unwrap());
    assert_eq!(now, [Some(scopes("ab z")), None, Some(scopes("a"))], "of this resource only");
    assert_eq!(store.list_exchange_rules().await.unwrap()[0].scopes, scopes("ab z"));
    let book = store.scope_book("res_2").await.unwrap().unwrap();
    assert!(
        store
            .change_scopes(&book, Change::Remove { name: "ab".into(), implies: Vec::new() }, NOW + 2)
            .await
            .unwrap()
    );
    assert_eq!(store.list_exchange_rules().await.unwrap()[0].scopes, scopes("z"));
    assert_eq!(counter(&store).await, before + 2);
}

on_each! {
    rules_follow_the_names_of_scopes,
    issuers_are_added_changed_and_removed,
    rules_go_with_their_issuer,
    one_grant_stands_on_an_issuers_word,
    what_a_person_agreed_to_is_not_written_over,
    nothing_is_kept_for_who_may_not,
    exchanges_are_added_changed_and_removed,
}
