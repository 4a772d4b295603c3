/**
 * Someone behind a link: a process of its own inside it. It waits to be told where to join, joins, and once told again
 * writes down each second what it receives; it judges nothing. Arguments: chromium or firefox, and for how long [s].
 */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { launchChromium, launchFirefox } from './browsers.mjs';
import { runInside, tell } from './inside.mjs';
import { isSeeing } from './media.mjs';
import { Participant } from './participant.mjs';
import { reception } from './reception.mjs';

/**
 * @typedef {object} Invitation
 * @property {string} url
 * @property {string} room
 * @property {string} token
 * @property {Record<number, string>} screenshots  paths, by second
 */

const [name = '', seconds = '0'] = process.argv.slice(2);

async function main() {
  const browser = await (name === 'firefox' ? launchFirefox() : launchChromium());
  const who = new Participant('Receiver', browser.name, await browser.newPage());
  await tell({ ready: true });
  /** @type {[Invitation]} */
  const [{ url, room, token, screenshots }] = /** @type {any} */ (await once(process, 'message'));
  await who.open(url, room, token);
  await who.join();
  await isSeeing(who);
  await tell({ joined: true });
  await once(process, 'message');
  const beganMs = Date.now();
  const samples = [await who.page.evaluate(reception)];
  for (let second = 1; second <= Number(seconds); second++) {
    await sleep(Math.max(0, beganMs + 1000 * second - Date.now()));
    samples.push(await who.page.evaluate(reception));
    const path = screenshots[second];
    if (path) await who.page.screenshot({ path });
  }
  await tell({ report: samples });
}

await runInside(main);
