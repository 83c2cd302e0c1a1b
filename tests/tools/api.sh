# shellcheck shell=bash
# The API, held against its own document, on both databases.

api_steps() {
  step 'api: SQLite and Postgres' api_both
}

# At the same time: either is one process of Python that waits for one of Gatepost.
api_both() {
  local running=() one status=0
  logged api-install bash tests/api/run.sh --install
  api_sqlite &
  running+=($!)
  api_postgres &
  running+=($!)
  for one in "${running[@]}"; do wait "$one" || status=1; done
  return "$status"
}

api_sqlite() {
  mkdir -p "$work_dir/api-sqlite"
  DATABASE_URL="sqlite:$work_dir/api-sqlite/gatepost.db?mode=rwc" \
    logged api-sqlite bash tests/api/run.sh "$work_dir/api-sqlite"
  told 'SQLite' api-sqlite
}

api_postgres() {
  local url
  url=$(postgres_fresh api)
  DATABASE_URL=$url logged api-postgres bash tests/api/run.sh "$work_dir/api-postgres"
  told 'Postgres' api-postgres
}

# told DATABASE LOG: the last line, which counts.
told() { printf '%s: %s\n' "$1" "$(tail -n 1 "$log_dir/$2.log")"; }
