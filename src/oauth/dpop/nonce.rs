//! The nonce that proofs carry where the settings ask for it: [RFC 9449 §8](https://www.rfc-editor.org/rfc/rfc9449#section-8).
//!
//! Nothing is stored: a nonce is a keyed hash of the five minutes it was made in, so every process of an installation
//! makes the same one, and takes that of these five minutes and of the five before.
//!
//! | nonce of a proof                           | taken | test                                    |
//! |--------------------------------------------|-------|-----------------------------------------|
//! | made in these five minutes                 | yes   | `a_nonce_is_taken_for_five_to_ten_minutes` |
//! | made in the five minutes before            | yes   | the same                                |
//! | older, of later, of another installation, invented, none | no | the same                     |

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::types::master_key::Purpose;
use crate::types::{MasterKey, Timestamp};

/// How long one nonce is given out, in seconds.
pub const SLOT: i64 = 300;

/// The nonce of now.
pub fn current(master: &MasterKey, now: Timestamp) -> String {
    of_slot(master, now.div_euclid(SLOT))
}

/// The nonces that may be used now.
pub fn taken(master: &MasterKey, now: Timestamp) -> [String; 2] {
    let slot = now.div_euclid(SLOT);
    [slot, slot - 1].map(|slot| of_slot(master, slot))
}

fn of_slot(master: &MasterKey, slot: i64) -> String {
    URL_SAFE_NO_PAD.encode(&master.mac(Purpose::DpopNonce, &[&slot.to_string()])[..16])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Plain;

    #[test]
    fn a_nonce_is_taken_for_five_to_ten_minutes() {
        let ours = MasterKey::new(Plain::new(vec![7; 32]));
        let theirs = MasterKey::new(Plain::new(vec![8; 32]));
        let nonce = current(&ours, 3 * SLOT);
        assert_eq!(nonce, current(&ours, 4 * SLOT - 1), "one for five minutes");
        assert_ne!(nonce, current(&ours, 4 * SLOT));
        let is_fresh = |key, nonce: &str, now| taken(key, now).iter().any(|taken| taken == nonce);
        assert!(is_fresh(&ours, &nonce, 3 * SLOT));
        assert!(is_fresh(&ours, &nonce, 5 * SLOT - 1));
        assert!(!is_fresh(&ours, &nonce, 5 * SLOT), "too old");
        assert!(!is_fresh(&ours, &nonce, 3 * SLOT - 1), "from the future");
        assert!(!is_fresh(&theirs, &nonce, 3 * SLOT));
        assert!(!is_fresh(&ours, "", 3 * SLOT));
        assert!(!is_fresh(&ours, &nonce[1..], 3 * SLOT));
    }
}
