//! The front page: the address of the MCP server and lines to paste into each app.

use askama::Template;

use super::filters;

/// What the front page shows.
#[derive(Template)]
#[template(path = "home.html")]
pub struct HomePage {
    pub public_url: String,
    pub mcp_url: String,
    /// The server takes only tokens that are bound to a key.
    pub bound_only: bool,
    pub snippets: Vec<Snippet>,
    /// Email of who is signed in.
    pub signed_in: Option<String>,
    /// There is no administrator yet.
    pub setup_needed: bool,
    pub version: String,
}

/// How one app is connected.
pub struct Snippet {
    pub client: String,
    /// Where the text goes.
    pub hint: String,
    pub text: String,
    /// A link that opens the app with everything filled in.
    pub link: Option<String>,
}

#[cfg(test)]
impl HomePage {
    pub fn sample() -> Self {
        let url = "http://localhost:10000/mcp";
        Self {
            public_url: "http://localhost:10000".into(),
            mcp_url: url.into(),
            bound_only: false,
            snippets: vec![
                Snippet {
                    client: "Claude Code".into(),
                    hint: "Run this in a terminal.".into(),
                    text: format!("claude mcp add --transport http gatepost {url}"),
                    link: None,
                },
                Snippet {
                    client: "VS Code".into(),
                    hint: "Put this into .vscode/mcp.json.".into(),
                    text: format!(
                        "{{\n  \"servers\": {{\n    \"gatepost\": {{ \"type\": \"http\", \"url\": \"{url}\" }}\n  }}\n}}"
                    ),
                    link: Some("vscode:mcp/install?%7B%22name%22%3A%22gatepost%22%7D".into()),
                },
                Snippet {
                    client: "Cursor".into(),
                    hint: "Put this into ~/.cursor/mcp.json.".into(),
                    text: format!(
                        "{{\n  \"mcpServers\": {{\n    \"gatepost\": {{ \"url\": \"{url}\" }}\n  }}\n}}"
                    ),
                    link: Some("cursor://anysphere.cursor-deeplink/mcp/install?name=gatepost".into()),
                },
                Snippet {
                    client: "Inspector".into(),
                    hint: "Run this, then choose Streamable HTTP and paste the address.".into(),
                    text: "npx @modelcontextprotocol/inspector".into(),
                    link: None,
                },
            ],
            signed_in: None,
            setup_needed: true,
            version: "0.1.0".into(),
        }
    }
}
