"""Enterprise-managed authorization with the Python SDK: the company's identity provider gives an ID-JAG, and Gatepost a
token for the person, without any page; by secret in the header and in the form. Then what is refused."""

import subprocess
import sys
import time
from pathlib import Path

import anyio
import httpx2
from mcp.client.auth import OAuthTokenError
from mcp.client.auth.extensions.identity_assertion import IdentityAssertionOAuthProvider
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client

from expect import EMAIL, GATEPOST_URL, LEGACY, MCP_URL, MODERN, SEARCH, TOOLS, Say, check_search, check_whoami, proof
from memory import Memory

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "scalekit"))

from common import gatepost  # noqa: E402

ID_JAG = "urn:ietf:params:oauth:token-type:id-jag"


class Company:
    """The stand-in for its identity provider, as a program of its own."""

    def __init__(self) -> None:
        command = ["node", str(HERE / "identity_provider.mjs")]
        self.program = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.issuer = self.program.stdout.readline().strip()

    async def assertion(self, client_id: str, audience: str, resource: str, scope: str | None) -> str:
        """Somebody logs in, and the app gets an ID-JAG for them."""
        app = f"at-{client_id}"
        async with httpx2.AsyncClient(timeout=15) as http:
            login = await http.post(f"{self.issuer}/login", data={"email": EMAIL, "app": app})
            form = {
                "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
                "requested_token_type": ID_JAG,
                "subject_token": login.json()["id_token"],
                "subject_token_type": "urn:ietf:params:oauth:token-type:id_token",
                "client_id": app,
                "audience": audience,
                "resource": resource,
            } | ({"scope": scope} if scope else {})
            answer = (await http.post(f"{self.issuer}/token", data=form)).json()
        assert answer["issued_token_type"] == ID_JAG, answer
        return answer["access_token"]


class Member:
    """A client of somebody who logged in at the company; `changes` says what it asks the company for instead."""

    def __init__(self, company: Company, made: dict, method: str, scope: str | None = SEARCH, **changes: str) -> None:
        self.shown: list[str] = []

        async def assertion(issuer: str, resource: str) -> str:
            asked = {"client_id": made["client_id"], "audience": issuer, "resource": resource, "scope": scope} | changes
            self.shown.append(changes.get("assertion") or await company.assertion(**asked))
            return self.shown[-1]

        self.storage = Memory()
        self.provider = IdentityAssertionOAuthProvider(
            MCP_URL,
            self.storage,
            made["client_id"],
            made["client_secret"],
            GATEPOST_URL,
            assertion,
            scope,
            method,
        )

    async def refused(self, code: str) -> None:
        try:
            async with httpx2.AsyncClient(auth=self.provider, timeout=15) as http:
                await http.post(MCP_URL, json={"jsonrpc": "2.0", "id": 1, "method": "ping"})
        except OAuthTokenError as error:
            assert code in str(error), error
        else:
            raise AssertionError(f"not refused: expected {code}")
        assert self.storage.tokens is None


def words(result) -> str:
    return "\n".join(part.text for part in result.content if part.type == "text")


async def works(member: Member, client_id: str, mode: str, version: str) -> None:
    async with httpx2.AsyncClient(auth=member.provider, timeout=15) as http:
        async with Client(streamable_http_client(MCP_URL, http_client=http), mode=mode) as client:
            assert client.protocol_version == version
            assert sorted(tool.name for tool in (await client.list_tools()).tools) == TOOLS
            me = await client.call_tool("whoami", {})
            who = check_whoami(me.structured_content, words(me), search=True)
            assert who["client"]["id"] == client_id, who
            found = await client.call_tool("web_search", {"query": "hinges"})
            check_search(found.structured_content, words(found), "hinges")
    assert member.storage.tokens.refresh_token is None


async def trusted() -> None:
    """The server hears of an issuer from the database."""
    async with httpx2.AsyncClient(timeout=15) as http:
        until = time.monotonic() + 5
        while time.monotonic() < until:
            metadata = (await http.get(f"{GATEPOST_URL}/.well-known/oauth-authorization-server")).json()
            if metadata.get("authorization_grant_profiles_supported"):
                return
            await anyio.sleep(0.1)
    raise AssertionError("the server does not say that it takes ID-JAGs")


async def run(ok: Say, company: Company) -> None:
    domain = EMAIL.split("@")[1]
    gatepost("issuer", "add", "--kind", "enterprise", "--name", "Firm", "--issuer", company.issuer, "--domain", domain)
    await trusted()
    for method in ["client_secret_basic", "client_secret_post"]:
        redirect = ("--redirect-uri", "http://127.0.0.1/unused")
        made = gatepost("client", "create", "--name", f"Firm by {method}", *redirect, "--auth-method", method)
        for mode, version in [("legacy", LEGACY), ("auto", MODERN)]:
            await works(Member(company, made, method), made["client_id"], mode, version)
            ok(f"{method}, {version}: no page of Gatepost's; whoami says who the company said; web_search answers")

    member = Member(company, made, method)
    await works(member, made["client_id"], "legacy", LEGACY)
    await Member(company, made, method, assertion=member.shown[0]).refused("invalid_grant")
    ok("refused: an ID-JAG that was shown before")
    await Member(company, made, method, audience="https://other.example").refused("invalid_grant")
    await Member(company, made, method, client_id="cli_other").refused("invalid_grant")
    await Member(company, made, method, resource="https://other.example/mcp").refused("invalid_grant")
    await Member(company, {**made, "client_secret": "gps_of_somebody_else"}, method).refused("invalid_client")
    ok("refused: for another server, another client, another resource; another secret")


async def steps(ok: Say) -> None:
    company = Company()
    try:
        await run(ok, company)
    finally:
        company.program.kill()


proof("enterprise-python", steps)
