# shellcheck shell=bash
# The API, held against its own document, on both databases.

api_steps() {
  step 'api: SQLite' api_sqlite
  step 'api: Postgres' api_postgres
}

api_sqlite() {
  mkdir -p "$work_dir/api-sqlite"
  DATABASE_URL="sqlite:$work_dir/api-sqlite/gatepost.db?mode=rwc" \
    logged api-sqlite bash tests/api/run.sh "$work_dir/api-sqlite"
  tail -n 2 "$log_dir/api-sqlite.log"
}

api_postgres() {
  local url
  url=$(postgres_fresh api)
  DATABASE_URL=$url logged api-postgres bash tests/api/run.sh "$work_dir/api-postgres"
  tail -n 2 "$log_dir/api-postgres.log"
}
