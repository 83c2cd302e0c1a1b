//! Recovery codes: one-time codes for who has lost the authenticator app.
//!
//! Ten of 80 random bits each, in an alphabet without letters that look alike, shown once. Stored is a hash
//! over person and code: 2⁸⁰ cannot be searched, so neither salt nor a slow hash is needed.

use super::Accounts;
use crate::store::recovery_codes::RecoveryCodeRow;
use crate::types::ids::{Kind, new_id};
use crate::types::{Hashed, Plain};

/// How many a set has.
pub const COUNT: usize = 10;
/// Characters of a code, without its hyphens.
const CHARS: usize = 16;
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A new set: what is stored, and what is shown once.
pub fn new_set(accounts: &Accounts, user_id: &str) -> (Vec<RecoveryCodeRow>, Vec<Plain<String>>) {
    (0..COUNT)
        .map(|_| {
            let bits = accounts.rng.bytes::<CHARS>();
            let code: String = bits.iter().map(|b| char::from(ALPHABET[usize::from(b & 31)])).collect();
            let row = RecoveryCodeRow {
                id: new_id(Kind::RecoveryCode, &accounts.clock, &accounts.rng),
                user_id: user_id.to_owned(),
                hash: hash(user_id, &code),
                created_at: accounts.clock.now(),
            };
            (row, Plain::new(in_groups(&code)))
        })
        .unzip()
}

/// The hash of what somebody typed, in whatever case and grouping; nothing when it cannot be a code.
pub fn hash_of(user_id: &str, typed: &str) -> Option<Hashed> {
    if typed.len() > 64 {
        return None;
    }
    let code: String = typed
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .map(|c| match c.to_ascii_lowercase() {
            'o' => '0',
            'i' | 'l' => '1',
            other => other,
        })
        .collect();
    let plausible = code.len() == CHARS && code.bytes().all(|b| ALPHABET.contains(&b));
    plausible.then(|| hash(user_id, &code))
}

fn hash(user_id: &str, code: &str) -> Hashed {
    Hashed::of(&format!("{user_id} {code}"))
}

fn in_groups(code: &str) -> String {
    let mut out = String::with_capacity(CHARS + 3);
    for (place, character) in code.chars().enumerate() {
        if place > 0 && place % 4 == 0 {
            out.push('-');
        }
        out.push(character);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_however_it_was_typed() {
        let typed = |text| hash_of("usr_1", text).map(|h| h.as_str().to_owned());
        let expected = typed("0123-4567-89ab-cdef");
        assert!(expected.is_some());
        for same in ["0123456789abcdef", " O123 4567 89AB CDEF ", "o-i-23456789abcdef"] {
            assert_eq!(typed(same), expected, "{same}");
        }
        let other = hash_of("usr_2", "0123-4567-89ab-cdef").map(|h| h.as_str().to_owned());
        assert_ne!(other, expected, "another person's code is another hash");
        for no_code in ["", "0123-4567-89ab", "0123-4567-89ab-cdeu", "123456", &"0".repeat(65)] {
            assert!(typed(no_code).is_none(), "{no_code}");
        }
    }
}
