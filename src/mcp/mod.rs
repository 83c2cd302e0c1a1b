//! The resource server: what a protected MCP server must say and check, and the built-in server behind it.
//!
//! Owns: the caller ([`Principal`]), the tool table and the tools, which scope a request needs
//! ([`policy`]), the `WWW-Authenticate` values ([`challenge`]), the RFC 9728 document
//! ([`resource_metadata`]), who may use which legacy session ([`sessions`]), which event streams are
//! open ([`streams`]), and the mount ([`transport`]).
//! Does not own: verifying tokens (`trust/`), URLs and status codes (`web/`), foreign servers (`gateway/`).
//! Only [`transport`] knows actix and the rmcp transport; only [`tavily`] sends requests out.

pub mod challenge;
#[cfg(feature = "conformance-fixtures")]
pub mod conformance;
pub mod policy;
pub mod principal;
pub mod resource_metadata;
pub mod server;
pub mod sessions;
pub mod streams;
pub mod tavily;
pub mod tools;
pub mod transport;

#[cfg(feature = "conformance-fixtures")]
pub use conformance::FixtureServer as Served;
pub use principal::Principal;
pub use server::BuiltinServer;
#[cfg(not(feature = "conformance-fixtures"))]
pub use server::BuiltinServer as Served;
pub use sessions::{Owner, SessionGuard, SessionLimits};
pub use streams::Streams;
pub use transport::{McpLimits, McpMount};
