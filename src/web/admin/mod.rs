//! `/admin/…`: what administrators see and change. One folder per noun, one file per page or step; who may ask is
//! the first argument of every handler, see `access`.
//!
//! A page with a form that changes something asks for the version it was made from, so that of two people who
//! change the same thing the second is told.

mod access;
mod answers;
pub mod api;
mod audit;
mod clients;
mod elsewhere;
mod exchanges;
mod grants;
mod home;
mod issuers;
mod keys;
mod notices;
mod people;
mod reference;
mod resources;
mod routes;
mod scopes;
mod settings;
mod tokens;
mod upload;

pub use api::{API_ROUTES, ApiRoute, Need};
pub use routes::{ADMIN_ROUTES, Access, AdminRoute, configure};
