#!/usr/bin/env python3
"""Measures the lists of the administration: each page, search, filter and the way through twenty pages.

    pages.py http://localhost:10000 ann@example.com 'her password' [--check]

Signs in once, asks each address at least fifty times over one connection, and prints a table. What a list links to
or offers as a filter is found on the page itself. With --check it ends with 1 when a p95 is 100 ms or more.
"""

import argparse
import html
import http.client
import http.cookies
import itertools
import math
import re
import sys
import time
import urllib.parse

REQUESTS = 50
DEPTH = 20
LIMIT = 100.0
WARM_UP = 3
# What looks slow is asked once more, so often at most, and the best counts: other programs may have been at work.
ROUNDS = 3
# Of the choices of one search form taken together, as many are asked as this.
COMBINATIONS = 60

# A list, with what is asked of it beside its own filters: what very many rows have, and what few or none have.
# The person named here has a hundredth of all grants.
LISTS = {
    "/admin/clients": ["q=claude", "q=c", "q=visual+studio+code", "q=code", "q=needle+in", "q=app77.example",
                       "q=zzz-nothing",
                       *(f"kind={kind}&state={state}" for kind in ("dynamic", "static", "machine")
                         for state in ("active", "disabled")),
                       "q=claude&kind=static", "q=c&kind=machine&state=disabled"],
    "/admin/people": ["q=a", "q=grace", "q=grace+fischer", "q=ada.adams", "q=example.com", "q=mail.ex",
                      "q=donald.jones0", "q=zzz-nothing", "q=a&show=disabled", "q=example.com&show=admins",
                      "q=grace&show=new"],
    "/admin/grants": ["client=claude", "client=needle+in", "client=zzz-nothing", "client=claude&state=live",
                      "person=donald.jones0@example.com", "person=donald.jones0@example.com&state=unused",
                      "person=donald.jones0@example.com&client=zed", "person=nobody@example.com", "person=ada"],
    "/admin/audit": ["q=ref50", "q=zzz-nothing", "person=donald.jones0@example.com", "person=nobody@example.com",
                     "reason=replayed", "reason=none", "kind=token.refreshed&outcome=refused",
                     "kind=consent.decided&outcome=refused", "kind=session.login&outcome=refused&reason=wrong_password",
                     "until=2026-06-01T00:00", "from=2026-06-01T00:00&until=2026-06-02T00:00&kind=consent.decided",
                     "person=donald.jones0@example.com&kind=consent.decided&outcome=refused"],
    "/admin/resources": [],
    "/admin/keys": [],
    "/admin/settings": [],
    "/admin/api-tokens": [],
    "/admin": [],
}

# Filters that take an id, and what ids of that kind begin with.
NARROWING = {
    "/admin/grants": (("client", "cli"), ("person", "usr")),
    "/admin/audit": (("client", "cli"), ("grant", "grt"), ("actor", "usr"), ("person", "usr")),
}


class Browser:
    """One connection that keeps its cookies and follows nothing."""

    def __init__(self, base):
        self.base = urllib.parse.urlsplit(base)
        kind = http.client.HTTPSConnection if self.base.scheme == "https" else http.client.HTTPConnection
        self.connection = kind(self.base.hostname, self.base.port, timeout=60)
        self.cookies = http.cookies.SimpleCookie()

    def ask(self, method, path, fields=None):
        headers = {"Cookie": "; ".join(f"{m.key}={m.coded_value}" for m in self.cookies.values())}
        body = urllib.parse.urlencode(fields) if fields else None
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        started = time.perf_counter()
        self.connection.request(method, path, body, headers)
        response = self.connection.getresponse()
        text = response.read()
        took = (time.perf_counter() - started) * 1000
        for header in response.headers.get_all("Set-Cookie", []):
            self.cookies.load(header)
        return response.status, text.decode(), took

    def page(self, path):
        return self.ask("GET", path)

    def sign_in(self, email, password):
        _, page, _ = self.page("/login")
        token = re.search(r'name="csrf" value="([^"]+)"', page)[1]
        fields = {"csrf": token, "return_to": "/admin", "email": email, "password": password}
        status, page, _ = self.ask("POST", "/login", fields)
        if status != 303:
            sys.exit(f"{email} could not sign in: {status}")


