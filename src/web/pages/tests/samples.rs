//! The pages that the tests look at: every sample with its states, and every page filled with one text.

use askama::Template;

use crate::web::pages::account::{
    ActivityPage, AddIdentityPage, AppSetUpPage, AppsPage, AuthenticatorView, DataPage, IdentitiesPage,
    IdentityView, OverviewPage, PasskeyPage, PasskeyView, PasskeysPage, PasswordPage, QrCode,
    RecoveryCodesPage, RemoveIdentityPage, SecondFactorSettingsPage, SessionsPage, Shell, SignInPage, Tab,
};
use crate::web::pages::*;

/// Every sample, and the states of it that look different.
pub fn samples() -> Vec<(&'static str, String)> {
    let wrong = || Some("That email and password do not belong together.".to_owned());
    let mut web = ConsentPage::sample();
    web.client.known = KnownAs::VerifiedHost("claude.example".into());
    web.client.redirect = RedirectKind::Web;
    web.client.redirect_host = "claude.example".into();
    let mut app = ConsentPage::sample();
    app.client.known = KnownAs::RegisteredHere;
    app.client.redirect = RedirectKind::App("cursor".into());
    app.client.client_uri = None;
    app.scopes.clear();
    let mut long = ConsentPage::sample();
    long.client.name = "\u{202E}Trusted<b>Bank ".repeat(40);
    long.client.redirect_host = format!("{}.example", "a-very-long-label".repeat(9));
    long.user_email = format!("{}@example.com", "ada".repeat(20));
    let mut home_in = HomePage::sample();
    (home_in.signed_in, home_in.setup_needed) = (Some("ada@example.com".into()), false);
    vec![
        ("login", LoginPage::sample().render().unwrap()),
        (
            "login-error",
            LoginPage { error: wrong(), email: "ada@example.com".into(), ..LoginPage::sample() }
                .render()
                .unwrap(),
        ),
        (
            "login-plain",
            LoginPage { client_name: None, resource_name: None, ..LoginPage::sample() }.render().unwrap(),
        ),
        ("consent", ConsentPage::sample().render().unwrap()),
        ("consent-web", web.render().unwrap()),
        ("consent-app", app.render().unwrap()),
        ("consent-long", long.render().unwrap()),
        ("error", ErrorPage::sample().render().unwrap()),
        ("leaving", LeavingPage::sample().render().unwrap()),
        (
            "leaving-long",
            LeavingPage {
                client_name: "\u{202E}Trusted<b>Bank ".repeat(40),
                host: format!("{}.example", "a-very-long-label".repeat(9)),
                ..LeavingPage::sample()
            }
            .render()
            .unwrap(),
        ),
        ("setup", SetupPage::sample().render().unwrap()),
        ("setup-error", SetupPage { error: wrong(), ..SetupPage::sample() }.render().unwrap()),
        ("reset", ResetPage::sample().render().unwrap()),
        ("reset-error", ResetPage { error: wrong(), ..ResetPage::sample() }.render().unwrap()),
        ("home", HomePage::sample().render().unwrap()),
        ("home-signed-in", home_in.render().unwrap()),
        (
            "login-again",
            LoginPage { again: Some(Again::Fresh), email: "ada@example.com".into(), ..LoginPage::sample() }
                .render()
                .unwrap(),
        ),
        (
            "login-providers",
            LoginPage { providers: ProviderButton::samples(), ..LoginPage::sample() }.render().unwrap(),
        ),
        (
            "login-second-factor-needed",
            LoginPage { again: Some(Again::SecondFactor), passkey_problem: wrong(), ..LoginPage::sample() }
                .render()
                .unwrap(),
        ),
        ("login-no-passkeys", LoginPage { passkeys: false, ..LoginPage::sample() }.render().unwrap()),
        ("logout", LogoutPage::sample().render().unwrap()),
        ("message", MessagePage::sample().render().unwrap()),
    ]
    .into_iter()
    .chain(device_samples())
    .chain(elsewhere_samples())
    .chain(account_samples())
    .chain(sign_in_samples())
    .collect()
}

