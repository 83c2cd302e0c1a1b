# shellcheck shell=bash
# A person's journey in headless Chromium, and their ways to sign in; the pictures are in target/screenshots.

browser_steps() {
  step 'browser: journey' browser_run journey.mjs
  step 'browser: sign-in' browser_run sign_in.mjs
  step 'browser: elsewhere' browser_elsewhere
  step 'browser: administration' browser_run admin.mjs
}

# browser_run SCRIPT: one of tests/browser.
browser_run() {
  npm_install tests/browser
  CHROMIUM=${CHROMIUM:-$(command -v chromium)} SCREENSHOTS=$PWD/target/screenshots node "tests/browser/$1"
}

# The login provider is one of the packages of tests/clients, and so is the Node it needs.
browser_elsewhere() {
  npm_install tests/clients --ignore-scripts
  browser_run elsewhere.mjs
}

# npm_install DIRECTORY FLAG…: what the lock file says, once per lock file.
npm_install() {
  local directory=$1
  shift
  [[ $directory/node_modules/.package-lock.json -nt $directory/package-lock.json ]] ||
    logged "npm-$(basename "$directory")" npm ci --prefix "$directory" --no-audit --no-fund "$@"
}
