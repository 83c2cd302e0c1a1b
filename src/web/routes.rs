//! Every URL, in one file.

use actix_cors::Cors;
use actix_web::Route;
use actix_web::guard;
use actix_web::http::header;
use actix_web::middleware::from_fn;
use actix_web::web::{self, ServiceConfig, post, resource};

use super::{
    account, admin, authorize, brand, consent, device, device_authorization, dpop, error_page, forgot,
    health, home, introspect, invite, issuing, jwks, login, login_passkey, logout, mcp, metadata, par,
    register, reset, revoke, scalekit, second_factor, setup, static_files, token, upstream, userinfo,
};
use crate::mcp::McpMount;

/// GET, and HEAD with it (RFC 9110 §9.1).
pub(super) fn get() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

/// Clients in browsers may call the protocol from any origin: none of it uses cookies. (`/mcp` itself then
/// refuses web pages of other origins, as MCP asks: see the guard.)
fn cors() -> Cors {
    Cors::default()
        .allow_any_origin()
        .send_wildcard()
        .allowed_methods(["GET", "POST", "DELETE", "OPTIONS"])
        .allowed_headers([
            "authorization",
            "content-type",
            "accept",
            "mcp-protocol-version",
            "mcp-method",
            "mcp-name",
            "mcp-session-id",
            "last-event-id",
            dpop::PROOF,
        ])
        .expose_headers([
            header::WWW_AUTHENTICATE.as_str(),
            "mcp-session-id",
            "mcp-protocol-version",
            dpop::NONCE,
        ])
        .max_age(3600)
}

/// Registers every URL.
pub fn configure(config: &mut ServiceConfig, mount: &McpMount) {
    config
        // oauth
        .service(
            resource("/oauth/authorize")
                .wrap(from_fn(issuing::page))
                .route(get().to(authorize::get))
                .route(post().to(authorize::post)),
        )
        .service(
            resource("/oauth/token")
                .wrap(from_fn(dpop::tell_nonce))
                .wrap(from_fn(issuing::endpoint))
                .wrap(cors())
                .route(post().to(token::post)),
        )
        .service(
            resource("/oauth/par")
                .wrap(from_fn(dpop::tell_nonce))
                .wrap(from_fn(issuing::endpoint))
                .wrap(cors())
                .route(post().to(par::post)),
        )
        .service(
            resource("/oauth/device_authorization")
                .wrap(from_fn(issuing::endpoint))
                .wrap(cors())
                .route(post().to(device_authorization::post)),
        )
        .service(
            resource("/oauth/register")
                .wrap(from_fn(issuing::endpoint))
                .wrap(cors())
                .route(post().to(register::post)),
        )
        .service(
            resource("/oauth/register/{client_id}")
                .wrap(from_fn(issuing::endpoint))
                .wrap(cors())
                .route(get().to(register::get))
                .route(web::delete().to(register::delete)),
        )
        .service(
            resource("/oauth/revoke")
                .wrap(from_fn(issuing::endpoint))
                .wrap(cors())
                .route(post().to(revoke::post)),
        )
        .service(
            resource("/oauth/introspect")
                .wrap(from_fn(issuing::endpoint))
                .wrap(cors())
                .route(post().to(introspect::post)),
        )
        .service(
            resource("/oauth/userinfo")
                .wrap(from_fn(dpop::tell_nonce))
                .wrap(from_fn(issuing::endpoint))
                .wrap(cors())
                .route(get().to(userinfo::get))
                .route(post().to(userinfo::get)),
        )
        .configure(discovery)
        .configure(|config| scalekit::configure(config, cors))
        .configure(people)
        .configure(account)
        .configure(admin::api::configure)
        .configure(admin::configure)
        .configure(parts)
        // operations
        .service(resource("/healthz").route(get().to(health::live)))
        .service(resource("/readyz").route(get().to(health::ready)))
        // mcp
        .service(
            web::scope("/mcp")
                .wrap(from_fn(mcp::guard))
                .wrap(from_fn(dpop::tell_nonce))
                .wrap(cors())
                .service(mount.service()),
        )
        .default_service(web::to(|| async { error_page::not_found() }));
}

/// The well-known documents and keys.
fn discovery(config: &mut ServiceConfig) {
    config
        .service(
            web::scope("/.well-known")
                .wrap(cors())
                .route("/oauth-authorization-server", get().to(metadata::authorization_server))
                .route("/oauth-authorization-server/{path:.+}", get().to(metadata::authorization_server_at))
                .route("/openid-configuration", get().to(metadata::openid_provider))
                .route("/openid-configuration/{path:.+}", get().to(metadata::openid_provider_at))
                .route("/oauth-protected-resource", get().to(metadata::default_resource))
                .route("/oauth-protected-resource/{path:.+}", get().to(metadata::resource))
                .service(resource("/jwks.json").wrap(from_fn(issuing::endpoint)).route(get().to(jwks::get))),
        )
        .service(
            resource("/{path:.+}/.well-known/oauth-authorization-server")
                .wrap(cors())
                .route(get().to(metadata::authorization_server_at)),
        )
        .service(
            resource("/{path:.+}/.well-known/openid-configuration")
                .wrap(cors())
                .route(get().to(metadata::openid_provider_at)),
        )
        .service(resource("/keys").wrap(from_fn(issuing::endpoint)).wrap(cors()).route(get().to(jwks::get)));
}

