"""Clients that act for themselves, with the providers that the Python SDK (`mcp`) and FastMCP bring for them: a secret
in the header and in the form, and a key of the client's own. Nobody is at a browser."""

import json
import os
import sys
from pathlib import Path

os.environ.setdefault("FASTMCP_LOG_LEVEL", "WARNING")

import fastmcp  # noqa: E402
import fastmcp.client.auth as fast  # noqa: E402
import httpx2
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt import get_algorithm_by_name
from mcp.client.auth import OAuthClientProvider, OAuthTokenError
from mcp.client.auth.extensions.client_credentials import (
    ClientCredentialsOAuthProvider,
    PrivateKeyJWTOAuthProvider,
    SignedJWTParameters,
    static_assertion_provider,
)
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client

from expect import GATEPOST_URL, LEGACY, MCP_URL, MODERN, SEARCH, TOOLS, Say, check_search, proof
from memory import Memory

sys.path.insert(0, str(Path(__file__).parent / "scalekit"))

from common import gatepost  # noqa: E402

MODES = [("legacy", LEGACY), ("auto", MODERN)]
KINDS = {
    "RS256": lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048),
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate,
}


def machine(name: str, *arguments: str, scope: str = SEARCH) -> dict:
    return gatepost("client", "create", "--machine", "--name", name, "--scope", scope, *arguments)


def key(algorithm: str) -> tuple[str, str]:
    """A private key, and the key set with its public half."""
    private = KINDS[algorithm]()
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    jwk = json.loads(get_algorithm_by_name(algorithm).to_jwk(private.public_key()))
    return pem.decode(), json.dumps({"keys": [jwk]})


def words(result) -> str:
    return "\n".join(part.text for part in result.content if part.type == "text")


async def is_machine(client: Client, client_id: str) -> None:
    me = (await client.call_tool("whoami", {})).structured_content
    assert (me["kind"], me["client"]["id"], me["resource"]) == ("machine", client_id, MCP_URL), me
    assert me.get("email") is None and SEARCH in me["scopes"], me


async def works(provider: OAuthClientProvider, client_id: str, mode: str, version: str, *, renews: bool = True) -> None:
    async with httpx2.AsyncClient(auth=provider, timeout=15) as http:
        async with Client(streamable_http_client(MCP_URL, http_client=http), mode=mode) as client:
            assert client.protocol_version == version, client.protocol_version
            assert sorted(tool.name for tool in (await client.list_tools()).tools) == TOOLS
            await is_machine(client, client_id)
            result = await client.call_tool("web_search", {"query": "hinges"})
            check_search(result.structured_content, words(result), "hinges")
            if renews:
                before = provider.context.current_tokens
                assert before.refresh_token is None, "machines get no refresh token"
                provider.context.current_tokens = before.model_copy(update={"access_token": "over"})
                await is_machine(client, client_id)
                assert provider.context.current_tokens.access_token not in ("over", before.access_token)


async def refused(provider: OAuthClientProvider, code: str) -> None:
    """The SDK tells what the token endpoint answered."""
    try:
        async with httpx2.AsyncClient(auth=provider, timeout=15) as http:
            await http.post(MCP_URL, json={"jsonrpc": "2.0", "id": 1, "method": "ping"})
    except OAuthTokenError as error:
        assert code in str(error), error
    else:
        raise AssertionError(f"not refused: expected {code}")


def by_secret(client_id: str, secret: str, method: str) -> OAuthClientProvider:
    return ClientCredentialsOAuthProvider(MCP_URL, Memory(), client_id, secret, method, issuer=GATEPOST_URL)


def by_key(client_id: str, assertion) -> OAuthClientProvider:
    return PrivateKeyJWTOAuthProvider(MCP_URL, Memory(), client_id, assertion, issuer=GATEPOST_URL)


async def secrets(ok: Say) -> None:
    for method in ["client_secret_basic", "client_secret_post"]:
        made = machine(f"Python SDK with {method}", "--auth-method", method)
        for mode, version in MODES:
            provider = by_secret(made["client_id"], made["client_secret"], method)
            await works(provider, made["client_id"], mode, version)
        await refused(by_secret(made["client_id"], "gps_of_somebody_else", method), "invalid_client")
        ok(f"{method}: whoami and web_search answer, a bad token is replaced; another secret is refused")
    # This SDK asks for what the server's 401 names, whatever scope it was told to ask for.
    diary = "http://localhost/diary"
    gatepost("resource", "add", "--name", "Diary", "--url", diary, "--scope", "diary:read=Read the diary")
    other = machine("Python SDK for other things", scope="diary:read")
    await refused(by_secret(other["client_id"], other["client_secret"], "client_secret_basic"), "invalid_scope")
    ok("a machine that may do nothing here is refused")


