#!/usr/bin/env python3
"""Fills a database with as much as the administration must stay fast with.

    fill.py sqlite:/tmp/load.db
    fill.py postgres://postgres@127.0.0.1:5432/load --clients 10000 --grants 10000

The schema must be there (`gatepost migrate`), and the built-in resource (`gatepost keys list` makes it). Tables and
columns that a schema does not have are left out, so the script serves older and newer ones. The same arguments make
the same rows, up to the time they are counted back from. Nobody here can sign in; see README.md.
"""

import argparse
import json
import random
import sqlite3
import subprocess
import sys
import time

DAY = 86_400
ALPHABET = "0123456789abcdefghijklmnopqrstuv"
PAIRS = [a + b for a in ALPHABET for b in ALPHABET]

# Names of clients that exist, with how many of a hundred carry them.
COMMON = [("Claude", 22), ("Visual Studio Code", 16), ("Claude Code", 12), ("Cursor", 9), ("ChatGPT", 8),
          ("MCP Inspector", 3), ("Gemini CLI", 3), ("Zed", 2)]
ADJECTIVES = "brisk calm clever daily early fair gentle handy keen lucid merry nimble open prime quick rapid".split()
NOUNS = "atlas beacon canvas desk echo forge garden harbor index journal ledger mirror notes orbit pilot".split()
KINDS = ["Plugin", "Connector", "Agent", "Extension", "for Obsidian", "for JetBrains IDEs", "(mcp-remote 0.1.29)"]
HOSTILE = ["<script>alert(1)</script>", "\u202egnihsihp", "{{7*7}} {% raw %}", "🦀" * 40, "客户端 ツール"]
FIRST = "ada alan barbara claude donald edsger frances grace hedy ivan jean ken leslie margaret niklaus ole".split()
LAST = "adams brown castillo dubois eriksen fischer garcia haddad ivanov jones kaya lopez moreau nagy okafor".split()
DOMAINS = ["example.com", "example.org", "mail.example.net", "corp.example", "uni.example"]
KINDS_OF_EVENTS = [("token.refreshed", "ok", 40), ("token.issued", "ok", 20), ("session.login", "ok", 14),
                   ("authorization.requested", "ok", 10), ("consent.decided", "ok", 6),
                   ("client.registered", "ok", 4), ("session.login", "wrong_password", 3),
                   ("access.refused", "expired", 2), ("token.refreshed", "replayed", 0.05)]


class Ids:
    """Ids as `src/types/ids.rs` makes them: they sort by time."""

    def __init__(self, dice):
        self.dice = dice

    def at(self, kind, seconds):
        value = (int(seconds * 1000) << 80) | self.dice.getrandbits(80)
        return kind + "_" + "".join(PAIRS[(value >> shift) & 1023] for shift in range(120, -1, -10))


def terms(text):
    """What a name is found by, as `src/types/terms.rs` makes it."""
    words = text.lower().split()
    return {" ".join(words[at:]).encode()[:64].hex() for at in range(min(len(words), 8))}


class Sqlite:
    def __init__(self, url):
        path = url.removeprefix("sqlite:").split("?")[0].removeprefix("//")
        self.db = sqlite3.connect(path, isolation_level=None)
        for pragma in ("synchronous = OFF", "cache_size = -400000", "temp_store = MEMORY", "foreign_keys = OFF"):
            self.db.execute(f"PRAGMA {pragma}")

    def columns(self, table):
        return [row[1] for row in self.db.execute(f"PRAGMA table_info({table})")]

    def ask(self, sql):
        return self.db.execute(sql).fetchall()

    def put(self, table, columns, rows, order=None):
        marks = ", ".join("?" * len(columns))
        self.db.execute("BEGIN")
        target = table
        if order:
            # In the order of the key: a million rows at random places would rewrite the index again and again.
            target = "temp.sorting"
            self.db.execute(f"CREATE TABLE {target} ({', '.join(columns)})")
        self.db.executemany(f"INSERT INTO {target} ({', '.join(columns)}) VALUES ({marks})", rows)
        if order:
            names = ", ".join(columns)
            self.db.execute(f"INSERT INTO main.{table} ({names}) SELECT {names} FROM {target} ORDER BY {order}")
            self.db.execute(f"DROP TABLE {target}")
        self.db.execute("COMMIT")

    def finish(self):
        self.db.execute("ANALYZE")
        self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


