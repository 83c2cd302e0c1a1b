"""What the ScaleKit proofs share: Gatepost's command line, resources with the dialect, tokens by hand."""

import base64
import hashlib
import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlencode

sys.path.insert(0, str(Path(__file__).parent.parent))

from login import Browser  # noqa: E402

ENVIRONMENT = os.environ["GATEPOST_URL"].rstrip("/")
SEARCH = "search:read"


def run(*arguments: str) -> str:
    """Runs a command of Gatepost on the server's own database; returns what it prints."""
    done = subprocess.run([os.environ["GATEPOST_CLI"], *arguments], capture_output=True, text=True)
    assert done.returncode == 0, f"gatepost {arguments}: {done.stdout}{done.stderr}"
    return done.stdout


def gatepost(*arguments: str) -> dict:
    """The same for a command that prints JSON."""
    return json.loads(run(*arguments, "--json"))


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def resource(name: str, url: str) -> dict:
    """A resource that speaks the dialect, with one scope."""
    scope = f"{SEARCH}=Search the web"
    added = gatepost("resource", "add", "--name", name, "--url", url, "--dialect", "scalekit", "--scope", scope)
    # The server hears of it from the database, within a second.
    for _ in range(50):
        try:
            urllib.request.urlopen(f"{ENVIRONMENT}/resources/{added['id']}/.well-known/oauth-authorization-server", timeout=5)
            return added
        except urllib.error.HTTPError as error:
            assert error.code == 404, error.code
            time.sleep(0.1)
    raise AssertionError(f"the server does not know {added['id']}")


def machine(name: str) -> tuple[str, str]:
    made = gatepost("client", "create", "--machine", "--name", name, "--scope", SEARCH)
    return made["client_id"], made["client_secret"]


def post(path: str, form: dict[str, str] | bytes, kind: str = "application/x-www-form-urlencoded") -> dict:
    """A request that must succeed."""
    body = form if isinstance(form, bytes) else urlencode(form).encode()
    request = urllib.request.Request(ENVIRONMENT + path, body, {"content-type": kind})
    try:
        with urllib.request.urlopen(request, timeout=15) as answer:
            return json.loads(answer.read())
    except urllib.error.HTTPError as error:
        raise AssertionError(f"{path}: {error.code} {error.read().decode()}") from error


def machine_token(res: str, client: tuple[str, str]) -> str:
    form = {"grant_type": "client_credentials", "client_id": client[0], "client_secret": client[1]}
    return post(f"/resources/{res}/oauth/token", form)["access_token"]


def token_of_next_key(res: str, client: tuple[str, str], before: str) -> str:
    """Rotates the keys, and waits until the server has heard of it from the database."""
    run("keys", "rotate", "--alg", "RS256", "--activate-now")
    for _ in range(50):
        token = machine_token(res, client)
        if part(token, 0)["kid"] != part(before, 0)["kid"]:
            return token
        time.sleep(0.1)
    raise AssertionError("the server still signs with the old key")


def person_tokens(res: str, scope: str = f"openid {SEARCH}") -> dict:
    """A client registers by the resource's own endpoints, and a person lets it in."""
    redirect = "http://127.0.0.1:18377/callback"
    metadata = {"client_name": "By hand", "redirect_uris": [redirect], "token_endpoint_auth_method": "none"}
    path = f"/api/v1/resources/{res}/clients:register"
    client = post(path, json.dumps(metadata).encode(), "application/json")["client_id"]
    verifier = secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    query = {
        "response_type": "code",
        "client_id": client,
        "redirect_uri": redirect,
        "state": secrets.token_urlsafe(16),
        "scope": scope,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    answer = Browser().authorize(f"{ENVIRONMENT}/resources/{res}/oauth/authorize?{urlencode(query)}")
    assert answer["iss"] == f"{ENVIRONMENT}/resources/{res}", answer
    form = {
        "grant_type": "authorization_code",
        "code": answer["code"],
        "redirect_uri": redirect,
        "client_id": client,
        "code_verifier": verifier,
    }
    return post(f"/resources/{res}/oauth/token", form)


def part(token: str, at: int) -> dict:
    text = token.split(".")[at]
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def written(header: dict, claims: dict, signature: bytes = b"") -> str:
    """A JWT with whatever signature."""
    encode = lambda raw: base64.urlsafe_b64encode(raw).rstrip(b"=").decode()  # noqa: E731
    return ".".join(encode(raw) for raw in (json.dumps(header).encode(), json.dumps(claims).encode(), signature))


def documented(package: str, rows: list[tuple[str, str]]) -> None:
    """The table of these checks stands in docs/scalekit.md, row by row."""
    table = "\n".join(f"| {what} | {result} |" for what, result in rows)
    document = Path(__file__).parents[3] / "docs" / "scalekit.md"
    print(f"{package}\n{table}")
    assert table in document.read_text(), f"{document} has not this table of {package}:\n{table}"


