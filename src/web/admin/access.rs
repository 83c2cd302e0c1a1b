//! Who may use a page for administrators: the first argument of every handler decides.
//!
//! | who asks                                        | [`View`]   | [`FreshView`] | [`Submission`] | [`FreshSubmission`] |
//! |-------------------------------------------------|------------|---------------|----------------|---------------------|
//! | nobody signed in                                | the login  | the login     | the login      | the login           |
//! | a person who is no administrator                | 403        | 403           | 403            | 403                 |
//! | an administrator who must show a second factor  | to where it is shown or set up | same | same | same              |
//! | an administrator, login older than 15 minutes   | the page   | the login     | done           | the login           |
//! | an administrator, login fresh                   | the page   | the page      | done           | done                |
//! | a form without its token, or of another session | –          | –             | 403, audited   | 403, audited        |
//! | more than 30 fresh submissions in a minute      | –          | –             | –              | 429                 |
//!
//! The login leads back: to the page itself, or for a form to the page that shows it. `tests/admin/sweep.rs` asks
//! every route as each of them.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::error::InternalError;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload as Body};
use actix_web::{Error, FromRequest, HttpRequest, HttpResponse};

use super::super::account::{insist_on_factor, insist_on_fresh, signed_in};
use super::super::csrf::FormToken;
use super::super::pages::ErrorPage;
use super::super::pages::admin::{Area, Shell};
use super::super::problem::Problem;
use super::super::{State, address, csrf, error_page, forms};
use super::routes::{ADMIN_ROUTES, Access};
use super::{elsewhere, notices};
use crate::accounts::session::Session;
use crate::admin::Actor;
use crate::audit::{Entry, Event};
use crate::oauth::params::Params;

/// The largest form, in bytes: room for long lists of redirect URIs.
const MAX_FORM: usize = 64 * 1024;

type Extracting<T> = Pin<Box<dyn Future<Output = Result<T, Error>>>>;

/// An administrator who looks at a page.
pub struct View {
    pub state: Data<State>,
    pub session: Session,
    pub token: FormToken,
    /// What the address asks for; empty when it cannot be read.
    pub query: Params,
    notice: Option<&'static str>,
    /// The resource that the page is about.
    resource_id: Option<String>,
}

/// One who looks at a page with a sensitive form: the login must be fresh.
pub struct FreshView(pub View);

/// An administrator's form. Fields that end in `[]` are lists; every other is there at most once.
pub struct Submission {
    pub state: Data<State>,
    pub session: Session,
    pub fields: Params,
    /// Who sends it, for the audit trail.
    pub actor: Actor,
    /// For the page once more, when the form cannot be taken.
    pub token: FormToken,
    /// The resource that the form is about.
    resource_id: Option<String>,
}

/// A sensitive form: the login must be fresh.
pub struct FreshSubmission(pub Submission);

impl View {
    /// What surrounds the page.
    pub fn shell(&self, area: Area) -> Shell {
        let elsewhere = elsewhere::sentences(&self.state, area, self.resource_id.as_deref());
        shell(&self.session, &self.token, area, self.notice, elsewhere)
    }

    /// What the search box holds, at most 200 characters.
    pub fn search(&self) -> Option<String> {
        self.query
            .first("q")
            .map(|text| text.trim().chars().take(200).collect())
            .filter(|q: &String| !q.is_empty())
    }

    /// Where a page of a list begins, if the text can be a key of ours.
    pub fn after(&self) -> Option<String> {
        // An id of a client may be a URL.
        let plain = |c: char| c.is_ascii_graphic();
        self.query.first("after").filter(|key| key.len() <= 1000 && key.chars().all(plain)).map(str::to_owned)
    }
}

impl Submission {
    /// What surrounds the page that is shown once more.
    pub fn shell(&self, area: Area) -> Shell {
        let elsewhere = elsewhere::sentences(&self.state, area, self.resource_id.as_deref());
        shell(&self.session, &self.token, area, None, elsewhere)
    }

