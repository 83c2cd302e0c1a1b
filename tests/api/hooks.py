"""Puts what exists into the requests, and counts how they were answered.

Of the requests that the document permits, most get the id of something that is there and the version it has now. The
others keep what was made up, as do all that the document rules out.
"""

import atexit
import json
import os
import random
from collections import Counter

import requests
import schemathesis

BASE = os.environ["API_URL"]
SESSION = requests.Session()
SESSION.headers["Authorization"] = "Bearer " + os.environ["API_TOKEN"]
CHOICE = random.Random(1)
ANSWERS = Counter()

# What nothing here leads to: nobody signs in. The Rust tests do.
NOT_REACHED = {
    "GET /grants/{id}",
    "POST /grants/end-pair",
    "DELETE /people/{id}/sessions/{session}",
    "DELETE /people/{id}/identities/{identity}",
    "DELETE /people/{id}/apps/{app}",
    "POST /settings/providers/{name}/check",
    "PUT /settings/logo",
    "POST /resources/{id}/test",
    "POST /clients/{id}/accept",
}


def items(path):
    answer = SESSION.get(BASE + path, params={"limit": 100}, timeout=20)
    if answer.status_code == 400:  # a list that is whole, without pages
        answer = SESSION.get(BASE + path, timeout=20)
    return answer.json().get("items", []) if answer.ok else []


def one(path, key="id", wanted=lambda item: True):
    found = [item for item in items(path) if wanted(item)]
    return CHOICE.choice(found) if found else None


def elsewhere():
    """A resource that may be deleted, made when there is none."""
    found = one("/resources", wanted=lambda item: item["kind"] == "external" and not item["is_default"])
    if found is None:
        number = CHOICE.randrange(10**9)
        body = {"name": f"Notes {number}", "url": f"https://notes{number}.example.com/mcp"}
        found = SESSION.post(BASE + "/resources", json=body, timeout=20).json()
    return found


def somebody():
    """Somebody who is not the owner of the token."""
    found = one("/people", wanted=lambda item: item["email"] != os.environ["API_OWNER"])
    if found is None or len(items("/people")) < 5:
        body = {"email": f"p{CHOICE.randrange(10**9)}@example.com", "name": "Somebody"}
        found = SESSION.post(BASE + "/people", json=body, timeout=20).json()
    return found


def scope_of(resource):
    path = f"/resources/{resource['id']}/scopes"
    found = one(path)
    if found is None:
        body = {"name": f"s{CHOICE.randrange(10**9)}:read", "description": "Read"}
        found = SESSION.post(BASE + path, json=body, timeout=20).json()
    return found


def machine():
    """A machine with a secret that nobody has touched: what a request does to it must not wear the others out."""
    body = {"kind": "machine", "auth_method": "client_secret_basic", "name": f"Machine {CHOICE.randrange(10**9)}"}
    body.update(redirect_uris=[], allowed_scopes=["search:read"], access_token_seconds=600)
    made = SESSION.post(BASE + "/clients", json=body, timeout=20).json()
    return made.get("client", made)


def builtin():
    return one("/resources", wanted=lambda item: item["kind"] == "builtin")["id"]


def issuer():
    """An issuer elsewhere that is trusted for programs, made when there is none."""
    found = one("/issuers", wanted=lambda item: item["kind"] == "workload")
    if found is None:
        number = CHOICE.randrange(10**9)
        body = {"kind": "workload", "name": "CI", "issuer": f"https://ci{number}.example.com"}
        found = SESSION.post(BASE + "/issuers", json=body, timeout=20).json()
    return found


def rule_of(found):
    path = f"/issuers/{found['id']}/rules"
    rule = one(path)
    if rule is None:
        body = {"claims": [{"claim": "sub", "value": "job"}], "client_id": machine()["id"], "resource_id": builtin()}
        rule = SESSION.post(BASE + path, json=body, timeout=20).json()
    return rule


def exchange():
    """A new rule, with a resource of its own: another request may delete what is there."""
    number = CHOICE.randrange(10**9)
    notes = {"name": f"Notes {number}", "url": f"https://notes{number}.example.com/mcp"}
    to = SESSION.post(BASE + "/resources", json=notes, timeout=20).json()["id"]
    body = {"client_id": machine()["id"], "from_resource_id": builtin(), "to_resource_id": to}
    return SESSION.post(BASE + "/exchanges", json={**body, "scopes": []}, timeout=20).json()


