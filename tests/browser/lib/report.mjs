// What held and what did not. A check that fails is told at once, and the journey goes on.

let held = 0;
const failures = [];
let chapter = '';

export function begin(name) {
  chapter = name;
  console.log(`\n${name}`);
}

export function check(what, condition, detail = '') {
  if (condition) {
    held += 1;
    if (process.env.VERBOSE) console.log(`  ok   ${what}`);
    return true;
  }
  failures.push(`${chapter}: ${what}`);
  console.log(`  FAIL ${what}${detail ? `\n       ${String(detail).replaceAll('\n', '\n       ')}` : ''}`);
  return false;
}

export function note(text) {
  console.log(`  note ${text}`);
}

/** Prints the outcome; true when everything held. */
export function conclude() {
  console.log(`\n${held} checks held, ${failures.length} did not`);
  for (const failure of failures) console.log(`  ${failure}`);
  return failures.length === 0;
}
