# shellcheck shell=bash
# The package itself: what Cargo can check.

readonly cargo_deny_version=0.20.2

rust_steps() {
  step 'rust: format' logged format cargo fmt --check
  step 'rust: lints' logged clippy cargo clippy --locked --all-targets -- -D warnings
  step 'rust: tests' rust_tests
  step 'rust: documentation' logged doc cargo doc --locked --no-deps --document-private-items
  step 'rust: dependencies' rust_dependencies
}

rust_tests() {
  logged test-build cargo test --locked --no-run
  cargo test --locked
}

# Licences, bans and sources always; advisories where their database can be fetched.
rust_dependencies() {
  local deny
  deny=$(cargo_tool cargo-deny "$cargo_deny_version" cargo-deny --locked)
  "$deny" --locked check bans licenses sources
  if GIT_TERMINAL_PROMPT=0 timeout 90 "$deny" --locked fetch db >"$log_dir/advisories.log" 2>&1; then
    "$deny" --offline --locked check advisories
  else
    note "Advisories were not checked: their database could not be fetched ($log_dir/advisories.log)."
  fi
}

# cargo_tool CRATE VERSION PROGRAM FLAG…: installs a pinned tool below target/ once, and prints its path.
# Unoptimised: it runs for a second, compiling it for speed takes minutes.
cargo_tool() {
  local crate=$1 version=$2 program=$tool_dir/$1-$2/bin/$3
  shift 3
  if [[ ! -x $program ]]; then
    note "Installing $crate $version (a minute or two)" >&2
    CARGO_PROFILE_DEV_DEBUG=0 logged "install-$crate" cargo install "$crate" --version "$version" --debug \
      --root "$tool_dir/$crate-$version" --target-dir "$tool_dir/build" "$@"
    rm -rf "$tool_dir/build"
  fi
  echo "$program"
}

# Exports GATEPOST_BIN as an absolute path, after building it unless it is given.
build_step() {
  local target=${CARGO_TARGET_DIR:-target}
  if [[ -z ${GATEPOST_BIN:-} ]]; then
    GATEPOST_BIN=$target/debug/gatepost
    rm -f "$GATEPOST_BIN" # a build that fails must not leave an older one to be tested
    step 'build' logged build cargo build --locked --bin gatepost
  fi
  GATEPOST_BIN=$(realpath "$GATEPOST_BIN")
  export GATEPOST_BIN
}

# Exports GATEPOST_CONFORMANCE_BIN: the same server with the conformance suite's fixtures behind /mcp. It is built
# in the same folder, where only our own crate differs, and the normal binary is put back after it.
build_fixtures_step() {
  local target=${CARGO_TARGET_DIR:-target}
  step 'build: fixtures' logged build-fixtures build_fixtures "$target"
  GATEPOST_CONFORMANCE_BIN=$(realpath "$target/debug/gatepost-conformance")
  export GATEPOST_CONFORMANCE_BIN
}

build_fixtures() {
  cargo build --locked --bin gatepost --features conformance-fixtures
  cp "$1/debug/gatepost" "$1/debug/gatepost-conformance"
  cargo build --locked --bin gatepost
}