/// Those on which a device is connected.
fn device_samples() -> Vec<(&'static str, String)> {
    let sent = DevicePage { user_code: "BCDF-GHJK".into(), prefilled: true, ..DevicePage::sample() };
    let wrong = DevicePage {
        user_code: "BCDF-GHJX".into(),
        error: Some("No device waits with that code.".into()),
        ..DevicePage::sample()
    };
    let mut long = DeviceConfirmPage::sample();
    long.client.name = "\u{202E}Trusted<b>Bank ".repeat(40);
    long.client.known = KnownAs::RegisteredHere;
    long.asked_from = None;
    vec![
        ("device", DevicePage::sample().render().unwrap()),
        ("device-sent", sent.render().unwrap()),
        ("device-error", wrong.render().unwrap()),
        ("device-confirm", DeviceConfirmPage::sample().render().unwrap()),
        ("device-confirm-long", long.render().unwrap()),
    ]
}

/// Those about logins elsewhere.
fn elsewhere_samples() -> Vec<(&'static str, String)> {
    let wrong = || Some("That did not work.".to_owned());
    vec![
        ("invite", InvitePage::sample().render().unwrap()),
        ("invite-error", InvitePage { error: wrong(), ..InvitePage::sample() }.render().unwrap()),
        ("stopped", StoppedPage::sample().render().unwrap()),
        ("identities", IdentitiesPage::sample().render().unwrap()),
        (
            "identities-empty",
            IdentitiesPage { identities: Vec::new(), ..IdentitiesPage::sample() }.render().unwrap(),
        ),
        ("identity-add", AddIdentityPage::sample().render().unwrap()),
        ("identity-remove", RemoveIdentityPage::sample().render().unwrap()),
        (
            "identity-remove-last",
            RemoveIdentityPage { error: wrong(), ..RemoveIdentityPage::sample() }.render().unwrap(),
        ),
    ]
}

/// Those of a person's own account.
fn account_samples() -> Vec<(&'static str, String)> {
    let wrong = || Some("That did not work.".to_owned());
    vec![
        ("account", OverviewPage::sample().render().unwrap()),
        ("account-error", OverviewPage { error: wrong(), ..OverviewPage::sample() }.render().unwrap()),
        ("account-apps", AppsPage::sample().render().unwrap()),
        (
            "account-apps-none",
            AppsPage { apps: Vec::new(), next_url: None, is_first_page: true, ..AppsPage::sample() }
                .render()
                .unwrap(),
        ),
        ("account-sign-in", SignInPage::sample().render().unwrap()),
        ("account-sign-in-bare", SignInPage::bare().render().unwrap()),
        ("account-sessions", SessionsPage::sample().render().unwrap()),
        ("account-activity", ActivityPage::sample().render().unwrap()),
        (
            "account-activity-none",
            ActivityPage { entries: Vec::new(), ..ActivityPage::sample() }.render().unwrap(),
        ),
        ("account-data", DataPage::sample().render().unwrap()),
        ("account-data-error", DataPage { error: wrong(), ..DataPage::sample() }.render().unwrap()),
        ("forgot", ForgotPage::sample().render().unwrap()),
        ("forgot-no-mail", ForgotPage { has_mail: false, ..ForgotPage::sample() }.render().unwrap()),
    ]
}

/// Those on which a person changes how they sign in.
fn sign_in_samples() -> Vec<(&'static str, String)> {
    let wrong = || Some("That did not work.".to_owned());
    vec![
        ("second-factor", SecondFactorPage::sample().render().unwrap()),
        (
            "second-factor-error",
            SecondFactorPage { error: wrong(), ..SecondFactorPage::sample() }.render().unwrap(),
        ),
        (
            "second-factor-recovery",
            SecondFactorPage { recovery_error: wrong(), ..SecondFactorPage::sample() }.render().unwrap(),
        ),
        ("account-passkeys", PasskeysPage::sample().render().unwrap()),
        (
            "account-passkeys-none",
            PasskeysPage { passkeys: Vec::new(), problem: wrong(), ..PasskeysPage::sample() }
                .render()
                .unwrap(),
        ),
        (
            "account-passkeys-impossible",
            PasskeysPage { possible: false, passkeys: Vec::new(), ..PasskeysPage::sample() }
                .render()
                .unwrap(),
        ),
        ("account-passkey", PasskeyPage::sample().render().unwrap()),
        ("account-passkey-kept", PasskeyPage { error: wrong(), ..PasskeyPage::sample() }.render().unwrap()),
        ("account-second-factor", SecondFactorSettingsPage::sample().render().unwrap()),
        (
            "account-second-factor-off",
            SecondFactorSettingsPage { app: None, ..SecondFactorSettingsPage::sample() }.render().unwrap(),
        ),
        (
            "account-second-factor-required",
            SecondFactorSettingsPage {
                app: None,
                required: true,
                must_set_up: true,
                ..SecondFactorSettingsPage::sample()
            }
            .render()
            .unwrap(),
        ),
        ("account-app-set-up", AppSetUpPage::sample().render().unwrap()),
        (
            "account-app-set-up-error",
            AppSetUpPage { error: wrong(), ..AppSetUpPage::sample() }.render().unwrap(),
        ),
        ("account-recovery-codes", RecoveryCodesPage::sample().render().unwrap()),
        ("account-password", PasswordPage::sample().render().unwrap()),
        (
            "account-password-first",
            PasswordPage { has_password: false, error: wrong(), ..PasswordPage::sample() }.render().unwrap(),
        ),
    ]
}

