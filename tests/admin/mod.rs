//! What administrators see and change, one file per noun.

mod audit;
mod home;
mod keys;
pub mod scopes;
mod settings;
mod sweep;
