//! The second factor: its state, setting an app up, and the recovery codes, shown once.

use askama::Template;

use super::super::filters;
use super::{Shell, Tab};

/// An authenticator app that is set up.
pub struct AuthenticatorView {
    /// In words.
    pub since: String,
    pub codes_left: i64,
}

/// A QR code: modules on a side, and the dark ones as the data of an SVG path.
pub struct QrCode {
    pub size: usize,
    pub path: String,
}

/// The state. Posts `csrf` and `return_to` to `…/set-up`, `csrf` to `…/recovery-codes` and `…/turn-off`.
#[derive(Template)]
#[template(path = "account/second_factor.html")]
pub struct SecondFactorSettingsPage {
    pub shell: Shell,
    pub app: Option<AuthenticatorView>,
    pub passkeys: i64,
    /// Whether the person must have a second factor.
    pub required: bool,
    /// Whether they must, and have none.
    pub must_set_up: bool,
    pub error: Option<String>,
    /// Where to go on once there is one.
    pub return_to: Option<String>,
}

/// An app's secret. Posts `csrf`, `ceremony`, `return_to` and `code` to `…/confirm`.
#[derive(Template)]
#[template(path = "account/app_set_up.html")]
pub struct AppSetUpPage {
    pub shell: Shell,
    pub ceremony: String,
    pub secret: String,
    pub qr: QrCode,
    pub error: Option<String>,
    pub return_to: Option<String>,
}

/// Recovery codes, shown once.
#[derive(Template)]
#[template(path = "account/recovery_codes.html")]
pub struct RecoveryCodesPage {
    pub shell: Shell,
    pub codes: Vec<String>,
    pub just_set_up: bool,
    pub next_url: String,
}

#[cfg(test)]
impl SecondFactorSettingsPage {
    pub fn sample() -> Self {
        Self {
            shell: Shell::sample(Tab::SignIn),
            app: Some(AuthenticatorView { since: "1 March 2026, 09:30 UTC".into(), codes_left: 2 }),
            passkeys: 0,
            required: false,
            must_set_up: false,
            error: None,
            return_to: None,
        }
    }
}

#[cfg(test)]
impl AppSetUpPage {
    pub fn sample() -> Self {
        Self {
            shell: Shell::sample(Tab::SignIn),
            ceremony: "cer_sample".into(),
            secret: "JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP".into(),
            qr: QrCode { size: 29, path: "M4 4h7v1h-7z".into() },
            error: None,
            return_to: None,
        }
    }
}

#[cfg(test)]
impl RecoveryCodesPage {
    pub fn sample() -> Self {
        let codes = (0..10).map(|n| format!("{n}123-4567-89ab-cdef")).collect();
        Self { shell: Shell::sample(Tab::SignIn), codes, just_set_up: true, next_url: "/account".into() }
    }
}
