//! `/login`: e-mail and password.

use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::pages::{Again, LoginPage};
use super::{State, address, cookies, csrf, error_page, forms, respond, second_factor, session, upstream};
use crate::accounts::login::{self, LoginError};
use crate::accounts::sign_in::{self, Device, Shown, SignInError, SignedIn};
use crate::audit::{Entry, Event};
use crate::oauth::params::Params;
use crate::oauth::{authorize, flow, par};
use crate::store::users::UserRow;
use crate::types::{FirstFactor, Plain};

/// Where a login leads when nothing says otherwise.
pub const HOME: &str = "/account";

/// The longest path a login leads to, in bytes: an authorization request is one.
const MAX_PATH: usize = 8 * 1024;

/// A path of this server, or nothing: a login must not lead to another site.
pub fn local_path(text: Option<&str>) -> Option<&str> {
    text.filter(|t| t.len() <= MAX_PATH)
        .filter(|t| t.starts_with('/') && !t.starts_with("//") && !t.contains('\\'))
        .filter(|t| t.bytes().all(|b| (0x21..=0x7e).contains(&b)))
}

/// Shows the form; somebody who is signed in goes on at once, unless they want to switch.
pub async fn get(state: Data<State>, request: HttpRequest) -> HttpResponse {
    let params = Params::parse(request.query_string().as_bytes()).unwrap_or_default();
    let return_to = local_path(params.first("return_to"));
    let session = match session::current(&state, &request).await {
        Ok(session) => session,
        Err(page) => return page,
    };
    let wants_form = return_to.is_some() || params.first("switch").is_some();
    if session.is_some() && !wants_form {
        return respond::see_other(HOME);
    }
    let again = Again::read(params.first("again"));
    let email = match session.filter(|_| again.is_some()) {
        Some(session) => Some(session.user.email),
        None => hint(&state, return_to).await,
    };
    let form = Form { return_to: return_to.unwrap_or(HOME), email: email.unwrap_or_default(), again };
    show(&state, &request, form, Problem::None, StatusCode::OK).await
}

/// Tries to sign in.
pub async fn post(state: Data<State>, request: HttpRequest, mut payload: Payload) -> HttpResponse {
    let posted = match forms::fields(&state, &request, &mut payload, None).await {
        Ok(posted) => posted,
        Err(problem) => return problem.as_page(&state, &request, Event::Login).await,
    };
    let return_to = local_path(posted.first("return_to")).unwrap_or(HOME).to_owned();
    let email = posted.first("email").unwrap_or_default().to_owned();
    let again = Again::read(posted.first("again"));
    if !csrf::check(&state, &request, None, posted.first("csrf")) {
        let entry = Entry::refused(Event::Login, "stale_form")
            .flow(flow::of_return(&state.oauth.master, &return_to))
            .address(address::origin(&state, &request).address);
        state.oauth.audit.record(entry).await;
        let text = "The page was open for too long. Please try again.".to_owned();
        let form = Form { return_to: &return_to, email, again };
        return show(&state, &request, form, Problem::Password(text), StatusCode::FORBIDDEN).await;
    }
    let password = Plain::new(posted.first("password").unwrap_or_default().to_owned());
    let origin = address::origin(&state, &request);
    match login::attempt(&state.accounts, &email, password, &return_to, &origin).await {
        Ok(user) => finish(&state, &request, &user, FirstFactor::Password, &return_to).await,
        Err(error) => failed(&state, &request, Form { return_to: &return_to, email, again }, &error).await,
    }
}

/// Signs in whoever has proved who they are, by whichever way, and sends the browser on.
pub async fn finish(
    state: &State,
    request: &HttpRequest,
    user: &UserRow,
    shown: impl Into<Shown>,
    return_to: &str,
) -> HttpResponse {
    let device = device(state, request);
    match sign_in::complete(&state.accounts, user, shown.into(), &device, return_to).await {
        Ok(signed_in) => go_on(state, &signed_in, return_to, device.browser),
        Err(error) => stopped(state, error),
    }
}

/// The browser of a request.
pub fn device(state: &State, request: &HttpRequest) -> Device {
    Device {
        origin: address::origin(state, request),
        user_agent: user_agent(request).map(str::to_owned),
        browser: cookies::browser(state, request),
        earlier_session: cookies::session(state, request),
    }
}

/// What the browser says of itself.
pub fn user_agent(request: &HttpRequest) -> Option<&str> {
    request.headers().get(header::USER_AGENT).and_then(|v| v.to_str().ok())
}

