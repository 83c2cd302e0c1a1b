# shellcheck shell=bash
# Debian packages the tests need: only what is missing is installed.

missing=()

# needs CHECK PACKAGE…: the packages are missing when the check fails.
needs() {
  local check=$1
  shift
  eval "$check" >/dev/null 2>&1 || missing+=("$@")
}

find_missing() {
  local stage
  needs 'command -v cc' gcc libc6-dev
  needs 'command -v curl' curl
  for stage; do
    case $stage in
      rust | migrate) needs postgres_bin postgresql ;;
      api)
        needs postgres_bin postgresql
        needs 'python3 -c "import ensurepip, venv"' python3 python3-venv
        ;;
      clients)
        needs postgres_bin postgresql
        needs 'python3 -c "import ensurepip, venv"' python3 python3-venv
        needs 'command -v node' nodejs
        needs 'command -v npm' npm
        ;;
      browser)
        needs postgres_bin postgresql
        needs 'command -v chromium' chromium fonts-liberation
        needs 'command -v node' nodejs
        needs 'command -v npm' npm
        ;;
    esac
  done
}

as_root() {
  if ((EUID == 0)); then "$@"; else sudo "$@"; fi
}

apt_get() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 "$@"
}

packages_install() {
  if ! command -v cargo >/dev/null; then
    printf 'A Rust toolchain is missing (1.94 or later): https://rustup.rs\n' >&2
    return 1
  fi
  find_missing "$@"
  ((${#missing[@]})) || return 0
  heading "Installing ${missing[*]}"
  if ! command -v apt-get >/dev/null || { ((EUID != 0)) && ! command -v sudo >/dev/null; }; then
    printf 'These Debian packages (or what they hold) are missing, and cannot be installed from here:\n  %s\n' \
      "${missing[*]}" >&2
    return 1
  fi
  logged apt-update apt_get update
  logged apt-install apt_get install -y --no-install-recommends "${missing[@]}"
}
