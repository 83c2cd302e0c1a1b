//! A database of its own for each test.

use sqlx::{AnyPool, AssertSqlSafe, Executor as _};
use tempfile::TempDir;

/// Where a test keeps its rows.
pub struct Database {
    pub url: String,
    /// Also holds the key file.
    pub dir: TempDir,
}

/// The server that `TEST_DATABASE_URL` names.
#[expect(clippy::disallowed_methods, reason = "tests read their own setting")]
fn server() -> Option<String> {
    std::env::var("TEST_DATABASE_URL").ok().filter(|url| !url.is_empty())
}

impl Database {
    /// A file in a new folder.
    pub fn sqlite() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}?mode=rwc", dir.path().join("test.db").display());
        Self { url, dir }
    }

    /// A new database on the Postgres server; nothing where none is named.
    pub async fn postgres() -> Option<Self> {
        let server = server()?;
        sqlx::any::install_default_drivers();
        let dir = tempfile::tempdir().unwrap();
        let suffix: String = dir.path().file_name().unwrap().to_string_lossy().to_lowercase();
        let name: String = format!("gatepost{suffix}").chars().filter(char::is_ascii_alphanumeric).collect();
        let admin = AnyPool::connect(&server).await.unwrap();
        admin.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
        admin.close().await;
        let mut url = url::Url::parse(&server).unwrap();
        url.set_path(&name);
        Some(Self { url: url.into(), dir })
    }
}
