"""Servers written for ScaleKit, protected by Gatepost, and MCP clients that know only the server's URL: discovery,
registration, login and a tool call, with the Python and the TypeScript client.

    python flow.py provider | tutorial
"""

import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

os.environ.setdefault("FASTMCP_LOG_LEVEL", "WARNING")

from common import ENVIRONMENT, free_port, machine, resource

HERE = Path(__file__).parent


def main(kind: str) -> None:
    port = free_port()
    mcp_url = f"http://localhost:{port}/mcp"
    added = resource(f"The {kind}", f"http://localhost:{port}/" if kind == "provider" else mcp_url)
    client_id, secret = machine(f"The {kind}")
    variables = {
        "PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "PORT": str(port), **added["variables"],
        "SCALEKIT_CLIENT_ID": client_id, "SCALEKIT_CLIENT_SECRET": secret,
        "TAVILY_API_KEY": "tvly-test", "TAVILY_STAND_IN_URL": os.environ["TAVILY_STAND_IN_URL"],
    }
    assert added["variables"]["SCALEKIT_ENVIRONMENT_URL"] == ENVIRONMENT
    with tempfile.TemporaryFile("w+") as log:
        server = subprocess.Popen([sys.executable, str(HERE / "servers.py"), kind], env=variables, stdout=log, stderr=log)
        try:
            wait_for(mcp_url)
            for client in (["node", str(HERE / "client.mjs")], [sys.executable, str(HERE / "client.py")]):
                environment = {**os.environ, "GATEPOST_MCP_URL": mcp_url}
                done = subprocess.run(client, env=environment, capture_output=True, text=True, timeout=60)
                print(done.stdout, done.stderr, sep="")
                if done.returncode != 0:
                    log.seek(0)
                    raise SystemExit(f"{client[-1]} failed; the server said:\n{log.read()}")
        finally:
            server.terminate()
            server.wait(10)


def wait_for(url: str) -> None:
    for _ in range(150):
        try:
            urllib.request.urlopen(url, timeout=2)
        except urllib.error.HTTPError as error:
            assert error.code == 401, error.code
            return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"nothing answers at {url}")


if __name__ == "__main__":
    main(sys.argv[1])
