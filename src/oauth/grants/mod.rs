//! One file per grant type. Each opens with its law and its decision table.

pub mod authorization_code;
pub mod refresh_token;
