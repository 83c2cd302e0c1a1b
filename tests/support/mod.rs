//! The harness: the same wiring as `serve`, in this process, on a free port, with a clock that tests move.

mod app;
mod authenticator;
mod browser;
mod database;
mod documents;
mod made;
mod mailbox;
mod oauth_client;
mod proof;
mod requests;
mod signer;

pub mod issuer;
pub mod provider;
pub mod scalekit;

use std::net::TcpListener;

use actix_web::web::ServiceConfig;
use actix_web::{App, HttpServer};

pub use app::{START, TestApp};
pub use authenticator::{AppCode, Authenticator};
pub use browser::{Browser, Form, cookie_of, location, text_of};
pub use database::Database;
pub use documents::Documents;
pub use made::MadeClient;
pub use mailbox::Mailbox;
pub use oauth_client::{OAuthClient, REDIRECT_URI, Tokens, json_of, query_of};
pub use proof::{ProofKey, access_claims, mcp_claims, token_claims, wrong_proofs};
pub use provider::unsigned;
pub use requests::{FORM, JSON, Requests, written};
pub use signer::Signer;

/// The person every test signs in as.
pub const EMAIL: &str = "ann@example.com";
/// That person's password.
pub const PASSWORD: &str = "correct horse battery";

/// Runs each of these functions on both databases, with a server that was started for it. They are plain
/// `async fn name(app: TestApp)` beside the list, where tools can read them.
#[macro_export]
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {$(
        mod $name {
            #[actix_web::test]
            async fn sqlite() {
                super::$name($crate::support::TestApp::start($crate::support::Database::sqlite()).await).await;
            }

            #[actix_web::test]
            async fn postgres() {
                if let Some(database) = $crate::support::Database::postgres().await {
                    super::$name($crate::support::TestApp::start(database).await).await;
                }
            }
        }
    )+};
}

/// As [`on_both`], for tests that start the server themselves, or need none:
/// `async fn name(database: Database)`.
#[macro_export]
macro_rules! on_each {
    ($($name:ident),+ $(,)?) => {$(
        mod $name {
            #[actix_web::test]
            async fn sqlite() {
                super::$name($crate::support::Database::sqlite()).await;
            }

            #[actix_web::test]
            async fn postgres() {
                if let Some(database) = $crate::support::Database::postgres().await {
                    super::$name(database).await;
                }
            }
        }
    )+};
}

/// Where a server of the tests will be: its socket, and its URL.
pub fn place() -> (TcpListener, String) {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://127.0.0.1:{}", socket.local_addr().unwrap().port());
    (socket, url)
}

/// Serves until the test ends.
pub fn serve(socket: TcpListener, configure: impl Fn(&mut ServiceConfig) + Clone + Send + 'static) {
    let server = HttpServer::new(move || App::new().configure(configure.clone()));
    let server = server.workers(1).disable_signals().shutdown_timeout(0).listen(socket).unwrap();
    actix_web::rt::spawn(server.run());
}
