//! Telling a person by mail what was done with their account. Without a mail server it does nothing.

use super::{Accounts, words};
use crate::mail::{Letter, Notice, Occasion};
use crate::oauth::Origin;
use crate::store::users::UserRow;

/// When and from where, for a letter.
pub fn occasion(accounts: &Accounts, origin: &Origin, user_agent: Option<&str>) -> Occasion {
    Occasion {
        when: words::moment(accounts.clock.now()),
        device: user_agent.map(|text| words::device(Some(text))),
        place: origin.address.clone(),
    }
}

/// Tells the person what changed. Never waits and never fails: the change stands whether or not mail works.
pub fn notify(accounts: &Accounts, user: &UserRow, notice: Notice, origin: &Origin) {
    accounts.mail.send(&user.email, &Letter::Notice(notice, occasion(accounts, origin, None)));
}
