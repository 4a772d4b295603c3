/** Who has a good token comes in; everyone else is told why not, in a sentence. */
import { isSeeing } from '../media.mjs';
import { check } from '../report.mjs';
import { drawScreen } from '../screen.mjs';
import { makeToken, makeTokenKey } from '../server.mjs';

/** @typedef {import('../stage.mjs').Stage} Stage */

export const title = 'tokens';
export const limitMs = 45_000;

/** A sentence begins with a capital, ends with a full stop, and has neither codes nor the words of programs. */
const SENTENCE = /^[A-Z][^{}<>]{15,}[.!]$/;
const JARGON = /\b(JWT|token|undefined|null|error|401|403|JSON|RPC|IrisError)\b/i;

/**
 * Who may not send everything: Chromium gives up all lines when the first is refused.
 *
 * @type {[import('../browsers.mjs').BrowserName, string][]}
 */
const LIMITED = [
  ['chromium', ''],
  ['chromium', 'camera'],
  ['chromium', 'screen'],
  ['firefox', ''],
];

/**
 * Who may send a screen and receive nothing: every line but one is refused.
 *
 * @param {Stage} stage
 * @param {import('../browsers.mjs').BrowserName} browser
 * @param {string} room
 * @param {import('../participant.mjs').Participant} viewer
 */
async function checkScreenOnly(stage, browser, room, viewer) {
  const name = `${browser} with a screen only`;
  const who = await stage.enter(browser, room, { name, publish: 'screen', isDeaf: true });
  if (browser === 'firefox') await drawScreen(who);
  await who.page.click('#share');
  check(await isSeeing(viewer, 'screen'), `${viewer.name} sees the screen of ${name}`);
  await who.page.close();
}

/** A token that was good an hour ago: beyond the leeway of a minute. @param {Stage} stage @param {string} room */
async function expiredToken(stage, room) {
  const { createHmac } = await import('node:crypto');
  const { readFileSync } = await import('node:fs');
  const part = (/** @type {object} */ value) =>
    Buffer.from(JSON.stringify(value)).toString('base64url');
  const exp = Math.floor(Date.now() / 1000) - 3600;
  const text = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ room, name: 'Late', exp })}`;
  const secret = readFileSync(stage.key, 'utf8').replace(/\n$/, '');
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}

/**
 * @param {Stage} stage
 * @param {import('../browsers.mjs').BrowserName} browser
 * @param {string} what
 * @param {string} room
 * @param {string} [token]
 */
async function checkRefused(stage, browser, what, room, token) {
  const page = await stage.newPage(browser, 'Stranger');
  await page.open(stage.server.url, room, token);
  // The page takes the room from the token; somebody may have changed it all the same.
  await page.page.evaluate((wanted) => {
    const input = /** @type {HTMLInputElement} */ (document.querySelector('#room'));
    input.value = wanted;
  }, room);
  await page.page.click('#join');
  const seen = await page.until(({ problem, view }) => problem !== '' || view === 'meeting', 8_000);
  const isGood = seen.view === 'lobby' && SENTENCE.test(seen.problem) && !JARGON.test(seen.problem);
  check(isGood, `${page.browser}: ${what} is refused with a sentence`, `"${seen.problem}"`);
  await stage.screenshot(page, what.replaceAll(' ', '-'));
}

/** @param {Stage} stage */
export async function run(stage) {
  const { chromium, firefox, room } = await stage.meeting();
  for (const who of [chromium, firefox]) {
    check((await who.look()).view === 'meeting', `${who.name} joins with a token`);
    check(await isSeeing(who), `${who.name} sees the other`);
    await stage.screenshot(who, 'joined');
  }
  for (const [browser, publish] of LIMITED) {
    const name = `${browser} with '${publish}'`;
    const who = await stage.enter(browser, room, { name, publish });
    check(await isSeeing(who), `${browser}: one who may send '${publish}' sees the others`);
    await who.page.close();
  }
  await checkScreenOnly(stage, 'chromium', room, firefox);
  await checkScreenOnly(stage, 'firefox', room, chromium);
  const address = await chromium.page.evaluate(() => location.href);
  check(
    address.includes('#token='),
    'the token stays in the fragment of the address',
    address.slice(0, 60),
  );
  const wrong = await makeToken(makeTokenKey(), { room, name: 'Stranger' });
  await checkRefused(stage, 'chromium', 'no token', room);
  await checkRefused(stage, 'firefox', 'wrong token', room, wrong);
  await checkRefused(stage, 'chromium', 'wrong token', room, wrong);
  await checkRefused(stage, 'firefox', 'expired token', room, await expiredToken(stage, room));
  const other = await stage.token({ room: 'somewhere-else', name: 'Stranger' });
  await checkRefused(stage, 'chromium', 'token of another room', room, other);
  const { people } = await firefox.look();
  check(
    people.length === 1,
    'nobody in the room saw any of them',
    people.map((p) => p.name).join(),
  );
}
