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
    if case.meta is None or not case.meta.generation.mode.is_positive or CHOICE.random() < 0.2:
        return
    supply(method, path, case)
    if isinstance(case.body, dict) and CHOICE.random() < 0.7:
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
