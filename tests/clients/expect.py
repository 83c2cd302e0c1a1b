"""What the tools must answer, said once for all Python clients, and how a proof reports itself."""

import os
import re
import sys
import traceback
from collections.abc import Awaitable, Callable

import anyio

GATEPOST_URL = os.environ["GATEPOST_URL"].rstrip("/")
MCP_URL = os.environ.get("GATEPOST_MCP_URL", f"{GATEPOST_URL}/mcp")
EMAIL = os.environ["GATEPOST_TEST_EMAIL"]
SEARCH = "search:read"
MODERN, LEGACY = "2026-07-28", "2025-11-25"
TOOLS = ["web_extract", "web_search", "whoami"]

Say = Callable[[str], None]


def proof(name: str, steps: Callable[[Say], Awaitable[None]], seconds: float = 90) -> None:
    """Runs one proof: prints a line per step, exits with 0 or 1, never hangs."""

    async def bounded() -> None:
        with anyio.fail_after(seconds):
            await steps(lambda line: print(f"ok - {name}: {line}", flush=True))

    try:
        anyio.run(bounded)
    except BaseException:
        print(f"not ok - {name}: {traceback.format_exc()}", file=sys.stderr, flush=True)
        os._exit(1)
    os._exit(0)


def check_whoami(structured: dict | None, words: str, *, search: bool) -> dict:
    """`whoami` says who the token belongs to: the person who logged in, this client, these scopes."""
    assert structured, f"whoami has no structured result: {words}"
    assert re.fullmatch(r"[A-Za-z0-9_-]{6,}", str(structured.get("subject"))), structured
    assert structured.get("email") == EMAIL, structured
    assert structured["client"]["id"], structured
    assert structured["resource"] == MCP_URL, structured
    assert (SEARCH in structured["scopes"]) is search, structured
    assert EMAIL in words, words
    return structured


def check_search(structured: dict | None, words: str, query: str) -> None:
    """`web_search` hands through what the stand-in found, as data and as words."""
    assert structured and structured["results"], f"no structured result: {words}"
    assert structured["results"][0]["title"] == f"Stand-in result for {query}", structured
    assert structured["results"][0]["url"] == "https://example.com/stand-in", structured
    assert "https://example.com/stand-in" in words, words
