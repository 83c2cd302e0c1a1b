use std::path::Path;

use super::*;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

#[test]
fn config_example_toml_is_up_to_date() {
    let path = Path::new(ROOT).join("config.example.toml");
    let wanted = example::toml();
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    if found != wanted {
        std::fs::write(&path, wanted).unwrap();
        panic!(
            "config.example.toml was out of date and has been rewritten: look at the change and commit it"
        );
    }
}

#[test]
fn config_example_toml_is_accepted_as_it_is_and_uncommented() {
    let example = example::toml();
    Setup::new().toml(&example).load();
    let uncommented: String = example
        .lines()
        .filter(|line| !line.starts_with("# "))
        .map(|line| line.trim_start_matches('#'))
        // Secrets have no example: give them one.
        .map(|line| line.replace("= \"\"", &format!("= \"{}\"", "5a".repeat(32))))
        .flat_map(|line| [line, "\n".to_owned()])
        .collect();
    let config = Setup::new().toml(&uncommented).load();
    for key in keys() {
        assert!(matches!(config.origin(&key.path_of("example")), Origin::File(_)), "{} is missing", key.path);
    }
}

#[test]
fn the_env_example_is_accepted_as_it_is_and_uncommented() {
    let example = std::fs::read_to_string(Path::new(ROOT).join(".env.example")).unwrap();
    Setup::new().file(".env", &example).load();
    let uncommented: Vec<&str> = example.lines().map(|line| line.strip_prefix('#').unwrap_or(line)).collect();
    let names: Vec<&str> = uncommented
        .iter()
        .filter(|line| !line.starts_with(' '))
        .filter_map(|line| line.split_once('=').map(|(name, _)| name))
        .collect();
    assert!(names.len() > 5);
    for name in names {
        assert!(keys().any(|key| key.env.contains(&name)), "{name} is no variable");
    }
}

#[test]
fn every_setting_is_documented_and_named_by_the_rule() {
    let mut names = std::collections::BTreeSet::new();
    for key in keys() {
        let sentence = key.sentence();
        assert!(sentence.len() > 20 && sentence.ends_with('.'), "{}: {sentence}", key.path);
        let derived = format!("GATEPOST_{}", key.path.replace('.', "__").to_ascii_uppercase());
        // GATEPOST_PORT belongs to Kubernetes.
        assert!(key.path == "port" || key.env[0] == derived, "{} should be {derived}", key.env[0]);
        for name in key.env {
            assert!(names.insert(name), "{name} sets two settings");
        }
    }
}

#[test]
fn the_summary_lists_every_setting_and_no_secret() {
    let setup = Setup::new().env(&[
        ("TAVILY_API_KEY", "hunter2"),
        ("GATEPOST_ADMIN_EMAIL", "ann@example.com"),
        ("GATEPOST_ADMIN_PASSWORD", "hunter2hunter2"),
        ("DATABASE_URL", "postgres://me:hunter2@db/gatepost"),
        ("GATEPOST_SECRET_KEY", "68756e7465723268756e7465723268756e7465723268756e7465723268756e74"),
    ]);
    let config = setup.load();
    let summary = config.summary();
    let text = format!("{summary}{}{config:?}", serde_json::to_string(&summary).unwrap());
    assert!(!text.contains("hunter2"), "{text}");
    assert!(!text.contains("68756e74"), "{text}");
    assert_eq!(summary.settings.len(), keys().filter(|key| !key.path.contains('*')).count());
    assert!(summary.settings.iter().all(|line| !line.value.is_empty()), "{summary}");
    insta::assert_snapshot!(summary.to_string().lines().take(9).collect::<Vec<_>>().join("\n"), @r"
    public_url                           http://localhost:10000         (default)
    bind                                 127.0.0.1:10000, [::1]:10000   (default)
    port                                 10000                          (default)
    secret_key                           set                            (environment GATEPOST_SECRET_KEY)
    issuer                               embedded                       (default)
    database.url                         postgres://me:...@db/gatepost  (environment DATABASE_URL)
    database.max_connections             10                             (default)
    database.migrate                     true                           (default)
    admin.email                          ann@example.com                (environment GATEPOST_ADMIN_EMAIL)
    ");
    insta::assert_json_snapshot!(summary.settings[5], @r#"
    {
      "key": "database.url",
      "value": "postgres://me:...@db/gatepost",
      "origin": "environment DATABASE_URL"
    }
    "#);
}
