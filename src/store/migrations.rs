//! The schema: the files of `migrations/`, embedded, applied by the same rules as `sqlx migrate run`.

use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::{AnyPool, Connection as _, Row as _, SqlSafeStr as _};

use super::error::StoreError;
use super::writer::Turn;

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
    20_261_126_000_002 "one_waiting_key",
    20_261_126_000_003 "unlinked_issuers",
    20_261_127_000_001 "actors",
    20_261_127_000_002 "resources",
    20_261_127_000_003 "scopes",
    20_261_127_000_004 "clients",
    20_261_127_000_005 "people",
    20_261_127_000_006 "audit",
    20_261_127_000_008 "settings",
    20_261_127_000_009 "audit_of_client",
    20_261_128_000_001 "client_secrets",
    20_261_128_000_002 "clients_by_state",
    20_261_128_000_010 "api_tokens",
    20_261_128_000_011 "api_answers",
    20_261_128_000_030 "dialect",
    20_261_128_000_040 "trust",
    20_261_128_000_050 "indexes",
    20_261_129_000_001 "kinds_of_clients",
    20_261_129_000_010 "documents",
    20_261_129_000_020 "code_keys",
    20_261_129_000_040 "device_codes",
    20_261_129_000_041 "pushed_requests",
    20_261_129_000_060 "trusted_issuers",
    20_261_129_000_061 "grants_of_issuers",
    20_261_129_000_062 "exchange_rules",
    20_261_130_000_001 "ended_tokens",
    20_261_130_000_002 "clients_by_time",
    20_261_130_000_003 "newcomers",
    20_261_130_000_004 "vouched_addresses",
    20_261_130_000_005 "bound_tokens_only",
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

/// Brings the schema up to date, one process at a time. Returns how many migrations are in force afterwards.
pub async fn apply(pool: &AnyPool, turn: Turn) -> Result<usize, StoreError> {
    let failed = |error| match error {
        MigrateError::Execute(error) => StoreError::from(error),
        other => StoreError::Schema(format!("the schema cannot be brought up to date: {other}")),
    };
    let mut connection = pool.acquire().await?;
    sqlx::raw_sql(turn.before).execute(&mut *connection).await?;
    if let Some(begin) = turn.begin {
        let mut alone = connection.begin_with(begin).await?;
        migrator().run(&mut *alone).await.map_err(failed)?;
        alone.commit().await?;
    } else {
        migrator().run(&mut *connection).await.map_err(failed)?;
    }
    sqlx::raw_sql(turn.after).execute(&mut *connection).await?;
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
