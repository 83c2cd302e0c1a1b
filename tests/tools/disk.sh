# shellcheck shell=bash
# A disk that is really full, for SQLite: a small file system in memory, in a mount namespace of its own.

disk_steps() {
  step 'disk: SQLite on a full disk' disk_full
}

disk_full() {
  local -a namespace=(unshare --mount)
  ((EUID == 0)) || namespace+=(--map-root-user)
  mkdir -p "$work_dir/disk"
  if ! "${namespace[@]}" mount -t tmpfs -o size=1m none "$work_dir/disk" 2>"$log_dir/disk-mount.log"; then
    note "Not tested: this system lets nobody mount a small file system here ($log_dir/disk-mount.log)."
    return 0
  fi
  "${namespace[@]}" bash tests/tools/full_disk.sh "$work_dir/disk" "$log_dir/disk.log"
}
