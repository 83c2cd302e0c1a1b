//! Settings. The forms post `csrf`, `version` and: `require`; `enabled`; `name`, `accent` and `accent_dark`; `logo`.

use askama::Template;

use super::super::filters;
use super::{Area, Problems, Shell};
use crate::admin::Failure;
use crate::admin::settings::BrandingInput;
use crate::config::SectionInForce;
use crate::types::Requirement;

/// Everything in force.
#[derive(Template)]
#[template(path = "admin/settings/list.html")]
pub struct SettingsPage {
    pub shell: Shell,
    pub brand_name: String,
    pub has_logo: bool,
    pub second_factor: ChoiceView,
    pub registration: ChoiceView,
    pub has_mail: bool,
    pub providers: Vec<ProviderView>,
    pub warnings: Vec<String>,
    pub sections: Vec<SectionInForce>,
}

/// A rule that can be set here, unless the configuration sets it.
pub struct ChoiceView {
    pub value: String,
    pub is_fixed: bool,
    pub is_default: bool,
}

impl ChoiceView {
    pub const fn source(&self) -> &'static str {
        match (self.is_fixed, self.is_default) {
            (true, _) => "the configuration",
            (false, true) => "default",
            (false, false) => "set here",
        }
    }
}

/// Whether a rule can be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleState {
    Free,
    /// Somebody else set it since the page was opened.
    Changed,
    /// The configuration sets it.
    Fixed,
}

impl RuleState {
    pub fn of(is_fixed: bool, failure: Option<&Failure>) -> Self {
        match failure {
            _ if is_fixed => Self::Fixed,
            Some(Failure::Changed) => Self::Changed,
            _ => Self::Free,
        }
    }

    pub fn is_fixed(self) -> bool {
        self == Self::Fixed
    }

    pub fn is_changed(self) -> bool {
        self == Self::Changed
    }
}

/// One login provider.
pub struct ProviderView {
    /// In the settings and in URLs.
    pub name: String,
    pub label: String,
    pub issuer: String,
    /// Who gets an account by signing in there.
    pub admits: String,
    pub redirect_uri: String,
}

/// Whether a login provider answered.
#[derive(Template)]
#[template(path = "admin/settings/provider.html")]
pub struct ProviderCheckPage {
    pub shell: Shell,
    pub provider: ProviderView,
    pub fault: Option<String>,
}

/// Of whom a second factor is required.
#[derive(Template)]
#[template(path = "admin/settings/second_factor.html")]
pub struct RequireSecondFactorPage {
    pub shell: Shell,
    pub problems: Problems,
    pub rule: RuleState,
    pub chosen: Requirement,
    pub in_force: Requirement,
    /// Whether the one who looks at the page has a second factor.
    pub has_own: bool,
    pub version: i64,
}

/// Whether clients may register themselves.
#[derive(Template)]
#[template(path = "admin/settings/registration.html")]
pub struct AllowRegistrationPage {
    pub shell: Shell,
    pub rule: RuleState,
    pub enabled: bool,
    pub in_force: bool,
    /// The resources that are open to clients that register themselves.
    pub open: Vec<String>,
    pub version: i64,
}

/// The look of the pages.
#[derive(Template)]
#[template(path = "admin/settings/branding.html")]
pub struct BrandingPage {
    pub shell: Shell,
    pub problems: Problems,
    pub is_changed: bool,
    pub input: BrandingInput,
    /// What somebody else saved meanwhile.
    pub stored: Option<BrandingInput>,
    pub version: i64,
    pub logo_version: i64,
    pub logo_url: String,
    pub logo_width: u32,
    pub has_logo: bool,
    /// The name in the preview; nothing where there is none.
    pub preview: Option<String>,
}

