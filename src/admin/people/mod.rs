//! People: finding them, letting them in, and taking away what they have.
//!
//! | an administrator                            | result                                                       |
//! |---------------------------------------------|--------------------------------------------------------------|
//! | makes a person                              | they are there, with an invitation; a taken address is refused |
//! | changes name or address                     | changed; a new address ends links and half-done logins       |
//! | disables, enables                           | access ends at once; may sign in again, what ended stays ended |
//! | gives or takes the administration           | from the next request on                                     |
//! | makes a link                                | the earlier one for the same purpose ends                    |
//! | wants a second factor of somebody           | shown or set up before anything else, from the next request on |
//! | takes factors, sign-ins, identities, apps   | gone at once, on every process within a second               |
//! | deletes                                     | as the person's own deletion                                 |
//!
//! Nobody does to themselves what could lock them out or spare them a proof: disabling, the administration, links,
//! factors, deletion; their own account has pages for that. The last administrator who can sign in is neither
//! disabled, nor made an ordinary person, nor deleted; two who try at the same moment take turns.

pub mod access;
pub mod edit;
pub mod ends;
pub mod factors;
pub mod link;
pub mod list;
pub mod make;
pub mod view;

use super::{Actor, Admin, Failure};
use crate::accounts::normal_email;
use crate::store::users::UserRow;

/// Somebody who has not been deleted.
pub async fn find(admin: &Admin, id: &str) -> Result<UserRow, Failure> {
    admin.accounts.store.find_user(id).await?.ok_or(Failure::NotFound)
}

/// Somebody by address or id, as they are typed on a command line or into a filter.
pub async fn resolve(admin: &Admin, address_or_id: &str) -> Result<UserRow, Failure> {
    let typed = address_or_id.trim();
    match normal_email(typed) {
        Some(email) => admin.accounts.store.find_user_by_email(&email).await?.ok_or(Failure::NotFound),
        None => find(admin, typed).await,
    }
}

/// Refuses what an administrator does on the pages of their own account.
fn not_yourself(actor: &Actor, user: &UserRow) -> Result<(), Failure> {
    if actor.id == user.id {
        return Err(Failure::refused(
            "yourself",
            "This is your own account. Use your account page, or ask another administrator.",
        ));
    }
    Ok(())
}

fn last_admin() -> Failure {
    Failure::refused(
        "last_admin",
        "This is the only administrator who can sign in. Make somebody else an administrator first.",
    )
}
