//! The protected MCP endpoint over HTTP: who gets in, what a refusal says, and how soon a "no" takes effect.

pub mod caller;
pub mod dpop;
mod forge;
mod guard;
mod revocation;
mod rmcp_client;
mod sessions;
mod streams;
mod tokens;
