//! Making a person. They come in with an invitation, or with the password they are given on the command line.

use super::super::{Actor, Admin, Failure, Problem};
use crate::accounts::profile::{NameError, read_name};
use crate::accounts::{links, normal_email};
use crate::audit::Event;
use crate::store::StoreError;
use crate::store::users::UserRow;

/// What is written about somebody new.
#[derive(Clone, Debug, Default)]
pub struct NewPerson {
    pub email: String,
    pub name: String,
    pub is_admin: bool,
    /// An argon2id hash; somebody without one comes in with an invitation.
    pub password_hash: Option<String>,
}

/// Reads name and address as they are kept; every problem at once.
pub(super) fn read(email: &str, name: &str) -> Result<(String, Option<String>), Failure> {
    let mut problems = Vec::new();
    let address = normal_email(email);
    if address.is_none() {
        problems.push(Problem::new("email", "Enter a valid e-mail address."));
    }
    let name = match read_name(name) {
        Ok(name) => name,
        Err(NameError::Store(error)) => return Err(error.into()),
        Err(error @ (NameError::TooLong | NameError::Unprintable)) => {
            problems.push(Problem::new("name", error.to_string()));
            None
        }
    };
    match address {
        Some(address) if problems.is_empty() => Ok((address, name)),
        _ => Err(Failure::Invalid(problems)),
    }
}

pub(super) fn taken() -> Failure {
    Failure::invalid("email", "That e-mail address belongs to somebody else here.")
}

/// Makes a person.
///
/// # Errors
/// [`Failure::Invalid`] for a bad name, and a bad or taken address.
pub async fn make(admin: &Admin, actor: &Actor, new: NewPerson) -> Result<UserRow, Failure> {
    let (email, name) = read(&new.email, &new.name)?;
    let user = links::new_user(&admin.accounts, email, name, new.password_hash, new.is_admin);
    match admin.accounts.store.add_user(user.clone()).await {
        Ok(()) => {}
        Err(StoreError::Conflict) => return Err(taken()),
        Err(error) => return Err(error.into()),
    }
    let entry = actor.did(Event::UserCreated).user(user.id.clone());
    let entry = if user.is_admin { entry.detail("as an administrator") } else { entry };
    admin.oauth.audit.record(entry).await;
    Ok(user)
}
