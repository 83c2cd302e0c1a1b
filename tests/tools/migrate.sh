# shellcheck shell=bash
# Migrations: the plain `sqlx migrate run` must set up either database, and Gatepost must believe it.

readonly sqlx_cli_version=0.9.0

migrate_steps() {
  step 'migrate: SQLite' migrate_sqlite
  step 'migrate: Postgres' migrate_postgres
}

migrate_sqlite() {
  mkdir -p "$work_dir/migrate-sqlite"
  migrate_proof migrate-sqlite "sqlite:$work_dir/migrate-sqlite/gatepost.db?mode=rwc"
}

migrate_postgres() {
  local url
  url=$(postgres_fresh migrate)
  migrate_proof migrate-postgres "$url"
}

migrate_proof() {
  local name=$1 url=$2 sqlx
  sqlx=$(cargo_tool sqlx-cli "$sqlx_cli_version" sqlx --no-default-features --features sqlite,postgres)
  refuses_empty "$name" "$url"
  logged "$name-sqlx" "$sqlx" migrate run --source migrations --database-url "$url"
  note "sqlx migrate run: $(grep -c Applied "$log_dir/$name-sqlx.log") migrations applied"
  serves "$name" "$url" serve --no-migrate
  serves "$name" "$url" serve # its own migrations find nothing left to do
}

# An empty database and --no-migrate: an exit code and a sentence, not a server.
refuses_empty() {
  local log=$log_dir/$1-refused.log status=0
  (gatepost "$work_dir/$1" "$(free_port)" "$2" serve --no-migrate) >"$log" 2>&1 &
  local pid=$!
  for _ in {1..100}; do
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.2
  done
  if kill "$pid" 2>/dev/null; then
    show_log "$log"
    complain 'serve --no-migrate keeps running on an empty database'
  fi
  wait "$pid" || status=$?
  if ((status == 0 || status > 2)) || ! grep -qi 'migrat' "$log" || grep -qi 'panicked' "$log"; then
    show_log "$log"
    complain "serve --no-migrate on an empty database: code $status, and no plain word about migrations"
  fi
  note "serve --no-migrate on an empty database ends with code $status: $(grep -i 'migrat' "$log" | head -n 1)"
}

# serves NAME URL ARGUMENT…: starts Gatepost, waits for /readyz to answer 200, and stops it again.
serves() {
  local log=$log_dir/$1-serve.log directory=$work_dir/$1 url=$2 port pid
  shift 2
  port=$(free_port)
  (gatepost "$directory" "$port" "$url" "$@") >"$log" 2>&1 &
  pid=$!
  if ! ready "$port" "$pid"; then
    show_log "$log"
    complain "gatepost $*: not ready"
  fi
  kill "$pid"
  wait "$pid" || true
  note "gatepost $*: ready"
}
