//! How writes reach the database.
//!
//! SQLite has one writer at a time, and each durable commit waits for the disk. So one task owns the write
//! connection, runs what is waiting inside one `BEGIN IMMEDIATE … COMMIT`, and answers each caller after that
//! commit: many small writes share one wait. Postgres groups commits of its own accord, so there each write
//! takes a connection from the pool.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use sqlx::AnyConnection;
use sqlx::AnyPool;
use tokio::sync::{mpsc, oneshot};

use super::error::StoreError;

/// How many waiting writes share one commit.
const BATCH: usize = 64;
/// How many writes may wait; beyond that callers wait for a place.
const QUEUE: usize = 1024;

/// How long a write may wait for its turn and its commit.
const DEADLINE: Duration = Duration::from_secs(10);

type Finish = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

/// How an operation ended, before its commit.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Worked,
    /// It is to be undone; the rest of its group goes on.
    Failed,
    /// The disk is full, or the like: SQLite may have undone the whole group by itself.
    Broken,
}

/// Runs on the write connection; says how it ended, and how to answer.
type Run = Box<dyn for<'c> FnOnce(&'c mut AnyConnection) -> BoxFuture<'c, (Verdict, Finish)> + Send>;

/// A write that is waiting: run it, and it hands back how to answer once the commit's outcome is known.
pub struct Job {
    atomic: bool,
    run: Run,
}

/// Runs writes one after the other, each atomic, each durable before its answer.
#[derive(Clone)]
pub enum Writer {
    /// The task that owns SQLite's write connection, and whether its last group was committed.
    Grouped(mpsc::Sender<Job>, Arc<AtomicBool>),
    /// A connection a write.
    Pooled(AnyPool),
}

/// Whether an operation needs to be undone as a whole when it fails half-way.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// One statement, which undoes itself.
    Statement,
    /// Several statements that hold together.
    Transaction,
}

/// How a process that changes the schema waits for its turn: statements for its connection.
#[derive(Clone, Copy)]
pub struct Turn {
    /// Allows for more time than a request has.
    pub before: &'static str,
    /// Begins the transaction around it all, where one is needed.
    pub begin: Option<&'static str>,
    /// As it was.
    pub after: &'static str,
}

impl Writer {
    /// sqlx lets one process at a time migrate a Postgres. It does not so with SQLite: there a transaction
    /// that writes from its start keeps the others out until everything is applied.
    pub const fn turn(&self) -> Turn {
        match self {
            Self::Grouped(..) => Turn {
                before: "PRAGMA busy_timeout = 60000",
                begin: Some("BEGIN IMMEDIATE"),
                after: "PRAGMA busy_timeout = 5000",
            },
            Self::Pooled(_) => Turn {
                before: "SET statement_timeout = '10min'",
                begin: None,
                after: "SET statement_timeout = '10s'",
            },
        }
    }

    /// Starts the task that owns the only connection of `pool`.
    pub fn grouped(pool: AnyPool) -> Self {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let healthy = Arc::new(AtomicBool::new(true));
        tokio::spawn(run(pool, receiver, Arc::clone(&healthy)));
        Self::Grouped(sender, healthy)
    }

    /// Whether the last write reached the disk.
    pub fn is_healthy(&self) -> bool {
        match self {
            Self::Grouped(_, healthy) => healthy.load(Ordering::Relaxed),
            Self::Pooled(_) => true,
        }
    }

    /// Runs `operation` and answers after its commit.
    pub async fn write<T, F>(&self, shape: Shape, operation: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut AnyConnection) -> BoxFuture<'c, Result<T, StoreError>> + Send + 'static,
    {
        match self {
            Self::Grouped(sender, _) => {
                let (answer, answered) = oneshot::channel();
                let job = Job { atomic: shape == Shape::Transaction, run: package(operation, answer) };
                let written = async {
                    sender.send(job).await.map_err(|_| closed())?;
                    answered.await.map_err(|_| closed())?
                };
                tokio::time::timeout(DEADLINE, written).await.unwrap_or_else(|_| Err(closed()))
            }
            Self::Pooled(pool) if shape == Shape::Statement => {
                let mut connection = pool.acquire().await?;
                operation(&mut connection).await
            }
            Self::Pooled(pool) => {
                let mut transaction = pool.begin().await?;
                let value = operation(&mut transaction).await?;
                transaction.commit().await?;
                Ok(value)
            }
        }
    }
}

