//! The pages for administrators that the tests look at: one list per noun.

use askama::Template;

use super::*;

/// Every sample, and the states of it that look different.
pub fn samples() -> Vec<(&'static str, String)> {
    [
        clients_samples(),
        people_samples(),
        grants_samples(),
        keys_samples(),
        issuers::samples::samples(),
        exchanges::samples::samples(),
        resources_samples(),
        scopes_samples(),
        audit_samples(),
        settings_samples(),
        api_samples(),
    ]
    .concat()
}

/// Every page with one text wherever a stranger's could stand.
pub fn filled(text: &str) -> Vec<(&'static str, String)> {
    [
        clients_filled(text),
        people_filled(text),
        grants_filled(text),
        keys_filled(text),
        issuers::samples::filled(text),
        exchanges::samples::filled(text),
        resources_filled(text),
        scopes_filled(text),
        audit_filled(text),
        settings_filled(text),
        api_filled(text),
    ]
    .concat()
}

fn api_samples() -> Vec<(&'static str, String)> {
    let none = ApiTokensPage { tokens: Vec::new(), next_url: None, ..ApiTokensPage::sample() };
    let wrong = NewApiTokenPage {
        problems: Problems(vec![Problem::new("scopes", "Choose at least one.")]),
        ..NewApiTokenPage::sample()
    };
    vec![
        ("admin-api", ApiReferencePage::sample().render().unwrap()),
        ("admin-api-tokens", ApiTokensPage::sample().render().unwrap()),
        ("admin-api-tokens-none", none.render().unwrap()),
        ("admin-api-token-new", NewApiTokenPage::sample().render().unwrap()),
        ("admin-api-token-new-wrong", wrong.render().unwrap()),
        ("admin-api-token-made", ApiTokenMadePage::sample().render().unwrap()),
        ("admin-api-token-revoke", RevokeApiTokenPage::sample().render().unwrap()),
    ]
}

