/**
 * axe-core on the lobby and on the meeting with each of its panels and dialogs, light and dark: nothing that it calls
 * serious or critical. Started by `node tests/browser/accessibility.mjs`; settings.mjs says what can be set.
 */
import { launchChromium } from './browsers.mjs';
import axe from 'axe-core';
import { mkdir } from 'node:fs/promises';
import { Participant } from './participant.mjs';
import { check, close } from './report.mjs';
import { startServer } from './server.mjs';
import { IRIS_BIN, IRIS_WEB_ROOT, LIMIT_MS, SCREENSHOTS, SERVER_LOG } from './settings.mjs';

const ROOM = 'accessibility';

setTimeout(() => {
  check(false, `the whole run ends within ${LIMIT_MS} ms`);
  process.exit(close());
}, LIMIT_MS).unref();

/** @param {Participant} participant */
function playwrightPage(participant) {
  return /** @type {import('playwright-core').Page} */ (/** @type {unknown} */ (participant.page));
}

/** @param {Participant} participant @param {string} what */
async function checkPage(participant, what) {
  const page = playwrightPage(participant);
  for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    // Evaluated by the debugger, which the page's policy does not concern.
    await page.evaluate(axe.source);
    const violations = await page.evaluate(async () => {
      const api = /** @type {typeof axe} */ (Reflect.get(globalThis, 'axe'));
      const result = await api.run(document, { resultTypes: ['violations'] });
      return result.violations.map(({ id, impact, nodes }) => ({
        impact,
        words: `${id} at ${nodes.map((node) => node.target.join(' ')).join(', ')}`,
      }));
    });
    const bad = violations.filter((v) => v.impact === 'serious' || v.impact === 'critical');
    const detail = bad.map((v) => v.words).join('; ') || `${violations.length} minor`;
    check(bad.length === 0, `axe finds nothing serious in the ${what}, ${colorScheme}`, detail);
  }
}

/** @param {Participant} participant */
async function checkMeeting(participant) {
  const page = playwrightPage(participant);
  await checkPage(participant, 'meeting');
  for (const [key, what] of [
    ['c', 'chat'],
    ['p', 'list of people'],
    ['?', 'help'],
  ]) {
    await page.keyboard.press(/** @type {string} */ (key));
    await checkPage(participant, /** @type {string} */ (what));
    await page.keyboard.press('Escape');
  }
  await page.click('#settings');
  await checkPage(participant, 'settings');
  await page.keyboard.press('Escape');
  await page.click('#leave');
  await page.waitForSelector('body[data-view="ended"]');
  await checkPage(participant, 'end');
}

async function main() {
  await mkdir(SCREENSHOTS, { recursive: true });
  const server = await startServer(IRIS_BIN, IRIS_WEB_ROOT, SERVER_LOG);
  const browser = await launchChromium();
  const [ada, grace] = [
    new Participant('Ada', 'chromium', await browser.newPage()),
    new Participant('Grace', 'chromium', await browser.newPage()),
  ];
  for (const person of [ada, grace]) await person.open(server.url, ROOM);
  await checkPage(ada, 'lobby');
  for (const person of [ada, grace]) await person.join();
  await playwrightPage(ada).waitForSelector('.tile.camera[data-state="live"].has-frame');
  await checkMeeting(ada);
  await server.stop();
}

try {
  await main();
} catch (error) {
  check(false, 'the run reached its end', error instanceof Error ? error.message : String(error));
}
process.exit(close());
