use super::*;

#[test]
fn nothing_set_gives_a_local_server() {
    let config = Setup::new().load();
    assert_eq!(config.server.public_url.as_str(), "http://localhost:10000");
    assert_eq!(config.server.bind, ["127.0.0.1:10000".parse().unwrap(), "[::1]:10000".parse().unwrap()]);
    assert_eq!(config.server.issuer, IssuerMode::Embedded);
    assert!(config.server.secret_key.is_none());
    assert_eq!(config.database.url.expose(), "sqlite:gatepost.db?mode=rwc");
    assert_eq!(config.database.max_connections, 10);
    assert!(config.database.migrate);
    assert_eq!(config.tokens.access_token_seconds, 3600);
    assert_eq!(config.google.issuer.as_str(), "https://accounts.google.com");
    assert_eq!(config.tavily.base_url.at("/search"), "https://api.tavily.com/search");
    assert!(config.limits.trusted_proxies.is_empty());
    assert!(config.origins.values().all(|origin| *origin == Origin::Default));
    assert_eq!(config.warnings(), Vec::<String>::new());
}

#[test]
fn each_source_is_stronger_than_the_one_before() {
    let level = |setup: &Setup| {
        let config = setup.load();
        (config.database.max_connections, config.origin("database.max_connections").to_string())
    };
    let setup = Setup::new();
    assert_eq!(level(&setup), (10, "default".to_owned()));
    let setup = setup.toml("[database]\nmax_connections = 11\n");
    assert_eq!(level(&setup), (11, "file gatepost.toml".to_owned()));
    let setup = setup.file(".env", "GATEPOST_DATABASE__MAX_CONNECTIONS=12\n");
    assert_eq!(level(&setup), (12, ".env GATEPOST_DATABASE__MAX_CONNECTIONS".to_owned()));
    let setup = setup.env(&[("GATEPOST_DATABASE__MAX_CONNECTIONS", "13")]);
    assert_eq!(level(&setup), (13, "environment GATEPOST_DATABASE__MAX_CONNECTIONS".to_owned()));
    let setup = setup.flag("database.max_connections", "--max-connections", "14");
    assert_eq!(level(&setup), (14, "flag --max-connections".to_owned()));
}

#[test]
fn the_real_environment_beats_the_env_file_under_any_name() {
    let config = Setup::new()
        .file(".env", "GATEPOST_DATABASE__URL=sqlite:file.db\nGATEPOST_TAVILY__API_KEY=from-file\n")
        .env(&[("DATABASE_URL", "sqlite:real.db"), ("GATEPOST_TAVILY__API_KEY", "")])
        .load();
    assert_eq!(config.database.url.expose(), "sqlite:real.db?mode=rwc");
    assert!(config.tavily.api_key.is_none(), "an empty variable hides the file's");
}

#[test]
fn our_own_name_beats_the_shared_one() {
    let config = Setup::new()
        .env(&[("DATABASE_URL", "sqlite:shared.db"), ("GATEPOST_DATABASE__URL", "sqlite:own.db")])
        .load();
    assert_eq!(config.origin("database.url"), &Origin::Env("GATEPOST_DATABASE__URL".into()));
}

#[test]
fn an_empty_variable_counts_as_not_set() {
    let config = Setup::new().env(&[("GATEPOST_PUBLIC_URL", ""), ("PORT", " ")]).load();
    assert_eq!(config.origin("public_url"), &Origin::Default);
}

#[test]
fn the_port_moves_the_default_addresses_and_the_public_url() {
    let config = Setup::new().env(&[("PORT", "8080")]).load();
    assert_eq!(config.server.public_url.as_str(), "http://localhost:8080");
    assert_eq!(config.server.bind[1].to_string(), "[::1]:8080");
    let config = Setup::new().env(&[("GATEPOST_BIND", " 0.0.0.0:9000, [::]:9000,")]).load();
    assert_eq!(config.server.public_url.as_str(), "http://localhost:9000");
    assert_eq!(config.server.bind.len(), 2);
    let config = Setup::new().env(&[("PORT", "80")]).load();
    assert_eq!(config.server.public_url.as_str(), "http://localhost");
}

#[test]
fn an_explicit_file_replaces_the_default_one() {
    let mut setup = Setup::new().toml("issuer = 'nonsense'\n").file("other.toml", "port = 7000\n");
    setup.sources.file = Some("other.toml".into());
    let config = setup.load();
    assert_eq!(config.server.port, 7000);
    assert_eq!(config.origin("port"), &Origin::File("other.toml".into()));
}

#[test]
fn a_file_can_set_every_kind_of_value() {
    let config = Setup::new()
        .toml(
            "bind = ['0.0.0.0:80']\npublic_url = 'https://auth.example/'\n[limits]\ntrusted_proxies = ['10.0.0.0/8']\n\
             [registration]\nenabled = false\n[log]\nformat = 'json'\nlevel = 'info,gatepost::oauth=debug'\n\
             [admin]\nemail = 'ann@example.com'\npassword = 'correct horse battery'\n",
        )
        .load();
    assert_eq!(config.server.public_url.as_str(), "https://auth.example");
    assert!(config.limits.trusted_proxies[0].contains("10.1.1.1".parse().unwrap()));
    assert!(!config.registration.enabled);
    assert_eq!(config.log.format, LogFormat::Json);
    assert_eq!(config.log.level.as_str(), "info,gatepost::oauth=debug");
    assert_eq!(config.admin.password.unwrap().expose(), "correct horse battery");
}

#[test]
fn the_env_file_of_the_tutorial_server_works_unchanged() {
    let config = Setup::new()
        .file(
            ".env",
            "SCALEKIT_ENVIRONMENT_URL=<your-environment-url>\nSCALEKIT_CLIENT_ID=skc_1\n\
             SCALEKIT_CLIENT_SECRET=test_hunter2\nSCALEKIT_RESOURCE_METADATA_URL=http://localhost:10000/.well-known/oauth-protected-resource/mcp\n\
             SCALEKIT_AUDIENCE_NAME=http://localhost:10000/mcp\n\
             METADATA_JSON_RESPONSE={\"resource\": \"http://localhost:10000/mcp\", \"scopes_supported\": [\"search:read\"]}\n\
             TAVILY_API_KEY=tvly-hunter2\nPORT=10000\n",
        )
        .load();
    assert_eq!(config.server.issuer, IssuerMode::Embedded);
    assert_eq!(config.scalekit.audience_name.as_deref(), Some("http://localhost:10000/mcp"));
    let metadata: serde_json::Value =
        serde_json::from_str(config.scalekit.metadata_json.as_deref().unwrap()).unwrap();
    assert_eq!(metadata["scopes_supported"][0], "search:read");
    assert_eq!(config.tavily.api_key.unwrap().expose(), "tvly-hunter2");
}
