use super::*;

#[test]
fn every_number_is_accepted_at_its_bounds_and_refused_beyond() {
    // Bounds between settings are another test's matter: keep the partners out of the way.
    let partners = [
        ("GATEPOST_TOKENS__REFRESH_IDLE_DAYS", "1"),
        ("GATEPOST_TOKENS__REFRESH_ABSOLUTE_DAYS", "3650"),
        ("GATEPOST_SESSIONS__IDLE_DAYS", "1"),
        ("GATEPOST_SESSIONS__ABSOLUTE_DAYS", "3650"),
        ("GATEPOST_LIMITS__MAX_MCP_SESSIONS_PER_GRANT", "1"),
        ("GATEPOST_LIMITS__MAX_MCP_SESSIONS", "10000000"),
    ];
    let mut seen = 0;
    for key in keys() {
        let Shape::Number(range) = &key.shape else { continue };
        seen += 1;
        let with = |value: i64| {
            Config::load(&Setup::new().env(&partners).env(&[(key.env[0], &value.to_string())]).sources)
        };
        for good in [*range.start(), *range.end()] {
            if let Err(error) = with(good) {
                assert!(error.to_string().contains("is more than"), "{} = {good}: {error}", key.path);
            }
        }
        for (bad, word) in [(range.start() - 1, "small"), (range.end() + 1, "large")] {
            let error = with(bad).map(|_| ()).unwrap_err().to_string();
            let expected = format!(
                "environment, {}: {bad} is too {word}\n  fix: write a whole number from {} to {}",
                key.env[0],
                range.start(),
                range.end()
            );
            assert_eq!(error, expected);
        }
        let error = env_error(key.env[0], "1.5");
        assert!(error.contains("\"1.5\" is not a whole number"), "{error}");
    }
    assert_eq!(seen, 21);
}

