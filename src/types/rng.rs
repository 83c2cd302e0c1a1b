//! Randomness, as a value that is passed in.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use sha2::{Digest, Sha256};

/// Where random bytes come from: the operating system, or a counted sequence for tests.
#[derive(Clone, Debug)]
pub enum Rng {
    /// The operating system's generator.
    System,
    /// SHA-256 of a counter: the same bytes at every run. Tests only.
    Counted(Arc<AtomicU64>),
}

impl Rng {
    /// A repeatable source that starts at `seed`.
    pub fn counted(seed: u64) -> Self {
        Self::Counted(Arc::new(AtomicU64::new(seed)))
    }

    /// `N` random bytes.
    ///
    /// # Panics
    /// When the operating system cannot give randomness: nothing safe could follow.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut out = [0_u8; N];
        match self {
            Self::System => {
                assert!(
                    SystemRandom::new().fill(&mut out).is_ok(),
                    "the operating system's random generator failed"
                );
            }
            Self::Counted(counter) => {
                for chunk in out.chunks_mut(32) {
                    let block = Sha256::digest(counter.fetch_add(1, Ordering::SeqCst).to_be_bytes());
                    chunk.copy_from_slice(&block[..chunk.len()]);
                }
            }
        }
        out
    }
}