def part(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


class Table:
    def __init__(self):
        self.slow = []
        print(f"{'address':64} {'requests':>8} {'p50':>8} {'p95':>8} {'max':>8} {'KiB':>6}")

    def add(self, name, times, size):
        p95 = part(times, 0.95)
        mark = "  SLOW" if p95 >= LIMIT else ""
        print(f"{name[:64]:64} {len(times):8} {part(times, 0.5):8.1f} {p95:8.1f} {max(times):8.1f} {size / 1024:6.0f}{mark}",
              flush=True)
        if mark:
            self.slow.append(name)


def measure(browser, table, path):
    """One address, again and again. Returns the page, nothing when there is none."""
    status, page, took = browser.page(path)
    if status not in (200, 303):
        if status != 404:
            print(f"{path[:64]:64} answered {status}")
        return None
    if took > 5000:
        table.add(path, [took], len(page))
        return page
    for _ in range(WARM_UP):
        browser.page(path)
    times = best(lambda: [browser.page(path)[2] for _ in range(REQUESTS)])
    table.add(path, times, len(page))
    return page


def best(attempt):
    """The times of the first round that is fast enough, or of the fastest."""
    rounds = []
    for _ in range(ROUNDS):
        rounds.append(attempt())
        if part(rounds[-1], 0.95) < LIMIT:
            break
    return min(rounds, key=lambda times: part(times, 0.95))


def measure_depth(browser, table, path):
    """Twenty pages on, as often as it takes."""
    size, depth = 0, 0

    def walk():
        nonlocal size, depth
        times = []
        while len(times) < REQUESTS:
            at, walked = path, 0
            while walked < DEPTH:
                status, page, took = browser.page(at)
                if status != 200:
                    return times
                size = len(page)
                following = re.search(r'href="([^"]+)"[^>]*rel="next"', page)
                if walked:
                    times.append(took)
                if not following:
                    break
                at, walked = html.unescape(following[1]), walked + 1
            if walked < 2:
                return times
            depth = walked
        return times

    if len(times := walk()) >= REQUESTS:
        if part(times, 0.95) >= LIMIT:
            times = min([times, best(walk)], key=lambda times: part(times, 0.95))
        table.add(f"{path}, {depth} pages on", times, size)


def filters(page, path):
    """Every choice of the search forms, alone and together with every choice of its other fields."""
    for form in re.findall(r'<form[^>]*role="search".*?</form>', page, re.S):
        fields = []
        for name, options in re.findall(r'<select[^>]*name="([^"]+)"(.*?)</select>', form, re.S):
            values = [html.unescape(value) for value in re.findall(r'<option value="([^"]+)"', options)]
            fields.append([(name, value) for value in values])
        for field in fields:
            yield from (f"{path}?{urllib.parse.urlencode([choice])}" for choice in field)
        if len(fields) > 1:
            together = itertools.product(*([None, *field] for field in fields))
            several = [chosen for chosen in (list(filter(None, c)) for c in together) if len(chosen) > 1]
            # Spread over all of them, where there are too many.
            step = max(1, math.ceil(len(several) / COMBINATIONS))
            yield from (f"{path}?{urllib.parse.urlencode(chosen)}" for chosen in several[::step])


def links(page, path):
    """The tabs and filters that are links, and the first thing on the list with its own pages."""
    found = [html.unescape(link) for link in re.findall(r'href="(/admin/[^"#]+)"', page)]
    queries = [link for link in found if link.startswith(path + "?") and "after=" not in link]
    things = [link for link in found if re.fullmatch(re.escape(path) + r"/[a-z]+_[0-9a-z]+", link)]
    return list(dict.fromkeys(queries))[:12], things[:1]


def look(browser, table, path, more):
    page = measure(browser, table, path)
    if page is None:
        return
    measure_depth(browser, table, path)
    queries, things = links(page, path)
    for query in dict.fromkeys([*queries, *filters(page, path)]):
        if measure(browser, table, query):
            measure_depth(browser, table, query)
    for asked in more:
        query = f"{path}?{asked}"
        if measure(browser, table, query):
            measure_depth(browser, table, query)
    for thing in things:
        page = measure(browser, table, thing)
        # What few rows have, by the ids that one of them names.
        for name, prefix in NARROWING.get(path, ()):
            for found in re.findall(rf"{prefix}_[0-9a-v]{{26}}", page or "")[:1]:
                measure(browser, table, f"{path}?{name}={found}")
        look_below(browser, table, thing, page)


def look_below(browser, table, thing, page):
    """The pages of one thing that it links to, and the filters on those."""
    waiting = [html.unescape(link) for link in re.findall(rf'href="({re.escape(thing)}/[^"#]+)"', page or "")]
    for link in list(dict.fromkeys(waiting))[:12]:
        found = measure(browser, table, link)
        if found:
            measure_depth(browser, table, link)
            for query in links(found, link)[0]:
                if measure(browser, table, query):
                    measure_depth(browser, table, query)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("email")
    parser.add_argument("password")
    parser.add_argument("--check", action="store_true", help="end with 1 when something is slow")
    parser.add_argument("--only", help="one list, e.g. /admin/clients")
    parser.add_argument("--also", action="append", default=[], help="one more address with the pages below it, e.g. of somebody with many grants")
    arguments = parser.parse_args()
    browser, table = Browser(arguments.url), Table()
    browser.sign_in(arguments.email, arguments.password)
    for path, more in LISTS.items():
        if arguments.only in (None, path):
            look(browser, table, path, more)
    for path in arguments.also:
        page = measure(browser, table, path)
        if page:
            measure_depth(browser, table, path)
            look_below(browser, table, path, page)
    if table.slow:
        print(f"{len(table.slow)} of these take {LIMIT:.0f} ms or more at p95: {', '.join(table.slow)}")
    sys.exit(1 if table.slow and arguments.check else 0)


if __name__ == "__main__":
    main()
