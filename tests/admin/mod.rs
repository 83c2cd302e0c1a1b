//! What administrators see and change, one file per noun.

mod keys;
pub mod scopes;
mod sweep;