#[test]
fn settings_that_belong_together_are_set_together() {
    insta::assert_snapshot!(env_error("GATEPOST_ADMIN_EMAIL", "ann@example.com"), @r"
    environment, GATEPOST_ADMIN_EMAIL: is set, but admin password is not
      fix: set GATEPOST_ADMIN_PASSWORD as well, or neither
    ");
    insta::assert_snapshot!(env_error("GATEPOST_ADMIN_PASSWORD", "correct horse"), @r"
    environment, GATEPOST_ADMIN_PASSWORD: is set, but admin email is not
      fix: set GATEPOST_ADMIN_EMAIL as well, or neither
    ");
    insta::assert_snapshot!(env_error("GATEPOST_GOOGLE__CLIENT_ID", "x"), @r"
    environment, GATEPOST_GOOGLE__CLIENT_ID: is set, but google client secret is not
      fix: set GATEPOST_GOOGLE__CLIENT_SECRET as well, or neither
    ");
    insta::assert_snapshot!(env_error("GATEPOST_ADMIN_PASSWORD", "elevenchars"), @r"
    environment, GATEPOST_ADMIN_PASSWORD: has fewer than 12 characters
      fix: choose a longer password, e.g. the output of: openssl rand -base64 18
    ");
    insta::assert_snapshot!(env_error("GATEPOST_ADMIN_EMAIL", "ann"), @r#"
    environment, GATEPOST_ADMIN_EMAIL: "ann" is not an e-mail address
      fix: write one address, e.g. you@example.com
    "#);
}

#[test]
fn idle_lives_are_no_longer_than_absolute_ones() {
    insta::assert_snapshot!(env_error("GATEPOST_TOKENS__REFRESH_IDLE_DAYS", "91"), @r"
    environment, GATEPOST_TOKENS__REFRESH_IDLE_DAYS: tokens.refresh_idle_days (91) is more than tokens.refresh_absolute_days (90)
      fix: lower tokens.refresh_idle_days or raise tokens.refresh_absolute_days
    ");
    insta::assert_snapshot!(env_error("GATEPOST_SESSIONS__ABSOLUTE_DAYS", "13"), @r"
    environment, GATEPOST_SESSIONS__ABSOLUTE_DAYS: sessions.idle_days (14) is more than sessions.absolute_days (13)
      fix: lower sessions.idle_days or raise sessions.absolute_days
    ");
    insta::assert_snapshot!(env_error("GATEPOST_LIMITS__MAX_MCP_SESSIONS", "31"), @r"
    environment, GATEPOST_LIMITS__MAX_MCP_SESSIONS: limits.max_mcp_sessions_per_grant (32) is more than limits.max_mcp_sessions (31)
      fix: lower limits.max_mcp_sessions_per_grant or raise limits.max_mcp_sessions
    ");
}

#[test]
fn trusting_scalekit_needs_to_know_whom() {
    insta::assert_snapshot!(env_error("GATEPOST_ISSUER", "scalekit"), @r"
    environment, GATEPOST_ISSUER: is scalekit, but the environment's URL is not set
      fix: set SCALEKIT_ENVIRONMENT_URL
    environment, GATEPOST_ISSUER: is scalekit, but the audience of its tokens is not set
      fix: set SCALEKIT_RESOURCE_ID or SCALEKIT_AUDIENCE_NAME
    ");
    let setup = Setup::new().env(&[
        ("GATEPOST_ISSUER", "scalekit"),
        ("SCALEKIT_ENVIRONMENT_URL", "example.scalekit.com"),
        ("SCALEKIT_RESOURCE_ID", "app_1"),
        ("METADATA_JSON_RESPONSE", "nonsense"),
    ]);
    insta::assert_snapshot!(setup.error(), @r"
    environment, SCALEKIT_ENVIRONMENT_URL: is not an absolute URL
      fix: write an absolute URL, e.g. https://api.example.com
    environment, SCALEKIT_RESOURCE_ID: is not res_ with letters and digits after it
      fix: copy the id of the MCP server from ScaleKit's dashboard
    environment, METADATA_JSON_RESPONSE: is not a JSON object with resource and authorization_servers
      fix: copy the metadata from ScaleKit's dashboard and put it in single quotes
    ");
    // Its tokens are compared with it byte for byte.
    for url in
        ["https://x.scalekit.com/resources/res_1", "https://X.scalekit.com/", "https://x.scalekit.com:443"]
    {
        let setup = Setup::new().env(&[
            ("GATEPOST_ISSUER", "scalekit"),
            ("SCALEKIT_ENVIRONMENT_URL", url),
            ("SCALEKIT_RESOURCE_ID", "res_1"),
        ]);
        assert!(setup.error().contains("fix: write https://x.scalekit.com"), "{url}");
    }
    let config = Setup::new()
        .env(&[
            ("GATEPOST_ISSUER", "scalekit"),
            ("SCALEKIT_ENVIRONMENT_URL", "https://example.scalekit.com"),
            ("SCALEKIT_RESOURCE_ID", "res_1"),
        ])
        .load();
    assert_eq!(config.server.issuer, IssuerMode::ScaleKit);
}

#[test]
fn warnings_name_what_is_probably_not_meant() {
    let warnings = |variables: &[(&str, &str)]| Setup::new().env(variables).load().warnings().join("\n");
    insta::assert_snapshot!(warnings(&[("GATEPOST_BIND", "0.0.0.0:80,127.0.0.1:81")]), @r"Gatepost listens on 0.0.0.0:80 for other machines, but its public URL http://localhost leads them to themselves: set GATEPOST_PUBLIC_URL.");
    insta::assert_snapshot!(warnings(&[("GATEPOST_PUBLIC_URL", "https://auth.example")]), @r"The public URL is https, so a proxy stands in front, but none is trusted: every caller seems to come from the proxy and shares its limits. Set GATEPOST_LIMITS__TRUSTED_PROXIES to the proxy's address.");
    insta::assert_snapshot!(warnings(&[("GATEPOST_LIMITS__TRUSTED_PROXIES", "10.0.0.1, 0.0.0.0/0")]), @r"Trusting 0.0.0.0/0 as proxies lets every caller claim any address: name the proxy's own address.");
    insta::assert_snapshot!(warnings(&[("DATABASE_URL", "postgres://db/g")]), @r"No secret key is set: with Postgres every process needs the same one, and a lost key file makes sealed keys unreadable. Set GATEPOST_SECRET_KEY.");
    insta::assert_snapshot!(warnings(&[("DATABASE_URL", "sqlite::memory:")]), @r"The database is in memory: everything is gone when Gatepost stops.");
    insta::assert_snapshot!(warnings(&[("PORT", "8080"), ("GATEPOST_BIND", "127.0.0.1:80")]), @r"Port 8080 is without effect, because bind is set.");
    insta::assert_snapshot!(warnings(&[("SCALEKIT_ENVIRONMENT_URL", "https://x.scalekit.com")]), @r"ScaleKit settings are present but Gatepost issues the tokens itself: set GATEPOST_ISSUER=scalekit to trust ScaleKit instead.");
}

#[test]
fn the_summary_says_whose_tokens_are_taken() {
    let trust = |variables: &[(&str, &str)]| Setup::new().env(variables).load().summary().trust.join("\n");
    insta::assert_snapshot!(trust(&[]), @"tokens are issued by Gatepost itself; each resource may be set to trust ScaleKit");
    let tutorial = [
        ("GATEPOST_ISSUER", "scalekit"),
        ("SCALEKIT_ENVIRONMENT_URL", "https://acme.scalekit.cloud/"),
        ("SCALEKIT_CLIENT_ID", "skc_1"),
        ("SCALEKIT_CLIENT_SECRET", "test_secret"),
        ("SCALEKIT_AUDIENCE_NAME", "http://localhost:10000/mcp"),
        (
            "METADATA_JSON_RESPONSE",
            r#"{"resource":"http://localhost:10000/mcp","authorization_servers":["https://acme.scalekit.cloud/resources/res_1"]}"#,
        ),
    ];
    insta::assert_snapshot!(trust(&tutorial), @r"
    tokens are those of ScaleKit: environment https://acme.scalekit.cloud, made for the MCP server res_1
    they are verified with https://acme.scalekit.cloud/keys; Gatepost issues none
    metadata of the resource: METADATA_JSON_RESPONSE, as it is
    SCALEKIT_CLIENT_ID and SCALEKIT_CLIENT_SECRET are set, and not needed: nothing reads them
    ");
    let config = Setup::new().env(&tutorial).load();
    assert_eq!(config.warnings(), Vec::<String>::new());
    assert!(!config.summary().to_string().contains("test_secret"));
    // Another MCP server than the metadata's is a mistake; other URLs are told of.
    let mut two = tutorial.to_vec();
    two.push(("SCALEKIT_RESOURCE_ID", "res_2"));
    insta::assert_snapshot!(Setup::new().env(&two).error(), @r"
    environment, SCALEKIT_RESOURCE_ID: is res_2, but METADATA_JSON_RESPONSE sends clients to res_1
      fix: set both to the same MCP server, or one of them only
    ");
    let mut elsewhere = tutorial.to_vec();
    elsewhere.push(("GATEPOST_PUBLIC_URL", "http://localhost:3002"));
    elsewhere.push(("SCALEKIT_ENVIRONMENT_URL", "https://other.scalekit.cloud"));
    insta::assert_snapshot!(Setup::new().env(&elsewhere).load().warnings().join("\n"), @r"
    METADATA_JSON_RESPONSE is for http://localhost:10000/mcp, but clients reach this server at http://localhost:3002/mcp, and compare: set GATEPOST_PUBLIC_URL, or the Server URL at ScaleKit.
    METADATA_JSON_RESPONSE sends clients to https://acme.scalekit.cloud/resources/res_1, but the tokens that are taken are those of https://other.scalekit.cloud.
    ");
    let by_name = [tutorial[0], tutorial[1], tutorial[4]];
    insta::assert_snapshot!(Setup::new().env(&by_name).load().warnings().join("\n"), @"The id of the MCP server at ScaleKit is not known, so clients are sent to the environment, where most cannot register: set SCALEKIT_RESOURCE_ID.");
}
