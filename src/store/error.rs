//! What can go wrong below the rules.

/// A failed store operation. Nothing was written when one comes back.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be reached or did not answer in time: worth another try later.
    #[error("the database is not reachable: {0}")]
    Unavailable(#[source] sqlx::Error),
    /// A uniqueness rule refused the row.
    #[error("a row with this value exists already")]
    Conflict,
    /// A row holds what no code writes.
    #[error("table {table}, row {row}: column {column} holds an impossible value")]
    Inconsistent { table: &'static str, column: &'static str, row: String },
    /// Anything else the database said.
    #[error("database error: {0}")]
    Database(#[source] sqlx::Error),
    /// The schema is older or newer than this binary.
    #[error("{0}")]
    Schema(String),
}

impl StoreError {
    pub fn inconsistent(table: &'static str, column: &'static str, row: &str) -> Self {
        Self::Inconsistent { table, column, row: row.to_owned() }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(db) if db.is_unique_violation() => Self::Conflict,
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => Self::Unavailable(error),
            sqlx::Error::Database(db) if is_outage(db.code().as_deref()) => Self::Unavailable(error),
            _ => Self::Database(error),
        }
    }
}

/// Codes that mean "later": in Postgres connection trouble, resources, cancellation, read-only, locks and
/// serialisation; in SQLite busy, locked, out of memory, read-only, interrupted, unreadable, damaged, full.
fn is_outage(code: Option<&str>) -> bool {
    code.is_some_and(|c| {
        c.starts_with("08")
            || c.starts_with("53")
            || c.starts_with("57")
            || matches!(c, "25006" | "55P03" | "40001" | "40P01")
            || c.parse::<u32>().is_ok_and(|n| c.len() < 5 && matches!(n & 0xff, 5..=11 | 13 | 14))
    })
}
