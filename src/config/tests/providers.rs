//! Sections with names of the operator's choice.

use super::*;

const CORP: &str = "[providers.corp]\nissuer = 'https://id.example.com'\nclient_id = 'gatepost'\n";

#[test]
fn a_provider_is_set_up_in_the_file_or_in_the_environment_or_in_both() {
    let config = Setup::new()
        .toml(&format!("{CORP}client_secret = 'hunter2'\ndomains = ['Example.com']\nadmit = 'domain'\n"))
        .env(&[
            ("GATEPOST_PROVIDERS__CORP__ADMIT", "anyone"),
            ("GATEPOST_PROVIDERS__MY_IDP__ISSUER", "http://127.0.0.1:9/a"),
            ("GATEPOST_PROVIDERS__MY_IDP__CLIENT_ID", "x"),
        ])
        .load();
    assert_eq!(config.providers.keys().collect::<Vec<_>>(), ["corp", "my-idp"]);
    let corp = &config.providers["corp"];
    assert_eq!((corp.admit, corp.domains[0].as_str()), (Admit::Anyone, "example.com"));
    assert_eq!(corp.client_secret.as_ref().unwrap().expose(), "hunter2");
    let other = &config.providers["my-idp"];
    assert_eq!((other.admit, other.scopes.as_str()), (Admit::Invited, "openid email profile"));
    assert!(other.client_secret.is_none() && !other.second_factor);
    assert_eq!(config.origin("providers.corp.issuer").to_string(), "file gatepost.toml");
    assert_eq!(
        config.origin("providers.corp.admit").to_string(),
        "environment GATEPOST_PROVIDERS__CORP__ADMIT"
    );
}

#[test]
fn the_summary_names_the_redirect_uri_of_each_provider_and_no_secret() {
    let config = Setup::new()
        .toml(&format!("{CORP}client_secret = 'hunter2'\n"))
        .env(&[
            ("GATEPOST_GOOGLE__CLIENT_ID", "x"),
            ("GATEPOST_GOOGLE__CLIENT_SECRET", "hunter2"),
            ("GATEPOST_PUBLIC_URL", "https://auth.example.com"),
        ])
        .load();
    let text = config.summary().to_string();
    assert!(!text.contains("hunter2"));
    let of_providers: Vec<&str> = text.lines().filter(|line| line.contains("redirect URI")).collect();
    assert_eq!(
        of_providers,
        [
            "redirect URI to register at google: https://auth.example.com/login/google/callback",
            "redirect URI to register at corp: https://auth.example.com/login/corp/callback",
        ]
    );
    let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("providers.corp.")).collect();
    assert_eq!(lines.len(), 9, "{text}");
    assert!(lines[2].contains("client_secret") && lines[2].contains("set  "), "{}", lines[2]);
    assert!(Setup::new().load().summary().redirect_uris.is_empty());
}

#[test]
fn unknown_names_in_a_provider_are_refused_with_the_nearest_known_one() {
    insta::assert_snapshot!(Setup::new().toml(&format!("{CORP}isuer = 'x'")).error(), @r"
    gatepost.toml, providers.corp.isuer: is not a known setting
      fix: did you mean issuer in [providers.corp]?
    ");
    insta::assert_snapshot!(env_error("GATEPOST_PROVIDERS__CORP__CLIENTID", "x"), @r"
    environment, GATEPOST_PROVIDERS__CORP__CLIENTID: is not a known variable
      fix: did you mean GATEPOST_PROVIDERS__CORP__CLIENT_ID?
    ");
    insta::assert_snapshot!(Setup::new().toml("[provider.corp]\nissuer = 'x'").error(), @r"
    gatepost.toml, [provider]: is not a known section
      fix: did you mean [providers]?
    ");
    insta::assert_snapshot!(Setup::new().toml("[providers]\nissuer = 'x'").error(), @r"
    gatepost.toml, providers.issuer: is a text, where a section with a name of your choice belongs
      fix: write [providers.example] on a line of its own and its settings below
    ");
    insta::assert_snapshot!(Setup::new().toml("providers = 5").error(), @r"
    gatepost.toml, providers: is a section, not a value
      fix: write [providers] on a line of its own and its settings below
    ");
}

#[test]
fn what_a_provider_cannot_do_without_is_named() {
    insta::assert_snapshot!(Setup::new().toml("[providers.corp]").error(), @r"
    providers.corp.issuer: is not set
      fix: set it there, or GATEPOST_PROVIDERS__CORP__ISSUER in the environment
    providers.corp.client_id: is not set
      fix: set it there, or GATEPOST_PROVIDERS__CORP__CLIENT_ID in the environment
    ");
    insta::assert_snapshot!(Setup::new().toml(&format!("{CORP}admit = 'domain'")).error(), @r"
    gatepost.toml, providers.corp.admit: is domain, but no domains are named
      fix: set domains in [providers.corp]
    ");
    insta::assert_snapshot!(env_error("GATEPOST_GOOGLE__ADMIT", "domain"), @r"
    environment, GATEPOST_GOOGLE__ADMIT: is domain, but no domains are named
      fix: set domains in [google]
    ");
    insta::assert_snapshot!(Setup::new().toml(&format!("{CORP}scopes = 'email'")).error(), @r#"
    gatepost.toml, providers.corp.scopes: is not a list of scopes with openid in it
      fix: write scopes with spaces between them, e.g. "openid email profile"
    "#);
    insta::assert_snapshot!(Setup::new().toml(&format!("{CORP}domains = ['ann@example.com']")).error(), @r#"
    gatepost.toml, providers.corp.domains: "ann@example.com" is not a domain
      fix: write the part after the @, e.g. example.com; names with other letters as xn--…
    "#);
    insta::assert_snapshot!(Setup::new().toml(&format!("{CORP}admit = 'anybody'")).error(), @r#"
    gatepost.toml, providers.corp.admit: "anybody" is none of: invited, domain, anyone
      fix: did you mean anyone?
    "#);
}

#[test]
fn a_provider_over_plain_http_or_under_a_name_that_is_none_is_refused() {
    insta::assert_snapshot!(env_error("GATEPOST_GOOGLE__ISSUER", "http://accounts.example.com"), @r"
    environment, GATEPOST_GOOGLE__ISSUER: would send secrets unencrypted to another machine
      fix: write https:// (http:// is accepted for localhost, 127.0.0.1 and [::1] only)
    ");
    let named = |name: &str| CORP.replacen("corp", name, 1);
    insta::assert_snapshot!(Setup::new().toml(&named("Corp")).error(), @r"
    gatepost.toml, [providers.Corp]: is called by a name that cannot be part of a URL
      fix: use 1 to 32 lower-case letters, digits and hyphens, with no hyphen at either end
    ");
    for name in ["\"a.b\"", "-a", "a-", "\"\"", "a_b", &"a".repeat(33)] {
        let error = Setup::new().toml(&named(name)).error();
        assert!(error.contains("cannot be part of a URL"), "{name}: {error}");
    }
    insta::assert_snapshot!(env_error("GATEPOST_PROVIDERS___A__ISSUER", "https://id.example.com"), @r"
    environment, GATEPOST_PROVIDERS___A__ISSUER: is called by a name that cannot be part of a URL
      fix: use 1 to 32 lower-case letters, digits and hyphens, with no hyphen at either end
    ");
    insta::assert_snapshot!(Setup::new().toml(&named("google")).error(), @r"
    gatepost.toml, providers.google.issuer: belongs to a section called google, a name with a meaning
      fix: use the section [google]
    ");
}
