//! What administrators do, whichever way they ask: pages, the JSON API and the command line call these rules.
//!
//! Each operation takes who asks ([`Actor`]) and says what follows or why not ([`Failure`]); each change is one
//! transaction of the store and one event of the audit trail. Who may ask is decided above: `web/admin/access.rs`
//! for pages.

pub mod api_tokens;
pub mod audit;
pub mod clients;
pub mod exchanges;
pub mod grants;
pub mod home;
pub mod issuers;
pub mod keys;
pub mod people;
pub mod resources;
pub mod scopes;
pub mod settings;

use crate::accounts::Accounts;
use crate::audit::{Entry, Event};
use crate::oauth::OAuth;
use crate::store::StoreError;

/// Everything the rules for administrators work on; clones share it.
#[derive(Clone)]
pub struct Admin {
    pub oauth: OAuth,
    pub accounts: Accounts,
    /// Those held in memory.
    pub api_tokens: api_tokens::ApiTokens,
}

/// Who asks for something, for the audit trail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Actor {
    /// Id of a person; `command-line` for whoever has a shell on the machine.
    pub id: String,
    /// The API token by which that person does it.
    pub token_id: Option<String>,
    pub session_id: Option<String>,
    pub address: Option<String>,
}

impl Actor {
    /// Whoever has a shell on the machine.
    pub fn command_line() -> Self {
        Self { id: "command-line".to_owned(), ..Self::default() }
    }

    /// An entry of the audit trail that names the actor.
    pub fn did(&self, event: Event) -> Entry {
        self.named(Entry::ok(event))
    }

    /// An entry about something that was not done.
    pub fn was_refused(&self, event: Event, reason: &str) -> Entry {
        self.named(Entry::refused(event, reason))
    }

    fn named(&self, entry: Entry) -> Entry {
        entry
            .actor(self.id.clone())
            .token(self.token_id.clone())
            .session(self.session_id.clone())
            .address(self.address.clone())
    }
}

/// One field of a form or a JSON body, and what is wrong with it: a sentence for the person who filled it in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The name of the field, as forms and JSON bodies spell it.
    pub field: &'static str,
    pub sentence: String,
}

impl Problem {
    pub fn new(field: &'static str, sentence: impl Into<String>) -> Self {
        Self { field, sentence: sentence.into() }
    }
}

/// Why something was not done. Nothing has changed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// There is no such thing, or not any more.
    #[error("there is no such thing")]
    NotFound,
    /// What was sent cannot be taken.
    #[error("what was sent cannot be taken")]
    Invalid(Vec<Problem>),
    /// Somebody else changed it since it was read.
    #[error("it was changed meanwhile")]
    Changed,
    /// A rule forbids it: a code for programs and logs, a sentence for people.
    #[error("{sentence}")]
    Refused { code: &'static str, sentence: String },
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Failure {
    /// One field that cannot be taken.
    pub fn invalid(field: &'static str, sentence: impl Into<String>) -> Self {
        Self::Invalid(vec![Problem::new(field, sentence)])
    }

    /// With a field under the name that the caller's bodies have for it.
    #[must_use]
    pub fn renamed(mut self, field: &str, to: &'static str) -> Self {
        if let Self::Invalid(problems) = &mut self {
            problems.iter_mut().filter(|problem| problem.field == field).for_each(|p| p.field = to);
        }
        self
    }

    pub fn refused(code: &'static str, sentence: impl Into<String>) -> Self {
        Self::Refused { code, sentence: sentence.into() }
    }
}

/// A page of a list that is read by key, and where the next one begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    pub rows: Vec<T>,
    /// What to ask for to go on; nothing at the end.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// Makes a page of what was read with room for one more than `size`: the one more says that there is more.
    pub fn of(mut rows: Vec<T>, size: usize, key: impl Fn(&T) -> String) -> Self {
        let more = rows.len() > size;
        rows.truncate(size);
        let next = rows.last().filter(|_| more).map(key);
        Self { rows, next }
    }
}

#[cfg(test)]
mod tests {
    use super::Page;

    #[test]
    fn a_page_says_whether_there_is_more() {
        let page = |n: usize| Page::of((0..n).collect(), 2, ToString::to_string);
        assert_eq!(page(0), Page { rows: vec![], next: None });
        assert_eq!(page(2), Page { rows: vec![0, 1], next: None });
        assert_eq!(page(3), Page { rows: vec![0, 1], next: Some("1".into()) });
    }
}
