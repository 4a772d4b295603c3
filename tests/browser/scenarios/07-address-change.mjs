/**
 * Someone's network goes away and another one is there: the interface that carries the media is taken down. Both sides
 * have pictures again within two seconds, and nobody has left. Over HTTPS, because the pages come from another host.
 */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeCertificate } from '../certificate.mjs';
import { hear, startInside } from '../inside.mjs';
import { isSeeing } from '../media.mjs';
import { check, note } from '../report.mjs';
import { longestPause, readSamples, startSampler } from '../sampler.mjs';
import { freeTcpPort, startServer } from '../server.mjs';
import { SCREENSHOTS } from '../settings.mjs';
import { joinPath, makeTwoPaths } from '../two_paths.mjs';

export const title = 'change of address';
export const limitMs = 75_000;

const BACK_MS = 2_000;

/** @typedef {import('../browsers.mjs').BrowserName} BrowserName */
/** @typedef {import('../two_paths.mjs').TwoPaths} TwoPaths */
/** @typedef {import('../stage.mjs').Stage} Stage */

/**
 * @param {string} who
 * @param {import('../sampler.mjs').Sample[]} samples
 * @param {import('../mover.mjs').Report} report
 */
function checkBack(who, samples, { downMs, untilMs }) {
  const { pauseMs, backMs, framesAfter } = longestPause(samples, downMs, untilMs);
  check(
    backMs <= BACK_MS && framesAfter > 10,
    `${who} has pictures again within ${BACK_MS} ms`,
    `after ${backMs} ms, longest pause ${pauseMs} ms, ${framesAfter} frames since`,
  );
}

/**
 * @param {Stage} stage
 * @param {TwoPaths} paths
 * @param {string} url
 * @param {BrowserName} browser  of the one whose network changes
 */
async function checkMove(stage, paths, url, browser) {
  const room = stage.newRoom();
  const other = browser === 'chromium' ? 'firefox' : 'chromium';
  const token = await stage.token({ room, name: 'Mover' });
  const network = ['ip', 'netns', 'exec', paths.namespace];
  const screenshot = `${SCREENSHOTS}/07-address-change-moved-${browser}.png`;
  const mover = startInside(network, 'mover.mjs', [browser, url, room, token, screenshot]);
  const [witness] = await Promise.all([
    stage.enter(other, room, { url, name: `Witness of ${browser}` }),
    hear(mover),
  ]);
  await isSeeing(witness);
  await witness.watchDepartures();
  await witness.page.evaluate(startSampler);
  await sleep(500);
  mover.send('go');
  /** @type {{ report: import('../mover.mjs').Report }} */
  const { report } = await hear(mover);
  const replied = report.repliesMs < 0 ? 'did not answer' : `answered after ${report.repliesMs} ms`;
  note(`${browser}: ${report.used} was taken down; the control channel ${replied}`);
  checkBack(`${browser}, whose address changed,`, report.samples, report);
  checkBack(`the other (${other})`, await witness.page.evaluate(readSamples), report);
  check(report.idAfter === report.id, 'as the same participant', `${report.idAfter} ${report.id}`);
  const departures = await witness.departures();
  check(departures.length === 0, 'nobody saw a leave', departures.join());
  const { people } = await witness.look();
  check(people.length === 1, 'nobody came anew', `${people.length} others`);
  await stage.screenshot(witness, 'witness');
  if (mover.exitCode === null) await once(mover, 'exit');
  execFileSync('ip', ['-n', paths.namespace, 'link', 'set', report.used, 'up']);
  joinPath(paths.namespace, Number(report.used.replace('path', '')));
}

/** @param {Stage} stage */
export async function run(stage) {
  const paths = makeTwoPaths();
  try {
    const address = paths.serverAddress;
    const server = await startServer(`${SCREENSHOTS}/server-address-change.log`, {
      token_key_file: stage.key,
      listen_public: `${address}:${await freeTcpPort()}`,
      hosts: `${address},127.0.0.1`,
      announce: address,
      ...makeCertificate(address),
    });
    for (const browser of /** @type {const} */ (['chromium', 'firefox'])) {
      await checkMove(stage, paths, server.url, browser);
    }
    await server.stop();
  } finally {
    paths.remove();
  }
}
