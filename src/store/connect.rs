//! Opening the database. With `writer`, the only place that knows which database it is.

use std::time::Duration;

use sqlx::AnyPool;
use sqlx::any::AnyPoolOptions;
use sqlx::{Executor as _, Row as _};

use super::writer::Writer;
use super::{Store, StoreError};

/// The oldest SQLite without the WAL-reset corruption bug.
const OLDEST_SQLITE: (u32, u32, u32) = (3, 51, 3);

/// What `connect` needs to know.
#[derive(Clone, Debug)]
pub struct Options {
    /// `sqlite:…` or `postgres://…`.
    pub url: String,
    /// Connections for reading (SQLite) or for everything (Postgres).
    pub max_connections: u32,
}

/// Opens the database and sets it up for durable writes. Applies no migration.
///
/// # Errors
/// When it cannot be reached, or SQLite is older than 3.51.3.
pub async fn connect(options: &Options) -> Result<Store, StoreError> {
    sqlx::any::install_default_drivers();
    if options.url.starts_with("sqlite:") {
        connect_sqlite(options).await
    } else {
        connect_postgres(options).await
    }
}

fn pool(max_connections: u32) -> AnyPoolOptions {
    AnyPoolOptions::new().max_connections(max_connections).acquire_timeout(Duration::from_secs(5))
}

async fn connect_sqlite(options: &Options) -> Result<Store, StoreError> {
    let sqlite = |max| {
        pool(max).idle_timeout(None).max_lifetime(None).after_connect(|connection, _| {
            Box::pin(async move {
                // FULL, not NORMAL: with NORMAL a power cut undoes commits that were acknowledged.
                connection
                    .execute(
                        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
                         PRAGMA busy_timeout = 5000;",
                    )
                    .await?;
                Ok(())
            })
        })
    };
    let readers = sqlite(options.max_connections).connect(&options.url).await?;
    refuse_old_sqlite(&readers).await?;
    let writer = sqlite(1).connect(&options.url).await?;
    Ok(Store { pool: readers, writer: Writer::grouped(writer) })
}

async fn refuse_old_sqlite(pool: &AnyPool) -> Result<(), StoreError> {
    let version: String = sqlx::query("SELECT sqlite_version()").fetch_one(pool).await?.try_get(0)?;
    let mut parts = version.split('.').map(|p| p.parse::<u32>().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    if (next(), next(), next()) < OLDEST_SQLITE {
        return Err(StoreError::Schema(format!(
            "SQLite {version} can corrupt a database in WAL mode; 3.51.3 or later is needed"
        )));
    }
    Ok(())
}

async fn connect_postgres(options: &Options) -> Result<Store, StoreError> {
    let pool = pool(options.max_connections)
        .after_connect(|connection, _| {
            Box::pin(async move {
                connection
                    .execute(
                        "SET statement_timeout = '10s'; SET idle_in_transaction_session_timeout = '30s';",
                    )
                    .await?;
                Ok(())
            })
        })
        .connect(&options.url)
        .await?;
    Ok(Store { writer: Writer::Pooled(pool.clone()), pool })
}
