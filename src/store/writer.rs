//! How writes reach the database.
//!
//! SQLite has one writer at a time, and each durable commit waits for the disk. So one task owns the write
//! connection, runs what is waiting inside one `BEGIN IMMEDIATE … COMMIT`, and answers each caller after that
//! commit: many small writes share one wait. Postgres groups commits of its own accord, so there each write
//! takes a connection from the pool.

use std::panic::AssertUnwindSafe;

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

type Finish = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

/// Runs on the write connection; says whether it worked, and how to answer.
type Run = Box<dyn for<'c> FnOnce(&'c mut AnyConnection) -> BoxFuture<'c, (bool, Finish)> + Send>;

/// A write that is waiting: run it, and it hands back how to answer once the commit's outcome is known.
pub struct Job {
    atomic: bool,
    run: Run,
}

/// Runs writes one after the other, each atomic, each durable before its answer.
#[derive(Clone)]
pub enum Writer {
    /// The task that owns SQLite's write connection.
    Grouped(mpsc::Sender<Job>),
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

impl Writer {
    /// Starts the task that owns the only connection of `pool`.
    pub fn grouped(pool: AnyPool) -> Self {
        let (sender, receiver) = mpsc::channel(QUEUE);
        tokio::spawn(run(pool, receiver));
        Self::Grouped(sender)
    }

    /// Runs `operation` and answers after its commit.
    pub async fn write<T, F>(&self, shape: Shape, operation: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut AnyConnection) -> BoxFuture<'c, Result<T, StoreError>> + Send + 'static,
    {
        match self {
            Self::Grouped(sender) => {
                let (answer, answered) = oneshot::channel();
                let job = Job { atomic: shape == Shape::Transaction, run: package(operation, answer) };
                sender.send(job).await.map_err(|_| closed())?;
                answered.await.map_err(|_| closed())?
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
            let worked = result.is_ok();
            let finish: Finish = Box::new(move |commit| {
                // The caller may have gone away; its write stands all the same.
                let _ = answer.send(match (result, commit) {
                    (Ok(value), Ok(())) => Ok(value),
                    (Ok(_), Err(error)) | (Err(error), _) => Err(error),
                });
            });
            (worked, finish)
        }
        .boxed()
    })
}

async fn run(pool: AnyPool, mut jobs: mpsc::Receiver<Job>) {
    while let Some(first) = jobs.recv().await {
        let mut batch = vec![first];
        while batch.len() < BATCH {
            match jobs.try_recv() {
                Ok(job) => batch.push(job),
                Err(_) => break,
            }
        }
        // A batch that fails or panics drops its jobs: their callers see the write as unavailable.
        match AssertUnwindSafe(commit_batch(&pool, batch)).catch_unwind().await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "a group of writes was rolled back"),
            Err(_) => tracing::error!("a write operation panicked; its group was rolled back"),
        }
    }
}

async fn commit_batch(pool: &AnyPool, batch: Vec<Job>) -> Result<(), StoreError> {
    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
    let mut finishes = Vec::with_capacity(batch.len());
    for job in batch {
        if job.atomic {
            execute(&mut transaction, "SAVEPOINT operation").await?;
        }
        let (worked, finish) = (job.run)(&mut transaction).await;
        if job.atomic {
            if !worked {
                execute(&mut transaction, "ROLLBACK TO operation").await?;
            }
            execute(&mut transaction, "RELEASE operation").await?;
        }
        finishes.push(finish);
    }
    let committed = transaction.commit().await;
    for finish in finishes {
        finish(match &committed {
            Ok(()) => Ok(()),
            Err(_) => Err(closed()),
        });
    }
    Ok(committed?)
}

async fn execute(connection: &mut AnyConnection, statement: &'static str) -> Result<(), StoreError> {
    sqlx::raw_sql(statement).execute(connection).await?;
    Ok(())
}
