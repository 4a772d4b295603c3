/** A screen is shared, seen by the other, and ended; a second sharer replaces the first, and both are told. */
import { isSeeing } from '../media.mjs';
import { check } from '../report.mjs';
import { drawScreen } from '../screen.mjs';

export const title = 'screen share';
export const limitMs = 40_000;

/** @typedef {import('../participant.mjs').Participant} Participant */

/** @param {Participant} viewer @param {Participant} sharer */
async function checkSeen(viewer, sharer) {
  const id = (await sharer.look()).id;
  const isOwned = (/** @type {import('../look.mjs').Look} */ seen) =>
    seen.tiles.some((tile) => tile.kind === 'screen' && tile.participant === id);
  const seen = await viewer.until(isOwned, 8_000);
  const tile = seen.tiles.find(({ kind }) => kind === 'screen');
  check(isOwned(seen), `${viewer.name} has the screen on the stage`, tile?.words ?? 'none');
  check(await isSeeing(viewer, 'screen'), `${viewer.name} sees the screen of ${sharer.name}`);
  const row = seen.people.find((person) => person.id === id);
  check(
    row?.states.includes('Shares the screen') === true,
    'the list of people says so',
    row?.states.join(),
  );
}

/** @param {Participant} viewer */
async function checkGone(viewer) {
  const hasNone = (/** @type {import('../look.mjs').Look} */ seen) =>
    seen.tiles.every(({ kind }) => kind !== 'screen');
  const seen = await viewer.until(hasNone, 5_000);
  check(hasNone(seen), `the stage of ${viewer.name} is empty again`);
}

/** The page of the one replaced has stopped its capture, and says why. @param {Participant} replaced @param {Participant} by */
async function checkReplaced(replaced, by) {
  const seen = await replaced.until(({ buttons }) => buttons['share'] === 'off', 5_000);
  check(seen.buttons['share'] === 'off', `${replaced.name} shares no longer`);
  check(seen.banners['sharing'] === undefined, 'and is not said to share');
  const words = `${by.name} shares the screen now`;
  const isTold = (/** @type {import('../look.mjs').Look} */ look) =>
    look.notes.some((text) => text.includes(words));
  const told = await replaced.until(isTold, 2_000);
  check(isTold(told), 'and is told why', told.notes.join(' | '));
}

/** @param {import('../stage.mjs').Stage} stage */
export async function run(stage) {
  const { chromium, firefox, room } = await stage.meeting();
  const third = await stage.enter('chromium', room, { name: 'Third' });
  await drawScreen(firefox);
  for (const [sharer, viewer] of /** @type {const} */ ([
    [chromium, firefox],
    [firefox, chromium],
  ])) {
    await sharer.page.click('#share');
    const own = await sharer.until(({ banners }) => banners['sharing'] !== undefined, 5_000);
    check(own.buttons['share'] === 'on', `${sharer.name} shares`, JSON.stringify(own.banners));
    await checkSeen(viewer, sharer);
    await stage.screenshot(viewer, 'seen');
    await stage.screenshot(sharer, 'sharing');
    if (sharer === chromium) {
      await sharer.page.click('#share');
      await checkGone(viewer);
    }
  }
  await checkSeen(third, firefox);
  await chromium.page.click('#share');
  await checkReplaced(firefox, chromium);
  for (const viewer of [third, firefox]) await checkSeen(viewer, chromium);
  const own = await chromium.until(({ banners }) => banners['sharing'] !== undefined, 5_000);
  check(own.buttons['share'] === 'on', `${chromium.name} shares`, JSON.stringify(own.banners));
  await stage.screenshot(firefox, 'replaced');
  // And back: whoever was replaced may share again.
  await firefox.page.click('#share');
  await checkReplaced(chromium, firefox);
  await checkSeen(third, firefox);
  await firefox.page.click('#share');
  await checkGone(third);
}
