/** One person in two tabs: both stay; but where the server wants unique identities, the older one gives way. */
import { isSeeing } from '../media.mjs';
import { check } from '../report.mjs';
import { startServer } from '../server.mjs';
import { SCREENSHOTS } from '../settings.mjs';

export const title = 'same identity twice';
export const limitMs = 40_000;

const SUBJECT = 'ada@example.org';

/** @typedef {import('../stage.mjs').Stage} Stage */
/** @typedef {import('../participant.mjs').Participant} Participant */

/** @param {Stage} stage */
async function checkBothStay(stage) {
  const room = stage.newRoom();
  const ada = { name: 'Ada', subject: SUBJECT };
  const tabs = [
    await stage.enter('chromium', room, ada),
    await stage.enter('chromium', room, ada),
    await stage.enter('firefox', room, ada),
  ];
  for (const [i, tab] of tabs.entries()) {
    const { people, state } = await tab.until((seen) => seen.people.length === 2);
    check(
      state === 'joined' && people.length === 2,
      `tab ${i + 1} stays and has two others`,
      state,
    );
  }
  for (const tab of tabs) check(await isSeeing(tab), `${tab.browser} sees pictures`);
  await stage.screenshot(/** @type {Participant} */ (tabs[0]), 'both-stay');
}

/** @param {Stage} stage @param {Participant} older @param {Participant} newer */
async function checkReplaced(stage, older, newer) {
  const { view, ending } = await older.until((seen) => seen.view === 'ended', 5_000);
  const isTold = view === 'ended' && /another place|other window|other device/i.test(ending);
  check(isTold, `${older.browser}, the older one, is told that it was replaced`, `"${ending}"`);
  await stage.screenshot(older, 'replaced');
  const { state } = await newer.look();
  check(state === 'joined', `${newer.browser}, the newer one, is there`, state);
  const { people } = await newer.until((seen) => seen.people.length === 0);
  check(people.length === 0, 'and alone', `${people.length} others`);
}

/** @param {Stage} stage */
async function checkUnique(stage) {
  const server = await startServer(`${SCREENSHOTS}/server-unique.log`, {
    token_key_file: stage.key,
    unique_identities: 'true',
  });
  const room = stage.newRoom();
  const ada = { name: 'Ada', subject: SUBJECT, url: server.url };
  const chromium = await stage.enter('chromium', room, ada);
  const firefox = await stage.enter('firefox', room, ada);
  await checkReplaced(stage, chromium, firefox);
  await chromium.page.click('#rejoin');
  await chromium.until((seen) => seen.view === 'meeting', 8_000);
  await checkReplaced(stage, firefox, chromium);
  check((await server.stop()) === 0, 'that server ends cleanly');
}

/** @param {Stage} stage */
export async function run(stage) {
  await checkBothStay(stage);
  await checkUnique(stage);
}
