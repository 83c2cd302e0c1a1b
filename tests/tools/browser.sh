# shellcheck shell=bash
# A person's journey in headless Chromium, and their ways to sign in; the pictures are in target/screenshots.

browser_steps() {
  step 'browser: journey' browser_run journey.mjs
  step 'browser: sign-in' browser_run sign_in.mjs
}

# browser_run SCRIPT: one of tests/browser.
browser_run() {
  npm_install tests/browser
  CHROMIUM=${CHROMIUM:-$(command -v chromium)} SCREENSHOTS=$PWD/target/screenshots node "tests/browser/$1"
}

# npm_install DIRECTORY: what the lock file says, once per lock file.
npm_install() {
  [[ $1/node_modules/.package-lock.json -nt $1/package-lock.json ]] ||
    logged "npm-$(basename "$1")" npm ci --prefix "$1" --no-audit --no-fund
}
