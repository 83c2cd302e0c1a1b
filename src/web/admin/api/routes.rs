//! Every operation of the API, with what a token needs for it.
//!
//! The table registers the handlers, is what `call` looks the scope up in, and says which operations the document
//! describes: an operation cannot be added without its row. `tests/admin/api/sweep.rs` asks each row with every kind of
//! bad token.

use actix_web::guard;
use actix_web::web::{self, ServiceConfig, resource};
use utoipa::OpenApi;

use super::people::{access, ends, factors, links, list, make, one};
use super::{
    audit, client_make, client_secrets, clients, document, exchanges, grants, issuer_rules, issuers, keys,
    resource_users, resources, scopes, settings, token,
};
use crate::admin::api_tokens::Scope;

/// Before every path of the table.
pub const PREFIX: &str = "/admin/api/v1";

/// What is needed for an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Nothing: it says what anybody may know.
    Nothing,
    /// Any token that is good.
    Token,
    Scope(Scope),
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct ApiRoute {
    /// In lower case, as the document spells it.
    pub method: &'static str,
    pub path: &'static str,
    pub need: Need,
}

macro_rules! method {
    (get) => {
        guard::Any(guard::Get()).or(guard::Head())
    };
    (post) => {
        guard::Post()
    };
    (put) => {
        guard::Put()
    };
    (delete) => {
        guard::Delete()
    };
}

macro_rules! need {
    (Nothing) => {
        Need::Nothing
    };
    (Token) => {
        Need::Token
    };
    ($scope:ident) => {
        Need::Scope(Scope::$scope)
    };
}

macro_rules! routes {
    ($($method:ident $path:literal [$need:ident] $($handler:ident)::+;)+) => {
        /// The table.
        pub const API_ROUTES: &[ApiRoute] =
            &[$(ApiRoute { method: stringify!($method), path: $path, need: need!($need) }),+];

        pub(super) fn configure(config: &mut ServiceConfig) {
            $(config.service(
                resource($path).guard(method!($method)).route(web::route().to($($handler)::+)),
            );)+
        }

        /// What the operations say of themselves.
        #[derive(OpenApi)]
        #[openapi(paths($($($handler)::+),+))]
        pub(super) struct Described;
    };
}

routes! {
    // about itself
    get "/openapi.json" [Nothing] document::get;
    get "/token" [Token] token::get;
    // resources
    get "/resources" [ResourcesRead] resources::list;
    post "/resources" [ResourcesWrite] resources::create;
    get "/resources/{id}" [ResourcesRead] resources::get;
    put "/resources/{id}" [ResourcesWrite] resources::change;
    delete "/resources/{id}" [ResourcesWrite] resources::remove;
    post "/resources/{id}/default" [ResourcesWrite] resources::make_default;
    post "/resources/{id}/test" [ResourcesWrite] resources::test;
    get "/resources/{id}/clients" [ResourcesRead] resource_users::clients;
    get "/resources/{id}/people" [ResourcesRead] resource_users::people;
    // scopes
    get "/resources/{id}/scopes" [ResourcesRead] scopes::list;
    post "/resources/{id}/scopes" [ResourcesWrite] scopes::add;
    get "/resources/{id}/scopes/{name}" [ResourcesRead] scopes::get;
    put "/resources/{id}/scopes/{name}" [ResourcesWrite] scopes::edit;
    delete "/resources/{id}/scopes/{name}" [ResourcesWrite] scopes::remove;
    post "/resources/{id}/scopes/{name}/rename" [ResourcesWrite] scopes::rename;
    // clients
    get "/clients" [ClientsRead] clients::list;
    post "/clients" [ClientsWrite] client_make::create;
    get "/clients/{id}" [ClientsRead] clients::get;
    put "/clients/{id}" [ClientsWrite] client_make::change;
    delete "/clients/{id}" [ClientsWrite] clients::remove;
    post "/clients/{id}/disable" [ClientsWrite] clients::disable;
    post "/clients/{id}/enable" [ClientsWrite] clients::enable;
    post "/clients/{id}/accept" [ClientsWrite] clients::accept;
    get "/clients/{id}/secrets" [ClientsRead] client_secrets::list;
    post "/clients/{id}/secrets" [ClientsWrite] client_secrets::add;
    post "/clients/{id}/secrets/{secret}/expire" [ClientsWrite] client_secrets::expire;
    delete "/clients/{id}/secrets/{secret}" [ClientsWrite] client_secrets::revoke;
    // people
    get "/people" [PeopleRead] list::list;
    post "/people" [PeopleWrite] make::create;
    get "/people/{id}" [PeopleRead] one::get;
    put "/people/{id}" [PeopleWrite] make::change;
    delete "/people/{id}" [PeopleWrite] access::remove;
    post "/people/{id}/disable" [PeopleWrite] access::disable;
    post "/people/{id}/enable" [PeopleWrite] access::enable;
    put "/people/{id}/administration" [PeopleWrite] access::administer;
    post "/people/{id}/invitation" [PeopleWrite] links::invite;
    post "/people/{id}/password-link" [PeopleWrite] links::password;
    put "/people/{id}/second-factor" [PeopleWrite] factors::require;
    delete "/people/{id}/second-factor" [PeopleWrite] factors::clear;
    delete "/people/{id}/sessions" [PeopleWrite] ends::sessions;
    delete "/people/{id}/sessions/{session}" [PeopleWrite] ends::session;
    delete "/people/{id}/identities/{identity}" [PeopleWrite] ends::identity;
    delete "/people/{id}/apps" [PeopleWrite] ends::apps;
    delete "/people/{id}/apps/{app}" [PeopleWrite] ends::app;
    // grants
    get "/grants" [GrantsRead] grants::list;
    post "/grants/end" [GrantsWrite] grants::end;
    post "/grants/end-pair" [GrantsWrite] grants::end_pair;
    get "/grants/{id}" [GrantsRead] grants::get;
    // issuers
    get "/issuers" [IssuersRead] issuers::list;
    post "/issuers" [IssuersWrite] issuers::add;
    get "/issuers/{id}" [IssuersRead] issuers::get;
    put "/issuers/{id}" [IssuersWrite] issuers::change;
    delete "/issuers/{id}" [IssuersWrite] issuers::remove;
    post "/issuers/{id}/disable" [IssuersWrite] issuers::disable;
    post "/issuers/{id}/enable" [IssuersWrite] issuers::enable;
    post "/issuers/{id}/test" [IssuersWrite] issuers::test;
    get "/issuers/{id}/rules" [IssuersRead] issuer_rules::list;
    post "/issuers/{id}/rules" [IssuersWrite] issuer_rules::add;
    put "/issuers/{id}/rules/{rule}" [IssuersWrite] issuer_rules::change;
    delete "/issuers/{id}/rules/{rule}" [IssuersWrite] issuer_rules::remove;
    // exchanges
    get "/exchanges" [IssuersRead] exchanges::list;
    post "/exchanges" [IssuersWrite] exchanges::add;
    get "/exchanges/{id}" [IssuersRead] exchanges::get;
    put "/exchanges/{id}" [IssuersWrite] exchanges::change;
    delete "/exchanges/{id}" [IssuersWrite] exchanges::remove;
    // audit
    get "/audit/events" [AuditRead] audit::list;
    get "/audit/events/{id}" [AuditRead] audit::get;
    get "/audit/export" [AuditRead] audit::export;
    // settings
    get "/settings" [SettingsRead] settings::get;
    put "/settings/branding" [SettingsWrite] settings::branding;
    put "/settings/logo" [SettingsWrite] settings::logo;
    delete "/settings/logo" [SettingsWrite] settings::remove_logo;
    put "/settings/second-factor" [SettingsWrite] settings::second_factor;
    put "/settings/registration" [SettingsWrite] settings::registration;
    post "/settings/providers/{name}/check" [SettingsWrite] settings::provider;
    // keys
    get "/keys" [KeysRead] keys::list;
    post "/keys/rotate" [KeysWrite] keys::rotate;
    delete "/keys/{kid}" [KeysWrite] keys::retire;
}

