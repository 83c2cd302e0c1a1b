//! `/admin/resources/{id}`: how apps connect, and what a server elsewhere must do.

use actix_web::HttpResponse;
use actix_web::web::Path;

use super::super::super::State;
use super::super::super::metadata::resource_json;
use super::super::super::pages::Snippet;
use super::super::super::pages::admin::{Area, Duties, QuickstartPage, ResourceTab};
use super::super::access::View;
use super::super::answers;
use super::{code, document_url, head, in_force};
use crate::connect;
use crate::mcp::challenge::{self, Presented};
use crate::oauth::dpop::alg_names;
use crate::oauth::keys::Alg;
use crate::oauth::resource::Resource;
use crate::oauth::scalekit::{self, variables};
use crate::trust::whom::Whom;
use crate::types::Scheme;

pub async fn get(view: View, id: Path<String>) -> HttpResponse {
    let state = &view.state;
    let resource = match in_force(state, &id) {
        Ok(resource) => resource,
        Err(answer) => return answer,
    };
    let html = QuickstartPage {
        shell: view.shell(Area::Resources),
        head: head(&resource, ResourceTab::Quickstart),
        url: resource.uri.clone(),
        is_default: resource.is_default,
        bound_only: resource.dpop_required,
        snippets: lines(&resource).into_iter().map(snippet).collect(),
        // With another issuer it checks that one's tokens, and Gatepost has no part in it.
        duties: (!resource.is_here() && *resource.believes.main() == Whom::Embedded)
            .then(|| duties(state, &resource)),
        documents: documents(state, &resource),
    };
    answers::page(state, &html, &view.token)
}

/// The lines that add a resource to each client, under a name of its own there.
pub fn lines(resource: &Resource) -> Vec<connect::Line> {
    if resource.is_here() {
        return connect::lines(&resource.uri);
    }
    connect::lines_as(&connect::short_name(&resource.name), &resource.uri)
}

fn snippet(line: connect::Line) -> Snippet {
    Snippet { client: line.client.to_owned(), hint: line.hint.to_owned(), text: line.text, link: None }
}

fn documents(state: &State, resource: &Resource) -> Vec<(&'static str, String)> {
    let here = state.issuer().at(&resource.metadata_path());
    let what =
        if resource.is_here() { "The resource" } else { "The resource, as your server should serve it" };
    let (server, keys) = match resource.believes.main() {
        Whom::ScaleKit(foreign) => (foreign.server_metadata_url().unwrap_or_default(), foreign.keys_url()),
        Whom::Embedded | Whom::Nobody => {
            let door = resource.dialect.is_scalekit().then(|| format!("/resources/{}", resource.id));
            let server = format!("/.well-known/oauth-authorization-server{}", door.unwrap_or_default());
            (state.issuer().at(&server), state.issuer().at("/keys"))
        }
    };
    vec![(what, here), ("The authorization server", server), ("Its keys", keys)]
}

fn duties(state: &State, resource: &Resource) -> Duties {
    let metadata_url = document_url(state, resource);
    let metadata = resource_json(state, resource);
    let defaults = resource.scopes.iter().filter(|s| s.is_default).map(|s| s.name.as_str());
    let algs = alg_names();
    let expected = Presented { scheme: Scheme::of(resource.dpop_required), algs: &algs };
    let challenge = challenge::missing_token(expected, &metadata_url, defaults);
    let issuer = scalekit::token_issuer(state.issuer(), resource);
    let is_scalekit = resource.dialect.is_scalekit();
    let python = if is_scalekit { code::python_for_scalekit } else { code::python };
    let server = code::Server {
        name: &resource.name,
        url: &resource.uri,
        id: &resource.id,
        environment: state.issuer().as_str(),
        issuer: &issuer,
        alg: resource.alg.as_str(),
        metadata_url: &metadata_url,
        metadata: &metadata,
    };
    Duties {
        challenge: format!("WWW-Authenticate: {challenge}"),
        issuer: issuer.clone(),
        jwks_url: state.issuer().at("/keys"),
        introspection_url: state.issuer().at("/oauth/introspect"),
        alg: resource.alg.as_str().to_owned(),
        python: (resource.alg != Alg::EdDsa).then(|| python(&server)),
        typescript: code::typescript(&server),
        variables: is_scalekit.then(|| variables::lines(state.issuer(), resource)),
        metadata,
        metadata_url,
    }
}
