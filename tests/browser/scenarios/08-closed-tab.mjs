/** A tab is gone without a word: the others notice within five seconds. */
import { isSeeing } from '../media.mjs';
import { check } from '../report.mjs';

export const title = 'tab closed without leave';
export const limitMs = 30_000;

/** Five seconds, and one for the browser's own part and for asking [ms]. */
const GONE_MS = 6_000;

/** @typedef {import('../participant.mjs').Participant} Participant */

/**
 * @param {import('../stage.mjs').Stage} stage
 * @param {Participant} leaver
 * @param {Participant} witness
 */
async function checkGone(stage, leaver, witness) {
  await Promise.all([isSeeing(leaver), isSeeing(witness)]);
  await witness.watchDepartures();
  // The page says goodbye when it is closed; a machine that loses power does not.
  await leaver.page.evaluate(() => {
    if (window.iris) window.iris.leave = async () => {};
  });
  const began = Date.now();
  await leaver.page.close();
  const seen = await witness.until(({ people }) => people.length === 0, GONE_MS + 2_000);
  const took = Date.now() - began;
  check(
    seen.people.length === 0 && took <= GONE_MS,
    `${leaver.name}'s tab is closed, and ${witness.name} is alone within ${GONE_MS} ms`,
    `${took} ms, ${(await witness.departures()).join()}`,
  );
  await stage.screenshot(witness, 'alone');
}

/** @param {import('../stage.mjs').Stage} stage */
export async function run(stage) {
  const [first, second] = [await stage.meeting(), await stage.meeting()];
  await Promise.all([
    checkGone(stage, first.chromium, first.firefox),
    checkGone(stage, second.firefox, second.chromium),
  ]);
}