fn closed() -> StoreError {
    StoreError::Unavailable(sqlx::Error::WorkerCrashed)
}

/// Wraps an operation so that its value leaves only once the commit is known to have worked.
fn package<T, F>(operation: F, answer: oneshot::Sender<Result<T, StoreError>>) -> Run
where
    T: Send + 'static,
    F: for<'c> FnOnce(&'c mut AnyConnection) -> BoxFuture<'c, Result<T, StoreError>> + Send + 'static,
{
    Box::new(move |connection| {
        async move {
            let result = operation(connection).await;
            let verdict = match &result {
                Ok(_) => Verdict::Worked,
                Err(StoreError::Unavailable(_)) => Verdict::Broken,
                Err(_) => Verdict::Failed,
            };
            let finish: Finish = Box::new(move |commit| {
                // The caller may have gone away; its write stands all the same.
                let _ = answer.send(match (result, commit) {
                    (Ok(value), Ok(())) => Ok(value),
                    (Ok(_), Err(error)) | (Err(error), _) => Err(error),
                });
            });
            (verdict, finish)
        }
        .boxed()
    })
}

async fn run(pool: AnyPool, mut jobs: mpsc::Receiver<Job>, healthy: Arc<AtomicBool>) {
    while let Some(first) = jobs.recv().await {
        let mut batch = vec![first];
        while batch.len() < BATCH {
            match jobs.try_recv() {
                Ok(job) => batch.push(job),
                Err(_) => break,
            }
        }
        let outcome = commit_on_a_sound_connection(&pool, batch).await;
        healthy.store(outcome.is_ok(), Ordering::Relaxed);
        if let Err(error) = outcome {
            tracing::error!(%error, "a group of writes was rolled back");
        }
    }
}

/// Commits a group. Whatever goes wrong, the connection is closed rather than used again: it may stand
/// inside a transaction, or outside one that SQLite has undone by itself.
async fn commit_on_a_sound_connection(pool: &AnyPool, batch: Vec<Job>) -> Result<(), StoreError> {
    let mut connection = pool.acquire().await?;
    // A batch that fails or panics drops its jobs: their callers see the write as unavailable.
    let outcome = AssertUnwindSafe(commit_batch(&mut connection, batch)).catch_unwind().await;
    match outcome {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => {
            drop(connection.detach());
            Err(error)
        }
        Err(_) => {
            drop(connection.detach());
            tracing::error!("a write operation panicked");
            Err(closed())
        }
    }
}

async fn commit_batch(connection: &mut AnyConnection, batch: Vec<Job>) -> Result<(), StoreError> {
    // By hand rather than as sqlx's transaction, whose count of open ones goes wrong when SQLite rolls back.
    execute(connection, "BEGIN IMMEDIATE").await?;
    let mut finishes = Vec::with_capacity(batch.len());
    for job in batch {
        if job.atomic {
            execute(connection, "SAVEPOINT operation").await?;
        }
        let (verdict, finish) = (job.run)(connection).await;
        if verdict == Verdict::Broken {
            finish(Err(closed()));
            return Err(closed());
        }
        if job.atomic {
            if verdict == Verdict::Failed {
                execute(connection, "ROLLBACK TO operation").await?;
            }
            execute(connection, "RELEASE operation").await?;
        }
        finishes.push(finish);
    }
    let committed = execute(connection, "COMMIT").await;
    for finish in finishes {
        finish(match &committed {
            Ok(()) => Ok(()),
            Err(_) => Err(closed()),
        });
    }
    committed
}

async fn execute(connection: &mut AnyConnection, statement: &'static str) -> Result<(), StoreError> {
    sqlx::raw_sql(statement).execute(connection).await?;
    Ok(())
}
