//! The store below the rules, on both databases: every operation does what it says, what is spent once is
//! spent once, what has ended is removed, and the schema is the one in `migrations/`.

mod ceremonies;
mod contract;
mod devices;
mod document_clients;
mod ended;
mod first_admin;
mod first_start;
mod held_lock;
mod issuers;
mod pushed;
mod races;
mod reaping;
mod removing;
pub mod rows;
mod schema;
mod spending;
