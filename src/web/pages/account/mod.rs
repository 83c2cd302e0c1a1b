//! The pages of a person's own account: one struct per page, each inside the same [`Shell`].

mod activity;
mod apps;
mod data;
mod identities;
mod overview;
mod passkeys;
mod password;
mod second_factor;
mod sessions;
mod sign_in;

pub use activity::{ActivityPage, EntryView};
pub use apps::{AppView, AppsPage};
pub use data::DataPage;
pub use identities::{AddIdentityPage, IdentitiesPage, IdentityView, RemoveIdentityPage};
pub use overview::OverviewPage;
pub use passkeys::{PasskeyPage, PasskeyView, PasskeysPage};
pub use password::PasswordPage;
pub use second_factor::{
    AppSetUpPage, AuthenticatorView, QrCode, RecoveryCodesPage, SecondFactorSettingsPage,
};
pub use sessions::{SessionView, SessionsPage};
pub use sign_in::SignInPage;

/// What surrounds every page of the account: who is signed in, the tabs, and good news from the step before.
pub struct Shell {
    pub csrf: String,
    pub email: String,
    pub is_admin: bool,
    /// The tab that is open.
    pub tab: Tab,
    pub notice: Option<&'static str>,
}

/// The parts of the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tab {
    Overview,
    Apps,
    SignIn,
    Sessions,
    Activity,
    Data,
}

impl Tab {
    /// In the order they are shown.
    pub const ALL: [Self; 6] =
        [Self::Overview, Self::Apps, Self::SignIn, Self::Sessions, Self::Activity, Self::Data];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Apps => "Apps",
            Self::SignIn => "Sign-in",
            Self::Sessions => "Sessions",
            Self::Activity => "Activity",
            Self::Data => "Data",
        }
    }

    pub const fn url(self) -> &'static str {
        match self {
            Self::Overview => "/account",
            Self::Apps => "/account/apps",
            Self::SignIn => "/account/sign-in",
            Self::Sessions => "/account/sessions",
            Self::Activity => "/account/activity",
            Self::Data => "/account/data",
        }
    }
}

#[cfg(test)]
impl Shell {
    pub fn sample(tab: Tab) -> Self {
        Self {
            csrf: "sample-form-token".into(),
            email: "ada@example.com".into(),
            is_admin: true,
            tab,
            notice: Some("Your new password is saved."),
        }
    }

    /// With one text wherever a stranger's could stand.
    pub fn filled(text: &str, tab: Tab) -> Self {
        Self { csrf: text.into(), email: text.into(), ..Self::sample(tab) }
    }
}
