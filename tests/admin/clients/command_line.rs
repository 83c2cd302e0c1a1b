//! `gatepost client …`: by the rules that the pages go by.

use std::process::{Command, Output};

use serde_json::Value;

use crate::on_each;
use crate::support::Database;

/// Runs the program on a database of its own.
fn gatepost(database: &Database, line: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_gatepost"))
        .args(line.split(' '))
        .env_clear()
        .env("DATABASE_URL", &database.url)
        .env("GATEPOST_SECRET_KEY", "00".repeat(32))
        .current_dir(database.dir.path())
        .output()
        .unwrap()
}

async fn clients_and_secrets_on_the_command_line(database: Database) {
    let json = |line: &str| -> Value {
        let output = gatepost(&database, &format!("{line} --json"));
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e} in {text}"))
    };
    let refused = |line: &str, part: &str| {
        let output = gatepost(&database, line);
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{line}: {text}");
        assert!(text.contains(part), "{part} in {text}");
    };
    let made = json("client create --machine --name Nightly --scope search:read --token-seconds 300");
    let id = made["client_id"].as_str().unwrap();
    assert!(made["client_secret"].as_str().unwrap().starts_with("sec_"));
    assert_eq!(made["token_endpoint_auth_method"], "client_secret_basic");
    assert_eq!(made["grant_types"], serde_json::json!(["client_credentials"]));
    refused("client create --machine --name Nightly --scope fly", "No resource has a scope fly.");
    refused("client create --machine --name Nightly --auth-method none", "A machine needs a secret");
    refused("client create --name X --redirect-uri http://a.example/", "uses http for a host other than");
    let public = json("client create --name Desk --redirect-uri http://127.0.0.1/cb");
    assert!(public.get("client_secret").is_none());

    let added = json(&format!("client secret add {id} --days 90"));
    assert!(added["client_secret"].as_str().unwrap().starts_with(added["id"].as_str().unwrap()));
    assert!(added["expires_at"].is_i64());
    refused(&format!("client secret add {id} --days 0"), "seconds");
    refused(&format!("client secret add {} --days 9", public["client_id"].as_str().unwrap()), "is public");
    let listed = json(&format!("client secret list {id}"));
    let ids: Vec<_> = listed.as_array().unwrap().iter().map(|s| s["id"].as_str().unwrap()).collect();
    assert_eq!((ids.len(), ids[0]), (2, added["id"].as_str().unwrap()));
    let later = json(&format!("client secret revoke {id} {} --in-24-hours", ids[1]));
    assert!(later["expires_at"].is_i64());
    assert_eq!(json(&format!("client secret revoke {id} {}", ids[1]))["revoked"], true);
    refused(&format!("client secret revoke {id} {}", ids[1]), "has no secret");
    refused(&format!("client secret revoke {id} {}", ids[0]), "Say --last");
    json(&format!("client secret revoke {id} {} --last", ids[0]));
    assert_eq!(json(&format!("client secret list {id}")), serde_json::json!([]));

    refused(&format!("client delete {id}"), "say --yes");
    assert_eq!(json(&format!("client delete {id} --yes"))["deleted"], true);
    refused(&format!("client delete {id} --yes"), "there is no client");
    refused("client secret list cli_none", "there is no client cli_none");
}

on_each! { clients_and_secrets_on_the_command_line }
