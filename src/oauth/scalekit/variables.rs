//! The environment variables by which software written for ScaleKit finds this server.

use serde_json::json;

use super::authorization_server;
use crate::mcp::resource_metadata::{ResourceMetadata, metadata_url};
use crate::oauth::dpop::ProofAlg;
use crate::oauth::resource::Resource;
use crate::types::urls::Issuer;

/// Each variable with its value. `SCALEKIT_CLIENT_ID` and `SCALEKIT_CLIENT_SECRET` are not among them: a machine
/// client has them.
pub fn of(environment: &Issuer, resource: &Resource) -> Vec<(&'static str, String)> {
    let scopes = resource.scopes.iter().map(|scope| scope.name.as_str());
    // As the served document has them, where proofs are taken.
    let algs = ProofAlg::ALL.iter().filter(|_| resource.dpop_required).map(|alg| alg.as_str());
    let document = ResourceMetadata::new(&resource.uri, &authorization_server(environment, resource), scopes)
        .taking_proofs(algs.collect())
        .bound_only(resource.dpop_required);
    vec![
        ("SCALEKIT_ENVIRONMENT_URL", environment.as_str().to_owned()),
        ("SCALEKIT_RESOURCE_ID", resource.id.clone()),
        ("SCALEKIT_AUDIENCE_NAME", resource.uri.clone()),
        ("SCALEKIT_RESOURCE_METADATA_URL", metadata_url(&resource.uri).unwrap_or_default()),
        ("METADATA_JSON_RESPONSE", json!(document).to_string()),
    ]
}

/// The same as lines of a `.env` file, for shells too.
pub fn lines(environment: &Issuer, resource: &Resource) -> String {
    let line = |(name, value): (&str, String)| match name {
        // In apostrophes, so that quotation marks stand; one inside is written as JSON allows.
        "METADATA_JSON_RESPONSE" => format!("{name}='{}'\n", value.replace('\'', "\\u0027")),
        _ => format!("{name}={value}\n"),
    };
    of(environment, resource).into_iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::resource::tests::resource_with;
    use crate::oauth::scalekit::{Dialect, TokenIssuer};

    #[test]
    fn the_lines_are_fit_for_a_shell() {
        let issuer = Issuer::parse("https://gate.example").unwrap();
        let resource = Resource {
            uri: "https://notes.example/mcp".into(),
            dialect: Dialect::Scalekit(TokenIssuer::default()),
            ..resource_with(&[("it's", &[], true)])
        };
        insta::assert_snapshot!(lines(&issuer, &resource));
        assert!(!lines(&issuer, &resource).contains("dpop"));
        let bound = lines(&issuer, &Resource { dpop_required: true, ..resource });
        assert!(bound.contains("\"dpop_signing_alg_values_supported\":[\"ES256\""), "{bound}");
        assert!(bound.contains("\"dpop_bound_access_tokens_required\":true"), "{bound}");
    }
}
