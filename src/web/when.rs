//! Times in words.

pub use crate::accounts::words::moment;
