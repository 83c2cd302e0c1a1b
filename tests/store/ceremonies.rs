//! Ceremonies are answered once, in time, as what they are.

use gatepost::store::ceremonies::{CeremonyKind, CeremonyRow};
use gatepost::types::Hashed;

use super::rows::{NOW, user};
use crate::on_both;
use crate::support::TestApp;

pub fn ceremony(n: usize, kind: CeremonyKind) -> CeremonyRow {
    CeremonyRow {
        id: format!("cer_{n}"),
        kind,
        hash: Hashed::of("secret"),
        browser: Hashed::of("browser"),
        user_id: Some("usr_1".to_owned()),
        data: "{}".to_owned(),
        attempts: 0,
        created_at: NOW,
        expires_at: NOW + 600,
        spent_at: None,
    }
}

async fn a_ceremony_is_spent_once_and_by_its_own_kind_only(app: TestApp) {
    let store = &app.core.oauth.store;
    store.add_user(user(1)).await.unwrap();
    store.add_ceremony(ceremony(1, CeremonyKind::SecondFactor)).await.unwrap();
    let other = CeremonyKind::PasskeyLogin;
    assert!(store.find_ceremony("cer_1", other).await.unwrap().is_none());
    assert!(!store.spend_ceremony("cer_1".into(), other, NOW).await.unwrap());
    let found = store.find_ceremony("cer_1", CeremonyKind::SecondFactor).await.unwrap().unwrap();
    assert_eq!((found.user_id.as_deref(), found.spent_at), (Some("usr_1"), None));
    let spends = (0..32).map(|_| store.spend_ceremony("cer_1".into(), CeremonyKind::SecondFactor, NOW + 1));
    let won = futures::future::join_all(spends).await.into_iter().filter(|r| *r.as_ref().unwrap());
    assert_eq!(won.count(), 1);
}

async fn a_ceremony_gives_so_many_attempts_and_no_more(app: TestApp) {
    let store = &app.core.oauth.store;
    store.add_user(user(1)).await.unwrap();
    let kind = CeremonyKind::SecondFactor;
    store.add_ceremony(ceremony(1, kind)).await.unwrap();
    let tries = (0..32).map(|_| store.attempt_ceremony("cer_1".into(), kind, 5, NOW + 1));
    let taken = futures::future::join_all(tries).await.into_iter().filter(|r| *r.as_ref().unwrap());
    assert_eq!(taken.count(), 5);
}

async fn a_late_ceremony_is_not_spent_and_goes_away(app: TestApp) {
    let store = &app.core.oauth.store;
    store.add_user(user(1)).await.unwrap();
    let kind = CeremonyKind::Upstream;
    store.add_ceremony(ceremony(1, kind)).await.unwrap();
    assert!(!store.spend_ceremony("cer_1".into(), kind, NOW + 600).await.unwrap());
    assert!(!store.attempt_ceremony("cer_1".into(), kind, 5, NOW + 600).await.unwrap());
    assert_eq!(store.reap_ceremonies(NOW + 600, NOW, 10).await.unwrap(), 0);
    assert_eq!(store.reap_ceremonies(NOW + 601, NOW, 10).await.unwrap(), 1);
}

on_both! {
    a_ceremony_is_spent_once_and_by_its_own_kind_only,
    a_ceremony_gives_so_many_attempts_and_no_more,
    a_late_ceremony_is_not_spent_and_goes_away,
}
