//! `gatepost` as it is run: what it does to people, and when it does not start.

use std::process::{Command, Output};

use gatepost::store::passkeys::PasskeyRow;

use super::{second_factor, try_login};
use crate::on_each;
use crate::support::{Database, EMAIL, PASSWORD, TestApp, location};

/// Runs the binary with nothing but these settings.
fn gatepost(url: &str, arguments: &[&str], settings: &[(&str, &str)]) -> Output {
    let dir = tempfile::tempdir().unwrap();
    let key = "00".repeat(32);
    Command::new(env!("CARGO_BIN_EXE_gatepost"))
        .args(arguments)
        .current_dir(dir.path())
        .env_clear()
        .envs([("DATABASE_URL", url), ("GATEPOST_SECRET_KEY", &key), ("GATEPOST_BIND", "127.0.0.1:0")])
        .envs(settings.iter().copied())
        .output()
        .unwrap()
}

fn said(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

async fn clear_second_factor_lets_a_person_in_with_the_password(database: Database) {
    let url = database.url.clone();
    let app = TestApp::start(database).await;
    let browser = app.signed_in().await;
    second_factor::set_up(&app, &browser).await;
    super::passkeys::with_passkey(&app, &app.user).await;
    let done = gatepost(&url, &["user", "clear-second-factor", "Ann@Example.com"], &[]);
    assert!(done.status.success(), "{}", said(&done.stderr));
    let told = said(&done.stdout);
    assert!(told.contains("ann@example.com has no authenticator app and no passkey any more"), "{told}");
    let store = &app.core.accounts.store;
    let ways = store.ways_in(&app.user.id).await.unwrap();
    assert_eq!((ways.password, ways.passkeys, ways.code), (true, 0, false));
    assert_eq!(store.recovery_codes_left(&app.user.id).await.unwrap(), 0);
    assert_eq!(store.list_passkeys(&app.user.id).await.unwrap(), Vec::<PasskeyRow>::new());
    assert_eq!(browser.get("/account").await.status(), 303, "they are signed out");
    assert_eq!(location(&try_login(&app.browser(), EMAIL, PASSWORD).await), "/account");
    assert_eq!(app.audit_reasons("second_factor.turned_off").await, ["administrator"]);
    let nobody = gatepost(&url, &["user", "clear-second-factor", "nobody@example.com"], &[]);
    assert_eq!(nobody.status.code(), Some(1));
    assert!(said(&nobody.stderr).contains("there is no person nobody@example.com"));
}

async fn a_weak_password_for_the_administrator_stops_the_start(database: Database) {
    let settings = |password| [("GATEPOST_ADMIN_EMAIL", EMAIL), ("GATEPOST_ADMIN_PASSWORD", password)];
    for (weak, why) in [
        ("password12345678", "This password is easy to guess."),
        (EMAIL, "Do not use your e-mail address"),
        ("too short", "has fewer than 12 characters"),
    ] {
        let refused = gatepost(&database.url, &["serve"], &settings(weak));
        let told = said(&refused.stderr);
        assert!(!refused.status.success(), "{weak}: {told}");
        assert!(told.contains("GATEPOST_ADMIN_PASSWORD") && told.contains(why), "{weak}: {told}");
        assert!(!told.contains("password12345678") && said(&refused.stdout).is_empty(), "{told}");
    }
    let people = gatepost(&database.url, &["user", "list", "--json"], &[]);
    assert_eq!(said(&people.stdout).trim(), "[]", "{}", said(&people.stderr));
}

on_each! {
    clear_second_factor_lets_a_person_in_with_the_password,
    a_weak_password_for_the_administrator_stops_the_start,
}
