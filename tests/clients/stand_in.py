"""The stand-in browser (bin/xdg-open) as its owner sees it."""

import json
import os
import tempfile
from pathlib import Path

import anyio


class StandIn:
    """The stand-in browser's directory: what the person ticks, and what it was shown."""

    def __init__(self, scopes: str) -> None:
        self._directory = Path(tempfile.mkdtemp(prefix="stand-in-browser-"))
        os.environ["STAND_IN_BROWSER_DIR"] = str(self._directory)
        os.environ["BROWSER"] = str(Path(__file__).parent / "bin" / "xdg-open")
        self.plan(scopes)

    def plan(self, scopes: str) -> None:
        (self._directory / "plan").write_text(scopes)

    async def visits(self, expected: int) -> list[dict]:
        """The visits so far; waits a moment for the newest, whose client may be quicker than its log line."""
        log = self._directory / "visits.log"
        for _ in range(30):
            found = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
            if len(found) >= expected:
                break
            await anyio.sleep(0.1)
        return found
