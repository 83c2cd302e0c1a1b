//! The documents stay true: what they name exists, and what belongs in them is named.
//!
//! Each failure says which document, and what to change in it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Parser as _;
use clap::error::ErrorKind;

/// Folders of other people's files.
const FOREIGN: [&str; 4] = ["node_modules", "target", ".venv", ".git"];
/// Variables of the test scripts; every other `GATEPOST_…` in a document is a setting.
const TEST_VARIABLES: [&str; 1] = ["GATEPOST_BIN"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Path from the root and text of every file below `folder` with this extension, sorted.
fn files(folder: &str, extension: &str) -> Vec<(String, String)> {
    fn walk(folder: &Path, extension: &str, out: &mut Vec<PathBuf>) {
        let Ok(entries) = fs::read_dir(folder) else { return };
        for path in entries.flatten().map(|entry| entry.path()) {
            let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
            if path.is_dir() && !FOREIGN.contains(&name) {
                walk(&path, extension, out);
            } else if path.is_file() && path.extension().is_some_and(|e| e == extension) {
                out.push(path);
            }
        }
    }
    let mut paths = Vec::new();
    walk(&root().join(folder), extension, &mut paths);
    paths.sort();
    let name = |path: &Path| path.strip_prefix(root()).unwrap_or(path).display().to_string();
    paths.iter().map(|path| (name(path), read(&name(path)))).collect()
}

fn documents() -> Vec<(String, String)> {
    files("", "md")
}

/// The cells of a table's row, trimmed; nothing for any other line.
fn cells(line: &str) -> Option<Vec<&str>> {
    let row = line.trim().strip_prefix('|')?.strip_suffix('|')?;
    Some(row.split('|').map(str::trim).collect())
}

/// Every row of the tables whose header's last cell is `last`, as cells.
fn rows<'t>(lines: impl Iterator<Item = &'t str>, last: &str) -> Vec<Vec<&'t str>> {
    let (mut inside, mut before, mut out) = (false, false, Vec::new());
    for line in lines {
        let Some(row) = cells(line) else {
            (inside, before) = (false, false);
            continue;
        };
        let rule = row.iter().all(|cell| cell.bytes().all(|b| b == b'-' || b == b':') && !cell.is_empty());
        if !before {
            inside = row.last() == Some(&last);
        } else if inside && !rule {
            out.push(row);
        }
        before = true;
    }
    out
}

/// The inline code of a text.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// A document without its fenced blocks, and the lines of those blocks.
fn split_fences(text: &str) -> (String, Vec<&str>) {
    let (mut prose, mut fenced, mut inside) = (String::new(), Vec::new(), false);
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            inside = !inside;
        } else if inside {
            fenced.push(line.trim());
        } else {
            prose.push_str(line);
            prose.push('\n');
        }
    }
    (prose, fenced)
}

/// All Rust code, in which a test is declared as `fn name(`.
fn code() -> String {
    let own = "tests/docs/mod.rs";
    let all = files("src", "rs").into_iter().chain(files("tests", "rs"));
    all.filter(|(path, _)| path != own).map(|(_, text)| text).collect()
}

#[test]
fn the_readme_holds_the_lines_that_serve_prints() {
    let readme = read("README.md");
    for line in gatepost::connect::lines("http://localhost:10000/mcp") {
        let found = readme.lines().any(|l| l.trim() == line.text);
        assert!(found, "README.md lacks the line for {}:\n{}", line.client, line.text);
    }
}

/// A proxy that routes only what the README lists routes everything people and clients need.
#[test]
fn the_readme_lists_every_path_that_a_proxy_must_route() {
    // Watched by whoever runs the server, on this machine; or of no use to anybody who has the pages.
    const ELSEWHERE: [&str; 4] = ["healthz", "readyz", "favicon.ico", ""];
    // Below `/.well-known`.
    let is_below =
        |path: &str| path.starts_with("/oauth-") || path == "/jwks.json" || path.contains("openid-");
    let readme = read("README.md");
    let list = readme.split("- The proxy must route").nth(1).unwrap().split("\n- ").next().unwrap();
    let mut seen = BTreeSet::new();
    for file in ["src/web/routes.rs", "src/web/scalekit/mod.rs", "src/web/admin/routes.rs"] {
        let text = read(file);
        let paths =
            text.split('"').skip(1).step_by(2).filter(|text| text.starts_with('/') && !is_below(text));
        seen.extend(paths.filter_map(|path| path.split('/').nth(1)).map(str::to_owned));
    }
    seen.retain(|first| !ELSEWHERE.contains(&first.as_str()) && !first.contains('{') && !first.contains(' '));
    assert!(seen.len() > 15, "{seen:?}");
    for first in seen {
        let is_listed =
            quoted(list).any(|path| path == format!("/{first}") || path.starts_with(&format!("/{first}/")));
        assert!(is_listed, "/{first} is not in the README's list for proxies");
    }
}

