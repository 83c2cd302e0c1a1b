//! Resources: what surrounds every page about one of them, and those pages.

mod list;
mod quickstart;
mod settings;
mod users;

pub use list::{NewResourcePage, ResourceLine, ResourcesPage};
pub use quickstart::{Duties, ProbeStepView, QuickstartPage, ResourceTestPage};
pub use settings::{DefaultResourcePage, DeleteResourcePage, ResourceSettingsPage, SettingsForm};
pub use users::{
    ResourceClientView, ResourceClientsPage, ResourceConsentView, ResourceMetadataPage, ResourcePeoplePage,
};

/// One resource, on top of its pages.
pub struct ResourceHead {
    pub id: String,
    pub name: String,
    /// `built in` or `elsewhere`.
    pub kind: String,
    pub tab: ResourceTab,
}

/// The pages about one resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResourceTab {
    Quickstart,
    Settings,
    Scopes,
    Metadata,
    Clients,
    People,
}

impl ResourceTab {
    /// In the order they are shown.
    pub const ALL: [Self; 6] =
        [Self::Quickstart, Self::Settings, Self::Scopes, Self::Metadata, Self::Clients, Self::People];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Quickstart => "Quickstart",
            Self::Settings => "Settings",
            Self::Scopes => "Scopes",
            Self::Metadata => "Metadata",
            Self::Clients => "Clients",
            Self::People => "People",
        }
    }

    /// Where the page is; `id` is the resource's.
    pub fn url(self, id: &str) -> String {
        let rest = match self {
            Self::Quickstart => "",
            Self::Settings => "/settings",
            Self::Scopes => "/scopes",
            Self::Metadata => "/metadata",
            Self::Clients => "/clients",
            Self::People => "/people",
        };
        format!("/admin/resources/{id}{rest}")
    }
}

#[cfg(test)]
impl ResourceHead {
    pub fn sample(tab: ResourceTab) -> Self {
        Self { id: "res_06c0a0".into(), name: "Notes".into(), kind: "elsewhere".into(), tab }
    }

    /// With one text wherever a stranger's could stand.
    pub fn filled(text: &str, tab: ResourceTab) -> Self {
        Self { id: "res_06c0a0".into(), name: text.into(), kind: text.into(), tab }
    }
}