async def keys(ok: Say) -> None:
    for algorithm in KINDS:
        own, key_set = key(algorithm)
        made = machine(f"Python SDK with {algorithm}", "--auth-method", "private_key_jwt", "--keys", key_set)
        client_id = made["client_id"]

        def signed_with(pem: str):
            parameters = SignedJWTParameters(
                issuer=client_id, subject=client_id, signing_key=pem, signing_algorithm=algorithm
            )
            return parameters.create_assertion_provider()

        for mode, version in MODES:
            await works(by_key(client_id, signed_with(own)), client_id, mode, version)
        await refused(by_key(client_id, signed_with(key(algorithm)[0])), "invalid_client")
        ok(f"private_key_jwt {algorithm}: whoami and web_search answer; another key is refused")

        once = static_assertion_provider(await signed_with(own)(GATEPOST_URL))
        await works(by_key(client_id, once), client_id, *MODES[-1], renews=False)
        await refused(by_key(client_id, once), "invalid_client")
        elsewhere = static_assertion_provider(await signed_with(own)("https://other.example"))
        await refused(by_key(client_id, elsewhere), "invalid_client")
        ok(f"an assertion made before, {algorithm}: works once; refused when it is for another server")


async def fast_works(provider: OAuthClientProvider, client_id: str, mode: str, version: str) -> None:
    async with fastmcp.Client(MCP_URL, auth=provider, mode=mode) as client:
        assert client.protocol_version == version, client.protocol_version
        assert sorted(tool.name for tool in await client.list_tools()) == TOOLS
        me = (await client.call_tool("whoami", {})).structured_content
        assert (me["kind"], me["client"]["id"], me["resource"]) == ("machine", client_id, MCP_URL), me
        result = await client.call_tool("web_search", {"query": "hinges"})
        check_search(result.structured_content, words(result), "hinges")
        before = provider.context.current_tokens
        provider.context.current_tokens = before.model_copy(update={"access_token": "over"})
        await client.call_tool("whoami", {})
        assert provider.context.current_tokens.access_token not in ("over", before.access_token)


async def fast_refused(provider: OAuthClientProvider, code: str) -> None:
    try:
        async with fastmcp.Client(MCP_URL, auth=provider) as client:
            await client.list_tools()
    except Exception as error:
        assert code in said(error), said(error)
    else:
        raise AssertionError(f"not refused: expected {code}")


def said(error: BaseException) -> str:
    """All that an error says, and what caused it."""
    lines, more, seen = [], [error], set()
    while more:
        at = more.pop()
        if id(at) in seen:
            continue
        seen.add(id(at))
        lines.append(str(at))
        more.extend(getattr(at, "exceptions", ()))
        more.extend(cause for cause in (at.__cause__, at.__context__) if cause)
    return "\n".join(lines)


async def fast_secrets(ok: Say) -> None:
    for method in ["client_secret_basic", "client_secret_post"]:
        made = machine(f"FastMCP with {method}", "--auth-method", method)

        def provider(secret: str = made["client_secret"]) -> OAuthClientProvider:
            return fast.ClientCredentialsOAuthProvider(
                client_id=made["client_id"], client_secret=secret, scopes=[SEARCH], token_endpoint_auth_method=method
            )

        for mode, version in MODES:
            await fast_works(provider(), made["client_id"], mode, version)
        await fast_refused(provider("gps_of_somebody_else"), "invalid_client")
        ok(f"FastMCP, {method}: whoami and web_search answer, a bad token is replaced; another secret is refused")


async def fast_keys(ok: Say) -> None:
    for algorithm in KINDS:
        own, key_set = key(algorithm)
        made = machine(f"FastMCP with {algorithm}", "--auth-method", "private_key_jwt", "--keys", key_set)
        client_id = made["client_id"]

        def signed_with(pem: str) -> OAuthClientProvider:
            parameters = fast.SignedJWTParameters(
                issuer=client_id, subject=client_id, signing_key=pem, signing_algorithm=algorithm
            )
            return fast.PrivateKeyJWTOAuthProvider(
                client_id=client_id, assertion_provider=parameters.create_assertion_provider(), scopes=SEARCH
            )

        for mode, version in MODES:
            await fast_works(signed_with(own), client_id, mode, version)
        await fast_refused(signed_with(key(algorithm)[0]), "invalid_client")
        ok(f"FastMCP, private_key_jwt {algorithm}: whoami and web_search answer; another key is refused")


async def steps(ok: Say) -> None:
    await secrets(ok)
    await keys(ok)
    await fast_secrets(ok)
    await fast_keys(ok)


proof("machines-python", steps)
