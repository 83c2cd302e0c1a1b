//! The authorization server over HTTP, on both databases.

mod authorize;
mod code_grant;
mod metadata;
mod refresh_grant;
mod registration;
mod tokens;
