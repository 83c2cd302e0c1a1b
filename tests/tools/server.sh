# shellcheck shell=bash
# Starting the binary under test.

# Below the ports the system gives to outgoing connections, so that none of those takes it meanwhile.
free_port() {
  local port
  while :; do
    port=$((20000 + RANDOM % 12000))
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
  done
  echo "$port"
}

# gatepost DIRECTORY PORT DATABASE_URL ARGUMENT…: becomes Gatepost, with no settings but these.
gatepost() {
  local directory=$1 port=$2 database=$3
  shift 3
  mkdir -p "$directory"
  cd "$directory" || exit
  exec env -i PATH="$PATH" HOME="$HOME" DATABASE_URL="$database" \
    GATEPOST_BIND="127.0.0.1:$port" GATEPOST_PUBLIC_URL="http://localhost:$port" "$GATEPOST_BIN" "$@"
}

# ready PORT PID: waits until the server answers that it is ready; fails when it ends or takes too long.
ready() {
  for _ in {1..150}; do
    [[ $(curl -s -o /dev/null -w '%{http_code}' --max-time 2 "http://127.0.0.1:$1/readyz") == 200 ]] && return 0
    kill -0 "$2" 2>/dev/null || return 1
    sleep 0.2
  done
  return 1
}