/// Parts of pages.
fn parts(config: &mut ServiceConfig) {
    config
        .service(resource("/static/{name}").route(get().to(static_files::get)))
        .service(resource("/branding/logo").route(get().to(brand::logo)))
        .service(resource("/branding/style.css").route(get().to(brand::style)))
        .service(resource("/branding/preview.css").route(get().to(brand::preview)))
        .service(resource("/favicon.ico").route(get().to(static_files::favicon)));
}

/// Coming in, and deciding.
fn people(config: &mut ServiceConfig) {
    config
        .service(resource("/").route(get().to(home::get)))
        .service(resource("/login").route(get().to(login::get)).route(post().to(login::post)))
        .service(resource("/login/passkey").route(post().to(login_passkey::post)))
        .service(resource("/login/passkey/options").route(post().to(login_passkey::options)))
        .service(
            resource("/login/second-factor")
                .route(get().to(second_factor::get))
                .route(post().to(second_factor::post)),
        )
        .service(resource("/logout").route(get().to(logout::get)).route(post().to(logout::post)))
        .service(
            resource("/consent")
                .wrap(from_fn(issuing::page))
                .route(get().to(consent::get))
                .route(post().to(consent::post)),
        )
        .service(
            resource("/device")
                .wrap(from_fn(issuing::page))
                .route(get().to(device::get))
                .route(post().to(device::post)),
        )
        .service(resource("/setup").route(get().to(setup::get)).route(post().to(setup::post)))
        .service(resource("/reset").route(get().to(reset::get)).route(post().to(reset::post)))
        .service(resource("/invite").route(get().to(invite::get)).route(post().to(invite::post)))
        // A provider's name is the operator's choice: after everything else below /login.
        .service(resource("/login/{provider}").route(post().to(upstream::post)))
        .service(resource("/login/{provider}/callback").route(get().to(upstream::callback)))
        .service(resource("/forgot").route(get().to(forgot::get)).route(post().to(forgot::post)));
}

/// A person's own account.
fn account(config: &mut ServiceConfig) {
    config
        .service(resource("/account/identities").route(get().to(account::identities::get)))
        .service(resource("/account/identities/add").route(post().to(account::identities::add)))
        .service(resource("/account/identities/confirm").route(post().to(account::identities::confirm)))
        .service(
            resource("/account/identities/{id}/remove")
                .route(get().to(account::identities::ask_to_remove))
                .route(post().to(account::identities::remove)),
        )
        .service(
            resource("/account")
                .route(get().to(account::overview::get))
                .route(post().to(account::overview::post)),
        )
        .service(
            resource("/account/apps")
                .route(get().to(account::apps::get))
                .route(post().to(account::apps::post)),
        )
        .service(resource("/account/sign-in").route(get().to(account::sign_in::get)))
        .service(
            resource("/account/sessions")
                .route(get().to(account::sessions::get))
                .route(post().to(account::sessions::post)),
        )
        .service(resource("/account/activity").route(get().to(account::activity::get)))
        .service(resource("/account/data").route(get().to(account::data::get)))
        .service(resource("/account/data/export").route(post().to(account::data::post_export)))
        .service(resource("/account/data/delete").route(post().to(account::data::post_delete)))
        .service(
            resource("/account/password")
                .route(get().to(account::password::get))
                .route(post().to(account::password::post)),
        )
        .service(
            resource("/account/passkeys")
                .route(get().to(account::passkeys::get))
                .route(post().to(account::passkeys::post)),
        )
        .service(resource("/account/passkeys/options").route(post().to(account::passkeys::options)))
        .service(resource("/account/passkeys/{id}").route(get().to(account::passkeys::get_one)))
        .service(resource("/account/passkeys/{id}/rename").route(post().to(account::passkeys::rename)))
        .service(resource("/account/passkeys/{id}/remove").route(post().to(account::passkeys::remove)))
        .service(resource(account::second_factor::URL).route(get().to(account::second_factor::get)))
        .service(resource("/account/second-factor/set-up").route(post().to(account::second_factor::set_up)))
        .service(resource("/account/second-factor/confirm").route(post().to(account::second_factor::confirm)))
        .service(
            resource("/account/second-factor/recovery-codes")
                .route(post().to(account::second_factor::new_codes)),
        )
        .service(
            resource("/account/second-factor/turn-off").route(post().to(account::second_factor::turn_off)),
        );
}