def supply(method, path, case):
    """Fills in what exists for this operation."""
    values, version = {}, None
    if path.startswith("/resources/{id}"):
        resource = elsewhere()
        values["id"], version = resource.get("id"), resource.get("version")
        if "{name}" in path:
            scope = scope_of(resource)
            values["name"], version = scope.get("name"), scope.get("version")
    elif path.startswith("/people/{id}"):
        person = somebody()
        values["id"], version = person.get("id"), person.get("version")
    elif path.startswith("/clients/{id}"):
        # There are not so many: most stay.
        if method == "DELETE" and path == "/clients/{id}" and CHOICE.random() < 0.7:
            return
        client = (machine() if "secret" in path else one("/clients")) or {}
        values["id"], version = client.get("id"), client.get("version")
        if "{secret}" in path and client:
            values["secret"] = (one(f"/clients/{client['id']}/secrets") or {}).get("id")
    elif path.startswith("/issuers/{id}"):
        found = issuer()
        values["id"], version = found.get("id"), found.get("version")
        if "{rule}" in path:
            rule = rule_of(found)
            values["rule"], version = rule.get("id"), rule.get("version")
    elif path.startswith("/exchanges/{id}"):
        found = exchange()
        values["id"], version = found.get("id"), found.get("version")
    elif path.startswith("/audit/events/{id}"):
        values["id"] = (one("/audit/events") or {}).get("id")
    elif path == "/keys/{kid}":
        values["kid"] = (one("/keys", wanted=lambda key: key["state"] != "active") or {}).get("id")
    elif path.startswith("/settings/"):
        name = path.split("/")[2].replace("-", "_")
        state = SESSION.get(BASE + "/settings", timeout=20).json().get(name, {})
        version = state.get("version")
    for name, value in values.items():
        if value is not None:
            case.path_parameters[name] = value
    if version is not None:
        if isinstance(case.body, dict) and "version" in case.body:
            case.body["version"] = version
        if isinstance(case.query, dict) and "version" in case.query:
            case.query["version"] = version


def sensible(method, path, body, case):
    """Values that rules take, where the document can only say how long they may be."""
    number = CHOICE.randrange(10**9)
    if (method, path) == ("POST", "/resources"):
        body.update(name=f"Notes {number}", url=f"https://n{number}.example.com/mcp")
    elif (method, path) == ("PUT", "/resources/{id}"):
        body.update(name=f"Notes {number}", url=None, aliases=[], access_token_seconds=600, refresh_token_seconds=None)
    elif path.endswith("/scopes") or path.endswith("/scopes/{name}"):
        body.update(description="Read", tools=[], implies=[])
        if "name" in body:
            body["name"] = f"s{number}:read"
    elif path.endswith("/rename"):
        body["to"] = f"r{number}:read"
    elif path in ("/people", "/people/{id}"):
        body.update(email=f"p{number}@example.com", name="Somebody")
    elif (method, path) == ("POST", "/clients"):
        body.update(kind="machine", auth_method="client_secret_basic", name=f"Machine {number}", redirect_uris=[])
        body.update(allowed_scopes=["search:read"], access_token_seconds=600)
    elif (method, path) == ("PUT", "/clients/{id}"):
        found = SESSION.get(BASE + f"/clients/{case.path_parameters['id']}", timeout=20).json()
        kept = ("name", "auth_method", "redirect_uris", "allowed_scopes")
        body.update({name: found[name] for name in kept if name in found}, access_token_seconds=600)
    elif path.startswith("/issuers") and path.endswith(("/rules", "/rules/{rule}")):
        body.update(claims=[{"claim": "sub", "value": "job"}], client_id=machine()["id"], resource_id=builtin())
        body.pop("scopes", None)
    elif path in ("/issuers", "/issuers/{id}"):
        body.update(name="CI", keys_from="discovery", jwks_uri="", jwks="", algorithms=["RS256"], trusted_domains=[])
        body.update(vouches=False, admits=False, client_ids=None, scopes=None)
        if method == "POST":
            body.update(kind="workload", issuer=f"https://ci{number}.example.com")
    elif path == "/exchanges":
        body.update(client_id=machine()["id"], from_resource_id=builtin(), to_resource_id=elsewhere()["id"], scopes=[])
    elif path == "/exchanges/{id}":
        body["scopes"] = []
    elif "/secrets" in path:
        body["seconds"] = 86400
    elif path == "/settings/branding":
        body.update(name="Acme", accent="#1d6b57", accent_dark="")
    elif path == "/keys/rotate":
        body["now"] = True


@schemathesis.hook
def before_call(context, case, kwargs):
    operation = case.operation
    method, path = operation.method.upper(), operation.path
    # What has done its work once may be asked for with made-up values.
    is_done = ANSWERS[f"{method} {path}", 2] > 0
    if case.meta is None or not case.meta.generation.mode.is_positive or (is_done and CHOICE.random() < 0.2):
        return
    supply(method, path, case)
    if isinstance(case.body, dict) and (not is_done or CHOICE.random() < 0.7):
        sensible(method, path, case.body, case)


@schemathesis.hook
def after_call(context, case, response):
    operation = case.operation
    ANSWERS[f"{operation.method.upper()} {operation.path}", response.status_code // 100] += 1


@atexit.register
def told():
    """Writes down which operations there were, and how often each did what it is for."""
    names = sorted({name for name, _ in ANSWERS})
    counts = {name: {str(c): ANSWERS[name, c] for c in range(2, 6) if ANSWERS[name, c]} for name in names}
    never = [name for name in names if not ANSWERS[name, 2] and name not in NOT_REACHED]
    with open(os.environ["API_COUNTS"], "w", encoding="utf-8") as file:
        json.dump({"counts": counts, "never": never}, file, indent=1)
