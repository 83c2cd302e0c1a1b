//! Gatepost: an OAuth 2.1 authorization server, a protected MCP server and a gateway in one binary.
//!
//! A request falls downward: `web` → `admin` → `oauth` | `mcp` | `accounts` → `store`, over `types`; `trust` says which
//! tokens the MCP server believes. `tests/architecture.rs` holds the directions.

pub mod accounts;
pub mod admin;
pub mod app;
pub mod audit;
pub mod cli;
pub mod commands;
pub mod config;
pub mod connect;
pub mod fetch;
pub mod jobs;
pub mod logging;
pub mod mail;
pub mod mcp;
pub mod oauth;
pub mod settings;
pub mod store;
pub mod trust;
pub mod types;
pub mod web;