class Postgres:
    def __init__(self, url):
        self.psql = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", url]

    def columns(self, table):
        rows = self.ask("SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema() "
                        f"AND table_name = '{table}'")
        return [row[0] for row in rows]

    def ask(self, sql):
        done = subprocess.run([*self.psql, "-At", "-F", "\t", "-c", sql], check=True, capture_output=True, text=True)
        return [tuple(line.split("\t")) for line in done.stdout.splitlines()]

    def put(self, table, columns, rows, order=None):
        del order
        copy = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
        # The rows are consistent: checking each against the tables it points to doubles the time.
        run = [*self.psql, "-c", "SET session_replication_role = replica", "-c", copy]
        with subprocess.Popen(run, stdin=subprocess.PIPE, text=True, encoding="utf-8") as psql:
            for row in rows:
                psql.stdin.write("\t".join(map(field, row)) + "\n")
            psql.stdin.close()
            if psql.wait() != 0:
                sys.exit(f"{table} could not be filled")

    def finish(self):
        self.ask("VACUUM ANALYZE")


def field(value):
    if value is None:
        return "\\N"
    text = str(value)
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n") if isinstance(value, str) else text


class Filling:
    def __init__(self, database, arguments):
        self.database, self.size = database, arguments
        self.dice = random.Random(1)
        self.ids = Ids(self.dice)
        self.now = int(time.time())
        self.clients, self.people, self.grants, self.keepers = [], [], [], []
        found = database.ask("SELECT id FROM resources WHERE is_default = 1")
        if not found:
            sys.exit("There is no resource yet. Run `gatepost keys list` on this database once, then this again.")
        self.resource = found[0][0]

    def put(self, table, names, rows, order=None):
        """Writes rows of named values, of which the table may lack some."""
        there = self.database.columns(table)
        if not there:
            return
        kept = [at for at, name in enumerate(names) if name in there]
        started, written = time.monotonic(), 0

        def chosen():
            nonlocal written
            for row in rows:
                written += 1
                yield tuple(row[at] for at in kept)

        self.database.put(table, [names[at] for at in kept], chosen(), order)
        print(f"{table:16} {written:>9,} rows {time.monotonic() - started:6.1f} s", flush=True)

    def times(self, count, days):
        """Moments of the past in order."""
        start = self.now - days * DAY
        return (start + at * days * DAY / max(count, 1) for at in range(count))

    def fill(self):
        self.put("users", ["id", "email", "name", "password_hash", "is_admin", "created_at", "last_login_at",
                           "disabled_at", "has_terms"], self.all_people())
        self.put("user_terms", ["term", "user_id"], self.terms_of_people(), "term, user_id")
        self.put("clients", ["id", "kind", "name", "auth_method", "redirect_uris", "grant_types", "scope", "metadata",
                             "digest", "management_hash", "created_at", "last_used_at", "disabled_at", "has_terms"],
                 self.all_clients())
        self.put("client_terms", ["term", "client_id"], self.terms_of_clients(), "term, client_id")
        self.put("client_secrets", ["id", "client_id", "secret_hash", "created_at", "revoked_at"], self.all_secrets())
        self.put("grants", ["id", "user_id", "client_id", "resource_id", "session_id", "scopes", "created_at",
                            "ends_at", "revoked_at", "revoked_reason", "last_used_at", "first_call_at"],
                 self.all_grants())
        self.put("refresh_tokens", ["id", "secret_hash", "generation", "grant_id", "created_at", "idle_expires_at",
                                    "expires_at"], self.all_refresh_tokens())
        self.put("sessions", ["id", "secret_hash", "user_id", "auth_time", "created_at", "last_seen_at", "expires_at",
                              "ended_at", "user_agent", "address", "method"], self.all_sessions())
        self.put("consents", ["id", "user_id", "client_id", "resource_id", "scopes", "created_at", "updated_at"],
                 self.all_consents())
        self.put("audit_events", ["id", "at", "kind", "outcome", "reason", "user_id", "client_id", "resource_id",
                                  "grant_id", "session_id", "address", "reference", "detail", "actor_id", "flow_id"],
                 self.all_events())
        self.put("activity_hours", ["hour", "topic", "count"], self.all_hours())
        started = time.monotonic()
        self.database.finish()
        print(f"{'statistics':16} {'':9}      {time.monotonic() - started:6.1f} s")

    def all_people(self):
        for number, at in enumerate(self.times(self.size.people, 700)):
            first, last = self.dice.choice(FIRST), self.dice.choice(LAST)
            # One in ten thousand is called like nobody else.
            last = f"{last}-{number}" if number % 10_000 == 7 else last
            name = f"{first} {last}".title() if number % 9 else None
            email = f"{first}.{last}{number}@{DOMAINS[min(number % 23, 4)]}"
            seen = int(self.now - self.dice.random() * 300 * DAY) if number % 4 else None
            person = self.ids.at("usr", at)
            self.people.append((person, email, name))
            yield (person, email, name, None, 0, int(at), seen, self.now if number % 200 == 1 else None, 1)

    def terms_of_people(self):
        for person, email, name in self.people:
            for term in terms(email) | terms(email.split("@")[1]) | terms(name or ""):
                yield term, person

    def client_name(self, number):
        if number == 4_321:
            return "Needle In A Haystack"
        if number % 50_000 == 17:
            return HOSTILE[number // 50_000 % len(HOSTILE)]
        common = self.dice.choices([name for name, _ in COMMON] + [None], [n for _, n in COMMON] + [25])[0]
        if common:
            return common
        name = f"{self.dice.choice(ADJECTIVES)} {self.dice.choice(NOUNS)} {number % 997}".title()
        return f"{name} {self.dice.choice(KINDS)}"

    def all_clients(self):
        web = json.dumps(["https://claude.ai/api/mcp/auth_callback"])
        for number, at in enumerate(self.times(self.size.clients, 500)):
            name, client = self.client_name(number), self.ids.at("cli", at)
            kind = {3: "static", 11: "machine"}.get(number % 100, "dynamic")
            host = f"app{number % 5_000}.example" if number % 20 == 5 else "localhost"
            uris = web if name == "Claude" else json.dumps([
                f"https://{host}/callback" if host != "localhost" else f"http://127.0.0.1:{1024 + number % 60_000}/callback"])
            host = "claude.ai" if name == "Claude" else host if host != "localhost" else "127.0.0.1"
            grants, proof = '["authorization_code","refresh_token"]', "none"
            if kind == "machine":
                uris, host, grants = "[]", "", '["client_credentials"]'
            if kind != "dynamic" and (kind == "machine" or number % 200 == 3):
                proof = "client_secret_basic"
                self.keepers.append((client, at))
            used = None if at > self.now - 5 * DAY and number % 2 else int(at + (self.now - at) * self.dice.random())
            self.clients.append((client, name, host))
            yield (client, kind, name, proof, uris, grants, "search:read", "{}", None, None, int(at), used,
                   self.now if number % 1_000 == 9 else None, 1)

    def all_secrets(self):
        for number, (client, at) in enumerate(self.keepers):
            for nth in range(1 + number % 5):
                made = int(at + nth * (self.now - at) / 5)
                yield (self.ids.at("sec", made), client, f"{number:021x}{nth:022x}", made,
                       self.now if nth and number % 3 == 0 else None)

    def terms_of_clients(self):
        for client, name, host in self.clients:
            for term in terms(name) | terms(host):
                yield term, client

    def all_grants(self):
        for number, at in enumerate(self.times(self.size.grants, 80)):
            # One person and one client have more than anybody else.
            person = self.people[0 if number % 100 == 0 else self.dice.randrange(len(self.people))][0]
            client = self.clients[0 if number % 20 == 7 else self.dice.randrange(len(self.clients))][0]
            revoked = number % 10 < 3
            used = int(at + (self.now - at) * self.dice.random()) if number % 5 else None
            grant = self.ids.at("grt", at)
            self.grants.append((grant, person, client))
            yield (grant, person, client, self.resource, None, "offline_access search:read", int(at),
                   int(at) + 90 * DAY, min(int(at) + DAY, self.now) if revoked else None,
                   "withdrawn" if revoked else None, used, used)

    def all_refresh_tokens(self):
        for number, (grant, _, _) in enumerate(self.grants):
            if number % 10 >= 3:
                at = int(self.now - 25 * DAY * self.dice.random())
                yield (self.ids.at("rft", at), f"{number:043x}", 1 + number % 30, grant, at, at + 30 * DAY, at + 80 * DAY)

    def all_sessions(self):
        for number, at in enumerate(self.times(self.size.sessions, 6)):
            person = self.people[0 if number % 1_000 == 0 else self.dice.randrange(len(self.people))][0]
            seen = int(at + (self.now - at) * self.dice.random())
            yield (self.ids.at("ses", at), f"{number:043x}", person, int(at), int(at), seen, int(at) + 30 * DAY, None,
                   "Mozilla/5.0", f"192.0.2.{number % 254 + 1}", "password")

    def all_consents(self):
        seen = set()
        for number, (_, person, client) in enumerate(self.grants):
            if number % 3 == 0 and (person, client) not in seen:
                seen.add((person, client))
                at = self.now - 80 * DAY + number % (80 * DAY)
                yield (self.ids.at("con", at), person, client, self.resource, "search:read", at, at)

    def all_events(self):
        weights = [weight for *_, weight in KINDS_OF_EVENTS]
        # One administrator did a fifth of everything, another next to nothing.
        for number, at in enumerate(self.times(self.size.events, 390)):
            kind, reason, _ = self.dice.choices(KINDS_OF_EVENTS, weights)[0]
            grant, person, client = self.dice.choice(self.grants)
            yield (self.ids.at("evt", at), int(at), kind, "ok" if reason == "ok" else "refused", reason, person, client,
                   self.resource, grant if kind.startswith("token") else None, None,
                   f"192.0.2.{number % 254 + 1}", f"ref{number}" if number % 50 == 0 else None, None,
                   self.people[1 if number % 5 == 0 else 2][0] if number % 5 == 0 or number % 5_000 == 1 else None,
                   f"{number // 4:026x}" if kind != "session.login" else None)

    def all_hours(self):
        first = (self.now - 395 * DAY) // 3600 * 3600
        for hour in range(first, self.now - 3600, 3600):
            for topic in ("calls", "logins", "failed_logins", "tokens", "refusals", "registrations"):
                yield hour, topic, self.dice.randrange(1, 500)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("database", help="sqlite:… or postgres://…, as the setting database.url")
    for name, size in {"clients": 1_000_000, "grants": 1_000_000, "people": 1_000_000, "events": 1_000_000,
                       "sessions": 1_000_000}.items():
        parser.add_argument(f"--{name}", type=int, default=size, help=f"default: {size:,}")
    arguments = parser.parse_args()
    database = (Sqlite if arguments.database.startswith("sqlite:") else Postgres)(arguments.database)
    filling = Filling(database, arguments)
    filling.fill()
    print(f"has the most grants: {filling.people[0][0]} {filling.clients[0][0]}")
    print(f"did the most:        {filling.people[1][0]}")


if __name__ == "__main__":
    main()
