//! What administrators see and change, one file per noun.

mod audit;
mod grants;
mod home;
mod keys;
mod people;
mod people_lists;
mod people_rules;
pub mod scopes;
mod settings;
mod sweep;
