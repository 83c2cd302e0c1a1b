//! The pages people see: one struct per page, holding exactly what its template prints.
//!
//! Owns the words and the escaping. Knows no request, no storage and no rule: handlers fill a struct and send
//! what `render()` gives. Everything is escaped; text that strangers wrote also passes `filters::visible`.
//! Fields that end in `_url` and `Snippet::link` become links, so only the server may write them.
//!
//! The structs are not `Debug` on purpose: several carry a form token or a one-time token.

pub mod account;
pub mod admin;
mod consent;
mod device;
mod error;
pub mod filters;
mod forgot;
mod home;
mod invite;
mod leaving;
mod login;
mod logout;
mod message;
mod providers;
mod reset;
mod second_factor;
mod setup;
mod stopped;

pub use consent::{ClientView, ConsentPage, KnownAs, RedirectKind, ScopeView};
pub use device::{DeviceClient, DeviceConfirmPage, DevicePage};
pub use error::ErrorPage;
pub use forgot::ForgotPage;
pub use home::{HomePage, Snippet};
pub use invite::InvitePage;
pub use leaving::LeavingPage;
pub use login::{Again, LoginPage};
pub use logout::LogoutPage;
pub use message::MessagePage;
pub use providers::ProviderButton;
pub use reset::ResetPage;
pub use second_factor::SecondFactorPage;
pub use setup::SetupPage;
pub use stopped::{PageLink, StoppedPage};

#[cfg(test)]
mod tests;