fn api_filled(text: &str) -> Vec<(&'static str, String)> {
    vec![
        ("admin-api", ApiReferencePage::filled(text).render().unwrap()),
        ("admin-api-tokens", ApiTokensPage::filled(text).render().unwrap()),
        ("admin-api-token-new", NewApiTokenPage::filled(text).render().unwrap()),
        ("admin-api-token-made", ApiTokenMadePage::filled(text).render().unwrap()),
        ("admin-api-token-revoke", RevokeApiTokenPage::filled(text).render().unwrap()),
    ]
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

fn scopes_samples() -> Vec<(&'static str, String)> {
    let text = "notes:read";
    let new =
        ScopeFormPage { is_new: true, is_builtin: false, name: String::new(), ..ScopeFormPage::sample() };
    let changed = ScopeFormPage { problems: Problems::default(), ..ScopeFormPage::filled(text) };
    let none = ScopesPage { scopes: Vec::new(), hidden_tools: Vec::new(), ..ScopesPage::sample() };
    vec![
        ("admin-scopes", ScopesPage::sample().render().unwrap()),
        ("admin-scopes-none", none.render().unwrap()),
        ("admin-scope-add", new.render().unwrap()),
        ("admin-scope-edit", ScopeFormPage::sample().render().unwrap()),
        (
            "admin-scope-edit-problem",
            ScopeFormPage { now: None, ..ScopeFormPage::filled(text) }.render().unwrap(),
        ),
        ("admin-scope-edit-changed", changed.render().unwrap()),
        ("admin-scope-rename", RenameScopePage::sample().render().unwrap()),
        ("admin-scope-delete", DeleteScopePage::sample().render().unwrap()),
    ]
}

fn scopes_filled(text: &str) -> Vec<(&'static str, String)> {
    let lines = ScopeFormPage { is_new: true, is_builtin: false, ..ScopeFormPage::filled(text) };
    vec![
        ("admin-scopes", ScopesPage::filled(text).render().unwrap()),
        ("admin-scope-add", lines.render().unwrap()),
        ("admin-scope-edit", ScopeFormPage::filled(text).render().unwrap()),
        ("admin-scope-rename", RenameScopePage::filled(text).render().unwrap()),
        ("admin-scope-delete", DeleteScopePage::filled(text).render().unwrap()),
    ]
}

fn clients_samples() -> Vec<(&'static str, String)> {
    let made_before = ClientMadePage { is_repeat: true, secret: None, ..ClientMadePage::sample() };
    let dynamic = EditClientPage { is_dynamic: true, ..EditClientPage::sample() };
    let changed = EditClientPage { problems: Problems::default(), ..EditClientPage::filled("notes") };
    let typed = DeleteClientPage { shell: Shell::sample(Area::Clients), ..DeleteClientPage::filled("cli_1") };
    vec![
        ("admin-clients", ClientsPage::sample().render().unwrap()),
        ("admin-clients-none", ClientsPage::empty().render().unwrap()),
        ("admin-client-kinds", ClientKindPage::sample().render().unwrap()),
        ("admin-client-new-public", NewClientPage::sample(Sort::Public).render().unwrap()),
        ("admin-client-new-confidential", NewClientPage::sample(Sort::Confidential).render().unwrap()),
        ("admin-client-new-machine", NewClientPage::sample(Sort::Machine).render().unwrap()),
        ("admin-client-new-problem", NewClientPage::filled("notes").render().unwrap()),
        ("admin-client-made", ClientMadePage::sample().render().unwrap()),
        ("admin-client-made-machine", ClientMadePage::machine().render().unwrap()),
        ("admin-client-made-before", made_before.render().unwrap()),
        ("admin-client-edit", EditClientPage::sample().render().unwrap()),
        ("admin-client-edit-dynamic", dynamic.render().unwrap()),
        ("admin-client-edit-changed", changed.render().unwrap()),
        ("admin-client-secrets", ClientSecretsPage::sample().render().unwrap()),
        ("admin-client-secrets-none", ClientSecretsPage::none().render().unwrap()),
        ("admin-client-secrets-public", ClientSecretsPage::public().render().unwrap()),
        ("admin-client-secret-made", SecretMadePage::sample().render().unwrap()),
        (
            "admin-client-secret-made-before",
            SecretMadePage { text: None, ..SecretMadePage::sample() }.render().unwrap(),
        ),
        ("admin-client-secret-end", EndSecretPage::sample().render().unwrap()),
        ("admin-client-secret-end-last", EndSecretPage::filled("x7Qa").render().unwrap()),
        ("admin-client-timeline", ClientTimelinePage::sample().render().unwrap()),
        ("admin-client-timeline-empty", ClientTimelinePage::empty().render().unwrap()),
        ("admin-client", ClientPage::sample().render().unwrap()),
        ("admin-client-unreadable", ClientPage::unreadable().render().unwrap()),
        ("admin-client-disabled", ClientPage::disabled().render().unwrap()),
        ("admin-client-delete", DeleteClientPage::sample().render().unwrap()),
        ("admin-client-delete-problem", typed.render().unwrap()),
    ]
}

fn clients_filled(text: &str) -> Vec<(&'static str, String)> {
    vec![
        ("admin-clients", ClientsPage::filled(text).render().unwrap()),
        ("admin-client-new", NewClientPage::filled(text).render().unwrap()),
        ("admin-client-made", ClientMadePage::filled(text).render().unwrap()),
        ("admin-client-edit", EditClientPage::filled(text).render().unwrap()),
        ("admin-client-secrets", ClientSecretsPage::filled(text).render().unwrap()),
        ("admin-client-secret-made", SecretMadePage::filled(text).render().unwrap()),
        ("admin-client-secret-end", EndSecretPage::filled(text).render().unwrap()),
        ("admin-client-timeline", ClientTimelinePage::filled(text).render().unwrap()),
        ("admin-client", ClientPage::filled(text).render().unwrap()),
        ("admin-client-delete", DeleteClientPage::filled(text).render().unwrap()),
    ]
}

fn audit_samples() -> Vec<(&'static str, String)> {
    vec![
        ("admin-home", AdminHomePage::sample().render().unwrap()),
        ("admin-home-new", AdminHomePage::new_server().render().unwrap()),
        ("admin-audit", AuditPage::sample().render().unwrap()),
        ("admin-audit-empty", AuditPage::empty().render().unwrap()),
        ("admin-audit-event", EventPage::sample().render().unwrap()),
        ("admin-audit-event-alone", EventPage::alone().render().unwrap()),
        ("admin-audit-live", LivePage::sample().render().unwrap()),
    ]
}

fn audit_filled(text: &str) -> Vec<(&'static str, String)> {
    vec![
        ("admin-home", AdminHomePage::filled(text).render().unwrap()),
        ("admin-audit", AuditPage::filled(text).render().unwrap()),
        ("admin-audit-event", EventPage::filled(text).render().unwrap()),
        ("admin-audit-live", LivePage::filled(text).render().unwrap()),
    ]
}

fn settings_samples() -> Vec<(&'static str, String)> {
    let bare = SettingsPage {
        providers: Vec::new(),
        warnings: Vec::new(),
        sections: Vec::new(),
        has_mail: false,
        has_logo: true,
        ..SettingsPage::sample()
    };
    let fault = Some("the connection timed out".to_owned());
    let preview = BrandingPage { preview: Some("Acme".to_owned()), has_logo: true, ..BrandingPage::sample() };
    let fixed = RequireSecondFactorPage { rule: RuleState::Fixed, ..RequireSecondFactorPage::sample() };
    let changed = AllowRegistrationPage {
        rule: RuleState::Changed,
        open: Vec::new(),
        ..AllowRegistrationPage::sample()
    };
    vec![
        ("admin-settings", SettingsPage::sample().render().unwrap()),
        ("admin-settings-bare", bare.render().unwrap()),
        ("admin-provider", ProviderCheckPage::sample().render().unwrap()),
        ("admin-provider-away", ProviderCheckPage { fault, ..ProviderCheckPage::sample() }.render().unwrap()),
        ("admin-require-factor", RequireSecondFactorPage::sample().render().unwrap()),
        ("admin-require-factor-fixed", fixed.render().unwrap()),
        ("admin-registration", AllowRegistrationPage::sample().render().unwrap()),
        ("admin-registration-changed", changed.render().unwrap()),
        ("admin-branding", BrandingPage::sample().render().unwrap()),
        ("admin-branding-preview", preview.render().unwrap()),
    ]
}

fn settings_filled(text: &str) -> Vec<(&'static str, String)> {
    vec![
        ("admin-settings", SettingsPage::filled(text).render().unwrap()),
        ("admin-provider", ProviderCheckPage::filled(text).render().unwrap()),
        ("admin-require-factor", RequireSecondFactorPage::filled(text).render().unwrap()),
        ("admin-registration", AllowRegistrationPage::filled(text).render().unwrap()),
        ("admin-branding", BrandingPage::filled(text).render().unwrap()),
    ]
}

fn people_samples() -> Vec<(&'static str, String)> {
    let edit = EditPersonPage::sample;
    vec![
        ("admin-people", PeoplePage::sample().render().unwrap()),
        ("admin-people-none", PeoplePage::empty("", false).render().unwrap()),
        ("admin-people-not-found", PeoplePage::empty("x", false).render().unwrap()),
        ("admin-people-go-on", PeoplePage::empty("x", true).render().unwrap()),
        ("admin-person-new", NewPersonPage::sample().render().unwrap()),
        ("admin-person-edit", edit().render().unwrap()),
        ("admin-person-edit-changed", EditPersonPage { changed: true, ..edit() }.render().unwrap()),
        ("admin-person", PersonPage::sample().render().unwrap()),
        ("admin-person-bare", PersonPage::bare().render().unwrap()),
        ("admin-person-you", PersonPage { is_you: true, ..PersonPage::sample() }.render().unwrap()),
        ("admin-person-step", StepPage::sample().render().unwrap()),
        ("admin-person-second-factor", PersonFactorPage::sample(true).render().unwrap()),
        ("admin-person-second-factor-general", PersonFactorPage::sample(false).render().unwrap()),
        ("admin-person-link", PersonLinkPage::sample().render().unwrap()),
    ]
}

fn people_filled(text: &str) -> Vec<(&'static str, String)> {
    vec![
        ("admin-people", PeoplePage::filled(text).render().unwrap()),
        ("admin-person-new", NewPersonPage::filled(text).render().unwrap()),
        ("admin-person-edit", EditPersonPage::filled(text).render().unwrap()),
        ("admin-person", PersonPage::filled(text).render().unwrap()),
        ("admin-person-step", StepPage::filled(text).render().unwrap()),
        ("admin-person-second-factor", PersonFactorPage::filled(text).render().unwrap()),
        ("admin-person-link", PersonLinkPage::filled(text).render().unwrap()),
    ]
}

fn grants_samples() -> Vec<(&'static str, String)> {
    vec![
        ("admin-grants", GrantsPage::sample().render().unwrap()),
        ("admin-grants-none", GrantsPage::empty("", None).render().unwrap()),
        ("admin-grants-not-found", GrantsPage::empty("x", None).render().unwrap()),
        ("admin-grants-go-on", GrantsPage::empty("x", Some("1 March 2026")).render().unwrap()),
        ("admin-grant", GrantPage::sample().render().unwrap()),
        ("admin-grant-machine", GrantPage::machine().render().unwrap()),
    ]
}

fn grants_filled(text: &str) -> Vec<(&'static str, String)> {
    vec![
        ("admin-grants", GrantsPage::filled(text).render().unwrap()),
        ("admin-grant", GrantPage::filled(text).render().unwrap()),
    ]
}

fn resources_samples() -> Vec<(&'static str, String)> {
    let only_here = ResourcesPage { any_elsewhere: false, ..ResourcesPage::sample() };
    let wrong = NewResourcePage {
        problems: Problems(vec![Problem::new("url", "Use https://.")]),
        ..NewResourcePage::sample()
    };
    let here = QuickstartPage { duties: None, is_default: true, ..QuickstartPage::sample() };
    let mut without_python = QuickstartPage::sample();
    without_python.duties = without_python.duties.map(|duties| Duties { python: None, ..duties });
    let untested = ResourceTestPage { steps: Vec::new(), failed: 0, ..ResourceTestPage::sample() };
    let mut fine = ResourceTestPage::sample();
    fine.steps.truncate(1);
    fine.failed = 0;
    let conflict = ResourceSettingsPage {
        now: Some(vec![("Name", "Notes of all".into())]),
        ..ResourceSettingsPage::sample()
    };
    let built_in = ResourceSettingsPage {
        form: SettingsForm { url: None, ..ResourceSettingsPage::sample().form },
        is_default: true,
        is_deletable: false,
        ..ResourceSettingsPage::sample()
    };
    let no_clients =
        ResourceClientsPage { clients: Vec::new(), next_url: None, ..ResourceClientsPage::sample() };
    let no_people = ResourcePeoplePage { consents: Vec::new(), ..ResourcePeoplePage::sample() };
    let served_here = ResourceMetadataPage { copy_url: None, ..ResourceMetadataPage::sample() };
    vec![
        ("admin-resources", ResourcesPage::sample().render().unwrap()),
        ("admin-resources-only-here", only_here.render().unwrap()),
        ("admin-resource-new", NewResourcePage::sample().render().unwrap()),
        ("admin-resource-new-wrong", wrong.render().unwrap()),
        ("admin-resource", QuickstartPage::sample().render().unwrap()),
        ("admin-resource-bound", QuickstartPage::bound().render().unwrap()),
        ("admin-resource-here", here.render().unwrap()),
        ("admin-resource-eddsa", without_python.render().unwrap()),
        ("admin-resource-test", ResourceTestPage::sample().render().unwrap()),
        ("admin-resource-untested", untested.render().unwrap()),
        ("admin-resource-test-fine", fine.render().unwrap()),
        ("admin-resource-settings", ResourceSettingsPage::sample().render().unwrap()),
        ("admin-resource-settings-conflict", conflict.render().unwrap()),
        ("admin-resource-settings-here", built_in.render().unwrap()),
        ("admin-resource-default", DefaultResourcePage::sample().render().unwrap()),
        ("admin-resource-delete", DeleteResourcePage::sample().render().unwrap()),
        ("admin-resource-metadata", ResourceMetadataPage::sample().render().unwrap()),
        ("admin-resource-metadata-here", served_here.render().unwrap()),
        ("admin-resource-clients", ResourceClientsPage::sample().render().unwrap()),
        ("admin-resource-clients-none", no_clients.render().unwrap()),
        ("admin-resource-people", ResourcePeoplePage::sample().render().unwrap()),
        ("admin-resource-people-none", no_people.render().unwrap()),
    ]
}

fn resources_filled(text: &str) -> Vec<(&'static str, String)> {
    vec![
        ("admin-resources", ResourcesPage::filled(text).render().unwrap()),
        ("admin-resource-new", NewResourcePage::filled(text).render().unwrap()),
        ("admin-resource", QuickstartPage::filled(text).render().unwrap()),
        ("admin-resource-test", ResourceTestPage::filled(text).render().unwrap()),
        ("admin-resource-settings", ResourceSettingsPage::filled(text).render().unwrap()),
        ("admin-resource-default", DefaultResourcePage::filled(text).render().unwrap()),
        ("admin-resource-delete", DeleteResourcePage::filled(text).render().unwrap()),
        ("admin-resource-metadata", ResourceMetadataPage::filled(text).render().unwrap()),
        ("admin-resource-clients", ResourceClientsPage::filled(text).render().unwrap()),
        ("admin-resource-people", ResourcePeoplePage::filled(text).render().unwrap()),
    ]
}
