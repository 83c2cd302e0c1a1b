//! Which folder may use what, and how large a file may be. Each failure says what to do.

use std::fs;
use std::path::{Path, PathBuf};

/// A crate (or path) and the only places that may name it.
const HOMES: &[(&str, &[&str])] = &[
    ("sqlx", &["src/store/"]),
    ("actix_web", &["src/web/", "src/mcp/transport", "src/app.rs", "src/commands/"]),
    ("actix_cors", &["src/web/"]),
    ("actix_multipart", &["src/web/forms.rs"]),
    ("askama", &["src/web/", "src/mail/letters.rs"]),
    ("oxide_auth", &["src/oauth/oxide.rs"]),
    ("oxide_auth_async", &["src/oauth/oxide.rs"]),
    ("lettre", &["src/mail/"]),
    ("rmcp_actix_web", &["src/mcp/transport"]),
    ("rmcp", &["src/mcp/"]),
    // The probe asks what a client would: the registered server and this one itself, for an administrator.
    (
        "reqwest",
        &[
            "src/mcp/",
            "src/accounts/upstream/",
            "src/admin/resources/probe.rs",
            "src/trust/fetch.rs",
            "src/fetch/",
        ],
    ),
    ("openidconnect", &["src/accounts/upstream/"]),
    ("jsonwebtoken", &["src/oauth/keys/", "src/oauth/jose.rs", "src/oauth/dpop/", "src/trust/"]),
    ("argon2", &["src/accounts/password.rs"]),
    ("zxcvbn", &["src/accounts/password.rs"]),
    ("webauthn_rs", &["src/accounts/passkeys.rs"]),
    ("totp_rs", &["src/accounts/totp.rs"]),
    ("qrcode", &["src/web/qr.rs"]),
    ("governor", &["src/accounts/throttle.rs", "src/audit/"]),
    ("utoipa", &["src/web/admin/api/"]),
    ("anyhow", &["src/app.rs", "src/commands/", "src/jobs.rs"]),
    ("clap", &["src/cli", "src/main.rs"]),
];

/// A folder and the parts of the crate that it must not import: a request falls downward.
const DIRECTIONS: &[(&str, &[&str])] = &[
    (
        "src/types/",
        &["store", "admin", "oauth", "mcp", "accounts", "trust", "web", "app", "config", "audit", "jobs"],
    ),
    (
        "src/mail/",
        &["store", "admin", "oauth", "mcp", "accounts", "trust", "web", "app", "config", "audit", "jobs"],
    ),
    (
        "src/fetch/",
        &[
            "store", "admin", "oauth", "mcp", "accounts", "trust", "web", "app", "config", "audit", "jobs",
            "mail",
        ],
    ),
    (
        "src/store/",
        &["mail", "admin", "oauth", "mcp", "accounts", "trust", "web", "app", "config", "audit", "jobs"],
    ),
    (
        "src/settings/",
        &["mail", "admin", "oauth", "mcp", "accounts", "trust", "web", "app", "config", "jobs"],
    ),
    ("src/oauth/", &["web", "admin", "app", "config", "accounts", "jobs", "commands"]),
    ("src/accounts/", &["web", "admin", "app", "config", "mcp", "trust", "jobs", "commands"]),
    ("src/mcp/", &["web", "admin", "app", "config", "oauth", "accounts", "store", "jobs", "commands"]),
    ("src/trust/", &["web", "admin", "app", "config", "accounts", "jobs", "commands"]),
    ("src/admin/", &["web", "app", "config", "mcp", "jobs", "commands"]),
    ("src/web/", &["commands", "jobs"]),
];

const MAX_FILE: usize = 500;
const MAX_FUNCTION: usize = 80;

fn rust_files(folder: &str) -> Vec<(String, String)> {
    fn walk(folder: &Path, out: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, out);
            } else if path.extension().is_some_and(|e| e == "rs") {
                out.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    walk(&root.join(folder), &mut paths);
    paths.sort();
    paths
        .iter()
        .map(|p| (p.strip_prefix(root).unwrap().display().to_string(), fs::read_to_string(p).unwrap()))
        .collect()
}

fn is_test_file(path: &str) -> bool {
    path.contains("/tests/") || path.ends_with("tests.rs")
}

/// The file without comments and without its inline tests.
fn code(text: &str) -> Vec<&str> {
    let text = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap();
    text.lines().filter(|l| !l.trim().is_empty() && !l.trim_start().starts_with("//")).collect()
}

#[test]
fn every_crate_stays_in_its_home() {
    for (path, text) in rust_files("src").iter().filter(|(p, _)| !is_test_file(p)) {
        for (name, homes) in HOMES {
            let used = code(text).iter().any(|line| {
                line.contains(&format!("{name}::")) && !line.contains(&format!("_{name}::"))
                    || line.trim_start().starts_with(&format!("use {name}"))
                        && !line.trim_start().starts_with(&format!("use {name}_"))
            });
            assert!(
                !used || homes.iter().any(|home| path.starts_with(home)),
                "{path} uses {name}, whose home is {homes:?}: move the code there, or pass in a value"
            );
        }
    }
}

#[test]
fn imports_point_downward() {
    for (path, text) in rust_files("src").iter().filter(|(p, _)| !is_test_file(p)) {
        for (folder, forbidden) in DIRECTIONS.iter().filter(|(folder, _)| path.starts_with(folder)) {
            for part in *forbidden {
                let used = code(text).iter().any(|line| line.contains(&format!("crate::{part}::")));
                assert!(!used, "{path} imports crate::{part}, which lies above {folder}");
            }
        }
    }
}

#[test]
fn files_and_functions_stay_small() {
    for (path, text) in rust_files("src").iter().chain(rust_files("tests").iter()) {
        let lines = code(text);
        assert!(lines.len() <= MAX_FILE, "{path} has {} code lines: split it", lines.len());
        let mut start: Option<(usize, usize, &str)> = None;
        for (number, line) in lines.iter().enumerate() {
            let indent = line.len() - line.trim_start().len();
            let head = line.trim_start();
            let is_function =
                ["fn ", "pub fn ", "async fn ", "pub async fn ", "pub const fn ", "pub(super) async fn "]
                    .iter()
                    .any(|prefix| head.starts_with(prefix));
            if is_function && start.is_none() {
                start = Some((number, indent, head));
            }
            if let Some((first, depth, name)) = start
                && head == "}"
                && indent == depth
            {
                let length = number - first + 1;
                assert!(length <= MAX_FUNCTION, "{path}: {name} has {length} lines: split it");
                start = None;
            }
        }
    }
}

#[test]
fn every_module_says_what_it_owns() {
    for (path, text) in rust_files("src").iter().filter(|(p, _)| !is_test_file(p)) {
        assert!(text.starts_with("//!"), "{path} has no module documentation");
    }
}
