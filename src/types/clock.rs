//! Time, as a value that is passed in.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Seconds since the Unix epoch, as stored in every BIGINT time column.
pub type Timestamp = i64;

/// Where the time comes from: the operating system, or a hand that a test moves.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// A clock that stands still until [`Clock::advance`] is called. Tests only.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at `now` until it is moved.
    pub fn manual(now: Timestamp) -> Self {
        Self::Manual(Arc::new(AtomicI64::new(now)))
    }

    /// The current time in seconds since the Unix epoch.
    pub fn now(&self) -> Timestamp {
        self.now_millis() / 1000
    }

    /// The current time in milliseconds since the Unix epoch; only ids need this precision.
    pub fn now_millis(&self) -> i64 {
        match self {
            #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
            Self::System => std::time::SystemTime::now()
                .duration_since(std::time::UNIX_EPOCH)
                .map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX)),
            Self::Manual(now) => now.load(Ordering::SeqCst) * 1000,
        }
    }

    /// Moves a manual clock forward by `seconds`; the machine's clock ignores it.
    pub fn advance(&self, seconds: i64) {
        if let Self::Manual(now) = self {
            now.fetch_add(seconds, Ordering::SeqCst);
        }
    }
}
