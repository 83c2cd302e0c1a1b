//! `/account/…`: what a person sees and changes about themselves. One file per page.
//!
//! | visit                                          | answer                                        |
//! |------------------------------------------------|-----------------------------------------------|
//! | nobody signed in                               | the login, then here again                    |
//! | signed in                                      | the page                                      |
//! | a sensitive page, the login older than [`FRESH`](crate::accounts::session::FRESH) | the login once more, then here |
//! | a second factor is required and was not shown  | to where it is shown or set up, then here      |
//! | too many sensitive forms in a minute           | 429, nothing changed                          |
//! | a form without its token, or another session's | 403, nothing changed                          |

pub mod activity;
pub mod apps;
pub mod data;
pub mod identities;
pub mod notices;
pub mod overview;
pub mod passkeys;
pub mod password;
pub mod second_factor;
pub mod sessions;
pub mod sign_in;

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};

use super::csrf::FormToken;
use super::pages::account::{Shell, Tab};
use super::problem::Problem;
use super::session::Detour;
use super::{State, csrf, error_page, forms, respond, session};
use crate::accounts::session::Session;
use crate::audit::{Entry, Event};
use crate::oauth::params::{MAX_BYTES, Params};

/// A signed-in person looking at a page of theirs.
pub struct Visit {
    pub session: Session,
    pub token: FormToken,
    notice: Option<&'static str>,
}

impl Visit {
    /// What surrounds every page of the account.
    pub fn shell(&self, tab: Tab) -> Shell {
        Shell {
            csrf: self.token.value.clone(),
            email: self.session.user.email.clone(),
            is_admin: self.session.user.is_admin,
            tab,
            notice: self.notice,
        }
    }
}

/// Who looks at a page.
pub async fn visit(state: &State, request: &HttpRequest) -> Result<Visit, HttpResponse> {
    let session = signed_in(state, request, request.path()).await?;
    insist_on_factor(state, request, &session, request.path()).await?;
    let token = csrf::issue(state, request, Some(&session.id));
    let params = Params::parse(request.query_string().as_bytes()).unwrap_or_default();
    let notice = params.first("done").and_then(notices::sentence);
    Ok(Visit { session, token, notice })
}

/// The same for a page on which a person changes how they sign in: the login must be fresh.
pub async fn fresh_visit(state: &State, request: &HttpRequest) -> Result<Visit, HttpResponse> {
    let visit = visit(state, request).await?;
    insist_on_fresh(state, &visit.session, request.path())?;
    Ok(visit)
}

/// The page once more after a form of it that could not be taken.
pub fn revisit(state: &State, request: &HttpRequest, session: Session) -> Visit {
    let token = csrf::issue(state, request, Some(&session.id));
    Visit { session, token, notice: None }
}

/// A form that a signed-in person sent from the page at `page`, which is where a login on the way leads.
pub async fn submission(
    state: &State,
    request: &HttpRequest,
    payload: &mut Payload,
    page: &str,
) -> Result<(Session, Params), HttpResponse> {
    submission_within(state, request, payload, page, MAX_BYTES).await
}

async fn submission_within(
    state: &State,
    request: &HttpRequest,
    payload: &mut Payload,
    page: &str,
    limit: usize,
) -> Result<(Session, Params), HttpResponse> {
    let posted = match forms::fields_within(state, request, payload, limit).await {
        Ok(posted) => posted,
        Err(problem) => return Err(problem.as_page(state, request, Event::AccountChanged).await),
    };
    let session = signed_in(state, request, page).await?;
    insist_on_factor(state, request, &session, page).await?;
    if !csrf::check(state, request, Some(&session.id), posted.first("csrf")) {
        let entry =
            Entry::refused(Event::AccountChanged, "stale_form").user(session.user.id).session(session.id);
        return Err(error_page::stale_form(state, request, entry).await);
    }
    Ok((session, posted))
}

/// The same for a sensitive form.
pub async fn fresh_submission(
    state: &State,
    request: &HttpRequest,
    payload: &mut Payload,
    page: &str,
) -> Result<(Session, Params), HttpResponse> {
    fresh_submission_within(state, request, payload, page, MAX_BYTES).await
}

/// The same with another bound on its length, in bytes.
pub async fn fresh_submission_within(
    state: &State,
    request: &HttpRequest,
    payload: &mut Payload,
    page: &str,
    limit: usize,
) -> Result<(Session, Params), HttpResponse> {
    let (session, posted) = submission_within(state, request, payload, page, limit).await?;
    insist_on_fresh(state, &session, page)?;
    if let Err(throttled) = state.accounts.throttle.sensitive(&session.user.id) {
        return Err(Problem::from(throttled).as_page(state, request, Event::AccountChanged).await);
    }
    Ok((session, posted))
}

pub(in crate::web) async fn signed_in(
    state: &State,
    request: &HttpRequest,
    page: &str,
) -> Result<Session, HttpResponse> {
    session::current(state, request).await?.ok_or_else(|| respond::see_other(&login_url(page, false)))
}

pub(in crate::web) fn insist_on_fresh(
    state: &State,
    session: &Session,
    page: &str,
) -> Result<(), HttpResponse> {
    if session.is_fresh(state.accounts.clock.now()) {
        return Ok(());
    }
    Err(respond::see_other(&login_url(page, true)))
}

/// Leads to where a second factor is shown or set up when one is required and missing; the pages on which it
/// is set up stay open.
pub(in crate::web) async fn insist_on_factor(
    state: &State,
    request: &HttpRequest,
    session: &Session,
    page: &str,
) -> Result<(), HttpResponse> {
    let setting_up = ["/account/second-factor", "/account/passkeys"];
    match session::detour(state, session, page).await? {
        Some(Detour::SetUp(_)) if setting_up.iter().any(|open| request.path().starts_with(open)) => Ok(()),
        Some(Detour::SetUp(url) | Detour::SignInAgain(url)) => Err(respond::see_other(&url)),
        None => Ok(()),
    }
}

/// The login that leads back to a page; `again` says that it is asked for although somebody is signed in.
fn login_url(page: &str, again: bool) -> String {
    let mut pairs = vec![("return_to", page)];
    if again {
        pairs.push(("again", "1"));
    }
    format!("/login?{}", serde_urlencoded::to_string(pairs).unwrap_or_default())
}

/// After something was done: the page again, with a sentence that says so.
pub fn done(page: &str, code: &str) -> HttpResponse {
    debug_assert!(notices::sentence(code).is_some(), "{code} has no sentence");
    respond::see_other(&format!("{page}?done={code}"))
}
