//! `/admin/keys`: signing keys.

pub mod list;
pub mod retire;
pub mod rotate;

const PAGE: &str = "/admin/keys";