impl SettingsPage {
    /// A sentence in pieces: text, and what stands between backticks.
    pub fn pieces(text: &str) -> Vec<(bool, &str)> {
        text.split('`').enumerate().map(|(at, piece)| (at % 2 == 1, piece)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::SettingsPage;
    use crate::config::SECTIONS;

    #[test]
    fn what_stands_between_backticks_is_code() {
        assert_eq!(
            SettingsPage::pieces("Set `a` or `b`."),
            [(false, "Set "), (true, "a"), (false, " or "), (true, "b"), (false, ".")]
        );
        for text in SECTIONS.iter().flat_map(|s| s.keys.iter().map(|key| key.doc).chain([s.doc])) {
            assert_eq!(text.join(" ").matches('`').count() % 2, 0, "{text:?}");
        }
    }
}

#[cfg(test)]
mod samples {
    use super::*;
    use crate::admin::Problem;
    use crate::config::SettingInForce;

    fn section(text: impl Fn(&str) -> String) -> SectionInForce {
        let setting = |key: &str, value: &str, origin: &str| SettingInForce {
            key: text(key),
            value: text(value),
            origin: text(origin),
            is_default: origin == "default",
            meaning: text("Life of an access token, in seconds."),
            variable: text("GATEPOST_TOKENS__ACCESS_TOKEN_SECONDS"),
        };
        SectionInForce {
            name: text("tokens"),
            meaning: text("How long the things that Gatepost issues live."),
            settings: vec![
                setting("tokens.access_token_seconds", "900", "file gatepost.toml"),
                setting("tokens.code_seconds", "60", "default"),
            ],
        }
    }

    fn provider(text: impl Fn(&str) -> String) -> ProviderView {
        ProviderView {
            name: text("example"),
            label: text("Example"),
            issuer: text("https://id.example.com"),
            admits: text("people of example.com"),
            redirect_uri: text("http://localhost:10000/login/example/callback"),
        }
    }

    impl SettingsPage {
        pub fn sample() -> Self {
            Self::with(Shell::sample(Area::Settings), ToOwned::to_owned)
        }

        pub fn filled(text: &str) -> Self {
            Self::with(Shell::filled(text, Area::Settings), |_| text.to_owned())
        }

        fn with(shell: Shell, text: impl Fn(&str) -> String) -> Self {
            let choice =
                |value: &str, is_fixed| ChoiceView { value: text(value), is_fixed, is_default: true };
            Self {
                shell,
                brand_name: text("Gatepost"),
                has_logo: false,
                second_factor: choice("nobody", false),
                registration: choice("on", true),
                has_mail: true,
                providers: vec![provider(&text)],
                warnings: vec![text("The database is in memory.")],
                sections: vec![section(&text)],
            }
        }
    }

    impl ProviderCheckPage {
        pub fn sample() -> Self {
            let shell = Shell::sample(Area::Settings);
            Self { shell, provider: provider(ToOwned::to_owned), fault: None }
        }

        pub fn filled(text: &str) -> Self {
            let shell = Shell::filled(text, Area::Settings);
            Self { shell, provider: provider(|_| text.to_owned()), fault: Some(text.to_owned()) }
        }
    }

    impl RequireSecondFactorPage {
        pub fn sample() -> Self {
            Self {
                shell: Shell::sample(Area::Settings),
                problems: Problems::default(),
                rule: RuleState::Free,
                chosen: Requirement::Nobody,
                in_force: Requirement::Nobody,
                has_own: false,
                version: 1,
            }
        }

        pub fn filled(text: &str) -> Self {
            let problems = Problems(vec![Problem::new("require", text)]);
            Self { shell: Shell::filled(text, Area::Settings), problems, ..Self::sample() }
        }
    }

    impl AllowRegistrationPage {
        pub fn sample() -> Self {
            Self {
                shell: Shell::sample(Area::Settings),
                rule: RuleState::Free,
                enabled: true,
                in_force: true,
                open: vec!["Gatepost tools".to_owned()],
                version: 1,
            }
        }

        pub fn filled(text: &str) -> Self {
            let shell = Shell::filled(text, Area::Settings);
            Self { shell, open: vec![text.to_owned()], ..Self::sample() }
        }
    }

    impl BrandingPage {
        pub fn sample() -> Self {
            Self {
                shell: Shell::sample(Area::Settings),
                problems: Problems::default(),
                is_changed: false,
                input: BrandingInput { accent: "#1d6b57".to_owned(), ..BrandingInput::default() },
                stored: None,
                version: 1,
                logo_version: 1,
                logo_url: "/static/logo.svg".to_owned(),
                logo_width: 32,
                has_logo: false,
                preview: None,
            }
        }

        pub fn filled(text: &str) -> Self {
            let t = || text.to_owned();
            let input = || BrandingInput { name: t(), accent: t(), accent_dark: t() };
            let fields = ["name", "accent", "accent_dark"];
            Self {
                shell: Shell::filled(text, Area::Settings),
                problems: Problems(fields.map(|field| Problem::new(field, text)).to_vec()),
                input: input(),
                stored: Some(input()),
                is_changed: true,
                has_logo: true,
                preview: Some(t()),
                ..Self::sample()
            }
        }
    }
}
