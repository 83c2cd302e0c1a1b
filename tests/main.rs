//! All integration tests, in one binary: one link, one run.
//!
//! Each test of behaviour runs on SQLite and, where `TEST_DATABASE_URL` names a Postgres server, on Postgres;
//! `tests/run.sh` always names one.

#![cfg(test)]

mod account;
mod admin;
mod architecture;
mod docs;
mod issuers;
mod mcp;
mod oauth;
mod people;
mod store;
mod support;
mod trust;
