//! Every URL under `/admin`, with who may use it.
//!
//! The table registers the handlers and is what `tests/admin/sweep.rs` walks: a route cannot be added without
//! its row, and each row is asked by nobody, an ordinary person, and an administrator without a fresh login.

use actix_web::web::{ServiceConfig, post, resource};

use super::super::routes::get;
use super::{
    audit, clients, exchanges, grants, home, issuers, keys, people, reference, resources, scopes, settings,
    tokens,
};

/// Who may use a route, and how it is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// A page any administrator may see.
    View,
    /// A page that asks for a login of the last 15 minutes.
    FreshView,
    /// A form any administrator may send.
    Submission,
    /// A form that asks for a login of the last 15 minutes.
    FreshSubmission,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct AdminRoute {
    pub path: &'static str,
    pub access: Access,
}

macro_rules! routes {
    ($($path:literal => $access:ident $($handler:ident)::+;)+) => {
        /// The table.
        pub const ADMIN_ROUTES: &[AdminRoute] = &[$(AdminRoute { path: $path, access: Access::$access }),+];

        /// Registers the table.
        pub fn configure(config: &mut ServiceConfig) {
            $(config.service(resource($path).guard(method!($access)).route(route!($access).to($($handler)::+)));)+
        }
    };
}

/// The method of a kind of route, as a guard: pages and forms of one address are rows of their own.
macro_rules! method {
    (View) => {
        guard::Any(guard::Get()).or(guard::Head())
    };
    (FreshView) => {
        guard::Any(guard::Get()).or(guard::Head())
    };
    (Submission) => {
        guard::Post()
    };
    (FreshSubmission) => {
        guard::Post()
    };
}

macro_rules! route {
    (View) => {
        get()
    };
    (FreshView) => {
        get()
    };
    (Submission) => {
        post()
    };
    (FreshSubmission) => {
        post()
    };
}

use actix_web::guard;

