#!/usr/bin/env bash
# Holds a Gatepost binary against the document of its own API: starts it on the database that DATABASE_URL names, in
# the directory given, and lets Schemathesis make requests.
#
#   GATEPOST_BIN=target/debug/gatepost DATABASE_URL=sqlite:… tests/api/run.sh DIRECTORY
#   tests/api/run.sh --install    gets the software ready, and no more
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/tools/server.sh
source "$here/../tools/server.sh"
work=$1
owner=ann@example.com
server=

finish() {
  local status=$?
  trap - EXIT
  if [[ -n $server ]]; then kill "$server" 2>/dev/null || true; fi
  exit "$status"
}
trap finish EXIT

install() {
  local stamp=$here/.venv/.installed sum
  sum=$(sha256sum <"$here/requirements.txt")
  [[ -f $stamp && $(cat "$stamp") == "$sum" ]] && return
  echo "installing Schemathesis (pip)"
  python3 -m venv "$here/.venv"
  timeout 600 "$here/.venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
  echo "$sum" >"$stamp"
}

# The settings in force: room for many clients and many wrong tokens.
settings() {
  cat >"$work/gatepost.toml" <<'TOML'
[limits]
login_per_minute_per_address = 100000
[registration]
per_minute_per_address = 100000
TOML
}

register_clients() {
  local number
  for number in {1..40}; do
    curl -sS --fail --max-time 10 -o /dev/null -H 'Content-Type: application/json' "http://localhost:$port/oauth/register" \
      -d "{\"client_name\":\"App $number\",\"redirect_uris\":[\"https://app$number.example.com/callback\"]}"
  done
}

# Every scope that the document names.
scopes() {
  curl -sS --fail --max-time 10 "$API_URL/openapi.json" | python3 -c '
import json, sys
paths = json.load(sys.stdin)["paths"].values()
found = {operation["x-scope"] for path in paths for operation in path.values() if "x-scope" in operation}
print(",".join(sorted(found | {"administrators:write"})))'
}

install
[[ $work != --install ]] || exit 0
mkdir -p "$work"
settings
port=$(free_port)
run() { (gatepost "$work" "$port" "$DATABASE_URL" "$@"); }
run user create --email "$owner" --admin --print-link >"$work/log" 2>&1
run serve >>"$work/log" 2>&1 &
server=$!
ready "$port" "$server"
export API_URL="http://localhost:$port/admin/api/v1" API_OWNER=$owner API_COUNTS=$work/counts.json
API_TOKEN=$(run api-token create --name Schemathesis --owner "$owner" --scope "$(scopes)" --days 1 --json 2>>"$work/log" |
  python3 -c 'import json, sys; print(json.load(sys.stdin)["token"])')
export API_TOKEN
register_clients

cd "$here"
timeout 600 .venv/bin/st --config-file schemathesis.toml run "$API_URL/openapi.json" \
  --phases coverage,fuzzing --max-examples "${API_EXAMPLES:-8}" --workers 2 --seed "${API_SEED:-1}" --no-color \
  --request-timeout 20 --suppress-health-check all --warnings off || status=$?
kill -0 "$server" || { echo "the server has ended"; tail -n 40 "$work/log"; exit 1; }
python3 - "$API_COUNTS" <<'PYTHON'
import json, sys
found = json.load(open(sys.argv[1], encoding="utf-8"))
total = sum(sum(c.values()) for c in found["counts"].values())
done = sum(c.get("2", 0) for c in found["counts"].values())
print(f"{len(found['counts'])} operations, {total} requests, {done} of them did what they are for")
if found["never"]:
    sys.exit("never did what they are for: " + ", ".join(found["never"]))
PYTHON
exit "${status:-0}"