/// Two scopes with `text` everywhere.
fn filled_scopes(text: &str) -> Vec<ScopeView> {
    let t = || text.to_owned();
    [true, false]
        .map(|required| ScopeView {
            name: t(),
            description: t(),
            tools: vec![t(), t()],
            includes: vec![t()],
            required,
            already_granted: required,
        })
        .into()
}

/// The pages of a device with `text` everywhere.
fn filled_device(text: &str) -> [(&'static str, String); 2] {
    let t = || text.to_owned();
    let enter = DevicePage {
        csrf: t(),
        user_code: t(),
        prefilled: false,
        error: Some(t()),
        user_email: t(),
        switch_url: "/login".into(),
    };
    let confirm = DeviceConfirmPage {
        csrf: t(),
        user_code: t(),
        client: DeviceClient {
            name: t(),
            known: KnownAs::VerifiedHost(t()),
            client_id: t(),
            client_uri: Some(t()),
        },
        resource_name: t(),
        resource_url: t(),
        scopes: filled_scopes(text),
        asked_at: t(),
        asked_from: Some(t()),
        user_email: t(),
        switch_url: "/login".into(),
    };
    [("device", enter.render().unwrap()), ("device-confirm", confirm.render().unwrap())]
}

/// The consent page with `text` everywhere.
fn filled_consent(text: &str, known: KnownAs, redirect: RedirectKind) -> String {
    let t = || text.to_owned();
    let page = ConsentPage {
        csrf: t(),
        request: t(),
        client: ClientView {
            name: t(),
            known,
            redirect_host: t(),
            redirect,
            client_id: t(),
            client_uri: Some(t()),
        },
        resource_name: t(),
        resource_url: t(),
        scopes: filled_scopes(text),
        user_email: t(),
        switch_url: "/login".into(),
    };
    page.render().unwrap()
}

/// Every page with `text` in every place that takes text.
pub fn filled(text: &str) -> Vec<(&'static str, String)> {
    let t = || text.to_owned();
    let some = || Some(text.to_owned());
    let login = LoginPage {
        csrf: t(),
        return_to: t(),
        email: t(),
        again: None,
        error: some(),
        has_mail: true,
        passkeys: true,
        passkey_problem: some(),
        client_name: some(),
        resource_name: some(),
        providers: vec![ProviderButton { name: "a".into(), label: t() }],
    };
    let setup = SetupPage { csrf: t(), token: t(), email: t(), error: some(), min_password: 8 };
    let reset = ResetPage { csrf: t(), token: t(), email: t(), error: some(), min_password: 8 };
    let home = HomePage {
        public_url: t(),
        mcp_url: t(),
        bound_only: true,
        snippets: vec![Snippet { client: t(), hint: t(), text: t(), link: Some("/x".into()) }],
        signed_in: some(),
        setup_needed: true,
        version: t(),
    };
    let error = ErrorPage { title: t(), sentence: t(), next: t(), reference: some() };
    let leaving = LeavingPage {
        title: t(),
        sentence: t(),
        client_name: t(),
        host: t(),
        continue_url: "/x".into(),
        reference: t(),
    };
    let message = MessagePage { title: t(), sentence: t(), link_text: t(), link_url: "/x".into() };
    let mut pages = filled_elsewhere(text);
    pages.extend(filled_device(text));
    pages.extend([
        ("login", login.render().unwrap()),
        ("consent-self", filled_consent(text, KnownAs::SelfDeclared, RedirectKind::Loopback)),
        ("consent-host", filled_consent(text, KnownAs::VerifiedHost(t()), RedirectKind::App(t()))),
        ("consent-here", filled_consent(text, KnownAs::RegisteredHere, RedirectKind::Web)),
        ("error", error.render().unwrap()),
        ("leaving", leaving.render().unwrap()),
        ("setup", setup.render().unwrap()),
        ("reset", reset.render().unwrap()),
        ("home", home.render().unwrap()),
        ("account", OverviewPage::filled(text).render().unwrap()),
        ("account-apps", AppsPage::filled(text).render().unwrap()),
        ("account-sign-in", SignInPage::filled(text).render().unwrap()),
        ("account-sessions", SessionsPage::filled(text).render().unwrap()),
        ("account-activity", ActivityPage::filled(text).render().unwrap()),
        ("account-data", DataPage::filled(text).render().unwrap()),
        ("forgot", ForgotPage { csrf: t(), email: t(), error: some(), has_mail: true }.render().unwrap()),
        ("logout", LogoutPage { csrf: t(), email: t() }.render().unwrap()),
        ("message", message.render().unwrap()),
    ]);
    pages
}

/// The pages about logins elsewhere.
fn filled_elsewhere(text: &str) -> Vec<(&'static str, String)> {
    let t = || text.to_owned();
    let some = || Some(text.to_owned());
    let identity = || IdentityView {
        id: "idn_1".into(),
        label: t(),
        email: some(),
        linked_at: t(),
        last_used_at: some(),
        works: false,
        removable: true,
    };
    let shell = || Shell::filled(text, Tab::SignIn);
    let providers = || vec![ProviderButton { name: "a".into(), label: t() }];
    let identities = IdentitiesPage { shell: shell(), identities: vec![identity()], providers: providers() };
    let add = AddIdentityPage { shell: shell(), label: t(), identity_email: some(), secret: t() };
    let remove = RemoveIdentityPage { shell: shell(), identity: identity(), error: some() };
    let invite = InvitePage {
        csrf: t(),
        token: t(),
        email: t(),
        error: some(),
        min_password: 8,
        providers: providers(),
    };
    let stopped = StoppedPage {
        title: t(),
        sentence: t(),
        next: t(),
        reference: some(),
        links: vec![PageLink { text: t(), url: "/x".into() }],
    };
    vec![
        ("identities", identities.render().unwrap()),
        ("identity-add", add.render().unwrap()),
        ("identity-remove", remove.render().unwrap()),
        ("invite", invite.render().unwrap()),
        ("stopped", stopped.render().unwrap()),
    ]
    .into_iter()
    .chain(sign_in_filled(text))
    .collect()
}

fn sign_in_filled(text: &str) -> Vec<(&'static str, String)> {
    let t = || text.to_owned();
    let some = || Some(text.to_owned());
    let shell = || Shell::filled(text, Tab::SignIn);
    let second_factor = SecondFactorPage { csrf: t(), email: t(), error: some(), recovery_error: some() };
    let view = || PasskeyView { id: t(), name: t(), created_at: t(), last_used_at: some() };
    let passkeys = PasskeysPage {
        shell: shell(),
        possible: true,
        full: false,
        passkeys: vec![view(), view()],
        problem: some(),
        return_to: some(),
    };
    let passkey = PasskeyPage { shell: shell(), passkey: view(), max_name: 60, error: some() };
    let app = Some(AuthenticatorView { since: t(), codes_left: 3 });
    let second_factor_settings = SecondFactorSettingsPage {
        shell: shell(),
        app,
        passkeys: 1,
        required: true,
        must_set_up: false,
        error: some(),
        return_to: some(),
    };
    let app_set_up = AppSetUpPage {
        shell: shell(),
        ceremony: t(),
        secret: t(),
        qr: QrCode { size: 3, path: "M0 0h1v1h-1z".to_owned() },
        error: some(),
        return_to: some(),
    };
    let recovery_codes =
        RecoveryCodesPage { shell: shell(), codes: vec![t(), t()], just_set_up: true, next_url: "/x".into() };
    let password = PasswordPage { shell: shell(), has_password: true, error: some(), min_password: 8 };
    vec![
        ("second-factor", second_factor.render().unwrap()),
        ("account-passkeys", passkeys.render().unwrap()),
        ("account-passkey", passkey.render().unwrap()),
        ("account-second-factor", second_factor_settings.render().unwrap()),
        ("account-app-set-up", app_set_up.render().unwrap()),
        ("account-recovery-codes", recovery_codes.render().unwrap()),
        ("account-password", password.render().unwrap()),
    ]
}
