"""Python SDK (`mcp`), in both eras: starts from nothing but the MCP URL, whose very first request is
`server/discover`; discovers, registers (without naming an auth method), logs in, calls both tools,
refreshes before a known expiry, and steps up to search:read inside one call."""

import time

import httpx2
from anyio import to_thread
from mcp.client.auth import OAuthClientProvider
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientMetadata

from expect import LEGACY, MCP_URL, MODERN, SEARCH, TOOLS, Say, check_search, check_whoami, proof
from login import Browser
from memory import Memory


class Person:
    """Hands the SDK a browser visit; `scopes` says which consent boxes stay ticked."""

    def __init__(self, name: str, scopes: str) -> None:
        self.browser = Browser()
        self.scopes = scopes
        self.storage = Memory()
        self.provider = OAuthClientProvider(
            MCP_URL,
            OAuthClientMetadata(client_name=name, redirect_uris=["http://localhost:18323/callback"]),
            self.storage,
            self._visit,
            self._answer,
        )

    async def _visit(self, url: str) -> None:
        self._query = await to_thread.run_sync(lambda: self.browser.authorize(url, scopes=self.scopes))

    async def _answer(self) -> AuthorizationCodeResult:
        return AuthorizationCodeResult(
            code=self._query["code"], state=self._query.get("state"), iss=self._query.get("iss")
        )


def words(result) -> str:
    return "\n".join(part.text for part in result.content if part.type == "text")


async def whoami(client: Client, *, search: bool) -> dict:
    result = await client.call_tool("whoami", {})
    assert not result.is_error, result
    return check_whoami(result.structured_content, words(result), search=search)


async def search(client: Client, query: str) -> None:
    result = await client.call_tool("web_search", {"query": query})
    assert not result.is_error, result
    check_search(result.structured_content, words(result), query)


async def one_era(ok: Say, mode: str, version: str) -> None:
    person = Person(f"Python SDK {mode} proof", scopes="offered")
    async with httpx2.AsyncClient(auth=person.provider, timeout=15) as http:
        async with Client(streamable_http_client(MCP_URL, http_client=http), mode=mode) as client:
            assert client.protocol_version == version, client.protocol_version
            assert person.browser.pages == ["login", "consent"], person.browser.pages
            assert sorted(tool.name for tool in (await client.list_tools()).tools) == TOOLS
            await whoami(client, search=True)
            await search(client, f"hinges {mode}")
            ok(f"{mode}: discovered, registered, logged in, {version}, whoami and web_search answer")

            before = person.storage.tokens
            assert before.refresh_token, "a refresh token was issued"
            person.provider.context.token_expiry_time = time.time() - 1
            await whoami(client, search=True)
            assert person.storage.tokens.access_token != before.access_token
            assert person.storage.tokens.refresh_token != before.refresh_token
            assert person.browser.visits == 1, "the refresh needed no person"
            ok(f"{mode}: refreshed, refresh token rotated")

    person = Person(f"Python SDK {mode} step-up proof", scopes="none")
    async with httpx2.AsyncClient(auth=person.provider, timeout=15) as http:
        async with Client(streamable_http_client(MCP_URL, http_client=http), mode=mode) as client:
            await whoami(client, search=False)
            person.scopes = "offered"
            await search(client, "latch")
            assert person.browser.visits == 2
            assert person.browser.pages == ["consent"], person.browser.pages
            assert SEARCH in person.storage.tokens.scope.split()
            await whoami(client, search=True)
            ok(f"{mode}: stepped up to {SEARCH}")


async def steps(ok: Say) -> None:
    await one_era(ok, "legacy", LEGACY)
    await one_era(ok, "auto", MODERN)


proof("python-sdk", steps)
