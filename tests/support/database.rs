//! A database of its own for each test, gone when the test ends.

use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{LazyLock, mpsc};
use std::time::Duration;

use sqlx::{AnyPool, AssertSqlSafe, Executor as _};
use tempfile::TempDir;

/// Where a test keeps its rows.
pub struct Database {
    pub url: String,
    /// Also holds the key file.
    pub dir: TempDir,
    /// The database on a Postgres server that goes with this.
    own: Option<OnServer>,
}

/// A database on the server that `TEST_DATABASE_URL` names.
struct OnServer {
    server: String,
    name: String,
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
        Self { url, dir, own: None }
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
        Some(Self { url: url.into(), dir, own: Some(OnServer { server, name }) })
    }

    /// The same database for another process, with a folder of its own; it goes with the first.
    pub fn shared(&self) -> Self {
        Self { url: self.url.clone(), dir: tempfile::tempdir().unwrap(), own: None }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let Some(own) = self.own.take() else { return };
        let (done, wait) = sync_channel(1);
        // Waited for: the process may end with this test.
        if JANITOR.send((own, done)).is_ok() {
            let _ = wait.recv_timeout(Duration::from_secs(20));
        }
    }
}

/// Removes databases: a test that ends, perhaps in a panic, cannot wait for anything async itself.
static JANITOR: LazyLock<mpsc::Sender<(OnServer, SyncSender<()>)>> = LazyLock::new(|| {
    let (sender, receiver) = mpsc::channel::<(OnServer, SyncSender<()>)>();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let Ok(runtime) = runtime else { return };
        for (own, done) in receiver {
            runtime.spawn(async move {
                if let Err(error) = remove(&own).await {
                    eprintln!("the database {} stays: {error}", own.name);
                }
                let _ = done.send(());
            });
        }
    });
    sender
});

async fn remove(own: &OnServer) -> Result<(), sqlx::Error> {
    let admin = AnyPool::connect(&own.server).await?;
    // With those who are still connected: the test is over.
    let statement = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", own.name);
    let done = admin.execute(AssertSqlSafe(statement)).await.map(|_| ());
    admin.close().await;
    done
}
