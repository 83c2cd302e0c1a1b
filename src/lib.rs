//! Gatepost: an OAuth 2.1 authorization server, a protected MCP server and a gateway in one binary.

pub mod audit;
pub mod mcp;
pub mod oauth;
pub mod store;
pub mod trust;
pub mod types;
