//! What administrators see and change, one file per noun.

mod keys;
mod sweep;
