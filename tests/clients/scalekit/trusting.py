"""Two Gateposts: one speaks ScaleKit's dialect, the other trusts it as it would trust ScaleKit. MCP clients that know only
the second one's URL log in at the first and call a tool at the second; and the keys are rotated under it."""

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

os.environ.setdefault("FASTMCP_LOG_LEVEL", "WARNING")

from common import ENVIRONMENT, free_port, machine, machine_token, resource, token_of_next_key
from flow import wait_for

HERE = Path(__file__).parent


def main() -> None:
    port = free_port()
    here = f"http://localhost:{port}"
    added = resource("The other Gatepost", f"{here}/mcp")
    client = machine("The other Gatepost")
    with tempfile.TemporaryDirectory() as folder, open(Path(folder) / "log", "w+") as log:
        variables = {
            "PATH": os.environ["PATH"], "HOME": folder, "GATEPOST_ISSUER": "scalekit", "PORT": str(port),
            "SCALEKIT_ENVIRONMENT_URL": ENVIRONMENT, "SCALEKIT_RESOURCE_ID": added["id"],
            "TAVILY_API_KEY": "tvly-test", "GATEPOST_TAVILY__BASE_URL": os.environ["TAVILY_STAND_IN_URL"],
        }
        server = subprocess.Popen([os.environ["GATEPOST_PROGRAM"]], cwd=folder, env=variables, stdout=log, stderr=log)
        try:
            wait_for(f"{here}/mcp")
            documents(here, added["id"])
            for program in (["node", str(HERE / "client.mjs")], [sys.executable, str(HERE / "client.py")]):
                environment = {**os.environ, "GATEPOST_MCP_URL": f"{here}/mcp"}
                done = subprocess.run(program, env=environment, capture_output=True, text=True, timeout=60)
                print(done.stdout, done.stderr, sep="")
                assert done.returncode == 0, f"{program[-1]} failed"
            before = machine_token(added["id"], client)
            assert status(here, before) == 200
            after = token_of_next_key(added["id"], client, before)
            assert (status(here, after), status(here, before)) == (200, 200), "both keys are known"
            print("ok - a rotation is noticed, and tokens of before stay good")
            header, claims, signature = before.split(".")
            assert status(here, f"{header}.{claims}.{signature[:-8]}AAAAAAAA") == 401
        except BaseException:
            log.seek(0)
            print(log.read(), file=sys.stderr)
            raise
        finally:
            server.terminate()
            server.wait(15)


def documents(here: str, res: str) -> None:
    """The second one names the first, and is no authorization server itself."""
    with urllib.request.urlopen(f"{here}/.well-known/oauth-protected-resource/mcp", timeout=10) as answer:
        assert json.loads(answer.read())["authorization_servers"] == [f"{ENVIRONMENT}/resources/{res}"]
    for path in ("/oauth/authorize", "/keys", "/.well-known/openid-configuration"):
        try:
            urllib.request.urlopen(here + path, timeout=10)
        except urllib.error.HTTPError as error:
            assert error.code == 404, f"{path}: {error.code}"
        else:
            raise AssertionError(f"{path} is there")


def status(here: str, token: str) -> int:
    """Of a call with a token; a key that is not known yet is asked for at most every 30 seconds."""
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "whoami", "arguments": {}, "_meta": {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "proof", "version": "0"},
        "io.modelcontextprotocol/clientCapabilities": {},
    }}}
    headers = {
        "authorization": f"Bearer {token}", "content-type": "application/json",
        "accept": "application/json, text/event-stream", "mcp-protocol-version": "2026-07-28",
        "mcp-method": "tools/call", "mcp-name": "whoami",
    }
    for _ in range(45):
        request = urllib.request.Request(f"{here}/mcp", json.dumps(message).encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            if error.code != 503:
                return error.code
        time.sleep(1)
    return 503


if __name__ == "__main__":
    main()
