//! `/account/apps`: what a person has connected, and disconnecting it.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::super::pages::account::{AppView, AppsPage, Tab};
use super::super::pages::{ClientView, KnownAs, RedirectKind, ScopeView};
use super::super::{State, address, consent, error_page, when};
use crate::oauth::cimd;
use crate::oauth::connected;
use crate::oauth::params::Params;
use crate::oauth::redirect_uri::{Destination, RedirectUri};
use crate::oauth::resource::ResourceSet;
use crate::store::connected::{ConnectedRow, Cursor};

const PAGE: &str = "/account/apps";
/// How many hosts of one app are shown.
const MAX_HOSTS: usize = 5;

/// Shows the apps.
pub async fn get(state: Data<State>, request: HttpRequest) -> HttpResponse {
    let visit = match super::visit(&state, &request).await {
        Ok(visit) => visit,
        Err(response) => return response,
    };
    let params = Params::parse(request.query_string().as_bytes()).unwrap_or_default();
    let after = params.first("after").and_then(read_cursor);
    let start = after.clone().unwrap_or_else(Cursor::start);
    let page = match connected::list(&state.oauth, &visit.session.user.id, &start).await {
        Ok(page) => page,
        Err(error) => return error_page::refused(&error.into(), error_page::reference(&state)),
    };
    let resources = state.oauth.resources.current();
    let html = AppsPage {
        shell: visit.shell(Tab::Apps),
        apps: page.apps.into_iter().map(|row| app_view(&resources, row)).collect(),
        next_url: page.next.map(|next| format!("{PAGE}?after={}.{}", next.active_at, next.id)),
        is_first_page: after.is_none(),
        has_devices: state.oauth.devices.enabled && state.trust.issues_tokens(),
    };
    error_page::form_page(&state, StatusCode::OK, &html, &visit.token)
}

/// Disconnects one app, or all.
pub async fn post(state: Data<State>, request: HttpRequest, mut payload: Payload) -> HttpResponse {
    let (session, posted) = match super::submission(&state, &request, &mut payload, PAGE).await {
        Ok(submission) => submission,
        Err(response) => return response,
    };
    let (user, origin) = (&session.user.id, address::origin(&state, &request));
    let (done, code) = if posted.first("all").is_some() {
        (connected::disconnect_all(&state.oauth, user, &origin).await, "disconnected-all")
    } else {
        let app = posted.first("app").unwrap_or_default();
        (connected::disconnect(&state.oauth, user, app, &origin).await.map(|_| ()), "disconnected")
    };
    match done {
        Ok(()) => super::done(PAGE, code),
        Err(error) => error_page::refused(&error.into(), error_page::reference(&state)),
    }
}

/// Reads what `next_url` wrote: the time of the last app of a page, and its id.
fn read_cursor(text: &str) -> Option<Cursor> {
    let (active_at, id) = text.split_once('.')?;
    let plain = id.len() <= 64 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    plain.then_some(Cursor { active_at: active_at.parse().ok()?, id: id.to_owned() })
}

fn app_view(resources: &ResourceSet, row: ConnectedRow) -> AppView {
    let resource = resources.by_id(&row.resource_id);
    let scopes = row.scopes.iter().map(|name| {
        let (description, tools) = consent::scope_words(resource.map_or(&[], |r| r.scopes.as_slice()), name);
        ScopeView {
            name: name.to_owned(),
            description,
            tools,
            includes: Vec::new(),
            required: false,
            already_granted: true,
        }
    });
    AppView {
        hosts: hosts(&row.redirect_uris),
        scopes: scopes.collect(),
        vouched_by: row.vouched_by,
        resource_name: resource.map_or_else(|| "A server that is gone".to_owned(), |r| r.name.clone()),
        resource_url: resource.map(|r| r.uri.clone()).unwrap_or_default(),
        first_use: when::moment(row.created_at),
        last_use: row.last_used_at.map(when::moment),
        logins: match row.logins {
            0 => "no login".to_owned(),
            1 => "1 login".to_owned(),
            many => format!("{many} logins"),
        },
        client: ClientView {
            name: row.client_name,
            known: match row.client_kind.as_str() {
                "dynamic" => KnownAs::SelfDeclared,
                "cimd" => KnownAs::VerifiedHost(cimd::id::host(&row.client_id)),
                _ => KnownAs::RegisteredHere,
            },
            redirect_host: String::new(),
            redirect: RedirectKind::Web,
            client_id: row.client_id,
            client_uri: None,
        },
        id: row.id,
    }
}

/// Where an app's answers may go, each place once.
fn hosts(redirect_uris: &[String]) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for uri in redirect_uris.iter().filter_map(|text| RedirectUri::parse(text).ok()) {
        let host = match uri.destination() {
            Destination::Web(host) => host,
            Destination::Loopback(_) => "a program on your own computer".to_owned(),
            Destination::App(scheme) => format!("the app for {scheme}: links"),
        };
        if !out.contains(&host) && out.len() < MAX_HOSTS {
            out.push(host);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_a_time_and_an_id_and_nothing_else() {
        assert_eq!(read_cursor("17.con_1"), Some(Cursor { active_at: 17, id: "con_1".into() }));
        for bad in ["", "17", "x.con_1", "17.con_1' OR 1", "99999999999999999999.con_1"] {
            assert_eq!(read_cursor(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_places_of_an_app_are_named_once() {
        let uris =
            ["http://127.0.0.1:1/a", "http://localhost:2/b", "https://a.example/x", "https://a.example/y"];
        assert_eq!(hosts(&uris.map(str::to_owned)), ["a program on your own computer", "a.example"]);
    }
}
