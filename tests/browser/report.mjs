/** Counts and prints what was checked, one line each, and the closing line that CI reads. */

let passed = 0;
let failed = 0;

/**
 * @param {boolean} isGood
 * @param {string} what     the claim
 * @param {string} [detail] the evidence
 */
export function check(isGood, what, detail = '') {
  if (isGood) passed++;
  else failed++;
  console.log(`${isGood ? 'ok  ' : 'FAIL'} ${what}${detail ? `: ${detail}` : ''}`);
}

/** @param {string} text  a measurement that is not asserted */
export function note(text) {
  console.log(`     ${text}`);
}

/** How many checks have failed so far. */
export function failures() {
  return failed;
}

/** Print the closing line; the exit code of the run. */
export function close() {
  console.log(`${passed} passed, ${failed} failed`);
  return failed > 0 || passed === 0 ? 1 : 0;
}

/**
 * @param {number[]} values
 * @param {number} share  0 to 1
 */
export function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}
