//! `/admin/api/v1/…`: the administration for programs. `docs/api.md` says how it is used.
//!
//! Each operation reads the request, calls a rule of `crate::admin`, and answers; what it takes and gives stands
//! beside it. `routes` lists every operation with the scope it needs, `call` checks the token, `problem` is how
//! anything else is said.

mod answers;
mod audit;
mod call;
mod client_make;
mod client_secrets;
mod clients;
mod document;
mod exchanges;
mod grants;
mod idempotency;
mod issuer_rules;
mod issuers;
mod keys;
mod paging;
mod people;
mod problem;
mod resource_users;
mod resources;
mod routes;
mod scopes;
mod settings;
mod text;
mod token;

pub use document::json as document;
pub use problem::Kind as ProblemKind;
pub use routes::{API_ROUTES, ApiRoute, Need, PREFIX};

use actix_web::middleware::from_fn;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};

use super::super::State;
use problem::{Kind, Problem};

/// Registers every operation.
pub fn configure(config: &mut ServiceConfig) {
    config.service(
        web::scope(PREFIX)
            .wrap(from_fn(problem::finish))
            .configure(routes::configure)
            .default_service(web::to(nothing_here)),
    );
}

/// The answer to a path that can name nothing.
pub fn not_found(state: &State) -> HttpResponse {
    problem::answer(state, Problem::new(Kind::NotFound, "There is no such thing."))
}

/// The answer to a request under another host name than the server's own.
pub fn foreign_host(state: &State, reference: String) -> HttpResponse {
    let detail = "This server does not answer under this host name.";
    let problem = Problem { reference: Some(reference.into()), ..Problem::new(Kind::ForeignHost, detail) };
    problem::answer(state, problem)
}

/// An address without an operation, or with others. There is no CORS: OPTIONS is a method like any other.
async fn nothing_here(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let methods = routes::methods_at(request.path());
    if methods.is_empty() {
        return Err(Problem::new(Kind::NotFound, "There is no operation at this address."));
    }
    let methods = methods.join(", ");
    let problem = Problem::new(Kind::MethodNotAllowed, format!("Here there is {methods}."));
    Err(problem.allowing(methods))
}
