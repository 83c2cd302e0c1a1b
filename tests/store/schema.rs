//! The schema: the files of `migrations/`, applied by Gatepost and checked at the start.

use std::fs;
use std::path::Path;

use gatepost::store::{MIGRATIONS, Options, StoreError, connect, statements};
use sqlx::{AssertSqlSafe, Row as _};

use crate::on_both;
use crate::support::Database;
use crate::support::TestApp;

#[test]
fn the_embedded_migrations_are_the_files_in_the_folder() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let mut files: Vec<(String, String)> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, fs::read_to_string(path).unwrap())
        })
        .collect();
    files.sort();
    let embedded: Vec<(String, String)> =
        MIGRATIONS.iter().map(|(v, name, sql)| (format!("{v}_{name}.sql"), (*sql).to_owned())).collect();
    assert_eq!(embedded, files);
}

/// Both databases are spoken to with one text, so it keeps to what both understand.
#[test]
fn migrations_use_text_and_bigint_only() {
    for (_, name, sql) in MIGRATIONS {
        for line in sql.lines().filter(|l| !l.trim_start().starts_with("--")) {
            for word in
                ["BOOLEAN", "TIMESTAMP", "JSON", "UUID", "SERIAL", "AUTOINCREMENT", "NOW(", "BLOB", "BYTEA"]
            {
                assert!(
                    !line.to_uppercase().contains(word),
                    "{name}: {word} does not mean the same everywhere"
                );
            }
        }
    }
}

async fn every_statement_is_understood(app: TestApp) {
    match app.core.oauth.store.prepare_all().await {
        Ok(count) => assert!(count > 40, "only {count} statements"),
        Err((statement, error)) => panic!("{statement}: {error}"),
    }
}

async fn applying_the_migrations_again_changes_nothing(app: TestApp) {
    let store = &app.core.oauth.store;
    assert_eq!(store.migrate().await.unwrap(), MIGRATIONS.len());
    store.check_schema().await.unwrap();
}

async fn a_newer_schema_is_refused(app: TestApp) {
    let store = &app.core.oauth.store;
    sqlx::query("UPDATE _sqlx_migrations SET version = 99990101000000 WHERE version = $1")
        .bind(MIGRATIONS[0].0)
        .execute(store.pool())
        .await
        .unwrap();
    assert!(matches!(store.check_schema().await, Err(StoreError::Schema(_))));
}

on_both! {
    every_statement_is_understood,
    applying_the_migrations_again_changes_nothing,
    a_newer_schema_is_refused,
}

/// Tables with few rows. (Of links only the one for the set-up is looked for without its person.)
const SMALL: [&str; 8] = [
    "api_tokens",
    "resources",
    "scopes",
    "signing_keys",
    "settings",
    "change_versions",
    "activity_hours",
    "one_time_links",
];

/// Postgres has the same indexes, and more ways to use them.
#[actix_web::test]
async fn no_statement_reads_a_whole_table_on_sqlite() {
    let app = TestApp::start(Database::sqlite()).await;
    let mut found = Vec::new();
    for statement in statements() {
        let plan = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}"));
        let steps = sqlx::query(plan).fetch_all(app.core.oauth.store.pool()).await.unwrap();
        let steps: Vec<String> = steps.iter().map(|row| row.get("detail")).collect();
        let is_made = |name: &str| {
            let made = [format!("CO-ROUTINE {name}"), format!("MATERIALIZE {name}")];
            name == "CONSTANT ROW" || steps.iter().any(|step| made.contains(step))
        };
        let scanned = steps.iter().filter_map(|step| step.strip_prefix("SCAN "));
        let whole =
            scanned.filter(|rest| !rest.contains(" USING ") && !SMALL.contains(rest) && !is_made(rest));
        found.extend(whole.map(|table| format!("{table}: {statement}")));
    }
    assert!(found.is_empty(), "{found:#?}");
}