    /// A field's text without the spaces around it; empty when it is missing.
    pub fn text(&self, name: &str) -> &str {
        self.fields.first(name).unwrap_or_default().trim()
    }

    /// Whether a box is ticked.
    pub fn is_ticked(&self, name: &str) -> bool {
        self.fields.first(name).is_some()
    }

    /// The values of a list: `name` ends in `[]`. Empty ones are left out.
    pub fn list(&self, name: &str) -> Vec<String> {
        self.fields.all(name).map(str::trim).filter(|v| !v.is_empty()).map(str::to_owned).collect()
    }

    /// The lines of a text area, without empty ones.
    pub fn lines(&self, name: &str) -> Vec<String> {
        self.text(name).lines().map(str::trim).filter(|l| !l.is_empty()).map(str::to_owned).collect()
    }

    /// The version of the thing that the form was made from; 0 when it says none.
    pub fn version(&self) -> i64 {
        self.text("version").parse().unwrap_or_default()
    }
}

fn shell(
    session: &Session,
    token: &FormToken,
    area: Area,
    notice: Option<&'static str>,
    elsewhere: Vec<String>,
) -> Shell {
    Shell { csrf: token.value.clone(), email: session.user.email.clone(), area, notice, elsewhere }
}

/// The resource that an address is about.
fn resource_of(request: &HttpRequest) -> Option<String> {
    let is_about_one = request.match_pattern().is_some_and(|p| p.starts_with("/admin/resources/{id}"));
    request.match_info().get("id").filter(|_| is_about_one).map(str::to_owned)
}

pub(super) fn answer(response: HttpResponse) -> Error {
    InternalError::from_response("an answer before the handler", response).into()
}

pub(super) fn state_of(request: &HttpRequest) -> Result<Data<State>, Error> {
    request.app_data::<Data<State>>().cloned().ok_or_else(|| answer(error_page::not_found()))
}

/// The administrator who asks; `page` is where a login on the way leads.
async fn administrator(state: &State, request: &HttpRequest, page: &str) -> Result<Session, HttpResponse> {
    let session = signed_in(state, request, page).await?;
    if !session.user.is_admin {
        let reference = error_page::reference(state);
        let entry = Entry::refused(Event::AdminRefused, "not_an_administrator")
            .user(session.user.id.clone())
            .session(session.id.clone())
            .address(address::origin(state, request).address)
            .reference(reference.clone())
            .detail(request.path());
        state.oauth.audit.record(entry).await;
        return Err(not_an_administrator(&session.user.email, reference));
    }
    insist_on_factor(state, request, &session, page).await?;
    Ok(session)
}

fn not_an_administrator(email: &str, reference: String) -> HttpResponse {
    error_page::page(
        StatusCode::FORBIDDEN,
        &ErrorPage {
            title: "Only for administrators".to_owned(),
            sentence: format!("You are signed in as {email}, who is not an administrator of this server."),
            next: "Ask an administrator to make you one, or sign in as somebody else.".to_owned(),
            reference: Some(reference),
        },
    )
}

async fn view(request: HttpRequest, fresh: bool) -> Result<View, Error> {
    let state = state_of(&request)?;
    // The search and the place in the list survive a login on the way.
    let page = request.uri().path_and_query().map_or_else(|| request.path(), |full| full.as_str()).to_owned();
    let session = administrator(&state, &request, &page).await.map_err(answer)?;
    if fresh {
        insist_on_fresh(&state, &session, &page).map_err(answer)?;
    }
    let token = csrf::issue(&state, &request, Some(&session.id));
    let query = Params::parse(request.query_string().as_bytes()).unwrap_or_default();
    let notice = query.first("done").and_then(notices::sentence);
    Ok(View { state, session, token, query, notice, resource_id: resource_of(&request) })
}

