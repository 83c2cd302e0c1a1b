# shellcheck shell=bash
# A person's journey in headless Chromium; the pictures are in target/screenshots.

browser_steps() { step 'browser: journey' browser_journey; }

browser_journey() {
  npm_install tests/browser
  CHROMIUM=${CHROMIUM:-$(command -v chromium)} SCREENSHOTS=$PWD/target/screenshots node tests/browser/journey.mjs
}

# npm_install DIRECTORY: what the lock file says, once per lock file.
npm_install() {
  [[ $1/node_modules/.package-lock.json -nt $1/package-lock.json ]] ||
    logged "npm-$(basename "$1")" npm ci --prefix "$1" --no-audit --no-fund
}
