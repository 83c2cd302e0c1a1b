use super::*;

#[test]
fn an_error_names_place_problem_and_fix() {
    insta::assert_snapshot!(env_error("GATEPOST_PUBLIC_URL", "http://auth.example"), @r"
    environment, GATEPOST_PUBLIC_URL: must start with https:// (http:// is accepted for localhost, 127.0.0.1 and [::1] only)
      fix: put a TLS proxy in front and write its https:// URL
    ");
    insta::assert_snapshot!(env_error("GATEPOST_BIND", "localhost:80"), @r#"
    environment, GATEPOST_BIND: "localhost:80" is not an address with a port
      fix: write 127.0.0.1:80,[::1]:80
    "#);
    insta::assert_snapshot!(env_error("GATEPOST_BIND", ":80"), @r#"
    environment, GATEPOST_BIND: ":80" is not an address with a port
      fix: write 0.0.0.0:80 for every interface or 127.0.0.1:80 for this machine only
    "#);
    insta::assert_snapshot!(env_error("GATEPOST_BIND", "::1"), @r#"
    environment, GATEPOST_BIND: "::1" is not an address with a port
      fix: add the port: [::1]:10000
    "#);
    insta::assert_snapshot!(env_error("GATEPOST_SECRET_KEY", "change-me"), @r"
    environment, GATEPOST_SECRET_KEY: is neither base64 nor hex
      fix: use the output of: openssl rand -base64 32
    ");
    insta::assert_snapshot!(env_error("GATEPOST_ISSUER", "scalekid"), @r#"
    environment, GATEPOST_ISSUER: "scalekid" is none of: embedded, scalekit
      fix: did you mean scalekit?
    "#);
    insta::assert_snapshot!(env_error("DATABASE_URL", "mysql://root:hunter2@db/x"), @r"
    environment, DATABASE_URL: names a database that Gatepost does not know
      fix: write sqlite:gatepost.db or postgres://user:password@host/database
    ");
    insta::assert_snapshot!(env_error("GATEPOST_TAVILY__BASE_URL", "http://api.tavily.com"), @r"
    environment, GATEPOST_TAVILY__BASE_URL: would send secrets unencrypted to another machine
      fix: write https:// (http:// is accepted for localhost, 127.0.0.1 and [::1] only)
    ");
    insta::assert_snapshot!(env_error("GATEPOST_LOG__LEVEL", "gatepost=inof"), @r#"
    environment, GATEPOST_LOG__LEVEL: "inof" is none of: error, warn, info, debug, trace, off
      fix: did you mean info?
    "#);
    insta::assert_snapshot!(env_error("GATEPOST_DATABASE__MIGRATE", "maybe"), @r#"
    environment, GATEPOST_DATABASE__MIGRATE: "maybe" is neither true nor false
      fix: write true or false
    "#);
    insta::assert_snapshot!(env_error("GATEPOST_LIMITS__TRUSTED_PROXIES", "proxy"), @r#"
    environment, GATEPOST_LIMITS__TRUSTED_PROXIES: "proxy" is neither an IP address nor a network
      fix: write addresses or networks, e.g. 10.0.0.7 or 10.0.0.0/8 or fd00::/8
    "#);
    insta::assert_snapshot!(Setup::new().flag("public_url", "--public-url", "auth.example").error(), @r"
    --public-url: is not an absolute URL
      fix: put the scheme in front, e.g. https://auth.example.com
    ");
}

#[test]
fn unknown_names_are_refused_with_the_nearest_known_one() {
    insta::assert_snapshot!(env_error("GATEPOST_PUBLICURL", "x"), @r"
    environment, GATEPOST_PUBLICURL: is not a known variable
      fix: did you mean GATEPOST_PUBLIC_URL?
    ");
    insta::assert_snapshot!(env_error("GATEPOST_TAVILY_API_KEY", "x"), @r"
    environment, GATEPOST_TAVILY_API_KEY: is not a known variable
      fix: did you mean GATEPOST_TAVILY__API_KEY?
    ");
    insta::assert_snapshot!(env_error("GATEPOST_DATABASE_URL", "x"), @r"
    environment, GATEPOST_DATABASE_URL: is not a known variable
      fix: did you mean GATEPOST_DATABASE__URL?
    ");
    insta::assert_snapshot!(env_error("GATEPOST_PORT", "80"), @r"
    environment, GATEPOST_PORT: is not a known variable
      fix: did you mean PORT?
    ");
    insta::assert_snapshot!(env_error("GATEPOST_XYZZY", "x"), @r"
    environment, GATEPOST_XYZZY: is not a known variable
      fix: remove it; config.example.toml lists every variable
    ");
    insta::assert_snapshot!(Setup::new().file(".env", "GATEPOST_SECRETKEY=hunter2").error(), @r"
    .env, GATEPOST_SECRETKEY: is not a known variable
      fix: did you mean GATEPOST_SECRET_KEY?
    ");
    insta::assert_snapshot!(Setup::new().toml("database_url = 'x'").error(), @r"
    gatepost.toml, database_url: is not a known setting
      fix: did you mean url in [database]?
    ");
    insta::assert_snapshot!(Setup::new().toml("acess_token_seconds = 5").error(), @r"
    gatepost.toml, acess_token_seconds: is not a known setting
      fix: did you mean access_token_seconds in [tokens]?
    ");
    insta::assert_snapshot!(Setup::new().toml("[server]\nbind = ['x']").error(), @r"
    gatepost.toml, [server]: is not a known section
      fix: did you mean bind, above the first section?
    ");
    insta::assert_snapshot!(Setup::new().toml("[token]\ncode_seconds = 60").error(), @r"
    gatepost.toml, [token]: is not a known section
      fix: did you mean [tokens]?
    ");
    insta::assert_snapshot!(Setup::new().toml("[tokens]\nxyzzy = 60").error(), @r"
    gatepost.toml, tokens.xyzzy: is not a known setting
      fix: remove it; config.example.toml lists every setting
    ");
}

#[test]
fn a_file_with_the_wrong_kind_of_value_is_refused() {
    insta::assert_snapshot!(Setup::new().toml("port = '80'").error(), @r"
    gatepost.toml, port: is a text
      fix: write a whole number from 1 to 65535, without quotes
    ");
    insta::assert_snapshot!(Setup::new().toml("bind = 80").error(), @r#"
    gatepost.toml, bind: is a number
      fix: write a list of texts: ["…", "…"]
    "#);
    insta::assert_snapshot!(Setup::new().toml("bind = [80]").error(), @r#"
    gatepost.toml, bind: is a list
      fix: write every element in quotes: ["…", "…"]
    "#);
    insta::assert_snapshot!(Setup::new().toml("public_url = ['a']").error(), @r"
    gatepost.toml, public_url: is a list
      fix: write text in quotes
    ");
    insta::assert_snapshot!(Setup::new().toml("tokens = 5").error(), @r"
    gatepost.toml, tokens: is a section, not a value
      fix: write [tokens] on a line of its own and its settings below
    ");
    insta::assert_snapshot!(Setup::new().toml("[registration]\nenabled = 'yes'").error(), @r"
    gatepost.toml, registration.enabled: is a text
      fix: write true or false, without quotes
    ");
    insta::assert_snapshot!(Setup::new().toml("[tavily]\napi_key = ''").error(), @r"
    gatepost.toml, tavily.api_key: is empty
      fix: give api_key a value or remove it
    ");
    insta::assert_snapshot!(Setup::new().toml("bind = []").error(), @r"
    gatepost.toml, bind: names no address
      fix: write at least one, e.g. 127.0.0.1:10000
    ");
}

#[test]
fn broken_toml_is_named_by_line_and_not_repeated() {
    let error = Setup::new().toml("port = 80\nsecret_key = \"hunter2\n").error();
    assert!(error.starts_with("gatepost.toml, line 2: is not valid TOML"), "{error}");
    assert!(!error.contains("hunter2"), "{error}");
}

#[test]
fn a_missing_file_is_an_error_only_when_it_was_named() {
    let mut setup = Setup::new();
    setup.load();
    setup.sources.file = Some("absent.toml".into());
    insta::assert_snapshot!(setup.error(), @r"
    absent.toml: does not exist
      fix: name an existing file with --config, or leave --config out
    ");
}

#[test]
fn every_fault_is_reported_at_once() {
    let error = Setup::new()
        .toml("prot = 1\n[tokens]\ncode_seconds = 1\n")
        .env(&[("GATEPOST_NOPE", "x"), ("GATEPOST_LOG__FORMAT", "xml")])
        .error();
    insta::assert_snapshot!(error, @r#"
    gatepost.toml, prot: is not a known setting
      fix: did you mean port, above the first section?
    environment, GATEPOST_NOPE: is not a known variable
      fix: remove it; config.example.toml lists every variable
    gatepost.toml, tokens.code_seconds: 1 is too small
      fix: write a whole number from 10 to 600
    environment, GATEPOST_LOG__FORMAT: "xml" is none of: text, json
      fix: write one of: text, json
    "#);
}

#[test]
fn no_error_repeats_a_secret() {
    for key in keys().filter(|key| matches!(key.shape, Shape::Secret)) {
        for name in key.env {
            let setup = Setup::new().env(&[(name.replace('*', "CORP").as_str(), "hunter2")]);
            if let Err(error) = Config::load(&setup.sources) {
                assert!(!error.to_string().contains("hunter2"), "{error}");
            }
        }
        let toml = match key.path_of("corp").rsplit_once('.') {
            Some((section, name)) => format!("[{section}]\n{name} = ['hunter2']"),
            None => format!("{} = ['hunter2']", key.path),
        };
        let error = Setup::new().toml(&toml).error();
        assert!(!error.contains("hunter2"), "{error}");
    }
}

#[test]
fn variables_that_kubernetes_sets_for_a_service_named_gatepost_are_ignored() {
    Setup::new()
        .env(&[
            ("GATEPOST_SERVICE_HOST", "10.0.0.1"),
            ("GATEPOST_SERVICE_PORT", "80"),
            ("GATEPOST_SERVICE_PORT_HTTP", "80"),
            ("GATEPOST_PORT", "tcp://10.0.0.1:80"),
            ("GATEPOST_PORT_80_TCP", "tcp://10.0.0.1:80"),
            ("GATEPOST_PORT_80_TCP_ADDR", "10.0.0.1"),
            ("GATEPOST_DB_PORT_5432_TCP_PROTO", "tcp"),
        ])
        .load();
}
