"""MCP servers as people wrote them for ScaleKit, told by the environment alone that their issuer is another.

    python servers.py provider     FastMCP with its ScalekitProvider
    python servers.py tutorial     FastAPI, FastMCP and ScaleKit's SDK, in the shape of the well-known tutorial
"""

import json
import os
import sys

import uvicorn
from fastmcp import FastMCP
from tavily import TavilyClient

PORT = int(os.environ["PORT"])
ENVIRONMENT = os.environ["SCALEKIT_ENVIRONMENT_URL"]


def tools(mcp: FastMCP) -> None:
    tavily = TavilyClient(os.environ["TAVILY_API_KEY"], api_base_url=os.environ["TAVILY_STAND_IN_URL"])

    @mcp.tool
    def web_search(query: str) -> list[dict]:
        """Search the web."""
        return tavily.search(query)["results"]


def provider():
    from fastmcp.server.auth.providers.scalekit import ScalekitProvider

    auth = ScalekitProvider(
        environment_url=ENVIRONMENT,
        resource_id=os.environ["SCALEKIT_RESOURCE_ID"],
        base_url=f"http://localhost:{PORT}",
        required_scopes=["search:read"],
    )
    mcp = FastMCP("web-search", auth=auth)
    tools(mcp)
    return mcp.http_app(path="/mcp")


def tutorial():
    from fastapi import FastAPI, Request
    from fastapi.responses import JSONResponse
    from scalekit import ScalekitClient
    from scalekit.common.scalekit import TokenValidationOptions
    from starlette.middleware.base import BaseHTTPMiddleware

    scalekit = ScalekitClient(
        ENVIRONMENT, os.environ["SCALEKIT_CLIENT_ID"], os.environ["SCALEKIT_CLIENT_SECRET"]
    )
    metadata_url = os.environ["SCALEKIT_RESOURCE_METADATA_URL"]

    class Auth(BaseHTTPMiddleware):
        async def dispatch(self, request: Request, call_next):
            if request.url.path.startswith("/.well-known/"):
                return await call_next(request)
            scheme, _, token = request.headers.get("authorization", "").partition(" ")
            options = TokenValidationOptions(issuer=ENVIRONMENT, audience=[os.environ["SCALEKIT_AUDIENCE_NAME"]])
            message = json.loads(await request.body() or b"{}")
            if message.get("method") == "tools/call":
                options.required_scopes = ["search:read"]
            try:
                assert scheme == "Bearer", "no token"
                scalekit.validate_token(token, options=options)
            except Exception as error:
                challenge = f'Bearer realm="OAuth", resource_metadata="{metadata_url}"'
                body = {"error": "unauthorized", "error_description": str(error)}
                return JSONResponse(body, 401, {"WWW-Authenticate": challenge})
            return await call_next(request)

    mcp = FastMCP("web-search")
    tools(mcp)
    inner = mcp.http_app(path="/mcp")
    app = FastAPI(lifespan=inner.lifespan)
    app.add_middleware(Auth)

    @app.get("/.well-known/oauth-protected-resource/mcp")
    async def metadata():
        return json.loads(os.environ["METADATA_JSON_RESPONSE"])

    app.mount("/", inner)
    return app


if __name__ == "__main__":
    app = {"provider": provider, "tutorial": tutorial}[sys.argv[1]]()
    uvicorn.run(app, host="127.0.0.1", port=PORT, log_level="warning")