async fn submission(request: HttpRequest, mut body: Body, fresh: bool) -> Result<Submission, Error> {
    let state = state_of(&request)?;
    let fields = match forms::lists(&state, &request, &mut body, MAX_FORM).await {
        Ok(fields) => fields,
        Err(problem) => return Err(answer(problem.as_page(&state, &request, Event::AdminRefused).await)),
    };
    received(state, &request, fields, fresh).await
}

/// A form that was read: who sends it, and whether they may.
pub(super) async fn received(
    state: Data<State>,
    request: &HttpRequest,
    fields: Params,
    fresh: bool,
) -> Result<Submission, Error> {
    let page = page_of(request);
    let session = administrator(&state, request, &page).await.map_err(answer)?;
    if !csrf::check(&state, request, Some(&session.id), fields.first("csrf")) {
        let entry = Entry::refused(Event::AdminRefused, "stale_form")
            .user(session.user.id)
            .session(session.id)
            .detail(request.path());
        return Err(answer(error_page::stale_form(&state, request, entry).await));
    }
    if fresh {
        insist_on_fresh(&state, &session, &page).map_err(answer)?;
        if let Err(throttled) = state.accounts.throttle.sensitive(&session.user.id) {
            let problem = Problem::from(throttled);
            return Err(answer(problem.as_page(&state, request, Event::AdminRefused).await));
        }
    }
    let token = csrf::issue(&state, request, Some(&session.id));
    let actor = Actor {
        id: session.user.id.clone(),
        token_id: None,
        session_id: Some(session.id.clone()),
        address: address::origin(&state, request).address,
    };
    Ok(Submission { state, session, fields, actor, token, resource_id: resource_of(request) })
}

/// The page to go back to from a form: the nearest address at or above the form's that shows a page. At the form's
/// own address the query comes along: it says what the form is about.
fn page_of(request: &HttpRequest) -> String {
    let pattern = request.match_pattern().unwrap_or_default();
    let page = page_above(&pattern, request.path());
    match request.uri().path_and_query() {
        Some(whole) if page == request.path() => whole.as_str().to_owned(),
        _ => page,
    }
}

fn page_above(pattern: &str, path: &str) -> String {
    let is_page = |pattern: &str| {
        let pages = ADMIN_ROUTES.iter().filter(|r| matches!(r.access, Access::View | Access::FreshView));
        pages.map(|r| r.path).any(|path| path == pattern)
    };
    let (mut pattern, mut path) = (pattern, path);
    while !is_page(pattern) {
        match (pattern.rsplit_once('/'), path.rsplit_once('/')) {
            (Some((shorter, _)), Some((above, _))) if !above.is_empty() => (pattern, path) = (shorter, above),
            _ => return "/admin".to_owned(),
        }
    }
    path.to_owned()
}

impl FromRequest for View {
    type Error = Error;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        Box::pin(view(request.clone(), false))
    }
}

impl FromRequest for FreshView {
    type Error = Error;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { view(request, true).await.map(Self) })
    }
}

impl FromRequest for Submission {
    type Error = Error;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, body) = (request.clone(), Body::from_request(request, payload));
        Box::pin(async move { submission(request, body.await?, false).await })
    }
}

impl FromRequest for FreshSubmission {
    type Error = Error;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, body) = (request.clone(), Body::from_request(request, payload));
        Box::pin(async move { submission(request, body.await?, true).await.map(Self) })
    }
}

#[cfg(test)]
mod tests {
    use super::page_above;

    #[test]
    fn a_form_leads_back_to_the_page_that_shows_it() {
        assert_eq!(page_above("/admin/keys/rotate", "/admin/keys/rotate"), "/admin/keys/rotate");
        assert_eq!(page_above("/admin/keys/{kid}/burn", "/admin/keys/key_1/burn"), "/admin/keys");
        assert_eq!(page_above("/admin/none/{id}", "/admin/none/x"), "/admin");
        assert_eq!(page_above("", ""), "/admin");
    }
}
