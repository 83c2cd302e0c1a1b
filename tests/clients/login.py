"""Plays the person at the browser for the Python clients.

The twin of login.mjs: follows an authorization URL through the log-in and consent pages over plain
HTTP with cookies, submitting the forms as the server wrote them, and stops at the redirect back.
"""

import os
import re
import time
import urllib.error
import urllib.request
from email.message import Message
from html.parser import HTMLParser
from http.cookiejar import CookieJar
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

STEPS = 12


class _Page(HTMLParser):
    """Collects every form with its inputs and buttons, and the visible words."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[dict] = []
        self.words: list[str] = []
        self._form: dict | None = None
        self._hidden = 0
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        at = dict(attrs)
        if tag in ("script", "style", "title"):
            self._hidden += 1
        if tag == "form":
            self._form = {"action": at.get("action") or "", "method": (at.get("method") or "get").lower(), "fields": []}
            self.forms.append(self._form)
        elif tag in ("input", "button") and self._form is not None:
            kind = (at.get("type") or ("submit" if tag == "button" else "text")).lower()
            self._form["fields"].append(
                {
                    "name": at.get("name"),
                    "type": kind,
                    "value": at.get("value") or ("on" if kind == "checkbox" else ""),
                    "checked": "checked" in at,
                    "disabled": "disabled" in at,
                }
            )

    def handle_endtag(self, tag):
        if tag in ("script", "style", "title"):
            self._hidden -= 1
        if tag == "form":
            self._form = None

    def handle_data(self, data):
        if not self._hidden:
            self.words.append(data)

    def text(self, limit: int = 400) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words)).strip()[:limit]

    def form_with(self, **wanted) -> dict | None:
        for form in self.forms:
            if any(all(field[key] == value for key, value in wanted.items()) for field in form["fields"]):
                return form
        return None


class _StayHere(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


class Browser:
    """One browser with its cookies; `pages` lists what the person was shown, newest visit only."""

    def __init__(self) -> None:
        self._opener = urllib.request.build_opener(_StayHere, urllib.request.HTTPCookieProcessor(CookieJar()))
        self.pages: list[str] = []
        self.offered: list[str] = []
        self.visits = 0

    def authorize(self, url: str, scopes: str = "offered", decision: str = "allow") -> dict[str, str]:
        """Walks from `url` to the client's redirect URI and returns the query it was given."""
        redirect_uri = parse_qs(urlsplit(url).query)["redirect_uri"][0]
        self.visits, self.pages, self.offered = self.visits + 1, [], []
        body = None
        for _ in range(STEPS):
            status, location, html = self._send(url, body)
            if location and 300 <= status < 400:
                if location.startswith(redirect_uri):
                    return {key: values[0] for key, values in parse_qs(urlsplit(location).query).items()}
                target = urljoin(url, location)
                assert urlsplit(target).netloc == urlsplit(url).netloc, f"sent to a foreign address: {location}"
                url, body = target, None
                continue
            page = _Page(html)
            assert status == 200, f"{url} -> {status}: {page.text()}"
            url, body = self._answer(page, url, scopes, decision)
        raise AssertionError(f"no redirect to {redirect_uri} after {STEPS} steps; pages seen: {self.pages}")

    def _send(self, url: str, body: bytes | None) -> tuple[int, str | None, str]:
        """One request; a server that asks to wait a little is waited for, as a person would."""
        for _ in range(3):
            status, headers, html = self._send_once(url, body)
            wait = int(headers.get("Retry-After") or 0)
            if status != 429 or not 0 < wait <= 10:
                break
            time.sleep(wait)
        return status, headers.get("Location"), html

    def _send_once(self, url: str, body: bytes | None) -> tuple[int, Message, str]:
        request = urllib.request.Request(url, data=body, headers={"Accept": "text/html"})
        if body is not None:
            parts = urlsplit(url)
            request.add_header("Origin", f"{parts.scheme}://{parts.netloc}")
        try:
            response = self._opener.open(request, timeout=15)
        except urllib.error.HTTPError as error:
            response = error
        with response:
            return response.status, response.headers, response.read().decode("utf-8", "replace")

    def _answer(self, page: _Page, url: str, scopes: str, decision: str) -> tuple[str, bytes]:
        if form := page.form_with(type="password"):
            assert "login" not in self.pages, f"log-in refused: {page.text()}"
            self.pages.append("login")
            person = {
                "email": os.environ["GATEPOST_TEST_EMAIL"],
                "password": os.environ["GATEPOST_TEST_PASSWORD"],
            }
            return _submission(form, url, person)
        if form := page.form_with(name="decision"):
            assert "consent" not in self.pages, f"consent asked again: {page.text()}"
            self.pages.append("consent")
            for field in form["fields"]:
                if field["name"] == "scope":
                    self.offered.append(field["value"])
                    if scopes == "none" and field["type"] == "checkbox" and not field["disabled"]:
                        field["checked"] = False
            return _submission(form, url, {"decision": decision})
        raise AssertionError(f"neither a log-in nor a consent form at {url}: {page.text()}")


def _submission(form: dict, url: str, values: dict[str, str]) -> tuple[str, bytes]:
    """What a browser would send: enabled fields, ticked boxes, only the button that was pressed."""
    pairs, used = [], set()
    for field in form["fields"]:
        name, kind = field["name"], field["type"]
        if not name or field["disabled"]:
            continue
        if kind in ("submit", "button", "image"):
            if values.get(name) == field["value"]:
                pairs.append((name, field["value"]))
                used.add(name)
        elif kind in ("checkbox", "radio"):
            if field["checked"]:
                pairs.append((name, field["value"]))
        else:
            pairs.append((name, values.get(name, field["value"])))
            used.add(name)
    missing = set(values) - used
    assert not missing, f"the form at {url} has no field or button for {sorted(missing)}"
    assert form["method"] == "post", f"the form at {url} must be a POST"
    return urljoin(url, form["action"]) if form["action"] else url, urlencode(pairs).encode()
