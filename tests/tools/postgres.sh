# shellcheck shell=bash
# A private Postgres: on loopback, on a free port, in a directory of its own, gone when the tests end.

postgres_dir=
extra_databases=

# Where Debian keeps the newest server's programs.
postgres_bin() {
  local newest
  newest=$(printf '%s\n' /usr/lib/postgresql/*/bin/initdb | sort -V | tail -n 1)
  [[ -x $newest ]] && dirname "$newest"
}

# The server refuses to run as root.
as_postgres() (
  cd "$postgres_dir" || exit
  if ((EUID == 0)); then runuser -u postgres -- "$@"; else "$@"; fi
)

# Sets and exports TEST_DATABASE_URL, unless it is set already.
postgres_start() {
  extra_databases=$work_dir/databases
  [[ -z ${TEST_DATABASE_URL:-} ]] || return 0
  local bin port
  bin=$(postgres_bin)
  port=$(free_port)
  postgres_dir=$work_dir/postgres
  mkdir -m 700 "$postgres_dir"
  ((EUID != 0)) || chown postgres: "$postgres_dir"

  heading "Starting a private Postgres on port $port"
  logged postgres-initdb as_postgres "$bin/initdb" -D "$postgres_dir/data" -U postgres -A trust \
    --no-sync -E UTF8 --locale=C
  # No durability: nothing in here is kept.
  logged postgres-start as_postgres "$bin/pg_ctl" -D "$postgres_dir/data" -l "$postgres_dir/server.log" -w start -o \
    "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories=$postgres_dir -c max_connections=200 \
     -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
  export TEST_DATABASE_URL="postgres://postgres@127.0.0.1:$port/postgres"
}

postgres_stop() {
  if [[ -n $postgres_dir ]]; then
    as_postgres "$(postgres_bin)/pg_ctl" -D "$postgres_dir/data" -m immediate -s stop || true
    cp "$postgres_dir/server.log" "$log_dir/postgres.log" 2>/dev/null || true
  elif [[ -s $extra_databases ]]; then
    local name
    while read -r name; do
      postgres_run "DROP DATABASE IF EXISTS $name WITH (FORCE)" || true
    done <"$extra_databases"
  fi
}

postgres_run() { "$(postgres_bin)/psql" -X -q -v ON_ERROR_STOP=1 "$TEST_DATABASE_URL" -c "$1"; }

# Makes an empty database and prints its URL.
postgres_fresh() {
  local name="gatepost_$1_$$" address=${TEST_DATABASE_URL%%\?*} options=
  [[ $TEST_DATABASE_URL == *\?* ]] && options="?${TEST_DATABASE_URL#*\?}"
  echo "$name" >>"$extra_databases"
  postgres_run "CREATE DATABASE $name" >&2
  printf '%s/%s%s\n' "${address%/*}" "$name" "$options"
}