/// Sends the browser to where the login led, or to its second step.
pub fn go_on(state: &State, signed_in: &SignedIn, return_to: &str, browser: Option<String>) -> HttpResponse {
    let (location, mut set) = match signed_in {
        SignedIn::Session(cookie) => {
            (return_to, vec![cookies::set_session(state, cookie), cookies::clear_step(state)])
        }
        // No session yet; one that this browser has goes on until the new one starts.
        SignedIn::SecondFactor(secret) => (second_factor::URL, vec![cookies::set_step(state, secret)]),
    };
    // Once more, so that a browser in use stays known.
    set.extend(browser.map(|browser| cookies::set_browser(state, browser)));
    let mut response = respond::see_other(location);
    for cookie in set {
        if let Err(error) = response.add_cookie(&cookie) {
            tracing::error!(%error, "a cookie could not be set");
        }
    }
    response
}

/// Says why somebody who proved who they are does not come in.
pub fn stopped(state: &State, error: SignInError) -> HttpResponse {
    match error {
        SignInError::Disabled => error_page::disabled(),
        SignInError::Changed => error_page::account_changed(),
        SignInError::NoBrowser => error_page::no_cookies(),
        SignInError::Store(error) => error_page::refused(&error.into(), error_page::reference(state)),
    }
}

async fn failed(state: &State, request: &HttpRequest, form: Form<'_>, error: &LoginError) -> HttpResponse {
    let status = match error {
        LoginError::WrongCredentials => StatusCode::UNAUTHORIZED,
        LoginError::Throttled(_) => StatusCode::TOO_MANY_REQUESTS,
        LoginError::Store(_) | LoginError::Hash(_) => StatusCode::SERVICE_UNAVAILABLE,
    };
    if status == StatusCode::SERVICE_UNAVAILABLE {
        tracing::error!(%error, "a login failed on our side");
    }
    let mut response = show(state, request, form, Problem::Password(error.to_string()), status).await;
    let retry = match error {
        LoginError::Throttled(throttled) => Some(throttled.retry_after),
        LoginError::Store(_) | LoginError::Hash(_) => Some(5),
        LoginError::WrongCredentials => None,
    };
    if let Some(seconds) = retry {
        response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from(seconds));
    }
    response
}

/// What the form is filled with.
pub struct Form<'a> {
    pub return_to: &'a str,
    pub email: String,
    /// Somebody is signed in, and is asked once more.
    pub again: Option<Again>,
}

/// What did not work, where the person looks for it.
pub enum Problem {
    None,
    Password(String),
    Passkey(String),
}

/// Shows the page.
pub async fn show(
    state: &State,
    request: &HttpRequest,
    form: Form<'_>,
    problem: Problem,
    status: StatusCode,
) -> HttpResponse {
    let (error, passkey_problem) = match problem {
        Problem::None => (None, None),
        Problem::Password(text) => (Some(text), None),
        Problem::Passkey(text) => (None, Some(text)),
    };
    let token = csrf::issue(state, request, None);
    let (client_name, resource_name) = asking(state, form.return_to).await;
    let page = LoginPage {
        csrf: token.value.clone(),
        return_to: form.return_to.to_owned(),
        email: form.email,
        again: form.again,
        error,
        has_mail: state.accounts.mail.is_on(),
        passkeys: state.accounts.passkeys.is_some(),
        passkey_problem,
        client_name,
        resource_name,
        providers: upstream::buttons(state),
    };
    error_page::form_page(state, status, &page, &token)
}

/// The authorization request that waits behind a login.
pub fn query_of(return_to: &str) -> Option<Params> {
    let query = return_to.strip_prefix("/oauth/authorize?")?;
    Params::parse(query.as_bytes()).ok()
}

async fn hint(state: &State, return_to: Option<&str>) -> Option<String> {
    let params = par::open(&state.oauth, &query_of(return_to?)?).await.ok()?.params;
    params.first("login_hint").filter(|h| h.len() <= 254).map(str::to_owned)
}

/// Who is waiting behind the login, for the heading.
async fn asking(state: &State, return_to: &str) -> (Option<String>, Option<String>) {
    let Some(params) = query_of(return_to) else { return (None, None) };
    match authorize::validate(&state.oauth, &params).await {
        Ok(valid) => {
            let name = Some(valid.client.name.clone()).filter(|n| !n.is_empty());
            (name, Some(valid.resource.name.clone()))
        }
        Err(_) => (None, None),
    }
}

#[cfg(test)]
mod tests {
    use super::local_path;

    #[test]
    fn a_login_leads_only_to_this_server() {
        assert_eq!(local_path(Some("/oauth/authorize?x=1")), Some("/oauth/authorize?x=1"));
        for evil in ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:1", "", "/a\nb"]
        {
            assert_eq!(local_path(Some(evil)), None, "{evil}");
        }
    }
}
