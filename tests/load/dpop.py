#!/usr/bin/env python3
"""Measures what a token that is bound to a key (DPoP, RFC 9449) costs the server beside a bearer token.

    dpop.py target/release/gatepost sqlite:/tmp/dpop.db?mode=rwc [--calls 1500] [--connections 16]

Starts the server on the database, makes a machine, and calls the tool `whoami` with a token of each kind in turn. Prints
the server's own CPU time and the time of a call, in microseconds, and the ratio: only that can be compared between
machines. Every proof is signed ahead and used once. Needs Python's `cryptography`.
"""

import argparse
import base64
import hashlib
import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import uuid

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

PORT = 10200
BASE = f"http://localhost:{PORT}"
ROUNDS = 3
ABOUT = {"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {},
         "io.modelcontextprotocol/clientInfo": {"name": "load", "version": "1"}}
CALL = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
                   "params": {"name": "whoami", "arguments": {}, "_meta": ABOUT}})
HEADERS = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream",
           "MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call", "Mcp-Name": "whoami"}


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Key:
    """Signs proofs with a fresh P-256 key."""

    def __init__(self):
        self.key = ec.generate_private_key(ec.SECP256R1())
        point = self.key.public_key().public_numbers()
        jwk = {"kty": "EC", "crv": "P-256", "x": base64url(point.x.to_bytes(32, "big")),
               "y": base64url(point.y.to_bytes(32, "big"))}
        self.header = base64url(json.dumps({"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk}).encode())

    def proof(self, path, token=None):
        claims = {"htm": "POST", "htu": BASE + path, "iat": int(time.time()), "jti": uuid.uuid4().hex}
        if token:
            claims["ath"] = base64url(hashlib.sha256(token.encode()).digest())
        text = f"{self.header}.{base64url(json.dumps(claims).encode())}"
        r, s = utils.decode_dss_signature(self.key.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{text}.{base64url(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


class Server:
    def __init__(self, binary, database, folder):
        self.settings = dict(os.environ, GATEPOST_DATABASE__URL=database, GATEPOST_BIND=f"127.0.0.1:{PORT}",
                             GATEPOST_PUBLIC_URL=BASE, GATEPOST_LOG__LEVEL="warn")
        self.binary, self.folder = os.path.abspath(binary), folder
        run = [self.binary, "client", "create", "--machine", "--name", "Load", "--scope", "search:read", "--json"]
        made = subprocess.run(run, env=self.settings, cwd=folder, check=True, capture_output=True, text=True)
        self.machine = json.loads(made.stdout)

    def __enter__(self):
        self.process = subprocess.Popen([self.binary, "serve"], env=self.settings, cwd=self.folder,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(100):
            try:
                if ask("GET", "/readyz")[0] == 200:
                    return self
            except OSError:
                time.sleep(0.1)
        self.process.kill()
        sys.exit("the server does not answer")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def cpu(self):
        """Its time on the processors so far, in microseconds."""
        with open(f"/proc/{self.process.pid}/stat", encoding="utf-8") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) * 1e6 / os.sysconf("SC_CLK_TCK")

    def token(self, key):
        pair = f"{self.machine['client_id']}:{self.machine['client_secret']}"
        headers = {"Content-Type": "application/x-www-form-urlencoded",
                   "Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}
        if key:
            headers["DPoP"] = key.proof("/oauth/token")
        fields = {"grant_type": "client_credentials", "resource": BASE + "/mcp", "scope": "search:read"}
        status, body = ask("POST", "/oauth/token", urllib.parse.urlencode(fields), headers)
        if status != 200:
            sys.exit(f"no token: {body}")
        return json.loads(body)["access_token"]


def ask(method, path, body=None, headers=None, connection=None):
    connection = connection or http.client.HTTPConnection("localhost", PORT, timeout=30)
    connection.request(method, path, body, headers or {})
    response = connection.getresponse()
    return response.status, response.read().decode()


def measure(server, key, calls, connections):
    """Server CPU and elapsed time for one call, in microseconds."""
    token = server.token(key)
    proofs = [key.proof("/mcp", token) if key else None for _ in range(calls)]
    failed = []

    def some(proofs):
        connection = http.client.HTTPConnection("localhost", PORT, timeout=30)
        for proof in proofs:
            extra = {"Authorization": f"DPoP {token}", "DPoP": proof} if proof else {"Authorization": f"Bearer {token}"}
            status, body = ask("POST", "/mcp", CALL, HEADERS | extra, connection)
            if status != 200 or '"isError":true' in body:
                failed.append(body)

    threads = [threading.Thread(target=some, args=(proofs[at::connections],)) for at in range(connections)]
    before, started = server.cpu(), time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        sys.exit(f"{len(failed)} calls failed: {failed[0]}")
    return (server.cpu() - before) / calls, (time.monotonic() - started) * 1e6 / calls


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary")
    parser.add_argument("database", help="sqlite:… or postgres://…")
    parser.add_argument("--calls", type=int, default=1500)
    parser.add_argument("--connections", type=int, default=16)
    arguments = parser.parse_args()
    key, found = Key(), {"Bearer": [], "DPoP": []}
    with tempfile.TemporaryDirectory() as folder, Server(arguments.binary, arguments.database, folder) as server:
        measure(server, None, arguments.calls, arguments.connections)
        for _ in range(ROUNDS):
            for kind, rounds in found.items():
                rounds.append(measure(server, key if kind == "DPoP" else None, arguments.calls, arguments.connections))
    middle = {kind: [statistics.median(times) for times in zip(*rounds)] for kind, rounds in found.items()}
    for kind, (cpu, elapsed) in middle.items():
        print(f"{kind:8} server CPU {cpu:6.0f} µs   elapsed {elapsed:6.0f} µs")
    print(f"ratio    server CPU {middle['DPoP'][0] / middle['Bearer'][0]:6.1f}      elapsed "
          f"{middle['DPoP'][1] / middle['Bearer'][1]:6.1f}")


if __name__ == "__main__":
    main()
