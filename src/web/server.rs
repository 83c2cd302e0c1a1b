//! The HTTP server: listeners, workers, what wraps every request, and a clean stop.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{Server, ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderValue};
use actix_web::middleware::{Next, from_fn};
use actix_web::web::Data;
use actix_web::{App, Error, HttpServer, rt};

use super::{State, brand, configure, host, path};
use crate::mcp::McpMount;

/// How long requests may run on after a stop was asked for, in seconds.
const SHUTDOWN_SECONDS: u64 = 10;

/// Headers that every response carries, and the brand that every page wears.
pub async fn app_middleware<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let state = request.app_data::<Data<State>>();
    let https = state.is_some_and(|s| s.issuer().is_https());
    let brand = state.map(|s| Arc::clone(&s.oauth.settings.current().brand)).unwrap_or_default();
    let mut response = brand::wear(brand, next.call(request)).await?;
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if https {
        headers.insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=31536000; includeSubDomains"),
        );
    }
    Ok(response)
}

/// Starts to serve on the given sockets.
pub fn serve(state: Data<State>, mount: McpMount, sockets: Vec<TcpListener>) -> io::Result<Server> {
    let mut server = HttpServer::new(move || {
        let mount = mount.clone();
        App::new()
            .app_data(state.clone())
            .wrap(from_fn(path::check))
            .wrap(from_fn(host::check))
            .wrap(from_fn(app_middleware))
            .configure(move |config| configure(config, &mount))
    })
    .client_request_timeout(Duration::from_secs(10))
    .keep_alive(Duration::from_secs(75))
    .max_connections(10_000)
    .shutdown_timeout(SHUTDOWN_SECONDS)
    .on_connect(|connection, _| {
        // Without this, an answer in two writes waits for the client's delayed acknowledgement.
        if let Some(stream) = connection.downcast_ref::<rt::net::TcpStream>() {
            let _ = stream.set_nodelay(true);
        }
    });
    for socket in sockets {
        server = server.listen(socket)?;
    }
    Ok(server.run())
}
