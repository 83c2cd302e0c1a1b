//! Making a token.

use super::{MAX_LIVE, Scope};
use crate::admin::{Actor, Admin, Failure, Problem};
use crate::audit::Event;
use crate::store::api_tokens::{Added, NewApiToken};
use crate::types::ids::{self, Kind, new_id};
use crate::types::secret::Bearer;
use crate::types::{Plain, ScopeSet};

/// The longest name, in characters.
pub const MAX_NAME: usize = 100;
/// The longest life, in days.
pub const MAX_DAYS: i64 = 366;
/// Characters of the secret that are kept to tell tokens apart.
const HINT: usize = 4;
const DAY: i64 = 86_400;

/// What an administrator says of a new token.
#[derive(Clone, Debug, Default)]
pub struct NewToken {
    pub name: String,
    /// Names of [`Scope`].
    pub scopes: Vec<String>,
    /// How many days it lives.
    pub days: i64,
    /// The id it will have, from [`fresh_id`]: of a form sent twice, the second makes nothing.
    pub id: String,
}

/// A token, told once.
pub struct Made {
    pub id: String,
    pub text: Plain<String>,
    pub expires_at: i64,
}

/// The id of a token that a form will make.
pub fn fresh_id(admin: &Admin) -> String {
    new_id(Kind::ApiToken, &admin.oauth.clock, &admin.oauth.rng)
}

/// Makes a token that acts for the administrator `owner`.
///
/// # Errors
/// [`Failure::Refused`] `made_already` for an id that was used, `too_many` with as many as one may have.
pub async fn make(admin: &Admin, actor: &Actor, owner: &str, new: &NewToken) -> Result<Made, Failure> {
    let scopes = checked(admin, new)?;
    let ctx = &admin.oauth;
    let now = ctx.clock.now();
    let bearer = Bearer { id: new.id.clone(), ..Bearer::generate(Kind::ApiToken, &ctx.clock, &ctx.rng) };
    let secret = bearer.secret.expose();
    let row = NewApiToken {
        id: bearer.id.clone(),
        hash: bearer.hash(),
        hint: secret.chars().skip(secret.len() - HINT).collect(),
        name: new.name.trim().to_owned(),
        scopes: scopes.clone(),
        created_by: owner.to_owned(),
        created_at: now,
        expires_at: now + new.days * DAY,
    };
    let (name, expires_at) = (row.name.clone(), row.expires_at);
    match ctx.store.add_api_token(row, MAX_LIVE).await? {
        Added::Done => {}
        Added::Again => {
            return Err(Failure::refused(
                "made_already",
                "This form was sent before: the token was made then, and shown once. If you did not keep it, revoke \
                 it and make another.",
            ));
        }
        Added::NotAllowed => {
            return Err(Failure::refused(
                "too_many",
                format!(
                    "Only administrators have tokens, and each at most {MAX_LIVE} that work. Revoke one that is not \
                     needed any more."
                ),
            ));
        }
    }
    let entry = actor.did(Event::ApiTokenCreated).user(owner.to_owned());
    ctx.audit.record(entry.detail(format!("{}: {name}; {scopes}", bearer.id))).await;
    Ok(Made { id: bearer.id.clone(), text: bearer.to_text(), expires_at })
}

fn checked(admin: &Admin, new: &NewToken) -> Result<ScopeSet, Failure> {
    let mut problems = Vec::new();
    let name = new.name.trim();
    if name.is_empty() || name.chars().count() > MAX_NAME || name.chars().any(char::is_control) {
        let text = format!("Say in 1 to {MAX_NAME} characters what it is for, e.g. Nightly report.");
        problems.push(Problem::new("name", text));
    }
    if new.scopes.is_empty() {
        problems.push(Problem::new("scopes", "Choose at least one: a token can do nothing else."));
    }
    if let Some(unknown) = new.scopes.iter().find(|name| Scope::parse(name).is_none()) {
        problems.push(Problem::new("scopes", format!("There is no scope {unknown}.")));
    }
    if !(1..=MAX_DAYS).contains(&new.days) {
        problems.push(Problem::new("days", format!("A token lives for 1 to {MAX_DAYS} days.")));
    }
    if !is_fresh(admin, &new.id) {
        problems.push(Problem::new("name", "This form is out of date. Check it and send it once more."));
    }
    if problems.is_empty() {
        Ok(new.scopes.iter().cloned().collect())
    } else {
        Err(Failure::Invalid(problems))
    }
}

/// Whether an id is one of ours, of the last day: a place in the order of ids that nobody chose.
fn is_fresh(admin: &Admin, id: &str) -> bool {
    let now = admin.oauth.clock.now();
    let is_ours = id.strip_prefix("apt_").is_some_and(|body| body.bytes().all(|b| b.is_ascii_alphanumeric()));
    is_ours && ids::made_at(id).is_some_and(|made| made <= now + 60 && made > now - DAY)
}
