//! Code to paste into a server elsewhere: how it checks the tokens of this one.
//!
//! Every text of others goes in as a JSON string, which Python and TypeScript read as well.

use serde_json::json;
use url::Url;

/// What the code needs to know.
pub struct Server<'a> {
    pub name: &'a str,
    /// The audience.
    pub url: &'a str,
    /// Its id, which ScaleKit's software names it by.
    pub id: &'a str,
    /// The URL of this server.
    pub environment: &'a str,
    /// Whom its tokens name.
    pub issuer: &'a str,
    pub alg: &'a str,
    pub metadata_url: &'a str,
    /// Its metadata document.
    pub metadata: &'a str,
}

impl Server<'_> {
    /// Origin and path of the server.
    fn place(&self) -> (String, String) {
        let url = Url::parse(self.url).ok();
        url.map_or_else(
            || (self.url.to_owned(), "/".to_owned()),
            |url| (url.origin().ascii_serialization(), url.path().to_owned()),
        )
    }

    fn jwks(&self) -> String {
        format!("{}/keys", self.environment)
    }
}

fn string(text: &str) -> String {
    json!(text).to_string()
}

/// For FastMCP with the provider it has for ScaleKit.
pub fn python_for_scalekit(server: &Server<'_>) -> String {
    let (origin, path) = server.place();
    format!(
        "from fastmcp import FastMCP
from fastmcp.server.auth.providers.scalekit import ScalekitProvider

auth = ScalekitProvider(
    environment_url={environment},
    resource_id={id},
    base_url={origin},
)
mcp = FastMCP({name}, auth=auth)

if __name__ == \"__main__\":
    mcp.run(transport=\"http\", path={path})
",
        environment = string(server.environment),
        id = string(server.id),
        origin = string(&origin),
        name = string(server.name),
        path = string(&path),
    )
}

/// For FastMCP: verifier, metadata and challenge.
pub fn python(server: &Server<'_>) -> String {
    let (origin, path) = server.place();
    format!(
        "from fastmcp import FastMCP
from fastmcp.server.auth import RemoteAuthProvider
from fastmcp.server.auth.providers.jwt import JWTVerifier
from pydantic import AnyHttpUrl

auth = RemoteAuthProvider(
    token_verifier=JWTVerifier(
        jwks_uri={jwks},
        issuer={issuer},
        audience={audience},
        algorithm={alg},
    ),
    authorization_servers=[AnyHttpUrl({issuer})],
    base_url={origin},
)
mcp = FastMCP({name}, auth=auth)

if __name__ == \"__main__\":
    mcp.run(transport=\"http\", path={path})",
        jwks = string(&server.jwks()),
        issuer = string(server.issuer),
        audience = string(server.url),
        alg = string(server.alg),
        origin = string(&origin),
        name = string(server.name),
        path = string(&path),
    )
}

/// For the TypeScript SDK with Express, tokens checked by jose.
pub fn typescript(server: &Server<'_>) -> String {
    let (_, path) = server.place();
    let metadata_path =
        Url::parse(server.metadata_url).map_or_else(|_| "/".to_owned(), |url| url.path().to_owned());
    format!(
        "import {{ InvalidTokenError }} from \"@modelcontextprotocol/sdk/server/auth/errors.js\";
import {{ requireBearerAuth }} from \"@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js\";
import {{ createRemoteJWKSet, jwtVerify }} from \"jose\";

const keys = createRemoteJWKSet(new URL({jwks}));
const rules = {{
  issuer: {issuer},
  audience: {audience},
  algorithms: [{alg}],
  typ: \"at+jwt\",
}};

async function verifyAccessToken(token: string) {{
  const checked = await jwtVerify(token, keys, rules).catch(() => {{
    throw new InvalidTokenError(\"the access token is not valid\");
  }});
  const {{ client_id, scope, exp }} = checked.payload;
  return {{
    token,
    clientId: String(client_id),
    scopes: String(scope).split(\" \").filter(Boolean),
    expiresAt: exp,
  }};
}}

const metadata = {metadata};

app.get({metadata_path}, (_request, response) => {{
  response.json(metadata);
}});
app.use({path}, requireBearerAuth({{
  verifier: {{ verifyAccessToken }},
  resourceMetadataUrl: {metadata_url},
}}));",
        jwks = string(&server.jwks()),
        issuer = string(server.issuer),
        audience = string(server.url),
        alg = string(server.alg),
        metadata = server.metadata,
        metadata_path = string(&metadata_path),
        path = string(&path),
        metadata_url = string(server.metadata_url),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_inside_their_strings() {
        let server = Server {
            name: "No\"tes\\\n'); import os #",
            url: "https://notes.example/a/mcp",
            id: "res_1",
            environment: "https://gate.example",
            issuer: "https://gate.example",
            alg: "ES256",
            metadata_url: "https://notes.example/.well-known/oauth-protected-resource/a/mcp",
            metadata: "{}",
        };
        let python = python(&server);
        assert!(python.contains(r#"FastMCP("No\"tes\\\n'); import os #", auth=auth)"#), "{python}");
        assert!(python.contains("base_url=\"https://notes.example\""));
        assert!(python.contains("path=\"/a/mcp\""));
        let typescript = typescript(&server);
        assert!(typescript.contains("app.get(\"/.well-known/oauth-protected-resource/a/mcp\""));
        assert!(typescript.contains("audience: \"https://notes.example/a/mcp\""));
    }
}
