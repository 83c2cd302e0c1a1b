//! What ScaleKit's settings say about the MCP server there, put together.
//!
//! | known                                                  | tokens must name in `aud`        |
//! |--------------------------------------------------------|----------------------------------|
//! | `resource_id`                                          | it                               |
//! | `audience_name` that is an id (`res_…`)                | it                               |
//! | `metadata_json` that sends clients to `…/resources/res_…` of the environment | that id    |
//! | `audience_name` alone                                  | that name                        |
//!
//! So the variables of the tutorial are enough. An id, once known, is not replaced by a name or URL.

use serde::Deserialize;

use super::settings::ScaleKit;
use crate::types::ids::is_scalekit_resource;

/// What `aud` must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audience {
    /// The id of the MCP server.
    Id(String),
    /// The name of the audience; no id is known.
    Name(String),
}

/// The protected resource metadata of the dashboard, as far as it is looked at (RFC 9728 §2).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct CopiedMetadata {
    pub resource: String,
    pub authorization_servers: Vec<String>,
}

impl ScaleKit {
    /// By the table above.
    pub fn audience(&self) -> Option<Audience> {
        let name = self.audience_name.as_ref();
        let id = self.resource_id.clone().or_else(|| name.filter(|name| is_scalekit_resource(name)).cloned());
        let id = id.or_else(|| self.copied_id());
        id.map(Audience::Id).or_else(|| name.cloned().map(Audience::Name))
    }

    /// The copied metadata; nothing when there is none, or it is not what it should be.
    pub fn copied(&self) -> Option<CopiedMetadata> {
        self.metadata_json.as_deref().and_then(read_metadata)
    }

    /// The id in the copied metadata, if that is of this environment.
    pub fn copied_id(&self) -> Option<String> {
        let environment = self.environment_url.as_deref()?.trim_end_matches('/');
        let servers = self.copied()?.authorization_servers;
        let id_of = |server: &String| {
            let id = server.strip_prefix(environment)?.strip_prefix("/resources/")?;
            Some(id.trim_end_matches('/')).filter(|id| is_scalekit_resource(id)).map(str::to_owned)
        };
        servers.iter().find_map(id_of)
    }
}

/// Reads metadata that has what clients need.
pub(super) fn read_metadata(text: &str) -> Option<CopiedMetadata> {
    let copied: CopiedMetadata = serde_json::from_str(text).ok()?;
    (!copied.authorization_servers.is_empty()).then_some(copied)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(id: Option<&str>, name: Option<&str>, servers: Option<&str>) -> ScaleKit {
        let metadata = |server| {
            format!(
                "{{\"resource\":\"http://localhost:10000/mcp\",\"authorization_servers\":[\"{server}\"]}}"
            )
        };
        ScaleKit {
            environment_url: Some("https://acme.scalekit.cloud/".into()),
            resource_id: id.map(Into::into),
            audience_name: name.map(Into::into),
            resource_metadata_url: None,
            metadata_json: servers.map(metadata),
            client_id: None,
            client_secret: None,
        }
    }

    #[test]
    fn the_id_is_found_wherever_it_is_told() {
        let name = "http://localhost:10000/mcp";
        let url = Some(name);
        let copied = Some("https://acme.scalekit.cloud/resources/res_3");
        let id = |id: &str| Some(Audience::Id(id.into()));
        for (settings, expected) in [
            (settings(Some("res_1"), Some("res_2"), copied), id("res_1")),
            (settings(None, Some("res_2"), copied), id("res_2")),
            (settings(None, url, copied), id("res_3")),
            (settings(None, None, Some("https://acme.scalekit.cloud/resources/res_3/")), id("res_3")),
            (settings(None, url, None), Some(Audience::Name(name.into()))),
            (
                settings(None, url, Some("https://other.example/resources/res_3")),
                Some(Audience::Name(name.into())),
            ),
            (
                settings(None, url, Some("https://acme.scalekit.cloud/resources/prd_3")),
                Some(Audience::Name(name.into())),
            ),
            (settings(None, None, Some("https://acme.scalekit.cloud")), None),
            (settings(None, None, None), None),
        ] {
            assert_eq!(settings.audience(), expected, "{settings:?}");
        }
    }
}
