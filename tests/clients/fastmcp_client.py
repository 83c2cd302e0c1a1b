"""FastMCP client with `OAuth()`, in both eras: it probes the authorization URL without cookies first,
then opens "the browser" (bin/xdg-open, named in BROWSER) and listens for the redirect itself. Logs in,
calls both tools, refreshes, and steps up to search:read inside one call. Then as a client that an administrator made,
with a secret and without."""

import os
import sys
import time
import warnings
from pathlib import Path

os.environ.setdefault("FASTMCP_LOG_LEVEL", "WARNING")

from fastmcp import Client
from fastmcp.client.auth import OAuth

from expect import LEGACY, MCP_URL, MODERN, SEARCH, TOOLS, Say, check_search, check_whoami, proof
from stand_in import StandIn

warnings.filterwarnings("ignore", message="Using in-memory token storage")


def words(result) -> str:
    return "\n".join(part.text for part in result.content if part.type == "text")


async def whoami(client: Client, *, search: bool) -> None:
    result = await client.call_tool("whoami", {})
    check_whoami(result.structured_content, words(result), search=search)


async def search(client: Client, query: str) -> None:
    result = await client.call_tool("web_search", {"query": query})
    check_search(result.structured_content, words(result), query)


async def one_era(ok: Say, mode: str, version: str) -> None:
    browser = StandIn("offered")
    oauth = OAuth(client_name=f"FastMCP {mode} proof", callback_timeout=30)
    async with Client(MCP_URL, auth=oauth, mode=mode) as client:
        assert client.protocol_version == version, client.protocol_version
        assert [visit.get("pages") for visit in await browser.visits(1)] == [["login", "consent"]]
        assert sorted(tool.name for tool in await client.list_tools()) == TOOLS
        await whoami(client, search=True)
        await search(client, f"hinges {mode}")
        ok(f"{mode}: discovered, registered, logged in, {version}, whoami and web_search answer")

        before = oauth.context.current_tokens
        oauth.context.token_expiry_time = time.time() - 1
        await whoami(client, search=True)
        assert oauth.context.current_tokens.refresh_token not in (None, before.refresh_token)
        assert len(await browser.visits(1)) == 1, "the refresh needed no person"
        ok(f"{mode}: refreshed, refresh token rotated")

    browser = StandIn("none")
    oauth = OAuth(client_name=f"FastMCP {mode} step-up proof", callback_timeout=30)
    async with Client(MCP_URL, auth=oauth, mode=mode) as client:
        await whoami(client, search=False)
        browser.plan("offered")
        await search(client, "latch")
        assert [visit.get("pages") for visit in await browser.visits(2)] == [["login", "consent"], ["consent"]]
        assert SEARCH in oauth.context.current_tokens.scope.split()
        await whoami(client, search=True)
        ok(f"{mode}: stepped up to {SEARCH}")


async def given_client(ok: Say) -> None:
    sys.path.insert(0, str(Path(__file__).parent / "scalekit"))
    from common import gatepost

    for method in ["client_secret_post", "none"]:
        # The port is free: FastMCP takes one as it comes.
        redirect = ("--redirect-uri", "http://localhost/callback")
        made = gatepost("client", "create", "--name", f"FastMCP, {method}", *redirect, "--auth-method", method)
        browser, secret = StandIn("offered"), made.get("client_secret")
        oauth = OAuth(client_id=made["client_id"], client_secret=secret, callback_timeout=30)
        async with Client(MCP_URL, auth=oauth, mode="auto") as client:
            me = (await client.call_tool("whoami", {})).structured_content
            assert me["client"]["id"] == made["client_id"], me
            await search(client, "a given id")
            before = oauth.context.current_tokens
            oauth.context.token_expiry_time = time.time() - 1
            await whoami(client, search=True)
            assert oauth.context.current_tokens.refresh_token not in (None, before.refresh_token)
            assert len(await browser.visits(1)) == 1
        ok(f"a client that was made here, {method}: logged in, whoami and web_search answer, refreshed")
    try:
        StandIn("offered")
        oauth = OAuth(client_id=made["client_id"], client_secret="gps_of_somebody_else", callback_timeout=30)
        async with Client(MCP_URL, auth=oauth) as client:
            await client.call_tool("whoami", {})
    except Exception:
        assert oauth.context.current_tokens is None
    else:
        raise AssertionError("a client without a secret was let in with one")
    ok("refused: a secret that is none of the client's")


async def steps(ok: Say) -> None:
    await one_era(ok, "legacy", LEGACY)
    await one_era(ok, "auto", MODERN)
    if "GATEPOST_CLI" in os.environ:
        await given_client(ok)


proof("fastmcp", steps)
