//! Gatepost: an OAuth 2.1 authorization server, a protected MCP server and a gateway in one binary.

pub mod types;
