#!/usr/bin/env bash
# Runs everything that can be tested, or the stages named:
#
#   tests/run.sh [rust] [migrate] [disk] [api] [clients] [browser]
#
#   rust     format, lints, documentation, dependencies, and the Rust tests on SQLite and Postgres
#   migrate  the real sqlx command sets up both databases; Gatepost serves on them, and not on empty ones
#   disk     SQLite on a disk that is full, and has room again; where a file system may be mounted for it
#   api      requests made from the document of the API, on SQLite and on Postgres
#   clients  real MCP clients log in, on SQLite and on Postgres
#   browser  a person's journey in headless Chromium
#
# It needs a Rust toolchain. On Debian it installs whatever else is missing, as root or with sudo.
# TEST_DATABASE_URL  a Postgres to use (its user may create databases); else a private one runs for the tests
# GATEPOST_BIN       a binary to test; else the debug build is made and tested
set -euo pipefail
shopt -s inherit_errexit
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly all_stages=(rust migrate disk api clients browser)
log_dir=$PWD/target/test-logs
tool_dir=$PWD/target/tools
work_dir=

# shellcheck source=tests/tools/report.sh
source tests/tools/report.sh
# shellcheck source=tests/tools/packages.sh
source tests/tools/packages.sh
# shellcheck source=tests/tools/postgres.sh
source tests/tools/postgres.sh
# shellcheck source=tests/tools/server.sh
source tests/tools/server.sh
# shellcheck source=tests/tools/rust.sh
source tests/tools/rust.sh
# shellcheck source=tests/tools/migrate.sh
source tests/tools/migrate.sh
# shellcheck source=tests/tools/disk.sh
source tests/tools/disk.sh
# shellcheck source=tests/tools/api.sh
source tests/tools/api.sh
# shellcheck source=tests/tools/clients.sh
source tests/tools/clients.sh
# shellcheck source=tests/tools/browser.sh
source tests/tools/browser.sh

usage() { sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"; }

selected() { [[ " ${stages[*]} " == *" $1 "* ]]; }

read_arguments() {
  local argument
  for argument; do
    case $argument in
      -h | --help) usage && exit 0 ;;
      rust | migrate | disk | api | clients | browser) stages+=("$argument") ;;
      *) printf 'tests/run.sh: unknown stage "%s"\n\n' "$argument" >&2 && usage >&2 && exit 2 ;;
    esac
  done
  ((${#stages[@]})) || stages=("${all_stages[@]}")
}

clean_up() {
  local status=$?
  trap - EXIT INT TERM HUP
  stop_step
  postgres_stop
  rm -rf "$work_dir"
  exit "$status"
}

main() {
  stages=()
  read_arguments "$@"
  exec 2>&1 # one stream: complaints stay where they belong
  mkdir -p "$log_dir"
  work_dir=$(mktemp -d "${TMPDIR:-/tmp}/gatepost-tests.XXXXXX")
  chmod 711 "$work_dir" # the Postgres user has its data in here
  trap clean_up EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP

  packages_install "${stages[@]}"
  if selected rust || selected migrate || selected api || selected clients || selected browser; then postgres_start; fi
  if selected rust; then rust_steps; fi
  if selected migrate || selected disk || selected api || selected clients || selected browser; then build_step; fi
  if selected migrate; then migrate_steps; fi
  if selected disk; then disk_steps; fi
  if selected api; then api_steps; fi
  if selected clients; then build_fixtures_step && clients_steps; fi
  if selected browser; then browser_steps; fi
  summary
}

main "$@"