/// Lists of clients come from an index in the order they are shown in, whatever they are narrowed to.
#[actix_web::test]
async fn no_list_of_clients_is_sorted_on_sqlite() {
    let app = TestApp::start(Database::sqlite()).await;
    let lists: Vec<_> =
        statements().into_iter().filter(|text| text.contains("ORDER BY c.created_at DESC")).collect();
    assert_eq!(lists.len(), 17);
    for statement in lists.into_iter().filter(|text| !text.contains("1 = 0")) {
        let plan = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}"));
        let steps = sqlx::query(plan).fetch_all(app.core.oauth.store.pool()).await.unwrap();
        let steps: Vec<String> = steps.iter().map(|row| row.get("detail")).collect();
        assert_eq!(steps.len(), 1, "{steps:?}: {statement}");
        let has = |text: &str| statement.contains(text);
        let state = match () {
            () if has("held_at IS NOT NULL") => "held",
            () if has("disabled_at IS NOT NULL") => "disabled",
            () if has("disabled_at IS NULL") => "active",
            () if has("c.kind =") => "by_kind",
            () => "kept",
        };
        let kind = if state != "by_kind" && has("c.kind =") { "_by_kind" } else { "" };
        let index = format!("SEARCH c USING INDEX clients_{state}{kind} (");
        assert!(steps[0].starts_with(&index), "{steps:?}: {statement}");
        assert!(steps[0].contains("(created_at,id)<(?,?)") || steps[0].contains("created_at<?"), "{steps:?}");
    }
}

/// Whoever deletes a row looks for those that point to it.
#[actix_web::test]
async fn every_reference_is_found_by_an_index() {
    let app = TestApp::start(Database::sqlite()).await;
    let without = "SELECT m.name, r.\"from\" AS pointer FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) r \
                   WHERE m.type = 'table' AND NOT EXISTS (SELECT 1 FROM pragma_index_list(m.name) i \
                   JOIN pragma_index_info(i.name) c ON c.seqno = 0 WHERE c.name = r.\"from\")";
    let found = sqlx::query(without).fetch_all(app.core.oauth.store.pool()).await.unwrap();
    let found: Vec<(String, String)> =
        found.iter().map(|row| (row.get("name"), row.get("pointer"))).collect();
    assert_eq!(found, []);
}

async fn an_empty_database_is_refused_with_what_to_do(database: Database) {
    let store = connect(&Options { url: database.url.clone(), max_connections: 2 }).await.unwrap();
    let error = store.check_schema().await.unwrap_err().to_string();
    assert!(error.contains("gatepost migrate") && error.contains("sqlx migrate run"), "{error}");
}

#[actix_web::test]
async fn an_empty_sqlite_file_is_refused() {
    an_empty_database_is_refused_with_what_to_do(Database::sqlite()).await;
}

#[actix_web::test]
async fn an_empty_postgres_database_is_refused() {
    if let Some(database) = Database::postgres().await {
        an_empty_database_is_refused_with_what_to_do(database).await;
    }
}

/// A disk that is full undoes a whole group of writes; what comes after it must be written all the same.
#[actix_web::test]
async fn sqlite_writes_again_after_the_disk_was_full() {
    let app = crate::support::TestApp::start(Database::sqlite()).await;
    let store = &app.core.oauth.store;
    let mut full = 0;
    // The write connection is Gatepost's own: a limit on the size of the file is set through a trigger that
    // fails the way a full disk does, by undoing the whole transaction.
    sqlx::query(
        "CREATE TRIGGER full_disk BEFORE INSERT ON one_time_links BEGIN SELECT RAISE(ROLLBACK, 'full'); END",
    )
    .execute(store.pool())
    .await
    .unwrap();
    for _ in 0..3 {
        let link = gatepost::accounts::links::create(
            &app.core.accounts,
            gatepost::store::links::LinkPurpose::Reset,
            Some(app.user.id.clone()),
        );
        full += usize::from(link.await.is_err());
    }
    assert_eq!(full, 3);
    sqlx::query("DROP TRIGGER full_disk").execute(store.pool()).await.unwrap();
    for _ in 0..3 {
        store.bump_version(gatepost::store::changes::Topic::Clients).await.unwrap();
    }
    store.ping().await.unwrap();
}
