#!/usr/bin/env bash
# full_disk.sh DIRECTORY LOG: what Gatepost does when the disk under its SQLite file is full, and afterwards.
# Run by disk.sh, where DIRECTORY may be mounted over. GATEPOST_BIN is the program.
#
#   full    writes answer 503 with Retry-After, /readyz 503; pages and metadata are read as before
#   freed   writes work again without a restart
#   killed  after a restart exactly what was answered with success is there
set -euo pipefail
directory=$1 log=$2

# shellcheck source=tests/tools/report.sh
source tests/tools/report.sh
# shellcheck source=tests/tools/server.sh
source tests/tools/server.sh

mount -t tmpfs -o size=6m none "$directory"
database="sqlite:$directory/gatepost.db?mode=rwc"
port=$(free_port)
pid=
trap '[[ -z $pid ]] || kill -KILL "$pid" 2>/dev/null' EXIT

start() {
  (gatepost "$directory" "$port" "$database" serve) >>"$log" 2>&1 &
  pid=$!
  ready "$port" "$pid" || { show_log "$log" && complain 'not ready'; }
}

# Prints the status of a request.
status() { curl -s -o "$directory.answer" -D "$directory.head" -w '%{http_code}' --max-time 15 "$@"; }

# register NAME: a new client; prints the status.
register() {
  status "http://localhost:$port/oauth/register" -H 'content-type: application/json' \
    -d "{\"client_name\":\"$1\",\"redirect_uris\":[\"http://127.0.0.1/$1\"]}"
}

# expect WHAT GOT WANTED
expect() { [[ $2 == "$3" ]] || complain "$1: $2 instead of $3; $(cat "$directory.answer")"; }

# soon WHAT WANTED COMMAND…: within ten seconds.
soon() {
  local what=$1 wanted=$2 got=
  shift 2
  for _ in {1..20}; do
    got=$("$@")
    [[ $got != "$wanted" ]] || return 0
    sleep 0.5
  done
  expect "$what" "$got" "$wanted"
}

start
expect 'a registration' "$(register before)" 201

head -c 100M /dev/zero >"$directory/filler" 2>/dev/null || true
note "the disk is full: $(df --output=avail "$directory" | tail -n 1 | tr -d ' ') KiB are left"
for name in full1 full2; do
  expect 'a registration on a full disk' "$(register "$name")" 503
  grep -qi '^retry-after:' "$directory.head" || complain 'no Retry-After'
done
for path in / /login /.well-known/oauth-authorization-server /healthz; do
  expect "$path on a full disk" "$(status "http://localhost:$port$path")" 200
done
soon '/readyz on a full disk' 503 status "http://localhost:$port/readyz"

rm "$directory/filler"
soon 'a registration once there is room' 201 register after
soon '/readyz once there is room' 200 status "http://localhost:$port/readyz"

kill -KILL "$pid"
wait "$pid" 2>/dev/null || true
start
clients=$( (gatepost "$directory" "$port" "$database" client list) 2>>"$log")
for name in before after; do
  [[ $clients == *"$name"* ]] || complain "the client $name is gone: $clients"
done
[[ $clients != *full* ]] || complain "a client that was refused is there: $clients"
kill "$pid"
wait "$pid" || true
pid=
note 'refused with 503 while full, written again afterwards, nothing half-written'
