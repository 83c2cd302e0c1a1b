//! What a person types to name their device: eight letters, shown as `BCDF-GHJK`.
//! Law: RFC 8628 §5.1, §6.1
//!
//! Twenty letters without vowels, so that no code is a word, and without digits, so that none is taken for a letter.
//! 20⁸ are 34 bits: enough only because few codes wait at a time, they live for minutes, and guesses are counted
//! ([`crate::accounts::throttle`]). So few bits could be found from a plain hash: only a keyed one is stored.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::types::master_key::Purpose;
use crate::types::{Hashed, MasterKey, Plain, Rng};

const ALPHABET: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
const LENGTH: usize = 8;
/// The longest text that is looked at, in bytes.
const MAX_TYPED: usize = 64;

/// One code, in capitals and without a dash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserCode(Plain<String>);

impl UserCode {
    /// A new one; each is as likely as any other.
    pub fn generate(rng: &Rng) -> Self {
        // Bytes beyond the last full round of the alphabet would favour its first letters.
        let even = u8::try_from(256 / ALPHABET.len() * ALPHABET.len()).unwrap_or(u8::MAX);
        let mut code = String::with_capacity(LENGTH);
        while code.len() < LENGTH {
            for byte in rng.bytes::<16>().into_iter().filter(|byte| *byte < even).take(LENGTH - code.len()) {
                code.push(char::from(ALPHABET[usize::from(byte) % ALPHABET.len()]));
            }
        }
        Self(Plain::new(code))
    }

    /// Reads what a person typed, whatever its case, with or without spaces and dashes.
    pub fn parse(typed: &str) -> Option<Self> {
        if typed.len() > MAX_TYPED {
            return None;
        }
        let is_between = |c: &char| {
            c.is_whitespace() || "-_.\u{2010}\u{2011}\u{2012}\u{2013}\u{2014}\u{2212}".contains(*c)
        };
        let code: String = typed.chars().filter(|c| !is_between(c)).map(|c| c.to_ascii_uppercase()).collect();
        let is_letter = |byte: u8| ALPHABET.contains(&byte);
        (code.len() == LENGTH && code.bytes().all(is_letter)).then(|| Self(Plain::new(code)))
    }

    /// As people see it.
    pub fn shown(&self) -> String {
        let (first, second) = self.0.expose().split_at(LENGTH / 2);
        format!("{first}-{second}")
    }

    /// The keyed hash to store.
    pub fn mac(&self, master: &MasterKey) -> Hashed {
        Hashed::from_stored(URL_SAFE_NO_PAD.encode(master.mac(Purpose::UserCode, &[self.0.expose()])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{any, prop_assert_eq, proptest};

    #[test]
    fn a_code_is_read_however_it_is_typed() {
        let code = UserCode::generate(&Rng::counted(1));
        let shown = code.shown();
        assert_eq!((shown.len(), shown.as_bytes()[4]), (9, b'-'));
        let lower = shown.to_lowercase();
        for typed in [shown.clone(), lower.clone(), lower.replace('-', ""), lower.replace('-', " \u{2013} ")]
        {
            assert_eq!(UserCode::parse(&typed), Some(code.clone()), "{typed}");
        }
        assert_eq!(UserCode::parse(&format!(" {shown} ")), Some(code));
    }

    #[test]
    fn anything_else_is_no_code() {
        let long = format!("BCDFGHJK{}", " ".repeat(MAX_TYPED));
        for typed in ["", "BCDFGHJ", "BCDFGHJKL", "ABCDFGHJ", "BCDF GHJ1", "BCDF/GHJK", "ΒCDFGHJK", &long] {
            assert_eq!(UserCode::parse(typed), None, "{typed}");
        }
    }

    #[test]
    fn every_letter_comes_up() {
        let rng = Rng::counted(7);
        let all: String = (0..200).map(|_| UserCode::generate(&rng).shown()).collect();
        assert!(ALPHABET.iter().all(|letter| all.contains(char::from(*letter))), "{all}");
    }

    #[test]
    fn only_the_same_key_gives_the_same_hash() {
        let code = UserCode::parse("BCDFGHJK").unwrap();
        let key = |byte| MasterKey::new(Plain::new(vec![byte; 32]));
        assert_eq!(code.mac(&key(1)), code.mac(&key(1)));
        assert_ne!(code.mac(&key(1)), code.mac(&key(2)));
        assert_ne!(code.mac(&key(1)), Hashed::of("BCDFGHJK"));
        assert_eq!(format!("{code:?}"), "UserCode(Plain(…))");
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_again(seed in any::<u64>()) {
            let code = UserCode::generate(&Rng::counted(seed >> 1));
            prop_assert_eq!(UserCode::parse(&code.shown()), Some(code));
        }

        #[test]
        fn no_text_breaks_the_reader(text in any::<String>()) {
            if let Some(code) = UserCode::parse(&text) {
                prop_assert_eq!(UserCode::parse(&code.shown()), Some(code));
            }
        }
    }
}
