//! The pages for administrators that the tests look at: one list per noun.

use askama::Template;

use super::*;

/// Every sample, and the states of it that look different.
pub fn samples() -> Vec<(&'static str, String)> {
    [keys_samples()].concat()
}

/// Every page with one text wherever a stranger's could stand.
pub fn filled(text: &str) -> Vec<(&'static str, String)> {
    [keys_filled(text)].concat()
}

fn keys_samples() -> Vec<(&'static str, String)> {
    let early = Some("key_1 has been published for too short a time.".to_owned());
    vec![
        ("admin-keys", KeysPage::sample().render().unwrap()),
        ("admin-key-rotate", RotateKeyPage::sample().render().unwrap()),
        (
            "admin-key-rotate-early",
            RotateKeyPage { problem: early, ..RotateKeyPage::sample() }.render().unwrap(),
        ),
        ("admin-key-retire", RetireKeyPage::sample().render().unwrap()),
    ]
}

fn keys_filled(text: &str) -> Vec<(&'static str, String)> {
    vec![
        ("admin-keys", KeysPage::filled(text).render().unwrap()),
        ("admin-key-rotate", RotateKeyPage::filled(text).render().unwrap()),
        ("admin-key-retire", RetireKeyPage::filled(text).render().unwrap()),
    ]
}
