# shellcheck shell=bash
# MCP clients that others wrote, on both databases.

clients_steps() {
  step 'clients: SQLite' clients_sqlite
  step 'clients: Postgres' clients_postgres
}

clients_sqlite() {
  mkdir -p "$work_dir/clients-sqlite"
  DATABASE_URL="sqlite:$work_dir/clients-sqlite/gatepost.db?mode=rwc" bash tests/clients/run.sh
}

clients_postgres() {
  local url
  url=$(postgres_fresh clients)
  DATABASE_URL=$url bash tests/clients/run.sh
}
