"""FastMCP's client, from the URL of a server to a call of its tool."""

import sys
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from fastmcp import Client
from fastmcp.client.auth import OAuth

from expect import MCP_URL, Say, proof
from stand_in import StandIn

warnings.filterwarnings("ignore", message="Using in-memory token storage")


async def steps(ok: Say) -> None:
    browser = StandIn("offered")
    oauth = OAuth(client_name="FastMCP at a ScaleKit server", callback_timeout=30)
    async with Client(MCP_URL, auth=oauth) as client:
        assert [visit.get("pages") for visit in await browser.visits(1)] == [["login", "consent"]]
        result = await client.call_tool("web_search", {"query": "hinges"})
        assert "Stand-in result for hinges" in result.content[0].text, result
    ok("discovered, registered, logged in, web_search answers")


proof("scalekit-client-python", steps, 50)
