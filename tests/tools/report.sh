# shellcheck shell=bash
# Steps: each one runs by itself, is timed and counted, and takes what it started with it when it ends.

step_pid=
passed=0
failed=0
results=()

heading() { printf '\n\n== %s ==\n' "$*"; }
note() { printf '   %s\n' "$*"; }
complain() {
  printf 'FAILED: %s\n' "$*" >&2
  return 1
}

# step NAME COMMAND…: runs the command (a function, as a rule) with errexit on. Call it plainly: inside a
# condition bash would ignore errexit in the command too.
step() {
  local name=$1 started=$SECONDS status=0 took
  shift
  heading "$name"
  set -m # its own process group, so that nothing outlives it
  (
    set -euo pipefail
    "$@"
  ) </dev/null &
  step_pid=$!
  set +m
  wait "$step_pid" || status=$?
  stop_step
  took=$((SECONDS - started))
  if ((status == 0)); then
    passed=$((passed + 1))
    results+=("$(printf 'passed %5d s  %s' "$took" "$name")")
  else
    failed=$((failed + 1))
    results+=("$(printf 'FAILED %5d s  %s' "$took" "$name")")
  fi
  printf '%s\n' "-- ${results[-1]}"
}

# Ends the running step and everything it started.
stop_step() {
  [[ -n $step_pid ]] || return 0
  local group=$step_pid
  step_pid=
  kill -TERM -- "-$group" 2>/dev/null || return 0
  for _ in {1..50}; do
    kill -0 -- "-$group" 2>/dev/null || return 0
    sleep 0.1
  done
  kill -KILL -- "-$group" 2>/dev/null || true
}

# logged NAME COMMAND…: keeps the output in a log file; shows where, and how it ends, when the command fails.
logged() {
  local log=$log_dir/$1.log status=0
  shift
  "$@" >"$log" 2>&1 || status=$?
  ((status == 0)) || show_log "$log"
  return "$status"
}

show_log() {
  printf 'The log is %s; it ends:\n' "$1" >&2
  tail -n 60 "$1" >&2
}

summary() {
  heading "Summary, after $SECONDS s"
  printf '%s\n' "${results[@]}"
  printf 'Logs are in %s\n\n' "$log_dir"
  printf '%d passed, %d failed\n' "$passed" "$failed"
  ((failed == 0))
}