/// The row of a request, by the pattern its path was matched with.
pub(super) fn row(method: &str, pattern: &str) -> Option<&'static ApiRoute> {
    let path = pattern.strip_prefix(PREFIX)?;
    let method = if method.eq_ignore_ascii_case("head") { "get" } else { method };
    API_ROUTES.iter().find(|row| row.path == path && row.method.eq_ignore_ascii_case(method))
}

/// The methods of the operations at a path, in upper case.
pub(super) fn methods_at(path: &str) -> Vec<String> {
    let Some(path) = path.strip_prefix(PREFIX) else { return Vec::new() };
    let fits = |row: &&ApiRoute| {
        let (mut there, mut asked) = (row.path.split('/'), path.split('/'));
        loop {
            match (there.next(), asked.next()) {
                (None, None) => return true,
                (Some(part), Some(text)) if part == text || part.starts_with('{') && !text.is_empty() => {}
                _ => return false,
            }
        }
    };
    let mut methods = Vec::new();
    for row in API_ROUTES.iter().filter(fits) {
        methods.push(row.method.to_uppercase());
        if row.method == "get" {
            methods.push("HEAD".to_owned());
        }
    }
    methods
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_methods_of_a_path_are_found() {
        assert_eq!(methods_at("/admin/api/v1/keys"), ["GET", "HEAD"]);
        assert_eq!(methods_at("/admin/api/v1/keys/key_1"), ["DELETE"]);
        assert_eq!(methods_at("/admin/api/v1/resources/res_1"), ["GET", "HEAD", "PUT", "DELETE"]);
        for path in ["/admin/api/v1", "/admin/api/v1/", "/admin/api/v1/keys/", "/admin/api/v1/keys/a/b", "/x"]
        {
            assert!(methods_at(path).is_empty(), "{path}");
        }
    }

    #[test]
    fn no_two_rows_are_the_same_and_each_is_found() {
        for (at, one) in API_ROUTES.iter().enumerate() {
            let same = |other: &ApiRoute| other.method == one.method && other.path == one.path;
            assert!(!API_ROUTES[..at].iter().any(same), "{one:?} is there twice");
            let found = row(&one.method.to_uppercase(), &format!("{PREFIX}{}", one.path)).unwrap();
            assert!(same(found), "{one:?}");
        }
    }
}
