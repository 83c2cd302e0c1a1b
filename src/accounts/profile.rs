//! The name a person goes by.
//!
//! | typed                                      | answer                              | audit trail    |
//! |--------------------------------------------|-------------------------------------|----------------|
//! | the same as before                         | nothing changes                     | nothing        |
//! | nothing, or only space                     | the name is removed                 | `user.renamed` |
//! | 1 to 100 characters                        | the new name, in tokens' answers too| `user.renamed` |
//! | longer, or with a control character        | refused, nothing changed            | nothing        |

use super::Accounts;
use crate::audit::{Entry, Event};
use crate::oauth::Origin;
use crate::store::StoreError;
use crate::store::users::UserRow;

/// The longest name, in characters.
pub const MAX_NAME: usize = 100;

/// Why a name is not taken.
#[derive(Debug, thiserror::Error)]
pub enum NameError {
    #[error("A name has at most {MAX_NAME} characters.")]
    TooLong,
    #[error("That name holds a character that cannot be shown.")]
    Unprintable,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A typed name as it is kept: trimmed, and nothing for an empty one.
pub fn read_name(typed: &str) -> Result<Option<String>, NameError> {
    let name = typed.trim();
    if name.chars().count() > MAX_NAME {
        return Err(NameError::TooLong);
    }
    if name.chars().any(char::is_control) {
        return Err(NameError::Unprintable);
    }
    Ok((!name.is_empty()).then(|| name.to_owned()))
}

/// Changes the name. `false` when it was the same before.
pub async fn rename(
    accounts: &Accounts,
    user: &UserRow,
    typed: &str,
    origin: &Origin,
) -> Result<bool, NameError> {
    let name = read_name(typed)?;
    if name == user.name {
        return Ok(false);
    }
    accounts.store.set_name(user.id.clone(), name).await?;
    let entry = Entry::ok(Event::UserRenamed).user(user.id.clone()).address(origin.address.clone());
    accounts.audit.record(entry).await;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_trimmed_and_bounded() {
        assert_eq!(read_name("  Ann ").unwrap().as_deref(), Some("Ann"));
        assert_eq!(read_name(" \u{3000} ").unwrap(), None);
        assert_eq!(read_name(&"é".repeat(100)).unwrap().map(|n| n.chars().count()), Some(100));
        assert!(matches!(read_name(&"é".repeat(101)), Err(NameError::TooLong)));
        for bad in ["a\u{0}b", "a\nb", "a\u{85}b"] {
            assert!(matches!(read_name(bad), Err(NameError::Unprintable)), "{bad:?}");
        }
    }
}
