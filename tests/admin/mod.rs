//! What administrators see and change, one file per noun.

pub mod api;
mod audit;
mod clients;
mod grants;
mod home;
mod keys;
mod people;
mod people_lists;
mod people_rules;
mod resource_deletion;
mod resource_probe;
mod resource_rules;
pub mod resources;
pub mod scopes;
mod settings;
mod sweep;
