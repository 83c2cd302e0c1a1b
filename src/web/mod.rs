//! HTTP in. Pages and endpoints are written here only; askama is imported nowhere else, actix-web only where
//! the server is wired (`app`, `commands`) and where MCP's transport is mounted (`mcp/transport.rs`).
//!
//! A handler reads the request, calls one rule, and turns the result into a response. `routes` lists every
//! URL.

mod account;
mod address;
mod admin;
mod authorize;
mod brand;
mod consent;
mod cookies;
mod csrf;
mod device;
mod device_authorization;
mod dpop;
mod error_page;
mod forgot;
mod forms;
mod health;
mod home;
pub mod host;
mod introspect;
mod invite;
mod issuing;
mod jwks;
mod login;
mod login_passkey;
mod logout;
mod mcp;
mod metadata;
pub mod pages;
mod par;
mod password_link;
mod path;
mod problem;
mod qr;
mod register;
mod reset;
mod respond;
mod revoke;
mod routes;
mod scalekit;
mod second_factor;
mod server;
mod session;
mod setup;
mod state;
mod static_files;
mod token;
mod upstream;
mod userinfo;
mod when;

pub use admin::api::document as api_document;
pub use admin::{ADMIN_ROUTES, API_ROUTES, Access, AdminRoute, ApiRoute, Need};
pub use routes::configure;
pub use server::{app_middleware, serve};
pub use state::{Patience, State, WebSettings};
