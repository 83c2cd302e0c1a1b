//! The schema: the files of `migrations/`, embedded, applied by the same rules as `sqlx migrate run`.

use sqlx::AnyPool;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{Row as _, SqlSafeStr as _};

use super::error::StoreError;

macro_rules! files {
    ($($version:literal $name:literal),+ $(,)?) => {
        &[$(($version, $name, include_str!(concat!("../../migrations/", $version, "_", $name, ".sql")))),+]
    };
}

/// Version, name and text of each migration; `tests/store/migrations.rs` compares them with the folder.
pub const FILES: &[(i64, &str, &str)] = files![
    20_261_123_000_001 "resources",
    20_261_123_000_002 "clients",
    20_261_123_000_003 "people",
    20_261_123_000_004 "grants",
    20_261_123_000_005 "operations",
    20_261_126_000_001 "sign_in",
];

fn migrator() -> Migrator {
    Migrator::with_migrations(
        FILES
            .iter()
            .map(|&(version, name, sql)| {
                Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
            })
            .collect(),
    )
}

/// Brings the schema up to date. Returns how many migrations are in force afterwards.
pub async fn apply(pool: &AnyPool) -> Result<usize, StoreError> {
    migrator().run(pool).await.map_err(|error| match error {
        sqlx::migrate::MigrateError::Execute(error) => StoreError::from(error),
        other => StoreError::Schema(format!("the schema cannot be brought up to date: {other}")),
    })?;
    Ok(FILES.len())
}

/// Fails unless exactly the migrations of this binary have been applied.
pub async fn check(pool: &AnyPool) -> Result<(), StoreError> {
    let applied: Vec<i64> =
        match sqlx::query("SELECT version FROM _sqlx_migrations ORDER BY version").fetch_all(pool).await {
            Ok(rows) => rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?,
            Err(sqlx::Error::Database(_)) => Vec::new(),
            Err(error) => return Err(error.into()),
        };
    let missing = FILES.iter().filter(|(version, ..)| !applied.contains(version)).count();
    let unknown = applied.iter().filter(|v| !FILES.iter().any(|(version, ..)| version == *v)).count();
    if missing > 0 {
        return Err(StoreError::Schema(format!(
            "the database schema is out of date: {missing} of {} migrations are not applied. \
             Run `gatepost migrate` or `sqlx migrate run`, or start without --no-migrate",
            FILES.len()
        )));
    }
    if unknown > 0 {
        return Err(StoreError::Schema(format!(
            "the database has {unknown} migrations this version does not know: it was used by a newer Gatepost"
        )));
    }
    Ok(())
}