#[test]
fn relative_links_lead_to_files() {
    for (path, text) in documents() {
        let (prose, _) = split_fences(&text);
        let folder = Path::new(&path).parent().unwrap_or(Path::new(""));
        for target in prose.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if target.contains("://") || target.starts_with('#') || target.starts_with("mailto:") {
                continue;
            }
            let file = target.split('#').next().unwrap_or(target);
            assert!(root().join(folder).join(file).exists(), "{path} links to {target}, which is not there");
        }
    }
}

#[test]
fn paths_named_in_documents_exist() {
    let folders = ["src/", "tests/", "docs/", "migrations/", "templates/", "static/"];
    for (path, text) in documents() {
        for name in quoted(&split_fences(&text).0) {
            let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"/._-".contains(&b));
            if plain && folders.iter().any(|folder| name.starts_with(folder)) {
                assert!(root().join(name).exists(), "{path} names {name}, which is not there");
            }
        }
    }
}

#[test]
fn settings_named_in_documents_exist() {
    for (path, text) in documents() {
        let words = text.split(|c: char| !(c.is_ascii_uppercase() || c == '_'));
        for word in words.filter(|w| w.len() > 9 && w.starts_with("GATEPOST_") && !w.ends_with('_')) {
            let fine = gatepost::config::key_of_variable(word).is_some()
                || TEST_VARIABLES.contains(&word)
                || path.starts_with("tests/");
            assert!(fine, "{path} names {word}, which no setting reads");
        }
    }
}

#[test]
fn commands_in_documents_parse() {
    for (path, text) in documents() {
        let (prose, fenced) = split_fences(&text);
        let commands = fenced.into_iter().chain(quoted(&prose)).filter(|c| c.starts_with("gatepost "));
        for command in commands.filter(|c| !c.contains('…')) {
            let command = command.split(" #").next().unwrap_or(command);
            match gatepost::cli::Cli::try_parse_from(command.split_whitespace()) {
                Ok(_) => {}
                Err(e) if matches!(e.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {}
                Err(error) => panic!("{path}: `{command}` is not a command:\n{error}"),
            }
        }
    }
}

/// The first column of the tables of messages: what stands between dots of omission is in
/// the source, line breaks inside string literals aside.
#[test]
fn messages_in_documents_exist() {
    let joined = regex_lite::Regex::new(r"\\\n\s*").unwrap_or_else(|error| panic!("{error}"));
    let source: String = files("src", "rs").into_iter().map(|(_, text)| text).collect();
    let source = joined.replace_all(&source, "").replace("\\\"", "\"");
    for (document, least) in [("README.md", 15), ("docs/troubleshooting.md", 40)] {
        let text = read(document);
        let messages = rows(text.lines(), "What to do");
        assert!(messages.len() >= least, "{document}: the tables of messages were not found, or have shrunk");
        for row in messages {
            let message =
                quoted(row[0]).next().unwrap_or_else(|| panic!("{document}: no message in {row:?}"));
            for part in message.split('…').map(str::trim).filter(|part| !part.is_empty()) {
                assert!(source.contains(part), "{document} explains a message that nothing says: {part}");
            }
        }
    }
}

/// `table.column` of every `CREATE TABLE` in the migrations.
fn columns() -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    for (_, sql) in files("migrations", "sql") {
        for table in sql.split("CREATE TABLE ").skip(1) {
            let body = table.split(");\n").next().unwrap_or(table);
            let (name, body) = body.split_once('(').unwrap_or((body, ""));
            for line in body.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("--"))
            {
                let word = line.split([' ', '(']).next().unwrap_or_default();
                if !["PRIMARY", "UNIQUE", "FOREIGN", "CHECK", "CONSTRAINT"].contains(&word) {
                    out.insert(format!("{}.{word}", name.trim()));
                }
            }
        }
        for added in sql.split("ALTER TABLE ").skip(1) {
            let mut words = added.split_whitespace();
            if let (Some(table), Some("ADD"), Some("COLUMN"), Some(column)) =
                (words.next(), words.next(), words.next(), words.next())
            {
                out.insert(format!("{table}.{column}"));
            }
        }
    }
    out
}

