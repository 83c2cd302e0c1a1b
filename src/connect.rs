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
    lines_as("gatepost", mcp_url)
}

/// What a server of this name is called in its lines: letters and digits that every client and shell takes.
pub fn short_name(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { ' ' };
    let text: String = name.chars().take(200).map(plain).collect();
    let short: String = text.split_whitespace().collect::<Vec<_>>().join("-").chars().take(32).collect();
    let short = short.trim_end_matches('-');
    if short.is_empty() { "server".to_owned() } else { short.to_owned() }
}

/// The lines for the server at `mcp_url`, called `name` there: see [`short_name`].
pub fn lines_as(name: &str, mcp_url: &str) -> Vec<Line> {
    let line = |client, hint, text| Line { client, hint, text };
    vec![
        line(
            "Claude Code",
            "Run in a terminal, then type /mcp in Claude Code to sign in.",
            format!("claude mcp add --transport http {name} {mcp_url}"),
        ),
        line(
            "VS Code",
            "Run in a terminal, then start the server from the MCP servers view.",
            format!("code --add-mcp '{{\"name\":\"{name}\",\"type\":\"http\",\"url\":\"{mcp_url}\"}}'"),
        ),
        line(
            "Cursor",
            "Put into ~/.cursor/mcp.json, then sign in under Settings, MCP.",
            format!("{{\"mcpServers\":{{\"{name}\":{{\"url\":\"{mcp_url}\"}}}}}}"),
        ),
        line(
            "MCP Inspector",
            "Run in a terminal, choose Streamable HTTP, and press Connect.",
            format!("npx @modelcontextprotocol/inspector --transport http --server-url {mcp_url}"),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_name_is_safe_to_paste() {
        for (name, short) in [
            ("Notes", "notes"),
            ("Ann's $(reboot) `notes`", "ann-s-reboot-notes"),
            ("\u{65e5}\u{672c}", "server"),
            ("  -- ", "server"),
        ] {
            assert_eq!(short_name(name), short);
        }
        assert_eq!(short_name(&"ab ".repeat(100)).len(), 32);
        assert!(!short_name(&format!("{} b", "a".repeat(31))).ends_with('-'));
    }
}
