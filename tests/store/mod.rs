//! The store below the rules, on both databases: what is spent once is spent once, and the schema is the
//! one in `migrations/`.

mod reaping;
mod schema;
mod spending;