#[test]
fn storage_describes_every_column_and_no_other() {
    let document = read("docs/storage.md");
    let listed: Vec<String> =
        rows(document.lines(), "Secret").iter().map(|row| row[0].trim_matches('`').to_owned()).collect();
    let described: BTreeSet<String> = listed.iter().cloned().collect();
    assert_eq!(listed.len(), described.len(), "docs/storage.md describes a column twice");
    let columns = columns();
    assert!(columns.len() > 60, "only {} columns were found in migrations/", columns.len());
    let missing: Vec<_> = columns.difference(&described).collect();
    let unknown: Vec<_> = described.difference(&columns).collect();
    assert!(missing.is_empty(), "docs/storage.md lacks {missing:?}");
    assert!(unknown.is_empty(), "docs/storage.md describes {unknown:?}, which no migration makes");
}

/// Functions of the store that `docs/storage.md` names as writers exist there.
#[test]
fn writers_in_storage_exist() {
    let store: String = files("src/store", "rs").into_iter().map(|(_, text)| text).collect();
    let document = read("docs/storage.md");
    let rows = rows(document.lines(), "Secret");
    assert!(rows.len() > 60, "only {} rows with a writer were found in docs/storage.md", rows.len());
    for row in rows {
        for writer in row.get(2).copied().into_iter().flat_map(quoted) {
            let found = store.contains(&format!("fn {writer}("));
            assert!(found, "docs/storage.md: {} is written by {writer}, which does not exist", row[0]);
        }
    }
}

fn assert_tests_exist<'t>(path: &str, rows: impl IntoIterator<Item = &'t Vec<&'t str>>, code: &str) -> usize {
    let mut count = 0;
    for row in rows {
        for name in row.last().copied().into_iter().flat_map(quoted) {
            let found = code.contains(&format!("fn {name}("));
            assert!(found, "{path} names the test {name}, which does not exist");
            count += 1;
        }
    }
    count
}

#[test]
fn tests_named_in_documents_exist() {
    let code = code();
    let mut count = 0;
    for (path, text) in documents() {
        count += assert_tests_exist(&path, &rows(text.lines(), "Test"), &code);
    }
    assert!(count >= 60, "only {count} names of tests were found: did the tables change their form?");
}

#[test]
fn tests_named_in_decision_tables_exist() {
    let code = code();
    let mut count = 0;
    for (path, text) in files("src", "rs") {
        let lines = text.lines().map(|line| line.trim_start().trim_start_matches("//!"));
        count += assert_tests_exist(&path, &rows(lines, "test"), &code);
    }
    assert!(count >= 16, "only {count} names of tests were found: did the tables change their form?");
}

#[test]
fn the_architecture_shows_every_part_of_the_source() {
    let text = read("ARCHITECTURE.md");
    let entries = fs::read_dir(root().join("src")).unwrap();
    for name in entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()) {
        let shown =
            quoted(&text).any(|q| q.trim_end_matches('/') == name || q.trim_end_matches(".rs") == name);
        assert!(shown, "ARCHITECTURE.md does not mention src/{name}");
    }
}

#[test]
fn decisions_are_numbered_dated_and_have_three_parts() {
    for (index, (path, text)) in files("docs/decisions", "md").iter().enumerate() {
        let number = format!("{:04}", index + 1);
        assert!(path.contains(&format!("/{number}-")), "{path} should be number {number}");
        assert!(text.starts_with(&format!("# {number} ")), "{path} does not open with its number");
        assert!(text.contains("\nDate: 20"), "{path} has no date");
        for part in ["\n## Context\n", "\n## Decision\n", "\n## Consequences\n"] {
            assert!(text.contains(part), "{path} lacks the part{part}");
        }
    }
}
