//! The vocabulary every layer shares: ids, secrets, time, randomness, URLs.
//!
//! Owns no rules and no input or output. Imports nothing from the other layers.

pub mod clock;
pub mod email;
pub mod ids;
pub mod master_key;
pub mod network;
pub mod proof;
pub mod rng;
pub mod scheme;
pub mod scope;
pub mod secret;
pub mod terms;
pub mod urls;
pub mod visible;

pub use clock::{Clock, Timestamp};
pub use master_key::MasterKey;
pub use proof::{FirstFactor, Proof, Requirement};
pub use rng::Rng;
pub use scheme::Scheme;
pub use scope::ScopeSet;
pub use secret::{Hashed, Plain};
