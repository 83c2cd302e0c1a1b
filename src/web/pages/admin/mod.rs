//! The pages for administrators: one file per noun, each page inside the same [`Shell`].

mod api_reference;
mod api_tokens;
mod audit;
mod clients;
mod exchanges;
mod grants;
mod home;
mod issuers;
mod keys;
mod people;
mod resources;
#[cfg(test)]
mod samples;
mod scopes;
mod settings;

pub use api_reference::{ApiReferencePage, FieldView, GroupView, OperationView, ProblemView};
pub use api_tokens::{ApiTokenMadePage, ApiTokenView, ApiTokensPage, NewApiTokenPage, RevokeApiTokenPage};
pub use audit::{
    AuditPage, EventLine, EventPage, FilterView, KindView, LivePage, MomentView, StepView, VerdictView,
};
pub use clients::*;
pub use exchanges::{DeleteExchangePage, ExchangeForm, ExchangeFormPage, ExchangeLine, ExchangesPage};
pub use grants::{ClientChoices, GrantPage, GrantView, GrantsPage, WhoView};
pub use home::{AdminHomePage, Bar, ChartView, ConcernView, FirstStepView, LineView, ResourceLinesView};
pub use issuers::{
    DeleteIssuerPage, DeleteRulePage, IssuerForm, IssuerFormPage, IssuerLine, IssuerPage, IssuersPage,
    RuleForm, RuleFormPage, RuleLine, TestedView,
};
pub use keys::{KeyView, KeysPage, RetireKeyPage, RotateKeyPage};
pub use people::{
    AppView, EditPersonPage, IdentityView, NewPersonPage, PasskeyView, PeoplePage, PersonFactorPage,
    PersonHead, PersonLinkPage, PersonPage, PersonView, SignInView, StepPage,
};
pub use resources::*;
#[cfg(test)]
pub use samples::{filled, samples};
pub use scopes::{
    Choice, DeleteScopePage, HoldersView, RenameScopePage, ScopeFormPage, ScopeLine, ScopesPage,
};
pub use settings::{
    AllowRegistrationPage, BrandingPage, ChoiceView, ProviderCheckPage, ProviderView,
    RequireSecondFactorPage, RuleState, SettingsPage,
};

use crate::admin::{Failure, Problem};

/// What surrounds every page: who is signed in, the parts, and good news from the step before.
pub struct Shell {
    pub csrf: String,
    pub email: String,
    /// The part that is open.
    pub area: Area,
    pub notice: Option<&'static str>,
    /// What of this page is kept elsewhere.
    pub elsewhere: Vec<String>,
}

/// The parts of the administration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Area {
    Home,
    Resources,
    Clients,
    People,
    Grants,
    Issuers,
    Keys,
    Audit,
    Settings,
    Api,
}

impl Area {
    /// In the order they are shown.
    pub const ALL: [Self; 10] = [
        Self::Home,
        Self::Resources,
        Self::Clients,
        Self::People,
        Self::Grants,
        Self::Issuers,
        Self::Keys,
        Self::Audit,
        Self::Settings,
        Self::Api,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Home => "Home",
            Self::Resources => "Resources",
            Self::Clients => "Clients",
            Self::People => "People",
            Self::Grants => "Grants",
            Self::Issuers => "Trust",
            Self::Keys => "Keys",
            Self::Audit => "Audit",
            Self::Settings => "Settings",
            Self::Api => "API",
        }
    }

    pub const fn url(self) -> &'static str {
        match self {
            Self::Home => "/admin",
            Self::Resources => "/admin/resources",
            Self::Clients => "/admin/clients",
            Self::People => "/admin/people",
            Self::Grants => "/admin/grants",
            Self::Issuers => "/admin/issuers",
            Self::Keys => "/admin/keys",
            Self::Audit => "/admin/audit",
            Self::Settings => "/admin/settings",
            Self::Api => "/admin/api",
        }
    }
}

/// What is wrong with the fields of a form.
#[derive(Clone, Debug, Default)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    /// The sentence about a field.
    pub fn of(&self, field: &str) -> Option<&str> {
        self.0.iter().find(|p| p.field == field).map(|p| p.sentence.as_str())
    }

    /// Those of a failure: none but where fields cannot be taken.
    pub fn of_failure(failure: &Failure) -> Self {
        match failure {
            Failure::Invalid(problems) => Self(problems.clone()),
            Failure::NotFound | Failure::Changed | Failure::Refused { .. } | Failure::Store(_) => {
                Self::default()
            }
        }
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
impl Shell {
    pub fn sample(area: Area) -> Self {
        Self {
            csrf: "sample-form-token".into(),
            email: "ada@example.com".into(),
            area,
            notice: Some("It is saved."),
            elsewhere: vec!["Notes takes its tokens from ScaleKit.".into()],
        }
    }

    /// With one text wherever a stranger's could stand.
    pub fn filled(text: &str, area: Area) -> Self {
        Self { csrf: text.into(), email: text.into(), elsewhere: vec![text.into()], ..Self::sample(area) }
    }
}
