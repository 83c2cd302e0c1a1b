//! The lines that add an MCP server to each client, as shown at start, on the start page and in the README.

/// One client's line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub client: &'static str,
    /// Where it goes.
    pub hint: &'static str,
    pub text: String,
}

/// The lines for the server at `mcp_url`.
pub fn lines(mcp_url: &str) -> Vec<Line> {
    let line = |client, hint, text| Line { client, hint, text };
    vec![
        line(
            "Claude Code",
            "Run in a terminal, then type /mcp in Claude Code to sign in.",
            format!("claude mcp add --transport http gatepost {mcp_url}"),
        ),
        line(
            "VS Code",
            "Run in a terminal, then start the server from the MCP servers view.",
            format!("code --add-mcp '{{\"name\":\"gatepost\",\"type\":\"http\",\"url\":\"{mcp_url}\"}}'"),
        ),
        line(
            "Cursor",
            "Put into ~/.cursor/mcp.json, then sign in under Settings, MCP.",
            format!("{{\"mcpServers\":{{\"gatepost\":{{\"url\":\"{mcp_url}\"}}}}}}"),
        ),
        line(
            "MCP Inspector",
            "Run in a terminal, choose Streamable HTTP, and press Connect.",
            format!("npx @modelcontextprotocol/inspector --transport http --server-url {mcp_url}"),
        ),
    ]
}
