//! `/admin/settings`: what is in force and where it comes from, and what can be changed while the server runs.

pub mod branding;
pub mod list;
pub mod logo;
pub mod preview;
pub mod provider;
pub mod registration;
pub mod second_factor;

const PAGE: &str = "/admin/settings";
