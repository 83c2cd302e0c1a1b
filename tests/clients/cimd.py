"""Clients whose id is the URL of a document about them, with the Python SDK and with FastMCP: nothing is registered.
The document is served over https from this machine. From the MCP URL to the tools and a refresh."""

import os
import sys
import time
import warnings
from pathlib import Path

os.environ.setdefault("FASTMCP_LOG_LEVEL", "WARNING")

import fastmcp  # noqa: E402
import httpx2  # noqa: E402
from anyio import to_thread  # noqa: E402
from fastmcp.client.auth import OAuth  # noqa: E402
from mcp.client.auth import OAuthClientProvider  # noqa: E402
from mcp.client.client import Client  # noqa: E402
from mcp.client.streamable_http import streamable_http_client  # noqa: E402
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientMetadata  # noqa: E402

from documents import Documents  # noqa: E402
from expect import LEGACY, MCP_URL, MODERN, TOOLS, Say, check_search, check_whoami, proof  # noqa: E402
from login import Browser  # noqa: E402
from memory import Memory  # noqa: E402
from stand_in import StandIn  # noqa: E402

sys.path.insert(0, str(Path(__file__).parent / "scalekit"))

from common import gatepost  # noqa: E402

warnings.filterwarnings("ignore", message="Using in-memory token storage")
CALLBACK = "http://localhost:18324/callback"
MODES = [("legacy", LEGACY), ("auto", MODERN)]


def public(name: str, redirect_uri: str) -> dict:
    """What such a document says."""
    return {
        "client_name": name,
        "redirect_uris": [redirect_uri],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
    }


def words(result) -> str:
    return "\n".join(part.text for part in result.content if part.type == "text")


async def whoami(client, client_id: str) -> None:
    result = await client.call_tool("whoami", {})
    me = check_whoami(result.structured_content, words(result), search=True)
    assert me["client"]["id"] == client_id, me


async def works(client, oauth: OAuthClientProvider, client_id: str) -> None:
    """Tools, and a refresh."""
    await whoami(client, client_id)
    result = await client.call_tool("web_search", {"query": "hinges"})
    check_search(result.structured_content, words(result), "hinges")
    before = oauth.context.current_tokens.refresh_token
    oauth.context.token_expiry_time = time.time() - 1
    await whoami(client, client_id)
    assert oauth.context.current_tokens.refresh_token not in (None, before)


def known() -> dict[str, str]:
    return {row["client_id"]: row["kind"] for row in gatepost("client", "list")}


class Visit:
    """The person at the browser of the Python SDK."""

    def __init__(self) -> None:
        self.browser = Browser()

    async def visit(self, url: str) -> None:
        self.query = await to_thread.run_sync(lambda: self.browser.authorize(url))

    async def answer(self) -> AuthorizationCodeResult:
        query = self.query
        return AuthorizationCodeResult(code=query["code"], state=query.get("state"), iss=query.get("iss"))


async def python_sdk(ok: Say, site: Documents) -> None:
    for mode, version in MODES:
        url = site.publish(f"/python-{mode}.json", public(f"Python SDK {mode} with a document", CALLBACK))
        before, person = set(known()), Visit()
        metadata = OAuthClientMetadata(client_name="Python SDK", redirect_uris=[CALLBACK])
        oauth = OAuthClientProvider(
            MCP_URL, metadata, Memory(), person.visit, person.answer, client_metadata_url=url
        )
        async with httpx2.AsyncClient(auth=oauth, timeout=15) as http:
            async with Client(streamable_http_client(MCP_URL, http_client=http), mode=mode) as client:
                assert client.protocol_version == version
                assert sorted(tool.name for tool in (await client.list_tools()).tools) == TOOLS
                await works(client, oauth, url)
                assert person.browser.visits == 1
        now = known()
        assert (set(now) - before, now[url]) == ({url}, "cimd"), now
        ok(f"Python SDK, {version}: logged in by its document, whoami and web_search answer, refreshed")


async def fast_mcp(ok: Say, site: Documents) -> None:
    for mode, version in MODES:
        url = site.publish(f"/fastmcp-{mode}.json", public(f"FastMCP {mode} with a document", "http://localhost/callback"))
        before, browser = set(known()), StandIn("offered")
        oauth = OAuth(client_metadata_url=url, callback_timeout=30)
        async with fastmcp.Client(MCP_URL, auth=oauth, mode=mode) as client:
            assert client.protocol_version == version
            assert [visit.get("pages") for visit in await browser.visits(1)] == [["login", "consent"]]
            await works(client, oauth, url)
            assert len(await browser.visits(1)) == 1
        now = known()
        assert (set(now) - before, now[url]) == ({url}, "cimd"), now
        ok(f"FastMCP, {version}: logged in by its document, whoami and web_search answer, refreshed")


async def refused(ok: Say, site: Documents) -> None:
    strange = {"client_id": "https://other.example/client.json"}
    for what, changes in [("a document of another client", strange), ("a document that is gone", None)]:
        document = public("Refused", CALLBACK)
        url = site.publish(f"/{what.replace(' ', '-')}.json", {**document, **(changes or {})})
        person, url = Visit(), url if changes else f"{url}.gone"
        metadata = OAuthClientMetadata(client_name="Refused", redirect_uris=[CALLBACK])
        oauth = OAuthClientProvider(
            MCP_URL, metadata, Memory(), person.visit, person.answer, client_metadata_url=url
        )
        try:
            async with httpx2.AsyncClient(auth=oauth, timeout=15) as http:
                await http.post(MCP_URL, json={"jsonrpc": "2.0", "id": 1, "method": "ping"})
        except AssertionError as error:
            assert " 400" in str(error) or " 503" in str(error), error
        else:
            raise AssertionError(f"not refused: {what}")
        assert url not in known() and oauth.context.current_tokens is None
        ok(f"refused: {what}")


async def steps(ok: Say) -> None:
    site = Documents()
    await python_sdk(ok, site)
    await fast_mcp(ok, site)
    await refused(ok, site)


proof("cimd-python", steps)
