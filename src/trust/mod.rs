//! Whom the resource server believes, and what has been taken back since.
//!
//! `embedded` believes the tokens this process' own authorization server signs. It owns no HTTP: which
//! header a token came in, and what the 401 looks like, is the web layer's.

pub mod embedded;
mod revocations;
mod usage;

pub use embedded::{BadToken, Embedded};
pub use revocations::Revocations;
pub use usage::{LastNoted, Usage};