routes! {
    // home
    "/admin" => View home::get;
    // resources
    "/admin/resources" => View resources::list::get;
    "/admin/resources/new" => View resources::create::get;
    "/admin/resources/new" => Submission resources::create::post;
    "/admin/resources/{id}" => View resources::quickstart::get;
    "/admin/resources/{id}/settings" => View resources::settings::get;
    "/admin/resources/{id}/settings" => Submission resources::settings::post;
    "/admin/resources/{id}/metadata" => View resources::metadata::get;
    "/admin/resources/{id}/clients" => View resources::connected::clients;
    "/admin/resources/{id}/people" => View resources::connected::people;
    "/admin/resources/{id}/test" => View resources::test::get;
    "/admin/resources/{id}/test" => Submission resources::test::post;
    "/admin/resources/{id}/default" => View resources::default::get;
    "/admin/resources/{id}/default" => Submission resources::default::post;
    "/admin/resources/{id}/delete" => FreshView resources::delete::get;
    "/admin/resources/{id}/delete" => FreshSubmission resources::delete::post;
    // scopes
    "/admin/resources/{id}/scopes" => View scopes::list::get;
    "/admin/resources/{id}/scopes/add" => View scopes::add::get;
    "/admin/resources/{id}/scopes/add" => Submission scopes::add::post;
    "/admin/resources/{id}/scopes/edit" => FreshView scopes::edit::get;
    "/admin/resources/{id}/scopes/edit" => FreshSubmission scopes::edit::post;
    "/admin/resources/{id}/scopes/rename" => FreshView scopes::rename::get;
    "/admin/resources/{id}/scopes/rename" => FreshSubmission scopes::rename::post;
    "/admin/resources/{id}/scopes/delete" => FreshView scopes::delete::get;
    "/admin/resources/{id}/scopes/delete" => FreshSubmission scopes::delete::post;
    // clients
    "/admin/clients" => View clients::list::get;
    "/admin/clients/new" => FreshView clients::new::get;
    "/admin/clients/new" => FreshSubmission clients::new::post;
    "/admin/clients/{id}" => View clients::one::get;
    "/admin/clients/{id}/edit" => FreshView clients::edit::get;
    "/admin/clients/{id}/edit" => FreshSubmission clients::edit::post;
    "/admin/clients/{id}/secrets" => View clients::secrets::list;
    "/admin/clients/{id}/secrets/add" => FreshSubmission clients::secrets::add;
    "/admin/clients/{id}/secrets/{secret}/revoke" => FreshView clients::secrets::ask;
    "/admin/clients/{id}/secrets/{secret}/revoke" => FreshSubmission clients::secrets::revoke;
    "/admin/clients/{id}/secrets/{secret}/expire" => FreshSubmission clients::secrets::expire;
    "/admin/clients/{id}/timeline" => View clients::timeline::get;
    "/admin/clients/{id}/disable" => Submission clients::disable::post;
    "/admin/clients/{id}/enable" => Submission clients::enable::post;
    "/admin/clients/{id}/accept" => Submission clients::accept::post;
    "/admin/clients/{id}/delete" => FreshView clients::delete::get;
    "/admin/clients/{id}/delete" => FreshSubmission clients::delete::post;
    // people
    "/admin/people" => View people::list::get;
    "/admin/people/new" => FreshView people::new::get;
    "/admin/people/new" => FreshSubmission people::new::post;
    "/admin/people/{id}" => View people::one::get;
    "/admin/people/{id}/edit" => FreshView people::edit::get;
    "/admin/people/{id}/edit" => FreshSubmission people::edit::post;
    "/admin/people/{id}/disable" => View people::disable::get;
    "/admin/people/{id}/disable" => Submission people::disable::post;
    "/admin/people/{id}/enable" => FreshView people::enable::get;
    "/admin/people/{id}/enable" => FreshSubmission people::enable::post;
    "/admin/people/{id}/admin" => FreshView people::administer::get;
    "/admin/people/{id}/admin" => FreshSubmission people::administer::post;
    "/admin/people/{id}/reset-link" => FreshView people::reset_link::get;
    "/admin/people/{id}/reset-link" => FreshSubmission people::reset_link::post;
    "/admin/people/{id}/invite-link" => FreshView people::invite_link::get;
    "/admin/people/{id}/invite-link" => FreshSubmission people::invite_link::post;
    "/admin/people/{id}/second-factor" => FreshView people::second_factor::get;
    "/admin/people/{id}/second-factor" => FreshSubmission people::second_factor::post;
    "/admin/people/{id}/sessions/end" => View people::end_sessions::get;
    "/admin/people/{id}/sessions/end" => Submission people::end_sessions::post;
    "/admin/people/{id}/identities/{identity}/remove" => FreshView people::remove_identity::get;
    "/admin/people/{id}/identities/{identity}/remove" => FreshSubmission people::remove_identity::post;
    "/admin/people/{id}/apps/end" => View people::end_apps::get;
    "/admin/people/{id}/apps/end" => Submission people::end_apps::post;
    "/admin/people/{id}/delete" => FreshView people::delete::get;
    "/admin/people/{id}/delete" => FreshSubmission people::delete::post;
    // grants
    "/admin/grants" => View grants::list::get;
    "/admin/grants/end" => Submission grants::end::post;
    "/admin/grants/end-pair" => Submission grants::end_pair::post;
    "/admin/grants/{id}" => View grants::one::get;
    // issuers
    "/admin/issuers" => View issuers::list::get;
    "/admin/issuers/new" => FreshView issuers::new::get;
    "/admin/issuers/new" => FreshSubmission issuers::new::post;
    "/admin/issuers/{id}" => View issuers::one::get;
    "/admin/issuers/{id}/edit" => FreshView issuers::edit::get;
    "/admin/issuers/{id}/edit" => FreshSubmission issuers::edit::post;
    "/admin/issuers/{id}/test" => Submission issuers::one::test;
    "/admin/issuers/{id}/disable" => Submission issuers::state::disable;
    "/admin/issuers/{id}/enable" => Submission issuers::state::enable;
    "/admin/issuers/{id}/delete" => FreshView issuers::delete::get;
    "/admin/issuers/{id}/delete" => FreshSubmission issuers::delete::post;
    "/admin/issuers/{id}/rules/add" => FreshView issuers::rules::add_form;
    "/admin/issuers/{id}/rules/add" => FreshSubmission issuers::rules::add;
    "/admin/issuers/{id}/rules/{rule}/edit" => FreshView issuers::rules::edit_form;
    "/admin/issuers/{id}/rules/{rule}/edit" => FreshSubmission issuers::rules::edit;
    "/admin/issuers/{id}/rules/{rule}/delete" => FreshView issuers::rule_delete::get;
    "/admin/issuers/{id}/rules/{rule}/delete" => FreshSubmission issuers::rule_delete::post;
    // exchanges
    "/admin/exchanges" => View exchanges::list::get;
    "/admin/exchanges/new" => FreshView exchanges::new::get;
    "/admin/exchanges/new" => FreshSubmission exchanges::new::post;
    "/admin/exchanges/{id}/edit" => FreshView exchanges::edit::get;
    "/admin/exchanges/{id}/edit" => FreshSubmission exchanges::edit::post;
    "/admin/exchanges/{id}/delete" => FreshView exchanges::delete::get;
    "/admin/exchanges/{id}/delete" => FreshSubmission exchanges::delete::post;
    // keys
    "/admin/keys" => View keys::list::get;
    "/admin/keys/rotate" => FreshView keys::rotate::get;
    "/admin/keys/rotate" => FreshSubmission keys::rotate::post;
    "/admin/keys/retire" => FreshView keys::retire::get;
    "/admin/keys/retire" => FreshSubmission keys::retire::post;
    // audit
    "/admin/audit" => View audit::list::get;
    "/admin/audit/live" => View audit::live::get;
    "/admin/audit/events" => View audit::events::get;
    "/admin/audit/export" => Submission audit::export::post;
    "/admin/audit/{id}" => View audit::one::get;
    // settings
    "/admin/settings" => View settings::list::get;
    "/admin/settings/providers/{name}/check" => Submission settings::provider::post;
    "/admin/settings/branding" => View settings::branding::get;
    "/admin/settings/branding" => Submission settings::branding::post;
    "/admin/settings/branding/preview" => Submission settings::preview::post;
    "/admin/settings/branding/logo" => Submission settings::logo::post;
    "/admin/settings/branding/logo/remove" => Submission settings::logo::remove;
    "/admin/settings/second-factor" => FreshView settings::second_factor::get;
    "/admin/settings/second-factor" => FreshSubmission settings::second_factor::post;
    "/admin/settings/registration" => FreshView settings::registration::get;
    "/admin/settings/registration" => FreshSubmission settings::registration::post;
    // api
    "/admin/api" => View reference::get;
    "/admin/api/tokens" => View tokens::list::get;
    "/admin/api/tokens/new" => FreshView tokens::new::get;
    "/admin/api/tokens/new" => FreshSubmission tokens::new::post;
    "/admin/api/tokens/{id}/revoke" => View tokens::revoke::get;
    "/admin/api/tokens/{id}/revoke" => Submission tokens::revoke::post;
}
